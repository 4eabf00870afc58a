"""Gaussian divergences against quadrature, matrix square roots and high precision."""

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy import integrate, linalg, stats

from bounds.check import Array, InvalidInput
from bounds.divergence import Normal, frechet, kl, tv, w2


def _pair(d: int, seed: int) -> tuple[Normal, Normal]:
    """Two Gaussians whose covariances do not commute."""
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((2, d, d))
    eye = 0.3 * np.eye(d)
    return (
        Normal(rng.standard_normal(d), a @ a.T / d + eye),
        Normal(rng.standard_normal(d), b @ b.T / d + eye),
    )


def test_kl_in_one_dimension_is_the_integral_of_its_definition() -> None:
    """∫ p log(p/q) by adaptive quadrature.
    Catches a dropped ½ and exchanged arguments (both decoys).
    """
    p, q = Normal(np.array([0.4]), np.array([[0.7]])), Normal(np.array([-0.3]), np.array([[1.9]]))
    f, g = stats.norm(0.4, np.sqrt(0.7)), stats.norm(-0.3, np.sqrt(1.9))
    truth = integrate.quad(lambda x: f.pdf(x) * (f.logpdf(x) - g.logpdf(x)), -12, 12, epsabs=1e-12)[
        0
    ]
    assert kl(p, q) == pytest.approx(truth, rel=1e-9)
    assert kl(q, p) != pytest.approx(truth, rel=1e-2)
    assert 2 * kl(p, q) != pytest.approx(truth, rel=1e-2)


def test_kl_in_two_dimensions_is_the_integral_of_its_definition() -> None:
    """E_p log(p/q) by tensor Gauss-Hermite quadrature of scipy's log densities (exact for
    quadratics). Catches a determinant or a trace of the wrong matrix; the decoy forgets the
    off-diagonal of Σ_q."""
    p, q = _pair(2, 1)
    nodes, weights = np.polynomial.hermite_e.hermegauss(12)
    weights = weights / weights.sum()
    points = p.mean + np.stack(np.meshgrid(nodes, nodes, indexing="ij"), -1) @ linalg.cholesky(
        p.covariance
    )
    log_ratio = stats.multivariate_normal(p.mean, p.covariance).logpdf(
        points
    ) - stats.multivariate_normal(q.mean, q.covariance).logpdf(points)
    truth = float(weights @ log_ratio @ weights)
    assert kl(p, q) == pytest.approx(truth, rel=1e-10)
    assert kl(p, Normal(q.mean, np.diag(np.diag(q.covariance)))) != pytest.approx(truth, rel=1e-2)


def test_w2_in_one_dimension_is_the_quantile_integral() -> None:
    """W2² = ∫ (F^{-1} − G^{-1})² du. Catches variances in place of standard deviations (decoy)."""
    p, q = Normal(np.array([0.4]), np.array([[0.7]])), Normal(np.array([-0.3]), np.array([[1.9]]))
    f, g = stats.norm(0.4, np.sqrt(0.7)), stats.norm(-0.3, np.sqrt(1.9))
    truth = integrate.quad(lambda u: (f.ppf(u) - g.ppf(u)) ** 2, 0, 1, limit=200)[0]
    assert frechet(p, q) == pytest.approx(truth, rel=1e-6)
    assert w2(p, q) ** 2 == pytest.approx(truth, rel=1e-6)
    decoy = 0.7**2 + (0.7 - 1.9) ** 2
    assert decoy != pytest.approx(truth, rel=1e-2)


def _bures_by_square_roots(p: Normal, q: Normal) -> float:
    root = linalg.sqrtm(p.covariance)
    cross = np.real(linalg.sqrtm(root @ q.covariance @ root))
    return float(((p.mean - q.mean) ** 2).sum() + np.trace(p.covariance + q.covariance - 2 * cross))


@pytest.mark.parametrize("d", [2, 3, 7])
def test_w2_is_the_bures_formula(d: int) -> None:
    """Matrix square roots of scipy. Decoy:
    ‖Σ_p^{1/2} − Σ_q^{1/2}‖², true only for commuting covariances.
    """
    p, q = _pair(d, d)
    truth = _bures_by_square_roots(p, q)
    assert frechet(p, q) == pytest.approx(truth, rel=1e-10)
    decoy = ((p.mean - q.mean) ** 2).sum() + (
        (linalg.sqrtm(p.covariance) - linalg.sqrtm(q.covariance)) ** 2
    ).sum()
    assert decoy != pytest.approx(truth, rel=1e-4)


