r"""What a sweep would take on many workers, from constants that `dimfree bench` measures.

    seconds of a replicate:   Gram route        N · g · 12 d³     (exact engine 28/3 d³ flops, DSM
                              8/3 d³) Laguerre route    b · d²
                              (bounds.risk.draw_dsm_risk, one time step)
    memory of a worker:       Gram route        base + a d²       Laguerre route  base
    makespan ≤ start + cells · c + work/W + (1 − 1/W) · longest

with g seconds a flop at the largest dimension measured for it, c the coordinator's seconds a cell,
W workers. The last line is Graham's bound for list scheduling, which holds for any order of the
tasks and however unequal they are; the coordinator's share is added as if nothing of it overlapped.
What the constants predict at dimensions that they were not made from is measured too, and the ratio
stands beside them.

Source: R. L. Graham, Bounds on multiprocessing timing anomalies, 1969 (recalled, not read); the
rest counted here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bounds.check import InvalidInput

Route = Literal["gram", "laguerre"]
GRAM_FLOPS = 28 / 3 + 8 / 3


@dataclass(frozen=True)
class Constants:
    """What one machine takes, one thread a worker.

    Attributes
    ----------
    flop : g, seconds a flop of the exact engine with DSM
    entry : b, seconds an entry of the d × d noise of the Laguerre route
    cell : c, seconds of the coordinator for a cell that is no work
    start : seconds to start a worker
    base : bytes of a worker that holds nothing yet
    square : a, bytes a worker needs for each of d² in the Gram route
    """

    flop: float
    entry: float
    cell: float
    start: float
    base: float
    square: float


@dataclass(frozen=True)
class Sweep:
    """What is to be measured, one cell for each dimension.

    Attributes
    ----------
    route : "gram" (every estimator, the joint law over times) or "laguerre" (DSM, each time by
        itself)
    dims : dimensions d
    steps : N times
    replicates : of each
    """

    route: Route
    dims: Sequence[int]
    steps: int
    replicates: int


@dataclass(frozen=True)
class Projection:
    """What it takes.

    Attributes
    ----------
    seconds : at most, from start to table
    work : seconds of all tasks together
    longest : seconds of the longest task, one replicate at the largest d
    memory : bytes of a worker
    limit : which part of the bound is the largest: "work", "longest task" or "coordinator"
    """

    seconds: float
    work: float
    longest: float
    memory: float
    limit: str


def constants(measured: Mapping[str, float]) -> Constants:
    """From the named lines of a bench.

    Raises
    ------
    InvalidInput
        If one is missing or not positive.
    """
    found = {}
    for name in Constants.__dataclass_fields__:
        value = measured.get(name)
        if not isinstance(value, float | int) or not value > 0:
            raise InvalidInput(
                "bench", f"has no positive constant {name!r}: run dimfree bench again"
            )
        found[name] = float(value)
    return Constants(**found)


def replicate(found: Constants, sweep: Sweep, d: int) -> float:
    """Seconds of one replicate at d:
    all its times in the Gram route, one of them in the Laguerre route.
    """
    if sweep.route == "gram":
        return sweep.steps * found.flop * GRAM_FLOPS * d**3
    return found.entry * d**2


def project(found: Constants, sweep: Sweep, workers: int) -> Projection:
    """The bound of the module docstring.

    Parameters
    ----------
    found : measured constants
    sweep : what is to be measured
    workers : W ≥ 1

    Raises
    ------
    InvalidInput
        If W < 1, or there are no dimensions.
    """
    if workers < 1:
        raise InvalidInput("workers", f"must be at least 1, but is {workers}")
    if not sweep.dims:
        raise InvalidInput("dims", "must not be empty")
    times = 1 if sweep.route == "gram" else sweep.steps
    work = sum(sweep.replicates * times * replicate(found, sweep, d) for d in sweep.dims)
    largest = max(sweep.dims)
    longest = replicate(found, sweep, largest)
    coordinator = len(sweep.dims) * times * found.cell
    parts = {
        "work": work / workers,
        "longest task": (1 - 1 / workers) * longest,
        "coordinator": coordinator,
    }
    memory = found.base + (found.square * largest**2 if sweep.route == "gram" else 0.0)
    limit = max(parts, key=lambda part: parts[part])
    return Projection(found.start + sum(parts.values()), work, longest, memory, limit)


WORKERS = (1, 10, 100, 1000)
STEPS, REPLICATES = 5, 100
LARGEST = (10**3, 10**4, 10**5)
MEASURED: Mapping[Route, int] = {"gram": 2048, "laguerre": 30_000}
"""The largest d at which the bench holds a route's projection against a measurement."""


def dims(largest: int) -> tuple[int, ...]:
    """10, 20, 50, 100, … up to the largest, which is a power of ten."""
    return tuple(
        d
        for power in range(1, 7)
        for d in (10**power, 2 * 10**power, 5 * 10**power)
        if d <= largest
    )


def answers(found: Constants) -> list[dict[str, Any]]:
    """What sweeps to d = 10³, 10⁴, 10⁵ would take on 1 to 1000 workers, by both routes.

    Returns
    -------
    For each route and largest d: "route", "largest", "work" in seconds, "memory" of a worker in
    bytes, "seconds" and "limits", one for each of `WORKERS`, and "measured": whether the bench has
    been there.
    """
    rows = []
    for route, most in MEASURED.items():
        for largest in LARGEST:
            sweep = Sweep(route, dims(largest), STEPS, REPLICATES)
            on = [project(found, sweep, workers) for workers in WORKERS]
            rows.append(
                {
                    "route": route,
                    "largest": largest,
                    "work": on[0].work,
                    "memory": on[0].memory,
                    "seconds": [one.seconds for one in on],
                    "limits": [one.limit for one in on],
                    "measured": largest <= most,
                }
            )
    return rows
