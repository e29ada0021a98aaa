#!/usr/bin/env python3
"""Makes whole models of a few kilobytes with the gguf package, and their logits by transformers.

    python3 -m venv venv && venv/bin/pip install torch transformers==5.24.0 gguf==0.19.0
    venv/bin/python crates/r1-gguf/tests/golden/make_tiny.py

README.md says what the files hold.
"""
import json, os
import gguf, numpy as np, torch
from gguf import GGMLQuantizationType as Type, GGUFWriter, TokenType
from gguf.quants import dequantize, quantize
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
PROMPT = "the theory of 12 things, naïve café"
TEXTS = ["the theory of the thing that they think", "two of the other things", "naïve café, Straße", "1 2 3 12 34"]
TEMPLATE = ("{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
            "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")
PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
           r"\s+(?!\S)|\s+")
NAMES = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output", "input_layernorm": "attn_norm",
         "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
         "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
         "mlp.down_proj": "ffn_down"}
LAYERS, WIDTH, HEADS, KV_HEADS, INNER, NEW = 2, 32, 4, 2, 64, 16
rng = np.random.default_rng(11)


def byte_pairs():
    """A vocabulary of 320 with three control tokens at its end, as Qwen2's."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(__import__("tokenizers").Regex(PATTERN), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    trainer = trainers.BpeTrainer(vocab_size=300, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(TEXTS * 3, trainer)
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    return tokenizer


def interleave(rows, heads):
    """llama.cpp's order of the rows of q and k in `llama` models."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def own_name(name):
    stem, end = name.rsplit(".", 1)
    if stem.startswith("model.layers."):
        layer, stem = stem.removeprefix("model.layers.").split(".", 1)
        return f"blk.{layer}.{NAMES[stem]}.{end}"
    return f"{NAMES[stem]}.{end}"


def make(name, architecture, tokenizer, kind, tied):
    config = dict(vocab_size=320, hidden_size=WIDTH, intermediate_size=INNER, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
                  num_key_value_heads=KV_HEADS, max_position_embeddings=128, rms_norm_eps=1e-6, tie_word_embeddings=tied,
                  rope_parameters={"rope_type": "default", "rope_theta": 10000.0 if architecture == "llama" else 1000000.0},
                  attn_implementation="eager")
    model = (LlamaForCausalLM(LlamaConfig(**config)) if architecture == "llama" else Qwen2ForCausalLM(Qwen2Config(**config))).eval()
    writer = GGUFWriter(os.path.join(HERE, f"{name}.gguf"), architecture)
    writer.add_block_count(LAYERS)
    writer.add_context_length(128)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    if architecture == "llama":
        writer.add_rope_dimension_count(WIDTH // HEADS)
        writer.add_vocab_size(320)
    vocabulary = json.loads(tokenizer.to_str())
    added = {token["id"]: token["content"] for token in vocabulary["added_tokens"]}
    tokens = {id: token for token, id in vocabulary["model"]["vocab"].items()} | added
    unused = {id: f"[PAD{id}]" for id in range(320) if id not in tokens}
    kinds = [TokenType.CONTROL if id in added else TokenType.UNUSED if id in unused else TokenType.NORMAL for id in range(320)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([(tokens | unused)[id] for id in range(320)])
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(merge) for merge in vocabulary["model"]["merges"]])
    ids = {content: id for id, content in added.items()}
    writer.add_eos_token_id(ids["<|im_end|>"])
    writer.add_pad_token_id(ids["<|endoftext|>"])
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)
    weights = {}
    for key, parameter in model.state_dict().items():
        if tied and key == "lm_head.weight":
            continue
        values = rng.normal(1.0 if "norm" in key else 0.0, 0.3 if parameter.dim() == 2 else 0.1, parameter.shape).astype(np.float32)
        own, stored = own_name(key), kind if parameter.dim() == 2 else Type.F32
        heads = {"attn_q": HEADS, "attn_k": KV_HEADS}.get(own.split(".")[-2]) if architecture == "llama" else None
        blocks = quantize(interleave(values, heads) if heads else values, stored)
        writer.add_tensor(own, blocks, raw_dtype=stored)
        # Rows are quantised each for itself, so their order does not matter to the values.
        weights[key] = torch.tensor(dequantize(quantize(values, stored), stored).reshape(parameter.shape))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

    model.load_state_dict(weights, strict=False)
    model.tie_weights()
    with torch.no_grad():
        prompt = tokenizer.encode(PROMPT).ids
        logits = model(torch.tensor([prompt])).logits[0].numpy()
        row = list(prompt)
        gaps = []
        for _ in range(NEW):
            best = torch.topk(model(torch.tensor([row])).logits[0, -1], 2)
            row.append(int(best.indices[0]))
            gaps.append(float(best.values[0] - best.values[1]))
    rows = ",\n".join("[" + ", ".join(f"{x:.6g}" for x in logit) + "]" for logit in logits)
    with open(os.path.join(HERE, f"{name}.json"), "w") as file:
        file.write(f'{{"prompt": {json.dumps(PROMPT)},\n"ids": {prompt},\n"greedy": {row[len(prompt):]},\n'
                   f'"least_gap": {min(gaps):.4g},\n"logits": [\n{rows}]}}\n')


def main():
    torch.manual_seed(0)
    tokenizer = byte_pairs()
    make("tiny-llama", "llama", tokenizer, Type.F16, tied=False)
    make("tiny-qwen2", "qwen2", tokenizer, Type.F16, tied=True)
    make("tiny-qwen2-q8_0", "qwen2", tokenizer, Type.Q8_0, tied=True)


if __name__ == "__main__":
    main()
