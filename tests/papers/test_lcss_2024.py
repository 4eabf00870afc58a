"""Local curvature smoothing: formulas by other routes, the numbers written down before, power."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate, stats

from bounds.claim import verify
from bounds.papers import lcss_2024 as claims
from figures.data import BadTable, FigureData
from figures.papers import lcss_2024 as figure
from studies import verdicts
from studies.papers import lcss_2024 as study
from studies.quantities import measured_by
from tests.lessons import Checks
from tests.measured import quick

NAME = study.STUDY.name
BY_NAME = {claim.name: claim for claim in claims.CLAIMS}
RISKS = ("lcss-fit-b", "lcss-fit-antithetic", "lcss-fit-trace", "lcss-fit-a")
EIGHT = np.linspace(0.3, 3, 8).tolist()


@pytest.fixture(scope="module")
def table():
    return quick(NAME)


@pytest.mark.parametrize(
    ("m", "sigma", "known"),
    [
        (40, 0.3, (31.678, 8.739, 4.777, 19.675)),
        (100, 0.3, (9.848, 2.033, 1.062, 6.839)),
        (100, 1.0, (2.7365, 2.0332, 1.0624, 3.2055)),
    ],
)
def test_risks_as_written_down_before(m, sigma, known):
    """d = 8, one draw; and four draws of B: 11.503, 3.259, 1.4809."""
    cell = {"values": EIGHT, "m": m, "sigma": sigma, "redraws": 1}
    for name, value in zip(RISKS, known, strict=True):
        assert BY_NAME[name].formula(cell) == pytest.approx(value, rel=5e-4)
    four = {(40, 0.3): 11.503, (100, 0.3): 3.259, (100, 1.0): 1.4809}[m, sigma]
    assert BY_NAME["lcss-fit-b"].formula({**cell, "redraws": 4}) == pytest.approx(four, rel=1e-4)


def test_the_share_of_denoisings_risk_as_written_down_before():
    """B over A at m = 1000: the same at σ → 0, above 1 between, a thirtieth at 2."""
    known = {0.01: 1.0, 0.03: 1.004, 0.1: 1.043, 0.2: 1.141, 0.3: 1.064, 0.5: 0.397, 2.0: 0.030}
    for sigma, share in known.items():
        cell = {"values": EIGHT, "m": 1000, "sigma": sigma, "redraws": 1}
        found = BY_NAME["lcss-fit-b"].formula(cell) / BY_NAME["lcss-fit-a"].formula(cell)
        assert found == pytest.approx(share, abs=6e-4)


def test_wishart_means():
    """E W^{-1} = m e_1 and E W^{-2} = m² e_2 for white data, by draws; eight standard errors.
    Checks the two numbers that all risks rest on.
    """
    m, d = 20, 3
    rng = np.random.default_rng(2)
    w = stats.wishart(m, np.eye(d) / m).rvs(20_000, random_state=rng)
    inverse = np.linalg.inv(w)
    *_, one, two = claims._shape({"values": [1.0] * d, "m": m})
    for sampled, exact in (
        (np.trace(inverse, axis1=1, axis2=2) / d, m * one),
        (np.sum(inverse**2, axis=(1, 2)) / d, m**2 * two),
    ):
        assert abs(sampled.mean() - exact) < 8 * sampled.std() / len(w) ** 0.5 < 0.04 * exact


def test_losses_as_written_down_before():
    """−.507595, −.769800, −6.037256; and by degree −.5, −2.19, −8.90, −24.6 at σ² = v, up to
    −7.5·10⁵ beyond. By another route: ∫ (p * N_σ)'²/p with the library's integrator.
    """
    for noise, known in ((0.1, -0.507595), (0.5, -0.769800), (0.9, -6.037256)):
        cell = {"value": 1.0, "noise": noise}
        assert claims.unrestricted_minimum(cell) == pytest.approx(known, abs=1e-6)
        wide = 1 + noise

        def ratio(x: float, w: float = wide) -> float:
            square = 2 * stats.norm.logpdf(x, scale=w**0.5) - stats.norm.logpdf(x)
            return float((x / w) ** 2 * np.exp(square))

        found = integrate.quad(ratio, 0, 60, limit=200)[0]
        assert -found == pytest.approx(known, abs=1e-6)
    for degree, known in ((1, -0.5), (5, -2.1875), (15, -8.90), (31, -24.6)):
        cell = {"value": 1.0, "noise": 1.0, "degree": degree}
        assert claims.degree_minimum(cell) == pytest.approx(known, rel=2e-3)
    beyond = {"value": 1.0, "noise": 1.5, "degree": 31}
    assert claims.degree_minimum(beyond) == pytest.approx(-7.5e5, rel=5e-3)


def test_an_even_degree_adds_nothing():
    """The minimiser is odd: degree 6 does what degree 5 does."""
    one = {"value": 1.0, "noise": 0.9}
    found = [claims.degree_minimum(one | {"degree": degree}) for degree in (5, 6, 7)]
    assert found[0] == found[1] > found[2]


def test_degrees_of_another_scale():
    """v = 2 with σ² in proportion is half of v = 1; many degrees are all functions."""
    one = {"value": 1.0, "noise": 0.5, "degree": 61}
    two = {"value": 2.0, "noise": 1.0, "degree": 61}
    assert claims.degree_minimum(two) == pytest.approx(claims.degree_minimum(one) / 2)
    assert claims.degree_minimum(one) == pytest.approx(claims.unrestricted_minimum(one), rel=1e-6)


def test_a_training_set_by_draws():
    """B's loss of the function that points at the nearest datum; five standard errors."""
    rng = np.random.default_rng(3)
    data, sigma, gain = np.arange(5.0), 0.3, 10.0
    x = rng.choice(data, 200_000)
    z = rng.standard_normal(x.size)
    noisy = x + sigma * z
    loss = z / sigma * -gain * (noisy - np.clip(np.round(noisy), 0, 4))
    cell = {"spacing": 1.0, "data": 5, "sigma": sigma, "gain": gain}
    error = loss.std() / x.size**0.5
    assert abs(loss.mean() - claims.of_training_set(cell)) < 5 * error < 0.3