@pytest.mark.parametrize("d", [2, 4])
def test_w2_is_reached_by_a_linear_map(d: int) -> None:
    """The map T = Σ_p^{-1/2}(Σ_p^{1/2} Σ_q Σ_p^{1/2})^{1/2} Σ_p^{-1/2} pushes p to q and costs W2²;
    another map from p to q, by Cholesky factors, costs more (decoy). Catches an unreachable
    value."""
    p, q = _pair(d, 10 + d)
    root = linalg.sqrtm(p.covariance)
    inverse = np.linalg.inv(root)
    best = inverse @ np.real(linalg.sqrtm(root @ q.covariance @ root)) @ inverse
    other = linalg.cholesky(q.covariance, lower=True) @ np.linalg.inv(
        linalg.cholesky(p.covariance, lower=True)
    )

    def cost(matrix: Array) -> float:
        assert matrix @ p.covariance @ matrix.T == pytest.approx(q.covariance, abs=1e-10)
        moved = matrix - np.eye(d)
        return float(np.trace(moved @ p.covariance @ moved.T) + ((p.mean - q.mean) ** 2).sum())

    assert cost(best) == pytest.approx(float(frechet(p, q)), rel=1e-9)
    assert cost(other) > float(frechet(p, q)) * (1 + 1e-4)


def one(mean: float, variance: float) -> Normal:
    return Normal(np.array([mean]), np.array([[variance]]))


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (one(0.4, 0.7), one(-0.3, 1.9)),
        (one(-0.3, 1.9), one(0.4, 0.7)),
        (one(0.0, 0.7), one(0.0, 1.9)),
        (one(2.0, 0.7), one(-1.0, 0.7)),
        (one(-1.0, 0.7), one(2.0, 0.7)),
        (one(0.1, 1.0), one(0.1, 1.0 + 1e-6)),
        (one(5.0, 1e-4), one(0.0, 1.0)),
        (one(0.5, 0.7), one(0.0, 0.7)),
    ],
)
def test_tv_is_half_of_the_integral(p: Normal, q: Normal) -> None:
    """½ ∫|p − q| in 40 digits, between roots that mpmath finds for itself."""
    with mpmath.workdps(40):
        (m, n), (a, b) = (
            [mpmath.mpf(float(x)) for x in pair]
            for pair in ((p.mean[0], q.mean[0]), (p.covariance[0, 0], q.covariance[0, 0]))
        )
        c2, c1, c0 = b - a, 2 * (a * n - b * m), b * m**2 - a * n**2 - a * b * mpmath.log(b / a)
        ends = sorted(mpmath.polyroots([c2, c1, c0])) if c2 else [(m + n) / 2]
        cuts = [-mpmath.inf, *ends, mpmath.inf]

        def mass(k: int) -> mpmath.mpf:
            found = [
                [mpmath.ncdf((x - mean) / mpmath.sqrt(v)) for x in cuts[k : k + 2]]
                for mean, v in ((m, a), (n, b))
            ]
            return (found[0][1] - found[0][0]) - (found[1][1] - found[1][0])

        truth = float(sum(abs(mass(k)) for k in range(len(cuts) - 1)) / 2)
    assert tv(p, q) == pytest.approx(truth, abs=1e-15)


def test_tv_of_batches_and_of_equals() -> None:
    """Each pair by itself; 0 for a law and itself; and what it is not defined for."""
    means, variances = np.array([[0.0], [1.0], [2.0]]), np.array([0.5, 1.0, 2.0])[:, None, None]
    batch = tv(Normal(means, variances), one(1.0, 1.0))
    each = [
        tv(one(float(m[0]), float(v[0, 0])), one(1.0, 1.0))
        for m, v in zip(means, variances, strict=True)
    ]
    np.testing.assert_array_equal(batch, np.array(each))
    assert batch[1] == 0
    assert 0 < batch[0] < 1
    with pytest.raises(InvalidInput, match="p: must have d = 1, but has d = 2"):
        tv(Normal(np.zeros(2), np.eye(2)), Normal(np.zeros(2), np.eye(2)))
    with pytest.raises(InvalidInput, match="q: has a singular covariance"):
        tv(one(0.0, 1.0), one(0.0, 0.0))
    with pytest.raises(InvalidInput, match="p: has a singular covariance"):
        tv(one(0.0, 0.0), one(0.0, 1.0))


