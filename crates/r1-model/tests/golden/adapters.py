#!/usr/bin/env python3
"""adapters.py [NAME ...]: golden values of LoRA adapters on the tiny models beside this file, by PEFT.

Writes a folder adapters/NAME: the adapter as PEFT saves it, and golden.safetensors with input_ids [2, 24], their logits
with the adapter, the mean loss of the next tokens, its gradients under the names of the adapter's file, and the logits
after `merge_and_unload`. Everything is computed in f32 on the CPU.

adapters.py --check BASE ADAPTER MERGED: PEFT reads what r1 wrote. Prints the largest difference between the logits of
BASE with ADAPTER and of MERGED, a whole model, and between MERGED and BASE.

Needs torch, transformers and peft from PyPI.
"""
import json, os, sys

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
ADAPTERS = {
    "llama-tied": dict(r=3, lora_alpha=5, use_rslora=True, target_modules=["q_proj", "v_proj", "mlp.down_proj"]),
    "qwen2": dict(r=2, lora_alpha=6, target_modules=["k_proj", "o_proj", "up_proj"]),
    "phi3": dict(r=4, lora_alpha=8, target_modules="all-linear"),
    "gemma3": dict(r=2, lora_alpha=2, target_modules="all-linear"),
    "deepseek-v3": dict(r=2, lora_alpha=4, target_modules=[
        "q_a_proj", "q_b_proj", "kv_a_proj_with_mqa", "kv_b_proj", "o_proj"]),
}


def base(folder):
    return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()


def write(name, settings):
    seed = sum(map(ord, name))
    torch.manual_seed(seed)
    model = get_peft_model(base(os.path.join(HERE, name)), LoraConfig(task_type="CAUSAL_LM", **settings)).eval()
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = torch.randn(parameter.shape, generator=generator) / parameter.shape[-1] ** 0.5
    folder = os.path.join(HERE, "adapters", name)
    os.makedirs(folder, exist_ok=True)
    model.save_pretrained(folder)
    path = os.path.join(folder, "adapter_config.json")
    config = json.load(open(path))
    config["base_model_name_or_path"] = os.path.join("..", "..", name)
    if isinstance(settings["target_modules"], str):
        config["target_modules"] = settings["target_modules"]
    json.dump(config, open(path, "w"), indent=1, sort_keys=True)
    if os.path.exists(os.path.join(folder, "README.md")):
        os.remove(os.path.join(folder, "README.md"))
    ids = torch.randint(2, 96, (2, 24), generator=generator)
    output = model(input_ids=ids, use_cache=False)
    logits = output.logits.float()
    loss = torch.nn.functional.cross_entropy(logits[:, :-1].reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1))
    loss.backward()
    golden = {"input_ids": ids, "logits": logits.detach(), "loss": loss.detach().reshape(1)}
    for parameter, values in model.named_parameters():
        if values.requires_grad:
            golden["grad." + parameter.replace(".default", "")] = values.grad.clone()
    merged = model.merge_and_unload()
    golden["merged"] = merged(ids, use_cache=False).logits.float().detach()
    save_file({name: value.contiguous() for name, value in golden.items()}, os.path.join(folder, "golden.safetensors"))
    print(name, loss.item(), len(golden) - 4, "gradients")


def check(folder, adapter, merged):
    ids = torch.arange(5, 37).reshape(1, -1)
    adapted = PeftModel.from_pretrained(base(folder), adapter).eval()(input_ids=ids, use_cache=False).logits
    whole, plain = (base(f)(ids, use_cache=False).logits for f in (merged, folder))
    print((adapted - whole).abs().max().item(), (whole - plain).abs().max().item())


if __name__ == "__main__":
    if sys.argv[1:2] == ["--check"]:
        with torch.no_grad():
            check(*sys.argv[2:])
    else:
        for name in sys.argv[1:] or ADAPTERS:
            write(name, ADAPTERS[name])
