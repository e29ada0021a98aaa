"""Writes rewards.json: what the rewards of TRL and open-r1 give for texts and token ids of all kinds.

    pip download --no-deps trl==1.16.0 && unzip trl-*.whl -d trl
    git clone https://github.com/huggingface/open-r1
    python3 rewards.py trl open-r1/src/open_r1/rewards.py > rewards.json

The functions are the originals, run without torch: TRL's files are loaded one by one, open-r1's functions are taken out of
their file. Where a reward asks math-verify whether an answer is right, the vector says so instead; the answers are no part of
what is compared.
"""

import ast, json, math, random, re, sys, types
from typing import Callable, Dict, Optional

trl, open_r1_file = sys.argv[1:3]


def load(name, replace=()):
    source = open(f"{trl}/trl/rewards/{name}.py").read()
    for old, new in replace:
        assert old in source, old
        source = source.replace(old, new)
    module = types.ModuleType(name)
    exec(compile(source, name, "exec"), module.__dict__)
    return module


format_rewards, other = load("format_rewards"), load("other_rewards")
accuracy = load("accuracy_rewards", [("from ..import_utils import is_math_verify_available", "is_math_verify_available = lambda: False")])
accuracy.accuracy_reward = lambda completions, solution, **_: solution

wanted = {"format_reward", "tag_count_reward", "reasoning_steps_reward", "len_reward", "get_cosine_scaled_reward",
          "get_repetition_penalty_reward", "get_soft_overlong_punishment"}
tree = ast.parse(open(open_r1_file).read())
functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in wanted]
assert {node.name for node in functions} == wanted
anything = lambda *_, **__: None
# An answer is right when it ends in "right"; a gold is always parsed.
scope = dict(re=re, math=math, Dict=Dict, Optional=Optional, Callable=Callable, parse=lambda text, **_: [text],
             LatexExtractionConfig=anything, NormalizationConfig=anything,
             verify=lambda answer, gold: answer[0].endswith("right"))
exec(compile(ast.Module(functions, []), "open_r1", "exec"), scope)

chat = lambda texts: [[{"content": text}] for text in texts]
rng = random.Random(20250120)
pieces = ["<think>", "</think>", "<answer>", "</answer>", "\n", "\n", "\n", " ", "a", "so 4", "Step 1:", "Step 12", "1.", "\n- ",
          "\n* ", "First,", "Finally,", "é", "所以", "<think>\n", "\n</think>\n", "\n<answer>\n", "\n</answer>", "Next,Second,"]
whole = "<think>\nwhy\n</think>\n<answer>\n4\n</answer>"
texts = ["", whole, whole + "\n", whole + "\nmore", whole + " more", " " + whole, "<think></think>", "<think>a</think>b",
         "<think>a</think>b</think>", "<think>a<think>b</think>", "<think>\n\n</think>\n<answer>\n\n</answer>",
         "a</think>b", "<think>a", "</answer>\n<answer>\n\n</think>\n<think>\n", "Step 1: Step 2: Step x:", "1. 2. 3.", "12.a"]
for _ in range(250):
    if rng.random() < 0.4:
        place, cut = rng.randrange(len(whole)), rng.randrange(4)
        texts.append(whole[:place] + rng.choice(pieces) + whole[place + cut:])
    else:
        texts.append("".join(rng.choice(pieces) for _ in range(rng.randrange(1, 12))))
scored = [format_rewards.think_format_reward, scope["format_reward"], scope["tag_count_reward"], scope["reasoning_steps_reward"]]
columns = [function(chat(texts)) for function in scored]
formats = [[text, *row] for text, row in zip(texts, zip(*columns))]

ids = [[], [1], [5] * 5, [1, 2, 3, 4]] + [[rng.randrange(rng.choice([2, 4, 50])) for _ in range(rng.randrange(1, 40))] for _ in range(40)]
repetition = [[row, size, penalty, other.get_repetition_penalty_reward(size, penalty)([row])[0]]
              for row in ids for size, penalty in [(1, -1.0), (2, -1.0), (3, -0.5)]]
words = ["", "a", "the sum the sum the sum", "The the THE"] + [" ".join(rng.choice(["so", "the", "sum", "is", "4"]) for _ in range(rng.randrange(1, 30))) for _ in range(20)]
word_repetition = [[text, size, scope["get_repetition_penalty_reward"](size, -1.0)(chat([text]))[0]] for text in words for size in (1, 2, 3)]
bounds = [(100, 20), (100, 0), (100, 100), (7, 3)]
lengths = [0, 1, 3, 4, 5, 7, 8, 79, 80, 81, 90, 99, 100, 101, 500]
overlong = [[length, most, cache, other.get_soft_overlong_punishment(most, cache)([[1] * length])[0]]
            for most, cache in bounds for length in lengths]
assert all(scope["get_soft_overlong_punishment"](most, cache)([[1] * length])[0] == value for length, most, cache, value in overlong)
cosine = [[right, length, accuracy.get_cosine_scaled_reward(100)(chat(["a"]), [right], [[1] * length])[0],
           scope["get_cosine_scaled_reward"](max_len=100)(chat(["x" * (length - 5) + ("right" if right else "wrong")]), [""])[0]]
          for right in (True, False) for length in (5, 25, 50, 75, 99, 100, 101, 150, 200)]
kimi = []
for _ in range(30):
    group = [[rng.random() < 0.5, rng.choice([5, 6, 20, 50, rng.randrange(5, 200)])] for _ in range(rng.randrange(1, 7))]
    contents = ["x" * (length - 5) + ("right" if right else "wrong") for right, length in group]
    kimi.append([group, scope["len_reward"](chat(contents), [""] * len(group))])

print(json.dumps({"source": "trl 1.16.0; open-r1 at 1416fa0cf21595d2083b399a2a0bbddd7f6e9563; rewards.py",
                  "formats": formats, "repetition": repetition, "word_repetition": word_repetition, "overlong": overlong,
                  "cosine": cosine, "kimi": kimi}, ensure_ascii=False))
