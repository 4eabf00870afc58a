"""Mixtures of Gaussians against 60-digit arithmetic, differences and quadrature."""

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from bounds.check import Array, InvalidInput
from bounds.gaussian import Gaussian
from bounds.mixture import Mixture

DIGITS = 60


def random_mixture(
    components: int, dimension: int, seed: int, spread: float = 1.0, shared: bool = False
) -> Mixture:
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(components))
    roots = rng.standard_normal((components, dimension, dimension)) / np.sqrt(dimension)
    covariances = roots @ roots.swapaxes(1, 2) + 0.1 * np.eye(dimension)
    means = spread * rng.standard_normal((components, dimension))
    return Mixture(weights, means, covariances[0] if shared else covariances)


class Exact:
    """One point, in `DIGITS` digits, from the definitions: joint densities and second moments,
    nothing shared with the module (no eigenvectors, no log-sum-exp, no centring).
    """

    def __init__(self, law: Mixture, t: float, x: Array) -> None:
        mp.mp.dps = DIGITS
        d, time = law.dimension, mp.mpf(t)
        e, noise = mp.exp(-time), 1 - mp.exp(-2 * time)
        point = mp.matrix(x.tolist())
        parts, self.scores, inverses, posts, covs = [], [], [], [], []
        for k in range(law.components):
            sigma = mp.matrix((law.covariances if law.is_shared else law.covariances[k]).tolist())
            mean = mp.matrix(law.means[k].tolist())
            V = e**2 * sigma + noise * mp.eye(d)
            inverse, y = V**-1, point - e * mean
            density = mp.exp(-(y.T * inverse * y)[0] / 2) / mp.sqrt((2 * mp.pi) ** d * mp.det(V))
            parts.append(mp.mpf(float(law.weights[k])) * density)
            self.scores.append(-inverse * y)
            inverses.append(inverse)
            posts.append(mean + e * sigma * inverse * y)
            covs.append(sigma - e**2 * sigma * inverse * sigma)
        total = mp.fsum(parts)
        r = [p / total for p in parts]
        zero = mp.zeros(d, 1)
        score = sum((w * g for w, g in zip(r, self.scores, strict=True)), zero)
        second = sum(
            (w * (g * g.T - V) for w, g, V in zip(r, self.scores, inverses, strict=True)),
            mp.zeros(d),
        )
        post = sum((w * a for w, a in zip(r, posts, strict=True)), zero)
        moment = sum(
            (w * (P + a * a.T) for w, a, P in zip(r, posts, covs, strict=True)), mp.zeros(d)
        )
        hessian = second - score * score.T
        self.log_density = float(mp.log(total))
        self.responsibilities = np.array([float(w) for w in r])
        self.score = _array(score)[:, 0]
        self.hessian = _array(hessian)
        self.posterior_mean = _array(post)[:, 0]
        self.posterior_covariance = _array(moment - post * post.T)
        self.residual_covariance = _array(mp.eye(d) / noise + hessian)


def _array(matrix: mp.matrix) -> Array:
    return np.array([[float(v) for v in row] for row in matrix.tolist()])


NAMES = (
    "log_density",
    "responsibilities",
    "score",
    "hessian",
    "posterior_mean",
    "posterior_covariance",
    "residual_covariance",
)
SEPARATED = Mixture(
    np.array([1 - 1e-10, 1e-10]),
    np.array([[-40.0, 3.0], [60.0, -20.0]]),
    np.array([[1.0, 0.3], [0.3, 0.5]]),
)
ATOMS = Mixture(np.array([0.85, 0.15]), np.array([[-2.0], [2.0]]), np.zeros((1, 1)))


