"""Solvers and samplers: exact where their polynomial is, by hand in other coordinates, and carried
laws against matrices.
"""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr

from bounds.chain import affine_chain
from bounds.check import InvalidInput
from bounds.divergence import Normal
from bounds.line import Line
from bounds.solvers import (
    ANSWERS,
    MULTISTEP,
    ONE_STEP,
    Stage,
    ancestral,
    churned,
    ddim,
    euler,
    even_levels,
    frozen_score,
    half_curvature,
    heun,
    linear,
    midpoint,
    reached,
    solve,
    taylor,
)

V = 0.7


def gaussian(sigma, x):
    """The denoiser of N(0, V)."""
    return V / (V + sigma**2) * x


def test_levels_are_even_in_the_logarithm():
    levels = even_levels(20.0, 0.05, 6)
    assert levels[0] == pytest.approx(20.0) and levels[-1] == pytest.approx(0.05)
    np.testing.assert_allclose(levels[1:] / levels[:-1], (0.05 / 20) ** (1 / 6), rtol=1e-12)


def test_one_step_in_the_coordinates_of_the_process():
    """X = α x with α² = 1/(1 + σ²): Euler's and the exponential step of dX = −(X + s) dt, DDIM by
    its noise prediction, Heun's in σ; each written there by hand.
    """
    a, b, x = 3.0, 1.2, np.array([2.0, -0.4])
    (al, be), (s, r) = ((1 / np.sqrt(1 + c**2) for c in (a, b)), (a, b))
    X, D = al * x, gaussian(a, x)
    score = -(X - al * D) / (al * s) ** 2
    g = np.log(be / al)
    np.testing.assert_allclose(euler(gaussian, a, b, x), (X + g * (X + score)) / be, rtol=1e-12)
    np.testing.assert_allclose(
        frozen_score(gaussian, a, b, x),
        (np.exp(g) * X + (np.exp(g) - 1) * score) / be,
        rtol=1e-12,
    )
    noise = (x - D) / s
    np.testing.assert_allclose(ddim(gaussian, a, b, x), D + r * noise, rtol=1e-12)
    ahead = D + r * noise
    slope = (noise + (ahead - gaussian(r, ahead)) / r) / 2
    np.testing.assert_allclose(heun(gaussian, a, b, x), x - (s - r) * slope, rtol=1e-12)


def polynomial(*c):
    """A denoiser that depends on λ = −log σ alone."""
    return lambda sigma, x: np.full_like(x, np.polyval(c[::-1], -np.log(sigma)))


def integral(h, c):
    """∫_0^h e^{u−h} (c_0 + c_1 u + …) du by quadrature."""
    return quad(lambda u: np.exp(u - h) * np.polyval(c[::-1], u), 0, h, epsabs=1e-14)[0]


@pytest.mark.parametrize("back", [(0.4, 0.4), (0.25, 0.7)])
def test_polynomials_are_integrated(back):
    """As high as there are answers, from uneven steps; half of D'' misses by m_2 D''/2."""
    h, c = 0.5, (0.3, -1.1, 0.8)
    nodes = [0.0, -back[0], -back[0] - back[1]]
    for k in (1, 2, 3):
        answers = [np.array(np.polyval(c[:k][::-1], u)) for u in nodes[:k]]
        found = float(taylor(h, back[: k - 1], answers))
        assert found == pytest.approx(integral(h, c[:k]), rel=1e-12)
    lacking = integral(h, c) - float(half_curvature(h, back, answers))
    assert lacking == pytest.approx(integral(h, (0, 0, c[2])) / 2, rel=1e-11)
    middle = float(midpoint(h, back[:1], [np.array(1.0), np.array(1.0 - 2.0 * back[0])]))
    assert middle == pytest.approx((1 - np.exp(-h)) * (1 + 2.0 * h / 2), rel=1e-12)
    one = [np.array(1.7)]
    for few in (midpoint, half_curvature):
        assert float(few(h, (), one)) == pytest.approx(integral(h, (1.7,)), rel=1e-12)
    two = [np.array(1.7), np.array(0.4)]
    assert half_curvature(h, back[:1], two) == midpoint(h, back[:1], two)


