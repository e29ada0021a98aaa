#!/usr/bin/env python3
"""Holds `r1` against transformers on a checkpoint: greedy ids, log-probabilities, and what `r1 convert` writes.

    python3 benches/against_transformers.py target/release/r1 MODEL_DIR      (needs torch, transformers, safetensors)

Ten prompts, 64 new tokens each, f32. Prints one JSON line a comparison; exits with 1 when one fails.
"""
import json, subprocess, sys, tempfile

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

r1, folder = sys.argv[1:3]
PROMPTS = ["The capital of France is", "Once upon a time", "In 1969, humans", "def fibonacci(n):", "Water boils at",
           "My favourite book", "The derivative of x^2", "Shakespeare wrote", "A list of fruits:", "The quick brown fox"]
failed = False


def say(good, **row):
    global failed
    failed |= not good
    print(json.dumps({"good": good, **row}), flush=True)


def call(command, lines, *arguments, model=folder):
    text = "\n".join(json.dumps(line) for line in lines)
    done = subprocess.run([r1, command, "--model", model, *arguments], input=text, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def logprobs(model, ids):
    with torch.no_grad():
        return torch.log_softmax(model(torch.tensor([ids])).logits[0].double(), -1)


theirs = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
tokenizer = AutoTokenizer.from_pretrained(folder)
prompts = [tokenizer(text).input_ids for text in PROMPTS]

same, sequences = 0, []
for prompt, row in zip(prompts, call("generate", [{"ids": p} for p in prompts], "--temperature", "0", "--max-tokens", "64")):
    ours = row["completions"][0]["ids"]
    expected = theirs.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
                               max_new_tokens=64, do_sample=False, pad_token_id=0)[0, len(prompt):].tolist()
    same += ours == expected
    sequences.append(prompt + ours)
say(same == len(prompts), what="greedy ids", identical=same, prompts=len(prompts))

worst, tokens = 0.0, 0
for ids, row in zip(sequences, call("logprobs", [{"ids": ids} for ids in sequences])):
    expected = logprobs(theirs, ids)
    for t, ours in enumerate(row["logprobs"]):
        worst, tokens = max(worst, abs(expected[t, ids[t + 1]].item() - ours)), tokens + 1
say(worst < 1e-3, what="log-probabilities", largest_difference=worst, tokens=tokens)

for dtype, arguments in (("f32", ["--max-shard-mb", "100"]), ("bf16", ["--max-shard-mb", "100"]), ("f32", [])):
    with tempfile.TemporaryDirectory() as out:
        subprocess.run([r1, "convert", "--model", folder, "--out", f"{out}/model", "--dtype", dtype, *arguments], check=True,
                       stderr=subprocess.DEVNULL)
        written = AutoModelForCausalLM.from_pretrained(f"{out}/model", dtype=torch.float32).eval()
        rounded = {name: value.to(torch.bfloat16).float() if dtype == "bf16" else value for name, value in theirs.state_dict().items()}
        equal = all(torch.equal(value, rounded[name]) for name, value in written.state_dict().items())
        worst = (logprobs(written, sequences[0]) - logprobs(theirs, sequences[0])).abs().max().item()
        say(equal and (dtype == "bf16" or worst == 0), what="loaded by transformers", dtype=dtype, sharded=bool(arguments),
            weights_equal=equal, largest_difference=worst)
sys.exit(failed)
