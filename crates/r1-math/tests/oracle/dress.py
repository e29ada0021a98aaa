"""What may be missing on one side of a pair: docs/grading.md 4 and 6a, written down again for the oracle."""

import re
import unicodedata
from typing import NamedTuple

NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()
GREEK = "alpha|beta|gamma|theta|lambda|mu|rho|phi|varphi|omega|sigma|epsilon|eta|Delta"
NAMES = [
    r"^(?:[a-zA-Z]|\\(?:%s))\s*'?\s*(?:_\s*(?:\{[^{}]*\}|\w))?\s*(?:\^\{?[-\w'*]\}?)?\s*(?:\([^()=]*\))?\s*=\s*(?=[^=]+$)"
    % GREEK,
    r"^\\(?:mathrm|mathbf|text|operatorname)\{\s*[\w ]+\s*\}\s*(?:\([^()]*\))?\s*=\s*(?=[^=]+$)",
    r"^\\?(?:max|min|sin|cos|tan|log|ln|det|deg|arg|dim|lim|gcd|Pr)[^=,]*=\s*(?=[^=]+$)",
    r"^(?:\\vec|\\overrightarrow|\\hat|\\bar|\\overline|\\angle|\\triangle|S_|V_|P_|\||[A-Z]{2,3})[^=,]*=\s*(?=[^=]+$)",
    r"^[A-Za-z]\s*\\in\s*(?=\\\{|\\mathbb)",
    r"^\\(?:approx|max(?![\\({])|min(?![\\({])|therefore)\s*",
    r"^(?:about|approximately|the answer is|answer:|radius:?|slope:|domain:)\s*",
    r"^\\text\{\s*(?:Radius|about|approximately|The answer is)\s*\}\s*",
    r"^[A-Z](?=\(-?\d)",
    r"^[a-z]\s*\\equiv\s*",
    r"^(?:The|the)\b[^=]*\bis\s+(?=\$|\d)",
    r"^\$?\\(?:min|max)\$? at\s+\$?",
    r"^x\s*\\mapsto\s*",
    r"^=\s*",
]
UNIT = (
    r"(?:(?:square|cubic|sq\.?|cu\.?)\s*)?(?:[kcmdnµμ]?m|km|cm|mm|[kMG]?Hz|MHz|k?g|mg|s|h|hr|hrs|min|[kMm]?[JNWVAΩ]|eV"
    r"|[kM]?Pa|mol|K|C|F|T|L|mL|ml|yd|ft|in|mi|mph|kmph|kph|rpm|lb|lbs|oz|Rs|N|%s)" % "[a-z]{3,}"
)
SUFFIXES = [
    r"\s*\(?\s*\\(?:pmod|bmod|mod)\s*\{?\s*(?P<modulus>\d+)\s*\}?\s*\)?$",
    r"\s*\(\s*mod\s+(?P<modulus>\d+)\s*\)$",
    r"\s*(?:\\ |~|\\,)?\s*\\(?:text|mathrm|textrm|rm|mbox|operatorname)\s*\{[^{}\d]*\}\s*(?:\^\s*\{?-?\d\}?)?$",
    r"\s*\^?\s*\{?\s*\\circ\s*\}?\s*[CF]?$|\s*°\s*[CF]?$",
    r"\s*\\?%$",
    r"\s+\(?[A-Za-z][A-Za-z' -]*\)?$",
    r"(?<=\d)\s*\([a-zA-Z][\w' .,-]*\)$",
    r"(?<=[\d})])\s*(?:%s)(?:\s*[/·*]\s*(?:%s))*(?:\s*\^\s*\{?-?\d\}?)?$" % (UNIT, UNIT),
    r"\s*\\(?:AA|Omega|mu\s*\\text\{m\}|cdot)$",
    r"(?<=\d)\s*[^\x00-\x7f°∞π½¼¾√]+$",
    r"(?<=\d)(?:st|nd|rd|th)$",
    r",?\s*\\?(?:quad)?\s*[a-zA-Z]\s*\\in\s*\\mathbb\{[A-Z]\}(?:\^[*+])?$",
    r"\s*\+\s*C$(?!x)",
]
DEGREE, PERCENT, WORDS, CONSTANT = 3, 4, 5, len(SUFFIXES) - 1


