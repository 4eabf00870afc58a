"""Scikit-learn's bundled sets: formulas on small made-up data by loops and by other engines, losses
by quadrature, and the study's numbers by plain code.
"""

import sys
from itertools import product

import numpy as np
import pandas as pd
import pytest

from bounds import risk
from bounds.check import InvalidInput
from bounds.data import grams_of, held_out_losses
from bounds.estimators import bsm, dsm, plug_in
from bounds.gaussian import Gaussian
from bounds.gram import exact, simulated
from bounds.papers.kumar_2025 import real_spectra as claims
from bounds.papers.kumar_2025 import redraws
from figures.data import BadTable, FigureData
from figures.papers.kumar_2025 import beyond_real as figure
from studies.papers.kumar_2025 import real_quantities as quantities
from studies.papers.kumar_2025 import real_spectra as study
from studies.papers.kumar_2025.redraws import spawned
from studies.study import canonical, parse_settings, replicate_seed
from studies.tables import Table

GRID = [0.2, 0.6, 1.0]
T = 1.0


def skewed(n, d=2):
    """n rows far from Gaussian, mean 0: centred exponentials of other scales, turned."""
    rng = np.random.default_rng(8)
    rows = (rng.exponential(size=(n, d)) - 1) * np.linspace(0.6, 1.7, d)
    turn, _ = np.linalg.qr(rng.standard_normal((d, d)))
    return (rows - rows.mean(axis=0)) @ turn


def described(x, m=1000, k=1, t=T):
    """A cell of these rows as a law, by numpy alone."""
    values, basis = np.linalg.eigh(x.T @ x / len(x))
    y, v = x @ basis, np.exp(-2 * t) * values + 1 - np.exp(-2 * t)
    fourth = np.mean([(row**2 / v**2).sum() * (row**2 / v).sum() for row in y])
    return {
        "eigenvalues": values.tolist(),
        "times": GRID,
        "t": t,
        "redraws": k,
        "m": m,
        "rows": len(x),
        "d": x.shape[1],
        "fourth": fourth,
    }


# --- formulas -------------------------------------------------------------------------------------


def test_the_limit_by_loops():
    """Σ_ij Var(x_i x_j)/(v_i² v_j) entry by entry; far from the Gaussian's bound, which a normal
    fourth moment gives.
    """
    x = skewed(50)
    cell = described(x)
    values, basis = np.linalg.eigh(x.T @ x / 50)
    y, v = x @ basis, np.exp(-2) * values + 1 - np.exp(-2)
    pairs = product(range(2), repeat=2)
    wanted = np.exp(-4) * sum((y[:, i] * y[:, j]).var() / (v[i] ** 2 * v[j]) for i, j in pairs)
    assert claims.limit(cell) == pytest.approx(wanted, rel=1e-12)
    assert claims.limit(cell) > 1.3 * claims.bound(cell)
    normal = sum(
        (1 + 2 * (i == j)) * values[i] * values[j] / (v[i] ** 2 * v[j])
        for i, j in product(range(2), repeat=2)
    )
    gaussian = claims.limit({**cell, "fourth": normal})
    assert gaussian == pytest.approx(1000 * risk.information_bound(Gaussian(values), T, 1000))
    assert claims.bound(cell) == pytest.approx(gaussian)


def test_the_split_by_simulated_noise():
    """m · risk of DSM and BSM on 1000 draws of skewed rows, noise simulated path by path: mean of
    1500 within 5 standard errors of the split at K = 2, and neither decoy is.
    """
    x, m = skewed(40), 1000
    law = Gaussian.from_covariance(x.T @ x / 40)
    found = []
    for k in range(1500):
        rng = np.random.default_rng([11, k])
        rows = x[rng.integers(40, size=m)]
        grams = grams_of(rows, GRID, rng, redraws=2, centre=False)
        found.append([m * risk.risk(law, T, list(fit(grams))[-1]) for fit in (dsm, bsm)])
    mean, error = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / 1500**0.5
    for estimator, one, se in zip(("dsm", "bsm"), mean, error, strict=True):
        cell = {**described(x, m, 2), "estimator": estimator}
        assert abs(one - claims.split(cell)) < 5 * se
        assert abs(one - claims.fresh(cell)) > 5 * se
        assert abs(one - claims.split(cell) + claims.limit(cell) - claims.bound(cell)) > 5 * se
        grown = claims.limit(cell) + claims.grown(cell) / 2
        assert abs(one - grown) > 5 * se


