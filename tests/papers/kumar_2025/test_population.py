"""Population risk, a score outside the class, redraws: theory.md's numbers by second routes, and
the evidence.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import integrate, optimize, stats

from bounds import kernels, risk_bounds
from bounds.claim import Claim, verify
from bounds.papers.kumar_2025 import parameters, population
from bounds.process import uniform_grid, weights
from studies import quantities
from studies.papers.kumar_2025 import evidence_population as e
from studies.papers.kumar_2025 import log_concave_laws
from studies.papers.kumar_2025.class_laws import drawn
from studies.papers.kumar_2025.evidence_parameters import profile
from studies.papers.kumar_2025.supermartingale import HALF_WIDTH, worst_constants
from studies.study import Cell
from tests.measured import quick

NAMED = {claim.name: claim for claim in population.CLAIMS}


# --- the numbers of theory.md


@pytest.mark.parametrize(
    ("m", "truth", "hoelder", "formula"), [(200, 0.673, 1.444, 1.737), (10**4, 0.658, 1.051, 1.064)]
)
def test_how_much_is_needed(m: int, truth: float, hoelder: float, formula: float) -> None:
    """R over 8κL at log(|H|/δ) = 6, κ = 1: P(f̂ = f) by Gauss quadrature of E Φ(−½ √(R χ²_m)), by
    Hölder with E e^{−cY} = (1 + 2cR)^{−1/2}, and by the formula.
    """
    unit = 8 * 6 / m

    def wrong(ratio: float) -> float:
        def integrand(u: float) -> float:
            missed = stats.norm.cdf(-np.sqrt(ratio * unit * u) / 2)
            return float(missed * stats.chi2.pdf(u, m))

        width = 12 * np.sqrt(2 * m)
        return float(integrate.quad(integrand, max(0.0, m - width), m + width, limit=400)[0])

    def log_hoelder(ratio: float) -> float:
        def bound(y: float) -> float:
            c = np.exp(y)
            laplace = -np.log1p(2 * c * ratio * unit) / 2
            return float(np.log(risk_bounds.choice_bound(1.0, m, c, laplace)))

        return float(optimize.minimize_scalar(bound, bounds=(-8, 12), method="bounded").fun)

    found = optimize.brentq(lambda r: np.log(wrong(r)) + 6, 0.3, 3)
    assert round(found, 3) == truth
    assert e.largest_risk(lambda r: e.log_wrong_linear(r, m), 6.0) / unit == pytest.approx(
        found, rel=1e-6
    )
    assert round(optimize.brentq(lambda r: log_hoelder(r) + 6, 0.3, 3), 3) == hoelder
    bound = risk_bounds.population_bound(1.0, 0.0, np.exp(-6), m, risk_bounds.THETA_GAUSSIAN)
    assert round(bound / unit, 3) == formula


JOINT: dict[str, Any] = {
    "law": "gaussian",
    "eigenvalue": 1.0,
    "class": "linear",
    "times": uniform_grid(0.1, 20).tolist(),
    "m": 100,
}


def _wrong_by_inversion(k: int) -> float:
    """P(Σ_i (2S_i + Y_i) < 0) for f − s = a w_j x (v = 1), R = 8κk/m: a quadratic form in (X_0,
    fresh noises), its characteristic function inverted (Gil-Pelaez).
    """
    times, m = np.array(JOINT["times"]), JOINT["m"]
    kappa, w = worst_constants(times, 1.0)
    size, gamma, n = np.sqrt(8 * kappa * k / m), weights(times), times.size
    # Rows: X_j and U_j = Z_j/σ_j² − X_j in the basis (X_0, noise 1, …, noise N).
    z = np.zeros((n, n + 1))
    for j in range(n):
        gap = times[j] - (times[j - 1] if j else 0.0)
        if j:
            z[j] = np.exp(-gap) * z[j - 1]
        z[j, j + 1] = np.sqrt(-np.expm1(-2 * gap))
    x = z.copy()
    x[:, 0] += np.exp(-times)
    u = z / -np.expm1(-2 * times)[:, None] - x
    form = np.zeros((n + 1, n + 1))
    for j in range(n):
        zeta = size * w[j] * x[j]
        form += gamma[j] * (np.outer(zeta, zeta) + np.outer(zeta, u[j]) + np.outer(u[j], zeta))
    values = np.linalg.eigvalsh(form)

    def integrand(t: float) -> float:
        log_phi = -m / 2 * np.sum(np.log(1 - 2j * t * values))
        return float(np.imag(np.exp(log_phi)) / t)

    return float(0.5 - integrate.quad(integrand, 1e-9, 60, limit=2000)[0] / np.pi)


@pytest.mark.parametrize(
    ("k", "wrong", "hoelder"), [(1, 0.0551, 0.425), (2, 0.0119, 0.199), (4, 0.0007, 0.051)]
)
def test_the_choice_at_joint_times(k: int, wrong: float, hoelder: float) -> None:
    """P by inversion, Hölder by the claim's formula; and e^{−k} in the limit of many paths."""
    assert round(_wrong_by_inversion(k), 4) == wrong
    assert round(population.choice({**JOINT, "k": k}), 3) == hoelder
    assert population.choice({**JOINT, "k": k, "m": 10**7}) == pytest.approx(np.exp(-k), rel=0.01)
    constant = population.choice({**JOINT, "k": k, "class": "constant"})
    assert constant == pytest.approx(np.exp(-k), rel=1e-3)


