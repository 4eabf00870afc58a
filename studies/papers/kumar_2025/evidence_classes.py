"""Evidence on linear classes of every size, on population
against empirical risk, and on the additivity of BSM.

Parts of a cell: "classes" fits them all to the same drawn Gram matrices of white data; "ratio" and
"heavy" take the dense class at small m, simulated; "spiked" takes low-rank corrections where the
score is one; "control" runs the bootstrap on T1 + α Û_{t'}, its control-variate form, with α = θ
α*.
"""

from collections.abc import Callable, Sequence

import numpy as np

from bounds.check import Array
from bounds.classes import (
    banded_mask,
    block_mask,
    circulant_basis,
    low_rank,
    low_ranks,
    scalar_basis,
    spanned,
    supported,
    symmetric_basis,
)
from bounds.estimators import dsm_step
from bounds.gaussian import Gaussian
from bounds.gram import Gram, exact
from bounds.process import Step, noise_variance
from bounds.risk import empirical_risk, error, risk
from bounds.targets import control_weight
from studies.evidence import Parts, Seeds, evidence, measured, row, together
from studies.study import Cell, Row


def _draws(
    law: Gaussian, samples: int, times: Sequence[float], seeds: Seeds, draws: int
) -> list[Gram]:
    """Gram matrices for `draws` draws of each seed;
    leading axis len(seeds) · draws, a seed's draws together.
    """
    generators = [np.random.default_rng(one) for seed in seeds for one in seed.spawn(draws)]
    return list(exact(law, samples, times, generators))


def _simulated(law: Gaussian, samples: int, t: float, draws: int, rng: np.random.Generator) -> Gram:
    """The Gram matrices of the one step 0 → t,
    from `draws` plain simulations of m samples at once.
    """
    shape = (draws, samples, law.dimension)
    x0, unit = law.paint(rng.standard_normal(shape)), rng.standard_normal(shape)
    step = Step(0.0, t)
    x = step.carry * x0 + step.fresh * unit
    transposed = np.swapaxes(x, -1, -2)
    noise = transposed @ unit
    return Gram(step, samples, transposed @ x, noise, noise)


def _solver(kind: str, width: int, d: int) -> tuple[int, Callable[[Gram], Array]]:
    """How many parameters a class has, counted on its mask or basis, and its solver."""
    if kind in ("diagonal", "banded", "block", "dense"):
        reach = {"diagonal": 0, "dense": d - 1}.get(kind, width)
        mask = block_mask(d, width) if kind == "block" else banded_mask(d, reach)
        return int(mask.sum()), lambda gram: supported(gram, mask)
    basis = {"scalar": scalar_basis, "circulant": circulant_basis, "symmetric": symmetric_basis}[
        kind
    ](d)
    return len(basis), lambda gram: spanned(gram, basis)


def _mean(values: Array, seeds: Seeds) -> Array:
    """Mean over each seed's own draws; shape (len(seeds),)."""
    return np.asarray(values.reshape(len(seeds), -1).mean(axis=1))


