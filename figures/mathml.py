"""Sentences with formulas in them, in our own notation, as HTML with MathML.

    "m · risk = Σ_ij r_k,ij"  →  <math><mi>m</mi><mo>·</mo>… <msub><mo>Σ</mo><mrow>…</mrow></msub>
    …</math>

The notation: `_` and `^` with a braced, a numeric or a literal script, Unicode super- and subscript
digits, primes, `*` behind a letter, √(…). Words stay words. Nothing is added, dropped or reordered,
so a reader without MathML still reads the sentence. Fractions stay on the line, as they are
written.
"""

import re
from html import escape

FUNCTIONS = frozenset(
    {
        "log",
        "exp",
        "tr",
        "sup",
        "inf",
        "max",
        "min",
        "sinh",
        "Var",
        "Cov",
        "diag",
        "linspace",
        "argmin",
        "rank",
        "ln",
        "sin",
        "cos",
        "sign",
        "KL",
        "TV",
    }
)
WORDS = frozenset({"KL", "TV", "sign"})
"""Functions that are words where they stand alone."""
OPERATORS = "=≤≥<>·/−+±×∫∝∈≠≈~→∂∇|‖⟨⟩:,;()[]{}∞…%!"
LARGE = "ΣΠ"
OPENING, CLOSING = "([{⟨", ")]}⟩"
HIGH, LOW = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ᵗ", "₀₁₂₃₄₅₆₇₈₉₊₋ᵢₖₚₜ"
SCRIPTS = str.maketrans(HIGH + LOW, "0123456789−+t0123456789+−ikpt")

_ELEMENT = re.compile(r"<(\w+)[^>]*>[^<]*</\1>")
_LOW_SCRIPT = re.compile(r"[A-Za-z0-9]+(?:[,-][A-Za-z]+)*|[Α-ω∞+]")
_HIGH_SCRIPT = re.compile(r"[−-]?\d+(?:\.\d+)?|[A-Za-zΑ-ω]|[∞*]")
_LETTERS = re.compile(r"[A-Za-z]{2,}(?:-[A-Za-z]+)*")
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e-?\d+)?")

# What makes a word part of a formula, once its scripts are set aside: a sign; or being one of a few
# short forms.
_SCRIPT_TEXT = re.compile(r"[_^](?:\{[^}]*\}?|[A-Za-z0-9]+(?:[,-][A-Za-z]+)*)")
_SIGNS = re.compile(r"[_^=≤≥<>·−+±×∫√‖⟨⟩∇∞∝∈≠≈∂→|Α-Ωα-ω²³⁰-₋ᵗᵢₖₚₜℓ~{}…]")
_SHORT = re.compile(
    r"[b-zB-HJ-Z][\u0300-\u036f]?[\'*]*|[A-Z]\d|[A-Za-z][(\[].*|[^A-Za-z]*[A-Za-z]?/.*"
)
_NEUTRAL = re.compile(r"[aAI]|[\d½¼][\d.,e½-]*[a-z]?")
_DIFFERENTIAL = re.compile(r"d[a-z]")
# A word with a short script is one: bound_ij, volume/C_t; a program's causal_order is none.
_SCRIPTED = re.compile(r".*[_^](?:\{|[A-Za-zΑ-ω0-9]{1,2}(?![A-Za-z_])).*")
# What looks like a formula and is none: a panel's letter, a version of the code.
_LABEL = re.compile(r"\([a-f]\)[.,:;]*")
_VERSION = re.compile(r"\d+\.\d+\.\d+\S*")


def sentence(text: str) -> str:
    """The sentence as HTML: escaped, its formulas as <math> elements.

    Parameters
    ----------
    text : plain text in our notation
    """
    words = text.split(" ")
    out, run = [], ""
    for k, word in enumerate(words):
        inside = _balance(run) > 0 and not _is_prose(word)
        if inside or _is_math(words, k):
            run += (" " if run else "") + word
            if word[-1:] in tuple(",;:.") and _balance(run) <= 0:
                out.append(_closed(run))
                run = ""
            continue
        if run:
            out.append(_closed(run))
            run = ""
        out.append(escape(word, quote=False))
    if run:
        out.append(_closed(run))
    return " ".join(out)


def formula(text: str) -> str:
    """One formula as a <math> element."""
    return f"<math>{_row(text)}</math>"


