"""Bootstrapping at every sample size: formulas by a second route, the theory's numbers, bad
input.
"""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.special import hyp2f1

from bounds.check import InvalidInput
from bounds.estimators import bsm, dsm
from bounds.forgetting import bound, empirical_risk, variation
from bounds.gaussian import Gaussian
from bounds.gram import Gram
from bounds.mixture import Mixture
from bounds.papers.kumar_2025 import every_m, forgetting
from bounds.risk import bootstrap_recursion
from figures.data import FigureData
from figures.papers.kumar_2025 import beyond_forgetting as beyond
from studies import tables
from studies.papers.kumar_2025.evidence_forgetting import STUDY, measure
from studies.papers.kumar_2025.fits_on_paths import Paths, basis, linear_score
from studies.papers.kumar_2025.forgetting_chains import measure_target
from studies.papers.kumar_2025.joins import beyond_forgetting
from studies.papers.kumar_2025.scalar_laws import posterior, posterior_mean
from studies.sweep import run

LAM = np.array([0.4, 2.5])
GRID = [0.1, 0.3, 0.7]
TWENTIETHS = [round(0.1 * k, 1) for k in range(1, 21)]
BIMODAL = Mixture(np.array([0.5, 0.5]), np.array([[-2.0], [2.0]]), np.array([[0.5]]))
DENSITIES: dict[str, Callable[[float], Any]] = {
    "exponential": lambda y: np.exp(-y / 1.5),
    "laplace": lambda y: np.exp(-np.abs(y) / 1.5),
    "uniform": lambda y: 1.0,
    "gaussian": lambda y: np.exp(-((y / 1.5) ** 2) / 2),
}
ENDS: dict[str, list[float]] = {
    "exponential": [0, 60],
    "laplace": [-60, 0, 60],
    "uniform": [-1.5, 1.5],
    "gaussian": [-15, 0, 15],
}


