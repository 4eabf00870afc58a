"""Wrong orders against rows and columns; rows that are needed against the size of an effect; and
SCORE's errors against its ridge.
"""

import matplotlib.figure
import pandas as pd
from matplotlib.ticker import NullLocator

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, at, number, ran

SURE = 95
"""Per cent of data sets in which the rows of zhu-samples are to give the right order."""
SAMPLED = ("zhu-order-error", "zhu-ridge-errors")


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables zhu-order-error (b, d, rows, n, measured, low, high, predicted), zhu-samples (b,
        d, measured, predicted, decoy) and zhu-ridge-errors (b, rows, eta, n, measured, low, high)

    Raises
    ------
    BadTable
        If a table is missing or not finite, a number is not positive, an interval does not hold its
        middle, replicate counts differ, or there are no pairs of the rows and b that SCORE had.
    """
    keys = {"zhu-order-error": ["b", "d", "rows"], "zhu-ridge-errors": ["b", "rows", "eta"]}
    errors, ridges = (
        data.table(
            name,
            keys[name],
            numbers=["n", "low", "high"],
            positive=[*keys[name], "measured", "predicted"],
        )
        for name in SAMPLED
    )
    needed = data.table(
        "zhu-samples", ["b", "d"], positive=["b", "d", "measured", "predicted", "decoy"]
    )
    data.check_order("zhu-order-error", errors, "low", "measured", "high")
    data.check_order("zhu-ridge-errors", ridges, "low", "measured", "high")
    n = data.replicates({"zhu-order-error": errors, "zhu-ridge-errors": ridges})
    b, rows = (float(ridges[key].iloc[0]) for key in ("b", "rows"))
    beside = errors[(errors["b"] == b) & (errors["rows"] == rows) & (errors["d"] == 2)]
    if len(beside) != 1:
        raise data.bad("zhu-order-error", f"lacks pairs of b = {b:g} at {rows:g} rows")
    grid = errors[errors["b"] != b]
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 3.4), layout="constrained")
        first, second, third = figure.subplots(1, 3)
        for k, (d, mine) in enumerate(grid.groupby("d")):
            colour = style.COLOURS[k]
            first.plot(mine["rows"], mine["predicted"], color=colour, lw=1.0, gid=f"line-{d:g}")
            first.vlines(mine["rows"], mine["low"], mine["high"], color=colour, lw=2.0)
            look = {"color": colour, "mec": "white", "mew": 0.4}
            first.plot(
                mine["rows"],
                mine["measured"],
                style.MARKERS[k],
                **look,
                gid=f"points-{d:g}",
                label=f"d = {d:g}",
            )
            enough = needed[(needed["d"] == d) & (needed["b"] == mine["b"].iloc[0])]
            first.vlines(enough["measured"], 0, 0.05, color=colour, lw=1.5, gid=f"enough-{d:g}")
        first.axhline(0.05, color=style.FAINT, ls=":", lw=0.9)
        first.set_xscale("log")
        ticks = sorted(set(grid["rows"]))
        first.set_xticks(ticks, labels=[f"{tick:g}" for tick in ticks])
        first.xaxis.set_minor_locator(NullLocator())
        first.set_xlabel("rows n")
        first.set_ylabel("P(wrong order)")
        pairs = needed[needed["d"] == 2]
        colour = style.COLOURS[0]
        second.plot(pairs["b"], pairs["predicted"], color=colour, gid="sandwich", label="sandwich")
        second.plot(
            pairs["b"], pairs["decoy"], ":", color=style.FAINT, gid="inverse", label="H⁻¹ alone"
        )
        second.plot(pairs["b"], pairs["measured"], "o", color=colour, mec="white", gid="needed")
        second.set_xscale("log")
        second.set_yscale("log")
        ticks = sorted(set(pairs["b"]))
        second.set_xticks(ticks, labels=[f"{tick:g}" for tick in ticks])
        second.xaxis.set_minor_locator(NullLocator())
        second.set_xlabel("size b of the effect b sin x₁")
        second.set_ylabel("rows n for 95 %")
        colour = style.COLOURS[3]
        third.vlines(ridges["eta"], ridges["low"], ridges["high"], color=colour, lw=2.0)
        third.plot(
            ridges["eta"],
            ridges["measured"],
            "D-",
            color=colour,
            lw=0.8,
            gid="ridge",
            label="SCORE",
        )
        third.axhline(
            float(beside["predicted"].iloc[0]),
            color=style.COLOURS[0],
            ls="--",
            gid="family",
            label="nine functions",
        )
        third.axhline(0.5, color=style.FAINT, ls=":", lw=0.9)
        third.set_xscale("log")
        third.set_xlabel("ridge η")
        third.set_ylabel("P(wrong leaf)")
        for axes in (first, second, third):
            axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.2), ncols=2, handletextpad=0.4)
        style.letters(first, second, third)
        style.note(
            figure,
            f"(a) b = {grid['b'].iloc[0]:g}; lines join what is predicted, marks are measured, "
            f"bars 95 % intervals of n = {n} replicates; ticks below .05 stand at the rows for 95 "
            "%. "
            "(b) Lines by Imhof's integral, dots through a saddle point. (c) "
            f"b = {b:g}, {rows:g} rows; dashed: score matching in the nine functions, predicted.",
        )
    return figure


def sample() -> FigureData:
    """Errors that fall with rows and rise with columns."""
    errors = pd.DataFrame(
        [
            {"b": 0.5, "d": d, "rows": rows, "measured": 1 - (1 - 40 / rows) ** (d / 2)}
            for d in (2, 8, 32, 128)
            for rows in (200, 400, 800, 1600)
        ]
        + [{"b": 1.2, "d": 2, "rows": 100, "measured": 0.1}]
    )
    errors = errors.assign(
        n=20,
        low=0.9 * errors["measured"],
        high=1.05 * errors["measured"],
        predicted=errors["measured"],
    )
    needed = pd.DataFrame(
        [{"b": b, "d": 2, "measured": 250 / b**2} for b in (0.2, 0.5, 1.2)]
        + [{"b": 0.5, "d": d, "measured": 500.0 * d**0.4} for d in (8, 32, 128)]
    )
    needed = needed.assign(predicted=needed["measured"], decoy=needed["measured"] / 5)
    ridges = pd.DataFrame({"eta": [0.001, 1.0, 100.0], "measured": [0.2, 0.05, 0.5]})
    ridges = ridges.assign(b=1.2, rows=100, n=20, low=0.04, high=0.6, predicted=ridges["measured"])
    tables = {"zhu-order-error": errors, "zhu-samples": needed, "zhu-ridge-errors": ridges}
    return FigureData("zhu", tables, {})


def _needed(f: Findings, b: float, d: int) -> str:
    return number(at(f, "zhu-samples", b=b, d=d), 4)


def _found(f: Findings) -> str:
    wrong = {
        (c["b"], c["m"]): number(c["measured"])
        for c in f.points["zhu-wrong-leaf"]
        if c["root"] == "Gaussian"
    }
    coin = {(c["b"], c["noise"]): number(c["measured"], 2) for c in f.points["zhu-not-a-coin"]}
    line = {
        (c["b"], c["noise"], c["rows"]): number(c["measured"], 2)
        for c in f.points["zhu-linear-family"]
    }
    ridge = {c["eta"]: number(100 * c["measured"], 2) for c in f.points["zhu-ridge-errors"]}
    family = number(100 * at(f, "zhu-order-error", b=1.2, d=2, rows=100), 2)
    fold = number(at(f, "zhu-per-fold", b=0.8))
    siblings = max(f.points["zhu-jacobian-siblings"], key=lambda c: float(c["measured"]))
    return (
        "Which of two columns is the cause? Say that each column is a function of its causes, plus "
        "its own Gaussian noise. A column that causes nothing more is a leaf. There the second "
        "derivative of log p along the column is the same everywhere, and at other columns, for "
        "curved functions, it is not. SCORE (Rolland et al. 2022) estimates this derivative at the "
        "data. It takes the column where it varies least for a leaf, removes it, and goes on. The "
        "work bounds how often that goes wrong. We read its abstract only. So what follows is "
        "ours: the smallest models, computed exactly.\n\n"
        "**What the variance is.** It is a sum over the children, in closed form, where no child "
        "is another's parent. Where one is, a term has to be subtracted: "
        f"{number(siblings['measured'], 4)} and not {number(siblings['decoy'], 4)} in one example. "
        "The last child gives a lower bound. Another child need not: its noise can be cancelled "
        "further down.\n\n"
        "**Where endless data do not help.** If the functions are lines, and only the effect's "
        f"noise is not Gaussian, the cause has {wrong[0.5, 1.0]} of the effect's variance at slope "
        f".5, and {wrong[1.5, 1.0]} times it at 1.5. Below slope 1 SCORE is wrong for ever.\n\n"
        "**How many rows.** Take x₂ = b sin x₁ + noise and score matching in nine functions that "
        f"hold the truth. The right leaf with probability .95 takes {_needed(f, 0.2, 2)} rows at "
        f"b = .2, {_needed(f, 0.5, 2)} at .5 and {_needed(f, 1.2, 2)} at 1.2: about 258/b² for "
        "small b. Maximum likelihood's variance formula, the inverse of H, would promise a fifth. "
        f"With d/2 such pairs, all to be ordered right, b = .5 takes {_needed(f, 0.5, 8)}, "
        f"{_needed(f, 0.5, 32)}, {_needed(f, 0.5, 128)} and {_needed(f, 0.5, 512)} rows at d = 8, "
        f"32, 128, 512. That is like log d. At b = .8 and many columns {fold} rows make up for "
        "e = 2.718 times as many columns.\n\n"
        f"**The ridge.** At b = 1.2 and 100 rows SCORE errs in {ridge[0.001]} % with its default "
        f"ridge of .001, in {ridge[1.0]} % at 1 and in {ridge[100.0]} % at 100. The nine functions "
        f"err in {family} %. A leaf's estimated variance is nearly all noise of the estimate; the "
        "ridge's own part is below .001 at the default: `zhu-ridge-bias`. What a ridge means "
        "depends on the units.\n\n"
        "**Linear Gaussian data are no coin.** They have no order that could be known: both "
        "variances are 0. But the estimate's noise is smaller for the column of smaller precision, "
        "which is the inverse of its variance given the others. For x₂ = b x₁ + noise SCORE takes "
        f"x₂ with probability {coin[1.0, 1.0]} at b = 1 and noise of variance 1, and with "
        f"{coin[0.5, 0.25]} at b = .5 and variance .25. The nine functions have "
        f"{line[1.0, 1.0, 400]} and {line[0.5, 0.25, 400]} there, at 400 rows, and "
        f"{line[0.5, 0.25, 100]} for the second at 100: more rows change nothing. Where both "
        f"precisions are equal it is {coin[0.5, 0.75]}. So a test on data without an order, of "
        "equal noises, will be fooled. `bounds.causal.causal_order` warns where Gaussian data of "
        "the same covariance give the same."
    )


def _headline(f: Findings) -> str:
    weak, strong = 0.2, 1.2
    rows = [f"{at(f, 'zhu-samples', b=b, d=2):.0f}" for b in (weak, strong)]
    return (
        f"Ordering two columns right in {SURE} % of cases takes {rows[0]} rows for a weak effect "
        f"({weak:g}) and {rows[1]} for a strong one ({strong:g})."
    )


def _alt(f: Findings) -> str:
    return (
        "Three panels. (a) The probability of a wrong order against 200 to 1600 rows on a log "
        "axis, for 2, 8, 32 and 128 columns; marks lie on lines that fall, later for more columns, "
        f"for two of them to {number(at(f, 'zhu-order-error', b=0.5, d=2, rows=1600), 2)}. "
        "(b) Rows for 95 per cent fall along a line of slope −2 on log axes as the effect "
        f"grows, from {_needed(f, 0.2, 2)} to {_needed(f, 1.2, 2)}, well above a dotted line. "
        "(c) SCORE's errors fall as its ridge grows to 1, below a dashed line, and then rise to "
        "about one half."
    )


FIGURE = Figure(
    name="zhu",
    paper="zhu_2023",
    title="Wrong causal orders against rows and columns, rows needed against the effect, and "
    "errors against the ridge",
    studies=("evidence-zhu",),
    draw=draw,
    sample=sample,
    heading="Causes from scores: how many rows, and when in vain",
    shows=(
        "The abstract: bounds on the error rate of recovering causal relationships by the method "
        "of Rolland et al., assuming a sufficiently good estimation of the score"
    ),
    unknown=(
        "the theorems, their rates, constants and assumptions, and the networks that estimate the "
        "score; no network is trained here."
    ),
    claims=(
        "zhu-order-error",
        "zhu-samples",
        "zhu-ridge-errors",
        "zhu-jacobian-variance",
        "zhu-jacobian-siblings",
        "zhu-last-child",
        "zhu-wrong-leaf",
        "zhu-leaf-variance",
        "zhu-units",
        "zhu-ridge-bias",
        "zhu-per-fold",
        "zhu-linear-family",
        "zhu-not-a-coin",
    ),
    headline=_headline,
    found=_found,
    ran=ran,
    alt=_alt,
)
