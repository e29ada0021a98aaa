#!/usr/bin/env python3
"""The other side of benches/compare.sh: transformers and TRL on the CPU, one JSON line a measurement.

    python3 -m venv VENV && VENV/bin/pip install torch transformers trl accelerate datasets
    VENV/bin/python benches/peers.py generate MODEL_DIR [ROUNDS]   64 + 64 tokens at batch 1, 8, 32
    VENV/bin/python benches/peers.py train MODEL_DIR [ROUNDS]      forward, backward, clip, AdamW at 4x512 and 8x256
    VENV/bin/python benches/peers.py grpo MODEL_DIR [ROUNDS]       a GRPO step: 2 prompts x 8 completions of 64 tokens

The first measurement of each kind warms up and is left out by compare.sh, as ours is.
"""
import json
import random
import resource
import sys
import tempfile
import time


def say(**row):
    row["peak_rss_gb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9, 2)
    print(json.dumps(row), flush=True)


def load(path):
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)


def random_ids(model, batch, length):
    import torch

    return torch.randint(100, model.config.vocab_size - 100, (batch, length))


def generate(path, rounds):
    import torch

    model = load(path)
    for batch in (1, 8, 32):
        ids = random_ids(model, batch, 64)
        for _ in range(rounds):
            start = time.perf_counter()
            with torch.no_grad():
                model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=64, min_new_tokens=64,
                               do_sample=True, top_k=0, temperature=1.0, pad_token_id=0)
            seconds = time.perf_counter() - start
            say(peer="transformers", what="generate", batch=batch, seconds=seconds,
                new_tokens_per_second=batch * 64 / seconds)


def train(path, rounds):
    import torch

    model = load(path)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    for batch, length in ((4, 512), (8, 256)):
        ids = random_ids(model, batch, length)
        for _ in range(rounds):
            start = time.perf_counter()
            model(input_ids=ids, labels=ids).loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            seconds = time.perf_counter() - start
            say(peer="transformers", what="train", batch=batch, length=length, seconds=seconds,
                tokens_per_second=batch * length / seconds)


def grpo(path, rounds, peft_config=None):
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    draw = random.Random(0)

    def prompt():
        question = f"What is {draw.randint(10, 99)} + {draw.randint(10, 99)}? Answer with a number."
        return {"prompt": [{"role": "user", "content": question}]}

    class Clock(TrainerCallback):
        def on_step_begin(self, args, state, control, **_):
            self.start = time.perf_counter()

        def on_step_end(self, args, state, control, **_):
            say(peer="trl", what="grpo-lora" if peft_config else "grpo", prompts=2, group_size=8, completion_tokens=64,
                seconds=time.perf_counter() - self.start)

    config = GRPOConfig(output_dir=tempfile.mkdtemp(), per_device_train_batch_size=16, num_generations=8,
                        max_completion_length=64, generation_kwargs={"min_new_tokens": 64}, max_steps=rounds,
                        logging_steps=1000, use_cpu=True, bf16=False, gradient_checkpointing=False, report_to=[],
                        learning_rate=1e-6, beta=0.0, temperature=1.0, save_strategy="no", steps_per_generation=1)
    trainer = GRPOTrainer(model=path, reward_funcs=lambda completions, **_: [draw.random() for _ in completions],
                          args=config, train_dataset=Dataset.from_list([prompt() for _ in range(200)]),
                          callbacks=[Clock()], peft_config=peft_config)
    trainer.train()


def grpo_lora(path, rounds):
    from peft import LoraConfig

    grpo(path, rounds, LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"))


if __name__ == "__main__":
    kinds = {"generate": generate, "train": train, "grpo": grpo, "grpo-lora": grpo_lora}
    if len(sys.argv) < 3 or sys.argv[1] not in kinds:
        sys.exit(__doc__)
    kinds[sys.argv[1]](sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 3)
