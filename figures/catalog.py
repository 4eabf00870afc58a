"""FIGURES: all there are. A new work is its module in figures.papers and its line here."""

from importlib import import_module

from figures.told import Closing, Figure

STEMS = (
    "kumar_2025",
    "wang_vastola_2024",
    "han_2024",
    "lcss_2024",
    "smedira_2026",
    "horvat_2024",
    "vuong_2025",
    "yu_2016",
    "albergo_2023",
    "nakano_2024",
    "deveney_2023",
    "scoremd_2025",
    "zhu_2023",
    "xu_2023_pfgmpp",
    "afdps_2025",
    "mardani_2023_red_diff",
    "kim_2022_denoising_mcmc",
    "lcsc_2024",
    "domingo_enrich_2026",
    "zheng_2023_dpm_solver_v3",
)
"""The works: each a module or a package of figures.papers that holds FIGURES."""

_WORKS = {stem: import_module(f"figures.papers.{stem}") for stem in STEMS}
FIGURES: tuple[Figure, ...] = tuple(figure for work in _WORKS.values() for figure in work.FIGURES)
CLOSINGS: dict[str, Closing] = {
    stem: work.CLOSING for stem, work in _WORKS.items() if hasattr(work, "CLOSING")
}
"""What closes the report on a work, where something does, by its stem."""
