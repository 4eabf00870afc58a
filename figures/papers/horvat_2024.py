"""What a gauge costs: energy of the error, Euler's samples, and the dimension that is read off,
against its size.
"""

import matplotlib.figure
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, at, number, ran


def _axis(axes: Axes, title: str) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(numticks=6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("size of the gauge κ")
    axes.set_title(title, loc="left")


def _curve(
    axes: Axes, frame: pd.DataFrame, k: int, gid: str, label: str, drawn: str = "default"
) -> None:
    colour = style.COLOURS[k]
    axes.plot(
        frame["kappa"],
        frame["predicted"],
        "--",
        color=colour,
        lw=0.9,
        drawstyle=drawn,
        gid=f"law-{gid}",
    )
    axes.plot(
        frame["kappa"],
        frame["measured"],
        style.MARKERS[k],
        color=colour,
        gid=f"points-{gid}",
        label=label,
    )


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables gauge-energy (law, kappa), gauge-euler-price (steps, kappa), gauge-dimension (w,
        kappa), each with measured and predicted; gauge-keeps-law (kappa, sampler), measured

    Raises
    ------
    BadTable
        If a table is missing or not finite, or a number on a log axis is not positive.
    """
    both = ["kappa", "measured", "predicted"]
    energy = data.table("gauge-energy", ["law", "kappa"], positive=both, words=["law"])
    price = data.table("gauge-euler-price", ["steps", "kappa"], positive=[*both, "steps"])
    count = data.table("gauge-dimension", ["w", "kappa"], positive=[*both, "w"])
    kept = data.table(
        "gauge-keeps-law", ["sampler", "kappa"], numbers=["kappa", "measured"], words=["sampler"]
    )
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 2.9), layout="constrained")
        first, second, third = figure.subplots(1, 3)
        for k, (law, group) in enumerate(energy.groupby("law")):
            _curve(first, group, k, f"energy-{law}", f"λ = {law}")
        for k, (steps, group) in enumerate(price.groupby("steps")):
            _curve(second, group, k, f"price-{steps:g}", f"N = {steps:g}")
        for k, (w, group) in enumerate(count.groupby("w")):
            _curve(third, group, k, f"dimension-{w:g}", f"w = {w:g}", "steps-mid")
        _axis(first, "error of the score, ∫E|E x|² dt")
        _axis(second, "W₂ of N Euler steps from the data")
        _axis(third, "dimension by the largest gap")
        for axes in (first, second):
            axes.set_xticks([1, 2, 4, 8], labels=["1", "2", "4", "8"])
            axes.xaxis.set_minor_locator(NullLocator())
            axes.set_yscale("log")
            axes.yaxis.set_minor_formatter(NullFormatter())
        third.set_ylim(0.5, 2.6)
        third.set_yticks([1, 2])
        for axes in (first, second, third):
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.24), ncols=2)
        style.letters(first, second, third)
        style.note(
            figure,
            "E = κ Vₜ J on Gaussian data, d = 2; in (c) data in a plane with noise of variance w, "
            "d = 3. All is computed; dashes: the claims' formulas, in (b) to leading "
            "order. Flow and SDE in continuous time return the data within W2 = "
            f"{number(max(kept['measured'].max(), 1e-15), 1)} up to κ = {kept['kappa'].max():g}.",
        )
    return figure


def sample() -> FigureData:
    """A few sizes of the gauge."""
    kappas = [1.0, 2.0, 4.0]

    def table(values: list[float], **more: object) -> pd.DataFrame:
        frame = {"kappa": kappas, "measured": values, "predicted": values}
        return pd.DataFrame({**frame, **more})

    squares = [k**2 for k in kappas]
    tables = {
        "gauge-energy": table([7 * s for s in squares], law="1.5, 0.3"),
        "gauge-euler-price": table([0.02 * s for s in squares], steps=400),
        "gauge-dimension": table([2.0, 2.0, 1.0], w=0.3),
        "gauge-keeps-law": table([1e-14, 0.0, 2e-14], sampler="flow").drop(columns="predicted"),
    }
    return FigureData("gauge", tables, {})


def _found(f: Findings) -> str:
    low, high = (number(at(f, "gauge-energy", law="1.5, 0.3", kappa=kappa)) for kappa in (0.5, 8.0))
    coarse, fine = (
        number(at(f, "gauge-euler-price", steps=steps, kappa=2.0)) for steps in (400, 6400)
    )
    wrong = number(at(f, "gauge-euler-price", steps=6400, kappa=8.0))
    return (
        "A linear field x ↦ R x leaves N(0, V) as it is where R V + V Rᵀ = 0, which is R = V A "
        "with A antisymmetric. Added to the score at each time it is a gauge: flow and SDE return "
        f"the data exactly. The score's error, ∫E|E x|² dt, goes meanwhile from {low} at κ = 0.5 "
        f"to {high} at κ = 8. It is not enough that R is antisymmetric: `gauge-antisymmetric`.\n\n"
        "So no function of the score's error bounds the error of samples from below. And a gauge "
        "may help: a large one averages a wrong gradient over the directions, of which only the "
        "trace is left (`gauge-heals`).\n\n"
        "It is free in continuous time alone. An Euler step turns along a chord, and multiplies "
        f"the covariance by 1 + h² κ² v_1 v_2. At κ = 2 the samples are off by W2 = {coarse} with "
        f"400 steps and by {fine} with 6400, at κ = 8 by {wrong} even with 6400. And it hides the "
        "data's plane. The largest gap between singular values of the score's Jacobian tells two "
        "directions along the data up to κ² = 1/w² − 1, and one beyond; w is the variance of the "
        "noise."
    )


def _headline(f: Findings) -> str:
    low, high = (number(at(f, "gauge-energy", law="1.5, 0.3", kappa=kappa)) for kappa in (0.5, 8.0))
    return (
        f"A gauge raises the score's error from {low} to {high}, and samplers in continuous time "
        "still return the data exactly."
    )


def _alt(f: Findings) -> str:
    return (
        "Three panels against the size κ of the gauge. (a) Log-log: the error of the score rises "
        "like κ² for two laws. (b) Log-log: W2 of Euler's samples rises like κ² and falls like "
        "1/N, for 400, 1600 and 6400 steps. (c) The dimension read off is 2 and drops to 1 "
        "where κ passes the inverse of the noise variance."
    )


FIGURE = Figure(
    name="gauge",
    paper="horvat_2024",
    title="What a gauge costs: the score's error, Euler's samples, and the dimension read off",
    studies=("evidence-gauge",),
    draw=draw,
    sample=sample,
    heading="Errors of the score that samples do not feel",
    shows=(
        "The abstract: a vector field splits into a conservative part and an orthogonal one that "
        "satisfies a gauge freedom. Sampling and density estimation are exact where the "
        "conservative part is the score, so being conservative is neither necessary nor "
        "sufficient. For local information on the data manifold a conservative field is desirable"
    ),
    unknown="their gauge condition, assumptions and proofs, and how they infer dimensions",
    claims=(
        "gauge-keeps-law",
        "gauge-energy",
        "gauge-antisymmetric",
        "gauge-split",
        "gauge-heals",
        "gauge-euler-volume",
        "gauge-euler-price",
        "gauge-dimension",
    ),
    headline=_headline,
    found=_found,
    ran=ran,
    alt=_alt,
)
FIGURES: tuple[Figure, ...] = (FIGURE,)
