"""Ball arithmetic: the intervals hold what they must, bisection ends in the truth, the formulas are the library's."""

import math
import sys
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose

from bounds import certify, concentration, risk, targets
from bounds.certify import Interval, maximum
from bounds.check import InvalidInput
from bounds.gaussian import Gaussian
from bounds.process import Step, uniform_grid, weights


def points(count, seed):
    """Random (λ_i, λ_j, t', g), log-uniform over λ in [1e-3, 1e3], t' in [0.01, 3], g in [1e-3, 2]."""
    u = np.random.default_rng(seed).random((count, 4))
    low, high = np.log([1e-3, 1e-3, 0.01, 1e-3]), np.log([1e3, 1e3, 3.0, 2.0])
    return np.exp(low + u * (high - low)).tolist()


def holds(interval, value, slack=1e-9):
    """Whether the interval holds a float up to its rounding, and is itself no wider than that."""
    room = slack * max(abs(value), 1.0)
    return interval.lower - room <= value <= interval.upper + room and interval.upper - interval.lower < room


# --- intervals ------------------------------------------------------------------------------------------


def test_intervals_hold_every_exact_result():
    """Against exact rational arithmetic, inside and at the corners: ends rounded to nearest would leave some out."""
    rng = np.random.default_rng(1)
    for _ in range(300):
        (a, b), (c, d) = np.sort(
            rng.normal(size=(2, 2)) * 10.0 ** rng.integers(-6, 6, (2, 1)), axis=1
        ).tolist()
        x, y = Interval(a, b), Interval(c, d)
        for s, t in [*rng.random((2, 2)).tolist(), (0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]:
            u = min(max(Fraction(a) + Fraction(s) * (Fraction(b) - Fraction(a)), Fraction(a)), Fraction(b))
            v = Fraction(c) + Fraction(t) * (Fraction(d) - Fraction(c))
            for interval, exact in ((x + y, u + v), (x - y, u - v), (x * y, u * v), (2 - x, 2 - u)):
                assert Fraction(interval.lower) <= exact <= Fraction(interval.upper)
            if c > 0 or d < 0:
                quotient = x / y
                assert Fraction(quotient.lower) <= u / v <= Fraction(quotient.upper)
            else:
                assert (x / y).upper == math.inf
                assert (x / y).lower == -math.inf


def test_intervals_are_the_exact_range_even_where_wide():
    """Balls alone would give 1/[1, 1000] = [−0.996, 1], exp [0, 6] with a negative end."""
    for interval, low, high in (
        (1 / Interval(1.0, 1000.0), 1e-3, 1.0),
        (Interval(0.0, 6.0).increasing("exp"), 1.0, math.exp(6)),
        (Interval(-1.0, 2.0) * Interval(-3.0, 5.0), -6.0, 10.0),
        (-Interval(-1.0, 2.0), -2.0, 1.0),
        (Interval(0.0, 3.0).larger(Interval(1.0, 2.0)), 1.0, 3.0),
    ):
        assert_allclose([interval.lower, interval.upper], [low, high], rtol=1e-14)
        assert interval.lower <= low
        assert interval.upper >= high


def test_a_divisor_that_touches_zero_says_nothing():
    """x/0 has no value at the end of [0, 1] or [−1, 0]: one finite end would pass for knowledge of all of them."""
    for divisor in (Interval(0.0, 1.0), Interval(-1.0, 0.0), Interval(0.0)):
        for dividend in (Interval(1.0, 2.0), Interval(0.0, 1.0), Interval(-2.0, 3.0)):
            quotient = dividend / divisor
            assert (quotient.lower, quotient.upper) == (-math.inf, math.inf)


def test_without_the_extra_there_is_one_sentence(monkeypatch):
    """An ImportError would pass through as a traceback."""
    monkeypatch.setitem(sys.modules, "flint", None)
    with pytest.raises(InvalidInput, match=r"^certify: needs python-flint, the extra \[rigor\]$"):
        maximum(lambda x: x, [(0.0, 1.0)])


# --- bisection ------------------------------------------------------------------------------------------


def bump(x):
    """x − x², largest at 1/2, where it is 1/4; two occurrences of x, so a box says more than it should."""
    return x - x * x


def test_the_maximum_is_enclosed():
    """1/4 at 1/2; and 2 e^{-1} in two variables at (1, 0), where the midpoints do not lie."""
    found = maximum(bump, [(0.0, 0.9)], gap=1e-4)
    assert found.lower <= 0.25 <= found.upper <= found.lower + 1e-4
    assert abs(found.at[0] - 0.5) < 0.01

    def two(x, y):
        return 2 * x * (-1 * x - y * y).increasing("exp")

    found = maximum(two, [(0.1, 3.0), (-1.0, 2.0)], gap=0.01)
    assert found.lower <= 2 / math.e <= found.upper <= found.lower + 0.01


def test_true_is_certified_false_contradicted_and_the_edge_left_open():
    """The three ways to end: a search that calls 'no counterexample found' certified would fail at 1/4 itself."""
    box = [(0.0, 0.9)]
    true, false = maximum(bump, box, threshold=0.2501), maximum(bump, box, threshold=0.2499)
    assert (true.status, true.open) == ("certified", 0.0)
    assert false.status == "counterexample"
    assert bump(false.at[0]) > 0.2499
    edge = maximum(bump, box, threshold=0.25, limit=100)
    longer = maximum(bump, box, threshold=0.25, limit=1000)
    assert edge.status == longer.status == "unfinished"
    assert edge.boxes >= 100
    assert 0 < longer.open < 0.5 * edge.open < 0.25
    assert edge.lower <= 0.25 < edge.upper


def test_what_is_not_defined_is_never_certified():
    """1/x over a box with 0 inside: NaN must not pass for a small number."""
    found = maximum(lambda x: 1 / x, [(-1.0, 1.0)], threshold=1e300, limit=200)
    assert found.status == "unfinished"
    assert found.upper == math.inf


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: maximum(bump, [(1.0, 1.0)]), "box: has a side (1.0, 1.0) that is not an interval"),
        (lambda: maximum(bump, [(2.0, 1.0)]), "box: has a side (2.0, 1.0) that is not an interval"),
        (lambda: maximum(bump, [(0.0, math.inf)]), "box: has a side (0.0, inf) that is not an interval"),
        (lambda: maximum(bump, [(math.nan, 1.0)]), "box: has a side (nan, 1.0) that is not an interval"),
        (
            lambda: maximum(lambda x, y: x, [(0.0, 1.0), (3.0, 2.0)]),
            "box: has a side (3.0, 2.0) that is not an interval",
        ),
        (
            lambda: certify.bootstrap_closed_form([1.0, 0.0], [0.1]),
            "eigenvalues: must be a non-empty list of positive numbers",
        ),
        (
            lambda: certify.bootstrap_closed_form([], [0.1]),
            "eigenvalues: must be a non-empty list of positive numbers",
        ),
        (
            lambda: certify.bootstrap_closed_form(["a"], [0.1]),
            "eigenvalues: must be numbers, but holds 'a'",
        ),
        (
            lambda: certify.bootstrap_closed_form([math.inf], [0.1]),
            "eigenvalues: holds NaN or an infinity",
        ),
        (
            lambda: certify.bootstrap_closed_form([1.0], [0.2, 0.1]),
            "times: must be strictly increasing, but 0.1 follows 0.2",
        ),
    ],
)
def test_bad_input_is_named(call, sentence):
    """The one sentence, whole, with the side that is wrong and not the first one."""
    with pytest.raises(InvalidInput) as caught:
        call()
    assert str(caught.value) == sentence


