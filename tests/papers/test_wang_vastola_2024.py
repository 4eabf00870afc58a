"""Wang and Vastola 2024: each formula again by another route,
the numbers written down before, bad input, the figure.
"""

import importlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import ndtr, ndtri

from bounds.check import InvalidInput
from bounds.claim import FEW, verify
from bounds.line import Line, flow
from bounds.papers.wang_vastola_2024 import CLAIMS, line_laws
from bounds.papers.wang_vastola_2024 import flows as claims
from figures.data import BadTable, FigureData
from figures.papers import wang_vastola_2024 as figure
from figures.told import at
from studies import verdicts
from studies.papers import wang_vastola_2024 as study
from studies.quantities import measured_by, study_of
from tests.lessons import Checks
from tests.measured import quick

NAMES = (study.STUDY.name, study.DIGITS.name)
SKEWED, TWO, TAILS, SLOPE = study.SKEWED, study.TWO, study.TAILS, study.SLOPE


@pytest.fixture(scope="module")
def tables():
    return {name: quick(name) for name in NAMES}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_claim_has_its_expected_verdict(claim, tables):
    """With the decoy rejected at a third of the cells or more.
    False alarms: nine stochastic claims of 5e-10 each.
    """
    (verdict,) = verdicts.judge([claim], tables)
    assert verdict.as_expected
    assert verdict.decoy.share >= FEW - 1e-12


def test_every_quantity_is_claimed(tables):
    claimed = {claim.measurement for claim in CLAIMS}
    assert {
        f"{name}:{q}" for name, table in tables.items() for q in table.frame["quantity"]
    } == claimed


@pytest.mark.parametrize(
    "name", ["unexplained-skewed", "teleport-skip", "teleport-end", "unexplained-even"]
)
def test_a_small_change_of_a_law_is_seen(name, tables):
    """Power: the law times 1.04 (teleport-end: 1.04, unexplained-even: 1.04) is contradicted."""
    (claim,) = (c for c in CLAIMS if c.name == name)
    measured = measured_by(claim)[1](tables[study_of(claim)])
    wrong = replace(claim, formula=lambda c: 1.04 * claim.formula(c))
    assert verify(wrong, measured).status == "REFUTED"


# --- the formulas again, each by a second route ---------------------------------------------------


@pytest.mark.parametrize("law", [SKEWED, SLOPE, TAILS], ids=lambda law: law["law"])
def test_cumulants(law):
    """From the logarithm of the moment generating function,
    differentiated by a contour: Cauchy's formula.
    """
    w, mu, v = (np.array(law[key]) for key in ("weights", "means", "variances"))
    circle = 0.1 * np.exp(2j * np.pi * np.arange(64) / 64)
    logs = np.log(np.exp(np.outer(circle, mu) + np.outer(circle**2, v) / 2) @ w)
    factorial = 1.0
    for order in range(1, 7):
        factorial *= order
        found = factorial * np.mean(logs * circle ** (-order)).real
        if order > 1:
            assert line_laws.cumulant(law, order) == pytest.approx(found, rel=1e-7, abs=1e-6)
    assert line_laws.cumulant(SKEWED, 3) == pytest.approx(5.712, abs=1e-12)


def direct(law, sigma):
    """u, by differences of log p and adaptive quadrature:
    no score function, no Fisher information.
    """
    w, mu, v = (np.array(law[key]) for key in ("weights", "means", "variances"))
    sd = np.sqrt(v + sigma**2)
    mean = w @ mu
    V = w @ (sd**2 + (mu - mean) ** 2)

    def p(x):
        return float(w @ stats.norm.pdf(x, mu, sd))

    def s(x, h=1e-4):
        return (np.log(p(x + h)) - np.log(p(x - h))) / (2 * h)

    ends = (mu - 8 * sd).min(), (mu + 8 * sd).max()
    missed, all_ = (
        integrate.quad(
            lambda x, of=of: p(x) * of(x) ** 2, *ends, limit=400, epsabs=1e-13, points=list(mu)
        )[0]
        for of in (lambda x: s(x) + (x - mean) / V, s)
    )
    return missed / all_


