"""Atoms with noise: against scipy, mpmath and quadrature, out to the far tails."""

from collections.abc import Callable

import mpmath as mp
import numpy as np
import pytest
from scipy import integrate, stats

from bounds.check import InvalidInput
from bounds.line import Line, flow, total_variation, w2
from bounds.scale import LAPLACE, LOGISTIC, NOISES, NORMAL, Noise, Scale, student

STANDARD = {
    "normal": (lambda: NORMAL, stats.norm()),
    "laplace": (lambda: LAPLACE, stats.laplace()),
    "logistic": (lambda: LOGISTIC, stats.logistic()),
    "t, 1": (lambda: student(1), stats.t(1)),
    "t, 3.5": (lambda: student(3.5), stats.t(3.5)),
    "t, 50": (lambda: student(50), stats.t(50)),
}
ATOMS, WEIGHTS = np.array([-1.0, 0.5, 2.0]), np.array([0.2, 0.5, 0.3])


@pytest.mark.parametrize(("make", "law"), STANDARD.values(), ids=STANDARD)
def test_each_noise_is_scipy_s(make: Callable[[], Noise], law: stats.rv_continuous) -> None:
    """Density, distribution function and slope."""
    noise = make()
    x = np.array([-30.0, -4.0, -1.0, -0.1, 0.2, 1.5, 6.0])
    np.testing.assert_allclose(noise.log_density(x), law.logpdf(x), rtol=1e-12)
    np.testing.assert_allclose(np.exp(noise.log_cdf(x)), law.cdf(x), rtol=1e-11)
    h = 1e-6
    slope = (law.logpdf(x + h) - law.logpdf(x - h)) / (2 * h)
    np.testing.assert_allclose(noise.slope(x), slope, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("dof", [0.5, 1, 3, 20, 200, 3072])
def test_the_tail_of_student_in_sixty_digits(dof: float) -> None:
    """log F by the incomplete beta function, from x = −.001, past where F leaves float64."""
    x = [-1e-3, -0.3, -1.0, -3.0, -30.0, -1e4, -1e10]
    with mp.workdps(60):
        truth = [
            float(
                mp.log(
                    mp.betainc(
                        mp.mpf(dof) / 2, 0.5, 0, dof / (dof + mp.mpf(one) ** 2), regularized=True
                    )
                    / 2
                )
            )
            for one in x
        ]
    np.testing.assert_allclose(student(dof).log_cdf(np.array(x)), truth, rtol=1e-12)


@pytest.mark.parametrize("noise", [NORMAL, LAPLACE, LOGISTIC, student(1), student(4)])
def test_a_law_on_three_atoms(noise: Noise) -> None:
    """Mass to the left, score and posterior mean by quadrature and differences of the density."""
    law = Scale(ATOMS, WEIGHTS, 0.7, noise)
    for x in (-6.0, 0.1, 3.0):

        def density(y: float) -> float:
            return float(np.exp(law.log_density(y)))

        below = [integrate.quad(density, -np.inf, -6.0, epsabs=1e-13)[0]]
        cuts = [one for one in ATOMS if -6.0 < one < x]
        below.append(integrate.quad(density, -6.0, x, points=cuts or None, epsabs=1e-13)[0])
        assert np.exp(law.log_cdf(x)) == pytest.approx(sum(below), abs=1e-10)
        assert np.exp(law.log_sf(x)) == pytest.approx(1 - sum(below), abs=1e-10)
        h = 1e-6
        slope = float(law.log_density(x + h) - law.log_density(x - h)) / (2 * h)
        assert law.score(x) == pytest.approx(slope, rel=1e-6)
        likely = WEIGHTS * np.exp(noise.log_density((x - ATOMS) / 0.7))
        assert law.posterior_mean(x) == pytest.approx(likely @ ATOMS / likely.sum(), rel=1e-12)


def test_many_points_at_once_are_the_points_one_by_one() -> None:
    """No method mixes the points of an array, of whatever shape, or them with the atoms."""
    law = Scale(ATOMS, WEIGHTS, 0.7, student(3))
    x = np.array([[-6.0, 0.1, 3.0], [1.0, -0.4, 20.0]])
    for method in (law.log_density, law.score, law.posterior_mean, law.log_cdf, law.log_sf):
        singly = [[float(method(one)) for one in row] for row in x]
        np.testing.assert_allclose(method(x), singly, rtol=1e-14)


def test_lists_and_whole_numbers_are_taken() -> None:
    """They become arrays and a float, and weights that sum to 1 within 1e-9 sum to 1."""
    law = Scale([0, 4], [0.25, 0.75 + 8e-10], 2)  # type: ignore[arg-type]
    assert isinstance(law.atoms, np.ndarray) and law.atoms.tolist() == [0.0, 4.0]
    assert isinstance(law.weights, np.ndarray) and abs(law.weights.sum() - 1) < 1e-15
    assert type(law.scale) is float
    assert law.log_cdf(2.0) == pytest.approx(np.log((3 - 2 * stats.norm.cdf(1)) / 4), rel=1e-8)


def test_the_bracket_of_a_quantile_by_hand() -> None:
    """The reach doubles from r on the side that falls short: the width, and with it the error of
    a quantile, is at most its distance from the atom.
    """
    low, high = Scale(np.zeros(1), np.ones(1), 1.0).between(np.array([-3, -1.5, -0.5, 0.5, 1.5, 3]))
    assert low.tolist() == [-4, -2, -1, 0, 1, 2]
    assert high.tolist() == [-2, -1, 0, 1, 2, 4]


@pytest.mark.parametrize("noise", [NORMAL, LAPLACE, LOGISTIC, student(3), student(200)])
def test_there_and_back(noise: Noise) -> None:
    """z → x → z at levels of which Φ is 1e-300."""
    law = Scale(ATOMS, WEIGHTS, 0.7, noise)
    z = np.array([-37.0, -9.0, -1.0, 0.0, 0.4, 2.0, 9.0, 37.0])
    x = law.from_normal(z)
    np.testing.assert_allclose(law.to_normal(x), z, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(flow(law, law, x[1:-1]), x[1:-1], rtol=1e-9)
    low, high = law.between(z)
    assert np.all(law.to_normal(low) <= z)
    assert np.all(law.to_normal(high) >= z)


def test_with_normal_noise_it_is_a_line() -> None:
    """The mixture of bounds.line, quantiles and all."""
    law, line = Scale(ATOMS, WEIGHTS, 0.7), Line(WEIGHTS, ATOMS, np.full(3, 0.49))
    z = np.linspace(-20, 20, 9)
    np.testing.assert_allclose(law.from_normal(z), line.from_normal(z), rtol=1e-11)
    assert total_variation(law, line) < 1e-14
    assert repr(law) == "Scale(3 atoms, r = 0.7)"
    assert set(NOISES) == {"normal", "laplace", "logistic"}


def test_distances_of_student_s_law() -> None:
    """Of t₅ from N(0, 1) in W2 by scipy's quantiles; of t₁ and t₃ in total variation."""
    zero, unit = np.zeros(1), np.ones(1)
    normal = Scale(zero, unit, 1.0)

    def gap(u: float) -> float:
        return float((stats.t(5).ppf(u) - stats.norm.ppf(u)) ** 2)

    truth = 2 * integrate.quad(gap, 0, 0.5, epsabs=1e-12, limit=400)[0]
    assert w2(Scale(zero, unit, 1.0, student(5)), normal) ** 2 == pytest.approx(truth, rel=1e-6)
    x = np.linspace(0, 20000, 2_000_001)
    gaps = np.abs(stats.t(1).pdf(x) - stats.t(3).pdf(x))
    found = total_variation(*(Scale(zero, unit, 1.0, student(D)) for D in (1, 3)))
    assert found == pytest.approx(float(integrate.trapezoid(gaps, x)), abs=1e-4)
    assert total_variation(Scale(zero, unit, 2.0), Scale(zero, unit, 2.0, student(1e9))) < 1e-8


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: student(0), "dof: must be positive, but is 0"),
        (lambda: Scale(ATOMS, WEIGHTS, 0.0), "scale: must be positive, but is 0"),
        (lambda: Scale(ATOMS, WEIGHTS / 2, 1.0), "weights: must sum to 1, but sum to 0.5"),
        (
            lambda: Scale(ATOMS, np.array([1.0]), 1.0),
            "atoms: must have shape (1,) like weights, but has (3,)",
        ),
        *(
            (
                lambda weights=weights: Scale(np.zeros(np.shape(weights)), np.array(weights), 1.0),
                "weights: must be a non-empty list of positive numbers",
            )
            for weights in ([1.0, -0.5, 0.5], [0.0, 1.0], [], [[0.5, 0.5]])
        ),
        (
            lambda: Scale(ATOMS, WEIGHTS, 1.0, student(0.1)).from_normal(-37.0),
            "z: holds a level whose quantile is beyond 1e300",
        ),
    ],
)
def test_bad_input_is_one_sentence(make, sentence):
    with pytest.raises(InvalidInput) as refused:
        make()
    assert str(refused.value) == sentence