def one(x):
    """1, whose ends are the floats around it: lower = 1 − 2^{-53} and upper = 1 + 2^{-52}."""
    return 0 * x + 1


BELOW, ABOVE = math.nextafter(1.0, 0.0), math.nextafter(1.0, 2.0)


@pytest.mark.parametrize(
    ("asked", "status", "boxes", "left"),
    [
        ({"threshold": ABOVE}, "certified", 1, 0.0),
        ({"threshold": 1.0}, "unfinished", 5, 1.0),
        ({"threshold": BELOW}, "unfinished", 5, 1.0),
        ({"threshold": math.nextafter(BELOW, 0.0)}, "counterexample", 1, 1.0),
        ({"gap": ABOVE - BELOW}, "unfinished", 1, 1.0),
        ({"gap": 2.0**-53}, "unfinished", 5, 1.0),
        ({"gap": 1.0, "threshold": 1.0}, "unfinished", 1, 1.0),
        ({}, "unfinished", 5, 1.0),
    ],
)
def test_borders_of_the_question(asked, status, boxes, left):
    """f = 1 between its neighbours: upper = threshold is settled, lower = threshold is not a counterexample, upper −
    lower = gap is close enough. What is settled takes one box, what is not takes what it is given: a search that
    goes on, or gives up a box early or late, is another number of boxes."""
    found = maximum(one, [(0.0, 1.0)], limit=5, **asked)
    assert (found.status, found.boxes, found.open) == (status, boxes, left)
    assert (found.lower, found.upper) == (BELOW, ABOVE)


