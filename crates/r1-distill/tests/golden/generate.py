"""Loss and gradients of supervised fine-tuning by transformers, for sft.safetensors.

Run with transformers and torch installed: python generate.py
The model is crates/r1-model/tests/golden/llama-tied. The batch has three traces of different length, padded to a
rectangle with an attention mask; labels are -100 on prompts and padding, so transformers averages over the completion
tokens of the whole batch.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

here = Path(__file__).parent
model = AutoModelForCausalLM.from_pretrained(
    here / "../../../r1-model/tests/golden/llama-tied", dtype=torch.float32, attn_implementation="eager"
)
# Prompt and completion of each trace; 1 ends a turn.
traces = [
    ([5, 9, 13, 70], [7, 3, 22, 64, 1]),
    ([8], [41, 1]),
    ([90, 2, 33, 34, 35, 36, 6], [6, 17, 17, 50, 88, 12, 4, 71, 1]),
]
width = max(len(prompt) + len(completion) for prompt, completion in traces)
ids, mask, labels = [], [], []
for prompt, completion in traces:
    pad = width - len(prompt) - len(completion)
    ids.append(prompt + completion + [0] * pad)
    mask.append([1] * (width - pad) + [0] * pad)
    labels.append([-100] * len(prompt) + completion + [-100] * pad)
loss = model(
    input_ids=torch.tensor(ids), attention_mask=torch.tensor(mask), labels=torch.tensor(labels)
).loss
loss.backward()
tensors = {"loss": loss.detach().reshape(1)}
for name, parameter in model.named_parameters():
    tensors[f"grad.{name}"] = parameter.grad.contiguous()
save_file(tensors, here / "sft.safetensors")
print(float(loss))
