"""Domingo-Enrich et al. 2026: the numbers written down before, each formula by another route, the
figure.
"""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad

from bounds.check import InvalidInput
from bounds.mixture import Mixture
from bounds.papers.domingo_enrich_2026 import adjoint, targets, tilts
from figures.data import BadTable
from figures.papers import domingo_enrich_2026 as figure
from studies.papers.domingo_enrich_2026 import adjoint as adjoint_study
from studies.papers.domingo_enrich_2026 import targets as target_study
from studies.papers.domingo_enrich_2026 import tilts as tilt_study

SKEWED, WIDE = target_study.SKEWED, target_study.WIDE
LINEAR = {"eigenvalues": list(np.linspace(0.3, 3, 8)), "t": 0.3, "m": 40}


@pytest.mark.parametrize(
    ("t", "csm", "tsm", "nsm", "mixed", "weight"),
    [
        (0.05, 8.411941, 0.891845, 0.445333, 0.230229, 0.7786),
        (0.3, 1.139982, 3.850381, 0.858715, 0.452288, 0.3103),
        (1.0, 0.197241, 19.019753, 0.271317, 0.133958, 0.0547),
        (2.0, 0.024892, 146.632, 0.037442, 0.017911, 0.0069),
    ],
)
def test_variances_as_they_were_written_down(t, csm, tsm, nsm, mixed, weight):
    """To all digits but the last."""
    cell = {**SKEWED, "t": t, "start": 0.0}
    for target, value in {"csm": csm, "tsm": tsm, "nsm": nsm}.items():
        found = targets.target_variance({**cell, "target": target})
        assert found == pytest.approx(value, rel=3e-6, abs=1e-6)
    assert targets.best_variance(cell) == pytest.approx(mixed, abs=1e-6)
    assert targets.best_weight(cell) == pytest.approx(weight, abs=5e-5)


@pytest.mark.parametrize(
    ("start", "t", "free", "control"),
    [(0.1, 0.2, 0.24090, 0.82029), (0.3, 0.7, 0.09016, 0.20083), (0.3, 1.5, 0.02308, 0.04568)],
)
def test_the_free_weight_against_that_of_bootstrapping(start, t, free, control):
    """Halves to thirds of the variance."""
    cell = {**SKEWED, "start": start, "t": t}
    assert targets.best_variance(cell) == pytest.approx(free, abs=6e-6)
    held = targets.control_weight(cell)
    assert targets.best_variance(cell, held) == pytest.approx(control, abs=6e-6)


def test_nsm_is_a_mixture_of_the_other_two():
    """Path by path, with the score of a mixture; and its weight is the best if I(π) = d alone."""
    rng, t = np.random.default_rng(1), 0.4
    x0, z = 3 * rng.standard_normal((2, 50))
    e, noise = np.exp(-t), 1 - np.exp(-2 * t)
    score = target_study.parts_of(SKEWED, x0)[1]
    nsm = -(e * x0 + z) + e * (score + x0)
    np.testing.assert_allclose(nsm, e**2 * score / e + noise * -z / noise, atol=1e-12)
    unit = {"weights": [1.0], "means": [3.0], "variances": [1.0], "start": 0.0, "t": t}
    assert targets.best_weight(unit) == pytest.approx(targets.novel_weight(unit), rel=1e-12)
    assert targets.best_weight({**unit, "variances": [2.0]}) > 1.2 * targets.novel_weight(unit)


