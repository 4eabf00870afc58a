"""Hyvärinen's loss: against the inverse covariance, integration by parts, closed forms, a search
over faces, and a drawn sandwich.
"""

from itertools import product

import numpy as np
import pytest
from scipy.special import gamma

from bounds.check import InvalidInput
from bounds.hyvarinen import (
    Family,
    Quadratic,
    estimate,
    gradients,
    leverage,
    quadratic,
    sandwich,
    spread,
    terms,
    within,
)
from bounds.quadrature import Monomials, grid, normals


def rng():
    return np.random.default_rng(7)


def family(exponents, base=None):
    f = Monomials(exponents)
    return Family(f.first, f.second, base)


PAIR = [[4, 0], [0, 4], [1, 1]]
SQUARES = [[2, 0], [1, 1], [0, 2]]


def test_gaussian_scores_are_the_inverse_covariance():
    """All rows: S^{-1}, the shared parameter once; one row: that row; and no M − 1 anywhere."""
    draw = rng()
    x = draw.standard_normal((40, 2)) @ [[1.0, 0.4], [0.0, 0.7]]
    omega = np.linalg.inv(x.T @ x / 40)
    all_rows = estimate(quadratic(terms(family(SQUARES), x)))
    np.testing.assert_allclose(-all_rows * [2, 1, 2], omega[[0, 0, 1], [0, 1, 1]], rtol=1e-11)
    one = estimate(quadratic(terms(family(SQUARES[:2]), x, rows=[0])))
    np.testing.assert_allclose(-one * [2, 1], omega[0], rtol=1e-11)


def test_with_a_mean_nothing_depends_on_where_the_data_are():
    """x_i among the features: the centred inverse covariance, shifted data or not."""
    draw = rng()
    x = draw.standard_normal((40, 2)) @ [[1.0, 0.4], [0.0, 0.7]]
    found = [
        estimate(quadratic(terms(family([*SQUARES, [1, 0], [0, 1]]), x + shift)))[:3]
        for shift in (0.0, 30.0)
    ]
    omega = np.linalg.inv(np.cov(x.T, bias=True))
    np.testing.assert_allclose(-found[0] * [2, 1, 2], omega[[0, 0, 1], [0, 1, 1]], rtol=1e-9)
    np.testing.assert_allclose(found[1], found[0], rtol=1e-6)


def test_the_gradient_vanishes_at_the_truth():
    """Under exp(−x⁴ − y⁴ + ½xy): E α = 0 and θ̂ = θ, whatever of the law is called base."""
    truth = np.array([-1.0, -1.0, 0.5])
    law = grid(Monomials(PAIR), truth, [-3, -1, 1, 3], 30)
    whole = terms(family(PAIR), law.x)
    assert np.abs(law.p @ gradients(whole, truth)).max() < 1e-12
    np.testing.assert_allclose(estimate(quadratic(whole, law.p)), truth, rtol=1e-11)
    part = terms(family([[1, 1]], lambda x: -4 * x**3), law.x, rows=[1])
    np.testing.assert_allclose(estimate(quadratic(part, law.p)), [0.5], rtol=1e-11)
    np.testing.assert_allclose(
        spread(part, [0.5], law.p), [[law.p @ gradients(part, [0.5])[:, 0] ** 2]], rtol=1e-11
    )


def test_gradients_have_their_sign():
    """∂²f + ∂f s of f = x⁴ at θ = −1: 12x² − 16x⁶; and their mean is H θ + g, the loss's slope."""
    found = terms(family([[4]]), [[0.5], [2.0]])
    np.testing.assert_allclose(gradients(found, [-1.0])[:, 0], [2.75, -976.0])
    np.testing.assert_allclose(gradients(terms(family([[4]]), [[0.5]]), [-1.0]), [[2.75]])
    H, g = quadratic(found)
    np.testing.assert_allclose(gradients(found, [-0.3]).mean(axis=0), H @ [-0.3] + g)


