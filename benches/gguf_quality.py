#!/usr/bin/env python3
"""Holds r1's GGUF files against llama.cpp: the same tokens, the same perplexity, the same bytes.

    python3 -m venv venv && venv/bin/pip install torch transformers llama-cpp-python==0.3.36 gguf==0.19.0
    for t in f32 f16 q8_0 q4_k_m; do
        cargo run --release -p r1-gguf --example from_hugging_face -- FOLDER NAME-$t.gguf $t
    done
    venv/bin/python benches/gguf_quality.py reference FOLDER NAME.json
    venv/bin/python benches/gguf_quality.py compare NAME

`reference` writes what transformers does in f32: the ids of the prompts, 32 greedy tokens of each, and the gap between
the two best logits at every step. `compare` prints one JSON object a line:

- tokens: whether llama.cpp's tokenizer gives the same ids, and whether it goes on from NAME-f16.gguf with the same
  tokens; where not, how far apart transformers' two best logits were. A gap below 0.1 is a tie in f16.
- perplexity: of NAME-TYPE.gguf beside that of the file that llama.cpp quantises itself from NAME-f16.gguf, over the
  second halves of windows of 512 tokens of Python's own help texts.
- bytes: how many tensors llama.cpp gives the same format and the same bytes when it quantises NAME-f32.gguf.

The files of llama.cpp stay as NAME-llama-TYPE.gguf (from f16) and NAME-llama32-TYPE.gguf (from f32), for tests that read
them. Takes minutes for a model of 135M weights, half an hour for one of 0.5B.
"""
import argparse, ctypes, json, math, os, pydoc_data.topics

PROMPTS = [
    "The capital of France is", "def fibonacci(n):\n", "Once upon a time, in a small village,", "2 + 2 = 4, and 12 * 12 =",
    "Natalia sold clips to 48 of her friends in April, and then", "Die Hauptstadt von Deutschland ist", "SELECT name FROM",
    "The three laws of robotics are:\n1.",
]
WINDOW, WINDOWS, NEW = 512, 8, 32
# Numbers of file types in llama.cpp; the last ones are written by llama.cpp only.
TYPES = {"q8_0": 7, "q4_k_m": 15}
OTHERS = {"q4_0": 2, "q4_1": 3, "q5_0": 8, "q5_k_m": 17, "q6_k": 18, "bf16": 32}


def reference(folder, out):
    import torch
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=os.path.join(folder, "tokenizer.json"))
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    rows = []
    for prompt in PROMPTS:
        ids = tokenizer(prompt)["input_ids"]
        row, gaps = list(ids), []
        with torch.no_grad():
            for _ in range(NEW):
                logits = model(torch.tensor([row])).logits[0, -1]
                best = torch.topk(logits, 2)
                gaps.append(float(best.values[0] - best.values[1]))
                row.append(int(best.indices[0]))
        rows.append({"prompt": prompt, "ids": ids, "tokens": row[len(ids):], "gaps": gaps})
    with open(out, "w") as file:
        json.dump(rows, file, indent=1)


def load(path, all_logits=False):
    from llama_cpp import GGML_TYPE_F32, Llama
    return Llama(path, n_ctx=WINDOW, n_batch=WINDOW, logits_all=all_logits, type_k=GGML_TYPE_F32, type_v=GGML_TYPE_F32, seed=0,
                 n_threads=2, n_threads_batch=2, verbose=False)


def tokens(name):
    model = load(f"{name}-f16.gguf")
    with open(f"{name}.json") as file:
        rows = json.load(file)
    same_ids, same, gaps = 0, 0, []
    for row in rows:
        ids = model.tokenize(row["prompt"].encode(), add_bos=True, special=True)
        same_ids += ids == row["ids"]
        found = []
        for token in model.generate(row["ids"], temp=0.0, repeat_penalty=1.0, reset=True):
            found.append(token)
            if len(found) == NEW:
                break
        same += found == row["tokens"]
        gaps += [row["gaps"][i] for i in [next((i for i in range(NEW) if found[i] != row["tokens"][i]), None)] if i is not None]
    print(json.dumps({"tokens": f"{name}-f16", "prompts": len(rows), "same_ids": same_ids, "same_tokens": same,
                      "gaps_where_they_part": [round(gap, 4) for gap in gaps]}), flush=True)


def perplexity(path):
    import numpy as np
    model = load(path, all_logits=True)
    text = "\n".join(pydoc_data.topics.topics[key] for key in ("assignment", "classes", "compound", "exceptions", "import"))
    ids = model.tokenize(text.encode(), add_bos=False)[: WINDOW * WINDOWS]
    assert len(ids) == WINDOW * WINDOWS
    total = 0.0
    for start in range(0, len(ids), WINDOW):
        window = ids[start:start + WINDOW]
        model.reset()
        model.eval(window)
        logits = np.array(model.scores[WINDOW // 2 - 1:WINDOW - 1], np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        log_sums = np.log(np.exp(logits).sum(axis=1))
        total += float((log_sums - logits[np.arange(WINDOW // 2), window[WINDOW // 2:]]).sum())
    return math.exp(total / (WINDOWS * WINDOW // 2))


def quantise(source, target, file_type):
    import llama_cpp
    if os.path.exists(target):
        return
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype, parameters.nthread = file_type, 2
    if llama_cpp.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(parameters)) != 0:
        raise SystemExit(f"llama.cpp did not quantise {source}")


def compare_bytes(own, other):
    from gguf import GGUFReader
    a, b = ({tensor.name: tensor for tensor in GGUFReader(path).tensors} for path in (own, other))
    assert a.keys() == b.keys(), sorted(a.keys() ^ b.keys())
    formats = sum(a[name].tensor_type == b[name].tensor_type for name in a)
    equal = sum(a[name].tensor_type == b[name].tensor_type and a[name].data.tobytes() == b[name].data.tobytes() for name in a)
    print(json.dumps({"bytes": own, "other": other, "tensors": len(a), "same_format": formats, "same_bytes": equal}), flush=True)


def compare(name):
    tokens(name)
    f16 = perplexity(f"{name}-f16.gguf")
    print(json.dumps({"perplexity": f"{name}-f16", "own": f16}), flush=True)
    for kind, number in TYPES.items():
        quantise(f"{name}-f16.gguf", f"{name}-llama-{kind}.gguf", number)
        own, other = perplexity(f"{name}-{kind}.gguf"), perplexity(f"{name}-llama-{kind}.gguf")
        print(json.dumps({"perplexity": f"{name}-{kind}", "own": own, "llama.cpp": other, "percent": 100 * (own / other - 1)}),
              flush=True)
        quantise(f"{name}-f32.gguf", f"{name}-llama32-{kind}.gguf", number)
        compare_bytes(f"{name}-{kind}.gguf", f"{name}-llama32-{kind}.gguf")
    for kind, number in OTHERS.items():
        quantise(f"{name}-f32.gguf", f"{name}-llama32-{kind}.gguf", number)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("reference")
    command.add_argument("folder")
    command.add_argument("out")
    commands.add_parser("compare").add_argument("name")
    arguments = parser.parse_args()
    if arguments.command == "reference":
        reference(arguments.folder, arguments.out)
    else:
        compare(arguments.name)


if __name__ == "__main__":
    main()
