"""Verdicts: what each comparison accepts, what it contradicts, and how often it is wrong."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

from bounds.check import InvalidInput
from bounds.claim import (
    BUDGET,
    LARGEST,
    Claim,
    Comparison,
    Formula,
    Kind,
    Measured,
    Verdict,
    compare,
    quantile,
    verify,
)
from bounds.ledger import CLAIMS, claim
from studies.catalog import STUDIES
from studies.quantities import study_of


def one(cell: Any) -> float:
    return 1.0


def constant(value: float) -> Formula:
    return lambda cell: value


def made(kind: Kind, formula: Formula = one, decoy: Formula = one, **more: Any) -> Claim:
    """A claim of that kind about nothing in particular."""
    parts: dict[str, Any] = {
        "name": "made",
        "statement": "s",
        "assumptions": "a",
        "source": "here",
        "origin": "derived",
        "kind": kind,
        "measurement": "none",
        "formula": formula,
        "decoy": decoy,
        "decoy_note": "n",
    }
    return Claim(**(parts | more))


def points(*values: float, error: float = 0.0) -> list[Measured]:
    return [Measured({"x": 4.0 * 2**k}, value, error, 50) for k, value in enumerate(values)]


def student(tail: float, freedom: int) -> float:
    """The t with P(|T| > t) = tail, by the inverse of the incomplete beta function."""
    share = float(special.betaincinv(freedom / 2, 0.5, tail))
    return math.sqrt(freedom * (1 - share) / share)


def steps_by_bisection(
    claim: Claim, measured: Callable[[float], list[Measured]], high: float
) -> float:
    """The distance at which the formula stops being accepted."""
    low = 0.0
    for _ in range(60):
        middle = (low + high) / 2
        accepted = compare(claim, claim.formula, measured(middle)).answer == "accepted"
        low, high = (middle, high) if accepted else (low, middle)
    return low


# --- truth and decoy, for each kind ---------------------------------------------------------------

TRIED: dict[Kind, tuple[Formula, Formula, dict[str, float], list[Measured]]] = {
    "identity": (one, constant(1.001), {"tolerance": 1e-4}, points(1, 1.00005, 1)),
    "tight": (one, constant(1.1), {}, points(1.002, 0.997, error=0.001)),
    "upper": (one, constant(0.5), {}, points(0.9, 0.7, error=0.01)),
    "lower": (one, constant(1.5), {}, points(1.1, 1.4, error=0.01)),
    "rate": (
        lambda c: c["x"] ** 2,
        lambda c: c["x"] ** 2.1,
        {"tolerance": 0.02},
        points(16, 64, 256, 1024),
    ),
}


@pytest.mark.parametrize("kind", TRIED)
def test_truth_and_decoy_go_the_same_way(kind: Kind) -> None:
    """Each kind accepts its truth and contradicts its decoy; with the two exchanged it is REFUTED.

    A comparison that says yes, or no, to everything fails one of the four.
    """
    formula, decoy, allowed, measured = TRIED[kind]
    verdict = verify(made(kind, formula, decoy, **allowed), measured)
    assert (verdict.status, verdict.formula.answer, verdict.decoy.answer) == (
        "HOLDS",
        "accepted",
        "contradicted",
    )
    assert verdict.formula.margin <= 1 < verdict.decoy.margin
    assert verdict.cells == len(measured)
    assert verdict.replicates == 50
    assert verdict.as_expected
    exchanged = verify(made(kind, decoy, formula, **allowed), measured)
    assert exchanged.status == "REFUTED"
    assert not exchanged.as_expected


@pytest.mark.parametrize("kind", TRIED)
def test_without_power_nothing_holds(kind: Kind) -> None:
    """Formula and decoy both accepted is UNDECIDED, whatever the kind: never a pass."""
    formula, _, allowed, measured = TRIED[kind]
    verdict = verify(made(kind, formula, formula, **allowed), measured)
    assert verdict.status == "UNDECIDED"
    assert not verdict.as_expected
    assert not verdict.to_json()["decoy_rejected"]


@pytest.mark.parametrize("kind", ["tight", "upper", "lower"])
def test_noise_takes_the_power_away(kind: Kind) -> None:
    """The same numbers with errors a hundred times
    as large tell the decoy from the truth no more.
    """
    formula, decoy, allowed, measured = TRIED[kind]
    noisy = [replace(m, error=100 * m.error) for m in measured]
    assert verify(made(kind, formula, decoy, **allowed), noisy).status == "UNDECIDED"


def test_one_bad_cell_is_enough() -> None:
    """A verdict is over all cells and names the worst;
    the mean over the cells would hide it here.
    """
    measured = points(1.0, 1.0, 1.3, 0.7, error=0.01)
    verdict = verify(made("tight", decoy=constant(2.0)), measured)
    assert verdict.status == "REFUTED"
    assert verdict.formula.cell in (measured[2].cell, measured[3].cell)
    assert verdict.formula.predicted == 1.0


def test_bounds_are_one_sided() -> None:
    """Far below an upper bound and far above a lower one is fine;
    beyond either is not. Catches an abs().
    """
    cases: tuple[tuple[Kind, float, float], ...] = (("upper", 0.01, 1.2), ("lower", 100.0, 0.8))
    for kind, far, beyond in cases:
        subject = made(kind)
        assert compare(subject, one, points(far, far, error=0.01)).answer == "accepted"
        assert compare(subject, one, points(far, beyond, error=0.01)).answer == "contradicted"
        assert compare(subject, one, points(far, far)).answer == "accepted"


# --- the boundary ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["tight", "upper", "lower"])
@pytest.mark.parametrize(("cells", "false_alarm"), [(1, 0.05), (7, 0.05), (40, 1e-9)])
def test_where_a_contradiction_begins(kind: Kind, cells: int, false_alarm: float) -> None:
    """z is Bonferroni's two-sided Student quantile:
    against the incomplete beta, by bisection through `compare` itself.

    Catches a forgotten division by the number of cells (at 40 cells and 1e-9, 49 degrees of
    freedom: 7.6 for 8.6), the one-sided quantile for the two-sided, and the normal law for
    Student's (6.7 for 8.6).
    """
    expected = student(false_alarm / cells, 49)
    subject = made(kind, false_alarm=false_alarm)
    assert quantile(subject, Measured({}, 1.0, 0.1, 50), cells) == pytest.approx(
        expected, rel=1e-10
    )
    sign = -1 if kind == "lower" else 1

    def moved(distance: float) -> list[Measured]:
        return points(*[1.0] * (cells - 1), 1.0 + sign * distance, error=0.01)

    found = steps_by_bisection(subject, moved, 1.0) / 0.01
    assert found == pytest.approx(expected, rel=1e-9)
    assert abs(found - student(false_alarm, 49)) > 0.3 or cells == 1  # the decoy: no Bonferroni
    # nor the normal law
    assert abs(found - math.sqrt(2) * float(special.erfcinv(false_alarm / cells))) > 0.04


@pytest.mark.parametrize(
    ("formula", "scale", "allowed"),
    [(8.0, 0.0, 0.08), (8.0, 1.0, 0.08), (0.5, 1.0, 0.01), (-8.0, 1.0, 0.08)],
)
def test_what_an_identity_allows(formula: float, scale: float, allowed: float) -> None:
    """tolerance · max(|formula|, scale):
    catches a tolerance taken absolutely, or relative to the measured.
    """
    subject = made("identity", constant(formula), tolerance=0.01, scale=scale)
    assert steps_by_bisection(subject, lambda x: points(formula + x), 1.0) == pytest.approx(
        allowed, rel=1e-9
    )


def test_a_tight_claim_allows_noise_and_slack() -> None:
    """z · error + tolerance · |formula|, added;
    the larger of the two, or their hypotenuse, would be less.
    """
    subject = made("tight", constant(4.0), tolerance=0.02, false_alarm=0.05)
    z = student(0.05, 49)
    found = steps_by_bisection(subject, lambda x: points(4.0 - x, error=0.05), 1.0)
    assert found == pytest.approx(z * 0.05 + 0.08, rel=1e-9)


def test_two_replicates_are_enough_for_a_standard_error() -> None:
    """With one degree of freedom: Cauchy's law, whose quantile is tan(π (½ − tail))."""
    subject = made("tight", false_alarm=0.05)
    measured = [Measured({}, 1.25, 0.1, 2)]
    z = math.tan(math.pi * (0.5 - 0.025))
    assert verify(subject, measured).formula.margin == pytest.approx(0.25 / (0.1 * z), rel=1e-9)


