"""Several studies' presets, measured one after the other: what reproduce and verify do."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bounds.check import InvalidInput
from studies import catalog, executors, output, sweep, tables
from studies.study import Study
from studies.tables import Table


def _nobody(name: str, table: Table) -> None:
    """Asks nothing."""


def measure(
    wanted: Sequence[Study],
    preset: str,
    out: Path,
    workers: int,
    tell: Callable[[str, Table], None] = _nobody,
) -> tuple[bool, Mapping[str, Table]]:
    """Runs the presets; whether no cell is missing, and the tables by the study's name.

    What needs an extra that is not installed is named before anything is measured, and left out.

    Parameters
    ----------
    wanted : the studies
    preset : its name
    out : the folder; each work's results lie in a folder of its own there
    workers : how many tasks run at once, ≥ 1
    tell : is given each study's name and table as soon as they are there

    Raises
    ------
    InvalidInput
        If all of it is left out, or as sweep.run does.
    """
    left_out = [one for one in wanted if one.lacks()]
    for one in left_out:
        output.note(f"dimfree: {one.name} {one.lacks()}; it is left out, with what rests on it")
    if left_out and len(left_out) == len(wanted):
        raise InvalidInput("dimfree", "nothing is left to measure")
    complete, results = not left_out, {}
    with executors.lasting(workers) as executor:
        for one in wanted:
            if one in left_out:
                continue
            folder = out / catalog.PAPER_OF.get(one.name, "")
            outcome = sweep.run(
                one, one.presets[preset], folder, workers=workers, executor=executor
            )
            for gap in outcome.missing:
                output.note(f"{one.name}: {gap}")
            complete &= not outcome.missing
            results[one.name] = tables.read(folder, one.name, one.columns)
            tell(one.name, results[one.name])
    return complete, results
