"""A study's table, read back: only if it is the one that its manifest tells of."""

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bounds.check import InvalidInput
from studies.sweep import MANIFEST_SCHEMA


@dataclass(frozen=True)
class Table:
    """Rows and where they come from.

    Attributes
    ----------
    frame : the rows, one column per column of the CSV
    manifest : what DIR/STUDY.json holds: config, seed, versions, counts, missing cells …
    """

    frame: pd.DataFrame
    manifest: dict[str, Any]

    def __repr__(self) -> str:
        return (
            f"Table({self.manifest.get('study')}: {len(self.frame)} rows of {', '.join(self.frame.columns)})"
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
        If a file is not there or unreadable, the manifest is of another schema or study, the table was cut
        short or edited, or lacks a column. Nothing is written.
    """
    path, manifest_path = folder / f"{study}.csv", folder / f"{study}.json"
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
                str(path), f"was cut short: {max(found, 0)} complete rows of {rows}; run {study} again"
            )
        raise InvalidInput(
            str(path), f"was changed after {manifest_path.name} was written; run {study} again"
        )
    words = pd.read_csv(io.BytesIO(data), dtype=object, keep_default_na=False)
    frame = words.apply(_numbers)
    if len(frame) != rows:
        raise InvalidInput(str(manifest_path), f"speaks of {rows} rows, and {path.name} has {len(frame)}")
    lacking = [column for column in columns if column not in frame.columns]
    if lacking:
        raise InvalidInput(str(path), f"has no column {lacking[0]}; it has {', '.join(frame.columns)}")
    return Table(frame, manifest)


def _numbers(words: "pd.Series[Any]") -> "pd.Series[Any]":
    """A column of words as integers or floats, bit for bit, if all of them are; else as they are.

    By Python's own conversions: pandas' parser rounds as it likes, and takes words such as "NA" for NaN.
    """
    for kind in (np.int64, np.float64):
        try:
            return pd.Series(words.to_numpy(dtype=object).astype(kind))
        except (ValueError, OverflowError):
            continue
    return words


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
        raise InvalidInput(str(path), f"is not a manifest of schema {MANIFEST_SCHEMA}; run {study} again")
    if manifest.get("study") != study:
        raise InvalidInput(str(path), f"is the manifest of {manifest.get('study')}, not of {study}")
    try:
        whole = isinstance(manifest["counts"]["rows"], int) and isinstance(manifest["csv"]["sha256"], str)
    except (KeyError, TypeError):
        whole = False
    if not whole:
        raise InvalidInput(str(path), "is damaged: it lacks the table's row count or checksum")
    return manifest
