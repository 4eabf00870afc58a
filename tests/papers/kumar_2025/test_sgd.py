"""Stochastic gradient descent: the claims' formulas, in the clock, against bounds.sgd; and the
theory's table.
"""

import numpy as np
import pytest

from bounds.gaussian import Gaussian
from bounds.papers.kumar_2025 import sgd as claims
from bounds.process import Step, steps
from bounds.sgd import Descent, chain, mixed_noise
from bounds.stam import known_weight

LAM = [0.4, 1.0, 2.2]
LAW = Gaussian(np.array(LAM))
STEP = Step(0.3, 0.6)
WEIGHTS = {
    "T2": lambda step: 1.0,
    "T3": lambda step: 0.0,
    "TB": lambda step: step.bootstrap_weight,
    "w0": lambda step: float(known_weight(LAW)(step)),
}


def cell(target, eta=0.1, batch=2):
    place = {"eigenvalues": LAM, "t_prev": 0.3, "t": 0.6, "times": [0.3, 0.6, 1.0], "n": 7}
    return {**place, "target": target, "step_size": eta, "batch": batch}


def noise_of(target):
    if target == "T1":
        return LAW.conditional_variances(0.6)
    return mixed_noise(LAW, STEP, WEIGHTS[target](STEP))


@pytest.mark.parametrize("target", ["T1", *WEIGHTS])
def test_formulas_are_the_recursions(target):
    descent, v = Descent(0.1, 2), LAW.variances(0.6)
    np.testing.assert_allclose(claims.noise(cell(target)), noise_of(target), rtol=1e-10)
    wanted = descent.stationary(v, noise_of(target)).sum()
    assert claims.stationary(cell(target)) == pytest.approx(wanted, rel=1e-10)
    r = np.diag(1 / v)
    for _ in range(7):
        r = descent.next(r, v, noise_of(target))
    assert claims.after_steps(cell(target)) == pytest.approx(r.sum(), rel=1e-12)


@pytest.mark.parametrize("target", WEIGHTS)
def test_the_chain_is_the_chain(target):
    wanted = chain(LAW, [0.3, 0.6, 1.0], WEIGHTS[target], Descent(0.1, 2))[-1].sum()
    assert claims.chained(cell(target)) == pytest.approx(wanted, rel=1e-10)


@pytest.mark.parametrize("target", WEIGHTS)
def test_from_the_true_score_the_last_step_alone_counts(target):
    """The decoy's chain forgets all that came before: it ends with one step's risk."""
    last = {**cell(target), "t_prev": 0.6, "t": 1.0}
    assert claims.chained(cell(target), own=False) == pytest.approx(claims.stationary(last))


def test_shares_without_the_noise_of_the_rows():
    """A decoy's: a ← (1 − ηv)² a + η² v c/B, run until it stands, has v a = c ηv/(B(2 − ηv))."""
    v, a = np.array([0.4, 1.3, 2.2]), np.zeros(3)
    for _ in range(3000):
        a = (1 - 0.1 * v) ** 2 * a + 0.1**2 * v / 4
    np.testing.assert_allclose(claims.shares(v, 0.1, 4, whole=False), v * a, rtol=1e-12)


def test_the_least_weight_is_the_least():
    """Over a grid of weights, at two step sizes, no stationary risk is below that with w°."""
    for eta in (0.01, 0.3):
        descent, v = Descent(eta, 4), LAW.variances(0.6)
        best = descent.stationary(v, noise_of("w0")).sum()
        for w in np.linspace(-0.5, 1.5, 41):
            assert descent.stationary(v, mixed_noise(LAW, STEP, w)).sum() >= best * (1 - 1e-12)


TABLE = {  # theory.md, "Stochastic gradient steps"
    0.2: (0.110, 2.15, 0.473, 0.024, 0.97, 1.74, 1.32),
    0.5: (0.257, 6.53, 0.167, 0.019, 0.85, 2.76, 1.92),
    1.0: (0.850, 20.3, 0.059, 0.0104, 0.56, 2.15, 2.17),
    2.0: (7.16, 150, 0.0085, 0.0018, 0.16, 0.47, 1.74),
}


def test_the_table_of_the_theory():
    law = Gaussian(np.linspace(0.3, 3, 8))
    times = [round(0.1 * k, 1) for k in range(1, 21)]
    grid = steps(times)
    rules = {**WEIGHTS, "w0": known_weight(law)}
    chains = [
        [r.sum() for r in chain(law, times, rules[name], Descent(eta))]
        for name, eta in (("TB", 0.01), ("w0", 0.01), ("TB", 0.1))
    ]
    for t, printed in TABLE.items():
        k = times.index(t)
        plain = law.conditional_variances(t)
        got = [mixed_noise(law, grid[k], float(rules[n](grid[k]))).sum() for n in WEIGHTS]
        got = [one / plain.sum() for one in got]
        for found, eta in zip(chains, (0.01, 0.01, 0.1), strict=True):
            got.append(found[k] / Descent(eta).stationary(law.variances(t), plain).sum())
        assert got == pytest.approx(printed, rel=0.03)
