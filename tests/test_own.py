"""What a user brings to a sweep: an estimator by its code's name, a covariance in a file."""

import csv
import json
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bounds.catalog import ESTIMATORS
from bounds.check import InvalidInput
from bounds.gaussian import Gaussian
from bounds.gram import Gram, exact
from studies import own, sweep
from studies.catalog import study
from studies.code import code_of_own
from studies.study import Cell, parse_settings, replicate_seed
from tests.reference import random_covariance
from tests.test_fuzz import command

STUDY = study("error-vs-timestep")
BASE: dict[str, Any] = {
    "dims": [3],
    "samples": [40],
    "times": [0.2, 0.5],
    "replicates": 5,
    "seed": 7,
}
MINE = '''\
from bounds.estimators import dsm_step
from mine_inside import FACTOR


def shrunk(grams):
    """DSM, made smaller."""
    for gram in grams:
        yield FACTOR * dsm_step(gram)


def short(grams):
    yield dsm_step(next(grams))


def flat(grams):
    for gram in grams:
        yield dsm_step(gram)[0]


def broken(grams):
    raise KeyError("no such thing")


NUMBER = 3
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that dimfree is called in, with a module of one's own and a module beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "mine_inside.py").write_text("FACTOR = 1.0\n")
    (tmp_path / "fails.py").write_text("1 / 0\n")
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    """As a new process starts: nothing of the user's is imported."""
    own._imported.cache_clear()
    for name in ("mine", "mine_inside", "fails"):
        sys.modules.pop(name, None)


def settings(**change: Any) -> Any:
    return parse_settings(STUDY.settings, BASE | change, "mine.toml")


def measured(folder: Path, names: list[str], workers: int = 1) -> tuple[int, list[dict[str, str]]]:
    """How many replicates a run had to measure, and the rows of its table."""
    out = folder / "out"
    done = sweep.run(STUDY, settings(estimators=names), out, workers=workers, progress=False)
    assert not done.missing, done.missing
    with done.table.open(encoding="utf-8", newline="") as file:
        return done.measured, list(csv.DictReader(file))


def risks(rows: list[dict[str, str]], name: str) -> list[str]:
    return [row["risk"] for row in rows if row["estimator"] == name]


# --- estimators -----------------------------------------------------------------------------------


def test_a_changed_estimator_is_measured_anew(folder: Path) -> None:
    """With factor 1 it is DSM, number by number. Told otherwise it is not measured again; another
    factor, in the module beside it, is; and DSM's numbers stay what they were, since the data do.
    """
    names = ["dsm", "mine:shrunk"]
    count, rows = measured(folder, names)
    assert count == 5
    assert risks(rows, "mine:shrunk") == risks(rows, "dsm")
    assert measured(folder, names)[0] == 0
    forget()
    (folder / "mine.py").write_text(MINE.replace("DSM, made smaller", "In other words"))
    assert measured(folder, names)[0] == 0
    forget()
    (folder / "mine_inside.py").write_text("FACTOR = 0.5\n")
    count, changed = measured(folder, names)
    assert count == 5
    assert risks(changed, "dsm") == risks(rows, "dsm")
    assert not set(risks(changed, "mine:shrunk")) & set(risks(rows, "mine:shrunk"))
    forget()
    (folder / "mine_inside.py").write_text("FACTOR = 1.0\n")
    assert measured(folder, names) == (0, rows)


def test_workers_find_it(folder: Path) -> None:
    """In processes of their own: the same rows as in this one."""
    assert measured(folder / "one", ["mine:shrunk"])[1] == measured(folder, ["mine:shrunk"], 2)[1]


def test_at_the_command_line(folder: Path) -> None:
    """`run` from a config, and `estimate`, take it by its name."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in BASE.items()]
    (folder / "c.toml").write_text("\n".join([*lines, 'estimators = ["mine:shrunk"]']))
    words = ("run", STUDY.name, "--config", "c.toml", "--out", "out", "--workers", "1")
    assert command(*words)[0] == 0
    assert "mine:shrunk" in (folder / "out" / f"{STUDY.name}.csv").read_text()
    np.save("x.npy", np.random.default_rng(0).standard_normal((60, 3)))
    asked = ("estimate", "x.npy", "--times", "0.3", "--estimators", "dsm,mine:shrunk", "--json")
    code, said, _ = command(*asked)
    assert code == 0
    one, other = json.loads(said)["rows"]
    assert (one["loss"], other["estimator"]) == (other["loss"], "mine:shrunk")
    code, said, complained = command("estimate", "x.npy", "--estimators", "mine:broken")
    assert (code, said, complained.count("\n")) == (2, "", 1)
    assert "mine:broken: raised KeyError: 'no such thing'" in complained


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nowhere:f", "nowhere cannot be imported: ModuleNotFoundError"),
        ("fails:f", "fails cannot be imported: ZeroDivisionError: division by zero"),
        ("mine:nothing", "mine:nothing: mine has no function nothing"),
        ("mine:NUMBER", "mine has no function NUMBER"),
        ("math:sqrt", "math: has no source that can be read"),
        ("mine:shrunk@0123456789ab", "its code here is "),
    ],
)
def test_what_cannot_be_found_is_refused_before_anything(
    folder: Path, name: str, says: str
) -> None:
    with pytest.raises(InvalidInput, match=f"^estimators: .*{says}"):
        sweep.run(STUDY, settings(estimators=[name]), folder / "out", progress=False)
    assert not (folder / "out").exists()


@pytest.mark.parametrize("name", ["dsn", "mine.shrunk", "mine:", ":f", "a b:c", "a:b:c", "../m:f"])
def test_what_is_no_name_is_refused_by_the_config(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"^estimators: .* is not one of dsm, "):
        settings(estimators=[name])


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("short", "must yield 2 arrays of shape"),
        ("flat", "must yield 2 arrays of shape (5, 3, 3)"),
        ("broken", "raised KeyError: 'no such thing'"),
    ],
)
def test_one_that_yields_no_scores_leaves_a_gap_with_a_sentence(
    folder: Path, name: str, says: str
) -> None:
    wanted = settings(estimators=["dsm", f"mine:{name}"])
    (gap,) = sweep.run(STUDY, wanted, folder / "out", progress=False).missing
    assert f"mine:{name}: " in gap.reason and says in gap.reason


def test_a_change_under_a_running_process_is_refused(folder: Path) -> None:
    """Its digits would be the new code's, its numbers the old one's."""
    assert own.pinned("mine:shrunk").startswith("mine:shrunk@")
    (folder / "mine_inside.py").write_text("FACTOR = 2.0\n")
    with pytest.raises(InvalidInput, match="has changed since it was imported: start anew"):
        own.pinned("mine:shrunk")


def test_the_digits_follow_packages(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of a package: what it imports from the package and, where that is not installed,
    from beside it; not what nobody imports.
    """
    package = folder / "mine"
    (folder / "mine.py").unlink()
    package.mkdir()
    files = {
        "mine/__init__.py": "",
        "mine/inner.py": "from . import near\nimport mine_inside\nf = near.g\n",
        "mine/near.py": "def g(grams): ...\n",
        "mine/far.py": "",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    found: dict[str, str] = {}
    monkeypatch.syspath_prepend(folder)
    module = import_module("mine.inner")
    before = code_of_own(module)
    for name in ("mine/near.py", "mine_inside.py", "mine/__init__.py", "mine/far.py"):
        text = (folder / name).read_text()
        (folder / name).write_text(f"{text}z = 3\n")
        found[name] = code_of_own(module)
        (folder / name).write_text(text)
    assert code_of_own(module) == before == found["mine/far.py"]
    assert len({before, *found.values()}) == 4
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(folder))
    inside = code_of_own(module)
    (folder / "mine_inside.py").write_text("FACTOR = 2.0\n")
    assert code_of_own(module) == inside
    (folder / "mine/near.py").write_text("def h(grams): ...\n")
    assert code_of_own(module) != inside
    for name in list(sys.modules):
        if name.split(".")[0] == "mine":
            sys.modules.pop(name)


# --- spectra --------------------------------------------------------------------------------------


def cell_of(spectrum: dict[str, Any], **change: Any) -> Cell:
    return STUDY.cells(settings(spectrum=spectrum, **change))[0]


def numbers(cell: Cell, count: int = 1) -> np.ndarray:
    seeds = [replicate_seed(1, {}, k) for k in range(count)]
    return np.array([[row["risk"] for row in rows] for rows in STUDY.measure(cell, seeds)])


@pytest.mark.parametrize("name", ["v.npy", "v.csv", "row.csv"])
def test_eigenvalues_from_a_file_are_those_written_down(folder: Path, name: str) -> None:
    """Number by number."""
    values = np.array([0.5, 1.25, 3.0])
    np.save("v.npy", values)
    np.savetxt("v.csv", values)
    np.savetxt("row.csv", values[None], delimiter=",")
    explicit = cell_of({"kind": "explicit", "values": values.tolist()})
    filed = cell_of({"kind": "file", "path": name})
    np.testing.assert_array_equal(numbers(filed), numbers(explicit))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_estimators_do_not_see_the_basis(name: str) -> None:
    """Rotate the Gram matrices, and each Â rotates along: risks in any basis are those in the
    eigenbasis. One that looked at coordinates, as a fit of the diagonal, would not.
    """
    law = Gaussian(np.array([0.5, 1.25, 3.0]))
    turn = np.linalg.qr(np.random.default_rng(5).standard_normal((3, 3)))[0]
    grams = list(exact(law, 40, [0.2, 0.5, 0.9], np.random.default_rng(0)))

    def turned(a: np.ndarray | None) -> np.ndarray:
        assert a is not None
        return np.asarray(turn @ a @ turn.T)

    other = [
        Gram(g.step, 40, turned(g.xx), turned(g.xz), turned(g.xw), 1, turned(g.data)) for g in grams
    ]
    for a, b in zip(ESTIMATORS[name](grams), ESTIMATORS[name](other), strict=True):
        np.testing.assert_allclose(turned(a), b, rtol=1e-7, atol=1e-9)
        assert np.abs(a - b).max() > 1e-3


def test_a_covariance_has_the_risks_of_its_eigenvalues(folder: Path) -> None:
    """Mean risks over 400 replicates of each, within 4.5 standard errors, in any basis; and not
    those of twice the covariance.
    """
    covariance = random_covariance(3, 8)
    np.save("c.npy", covariance)
    np.save("v.npy", np.linalg.eigvalsh(covariance))
    np.savetxt("twice.csv", 2 * covariance, delimiter=",")
    full, values, twice = (
        numbers(cell_of({"kind": "file", "path": name}), 400)
        for name in ("c.npy", "v.npy", "twice.csv")
    )

    def apart(a: np.ndarray, b: np.ndarray) -> float:
        error = np.hypot(a.std(axis=0), b.std(axis=0)) / 20
        return float((np.abs(a.mean(axis=0) - b.mean(axis=0)) / error).max())

    assert apart(full, values) < 4.5
    assert apart(full, twice) > 9


def test_the_content_is_in_the_cell(folder: Path) -> None:
    """Another covariance under the same name is another cell; the manifest's record of the config
    is taken back, and refused once the file holds other numbers.
    """
    np.save("c.npy", np.diag([1.0, 2.0, 3.0]))
    first = cell_of({"kind": "file", "path": "c.npy"})
    record = settings(spectrum={"kind": "file", "path": "c.npy"}).model_dump(mode="json")
    again = parse_settings(STUDY.settings, record, "m").model_dump()
    assert again["spectrum"]["sha256"] == first["spectrum"]["sha256"]
    np.save("c.npy", np.diag([1.0, 2.0, 4.0]))
    assert cell_of({"kind": "file", "path": "c.npy"})["spectrum"] != first["spectrum"]
    with pytest.raises(InvalidInput, match=r"^spectrum\.path: c\.npy holds other numbers"):
        parse_settings(STUDY.settings, record, "m")
    with pytest.raises(ValueError, match="holds other numbers"):
        STUDY.measure(first, [replicate_seed(1, {}, 0)])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (np.eye(4), "is of dimension 4, not 3"),
        (np.diag([1.0, 1.0, -1.0]), "not positive definite"),
        (np.array([1.0, np.nan, 1.0]), "NaN"),
        (np.array([[1.0, 2, 3], [0, 1, 0], [0, 0, 1]]), "must be symmetric"),
        (np.ones((2, 3)), "must be a square matrix"),
        (np.ones((2, 2, 2)), "must be a square matrix"),
        (np.array(["a", "b", "c"]), "must be numbers"),
        (None, "cannot be read: No such file"),
    ],
)
def test_what_is_no_covariance(folder: Path, content: np.ndarray | None, says: str) -> None:
    if content is not None:
        np.save("c.npy", content)
    with pytest.raises(InvalidInput, match=f"^spectrum.path: c.npy.*{says}"):
        settings(spectrum={"kind": "file", "path": "c.npy"})


@pytest.mark.parametrize(
    ("spectrum", "key"),
    [
        ({"kind": "file"}, "spectrum.path"),
        ({"kind": "file", "path": "x.txt"}, "spectrum.path"),
        ({"kind": "file", "path": 3}, "spectrum.path"),
        ({"kind": "linear", "path": "x.npy"}, "spectrum.path"),
        ({"kind": "file", "path": "x.npy", "low": 1.0}, "spectrum.low"),
    ],
)
def test_keys_of_a_file(folder: Path, spectrum: dict[str, Any], key: str) -> None:
    np.save("x.npy", np.eye(3))
    Path("x.txt").write_text("1,2\n")
    with pytest.raises(InvalidInput) as refused:
        settings(spectrum=spectrum)
    assert refused.value.key == key


def test_a_study_reruns_on_a_file(folder: Path) -> None:
    """All the way through the runner, with two workers."""
    np.save("c.npy", random_covariance(3, 8))
    wanted = settings(spectrum={"kind": "file", "path": "c.npy"}, estimators=list(ESTIMATORS))
    done = sweep.run(STUDY, wanted, folder / "out", workers=2, progress=False)
    assert not done.missing and done.measured == 5
