#!/usr/bin/env python3
"""Makes small models and vocabularies of this folder with the gguf package, and what they are elsewhere.

    python3 -m venv venv && venv/bin/pip install gguf==0.19.0 numpy tokenizers sentencepiece llama-cpp-python==0.3.36
    venv/bin/python crates/r1-gguf/tests/golden/make_models.py

`llama.gguf`, `qwen3moe.gguf` and `deepseek2.gguf` hold random weights, laid out as llama.cpp's converter lays them out;
models.json has the same weights under Hugging Face's names. `pre-NAME.gguf` are vocabularies without weights, one for
each division of texts, and texts.json has the ids that llama.cpp gives for texts; `spm.gguf` is a SentencePiece
vocabulary, with ids by the sentencepiece package.
"""
import io, json, os
import numpy as np
import sentencepiece
from gguf import GGUFWriter, TokenType
from llama_cpp import Llama
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

HERE = os.path.dirname(os.path.abspath(__file__))
PRE = ["llama-bpe", "qwen2", "smollm", "gpt-2", "tekken", "deepseek-v3", "deepseek-llm", "deepseek-coder"]
TEXTS = [
    "Hello, world! 1234567 12", "  two  blanks\n\n\nnew lines\t\ttabs  ", "Grüße aus Köln — naïve café, Straße",
    "你好，世界。こんにちは 안녕 ひらがな", "def f(x):\n    return x**2 # 😀", "I'm you'll WE'RE don't it's",
    "\r\n\r\n x \r\n", "1,234.56e-7 ½ ² ٣ x1y22z333", " ", "aaaaaaaaaaaaa", "The CamelCaseWords and ALLCAPS", "«Ελλάδα» Россия",
    "the theory of the thing that they think", "<b>tags</b> & [brackets] {braces} | `ticks` ~ ^",
]
rng = np.random.default_rng(7)


def random(*shape):
    return rng.normal(0, 1, shape).astype(np.float32)


def interleave(rows, heads):
    """llama.cpp's order of the rows of q and k in `llama` models."""
    rest = rows.shape[1:]
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rest).swapaxes(1, 2).reshape(rows.shape)


def save(name, architecture, keys, tensors):
    writer = GGUFWriter(os.path.join(HERE, name), architecture)
    for key, value in keys.items():
        full = key if key.startswith("tokenizer.") else f"{architecture}.{key}"
        if isinstance(value, bool): writer.add_bool(full, value)
        elif isinstance(value, int): writer.add_uint32(full, value)
        elif isinstance(value, float): writer.add_float32(full, value)
        elif isinstance(value, str): writer.add_string(full, value)
        else: writer.add_array(full, value)
    for key, value in tensors.items():
        writer.add_tensor(key, np.ascontiguousarray(value))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def llama():
    base, pairs, factor, low, high, original = 500000.0, 4, 8.0, 1.0, 4.0, 8192
    keys = {"block_count": 1, "context_length": 131072, "embedding_length": 16, "feed_forward_length": 8,
            "attention.head_count": 2, "attention.head_count_kv": 1, "rope.freq_base": base,
            "attention.layer_norm_rms_epsilon": 1e-5, "rope.dimension_count": 8,
            "tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 2, "tokenizer.ggml.eot_token_id": 4}
    layer = "model.layers.0."
    weights = {"model.embed_tokens.weight": random(6, 16), "model.norm.weight": random(16),
               layer + "input_layernorm.weight": random(16), layer + "post_attention_layernorm.weight": random(16),
               layer + "self_attn.q_proj.weight": random(16, 16), layer + "self_attn.k_proj.weight": random(8, 16),
               layer + "self_attn.q_proj.bias": random(16), layer + "self_attn.k_proj.bias": random(8),
               layer + "self_attn.v_proj.weight": random(8, 16), layer + "self_attn.o_proj.weight": random(16, 16),
               layer + "mlp.gate_proj.weight": random(8, 16), layer + "mlp.up_proj.weight": random(8, 16),
               layer + "mlp.down_proj.weight": random(16, 8)}
    names = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "input_layernorm": "blk.0.attn_norm",
             "post_attention_layernorm": "blk.0.ffn_norm", "self_attn.q_proj": "blk.0.attn_q",
             "self_attn.k_proj": "blk.0.attn_k", "self_attn.v_proj": "blk.0.attn_v",
             "self_attn.o_proj": "blk.0.attn_output", "mlp.gate_proj": "blk.0.ffn_gate",
             "mlp.up_proj": "blk.0.ffn_up", "mlp.down_proj": "blk.0.ffn_down"}
    tensors = {}
    for name, value in weights.items():
        stem, end = name.removeprefix(layer).rsplit(".", 1)
        heads = {"self_attn.q_proj": 2, "self_attn.k_proj": 1}.get(stem)
        tensors[f"{names[stem]}.{end}"] = interleave(value, heads) if heads else value
    # As llama.cpp's converter computes them.
    factors = []
    for frequency in 1.0 / base ** (np.arange(0, 2 * pairs, 2) / (2 * pairs)):
        wavelength = 2 * np.pi / frequency
        if wavelength < original / high: factors.append(1.0)
        elif wavelength > original / low: factors.append(factor)
        else:
            smooth = (original / wavelength - low) / (high - low)
            factors.append(1 / ((1 - smooth) / factor + smooth))
    tensors["rope_freqs.weight"] = np.array(factors, np.float32)
    save("llama.gguf", "llama", keys, tensors)
    return weights


