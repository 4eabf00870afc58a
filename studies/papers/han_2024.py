"""What is measured for Han, Razaviyayn and Xu 2024: gradient flow and descent on noisy labels.

No route here knows the solution of the flow or an eigenvalue of a kernel. Moments come from the
joint equation of fit and labels, carried by a matrix exponential or by DOP853; descent is done step
by step on labels drawn as denoising draws them; power laws are sums over directions.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import scipy
from scipy.linalg import expm
from scipy.special import ndtri, zeta

from bounds.check import Array
from studies.evidence import (
    Parts,
    Rng,
    Seeds,
    computed,
    evidence,
    measured,
    one_by_one,
    row,
    together,
)
from studies.study import Cell, Row, Study

NODES = np.polynomial.legendre.leggauss(20)


def _law(cell: Cell) -> tuple[float, float, float]:
    """v, the slope and the variance of the label −Z/σ_t² given X_t, by conditioning a Gaussian."""
    keep, noise = np.exp(-cell["t"]), 1 - np.exp(-2 * cell["t"])
    joint = np.array([[keep**2 * cell["value"] + noise, -1.0], [-1.0, 1 / noise]])
    slope = joint[1, 0] / joint[0, 0]
    left = joint[1, 1] - slope * joint[0, 1]
    return float(joint[0, 0]), float(slope), float(left * cell.get("factor", 1.0))


def _points(v: float, m: int) -> Array:
    """The normal quantiles."""
    return np.asarray(np.sqrt(v) * ndtri((np.arange(m) + 0.5) / m))


def _tangent(x: Array) -> Array:
    """E over normal w, a of what two inputs (x, 1) share of a two-layer network's gradients.

    In polar coordinates of w, with E|w|² = 2: on the arc where both inputs are active, by
    Gauss-Legendre.
    """
    angle = np.arctan(1 / np.where(x == 0, 1e-300, x)) % np.pi
    size = np.hypot(x, 1)
    middle, apart = (angle[:, None] + angle) / 2, np.abs(angle[:, None] - angle)
    half = (np.pi - apart) / 2
    place = middle[..., None] + half[..., None] * NODES[0]
    active = np.cos(place - angle[:, None, None]) * np.cos(place - angle[None, :, None])
    both = np.outer(size, size) * half * (active @ NODES[1]) / np.pi
    return np.asarray(both + (1 + np.outer(x, x)) * half / np.pi)


KERNELS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda x: np.outer(x, x),
    "radial": lambda x: np.exp(-(np.subtract.outer(x, x) ** 2) / (2 * 0.5**2)),
    "tangent": _tangent,
}


def _of(cell: Cell, *more: str) -> dict[str, Any]:
    return {name: cell[name] for name in ("t", "value", "m", "kernel", *more) if name in cell}


# --- moments of the flow --------------------------------------------------------------------------


def _generator(cell: Cell) -> tuple[Array, Array, float]:
    """d(f, y)/dτ = G (f, y); the true values; the labels' variance."""
    v, slope, c = _law(cell)
    x = _points(v, cell["m"])
    pull = KERNELS[cell["kernel"]](x) / cell["m"]
    empty = np.zeros_like(pull)
    return np.block([[-pull, pull], [empty, empty]]), slope * x, c


def _moments(carried: Array, truth: Array, c: float) -> tuple[float, float]:
    """Bias and variance of f from the propagator of (f, y), where f = 0 and y = s + ε before."""
    m = truth.size
    of_labels = carried[:m, m:]
    return (
        float(np.mean((of_labels @ truth - truth) ** 2)),
        float(c * np.trace(of_labels @ of_labels.T) / m),
    )


def _curve(cell: Cell) -> list[Row]:
    """Bias and noise learned at τ, 2τ, 4τ, …: the propagator squared over and over."""
    generator, truth, c = _generator(cell)
    carried, time, rows = expm(generator * cell["first"]), cell["first"], []
    for _ in range(cell["doublings"] + 1):
        bias, noise = _moments(carried, truth, c)
        of = {**_of(cell), "time": time}
        # Of a bias that starts near 1, squaring keeps these places in any order of sums, no more.
        kept = float(f"{round(bias, 18):.9g}")
        rows += [row("bias", of, kept), row("noise", of, noise)]
        carried, time = carried @ carried, 2 * time
    return rows


def _best(cell: Cell) -> list[Row]:
    """The least risk along the flow, by bounded search around the best of a doubling grid."""
    generator, truth, c = _generator(cell)

    def risk(log_time: float) -> float:
        return sum(_moments(expm(generator * np.exp(log_time)), truth, c))

    carried, risks = expm(generator * cell["first"]), []
    for _ in range(cell["doublings"] + 1):
        risks.append(sum(_moments(carried, truth, c)))
        carried = carried @ carried
    middle = np.log(cell["first"]) + np.log(2) * int(np.argmin(risks))
    ends = (middle - np.log(2), middle + np.log(2))
    found = scipy.optimize.minimize_scalar(
        risk, bounds=ends, method="bounded", options={"xatol": 1e-6}
    )
    return [row("best", _of(cell, "factor"), found.fun)]


