"""Should I bootstrap? Joint risk over DSM's for each estimator,
against m/d, spacing, first time and spectrum.
"""

from typing import Any

import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, number, ran_beyond

ON_DARK = "#fdfdfd"
"""White on dark cells; not the white of paper, which a dark page replaces."""


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : table
        cells: estimator, spectrum, first, spacing, m_over_d, n, ratio, low, high (95 % interval).
        Facts: d.

    Raises
    ------
    BadTable
        If the table or the fact is missing or not finite, a ratio is not positive, replicate counts
        differ, or a cell is missing for some estimator.
    """
    cells = data.table(
        "cells",
        ["estimator", "spectrum", "first", "spacing", "m_over_d"],
        numbers=["n", "low", "high"],
        positive=["first", "spacing", "m_over_d", "ratio"],
        words=["estimator", "spectrum"],
    )
    data.check_order("cells", cells, "low", "ratio", "high")
    data.check_grid("cells", cells, ["estimator", "spectrum", "first", "spacing"], "m_over_d")
    n = data.replicates({"cells": cells})
    estimators = list(dict.fromkeys(data.tables["cells"]["estimator"]))
    columns = sorted(set(cells["m_over_d"]))
    rows = sorted(set(zip(cells["spectrum"], cells["first"], cells["spacing"], strict=True)))
    place = {row: k for k, row in enumerate(rows)}
    with style.look():
        figure = matplotlib.figure.Figure(
            figsize=(style.DOUBLE_COLUMN, 1.9 + 0.2 * len(rows)), layout="constrained"
        )
        panels = figure.subplots(1, len(estimators), sharey=True, squeeze=False)[0]
        for k, (axes, estimator) in enumerate(zip(panels, estimators, strict=True)):
            values = np.full((len(rows), len(columns)), np.nan)
            loses = np.zeros(values.shape, dtype=bool)
            for cell in cells[cells["estimator"] == estimator].to_dict("records"):
                where = (
                    place[cell["spectrum"], cell["first"], cell["spacing"]],
                    columns.index(cell["m_over_d"]),
                )
                values[where], loses[where] = cell["ratio"], cell["low"] > 1
            if np.isnan(values).any():
                raise data.bad("cells", f"lacks a cell of {estimator}")
            image = axes.imshow(
                values,
                cmap="cividis",
                norm=LogNorm(0.05, 20 ** (1 / 3)),
                aspect="auto",
                gid=f"map-{k}",
            )
            for (i, j), value in np.ndenumerate(values):
                # three characters, which fit: .93, and 1.0 where it loses a little
                text = f"{value:.2f}".lstrip("0") if value < 0.995 else f"{value:.1f}"
                axes.text(
                    j,
                    i,
                    text,
                    ha="center",
                    va="center",
                    fontsize=style.SMALLEST_FONT,
                    weight="bold" if loses[i, j] else "normal",
                    color="black" if value > 0.35 else ON_DARK,
                )
            axes.set_title(estimator, fontsize=style.SMALLEST_FONT)
            axes.set_xticks(range(len(columns)), [f"{c:g}" for c in columns])
            axes.set_xlabel("m/d")
            axes.tick_params(length=0)
        panels[0].set_yticks(range(len(rows)), [f"{s}, t₁ = {f:g}, Δ = {g:g}" for s, f, g in rows])
        bar = figure.colorbar(image, ax=panels, shrink=0.9, pad=0.01)
        bar.set_ticks(
            [0.05, 0.1, 0.2, 0.5, 1.0, 2.0], labels=["0.05", "0.1", "0.2", "0.5", "1", "2"]
        )
        bar.minorticks_off()
        bar.set_label("joint risk / DSM's")
        widest = 100 * ((cells["high"] - cells["low"]) / 2 / cells["ratio"]).max()
        style.letters(*panels)
        style.note(
            figure,
            f"Gaussian data, d = {data.fact('d')}, times t₁, t₁ + Δ, … up to 2. Each number is the "
            f"mean of Σ γₖ × population risk over DSM's on the same n = {n} data sets, known to "
            f"±{widest:.2g} % or better (95 %). Below 1 the estimator wins, bold where it loses "
            f"with the whole interval above 1. The largest is {cells['ratio'].max():.2f}. "
            "Beyond the paper: settings are ours.",
        )
    return figure


def sample() -> FigureData:
    """Two estimators over 2 × 3 places; one loses in one of them."""
    places = [(s, 0.02, 0.2, ratio) for s in ("identity", "power") for ratio in (1.5, 5.0, 30.0)]
    rows = []
    for k, estimator in enumerate(("BSM", "path fit")):
        for j, (spectrum, first, spacing, ratio) in enumerate(places):
            value = 1.3 if (k, j) == (0, 3) else 0.9 - 0.4 * k - 0.03 * j
            rows.append(
                [estimator, spectrum, first, spacing, ratio, 30, value, 0.85 * value, 1.15 * value]
            )
    columns = ["estimator", "spectrum", "first", "spacing", "m_over_d", "n", "ratio", "low", "high"]
    return FigureData("beyond-map", {"cells": pd.DataFrame(rows, columns=columns)}, {"d": 16})


def _place(r: Any) -> str:
    return f"{r.spectrum}, t₁ = {r.first:g}, Δ = {r.spacing:g}, m/d = {r.m_over_d:g}"


def _found(f: Findings) -> str:
    lines = [
        f"- {r.estimator}: between {number(best.ratio)} ({_place(best)}) and {number(r.ratio)} "
        f"[{number(r.low)}, {number(r.high)}] ({_place(r)}) of DSM's joint risk"
        for r, best in zip(f.worst, f.best, strict=True)
    ]
    loses = "; ".join(f"{r.estimator} at {_place(r)} ({number(r.ratio)})" for r in f.loses)
    verdict = (
        f"With the whole interval above 1, and so worse than DSM: {loses}."
        if loses
        else ("Nowhere on the map does one of them lose to DSM with its whole interval above 1.")
    )
    return f"Over {f.cells} cells at d = {f.d}:\n\n" + "\n".join(lines) + "\n\n" + verdict


def _headline(f: Findings) -> str:
    worst = {r.estimator: number(r.ratio) for r in f.worst}
    return (
        f"In {f.cells} settings bootstrapping has at most {worst['BSM']} of the risk of denoising "
        f"score matching, and the path fit at most {worst['path fit']}."
    )


def _alt(f: Findings) -> str:
    worst = "; ".join(f"{r.estimator} at most {number(r.ratio)}" for r in f.worst)
    return (
        f"A table of numbers on coloured ground: joint risk over DSM's in {f.cells} settings for "
        f"each estimator. {worst}."
    )


FIGURE = Figure(
    name="beyond-map",
    paper="kumar_2025",
    title="Should I bootstrap? Joint risk over DSM's, against m/d, spacing, first time and "
    "spectrum",
    studies=("bootstrap-map",),
    draw=draw,
    sample=sample,
    heading="Beyond the paper: should I bootstrap, and with which weight?",
    shows="",
    unknown="",
    claims=(
        "bootstrap-order",
        "bootstrap-order-scalar",
        "bootstrap-order-scalar-limit",
        "bootstrap-order-first",
        "bootstrap-order-white",
        "map-bsm-never-loses",
        "map-path-wins",
        "scarce-matrix-loses",
        "scarce-bsm-wins",
        "scarce-path-wins",
    ),
    headline=_headline,
    found=_found,
    ran=ran_beyond,
    alt=_alt,
)
