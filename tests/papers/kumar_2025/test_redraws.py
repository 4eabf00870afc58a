"""Redraws: the formulas by a second route,
the settings' key that leaves old cells alone, and the plug-in score.
"""

import numpy as np
import pandas as pd
import pytest

from bounds import bootstrap, risk
from bounds.catalog import ESTIMATORS
from bounds.check import InvalidInput
from bounds.estimators import dsm, plug_in
from bounds.gaussian import Gaussian
from bounds.gram import Gram, exact, simulated
from bounds.joint import joint, joint_risk
from bounds.papers.kumar_2025 import redraws
from bounds.path import path_risk
from bounds.process import steps
from studies.papers.kumar_2025.linear_score import COLUMNS, LinearScoreSettings, cells, measure
from studies.papers.kumar_2025.quantities import one_draw
from studies.study import parse_settings, replicate_seed
from studies.tables import Table
from tests.reference import random_covariance

LAM = np.array([0.3, 1.1, 2.6])
GRID = [0.1, 0.3, 0.7, 1.2]
LAW = Gaussian(LAM)


def cell(t, estimator="dsm", k=1):
    return {
        "eigenvalues": LAM.tolist(),
        "times": GRID,
        "t": t,
        "estimator": estimator,
        "redraws": k,
        "m": 1000,
    }


@pytest.mark.parametrize("k", range(len(GRID)))
def test_one_draw_is_the_recursions(k):
    """Closed forms of the claims against the step-by-step
    recursions that the estimators' own modules have.
    """
    t = GRID[k]
    weights = bootstrap.optimal_weights(LAW, GRID).__getitem__
    for name, entries in (
        ("bsm", risk.bootstrap_recursion(LAW, GRID)[k]),
        ("bsm-optimal", risk.bootstrap_recursion(LAW, GRID, weights)[k]),
        ("dsm", np.repeat(LAW.conditional_variances(t)[:, None], 3, axis=1)),
    ):
        np.testing.assert_allclose(redraws.entries(cell(t, name)), entries, rtol=1e-10)
    assert redraws.split(cell(t, "path")) == pytest.approx(path_risk(LAW, GRID, 1)[k], rel=1e-10)
    for redrawn in (1, 7):
        limit = redraws.split(cell(t, "plug-in", redrawn))
        assert limit == pytest.approx(risk.information_bound(LAW, t, 1), rel=1e-12)


def noiseless(covariance):
    """What all Gram matrices of a path are at K = ∞, for each sample: means over the noise."""
    found = []
    for step in steps(GRID):
        noise = 1 - np.exp(-2 * step.t)
        xx = np.exp(-2 * step.t) * covariance + noise * np.eye(3)
        found.append(
            Gram(step, 1, xx, np.sqrt(noise) * np.eye(3), step.fresh * np.eye(3), 1, covariance)
        )
    return found


@pytest.mark.parametrize("name", ["dsm", "bsm", "bsm-optimal-scalar", "bsm-stam", "path"])
def test_without_noise_every_estimator_is_the_plug_in(name):
    """From the means over the noise, any covariance: −(e^{-2t} Σ̂ + σ² I)^{-1} to 1e-9."""
    grams = noiseless(random_covariance(3, 8))
    for got, wanted in zip(ESTIMATORS[name](grams), plug_in(grams), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-10)


def test_the_joint_fits_limit_by_second_differences():
    """m (E risk − bias) at K = ∞ = ½ Σ_{i ≤ j} m Var Σ̂_ij ∂² risk/∂Σ̂_ij²,
    the derivatives by differences of 1e-3.

    On ten times, where four functions leave a bias; relative 1e-4. The decoy, without the shift, is
    off by more.
    """
    times = [0.1 * k for k in range(1, 11)]
    here = {**cell(0.0), "times": times}

    def risks(covariance):
        grams = []
        for step in steps(times):
            noise = 1 - np.exp(-2 * step.t)
            xx = np.exp(-2 * step.t) * covariance + noise * np.eye(3)
            grams.append(Gram(step, 1, xx, np.sqrt(noise) * np.eye(3), step.fresh * np.eye(3)))
        return np.array([risk.risk(LAW, t, a) for t, a in zip(times, joint(grams), strict=True)])

    base, total = risks(np.diag(LAM)), np.zeros(len(times))
    np.testing.assert_allclose(base, joint_risk(LAW, times).bias, rtol=1e-6, atol=1e-12)
    for i in range(3):
        for j in range(i, 3):
            move = np.zeros((3, 3))
            move[i, j] = move[j, i] = 1e-3
            second = (risks(np.diag(LAM) + move) + risks(np.diag(LAM) - move) - 2 * base) / 1e-6
            total += second / 2 * LAM[i] * LAM[j] * (2 if i == j else 1)
    np.testing.assert_allclose(redraws.joint_limit(here), total, rtol=1e-4)