@pytest.mark.parametrize("law", DENSITIES)
def test_posteriors_are_those_of_the_density(law):
    """Closed forms against scipy's quad from the density, to 1e-7, in the middle and in both tails;
    and the nodes and splines that measure, to 1e-5.
    """
    density, ends = DENSITIES[law], ENDS[law]
    t, places = 0.3, np.array([-3.0, -0.4, 0.2, 1.7, 4.0])
    noise = 1 - np.exp(-2 * t)
    _, mean, variance = every_m.moments(law, 1.5, t, places)
    for x, m, v in zip(places, mean, variance, strict=True):
        centre = np.clip(np.exp(t) * x, ends[0], ends[-1])
        reach = sorted({*np.clip([centre - 9, centre, centre + 9], ends[0], ends[-1]), *ends})

        def moment(n, x=x, reach=reach):
            return sum(
                quad(
                    lambda y: y**n * density(y) * np.exp(-((x - np.exp(-t) * y) ** 2) / 2 / noise),
                    *pair,
                    epsabs=0,
                    epsrel=1e-10,
                )[0]
                for pair in pairwise(reach)
                if pair[0] < pair[1]
            )

        first = moment(1) / moment(0)
        assert m == pytest.approx(first, rel=1e-7, abs=1e-9)
        assert v == pytest.approx(moment(2) / moment(0) - first**2, rel=1e-6)
    np.testing.assert_allclose(posterior(law, 1.5, t, places)[0], mean, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(posterior_mean(law, 1.5, t, places), mean, rtol=1e-5, atol=1e-5)


def test_the_bound_by_hand():
    """Log-concave data have a² B = 1/σ². A bound that is a twentieth too high would hold as well,
    and no measurement would tell: its digits are looked at.
    """
    noise = 1 - np.exp(-0.8)
    assert bound(3, 0.4, 100) == pytest.approx(3 / (100 * noise), rel=1e-9)
    tail = np.log(100)
    wanted = (3 + 2 * np.sqrt(3 * tail) + 2 * tail) / (100 * noise)
    assert bound(3, 0.4, 100, delta=0.01) == pytest.approx(wanted, rel=1e-9)
    x = np.expm1(0.8)
    known = (1 + x) / x**2 * 2.0 * x / (2.0 + x)  # a² B of N(0, 2): a = 1/(2 sinh t)
    found = bound(3, 0.4, 100, curvature=gaussian_profile(2.0))
    assert found == pytest.approx(3 * known / 100, rel=1e-9)


@pytest.mark.parametrize(("t", "scale"), [(0.4, 1.0), (0.001, 3.0), (6.0, 1.0)])
def test_densities_of_levels_are_those_of_draws(t, scale):
    """E X_t² by the closed density against e_t² E X_0² + σ_t²: a wrong density moves it, as does a
    grid that leaves some of X_t out or is too coarse for it.
    """
    squares = {"exponential": 2.0, "laplace": 2.0, "uniform": 1 / 3, "gaussian": 1.0}
    for law, square in squares.items():
        x = forgetting._grid(law, scale, t)
        p, variance = forgetting._averages(law, scale, t)
        wanted = np.exp(-2 * t) * square * scale**2 - np.expm1(-2 * t)
        assert p @ x**2 == pytest.approx(wanted, rel=1e-6)
        mean = every_m.moments(law, scale, t, x)[1]
        assert p @ (variance + mean**2) == pytest.approx(square * scale**2, rel=1e-6)


def gaussian_profile(largest: float) -> Callable[[float], float]:
    """L₊ of N(0, λ)."""
    return lambda s: -1 / float(1 + (largest - 1) * np.exp(-2 * s))


def test_variation_of_profiles():
    """λx/(λ + x) from the Gaussian's own profile; the bimodal profile against the mixture's."""
    for largest in (0.2, 1.0, 50.0):
        x = np.expm1(1.0)
        found = variation(0.5, gaussian_profile(largest))
        assert found == pytest.approx(largest * x / (largest + x), rel=1e-9)
    assert variation(0.5, lambda s: 0.0) == pytest.approx(variation(0.5), rel=1e-10)
    for t in (0.1, 1.3):
        assert every_m._profile(t) == pytest.approx(float(BIMODAL.curvature_bound(t)), rel=1e-12)


def test_bounds_use_the_profile_of_their_law():
    """Theorem A's mean and the target's variance have a² B: 1/σ² and τ²/σ_t⁴ for log-concave data,
    and for the bimodal law what its mixture's own profile gives. Both are upper bounds, so no
    measurement tells one that is too high.
    """
    times = [0.3, 0.5, 1.0, 1.4]

    def known(t: float) -> float:
        return variation(t, lambda s: float(BIMODAL.curvature_bound(s)))

    mean = {"parameters": 3, "times": times}
    square = np.exp(2.8) / np.expm1(2.8) ** 2  # a² = e^{2t}/(e^{2t} − 1)²
    assert every_m.mean_bound({**mean, "law": "bimodal"}) == pytest.approx(3 * square * known(1.4))
    assert every_m.mean_bound({**mean, "law": "laplace"}) == pytest.approx(-3 / np.expm1(-2.8))
    target = {"times": [0.3, 1.0]}
    square, fresh = np.exp(2.0) / np.expm1(2.0) ** 2, known(1.0) - known(0.3)
    assert every_m.target_bound({**target, "law": "bimodal"}) == pytest.approx(square * fresh)
    wanted = -np.expm1(-1.4) / np.expm1(-2.0) ** 2
    assert every_m.target_bound({**target, "law": "laplace"}) == pytest.approx(wanted)


def test_few_samples_cost_the_mean_of_an_inverse():
    """m/(m − 2) in one dimension is m E[1/χ²_m], by scipy's quadrature."""
    for m in (5, 12):
        wanted = m * stats.chi2(m).expect(lambda s: 1 / s)
        assert every_m._few({"m": m, "eigenvalues": [1.3]}) == pytest.approx(wanted)


def test_what_linear_scores_keep_is_a_correlation():
    """(Cov(X_t', X_t))²/(Var X_t' Var X_t) of Gaussian data, in time and not in the clock."""
    first, last = (0.7 * np.exp(-2 * t) - np.expm1(-2 * t) for t in (0.2, 0.9))
    cell = {"largest": 0.7, "times": [0.2, 0.5], "t": 0.9}
    wanted = np.exp(-1.4) * first / last
    assert forgetting.linear_kept(cell) == pytest.approx(wanted)


def test_constants_are_bounded_as_dsm_is():
    """Two levels by hand: of a constant and two others only these forget."""
    x = np.expm1(np.array([0.4, 1.0]))
    early, late = 0.7 * x / (0.7 + x)
    forgets = late - early + (0.7 + x[0]) / (0.7 + x[1]) * early
    cell = {"largest": 0.7, "times": [0.2, 0.5], "degrees": [0, 1, 2]}
    assert forgetting.strong_bound(cell) == pytest.approx(late + 2 * forgets)


def test_the_tail_covers_chi_squared():
    """P(χ²_P > P + 2√(PL) + 2L) ≤ e^{−L} from scipy, within a factor of 200; the decoy, without 2L,
    is exceeded too often.
    """
    for count in (1, 3, 8):
        for delta in (0.1, 0.002):
            cell = {"parameters": count, "times": [0.2, 0.3, 0.5], "delta": delta}
            proxy = 1 / (1 - np.exp(-1.0))
            passed = stats.chi2.sf(every_m.tail_bound(cell) / proxy, count)
            assert delta / 200 < passed <= delta
    assert stats.chi2.sf(every_m._lighter_tail(cell | {"parameters": 1}) / proxy, 1) > 3 * delta
    assert bound(3, 0.5, 7, delta=0.002) == pytest.approx(
        every_m.tail_bound(cell | {"parameters": 3}) / 7
    )


@pytest.mark.parametrize(("largest", "m"), [(1.0, 2), (10.0, 3), (0.2, 9)])
def test_exact_risk_of_one_coordinate(largest, m):
    """d = 1, N = 2: E cos² of the angle of X_1 and X_2 is 1 − (1 − ρ²)(m − 1)/m ₂F₁(1, 1; m/2 + 1;
    ρ²), the mean of an uncentred R². To 1 %; the leading order has ρ² and is off by more.
    """
    times = [0.3, 2.0]
    x1, x2 = np.expm1(2 * np.array(times))
    rho = (largest + x1) / (largest + x2)
    angle = 1 - (1 - rho) * (m - 1) / m * hyp2f1(1, 1, m / 2 + 1, rho)
    first, second = (largest * x / (largest + x) for x in (x1, x2))
    wanted = (1 + x2) / x2**2 * (second - first + first * angle)
    law = Gaussian(np.array([largest]))
    found = m * empirical_risk(law, times, m, 20_000, np.random.default_rng(4))
    assert found == pytest.approx(wanted, rel=0.01)
    assert abs(every_m.leading_entries(law.eigenvalues, times).sum() / wanted - 1) > 0.02


def test_exact_risk_at_both_ends_of_m():
    """At m = d it is DSM's tr(C) d/m exactly; at m = 400 the leading order to 2 %."""
    law = Gaussian(LAM)
    rng = np.random.default_rng(5)
    everything = empirical_risk(law, GRID, 2, 3, rng)
    assert everything == pytest.approx(law.conditional_variances(0.7).sum() * 2 / 2, rel=1e-12)
    many = 400 * empirical_risk(law, GRID, 400, 300, rng)
    assert many == pytest.approx(every_m.leading_entries(LAM, GRID).sum(), rel=0.02)


def test_leading_order_is_the_recursions():
    """Closed form against the step-by-step recursion of bounds.risk, entry by entry."""
    wanted = bootstrap_recursion(Gaussian(LAM), GRID)[-1]
    np.testing.assert_allclose(every_m.leading_entries(LAM, GRID), wanted, rtol=1e-11)
    x = np.expm1(2 * np.array([0.0, *GRID]))
    alone = bootstrap_recursion(Gaussian(np.array([2.5])), GRID)[-1].sum()
    assert every_m.scale_of(x[-1]) * forgetting.centred_risk(2.5, x) == pytest.approx(alone)


@pytest.mark.parametrize(
    ("largest", "ratio"), [(1.0, 0.083), (10.0, 0.367), (100.0, 0.817), (1e4, 0.998)]
)
def test_the_flat_limit(largest, ratio):
    cell = {"largest": largest, "times": TWENTIETHS, "t": 2.0}
    assert forgetting.linear_ratio(cell) == pytest.approx(ratio, abs=6e-4)


def test_the_counterexamples():
    """theory.md's 1.0040, 1.0031 and 1.687, and the two numbers behind the last."""
    cell = {"law": "exponential", "times": [0.1, 0.3], "slope": 0.2}
    assert forgetting.worse(cell | {"centred": True}) == pytest.approx(1.0040, abs=5e-5)
    assert forgetting.worse(cell | {"centred": False}) == pytest.approx(1.0031, abs=5e-5)
    x = np.expm1(2 * np.array([0.1, 0.2]))
    first, both = x / (1 + x)
    assert (first, both) == pytest.approx((0.1813, 0.3297), abs=5e-5)
    turned = every_m.turned({"eigenvalues": [1, 0], "times": [0.1, 0.2], "angles": [30, 60]})
    assert turned / (every_m.scale_of(x[1]) * both / 4) == pytest.approx(1.687, abs=5e-4)


@pytest.mark.parametrize("law", ["gaussian", "laplace", "uniform"])
def test_one_feature_against_draws(law):
    """The two-level formula against averages of what it is made of over 400 000 paths, to 2 %."""
    rng, times, omega = np.random.default_rng(6), [0.5, 0.7], 1.3
    size = 400_000
    draws: dict[str, Callable[[int], Any]] = {
        "gaussian": rng.standard_normal,
        "laplace": lambda n: rng.laplace(size=n),
        "uniform": lambda n: rng.uniform(-1, 1, n),
    }
    x0 = draws[law](size)
    x1 = np.exp(-0.5) * x0 + np.sqrt(1 - np.exp(-1)) * rng.standard_normal(size)
    x2 = np.exp(-0.2) * x1 + np.sqrt(1 - np.exp(-0.4)) * rng.standard_normal(size)
    m1, m2 = (every_m.moments(law, 1.0, t, x)[1] for t, x in zip(times, (x1, x2), strict=True))
    phi1, phi2 = np.cos(omega * x1), np.cos(omega * x2)
    kept = np.mean(phi1 * phi2) ** 2 / np.mean(phi1**2) / np.mean(phi2**2)
    fresh = np.mean((phi2 * (m2 - m1)) ** 2) / np.mean(phi2**2)
    carried = np.mean((phi1 * (m1 - x0)) ** 2) / np.mean(phi1**2)
    found = forgetting.wave(law, 1.0, times, omega)
    assert found.kept == pytest.approx(kept, rel=0.02)
    assert found.bsm == pytest.approx(fresh + kept * carried, rel=0.02)
    assert found.dsm == pytest.approx(np.mean((phi2 * (m2 - x0)) ** 2) / np.mean(phi2**2), rel=0.02)


def over_proxy(law, before, t):
    """The largest variance of the target given X_t over τ²/σ_t⁴."""
    (row,) = measure_target({"law": law, "scale": 1.0, "times": [before, t]})
    return row["value"] * (1 - np.exp(-2 * t)) ** 2 / (1 - np.exp(-2 * (t - before)))


@pytest.mark.parametrize(
    ("law", "early", "late"),
    [
        ("gaussian", 0.549, 0.074),
        ("uniform", 0.363, 0.0152),
        ("bimodal", 3.545, 0.597),
    ],
)
def test_the_target_alone(law, early, late):
    """theory.md's variances over τ²/σ_t⁴; the bimodal law, outside the assumption, above 1."""
    assert over_proxy(law, 0.1, 0.2) == pytest.approx(early, abs=6e-4)
    assert over_proxy(law, 0.3, 1.0) == pytest.approx(late, abs=6e-4)


def test_the_target_alone_reaches_its_bound_in_a_flat_tail():
    """Laplace data far out are a shifted Gaussian given X_t: 1, but for where the grid ends."""
    assert over_proxy("laplace", 0.1, 0.2) == pytest.approx(1, abs=1e-9)
    assert 0.9974 <= over_proxy("laplace", 0.3, 1.0) <= 1 + 1e-9


def test_fits_are_the_librarys_estimators():
    """Errors of DSM and BSM at the samples, QR level by level, against bounds.estimators on Gram
    matrices of the same paths.
    """
    rng = np.random.default_rng(7)
    x0 = rng.standard_normal((1, 9, 2)) * np.sqrt(LAM)
    paths = Paths(x0, GRID, linear_score(LAM), rng)
    grams = [
        Gram(
            part.step,
            9,
            part.x.T @ part.x,
            part.x.T @ part.z / np.sqrt(1 - np.exp(-2 * part.step.t)),
            part.x.T @ part.w,
        )
        for part, _ in paths.levels
    ]
    exact = paths.levels[-1][1]
    for fit, off in zip((dsm, bsm), paths.fits([basis(x) for x in paths.x]), strict=True):
        matrix = list(fit(grams))[-1]
        np.testing.assert_allclose(paths.x[-1][0] @ matrix.T - exact, off[0], atol=1e-9)


def test_every_part_is_measured():
    """One replicate of one cell of each part; its rows hold what the claims' formulas need."""
    seed = [np.random.SeedSequence(1)]
    settings = STUDY.presets["quick"]
    seen: dict[str, Any] = {}
    for cell in STUDY.cells(settings):
        seen.setdefault(cell["part"], cell)
    for cell in seen.values():
        (rows,) = measure(cell, seed)
        assert all(np.isfinite(row["value"]) and json.loads(str(row["cell"])) for row in rows)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: bound(0, 0.5, 10), "parameters: "),
        (lambda: bound(1, 0.0, 10), "t: "),
        (lambda: bound(1, 0.5, 0), "samples: "),
        (lambda: bound(1, 0.5, 10, delta=1.0), "delta: must lie between 0 and 1"),
        (lambda: bound(1, 0.5, 10, delta=0.0), "delta: must lie between 0 and 1"),
        (lambda: variation(0.5, lambda s: np.nan), "curvature: "),
        (
            lambda: empirical_risk(Gaussian(LAM), GRID, 1, 9, np.random.default_rng(1)),
            "samples: ",
        ),
        (
            lambda: empirical_risk(Gaussian(LAM), [0.3, 0.1], 9, 9, np.random.default_rng(1)),
            "times: ",
        ),
    ],
)
def test_bad_input_is_named(call, reason):
    with pytest.raises(InvalidInput, match=reason):
        call()


def test_the_figure_joins_points_with_their_curves(tmp_path):
    """Each prediction lies on its curve to 2e-3, by interpolation in ρ²; words name what was
    measured.
    """
    part = STUDY.only({f"{what}/{fit}" for what in ("linear", "feature") for fit in ("dsm", "bsm")})
    run(part, STUDY.presets["quick"], tmp_path, progress=False)
    joined = beyond_forgetting(tables.read(tmp_path, STUDY.name, STUDY.columns))
    points, curves = joined.tables["points"], joined.tables["theory"]
    assert set(points["panel"]) == set(beyond.PANELS)
    for (panel, series), marks in points.groupby(["panel", "series"]):
        line = curves[(curves["panel"] == panel) & (curves["series"] == series)]
        line = line.sort_values("kept")
        between = np.interp(marks["kept"], line["kept"], line["value"])
        np.testing.assert_allclose(marks["predicted"], between, atol=2e-3)
    beyond.draw(FigureData("beyond-forgetting", joined.tables, joined.facts))
    told, seen = beyond.FIGURE.found(joined.findings), beyond.FIGURE.alt(joined.findings)
    assert "At t = 2, linear scores" in told
    assert "| 100 |" in told
    assert "at t = 2." in seen