def test_singular_covariances_have_a_w2_and_no_kl() -> None:
    """To a point mass W2² is the second moment about it; to a line, the rest of the variance."""
    q = _pair(3, 5)[1]
    point = Normal(np.zeros(3), np.zeros((3, 3)))
    assert frechet(point, q) == pytest.approx(np.trace(q.covariance) + q.mean @ q.mean)
    plane = Normal(np.zeros(2), np.diag([4.0, 0.0]))
    assert frechet(plane, Normal(np.zeros(2), np.diag([1.0, 9.0]))) == pytest.approx(1.0 + 9.0)
    with pytest.raises(InvalidInput, match="singular"):
        kl(point, q)
    with pytest.raises(InvalidInput, match="singular"):
        kl(q, point)


def _exact_nearby(epsilon: float) -> tuple[Normal, Normal, float, float]:
    """Two close Gaussians in d = 2, with KL and W2² by the textbook forms in 60 digits."""
    a = np.array([[2.0, 0.5], [0.5, 1.0]])
    b = a + epsilon * np.array([[1.0, -0.3], [-0.3, 0.7]])
    p, q = Normal(np.zeros(2), a), Normal(np.zeros(2), b)
    with mpmath.workdps(60):
        A, B = mpmath.matrix(a.tolist()), mpmath.matrix(b.tolist())
        det = mpmath.det(A * B)
        # In d = 2, tr (Σ_p Σ_q)^{1/2} = sqrt(tr Σ_pΣ_q + 2 sqrt(det Σ_pΣ_q)).
        product = A * B
        root_trace = mpmath.sqrt(product[0, 0] + product[1, 1] + 2 * mpmath.sqrt(det))
        bures = A[0, 0] + A[1, 1] + B[0, 0] + B[1, 1] - 2 * root_trace
        ratio = B**-1 * A
        divergence = (ratio[0, 0] + ratio[1, 1] - 2 - mpmath.log(mpmath.det(ratio))) / 2
        return p, q, float(divergence), float(bures)


def _textbook_kl(p: Normal, q: Normal) -> float:
    ratio = np.linalg.solve(q.covariance, p.covariance)
    return float(0.5 * (np.trace(ratio) - p.dimension - np.log(np.linalg.det(ratio))))


def test_kl_in_five_dimensions_is_the_textbook_form() -> None:
    """Log determinant and trace, far from p = q.
    Catches a basis for its transpose, which in the plane can be the same matrix.
    """
    p, q = _pair(5, 2)
    shift = p.mean - q.mean
    wanted = _textbook_kl(p, q) + 0.5 * shift @ np.linalg.solve(q.covariance, shift)
    assert kl(p, q) == pytest.approx(wanted, rel=1e-11)
    listed: Any = (p.mean.tolist(), p.covariance.tolist())
    assert kl(Normal(*listed), q) == kl(p, q)


def test_kl_of_a_law_much_narrower_in_one_direction() -> None:
    """Each direction by itself, narrow ones and a wide one: ½ Σ (r − 1 − log r) to 1e-14.
    ε = r − 1 by subtraction keeps nine digits of r at 1e-7; catches a ratio of another direction.
    """
    ratios = np.array([1e-7, 0.3, 4.0])
    found = kl(Normal(np.zeros(3), np.diag(2 * ratios)), Normal(np.zeros(3), 2 * np.eye(3)))
    assert found == pytest.approx(0.5 * np.sum(ratios - 1 - np.log(ratios)), rel=1e-14)


