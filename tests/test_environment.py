"""What a shell, a notebook, git or Dask leave in the environment:
results do not see it, and it ends in no traceback.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.figure import Figure

import dimfree
from bounds import concentration
from bounds.check import InvalidInput
from figures import style
from figures.output import save
from studies import explain, tables
from studies.catalog import study
from studies.output import write
from studies.study import load_settings
from tests.test_cli import CONFIG, ROOT, files


def call(
    *words: str | Path, before: str | None = "", **environment: str | None
) -> "subprocess.CompletedProcess[str]":
    """dimfree in a process of its own, with these variables set,
    or unset; `before` is run before dimfree is imported.
    """
    kept = {name: value for name, value in (os.environ | environment).items() if value is not None}
    text = f"import sys\n{before}\nimport dimfree\nsys.exit(dimfree.main(sys.argv[1:]))"
    command = [sys.executable, "-c", text, *map(str, words)]
    return subprocess.run(command, env=kept, cwd=ROOT, capture_output=True, text=True)


BACKENDS = ("module://matplotlib_inline.backend_inline", "nonsense", "module://nothing.there")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_notebooks_backend(tmp_path: Path, backend: str) -> None:
    """The figure is drawn, with the bytes that it has
    without one, whatever would show it on a screen.
    """
    (tmp_path / "c.toml").write_text(CONFIG)
    words = [
        "run",
        "error-vs-timestep",
        "--config",
        str(tmp_path / "c.toml"),
        "--workers",
        "1",
        "--out",
    ]
    assert dimfree.main([*words, str(tmp_path / "r")]) == 0
    words = ["draw", "figure-3a", "--from", str(tmp_path / "r"), "--out"]
    done = call(*words, tmp_path / "a", MPLBACKEND=backend)
    assert (done.returncode, done.stderr) == (0, "")
    assert dimfree.main([*words, str(tmp_path / "b")]) == 0
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert len(files(tmp_path / "a")) == 4


def test_a_backend_that_is_there_stays_the_users() -> None:
    """figures, imported in a notebook, leaves matplotlib
    with the backend that the notebook named; a wrong one goes.
    """
    for given, expected in (
        ("svg", "svg"),
        ("module://that.is.mine", "module://that.is.mine"),
        ("nonsense", None),
    ):
        text = (
            "import os, figures, matplotlib; "
            "print(matplotlib.get_backend(auto_select=False), os.environ['MPLBACKEND'])"
        )
        environment = os.environ | {"MPLBACKEND": given}
        said = subprocess.run(
            [sys.executable, "-c", text],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert said == f"{expected} {given}\n"


def test_a_run_in_odd_surroundings_makes_the_same_bytes(tmp_path: Path) -> None:
    """Under git's variables, another language, no home,
    another clock …: table and manifest are those of a plain run.
    """
    path = tmp_path / "c.toml"
    path.write_text(CONFIG)
    subprocess.run(["git", "init", "-q", str(tmp_path / "other")], check=True)
    odd: dict[str, str | None] = {
        "LANG": "C",
        "LC_ALL": "C",
        "TZ": "Pacific/Kiritimati",
        "PYTHONHASHSEED": "7",
        "COLUMNS": "many",
        "HOME": None,
        "XDG_CONFIG_HOME": "/nowhere",
        "MPLCONFIGDIR": "/proc/nowhere",
        "NO_COLOR": "1",
        "SOURCE_DATE_EPOCH": "yesterday",
        "TERM": "dumb",
        "PYTHONOPTIMIZE": "2",
        "MPLBACKEND": "none",
        "DASK_CONFIG": "/nowhere",
        "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "{",
        "GIT_INDEX_FILE": "/nowhere",
        "GIT_CEILING_DIRECTORIES": "/",
    }
    git: dict[str, str | None] = {
        "GIT_DIR": str(tmp_path / "other" / ".git"),
        "GIT_WORK_TREE": str(tmp_path / "other"),
    }
    surroundings: list[dict[str, str | None]] = [{}, odd | git]
    found = []
    for number, environment in enumerate(surroundings):
        out = tmp_path / str(number)
        words: list[str | Path] = [
            "run",
            "error-vs-timestep",
            "--config",
            path,
            "--out",
            out,
            "--workers",
            "1",
        ]
        done = call(*words, **environment)
        assert done.returncode == 0, done.stderr
        made = files(out)
        found.append({name: made[f"error-vs-timestep.{name}"] for name in ("csv", "json")})
    assert all(one == found[0] for one in found)
    here = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    if here.returncode == 0 and (ROOT / ".git").exists():
        assert json.loads(found[1]["json"])["commit"] == here.stdout.strip()


def test_dates_for_reproducible_builds_change_no_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No date is written, so none is read: all three formats,
    the PDF above all. The variable is there again after.
    """
    found = []
    for number, epoch in enumerate((None, "yesterday", "1e400", "-1", "", "0")):
        if epoch is not None:
            monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
        with style.look():
            drawing = Figure()
            drawing.subplots().plot([1, 2])
        found.append(
            [one.read_bytes() for one in save(drawing, tmp_path / str(number), "x", write)]
        )
        assert os.environ.get("SOURCE_DATE_EPOCH") == epoch
    assert all(one == found[0] for one in found)


