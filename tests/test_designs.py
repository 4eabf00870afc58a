"""Power and designs of the rule that names laws: against tables that are judged one by one, and
against designs that are a little smaller.

Fixed seeds; each bound is a binomial quantile at 1e-9 or the six standard deviations that come near
it.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from bounds.check import Array, InvalidInput
from studies.designs import Design, deciding_design, power
from studies.laws import LAWS, compare_laws

DIMS = np.array([16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0])
UNEVEN = np.array([0.20, 0.01, 0.03, 0.15, 0.02, 0.08, 0.05])
PAIR = ("constant", "log log d")
SIX_SIGMA = 6.11


def share(
    law: str, noise: Array, replicates: int | None, offset: float, draws: int = 500
) -> dict[str, float]:
    """Verdicts of tables that are made run by run and judged one by one."""
    rng = np.random.default_rng(50)
    truth = LAWS[law](DIMS) + offset * LAWS[law](DIMS)[0]
    verdicts = []
    for _ in range(draws):
        if replicates is None:
            y, se, counts = truth * (1 + noise * rng.standard_normal(7)), noise * truth, None
        else:
            scatter = np.sqrt(replicates) * noise * rng.standard_normal((replicates, 7))
            runs = truth * (1 + scatter)
            y, se, counts = runs.mean(0), runs.std(0, ddof=1) / np.sqrt(replicates), replicates
        verdicts.append(compare_laws(DIMS, y, se, replicates=counts).verdict)
    names = {
        "right": {law},
        "undecided": {"UNDECIDED"},
        "none": {"NONE"},
        "wrong": set(LAWS) - {law},
    }
    return {
        outcome: float(np.mean([v in those for v in verdicts])) for outcome, those in names.items()
    }


@pytest.mark.parametrize(
    ("law", "noise", "replicates", "offset"),
    [
        ("constant", 0.4, None, 0.0),
        ("log d", 0.25, 6, 0.0),
        ("log d", 0.3, 30, 0.3),
        ("d", 0.9, 5, 40.0),
    ],
)
def test_power_against_tables_made_of_runs(
    law: str, noise: float, replicates: int | None, offset: float
) -> None:
    """Shares of right, undecided, none and wrong: 500 tables of runs against 20 000 by `power`, ±
    6.1σ.

    Decoys: noise a third larger, and twice the replicates.
    """
    relative, rng = noise * UNEVEN, np.random.default_rng(51)
    found = share(law, relative, replicates, offset)
    (row,) = power(DIMS, relative, rng, 20_000, replicates=replicates, offset=offset, laws=[law])
    assert 0.2 < row.right < 0.9
    for outcome, measured in found.items():
        p = float(getattr(row, outcome))
        width = SIX_SIGMA * np.sqrt(p * (1 - p) * (1 / 500 + 1 / 20_000)) + 0.01
        assert abs(measured - p) < width
        if outcome == "right":
            (loud,) = power(
                DIMS,
                4 / 3 * relative,
                rng,
                20_000,
                replicates=replicates,
                offset=offset,
                laws=[law],
            )
            assert abs(measured - loud.right) > width
    assert row.right + row.wrong + row.undecided + row.none == pytest.approx(1)


def test_single_runs_against_tables() -> None:
    """log d with a scatter of 0.9 %, one run a dimension: 500 tables one by one, ± 6.1σ; 1.3 % is
    told from it."""
    rng, truth = np.random.default_rng(52), np.log(DIMS)
    names = [
        compare_laws(DIMS, truth * np.exp(0.009 * rng.standard_normal(7))).verdict
        for _ in range(500)
    ]
    (row,) = power(DIMS, 0.009, rng, 20_000, replicates=1, laws=["log d"])
    width = SIX_SIGMA * np.sqrt(row.right * (1 - row.right) * (1 / 500 + 1 / 20_000))
    measured = float(np.mean([name == "log d" for name in names]))
    assert 0.2 < row.right < 0.9
    assert abs(measured - row.right) < width
    (loud,) = power(DIMS, 0.013, rng, 20_000, replicates=1, laws=["log d"])
    assert abs(measured - loud.right) > width


def test_a_design_like_figure_1a_names_constant_and_log_log() -> None:
    """d = 4 … 256, 200 replicates of relative scatter √2/d, all laws as rivals, offsets too: above
    98 %.

    Fifty times fewer replicates, 4, are not enough: the power is the design's, not the rule's.
    """
    d = 2.0 ** np.arange(2, 9)
    for offset in (-0.5, 0.0, 10.0):
        rows = power(
            d,
            np.sqrt(2 / 200) / d,
            np.random.default_rng(53),
            4000,
            replicates=200,
            offset=offset,
            laws=PAIR,
        )
        assert min(one.right for one in rows) > 0.98
    rows = power(d, np.sqrt(2 / 4) / d, np.random.default_rng(53), 4000, replicates=4, laws=PAIR)
    assert min(one.right for one in rows) < 0.5


def test_flat_within_the_margin_is_a_right_constant() -> None:
    """1e4 + log log d changes by 1e-4: "constant" is right there, "log d" would not be."""
    (row,) = power(DIMS, 0.001, np.random.default_rng(54), 1000, offset=1e4, laws=["log log d"])
    assert row.right > 0.97


@pytest.mark.parametrize("replicates", [None, 8])
def test_the_design_decides_and_no_less_does(replicates: int | None) -> None:
    """Its replicates and its grid reach the target by other draws; 3/4 of the replicates, or one
    dimension fewer, do not. 20 000 tables: ± 0.02 at 6.1σ, with 2000 draws of its own."""
    relative, target, width = 0.1, 0.9, 0.03
    design = deciding_design(
        DIMS, relative, np.random.default_rng(55), PAIR, target, replicates=replicates
    )
    assert not design.decides
    assert design.replicates_factor is not None

    def least(dims: NDArray[np.floating], noise: float, counts: int | None) -> float:
        rows = power(dims, noise, np.random.default_rng(56), 20_000, replicates=counts, laws=PAIR)
        return min(one.right for one in rows)

    assert least(DIMS, relative, replicates) == pytest.approx(design.probability, abs=width)
    for part, enough in ((1.0, True), (0.75, False)):
        factor = part * design.replicates_factor
        counts = None if replicates is None else round(factor * replicates)
        assert (least(DIMS, relative / np.sqrt(factor), counts) > target - width) == enough
    if design.points is not None:
        grid = 16.0 * 2.0 ** np.arange(design.points)
        assert grid[-1] == pytest.approx(design.d_max)
        assert least(grid, relative, replicates) > target - width
        assert least(grid[:-1], relative, replicates) < target + width


def test_replicates_scale_as_the_square_of_the_noise() -> None:
    """Twice the noise, four times the replicates: the same precision at the end. Within the
    bisection's 2 %."""
    factors = [
        deciding_design(DIMS, r, np.random.default_rng(57), limit=2000.0).replicates_factor
        for r in (0.05, 0.1, 0.2)
    ]
    for a, b in pairwise(factors):
        assert a is not None and b is not None
        assert b / a == pytest.approx(4, rel=0.03)