@pytest.mark.parametrize("epsilon", [1e-2, 1e-5, 1e-9])
@pytest.mark.parametrize(
    ("ours", "textbook", "which"),
    [(kl, _textbook_kl, 0), (frechet, _bures_by_square_roots, 1)],
    ids=["kl", "w2"],
)
def test_close_laws_keep_their_distance(
    epsilon: float,
    ours: Callable[[Normal, Normal], Array],
    textbook: Callable[[Normal, Normal], float],
    which: int,
) -> None:
    """Against 60-digit arithmetic: KL to 1e-13 at every ε (ε − log1p ε without its series would
    lose 1e-7 at 1e-9), W2² to 1e-14/ε, what rounding of the factors leaves. Decoy: the textbook
    forms in float64, wrong altogether at ε = 1e-9."""
    p, q, *truths = _exact_nearby(epsilon)
    truth = truths[which]
    assert ours(p, q) == pytest.approx(
        truth, rel=1e-13 if which == 0 else max(1e-12, 1e-14 / epsilon), abs=0
    )
    if epsilon == 1e-9:
        assert abs(textbook(p, q) - truth) > 0.5 * truth


def test_batches_are_their_members() -> None:
    """Broadcasting two batches gives each pair's own number; catches a sum over the wrong axis."""
    rng = np.random.default_rng(3)
    roots = rng.standard_normal((4, 3, 3))
    p = Normal(rng.standard_normal((4, 3)), roots @ np.swapaxes(roots, -1, -2) + np.eye(3))
    q = _pair(3, 8)[0]
    singles = [Normal(p.mean[k], p.covariance[k]) for k in range(4)]
    assert kl(p, q) == pytest.approx([float(kl(one, q)) for one in singles], rel=1e-12)
    assert kl(q, p) == pytest.approx([float(kl(q, one)) for one in singles], rel=1e-12)
    assert frechet(p, q) == pytest.approx([float(frechet(one, q)) for one in singles], rel=1e-12)


@pytest.mark.parametrize(
    ("mean", "covariance", "match"),
    [
        (
            [0.0, 0.0],
            [[1.0, 0.2], [0.1, 1.0]],
            "covariance: must be symmetric, but S − S.T reaches 0.1 of the largest entry",
        ),
        ([0.0, 0.0], [[1.0, 2.0], [2.0, 1.0]], "covariance: is not positive semidefinite"),
        ([0.0, 0.0], [[1.0, np.nan], [np.nan, 1.0]], "covariance: holds NaN"),
        ([0.0, 0.0], [1.0, 1.0], "covariance: must be a square matrix"),
        ([0.0], [[1.0, 0.0], [0.0, 1.0]], "mean: has shape"),
        (np.zeros((3, 2)), np.ones((4, 1, 1)) * np.eye(2), "mean: its batch"),
        ([0.0, np.inf], [[1.0, 0.0], [0.0, 1.0]], "mean: holds NaN or an infinity"),
    ],
)
def test_bad_laws_are_named(mean: Array, covariance: Array, match: str) -> None:
    """One sentence, naming the input."""
    with pytest.raises(InvalidInput, match=match):
        Normal(np.asarray(mean), np.asarray(covariance))


def test_laws_of_different_dimension_are_named() -> None:
    """Both divergences refuse them."""
    p, q = _pair(2, 1)[0], _pair(3, 1)[0]
    for divergence in (kl, frechet, w2):
        with pytest.raises(InvalidInput, match="q: has dimension 3 where p has 2"):
            divergence(p, q)


