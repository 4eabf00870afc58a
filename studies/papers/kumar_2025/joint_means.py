r"""The mean of W²/G at joint times for one chosen feature; no bound is known here.

    φ(t_2, ·) = w_2,   φ(t_1, x) = a w_1 exp(−x²/2),   N(0, 1) data, w the worst constants

Given X_{t_1} = x, G is fixed and W normal, so that one integral over x is left.
"""

import numpy as np

from bounds.check import Array
from bounds.process import weights
from studies.evidence import Rng, row
from studies.papers.kumar_2025.supermartingale import worst_constants
from studies.study import Cell, Row


def chosen_feature(cell: Cell, x: Array) -> tuple[Array, Array, Array]:
    """G, E[W | X_{t_1} = x] and Var(W | X_{t_1} = x) for one path; each of the shape of x.

    Given x, W is normal: X_0 has the mean e_1 x and the variance σ_1², and X_{t_2} follows from x
    by fresh noise alone.
    """
    times = np.array(cell["times"])
    gamma, e, noise = weights(times), np.exp(-times), -np.expm1(-2 * times)
    w = worst_constants(times, 1.0)[1]
    phi = (cell["height"] * w[0] * np.exp(-(x**2) / 2), np.full_like(x, w[1]))
    a = [gamma[j] * phi[j] * e[j] / noise[j] for j in (0, 1)]
    # U_j = a_j (E[X_0 | X_j] − X_0), and E[X_0 | X_j] = e_j X_j for white data.
    step = np.exp(-(times[1] - times[0]))
    drift = a[1] * (e[1] * step - e[0]) * x
    fresh = (a[1] * e[1]) ** 2 * (1 - step**2)
    gram = gamma[0] * phi[0] ** 2 + gamma[1] * phi[1] ** 2
    return gram, drift, fresh + (a[0] + a[1]) ** 2 * noise[0]


def measure_chosen(cell: Cell) -> list[Row]:
    """E W²/G, with G + ηΓ for G, and over G ≥ (1 − η)Γ alone, at m = 1; Γ = E G."""
    x = np.linspace(-12, 12, 24001)
    mass = np.exp(-(x**2) / 2)
    mass /= mass.sum()
    gram, drift, variance = chosen_feature(cell, x)
    square = drift**2 + variance
    mean = float(mass @ gram)
    known = {k: cell[k] for k in ("times", "height")} | {"m": 1}
    rows = [row("chosen-mean", known, float(mass @ (square / gram)))]
    for eta in cell["ridge"]:
        value = float(mass @ (square / (gram + eta * mean)))
        rows.append(row("chosen-regularised", {**known, "eta": eta, "form": "ridge"}, value))
    for eta in cell["cut"]:
        kept = gram >= (1 - eta) * mean
        value = float(mass @ np.where(kept, square / gram, 0.0))
        rows.append(row("chosen-regularised", {**known, "eta": eta, "form": "event"}, value))
    return rows


def measure_scaled(cell: Cell, rng: Rng) -> list[Row]:
    """E W²/G at m paths, the features of each times its own A, log A uniform on [0, reach]."""
    sets, m = cell["sets"], cell["m"]
    x = rng.standard_normal((sets, m))
    gram, drift, variance = chosen_feature(cell, x)
    scale = np.exp(rng.uniform(0, cell["reach"], (sets, m)))
    # Given all X_{t_1}, W is a sum of independent normal variables.
    square = np.sum(scale * drift, axis=1) ** 2 + np.sum(scale**2 * variance, axis=1)
    value = square / np.sum(scale**2 * gram, axis=1)
    known = {k: cell[k] for k in ("times", "height", "m")}
    return [row("chosen-mean", known, float(value.mean()))]
