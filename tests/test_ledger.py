"""The ledger itself: finding a claim by name,
and what its own formulas say on a grid that is not even.
"""

import math

import pytest

from bounds import ledger
from bounds.check import InvalidInput


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
