"""PAPERS and CLAIMS: all works and all statements that are checked. A new work is its module and its line here."""

from importlib import import_module

from bounds.check import InvalidInput
from bounds.claim import Claim, Paper

STEMS = (
    "kumar_2025",
    "wang_vastola_2024",
)
"""The works: each a module or a package of bounds.papers that holds PAPER and CLAIMS."""

_WORKS = tuple(import_module(f"bounds.papers.{stem}") for stem in STEMS)
PAPERS: tuple[Paper, ...] = tuple(work.PAPER for work in _WORKS)
CLAIMS: tuple[Claim, ...] = tuple(claim for work in _WORKS for claim in work.CLAIMS)


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
    raise InvalidInput("NAME", f"{name!r} is not a claim; see `dimfree list`")


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
    raise InvalidInput("--paper", f"{stem!r} is not one of {', '.join(one.stem for one in PAPERS)}")
