"""The figures of Zhu et al. 2023."""

from figures.papers.zhu_2023 import beside, causes
from figures.told import Figure

FIGURES: tuple[Figure, ...] = (causes.FIGURE, beside.FIGURE)