def test_the_sampled_choice_is_the_exact_one() -> None:
    """The study's paths against the inversion, within 4 standard errors: 6 % of it at k = 1."""
    cell = {**JOINT, "k": [1], "sets": 4000}
    (found,) = e._choice_paths(cell, np.random.default_rng(23))
    exact = _wrong_by_inversion(1)
    assert abs(float(found["value"]) - exact) < 4 * np.sqrt(exact / 4000)


@pytest.mark.parametrize(("level", "share"), [(3, 0.67), (10, 0.88), (30, 0.95), (100, 0.98)])
def test_the_gap_outside_the_class(level: int, share: float) -> None:
    """β − α at which f is picked with probability e^{−ℓ}, over √(8κℓ/m)."""
    cell: Cell = {"law": "gaussian", "eigenvalue": 1.0, "times": [0.4], "m": 50, "alpha": 0.7}
    (found,) = e._outside_exact({**cell, "delta": float(np.exp(-level))})
    kappa = kernels.kappa_gaussian([0.4], [0.4], [1.0])
    gap = np.sqrt(float(found["value"])) - 0.7
    assert round(gap / np.sqrt(8 * kappa * level / 50), 2) == share


# --- θ


def test_theta_of_waves_by_quadrature() -> None:
    """e^t X_t ~ N(0, λ + e^{2t} − 1), λ = 2.5: moments of the sine by quadrature, and the largest
    ratio of all times.
    """
    cell: Cell = {"law": "gaussian", "eigenvalue": 2.5, "class": "wave", "frequency": 0.4}
    ratios = []
    for t in (0.3, 0.5):
        root = np.sqrt(2.5 + np.expm1(2 * t))

        def moment(k: int, root: float = root) -> float:
            def at(z: float) -> float:
                return float(np.sin(0.4 * root * z + 0.5) ** k * stats.norm.pdf(z))

            return float(integrate.quad(at, -12, 12)[0])

        assert_allclose(population.wave_moments(cell, t), [moment(2), moment(4)], rtol=1e-9)
        ratios.append(moment(4) / moment(2) ** 2)
    assert population.theta({**cell, "times": [0.3, 0.5]}) == pytest.approx(max(ratios), rel=1e-9)


def test_log_laplace_by_the_noises() -> None:
    """E e^{−cY} at λ = 2.5, where v is not 1: Y a sum of squares of X_0 and the steps' noises."""
    cell = {**JOINT, "eigenvalue": 2.5, "times": [0.3, 0.7, 1.6]}
    times = np.array(cell["times"])
    w = worst_constants(times, 2.5)[1]
    rows = np.zeros((3, 4))  # X_j in (X_0/√λ, the noise of each step)
    rows[:, 0] = np.exp(-times) * np.sqrt(2.5)
    for j, k in ((0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2)):
        gap = times[k] - (times[k - 1] if k else 0.0)
        rows[j, k + 1] = np.exp(times[k] - times[j]) * np.sqrt(-np.expm1(-2 * gap))
    rows *= (np.sqrt(weights(times)) * w / np.linalg.norm(rows, axis=1))[:, None]
    spectrum = np.linalg.svd(rows, compute_uv=False) ** 2
    wanted = -np.log1p(2 * 1.7 * 0.4 * spectrum).sum() / 2
    assert population._log_laplace(cell, 1.7, 0.4) == pytest.approx(wanted, rel=1e-9)


def test_theta() -> None:
    """E Y² over (E Y)²: 6 at most for X_t of Laplace data, reached as t → 0, by its moments; and
    for waves at joint times within what the claim computes, by sampling.
    """
    assert population.LAPLACE_SCALE == log_concave_laws.SCALE
    assert population.HALF_WIDTH == HALF_WIDTH
    for t, share in ((1e-4, 0.999), (0.8, 0.5)):
        b, noise = np.exp(-t), -np.expm1(-2 * t)
        second, fourth = 2 * b**2 + noise, 24 * b**4 + 12 * b**2 * noise + 3 * noise**2
        assert share * 6 < fourth / second**2 <= 6
    rng = np.random.default_rng(29)
    for law, frequency in (("laplace", 0.2), ("uniform", 0.3)):
        times = [0.2, 0.8]
        cell: Cell = {"law": law, "class": "wave", "frequency": frequency, "times": times}
        x0 = drawn(cell, 400_000, 1, rng)[:, 0]
        y, w = np.zeros_like(x0), profile(cell)
        z = np.zeros_like(x0)
        for j, gap in enumerate((0.2, 0.6)):
            z = np.exp(-gap) * z + np.sqrt(-np.expm1(-2 * gap)) * rng.standard_normal(z.size)
            g = np.sin(frequency * (x0 + np.exp(times[j]) * z) + 0.5)
            second, fourth = population.wave_moments(cell, times[j])
            assert_allclose([second, fourth], [np.mean(g**2), np.mean(g**4)], rtol=0.01)
            y += weights(np.array(times))[j] * (w[j] * g) ** 2
        ratio = float(np.mean(y**2) / np.mean(y) ** 2)
        assert 1.1 < ratio < 1.01 * population.theta(cell)


