r"""What is measured for Zhu et al. 2023: ∂_jj log p of graphs by sympy and quadrature, orders of
drawn data by score matching and by SCORE, how many data by a trapezoid rule and a saddle point.

A graph is given by its functions; its log density is differentiated in symbols as it stands, and
means are sums over Gauss and Hermite's nodes of the noises.

Longer than 350 lines: a work is one file, and this one has graphs, fits and a kernel's estimate.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import scipy
from numpy.polynomial.hermite_e import hermegauss

from bounds.causal import jacobian_diagonal
from bounds.check import Array
from bounds.hyvarinen import Family, estimate, quadratic, sandwich, spread, terms
from studies.evidence import Parts, Rng, computed, evidence, measured, one_by_one, row
from studies.study import Cell, Row

# --- graphs ---------------------------------------------------------------------------------------

Function = Callable[[Sequence[Any], Any], Any]
"""f_i of x and of the sine, in numbers or symbols."""


def _graph(c: Cell) -> tuple[list[Function], list[float]]:
    """The f_i, and the noises' variances."""
    a, b, k, m = (c.get(name, 1.0) for name in ("a", "b", "c", "m"))
    graphs: dict[str, list[Function]] = {
        "fork": [lambda x, sin: a * x[0] ** 2, lambda x, sin: b * sin(x[0])],
        "sum": [lambda x, sin: a * x[0] ** 2 + b * sin(x[0])],
        "siblings": [lambda x, sin: a * x[0] ** 2, lambda x, sin: k * x[0] ** 2 * x[1]],
        "triangle": [lambda x, sin: sin(x[0]), lambda x, sin: sin(x[0]) + sin(x[1])],
        "cancelled": [
            lambda x, sin: a * x[0] ** 2,
            lambda x, sin: x[0] * (m + a / m * x[1]) + k * x[0] ** 2,
        ],
        "square": [lambda x, sin: a * x[0] ** 2],
    }
    children = graphs[c["graph"]]
    return children, [c.get("v", 1.0), *[c.get("w", 1.0)] * len(children)]


def _moments(c: Cell, j: int) -> tuple[float, float]:
    """Mean and variance of ∂_jj log p."""
    import sympy  # half a second, and every command imports the list of studies

    children, variances = _graph(c)
    symbols = sympy.symbols(f"x:{len(variances)}")
    means = [0, *(f(symbols, sympy.sin) for f in children)]
    exponents = [(x - f) ** 2 / (2 * v) for x, f, v in zip(symbols, means, variances, strict=True)]
    bend = sympy.lambdify(symbols, sympy.diff(-sum(exponents), symbols[j], 2))
    node, weight = hermegauss(30)
    e = np.meshgrid(*(np.sqrt(v) * node for v in variances), indexing="ij")
    w = np.ones(1)
    for _ in variances:
        w = np.multiply.outer(w, weight / weight.sum())
    x = [e[0]]
    for f, noise in zip(children, e[1:], strict=True):
        x.append(f(x, np.sin) + noise)
    found = bend(*x) + 0 * e[0]
    mean = float(np.sum(w * found))
    return mean, float(np.sum(w * (found - mean) ** 2))


def _variance(cell: Cell) -> list[Row]:
    return [row(cell["quantity"], cell, _moments(cell, 0)[1])]


def _mean(cell: Cell) -> list[Row]:
    """−1/E ∂_jj log p."""
    return [row("mean", cell, -1 / _moments(cell, int(cell["node"] == "leaf"))[0])]


@cache
def _chain_of_modes(root: str) -> list[Callable[..., Array]]:
    """log p of x and y = b x + ε, and its two second derivatives: functions of x, y, b, m and v."""
    import sympy  # as above

    x, y, b, m, v = names = sympy.symbols("x y b m v")

    def modes(e: Any) -> Any:
        return sympy.log(
            sympy.exp(-((e - m) ** 2) / (2 * v)) + sympy.exp(-((e + m) ** 2) / (2 * v))
        )

    log = (modes(x) if root == "modes" else -(x**2) / 2) + modes(y - b * x)
    return [sympy.lambdify(names, f) for f in (log, sympy.diff(log, x, 2), sympy.diff(log, y, 2))]


def _linear(cell: Cell) -> list[Row]:
    """Var ∂_11 log p over Var ∂_22 log p, x_2 = b x_1 + ε, noises of two modes at ±m of variance v:
    log densities in symbols, the trapezoid rule.
    """
    m, v, b = cell["m"], cell["v"], cell["b"]
    node = np.linspace(-8, 8, 161)
    X, E = np.meshgrid(node, node, indexing="ij")
    log, *bends = (f(X, E + b * X, b, m, v) for f in _chain_of_modes(cell["root"]))
    p = np.exp(log)
    p /= p.sum()
    found = [float(np.sum(p * bend**2) - np.sum(p * bend) ** 2) for bend in bends]
    return [row("wrong-leaf", cell, found[0] / found[1])]


