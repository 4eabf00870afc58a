r"""What a reverse-time sampler returns, as a density on a grid:
no sampling noise, any score, d = 1 or 2.

A step of bounds.reverse is Y' = F(Y) + √q w, F(y) = a y + b s(t, y). With q > 0 the density goes by
the trapezoid rule,

    p'(x') = h^d Σ_i p(x_i) N(x'; F(x_i), q I),

which for smooth integrands converges faster than any power of h once h is below √q. In two
dimensions the kernel is a product, so the sum is one matrix product, K_1ᵀ diag(p) K_2, with K_a the
n² × n matrix N(x'_a; F_a(x_i), q). With q = 0, the probability flow, each point of the grid is
carried back up to T, where the density is known:

    p'(F(y)) = p(y)/|det DF(y)|,   F(y) = x' by y ← y − ω (F(y) − x'), ω = 1/max ‖DF‖,
    DF by central differences,

so the density stays smooth on the grid, where points carried down leave the space between the modes
nearly empty.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bounds.check import Array, InvalidInput, finite, none_negative, positive, whole
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
        object.__setattr__(self, "count", whole("count", self.count, 2))
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


def drawn(grid: Grid, start: Array, times: Array, score: Score, sampler: str) -> Array:
    """The density of what a sampler with noise returns at t_1.

    Parameters
    ----------
    grid : n^d points
    start : the density at t_N at the grid's points, shape (n^d,)
    times : t_1 < … < t_N
    score : at t_2 … t_N; that of t_k serves the step to t_{k−1}
    sampler : a name out of bounds.reverse.SAMPLERS, but "flow"

    Returns
    -------
    The density at the grid's points, shape (n^d,); its integral is 1 less what has left the grid.

    Raises
    ------
    InvalidInput
        If the times are not positive and increasing, or there is no such sampler with noise.

    Notes
    -----
    Cost a step: n² exponentials and 2 n² flops for d = 1; 2 n³ and 2 n⁴ for d = 2.
    """
    noisy = [name for name in SAMPLERS if name != "flow"]
    if sampler not in noisy:
        raise InvalidInput("sampler", f"{sampler!r} is not one of {', '.join(noisy)}")
    path = steps(times)
    points, p = grid.points, _density(grid, "start", start)
    for k in range(len(path) - 1, 0, -1):
        a, b, q = SAMPLERS[sampler](path[k])
        p = _spread(grid, p * grid.cell, a * points + b * finite("score", score(k, points)), q)
    return p


def _density(grid: Grid, key: str, values: Array) -> Array:
    """A density at the grid's points, checked."""
    density = none_negative(key, values)
    if density.shape != (grid.count**grid.dimension,):
        raise InvalidInput(
            key,
            f"must have shape ({grid.count**grid.dimension},), one value a point, but has "
            f"{density.shape}",
        )
    return density


def _kernel(axis: Array, centres: Array, q: float) -> Array:
    """N(x; c, q), a row for each centre: made in place, most of what a step costs."""
    found = np.subtract(axis, centres[:, None])
    np.multiply(found, found, out=found)
    found /= -2 * q
    np.exp(found, out=found)
    found *= 1 / np.sqrt(2 * np.pi * q)
    return found


def _spread(grid: Grid, masses: Array, centres: Array, q: float) -> Array:
    """The density of masses at the centres, each spread by N(·, q I)."""
    kernels = [_kernel(grid.axis, c, q) for c in centres.T]
    if len(kernels) == 1:
        return np.asarray(masses @ kernels[0])
    return np.asarray((kernels[0] * masses[:, None]).T @ kernels[1]).ravel()


def carried(
    grid: Grid, start: Callable[[Array], Array], times: Array, score: Score, *, rounds: int = 200
) -> Array:
    """The density of what the probability flow ("flow" of bounds.reverse) returns at t_1.

    Parameters
    ----------
    grid : n^d points
    start : points (n, d) to the density at t_N, shape (n,)
    times : t_1 < … < t_N
    score : at t_2 … t_N, at any points
    rounds : of the fixed-point iteration at most, which stops when F is met within 1e-9

    Returns
    -------
    The density at the grid's points, shape (n^d,).

    Raises
    ------
    InvalidInput
        If the times are not positive and increasing, or a step is not inverted in so many rounds:
        it need not be invertible for long steps or rough scores.

    Notes
    -----
    Cost a step: that of 10 to 100 evaluations of the score at n^d points.
    """
    path, rounds = steps(times), whole("rounds", rounds)
    y = grid.points
    volume = np.ones(len(y))
    for k in range(1, len(path)):
        a, b, _ = SAMPLERS["flow"](path[k])
        target = y
        damping = 1 / np.linalg.norm(_slopes(k, a, b, score, y), ord=2, axis=(1, 2)).max()
        for _ in range(rounds):
            lack = a * y + b * score(k, y) - target
            y = y - damping * lack
            if np.abs(lack).max() < 1e-9:
                break
        else:
            raise InvalidInput(
                "times", f"the flow's step from t = {path[k].t:g} could not be inverted; shorten it"
            )
        volume = volume * np.abs(np.linalg.det(_slopes(k, a, b, score, y)))
    return np.asarray(start(y) / volume)


def _slopes(k: int, a: float, b: float, score: Score, y: Array, h: float = 1e-5) -> Array:
    """DF at points y, shape (n, d, d)."""
    d = y.shape[1]
    columns = [(score(k, y + h * e) - score(k, y - h * e)) / (2 * h) for e in np.eye(d)]
    return np.asarray(a * np.eye(d) + b * np.stack(columns, axis=-1))


def total_variation(grid: Grid, p: Array, q: Array) -> float:
    """½ ∫|p − q|, of two densities at the grid's points."""
    p, q = _density(grid, "p", p), _density(grid, "q", q)
    return float(np.abs(p - q).sum() * grid.cell / 2)


def wasserstein(grid: Grid, p: Array, q: Array, directions: int = 16) -> float:
    """W1 of two densities at the grid's points.

    In one dimension ∫|F_p − F_q|. In two the largest W1 of the laws' projections on `directions`
    lines through 0, evenly spread: a lower bound of W1, and exact where one law is the other,
    shifted along one of them.
    """
    difference = (_density(grid, "p", p) - _density(grid, "q", q)) * grid.cell
    directions = whole("directions", directions)
    if grid.dimension == 1:
        return float(np.abs(np.cumsum(difference)).sum() * grid.spacing)
    largest = 0.0
    for angle in np.pi * np.arange(directions) / directions:
        place = grid.points @ [np.cos(angle), np.sin(angle)]
        order = np.argsort(place, kind="stable")
        gaps = np.diff(place[order])
        largest = max(largest, float(np.abs(np.cumsum(difference[order])[:-1]) @ gaps))
    return largest
