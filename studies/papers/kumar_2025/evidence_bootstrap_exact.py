"""What lies beyond the paper's bootstrap, computed: no seed of a replicate touches it.

Parts of a cell: "held" adds up the path's information step by step; "grids" searches the times that
hold most; "limit" runs the recursions at small gaps; "order" compares them on random laws and
grids; "witness" and "two-step" are where one weight for all entries loses to BSM; "piecewise" fits
one data set twice.
"""

from collections.abc import Sequence

import numpy as np
import scipy

from bounds.bootstrap import optimal_weights
from bounds.check import Array
from bounds.estimators import dsm
from bounds.gaussian import Gaussian
from bounds.gram import exact
from bounds.joint import Scheme, joint_fit
from bounds.path import best_times
from bounds.process import steps
from bounds.risk import bootstrap_recursion, risk
from bounds.targets import local_variances
from studies.evidence import Parts, Seeds, computed, evidence, measured, row
from studies.study import Cell, Row


def held(pair: Sequence[float], times: Sequence[float]) -> Array:
    """I_ij = Σ_k s_k,ij² v_j/h_i of the law with these eigenvalues,
    added up step by step; shape (d, d).
    """
    law = Gaussian(np.array(pair))
    total = np.zeros((law.dimension, law.dimension))
    for step in steps(times):
        v, h = law.variances(step.t), local_variances(law, step)
        total += (np.exp(-2 * step.t) / np.outer(v, v)) ** 2 * v / h[:, None]
    return total


def _held(cell: Cell) -> list[Row]:
    both = held(cell["pair"], cell["times"])
    return [row("held-pair", {k: cell[k] for k in ("pair", "times")}, both[0, 1] + both[1, 0])]


def _grids(cell: Cell) -> list[Row]:
    """The share 2 λ² I of the information, at `best_times`
    and at the best that a search from random grids finds.
    """
    eigenvalue, count = cell["eigenvalue"], cell["count"]

    def lost(log_gaps: Array) -> float:
        return float(
            -2 * eigenvalue**2 * held([eigenvalue], np.cumsum(np.exp(log_gaps)).tolist())[0, 0]
        )

    # the search's own: what it ends at is computed, not sampled
    rng = np.random.default_rng(cell["seed"])
    tried = [
        scipy.optimize.minimize(
            lost, rng.uniform(-3, 0, count), bounds=[(-8, 2)] * count, tol=1e-12
        ).fun
        for _ in range(cell["starts"])
    ]
    at_best = -lost(np.log(np.diff(best_times(eigenvalue, count), prepend=0.0)))
    of = {"eigenvalue": eigenvalue, "count": count}
    return [
        row("share", {**of, "grid": "best"}, at_best),
        row("share", {**of, "grid": "searched"}, -min(tried)),
    ]


def gains(pair: Sequence[float], first: float, last: float, count: int, rule: str) -> Array:
    """r_ij at `last` after DSM at `first` and `count` steps,
    even in log(e^{2t} − 1); shape (d, d).
    """
    law = Gaussian(np.array(pair))
    times = np.log1p(np.geomspace(np.expm1(2 * first), np.expm1(2 * last), count + 1)) / 2
    weight = None if rule == "bsm" else optimal_weights(law, times).__getitem__
    return bootstrap_recursion(law, times, weight)[-1]