def test_detectable_change() -> None:
    """The relative change rejected with 95 % power, at the most and at the least precise cell:
    t-quantiles of each cell's own degrees of freedom times its relative error, and the
    tolerance."""
    subject = made("tight", tolerance=0.03, false_alarm=0.01)
    measured = [Measured({}, 2.0, 0.1, 9), Measured({}, 4.0, 0.1, 12)]
    found = verify(subject, measured)
    few, many = (student(0.01 / 2, n - 1) + student(0.1, n - 1) for n in (9, 12))
    assert found.detectable == pytest.approx(many * 0.1 / 4 + 0.03, rel=1e-7)
    assert found.detectable_anywhere == pytest.approx(few * 0.1 / 2 + 0.03, rel=1e-7)
    computed = verify(subject, [replace(m, error=0.0) for m in measured])
    assert computed.detectable == computed.detectable_anywhere == 0.0


# --- rates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampled", ["all", "none", "some"])
def test_slope_of_a_rate(sampled: str) -> None:
    """Against numpy.polyfit: weights value/error where all cells were sampled, equal ones
    otherwise; the interval is the root of the summed squares of what each cell's own interval of
    the logarithm moves the slope by.

    Catches: no weights, weights squared, and the uncertainty lost where one cell of several was
    computed.
    """
    rng = np.random.default_rng(5)
    x = np.array([4.0, 6, 16, 50, 200, 300])
    value = 3 * x**0.7 * np.exp(0.05 * rng.standard_normal(6))
    kept = {"all": np.ones(6), "none": np.zeros(6), "some": np.array([0.0, 1, 1, 1, 1, 1])}[sampled]
    error = value * np.geomspace(0.05, 0.005, 6) * kept
    measured = [Measured({"x": a}, b, c, 30) for a, b, c in zip(x, value, error, strict=True)]
    subject = made("rate", lambda c: c["x"] ** 0.5, tolerance=0.5, false_alarm=0.01)
    found = compare(subject, subject.formula, measured)
    w = value / error if sampled == "all" else np.ones(6)
    log_ratio = np.log(value / np.sqrt(x))
    slope = np.polyfit(np.log(x), log_ratio, 1, w=w)[0]
    assert found.measured == pytest.approx(slope, rel=1e-10)
    moved = 0.0
    for k in range(6):  # the slope is linear in each logarithm
        lower = log_ratio.copy()
        lower[k] = np.log((value[k] - student(0.01, 29) * error[k]) / np.sqrt(x[k]))
        moved += (np.polyfit(np.log(x), lower, 1, w=w)[0] - slope) ** 2
    assert found.margin == pytest.approx((abs(slope) + math.sqrt(moved)) / 0.5, rel=1e-9)
    for wrong in [np.ones(6), w**2] if sampled == "all" else []:
        assert abs(np.polyfit(np.log(x), log_ratio, 1, w=wrong)[0] - slope) > 1e-3