def test_the_plug_in_on_rows_held_out():
    """(1 + m/n)(limit + mean)/m against 1500 splits of 600 rows, a third for training, the losses
    row by row: within 5 standard errors and 3 % for the next order; without the mean's term it is
    off.
    """
    x, m = skewed(600), 200
    law = Gaussian.from_covariance(x.T @ x / 600)
    best = held_out_losses(x, T, law.score_matrix(T))
    found = []
    for k in range(1500):
        order = np.random.default_rng([12, k]).permutation(600)
        training, rest = order[:m], order[m:]
        mean = x[training].mean(axis=0)
        covariance = np.cov(x[training].T, bias=True)
        own = -np.linalg.inv(np.exp(-2) * covariance + (1 - np.exp(-2)) * np.eye(2))
        found.append(m * (held_out_losses(x[rest] - mean, T, own) - best[rest]).mean())
    error = np.std(found, ddof=1) / 1500**0.5
    cell = described(x, m)
    wanted = claims.held_out(cell)
    assert abs(np.mean(found) - wanted) < 5 * error + 0.03 * wanted
    assert claims.held_out(cell, mean=False) < np.mean(found) - 5 * error


def test_the_cost_of_the_mean_by_matrices():
    """m E|e^{−t} V^{-1} x̄|², the part that the decoy lacks, as a trace in no eigenbasis."""
    x = skewed(50, 3)
    cell, covariance = described(x, 40), x.T @ x / 50
    inverse = np.linalg.inv(np.exp(-2) * covariance + (1 - np.exp(-2)) * np.eye(3))
    wanted = np.exp(-2) * np.trace(inverse @ covariance @ inverse) * (1 + 40 / 50)
    found = claims.held_out(cell) - claims.held_out(cell, mean=False)
    assert found == pytest.approx(wanted, rel=1e-10)


def test_gains_by_the_recursion():
    """BSM over DSM against the step-by-step recursion; the decoy is that of Σ = λ̄ I."""
    cell = described(skewed(50))
    values = np.array(cell["eigenvalues"])
    for spectrum, law in (
        (True, Gaussian(values)),
        (False, Gaussian(np.full(2, values.mean()))),
    ):
        bootstrap = risk.bootstrap_risk(law, GRID, 1)[-1]
        plain = 2 * law.conditional_variances(T).sum()
        assert claims.gain(cell, spectrum=spectrum) == pytest.approx(bootstrap / plain)
        # at one draw, whatever the cell's own
        assert claims.gain({**cell, "redraws": 5}, spectrum=spectrum) == pytest.approx(
            bootstrap / plain
        )


def test_few_rows_by_the_exact_risk():
    """At K = 1 few() is DSM's exact factor m/(m − d − 1) on the noise's part; at many paths 1. The
    decoy at one draw is no other number.
    """
    cell = {**described(skewed(50), m=10), "estimator": "dsm"}
    law = Gaussian(np.array(cell["eigenvalues"]))
    whole = 10 * risk.dsm_risk(law, T, 10) * (1 - claims.bound(cell) / (2 * _trace(law)))
    assert claims.few(cell) == pytest.approx(whole)
    many = {**cell, "redraws": 10**9}
    assert claims.few(many) == pytest.approx(redraws.excess(cell), rel=1e-8)
    assert claims.few_fresh(cell) == pytest.approx(claims.few(cell))
    assert claims.few_fresh({**cell, "redraws": 2}) < claims.few(cell)


def _trace(law):
    return law.conditional_variances(T).sum()


# --- the study ------------------------------------------------------------------------------------