def _limit(cell: Cell) -> list[Row]:
    """r_ij at gaps → 0, by Richardson's step from `count`
    and 2 · `count` steps; and how fast it is approached.
    """
    ends = (cell["pair"], cell["first"], cell["last"])
    of = {key: cell[key] for key in ("pair", "first", "last")}
    rows = []
    for rule in ("bsm", "matrix"):
        n = cell["count"]
        found = {k: gains(*ends, k, rule) for k in (n // 4, n // 2, n, 2 * n)}
        limit = 2 * found[2 * n] - found[n]
        rows.append(row(f"limit-{rule}", of, limit[0, 1]))
        if cell["rate"]:
            for k in (n // 4, n // 2, n):
                gap = abs(found[k][0, 1] - found[2 * k][0, 1])
                rows.append(row(f"approach-{rule}", {**of, "x": 1 / k}, gap))
    if cell["far"]:
        x = np.expm1(2 * cell["last"])
        p = np.array(cell["pair"]) + x
        each = (1 + x) / (p[:, None] ** 2 * p * limit)
        rows.append(row("far-pair", of, each[0, 1] + each[1, 0]))
    return rows


def risks(law: Gaussian, times: Sequence[float]) -> dict[str, Array]:
    """r_k,ij of four bootstraps to leading order, shape
    (N, d, d): entry by entry, one weight, BSM; and of DSM.
    """
    found = {
        name: np.array(
            bootstrap_recursion(law, times, optimal_weights(law, times, scalar=scalar).__getitem__)
        )
        for name, scalar in (("matrix", False), ("scalar", True))
    }
    found["BSM"] = np.array(bootstrap_recursion(law, times))
    noise = np.array([law.conditional_variances(t) for t in times])
    found["DSM"] = np.broadcast_to(noise[:, :, None], found["BSM"].shape)
    return found


def over_bsm(law: Gaussian, times: Sequence[float]) -> Array:
    """Risk of the best single weight at each step over BSM's, in all, at each time."""
    found = risks(law, times)
    return np.asarray(found["scalar"].sum(axis=(1, 2)) / found["BSM"].sum(axis=(1, 2)))


def _order(cell: Cell) -> list[Row]:
    """The largest ratio of an entry's r at the last time,
    for three pairs; ratios of totals where theorems speak.
    """
    law, times = Gaussian(np.array(cell["eigenvalues"])), cell["times"]
    found = risks(law, times)
    of = {"eigenvalues": cell["eigenvalues"], "times": times, "t": times[-1]}
    rows = [
        row("order", {**of, "pair": f"{low}/{high}"}, (found[low][-1] / found[high][-1]).max())
        for low, high in (("BSM", "DSM"), ("matrix", "BSM"), ("matrix", "scalar"))
    ]
    first = {**of, "times": times[:2], "t": times[1]}
    ratio = over_bsm(law, times)
    if cell["white"]:
        rows.append(row("order-white", of, ratio[-1]))
    else:
        rows.append(row("order-first", first, ratio[1]))
    return rows


def _witness(cell: Cell) -> list[Row]:
    """`over_bsm` at every time of a law with one large eigenvalue and many small ones."""
    law = Gaussian(np.array([cell["large"]] + [cell["small"]] * cell["count"]))
    of = {key: cell[key] for key in ("large", "small", "count", "times")}
    ratios = over_bsm(law, cell["times"])
    return [
        row("witness", {**of, "t": t}, ratio)
        for t, ratio in zip(cell["times"], ratios, strict=True)
    ]


def _two_step(cell: Cell) -> list[Row]:
    """`over_bsm` at the third time as n, the number
    of small eigenvalues, grows: extrapolated twice in 1/n.

    In the clock x = e^{2t} − 1: λ = 1, x_1 = 1/(c n), x_2 = a c n, x_3 = y x_2, and one eigenvalue
    that is next to infinite.
    """
    c, a, y = cell["c"], cell["a"], cell["y"]

    def at(n: int) -> float:
        clock = np.array([1 / (c * n), a * c * n, y * a * c * n])
        law = Gaussian(np.array([1e12] + [1.0] * n))
        return float(over_bsm(law, (np.log1p(clock) / 2).tolist())[-1])

    coarse, middle, fine = (at(cell["count"] * k) for k in (1, 2, 4))
    value = (4 * (2 * fine - middle) - (2 * middle - coarse)) / 3
    return [row("two-step", {key: cell[key] for key in ("c", "a", "y")}, value)]


def _piecewise(cell: Cell) -> list[Row]:
    """Joint risk of B indicators over that of DSM,
    on one data set that the cell names; B as many as times.
    """
    law, m, times = Gaussian(np.array(cell["eigenvalues"])), cell["m"], cell["times"]
    grams = list(exact(law, m, times, np.random.default_rng(cell["seed"])))
    base = np.array([risk(law, t, a) for t, a in zip(times, dsm(grams), strict=True)])
    fit = list(joint_fit(Scheme("piecewise", len(times)))(grams))
    ratios = np.array([risk(law, t, a) for t, a in zip(times, fit, strict=True)]) / base
    shared = {"m": m, "times": times}
    return [row("piecewise", {**shared, "t": t}, r) for t, r in zip(times, ratios, strict=True)]


PARTS: Parts = {
    "held": computed(_held, "held-pair"),
    "grids": computed(_grids, "share"),
    "limit": computed(
        _limit, "approach-bsm", "approach-matrix", "far-pair", "limit-bsm", "limit-matrix"
    ),
    "order": computed(_order, "order", "order-first", "order-white"),
    "witness": computed(_witness, "witness"),
    "two-step": computed(_two_step, "two-step"),
    "piecewise": computed(_piecewise, "piecewise"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part."""
    return measured(PARTS, cell, seeds)


def _random_laws() -> list[Cell]:
    """Random spectra over one and over four decades, and random times;
    and white ones, whose eigenvalues are equal.
    """
    rng, out = np.random.default_rng(72), []
    for decades in (0.5, 2.0):
        for place in range(12):
            white = place % 3 == 2
            d, n = int(rng.integers(2, 6)), int(rng.integers(3, 9))
            values = 10 ** rng.uniform(-decades, decades, 1 if white else d)
            times = np.sort(np.exp(rng.uniform(-5, 1, n)))
            out.append(
                {
                    "part": "order",
                    "white": white,
                    "eigenvalues": np.broadcast_to(values, d).round(6).tolist(),
                    "times": times.round(6).tolist(),
                }
            )
    return out


_PAIRS = [[0.3, 3.0], [1.0, 1.0], [5.0, 0.02]]
CELLS: list[Cell] = [
    *(
        {"part": "held", "pair": pair, "times": times}
        for pair in _PAIRS
        for times in ([0.3], [0.05, 0.3, 0.4, 1.5], [round(0.1 * k, 12) for k in range(1, 21)])
    ),
    *(
        {"part": "grids", "eigenvalue": eigenvalue, "count": count, "starts": 4, "seed": 72}
        for eigenvalue in (0.1, 1.0, 10.0)
        for count in (1, 2, 5)
    ),
    *(
        {
            "part": "limit",
            "pair": pair,
            "first": first,
            "last": last,
            "count": 400,
            "rate": k == 0,
            "far": far,
        }
        for k, pair in enumerate(_PAIRS)
        for first, last, far in ((0.05, 1.0, False), (5e-5, 6.0, True))
    ),
    *_random_laws(),
    {
        "part": "witness",
        "large": 1e5,
        "small": 0.6,
        "count": 99,
        "times": [0.005, 2.31, 3.11, 3.34],
    },
    *(
        {"part": "two-step", "c": c, "a": a, "y": y, "count": 128}
        for c, a, y in (
            (0.837, 1.018, 8.47),
            (0.5, 1.0, 4.0),
            (1.0, 2.0, 10.0),
            (2.0, 0.5, 5.0),
            (0.3, 3.0, 3.0),
        )
    ),
    {
        "part": "piecewise",
        "eigenvalues": [0.3, 1.2, 3.0],
        "m": 60,
        "times": [0.1, 0.3, 0.4, 1.0],
        "seed": 72,
    },
]
STUDY = evidence(
    "evidence-bootstrap-exact",
    "What the path holds, the best times, the limits of small gaps and the order of the "
    "estimators, computed.",
    CELLS,
    measure,
    PARTS,
    seed=72,
)