def between(law: Mixture, t: float) -> Array:
    """Points at, around and far outside the components,
    and on the line where two of them weigh the same.
    """
    rng = np.random.default_rng(5)
    centres = np.exp(-t) * law.means
    line = centres[0] + np.linspace(0.03, 0.97, 7)[:, None] * (centres[-1] - centres[0])
    return np.concatenate(
        [centres + 0.3 * rng.standard_normal(centres.shape), line, 5 + 3 * centres]
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("law", "t"),
    [
        (random_mixture(3, 4, 1), 0.3),
        (random_mixture(4, 3, 2, spread=5.0, shared=True), 1e-3),
        (random_mixture(2, 5, 3), 1e-9),
        (random_mixture(3, 2, 4), 12.0),
        (SEPARATED, 0.05),
        (SEPARATED, 1.5),
        (ATOMS, 0.4),
    ],
    ids=["plain", "early", "tiny-t", "late", "weight-1e-10", "weight-1e-10-late", "atoms"],
)
def test_high_precision(law: Mixture, t: float, name: str) -> None:
    """Every function against 60 digits; catches any wrong term,
    and C_t formed as I/σ² + ∇²log p (next test).

    Tolerance: rounding of the exponents, 1e-15 times the largest log density, is amplified by at
    most the spread between the components; 1e-10 of the largest entry leaves room for both, and
    1e-10 weights are far above it.
    """
    x = between(law, t)
    values = getattr(law, name)(t, x)
    for value, point in zip(values, x, strict=True):
        wanted = getattr(Exact(law, t, point), name)
        assert_allclose(value, wanted, rtol=1e-10, atol=1e-10 * np.abs(wanted).max())


def test_late_times_do_not_cancel() -> None:
    """C_t ~ e^{−2t} Cov(X_0) at t = 15, to 1e-10;
    the decoy, I/σ² + ∇²log p_t in float64, keeps not one digit.
    """
    law, t, x = random_mixture(2, 2, 8, spread=0.5), 15.0, np.array([0.1, -0.2])
    wanted = Exact(law, t, x).residual_covariance
    assert_allclose(law.residual_covariance(t, x), wanted, rtol=1e-10)
    decoy = np.eye(2) / -np.expm1(-2 * t) + law.hessian(t, x)
    assert np.abs(decoy - wanted).max() > 1e-4 * np.abs(wanted).max()


def test_minor_component_is_exact_far_below_underflow() -> None:
    """A component of density 1e-1000 must vanish without a warning,
    and dominate where it is the nearer one.
    """
    law = Mixture(np.array([1 - 1e-10, 1e-10]), np.array([[-50.0], [50.0]]), np.array([[0.01]]))
    r = law.responsibilities(1e-6, np.array([[-50.0], [50.0], [200.0]]))
    assert_allclose(r, [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]], atol=1e-300)
    assert_allclose(law.posterior_mean(1e-6, np.array([[200.0]])), [[200.0]], rtol=1e-3)
    assert np.all(np.isfinite(law.log_density(1e-6, np.array([[1e4], [-1e4]]))))


def central(f: Callable[[Array], Array], x: Array, h: float = 1e-5) -> Array:
    """Fourth-order differences of f, along a new last axis."""
    columns = []
    for step in h * np.eye(x.size):
        columns.append(
            (8 * (f(x + step) - f(x - step)) - (f(x + 2 * step) - f(x - 2 * step))) / (12 * h)
        )
    return np.stack(columns, axis=-1)


def test_derivatives() -> None:
    """score = ∇ log_density, hessian = ∇ score,
    ∇E[X_0|X_t] = (e/σ²) Cov; catches a missing ⟨g gᵀ⟩ or −s sᵀ.
    """
    law, t = random_mixture(3, 3, 11), 0.2
    ratio = np.exp(-t) / -np.expm1(-2 * t)
    for x in between(law, t)[:6]:
        hessian = central(lambda y: law.score(t, y), x, 1e-3)
        assert_allclose(
            central(lambda y: law.log_density(t, y), x, 1e-3), law.score(t, x), atol=1e-7
        )
        assert_allclose(hessian, law.hessian(t, x), atol=1e-7)
        slope = central(lambda y: law.posterior_mean(t, y), x, 1e-3)
        assert_allclose(slope, ratio * law.posterior_covariance(t, x), atol=1e-7)
        s = law.score(t, x)  # decoy: the second moment of the g_k without −s sᵀ
        assert np.abs(hessian - (law.hessian(t, x) + np.outer(s, s))).max() > 1e-3


