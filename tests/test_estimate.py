"""dimfree estimate: files and fields, what is refused, and whether it ranks by true risk."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bounds.catalog import ESTIMATORS
from bounds.check import Array, InvalidInput
from bounds.data import grams_of
from bounds.gaussian import Gaussian, spectrum
from bounds.gram import exact
from bounds.process import decay, noise_variance
from bounds.risk import risk
from studies.estimate import LEDOIT_WOLF, Estimated, estimate
from tests.reference import random_covariance
from tests.test_fuzz import command

LAW = Gaussian.from_covariance(random_covariance(4, 3))
X = LAW.sample(300, np.random.default_rng(0)) + 3
TIMES = (0.1, 0.4, 1.2)
ROW = {"t", "estimator", "loss", "loss_error", "excess", "excess_error"}


@pytest.fixture(scope="module")
def found() -> Estimated:
    return estimate(X, TIMES)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    np.save(tmp_path / "x.npy", X)
    return tmp_path / "x.npy"


# --- numbers --------------------------------------------------------------------------------------


GRID = (0.05, 0.2, 0.5, 1.0, 2.0)


def true_risks(law: Gaussian, n: int) -> Array:
    """Mean risk of each estimator at each time of GRID, (N, E), from 300 draws of the Gram
    matrices' exact law.
    """
    grams = list(exact(law, n, GRID, [np.random.default_rng([9, k]) for k in range(300)]))
    of_each = [estimator(iter(grams)) for estimator in ESTIMATORS.values()]
    return np.array(
        [
            [risk(law, t, one).mean() for one in at_time]
            for t, at_time in zip(GRID, zip(*of_each, strict=True), strict=True)
        ]
    )


def disagreements(law: Gaussian, n: int, truth: Array, seed: int) -> tuple[int, int]:
    """Of the pairs of estimators whose true risks differ by 4 of the standard errors that
    `estimate` gives their difference: how many there are, and how many it ranks the other way.
    """
    x = law.sample(n, np.random.default_rng([seed, 1]))
    found = estimate(x, GRID, list(ESTIMATORS), seed=seed)
    apart = truth[:, :, None] - truth[:, None, :]
    separate = np.triu(np.abs(apart) > 4 * found.difference_errors, 1)
    # An estimator that is another one at t_1 differs from it by nothing.
    separate &= found.difference_errors > 1e-12
    return int(separate.sum()), int((separate & (apart * found.differences <= 0)).sum())


def test_it_ranks_by_true_risk() -> None:
    """2000 Gaussian rows: where the truth separates two estimators by 4 standard errors they come
    in its order, and it does so for a quarter of them. None came in another order in any of 100
    seeds at d = 8 (80 pairs a seed) and at d = 16 (102 pairs). A loss in which the noise
    is counted twice, or not at all, leaves at most 2 pairs, and one without σ² ‖Â‖² at most 21.
    """
    law = Gaussian(spectrum("linear", 8))
    truth = true_risks(law, 2000)
    for seed in range(3):
        pairs, wrong = disagreements(law, 2000, truth, seed)
        assert pairs > len(GRID) * 28 // 4
        assert wrong == 0


def test_standard_errors_are_honest() -> None:
    """Over 60 data sets of 200 rows the difference of DSM's and the path fit's losses scatters as
    its standard error says, to a factor of 1.5. Over rows alone it would be 2.4 times too small,
    since each fit has noise of its own; unpaired, five times too large.
    """
    many = [
        estimate(LAW.sample(200, np.random.default_rng(s)), [0.3], ["dsm", "path"], seed=s)
        for s in range(60)
    ]
    scatter = np.std([one.differences[0, 0, 1] for one in many], ddof=1)
    said = np.mean([one.difference_errors[0, 0, 1] for one in many])
    assert 1 / 1.5 < scatter / said < 1.5
    unpaired = np.mean([np.hypot(*one.loss_errors[0]) for one in many])
    assert unpaired > 4 * said


def test_losses_are_denoising_losses() -> None:
    """The plug-in's on 30 000 rows, against plain draws of the noise and the true score's own loss:
    d/σ² − tr V^{-1} + its risk.
    """
    t, law = 0.5, Gaussian(np.array([0.5, 2.0]))
    found = estimate(law.sample(30_000, np.random.default_rng(0)), [t], ["plug-in"])
    best = 2 / noise_variance(t) - (1 / law.variances(t)).sum()
    assert abs(found.losses[0, 0] - best) < 4 * found.loss_errors[0, 0] + 1e-3
    rng = np.random.default_rng(1)
    x0, noise = law.sample(30_000, rng), rng.standard_normal((30_000, 2))
    sigma = np.sqrt(noise_variance(t))
    x = decay(t) * x0 + sigma * noise
    plain = ((x @ found.scores["plug-in"][0].T + noise / sigma) ** 2).sum(axis=1)
    error = np.hypot(plain.std() / 30_000**0.5, found.loss_errors[0, 0])
    assert abs(plain.mean() - found.losses[0, 0]) < 4.5 * error
    assert error < 0.01 * plain.mean()


def test_scores_are_the_estimators_own(found: Estimated) -> None:
    """Fitted to all rows, with the noise of the seed's second child."""
    noise = np.random.default_rng(np.random.SeedSequence(0).spawn(2)[1])
    grams = grams_of(X, TIMES, noise)
    for name, estimator in ESTIMATORS.items():
        np.testing.assert_array_equal(found.scores[name], np.stack(list(estimator(grams))))
    np.testing.assert_allclose(found.mean, X.mean(axis=0))
    np.testing.assert_allclose(found.covariances["sample"], np.cov(X.T, bias=True))


