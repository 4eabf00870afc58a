"""FIGURES: all there are. A new work is its module in figures.papers and its line here."""

from importlib import import_module

from figures.told import Figure

STEMS = (
    "kumar_2025",
    "wang_vastola_2024",
)
"""The works: each a module or a package of figures.papers that holds FIGURES."""

FIGURES: tuple[Figure, ...] = tuple(
    figure for stem in STEMS for figure in import_module(f"figures.papers.{stem}").FIGURES
)
