"""What an error of the score at small times costs samples and simulations; and a step between two
wells.
"""

import matplotlib.figure
import pandas as pd
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, at, number, ran

NAMES = {"sde": "samples, SDE", "flow": "samples, flow"}
BOTH = ["measured", "predicted"]


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables simulation-window (sampler, lambda, size, tau), simulation-langevin (lambda, size)
        of which the models with a positive size are drawn, simulation-wells and simulation-unseen
        (a, b, kappa), each with measured and predicted

    Raises
    ------
    BadTable
        If a table is missing or not finite, a number on a log axis is not positive, a sampler is
        unknown, or no model has a positive size.
    """
    key = ["lambda", "size"]
    window = data.table(
        "simulation-window", ["sampler", *key, "tau"], numbers=["size", *BOTH],
        positive=["lambda", "tau"], words=["sampler"],
    )  # fmt: skip
    rest = data.table("simulation-langevin", key, numbers=["size", *BOTH], positive=["lambda"])
    if not set(window["sampler"]) <= set(NAMES):
        raise data.bad("simulation-window", "column sampler must hold flow or sde alone")
    window, rest = window[window["size"] > 0], rest[rest["size"] > 0]
    if window.empty or rest.empty or window[BOTH].min().min() <= 0:
        raise data.bad("simulation-window", "must hold errors of a positive size, and their loss")
    lam, size = (float(rest[column].iloc[0]) for column in key)
    window = window[(window["lambda"] == lam) & (window["size"] == size)]
    cells = ["a", "b", "kappa"]
    wells = data.table("simulation-wells", cells, numbers=[*cells, *BOTH])
    unseen = data.table("simulation-unseen", cells, positive=[*cells, *BOTH])
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 2.9), layout="constrained")
        first, second, third = figure.subplots(1, 3)
        for k, (name, label) in enumerate(NAMES.items()):
            mine, colour = window[window["sampler"] == name], style.COLOURS[k]
            first.plot(
                mine["tau"], mine["predicted"], "--", color=colour, lw=0.9, gid=f"law-{name}"
            )
            first.plot(
                mine["tau"], mine["measured"], style.MARKERS[k], color=colour,
                gid=f"points-{name}", label=label,
            )  # fmt: skip
        level = float(rest["measured"].iloc[0])
        first.axhline(level, color=style.COLOURS[2], gid="langevin", label="simulation, Langevin")
        # The wells' points lie on one another: the first marker is large and hollow.
        for k, ((a, b), group) in enumerate(wells.groupby(["a", "b"])):
            colour, label = style.COLOURS[k], f"a = {a:g}, b = {b:g}"
            second.plot(
                group["kappa"], group["measured"], style.MARKERS[k], color=colour,
                ms=7 if k == 0 else 3.8, mfc="white" if k == 0 else colour,
                gid=f"wells-{a:g}", label=label,
            )  # fmt: skip
            second.plot(group["kappa"], group["predicted"], "--", color=style.FAINT, lw=0.9)
            mine = unseen[(unseen["a"] == a) & (unseen["b"] == b)]
            third.plot(mine["kappa"], mine["predicted"], "--", color=colour, lw=0.9)
            third.plot(
                mine["kappa"], mine["measured"], style.MARKERS[k], color=colour,
                gid=f"unseen-{a:g}", label=label,
            )  # fmt: skip
        first.set_xscale("log")
        first.set_yscale("log")
        first.xaxis.set_major_locator(LogLocator(numticks=5))
        first.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        first.xaxis.set_minor_formatter(NullFormatter())
        first.set_xlabel("the error is there at t < τ")
        first.set_title("error of the variance", loc="left")
        second.axhline(0.5, color=style.FAINT, ls=":", lw=0.9)
        second.set_ylim(0.45, 1)
        second.set_title("simulation in the right well", loc="left")
        third.set_yscale("log")
        third.set_title("the same in the score, E φ'²", loc="left")
        for axes in (second, third):
            axes.set_xlabel("height of the step κ")
        for axes, place in ((first, "lower right"), (second, "upper left"), (third, "lower right")):
            axes.legend(loc=place)
        style.letters(first, second, third)
        style.note(
            figure,
            f"(a) Data N(0, λ), λ = {lam:g}, ε = {size:g}. (b), (c) Data ½ N(±a, 1), "
            "the log density off by κ Φ(x/b) at t < τ; dotted ½, where the flow's samples stay. "
            "All is computed; dashes: the claims' formulas.",
        )
    return figure


def sample() -> FigureData:
    """A few of each."""
    taus = [0.001, 0.01, 0.1]

    def window(name: str, slope: float) -> pd.DataFrame:
        values = [slope * tau for tau in taus]
        frame = {"tau": taus, "measured": values, "predicted": values}
        return pd.DataFrame({"sampler": name, "lambda": 0.7, "size": 0.2, **frame})

    def steps(values: list[float]) -> pd.DataFrame:
        frame = {"kappa": [0.5, 1.0, 2.0], "measured": values, "predicted": values}
        return pd.DataFrame({"a": 5.0, "b": 1.0, **frame})

    rest = {"lambda": [0.7], "size": [0.2], "measured": [0.086], "predicted": [0.086]}
    tables = {
        "simulation-window": pd.concat([window("sde", 0.56), window("flow", 0.28)]),
        "simulation-langevin": pd.DataFrame(rest),
        "simulation-wells": steps([0.622, 0.731, 0.881]),
        "simulation-unseen": steps([6e-6, 2.4e-5, 9.6e-5]),
    }
    return FigureData("simulation", tables, {})


def _found(f: Findings) -> str:
    model = {"lambda": 0.7, "size": 0.2}
    rest = at(f, "simulation-langevin", **model)
    sde = at(f, "simulation-window", **model, tau=0.001, sampler="sde")
    ratios = [number(at(f, "simulation-ratio", **model, tau=tau)) for tau in (0.01, 0.001)]
    step = {"a": 5.0, "b": 1.0, "kappa": 1.0}
    right, unseen = (at(f, f"simulation-{name}", **step) for name in ("wells", "unseen"))
    carried = at(f, "simulation-carried", **step, tau=0.001)
    jacobian = {"jacobian": [[-2.0, 1.5], [-0.5, -1.0]], "way": "mean", "probes": 1}
    signs, gauss = (
        at(f, "simulation-square", **jacobian, probe=probe) for probe in ("rademacher", "gaussian")
    )
    return (
        "**Samples fine, simulation wrong, from one error.** The score is wrong by −εx at times "
        "t < τ and exact above. A sampler passes the error within a time τ; a simulation with the "
        f"force s(0, x) lives in it. At λ = 0.7, ε = 0.2 the simulation's variance is "
        f"{number(rest)} too small, and the SDE's at τ = 0.001 only {number(sde)}. Their ratio is "
        "λ/(4τ) · 1/(1 + λε) as τ → 0, and twice that against the flow. Measured it is "
        f"{ratios[0]} at τ = 0.01 and {ratios[1]} at τ = 0.001.\n\n"
        "With two wells it shows at once. Let the log density be off by a step of height κ between "
        "the wells, where there are hardly any data. With wells at ±5, b = κ = 1 the score's mean "
        f"square error is {number(unseen)}. The simulation rests in the right well with "
        f"probability {number(right)} in place of ½, and the flow with the error at t < 0.001 "
        f"moves the mass {number(carried)} (`simulation-carried`). So training on samples hardly "
        "sees the error, samples do not show it, and the simulation does.\n\n"
        "**What a residual sees.** The scalar residual of Fokker and Planck's equation sees a "
        "constant of time c(t) in the log density, by c'(t). Samples and forces do not feel it, "
        "and the vector residual does not see it (`simulation-vector`). In the public code "
        "(noegroup/ScoreMD at 149b1ec, src/scoremd/diffusion/fp.py) the exact form of the scalar "
        "residual leaves out the drift's divergence, and the weak form has it as for one "
        "dimension. Both differ from the normalised equation by a constant of x, so by such a "
        "c(t): an energy with a free constant takes it up. And neither residual can tell a model "
        "that is exact for other data: there samples and simulation agree, and both are wrong "
        "(`simulation-agree`).\n\n"
        "**Squares of estimates.** A residual with a random probe for the Jacobian's trace is "
        "unbiased, its square is not. With J = ((−2, 1.5), (−0.5, −1)) and R = −1 the mean square "
        f"is {number(signs)} with signs and {number(gauss)} with Gaussian probes, for R² = 1. A "
        "mean of n probes leaves 1/n of the excess; the product of two residuals, which the code "
        "takes where it is given two probes, leaves none. In the excess stands the symmetric part "
        "of J alone."
    )


def _headline(f: Findings) -> str:
    step = {"a": 5.0, "b": 1.0, "kappa": 1.0}
    right = number(100 * at(f, "simulation-wells", **step))
    moved = number(100 * at(f, "simulation-carried", **step, tau=0.001), 2)
    return (
        f"One small error of the score puts {right} % of a simulation into one of two equal "
        f"wells, and moves {moved} % of the samples."
    )


def _alt(f: Findings) -> str:
    return (
        "Three panels. (a) Log-log against τ: the error of the samples' variance falls in "
        "proportion to τ, the SDE's at twice the flow's, and the simulation's is a level line. "
        "(b) The simulation's share in the right well rises from 0.62 to 0.95 with the height "
        "of the step. (c) Log: the score's mean square error of the same step is below 0.002."
    )


FIGURE = Figure(
    name="simulation",
    paper="scoremd_2025",
    title="One error at small times: samples by flow and SDE against a simulation",
    studies=("evidence-simulation",),
    draw=draw,
    sample=sample,
    heading="Samples fine, simulation wrong",
    shows=(
        "The abstract: sampling usually recovers the training law, while the learned score, read "
        "as forces, is often inconsistent with it, even for toy systems. This is traced to very "
        "small times, where Fokker and Planck's equation is violated; a regularisation is derived "
        "from it"
    ),
    unknown="the sizes of the errors in their systems; no network is trained here",
    claims=(
        "simulation-window",
        "simulation-langevin",
        "simulation-ratio",
        "simulation-unseen",
        "simulation-wells",
        "simulation-carried",
        "simulation-scalar",
        "simulation-vector",
        "simulation-agree",
        "simulation-square",
        "simulation-probes",
    ),
    headline=_headline,
    found=_found,
    ran=ran,
    alt=_alt,
)
FIGURES: tuple[Figure, ...] = (FIGURE,)
