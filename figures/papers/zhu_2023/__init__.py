"""The figures of Zhu et al. 2023."""

from figures.papers.zhu_2023 import zhu, zhu_beside
from figures.told import Figure

FIGURES: tuple[Figure, ...] = (zhu.FIGURE, zhu_beside.FIGURE)
