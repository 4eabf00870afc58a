"""Every derivation vanishes, every decoy does not, by simplification and by exact numbers."""

import math
import random

import numpy as np
import pytest
import sympy as sp
from scipy import stats

from bounds import identities
from bounds.gaussian_algebra import (
    CARRY,
    E_PREV,
    LAM,
    S_PREV,
    TAU,
    Row,
    fourth,
    fresh_and_past,
    vanishes,
)
from bounds.identities import DERIVATIONS, Derivation

IDS = [derivation.name for derivation in DERIVATIONS]


def _numbers(expression: sp.Expr, seed: int, points: int = 4) -> list[float]:
    """|expression| at random rational points in (0.3, 0.9), in 50 digits;
    undefined functions become exp(−y²/3)."""
    rng = random.Random(seed)
    concrete = expression.replace(
        lambda e: isinstance(e, sp.core.function.AppliedUndef),
        lambda e: sp.exp(-(e.args[0] ** 2) / 3),
    ).doit()
    symbols = sorted(concrete.free_symbols, key=str)
    values = []
    for _ in range(points):
        point = {symbol: sp.Rational(rng.randint(300, 899), 1000) for symbol in symbols}
        values.append(float(abs(sp.N(concrete.subs(point), 50, maxn=200))))
    return values


def _vanishes(expression: sp.Expr) -> bool:
    """Below 1e-35 at random points, and zero once simplified, which alone might be wrong."""
    return max(_numbers(expression, seed=1)) < 1e-35 and sp.simplify(expression) == 0


@pytest.mark.parametrize("derivation", DERIVATIONS, ids=IDS)
def test_residual_vanishes(derivation: Derivation) -> None:
    """Symbolically and at four random rational points.
    Catches any wrong exponent, factor or variance.
    """
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


# --- decoys by hand -------------------------------------------------------------------------------

E, C = 0.9, 0.6  # e_{t'} and e^{−g}
OLD, NOISE, FRESH = 1 - E**2, 1 - (E * C) ** 2, 1 - C**2  # σ_{t'}², σ_t², τ²
# A value for each symbol, under the name that the evidence orders its points by.
PLACE = {"e_prev": E, "carry": C, "x": 1.5, "y": -0.4, "b": 0.7, "x_0": 0.2, "M": 1.1, "s": -0.8}
PLACE |= {
    "z_prev": 0.3,
    "n": -1.2,
    "s_prev": 0.45,
    "UU": 1.7,
    "SS": 0.6,
    "NN": 2.2,
    "C": 3.0,
    "q": 4.0,
}
PLACE |= {"a": 1.3, "c": 0.8, "x1": 0.5, "x2": -1.1, "y0": 0.35, "y1": 0.85}
PLACE |= {"M0": 0.4, "M1": 1.1, "M2": 2.3, "M": 1.7, "M_prev": 0.6, "alpha": 0.55}
PLACE |= {"lambda": 1.9, "lambda_j": 0.75, "w": 0.45, "rho": 0.3}


def density(y):
    """In place of the undefined p_0 and p_{t'}."""
    return math.exp(-(y**2) / 3)


def in_the_plane(scale):
    """y · (1 − σ_t²/scale) V_t^{-1} x, from Σ in numbers."""
    v = (E * C) ** 2 * np.array([[1.3, 0.7], [0.7, 0.8]]) + NOISE * np.eye(2)
    return float((1 - NOISE / scale) * np.array([0.35, 0.85]) @ np.linalg.solve(v, [0.5, -1.1]))


LAMBDA, LAMBDA_J = 1.9, 0.75
X_NOW, X_BEFORE = NOISE / (E * C) ** 2, OLD / E**2  # e^{2t} − 1 and e^{2t'} − 1
PREV = E * 0.2 + 0.3  # X_{t'} on the path


def variance(x, value):
    """v of an eigenvalue where e^{2t} = 1 + x."""
    return (value + x) / (1 + x)


def excess(i, j):
    """1 − w/w* of the entry (i, j)."""
    return 1 / ((1 + X_BEFORE / (X_NOW - X_BEFORE)) ** 2 * (1 + X_BEFORE / i) * (1 + j / X_NOW))