@pytest.mark.parametrize("relative", [0.02, 0.1, 0.4])
@pytest.mark.parametrize("computed", [1, 2])
def test_a_true_rate_is_not_refuted_by_one_computed_cell(relative: float, computed: int) -> None:
    """Sampled cells beside computed ones, whose errors are 0:
    of 400 tables of a true rate none may be REFUTED at 1e-9.

    With weights that ignore the noise wherever one error is 0, more than half of them were.
    """
    rng = np.random.default_rng(11)
    subject = made("rate", decoy=lambda c: c["x"], tolerance=0.02)
    statuses = set()
    for _ in range(400):
        errors = np.array([0.0] * computed + [relative] * 4)
        values = np.abs(1 + errors * rng.standard_normal(errors.size)) + 1e-12
        cells = [
            Measured({"x": 4.0 * 2**k}, float(v), float(e), 30)
            for k, (v, e) in enumerate(zip(values, errors, strict=True))
        ]
        statuses.add(verify(subject, cells).status)
    assert "REFUTED" not in statuses


def test_weights_of_a_rate_do_not_overflow() -> None:
    """Errors of 1e-200 beside 1e-3: the precise cells decide, and no number overflows."""
    cells = [
        Measured({"x": x}, x, e * x, 9)
        for x, e in ((2.0, 1e-200), (4.0, 1e-3), (8.0, 1e-200), (9.0, 0.01))
    ]
    assert (
        verify(made("rate", lambda c: c["x"], lambda c: c["x"] ** 2, tolerance=0.1), cells).status
        == "HOLDS"
    )


def test_a_rate_is_accepted_contradicted_or_neither() -> None:
    """Equivalence: the whole interval within the margin,
    or all of it outside; else unclear, whatever the p.
    """
    subject = made("rate", tolerance=0.1)
    exact = [float(4.0 * 2**k) for k in range(6)]

    def rated(power: float, relative: float) -> str:
        measured = [Measured({"x": x}, x**power, relative * x**power, 50) for x in exact]
        return compare(subject, subject.formula, measured).answer

    assert rated(0.0, 1e-3) == "accepted"
    assert rated(0.3, 1e-3) == rated(-0.3, 1e-3) == "contradicted"
    # an interval that straddles the margin
    assert rated(0.0, 0.05) == rated(0.15, 0.05) == "unclear"
    # intervals that reach 0, which has no logarithm
    assert rated(0.0, 0.5) == rated(0.3, 0.5) == "unclear"
    verdict = verify(
        replace(subject, decoy=lambda c: c["x"]), [Measured({"x": x}, 1.0, 0.5, 50) for x in exact]
    )
    assert verdict.status == "UNDECIDED"