def _balance(text: str) -> int:
    return sum((c in OPENING) - (c in CLOSING) for c in text)


def _is_prose(word: str) -> bool:
    """Whether a word of the language is in it."""
    return any(
        found not in FUNCTIONS and not _DIFFERENTIAL.fullmatch(found)
        for found in _LETTERS.findall(_SCRIPT_TEXT.sub("_", word))
    )


def _has_signs(word: str) -> bool:
    core = word.strip("(),.;:[]")
    if not core or _LABEL.fullmatch(word) or _VERSION.fullmatch(core):
        return False
    if _is_prose(core):
        return bool(_SCRIPTED.fullmatch(core))
    called = core.split("(")[0] in FUNCTIONS and core not in WORDS
    return called or bool(_SIGNS.search(core) or _SHORT.fullmatch(core))


def _is_math(words: list[str], k: int) -> bool:
    """Whether a word belongs to a formula:
    by its own signs, or, a bare number or letter, by its neighbours.
    """
    if _has_signs(words[k]):
        return True
    core = words[k].strip("(),.;:[]")
    if not _NEUTRAL.fullmatch(core) or _LABEL.fullmatch(words[k]):
        return False
    pairs = ((k - 1, k), (k, k + 1))
    before, after = (
        words[a + b - k] if a >= 0 and b < len(words) and words[a][-1:] not in tuple(",;:.") else ""
        for a, b in pairs
    )
    if core in ("a", "A"):  # more often an article
        return any(word and word in OPERATORS for word in (before, after))
    if core[0].isdigit() and before not in FUNCTIONS and before[-1:] not in tuple(OPERATORS):
        before = ""  # n/10 93.7 %: two numbers
    return any(_has_signs(word) for word in (before, after) if word)


def _closed(run: str) -> str:
    """A formula without the punctuation of the sentence around it."""
    before = after = ""
    while run:
        if run.endswith("'s"):  # of a formula: T₁'s
            run, after = run[:-2], run[-2:] + after
        elif run[-1] in ".,;:" or (run[-1] in ")]" and _balance(run) < 0):
            run, after = run[:-1], run[-1] + after
        elif run[0] in "([" and _balance(run) > 0:
            before, run = before + run[0], run[1:]
        else:
            break
    shown = " ".join(formula(piece) for piece in pieces(run)) if run else ""
    return escape(before, quote=False) + shown + escape(after, quote=False)


LONG = 26  # letters and signs, which a phone has room for
RELATIONS = frozenset("=≤≥<>≈→∝")
SUMS = frozenset("+−·")


def pieces(run: str) -> list[str]:
    """A formula in parts between which a line may end: a browser breaks none by itself.

    A short one is whole. A long one is cut after relations; what is long still, after the signs of
    a sum, outside brackets and then inside; never in a script or below a root.
    """
    found = [run]
    for signs, inside in ((RELATIONS, False), (SUMS, False), (SUMS, True)):
        found = [part for one in found for part in _cut(one, signs, inside)]
    return found


def _cut(run: str, signs: frozenset[str], inside: bool) -> list[str]:
    if len(run) <= LONG:
        return [run]
    parts, part = [], ""
    for word in run.split(" "):
        part += (" " if part else "") + word
        ends = word in signs or (inside and word.endswith(","))
        whole = not _in_a_script(part) and not _under_a_root(part)
        if ends and whole and (inside or _balance(part) == 0):
            parts.append(part)
            part = ""
    return [*parts, part] if part else parts


def _in_a_script(text: str) -> bool:
    """Whether the text ends inside the braces of a script."""
    starts = [found.end() - 1 for found in re.finditer(r"[_^]\{", text)]
    return any(_closing(text, at) == len(text) for at in starts)


def _under_a_root(text: str) -> bool:
    """Whether the text ends inside the brackets of a root."""
    return any(_closing(text, at + 1) == len(text) for at in _roots(text))


def _roots(text: str) -> list[int]:
    return [at for at in range(len(text) - 1) if text[at : at + 2] == "√("]


