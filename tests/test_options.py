"""Every documented option of every study: it runs,
or what is wrong with it is one sentence under a key that exists.

Valid and invalid configs in equal shares, over all studies, made on purpose: values that fit d,
spacings that divide.
"""

import atexit
import math
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dimfree
from bounds.catalog import ESTIMATORS
from bounds.check import InvalidInput
from bounds.joint import BASES
from studies.catalog import STUDIES, study
from studies.evidence import COLUMNS
from studies.papers.kumar_2025.linear_score import Spectrum
from studies.study import cell_key, load_settings, parse_settings, replicate_seed
from tests.test_fuzz import cases, document

FOLDER = Path(tempfile.mkdtemp(prefix="dimfree-options-"))
atexit.register(shutil.rmtree, FOLDER)


def eigenvalues(d: int) -> Path:
    """A file of 1, …, d."""
    path = FOLDER / f"{d}.csv"
    path.write_text("".join(f"{1 + k}\n" for k in range(d)))
    return path


SPECTRA: dict[str, Callable[[int], dict[str, Any]]] = {
    "identity": lambda d: {"kind": "identity"},
    "linear": lambda d: {"kind": "linear", "low": 0.5, "high": 2.0},
    "linear by default": lambda d: {"kind": "linear"},
    "power": lambda d: {"kind": "power", "exponent": 0.5},
    "explicit": lambda d: {"kind": "explicit", "values": [1.0 + k / 4 for k in range(d)]},
    "explicit integers": lambda d: {"kind": "explicit", "values": [1 + k for k in range(d)]},
    "file": lambda d: {"kind": "file", "path": str(eigenvalues(d))},
    "none": lambda d: {},
}
COMMON = {"replicates": 2, "seed": 5}
TIMES = [0.2, 0.5, 0.9]


def base(name: str) -> dict[str, Any]:
    """A good config of each study that has options, small enough to measure."""
    if name in ("error-vs-timestep", "error-vs-dimension", "small-samples"):
        return COMMON | {"dims": [3], "samples": [30], "times": TIMES}
    if name == "bootstrap-weights":
        return COMMON | {
            "dims": [3],
            "samples": [40],
            "spacings": [0.2, 0.1],
            "last": 0.6,
            "kept": [0.2, 0.6],
        }
    if name == "bootstrap-map":
        return COMMON | {"d": 3, "ratios": [4.0], "spacings": [0.2], "firsts": [0.1], "last": 0.5}
    if name == "joint-time":
        return COMMON | {"d": 3, "samples": [40], "spacings": [0.2], "last": 0.8, "counts": [1, 3]}
    if name == "mixture-bootstrap":
        return COMMON | {"cases": [{"m": 50, "steps": 4}]}
    if name == "large-dimensions":
        return COMMON | {"dims": [4]}
    return {"replicates": 1, "seed": 5}


def options(name: str) -> list[dict[str, Any]]:
    """What each documented option may be, one change of `base` each."""
    if name == "mixture-bootstrap":
        cases_: list[dict[str, Any]] = [
            {"d": 2, "m": 40, "steps": 3},
            {"minor": 0.5, "separation": 1.0, "estimators": ["dsm", "local", "bsm-half"]},
            {"fit": "joint", "estimators": ["dsm", "bsm"]},
            {"estimators": ["dsm", "bsm-optimal", "wrong-level"], "picture": True, "most": 1},
            {"learner": "network", "budget": 2, "steps": 2, "estimators": ["dsm", "bsm"]},
            {"learner": "network", "budget": 2, "steps": 2, "fit": "joint", "estimators": ["dsm"]},
        ]
        return [{"cases": [{"m": 50, "steps": 4} | case]} for case in cases_] + [
            {"cases": [{"m": 20}, {"m": 30}]}
        ]
    if name == "large-dimensions":
        return [{"ratios": [3]}, {"t": 1.5}, {"dims": [1, 2000], "steps": 10}]
    if name not in {
        "bootstrap-weights",
        "bootstrap-map",
        "joint-time",
        "error-vs-timestep",
        "error-vs-dimension",
        "small-samples",
    }:
        return [{}]
    spectra = [make(3) for make in SPECTRA.values()]
    found: list[dict[str, Any]] = [
        {"spectra": [one]} if name == "bootstrap-map" else {"spectrum": one} for one in spectra
    ]
    if name == "joint-time":
        found += [{"bases": [one], "counts": [2]} for one in BASES] + [
            {"spacings": [0.2, 0.4], "counts": [1]}
        ]
    else:
        found += [{"estimators": [one]} for one in ESTIMATORS]
    if name == "bootstrap-map":
        found += [
            {"spectra": spectra[1:2] + spectra[3:5]},
            {"ratios": [2.0, 3.0]},
            {"firsts": [0.1, 0.3], "last": 1.0},
        ]
    if name == "bootstrap-weights":
        found += [
            {"dims": [1, 2], "samples": [20, 10**9]},
            {"spacings": [0.3], "kept": [0.3]},
            {"last": 1.2},
        ]
    if "times" in base(name):
        found += [
            {"engine": "simulate"},
            {"engine": "exact"},
            {"engine": "isotropic", "times": [0.3], "estimators": ["dsm"], "dims": [1, 9]},
            {"dims": [1, 4], "samples": [20, 10**9]},
        ]
    return found


