"""Risk of four linear fits against the noise scale,
and the least loss of variant B against the number of features.
"""

import matplotlib.figure
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, at, number, ran

FITS = {
    "lcss-fit-b": "B, one sign",
    "lcss-fit-a": "A, denoising",
    "lcss-fit-antithetic": "B, both signs",
    "lcss-fit-trace": "exact trace",
}
DEGREES = "lcss-b-unbounded"
LEAST = "lcss-b-minimum"


def _plain(axes: Axes) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(numticks=7))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(NullLocator())


def _risks(axes: Axes, fits: dict[str, pd.DataFrame]) -> None:
    for k, (claim, label) in enumerate(FITS.items()):
        frame, colour = fits[claim], style.COLOURS[k]
        axes.plot(
            frame["sigma"], frame["predicted"], "--", color=colour, lw=0.9, gid=f"line-{claim}"
        )
        axes.vlines(frame["sigma"], frame["low"], frame["high"], color=colour, lw=2.2)
        axes.plot(
            frame["sigma"],
            frame["measured"],
            style.MARKERS[k],
            color=colour,
            gid=f"points-{claim}",
            label=label,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    _plain(axes)
    axes.set_xlabel("noise scale σ")
    axes.set_ylabel("risk as a score of the clean law")
    axes.set_title("linear fits of Gaussian data", loc="left")


def _degrees(axes: Axes, table: pd.DataFrame, least: dict[float, float]) -> None:
    for k, noise in enumerate(sorted(set(table["noise"]))):
        frame = table[table["noise"] == noise]
        colour = style.COLOURS[k]
        axes.plot(
            frame["degree"], -frame["predicted"], "--", color=colour, lw=0.9, gid=f"line-{noise:g}"
        )
        axes.plot(
            frame["degree"],
            -frame["measured"],
            style.MARKERS[k],
            color=colour,
            gid=f"points-{noise:g}",
            label=f"σ²/v = {noise:g}",
        )
        if noise in least:
            axes.axhline(-least[noise], color=colour, ls=":", lw=0.9, gid=f"least-{noise:g}")
    axes.set_yscale("log")
    axes.set_ylim(0.3, 3e4)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xticks(sorted(set(table["degree"])))
    axes.set_xlabel("degree of the polynomials")
    axes.set_ylabel("−(least loss of variant B)")
    axes.set_title("polynomials as scores of N(0, v)", loc="left")


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : a table for each claim of FITS (m, redraws, sigma, n, measured, low, high, predicted), of
        which the largest m is drawn; DEGREES (noise, degree, measured, predicted); LEAST (value,
        noise, predicted)

    Raises
    ------
    BadTable
        If a table is missing or not finite, an interval does not hold its middle, fits have other
        σ or replicates, or a least loss is not negative.
    """
    columns = ["m", "redraws", "sigma", "measured", "low", "high", "predicted"]
    fits = {}
    for claim in FITS:
        frame = data.table(claim, ["m", "redraws", "sigma"], numbers=["n"], positive=columns)
        data.check_order(claim, frame, "low", "measured", "high")
        fits[claim] = frame[frame["m"] == frame["m"].max()].reset_index(drop=True)
    data.check_cells(fits, ["m", "redraws", "sigma"])
    n = data.replicates(fits)
    numbers = ["measured", "predicted"]
    degrees = data.table(
        DEGREES, ["noise", "degree"], numbers=numbers, positive=["noise", "degree"]
    )
    if degrees[numbers].to_numpy().max() >= 0:
        raise data.bad(DEGREES, "a least loss must be negative")
    minima = data.table(
        LEAST, ["value", "noise"], numbers=["predicted"], positive=["value", "noise"]
    )
    mine = minima[minima["value"] == 1]
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 3.5), layout="constrained")
        left, right = figure.subplots(1, 2)
        _risks(left, fits)
        _degrees(right, degrees, dict(zip(mine["noise"], mine["predicted"], strict=True)))
        for axes in (left, right):
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
        first = fits["lcss-fit-b"]
        style.letters(left, right)
        style.note(
            figure,
            f"(a) λ from 0.3 to 3, m = {first['m'].iloc[0]:g}, one draw of noise for each datum; "
            f"dashes: closed forms; n = {n} replicates of four data sets, 95 % intervals of "
            f"{style.widths(pd.concat(fits.values()), 'measured')}. (b) N(0, v), computed; "
            "dashes: the closed form, dotted: the least of all functions, where there is one; the "
            "steepest curve leaves the plot.",
        )
    return figure


def sample() -> FigureData:
    """Four fits at two scales, two ratios at two degrees."""
    fit = {"m": 1000, "redraws": 1, "sigma": [0.1, 1.0], "n": 40}

    def risks(values: list[float]) -> pd.DataFrame:
        bounds = {"low": [0.9 * v for v in values], "high": [1.1 * v for v in values]}
        return pd.DataFrame({**fit, "measured": values, **bounds, "predicted": values})

    return FigureData(
        "lcss",
        {
            "lcss-fit-b": risks([6.6, 0.2]),
            "lcss-fit-a": risks([6.4, 3.0]),
            "lcss-fit-antithetic": risks([0.15, 0.15]),
            "lcss-fit-trace": risks([0.08, 0.08]),
            DEGREES: pd.DataFrame(
                {
                    "noise": [0.5, 0.5, 1.0, 1.0],
                    "degree": [1, 15, 1, 15],
                    "measured": [-0.5, -0.77, -0.5, -8.9],
                    "predicted": [-0.5, -0.77, -0.5, -8.9],
                }
            ),
            LEAST: pd.DataFrame({"value": [1.0], "noise": [0.5], "predicted": [-0.7698]}),
        },
        {},
    )


def _risk(f: Findings, claim: str, sigma: float) -> str:
    return number(at(f, claim, m=1000, sigma=sigma))


def _found(f: Findings) -> str:
    b, a = (
        [_risk(f, claim, sigma) for sigma in (0.01, 0.3, 2.0)]
        for claim in ("lcss-fit-b", "lcss-fit-a")
    )
    both, exact = (_risk(f, claim, 0.3) for claim in ("lcss-fit-antithetic", "lcss-fit-trace"))
    loss = {
        (noise, degree): number(at(f, DEGREES, noise=noise, degree=degree))
        for noise in (0.5, 1.0, 1.5)
        for degree in (5, 31)
    }
    return (
        "Score matching asks for the trace of the score's Jacobian. Stein's identity gives it "
        "without one: the mean of z·s(x + σz)/σ over normal z. The loss also has half the square "
        "of the score, and there are two places to take it. With the square at the noisy point "
        "(variant A) the loss is denoising score matching, sample by sample "
        "(`lcss-a-is-denoising`). With the square at the clean point (variant B) the best linear "
        "score is that of the clean law, whatever σ (`lcss-b-minimiser`). Which of the two is the "
        "paper's we do not know. The difference between them is what the noise adds to the square: "
        "(σ²/2)|M|² for a linear score M (`lcss-curvature`), and not the derivative's square alone "
        "for others (`lcss-curvature-general`).\n\n"
        "Linear fits of Gaussian data, judged as scores of the clean law, show what the identity "
        f"buys. At σ = 0.01 variant B has the risk {b[0]} and denoising {a[0]}: the same variance "
        f"(`lcss-same-variance`). At σ = 0.3 they have {b[1]} and {a[1]}, at σ = 2 {b[2]} and "
        f"{a[2]}, where denoising pays for its bias. Stein's identity takes away the bias of "
        "denoising and not its variance. Two evaluations, at z and at −z, take that away as well: "
        f"{both} at σ = 0.3 and the same at every σ, against {exact} with the exact trace.\n\n"
        "Variant B is safe for linear scores alone. Among all functions its loss has a minimum "
        "only where σ² is below the smallest variance of Gaussian data, and that minimum is not "
        f"the score (`lcss-b-minimum`). With polynomials of degree 5 and 31 the least loss is "
        f"{loss[0.5, 5]} and {loss[0.5, 31]} at σ²/v = 0.5, {loss[1.0, 5]} and {loss[1.0, 31]} at "
        f"1, {loss[1.5, 5]} and {loss[1.5, 31]} at 1.5: more features, and no end "
        "(`lcss-b-unbounded`). On a training set it is so at every σ: a function that vanishes at "
        "the data may point at the nearest of them as steeply as it likes "
        "(`lcss-b-training-set`). Denoising's loss is never below −d/(2σ²)."
    )


def _headline(f: Findings) -> str:
    sigma = 0.3
    stein, denoising, pairs = (
        _risk(f, claim, sigma) for claim in ("lcss-fit-b", "lcss-fit-a", "lcss-fit-antithetic")
    )
    return (
        f"At noise scale {sigma:g} a linear fit by Stein's identity has risk {stein} and "
        f"denoising {denoising}; opposite draws in pairs bring it to {pairs}."
    )


def _alt(f: Findings) -> str:
    return (
        "Two panels. (a) Log-log: risk against the noise scale. One-sided B and denoising fall "
        "together along a line of slope −2; near σ = 0.3 they part, B comes down to "
        f"{_risk(f, 'lcss-fit-b', 2.0)}, denoising turns and rises to "
        f"{_risk(f, 'lcss-fit-a', 2.0)}. Both signs and the exact trace are flat, near 0.15 and "
        "0.08. (b) The size of variant B's least loss against the degree of polynomials: flat "
        "on a dotted line where σ²/v = 0.5, nearly so at 0.9, rising without end at 1 and, out of "
        "the plot, at 1.5."
    )


FIGURE = Figure(
    name="lcss",
    paper="lcss_2024",
    title="The trace by Stein's identity: risk of linear fits, and losses without a bound",
    studies=("evidence-lcss",),
    draw=draw,
    sample=sample,
    heading="The trace by Stein's identity",
    shows=(
        "The abstract: Stein's identity spares score matching the trace of the Jacobian, with "
        "effective regularisation and efficient computation, where other ways are unstable or "
        "learn a denoising field in place of the true score. Samples are better than those of "
        "existing methods, and as good as denoising score matching's"
    ),
    unknown=(
        "how the loss reads, where it squares the score, the noise scale and the draws for each "
        "datum; no image is made here, and settings are ours"
    ),
    claims=(
        "lcss-a-is-denoising",
        "lcss-a-minimiser",
        "lcss-b-minimiser",
        "lcss-curvature",
        "lcss-curvature-general",
        "lcss-trace-variance",
        "lcss-antithetic-variance",
        "lcss-signs-variance",
        *FITS,
        "lcss-same-variance",
        "lcss-b-minimum",
        "lcss-b-unbounded",
        "lcss-b-training-set",
    ),
    headline=_headline,
    found=_found,
    ran=ran,
    alt=_alt,
)
FIGURES: tuple[Figure, ...] = (FIGURE,)
