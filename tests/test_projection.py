"""What a sweep would take: the bound is one, and it is made of what it says."""

import heapq
import json
from collections.abc import Sequence

import pytest

import dimfree
from bounds.check import InvalidInput
from figures.cost import BYTES, UNITS, amount
from studies import bench, projection
from studies.projection import Constants, Sweep, constants, project

FOUND = Constants(flop=1e-10, entry=1e-8, cell=2e-4, start=1.5, base=1e8, square=100.0)


def makespan(tasks: Sequence[float], workers: int) -> float:
    """When the last of the tasks ends, each begun in turn by whichever worker is free first."""
    free = [0.0] * workers
    for task in tasks:
        heapq.heappush(free, heapq.heappop(free) + task)
    return max(free)


@pytest.mark.parametrize("workers", [1, 2, 10, 100])
@pytest.mark.parametrize("route", ["gram", "laguerre"])
def test_no_schedule_takes_longer(route: projection.Route, workers: int) -> None:
    """Tasks in rising order, the worst, one by one:
    below the bound, and for some number of workers not far below.

    The bound without the longest task, work/W, is exceeded wherever there is more than one worker.
    """
    sweep = Sweep(route, (10, 50, 100, 500, 1000), steps=3, replicates=7)
    found = Constants(flop=1e-10, entry=1e-8, cell=1e-300, start=1e-300, base=1.0, square=1.0)
    cost = {
        "gram": lambda d: 3 * 1e-10 * 12 * d**3,
        "laguerre": lambda d: 1e-8 * d * d,
    }[route]
    tasks = [cost(d) for d in sweep.dims for _ in range(7 * (1 if route == "gram" else 3))]
    it = project(found, sweep, workers)
    assert it.work == pytest.approx(sum(tasks), rel=1e-12)
    assert it.longest == pytest.approx(max(tasks), rel=1e-12)
    took = makespan(tasks, workers)
    assert took <= it.seconds * (1 + 1e-12)
    assert took > it.seconds / 2
    if workers > 1:
        assert took > it.work / workers * (1 + 1e-3)


def test_the_bound_is_reached() -> None:
    """Graham's example, W(W − 1) tasks of 1 and then one of W:
    2W − 1, by the schedule and by the bound's last two terms.
    """
    for workers in (2, 5, 30):
        tasks = [1.0] * (workers * (workers - 1)) + [float(workers)]
        bound = sum(tasks) / workers + (1 - 1 / workers) * max(tasks)
        assert makespan(tasks, workers) == 2 * workers - 1 == pytest.approx(bound)


def test_the_coordinator_its_start_and_memory_count() -> None:
    """By hand: 5 cells, 3 times in the Laguerre route, 2·10⁻⁴ s each,
    1.5 s to start; 10⁸ bytes and 100 d² where matrices are.
    """
    dims = (10, 20, 50, 100, 200)
    none = Constants(flop=1e-300, entry=1e-300, cell=2e-4, start=1.5, base=1e8, square=100.0)
    assert project(none, Sweep("gram", dims, 3, 7), 4).seconds == pytest.approx(1.5 + 5 * 2e-4)
    assert project(none, Sweep("laguerre", dims, 3, 7), 4).seconds == pytest.approx(1.5 + 15 * 2e-4)
    assert project(FOUND, Sweep("gram", dims, 3, 7), 4).memory == 1e8 + 100 * 200**2
    assert project(FOUND, Sweep("laguerre", dims, 3, 7), 4).memory == 1e8


def test_what_limits_is_named() -> None:
    """Many replicates: the work. One and many workers:
    the longest task. Next to no work: the coordinator.
    """
    assert project(FOUND, Sweep("gram", (1000,), 2, 1000), 2).limit == "work"
    assert project(FOUND, Sweep("gram", (1000,), 2, 3), 100).limit == "longest task"
    assert project(FOUND, Sweep("gram", (2, 3), 2, 3), 2).limit == "coordinator"


def test_two_counts_of_the_flops_agree() -> None:
    """The bench's, product by product, and the projection's, plus the solve of DSM: 12 d³."""
    assert bench.FLOPS_LATER + 8 / 3 == pytest.approx(projection.GRAM_FLOPS) == pytest.approx(12)


def test_dimensions_in_steps_of_one_two_five() -> None:
    assert projection.dims(1000) == (10, 20, 50, 100, 200, 500, 1000)
    assert projection.dims(10**5)[-3:] == (20_000, 50_000, 100_000)


def test_refusals() -> None:
    """One sentence each."""
    good = vars(FOUND)
    assert constants(good) == FOUND
    sweep = Sweep("gram", (), 1, 1)
    wrong = {
        "bench: has no positive constant 'cell': run dimfree bench again": lambda: constants(
            good | {"cell": 0.0}
        ),
        "bench: has no positive constant 'flop': run dimfree bench again": lambda: constants({}),
        "workers: must be at least 1, but is 0": lambda: project(FOUND, sweep, 0),
        "dims: must not be empty": lambda: project(FOUND, sweep, 1),
    }
    for sentence, call in wrong.items():
        with pytest.raises(InvalidInput) as caught:
            call()
        assert str(caught.value) == sentence


def test_amounts() -> None:
    """Two digits in the unit that fits, at its borders too."""
    seconds = {
        4e-4: "400 µs",
        7.3e-11: "73 ps",
        0.25: "250 ms",
        1.0: "1 s",
        59.4: "59 s",
        90.0: "1.5 min",
        3600.0: "1 h",
        2e5: "2.3 days",
    }
    assert {value: amount(value, UNITS) for value in seconds} == seconds
    assert amount(4.7e8, UNITS) == "15 years"
    assert [amount(v, BYTES) for v in (1.2e8, 8e9, 1.3e12)] == ["120 MB", "8 GB", "1.3 TB"]


def test_the_committed_page_has_the_numbers_of_its_bench() -> None:
    """It is a function of bench.json; nothing was typed into it.
    Another constant makes another page.

    What the constants foretell where they were not made, the time at twice and three times the
    dimension and the memory, is within a factor of 1.5 of what was measured there.
    """
    record = json.loads(
        (dimfree.COMMITTED / "kumar_2025" / "bench.json").read_text(encoding="utf-8")
    )
    page = (dimfree.COMMITTED / "kumar_2025" / "cost.md").read_text(encoding="utf-8")
    assert dimfree.cost_text(record) == page
    checks = {
        line["what"]: line["value"] for line in record["lines"] if line["against"] == "foretold"
    }
    assert len(checks) == 3
    assert all(2 / 3 < value < 1.5 for value in checks.values()), checks
    record["lines"] = [
        line | {"value": 2 * line["value"]} if line["constant"] == "flop" else line
        for line in record["lines"]
    ]
    assert dimfree.cost_text(record) != page
    for words in ("| 100000\\* |", "1000 workers", "By the Laguerre route"):
        assert words in page
