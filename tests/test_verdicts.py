"""Base studies and what is joined from them,
against plain loops over the CSV and matrices written out.
"""

import csv
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bounds.check import Array, InvalidInput
from bounds.ledger import CLAIMS, claim
from figures.catalog import FIGURES
from figures.data import FigureData
from studies import quantities, tables, verdicts
from studies.catalog import PRESETS, STUDIES, study
from studies.evidence import EvidenceSettings
from studies.graph import ancestry
from studies.joined import Joined
from studies.papers.kumar_2025 import bootstrap_map, bootstrap_weights, joins, joint_time, redraws
from studies.papers.kumar_2025 import quantities as kumar
from studies.papers.kumar_2025.joins.beyond import FITS
from studies.papers.kumar_2025.joins.figure_1a import joint_expected
from studies.papers.kumar_2025.joins.figure_2 import GOALS
from studies.papers.kumar_2025.linear_score import LinearScoreSettings, Spectrum, cells, measure
from studies.study import Cell, Study, canonical, load_settings, parse_settings, replicate_seed
from studies.sweep import run
from studies.tables import Table
from tests.measured import quick

DIMS, SAMPLES, TIMES, REPLICATES = (4, 7, 11, 20), (60, 150), (0.2, 0.5, 1.1), 60
SETTINGS = LinearScoreSettings(
    dims=DIMS,
    samples=SAMPLES,
    times=TIMES,
    spectrum=Spectrum(kind="linear", low=0.4, high=2.0),
    replicates=REPLICATES,
    seed=3,
)
STUDY = study("error-vs-timestep")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small sweep on a grid that is not uniform, both estimators."""
    out = tmp_path_factory.mktemp("sweep")
    run(STUDY, SETTINGS, out, progress=False)
    return out


@pytest.fixture(scope="module")
def table(folder: Path) -> Table:
    return tables.read(folder, STUDY.name, STUDY.columns)


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[dict[str, str]]:
    """The same CSV, read by the standard library."""
    with (folder / f"{STUDY.name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def joined_1a(table: Table) -> Joined:
    return joins.figure_1a(table)


def picked(rows: list[dict[str, str]], column: str, **where: Any) -> Array:
    """A column where the others have these values, in the order of the replicates."""
    found = [
        (int(row["replicate"]), float(row[column]))
        for row in rows
        if all(row[key] == str(value) for key, value in where.items())
    ]
    return np.array([value for _, value in sorted(found)])


def covariances(d: int, t: float) -> tuple[Array, Array, float]:
    """Σ, V_t and σ_t², as matrices."""
    sigma = np.diag(np.linspace(0.4, 2.0, d))
    noise = 1 - math.exp(-2 * t)
    return sigma, math.exp(-2 * t) * sigma + noise * np.eye(d), noise


def trace_c(d: int, t: float) -> float:
    """tr C_t = tr(I/σ_t² − V_t^{-1})."""
    _, v, noise = covariances(d, t)
    return float(np.trace(np.eye(d) / noise - np.linalg.inv(v)))


def joint(rows: list[dict[str, str]], d: int, m: int, column: str = "empirical_risk") -> Array:
    """Σ_j (t_j − t_{j−1}) × the column, per replicate."""
    gaps = (0.2, 0.3, 0.6)
    return np.asarray(
        sum(
            g * picked(rows, column, d=d, m=m, t=t, estimator="dsm")
            for g, t in zip(gaps, TIMES, strict=True)
        )
    )


def jackknife(a: Array, b: Array) -> float:
    """Standard error of mean(a)/mean(b) by leaving out one pair at a time."""
    n = a.size
    left = np.array([np.delete(a, i).mean() / np.delete(b, i).mean() for i in range(n)])
    return math.sqrt((n - 1) / n * np.sum((left - left.mean()) ** 2))


# --- joined numbers -------------------------------------------------------------------------------


def test_joint_error(table: Table, rows: list[dict[str, str]]) -> None:
    """Σ_j γ_j × empirical risk with γ_j = t_j − t_{j−1}; not DSM and BSM together,
    not the population risk, and not the mean over j, each of which is far off on this grid.
    """
    found = kumar.joint_empirical_risk(table)
    assert len(found) == len(DIMS) * len(SAMPLES) * REPLICATES
    for d in DIMS:
        for m in SAMPLES:
            mine = (
                found[(found["d"] == d) & (found["m"] == m)]
                .sort_values("replicate")["error"]
                .to_numpy()
            )
            np.testing.assert_allclose(mine, joint(rows, d, m), rtol=1e-13)
            assert abs(joint(rows, d, m, "risk").mean() / mine.mean() - 1) > 0.02


def test_joint_expectation() -> None:
    """Σ_j γ_j tr(C_j) d/m from inverted matrices; d/(m − d − 1), the population's, is the decoy."""
    for d, m in ((4, 60), (20, 150)):
        direct = sum(g * trace_c(d, t) for g, t in zip((0.2, 0.3, 0.6), TIMES, strict=True)) * d
        assert joint_expected(SETTINGS, d, m) == pytest.approx(direct / m, rel=1e-12)
        assert abs(direct / (m - d - 1) / joint_expected(SETTINGS, d, m) - 1) > 0.01


