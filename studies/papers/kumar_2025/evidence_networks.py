"""Evidence on networks whose noise is drawn once, a few times, or anew in every epoch: the score's
error as training by Adam goes on, at one time.
"""

from collections.abc import Sequence

import numpy as np

from bounds import networks
from bounds.check import Array
from bounds.mixture import Mixture
from bounds.process import decay, noise_variance
from bounds.transfer import Grid
from studies.evidence import Parts, Seeds, evidence, measured, row, together
from studies.papers.kumar_2025.mixture_bootstrap import mixture
from studies.papers.kumar_2025.perceptron import RATE
from studies.papers.kumar_2025.redraws import spawned
from studies.study import Cell, Row

ONCE, FEW, FRESH = "once", "4 draws", "every epoch"
"""The kinds of noise."""
DRAWS = 4
KEPT = [20, 60, 200, 600]  # passes over the data


def _noised(x0: Array, t: float, rngs: Sequence[np.random.Generator]) -> tuple[Array, Array]:
    """X_t and T1 = −Z_t/σ_t² of data (replicates, n, 1), the noise of each from its own source."""
    z = np.stack([rng.standard_normal(x0.shape[1:]) for rng in rngs])
    z *= np.sqrt(noise_variance(t))
    return decay(t) * x0 + z, -z / noise_variance(t)


def _errors(weights: Array, law: Mixture, t: float) -> Array:
    """∫ p_t |f − s|² of each network."""
    grid = Grid(6.5, 521)
    x = grid.points
    off = networks.predict(weights, np.broadcast_to(x, (len(weights), *x.shape)))
    off = off - law.score(t, x)
    return np.asarray(np.sum(off**2, axis=2) @ np.exp(law.log_density(t, x)) * grid.cell)


def _trained(cell: Cell, noise: str, samples: list[Array], seeds: Seeds) -> Array:
    """Errors after the kept passes over the data, (kept, replicates); from the same first weights,
    whatever the noise."""
    law, t = mixture(1, cell["minor"], cell["separation"]), cell["t"]
    rngs = [np.random.default_rng(spawned(seed, 2)[1]) for seed in seeds]
    course = networks.begin(np.stack([networks.initial(1, 1, rng) for rng in rngs]))
    draws = DRAWS if noise == FEW else 1
    data = np.stack([np.tile(x0, (draws, 1)) for x0 in samples])

    def drawn() -> tuple[Array, Array]:
        return _noised(data, t, rngs)

    first = drawn()
    found, before = [], 0
    for passes in cell["kept"]:
        renewed = drawn if noise == FRESH else lambda: first
        course = networks.adam(course, *first, (passes - before) // draws, RATE, rngs, renewed)
        found.append(_errors(course.weights, law, t))
        before = passes
    return np.stack(found)


def _training(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Score errors of each kind of noise: same data, same first weights, as many steps."""
    law = mixture(1, cell["minor"], cell["separation"])
    samples = [law.sample(cell["m"], np.random.default_rng(spawned(seed, 2)[0])) for seed in seeds]
    of = {key: cell[key] for key in ("t", "m", "minor", "separation")}
    rows: list[list[Row]] = [[] for _ in seeds]
    for noise in (ONCE, FEW, FRESH):
        errors = _trained(cell, noise, samples, seeds)
        for passes, found in zip(cell["kept"], errors, strict=True):
            for mine, value in zip(rows, found, strict=True):
                mine.append(row("score-error", {**of, "noise": noise, "passes": passes}, value))
    return rows


PARTS: Parts = {"training": together(_training, "score-error")}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """The rows of one part."""
    return measured(PARTS, cell, seeds)


STUDY = evidence(
    "evidence-networks",
    "Networks by Adam on denoising targets: noise drawn once, four times, or anew in every epoch.",
    [
        {"part": "training", "t": t, "m": 200, "minor": 0.15, "separation": 2.0} | {"kept": KEPT}
        for t in (0.15, 0.5)
    ],
    measure,
    PARTS,
    seed=97,
    replicates=60,
    quick=40,
    deep=200,
    batch=20,
)
