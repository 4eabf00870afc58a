"""SCORE beside public implementations of other methods, on the same data: which of two columns is
the cause?

causal-learn brings Hoyer et al.'s additive noise models (a Gaussian process each way, and a kernel
test of whether its residuals depend on the cause) and DirectLiNGAM (lines, and noises that are not
Gaussian). It is imported where it is needed only.
"""

import warnings
from collections.abc import Callable, Sequence

import numpy as np

from bounds.causal import jacobian_diagonal
from bounds.check import Array
from studies.evidence import Parts, Rng, evidence, measured, one_by_one, row
from studies.papers.zhu_2023.causes import fitted
from studies.study import Cell, Row, Study

Chooser = Callable[[Array], bool]
"""Whether the second of two columns, (n, 2), is taken for the effect."""


def _score(ridge: float) -> Chooser:
    def chosen(x: Array) -> bool:
        causes, effects = np.var(jacobian_diagonal(x, ridge=ridge), axis=0)
        return bool(effects < causes)

    return chosen


def _nine(x: Array) -> bool:
    causes, effects = fitted(x)[1]
    return bool(effects < causes)


def _additive(x: Array) -> bool:
    from causallearn.search.FCMBased.ANM.ANM import ANM

    with warnings.catch_warnings():  # a kernel's length at the end of its range
        warnings.simplefilter("ignore")
        forward, backward = ANM().cause_or_effect(x[:, :1], x[:, 1:])
    return bool(forward > backward)


def _lines(x: Array) -> bool:
    from causallearn.search.FCMBased.lingam import DirectLiNGAM

    model = DirectLiNGAM()
    model.fit(x)
    return bool(model.causal_order_[0] == 0)


METHODS: dict[str, Chooser] = {
    "SCORE": _score(1e-3),
    "SCORE, ridge 1": _score(1.0),
    "nine functions": _nine,
    "additive noise": _additive,
    "DirectLiNGAM": _lines,
}


def pair(law: str, rows: int, rng: Rng) -> Array:
    """A cause and its effect, (n, 2)."""
    x, e = rng.standard_normal((2, rows))
    if law == "sine":
        y = 1.2 * np.sin(x) + e
    elif law == "two modes":
        y = x / 2 + rng.choice([-1.0, 1.0], rows) + np.sqrt(0.5) * e
    else:
        y = x + e
    return np.column_stack([x, y])


def _choices(cell: Cell, rng: Rng) -> list[Row]:
    """The share of data sets of which each method takes the second column for the effect; the
    slow one sees the first few.
    """
    sets = [pair(cell["law"], cell["rows"], rng) for _ in range(cell["sets"])]
    out = []
    for name, chosen in METHODS.items():
        seen = sets[: cell["slow"]] if name == "additive noise" else sets
        of = {"law": cell["law"], "rows": cell["rows"], "method": name}
        out.append(row("choices", of, float(np.mean([chosen(x) for x in seen]))))
    return out


PARTS: Parts = {"choices": one_by_one(_choices, "choices")}


def measure(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """The rows of one part."""
    return measured(PARTS, cell, seeds)


STUDY: Study = evidence(
    "evidence-zhu-beside",
    "Which of two columns is the cause, by SCORE and by public implementations of other methods.",
    [
        {"part": "choices", "law": law, "rows": 60, "sets": 10, "slow": 3}
        for law in ("sine", "two modes", "line")
    ],
    measure,
    PARTS,
    seed=2311,
    replicates=40,
    quick=30,
    batch=20,
    needs={"causallearn": "causal"},
)
