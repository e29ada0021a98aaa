#!/usr/bin/env python3
"""families.py [NAME ...]: golden values of tiny models of the families, by transformers.

Writes a folder NAME beside this file: the checkpoint (config.json, model.safetensors) and golden.safetensors with
input_ids [2, 24], their logits, the mean loss of the next tokens, its gradients under the names of the checkpoint, and
greedy_ids, 20 ids that begin with the first 8 of the first row. Everything is computed in f32 on the CPU.

Needs torch and transformers 5.24 from PyPI.
"""
import copy, json, os, sys, tempfile

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
COMMON = dict(
    vocab_size=96, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=64, rms_norm_eps=1e-5, tie_word_embeddings=False,
    bos_token_id=0, eos_token_id=1, pad_token_id=0,
)
SHORT, LONG = [1.0, 1.1, 1.3], [1.5, 2.0, 4.0]
FAMILIES = {
    "mistral": dict(model_type="mistral", head_dim=10, sliding_window=5),
    "qwen2-window": dict(model_type="qwen2", num_hidden_layers=3, use_sliding_window=True, sliding_window=6,
                         max_window_layers=1),
    "gemma3": dict(model_type="gemma3_text", num_hidden_layers=3, head_dim=12, sliding_window=5, query_pre_attn_scalar=20,
                   layer_types=["sliding_attention", "full_attention", "sliding_attention"], tie_word_embeddings=True,
                   rope_parameters={"full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
                                    "sliding_attention": {"rope_type": "default", "rope_theta": 1e4}}),
    "phi3": dict(model_type="phi3", original_max_position_embeddings=32, partial_rotary_factor=0.75,
                 rope_scaling={"type": "longrope", "short_factor": SHORT, "long_factor": LONG}),
    "smollm3": dict(model_type="smollm3", num_hidden_layers=3, no_rope_layers=[1, 0, 1], tie_word_embeddings=True),
    "olmo2": dict(model_type="olmo2"),
    "granite": dict(model_type="granite", embedding_multiplier=3.0, attention_multiplier=0.2, residual_multiplier=0.4,
                    logits_scaling=2.0),
    "glm4": dict(model_type="glm4", head_dim=8, partial_rotary_factor=0.5, attention_bias=True),
    "llama-yarn-biases": dict(model_type="llama", attention_bias=True, mlp_bias=True,
                              rope_scaling={"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}),
    "qwen2-moe": dict(model_type="qwen2_moe", num_hidden_layers=3, num_experts=6, num_experts_per_tok=2,
                      moe_intermediate_size=24, shared_expert_intermediate_size=40, mlp_only_layers=[1]),
    "qwen3-moe": dict(model_type="qwen3_moe", num_experts=6, num_experts_per_tok=2, moe_intermediate_size=24, head_dim=8,
                      norm_topk_prob=True),
}


def randomize(model, seed):
    # A tied embedding is small, or every token would be followed by itself.
    embedding = 0.15 if model.config.tie_word_embeddings else 1.0
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        values = torch.randn(parameter.shape, generator=generator)
        if parameter.ndim > 1:
            parameter.data = values * (embedding if "embed" in name else 1.2 / parameter.shape[-1] ** 0.5)
        elif name.endswith("bias"):
            parameter.data = 0.2 * values
        else:
            # Norms: around what they begin with, 1 or, where they are differences from it, 0.
            parameter.data = parameter.data.round() + 0.2 * values


def write(name, settings):
    seed = sum(map(ord, name))
    torch.manual_seed(seed)
    settings = {**COMMON, **settings}
    config = AutoConfig.for_model(settings.pop("model_type"), **settings)
    config._attn_implementation = "eager"
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    randomize(model, seed)
    folder = os.path.join(HERE, name)
    os.makedirs(folder, exist_ok=True)
    model.save_pretrained(folder)
    # Read again, so that the values are those of the files.
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    ids = torch.randint(2, 96, (2, 24), generator=torch.Generator().manual_seed(seed))
    output = model(ids, labels=ids, use_cache=False)
    loss = torch.nn.functional.cross_entropy(output.logits[:, :-1].reshape(-1, 96).float(), ids[:, 1:].reshape(-1))
    loss.backward()
    gradients = copy.deepcopy(model)
    for ours, theirs in zip(gradients.parameters(), model.parameters()):
        ours.data = torch.zeros_like(theirs) if theirs.grad is None else theirs.grad.clone()
    with tempfile.TemporaryDirectory() as place:
        gradients.save_pretrained(place)
        tensors = {f"grad.{key}": value for key, value in load_file(f"{place}/model.safetensors").items()}
    greedy = ids[:1, :8]
    with torch.no_grad():
        while greedy.shape[1] < 20:
            last = model(greedy, use_cache=False).logits[0, -1]
            best = last.topk(2).values
            assert best[0] - best[1] > 1e-3, "a tie is no test"
            greedy = torch.cat([greedy, last.argmax().reshape(1, 1)], 1)
            if greedy[0, -1] == 1:
                break
    tensors |= {"input_ids": ids, "logits": output.logits.detach().contiguous(), "loss": loss.detach().reshape(1),
                "greedy_ids": greedy.contiguous()}
    save_file(tensors, os.path.join(folder, "golden.safetensors"))
    print(name, round(loss.item(), 4), greedy.tolist()[0][8:], sum(p.numel() for p in model.parameters()))


for name in sys.argv[1:] or FAMILIES:
    write(name, FAMILIES[name])
