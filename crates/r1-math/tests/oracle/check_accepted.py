"""Checks accepted pairs with sympy, independently of the verifier.

Usage: python check_accepted.py ACCEPTED.jsonl [UNDECIDED.jsonl]
       (pip install sympy latex2sympy2_extended antlr4-python3-runtime==4.13.2)

ACCEPTED.jsonl is what `cargo run --release -p r1-math --example soundness` prints: lines
{"gold": "..", "answer": ".."}. Both sides lose the dress that docs/grading.md 4 allows to be missing (a name, a
unit, a percent sign, the braces of one element, an approximation sign); sympy then compares the values. Lists
are compared element by element, in order and as sets. What sympy cannot decide is written to UNDECIDED.jsonl
to be read by a person; nothing counts as equal because it could not be parsed.
"""

import collections
import json
import random
import re
import signal
import sys

import sympy
from latex2sympy2_extended import latex2sympy

random.seed(7)

NAMES = [
    r"^[a-zA-Z](_\{?\w+\}?)?(\([a-z0-9]\))?\s*=\s*(?=[^=]+$)",
    r"^\\(?:mathrm|mathbf|text)\{\s*\w+\s*\}\s*=\s*(?=[^=]+$)",
    r"^\\(?:alpha|beta|gamma|theta|lambda|mu|rho|phi|omega)\s*=\s*(?=[^=]+$)",
    r"^x\s*\\in\s*(?=\\\{)",
    r"^\\(?:approx|max|min)\s*",
]
SUFFIXES = [
    r"\\pmod\{?\d+\}?$",
    r"\s*\\text\s*\{[^{}\d]*\}(\^\{?\d\}?)?$",
    r"\s*\\mathrm\s*\{[^{}\d]*\}(\^\{?\d\}?)?$",
    r"\s*\^\{?\\circ\}?$",
    r"\s*\\?%$",
    r"(?<=\d)\s+[a-z]{3,}( [a-z]+)*\.?$",
]


def undress(text):
    """The text without what may be missing, and whether it was a percentage."""
    text = text.strip()
    percent = False
    for _ in range(6):
        before = text
        text = text.strip().rstrip(".").strip()
        for wrap in (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]")):
            if text.startswith(wrap[0]) and text.endswith(wrap[1]) and len(text) > len(wrap[0]) + len(wrap[1]):
                inside = text[len(wrap[0]) : -len(wrap[1])]
                if wrap[0] not in inside:
                    text = inside.strip()
        text = re.sub(r"\\left|\\right|\\,|\\!|\\;|\\:|\\displaystyle|\\ ", " ", text)
        text = re.sub(r"\\[dt]frac", r"\\frac", text)
        text = re.sub(r"^\\\$|^\$(?=\d)", "", text.strip())
        text = re.sub(r"^(?:\\text|\\boxed|\\mathrm|\\mathbf|\\overline)\{([^{}]*)\}$", r"\1", text)
        braces = re.match(r"^\\\{([^,{}|:]*)\\\}$", text)
        if braces:
            text = braces.group(1)
        for pattern in NAMES:
            text = re.sub(pattern, "", text)
        for pattern in SUFFIXES:
            shorter = re.sub(pattern, "", text)
            if shorter != text and shorter.strip():
                percent |= "%" in pattern
                text = shorter
        if text == before:
            break
    return re.sub(r"\s+", " ", text).strip(), percent


def parts(text):
    """The elements between commas, semicolons, `or` and `and` outside of brackets."""
    found, depth, start = [], 0, 0
    text = re.sub(r"\\text\{\s*(or|and)\s*\}|\\quad|\s(or|and)\s", ",", text)
    text = re.sub(r"\\begin\{pmatrix\}(.*)\\end\{pmatrix\}", lambda m: "(" + re.sub(r"\\\\|&", ",", m.group(1)) + ")", text)
    text = re.sub(r"\\langle(.*)\\rangle", r"(\1)", text)
    whole = re.match(r"^(?:\\\{|\(|\[)(.*)(?:\\\}|\)|\])$", text)
    if whole and "," in text and re.sub(r"[^()\[\]{}]", "", whole.group(1)) in ("", "{}", "{}{}"):
        text = whole.group(1)
    for at, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if c in ",;" and depth == 0:
            found.append(text[start:at])
            start = at + 1
    found.append(text[start:])
    found = [part for part in found if part.strip()]
    return found


