r"""Formulas written once for any type of number:
floats compute them, intervals certify them on whole boxes.

Every common factor is cancelled, since a term that vanishes at an end of the box cannot be bisected
away. Why each formula is what it stands for is algebra that is checked elsewhere: of
`information_over_bootstrap` in bounds.identities (information-over-fine-grid), of the κ's in their
docstrings.
"""

import math
from functools import reduce
from itertools import accumulate

import numpy as np
from scipy.linalg import eigh

from bounds.check import Array
from bounds.intervals import Interval, Number


def _apply(name: str, x: Number) -> Number:
    """An increasing function of `math`, of a float or of an interval."""
    return x.increasing(name) if isinstance(x, Interval) else getattr(math, name)(x)


def _larger(x: Number, y: Number) -> Number:
    """max(x, y), of two floats or of two intervals."""
    return x.larger(y) if isinstance(x, Interval) else max(x, y)


def _middle(x: Number) -> float:
    """A float in the middle of an interval; a float as it is."""
    return (x.lower + x.upper) / 2 if isinstance(x, Interval) else float(x)


def information_over_bootstrap(u: Number, log: Number) -> Number:
    """Information bound over the fine-grid limit of r_ii:
    2u²/((1 + u)² log(1 + u)), u = x/λ_i, x = e^{2t} − 1.

    The bootstrap with the control-variate weight has x² v_i (c_i − r_ii) = Σ (x_{l+1} − x_l) x_l
    λ_i/(λ_i + x_l): a sum over the left ends of an increasing function, so that on every grid r_ii
    is above the limit of fine grids c_i log(1 + u)/u, and this ratio bounds every grid's (derived).

    Parameters
    ----------
    u : positive; a float, an interval or a symbol
    log : log(1 + u), of the same type
    """
    share = 1 / (1 + 1 / u)
    return 2 * share * share / log


def kappa_every_length(spacing: Number, rows: int) -> Number:
    """An upper bound on κ_log-concave of the grid Δ, 2Δ, …, NΔ, the same for every N.

    Schur's test (Collatz-Wielandt): M ≥ 0 and M h ≤ κ h with h > 0 bound the largest eigenvalue of
    M, and of each leading block. With h_l = 1/σ_l and a = e^{−Δ}, row j of the infinite matrix is

        Δ (E_j/σ_j + σ_j L_j),   E_j = a E_{j−1} + 1/σ_j,   L_j = a (L_{j+1} + 1/σ_{j+1}³).

    Rows 1 … J are evaluated, with L_J ≤ σ_J^{−3}/(e^Δ − 1); beyond, σ_J ≤ σ_j ≤ 1 gives
    E_j ≤ max(E_J, 1/(σ_J (1 − a))).

    Parameters
    ----------
    spacing : Δ > 0
    rows : J; JΔ of about 4 makes the rows beyond harmless

    Notes
    -----
    Cost: 10 J operations. As Δ → 0 the J that is needed grows like 4/Δ: no bisection ends on an
    interval that reaches 0. Nor does it for κ ≤ Δ coth(Δ/2), the limit N → ∞, where nothing is left
    to spare. There, the proof (b) of bounds.concentration stands alone.
    """
    sigma = [_apply("sqrt", -_apply("expm1", -2 * j * spacing)) for j in range(1, rows + 1)]
    a = _apply("exp", -spacing)
    earlier = [1 / sigma[0]]
    for s in sigma[1:]:
        earlier.append(a * earlier[-1] + 1 / s)
    last = sigma[-1]
    later = tail = 1 / (last * last * last * _apply("expm1", spacing))
    largest = _larger(earlier[-1], 1 / (last * -_apply("expm1", -spacing))) / last + tail
    for s, e in zip(reversed(sigma), reversed(earlier), strict=True):
        largest = _larger(largest, e / s + s * later)
        later = a * (later + 1 / (s * s * s))
    return spacing * largest


def kappa_enclosure(spacing: Interval, eigenvalue: Interval, steps: int) -> Interval:
    """An interval that holds κ for Gaussian data with eigenvalue λ on the grid Δ, 2Δ, …, NΔ.

    Collatz-Wielandt: min_j (M h)_j/h_j ≤ κ ≤ max_j (M h)_j/h_j for every h > 0. h is the
    eigenvector in floats at the middle of the balls; whatever its errors, the bounds are true. With
    S_l = 2 sinh t_l the kernel is

        M_jl = Δ/(S_max (e^{−t_min} + S_min/λ)).

    Parameters
    ----------
    spacing : Δ > 0
    eigenvalue : λ > 0
    steps : N; the upper bound holds for every smaller grid too, a leading block of M

    Notes
    -----
    Cost: one eigenvector in floats, (4/3) N³ flops, and 8 N operations.
    """
    grid = range(1, steps + 1)
    inverse = 1 / eigenvalue
    shape = [2 * _apply("sinh", j * spacing) for j in grid]
    late = [1 / s for s in shape]
    early = [
        1 / (_apply("exp", -(j * spacing)) + inverse * s) for j, s in zip(grid, shape, strict=True)
    ]
    h = _perron(np.array([_middle(x) for x in early]), np.array([_middle(x) for x in late]))
    sums = list(accumulate(q * y for q, y in zip(early, h, strict=True)))
    after, rows = Interval(0), []
    for p, q, y, total in zip(late[::-1], early[::-1], h[::-1], sums[::-1], strict=True):
        rows.append((p * total + q * after) / y)
        after = after + p * y
    smallest, largest = -reduce(_larger, (-row for row in rows)), reduce(_larger, rows)
    return spacing * Interval(smallest.low, largest.high)


def _perron(early: Array, late: Array) -> list[float]:
    """A positive float vector close to the top eigenvector of late_max early_min."""
    j = np.arange(early.size)
    kernel = late[np.maximum.outer(j, j)] * early[np.minimum.outer(j, j)]
    vector = np.abs(eigh(kernel, subset_by_index=[early.size - 1, early.size - 1])[1][:, 0])
    return [float(y) for y in np.maximum(vector, np.finfo(np.float64).tiny ** 0.25)]
