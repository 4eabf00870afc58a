"""Evidence on reverse-time sampling:
laws of four samplers with exact, DSM and BSM scores, and their distances.

Parts of a cell: "order", "step", "start", "split" and "grid" are computed, with scores that need no
sample; "samples", "flow", "thin" and "wide" draw Gram matrices, estimate the scores and propagate
them.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np

from bounds.check import Array
from bounds.divergence import Normal, kl, w2
from bounds.estimators import bsm, dsm
from bounds.gaussian import Gaussian
from bounds.gram import exact
from bounds.reverse import SAMPLERS, error_split, exact_scores, marginal, sampled_law, thin
from bounds.risk import risk
from studies.evidence import Parts, Seeds, computed, evidence, measured, row, together
from studies.study import Cell, Row

ESTIMATORS = {"dsm": dsm, "bsm": bsm}


@cache
def _law(*eigenvalues: float) -> Gaussian:
    """A law whose eigenbasis is nobody's axes, so that no matrix of the chain is diagonal."""
    values = np.array(eigenvalues)
    basis, _ = np.linalg.qr(
        np.random.default_rng(values.size).standard_normal((values.size, values.size))
    )
    return Gaussian(values, basis)


# --- computed -------------------------------------------------------------------------------------


def _order(cell: Cell) -> list[Row]:
    law, (first, last), count = _law(*cell["eigenvalues"]), cell["ends"], cell["steps"]
    shared = {"eigenvalues": cell["eigenvalues"], "ends": cell["ends"]}
    grids = [np.linspace(first, last, n + 1) for n in (count, 2 * count)]
    scores = [exact_scores(law, times) for times in grids]
    rows = []
    for sampler in SAMPLERS:
        found: dict[str, list[float]] = {"w2": [], "kl": []}
        for times, exactly in zip(grids, scores, strict=True):
            drawn = sampled_law(times, exactly, marginal(law, last), sampler)
            for name, distance in (("w2", w2), ("kl", kl)):
                found[name].append(float(distance(marginal(law, first), drawn)))
        for name, (coarse, fine) in found.items():
            of = {"sampler": sampler, "divergence": name, "ends": cell["ends"], "steps": count}
            rows.append(row("order", of, float(np.log2(coarse / fine))))
        extrapolated = 2 * found["w2"][1] * 2 * count - found["w2"][0] * count
        rows.append(row("leading-constant", shared | {"sampler": sampler}, extrapolated))
    return rows


def _step(cell: Cell) -> list[Row]:
    """One ancestral step from p_t itself, and its mean from a point, over a few steps."""
    law, times = _law(*cell["eigenvalues"]), np.array(cell["times"])
    scores = exact_scores(law, times)
    drawn = sampled_law(times[-2:], scores[-2:], marginal(law, times[-1]), "ancestral")
    lack = marginal(law, times[-2]).covariance - drawn.covariance
    point = law.matrix(np.ones(law.dimension))[0]
    mean = sampled_law(times, scores, Normal(point, np.eye(law.dimension)), "ancestral").mean
    back = np.eye(law.dimension) if law.basis is None else law.basis
    shared = {"t": times[-1], "t_prev": times[-2]}
    rows = []
    for k, eigenvalue in enumerate(cell["eigenvalues"]):
        of = shared | {"eigenvalue": eigenvalue}
        rows.append(row("ancestral-lack", of, float(back[:, k] @ lack @ back[:, k])))
        whole = {"t": times[-1], "t_first": times[0], "eigenvalue": eigenvalue}
        rows.append(row("ancestral-mean", whole, float(mean @ back[:, k] / (point @ back[:, k]))))
    return rows


def _start(cell: Cell) -> list[Row]:
    law, first, spacing, last = (
        _law(*cell["eigenvalues"]),
        cell["first"],
        cell["spacing"],
        cell["last"],
    )
    times = np.linspace(first, last, 1 + round((last - first) / spacing))
    scores, d = exact_scores(law, times), law.dimension
    starts = Normal(np.zeros((2, d)), np.stack([marginal(law, last).covariance, np.eye(d)]))
    rows = []
    for sampler in SAMPLERS:
        drawn = sampled_law(times, scores, starts, sampler)
        part = w2(*(Normal(np.zeros(d), covariance) for covariance in drawn.covariance))
        kind = "flow" if sampler == "flow" else "stochastic"
        of = {"sampler": sampler, "x": float(np.exp(last))}
        rows.append(row(f"start-{kind}", of, float(part)))
    return rows


def _split(cell: Cell) -> list[Row]:
    """Scores of a law that is wrong by a factor: an error of estimation that needs no sample."""
    law, times = _law(*cell["eigenvalues"]), np.linspace(0.1, cell["last"], cell["steps"])
    wrong = Gaussian(law.eigenvalues * cell["factor"], law.basis)
    rows = []
    for sampler in SAMPLERS:
        parts = error_split(law, times, exact_scores(wrong, times), sampler).w2
        of = {name: cell[name] for name in ("eigenvalues", "last", "steps", "factor")}
        rows.append(row("split", of | {"sampler": sampler}, float(parts.total)))
    return rows