class Bare(NamedTuple):
    text: str
    percent: bool
    modulus: int


def unwrap(text):
    """The text without the signs around it."""
    text = text.strip().rstrip(".").strip()
    for start, end in (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"), ("**", "**")):
        if text.startswith(start) and text.endswith(end) and len(text) > len(start) + len(end):
            inside = text[len(start) : -len(end)]
            if start not in inside:
                text = inside.strip()
    text = re.sub(r"\\left(?![a-z])|\\right(?![a-z])|\\,|\\!|\\;|\\:|\\displaystyle|\\ |~", " ", text)
    text = re.sub(r"\\[dt]frac|\\cfrac", r"\\frac", text)
    text = re.sub(r"[−–]", "-", text).replace("½", r"\frac{1}{2}").replace("π", r"\pi ").replace("≥", r"\ge ")
    text = re.sub(r"^\\\$\s*|^\$\s*(?=\d[^$]*$)|^[€£¥]|^Rs\.?\s*", "", text.strip())
    text = re.sub(r"^(?:\\text|\\boxed|\\mathrm|\\mathbf|\\textbf|\\bf)\{([^{}]*)\}$", r"\1", text)
    text = unicodedata.normalize("NFKC", text).replace("×", r"\times ")
    text = re.sub(r"\^-(\d+)", r"^{-\1}", text)
    text = re.sub(r"\\sqrt\s*(\d)", r"\\sqrt{\1}", text)
    if re.search(r"\$\s*\\(text|mathrm)", text):
        text = text.replace("$", "")
    text = re.sub(r"\\frac\s*(\d)\s*(\d)", r"\\frac{\1}{\2}", text)
    text = re.sub(r"\{\s+|\s+\}", lambda found: found.group().strip(), text)
    text = re.sub(r"\\frac\s+\{", r"\\frac{", text)
    text = re.sub(r"\}\s+\{", "}{", text)
    text = re.sub(r"\\lg\b", r"\\log_{10}", text)
    text = re.sub(r"\)\s*\(", r")\\cdot(", text)
    text = re.sub(r"\\textbf\{\(([A-E])\)\s*\}(?=.*\S)", "", text)
    if "\\mid" in text:
        return text
    one = re.match(r"^\\\{((?:[^{},|:]|\{[^{}]*\})*)\\\}$", text)
    one = one or re.match(r"^\{((?:[^{},|:]|\{[^{}]*\})*)\}$", text)
    return one.group(1) if one else text


def undress(text, names=True, angles=True):
    """The text without what may be missing, whether it was a percentage, and its modulus."""
    percent, modulus = False, 0
    words = text.strip().strip(".").lower()
    if words in NUMBERS:
        return Bare(str(NUMBERS.index(words)), False, 0)
    for _ in range(8):
        before = text
        text = unwrap(text)
        for pattern in NAMES if names else []:
            text = re.sub(pattern, "", text, flags=re.I if "answer" in pattern else 0)
        swapped = re.match(r"^([^=<>]*\d[^=<>]*|e|\\pi|\\infty)=\s*([a-zA-Z])$", text)
        if swapped and names:
            text = swapped.group(1)
        repeated = re.fullmatch(r"(.+)=(.+)", text)
        if repeated and repeated.group(1).strip() == repeated.group(2).strip():
            text = repeated.group(1)
        for at, pattern in enumerate(SUFFIXES):
            if (at == DEGREE and not angles) or (at == WORDS and "\\int" in text):
                continue
            found = re.search(pattern, text)
            shorter = re.sub(pattern, "", text)
            if found and shorter.strip() and shorter != text:
                if at == CONSTANT:
                    continue
                percent |= at == PERCENT
                modulus = int(found.groupdict().get("modulus") or modulus)
                text = shorter
        if text == before:
            break
    return Bare(re.sub(r"\s+", " ", text).strip(), percent, modulus)
