#!/usr/bin/env python3
"""Holds r1's GGUF files against llama.cpp: the same tokens, the same perplexity, the same bytes.

    python3 -m venv venv && venv/bin/pip install torch transformers llama-cpp-python==0.3.36 gguf==0.19.0
    for t in f32 f16 q8_0 q4_k_m; do
        cargo run --release -p r1-gguf --example from_hugging_face -- FOLDER NAME-$t.gguf $t
    done
    venv/bin/python benches/gguf_quality.py reference FOLDER NAME.json
    venv/bin/python benches/gguf_quality.py compare NAME
    cargo run --release -p r1-gguf --example to_hugging_face -- NAME-f32.gguf AGAIN
    venv/bin/python benches/gguf_quality.py round_trip FOLDER AGAIN
    venv/bin/python benches/gguf_quality.py decode NAME-llama32-q5_k_m.gguf AGAIN

`reference` writes what transformers does in f32: the ids of the prompts, 64 greedy tokens of each, and the gap between
the two best logits at every step. `compare` prints one JSON object a line:

- tokens: of each file, for how many prompts llama.cpp's tokenizer gives the ids of transformers, for how many prompts it
  goes on with the same tokens, and how many tokens are the same before they part. For NAME-f16.gguf also how far apart
  transformers' two best logits were where they part: a gap below 0.1 is a tie in f16.
- perplexity: of NAME-TYPE.gguf beside that of the file that llama.cpp quantises itself from NAME-f16.gguf, over the
  second halves of windows of 512 tokens of Python's own help texts (of Python 3.11), and the share of these places where
  the likeliest token is that of NAME-f16.gguf.
- bytes: how many tensors llama.cpp gives the same format and the same bytes when it quantises NAME-f32.gguf.

`round_trip` says how many tensors of a folder that was made from the f32 file have the bits of the original, which settings of
config.json differ or are gone, and of how many texts (the sections of Python's help) the ids differ.

`decode` says how many tensors of a folder that was made from a file of llama.cpp have the bits that the gguf package decodes.

The files of llama.cpp stay as NAME-llama-TYPE.gguf (from f16) and NAME-llama32-TYPE.gguf (from f32), for tests that read
them. Takes minutes for a model of 135M weights, half an hour for one of 0.5B; THREADS=1 helps on a busy machine.
"""
import argparse, ctypes, json, math, os, pydoc_data.topics

PROMPTS = [
    "The capital of France is", "def fibonacci(n):\n", "Natalia sold clips to 48 of her friends in April, and then",
    "Die Hauptstadt von Deutschland ist", "The three laws of robotics are:\n1.",
]
WINDOW, WINDOWS, NEW = 512, 8, 64
# Threads of llama.cpp wait in a loop: one is faster where the machine has other work.
THREADS = int(os.environ.get("THREADS", "2"))
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
        found, gaps, next_ids, cache = [], [], ids, None
        with torch.no_grad():
            for _ in range(NEW):
                step = model(torch.tensor([next_ids]), past_key_values=cache, use_cache=True)
                best, cache = torch.topk(step.logits[0, -1], 2), step.past_key_values
                gaps.append(float(best.values[0] - best.values[1]))
                found.append(int(best.indices[0]))
                next_ids = found[-1:]
        rows.append({"prompt": prompt, "ids": ids, "tokens": found, "gaps": gaps})
    with open(out, "w") as file:
        json.dump(rows, file, indent=1)


def load(path, all_logits=False):
    from llama_cpp import GGML_TYPE_F32, Llama
    return Llama(path, n_ctx=WINDOW, n_batch=WINDOW, logits_all=all_logits, type_k=GGML_TYPE_F32, type_v=GGML_TYPE_F32, seed=0,
                 n_threads=THREADS, n_threads_batch=THREADS, verbose=False)


def tokens(path, rows, gaps=False):
    model = load(path)
    same_ids, parted = 0, []
    for row in rows:
        same_ids += model.tokenize(row["prompt"].encode(), add_bos=True, special=True) == row["ids"]
        found = []
        for token in model.generate(row["ids"], temp=0.0, repeat_penalty=1.0, reset=True):
            found.append(token)
            if len(found) == NEW:
                break
        parted.append(next((i for i in range(NEW) if found[i] != row["tokens"][i]), NEW))
    line = {"tokens": path, "prompts": len(rows), "same_ids": same_ids, "same_tokens": parted.count(NEW), "part_after": parted}
    if gaps:
        line["gaps_where_they_part"] = [round(row["gaps"][i], 4) for row, i in zip(rows, parted) if i < NEW]
    print(json.dumps(line), flush=True)


