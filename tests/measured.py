"""Tables of the quick preset, measured once in a process however many test files ask for them."""

from copy import deepcopy
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from studies import tables
from studies.catalog import study
from studies.sweep import run
from studies.tables import Table


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
