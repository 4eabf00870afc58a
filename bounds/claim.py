r"""A claim is data; its verdict is computed.

A claim carries a formula and a decoy, the smallest false variant of it. `verify` takes either
through the same comparison with the same measurements, and the claim's kind alone picks that
comparison:

    identity   |measured − formula| ≤ z · error + tolerance · max(|formula|, scale)
    tight      the same; the word says that sampled numbers are met within their noise
    upper      measured ≤ formula + z · error + tolerance · max(|formula|, scale)
    lower      measured ≥ formula − z · error − tolerance · max(|formula|, scale)
    rate       measured/formula against x has log-log slope 0 within ± tolerance, constants apart

at every cell. z is the two-sided quantile of Student's t for the cell's replicates − 1 degrees of
freedom, Bonferroni over the cells, that keeps the chance of one false alarm below the claim's
budget `false_alarm`: exactly where a replicate's law is normal; where it is skewed the budget is
nominal. What is computed has error 0 and no such chance.

HOLDS needs the formula accepted *and* the decoy rejected; a contradicted formula is REFUTED;
everything else, above all both accepted, is UNDECIDED: the measurement had no power. A verdict is
about the cells that were measured; it says how many they are, and at which share of them the decoy
is rejected.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

import numpy as np
from scipy.special import stdtrit

from bounds.check import InvalidInput

Kind = Literal["identity", "tight", "upper", "lower", "rate"]
Origin = Literal["cited", "reading", "derived"]
Status = Literal["HOLDS", "REFUTED", "UNDECIDED"]
Answer = Literal["accepted", "contradicted", "unclear"]
Cell = Mapping[str, Any]
Formula = Callable[[Cell], float]

LARGEST = float(np.finfo(np.float64).max)
"""Stands for an infinite margin, which JSON has no word for."""

FEW = 1 / 3
"""A decoy that falls at a smaller share of the cells needs `decoy_reason`."""

BUDGET = 3e-7
"""What the false alarms of all claims together may cost in one run."""

QUANTITIES: Mapping[str, str] = {
    "scores and laws": "what scores, targets, fields and laws are, before any data",
    "bias": "what stays wrong however many the data: a class too small, a ridge, a surrogate",
    "variance": "how targets, losses, gradients and estimates scatter",
    "risk": "the mean squared error of what is estimated, and the least that it can be",
    "sample size": "how errors fall with the number of data or of noise draws; how many suffice",
    "dimension": "what the dimension, the parameters or the size of a class cost",
    "sampled law": "what samplers return, and how far from the data's law: KL, TV, W2, shares",
    "discretisation": "finite steps: of solvers, of chains, of grids of times",
    "confidence": "what holds with a stated chance: tails, intervals, tests, orders found",
    "optimisation": "what makes a loss least, and how a fit is found: descent, stopping, picking",
    "data and networks": "measured on real data sets, or with trained networks",
}
"""What a claim can be about, and what each word means here."""


@dataclass(frozen=True)
class Paper:
    """A work whose statements are checked.

    Attributes
    ----------
    stem : author_year, the name of its module in bounds.papers, studies.papers and figures.papers
    title, authors, venue : of the work; the authors' last names
    link : where a stranger finds it
    have : what of its text we have, in words
    unknown : what it says, or may say, and we do not have: named, never filled in
    about : of each of QUANTITIES that it speaks of, its claims: names or patterns with *, ? and […]

    Raises
    ------
    InvalidInput
        If a quantity is not one of QUANTITIES.
    """

    stem: str
    title: str
    authors: tuple[str, ...]
    venue: str
    link: str
    have: str
    unknown: tuple[str, ...] = ()
    about: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for q in self.about:
            if q not in QUANTITIES:
                raise InvalidInput(self.stem, f"about {q!r} is not one of {', '.join(QUANTITIES)}")

    def adopted(self, claim: "Claim") -> "Claim":
        """The claim as one of this work: with its stem, and what it is about."""
        held = {q for q, names in self.about.items() for n in names if fnmatchcase(claim.name, n)}
        return replace(claim, paper=self.stem, about=tuple(q for q in QUANTITIES if q in held))

    @property
    def cited(self) -> str:
        """Authors, title, venue, link, as a bibliography has them."""
        return f"{', '.join(self.authors)}: {self.title}. {self.venue}, {self.link}"


@dataclass(frozen=True)
class Measured:
    """One measured number.

    Attributes
    ----------
    cell : where it was measured; a "rate" needs a positive "x" in it
    value : what was measured
    error : its standard error, 0 if it was computed and not sampled
    replicates : how many independent samples made value and error; 1 if it was computed
    """

    cell: Cell
    value: float
    error: float = 0.0
    replicates: int = 1


@dataclass(frozen=True, repr=False)
class Claim:
    """A statement with what it takes to check it.

    Attributes
    ----------
    name : permanent
    statement : one sentence in theory.md's notation
    assumptions : under which it is claimed
    source : where it is from
    origin : "cited" (the sentence, its threshold included, stands in a text that we have),
        "reading" (our reading of such a text: threshold, class or setting is ours) or "derived" (by
        us)
    kind : picks the comparison (module docstring)
    measurement : what measures it: an entry of studies.verdicts.MEASUREMENTS, or "STUDY:QUANTITY"
        of evidence
    formula, decoy : cell → number
    decoy_note : what the decoy is, and so what its rejection shows
    tolerance : relative, or the margin of the slope for a rate
    scale : smallest size against which a relative tolerance counts
    false_alarm : chance that the formula is contradicted though true, over all cells of one run
    why : a few lines on why it is true
    expected, reason : the expected verdict, and why where that is not HOLDS
    uses : names of claims that its derivation uses
    certified : symbolic algebra or ball arithmetic covers all of the statement, not a grid of cells
        alone
    description : its number, or the choice of its cells, came after looking: what was measured
        there, told as such and not as a theorem
    decoy_reason : why the decoy falls at few of the cells, where it falls at less than a third of
        them
    paper, about : the stem of its work, "" for one of your own, and those of QUANTITIES that it
        speaks of; the ledger fills in both

    Raises
    ------
    InvalidInput
        If a word is not one of its vocabulary, a number is out of its range, or a reason is
        missing.
    """

    name: str
    statement: str
    assumptions: str
    source: str
    origin: Origin
    kind: Kind
    measurement: str
    formula: Formula
    decoy: Formula
    decoy_note: str
    tolerance: float = 0.0
    scale: float = 0.0
    false_alarm: float = 5e-10
    why: str = ""
    expected: Status = "HOLDS"
    reason: str = ""
    uses: tuple[str, ...] = ()
    certified: bool = False
    description: bool = False
    decoy_reason: str = ""
    paper: str = ""
    about: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for word, value, known in (
            ("kind", self.kind, get_args(Kind)),
            ("origin", self.origin, get_args(Origin)),
            ("expected", self.expected, get_args(Status)),
            *(("about", each, tuple(QUANTITIES)) for each in self.about),
        ):
            if value not in known:
                raise InvalidInput(self.name, f"{word} {value!r} is not one of {', '.join(known)}")
        for word in ("tolerance", "scale"):
            size = getattr(self, word)
            if not (_is_number(size) and 0 <= size < np.inf):
                raise InvalidInput(self.name, f"{word} must be finite and not negative: {size!r}")
        if self.kind == "rate" and self.tolerance == 0:
            raise InvalidInput(
                self.name, "a rate needs a positive tolerance: the margin of its slope"
            )
        if not (_is_number(self.false_alarm) and 0 < self.false_alarm < 1):
            raise InvalidInput(
                self.name, f"false_alarm must lie between 0 and 1: {self.false_alarm!r}"
            )
        if self.expected != "HOLDS" and not self.reason:
            raise InvalidInput(self.name, f"an expected {self.expected} needs its reason")

    def __repr__(self) -> str:
        return f"Claim({self.name!r}, {self.origin}, {self.kind})"


@dataclass(frozen=True)
class Comparison:
    """How one formula fared.

    Attributes
    ----------
    answer : "accepted", "contradicted" or "unclear"
    margin : the distance between measured and predicted at the worst cell, in units of what is
        allowed; > 1 is a contradiction, except for a rate, where it is the far end of the slope's
        interval over the margin
    cell : the worst cell
    measured, predicted : there (for a rate: the slope of measured/formula, and 0)
    share : of the cells that contradict the formula; for a rate, which is one comparison, 0 or 1
    reached : the largest measured number over a positive prediction, over the cells; 0 for a rate
    """

    answer: Answer
    margin: float
    cell: Cell
    measured: float
    predicted: float
    share: float
    reached: float = 0.0


@dataclass(frozen=True, repr=False)
class Verdict:
    """What became of a claim.

    Attributes
    ----------
    claim : the claim
    status : HOLDS, REFUTED or UNDECIDED
    formula, decoy : their comparisons
    cells : how many cells were measured
    replicates : the smallest number of samples in one
    detectable : for a stochastic claim, the relative change of the formula that this measurement
        would reject with 95 % power if it were there at the most precise cell alone; 0 if nothing
        was sampled
    detectable_anywhere : the same at the least precise cell: a change this large is seen wherever
        it is
    """

    claim: Claim
    status: Status
    formula: Comparison
    decoy: Comparison
    cells: int
    replicates: int
    detectable: float
    detectable_anywhere: float

    @property
    def as_expected(self) -> bool:
        """Whether the status is the one written down;
        and the decoy rejected, unless that is UNDECIDED.
        """
        rejected = self.decoy.answer == "contradicted" or self.claim.expected == "UNDECIDED"
        return self.status == self.claim.expected and rejected

    @property
    def decoy_cells(self) -> int:
        """How many of the cells reject the decoy."""
        return round(self.decoy.share * self.cells)

    def __str__(self) -> str:
        place = "its slope" if self.claim.kind == "rate" else f"the worst of {self.cells} cells"
        fell = "rejected" if self.decoy.answer == "contradicted" else "NOT rejected"
        return (
            f"{self.claim.name}: {self.status}. At {place}: measured {self.formula.measured:.6g}, "
            f"predicted {self.formula.predicted:.6g}. Decoy ({self.claim.decoy_note}) {fell}, "
            f"at {self.decoy_cells} of {self.cells} cells."
        )

    __repr__ = __str__

    def to_json(self) -> dict[str, Any]:
        """The fields that `dimfree verify --json` prints; plain JSON values."""
        claim = self.claim
        return {
            "name": claim.name,
            "paper": claim.paper,
            "statement": claim.statement,
            "assumptions": claim.assumptions,
            "source": claim.source,
            "origin": claim.origin,
            "kind": claim.kind,
            "description": claim.description,
            "about": list(claim.about),
            "verdict": self.status,
            "sentence": str(self),
            "expected": claim.expected,
            "reason": claim.reason,
            "decoy": claim.decoy_note,
            "decoy_rejected": self.decoy.answer == "contradicted",
            "decoy_share": self.decoy.share,
            "decoy_reason": claim.decoy_reason,
            "measured": self.formula.measured,
            "predicted": self.formula.predicted,
            "reached": self.formula.reached,
            "margin": self.formula.margin,
            "worst_cell": dict(self.formula.cell),
            "cells": self.cells,
            "replicates": self.replicates,
            "false_alarm": claim.false_alarm if self.detectable else 0.0,
            "detectable": self.detectable,
            "detectable_anywhere": self.detectable_anywhere,
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
        If there are none, a number is not finite, an error is negative or has fewer than two
        replicates behind it, or a formula needs what the cells do not hold.

    Examples
    --------
    >>> half = Claim(
    ...     name="half", statement="Twice x is 2 x.", assumptions="", source="arithmetic",
    ...     origin="derived", kind="identity", measurement="here", decoy_note="3 x",
    ...     formula=lambda c: 2 * c["x"], decoy=lambda c: 3 * c["x"], tolerance=1e-12,
    ... )
    >>> points = [Measured({"x": 2.0}, 4.0), Measured({"x": 5.0}, 10.0)]
    >>> verify(half, points)  # doctest: +NORMALIZE_WHITESPACE
    half: HOLDS. At the worst of 2 cells: measured 4, predicted 4.
    Decoy (3 x) rejected, at 2 of 2 cells.
    """
    if not measured:
        raise InvalidInput(claim.name, "there is nothing measured to verify it with")
    for one in measured:
        if not np.isfinite(one.value) or not np.isfinite(one.error) or one.error < 0:
            raise InvalidInput(
                claim.name, f"the measurement at {dict(one.cell)} is not a finite number"
            )
        if one.error > 0 and one.replicates < 2:
            raise InvalidInput(
                claim.name, f"the standard error at {dict(one.cell)} needs at least 2 replicates"
            )
    formula = compare(claim, claim.formula, measured)
    decoy = compare(claim, claim.decoy, measured)
    status: Status = "UNDECIDED"
    if formula.answer == "contradicted":
        status = "REFUTED"
    elif formula.answer == "accepted" and decoy.answer == "contradicted":
        status = "HOLDS"
    changes = [
        (quantile(claim, one, len(measured)) - stdtrit(one.replicates - 1, 0.05))
        * one.error
        / abs(one.value)
        for one in measured
        if one.error > 0 and one.value != 0
    ]
    return Verdict(
        claim,
        status,
        formula,
        decoy,
        cells=len(measured),
        replicates=min(m.replicates for m in measured),
        detectable=float(min(changes) + claim.tolerance) if changes else 0.0,
        detectable_anywhere=float(max(changes) + claim.tolerance) if changes else 0.0,
    )