def test_windows_line_ends_leave_results_readable(tmp_path: Path) -> None:
    """A checkout under core.autocrlf has them as they were committed;
    one that has not is read all the same, one with an edited number is not.
    """
    name = "evidence-rigor"
    for suffix in ("csv", "json"):
        data = (dimfree.COMMITTED / "kumar_2025" / f"{name}.{suffix}").read_bytes()
        (tmp_path / f"{name}.{suffix}").write_bytes(data.replace(b"\n", b"\r\n"))
    columns = study(name).columns
    assert tables.read(tmp_path, name, columns).frame.equals(
        tables.read(dimfree.COMMITTED / "kumar_2025", name, columns).frame
    )
    table = tmp_path / f"{name}.csv"
    table.write_bytes(table.read_bytes().replace(b"1", b"2", 1))
    with pytest.raises(InvalidInput, match="was changed after"):
        tables.read(tmp_path, name, columns)


def test_git_is_told_to_leave_line_ends_alone() -> None:
    """For a table, a manifest and a picture, by git's own reading of .gitattributes."""
    if not (ROOT / ".git").exists():
        return
    listed = subprocess.run(
        [
            "git",
            "check-attr",
            "eol",
            "text",
            "--",
            "figures/results/kumar_2025/evidence-rigor.csv",
            "figures/results/kumar_2025/figure-2.png",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "evidence-rigor.csv: eol: lf" in listed
    assert "figure-2.png: text: unset" in listed


@pytest.mark.parametrize(
    "text", ["a: [1", "- 1\n- 2\n", "distributed: {comm: {timeouts: {connect: soon}}}"]
)
def test_dasks_own_configuration(tmp_path: Path, text: str) -> None:
    """A file of Dask's that is no YAML, no mapping, or holds no duration:
    one sentence. (Where Dask is not asked for, nothing reads it: see above.)
    """
    pytest.importorskip("distributed")
    folder = tmp_path / "dask"
    folder.mkdir()
    (folder / "dask.yaml").write_text(text)
    path = tmp_path / "c.toml"
    path.write_text(CONFIG)
    words: list[str | Path] = [
        "run",
        "error-vs-timestep",
        "--config",
        path,
        "--workers",
        "1",
        "--out",
    ]
    asked = call(*words, tmp_path / "a", "--executor", "dask", DASK_CONFIG=str(folder))
    assert asked.returncode == 2, asked.stderr
    announced, refused = asked.stderr.splitlines()
    assert announced.startswith("error-vs-timestep: ")
    assert refused.startswith("dimfree: --executor: ")
    assert len(refused) < 400


@pytest.mark.parametrize(
    ("before", "says"),
    [
        ("sys.version_info = (3, 10, 12)", "dimfree: needs Python 3.11 or later, and this is 3."),
        (
            "sys.modules['fcntl'] = None",
            "dimfree: studies need a POSIX system (Linux, macOS, or WSL on Windows)",
        ),
    ],
)
def test_another_python_and_windows_are_told_in_one_sentence(before: str, says: str) -> None:
    done = call("list", before=before)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(says) and done.stderr.count("\n") == 1


def test_what_is_quoted_does_not_need_docstrings() -> None:
    """python -OO drops them. A guide quotes what a module opens with, so it must come from the
    source.
    """
    text = (
        "from pathlib import Path; from bounds import concentration as c; from studies import "
        "explain; print(c.__doc__, len(explain.opening(Path(c.__file__))))"
    )
    said = subprocess.run(
        [sys.executable, "-OO", "-c", text], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout == f"None {len(concentration.__doc__ or '')}\n"
    assert explain.opening(Path(concentration.__file__)) == concentration.__doc__


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_before_toml(tmp_path: Path, mark: bytes) -> None:
    """What Windows' editors put there is no part of the text; within it, it is no TOML."""
    path = tmp_path / "c.toml"
    path.write_bytes(mark + CONFIG.encode())
    settings = study("error-vs-timestep").settings
    assert load_settings(settings, path).seed == 7
    path.write_bytes(b"\xef\xbb\xbf" + mark + b"\xef\xbb\xbf" + CONFIG.encode())
    with pytest.raises(InvalidInput, match="is not TOML"):
        load_settings(settings, path)