def test_points_of_figure_1a(joined_1a: Joined, rows: list[dict[str, str]]) -> None:
    """Means, Student intervals and quantiles of error/d²,
    and the same over log log d; with the exact curve.
    """
    points, theory = joined_1a.tables["points"], joined_1a.tables["theory"]
    assert len(points) == len(theory) == 2 * len(DIMS) * len(SAMPLES)
    for row in points.to_dict("records"):
        d, m = row["d"], row["m"]
        over = d**2 * (math.log(math.log(d)) if "log d" in row["scaling"] else 1.0)
        values = joint(rows, d, m) / over
        assert row["n"] == REPLICATES
        assert row["mean"] == pytest.approx(values.mean(), rel=1e-12)
        low, high = stats.t.interval(0.95, REPLICATES - 1, values.mean(), stats.sem(values))
        assert (row["low"], row["high"]) == pytest.approx((low, high), rel=1e-12)
        assert (row["q05"], row["q95"]) == pytest.approx(
            tuple(np.percentile(values, [5, 95])), rel=1e-12
        )
        exact = theory[
            (theory["d"] == d) & (theory["m"] == m) & (theory["scaling"] == row["scaling"])
        ]
        # 9 standard errors, of Student's t with 59 degrees: false alarm 16 × 1.2e-12. Catches a
        # curve that is 40 % off at d = 4 and 8 % off at d = 20.
        assert abs(values.mean() - exact["value"].iloc[0]) < 9 * row["se"] < 0.4 * row["mean"]
        assert d < 20 or 9 * row["se"] < 0.08 * row["mean"]
        assert exact["value"].iloc[0] == pytest.approx(
            joint_expected(SETTINGS, d, m) / over, rel=1e-12
        )


def test_fits_of_figure_1a(joined_1a: Joined) -> None:
    """Slopes by numpy.polyfit with weights mean/se;
    the predicted tilt is the same fit to 1/log log d.

    The band is the covariance of that fit, carried to each d: a band of the slope's error alone, or
    one that forgets where its centre is, is not that.
    """
    points, lines = joined_1a.tables["points"], joined_1a.tables["lines"]
    for fit in joined_1a.tables["fits"].to_dict("records"):
        mine = points[(points["scaling"] == fit["scaling"]) & (points["m"] == fit["m"])]
        x, y, w = np.log(mine["d"]), np.log(mine["mean"]), mine["mean"] / mine["se"]
        (slope, level), covariance = np.polyfit(x, y, 1, w=w, cov="unscaled")
        assert fit["slope"] == pytest.approx(slope, rel=1e-9)
        if "log d" in fit["scaling"]:
            tilt = np.polyfit(x, -np.log(np.log(x)), 1, w=w)[0]
            assert fit["predicted_slope"] == pytest.approx(tilt, rel=1e-9)
            assert tilt < -0.3
        else:
            assert fit["predicted_slope"] == 0.0
        times = (fit["slope_high"] - fit["slope_low"]) / 2 / math.sqrt(covariance[0, 0])
        assert times > 1.95
        band = lines[(lines["scaling"] == fit["scaling"]) & (lines["m"] == fit["m"])]
        at = np.log(band["d"].to_numpy())
        half = times * np.sqrt(
            covariance[0, 0] * at**2 + 2 * covariance[0, 1] * at + covariance[1, 1]
        )
        np.testing.assert_allclose(np.log(band["value"]), level + slope * at, rtol=1e-9)
        np.testing.assert_allclose(np.log(band["high"] / band["value"]), half, rtol=1e-7)
        np.testing.assert_allclose(np.log(band["value"] / band["low"]), half, rtol=1e-7)


def test_the_spacing_is_named_only_where_there_is_one(joined_1a: Joined, table: Table) -> None:
    """t = 0.2, 0.5, 1.1 has no Δ, and the caption must not say 0.2."""
    assert joined_1a.facts["delta"] == "not constant"
    config = table.manifest["config"] | {"times": [0.2, 0.4, 0.6]}
    frame = table.frame.assign(t=table.frame["t"].map({0.2: 0.2, 0.5: 0.4, 1.1: 0.6}))
    uniform = joins.figure_1a(Table(frame, table.manifest | {"config": config}))
    assert uniform.facts["delta"] == pytest.approx(0.2, rel=1e-15)


def test_figure_1b_is_relative_to_its_anchor(table: Table, rows: list[dict[str, str]]) -> None:
    """Ratios of plain means at the largest m,
    their errors added in quadrature; the linear rival is d/d₀.
    """
    joined = joins.figure_1b(table)
    assert joined.facts["anchor_d"] == 20  # of 4, 7, 11 and 20, the nearest to 16 in log d
    base = joint(rows, 20, 150) / 400
    for row in joined.tables["measured"].to_dict("records"):
        values = joint(rows, row["d"], 150) / row["d"] ** 2
        assert row["value"] == pytest.approx(values.mean() / base.mean(), rel=1e-12)
        parts = [stats.sem(v) / v.mean() for v in (values, base)][: 1 if row["d"] == 20 else 2]
        half = row["value"] * stats.t.ppf(0.975, REPLICATES - 1) * math.hypot(*parts)
        assert row["high"] - row["value"] == pytest.approx(half, rel=1e-9)
        assert row["value"] - row["low"] == pytest.approx(half, rel=1e-9)
        whole = joint(rows, row["d"], 150).mean() / (400 * base.mean())
        assert row["whole"] == pytest.approx(whole, rel=1e-9)
        assert row["whole_high"] - row["whole"] == pytest.approx(half * row["d"] ** 2 / 400)
        assert row["whole"] - row["whole_low"] == pytest.approx(half * row["d"] ** 2 / 400)
    rivals = joined.tables["rivals"]
    linear = rivals[rivals["style_group"] == "linear"]
    np.testing.assert_allclose(linear["value"], linear["d"] / 20, rtol=1e-12)
    paper = rivals[rivals["style_group"] == "paper"]
    np.testing.assert_allclose(
        paper["value"], np.log(np.log(paper["d"])) / math.log(math.log(20)), rtol=1e-12
    )