# --- the kernel's estimate ------------------------------------------------------------------------


def _units(cell: Cell) -> list[Row]:
    """The ridge at which data in other units give the same: Var ∂_11 times c⁴ as before."""
    x = np.random.default_rng(7).standard_normal(60)
    data = np.column_stack([x, x**2 / 2 + np.random.default_rng(8).standard_normal(60)])
    c, eta = cell["factor"], cell["eta"]
    wanted = np.log(np.var(jacobian_diagonal(data, ridge=eta)[:, 0]))

    def off(log_ridge: float) -> float:
        other = jacobian_diagonal(c * data, ridge=float(np.exp(log_ridge)))[:, 0]
        return float(np.log(np.var(other)) + 4 * np.log(c) - wanted)

    middle = np.log(eta / c)
    return [
        row("units", cell, np.exp(scipy.optimize.brentq(off, middle - 1, middle + 1, xtol=1e-13)))
    ]


def _ridge(cell: Cell) -> list[Row]:
    """Var of R − G² where the mean over data is a sum over a grid under N(0, 1)."""
    x = np.linspace(-9, 9, 721)
    p = np.exp(-(x**2) / 2)
    p /= p.sum()
    s, ridge = cell["scale"], cell["eta"] / cell["rows"]
    K = np.exp(-(np.subtract.outer(x, x) ** 2) / (2 * s**2)) / s * p
    targets = np.column_stack([-x, x**2 - 1])
    G, R = np.linalg.solve(K + ridge * np.eye(len(x)), K @ targets).T
    found = R - G**2
    return [row("ridge-bias", cell, p @ found**2 - (p @ found) ** 2)]


def _kernel(cell: Cell, rng: Rng) -> list[Row]:
    """The share of data sets whose second column has the least variance."""
    hits = 0
    for _ in range(cell["sets"]):
        x, y = _pairs(cell, 1, rng)[0].T
        found = np.var(jacobian_diagonal(np.column_stack([x, y]), ridge=cell["eta"]), axis=0)
        hits += int(found[1] < found[0])
    of = {name: value for name, value in cell.items() if name != "sets"}
    share = hits / cell["sets"]
    return [row(cell["quantity"], of, 1 - share if cell["quantity"] == "kernel" else share)]


# --- score matching in a family -------------------------------------------------------------------


def _first(x: Array) -> Array:
    a, b = x.T
    one, nil = np.ones_like(a), np.zeros_like(a)
    along = [one, nil, a, nil, b, b * np.cos(a), -2 * np.sin(2 * a), np.sin(b), nil]
    across = [nil, one, nil, b, a, np.sin(a), nil, a * np.cos(b), -2 * np.sin(2 * b)]
    return np.stack([np.column_stack(along), np.column_stack(across)], axis=1)


def _second(x: Array) -> Array:
    a, b = x.T
    one, nil = np.ones_like(a), np.zeros_like(a)
    along = [nil, nil, one, nil, nil, -b * np.sin(a), -4 * np.cos(2 * a), nil, nil]
    across = [nil, nil, nil, one, nil, nil, nil, -a * np.sin(b), -4 * np.cos(2 * b)]
    return np.stack([np.column_stack(along), np.column_stack(across)], axis=1)


FAMILY = Family(_first, _second)


def _pairs(cell: Cell, count: int, rng: Rng) -> Array:
    """So many samples of a pair, (count, n, 2)."""
    x, e = rng.standard_normal((2, count, cell["rows"]))
    f = cell["b"] * (x if cell["law"] == "linear" else np.sin(x))
    return np.stack([x, f + np.sqrt(cell.get("noise", 1.0)) * e], axis=-1)


