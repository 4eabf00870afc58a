r"""What a reverse-time sampler returns, as a density on a grid: no sampling noise, any score, d = 1 or 2.

A step of bounds.reverse is Y' = F(Y) + √q w, F(y) = a y + b s(t, y). With q > 0 the density goes by the trapezoid rule,

    p'(x') = h^d Σ_i p(x_i) N(x'; F(x_i), q I),

which for smooth integrands converges faster than any power of h once h is below √q. In two dimensions the kernel is a
product, so the sum is one matrix product, K_1ᵀ diag(p) K_2, with K_a the n² × n matrix N(x'_a; F_a(x_i), q).
With q = 0, the probability flow, the grid's points are carried along, each with the mass that it starts with, so
the mean of a smooth function converges as fast; a density comes out by sharing each point's mass between the grid
points around it (linear weights).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bounds.check import Array, InvalidInput, increasing_times, positive
from bounds.process import steps
from bounds.reverse import SAMPLERS

Score = Callable[[int, Array], Array]
"""(k, points (n, d)) → scores at t_k, shape (n, d); k counts from 0."""


@dataclass(frozen=True)
class Grid:
    """n points per axis, from −half to half, in d = 1 or 2 dimensions.

    Attributes
    ----------
    half : half the width, > 0
    count : n ≥ 2
    dimension : 1 or 2

    Raises
    ------
    InvalidInput
        If one of them is not that.
    """

    half: float
    count: int
    dimension: int = 1

    def __post_init__(self) -> None:
        positive("half", self.half)
        if self.count < 2:
            raise InvalidInput("count", f"must be at least 2, but is {self.count}")
        if self.dimension not in (1, 2):
            raise InvalidInput("dimension", f"must be 1 or 2, but is {self.dimension}")

    @property
    def axis(self) -> Array:
        """The n coordinates."""
        return np.linspace(-self.half, self.half, self.count)

    @property
    def spacing(self) -> float:
        """h."""
        return 2 * self.half / (self.count - 1)

    @property
    def cell(self) -> float:
        """h^d."""
        return float(self.spacing**self.dimension)

    @property
    def points(self) -> Array:
        """All n^d points, shape (n^d, d), the last axis fastest."""
        axes = np.meshgrid(*[self.axis] * self.dimension, indexing="ij")
        return np.stack([one.ravel() for one in axes], axis=1)


def drawn(grid: Grid, start: Array, times: Array, score: Score, sampler: str) -> tuple[Array, Array]:
    """What a sampler returns at t_1 when it starts at t_N from a density.

    Parameters
    ----------
    grid : for the density, and for the points that the flow carries
    start : its density at the grid's points, shape (n^d,)
    times : t_1 < … < t_N
    score : at t_2 … t_N; that of t_k serves the step to t_{k−1}
    sampler : a name out of bounds.reverse.SAMPLERS

    Returns
    -------
    points (n^d, d) and their masses (n^d,), which sum to 1 less what has left the grid or did not fit on it.
    For a sampler with noise the points are the grid's.

    Raises
    ------
    InvalidInput
        If the times are not positive and increasing, or there is no such sampler.

    Notes
    -----
    Cost a step: n² exponentials and 2 n² flops for d = 1; 2 n³ and 2 n⁴ for d = 2. Flow: only the score's.
    """
    if sampler not in SAMPLERS:
        raise InvalidInput("sampler", f"{sampler!r} is not one of {', '.join(SAMPLERS)}")
    path = steps(increasing_times("times", times))
    points, masses = grid.points, start * grid.cell
    for k in range(len(path) - 1, 0, -1):
        move = SAMPLERS[sampler](path[k])
        # Its own gap, not its times, is what a move needs of the step that leads up to t_k.
        centres = move.a * points + move.b * score(k, points)
        if move.q > 0:
            masses = _spread(grid, masses, centres, move.q)
        else:
            points = centres
    return points, masses


def _spread(grid: Grid, masses: Array, centres: Array, q: float) -> Array:
    """Masses at the centres, each spread by N(·, q I) over the grid."""
    scale = grid.spacing / np.sqrt(2 * np.pi * q)
    kernels = [scale * np.exp((grid.axis - c[:, None]) ** 2 / (-2 * q)) for c in centres.T]
    if len(kernels) == 1:
        return np.asarray(masses @ kernels[0])
    return np.asarray((kernels[0] * masses[:, None]).T @ kernels[1]).ravel()


def density(grid: Grid, points: Array, masses: Array) -> Array:
    """Point masses as a density at the grid's points, shape (n^d,), each shared linearly among its 2^d neighbours.

    Masses that lie outside the grid are left out. At grid points it is the masses over h^d.
    """
    place = (points + grid.half) / grid.spacing
    inside = np.all((place >= -1e-9) & (place <= grid.count - 1 + 1e-9), axis=1)
    place, masses = place[inside], masses[inside]
    low = np.clip(np.floor(place).astype(np.intp), 0, grid.count - 2)
    part = place - low
    total = np.zeros(grid.count**grid.dimension)
    for corner in np.ndindex(*[2] * grid.dimension):
        index = np.ravel_multi_index(tuple((low + corner).T), (grid.count,) * grid.dimension)
        share = np.prod(np.where(corner, part, 1 - part), axis=1)
        np.add.at(total, index, share * masses)
    return total / grid.cell


def total_variation(grid: Grid, p: Array, q: Array) -> float:
    """½ ∫|p − q|, of two densities at the grid's points."""
    return float(np.abs(p - q).sum() * grid.cell / 2)


def wasserstein(grid: Grid, p: Array, q: Array, directions: int = 16) -> float:
    """W1 of two densities at the grid's points.

    In one dimension ∫|F_p − F_q|. In two the largest W1 of the laws' projections on `directions` lines through 0, evenly
    spread: a lower bound of W1, and exact where one law is the other, shifted along one of them.
    """
    difference = (p - q) * grid.cell
    if grid.dimension == 1:
        return float(np.abs(np.cumsum(difference)).sum() * grid.spacing)
    largest = 0.0
    for angle in np.pi * np.arange(directions) / directions:
        place = grid.points @ [np.cos(angle), np.sin(angle)]
        order = np.argsort(place, kind="stable")
        gaps = np.diff(place[order])
        largest = max(largest, float(np.abs(np.cumsum(difference[order])[:-1]) @ gaps))
    return largest
