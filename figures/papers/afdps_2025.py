"""How long weights keep a variance: the effective share of particles, an annealed misfit."""

import matplotlib.figure
import numpy as np
import pandas as pd

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, at, number, ran

BOTH = ["measured", "predicted"]


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables afdps-ess (u, sy2) and afdps-particles (u), E w² over (E w)²; afdps-infinite
        (order, sy2); afdps-annealed-infinite (gamma), each with measured, two with predicted

    Raises
    ------
    BadTable
        If a table is missing or not finite, a number is not positive, or afdps-infinite has no row
        of order 2.
    """
    share = data.table("afdps-ess", ["sy2", "u"], positive=["sy2", "u", *BOTH])
    drawn = data.table("afdps-particles", ["u"], positive=["u", "measured"])
    ends = data.table("afdps-infinite", ["order", "sy2"], positive=["order", "sy2", "measured"])
    tilted = data.table("afdps-annealed-infinite", ["gamma"], positive=["gamma", *BOTH, "last"])
    second = ends[ends["order"] == 2]
    if second.empty:
        raise data.bad("afdps-infinite", "column order must hold a 2")
    share, tilted = share.sort_values("u"), tilted.sort_values("gamma")
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 2.7), layout="constrained")
        left, right = figure.subplots(1, 2)
        law = share.drop_duplicates("u")
        colour = style.COLOURS
        left.plot(law["u"], 1 / law["predicted"], "--", color=style.FAINT, gid="law", label="law")
        for k, (name, frame) in enumerate({"moments": share, "particles": drawn}.items()):
            left.plot(
                frame["u"], 1 / frame["measured"], style.MARKERS[k], color=colour[k], label=name,
                gid=f"points-{name}",
            )  # fmt: skip
        end = float((second["measured"] / second["sy2"]).iloc[0])
        left.axvline(end, color=style.FAINT, ls=":", lw=0.9, gid="end")
        left.set_xlim(0, 1)
        left.set_ylim(0, 1.03)
        left.set_xlabel("fall of σ² over $σ_y^2$")
        left.set_title("effective share of the particles", loc="left")
        left.legend(loc="lower left")
        right.plot(
            tilted["gamma"], np.sqrt(tilted["predicted"]), "--", color=style.FAINT, gid="law-gamma"
        )
        right.plot(
            tilted["gamma"], np.sqrt(tilted["measured"]), style.MARKERS[2], color=colour[2],
            gid="points-gamma",
        )  # fmt: skip
        last = float(tilted["last"].max())
        right.axhline(last, color=style.FAINT, lw=0.6, gid="start")
        right.axvline(np.sqrt(2 * np.sqrt(2) - 2), color=style.FAINT, ls=":", lw=0.9)
        right.set_xlim(0, 1.1)
        right.set_ylim(0, 1.08 * last)
        right.set_xlabel("γ of the annealed misfit")
        right.set_title("σ at which the variance is infinite", loc="left")
        style.letters(left, right)
        style.note(
            figure,
            "Constant prior on the line, particles that are never resampled. Dashes: the claims' "
            "formulas. (a) Dotted: π/4, from where on the weights have no variance. (b) The "
            f"measurement's noise has the deviation 1, and the line at σ = {last:g} is the start; "
            "dotted: γ = 0.910, from where on the weights keep their variance.",
        )
    return figure


def sample() -> FigureData:
    """A few of each."""
    u = [0.1, 0.4, 0.7]
    share = pd.DataFrame(
        {"sy2": 1.0, "u": u, "measured": [1.005, 1.11, 2.0], "predicted": [1.005, 1.11, 2.0]}
    )
    tilted = pd.DataFrame({"gamma": [0.3, 0.8], "last": 8.0, "measured": [58.3, 8.4]})
    tilted["predicted"] = tilted["measured"]
    tables = {
        "afdps-ess": share,
        "afdps-particles": pd.DataFrame({"u": [0.1, 0.2], "measured": [1.005, 1.02]}),
        "afdps-infinite": pd.DataFrame(
            {"order": [2.0, 4.0], "sy2": 1.0, "measured": [0.785, 0.302]}
        ),
        "afdps-annealed-infinite": tilted,
    }
    return FigureData("afdps", tables, {})


def _found(f: Findings) -> str:
    first = {"lambda": 1.0, "sy2": 0.25, "r": 0.0}
    right = [number(at(f, "afdps-law", **first, moment=name)) for name in ("mean", "variance")]
    wrong = [
        number(at(f, "afdps-unweighted", **first, moment=name)) for name in ("mean", "variance")
    ]
    evidence = number(at(f, "afdps-evidence", **first))
    share = [number(1 / at(f, "afdps-ess", sy2=1.0, u=u), 2) for u in (0.3, 0.5, 0.7)]
    end = number(at(f, "afdps-infinite", order=2.0, sy2=1.0))
    steps = [f"{at(f, 'afdps-grid', sy2=sy2, last=8.0):.0f}" for sy2 in (1.0, 0.25)]
    errors = [number(at(f, "afdps-resampled", particles=n) ** 0.5, 2) for n in (250, 1000)]
    apart = [number((0.5 / n) ** 0.5, 2) for n in (250, 1000)]
    tilted = number(at(f, "afdps-annealed-infinite", gamma=0.3) ** 0.5)
    return (
        "A diffusion prior gives the score s of data with noise. To draw from a posterior one "
        "also needs the misfit V, how far x is from the measurement y. The abstract's way: let "
        "particles follow a drift that holds both, and weight them by what the drift gets wrong. "
        "We derived such an equation. Its particles move by s − ∇V and their log weights grow at "
        "the rate ½(|∇V|² − ΔV) − s·∇V. **It is exact, for every prior and misfit**: at every "
        "noise level the weighted particles have the law p_σ e^{−V} (`afdps-law`). On the line, "
        f"with prior N(0, 1), y = 1.5 and σ_y² = 0.25, they end at mean {right[0]} and variance "
        f"{right[1]}, the posterior's. Without the weights they end at {wrong[0]} and {wrong[1]}. "
        f"The mean weight is the change of the evidence from σ = 4 on: its log is {evidence} "
        "(`afdps-evidence`).\n\n"
        "**But the weights soon lose their variance.** Let u be the fall of σ² over σ_y². The "
        f"effective share of the particles is {share[0]} at u = 0.3, {share[1]} at 0.5, "
        f"{share[2]} at 0.7, and 0 at π/4 = {end} (`afdps-infinite`; constant prior). The public "
        "code below starts at σ = 8 or 80, far above that. From there on an average over "
        "weighted particles has no error bar of the usual kind, and its error need not fall like "
        "N^{−1/2}. Resampling "
        "whenever the share fell below ½ did not mend it in our example, with the variance ½ of "
        "the posterior (σ_y = 1, start at σ = 8). The root mean "
        f"square errors of the mean were {errors[0]} with 250 particles and {errors[1]} with 1000, "
        f"where independent draws have {apart[0]} and {apart[1]}.\n\n"
        "In discrete time the mean weight itself can be infinite: it is, where σ² falls by about "
        f"σ_y² or more in one step of Euler. The usual grid from σ = 8 needs {steps[0]} points "
        f"at σ_y = 1, and {steps[1]} at σ_y = 0.5, for its first step alone (`afdps-grid`).\n\n"
        "**Annealing helps, if its own term is kept.** With σ_y² + γ²σ² in place of σ_y² the "
        "weights need ∂V/∂σ² as well; then the law is exact again (`afdps-annealed`). For γ ≥ "
        "0.910 the variance stays finite under a constant prior. For γ = 0.3 it is infinite from "
        f"σ = {tilted} on, soon after the start.\n\n"
        "Public code: erichou1/AFDPS at fb6a503, of which we do not know whether it is the "
        "authors' own. We read there the same drift and weights, no resampling by default, and "
        "for Navier–Stokes γ = 1 without the term ∂V/∂σ², the misfit taken at the denoised "
        "point. That weighted law is not the posterior; it may still serve to choose a "
        "particle. Nothing here contradicts the abstract's bound, whose assumptions we have not "
        "read."
    )


def _headline(f: Findings) -> str:
    end = number(at(f, "afdps-infinite", order=2.0, sy2=1.0))
    return (
        "Under a flat prior, without resampling, the weights lose their variance once σ² has "
        f"fallen by {end} of the measurement's noise variance."
    )


def _alt(f: Findings) -> str:
    return (
        "Two panels. (a) The effective share of the particles falls from 1 to 0 as the noise "
        "variance falls by π/4 of the measurement's; drawn particles lie on the curve. (b) The σ "
        "at which the variance of the weights becomes infinite, against γ: near the start for "
        "small γ, falling towards 0 before γ = 0.91."
    )


FIGURE = Figure(
    name="afdps",
    paper="afdps_2025",
    title="Weighted particles for a posterior: how long their weights keep a variance",
    studies=("evidence-afdps",),
    draw=draw,
    sample=sample,
    heading="A posterior by weighted particles",
    shows=(
        "The abstract: a modified PDE for the posterior, with a diffusion and a reweighting term, "
        "is simulated by weighted particles without heuristic approximations. The error is bounded "
        "in terms of the score's training error and the number of particles"
    ),
    unknown="the PDE as they write it, the bound and its assumptions, how they resample",
    claims=(
        "afdps-law",
        "afdps-evidence",
        "afdps-unweighted",
        "afdps-infinite",
        "afdps-ess",
        "afdps-particles",
        "afdps-step",
        "afdps-grid",
        "afdps-annealed",
        "afdps-annealed-infinite",
        "afdps-resampled",
    ),
    headline=_headline,
    found=_found,
    ran=ran,
    alt=_alt,
)
FIGURES: tuple[Figure, ...] = (FIGURE,)