def fitted(x: Array) -> tuple[Array, Array]:
    """θ̂ of each sample (…, n, 2), and the two variances of ∂_jj log p: shapes (…, 9), (…, 2).

    Only what is not 0 or 1 is computed: many samples are fitted.
    """
    a, b = x[..., 0], x[..., 1]
    sa, ca, sb, cb = np.sin(a), np.cos(a), np.sin(b), np.cos(b)
    n = a.shape[-1]
    F = np.zeros((*a.shape[:-1], 9, 2 * n))
    along = {0: 1.0, 2: a, 4: b, 5: b * ca, 6: -4 * sa * ca, 7: sb}
    across = {1: 1.0, 3: b, 4: a, 5: sa, 7: a * cb, 8: -4 * sb * cb}
    for k, value in along.items():
        F[..., k, :n] = value
    for k, value in across.items():
        F[..., k, n:] = value
    bends = {5: -b * sa, 6: 8 * sa**2 - 4, 7: -a * sb, 8: 8 * sb**2 - 4}
    g = np.zeros((*a.shape[:-1], 9))
    g[..., 2:4] = 1
    for k, value in bends.items():
        g[..., k] = value.mean(axis=-1)
    theta = -np.linalg.solve(F @ np.swapaxes(F, -1, -2) / n, g[..., None])[..., 0]
    pairs = [theta[..., [k]] * bends[k] + theta[..., [k + 1]] * bends[k + 1] for k in (5, 7)]
    return theta, np.stack([np.var(one, axis=-1) for one in pairs], axis=-1)


def _least(x: Array) -> Array:
    """Whether the second column has the lesser variance, for each sample."""
    _, variances = fitted(x)
    return np.asarray(variances[..., 1] < variances[..., 0])


