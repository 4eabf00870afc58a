"""Nakano 2024: each formula by another route, the numbers written down before, bad input, the
figure.
"""

from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest
from scipy import integrate, stats

from bounds.chain import affine_chain
from bounds.check import InvalidInput
from bounds.claim import Measured, verify
from bounds.divergence import Normal
from bounds.line import Line
from bounds.papers import nakano_2024 as claims
from figures.data import BadTable
from figures.papers import nakano_2024 as figure
from studies.papers import nakano_2024 as study
from tests.lessons import Checks

CLAIM = {claim.name: claim for claim in claims.CLAIMS}


def uniform(value, steps, last, variance="beta", **more):
    cell = {"schedule": "uniform", "steps": steps, "last": last, "h": last / steps}
    return {**cell, "eigenvalue": value, "variance": variance, **more}


def test_exact_in_the_plane():
    """With matrices that are not diagonal: conditional laws of the joint covariance, five steps.
    β in place of the true variance would miss Σ by more than 0.1.
    """
    data = np.array([[1.6, 0.7], [0.7, 0.5]])
    levels, identity = [data], np.eye(2)
    betas = (0.1, 0.2, 0.4, 0.6, 0.7)
    for beta in betas:
        levels.append((1 - beta) * levels[-1] + beta * identity)
    links, wide = [], []
    for beta, before, after in zip(betas, levels[:-1], levels[1:], strict=True):
        score = -np.linalg.inv(after)
        step = (identity + beta * score) / np.sqrt(1 - beta)
        true = before - (1 - beta) * before @ np.linalg.solve(after, before)
        links.append((step, 0.0, (true + true.T) / 2))
        wide.append((step, 0.0, beta))
    start = Normal(np.zeros(2), levels[-1])
    assert affine_chain(links[::-1], start).covariance == pytest.approx(data, abs=1e-13)
    assert np.abs(affine_chain(wide[::-1], start).covariance - data).max() > 0.1


def test_schedules():
    """Their product in closed form, or number by number."""
    assert claims.retained(uniform(1.0, 7, 3.0)).prod() == pytest.approx(np.exp(-6), rel=1e-13)
    linear = claims.retained({"schedule": "linear", "steps": 3})
    assert linear == pytest.approx([0.9999, 0.98995, 0.98], rel=1e-14)
    cosine = claims.retained({"schedule": "cosine", "steps": 10})
    share = np.cos([np.pi * 0.408 / 2.016, np.pi * 0.008 / 2.016]) ** 2
    assert cosine[:4].prod() == pytest.approx(share[0] / share[1], rel=1e-13)
    assert cosine[-1] == 1e-3


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"schedule": "square"}, "schedule: 'square' is not one of uniform, linear, cosine"),
        ({"steps": 0}, "steps: must be at least 1"),
        ({"last": 0.0}, "last: must be"),
        ({"eigenvalue": -1.0}, "eigenvalue: must be"),
        ({"variance": "none"}, "variance: 'none' is not one of beta, tilde"),
    ],
)
def test_refusals(changed, reason):
    with pytest.raises(InvalidInput, match=reason):
        claims.added({**uniform(0.5, 4, 1.0), **changed})


@pytest.mark.parametrize(("value", "known"), [(0.25, 0.7519), (0.7, 0.30011), (3.0, -1.9989)])
def test_price_of_beta_as_written_down(value, known):
    """(w_0 − λ)/h at N = 6400, T = 8."""
    cell = uniform(value, 6400, 8.0)
    assert claims.added(cell) / cell["h"] == pytest.approx(known, rel=1e-4)


