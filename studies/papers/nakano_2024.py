"""DDPM's chains on Gaussian data, their paths as one Gaussian, and mixtures' scores by
quadrature and differences.
"""

from collections.abc import Iterator

import mpmath as mp
import numpy as np

from bounds.chain import Link, affine_chain
from bounds.check import Array
from bounds.divergence import Normal, kl, tv
from bounds.mixture import Mixture
from studies.evidence import Parts, Seeds, computed, evidence, measured, row
from studies.study import Cell, Row, Study


def _betas(cell: Cell) -> Array:
    """β_1 … β_N."""
    steps = cell["steps"]
    if cell["schedule"] == "linear":
        return np.linspace(1e-4, 0.02, steps)
    if cell["schedule"] == "cosine":
        kept = np.cos((np.arange(steps + 1) / steps + 0.008) / 1.008 * np.pi / 2) ** 2
        return np.asarray(np.minimum(1 - kept[1:] / kept[:-1], 0.999))
    return np.full(steps, -np.expm1(-2 * cell["last"] / steps))


def _forward(betas: Array, start: float) -> Array:
    """Var X_k, k = 0 … N, from Var X_0."""
    found = [start]
    for beta in betas:
        found.append((1 - beta) * found[-1] + beta)
    return np.array(found)


def _given(betas: Array, start: float) -> Array:
    """Var(X_{k−1} | X_k), k = 1 … N, from Var X_0 (0: given X_0): by the Schur complement."""
    v = _forward(betas, start)
    return np.asarray(v[:-1] - (np.sqrt(1 - betas) * v[:-1]) ** 2 / v[1:])


def _back(betas: Array, value: float, variance: str, epsilon: float = 0.0) -> tuple[Array, Array]:
    """M_k and q_k, k = 1 … N, of the steps back, with the score (1 + ε) s."""
    score = -(1 + epsilon) / _forward(betas, value)[1:]
    noise = {"beta": betas, "tilde": _given(betas, 0.0), "true": _given(betas, value)}[variance]
    return (1 + betas * score) / np.sqrt(1 - betas), noise


def _normal(variance: float) -> Normal:
    return Normal(np.zeros(1), np.array([[variance]]))


def _drawn(cell: Cell, variance: str, start: float | None = None) -> Normal:
    """What the chain returns, from p_N or N(0, start)."""
    betas = _betas(cell)
    steps, noise = _back(betas, cell["eigenvalue"], variance, cell.get("epsilon", 0.0))

    def links() -> Iterator[Link]:
        for step, q in zip(steps[::-1], noise[::-1], strict=True):
            yield float(step), 0.0, float(q)

    first = _forward(betas, cell["eigenvalue"])[-1] if start is None else start
    return affine_chain(links(), _normal(float(first)))


def _width(cell: Cell, variance: str) -> float:
    return float(_drawn(cell, variance).covariance[0, 0])


def _of(cell: Cell, *more: str) -> Cell:
    names = ("schedule", "steps", "last", "eigenvalue", *more)
    return {name: cell[name] for name in names if name in cell}


def _h(cell: Cell) -> float:
    return float(cell["last"] / cell["steps"])


def _exact(cell: Cell) -> list[Row]:
    return [row("exact", _of(cell), _width(cell, "true"))]


def _place(cell: Cell) -> list[Row]:
    """Where the true variance stands between β̃ and β."""
    betas, value = _betas(cell), cell["eigenvalue"]
    tilde, true = _given(betas, 0.0), _given(betas, value)
    share = (true - tilde) / (betas - tilde)
    return [
        row("place", {"eigenvalue": value, "t": (k + 1) * _h(cell)}, share[k])
        for k in range(0, cell["steps"], 4)
    ]


def _added(cell: Cell) -> list[Row]:
    gap = _width(cell, cell["variance"]) - cell["eigenvalue"]
    return [row("added", _of(cell, "variance"), gap)]


def _beta(cell: Cell) -> list[Row]:
    fine = {**cell, "steps": 2 * cell["steps"]}
    coarse, twice = ((_width(c, "beta") - c["eigenvalue"]) / _h(c) for c in (cell, fine))
    return [row("beta", {"eigenvalue": cell["eigenvalue"]}, 2 * twice - coarse)]


