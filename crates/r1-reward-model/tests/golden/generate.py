"""Scores, losses and gradients of reward models by transformers, for llama/ and qwen2/.

Run with transformers and torch installed: python generate.py
Both are tiny random models of the class *ForSequenceClassification with one label. The batch has two pairs and two
labelled responses of different length, padded on the right with token 0, as LEFT does on the left; the second pair has a
margin. The loss is the mean over the four rows of -log sigmoid(chosen - rejected - margin) and of the binary cross entropy
with logits.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid
from transformers import AutoModelForSequenceClassification, LlamaConfig, Qwen2Config

here = Path(__file__).parent
SHAPE = dict(
    vocab_size=48, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
    num_key_value_heads=1, max_position_embeddings=32, num_labels=1, pad_token_id=0, bos_token_id=1, eos_token_id=2,
    initializer_range=0.3,
)
# Prompt and responses: of a pair the chosen and the rejected one. 2 ends a turn.
PAIRS = [([5, 9, 13], [7, 3, 22, 2], [41, 2]), ([8], [30, 31, 2], [17, 17, 40, 4, 12, 2])]
MARGINS = [0.0, 0.5]
LABELLED = [([11, 6], [33, 34, 2], 1.0), ([20, 21, 22, 23], [45, 2], 0.25)]


def padded(sequences, left):
    width = max(map(len, sequences))
    pads = [[0] * (width - len(ids)) for ids in sequences]
    rows = [pad + ids if left else ids + pad for ids, pad in zip(sequences, pads)]
    mask = [[0] * len(pad) + [1] * len(ids) if left else [1] * len(ids) + [0] * len(pad) for ids, pad in zip(sequences, pads)]
    return torch.tensor(rows), torch.tensor(mask)


for name, config in [("llama", LlamaConfig(**SHAPE)), ("qwen2", Qwen2Config(tie_word_embeddings=True, **SHAPE))]:
    torch.manual_seed(1)
    model = AutoModelForSequenceClassification.from_config(config, attn_implementation="eager").float()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    model.save_pretrained(here / name)
    sequences = [prompt + response for prompt, *pair in PAIRS for response in pair]
    sequences += [prompt + response for prompt, response, _ in LABELLED]
    ids, mask = padded(sequences, left=False)
    scores = model(input_ids=ids, attention_mask=mask).logits[:, 0]
    ids, mask = padded(sequences, left=True)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    left = model(input_ids=ids, attention_mask=mask, position_ids=positions).logits[:, 0]
    assert (scores - left).abs().max() < 1e-5, "padding on the left scores the same token"
    chosen, rejected, single = scores[0:4:2], scores[1:4:2], scores[4:]
    pairwise = -logsigmoid(chosen - rejected)
    with_margins = -logsigmoid(chosen - rejected - torch.tensor(MARGINS))
    pointwise = binary_cross_entropy_with_logits(single, torch.tensor([label for *_, label in LABELLED]), reduction="none")
    loss = torch.cat([with_margins, pointwise]).mean()
    loss.backward()
    tensors = {
        "scores": scores.detach(),
        "loss": loss.detach().reshape(1),
        "pairwise": pairwise.mean().detach().reshape(1),
        "pointwise": pointwise.mean().detach().reshape(1),
    }
    for parameter_name, parameter in model.named_parameters():
        tensors[f"grad.{parameter_name}"] = parameter.grad.contiguous()
    save_file(tensors, here / f"{name}/golden.safetensors")
    print(name, scores.tolist(), loss.item())