def test_figure_1b_where_cells_are_missing(table: Table) -> None:
    """Without the cells of d = 20 the anchor is the nearest that was measured, not an error."""
    lacking = Table(table.frame[table.frame["d"] != 20], table.manifest)
    assert joins.figure_1b(lacking).facts["anchor_d"] == 11


def test_ratios_of_figure_3a(table: Table, rows: list[dict[str, str]]) -> None:
    """Ratio of means with the paired error: the jackknife's, within 10 % at n = 60.

    The decoys are the error as if DSM and BSM had seen different data, which is more than 1.15
    times as large, and the mean of ratios.
    """
    joined = joins.figure_3a(table)
    assert (joined.facts["d"], joined.facts["m"]) == (4, 60)
    found = joined.tables["ratio"].to_dict("records")
    assert [row["t"] for row in found] == [0.5, 1.1]
    for row in found:
        dsm, bsm = (
            picked(rows, "risk", d=4, m=60, t=row["t"], estimator=e) for e in ("dsm", "bsm")
        )
        ratio = bsm.sum() / dsm.sum()
        assert row["ratio"] == pytest.approx(ratio, rel=1e-12)
        assert abs((bsm / dsm).mean() / ratio - 1) > 1e-3
        se = (row["high"] - row["low"]) / 2 / stats.t.ppf(0.975, REPLICATES - 1)
        assert se == pytest.approx(jackknife(bsm, dsm), rel=0.1)
        unpaired = ratio * math.hypot(stats.sem(bsm) / bsm.mean(), stats.sem(dsm) / dsm.mean())
        assert unpaired > 1.15 * se


def leading_bsm(d: int, t_index: int) -> float:
    """m × risk of BSM to leading order: theory.md's recursion, one (i, j) at a time."""
    lam, total = np.linspace(0.4, 2.0, d), 0.0
    for i in range(d):
        for j in range(d):
            v = [math.exp(-2 * t) * lam + 1 - math.exp(-2 * t) for t in TIMES]
            first = 1 - math.exp(-2 * TIMES[0])
            r = 1 / first - 1 / v[0][i]
            for k in range(1, t_index + 1):
                g = TIMES[k] - TIMES[k - 1]
                w = (
                    math.exp(-2 * g)
                    * (1 - math.exp(-2 * TIMES[k - 1]))
                    / (1 - math.exp(-2 * TIMES[k]))
                )
                r = (
                    w**2 * math.exp(2 * g) / v[k - 1][i]
                    + (1 - w) ** 2 / (1 - math.exp(-2 * g))
                    - 1 / v[k][i]
                    + w**2 * v[k - 1][j] / v[k][j] * r
                )
            total += r
    return total


def test_curves_of_figure_3a(table: Table) -> None:
    """The three curves from matrices and loops, each at its own t;
    and the ratio's curves are theirs over tr(C) d.
    """
    joined = joins.figure_3a(table)
    theory = joined.tables["theory"].set_index(["curve", "t"])["value"]
    d, m = 4, 60
    for k, t in enumerate(TIMES):
        assert theory["DSM, exact", t] == pytest.approx(trace_c(d, t) * d / (m - d - 1), rel=1e-11)
        assert theory["BSM, leading order", t] == pytest.approx(leading_bsm(d, k) / m, rel=1e-11)
        lam, e = np.linspace(0.4, 2.0, d), math.exp(-2 * t)
        v = e * lam + 1 - e
        bound = sum(
            e**2 * lam[i] * lam[j] * (1 + (i == j)) / (v[i] ** 2 * v[j])
            for i in range(d)
            for j in range(d)
        )
        assert theory["information bound", t] == pytest.approx(bound / m, rel=1e-11)
        if k:
            row = joined.tables["ratio"].set_index("t").loc[t]
            assert row["predicted"] == pytest.approx(
                leading_bsm(d, k) / (trace_c(d, t) * d), rel=1e-11
            )
            assert row["bound"] == pytest.approx(bound / (trace_c(d, t) * d), rel=1e-11)


BASE = [f for f in FIGURES if f.name in joins.JOINS and f.name not in ("figure-2", "figure-3b")]


QUICK = ("large-dimensions", "evidence-averaging")
"""Studies that no small table stands for: their preset quick."""


@pytest.mark.parametrize("figure", BASE, ids=lambda f: f.name)
def test_what_is_joined_can_be_drawn(figure: Any, table: Table, beyond: dict[str, Table]) -> None:
    """Each figure's own checks pass on its join; without one of the tables they do not."""
    tables_of = {
        name: beyond.get(name, quick(name) if name in QUICK else table) for name in figure.studies
    }
    joined = joins.JOINS[figure.name](tables_of)
    figure.draw(FigureData(figure.name, joined.tables, joined.facts))
    assert joined.findings.run.missing == 0
    fewer = dict(list(joined.tables.items())[1:])
    with pytest.raises(ValueError, match="the table is missing"):
        figure.draw(FigureData(figure.name, fewer, joined.facts))