@pytest.mark.parametrize(("name", "degree"), [("ddim", 0), ("2M Taylor", 1), ("3M", 2)])
def test_a_solver_is_exact_up_to_its_degree(name, degree):
    """D a polynomial of λ, first states given: the whole way to rounding; one degree more is off.
    Catches history from another level, a step of another length, a wrong warm-up.
    """
    levels = np.array([4.0, 3.0, 1.5, 1.0, 0.4])
    c = (0.5, -0.6, 0.9, 0.4)

    def exact(k, many):
        h = np.log(levels[0] / levels[k])
        shifted = np.polynomial.Polynomial(c[:many])(
            np.polynomial.Polynomial([-np.log(levels[0]), 1.0])
        )
        return np.array([2.0 * np.exp(-h) + integral(h, tuple(np.atleast_1d(shifted.coef)))])

    for many, met in ((degree + 1, True), (degree + 2, False)):
        begin = [exact(k, many) for k in range(1, degree + 1)]
        end = solve(name, polynomial(*c[:many]), levels, np.array([2.0]), begin)
        assert (abs(end[0] - exact(4, many)[0]) < 1e-12) == met


def test_one_step_solvers_go_on_from_what_is_given():
    levels, x = even_levels(5.0, 0.5, 3), np.array([4.0])
    for name, step in ONE_STEP.items():
        whole = solve(name, gaussian, levels, x)
        given = solve(name, gaussian, levels, x, [step(gaussian, levels[0], levels[1], x)])
        np.testing.assert_allclose(given, whole, rtol=1e-14)


def test_a_multistep_solver_asks_at_its_own_states():
    """On a denoiser of the state: the first step is DDIM, and the second the public 2M's lines.
    Catches an answer at another state, and a history that reaches before the first level.
    """
    levels, x = np.array([3.0, 2.0, 0.7]), np.array([4.0, -1.0])
    first = ddim(gaussian, 3.0, 2.0, x)
    for name in MULTISTEP:
        np.testing.assert_allclose(solve(name, gaussian, levels[:2], x), first, rtol=1e-14)
    before, h = np.log(levels[:-1] / levels[1:])
    D0, D1 = gaussian(3.0, x), gaussian(2.0, first)
    second = 0.35 * first - np.expm1(-h) * (D1 + (D1 - D0) * h / (2 * before))
    np.testing.assert_allclose(solve("2M", gaussian, levels, x), second, rtol=1e-13)


@pytest.mark.parametrize("name", ["ddim", "3M"])
def test_states_may_be_given_up_to_the_last(name):
    """As many as there are steps: the last is the end, and nothing is refused."""
    assert solve(name, gaussian, [3.0, 2.0, 1.0], [4.0], [[2.5], [1.25]]) == [1.25]


def test_published_three_is_its_code():
    """The lines of multistep_dpm_solver_third_update, data prediction, uneven steps."""
    lam = np.array([-1.0, -0.7, -0.2, 0.1])
    prev2, prev1, prev0 = 0.3, 0.9, 1.1
    h1, h0, h = np.diff(lam)
    r0, r1 = h0 / h, h1 / h
    D10, D11 = (prev0 - prev1) / r0, (prev1 - prev2) / r1
    D1, D2 = D10 + r0 / (r0 + r1) * (D10 - D11), (D10 - D11) / (r0 + r1)
    phi1 = np.expm1(-h)
    phi2 = phi1 / h + 1
    phi3 = phi2 / h - 0.5
    answers = [np.array(one) for one in (prev0, prev1, prev2)]
    whole = -phi1 * prev0 + phi2 * D1 - phi3 * D2
    assert float(half_curvature(h, (h0, h1), answers)) == pytest.approx(whole, rel=1e-12)
    repaired = -phi1 * prev0 + phi2 * D1 - 2 * phi3 * D2
    assert float(taylor(h, (h0, h1), answers)) == pytest.approx(repaired, rel=1e-12)