def test_one_draw_of_the_joint_fit_is_its_leading_order():
    """At K = 1 nothing is split: m · risk is that of joint_risk, on ten times, where the bias is
    not 0. Catches a shift with the wrong sign.
    """
    times = [0.1 * k for k in range(1, 11)]
    wanted = 1000 * joint_risk(LAW, times).at(1000)
    for k in (0, 4):
        found = redraws.joint_split({**cell(times[k]), "times": times})
        assert found == pytest.approx(wanted[k], rel=1e-9)


def test_many_redraws_reach_the_plug_in_and_no_further():
    """DSM at K = 10⁸ has the plug-in's risk to 1e-3,
    on the same drawn data; at K = 1 it has several times as much.
    """
    for k, close in ((10**8, True), (1, False)):
        grams = list(exact(LAW, 50, GRID, np.random.default_rng(3), redraws=k))
        for gram, a, b in zip(grams, dsm(grams), plug_in(grams), strict=True):
            np.testing.assert_allclose(
                b,
                -np.linalg.inv(
                    np.exp(-2 * gram.step.t) * gram.data / 50
                    + (1 - np.exp(-2 * gram.step.t)) * np.eye(3)
                ),
                rtol=1e-12,
            )
            ratio = risk.risk(LAW, gram.step.t, a) / risk.risk(LAW, gram.step.t, b)
            assert (abs(ratio - 1) < 1e-3) == close


def test_the_plug_in_needs_the_data():
    grams = [
        Gram(g.step, g.samples, g.xx, g.xz, g.xw)
        for g in exact(LAW, 9, GRID, np.random.default_rng(1))
    ]
    with pytest.raises(InvalidInput, match=r"grams: do not hold X_0ᵀX_0"):
        next(plug_in(grams))


def test_paths_of_other_redraws_are_not_one_path():
    one, three = (list(exact(LAW, 9, GRID, np.random.default_rng(1), redraws=k)) for k in (1, 3))
    for name in ("bsm", "path", "joint"):
        with pytest.raises(InvalidInput, match="must be of the same paths"):
            list(ESTIMATORS[name]([one[0], three[1]]))


def test_every_estimator_takes_redrawn_matrices():
    """Simulated with K = 4 at m = 40: all risks fall below those
    at K = 1 on average, none below the plug-in's; d = 3.
    """
    found = {}
    for k in (1, 4):
        grams = list(
            simulated(LAW, 40, GRID, [np.random.default_rng([5, i]) for i in range(60)], redraws=k)
        )
        for name, fit in ESTIMATORS.items():
            found[name, k] = risk.risk(LAW, GRID[-1], list(fit(grams))[-1]).mean()
    for name in ESTIMATORS:
        if name not in ("plug-in", "path"):
            assert found[name, 4] < 0.8 * found[name, 1]
            assert found[name, 4] > found["plug-in", 4]


def settings(**more):
    base = {"dims": [2], "samples": [20], "times": [0.2, 0.5], "replicates": 2, "seed": 7}
    return parse_settings(LinearScoreSettings, base | more, "here")


def test_the_key_leaves_old_cells_alone():
    """A cell at K = 1 is word for word what it was before there were redraws,
    and so is its seed; K = 4 is another.
    """
    old, new = cells(settings(redraws=[1, 4]))
    assert old == {
        "d": 2,
        "m": 20,
        "times": [0.2, 0.5],
        "spectrum": {"kind": "identity"},
        "estimators": ["dsm", "bsm"],
        "engine": "exact",
    }
    assert list(cells(settings())) == [old]
    assert new == old | {"redraws": 4}
    assert replicate_seed(7, old, 0).spawn_key != replicate_seed(7, new, 0).spawn_key


@pytest.mark.parametrize("engine", ["exact", "simulate"])
def test_rows_say_how_many_redraws(engine):
    for one, k in zip(cells(settings(redraws=[1, 4], engine=engine)), (1, 4), strict=True):
        (rows,) = measure(one, [replicate_seed(7, one, 0)])
        assert [row["redraws"] for row in rows] == [k] * 4
        assert set(rows[0]) == set(COLUMNS) - {"study", "replicate"}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([], "redraws: "),
        ([0], "redraws.0: "),
        ([1.5], "redraws.0: "),
        ([2, 2], "redraws: names the same value twice"),
        ([10**12], "redraws: K = 1000000000000 noise paths"),
    ],
)
def test_bad_redraws_are_named(given, reason):
    with pytest.raises(InvalidInput, match=reason):
        settings(redraws=given)


def test_claims_about_one_draw_look_at_one_draw():
    """Rows of other K in a table change nothing;
    a table without K = 1 is refused, not averaged over.
    """
    frame = pd.DataFrame({"redraws": [1, 4, 1], "risk": [1.0, 9.0, 2.0]})
    assert one_draw(Table(frame, {}))["risk"].tolist() == [1.0, 2.0]
    with pytest.raises(InvalidInput, match="redraws: must hold 1"):
        one_draw(Table(frame[frame["redraws"] == 4], {}))
