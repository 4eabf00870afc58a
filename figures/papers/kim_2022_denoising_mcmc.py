"""What the least noisy state of a window is biased by, and how slowly a chain changes its noise."""

import matplotlib.figure
import pandas as pd
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, at, number, ran

BOTH = ["measured", "predicted"]


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables dmcmc-smallest (d, window), measured, low, high, predicted and n; dmcmc-gibbs
        (d), measured, predicted and the leading order as decoy

    Raises
    ------
    BadTable
        If a table is missing or not finite, a number is not positive, or counts differ.
    """
    kept = data.table(
        "dmcmc-smallest",
        ["d", "window"],
        numbers=["n"],
        positive=["d", "window", "low", "high", *BOTH],
    )
    data.check_order("dmcmc-smallest", kept, "low", "measured", "high")
    n = data.replicates({"dmcmc-smallest": kept})
    moves = data.table("dmcmc-gibbs", ["d"], positive=["d", "decoy", *BOTH]).sort_values("d")
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 2.7), layout="constrained")
        left, right = figure.subplots(1, 2)
        for k, (d, group) in enumerate(kept.sort_values("window").groupby("d")):
            colour = style.COLOURS[k % len(style.COLOURS)]
            left.plot(
                group["window"], group["predicted"], "--", color=colour, lw=0.9, gid=f"law-{d:g}"
            )
            left.vlines(group["window"], group["low"], group["high"], color=colour, lw=0.9)
            left.plot(
                group["window"],
                group["measured"],
                style.MARKERS[k % len(style.MARKERS)],
                color=colour,
                label=f"d = {d:g}",
                gid=f"points-{d:g}",
            )
        left.axhline(1, color=style.FAINT, lw=0.6)
        left.set_xscale("log")
        ticks = sorted(set(kept["window"]))
        left.set_xticks(ticks, labels=[f"{one:g}" for one in ticks])
        left.xaxis.set_minor_locator(NullLocator())
        left.set_ylim(0.98, 1.3)
        left.set_xlabel("steps in the window")
        left.set_title("E z² of the least noisy state, over λ", loc="left")
        left.legend(loc="upper right")
        right.plot(moves["d"], moves["decoy"] ** 0.5, "-", color=style.FAINT, label="1/√d")
        right.plot(moves["d"], moves["predicted"] ** 0.5, "--", color=style.COLOURS[0], gid="law")
        right.plot(
            moves["d"],
            moves["measured"] ** 0.5,
            "o",
            color=style.COLOURS[0],
            label="a draw of x, then of σ",
            gid="points",
        )
        right.set_xscale("log")
        right.set_yscale("log")
        for axis in (right.xaxis, right.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())
        right.set_xlabel("dimension d")
        right.set_title("move of log σ, root mean square", loc="left")
        right.legend(loc="lower left")
        style.letters(left, right)
        style.note(
            figure,
            f"(a) Data N(0, I), 60 levels of σ from 0.05 to 10, exact draws; n = {n} replicates, "
            "95 % intervals. Dashes: the claims' formulas. (b) Noise far above the data; computed.",
        )
    return figure


def sample() -> FigureData:
    """Two dimensions."""
    kept = pd.DataFrame(
        {
            "d": [1, 1, 4, 4],
            "window": [1, 3, 1, 3],
            "n": 20,
            "measured": [1.19, 1.17, 1.12, 1.15],
            "low": [1.17, 1.15, 1.11, 1.14],
            "high": [1.21, 1.19, 1.13, 1.16],
            "predicted": [1.19, 1.17, 1.12, 1.15],
        }
    )
    moves = pd.DataFrame({"d": [1, 64, 3072], "measured": [2.47, 0.0159, 0.000326]})
    moves = moves.assign(predicted=moves["measured"], decoy=1 / moves["d"])
    return FigureData("dmcmc", {"dmcmc-smallest": kept, "dmcmc-gibbs": moves}, {})


def _found(f: Findings) -> str:
    one, four = (number(at(f, "dmcmc-smallest", d=d, window=1)) for d in (1, 4))
    ten = number(at(f, "dmcmc-smallest", d=4, window=10))
    long, short = (number(at(f, "dmcmc-chain", sigma_high=10.0, eta=eta)) for eta in (0.8, 0.2))
    move = at(f, "dmcmc-gibbs", d=3072)
    return (
        "A diffusion model starts from pure noise and needs many steps. Denoising MCMC starts "
        "nearer: a Markov chain wanders over pairs (x, σ) of a noisy datum and its noise level, "
        "and each pair is then denoised from its own σ. **That is exact**: a draw of the pair, "
        "carried by the probability flow, has the law of the data (`dmcmc-exact`).\n\n"
        "**Which state of the chain is kept matters.** A pair with a small σ is cheap to denoise. "
        "In the public code, as we read it (1202kbs/DMCMC at 370faba, Sampling Demo.ipynb), the "
        "state with the smallest σ of each window of 11 states is kept. The clean datum z and σ "
        "are independent in each pair. The choice still biases z: where the next σ is smaller, x "
        "was drawn at the larger one before, and is large for its new σ. Take a toy, data N(0, λI) "
        f"with λ = 1, exact draws and 60 levels. One step makes E z² {one} times λ in one "
        f"dimension and {four} times in "
        f"four. After ten steps in four it is {ten} (`dmcmc-smallest`). Pairs that are drawn "
        "apart have no such bias. Real chains differ from the toy: the same code takes the most "
        "likely σ of a classifier, and no draw. How large the bias is there, we do not know.\n\n"
        "**Langevin steps** have a bias of their own. At fixed σ, with v = λ + σ², the "
        "variance is v/(1 − η/(4v)), if v > η/4 (`dmcmc-ula`). With draws of σ in turn E z² is "
        f"{long} times λ at η = 0.8 and {short} times at 0.2, in one dimension with λ = 1 "
        "(`dmcmc-chain`).\n\n"
        "**In many dimensions the noise level hardly moves.** Where the noise is far above the "
        "data, a draw of x and one of σ move log σ by √(ψ₁(d/2)/2), about 1/√d (`dmcmc-gibbs`). "
        f"For d = 3072, the size of CIFAR-10, that is {number(move**0.5)}. A walk of such steps "
        f"over the range 0.01 to 50, 8.5 in log σ, takes about {number(8.5**2 / move, 2)} of them. "
        "So windows of ten steps say little about all levels; the chain stays near the level at "
        "which it began. That may be what is wanted, near the data."
    )


def _headline(f: Findings) -> str:
    one = number(at(f, "dmcmc-smallest", d=1, window=1))
    return (
        f"Keeping the least noisy state of two makes the second moment of the data {one} times as "
        "large as it is."
    )


def _alt(f: Findings) -> str:
    return (
        "Two panels. (a) E z² over λ of the kept state, about 1.19 and 1.17 in one dimension after "
        "1 and 3 steps; in four dimensions 1.12, 1.15 and 1.11 after 1, 3 and 10. b, log-log: the "
        "move of log σ falls with the dimension as 1/√d, above it in few dimensions."
    )


FIGURE = Figure(
    name="dmcmc",
    paper="kim_2022_denoising_mcmc",
    title="A chain over data and noise: what is kept of it, and how it moves",
    studies=("evidence-dmcmc",),
    draw=draw,
    sample=sample,
    heading="A chain over data and noise",
    shows=(
        "The abstract: MCMC in the product space of data and variance, then a reverse integrator "
        "from there. Denoising Langevin Gibbs accelerates six integrators on images"
    ),
    unknown="what is proven of the chain, the law over levels, the settings of the experiments",
    claims=("dmcmc-exact", "dmcmc-smallest", "dmcmc-ula", "dmcmc-chain", "dmcmc-gibbs"),
    headline=_headline,
    found=_found,
    ran=ran,
    alt=_alt,
)
FIGURES: tuple[Figure, ...] = (FIGURE,)