def test_constants_drop_out_of_a_rate() -> None:
    """A factor 10⁶ in the formula changes the slope by rounding only."""
    measured = points(1.0, 1.3, 1.5, 2.0, error=0.01)
    slopes = [
        compare(made("rate", tolerance=1), constant(c), measured).measured for c in (1.0, 1e6)
    ]
    assert slopes[0] == pytest.approx(slopes[1], abs=1e-12)


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("measured", "says"),
    [
        ([], "nothing measured"),
        (points(1.0, math.nan, 1.0), "not a finite number"),
        (points(1.0, math.inf, 1.0), "not a finite number"),
        (points(1.0, 1.0, 1.0, error=math.nan), "not a finite number"),
        (points(1.0, 1.0, 1.0, error=math.inf), "not a finite number"),
        (points(1.0, 1.0, 1.0, error=-0.1), "not a finite number"),
        (
            [replace(m, replicates=1) for m in points(1.0, 1.0, 1.0, error=0.1)],
            "needs at least 2 replicates",
        ),
    ],
)
@pytest.mark.parametrize("kind", TRIED)
def test_what_cannot_be_judged_is_refused(kind: Kind, measured: list[Measured], says: str) -> None:
    """No measurement, or NaN, is an error that names the claim:
    not a silent pass (NaN > 1 is false).
    """
    with pytest.raises(InvalidInput, match=says) as caught:
        verify(made(kind, tolerance=0.1), measured)
    assert caught.value.key == "made"


@pytest.mark.parametrize("kind", TRIED)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("which", ["formula", "decoy"])
def test_a_formula_that_is_no_number_is_refused(kind: Kind, value: float, which: str) -> None:
    """An infinite upper bound says nothing, and NaN compares false
    with everything: neither is a formula, nor a decoy that fell.
    """
    changed: dict[str, Any] = {which: constant(value)}
    subject = replace(made(kind, tolerance=0.1), **changed)
    with pytest.raises(InvalidInput) as caught:
        verify(subject, points(1.0, 1.0, 1.0))
    assert str(caught.value) == f"made: its formula is {value} at {{'x': 4.0}}"


@pytest.mark.parametrize("kind", TRIED)
def test_a_cell_that_lacks_what_a_formula_needs(kind: Kind) -> None:
    """One sentence that names the key and what there is."""
    with pytest.raises(InvalidInput) as caught:
        verify(made(kind, lambda c: c["m"], tolerance=0.1), points(1.0, 1.0, 1.0))
    assert str(caught.value) == "made: its formula needs 'm' in each cell, and a cell holds x"
    for cell, held in (({}, "nothing"), ({"t": 1.0, "d": 2}, "d, t")):
        with pytest.raises(InvalidInput, match=f"and a cell holds {held}$"):
            verify(made("tight", lambda c: c["m"]), [Measured(cell, 1.0)])


@pytest.mark.parametrize("x", [0.0, -4.0, math.inf, math.nan, "8", None, True])
def test_a_rate_over_what_has_no_logarithm(x: object) -> None:
    cells = [*points(1.0, 1.0, 1.0), Measured({"x": x}, 1.0)]
    with pytest.raises(InvalidInput, match="made: a rate needs a positive x at each cell"):
        verify(made("rate", tolerance=0.1), cells)
    with pytest.raises(
        InvalidInput, match="made: a rate needs 'x' in each cell, and a cell holds y"
    ):
        verify(made("rate", tolerance=0.1), [*points(1.0, 1.0, 1.0), Measured({"y": 3}, 1.0)])


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"kind": "uper"}, "kind 'uper' is not one of identity, tight, upper, lower, rate"),
        ({"kind": ""}, "kind '' is not one of identity, tight, upper, lower, rate"),
        ({"kind": None}, "kind None is not one of identity, tight, upper, lower, rate"),
        ({"origin": "quoted"}, "origin 'quoted' is not one of cited, reading, derived"),
        ({"expected": "TRUE"}, "expected 'TRUE' is not one of HOLDS, REFUTED, UNDECIDED"),
        ({"tolerance": -0.1}, "tolerance must be finite and not negative: -0.1"),
        ({"tolerance": math.nan}, "tolerance must be finite and not negative: nan"),
        ({"tolerance": "0.1"}, "tolerance must be finite and not negative: '0.1'"),
        ({"scale": math.inf}, "scale must be finite and not negative: inf"),
        ({"false_alarm": 0.0}, "false_alarm must lie between 0 and 1: 0.0"),
        ({"false_alarm": 1.0}, "false_alarm must lie between 0 and 1: 1.0"),
        ({"false_alarm": 2}, "false_alarm must lie between 0 and 1: 2"),
        ({"false_alarm": math.nan}, "false_alarm must lie between 0 and 1: nan"),
        ({"kind": "rate"}, "a rate needs a positive tolerance: the margin of its slope"),
        ({"expected": "REFUTED"}, "an expected REFUTED needs its reason"),
    ],
)
def test_words_and_numbers_that_a_claim_does_not_know(parts: dict[str, Any], says: str) -> None:
    """One sentence that lists what is known:
    'uper' used to take the two-sided comparison, and refuted a true bound.
    """
    with pytest.raises(InvalidInput) as caught:
        made(**({"kind": "tight"} | parts))
    assert str(caught.value) == f"made: {says}"


