"""Inputs that no one meant, and as many that somebody did:
a good one works, a bad one is one sentence and exit 2.

Good ones are made by construction, bad ones from good ones by one spoiling that leaves no doubt;
then there are those at the borders, where only the two ends must agree: what is taken is measured,
what is refused writes nothing.
"""

import csv
import json
import math
import os
import shutil
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
import figures.catalog
from bounds.catalog import ESTIMATORS
from bounds.check import InvalidInput
from bounds.ledger import CLAIMS
from figures.catalog import FIGURES
from studies import bench
from studies.catalog import PAPER_OF, PRESETS, study
from studies.papers.kumar_2025.linear_score import LinearScoreSettings
from studies.quantities import study_of
from studies.study import load_settings, replicate_seed
from tests.test_cli import CONFIG, TINY, install, tiny

KEYS = tuple(LinearScoreSettings.model_fields)
MOST = 4000  # d³ · times · replicates, summed over cells: more is not measured here
SEEN: Counter[str] = Counter()


TIMES = int(os.environ.get("FUZZ", "1"))
"""How many times the usual number of inputs: `make fuzz` tries 10,000."""


def cases(number: int) -> settings:
    """So many of them, however slow or large: the folder is shared on purpose."""
    return settings(max_examples=TIMES * number, suppress_health_check=list(HealthCheck))


# --- configs --------------------------------------------------------------------------------------

numbers = st.one_of(
    st.integers(-2, 9),
    st.integers(-(2**200), 2**200),
    st.floats(),
    st.floats(0, 3),
    st.sampled_from(
        (0.0, -0.0, 1e-320, 5e-324, 1e308, 1e-16, 2**16, 2**16 + 1, 2**63, 2**64, 2**128, 1e19)
    ),
)
scalars = st.one_of(
    numbers, st.booleans(), st.text(max_size=8), st.sampled_from(("dsm", "1979-05-27", "8"))
)
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
at_the_borders = st.fixed_dictionaries(
    {
        "dims": st.lists(st.integers(1, 4), min_size=1, max_size=2, unique=True),
        "samples": st.lists(st.integers(5, 10**12), min_size=1, max_size=2, unique=True),
        "times": some_times,
        "replicates": st.integers(1, 3),
        "seed": st.integers(0, 2**128 - 1),
    },
    optional={
        "spectrum": spectra,
        "estimators": st.lists(st.sampled_from((*ESTIMATORS, "dsmm")), max_size=3),
        "engine": st.sampled_from(("exact", "simulate", "exact ", "")),
    },
)


@st.composite
def good_configs(draw: st.DrawFn) -> dict[str, Any]:
    """Of error-vs-timestep, small; what each estimator needs is there."""
    dims = draw(st.lists(st.integers(1, 3), min_size=1, max_size=2, unique=True))
    simulated = draw(st.booleans())
    most = 60 if simulated else 10**12
    names = draw(st.lists(st.sampled_from(list(ESTIMATORS)), min_size=1, max_size=3, unique=True))
    hundredths = draw(st.sets(st.integers(1, 300), min_size=1, max_size=3))
    if "path" in names:  # which needs a time at which there is as much noise as data
        hundredths |= {300}
    kind = draw(st.sampled_from(("identity", "linear", "power", "explicit")))
    spectrum: dict[str, Any] = {"kind": kind}
    if kind == "linear":
        spectrum |= {"low": draw(st.floats(0.1, 1)), "high": draw(st.floats(1, 3))}
    if kind == "power":
        spectrum["exponent"] = draw(st.floats(0.1, 3))
    if kind == "explicit":
        dims = dims[:1]
        spectrum["values"] = draw(st.lists(st.floats(0.1, 3), min_size=dims[0], max_size=dims[0]))
    return {
        "dims": dims,
        "samples": draw(st.lists(st.integers(6, most), min_size=1, max_size=2, unique=True)),
        "times": [k / 100 for k in sorted(hundredths)],
        "spectrum": spectrum,
        "estimators": names,
        "engine": "simulate" if simulated else "exact",
        "replicates": draw(st.integers(1, 3)),
        "seed": draw(st.integers(0, 2**128 - 1)),
    }