def test_tweedie_by_quadrature() -> None:
    """E[−Z_t/σ² | X_t] = s and the law of X_t,
    by integrating over X_0 on a grid: no Gaussian algebra at all.

    Trapezoid rule on 8001 points, spectrally accurate here. Decoy: 1/σ for 1/σ² is off by
    1/σ = 1.2.
    """
    law, t = Mixture(np.array([0.85, 0.15]), np.array([[-2.0], [2.0]]), np.array([[0.25]])), 0.6
    y = np.linspace(-8, 8, 8001)
    p0 = sum(
        w * np.exp(-((y - m) ** 2) / 0.5) / np.sqrt(0.5 * np.pi)
        for w, m in zip(law.weights, law.means[:, 0], strict=True)
    )
    noise = -np.expm1(-2 * t)
    for x in (-1.5, 0.1, 0.7, 2.0):
        z = x - np.exp(-t) * y
        joint = p0 * np.exp(-(z**2) / (2 * noise)) / np.sqrt(2 * np.pi * noise)
        density = np.trapezoid(joint, y)
        conditional = joint / density
        point = np.array([x])
        score = np.trapezoid(-z / noise * conditional, y)
        mean = np.trapezoid(y * conditional, y)
        assert_allclose(law.log_density(t, point), np.log(density), atol=1e-12)
        assert_allclose(law.score(t, point)[0], score, rtol=1e-11)
        assert_allclose(law.posterior_mean(t, point)[0], mean, rtol=1e-11)
        variance = np.trapezoid((y - mean) ** 2 * conditional, y)
        assert_allclose(law.posterior_covariance(t, point)[0, 0], variance, rtol=1e-11)
        residual = np.trapezoid((z / noise + score) ** 2 * conditional, y)
        assert_allclose(law.residual_covariance(t, point)[0, 0], residual, rtol=1e-11)
        assert abs(law.score(t, point)[0] - score * np.sqrt(noise)) > 0.05 * abs(score)


def test_one_component_is_the_gaussian() -> None:
    """K = 1 agrees with bounds.gaussian, which is tested by itself."""
    rng = np.random.default_rng(3)
    root = rng.standard_normal((4, 4))
    covariance = root @ root.T + np.eye(4)
    law = Mixture(np.ones(1), np.zeros((1, 4)), covariance)
    gaussian = Gaussian.from_covariance(covariance)
    x = rng.standard_normal((5, 4))
    assert_allclose(law.score(0.3, x), x @ gaussian.score_matrix(0.3), rtol=1e-10)
    wanted = gaussian.matrix(gaussian.conditional_variances(0.3))
    assert_allclose(law.residual_covariance(0.3, x), np.broadcast_to(wanted, (5, 4, 4)), atol=1e-12)


def test_marginal_and_shapes() -> None:
    """The score at t is the score at 0 of the marginal; a shared covariance equals
    the same one given K times; leading shapes pass through. Decoy: means not shrunk by e_t.
    """
    law, t = random_mixture(3, 3, 21, shared=True), 0.7
    copied = Mixture(law.weights, law.means, np.broadcast_to(law.covariances, (3, 3, 3)))
    x = np.random.default_rng(1).standard_normal((2, 5, 3))
    for name in NAMES:
        value = getattr(law, name)(t, x)
        assert value.shape[:2] == (2, 5)
        assert_allclose(value, getattr(copied, name)(t, x), rtol=1e-11, atol=1e-13)
        assert_allclose(value[1, 3], getattr(law, name)(t, x[1, 3]), rtol=1e-13)
    assert_allclose(law.marginal(t).score(0.0, x), law.score(t, x), rtol=1e-10, atol=1e-12)
    unshrunk = Mixture(law.weights, law.means, law.marginal(t).covariances)
    assert np.abs(unshrunk.score(0.0, x) - law.score(t, x)).max() > 0.1


