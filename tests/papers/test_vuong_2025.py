"""Vuong and others 2025: each formula by another route, the numbers written down before, the
figure.
"""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from bounds.estimators import dsm
from bounds.fields import energy, solenoidal
from bounds.gaussian import Gaussian
from bounds.gram import exact
from bounds.papers import vuong_2025 as claims
from bounds.path import path_risk
from bounds.risk import bootstrap_risk, dsm_risk
from figures.data import BadTable
from figures.papers import vuong_2025 as figure
from studies.papers.vuong_2025 import EIGHT, TIMES
from tests.lessons import Checks

FEW = {"eigenvalues": [2.0, 1.0, 0.5], "t": 0.3, "m": 12}
ALONG = {"eigenvalues": EIGHT, "times": TIMES}


def test_invisible_energy_as_it_was_written_down():
    """λ = (2, 1, .5), t = .3, m = 12: .4783, a share of .3518 of the risk; the asymmetry's mean
    square 1.894, which is 2/π² of the loops'.
    """
    law = Gaussian(np.array(FEW["eigenvalues"]))
    found = claims.dsm_invisible(FEW)
    assert found == pytest.approx(0.4783, abs=5e-5)
    assert found / dsm_risk(law, 0.3, 12) == pytest.approx(0.3518, abs=5e-5)
    loops = sum(
        claims.loop({**FEW, "plane": list(plane), "radius": 1.0})
        for plane in combinations(range(3), 2)
    )
    assert 2 * loops / np.pi**2 == pytest.approx(1.894, abs=5e-4)


def test_moments_of_the_error_by_a_wishart_of_large_m():
    """E δ_ij² and E δ_ij δ_ji of 4000 draws at m = 60, d = 2: c_i/(v_j (m − d − 1)) and 0. Within
    4.5 standard errors, a false alarm of 3e-5 for each of six; the seed is fixed.
    """
    law, t, m = Gaussian(np.array([3.0, 0.3])), 0.2, 60
    rng = [np.random.default_rng([5, k]) for k in range(4000)]
    (estimates,) = dsm(exact(law, m, [t], rng))
    delta = estimates - law.score_matrix(t)
    v, c = law.variances(t), law.conditional_variances(t)
    products = [(delta[:, i, j] ** 2, c[i] / (v[j] * (m - 3))) for i in (0, 1) for j in (0, 1)]
    products.append((delta[:, 0, 1] * delta[:, 1, 0], 0.0))
    R = solenoidal(delta, np.diag(v)).solenoidal
    cell = {"eigenvalues": [3.0, 0.3], "t": t, "m": m}
    products.append((energy(R, np.diag(v)), claims.dsm_invisible(cell)))
    for sample, mean in products:
        assert abs(sample.mean() - mean) < 4.5 * sample.std() / np.sqrt(sample.size)


@pytest.mark.parametrize("d", [2, 5, 40])
def test_half_for_equal_eigenvalues(d):
    """(1 − 1/d)/2 of d c d/(m − d − 1)."""
    cell = {"eigenvalues": [0.7] * d, "t": 0.4, "m": 3 * d}
    risk = dsm_risk(Gaussian(np.full(d, 0.7)), 0.4, 3 * d)
    assert claims.dsm_invisible(cell) / risk == pytest.approx((1 - 1 / d) / 2, rel=1e-12)


@pytest.mark.parametrize("t", [0.2, 1.0, 2.0])
def test_both_parts_are_the_risk(t):
    """Their sum is the library's own risk, times m at large m, of each estimator."""
    law, m = Gaussian(np.array(EIGHT)), 10**9
    k = TIMES.index(t)
    wanted = {
        "dsm": dsm_risk(law, t, m),
        "bsm": bootstrap_risk(law, TIMES, m)[k],
        "path": path_risk(law, TIMES, m)[k],
    }
    for name, risk in wanted.items():
        cell = {**ALONG, "t": t, "estimator": name}
        assert claims.visible(cell) + claims.invisible(cell) == pytest.approx(m * risk, rel=1e-6)
        assert (claims.invisible(cell) == 0) == (name == "path")
    assert claims.invisible({**ALONG, "t": t, "estimator": "dsm"}) == pytest.approx(
        (m - 9) * claims.dsm_invisible({**ALONG, "t": t, "m": m}), rel=1e-12
    )


def test_a_loop_by_green_s_theorem():
    """∮ A x · dx is the mean square's π² ρ⁴ times that of A_ji − A_ij: at ρ doubled 16 times as
    much; and the plane's order does not matter.
    """
    cell = {**FEW, "plane": [0, 2], "radius": 1.0}
    assert claims.loop({**cell, "radius": 2.0}) == pytest.approx(16 * claims.loop(cell))
    assert claims.loop({**cell, "plane": [2, 0]}) == pytest.approx(claims.loop(cell))
    alike = {**cell, "eigenvalues": [2.0, 2.0, 2.0]}  # then the decoy is the formula
    assert claims.loop(alike, own=True) == pytest.approx(claims.loop(alike))


@pytest.mark.parametrize(
    ("table", "column", "value", "reason"),
    [
        ("visible-leading", "low", 1e9, "measured lies outside low … high"),
        (
            "visible-leading",
            "estimator",
            "other",
            "column estimator must hold dsm, and beside it bsm",
        ),
        ("invisible-leading", "t", 0.7, "other values of estimator, t"),
        ("invisible-leading", "predicted", float("inf"), "column predicted holds NaN"),
        ("invisible-leading", "n", 3, "replicate"),
    ],
)
def test_the_figure_refuses(table, column, value, reason):
    data = figure.FIGURE.sample()
    frame = data.tables[table].copy()
    frame.loc[0, column] = value
    with pytest.raises(BadTable, match=reason):
        figure.FIGURE.draw(replace(data, tables={**data.tables, table: frame}))


# --- the lesson -----------------------------------------------------------------------------------


def stirring(eigenvalues, t):
    """In per cent of the risk: each entry of δ by itself, projected by bounds.fields."""
    law = Gaussian(np.array(eigenvalues))
    v, c, d = law.variances(t), law.conditional_variances(t), law.dimension
    units = np.eye(d * d).reshape(d * d, d, d) * np.sqrt(c[:, None] / v)
    parts = solenoidal(units, np.diag(v))
    stirred, all_ = (energy(part, np.diag(v)).sum() for part in (parts.solenoidal, units))
    return float(100 * stirred / all_)


def steps_for_twice_the_gauge():
    """By how much a small Euler step of a rotation gains in log volume: ratio of κ = 2 and 1."""
    h = 1e-4
    one, two = (
        np.linalg.slogdet(np.eye(2) + h * k * np.array([[0, 1], [-1, 0]]))[1] for k in (1, 2)
    )
    return float(two / one)


LESSON = Checks(
    settings=((4, 10.0), (5, 10.0)),
    answers=(
        lambda: stirring([1.0] * 4, 0.7),
        lambda: stirring([4.0, 0.25], 0.5),
        steps_for_twice_the_gauge,
    ),
    terms={
        "score": "the gradient of the log density",
        "stirs": "moves no mass",
        "gauge": "also called",
        "energies": "the mean square over",
        "DSM": "Denoising score matching",
        "c_i": "variance that the score leaves",
        "v_j": "the eigenvalues of $V$",
        "flow": "a sampler without noise",
        "Euler step": "goes straight on",
        "spread": "largest over smallest eigenvalue",
    },
)
