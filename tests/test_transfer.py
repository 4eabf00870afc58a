"""Densities of samplers on a grid: against exact Gaussian laws,
against samples, and mode by mode for a mixture.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import wasserstein_distance

from bounds.check import Array, InvalidInput
from bounds.gaussian import Gaussian
from bounds.mixture import Mixture
from bounds.process import steps, uniform_grid
from bounds.reverse import SAMPLERS, exact_scores, marginal, sampled_law
from bounds.transfer import Grid, carried, drawn, total_variation, wasserstein

TIMES = uniform_grid(0.1, 15)
PAIR = Mixture(np.array([0.85, 0.15]), np.array([[-2.0], [2.0]]), np.array([[0.25]]))


def normal(points: Array, covariance: Array) -> Array:
    d = len(covariance)
    quadratic = np.einsum("ni,ij,nj->n", points, np.linalg.inv(covariance), points)
    return np.asarray(
        np.exp(-quadratic / 2) / np.sqrt((2 * np.pi) ** d * np.linalg.det(covariance))
    )


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("d", [1, 2])
def test_linear_scores_give_the_exact_law(sampler: str, d: int) -> None:
    """A wrong linear score: the drawn density is the normal law that bounds.reverse propagates, to
    1e-7. Catches a step's gap, a, b or q taken from another level, and the plane's axes exchanged.
    Decoy: the right score's law."""
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((d, d)))[0]
    law = Gaussian(np.array([0.5, 1.5][:d]), turn)
    wrong = exact_scores(Gaussian(1.3 * law.eigenvalues, turn), TIMES)
    grid = Grid(6.0, 97 if d == 1 else 61, d)
    start = marginal(law, float(TIMES[-1]))

    def score(k: int, x: Array) -> Array:
        return np.asarray(x @ wrong[k])

    if sampler == "flow":
        p = carried(grid, lambda x: normal(x, start.covariance), TIMES, score)
    else:
        p = drawn(grid, normal(grid.points, start.covariance), TIMES, score, sampler)
    wanted = sampled_law(TIMES, wrong, start, sampler)
    assert_allclose(p, normal(grid.points, wanted.covariance), atol=1e-7)
    decoy = sampled_law(TIMES, exact_scores(law, TIMES), start, sampler)
    assert np.abs(p - normal(grid.points, decoy.covariance)).max() > 1e-3


@pytest.mark.parametrize("sampler", ["euler-maruyama", "flow"])
def test_share_of_samples(sampler: str) -> None:
    """The minor mode's share of 200 000 simulated runs with exact scores, within 6.5 standard
    errors (0.005; false alarm 8e-11). The decoy, the sampler with half the drift of the score, is
    far outside."""
    size, rng = 200_000, np.random.default_rng(8)
    grid, last = Grid(7.0, 141), float(TIMES[-1])
    r = PAIR.responsibilities(float(TIMES[0]), grid.points)[:, 1]

    def start(x: Array) -> Array:
        return np.asarray(np.exp(PAIR.log_density(last, x)))

    def share(factor: float) -> float:
        def score(k: int, x: Array) -> Array:
            return np.asarray(factor * PAIR.score(float(TIMES[k]), x))

        if sampler == "flow":
            p = carried(grid, start, TIMES, score)
        else:
            p = drawn(grid, start(grid.points), TIMES, score, sampler)
        return float(p @ r * grid.spacing)

    y = PAIR.marginal(last).sample(size, rng)
    for step in reversed(steps(TIMES)[1:]):
        a, b, q = SAMPLERS[sampler](step)
        y = a * y + b * PAIR.score(step.t, y) + np.sqrt(q) * rng.standard_normal(y.shape)
    values = PAIR.responsibilities(float(TIMES[0]), y)[:, 1]
    error = 6.5 * values.std() / np.sqrt(size)
    assert abs(share(1.0) - values.mean()) < error
    assert abs(share(0.5) - values.mean()) > 2 * error


