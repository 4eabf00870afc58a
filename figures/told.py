"""What is told of a figure, beside how it is drawn:
one object for each, and what its words are made of.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from unicodedata import category

import matplotlib.figure

from figures.data import FigureData

Findings = Any
"""What a figure's join found: an object with a name for each number."""
Closing = Callable[[Mapping[str, Findings], Mapping[str, Mapping[str, Any]]], str]
"""From findings by figure and verdicts by claim to the words that close the report on a work."""


RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, digits: int = 3) -> str:
    """A number in plain text: `digits` significant digits,
    no exponent where it reads well, a true minus.
    """
    text = f"{value:#.{digits}g}"
    if "e" in text:
        mantissa, power = text.split("e")
        text = f"{mantissa.rstrip('.')}·10{str(int(power)).translate(RAISED)}"
    return text.rstrip(".").replace("-", "−")


def anchor(heading: str) -> str:
    """What a link to a heading ends with, where Markdown is shown as on GitHub: letters, digits
    (but no raised ones), hyphens and underscores in lower case, hyphens for spaces.
    """
    kept = (c for c in heading.lower() if c in "-_ " or c.isdecimal() or category(c)[0] in "LM")
    return "".join(kept).replace(" ", "-")


def ended(text: str) -> str:
    """The text with a full stop at its end."""
    return text.rstrip(".") + "."


def listed(values: Sequence[Any]) -> str:
    """Values one after the other, numbers as short as they are."""
    return ", ".join(f"{v:.10g}" if isinstance(v, float) else str(v) for v in values)


def judged(v: Mapping[str, Any]) -> str:
    """The verdict in words: what fails and is a reading fails
    in our setting, which is not the paper's.
    """
    return (
        f"{v['verdict']} in our setting"
        if v["origin"] == "reading" and v["verdict"] != "HOLDS"
        else v["verdict"]
    )


def missing(f: Any) -> str:
    """A warning where cells are missing, else nothing."""
    return f" **{f.missing} cells are missing.**" if f.missing else ""


def ran_linear(f: Findings) -> str:
    """What was run for a figure of the base studies."""
    return (
        f"Study `{f.run.study}`: Gaussian data, {f.run.spectrum}; d = {listed(f.run.dims)}; m = "
        f"{listed(f.run.samples)}; t = {listed(f.run.times)}; {f.run.replicates} replicates, seed "
        f"{f.run.seed}; engine `{f.run.engine}`; code {f.run.code}.{missing(f.run)}"
    )


def ran_beyond(f: Findings) -> str:
    """What was run for a figure of another study of Gaussian data."""
    return (
        f"Study `{f.run.study}`: Gaussian data, {f.run.spectrum}; {f.run.replicates} replicates, "
        f"seed {f.run.seed}; code {f.run.code}.{missing(f.run)}"
    )


def many(count: int, what: str) -> str:
    """1 claim, 2 claims."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def ran(f: Findings) -> str:
    """What was run for a figure that is joined by its claims' points."""
    lines = [
        f"`{name}`, {many(settings['replicates'], 'replicate')}, seed {settings['seed']}, code "
        f"{settings['code']}"
        for name, settings in f.studies.items()
    ]
    return f"Study {'; '.join(lines)}.{missing(f)}"


def at(f: Findings, claim: str, **where: Any) -> float:
    """What was measured for a claim at the one cell with these values.

    Raises
    ------
    LookupError
        If there is none, or several.
    """
    rows = [r for r in f.points[claim] if all(r[key] == value for key, value in where.items())]
    if len(rows) != 1:
        raise LookupError(f"{claim} has {len(rows)} cells with {where}")
    return float(rows[0]["measured"])


def words(figure: "Figure", findings: Findings, caption: str, results: str) -> str:
    """All that is told of a figure in place of its picture or under it: the text file beside it.

    Parameters
    ----------
    figure : what is told of it
    findings : what was found
    caption : what is drawn, as `draw` put it
    results : whose they are: "preset paper"
    """
    parts = (
        figure.heading,
        figure.headline(findings),
        caption,
        f"Alternative text: {figure.alt(findings)}",
        f"Results: {results}.",
    )
    return "\n\n".join(parts) + "\n"


@dataclass(frozen=True)
class Figure:
    """One figure: how it is drawn, from what, and what the report and the page tell of it.

    Attributes
    ----------
    name : permanent
    paper : the stem of the work that it belongs to
    title : one line
    studies : names of the studies whose tables it needs
    draw : from checked tables to the figure, which has its caption by style.note; raises BadTable
    sample : data of the right form, made by hand: for tests, and for whoever changes the drawing
    heading : of its section
    shows, unknown : of the paper's figure; "" for what is beyond the paper
    claims : names of the claims whose verdicts are quoted
    headline : findings → what was found, in one sentence of at most 25 words
    found : findings → paragraphs, in Markdown
    ran : findings → what was run
    alt : findings → what is to be seen, for those who do not see it
    """

    name: str
    paper: str
    title: str
    studies: tuple[str, ...]
    draw: Callable[[FigureData], matplotlib.figure.Figure]
    sample: Callable[[], FigureData]
    heading: str
    shows: str
    unknown: str
    claims: tuple[str, ...]
    headline: Callable[[Findings], str]
    found: Callable[[Findings], str]
    ran: Callable[[Findings], str]
    alt: Callable[[Findings], str]