def quantile(claim: Claim, one: Measured, cells: int) -> float:
    """z of the module docstring: two-sided, Bonferroni over the cells;
    a rate is one comparison; 0 if computed.
    """
    if one.error == 0:
        return 0.0
    comparisons = 1 if claim.kind == "rate" else cells
    return -float(stdtrit(one.replicates - 1, claim.false_alarm / 2 / comparisons))


def compare(claim: Claim, formula: Formula, measured: Sequence[Measured]) -> Comparison:
    """One formula, true or not, against the measurements,
    by the comparison that the claim's kind picks.

    Raises
    ------
    InvalidInput
        If the formula needs a key that a cell does not hold, or answers with no finite number.
    """
    if claim.kind == "rate":
        return _compare_rate(claim, formula, measured)
    worst: Comparison | None = None
    contradicted, reached = 0, 0.0
    for one in measured:
        predicted = _predicted(claim, formula, one.cell)
        distance = one.value - predicted
        excess = {"upper": distance, "lower": -distance}.get(claim.kind, abs(distance))
        noise = quantile(claim, one, len(measured)) * one.error
        allowed = noise + claim.tolerance * max(abs(predicted), claim.scale)
        # A one-sided claim that is met has a negative excess; where nothing is allowed, any excess
        # is too much.
        margin = excess / allowed if allowed > 0 else LARGEST * np.sign(excess)
        contradicted += margin > 1
        if predicted > 0:
            reached = max(reached, one.value / predicted)
        if worst is None or margin > worst.margin:
            answer: Answer = "contradicted" if margin > 1 else "accepted"
            worst = Comparison(answer, float(margin), one.cell, one.value, predicted, 0.0)
    assert worst is not None
    return replace(worst, share=float(contradicted / len(measured)), reached=float(reached))