def test_a_maximum_below_zero_is_enclosed():
    """−3/4, to 1e-3: upper + lower ≤ gap would be true at once."""
    found = maximum(lambda x: bump(x) - 1, [(0.0, 0.9)], gap=1e-3)
    assert found.lower <= -0.75 <= found.upper <= found.lower + 1e-3


def test_pieces_keep_the_shape_of_the_box():
    """Halved in turn, whatever the sides' units; and where f has no value anywhere, the place named is the middle."""
    seen: list[tuple[float, ...]] = []

    def nowhere(x, y):
        seen.append(tuple(side.upper - side.lower for side in (x, y)))
        return Interval(math.nan)

    found = maximum(nowhere, [(0.0, 1.0), (-50.0, 150.0)], limit=7)
    assert found.at == (0.5, 50.0)
    assert (found.lower, found.upper, found.open) == (-math.inf, math.inf, 1.0)
    whole, half, quarter = (1.0, 200.0), (0.5, 200.0), (0.5, 100.0)
    assert_allclose(seen[1::2], [whole, *2 * [half], *4 * [quarter]], rtol=1e-12)


# --- the formulas are the library's ---------------------------------------------------------------------


def library(one, two, t_prev, gap):
    """Each formula from targets and risk, which know λ, t', g and none of the reduced variables."""
    law, step = Gaussian(np.array([one, two])), Step(t_prev, t_prev + gap)
    times = [t_prev, t_prev + gap]
    c = law.conditional_variances(step.t)
    t1, t2, t3 = (f(law, step)[0] for f in (targets.denoising_variances, targets.transported_variances,
                                            targets.local_variances))  # fmt: skip
    v, previous = law.variances(step.t), law.variances(t_prev)
    w = step.bootstrap_weight
    combined = w**2 / (step.carry**2 * previous[0]) + (1 - w) ** 2 / step.fresh_variance - 1 / v[0]
    kept = 1 / (step.carry**2 * previous[0]) + previous[1] / v[1] * law.conditional_variances(t_prev)[0]
    return {
        "first_step": risk.bootstrap_recursion(law, times)[1][0, 1] / c[0],
        "first_step_transport": risk.bootstrap_recursion(law, times, lambda step: 1.0)[1][0, 1] / c[0],
        "weight_over_optimal": w * (1 + step.fresh_variance * kept),
        "denoising_over_local": t1 / t3,
        "combined": combined / t1,
        "combined_over_transported": combined / t2,
        "smaller_over_larger": min(t1, t2) / max(t1, t2),
    }


