r"""Work along a tilt, by moments of Gaussians: Jarzynski's and Crooks's identities measured.

The base dX = βX ds + √2 dB has the laws p_s = N(0, v) and the flow field (β + 1/v) x. Either v = 1
and β = −1, a trap ("trap"), or the reverse of the process that starts from N(0, λ), v = 1 + (λ − 1)
e^{−2(τ−s)}, β = 1 − 2/v ("reverse"). The reward is r_s = (s/τ)(θx + κx²/2).
"""

from typing import NamedTuple

import numpy as np

from bounds.affine import Affine, Quadratic, moments
from bounds.check import Array
from bounds.divergence import Normal
from studies.evidence import Parts, Seeds, computed, evidence, measured, row
from studies.study import Cell, Row


class At(NamedTuple):
    """At a time s: β, the variance v and the flow's factor ν = β + 1/v."""

    beta: float
    v: float
    nu: float


def base(cell: Cell, s: float) -> At:
    """The base of a cell at a time."""
    v = 1 + (cell["lam"] - 1) * float(np.exp(-2 * (cell["tau"] - s)))
    beta = -1.0 if cell["base"] == "trap" else 1 - 2 / v
    return At(beta, v, beta + 1 / v)


def of(cell: Cell) -> Cell:
    """What a formula needs to know."""
    return {key: cell[key] for key in ("base", "lam", "tau", "theta", "kappa")}


def log_mass(cell: Cell, push: float, power: float = 1.0) -> float:
    """log E e^{nA}: push 1 is the drift b + ∇r with Jarzynski's work; push 2 the drift b + 2∇r with
    the residual of Hamilton, Jacobi and Bellman in its place.
    """
    theta, kappa, tau = cell["theta"], cell["kappa"], cell["tau"]
    controlled = push == 2

    def field(s: float) -> float:
        at = base(cell, s)
        return at.beta if controlled else at.nu

    def hessian(s: float) -> Array:
        bend, f = kappa * s / tau, field(s)
        extra = 2 * bend**2 if controlled else 0.0
        return np.array([[kappa / tau + 2 * f * bend + extra]])

    def slope(s: float) -> Array:
        tilt, bend = theta * s / tau, kappa * s / tau
        extra = 2 * tilt * bend if controlled else 0.0
        return np.array([theta / tau + field(s) * tilt + extra])

    def constant(s: float) -> float:
        return (kappa * s / tau + (theta * s / tau) ** 2) if controlled else 0.0

    flow = Affine(
        lambda s: np.array([[base(cell, s).beta + push * kappa * s / tau]]),
        2.0,
        lambda s: np.array([push * theta * s / tau]),
    )
    start = Normal(np.zeros(1), np.array([[base(cell, 0.0).v]]))
    return moments(flow, start, [0.0, tau], Quadratic(hessian, slope, constant), power)[-1].log_mass


def work(cell: Cell, *, backward: bool = False) -> tuple[float, float]:
    """Mean and variance of A = ∫(∂r + ν x r') ds for a linear reward: (X, A) is Gaussian.

    Backward: from the tilted law at τ by the reversed protocol, with the drift −b + 2∇log p + ∇r.
    """
    theta, tau = cell["theta"], cell["tau"]

    def drift(s: float) -> Array:
        at = base(cell, s)
        move = -at.beta - 2 / at.v if backward else at.beta
        return np.array([[move, 0.0], [theta / tau + at.nu * theta * s / tau, 0.0]])

    flow = Affine(drift, np.diag([2.0, 0.0]), lambda s: np.array([theta * s / tau, 0.0]))
    v = base(cell, tau if backward else 0.0).v
    mean = theta * v if backward else 0.0
    start = Normal(np.array([mean, 0.0]), np.diag([v, 0.0]))
    times = [tau, 0.0] if backward else [0.0, tau]
    law = moments(flow, start, times)[-1].law
    return float(law.mean[1]), float(law.covariance[1, 1])


def by_steps(cell: Cell, steps: int, *, exact: bool) -> float:
    """E A + ½ Var A of a trap that jumps K times, with Euler's moves between, or exact ones."""
    h, jump = cell["tau"] / steps, cell["theta"] / steps
    keep, fresh = (np.exp(-h), -np.expm1(-2 * h)) if exact else (1 - h, 2 * h)
    mean, covariance = np.zeros(2), np.diag([1.0, 0.0])
    for k in range(steps):
        add = np.array([[1.0, 0.0], [jump, 1.0]])  # the trap jumps: A grows by jump · X
        mean, covariance = add @ mean, add @ covariance @ add.T
        move = np.diag([keep, 1.0])
        mean = move @ mean + np.array([(1 - keep) * jump * (k + 1), 0.0])
        covariance = move @ covariance @ move.T + np.diag([fresh, 0.0])
    return float(mean[1] + covariance[1, 1] / 2)


def _masses(cell: Cell) -> list[Row]:
    return [
        row("jarzynski", of(cell), log_mass(cell, 1.0)),
        row("controlled", of(cell), log_mass(cell, 2.0)),
    ]


def _trap(cell: Cell) -> list[Row]:
    mean, spread = work(cell)
    share = 2 * log_mass(cell, 1.0) - log_mass(cell, 1.0, power=2.0)
    return [
        row("work", {**of(cell), "moment": "mean"}, mean),
        row("work", {**of(cell), "moment": "variance"}, spread),
        row("effective", of(cell), float(np.exp(share))),
    ]


def _crooks(cell: Cell) -> list[Row]:
    (there, spread), (back, _) = work(cell), work(cell, backward=True)
    return [
        row("crooks-sum", of(cell), (there + back) / 2),
        row("crooks-difference", of(cell), (back - there) / spread),
    ]


def _euler(cell: Cell) -> list[Row]:
    K = cell["steps"]
    excess = by_steps(cell, K, exact=False) - by_steps(cell, K, exact=True)
    return [row("euler", {**of(cell), "x": 1 / K}, excess)]


PARTS: Parts = {
    "masses": computed(_masses, "jarzynski", "controlled"),
    "trap": computed(_trap, "work", "effective"),
    "crooks": computed(_crooks, "crooks-sum", "crooks-difference"),
    "euler": computed(_euler, "euler"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part."""
    return measured(PARTS, cell, seeds)


def _cell(part: str, base: str, lam: float, tau: float, theta: float, kappa: float) -> Cell:
    return {"part": part, "base": base, "lam": lam, "tau": tau, "theta": theta, "kappa": kappa}


CELLS: list[Cell] = [
    _cell("masses", "reverse", 3.0, 2.0, 1.0, 0.0),
    _cell("masses", "reverse", 3.0, 2.0, 0.0, -0.7),
    _cell("masses", "reverse", 0.5, 1.0, -1.0, 0.5),
    *(_cell("trap", "trap", 1.0, tau, 1.5, 0.0) for tau in (0.5, 2.0, 8.0)),
    *(
        _cell("crooks", *one)
        for one in (
            ("reverse", 3.0, 2.0, 1.0, 0.0),
            ("reverse", 0.5, 1.0, 2.0, 0.0),
            ("reverse", 5.0, 0.5, 1.0, 0.0),
        )
    ),
    *({**_cell("euler", "trap", 1.0, 2.0, 1.5, 0.0), "steps": K} for K in (16, 64, 256, 1024)),
]
STUDY = evidence(
    "evidence-tilt-work",
    "Work along a tilt: its moments, its exponential mean, forwards, backwards and by steps.",
    CELLS,
    measure,
    PARTS,
    seed=128,
)