def test_the_formulas() -> None:
    """Each by hand at a cell with κ = 0.7 at one time of a log-concave law."""
    t = optimize.brentq(lambda s: s / -np.expm1(-2 * s) - 0.7, 0.1, 1.0)
    cell: Cell = {"law": "laplace", "class": "linear", "times": [t], "m": 400, "delta": 0.05}
    cell |= {"log_alternatives": 1.0, "alpha": 0.3}
    level = (1 + np.log(20)) / 400
    inside = 5.6 * level
    assert population._empirical(cell) == pytest.approx(inside)
    assert population.population(cell) == pytest.approx(inside / (1 - np.sqrt(12 * level)))
    gap = 5.6 * np.log(20) / 400
    assert population.outside(cell) == pytest.approx((0.3 + np.sqrt(gap)) ** 2)
    assert population._with_factor_one(cell) == pytest.approx(0.09 + gap)
    gaussian: Cell = {"law": "gaussian", "eigenvalue": 2.0, "times": [t], "m": 50, "k": 3}
    assert population.theta({**gaussian, "class": "linear"}) == 3
    constant: Cell = {**gaussian, "class": "constant"}
    half = population._least(constant, parameters.kappa_of(constant) / 2)
    assert half == pytest.approx(np.exp(-6), rel=1e-3)
    v = np.exp(-2 * t) * 2 - np.expm1(-2 * t)
    kappa = t * (1 / -np.expm1(-2 * t) - 1 / v)
    c = np.geomspace(1e-2, 1e3, 20_001)
    least = np.min(-25 * np.log1p(2 * c * 8 * kappa * 3 / 50) / (1 + 8 * kappa * c))
    linear = population.choice({**gaussian, "class": "linear"})
    assert linear == pytest.approx(np.exp(least), rel=1e-5)


# --- the evidence


def test_a_spike_by_the_paths() -> None:
    """P(f̂ = f) of a spike: data sets drawn, losses compared, a tie to a coin; within 4 errors."""
    m, q, ratio, sets = 50, 0.02, 0.3, 40_000
    rng = np.random.default_rng(31)
    n = rng.binomial(m, q, sets)
    # Per visit ζ² = ratio κ/q at κ = γ = 1, and U of variance 1.
    loss = n * ratio / q + 2 * np.sqrt(n * ratio / q) * rng.standard_normal(sets)
    picked = np.mean((loss < 0) + 0.5 * (n == 0))
    exact = np.exp(e.log_wrong_spike(ratio, m, q))
    assert abs(picked - exact) < 4 * 0.5 / np.sqrt(sets)
    assert exact > 0.5 * (1 - q) ** m


def test_redraws_leave_the_data() -> None:
    """The variance of S averaged over K paths is κ_∞ + (κ − κ_∞)/K, κ_∞ = λ (Σ_j γ_j w_j e_j/v_j)²
    for the weights w; and λ Σ_j γ_j e_j²/v_j², its largest over w, tends to ½ on fine grids.
    """
    times, value = [0.2, 0.5, 1.0], 0.7
    cell: Cell = {"law": "gaussian", "eigenvalue": value, "times": times, "d": 8, "m": 1}
    kappa, w = worst_constants(np.array(times), value)
    gamma, e_t = weights(np.array(times)), np.exp(-np.array(times))
    v = 1 + (value - 1) * e_t**2
    limit = value * np.sum(gamma * w * e_t / v) ** 2
    for redraws in (1, 3, 10):
        sums = e._constants(
            {**cell, "sets": 4000, "redraws": redraws}, np.random.default_rng(redraws)
        )
        assert np.var(sums) == pytest.approx(limit + (kappa - limit) / redraws, rel=0.04)
    fine = np.arange(1, 40_001) * 2e-4
    for eigenvalue in (0.2, 1.0, 5.0):
        v = 1 + (eigenvalue - 1) * np.exp(-2 * fine)
        assert eigenvalue * np.sum(2e-4 * np.exp(-2 * fine) / v**2) == pytest.approx(0.5, abs=2e-3)


def test_what_would_be_caught() -> None:
    """The same measurements reject more than the decoys: 0.9 of the population bound, 0.98 of the
    bound outside the class, 0.45 of the theorem with redraws.
    """
    table = quick(e.STUDY.name)
    for name, factor in (
        ("population-bound", 0.9),
        ("outside-bound", 0.98),
        ("redraws-theorem", 0.45),
    ):
        claim = NAMED[name]
        formula: Callable[[Any], float] = claim.formula
        variant = Claim(**{**vars(claim), "decoy": lambda c, f=formula, x=factor: x * f(c)})
        found = verify(variant, quantities.measured_by(claim)[1](table))
        assert found.decoy.answer == "contradicted"
