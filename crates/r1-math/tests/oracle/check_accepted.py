"""Checks accepted pairs with sympy, independently of the verifier.

Usage: python check_accepted.py ACCEPTED.jsonl [UNDECIDED.jsonl] [--reviewed REVIEWED.tsv]
       (pip install sympy latex2sympy2_extended antlr4-python3-runtime==4.13.2)

ACCEPTED.jsonl is what `cargo run --release -p r1-math --example soundness` prints: lines
{"gold": "..", "answer": ".."}. Both sides lose the dress that docs/grading.md 4 allows to be missing (a name, a
unit, a noun, a percent sign, the braces of one element, an approximation sign); sympy then compares the values,
the elements of lists in order and as sets, and the regions of inequalities and intervals. What sympy cannot
decide is looked up in REVIEWED.tsv, the judgements of a person with their reasons; the rest is written to
UNDECIDED.jsonl to be read. Nothing counts as equal because it could not be parsed.
"""

import argparse
import collections
import json
import pathlib
import random
import re
import signal

import sympy
from latex2sympy2_extended import latex2sympy

from dress import undress
from regions import region

NOTHING = {
    "emptyset", "varnothing", "nosolution", "nosolutions", "norealsolution", "norealsolutions", "none", "无解",
    "\\{\\}", "", "therearenosolutions", "thereisnosolution", "nosuch", "\\emptyset", "\\varnothing", "{}", "∅",
}  # fmt: skip
UNDEFINED = {"undefined", "dne", "doesnotexist", "thelimitdoesnotexist"}
LETTERS = re.compile(r"(?<![a-zA-Z\\])([ei])(?![a-zA-Z])")


class Slow(Exception):
    pass


def parts(text):
    """The elements between commas, semicolons, `or` and `and` outside of brackets."""
    found, depth, start = [], 0, 0
    text = re.sub(r"\\text\{\s*(or|and)\s*\}|\\quad|\s(or|and)\s|和|或|、", ",", text)
    matrix = re.fullmatch(r"\\begin\{([pb]?)matrix\}(.*)\\end\{\1matrix\}", text, re.S)
    if matrix:
        text = "(" + re.sub(r"\\\\|&", ",", matrix.group(2)) + ")"
    text = re.sub(r"^\\langle(.*)\\rangle$", r"(\1)", text)
    whole = re.match(r"^(?:\\\{|\(|\[)(.*)(?:\\\}|\)|\])$", text)
    inside = re.sub(r"[^()\[\]{}]", "", whole.group(1)) if whole else "x"
    if whole and re.search("[,;]", text) and inside.replace("()", "").replace("{}", "") == "":
        text = whole.group(1)
    for at, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if c in ",;" and depth == 0:
            found.append(text[start:at])
            start = at + 1
    found.append(text[start:])
    return [value for part in found if part.strip() for value in signs(part)]


def signs(text):
    """Both values of an expression with one sign of two."""
    if text.count("\\pm") == 1 and "\\mp" not in text:
        return [text.replace("\\pm", "+"), text.replace("\\pm", "-")]
    return [text]


def expression(text):
    """The value of an expression, with e and i as the constants."""
    text = re.sub(r"(\d),(\d{3})(?!\d)", r"\1\2", text.strip())
    text = re.sub(r"\\mathrm\s*\{\s*~?\s*([a-z])\s*\}", r"\1", text)
    if re.fullmatch(r"-?\s*\d*\.?\d+\.?", text):
        return sympy.Rational(text.replace(" ", "").rstrip("."))
    mixed = re.fullmatch(r"(-?)(\d+)\s*\\frac\s*\{?(\d+)\}?\s*\{?(\d+)\}?", text)
    if mixed:
        sign, whole, above, below = mixed.groups()
        value = int(whole) + sympy.Rational(int(above), int(below))
        return -value if sign else value
    colon = re.fullmatch(r"([^:]+?)\s*(?::|\\text\{\s*to\s*\})\s*([^:]+)", text)
    if colon and "to" not in colon.group(2):
        above, below = expression(colon.group(1)), expression(colon.group(2))
        return above / below if above is not None and below else None
    conjugate = re.fullmatch(r"\\overline\{(.*)\}", text)
    if conjugate and not re.search(r"\d\d", text):
        inside = expression(conjugate.group(1))
        return sympy.conjugate(inside) if inside is not None else None
    degrees = re.fullmatch(r"([\d.]+)\s*(\^\s*\{?\s*\\circ\s*\}?|°|\\text\{ ?degrees\})", text)
    if degrees:
        return sympy.Rational(degrees.group(1)) * sympy.pi / 180
    text = re.sub(r"(\d+)\s*(?:\^\s*\{?\s*\\circ\s*\}?|°)", r"(\1\\pi/180)", text)
    text = re.sub(r"(?<![\\,a-z ])\s*d([a-z])$", r"\\,d\1", text)
    text = re.sub(r"\\log\s*\(", r"\\ln(", text) if "\\log" in text and "e" in text else text
    extreme = re.fullmatch(r"\\(min|max)\\?\{([-\d,\s]+)\\?\}", text)
    if extreme:
        return getattr(sympy, extreme.group(1).capitalize())(*map(int, extreme.group(2).split(",")))
    value = latex2sympy(text)
    if not isinstance(value, sympy.Expr):
        return None
    constants = {sympy.Symbol("i"): sympy.I, sympy.Symbol("e"): sympy.E}
    free = value.free_symbols if value.is_Symbol or not value.has(sympy.Sum, sympy.Integral) else set()
    return value.subs({symbol: constants[symbol] for symbol in free if symbol in constants}).doit()


