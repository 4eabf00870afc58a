"""Configs that no one meant: a table, or exit 2 with one line and nothing written; never a traceback.

2200 cases a run: text that is nearly TOML, TOML of any values, and values around the borders of what is allowed.
"""

import shutil
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dimfree
from bounds.catalog import ESTIMATORS
from bounds.check import InvalidInput
from studies.papers.kumar_2025.linear_score import LinearScoreSettings
from studies.study import load_settings
from tests.test_cli import CONFIG

KEYS = tuple(LinearScoreSettings.model_fields)
MOST = 4000  # d³ · times · replicates, summed over cells: more is not measured here
SEEN: Counter[str] = Counter()


def cases(number: int) -> settings:
    """So many of them, however slow or large: the folder is shared on purpose."""
    return settings(max_examples=number, suppress_health_check=list(HealthCheck))


numbers = st.one_of(
    st.integers(-2, 9),
    st.integers(-(2**200), 2**200),
    st.floats(),
    st.floats(0, 3),
    st.sampled_from((0.0, -0.0, 1e-320, 5e-324, 1e308, 1e-16, 2**16, 2**16 + 1, 2**63, 2**64, 2**128, 1e19)),
)
scalars = st.one_of(numbers, st.booleans(), st.text(max_size=8), st.sampled_from(("dsm", "1979-05-27", "8")))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.text(max_size=6), st.sampled_from(KEYS)), inner, max_size=3),
    ),
    max_leaves=8,
)
spectra = st.one_of(
    values,
    st.fixed_dictionaries(
        {"kind": st.sampled_from(("identity", "linear", "power", "explicit", "Linear"))},
        optional={
            "low": numbers,
            "high": numbers,
            "exponent": numbers,
            "values": st.lists(numbers, max_size=4),
            "lov": numbers,
        },
    ),
)
some_times = st.one_of(
    st.lists(numbers, max_size=4),
    st.lists(st.floats(1e-15, 60), min_size=1, max_size=3, unique=True).map(sorted),
)
configs = st.fixed_dictionaries(
    {
        "dims": st.lists(st.integers(1, 4), min_size=1, max_size=2, unique=True),
        "samples": st.lists(st.integers(5, 10**12), min_size=1, max_size=2, unique=True),
        "times": some_times,
        "replicates": st.integers(1, 3),
        "seed": st.integers(0, 2**130),
    },
    optional={
        "spectrum": spectra,
        "estimators": st.lists(st.sampled_from((*ESTIMATORS, "dsmm")), max_size=3),
        "engine": st.sampled_from(("exact", "simulate", "exact ", "")),
    },
)
spoiled = st.tuples(
    configs, st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=6)), values, max_size=2)
)


def toml(value: Any) -> str:
    """A value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in value) + '"'
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{toml(key)} = {toml(one)}' for key, one in value.items())}}}"
    return repr(value)


def document(config: dict[str, Any]) -> bytes:
    """The config as a file. Surrogates, which text may hold here and TOML may not, are left as they are."""
    return "".join(f"{toml(key)} = {toml(one)}\n" for key, one in config.items()).encode()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One folder for all cases: making ten thousand would be most of the work."""
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def taken(folder: Path, data: bytes) -> LinearScoreSettings | None:
    """What load_settings makes of a file: settings, or None after one line under a key."""
    path = folder / "c.toml"
    path.write_bytes(data)
    try:
        made = load_settings(LinearScoreSettings, path)
    except InvalidInput as error:
        assert error.key
        assert str(error).isprintable()
        assert len(str(error)) < 2000
        SEEN["refused"] += 1
        return None
    SEEN["taken"] += 1
    return made


def work(wanted: LinearScoreSettings) -> float:
    """How much there is to measure."""
    simulated = wanted.engine == "simulate"
    return sum(
        d**3 * len(wanted.times) * wanted.replicates * (m if simulated else 1)
        for d in wanted.dims
        for m in wanted.samples
    )


def through_the_command_line(folder: Path, data: bytes) -> None:
    """dimfree run: exit 0 with both files and nothing else said, or exit 2 with one line and no file."""
    wanted = taken(folder, data)
    if wanted is not None and work(wanted) > MOST:
        SEEN["too much work"] += 1
        return
    out, said, complained = folder / "out", StringIO(), StringIO()
    words = ["run", "error-vs-timestep", "--config", str(folder / "c.toml"), "--out", str(out)]
    with redirect_stdout(said), redirect_stderr(complained):
        code = dimfree.main([*words, "--workers", "1"])
    SEEN[f"exit {code}"] += 1
    try:
        if wanted is None:
            assert (code, said.getvalue()) == (2, "")
            assert complained.getvalue().startswith("dimfree: ")
            assert complained.getvalue().count("\n") == 1
            assert not out.exists()
        else:
            assert code == 0, (wanted, complained.getvalue())
            assert (out / "error-vs-timestep.csv").stat().st_size > 0
            assert not list(out.rglob("*.new"))
    finally:
        shutil.rmtree(out, ignore_errors=True)


@cases(900)
@given(
    st.one_of(
        st.binary(max_size=60), st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass"))
    )
)
def test_any_bytes(folder: Path, data: bytes) -> None:
    """Nearly all of it is no TOML; what is, lacks keys."""
    assert taken(folder, data) is None


@cases(700)
@given(st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=8)), values, max_size=8))
def test_any_values(folder: Path, config: dict[str, Any]) -> None:
    """TOML of whatever values, under the keys that there are and others."""
    taken(folder, document(config))


@cases(200)
@given(configs)
def test_configs_at_the_borders(folder: Path, config: dict[str, Any]) -> None:
    """Most of these are taken, and then they are measured without fail: what validation lets through, the
    mathematics can do."""
    through_the_command_line(folder, document(config))


@cases(200)
@given(spoiled)
def test_good_configs_spoiled(folder: Path, parts: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """One or two values of a good one are replaced by anything."""
    through_the_command_line(folder, document(parts[0] | parts[1]))


@cases(200)
@given(st.integers(0, len(CONFIG)), st.integers(0, 8), st.binary(max_size=4))
def test_a_good_file_with_a_bite_out_of_it(folder: Path, place: int, length: int, put: bytes) -> None:
    """A few bytes cut out, and others put in."""
    data = CONFIG.encode()
    through_the_command_line(folder, data[:place] + put + data[place + length :])


def test_the_cases_were_worth_it(folder: Path) -> None:
    """Enough of them, of each sort; and a config that is good, and one that is not, come out as such here too."""
    assert tomllib.loads(document({"a": ['x"\n', 1.5, {"b": True}]}).decode()) == {
        "a": ['x"\n', 1.5, {"b": True}]
    }
    assert taken(folder, CONFIG.encode()) is not None
    assert taken(folder, CONFIG.replace("0.5", "0.1").encode()) is None
    assert SEEN["refused"] + SEEN["taken"] >= 2000
    assert SEEN["exit 0"] >= 60
    assert SEEN["exit 2"] >= 100
