r"""The lean adjoint of a diffusion base p, ã_t = J_t r'(X_0), J_t = exp(∫_0^t (1 + 2h_u(X_u)) du),
h = (log p_u)'': its Jacobian by the ODE, its moments by the posterior where J is a number, and by
Feynman and Kac's equation where J is random.

Weighted by ã^k the law of X_t has a density ρ with

    ∂ρ = (x ρ)' + ρ'' + k (1 + 2h_t) ρ,   ρ_0 = π r'^k,

so that ∫ρ is E ã_t^k, however rare the paths that carry it.
"""

import numpy as np
import scipy

from bounds.check import Array
from bounds.quadrature import panels
from studies.evidence import Parts, Seeds, computed, evidence, measured, row
from studies.papers.domingo_enrich_2026.targets import (
    SKEWED,
    WIDE,
    law_of,
    posterior,
    variance,
)
from studies.study import Cell, Row


def jacobians(lam: float, times: Array) -> Array:
    """J at increasing times for the base N(0, λ), by the ODE dJ/du = (1 + 2h_u) J, h = −1/v_u."""

    def rate(t: float, J: Array) -> Array:
        e2 = np.exp(-2 * t)
        return np.asarray((1 - 2 / (lam * e2 + 1 - e2)) * J)

    end = float(times[-1])
    path = scipy.integrate.solve_ivp(rate, (0, end), [1.0], "DOP853", times, rtol=1e-12, atol=1e-14)
    return np.asarray(path.y[0])


def _jacobian(cell: Cell) -> list[Row]:
    lam, times = cell["lam"], np.array(cell["times"])
    rows = [
        row("jacobian", {"lam": lam, "t": float(t)}, value)
        for t, value in zip(times, jacobians(lam, times), strict=True)
    ]
    if lam > 2:
        least = scipy.optimize.minimize_scalar(
            lambda t: -jacobians(lam, np.array([t]))[0], bounds=(0.1, 4.0), method="bounded"
        )
        rows.append(row("peak", {"lam": lam}, -least.fun))
    return rows


def _spread(cell: Cell, times: Array) -> list[float]:
    """E Var(ã_t | X_t) at increasing times, r = log(π/p) for the base N(0, λ)."""
    law, lam = law_of(cell), cell["lam"]
    found = []
    for t, J in zip(times, jacobians(lam, times), strict=True):
        of = posterior(law, float(t))
        found.append(variance(of, J * (of.score + of.x / lam)))
    return found


def _gaussian(cell: Cell) -> list[Row]:
    of = {**law_of(cell), "lam": cell["lam"]}
    u, w = panels([0.0, 0.3, 0.6, 0.85, 1.0], 7)
    u, w = u[::-1], w[::-1]
    total = (w / (2 * u)) @ np.array(_spread(cell, -np.log(u) / 2))
    times = np.array(cell["times"])
    curve = [
        row("variance", {**of, "t": float(t)}, value)
        for t, value in zip(times, _spread(cell, times) if times.size else [], strict=True)
    ]
    return [*curve, row("loss", of, float(total))]


# --- two modes ------------------------------------------------------------------------------------

POINTS = 1001


class Weighted:
    """Densities weighted by powers of ã for the base ½N(±a, s²) and r' = b + c x, on a grid."""

    def __init__(self, a: float, s2: float, b: float, c: float) -> None:
        self.a, self.s2 = a, s2
        self.x = np.linspace(-1, 1, POINTS) * (a + 7.5 * max(1.0, s2**0.5))
        self.dx = float(self.x[1] - self.x[0])
        log_base = np.logaddexp(*(-((self.x - side) ** 2) / (2 * s2) for side in (a, -a)))
        tilt = np.exp(log_base + b * self.x + c * self.x**2 / 2)
        self.start = tilt / (tilt.sum() * self.dx)
        self.slope = b + c * self.x
        # Differences of order 4; the density is 0 beyond the ends.
        offsets = [-2, -1, 0, 1, 2]
        first, second = (
            scipy.sparse.diags_array(np.array(k) / 12, offsets=offsets, shape=(POINTS, POINTS))
            for k in ([1, -8, 0, 8, -1], [-1, 16, -30, 16, -1])
        )
        move = first @ scipy.sparse.diags_array(self.x) / self.dx + second / self.dx**2
        self.operator = scipy.sparse.csr_array(move)
        self.bands = np.zeros((5, POINTS))
        for k in offsets:
            self.bands[2 - k, max(k, 0) : POINTS + min(k, 0)] = move.diagonal(k)

    def growth(self, t: float) -> Array:
        """1 + 2h_t(x)."""
        e2 = np.exp(-2 * t)
        v, centre = 1 + (self.s2 - 1) * e2, self.a * np.exp(-t)
        # sech² of more than 300 is 0 in float64
        bend = (centre / v) ** 2 / np.cosh(np.minimum(np.abs(centre * self.x / v), 300.0)) ** 2
        return np.asarray(1 + 2 * (bend - 1 / v))

    def densities(self, power: int, times: Array) -> Array:
        """ρ at the times, shape (times, points)."""

        def rate(t: float, rho: Array) -> Array:
            return np.asarray(self.operator @ rho + power * self.growth(t) * rho)

        def jacobian(t: float, rho: Array) -> Array:
            bands = self.bands.copy()
            bands[2] += power * self.growth(t)
            return bands

        path = scipy.integrate.solve_ivp(
            rate,
            (0.0, float(times[-1])),
            self.start * self.slope**power,
            method="LSODA",
            t_eval=times,
            jac=jacobian,
            lband=2,
            uband=2,
            rtol=1e-8,
            atol=1e-13,
        )
        return np.asarray(path.y.T)