def test_stages_with_noise_by_hand():
    """Ancestral: the mean and variance of x' given x and x_0 = D, by Bayes' rule. Churn: noise of
    ((1 + γ)² − 1) σ², then Heun's step from (1 + γ) σ; γ = 0 is Heun's method.
    """
    a, b, x = 2.5, 0.5, np.array([1.5])
    (stage,) = ancestral(gaussian, [a, b])
    precision = 1 / b**2 + 1 / (a**2 - b**2)
    mean = (gaussian(a, x) / b**2 + x / (a**2 - b**2)) / precision
    np.testing.assert_allclose(stage.move(x), mean, rtol=1e-12)
    assert stage.noise == pytest.approx(1 / precision, rel=1e-12)
    first, second = churned(gaussian, [a, b], 0.3)
    assert first.move(x) == x and first.noise == pytest.approx((3.25**2 - 2.5**2), rel=1e-12)
    np.testing.assert_allclose(second.move(x), heun(gaussian, 3.25, b, x), rtol=1e-14)
    assert second.noise == 0
    levels = even_levels(5.0, 0.5, 4)
    for one in churned(gaussian, levels, 0.0):
        x = one.move(x)
    np.testing.assert_allclose(x, solve("heun", gaussian, levels, [1.5]), rtol=1e-14)


def line(v):
    """N(0, v)."""
    return Line(np.ones(1), np.zeros(1), np.array([v]))


@pytest.mark.parametrize("noisy", [ancestral, lambda D, s: churned(D, s, 0.4)])
def test_a_carried_law_against_matrices(noisy):
    """On N(0, V) every step is linear: places, masses and levels are those of the normal law that
    bounds.chain carries.
    """
    stages = noisy(gaussian, even_levels(6.0, 0.3, 7))
    end = affine_chain(
        [(linear(one.move, 1), 0.0, one.noise) for one in stages],
        Normal(np.zeros(1), np.array([[V + 36.0]])),
    )
    deviation = float(np.sqrt(end.covariance[0, 0]))
    found = reached(stages, line(V + 36.0))
    assert found.masses.sum() == pytest.approx(1, abs=1e-12)
    assert np.sqrt(found.masses @ found.x**2) == pytest.approx(deviation, rel=1e-10)
    middle = np.abs(found.z) < 7
    np.testing.assert_allclose(found.x[middle], deviation * found.z[middle], atol=1e-9)
    assert found.w2(line(V + 0.09)) == pytest.approx(abs(deviation - np.sqrt(V + 0.09)), rel=1e-7)


def test_a_small_noise_after_large_ones_is_resolved():
    """N(0.8, V), moved without noise, then spread by 1, 1 and 0.04: the normal law with all their
    variances. Catches what stops at the move, sends the law to −x, or takes the grid of the large
    noise, too wide for the small one, of which it is then a row of peaks.
    """
    stages = [Stage(lambda x: 2 * x + 1, 0.0)]
    stages += [Stage(lambda x: 0.5 * x, q) for q in (1.0, 1.0, 0.04)]
    found = reached(stages, Line(np.ones(1), np.array([0.8]), np.array([V])))
    mean = (2 * 0.8 + 1) / 8
    deviation = np.sqrt(4 * V / 64 + 1 / 16 + 1 / 4 + 0.04)
    assert found.masses @ found.x == pytest.approx(mean, rel=1e-10)
    middle = np.abs(found.z) < 7
    np.testing.assert_allclose(found.x[middle], mean + deviation * found.z[middle], atol=1e-9)