def _orders(cell: Cell, rng: Rng) -> list[Row]:
    """The share of wrong orders among pairs, and among fours, sixteens and sixty-fours of them."""
    hits = _least(_pairs(cell, 64, rng))
    of = {"b": cell["b"], "rows": cell["rows"]}
    return [
        row("order-error", {**of, "d": d}, 1 - hits.reshape(-1, d // 2).all(axis=1).mean())
        for d in cell["sizes"]
    ]


def _linear_family(cell: Cell, rng: Rng) -> list[Row]:
    return [row("linear-family", cell, _least(_pairs(cell, 100, rng)).mean())]


# --- how many data --------------------------------------------------------------------------------


@cache
def _form(b: float) -> tuple[Array, Array]:
    """λ and δ of the form θ̂ᵀ(C_1 − C_2)θ̂ at n = 1, from a grid in x_1 and ε."""
    node = np.linspace(-8, 8, 65)
    x, e = (one.ravel() for one in np.meshgrid(node, node, indexing="ij"))
    p = np.exp(-(x**2 + e**2) / 2)
    p /= p.sum()
    points = np.column_stack([x, b * np.sin(x) + e])
    found = terms(FAMILY, points)
    loss = quadratic(found, p)
    theta = estimate(loss)
    root = np.linalg.cholesky(sandwich(loss.H, spread(found, theta, p)))
    bends = _second(points)
    gap = np.cov(bends[:, 0].T, aweights=p, ddof=0) - np.cov(bends[:, 1].T, aweights=p, ddof=0)
    values, vectors = np.linalg.eigh(root.T @ gap @ root)
    return values, vectors.T @ np.linalg.solve(root, theta)


def _wrong(b: float, n: float) -> float:
    """P(Σ λ_r (z_r + √n δ_r)² < 0): its moment generating function over s, along the line through
    the saddle point, by the trapezoid rule; relative accuracy at the smallest chance.
    """
    values, shifts = _form(b)
    values = values / np.abs(values).max()
    pole = -1 / (2 * -values.min())

    def log(s: Any) -> Any:
        parts = 1 - 2 * np.multiply.outer(s, values)
        moved = n * shifts**2 * np.multiply.outer(s, values) / parts
        return np.sum(moved - np.log(parts) / 2, axis=-1)

    saddle = scipy.optimize.minimize_scalar(
        lambda s: float(log(s)) - np.log(-s), bounds=(pole, pole * 1e-9), method="bounded"
    ).x
    step = -saddle / 30
    s = saddle + 1j * step * (np.arange(4000) + 0.5)
    return float(-np.sum(np.exp(log(s)) / s).real * step / np.pi)


def _samples_of(b: float, d: float) -> float:
    wanted = -np.expm1(2 / d * np.log(0.95))
    found = scipy.optimize.brentq(
        lambda log_n: np.log(_wrong(b, np.exp(log_n)) / wanted),
        *np.log([50 / b**2, 3000 / b**2]),
        xtol=1e-8,
    )
    return float(np.exp(found))


def _samples(cell: Cell) -> list[Row]:
    return [row("samples", cell, _samples_of(cell["b"], cell["d"]))]


def _per_fold(cell: Cell) -> list[Row]:
    """What four times as many columns cost, by an e-fold, and the n in their middle."""
    few, many = (_samples_of(cell["b"], k * cell["d"]) for k in (1, 4))
    of = {"b": cell["b"], "d": cell["d"], "rows": round((few + many) / 2, 3)}
    return [row("per-fold", of, (many - few) / np.log(4))]


# --- the study ------------------------------------------------------------------------------------

PARTS: Parts = {
    "variance": computed(_variance, "variance", "siblings", "last-child"),
    "mean": computed(_mean, "mean"),
    "linear": computed(_linear, "wrong-leaf"),
    "units": computed(_units, "units"),
    "ridge": computed(_ridge, "ridge-bias"),
    "samples": computed(_samples, "samples"),
    "per-fold": computed(_per_fold, "per-fold"),
    "orders": one_by_one(_orders, "order-error"),
    "linear-family": one_by_one(_linear_family, "linear-family"),
    "kernel": one_by_one(_kernel, "kernel", "coin"),
}


def measure(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """The rows of one part."""
    return measured(PARTS, cell, seeds)


def _fork(a: float, b: float, v: float, w: float) -> Cell:
    one = {"part": "variance", "quantity": "variance", "graph": "fork"}
    return {**one, "a": a, "b": b, "v": v, "w": w}


def _kernel_cell(quantity: str, law: str, b: float, eta: float) -> Cell:
    one = {"part": "kernel", "quantity": quantity, "law": law, "rows": 100}
    return {**one, "b": b, "eta": eta}


CELLS: list[Cell] = [
    _fork(0.7, 0.0, 1.44, 0.64),
    _fork(0.0, 1.0, 1.0, 1.0),
    _fork(0.5, 1.0, 1.0, 1.0),
    _fork(0.3, 2.0, 0.5, 2.0),
    *(
        {"part": "variance", "quantity": "siblings", "graph": "siblings", "a": a, "c": c}
        for a, c in ((0.5, 0.4), (-0.5, 0.2), (0.2, 0.3))
    ),
    *(
        {"part": "variance", "quantity": "last-child", "graph": "cancelled", "a": a, "c": c, "m": m}
        for a, c, m in ((0.1, 0.01, 2.0), (0.15, 0.01, 3.0), (0.2, 0.01, 3.0))
    ),
    {"part": "variance", "quantity": "last-child", "graph": "triangle"},
    {"part": "variance", "quantity": "last-child", "graph": "square", "a": 0.05},
    *(
        {"part": "mean", "graph": "sum", "node": node, "a": 0.5, "b": b, "v": v, "w": 0.64}
        for node in ("root", "leaf")
        for b, v in ((1.0, 1.0), (0.5, 2.0))
    ),
    *(
        {"part": "linear", "root": root, "b": b, "m": m, "v": v}
        for root, m, v in (("Gaussian", 1.0, 0.5), ("Gaussian", 1.5, 0.4), ("modes", 1.0, 0.5))
        for b in (0.5, 1.5)
    ),
    *({"part": "units", "factor": c, "eta": eta} for c, eta in ((10.0, 0.01), (0.1, 0.01))),
    *(
        {"part": "ridge", "scale": 0.9538725524, "eta": eta, "rows": n}
        for eta, n in ((1e-3, 50), (1e-3, 200), (1e-3, 800), (1.0, 200), (100.0, 200))
    ),
    *({"part": "samples", "b": b, "d": 2} for b in (0.2, 0.3, 0.5, 0.8, 1.2)),
    *({"part": "samples", "b": 0.5, "d": d} for d in (8, 32, 128, 512)),
    *({"part": "per-fold", "b": b, "d": 10_000} for b in (0.8, 1.2, 1.6)),
    *(
        {"part": "orders", "law": "sine", "b": 0.5, "rows": n, "sizes": [2, 8, 32, 128]}
        for n in (200, 400, 800, 1600)
    ),
    {"part": "orders", "law": "sine", "b": 1.2, "rows": 100, "sizes": [2]},
    *(
        {"part": "linear-family", "law": "linear", "b": b, "noise": w, "rows": n}
        for b, w, n in ((1.0, 1.0, 400), (0.5, 0.25, 400), (0.5, 0.25, 100), (0.5, 0.75, 200))
    ),
    *(
        {**_kernel_cell("coin", "linear", b, 1e-3), "noise": w, "sets": 10}
        for b, w in ((1.0, 1.0), (0.5, 0.25), (0.2, 0.5), (0.5, 0.75))
    ),
    *({**_kernel_cell("kernel", "sine", 1.2, eta), "sets": 14} for eta in (1e-3, 1.0, 100.0)),
]
STUDY = evidence(
    "evidence-zhu",
    "Which column is a leaf: variances of graphs, how many data, and orders of drawn data.",
    CELLS,
    measure,
    PARTS,
    seed=2310,
    replicates=40,
    batch=20,
)