def _tilde(cell: Cell) -> list[Row]:
    h, gap = _h(cell), cell["eigenvalue"] - _width(cell, "tilde")
    of = {"eigenvalue": cell["eigenvalue"], "h": h}
    if cell["quantity"] == "tilde":
        return [row("tilde", of, gap / h)]
    return [row("tilde-rate", {**of, "x": cell["steps"]}, gap)]


def _distance(cell: Cell, variance: str) -> float:
    return float(tv(_normal(cell["eigenvalue"]), _drawn(cell, variance)))


def _tv(cell: Cell) -> list[Row]:
    of = _of(cell, "variance")
    return [row("tv", {**of, "h": _h(cell)}, _distance(cell, cell["variance"]))]


def _tv_beta(cell: Cell) -> list[Row]:
    fine = {**cell, "steps": 2 * cell["steps"]}
    coarse, twice = (_distance(c, "beta") / _h(c) for c in (cell, fine))
    return [row("tv-beta", {"eigenvalue": cell["eigenvalue"]}, 2 * twice - coarse)]


def _path(cell: Cell) -> list[Row]:
    """KL of (X_0 … X_N), each path a linear map of white noise."""
    betas, count = _betas(cell), cell["steps"] + 1
    steps, noise = _back(betas, cell["eigenvalue"], "beta", cell["epsilon"])
    forward, back = np.zeros((count, count)), np.zeros((count, count))
    forward[0, 0], back[-1, -1] = np.sqrt(cell["eigenvalue"]), 1.0
    for k, beta in enumerate(betas):
        forward[k + 1] = np.sqrt(1 - beta) * forward[k]
        forward[k + 1, k + 1] = np.sqrt(beta)
    for k in range(cell["steps"] - 1, -1, -1):
        back[k] = steps[k] * back[k + 1]
        back[k, k] = np.sqrt(noise[k])
    laws = (Normal(np.zeros(count), one @ one.T) for one in (forward, back))
    return [row("path", _of(cell, "epsilon"), float(kl(*laws)))]


def _path_price(cell: Cell) -> list[Row]:
    """The transitions' KL over h; both have the same mean."""

    def price(cell: Cell) -> float:
        betas = _betas(cell)
        true = _given(betas, cell["eigenvalue"])
        laws = [Normal(np.zeros(1), one[:, None, None]) for one in (true, betas)]
        return float(kl(*laws).sum()) / _h(cell)

    fine = {**cell, "steps": 2 * cell["steps"]}
    value = 2 * price(fine) - price(cell)
    return [row("path-price", {"eigenvalue": cell["eigenvalue"]}, value)]


def _bound(cell: Cell) -> list[Row]:
    distance = tv(_normal(cell["eigenvalue"]), _drawn(cell, "beta", start=1.0))
    return [row("bound", _of(cell, "epsilon"), float(distance))]


def _energy(cell: Cell) -> list[Row]:
    """The difference of E|s|² by the trapezoid rule in the plane."""
    law = Mixture(*(np.array(cell[name]) for name in ("weights", "means", "covariances")))
    side = np.linspace(-9.0, 9.0, 181)
    x = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)

    def energy(t: float) -> float:
        p = np.exp(law.log_density(t, x)) * (side[1] - side[0]) ** 2
        return float(np.exp(-2 * t) * (p @ np.sum(law.score(t, x) ** 2, axis=1)))

    of = {name: cell[name] for name in ("weights", "means", "covariances", "early", "late")}
    return [row("energy", of, energy(cell["early"]) - energy(cell["late"]))]


def _equation(cell: Cell) -> list[Row]:
    """∂_t s by differences of log p at 30 digits."""
    parts = list(zip(cell["weights"], cell["means"], cell["variances"], strict=True))

    def log_density(t: mp.mpf, x: mp.mpf) -> mp.mpf:
        e = mp.exp(-t)
        total = mp.mpf(0)
        for weight, mean, value in parts:
            v = 1 + (value - 1) * e**2
            total += weight * mp.exp(-((x - e * mean) ** 2) / (2 * v)) / mp.sqrt(v)
        return mp.log(total)

    with mp.workdps(30):
        found = float(mp.diff(log_density, (cell["t"], cell["x"]), (1, 1)))
    of = {name: cell[name] for name in ("weights", "means", "variances", "t", "x")}
    return [row("equation", of, found)]


