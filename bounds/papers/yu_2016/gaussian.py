r"""Edges of a Gaussian graphical model: the estimator's exact law, coverage of its intervals,
selection.

**Estimator.** x ~ N(0, Ω^{-1}), S = XᵀX/n, A = {a, b} and those columns that are adjusted for, k =
|A|. With rows a and b of Ω_AA as parameters, ω_ab shared, Hyvärinen's loss of the two rows is
Σ_{i=a,b} [½ ω_i· S_AA ω_·i − ω_ii]. Without sharing, the minimum is S_AA ω_·i = e_i: rows of
S_AA^{-1}. That matrix is symmetric, so sharing costs nothing: ω̂_ab = (S_AA^{-1})_ab, which is also
maximum likelihood. If A holds all neighbours of a and of b, rows a and b of (Σ_AA)^{-1} are those
of Ω.

**Sandwich.** By Wick's formula √n (ω̂_ab − ω_ab) → N(0, V), V = ω_aa ω_bb + ω_ab²; A does not
enter.

**Exact law.** The block of a and b in S_AA^{-1} is the inverse of S_AA's Schur complement, so n
W^{-1} with W ~ W_2(ν, Ω_ab^{-1}), Ω_ab the 2 × 2 block, ν = n − k + 2. Moments of the inverse
Wishart law:

    E ω̂ = n ω_ab/(n − k − 1),
    Var ω̂ = n² [(ν − 1) ω_ab² + (ν − 3) ω_aa ω_bb]/[(ν − 2)(ν − 3)²(ν − 5)],   ν > 5.

**Coverage.** Write W's entries u, v, w, q = √(uv), r = w/q, D = q²(1 − r²). Then ω̂_ab = −n r/(q(1 −
r²)), and ω̂_aa ω̂_bb + ω̂_ab² = n²(1 + r²)/(q(1 − r²))². An interval f ω̂ ± c √(ω̂_aa ω̂_bb + ω̂_ab²)
holds a number τ where

    |f n r + τ q (1 − r²)| ≤ c n √(1 + r²).

Units drop out: set ω_aa = ω_bb = 1, so that ω_ab becomes −ρ. The density of W at u = q e^s, v = q
e^{−s} is then, with the Jacobian 2q²,

    (q, r, s):   q^{ν−1} (1 − r²)^{(ν−3)/2} exp(−q (cosh s − ρ r)).

Given r and s, q has a Gamma law, and the event is an interval of q: two dimensions are left, and a
smooth integrand. At τ = ω_ab = 0 none is left: √(ν−1) r/√(1 − r²) has Student's t with ν − 1
degrees of freedom, and r² ≤ (z²/n)(1 + r²) is r²/(1 − r²) ≤ z²/(n − 2z²). So the plain interval,
f = 1, c = z/√n, covers a null edge with probability

    2 T_{ν−1}(√((ν−1) z²/(n − 2z²))) − 1  →  2Φ(z √(1 − k/n)) − 1,

and always where n ≤ 2z². The repaired one, f = (n − k − 1)/n, c = z f/√(n − k), has n − k in n's
place: 2 T_{ν−1}(√((ν−1) z²/(n − k − 2z²))) − 1 → 2Φ(z) − 1.

**k ∝ √n.** Bias over standard error is (k + 1)/(n − k − 1) · √n ω_ab/√V → c ω_ab/√V at k = c√n,
while the spread's own error vanishes: coverage Φ(z − cω_ab/√V) − Φ(−z − cω_ab/√V).

**Selection.** Three columns, edge (1, 2), and a third with ω_13 = h/√n. Dropping it estimates ω^A =
ω_12 − ω_13 ω_23/ω_33 in ω_12's place, by the law above with Ω_ab replaced by (Σ_AA)^{-1}. Select it
if |ω̂_13| > τ √((ω̂_11 ω̂_33 + ω̂_13²)/n). Whoever looks at node 1 alone covers at most where the third
is dropped and that interval covers, or where it is selected: the sum of both probabilities is an
upper bound. Looking at node 2 as well, where ω_23 is large, keeps the third: three columns, k = 3.
"""

from functools import partial
from math import sqrt

import numpy as np
from scipy.special import gammainc, ndtr, ndtri, stdtr

from bounds.check import Array
from bounds.claim import Cell, Claim

Z = -float(ndtri(0.025))
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(200)
_HALF = tuple(part[30:] for part in np.polynomial.legendre.leggauss(60))
_STUDY = "evidence-yu"

