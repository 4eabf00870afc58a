"""Classes with P parameters: theory.md's numbers, and the evidence by a second route."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import optimize, stats
from scipy.special import voigt_profile

from bounds import kernels, risk_bounds
from bounds.claim import Claim, verify
from bounds.gaussian import Gaussian
from bounds.papers.kumar_2025 import parameters
from bounds.process import simulate, weights
from studies import quantities
from studies.papers.kumar_2025 import class_laws, joint_means
from studies.papers.kumar_2025 import evidence_parameters as e
from studies.papers.kumar_2025.supermartingale import HALF_WIDTH, worst_constants
from studies.study import Cell
from tests.measured import quick

NAMED = {claim.name: claim for claim in parameters.CLAIMS}


# --- the numbers of theory.md


@pytest.mark.parametrize(("t", "share"), [(0.2, 0.83), (1.0, 0.61), (2.0, 0.56)])
def test_how_much_of_the_mean_is_met(t: float, share: float) -> None:
    """λ = linspace(0.3, 3, 8): m E risk = d tr(C_t) over κ d², κ at the largest λ."""
    law = Gaussian(np.linspace(0.3, 3, 8))
    kappa = kernels.kappa_gaussian([t], [1.0], law.eigenvalues)
    assert round(8 * law.conditional_variances(t).sum() / (kappa * 64), 2) == share


def test_the_false_mean_by_three_integrals() -> None:
    """E W²/G = 1.0352 κ: W and G from their definitions over (X_0, two noises), 90³ Gauss-Hermite
    nodes, to 1e-7 of what one integral over X_{t_1} gives.
    """
    times = np.array([0.05, 0.5])
    gamma, e_t, noise = weights(times), np.exp(-times), -np.expm1(-2 * times)
    kappa, w = worst_constants(times, 1.0)
    assert round(kappa, 5) == 0.54227
    points, mass = np.polynomial.hermite_e.hermegauss(90)
    mass = mass / mass.sum()
    x0, a, b = np.meshgrid(points, points, points, indexing="ij")
    first = np.sqrt(noise[0]) * a
    gap = times[1] - times[0]
    second = np.exp(-gap) * first + np.sqrt(-np.expm1(-2 * gap)) * b
    total, gram = np.zeros_like(x0), np.zeros_like(x0)
    for j, z in enumerate((first, second)):
        x = e_t[j] * x0 + z
        phi = 1.5 * w[0] * np.exp(-(x**2) / 2) if j == 0 else np.full_like(x, w[1])
        total += gamma[j] * phi * (z / noise[j] - x)  # s = −x for white data
        gram += gamma[j] * phi**2
    value = np.einsum("i,j,k,ijk->", mass, mass, mass, total**2 / gram)
    rows = joint_means.measure_chosen({"times": [0.05, 0.5], "height": 1.5, "ridge": [], "cut": []})
    assert rows[0]["value"] == pytest.approx(value, rel=1e-7)
    assert round(value / kappa, 4) == 1.0352


def test_the_heaviest_path_decides() -> None:
    """Paths times their own A: with a reach of 1 their number averages the excess away, with a
    reach of 150 it does not.
    """
    of: Cell = {"times": [0.05, 0.5], "height": 1.5, "m": 16, "sets": 40_000}
    kappa = worst_constants(np.array(of["times"]), 1.0)[0]
    near, far = (
        float(joint_means.measure_scaled({**of, "reach": r}, np.random.default_rng(3))[0]["value"])
        for r in (1.0, 150.0)
    )
    assert near < 1.005 * kappa
    assert 1.02 * kappa < far < 1.04 * kappa


# --- the formulas, at one cell each


def test_kappa_of_each_law() -> None:
    """At one time κ = γ (1/σ² + L₊): N(0, λ) has L₊ = −1/v, a log-concave law 0, and Cauchy's is
    the largest second difference of the logarithm of the Voigt profile, to 1e-4.
    """
    t = 0.4
    noise, cell = -np.expm1(-2 * t), {"times": [t]}
    v = 1 + 2 * np.exp(-2 * t)
    gaussian = parameters.kappa_of({**cell, "law": "gaussian", "eigenvalue": 3.0})
    assert gaussian == pytest.approx(t * (1 / noise - 1 / v), rel=1e-12)
    assert parameters.kappa_of({**cell, "law": "uniform"}) == pytest.approx(t / noise, rel=1e-12)
    x = np.arange(-20, 20, 1e-3)
    log_p = np.log(voigt_profile(x, np.sqrt(noise), 4 * np.exp(-t)))
    bend = np.max(np.diff(log_p, 2)) / 1e-6
    found = parameters.kappa_of({**cell, "law": "cauchy", "scale": 4.0})
    assert found == pytest.approx(t * (1 / noise + bend), rel=1e-4)


def test_the_formulas() -> None:
    """Each by hand at a cell with κ = 0.7 at one time of a log-concave law."""
    t = optimize.brentq(lambda s: s / -np.expm1(-2 * s) - 0.7, 0.1, 1.0)
    cell: Cell = {"law": "laplace", "times": [t], "d": 3, "p": 4, "c": 0.5, "delta": 0.05}
    cell |= {"P": 9, "m": 20, "eta": 0.2}
    level = np.log(20)
    assert parameters.kappa_of(cell) == pytest.approx(0.7)
    assert parameters.log_det_bound(cell) == pytest.approx(0.7 * (12 * np.log(1.5) + 2 * level))
    assert parameters.one_direction(cell) == pytest.approx(1.4 * level)
    assert parameters.uncrossed(cell) == pytest.approx(0.7 * (9 + 2 * level) / 20)
    one = 0.7 * (9 + 2 * np.sqrt(9 * level) + 2 * level) / 20
    assert parameters.one_time_quantile(cell) == pytest.approx(one)
    joint = 0.7 * (np.sqrt(9 * 1.5) + np.sqrt(2 * level)) ** 2 / 20
    assert parameters.joint_quantile(cell) == pytest.approx(joint)
    kappa = t * np.exp(-2 * t) / -np.expm1(-2 * t)  # N(0, 1)
    ridge, event = (
        parameters.regularised({"times": [t], "eta": 0.2, "form": form})
        for form in ("ridge", "event")
    )
    assert (ridge, event) == pytest.approx((kappa * np.log(6), kappa / 0.8))
    values: Cell = {"law": "gaussian", "eigenvalue": 4.0, "times": [t]}
    values |= {"candidates": [1.0, 2.0, 4.0]}
    values |= {"d": 3, "m": 20, "eta": 0.2}
    v = 1 + 3 * np.exp(-2 * t)
    noise = t * (1 / -np.expm1(-2 * t) - 1 / v) * 3 * np.log(6) / 20
    assert parameters._ridge(values, 0.0) == pytest.approx(noise)
    root = np.sqrt(noise) + np.sqrt(0.2 * t * 3 / v)
    assert parameters.ridge_mean(values) == pytest.approx(root**2)


# --- the evidence


def test_scores_by_differences() -> None:
    """U_t is Z_t/σ_t² plus the slope of log p_t, p_t by the Voigt profile and by sums over the
    uniform law; to 1e-6 and 2e-3. Far out Cauchy's is −2/x.
    """
    t, x = 0.4, np.array([-30.0, -2.0, 0.3, 5.0, 80.0])
    sigma, width = np.sqrt(-np.expm1(-2 * t)), 4 * np.exp(-t)
    step = 1e-4

    def slope(density: Any) -> Any:
        return (np.log(density(x + step)) - np.log(density(x - step))) / (2 * step)

    exact = slope(lambda y: voigt_profile(y, sigma, width))
    assert_allclose(class_laws.cauchy_score(t, x, 4.0), exact, atol=1e-6)
    assert_allclose(class_laws.cauchy_score(t, np.array([1e7]), 4.0), [-2e-7], rtol=1e-6)
    x = np.array([-5.0, -1.0, 0.3, 4.0])
    edge = HALF_WIDTH * np.exp(-t)
    exact = slope(lambda y: stats.norm.cdf((y + edge) / sigma) - stats.norm.cdf((y - edge) / sigma))
    rng = np.random.default_rng(1)
    (part,) = simulate(np.zeros((4, 1)), [t], rng)
    moved = type(part)(part.step, x[:, None], part.z, part.w)
    found = class_laws.residual({"law": "uniform"}, moved) - part.z / sigma**2
    assert_allclose(found[:, 0], exact, atol=2e-3)


@pytest.mark.parametrize("law", e.LAWS, ids=lambda law: law["law"])
def test_residuals_are_orthogonal_to_functions_of_x(law: dict[str, Any]) -> None:
    """E U g(X_t) = 0 within 5 standard errors: it would see N(0, 1)'s score off by 10 %."""
    rng = np.random.default_rng(17)
    (part,) = simulate(class_laws.drawn(law, 60_000, 1, rng), [0.4], rng)
    u = class_laws.residual(law, part)[:, 0]
    for g in (np.tanh(part.x[:, 0]), np.cos(part.x[:, 0])):
        assert abs(np.mean(u * g)) < 5 * np.std(u * g) / np.sqrt(u.size)