# --- measurements ---------------------------------------------------------------------------------


def test_measurements(table: Table, rows: list[dict[str, str]]) -> None:
    """Value, standard error and replicates of each measurement,
    cell by cell, from the plain CSV.
    """
    for column, name in (("risk", "dsm-risk"), ("empirical_risk", "dsm-empirical-risk")):
        found = quantities.measurements()[name][1](table)
        assert len(found) == len(DIMS) * len(SAMPLES) * len(TIMES)
        for one in found:
            values = picked(
                rows, column, estimator="dsm", **{k: one.cell[k] for k in ("d", "m", "t")}
            )
            assert (one.value, one.error) == pytest.approx(
                (values.mean(), stats.sem(values)), rel=1e-12
            )
            assert one.replicates == REPLICATES
            np.testing.assert_array_equal(
                one.cell["eigenvalues"], np.linspace(0.4, 2.0, one.cell["d"])
            )
            assert one.cell["times"] == list(TIMES)
    for one in kumar.measure_ratio(table):
        where = {k: one.cell[k] for k in ("d", "m", "t")}
        dsm, bsm = (picked(rows, "risk", estimator=e, **where) for e in ("dsm", "bsm"))
        assert one.value == pytest.approx(bsm.mean() / dsm.mean(), rel=1e-12)
        assert one.error == pytest.approx(jackknife(bsm, dsm), rel=0.1)
        assert one.cell["t"] > TIMES[0]
    scaled = {one.cell["d"]: one for one in kumar.measure_scaled_error(table)}
    assert list(scaled) == sorted(DIMS)
    for d, one in scaled.items():
        values = joint(rows, d, 150) / d**2
        assert one.cell["x"] == d
        assert (one.value, one.error) == pytest.approx(
            (values.mean(), stats.sem(values)), rel=1e-12
        )
    for one in kumar.measure_growth(table):
        small, large = scaled[4], scaled[one.cell["d"]]
        assert (one.cell["smallest"], one.cell["m"]) == (4, 150)
        assert one.value == pytest.approx(large.value / small.value, rel=1e-12)
        # Independent cells: the jackknife over each of the two in turn, squares added.
        expected = one.value * math.hypot(large.error / large.value, small.error / small.value)
        assert one.error == pytest.approx(expected, rel=1e-12)


def test_a_quantity_of_evidence() -> None:
    """Mean and standard error over the replicates of its own cell and name alone;
    a computed number has no error.
    """
    planted = [
        *(("a", '{"x":1}', value) for value in (1.0, 2.0, 6.0)),
        ("a", '{"x":2}', 5.0),
        *(("b", '{"x":1}', value) for value in (70.0, 80.0)),
    ]
    frame = pd.DataFrame(planted, columns=["quantity", "cell", "value"])
    first, second = quantities.measure_quantity(Table(frame, {"study": "s"}), "a")
    assert (first.cell, first.value, first.replicates) == ({"x": 1}, 3.0, 3)
    # variance (4 + 1 + 9)/2, over 3
    assert first.error == pytest.approx(math.sqrt(7 / 3), rel=1e-14)
    assert (second.cell, second.value, second.error, second.replicates) == ({"x": 2}, 5.0, 0.0, 1)
    with pytest.raises(InvalidInput, match="s: has no measurement of c"):
        quantities.measure_quantity(Table(frame, {"study": "s"}), "c")


def test_a_wrong_table_is_refuted(table: Table) -> None:
    """Planted: rows whose mean is the formula's to 1e-4 HOLD;
    the same times (m − d − 1)/(m − d) are REFUTED.

    No randomness: the replicates are the formula times 1 ± 1e-4.
    """
    subject = claim("dsm-risk")

    def planted(wrong: bool) -> Table:
        frame = table.frame[table.frame["estimator"] == "dsm"].copy()
        d, m = frame["d"], frame["m"]
        traces = {(a, t): trace_c(a, t) for a in DIMS for t in TIMES}
        exact = pd.Series(
            [traces[a, t] for a, t in zip(d, frame["t"], strict=True)], index=frame.index
        )
        sign = 1 - 2 * (frame["replicate"] % 2)
        frame["risk"] = exact * d / (m - d - (0 if wrong else 1)) * (1 + 1e-4 * sign)
        return Table(frame, table.manifest)

    (right,) = verdicts.judge([subject], {"small-samples": planted(False)})
    assert (right.status, right.cells) == ("HOLDS", 24)
    (wrong,) = verdicts.judge([subject], {"small-samples": planted(True)})
    assert wrong.status == "REFUTED"
    assert wrong.decoy.answer == "accepted"


def test_only_what_was_measured_is_judged(table: Table) -> None:
    """In the order of the claims; claims of other studies are left out, not guessed at."""
    judged = verdicts.judge(CLAIMS, {"error-vs-timestep": table})
    expected = [c.name for c in CLAIMS if quantities.study_of(c) == "error-vs-timestep"]
    assert [v.claim.name for v in judged] == expected
    assert verdicts.judge(CLAIMS, {}) == []


