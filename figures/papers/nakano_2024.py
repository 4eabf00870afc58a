"""What the variance of the steps back costs a DDPM, and where the true one stands."""

import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, at, number, ran

NAMES = {"tilde": "β̃ (posterior)", "beta": "β"}
LEADING = 400
"""Steps from which on the leading order is drawn."""


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables ddpm-tv (variance, steps, eigenvalue), measured, predicted and the leading order
        as decoy; ddpm-bracket (eigenvalue, t), measured and predicted; ddpm-exact (schedule,
        steps, eigenvalue), measured and predicted

    Raises
    ------
    BadTable
        If a table is missing or not finite, a number on a log axis is not positive, or a variance
        is unknown.
    """
    both = ["measured", "predicted"]
    distance = data.table(
        "ddpm-tv",
        ["variance", "steps"],
        positive=["steps", "eigenvalue", *both, "decoy"],
        words=["variance"],
    )
    place = data.table("ddpm-bracket", ["eigenvalue", "t"], positive=["eigenvalue", "t", *both])
    exact = data.table(
        "ddpm-exact",
        ["schedule", "steps", "eigenvalue"],
        positive=["steps", "eigenvalue", *both],
        words=["schedule"],
    )
    if not set(distance["variance"]) <= set(NAMES):
        raise data.bad("ddpm-tv", f"column variance must hold {', '.join(NAMES)}")
    worst = (exact["measured"] / exact["predicted"] - 1).abs().max()
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 3.0), layout="constrained")
        left, right = figure.subplots(1, 2)
        for k, (name, label) in enumerate(NAMES.items()):
            group = distance[distance["variance"] == name].sort_values("steps")
            late = group[group["steps"] >= LEADING]
            colour = style.COLOURS[k]
            left.plot(
                late["steps"], late["decoy"], "--", color=colour, lw=0.9, gid=f"leading-{name}"
            )
            left.plot(group["steps"], group["predicted"], color=colour, lw=0.6, gid=f"law-{name}")
            left.plot(
                group["steps"],
                group["measured"],
                style.MARKERS[k],
                color=colour,
                gid=f"points-{name}",
                label=label,
            )
        left.set_xscale("log")
        left.set_yscale("log")
        left.set_xticks([100, 400, 1600, 6400], labels=["100", "400", "1600", "6400"])
        left.xaxis.set_minor_locator(NullLocator())
        left.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        left.yaxis.set_minor_formatter(NullFormatter())
        left.set_xlabel("steps N")
        left.set_title("total variation of samples from the data", loc="left")
        for k, (value, group) in enumerate(place.groupby("eigenvalue")):
            group = group.sort_values("t")
            colour = style.COLOURS[k]
            right.plot(
                group["t"], group["predicted"], "--", color=colour, lw=0.9, gid=f"law-{value:g}"
            )
            right.plot(
                group["t"],
                group["measured"],
                style.MARKERS[k],
                color=colour,
                gid=f"place-{value:g}",
                label=f"λ = {value:g}",
            )
        for level in (0, 1):
            right.axhline(level, color=style.FAINT, lw=0.8, zorder=1)
        right.set_xlabel("time t of the step")
        right.set_title("true variance on the way from β̃ (0) to β (1)", loc="left")
        for axes in (left, right):
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=4)
        style.letters(left, right)
        style.note(
            figure,
            f"Gaussian data on the line, exact scores. (a) λ = {distance['eigenvalue'].max():g}, "
            f"T = 6; lines: the sum; dashes: its leading order, N ≥ {LEADING}; with the "
            f"true variance of a step samples have λ within a share of "
            f"{number(max(worst, 1e-16), 1)}. (b) Dashes are λ/vₜ. All is computed.",
        )
    return figure


def sample() -> FigureData:
    """A few steps, and two laws."""
    steps = [100.0, 400.0, 1600.0]

    def table(variance: str, values: list[float]) -> pd.DataFrame:
        frame = {"steps": steps, "measured": values, "predicted": values, "decoy": values}
        return pd.DataFrame({**frame, "variance": variance, "eigenvalue": 0.3})

    times = [0.5, 1.0, 2.0]
    tables = {
        "ddpm-tv": pd.concat(
            [table("beta", [0.04, 0.01, 0.0025]), table("tilde", [0.13, 0.05, 0.02])],
            ignore_index=True,
        ),
        "ddpm-bracket": pd.DataFrame(
            {
                "t": times * 2,
                "eigenvalue": [0.3] * 3 + [2.0] * 3,
                "measured": [0.5, 0.4, 0.3, 1.3, 1.7, 2.0],
                "predicted": [0.5, 0.4, 0.3, 1.3, 1.7, 2.0],
            }
        ),
        "ddpm-exact": pd.DataFrame(
            {
                "schedule": "uniform",
                "steps": [1.0, 10.0],
                "eigenvalue": 0.3,
                "measured": [0.3, 0.3],
                "predicted": [0.3, 0.3],
            }
        ),
    }
    return FigureData("ddpm-variance", tables, {})


def _found(f: Findings) -> str:
    far, near = (
        tuple(
            number(100 * abs(at(f, "ddpm-any-schedule", **where, variance=name)) / value, 2)
            for name in ("tilde", "beta")
        )
        for value in (0.01, 0.25)
        for where in ({"schedule": "linear", "eigenvalue": value},)
    )
    beta, tilde = (
        number(at(f, "ddpm-tv", steps=1600, variance=name)) for name in ("beta", "tilde")
    )
    price = number(at(f, "ddpm-path-price", eigenvalue=0.25))
    where = {"steps": 400, "eigenvalue": 0.25, "epsilon": 0.0}
    truth = at(f, "ddpm-path-bound", **where)
    h = 6 / 400
    root = np.sqrt(h * at(f, "ddpm-path-price", eigenvalue=0.25) / 2)
    return (
        "A DDPM goes back in N steps, each with a mean that the score gives and a variance that "
        "the user picks. On Gaussian data with the exact score the mean is exact. So the variance "
        "is all that a step can get wrong: with the true conditional one, Var(X_{k−1} | X_k), "
        "samples are exact, even in one step (`ddpm-exact`). In use are β_k, the variance of the "
        "step forward, and the smaller β̃_k, the posterior variance given X_0. The true one stands "
        "at λ/v_k of the way from β̃_k to β_k: beyond β_k wherever the data are wider than the "
        "noise.\n\n"
        "With β_k the samples' variance is off by h (1 − λ), h the step in time. With β̃_k it is "
        "too small by h (2 ln(λ/2h) + 2γ + λ − 3), γ Euler's constant. Near the data β̃_k is short "
        "by a share of about 1/k of it, and these shares add up to a logarithm. With λ = 0.25 and "
        f"N = 1600 the total variation is {tilde} for β̃ and {beta} for β. The logarithm's "
        "coefficient is the same for every λ, so narrow directions suffer most. With 1000 steps "
        "and β from 0.0001 to 0.02, "
        f"β̃ makes a variance of 0.01 smaller by {far[0]} %, and β makes it larger by {far[1]} %; "
        f"at 0.25 it is {near[0]} % and {near[1]} %.\n\n"
        "The KL between the paths, forward and back, is a sum of initialisation, discretisation "
        "and learning, exactly. With β the second is h KL(N(0, 1) ‖ p_0) to leading order: "
        f"{price} h at λ = 0.25. By Pinsker's inequality it bounds the total variation, but only "
        "by √h where the truth goes like h: with 400 steps and the exact score the truth is "
        f"{number(truth)} and the bound {number(float(root), 2)}.\n\n"
        "Along a path backwards in time e^{−t} s(t, X_t) is a martingale: the score is the "
        "backward component of the forward equation. What its energy gains is an integral of the "
        "squared Hessian of log p (`ddpm-score-energy`)."
    )


def _headline(f: Findings) -> str:
    steps = 1600
    beta, tilde = (
        number(at(f, "ddpm-tv", steps=steps, variance=name)) for name in ("beta", "tilde")
    )
    return (
        f"After {steps} steps samples are {tilde} in total variation from the data with the "
        f"posterior variance, and {beta} with the forward step's."
    )


def _alt(f: Findings) -> str:
    first, last = (
        number(
            at(f, "ddpm-tv", steps=steps, variance="tilde")
            / at(f, "ddpm-tv", steps=steps, variance="beta"),
            2,
        )
        for steps in (100, 6400)
    )
    return (
        "Two panels. (a) Log-log: total variation against 100 to 6400 steps. With β it falls "
        "like 1/N. With the posterior variance it is larger everywhere, by a factor that grows "
        f"from {first} to {last}. (b) The true variance's place against time for four λ. It "
        "tends to λ: it falls to it, between 1 and 0, for λ below 1, and rises to it, above 1, "
        "for λ above 1."
    )


FIGURE = Figure(
    name="ddpm-variance",
    paper="nakano_2024",
    title="The price of a DDPM's reverse variance, and where the true one stands",
    studies=("evidence-ddpm",),
    draw=draw,
    sample=sample,
    heading="The variance of the steps back",
    shows=(
        "The abstract: the score is the backward component of a forward-backward stochastic "
        "differential equation and solves semilinear parabolic equations. Tools from "
        "Schrödinger's problem relate errors in reverse time to errors in forward time. For "
        "general finite noise schedules follows a bound in total variation between samples and "
        "data that separates the learning error from the discretisation error"
    ),
    unknown="the bound itself, its constants, and what it assumes",
    claims=(
        "ddpm-exact",
        "ddpm-bracket",
        "ddpm-any-schedule",
        "ddpm-price-beta",
        "ddpm-price-tilde",
        "ddpm-tilde-rate",
        "ddpm-tv",
        "ddpm-price-tv",
        "ddpm-path-split",
        "ddpm-path-price",
        "ddpm-path-bound",
        "ddpm-score-energy",
        "ddpm-score-equation",
    ),
    headline=_headline,
    found=_found,
    ran=ran,
    alt=_alt,
)
FIGURES: tuple[Figure, ...] = (FIGURE,)
