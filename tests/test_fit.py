"""`dimfree fit`: slopes and noise by second routes, the promise on wrong names, power against how
often laws are named, refusals, the command.

Stochastic tests have fixed seeds; each bound is an exact binomial quantile at 1e-9, unless said.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from bounds.check import Array, InvalidInput
from figures import fitted
from figures.output import picture
from studies import fit_command
from studies.designs import power
from studies.fit import Fit, _relative, fit
from studies.laws import LAWS, compare_laws
from tests.test_cli import Call, call

__all__ = ["call"]  # the fixture

DIMS = np.array([8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0])
WOBBLE = np.array([1.0, -1.0, 0.5, -1.0, 1.0, -0.5, 0.3])
TABLES = 200


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def one(frame: pd.DataFrame, **more: Any) -> Fit:
    """The fit of a table without groups."""
    (found,) = fit(frame, rng(), **more)
    return found


def replicated(truth: Array, noise: float, runs: int, seed: int = 1) -> pd.DataFrame:
    """So many runs at each of DIMS, in no order."""
    draws = truth[:, None] * (
        1 + noise * np.random.default_rng(seed).standard_normal((truth.size, runs))
    )
    frame = pd.DataFrame(
        {
            "d": np.repeat(DIMS, runs),
            "seed": np.tile(np.arange(runs), truth.size),
            "error": draws.ravel(),
        }
    )
    return frame.sample(frac=1, random_state=3)


# --- slopes and noise -----------------------------------------------------------------------------


def test_given_standard_errors() -> None:
    """Weighted least squares by numpy; rows in any order; the law is that of the same columns."""
    mean, se = 2 * DIMS**0.1 * (1 + 0.01 * WOBBLE), 0.02 * DIMS**0.2
    frame = pd.DataFrame({"width": DIMS, "loss": mean, "by hand": se})
    asked = {"x": "width", "y": "loss", "error": "by hand", "draws": 0}
    found = one(frame, **asked)
    slope, intercept = np.polyfit(np.log(DIMS), np.log(mean), 1, w=mean / se)
    assert (found.slope, found.intercept) == pytest.approx((slope, intercept))
    compared = compare_laws(DIMS, mean, se)
    assert (found.standing, found.d.size) == (compared.standing, 7)
    assert one(frame[::-1], **asked).to_json() == found.to_json()
    assert found.power == {} and found.needed is None


def test_replicates() -> None:
    """Means and standard errors by pandas, the line by statsmodels with the enlarged variances; the
    interval is z's or t's, whichever is wider.
    """
    frame = replicated(3 * DIMS**0.05, 0.02, 8)
    found = one(frame, replicate="seed", draws=0)
    means = frame.groupby("d")["error"].agg(["mean", "sem"])
    sd = means["sem"] / means["mean"] * np.sqrt(7 / 5)
    design = sm.add_constant(np.log(means.index.to_numpy()))
    line = sm.WLS(np.log(means["mean"].to_numpy()), design, weights=sd.to_numpy() ** -2).fit()
    assert found.slope == pytest.approx(line.params[1])
    error = np.sqrt(line.normalized_cov_params[1, 1])
    half = max(stats.norm.isf(0.025) * error, stats.t.isf(0.025, 5) * line.bse[1])
    assert (found.low, found.high) == pytest.approx((found.slope - half, found.slope + half))
    assert (found.replicates, found.weighted, found.scatter) == (8, True, None)


def test_few_replicates_and_single_runs_are_fitted_by_scatter() -> None:
    """Plain least squares by statsmodels on the logs of the means, t on five degrees of freedom;
    and the words say which noise it was.
    """
    frame = replicated(np.ones(7), 0.02, 3)
    for rows, more in (
        (frame, {"replicate": "seed"}),
        (frame[frame["seed"] == 1], {}),
        (frame[frame["seed"] == 1], {"replicate": "seed"}),
    ):
        found = one(rows, draws=0, **more)
        means = rows.groupby("d")["error"].mean()
        design = sm.add_constant(np.log(means.index.to_numpy()))
        line = sm.OLS(np.log(means.to_numpy()), design).fit()
        assert found.slope == pytest.approx(line.params[1])
        assert (found.low, found.high) == pytest.approx(line.conf_int(0.05)[1])
        assert not found.weighted
    assert "single runs; their residual scatter" in fit_command.text(found)
    assert "3 replicates at some d, too few" in fit_command.text(
        one(frame, replicate="seed", draws=0)
    )
    assert "as given" in fit_command.text(one(rows.assign(se=0.02), error="se", draws=0))


def test_the_scatter_of_single_runs() -> None:
    """Estimated without bias from four shapes at once: over 400 tables, a mean square of 0.02² to
    15 % (four standard errors), whichever law grows below it. A divisor of n − 2 or n would give
    3/5 or 3/7 of it.
    """
    squares = []
    for law in LAWS:
        truth = 1 + LAWS[law](DIMS) / LAWS[law](DIMS).max()
        for seed in range(100):
            noise = 0.02 * np.random.default_rng(seed).standard_normal(7)
            frame = pd.DataFrame({"d": DIMS, "error": truth * np.exp(noise)})
            scatter = one(frame, draws=0).scatter
            assert scatter is not None
            squares.append(scatter**2)
    assert np.mean(squares) == pytest.approx(0.02**2, rel=4 * np.sqrt(2 / 3 / 400))


def test_scale() -> None:
    """By a column, errors and their standard errors alike; by log log d, where a flat error gets
    the tilt that is told.
    """
    frame = pd.DataFrame({"d": DIMS, "error": 7 * DIMS**2, "se": 0.1 * DIMS**2, "size": DIMS**2})
    found = one(frame, error="se", scale="size", draws=0)
    assert found.mean == pytest.approx(np.full(7, 7.0)) and found.se == pytest.approx(0.1)
    assert found.equivalent and found.slope == pytest.approx(0, abs=1e-12)
    tilted = one(frame.assign(error=7.0, se=0.1), error="se", scale="loglogd", draws=0)
    assert tilted.mean == pytest.approx(7 / np.log(np.log(DIMS)))
    assert tilted.tilt == pytest.approx(tilted.slope)
    assert f"has slope {tilted.tilt:.4g} once divided" in fit_command.text(tilted)


def test_equivalence_and_its_words() -> None:
    """Shown, shown not to be, and neither; p by Student's and the normal law."""
    frame = pd.DataFrame({"d": DIMS, "error": 1 + 0.01 * WOBBLE, "se": 0.01})
    near = one(frame, error="se", margin=0.02, draws=0)
    assert near.equivalent
    assert "shown to be within ±0.02 of 0" in fit_command.text(near)
    x, y = np.log(DIMS), np.log(frame["error"].to_numpy())
    line = sm.WLS(y, sm.add_constant(x), weights=(frame["error"].to_numpy() / 0.01) ** 2).fit()
    distance = 0.02 - abs(line.params[1])
    by_given = stats.norm.sf(distance / np.sqrt(line.normalized_cov_params[1, 1]))
    assert near.p == pytest.approx(max(by_given, stats.t.sf(distance / line.bse[1], 5)))
    strict = one(frame, error="se", margin=0.002, draws=0)
    assert not strict.equivalent
    assert "shown neither to be within ±0.002 of 0" in fit_command.text(strict)
    steep = one(frame.assign(error=frame["error"] * DIMS**0.3), error="se", draws=0)
    assert not steep.equivalent
    assert "is not within ±0.02 of 0: its whole interval" in fit_command.text(steep)


