"""What the claims of this paper are measured by, beyond the means of its evidence: nothing."""

from collections.abc import Callable, Mapping

from bounds.claim import Measured
from studies.tables import Table

MEASUREMENTS: Mapping[str, tuple[str, Callable[[Table], list[Measured]]]] = {}