def test_without_noise_the_places_are_those_of_the_start():
    """1201 of them, even in z from −8.5 to 8.5, where no other number is asked for."""
    found = reached([Stage(lambda x: x + 1, 0.0)], line(V))
    np.testing.assert_allclose(found.z, np.linspace(-8.5, 8.5, 1201), atol=1e-14)
    np.testing.assert_allclose(found.x, 1 + np.sqrt(V) * found.z, atol=1e-12)


def test_a_linear_map_is_its_matrix():
    M = np.array([[1.0, 2.0], [0.0, -1.0]])
    np.testing.assert_array_equal(linear(lambda x: x @ M.T, 2), M)


def test_a_map_that_falls_is_sorted():
    """x ↦ 1 − x sends N(0, V) to N(1, V): W2 is 0 up to the masses; unsorted it would be 2 √V."""
    found = reached([Stage(lambda x: 1 - x, 0.0)], line(V))
    assert np.all(np.diff(found.x) > 0)
    assert found.w2(Line(np.ones(1), np.ones(1), np.array([V]))) < 2e-3
    assert found.w2(line(V)) == pytest.approx(1.0, abs=2e-3)


def test_levels_of_a_fold_are_the_masses_below_and_half_of_its_own():
    """By sums over all pairs of places; a sort leaves the masses uneven, so that a sum from the
    wrong end or another share than half is off by a mass.
    """
    found = reached([Stage(lambda x: (x + 0.3) ** 2, 0.0)], line(V), count=41)
    below = (found.x[:, None] > found.x) @ found.masses + found.masses / 2
    np.testing.assert_allclose(ndtr(found.z), below, atol=1e-14)


def test_places_without_mass_have_finite_levels():
    """Two far peaks, folded: the empty middle comes to the end, where the level is 0 in float64.
    What is left is N(−6, 0.02), and not NaN.
    """
    start = Line(np.full(2, 0.5), np.array([-6.0, 6.0]), np.full(2, 0.01))
    found = reached([Stage(lambda x: x, 0.01), Stage(lambda x: -np.abs(x), 0.0)], start, count=1200)
    assert found.masses[-1] == 0 and np.all(np.isfinite(found.z))
    assert found.w2(Line(np.ones(1), np.array([-6.0]), np.array([0.02]))) < 1e-2


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: even_levels(1.0, 2.0, 3), "first: must be above last = 2"),
        (lambda: even_levels(2.0, 2.0, 3), "first: must be above last = 2"),
        (lambda: even_levels(2.0, 0.0, 3), "last: must be positive"),
        *(
            (lambda sigmas=sigmas: solve("ddim", gaussian, sigmas, [1.0]), "sigmas: must be at")
            for sigmas in ([1.0, 1.5], [2.0, 2.0], [2.0, 0.0], [2.0], [], [[2.0, 1.0]])
        ),
        (lambda: solve("3m", gaussian, [2.0, 1.0], [1.0]), "'3m' is not one of euler, frozen sco"),
        (lambda: solve("3M", gaussian, [2.0, 1.0], [1.0], [1.0, 1.0]), "holds 2 states for 1"),
        (lambda: solve("2M", gaussian, [2.0, 1.0], [np.nan]), "x: "),
        (lambda: churned(gaussian, [2.0, 1.0], -0.1), "gamma: must not be negative"),
        (lambda: reached([], line(1.0)), "stages: must not be empty"),
        (lambda: reached([Stage(lambda x: x, -1.0)], line(1.0)), "noise: must not be negative"),
        (lambda: reached([Stage(lambda x: x, 0.0)], line(1.0), 2), "count: must be at least 3"),
    ],
)
def test_bad_input_is_one_sentence(call, reason):
    with pytest.raises(InvalidInput, match=reason):
        call()


def test_every_multistep_solver_says_how_many_answers_it_uses():
    assert set(MULTISTEP) == set(ANSWERS)
