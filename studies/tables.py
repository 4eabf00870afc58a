"""A study's table, DIR/STUDY.csv, and its manifest,
DIR/STUDY.json: written from a store, and read back.

The table holds the rows by cell, then replicate, then as measured: it has no memory of workers, of
their order, or of interruptions, and the manifest none of the clock. Where a column holds cells as
JSON text, the table has their numbers, in order of first appearance, and the manifest each cell
once, a line each. A table is read back only if it is the one that its manifest tells of, with the
cells in their places: a caller sees no numbers.

Longer than 350 lines: what writes a table and what reads it back are two sides of one format.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bounds.check import InvalidInput
from studies.code import commit
from studies.output import replacing
from studies.store import Key, Store
from studies.study import Cell, Settings, Study, canonical, cell_key
from studies.task import finite, versions

if TYPE_CHECKING:
    import pandas as pd

MANIFEST_SCHEMA = 2


def paths(folder: Path, study: str) -> tuple[Path, Path]:
    """Where the table and the manifest of a study lie in a folder."""
    return folder / f"{study}.csv", folder / f"{study}.json"


# --- writing --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Missing:
    """A cell that lacks replicates.

    Attributes
    ----------
    cell : the cell
    replicates : how many it lacks
    reason : one sentence
    """

    cell: Cell
    replicates: int
    reason: str

    def __str__(self) -> str:
        cell = canonical(self.cell)
        shown = cell if len(cell) <= 200 else f"{cell[:200]}…"
        many = "1 replicate" if self.replicates == 1 else f"{self.replicates} replicates"
        return f"{many} missing: {self.reason}, in cell {shown}"


class Incomplete(Exception):
    """Cells are missing without which there is nothing to conclude."""


@contextmanager
def blaming_gaps(complete: bool) -> Iterator[None]:
    """Where cells are missing, what cannot be joined
    or judged is their fault and not that of the usage.

    Raises
    ------
    Incomplete
        In the place of a refusal, if cells are missing.
    """
    try:
        yield
    except InvalidInput as error:
        if complete:
            raise
        raise Incomplete(f"cells are missing, so there are no verdicts: {error}") from None


@dataclass(frozen=True)
class Kept:
    """What a store holds of a study.

    Attributes
    ----------
    study, settings : what was measured
    store, key : where it is
    failures : place of a cell among the study's → why it lacks replicates
    """

    study: Study
    settings: Settings
    store: Store
    key: Key
    failures: Mapping[int, str]


@dataclass
class _Counts:
    """What there is to say of a table once it is written."""

    cells: int = 0
    replicates: int = 0
    rows: int = 0
    missing: list[Missing] = field(default_factory=list)


def write(
    folder: Path, kept: Kept, cells: Iterable[Cell]
) -> tuple[dict[str, Any], tuple[Missing, ...]]:
    """Writes table and manifest.

    Parameters
    ----------
    folder : DIR
    kept : what there is
    cells : of the study, in order

    Returns
    -------
    The manifest, and the cells that lack replicates.

    Notes
    -----
    Memory: a replicate's rows, and the different cells of the columns that are normalised.
    """
    table, manifest_path = paths(folder, kept.study.name)
    counts, numbers, digest = _Counts(), _Numbers(kept.study), hashlib.sha256()
    with replacing(table) as file:
        for text in _lines(kept, cells, counts, numbers):
            file.write(text)
            digest.update(text)
    manifest = {
        "schema": MANIFEST_SCHEMA,
        "study": kept.study.name,
        "config": kept.settings.model_dump(mode="json"),
        "seed": kept.settings.seed,
        "versions": versions(),
        "code": kept.key.code,
        "commit": commit(),
        "counts": {
            "cells": counts.cells,
            "cells_missing": len(counts.missing),
            "replicates": counts.replicates,
            "replicates_missing": sum(one.replicates for one in counts.missing),
            "rows": counts.rows,
        },
        "missing": [
            {"cell": one.cell, "replicates": one.replicates, "reason": one.reason}
            for one in counts.missing
        ],
        "csv": {"sha256": digest.hexdigest()},
        "normalised": {
            "columns": list(kept.study.normalised),
            "sha256": _sum(numbers.texts),
            "cells": [json.loads(text) for text in numbers.texts],
        },
    }
    with replacing(manifest_path) as file:
        file.write(_manifest_text(manifest, list(numbers.texts)).encode())
    return manifest, tuple(counts.missing)


def _lines(
    kept: Kept, cells: Iterable[Cell], counts: _Counts, numbers: _Numbers
) -> Iterator[bytes]:
    """The table, header and then a replicate at a time; counts what it has and lacks."""
    study = kept.study
    lines = _Lines()
    yield lines.of([study.columns])
    # A row as it is stored, with the study and the replicate behind it, in the columns' order.
    measured = study.measured
    order = itemgetter(*((*measured, "study", "replicate").index(c) for c in study.columns))
    cells_at, width = [measured.index(column) for column in study.normalised], len(measured)
    for place, cell in enumerate(cells):
        needed, present = study.replicates(cell, kept.settings), 0
        rounding = study.digits if needed > 1 else None
        reason = kept.failures.get(place, "")
        for replicate, stored in kept.store.rows(kept.key, cell_key(cell), needed):
            rows = json.loads(stored)
            if not all(_finite(value) for row in rows for value in row):
                # by a version that let it pass
                reason = (
                    reason or f"replicate {replicate} is stored with a number that is not finite"
                )
                continue
            for row in rows:
                if len(row) != width:
                    raise ValueError(f"{study.name} has stored a row of other columns")
                if rounding:
                    row[:] = [_significant(v, rounding) if isinstance(v, float) else v for v in row]
                for at in cells_at:
                    row[at] = numbers.of(str(row[at]))
                row += (study.name, replicate)
            yield lines.of(map(order, rows))
            present += 1
            counts.rows += len(rows)
        counts.cells += 1
        counts.replicates += needed
        if present < needed:
            counts.missing.append(Missing(cell, needed - present, reason))


_word = lru_cache(64)(finite)  # the same few names stand in all rows


def _finite(value: float | int | str) -> bool:
    return math.isfinite(value) if isinstance(value, float) else _word(value)


def _significant(value: float, digits: int) -> float:
    rounded = float(f"{value:.{digits}g}")
    return rounded if math.isfinite(rounded) else value  # the largest floats have nowhere to go


class _Numbers:
    """The cells in the columns that are normalised, numbered as they appear.

    Parameters
    ----------
    study : whose
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self.texts: dict[str, int] = {}

    def of(self, text: str) -> int:
        """The number of a cell."""
        if (number := self.texts.get(text)) is None:
            self._check(text)
            number = self.texts[text] = len(self.texts)
        return number

    def _check(self, text: str) -> None:
        """What is written as a value must be read as the same text."""
        try:
            same = canonical(json.loads(text)) == text
        except ValueError:
            same = False
        if not same:
            raise InvalidInput(
                self._study.name, f"measured a row of {text:.60}, which is not canonical JSON"
            )