@pytest.mark.parametrize("name", [one.name for one in STUDIES])
def test_every_option_runs(tmp_path: Path, name: str) -> None:
    """From the TOML file to the rows, each option in turn:
    taken, measured, all columns there and every number finite.

    An explicit spectrum was taken and then failed in every cell: a list, as cells hold it, where a
    tuple was wanted.
    """
    one, path = study(name), tmp_path / "c.toml"
    for change in options(name):
        path.write_bytes(document(base(name) | change))
        settings = load_settings(one.settings, path)
        cells = one.cells(settings)
        assert len({cell_key(cell) for cell in cells}) == len(cells)
        for cell in cells if change else cells[:1]:
            (rows,) = one.measure(cell, [replicate_seed(settings.seed, cell, 0)])
            assert rows
            for row in rows:
                assert set(row) == set(one.measured)
                assert all(
                    math.isfinite(value) for value in row.values() if isinstance(value, float)
                )


def test_an_explicit_spectrum_all_the_way(tmp_path: Path) -> None:
    """Through the command line, exit 0: what values = [1.0] makes
    at d = 1 is what the identity makes, number by number.
    """
    tables = []
    kinds: list[dict[str, Any]] = [{"kind": "explicit", "values": [1.0]}, {"kind": "identity"}]
    for kind in kinds:
        path = tmp_path / "c.toml"
        path.write_bytes(
            document(COMMON | {"dims": [1], "samples": [30], "times": TIMES, "spectrum": kind})
        )
        out = tmp_path / kind["kind"]
        assert (
            dimfree.main(
                [
                    "run",
                    "error-vs-timestep",
                    "--config",
                    str(path),
                    "--out",
                    str(out),
                    "--workers",
                    "1",
                ]
            )
            == 0
        )
        tables.append((out / "error-vs-timestep.csv").read_text().count("\n"))
    assert tables[0] == tables[1] > 6


