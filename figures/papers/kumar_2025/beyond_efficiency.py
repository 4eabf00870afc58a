"""Risk over the information bound against time,
for every estimator, on a coarse and on a fine grid of times.
"""

import matplotlib.figure
import numpy as np
import pandas as pd

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, number, ran_beyond


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables
        points: spacing, t, estimator, n, mean, low, high (95 % interval of the mean of risk/bound);
        theory: spacing, t, estimator, value. Facts: d, m, spectrum.

    Raises
    ------
    BadTable
        If a table or fact is missing or not finite, a number is not positive, replicate counts
        differ, or the tables hold different estimators or spacings.
    """
    points = data.table(
        "points",
        ["spacing", "estimator", "t"],
        numbers=["n"],
        positive=["spacing", "t", "mean", "low", "high"],
        words=["estimator"],
    )
    theory = data.table(
        "theory",
        ["spacing", "estimator", "t"],
        positive=["spacing", "t", "value"],
        words=["estimator"],
    )
    data.check_order("points", points, "low", "mean", "high")
    data.check_cells({"points": points, "theory": theory}, ["spacing", "estimator"])
    n = data.replicates({"points": points})
    estimators = list(dict.fromkeys(data.tables["theory"]["estimator"]))
    spacings = sorted(set(points["spacing"]), reverse=True)
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 3.6), layout="constrained")
        panels = figure.subplots(1, len(spacings), sharey=True, squeeze=False)[0]
        for axes, spacing in zip(panels, spacings, strict=True):
            for k, estimator in enumerate(estimators):
                marks = points[(points["spacing"] == spacing) & (points["estimator"] == estimator)]
                line = theory[(theory["spacing"] == spacing) & (theory["estimator"] == estimator)]
                label = estimator if axes is panels[0] else None
                style.beside_theory(axes, "t", marks, line, k, f"{spacing:g}-{k}", label)
            style.over_the_bound(axes)
            axes.set_title(f"Δ = {spacing:g}", loc="left")
            axes.set_xlabel("diffusion time t  (dimensionless)")
        panels[0].set_ylabel("risk / information bound")
        figure.legend(
            loc="outside upper center", ncols=len(estimators), columnspacing=1.0, handletextpad=0.3
        )
        style.letters(*panels)
        style.note(
            figure,
            f"Gaussian data, d = {data.fact('d')}, spectrum {data.fact('spectrum')}, m = "
            f"{data.fact('m')}. Lines: theory, exact for DSM and to leading order for the rest; "
            f"dotted: the information bound. Bars: 95 % intervals of the mean of n = {n} "
            f"replicates, {style.widths(points, 'mean')}; where no bar shows, it lies inside the "
            "marker. No estimator is told the covariance. Beyond the paper: settings are ours.",
        )
    return figure


def sample() -> FigureData:
    """Two estimators on two spacings, their theory on a denser grid of times."""
    points, theory = [], []
    for spacing in (0.1, 0.02):
        for k, estimator in enumerate(("DSM", "path fit")):
            t = np.array([0.2, 1.0, 2.0])
            mean = (5.0 - 3.9 * k) * (1 + 0.1 * t) + spacing
            points.append(
                pd.DataFrame(
                    {
                        "spacing": spacing,
                        "t": t,
                        "estimator": estimator,
                        "n": 40,
                        "mean": mean,
                        "low": 0.98 * mean,
                    }
                ).assign(high=1.02 * mean)
            )
            dense = np.linspace(0.2, 2.0, 7)
            value = (5.0 - 3.9 * k) * (1 + 0.1 * dense) + spacing
            theory.append(
                pd.DataFrame(
                    {"spacing": spacing, "t": dense, "estimator": estimator, "value": value}
                )
            )
    tables = {"points": pd.concat(points), "theory": pd.concat(theory)}
    return FigureData(
        "beyond-efficiency", tables, {"d": 8, "m": 20_000, "spectrum": "linear 0.3 … 3"}
    )


def _found(f: Findings) -> str:
    rows = [
        "| Δ | t | estimator | risk/information bound | 95 % interval | predicted |",
        "|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {r.spacing:g} | {r.t:g} | {r.estimator} | {number(r.mean)} | {number(r.low)} … "
        f"{number(r.high)} | {number(r.predicted)} |"
        for r in f.rows
    ]
    last = max(r.t for r in f.rows)
    fine = min(r.spacing for r in f.rows)
    end = {r.estimator: r.mean for r in f.rows if r.t == last and r.spacing == fine}
    listed = ", ".join(f"{name} {number(value)}" for name, value in end.items())
    return (
        f"At d = {f.d}, m = {f.m}; no estimator is told the covariance. The information bound is "
        f"the least risk of anything regular that sees the m samples. At t = {last:g}, Δ = "
        f"{fine:g}, the risk over it is: {listed}. The path fit treats the score at all times as "
        "one function of one covariance and weighs every step's own noise by its known "
        "variance.\n\n" + "\n".join(rows)
    )


def _headline(f: Findings) -> str:
    last, fine = max(r.t for r in f.rows), min(r.spacing for r in f.rows)
    end = {r.estimator: number(r.mean) for r in f.rows if (r.t, r.spacing) == (last, fine)}
    return (
        f"At time {last:g} bootstrapping has {end['BSM']} times the least possible risk; one "
        f"covariance fitted to all noise levels, the path fit, has {end['path fit']} times."
    )


def _alt(f: Findings) -> str:
    last = max(r.t for r in f.rows)
    fine = min(r.spacing for r in f.rows)
    end = [r for r in f.rows if r.t == last and r.spacing == fine]
    listed = ", ".join(f"{r.estimator} {number(r.mean)}" for r in end)
    return (
        "Risk over the information bound against time, for five estimators, on a coarse and on a "
        f"fine grid. At t = {last:g} on the fine one: {listed}."
    )


FIGURE = Figure(
    name="beyond-efficiency",
    paper="kumar_2025",
    title="Every estimator's risk over the information bound, against time",
    studies=("bootstrap-weights",),
    draw=draw,
    sample=sample,
    heading="Beyond the paper: how far each estimator is from the best possible",
    shows="",
    unknown="",
    claims=(
        "risk-optimal-gain",
        "path-risk",
        "path-efficiency",
        "pooling-matters",
        "path-information",
        "best-times",
        "bsm-limit",
        "optimal-limit",
        "bsm-limit-order",
        "optimal-limit-order",
        "bootstrap-loses-two",
    ),
    headline=_headline,
    found=_found,
    ran=ran_beyond,
    alt=_alt,
)