BAD: dict[str, Any] = {
    "dims": ([], [0], [-1], [2, 2], [1.5], 3, ["2"], [True], [2**16 + 1], "dims", [math.nan]),
    "samples": ([], [1], [-5], [9, 9], [7.5], [10**12 + 1], {}, [math.inf], ["9"]),
    "times": (
        [],
        [0.0],
        [-0.1],
        [0.2, 0.1],
        [0.1, 0.1],
        [math.nan],
        [math.inf],
        ["0.1"],
        0.1,
        [True],
        [400.0],
    ),
    "spectrum": (
        {"kind": "Linear"},
        {"kind": "explicit", "values": []},
        {"kind": "identity", "low": 1.0},
        {"exponent": 2.0},
        {"kind": "linear", "low": -1.0, "high": 1.0},
        {"kind": "linear", "low": math.nan, "high": 1.0},
        {"kind": "power", "exponent": math.inf},
        "identity",
        [],
        {"kind": "identity", "lov": 1},
    ),
    "estimators": ([], ["dsmm"], ["dsm", "dsm"], "dsm", [1], [""], ["DSM"]),
    "engine": ("Exact", "", "exact ", 1, True, []),
    "replicates": (0, -1, 1.0, "2", True, [], 0.5, math.nan),
    "seed": (-1, 0.5, "7", True, [], {}, math.inf),
    "sede": (7,),
    "": (1,),
    "a\nb": (1,),
}


@st.composite
def bad_configs(draw: st.DrawFn) -> dict[str, Any]:
    """A good one with one key spoiled or left out."""
    good = draw(good_configs())
    key = draw(st.sampled_from(list(BAD)))
    if draw(st.booleans()) and key in ("dims", "samples", "times", "replicates", "seed"):
        del good[key]
        return good
    return good | {key: draw(st.sampled_from(BAD[key]))}


def toml(value: Any) -> str:
    """A value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return (
            '"'
            + "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in value)
            + '"'
        )
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{toml(key)} = {toml(one)}' for key, one in value.items())}}}"
    return repr(value)


def document(config: dict[str, Any]) -> bytes:
    """The config as a file.
    Surrogates, which text may hold here and TOML may not, are left as they are.
    """
    return "".join(f"{toml(key)} = {toml(one)}\n" for key, one in config.items()).encode()


@st.composite
def dressed(draw: st.DrawFn) -> tuple[dict[str, Any], bytes]:
    """A good config, and a file of it with its keys in any order,
    remarks, blanks, empty lines, Windows' line ends or mark.
    """
    config = draw(good_configs())
    lines = []
    for key in draw(st.permutations(list(config))):
        lines.append(draw(st.sampled_from(("", "# α", "\t"))))
        blank, remark = (
            draw(st.sampled_from(("", " ", "\t "))),
            draw(st.sampled_from(("", " # = [", " #"))),
        )
        name = draw(st.sampled_from((key, repr(key), toml(key))))
        lines.append(f"{blank}{name}{blank}={toml(config[key])}{remark}")
    text = draw(st.sampled_from(("\n", "\r\n"))).join(lines).encode()
    return config, draw(st.sampled_from((b"", b"\xef\xbb\xbf"))) + text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all cases: making thousands would be most of the work."""
    return tmp_path_factory.mktemp("fuzz")


def taken(folder: Path, data: bytes) -> LinearScoreSettings | InvalidInput:
    """What load_settings makes of a file."""
    path = folder / "c.toml"
    path.write_bytes(data)
    try:
        return load_settings(LinearScoreSettings, path)
    except InvalidInput as error:
        return error


def is_a_sentence(error: object) -> bool:
    """Whether it is a refusal under a key, in one line that can be read."""
    return (
        isinstance(error, InvalidInput)
        and bool(error.key)
        and str(error).isprintable()
        and len(str(error)) < 2000
    )