def test_a_rate_needs_three_places() -> None:
    """Two points lie on a line of any slope."""
    with pytest.raises(InvalidInput, match="at least three different x"):
        verify(made("rate", tolerance=0.1), [*points(1.0, 1.0), *points(1.0, 1.0)])


def test_refusals_are_one_sentence() -> None:
    """Key and reason, word for word."""
    for kind, measured, sentence in (
        ("tight", [], "made: there is nothing measured to verify it with"),
        ("rate", points(1.0, 1.0), "made: a rate needs at least three different x"),
    ):
        with pytest.raises(InvalidInput) as refused:
            verify(made(kind, tolerance=0.1), measured)  # type: ignore[arg-type]
        assert str(refused.value) == sentence


def test_what_a_comparison_says_of_its_worst_cell() -> None:
    """The first of the worst, with what was measured and predicted there;
    the formula is asked about each cell itself.
    """
    measured = points(5.0, 11.0, 19.0)
    # x = 4, 8, 16: excess 1, 3, 3
    found = compare(made("upper", tolerance=0.5), lambda cell: cell["x"], measured)
    assert found == Comparison("accepted", 0.75, measured[1].cell, 11.0, 8.0, 0.0, 1.375)
    tied = compare(made("upper", tolerance=0.25), lambda cell: 4.0, points(5.0, 5.0))
    # at the border: allowed
    assert (tied.cell, tied.margin, tied.answer) == ({"x": 4.0}, 1.0, "accepted")
    assert compare(made("identity"), one, points(1.0, 1.0)).margin == 0.0
    lost = compare(made("identity"), constant(2.0), points(2.0, 2.0, 1.0, 2.0))
    assert lost == Comparison("contradicted", LARGEST, {"x": 16.0}, 1.0, 2.0, 0.25, 1.0)
    # what is reached is the largest share of the bound, not that of the worst margin
    noisy = [Measured({"x": 1.0}, 9.0, 5.0, 50), Measured({"x": 2.0}, 5.0)]
    bound = compare(made("upper", tolerance=0.1), constant(10.0), noisy)
    assert (bound.cell, bound.reached) == ({"x": 1.0}, 0.9)
    assert compare(made("upper"), constant(-1.0), points(-2.0)).reached == 0.0
    assert compare(made("upper"), constant(0.0), points(-2.0)).reached == 0.0
    assert compare(made("upper"), constant(0.5), points(0.25)).reached == 0.5


def test_a_rate_that_is_none() -> None:
    """A computed 0 or negative number has no rate: contradicted.
    A sampled one whose interval reaches 0: unclear. A formula that is not positive: refused.
    """
    subject = made("rate", tolerance=0.02)
    contradicted = Comparison("contradicted", LARGEST, {"cells": 3}, 0.0, 0.0, 1.0)
    assert compare(subject, one, points(1.0, 0.0, 3.0)) == contradicted
    assert compare(subject, one, points(1.0, -2.0, 3.0)) == contradicted
    unclear = Comparison("unclear", LARGEST, {"cells": 3}, 0.0, 0.0, 0.0)
    assert compare(subject, one, points(1.0, 0.0, 3.0, error=0.1)) == unclear
    reaching = quantile(subject, Measured({}, 1.0, 1.0, 50), 1)  # errors of 1: it just reaches 0
    assert compare(subject, one, points(99.0, reaching, 99.0, error=1.0)) == unclear
    for wrong in (-1.0, 0.0):
        with pytest.raises(InvalidInput) as refused:
            compare(subject, constant(wrong), points(1.0, 2.0, 3.0))
        assert str(refused.value) == "made: a rate needs a formula that is positive at each cell"