def same(a, b):
    """Whether two values agree: exactly, or at points to 25 digits."""
    if a is None or b is None:
        return None
    if a == b:
        return True
    symbols = sorted(a.free_symbols | b.free_symbols, key=str)
    if a.free_symbols != b.free_symbols and not (a - b).simplify() == 0:
        return False
    if a.is_infinite or b.is_infinite or a.has(sympy.zoo, sympy.nan) or b.has(sympy.zoo, sympy.nan):
        return bool(a == b) and not a.has(sympy.zoo, sympy.nan)
    for _ in range(3):
        point = {symbol: sympy.Rational(random.randint(11, 97), random.randint(7, 31)) for symbol in symbols}
        gap = sympy.N((a - b).subs(point), 40)
        if not gap.is_number:
            return None
        size = 1 + abs(sympy.N(a.subs(point), 40))
        if not abs(gap) < size * sympy.Float("1e-25"):
            return False
    return True


def rounds(gold, answer, texts):
    """Whether one side is a decimal of six digits or more that rounds or truncates the other."""
    for text, written, value in ((texts[0], gold, answer), (texts[1], answer, gold)):
        decimal = re.fullmatch(r"-?\d*\.?(\d+)", text)
        if decimal and len(re.sub(r"\D", "", text).lstrip("0")) >= 6 and value is not None and value.is_number:
            if abs(sympy.N(written - value, 40)) < sympy.Rational(1, 10 ** len(decimal.group(1))):
                return True
    return False


def plain(text):
    """The letters of a text, to tell words that mean the same."""
    text = re.sub(r"\\(?:text|mathrm|mathbf|textbf|mbox)\s*", "", text)
    return re.sub(r"[\s{}.$,']|\\(?=[{}])", "", text).lower()


def solutions(text):
    """The solutions of an equation in one symbol, as a list of values."""
    sides = text.split("=")
    if len(sides) != 2:
        return None
    left, right = expression(sides[0]), expression(sides[1])
    if left is None or right is None or len((left - right).free_symbols) != 1:
        return None
    (symbol,) = (left - right).free_symbols
    found = sympy.solve(left - right, symbol)
    return list(found) if isinstance(found, list) else None


def chain(text):
    """The end of a chain of equal values, where sympy proves every step."""
    sides = [side.strip() for side in re.split(r"=|\\approx", text)]
    if len(sides) < 2:
        return text
    values = [expression(side) for side in sides]
    start = 1 if values[0] is not None and values[0].is_Symbol else 0
    if all(same(values[start], value) for value in values[start + 1 :]):
        return sides[-1]
    return text


def values(gold, answer, percents, angles=True):
    """Whether two lists of values agree."""
    left, right = parts(gold), parts(answer)
    try:
        xs = [expression(undress(part, angles=angles).text) for part in left]
        ys = [expression(undress(part, angles=angles).text) for part in right]
    except Slow:
        raise
    except Exception:
        return None
    if len(xs) == 1 and len(ys) == 1:
        found = same(xs[0], ys[0])
        if not found and any(percents) and None not in (xs[0], ys[0]):
            found = same(xs[0] / (100 if percents[0] else 1), ys[0] / (100 if percents[1] else 1))
        if not found and rounds(xs[0], ys[0], (gold, answer)):
            found = True
        return found
    if None in xs or None in ys:
        return None
    if len(xs) == len(ys) and all(same(x, y) for x, y in zip(xs, ys)):
        return True
    ordered = re.match(r"^\(.*\)$", gold) and re.match(r"^\(.*\)$", answer)
    if ordered:
        return False
    return all(any(same(x, y) for y in ys) for x in xs) and all(any(same(x, y) for x in xs) for y in ys)


def renumbered(text):
    """The text with the arbitrary constants c_1, c_2.. numbered as they come."""
    order = {}
    pattern = r"(?<![a-zA-Z])([cC])\s*_\s*\{?\s*(\d)\s*\}?"
    found = re.sub(pattern, lambda one: f"c@{order.setdefault(one.group(2), len(order))}", text)
    return re.sub(r"\s", "", found) if order else None


