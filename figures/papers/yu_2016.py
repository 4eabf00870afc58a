"""How often an interval for an edge covers: against the number of rows, for a null edge and one
that is there; and after selection, against the strength of what was left out.
"""

from math import sqrt
from typing import Any

import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, at, number, ran

NULL = {"edge-null-coverage": "plain", "edge-null-repaired": "repaired"}
THERE = {"edge-coverage": "plain", "edge-repaired": "repaired"}
SELECTED = {
    "edge-dropped": "third column dropped",
    "edge-naive": "selected by a alone",
    "edge-double-selection": "selected by a or b",
}
RULES = ("10", "√n", "n/10", "n/2")
LEVEL = 0.95


def _columns(rule: str, rows: float) -> float:
    return {"10": 10, "√n": round(sqrt(rows)), "n/10": rows // 10, "n/2": rows // 2}[rule]


def _curves(axes: Axes, frame: pd.DataFrame, repaired: bool, gid: str) -> None:
    """A rule's points and law: plain filled and dashed, repaired open and dotted."""
    for k, rule in enumerate(RULES):
        some = frame[frame["rule"] == rule]
        colour = style.COLOURS[k]
        name = f"{gid}-{rule}"
        dashes = ":" if repaired else "--"
        axes.plot(some["rows"], some["predicted"], dashes, color=colour, lw=0.9, gid=f"law-{name}")
        axes.vlines(some["rows"], some["low"], some["high"], color=colour, lw=2.0)
        axes.plot(
            some["rows"],
            some["measured"],
            style.MARKERS[k],
            color=colour,
            mfc="white" if repaired else colour,
            mew=0.6,
            gid=f"points-{name}",
            label="_" if repaired else f"k = {rule}",
        )


def _by_rule(frame: pd.DataFrame) -> pd.DataFrame:
    """A row for each rule that makes a cell's k of its n."""
    parts = [
        frame[[k == _columns(rule, n) for k, n in zip(frame["k"], frame["rows"], strict=True)]]
        for rule in RULES
    ]
    return pd.concat(part.assign(rule=rule) for part, rule in zip(parts, RULES, strict=True))


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : a table for each claim of NULL, THERE and SELECTED, a row for each cell: rows and k, or
        h; measured, low, high and predicted coverage; rule for THERE, n for what is sampled

    Raises
    ------
    BadTable
        If a table is missing or not finite, an interval does not hold its middle, replicate counts
        differ, a rule is unknown, or a coverage is no share.
    """
    columns = ["measured", "low", "high", "predicted"]
    null = {c: data.table(c, ["rows", "k"], numbers=columns, positive=["rows", "k"]) for c in NULL}
    there = {
        c: data.table(
            c,
            ["rule", "rows", "edge"],
            numbers=["n", "edge", *columns],
            positive=["rows", "k"],
            words=["rule"],
        )
        for c in THERE
    }
    selected = {c: data.table(c, ["h"], numbers=["n", "h", *columns]) for c in SELECTED}
    every = {**null, **there, **selected}
    for name, frame in every.items():
        data.check_order(name, frame, "low", "measured", "high")
        if frame["measured"].min() < 0 or frame["measured"].max() > 1:
            raise data.bad(name, "column measured must hold shares, 0 … 1")
    for name, frame in there.items():
        if not set(frame["rule"]) <= set(RULES):
            raise data.bad(name, f"column rule must hold {', '.join(RULES)}, and nothing else")
    n = data.replicates({**there, **selected})

    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 3.2), layout="constrained")
        first, second, third = figure.subplots(1, 3)
        for claim, label in NULL.items():
            _curves(first, _by_rule(null[claim]), label == "repaired", f"null-{label}")
        for claim, label in THERE.items():
            main = there[claim][there[claim]["edge"] == there[claim]["edge"].mode()[0]]
            _curves(second, main, label == "repaired", f"there-{label}")
        for axes, title in ((first, "null edge"), (second, "edge that is there")):
            axes.set_xscale("log")
            ticks = [50, 200, 1000, 5000]
            axes.xaxis.set_major_locator(FixedLocator(ticks))
            axes.xaxis.set_minor_locator(NullLocator())
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.set_xlabel("rows n")
            axes.set_title(title, loc="left")
        for k, (claim, label) in enumerate(SELECTED.items()):
            frame, colour = selected[claim], style.COLOURS[k + 4]
            if claim != "edge-naive":
                third.plot(
                    frame["h"], frame["predicted"], "--", color=colour, lw=0.9, gid=f"law-{claim}"
                )
            else:
                third.plot(frame["h"], frame["measured"], "-", color=colour, lw=0.6)
            third.vlines(frame["h"], frame["low"], frame["high"], color=colour, lw=2.0)
            third.plot(
                frame["h"],
                frame["measured"],
                style.MARKERS[k + 4],
                color=colour,
                mew=0.6,
                gid=f"points-{claim}",
                label=label,
            )
        third.set_xlabel("strength h of the third column")
        third.set_title("after selection, n = 400", loc="left")
        first.set_ylabel("coverage")
        for axes in (first, second, third):
            axes.axhline(LEVEL, color=style.FAINT, lw=0.8, zorder=1)
        for axes, across in ((first, 2), (second, 2), (third, 1)):
            axes.legend(
                loc="upper center",
                bbox_to_anchor=(0.45, -0.2),
                ncols=across,
                columnspacing=0.8,
                handletextpad=0.3,
            )
        sampled = pd.concat([*there.values(), *selected.values()])
        width = float((sampled["high"] - sampled["low"]).max() / 2)
        style.letters(first, second, third)
        style.note(
            figure,
            "Intervals at level 0.95 (grey) with k columns. Filled points and dashes: the plain "
            "interval, measured and by its law; open points and dots: the repaired one. (a) "
            f"Computed. (b), (c) {n} replicates, 95 % intervals of ±{width:.1g} or "
            "less. The line through “selected by a alone” only joins its points.",
        )
    return figure


def sample() -> FigureData:
    """Coverage that falls where it should."""
    rows = np.array([50.0, 200.0, 1000.0])
    cells = [(rule, n, _columns(rule, n)) for rule in RULES for n in rows]

    def table(values: list[float], spread: float = 0.0, **more: object) -> pd.DataFrame:
        at = np.array(values)
        frame = {"measured": at, "low": at - spread, "high": at + spread, "predicted": at}
        return pd.DataFrame({**frame, **more})

    ks: dict[str, Any] = {"rows": [n for _, n, _ in cells], "k": [k for *_, k in cells]}
    plain = [float(LEVEL - 0.2 * k / n) for _, n, k in cells]
    flat = [LEVEL + 0.01] * len(cells)
    there: dict[str, Any] = {**ks, "rule": [rule for rule, *_ in cells], "edge": 0.7, "n": 20}
    falling = [float(LEVEL * np.exp(-k / n**0.5 / 3)) for _, n, k in cells]
    h: dict[str, Any] = {"h": [0.0, 2.0, 4.0], "n": 20}
    tables = {
        "edge-null-coverage": table(plain, **ks).drop_duplicates(["rows", "k"]),
        "edge-null-repaired": table(flat, **ks).drop_duplicates(["rows", "k"]),
        "edge-coverage": table(falling, 0.002, **there),
        "edge-repaired": table(flat, 0.002, **there),
        "edge-dropped": table([0.95, 0.7, 0.2], 0.003, **h),
        "edge-naive": table([0.95, 0.7, 0.7], 0.003, **h),
        "edge-double-selection": table([0.95, 0.95, 0.95], 0.003, **h),
    }
    return FigureData("yu", tables, {})


def _percent(f: Findings, claim: str, **where: object) -> str:
    return f"{number(100 * at(f, claim, **where), 3)} %"


def _found(f: Findings) -> str:
    null = {n: _percent(f, "edge-null-coverage", rows=n, k=n // 2) for n in (50, 5000)}
    tenth = _percent(f, "edge-null-coverage", rows=5000, k=500)
    there = {
        (n, rule): _percent(f, "edge-coverage", rows=n, rule=rule, edge=0.7)
        for n, rule in ((5000, "√n"), (1000, "n/10"), (200, "n/2"))
    }
    mended = {
        n: _percent(f, "edge-repaired", rows=n, rule="n/2", edge=0.7) for n in (50, 200, 5000)
    }
    weak = _percent(f, "edge-repaired", rows=200, rule="n/2", edge=0.2)
    strong = _percent(f, "edge-repaired", rows=200, rule="n/2", edge=0.9)
    repaired_null = {n: _percent(f, "edge-null-repaired", rows=n, k=n // 2) for n in (50, 200)}
    naive = {h: _percent(f, "edge-naive", h=h) for h in (2.0, 3.0)}
    double = _percent(f, "edge-double-selection", h=3.0)
    error = {e: number(at(f, "quartic-variance", edge=[1, e]), 4) for e in (2, 3)}
    share = {e: _percent(f, "quartic-efficiency", edge=[1, e]) for e in (2, 3)}
    hessian = {e: _percent(f, "quartic-hessian", edge=[1, e]) for e in (2, 3)}
    return (
        "In a graphical model each column of the data is a node. Two nodes have an edge where they "
        "depend on each other given all others; in a Gaussian model that is an entry of the "
        "inverse covariance, ω_ab, that is not 0. Score matching estimates it from a and b and the "
        "columns that are adjusted for, k in all, by inverting their k × k covariance. Its usual "
        "interval is the estimate ± 1.96 standard errors, and each number here says how often it "
        "holds the true value, where 95 % are promised.\n\n"
        f"With k = n/2 columns it holds a null edge {null[50]} of the time at n = 50 and "
        f"{null[5000]} at n = 5000; with k = n/10 {tenth} at n = 5000. More data do not help: k/n "
        "stays. The law is Student's, in closed form (`edge-null-coverage`). An edge that is there "
        "fares worse, because the estimate is n/(n − k − 1) times too large in the mean. With "
        "ω_ab = 0.7 beside 2 and 1.5 on the diagonal coverage falls. It is "
        f"{there[5000, '√n']} with k = √n at n = 5000, {there[1000, 'n/10']} with k = n/10 at n = "
        f"1000 and {there[200, 'n/2']} with k = n/2 at n = 200.\n\n"
        "A repair needs no more than n and k: shrink the estimate by (n − k − 1)/n, and take n − k "
        f"for n in the standard error. With k = n/2 it covers {mended[50]}, {mended[200]} and "
        f"{mended[5000]} at n = 50, 200 and 5000. That these are so near is luck of this edge: at "
        f"n = 200 a weak one (0.2 beside 1 and 1) has {weak}, a strong one (0.9) {strong}. A null "
        f"edge is covered {repaired_null[50]} and {repaired_null[200]} of the time at n = 50 and "
        "200, too often. The deviation falls like 1/(n − k). For the question whether there is an "
        "edge at all, Student's test of the partial correlation is exact (`edge-test-size`).\n\n"
        "Which columns to adjust for is mostly chosen on the same data. A third column with a weak "
        "edge h/√n to a and a strong one to b is then lost if one looks at a alone. The "
        f"interval covers {naive[2.0]} at h = 2 and {naive[3.0]} at h = 3. Who takes the columns "
        f"that a or b selects has {double} at h = 3, and the same everywhere.\n\n"
        "Beyond the Gaussian: in a chain of three nodes with quartic potentials the estimator's n "
        f"· variance tends to {error[2]} for the edge (1, 2) and {error[3]} for the null edge (1, "
        f"3). Maximum likelihood would need {share[2]} and {share[3]} of the data for the same "
        "variance. Whoever takes the inverse Hessian of the loss for a variance, as likelihood "
        f"permits, covers {hessian[2]} and {hessian[3]}."
    )


def _headline(f: Findings) -> str:
    where: dict[str, object] = {"rows": 200, "rule": "n/2", "edge": 0.7}
    plain, repaired = (_percent(f, claim, **where) for claim in ("edge-coverage", "edge-repaired"))
    return (
        f"With half as many columns as rows ({where['rows']}), an interval that promises "
        f"{100 * LEVEL:g} % covers an edge {plain} of the time, repaired {repaired}."
    )


def _alt(f: Findings) -> str:
    tenth = _percent(f, "edge-coverage", rows=5000, rule="n/10", edge=0.7)
    dropped = _percent(f, "edge-dropped", h=4.0)
    return (
        "Three panels of coverage, with a line at 0.95. (a) A null edge against n: flat curves "
        "of the plain interval, lower for more columns, near 0.84 for k = n/2; the repaired one "
        "lies above 0.95 and comes down to it. (b) An edge that is there: the plain interval "
        f"falls towards 0 with k = n/10, to {tenth} at n = 5000, and faster with k = n/2; the "
        "repaired one stays at 0.95. (c) Against h: without the third column coverage falls to "
        f"{dropped} at h = 4; selected by a alone it dips and comes back; selected by a or b it "
        "stays at 0.95."
    )


FIGURE = Figure(
    name="yu",
    paper="yu_2016",
    title="How often an interval for an edge covers, against the rows, and after selection",
    studies=("evidence-yu",),
    draw=draw,
    sample=sample,
    heading="Confidence in an edge",
    shows=(
        "The abstract, as far as we have it: a new estimator for the edges of pairwise graphical "
        "models, based on Hyvärinen's score. It needs no normalising constant, and is to tell "
        "how uncertain an estimated edge is"
    ),
    unknown=(
        "the estimator's steps, its theorems and their conditions, its experiments; our estimator "
        "is the natural one for two rows, and double selection is our reading of its aim"
    ),
    claims=(
        "edge-is-inverse",
        "edge-sandwich",
        "edge-mean",
        "edge-squared-error",
        *NULL,
        "edge-data-coverage",
        "edge-test-size",
        *THERE,
        "edge-root-n",
        *SELECTED,
        "quartic-variance",
        "quartic-efficiency",
        "quartic-error",
        "quartic-hessian",
    ),
    headline=_headline,
    found=_found,
    ran=ran,
    alt=_alt,
)
FIGURES: tuple[Figure, ...] = (FIGURE,)
