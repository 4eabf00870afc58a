"""Claims on DSM for Σ = I up to d = 10⁸: no log log d in population risk, and its exact spread.

Cells hold d, m and t; c = 1/σ_t² − 1/v_t is the eigenvalue of C_t.
"""

import numpy as np

from bounds.claim import Cell, Claim
from bounds.process import noise_variance


def _c(cell: Cell) -> float:
    return float(1 / noise_variance(cell["t"]) - 1)  # v = 1 for λ = 1


def population(cell: Cell) -> float:
    """c d²/(m − d − 1)."""
    d, m = cell["d"], cell["m"]
    return float(_c(cell) * d * (d / (m - d - 1)))


def empirical(cell: Cell) -> float:
    """c d²/m."""
    return float(_c(cell) * cell["d"] * (cell["d"] / cell["m"]))


def spread(cell: Cell, *, pooled: bool = True) -> float:
    """The variance of population risk over its squared mean, k = m − d:

        2 (m − 1) (k − 1)/(d² k (k − 3)) + 2 (m − 1)/(d k (k − 3)),

    the spread of W_2 given W_1 and that of tr W_1^{-1}; without `pooled` the first alone.
    """
    d, m = float(cell["d"]), float(cell["m"])
    k = m - d
    given = 2 * (m - 1) * (k - 1) / (d * d * k * (k - 3))
    return given + (2 * (m - 1) / (d * k * (k - 3)) if pooled else 0.0)


def _log_log(cell: Cell) -> float:
    return float(np.log(np.log(cell["d"])))


_SETTING = "Gaussian data, Σ = I, one time t = 0.5; m = 2 d and 10 d; linear scores"

CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="large-d-population",
        statement="E population risk of DSM is c d²/(m − d − 1) up to d = 10⁸: no log log d.",
        assumptions=_SETTING + "; d = 16 … 10⁸ (10⁵ at the preset quick).",
        source="theory.md, Isotropic DSM risk in order d numbers",
        origin="derived",
        kind="tight",
        measurement="large-d/risk",
        formula=population,
        decoy=lambda c: population(c) * _log_log(c) / np.log(np.log(16)),
        decoy_note="that it grows like log log d from d = 16 on",
        why="E tr(W_1^{-1} W_2) = d² /(m − d − 1) for independent Wishart matrices.",
        uses=("dsm-risk",),
    ),
    Claim(
        name="large-d-empirical",
        statement="E empirical risk of DSM is c d²/m up to d = 10⁸, on the same draws.",
        assumptions=_SETTING + "; d = 4 … 10⁸ (10⁵ at the preset quick).",
        source="theory.md, Isotropic DSM risk in order d numbers",
        origin="derived",
        kind="tight",
        measurement="large-d/empirical-risk",
        formula=empirical,
        decoy=population,
        decoy_note="that it is the population risk",
        why="m times it is c χ² with d² degrees of freedom.",
        uses=("dsm-empirical-risk",),
    ),
    Claim(
        name="large-d-spread",
        statement="The relative variance of population risk is "
        "2 (m − 1)(k − 1 + d)/(d² k (k − 3)), k = m − d: of order 1/d² at a fixed m/d.",
        assumptions=_SETTING + "; d = 64 … 1000.",
        source="theory.md, Isotropic DSM risk in order d numbers",
        origin="derived",
        kind="tight",
        measurement="large-d/spread",
        formula=spread,
        decoy=lambda c: spread(c, pooled=False),
        decoy_note="W_1 taken for its mean: the spread of the noise alone",
        why="Var tr(A W_2) given A = W_1^{-1} is 2d tr A² and its mean d tr A; the moments of the "
        "inverse Wishart law give the rest.",
        uses=("large-d-population",),
    ),
)