def test_integrals_as_they_were_written_down():
    """Formula and quadrature over time, which the claims compare, both have these digits."""
    assert targets.sobolev_deficit(SKEWED) == pytest.approx(0.7252852217, abs=1e-10)
    assert targets.stam_deficit(SKEWED) == pytest.approx(0.370693, abs=5e-7)
    assert targets.sobolev_deficit(LINEAR) == pytest.approx(1.227480, abs=5e-7)
    assert targets.stam_deficit(LINEAR) == pytest.approx(1.227045, abs=5e-7)
    for start, value in ((0.01, 1.8506624), (0.1, 0.8403855)):
        found = targets.information({**SKEWED, "start": start})
        assert found == pytest.approx(value, abs=5e-8)
    for end, share in zip(range(1, 6), (0.74967, 0.95283, 0.99179, 0.99864, 0.99978), strict=True):
        whole = np.exp(2 * end) / 2 * 2.7038676
        found = targets.late_integral({**SKEWED, "end": float(end)})
        assert found / whole == pytest.approx(share, abs=6e-6)


def test_deficits_do_not_see_what_they_must_not():
    """Stam's is that of the law moved and shrunk; it is 0 for one Gaussian."""
    weights, means, variances = (np.array(SKEWED[key]) for key in ("weights", "means", "variances"))
    moved = {"weights": weights, "means": means / 4 + 7, "variances": variances / 16}
    wanted = targets.stam_deficit(SKEWED)
    assert targets.stam_deficit(moved) == pytest.approx(wanted, rel=1e-11)
    assert targets.sobolev_deficit(moved) > 10 * targets.sobolev_deficit(SKEWED)
    assert targets.stam_deficit({"eigenvalues": [0.4, 0.4]}) == pytest.approx(0, abs=1e-15)
    (_, best) = target_study._gaussian({"eigenvalues": [0.4, 0.4]})
    assert best["value"] == pytest.approx(0, abs=1e-13)


def test_entropy_of_points_as_it_was_written_down():
    assert targets.atoms_entropy({"weights": [0.2, 0.5, 0.3]}) == pytest.approx(1.0296530, abs=5e-8)
    assert targets.atoms_entropy({"weights": [0.1] * 10}) == pytest.approx(2.3025851, abs=5e-8)


@pytest.mark.parametrize(("target", "value"), [("csm", 2.7997), ("tsm", 2.0415), ("nsm", 0.3053)])
def test_regression_risks_as_they_were_written_down(target, value):
    assert targets.regression_risk({**LINEAR, "target": target}) == pytest.approx(value, abs=5e-5)


def test_gradient_variance_by_quadrature():
    """All moments of (D X − ε) Xᵀ by Gauss and Hermite's rule, exact for polynomials."""
    cell = {"eigenvalues": [0.5, 2.0], "t": 0.3, "off": [[1.0, 0.4], [0.0, 1.0]], "target": "tsm"}
    v, noise = targets.spread_of(cell)
    z, w = np.polynomial.hermite_e.hermegauss(5)
    grids = np.meshgrid(*[z] * 4, indexing="ij")
    share = np.einsum("i,j,k,l->ijkl", w, w, w, w).ravel() / w.sum() ** 4
    draws = np.stack([g.ravel() for g in grids], axis=1) * np.sqrt([*v, *noise])
    X, rest = draws[:, :2], draws[:, 2:]
    gradient = (X @ np.array(cell["off"]).T - rest)[:, :, None] * X[:, None, :]
    mean = np.tensordot(share, gradient, 1)
    total = share @ ((gradient - mean) ** 2).sum(axis=(1, 2))
    assert targets.gradient_variance(cell) == pytest.approx(total, rel=1e-12)


def test_the_adjoint_of_gaussian_bases_as_it_was_written_down():
    """Peaks, where they are, and losses."""
    for lam, value, time in ((5.0, 1.25, 0.6931), (20.0, 2.294157, 1.4722)):
        assert adjoint.peak(lam) == pytest.approx(value, abs=5e-7)
        assert adjoint.jacobian(lam, time) == pytest.approx(value, abs=5e-7)
    for lam, value in ((0.5, 0.598367), (1.0, 1.050162), (2.0, 2.300326), (5.0, 6.632392)):
        cell = {**WIDE, "lam": lam}
        assert adjoint.irreducible(cell) == pytest.approx(value, abs=5e-7)
        # the variance at each time, integrated
        total = quad(
            lambda u, cell=cell: adjoint.adjoint_variance({**cell, "t": -np.log(u) / 2}) / (2 * u),
            1e-7,
            1,
            epsrel=1e-6,
        )[0]
        assert total == pytest.approx(value, rel=1e-5)
    # a linear reward leaves nothing: π = N(2, 2) for p = N(0, 2)
    shifted = {"weights": [1.0], "means": [2.0], "variances": [2.0], "lam": 2.0}
    assert adjoint.irreducible(shifted) == pytest.approx(0, abs=1e-12)


