"""Installed from a wheel, in an environment with the base dependencies alone and far from the
sources, the doors work: a file that is not packed, or an extra imported where none is needed,
would be caught.
"""

import json
import os
import re
import subprocess
import sys
import venv
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent


def closure(name: str) -> set[str]:
    """The distributions that one stands on, without extras."""
    found, new = set[str](), {name}
    while new:
        found |= new
        asked = [Requirement(one) for each in new for one in distribution(each).requires or ()]
        here = [one for one in asked if one.marker is None or one.marker.evaluate({"extra": ""})]
        new = {one.name for one in here} - found
    return found - {name}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """An environment of links to the base dependencies, with the wheel unpacked beside them."""
    folder = tmp_path_factory.mktemp("site")
    venv.create(folder / "env", symlinks=True)
    (site,) = (folder / "env").glob("lib/python3*/site-packages")
    for name in closure("dimfree"):
        found = distribution(name)
        for top in {file.parts[0] for file in found.files or () if file.parts[0] != ".."}:
            source = Path(str(found.locate_file(top)))
            if source.exists() and not (site / top).exists():
                (site / top).symlink_to(source)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-build-isolation", "--target", str(site)]
    # From a copy: a build leaves files beside the sources.
    sources = folder / "sources"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (sources / name).parent.mkdir(parents=True, exist_ok=True)
            (sources / name).write_bytes((ROOT / name).read_bytes())
    built = subprocess.run([*command, str(sources)], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert "absent from the `packages`" not in built.stderr
    return site


def run(site: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """dimfree in that environment, with nothing of this one."""
    python = site.parents[2] / "bin" / "python"
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.run(
        [str(python), "-W", "error", "-m", "dimfree", *arguments],
        cwd=folder,
        env={**kept, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_only_the_base_is_there(site, tmp_path):
    """Else the tests below say nothing."""
    python = site.parents[2] / "bin" / "python"
    for module in ("sklearn", "flint", "pyarrow", "distributed", "pytest", "hypothesis"):
        found = subprocess.run([str(python), "-c", f"import {module}"], capture_output=True)
        assert found.returncode != 0, module


def test_committed_results_are_drawn(site, tmp_path):
    """They came with the wheel."""
    found = run(site, tmp_path, "draw", "figure-3a", "--out", "here")
    assert found.returncode == 0, found.stderr
    assert (tmp_path / "here" / "figure-3a.svg").stat().st_size > 10_000
    assert "committed with dimfree" in found.stderr


def test_fit_bound_estimate(site, tmp_path):
    """Doors for people's own numbers."""
    (tmp_path / "errors.csv").write_text("d,error\n8,1\n16,1\n32,1.01\n64,1\n128,0.99\n")
    fitted = run(site, tmp_path, "fit", "errors.csv", "--json", "--plot", "e.png")
    assert abs(json.loads(fitted.stdout)[0]["slope"]) < 0.02, fitted.stderr
    bound = run(
        site, tmp_path, "bound", "--times", "0.4", "--hypotheses", "9", "--samples", "99", "--json"
    )
    assert json.loads(bound.stdout)["kappa"] > 0, bound.stderr
    np.save(tmp_path / "x.npy", np.random.default_rng(0).standard_normal((200, 3)))
    estimated = run(site, tmp_path, "estimate", "x.npy", "--times", "0.5", "--json")
    assert json.loads(estimated.stdout)["d"] == 3, estimated.stderr
    assert "needs scikit-learn" in estimated.stderr


def test_what_needs_an_extra_is_left_out(site, tmp_path):
    """It is named before anything is measured, the rest is judged, and the exit says that some is
    missing.
    """
    found = run(site, tmp_path, "verify", "kappa-uniform-certified", "kappa-schur", "--json")
    assert [one["name"] for one in json.loads(found.stdout)] == ["kappa-schur"]
    assert found.returncode == 1
    said = re.search(r"^dimfree: evidence-rigor needs an extra: .*left out.*$", found.stderr, re.M)
    measured = found.stderr.index("replicates in")
    assert said is not None and said.start() < measured


@pytest.mark.parametrize(
    ("command", "study"),
    [
        (("verify", "kappa-uniform-certified"), "evidence-rigor"),
        (("run", "evidence-wang-vastola-digits", "--preset", "quick"), "evidence-wang"),
    ],
)
def test_nothing_left_is_one_sentence(site, tmp_path, command, study):
    """And exit 2."""
    found = run(site, tmp_path, *command)
    assert found.returncode == 2
    assert study in found.stderr and "pip install 'dimfree[" in found.stderr
    assert "Traceback" not in found.stderr
