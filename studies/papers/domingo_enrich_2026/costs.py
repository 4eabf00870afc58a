"""What a target's variance costs: least squares and gradients on draws of Gaussian data."""

import numpy as np

from bounds.check import Array
from studies.evidence import Parts, Seeds, evidence, measured, row, together
from studies.study import Cell, Row


def _drawn(cell: Cell, seed: np.random.SeedSequence, size: int) -> tuple[Array, dict[str, Array]]:
    """X_t and the targets, for draws of N(0, diag λ)."""
    lam, t = np.array(cell["eigenvalues"]), cell["t"]
    e, noise = np.exp(-t), -np.expm1(-2 * t)
    x0, z = np.random.default_rng(seed).standard_normal((2, size, lam.size))
    x0, z = x0 * np.sqrt(lam), z * np.sqrt(noise)
    X = e * x0 + z
    return X, {"csm": -z / noise, "tsm": -x0 / lam / e, "nsm": -X + e * (x0 - x0 / lam)}


def _variance_of(cell: Cell) -> Array:
    """Of X_t, by coordinate."""
    e2 = np.exp(-2 * cell["t"])
    return np.asarray(e2 * np.array(cell["eigenvalues"]) + 1 - e2)


def _regressed(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """The risk of least squares of each target on X_t, on m draws."""
    v = _variance_of(cell)
    held = {key: cell[key] for key in ("eigenvalues", "t", "m")}
    rows = []
    for seed in seeds:
        X, answers = _drawn(cell, seed, cell["m"])
        found = np.linalg.lstsq(X, np.hstack(list(answers.values())), rcond=None)[0]
        off = np.split(found, len(answers), axis=1) + np.diag(1 / v)
        risks = np.sum(off**2 * v[:, None], axis=(1, 2))
        rows.append(
            [
                row("risk", {**held, "target": name}, risk)
                for name, risk in zip(answers, risks, strict=True)
            ]
        )
    return rows


def _gradients(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """The total variance of (A X − T) Xᵀ over draws, at A = A* + D."""
    A = np.array(cell["off"]) - np.diag(1 / _variance_of(cell))
    held = {key: cell[key] for key in ("eigenvalues", "t", "off")}
    rows = []
    for seed in seeds:
        X, answers = _drawn(cell, seed, cell["n"])
        one = []
        for name, target in answers.items():
            gradient = (X @ A.T - target)[:, :, None] * X[:, None, :]
            total = gradient.var(axis=0, ddof=1).sum()
            one.append(row("gradient", {**held, "target": name}, total))
        rows.append(one)
    return rows


PARTS: Parts = {
    "regressed": together(_regressed, "risk"),
    "gradients": together(_gradients, "gradient"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part."""
    return measured(PARTS, cell, seeds)


OFF = [[1.0, 0.4], [0.0, 1.0]]
CELLS: list[Cell] = [
    {"part": "regressed", "eigenvalues": [0.3, 1.0, 2.5], "t": 0.3, "m": 10},
    *(
        {"part": "gradients", "eigenvalues": [0.5, 2.0], "t": t, "off": OFF, "n": 300, "most": 400}
        for t in (0.3, 1.0)
    ),
]
STUDY = evidence(
    "evidence-tilt-costs",
    "Least squares and gradients with three targets for the score.",
    CELLS,
    measure,
    PARTS,
    seed=129,
    replicates=1500,
    batch=500,
)
