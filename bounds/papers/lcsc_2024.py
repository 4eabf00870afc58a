r"""LCSC 2024: a linear combination of saved checkpoints. What the abstract says, on least squares.

The derivations stand in theory.md, "Combining checkpoints". Gradient descent with step η on the
loss ½ Σ λ_i δ_i² multiplies the error δ_i by r_i = 1 − η λ_i each step, and adds noise of variance
η² λ_i s where labels are noisy. Weights w_k of the checkpoints sum to 1.

    noise alone, ρ = r^m between two of n checkpoints:   ends : middle = 1 : (1 − ρ),
    least variance (1 + ρ)/(n − (n − 2)ρ) of that of one;

    no noise, d directions, d + 1 checkpoints:   w_k the coefficients of Π (z − r_i)/(1 − r_i),
    exact, Σ|w_k| = Π (1 + r_i)/(1 − r_i).
"""

import numpy as np
import scipy

from bounds.check import Array
from bounds.claim import Cell, Claim, Paper

PAPER = Paper(
    stem="lcsc_2024",
    title="Linear Combination of Saved Checkpoints Makes Consistency and Diffusion Models Better",
    authors=(
        "Liu",
        "Zhu",
        "Lin",
        "Ning",
        "Blaschko",
        "Yekhanin",
        "Yan",
        "Dai",
        "Yang",
        "Wang",
    ),
    venue="arXiv 2024",
    link="https://arxiv.org/abs/2404.02241",
    have="the abstract; every formula here is derived by us, and their statements are unread",
    unknown=(
        "abstract read; statements unread: how the evolutionary search is run, and on what score",
        "what is meant by a basin that SGD cannot reach, beyond the abstract's sentence",
        "which checkpoints are saved, and the coefficients that were found",
    ),
    about={
        "variance": ("lcsc-variance", "lcsc-ema", "lcsc-size"),
        "risk": ("lcsc-exact", "lcsc-average", "lcsc-transient"),
        "optimisation": ("lcsc-*",),
    },
)


def _together(cell: Cell) -> float:
    """ρ between two checkpoints."""
    return float(cell["r"] ** cell["every"])


def least_variance(cell: Cell) -> float:
    """(1 + ρ)/(n − (n − 2)ρ)."""
    n, rho = cell["count"], _together(cell)
    return float((1 + rho) / (n - (n - 2) * rho))


def plain_variance(cell: Cell) -> float:
    """Of the mean of the checkpoints: (1/n)[(1 + ρ)/(1 − ρ) − 2ρ(1 − ρ^n)/(n(1 − ρ)²)]."""
    n, rho = cell["count"], _together(cell)
    return float(((1 + rho) / (1 - rho) - 2 * rho * (1 - rho**n) / (n * (1 - rho) ** 2)) / n)


def rates(cell: Cell) -> Array:
    """r_i of the directions."""
    return np.asarray(1 - cell["step"] * np.array(cell["eigenvalues"]))


def coefficient(cell: Cell, *, slowest: bool = False) -> float:
    """w_k, the first checkpoint at k = 0; `slowest` takes out one direction alone."""
    r = rates(cell)
    taken = np.array([r.max()]) if slowest else r
    found = np.zeros(r.size + 1)
    found[r.size - taken.size :] = np.poly(taken)[::-1] / np.prod(1 - taken)
    return float(found[cell["k"]])


def size(cell: Cell, *, last: bool = False) -> float:
    """Σ|w_k| = Π (1 + r_i)/(1 − r_i); `last` is the weight of the last alone."""
    r = rates(cell)
    return float(np.prod((1.0 if last else 1 + r) / (1 - r)))


def last_loss(cell: Cell, more: int = 0) -> float:
    """½ Σ λ_i r_i^{2K} of the last checkpoint, K steps from a start at 1, or `more` steps later."""
    values = np.array(cell["eigenvalues"])
    return float(np.sum(values * rates(cell) ** (2 * (cell["steps"] + more))) / 2)


def _second_moments(cell: Cell) -> Array:
    """E of the loss's form at each pair of checkpoints, at ⌊jK/n⌋ for j = 1 … n."""
    values = np.geomspace(cell["least"], 1.0, cell["directions"])
    r = (1 - cell["step"] * values)[:, None, None]
    at = np.arange(1, cell["count"] + 1) * cell["steps"] // cell["count"]
    early, late = np.minimum.outer(at, at), np.maximum.outer(at, at)
    noise = cell["step"] ** 2 * (cell["noise"] * values)[:, None, None]
    drawn = noise * r ** (late - early) * (1 - r ** (2 * early)) / (1 - r**2)
    return np.asarray(np.tensordot(values, r ** (early + late) + drawn, axes=1) / 2)


def best_loss(cell: Cell) -> float:
    """1/(1ᵀM^{-1}1)."""
    M = _second_moments(cell)
    return float(1 / np.sum(np.linalg.solve(M, np.ones(len(M)))))


