"""Claims judged by what is known, and what is not known measured first: dimfree's and a user's."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from types import MappingProxyType

from bounds.claim import Claim, Verdict
from studies import options, output, own_code, presets, quantities, tables, verdicts
from studies.own_claims import OwnClaims, OwnJudged
from studies.tables import Table

PRESET = "quick"
"""What is measured for it."""


def _nothing(tables: Mapping[str, Table]) -> None:
    """Begins nothing."""


@contextmanager
def asked(
    claims: Sequence[Claim], then: Callable[[Mapping[str, Table]], None] = _nothing
) -> Iterator[Callable[[str, Table], None]]:
    """Yields what takes a study's name and table, and judges the claims on it in a thread beside,
    while the next study is measured: the verdicts are dropped, what the formulas said is
    remembered.

    Where one of them fails, it will fail again for whoever asks for the verdict; and likewise what
    is done then.

    Parameters
    ----------
    claims : to be judged
    then : is given, in that thread, the tables that there are after each study
    """
    told: SimpleQueue[tuple[str, Table] | None] = SimpleQueue()
    over = Event()
    so_far: dict[str, Table] = {}

    def judge() -> None:
        while (study := told.get()) is not None:
            name, table = study
            so_far[name] = table
            for claim in claims:
                if over.is_set():
                    return
                if quantities.study_of(claim) == name:
                    with suppress(Exception):
                        verdicts.judge([claim], {name: table})
            with suppress(Exception):
                then(so_far)

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


def judged(
    claims: Sequence[Claim],
    workers: int,
    own: OwnClaims | None = None,
    known: Mapping[str, Table] = MappingProxyType({}),
) -> tuple[bool, Sequence[Verdict], Mapping[str, Table]]:
    """Verdicts on claims; whether no cell is missing; and the tables, by the study's name.

    Parameters
    ----------
    claims : dimfree's or a user's
    workers : how many tasks run at once, ≥ 1
    own : the user's file that they are from, if they are a user's
    known : tables that are there; what else is needed is measured
    """
    studies = [
        one
        for one in quantities.needed(claims, own.studies if own else ())
        if one.name not in known
    ]
    with output.scratch() as scratch, own_code.blaming(own.path) if own else nullcontext():
        with asked(() if own else claims) as tell:
            complete, found = presets.measure(studies, PRESET, scratch, workers, tell)
        complete &= not any(t.manifest["counts"]["cells_missing"] for t in known.values())
        with tables.blaming_gaps(complete):
            return complete, verdicts.judge(claims, {**known, **found}), {**known, **found}


def of_ones_own(own: OwnClaims, folders: Sequence[Path], results: Mapping[str, Table]) -> OwnJudged:
    """A user's claims, from results that are there if their code is still the same, else measured
    anew.

    Parameters
    ----------
    own : the claims
    folders : where their studies' results may lie
    results : the tables of dimfree's own studies
    """
    stored = own.stored(folders)
    for name in sorted({one.name for one in own.studies} - set(stored)):
        output.note(
            f"dimfree: {name} has no results of its code as it is: measured, preset {PRESET}"
        )
    complete, found, known = judged(own.claims, options.cores(), own, {**results, **stored})
    here = {name: known[name] for name in known if name not in results}
    return OwnJudged(own, tuple(found), here, complete)