def test_sandwich_in_closed_form():
    """exp(−θx⁴): (3/8)(Γ(1/4)/Γ(7/4))² θ², not 1/Γ nor 1/H; x y on N(0, I): 1 + 0."""
    law = grid(Monomials([[4]]), [-1.0], [-3, -1, 1, 3], 30)
    found = terms(family([[4]]), law.x)
    value = sandwich(quadratic(found, law.p).H, spread(found, [-1.0], law.p))
    assert value[0, 0] == pytest.approx(3 / 8 * (gamma(0.25) / gamma(1.75)) ** 2, rel=1e-11)
    assert value[0, 0] == pytest.approx(5.835839, rel=1e-6)
    plane = normals(6, 2)
    both = terms(family(SQUARES), plane.x)
    at = np.array([-0.5, 0.0, -0.5])
    cov = sandwich(quadratic(both, plane.p).H, spread(both, at, plane.p))
    np.testing.assert_allclose(cov, np.diag([0.5, 1.0, 0.5]), atol=1e-12)


def test_sandwich_is_what_estimates_scatter_by():
    """M Var θ̂ of exp(−x⁴) at M = 1000 in 4000 samples side by side: 5.836 within 6 σ, ± 13 %.
    With two scores for one, or 1/H alone, it is off by more than that. False alarm 2e-9.
    """
    draw = rng()
    draws = draw.gamma(0.25, size=(4000, 1000, 1)) ** 0.25
    samples = terms(family([[4]]), draws)
    found = estimate(quadratic(samples))
    assert 1000 * found.var() == pytest.approx(5.835839, rel=6 * np.sqrt(2 / 4000))
    one = terms(family([[4]]), draws[3])
    np.testing.assert_allclose(estimate(quadratic(one)), found[3], rtol=1e-12)
    own = spread(samples, found)[3]
    np.testing.assert_allclose(own, spread(one, found[3]), rtol=1e-12)


def test_spread_is_the_covariance_of_gradients():
    """numpy's, at a θ where their mean is not 0."""
    found, at = terms(family(SQUARES), X), [-0.3, 0.2, -0.1]
    wanted = np.cov(gradients(found, at).T, bias=True)
    np.testing.assert_allclose(spread(found, at), wanted, rtol=1e-12)


def test_a_point_without_weight_is_as_if_it_were_not_there():
    """H and g of eight points, and of these with a ninth of weight 0."""
    eight = quadratic(terms(family(SQUARES), X[:8]))
    nine = quadratic(terms(family(SQUARES), X), np.append(np.full(8, 1 / 8), 0.0))
    for one, other in zip(eight, nine, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13)


def test_samples_side_by_side_are_as_each_alone():
    """Estimates and sandwiches of 2 × 4 samples, three parameters each; by numpy's inverse. Catches
    a transpose or a diagonal along the samples.
    """
    draws = rng().standard_normal((2, 4, 30, 2))
    found = terms(family(SQUARES), draws)
    loss = quadratic(found)
    at = estimate(loss)
    cov = sandwich(loss.H, spread(found, [-0.4, 0.1, -0.6]))
    for i, j in np.ndindex(2, 4):
        alone = terms(family(SQUARES), draws[i, j])
        inverse = np.linalg.inv(quadratic(alone).H)
        np.testing.assert_allclose(at[i, j], -inverse @ quadratic(alone).g, rtol=1e-10)
        middle = spread(alone, [-0.4, 0.1, -0.6])
        np.testing.assert_allclose(cov[i, j], inverse @ middle @ inverse, rtol=1e-10, atol=1e-12)


def test_units_of_features_are_nothing_to_singularity():
    """Features in units 1e−9, 1 and 1e9 are solved as in one; a correlation of 1 − 2e-13 is told
    from 1, one of 1 − 7e-14 is not. Without features there is nothing to estimate.
    """
    units = np.array([1e-9, 1.0, 1e9])
    scaled = estimate(Quadratic(GOOD.H * units[:, None] * units, GOOD.g * units))
    np.testing.assert_allclose(scaled * units, estimate(GOOD), rtol=1e-11)

    def pair(lacking):
        return Quadratic(np.array([[1.0, 1 - lacking], [1 - lacking, 1.0]]), np.ones(2))

    np.testing.assert_allclose(estimate(pair(2e-13)), [-0.5, -0.5], rtol=1e-2)
    with pytest.raises(InvalidInput, match="H: is singular"):
        estimate(pair(7e-14))
    assert estimate(Quadratic(np.zeros((0, 0)), np.zeros(0))).shape == (0,)


