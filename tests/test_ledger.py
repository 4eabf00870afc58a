"""The ledger itself: finding a claim by name, what its own formulas say on a grid that is not even,
and what its claims are about.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

import pytest

from bounds import ledger
from bounds.check import InvalidInput
from bounds.claim import QUANTITIES, Claim, Paper


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("no-such", "see `dimfree list claims`"),
        ("DSM-risk", "did you mean dsm-risk?"),
        ("dsm-risk ", "did you mean dsm-risk or dsm-risk-infinite?"),
        ("", "see `dimfree list claims`"),
    ],
)
def test_an_unknown_name_is_one_sentence(name: str, hint: str) -> None:
    """With the key that the command line gives it, the name as written,
    and where the names are or the near ones; the case counts.
    """
    with pytest.raises(InvalidInput) as caught:
        ledger.claim(name)
    assert str(caught.value) == f"NAME: {name!r} is not one of the claims; {hint}"


@pytest.mark.parametrize(
    ("stem", "hint"),
    [
        ("no such work", "see `dimfree list papers`"),
        ("horvat", "did you mean horvat_2024?"),
    ],
)
def test_an_unknown_work_is_one_sentence(stem: str, hint: str) -> None:
    """Under the option that names it, with the stems near it."""
    with pytest.raises(InvalidInput) as caught:
        ledger.paper(stem)
    assert str(caught.value) == f"--paper: {stem!r} is not one of the papers; {hint}"


def test_claims_by_names_and_patterns() -> None:
    """All in the ledger's order without a name; else in the order of the names, each once, whether
    a name or a pattern gave it first. Catches a pattern that is read as a name, and a work's claims
    mixed up with another's.
    """
    assert ledger.claims() == ledger.CLAIMS
    eulers = ["gauge-euler-volume", "gauge-euler-price"]
    for wanted, found in (
        (["dsm-risk", "gauge-energy"], ["dsm-risk", "gauge-energy"]),
        (["gauge-euler-*"], eulers),
        (["g[a]uge-euler-*", "dsm-risk", "dsm-risk"], [*eulers, "dsm-risk"]),
        (["dsm-ris?", *reversed(eulers), "gauge-euler-*"], ["dsm-risk", *reversed(eulers)]),
    ):
        assert [one.name for one in ledger.claims(wanted)] == found
    own = ledger.claims_of(ledger.paper("horvat_2024"))
    names = [one.name for one in own]
    assert [one.name for one in ledger.claims(stem="horvat_2024")] == names
    assert [one.name for one in ledger.claims(["gauge-*"], "horvat_2024")] == names
    assert len(ledger.claims(["gauge-*"])) > len(names)
    assert [one.name for one in ledger.picked(["*-euler-*"], own)] == eulers
    assert ledger.picked([], own) == own


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: ledger.claims(["zz*"]), "NAME: 'zz*' matches no claim"),
        (
            lambda: ledger.claims(["X"]),
            "NAME: 'X' is not one of the claims; see `dimfree list claims`",
        ),
        (
            lambda: ledger.claims(["gauge-*"], "kumar_2025"),
            "NAME: 'gauge-*' matches no claim of kumar_2025",
        ),
        (
            lambda: ledger.claims(["dsm-risk", "gauge-energy"], "kumar_2025"),
            "NAME: 'gauge-energy' matches no claim of kumar_2025",
        ),
        (
            lambda: ledger.claims(["gauge-*", "DSM-risk"], "horvat_2024"),
            "NAME: 'DSM-risk' is not one of the claims; did you mean dsm-risk?",
        ),
        (
            lambda: ledger.claims((), "horvat"),
            "--paper: 'horvat' is not one of the papers; did you mean horvat_2024?",
        ),
        (lambda: ledger.picked(["x"], ledger.CLAIMS), "NAME: 'x' matches no claim"),
    ],
)
def test_what_picks_no_claim(call: Callable[[], object], sentence: str) -> None:
    """What another work's claims alone have matches none of this one's; a name that no claim has
    is answered with those like it.
    """
    with pytest.raises(InvalidInput) as caught:
        call()
    assert str(caught.value) == sentence


def test_bsm_over_dsm_by_hand() -> None:
    """Two eigenvalues, two times that are not evenly spaced: theory.md's recursion for r_ij, entry
    by entry, at BSM's w and at 1/2, over d Σ_i c_i. At the first time both are DSM. Catches a ratio
    of another time, i for j, and another w."""
    values, times = (0.5, 2.0), (0.2, 0.7)
    noise = [1 - math.exp(-2 * t) for t in times]
    v = [[math.exp(-2 * t) * a + n for a in values] for t, n in zip(times, noise, strict=True)]
    c = [[1 / n - 1 / x for x in at] for n, at in zip(noise, v, strict=True)]
    grow, fresh = math.exp(2 * 0.5), 1 - math.exp(-2 * 0.5)

    def ratio(w: float) -> float:
        total = sum(
            w**2 * grow / v[0][i]
            + (1 - w) ** 2 / fresh
            - 1 / v[1][i]
            + w**2 * v[0][j] / v[1][j] * c[0][i]
            for i in range(2)
            for j in range(2)
        )
        return total / (2 * sum(c[1]))

    subject = ledger.claim("figure-3a-ratio")
    cell = {"eigenvalues": list(values), "times": list(times), "t": 0.7}
    assert subject.formula(cell) == pytest.approx(ratio(noise[0] / noise[1] / grow), rel=1e-12)
    assert subject.decoy(cell) == pytest.approx(ratio(0.5), rel=1e-12)
    for formula in (subject.formula, subject.decoy):
        assert formula({**cell, "t": 0.2}) == pytest.approx(1, rel=1e-12)


# --- what speaks of which quantity ----------------------------------------------------------------


def lacks(work: Paper, claims: Sequence[Claim]) -> list[str]:
    """What is missing from a work's `about`, and what stands there for nothing."""
    place = f"in PAPER of bounds.papers.{work.stem}"
    found = [
        f"{place}: add {one.name!r} to `about`, under a quantity of bounds.claim.QUANTITIES"
        for one in claims
        if not one.about
    ]
    return found + [
        f"{place}: take {name!r} from {quantity!r} of `about`: no claim of the work is named so"
        for quantity, names in work.about.items()
        for name in names
        if not any(fnmatchcase(one.name, name) for one in claims)
    ]


