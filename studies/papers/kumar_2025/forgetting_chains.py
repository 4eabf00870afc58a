"""What levels forget, computed on grids for laws on the line; no bound is known here.

To leading order in 1/m the coefficients of BSM obey, from level to level,

    θ_k = G_k^{-1} (C_k θ_{k−1} − mean of φ_k R_k),   G_k = E φ_k φ_kᵀ,   C_k = E φ_k φ_{k−1}ᵀ,

with θ in units of a_k = 1/(2 sinh t_k) and the fresh terms of different levels uncorrelated.
"""

from collections.abc import Callable

import numpy as np
from scipy.linalg import svd

from bounds.check import Array
from studies.evidence import row
from studies.papers.kumar_2025.scalar_laws import Levels, nodes
from studies.study import Cell, Row


def leading(chain: Levels, features: Callable[[int], Array]) -> tuple[float, float]:
    """m · risk of BSM and of DSM at the last level over a², to leading order.

    Parameters
    ----------
    chain : the levels
    features : level to the features on its grid, shape (n, P)
    """
    phi, p = features(0), chain.p[0]
    gram = (phi * p[:, None]).T @ phi
    fresh = (phi * (p * chain.variance[0])[:, None]).T @ phi
    spread = np.linalg.solve(gram, np.linalg.solve(gram, fresh).T)
    for k, joint in enumerate(chain.moves, start=1):
        before, phi, p = phi, features(k), joint.sum(axis=0)
        gram = (phi * p[:, None]).T @ phi
        increments = joint * (chain.mean[k] - chain.mean[k - 1][:, None]) ** 2
        fresh = (phi * increments.sum(axis=0)[:, None]).T @ phi
        cross = phi.T @ joint.T @ before
        inner = fresh + cross @ spread @ cross.T
        spread = np.linalg.solve(gram, np.linalg.solve(gram, inner).T)
    whole = (phi * (p * chain.variance[-1])[:, None]).T @ phi
    return float(np.trace(gram @ spread)), float(np.trace(np.linalg.solve(gram, whole)))


def measure_worse(cell: Cell) -> list[Row]:
    """BSM's risk over DSM's for one affine feature 1 + slope · (x − E x) or 1 + slope · x."""
    law, times = cell["law"], cell["times"]
    chain = Levels(law, 1.0, times)

    def feature(k: int) -> Array:
        centre = float(chain.p[k] @ chain.x[k]) if cell["centred"] else 0.0
        return np.asarray(1 + cell["slope"] * (chain.x[k] - centre))[:, None]

    bsm, dsm = leading(chain, feature)
    return [row("worse", {k: cell[k] for k in ("law", "times", "slope", "centred")}, bsm / dsm)]


def _polynomials(chain: Levels, degrees: list[int]) -> Callable[[int], Array]:
    """Powers of x; those above 0 less their mean."""

    def features(k: int) -> Array:
        x, p = chain.x[k], chain.p[k]
        columns = [x**n - (p @ x**n if n else 0) for n in degrees]
        return np.column_stack(columns)

    return features


def measure_strong(cell: Cell) -> list[Row]:
    """m · risk of BSM over a², for centred powers of x, and 1."""
    chain = Levels(f"quartic:{cell['quartic']}", float(np.sqrt(cell["largest"])), cell["times"])
    value = leading(chain, _polynomials(chain, cell["degrees"]))[0]
    known = {k: cell[k] for k in ("quartic", "largest", "times", "degrees")}
    return [row("strong", known, value)]


def measure_correlation(cell: Cell) -> list[Row]:
    """The largest E|E[h(X_{t'})|X_t]|²/E h², over all h of mean 0: a singular value."""
    law, scale = cell["law"], cell["scale"]
    chain = Levels(law, scale, cell["times"], spacing=0.16)
    y, masses = nodes(law, scale)
    mean = float(masses @ y)
    known = {k: cell[k] for k in ("law", "scale", "times", "poincare")}
    (joint,) = chain.moves
    likely = [p > 1e-14 for p in (chain.p[0], joint.sum(axis=0))]
    joint = joint[np.ix_(*likely)]
    left, right = joint.sum(axis=1), joint.sum(axis=0)
    values = svd(joint / np.sqrt(np.outer(left, right)), compute_uv=False)
    place = {**known, "variance": float(masses @ (y - mean) ** 2)}
    return [row("correlation", place, float(values[1] ** 2))]


def measure_target(cell: Cell) -> list[Row]:
    """The largest Var(w T2 + (1 − w) T3 | X_t = x) over x, the score at t' exact."""
    law, scale, (old, now) = cell["law"], cell["scale"], cell["times"]
    chain = Levels(law, scale, [old, now], spacing=0.04)
    y, masses = nodes(law, scale)
    gap, before, after = now - old, chain.x[0][:, None], chain.x[1]
    w = np.exp(-2 * gap) * np.expm1(-2 * old) / np.expm1(-2 * now)
    score = (np.exp(-old) * chain.mean[0][:, None] - before) / -np.expm1(-2 * old)
    local = -(after - np.exp(-gap) * before) / -np.expm1(-2 * gap)
    target = w * np.exp(gap) * score + (1 - w) * local
    # Far out nothing is left of the probabilities but rounding.
    seen = chain.moves[0].sum(axis=0) > 1e-12
    given = chain.moves[0][:, seen] / chain.moves[0][:, seen].sum(axis=0)
    mean = np.sum(given * target[:, seen], axis=0)
    spread = np.sum(given * (target[:, seen] - mean) ** 2, axis=0)
    mean_of_law = float(masses @ y)
    known = {k: cell[k] for k in ("law", "scale", "times")}
    place = {**known, "variance": float(masses @ (y - mean_of_law) ** 2)}
    return [row("target", place, float(spread.max()))]