def _sum(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _manifest_text(manifest: Mapping[str, Any], cells: Iterable[str]) -> str:
    """The manifest as JSON, each cell on a line of its own, so that a difference is a line."""
    bare = {**manifest, "normalised": {**manifest["normalised"], "cells": []}}
    head, bracket, tail = json.dumps(bare, indent=2, ensure_ascii=False).rpartition("[]")
    lines = ",\n".join(f"      {cell}" for cell in cells)
    return f"{head}[\n{lines}\n    ]{tail}\n" if lines else f"{head}{bracket}{tail}\n"


class _Lines:
    """Rows as lines of CSV."""

    def __init__(self) -> None:
        self._text = io.StringIO()
        self._writer = csv.writer(self._text, lineterminator="\n")

    def of(self, rows: Iterable[Iterable[object]]) -> bytes:
        """These rows' lines."""
        self._writer.writerows(rows)
        found = self._text.getvalue().encode()
        self._text.seek(0)
        self._text.truncate()
        return found


# --- reading --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """Rows and where they come from.

    Attributes
    ----------
    frame : the rows, one column per column of the CSV, cells as canonical JSON text
    manifest : what DIR/STUDY.json holds: config, seed, versions, counts, missing cells …
    """

    frame: pd.DataFrame
    manifest: dict[str, Any]

    def __repr__(self) -> str:
        return (
            f"Table({self.manifest.get('study')}: {len(self.frame)} rows of "
            f"{', '.join(self.frame.columns)})"
        )


def read(folder: Path, study: str, columns: Sequence[str]) -> Table:
    """The table of a study.

    Parameters
    ----------
    folder : DIR, which a run wrote to
    study : the study's name
    columns : those that the caller needs; there may be others

    Raises
    ------
    InvalidInput
        If a file is not there or unreadable, the manifest is of another schema or study, the table
        was cut short or edited, or the manifest's cells were, or it lacks a column. Nothing is
        written.
    """
    path, manifest_path = paths(folder, study)
    manifest = _manifest(manifest_path, study)
    data = _bytes(path)
    rows = manifest["counts"]["rows"]
    if hashlib.sha256(data).hexdigest() != manifest["csv"]["sha256"]:
        # git's core.autocrlf, and some editors, write the same lines with Windows' ends.
        data = data.replace(b"\r\n", b"\n")
    if hashlib.sha256(data).hexdigest() != manifest["csv"]["sha256"]:
        found = data.count(b"\n") - 1
        if found < rows:
            raise InvalidInput(
                str(path),
                f"was cut short: {max(found, 0)} complete rows of {rows}; run {study} again",
            )
        raise InvalidInput(
            str(path), f"was changed after {manifest_path.name} was written; run {study} again"
        )
    import pandas as pd  # a third of a second, which writing does not need

    words = pd.read_csv(io.BytesIO(data), dtype=object, keep_default_na=False)
    frame = words.apply(_numbers)
    if len(frame) != rows:
        raise InvalidInput(
            str(manifest_path), f"speaks of {rows} rows, and {path.name} has {len(frame)}"
        )
    lacking = [column for column in columns if column not in frame.columns]
    if lacking:
        raise InvalidInput(
            str(path), f"has no column {lacking[0]}; it has {', '.join(frame.columns)}"
        )
    texts = _cells(manifest, manifest_path)
    for column in manifest["normalised"]["columns"] if rows else ():
        try:
            frame[column] = texts[frame[column].to_numpy()]
        except (KeyError, IndexError):
            raise InvalidInput(
                str(manifest_path),
                f"lacks cells of column {column} of {path.name}; run {study} again",
            ) from None
    return Table(frame, manifest)


def _numbers(words: pd.Series[Any]) -> pd.Series[Any]:
    """A column of words as integers or floats, bit for bit, if all of them are; else as they are.

    By Python's own conversions: pandas' parser rounds as it likes, and takes words such as "NA" for
    NaN.
    """
    import pandas as pd

    for kind in (np.int64, np.float64):
        try:
            return pd.Series(words.to_numpy(dtype=object).astype(kind))
        except (ValueError, OverflowError):
            continue
    return words


def _cells(manifest: Mapping[str, Any], path: Path) -> np.ndarray[Any, np.dtype[np.object_]]:
    """The manifest's cells as canonical JSON text, if they are those that were written."""
    written = manifest["normalised"]
    try:
        texts = [canonical(cell) for cell in written["cells"]]
    except ValueError:  # NaN, which no cell holds
        texts = []
    if len(texts) != len(written["cells"]) or _sum(texts) != written["sha256"]:
        raise InvalidInput(
            str(path), f"has other cells than were measured; run {manifest['study']} again"
        )
    return np.array(texts, dtype=object)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InvalidInput(str(path), "does not exist: run its study first") from None
    except OSError as error:
        raise InvalidInput(str(path), f"cannot be read: {(error.strerror or '').lower()}") from None


def _manifest(path: Path, study: str) -> dict[str, Any]:
    data = _bytes(path)
    try:
        manifest = json.loads(data)
    except ValueError:
        raise InvalidInput(str(path), "is damaged: no JSON") from None
    if not isinstance(manifest, dict) or manifest.get("schema") != MANIFEST_SCHEMA:
        raise InvalidInput(
            str(path), f"is not a manifest of schema {MANIFEST_SCHEMA}; run {study} again"
        )
    if manifest.get("study") != study:
        raise InvalidInput(str(path), f"is the manifest of {manifest.get('study')}, not of {study}")
    try:
        whole = (
            isinstance(manifest["counts"]["rows"], int)
            and isinstance(manifest["csv"]["sha256"], str)
            and all(isinstance(manifest["normalised"][name], list) for name in ("columns", "cells"))
            and isinstance(manifest["normalised"]["sha256"], str)
        )
    except (KeyError, TypeError):
        whole = False
    if not whole:
        raise InvalidInput(
            str(path), "is damaged: it lacks the table's row count, cells or a checksum"
        )
    return manifest