def test_samples() -> None:
    """Mass of the minor mode, mean and covariance
    of 200 000 draws, each within 6.5 standard errors.

    False alarm: 1 + 3 + 6 two-sided normal tails at 6.5, 8e-10 together. Catches a mass off by
    0.006, a covariance off by 2 %; the decoy (components' covariances swapped) is rejected by the
    same check.
    """
    size = 200_000
    means = np.array([[0.0, 0.0, 1.0], [6.0, -6.0, 0.0]])
    major = [[1.0, 0.5, 0.3], [0.5, 2.0, -0.4], [0.3, -0.4, 0.8]]
    covariances = np.array([major, np.diag([0.5, 0.3, 0.2])])
    law = Mixture(np.array([0.8, 0.2]), means, covariances)
    draws = law.sample(size, np.random.default_rng(42))
    mean = law.weights @ means
    spread = np.einsum(
        "k,kij->ij", law.weights, covariances + means[:, :, None] * means[:, None, :]
    )
    wanted = spread - np.outer(mean, mean)

    def deviations(weights: Array, cov: Array) -> float:
        minor = draws[:, 0] - draws[:, 1] > 6
        p = weights[1]
        scores = [(minor.mean() - p) / np.sqrt(p * (1 - p) / size)]
        scores += list((draws.mean(axis=0) - mean) / np.sqrt(np.diag(wanted) / size))
        inner = draws[~minor] - means[0]
        for i, j in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)):
            error = np.sqrt((cov[0, i, i] * cov[0, j, j] + cov[0, i, j] ** 2) / len(inner))
            scores.append((np.mean(inner[:, i] * inner[:, j]) - cov[0, i, j]) / error)
        return float(np.abs(scores).max())

    # The cut sits 4.2 and 6.7 standard deviations from the modes: it moves at most 1.3e-5 of mass.
    assert deviations(law.weights, covariances) < 6.5
    assert deviations(law.weights, covariances[::-1]) > 6.5
    assert deviations(np.array([0.79, 0.21]), covariances) > 6.5


def test_curvature_bound() -> None:
    """∇²log p_t ≤ L₊(t) at 4000 random points of a 4-component law; attained half-way between two
    equal spheres; the decoy, an eighth instead of a quarter of the squared range, is exceeded
    there."""
    times = np.array([0.01, 0.1, 0.5, 2.0])
    law = random_mixture(4, 3, 7, spread=2.0, shared=True)
    for t, bound in zip(times, law.curvature_bound(times), strict=True):
        x = 3 * np.random.default_rng(0).standard_normal((4000, 3))
        assert np.linalg.eigvalsh(law.hessian(float(t), x)).max() <= bound + 1e-12 * abs(bound)
    pair = Mixture(np.array([0.5, 0.5]), np.array([[-1.5, 0.5], [1.5, -0.5]]), 0.25 * np.eye(2))
    for t in times:
        top = np.linalg.eigvalsh(pair.hessian(float(t), np.zeros(2))).max()
        bound = float(pair.curvature_bound(t))
        assert_allclose(bound, top, rtol=1e-12)
        v = float(pair.variances(float(t))[0, 0])
        assert (bound + 1 / v) / 2 - 1 / v < top - 1e-4
    with pytest.raises(InvalidInput, match="shared"):
        random_mixture(2, 2, 1).curvature_bound(0.1)


GOOD = {"weights": [0.5, 0.5], "means": [[0.0], [1.0]], "covariances": [[1.0]]}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("weights", [0.5, 0.4]),
        ("weights", [1.0, 0.0]),
        ("weights", [1.5, -0.5]),
        ("weights", [np.nan, 0.5]),
        ("weights", []),
        ("means", [0.0, 1.0]),
        ("means", [[0.0], [1.0], [2.0]]),
        ("means", [[np.inf], [1.0]]),
        ("covariances", [1.0]),
        ("covariances", [[-1.0]]),
        ("covariances", [[[1.0]], [[-1e-3]]]),
        ("covariances", [[1.0, 2.0], [0.0, 1.0]]),
    ],
)
def test_bad_laws(key: str, value: object) -> None:
    """Each bad field is named."""
    fields = {name: np.array(v) for name, v in (GOOD | {key: value}).items()}
    with pytest.raises(InvalidInput) as caught:
        Mixture(**fields)
    assert caught.value.key == key


