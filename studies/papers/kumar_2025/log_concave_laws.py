r"""Log-concave laws in several dimensions: paths drawn,
posterior means by quadrature; no bound is known here.

    S = Σ_j γ_j w_j ⟨F(X_{t_j}), U_j⟩,   |F| = 1,   Σ_j γ_j w_j² = 1

for unit fields F, constant and not: E exp(−ρS), and the largest ε² at which the DSM minimiser over
s ± ε w_j F_h goes wrong (R* of studies.papers.kumar_2025.evidence_concentration).
"""

from functools import cache

import numpy as np
from scipy.special import ive

from bounds.check import Array
from bounds.process import simulate, weights
from studies.evidence import Rng, row
from studies.papers.kumar_2025.supermartingale import (
    HALF_WIDTH,
    density,
    panels,
    quadrature,
    worst_constants,
)
from studies.study import Cell, Row


def reflection(d: int) -> Array:
    """An orthogonal matrix without zeros, I − 2 v vᵀ/|v|² with v = (1, …, d); shape (d, d)."""
    v = np.arange(1.0, d + 1)
    return np.asarray(np.eye(d) - 2 * np.outer(v, v) / (v @ v))


def stretches(d: int) -> Array:
    """The scales of the correlated law's independent Laplace coordinates,
    before it is reflected; shape (d,).
    """
    return np.geomspace(0.5, 2.0, d)


SCALE = 4.0
"""What stretches the laws on the line, so that their posteriors are wide and κ_log-concave is
nearly needed.
"""


def ball_radius(d: int) -> float:
    """Each coordinate of the ball then has the spread of the uniform law on the line."""
    return HALF_WIDTH * float(np.sqrt((d + 2) / 3))


def draw(law: str, size: int, d: int, rng: Rng) -> Array:
    """`size` draws of a law in d dimensions; shape (size, d)."""
    if law == "ball":
        x = rng.standard_normal((size, d))
        radius = ball_radius(d) * rng.uniform(size=(size, 1)) ** (1 / d)
        return np.asarray(radius * x / np.linalg.norm(x, axis=1, keepdims=True))
    if law == "uniform":
        return rng.uniform(-HALF_WIDTH, HALF_WIDTH, (size, d))
    if law == "exponential":
        return SCALE * rng.exponential(size=(size, d))
    if law == "logistic":
        return SCALE * rng.logistic(size=(size, d))
    x = SCALE * rng.laplace(size=(size, d))
    return x if law == "laplace" else np.asarray((x * stretches(d)) @ reflection(d))


