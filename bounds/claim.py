r"""A claim is data; its verdict is computed.

A claim carries a formula and a decoy, the smallest false variant of it. `verify` takes either through the same
comparison with the same measurements, and the claim's kind alone picks that comparison:

    identity   |measured − formula| ≤ tolerance · max(|formula|, scale)
    tight      |measured − formula| ≤ z · error + tolerance · |formula|
    upper      measured ≤ formula + z · error + tolerance · |formula|
    lower      measured ≥ formula − z · error − tolerance · |formula|
    rate       measured/formula against x has log-log slope 0 within ± tolerance, constants apart

at every cell. z is the two-sided normal quantile, Bonferroni over the cells, that keeps the chance of one false
alarm below the claim's budget `false_alarm`. HOLDS needs the formula accepted *and* the decoy rejected; a
contradicted formula is REFUTED; everything else, above all both accepted, is UNDECIDED: the measurement had no
power. A verdict is about the cells that were measured, and says how many.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import stats

from bounds.check import InvalidInput

Kind = Literal["identity", "tight", "upper", "lower", "rate"]
Status = Literal["HOLDS", "REFUTED", "UNDECIDED"]
Answer = Literal["accepted", "contradicted", "unclear"]
Cell = Mapping[str, Any]
Formula = Callable[[Cell], float]

LARGEST = float(np.finfo(np.float64).max)
"""Stands for an infinite margin, which JSON has no word for."""


@dataclass(frozen=True)
class Measured:
    """One measured number.

    Attributes
    ----------
    cell : where it was measured; a "rate" needs "x" in it
    value : what was measured
    error : its standard error, 0 if it was computed and not sampled
    replicates : how many samples made it, 1 if it was computed
    """

    cell: Cell
    value: float
    error: float = 0.0
    replicates: int = 1


@dataclass(frozen=True)
class Claim:
    """A statement with what it takes to check it.

    Attributes
    ----------
    name : permanent
    statement : one sentence in theory.md's notation
    assumptions : under which it is claimed
    source : where it is from
    origin : "cited" (stands in a text that we have) or "derived" (by us)
    kind : picks the comparison (module docstring)
    measurement : what measures it: an entry of studies.verdicts.MEASUREMENTS, or "STUDY:QUANTITY" of evidence
    formula, decoy : cell → number
    decoy_note : what the decoy is, and so what its rejection shows
    tolerance : relative, or the margin of the slope for a rate
    scale : smallest size against which an identity's error counts
    false_alarm : chance that the formula is contradicted though true, over all cells of one run
    why : a few lines on why it is true
    expected, reason : the expected verdict, and why where that is not HOLDS
    uses : names of claims that its derivation uses
    certified : the formula was proven symbolically or by ball arithmetic on a box, not on a grid of cells
    """

    name: str
    statement: str
    assumptions: str
    source: str
    origin: Literal["cited", "derived"]
    kind: Kind
    measurement: str
    formula: Formula
    decoy: Formula
    decoy_note: str
    tolerance: float = 0.0
    scale: float = 0.0
    false_alarm: float = 1e-9
    why: str = ""
    expected: Status = "HOLDS"
    reason: str = ""
    uses: tuple[str, ...] = ()
    certified: bool = False

    def __post_init__(self) -> None:
        if self.expected != "HOLDS" and not self.reason:
            raise ValueError(f"{self.name}: an expected {self.expected} needs its reason")


@dataclass(frozen=True)
class Comparison:
    """How one formula fared.

    Attributes
    ----------
    answer : "accepted", "contradicted" or "unclear"
    margin : the distance between measured and predicted at the worst cell, in units of what is allowed; > 1
        is a contradiction, except for a rate, where it is the far end of the slope's interval over the margin
    cell : the worst cell
    measured, predicted : there (for a rate: the slope of measured/formula, and 0)
    """

    answer: Answer
    margin: float
    cell: Cell
    measured: float
    predicted: float


@dataclass(frozen=True)
class Verdict:
    """What became of a claim.

    Attributes
    ----------
    claim : the claim
    status : HOLDS, REFUTED or UNDECIDED
    formula, decoy : their comparisons
    cells : how many cells were measured
    replicates : the smallest number of samples in one
    detectable : for a stochastic claim, the relative change of the formula that this measurement would reject
        with 95 % power at its most precise cell; 0 if nothing was sampled
    """

    claim: Claim
    status: Status
    formula: Comparison
    decoy: Comparison
    cells: int
    replicates: int
    detectable: float

    @property
    def as_expected(self) -> bool:
        """Whether the status is the one written down; and the decoy rejected, unless that is UNDECIDED."""
        rejected = self.decoy.answer == "contradicted" or self.claim.expected == "UNDECIDED"
        return self.status == self.claim.expected and rejected

    def to_json(self) -> dict[str, Any]:
        """The fields of contract.md, and a few more; plain JSON values."""
        claim = self.claim
        return {
            "name": claim.name,
            "statement": claim.statement,
            "assumptions": claim.assumptions,
            "source": claim.source,
            "origin": claim.origin,
            "kind": claim.kind,
            "verdict": self.status,
            "expected": claim.expected,
            "reason": claim.reason,
            "decoy": claim.decoy_note,
            "decoy_rejected": self.decoy.answer == "contradicted",
            "measured": self.formula.measured,
            "predicted": self.formula.predicted,
            "margin": self.formula.margin,
            "worst_cell": dict(self.formula.cell),
            "cells": self.cells,
            "replicates": self.replicates,
            "false_alarm": claim.false_alarm if self.detectable else 0.0,
            "detectable": self.detectable,
            "tolerance": claim.tolerance,
            "certified": claim.certified,
            "uses": list(claim.uses),
        }


def verify(claim: Claim, measured: Sequence[Measured]) -> Verdict:
    """The verdict on a claim.

    Parameters
    ----------
    claim : the claim
    measured : its measurements, one per cell; at least one (three different x for a rate)

    Raises
    ------
    InvalidInput
        If there are none, a number is not finite, or an error is negative.
    """
    if not measured:
        raise InvalidInput(claim.name, "there is nothing measured to verify it with")
    for one in measured:
        if not np.isfinite(one.value) or not np.isfinite(one.error) or one.error < 0:
            raise InvalidInput(claim.name, f"the measurement at {dict(one.cell)} is not a finite number")
    formula = compare(claim, claim.formula, measured)
    decoy = compare(claim, claim.decoy, measured)
    status: Status = "UNDECIDED"
    if formula.answer == "contradicted":
        status = "REFUTED"
    elif formula.answer == "accepted" and decoy.answer == "contradicted":
        status = "HOLDS"
    relative = [m.error / abs(m.value) for m in measured if m.error > 0 and m.value != 0]
    detectable = (quantile(claim, len(measured)) + stats.norm.isf(0.05)) * min(relative, default=0.0)
    return Verdict(
        claim,
        status,
        formula,
        decoy,
        cells=len(measured),
        replicates=min(m.replicates for m in measured),
        detectable=float(detectable + claim.tolerance) if relative else 0.0,
    )


def quantile(claim: Claim, cells: int) -> float:
    """z of the module docstring: two-sided, Bonferroni over the cells; a rate is one comparison."""
    return float(stats.norm.isf(claim.false_alarm / 2 / (1 if claim.kind == "rate" else cells)))


def compare(claim: Claim, formula: Formula, measured: Sequence[Measured]) -> Comparison:
    """One formula, true or not, against the measurements, by the comparison that the claim's kind picks."""
    if claim.kind == "rate":
        return _compare_rate(claim, formula, measured)
    z = quantile(claim, len(measured))
    worst: Comparison | None = None
    for one in measured:
        predicted = formula(one.cell)
        distance = one.value - predicted
        if claim.kind == "upper":
            excess = distance
        elif claim.kind == "lower":
            excess = -distance
        else:
            excess = abs(distance)
        allowed = z * one.error + claim.tolerance * max(abs(predicted), claim.scale)
        # A one-sided claim that is met has a negative excess; where nothing is allowed, any excess is too much.
        margin = excess / allowed if allowed > 0 else LARGEST * np.sign(excess)
        if not np.isfinite(predicted):
            margin, predicted = LARGEST, 0.0
        if worst is None or margin > worst.margin:
            answer: Answer = "contradicted" if margin > 1 else "accepted"
            worst = Comparison(answer, float(margin), one.cell, one.value, float(predicted))
    assert worst is not None
    return worst


