"""The command line as people use it: what it writes, where it says it, and its three exit codes."""

import argparse
import csv
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bounds.ledger
import dimfree
import figures.catalog
import figures.output
import studies.catalog
from bounds.catalog import ESTIMATORS
from bounds.claim import Claim
from bounds.ledger import CLAIMS, PAPERS, claim
from figures.catalog import FIGURES
from studies import completion, options, verdicts
from studies.catalog import PAPER_OF, PRESETS, STUDIES
from studies.commands import COMMANDS
from studies.papers.kumar_2025.linear_score import COLUMNS, LinearScoreSettings, measure
from studies.quantities import study_of
from studies.study import Cell, Row, Study

ROOT = Path(dimfree.__file__).parent
CONFIG = """\
dims = [4, 6]
samples = [40]
times = [0.2, 0.5]
spectrum = { kind = "linear", low = 0.3, high = 3.0 }
estimators = ["dsm", "bsm"]
replicates = 7
seed = 7
"""
TINY = {
    "error-vs-timestep": LinearScoreSettings(
        dims=(3,), samples=(200,), times=(0.1, 0.4, 0.9), replicates=8, seed=1
    ),
    "error-vs-dimension": LinearScoreSettings(
        dims=(4, 8, 16), samples=(100,), times=(0.2, 0.4), estimators=("dsm",), replicates=8, seed=1
    ),
    "small-samples": LinearScoreSettings(
        dims=(3,),
        samples=(20,),
        times=(0.3,),
        estimators=("dsm",),
        replicates=8,
        seed=1,
        engine="simulate",
    ),
}


@dataclass(frozen=True)
class Said:
    """What one call came to."""

    code: int
    out: str
    err: str


Call = Callable[..., Said]


@pytest.fixture
def call(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Call:
    """dimfree.main in an empty folder, in this process."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str | Path) -> Said:
        capsys.readouterr()
        try:
            code = dimfree.main([str(word) for word in words])
        except SystemExit as stop:
            assert isinstance(stop.code, int)
            code = stop.code
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run


COMMITTED_SAID = (
    "dimfree: from the results that are committed with dimfree; --from DIR for others\n"
)
"""Said where no folder is named and none lies here: a reader must know whose numbers they are."""


def install(
    monkeypatch: pytest.MonkeyPatch, changed: Sequence[Study], claims: Sequence[Claim]
) -> None:
    """Other studies and claims than the catalog's."""
    monkeypatch.setattr(studies.catalog, "STUDIES", tuple(changed))
    monkeypatch.setattr(bounds.ledger, "CLAIMS", tuple(claims))


def tiny(**more: Any) -> list[Study]:
    """The base studies, every preset of them tiny."""
    return [
        replace(s, presets=dict.fromkeys(PRESETS, TINY[s.name]), **more)
        for s in STUDIES
        if s.name in TINY
    ]


def sure(formula: float = 10.0, decoy: float = -10.0, **more: Any) -> Claim:
    """A bound that no noise can touch: BSM over DSM is below 10 and not below −10."""
    subject = replace(claim("figure-3a-below"), formula=lambda c: formula, decoy=lambda c: decoy)
    return replace(subject, **more)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "c.toml"
    path.write_text(CONFIG)
    return path


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


# --- list -----------------------------------------------------------------------------------------


def test_list(call: Call) -> None:
    """The contract's six keys, each with the names of its tuple;
    all but the papers' in one line each without --json.
    """
    said = call("list", "--json")
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out) == {
        "studies": [s.name for s in STUDIES],
        "figures": [f.name for f in FIGURES],
        "claims": [c.name for c in CLAIMS],
        "estimators": list(ESTIMATORS),
        "presets": ["quick", "paper", "deep"],
        "papers": [
            {
                "stem": paper.stem,
                "title": paper.title,
                "link": paper.link,
                "claims": [c.name for c in CLAIMS if c.paper == paper.stem],
                "figures": [f.name for f in FIGURES if f.paper == paper.stem],
                "studies": [s.name for s in STUDIES if PAPER_OF[s.name] == paper.stem],
            }
            for paper in PAPERS
        ],
    }
    assert sum(len(paper["claims"]) for paper in json.loads(said.out)["papers"]) == len(CLAIMS)
    assert {
        "presets: quick, paper, deep",
        f"papers: {', '.join(paper.stem for paper in PAPERS)}",
    } <= set(call("list").out.splitlines())


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        ("claims", [c.name for c in CLAIMS]),
        ("studies", [s.name for s in STUDIES]),
        ("figures", [f.name for f in FIGURES]),
        ("papers", [p.stem for p in PAPERS]),
    ],
)
def test_list_as_a_table(call: Call, kind: str, known: list[str]) -> None:
    """A head and a line for each, all of them, in order; columns that line up."""
    said = call("list", kind)
    assert (said.code, said.err) == (0, "")
    head, *lines = said.out.splitlines()
    assert [line.split()[0] for line in lines] == known
    second = head.index(head.split()[1])
    assert all(line[second - 1] == " " for line in lines)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples_that_are_understood(call: Call, command: str) -> None:
    """Every example is read by the parser itself, and every word of the command is explained.

    Catches an example that a later change of the options breaks.
    """
    said = call(command, "--help")
    assert (said.code, said.err) == (0, "")
    _, *examples = COMMANDS[command]
    assert examples
    for words in examples:
        assert f"  dimfree {command} {words}".rstrip() in said.out.splitlines()
        given = options.parser().parse_args(shlex.split(f"{command} {words}".partition(" > ")[0]))
        assert given.command == command
    for action in completion.parsers(options.parser())[command]._actions:
        assert action.help, f"{command}: {action.metavar or action.dest} is not explained"
        if action.option_strings and action.default not in (None, False, argparse.SUPPRESS):
            assert re.search(r"[Dd]efault:?\s", said.out.partition(action.option_strings[-1])[2])


