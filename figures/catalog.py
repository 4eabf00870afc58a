"""The figures, as data. Adding one: its file and its entry here."""

from collections.abc import Callable
from dataclasses import dataclass

import matplotlib.figure

from figures import (
    beyond_basis,
    beyond_efficiency,
    beyond_map,
    figure_1a,
    figure_1b,
    figure_2,
    figure_3a,
    figure_3b,
)
from figures.data import FigureData


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes
    ----------
    name : permanent
    title : one line
    studies : names of the studies whose tables it needs
    draw : from checked tables to the figure; raises BadTable
    """

    name: str
    title: str
    studies: tuple[str, ...]
    draw: Callable[[FigureData], matplotlib.figure.Figure]


FIGURES: tuple[Figure, ...] = (
    Figure(
        name="figure-1a",
        title="Scaled error against dimension, with and without log log d",
        studies=("error-vs-dimension",),
        draw=figure_1a.draw,
    ),
    Figure(
        name="figure-1b",
        title="The measured dependence on dimension beside linear dependence and published rates",
        studies=("error-vs-dimension",),
        draw=figure_1b.draw,
    ),
    Figure(
        name="figure-2",
        title="What uses what, on the way to the explicit bounds",
        studies=("evidence-identities", "evidence-concentration"),
        draw=figure_2.draw,
    ),
    Figure(
        name="figure-3a",
        title="DSM and BSM at each time step, with theory and the information bound",
        studies=("error-vs-timestep",),
        draw=figure_3a.draw,
    ),
    Figure(
        name="figure-3b",
        title="The minor mode's share with DSM and BSM scores of a mixture",
        studies=("mixture-bootstrap",),
        draw=figure_3b.draw,
    ),
    Figure(
        name="beyond-efficiency",
        title="Every estimator's risk over the information bound, against time",
        studies=("bootstrap-weights",),
        draw=beyond_efficiency.draw,
    ),
    Figure(
        name="beyond-map",
        title="Should I bootstrap? Joint risk over DSM's, against m/d, spacing, first time and spectrum",
        studies=("bootstrap-map",),
        draw=beyond_map.draw,
    ),
    Figure(
        name="beyond-basis",
        title="Joint-time fitting: risk against the number of time functions",
        studies=("joint-time",),
        draw=beyond_basis.draw,
    ),
)