def test_every_measurement_has_its_study() -> None:
    """And every join its study and its figure."""
    names = {one.name for one in STUDIES}
    assert {name for name, _ in quantities.measurements().values()} <= names
    assert {name for figure in FIGURES for name in figure.studies} <= names
    by_points = {
        "beyond-gradient",
        "beyond-real",
    }  # joined by its claims' points, as a work without joins is
    own = [f.name for f in FIGURES if f.paper == "kumar_2025" and f.name not in by_points]
    assert list(joins.JOINS) == own
    for figure in FIGURES:
        assert figure.claims and {claim(name).paper for name in figure.claims} == {figure.paper}, (
            figure.name
        )
    graph = ancestry(CLAIMS, GOALS)
    drawn = next(f for f in FIGURES if f.name == "figure-2")
    assert {quantities.study_of(claim) for claim in graph} == set(drawn.studies)


# --- beyond the paper -----------------------------------------------------------------------------

SMALL: dict[str, tuple[Any, dict[str, Any]]] = {
    "bootstrap-weights": (
        bootstrap_weights.WeightsSettings,
        {"dims": (3,), "samples": (400,), "spacings": (0.2, 0.1), "last": 0.8, "kept": (0.2, 0.8)},
    ),
    "bootstrap-map": (
        bootstrap_map.MapSettings,
        {"d": 3, "ratios": (3.0, 10.0), "spacings": (0.4,), "firsts": (0.1, 0.2), "last": 0.9},
    ),
    "joint-time": (
        joint_time.JointSettings,
        {"d": 3, "samples": (60, 400), "spacings": (0.2,), "last": 0.8, "counts": (1, 2, 4)},
    ),
    "redraws": (
        redraws.RedrawsSettings,
        {
            "d": 3,
            "samples": 400,
            "times": (0.2, 0.4, 0.8),
            "kept": (0.4, 0.8),
            "redraws": (1, 4),
            "draws": 2,
        },
    ),
    "evidence-forgetting": (EvidenceSettings, {}),
    "evidence-networks": (EvidenceSettings, {}),
}


def small(name: str, **more: Any) -> Any:
    model, given = SMALL[name]
    return model(**{**given, "replicates": 6, "seed": 2, **more})


@pytest.fixture(scope="module")
def beyond(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Table]:
    out = tmp_path_factory.mktemp("beyond")
    for name in SMALL:
        run(study(name), small(name), out, progress=False)
    return {name: tables.read(out, name, study(name).columns) for name in SMALL}


def half_width(values: pd.Series) -> float:
    return float(stats.t.ppf(0.975, len(values) - 1) * stats.sem(values))


def test_efficiency_is_risk_over_the_bound(beyond: dict[str, Table]) -> None:
    """Each mean over the bound from matrices;
    the bound without its diagonal's factor 2 is the decoy.
    """
    frame = beyond["bootstrap-weights"].frame
    joined = joins.beyond_efficiency(beyond["bootstrap-weights"])
    points = joined.tables["points"]
    assert len(points) == 2 * 2 * len(FITS)
    labels = {label: name for name, label in FITS.items()}
    for row in points.to_dict("records"):
        data, decayed = np.linspace(0.3, 3.0, 3), math.exp(-2 * row["t"])
        v = decayed * data + 1 - decayed
        both = decayed**2 * np.outer(data / v**2, data / v)
        mine = frame[(frame["t"] == row["t"]) & (frame["spacing"] == row["spacing"])]
        risks = mine.loc[mine["estimator"] == labels[row["estimator"]], "risk"]
        values = 400 * risks / (both.sum() + np.trace(both))
        assert row["mean"] == pytest.approx(values.mean(), rel=1e-12)
        assert row["high"] - row["mean"] == pytest.approx(half_width(values), rel=1e-9)
        assert row["mean"] != pytest.approx(400 * risks.mean() / both.sum(), rel=1e-2)
    theory = joined.tables["theory"]
    assert set(theory["estimator"]) == set(labels)
    dsm = theory[(theory["estimator"] == "DSM") & (theory["t"] == 0.8)]["value"]
    noise, v = 1 - math.exp(-1.6), math.exp(-1.6) * np.linspace(0.3, 3.0, 3) + 1 - math.exp(-1.6)
    both = math.exp(-3.2) * np.outer(np.linspace(0.3, 3.0, 3) / v**2, np.linspace(0.3, 3.0, 3) / v)
    exact = (1 / noise - 1 / v).sum() * 3 / (400 - 4) / (both.sum() + np.trace(both)) * 400
    np.testing.assert_allclose(dsm, exact, rtol=1e-12)


def test_the_map_is_paired_ratios(beyond: dict[str, Table]) -> None:
    """mean/mean by pandas and the jackknife's standard error within 10 %;
    unpaired, the error is another.
    """
    frame = beyond["bootstrap-map"].frame
    joined = joins.beyond_map(beyond["bootstrap-map"])
    wide = frame.pivot(
        index=["spectrum", "first", "spacing", "m", "replicate"], columns="estimator", values="risk"
    )
    names = {label: name for name, label in FITS.items()}
    cells = joined.tables["cells"]
    assert len(cells) == 3 * 2 * 2 * 3
    for row in cells.to_dict("records"):
        place = (row["spectrum"], row["first"], row["spacing"], round(3 * row["m_over_d"]))
        here = wide.xs(place, level=[0, 1, 2, 3])
        a, b = here[names[row["estimator"]]], here["dsm"]
        assert row["ratio"] == pytest.approx(a.mean() / b.mean(), rel=1e-12)
        direct = float((a - row["ratio"] * b).std() / math.sqrt(6) / b.mean())
        assert row["high"] - row["ratio"] == pytest.approx(stats.t.ppf(0.975, 5) * direct, rel=1e-9)
    found = joined.findings
    assert found.cells == 12
    for one in found.worst:
        assert one.ratio == cells.loc[cells["estimator"] == one.estimator, "ratio"].max()
    for one in found.best:
        assert one.ratio == cells.loc[cells["estimator"] == one.estimator, "ratio"].min()
    assert len(found.loses) == int((cells["low"] > 1).sum())
    measured = kumar.measure_map("bsm")(beyond["bootstrap-map"])
    mine = cells[cells["estimator"] == "BSM"]
    assert sorted(one.value for one in measured) == sorted(mine["ratio"])


