"""What all lessons share: figures as pictures with a text,
exercises that know their answer, verdicts as sentences.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from inspect import cleandoc
from io import BytesIO
from typing import Literal

import marimo as mo
import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from bounds.claim import Claim, Measured, Status, verify
from figures import style
from figures.mathml import sentence

COLOURS: dict[Status, Literal["success", "danger", "warn"]] = {
    "HOLDS": "success",
    "REFUTED": "danger",
    "UNDECIDED": "warn",
}
BREAK_IT = """\
A *claim* is a statement with a formula. Its *decoy* is the smallest false variant that somebody
could believe, and the switch puts it in the formula's place. The *verdict* below is HOLDS where the
measurement accepts the formula and rejects the decoy. It is REFUTED where the measurement
contradicts the formula, and UNDECIDED otherwise: above all where it cannot tell the two apart.
"""


@dataclass(frozen=True)
class Exercise:
    """A question whose answer is one number.

    Attributes
    ----------
    question : Markdown
    answer : the number, typed here and computed by another route in the tests
    how : the way to it, shown once it is found
    mistake, hint : the wrong answer most often given, and what to say to it
    tolerance : relative
    """

    question: str
    answer: float
    how: str
    mistake: float
    hint: str
    tolerance: float = 0.01

    def is_right(self, given: float) -> bool:
        """Whether the answer is near enough."""
        return abs(given - self.answer) <= self.tolerance * abs(self.answer)

    def reply(self, text: str) -> str:
        """What to say to what was typed."""
        if not text.strip():
            return "…"
        given = read(text)
        if not given:
            return "A number, please."
        if any(self.is_right(one) for one in given):
            return f"**Right.** {self.how}"
        if any(abs(one - self.mistake) <= self.tolerance * abs(self.mistake) for one in given):
            return f"Not quite. {self.hint}"
        return "No. " + ("Too large." if given[0] > self.answer else "Too small.")


def read(text: str) -> list[float]:
    """What a typed number may mean, the likeliest first: 4,096 is 4096, or 4.096 where that is how
    one writes; nothing if it is no number.
    """
    plain = text.strip().replace("−", "-").replace("\u202f", "").replace(" ", "")
    readings = [plain.replace(",", ".")]
    if re.fullmatch(r"-?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", plain):
        readings.insert(0, plain.replace(",", ""))
    found = []
    for one in readings:
        with suppress(ValueError):
            found.append(float(one))
    return [one for one in found if np.isfinite(one)]


def boxes(exercises: Sequence[Exercise]) -> mo.ui.array:
    """One box to type into for each exercise."""
    return mo.ui.array(
        [mo.ui.text(placeholder="a number", label=f"answer {k + 1}") for k in range(len(exercises))]
    )


def sheet(exercises: Sequence[Exercise], answers: mo.ui.array) -> mo.Html:
    """The exercises, their boxes, what there is to say to what was typed, and the way to each
    answer for who asks for it.
    """
    parts: list[object] = [mo.md("## Exercises")]
    for k, (exercise, typed) in enumerate(zip(exercises, answers.value, strict=True)):
        parts += [
            mo.md(f"**{k + 1}.** {exercise.question}"),
            answers[k],
            mo.md(typeset(exercise.reply(str(typed))) if str(typed).strip() else "…"),
            mo.accordion(
                {f"the way to {k + 1}": mo.md(f"**{exercise.answer:g}.** {typeset(exercise.how)}")}
            ),
        ]
    return mo.vstack(parts)


def plot(columns: int = 1) -> tuple[Figure, list[Axes]]:
    """An empty figure in the house's look,
    with `columns` axes side by side and room for legends under them.

    Its margins are fixed and its letters stay letters: a layout engine and outlines would take most
    of the 200 ms in which a slider answers.
    """
    with style.look():
        figure = Figure(figsize=(7.5, 3.6))
        axes = list(np.ravel(figure.subplots(1, columns)))
    figure.subplots_adjust(left=0.1, right=0.98, top=0.96, bottom=0.32, wspace=0.32)
    return figure, axes


def logarithmic(axes: Axes, *, x: bool = False, y: bool = False) -> None:
    """Log axes with plain numbers at few ticks."""
    for wanted, axis, scale in ((x, axes.xaxis, axes.set_xscale), (y, axes.yaxis, axes.set_yscale)):
        if wanted:
            scale("log")
            axis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=7))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_locator(NullLocator())


def picture(figure: Figure, alt: str) -> mo.Html:
    """The figure as an SVG image, with a text for those who do not see it;
    legends go under the axes.
    """
    buffer = BytesIO()
    with style.look(), rc_context({"svg.fonttype": "none"}):
        for axes in figure.axes:
            if axes.get_legend_handles_labels()[0]:
                axes.legend(
                    loc="upper left",
                    bbox_to_anchor=(0.0, -0.2),
                    ncols=2 if len(figure.axes) == 1 else 1,
                )
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    data = b64encode(buffer.getvalue()).decode()
    return mo.Html(
        f'<img alt="{alt}" src="data:image/svg+xml;base64,{data}" style="max-width: 100%">'
    )


def typeset(text: str) -> str:
    """A claim's plain text as HTML with its formulas typeset: W2 and true_k have an index, too."""
    shown = sentence(re.sub(r"\b([LTW])(\d)\b", r"\1_\2", text))
    return re.sub(
        r"\b([a-z]+)_([a-z])\b", r"<math><msub><mi>\1</mi><mi>\2</mi></msub></math>", shown
    )


def break_it(text: str) -> mo.Html:
    """The box above the switch: what its words mean, in every lesson alike, and what to try."""
    return mo.md(f"## Break it\n\n{BREAK_IT}\n{cleandoc(text)}")


def judged(claim: Claim, measured: Sequence[Measured], planted: bool) -> mo.Html:
    """The verdict on a claim; or, planted, on its decoy
    in the place of the formula, as if nobody had noticed.
    """
    subject = replace(claim, formula=claim.decoy) if planted else claim
    verdict = verify(subject, measured)
    worst = verdict.formula
    settings = f"{verdict.cells} settings" if verdict.cells > 1 else "One setting"
    said = f"the decoy in its place: {claim.decoy_note}" if planted else claim.statement
    return mo.callout(
        mo.Html(
            f"<p><strong>{verdict.status}</strong>: {typeset(said)}</p>"
            f"<p>{settings}. At the worst: measured {worst.measured:.5g}, predicted "
            f"{worst.predicted:.5g}; "
            f"formula {worst.answer}, decoy {verdict.decoy.answer}.</p>"
        ),
        kind=COLOURS[verdict.status],
    )
