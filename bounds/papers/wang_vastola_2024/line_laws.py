r"""Exact laws and maps on the line: a mixture of Gaussians, and what carries it from σ_T to σ.

A cell has the weights, means and variances of X_0; X_σ = X_0 + σZ. Both maps increase, and the
flow's is F_σ^{-1} ∘ F_σT, here in 30 digits of the smaller tail.
"""

import mpmath as mp
import numpy as np
from scipy.special import comb

from bounds.claim import Cell

DIGITS = 30


def variance(cell: Cell) -> float:
    """Var X_0."""
    return cumulant(cell, 2)


def cumulant(cell: Cell, order: int) -> float:
    """κ_n of X_0, n = 2 … 6."""
    w, mu, v = (np.array(cell[name], dtype=float) for name in ("weights", "means", "variances"))
    shift = mu - w @ mu
    normal = [1.0, 0.0, 1.0, 0.0, 3.0, 0.0, 15.0]

    def moment(n: int) -> float:
        return float(
            w @ sum(comb(n, j) * shift ** (n - j) * v ** (j / 2) * normal[j] for j in range(n + 1))
        )

    m = [moment(n) for n in range(order + 1)]
    return {
        2: lambda: m[2],
        3: lambda: m[3],
        4: lambda: m[4] - 3 * m[2] ** 2,
        5: lambda: m[5] - 10 * m[3] * m[2],
        6: lambda: m[6] - 15 * m[4] * m[2] - 10 * m[3] ** 2 + 30 * m[2] ** 3,
    }[order]()


def _upper(cell: Cell, sigma: float, x: mp.mpf) -> mp.mpf:
    """1 − F_σ(x)."""
    parts = zip(cell["weights"], cell["means"], cell["variances"], strict=True)
    total = mp.fsum(mp.mpf(w) for w in cell["weights"])
    return (
        mp.fsum(
            w * mp.erfc((x - m) / mp.sqrt(2 * (v + mp.mpf(sigma) ** 2))) / 2 for w, m, v in parts
        )
        / total
    )


def _lower(cell: Cell, sigma: float, x: mp.mpf) -> mp.mpf:
    """F_σ(x)."""
    mirrored = {**cell, "means": [-m for m in cell["means"]]}
    return _upper(mirrored, sigma, -x)


def _carried(cell: Cell, begin: float, end: float, x: mp.mpf) -> mp.mpf:
    """F_end^{-1}(F_begin(x)), by the logarithm of the smaller tail, which bends little."""
    tail = _lower if _lower(cell, begin, x) < _upper(cell, begin, x) else _upper
    wanted = tail(cell, begin, x)
    reach = 30 * mp.sqrt(max(cell["variances"]) + mp.mpf(end) ** 2)
    ends = min(cell["means"]) - reach, max(cell["means"]) + reach

    def gap(y: mp.mpf) -> mp.mpf:
        return mp.log(tail(cell, end, y) / wanted)

    return mp.findroot(gap, ends, solver="illinois", maxsteps=100)


def quantile_map(cell: Cell) -> float:
    """F_σ^{-1}(F_σT(x))."""
    with mp.workdps(DIGITS):
        return float(_carried(cell, cell["sigma_T"], cell["sigma"], mp.mpf(cell["x"])))


def moment_map(cell: Cell) -> float:
    """The decoy: the map that matches mean and variance, μ + √(V/V_T)(x − μ)."""
    mean = float(np.dot(cell["weights"], cell["means"]))
    V, V_T = (variance(cell) + cell[name] ** 2 for name in ("sigma", "sigma_T"))
    return float(mean + np.sqrt(V / V_T) * (cell["x"] - mean))


def share(cell: Cell) -> float:
    """Beyond the split at the end: 1 − F_T(μ + √(V_T/V)(F_σ^{-1}(F_0(split)) − μ))."""
    with mp.workdps(DIGITS):
        mean = mp.fsum(mp.mpf(w) * m for w, m in zip(cell["weights"], cell["means"], strict=True))
        V, V_T = (mp.mpf(variance(cell)) + mp.mpf(cell[name]) ** 2 for name in ("sigma", "sigma_T"))
        place = _carried(cell, 0.0, cell["sigma"], mp.mpf(cell["split"]))
        return float(_upper(cell, cell["sigma_T"], mean + mp.sqrt(V_T / V) * (place - mean)))


def true_share(cell: Cell) -> float:
    """The decoy: 1 − F_0(split), which the flow itself keeps."""
    with mp.workdps(DIGITS):
        return float(_upper(cell, 0.0, mp.mpf(cell["split"])))
