"""Evidence by ball arithmetic: the extreme of a formula
over a continuous box of parameters, rounded outwards.

A cell is a box. A row is a rigorous upper end of the formula's largest value there: no point of the
box is left out, and no seed is used. Where the formula is the outcome of algebra, that algebra is
done again beside it, and a residual that it does not bring to zero adds 1 to the row.
"""

import math

from bounds import certify
from bounds.intervals import Interval, maximum
from studies.evidence import Parts, Seeds, computed, evidence, measured, row
from studies.study import Cell, Row

SPACINGS = ((0.05, 0.1), (0.1, 0.2), (0.2, 0.5), (0.5, 1.0), (1.0, 1.5), (1.5, 2.0))
SPECTRAL = (((0.1, 0.2), (0.1, 10.0)), ((0.1, 0.2), (10.0, 1000.0)), ((0.5, 1.0), (0.1, 1000.0)))


def information(u: Interval) -> Interval:
    """Information bound over the fine-grid limit of BSM's r_ii, on an interval of u = x/λ."""
    found: Interval = certify.information_over_bootstrap(u, u.increasing("log1p"))
    return found


def _information(cell: Cell) -> list[Row]:
    """Over all u > 0: balls on the cell's interval;
    below it 2u/(1 + u), above it 2/log(1 + u), at its ends.
    """
    # sympy takes half a second to import, and the list of studies is imported by every command
    from bounds.gaussian_algebra import vanishes
    from bounds.identities import DERIVATIONS

    low, high = cell["u"]
    inside = maximum(information, [(low, high)], gap=2e-5).upper
    below, above = 2 * Interval(low) / (1 + Interval(low)), 2 / Interval(high).increasing("log1p")
    (algebra,) = (one for one in DERIVATIONS if one.name == "information-over-fine-grid")
    survives = 0.0 if vanishes(algebra.residual()) else 1.0
    largest = max(inside, below.upper, above.upper)
    return [row("information-over-bootstrap", cell, largest + survives)]


def _kappa(cell: Cell) -> list[Row]:
    """κ of every uniform grid whose Δ lies in the cell, however long."""
    low, high = cell["spacing"]
    rows = math.ceil(4 / low)
    found = maximum(
        lambda spacing: certify.kappa_every_length(spacing, rows), [(low, high)], gap=0.015
    )
    return [row("kappa-uniform", cell, found.upper)]


def _kappa_gaussian(cell: Cell) -> list[Row]:
    """κ of Gaussian data over Δ × λ, for every N up to the cell's."""
    found = maximum(
        lambda spacing, eigenvalue: certify.kappa_enclosure(spacing, eigenvalue, cell["steps"]),
        [tuple(cell["spacing"]), tuple(cell["eigenvalues"])],
        gap=0.05,
        limit=400,
    )
    return [row("kappa-gaussian", cell, found.upper)]


PARTS: Parts = {
    "information": computed(_information, "information-over-bootstrap"),
    "kappa": computed(_kappa, "kappa-uniform"),
    "kappa-gaussian": computed(_kappa_gaussian, "kappa-gaussian"),
}
CELLS: tuple[Cell, ...] = (
    {"part": "information", "u": [0.5, 20.0]},
    *({"part": "kappa", "spacing": list(spacing)} for spacing in SPACINGS),
    *(
        {
            "part": "kappa-gaussian",
            "spacing": list(spacing),
            "eigenvalues": list(values),
            "steps": 24,
        }
        for spacing, values in SPECTRAL
    ),
)


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """The rows of one part.

    Raises
    ------
    InvalidInput
        If python-flint is not installed.
    """
    return measured(PARTS, cell, seeds)


STUDY = evidence(
    "evidence-rigor",
    "Extremes of formulas over continuous boxes of parameters, by ball arithmetic.",
    CELLS,
    measure,
    PARTS,
    seed=11,
    needs={"flint": "rigor"},
)
