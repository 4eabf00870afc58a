"""The bootstrap with the weight of least variance: the claims' formulas by a second route."""

import numpy as np
import pytest

from bounds import risk
from bounds.bootstrap import optimal_weights
from bounds.gaussian import Gaussian
from bounds.papers.kumar_2025 import stam as claims
from bounds.stam import known_weight

LAM = np.array([0.3, 1.1, 2.6])
GRID = [0.1, 0.3, 0.7, 1.2]


@pytest.mark.parametrize("k", range(1, 4))
def test_total_is_the_recursion(k):
    law, t = Gaussian(LAM), GRID[k]
    cell = {"eigenvalues": LAM.tolist(), "times": GRID, "t": t}
    rule = known_weight(law)
    assert claims.total(cell) == pytest.approx(risk.bootstrap_risk(law, GRID, 1, rule)[k], rel=1e-9)
    plain = risk.bootstrap_risk(law, GRID, 1)[k]
    assert claims.total(cell, control=True) == pytest.approx(plain, rel=1e-9)


def test_the_gain_of_white_data_is_a_difference():
    """r_BSM − r of the recursion; and of the targets' variances alone, where w° leaves nothing and
    w = e^{−2g} σ_{t'}²/σ_t², the control-variate weight, leaves e^{2g} w²/v' + (1 − w)²/τ² − 1/v.
    """
    cell = {"eigenvalue": 0.8, "eigenvalues": [0.8], "times": [0.3, 0.9], "t": 0.9}
    difference = claims.total(cell, control=True) - claims.total(cell)
    assert claims.white_gain(cell) == pytest.approx(difference, rel=1e-9)
    (before,), (v,) = (Gaussian(np.array([0.8])).variances(t) for t in (0.3, 0.9))
    w = np.exp(-1.2) * np.expm1(-0.6) / np.expm1(-1.8)
    left = np.exp(1.2) * w**2 / before - (1 - w) ** 2 / np.expm1(-1.2) - 1 / v
    assert claims.white_gain(cell, carried=False) == pytest.approx(left, rel=1e-9)


def test_white_data_cross_denoising_at_the_square():
    """x x_1 = λ²: the same risk as DSM's there, more before it, less after it; by the recursion."""
    value, first = 0.8, 0.2
    law, x1 = Gaussian(np.full(2, value)), np.expm1(0.4)
    meet = float(np.log1p(value**2 / x1) / 2)
    rule = known_weight(law)

    def ratio(t):
        grid = [first, (first + t) / 2, t]
        return (
            risk.bootstrap_risk(law, grid, 1, rule)[-1] / (2 * law.conditional_variances(t)).sum()
        )

    assert ratio(meet) == pytest.approx(1, rel=1e-10)
    assert ratio(meet - 0.05) > 1.005
    assert ratio(meet + 0.05) < 0.995


@pytest.mark.parametrize(
    ("first", "printed"),
    [
        (0.1, {0.2: 1.68, 0.5: 2.67, 1.1: 2.60, 2.1: 1.67, 4.0: 0.92}),
        (0.5, {0.6: 1.11, 0.9: 1.22, 1.5: 1.08, 2.5: 0.77, 4.4: 0.52}),
    ],
)
def test_printed_numbers(first, printed):
    """theory.md, "Least variance weight in risk": over BSM's risk; and the best single weight's is
    smaller.
    """
    law = Gaussian(np.linspace(0.3, 3, 8))
    times = first + 0.1 * np.arange(41)
    mine = risk.bootstrap_risk(law, times, 1, known_weight(law))
    best = optimal_weights(law, times, scalar=True).__getitem__
    plain = risk.bootstrap_risk(law, times, 1)
    for t, number in printed.items():
        k = round((t - first) / 0.1)
        assert mine[k] / plain[k] == pytest.approx(number, abs=6e-3)
        assert mine[k] > risk.bootstrap_risk(law, times, 1, best)[k]
