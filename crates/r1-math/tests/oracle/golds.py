"""Collects the reference answers of data sets for the soundness harness.

Usage: python golds.py OUT.jsonl FILE_OR_FOLDER...

Reads every .json and .jsonl below the paths and writes lines {"gold": ".."}, each answer once: fields that are
called answer, final_answer, target or the like, what follows `####`, the last box of a solution, and the texts of
choices, which take forms that references take elsewhere. Public sets that were used are named in docs/results.md.
"""

import json
import pathlib
import re
import sys

ANSWERS = {"answer", "final_answer", "gold", "golden", "target", "answer_latex", "correct_answer", "ground_truth"}
CHOICES = {"options", "choices"}
LONGEST = 300


def boxed(text):
    """What the last box of a solution holds."""
    at = text.rfind("\\boxed{")
    if at < 0:
        return None
    depth, start = 0, at + len("\\boxed")
    for end in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        if depth == 0:
            return text[start + 1 : end]
    return None


def choices(value):
    """The texts of choices, without their letters."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, str):
        value = re.split(r"(?:^|[\s,]+)\(?[a-eA-E]\s?\)\s?", value)
    for text in value if isinstance(value, list) else []:
        yield re.sub(r"^\(?[A-E]\)\s?", "", str(text))


def answers(value):
    """Every reference answer in a value of a file."""
    if isinstance(value, list):
        for item in value:
            yield from answers(item)
    if not isinstance(value, dict):
        return
    for key, field in value.items():
        name = key.lower()
        if name in CHOICES:
            yield from choices(field)
        elif name in ("answer_number", "unit"):
            continue
        elif name in ANSWERS:
            for item in field if isinstance(field, list) else [field]:
                if isinstance(item, (str, int, float)) and not isinstance(item, bool):
                    text = str(item).split("####")[-1]
                    yield boxed(text) or text
                    unit = str(value.get("unit") or "").strip()
                    if unit:
                        yield f"{text.strip()} {unit}"
        elif name == "solution" and isinstance(field, str):
            yield boxed(field) or ""
        elif isinstance(field, (dict, list)):
            yield from answers(field)


def rows(path):
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        yield json.loads(text)
        return
    except ValueError:
        pass
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue


def main():
    seen = {}
    for name in sys.argv[2:]:
        root = pathlib.Path(name)
        files = [root] if root.is_file() else sorted(p for p in root.rglob("*") if p.suffix in (".json", ".jsonl"))
        for path in files:
            before = len(seen)
            for row in rows(path):
                for text in answers(row):
                    text = text.strip()
                    if 0 < len(text) <= LONGEST:
                        seen.setdefault(text, path)
            print(f"{len(seen) - before:6} new of {path}", file=sys.stderr)
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        for text in seen:
            out.write(json.dumps({"gold": text}, ensure_ascii=False) + "\n")
    print(f"{len(seen)} golds", file=sys.stderr)


main()