def _compare_rate(claim: Claim, formula: Formula, measured: Sequence[Measured]) -> Comparison:
    """Weighted least squares of log(measured/formula) on log x; equivalence of its slope with 0."""
    x = np.log([m.cell["x"] for m in measured])
    if np.unique(x).size < 3:
        raise InvalidInput(claim.name, "a rate needs at least three different x")
    ratios = np.array([m.value / formula(m.cell) for m in measured])
    if not np.all(np.isfinite(ratios)) or ratios.min() <= 0:
        return Comparison("contradicted", LARGEST, {"cells": len(measured)}, 0.0, 0.0)
    y = np.log(ratios)
    sampled = all(m.error > 0 for m in measured)
    w = np.array([(m.value / m.error) ** 2 if sampled else 1.0 for m in measured])
    centred = x - np.average(x, weights=w)
    slope = float(np.sum(w * centred * y) / np.sum(w * centred**2))
    half = quantile(claim, 1) / float(np.sqrt(np.sum(w * centred**2))) if sampled else 0.0
    answer: Answer = "unclear"
    if abs(slope) + half <= claim.tolerance:
        answer = "accepted"
    elif abs(slope) - half > claim.tolerance:
        answer = "contradicted"
    margin = (abs(slope) + half) / claim.tolerance
    return Comparison(answer, float(margin), {"cells": len(measured)}, slope, 0.0)