def ours(one, two, t_prev, gap):
    """The same from the reduced formulas, in the arithmetic of the arguments."""
    (a, d), (b, _) = certify.reduced(one, t_prev, gap), certify.reduced(two, t_prev, gap)
    above = d.upper < a.lower if isinstance(a, Interval) else d < a
    s, large = (d / a, a) if above else (a / d, d)
    local = certify.denoising_over_local(a, d)
    return {
        "first_step": certify.first_step(a, b, d),
        "first_step_transport": certify.first_step_transport(a, b, d),
        "weight_over_optimal": certify.weight_over_optimal(a, b, d),
        "denoising_over_local": local,
        "combined": local,
        "combined_over_transported": certify.combined_over_transported(a, d),
        "smaller_over_larger": certify.smaller_over_larger(s, 1 / (1 + large)),
    }


def test_intervals_and_floats_of_a_formula_are_the_library_s():
    """At 200 random points, to 1e-8; wrong with b for a, w for w², or T2's variance at t for t'."""
    swapped = 0
    for place in points(200, seed=2):
        expected, floats = library(*place), ours(*place)
        balls = ours(*(Interval(z) for z in place))
        # Subtraction of nearly equal terms in the library's w² Var T2 + … − 1/v costs it digits at small g.
        combined = {"combined", "combined_over_transported"}
        for name, value in expected.items():
            size = 1 + 1 / abs(certify.denoising_over_local(*certify.reduced(place[0], *place[2:])))
            if name in combined:
                size **= 2
            assert_allclose(floats[name], value, rtol=1e-12 * size + 1e-10, err_msg=f"{name} at {place}")
            assert holds(balls[name], floats[name]), f"{name} at {place}"
        decoy = ours(place[1], place[0], *place[2:])["first_step"]
        swapped += abs(decoy - expected["first_step"]) > 1e-4
    assert swapped > 100


def test_an_interval_of_parameters_holds_the_library_at_every_point_inside():
    """A box's value holds the library's at points drawn from it: a formula that decreases would be caught inverted."""
    rng = np.random.default_rng(3)
    for place in points(40, seed=4):
        ends = [(z, z * (1 + w)) for z, w in zip(place, rng.random(4), strict=True)]
        sides = [Interval(*end) for end in ends]
        (a, d), (b, _) = certify.reduced(sides[0], *sides[2:]), certify.reduced(sides[1], *sides[2:])
        boxes = {name: getattr(certify, name)(a, b, d) for name in
                 ("first_step", "first_step_transport", "weight_over_optimal")}  # fmt: skip
        for u in rng.random((5, 4)):
            inside = library(*(low + (high - low) * s for (low, high), s in zip(ends, u, strict=True)))
            for name, box in boxes.items():
                assert box.lower - 1e-9 <= inside[name] <= box.upper + 1e-9