@pytest.mark.parametrize("variance", ["beta", "tilde"])
def test_added_by_the_recursion_in_high_precision(variance):
    """w_{k−1} = M² w_k + q_k at 40 digits, variances from conditional laws."""
    cell = {**uniform(0.1, 12, 2.0), "variance": variance}
    with mp.workdps(40):
        a, value = mp.exp(-mp.mpf(4) / 12), mp.mpf("0.1")
        v, noise = [value], [mp.mpf(0)]
        for _ in range(12):
            v.append(a * v[-1] + 1 - a)
            noise.append(a * noise[-1] + 1 - a)
        w = v[-1]
        for k in range(12, 0, -1):
            tilde = noise[k - 1] - a * noise[k - 1] ** 2 / noise[k]
            q = 1 - a if variance == "beta" else tilde
            w = (1 - (1 - a) / v[k]) ** 2 / a * w + q
        truth = float(w - value)
    assert claims.added(cell) == pytest.approx(truth, rel=1e-12)


def test_place_by_three_variances():
    """At k of uniform steps, from β̃_k, β_k and β_k v_{k−1}/v_k as they are defined."""
    h, k = 0.1, 4
    kept = np.exp(-2 * h * np.arange(k + 1))
    for value in (0.3, 4.0):
        v = 1 + (value - 1) * kept
        beta = 1 - np.exp(-2 * h)
        tilde = beta * (1 - kept[k - 1]) / (1 - kept[k])
        found = (beta * v[k - 1] / v[k] - tilde) / (beta - tilde)
        assert claims.place({"eigenvalue": value, "t": k * h}) == pytest.approx(found, rel=1e-12)


@pytest.mark.parametrize("value", [0.25, 1.0, 3.0])
def test_logarithm_by_the_finite_part(value):
    """4 (½ (ln 1/h + γ) + FP ∫f dt), the finite part by quadrature: no partial fractions."""

    def f(t):
        u = mp.exp(-2 * t)
        return value**3 * u**2 / (1 + (value - 1) * u) ** 3 / (1 - u)

    part = mp.quad(lambda t: f(t) - 1 / (2 * t), [1e-9, 0.1, 1]) + mp.quad(f, [1, 4, 30])
    h = 0.001
    truth = 2 * (np.log(1 / h) + np.euler_gamma) + 4 * float(part)
    assert claims.logarithm({"eigenvalue": value, "h": h}) == pytest.approx(truth, rel=1e-6)


def test_the_logarithm_as_written_down():
    """w_0 − λ + 2 h ln(1/h) over h tends to C: 3 − λ − 2γ + 2 ln(2/λ), about −1.96, 3.2, 5.7. A
    rate 1/N would leave w_0 − λ over h constant: it moves by 2 ln 2 at each doubling.
    """
    for value, known in ((3.0, -1.96), (0.7, 3.24), (0.25, 5.75)):
        cell = uniform(value, 10, 6.0, h=0.001)
        constant = 2 * np.log(1 / 0.001) - claims.logarithm(cell)
        assert constant == pytest.approx(known, abs=0.01)
    ends = [-claims.added(uniform(3.0, n, 6.0, "tilde")) * n / 6.0 for n in (3200, 6400)]
    assert ends[1] - ends[0] == pytest.approx(2 * np.log(2), rel=5e-3)


def test_a_thousand_linear_steps_as_written_down():
    """λ = .01: −7.2 % for β̃ and +2.5 % for β, TV .0182 and .0061; λ = .25: −1.55 %, +.34 %."""
    cell = {"schedule": "linear", "steps": 1000}
    for value, variance, share in (
        (0.01, "tilde", -0.072),
        (0.01, "beta", 0.025),
        (0.25, "tilde", -0.0155),
        (0.25, "beta", 0.0034),
    ):
        found = claims.added({**cell, "eigenvalue": value, "variance": variance}) / value
        assert found == pytest.approx(share, rel=0.02)
    for variance, known in (("tilde", 0.0182), ("beta", 0.0061)):
        found = claims.total_variation({**cell, "eigenvalue": 0.01, "variance": variance})
        assert found == pytest.approx(known, rel=0.01)


