"""Tables of the quick preset and the verdicts on them,
made once in a process however many test files ask for them.
"""

from copy import deepcopy
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bounds.claim import Verdict
from bounds.ledger import claim
from studies import tables
from studies.catalog import study
from studies.quantities import study_of
from studies.sweep import run
from studies.tables import Table
from studies.verdicts import judge


def quick(name: str) -> Table:
    """A study's table at the preset quick, all of it; the caller's own, to change at will."""
    kept = _measured(name)
    return Table(kept.frame.copy(), deepcopy(kept.manifest))


@cache
def _measured(name: str) -> Table:
    one = study(name)
    with TemporaryDirectory() as folder:
        outcome = run(one, one.presets["quick"], Path(folder), progress=False)
        assert outcome.missing == ()
        return tables.read(Path(folder), name, one.columns)


@cache
def verdict(name: str) -> Verdict:
    """What the preset quick makes of a claim; judged once in a process."""
    one = claim(name)
    (found,) = judge([one], {study_of(one): _measured(study_of(one))})
    return found