@pytest.mark.parametrize("kind", ["identity", "tight", "upper", "lower"])
def test_the_share_of_cells_that_reject(kind: Kind) -> None:
    """Cell by cell: three of five cells lie on the wrong side;
    the sentence of the verdict says so.
    """
    below = kind == "lower"
    values = [1.0, 1.0, 2.0, 2.0, 2.0] if not below else [2.0, 2.0, 1.0, 1.0, 1.0]
    verdict = verify(
        made(kind, constant(2.0), constant(1.0 if not below else 2.0)), points(*values)
    )
    assert verdict.decoy.share == pytest.approx(0.6)
    assert verdict.to_json()["decoy_share"] == verdict.decoy.share
    assert verdict.decoy_cells == 3
    assert "at 3 of 5 cells" in str(verdict) == repr(verdict) or "at 3 of 5 cells" in repr(verdict)
    assert repr(verdict.claim) == f"Claim('made', derived, {kind})"
    # a cell at the border does not reject, one just beyond it does
    border = compare(made(kind, tolerance=0.5), constant(2.0), points(1.0, 3.0))
    assert (border.margin, border.share) == (1.0, 0.0)
    beyond = compare(made(kind, tolerance=0.4), constant(2.0), points(1.0, 2.0, 3.0))
    assert beyond.margin == pytest.approx(1.25, rel=1e-12)
    assert beyond.share == (2 / 3 if kind in ("identity", "tight") else 1 / 3)


def test_the_sentence_of_a_verdict() -> None:
    """Word for word: where the number is from, and whether the decoy fell."""
    upper = verify(made("upper", constant(2.0), constant(0.5)), points(1.0, 0.25))
    assert str(upper) == repr(upper)
    assert str(upper) == (
        "made: HOLDS. At the worst of 2 cells: measured 1, predicted 2. "
        "Decoy (n) rejected, at 1 of 2 cells."
    )
    rate = verify(made("rate", tolerance=0.1), points(1.0, 1.0, 1.0))
    assert str(rate) == (
        "made: UNDECIDED. At its slope: measured 0, predicted 0. "
        "Decoy (n) NOT rejected, at 0 of 3 cells."
    )


def test_a_rate_at_its_border_and_what_it_says() -> None:
    """Three places are enough; a slope of just the margin is accepted.
    The cell is their number, the prediction slope 0.
    """
    measured = points(1.0, 1.01, 1.03)
    slope = compare(made("rate", tolerance=9.0), one, measured).measured
    found = compare(made("rate", tolerance=abs(slope)), one, measured)
    assert found == Comparison("accepted", 1.0, {"cells": 3}, slope, 0.0, 0.0)
    beyond = compare(made("rate", tolerance=0.99 * abs(slope)), one, measured)
    assert (beyond.answer, beyond.share) == ("contradicted", 1.0)
    below_one = [replace(m, cell={"x": m.cell["x"] / 64}) for m in measured]  # x = 1/16, 1/8, 1/4
    again = compare(made("rate", tolerance=9.0), one, below_one)
    assert again.measured == pytest.approx(slope, rel=1e-12)


def test_a_rate_is_one_comparison() -> None:
    """However many cells it has: z is that of one. What was computed needs none."""
    for cells in (1, 40):
        subject = made("rate", tolerance=0.1, false_alarm=1e-3)
        assert quantile(subject, Measured({}, 1.0, 0.1, 8), cells) == pytest.approx(
            student(1e-3, 7), rel=1e-9
        )
        assert quantile(subject, Measured({}, 1.0), cells) == 0.0


def test_a_zero_among_the_measurements_does_not_count_towards_what_is_detectable() -> None:
    """It has no relative error: the others decide,
    here 0.1 at the value 1 and 0.25 at the value 2.
    """
    measured = [Measured({}, 0.0, 0.1, 9), Measured({}, 1.0, 0.1, 9), Measured({}, 2.0, 0.5, 9)]
    verdict = verify(made("tight", false_alarm=0.05), measured)
    z = student(0.05 / 3, 8) + student(0.1, 8)
    assert verdict.detectable == pytest.approx(z * 0.1, rel=1e-9)
    assert verdict.detectable_anywhere == pytest.approx(z * 0.25, rel=1e-9)


