"""The gradient's and the other part of estimated scores' errors, and samples under each."""

import numpy as np

from bounds.affine import Affine, moments
from bounds.catalog import estimator
from bounds.check import Array
from bounds.divergence import Normal, w2
from bounds.fields import energy, solenoidal
from bounds.gaussian import Gaussian
from bounds.gram import exact
from studies.evidence import Parts, Seeds, computed, evidence, measured, row, together
from studies.study import Cell, Row, Study

TURN = np.array([[0.0, 1.0], [-1.0, 0.0]])
GRADIENT = np.array([[1.0, 0.3], [0.3, -0.5]])
ANGLES = 2 * np.pi * np.arange(16) / 16


def _error(law: Gaussian, t: float, estimates: Array) -> tuple[Array, Array]:
    """δ and V at t."""
    return np.asarray(estimates - law.score_matrix(t)), law.matrix(law.variances(t))


def _one(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """DSM at one time and few data: invisible energy, and a loop integral in each plane named."""
    law, t, m = Gaussian(np.array(cell["eigenvalues"])), cell["t"], cell["m"]
    rng = [np.random.default_rng(seed) for seed in seeds]
    (estimates,) = estimator("dsm")(exact(law, m, [t], rng))
    delta, V = _error(law, t, estimates)
    found = energy(solenoidal(delta, V).solenoidal, V)
    of = {name: cell[name] for name in ("eigenvalues", "t", "m")}
    rows = [[row("invisible-dsm", of, float(value))] for value in found]
    for plane in cell["planes"]:
        i, j = plane
        radius = cell["radius"]
        points, along = np.zeros((2, ANGLES.size, law.dimension))
        points[:, i], points[:, j] = radius * np.cos(ANGLES), radius * np.sin(ANGLES)
        along[:, i], along[:, j] = -points[:, j], points[:, i]
        loops = np.einsum("nde,ae,ad->n", estimates, points, along) * (2 * np.pi / ANGLES.size)
        for mine, value in zip(rows, loops**2, strict=True):
            mine.append(row("loop", {**of, "plane": plane, "radius": radius}, float(value)))
    return rows


def _along(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """m times the two energies of one estimator's error along a path."""
    law, m, times = Gaussian(np.array(cell["eigenvalues"])), cell["m"], cell["times"]
    rng = [np.random.default_rng(seed) for seed in seeds]
    grams = list(exact(law, m, times, rng))
    rows: list[list[Row]] = [[] for _ in seeds]
    for name in cell["estimators"]:
        for t, estimates in zip(times, estimator(name)(grams), strict=True):
            if t not in cell["at"]:
                continue
            delta, V = _error(law, t, estimates)
            split = solenoidal(delta, V)
            of = {"eigenvalues": cell["eigenvalues"], "times": times, "t": t, "estimator": name}
            for quantity, part in (("visible", split.gradient), ("invisible", split.solenoidal)):
                for mine, value in zip(rows, m * energy(part, V), strict=True):
                    mine.append(row(quantity, of, float(value)))
    return rows


def _second(cell: Cell) -> list[Row]:
    """W2 between the flow's samples with a (S + R) and with a S."""
    law, a, last = Gaussian(np.array(cell["eigenvalues"])), cell["a"], cell["last"]
    start = Normal(np.zeros(2), law.matrix(law.variances(last)))

    def sampled(gauge: float) -> Normal:
        def drift(t: float) -> Array:
            v = law.variances(t)
            field = GRADIENT + gauge * v[:, None] * TURN
            return np.asarray(np.eye(2) - np.diag(1 / v) + a * field)

        return moments(Affine(drift), start, [last, 0.0])[-1].law

    return [row("second-order", {"x": a}, float(w2(sampled(1.0), sampled(0.0))))]


PARTS: Parts = {
    "one": together(_one, "invisible-dsm", "loop"),
    "along": together(_along, "invisible", "visible"),
    "second": computed(_second, "second-order"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part."""
    return measured(PARTS, cell, seeds)


EIGHT = [float(value) for value in np.linspace(0.3, 3.0, 8)]
TIMES = [round(0.1 * k, 10) for k in range(1, 21)]
CELLS: list[Cell] = [
    *(
        {
            "part": "one",
            "eigenvalues": values,
            "t": t,
            "m": m,
            "planes": planes,
            "radius": radius,
        }
        for values, t, m, planes, radius in (
            ([2.0, 1.0, 0.5], 0.3, 12, [[0, 2]], 1.0),
            ([4.0, 1.0, 0.1], 0.2, 20, [[0, 2], [2, 1]], 2.0),
            ([3.0, 0.3], 0.1, 12, [], 1.0),
            ([1.0] * 4, 0.5, 20, [], 1.0),
        )
    ),
    {
        "part": "along",
        "eigenvalues": EIGHT,
        "times": TIMES,
        "at": [0.2, 0.4, 0.7, 1.0, 1.5, 2.0],
        "m": 10**5,
        "estimators": ["dsm", "bsm", "path"],
        "most": 1600,
    },
    *(
        {"part": "second", "eigenvalues": [1.5, 0.3], "last": 4.0, "a": a}
        for a in (0.002, 0.004, 0.008, 0.016)
    ),
]
REPLICATES = 8000
STUDY = evidence(
    "evidence-visible",
    "The part of estimated scores' errors that samples feel, and the part that they do not.",
    CELLS,
    measure,
    PARTS,
    seed=96,
    replicates=REPLICATES,
    quick=1500,
    batch=400,
)
STUDIES: tuple[Study, ...] = (STUDY,)
