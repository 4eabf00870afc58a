"""Claims judged beside the measurement of what comes next."""

import threading
from dataclasses import replace

import pytest

from bounds.check import InvalidInput
from bounds.ledger import CLAIMS
from studies import judging, presets, quantities, verdicts
from studies.catalog import study

NAME = "error-vs-timestep"


def test_formulas_are_asked_beside_the_measurement(tmp_path, monkeypatch):
    """What they said is remembered, so that verdicts ask nothing anew; a formula that fails there
    fails again where the verdict is asked for. Catches a thread that judges other studies' claims,
    dies with the first failure, or is not waited for.
    """
    monkeypatch.setattr(verdicts, "_known", {})
    right, failing, *_ = (one for one in CLAIMS if quantities.study_of(one) == NAME)
    other = next(one for one in CLAIMS if quantities.study_of(one) != NAME)
    asked = []

    def counted(formula):
        def value(cell):
            asked.append(threading.current_thread())
            return formula(cell)

        return value

    def fails(cell):
        raise InvalidInput("cell", "has no such number")

    right = replace(right, formula=counted(right.formula), decoy=counted(right.decoy))
    other = replace(other, formula=counted(other.formula))
    failing = replace(failing, formula=fails)
    claims = [other, failing, right]
    with judging.asked(claims) as tell:
        complete, tables = presets.measure([study(NAME)], "quick", tmp_path, 1, tell)
    assert complete
    before = len(asked)
    assert before > 0
    assert threading.current_thread() not in asked
    (verdict,) = verdicts.judge([right], tables)
    assert len(asked) == before
    assert verdict.as_expected
    with pytest.raises(InvalidInput, match="has no such number"):
        verdicts.judge([failing], tables)


def test_what_is_done_then_has_the_tables_so_far(tmp_path):
    """After each study once, in the thread beside, whether or not it fails: a figure is begun as
    soon as its studies are there, and its failure waits for whoever asks.
    """
    seen = []

    def then(tables):
        seen.append((sorted(tables), threading.current_thread()))
        raise InvalidInput("figure", "cannot be drawn")

    names = [NAME, "evidence-lcsc"]
    with judging.asked([], then) as tell:
        presets.measure([study(name) for name in names], "quick", tmp_path, 1, tell)
    assert [tables for tables, _ in seen] == [[NAME], sorted(names)]
    assert threading.current_thread() not in {thread for _, thread in seen}


def test_a_stop_ends_what_is_asked_beside():
    """Within the formula that is under way: no thread is left that goes on through the claims."""
    with pytest.raises(KeyboardInterrupt), judging.asked(CLAIMS):
        running = [one for one in threading.enumerate() if one.name.endswith("(judge)")]
        assert running
        raise KeyboardInterrupt
    running[0].join(5)
    assert not running[0].is_alive()
