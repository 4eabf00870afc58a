"""A table is read back exactly, or refused for what is wrong with it;
its files stay as they are.
"""

import csv
import hashlib
import json
import math
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from decimal import Context
from pathlib import Path
from typing import Any

import pytest

from bounds.check import InvalidInput
from studies import tables
from studies.study import canonical, replicate_seed
from studies.sweep import run
from studies.tables import read
from tests.toy_studies import EVIDENCE, ToySettings, awkward, batch_of_one, study

AWKWARD = study(measure=awkward)
SETTINGS = ToySettings(replicates=4, seed=3, dims=(2, 5))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    run(AWKWARD, SETTINGS, tmp_path, progress=False)
    return tmp_path


def test_values_come_back_bit_for_bit(folder: Path) -> None:
    """Floats without a short decimal form, the largest
    and the smallest, and words that pandas takes for NaN.

    Catches "%.6g" or "%.15g" in the writer (0.1 + 0.2), and a reader that turns "None" or "NA" into
    NaN.
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
    """A run leaves such cells out; versions before wrote them,
    and a reader must neither drop nor change them.
    """
    lines(
        folder,
        lambda x: [
            x[0],
            b"toy,2,a,0,nan\n",
            b"toy,2,b,0,inf\n",
            b"toy,2,c,0,-inf\n",
            b"toy,2,d,0,0.1\n",
        ],
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
    path.write_text(
        json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8"
    )


@pytest.mark.parametrize(
    ("spoil", "file", "says"),
    [
        (lambda f: lines(f, lambda x: x[:-1]), "toy.csv", "cut short: 47 complete rows of 48"),
        (
            lambda f: lines(f, lambda x: [*x[:-1], x[-1][:-1]]),
            "toy.csv",
            "cut short: 47 complete rows of 48",
        ),
        (lambda f: lines(f, lambda x: []), "toy.csv", "cut short: 0 complete rows of 48"),
        (lambda f: lines(f, lambda x: [*x, x[-1]]), "toy.csv", "changed after toy.json"),
        (
            lambda f: lines(f, lambda x: [x[0], x[2], x[1], *x[3:]]),
            "toy.csv",
            "changed after toy.json",
        ),
        (lambda f: (f / "toy.csv").unlink(), "toy.csv", "does not exist"),
        (lambda f: (f / "toy.json").unlink(), "toy.json", "does not exist"),
        (lambda f: (f / "toy.json").write_bytes(b'{"schema": 1'), "toy.json", "no JSON"),
        (lambda f: (f / "toy.json").write_bytes(b"\xff\xfe"), "toy.json", "no JSON"),
        (
            lambda f: (f / "toy.json").write_bytes(b"[]"),
            "toy.json",
            "not a manifest of schema 2; run toy again",
        ),
        (lambda f: manifest(f, schema=1), "toy.json", "not a manifest of schema 2; run toy again"),
        (lambda f: manifest(f, study="other"), "toy.json", "of other, not of toy"),
        (
            lambda f: manifest(f, csv=None),
            "toy.json",
            "lacks the table's row count, cells or a checksum",
        ),
        (
            lambda f: manifest(f, counts={"rows": 47}),
            "toy.json",
            "speaks of 47 rows, and toy.csv has 48",
        ),
    ],
)
def test_what_does_not_fit_is_refused_untouched(
    folder: Path, spoil: Callable[[Path], None], file: str, says: str
) -> None:
    """The control: it is read before it is spoiled.
    The reordered rows keep count and contents: only the sum tells.
    """
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


# --- cells once, rows by number -------------------------------------------------------------------


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    run(EVIDENCE, EVIDENCE.presets["quick"], tmp_path, progress=False)
    return tmp_path


def expected() -> list[tuple[str, str, int, float]]:
    """Quantity, cell, replicate and value of every row, by calls of measure outside the runner."""
    counts = (6, 1, 3, 1)
    return [
        (str(one["quantity"]), str(one["cell"]), replicate, float(one["value"]))
        for cell, count in zip(EVIDENCE.cells(None), counts, strict=True)
        for replicate in range(count)
        for one in EVIDENCE.measure(cell, [replicate_seed(4, cell, replicate)])[0]
    ]


def test_a_normalised_table_comes_back_as_it_was_measured(evidence: Path) -> None:
    """Cells as the text that was measured; computed values bit for bit;
    sampled ones to ten digits, by decimal arithmetic.

    Catches cells in another order (every second replicate has one of its own), a rounding of what
    is computed (2/3), and one to ten places, or to nine or eleven digits.
    """
    frame = read(evidence, "toy", EVIDENCE.columns).frame
    assert list(frame.columns) == list(EVIDENCE.columns)
    found = list(
        zip(frame["quantity"], frame["cell"], frame["replicate"], frame["value"], strict=True)
    )
    wanted = expected()
    assert [one[:3] for one in found] == [one[:3] for one in wanted]
    ten = Context(prec=10)
    for (quantity, _, _, value), (_, _, _, exact) in zip(found, wanted, strict=True):
        assert value == (
            exact if quantity == "third" else float(ten.create_decimal_from_float(exact))
        )
    assert any(value != exact for (*_, value), (*_, exact) in zip(found, wanted, strict=True))
    assert {one[1] for one in found if one[0] == "size"} == {
        f'{{"at":[0.30000000000000004,1e+300],"d":{d},"name":"a,\\"b\\" \\u03c0"}}' for d in (2, 5)
    }


def test_each_cell_is_written_once(evidence: Path) -> None:
    """Numbers in the table, in order of first appearance; a line a cell in the manifest."""
    with (evidence / "toy.csv").open(encoding="utf-8", newline="") as file:
        numbers = [int(one["cell"]) for one in csv.DictReader(file)]
    assert list(dict.fromkeys(numbers)) == list(range(len(set(numbers))))
    text = (evidence / "toy.json").read_text(encoding="utf-8")
    texts = list(dict.fromkeys(one[1] for one in expected()))
    assert [line.strip().rstrip(",") for line in text.splitlines()[-len(texts) - 3 : -3]] == texts
    assert len(texts) == max(numbers) + 1


def test_a_store_keeps_all_digits(evidence: Path) -> None:
    """And the table is a function of it: what is rounded is the table alone."""
    with closing(sqlite3.connect(evidence / "toy.sqlite")) as store:
        texts = [text for (text,) in store.execute("SELECT rows FROM measured")]
    values = sorted(value for text in texts for *_, value in json.loads(text))
    assert values == sorted(value for *_, value in expected())


def test_any_order_of_work_numbers_the_cells_alike(evidence: Path, tmp_path: Path) -> None:
    """Two processes, a replicate a task, grown from one replicate: the same bytes in both files."""
    single = replace(EVIDENCE, batch=batch_of_one)
    settings = EVIDENCE.presets["quick"]
    run(single, settings.model_copy(update={"replicates": 1}), tmp_path / "b", progress=False)
    run(single, settings, tmp_path / "b", workers=2, progress=False)
    for name in ("toy.csv", "toy.json"):
        assert (tmp_path / "b" / name).read_bytes() == (evidence / name).read_bytes()


def normalised(folder: Path, change: Callable[[list[Any]], list[Any]], sound: bool = False) -> None:
    """Edits the cells in the manifest, and their sum with them if it is to be `sound`."""
    written = json.loads((folder / "toy.json").read_text(encoding="utf-8"))["normalised"]
    cells = change(written["cells"])
    if sound:
        written["sha256"] = hashlib.sha256("\n".join(map(canonical, cells)).encode()).hexdigest()
    manifest(folder, normalised=written | {"cells": cells})


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (
            lambda f: normalised(f, lambda c: [c[0] | {"d": 3}, *c[1:]]),
            "has other cells than were measured",
        ),
        (
            lambda f: normalised(f, lambda c: [c[0] | {"d": math.nan}, *c[1:]]),
            "has other cells than were",
        ),
        (
            lambda f: normalised(f, lambda c: [c[1], c[0], *c[2:]]),
            "has other cells than were measured",
        ),
        (lambda f: normalised(f, lambda c: c[:-1]), "has other cells than were measured"),
        (
            lambda f: normalised(f, lambda c: c[:-1], sound=True),
            "lacks cells of column cell of toy.csv",
        ),
        (lambda f: manifest(f, schema=1), "is not a manifest of schema 2"),
    ],
)
def test_edited_cells_are_refused(evidence: Path, spoil: Callable[[Path], None], says: str) -> None:
    """In one sentence that says what to do.
    The control: the same edit that changes nothing is read.
    """
    normalised(evidence, lambda cells: cells, sound=True)
    read(evidence, "toy", [])
    spoil(evidence)
    with pytest.raises(InvalidInput) as caught:
        read(evidence, "toy", [])
    assert caught.value.key == str(evidence / "toy.json")
    assert (says in caught.value.reason, caught.value.reason.endswith("; run toy again")) == (
        True,
        True,
    )


@pytest.mark.parametrize("column", ["estimator", "d"])
def test_only_cells_can_be_normalised(tmp_path: Path, column: str) -> None:
    """Text that is no JSON, and a number whose JSON is not an object's:
    the latter is taken, and comes back as text.
    """
    toy = study(normalised=(column,))
    if column == "estimator":
        with pytest.raises(
            InvalidInput, match="measured a row of mean, which is not canonical JSON"
        ):
            run(toy, SETTINGS, tmp_path, progress=False)
    else:
        run(toy, SETTINGS, tmp_path, progress=False)
        assert set(read(tmp_path, "toy", []).frame["d"]) == {"2", "5"}


@pytest.mark.parametrize(
    "value", [sys.float_info.max, -sys.float_info.max, 5e-324, 0.0, 123456789012.0]
)
def test_rounding_leaves_a_number_finite(value: float) -> None:
    """The largest float rounds to one that is not there;
    ten digits of it would read as infinity.
    """
    rounded = tables._significant(value, 10)
    assert math.isfinite(rounded)
    assert abs(rounded - value) <= 5e-10 * abs(value)