def _classes(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    d, m, t = cell["d"], cell["m"], cell["t"]
    law = Gaussian(np.ones(d))
    (gram,) = _draws(law, m, [t], seeds, cell["draws"])
    rows: list[list[Row]] = [[] for _ in seeds]
    for kind, width in cell["classes"]:
        parameters, solve = _solver(kind, width, d)
        estimate = solve(gram)
        empirical, population = m * empirical_risk(law, gram, estimate), m * risk(law, t, estimate)
        of = {"class": kind, "width": width, "d": d, "m": m, "t": t, "x": parameters}
        found = {"error": empirical}
        if kind in ("diagonal", "banded", "block", "dense"):
            found["population"] = population
        _append(rows, of, found, seeds)
        if cell["draws"] > 1:
            # Two standard deviations of χ²_p above its mean, in units of c = 1/σ² − 1 of white
            # data.
            level = parameters + 2 * np.sqrt(2 * parameters)
            beyond = empirical > level / np.expm1(2 * t)
            _append(rows, {**of, "level": level}, {"beyond": beyond}, seeds)
    for rank, estimate in zip(cell["ranks"], low_ranks(gram, cell["ranks"]), strict=True):
        found = {"low-rank": m * empirical_risk(law, gram, estimate)}
        _append(rows, {"rank": rank, "d": d, "m": m, "t": t}, found, seeds)
    return rows


def _append(rows: list[list[Row]], of: Cell, found: dict[str, Array], seeds: Seeds) -> None:
    for quantity, values in found.items():
        for mine, value in zip(rows, _mean(values, seeds), strict=True):
            mine.append(row(quantity, of, value))


def _ratio(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    law = Gaussian(np.array(cell["eigenvalues"]))
    rows = []
    for seed in seeds:
        gram = _simulated(law, cell["m"], cell["t"], cell["draws"], np.random.default_rng(seed))
        estimate = dsm_step(gram)
        ratio = risk(law, cell["t"], estimate) / empirical_risk(law, gram, estimate)
        of = {"d": law.dimension, "m": cell["m"], "t": cell["t"]}
        rows.append([row("population-over-empirical", of, float(ratio.mean()))])
    return rows


def _heavy(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """How often the population risk exceeds a level,
    in units of the empirical risk's mean; dense, m near d.
    """
    d, m, t, level = cell["d"], cell["m"], cell["t"], cell["x"]
    law = Gaussian(np.ones(d))
    rows = []
    for seed in seeds:
        gram = _simulated(law, m, t, cell["draws"], np.random.default_rng(seed))
        estimate = dsm_step(gram)
        unit = empirical_risk(law, gram, estimate).mean()
        beyond = risk(law, t, estimate) > level * unit
        rows.append([row("tail", {"d": d, "m": m, "x": level}, float(beyond.mean()))])
    return rows


def _spiked(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    law = Gaussian(np.array(cell["eigenvalues"]))
    m, t, rank = cell["m"], cell["t"], cell["rank"]
    (gram,) = _draws(law, m, [t], seeds, cell["draws"])
    values = _mean(m * empirical_risk(law, gram, low_rank(gram, rank)), seeds)
    of = {"eigenvalues": cell["eigenvalues"], "t": t, "rank": rank}
    return [[row("low-rank-regular", of, float(value))] for value in values]


def _control_step(gram: Gram, previous: Array, alpha: float) -> Array:
    """Least squares of T1 + α Û_{t'} on X_t, with Û_{t'} = Z_{t'}/σ_{t'}² + Â' X_{t'}."""
    step = gram.step
    grow, sigma = 1 / step.carry, np.sqrt(noise_variance(step.t))
    with_noise = grow * (sigma * gram.xz - step.fresh * gram.xw)  # X_tᵀ Z_{t'}
    with_past = grow * (gram.xx - step.fresh * gram.xw)  # X_tᵀ X_{t'}
    residual = with_noise / noise_variance(step.t_prev) + with_past @ np.swapaxes(previous, -1, -2)
    return np.swapaxes(np.linalg.solve(gram.xx, alpha * residual - gram.xz / sigma), -1, -2)


def _control(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    law = Gaussian(np.array(cell["eigenvalues"]))
    times, m, theta = cell["times"], cell["m"], cell["theta"]
    grams = _draws(law, m, times, seeds, cell["draws"])
    shared = {"eigenvalues": cell["eigenvalues"], "times": times, "theta": theta}
    rows: list[list[Row]] = [[] for _ in seeds]
    estimate = dsm_step(grams[0])
    for place, gram in enumerate(grams[1:], start=1):
        alpha, truth = theta * control_weight(gram.step), law.score_matrix(gram.step.t_prev)
        fresh = _control_step(gram, np.broadcast_to(truth, estimate.shape), alpha)
        estimate = _control_step(gram, estimate, alpha)
        if place == 1:
            noise, carried = error(law, gram.step.t, fresh), estimate - fresh
            product = 2 * m * ((noise * carried) @ law.variances(gram.step.t)).sum(axis=-1)
            _append(rows, shared, {"fresh-times-carried": product}, seeds)
    _append(rows, shared, {"control-risk": m * risk(law, times[-1], estimate)}, seeds)
    return rows


PARTS: Parts = {
    "classes": together(_classes, "beyond", "error", "low-rank", "population"),
    "ratio": together(_ratio, "population-over-empirical"),
    "heavy": together(_heavy, "tail"),
    "spiked": together(_spiked, "low-rank-regular"),
    "control": together(_control, "control-risk", "fresh-times-carried"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part; every number is a mean over the draws of its replicate."""
    return measured(PARTS, cell, seeds)


def _white(d: int, draws: int, band: int, block: int, ranks: list[int], small: bool) -> Cell:
    kinds = [
        "diagonal",
        "banded",
        "block",
        "dense",
        *(["scalar", "circulant", "symmetric"] if small else []),
    ]
    classes = [[kind, {"banded": band, "block": block}.get(kind, 0)] for kind in kinds]
    return {
        "part": "classes",
        "d": d,
        "m": 5 * d,
        "t": 0.3,
        "draws": draws,
        "classes": classes,
        "ranks": ranks,
    }


_LINEAR = [0.3, 1.2, 2.1, 3.0]
CELLS: list[Cell] = [
    _white(4, 64, 1, 2, [1, 2], True),
    _white(12, 16, 2, 4, [1, 3, 6], True),
    _white(64, 1, 4, 8, [4, 16, 32], False),
    *(
        {"part": "ratio", "eigenvalues": _LINEAR, "m": m, "t": t, "draws": 200}
        for m, t in ((24, 0.1), (24, 1.0), (48, 0.3))
    ),
    {"part": "ratio", "eigenvalues": [1.0, *([0.2] * 11)], "m": 28, "t": 0.3, "draws": 100},
    *({"part": "heavy", "d": 3, "m": 4, "t": 0.5, "x": x, "draws": 1000} for x in (16, 64, 256)),
    {
        "part": "spiked",
        "eigenvalues": [6.0, 4.0, 1.0, 1.0, 1.0, 1.0],
        "m": 10**8,
        "t": 0.5,
        "rank": 2,
        "draws": 16,
    },
    *(
        {
            "part": "control",
            "eigenvalues": _LINEAR,
            "times": [0.1, 0.3, 0.6, 1.0],
            "m": 10**8,
            "theta": theta,
            "draws": 16,
        }
        for theta in (0.5, 1.0, 1.5)
    ),
]
STUDY = evidence(
    "evidence-classes",
    "Linear classes from one parameter to d²: empirical and population risk; BSM in its "
    "control-variate form.",
    CELLS,
    measure,
    PARTS,
    seed=61,
    replicates=400,
    quick=300,
    deep=6400,
    batch=50,
)