def best_average(cell: Cell) -> float:
    """The least wᵀMw with Σw = 1 and no w_k < 0."""
    M = _second_moments(cell)
    scale = np.trace(M) / len(M)
    # min |Lᵀw|² + (Σw − 1)² has the same direction, whatever the weight of the second term.
    rows = np.vstack([np.linalg.cholesky(M / scale).T, np.ones(len(M))])
    w = scipy.optimize.nnls(rows, np.eye(len(M) + 1)[-1])[0]
    w /= w.sum()
    return float(w @ M @ w)


_STUDY = "evidence-lcsc"
_SOURCE = "theory.md, Combining checkpoints; lcsc_2024, abstract, statement unread"
_NOISE = "Stationary SGD on least squares in one direction, eight (n, ρ)"
_EXACT = "Gradient descent without noise, 0 < r_i < 1, all different"
CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="lcsc-variance",
        statement="Of n checkpoints of a stationary chain with correlation ρ between neighbours "
        "the best combination has (1 + ρ)/(n − (n − 2)ρ) of the variance of one.",
        assumptions=f"{_NOISE}.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:variance",
        formula=least_variance,
        decoy=plain_variance,
        decoy_note="the plain mean's",
        tolerance=1e-8,
        why="The inverse of (ρ^{|i−j|}) has three diagonals; its sum is (n − (n − 2)ρ)/(1 + ρ).",
    ),
    Claim(
        name="lcsc-ends",
        statement="Its weights are equal in the middle and 1/(1 − ρ) times as large at both ends.",
        assumptions=f"{_NOISE}.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:middle",
        formula=lambda c: 1 - _together(c),
        decoy=lambda c: 1 - _together(c) ** 2,
        decoy_note="1 − ρ², the share of a step that is new in variance",
        tolerance=1e-6,
        why="Rows of the inverse add up to (1 − ρ)² in the middle, 1 − ρ at the ends, over 1 − ρ².",
        uses=("lcsc-variance",),
    ),
    Claim(
        name="lcsc-ema",
        statement="No exponential moving average of them, started at the first, has less than "
        "(1 + ρ)/(n − (n − 2)ρ).",
        assumptions=f"{_NOISE}; the best decay of each.",
        source=_SOURCE,
        origin="derived",
        kind="lower",
        measurement=f"{_STUDY}:ema",
        formula=least_variance,
        decoy=plain_variance,
        decoy_note="no less than the plain mean",
        tolerance=1e-9,
        why="Its weights add up to 1, and those of `lcsc-variance` are the best of all such.",
        uses=("lcsc-variance",),
    ),
    Claim(
        name="lcsc-exact",
        statement="Without noise d + 1 checkpoints in d directions combine to the exact minimiser, "
        "with the coefficients of Π (z − r_i)/(1 − r_i): signs alternate.",
        assumptions=f"{_EXACT}; d = 2, 3, 4.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:coefficient",
        formula=coefficient,
        decoy=lambda c: coefficient(c, slowest=True),
        decoy_note="(−r, 1)/(1 − r) on the last two, which takes out the slowest direction",
        tolerance=1e-6,
        scale=1.0,
        why="Σ w_k r_i^k = 0 for every i, and Σ w_k = 1.",
    ),
    Claim(
        name="lcsc-size",
        statement="Those coefficients have Σ|w_k| = Π (1 + r_i)/(1 − r_i), and multiply noise of "
        "the checkpoints accordingly.",
        assumptions=f"{_EXACT}; d = 2, 3, 4.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:size",
        formula=size,
        decoy=lambda c: size(c, last=True),
        decoy_note="the last one's weight, Π 1/(1 − r_i)",
        tolerance=1e-6,
        why="Signs alternate, so it is the polynomial at −1.",
        uses=("lcsc-exact",),
    ),
    Claim(
        name="lcsc-average",
        statement="No average of them, with weights that are not negative, is better than the last "
        "checkpoint.",
        assumptions=f"{_EXACT}; d = 2, 3, 4, d + 1 checkpoints.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:average",
        formula=last_loss,
        decoy=lambda c: last_loss(c, more=1),
        decoy_note="as good as one step more",
        tolerance=1e-7,
        why="Σ w_k r_i^k ≥ r_i^K in every direction.",
        uses=("lcsc-exact",),
    ),
    Claim(
        name="lcsc-transient",
        statement="On the way, with noise, the least mean loss is 1/(1ᵀM^{-1}1), M the losses' "
        "form at pairs of checkpoints: 25 % below the best average's at K = 50, the same at 5000.",
        assumptions="Least squares, 20 directions with λ = 0.01 … 1, η = 0.1, label noise s = 0.1, "
        "start at distance 1 in each; 10 checkpoints evenly spread over K = 50, 200, 1000, 5000.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:loss",
        formula=best_loss,
        decoy=best_average,
        decoy_note="weights that are not negative",
        tolerance=1e-7,
        description=True,
        why="A quadratic form under Σw = 1. That the gain goes is what was measured here.",
        uses=("lcsc-average", "lcsc-variance"),
    ),
)
