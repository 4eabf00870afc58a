"""What a table can tell: how often `laws` names a law on a given design, and which design would do.

The rule's guarantee bounds wrong names; how many right ones are left, a simulation says, from the
generator that is passed in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bounds.check import Array, InvalidInput, positive
from studies.laws import LAWS, LEVEL, MARGIN, counts_of, grid_of, judge
from studies.least_squares import ROUNDING
from studies.slopes import relative_errors


@dataclass(frozen=True)
class Power:
    """How `compare_laws` answers tables made from one law: shares of `draws`, which add up to 1."""

    law: str
    right: float
    wrong: float
    undecided: float
    none: float
    draws: int


def power(
    d: ArrayLike,
    relative_se: ArrayLike,
    rng: np.random.Generator,
    draws: int = 10_000,
    *,
    replicates: int | None = None,
    offset: float = 0.0,
    margin: float = MARGIN,
    laws: Sequence[str] = tuple(LAWS),
) -> tuple[Power, ...]:
    """The verdict's operating characteristics on a given grid, at a given noise.

    Tables are μ(d_i) (1 + relative_se_i ε_i), ε_i standard normal, μ = f + offset · f(d_min), with
    standard errors relative_se_i μ(d_i), times √(χ²_{R−1}/(R − 1)) for R replicates. Single runs
    are μ(d_i) exp(relative_se_i ε_i).

    Parameters
    ----------
    d : shape (n,), as in `compare_laws`
    relative_se : number or shape (n,), standard error over mean, as in the table; or single runs'
        scatter
    rng : source of the noise
    draws : tables per law
    replicates : R, at least 2; 1 for single runs without standard errors; None for known ones
    offset : of the truth, in units of f(d_min); above −1
    margin : as in `compare_laws`
    laws : the truths in turn; the rivals are always all of LAWS

    Returns
    -------
    One Power per law. "Right" is the truth's name; it is "constant" where the truth changes by less
    than the margin.

    Raises
    ------
    InvalidInput
        As `compare_laws`; if relative_se is not positive, draws < 1, offset ≤ −1, a law is unknown.
    """
    positive("margin", margin)
    dims = grid_of(d, 5 if replicates == 1 else 3)
    relative = relative_errors(relative_se, dims)
    if draws < 1:
        raise InvalidInput("draws", f"must be at least 1, but is {draws}")
    if not offset > -1:
        raise InvalidInput("offset", f"must be above −1, for a positive error, but is {offset:g}")
    if not laws or not set(laws) <= set(LAWS):
        raise InvalidInput("laws", f"must be of {', '.join(LAWS)}")
    counts = None if replicates == 1 else counts_of(replicates, dims.size)
    table = []
    for law in laws:
        shape = LAWS[law](dims)
        truth = (shape + offset * shape.min()) / (shape.max() + offset * shape.min())
        noise = relative * rng.standard_normal((draws, dims.size))
        y, sd = truth * (1 + noise), np.broadcast_to(relative * truth, noise.shape)
        if counts is not None:
            sd = sd * np.sqrt(rng.chisquare(counts - 1, noise.shape) / (counts - 1))
        if replicates == 1:
            names = judge(dims, truth * np.exp(noise), None, None, margin).names
        else:
            names = judge(dims, y, sd, counts, margin).names
        flat = np.ptp(np.log(truth)) < margin * np.ptp(np.log(dims))
        right = names == (0 if flat else list(LAWS).index(law))
        table.append(
            Power(
                law=law,
                right=float(np.mean(right)),
                wrong=float(np.mean((names >= 0) & ~right)),
                undecided=float(np.mean(names == -1)),
                none=float(np.mean(names == -2)),
                draws=draws,
            )
        )
    return tuple(table)


@dataclass(frozen=True)
class Design:
    """What would let some laws be named with probability `target`, whichever of them holds.

    Attributes
    ----------
    laws, target : the question
    probability : of the least likely of the right names, with the grid and noise as they are
    hardest : that law
    decides : whether probability ≥ target
    d_max, points : the least extension of the grid, at its own mean ratio but at least 2, and its
        last relative error, that does it; None if no d_max up to `limit` does, or the grid does as
        it is
    limit : the largest d_max tried
    replicates_factor : times the replicates (relative error shrinks as its root) that would do it
        on the same grid; below 1 where fewer would; None if none up to `most` does
    most : the largest factor tried
    """

    laws: tuple[str, ...]
    target: float
    probability: float
    hardest: str
    decides: bool
    d_max: float | None
    points: int | None
    limit: float
    replicates_factor: float | None
    most: float

    @property
    def sentence(self) -> str:
        """The answer in one sentence."""
        asked, factor = " or ".join(self.laws), self.replicates_factor
        if self.decides:
            enough = "" if factor is None else f"; {100 * factor:.2g} % of the replicates would do"
            sure = f"with probability {self.probability:.3g}{enough}"
            return f"This design names {asked}, whichever holds, {sure}."
        ways = [] if factor is None else [f"{factor:.3g} times the replicates"]
        ways += [] if self.d_max is None else [f"dimensions up to {self.d_max:.3g}"]
        chance = f"with probability {self.probability:.3g}"
        start = f"This design names {self.hardest}, where it holds, {chance}"
        if ways:
            return f"{start}; {', or '.join(ways)}, would name {asked} with {self.target:g}."
        return (
            f"{start}, and neither {self.most:g} times the replicates nor, at this noise, "
            f"dimensions up to {self.limit:g} would name {asked} with {self.target:g}."
        )


def deciding_design(
    d: ArrayLike,
    relative_se: ArrayLike,
    rng: np.random.Generator,
    laws: Sequence[str] = ("constant", "log log d"),
    target: float = 0.95,
    *,
    replicates: int | None = None,
    margin: float = MARGIN,
    limit: float = 1e9,
    most: float = 1e8,
    draws: int = 2000,
) -> Design:
    """How large a d_max, or how many times the replicates, would let these laws be named.

    By `power`, with the same draws throughout. The grid is extended point by point, the factor of
    replicates bisected to 1 %. Truths have no offset.

    Parameters
    ----------
    d, relative_se, replicates, margin : as in `power`
    rng : source of the noise
    laws : the truths to be named, against all of LAWS with offsets
    target : probability of the right name, below LEVEL: what a true law is sure to reach
    limit, most : the largest d_max and the largest factor to try
    draws : tables per law and design

    Raises
    ------
    InvalidInput
        As `power`; if the target is out of reach.
    """
    if not 0 < target < LEVEL:
        raise InvalidInput("target", f"must lie between 0 and {LEVEL:g}, but is {target:g}")
    dims, relative = grid_of(d, 3), relative_errors(relative_se, d)
    order = np.argsort(dims)
    dims, relative = dims[order], relative[order]
    seed = int(rng.integers(2**63))

    def naming(grid: Array, noise: Array, factor: float) -> tuple[float, str]:
        counts = None if replicates is None else round(replicates * factor)
        found = power(
            *(grid, noise / np.sqrt(factor), np.random.default_rng(seed), draws),
            replicates=counts,
            margin=margin,
            laws=laws,
        )
        return min((one.right, one.law) for one in found)

    def fraction(log_factor: float) -> float:
        """The factor, such that there is a whole number of replicates."""
        factor = float(2.0**log_factor)
        return factor if replicates is None else round(replicates * factor) / replicates

    probability, hardest = naming(dims, relative, 1.0)
    decides = probability >= target

    grid, noise, reached = dims, relative, decides
    ratio = max(2.0, float((dims[-1] / dims[0]) ** (1 / (dims.size - 1))))
    while not reached and grid[-1] * ratio <= limit:
        grid, noise = np.append(grid, grid[-1] * ratio), np.append(noise, noise[-1])
        reached = naming(grid, noise, 1.0)[0] >= target

    high = np.log2(min(most, (float(relative.min()) / ROUNDING) ** 2))
    low = -30.0 if replicates is None else np.log2(min(replicates, 2) / replicates)
    least = _least(lambda x: naming(dims, relative, fraction(x))[0] >= target, low, high)
    return Design(
        laws=tuple(laws),
        target=target,
        probability=probability,
        hardest=hardest,
        decides=decides,
        d_max=float(grid[-1]) if reached and not decides else None,
        points=grid.size if reached and not decides else None,
        limit=limit,
        replicates_factor=None if least is None else fraction(least),
        most=most,
    )


def _least(enough: Callable[[float], bool], low: float, high: float) -> float | None:
    """Where, from `low` to `high`, enough begins, to 0.015; None if it is not enough at `high`."""
    if not enough(high):
        return None
    if enough(low):
        return low
    while high - low > 0.015:
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
