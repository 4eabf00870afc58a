"""Evidence on stochastic gradient descent with a constant step: runs of it for each target, and
fixed points of its second moments.
"""

import numpy as np

from bounds.check import Array
from bounds.gaussian import Gaussian
from bounds.process import Step, steps
from bounds.sgd import Descent, chain, descend, mixed_noise
from bounds.stam import known_weight
from studies.evidence import Parts, Rng, Seeds, computed, evidence, measured, one_by_one, row
from studies.study import Cell, Row

KEPT_TIMES = [0.2, 0.5, 1.0, 1.5, 2.0]
KEYS = ("eigenvalues", "t_prev", "t", "target", "step_size", "batch")
BURN, KEPT = 100, 60  # steps until the fixed point, at e^{-15} of the start, and those averaged


def _weight(law: Gaussian, step: Step, target: str) -> float | None:
    """w of T2; None for T1."""
    if target == "TB":
        return step.bootstrap_weight
    if target == "w0":
        return float(known_weight(law)(step))
    return {"T1": None, "T2": 1.0, "T3": 0.0}[target]


def _true(law: Gaussian, t: float, draws: int) -> Array:
    """The true score's matrix, `draws` times."""
    return np.repeat(-np.diag(1 / law.variances(t))[None], draws, axis=0)


def _stationary(cell: Cell, rng: Rng) -> list[Row]:
    """Excess risk, a mean over draws and late steps, from the true score on."""
    law, step = Gaussian(np.array(cell["eigenvalues"])), Step(cell["t_prev"], cell["t"])
    descent, w = Descent(cell["step_size"], cell["batch"]), _weight(law, step, cell["target"])
    start = _true(law, step.t, cell["draws"])
    _, risks = descend(law, step, w, descent, BURN + KEPT, start, rng)
    return [row("stationary", {key: cell[key] for key in KEYS}, risks[BURN:].mean())]


def _transient(cell: Cell, rng: Rng) -> list[Row]:
    """Excess risk after the kept numbers of steps, from A = 0."""
    law, step = Gaussian(np.array(cell["eigenvalues"])), Step(cell["t_prev"], cell["t"])
    descent, w = Descent(cell["step_size"], cell["batch"]), _weight(law, step, cell["target"])
    start = np.zeros((cell["draws"], law.dimension, law.dimension))
    _, risks = descend(law, step, w, descent, max(cell["kept"]), start, rng)
    of = {key: cell[key] for key in KEYS}
    return [row("transient", {**of, "n": n}, risks[n - 1].mean()) for n in cell["kept"]]


def _chain(cell: Cell, rng: Rng) -> list[Row]:
    """Excess risk at each level but the first, from the last iterate of the level before."""
    law, descent = Gaussian(np.array(cell["eigenvalues"])), Descent(cell["step_size"], 1)
    previous: Array | None = None
    rows = []
    for k, step in enumerate(steps(cell["times"])):
        w = None if step.is_first else _weight(law, step, cell["target"])
        start = _true(law, step.t, cell["draws"])
        previous, risks = descend(law, step, w, descent, BURN + KEPT, start, rng, previous)
        of = {"eigenvalues": cell["eigenvalues"], "times": cell["times"][: k + 1], "batch": 1}
        of |= {"target": cell["target"], "step_size": cell["step_size"]}
        if k:
            rows.append(row("chain", of, risks[BURN:].mean()))
    return rows


def _order(cell: Cell) -> list[Row]:
    """Fixed points of the second moments, by the linear system: over T1's."""
    law, step = Gaussian(np.array(cell["eigenvalues"])), Step(cell["t_prev"], cell["t"])
    descent, v = Descent(cell["step_size"], cell["batch"]), law.variances(step.t)
    plain = descent.stationary(v, law.conditional_variances(step.t)).sum()
    rows = []
    for target in ("T2", "T3", "TB", "w0"):
        w = _weight(law, step, target)
        assert w is not None
        mine = descent.stationary(v, mixed_noise(law, step, w)).sum()
        of = {"d": law.dimension, **cell, "target": target}
        rows.append(row("over-denoising", {key: of[key] for key in ("d", *KEYS)}, mine / plain))
    return rows