@pytest.mark.parametrize("work", ledger.PAPERS, ids=lambda work: work.stem)
def test_every_claim_is_about_something(work: Paper) -> None:
    """No claim under no quantity, no pattern for no claim: catches a claim that is added or named
    anew and left out of the report's table of works and quantities.
    """
    missing = lacks(work, [one for one in ledger.CLAIMS if one.paper == work.stem])
    assert not missing, "\n".join(missing)


def test_what_a_work_leaves_out_is_seen() -> None:
    """The decoys: a claim under no quantity, and a pattern for no claim; the words name each."""
    work = ledger.paper("vuong_2025")
    cut = {"variance": ("loop-*", "lop-dsm"), "risk": ("loop-dsm", "visible-*")}
    spoilt = replace(work, about=cut)
    claims = [spoilt.adopted(one) for one in ledger.claims_of(work)]
    missing = lacks(spoilt, claims)
    assert len(missing) == len(claims) - 2 + 1
    assert "add 'invisible-dsm' to `about`" in missing[0] and "vuong_2025" in missing[0]
    assert "take 'lop-dsm' from 'variance'" in missing[-1]


def test_what_a_claim_is_about() -> None:
    """A claim has the quantities that a name or a pattern of its work gives it, each once, in the
    order of QUANTITIES; another work's patterns do not reach it.
    """
    about = {"risk": ("loop-dsm", "loop-*"), "bias": ("*-dsm",), "variance": ("loop", "Loop-dsm")}
    work = replace(ledger.paper("vuong_2025"), stem="other_2000", about=about)
    one = work.adopted(ledger.claim("loop-dsm"))
    assert (one.paper, one.about) == ("other_2000", ("bias", "risk"))
    assert ledger.claim("loop-dsm").about == ("variance", "sample size")
    assert work.adopted(ledger.claim("dsm-risk")).about == ()


def test_every_quantity_is_used() -> None:
    """By two works at least; a word for one work's claims alone is none to compare works by."""
    for quantity in QUANTITIES:
        assert len({one.paper for one in ledger.CLAIMS if quantity in one.about}) > 1, quantity


@pytest.mark.parametrize("part", [ledger.paper("vuong_2025"), ledger.claim("loop-dsm")])
def test_no_other_quantity(part: Paper | Claim) -> None:
    """Refused in one sentence, for a work and for a claim."""
    about = {"luck": ("loop-dsm",)} if isinstance(part, Paper) else ("luck",)
    name = part.stem if isinstance(part, Paper) else part.name
    with pytest.raises(
        InvalidInput, match=f"^{name}: about 'luck' is not one of scores and laws, bias, "
    ):
        replace(part, about=about)  # type: ignore[arg-type]
