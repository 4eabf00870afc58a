"""Evidence by ball arithmetic: the extreme of a formula over a continuous box of parameters, rounded outwards.

A cell is a box. A row is a rigorous upper end of the formula's largest value there (or lower end of its smallest): no
point of the box is left out, and no seed is used. Where the inequality is false, it is the value certified at a point.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from bounds import certify
from bounds.certify import Box, Number
from bounds.gaussian import Gaussian
from bounds.risk import bootstrap_recursion
from studies.evidence import evidence, row
from studies.study import Cell, Row

# The setting of Figure 3a as we chose it, and as much as four orders of magnitude on each side of it.
BOXES: tuple[Cell, ...] = (
    {"eigenvalues": [0.3, 3.0], "t_prev": [0.1, 2.0], "gap": [0.05, 0.2]},
    {"eigenvalues": [1e-3, 1e3], "t_prev": [0.01, 3.0], "gap": [1e-3, 2.0]},
)
SPACINGS = ((0.05, 0.1), (0.1, 0.2), (0.2, 0.5), (0.5, 1.0), (1.0, 1.5), (1.5, 2.0))
SPECTRAL = (((0.1, 0.2), (0.1, 10.0)), ((0.1, 0.2), (10.0, 1000.0)), ((0.5, 1.0), (0.1, 1000.0)))
GRIDS = (
    {"eigenvalues": [0.3, 1.0, 3.0], "times": [0.1, 0.2]},
    {"eigenvalues": [0.01, 1.0, 100.0], "times": [0.1, 0.2, 0.4, 0.5, 1.3, 2.0]},
    {"eigenvalues": [0.5, 2.0, 40.0], "times": [round(0.05 * k, 2) for k in range(1, 21)]},
)


def _of_a_pair(f: Callable[..., Number]) -> Callable[..., Number]:
    """f(a, b, d) as a function of t', g, λ_i, λ_j."""

    def g(t_prev: Number, gap: Number, one: Number, two: Number) -> Number:
        (a, d), (b, _) = certify.reduced(one, t_prev, gap), certify.reduced(two, t_prev, gap)
        return f(a, b, d)

    return g


def _of_one(f: Callable[..., Number]) -> Callable[..., Number]:
    """f(a, d) as a function of t', g, λ."""
    return lambda t_prev, gap, one: f(*certify.reduced(one, t_prev, gap))


def _sides(cell: Cell, eigenvalues: int) -> Box:
    """The sides of a cell's box: t', g, and λ once or twice."""
    return [tuple(cell[k]) for k in ("t_prev", "gap", *["eigenvalues"] * eigenvalues)]


def _targets(cell: Cell) -> list[Row]:
    """The three targets, and the first bootstrapped step, over one box."""
    one, two = _sides(cell, 1), _sides(cell, 2)
    step = certify.maximum(_of_a_pair(certify.first_step), two, gap=0.01)
    transport = certify.maximum(lambda *z: -_of_a_pair(certify.first_step_transport)(*z), two, gap=0.01)
    weight = certify.maximum(_of_a_pair(certify.weight_over_optimal), two, gap=0.01)
    local = certify.maximum(_of_one(certify.denoising_over_local), one, gap=0.01)
    least = certify.maximum(_of_one(certify.combined_over_transported), one, threshold=1.0)
    return [
        row("first-step", cell, step.upper),
        row("first-step-transport", cell, -transport.upper),
        row("weight-over-optimal", cell, weight.upper),
        row("denoising-over-local", cell, local.upper),
        # Not an upper end: the value at one point of the box.
        row("combined-over-transported", cell, least.lower),
    ]


def _kappa(cell: Cell) -> list[Row]:
    """κ of every uniform grid whose Δ lies in the cell, however long."""
    low, high = cell["spacing"]
    rows = math.ceil(4 / low)
    found = certify.maximum(
        lambda spacing: certify.kappa_every_length(spacing, rows), [(low, high)], gap=0.015
    )
    return [row("kappa-uniform", cell, found.upper)]


def _kappa_gaussian(cell: Cell) -> list[Row]:
    """κ of Gaussian data over Δ × λ, for every N up to the cell's."""
    found = certify.maximum(
        lambda spacing, eigenvalue: certify.kappa_enclosure(spacing, eigenvalue, cell["steps"]),
        [tuple(cell["spacing"]), tuple(cell["eigenvalues"])],
        gap=0.05,
        limit=400,
    )
    return [row("kappa-gaussian", cell, found.upper)]


def _recursion(cell: Cell) -> list[Row]:
    """Each entry of the leading-order recursion at the last time."""
    r = bootstrap_recursion(Gaussian(np.array(cell["eigenvalues"])), cell["times"])[-1]
    return [row("recursion", {**cell, "i": i, "j": j}, float(r[i, j])) for i, j in np.ndindex(*r.shape)]


def _smaller(cell: Cell) -> list[Row]:
    found = certify.maximum(certify.smaller_over_larger, [tuple(cell["s"]), (0.0, 1.0)], gap=1e-9)
    return [row("smaller-over-larger", cell, found.upper)]


def _information(cell: Cell) -> list[Row]:
    found = certify.maximum(certify.information_over_bootstrap, [tuple(cell["u"])], gap=2e-5)
    return [row("information-over-bootstrap", cell, found.upper)]


PARTS: dict[str, Callable[[Cell], list[Row]]] = {
    "targets": _targets,
    "kappa": _kappa,
    "kappa-gaussian": _kappa_gaussian,
    "recursion": _recursion,
    "smaller": _smaller,
    "information": _information,
}
CELLS: tuple[Cell, ...] = (
    *({"part": "targets", **box} for box in BOXES),
    *({"part": "smaller", "s": [0.0, s]} for s in (0.5, 0.9, 0.999)),
    {"part": "information", "u": [0.5, 20.0]},
    *({"part": "recursion", **grid} for grid in GRIDS),
    *({"part": "kappa", "spacing": list(spacing)} for spacing in SPACINGS),
    *(
        {"part": "kappa-gaussian", "spacing": list(spacing), "eigenvalues": list(values), "steps": 24}
        for spacing, values in SPECTRAL
    ),
)


def measure(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """The rows of one part; the same for every seed, since nothing is random.

    Raises
    ------
    InvalidInput
        If python-flint is not installed.
    """
    rows = PARTS[cell["part"]](cell)
    return [rows for _ in seeds]


STUDY = evidence(
    "evidence-rigor",
    "Extremes of formulas over continuous boxes of parameters, by ball arithmetic.",
    CELLS,
    measure,
    seed=11,
)
