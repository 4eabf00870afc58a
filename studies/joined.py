"""What a figure is drawn from and told with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

Fact = str | int | float | bool


@dataclass(frozen=True)
class Joined:
    """What one figure draws and the report tells.

    Attributes
    ----------
    tables : by name, for the figure
    facts : provenance, for the figure
    findings : numbers for the report, an object with a name for each
    """

    tables: Mapping[str, pd.DataFrame]
    facts: Mapping[str, Fact]
    findings: Any
