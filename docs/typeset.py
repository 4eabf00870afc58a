"""LaTeX as MathML, in pieces that a narrow screen can wrap: no script, no font from elsewhere.

A browser breaks no line within a <math> element. So a formula in a sentence becomes several of
them where it is long, with a place to break after each relation; and a displayed one is set apart
at its wide gaps (\\quad), and what is still too wide scrolls by itself.
"""

import re
import unicodedata
from contextlib import suppress
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert

SPACE = "{http://www.w3.org/1998/Math/MathML}"
RELATIONS = frozenset("=≤≥<>≠≈≃∼∝→↦≪≡⇒,")
SUMS = frozenset("+−")
SIGNS = SUMS | {"±"}
BARS = frozenset("|‖")
OPENING, CLOSING = frozenset("([{⟨"), frozenset(")]}⟩")
FUNCTIONS = frozenset(
    {
        *("log", "exp", "max", "min", "sup", "inf", "lim", "det", "sinh", "tanh", "coth", "cosh"),
        *("ln", "arg", "sin", "cos", "tan", "arctan"),
        *("Var", "Cov", "tr", "diag", "rank", "KL"),
    }
)
STYLES = {
    "script": "SCRIPT",
    "double-struck": "DOUBLE-STRUCK",
    "sans-serif": "SANS-SERIF",
    "bold": "BOLD",
}
UNBROKEN = 18
"""Letters and signs: a formula in a sentence that has no more is never broken."""
BREAK = "<wbr>"

# What latex2mathml 3.81 leaves a backslash in the page for, in words that it knows.
_KNOWN = (
    (re.compile(r"\\\n"), r"\\ "),
    (re.compile(r"\\[bB]ig+[lr]?(\\[lr]brace|\\Vert)"), r"\1"),
)


class Untranslated(ValueError):
    """A formula with a command that the converter does not know."""


def inline(latex: str) -> str:
    """A formula within a sentence.

    Parameters
    ----------
    latex : without the dollar signs

    Returns
    -------
    One <math> element, or several with <wbr> between them.
    """
    root = _parsed(latex, "inline")
    pieces = [root]
    if _size(root) > UNBROKEN:
        pieces = [
            part
            for piece in _broken(root, RELATIONS, after=True)
            for part in (_broken(piece, SUMS, after=False) if _size(piece) > UNBROKEN else [piece])
        ]
    return BREAK.join(_text(piece) for piece in pieces)


def display(latex: str) -> str:
    """A formula in lines of its own.

    Parameters
    ----------
    latex : without the dollar signs

    Returns
    -------
    A <div> with one <math> element for each part that a wide gap sets apart.
    """
    pieces: list[list[Element]] = [[]]
    for child in _top(_parsed(latex, "block")):
        if child.tag == "mspace" and child.get("width") in ("1em", "2em"):
            pieces.append([])
        else:
            pieces[-1].append(child)
    made = [_text(_math(piece, "block")) for piece in pieces if piece]
    return "\n".join(f'<div class="wide">{piece}</div>' for piece in made)


def _parsed(latex: str, how: str) -> Element:
    """The formula's <math>, with spaces about bars and slashes as in print."""
    for wrong, right in _KNOWN:
        latex = wrong.sub(right, latex)
    root = ElementTree.fromstring(convert(latex, display=how))
    for element in root.iter():
        element.tag = element.tag.removeprefix(SPACE)
    for element in root.iter():
        _corrected(element, how)
        if "\\" in (element.text or ""):
            raise Untranslated(f"{element.text} in {latex}")
    for element in list(root.iter()):
        if element.tag in ("math", "mrow", "msqrt", "mstyle"):
            element[:] = _spaced(list(element))
    return root