def test_asymmetric_covariance_and_bad_points() -> None:
    """Asymmetry, wrong dimension, negative time, an atom's density at t = 0, C_t at t = 0."""
    with pytest.raises(InvalidInput, match="symmetric"):
        Mixture(np.ones(1), np.zeros((1, 2)), np.array([[1.0, 0.5], [0.0, 1.0]]))
    law = Mixture(**{name: np.array(v) for name, v in GOOD.items()})
    for t, x in ((0.1, [0.0, 1.0]), (0.1, 0.0), (-0.1, [0.0]), (0.1, [np.nan]), (np.nan, [0.0])):
        with pytest.raises(InvalidInput):
            law.score(t, x)
    with pytest.raises(InvalidInput, match="singular"):
        ATOMS.log_density(0.0, [0.0])
    with pytest.raises(InvalidInput, match="positive"):
        law.residual_covariance(0.0, [0.0])
    with pytest.raises(InvalidInput, match="negative"):
        law.marginal(-1.0)


HALVES, PLACES, EYES = (
    np.array([0.5, 0.5]),
    np.array([[0.0, 0.0], [1.0, 1.0]]),
    np.stack([np.eye(2), np.eye(2)]),
)
SOUND = Mixture(HALVES, PLACES, EYES)
THIN = Mixture(HALVES, PLACES, np.diag([1.0, 0.0]))
NARROW = Mixture(np.ones(1), np.zeros((1, 1)), np.array([[1e-4]]))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: Mixture(np.array([]), PLACES, EYES),
            "weights: must be a non-empty list of positive numbers",
        ),
        (
            lambda: Mixture(np.array([1.0, 0.0]), PLACES, EYES),
            "weights: must be a non-empty list of positive numbers",
        ),
        (
            lambda: Mixture(np.array([0.5, 0.6]), PLACES, EYES),
            "weights: must sum to 1, but sum to 1.1",
        ),
        (lambda: Mixture(HALVES, PLACES[0], EYES), "means: must have shape (2, d), but have (2,)"),
        (
            lambda: Mixture(HALVES, PLACES, np.eye(3)),
            "covariances: must have shape (2, 2) or (2, 2, 2), but have (3, 3)",
        ),
        (lambda: Mixture(HALVES, PLACES, EYES * np.nan), "covariances: holds NaN or an infinity"),
        (
            lambda: Mixture(HALVES, PLACES, np.array([[1.0, 0.5 + 2e-10], [0.5, 1.0]])),
            "covariances: must be symmetric, but S − S.T reaches 2e-10 of the largest entry"
            ", as in float32: use float64, or (S + S.T) / 2",
        ),
        (
            lambda: Mixture(HALVES, PLACES, np.array([[1.0, 2e-13], [0.0, 1.0]])),
            "covariances: must be symmetric, but S − S.T reaches 2e-13 of the largest entry"
            ", as in float32: use float64, or (S + S.T) / 2",
        ),
        (
            lambda: Mixture(HALVES, PLACES, np.stack([1e9 * np.eye(2), np.diag([1.0, -1e-9])])),
            "covariances: are not positive semi-definite: an eigenvalue is -1e-09",
        ),
        (lambda: SOUND.variances(np.nan), "t: holds NaN or an infinity"),
        (lambda: SOUND.variances(-0.5), "t: must not be negative, but is -0.5"),
        (
            lambda: THIN.variances(0.0),
            "t: must be positive where a covariance is singular: there is no density",
        ),
        (lambda: SOUND.marginal(np.nan), "t: holds NaN or an infinity"),
        (lambda: SOUND.marginal(-0.5), "t: must not be negative, but is -0.5"),
        (lambda: SOUND.score(0.5, np.array([np.nan, 0.0])), "x: holds NaN or an infinity"),
        (lambda: SOUND.score(0.5, np.ones(3)), "x: must have shape (…, 2), but has (3,)"),
        (
            lambda: NARROW.score(0.0, [1.01e148]),
            "x: must lie within 1e+150 deviations and within 1e+150 of each mean, where log p is a "
            "number",
        ),
        (lambda: SOUND.residual_covariance(0.0, np.ones(2)), "t: must be positive, but is 0"),
        (
            lambda: SOUND.residual_covariance(9e-151, np.ones(2)),
            "t: must be at least 1e-150, where 1/t² is a number, but is 9e-151",
        ),
        (
            lambda: SOUND.sample(-1, np.random.default_rng(1)),
            "size: must be at least 0, but is -1",
        ),
        (
            lambda: SOUND.curvature_bound(0.5),
            "covariances: must be one shared matrix for the bound on the curvature",
        ),
        (
            lambda: Mixture(HALVES, PLACES, np.eye(2)).curvature_bound(np.inf),
            "t: holds NaN or an infinity",
        ),
    ],
)
def test_refusals_are_one_sentence(call: Callable[[], object], sentence: str) -> None:
    """Key and reason, word for word."""
    with pytest.raises(InvalidInput) as refused:
        call()
    assert str(refused.value) == sentence