# --- laws, power, what would decide ---------------------------------------------------------------

MODES = ("replicate", "error", "single")


def tables(law: str, mode: str, noise: float, seed: int, number: int = TABLES) -> pd.DataFrame:
    """Tables of one law, each with an offset of its own, 0 to 3 times what the law adds from
    end to end; six replicates, known standard errors, or single runs.
    """
    draw = np.random.default_rng(seed)
    shape = LAWS[law](DIMS)
    parts = []
    for k in range(number):
        offset = draw.uniform(0, 3) * (np.ptp(shape) or 1.0)
        truth = (shape - shape.min() + offset + 0.5 * np.ptp(shape)) * 10 ** draw.uniform(-9, 9)
        runs = 6 if mode == "replicate" else 1
        values = truth * np.exp(noise * draw.standard_normal((runs, DIMS.size)))
        part = {
            "table": k,
            "d": np.tile(DIMS, runs),
            "seed": np.repeat(np.arange(runs), DIMS.size),
            "error": values.ravel(),
        }
        parts.append(pd.DataFrame(part).assign(se=lambda f: noise * f["error"]))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("law", LAWS)
def test_a_wrong_name_in_at_most_one_per_cent(law: str, mode: str) -> None:
    """The promise, on 200 tables of each law and each kind of noise. A fit that named the nearest
    law would be wrong in a quarter of them; one that never named any would fail the second half.
    """
    more = {"replicate": "seed", "error": "se"}.get(mode)
    asked: dict[str, Any] = {} if more is None else {mode: more}
    found = fit(tables(law, mode, 0.01, 11), rng(), by="table", draws=0, **asked)
    names = [each.law for each in found]
    assert len(names) == TABLES
    assert sum(name not in (law, "undecided") for name in names) <= TABLES // 100
    assert all(law in each.standing for each in found if each.law == "undecided" and each.standing)
    clear = fit(tables(law, mode, 1e-4, 12, 40), rng(), by="table", draws=0, **asked)
    right = sum(each.law == law for each in clear)
    assert right >= 36


