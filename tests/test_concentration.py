"""The reverse-time decomposition, κ and the bounds, each by a second route."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.sparse.linalg import LinearOperator, eigsh
from scipy.stats import binomtest

from bounds import concentration as c
from bounds import kernels
from bounds.check import Array, InvalidInput
from bounds.gaussian import Gaussian
from bounds.mixture import Mixture
from bounds.process import geometric_grid, simulate, uniform_grid, weights

BIMODAL = Mixture(np.array([0.7, 0.3]), np.array([[-2.0, 0.5], [2.0, 0.0]]), np.diag([0.2, 0.4]))


# The decomposition


def test_reverse_decomposition_on_every_path() -> None:
    """Σ_j γ_j ⟨ζ_j, U_j⟩ = Σ_k ⟨G_k, R_k⟩ to rounding, U_j = Z_j/σ_j² + s from its definition, for
    a mixture and non-linear ζ. Decoys: G summed over j ≤ k (the forward filtration), and G one step
    late (j > k)."""
    rng = np.random.default_rng(0)
    times = np.array([0.05, 0.1, 0.4, 1.0, 2.5])
    gamma = np.array([0.3, 1.0, 0.2, 0.7, 0.5])
    x0 = BIMODAL.sample(200, rng)
    slices = list(simulate(x0, times, rng))
    noise = -np.expm1(-2 * times)
    u = np.stack(
        [
            p.z / v + BIMODAL.score(t, p.x)
            for p, v, t in zip(slices, noise, times.tolist(), strict=True)
        ]
    )
    zeta = np.stack([np.sin((j + 1) * p.x) + p.x[:, ::-1] ** 2 for j, p in enumerate(slices)])
    means = np.stack(
        [BIMODAL.posterior_mean(t, p.x) for p, t in zip(slices, times.tolist(), strict=True)]
    )
    assert_allclose(c.residuals(times, x0, means), u, rtol=1e-9, atol=1e-9)
    s = c.path_sum(gamma, zeta, u)
    g, r = c.reverse_weights(times, gamma, zeta), c.reverse_increments(x0, means)
    assert_allclose(np.sum(g * r, axis=(0, 2)), s, rtol=1e-10, atol=1e-10)
    terms = (gamma / (2 * np.sinh(times)))[:, None, None] * zeta
    for decoy in (np.cumsum(terms, axis=0), g - terms):
        assert np.median(np.abs(np.sum(decoy * r, axis=(0, 2)) - s)) > 0.1
    assert_allclose(
        c.path_norm(gamma, zeta),
        [sum(gamma * (zeta[:, i] ** 2).sum(axis=1)) for i in range(200)],
        rtol=1e-12,
    )


def gaussian_covariance(times: Array, value: float) -> Array:
    """Covariance of (X_0, X_{t_1}, …, X_{t_N}) in one coordinate,
    from Cov(X_s, X_t) = e^{−|t−s|} v(min).
    """
    grid = np.concatenate([[0.0], times])
    earlier = np.minimum.outer(grid, grid)
    v = np.exp(-2 * earlier) * value - np.expm1(-2 * earlier)
    return np.asarray(np.exp(-np.abs(np.subtract.outer(grid, grid))) * v)


def test_increments_are_martingale_differences_in_reverse_time_only() -> None:
    """Cov(R_k, X_{t_j}) = 0 for every j ≥ k and not for j < k: exactly, for Gaussian data."""
    times, value = np.array([0.1, 0.3, 0.35, 1.0, 2.0]), 1.7
    joint = gaussian_covariance(times, value)
    shrink = np.exp(-times) * value / np.diag(joint)[1:]
    # E[X_0|X_k] = shrink_k X_k, and X_0 itself first
    means = np.diag(np.concatenate([[1.0], shrink]))
    covariance = np.diff(means, axis=0) @ joint
    for k in range(1, times.size + 1):
        assert np.abs(covariance[k - 1, k:]).max() < 1e-15
        assert np.abs(covariance[k - 1, :k]).min() > 1e-3


def test_gaussian_sum_variance() -> None:
    """Var S from the joint covariance of (X_0, X_t), from the kernel M, and from the function
    agree, and equality with κ Σ γ ζ² is reached in the adversarial direction. Decoy: independent
    times (the diagonal alone)."""
    times, gamma, values = (
        np.array([0.05, 0.2, 0.7, 1.1]),
        np.array([0.4, 0.1, 0.6, 1.0]),
        np.array([0.5, 3.0]),
    )
    zeta = np.random.default_rng(4).standard_normal((4, 2))
    noise = -np.expm1(-2 * times)
    direct = 0.0
    for i, value in enumerate(values):
        joint = gaussian_covariance(times, value)
        score = -1 / np.diag(joint)[1:]
        # U_j = (X_j − e_j X_0)/σ_j² + s_j X_j
        rows = np.column_stack([-np.exp(-times) / noise, np.diag(1 / noise + score)])
        coefficients = (gamma * zeta[:, i]) @ rows
        direct += float(coefficients @ joint @ coefficients)
    kernel = 0.0
    for i, value in enumerate(values):
        u = np.sqrt(gamma) * zeta[:, i]
        kernel += float(u @ kernels.kernel_gaussian(times, gamma, value) @ u)
    variance = c.gaussian_sum_variance(times, gamma, zeta, values)
    assert_allclose([variance, kernel], direct, rtol=1e-12)
    diagonal = sum(
        float(np.sum(gamma * zeta[:, i] ** 2 * np.diag(kernels.kernel_gaussian(times, gamma, v))))
        for i, v in enumerate(values)
    )
    assert abs(diagonal / direct - 1) > 0.01
    kappa, w = c.adversarial_direction(times, gamma, 3.0)
    assert_allclose(np.sum(gamma * w**2), 1, rtol=1e-13)
    worst = np.column_stack([np.zeros(4), w])
    assert_allclose(c.gaussian_sum_variance(times, gamma, worst, values), kappa, rtol=1e-12)
    assert_allclose(kappa, kernels.kappa_gaussian(times, gamma, values), rtol=1e-12)
    assert variance < kappa * float(np.sum(gamma[:, None] * zeta**2))


def test_supermartingale_of_a_gaussian_sum() -> None:
    """Its mean over S ~ N(0, Var S), by Gauss-Hermite, is exp(ρ²(Var S − κ‖ζ‖²)/2):
    exactly 1 in the worst direction. Decoy: ρ²κ without the half gives exp(−ρ²κ/2).
    """
    times = uniform_grid(0.3, 6)
    gamma = weights(times)
    kappa, _ = c.adversarial_direction(times, gamma, 2.0)
    nodes, node_weights = np.polynomial.hermite_e.hermegauss(60)
    s = np.sqrt(kappa) * nodes
    for rho in (-1.0, 0.3, 1.5):
        mean = float(node_weights @ c.supermartingale(s, np.ones(60), kappa, rho)) / np.sqrt(
            2 * np.pi
        )
        assert_allclose(mean, 1, rtol=1e-12)
        decoy = float(node_weights @ c.supermartingale(s, np.full(60, 2.0), kappa, rho)) / np.sqrt(
            2 * np.pi
        )
        assert decoy < 0.97


# κ by a second route: the quadratic variation's own definition


def kappa_by_quadrature(times: Array, gamma: Array, b: Callable[[float], float]) -> float:
    """sup of Σ_k w_k G_k² over Σ_j γ_j ζ_j² = 1, w_k = ∫_{t_{k−1}}^{t_k} 2 (e_s/σ_s²)² b(s)² ds by
    adaptive quadrature, G_k a running sum; Lanczos iteration on ζ ↦ G and its adjoint. No kernel is
    ever formed."""

    def rate(s: float) -> float:
        return float(2 * (b(s) / (2 * np.sinh(s))) ** 2)

    edges = [0.0, *times]
    w = np.array([quad(rate, p, q, epsabs=0, epsrel=1e-10)[0] for p, q in pairwise(edges)])
    factor = np.sqrt(gamma) / (2 * np.sinh(times))

    def apply(u: Array) -> Array:
        g = np.cumsum((factor * u.ravel())[::-1])[::-1]
        return np.asarray(factor * np.cumsum(w * g))

    n = times.size
    operator = LinearOperator((n, n), matvec=apply, dtype=np.float64)
    return float(eigsh(operator, k=1, v0=np.ones(n), tol=1e-10, return_eigenvectors=False)[0])


def log_concave(s: float) -> float:
    return float(np.expm1(2 * s))


def gaussian(value: float) -> Callable[[float], float]:
    def b(s: float) -> float:
        noise = -np.expm1(-2 * s)
        return float(value * noise / (np.exp(-2 * s) * value + noise))

    return b


REFERENCES = {
    "lc-0.1": (uniform_grid(0.1, 30), np.inf, 1.579),
    "lc-0.02": (uniform_grid(0.02, 150), np.inf, 1.654),
    "lc-geometric": (geometric_grid(1e-4, 4.0, 80), np.inf, 1.746),
    "unit-0.1-long": (uniform_grid(0.1, 100), 1.0, 0.836),
    "unit-0.1": (uniform_grid(0.1, 30), 1.0, 0.8351),
    "unit-0.01": (uniform_grid(0.01, 500), 1.0, 1.244),
    "unit-geometric": (geometric_grid(1e-9, 10.0, 1200), 1.0, 1.871),
    "thousand-geometric": (geometric_grid(1e-9, 10.0, 1200), 1000.0, 1.911),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_reference_kappas(name: str) -> None:
    """The reference values to their last digit, and to 1e-8 by the operator route. Decoys:
    e^{t_max} for e^{t_min}, and 1/sinh for 1/(2 sinh), are rejected by the same comparison.
    """
    times, value, wanted = REFERENCES[name]
    gamma = weights(times)
    second = kappa_by_quadrature(times, gamma, log_concave if value == np.inf else gaussian(value))
    if value == np.inf:
        kernel = kernels.kernel_log_concave(times, gamma)
        kappa = kernels.kappa_log_concave(times, gamma)
    else:
        kernel = kernels.kernel_gaussian(times, gamma, value)
        kappa = kernels.kappa_gaussian(times, gamma, [0.1, value])
    last_digit = 10.0 ** -len(f"{wanted}".split(".")[1])
    assert abs(kappa - wanted) <= 0.51 * last_digit
    assert_allclose(kappa, second, rtol=1e-8)
    if times.size <= 150:
        wrong_end = kernel * np.exp(np.abs(np.subtract.outer(times, times)))
        for decoy in (wrong_end, 2 * kernel):
            assert np.linalg.eigvalsh(decoy)[-1] > 1.5 * second


def test_kernels_at_extreme_times() -> None:
    """Against 40 digits at t = 1e-9 … 300, to 1e-14: no overflow, no cancellation, and λ = 1e12 as
    λ → ∞. The decoy, e^{t_min}/(e^{t_max} − e^{−t_max}) with 1 − e^{−2t} by subtraction, is off by
    1e-8 at t = 1e-9."""
    mp.mp.dps = 40
    times = np.array([1e-9, 3e-7, 0.02, 4.0, 40.0, 300.0])
    gamma = np.ones(6)

    def exact(t: float, u: float, value: float) -> float:
        low, high = mp.mpf(min(t, u)), mp.mpf(max(t, u))
        if value == np.inf:
            return float(mp.exp(low) / (2 * mp.sinh(high)))
        v = mp.exp(-2 * low) * value + 1 - mp.exp(-2 * low)
        return float(mp.exp(-low - high) * value / ((1 - mp.exp(-2 * high)) * v))

    for value in (1e-6, 1.0, 1e12, np.inf):
        kernel = (
            kernels.kernel_log_concave(times, gamma)
            if value == np.inf
            else kernels.kernel_gaussian(times, gamma, value)
        )
        wanted = [[exact(t, u, value) for u in times] for t in times]
        assert_allclose(kernel, wanted, rtol=1e-13)
    naive = np.exp(1e-9) / (np.exp(1e-9) - np.exp(-1e-9))
    assert abs(naive / exact(1e-9, 1e-9, np.inf) - 1) > 1e-9
    assert_allclose(
        kernels.kernel_gaussian(times[2:4], gamma[2:4], 1e12),
        kernels.kernel_log_concave(times[2:4], gamma[2:4]),
    )


def test_gaussian_kappa_is_decided_by_the_largest_eigenvalue() -> None:
    """The maximum over coordinates, each eigenvalue
    on its own, is at the largest one, on three grids.
    """
    for times in (uniform_grid(0.1, 20), uniform_grid(1.0, 9), geometric_grid(1e-6, 5.0, 40)):
        gamma, values = weights(times), [0.01, 0.3, 1.0, 7.0]
        each = [np.linalg.eigvalsh(kernels.kernel_gaussian(times, gamma, v))[-1] for v in values]
        assert np.all(np.diff(each) > 0)
        assert_allclose(kernels.kappa_gaussian(times, gamma, values), max(each), rtol=1e-12)
        assert each[-1] < kernels.kappa_log_concave(times, gamma)


@pytest.mark.parametrize("level", [0.0, 0.5, 30.0])
def test_constant_profile(level: float) -> None:
    """∫ 2a²b² over a gap from (1+L)²(e^{2t}−1) − 4L(1+L)t + L²σ², integrated by hand, or
    b(t) = (e^{2t}−1)(1 + Lσ²) where that is less, in 60 digits. At L = 30 it is, at the first times
    and not at the last. Decoys: the integral always; and the profile without its σ_s², which is the
    crude factor (1 + L₊)²: the sharp κ must stay 10 % below it on a grid that ends at 1."""
    mp.mp.dps = 60
    times = np.array([1e-7, 1e-3, 0.3, 0.9, 6.0, 25.0])
    gamma = weights(times)
    L = mp.mpf(level)

    def area(t: float) -> mp.mpf:
        low = mp.mpf(t)
        return (1 + L) ** 2 * mp.expm1(2 * low) - 4 * L * (1 + L) * low - L**2 * mp.expm1(-2 * low)

    def total(smaller: bool) -> list[mp.mpf]:
        steps, sums = [], mp.mpf(0)
        for before, t in pairwise((0.0, *times)):
            low = mp.mpf(float(t))
            own = mp.expm1(2 * low) * (1 - L * mp.expm1(-2 * low))
            gap = area(float(t)) - area(float(before))
            sums += min(gap, own) if smaller else gap
            steps.append(sums)
        return steps

    def kernel(W: list[mp.mpf]) -> list[list[float]]:
        def entry(j: int, k: int) -> float:
            low, high = (mp.mpf(float(times[i])) for i in (j, k))
            product = 4 * mp.sinh(low) * mp.sinh(high)
            return float(mp.sqrt(gamma[j] * gamma[k]) * W[min(j, k)] / product)

        return [[entry(j, k) for k in range(6)] for j in range(6)]

    found = kernels.kernel_profile(times, gamma, lambda s: np.full(s.shape, level))
    assert_allclose(found, kernel(total(True)), rtol=1e-12)
    if level == 30:
        assert np.max(np.abs(np.array(kernel(total(False))) / found - 1)) > 0.1
    sharp = kernels.kappa_profile(times, gamma, lambda s: np.full(s.shape, level))
    crude = kernels.kappa_semi_log_concave(times, gamma, level)
    assert_allclose(sharp, np.linalg.eigvalsh(found)[-1], rtol=1e-12)
    assert_allclose(crude, (1 + level) ** 2 * kernels.kappa_log_concave(times, gamma), rtol=1e-14)
    assert sharp <= crude * (1 + 1e-12)
    early = uniform_grid(0.05, 20)
    pair = [
        kernels.kappa_profile(early, weights(early), lambda s: np.full(s.shape, level)),
        kernels.kappa_semi_log_concave(early, weights(early), level),
    ]
    if level:
        assert pair[0] < 0.9 * pair[1]
    else:
        assert pair[0] == pytest.approx(pair[1], rel=1e-12)


def test_atoms_have_a_profile() -> None:
    """Two atoms at ± 1: L₊ is not square-integrable at 0, and κ_profile is κ_bounded(1)
    all the same, to 1e-12: each step that diverges is b(t_1) = 1. Decoy: R² = ½.
    """
    for times in (np.array([0.4]), uniform_grid(0.1, 12), geometric_grid(1e-3, 3.0, 20)):
        gamma = weights(times)

        def profile(s: Array) -> Array:
            noise = -np.expm1(-2 * s)
            return np.asarray((np.exp(-2 * s) / noise - 1) / noise)

        bounded = kernels.kappa_bounded(times, gamma, 1.0)
        assert kernels.kappa_profile(times, gamma, profile) == pytest.approx(bounded, rel=1e-9)
        assert kernels.kappa_bounded(times, gamma, np.sqrt(0.5)) < 0.6 * bounded


def test_kappa_bounded_by_hand() -> None:
    """Two times: w_1 = R², w_2 = min(R², R⁴(1/x_1 − 1/x_2)), x = e^{2t} − 1; both ends of the
    minimum, and the largest eigenvalue in closed form. Catches R² for R⁴, a step that is summed
    twice, and x without its −1."""
    for t1, t2, radius in ((0.3, 0.9, 0.4), (0.05, 0.9, 3.0)):
        gamma = (0.2, 0.7)
        inverse = [1 / (np.exp(2 * t) - 1) for t in (t1, t2)]
        last = radius**4 * (inverse[0] - inverse[1])
        assert (last < radius**2) == (radius == 0.4)
        w = [radius**2, min(radius**2, last)]
        a = [np.sqrt(g) / (2 * np.sinh(t)) for g, t in zip(gamma, (t1, t2), strict=True)]
        p, q, r = a[0] ** 2 * w[0], a[0] * a[1] * w[0], a[1] ** 2 * (w[0] + w[1])
        wanted = (p + r) / 2 + np.hypot((p - r) / 2, q)
        assert kernels.kappa_bounded([t1, t2], gamma, radius) == pytest.approx(wanted, rel=1e-13)
        kernel = kernels.kernel_bounded([t1, t2], gamma, radius)
        assert_allclose(kernel, [[p, q], [q, r]], rtol=1e-13)


def test_strongly_log_concave_is_gaussian() -> None:
    """α = 1/λ, and not λ; and the profile −1/v of that λ gives the same."""
    times = uniform_grid(0.1, 9)
    gamma = weights(times)
    found = kernels.kappa_strongly_log_concave(times, gamma, 4.0)
    assert found == pytest.approx(kernels.kappa_gaussian(times, gamma, [0.25]), rel=1e-14)
    assert found < 0.7 * kernels.kappa_gaussian(times, gamma, [4.0])


def _flipped(law: Mixture, s: Array) -> Array:
    return -law.curvature_bound(s)


def test_gaussian_profile() -> None:
    """L₊ = −1/v(s), the Gaussian's own curvature, gives the Gaussian kernel:
    with narrow, unit and wide λ. Decoy: L₊ = −1/v with the sign of the curvature lost.
    """
    times = geometric_grid(1e-5, 8.0, 25)
    gamma = weights(times)
    for value in (1e-3, 1.0, 50.0):
        law = Mixture(np.ones(1), np.zeros((1, 1)), np.array([[value]]))
        wanted = kernels.kernel_gaussian(times, gamma, value)
        assert_allclose(
            kernels.kernel_profile(times, gamma, law.curvature_bound), wanted, rtol=1e-10
        )
        flipped = kernels.kernel_profile(times, gamma, partial(_flipped, law))
        assert np.max(flipped / wanted) > 1.5


# One number for all grids


def test_muckenhoupt_and_schur_symbolically() -> None:
    """(e^{2r} − 1) ∫_r^∞ dt/(4 sinh² t) = 1/2 for every r; the substitution x = e^{2s} − 1 turns
    the weights into Hardy's; h = 1/σ is carried to 2h, one from each side; 8 κ is the least over ρ.
    Decoy: 1/(2 sinh² t)."""
    r, s, k = sp.symbols("r s kappa", positive=True)
    x = sp.exp(2 * s) - 1
    primitive = -sp.coth(s) / 4
    assert sp.simplify((sp.diff(primitive, s) - 1 / (4 * sp.sinh(s) ** 2)).rewrite(sp.exp)) == 0
    tail = sp.limit(primitive, s, sp.oo) - primitive.subs(s, r)
    product = sp.simplify(((sp.exp(2 * r) - 1) * tail).rewrite(sp.exp))
    assert product == sp.Rational(1, 2)
    assert sp.simplify(2 * product) != sp.Rational(1, 2)
    hardy = sp.diff(x, s) * 4 * sp.sinh(s) ** 2 - 2 * x**2  # h² dt = (w/a²) f² dx
    assert sp.simplify(hardy.rewrite(sp.exp)) == 0
    sigma = sp.sqrt(1 - sp.exp(-2 * s))
    later = 1 / sp.sqrt(x)  # ∫_s^∞ e^{−y}/σ_y³ dy, vanishing at ∞
    assert sp.simplify(sp.diff(later, s) + sp.exp(-s) / sigma**3) == 0
    assert sp.limit(later, s, sp.oo) == 0
    earlier = sp.sqrt(x)  # ∫_0^s e^y/σ_y dy, vanishing at 0
    assert sp.simplify(sp.diff(earlier, s) - sp.exp(s) / sigma) == 0
    assert earlier.subs(s, 0) == 0
    assert sp.simplify(sp.exp(s) * later * sigma) == 1
    assert sp.simplify(sp.exp(-s) / sigma**2 * earlier * sigma) == 1
    rho = sp.symbols("rho", positive=True)
    cost = 2 / (rho * (1 - rho * k))
    [best] = sp.solve(sp.diff(cost, rho), rho)
    assert sp.simplify(best - 1 / (2 * k)) == 0
    assert sp.simplify(cost.subs(rho, best) - 8 * k) == 0
    assert c.risk_bound(0.5, 3.0, np.exp(-2), 6) == pytest.approx(8 * 0.5 * 5.0 / 6, rel=1e-15)
    assert c.mean_risk_bound(0.5, 3.0, 6) == pytest.approx(8 * 0.5 * 3.0 / 6, rel=1e-15)


def bounds_hold(gaps: Array, bound: Callable[[Array], float]) -> bool:
    times = np.cumsum(gaps)
    gamma = np.diff(times, prepend=0.0)
    return kernels.kappa_log_concave(times, gamma) <= bound(gamma) * (1 + 1e-12)


@settings(derandomize=True, max_examples=150, deadline=None, database=None)
@given(st.lists(st.floats(-7, 1.2), min_size=1, max_size=25))
def test_universal_bounds(logs: list[float]) -> None:
    """κ ≤ 1 + φ(max γ) ≤ 2 + max γ ≤ 2 e^{max γ} on any grid, gaps from 1e-7 to 16."""
    gaps = 10.0 ** np.array(logs)
    assert bounds_hold(gaps, kernels.kappa_schur)
    assert kernels.kappa_schur(gaps) <= 2 + gaps.max() <= kernels.kappa_universal(gaps)


def test_universal_bounds_against_an_adversary() -> None:
    """Hill climbing on the gaps (600 steps from four starts) pushes κ over the sharper bound to
    0.97 and not to 1. The false variants fall: 2 without γ, e^γ without the 2, Δ coth(Δ/2) for
    non-uniform grids, 1.9 for fine grids."""
    rng = np.random.default_rng(12)

    def kappa(gaps: Array) -> float:
        times = np.cumsum(gaps)
        return kernels.kappa_log_concave(times, np.diff(times, prepend=0.0))

    best = 0.0
    champion = np.ones(1)
    for largest in (0.03, 0.5, 3.0, 12.0):
        gaps = largest * rng.uniform(0.2, 1.0, 24)
        value = kappa(gaps) / kernels.kappa_schur(gaps)
        for _ in range(150):
            trial = np.minimum(
                gaps * np.exp(rng.standard_normal(24) * rng.choice([0.05, 0.5])), largest
            )
            ratio = kappa(trial) / kernels.kappa_schur(trial)
            if ratio > value:
                gaps, value = trial, ratio
        assert bounds_hold(gaps, kernels.kappa_universal)
        if value > best:
            best, champion = value, gaps
    assert 0.9 < best < 1
    assert not bounds_hold(champion, lambda g: 2.0)
    uniform = np.full(200, 0.5)
    assert bounds_hold(uniform, lambda g: float(g[0] / np.tanh(g[0] / 2)))
    assert not bounds_hold(uniform, lambda g: 2.0)
    fine = np.diff(geometric_grid(1e-9, 10.0, 1200), prepend=0.0)
    assert not bounds_hold(fine, lambda g: 1.9)
    assert not bounds_hold(
        np.diff(geometric_grid(1e-4, 4.0, 80), prepend=0.0), lambda g: float(np.exp(g.max()))
    )
    lopsided = np.concatenate([np.full(5, 4.0), np.full(40, 0.08)])
    assert bounds_hold(lopsided, kernels.kappa_schur)
    assert not bounds_hold(lopsided, lambda g: float(g.max() / np.tanh(g.max() / 2)))


def test_uniform_grids_approach_their_bound() -> None:
    """κ ↑ Δ coth(Δ/2) as N → ∞, within 1e-3 at N = 400,
    Δ = 0.5 and 2: above 2, so no e^{max γ}-free '2' can hold.
    """
    for spacing in (0.5, 2.0):
        limit = spacing / np.tanh(spacing / 2)
        values = [
            kernels.kappa_log_concave(uniform_grid(spacing, n), np.full(n, spacing))
            for n in (20, 100, 400)
        ]
        assert values[0] < values[1] < values[2] < limit
        assert limit - values[2] < 1e-3
        assert values[2] > 2


def test_kappa_separate() -> None:
    """The trace of M; grows by ½ log 10 a decade of t_1 (to 3 %) while κ stays below 2.
    Decoy: max_j γ_j c_j, the value for independent residuals, does not grow.
    """
    for value in (1.0, np.inf):
        sums, largest = [], []
        for decade in (4, 5, 6):
            times = geometric_grid(10.0**-decade, 4.0, 60 * decade)
            gamma = weights(times)
            kernel = (
                kernels.kernel_log_concave(times, gamma)
                if value == np.inf
                else kernels.kernel_gaussian(times, gamma, value)
            )
            sums.append(kernels.kappa_separate(times, gamma, value))
            assert_allclose(sums[-1], np.trace(kernel), rtol=1e-12)
            assert np.linalg.eigvalsh(kernel)[-1] < 2
            largest.append(np.diag(kernel).max())
        assert_allclose(np.diff(sums), np.log(10) / 2, rtol=0.03)
        assert np.abs(np.diff(largest)).max() < 1e-3


# The supermartingale for laws that are not Gaussian: deterministic, by transfer operators


GRID, STEP = np.linspace(-14, 14, 1401, retstep=True)


def transitions(nodes: Array, masses: Array, times: Array) -> list[tuple[Array, Array]]:
    """For each time the density of X_t on the grid, given the grid at the time before (given X_0 at
    the first), and U_t given X_0 and X_t; X_0 on quadrature nodes.
    """
    found: list[tuple[Array, Array]] = []
    plain = np.diag(np.ones(nodes.size)) / STEP
    for before, t in zip([0.0, *times], times, strict=False):
        tau = -np.expm1(-2 * (t - before))
        centres = np.exp(before - t) * (GRID if found else nodes)
        apart = GRID[None] - centres[:, None]
        move = np.exp(-(apart**2) / (2 * tau)) / np.sqrt(2 * np.pi * tau)
        plain = (plain * STEP) @ move
        joint = masses[:, None] * plain
        mean = (nodes[:, None] * joint).sum(axis=0) / np.maximum(joint.sum(axis=0), 1e-300)
        found.append((move, (mean[None] - nodes[:, None]) / (2 * np.sinh(t))))
    return found


def exponential_moment(
    masses: Array,
    paths: list[tuple[Array, Array]],
    gamma: Array,
    zeta: Callable[[int, Array], Array],
    kappa: float,
    rho: float,
) -> float:
    """E exp(−ρS − ρ²κ Σ γ ζ²/2) in one dimension, without sampling: one forward transition after
    the other, each multiplied by its own factor of the exponential."""
    state = np.diag(np.ones(masses.size)) / STEP
    for j, (move, u) in enumerate(paths):
        f = zeta(j, GRID)[None]
        state = ((state * STEP) @ move) * np.exp(
            np.minimum(-rho * gamma[j] * f * u, 600) - rho**2 * kappa * gamma[j] * f**2 / 2
        )
    return float(masses @ state.sum(axis=1) * STEP)


def quadrature_law(
    density: Callable[[Array], Array], low: float, high: float
) -> tuple[Array, Array]:
    nodes, node_weights = np.polynomial.legendre.leggauss(160)
    y = low + (high - low) * (nodes + 1) / 2
    masses = node_weights * density(y)
    return y, masses / masses.sum()


def shapes(w: Array) -> list[Callable[[int, Array], Array]]:
    """Constant (the top eigenvector), oscillating, one-sided, and alternating over time."""
    return [
        lambda j, x: w[j] * np.ones_like(x),
        lambda j, x: w[j] * np.sin(2 * x + j),
        lambda j, x: 1.5 * w[j] * (np.tanh(3 * x) + 1),
        lambda j, x: (-1.0) ** j * w[j] * np.cos(x),
    ]


@pytest.mark.parametrize("name", ["uniform", "laplace", "exponential"])
def test_supermartingale_for_log_concave_laws(name: str) -> None:
    """E exp(−ρS − ρ²κ‖ζ‖²/2) ≤ 1 for ρ = −0.7, 0.3, 0.7, 1.5 and four families ζ, by quadrature
    (halving the grid changes 1e-15). Decoy: half of κ exceeds 1 for a wide uniform law, which is
    locally λ = ∞."""
    if name == "uniform":
        nodes, masses = quadrature_law(np.ones_like, -6.0, 6.0)
    elif name == "laplace":
        left, right = (
            quadrature_law(lambda y: np.exp(-np.abs(y) / 0.7), *e)
            for e in ((-9.0, 0.0), (0.0, 9.0))
        )
        nodes, masses = np.concatenate([left[0], right[0]]), np.concatenate([left[1], right[1]]) / 2
    else:
        nodes, masses = quadrature_law(lambda y: np.exp(-y), 0.0, 11.0)
    times = np.array([0.1, 0.2, 0.4, 0.8])
    gamma = weights(times)
    kappa = kernels.kappa_log_concave(times, gamma)
    values, vectors = np.linalg.eigh(kernels.kernel_log_concave(times, gamma))
    assert_allclose(values[-1], kappa, rtol=1e-12)
    w = np.abs(vectors[:, -1]) / np.sqrt(gamma)
    paths = transitions(nodes, masses, times)
    for rho in (-0.7, 0.3, 0.7, 1.5):
        for zeta in shapes(w):
            value = exponential_moment(masses, paths, gamma, zeta, kappa, rho)
            assert 0 < value <= 1 + 1e-6
    half = exponential_moment(masses, paths, gamma, shapes(w)[0], kappa / 2, 1.5)
    if name == "uniform":
        assert half > 1.3


def test_supermartingale_fails_for_a_bimodal_law_with_the_wrong_kappa() -> None:
    """Two narrow modes: with ζ supported between them, where Cov(X_0|X_t) is large, κ_log-concave
    is not enough, and constant ζ do not show it. The mixture's own profile L₊(t) is enough.
    """
    law = Mixture(np.array([0.5, 0.5]), np.array([[-2.0], [2.0]]), np.array([[0.04]]))
    nodes = np.concatenate(
        [m + 0.2 * np.polynomial.hermite_e.hermegauss(20)[0] for m in (-2.0, 2.0)]
    )
    masses = np.tile(np.polynomial.hermite_e.hermegauss(20)[1], 2)
    masses = masses / masses.sum()
    times = np.array([0.3, 0.5])
    gamma = weights(times)
    low, high = (
        kernels.kappa_log_concave(times, gamma),
        kernels.kappa_profile(times, gamma, law.curvature_bound),
    )
    assert high > 1.5 * low
    rho = 0.7

    def between(amplitude: float, j: int, x: Array) -> Array:
        return amplitude * np.exp(-((x / 0.5) ** 2))

    paths = transitions(nodes, masses, times)
    assert exponential_moment(masses, paths, gamma, partial(between, 2.0), low, rho) > 1 + 1e-3
    assert exponential_moment(masses, paths, gamma, lambda j, x: np.ones_like(x), low, rho) < 1
    for amplitude in (0.6, 2.0, 6.0):
        value = exponential_moment(masses, paths, gamma, partial(between, amplitude), high, rho)
        assert value <= 1 + 1e-6


def worst_ratio(nodes: Array, masses: Array, times: Array, gamma: Array) -> float:
    """sup of E S² / E Σ_j γ_j ζ_j² over *all* functions ζ_j(x) on a grid: a symmetric eigenvalue
    problem over the pairs (j, x), assembled from the joint densities of (X_0, X_{t_j}, X_{t_l}). It
    can be at most κ."""
    x = np.linspace(-9, 9, 240)
    step = x[1] - x[0]

    def move(centres: Array, gap: float) -> Array:
        tau = -np.expm1(-2 * gap)
        shrunk = np.exp(-gap) * centres[:, None]
        return np.asarray(np.exp(-((x[None] - shrunk) ** 2) / (2 * tau)) / np.sqrt(2 * np.pi * tau))

    joints = [masses[:, None] * move(nodes, t) for t in times]
    densities = np.array([joint.sum(axis=0) for joint in joints])
    means = [
        nodes @ joint / np.maximum(p, 1e-300) for joint, p in zip(joints, densities, strict=True)
    ]
    u = [(mean - nodes[:, None]) / (2 * np.sinh(t)) for mean, t in zip(means, times, strict=True)]
    blocks = np.zeros((times.size, x.size, times.size, x.size))
    for j in range(times.size):
        blocks[j, :, j, :] = np.diag(gamma[j] ** 2 * step * np.sum(joints[j] * u[j] ** 2, axis=0))
        for k in range(j + 1, times.size):
            paths = ((joints[j] * u[j]).T @ u[k]) * move(x, times[k] - times[j]) * step**2
            blocks[j, :, k, :] = gamma[j] * gamma[k] * paths
            blocks[k, :, j, :] = blocks[j, :, k, :].T
    norms = (gamma[:, None] * densities * step).ravel()
    seen = norms > 1e-11 * norms.max()
    scale = 1 / np.sqrt(norms[seen])
    matrix = blocks.reshape(norms.size, norms.size)[np.ix_(seen, seen)] * np.outer(scale, scale)
    return float(np.linalg.eigvalsh(matrix)[-1])


def test_worst_functions() -> None:
    """Over all functions ζ_j, E S² ≤ κ E Σ γ ζ²: with equality to 1e-8 for Gaussian data (κ is the
    best constant, constants are the worst functions), above 0.95 of κ_log-concave for a wide
    uniform law, below it for three more, and six times above it for the bimodal law. Decoy: 0.9 κ
    is exceeded by the Gaussian and the wide uniform."""
    times = np.array([0.1, 0.2, 0.4, 0.8])
    gamma = weights(times)
    hermite, mass = np.polynomial.hermite_e.hermegauss(80)
    unit = worst_ratio(hermite, mass / mass.sum(), times, gamma)
    assert unit == pytest.approx(kernels.kappa_gaussian(times, gamma, 1.0), rel=1e-8)
    kappa = kernels.kappa_log_concave(times, gamma)
    wide = worst_ratio(*quadrature_law(np.ones_like, -6.0, 6.0), times, gamma)
    assert 0.95 * kappa < wide < kappa
    for density, low, high in (
        (np.ones_like, -1.0, 1.0),
        (lambda y: np.exp(-y), 0.0, 14.0),
        (lambda y: np.exp(-(np.abs(y) ** 3)), -3.0, 3.0),
    ):
        assert worst_ratio(*quadrature_law(density, low, high), times, gamma) < kappa
    modes = np.concatenate([-2 + 0.2 * hermite, 2 + 0.2 * hermite])
    bimodal = worst_ratio(modes, np.tile(mass, 2) / mass.sum() / 2, times, gamma)
    law = Mixture(np.array([0.5, 0.5]), np.array([[-2.0], [2.0]]), np.array([[0.04]]))
    assert 6 * kappa < bimodal < kernels.kappa_profile(times, gamma, law.curvature_bound)


# The bounds


def test_violation_probability() -> None:
    """Known values: 0.5 % at the bound and 22 % at half of it with 63 alternatives; then against 20
    000 simulated data sets, the losses compared as the definition has them. Catches a wrong
    constant of 5 % at half the bound.

    False alarm: two binomial tests at 1e-10. Decoy: half of the constant, whose 'at most δ' is
    violated.
    """
    assert c.violation_probability(1.0, 64, 0.05) == pytest.approx(0.00487, rel=2e-3)
    assert c.violation_probability(0.5, 64, 0.05) == pytest.approx(0.2102, rel=2e-3)
    d, m, runs, delta = 8, 20, 20_000, 0.05
    hypotheses = d + 1
    times = uniform_grid(0.3, 10)
    gamma = weights(times)
    kappa, w = c.adversarial_direction(times, gamma, 1.0)
    bound = c.risk_bound(kappa, float(np.log(hypotheses)), delta, m)
    rng = np.random.default_rng(2024)
    excess = np.zeros((2, runs, d))
    fractions = (1.0, 0.5)
    law = Gaussian(np.ones(d))
    for j, part in enumerate(simulate(law.sample(m * runs, rng), times, rng)):
        target = part.z / -np.expm1(-2 * part.step.t)
        for f, fraction in enumerate(fractions):
            shift = np.sqrt(fraction * bound) * w[j]
            loss = (-part.x + shift + target) ** 2 - (-part.x + target) ** 2
            excess[f] += gamma[j] * loss.reshape(runs, m, d).sum(axis=1)
    wrong = (excess < 0).any(axis=2).sum(axis=1)
    for count, fraction in zip(wrong, fractions, strict=True):
        predicted = c.violation_probability(fraction, hypotheses, delta)
        assert binomtest(int(count), runs, predicted).pvalue > 1e-10
    assert wrong[0] <= delta * runs
    assert binomtest(int(wrong[1]), runs, delta).pvalue < 1e-10


def test_no_smaller_constant() -> None:
    """Below the bound's constant the failure probability tends to 1, at that constant it stays
    below δ, and its exponent is the fraction itself. Decoy: exponent one for half the constant.
    """
    for fraction in (0.25, 0.5, 0.9):
        values = [c.violation_probability(fraction, n, 0.05) for n in (10, 100, 10**200)]
        assert values[0] < values[1]
        assert values[2] > 0.999
    for n in (2, 10, 10**6, 10**100):
        assert c.violation_probability(1.0, n, 0.05) < 0.05
    n = 10**150
    each = c.violation_probability(0.5, 2, 2 / n)  # one alternative, log(|H|/δ) = log(n)
    exponent = -np.log(each) / np.log(float(n))
    assert exponent == pytest.approx(0.5, rel=0.03)
    assert exponent < 0.6


def test_the_supermartingale_by_hand() -> None:
    """ρ = 1/2, S = 2 and −2, κ = 3, norm 4: e^{∓1 − 3/2}.
    With ρ of the other sign the two change places.
    """
    sums, norms = np.array([2.0, -2.0]), np.array([4.0, 4.0])
    found = c.supermartingale(sums, norms, 3.0, 0.5)
    assert found == pytest.approx([np.exp(-2.5), np.exp(-0.5)], rel=1e-14)
    assert c.supermartingale(sums, norms, 3.0, -0.5) == pytest.approx(found[::-1], rel=1e-14)


def test_a_sum_over_paths_by_hand() -> None:
    """Two times, three paths, one coordinate: ½ ζ_1 U_1 + 2 ζ_2 U_2, with one ζ for all paths or
    one for each.
    """
    residual = np.array([[[1.0], [2.0], [3.0]], [[-1.0], [0.0], [5.0]]])
    zeta = np.array([[[4.0]], [[-3.0]]])
    expected = [2 * 1 + 6, 2 * 2, 2 * 3 - 30]
    np.testing.assert_allclose(c.path_sum([0.5, 2.0], zeta, residual), expected)
    each = np.broadcast_to(zeta, residual.shape)
    np.testing.assert_allclose(c.path_sum([0.5, 2.0], each, residual), expected)


@pytest.mark.parametrize("value", [1e-6, 1.0, 1e8])
@pytest.mark.parametrize("times", [(1e-3, 0.0100001, 4.0), (2.0, 7.3), (0.7,), (0.3, 0.31, 12.0)])
def test_the_quadrature_where_it_is_hard(value: float, times: tuple[float, ...]) -> None:
    """A Gaussian's own profile −1/v(s), which turns at s ~ 1/λ:
    the closed form to 1e-11, over wide gaps and narrow ones.

    Catches panels that do not reach down to 10⁻⁸, and panels too wide far out.
    """
    gamma = np.linspace(1.0, 2.0, len(times))

    def profile(s: Array) -> Array:
        return -1 / (np.exp(-2 * s) * value - np.expm1(-2 * s))

    found = kernels.kernel_profile(times, gamma, profile)
    np.testing.assert_allclose(found, kernels.kernel_gaussian(times, gamma, value), rtol=1e-11)


TWO = ([0.1, 0.2], [1.0, 1.0])


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: kernels.kappa_log_concave([0.1, 0.2], [1.0]),
            "gamma: must have shape (2,), one weight a time, but has (1,)",
        ),
        (
            lambda: kernels.kappa_log_concave([0.1, 0.2], [1.0, 0.0]),
            "gamma: must be positive and at most 1e+100, but holds 0",
        ),
        (
            lambda: kernels.kappa_log_concave([0.1, 0.2], [1.0, 2e100]),
            "gamma: must be positive and at most 1e+100, but holds 2e+100",
        ),
        (
            lambda: kernels.kappa_log_concave([0.1, 0.2], [1.0, np.nan]),
            "gamma: holds NaN or an infinity",
        ),
        (
            lambda: kernels.kappa_log_concave([0.2, 0.1], [1.0, 1.0]),
            "times: must be strictly increasing, but 0.1 follows 0.2",
        ),
        (
            lambda: c.residuals([0.2, 0.1], np.ones((1, 1)), np.ones((2, 1, 1))),
            "times: must be strictly increasing, but 0.1 follows 0.2",
        ),
        (
            lambda: c.path_sum([np.nan], np.ones((1, 1, 1)), np.ones((1, 1, 1))),
            "gamma: holds NaN or an infinity",
        ),
        (lambda: c.path_norm([np.inf], np.ones((1, 1, 1))), "gamma: holds NaN or an infinity"),
        (
            lambda: c.path_norm([1.0], np.ones((1, 1))),
            "zeta: must have shape (N, n, d), but has (1, 1)",
        ),
        (lambda: c.path_norm([1.0], np.full((1, 1, 1), np.nan)), "zeta: holds NaN or an infinity"),
        (
            lambda: c.path_sum([1.0], np.ones((1, 1, 1)), np.ones((1, 1))),
            "residual: must have shape (N, n, d), but has (1, 1)",
        ),
        (
            lambda: c.path_sum([1.0, 1.0], np.ones((1, 1, 1)), np.ones((2, 1, 1))),
            "zeta: must have shape (2, n, d), but has (1, 1, 1)",
        ),
        (
            lambda: c.path_sum([1.0], np.ones((1, 2, 1)), np.ones((1, 3, 1))),
            "zeta: must fit `residual` of shape (1, 3, 1), but has (1, 2, 1)",
        ),
        (
            lambda: c.path_sum([1.0], np.ones((1, 3, 2)), np.ones((1, 3, 1))),
            "zeta: must fit `residual` of shape (1, 3, 1), but has (1, 3, 2)",
        ),
        (
            lambda: c.residuals([0.1, 0.2], np.ones((1, 1)), np.ones((1, 1, 1))),
            "posterior_means: must have shape (2, n, d), but has (1, 1, 1)",
        ),
        (
            lambda: c.reverse_increments(np.ones((1, 1)), np.ones((1, 1))),
            "posterior_means: must have shape (N, n, d), but has (1, 1)",
        ),
        (
            lambda: c.reverse_weights(*TWO, np.ones((1, 1, 1))),
            "zeta: must have shape (2, n, d), but has (1, 1, 1)",
        ),
        (
            lambda: c.supermartingale(np.array([-1e3]), np.zeros(1), 1.0, 1.0),
            "rho: is so large that the exponential leaves the range of float64",
        ),
        (
            lambda: c.supermartingale(np.array([-1e300]), np.array([1e300]), 1.0, 1e300),
            "rho: is so large that the exponential leaves the range of float64",
        ),
        (lambda: kernels.kernel_gaussian(*TWO, 0.0), "eigenvalues: must be positive, but is 0"),
        (
            lambda: kernels.kappa_gaussian(*TWO, []),
            "eigenvalues: must be a non-empty list of positive numbers",
        ),
        (
            lambda: kernels.kappa_gaussian(*TWO, [1.0, 0.0]),
            "eigenvalues: must be a non-empty list of positive numbers",
        ),
        (lambda: kernels.kappa_gaussian(*TWO, [np.nan]), "eigenvalues: holds NaN or an infinity"),
        (
            lambda: kernels.kappa_semi_log_concave(*TWO, -0.1),
            "L_plus: must not be negative, but is -0.1",
        ),
        (lambda: kernels.kappa_semi_log_concave(*TWO, np.inf), "L_plus: holds NaN or an infinity"),
        (
            lambda: kernels.kappa_profile(*TWO, lambda s: np.full(s.shape, -20.0)),
            "profile: falls below −1/σ², which no law allows",
        ),
        (
            lambda: kernels.kappa_profile(*TWO, lambda s: np.full(s.shape, np.inf)),
            "profile: holds NaN or an infinity",
        ),
        (
            lambda: kernels.kappa_universal([]),
            "gamma: must be a non-empty list of positive weights",
        ),
        (
            lambda: kernels.kappa_universal([1.0, 700.5]),
            "gamma: must be at most 700, where e^γ leaves float64, but holds 700.5",
        ),
        (
            lambda: kernels.kappa_schur([1.0, 0.0]),
            "gamma: must be a non-empty list of positive weights",
        ),
        (lambda: kernels.kappa_schur([np.inf]), "gamma: holds NaN or an infinity"),
        (lambda: kernels.kappa_separate(*TWO, 0.0), "eigenvalue: must be positive, but is 0"),
        (
            lambda: c.gaussian_sum_variance(*TWO, np.ones((2, 1)), [-1.0]),
            "eigenvalues: must be positive, but is -1",
        ),
        (
            lambda: c.gaussian_sum_variance(*TWO, np.ones((2, 1)), [np.nan]),
            "eigenvalues: holds NaN or an infinity",
        ),
        (lambda: c.risk_bound(0.0, 1.0, 0.1, 1), "kappa: must be positive, but is 0"),
        (
            lambda: c.risk_bound(1.0, -0.1, 0.1, 1),
            "log_cardinality: must not be negative, but is -0.1",
        ),
        (lambda: c.risk_bound(1.0, np.inf, 0.1, 1), "log_cardinality: holds NaN or an infinity"),
        (lambda: c.risk_bound(1.0, 1.0, 1.0, 1), "delta: must lie between 0 and 1, but is 1"),
        (lambda: c.risk_bound(1.0, 1.0, 0.1, 0), "m: must be at least 1, but is 0"),
        (lambda: c.mean_risk_bound(0.0, 1.0, 1), "kappa: must be positive, but is 0"),
        (
            lambda: c.mean_risk_bound(1.0, -1.0, 1),
            "log_cardinality: must not be negative, but is -1",
        ),
        (lambda: c.mean_risk_bound(1.0, 1.0, 0), "m: must be at least 1, but is 0"),
        (lambda: kernels.kappa_bounded(*TWO, 0.0), "radius: must be positive, but is 0"),
        (
            lambda: kernels.kappa_strongly_log_concave(*TWO, 0.0),
            "alpha: must be positive, but is 0",
        ),
        (lambda: c.violation_probability(0.0, 2, 0.1), "fraction: must be positive, but is 0"),
        (lambda: c.violation_probability(1.0, 1, 0.1), "hypotheses: must be at least 2, but is 1"),
        (lambda: c.violation_probability(1.0, 2, 1.0), "delta: must lie between 0 and 1, but is 1"),
        (lambda: c.violation_probability(1.0, 2, 0.0), "delta: must lie between 0 and 1, but is 0"),
    ],
)
def test_refusals_are_one_sentence(call: Callable[[], object], sentence: str) -> None:
    """Key and reason, word for word, and nothing computed."""
    with pytest.raises(InvalidInput) as refused:
        call()
    assert str(refused.value) == sentence


def test_the_last_values_allowed() -> None:
    """On the good side of the borders above:
    L₊ = 0 is log-concave, one hypothesis, two, a profile of just −1/σ²; the largest weights.
    """
    assert kernels.kappa_log_concave([0.5], [kernels.MOST]) == pytest.approx(
        kernels.MOST / (1 - np.exp(-1)), rel=1e-14
    )
    assert kernels.kappa_universal([700.0]) == pytest.approx(2 * np.exp(700), rel=1e-14)
    assert kernels.kappa_semi_log_concave(*TWO, 0.0) == kernels.kappa_log_concave(*TWO)
    assert c.mean_risk_bound(1.0, 0.0, 1) == 0
    assert 0 < c.violation_probability(1.0, 2, 0.1) < 0.1
    flat = kernels.kernel_profile(*TWO, lambda s: 1 / np.expm1(-2 * s))
    np.testing.assert_allclose(flat, 0, atol=1e-12)


def test_the_simple_kappas_by_hand() -> None:
    """2 e^{1/2}; 1 + ½/(1 − e^{−1/2}); Σ_j γ_j c_j at λ = 2,
    with c_j = 1/σ_j² − 1/v_j by subtraction. λ = 1 hides a factor λ.
    """
    assert kernels.kappa_universal([0.1, 0.5]) == pytest.approx(2 * np.exp(0.5), rel=1e-14)
    assert kernels.kappa_schur([0.1, 0.5]) == pytest.approx(1 + 0.5 / (1 - np.exp(-0.5)), rel=1e-14)
    times, gamma, total = (0.2, 1.0), (0.3, 0.7), 0.0
    for t, weight in zip(times, gamma, strict=True):
        noise = 1 - np.exp(-2 * t)
        total += weight * (1 / noise - 1 / (2 * np.exp(-2 * t) + noise))
    assert kernels.kappa_separate(times, gamma, 2.0) == pytest.approx(total, rel=1e-12)