def test_the_reduced_forms_by_algebra():
    """From the raw recursion of theory.md, in x, x', λ: what was cancelled and factored, for every value."""
    x, y, li, lj, w = sp.symbols("x y lambda_i lambda_j w", positive=True)
    # e^{2t} = 1 + x, e^{2t'} = 1 + y.
    v = {k: (k + x) / (1 + x) for k in (li, lj)}
    u = {k: (k + y) / (1 + y) for k in (li, lj)}
    grow, fresh = (1 + x) / (1 + y), (x - y) / (1 + x)
    c, previous = (1 + x) / x - 1 / v[li], (1 + y) / y - 1 / u[li]
    step = w**2 * grow / u[li] + (1 - w) ** 2 / fresh - 1 / v[li] + w**2 * u[lj] / v[lj] * previous
    optimal = (1 / fresh) / (1 / fresh + grow / u[li] + u[lj] / v[lj] * previous)
    best = (y / (1 + y)) / (x / (1 + x)) / grow
    a, b, d = li / y, lj / y, (x - y) / y
    t1, t2, t3 = c, grow / u[li] - 1 / v[li], 1 / fresh - 1 / v[li]
    combined = best**2 * grow / u[li] + (1 - best) ** 2 / fresh - 1 / v[li]
    for ours_, raw in (
        (certify.first_step(a, b, d), step.subs(w, best) / c),
        (certify.first_step_transport(a, b, d), step.subs(w, 1) / c),
        (certify.weight_over_optimal(a, b, d), best / optimal),
        (certify.denoising_over_local(a, d), t1 / t3),
        (certify.denoising_over_local(a, d), combined / t1),
        (certify.combined_over_transported(a, d), combined / t2),
        (certify.smaller_over_larger(d / a, 1 / (1 + a)), t2 / t1),
        (certify.smaller_over_larger(a / d, 1 / (1 + d)), t1 / t2),
        (1 / v[li] ** 2, t2 * t3),
    ):
        assert sp.simplify(ours_ - raw) == 0
    assert sp.simplify(certify.first_step(b, a, d) - step.subs(w, best) / c) != 0
    # The factored gain: positive, term by term; the raw difference shows no sign.
    gain = sp.factor(c - step.subs(w, best))
    assert sp.simplify(gain - (x - y) * y * li / (li + y) / (x**2 * v[lj])) == 0


def test_the_closed_form_by_induction():
    """x² v_j (c_i − r_ij) grows by (x − x') x' λ_i/(λ_i + x') from any r_{k−1}; not so with x in place of x'."""
    x, y, li, lj, r = sp.symbols("x y lambda_i lambda_j r", positive=True)
    v, u = (lambda k: (k + x) / (1 + x)), (lambda k: (k + y) / (1 + y))
    w, grow, fresh = y / x, (1 + x) / (1 + y), (x - y) / (1 + x)
    c, previous = (1 + x) / x - 1 / v(li), (1 + y) / y - 1 / u(li)
    step = w**2 * grow / u(li) + (1 - w) ** 2 / fresh - 1 / v(li) + w**2 * u(lj) / v(lj) * r
    growth = x**2 * v(lj) * (c - step) - y**2 * u(lj) * (previous - r)
    assert sp.simplify(growth - (x - y) * y * li / (li + y)) == 0
    assert sp.simplify(growth - (x - y) * x * li / (li + x)) != 0


# --- the closed form of the bootstrap -------------------------------------------------------------------


def test_the_closed_form_is_the_recursion_and_below_dsm():
    """Random spectra and grids; later steps' r stay below c_i and above the limit of fine grids, entry by entry."""
    rng = np.random.default_rng(5)
    for _ in range(30):
        law = Gaussian(np.exp(rng.uniform(-4, 4, 4)))
        times = np.cumsum(np.exp(rng.uniform(-4, -0.5, 8)))
        r = risk.bootstrap_recursion(law, times)
        for k in range(1, 9):
            found = certify.bootstrap_closed_form(law.eigenvalues, times[:k])
            assert_allclose(found, r[k - 1], rtol=1e-8)
        c, x, values = law.conditional_variances(times[-1]), np.expm1(2 * times[-1]), law.eigenvalues
        assert np.all(found < c[:, None])
        integral = values * x - values**2 * np.log1p(x / values)
        limit = c[:, None] - integral[:, None] / (x**2 * law.variances(times[-1]))
        assert np.all(found > limit)
        information = np.exp(-4 * times[-1]) * np.outer(values, values)
        information /= np.outer(law.variances(times[-1]) ** 2, law.variances(times[-1]))
        assert np.all(found > information * (1 + np.eye(4)))


