"""Which survivors of mutation need a reason; what mutmut finds, `make mutants` says."""

import pytest

from studies import verdicts
from tests import measured
from tests.mutants import Mutant, Score, complaints, decoys, mutant, rules, score, verdicts_of

ALONE = Mutant("f", "if x < 1:", "if x <= 1:")


def covered(before: str, after: str, around: str = "") -> bool:
    """Whether some rule is for such a mutant."""
    one = Mutant("f", before, after, around or before)
    return any(rule.covers(one) for rule in rules())


def test_a_rule_covers_its_class_and_no_more() -> None:
    """Catches a pattern so wide that it hides what a test should notice."""
    assert covered("zip(a, b, strict=True)", "zip(a, b, )")
    assert covered("strict=True,", "", "zip( a, strict=True, )")
    assert not covered("zip(a, b, strict=True)", "zip(a, strict=True)")
    assert covered("np.array(a, dtype=np.float64)", "np.array(a, dtype=None)")
    assert covered('np.einsum("ij,j->i", a, b)', 'np.einsum("IJ,J->I", a, b)')
    assert not covered('np.einsum("ij,j->i", a, b)', 'np.einsum("ij,j->i", None, b)')
    assert covered('raise InvalidInput("d", f"is {d}")', 'raise InvalidInput("D", f"is {d}")')
    assert not covered('kind == "linear"', 'kind == "LINEAR"')
    assert covered('"is no law",', '"XXis no lawXX",', 'InvalidInput( "d", "is no law",')
    assert not covered('"linear": f,', '"LINEAR": f,', 'InvalidInput( "linear": f,')
    assert covered('positive("t", t)', 'positive("T", t)')
    assert not covered('positive("t", t)', 'positive("t", None)')
    assert covered("a.reshape(-1, 3)", "a.reshape(-2, 3)")
    assert not covered("a.reshape(-1, 3)", "a.reshape(-1, 4)")


def test_more_survivors_than_reasons_are_told() -> None:
    """And a function that is gone; one that survives less is nobody's trouble."""
    assert complaints([ALONE, ALONE], rules(), {"f": 1}, {"f"}) == []
    assert complaints([], rules(), {"f": 1}, {"f"}) == []
    (told,) = complaints([ALONE], rules(), {}, {"f"})
    assert told.startswith("f: 1 survivors, 0 reasons") and "if x <= 1:" in told
    assert complaints([], rules(), {"g": 1}, {"f"}) == ["g: has reasons, and is gone"]


def test_what_mutmut_shows_is_read() -> None:
    """The lines that differ, of a method in a package; its own head is none of them."""
    diff = "--- a\n+++ b\n@@ -1,3 +1,3 @@\n def f():\n-    return  1\n+    return 2\n     # so\n"
    shown = mutant("bounds.papers.a_2024.near.xǁGramǁadd__mutmut_12", diff)
    assert shown == Mutant("Gram.add", "return 1", "return 2")
    assert shown.around == "def f(): return 1 return 2 # so"
    assert mutant("bounds.gram.x__step__mutmut_3", diff).function == "_step"


def test_a_module_without_functions_has_no_mutants() -> None:
    """mutmut fails on one, and a run over all modules would end there."""
    assert score("papers.kumar_2025.rigor") == Score("papers.kumar_2025.rigor", 0, 0, ())


def test_a_mutant_of_a_formula_is_judged_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the verdicts on its module's claims, and not by what the unbroken formula said before."""
    assert verdicts_of("papers.kumar_2025.linear")[0].endswith("one[dsm-risk]")
    assert verdicts_of("gram") == []
    found = decoys("papers.kumar_2025.averaging")
    assert "_pick_union" in found and "pick" not in found  # a decoy, and another claim's formula
    name = "dsm-risk"
    first = measured.verdict(name)
    monkeypatch.setattr(verdicts, "_known", dict.fromkeys(verdicts._known, 1000000000.0))
    assert measured.verdict(name) is first
    monkeypatch.setenv("MUTANT_UNDER_TEST", "bounds.papers.kumar_2025.linear.x_f__mutmut_1")
    again = measured.verdict(name)
    assert again is not first
    assert again.status == first.status