def test_total_variation_by_quadrature():
    """½ ∫|p − q|; 0 where β costs nothing, at λ = 1; φ(1)(1 − λ)/λ = .72591."""
    cell = uniform(0.25, 20, 6.0)
    a, b = (stats.norm(0, np.sqrt(w)).pdf for w in (0.25, 0.25 + claims.added(cell)))
    x = np.linspace(-8, 8, 400_001)
    truth = integrate.trapezoid(np.abs(a(x) - b(x)), x) / 2
    assert claims.total_variation(cell) == pytest.approx(truth, rel=1e-7)
    assert claims.total_variation(uniform(1.0, 20, 6.0)) == 0
    assert claims.leading_tv(uniform(0.25, 1, 1.0)) == pytest.approx(0.72591, abs=1e-5)
    price = claims.logarithm(uniform(0.25, 400, 6.0))
    found = claims.leading_tv(uniform(0.25, 400, 6.0, "tilde"))
    assert found == pytest.approx(stats.norm.pdf(1) * 0.015 * price / 0.25, rel=1e-12)


def test_path_parts_as_written_down():
    """N · disc = .6027, .6084, .6111 at N = 100, 200, 400 → T KL(N(0, 1) ‖ p_0) = .6137 for λ =
    .5, T = 4; with the exact score TV = .00242 ≤ .02764 at N = 400.
    """
    for steps, known in ((100, 0.6027), (200, 0.6084), (400, 0.6111)):
        cell = uniform(0.5, steps, 4.0, epsilon=0.0)
        start, discrete, learned = claims.path_parts(cell)
        assert steps * discrete == pytest.approx(known, abs=1e-4)
        assert learned == 0
        v = 1 - 0.5 * np.exp(-8)
        assert start == pytest.approx((v - 1 - np.log(v)) / 2, rel=1e-9)
    limit = 4 * CLAIM["ddpm-path-price"].formula({"eigenvalue": 0.5})
    assert limit == pytest.approx(0.6137, abs=1e-4)
    assert claims.path_bound(cell) == pytest.approx(0.02764, abs=1e-5)
    assert claims.total_variation(cell) == pytest.approx(0.00242, abs=1e-5)


def test_learning_by_its_mean_square():
    """Σ β²/a E|ŝ − s|²/(2 q), written out for three steps."""
    cell = uniform(2.0, 3, 1.5, epsilon=0.3)
    a, v = np.exp(-1.0), 1 + np.exp(-1.0 * np.arange(1, 4))
    beta = 1 - a
    truth = np.sum(beta**2 / a * 0.09 / v / (2 * beta))
    assert claims.path_parts(cell)[2] == pytest.approx(truth, rel=1e-12)


def test_energy_of_a_gaussian():
    """E|s|² = Σ 1/v_i and ∇²log p = −V^{-1}: (Δ log p)² has its square of the trace."""
    cell = {
        "weights": [1.0],
        "means": [[0.4, -1.0]],
        "covariances": [[[2.0, 0.0], [0.0, 0.3]]],
        "early": 0.2,
        "late": 0.9,
    }

    def v(t):
        return 1 + np.array([1.0, -0.7]) * np.exp(-2 * t)

    truth = np.sum(np.exp(-0.4) / v(0.2) - np.exp(-1.8) / v(0.9))
    assert claims.released(cell) == pytest.approx(truth, rel=1e-10)
    square = integrate.quad(lambda t: 2 * np.exp(-2 * t) * np.sum(1 / v(t)) ** 2, 0.2, 0.9)[0]
    assert claims.released(cell, trace=True) == pytest.approx(square, rel=1e-10)


def test_score_equation_by_differences():
    """∂_t s of a mixture by differences of the score of bounds.line."""
    weights, means, variances = (np.array(study.LINE[k]) for k in ("weights", "means", "variances"))

    def s(t):
        return float(
            Line(weights, means * np.exp(-t), 1 + (variances - 1) * np.exp(-2 * t)).score(0.6)
        )

    truth = (s(0.3 + 1e-5) - s(0.3 - 1e-5)) / 2e-5
    found = claims.score_rate({**study.LINE, "t": 0.3, "x": 0.6})
    assert found == pytest.approx(truth, rel=1e-7)