def test_the_json_of_a_verdict() -> None:
    """Every field under its own name, out of values that are all different;
    what was not sampled has no false alarms.
    """
    subject = Claim(
        name="n",
        statement="s",
        assumptions="a",
        source="o",
        origin="cited",
        kind="tight",
        measurement="m",
        formula=one,
        decoy=one,
        decoy_note="d",
        tolerance=0.125,
        false_alarm=1e-5,
        expected="REFUTED",
        reason="r",
        uses=("u", "v"),
        certified=True,
        description=True,
        decoy_reason="e",
        about=("variance", "bias"),
    )
    formula = Comparison("accepted", 0.5, {"x": 1}, 2.0, 3.0, 0.0, 0.75)
    decoy = Comparison("contradicted", 4.0, {"x": 5}, 6.0, 7.0, 0.375)
    verdict = Verdict(
        subject,
        "HOLDS",
        formula,
        decoy,
        cells=8,
        replicates=9,
        detectable=0.25,
        detectable_anywhere=0.75,
    )
    expected = {
        "name": "n",
        "paper": "",
        "statement": "s",
        "assumptions": "a",
        "source": "o",
        "origin": "cited",
        "kind": "tight",
        "description": True,
        "about": ["variance", "bias"],
        "verdict": "HOLDS",
        "sentence": str(verdict),
        "expected": "REFUTED",
        "reason": "r",
        "decoy": "d",
        "decoy_rejected": True,
        "decoy_share": 0.375,
        "decoy_reason": "e",
        "measured": 2.0,
        "predicted": 3.0,
        "reached": 0.75,
        "margin": 0.5,
        "worst_cell": {"x": 1},
        "cells": 8,
        "replicates": 9,
        "false_alarm": 1e-5,
        "detectable": 0.25,
        "detectable_anywhere": 0.75,
        "tolerance": 0.125,
        "certified": True,
        "uses": ["u", "v"],
    }
    assert verdict.to_json() == expected
    computed = {"false_alarm": 0.0, "detectable": 0.0}
    assert replace(verdict, detectable=0.0).to_json() == expected | computed


# --- how often it is wrong ------------------------------------------------------------------------


def false_alarms(subject: Claim, cells: int, runs: int, seed: int, replicates: int = 6) -> int:
    """How many of `runs` tables of `cells` means of normal replicates contradict a true formula."""
    drawn = 1 + 0.1 * np.random.default_rng(seed).standard_normal((runs, cells, replicates))
    means, errors = drawn.mean(axis=2), drawn.std(axis=2, ddof=1) / math.sqrt(replicates)
    return sum(
        compare(
            subject,
            one,
            [Measured({}, m, e, replicates) for m, e in zip(means[k], errors[k], strict=True)],
        ).answer
        == "contradicted"
        for k in range(runs)
    )


@pytest.mark.parametrize(("kind", "cells"), [("tight", 1), ("tight", 6), ("upper", 6)])
def test_false_alarm_rate(kind: Kind, cells: int) -> None:
    """At a budget of 5 %, 4000 tables of a true formula, six replicates a cell:
    two-sided 1 − (1 − 0.05/c)^c, one-sided half of each cell.

    Exact binomial interval of false-alarm rate 1e-9 around that probability (three tests: 3e-9 in
    all); it would miss a rate within about 0.02 of it. The decoy is the normal law's z, which
    alarms in 11 % of the tables at one cell and in 24 % at six.
    """
    runs = 4000
    subject = replace(made(kind), false_alarm=0.05)
    each = 0.05 / cells / (1 if kind == "tight" else 2)
    truth = 1 - (1 - each) ** cells
    low, high = stats.binom.ppf(5e-10, runs, truth), stats.binom.isf(5e-10, runs, truth)
    assert low <= false_alarms(subject, cells, runs, seed=17) <= high
    assert truth <= 0.05 + 1e-12
    # a budget at which t's z is what the normal law's was
    normal = 2 * stats.norm.sf(student(0.05 / cells, 5)) * cells
    assert normal < 0.05
    z = stats.norm.isf(0.05 / cells / 2)
    as_if_normal = replace(subject, false_alarm=cells * 2 * float(stats.t.sf(z, 5)))
    assert false_alarms(as_if_normal, cells, runs, seed=17) > high


# --- the ledger -----------------------------------------------------------------------------------