def test_leverage():
    """N(0, I_2), the row of x: E|x|⁴ = n(n + 2) = 8; and what it is for: E‖Ĥ − I‖_F² = 6/M."""
    draw = rng()
    law = normals(6, 2)
    row = family([[2, 0], [1, 1]])
    assert leverage(terms(row, law.x, [0]), law.p) == pytest.approx(8, rel=1e-12)
    samples = quadratic(terms(row, draw.standard_normal((20000, 10, 2)), [0])).H
    off = np.sum((samples / np.outer([2, 1], [2, 1]) - np.eye(2)) ** 2, axis=(1, 2))
    assert off.mean() == pytest.approx(6 / 10, abs=6 * off.std() / np.sqrt(20000))
    both = terms(family([[2, 0], [1, 1], [0, 2]]), law.x)
    inverse = np.linalg.inv(quadratic(both, law.p).H)
    direct = 0.0
    for p, f in zip(law.p, both.first, strict=True):
        share = inverse @ f.T @ f
        direct += p * np.trace(share @ share)
    assert leverage(both, law.p) == pytest.approx(direct, rel=1e-11)


def over_faces(H, g, radius):
    """The least loss over all sign patterns: the minimum on each face, and inside each."""
    least = 0.0
    for signs in product((-1.0, 0.0, 1.0), repeat=len(g)):
        s = np.array(signs)
        on = np.flatnonzero(s)
        inner = H[np.ix_(on, on)]
        for system, right in (
            (inner, -g[on]),
            (np.block([[inner, s[on, None]], [s[on], np.zeros(1)]]), np.append(-g[on], radius)),
        ):
            at = np.zeros(len(g))
            at[on] = np.linalg.lstsq(system, right)[0][: on.size]
            if np.abs(at).sum() <= radius * (1 + 1e-12):
                least = min(least, at @ H @ at / 2 + g @ at)
    return least


def test_within_the_ball():
    """The loss is the least one over all faces, badly scaled and singular H among them; a minimum
    inside is the free one.
    """
    draw = rng()
    for trial in range(40):
        p = 1 + trial % 4
        F = draw.standard_normal((p + trial % 3 - 1 or 1, p)) * 10 ** draw.uniform(-2, 2, p)
        H = F.T @ F
        g = draw.standard_normal(p) if trial % 2 else H @ draw.standard_normal(p)
        radius = 10 ** draw.uniform(-1, 1)
        found = within(Quadratic(H, g), radius)
        size = max(radius**2 * np.abs(H).max(), radius * np.abs(g).max())
        assert np.abs(found).sum() <= radius * (1 + 1e-9)
        loss = found @ H @ found / 2 + g @ found
        assert loss == pytest.approx(over_faces(H, g, radius), abs=1e-9 * size)
    free = Quadratic(np.diag([2.0, 5.0]), np.array([-1.0, 1.0]))
    np.testing.assert_allclose(within(free, 9.0), estimate(free), rtol=1e-9)
    np.testing.assert_allclose(within(free, 0.2), [1 / 7, -2 / 35], rtol=1e-9)


@pytest.mark.parametrize("unit", [1e-20, 1.0, 1e20])
def test_on_a_face_the_minimum_is_exact(unit):
    """g made from a θ, by −(Hθ + g) = ¾ z with z = sign θ, or |z| < 1 where θ is 0: that θ is met
    to rounding, in any unit of the loss or of θ, where the program alone is off by 1e-9 or refuses.
    Catches another face's minimum, and a size that is not the loss's.
    """
    F = rng().standard_normal((10, 6))
    H, wanted = F.T @ F, np.array([0.0, 1.5, -0.25, 0.0, 0.5, -1.25])
    g = -H @ wanted - 0.75 * np.array([0.3, 1.0, -1.0, -0.6, 1.0, -1.0])
    loss = within(Quadratic(unit * H, unit * g), 3.5)
    np.testing.assert_allclose(loss, wanted, atol=1e-12)
    place = within(Quadratic(H, unit * g), unit * 3.5)
    np.testing.assert_allclose(place / unit, wanted, atol=1e-12)


