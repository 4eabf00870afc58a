"""The recommendation: its numbers are the results',
its sentences stand and fall with their claims.
"""

from types import SimpleNamespace

import pytest

from bounds.ledger import claim
from figures.papers.kumar_2025.recommendation import IN_SHORT, SENTENCES, closing

LEVELS = [
    SimpleNamespace(spacing=spacing, m=m, curve=curve, value=value * scale)
    for spacing, m, scale in ((0.1, 500, 1.0), (0.1, 20000, 0.5), (0.02, 20000, 3.0))
    for curve, value in (("DSM", 2.0), ("BSM", 1.2 if m == 20000 else 1.9), ("path fit", 0.18))
]
WORTH = [
    SimpleNamespace(t=t, estimator=name, redraws=redraws)
    for t, name, redraws in (
        *((2.0, "BSM", 9.901), (0.5, "BSM", 1.613), (0.5, "path fit", 36.2)),
        *((2.0, "path fit", 398.1), (0.5, "BSM, risk-optimal matrix", 1.77)),
    )
]
WORST = [
    SimpleNamespace(rule=rule, hypotheses=size, mean=mean)
    for rule, size, mean in (
        *(("least loss", 10, 1.8), ("least loss", 100, 3.2), ("least loss", 1000, 9.9)),
        *(("Q-aggregation", 100, 1.28), ("Q-aggregation", 10, 1.2), ("Bayes", 10, 0.1)),
    )
]
ORDER = [
    {"d": d, "t": t, "target": target, "measured": value}
    for d, t, target, value in (
        *((8, 2.0, "TB", 0.0085), (8, 0.2, "TB", 0.4725), (8, 0.2, "w0", 0.024)),
        *((8, 2.0, "w0", 0.0018), (3, 0.1, "TB", 0.77)),
    )
]
FOUND = {
    "beyond-gradient": SimpleNamespace(points={"sgd-order": ORDER}),
    "beyond-averaging": SimpleNamespace(worst=WORST),
    "beyond-basis": SimpleNamespace(levels=LEVELS),
    "beyond-redraws": SimpleNamespace(worth=WORTH),
}
HELD = {
    name: {"verdict": "HOLDS", "expected": "HOLDS"}
    for one in (*IN_SHORT, *SENTENCES)
    for name in one.claims
}


def test_numbers_are_filled_from_results():
    """At the first spacing and the largest m: 1.2/2 and 0.18/2.
    The decoys: the other m (0.95), and another value.
    """
    text = closing(FOUND, HELD)
    assert "the joint risk is 0.60 of it" in text
    assert "to 0.090 of denoising's" in text
    other = [
        SimpleNamespace(**vars(r) | {"value": 0.8})
        if (r.spacing, r.m, r.curve) == (0.1, 20000, "BSM")
        else r
        for r in LEVELS
    ]
    assert "the joint risk is 0.80 of it" in closing(
        FOUND | {"beyond-basis": SimpleNamespace(levels=other)}, HELD
    )
    assert (
        "at t = 0.5, 2 bootstrapping is worth 1.6, 9.9 draws of plain denoising, the path fit 36, "
        "398. With K draws for both" in text
    )
    assert "least loss is 1.5 to 2.5 times that of Q-aggregation" in text
    assert "it ends at 0.47 (t = 0.2) to 0.0085 (t = 2) of denoising's excess risk" in text
    assert "withdrawn" not in text


@pytest.mark.parametrize("name", HELD)
def test_a_sentence_falls_with_any_of_its_claims(name):
    """REFUTED, UNDECIDED or not measured:
    each sentence that it holds is withdrawn and names the claim; the others stay.
    """
    for verdicts in (
        HELD | {name: {"verdict": "REFUTED", "expected": "HOLDS"}},
        HELD | {name: {"verdict": "UNDECIDED", "expected": "HOLDS"}},
        {k: v for k, v in HELD.items() if k != name},
    ):
        text = closing(FOUND, verdicts)
        held = [one for one in (*IN_SHORT, *SENTENCES) if name in one.claims]
        assert text.count(f"withdrawn, since `{name}` is not as expected") == len(held)
        assert text.count("withdrawn") == len(held)


def test_three_sentences_say_it_in_short():
    """At most thirty words each, filled from the same results."""
    text = closing(FOUND, HELD).split("\n\n")[2].split("\n")
    assert len(text) == 3
    assert all(len(line.partition(" (`")[0].split()) - 1 <= 30 for line in text)
    assert "its joint risk here is 0.090 of denoising's, where bootstrapping has 0.60" in text[0]
    assert "at t = 2 bootstrapping is worth 9.9 draws" in text[1]


def test_each_sentence_is_held_by_claims_of_the_ledger_and_short():
    for one in (*IN_SHORT, *SENTENCES):
        assert one.claims
        for name in one.claims:
            assert claim(name).name == name
        assert len(f"{one.who}: {one.text(FOUND)}".split()) <= 45


def test_it_says_for_how_many_noise_draws():
    """One, a few, endless: each has its sentence;
    and beyond linear scores nothing is claimed but at one draw.
    """
    text = closing(FOUND, HELD)
    for who in (
        "One noise draw for each datum",
        "A few noise draws for each datum",
        "Endless noise draws",
    ):
        assert f"- *{who}" in text
    assert "For networks all is measured with one noise draw for each datum" in text
