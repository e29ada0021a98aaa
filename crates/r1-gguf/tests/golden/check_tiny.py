#!/usr/bin/env python3
"""Holds the files of make_tiny.py against llama.cpp: ids, largest difference of the logits, greedy tokens.

    python3 -m venv venv && venv/bin/pip install llama-cpp-python==0.3.36
    venv/bin/python crates/r1-gguf/tests/golden/check_tiny.py
"""
import glob, json, os
import numpy as np
from llama_cpp import GGML_TYPE_F32, Llama

HERE = os.path.dirname(os.path.abspath(__file__))

for path in sorted(glob.glob(os.path.join(HERE, "tiny-*.gguf"))):
    with open(path.removesuffix("gguf") + "json") as file:
        golden = json.load(file)
    model = Llama(path, n_ctx=128, logits_all=True, type_k=GGML_TYPE_F32, type_v=GGML_TYPE_F32, verbose=False)
    ids = model.tokenize(golden["prompt"].encode(), add_bos=True, special=True)
    model.eval(golden["ids"])
    logits = np.array(model.scores[:len(golden["ids"])])
    difference = np.abs(logits - np.array(golden["logits"], np.float32)).max()
    greedy = []
    for token in model.generate(golden["ids"], temp=0.0, repeat_penalty=1.0, reset=True):
        greedy.append(token)
        if len(greedy) == len(golden["greedy"]):
            break
    same = next((i for i, (a, b) in enumerate(zip(greedy, golden["greedy"])) if a != b), len(greedy))
    print(f"{os.path.basename(path)}: same ids {ids == golden['ids']}, logits up to {np.abs(logits).max():.3g} differ by "
          f"{difference:.2g} at most, {same} of {len(greedy)} greedy tokens the same")
