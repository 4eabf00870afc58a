"""Polynomial laws on grids: against closed forms, scipy's adaptive rule and differences."""

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import gamma

from bounds import quadrature
from bounds.check import InvalidInput
from bounds.quadrature import Grid, Monomials, grid, normals, panels, product

QUARTIC = np.linspace(-3, 3, 4)


def test_moments_of_quartic_laws():
    """E x² = Γ(3/4)/Γ(1/4) and the mass (2Γ(5/4))^n, in 1 to 3 variables."""
    for n in (1, 2, 3):
        law = grid(Monomials(4 * np.eye(n)), -np.ones(n), QUARTIC, 24)
        assert law.p @ law.x[:, -1] ** 2 == pytest.approx(gamma(0.75) / gamma(0.25), rel=1e-12)
        assert law.log_mass == pytest.approx(n * np.log(2 * gamma(1.25)), rel=1e-12)
        assert law.p.sum() == pytest.approx(1, rel=1e-13)


def test_a_coupled_law_against_adaptive_quadrature():
    """exp(−x⁴ − y⁴ + xy + ½ x²y − y): a wrong exponent or coefficient shifts E xy."""
    c = [-1.0, -1.0, 1.0, 0.5, -1.0]
    law = grid(Monomials([[4, 0], [0, 4], [1, 1], [2, 1], [0, 1]]), c, QUARTIC, 24)

    def density(y, x):
        return np.exp(-(x**4) - y**4 + x * y + x * x * y / 2 - y)

    mass = integrate.dblquad(density, -3, 3, -3, 3, epsabs=1e-11)[0]
    found = integrate.dblquad(lambda y, x: x * y * density(y, x), -3, 3, -3, 3, epsabs=1e-11)[0]
    assert law.p @ law.x.prod(axis=1) == pytest.approx(found / mass, rel=1e-9)
    assert law.log_mass == pytest.approx(np.log(mass), rel=1e-10)


def test_tails_keep_their_digits_and_boxes_cut():
    """P(|x| > 8) = 1e-15 to 12 digits; N(0, 1) within ±1 has the truncated variance."""
    f, c = Monomials([[2]]), [-0.5]
    law = grid(f, c, [-12, -8, 0, 8, 12], 40)
    assert law.p[np.abs(law.x[:, 0]) > 8].sum() == pytest.approx(2 * stats.norm.sf(8), rel=1e-12)
    box = grid(f, c, [-1, 1], 20, cut=True)
    assert box.p @ box.x[:, 0] ** 2 == pytest.approx(stats.truncnorm(-1, 1).var(), rel=1e-12)


def test_derivatives_by_differences():
    """First and second ones of x³y, y⁴, z, 1."""
    f = Monomials([[3, 1, 0], [0, 4, 0], [0, 0, 1], [0, 0, 0]])
    x, h = np.array([[0.3, -1.2, 2.0], [0.0, 0.7, -0.1]]), 1e-3
    np.testing.assert_allclose(f.value(x)[0], [0.027 * -1.2, 1.2**4, 2.0, 1.0])
    for i in range(3):
        step = h * np.eye(3)[i]
        up, here, down = f.value(x + step), f.value(x), f.value(x - step)
        np.testing.assert_allclose(f.first(x)[:, i], (up - down) / (2 * h), atol=1e-5)
        np.testing.assert_allclose(f.second(x)[:, i], (up - 2 * here + down) / h**2, atol=1e-5)
    assert repr(f) == "Monomials(4 in 3 variables)"


def test_rules():
    """Exactness: degree 2q − 1 of q points; E z⁶w² = 15 under N(0, I_2)."""
    x, w = panels([-1, 0.5, 2], 3)
    assert w @ x**5 == pytest.approx((2**6 - 1) / 6, rel=1e-13)
    nodes, weights = product(x, w, 2)
    assert nodes.shape == (36, 2)
    assert weights @ (nodes[:, 0] ** 2 * nodes[:, 1]) == pytest.approx(3 * 1.5, rel=1e-13)
    law = normals(5, 2)
    assert law.p @ (law.x[:, 0] ** 6 * law.x[:, 1] ** 2) == pytest.approx(15, rel=1e-12)
    assert law.log_mass == pytest.approx(np.log(2 * np.pi))
    assert isinstance(law, Grid)
    near, less = panels([0.0, 0.25, 0.5], 2)
    assert less @ near**3 == pytest.approx(0.5**4 / 4, rel=1e-13)
    node, weight = product([2.0], [3.0], 2)
    assert (node.tolist(), weight.tolist()) == ([[2.0, 2.0]], [9.0])
    assert len(grid(Monomials([[2]]), [-0.5], [-9, -3, 3, 9]).x) == 3 * 20  # the default


def test_as_many_nodes_as_a_grid_may_have(monkeypatch):
    """Nine of nine, and not sixteen."""
    monkeypatch.setattr(quadrature, "MOST", 9)
    assert len(product(np.ones(3), np.ones(3), 2)[0]) == 9
    with pytest.raises(InvalidInput, match=r"n: makes 4.2 nodes, more than 9"):
        product(np.ones(4), np.ones(4), 2)


@pytest.mark.parametrize(
    ("power", "coefficient", "edges"),
    [(2, -0.5, [-9, 1]), (2, -0.5, [-1, 9]), (1, -3.0, [0, 100]), (1, 3.0, [-100, 0])],
)
def test_a_law_that_goes_on_at_one_end_only_is_refused(power, coefficient, edges):
    """A normal cut in its middle, and an exponential at its steep end, where the next of three
    nodes has nothing: catches an end that is not looked at, and a node beside it that is.
    """
    with pytest.raises(InvalidInput, match="edges: do not reach the ends of the law"):
        grid(Monomials([[power]]), [coefficient], edges, 3)
    assert grid(Monomials([[power]]), [coefficient], edges, 3, cut=True).p.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: Monomials([[1.5]]), "exponents: must be whole and not negative"),
        (lambda: Monomials([[2, -1]]), "exponents: must be whole and not negative"),
        (lambda: Monomials([-1]), r"exponents: must have shape \(p, n\), but has \(1,\)"),
        (lambda: Monomials([[2]]).value([1.0]), r"x: must have shape \(N, 1\): \(1,\)"),
        (lambda: panels([1, 1], 3), "edges: must be at least two increasing numbers"),
        (lambda: panels([1], 3), "edges: must be at least two increasing numbers"),
        (lambda: panels([[0, 1], [2, 3]], 3), "edges: must be at least two increasing numbers"),
        (lambda: product([], [], 2), "w: must be a list as long as x, but has shape"),
        (lambda: product([1.0], [1.0, 2.0], 2), "w: must be a list as long as x, but has shape"),
        (lambda: product(np.ones(300), np.ones(300), 3), "n: makes 300.3 nodes, more than"),
        (lambda: grid(Monomials([[2]]), [-1, 1], [-9, 9]), "coefficients: must be as many as"),
        (lambda: grid(Monomials([[2]]), [-1], [-3, 3]), "edges: do not reach the ends of the law"),
        (lambda: grid(Monomials([[4]]), [1], [-3, 3]), "or it has no finite mass: go further"),
    ],
)
def test_refusals(made, says):
    with pytest.raises(InvalidInput, match=says):
        made()