def test_curvature_by_differences():
    """½ E (s²)'' with the score of the mixture by differences of its log density."""
    mu, h = 1.5, 1e-3
    x = np.linspace(-12, 12, 24_001)
    log_p = np.logaddexp(stats.norm.logpdf(x, mu), stats.norm.logpdf(x, -mu)) - np.log(2)
    square = np.gradient(log_p, h) ** 2
    bend = np.gradient(np.gradient(square, h), h) / 2
    found = np.sum((bend * np.exp(log_p))[5:-5]) * h
    assert claims._general_curvature({"mean": mu}) == pytest.approx(found, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "factor"),
    [("lcss-fit-b", 1.15), ("lcss-fit-antithetic", 1.2), ("lcss-same-variance", 1.15)],
)
def test_a_small_change_of_a_law_is_seen(name, factor, table):
    """Power: the formula times the factor is contradicted."""
    claim = BY_NAME[name]
    wrong = replace(claim, formula=lambda c: factor * claim.formula(c))
    assert verify(wrong, measured_by(claim)[1](table)).status == "REFUTED"


# --- the figure -----------------------------------------------------------------------------------


def test_the_figure_shows_what_the_verdicts_judge(table):
    """All claims are quoted; marks are measured, lines predicted, at the largest m."""
    assert set(figure.FIGURE.claims) == set(BY_NAME)
    found = verdicts.joined(figure.FIGURE.name, list(claims.CLAIMS), {NAME: table})
    drawing = figure.FIGURE.draw(FigureData("lcss", found.tables, found.facts))
    lines = {
        one.get_gid(): np.asarray(one.get_xydata()) for axes in drawing.axes for one in axes.lines
    }
    for claim in figure.FITS:
        mine = found.tables[claim]
        mine = mine[mine["m"] == 1000].sort_values("sigma")
        np.testing.assert_array_equal(lines[f"points-{claim}"], mine[["sigma", "measured"]])
        np.testing.assert_array_equal(lines[f"line-{claim}"], mine[["sigma", "predicted"]])
    degrees = found.tables["lcss-b-unbounded"]
    mine = degrees[degrees["noise"] == 1.5].sort_values("degree")
    np.testing.assert_array_equal(lines["points-1.5"][:, 1], -mine["measured"])
    assert lines["least-0.5"][0, 1] == pytest.approx(0.7698, abs=1e-4)
    assert "least-1" not in lines
    text = figure.FIGURE.found(found.findings)
    assert "−2.19 and −24.6 at 1" in text
    for words in (text, figure.FIGURE.alt(found.findings), figure.FIGURE.ran(found.findings)):
        assert not set("{}") & set(words) and "nan" not in words


@pytest.mark.parametrize(
    ("name", "column", "value", "reason"),
    [
        ("lcss-fit-b", "sigma", 0.3, "other values of m, redraws, sigma"),
        ("lcss-fit-a", "low", 100.0, "measured lies outside low … high"),
        ("lcss-b-unbounded", "measured", 0.5, "a least loss must be negative"),
    ],
)
def test_the_figure_refuses(name, column, value, reason):
    data = figure.FIGURE.sample()
    frame = data.tables[name].assign(**{column: value}).iloc[:1]
    with pytest.raises(BadTable, match=reason):
        figure.FIGURE.draw(replace(data, tables={**data.tables, name: frame}))


# --- the lesson -----------------------------------------------------------------------------------


def trace_variance():
    """Of z s(x + σz)/σ at x = 1, s(x) = −x, σ = ½, by Gauss-Hermite."""
    z, w = study.normal_nodes(1, 5)
    values = -z[:, 0] * (1 + z[:, 0] / 2) * 2
    return float(w @ values**2 - (w @ values) ** 2)


def best_slope():
    """a of −ax, by the denoising loss of draws at the nodes of a quadrature."""
    nodes, w = study.normal_nodes(2, 3)
    noisy = nodes[:, 0] + nodes[:, 1] / 2
    return float(w @ (noisy * nodes[:, 1] * 2) / (w @ noisy**2))


def least_of_b():
    """Variant B's least at σ² = 0.81 among polynomials of degree 81."""
    (*_, last) = study._degrees({"noise": 0.81, "degrees": [81]})
    return float(last["value"])


LESSON = Checks(
    settings=((100, 0.3), (120, 0.3)),
    answers=(trace_variance, best_slope, least_of_b),
    beside={"noise": 0.3},
    terms={
        "score": "slope of the log density",
        "score matching": "from data alone",
        "divergence": "the trace of its *Jacobian*",
        "Jacobian": "the matrix of its derivatives",
        "Stein's identity": r"the mean of $z \cdot s(x')/σ$",
        "denoising": "least squares of $-z/σ$",
        "noisy": "that of $x'$",
        "clean": "of $x$",
        "risk": "mean squared error",
        "both signs": "averaged",
        "exact trace": "the divergence itself",
        "e_2": "numbers of $m$ and $d$ alone",
    },
)