def _compare_rate(claim: Claim, formula: Formula, measured: Sequence[Measured]) -> Comparison:
    """Least squares of log(measured/formula) on log x; equivalence of its slope with 0.

    Weights are (value/error)² where every cell was sampled, and equal where one was computed, whose
    own error is 0. The slope is Σ c_k y_k, and its half-width √Σ (c_k h_k)², h_k the larger
    half-width of log(value ± z · error): a cell whose interval reaches 0 has no logarithm, and the
    answer is "unclear".
    """
    cells = {"cells": len(measured)}
    places = [_at(claim, "a rate", one.cell, "x") for one in measured]
    if not all(_is_number(x) and 0 < x < np.inf for x in places):
        raise InvalidInput(claim.name, "a rate needs a positive x at each cell")
    x = np.log(np.array(places, dtype=np.float64))
    if np.unique(x).size < 3:
        raise InvalidInput(claim.name, "a rate needs at least three different x")
    predicted = np.array([_predicted(claim, formula, m.cell) for m in measured])
    if predicted.min() <= 0:
        raise InvalidInput(claim.name, "a rate needs a formula that is positive at each cell")
    values, errors = (np.array([getattr(m, a) for m in measured]) for a in ("value", "error"))
    if np.any((values <= 0) & (errors == 0)):
        return Comparison("contradicted", LARGEST, cells, 0.0, 0.0, 1.0)
    reach = errors * np.array([quantile(claim, m, len(measured)) for m in measured])
    if np.any(values <= reach):
        return Comparison("unclear", LARGEST, cells, 0.0, 0.0, 0.0)
    y = np.log(values) - np.log(predicted)
    relative = errors / values
    weights = (relative.min() / relative) ** 2 if errors.min() > 0 else np.ones_like(values)
    centred = x - np.average(x, weights=weights)
    share = weights * centred / np.sum(weights * centred**2)
    slope = float(share @ y)
    half = float(np.linalg.norm(share * np.log1p(-reach / values)))
    answer: Answer = "unclear"
    if abs(slope) + half <= claim.tolerance:
        answer = "accepted"
    elif abs(slope) - half > claim.tolerance:
        answer = "contradicted"
    margin = (abs(slope) + half) / claim.tolerance
    return Comparison(answer, margin, cells, slope, 0.0, float(answer == "contradicted"))


def _predicted(claim: Claim, formula: Formula, cell: Cell) -> float:
    """What a formula says at a cell."""
    try:
        number = float(formula(cell))
    except KeyError as missing:
        raise _missing(claim, "its formula", missing.args[0], cell) from None
    if not np.isfinite(number):
        raise InvalidInput(claim.name, f"its formula is {number} at {dict(cell)}")
    return number


def _at(claim: Claim, who: str, cell: Cell, key: str) -> Any:
    if key not in cell:
        raise _missing(claim, who, key, cell)
    return cell[key]


def _missing(claim: Claim, who: str, key: object, cell: Cell) -> InvalidInput:
    held = ", ".join(sorted(cell)) or "nothing"
    return InvalidInput(claim.name, f"{who} needs {key!r} in each cell, and a cell holds {held}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)
