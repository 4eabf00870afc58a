r"""Risk-optimal bootstrapping: the weight of T2
that makes the *accumulated* risk least, not the target's variance.

With r_k,ij = m v_j(t_k) Var δ_k,ij in the eigenbasis (bounds.risk.bootstrap_recursion), one step
from t' to t costs

    r_ij(w) = w² (e^{2g}/v'_i + (v'_j/v_j) r'_ij) + (1 − w)²/τ² − 1/v_i,

a quadratic in w, least at the gain of a Kalman filter,

    w*_ij = (1/τ²)/(1/τ² + a_ij),     a_ij = e^{2g}/v'_i + (v'_j/v_j) r'_ij,

and, if one number must do for all entries, at w = (1/τ²)/(1/τ² + mean a).

Its limit. As the gaps go to 0 both recursions become ordinary differential equations with closed
solutions. Write x = e^{2t} − 1 and p_i = λ_i + x = e^{2t} v_i, so that
e^{-4t}/(v_i² v_j) = (1 + x)/(p_i² p_j).

    BSM:      r' = 2 c_i² − (4/σ² + 2/v_j − 2) r
              (x² p_j/(1 + x)) r = const + λ_i² ∫ (p_j/p_i²) dx
    optimal:  r' = −2 r² − (4/v_i + 2/v_j − 2) r
              (1 + x)/(p_i² p_j r) = const + ∫ dx/(p_i² p_j)

(the second is a Riccati equation that 1/r makes linear). From t_1 → 0 both constants vanish, and

    optimal r_ij = (1 + x)/(p_i² p_j K_ij),   K_ij(x) = ∫_0^x dx/(p_i² p_j),

where the information bound has λ_i λ_j (1 + δ_ij) in place of 1/K_ij. As K_ii(∞) = 1/(2 λ_i²), the
optimal bootstrap reaches the bound on the diagonal; off it, K_ij + K_ji → 1/(λ_i λ_j): together the
pair holds all the information, and what is lost, a factor of about 2, is lost by not knowing that
the score matrix is symmetric. BSM loses a factor that grows like log x ≈ 2 t.

The order. For every Gaussian law and grid, to leading order, DSM ≥ BSM ≥ optimal, entry by entry.
With α* = e^{-g} σ_{t'}²/σ_t², BSM has r_ij = c_i − α*² (c'_i − e^{-2g} (v'_j/v_j) r'_ij), and
e^{-2g} v'_j ≤ v_j: so r' ≤ c' gives r ≤ c. And r_ij(w) grows with r'_ij, so the minimum over w from
a smaller r' is below any r(w) from a larger one.

One weight for all entries is another matter. At the first bootstrapped step it is the minimum over
w from the same r', hence at most BSM in all; for white data all entries are alike and the matrix
has one weight, so it is at most BSM at every time. In general it is **not**: the weight that is
best in all at one step can harm an entry whose error the later steps keep. Let n eigenvalues be λ
and one tend to infinity, and in the clock x let x_1 = λ/(c n), x_2 = a c n λ and x_3 = y x_2. With
u_ij = r_ij/(1 + x),

    u = w² (1/p'_i + (p'_j/p_j) u') + (1 − w)²/(x − x') − 1/p_i,
    BSM: w = x'/x,     u_1 = 1/x_1 − 1/p_i,

at x_2, as n → ∞, the mean of what stands beside w² is (1 + 1/a + c)/λ, so w = β λ/x_2,
β = 1/(1 + c + 1/a), where BSM has w → 0. In units of n² λ/x_2² the n² entries of small i and j hold
1 − 2β + β²(1 + 1/a) and the n of the large j hold cβ². At x_3 both rules take w = 1/y to leading
order: entries of small j are multiplied by 1/y³, those of the large one by 1/y² only, and the n of
the large i come to ca (y − 1 + 1/y)/y². Over BSM, which has β = 0, with A = ca(y − 1 + 1/y),

    risk(best single weight)/risk(BSM) → [A + cβ² + (1 − 2β + β²(1 + 1/a))/y]/[A + 1/y],

1.00775 at c = 0.837, a = 1.018, y = 8.47. At d = 100, λ = (10⁵, 0.6, …, 0.6), t = 0.005, 2.31,
3.11, 3.34 the ratio is 1, 0.8150, 1.0002, 1.0051.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from bounds.check import Array, InvalidInput, finite, increasing_times, matrices, number
from bounds.estimators import Estimator, bootstrap_step, dsm_step
from bounds.gaussian import Gaussian
from bounds.gram import Gram, along
from bounds.process import Step, clock, decay, noise_variance, simulate, steps

# --- the gain recursion ---------------------------------------------------------------------------


def first_gain(eigenvalues: Array, step: Step) -> Array:
    """r_ij = c_i of DSM at the first step; shape (…, d, d) from eigenvalues of shape (…, d)."""
    eigenvalues = finite("eigenvalues", eigenvalues)
    if eigenvalues.ndim == 0:
        raise InvalidInput("eigenvalues", "must have shape (…, d), but is one number")
    v = decay(2 * step.t) * eigenvalues + noise_variance(step.t)
    c = decay(2 * step.t) * eigenvalues / (noise_variance(step.t) * v)
    return np.broadcast_to(c[..., :, None], (*c.shape, c.shape[-1]))


def next_gain(
    eigenvalues: Array, step: Step, r: Array, *, scalar: bool = False
) -> tuple[Array, Array]:
    """The risk-optimal weight of a step, and the r that it leaves.

    Parameters
    ----------
    eigenvalues : λ, shape (…, d), positive
    step : t' → t, not the first
    r : r_{k−1}, shape (…, d, d)
    scalar : whether one weight must serve all entries

    Returns
    -------
    w, shape (…, d, d), or (…, 1, 1) if scalar, and r_k, shape (…, d, d).

    Notes
    -----
    Cost: 20 d² flops. The form of r_k has no cancellation at small gaps. Source: theory.md,
    "Risk-optimal weights" (derived).
    """
    eigenvalues, r = finite("eigenvalues", eigenvalues), matrices("r", r)
    if eigenvalues.ndim == 0:
        raise InvalidInput("eigenvalues", "must have shape (…, d), but is one number")
    clock([step.t])  # where e^{2t} is a number
    fresh, grow = step.fresh_variance, 1 / step.carry**2
    v, before = (decay(2 * t) * eigenvalues + noise_variance(t) for t in (step.t, step.t_prev))
    v_i, before_i, shrink_j = v[..., :, None], before[..., :, None], (before / v)[..., None, :]
    a = grow / before_i + shrink_j * r
    w = 1 / (1 + fresh * (a.mean(axis=(-2, -1), keepdims=True) if scalar else a))
    left = (
        w**2 * (fresh * grow / (v_i * before_i) + shrink_j * r)
        + (1 - w) ** 2 * before_i / (grow * fresh * v_i)
        - 2 * w * (1 - w) / v_i
    )
    return w, left


def optimal_weights(law: Gaussian, times: ArrayLike, *, scalar: bool = False) -> dict[Step, Array]:
    """The risk-optimal weight of every step but the first, for a known law.

    Parameters
    ----------
    law : the data's law N(0, Σ)
    times : shape (N,), strictly increasing and positive
    scalar : whether one weight must serve all entries

    Returns
    -------
    From each step to its w*_ij in the eigenbasis, shape (d, d), or (1, 1) if scalar; its
    `__getitem__` is what `bounds.risk.bootstrap_recursion` takes for a weight, which gives the
    predicted risk.

    Raises
    ------
    InvalidInput
        If the times are not positive and strictly increasing.
    """
    first, *rest = steps(times)
    r = first_gain(law.eigenvalues, first)
    weights: dict[Step, Array] = {}
    for step in rest:
        weights[step], r = next_gain(law.eigenvalues, step, r, scalar=scalar)
    return weights


# --- estimators -----------------------------------------------------------------------------------


def spectrum_estimate(gram: Gram) -> tuple[Array, Array]:
    """Λ̂ = e^{t} sym(X_0ᵀX_t)/M = e^{2t} sym(xx − σ xz)/M
    over M = mK paths, diagonalised, its eigenvalues kept positive.

    Parameters
    ----------
    gram : of one step, with leading replicate axes or none

    Returns
    -------
    λ̂, shape (…, d), and the eigenvectors in columns, shape (…, d, d).

    Notes
    -----
    With p_i = λ_i + e^{2t} − 1, entry (i, j) of X_0ᵀX_t has the relative deviation √(p_j/(λ_i m))
    at K = 1, where the Gram matrix xx alone, less its noise, would have √(p_i p_j/(λ_i λ_j m)): far
    worse where λ ≪ e^{2t} − 1. An eigenvalue is raised to (e^{2t} − 1)/(mK), where the noise's
    share of it reaches 1, if it lies below. This acts where λ is not resolved, or at m of the order
    of d. Cost: one symmetric eigendecomposition, about 9 d³ flops.
    """
    grow = float(np.exp(2 * gram.step.t))
    noise = float(np.sqrt(noise_variance(gram.step.t))) * gram.xz
    cross = gram.xx - (noise + np.swapaxes(noise, -1, -2)) / 2
    eigenvalues, basis = np.linalg.eigh(grow * cross / gram.paths)
    return np.maximum(eigenvalues, (grow - 1) / gram.paths), basis


def optimal(*, scalar: bool = False, law: Gaussian | None = None) -> Estimator:
    """The bootstrap with risk-optimal weights: DSM at t_1,
    then entry by entry w* of T2's fit and 1 − w* of T3's.

    Parameters
    ----------
    scalar : whether one weight must serve all entries
    law : the law whose weights are used (the oracle); None estimates the spectrum and its basis
        from the first Gram matrix (the plug-in, `spectrum_estimate`)

    Returns
    -------
    An estimator. Every weight is a valid one, so a wrong spectrum costs variance and no bias; as w*
    is a minimum, an error of order ε in it costs order ε². With K redraws the same weights are the
    best: to leading order the risk of any weights is then bound + (risk at K = 1 − bound)/K, with a
    bound that knows nothing of them. Optimal to leading order only: below m of about 10 d, and
    where one step leaps from a small t_1 (say 0.01 to 1), the matrix weights trust a first estimate
    whose error is larger than c d/m, and lose to DSM, where the control-variate weight did not
    wherever we tried it. One weight for all entries is best at its own step, in all; at later times
    it can lose to the control-variate weight, by about 1 % (opening lines).

    Notes
    -----
    Cost a step: 7 d³ flops for two fits and 8 d³ for the rotations; no need of past Gram matrices.
    Source: theory.md, "Risk-optimal weights" (derived).
    """

    def estimate(grams: Iterable[Gram]) -> Iterator[Array]:
        previous = r = eigenvalues = basis = np.empty(0)
        for gram in along(grams, from_the_data=True):
            if gram.step.is_first:
                eigenvalues, basis = spectrum_estimate(gram) if law is None else _spectrum(law)
                previous, r = dsm_step(gram), first_gain(eigenvalues, gram.step)
            else:
                w, r = next_gain(eigenvalues, gram.step, r, scalar=scalar)
                # T3's fit alone is −Bᵀ/τ, and T2's, e^{2g} Â'(I − τB)ᵀ, needs no second solve.
                local, step = bootstrap_step(gram, previous, 0.0), gram.step
                transported = (previous + step.fresh_variance * previous @ local) / step.carry**2
                change = np.swapaxes(basis, -1, -2) @ (transported - local) @ basis
                previous = local + basis @ (w * change) @ np.swapaxes(basis, -1, -2)
            yield previous

    return estimate


def _spectrum(law: Gaussian) -> tuple[Array, Array]:
    return law.eigenvalues, np.eye(law.dimension) if law.basis is None else law.basis


# --- an unknown mean ------------------------------------------------------------------------------


def centred(x0: Array, times: ArrayLike, rng: np.random.Generator) -> Iterator[Gram]:
    """Gram matrices of simulated paths about their own means:
    what an estimator with an intercept sees.

    For data of any mean, the law of these matrices is *exactly* that of m − 1 paths of the same law
    with mean 0: an orthogonal matrix whose first row is constant turns the m rows of X_0 and of
    every step's noise into one row that carries the means and m − 1 rows that are again
    independent, with mean 0, and centring deletes that one row at every time. So each result here
    for m samples of a known mean holds, for the slope Â, with m − 1 and an unknown one; `samples`
    says so to the estimators.

    Parameters
    ----------
    x0 : the data, shape (m, d), not centred
    times : shape (N,), strictly increasing and positive
    rng : source of the noise

    Yields
    ------
    Gram
        N of them, with samples = m − 1.

    Raises
    ------
    InvalidInput
        If the times are not positive and strictly increasing, or m − 1 ≤ d.

    Notes
    -----
    Cost: 6 m d² flops a step. Source: derived. The intercept itself, which carries the mean over as
    b̂ = mean target − Â mean x, adds one more regressor whose share of the risk is 1/d of that of
    the slopes.
    """
    x0 = finite("x0", x0)
    if x0.ndim != 2:
        raise InvalidInput("x0", f"must have shape (m, d), but has {x0.shape}")
    m, d = x0.shape
    if m - 1 <= d:
        raise InvalidInput(
            "samples", f"m = {m} is too few for dimension d = {d} and an unknown mean"
        )
    for now in simulate(x0, times, rng):
        x = now.x - now.x.mean(axis=0)
        unit = now.z / np.sqrt(noise_variance(now.step.t))
        yield Gram(now.step, m - 1, x.T @ x, x.T @ unit, x.T @ now.w)


# --- the limit of small gaps ----------------------------------------------------------------------


def bootstrap_limit(law: Gaussian, times: ArrayLike, first: float = 0.0) -> Array:
    """r_ij of BSM (control-variate weight) at each time, in the limit of gaps → 0 after DSM at t_1.

    Parameters
    ----------
    law : the data's law N(0, Σ)
    times : shape (N,), strictly increasing and positive, from `first` on
    first : t_1 ≥ 0

    Returns
    -------
    Array of shape (N, d, d); the risk is the sum over i, j, over m.

    Raises
    ------
    InvalidInput
        If the times are not positive and strictly increasing, or begin before `first`.

    Source: derived; see this module's opening.
    """
    x, x1, lam = _clock(times, first), float(clock(first)), law.eigenvalues
    lam_i, lam_j = lam[:, None], lam[None, :]
    p_i, p_j = lam_i + x, lam_j + x
    q_i, q_j = lam_i + x1, lam_j + x1
    gathered = np.log(p_i / q_i) + (lam_j - lam_i) * (1 / q_i - 1 / p_i)
    return np.asarray((1 + x) / (x**2 * p_j) * (x1 * lam_i * q_j / q_i + lam_i**2 * gathered))


def optimal_limit(law: Gaussian, times: ArrayLike, first: float = 0.0) -> Array:
    """r_ij of the risk-optimal bootstrap
    (matrix weights) at each time, gaps → 0; as `bootstrap_limit`.
    """
    x, x1, lam = _clock(times, first), float(clock(first)), law.eigenvalues
    lam_i, lam_j = lam[:, None], lam[None, :]
    p_i, p_j = lam_i + x, lam_j + x
    q_i, q_j = lam_i + x1, lam_j + x1
    start = x1 / (lam_i * q_i * q_j)
    gathered = _inverse_cubes((q_i, q_j), (p_i, p_j), lam_j - lam_i)
    return np.asarray((1 + x) / (p_i**2 * p_j * (start + gathered)))


def _clock(times: ArrayLike, first: float) -> Array:
    """x = e^{2t} − 1, shape (N, 1, 1)."""
    grid = increasing_times("times", times)
    if not 0 <= number("first", first) <= grid[0]:
        raise InvalidInput(
            "first", f"must lie between 0 and the first time {grid[0]:g}, but is {first:g}"
        )
    x = clock(grid)
    return x[:, None, None]


def _inverse_cubes(low: tuple[Array, Array], high: tuple[Array, Array], gap: Array) -> Array:
    """∫ du/((λ_i + u)² (λ_j + u)), by Gauss-Legendre quadrature in the log of the smaller factor.

    With v = e^s that factor and o = |λ_j − λ_i| ≥ 0 what the other has more, the integrand in s is
    1/(v (v + o)) if λ_i is the smaller eigenvalue, 1/(v + o)² if λ_j is: nothing cancels as o → 0,
    and the nearest pole lies at distance π from the real line, so that 24 nodes on pieces of length
    at most 1 leave less than 1e-14. In the log of the larger factor a pole would come as close as
    λ_j/λ_i.

    Parameters
    ----------
    low, high : λ_i + u and λ_j + u at either end
    gap : λ_j − λ_i
    """
    nodes, node_weights = np.polynomial.legendre.leggauss(24)
    first = gap >= 0
    start, end, over = np.where(first, *low), np.where(first, *high), np.abs(gap)[..., None]
    length = np.log(end / start)
    pieces = max(1, int(np.ceil(length.max(initial=0.0))))
    at = (np.arange(pieces)[:, None] + (nodes + 1) / 2).ravel() / pieces
    v = start[..., None] * np.exp(length[..., None] * at)
    values = np.where(first[..., None], 1 / (v * (v + over)), 1 / (v + over) ** 2)
    return np.asarray(length / (2 * pieces) * (values @ np.tile(node_weights, pieces)))