def test_the_limit_of_fine_grids():
    """r_ii → c_i log(1 + u)/u: 2000 steps from 1e-4 agree to a thousandth; not log(1 + u)/(1 + u)."""
    law, t = Gaussian(np.array([0.4, 3.0])), 1.0
    r = risk.bootstrap_recursion(law, np.linspace(1e-4, t, 2000))[-1]
    u = np.expm1(2 * t) / law.eigenvalues
    ratio = np.diag(r) / law.conditional_variances(t)
    assert_allclose(ratio, np.log1p(u) / u, rtol=2e-3)
    assert np.all(np.abs(ratio / (np.log1p(u) / (1 + u)) - 1) > 0.05)


@pytest.mark.parametrize("value", [0.05, 1.0, 30.0])
def test_information_over_bootstrap_is_the_library_s_bound(value):
    """In one dimension, where the diagonal is all there is; a forgotten 1 + δ_ij would be half of it."""
    law, t = Gaussian(np.array([value])), 0.7
    u = math.expm1(2 * t) / value
    bootstrap = law.conditional_variances(t)[0] * math.log1p(u) / u
    exact = risk.information_bound(law, t, 1) / bootstrap
    assert_allclose(certify.information_over_bootstrap(u), exact, rtol=1e-12)
    assert holds(certify.information_over_bootstrap(Interval(u)), exact)


def test_information_over_bootstrap_outside_the_box():
    """What is left out of u in [0.5, 20] is bounded by hand; the same bounds are true inside, and useless there."""
    for u in np.geomspace(1e-6, 1e6, 200):
        ratio = certify.information_over_bootstrap(float(u))
        assert ratio <= min(2 * u / (1 + u), 2 / math.log1p(u)) + 1e-15
    assert max(2 * 0.5 / 1.5, 2 / math.log1p(20)) < 0.67
    assert min(2 * 2.5 / 3.5, 2 / math.log1p(2.5)) > 0.8146


# --- κ --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spacing", [0.05, 0.3, 1.0, 2.0])
def test_kappa_of_every_length(spacing):
    """Above the largest eigenvalue of long grids, by numpy, and within 0.2 % of the limit Δ coth(Δ/2)."""
    bound = certify.kappa_every_length(spacing, math.ceil(4 / spacing))
    limit = spacing / math.tanh(spacing / 2)
    assert limit < bound < 1.002 * limit
    for steps in (1, 7, 400):
        times = uniform_grid(spacing, steps)
        assert concentration.kappa_log_concave(times, weights(times)) < bound
    assert holds(certify.kappa_every_length(Interval(spacing), math.ceil(4 / spacing)), bound)


def test_rows_beyond_the_last_are_bounded():
    """Few rows cannot give less than many: forgetting the rows beyond J, or the tail of later times, would."""
    many = certify.kappa_every_length(0.3, 40)
    for rows in (1, 2, 5, 10):
        assert certify.kappa_every_length(0.3, rows) >= many * (1 - 1e-12)


def test_kappa_of_one_row_by_hand():
    """J = 1 in closed form: Δ (1/(σ² (1 − e^{−Δ})) + 1/(σ³ (e^Δ − 1))), σ² = 1 − e^{−2Δ}, where σ is far from 1."""
    for spacing in (0.05, 0.3):
        v = 2 * math.exp(-spacing) * math.sinh(spacing)
        first, tail = 1 / (v * (1 - math.exp(-spacing))), 1 / (v**1.5 * (math.exp(spacing) - 1))
        assert certify.kappa_every_length(spacing, 1) == pytest.approx(spacing * (first + tail), rel=1e-12)