def test_the_unexplained_fraction_by_differences():
    """And the numbers written down before: 50 %, 7.5 %, .27 %, .0056 %; 2.22, 1.24,
    1.029, 1.0071 of the leading term of E(s − s_G)², which is the fraction's u/(1 − u)/V.
    """
    known = {1.0: (0.50, 2.22), 2.0: (0.075, 1.24), 4.0: (0.0027, 1.029), 8.0: (5.6e-5, 1.0071)}
    for sigma, (fraction, ratio) in known.items():
        cell = {**SKEWED, "sigma": sigma}
        u = claims.unexplained(cell)
        assert u == pytest.approx(direct(SKEWED, sigma), rel=1e-5)
        assert u == pytest.approx(fraction, rel=0.02)
        V = 2.29 + sigma**2
        assert u / (1 - u) / V == pytest.approx(ratio * 5.712**2 / (2 * V**4), rel=3e-3)


@pytest.mark.parametrize("even", [False, True])
def test_the_floors_by_their_own_proof(even):
    """(E g h)²/E h̃² with g = √V s + z, h a Hermite polynomial and h̃ its part that z and 1 do not
    explain: by quadrature of the expectations, no cumulants. Catches a wrong moment in 2 + λ₄ or
    6 + 9λ₄ + λ₆."""
    law, floor = (TAILS, claims._even_floor) if even else (SKEWED, claims._floor)
    for sigma in (0.3, 1.0, 4.0):
        blurred = Line(law["weights"], law["means"], law["variances"]).blurred(sigma)
        x, p = study._grid(blurred)
        z = (x - blurred.mean) / np.sqrt(blurred.variance)
        g = np.sqrt(blurred.variance) * blurred.score(x) + z
        h = z**3 - 3 * z if even else z**2 - 1
        rest = h - p @ h - (p @ (h * z)) * z
        bound = (p @ (g * h)) ** 2 / (p @ rest**2)
        assert floor({**law, "sigma": sigma}) == pytest.approx(bound / (1 + bound), rel=1e-9)
        assert p @ g**2 >= bound * (1 - 1e-12)


def test_leading_terms_are_what_the_floors_tend_to():
    for order, norm, floor, law in ((3, 2, claims._floor, SKEWED), (4, 3, claims._even_floor, TWO)):
        cell = {**law, "sigma": 300.0}
        assert claims._leading(cell, order, norm) == pytest.approx(floor(cell), rel=1e-3)


def jump_error(law, sigma, top, points):
    """Root mean square error at σ over even levels of X_T: no grid in x."""
    data = Line(law["weights"], law["means"], law["variances"])
    wide, narrow = data.blurred(top), data.blurred(sigma)
    z = ndtri((np.arange(points) + 0.5) / points)
    jumped = data.mean + np.sqrt(narrow.variance / wide.variance) * (
        wide.from_normal(z) - data.mean
    )
    return float(np.sqrt(np.mean((jumped - narrow.from_normal(z)) ** 2)))


def test_jump_errors_as_written_down_before():
    """.2219/.2140, .07408/.07360, .02033/.02029,
    .005173/.005170 at σ = 2, 4, 8, 16 from σ_T = 80.
    """
    for sigma, found, law in (
        (2.0, 0.2219, 0.2140),
        (4.0, 0.07408, 0.07360),
        (8.0, 0.02033, 0.02029),
        (16.0, 0.005173, 0.005170),
    ):
        cell = {**SKEWED, "sigma": sigma, "sigma_T": 80.0}
        assert study._skip(cell)[0]["value"] == pytest.approx(found, rel=5e-4)
        assert claims.at_skip(cell) == pytest.approx(law, rel=5e-4)
    assert jump_error(SKEWED, 4.0, 80.0, 2000) == pytest.approx(0.07408, rel=0.02)


