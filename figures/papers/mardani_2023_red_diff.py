"""How much of the prior a sum of denoisers keeps, by direction."""

import matplotlib.figure
import pandas as pd
from matplotlib.ticker import FuncFormatter, NullFormatter

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, at, number, ran

BOTH = ["measured", "predicted"]


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables red-precision (tau, lambda) and red-implied-noise (lambda), each with measured and
        predicted

    Raises
    ------
    BadTable
        If a table is missing or not finite, or a number is not positive.
    """
    kept = data.table("red-precision", ["tau", "lambda"], positive=["tau", "lambda", *BOTH])
    implied = data.table("red-implied-noise", ["lambda"], positive=["lambda", *BOTH])
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 2.7), layout="constrained")
        left, right = figure.subplots(1, 2)
        for k, (tau, group) in enumerate(kept.sort_values("lambda").groupby("tau")):
            colour = style.COLOURS[k % len(style.COLOURS)]
            left.plot(
                group["lambda"], group["predicted"], "--", color=colour, lw=0.9, gid=f"law-{tau:g}"
            )
            left.plot(
                group["lambda"],
                group["measured"],
                style.MARKERS[k % len(style.MARKERS)],
                color=colour,
                label=f"τ = {tau:g}",
                gid=f"points-{tau:g}",
            )
        left.axhline(1, color=style.FAINT, lw=0.6)
        implied = implied.sort_values("lambda")
        right.plot(implied["lambda"], implied["predicted"], "--", color=style.FAINT, gid="law")
        right.plot(
            implied["lambda"], implied["measured"], "o", color=style.COLOURS[0], gid="points"
        )
        right.set_yscale("log")
        right.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        right.yaxis.set_minor_formatter(NullFormatter())
        left.set_ylim(0, 1.08)
        left.set_title("share λP of the prior's precision", loc="left")
        right.set_title("$σ_y^2$ that the default weight suits", loc="left")
        left.legend(loc="lower right")
        for axes in (left, right):
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.set_xlabel("variance λ of the direction")
        style.letters(left, right)
        style.note(
            figure,
            "Gaussian data, exact noise prediction, expected gradients; all computed. Dashes: the "
            "claims' formulas. (a) Weights exp(−t/τ)/τ on the divergences, 1 would be the "
            "posterior's mean. (b) The weight .25 σ/e on the noise prediction.",
        )
    return figure


def sample() -> FigureData:
    """A few of each."""
    kept = pd.DataFrame(
        {
            "tau": [0.1, 0.1, 0.5, 0.5],
            "lambda": [0.1, 1.0, 0.1, 1.0],
            "measured": [0.44, 0.83, 0.17, 0.5],
        }
    )
    implied = pd.DataFrame({"lambda": [0.01, 1.0, 100.0], "measured": [0.0024, 0.18, 8.4]})
    tables = {"red-precision": kept, "red-implied-noise": implied}
    return FigureData(
        "red-diff",
        {name: table.assign(predicted=table["measured"]) for name, table in tables.items()},
        {},
    )


def _found(f: Findings) -> str:
    narrow, wide = (
        number(100 * at(f, "red-precision", **{"tau": 0.1, "lambda": lam}), 2) for lam in (0.01, 10)
    )
    implied = [
        number(at(f, "red-implied-noise", **{"lambda": lam}), 2) for lam in (0.01, 1.0, 100.0)
    ]
    held = [number(at(f, "red-default", **{"lambda": lam}), 2) for lam in (0.01, 100.0)]
    wide_noise, true_noise = (
        number(at(f, "red-noise", t=t, eigenvalues=[0.1, 1.0, 4.0]), 2) for t in (0.05, 1.0)
    )
    short = number(at(f, "red-isotropic", eigenvalues=[0.05, 2.0]), 2)
    return (
        "To restore an image μ from a measurement, RED-diff adds noise to μ, lets the network "
        "predict that noise, and moves μ against the error of the prediction. The abstract derives "
        "this from a variational problem. We find the same: the mean error of an exact prediction "
        "is the gradient of the divergence KL(q_t‖p_t), q_t the law of the noisy μ, times σ_t/e_t. "
        "No derivative of the network is needed, and none is left out (`red-gradient`).\n\n"
        "**What is minimised keeps only a part of the prior.** For data N(0, Σ) the sum of "
        "divergences is ½ μᵀPμ. If its weights have mass 1, P is at most Σ^{-1}, and equal only "
        "if all of it sits at t = 0, where the minimiser is the posterior's most probable point. "
        "Weight at later times loses the narrow directions first. With weights e^{−t/τ}/τ at "
        f"τ = 0.1 a direction of variance 10 keeps {wide} % of its precision, one of variance 0.01 "
        f"keeps {narrow} % (`red-precision`).\n\n"
        "Public code, as we read it: NVlabs/RED-diff at 66482f2, algos/reddiff.py and its default "
        "configuration. There the weight is .25 σ_t/e_t on the error of the prediction. For "
        "Gaussian data and levels met equally often its precision is then at most .25, "
        f"however narrow the direction. It is {held[0]} at λ = 0.01 and {held[1]} at λ = 100, "
        "where the prior's are 100 and 0.01 (`red-default`, `red-bounded`). Beside the misfit "
        "½|y − μ|² that is right for one noise of the measurement, and each direction has its own: "
        f"σ_y² = {implied[0]} at λ = 0.01, {implied[1]} at 1 and {implied[2]} at 100 "
        "(`red-implied-noise`). The setting `sigma_y` makes the noisy data there; the algorithm "
        "reads it and does not use it. Its misfit is a mean over the m measurements and its "
        "regulariser one over the n pixels, so that the balance moves with m/n. All of this is "
        "about the point to which the mean gradient leads. The code takes one pass of Adam from "
        "late to early levels, and what that does we have not studied.\n\n"
        "Two smaller things. The best isotropic q has the harmonic mean of the posterior's "
        f"variances: {short} for the variances 0.05 and 2 (`red-isotropic`); such a q tells little "
        "about the spread. And one draw of the gradient has the variance tr(I − σ_t²V_t^{-1})²: "
        f"for variances 0.1, 1, 4 it is {wide_noise} at t = 0.05 and {true_noise} at t = 1 "
        "(`red-noise`)."
    )


def _headline(f: Findings) -> str:
    narrow, wide = (
        number(100 * at(f, "red-precision", **{"tau": 0.1, "lambda": lam}), 2) for lam in (0.01, 10)
    )
    return (
        f"Weights spread over early times keep {wide} % of the prior's precision in a wide "
        f"direction, and {narrow} % in a narrow one."
    )


def _alt(f: Findings) -> str:
    return (
        "Two panels over the variance of a direction, log scale. (a) The share of the prior's "
        "precision that is kept rises towards 1 with the variance; it is smaller for weights at "
        "later times. (b) The measurement noise that the default weight suits grows with the "
        "variance from far below 0.01 to about 8."
    )


FIGURE = Figure(
    name="red-diff",
    paper="mardani_2023_red_diff",
    title="Denoisers as a regulariser: how much of the prior they keep",
    studies=("evidence-red-diff",),
    draw=draw,
    sample=sample,
    heading="Denoisers as a regulariser",
    shows=(
        "The abstract: a variational approach that seeks the posterior leads to regularisation by "
        "denoisers at different times, weighted by the signal-to-noise ratio; sampling becomes "
        "stochastic optimisation"
    ),
    unknown="the variational family, the weights as the text has them, the restoration tasks",
    claims=(
        "red-gradient",
        "red-precision",
        "red-fixed-point",
        "red-default",
        "red-bounded",
        "red-implied-noise",
        "red-isotropic",
        "red-noise",
    ),
    headline=_headline,
    found=_found,
    ran=ran,
    alt=_alt,
)
FIGURES: tuple[Figure, ...] = (FIGURE,)