def test_the_basis_join_is_a_mean_and_its_prediction(beyond: dict[str, Table]) -> None:
    """Means by pandas; the prediction is bias + variance/m,
    near the measured mean; the best is the least mean.
    """
    frame = beyond["joint-time"].frame
    joined = joins.beyond_basis(beyond["joint-time"])
    means = frame.groupby(["m", "basis", "count", "local"])["risk"].mean()
    points = joined.tables["points"]
    assert len(points) == len(means) == 2 * 4 * 3 * 2
    for row in points.to_dict("records"):
        key = (row["m"], row["basis"], row["count"], int(row["target"] == "T3"))
        assert row["mean"] == pytest.approx(means[key], rel=1e-12)
        assert row["bias"] <= row["predicted"]
    for one in joined.findings.best:
        here = points[(points["m"] == one.m) & (points["target"] == one.target)]
        assert one.mean == here["mean"].min()
    dsm = next(r for r in joined.findings.levels if (r.m, r.curve) == (400, "DSM"))
    risks = []
    for t in (0.2, 0.4, 0.6, 0.8):
        noise = 1 - math.exp(-2 * t)
        v = math.exp(-2 * t) * np.linspace(0.3, 3.0, 3) + noise
        risks.append((1 / noise - 1 / v).sum() * 3 / (400 - 4))
    assert dsm.value == pytest.approx(0.2 * sum(risks), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "change", "key"),
    [
        ("bootstrap-weights", {"kept": (0.3,)}, "kept"),
        ("bootstrap-weights", {"dims": (3, 3)}, "dims"),
        ("bootstrap-weights", {"spacings": (-0.1,)}, "spacings"),
        ("bootstrap-weights", {"estimators": ("nope",)}, "estimators"),
        ("bootstrap-weights", {"samples": (3,)}, "samples"),
        ("bootstrap-map", {"ratios": (1.0,)}, "ratios"),
        ("bootstrap-map", {"spacings": (0.0,)}, "spacings"),
        ("bootstrap-map", {"estimators": ("nope",)}, "estimators"),
        ("joint-time", {"bases": ("nope",)}, "bases"),
        ("joint-time", {"counts": (5,)}, "counts"),
        ("joint-time", {"samples": (2,)}, "samples"),
        ("joint-time", {"last": -1.0}, "last"),
    ],
)
def test_bad_settings_beyond(name: str, change: dict[str, Any], key: str) -> None:
    """Named with its key; the same settings without the fault are the fixture's (the decoy)."""
    with pytest.raises(InvalidInput) as caught:
        parse_settings(SMALL[name][0], json.loads(small(name).model_dump_json()) | change, "here")
    assert caught.value.key == key


@pytest.mark.parametrize("name", [name for name in SMALL if not name.startswith("evidence")])
def test_a_batch_beyond_leaves_no_trace(name: str) -> None:
    """Rows of a replicate alone and beside others:
    the same to rounding; other seeds give others.
    """
    one = study(name)
    for cell in one.cells(small(name)):
        keys = [replicate_seed(9, cell, k) for k in range(3)]
        together = one.measure(cell, keys)
        for rows, key in zip(together, keys, strict=True):
            (alone,) = one.measure(cell, [key])
            for a, b in zip(alone, rows, strict=True):
                assert a["risk"] == pytest.approx(b["risk"], rel=1e-7)
        assert together[0][0]["risk"] != together[1][0]["risk"]


# --- refusals -------------------------------------------------------------------------------------


def without(table: Table, estimator: str) -> Table:
    config = table.manifest["config"] | {
        "estimators": [e for e in ("dsm", "bsm") if e != estimator]
    }
    frame = table.frame[table.frame["estimator"] != estimator]
    return Table(frame, table.manifest | {"config": config})


def test_small_dimensions_run_and_figure_1a_refuses(tmp_path: Path) -> None:
    """d = 1, 2 are measured like any other;
    log log d is not positive there, and the figure says so.
    """
    settings = SETTINGS.model_copy(update={"dims": (1, 2, 4, 8), "replicates": 40})
    outcome = run(STUDY, settings, tmp_path, progress=False)
    assert not outcome.missing
    found = tables.read(tmp_path, STUDY.name, STUDY.columns)
    assert np.isfinite(found.frame[["risk", "empirical_risk"]].to_numpy()).all()
    with pytest.raises(
        InvalidInput, match=r"^dims: log log d is not positive for d ≤ e, so d = 1 cannot be used$"
    ):
        joins.figure_1a(found)


def test_what_cannot_be_joined_is_refused(table: Table) -> None:
    """Each with the key at fault."""
    for join in (joins.figure_1a, joins.figure_1b):
        with pytest.raises(InvalidInput, match="the joint error is that of dsm"):
            join(without(table, "dsm"))
    for estimator in ("dsm", "bsm"):
        with pytest.raises(InvalidInput, match="Figure 3a compares dsm and bsm"):
            joins.figure_3a(without(table, estimator))
    single = Table(table.frame[table.frame["replicate"] == 0], table.manifest)
    for any_join in (joins.figure_1a, joins.figure_1b, joins.figure_3a):
        with pytest.raises(InvalidInput, match="replicates: an interval needs at least 2"):
            any_join(single)


