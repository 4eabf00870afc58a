"""How much of each estimator's error is no gradient, and what is left of the gains without it."""

import matplotlib.figure
import pandas as pd

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, at, number, ran

CLAIMS = ("invisible-leading", "visible-leading")
NAMES = {"dsm": "DSM", "bsm": "BSM", "path": "path fit"}


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables invisible-leading and visible-leading: estimator, t, n, measured, low, high,
        predicted, of the same estimators and times

    Raises
    ------
    BadTable
        If a table is missing or not finite, an interval does not hold its middle, replicate counts
        or cells differ, or an estimator is unknown.
    """
    key, columns = ["estimator", "t"], ["measured", "low", "high", "predicted"]
    hidden, seen = (
        data.table(name, key, numbers=["n", *columns], positive=["t"], words=["estimator"])
        for name in CLAIMS
    )
    frames = dict(zip(CLAIMS, (hidden, seen), strict=True))
    for name, frame in frames.items():
        data.check_order(name, frame, "low", "measured", "high")
        if not set(frame["estimator"]) <= set(NAMES) or "dsm" not in set(frame["estimator"]):
            raise data.bad(name, "column estimator must hold dsm, and beside it bsm or path alone")
    data.check_cells(frames, key)
    data.check_grid(CLAIMS[0], hidden, ["estimator"], "t")
    n = data.replicates(frames)
    total = hidden[["measured", "predicted"]] + seen[["measured", "predicted"]]
    base = (seen["estimator"] == "dsm").to_numpy()
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 2.9), layout="constrained")
        left, right = figure.subplots(1, 2)
        for k, (name, label) in enumerate(NAMES.items()):
            mine = (seen["estimator"] == name).to_numpy()
            if not mine.any():
                continue
            t, colour, marker = seen["t"][mine], style.COLOURS[k], style.MARKERS[k]
            whole = total["measured"][mine]
            ends = [hidden[end][mine] / whole for end in ("low", "high")]
            left.vlines(t, *ends, color=colour, lw=2.2)
            left.plot(
                t,
                hidden["predicted"][mine] / total["predicted"][mine],
                "--",
                color=colour,
                lw=0.9,
                gid=f"law-share-{name}",
            )
            share = hidden["measured"][mine] / whole
            left.plot(t, share, marker, color=colour, gid=f"share-{name}", label=label)
            if name == "dsm":
                continue
            for part, frame, filled in (("felt", seen, True), ("all", total, False)):
                predicted = frame["predicted"][mine].to_numpy() / frame["predicted"][base]
                found = frame["measured"][mine].to_numpy() / frame["measured"][base]
                right.plot(t, predicted, "--", color=colour, lw=0.9, gid=f"law-{part}-{name}")
                right.plot(
                    t,
                    found,
                    marker,
                    color=colour,
                    mfc=colour if filled else "white",
                    gid=f"{part}-{name}",
                    label=f"{label}, {'what samples feel' if filled else 'the whole risk'}",
                )
        left.set_ylim(-0.02, 0.55)
        left.axhline(0.5, color=style.FAINT, lw=0.8, zorder=1)
        right.set_ylim(0, 1)
        left.set_title("share of the risk that is no gradient", loc="left")
        right.set_title("error over that of DSM", loc="left")
        for axes in (left, right):
            axes.set_xlabel("time t")
        left.legend(loc="center left")
        right.legend(loc="upper right")
        style.letters(left, right)
        style.note(
            figure,
            "Gaussian data, λ = linspace(0.3, 3, 8), Δ = 0.1, linear scores, the setting of Figure "
            f"3a. n = {n} replicates; 95 % intervals in (a). Dashes: leading order in 1/m.",
        )
    return figure


def sample() -> FigureData:
    """Three estimators at two times."""
    keys = [(name, t) for name in NAMES for t in (0.5, 1.0)]

    def table(values: list[float]) -> pd.DataFrame:
        frame = {
            "estimator": [name for name, _ in keys],
            "t": [t for _, t in keys],
            "n": 20,
            "measured": values,
            "low": [0.95 * value for value in values],
            "high": [1.05 * value for value in values],
            "predicted": values,
        }
        return pd.DataFrame(frame)

    tables = {
        "invisible-leading": table([21.0, 6.5, 14.8, 2.9, 0.0, 0.0]),
        "visible-leading": table([24.6, 8.0, 17.8, 3.6, 12.4, 2.7]),
    }
    return FigureData("visible", tables, {})


def _parts(f: Findings, name: str, t: float) -> tuple[float, float]:
    """(what samples feel, all of it)."""
    hidden, seen = (at(f, claim, estimator=name, t=t) for claim in CLAIMS)
    return seen, hidden + seen


def _found(f: Findings) -> str:
    felt = {(name, t): _parts(f, name, t) for name in NAMES for t in (1.0, 2.0)}

    def ratio(above: str, below: str, t: float, part: int) -> str:
        return number(felt[above, t][part] / felt[below, t][part])

    def share(name: str) -> str:
        return number(100 * (1 - felt[name, 1.0][0] / felt[name, 1.0][1]), 2)

    return (
        "Of denoising score matching's error the part that moves no mass is known exactly, for "
        "every m: for equal eigenvalues (1 − 1/d)/2 of the risk. **Nearly half of the score's "
        "error never reaches the samples**, to first order. In the setting of Figure 3a at t = 1 "
        f"it is {share('dsm')} % for DSM and {share('bsm')} % for BSM. A path fit's estimate is "
        "symmetric, and all of its error is felt.\n\n"
        "So BSM's gain over DSM is nearly the same in what samples feel as in the risk: "
        f"{ratio('bsm', 'dsm', 1.0, 0)} and {ratio('bsm', 'dsm', 1.0, 1)} of DSM's at t = 1. Not "
        "so the path fit's gain over BSM, which halves entries by pooling (i, j) with (j, i). It "
        f"has {ratio('path', 'bsm', 1.0, 1)} of BSM's risk at t = 1, and "
        f"{ratio('path', 'bsm', 1.0, 0)} of what samples feel; at t = 2 "
        f"{ratio('path', 'bsm', 2.0, 1)} and {ratio('path', 'bsm', 2.0, 0)}.\n\n"
        "A field that is no gradient is no sign of a bad model: the integral around a circle, and "
        "the Jacobian's asymmetry, have mean squares of order 1/m from noise alone (`loop-dsm`). "
        "All of this is to first order: with the error a (S + R) the rest R changes the samples by "
        "order a² (`gauge-second-order`)."
    )


def _headline(f: Findings) -> str:
    t = 1.0
    felt, whole = _parts(f, "dsm", t)
    return (
        f"At time {t:g}, {number(100 * (1 - felt / whole), 2)} % of the error of denoising score "
        "matching moves no mass: to first order samples do not feel it."
    )


def _alt(f: Findings) -> str:
    return (
        "Two panels against the time. (a) The share of the risk that is no gradient, 0.4 to 0.5 "
        "for DSM and BSM, 0 for the path fit. (b) Errors over DSM's, falling with time; BSM's "
        "whole risk and what samples feel of it lie together, the path fit's whole risk lies at "
        "about half of what samples feel of it."
    )


FIGURE = Figure(
    name="visible",
    paper="vuong_2025",
    title="The part of the score's error that samples feel, for DSM, BSM and the path fit",
    studies=("evidence-visible",),
    draw=draw,
    sample=sample,
    heading="How much of the score's error is felt",
    shows=(
        "The abstract: trained networks violate integral and differential constraints of scores; "
        "errors that are no gradient do not necessarily harm the transport of densities. Training "
        "is better understood as matching the velocity of a Wasserstein gradient flow"
    ),
    unknown=(
        "the networks, data and sizes of the violations, and what is proven; no network is trained "
        "here"
    ),
    claims=(
        "invisible-dsm",
        *CLAIMS,
        "loop-dsm",
        "gauge-second-order",
    ),
    headline=_headline,
    found=_found,
    ran=ran,
    alt=_alt,
)
FIGURES: tuple[Figure, ...] = (FIGURE,)
