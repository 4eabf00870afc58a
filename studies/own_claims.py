"""Claims that a user brings in a Python file, with the studies that measure them.

The file holds CLAIMS, a tuple of bounds.claim.Claim; STUDIES, a tuple of studies.study.Study whose
rows are evidence (studies.evidence), if they need any beside dimfree's own; and PAPER, a
bounds.claim.Paper, if they are a work's. They are judged as the ledger's are.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from shlex import quote
from typing import Any

from bounds.check import InvalidInput
from bounds.claim import Claim, Paper, Verdict
from studies import catalog, tables
from studies.code import code_of
from studies.evidence import COLUMNS
from studies.explain import record
from studies.own_code import blaming, check_name, checked, made_beside
from studies.quantities import measurements, quantity_of, study_of
from studies.study import Study
from studies.tables import Table

PRESET = "quick"
"""What claims are verified with."""


@dataclass(frozen=True)
class OwnClaims:
    """What a user's file holds.

    Attributes
    ----------
    path : the file, as the user named it
    claims : at least one
    studies : those that measure some of them
    paper : the work that they are of, if the file has one
    """

    path: Path
    claims: tuple[Claim, ...]
    studies: tuple[Study, ...]
    paper: Paper | None

    def stored(self, folders: Sequence[Path]) -> dict[str, Table]:
        """The tables of its studies that lie in one of the folders
        and were measured by the code that stands in the file now; the first of each.
        """
        found: dict[str, Table] = {}
        for one in self.studies:
            for folder in folders:
                if one.name not in found and (folder / f"{one.name}.json").is_file():
                    table = tables.read(folder, one.name, one.columns)
                    if table.manifest["code"] == code_of(one.measure):
                        found[one.name] = table
        return found


@dataclass(frozen=True)
class OwnJudged:
    """What became of a user's claims.

    Attributes
    ----------
    own : the claims
    verdicts : on each, in order
    tables : of the studies that are not dimfree's, by name
    complete : whether no cell of these is missing
    """

    own: OwnClaims
    verdicts: tuple[Verdict, ...]
    tables: Mapping[str, Table]
    complete: bool

    def told(self) -> dict[str, Any]:
        """What the page tells of them: file, claims, paper."""
        path = self.own.path
        with blaming(path):
            claims = [
                record(v.claim, v)
                | {"command": f"dimfree verify --claims {quote(str(path))} {v.claim.name}"}
                for v in self.verdicts
            ]
        paper = self.own.paper
        return {"file": str(path), "claims": claims, "paper": asdict(paper) if paper else None}


def claims_in(path: Path, taken: Collection[str], works: Collection[str]) -> OwnClaims:
    """The claims in a user's file.

    Parameters
    ----------
    path : the file
    taken : names that none of them may have, the ledger's
    works : stems that no paper may have

    Raises
    ------
    InvalidInput
        If there is no such file, it cannot be imported, or does not hold what it should.
    """
    module, _ = checked(path, "--claims")
    if not hasattr(module, "CLAIMS"):
        raise InvalidInput("--claims", f"{path} has no CLAIMS, a tuple of bounds.claim.Claim")
    claims: tuple[Claim, ...] = _tuple(path, "CLAIMS", module.CLAIMS, Claim)
    studies: tuple[Study, ...] = _tuple(path, "STUDIES", getattr(module, "STUDIES", ()), Study)
    if not claims:
        raise InvalidInput("--claims", f"{path}: CLAIMS is empty")
    paper = getattr(module, "PAPER", None)
    if paper is not None and not isinstance(paper, Paper):
        raise InvalidInput("--claims", f"{path}: PAPER must be a bounds.claim.Paper")
    if paper is not None and paper.stem in works:
        raise InvalidInput("--claims", f"{path}: {paper.stem!r} is a work of dimfree's")
    if paper is not None:
        _check_about(path, paper, [claim.name for claim in claims])
    for claim in claims:
        check_name(claim.name, taken, "claim", path, "--claims")
    for study in studies:
        check_name(study.name, catalog.PAPER_OF, "study", path, "--claims")
    found = OwnClaims(
        path,
        tuple(paper.adopted(one) for one in claims) if paper else claims,
        tuple(made_beside(one, path, "STUDIES", "--claims") for one in studies),
        paper,
    )
    for one in found.claims:
        _check_measured(found, one)
    return found


def _tuple(path: Path, name: str, held: Any, kind: type) -> Any:
    """What a name of the file holds, if it is a tuple of these with names that differ."""
    what = f"a tuple of {kind.__module__}.{kind.__name__}"
    if not isinstance(held, tuple | list):
        raise InvalidInput("--claims", f"{path}: {name} must be {what}, and is {_a(held)}")
    for one in held:
        if not isinstance(one, kind):
            raise InvalidInput("--claims", f"{path}: {name} must be {what}, and holds {_a(one)}")
    names = [one.name for one in held]
    twice = next((one for one in names if names.count(one) > 1), None)
    if twice is not None:
        raise InvalidInput("--claims", f"{path}: {name} holds {twice!r} twice")
    return tuple(held)


def _check_about(path: Path, paper: Paper, claims: Sequence[str]) -> None:
    """Whether all that a work is said to be about are claims of the file."""
    for quantity, names in paper.about.items():
        if not isinstance(names, tuple | list):
            why = f"must be a tuple of names, and is {_a(names)}"
            raise InvalidInput("--claims", f"{path}: PAPER's about {quantity!r} {why}")
        for name in names:
            if not any(fnmatchcase(one, str(name)) for one in claims):
                why = f"has {name!r}, which no claim there is named"
                raise InvalidInput("--claims", f"{path}: PAPER's about {quantity!r} {why}")


def _a(held: object) -> str:
    return f"of type {type(held).__name__}"


def _check_measured(own: OwnClaims, claim: Claim) -> None:
    """Whether there is a study that measures a claim, and what it measures can be found."""
    name, studies = study_of(claim), {one.name: one for one in own.studies}
    if name not in studies and name not in catalog.PAPER_OF:
        why = f"{name!r} is neither in STUDIES nor a study of dimfree's"
    elif claim.measurement in measurements():
        return
    elif not quantity_of(claim) or not set(COLUMNS) <= set(
        (studies.get(name) or catalog.study(name)).columns
    ):
        why = f"it takes STUDY:QUANTITY, of a study with the columns {', '.join(COLUMNS)}"
    elif name in studies and PRESET not in studies[name].presets:
        why = f"the study has no preset {PRESET!r}, which claims are verified with"
    else:
        return
    raise InvalidInput(
        "--claims", f"{own.path}: {claim.name} is measured by {claim.measurement!r}: {why}"
    )