def test_the_path_s_covariance_is_its_score_s(found: Estimated) -> None:
    """−(e² Λ̂ + σ² I)^{-1} for path, sample and, with scikit-learn, Ledoit and Wolf."""
    pairs = {"path": "path", "plug-in": "sample", LEDOIT_WOLF: LEDOIT_WOLF}
    for name, covariance in pairs.items():
        if name in found.scores:
            marginal = decay(0.2) * found.covariances[covariance] + noise_variance(0.1) * np.eye(4)
            np.testing.assert_allclose(found.scores[name][0] @ marginal, -np.eye(4), atol=1e-10)


def test_ledoit_and_wolf_win_where_rows_are_few() -> None:
    """40 rows of white data in d = 12: shrinking is all there is to gain."""
    pytest.importorskip("sklearn")
    x = np.random.default_rng(4).standard_normal((40, 12))
    few = estimate(x, [0.2], ["dsm", "plug-in", LEDOIT_WOLF])
    assert few.losses[0].argmin() == 2
    assert few.differences[0, 1, 2] > 2 * few.difference_errors[0, 1, 2]


def test_centring_is_what_makes_the_scores_fit(found: Estimated) -> None:
    """Data with mean 3 in all coordinates: risk of the centred DSM score under the centred law."""
    plain = estimate(X, TIMES, ["dsm"], centre=False)

    def at_first(scores: Array) -> float:
        return float(risk(LAW, TIMES[0], scores[0]))

    assert at_first(plain.scores["dsm"]) > 3 * at_first(found.scores["dsm"])
    assert not plain.mean.any() and not plain.centred


def test_redraws_and_seed() -> None:
    """16 redraws make DSM better; a seed is a choice of noise and folds, and the same one the same
    bytes.
    """
    one, more = (estimate(X, [0.1], ["dsm", "plug-in"], redraws=k) for k in (1, 16))
    assert more.differences[0, 0, 1] < one.differences[0, 0, 1] / 3
    again, other = (estimate(X, [0.1], ["dsm", "plug-in"], seed=k) for k in (0, 1))
    assert again.record() == one.record() != other.record()


# --- words and files ------------------------------------------------------------------------------


