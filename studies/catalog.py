"""STUDIES: all there are. A new work is its module in studies.papers and its line here."""

from importlib import import_module
from pathlib import Path

from bounds.check import unknown
from studies.study import Study

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
"""The works: each a module or a package of studies.papers that holds STUDIES."""

PAPER_OF = {
    study.name: stem for stem in STEMS for study in import_module(f"studies.papers.{stem}").STUDIES
}
"""The work that a study belongs to, by its name."""

STUDIES: tuple[Study, ...] = tuple(
    study for stem in STEMS for study in import_module(f"studies.papers.{stem}").STUDIES
)
PRESETS = ("quick", "paper", "deep")


def home(folder: Path, one: Study) -> Path:
    """Where the results of a study lie:
    in the folder's own folder of its work, if it has one and they are there, or in the folder.
    """
    inner = folder / PAPER_OF.get(one.name, "")
    return inner if (inner / f"{one.name}.json").is_file() else folder


def study(name: str) -> Study:
    """The study of that name.

    Raises
    ------
    InvalidInput
        If there is none.
    """
    for one in STUDIES:
        if one.name == name:
            return one
    raise unknown("STUDY", "studies", name, [one.name for one in STUDIES])
