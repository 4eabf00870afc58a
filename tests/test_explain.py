"""A claim in words: its formula as it stands in the code, its verdict as it was computed."""

from dataclasses import replace
from functools import partial

import pytest

from bounds.claim import Measured, verify
from bounds.ledger import CLAIMS, claim
from studies.explain import fit, formula_text, record, text

FIRST, SECOND = (lambda c: c["x"] + 1), (lambda c: c["x"] + 2)


def double(cell, factor=2.0):
    """Not to be shown."""
    shifted = cell["x"] + 1
    return factor * shifted


def test_formula_text():
    """Of two lambdas on one line each its own; of a function all but the docstring."""
    assert formula_text(FIRST) == "c['x'] + 1"
    assert formula_text(SECOND) == "c['x'] + 2"
    assert formula_text(double) == (
        "def double(cell, factor=2.0):\n    shifted = cell['x'] + 1\n    return factor * shifted"
    )


@pytest.mark.parametrize("one", CLAIMS, ids=lambda one: one.name)
def test_the_ledgers_formulas(one):
    """Each has a text that is Python, and none is the text of its decoy."""
    formula, decoy = formula_text(one.formula), formula_text(one.decoy)
    assert formula != decoy
    for shown in (formula, decoy):
        compile(shown, one.name, "exec")


def test_a_text_that_is_evaluated_gives_the_formula():
    """What is shown is what is computed: eval of the text at a cell."""
    for name, cell in (("reverse-start-noise", {"x": 3.0}), ("dsm-risk-infinite", {"x": 16.0})):
        one = claim(name)
        assert eval(formula_text(one.formula), {"c": cell}) == one.formula(cell)
        assert eval(formula_text(one.decoy), {"c": cell}) == one.decoy(cell)


def test_numbers_that_a_formula_was_given_are_shown():
    """By a partial or from around it; what is no function has its name alone."""

    def power(order):
        return lambda c: c["x"] ** order

    def scaled(c, by, *, of=1.0):
        return by * of * c["x"]

    class Bound:
        def __call__(self, c):
            return c["x"]

    assert formula_text(power(2)) == "c['x'] ** order  # where order = 2"
    assert formula_text(power(3)) != formula_text(power(2))
    shown = formula_text(partial(scaled, by=3, of=0.5))
    assert shown.startswith("def scaled(") and shown.endswith("# with by=3, of=0.5")
    assert formula_text(Bound()).endswith("Bound")


SUBJECT = replace(
    claim("dsm-risk"),
    kind="tight",
    formula=lambda c: 2.0,
    decoy=lambda c: 3.0,
    tolerance=0.1,
    why="W.",
)


def test_text():
    """All of it, with the verdict's own numbers; without results it says so."""
    verdict = verify(SUBJECT, [Measured({"d": 4}, 2.1), Measured({"d": 5}, 2.05)])
    shown = text(record(SUBJECT, verdict), "some/where")
    joined = " ".join(shown.split())
    for wanted in (
        *(
            "dsm-risk",
            "tight, derived",
            "why W.",
            "about risk, sample size paper kumar_2025",
            "source theory.md",
            "formula 2.0",
            "tr(C_t) d/(m − d)",
        ),
        *(
            "HOLDS, decoy rejected, at 2 cells; 2 cells",
            "from some/where",
            "measured 2.1, predicted 2,",
        ),
        *(
            "apart by 0.5 of what is allowed",
            "predicts 3 for 2.05",
            "Cell: d = 4",
            "again dimfree verify dsm-risk",
        ),
    ):
        assert wanted in joined, wanted
    assert max(map(len, shown.split("\n"))) <= 100
    assert "none: not run" in " ".join(text(record(SUBJECT), "not run").split())
    missed = replace(SUBJECT, decoy=SUBJECT.formula)
    assert "decoy NOT rejected, at 0 cells" in text(
        record(missed, verify(missed, [Measured({}, 2.0)])), "x"
    )


def test_fit():
    """A one-sided claim that is met far inside has a margin below 0; infinite ones have a word."""
    assert fit(-1e300) == "met with room to spare"
    assert fit(0.25) == "apart by 0.25 of what is allowed"
    assert fit(1.5) == "apart by 1.5 of what is allowed"
    assert fit(1.7e308) == "far beyond what is allowed"