# --- the Gaussian case ----------------------------------------------------------------------------


def _sizes(cell: Cell) -> tuple[int, int, float, float, float]:
    """n, k, ω_aa, ω_ab, ω_bb."""
    return (cell["rows"], cell["k"], *cell["omega"])


def inverse_entry(cell: Cell) -> float:
    """(S_AA^{-1})_ab."""
    return float(np.linalg.inv(np.array(cell["covariance"]))[0, 1])


def without_one(cell: Cell) -> float:
    """The decoy: the same without the last neighbour."""
    return float(np.linalg.inv(np.array(cell["covariance"])[:-1, :-1])[0, 1])


def sandwich(cell: Cell, sign: float = 1.0) -> float:
    """ω_aa ω_bb ± ω_ab²."""
    ((aa, ab), (_, bb)) = np.array(cell["precision"])[np.ix_(cell["columns"], cell["columns"])][
        :2, :2
    ]
    return float(aa * bb + sign * ab**2)


def mean(cell: Cell, less: int = 1) -> float:
    """n ω_ab/(n − k − less)."""
    n, k, _, ab, _ = _sizes(cell)
    return float(n * ab / (n - k - less))


def mean_square(cell: Cell) -> float:
    """E(ω̂ − ω)²."""
    n, k, aa, ab, bb = _sizes(cell)
    nu = n - k + 2
    spread = (nu - 1) * ab**2 + (nu - 3) * aa * bb
    return float(n**2 * spread / ((nu - 2) * (nu - 3) ** 2 * (nu - 5)) + (mean(cell) - ab) ** 2)


def mean_square_rough(cell: Cell) -> float:
    """The decoy: the sandwich for n − k data, and the bias."""
    n, k, aa, ab, bb = _sizes(cell)
    return float((aa * bb + ab**2) / (n - k) + (mean(cell) - ab) ** 2)


def null_coverage(cell: Cell, *, repaired: bool) -> float:
    """2 T_{ν−1}(√((ν−1) z²/(N − 2z²))) − 1, N = n or n − k."""
    n, k = cell["rows"], cell["k"]
    nu, left = n - k + 2, (n - k if repaired else n) - 2 * Z**2
    return float(2 * stdtr(nu - 1, sqrt((nu - 1) * Z**2 / left)) - 1)


def null_limit(cell: Cell) -> float:
    """2Φ(z √(1 − k/n)) − 1."""
    return float(2 * ndtr(Z * sqrt(1 - cell["k"] / cell["rows"])) - 1)


def null_normal(cell: Cell) -> float:
    """The decoy for the repaired interval: Student's law at z, 2 T_{ν−1}(z) − 1."""
    return float(2 * stdtr(cell["rows"] - cell["k"] + 1, Z) - 1)


def coverage(n: int, k: int, block: Array, target: float, f: float, c: float) -> float:
    """P(f ω̂ ± c √(ω̂_aa ω̂_bb + ω̂_ab²) holds the target), the block's law as in the opening lines.

    In r the integrand has kinks where an end of the interval passes 0: panels end there. It is even
    in s, and half of its nodes are enough.
    """
    unit, nu = sqrt(block[0, 0] * block[1, 1]), n - k + 2
    rho, tau = -block[0, 1] / unit, target / unit
    reach = 8 / sqrt(nu)
    kink = np.arctanh(c / sqrt(f**2 - c**2)) if f**2 > 2 * c**2 else np.inf
    middle = np.arctanh(rho)
    ends = np.unique(np.clip([-kink, kink, -np.inf, np.inf], middle - reach, middle + reach))
    half = np.diff(ends)[:, None] / 2
    y, w = (ends[:-1, None] + half + half * _NODES).ravel(), (half * _WEIGHTS).ravel()
    s, w_s = _HALF
    r = np.tanh(y)
    rate = np.cosh(1.2 * reach * sqrt(1 - rho**2) * s) - rho * r[:, None]
    log = (nu - 1) / 2 * np.log1p(-(r**2))[:, None] - nu * np.log(rate)
    p = np.exp(log - log.max()) * w[:, None] * w_s
    if tau == 0:
        return float(p[np.abs(y) <= kink].sum() / p.sum())
    edge = c * n * np.sqrt(1 + r**2)
    limits = (np.array([[-1.0], [1.0]]) * edge - f * n * r) / (tau * (1 - r**2))
    low, high = (np.maximum(end, 0)[:, None] * rate for end in np.sort(limits, axis=0))
    return float(np.sum(p * (gammainc(nu, high) - gammainc(nu, low))) / p.sum())


