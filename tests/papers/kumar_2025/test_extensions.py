"""The table of the theorem: its claims are the ledger's, its numbers the results'."""

from bounds.ledger import claim
from figures.papers.kumar_2025.extensions import EXTENSIONS, table

NAMES = [name for one in EXTENSIONS for name in (one.bound, *one.beside)]
HELD = {
    name: {"verdict": claim(name).expected, "expected": claim(name).expected}
    | {"measured": 7.0, "predicted": 2.0, "reached": 0.25 + k / 100}
    for k, name in enumerate(NAMES)
}


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [line.replace("\\|", "¦").strip("| ").split(" | ") for line in lines[1:]]


def test_each_row_rests_on_an_upper_bound_that_holds() -> None:
    assert len({one.bound for one in EXTENSIONS}) == len(EXTENSIONS)
    for one in EXTENSIONS:
        held = claim(one.bound)
        assert (held.kind, held.expected) == ("upper", "HOLDS"), one.bound
        assert not held.description


def test_what_was_reached_is_read_from_the_results() -> None:
    """Another measurement changes its own row and no other; a bound not measured says so."""
    plain = rows(table(HELD))
    assert {len(row) for row in plain} == {7}
    name = EXTENSIONS[2].bound
    other = rows(table(HELD | {name: HELD[name] | {"reached": 0.95}}))
    assert [a == b for a, b in zip(plain, other, strict=True)] == [
        k != 2 for k in range(len(EXTENSIONS))
    ]
    assert other[2][3] == "0.95"
    left = rows(table({k: v for k, v in HELD.items() if k != name}))
    assert left[2][3] == "not measured"
    assert "**" in left[2][6]


def test_a_claim_that_fails_is_said() -> None:
    """In bold where it is not as expected, plainly where an expected refutation stands."""
    name = EXTENSIONS[0].bound
    fallen = table(HELD | {name: HELD[name] | {"verdict": "UNDECIDED"}})
    assert f"**`{name}` not as expected**" in fallen
    assert "not as expected**" not in table(HELD)
    assert "`parameters-joint-mean` REFUTED" in table(HELD)