@pytest.mark.parametrize("name", ["ddpm-price-tilde", "ddpm-price-beta", "ddpm-path-split"])
def test_a_small_change_of_a_law_is_seen(name):
    """The law times 1.05 is contradicted by what is measured at one cell."""
    claim = CLAIM[name]
    quantity = claim.measurement.split(":")[1]
    cell = next(c for c in study.CELLS if quantity in (c.get("quantity"), c["part"]))
    (row,) = study.PARTS[cell["part"]].rows(cell, [np.random.SeedSequence(1)])[0]
    assert row["quantity"] == quantity
    measured = [Measured({**cell, "h": cell["last"] / cell["steps"]}, float(row["value"]))]
    wrong = replace(claim, formula=lambda c: 1.05 * claim.formula(c))
    assert verify(claim, measured).status == "HOLDS"
    assert verify(wrong, measured).status == "REFUTED"


@pytest.mark.parametrize(
    ("table", "column", "value", "reason"),
    [
        ("ddpm-tv", "decoy", -1.0, "column decoy must be positive"),
        ("ddpm-tv", "variance", "none", "column variance must hold tilde, beta"),
        ("ddpm-bracket", "t", 0.0, "column t must be positive"),
        ("ddpm-exact", "measured", float("nan"), "column measured holds NaN"),
        ("ddpm-exact", "schedule", 3, "column schedule must hold strings"),
    ],
)
def test_the_figure_refuses(table, column, value, reason):
    data = figure.FIGURE.sample()
    frame = data.tables[table].copy()
    frame[column] = frame[column].astype(object)
    frame.loc[0, column] = value
    with pytest.raises(BadTable, match=reason):
        figure.FIGURE.draw(replace(data, tables={**data.tables, table: frame}))


# --- the lesson -----------------------------------------------------------------------------------


def share_of_the_way():
    """From the joint law of X_{k−1} and X_k, without X_0 and given it: k = 5 steps of h = 0.1."""
    a = np.exp(-0.2)
    v, noise = 0.25, 0.0
    for _ in range(4):
        v, noise = a * v + 1 - a, a * noise + 1 - a
    true, tilde = (w - a * w**2 / (a * w + 1 - a) for w in (v, noise))
    return float((true - tilde) / (1 - a - tilde))


def one_step():
    """E Var + Var E over X_1, from the regression of X_0 on X_1."""
    v = 0.25 * np.exp(-2) + 1 - np.exp(-2)
    slope = 0.25 * np.exp(-1) / v
    return float(slope**2 * v + 1 - np.exp(-2))


def posterior_error(steps):
    """λ − w_0 by the recursion of the chain, λ = 3, T = 6."""
    a, v, noise = np.exp(-12 / steps), [3.0], [0.0]
    for _ in range(steps):
        v.append(a * v[-1] + 1 - a)
        noise.append(a * noise[-1] + 1 - a)
    w = v[-1]
    for k in range(steps, 0, -1):
        w = (1 - (1 - a) / v[k]) ** 2 / a * w + (1 - a) * noise[k - 1] / noise[k]
    return 3.0 - w


LESSON = Checks(
    settings=((0.25, 100), (0.3, 100)),
    answers=(
        share_of_the_way,
        one_step,
        lambda: posterior_error(100) / posterior_error(200),
    ),
    terms={
        "DDPM": "a sampler of denoising diffusion",
        "schedule": "The $a_k$ are",
        "posterior variance": "as if the data point $X_0$ were known",
        "v_k": r"\mathrm{Var} X_k",
        "q_k": "a step back has the variance",
        "w_0": "samples have the variance",
        "true}_k": "the true variance",
        "γ": "Euler's",
    },
)
