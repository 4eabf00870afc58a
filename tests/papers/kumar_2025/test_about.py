"""What the claims are about, by the words of their statements."""

import re

import pytest

from bounds.ledger import CLAIMS

OWN = [claim for claim in CLAIMS if claim.paper == "kumar_2025"]


@pytest.mark.parametrize(
    ("words", "quantity"),
    [
        (r"[Ww]ith probability at least|E exp\(", "confidence"),
        (r"\bW2\b|\bKL\b|minor mode's (weight|share)", "sampled law"),
        (r"rows (of real sets|held out)|\bnetwork\b", "data and networks"),
        (r"halving the step|k-th of|N to 2N steps", "discretisation"),
        (r"[Ss]tochastic gradient descent|Q-aggregation|least loss", "optimisation"),
        (r"score error is|[Mm]ean empirical risk|E risk", "risk"),
        (
            r"E\[X_0\|X_t(?: = x)?\] (?:of|=)|Var\(X_\{t'\}|tr Cov\((w|T1)",
            "variance|scores and laws",
        ),
        (r"up to d = 10⁸|does not depend on d\b|log log d has|P parameters", "dimension"),
    ],
)
def test_by_their_words(words: str, quantity: str) -> None:
    """Catches a pattern that leaves out a claim whose statement says what it is about."""
    named = [claim for claim in OWN if re.search(words, claim.statement)]
    assert len(named) >= 2
    wanted = set(quantity.split("|"))
    assert [claim.name for claim in named if not wanted & set(claim.about)] == []