BAD: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "error-vs-timestep",
        {"spectrum": {"exponent": 2.0}},
        "spectrum.exponent",
        "where no kind is named",
    ),
    (
        "error-vs-timestep",
        {"spectrum": {"values": [1.0, 1.0, 1.0]}},
        "spectrum.values",
        "'explicit'",
    ),
    ("error-vs-timestep", {"spectrum": {"kind": "power", "low": 0.3}}, "spectrum.low", "'linear'"),
    (
        "small-samples",
        {"spectrum": {"kind": "linear", "exponent": 1.0}},
        "spectrum.exponent",
        "'power'",
    ),
    (
        "joint-time",
        {"spectrum": {"kind": "identity", "high": 9.0}},
        "spectrum.high",
        "does nothing",
    ),
    (
        "bootstrap-map",
        {"spectra": [{}, {"kind": "explicit", "values": [1, 2, 3], "low": 1.0}]},
        "spectra.1.low",
        "nothing",
    ),
    (
        "bootstrap-map",
        {"spectra": [{"kind": "explicit", "values": [1.0]}]},
        "spectra.values",
        "1 eigenvalues",
    ),
    (
        "bootstrap-map",
        {"spectra": [{"kind": "linear"}, {"kind": "linear", "low": 1.0}]},
        "spectra",
        "same kind twice",
    ),
    (
        "bootstrap-map",
        {"spectra": [{"kind": "linear", "high": 1e20}]},
        "spectra",
        "condition number",
    ),
    ("bootstrap-map", {"ratios": [4.0, 4.1]}, "ratios", "the same m"),
    ("bootstrap-map", {"ratios": [1e300]}, "ratios", "10¹²"),
    ("bootstrap-map", {"firsts": [0.1, 0.1]}, "firsts", "twice"),
    ("bootstrap-map", {"firsts": [7.0]}, "last", "no room"),
    ("bootstrap-map", {"spacings": [1e-12]}, "spacings", "steps"),
    ("bootstrap-map", {"spacings": [5e-324]}, "spacings", "steps"),
    ("bootstrap-map", {"estimators": ["dsm", "dsm"]}, "estimators", "twice"),
    (
        "bootstrap-weights",
        {"spacings": [0.25], "kept": [0.25]},
        "spacings",
        "does not divide last = 0.6",
    ),
    ("bootstrap-weights", {"spacings": [7.0], "kept": [7.0]}, "spacings", "does not divide"),
    ("bootstrap-weights", {"spacings": [1e-12]}, "spacings", "steps"),
    ("bootstrap-weights", {"spacings": [1e-300], "last": 1e300}, "spacings", "steps"),
    (
        "bootstrap-weights",
        {"spacings": [1e-14], "last": 2e-14, "kept": [1e-14]},
        "spacings",
        "positive",
    ),
    (
        "bootstrap-weights",
        {"spacings": [100.0], "last": 400.0, "kept": [400.0]},
        "last",
        "must lie within",
    ),
    ("bootstrap-weights", {"spectrum": {"kind": "linear", "high": 1e20}}, "spectrum", "condition"),
    ("joint-time", {"spacings": [0.3]}, "spacings", "does not divide"),
    ("joint-time", {"spacings": [1e-12]}, "spacings", "steps"),
    ("joint-time", {"counts": [2, 2]}, "counts", "twice"),
    ("joint-time", {"bases": ["piecewise", "piecewise"]}, "bases", "twice"),
    ("joint-time", {"samples": [40, 40]}, "samples", "twice"),
    ("joint-time", {"times": [0.1]}, "times", "unknown key; known are bases"),
    ("error-vs-timestep", {"spacings": [0.1]}, "spacings", "unknown key"),
    ("evidence-rigor", {"replicates": 7}, "replicates", "must be 1"),
    ("evidence-identities", {"dims": [4]}, "dims", "unknown key; known are replicates, seed"),
    ("mixture-bootstrap", {"cases": [{}, {"budget": 3}]}, "cases.1.budget", "0 for features"),
    ("mixture-bootstrap", {"cases": [{"learner": "network"}]}, "cases.0.budget", "at least 2"),
]


@pytest.mark.parametrize(("name", "change", "key", "says"), BAD)
def test_what_would_do_nothing_or_something_else_is_refused(
    name: str, change: dict[str, Any], key: str, says: str
) -> None:
    """At once and before any memory is taken, under the key
    as its author wrote it; the config without it is taken.
    """
    one = study(name)
    with pytest.raises(InvalidInput) as caught:
        parse_settings(one.settings, base(name) | change, "x.toml")
    assert caught.value.key == key
    assert says in caught.value.reason
    assert key.split(".")[0] in one.settings.model_fields or "unknown key" in caught.value.reason
    parse_settings(one.settings, base(name), "x.toml")


def test_a_manifests_own_record_of_a_spectrum_is_taken() -> None:
    """It names all keys, the unused ones at their defaults;
    with one of those changed it is no such record.
    """
    for kind in ("identity", "linear", "power"):
        whole = Spectrum(kind=kind).model_dump(mode="json")
        assert Spectrum(**whole) == Spectrum(kind=kind)
    with pytest.raises(ValueError, match="does nothing"):
        Spectrum(**(Spectrum(kind="power").model_dump(mode="json") | {"low": 0.4}))


