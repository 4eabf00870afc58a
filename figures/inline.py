"""An SVG file of matplotlib's as an element of a page: small, in the page's ink, and apart from the
page's other pictures.
"""

import re
from collections import Counter
from html import escape

COLOURS = {"1a1a1a": "ink", "666666": "faint", "ffffff": "ground"}
"""The colours of ink, faint ink and paper (style.INK, style.FAINT, white), and the page's for them.
Data keep their colours.
"""
FEW = 3
"""A style that is written so often gets a class."""
_STYLE = re.compile(r' style="([^"]*)"')
_PLACES = re.compile(
    r' (?:d|x|y|x1|y1|x2|y2|width|height|points)="[^"]*"|(?:translate|rotate)\([^)]*\)'
)


def inline_svg(text: str, name: str, alt: str) -> str:
    """The element: its styles and ids its own, ink and paper the page's, coordinates rounded, with
    a text in place of the picture.

    Parameters
    ----------
    text : of the SVG file
    name : unique on the page
    alt : what is to be seen
    """
    body = text[text.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r' xmlns(:\w+)?="[^"]*"', "", body)
    body = re.sub(r' transform="rotate\(-?0 [^)]*\)"', "", body)
    body = _PLACES.sub(_rounded, body)
    body = re.sub(r">\s+<", "><", body)
    body = re.sub(
        r"#([0-9a-f]{6})\b", lambda c: f"var(--{COLOURS[c[1]]})" if c[1] in COLOURS else c[0], body
    )
    body = _without_idle_groups(_own_ids(body, name))
    body = _with_classes(body, name)
    width = float(re.findall(r'width="([\d.]+)pt"', body)[0])
    return body.replace(
        "<svg ",
        f'<svg id="{name}-svg" role="img" aria-labelledby="{name}-alt" style="width: '
        f'{1.8 * width:.0f}px" ',
        1,
    ).replace(">", f'><title id="{name}-alt">{escape(alt, quote=False)}</title>', 1)


def _rounded(found: re.Match[str]) -> str:
    """Coordinates with two decimals: a hundredth of a point is not to be seen."""
    short = re.sub(
        r"-?\d+\.\d{3,}", lambda n: f"{float(n[0]):.2f}".rstrip("0").rstrip("."), found[0]
    )
    return re.sub(r"\s+(?=\")", "", short.replace("\n", ""))


def _own_ids(body: str, name: str) -> str:
    """Those that are used get the picture's name and a number; the others go."""
    used = re.findall(r'(?:href="#|url\(#)([^")]+)', body)
    short = {one: f"{name}-{k}" for k, one in enumerate(dict.fromkeys(used))}
    body = re.sub(r' id="([^"]*)"', lambda f: f' id="{short[f[1]]}"' if f[1] in short else "", body)
    body = re.sub(r'(?:xlink:)?href="#([^"]*)"', lambda f: f'href="#{short[f[1]]}"', body)
    return re.sub(r"url\(#([^)]*)\)", lambda f: f"url(#{short[f[1]]})", body)


def _without_idle_groups(body: str) -> str:
    """Groups without an attribute hold things together for nobody."""
    opened: list[bool] = []

    def kept(tag: re.Match[str]) -> str:
        if tag[0] == "</g>":
            return tag[0] if opened.pop() else ""
        opened.append(tag[0] != "<g>")
        return tag[0] if opened[-1] else ""

    return re.sub(r"<g>|<g [^>]*>|</g>", kept, body)


def _with_classes(body: str, name: str) -> str:
    """Styles that are written often, once, in the picture's own style sheet."""
    often = [one for one, times in Counter(_STYLE.findall(body)).items() if times >= FEW]
    classes = {one: f"s{k}" for k, one in enumerate(often)}
    rules = "".join(f"#{name}-svg .{short}{{{one}}}" for one, short in classes.items())
    body = _STYLE.sub(lambda f: f' class="{classes[f[1]]}"' if f[1] in classes else f[0], body)
    return body.replace('"text/css">*', f'"text/css">#{name}-svg *').replace(
        "</style>", f"{rules}</style>", 1
    )
