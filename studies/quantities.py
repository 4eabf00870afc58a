"""What a claim is measured by: a study's table → numbers with standard errors.
Nothing here knows a formula.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

import numpy as np

from bounds.check import InvalidInput
from bounds.claim import Claim, Measured
from bounds.replicates import ratio
from studies.catalog import STEMS, study
from studies.study import Study
from studies.summary import groups
from studies.tables import Table

Measure = Callable[[Table], list[Measured]]


def measure_quantity(table: Table, quantity: str) -> list[Measured]:
    """Mean over replicates of a quantity of evidence at each cell;
    standard error 0 for a single replicate.

    Raises
    ------
    InvalidInput
        If the table has no such quantity: its cells are missing.
    """
    values: dict[str, list[float]] = defaultdict(list)
    frame = table.frame[table.frame["quantity"] == quantity]
    if frame.empty:
        raise InvalidInput(table.manifest["study"], f"has no measurement of {quantity}")
    for cell, value in zip(frame["cell"], frame["value"], strict=True):
        values[cell].append(float(value))
    out = []
    for cell, found in values.items():
        sample = np.array(found)
        error = float(sample.std(ddof=1) / np.sqrt(sample.size)) if sample.size > 1 else 0.0
        out.append(Measured(json.loads(cell), float(sample.mean()), error, sample.size))
    return out


def measure_over_dsm(
    quantity: str, method: str, base: str = "dsm"
) -> Callable[[Table], list[Measured]]:
    """Paired ratio of the means of a quantity of evidence, of a method over DSM or another base, at
    each cell.
    """

    def measured(table: Table) -> list[Measured]:
        out = []
        frame = table.frame.sort_values("replicate", kind="stable")
        for cell, group in groups(frame[frame["quantity"].str.startswith(f"{quantity}/")], "cell"):
            by = {
                m: group.loc[group["quantity"] == f"{quantity}/{m}", "value"]
                for m in (method, base)
            }
            a, b = (by[m].to_numpy(dtype=np.float64) for m in (method, base))
            if not a.size == b.size > 0:
                raise InvalidInput(quantity, f"needs the same replicates of {method} and of {base}")
            out.append(ratio(json.loads(cell), a, b))
        return out

    return measured


@cache
def measurements() -> dict[str, tuple[str, Measure]]:
    """MEASUREMENTS of each work that has some of its own."""
    found: dict[str, tuple[str, Measure]] = {}
    for stem in STEMS:
        module = part(stem, "quantities")
        if module:
            found |= module.MEASUREMENTS
    return found


def part(stem: str, name: str) -> ModuleType | None:
    """The module of that name of a work's studies, if they are a package that has one."""
    package = import_module(f"studies.papers.{stem}")
    whole = f"{package.__name__}.{name}"
    return import_module(whole) if hasattr(package, "__path__") and find_spec(whole) else None


def measured_by(claim: Claim) -> tuple[str, Callable[[Table], list[Measured]]]:
    """The study that a claim is measured by, and how:
    an entry of `measurements`, or "STUDY:QUANTITY" of evidence.
    """
    if claim.measurement in measurements():
        return measurements()[claim.measurement]
    name, _, quantity = claim.measurement.partition(":")
    return name, lambda table: measure_quantity(table, quantity)


def quantity_of(claim: Claim) -> str | None:
    """The quantity of evidence that a claim is measured by;
    None where it is measured in another way.
    """
    return None if claim.measurement in measurements() else claim.measurement.partition(":")[2]


def needed(claims: Sequence[Claim], own: Sequence[Study] = ()) -> list[Study]:
    """The studies that the claims are measured by,
    each with no more cells than they need, as far as it knows which.

    The numbers are the same as of all cells: a replicate's seed is a function of its own cell
    alone.

    Parameters
    ----------
    claims : some
    own : studies beside the catalog's
    """
    known = {one.name: one for one in own}
    wanted: dict[str, list[str | None]] = defaultdict(list)
    for claim in claims:
        wanted[study_of(claim)].append(quantity_of(claim))
    studies = []
    for name, found in wanted.items():
        one = known.get(name) or study(name)
        studies.append(one if None in found else one.only({each for each in found if each}))
    return studies


def study_of(claim: Claim) -> str:
    """The study that a claim is measured by."""
    return measured_by(claim)[0]