def _corrected(element: Element, how: str) -> None:
    """One element as a browser is to take it."""
    letters = [child.text or "" for child in element if child.get("mathvariant") == "normal"]
    if element.tag == "mrow" and len(letters) == len(element) > 1:  # \mathrm{Var}
        element.tag, element.text, element[:] = "mi", "".join(letters), []
    text = element.text or ""
    if text in BARS | OPENING | CLOSING and element.tag == "mi":
        element.tag = "mo"
        element.set("stretchy", "true" if how == "block" and text in "{}" else "false")
    if element.tag == "mo" and text.isalpha() and len(text) > 1:
        element.tag = "mi"  # an operator's space would be as wide as about an equals sign
    if style := STYLES.get(element.get("mathvariant", "")):
        # Browsers know no other variant than "normal".
        element.text = "".join(_styled(one, style) if one.isalnum() else one for one in text)
        del element.attrib["mathvariant"]
    if element.tag == "mo" and (text in BARS or text == "/"):
        element.set("lspace", "0.08em")
        element.set("rspace", "0.08em")


def _styled(letter: str, style: str) -> str:
    """A letter or a digit in one of Unicode's mathematical alphabets."""
    what = unicodedata.name(letter).removeprefix("LATIN ").replace("LETTER ", "")
    # ℱ and ℝ were there before the alphabets.
    for name in (f"MATHEMATICAL {style} {what}", f"{style} {what}"):
        with suppress(KeyError):
            return unicodedata.lookup(name)
    raise Untranslated(f"{letter} in {style.lower()}")


def _spaced(row: list[Element]) -> list[Element]:
    """The row with a thin space about log, max and the like, but not before a bracket."""
    out: list[Element] = []
    for child in row:
        before = out[-1] if out else None
        if child.text in SIGNS and _starts(before):
            child.set("form", "prefix")
        if before is not None and _is_letter(before) and _is_letter(child):
            named = {_base(before).text, _base(child).text} & FUNCTIONS
            out += [Element("mspace", {"width": "0.17em"})] if named else []
        out.append(child)
    return out


def _starts(before: Element | None) -> bool:
    """Whether a sign after it is that of a number: at the start, and after all but closing ones."""
    sign = "(" if before is None else _sign(before)
    return sign != "" and sign not in CLOSING | BARS | set("!′⊤*∗")


def _is_letter(element: Element) -> bool:
    return _base(element).tag in ("mi", "mn", "mfrac", "msqrt", "mover")


def _base(element: Element) -> Element:
    """What the scripts hang on."""
    while element.tag in ("msub", "msup", "msubsup"):
        element = element[0]
    return element


def _top(root: Element) -> list[Element]:
    """What stands side by side in it."""
    inside = list(root)
    return list(inside[0]) if len(inside) == 1 and inside[0].tag == "mrow" else inside


def _broken(root: Element, signs: frozenset[str], after: bool) -> list[Element]:
    """The formula in pieces, apart after (or before) each of the signs that is not in brackets."""
    pieces: list[list[Element]] = [[]]
    depth = 0
    bars: set[str] = set()
    for child in _top(root):
        text = _sign(child)
        depth += (text in OPENING) - (text in CLOSING)
        bars ^= {text} & BARS
        apart = child.tag == "mo" and text in signs and depth <= 0 and not bars and pieces[-1]
        if apart:
            child.set("form", "infix")  # at the end of a row it would stand as a postfix
        if apart and not after:
            pieces.append([])
        pieces[-1].append(child)
        if apart and after:
            pieces.append([])
    return [_math(piece, "inline") for piece in pieces if piece]


def _sign(element: Element) -> str:
    """What an operator is, also where something hangs on it; "" where it is none."""
    base = _base(element)
    return (base.text or "") if base.tag == "mo" else ""


def _math(children: list[Element], how: str) -> Element:
    made = Element("math", {"display": how})
    row = ElementTree.SubElement(made, "mrow")
    row.extend(children)
    return made


def _size(root: Element) -> int:
    return len("".join("".join(root.itertext()).split()))


def _text(root: Element) -> str:
    root.attrib.pop("xmlns", None)
    text = ElementTree.tostring(root, encoding="unicode")
    if root.get("display") == "inline" and _size(root) > UNBROKEN:
        return f'<span class="wide">{text}</span>'
    return text
