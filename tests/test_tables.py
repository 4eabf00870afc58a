"""A table is read back exactly, or refused for what is wrong with it; its files stay as they are."""

import hashlib
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bounds.check import InvalidInput
from studies.sweep import run
from studies.tables import read
from tests.toy_studies import ToySettings, awkward, study

AWKWARD = study(measure=awkward)
SETTINGS = ToySettings(replicates=4, seed=3, dims=(2, 5))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    run(AWKWARD, SETTINGS, tmp_path, progress=False)
    return tmp_path


def test_values_come_back_bit_for_bit(folder: Path) -> None:
    """Floats without a short decimal form, the largest and the smallest, and words that pandas takes for NaN.

    Catches "%.6g" or "%.15g" in the writer (0.1 + 0.2), and a reader that turns "None" or "NA" into NaN.
    """
    table = read(folder, "toy", ["estimator", "value"])
    assert list(table.frame.columns) == ["study", "d", "estimator", "replicate", "value"]
    assert list(table.frame["d"]) == [2] * 24 + [5] * 24
    assert list(table.frame["replicate"]) == [r for _ in (2, 5) for r in range(4) for _ in range(6)]
    assert list(table.frame["estimator"][:6]) == ["None", "NA", 'a,"b"', "π", "", "null"]
    values = list(table.frame["value"][:6])
    assert values == [0.1 + 0.2, sys.float_info.max, 1e23, -5e-324, 1 / 3, -0.0]
    assert math.copysign(1.0, values[5]) == -1.0
    assert float(f"{0.1 + 0.2:.15g}") != 0.1 + 0.2  # the decoy would show
    assert table.manifest["counts"] == {
        "cells": 2,
        "cells_missing": 0,
        "replicates": 8,
        "replicates_missing": 0,
        "rows": 48,
    }


def test_an_older_table_keeps_what_is_not_finite(folder: Path) -> None:
    """A run leaves such cells out; versions before wrote them, and a reader must neither drop nor change them."""
    lines(
        folder,
        lambda x: [x[0], b"toy,2,a,0,nan\n", b"toy,2,b,0,inf\n", b"toy,2,c,0,-inf\n", b"toy,2,d,0,0.1\n"],
    )
    data = (folder / "toy.csv").read_bytes()
    manifest(folder, counts={"rows": 4}, csv={"sha256": hashlib.sha256(data).hexdigest()})
    nan, *others = read(folder, "toy", []).frame["value"]
    assert math.isnan(nan)
    assert others == [math.inf, -math.inf, 0.1]


def lines(folder: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path = folder / "toy.csv"
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


def manifest(folder: Path, **changes: Any) -> None:
    path = folder / "toy.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "file", "says"),
    [
        (lambda f: lines(f, lambda x: x[:-1]), "toy.csv", "cut short: 47 complete rows of 48"),
        (lambda f: lines(f, lambda x: [*x[:-1], x[-1][:-1]]), "toy.csv", "cut short: 47 complete rows of 48"),
        (lambda f: lines(f, lambda x: []), "toy.csv", "cut short: 0 complete rows of 48"),
        (lambda f: lines(f, lambda x: [*x, x[-1]]), "toy.csv", "changed after toy.json"),
        (lambda f: lines(f, lambda x: [x[0], x[2], x[1], *x[3:]]), "toy.csv", "changed after toy.json"),
        (lambda f: (f / "toy.csv").unlink(), "toy.csv", "does not exist"),
        (lambda f: (f / "toy.json").unlink(), "toy.json", "does not exist"),
        (lambda f: (f / "toy.json").write_bytes(b'{"schema": 1'), "toy.json", "no JSON"),
        (lambda f: (f / "toy.json").write_bytes(b"\xff\xfe"), "toy.json", "no JSON"),
        (lambda f: (f / "toy.json").write_bytes(b"[]"), "toy.json", "not a manifest of schema 2"),
        (lambda f: manifest(f, schema=1), "toy.json", "not a manifest of schema 2"),
        (lambda f: manifest(f, study="other"), "toy.json", "of other, not of toy"),
        (lambda f: manifest(f, csv=None), "toy.json", "lacks the table's row count, cells or a checksum"),
        (lambda f: manifest(f, counts={"rows": 47}), "toy.json", "speaks of 47 rows, and toy.csv has 48"),
    ],
)
def test_what_does_not_fit_is_refused_untouched(
    folder: Path, spoil: Callable[[Path], None], file: str, says: str
) -> None:
    """The control: it is read before it is spoiled. The reordered rows keep count and contents: only the sum tells."""
    read(folder, "toy", [])
    spoil(folder)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(InvalidInput) as caught:
        read(folder, "toy", [])
    assert caught.value.key == str(folder / file)
    assert says in caught.value.reason
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_column_that_is_not_there(folder: Path) -> None:
    """The message names it and those that are there."""
    with pytest.raises(
        InvalidInput, match="has no column risk; it has study, d, estimator, replicate, value"
    ):
        read(folder, "toy", ["d", "risk"])