def test_json_and_files(file: Path, tmp_path: Path) -> None:
    """The contract's fields and arrays; what is printed is what is kept."""
    out = tmp_path / "out"
    words = ("estimate", file, "--times", "0.1,0.4,1.2", "--out", out)
    code, said, _ = command(*words, "--json")
    assert code == 0
    kept = json.loads(said)
    assert (out / "estimate.json").read_text() == said
    assert set(kept) == {"n", "d", "centred", "rows"}
    assert (kept["n"], kept["d"], kept["centred"]) == (300, 4, True)
    assert all(set(row) == ROW for row in kept["rows"])
    with np.load(out / "scores.npz") as arrays:
        assert {"t", "mean", *ESTIMATORS} <= set(arrays)
        names = set(arrays) - {"t", "mean"}
        np.testing.assert_array_equal(arrays["t"], TIMES)
        assert arrays["mean"].shape == (4,)
        assert all(arrays[name].shape == (3, 4, 4) for name in names)
    assert names - {LEDOIT_WOLF} == set(ESTIMATORS)
    assert [(row["t"], row["estimator"]) for row in kept["rows"]] == [
        (t, name) for t in TIMES for name in [*ESTIMATORS, LEDOIT_WOLF] if name in names
    ]
    for t in TIMES:
        rows = [row for row in kept["rows"] if row["t"] == t]
        best = min(rows, key=lambda row: row["loss"])
        assert best["excess"] == best["excess_error"] == 0
        for row in rows:
            assert row["excess"] == pytest.approx(row["loss"] - best["loss"], abs=1e-9)
    with np.load(out / "covariances.npz") as arrays:
        assert {"sample", "path"} <= set(arrays)


def test_for_people(file: Path) -> None:
    """All estimators by name, the covariances, and one sentence that names the one to use."""
    code, said, _ = command("estimate", file, "--times", "0.1:0.3:0.1", "--estimators", "dsm,path")
    assert code == 0
    assert said.startswith("300 rows, d = 4, centred. ")
    assert re.search(r"^dsm +0 +\d+ ", said, re.MULTILINE)
    assert re.search(r"^sample +\d", said, re.MULTILINE)
    assert said.splitlines()[-1].startswith("path has the least loss or is within 2 ")


@pytest.mark.parametrize("header", [None, "a,b,c,d", '"with, comma",b,c,1'])
def test_csv_with_header_and_without(tmp_path: Path, header: str | None) -> None:
    """To the last bit what .npy holds; a first line of numbers is a row."""
    np.save(tmp_path / "x.npy", X)
    lines = [",".join(map(repr, row)) for row in X.tolist()]
    (tmp_path / "x.csv").write_text("\n".join([*([header] if header else []), *lines, ""]))
    results = [
        command("estimate", tmp_path / name, "--times", "0.3", "--estimators", "dsm", "--json")
        for name in ("x.npy", "x.csv")
    ]
    assert results[0][:2] == results[1][:2]
    assert json.loads(results[0][1])["n"] == 300


def test_parquet_needs_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it a sentence; with it, or a reader in its place, the table."""
    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    words = ("estimate", tmp_path / "x.parquet", "--times", "0.3", "--estimators", "dsm", "--json")
    monkeypatch.setattr(pd, "read_parquet", lambda path: pd.DataFrame(X))
    assert json.loads(command(*words)[1])["d"] == 4

    def lacking(path: Path) -> pd.DataFrame:
        raise ImportError("Unable to find a usable engine")

    monkeypatch.setattr(pd, "read_parquet", lacking)
    code, said, complained = command(*words)
    assert (code, said) == (2, "")
    assert complained.endswith(
        "x.parquet needs pyarrow to be read: pip install 'dimfree[parquet]'\n"
    )


def test_without_scikit_learn(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is done, and a sentence says what is not; asked for by name it is refused."""
    monkeypatch.setitem(sys.modules, "sklearn.covariance", None)
    code, said, complained = command("estimate", file, "--times", "0.3", "--json")
    assert code == 0
    assert {row["estimator"] for row in json.loads(said)["rows"]} == set(ESTIMATORS)
    assert "dimfree: ledoit-wolf is left out: ledoit-wolf: needs scikit-learn" in complained
    code, said, complained = command("estimate", file, "--estimators", "ledoit-wolf")
    assert (code, said, complained.count("\n")) == (2, "", 1)
    assert "pip install 'dimfree[data]'" in complained