def perplexity(path):
    """Perplexity, and the likeliest token at each place."""
    import numpy as np
    model = load(path, all_logits=True)
    text = "\n".join(pydoc_data.topics.topics[key] for key in ("assignment", "class", "compound", "exceptions", "import"))
    ids = model.tokenize(text.encode(), add_bos=False)[: WINDOW * WINDOWS]
    assert len(ids) == WINDOW * WINDOWS
    total, likeliest = 0.0, []
    for start in range(0, len(ids), WINDOW):
        window = ids[start:start + WINDOW]
        model.reset()
        model.eval(window)
        logits = np.array(model.scores[WINDOW // 2 - 1:WINDOW - 1], np.float64)
        likeliest.append(logits.argmax(axis=1))
        logits -= logits.max(axis=1, keepdims=True)
        log_sums = np.log(np.exp(logits).sum(axis=1))
        total += float((log_sums - logits[np.arange(WINDOW // 2), window[WINDOW // 2:]]).sum())
    return math.exp(total / (WINDOWS * WINDOW // 2)), np.concatenate(likeliest)


def quantise(source, target, file_type):
    import llama_cpp
    if os.path.exists(target):
        return
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype, parameters.nthread = file_type, THREADS
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
    with open(f"{name}.json") as file:
        rows = json.load(file)
    tokens(f"{name}-f16.gguf", rows, gaps=True)
    f16, likeliest = perplexity(f"{name}-f16.gguf")
    print(json.dumps({"perplexity": f"{name}-f16", "own": f16}), flush=True)
    for kind, number in TYPES.items():
        own, other = f"{name}-{kind}.gguf", f"{name}-llama-{kind}.gguf"
        quantise(f"{name}-f16.gguf", other, number)
        tokens(own, rows)
        tokens(other, rows)
        (own, own_likeliest), (other, other_likeliest) = perplexity(own), perplexity(other)
        print(json.dumps({"perplexity": f"{name}-{kind}", "own": own, "llama.cpp": other, "percent": 100 * (own / other - 1),
                          "own_agrees": float((own_likeliest == likeliest).mean()),
                          "llama.cpp_agrees": float((other_likeliest == likeliest).mean())}), flush=True)
        quantise(f"{name}-f32.gguf", f"{name}-llama32-{kind}.gguf", number)
        compare_bytes(f"{name}-{kind}.gguf", f"{name}-llama32-{kind}.gguf")
    for kind, number in OTHERS.items():
        quantise(f"{name}-f32.gguf", f"{name}-llama32-{kind}.gguf", number)


def round_trip(folder, again):
    import torch
    from safetensors import safe_open
    from tokenizers import Tokenizer
    weights = [safe_open(os.path.join(path, "model.safetensors"), "pt") for path in (folder, again)]
    names = [set(file.keys()) for file in weights]
    same = [torch.equal(weights[0].get_tensor(name).float().view(torch.int32), weights[1].get_tensor(name).view(torch.int32))
            for name in sorted(names[0] & names[1])]
    configs = [json.load(open(os.path.join(path, "config.json"))) for path in (folder, again)]
    differ = {key: [value, configs[1].get(key)] for key, value in configs[0].items() if configs[1].get(key) != value}
    tokenizers = [Tokenizer.from_file(os.path.join(path, "tokenizer.json")) for path in (folder, again)]
    texts = [*pydoc_data.topics.topics.values(), *PROMPTS, "Grüße, 世界! 안녕 ½ ² \U0001f600\r\n\t  x", "<|im_start|>user\nHi<|im_end|>\n"]
    ids = [[tokenizer.encode(text).ids for text in texts] for tokenizer in tokenizers]
    print(json.dumps({"round_trip": folder, "tensors": len(same), "same_bits": sum(same), "only_one_has": sorted(names[0] ^ names[1]),
                      "config": differ, "texts": len(texts), "tokens": sum(map(len, ids[0])),
                      "texts_with_other_ids": sum(a != b for a, b in zip(*ids))}))


def decode(path, again):
    import numpy as np
    from gguf import MODEL_ARCH, MODEL_ARCH_NAMES, GGUFReader, get_tensor_name_map
    from gguf.quants import dequantize
    from safetensors import safe_open
    reader = GGUFReader(path)
    field = lambda key: reader.get_field(key).contents()
    architecture = field("general.architecture")
    names = get_tensor_name_map(next(a for a in MODEL_ARCH if MODEL_ARCH_NAMES[a] == architecture), field(f"{architecture}.block_count"))
    stored = {tensor.name: tensor for tensor in reader.tensors}
    same, types = 0, {}
    with safe_open(os.path.join(again, "model.safetensors"), "np") as file:
        for name in file.keys():
            tensor = stored.pop(names.get_name(name, try_suffixes=(".weight", ".bias")))
            values = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
            part = tensor.name.split(".")[-2]
            if architecture == "llama" and part in ("attn_q", "attn_k"):
                heads = field("llama.attention.head_count" + ("_kv" if part == "attn_k" else ""))
                values = values.reshape(heads, -1, 2, values.shape[-1]).swapaxes(1, 2).reshape(values.shape)
            equal = np.array_equal(values.view(np.int32), file.get_tensor(name).view(np.int32))
            same += equal
            types[tensor.tensor_type.name] = types.get(tensor.tensor_type.name, 0) + 1
    print(json.dumps({"decode": path, "tensors": sum(types.values()), "same_bits": same, "types": types, "left": sorted(stored)}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("reference")
    command.add_argument("folder")
    command.add_argument("out")
    commands.add_parser("compare").add_argument("name")
    command = commands.add_parser("round_trip")
    command.add_argument("folder")
    command.add_argument("again")
    command = commands.add_parser("decode")
    command.add_argument("file")
    command.add_argument("again")
    arguments = parser.parse_args()
    if arguments.command == "reference":
        reference(arguments.folder, arguments.out)
    elif arguments.command == "round_trip":
        round_trip(arguments.folder, arguments.again)
    elif arguments.command == "decode":
        decode(arguments.file, arguments.again)
    else:
        compare(arguments.name)


if __name__ == "__main__":
    main()