def test_the_grid_against_steps_of_exact_moves():
    """E ã_t² at a = 1, t = 0.5 by Strang's splitting: the Ornstein–Uhlenbeck kernel between halves
    of the growth, and Richardson's extrapolation of 100 and 200 steps.
    """
    a, s2, b, c, end = 1.0, 0.25, 0.8, -0.3, 0.5
    x = np.linspace(-6, 6, 361)
    gap = x[1] - x[0]
    base = np.exp(-2 * (x - a) ** 2) + np.exp(-2 * (x + a) ** 2)
    pi = base * np.exp(b * x + c * x**2 / 2)
    law = Mixture(np.full(2, 0.5), np.array([[-a], [a]]), np.full((2, 1, 1), s2))

    def stepped(steps):
        h = end / steps
        e, noise = np.exp(-h), 1 - np.exp(-2 * h)
        kernel = np.exp(-((x[:, None] - e * x) ** 2) / (2 * noise))
        kernel *= gap / np.sqrt(2 * np.pi * noise)
        rho = pi / (pi.sum() * gap) * (b + c * x) ** 2
        for k in range(steps):
            # the rate at a quarter and three quarters of the step, half of it each
            for quarter, move in ((0.25, True), (0.75, False)):
                bend = law.hessian(h * (k + quarter), x[:, None])[:, 0, 0]
                rho = rho * np.exp(h * (1 + 2 * bend))
                rho = kernel @ rho if move else rho
        return rho.sum() * gap

    coarse, fine = stepped(100), stepped(200)
    cell = {"a": a, "s2": s2, "b": b, "c": c, "times": [end]}
    (square,) = (
        r["value"] for r in adjoint_study._two_modes(cell) if r["quantity"] == "second-two-modes"
    )
    assert square == pytest.approx(fine + (fine - coarse) / 3, rel=1e-3)
    assert abs(fine / coarse - 1) < 0.01


def test_the_ridge_bound_is_the_largest_curvature_integrated():
    """By quadrature of the bound on a mixture's curvature that bounds.mixture has."""
    cell = {"a": 1.5, "s2": 0.25, "b": 0.8, "c": -0.3, "t": 0.7}
    law = Mixture(np.full(2, 0.5), np.array([[-1.5], [1.5]]), np.array([[0.25]]))
    growth = quad(lambda u: 1 + 2 * float(law.curvature_bound(u)), 0, 0.7, epsrel=1e-11)[0]
    reward = adjoint._reward(cell)
    assert adjoint.ridge_bound(cell) == pytest.approx(np.exp(2 * growth) * reward, rel=1e-9)
    tilted = adjoint._laws(cell)[1]
    x = np.linspace(-8, 8, 4001)
    p = np.exp(tilted.log_density(x))
    assert reward == pytest.approx(p @ (0.8 - 0.3 * x) ** 2 / p.sum(), rel=1e-9)


def test_the_bound_of_log_concave_bases_is_sharp():
    """A Gaussian base has it with equality, and the grid finds that; between a twentieth more or
    less nothing fits.
    """
    cell = {"a": 0.0, "s2": 0.5, "b": 0.8, "c": -0.3, "times": [0.2, 0.8]}
    for found in adjoint_study._two_modes(cell):
        if found["quantity"] == "second-concave":
            at = {**cell, "t": json.loads(str(found["cell"]))["t"]}
            for bound in (adjoint.concave_bound, adjoint.component_bound, adjoint.ridge_bound):
                assert bound(at) == pytest.approx(found["value"], rel=1e-6)