@pytest.mark.parametrize("rows", [3, 40])
def test_every_row_of_schurs_test(rows, monkeypatch):
    """(M h)_j/(Δ h_j) of the kernel e^{t_min}/(2 sinh t_max), summed over 400 times, row by row. The rows beyond J give
    the maximum on every grid tried, so a row that is too low would show in no number, only in the proof. Few rows
    bound the later times by σ_J^{−3}, and are above; 40 agree with the sums."""
    spacing, seen = 0.3, []
    larger = certify._larger

    def recorded(x, y):
        seen.append(y)
        return larger(x, y)

    monkeypatch.setattr(certify, "_larger", recorded)
    bound = certify.kappa_every_length(spacing, rows)
    found = np.array(seen[1:][::-1])
    assert bound >= spacing * found.max()
    t = uniform_grid(spacing, 400)
    kernel = np.exp(np.minimum.outer(t, t)) / (2 * np.sinh(np.maximum.outer(t, t)))
    h = 1 / np.sqrt(1 - np.exp(-2 * t))
    exact = (kernel @ h / h)[:rows]
    assert found.shape == exact.shape
    assert np.all(found >= exact * (1 - 1e-13))
    sigma = np.sqrt(1 - np.exp(-2 * t[:rows]))
    reach = np.exp(-spacing * np.arange(rows, 0, -1)) / (1 - np.exp(-spacing))
    beyond = (sigma[-1] ** -3 - 1) * reach * sigma  # what the bound on later times may add to row j
    assert np.all(found <= (exact + beyond) * (1 + 1e-12))


def test_kappa_where_the_eigenvector_underflows():
    """Δ = 10, N = 100, λ = 1: h is 0 in floats beyond the first times, and a division by it would bound nothing. There
    κ is the kernel's first entry, 10/(2 sinh 10 (e^{−10} + 2 sinh 10)), up to e^{−20}."""
    found = certify.kappa_enclosure(Interval(10.0), Interval(1.0), 100)
    first = 10 / (2 * math.sinh(10) * (math.exp(-10) + 2 * math.sinh(10)))
    assert found.lower <= first <= found.upper < first * (1 + 1e-8)


def test_kappa_is_enclosed():
    """Against the library's eigenvalue at random (Δ, λ, N), at points and over small boxes around them."""
    rng = np.random.default_rng(6)
    for _ in range(20):
        spacing, value = float(np.exp(rng.uniform(-3, 0))), float(np.exp(rng.uniform(-3, 7)))
        steps = int(rng.integers(1, 30))
        times = uniform_grid(spacing, steps)
        exact = concentration.kappa_gaussian(times, weights(times), [value])
        assert holds(certify.kappa_enclosure(Interval(spacing), Interval(value), steps), exact, slack=1e-7)
        box = certify.kappa_enclosure(
            Interval(0.999 * spacing, 1.001 * spacing), Interval(0.99 * value, 1.01 * value), steps
        )
        assert box.lower < exact < box.upper < 1.3 * exact


@pytest.mark.parametrize("decline", [0.0, 0.3])
def test_kappa_is_enclosed_whatever_the_vector(decline, monkeypatch):
    """Poor vectors in place of the eigenvector: wider, and true from both sides; no single row bounds both ways."""
    poor = np.exp(-decline * np.arange(20)).tolist()
    monkeypatch.setattr(certify, "_perron", lambda early, late: poor)
    times = uniform_grid(0.2, 20)
    exact = concentration.kappa_gaussian(times, weights(times), [5.0])
    found = certify.kappa_enclosure(Interval(0.2), Interval(5.0), 20)
    assert found.lower < 0.95 * exact < 1.05 * exact < found.upper


def test_two_is_too_small_and_the_sharp_constant_stays_open():
    """κ > 2.08 at Δ = 1, N = 24 is certified; κ ≤ Δ coth(Δ/2) leaves nothing to spare, and bisection says so."""
    long = certify.kappa_enclosure(Interval(1.0), Interval(1e12), 24)
    assert 2.08 < long.lower <= long.upper < 1.0 / math.tanh(0.5)

    def excess(spacing):
        sharp = spacing * (1 + 2 / spacing.increasing("expm1"))
        return certify.kappa_every_length(spacing, 8) - sharp

    found = maximum(excess, [(0.5, 0.6)], threshold=0.0, limit=200)
    assert found.status != "certified"
    assert found.open == pytest.approx(1.0)
