"""Laws on the line, by quadrature from their densities alone: draws, posteriors, and the chain of
levels.

A law is a name and a scale; `density` and `panels` below are those of scale 1. Posterior means and
variances are sums over Gauss-Legendre nodes of X_0; means over levels are sums over grids of X_t,
by the trapezoidal rule, whose error for Gaussian kernels of width τ is exp(−2π²(τ/h)²): nothing at
the spacing used here.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import scipy

from bounds.check import Array
from studies.evidence import Rng
from studies.papers.kumar_2025.supermartingale import mirrored, quadrature

APART = 2.0
"""The bimodal law has its components, of variance ½, at ± this."""


def density(law: str) -> Callable[[Array], Array]:
    """A density at scale 1, up to a factor; "quartic:c" is exp(−y²/2 − c y⁴)."""
    if law.startswith("quartic:"):
        c = float(law.partition(":")[2])
        return lambda y: np.asarray(np.exp(-(y**2) / 2 - c * y**4))
    table: dict[str, Callable[[Array], Array]] = {
        "exponential": lambda y: np.exp(-y),
        "laplace": lambda y: np.exp(-np.abs(y)),
        "uniform": np.ones_like,
        "gaussian": lambda y: np.exp(-(y**2) / 2),
        "bimodal": lambda y: np.exp(-((y - APART) ** 2)) + np.exp(-((y + APART) ** 2)),
    }
    return table[law]


def panels(law: str) -> Array:
    """Where quadrature is done at scale 1: what is left out has mass below 3e-9."""
    if law == "exponential":
        return np.linspace(0, 20, 21)
    if law == "laplace":
        return mirrored(np.linspace(0, 20, 21))
    return np.linspace(-1, 1, 3) if law == "uniform" else mirrored(np.linspace(0, 9, 10))


def draw(law: str, scale: float, size: int, rng: Rng) -> Array:
    """`size` draws; shape (size,)."""
    if law == "bimodal":
        return np.asarray(
            scale * (rng.choice([-APART, APART], size) + rng.normal(0, np.sqrt(0.5), size))
        )
    table: dict[str, Callable[[int], Array]] = {
        "exponential": lambda n: rng.exponential(size=n),
        "laplace": lambda n: rng.laplace(size=n),
        "uniform": lambda n: rng.uniform(-1, 1, n),
        "gaussian": lambda n: rng.standard_normal(n),
    }
    return np.asarray(scale * table[law](size))


@cache
def nodes(law: str, scale: float) -> tuple[Array, Array]:
    """X_0: nodes and probabilities."""
    # Panels no wider than 1: the narrowest posterior, at the first level, has √x = 0.47 and more.
    edges = scale * panels(law)
    parts = int(np.ceil(np.diff(edges).max()))
    fine = np.interp(np.arange(parts * (edges.size - 1) + 1) / parts, np.arange(edges.size), edges)
    return quadrature(lambda y: density(law)(y / scale), fine, 12)


def posterior(law: str, scale: float, t: float, x: Array) -> tuple[Array, Array]:
    """E[X_0 | X_t = x] and Var(X_0 | X_t = x); shapes of x, (n,)."""
    y, masses = nodes(law, scale)
    noise = -np.expm1(-2 * t)
    likely = x[:, None] - np.exp(-t) * y
    likely *= likely
    likely /= -2 * noise
    with np.errstate(divide="ignore"):
        likely += np.log(masses)
    likely -= likely.max(axis=1, keepdims=True)
    # Below e^{−700} nothing is added, and numbers near the least that float64 has take a hundred
    # times as long.
    np.exp(np.maximum(likely, -700, out=likely), out=likely)
    likely /= likely.sum(axis=1, keepdims=True)
    mean = likely @ y
    return np.asarray(mean), np.asarray(likely @ y**2 - mean**2)


@cache
def _spline(law: str, scale: float, t: float) -> "scipy.interpolate.CubicSpline":
    y, _ = nodes(law, scale)
    noise = -np.expm1(-2 * t)
    low, high = np.exp(-t) * y[[0, -1]] + 7 * np.sqrt(noise) * np.array([-1, 1])
    x = np.linspace(low, high, int((high - low) / 0.06) + 1)
    return scipy.interpolate.CubicSpline(x, posterior(law, scale, t, x)[0])


def posterior_mean(law: str, scale: float, t: float, x: Array) -> Array:
    """E[X_0 | X_t = x] at many places, by a spline through exact values: to 1e-6; any shape."""
    return np.asarray(_spline(law, scale, t)(x))


class Levels:
    """X_{t_1}, …, X_{t_N} on grids, in one dimension.

    Attributes
    ----------
    x : by level the grid
    p : by level the probabilities
    moves : by level k ≥ 2 the probabilities of (X_{t_{k−1}}, X_{t_k}), together
    mean, variance : by level E[X_0|X_t] and Var(X_0|X_t) on the grid
    """

    def __init__(self, law: str, scale: float, times: list[float], spacing: float = 0.08) -> None:
        y, masses = nodes(law, scale)
        self.x: list[Array] = []
        self.p: list[Array] = []
        self.moves: list[Array] = []
        self.mean: list[Array] = []
        self.variance: list[Array] = []
        for k, t in enumerate(times):
            noise = -np.expm1(-2 * t)
            low, high = np.exp(-t) * y[[0, -1]] + 8 * np.sqrt(noise) * np.array([-1, 1])
            x = np.arange(np.floor(low / spacing), np.ceil(high / spacing) + 1) * spacing
            kernel = np.exp(-((x[:, None] - np.exp(-t) * y) ** 2) / (2 * noise))
            p = kernel @ masses * spacing / np.sqrt(2 * np.pi * noise)
            mean, variance = posterior(law, scale, t, x)
            if k:
                gap = t - times[k - 1]
                fresh = -np.expm1(-2 * gap)
                step = np.exp(-((x - np.exp(-gap) * self.x[-1][:, None]) ** 2) / (2 * fresh))
                step *= spacing / np.sqrt(2 * np.pi * fresh)
                self.moves.append(self.p[-1][:, None] * step)
            self.x.append(x)
            self.p.append(p)
            self.mean.append(mean)
            self.variance.append(variance)
