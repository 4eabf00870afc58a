"""Every derivation vanishes, every decoy does not, by simplification and by exact numbers."""

import random

import pytest
import sympy as sp

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