def _block(cell: Cell) -> Array:
    _, _, aa, ab, bb = _sizes(cell)
    return np.array([[aa, ab], [ab, bb]])


def plain_coverage(cell: Cell) -> float:
    """Of ω_ab, by the interval without repair."""
    n, k, _, ab, _ = _sizes(cell)
    if ab == 0:
        return null_coverage(cell, repaired=False)
    return coverage(n, k, _block(cell), ab, 1.0, Z / sqrt(n))


def biased_coverage(cell: Cell) -> float:
    """The decoy: a normal law of the right bias and of variance V/n."""
    n, k, aa, ab, bb = _sizes(cell)
    shift = (k + 1) / (n - k - 1) * sqrt(n) * ab / sqrt(aa * bb + ab**2)
    return _shifted(shift)


def _shifted(shift: float) -> float:
    return float(ndtr(Z - shift) - ndtr(-Z - shift))


def repaired_coverage(cell: Cell, *, by_n: bool = False) -> float:
    """Of ω_ab, by the repaired interval; `by_n`: the decoy, its width without n/(n − k)."""
    n, k, _, ab, _ = _sizes(cell)
    f = (n - k - 1) / n
    return coverage(n, k, _block(cell), ab, f, Z * f / sqrt(n if by_n else n - k))


def root_coverage(cell: Cell) -> float:
    """Φ(z − cω/√V) − Φ(−z − cω/√V), k = c√n."""
    n, k, aa, ab, bb = _sizes(cell)
    return _shifted(k / sqrt(n) * ab / sqrt(aa * bb + ab**2))


def _t_size(cell: Cell) -> float:
    """How often |t| > z, with n − k + 1 degrees of freedom."""
    return float(2 * stdtr(cell["rows"] - cell["k"] + 1, -Z))


# --- selection ------------------------------------------------------------------------------------


def _three(cell: Cell) -> Array:
    weak = cell["h"] / sqrt(cell["rows"])
    edge, strong = cell["edge"], cell["strong"]
    return np.array([[1, edge, weak], [edge, 1, strong], [weak, strong, 1]])


def dropped_coverage(cell: Cell) -> float:
    """Of ω_12, by the interval without the third column."""
    n, omega = cell["rows"], _three(cell)
    block = omega[:2, :2] - np.outer(omega[:2, 2], omega[2, :2]) / omega[2, 2]
    return coverage(n, 2, block, cell["edge"], 1.0, Z / sqrt(n))


def dropped_limit(cell: Cell) -> float:
    """The decoy: the same to leading order, a normal law with its mean shifted."""
    n, omega = cell["rows"], _three(cell)
    block = omega[:2, :2] - np.outer(omega[:2, 2], omega[2, :2]) / omega[2, 2]
    variance = block[0, 0] * block[1, 1] + block[0, 1] ** 2
    return _shifted(sqrt(n / variance) * (block[0, 1] - cell["edge"]))


def selected_share(cell: Cell) -> float:
    """P(|ω̂_13| > τ √((ω̂_11 ω̂_33 + ω̂_13²)/n)), 0 not in the interval with τ in z's place."""
    n = cell["rows"]
    block = _three(cell)[np.ix_([0, 2], [0, 2])]
    return 1 - coverage(n, 3, block, 0.0, 1.0, cell["tau"] / sqrt(n))


def naive_bound(cell: Cell) -> float:
    """P(dropped and covers) + P(selected), at most."""
    return dropped_coverage(cell) + selected_share(cell)


def three_coverage(cell: Cell) -> float:
    """Of ω_12, with all three columns."""
    n = cell["rows"]
    return coverage(n, 3, _three(cell)[:2, :2], cell["edge"], 1.0, Z / sqrt(n))


# --- claims ---------------------------------------------------------------------------------------

_claim = partial(
    Claim, source="bounds/papers/yu_2016/gaussian.py, its opening lines", origin="derived"
)
_GAUSSIAN = "Gaussian rows with mean 0; A holds all neighbours of a and of b, and was given before"
_PAIRS = (
    f"{_GAUSSIAN}. Draws of the exact law of the 2 × 2 block, which edge-mean and "
    "edge-squared-error check on data; level 0.95"
)
_SELECTION = (
    "Three Gaussian columns with mean 0, Ω_ii = 1, ω_12 = 0.3, ω_23 = 0.6, ω_13 = h/√n; n = 400. "
    "A third column counts as selected where |ω̂| is above √(2 log n) standard errors. The setting "
    "is ours"
)

