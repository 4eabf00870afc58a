"""Checkpoints of descent on least squares: their covariances step by step, weights by linear
systems and by search.
"""

import numpy as np
import scipy

from bounds.check import Array
from studies.evidence import Parts, Seeds, computed, evidence, measured, row
from studies.study import Cell, Row, Study


def _best(form: Array) -> Array:
    """The w of sum 1 with the least wᵀ form w, by the system with its multiplier."""
    n = len(form)
    system = np.block([[form, np.ones((n, 1))], [np.ones((1, n)), np.zeros((1, 1))]])
    return np.asarray(np.linalg.solve(system, np.eye(n + 1)[-1])[:n])


def checkpoints(rate: Array, noise: Array, start: Array, times: list[int]) -> tuple[Array, Array]:
    """Means (direction, checkpoint) and covariances (direction, checkpoint, checkpoint) of the
    errors, followed step by step: δ ← rate · δ + noise.
    """
    n, d = len(times), rate.size
    mean, variance = start.copy(), np.zeros(d)
    means, covariances = np.zeros((d, n)), np.zeros((d, n, n))
    shared = np.zeros((d, n))  # of the error now with those that are saved
    saved = 0
    for step in range(1, times[-1] + 1):
        mean, variance, shared = rate * mean, rate**2 * variance + noise, rate[:, None] * shared
        if step == times[saved]:
            means[:, saved] = mean
            covariances[:, saved], covariances[:, :, saved] = shared, shared
            covariances[:, saved, saved] = shared[:, saved] = variance
            saved += 1
    return means, covariances


def _stationary(cell: Cell) -> list[Row]:
    """Checkpoints after a long time, in units of the variance of one."""
    n, r, every = cell["count"], cell["r"], cell["every"]
    long = int(40 / (1 - r))
    times = [long + every * k for k in range(1, n + 1)]
    form = checkpoints(np.array([r]), np.ones(1), np.zeros(1), times)[1][0]
    form /= form[-1, -1]
    w = _best(form)

    def average(decay: float) -> float:
        held = np.zeros(n)
        for k in range(n):
            held = decay * held + (1 - decay) * np.eye(n)[k] if k else np.eye(n)[0]
        return float(held @ form @ held)

    # Two ways to start the search: there may be two valleys.
    found = min(
        scipy.optimize.minimize_scalar(average, bounds=ends, method="bounded").fun
        for ends in ((0.0, 0.9), (0.8, 1.0))
    )
    of = {name: cell[name] for name in ("count", "r", "every")}
    return [
        row("variance", of, float(w @ form @ w)),
        row("middle", of, float(w[n // 2] / w[0])),
        row("ema", of, float(found)),
    ]


def _noiseless(cell: Cell) -> list[Row]:
    """d + 1 iterates, the weights that bring their errors to 0, and the best without minus."""
    values = np.array(cell["eigenvalues"])
    error = np.ones(values.size)
    path = [error]
    for _ in values:
        error = error - cell["step"] * values * error
        path.append(error)
    errors = np.array(path).T
    d = values.size
    system = np.vstack([errors, np.ones(d + 1)])
    w = np.linalg.solve(system, np.eye(d + 1)[-1])
    # Σw = 1 enters as a row that outweighs the rest, whose own size is 1.
    heavy = np.vstack([np.sqrt(values / 2)[:, None] * errors, 1e5 * np.ones(d + 1)])
    average = scipy.optimize.nnls(heavy, 1e5 * np.eye(d + 1)[-1])[0]
    average /= average.sum()
    loss = float(np.sum(values * (errors @ average) ** 2) / 2)
    of = {"eigenvalues": cell["eigenvalues"], "step": cell["step"]}
    return [
        *(row("coefficient", {**of, "k": k}, float(x)) for k, x in enumerate(w)),
        row("size", of, float(np.abs(w).sum())),
        row("average", {**of, "steps": d}, loss),
    ]


def _transient(cell: Cell) -> list[Row]:
    """The least mean loss of ten checkpoints of a run that began far away."""
    n, steps = cell["count"], cell["steps"]
    values = np.geomspace(cell["least"], 1.0, cell["directions"])
    times = [steps * k // n for k in range(1, n + 1)]
    noise = cell["step"] ** 2 * values * cell["noise"]
    means, covariances = checkpoints(1 - cell["step"] * values, noise, np.ones(values.size), times)
    form = sum(
        value / 2 * (np.outer(mean, mean) + covariance)
        for value, mean, covariance in zip(values, means, covariances, strict=True)
    )
    w = _best(np.asarray(form))
    of = {name: x for name, x in cell.items() if name != "part"}
    return [row("loss", of, float(w @ form @ w))]


PARTS: Parts = {
    "stationary": computed(_stationary, "variance", "middle", "ema"),
    "noiseless": computed(_noiseless, "coefficient", "size", "average"),
    "transient": computed(_transient, "loss"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part: all are computed."""
    return measured(PARTS, cell, seeds)


CELLS: list[Cell] = [
    *(
        {"part": "stationary", "count": 20, "r": r, "every": 1}
        for r in (0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
    ),
    *({"part": "stationary", "count": n, "r": 0.8, "every": 3} for n in (10, 20)),
    *(
        {"part": "noiseless", "eigenvalues": values, "step": 0.5}
        for values in ([0.2, 1.0], [0.2, 0.5, 1.0], [0.15, 0.4, 0.8, 1.5])
    ),
    *(
        {
            "part": "transient",
            "least": 0.01,
            "directions": 20,
            "step": 0.1,
            "noise": 0.1,
            "count": 10,
            "steps": steps,
        }
        for steps in (50, 200, 1000, 5000)
    ),
]
STUDY = evidence(
    "evidence-lcsc",
    "Checkpoints of descent on least squares: what their combinations reach.",
    CELLS,
    measure,
    PARTS,
    seed=109,
    batch=1,
)
STUDIES: tuple[Study, ...] = (STUDY,)
