r"""DPM-Solver-v3: a solver whose coefficients are statistics of the model, here exact ones.

In the coordinates of bounds.solvers, dx/dλ = −(x − D). Coefficients l, s, b of λ, one for each
coordinate, make f = (1 − l) x − D, and with L = ∫l, S = ∫s, B = ∫e^{−S} b from the first level

    d(e^L x)/dλ = −e^L f,   f = e^S (g + B),   g' = e^{−S} (f' − s f − b).

The solver puts a polynomial through the last answers for g, and integrates e^{L+S} times it:

    e^{L'} x' = e^L x − ∫ e^{L+S} (g + B) dλ.

The choices, as they are recalled,

    l = E diag(∂(x − D)/∂x),   s, b: the regression of f' on f, coordinate by coordinate,

are means under the law p_σ, f' the derivative along the flow. l = 1, s = b = 0 is DPM-Solver++ of
the Taylor type; l = s = b = 0 is a noise prediction. All are tables on a grid that is even in λ,
integrated by the trapezoid rule, and the solver steps on that grid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from bounds.check import Array, InvalidInput, finite, how_many, symmetric
from bounds.line import Line
from bounds.solvers import Denoiser, even_levels

NEAR = 1e-4
"""Half the distance in λ of central differences."""


def _running(x: Array, y: Array) -> Array:
    """∫y dx from the first point, by the trapezoid rule, shape as y."""
    parts = np.diff(x)[:, None] * (y[1:] + y[:-1]) / 2
    return np.concatenate([np.zeros_like(y[:1]), np.cumsum(parts, axis=0)])


@dataclass(frozen=True, eq=False)
class ModelStatistics:
    """l, s and b on a grid of λ.

    Attributes
    ----------
    grid : λ_0 < … < λ_M, even, shape (M + 1,)
    l, s, b : shape (M + 1, d); d = 1 serves any number of coordinates

    Raises
    ------
    InvalidInput
        If the grid is not even, or a table's shape is not that.
    """

    grid: Array
    l: Array  # noqa: E741
    s: Array
    b: Array

    def __post_init__(self) -> None:
        grid = finite("grid", self.grid)
        gaps = np.diff(grid) if grid.ndim == 1 else np.empty(0)
        if not gaps.size or gaps.min() <= 0 or np.ptp(gaps) > 1e-9 * gaps.mean():
            raise InvalidInput("grid", "must be at least two numbers that rise by the same step")
        object.__setattr__(self, "grid", grid)
        shape = np.shape(self.l)
        for key in ("l", "s", "b"):
            table = finite(key, getattr(self, key))
            if table.shape != shape or len(shape) != 2 or shape[0] != grid.size:
                raise InvalidInput(key, f"must have shape ({grid.size}, d), but has {table.shape}")
            object.__setattr__(self, key, table)

    def __repr__(self) -> str:
        return f"ModelStatistics({self.grid.size - 1} steps, d = {self.l.shape[1]})"

    @property
    def sigmas(self) -> Array:
        """e^{−λ}."""
        return np.exp(-self.grid)

    @cached_property
    def integrals(self) -> tuple[Array, Array, Array]:
        """L, S and B, shape (M + 1, d) each."""
        S = _running(self.grid, self.s)
        return _running(self.grid, self.l), S, _running(self.grid, np.exp(-S) * self.b)

    def constant(self, l: float) -> "ModelStatistics":  # noqa: E741
        """The same grid with this l, and s = b = 0."""
        full = np.full_like(self.l, finite("l", l))
        return ModelStatistics(self.grid, full, 0 * full, 0 * full)

    def without_regression(self) -> "ModelStatistics":
        """The same l, and s = b = 0."""
        return ModelStatistics(self.grid, self.l, 0 * self.l, 0 * self.l)


def even_grid(first: float, last: float, steps: int) -> Array:
    """λ = −log σ from σ = first down to σ = last, shape (M + 1,)."""
    ends = even_levels(first, last, 1)
    return np.linspace(-np.log(ends[0]), -np.log(ends[1]), how_many("steps", steps) + 1)


def gaussian_statistics(covariance: ArrayLike, grid: ArrayLike) -> ModelStatistics:
    """Of N(0, Σ), exactly: D = A x, A = Σ (Σ + σ² I)^{-1}, and f = (diag A − A) x.

    Along the flow f' = (F' − F (I − A)) x, F = diag A − A, A' = 2 σ² Σ (Σ + σ² I)^{-2}. Where f is
    0 for a coordinate, as for each where Σ is diagonal, s = 0. b = 0.

    Parameters
    ----------
    covariance : Σ, shape (d, d)
    grid : λ, even, shape (M + 1,)
    """
    values, basis = np.linalg.eigh(symmetric("covariance", covariance))
    square = np.exp(-2 * finite("grid", grid))[:, None]
    total = values + square
    identity = np.eye(values.size)

    def turned(spectrum: Array) -> Array:
        return np.asarray(basis * spectrum[:, None, :] @ basis.T)

    def off(matrix: Array) -> Array:
        return np.asarray(matrix * identity - matrix)

    A = turned(values / total)
    F, moved = off(A), off(turned(2 * square * values / total**2))
    spread = turned(total) @ np.swapaxes(F, -1, -2)
    change = moved - F @ (identity - A)
    above, below = (np.einsum("kij,kji->ki", one, spread) for one in (change, F))
    seen = below > 1e-20 * total.max(axis=1, keepdims=True)
    s = np.where(seen, above, 0.0) / np.where(seen, below, 1.0)
    kept = 1 - np.einsum("kii->ki", A)
    return ModelStatistics(np.asarray(grid), kept, s, np.zeros_like(s))


def line_statistics(law: Line, grid: ArrayLike, count: int = 301) -> ModelStatistics:
    """Of a mixture on the line, by quadrature over x at each level.

    Parameters
    ----------
    law : of the data
    grid : λ, even, shape (M + 1,)
    count : of places, even over nine deviations beyond the means on both sides
    """
    levels = finite("grid", grid)
    count = how_many("count", count, 3)

    rows, shares = [], []
    for level in levels:
        sigma = float(np.exp(-level))
        now = law.blurred(sigma)
        reach = 9 * np.sqrt(now.variances)
        x = np.linspace((now.means - reach).min(), (now.means + reach).max(), count)
        p = np.exp(now.log_density(x))
        p /= p.sum()
        slope = law.posterior_variance(sigma, x) / sigma**2
        shares.append(float(1 - p @ slope))
        D, ends = (
            law.posterior_mean(sigma, x),
            [law.posterior_mean(sigma * np.exp(side), x) for side in (-NEAR, NEAR)],
        )
        rows.append((x, p, D, slope, (ends[0] - ends[1]) / (2 * NEAR)))
    moved = np.gradient(np.array(shares), levels, edge_order=2)
    table = []
    for (x, p, D, slope, drift), l, change in zip(rows, shares, moved, strict=True):  # noqa: E741
        f = (1 - l) * x - D
        along = -change * x - drift - (1 - l - slope) * (x - D)
        centred = f - p @ f
        spread = p @ centred**2
        s = float(p @ (centred * along) / spread) if spread > 1e-20 * (p @ x**2) else 0.0
        table.append((l, s, float(p @ along - s * (p @ f))))
    l, s, b = np.array(table).T[:, :, None]  # noqa: E741
    return ModelStatistics(levels, l, s, b)


def solve_v3(
    denoiser: Denoiser,
    statistics: ModelStatistics,
    steps: int,
    x: ArrayLike,
    order: int,
    begin: Sequence[ArrayLike] = (),
) -> Array:
    """DPM-Solver-v3's multistep predictor over the whole grid of the statistics.

    Parameters
    ----------
    denoiser : D
    statistics : l, s, b
    steps : N ≤ M; the levels are N even ones of λ, rounded to the grid
    x : x_0, shape (n,) where d = 1, or (n, d)
    order : 1, 2 or 3, at most N; the first steps have lower ones
    begin : x_1, x_2, … where they are given

    Returns
    -------
    x_N, of x's shape.

    Raises
    ------
    InvalidInput
        If there are more steps than the grid has, or the order is not 1, 2 or 3 or above N.

    Notes
    -----
    Cost: N answers. The high-order coefficients are integrated on the grid at each step.

    Examples
    --------
    One step is exact for a Gaussian whose axes are the coordinates.

    >>> data = np.diag([4.0, 0.25])
    >>> table = gaussian_statistics(data, even_grid(50.0, 0.02, 1000))
    >>> end = solve_v3(lambda s, x: x @ (data / (data + s**2)), table, 1, 50.0 * np.eye(2), 1)
    >>> bool(abs(end[0, 0] - 50 * np.sqrt(4.0004 / 2504)) < 1e-4)
    True
    """
    last = statistics.grid.size - 1
    steps = how_many("steps", steps)
    if steps > last:
        raise InvalidInput("steps", f"must be at most the {last} of the statistics: {steps}")
    if order not in (1, 2, 3) or order > steps:
        raise InvalidInput("order", f"must be 1, 2 or 3 and at most N = {steps}, but is {order!r}")
    state = finite("x", x)
    given = [finite("begin", one) for one in begin]
    index = np.rint(np.linspace(0, last, steps + 1)).astype(int)
    L = statistics.integrals[0]
    places: list[int] = []
    seen: list[Array] = []
    for k in range(steps):
        i, to = int(index[k]), int(index[k + 1])
        f = (1 - statistics.l[i]) * state - denoiser(float(statistics.sigmas[i]), state)
        places, seen = [i, *places][:order], [f, *seen][:order]
        if k < len(given):
            state = given[k]
        else:
            state = np.exp(L[i] - L[to]) * state - _change(statistics, to, places, seen)
    return np.asarray(state)


def _change(statistics: ModelStatistics, to: int, places: list[int], seen: list[Array]) -> Array:
    """e^{−L'} ∫ e^{L+S} (g + B) dλ from the newest place to `to`, g by a polynomial."""
    L, S, B = statistics.integrals
    i, grid = places[0], statistics.grid
    # g of each answer, over e^{S} at this level and with B from here, so that g = f here
    g = [
        np.exp(S[i] - S[j]) * f - np.exp(S[i]) * (B[j] - B[i])
        for j, f in zip(places, seen, strict=True)
    ]
    u = (grid[i : to + 1] - grid[i])[:, None]
    weight = np.exp(L[i : to + 1] - L[to] + S[i : to + 1] - S[i])
    inner = np.exp(S[i]) * (B[i : to + 1] - B[i])
    moment = [_running(u[:, 0], weight * of)[-1] for of in (np.ones_like(u), u, u**2, inner)]
    change = moment[0] * g[0] + moment[3]
    back = [float(grid[i] - grid[j]) for j in places[1:]]
    slopes = [(g[0] - one) / gap for one, gap in zip(g[1:], back, strict=True)]
    if len(slopes) == 1:
        change = change + moment[1] * slopes[0]
    if len(slopes) == 2:
        half = (slopes[0] - slopes[1]) / (back[1] - back[0])
        change = change + moment[1] * (slopes[0] + back[0] * half) + moment[2] * half
    return np.asarray(change)