def test_end_errors_written_down_before_missed_the_gap():
    """.062, .0115, .00165, .00021 at σ = 2, 4, 8, 16 were up to 15 % off: an even grid of levels
    steps over the gap between the modes, where x_0' is near 900. Over X_0 itself it is .0729,
    .01261, .001644, .0002298, and so it is on a grid three times as fine."""
    for sigma, before, found in (
        (2.0, 0.062, 0.0729),
        (4.0, 0.0115, 0.01261),
        (16.0, 0.00021, 0.0002298),
    ):
        cell = {**SKEWED, "sigma": sigma, "sigma_T": 80.0}
        value = float(study._end(cell)[0]["value"])
        assert value == pytest.approx(found, rel=5e-4)
        assert abs(before / value - 1) > 0.08
    law, narrow = (
        Line(*(SKEWED[key] for key in ("weights", "means", "variances"))).blurred(s)
        for s in (0.0, 2.0)
    )
    x, p = study._grid(law, 4501)
    after = flow(narrow, law, study._jumped(law, 80.0, 2.0, flow(law, narrow, x)))
    assert np.sqrt(p @ (after - x) ** 2) == pytest.approx(0.0729, rel=5e-4)


def test_end_factor_by_levels():
    """E (z² − 1)² x_0'(z)² over levels z,
    x_0' by differences of the quantile: not over x as in the formula.
    """
    law = Line(SLOPE["weights"], SLOPE["means"], SLOPE["variances"])
    z, h = np.linspace(-8, 8, 801), 1e-4
    slope = (law.from_normal(z + h) - law.from_normal(z - h)) / (2 * h)
    value = np.sqrt(np.sum((z**2 - 1) ** 2 * slope**2 * stats.norm.pdf(z)) * (z[1] - z[0]))
    assert claims._end_factor(SLOPE) == pytest.approx(value, rel=1e-5)


def test_shares_as_written_down_before():
    """.1548, .1513, .1501, .1500 after jumps to 1, 2, 4, 8 (.15487 by 30 digits).
    And by levels: what share of points at σ_T = 80 ends beyond the split.
    """
    data = Line(SKEWED["weights"], SKEWED["means"], SKEWED["variances"])
    z = ndtri((np.arange(2000) + 0.5) / 2000)
    wide = data.blurred(80)
    for sigma, known in ((1.0, 0.1548), (2.0, 0.1513), (4.0, 0.1501), (8.0, 0.1500)):
        cell = {**SKEWED, "sigma": sigma, "sigma_T": 80.0, "split": 0.0}
        assert line_laws.share(cell) == pytest.approx(known, abs=1e-4)
        narrow = data.blurred(sigma)
        jumped = data.mean + np.sqrt(narrow.variance / wide.variance) * (
            wide.from_normal(z) - data.mean
        )
        assert np.mean(flow(narrow, data, jumped) > 0) == pytest.approx(
            line_laws.share(cell), abs=6e-4
        )
    assert line_laws.true_share(cell) == pytest.approx(0.85 * ndtr(-4) + 0.15 * ndtr(4), rel=1e-12)


def test_the_share_law_changes_sign_at_one_standard_deviation():
    """The mass moved has the sign of 1 − b²:
    none at the weight whose split lies at b = 1, up and down beside it.
    """
    signs = []
    for minor in (0.155, ndtr(-1.0), 0.165):
        cell = {**study._modes(minor), "sigma": 400.0, "sigma_T": 4000.0, "split": 0.0}
        signs.append(claims.shift_law(cell) / 1e-12)
    assert signs[0] < -1 and abs(signs[1]) < 0.05 * abs(signs[0]) and signs[2] > 1


def test_the_mass_moved_has_no_origin():
    """Law and split moved together by 3: the same mass."""
    cell = {**SKEWED, "sigma": 4.0, "sigma_T": 80.0, "split": 0.4}
    moved = {**cell, "means": [one + 3 for one in SKEWED["means"]], "split": 3.4}
    assert claims.shift_law(moved) == pytest.approx(claims.shift_law(cell), rel=1e-10)
    assert abs(claims.shift_law(cell)) > 1e-5


def test_the_quantile_map_by_the_library():
    """30 digits and bisection against bounds.line, 8 sd out on both sides."""
    data = Line(SKEWED["weights"], SKEWED["means"], SKEWED["variances"])
    for x in (-650.0, -3.0, 100.0, 640.0):
        cell = {**SKEWED, "sigma": 0.5, "sigma_T": 80.0, "x": x}
        assert line_laws.quantile_map(cell) == pytest.approx(
            float(flow(data.blurred(80), data.blurred(0.5), x)), rel=1e-9
        )


