"""When negative weights of checkpoints pay, and what the best weights save once they do not."""

import matplotlib.figure
import pandas as pd
from matplotlib.ticker import NullLocator

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, at, number, ran


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables lcsc-transient (steps) and lcsc-variance (count, r, every), measured, predicted
        and the best average or the plain mean as decoy; lcsc-ema (count, r, every), measured

    Raises
    ------
    BadTable
        If a table is missing or not finite, a number is not positive, or cells differ.
    """
    columns = ["measured", "predicted", "decoy"]
    loss = data.table("lcsc-transient", ["steps"], positive=["steps", *columns])
    cells = ["count", "r", "every"]
    least = data.table("lcsc-variance", cells, positive=[*cells, *columns])
    moving = data.table("lcsc-ema", cells, positive=[*cells, "measured"])
    data.check_cells({"lcsc-variance": least, "lcsc-ema": moving}, cells)
    least, moving = (
        frame.assign(rho=frame["r"] ** frame["every"]).sort_values("rho")
        for frame in (least, moving)
    )
    most = least["count"].max()
    least, moving = (frame[frame["count"] == most] for frame in (least, moving))
    colour = style.COLOURS
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 2.7), layout="constrained")
        left, right = figure.subplots(1, 2)
        loss = loss.sort_values("steps")
        share = loss["measured"] / loss["decoy"]
        left.plot(loss["steps"], loss["predicted"] / loss["decoy"], "--", color=style.FAINT)
        left.plot(loss["steps"], share, "o", color=colour[0], gid="points-loss")
        left.axhline(1, color=style.FAINT, lw=0.6)
        left.set_xscale("log")
        left.set_xticks(loss["steps"], labels=[f"{x:g}" for x in loss["steps"]])
        left.xaxis.set_minor_locator(NullLocator())
        left.set_ylim(0.6, 1.05)
        left.set_xlabel("steps of the run")
        left.set_title("best combination over best average", loc="left")
        right.plot(least["rho"], least["decoy"], "-", color=style.FAINT, label="plain mean")
        right.plot(
            moving["rho"], moving["measured"], "s", color=colour[1], label="best moving average",
            gid="points-ema",
        )  # fmt: skip
        right.plot(least["rho"], least["predicted"], "--", color=colour[0], lw=0.9, gid="law")
        right.plot(
            least["rho"], least["measured"], "o", color=colour[0], label="best weights",
            gid="points-best",
        )  # fmt: skip
        right.set_ylim(0, 1)
        right.set_xlabel("correlation ρ of neighbours")
        right.set_title("variance over that of one", loc="left")
        right.legend(loc="upper left")
        style.letters(left, right)
        style.note(
            figure,
            "Least squares; all computed. (a) 20 directions, noisy labels, ten checkpoints; 1 is "
            f"the best of weights that are not negative. (b) {most:g} checkpoints of a run "
            "that has settled. Dashes: the claims' formulas.",
        )
    return figure


def sample() -> FigureData:
    """A few of each."""
    loss = pd.DataFrame({"steps": [50, 1000], "measured": [0.149, 0.0055]})
    loss = loss.assign(predicted=loss["measured"], decoy=[0.198, 0.0059])
    cells = pd.DataFrame({"count": 20, "r": [0.5, 0.9], "every": 1})
    least = cells.assign(measured=[0.136, 0.5], predicted=[0.136, 0.5], decoy=[0.14, 0.555])
    tables = {"lcsc-transient": loss, "lcsc-variance": least}
    tables["lcsc-ema"] = cells.assign(measured=[0.14, 0.517])
    return FigureData("lcsc", tables, {})


def _found(f: Findings) -> str:
    where = {"count": 20, "r": 0.9, "every": 1}
    best, moving = (number(at(f, f"lcsc-{name}", **where)) for name in ("variance", "ema"))
    size = number(at(f, "lcsc-size", eigenvalues=[0.15, 0.4, 0.8, 1.5]))
    saved = []
    for one in sorted(f.points["lcsc-transient"], key=lambda row: row["steps"]):
        saved.append(f"{100 * (1 - one['measured'] / one['decoy']):.0f} %")
    return (
        "Training saves checkpoints, and as a rule the last one is used, or a moving average. The "
        "abstract combines them linearly, with coefficients from an evolutionary search. We read "
        "this so that coefficients may be negative. When can that help? We ask on least "
        "squares.\n\n"
        "**Once a run has settled, only noise is left to average.** With n checkpoints and the "
        "correlation ρ between neighbours, the best weights are equal in the middle and 1/(1 − ρ) "
        "times as large at both ends (`lcsc-ends`). At n = 20 and ρ = 0.9 the variance falls to "
        f"{best} of that of one. The best moving average reaches {moving}, and no average at all "
        "does better than the former (`lcsc-variance`, `lcsc-ema`).\n\n"
        "**Before that, extrapolation pays.** Without noise, d + 1 checkpoints in d directions "
        "combine to the exact minimiser, with weights of alternating sign (`lcsc-exact`). An "
        "average without minus signs does no better than the last checkpoint (`lcsc-average`). In "
        "this sense a combination reaches what descent and averages have not reached yet. The "
        f"price is size: in an example with four directions the weights' sizes add up to {size} "
        "(`lcsc-size`), and any noise is multiplied accordingly.\n\n"
        "**With both**, ten checkpoints of a run over 50, 200, 1000 and 5000 steps in 20 "
        f"directions: negative weights save {', '.join(saved[:-1])} and {saved[-1]} of the best "
        "average's loss (`lcsc-transient`). So on least squares they pay before convergence, and "
        "afterwards the best combination is an average. The abstract's first use, shorter "
        "training, is of the former kind; its second, models that are fully trained, would be of "
        "the latter, unless a network's loss behaves otherwise. We have trained no network.\n\n"
        "The public repository (imagination-research/LCSC at 34ead5b) says that the code of the "
        "search is still to be released, so we could not read it."
    )


def _headline(f: Findings) -> str:
    rows = sorted(f.points["lcsc-transient"], key=lambda row: row["steps"])
    early, late = (f"{100 * (1 - r['measured'] / r['decoy']):.0f} %" for r in (rows[0], rows[-1]))
    return (
        f"On least squares negative weights save {early} of the best average's loss after "
        f"{rows[0]['steps']} steps, and {late} once the run has settled."
    )


def _alt(f: Findings) -> str:
    return (
        "Two panels. (a) The best combination's loss over the best average's rises from 0.75 at 50 "
        "steps to 1 at 5000. (b) The variance of the best weights, of the best moving average and "
        "of the plain mean grow with the correlation; the first is the lowest everywhere."
    )


FIGURE = Figure(
    name="lcsc",
    paper="lcsc_2024",
    title="Combining checkpoints: when negative weights pay",
    studies=("evidence-lcsc",),
    draw=draw,
    sample=sample,
    heading="Combining checkpoints",
    shows=(
        "The abstract: good weights often lie in a basin that SGD cannot reach but a proper "
        "averaging of checkpoints can. Coefficients by evolutionary search save training, and "
        "improve models that are fully trained"
    ),
    unknown="the search and its score, the coefficients found, which checkpoints are saved",
    claims=(
        "lcsc-variance",
        "lcsc-ends",
        "lcsc-ema",
        "lcsc-exact",
        "lcsc-size",
        "lcsc-average",
        "lcsc-transient",
    ),
    headline=_headline,
    found=_found,
    ran=ran,
    alt=_alt,
)
FIGURES: tuple[Figure, ...] = (FIGURE,)