def _frozen(cell: Cell) -> list[Row]:
    """Excess risk of a chain of frozen iterates over T1's own, at the kept times."""
    law, descent = Gaussian(np.array(cell["eigenvalues"])), Descent(cell["step_size"], 1)
    times, target = cell["times"], cell["target"]
    rule = known_weight(law) if target == "w0" else lambda step: step.bootstrap_weight
    found = chain(law, times, rule, descent)
    rows = []
    for t in cell["kept"]:
        k = times.index(t)
        plain = descent.stationary(law.variances(t), law.conditional_variances(t)).sum()
        of = {"eigenvalues": cell["eigenvalues"], "times": times[: k + 1], "t": t, "batch": 1}
        of |= {"target": target, "step_size": cell["step_size"]}
        rows.append(row("frozen-over-denoising", of, found[k].sum() / plain))
    return rows


PARTS: Parts = {
    "stationary": one_by_one(_stationary, "stationary"),
    "transient": one_by_one(_transient, "transient"),
    "chain": one_by_one(_chain, "chain"),
    "order": computed(_order, "over-denoising"),
    "frozen": computed(_frozen, "frozen-over-denoising"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """The rows of one part."""
    return measured(PARTS, cell, seeds)


def _cells() -> list[Cell]:
    law: Cell = {"eigenvalues": [0.4, 1.0, 2.2], "t_prev": 0.3, "t": 0.6}
    single, four = {"step_size": 0.1, "batch": 1}, {"step_size": 0.25, "batch": 4}
    found: list[Cell] = [
        {"part": "stationary", **law, "target": target, **how, "draws": 40}
        for target, how in (
            *((target, single) for target in ("T1", "T2", "T3", "TB", "w0")),
            *((target, four) for target in ("T1", "TB")),
        )
    ]
    for target in ("T1", "TB"):
        cell = {"part": "transient", **law, "target": target, **single, "draws": 300}
        found.append({**cell, "kept": [3, 10, 40]})
    for target in ("TB", "w0"):
        times = {"times": [0.3, 0.6, 1.0], "eigenvalues": law["eigenvalues"]}
        found.append({"part": "chain", **times, "target": target, "step_size": 0.1, "draws": 120})
    linear = {"eigenvalues": np.linspace(0.3, 3.0, 8).tolist()}
    for t in KEPT_TIMES:
        place = {"t_prev": round(t - 0.1, 1), "t": t, "step_size": 0.01, "batch": 1}
        found.append({"part": "order", **linear, **place})
    tenths = [round(0.1 * k, 1) for k in range(1, 21)]
    for target in ("TB", "w0"):
        for eta in (0.001, 0.01, 0.1):
            how = {"target": target, "step_size": eta, "times": tenths, "kept": KEPT_TIMES}
            found.append({"part": "frozen", **linear, **how})
    rng = np.random.default_rng(52)
    for d in (2, 3, 4, 6):  # at d = 1 the target with w° has no noise at all
        before, gap = rng.uniform(0.02, 1.0, 2)
        values = np.exp(rng.normal(0, 1, d))
        cell = {"part": "order", "eigenvalues": values.tolist(), "t_prev": float(before)}
        cell |= {"t": float(before + gap), "step_size": float(rng.uniform(0.01, 0.05))}
        found.append({**cell, "batch": int(rng.integers(1, 9))})
    return found


STUDY = evidence(
    "evidence-sgd",
    "Stochastic gradient descent with a constant step: excess risk for each regression target.",
    _cells(),
    measure,
    PARTS,
    seed=89,
    replicates=20,
    deep=200,
    batch=5,
)
