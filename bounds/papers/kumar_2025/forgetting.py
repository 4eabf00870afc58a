r"""Claims on what bootstrapping wins, which is what features forget from level to level.

With linear scores and one eigenvalue λ a step keeps ρ² = (λ + x')/(λ + x) of the square of an old
error, in the clock x = e^{2t} − 1. For one feature and two levels the leading order is, with V_k
the posterior variance at level k,

    m risk/a_2² = E φ_2² R_2²/E φ_2² + ρ² E φ_1² V_1/E φ_1²,   ρ² = (E φ_1 φ_2)²/(E φ_1² E φ_2²).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bounds.check import Array
from bounds.claim import Cell, Claim
from bounds.papers.kumar_2025.every_m import beta, clock, moments

# --- what is forgotten
# ----------------------------------------------------------------------------------------------


def centred_risk(largest: float, x: Array, forgetting: float | None = None) -> float:
    """r_N/a² for the clock x_0 = 0, …, x_N: a step keeps ρ² = (λ + x')/(λ + x) of what was; λ in it
    may be another.
    """
    at = largest if forgetting is None else forgetting
    total = 0.0
    for before, after in pairwise(x):
        fresh = float(beta(largest, after) - beta(largest, before))
        total = fresh + float((at + before) / (at + after)) * total
    return total


def linear_ratio(cell: Cell, forgetting: float | None = None) -> float:
    """BSM's risk over DSM's with linear scores, all λ_i = λ, to leading order."""
    x = clock(cell)
    x = x[x <= np.expm1(2 * cell["t"]) * (1 + 1e-9)]
    return centred_risk(cell["largest"], x, forgetting) / float(beta(cell["largest"], x[-1]))


def linear_kept(cell: Cell) -> float:
    """ρ² of linear scores from the first level to the cell's."""
    first, last = cell["times"][0], cell["t"]
    return float((cell["largest"] + np.expm1(2 * first)) / (cell["largest"] + np.expm1(2 * last)))


def strong_bound(cell: Cell, *, minding: bool = True) -> float:
    """(number of constants) q_N + (the rest) r_N, over a²; or P r_N."""
    x, count = clock(cell), len(cell["degrees"])
    constants = cell["degrees"].count(0) if minding else 0
    q, r = float(beta(cell["largest"], x[-1])), centred_risk(cell["largest"], x)
    return constants * q + (count - constants) * r


def _correlation(cell: Cell, largest: str) -> float:
    before, after = clock(cell)[1:]
    return float((cell[largest] + before) / (cell[largest] + after))


# --- one feature, two levels
# ----------------------------------------------------------------------------------------------


def _grid(law: str, scale: float, t: float) -> Array:
    """Where X_t is but for 1e-12."""
    wide = {"gaussian": 8.0, "uniform": 1.0}.get(law, 28.0) * scale
    low = 0.0 if law == "exponential" else -wide
    edge = 8 * np.sqrt(-np.expm1(-2 * t))
    return np.linspace(np.exp(-t) * low - edge, np.exp(-t) * wide + edge, 6001)


def _averages(law: str, scale: float, t: float) -> tuple[Array, Array]:
    """Probabilities and posterior variances on the grid of a level."""
    density, _, variance = moments(law, scale, t, _grid(law, scale, t))
    return density / density.sum(), variance


Feature = tuple[Array, Array, Array, Array]
"""φ_1 and E[φ_2|X_{t_1}], E[φ_2²|X_{t_1}] on the grid of level 1, φ_2 on that of level 2."""


def _two_levels(
    law: str, scale: float, times: Sequence[float]
) -> tuple[Array, Array, float, float]:
    """The grids of two levels, and how X_{t_1} goes on to X_{t_2}: e^{−g}, τ²."""
    x1, x2 = (_grid(law, scale, t) for t in times)
    gap = times[1] - times[0]
    return x1, x2, float(np.exp(-gap)), float(-np.expm1(-2 * gap))


def _wave(law: str, scale: float, times: Sequence[float], omega: float) -> Feature:
    """φ = cos(ωx)."""
    x1, x2, shrunk, fresh = _two_levels(law, scale, times)
    damp, turn = np.exp(-(omega**2) * fresh / 2), omega * shrunk * x1
    square = (1 + damp**4 * np.cos(2 * turn)) / 2
    return np.cos(omega * x1), damp * np.cos(turn), square, np.cos(omega * x2)


def _affine(law: str, scale: float, times: Sequence[float], slopes: Sequence[float]) -> Feature:
    """φ_k = 1 + a_k x."""
    x1, x2, shrunk, fresh = _two_levels(law, scale, times)
    ahead = 1 + slopes[1] * shrunk * x1
    return 1 + slopes[0] * x1, ahead, ahead**2 + slopes[1] ** 2 * fresh, 1 + slopes[1] * x2


@dataclass(frozen=True)
class OneFeature:
    """m · risk/a_2² of BSM and of DSM, to leading order; ρ² of the feature between the levels."""

    bsm: float
    dsm: float
    kept: float


def one_feature(law: str, scale: float, times: Sequence[float], feature: Feature) -> OneFeature:
    """The two-level formula of the module's head, over the densities of two levels."""
    phi1, ahead, square, phi2 = feature
    (p1, v1), (p2, v2) = (_averages(law, scale, t) for t in times)
    size1, size2 = float(p1 @ phi1**2), float(p2 @ phi2**2)
    whole, early = float(p2 @ (phi2**2 * v2)), float(p1 @ (square * v1))
    kept = float(p1 @ (phi1 * ahead)) ** 2 / (size1 * size2)
    bsm = (whole - early) / size2 + kept * float(p1 @ (phi1**2 * v1)) / size1
    return OneFeature(bsm, whole / size2, kept)


def wave(law: str, scale: float, times: Sequence[float], omega: float) -> OneFeature:
    """For φ = cos(ωx)."""
    return one_feature(law, scale, times, _wave(law, scale, times, omega))


def wave_ratio(cell: Cell) -> float:
    """BSM's risk over DSM's for the feature cos(ωx)."""
    found = wave(cell["law"], cell["scale"], cell["times"], cell["frequency"])
    return found.bsm / found.dsm


def worse(cell: Cell) -> float:
    """BSM's risk over DSM's for 1 + slope · x, or 1 + slope · (x − E x), whose span is that of
    1 + a_k x.
    """
    times, slope = cell["times"], cell["slope"]
    shifts = np.exp(-np.array(times)) if cell["centred"] else np.zeros(2)
    slopes = slope / (1 - slope * shifts)
    found = one_feature(cell["law"], 1.0, times, _affine(cell["law"], 1.0, times, slopes))
    return found.bsm / found.dsm


# --- the claims
# ----------------------------------------------------------------------------------------------

_FIXED = (
    "One noise path for each datum, the score in the class, the control-variate weight, least "
    "squares on the same m paths at every level"
)
_LEADING = "To leading order in 1/m"

CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="forgetting-none",
        statement="Where features cannot change from level to level nothing is forgotten: for φ = "
        "1, and for linear scores at m = d, BSM is DSM on every data set.",
        assumptions=_FIXED + "; Gaussian and exponential data, four levels.",
        source="theory.md, Forgetting",
        origin="derived",
        kind="identity",
        measurement="evidence-forgetting:none",
        formula=lambda c: 1.0,
        decoy=lambda c: linear_ratio({**c, "t": c["times"][-1]}),
        decoy_note="BSM over DSM for linear scores to leading order, at the law's Poincaré "
        "constant",
        tolerance=1e-9,
        why="All Π_k are one projection, or the identity.",
        uses=("every-m-projections",),
    ),
    Claim(
        name="forgetting-flat",
        statement="What bootstrapping wins is the decorrelation of the features: to leading order, "
        "with linear scores and Δ = 0.1, BSM/DSM at t = 2 is .083, .367, .817, .998 at λ = 1, 10, "
        "100, 10⁴.",
        assumptions=_LEADING
        + ", m = 100000, d = 16, all λ_i = λ, 0.1 to 10⁴, at t = 0.5, 1 and 2; "
        "the ratio of paired risks.",
        source="theory.md, Forgetting",
        origin="derived",
        kind="tight",
        measurement="forgetting/linear",
        formula=linear_ratio,
        decoy=lambda c: linear_ratio(c, forgetting=1.0),
        decoy_note="features that decorrelate like e^{−2g}, as if the law did not matter",
        tolerance=0.001,
        why="To leading order a step keeps ρ² = (λ + x')/(λ + x) of an old error, which tends to "
        "1.",
        uses=("every-m-exact",),
    ),
    Claim(
        name="forgetting-features",
        statement="To leading order, for one feature and two levels, m · risk is the fresh error "
        "and ρ² times the carried one, ρ the correlation of the feature between the levels.",
        assumptions=_LEADING
        + ", m = 400; φ = cos(ωx), ω = 0.5 … 4, t = 0.5, 0.7; Gaussian, Laplace and "
        "uniform data; 1 % of DSM's risk of slack for higher orders.",
        source="theory.md, Projection identity",
        origin="derived",
        kind="tight",
        measurement="forgetting/feature",
        formula=wave_ratio,
        decoy=lambda c: 1.0,
        decoy_note="nothing forgotten",
        tolerance=0.01,
        scale=1.0,
        why="In L² the projection of an old error on the new feature keeps ρ² of its square.",
        uses=("every-m-projections",),
    ),
    Claim(
        name="forgetting-worse",
        statement="BSM is not always better: to leading order, for exponential data and the class "
        "s + θ(1 + .2 ξ), ξ centred, its risk is 1.0040 times DSM's (1.0031 without centring).",
        assumptions=_LEADING + "; slopes .1, .2, .3, t = 0.1, 0.3. Measured: sums over grids of "
        "(X_0, X_{t_1}, X_{t_2}). Predicted: truncated normals.",
        source="theory.md, Bootstrapping counterexamples",
        origin="derived",
        kind="identity",
        measurement="evidence-forgetting:worse",
        formula=worse,
        decoy=lambda c: 1.0,
        decoy_note="at most DSM's risk for every log-concave law",
        tolerance=1e-6,
        why="The error of the first level is larger under its own feature than under the "
        "second's, by more than the correlation forgets.",
        uses=("forgetting-features",),
    ),
    Claim(
        name="forgetting-strong",
        statement="To leading order in 1/m, for α-strongly log-concave data, a class of P members "
        "with one constant has m · risk at most q_N + (P − 1) r_N, a centred one at most P r_N; at "
        "every m only P q_N is proven.",
        assumptions=_LEADING
        + "; densities exp(−y²/2λ − c (y/√λ)⁴), λ = 1/α = 1 and 4, c = 0 … 10; "
        "centred powers of x and 1; four levels up to t = 2; over a_N².",
        source="theory.md, Strong log-concavity and forgetting",
        origin="derived",
        kind="upper",
        measurement="evidence-forgetting:strong",
        formula=strong_bound,
        decoy=lambda c: strong_bound(c, minding=False),
        decoy_note="P r_N for every class, φ = 1 among them",
        tolerance=1e-9,
        why="Increments have variance at most that of N(0, λ), and conditional expectation maps "
        "constants to constants and shrinks the rest by ρ.",
        uses=("forgetting-correlation",),
    ),
    Claim(
        name="forgetting-correlation",
        statement="Between levels no function of mean 0 keeps more than ρ² = (λ + x')/(λ + x) of "
        "its variance, λ the Poincaré constant of the data.",
        assumptions="Gaussian, Laplace, exponential data and exp(−y²/2 − y⁴), two pairs of levels. "
        "Measured: over all functions at once, a singular value on grids.",
        source="theory.md, Strong log-concavity and forgetting",
        origin="derived",
        kind="upper",
        measurement="evidence-forgetting:correlation",
        formula=lambda c: _correlation(c, "poincare"),
        decoy=lambda c: _correlation(c, "variance"),
        decoy_note="λ the variance, which a Poincaré constant is never below",
        tolerance=1e-8,
        why="p_u has the Poincaré constant v(u) at λ, and 2 du/v = dx/(λ + x).",
    ),
)
