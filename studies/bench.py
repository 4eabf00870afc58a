r"""What things cost on this machine, as ratios within one run, one BLAS thread throughout.

Each measurement runs in a process of its own, so that its peak memory is its own. Seconds are the
least of a few repeats; what is compared is measured in turn. Counted flops of the exact engine, a
step:

    X_tᵀX_t, M_1ᵀM_1, LᵀL: d³ each;   three general products: 2 d³ each;   one Cholesky: d³/3.

Longer than 350 lines: each measurement is a few lines that run in a process of their own, and there
are many.
"""

import platform
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

from bounds import gram
from bounds.check import Array, InvalidInput
from bounds.estimators import dsm, dsm_step
from bounds.gaussian import Gaussian
from bounds.gram import exact, simulated
from bounds.process import uniform_grid
from bounds.risk import draw_dsm_risk
from studies import bench_networks, executors, output, processes
from studies.projection import GRAM_FLOPS, Sweep, constants, project
from studies.study import Cell, Lazy, Row, Settings, Study
from studies.sweep import run as run_study
from studies.task import versions

FLOPS_FIRST = 1 + 1 + 2 + 2 + 1 / 3
FLOPS_LATER = FLOPS_FIRST + 1 + 2
DIMENSION = 64
STEPS = 10
UNIT = (32, 10**6, 10, 1)  # of work: d, m, N, batch of an exact draw
BUSY = 0.05  # seconds of a busy cell, at least


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Attributes
    ----------
    what : what was measured
    value : the number
    unit : its unit
    against : what it is a ratio to; "" where it is none
    constant : its name among projection.Constants; "" where it is none of them
    """

    what: str
    value: float
    unit: str
    against: str = ""
    constant: str = ""


def flops(d: int, steps: int) -> float:
    """Counted flops of one replicate of the exact engine, m ≥ 3 d, without estimators."""
    return d**3 * (FLOPS_FIRST + (steps - 1) * FLOPS_LATER)


# --- what is timed: functions of plain values, which a process of its own can be sent -------------


def draw_exact(d: int, m: int, steps: int, batch: int) -> None:
    """Gram matrices of `batch` replicates by the exact engine, one at a time where batch is 1."""
    rngs = [np.random.default_rng([1, k]) for k in range(batch)]
    for _ in exact(Gaussian(np.ones(d)), m, uniform_grid(0.1, steps), rngs):
        pass


def draw_step_by_step(d: int, m: int, steps: int, batch: int) -> None:
    """The same with one call of each kind a step, as where a whole path would not fit."""
    gram.WHOLE = 0  # of this process alone
    draw_exact(d, m, steps, batch)


def draw_normals(count: int) -> None:
    """So many standard normals."""
    np.random.default_rng(5).standard_normal(count)


def simulate_streaming(d: int, m: int, steps: int) -> None:
    """The same by our own simulation in blocks."""
    for _ in simulated(Gaussian(np.ones(d)), m, uniform_grid(0.1, steps), np.random.default_rng(2)):
        pass


def simulate_plain(d: int, m: int, steps: int) -> None:
    """DSM at each step in plain numpy: arrays of all samples in memory, normal equations, solve."""
    rng = np.random.default_rng(3)
    for x, target in _plain_steps(d, m, steps, rng):
        np.linalg.solve(x.T @ x, x.T @ target)


def exact_dsm(d: int, m: int, steps: int) -> None:
    """DSM at each step from the exact engine."""
    for _ in dsm(
        exact(Gaussian(np.ones(d)), m, uniform_grid(0.1, steps), np.random.default_rng(4))
    ):
        pass


def fit_scikit_learn(d: int, m: int, steps: int) -> None:
    """DSM at each step by scikit-learn's LinearRegression on the same plain data."""
    from sklearn.linear_model import LinearRegression

    for x, target in _plain_steps(d, m, steps, np.random.default_rng(3)):
        LinearRegression(fit_intercept=False).fit(x, target)


