"""The figures of Kumar, Nagaraj, Sarkar 2025, and those beyond them."""

from collections.abc import Mapping
from typing import Any

from figures.papers.kumar_2025 import (
    beyond_averaging,
    beyond_basis,
    beyond_dimension,
    beyond_efficiency,
    beyond_forgetting,
    beyond_gradient,
    beyond_map,
    beyond_networks,
    beyond_real,
    beyond_redraws,
    figure_1a,
    figure_1b,
    figure_2,
    figure_3a,
    figure_3b,
)
from figures.papers.kumar_2025.extensions import table
from figures.papers.kumar_2025.recommendation import closing
from figures.told import Figure, Findings

FIGURES: tuple[Figure, ...] = (
    figure_1a.FIGURE,
    figure_1b.FIGURE,
    figure_2.FIGURE,
    figure_3a.FIGURE,
    figure_3b.FIGURE,
    beyond_efficiency.FIGURE,
    beyond_map.FIGURE,
    beyond_basis.FIGURE,
    beyond_forgetting.FIGURE,
    beyond_redraws.FIGURE,
    beyond_networks.FIGURE,
    beyond_real.FIGURE,
    beyond_gradient.FIGURE,
    beyond_dimension.FIGURE,
    beyond_averaging.FIGURE,
)


def CLOSING(found: Mapping[str, Findings], verdicts: Mapping[str, Mapping[str, Any]]) -> str:  # noqa: N802
    """The theorem with what follows from it, and the recommendation."""
    return table(verdicts) + closing(found, verdicts)