def test_a_loss_without_curvature_ends_at_a_corner():
    """H = 0: all of the radius against the largest slope; and g = 0 as well: anywhere inside."""
    none = np.zeros((3, 3))
    linear = within(Quadratic(none, np.array([1.0, -2.0, 0.5])), 0.7)
    np.testing.assert_allclose(linear, [0, 0.7, 0], atol=1e-14)
    assert np.abs(within(Quadratic(none, np.zeros(3)), 0.7)).sum() <= 0.7
    steep = within(Quadratic(1e12 * GOOD.H, GOOD.g), 1.0)
    assert abs(steep @ GOOD.H @ steep / 2 + GOOD.g @ steep / 1e12) < 1e-9 * np.abs(GOOD.H).max()


def test_a_face_on_which_the_minimum_lies_outside_is_left():
    """An H of condition 7e9, from a search, where the minimum on the face that the program ends on
    has another sign, and 1.3 times the norm: by the gap alone it would be taken.
    """
    H = [
        [16640.4, 1.29172, 4.72811],
        [1.29172, 0.000107018, -0.00267518],
        [4.72811, -0.00267518, 2.13819],
    ]
    loss = Quadratic(np.array(H), np.array([17395.9, 1.35427, 2.19937]))
    assert np.abs(within(loss, 2.38343)).sum() <= 2.38343 * (1 + 1e-9)


X = rng().standard_normal((9, 2))
GOOD = quadratic(terms(family(SQUARES), X))


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: terms(family(SQUARES), X[0]), r"x: must have shape \(…, M, n\) and hold points"),
        (lambda: terms(family(SQUARES), X[:0]), r"x: must have shape \(…, M, n\) and hold points"),
        (lambda: terms(family(SQUARES), X, [-1]), "rows: must be at least 0"),
        (lambda: terms(family(SQUARES), X, [0, 0]), "rows: must be different ones of 0 … 1"),
        (lambda: terms(family(SQUARES), X, [2]), "rows: must be different ones of 0 … 1"),
        (lambda: terms(Family(np.sin, np.sin), X), r"first: must have shape \(9, 2\) and p"),
        (
            lambda: terms(Family(Monomials(SQUARES).first, np.sin), X),
            r"second: must have shape \(9, 2, 3\), but has",
        ),
        (lambda: terms(family(SQUARES, np.ravel), X), r"base: must have shape \(9, 2\), but has"),
        *(
            (
                lambda held=held: quadratic(terms(family(SQUARES), X), held),
                "weights: must be 9 numbers ≥ 0 with sum 1",
            )
            for held in (
                np.ones(9),
                np.full(9, 1.5 / 9),
                np.full(8, 1 / 8),
                np.append(np.full(8, 2 / 8), -1),
            )
        ),
        (lambda: gradients(terms(family(SQUARES), X), [1.0]), r"theta: must have shape \(3,\)"),
        (
            lambda: gradients(terms(family(SQUARES), X.reshape(3, 3, 2)), np.ones((2, 3))),
            r"theta: must have shape \(3,\), but has \(2, 3\)",
        ),
        (lambda: estimate(quadratic(terms(family(SQUARES), X[:1]))), "H: is singular"),
        (lambda: estimate(quadratic(terms(family(SQUARES), X, [0]))), "H: is singular"),
        (lambda: estimate(Quadratic(GOOD.H, GOOD.g[:2])), "H: is 3 wide, and g is 2 long"),
        (lambda: within(GOOD, 0.0), "radius: must be positive"),
        (lambda: within(Quadratic(-GOOD.H, GOOD.g), 1.0), "H: must have no negative eigenvalue"),
        (
            lambda: within(Quadratic(np.diag([1e-6, -1e-7]), np.ones(2)), 1.0),
            "H: must have no negative eigenvalue, but has -1e-07",
        ),
        (lambda: within(Quadratic(GOOD.H, GOOD.g[:2]), 1.0), "H: must be one matrix beside its g"),
        (lambda: within(Quadratic(GOOD.H[None], GOOD.g), 1.0), "H: must be one matrix beside"),
    ],
)
def test_refusals(made, says):
    with pytest.raises(InvalidInput, match=says):
        made()