def _grid(cell: Cell) -> list[Row]:
    """The discretisation part on every k-th step over that on all steps."""
    law, first, last = _law(*cell["eigenvalues"]), cell["ends"][0], cell["ends"][1]
    times = np.linspace(first, last, cell["steps"])
    scores = exact_scores(law, times)

    def distance(sampler: str, every: int) -> float:
        kept = thin(times.size, every)
        drawn = sampled_law(times[kept], scores[kept], marginal(law, last), sampler)
        return float(w2(marginal(law, first), drawn))

    rows = []
    for sampler in SAMPLERS:
        for every in cell["every"]:
            of = {"sampler": sampler, "every": every, "steps": cell["steps"]}
            ratio = distance(sampler, every) / distance(sampler, 1)
            rows.append(row("thin-discretisation", of, ratio))
    return rows


# --- drawn ----------------------------------------------------------------------------------------


def _scores(
    law: Gaussian, samples: int, times: Array, seeds: Seeds, names: Sequence[str]
) -> dict[str, Array]:
    """Estimated A_k, shape (len(seeds), N, d, d),
    of each estimator, from the same Gram matrices.
    """
    grams = list(exact(law, samples, times, [np.random.default_rng(seed) for seed in seeds]))
    return {name: np.stack(list(ESTIMATORS[name](grams)), axis=1) for name in names}