def _plain_steps(
    d: int, m: int, steps: int, rng: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    """X_t and the denoising target −Z_t/σ_t² for all samples at once, step after step."""
    x0 = rng.standard_normal((m, d))
    x, now = x0, 0.0
    for t in uniform_grid(0.1, steps):
        gap = t - now
        x = np.exp(-gap) * x + np.sqrt(-np.expm1(-2 * gap)) * rng.standard_normal((m, d))
        now = t
        yield x, -(x - np.exp(-t) * x0) / -np.expm1(-2 * t)


def draw_bidiagonal(d: int, m: int) -> None:
    """One DSM risk at a single time step by the Laguerre route."""
    draw_dsm_risk(Gaussian(np.ones(d)), 0.5, m, np.random.default_rng(5))


def solve_dsm(d: int, m: int) -> None:
    """One exact Gram matrix and its DSM estimate."""
    (gram,) = exact(Gaussian(np.ones(d)), m, [0.5], np.random.default_rng(6))
    dsm_step(gram)


def multiply(d: int) -> None:
    """One d × d matrix product."""
    a = np.ones((d, d))
    a @ a


# --- what the runner costs: sweeps over cells of nothing, and over cells of known work ------------


class SweepSettings(Settings):
    """Config of the sweeps that are timed here:
    how many cells, and how often each does its unit of work.
    """

    cells: int
    units: int = 0


def _cells(settings: SweepSettings) -> Lazy:
    return Lazy(settings.cells, lambda place: {"place": place, "units": settings.units})


def _work(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """The unit of work, a small exact draw, as often as the cell says."""
    for _ in range(cell["units"]):
        draw_exact(*UNIT)
    return [[{"value": 0.0}] for _ in seeds]


SWEEP = Study(
    name="bench",
    about="Cells of nothing, or of known work.",
    settings=SweepSettings,
    cells=_cells,
    measure=_work,
    columns=("study", "replicate", "value"),
    batch=lambda cell: 1,
    presets={},
)


def sweep(
    cells: int, units: int = 0, workers: int = 1, executor: Callable[[], Executor] | None = None
) -> float:
    """Seconds of a run over so many cells,
    from nothing to the table, in a folder that is thrown away.
    """
    settings = SweepSettings(cells=cells, units=units, replicates=1, seed=0)
    with output.scratch() as folder:
        start = time.perf_counter()
        run_study(SWEEP, settings, folder, workers=workers, executor=executor, progress=False)
        return time.perf_counter() - start


def sweep_nothing(cells: int) -> None:
    """The coordinator's part alone: cells without work, measured in this process."""
    sweep(cells)


def efficiency(pairs: int = 3) -> tuple[float, float, float]:
    """Busy cells on one worker and on two, in turn.

    Returns
    -------
    Median of the ratios of the two times; seconds of a cell; seconds until two workers had
    answered.
    """
    unit = timed(draw_exact, UNIT, 20)[0]
    units = int(np.ceil(1.2 * BUSY / unit))
    with executors.lasting(2) as two, executors.lasting(1) as one:
        start = time.perf_counter()
        sweep(16, 1, 2, two)
        started = time.perf_counter() - start
        ratios = [sweep(60, units, 1, one) / sweep(60, units, 2, two) for _ in range(pairs)]
    return float(np.median(ratios)), units * unit, started


# --- measuring ------------------------------------------------------------------------------------


def timed(
    function: Callable[..., None], arguments: tuple[int | str, ...], repeats: int
) -> tuple[float, float]:
    """Least seconds over the repeats after one run to warm up
    (none where there is one repeat), and peak MB.
    """
    if repeats > 1:
        function(*arguments)
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        function(*arguments)
        best = min(best, time.perf_counter() - start)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return float(best), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def alone(
    function: Callable[..., None], *arguments: int | str, repeats: int = 3
) -> tuple[float, float]:
    """`timed` in a fresh process with one BLAS thread."""
    pool = processes.Pool(1)
    try:
        return pool.submit(timed, function, arguments, repeats).result()
    finally:
        executors.stop(pool)


def run(say: Callable[[str], None]) -> list[Line]:
    """All of it.

    Parameters
    ----------
    say : told what is being measured, for progress

    Returns
    -------
    The lines of the table.

    Raises
    ------
    InvalidInput
        If scikit-learn, the extra [bench], is not installed.
    """
    try:
        import sklearn  # noqa: F401
    except ImportError:
        raise InvalidInput(
            "bench", "needs scikit-learn, the extra [bench]: pip install dimfree[bench]"
        ) from None
    d, steps, many = DIMENSION, STEPS, 10**6
    lines: list[Line] = []

    def add(what: str, value: float, unit: str, against: str = "") -> float:
        lines.append(Line(what, float(value), unit, against))
        return value

    say("matrix multiplication")
    gigaflops = 2 * 1024**3 / alone(multiply, 1024, repeats=10)[0] / 1e9
    add("matrix multiply, d = 1024", gigaflops, "Gflop/s")

    say("exact engine against m")
    by_m = {
        m: alone(draw_exact, d, m, steps, 1, repeats=30)[0] for m in (10**4, 10**6, 10**9, 10**12)
    }
    for m, seconds in by_m.items():
        add(f"exact, d = {d}, N = {steps}, m = {m:.0e}", 1e3 * seconds, "ms")
    add("exact, m = 1e9", by_m[10**9] / by_m[10**4], "times", "m = 1e4")
    batched = alone(draw_exact, d, many, steps, 16, repeats=5)[0] / 16
    add(f"exact, d = {d}, N = {steps}, batches of 16", 1e3 * batched, "ms a replicate")
    together, apart = (
        alone(draw, 8, many, steps, 256, repeats=5)[0] for draw in (draw_exact, draw_step_by_step)
    )
    add("exact, d = 8, N = 10, batches of 256", 256 / together, "replicates/s")
    add("exact, d = 8, N = 10: replicates/s", apart / together, "times", "drawn step by step")
    normals = int(steps * 2.5 * d**2)
    floor = flops(d, steps) / gigaflops / 1e9 + alone(draw_normals, 100 * normals)[0] / 100
    add(f"exact, d = {d}, N = {steps}, batches of 16", batched / floor, "times", "flops, normals")

    say("exact engine against d")
    dims = (128, 256, 512, 1024)
    by_d = {
        size: alone(draw_exact, size, 10**9, steps, 1, repeats=2 if size > 600 else 5)
        for size in dims
    }
    for size, (seconds, peak) in by_d.items():
        rate = flops(size, steps) / seconds / 1e9
        add(f"exact, d = {size}, N = {steps}", seconds, "s")
        add(f"exact, d = {size}: flops/s", rate / gigaflops, "times", "matrix multiply")
        if size == dims[-1]:
            add(f"exact, d = {size}: peak memory", peak, "MB")
    exponent = np.polyfit(np.log(dims), np.log([by_d[s][0] for s in dims]), 1)[0]
    add(f"exact: exponent of time in d over {dims[0]} … {dims[-1]}", exponent, "")

    say("single time step")
    add(
        "DSM risk by the bidiagonal route, d = 10000",
        alone(draw_bidiagonal, 10_000, 10**9, repeats=1)[0],
        "s",
    )
    full = alone(solve_dsm, 1024, 10**9)[0]
    add(
        "DSM by Gram matrix, d = 1024",
        full / alone(draw_bidiagonal, 1024, 10**9)[0],
        "times",
        "bidiagonal route",
    )

    say("streaming simulation, m = 10⁶")
    streaming, peak = alone(simulate_streaming, d, many, steps, repeats=1)
    add(f"streaming simulation, d = {d}, N = {steps}, m = 1e6", streaming, "s")
    add("streaming simulation: peak memory", peak, "MB")
    add("streaming simulation, m = 1e6", streaming / by_m[many], "times", "exact")

    say("plain numpy, m = 10⁶")
    plain, peak = alone(simulate_plain, d, many, steps, repeats=1)
    with_fit = alone(exact_dsm, d, many, steps, repeats=10)[0]
    add(f"plain numpy with DSM, d = {d}, N = {steps}, m = 1e6", plain, "s")
    add("plain numpy: peak memory", peak, "MB")
    add("plain numpy with DSM, m = 1e6", plain / with_fit, "times", "exact with DSM")

    say("scikit-learn, m = 10⁵")
    learn = alone(fit_scikit_learn, d, 10**5, steps, repeats=1)[0]
    add("scikit-learn LinearRegression with DSM, m = 1e5", learn, "s")
    add(
        "scikit-learn LinearRegression with DSM, m = 1e5",
        learn / with_fit,
        "times",
        "exact with DSM",
    )

    say("networks, each budget of Figure 3b")
    for line in bench_networks.compare(alone):
        add(*line)

    say("the runner")
    lines += runner()
    say("what foretells a sweep's cost")
    lines += foretold({line.constant: line.value for line in lines if line.constant})
    return lines


def runner() -> list[Line]:
    """What the runner adds to the work, and how two workers share it."""
    cells = 20_000
    cell = (sweep(cells) - sweep(cells // 10)) / (0.9 * cells)
    few, many = (alone(sweep_nothing, n, repeats=1)[1] for n in (1000, 100_000))
    faster, busy, started = efficiency()
    return [
        Line("runner, until two workers have answered", started, "s", constant="start"),
        Line("runner, a cell of no work", cell, "s", constant="cell"),
        Line("runner, 1000 cells: peak memory", few, "MB"),
        Line("runner, 100000 cells: peak memory", many, "MB"),
        Line(
            f"runner, cells of {1e3 * busy:.0f} ms: one worker's time",
            faster,
            "times",
            "two workers'",
        ),
    ]


def foretold(measured: Mapping[str, float]) -> list[Line]:
    """The other constants of studies.projection,
    and how well all of them foretell what they were not made from.

    Parameters
    ----------
    measured : "cell" and "start" of the runner
    """
    m, small, large, beyond, laguerre, further = 10**9, 128, 1024, 2048, 10_000, 30_000
    seconds, peak = alone(exact_dsm, large, m, 2)
    base = alone(exact_dsm, small, m, 2)[1]
    entry = alone(draw_bidiagonal, laguerre, m, repeats=2)[0] / laguerre**2
    made = {
        "flop": seconds / (2 * GRAM_FLOPS * large**3),
        "square": 2**20 * (peak - base) / (large**2 - small**2),
        "base": 2**20 * base,
        "entry": entry,
    }
    found = constants({**measured, **made})
    seconds, peak = alone(exact_dsm, beyond, m, 2, repeats=1)
    gram = project(found, Sweep("gram", (beyond,), 2, 1), 1)
    longer = alone(draw_bidiagonal, further, m, repeats=1)[0]
    one = project(found, Sweep("laguerre", (further,), 1, 1), 1)
    return [
        Line(f"exact with DSM, d = {large}, a flop", made["flop"], "s", constant="flop"),
        Line(
            f"exact with DSM, d = {large}, memory over d²",
            made["square"],
            "bytes",
            constant="square",
        ),
        Line("worker without matrices, memory", made["base"], "bytes", constant="base"),
        Line(f"Laguerre route, d = {laguerre}, an entry", entry, "s", constant="entry"),
        Line(f"exact with DSM, d = {beyond}", seconds / gram.work, "times", "foretold"),
        Line(
            f"exact with DSM, d = {beyond}: memory", 2**20 * peak / gram.memory, "times", "foretold"
        ),
        Line(f"Laguerre route, d = {further}", longer / one.work, "times", "foretold"),
    ]


def machine() -> dict[str, str]:
    """Where it was measured: processor, numpy and its BLAS."""
    processor = platform.machine()
    with suppress(OSError):
        found = re.search(
            r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE
        )
        processor = f"{found[1]}, {processor}" if found else processor
    blas = [
        f"{pool['internal_api']} {pool['version']} ({pool['architecture']})"
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    ]
    return {"processor": processor, "BLAS": ", ".join(sorted(set(blas))), **versions()}


def table(lines: list[Line]) -> str:
    """The lines as text."""
    width = max(len(line.what) for line in lines)
    return "\n".join(
        f"{line.what:<{width}}  {line.value:>11.4g} {line.unit}"
        + (f" of {line.against}" if line.against else "")
        for line in lines
    )
