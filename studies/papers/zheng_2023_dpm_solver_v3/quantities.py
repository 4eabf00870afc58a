"""MEASUREMENTS: what the claims of Zheng et al. are measured by, beyond evidence's own rows."""

from collections.abc import Callable

from bounds.claim import Measured
from studies.tables import Table

MEASUREMENTS: dict[str, tuple[str, Callable[[Table], list[Measured]]]] = {}