def _samples(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """The estimation part: of DSM in W2;
    of DSM and BSM in KL, over each other and over Σ_k g_k risk_k.

    A replicate speaks for one sampler only of the rate in W2, whose cells must be independent of
    each other.
    """
    law, m, ends, count = _law(*cell["eigenvalues"]), cell["m"], cell["ends"], cell["steps"]
    times = np.linspace(ends[0], ends[1], count)
    scores = _scores(law, m, times, seeds, ("dsm", "bsm"))
    gap = times[1] - times[0]
    joint = {
        name: gap * sum(risk(law, float(times[k]), A[:, k]) for k in range(1, count))
        for name, A in scores.items()
    }
    shared = {"eigenvalues": cell["eigenvalues"], "ends": ends, "steps": count}
    rows: list[list[Row]] = [[] for _ in seeds]
    for order, sampler in enumerate(SAMPLERS):
        of = shared | {"sampler": sampler}
        if cell["rate"]:
            mine = [
                place
                for place, seed in enumerate(seeds)
                if seed.spawn_key[-1] % len(SAMPLERS) == order
            ]
            parts = (
                w2(*_drawn_laws(law, times, scores["dsm"][mine], sampler)) if mine else np.empty(0)
            )
            for place, part in zip(mine, parts, strict=True):
                rows[place].append(row("estimation-w2", {"sampler": sampler, "x": m}, float(part)))
        if not cell["compare"]:
            continue
        found = {name: kl(*_drawn_laws(law, times, A, sampler)) for name, A in scores.items()}
        for place, ratio in enumerate(found["bsm"] / found["dsm"]):
            rows[place].append(row("bsm-over-dsm", of, float(ratio)))
        if sampler in ("euler-maruyama", "exponential"):
            for name, values in found.items():
                for place, over in enumerate(values / joint[name]):
                    rows[place].append(row("kl-over-path", of | {"estimator": name}, float(over)))
    return rows


def _drawn_laws(law: Gaussian, times: Array, scores: Array, sampler: str) -> tuple[Normal, Normal]:
    """What a sampler draws from N(0, I), with exact scores and with these:
    the ends of the estimation part.
    """
    begin = Normal(np.zeros(law.dimension), np.eye(law.dimension))
    exactly = _exactly_drawn(law, tuple(times.tolist()), sampler)
    return exactly, sampled_law(times, scores, begin, sampler)


@cache
def _exactly_drawn(law: Gaussian, times: tuple[float, ...], sampler: str) -> Normal:
    """With exact scores: no replicate changes it."""
    begin = Normal(np.zeros(law.dimension), np.eye(law.dimension))
    return sampled_law(times, exact_scores(law, times), begin, sampler)


def _flow(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """m × the estimation part of KL under the probability flow
    with BSM scores, a mean over the draws of a replicate.
    """
    law, m, ends = _law(*cell["eigenvalues"]), cell["m"], cell["ends"]
    times = np.linspace(ends[0], ends[1], cell["steps"])
    each = [one for seed in seeds for one in seed.spawn(cell["draws"])]
    scores = _scores(law, m, times, each, ("bsm",))["bsm"]
    values = m * kl(*_drawn_laws(law, times, scores, "flow")).reshape(len(seeds), -1).mean(axis=1)
    of = {"eigenvalues": cell["eigenvalues"], "ends": ends, "steps": cell["steps"]}
    return [[row("bsm-flow-kl", of, float(value))] for value in values]


def _thin(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """DSM on all N steps, sampling on every k-th."""
    law, sampler = _law(*cell["eigenvalues"]), cell["sampler"]
    times = np.linspace(cell["ends"][0], cell["ends"][1], cell["steps"])
    scores = _scores(law, cell["m"], times, seeds, ("dsm",))["dsm"]
    rows: list[list[Row]] = [[] for _ in seeds]
    full = error_split(law, times, scores, sampler).w2
    for every in cell["every"]:
        kept = thin(times.size, every)
        part = error_split(
            law, times[kept], scores[:, kept], sampler, marginal(law, float(times[-1]))
        ).w2
        of = {"sampler": sampler, "every": every, "steps": cell["steps"], "m": cell["m"]}
        kept_error = part.score / full.score
        squares = part.total**2 / (part.discretisation**2 + part.score**2)
        for place, mine in enumerate(rows):
            mine.append(row("thin-estimation", of, float(kept_error[place])))
            if every == cell["balanced"]:
                mine.append(row("thin-squares", of, float(squares[place])))
    return rows


def _wide(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """KL's estimation part per dimension, a mean over the draws of a replicate."""
    d, times = cell["d"], np.geomspace(0.2, 2.0, cell["steps"])
    law = Gaussian(0.3 + 2.7 * (np.arange(d) + 0.5) / d)
    m, rows = cell["ratio"] * d, []
    for seed in seeds:
        scores = _scores(law, m, times, seed.spawn(cell["draws"]), ("dsm",))["dsm"]
        found = kl(*_drawn_laws(law, times, scores, "exponential"))
        rows.append([row("wide", {"x": d, "m": m}, float(found.mean() / d))])
    return rows


PARTS: Parts = {
    "order": computed(_order, "leading-constant", "order"),
    "step": computed(_step, "ancestral-lack", "ancestral-mean"),
    "start": computed(_start, "start-flow", "start-stochastic"),
    "split": computed(_split, "split"),
    "grid": computed(_grid, "thin-discretisation"),
    "samples": together(_samples, "bsm-over-dsm", "estimation-w2", "kl-over-path"),
    "flow": together(_flow, "bsm-flow-kl"),
    "thin": together(_thin, "thin-estimation", "thin-squares"),
    "wide": together(_wide, "wide"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part."""
    return measured(PARTS, cell, seeds)


def _drawn(
    eigenvalues: list[float], steps: int, samples: int, *, rate: bool, compare: bool
) -> Cell:
    shared = {
        "part": "samples",
        "eigenvalues": eigenvalues,
        "ends": [0.1, 2.0],
        "steps": steps,
        "m": samples,
    }
    return shared | {"rate": rate, "compare": compare}


_THREE = [0.3, 1.0, 3.0]
_EIGHT = [float(value) for value in np.linspace(0.3, 3.0, 8)]
CELLS: list[Cell] = [
    {"part": "order", "eigenvalues": _THREE, "ends": [0.1, 2.1], "steps": 400},
    {"part": "order", "eigenvalues": [0.05, 1.5, 6.0], "ends": [0.3, 3.3], "steps": 400},
    {"part": "step", "eigenvalues": _THREE, "times": [0.1, 0.3, 0.9]},
    {"part": "step", "eigenvalues": [0.1, 0.5, 10.0], "times": [0.02, 1.0, 1.5]},
    *(
        {"part": "start", "eigenvalues": _THREE, "first": 0.1, "spacing": 0.01, "last": last}
        for last in (2.0, 2.5, 3.0, 3.5, 4.0)
    ),
    *(
        {"part": "split", "eigenvalues": _THREE, "last": 1.1, "steps": steps, "factor": factor}
        for steps in (11, 41)
        for factor in (0.8, 1.2)
    ),
    *(_drawn(_EIGHT, 20, m, rate=True, compare=m == 10**5) for m in (10**3, 10**4, 10**5, 10**6)),
    _drawn(_EIGHT, 40, 10**6, rate=False, compare=True),
    _drawn([1.0] * 8, 40, 10**6, rate=False, compare=True),
    *(
        {
            "part": "flow",
            "eigenvalues": values,
            "ends": [0.1, 2.0],
            "steps": 20,
            "m": 10**6,
            "draws": 3,
        }
        for values in (_EIGHT, [1.0] * 8)
    ),
    {"part": "grid", "eigenvalues": _EIGHT, "ends": [0.1, 2.1], "steps": 257, "every": [2, 4, 8]},
    *(
        {
            "part": "thin",
            "eigenvalues": _EIGHT,
            "ends": [0.1, 2.1],
            "steps": 65,
            "m": 1000,
            "sampler": sampler,
            "every": [2, 4, 8],
            "balanced": 4,
        }
        for sampler in ("exponential", "flow")
    ),
    *(
        {"part": "wide", "d": d, "ratio": 64, "steps": 4, "draws": draws, "most": 32}
        for d, draws in ((16, 48), (32, 4), (64, 1), (128, 1))
    ),
]
STUDY = evidence(
    "evidence-reverse",
    "Laws of four reverse-time samplers: orders, start, split, estimated scores, thinned grids, d "
    "to 128.",
    CELLS,
    measure,
    PARTS,
    seed=62,
    replicates=400,
    quick=280,
    deep=4000,
    batch=100,
)