def test_losses_by_quadrature():
    """E_ε ‖Â(e_t x + σ_t ε) + ε/σ_t‖² − d/σ_t² by Gauss and Hermite's nine points, exact for
    squares; row by row, mean over rows.
    """
    x, share = skewed(7), np.exp(-2 * 0.3)
    sigma = np.sqrt(1 - share)
    estimate = np.array([[-1.2, 0.3], [0.1, -0.7]])
    nodes, weights = np.polynomial.hermite_e.hermegauss(3)
    weights = weights / weights.sum()
    total = 0.0
    for row in x:
        for (a, p), (b, q) in product(zip(nodes, weights, strict=True), repeat=2):
            noise = np.array([a, b])
            off = estimate @ (np.sqrt(share) * row + sigma * noise) + noise / sigma
            total += p * q * (off @ off)
    wanted = total / 7 - 2 / sigma**2
    second = x.T @ x / 7
    found = study.excess_loss(second, np.array(0.25), 0.3, estimate)
    assert found == pytest.approx(wanted - 0.25, rel=1e-12)
    assert found + 0.25 == pytest.approx(held_out_losses(x, 0.3, estimate).mean(), rel=1e-12)


def test_splits_are_of_all_rows():
    """Training and other rows, put together again with their means, are all rows."""
    x = skewed(30)
    rngs = [np.random.default_rng(k) for k in range(3)]
    data, seen, known = study.split(x, 9, rngs)
    for k in range(3):
        order = np.random.default_rng(k).permutation(30)
        training, rest = x[order[:9]], x[order[9:]]
        mean = training.mean(axis=0)
        np.testing.assert_allclose(data[k] + 9 * np.outer(mean, mean) + 21 * known[k], x.T @ x)
        np.testing.assert_allclose(data[k], training.T @ training - 9 * np.outer(mean, mean))
        np.testing.assert_allclose(
            seen[k], np.mean([np.outer(r - mean, r - mean) for r in rest], axis=0)
        )


def test_the_fourth_moment_by_loops():
    x, v = skewed(20), np.array([0.4, 1.3])
    wanted = np.mean([sum(a**2 / v**2) * sum(a**2 / v) for a in x])
    assert study.fourth_moment(x, v) == pytest.approx(wanted, rel=1e-12)


def cell_of(law, m, draws=1, k=1):
    return {
        "data": "iris",
        "law": law,
        "m": m,
        "redraws": k,
        "times": GRID,
        "kept": [T],
        "draws": draws,
        "estimators": ["dsm", "plug-in"],
    }


def values_of(cell, replicates):
    """By estimator, a number a replicate."""
    seeds = [replicate_seed(3, cell, k) for k in range(replicates)]
    found: dict[str, list[float]] = {}
    for rows in study.measure(cell, seeds):
        for row in rows:
            found.setdefault(str(row["estimator"]), []).append(float(row["risk"]))
    return {name: np.array(values) for name, values in found.items()}


def agree(a, b):
    """Means of independent samples, within 5 standard errors of their difference."""
    spread = np.hypot(np.std(a) / len(a) ** 0.5, np.std(b) / len(b) ** 0.5)
    return abs(np.mean(a) - np.mean(b)) < 5 * spread


def test_the_covariance_as_law_by_simulated_paths():
    """Iris's covariance, m = 12: m · risk by the study and by paths simulated from that Gaussian;
    those of four times the covariance do not agree.
    """
    pytest.importorskip("sklearn")
    found = values_of(cell_of("gaussian", 12), 800)
    law = study.bundled("iris").law
    rngs = [np.random.default_rng([4, k]) for k in range(800)]
    for other, same in ((law, True), (Gaussian(4 * law.eigenvalues), False)):
        grams = list(simulated(other, 12, GRID, rngs))
        for name, fit in (("dsm", dsm), ("plug-in", plug_in)):
            assert agree(found[name], 12 * risk.risk(other, T, list(fit(grams))[-1])) == same


