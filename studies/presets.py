"""Several studies' presets, measured one after the other: what reproduce and verify do."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread

from bounds.check import InvalidInput
from bounds.claim import Claim
from studies import catalog, executors, output, quantities, sweep, tables, verdicts
from studies.study import Study
from studies.tables import Table


def measure(
    wanted: Sequence[Study], preset: str, out: Path, workers: int, claims: Sequence[Claim] = ()
) -> tuple[bool, Mapping[str, Table]]:
    """Runs the presets; whether no cell is missing, and the tables by the study's name.

    What needs an extra that is not installed is named before anything is measured, and left out.

    Parameters
    ----------
    wanted : the studies
    preset : its name
    out : the folder; each work's results lie in a folder of its own there
    workers : how many tasks run at once, ≥ 1
    claims : to be judged after: what their formulas say is asked while the next study is measured

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
    with _asked(claims) as ask, executors.lasting(workers) as executor:
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
            ask(one.name, results[one.name])
    return complete, results


@contextmanager
def _asked(claims: Sequence[Claim]) -> Iterator[Callable[[str, Table], None]]:
    """Given a study's table, judges the claims on it in a thread beside; the verdicts are dropped,
    what the formulas said is remembered.

    Where one of them fails, it will fail again for whoever asks for the verdict.
    """
    told: SimpleQueue[tuple[str, Table] | None] = SimpleQueue()
    over = Event()

    def judge() -> None:
        while (study := told.get()) is not None:
            name, table = study
            for claim in claims:
                if over.is_set():
                    return
                if quantities.study_of(claim) == name:
                    with suppress(Exception):
                        verdicts.judge([claim], {name: table})

    def ask(name: str, table: Table) -> None:
        told.put((name, table))

    beside = Thread(target=judge, daemon=True)
    beside.start()
    try:
        yield ask
        told.put(None)
        beside.join()
    finally:
        over.set()
        told.put(None)
