"""Times on a command line."""

import numpy as np
import pytest

from bounds.check import InvalidInput
from studies.spec import times


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0.1,0.2,0.5", (0.1, 0.2, 0.5)),
        (" 1e-3, 2 ", (0.001, 2.0)),
        ("7", (7.0,)),
        ("0.1:0.5:0.1", (0.1, 0.2, 0.3, 0.4, 0.5)),
        ("1:1:0.5", (1.0,)),
        ("1e-3:3e-3:1e-3", (0.001, 0.002, 0.003)),
    ],
)
def test_lists_and_steps(text: str, found: tuple[float, ...]) -> None:
    """To the last bit: 3 · 0.1 added up in floats is not 0.3."""
    assert times(text) == found


def test_a_geometric_grid() -> None:
    found = times("geom:1e-3:3:40")
    assert len(found) == 40 and found[0] == 0.001 and found[-1] == 3.0
    np.testing.assert_allclose(np.diff(np.log(found)), np.log(3000) / 39)


@pytest.mark.parametrize(
    "text",
    [
        *("", ",", "a", "0.1,", "1:2", "1:2:3:4", "0.1:1:0.4", "1:2:0", "2:1:0.1", "1:2:-1"),
        *("0:1:0.1", "0.2,0.1", "0.1,0.1", "-1", "0", "nan", "inf", "1e400", "1e-400"),
        *("geom:1:2", "geom:1:2:x", "geom:2:1:4", "geom:0:1:4", "geom:1:2:1", "geom:1:2:2.5"),
        *("geom:1:2:1e9", "geom:1:2:1e300", "1:1e9:1e-3", "geom:nan:1:3", "x:1:2", "0.1;0.2"),
        *(",".join(map(str, range(1, 10_002))), "²"),
    ],
)
def test_what_is_no_spec(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        times(text)
    assert refused.value.key == "times"
    assert len(str(refused.value)) < 200
