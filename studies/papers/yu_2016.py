"""What is measured for Yu, Gupta and Kolar 2016: fits, variances and coverage of edges' intervals,
on data, on draws of the exact law, and in a quartic chain.
"""

from collections.abc import Sequence
from functools import cache
from math import sqrt
from typing import NamedTuple

import numpy as np
import scipy

from bounds import hyvarinen
from bounds.check import Array
from bounds.edges import null_p_value, pair_block, plain_interval, repaired_interval
from bounds.quadrature import Monomials, grid, normals
from studies.evidence import Parts, Rng, Seeds, computed, drawn_once, evidence, measured, row
from studies.evidence import together as side_by_side
from studies.study import Cell, Row, Study

OMEGA = (2.0, 0.7, 1.5)
NULL = (2.0, 0.0, 1.5)


def _pair_features(k: int) -> hyvarinen.Family:
    """x_a x_b, x_a², x_b², x_a x_c and x_b x_c of the first two of k columns."""
    unit = np.eye(k, dtype=int)
    pairs = [unit[0] + unit[1], 2 * unit[0], 2 * unit[1]]
    found = Monomials(pairs + [unit[i] + unit[c] for c in range(2, k) for i in (0, 1)])
    return hyvarinen.Family(found.first, found.second)


def _fitted(cell: Cell, rng: Rng) -> list[Row]:
    """Minus the parameter of x_a x_b, by Hyvärinen's loss of two rows on drawn data."""
    k = cell["k"]
    x = rng.standard_normal((cell["rows"], k)) @ rng.standard_normal((k, k))
    loss = hyvarinen.quadratic(hyvarinen.terms(_pair_features(k), x, rows=[0, 1]))
    of = {"k": k, "rows": cell["rows"], "covariance": (x.T @ x / len(x)).tolist()}
    return [row("fitted", of, -hyvarinen.estimate(loss)[0])]


def _sandwich(cell: Cell) -> list[Row]:
    """The limiting variance, every moment by Gauss and Hermite's rule: exact for quartics."""
    sigma, columns = np.linalg.inv(np.array(cell["precision"])), cell["columns"]
    law = normals(3, len(columns))
    x = law.x @ np.linalg.cholesky(sigma[np.ix_(columns, columns)]).T
    terms = hyvarinen.terms(_pair_features(len(columns)), x, rows=[0, 1])
    loss = hyvarinen.quadratic(terms, law.p)
    gamma = hyvarinen.spread(terms, hyvarinen.estimate(loss), law.p)
    of = {"precision": cell["precision"], "columns": columns}
    return [row("sandwich", of, hyvarinen.sandwich(loss.H, gamma)[0, 0])]


def _null(cell: Cell) -> list[Row]:
    """Coverage of a null edge: the largest partial correlation whose interval holds 0, by a root,
    and its density, (1 − r²)^{(n − k − 1)/2}, by quadrature.
    """
    n, k = cell["rows"], cell["k"]

    def high(r: float, repaired: bool) -> float:
        block = [[1.0, -r], [-r, 1.0]]
        ends = repaired_interval(block, n, k) if repaired else plain_interval(block, n)
        return float(ends[1])

    def density(r: float) -> float:
        return float(np.exp((n - k - 1) / 2 * np.log1p(-(r**2))))

    rows = []
    for name, repaired in (("null-plain", False), ("null-repaired", True)):
        reach = float(scipy.optimize.brentq(high, 0, 1 - 1e-12, args=(repaired,), xtol=1e-14))
        inner, outer = (
            scipy.integrate.quad(density, *ends, epsabs=0, epsrel=1e-11)[0]
            for ends in ((0, reach), (reach, 1))
        )
        rows.append(row(name, {"rows": n, "k": k}, inner / (inner + outer)))
    return rows


def _means(found: dict[str, Array], of: Cell, replicates: int) -> list[list[Row]]:
    """A replicate's mean of each quantity, the draws of all replicates one after the other."""
    means = {name: x.reshape(replicates, -1).mean(axis=1) for name, x in found.items()}
    return [[row(name, of, x[i]) for name, x in means.items()] for i in range(replicates)]