def relation(text):
    """What is compared with nothing, and how: the sides of `a < b` as `b - a` and `<`."""
    text = re.sub(r"\$|\\,|\\!", "", text)
    found = re.fullmatch(r"([^=<>]+?)(=|<|>|\\neq?(?![a-z])|\\leq?(?![a-z])|\\geq?(?![a-z]))([^=<>]+)", text)
    if not found:
        return None
    left, sign, right = found.groups()
    left, right = expression(left), expression(right)
    if sign in (">", "\\ge", "\\geq"):
        left, right, sign = right, left, {">": "<"}.get(sign, "\\le")
    return left - right, sign.replace("\\neq", "\\ne").replace("\\leq", "\\le")


def proportional(gold, answer):
    """Whether two relations are the same up to a factor that is a number."""
    (f, sign), (g, other) = relation(gold), relation(answer)
    if sign != other or f.expand() == 0 or g.expand() == 0:
        return False
    factor = sympy.simplify(f / g)
    return bool(factor.is_number and factor != 0 and (sign in ("=", "\\ne") or factor > 0))


def close(exact, near):
    """Whether a decimal is within one unit of its last place."""
    places = len(near.strip().strip("$").partition(".")[2])
    return abs(sympy.N(expression(exact) - expression(near.strip().strip("$")))) < sympy.Rational(1, 10**places)


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except Slow:
        raise
    except Exception:
        return None


def verdict(gold, answer):
    a, b = undress(gold), undress(answer)
    if re.sub(r"[\s{}]", "", a.text) == re.sub(r"[\s{}]", "", b.text):
        return "same"
    words = plain(gold), plain(answer)
    if words[0] != words[1] and not any(set(words) <= group for group in (NOTHING, UNDEFINED)):
        words = plain(a.text), plain(b.text)
    if words[0] == words[1] or any(set(words) <= group for group in (NOTHING, UNDEFINED)):
        return "same"
    if a.modulus and b.modulus and a.modulus != b.modulus:
        return "different"
    try:
        signal.setitimer(signal.ITIMER_PROF, 8)
        left, right = attempt(region, gold), attempt(region, answer)
        if left is not None and right is not None:
            return "equal" if left == right else "different"
        texts = [attempt(chain, side.text) or side.text for side in (a, b)]
        found = values(texts[0], texts[1], (a.percent, b.percent))
        if not found and ("\\circ" in gold + answer or "°" in gold + answer):
            # An angle in degrees beside its radians.
            bare = [undress(side, angles=False).text for side in (gold, answer)]
            found = found or values(bare[0], bare[1], (False, False), angles=False)
        if not found and (a.modulus or b.modulus):
            modulus = a.modulus or b.modulus
            residues = [attempt(expression, text) for text in texts]
            both = a.modulus and b.modulus
            if None not in residues and all(value.is_Integer for value in residues):
                gap = residues[0] - residues[1]
                found = gap % modulus == 0 if both else gap == 0
        if not found and "=" in gold:
            roots = attempt(solutions, undress(gold, names=False).text)
            given = [attempt(expression, undress(part).text) for part in parts(b.text)]
            if roots and None not in given:
                found = {sympy.nsimplify(root) for root in roots} == {sympy.nsimplify(value) for value in given}
    except Slow:
        return "undecided"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    if not found:
        found = bool(renumbered(gold)) and renumbered(gold) == renumbered(answer)
        found = found or attempt(proportional, gold, answer) or None
    if not found and "\\approx" in gold and "=" not in gold:
        # An exact value before its approximation.
        exact, near = gold.split("\\approx", 1)
        if verdict(exact, answer) in ("same", "equal") and attempt(close, exact, near):
            return "equal"
    if found is None:
        return "undecided"
    return "equal" if found else "different"


def late(*_):
    raise Slow


def main():
    options = argparse.ArgumentParser()
    options.add_argument("accepted")
    options.add_argument("undecided", nargs="?")
    options.add_argument("--reviewed", default=pathlib.Path(__file__).with_name("reviewed.tsv"))
    options = options.parse_args()
    random.seed(7)
    signal.signal(signal.SIGPROF, late)
    reviewed = {}
    if pathlib.Path(options.reviewed).exists():
        for line in open(options.reviewed, encoding="utf-8"):
            gold, answer, judged = (json.loads(f'"{field}"') for field in line.rstrip("\n").split("\t")[:3])
            reviewed[gold, answer] = judged
    out = open(options.undecided, "w") if options.undecided else None
    counts = collections.Counter()
    for line in open(options.accepted):
        pair = json.loads(line)
        found = verdict(pair["gold"], pair["answer"])
        if found in ("different", "undecided"):
            judged = reviewed.get((pair["gold"], pair["answer"]))
            if judged:
                found = f"{judged} by hand"
            elif out:
                out.write(json.dumps({**pair, "oracle": found}) + "\n")
        counts[found] += 1
    print(dict(counts))


main()