def test_teleport():
    """Against DOP853 on a singular covariance;
    the last refusals: upwards, and a variance below 0.
    """
    basis, _ = np.linalg.qr(np.random.default_rng(3).standard_normal((3, 3)))
    values, mean, x = (
        np.array([0.0, 1.0, 9.0]),
        np.array([1.0, -2.0, 0.5]),
        np.array([[30.0, 5.0, -7.0]]),
    )
    covariance = (basis * values) @ basis.T

    def slope(sigma, y):
        return sigma * np.linalg.solve(covariance + sigma**2 * np.eye(3), y - mean)

    end = integrate.solve_ivp(slope, (20.0, 0.3), x[0], method="DOP853", rtol=1e-11, atol=1e-12).y[
        :, -1
    ]
    np.testing.assert_allclose(
        claims.teleport(x, mean, values, basis, 20.0, 0.3)[0], end, rtol=1e-8
    )
    np.testing.assert_allclose(claims.teleport(x, mean, values, basis, 2.0, 2.0), x, rtol=1e-14)
    for change, sentence in (
        ({"end": 21.0}, "sigma_skip: must not exceed sigma_T = 20, but is 21"),
        ({"values": -values}, "values: must not be negative: they are variances"),
        ({"begin": 0.0}, "sigma_T: must be positive, but is 0"),
        ({"end": -1.0}, "sigma_skip: must not be negative, but is -1"),
    ):
        given: dict[str, Any] = {"values": values, "begin": 20.0, "end": 0.3} | change
        with pytest.raises(InvalidInput) as refused:
            claims.teleport(x, mean, given["values"], basis, given["begin"], given["end"])
        assert str(refused.value) == sentence


# --- digits ---------------------------------------------------------------------------------------


def test_denoisers_of_digits():
    """Both posterior means by plain loops;
    a mixture of one is the linear denoiser μ + Σ(Σ + σ²)^{-1}(x − μ).
    """
    pytest.importorskip("sklearn")
    atoms, sigma = study.digits()[:7], 0.8
    x = atoms[:3] + 0.1
    for point, found in zip(x, study.recalled(atoms, sigma, x), strict=True):
        weights = np.array([np.exp(-np.sum((point - a) ** 2) / (2 * sigma**2)) for a in atoms])
        np.testing.assert_allclose(found, weights @ atoms / weights.sum(), rtol=1e-10, atol=1e-12)
    model = study._moments()
    covariance = np.cov(study.digits().T, bias=True)
    gain = covariance @ np.linalg.inv(covariance + sigma**2 * np.eye(64))
    mean = study.digits().mean(axis=0)
    np.testing.assert_allclose(
        study.denoised(model, sigma, x), mean + (x - mean) @ gain.T, atol=1e-10
    )
    two = study.fitted(2)
    for point, found in zip(x, study.denoised(two, sigma, x), strict=True):
        logs, means = [], []
        for w, mu, values, basis in zip(*two, strict=True):
            inner = (basis * values) @ basis.T
            noisy = inner + sigma**2 * np.eye(64)
            logs.append(np.log(w) + stats.multivariate_normal(mu, noisy).logpdf(point))
            means.append(mu + inner @ np.linalg.solve(noisy, point - mu))
        r = np.exp(np.array(logs) - np.max(logs))
        np.testing.assert_allclose(found, r @ np.array(means) / r.sum(), rtol=1e-8, atol=1e-10)


def test_digits_without_scikit_learn(monkeypatch):
    """One sentence that names the extra."""
    monkeypatch.setitem(importlib.import_module("sys").modules, "sklearn.datasets", None)
    study.digits.cache_clear()
    with pytest.raises(InvalidInput) as refused:
        study.digits()
    assert str(refused.value) == "digits: come with scikit-learn: install the extra [data]"


# --- the figure -----------------------------------------------------------------------------------


def joined(tables):
    quoted = [claim for claim in CLAIMS if claim.name in figure.FIGURE.claims]
    return verdicts.joined(figure.FIGURE.name, quoted, tables)