def _covers(ends: tuple[Array, Array], target: float) -> Array:
    return np.asarray((ends[0] <= target) & (target <= ends[1]), dtype=float)


def _factor(cell: Cell) -> Array:
    """Rows with covariance Ω^{-1}: normals times this. Ω has the block of the cell, and k − 2
    columns more, each a neighbour of both.
    """
    k, (aa, ab, bb) = cell["k"], cell["omega"]
    omega = np.eye(k) * 2
    omega[:2, :2] = [[aa, ab], [ab, bb]]
    strength = 0.8 / np.sqrt(k) * (-1.0) ** np.arange(k - 2)
    omega[0, 2:] = omega[2:, 0] = strength
    omega[1, 2:] = omega[2:, 1] = 0.5 * strength
    return np.asarray(np.linalg.cholesky(np.linalg.inv(omega)).T)


def _data(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Estimate, error, coverage and the test of ω_ab = 0, on rows that are drawn."""
    n, k, edge, draws = cell["rows"], cell["k"], cell["omega"][1], cell["draws"]
    factor = _factor(cell)
    blocks = []
    for seed in seeds:
        x = np.random.default_rng(seed).standard_normal((draws, n, k)) @ factor
        blocks.append(pair_block(np.swapaxes(x, 1, 2) @ x, n))
    block = np.concatenate(blocks)
    found = {"covered-data": _covers(plain_interval(block, n), edge)}
    if edge == 0:
        found["rejected"] = np.asarray(null_p_value(block, n, k) <= 0.05, dtype=float)
    else:
        found["estimate"] = block[:, 0, 1]
        found["squared-error"] = (block[:, 0, 1] - edge) ** 2
    return _means(found, {key: cell[key] for key in ("rows", "k", "omega")}, len(seeds))


def _wishart(sigma: Array, degrees: int, draws: int, seeds: Seeds) -> Array:
    """Draws of W(Σ, degrees), so many for each seed, by Bartlett's factor."""
    d, root = len(sigma), np.linalg.cholesky(sigma)
    found = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        factor = np.zeros((draws, d, d))
        for i in range(d):
            factor[:, i, i] = np.sqrt(rng.chisquare(degrees - i, draws))
            factor[:, i, :i] = rng.standard_normal((draws, i))
        factor = root @ factor
        found.append(factor @ np.swapaxes(factor, 1, 2))
    return np.concatenate(found)


def _pairs(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Coverage on draws of the 2 × 2 block's own law, at any n and k."""
    n, k, (aa, ab, bb) = cell["rows"], cell["k"], cell["omega"]
    sigma = np.linalg.inv([[aa, ab], [ab, bb]])
    block = pair_block(_wishart(sigma, n - k + 2, cell["draws"], seeds), n)
    plain = _covers(plain_interval(block, n), ab)
    of = {"rows": n, "k": k, "omega": cell["omega"]}
    if cell["part"] == "root":
        return _means({"covered-root": plain}, of, len(seeds))
    of |= {"rule": cell["rule"], "edge": ab}
    repaired = _covers(repaired_interval(block, n, k), ab)
    return _means({"covered-plain": plain, "covered-repaired": repaired}, of, len(seeds))


def _selected(gram: Array, n: int, tau: float, i: int, j: int) -> Array:
    """Whether |ω̂_ij| is above τ standard errors."""
    rest = ({0, 1, 2} - {i, j}).pop()
    order = [i, j, rest]
    block = pair_block(gram[:, order][:, :, order], n)
    error = np.sqrt((block[:, 0, 0] * block[:, 1, 1] + block[:, 0, 1] ** 2) / n)
    return np.asarray(np.abs(block[:, 0, 1]) > tau * error)


def _selection(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Coverage of ω_12 without the third column; with it if node 1, or if 1 or 2, selects it."""
    n, edge, weak = cell["rows"], cell["edge"], cell["h"] / np.sqrt(cell["rows"])
    strong, tau = cell["strong"], float(np.sqrt(2 * np.log(n)))
    omega = np.array([[1, edge, weak], [edge, 1, strong], [weak, strong, 1]])
    gram = _wishart(np.linalg.inv(omega), n, cell["draws"], seeds)
    with_it = _covers(plain_interval(pair_block(gram, n), n), edge)
    without = _covers(plain_interval(pair_block(gram[:, :2, :2], n), n), edge)
    by_first = _selected(gram, n, tau, 0, 2)
    by_either = np.logical_or(by_first, _selected(gram, n, tau, 1, 2))
    found = {
        "dropped": without,
        "naive": np.where(by_first, with_it, without),
        "double": np.where(by_either, with_it, without),
    }
    of = {key: cell[key] for key in ("rows", "h", "edge", "strong")}
    return _means(found, {**of, "tau": tau}, len(seeds))


class _Chain(NamedTuple):
    """A quartic chain in the order a, b, c of an edge: probabilities of nodes, the terms of the
    loss and the sufficient statistics there; θ_ab.
    """

    p: Array
    terms: hyvarinen.Terms
    statistics: Array
    theta: float


@cache
def _chain(first: float, last: float, a: int, b: int) -> _Chain:
    order = [a - 1, b - 1, 5 - a - b]
    unit = np.eye(3, dtype=int)[np.argsort(order)]
    exponents = [4 * unit[i] for i in range(3)] + [2 * unit[i] for i in range(3)]
    exponents += [unit[0] + unit[1], unit[1] + unit[2]]
    coefficients = [-0.25] * 3 + [-0.1] * 3 + [first, last]
    law = grid(Monomials(exponents), coefficients, [-4.2, 4.2], 36)
    features = Monomials(
        [[1, 1, 0], [4, 0, 0], [0, 4, 0], [2, 0, 0], [0, 2, 0], [1, 0, 1], [0, 1, 1]]
    )
    theta = {(1, 2): first, (1, 3): 0.0}[a, b]
    family = hyvarinen.Family(features.first, features.second)
    third = Monomials([[0, 0, 4], [0, 0, 2]])
    statistics = np.hstack([features.value(law.x), third.value(law.x)])
    return _Chain(law.p, hyvarinen.terms(family, law.x, rows=[0, 1]), statistics, theta)


def _quartic(cell: Cell) -> list[Row]:
    """The sandwich on a grid, and the information bound over it."""
    chain = _chain(*cell["coupling"], *cell["edge"])
    loss = hyvarinen.quadratic(chain.terms, chain.p)
    gamma = hyvarinen.spread(chain.terms, hyvarinen.estimate(loss), chain.p)
    variance = hyvarinen.sandwich(loss.H, gamma)[0, 0]
    bound = np.linalg.inv(np.cov(chain.statistics.T, aweights=chain.p, ddof=0))[0, 0]
    of = {key: cell[key] for key in ("coupling", "edge")}
    return [
        row("quartic-variance", of, variance),
        row("quartic-efficiency", of, bound / variance),
    ]


def _quartic_data(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """n (θ̂ − θ)², and whether the interval with the inverse Hessian covers, on drawn nodes."""
    chain, n = _chain(*cell["coupling"], *cell["edge"]), cell["rows"]
    below = np.cumsum(chain.p)
    of = {key: cell[key] for key in ("coupling", "edge", "rows")}
    out = []
    for seed in seeds:
        u = np.random.default_rng(seed).random((cell["draws"], n)) * below[-1]
        drawn = np.searchsorted(below, u)
        loss = hyvarinen.quadratic(hyvarinen.Terms(*(table[drawn] for table in chain.terms)))
        off = hyvarinen.estimate(loss)[:, 0] - chain.theta
        error = np.sqrt(np.linalg.inv(loss.H)[:, 0, 0] / n)
        covered = np.abs(off) <= 1.959963984540054 * error
        out.append(
            [
                row("quartic-error", of, n * np.mean(off**2)),
                row("quartic-hessian", of, np.mean(covered)),
            ]
        )
    return out


PARTS: Parts = {
    "fit": drawn_once(_fitted, "fitted"),
    "sandwich": computed(_sandwich, "sandwich"),
    "null": computed(_null, "null-plain", "null-repaired"),
    "data": side_by_side(_data, "covered-data", "estimate", "squared-error"),
    "data-null": side_by_side(_data, "covered-data", "rejected"),
    "pairs": side_by_side(_pairs, "covered-plain", "covered-repaired"),
    "root": side_by_side(_pairs, "covered-root"),
    "selection": side_by_side(_selection, "dropped", "naive", "double"),
    "quartic": computed(_quartic, "quartic-variance", "quartic-efficiency"),
    "quartic-data": side_by_side(_quartic_data, "quartic-error", "quartic-hessian"),
}


def measure(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """The rows of a cell by its part."""
    return measured(PARTS, cell, seeds)


FIVE = [
    [2.0, 0.7, 0.4, 0.0, 0.0],
    [0.7, 1.5, 0.0, 0.3, 0.0],
    [0.4, 0.0, 1.2, 0.2, 0.5],
    [0.0, 0.3, 0.2, 1.8, 0.6],
    [0.0, 0.0, 0.5, 0.6, 1.4],
]
"""An Ω of five columns. 0 and 1 have the neighbours 2 and 3; 1 and 3 have 0 and 2, 4."""
RULES = ("10", "√n", "n/10", "n/2")
"""How many columns there are."""


def columns(rule: str, n: int) -> int:
    """k by one of RULES."""
    found = {"10": 10, "√n": round(sqrt(n)), "n/10": n // 10, "n/2": n // 2}
    return found[rule]


COUNTS = (50, 100, 200, 500, 1000, 2000, 5000)
GRID = [(rule, n, columns(rule, n)) for rule in RULES for n in COUNTS]
CELLS: list[Cell] = [
    *({"part": "fit", "rows": n, "k": k} for n, k in ((20, 3), (30, 5), (40, 8), (10, 6))),
    *(
        {"part": "sandwich", "precision": FIVE, "columns": chosen}
        for chosen in (
            [0, 1, 2, 3],
            [0, 1, 2, 3, 4],
            [1, 3, 0, 2, 4],
            [2, 4, 0, 3],
            [2, 4, 0, 3, 1],
        )
    ),
    *({"part": "null", "rows": n, "k": k} for n, k in sorted({(n, k) for _, n, k in GRID})),
    *(
        {"part": part, "rows": n, "k": k, "omega": list(omega), "draws": 300}
        for part, omega in (("data", OMEGA), ("data-null", NULL))
        for n, k in ((14, 6), (20, 10), (30, 15))
    ),
    *(
        {"part": "pairs", "rule": rule, "rows": n, "k": k, "omega": list(OMEGA), "draws": 1000}
        for rule, n, k in GRID
        if n != 2000
    ),
    *(
        {"part": "pairs", "rule": "n/2", "rows": 200, "k": 100, "omega": [1.0, edge, 1.0]}
        | {"draws": 1000}
        for edge in (0.2, -0.6, 0.9)
    ),
    *(
        {"part": "root", "rows": 10**6, "k": 1000 * c, "omega": list(omega), "draws": 1000}
        for omega, counts in ((OMEGA, (1, 2, 3)), ((1.0, -0.6, 1.0), (1, 2)))
        for c in counts
    ),
    *(
        {"part": "selection", "rows": 400, "h": h, "edge": 0.3, "strong": 0.6, "draws": 500}
        for h in (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    ),
    *({"part": "quartic", "coupling": [0.6, 0.5], "edge": edge} for edge in ([1, 2], [1, 3])),
    *(
        {"part": "quartic-data", "coupling": [0.6, 0.5], "edge": edge, "rows": 1000, "draws": 10}
        for edge in ([1, 2], [1, 3])
    ),
]
STUDY = evidence(
    "evidence-yu",
    "Edges of a Gaussian graphical model and of a quartic chain: fits, variances, coverage.",
    CELLS,
    measure,
    PARTS,
    seed=161,
    replicates=100,
    batch=20,
)
STUDIES: tuple[Study, ...] = (STUDY,)