class Slow(Exception):
    pass


def expression(text):
    text = text.strip()
    if re.fullmatch(r"-?[\d,]*\.?\d+", text):
        return sympy.Rational(text.replace(",", ""))
    mixed = re.fullmatch(r"(-?)(\d+)\s*\\frac\{?(\d+)\}?\{?(\d+)\}?", text)
    if mixed:
        sign, whole, above, below = mixed.groups()
        value = int(whole) + sympy.Rational(int(above), int(below))
        return -value if sign else value
    colon = re.fullmatch(r"(\d+)(?::| to |\\text\{ to \})(\d+)", text)
    if colon:
        return sympy.Rational(int(colon.group(1)), int(colon.group(2)))
    value = latex2sympy(text)
    return value if isinstance(value, sympy.Expr) else None


def same(a, b):
    if a is None or b is None:
        return None
    symbols = sorted(a.free_symbols | b.free_symbols, key=str)
    if a.free_symbols != b.free_symbols and not (a - b).simplify() == 0:
        return False
    for _ in range(3):
        point = {symbol: sympy.Rational(random.randint(11, 97), random.randint(7, 31)) for symbol in symbols}
        gap = sympy.N((a - b).subs(point), 40)
        if not gap.is_number:
            return None
        size = 1 + abs(sympy.N(a.subs(point), 40))
        if abs(gap) > size * sympy.Float("1e-25"):
            return False
    return True


def rounds(gold, answer, texts):
    """Whether one side is a decimal of six digits or more that rounds or truncates the other."""
    for text, written, value in ((texts[0], gold, answer), (texts[1], answer, gold)):
        decimal = re.fullmatch(r"-?\d*\.?(\d+)", text)
        if decimal and len(re.sub(r"\D", "", text).lstrip("0")) >= 6 and value.is_number:
            unit = sympy.Rational(1, 10 ** len(decimal.group(1)))
            if abs(sympy.N(written - value, 40)) < unit:
                return True
    return False


def verdict(gold, answer):
    (a, percent_a), (b, percent_b) = undress(gold), undress(answer)
    # A statement of constants that repeats its value, as 5=5.
    for side in (a, b):
        repeated = re.fullmatch(r"(.+)=(.+)", side)
        if repeated and repeated.group(1).strip() == repeated.group(2).strip():
            a, b = (repeated.group(1), b) if side == a else (a, repeated.group(1))
    if re.sub(r"[\s{}]", "", a) == re.sub(r"[\s{}]", "", b):
        return "same"
    left, right = parts(a), parts(b)
    if len(left) != len(right):
        return "undecided"
    results = []
    try:
        signal.alarm(5)
        xs = [expression(undress(part)[0]) for part in left]
        ys = [expression(undress(part)[0]) for part in right]
        if len(xs) == 1:
            found = same(xs[0], ys[0])
            if not found and (percent_a or percent_b):
                found = same(xs[0] / (100 if percent_a else 1), ys[0] / (100 if percent_b else 1))
            if not found and rounds(xs[0], ys[0], (a, b)):
                found = True
            results.append(found)
        elif None not in xs and None not in ys:
            ordered = all(same(x, y) for x, y in zip(xs, ys))
            free = list(ys)
            for x in xs:
                at = next((i for i, y in enumerate(free) if same(x, y)), None)
                if at is not None:
                    free.pop(at)
            results.append(ordered or not free)
    except Slow:
        results = [None]
    except Exception:
        results = [None]
    finally:
        signal.alarm(0)
    if not results or None in results:
        return "undecided"
    return "equal" if all(results) else "different"


def late(*_):
    raise Slow


def main():
    signal.signal(signal.SIGALRM, late)
    out = open(sys.argv[2], "w") if len(sys.argv) > 2 else None
    counts = collections.Counter()
    for line in open(sys.argv[1]):
        pair = json.loads(line)
        found = verdict(pair["gold"], pair["answer"])
        counts[found] += 1
        if found in ("different", "undecided") and out:
            out.write(json.dumps({**pair, "oracle": found}) + "\n")
    print(dict(counts), file=sys.stderr)


main()
