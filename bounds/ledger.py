"""PAPERS and CLAIMS: all works and all statements that are checked.
A new work is its module and its line here.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from importlib import import_module

from bounds.check import InvalidInput, unknown
from bounds.claim import Claim, Paper

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
"""The works: each a module or a package of bounds.papers that holds PAPER and CLAIMS."""

_WORKS = tuple(import_module(f"bounds.papers.{stem}") for stem in STEMS)
PAPERS: tuple[Paper, ...] = tuple(work.PAPER for work in _WORKS)
CLAIMS: tuple[Claim, ...] = tuple(
    work.PAPER.adopted(claim) for work in _WORKS for claim in work.CLAIMS
)


def claim(name: str) -> Claim:
    """The claim of that name.

    Raises
    ------
    InvalidInput
        If there is none.
    """
    for one in CLAIMS:
        if one.name == name:
            return one
    raise unknown("NAME", "claims", name, [one.name for one in CLAIMS])


def claims(wanted: Sequence[str] = (), stem: str | None = None) -> tuple[Claim, ...]:
    """The claims of these names, each once, in the order of the names.

    Parameters
    ----------
    wanted : names, or patterns of them with *, ? and […]; none for all claims
    stem : of the work whose claims alone are taken

    Raises
    ------
    InvalidInput
        If there is no such claim or work, a pattern matches none, or one is of another work.
    """
    known = (
        CLAIMS if stem is None else tuple(one for one in CLAIMS if one.paper == paper(stem).stem)
    )
    for name in wanted:
        if not _is_pattern(name):
            claim(name)  # says what was meant
    return picked(wanted, known, f" of {stem}" if stem else "")


def picked(wanted: Sequence[str], known: Sequence[Claim], of: str = "") -> tuple[Claim, ...]:
    """Those of the claims that have these names, each once, in the order of the names.

    Parameters
    ----------
    wanted : names, or patterns of them with *, ? and […]; none for all claims
    known : the claims
    of : whose they are, for the message

    Raises
    ------
    InvalidInput
        If there is no such claim, or a pattern matches none.
    """
    if not wanted:
        return tuple(known)
    found: dict[str, Claim] = {}
    for name in wanted:
        if _is_pattern(name):
            matching = [one for one in known if fnmatchcase(one.name, name)]
        else:
            matching = [one for one in known if one.name == name]
        if not matching:
            raise InvalidInput("NAME", f"{name!r} matches no claim{of}")
        found |= {one.name: one for one in matching}
    return tuple(found.values())


def _is_pattern(name: str) -> bool:
    return bool(set(name) & set("*?["))


def claims_of(work: Paper) -> tuple[Claim, ...]:
    """The claims of a work."""
    return _WORKS[PAPERS.index(work)].CLAIMS  # type: ignore[no-any-return]


def paper(stem: str) -> Paper:
    """The work of that stem.

    Raises
    ------
    InvalidInput
        If there is none.
    """
    for one in PAPERS:
        if one.stem == stem:
            return one
    raise unknown("--paper", "papers", stem, [one.stem for one in PAPERS])