@pytest.mark.parametrize("mode", MODES)
def test_power_is_how_often_a_law_is_named(mode: str) -> None:
    """Told by tables, and counted on 200 others of the same design, for the law log d where it is
    named sometimes. What is told has the noise of a table's own estimate of its noise, averaged
    over 20; single runs get 25 dimensions for that.
    """
    noise, draw = {"replicate": 0.06, "error": 0.04, "single": 0.06}[mode], rng()
    dims = np.geomspace(8, 512, 25) if mode == "single" else DIMS
    runs = 6 if mode == "replicate" else 1
    values = np.log(dims) * (1 + noise * draw.standard_normal((2 * TABLES, runs, dims.size)))
    frame = pd.DataFrame(
        {
            "table": np.repeat(np.arange(2 * TABLES), runs * dims.size),
            "d": np.tile(dims, 2 * TABLES * runs),
            "seed": np.tile(np.repeat(np.arange(runs), dims.size), 2 * TABLES),
            "error": values.ravel(),
        }
    )
    frame["se"] = noise * np.log(frame["d"])
    more = {"replicate": "seed", "error": "se"}.get(mode)
    asked: dict[str, Any] = {} if more is None else {mode: more}
    counted = frame[frame["table"] >= TABLES]
    named = sum(e.law == "log d" for e in fit(counted, rng(), by="table", draws=0, **asked))
    assert 0.15 * TABLES < named < 0.85 * TABLES
    telling = fit(frame[frame["table"] < 20], rng(), by="table", draws=100, **asked)
    told = np.mean([each.power["log d"] for each in telling])
    assert told == pytest.approx(named / TABLES, abs=0.15)


def test_the_noise_that_power_is_asked_for() -> None:
    """Bartlett's test by scipy on the runs themselves: one relative noise for all d where it does
    not tell them apart, each d's own where it does.
    """
    even = replicated(np.log(DIMS), 0.05, 6)
    uneven = even.assign(error=lambda f: f["error"] + 1.0 * (f["d"] > 64) * (f["seed"] % 2))
    for frame, pooled in ((even, True), (uneven, False)):
        found = one(frame, replicate="seed", draws=0)
        runs = [group["error"] / group["error"].mean() for _, group in frame.groupby("d")]
        assert (stats.bartlett(*runs).pvalue > 0.01) == pooled
        assert found.se is not None
        noise = _relative(found.d, found.mean, found.se, np.full(7, 6.0))
        expected = found.se / found.mean
        if pooled:
            expected = np.full(7, np.sqrt(np.mean([run.var() for run in runs]) / 6))
        assert noise == pytest.approx(expected)