ZERO = np.zeros(2)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: Normal(ZERO, np.eye(2)[0]),
            "covariance: must be a square matrix, but has shape (2,)",
        ),
        (
            lambda: Normal(ZERO, np.ones((2, 3))),
            "covariance: must be a square matrix, but has shape (2, 3)",
        ),
        (
            lambda: Normal(np.zeros((5, 2)), np.ones((2, 2, 3))),
            "covariance: must be a square matrix, but has shape (2, 2, 3)",
        ),
        (
            lambda: Normal(np.zeros(0), np.ones((0, 0))),
            "covariance: must be a square matrix, but has shape (0, 0)",
        ),
        (
            lambda: Normal(np.zeros(0), np.ones((3, 0, 0))),
            "covariance: must be a square matrix, but has shape (3, 0, 0)",
        ),
        (
            lambda: Normal(np.zeros(3), np.eye(2)),
            "mean: has shape (3,) where the covariance's is (2, 2)",
        ),
        (
            lambda: Normal(np.zeros(3), np.stack([np.eye(2)] * 3)),
            "mean: has shape (3,) where the covariance's is (3, 2, 2)",
        ),
        (
            lambda: Normal(np.zeros(()), np.eye(1)),
            "mean: has shape () where the covariance's is (1, 1)",
        ),
        (
            lambda: Normal(np.zeros((4, 3, 2)), np.stack([np.eye(2)] * 5)),
            "mean: its batch (4, 3) does not fit the covariance's (5,)",
        ),
        (lambda: Normal(np.array([0.0, np.nan]), np.eye(2)), "mean: holds NaN or an infinity"),
        (lambda: Normal(ZERO, np.diag([1.0, np.inf])), "covariance: holds NaN or an infinity"),
        (
            lambda: Normal(ZERO, np.array([[1.0, 2e-13], [0.0, 1.0]])),
            "covariance: must be symmetric, but S − S.T reaches 2e-13 of the largest entry"
            ", as in float32: use float64, or (S + S.T) / 2",
        ),
        (
            lambda: Normal(ZERO, np.array([[1.0, 1.0 + 3e-10], [1.0, 2.0]])),
            "covariance: must be symmetric, but S − S.T reaches 2e-10 of the largest entry"
            ", as in float32: use float64, or (S + S.T) / 2",
        ),
        (
            lambda: Normal(ZERO, np.stack([np.eye(2), np.diag([1.0, -1.5e-12])])),
            "covariance: is not positive semidefinite: an eigenvalue is -1.5e-12",
        ),
        (
            lambda: kl(Normal(ZERO, np.diag([1.0, 0.0])), Normal(ZERO, np.eye(2))),
            "p: has a singular covariance: an eigenvalue is 0, KL is infinite",
        ),
        (
            lambda: kl(
                Normal(ZERO, np.eye(2)),
                Normal(ZERO, np.stack([np.eye(2), np.diag([1.0, 4.4e-16])])),
            ),
            "q: has a singular covariance: an eigenvalue is 4.4e-16, KL is infinite",
        ),
    ],
)
def test_refusals_are_one_sentence(call: Callable[[], object], sentence: str) -> None:
    """Key and reason, word for word; in a batch the smallest eigenvalue of all is told."""
    with pytest.raises(InvalidInput) as refused:
        call()
    assert str(refused.value) == sentence


def test_what_is_just_allowed() -> None:
    """Asymmetry of rounding, an eigenvalue of −0.9·10⁻¹²
    (0 to W2), 4.5·10⁻¹⁶ in two dimensions; scale does not matter.
    """
    for scale in (1e-8, 1.0, 1e8):
        tilted = Normal(ZERO, scale * np.array([[1.0, 0.5 + 4e-11], [0.5, 1.0]]))
        assert (
            tilted.covariance[0, 1]
            == tilted.covariance[1, 0]
            == pytest.approx(scale * 0.5, rel=1e-10)
        )
        rounded = Normal(ZERO, scale * np.array([[1.0, 0.9e-13], [0.0, 1.0]]))
        assert rounded.covariance[0, 1] == pytest.approx(scale * 0.45e-13)
        assert np.isfinite(
            kl(Normal(ZERO, np.eye(2)), Normal(ZERO, scale * np.diag([1.0, 4.5e-16])))
        )
        thin = Normal(ZERO, scale * np.diag([1.0, -0.9e-12]))
        assert w2(thin, Normal(ZERO, np.zeros((2, 2)))) == pytest.approx(np.sqrt(scale), rel=1e-9)


def test_batches_of_batches_are_their_members() -> None:
    """Two batch axes, (3, 2): each member's KL and W2 is its own.
    Catches a transpose over a batch axis.
    """
    pairs = [[_pair(4, 10 * i + j) for j in range(2)] for i in range(3)]
    p, q = (
        Normal(
            np.array([[pair[k].mean for pair in row] for row in pairs]),
            np.array([[pair[k].covariance for pair in row] for row in pairs]),
        )
        for k in (0, 1)
    )
    for distance in (kl, w2):
        together = distance(p, q)
        assert together.shape == (3, 2)
        for i, row in enumerate(pairs):
            for j, (one, other) in enumerate(row):
                assert together[i, j] == pytest.approx(float(distance(one, other)), rel=1e-10)