FILES: dict[str, str | bytes] = {
    "words.csv": "a,b\n1,x\n2,3\n4,5\n6,1\n",
    "gap.csv": "1,2\n3,\n5,1\n9,9\n",
    "ragged.csv": "1,2\n3,4,5\n5,6\n",
    "empty.csv": "",
    "header.csv": "a,b\n",
    "points.csv": "1;2\n3;4\n5;7\n",
    "few.csv": "1,2\n3,4\n",
    "constant.csv": "1,2\n3,2\n4,2\n9,2\n",
    "latin.csv": b"a\xe9,b\n1,2\n",
    "not.npy": "hello",
    "x.txt": "1,2\n",
}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("words.csv", "column 2, 'b' ('x'): keep columns of numbers only"),
        ("gap.csv", "has nothing, in row 2, column 2"),
        ("ragged.csv", "is not csv: "),
        ("empty.csv", "is not csv: "),
        ("header.csv", "must be a matrix"),
        ("points.csv", "holds other than numbers in column 1"),
        ("few.csv", "too few rows"),
        ("constant.csv", "column 2 of 2 is constant"),
        ("latin.csv", "is not csv: "),
        ("not.npy", "is not npy: "),
        ("x.txt", "must end in .csv, .npy, .parquet"),
        ("none.csv", "does not exist"),
        ("folder.csv", "is no file"),
    ],
)
def test_files_that_are_no_data(tmp_path: Path, name: str, says: str) -> None:
    """One sentence that names DATA and the reason; nothing is written."""
    (tmp_path / "folder.csv").mkdir()
    content = FILES.get(name)
    if content is not None:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    code, said, complained = command("estimate", tmp_path / name, "--out", tmp_path / "out")
    assert (code, said, complained.count("\n")) == (2, "", 1), complained
    assert complained.startswith("dimfree: DATA: ") and says in complained, complained
    assert not (tmp_path / "out").exists()


def test_archives_are_no_data(tmp_path: Path) -> None:
    """Several arrays under a name in .npy, and one that would have to be unpickled."""
    with (tmp_path / "a.npy").open("wb") as file:
        np.savez(file, a=X, b=X)
    np.save(tmp_path / "b.npy", np.array([[{}]], dtype=object))
    for name, says in (("a.npy", "archive of several arrays"), ("b.npy", "is not npy: ")):
        code, _, complained = command("estimate", tmp_path / name)
        assert code == 2 and says in complained


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--times", "0.3,0.1"), "--times: must be strictly increasing"),
        (("--times", "geom:1:2"), "--times: geom wants"),
        (("--times", "1e-17"), "--times: must lie within"),
        (("--estimators", "nope"), "--estimators: 'nope' is not one of dsm, "),
        (("--estimators", "dsm,dsm"), "--estimators: must name at least one, and none twice"),
        (("--estimators", ""), "--estimators: "),
        (("--redraws", "0"), "--redraws: must be at least 1"),
        (("--folds", "1"), "--folds: must be at least 2"),
        (("--folds", "0"), "--folds: "),
        (("--folds", "301"), "--folds: must be at most the 300 rows"),
        (("--seed", "-1"), "--seed: must be at least 0"),
        (("--out", "FILE"), "--out: cannot write to "),
    ],
)
def test_bad_options(file: Path, words: tuple[str, ...], says: str) -> None:
    put = [str(file) if word == "FILE" else word for word in words]
    code, said, complained = command("estimate", file, *put)
    assert (code, said, complained.count("\n")) == (2, "", 1), complained
    assert complained.startswith(f"dimfree: {says}"), complained


def test_folds_need_rows() -> None:
    """5 rows of 4: all rows would do, 4 of them do not."""
    with pytest.raises(
        InvalidInput, match=r"^folds: 5 of 5 rows leave 4 rows for a fit, and d = 4"
    ):
        estimate(X[:5], [0.3])


def test_a_column_that_is_constant_in_a_fold() -> None:
    """One row of 20 has the only 1: without that row there is nothing to fit, and a sentence says
    so of the folds and not of the data.
    """
    x = np.column_stack([X[:20, 0], np.arange(20) == 7])
    with pytest.raises(
        InvalidInput, match=r"^folds: of what fold \d leaves, column 2 of 2 is const"
    ):
        estimate(x, [0.3])


def test_what_cannot_be_computed_is_left_out_with_a_reason() -> None:
    """So small a last time holds no information on a variance of 10⁶ for the path fit: it is left
    out, and refused where it was asked for.
    """
    x, times = 1e3 * X, [1e-5, 2e-5]
    found = estimate(x, times)
    assert "path" not in found.scores and "cannot tell an eigenvalue" in found.left_out["path"]
    assert "dsm" in found.scores
    with pytest.raises(InvalidInput, match=r"^estimators: path cannot be computed: "):
        estimate(x, times, ["dsm", "path"])