def work(wanted: LinearScoreSettings) -> float:
    """How much there is to measure."""
    simulated = wanted.engine == "simulate"
    return sum(
        d**3 * len(wanted.times) * wanted.replicates * (m if simulated else 1)
        for d in wanted.dims
        for m in wanted.samples
    )


def command(*words: str | Path) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of dimfree in this process."""
    said, complained = StringIO(), StringIO()
    with redirect_stdout(said), redirect_stderr(complained):
        try:
            code = dimfree.main([str(word) for word in words])
        except SystemExit as stop:
            code = int(stop.code or 0)
    return code, said.getvalue(), complained.getvalue()


def measured(folder: Path, data: bytes) -> tuple[int, str, str]:
    """`dimfree run` with that config, into an empty folder."""
    shutil.rmtree(folder / "out", ignore_errors=True)
    (folder / "c.toml").write_bytes(data)
    words = ("run", "error-vs-timestep", "--config", folder / "c.toml", "--out", folder / "out")
    return command(*words, "--workers", "1")


def table(folder: Path) -> list[dict[str, str]]:
    """The rows that it wrote."""
    with (folder / "out" / "error-vs-timestep.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cases(300)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")),
    )
)
def test_any_bytes(folder: Path, data: bytes) -> None:
    """Nearly all of it is no TOML; what is, lacks keys."""
    assert is_a_sentence(taken(folder, data))
    SEEN["bad"] += 1


@cases(300)
@given(dressed())
def test_any_dress(folder: Path, one: tuple[dict[str, Any], bytes]) -> None:
    """However it is written, it is what tomllib and the model make of the config itself."""
    config, data = one
    assert taken(folder, data) == LinearScoreSettings.model_validate_json(json.dumps(config))
    SEEN["good"] += 1


@cases(300)
@given(st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=8)), values, max_size=8))
def test_any_values(folder: Path, config: dict[str, Any]) -> None:
    """TOML of whatever values, under the keys that there are and others."""
    found = taken(folder, document(config))
    assert isinstance(found, LinearScoreSettings) or is_a_sentence(found)
    SEEN["either"] += 1


@cases(100)
@given(good_configs())
def test_good_configs_are_measured(folder: Path, config: dict[str, Any]) -> None:
    """Exit 0; every number finite and not negative;
    and the last cell's last replicate, measured by itself, the same.
    """
    code, said, complained = measured(folder, document(config))
    assert (code, said.count("\n")) == (0, 2), complained
    rows = table(folder)
    assert all(
        0 <= float(row[name]) < math.inf for row in rows for name in row if name.endswith("risk")
    )
    one = study("error-vs-timestep")
    wanted = LinearScoreSettings.model_validate_json(json.dumps(config))
    cell, replicate = one.cells(wanted)[-1], wanted.replicates - 1
    (expected,) = one.measure(cell, [replicate_seed(wanted.seed, cell, replicate)])
    assert [{name: str(value) for name, value in row.items()} for row in expected] == [
        {name: row[name] for name in expected[0]} for row in rows[-len(expected) :]
    ]
    SEEN["good"] += 1


@cases(100)
@given(bad_configs())
def test_bad_configs_are_one_sentence(folder: Path, config: dict[str, Any]) -> None:
    """Exit 2, one line, no folder."""
    code, said, complained = measured(folder, document(config))
    assert (code, said, complained.count("\n")) == (2, "", 1)
    assert complained.startswith("dimfree: ")
    assert is_a_sentence(taken(folder, document(config)))
    assert not (folder / "out").exists()
    SEEN["bad"] += 1


@cases(300)
@given(
    st.one_of(
        at_the_borders.map(document),
        st.tuples(st.integers(0, len(CONFIG)), st.integers(0, 8), st.binary(max_size=4)).map(
            lambda bite: CONFIG.encode()[: bite[0]] + bite[2] + CONFIG.encode()[bite[0] + bite[1] :]
        ),
    )
)
def test_either_measured_or_refused(folder: Path, data: bytes) -> None:
    """Values around the borders of what is allowed, and files with a bite out of them:
    what validation lets through, the mathematics can do; what it does not, leaves no trace.
    """
    wanted = taken(folder, data)
    if isinstance(wanted, LinearScoreSettings) and work(wanted) > MOST:
        return
    code, said, complained = measured(folder, data)
    if isinstance(wanted, LinearScoreSettings):
        assert code == 0, (wanted, complained)
        assert len(table(folder)) > 0
        assert not list((folder / "out").rglob("*.new"))
    else:
        assert (code, said, complained.count("\n")) == (2, "", 1)
        assert not (folder / "out").exists()
    SEEN[f"either, exit {code}"] += 1


# --- commands -------------------------------------------------------------------------------------

SMALL = [figure for figure in FIGURES if set(figure.studies) <= set(TINY)]
JUDGED = [one for one in CLAIMS if study_of(one) in ("error-vs-timestep", "error-vs-dimension")]


@pytest.fixture(scope="module")
def tiny_house(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Studies of milliseconds with their figures and claims in the catalogs;
    a folder of their results, and an empty one.

    The bench, which takes minutes, gives one line.
    """
    results, empty = folder / "results", folder / "empty"
    empty.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        install(patch, tiny(), JUDGED)
        patch.setattr(figures.catalog, "FIGURES", tuple(SMALL))
        recorded = json.loads(
            (dimfree.COMMITTED / "kumar_2025" / "bench.json").read_text(encoding="utf-8")
        )
        patch.setattr(bench, "run", lambda say: [bench.Line(**line) for line in recorded["lines"]])
        for name in TINY:
            place = results / PAPER_OF[name]
            assert (
                command("run", name, "--preset", "quick", "--out", place, "--workers", "1")[0] == 0
            )
        (results / "own.csv").write_text("a,b\n" + "1,2\n3,5\n2,9\n4,4\n" * 3)
        (results / "own.py").write_text(OWN)
        words = ("run", f"{results / 'own.py'}:STUDY", "--preset", "quick", "--out", results)
        assert command(*words, "--workers", "1")[0] == 0
        yield results, empty


