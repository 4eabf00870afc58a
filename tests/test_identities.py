"""Every derivation vanishes, every decoy does not, by simplification and by exact numbers."""

import math
import random

import numpy as np
import pytest
import sympy as sp
from scipy import stats

from bounds import identities
from bounds.identities import DERIVATIONS, Derivation

IDS = [derivation.name for derivation in DERIVATIONS]


def _numbers(expression: sp.Expr, seed: int, points: int = 4) -> list[float]:
    """|expression| at random rational points in (0.3, 0.9), in 50 digits;
    undefined functions become exp(−y²/3)."""
    rng = random.Random(seed)
    concrete = expression.replace(
        lambda e: isinstance(e, sp.core.function.AppliedUndef), lambda e: sp.exp(-(e.args[0] ** 2) / 3)
    ).doit()
    symbols = sorted(concrete.free_symbols, key=str)
    values = []
    for _ in range(points):
        point = {symbol: sp.Rational(rng.randint(300, 899), 1000) for symbol in symbols}
        values.append(float(abs(sp.N(concrete.subs(point), 50, maxn=200))))
    return values


def _vanishes(expression: sp.Expr) -> bool:
    """Simplified to zero; and below 1e-35 at random points, so that a wrong simplification does not pass."""
    return sp.simplify(expression) == 0 and max(_numbers(expression, seed=1)) < 1e-35


@pytest.mark.parametrize("derivation", DERIVATIONS, ids=IDS)
def test_residual_vanishes(derivation: Derivation) -> None:
    """Symbolically and at four random rational points. Catches any wrong exponent, factor or variance."""
    assert _vanishes(derivation.residual()), derivation.statement


@pytest.mark.parametrize("derivation", DERIVATIONS, ids=IDS)
def test_decoy_does_not_vanish(derivation: Derivation) -> None:
    """The same check rejects the false variant, and not by a hair: above 1e-6 at every point."""
    decoy = derivation.decoy()
    assert not _vanishes(decoy), derivation.decoy_note
    assert min(_numbers(decoy, seed=2)) > 1e-6


def test_names_are_unique() -> None:
    """A name points at one derivation: others refer to them by name."""
    assert len(set(IDS)) == len(IDS)


# --- decoys by hand ---------------------------------------------------------------------------------------

E, C = 0.9, 0.6  # e_{t'} and e^{−g}
OLD, NOISE, FRESH = 1 - E**2, 1 - (E * C) ** 2, 1 - C**2  # σ_{t'}², σ_t², τ²
# A value for each symbol, under the name that the evidence orders its points by.
PLACE = {"e_prev": E, "carry": C, "x": 1.5, "y": -0.4, "b": 0.7, "x_0": 0.2, "M": 1.1, "s": -0.8}
PLACE |= {"z_prev": 0.3, "n": -1.2, "s_prev": 0.45, "UU": 1.7, "SS": 0.6, "NN": 2.2, "C": 3.0, "q": 4.0}
PLACE |= {"a": 1.3, "c": 0.8, "x1": 0.5, "x2": -1.1, "y0": 0.35, "y1": 0.85}
PLACE |= {"gamma1": 0.2, "gamma2": 0.3, "gamma3": 0.5, "zeta1": 1.5, "zeta2": -0.7, "zeta3": 0.9}
PLACE |= {"e1": 0.8, "e2": 0.6, "e3": 0.3, "s1": 0.36, "s2": 0.64, "s3": 0.91}
PLACE |= {"M0": 0.4, "M1": 0.6, "M2": 1.1, "M3": -0.3}


def density(y):
    """In place of the undefined p_0 and p_{t'}."""
    return math.exp(-(y**2) / 3)


def in_the_plane(scale):
    """y · (1 − σ_t²/scale) V_t^{-1} x, from Σ in numbers."""
    v = (E * C) ** 2 * np.array([[1.3, 0.7], [0.7, 0.8]]) + NOISE * np.eye(2)
    return float((1 - NOISE / scale) * np.array([0.35, 0.85]) @ np.linalg.solve(v, [0.5, -1.1]))


def forward_and_back():
    """Σ_j w_j (M_j − M_0) less Σ_k (w_1 + … + w_k)(M_k − M_{k−1}), w_j = γ_j ζ_j e_j/s_j."""
    w = np.array([0.2 * 1.5 * 0.8 / 0.36, 0.3 * -0.7 * 0.6 / 0.64, 0.5 * 0.9 * 0.3 / 0.91])
    means = np.array([0.4, 0.6, 1.1, -0.3])
    return float(w @ (means[1:] - means[0]) - np.cumsum(w) @ np.diff(means))


BY_HAND = {
    "tweedie-gaussian-matrix": in_the_plane(math.sqrt(NOISE)),
    "tweedie-any-law": density(-0.4) * (1.5 + E * C * 0.4) * (1 / math.sqrt(NOISE) - 1 / NOISE),
    "martingale-any-law": -density(0.7) * (1.5 - C * 0.7),
    "local-tweedie-any-law": density(0.7) * (1.5 - C * 0.7) * (1 / NOISE - 1 / FRESH),
    "residual-covariance-any-law": 1 / NOISE,
    "residual-is-regression-any-law": E * C * (1.1 - 0.2) * (1 / NOISE - 1 / FRESH),
    "reverse-decomposition": forward_and_back(),
    "optimal-control-variate-any-law": 2 * 1.7 * (1 - C) * OLD / NOISE,
    "control-variate-is-a-mix": -(1 - C) * C * OLD / NOISE * (0.45 / C - 1.2 / FRESH),
    "dsm-risk-factor": 1 / 4 - 1 / 5,
    "ancestral-posterior": math.log(NOISE / OLD)
    - (0.7 - (E * FRESH * -0.4 + C * OLD * 1.5) / NOISE) ** 2 * (NOISE / (OLD * FRESH) - 1 / FRESH),
    "ancestral-mean": (1 / C - C) * (1.5 - FRESH * 0.8),
    "ancestral-lack-any-law": -3 * FRESH,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_decoys_in_numbers(name: str) -> None:
    """Residuals vanish at every point, so that a common factor, or a symbol mistaken for another, does not show in
    them. A decoy has a value: here by hand, at a point that is given by the symbols' names."""
    (derivation,) = (one for one in DERIVATIONS if one.name == name)
    decoy = derivation.decoy().replace(
        lambda e: isinstance(e, sp.core.function.AppliedUndef), lambda e: sp.exp(-(e.args[0] ** 2) / 3)
    )
    point = {symbol: sp.Rational(str(PLACE[symbol.name])) for symbol in decoy.doit().free_symbols}
    assert float(sp.N(decoy.doit().subs(point), 30)) == pytest.approx(BY_HAND[name], rel=1e-12)


def test_the_kernel_is_the_normal_density() -> None:
    """Against scipy. Its norm divides out of every integrand, so that a wrong one would be seen nowhere else."""
    for x, mean, variance in ((0.3, -0.5, 0.7), (-1.2, 0.1, 2.5)):
        found = float(identities._kernel(sp.Float(x), sp.Float(mean), sp.Float(variance)))
        assert found == pytest.approx(stats.norm.pdf(x, mean, math.sqrt(variance)), rel=1e-13)