PARTS: Parts = {
    "exact": computed(_exact, "exact"),
    "place": computed(_place, "place"),
    "added": computed(_added, "added"),
    "beta": computed(_beta, "beta"),
    "tilde": computed(_tilde, "tilde", "tilde-rate"),
    "tv": computed(_tv, "tv"),
    "tv-beta": computed(_tv_beta, "tv-beta"),
    "path": computed(_path, "path"),
    "path-price": computed(_path_price, "path-price"),
    "bound": computed(_bound, "bound"),
    "energy": computed(_energy, "energy"),
    "equation": computed(_equation, "equation"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part: all are computed."""
    return measured(PARTS, cell, seeds)


def _uniform(part: str, steps: int, value: float, **more: object) -> Cell:
    return {
        "part": part,
        "schedule": "uniform",
        "steps": steps,
        "last": 6.0,
        "eigenvalue": value,
        **more,
    }


SCHEDULES: tuple[Cell, ...] = (
    {"schedule": "uniform", "steps": 1, "last": 1.0},
    {"schedule": "uniform", "steps": 10, "last": 3.0},
    {"schedule": "linear", "steps": 1000},
    {"schedule": "cosine", "steps": 100},
)
PLANE: tuple[Cell, ...] = (
    {
        "weights": [0.3, 0.7],
        "means": [[1.5, 0.5], [-1.0, 0.2]],
        "covariances": [[[0.6, 0.2], [0.2, 0.3]], [[0.4, -0.1], [-0.1, 0.8]]],
    },
    {
        "weights": [0.5, 0.5],
        "means": [[1.0, 1.0], [-1.0, -1.0]],
        "covariances": [[[0.3, 0.0], [0.0, 0.5]], [[0.3, 0.0], [0.0, 0.5]]],
    },
)
LINE: Cell = {"weights": [0.3, 0.7], "means": [1.5, -0.8], "variances": [0.4, 0.25]}
CELLS: list[Cell] = [
    *(
        {"part": "exact", **schedule, "eigenvalue": value}
        for schedule in SCHEDULES
        for value in (0.01, 0.25, 3.0)
    ),
    *(
        {"part": "added", **schedule, "eigenvalue": value, "variance": variance}
        for schedule in SCHEDULES[1:]
        for value in (0.01, 0.25, 3.0)
        for variance in ("beta", "tilde")
    ),
    *(
        {"part": "place", "schedule": "uniform", "steps": 60, "last": 3.0, "eigenvalue": value}
        for value in (0.01, 0.25, 2.0, 5.0)
    ),
    *(_uniform("beta", 800, value) for value in (0.25, 0.7, 1.0, 3.0, 10.0)),
    *(_uniform("tilde", 6400, v, quantity="tilde") for v in (0.25, 0.7, 1.0, 3.0)),
    *(_uniform("tilde", n, 3.0, quantity="tilde-rate") for n in (200, 400, 800, 1600, 3200)),
    *(
        _uniform("tv", steps, 0.25, variance=variance)
        for variance in ("beta", "tilde")
        for steps in (100, 200, 400, 800, 1600, 3200, 6400)
    ),
    *(_uniform("tv-beta", 800, value) for value in (0.25, 0.7, 3.0)),
    *(
        {"part": "path", "schedule": schedule, "steps": steps, "last": 3.0, "eigenvalue": value}
        | {"epsilon": epsilon}
        for schedule in ("uniform", "linear")
        for steps, value, epsilon in ((5, 0.25, 0.0), (20, 0.5, 0.1), (40, 3.0, -0.2))
    ),
    *(_uniform("path-price", 800, value) for value in (0.25, 0.5, 2.0, 5.0)),
    *(
        _uniform("bound", steps, value, epsilon=epsilon)
        for value in (0.25, 0.5, 3.0)
        for steps, epsilon in ((20, 0.0), (100, 0.0), (400, 0.0), (400, 0.1))
    ),
    *(
        {"part": "energy", **law, "early": early, "late": late}
        for law in PLANE
        for early, late in ((0.05, 0.4), (0.2, 1.0), (0.5, 2.0))
    ),
    *(
        {"part": "equation", **LINE, "t": t, "x": x}
        for t in (0.1, 0.4, 1.0)
        for x in (-1.2, 0.3, 1.7)
    ),
]
STUDY = evidence(
    "evidence-ddpm",
    "DDPM's chains and paths on Gaussian data; energies and time derivatives of mixtures' scores.",
    CELLS,
    measure,
    PARTS,
    seed=98,
    batch=1,
)
STUDIES: tuple[Study, ...] = (STUDY,)