def order(claims: tuple[Claim, ...]) -> list[str]:
    """The names in an order in which each comes after what it uses.

    Raises
    ------
    ValueError
        If a name is used that does not exist, or there is a circle.
    """
    left = {one.name: set(one.uses) for one in claims}
    if len(left) < len(claims):
        raise ValueError("a name twice")
    done: list[str] = []
    while left:
        ready = [name for name, uses in left.items() if uses <= set(done)]
        if not ready:
            raise ValueError(f"circle or unknown name among {left}")
        done += ready
        for name in ready:
            del left[name]
    return done


def test_names_and_uses() -> None:
    """Names are unique, every `uses` exists, and nothing rests on itself;
    each fault is caught when planted.
    """
    assert len(order(CLAIMS)) == len(CLAIMS)
    a, b = replace(CLAIMS[0], name="a", uses=("b",)), replace(CLAIMS[0], name="b", uses=("a",))
    for wrong in ((*CLAIMS, CLAIMS[0]), (*CLAIMS, a), (*CLAIMS, a, b)):
        with pytest.raises(ValueError):
            order(wrong)


@pytest.mark.parametrize("subject", CLAIMS, ids=lambda c: c.name)
def test_each_entry_is_complete(subject: Claim) -> None:
    """Sentences are there, the study that measures it exists,
    the decoy is told, and the name finds the claim.
    """
    assert study_of(subject) in [one.name for one in STUDIES]
    assert claim(subject.name) is subject
    for text in (subject.statement, subject.assumptions, subject.source, subject.decoy_note):
        assert text.strip()
    assert subject.statement.endswith(".")
    assert (subject.expected == "HOLDS") == (not subject.reason)
    assert subject.false_alarm <= 1e-8
    if subject.origin in ("cited", "reading"):
        # What we have of most works is an abstract and captions; of one, every page.
        whole = "smedira_2026" in subject.source
        assert re.search(r"\(p\. \d+" if whole else "caption|abstract", subject.source)


def test_no_threshold_of_ours_refutes_a_cited_sentence() -> None:
    """What we expect to fail is a reading of ours
    or a derivation of ours, never the authors' own sentence.
    """
    assert [c.name for c in CLAIMS if c.origin == "cited" and c.expected == "REFUTED"] == []


def test_the_budget_of_false_alarms() -> None:
    """All stochastic checks of one run together stay at 3e-7 or below."""
    assert sum(c.false_alarm for c in CLAIMS) <= BUDGET == 3e-7


def test_an_unknown_claim_is_one_sentence() -> None:
    """It names where to look; one that is there comes back itself."""
    with pytest.raises(InvalidInput) as refused:
        claim("no-such")
    assert (
        str(refused.value) == "NAME: 'no-such' is not one of the claims; see `dimfree list claims`"
    )
    assert claim(CLAIMS[0].name) is CLAIMS[0]


def linear_cell(**more: Any) -> dict[str, Any]:
    times = [round(0.1 * k, 1) for k in range(1, 21)]
    eigenvalues = np.linspace(0.3, 3.0, 8).tolist()
    return {"d": 8, "m": 2000, "t": 0.4, "times": times, "eigenvalues": eigenvalues} | more


def test_formulas_against_numbers_from_elsewhere() -> None:
    """The ledger's formulas at one cell, by hand,
    and theory.md's reference ratios, which came from a prototype.

    Catches c_i = 1/v_i − 1/σ², a factor d forgotten, and a ratio taken at the wrong time.
    """
    cell = linear_cell()
    values, noise = np.linspace(0.3, 3.0, 8), 1 - math.exp(-0.8)
    trace = sum(1 / noise - 1 / (math.exp(-0.8) * a + noise) for a in values)
    assert claim("dsm-risk").formula(cell) == pytest.approx(trace * 8 / (2000 - 8 - 1), rel=1e-12)
    assert claim("dsm-risk").decoy(cell) == pytest.approx(trace * 8 / (2000 - 8), rel=1e-12)
    assert claim("dsm-empirical-risk").formula(cell) == pytest.approx(trace * 8 / 2000, rel=1e-12)
    assert claim("dsm-empirical-risk").decoy(cell) == pytest.approx(trace * 8 / 1999, rel=1e-12)
    ratio = claim("figure-3a-ratio")
    for t, known in ((0.2, 0.917), (0.4, 0.778), (1.0, 0.448), (1.4, 0.286), (2.0, 0.131)):
        assert ratio.formula(linear_cell(t=t)) == pytest.approx(known, abs=6e-4)
        assert abs(ratio.decoy(linear_cell(t=t)) - known) > 0.005
    assert claim("figure-1a-tilted").formula({"x": 16.0}) == pytest.approx(
        math.log(math.log(16)), rel=1e-12
    )
    assert claim("figure-1b-not-linear").formula({"d": 64, "smallest": 4}) == 3