OWN = """\
from functools import partial
from bounds.claim import Claim
from studies.evidence import computed, evidence, measured, row
PARTS = {"square": computed(lambda c: [row("square", c, c["x"] ** 2)], "square")}
CELLS = [{"part": "square", "x": x} for x in (1.5, 3.0)]
STUDY = evidence("squares", "Squares.", CELLS, partial(measured, PARTS), PARTS, seed=1)
STUDIES = (STUDY,)
CLAIMS = tuple(
    Claim(
        name=f"own-{k}", statement="x² = x².", assumptions="", source="", origin="derived",
        kind="identity", measurement="squares:square", formula=lambda c: c["x"] ** 2,
        decoy=lambda c: 2 * c["x"], decoy_note="2 x", tolerance=1e-12,
    )
    for k in (1, 2)
)
"""
GOOD_WORDS: dict[str, st.SearchStrategy[list[str]]] = {
    "list": st.sampled_from((["list"], ["list", "--json"])),
    "explain": st.sampled_from([["explain", one.name, "--from", "RESULTS"] for one in JUDGED]),
    "verify": st.tuples(
        st.lists(
            st.sampled_from([one.name for one in JUDGED]), min_size=1, max_size=3, unique=True
        ),
        st.sampled_from(([], ["--json"])),
    ).map(lambda parts: ["verify", *parts[0], *parts[1], "--workers", "1"]),
    "draw": st.sampled_from(
        [["draw", one.name, "--from", "RESULTS", "--out", "OUT"] for one in SMALL]
    ),
    "report": st.just(["report", "--from", "RESULTS", "--out", "OUT"]),
    "own report": st.just(["report", "--from", "RESULTS", "--claims", "OWN", "--out", "OUT"]),
    "own claims": st.tuples(
        st.sampled_from((["own-1"], ["own-?", "own-1"])), st.sampled_from(([], ["--json"]))
    ).map(lambda parts: ["verify", *parts[0], "--claims", "OWN", *parts[1], "--workers", "1"]),
    "own study": st.sampled_from(PRESETS).map(
        lambda one: ["run", "Own:STUDY", "--preset", one, "--out", "OUT", "--workers", "1"]
    ),
    "run": st.tuples(st.sampled_from(list(TINY)), st.sampled_from(PRESETS)).map(
        lambda parts: ["run", parts[0], "--preset", parts[1], "--out", "OUT", "--workers", "1"]
    ),
    "fit": st.sampled_from(
        [
            ["fit", "TABLE", "--y", "risk", "--replicate", "replicate", "--by", "t", *more]
            for more in (["--level", "0.9"], ["--json", "--level", "0.8"], ["--by", "m,estimator"])
        ]
    ),
    "bound": st.tuples(
        st.sampled_from(("0.1,0.2", "0.1:1:0.1", "geom:1e-3:3:9")),
        st.sampled_from(
            (["--hypotheses", "9"], ["--log-hypotheses", "1e5"], ["--parameters", "1"])
        ),
        st.sampled_from(([], ["--json"], ["--law", "bounded", "--radius", "2"])),
        st.sampled_from((["--samples", "1e6"], ["--samples", "7"], ["--target", "0.1"])),
    ).map(lambda parts: ["bound", "--times", parts[0], *parts[1], *parts[2], *parts[3]]),
    "bench": st.sampled_from((["bench"], ["bench", "--json"], ["bench", "--out", "OUT"])),
    "estimate": st.tuples(
        st.sampled_from(([], ["--times", "0.2:0.6:0.2"], ["--folds", "3"], ["--no-centre"])),
        st.sampled_from(([], ["--estimators", "path,dsm"], ["--redraws", "2"], ["--seed", "5"])),
        st.sampled_from(([], ["--json"], ["--out", "OUT"])),
    ).map(lambda parts: ["estimate", "DATA", *parts[0], *parts[1], *parts[2]]),
}
NAMED = ("explain", "verify", "draw", "run")  # whose first word is a name