@pytest.mark.parametrize("law", ["rows", "held-out"])
def test_rows_by_plain_code(law):
    """Iris, 20 rows drawn or held apart, noise simulated, losses row by row: the same means as the
    study's, whose noise is drawn from its exact law given X_0ᵀX_0.
    """
    pytest.importorskip("sklearn")
    found = values_of(cell_of(law, 20, k=2), 600)
    x, gaussian = study.bundled("iris")
    plain: dict[str, list[float]] = {"dsm": [], "plug-in": []}
    for k in range(600):
        rng = np.random.default_rng([6, k])
        order = rng.integers(150, size=20) if law == "rows" else rng.permutation(150)
        training = x[order[:20]]
        mean = training.mean(axis=0) if law == "held-out" else np.zeros(4)
        grams = grams_of(training - mean, GRID, rng, redraws=2, centre=False)
        rest = x if law == "rows" else x[order[20:]]
        best = held_out_losses(rest, T, gaussian.score_matrix(T)).mean()
        for name, fit in (("dsm", dsm), ("plug-in", plug_in)):
            own = held_out_losses(rest - mean, T, list(fit(grams))[-1]).mean()
            plain[name].append(20 * (own - best))
    for name, values in plain.items():
        assert agree(found[name], values)
        assert not agree(found[name], 1.5 * np.array(values))


def test_replicates_do_not_depend_on_their_batch():
    """Each alone is what it is among others, to rounding; more draws are a mean."""
    pytest.importorskip("sklearn")
    cell = cell_of("held-out", 20, draws=3)
    seeds = [replicate_seed(3, cell, k) for k in range(3)]
    together = study.measure(cell, seeds)
    for seed, rows in zip(seeds, together, strict=True):
        (alone,) = study.measure(cell, [seed])
        for a, b in zip(alone, rows, strict=True):
            assert a["risk"] == pytest.approx(b["risk"], rel=1e-9)
    x, law = study.bundled("iris")
    rngs = [np.random.default_rng(one) for one in spawned(seeds[0], 3)]
    data, seen, known = study.split(x, 20, rngs)
    grams = list(exact(law, 20, GRID, rngs, data=data))
    score, own = law.score_matrix(T), list(dsm(grams))[-1]
    losses = study.excess_loss(seen, study.excess_loss(known, np.zeros(3), T, score), T, own)
    assert together[0][0]["risk"] == pytest.approx(20 * losses.mean(), rel=1e-9)


@pytest.mark.parametrize("name", study.SHAPES)
def test_bundled_sets(name):
    """n rows centred; a variance of 1 for each column, for digits on the mean of the pixels."""
    pytest.importorskip("sklearn")
    x, law = study.bundled(name)
    assert x.shape == study.SHAPES[name]
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-12)
    variances = x.var(axis=0)
    if name == "digits":
        assert variances.mean() == pytest.approx(1) and variances.max() > 2 > 0.1 > variances.min()
    else:
        np.testing.assert_allclose(variances, 1)
    np.testing.assert_allclose(law.covariance, np.cov(x.T, bias=True), atol=1e-12)


def test_without_scikit_learn(monkeypatch):
    """One sentence that names the extra, of the study and of a set in a worker."""
    monkeypatch.setitem(sys.modules, "sklearn", None)
    study.bundled.cache_clear()
    assert study.STUDY.lacks() == "needs an extra: pip install 'dimfree[data]'"
    with pytest.raises(InvalidInput, match=r"^iris: comes with scikit-learn: install the extra"):
        study.bundled("iris")


def test_a_set_of_another_shape_is_refused(monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.setitem(study.SHAPES, "iris", (151, 4))
    study.bundled.cache_clear()
    with pytest.raises(InvalidInput, match=r"^iris: has shape \(150, 4\) here, and is known as"):
        study.bundled("iris")
    study.bundled.cache_clear()


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"data": []}, "data: "),
        ({"data": ["moons"]}, "data.0: "),
        ({"data": ["iris", "iris"]}, "data: names the same value twice"),
        ({"redraws": [0]}, "redraws.0: "),
        ({"kept": [0.3]}, "kept: holds a time that is not among times"),
        ({"times": [0.4, 0.2], "kept": [0.4]}, "times"),
        ({"times": [1e-3, 1.0], "kept": [1.0]}, "times: must lie within"),
        ({"parts": 6}, "parts: "),
    ],
)
def test_bad_settings_are_named(given, reason):
    with pytest.raises(InvalidInput, match=reason):
        parse_settings(study.SpectraSettings, {"replicates": 2, "seed": 1, **given}, "here")