def test_exact_scores_return_the_minor_mode() -> None:
    """Discretisation alone: the error of the share falls like 1/N (order one),
    and the grid does not matter. The decoy, a score of the wrong weight, does not go away.
    """
    wrong = Mixture(np.array([0.8, 0.2]), PAIR.means, PAIR.covariances)

    def error(law: Mixture, n: int, count: int) -> float:
        times, grid = uniform_grid(3.0 / n, n), Grid(6.5, count)
        start = np.exp(PAIR.log_density(3.0, grid.points))
        p = drawn(grid, start, times, lambda k, x: law.score(float(times[k]), x), "euler-maruyama")
        return float(
            p @ PAIR.responsibilities(float(times[0]), grid.points)[:, 1] * grid.spacing - 0.15
        )

    coarse, fine = error(PAIR, 100, 131), error(PAIR, 200, 131)
    assert coarse / fine == pytest.approx(2.0, rel=0.1)
    assert error(PAIR, 200, 161) == pytest.approx(fine, abs=1e-6)
    assert error(wrong, 200, 131) > 10 * abs(fine)


def test_distances() -> None:
    """Total variation of two normals by their distribution functions; W1 of a shift, on the line
    and, along one of the directions, in the plane; W1 on the line against scipy's, of point
    masses."""
    from scipy.stats import norm

    line = Grid(8.0, 401)
    p, q = (norm.pdf(line.axis, shift) for shift in (0.0, 0.7))
    assert total_variation(line, p, q) == pytest.approx(2 * norm.cdf(0.35) - 1, abs=1e-4)
    assert wasserstein(line, p, q) == pytest.approx(0.7, rel=1e-6)
    rough = np.random.default_rng(2).dirichlet(np.ones(401)) / line.cell
    assert wasserstein(line, p, rough) == pytest.approx(
        wasserstein_distance(line.axis, line.axis, p, rough), rel=1e-6
    )
    plane = Grid(6.0, 81, 2)
    angle = 3 * np.pi / 16
    shifted = plane.points - 0.5 * np.array([np.cos(angle), np.sin(angle)])
    a, b = (normal(x, np.diag([0.5, 1.0])) for x in (plane.points, shifted))
    assert wasserstein(plane, a, b) == pytest.approx(0.5, rel=1e-5)
    assert wasserstein(plane, a, b, directions=1) == pytest.approx(0.5 * np.cos(angle), rel=1e-5)


def test_bad_input() -> None:
    """Each refusal names its key; a flow whose step folds the line is refused, not returned."""
    for key, fields in (("half", (0.0, 5, 1)), ("count", (1.0, 1, 1)), ("dimension", (1.0, 5, 3))):
        with pytest.raises(InvalidInput) as caught:
            Grid(*fields)
        assert caught.value.key == key
    grid = Grid(4.0, 41)
    for name in ("flow", "none"):
        with pytest.raises(InvalidInput, match="sampler"):
            drawn(grid, np.ones(41), TIMES, lambda k, x: -x, name)
    with pytest.raises(InvalidInput, match="inverted"):
        carried(grid, lambda x: x[:, 0], np.array([0.1, 1.5]), lambda k, x: -3 * np.sin(4 * x))


def test_densities_that_do_not_fit_the_grid() -> None:
    """Each refusal names which of the densities it is, and what it lacks, word for word: a
    negative one, and one of another length, which numpy might stretch to the grid.
    """
    grid = Grid(4.0, 5)
    sound = np.full(5, 0.2)

    def start(p: Array) -> object:
        return drawn(grid, p, TIMES, lambda k, x: -x, "euler-maruyama")

    calls: dict[str, list[Callable[[Array], object]]] = {
        "start": [start],
        "p": [lambda p: total_variation(grid, p, sound), lambda p: wasserstein(grid, p, sound)],
        "q": [lambda q: total_variation(grid, sound, q), lambda q: wasserstein(grid, sound, q)],
    }
    for key, takers in calls.items():
        for take in takers:
            for bad, says in (
                (np.ones(1), "must have shape (5,), one value a point, but has (1,)"),
                (sound - 0.3, "must not be negative, but holds -0.1"),
            ):
                with pytest.raises(InvalidInput) as refused:
                    take(bad)
                assert str(refused.value) == f"{key}: {says}"


def test_a_grid_rises_from_minus_half_to_half():
    """By hand. The density is the same on a grid that falls; who reads it by its axis is not."""
    five: Any = 5.0  # a whole number, however written
    for count in (5, five):
        np.testing.assert_allclose(Grid(2.0, count).axis, [-2.0, -1.0, 0.0, 1.0, 2.0])
    np.testing.assert_array_equal(Grid(2.0, 2).axis, [-2.0, 2.0])