@st.composite
def bad_words(draw: st.DrawFn, name: str) -> list[str]:
    """One that cannot: an option, a name or a value spoiled."""
    words = draw(GOOD_WORDS[name])
    ways = ["unknown option", "option twice removed", "unknown command"]
    ways += ["unknown name", "no name"] if words[0] in NAMED and words[0] != "verify" else []
    ways += ["unknown name"] if words[0] == "verify" else ["one word more"]
    # explain says that there is none
    ways += ["nothing there"] if words[0] in ("draw", "report") else []
    ways += ["a file"] if "OUT" in words else []
    ways += ["workers"] if "--workers" in words else []
    ways += ["value"] if words[0] in ("fit", "bound") else []
    match draw(st.sampled_from(ways)):
        case "unknown option":
            return [
                *words,
                draw(st.sampled_from(("--nope", "-x", "--outt=a", "--jsonn", "--worker=", "-é"))),
            ]
        case "option twice removed":
            return [*words, draw(st.sampled_from(("--out", "--from", "--workers")))]
        case "unknown command":
            return [
                draw(
                    st.text(st.characters(exclude_categories=["Cs"]), max_size=6).map(
                        lambda t: t + "x"
                    )
                ),
                *words[1:],
            ]
        case "unknown name":
            return [
                words[0],
                draw(
                    st.sampled_from((words[1] + "x", "", "é", "\udcff", words[1].upper(), "a\nb"))
                ),
                *words[2:],
            ]
        case "no name":
            return [words[0], *words[2:]]
        case "one word more":
            return [*words, draw(st.sampled_from(("x", "", "\udcff", words[0])))]
        case "nothing there":
            gone = {"RESULTS": "EMPTY", "TABLE": "NO TABLE"}
            return [gone.get(word, word) for word in words]
        case "value":
            bad = ("0", "-1", "x", "-0.5", "", "nan", "1e999", "²")
            return [*words[:-1], draw(st.sampled_from(bad))]
        case "a file":
            return ["FILE" if word == "OUT" else word for word in words]
        case _:
            return [
                *words[:-1],
                draw(st.sampled_from(("0", "-1", "x", "1.5", "", "nan", "1e9", "²"))),
            ]