def test_the_loss_of_two_modes_near_what_was_written_down():
    """.2666, 7.721 and 662.6, on a coarser grid: half a per cent."""
    rows = {}
    for cell in adjoint_study.CELLS:
        if cell["part"] == "two-modes" and cell["a"] in (1.0, 1.5, 2.0):
            found = adjoint_study._two_modes(cell)
            rows[cell["a"]] = next(r["value"] for r in found if r["quantity"] == "two-modes-loss")
    for a, value in ((1.0, 0.2666), (1.5, 7.721), (2.0, 662.6)):
        assert rows[a] == pytest.approx(value, rel=5e-3)


def test_work_as_it_was_written_down():
    """The trap, the base that moves, backwards, and by steps."""
    trap = tilt_study._cell("trap", "trap", 1.0, 2.0, 1.5, 0.0)
    assert tilts.trap_work({**trap, "moment": "mean"}) == pytest.approx(0.486374, abs=5e-7)
    assert tilts.trap_work({**trap, "moment": "variance"}) == pytest.approx(1.277252, abs=5e-7)
    assert tilts.effective_share(trap) == pytest.approx(0.278802, abs=5e-7)
    reverse = tilt_study._cell("crooks", "reverse", 3.0, 2.0, 1.0, 0.0)
    assert tilt_study.work(reverse) == pytest.approx((0.489236, 2.021504), abs=3e-5)
    assert tilt_study.work(reverse, backward=True)[0] == pytest.approx(2.51077, abs=2e-5)
    quadratic = {**reverse, "theta": 0.0, "kappa": -0.7}
    assert np.exp(tilts.log_constant(quadratic)) == pytest.approx(0.567962, abs=5e-7)
    for steps, value in ((2, 1.40625), (8, 1.178854), (64, 1.131692)):
        assert tilt_study.by_steps(trap, steps, exact=True) == pytest.approx(1.125, abs=1e-12)
        found = tilt_study.by_steps(trap, steps, exact=False)
        assert found == pytest.approx(value, abs=1e-6)


def test_the_constant_of_a_tilt_by_quadrature():
    """log E e^r under N(0, λ), linear and quadratic at once; and where it is infinite."""
    cell = {"lam": 2.0, "theta": 0.7, "kappa": 0.3}

    def integrand(x):
        return np.exp(0.7 * x + 0.15 * x**2 - x**2 / 4) / np.sqrt(4 * np.pi)

    wanted = np.log(quad(integrand, -40, 60, points=[0, 7], epsrel=1e-12)[0])
    assert tilts.log_constant(cell) == pytest.approx(wanted, rel=1e-10)
    with pytest.raises(InvalidInput, match=r"kappa: must be below 0\.5: else E e\^r is infinite"):
        tilts.log_constant({**cell, "kappa": 0.5})


@pytest.mark.parametrize(
    ("table", "column", "value", "reason"),
    [
        ("tilt-target-variance", "measured", -1.0, "column measured must be positive"),
        ("tilt-best-variance", "start", float("nan"), "column start holds NaN"),
        ("adjoint-variance", "t", 0.1, "two rows of the same t"),
        ("tilt-csm-information", "law", 3.0, "column law must hold strings"),
        ("tilt-tsm-integral", "end", 0.0, "column end must be positive"),
        ("tilt-nsm-deficit", "law", "other", "lacks the rows with {'law': 'skewed'}"),
        ("adjoint-explosion", "measured", 0.0, "column measured must be positive"),
    ],
)
def test_the_figure_refuses(table, column, value, reason):
    data = figure.FIGURE.sample()
    frame = data.tables[table].astype({column: object})
    frame.loc[0, column] = value
    with pytest.raises(BadTable, match=reason):
        figure.FIGURE.draw(replace(data, tables={**data.tables, table: frame}))