@cache
def _line_table(law: str, t: float, scale: float) -> tuple[Array, Array]:
    """E[X_0 | X_t = x] of a law of one dimension times `scale`,
    on a grid of x with spacing 0.05.
    """
    wide = scale * panels(law)
    # Panels no wider than 2: the posterior's own width is 0.5 and more.
    edges = np.unique(np.concatenate([wide, np.arange(wide[0], wide[-1], 2.0)]))
    y, masses = quadrature(lambda y: density(law)(y / scale), edges, 16)
    noise = -np.expm1(-2 * t)
    low, high = np.exp(-t) * y[0] - 4, np.exp(-t) * y[-1] + 4
    x = np.linspace(low, high, int((high - low) / 0.05) + 1)
    mean = np.empty_like(x)
    for part in np.array_split(np.arange(x.size), max(1, x.size // 50)):
        # Only the nodes that a posterior at these places can see.
        near = np.abs(x[part].mean() - np.exp(-t) * y) < 12
        exponent = -((x[part, None] - np.exp(-t) * y[near]) ** 2) / (2 * noise) + np.log(
            masses[near]
        )
        likely = np.exp(exponent - exponent.max(axis=1, keepdims=True))
        mean[part] = likely @ y[near] / likely.sum(axis=1)
    return x, mean


@cache
def _ball_table(t: float, d: int) -> tuple[Array, Array]:
    """|E[X_0 | X_t = x]| against |x| for the uniform law on the ball.

    The angle, integrated out, leaves the Bessel functions I_{d/2−1} and I_{d/2} of e_t |x| r/σ_t²
    under the radius r.
    """
    edge = ball_radius(d)
    r, mass = quadrature(np.ones_like, np.linspace(0, edge, int(edge) + 1), 16)
    noise, e = -np.expm1(-2 * t), np.exp(-t)
    x = np.linspace(1e-3, e * edge + 5 + np.sqrt(d), 600)
    k = e * np.outer(x, r) / noise
    # ive carries exp(−k); with it the exponent is −(x − e r)²/(2σ²).
    likely = mass * r ** (d / 2) * np.exp(-((x[:, None] - e * r) ** 2) / (2 * noise))
    top = (likely * r * ive(d / 2, k)).sum(axis=1)
    return np.concatenate([[0.0], x]), np.concatenate(
        [[0.0], top / (likely * ive(d / 2 - 1, k)).sum(axis=1)]
    )


def posterior_mean(law: str, t: float, x: Array) -> Array:
    """E[X_0 | X_t = x] by quadrature and linear interpolation
    (to 1e-4); shape (n, d) to the same.
    """
    d = x.shape[1]
    if law == "ball":
        radius = np.linalg.norm(x, axis=1, keepdims=True)
        return np.asarray(x / radius * np.interp(radius, *_ball_table(t, d)))
    if law == "correlated":
        scales = stretches(d)
        y = x @ reflection(d)
        columns = [
            np.interp(y[:, i], *_line_table("laplace", t, SCALE * float(s)))
            for i, s in enumerate(scales)
        ]
        return np.asarray(np.column_stack(columns) @ reflection(d))
    scale = 1.0 if law == "uniform" else SCALE
    return np.asarray(np.interp(x, *_line_table(law, t, scale)))


def fields(x: Array) -> Array:
    """Unit vectors that depend on x: constant, turned by the sign
    of the first coordinate, along −x, along a wave; shape (4, n, d).
    """
    n, d = x.shape
    constant = np.zeros((n, d))
    constant[:, 0] = 1
    side = constant * np.where(x[:, :1] > 0.5, -1.0, 1.0)
    wave = np.sin(2 * x + np.arange(d)) + 1e-9
    units = [v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12) for v in (-x, wave)]
    return np.stack([constant, side, *units])


RHOS = (0.3, 0.7, 1.5)


def families(x: Array, u: Array) -> dict[str, Array]:
    """⟨F_h(x), u⟩ for d unit fields of each of three families, h = 1 … d; each of shape (n, d).

    constant: F_h = e_h. switching: e_h sign(x_{h+1}), discontinuous. turning: cos(x_{h+2}/4)
    e_h + sin(x_{h+2}/4) e_{h+1}, smooth. Coordinates are counted round.
    """
    after, angle = np.roll(u, -1, axis=1), np.roll(x, -2, axis=1) / 4
    return {
        "constant": u,
        "switching": np.where(np.roll(x, -1, axis=1) > 0, u, -u),
        "turning": np.cos(angle) * u + np.sin(angle) * after,
    }


def measure_law(cell: Cell, rng: Rng) -> list[Row]:
    """From the same paths of one law:
    E exp(−ρS) for unit fields, and R* over s ± ε w_j F_h for each family.
    """
    law, d, m, sets = (cell[k] for k in ("law", "d", "m", "sets"))
    times, delta = np.array(cell["times"]), cell["delta"]
    w, gammas = worst_constants(times, 1e6)[1], weights(times)
    x0 = draw(law, sets * m, d, rng)
    sums = np.zeros((4, x0.shape[0]))
    totals = {name: np.zeros_like(x0) for name in ("constant", "switching", "turning")}
    for part, gamma, each in zip(simulate(x0, times, rng), gammas, w, strict=True):
        t = part.step.t
        noise = -np.expm1(-2 * t)
        residual = (np.exp(-t) * posterior_mean(law, t, part.x) - part.x + part.z) / noise
        sums += gamma * each * np.sum(fields(part.x) * residual, axis=2)
        for name, product in families(part.x, residual).items():
            totals[name] += gamma * each * product
    known = {
        "law": law,
        "d": d,
        "m": m,
        "times": cell["times"],
        "delta": delta,
        "hypotheses": 2 * d + 1,
    }
    rows = []
    for name, total in totals.items():
        largest = 2 * np.abs(total.reshape(sets, m, d).sum(axis=1)).max(axis=1) / m
        value = float(np.quantile(largest**2, 1 - delta, method="higher"))
        rows.append(row("law-quantile", {**known, "class": name}, value))
    for rho in RHOS:
        for f, name in enumerate(("constant", "side", "inward", "wave")):
            place = {"law": law, "d": d, "times": cell["times"], "rho": rho, "field": name}
            rows.append(row("law-moment", place, float(np.mean(np.exp(-rho * sums[f])))))
    return rows