def placed(words: list[str], house: tuple[Path, Path]) -> list[str]:
    """With the folders' names in it."""
    results, empty = house
    out = empty.with_name("out")
    shutil.rmtree(out, ignore_errors=True)
    names = {
        "RESULTS": results,
        "EMPTY": empty,
        "OUT": out,
        "TABLE": results / "kumar_2025" / "error-vs-dimension.csv",
        "NO TABLE": empty / "none.csv",
        "FILE": results / "kumar_2025" / "error-vs-timestep.csv",
        "DATA": results / "own.csv",
        "OWN": results / "own.py",
        "Own:STUDY": f"{results / 'own.py'}:STUDY",
    }
    return [str(names.get(word, word)) for word in words]


@pytest.mark.parametrize("name", GOOD_WORDS)
@cases(9)
@given(st.data())
def test_good_commands(tiny_house: tuple[Path, Path], name: str, data: st.DataObject) -> None:
    """Exit 0, or 1 where a verdict on so few numbers is not the one written down;
    what was asked for is there.
    """
    words = data.draw(GOOD_WORDS[name])
    code, said, complained = command(*placed(words, tiny_house))
    assert code in ((0, 1) if words[0] in ("verify", "explain", "report") else (0,)), complained
    assert said
    if "--json" in words:
        found = json.loads(said)
        if name == "verify":
            assert [one["name"] for one in found] == words[1 : words.index("--json")]
            as_expected = [
                one["verdict"] == one["expected"] and one["decoy_rejected"] for one in found
            ]
            assert code == 0 if all(as_expected) else code == 1
    for line in said.splitlines() if words[0] in ("draw", "report", "run") else ():
        assert Path(line).stat().st_size > 0
    SEEN[f"good {name}"] += 1


@pytest.mark.parametrize("name", GOOD_WORDS)
@cases(9)
@given(st.data())
def test_bad_commands(tiny_house: tuple[Path, Path], name: str, data: st.DataObject) -> None:
    """Exit 2, one line on standard error and none on standard output;
    results stay, and nothing is written.
    """
    results, empty = tiny_house
    words = data.draw(bad_words(name))
    before = {path: path.read_bytes() for path in results.rglob("*") if path.is_file()}
    code, said, complained = command(*placed(words, tiny_house))
    assert (code, said) == (2, ""), (words, complained)
    assert (
        complained.startswith("dimfree")
        and complained.endswith("\n")
        and complained.count("\n") == 1
    )
    assert {path: path.read_bytes() for path in results.rglob("*") if path.is_file()} == before
    assert not list(empty.iterdir()) and not empty.with_name("out").exists()
    SEEN[f"bad {name}"] += 1


# --- the cases themselves -------------------------------------------------------------------------


def test_the_cases_were_worth_it(folder: Path) -> None:
    """As many good ones as bad ones, of each sort;
    and a config that is good, and one that is not, come out as such here.
    """
    assert tomllib.loads(document({"a": ['x"\n', 1.5, {"b": True}]}).decode()) == {
        "a": ['x"\n', 1.5, {"b": True}]
    }
    assert isinstance(taken(folder, CONFIG.encode()), LinearScoreSettings)
    assert is_a_sentence(taken(folder, CONFIG.replace("0.5", "0.1").encode()))
    assert SEEN["good"] >= 400 and SEEN["bad"] >= 400
    assert SEEN["either, exit 0"] >= 20 and SEEN["either, exit 2"] >= 50
    assert all(SEEN[f"good {name}"] >= 1 and SEEN[f"bad {name}"] >= 9 for name in GOOD_WORDS), SEEN