def test_what_is_just_allowed() -> None:
    """Rounding: asymmetry of 10⁻¹³ of the scale, an eigenvalue
    of −4·10⁻¹⁶ of it, at any scale; an atom, whose scale is 0; and t = 0 for a marginal.
    """
    for scale in (1e-6, 1.0, 1e6):
        Mixture(HALVES, PLACES, scale * np.array([[1.0, 0.5 + 4e-11], [0.5, 1.0]]))
        Mixture(HALVES, PLACES, scale * np.array([[1.0, 0.9e-13], [0.0, 1.0]]))
        Mixture(HALVES, PLACES, scale * np.stack([np.eye(2), np.diag([1.0, -4e-16])]))
    assert_allclose(Mixture(HALVES, PLACES, np.zeros((2, 2))).variances(1.0), -np.expm1(-2.0))
    assert_allclose(SOUND.marginal(0.0).means, PLACES)


def test_the_farthest_points_and_the_earliest_time_that_are_allowed() -> None:
    """By hand: log p = −x²/(2v) where the rest is too small to see, at 1e150 deviations, and in
    the units of the law, however narrow; C_t = I/(2t) at t = 1e-150. No points and no draws have
    no values, and are no error. Of a wide law x² itself must be a number: at 9e154, 9e149
    deviations, the score would be none.
    """
    for law, x in ((SOUND, [1e150, 0.0]), (NARROW, [0.99e148])):
        v = law.covariances.max()
        assert_allclose(law.log_density(0.0, x), -(max(x) ** 2) / v / 2, rtol=1e-14)
    wide = Mixture(np.ones(1), np.zeros((1, 1)), np.array([[1e10]]))
    assert_allclose(wide.log_density(0.0, [1e150]), -0.5e290, rtol=1e-14)
    with pytest.raises(InvalidInput, match=r"within 1e.150 of each mean"):
        wide.score(0.0, [9e154])
    thinnest = Mixture(np.ones(1), np.zeros((1, 1)), np.array([[1e-302]]))
    assert_allclose(thinnest.log_density(0.0, [0.05]), -(0.05**2) / 2e-302, rtol=1e-14)
    assert_allclose(SOUND.residual_covariance(1e-150, [0.0, 0.0]), np.eye(2) / 2e-150, rtol=1e-14)
    assert SOUND.log_density(0.5, np.ones((0, 2))).shape == (0,)
    assert SOUND.sample(0, np.random.default_rng(1)).shape == (0, 2)


def test_what_is_given_is_kept_as_numbers() -> None:
    """Lists become arrays of float64, weights sum to 1, covariances are symmetric to the last bit;
    rounding below 0 is in the units of its own component.
    """
    lists: Any = (
        [0.25, 0.75 + 6e-10],
        [[0, 1], [2, 3]],
        [[[1e6, 0], [0, -1e-10]], [[1.0, 0.5 + 1e-14], [0.5, 1.0]]],
    )
    law = Mixture(*lists)
    for values, given in zip((law.weights, law.means, law.covariances), lists, strict=True):
        assert values.dtype == np.float64
        assert_allclose(values, given, rtol=1e-9)
    assert abs(law.weights.sum() - 1) < 1e-15
    assert_allclose(law.covariances, np.swapaxes(law.covariances, -1, -2), rtol=0)


def test_curvature_bound_sees_differences_of_means_alone() -> None:
    """By hand in one dimension, λ = 0.5, means 3 and 4: e²/(4 v²) − 1/v.
    Means about 0 cannot tell a difference from a sum.
    """
    t = 0.3
    law = Mixture(HALVES, np.array([[3.0], [4.0]]), np.array([[0.5]]))
    v = 0.5 * np.exp(-2 * t) + 1 - np.exp(-2 * t)
    assert law.curvature_bound(t) == pytest.approx(np.exp(-2 * t) / (4 * v**2) - 1 / v, rel=1e-12)