CLAIMS: tuple[Claim, ...] = (
    _claim(
        name="edge-is-inverse",
        statement="Score matching of rows a and b on A, with one ω_ab for both, returns "
        "(S_AA^{-1})_ab, the maximum likelihood estimate.",
        assumptions="Any data with a regular S_AA; mean known to be 0.",
        kind="identity",
        measurement=f"{_STUDY}:fitted",
        formula=inverse_entry,
        decoy=without_one,
        decoy_note="the inverse without one of the columns",
        tolerance=1e-9,
        scale=0.01,
        why="S_AA^{-1} is symmetric, so that sharing the parameter is no constraint.",
    ),
    _claim(
        name="edge-sandwich",
        statement="Its limiting variance is V = ω_aa ω_bb + ω_ab², whatever else is in A.",
        assumptions=f"{_GAUSSIAN}.",
        kind="identity",
        measurement=f"{_STUDY}:sandwich",
        formula=sandwich,
        decoy=partial(sandwich, sign=-1.0),
        decoy_note="ω_aa ω_bb − ω_ab²",
        tolerance=1e-10,
        why="Fourth moments of Gaussians by Wick's formula.",
        uses=("edge-is-inverse",),
    ),
    _claim(
        name="edge-mean",
        statement="E ω̂_ab = n ω_ab/(n − k − 1).",
        assumptions=f"{_GAUSSIAN}; k = |A| < n − 1.",
        kind="tight",
        measurement=f"{_STUDY}:estimate",
        formula=mean,
        decoy=partial(mean, less=0),
        decoy_note="n ω_ab/(n − k)",
        why="The block of a and b is n times the inverse of a Wishart matrix with n − k + 2 "
        "degrees of freedom.",
        uses=("edge-is-inverse",),
    ),
    _claim(
        name="edge-squared-error",
        statement="E(ω̂_ab − ω_ab)² is bias squared and n² [(ν−1) ω_ab² + (ν−3) ω_aa ω_bb]/[(ν−2)"
        "(ν−3)²(ν−5)], ν = n − k + 2.",
        assumptions=f"{_GAUSSIAN}; ν > 5, that is n > k + 3.",
        kind="tight",
        measurement=f"{_STUDY}:squared-error",
        formula=mean_square,
        decoy=mean_square_rough,
        decoy_note="bias squared and V/(n − k)",
        why="Second moments of the inverse Wishart law.",
        uses=("edge-mean",),
    ),
    _claim(
        name="edge-null-coverage",
        statement="The plain interval covers a null edge with probability 2 T_{ν−1}(√((ν−1) z²/"
        "(n − 2z²))) − 1, ν = n − k + 2: below its level by a fixed amount where k ∝ n.",
        assumptions=f"{_GAUSSIAN}; ω_ab = 0, n > 2z²; z of level 0.95.",
        kind="identity",
        measurement=f"{_STUDY}:null-plain",
        formula=partial(null_coverage, repaired=False),
        decoy=null_limit,
        decoy_note="its limit, 2Φ(z √(1 − k/n)) − 1",
        tolerance=1e-8,
        why="The interval holds 0 where the partial correlation is small: its law is Student's t.",
        uses=("edge-mean",),
    ),
    _claim(
        name="edge-null-repaired",
        statement="The repaired interval covers a null edge with probability 2 T_{ν−1}(√((ν−1) z²/"
        "(n − k − 2z²))) − 1.",
        assumptions=f"{_GAUSSIAN}; ω_ab = 0, n − k > 2z²; z of level 0.95.",
        kind="identity",
        measurement=f"{_STUDY}:null-repaired",
        formula=partial(null_coverage, repaired=True),
        decoy=null_normal,
        decoy_note="2 T_{ν−1}(z) − 1",
        tolerance=1e-8,
        why="As edge-null-coverage, with n − k in n's place.",
        uses=("edge-null-coverage",),
    ),
    _claim(
        name="edge-data-coverage",
        statement="On data the plain interval covers as the exact law says, null edge or not: a "
        "two-dimensional integral, at ω_ab = 0 Student's t.",
        assumptions=f"{_GAUSSIAN}; drawn rows; level 0.95.",
        kind="tight",
        measurement=f"{_STUDY}:covered-data",
        formula=plain_coverage,
        decoy=lambda c: 0.95,
        decoy_note="0.95",
        why="The block's law is all that the interval sees.",
        uses=("edge-mean", "edge-null-coverage"),
    ),
    _claim(
        name="edge-test-size",
        statement="Student's t of the partial correlation, with n − k + 1 degrees of freedom, "
        "rejects a null edge at p ≤ 0.05 with probability 0.05.",
        assumptions=f"{_GAUSSIAN}; ω_ab = 0; drawn rows.",
        kind="tight",
        measurement=f"{_STUDY}:rejected",
        formula=lambda c: 0.05,
        decoy=_t_size,
        decoy_note="the normal law's quantile in Student's place",
        why="Given b and the rest, a's regression on b has the usual t.",
    ),
    _claim(
        name="edge-coverage",
        statement="The plain interval's coverage of an edge that is there is a two-dimensional "
        "integral; it goes to 0 where k ∝ n.",
        assumptions=f"{_PAIRS}.",
        kind="tight",
        measurement=f"{_STUDY}:covered-plain",
        formula=plain_coverage,
        decoy=biased_coverage,
        decoy_note="the right bias, with a normal law of variance V/n",
        tolerance=1e-6,
        scale=1.0,
        why="Bias over standard error grows like k/√n.",
        uses=("edge-mean",),
    ),
    _claim(
        name="edge-root-n",
        statement="With k = c√n columns the plain interval covers with probability Φ(z − cω_ab/√V) "
        "− Φ(−z − cω_ab/√V) in the limit: k = o(√n) is needed.",
        assumptions=f"{_PAIRS}; n = 10⁶.",
        kind="tight",
        measurement=f"{_STUDY}:covered-root",
        formula=root_coverage,
        decoy=lambda c: 0.95,
        decoy_note="0.95, as k = o(n) would suggest",
        tolerance=1e-3,
        why="The bias is c ω_ab/√V standard errors.",
        uses=("edge-mean", "edge-sandwich"),
    ),
    _claim(
        name="edge-repaired",
        statement="The repaired interval's coverage of an edge that is there is the same integral "
        "with its own centre and width: within 1 % of 0.95, even at k = n/2.",
        assumptions=f"{_PAIRS}.",
        kind="tight",
        measurement=f"{_STUDY}:covered-repaired",
        formula=repaired_coverage,
        decoy=partial(repaired_coverage, by_n=True),
        decoy_note="centre repaired, width with n in place of n − k",
        why="The factor takes the bias away, and n − k is what the spread is made of.",
        uses=("edge-coverage", "edge-squared-error"),
    ),
    _claim(
        name="edge-dropped",
        statement="Without a column that is h/√n strong at a and fixed at b, the interval covers "
        "by the exact law around the wrong centre, at h = 4 less than 20 %.",
        assumptions=f"{_SELECTION}.",
        kind="tight",
        measurement=f"{_STUDY}:dropped",
        formula=dropped_coverage,
        decoy=dropped_limit,
        decoy_note="a normal law of the shifted mean, the limit",
        why="S_AA is Wishart with Σ_AA, whose inverse is not Ω_AA.",
        uses=("edge-coverage",),
    ),
    _claim(
        name="edge-naive",
        statement="Selected by a alone, the interval covers at most with the probability of "
        "edge-dropped and that of selection together: below its level at h = 2 and 3.",
        assumptions=f"{_SELECTION}.",
        kind="upper",
        measurement=f"{_STUDY}:naive",
        formula=naive_bound,
        decoy=dropped_coverage,
        decoy_note="as if the third column were never selected",
        why="It covers either with the third column or without it.",
        uses=("edge-dropped",),
    ),
    _claim(
        name="edge-double-selection",
        statement="Selected by a or by b, it covers as if the third column were known to matter, "
        "at every h.",
        assumptions=f"{_SELECTION}; b loses the third column with probability below 1e-9.",
        kind="tight",
        measurement=f"{_STUDY}:double",
        formula=three_coverage,
        decoy=dropped_coverage,
        decoy_note="the coverage without that column",
        why="What matters for the bias is the product of both edges, and b sees the strong one.",
        uses=("edge-coverage",),
    ),
)