def test_a_shell_completes_names(call: Call) -> None:
    """The script knows commands, options and what there is by name; and bash takes it."""
    said = call("completion", "bash")
    assert (said.code, said.err) == (0, "")
    for word in ("estimate", "--redraws", "figure-3a", "kappa-gaussian", "wang_vastola_2024"):
        assert word in said.out
    done = subprocess.run(["bash", "-n"], input=said.out, text=True, capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_without_shtab_nothing_completes(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion, "find_spec", lambda name: None)
    said = call("completion", "bash")
    assert said.code == 2
    assert said.err == ("dimfree: completion: needs an extra: pip install 'dimfree[completion]'\n")


def test_a_pattern_draws_several_figures(call: Call, tmp_path: Path) -> None:
    """From the committed results: those that match and no other."""
    said = call("draw", "figure-1*", "--from", str(ROOT / "figures/results"), "--out", "there")
    assert said.code == 0, said.err
    drawn = {path.stem for path in (tmp_path / "there").iterdir()}
    assert drawn == {"figure-1a", "figure-1b"}


def test_a_picture_for_a_talk(call: Call, tmp_path: Path) -> None:
    """As wide as one says, without the file of words; and what is no size is refused."""
    words = ["draw", "figure-1b", "--from", str(ROOT / "figures/results"), "--out", "there"]
    said = call(*words, "--no-caption", "--dpi", "20", "--width", "9")
    assert said.code == 0, said.err
    assert sorted(p.suffix for p in (tmp_path / "there").iterdir()) == [".pdf", ".png", ".svg"]
    header = (tmp_path / "there" / "figure-1b.png").read_bytes()[16:20]
    assert int.from_bytes(header, "big") == 180
    narrow = call(*words, "--width", "2")
    assert narrow.code == 2 and narrow.err.endswith(
        "dimfree: --width: 2 inches are too few for figure-1b, whose own width is 6.9\n"
    )
    for wrong in ("0", "-1", "nan", "inf", "wide"):
        assert call(*words, "--width", wrong).code == 2


HEAVY = ("scipy", "pandas", "matplotlib", "seaborn", "statsmodels", "sympy", "pydantic", "tqdm")


@pytest.mark.parametrize(
    "words",
    [
        *("--help", "--version", "list", "list --json", "verify --help"),
        *("fit --help", "bound --help"),
        *("list claims", "list studies", "list figures", "list papers"),
    ],
)
def test_what_answers_at_once(tmp_path: Path, words: str) -> None:
    """It imports nothing that takes long:
    any of these alone is a good part of the half second that it may take.
    """
    said, complained, imported = loaded(tmp_path, words)
    assert complained == ""
    assert {"dimfree", "numpy"} <= imported
    assert set(HEAVY).isdisjoint(imported)
    assert f"dimfree {version()}" == said[0] or words != "--version"


def test_a_run_loads_little(tmp_path: Path) -> None:
    """Writing a table needs no pandas, a third of a second, nor what only draws, fits or proves."""
    (tmp_path / "c.toml").write_text(CONFIG)
    said, _, imported = loaded(
        tmp_path, "run error-vs-timestep --config c.toml --out o --workers 1"
    )
    assert said[0] == "o/error-vs-timestep.csv"
    assert {"pandas", "matplotlib", "statsmodels", "sympy", "sklearn"}.isdisjoint(imported)


def loaded(folder: Path, words: str) -> tuple[list[str], str, set[str]]:
    """What a command says on both streams, and the packages that it loads."""
    script = (
        "import contextlib, sys, dimfree\n"
        "with contextlib.suppress(SystemExit):\n"
        f"    dimfree.main({words.split()!r})\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    *said, names = done.stdout.splitlines()
    return said, done.stderr, set(names.split())


def version() -> str:
    """What pyproject.toml says."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


@pytest.mark.parametrize("package", ["bounds", "studies", "figures"])
def test_another_package_of_that_name(tmp_path: Path, package: str) -> None:
    """In a folder that has its own:
    exit 2, one sentence that says which file, and that file is not run.
    """
    (tmp_path / f"{package}.py").write_text("print('ran')")
    refused = process("list", folder=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert (
        refused.stderr.startswith(f"dimfree: another '{package}', ")
        and refused.stderr.count("\n") == 1
    )
    assert f"{package}.py" in refused.stderr
    (tmp_path / f"{package}.py").rename(tmp_path / "something.py")
    assert process("--version", folder=tmp_path).returncode == 0


def process(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """`python -m dimfree` from another folder than its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "dimfree", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_as_a_process(tmp_path: Path, config: Path) -> None:
    """From any folder: a refusal is exit 2 and one line;
    a table made there is the one made in this process.
    """
    refused = process("run", "no-such", folder=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.count("\n") == 1 and "no-such" in refused.stderr
    made = process(
        "run", "error-vs-timestep", "--config", "c.toml", "--out", "there", folder=tmp_path
    )
    assert made.returncode == 0
    assert made.stdout == "there/error-vs-timestep.csv\nthere/error-vs-timestep.json\n"
    assert (
        dimfree.main(
            ["run", "error-vs-timestep", "--config", str(config), "--out", str(tmp_path / "here")]
        )
        == 0
    )
    tables = [
        (tmp_path / where / "error-vs-timestep.csv").read_bytes() for where in ("there", "here")
    ]
    assert tables[0] == tables[1]


def test_a_reader_that_leaves(tmp_path: Path) -> None:
    """`dimfree list | true`: it has heard what it wanted;
    no traceback, and exit 0, as no verdict is wrong.
    """
    reader, writer = os.pipe()
    os.close(reader)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "dimfree", "list"],
        stdout=writer,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


# --- run ------------------------------------------------------------------------------------------


def test_run_writes_table_and_manifest(call: Call, config: Path) -> None:
    """The contract's columns and manifest; paths on standard output, progress on standard error."""
    said = call("run", "error-vs-timestep", "--config", config, "--out", "deep/er")
    assert said.code == 0
    assert said.out == "deep/er/error-vs-timestep.csv\ndeep/er/error-vs-timestep.json\n"
    assert "14 replicates in 2 cells: 0 stored, 14 to run" in said.err
    with Path("deep/er/error-vs-timestep.csv").open(newline="") as file:
        header, *rows = list(csv.reader(file))
    assert tuple(header) == COLUMNS
    assert {
        "study",
        "d",
        "m",
        "t",
        "estimator",
        "engine",
        "replicate",
        "risk",
        "empirical_risk",
    } <= set(header)
    assert len(rows) == 2 * 7 * 2 * 2
    assert all(float(row[header.index("risk")]) > 0 for row in rows)
    manifest = json.loads(Path("deep/er/error-vs-timestep.json").read_text())
    assert manifest["seed"] == 7
    assert manifest["config"]["dims"] == [4, 6]
    assert {"config", "seed", "versions", "commit", "counts"} <= set(manifest)
    again = call("run", "error-vs-timestep", "--config", config, "--out", "deep/er")
    assert "14 stored, 0 to run" in again.err


def test_workers_leave_no_trace(call: Call, config: Path) -> None:
    """The same seed gives the same bytes for one and two workers; another seed does not."""
    for workers in ("1", "2"):
        assert (
            call(
                "run",
                "error-vs-dimension",
                "--config",
                config,
                "--out",
                workers,
                "--workers",
                workers,
            ).code
            == 0
        )
    config.write_text(CONFIG.replace("seed = 7", "seed = 8"))
    assert (
        call(
            "run", "error-vs-dimension", "--config", config, "--out", "other", "--workers", "1"
        ).code
        == 0
    )
    one, two, other = (Path(w, "error-vs-dimension.csv").read_bytes() for w in ("1", "2", "other"))
    assert one == two != other


def test_small_dimensions(call: Call, config: Path) -> None:
    """d = 2 runs; the figure that divides
    by log log d refuses it in one line, and leaves no picture.
    """
    config.write_text(CONFIG.replace("[4, 6]", "[2, 4, 8]"))
    assert (
        call("run", "error-vs-dimension", "--config", config, "--out", "r", "--workers", "1").code
        == 0
    )
    said = call("draw", "figure-1a", "--from", "r", "--out", "p")
    assert (said.code, said.out) == (2, "")
    assert (
        said.err == "dimfree: dims: log log d is not positive for d ≤ e, so d = 2 cannot be used\n"
    )
    assert not Path("p").exists()


# --- refusals -------------------------------------------------------------------------------------

BAD_CONFIGS = {
    "sampels = [40]": "sampels: unknown key",
    "engine = 'warp'": "engine: must be 'exact', 'simulate' or 'isotropic'",
    "engine = ": "c.toml: is not TOML",
}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("run no-such", "STUDY: 'no-such' is not one of the studies; see `dimfree list studies`"),
        ("draw no-such", "FIGURE: 'no-such' is not one of the figures; see `dimfree list figures`"),
        ("verify no-such", "NAME: 'no-such' is not one of the claims; see `dimfree list claims`"),
        ("verify kapa", "NAME: 'kapa' is not one of the claims; did you mean kappa?"),
        ("verify kappa zzz*", "NAME: 'zzz*' matches no claim"),
        (
            "verify --paper nobody_1900",
            "--paper: 'nobody_1900' is not one of the papers; see `dimfree list papers`",
        ),
        ("list nonsense", "argument KIND: invalid choice: 'nonsense'"),
        ("list claims --json", "argument --json: not allowed with argument KIND"),
        ("run error-vs-timestep --config none.toml --out r", "none.toml: does not exist"),
        ("run error-vs-timestep --config . --out r", ".: cannot be read"),
        (
            "run error-vs-timestep --config c.toml --workers 0 --out r",
            "--workers: must be at least 1, but is 0",
        ),
        ("reproduce --preset quick --workers 0 --out r", "--workers: must be at least 1"),
        ("verify dsm-risk --workers 0", "--workers: must be at least 1"),
        ("run error-vs-timestep --config c.toml --out c.toml/r", "--out: cannot write to c.toml/r"),
        ("reproduce --preset quick --out c.toml/r", "--out: cannot write to c.toml/r"),
        ("draw figure-3a --from none", "none/error-vs-timestep.json: does not exist"),
        ("explain no-such", "NAME: 'no-such' is not one of the claims"),
        ("report --from none --out r", "none/error-vs-timestep.json: does not exist"),
        (
            f"report --from {dimfree.COMMITTED} --out c.toml/r",
            "--out: cannot write c.toml/r/report.html",
        ),
        ("", "arguments are required: COMMAND"),
        ("no-such", "invalid choice: 'no-such'"),
        ("list --no-such", "unrecognized arguments: --no-such"),
        ("run", "arguments are required: STUDY"),
        ("run error-vs-timestep --workers two", "argument --workers: invalid int value: 'two'"),
        ("run error-vs-timestep --preset huge", "argument --preset: invalid choice: 'huge'"),
        (
            "run error-vs-timestep --preset quick --config c.toml",
            "not allowed with argument --preset",
        ),
        *(
            (f"run error-vs-timestep --config c.toml --out r #{line}", says)
            for line, says in BAD_CONFIGS.items()
        ),
    ],
)
def test_bad_usage(call: Call, config: Path, tmp_path: Path, words: str, says: str) -> None:
    """Exit 2, one line on standard error that says what and why,
    nothing on standard output, nothing written.
    """
    command, _, line = words.partition(" #")
    config.write_text(f"{CONFIG}{line}\n")
    before = files(tmp_path)
    said = call(*command.split())
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("dimfree") and said.err.endswith("\n") and said.err.count("\n") == 1
    assert says in said.err
    assert "Traceback" not in said.err
    assert files(tmp_path) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["c.toml"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small folder of results of error-vs-timestep."""
    folder = tmp_path_factory.mktemp("results")
    (folder / "c.toml").write_text(CONFIG)
    words = [
        "run",
        "error-vs-timestep",
        "--config",
        str(folder / "c.toml"),
        "--out",
        str(folder),
        "--workers",
        "1",
    ]
    assert dimfree.main(words) == 0
    return folder


def cut(csv_file: Path, manifest: Path) -> None:
    csv_file.write_bytes(csv_file.read_bytes()[:-200])


def edited(csv_file: Path, manifest: Path) -> None:
    csv_file.write_bytes(csv_file.read_bytes().replace(b"dsm", b"DSM", 1))


def no_json(csv_file: Path, manifest: Path) -> None:
    manifest.write_text("{")


def bad_config(csv_file: Path, manifest: Path) -> None:
    manifest.write_text(manifest.read_text().replace('"dims"', '"dimz"'))


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (cut, "error-vs-timestep.csv: was cut short"),
        (edited, "error-vs-timestep.csv: was changed after"),
        (no_json, "error-vs-timestep.json: is damaged"),
        (bad_config, "dimz: unknown key"),
    ],
)
def test_damaged_results(
    call: Call, results: Path, tmp_path: Path, damage: Callable[[Path, Path], None], says: str
) -> None:
    """Refused in one line and left as they are, without a picture;
    undamaged, the same folder is drawn (below).
    """
    folder = tmp_path / "r"
    folder.mkdir()
    for suffix in ("csv", "json"):
        (folder / f"error-vs-timestep.{suffix}").write_bytes(
            (results / f"error-vs-timestep.{suffix}").read_bytes()
        )
    damage(folder / "error-vs-timestep.csv", folder / "error-vs-timestep.json")
    before = files(tmp_path)
    said = call("draw", "figure-3a", "--from", folder, "--out", "p")
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert says in said.err
    assert files(tmp_path) == before


# --- draw -----------------------------------------------------------------------------------------


def test_draw(call: Call, results: Path) -> None:
    """Four files whose paths are on standard output,
    each of its kind; the results are only read.
    """
    before = files(results)
    said = call("draw", "figure-3a", "--from", results, "--out", "new/folder")
    assert (said.code, said.err) == (0, "")
    assert said.out.split() == [
        f"new/folder/figure-3a.{suffix}" for suffix in ("svg", "pdf", "png", "txt")
    ]
    start = {"svg": b"<?xml", "pdf": b"%PDF", "png": b"\x89PNG", "txt": b"Figure 3a"}
    for suffix, magic in start.items():
        assert Path(f"new/folder/figure-3a.{suffix}").read_bytes().startswith(magic)
    assert files(results) == before


def test_draw_where_nothing_can_be_written(call: Call, results: Path, tmp_path: Path) -> None:
    """One line that names the folder."""
    (tmp_path / "file").write_text("")
    said = call("draw", "figure-3a", "--from", results, "--out", "file/sub")
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert "dimfree: --out: cannot write file/sub/figure-3a" in said.err


# --- verify ---------------------------------------------------------------------------------------


def test_verify_json(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The contract's fields on standard output alone;
    only what the named claims need is measured; no trace left.
    """
    install(monkeypatch, tiny(), [sure()])
    said = call("verify", "--json", "--workers", "1")
    assert said.code == 0
    (found,) = json.loads(said.out)
    contract = {
        *("name", "paper", "statement", "source", "origin", "kind", "verdict", "expected"),
        *("decoy", "decoy_rejected", "measured", "predicted", "cells"),
    }
    assert contract <= set(found)
    assert (found["name"], found["verdict"], found["decoy_rejected"]) == (
        "figure-3a-below",
        "HOLDS",
        True,
    )
    assert found["paper"] == "kumar_2025"
    assert (found["predicted"], found["cells"]) == (10.0, 2)
    assert "error-vs-timestep: 8 of 8 done" in said.err
    assert "small-samples" not in said.err
    assert files(tmp_path) == {}


@pytest.mark.parametrize(
    ("subject", "code", "status"),
    [
        (sure(), 0, "HOLDS"),
        (sure(formula=-10.0), 1, "REFUTED"),
        (sure(decoy=10.0), 1, "UNDECIDED"),
        (sure(formula=-10.0, expected="REFUTED", reason="planted"), 0, "REFUTED"),
        (sure(expected="REFUTED", reason="planted"), 1, "HOLDS"),
        (sure(formula=-10.0, decoy=10.0, expected="REFUTED", reason="planted"), 1, "REFUTED"),
    ],
)
def test_exit_code_of_verify(
    call: Call, monkeypatch: pytest.MonkeyPatch, subject: Claim, code: int, status: str
) -> None:
    """0 only where the verdict is the one written down
    and the decoy was rejected; a better one than expected is 1.
    """
    install(monkeypatch, tiny(), [subject])
    said = call("verify", "--workers", "1")
    assert said.code == code
    mark = " !"[code]
    assert said.out.startswith(f"{mark} {status}")
    assert ("DECOY NOT REJECTED" in said.out) == (subject.decoy({}) == 10.0)


def test_verify_measures_the_claims_own_cells(call: Call) -> None:
    """24 of the 147 cells of its study, and the verdict is the committed one's;
    a pattern takes in all that it matches.
    """
    said = call("verify", "kappa", "--json", "--workers", "1")
    assert said.code == 0
    (found,) = json.loads(said.out)
    assert (found["name"], found["verdict"], found["cells"]) == ("kappa", "HOLDS", 24)
    assert "replicates in 24 cells" in said.err
    several = call(
        "verify", "kappa-*-certified", "--json", "--workers", "1", "--paper", "kumar_2025"
    )
    assert [v["name"] for v in json.loads(several.out)] == [
        "kappa-uniform-certified",
        "kappa-gaussian-certified",
    ]


# --- reproduce ------------------------------------------------------------------------------------


def test_reproduce_twice(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The base studies' figures and the report;
    the second time nothing is measured and all bytes are the same.
    """
    install(monkeypatch, tiny(), [sure()])
    drawn = tuple(figure for figure in FIGURES if set(figure.studies) <= set(TINY))
    monkeypatch.setattr(figures.catalog, "FIGURES", drawn)
    words = (
        "reproduce",
        "--preset",
        "quick",
        "--workers",
        "1",
        "--out",
        "r",
        "--report",
        "doc/s/paper_repro.md",
    )
    first = call(*words)
    assert first.code == 0, first.err
    assert "to run (8 new)" in first.err
    names = files(tmp_path / "r")
    for figure in drawn:
        assert {
            f"{figure.paper}/{figure.name}.{suffix}" for suffix in ("svg", "pdf", "png", "txt")
        } <= set(names)
    report = Path("doc/s/paper_repro.md").read_text()
    for figure in drawn:
        assert f"](../../r/{figure.paper}/{figure.name}.png)" in report
    assert re.search(r"\| `figure-3a-below` \|.* HOLDS \|", report)
    assert "`make reproduce PRESET=quick`" in report
    kept = {
        name: data
        for name, data in files(tmp_path).items()
        if not name.endswith((".sqlite", ".lock"))
    }
    # Drawing again is slow and its bytes are test_figures' business.
    monkeypatch.setattr(figures.output, "save", lambda *_, **named: [])
    second = call(*words)
    assert second.code == 0
    assert [line.rpartition(": ")[2] for line in second.err.splitlines()] == [
        *(f"{len(s.cells(TINY[s.name])) * 8} stored, 0 to run" for s in tiny()),
        *(f"{1 + k} of {len(drawn)} done" for k in range(len(drawn))),
    ]
    assert second.out == first.out
    again = files(tmp_path)
    assert {name: again[name] for name in kept} == kept


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_while_it_draws(
    call: Call, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """A signal after all is measured: exit 1, one sentence on how
    to go on, handlers put back; so too where nothing is kept.

    Python's own answer would be a traceback, and to SIGTERM no word at all.
    """
    install(monkeypatch, tiny(), [sure()])
    monkeypatch.setattr(
        figures.catalog, "FIGURES", tuple(f for f in FIGURES if set(f.studies) <= set(TINY))
    )
    monkeypatch.setattr(figures.output, "save", lambda *_, **named: signal.raise_signal(number))
    monkeypatch.setattr(verdicts, "judge", lambda *ignored: [])
    before = signal.getsignal(number)
    said = call("reproduce", "--preset", "quick", "--workers", "1", "--out", "r")
    assert (said.code, said.out) == (1, "")
    assert (
        said.err.splitlines()[-1]
        == "dimfree: stopped; the same command goes on from what is stored"
    )
    monkeypatch.setattr(verdicts, "judge", lambda *ignored: signal.raise_signal(number))
    said = call("verify", "--workers", "1")
    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines()[-1] == "dimfree: stopped"
    assert signal.getsignal(number) is before


def broken(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """Fails in one dimension."""
    if cell["d"] in (3, 6):
        raise ArithmeticError("planted")
    return measure(cell, seeds)


def test_missing_cells(call: Call, monkeypatch: pytest.MonkeyPatch, config: Path) -> None:
    """Exit 1 and the reason, for run, verify and reproduce:
    what is missing is no bad usage, and no verdict.
    """
    install(monkeypatch, tiny(measure=broken), [sure()])
    ran = call("run", "error-vs-timestep", "--config", config, "--out", "r", "--workers", "1")
    assert ran.code == 1
    assert "dimfree: 7 replicates missing: raised ArithmeticError: planted" in ran.err
    assert Path("r/error-vs-timestep.csv").exists()
    for words in (("verify",), ("reproduce", "--preset", "quick", "--out", "q")):
        said = call(*words, "--workers", "1")
        assert (said.code, said.out) == (1, "")
        assert (
            "error-vs-timestep: 8 replicates missing: raised ArithmeticError: planted" in said.err
        )
        assert said.err.splitlines()[-1].startswith(
            "dimfree: cells are missing, so there are no verdicts: "
        )


def test_an_extra_that_is_not_installed(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence and nothing measured, by run; reproduce says it, does the rest, and exits 1.
    Catches a run that stops there, and one that passes for whole.
    """
    needs = {"no_module_of_this_name": "some"}
    lacking = "error-vs-dimension"
    changed = [replace(s, needs=needs if s.name == lacking else {}) for s in tiny()]
    install(monkeypatch, changed, [sure(), claim("figure-1a-flat")])
    drawn = tuple(figure for figure in FIGURES if set(figure.studies) <= set(TINY))
    assert any(lacking in figure.studies for figure in drawn)
    monkeypatch.setattr(figures.catalog, "FIGURES", drawn)
    monkeypatch.setattr(figures.output, "save", lambda *_, **named: [])
    sentence = "needs an extra: pip install 'dimfree[some]'"
    ran = call("run", lacking, "--preset", "quick", "--out", "alone")
    assert (ran.code, ran.out, ran.err) == (2, "", f"dimfree: {lacking}: {sentence}\n")
    assert not Path("alone").exists()
    said = call("reproduce", "--preset", "quick", "--workers", "1", "--out", "r")
    assert said.code == 1 and said.err.count(f"dimfree: {lacking} {sentence}; it is left out") == 1
    report = Path("r/paper_repro.md").read_text()
    assert re.search(r"\| `figure-3a-below` \|.* HOLDS \|", report)
    assert "figure-1a-flat" not in report
    for figure in drawn:
        assert (f"/{figure.name}.png)" in report) == (lacking not in figure.studies)


# --- explain and report ---------------------------------------------------------------------------


def test_explain(call: Call, results: Path) -> None:
    """From the committed results, from another folder's,
    and without any; the verdict is that folder's own.
    """
    said = call("explain", "figure-3a-ratio")
    assert (said.code, said.err) == (0, COMMITTED_SAID)
    assert "HOLDS, decoy rejected, at 18 cells; 19 cells, 500 replicates" in " ".join(
        said.out.split()
    )
    for part in ("kind", "assumes", "why", "source", "formula", "decoy", "verdict", "again"):
        assert f"\n  {part} " in said.out
    other = call("explain", "figure-3a-ratio", "--from", results)
    assert "2 cells, 7 replicates" in " ".join(other.out.split())
    assert other.code == (0 if "HOLDS, decoy rejected" in " ".join(other.out.split()) else 1)
    without = call("explain", "class-collapse", "--from", results)
    assert without.code == 0
    assert "has no results of evidence-classes; run it first" in " ".join(without.out.split())


def test_report(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One file, its path on standard output;
    1 where a verdict is not the expected one, and the page says which.
    """
    drawn = tuple(figure for figure in FIGURES if figure.name == "beyond-basis")
    monkeypatch.setattr(figures.catalog, "FIGURES", drawn)
    monkeypatch.setattr(bounds.ledger, "CLAIMS", bounds.ledger.CLAIMS[:20])
    claims = (*bounds.ledger.CLAIMS, sure())
    named = {*drawn[0].studies, *map(study_of, claims)}
    read = tuple(one for one in studies.catalog.STUDIES if one.name in named)
    monkeypatch.setattr(studies.catalog, "STUDIES", read)
    said = call("report", "--out", "p")
    assert (said.code, said.out, said.err) == (0, "p/report.html\n", COMMITTED_SAID)
    assert list(files(tmp_path)) == ["p/report.html"]
    pages = []
    for _ in range(2):
        assert call("report", "--out", "q").code == 0
        pages.append(Path("q/report.html").read_bytes())
    assert pages[0] == pages[1]
    monkeypatch.setattr(
        bounds.ledger, "CLAIMS", (sure(expected="REFUTED", reason="to see it fail"),)
    )
    assert call("report", "--out", "q").code == 1
    assert "(expected: REFUTED)" in Path("q/report.html").read_text(encoding="utf-8")