@pytest.mark.parametrize(
    "words",
    [
        ("--scheduler", ""),
        ("--scheduler", "tcp://127.0.0.1:1"),
        ("--executor", "local", "--scheduler", "x"),
    ],
)
def test_a_scheduler_without_dask_is_refused(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert dimfree.main(["run", "small-samples", *words]) == 2
    assert capsys.readouterr().err == "dimfree: --scheduler: needs --executor dask\n"


# --- fuzz: valid and invalid in equal shares, over all studies ------------------------------------

NAMES = [one.name for one in STUDIES]
SEEN = {"valid": 0, "invalid": 0}


@st.composite
def valid(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A study and a config of it that is good, by construction."""
    name = draw(st.sampled_from(NAMES))
    found = base(name)
    found["seed"] = draw(st.integers(0, 2**128 - 1))
    d = draw(st.integers(1, 4))
    spectrum = draw(st.sampled_from(list(SPECTRA.values())))(d)
    if name not in ("mixture-bootstrap",) and study(name).columns != COLUMNS:
        found["replicates"] = draw(st.integers(1, 2**63 - 1))
    names = draw(st.lists(st.sampled_from(list(ESTIMATORS)), min_size=1, unique=True))
    if name == "large-dimensions":
        ratios = st.lists(st.integers(2, 1000), min_size=1, max_size=3, unique=True)
        found |= {"dims": [d], "ratios": draw(ratios), "t": draw(st.floats(1e-3, 3))}
    elif "dims" in found:
        found |= {"dims": [d], "spectrum": spectrum, "estimators": names}
        found["samples"] = draw(
            st.lists(st.integers(d + 2, 10**12), min_size=1, max_size=3, unique=True)
        )
    if "times" in found:
        found["times"] = sorted(
            draw(st.lists(st.floats(1e-3, 3), min_size=1, max_size=5, unique=True))
        )
        if "path" in names:  # which needs a time at which there is as much noise as data
            # and none a rounding beside it, which is refused
            found["times"] = [*(t for t in found["times"] if t < 2.9), 3.0]
        found["engine"] = draw(st.sampled_from(("exact", "simulate")))
    if "last" in found and "ratios" not in found:
        found["last"] = last = draw(st.floats(0.1, 3))
        found["spacings"] = [
            last / k
            for k in draw(st.lists(st.integers(3, 40), min_size=1, max_size=2, unique=True))
        ]
        if "kept" in found:
            found["kept"] = [round(last, 12)]
            found["last"] = round(last, 12)
            found["spacings"] = [found["last"]]
    if name == "bootstrap-map":
        d = draw(st.integers(2, 4))
        found |= {
            "d": d,
            "spectra": [draw(st.sampled_from(list(SPECTRA.values())))(d)],
            "estimators": names,
        }
    if name == "joint-time":
        found |= {
            "d": d,
            "spectrum": spectrum,
            "samples": [draw(st.integers(d + 2, 10**12))],
            "counts": [1, 2],
        }
    return name, found


junk = st.one_of(
    st.booleans(),
    st.text(max_size=4),
    st.sampled_from(
        (
            math.nan,
            math.inf,
            -1,
            0,
            -0.5,
            1e-13,
            2**200,
            [],
            [[]],
            {},
            [None],
            "1",
            [True],
            ["dsm", "dsm"],
        )
    ),
)


@cases(300)
@given(valid())
def test_good_configs_are_taken_and_measured(one: tuple[str, dict[str, Any]]) -> None:
    """Taken, and the spectrum is what numpy makes of its definition."""
    name, config = one
    settings = parse_settings(study(name).settings, config, "x.toml")
    SEEN["valid"] += 1
    cell = study(name).cells(settings)[0]
    assert cell_key(cell)
    written = config.get("spectrum") or (config.get("spectra") or [None])[0]
    if written:
        d, kind = cell["d"], written["kind"]
        expected = {
            "identity": np.ones(d),
            "linear": np.linspace(written.get("low", 0.3), written.get("high", 3.0), d),
            "power": np.array([(1 + k) ** -written.get("exponent", 1.0) for k in range(d)]),
            "explicit": np.array(written.get("values", ()), dtype=float),
            "file": np.arange(1.0, d + 1),
        }[kind]
        law = Spectrum(**(cell.get("spectrum") or cell["law"])).law(d)
        np.testing.assert_allclose(law.eigenvalues, expected, rtol=1e-15)


@cases(300)
@given(valid(), st.data())
def test_bad_configs_are_one_sentence(one: tuple[str, dict[str, Any]], data: st.DataObject) -> None:
    """One key of a good config is junk:
    refused in one line that names it or a key that must agree with it.
    """
    name, config = one
    key = data.draw(st.sampled_from([*config, "sede"]))
    bad = data.draw(junk)
    if (key == "seed" and bad in (0, 1)) or (key in ("spectrum", "last") and bad in ({}, True)):
        bad = "no"
    with pytest.raises(InvalidInput) as caught:
        parse_settings(study(name).settings, config | {key: bad}, "x.toml")
    SEEN["invalid"] += 1
    assert str(caught.value).isprintable()
    fields = study(name).settings.model_fields
    assert caught.value.key.split(".")[0] in {*fields, key, "x.toml"}


def test_the_shares_are_equal() -> None:
    """As many good ones as bad ones went through, and each was what it was meant to be."""
    assert SEEN["valid"] >= 300
    assert SEEN["invalid"] >= 300