def old_after_dsm():
    """(v'_j/v_j) c'_i/c_i, what T2 alone carries of the old error, over c_i."""
    old = 1 / OLD - 1 / variance(X_BEFORE, LAMBDA)
    now = 1 / NOISE - 1 / variance(X_NOW, LAMBDA)
    return variance(X_BEFORE, LAMBDA_J) / variance(X_NOW, LAMBDA_J) * old / now


def old_error_carried_whole():
    """w² e^{2g} v'_j/v_j in place of w² v'_j/v_j, times c'_i, off the diagonal and on it;
    and nothing besides, since the two errors are uncorrelated.
    """
    old = 1 / OLD - 1 / variance(X_BEFORE, LAMBDA)
    ratios = [variance(X_BEFORE, one) / variance(X_NOW, one) for one in (LAMBDA_J, LAMBDA)]
    return 0.45**2 * (1 / C**2 - 1) * old * (0.35 * ratios[0] + 0.85 * ratios[1])


BY_HAND = {
    "tweedie-gaussian-matrix": in_the_plane(math.sqrt(NOISE)),
    "tweedie-any-law": density(-0.4) * (1.5 + E * C * 0.4) * (1 / math.sqrt(NOISE) - 1 / NOISE),
    "martingale-any-law": -density(0.7) * (1.5 - C * 0.7),
    "local-tweedie-any-law": density(0.7) * (1.5 - C * 0.7) * (1 / NOISE - 1 / FRESH),
    "residual-covariance-any-law": 1 / NOISE,
    "residual-is-regression": E * C * (1.1 / 0.4 - 0.2) * (1 / NOISE - 1 / FRESH),
    "noise-of-control-variate": (1 - C) * OLD / NOISE * (0.3 / OLD - (PREV - E * 0.6) / OLD),
    "noise-is-increment": (1.7 - 0.6) * (E / OLD - E * C / NOISE),
    "carried-factor": C * OLD / NOISE * (C - 1),
    "factored-t1": LAMBDA * (1 / X_NOW - 1 / X_BEFORE),
    "factored-t2": (X_NOW - X_BEFORE) * (1 / (LAMBDA + X_BEFORE) - 1 / LAMBDA),
    "factored-t3": X_BEFORE / (X_NOW - X_BEFORE),
    "factored-combined": (LAMBDA / X_NOW - 1)
    * LAMBDA
    / X_NOW
    * (X_NOW - X_BEFORE)
    / (LAMBDA + X_BEFORE),
    "bsm-gain": (X_NOW - X_BEFORE)
    * (X_BEFORE * LAMBDA / (LAMBDA + X_BEFORE) - X_NOW * LAMBDA / (LAMBDA + X_NOW)),
    "weight-over-optimal": excess(LAMBDA_J, LAMBDA) - excess(LAMBDA, LAMBDA_J),
    "transport-alone": -(1 - C**2) * old_after_dsm(),
    "bsm-first-step": old_error_carried_whole(),
    "ancestral-posterior": math.log(NOISE / OLD)
    - (0.7 - (E * FRESH * -0.4 + C * OLD * 1.5) / NOISE) ** 2 * (NOISE / (OLD * FRESH) - 1 / FRESH),
    "ancestral-mean": (1 / C - C) * (1.5 - FRESH * 0.8),
    "ancestral-lack-any-law": -3 * FRESH,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_decoys_in_numbers(name: str) -> None:
    """Residuals vanish at every point, so that a common factor, or a symbol mistaken for another,
    does not show in them. A decoy has a value: here by hand, at a point that is given by the
    symbols' names."""
    (derivation,) = (one for one in DERIVATIONS if one.name == name)
    decoy = derivation.decoy().replace(
        lambda e: isinstance(e, sp.core.function.AppliedUndef),
        lambda e: sp.exp(-(e.args[0] ** 2) / 3),
    )
    point = {symbol: sp.Rational(str(PLACE[symbol.name])) for symbol in decoy.doit().free_symbols}
    assert float(sp.N(decoy.doit().subs(point), 30)) == pytest.approx(BY_HAND[name], rel=1e-12)


def test_the_kernel_is_the_normal_density() -> None:
    """Against scipy. Its norm divides out of every integrand,
    so that a wrong one would be seen nowhere else.
    """
    for x, mean, variance in ((0.3, -0.5, 0.7), (-1.2, 0.1, 2.5)):
        found = float(identities._kernel(sp.Float(x), sp.Float(mean), sp.Float(variance)))
        assert found == pytest.approx(stats.norm.pdf(x, mean, math.sqrt(variance)), rel=1e-13)


# --- the algebra itself ---------------------------------------------------------------------------


def test_what_vanishes_is_seen_part_by_part() -> None:
    """Terms of one y that cancel among themselves alone, of two, and of none."""
    a, b, u, v = sp.symbols("a b y0 y1")
    nothing = [1 / (a - b), -1 / a, -b / (a * (a - b))]
    assert vanishes(sp.Add(*(u * one for one in nothing)))
    assert vanishes(sp.Add(*nothing, *(v * one for one in nothing)))
    assert not vanishes(u * nothing[0])
    assert not vanishes(u / a - v / a)
    assert not vanishes(sp.Integer(1))


def test_fourth_moments_by_quadrature() -> None:
    """E[a b c d] of four rows: four Gauss-Hermite nodes a variable are exact."""
    rows = [Row([[1, -2, 3]]), Row([[2, 1, -1]]), Row([[-1, 1, 2]]), Row([[3, 2, 1]])]
    known = {LAM: 0.7, E_PREV: 0.8, CARRY: 0.6}
    scale = [math.sqrt(float(v.subs(known))) for v in (LAM, S_PREV, TAU)]
    nodes, weights = np.polynomial.hermite_e.hermegauss(4)
    grid = np.stack(np.meshgrid(*(s * nodes for s in scale), indexing="ij"), axis=-1)
    mass = np.einsum("i,j,k->ijk", *[weights / weights.sum()] * 3)
    values = [grid @ np.array(row, dtype=np.float64).ravel() for row in rows]
    found = fourth(rows[0], rows[1], rows[2], rows[3], True).subs(known)
    assert float(found) == pytest.approx((mass * np.prod(values, axis=0)).sum(), rel=1e-12)


def test_a_steps_noise_and_the_past_by_covariances() -> None:
    """Cov of T1 + α U_{t'} with the noise of the step from r to s, and with U_s, from the
    covariances of the path itself: e_b/e_a v_a between a ≤ b.
    """
    lam, e_r, (c1, c2, c3), w, alpha = 0.7, 0.9, (0.8, 0.7, 0.6), 0.3, 0.45
    e = np.array([1.0, e_r, e_r * c1, e_r * c1 * c2, e_r * c1 * c2 * c3])  # of 0, r, s, t', t
    v = e**2 * lam + 1 - e**2
    first = np.minimum.outer(np.arange(5), np.arange(5))
    covariance = np.minimum.outer(e, e) / e[first] * v[first]
    x = np.eye(5)
    u = [(x[k] - e[k] * x[0]) / (1 - e[k] ** 2) - x[k] / v[k] for k in range(1, 5)]
    own = -(x[2] - c1 * x[1]) / (1 - c1**2)
    early = w * -x[1] / v[1] / c1 + (1 - w) * own + x[2] / v[2]
    late = -u[3] + alpha * u[2]
    names = dict(zip(("e_r", "c1", "c2", "c3"), (e_r, c1, c2, c3), strict=True))
    known = {sp.Symbol(name, positive=True): value for name, value in names.items()}
    known |= {sp.Symbol(name): value for name, value in (("w1", w), ("w2", 0.2), ("alpha", alpha))}
    known |= {name: names[name.name] for name in sp.symbols("c1:4")}
    found = sp.expand(fresh_and_past(control=True).subs(known | {LAM: lam}))
    for symbol, past in (("y0", early), ("y1", u[1])):
        wanted = late @ covariance @ past
        assert float(found.coeff(sp.Symbol(symbol))) == pytest.approx(wanted, rel=1e-9)
    assert vanishes(fresh_and_past(control=False))