def test_a_narrow_grid_is_answered_quickly() -> None:
    """d = 1000, 1001, 1002: no number of replicates does, larger dimensions may; in seconds, not
    minutes."""
    start = time.process_time()
    hopeless = deciding_design([1000, 1001, 1002], 0.3, np.random.default_rng(58))
    assert (hopeless.decides, hopeless.d_max, hopeless.replicates_factor) == (False, None, None)
    assert hopeless.sentence == (
        "This design names constant, where it holds, with probability 0, and neither 1e+08 times "
        "the replicates nor, at this noise, dimensions up to 1e+09 would name constant or log log "
        "d with 0.95."
    )
    wider = deciding_design([1000, 1001, 1002], 0.01, np.random.default_rng(58))
    assert wider.replicates_factor is None
    assert wider.d_max is not None
    assert (
        f"dimensions up to {wider.d_max:.3g}, would name constant or log log d with 0.95"
        in wider.sentence
    )
    assert time.process_time() - start < 20


def test_what_decides_says_so() -> None:
    """A quiet table needs nothing more, and less would do; a table one step short says how much."""
    settled = deciding_design(DIMS, 0.001, np.random.default_rng(59))
    assert settled.decides
    assert settled.d_max is None
    assert settled.replicates_factor is not None and settled.replicates_factor < 1
    assert settled.sentence.startswith(
        "This design names constant or log log d, whichever holds, with"
    )
    assert settled.sentence.endswith("% of the replicates would do.")
    weak = Design(PAIR, 0.95, 0.31, "constant", False, 4096.0, 9, 1e9, 7.3, 1e8)
    assert weak.sentence == (
        "This design names constant, where it holds, with probability 0.31; 7.3 times the "
        "replicates, or dimensions up to 4.1e+03, would name constant or log log d with 0.95."
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: power(DIMS, 0.0, rng), "relative_se: must be one positive number"),
        (lambda rng: power(DIMS, UNEVEN[:3], rng), "relative_se: must be one positive number"),
        (lambda rng: power(DIMS, 0.1, rng, 0), "draws: must be at least 1, but is 0"),
        (lambda rng: power(DIMS, 0.1, rng, offset=-1), "offset: must be above −1"),
        (lambda rng: power(DIMS, 0.1, rng, laws=["d²"]), "laws: must be of constant, log log d"),
        (lambda rng: power([2, 8, 16], 0.1, rng), "dims: log log d is not positive"),
        (lambda rng: power([8, 8, 16], 0.1, rng), "dims: holds d = 8 more than once"),
        (
            lambda rng: power(DIMS, 0.1, rng, replicates=0),
            "replicates: must be one number or one per",
        ),
        (
            lambda rng: deciding_design(DIMS, 0.1, rng, target=0.99),
            "target: must lie between 0 and 0.99",
        ),
        (lambda rng: deciding_design(DIMS[:2], 0.1, rng), "dims: must hold at least 3"),
    ],
)
def test_bad_input_is_one_sentence(
    call: Callable[[np.random.Generator], object], message: str
) -> None:
    """Each names what is wrong, and why."""
    with pytest.raises(InvalidInput, match=f"^{message}"):
        call(np.random.default_rng(0))


def test_answers_go_to_json() -> None:
    """Plain numbers and words all the way down."""
    rng = np.random.default_rng(60)
    for answer in (power(DIMS, 0.1, rng, 10)[0], deciding_design(DIMS, 0.1, rng)):
        record = asdict(answer)
        assert json.loads(json.dumps(record, allow_nan=False)).keys() == record.keys()