def _stopped(eigenvalue: float, target: float, variance: float) -> tuple[float, float, float]:
    """Best time, risk there and risk in the end of one direction, by the ODE of its moments.

    dm/dτ = −Λ(m − s), and with the label's covariance: C' = −Λ(C − variance), W' = −2Λ(W − C).
    """

    def slope(time: float, state: Array) -> Array:
        mean, cross, own = state
        return np.array(
            [
                -eigenvalue * (mean - target),
                -eigenvalue * (cross - variance),
                -2 * eigenvalue * (own - cross),
            ]
        )

    def turning(time: float, state: Array) -> float:
        change = slope(time, state)
        return float(2 * (state[0] - target) * change[0] + change[2])

    turning.direction = 1.0  # type: ignore[attr-defined]
    span = (0.0, 25 / eigenvalue)
    found = scipy.integrate.solve_ivp(
        slope, span, np.zeros(3), method="DOP853", rtol=1e-9, atol=1e-15, events=turning
    )

    def risk(state: Array) -> float:
        return float((state[0] - target) ** 2 + state[2])

    return float(found.t_events[0][0]), risk(found.y_events[0][0]), risk(found.y[:, -1])


def _one(cell: Cell) -> list[Row]:
    time, least, end = _stopped(
        cell["eigenvalue"], cell["signal"] ** 0.5, cell["noise"] / cell["m"]
    )
    of = {name: cell[name] for name in ("eigenvalue", "signal", "noise", "m")}
    return [row("stop-time", of, time), row("stop-ratio", of, least / end)]


def _linear(cell: Cell, rng: Rng) -> list[Row]:
    """What the best stop takes off the linear kernel's risk at drawn points."""
    v, slope, c = _law(cell)
    m = cell["m"]
    x = np.sqrt(v) * rng.standard_normal(m)
    mean_square = float(x @ x / m)
    # The fit is θx; its risk mean_square · E(θ − slope)², θ' = −mean_square (θ − xᵀy/|x|²).
    _, least, end = _stopped(mean_square, slope, c / (m * mean_square))
    of = {name: cell[name] for name in ("t", "value", "m")}
    return [row("linear-gain", of, 1 - least / end)]


def _limit(cell: Cell) -> list[Row]:
    """Risk of least squares on p bumps: the projection by QR."""
    v, slope, c = _law(cell)
    x = _points(v, cell["m"])
    centres = _points(v, cell["features"])
    bumps = np.exp(-(np.subtract.outer(x, centres) ** 2) / (2 * cell["width"] ** 2))
    basis = np.linalg.qr(bumps)[0]
    truth = slope * x
    missed = truth - basis @ (basis.T @ truth)
    of = {name: cell[name] for name in ("t", "value", "m", "features", "width")}
    return [row("limit", of, np.mean(missed**2) + c * np.sum(basis**2) / x.size)]