def test_waves_have_the_length_one() -> None:
    """|ψ| = 1 and so tr g = m; then log det is at most P log(1 + 1/(cp)), and near it for many
    paths.
    """
    (cell,) = (c for c in e.CELLS if c["part"] == "normalised" and c.get("d") == 16)
    psi, u = e.along_paths(cell, np.random.default_rng(2))
    g, _ = e.sums(psi, u)
    assert_allclose(np.trace(g, axis1=1, axis2=2), cell["m"], rtol=1e-12)
    prior = cell["c"] * cell["m"] * np.eye(cell["p"])
    size = cell["d"] * risk_bounds.log_determinant(g, prior)
    bound = parameters.log_det_bound(cell) / parameters.kappa_of(cell)
    assert np.all(size - 2 * np.log(cell["delta"]) < bound)
    assert np.all(size > 0.7 * (bound + 2 * np.log(cell["delta"])))


def test_ridge_from_its_loss() -> None:
    """Γ of the formula is the mean of G over m along simulated paths, to 2 %, entry by entry."""
    (cell, *_) = (c for c in e.CELLS if c["part"] == "ridge")
    rng, times = np.random.default_rng(19), np.array(cell["times"])
    gram = np.zeros((3, 3))
    for part, gamma in zip(
        simulate(2 * rng.standard_normal((20_000, cell["d"])), times, rng),
        weights(times),
        strict=True,
    ):
        noise = -np.expm1(-2 * part.step.t)
        scores = [part.x / (np.exp(-2 * part.step.t) * k + noise) for k in cell["candidates"]]
        for (i, a), (j, b) in product(enumerate(scores), repeat=2):
            gram[i, j] += gamma * np.sum(a * b) / 20_000
    assert_allclose(parameters.fisher(cell), gram, rtol=0.02)


def test_what_would_be_caught() -> None:
    """The same measurements reject more than the decoys: 0.6 κ, 0.7 of the trace form, 0.96 κP/m,
    0.95 of the exact tails.
    """
    table = quick(e.STUDY.name)

    def answer(name: str, factor: float) -> str:
        claim = NAMED[name]
        variant = Claim(**{**vars(claim), "decoy": lambda x: factor * claim.formula(x)})
        return verify(variant, quantities.measured_by(claim)[1](table)).decoy.answer

    for name, factor in (
        ("parameters-self-normalised", 0.6),
        ("parameters-log-det", 0.55),
        ("parameters-trace-form", 0.7),
        ("parameters-one-time-mean", 0.95),
        ("parameters-one-time", 0.98),
        ("parameters-joint", 0.96),
    ):
        assert answer(name, factor) == "contradicted"