def test_what_would_decide_decides() -> None:
    """Undecided tables of eight replicates tell how many it takes, on average about right: with as
    many, a flat error of that noise is named by more than 0.85, with half of them by less.
    """
    counts = []
    for seed in range(4):
        few = one(replicated(np.ones(7), 0.1, 8, seed), replicate="seed", draws=200)
        assert few.law == "undecided" and few.needed is not None
        count = few.needed["replicates"]
        assert count is not None and few.needed["times"] == count / 8
        assert "times the replicates" in fit_command.text(few)
        counts.append(count)
    count = int(np.mean(counts))

    def named(runs: int) -> float:
        told = power(DIMS, 0.1 / np.sqrt(runs), rng(), 2000, replicates=runs, laws=["constant"])
        return told[0].right

    assert named(count) > 0.85 > named(count // 2)
    plenty = one(replicated(np.ones(7), 0.1, 2 * count), replicate="seed")
    assert (plenty.law, plenty.needed) == ("constant", None)


def test_groups_do_not_know_of_each_other() -> None:
    """Each as if it were alone, its simulated power too; in order of appearance."""
    a = replicated(np.ones(7), 0.05, 6, 1).assign(model="b", lr=0.1)
    b = replicated(np.log(DIMS), 0.05, 6, 2).assign(model="a", lr=0.2)
    both = fit(pd.concat([a, b]), rng(), by="model", replicate="seed", draws=200)
    assert [each.group for each in both] == ["b", "a"]
    for each, part in zip(both, (a, b), strict=True):
        alone = one(part, replicate="seed", draws=200).to_json()
        assert alone == {**each.to_json(), "group": None}
    numbers = fit(pd.concat([a, b]), rng(), by="lr", replicate="seed", draws=0)
    assert [each.group for each in numbers] == [0.1, 0.2]


def test_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many groups that take long say how far it is; few that do not are silent."""
    frame = pd.concat([GOOD.assign(k=k) for k in range(4)])
    said: list[str] = []
    fit(frame, rng(), by="k", draws=0, say=said.append)
    assert said == []
    ticks = iter(range(0, 100, 3))
    monkeypatch.setattr("studies.fit.time.monotonic", lambda: next(ticks))
    fit(frame, rng(), by="k", draws=0, say=said.append)
    assert said == [f"{k} of 4 groups done" for k in range(4)]


# --- refusals -------------------------------------------------------------------------------------

GOOD = pd.DataFrame({"d": DIMS, "error": 1 + 0.01 * WOBBLE, "se": 0.01, "seed": 0})


@pytest.mark.parametrize(
    ("frame", "asked", "says"),
    [
        (GOOD, {"y": "loss"}, "y: there is no column 'loss'; there are d, error, se, seed"),
        (GOOD.assign(error="1"), {}, "y: the column 'error' must be numbers, but holds '1'"),
        (GOOD.assign(error=True), {}, "y: the column 'error' must be numbers"),
        (GOOD.replace({8.0: np.nan}), {}, "x: the column 'd' has gaps or NaN"),
        (GOOD.assign(error=np.inf), {}, "y: the column 'error' holds NaN or an infinity"),
        (GOOD.assign(error=-1.0), {}, "mean: must be positive"),
        (GOOD.assign(d=-DIMS), {}, "x: the column 'd' must lie within 1e-70 … 1e+70"),
        (GOOD.replace({8.0: 2.0}), {}, "dims: log log d is not positive for d ≤ e, so d = 2"),
        (GOOD.replace({16.0: 8.0}), {}, "x: d = 8 has 2 rows: name the column of replicates"),
        (GOOD.replace({16.0: 8.0}), {"replicate": "seed"}, "replicate: d = 8 has replicate 0 twic"),
        (GOOD[:4], {}, "dims: must hold at least 5 different ones, not 4"),
        (GOOD[:0], {}, "TABLE: has no rows"),
        (GOOD, {"error": "se", "replicate": "seed"}, "error: excludes replicate"),
        (GOOD.assign(se=0.0), {"error": "se"}, "error: the column 'se' must lie within 1e-70"),
        (GOOD.assign(se=0.6), {"error": "se"}, "se: exceeds half the mean at d = "),
        (GOOD, {"level": 0.5}, "level: must lie strictly between 0.5 and 1"),
        (GOOD, {"margin": 0}, "margin: must be positive"),
        (GOOD, {"scale": "w"}, "scale: there is no column 'w'"),
        (GOOD, {"by": "w"}, "by: there is no column 'w'"),
        (GOOD, {"by": "d"}, "d 8.0, dims: must hold at least 5 different ones, not 1"),
        (GOOD, {"by": ["d", "error"]}, "d = 8.0, error = 1.01, dims: must hold at least 5"),
        (GOOD, {"by": ["d", "w"]}, "by: there is no column 'w'"),
        (GOOD, {"by": ["d", "d"]}, "by: names the same column twice"),
    ],
)
def test_refusals(frame: pd.DataFrame, asked: dict[str, Any], says: str) -> None:
    """One sentence that names the input."""
    with pytest.raises(InvalidInput) as refused:
        fit(frame, rng(), **asked)
    assert str(refused.value).startswith(says)


# --- the command ----------------------------------------------------------------------------------

FIELDS = "group n slope low high equivalent p law standing power needed"
EASY = replicated(np.ones(7), 0.01, 8)


def test_the_command(call: Call) -> None:
    """The contract's fields, one object per group, the library's numbers; the figure is a side."""
    frame = pd.concat([EASY.assign(model="é"), EASY.assign(model="mlp", error=EASY["d"] * 2.5)])
    frame.to_csv("t.csv", index=False)
    words = ("fit", "t.csv", "--replicate", "seed", "--by", "model")
    said = call(*words, "--json")
    assert (said.code, said.out, said.err[:24]) == (2, "", "dimfree: model mlp, --re")
    frame["error"] += 1e-3 * frame["seed"]  # there was no scatter at all
    frame.to_csv("t.csv", index=False)
    said = call(*words, "--json", "--plot", "p/f.svg")
    assert (said.code, said.err) == (0, "")
    found = json.loads(said.out)
    assert [list(each) for each in found] == [FIELDS.split()] * 2
    expected = fit(pd.read_csv("t.csv"), np.random.default_rng(0), by="model", replicate="seed")
    assert found == [each.to_json() for each in expected]
    assert [each["law"] for each in found] == ["constant", "d"]
    assert Path("p/f.svg").read_bytes().startswith(b"<?xml")
    plain = call(*words)
    assert plain.code == 0
    assert plain.out.startswith("é\n  slope ") and "\nmlp\n" in plain.out
    for word in ("flatness: ", "noise: ", "law: constant; ", "law: d; ", "power: "):
        assert word in plain.out


@pytest.mark.parametrize(
    "by", [["--by", "model,t"], ["--by", "model", "--by", "t"], ["--by", "t", "--by", "a,b"]]
)
def test_groups_by_several_columns(call: Call, by: list[str]) -> None:
    """Each combination that there is, by a comma or the option again; a column whose own name has
    a comma is one. The numbers are those of the combination's rows alone.
    """
    frame = pd.concat(
        [
            EASY.assign(model=model, t=t, error=EASY["error"] * EASY["d"] ** slope)
            for model, t, slope in (("x", 0.1, 0.0), ("x", 0.2, 1.0), ("y", 0.2, 0.0))
        ]
    )
    frame["a,b"] = frame["model"]
    frame.to_csv("t.csv", index=False)
    said = call("fit", "t.csv", "--replicate", "seed", *by, "--json")
    found = {one["group"]: one for one in json.loads(said.out)}
    names = ("t", "a,b") if "a,b" in by else ("model", "t")
    pairs = [{"model": m, "a,b": m, "t": t} for m, t in (("x", 0.1), ("x", 0.2), ("y", 0.2))]
    assert list(found) == [", ".join(f"{n} = {pair[n]}" for n in names) for pair in pairs]
    assert [one["law"] for one in found.values()] == ["constant", "d", "constant"]
    frame[(frame["model"] == "x") & (frame["t"] == 0.2)].to_csv("t.csv", index=False)
    (alone,) = json.loads(call("fit", "t.csv", "--replicate", "seed", "--json").out)
    assert list(found.values())[1] == alone | {"group": list(found)[1]}


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet"])
def test_three_kinds_of_tables(call: Call, suffix: str) -> None:
    """The same numbers from each, to the last digit."""
    if suffix == "parquet":
        EASY.to_parquet("t.parquet", index=False)
    else:
        EASY.to_csv(f"t.{suffix}", index=False, sep={"csv": ",", "tsv": "\t"}[suffix])
    said = call("fit", f"t.{suffix}", "--replicate", "seed", "--json")
    assert said.code == 0
    assert json.loads(said.out) == [one_json() | {"group": None}]


def one_json() -> dict[str, Any]:
    return fit(EASY, np.random.default_rng(0), replicate="seed")[0].to_json()


def test_parquet_without_pyarrow(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence that says what to install."""
    EASY.to_parquet("t.parquet", index=False)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    said = call("fit", "t.parquet")
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        "dimfree: TABLE: t.parquet needs pyarrow to be read: pip install 'dimfree[parquet]'\n"
    )


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("none.csv", None, "TABLE: none.csv cannot be read: no such file or directory"),
        (".", None, "TABLE: . does not end in .csv, .tsv, .parquet"),
        ("t.xls", b"", "TABLE: t.xls does not end in .csv, .tsv, .parquet"),
        ("t.csv", b"", "TABLE: t.csv is no such table: No columns"),
        ("t.csv", b"\xff\xfe\x00d,error\n1,2\n", "TABLE: t.csv is no such table: 'utf-8' codec"),
        ("t.csv", b"d;error\n8;1\n", "--x: there is no column 'd'; there are d;error"),
        ("t.csv", b"d,error\n8,1\n", "--x: must hold at least 5 different ones, not 1"),
        ("t.csv", b'd,error\n8,1\n"', "TABLE: t.csv is no such table: Error tokenizing"),
        ("t.parquet", b"PAR1 and no more", "TABLE: t.parquet is no such table: "),
    ],
)
def test_what_is_no_table(call: Call, name: str, data: bytes | None, says: str) -> None:
    """Exit 2 and one sentence."""
    if data is not None:
        Path(name).write_bytes(data)
    said = call("fit", name)
    assert (said.code, said.out) == (2, "")
    assert says in said.err and said.err.count("\n") == 1


