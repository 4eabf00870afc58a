"""How this paper's tables meet its theory, figure by figure."""

from collections.abc import Callable, Mapping

from studies.joined import Joined
from studies.papers.kumar_2025.joins.averaging import beyond_averaging
from studies.papers.kumar_2025.joins.beyond import beyond_basis, beyond_efficiency, beyond_map
from studies.papers.kumar_2025.joins.figure_1a import figure_1a
from studies.papers.kumar_2025.joins.figure_1b import figure_1b
from studies.papers.kumar_2025.joins.figure_2 import figure_2
from studies.papers.kumar_2025.joins.figure_3a import figure_3a
from studies.papers.kumar_2025.joins.figure_3b import figure_3b
from studies.papers.kumar_2025.joins.forgetting import beyond_forgetting
from studies.papers.kumar_2025.joins.large import beyond_dimension
from studies.papers.kumar_2025.joins.networks import beyond_networks
from studies.papers.kumar_2025.joins.redraws import beyond_redraws
from studies.tables import Table

__all__ = [
    "JOINS",
    "beyond_averaging",
    "beyond_basis",
    "beyond_dimension",
    "beyond_efficiency",
    "beyond_forgetting",
    "beyond_map",
    "beyond_networks",
    "beyond_redraws",
    "figure_1a",
    "figure_1b",
    "figure_2",
    "figure_3a",
    "figure_3b",
]


def _of_study(
    name: str, join: Callable[[Table], Joined]
) -> Callable[[Mapping[str, Table]], Joined]:
    return lambda tables: join(tables[name])


# figure name → what joins it, from the tables of the studies that the figure names
JOINS: Mapping[str, Callable[[Mapping[str, Table]], Joined]] = {
    "figure-1a": _of_study("error-vs-dimension", figure_1a),
    "figure-1b": _of_study("error-vs-dimension", figure_1b),
    "figure-2": figure_2,
    "figure-3a": _of_study("error-vs-timestep", figure_3a),
    "figure-3b": _of_study("mixture-bootstrap", figure_3b),
    "beyond-efficiency": _of_study("bootstrap-weights", beyond_efficiency),
    "beyond-map": _of_study("bootstrap-map", beyond_map),
    "beyond-basis": _of_study("joint-time", beyond_basis),
    "beyond-forgetting": _of_study("evidence-forgetting", beyond_forgetting),
    "beyond-redraws": _of_study("redraws", beyond_redraws),
    "beyond-networks": _of_study("evidence-networks", beyond_networks),
    "beyond-dimension": _of_study("large-dimensions", beyond_dimension),
    "beyond-averaging": _of_study("evidence-averaging", beyond_averaging),
}
