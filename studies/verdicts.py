"""Where theory and measurement meet, once:
claims, measured, with their verdicts; tables, joined, for a figure.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pandas as pd

from bounds.claim import Cell, Claim, Formula, Verdict, verify
from studies.catalog import STEMS
from studies.joined import Joined
from studies.quantities import measured_by, part, study_of
from studies.study import canonical
from studies.summary import half_width
from studies.tables import Table

_known: dict[tuple[Formula, str], float] = {}


def _remembered(formula: Formula) -> Formula:
    """The formula, asked once for each cell: some take a second, and verdicts and figures ask
    alike.
    """

    def value(cell: Cell) -> float:
        key = formula, canonical(cell)
        if key not in _known:
            _known[key] = float(formula(cell))
        return _known[key]

    return value


def forget() -> None:
    """What formulas have said: for who has changed one."""
    _known.clear()


def judge(claims: Sequence[Claim], tables: Mapping[str, Table]) -> list[Verdict]:
    """The verdicts on the claims whose study is among the tables, in the order of the claims."""
    found = []
    for claim in claims:
        if study_of(claim) in tables:
            measured = measured_by(claim)[1](tables[study_of(claim)])
            formula, decoy = _remembered(claim.formula), _remembered(claim.decoy)
            verdict = verify(replace(claim, formula=formula, decoy=decoy), measured)
            found.append(replace(verdict, claim=claim))
    return found


@cache
def joins() -> Mapping[str, Callable[[Mapping[str, Table]], Joined]]:
    """Figure name → what joins it, from the tables of the studies
    that the figure names; of each work that has some.
    """
    found: dict[str, Callable[[Mapping[str, Table]], Joined]] = {}
    for stem in STEMS:
        module = part(stem, "joins")
        if module:
            found |= module.JOINS
    return found


@dataclass(frozen=True)
class PointsFound:
    """What a figure without a join of its own found.

    Attributes
    ----------
    points : by the claim's name the rows of `points`
    studies : by name the settings and the code version of what was run
    missing : how many cells are
    """

    points: Mapping[str, list[dict[Hashable, Any]]]
    studies: Mapping[str, Mapping[str, Any]]
    missing: int


def joined(figure: str, claims: Sequence[Claim], tables: Mapping[str, Table]) -> Joined:
    """What a figure is drawn from and told with:
    by its work's own join, if there is one, else by `points` of its claims.

    The generic findings are `PointsFound`.

    Parameters
    ----------
    figure : its name
    claims : that it quotes
    tables : of the studies that it names
    """
    if figure in joins():
        return joins()[figure](tables)
    found = points([claim for claim in claims if study_of(claim) in tables], tables)
    manifests = {name: table.manifest for name, table in tables.items()}
    ran = {
        name: {**manifest["config"], "code": manifest["code"]}
        for name, manifest in manifests.items()
    }
    rows = {name: frame.to_dict("records") for name, frame in found.items()}
    missing = sum(manifest["counts"]["cells_missing"] for manifest in manifests.values())
    return Joined(found, {}, PointsFound(rows, ran, missing))


def points(claims: Sequence[Claim], tables: Mapping[str, Table]) -> dict[str, pd.DataFrame]:
    """What the verdicts on claims judge, to be drawn: for each claim's name a row for each cell.

    Columns: those of the cell, n (replicates), measured, error, low, high (the interval at 95 %),
    predicted, decoy.

    Parameters
    ----------
    claims : whose study is among the tables
    tables : by the study's name
    """
    found = {}
    for claim in claims:
        rows = []
        predicted, decoy = _remembered(claim.formula), _remembered(claim.decoy)
        for one in measured_by(claim)[1](tables[study_of(claim)]):
            half = half_width(one.error, one.replicates)
            rows.append(
                {
                    **one.cell,
                    "n": one.replicates,
                    "measured": one.value,
                    "error": one.error,
                    "low": one.value - half,
                    "high": one.value + half,
                    "predicted": predicted(one.cell),
                    "decoy": decoy(one.cell),
                }
            )
        found[claim.name] = pd.DataFrame(rows)
    return found
