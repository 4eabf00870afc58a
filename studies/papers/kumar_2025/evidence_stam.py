"""Evidence on the bootstrap with the weight of least variance: its risk on Gaussian data, sampled
and by the recursion, and its score error on a mixture.
"""

import numpy as np

from bounds.bootstrap import first_gain, next_gain
from bounds.features import bsm_stam, feature_grams
from bounds.gaussian import Gaussian
from bounds.gram import exact
from bounds.process import steps, weights
from bounds.risk import bootstrap_recursion, risk
from bounds.stam import known_weight, stam
from studies.evidence import Parts, Seeds, computed, evidence, measured, row, together
from studies.papers.kumar_2025.mixture_bootstrap import HORIZON, RIDGE, on_features, truth
from studies.study import Cell, Row


def _gaussian(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """m · risk at the kept times, with weights of the law or of the data."""
    law, m, times = Gaussian(np.array(cell["eigenvalues"])), cell["m"], cell["times"]
    grams = list(exact(law, m, times, [np.random.default_rng(seed) for seed in seeds]))
    rows: list[list[Row]] = [[] for _ in seeds]
    for known in (True, False):
        estimates = list(stam(law if known else None)(grams))
        for t in cell["kept"]:
            of = {key: cell[key] for key in ("eigenvalues", "times", "m")}
            of |= {"known": known, "t": t}
            values = m * risk(law, t, estimates[times.index(t)])
            for mine, value in zip(rows, values, strict=True):
                mine.append(row("risk", of, value))
    return rows


def _white(cell: Cell) -> list[Row]:
    """Risk by the recursion over DSM's at the last time; on two levels, what it saves against BSM
    too, for each entry.
    """
    law, times = Gaussian(np.full(2, cell["eigenvalue"])), cell["times"]
    of = {key: cell[key] for key in ("eigenvalue", "times")}
    r = bootstrap_recursion(law, times, known_weight(law))[-1]
    control = bootstrap_recursion(law, times)[-1]
    if len(times) == 2:
        return [row("white-first", of, (control - r)[0, 1])]
    plain = bootstrap_recursion(law, times[-1:])[-1]
    return [row("white", of, r.sum() / plain.sum())]


def _between(cell: Cell) -> list[Row]:
    """The single weight of least risk over w° at the second of two levels."""
    law = Gaussian(np.array(cell["eigenvalues"]))
    first, second = steps(cell["times"])
    best, _ = next_gain(law.eigenvalues, second, first_gain(law.eigenvalues, first), scalar=True)
    of = {key: cell[key] for key in ("eigenvalues", "times")}
    return [row("optimal-over-least", of, float(best[0, 0] / known_weight(law)(second)))]


METHODS = ("bsm", "bsm-half", "bsm-stam")


def _mixture(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Σ_k γ_k E‖f − s‖² of three weights, by quadrature, on the same training set."""
    known = truth(1, cell["minor"], cell["separation"], cell["steps"])
    of = {key: cell[key] for key in ("m", "minor", "separation", "steps")} | {"horizon": HORIZON}
    penalty, phi = known.features.penalty(RIDGE), known.features(known.grid.points)
    out = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        x0 = known.law.sample(cell["m"], rng)
        grams = list(feature_grams(x0, known.times, known.features, rng))
        scores = on_features(known, grams, "step", ("bsm", "bsm-half"))
        scores["bsm-stam"] = [phi @ a for a in bsm_stam(grams, penalty)]
        rows = []
        for name in METHODS:
            each = [
                np.sum((f - s) ** 2, axis=1) @ p * known.grid.cell
                for f, s, p in zip(scores[name], known.scores, known.densities, strict=True)
            ]
            rows.append(row(f"score-error/{name}", of, float(weights(known.times) @ each)))
        out.append(rows)
    return out


PARTS: Parts = {
    "gaussian": together(_gaussian, "risk"),
    "white": computed(_white, "white", "white-first"),
    "between": computed(_between, "optimal-over-least"),
    "mixture": together(_mixture, *(f"score-error/{name}" for name in METHODS)),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """The rows of one part."""
    return measured(PARTS, cell, seeds)


def _cells() -> list[Cell]:
    rng = np.random.default_rng(58)
    tenths = [round(0.1 * k, 1) for k in range(1, 21)]
    found: list[Cell] = [
        {
            "part": "gaussian",
            "eigenvalues": [0.3, 1.2, 2.1, 3.0],
            "times": times,
            "kept": kept,
            "m": 50_000,
        }
        for times, kept in (
            (tenths, [0.2, 0.4, 1.0, 2.0]),
            ([0.5, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
        )
    ]
    for count in (2, 3, 3, 4, 4, 5, 6, 8, *[2] * 7):
        times = np.cumsum(rng.uniform(0.02, 0.9, count))
        value = float(np.exp(rng.uniform(-1.5, 1.5)))
        found.append({"part": "white", "eigenvalue": value, "times": times.tolist()})
    for d in (2, 3, 5) * 4:
        values = np.exp(rng.normal(0, 1.5, d))
        times = np.cumsum(rng.uniform(0.02, 1.2, 2))
        found.append({"part": "between", "eigenvalues": values.tolist(), "times": times.tolist()})
    for count, most in ((10, 150), (30, 120)):
        cell = {"part": "mixture", "m": 500, "minor": 0.15, "separation": 2.0, "steps": count}
        found.append({**cell, "most": most})
    return found


STUDY = evidence(
    "evidence-stam",
    "The bootstrap with the weight of least variance: risk on Gaussian data, score error on a "
    "mixture.",
    _cells(),
    measure,
    PARTS,
    seed=83,
    replicates=400,
    quick=60,
    deep=6000,
    batch=100,
)