def qwen3moe():
    keys = {"block_count": 1, "context_length": 256, "embedding_length": 16, "feed_forward_length": 8,
            "attention.head_count": 2, "attention.head_count_kv": 1, "attention.key_length": 4,
            "attention.value_length": 4, "rope.freq_base": 1e6, "attention.layer_norm_rms_epsilon": 1e-6,
            "expert_count": 3, "expert_used_count": 2, "expert_feed_forward_length": 5,
            "rope.scaling.type": "yarn", "rope.scaling.factor": 4.0, "rope.scaling.original_context_length": 64}
    gate, up, down = random(3, 5, 16), random(3, 5, 16), random(3, 16, 5)
    plain = {"model.embed_tokens.weight": ("token_embd", random(6, 16)), "lm_head.weight": ("output", random(6, 16)),
             "model.norm.weight": ("output_norm", random(16)),
             "self_attn.q_proj.weight": ("blk.0.attn_q", random(8, 16)),
             "self_attn.k_proj.weight": ("blk.0.attn_k", random(4, 16)),
             "self_attn.q_norm.weight": ("blk.0.attn_q_norm", random(4)),
             "mlp.gate.weight": ("blk.0.ffn_gate_inp", random(3, 16))}
    full = lambda name: name if name.startswith(("model.", "lm_head")) else f"model.layers.0.{name}"
    weights = {full(name): value for name, (_, value) in plain.items()}
    for part, stack in (("gate", gate), ("up", up), ("down", down)):
        for expert in range(3):
            weights[f"model.layers.0.mlp.experts.{expert}.{part}_proj.weight"] = stack[expert]
    tensors = {f"{own}.weight": value for own, value in plain.values()}
    tensors |= {f"blk.0.ffn_{part}_exps.weight": stack for part, stack in (("gate", gate), ("up", up), ("down", down))}
    save("qwen3moe.gguf", "qwen3moe", keys, tensors)
    return weights


def deepseek2():
    heads, nope, rope, out, rank = 2, 3, 2, 4, 5
    keys = {"block_count": 2, "context_length": 256, "embedding_length": 16, "feed_forward_length": 8,
            "attention.head_count": heads, "attention.head_count_kv": 1, "attention.key_length": rank + rope,
            "attention.value_length": rank, "attention.key_length_mla": nope + rope, "attention.value_length_mla": out,
            "attention.kv_lora_rank": rank, "attention.q_lora_rank": 6, "rope.dimension_count": rope,
            "attention.layer_norm_rms_epsilon": 1e-6, "leading_dense_block_count": 1, "expert_count": 4,
            "expert_used_count": 2, "expert_shared_count": 1, "expert_feed_forward_length": 5,
            "expert_weights_scale": 2.5, "expert_weights_norm": True, "expert_gating_func": 2, "expert_group_count": 2,
            "expert_group_used_count": 1, "rope.scaling.type": "yarn", "rope.scaling.factor": 40.0,
            "rope.scaling.original_context_length": 64, "rope.scaling.yarn_log_multiplier": 0.1}
    up = random(heads * (nope + out), rank)
    by_head = up.reshape(heads, nope + out, rank)
    choice, shared, embedding = random(4), random(5, 16), random(6, 16)
    tensors = {"token_embd.weight": embedding, "blk.0.attn_k_b.weight": by_head[:, :nope].transpose(0, 2, 1),
               "blk.0.attn_v_b.weight": by_head[:, nope:], "blk.1.exp_probs_b.bias": choice,
               "blk.1.ffn_up_shexp.weight": shared}
    save("deepseek2.gguf", "deepseek2", keys, tensors)
    return {"model.embed_tokens.weight": embedding, "model.layers.0.self_attn.kv_b_proj.weight": up,
            "model.layers.1.mlp.gate.e_score_correction_bias": choice,
            "model.layers.1.mlp.shared_experts.up_proj.weight": shared}


