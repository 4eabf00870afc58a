"""The findings in a minute: the headlines of a few figures, the same on the page, in the report and
in README.
"""

from collections.abc import Sequence
from html import escape

from figures.told import Figure, Findings, anchor

MINUTE = {
    "figure-1a": "figure-1a-flat",
    "beyond-dimension": "large-d-population",
    "figure-3a": "figure-3a-ratio",
    "beyond-redraws": "redraws-worth",
    "beyond-efficiency": "path-efficiency",
    "figure-3b": "half-weight-share",
    "wang-vastola": "unexplained-fraction",
    "visible": "invisible-dsm",
    "smedira": "smedira-loose",
    "samplers": "w2-above-moments",
}
"""Names of the figures, in order, each with the claim that its headline rests on."""


LEAD = (
    "Gaussian data and linear scores where nothing else is said, in settings of ours; every number "
    "is filled from results."
)


def chosen(figures: Sequence[tuple[Figure, Findings]]) -> list[tuple[Figure, str]]:
    """Those of the figures that there are, each with its headline."""
    found = {figure.name: (figure, findings) for figure, findings in figures}
    return [
        (found[name][0], found[name][0].headline(found[name][1]))
        for name in MINUTE
        if name in found
    ]


def markdown(figures: Sequence[tuple[Figure, Findings]], page: str = "") -> str:
    """A sentence on their setting, and a list; each with its section and the claim that it rests
    on.

    Parameters
    ----------
    figures : all there are, with what was found
    page : what holds the sections, as a link; "" for the same page
    """
    lines = "\n".join(
        f"- {headline} ([figure]({page}#{anchor(figure.heading)}), `{MINUTE[figure.name]}`)"
        for figure, headline in chosen(figures)
    )
    return f"{LEAD}\n\n{lines}"


def html(figures: Sequence[tuple[Figure, Findings]]) -> str:
    """The same for the page."""
    lines = "".join(
        f'<li>{escape(headline, quote=False)} <a href="#{figure.name}">figure</a>, '
        f'<a href="#claim-{MINUTE[figure.name]}">claim</a></li>'
        for figure, headline in chosen(figures)
    )
    if not lines:
        return ""
    head = '<section id="minute">\n<h2>The findings in a minute</h2>'
    return f"{head}\n<p>{LEAD}</p>\n<ul>{lines}</ul>\n</section>"