# --- what the claims are measured by --------------------------------------------------------------


def table():
    """Hand-made risks: two sets, two K, three replicates."""
    rows = []
    for data, k, law in product(("iris", "wine"), (1, 4), study.LAWS):
        cell = canonical({"data": data, "redraws": k, "t": 1.0})
        for replicate, off in enumerate((-0.1, 0.0, 0.1)):
            for name, value in (("dsm", 9.0), ("bsm", 5.0), ("path", 1.5), ("plug-in", 1.0)):
                scale = (2.0 if law == "held-out" else 1.0) * (1 + off) / k
                rows.append(
                    {
                        "law": law,
                        "estimator": name,
                        "cell": cell,
                        "replicate": replicate,
                        "risk": scale * value,
                    }
                )
    return Table(pd.DataFrame(rows), {})


def test_measurements_by_hand():
    """Means, differences and ratios of the hand-made risks, with their cells and errors."""
    own = {name: how(table()) for name, how in quantities.REAL.items()}
    assert {name: len(found) for name, found in own.items()} == {
        "split": 12,
        "excess": 4,
        "limit": 2,
        "covariance": 2,
        "gain": 4,
        "near": 2,
        "few": 4,
        "mean": 2,
        "same": 4,
    }
    first = {name: found[0] for name, found in own.items()}
    values = {name: one.value for name, one in first.items()}
    assert values == pytest.approx(
        {
            "split": 9.0,
            "excess": 8.0,
            "limit": 0.625,
            "covariance": 5 / 9,
            "gain": 5 / 9,
            "near": 1.5,
            "few": 16.0,
            "mean": 1.25,
            "same": 2.0,
        }
    )
    assert first["limit"].replicates == 6 and first["split"].replicates == 3
    assert first["split"].error == pytest.approx(0.9 / 3**0.5)
    assert first["gain"].error == pytest.approx(0, abs=1e-12)
    assert first["same"].error == pytest.approx(2 * 2**0.5 * 0.1 / 3**0.5)
    assert first["limit"].cell == {"data": "iris", "t": 1.0}
    assert {one.cell["estimator"] for one in own["gain"]} == {"bsm", "path"}


# --- the figure -----------------------------------------------------------------------------------


def test_a_figure_of_other_sets_is_refused():
    good = figure.sample()
    for name, column, value, reason in (
        (figure.GAIN, "data", "moons", "the sets must be among iris"),
        (figure.FEW, "m", 5.0, r"m must be above d \+ 1"),
    ):
        frame = good.tables[name].copy()
        frame.loc[frame.index[-1], column] = value
        with pytest.raises(BadTable, match=reason):
            figure.draw(FigureData("beyond-real", {**good.tables, name: frame}, {}))


def test_the_figure_shows_ratios():
    """Middle: plug-in over decoy and noise over prediction; right: cost over the leading order,
    1.01 times the rule. Catches a panel over another number.
    """
    lines = {
        line.get_gid(): (np.array(line.get_xdata()), np.array(line.get_ydata()))
        for axes in figure.draw(figure.sample()).axes
        for line in axes.get_lines()
    }
    np.testing.assert_allclose(lines["limit-1"][1], [2.4, 0.95, 0.6], rtol=1e-12)
    np.testing.assert_allclose(lines["noise-1"][1], 1.01, rtol=1e-12)
    np.testing.assert_allclose(lines["path-2"][0], [1.24, 2.24, 0.24], rtol=1e-12)
    for name, m, d in (("iris", 30, 4), ("digits", 359, 61)):
        paths = m * np.array([1, 4, 16])
        rule = paths / (paths - d - 1)
        np.testing.assert_allclose(lines[f"rule-{name}"][1], rule, rtol=1e-12)
        np.testing.assert_allclose(lines[f"few-{name}"][1], 1.01 * rule, rtol=1e-12)