def test_a_manifest_with_a_damaged_config(table: Table) -> None:
    """One sentence with the key, not pydantic's page."""
    damaged = Table(
        table.frame, table.manifest | {"config": table.manifest["config"] | {"times": [1.0, 0.5]}}
    )
    with pytest.raises(InvalidInput, match="times: must be strictly increasing"):
        kumar.settings_of(damaged)
    assert kumar.settings_of(table) == SETTINGS


WRITTEN = {"dims": "[4]", "samples": "[50]", "times": "[0.1, 0.2]", "replicates": "3", "seed": "7"}


def loaded(tmp_path: Path, **changes: str | None) -> LinearScoreSettings:
    written = WRITTEN | changes
    path = tmp_path / "c.toml"
    path.write_text("".join(f"{k} = {v}\n" for k, v in written.items() if v is not None))
    return load_settings(LinearScoreSettings, path)


def test_good_settings(tmp_path: Path) -> None:
    """The contract's own example loads, and so does each spectrum."""
    path = tmp_path / "c.toml"
    path.write_text(
        "dims = [8]\nsamples = [2000]\ntimes = [0.1, 0.2, 0.3]\n"
        'spectrum = { kind = "linear", low = 0.3, high = 3.0 }\n'
        'estimators = ["dsm", "bsm"]\nreplicates = 100\nseed = 7\nengine = "exact"\n'
    )
    settings = load_settings(LinearScoreSettings, path)
    assert settings.spectrum.law(8).eigenvalues.tolist() == np.linspace(0.3, 3.0, 8).tolist()
    for text, eigenvalues in (
        ('{ kind = "identity" }', [1, 1, 1, 1]),
        ('{ kind = "power", exponent = 2 }', [1, 1 / 4, 1 / 9, 1 / 16]),
        ('{ kind = "explicit", values = [1, 5, 2, 0.5] }', [1, 5, 2, 0.5]),
    ):
        assert loaded(tmp_path, spectrum=text).spectrum.law(
            4
        ).eigenvalues.tolist() == pytest.approx(eigenvalues)


@pytest.mark.parametrize(
    ("key", "value", "named", "says"),
    [
        (
            "spectrum",
            '{ kind = "explicit", values = [1, 0, 1, 1] }',
            "spectrum",
            "not finite and positive",
        ),
        (
            "spectrum",
            '{ kind = "explicit", values = [1, -1, 1, 1] }',
            "spectrum",
            "not finite and positive",
        ),
        (
            "spectrum",
            '{ kind = "explicit", values = [1, nan, 1, 1] }',
            "spectrum.values.1",
            "finite number",
        ),
        (
            "spectrum",
            '{ kind = "explicit", values = [1, 1] }',
            "spectrum.values",
            "2 eigenvalues where the dim",
        ),
        ("spectrum", '{ kind = "explicit" }', "spectrum.values", "0 eigenvalues"),
        ("spectrum", '{ kind = "linear", low = 0.0 }', "spectrum", "not finite and positive"),
        ("spectrum", '{ kind = "power", exponent = inf }', "spectrum.exponent", "finite number"),
        ("spectrum", '{ kind = "power", exponent = -1e9 }', "spectrum", "not finite and positive"),
        ("spectrum", '{ kind = "linear", high = 1e20 }', "spectrum", "condition number"),
        (
            "spectrum",
            '{ kind = "cubic" }',
            "spectrum.kind",
            "must be 'identity', 'linear', 'power', 'explicit' or 'file'",
        ),
        (
            "spectrum",
            '{ kind = "linear", lo = 1 }',
            "spectrum.lo",
            "unknown key; known are exponent, high",
        ),
        ("times", "[0.2, 0.1]", "times", "must be strictly increasing, but 0.1 follows 0.2"),
        ("times", "[0.1, 0.1]", "times", "must be strictly increasing"),
        ("times", "[0.0, 0.1]", "times", "must be positive"),
        ("times", "[-0.1, 0.1]", "times", "must be positive"),
        ("times", "[]", "times", "non-empty"),
        ("times", "[0.1, nan]", "times.1", "finite number"),
        ("times", "[40.0]", "times", "below the resolution of float64"),
        ("times", None, "times", "is missing"),
        ("samples", "[4]", "samples", "m = 4 is too few for dimension d = 4"),
        ("samples", "[50, 3]", "samples", "m = 3 is too few"),
        ("samples", "[50, 50]", "samples", "names the same value twice"),
        ("samples", "[]", "samples", "at least 1 item"),
        ("samples", "[50.0]", "samples.0", "valid integer"),
        ("samples", "[10000000000000]", "samples", "beyond the tested range"),
        ("dims", "[4, 4]", "dims", "names the same value twice"),
        ("dims", "[0]", "dims.0", "greater than or equal to 1"),
        ("dims", "[100000]", "dims", "must be at most 65536 with engine = 'exact'"),
        ("dims", "[]", "dims", "at least 1 item"),
        ("estimators", '["dsm", "nope"]', "estimators", "'nope' is not one of dsm, bsm"),
        ("estimators", '["dsm", "dsm"]', "estimators", "names the same value twice"),
        ("estimators", "[]", "estimators", "at least 1 item"),
        ("engine", '"warp"', "engine", "must be 'exact', 'simulate' or 'isotropic', but is 'warp'"),
        ("replicates", "0", "replicates", "greater than or equal to 1"),
        ("replicates", "2.5", "replicates", "valid integer"),
        ("seed", "-1", "seed", "greater than or equal to 0"),
        ("sedd", "1", "sedd", "unknown key; known are dims, engine"),
    ],
)
def test_bad_settings(tmp_path: Path, key: str, value: str | None, named: str, says: str) -> None:
    """Key and reason, one line, no warning beside it.
    The same file without the fault loads: the decoy.
    """
    with pytest.raises(InvalidInput) as caught:
        loaded(tmp_path, **{key: value})
    assert caught.value.key == named
    assert says in caught.value.reason
    assert "\n" not in str(caught.value)
    assert loaded(tmp_path).dims == (4,)


