"""Inequalities, intervals and unions of them as sympy's sets of real numbers."""

import re

import sympy
from latex2sympy2_extended import latex2sympy

from dress import unwrap

ENDS = r"\\infty|[^,;()\[\]]+"
RELATIONS = r"(\\leqslant|\\geqslant|\\leq|\\geq|\\le(?!ft)|\\ge|\\neq|\\ne|\\lt|\\gt|<=|>=|<|>|≤|≥|≠)"
CLOSED = {"\\le", "\\leq", "\\leqslant", "<=", "≤", "\\ge", "\\geq", "\\geqslant", ">=", "≥"}
GREATER = {"\\ge", "\\geq", "\\geqslant", ">=", ">", "\\gt", "≥"}
UNEQUAL = {"\\ne", "\\neq", "≠"}
REALS = {r"\mathbb{R}", "all real numbers", r"\text{all real numbers}", "R", "ℝ"}


def number(text):
    text = text.strip()
    if re.fullmatch(r"\+?\s*\\infty|\+?\s*∞", text):
        return sympy.oo
    if re.fullmatch(r"-\s*\\infty|-\s*∞", text):
        return -sympy.oo
    value = latex2sympy(text)
    value = value.subs({sympy.Symbol("e"): sympy.E})
    if not isinstance(value, sympy.Expr) or not value.is_real:
        return None
    value = sympy.simplify(value)
    return sympy.nsimplify(value, rational=True) if value.has(sympy.Float) else value


def interval(text):
    found = re.fullmatch(r"([\[(\]])\s*([^,;]+)[,;]\s*([^,;]+?)\s*([\])\[])", text)
    if not found:
        return None
    opened, low, high, closed = found.groups()
    low, high = number(low), number(high)
    if low is None or high is None or not low <= high:
        return None
    return sympy.Interval(low, high, left_open=opened != "[", right_open=closed != "]")


def ray(relation, value, flipped):
    if relation in UNEQUAL:
        return sympy.S.Reals - sympy.FiniteSet(value)
    greater = (relation in GREATER) != flipped
    if greater:
        return sympy.Interval(value, sympy.oo, left_open=relation not in CLOSED)
    return sympy.Interval(-sympy.oo, value, right_open=relation not in CLOSED)


def inequality(text):
    """What a chain of relations about one letter, or a linear expression in it, says."""
    sides = re.split(RELATIONS, text)
    if len(sides) not in (3, 5):
        return None
    middle = sides[0] if len(sides) == 3 else sides[2]
    if len(sides) == 3 and re.search("[a-zA-Z]", re.sub(r"\\[a-z]+", "", sides[2])):
        return ray(sides[1], number(sides[0]), True) if re.fullmatch(r"\s*[a-z]\s*", sides[2]) else None
    letter = re.fullmatch(r"\s*(?:[a-zA-Z]|f\(x\))\s*", middle)
    absolute = re.fullmatch(r"\s*\|\s*[a-z]\s*\|\s*", middle)
    if len(sides) == 3 and absolute and sides[1] in ("<", "\\le"):
        end = number(sides[2])
        return sympy.Interval(-end, end, left_open=sides[1] == "<", right_open=sides[1] == "<")
    if letter:
        found = ray(sides[-2], number(sides[-1]), False)
        return found if len(sides) == 3 else found & ray(sides[1], number(sides[0]), True)
    if len(sides) == 3:
        expression = latex2sympy(middle) - number(sides[2])
        symbols = list(expression.free_symbols)
        if len(symbols) == 1 and sides[1] not in UNEQUAL:
            symbol = symbols[0]
            real = sympy.Symbol("real", real=True)
            expression = expression.subs(symbol, real)
            relations = {(True, True): sympy.Ge, (True, False): sympy.Gt, (False, True): sympy.Le}
            relation = relations.get((sides[1] in GREATER, sides[1] in CLOSED), sympy.Lt)
            return sympy.solveset(relation(expression, 0), real, sympy.S.Reals)
    return None


def region(text):
    """The set of a text, or None."""
    text = unwrap(unwrap(text))
    text = re.sub(r"^(?:[Dd]omain|[Rr]ange)\s*:?\s*\$?|\$$", "", text).strip()
    text = re.sub(r"^(?:[A-Za-z]|\\[a-z]+)\s*\\in\s*", "", text)
    text = re.sub(r"\\varnothing|\\emptyset", "∅", text)
    builder = re.fullmatch(r"\\\{\s*([a-z])\s*(?:\\in\s*\\mathbb\{?R\}?)?\s*(?:\\mid|\||:)\s*(.*)\\\}", text)
    if builder:
        text = builder.group(2).strip()
    if text.lower() in REALS or text in REALS:
        return sympy.S.Reals
    if re.fullmatch(r"\\mathbb\{?R\}?\^\{?\+\}?", text):
        return sympy.Interval(0, sympy.oo, left_open=True)
    hole = re.fullmatch(r"\\mathbb\{?R\}?\s*(?:-|\\setminus|\\backslash)\s*\\\{([^,]*)\\\}", text)
    if hole:
        return sympy.S.Reals - sympy.FiniteSet(number(hole.group(1)))
    found = sympy.S.EmptySet
    for piece in re.split(r"\\cup|∪|\\text\{ ?or ?\}|\sor\s", text):
        one = interval(piece.strip())
        one = inequality(piece.strip()) if one is None else one
        if one is None:
            return None
        found = sympy.Union(found, one)
    return found
