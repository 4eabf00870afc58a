"""What the tests of a lesson need to know of it beside the lesson itself."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Checks(NamedTuple):
    """One lesson's.

    Attributes
    ----------
    settings : two settings of its sliders, one step apart
    answers : to its exercises, each by another route than the lesson's
    beside : what the cell with the switch defines besides
    """

    settings: tuple[tuple[Any, ...], tuple[Any, ...]]
    answers: tuple[Callable[[], float], ...]
    beside: Mapping[str, float] = {}