def times_and_weights() -> tuple[Array, Array]:
    """Nodes for ∫_0^∞ dt, increasing: panels in log(e^{2t} − 1), then in e^{−2t}."""
    z, wz = panels(np.linspace(np.log(1e-8), 0.0, 16), 6)
    u, wu = panels([0.0, 0.25, 0.5], 10)
    x = np.exp(z)
    times = np.concatenate([np.log1p(x) / 2, -np.log(u[::-1]) / 2])
    return times, np.concatenate([wz * x / (2 * (1 + x)), (wu / (2 * u))[::-1]])


def _two_modes(cell: Cell) -> list[Row]:
    of = {key: cell[key] for key in ("a", "s2", "b", "c")}
    system = Weighted(**of)
    nodes, weights = times_and_weights()
    marks = np.array(cell["times"])
    times = np.union1d(nodes, marks)
    law, first, second = (system.densities(power, times) for power in range(3))
    mean, square = first.sum(axis=1) * system.dx, second.sum(axis=1) * system.dx
    seen = law > 1e-12
    known = np.where(seen, first**2 / np.where(seen, law, 1.0), 0.0).sum(axis=1) * system.dx
    at, spot = np.searchsorted(times, nodes), np.searchsorted(times, marks)
    energy = float(weights @ known[at])
    loss = float(weights @ (square - known)[at])
    rows = [row("energy", of, energy)]
    modes = cell["a"] ** 2 > cell["s2"]  # else the base is log-concave
    for t, k in zip(marks, spot, strict=True):
        here = {**of, "t": float(t)}
        rows += [row("mean", here, mean[k])]
        rows += [row("second-two-modes" if modes else "second-concave", here, square[k])]
    if modes:
        barrier = float(np.exp(of["a"] ** 2 / (2 * of["s2"])))
        rows.append(row("two-modes-loss", {**of, "x": barrier}, loss))
    return rows


PARTS: Parts = {
    "jacobian": computed(_jacobian, "jacobian", "peak"),
    "gaussian": computed(_gaussian, "variance", "loss"),
    "two-modes": computed(
        _two_modes, "energy", "mean", "second-two-modes", "second-concave", "two-modes-loss"
    ),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part."""
    return measured(PARTS, cell, seeds)


REWARD = {"b": 0.8, "c": -0.3}
CURVE = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 2.0, 3.0]
CELLS: list[Cell] = [
    *({"part": "jacobian", "lam": lam, "times": [0.3, 1.0, 2.0]} for lam in (0.5, 2.0, 3.0)),
    *({"part": "jacobian", "lam": lam, "times": [0.5, 1.5]} for lam in (5.0, 20.0)),
    {"part": "gaussian", **SKEWED, "lam": 3.0, "times": CURVE},
    *({"part": "gaussian", **WIDE, "lam": lam, "times": []} for lam in (0.5, 1.0, 2.0, 5.0)),
    *(
        {"part": "two-modes", "a": a, "s2": 0.25, **REWARD, "times": [0.1, 0.5, 1.0]}
        for a in (1.0, 1.25, 1.5, 1.75, 2.0)
    ),
    *(
        {"part": "two-modes", "a": a, "s2": s2, **REWARD, "times": [0.1, 0.3, 1.0]}
        for a, s2 in ((0.7, 1.0), (0.5, 0.5))
    ),
]
STUDY = evidence(
    "evidence-lean-adjoint",
    "The lean adjoint: its Jacobian, its conditional variance, and bases of two modes.",
    CELLS,
    measure,
    PARTS,
    seed=127,
)
