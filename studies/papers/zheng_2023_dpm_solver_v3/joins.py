"""How this paper's tables meet its theory: by its claims alone, and no join of its own."""

from collections.abc import Callable, Mapping

from studies.joined import Joined
from studies.tables import Table

JOINS: Mapping[str, Callable[[Mapping[str, Table]], Joined]] = {}
