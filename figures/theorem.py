"""The dimension-free theorem with its proof, as bounds/theory.md has them: for the report as they
stand there, for the page as HTML that `python -m docs.theorem` has made of them.
"""

import re
from importlib.resources import files

HEADINGS = ("Dimension-free theorem", "Proof of the dimension-free theorem")


def markdown() -> str:
    """Both sections, their headings one level down, without links: the report does not lie beside
    the theory.
    """
    text = files("bounds").joinpath("theory.md").read_text(encoding="utf-8")
    parts = dict(
        part.split("\n", 1) for part in re.split(r"^#{2,3} ", text, flags=re.MULTILINE)[1:]
    )
    _, proof = HEADINGS
    theorem, steps = (re.sub(r"\[([^\]]*)\]\(#[^)]*\)", r"\1", parts[h]).strip() for h in HEADINGS)
    return f"{theorem}\n\n### {proof}\n\n{steps}\n"


def html() -> str:
    """The same, typeset; a test holds it to be what `docs.theorem` makes of `markdown`."""
    return files("figures").joinpath("theorem.html").read_text(encoding="utf-8")