def test_the_figure() -> None:
    """Points where they were measured, bars of 1.96 standard errors, a line of the fitted slope;
    a picture in each format, and no more than twelve names.
    """
    found = fit(
        pd.concat([EASY.assign(k=k) for k in range(14)]), rng(), by="k", replicate="seed", draws=0
    )
    figure = fitted.draw(*fit_command.drawn(found), "width", "loss")
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("width", "loss")
    (legend,) = figure.legends
    assert len(legend.get_texts()) == 12
    assert legend.get_texts()[0].get_text().startswith("0: slope ")
    assert "2 groups more" in legend.get_title().get_text()
    points, line = axes.lines[0], axes.lines[3]
    assert np.asarray(points.get_xdata()) == pytest.approx(DIMS)
    assert np.asarray(points.get_ydata()) == pytest.approx(found[0].mean)
    x, y = np.log(np.asarray(line.get_xdata())), np.log(np.asarray(line.get_ydata()))
    assert np.diff(y) / np.diff(x) == pytest.approx(np.full(6, found[0].slope))
    low = np.asarray(axes.lines[1].get_ydata())
    assert found[0].se is not None
    assert low == pytest.approx(found[0].mean - 1.96 * found[0].se)
    for suffix, start in (("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG")):
        assert picture(figure, suffix).startswith(start)