def _descent(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Descent step by step on labels −(x − e_t X_0)/σ_t², X_0 drawn given the points."""
    v, slope, _ = _law(cell)
    keep, noise = np.exp(-cell["t"]), 1 - np.exp(-2 * cell["t"])
    x = _points(v, cell["m"])
    pull = KERNELS[cell["kernel"]](x) / cell["m"]
    normals = np.array([np.random.default_rng(seed).standard_normal(x.size) for seed in seeds])
    clean = keep * cell["value"] / v * x + np.sqrt(cell["value"] * noise / v) * normals
    labels = -(x - keep * clean) / noise
    fit = np.zeros_like(labels)
    for _ in range(cell["steps"]):
        fit = fit - cell["step"] * (fit - labels) @ pull
    risks = np.mean((fit - slope * x) ** 2, axis=1)
    of = _of(cell, "step", "steps")
    return [[row("descent", of, risk)] for risk in risks]


# --- power laws -----------------------------------------------------------------------------------


def _power(cell: Cell) -> list[Row]:
    """Best stop over all k = 1, 2, …: terms one by one, and the tail by zeta functions."""
    alpha, beta, n = cell["alpha"], cell["beta"], cell["per_noise"]
    k = np.arange(1, 1 + int(40 * n ** (1 / beta)), dtype=np.float64)
    decay, signal = k**-alpha, k**-beta
    after = k[-1] + 1
    tails = [zeta(beta + j * alpha, after) for j in range(3)]
    squares = [zeta(j * alpha, after) for j in (2, 3)]

    def risk(log_time: float) -> float:
        time = np.exp(log_time)
        left = np.exp(-decay * time)
        bias = left**2 @ signal + tails[0] - 2 * time * tails[1] + 2 * time**2 * tails[2]
        noise = np.sum((1 - left) ** 2) + time**2 * squares[0] - time**3 * squares[1]
        return float(bias + noise / n)

    middle = alpha / beta * np.log(n)
    found = scipy.optimize.minimize_scalar(
        risk, bounds=(middle - 4, middle + 4), method="bounded", options={"xatol": 1e-5}
    )
    of = {name: cell[name] for name in ("alpha", "beta", "per_noise")}
    return [row("power-risk", of, found.fun), row("power-time", of, np.exp(found.x))]


# --- a network ------------------------------------------------------------------------------------


@cache
def _regression(t: float, value: float, m: int) -> tuple[Array, Array]:
    """Points, and the tangent kernel there."""
    x = _points(_law({"t": t, "value": value})[0], m)
    return x, _tangent(x)


def _network(cell: Cell, rng: Rng) -> list[Row]:
    """Root mean square distance of a trained network from its kernel's descent, over the labels'.

    Units come in pairs of opposite sign, so that the outputs start at 0.
    """
    x, kernel = _regression(cell["t"], cell["value"], cell["m"])
    _, slope, c = _law(cell)
    labels = slope * x + np.sqrt(c) * rng.standard_normal(x.size)
    width, rate = cell["width"], cell["step"]
    inputs = np.column_stack([x, np.ones_like(x)])
    w = np.repeat(rng.standard_normal((2, width // 2)), 2, axis=1)
    a = np.repeat(rng.standard_normal(width // 2), 2) * np.tile([1.0, -1.0], width // 2)
    fit = np.zeros_like(x)
    for _ in range(cell["steps"]):
        fit = fit - rate / x.size * kernel @ (fit - labels)
        before = inputs @ w
        active = np.maximum(before, 0)
        pull = rate / x.size * (active @ a / np.sqrt(width) - labels) / np.sqrt(width)
        back = inputs.T @ (pull[:, None] * (before > 0)) * a
        a, w = a - pull @ active, w - back
    outputs = np.maximum(inputs @ w, 0) @ a / np.sqrt(width)
    gap = np.sqrt(np.mean((outputs - fit) ** 2) / np.mean(labels**2))
    return [row("network", {**_of(cell, "steps", "step"), "x": width}, gap)]


PARTS: Parts = {
    "curve": computed(_curve, "bias", "noise"),
    "best": computed(_best, "best"),
    "one": computed(_one, "stop-time", "stop-ratio"),
    "limit": computed(_limit, "limit"),
    "power": computed(_power, "power-risk", "power-time"),
    "linear": one_by_one(_linear, "linear-gain"),
    "descent": together(_descent, "descent"),
    "network": one_by_one(_network, "network"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """The rows of one part."""
    return measured(PARTS, cell, seeds)


STEPS = {"linear": 1.8, "radial": 4.0, "tangent": 1.5}
"""Nearly the largest step with which each kernel's descent converges."""


def _cell(part: str, m: int, t: float = 0.1, **more: Any) -> Cell:
    return {"part": part, "t": t, "value": 1.0, "m": m, **more}


CELLS: list[Cell] = [
    *(_cell("curve", 100, kernel=name, first=0.03125, doublings=17) for name in KERNELS),
    *(
        _cell("best", 40, kernel=name, factor=factor, first=0.125, doublings=24)
        for name in ("radial", "tangent")
        for factor in (1.0, 0.1, 0.01)
    ),
    *(
        {"part": "one", "eigenvalue": eigenvalue, "signal": signal, "noise": 2.0, "m": 10}
        for eigenvalue in (0.1, 2.0)
        for signal in (0.1, 0.3, 2.0)
    ),
    *(_cell("limit", 24, features=count, width=0.1) for count in (1, 4, 12, 24)),
    *(
        {"part": "power", "alpha": alpha, "beta": beta, "per_noise": n}
        for alpha, beta in ((2.0, 2.0), (1.5, 3.0), (4.0, 3.0))
        for n in (1e6, 1e7, 1e8)
    ),
    *(_cell("linear", 1000, t, most=40) for t in (0.001, 0.01, 0.1, 0.5, 1.0)),
    *(
        _cell("descent", 60, kernel=name, step=step, steps=steps)
        for name, step in STEPS.items()
        for steps in (1, 2, 5)
    ),
    *(
        _cell("network", 20, 1.0, kernel="tangent", width=width, step=1.0, steps=10, most=80)
        for width in (128, 512, 2048, 8192)
    ),
]
STUDY = evidence(
    "evidence-han",
    "Kernel regression on denoising labels: bias, noise learned, stops, and a network beside it.",
    CELLS,
    measure,
    PARTS,
    seed=301,
    replicates=400,
    quick=250,
    batch=400,
)
STUDIES: tuple[Study, ...] = (STUDY,)