def test_the_figure_shows_what_the_verdicts_judge(tables):
    """Marks are the measured numbers, dashes the predicted ones,
    of the claims' own cells; and all claims are quoted.
    """
    found = joined(tables)
    assert set(figure.FIGURE.claims) == set(found.tables) == {claim.name for claim in CLAIMS}
    drawing = figure.FIGURE.draw(FigureData("wang-vastola", found.tables, found.facts))
    lines = {
        line.get_gid(): np.asarray(line.get_xydata())
        for axes in drawing.axes
        for line in axes.lines
    }
    floor = found.tables["unexplained-floor"]
    mine = floor[(floor["law"] == "skewed") & (floor["measured"] > figure.LOWEST)].sort_values(
        "sigma"
    )
    np.testing.assert_array_equal(lines["points-skewed"], mine[["sigma", "measured"]])
    np.testing.assert_array_equal(lines["floor-skewed"], mine[["sigma", "predicted"]])
    atoms = lines["points-atoms"]
    both = [found.tables[name] for name in ("digits-memorised", "digits-remembered")]
    assert len(atoms) == sum(map(len, both))
    (row,) = atoms[atoms[:, 0] == 0.1]
    assert row[1] == both[0].loc[both[0]["sigma"] == 0.1, "measured"].iloc[0]


def test_the_words_are_filled(tables):
    """Sentences with numbers from the tables, no gap,
    no leftover brace; and the same for what was run.
    """
    findings = joined(tables).findings
    text = figure.FIGURE.found(findings)
    for phrase in (
        "50 % at 1, 7.5 % at 2",
        "15.49 % for 15 %",
        "31.80 % of 30 %",
        "1.743 % of 3 %",
    ):
        assert phrase in text
    for words in (text, figure.FIGURE.ran(findings), figure.FIGURE.alt(findings)):
        assert not set("{}") & set(words) and "nan" not in words
    assert "`evidence-wang-vastola-digits`, 40 replicates, seed 94" in figure.FIGURE.ran(findings)
    with pytest.raises(LookupError, match="has 0 cells"):
        at(findings, "digits-same", sigma=7.0)


@pytest.mark.parametrize(
    ("table", "column", "value", "reason"),
    [
        ("digits-fifty", "model", "7", "column model must hold 2, 10, 50, atoms, and nothing else"),
        ("unexplained-floor", "law", "wavy", "wavy is not one of"),
        ("digits-dominated", "low", 1.0, "measured lies outside low … high"),
        ("teleport-skip", "predicted", 0.0, "column predicted must be positive"),
    ],
)
def test_the_figure_refuses(table, column, value, reason):
    data = figure.FIGURE.sample()
    frame = data.tables[table].reset_index(drop=True)
    frame.loc[0, column] = value
    with pytest.raises(BadTable, match=reason):
        figure.FIGURE.draw(replace(data, tables={**data.tables, table: frame}))


# --- the lesson -----------------------------------------------------------------------------------


def half_way(value):
    """σ at which the denoised coordinate is half of its end,
    along the ODE by small steps of its own.
    """
    sigmas = np.geomspace(200, 1e-3, 400_001)
    x = np.exp(
        np.concatenate([[0], np.cumsum(np.diff(sigmas) * (sigmas / (value + sigmas**2))[:-1])])
    )
    image = value / (value + sigmas**2) * x
    return float(sigmas[np.argmin(np.abs(image - image[-1] / 2))])


def left(sigma):
    """The unexplained fraction, as the study measures it."""
    return float(
        study._unexplained({**SKEWED, "quantity": "high-noise", "sigma": sigma})[0]["value"]
    )


LESSON = Checks(
    settings=((0.15, 2.0), (0.16, 2.0)),
    answers=(
        lambda: half_way(4.0),
        lambda: left(16.0) / left(32.0),
        lambda: float(ndtr(-1.0)) * 100,
    ),
    terms={
        "modes": "peaks of a density",
        "score": "slope of the log density",
        "λ": "variance",
        "s_G": r"same mean $\mu$ and variance",
        "energy": "its mean square",
        "skewness": r"$E\,z^3$",
        "kurtosis": r"$E\,z^4$",
        "floor": "this *floor* falls",
        "flow": "carries noise to data",
        "λ_3": "is the skewness",
        "κ_n": "cumulant",
    },
)