def _row(text: str) -> str:
    """The elements of a formula, side by side."""
    out: list[str] = []
    at = 0
    while at < len(text):
        if text[at] == " ":
            at += 1
            if (
                out
                and at < len(text)
                and not _is_operator(text[at])
                and not out[-1].endswith("</mo>")
            ):
                out.append('<mspace width="0.25em"/>')
            continue
        element, at = _atom(text, at)
        element, at = _scripts(element, text, at)
        out.append(element)
    return "".join(out)


def _is_operator(character: str) -> bool:
    return character in OPERATORS


def _atom(text: str, at: int) -> tuple[str, int]:
    """One identifier, number, operator or root, and where it ends."""
    here = text[at]
    if here == "√" and text[at + 1 : at + 2] == "(":
        end = _closing(text, at + 1)
        return f"<msqrt>{_row(text[at + 2 : end])}</msqrt>", end + 1
    if here == "√" and at + 1 < len(text):
        inner, end = _atom(text, at + 1)
        inner, end = _scripts(inner, text, end)
        return f"<msqrt>{inner}</msqrt>", end
    if label := re.compile(r"[A-Z]\d(?!\d)").match(text, at):
        return f"<mi>{label[0]}</mi>", label.end()
    if number := _NUMBER.match(text, at):
        return f"<mn>{number[0]}</mn>", number.end()
    if word := _LETTERS.match(text, at):
        if word[0] in FUNCTIONS:
            return f"<mi>{word[0]}</mi>", word.end()
        if len(word[0]) > 2:
            return f"<mtext>{word[0]}</mtext>", word.end()
    if here.isalpha() and here not in LARGE:
        end = at + 1
        while end < len(text) and "\u0300" <= text[end] <= "\u036f":
            end += 1
        return f"<mi>{text[at:end]}</mi>", end
    return f"<mo{_stiff(here)}>{escape(here, quote=False)}</mo>", at + 1


def _stiff(character: str) -> str:
    """How an operator stands: brackets as tall as letters,
    nothing here being taller than a line; bars close by.
    """
    stiff = ' stretchy="false"' if character in OPENING + CLOSING + "|‖" else ""
    return stiff + (' lspace="0.1em" rspace="0.1em"' if character in "|‖/" else "")


def _closing(text: str, start: int) -> int:
    """The index of the bracket that closes the one at `start`; the text's end if none does."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] in OPENING) - (text[at] in CLOSING)
        if depth == 0:
            return at
    return len(text)


def _scripts(base: str, text: str, at: int) -> tuple[str, int]:
    """The base with all that hangs on it, in whatever order it is written."""
    low, high = "", ""
    starred = base.startswith("<mi>")
    while at < len(text):
        here = text[at]
        if here in "_^" and at + 1 < len(text):
            if text[at + 1] == "{":
                end = _closing(text, at + 1)
                inner, at = _row(text[at + 2 : end]), end + 1
            else:
                found = (_LOW_SCRIPT if here == "_" else _HIGH_SCRIPT).match(text, at + 1)
                if not found:
                    break
                inner, at = _script(found[0]), found.end()
            if here == "_":
                low += inner
            else:
                high += inner
        elif here in HIGH or here in LOW:
            end = at
            while end < len(text) and text[end] in (HIGH if here in HIGH else LOW):
                end += 1
            inner, at = _row(text[at:end].translate(SCRIPTS)), end
            if here in HIGH:
                high += inner
            else:
                low += inner
        elif here in "'′":
            high, at = high + '<mo lspace="0" rspace="0">′</mo>', at + 1
        elif here == "*" and starred:
            high, at = high + "<mo>*</mo>", at + 1
        else:
            break
    low, high = (_one(part) for part in (low, high))
    if low and high:
        return f"<msubsup>{base}{low}{high}</msubsup>", at
    if low:
        return f"<msub>{base}{low}</msub>", at
    return (f"<msup>{base}{high}</msup>" if high else base), at


def _one(parts: str) -> str:
    """A script is one element: several go into a row."""
    return parts if not parts or _ELEMENT.fullmatch(parts) else f"<mrow>{parts}</mrow>"


def _script(text: str) -> str:
    """A script without braces: a word is a label, two letters are two indices."""
    parts = re.findall(r"[A-Za-z]{3,}(?:-[A-Za-z]+)*|\d+|.", text)
    return "".join(
        f"<mtext>{part}</mtext>" if len(part) > 2 and part[0].isalpha() else _row(part)
        for part in parts
    )