def byte_pairs():
    """Ids of the texts by llama.cpp for one vocabulary under every division."""
    blank = Tokenizer(models.BPE())
    blank.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    trainer = trainers.BpeTrainer(vocab_size=420, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
                                  special_tokens=["<|begin|>", "<|end|>"])
    # Not divided, so that there are tokens over every border that a division could draw.
    blank.train_from_iterator([text[i:] for text in TEXTS for i in range(0, len(text), 3)] * 3, trainer)
    model = json.loads(blank.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    found = {}
    for pre in PRE:
        merges = [" ".join(merge) for merge in model["merges"]]
        if pre == "deepseek-llm":
            # The original tokenizer parts digits, llama.cpp does not; no merge of its vocabulary joins two.
            merges = [merge for merge in merges if sum(map(str.isdigit, merge)) < 2]
        keys = {"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": pre, "tokenizer.ggml.tokens": tokens,
                "tokenizer.ggml.token_type": [int(TokenType.CONTROL)] * 2 + [int(TokenType.NORMAL)] * (len(tokens) - 2),
                "tokenizer.ggml.merges": merges,
                "tokenizer.ggml.bos_token_id": 0, "tokenizer.ggml.eos_token_id": 1,
                "tokenizer.chat_template": "{{ messages }}"}
        save(f"pre-{pre}.gguf", "llama", keys, {})
        path = os.path.join(HERE, f"pre-{pre}.gguf")
        llama_cpp = Llama(path, vocab_only=True, verbose=False)
        found[pre] = [llama_cpp.tokenize(text.encode(), add_bos=True, special=True) for text in TEXTS]
    return found


def pieces():
    """Ids of the texts by sentencepiece."""
    trained = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([word for text in TEXTS for word in ([text] * 20 if text.isascii() else [text])] * 3), model_writer=trained,
        model_type="bpe", vocab_size=500, byte_fallback=True, character_coverage=0.98, split_digits=True,
        normalization_rule_name="identity", remove_extra_whitespaces=False, allow_whitespace_only_pieces=True,
        hard_vocab_limit=False, minloglevel=2)
    model = sentencepiece.SentencePieceProcessor(model_proto=trained.getvalue())
    count = model.get_piece_size()
    kind = lambda i: int(TokenType.UNKNOWN if model.is_unknown(i) else TokenType.CONTROL if model.is_control(i)
                         else TokenType.BYTE if model.is_byte(i) else TokenType.NORMAL)
    keys = {"tokenizer.ggml.model": "llama", "tokenizer.ggml.pre": "default",
            "tokenizer.ggml.tokens": [model.id_to_piece(i) for i in range(count)],
            "tokenizer.ggml.scores": [model.get_score(i) for i in range(count)],
            "tokenizer.ggml.token_type": [kind(i) for i in range(count)],
            "tokenizer.ggml.bos_token_id": model.bos_id(), "tokenizer.ggml.eos_token_id": model.eos_id(),
            "tokenizer.ggml.unknown_token_id": model.unk_id()}
    save("spm.gguf", "llama", keys, {})
    return [[model.bos_id()] + model.encode(text) for text in TEXTS]


def main():
    made = {"llama": llama(), "qwen3moe": qwen3moe(), "deepseek2": deepseek2()}
    rows = [f"{json.dumps(name)}: {{\n" + ",\n".join(
        f'{json.dumps(key)}: {json.dumps({"shape": list(value.shape), "values": [float(f"{x:.9g}") for x in value.ravel()]})}'
        for key, value in weights.items()) + "}" for name, weights in made.items()]
    with open(os.path.join(HERE, "models.json"), "w") as file:
        file.write("{" + ",\n".join(rows) + "}\n")
    texts = {"texts": TEXTS, "ids": byte_pairs() | {"spm": pieces()}}
    with open(os.path.join(HERE, "texts.json"), "w") as file:
        json.dump(texts, file, ensure_ascii=False)
        file.write("\n")


if __name__ == "__main__":
    main()