# --- the studies ----------------------------------------------------------------------------------


def cell_of(engine: str, estimators: tuple[str, ...] = ("dsm", "bsm")) -> Cell:
    return cells(
        LinearScoreSettings(
            dims=(5,),
            samples=(40,),
            times=(0.1, 0.4),
            estimators=estimators,
            replicates=1,
            seed=1,
            engine=engine,  # type: ignore[arg-type]
        )
    )[0]


def seeds(cell: Cell, count: int = 5) -> list[np.random.SeedSequence]:
    return [replicate_seed(9, cell, replicate) for replicate in range(count)]


@pytest.mark.parametrize("engine", ["exact", "simulate"])
def test_a_batch_leaves_no_trace(engine: str) -> None:
    """Rows are the same bits whether seeds are measured one by one,
    all at once, or in another order.
    """
    cell = cell_of(engine)
    together = measure(cell, seeds(cell))
    assert together == [measure(cell, [one])[0] for one in seeds(cell)]
    assert together == measure(cell, seeds(cell)[::-1])[::-1]
    assert together[0] != together[1]


@pytest.mark.parametrize("engine", ["exact", "simulate"])
def test_another_estimator_leaves_dsm_alone(engine: str) -> None:
    """All estimators see the same data:
    DSM's rows are the same bits with BSM beside it, before it or without.
    """
    alone, both, swapped = (cell_of(engine, e) for e in (("dsm",), ("dsm", "bsm"), ("bsm", "dsm")))
    expected = measure(alone, seeds(alone))
    for cell in (both, swapped):
        found = [
            [row for row in one if row["estimator"] == "dsm"] for one in measure(cell, seeds(cell))
        ]
        assert found == expected
    other = alone | {"m": 41}
    assert measure(other, seeds(other))[0][0]["risk"] != expected[0][0]["risk"]


def test_a_cell_holds_only_what_matters() -> None:
    """What a kind does not use is not in the cell, and so not in the seed
    (and refused where it is given); what it uses is in it.
    """

    def key(**spectrum: Any) -> str:
        return canonical(cells(SETTINGS.model_copy(update={"spectrum": Spectrum(**spectrum)}))[0])

    assert "exponent" not in key(kind="identity")
    with pytest.raises(ValueError, match="does nothing for kind = 'identity'"):
        Spectrum(kind="identity", exponent=2.0)
    assert key(kind="power", exponent=2.0) != key(kind="power")
    assert key(kind="linear", low=0.5) != key(kind="linear")


def seconds(one: Study, settings: LinearScoreSettings) -> float:
    """What the study's own batches promise:
    a task takes 0.3 s, or one replicate at 2·10¹⁰ flops a second.
    """
    total = 0.0
    for cell in one.cells(settings):
        d, m, steps = cell["d"], cell["m"], len(cell["times"])
        flops = 25 * d**3 if cell["engine"] == "exact" else m * d * (6 * d + 200)
        total += settings.replicates * steps * (3e-5 + flops / 2e10)
    return total


@pytest.mark.parametrize("one", STUDIES, ids=lambda s: s.name)
def test_presets(one: Study) -> None:
    """All three are there and valid, each at least as much work
    as the one before, and `quick` under 20 s of it.
    """
    assert tuple(one.presets) == PRESETS
    assert study(one.name) is one
    for settings in one.presets.values():
        assert one.settings.model_validate_json(settings.model_dump_json()) == settings
        found = one.cells(settings)
        assert len({canonical(cell) for cell in found}) == len(found) > 0
        assert all(1 <= one.batch(cell) <= 512 for cell in found)
    work = [seconds(one, s) for s in one.presets.values() if isinstance(s, LinearScoreSettings)]
    assert work == sorted(work)
    assert all(quick < 20 for quick in work[:1])


def test_catalog() -> None:
    """Names are unique; one that is not there is one sentence with those that are."""
    assert len({one.name for one in STUDIES}) == len(STUDIES)
    assert {"error-vs-timestep", "error-vs-dimension"} <= {one.name for one in STUDIES}
    with pytest.raises(InvalidInput, match=r"STUDY: 'no-such' is not one of the studies; "):
        study("no-such")
    for name in ("error-vs-timestep", "error-vs-dimension"):
        assert set(study(name).columns) >= {
            *("study", "d", "m", "t", "estimator", "engine", "replicate", "risk", "empirical_risk")
        }
    # Both base studies have the contract's config and measure the same way.
    assert study("error-vs-dimension").measure is study("error-vs-timestep").measure
    assert replace(STUDY, name="other").measured == STUDY.measured
