"""DSM's risks in O(d) numbers against dense Wishart matrices and closed moments."""

import numpy as np
import pytest
from scipy import stats

from bounds import isotropic
from bounds.check import InvalidInput
from bounds.gaussian import Gaussian
from bounds.isotropic import draw_isotropic_risks, draw_traces, isotropic_risk_variance
from bounds.risk import dsm_empirical_risk, dsm_risk

DRAWS = 4000


def dense(d: int, m: int, rng: np.random.Generator) -> tuple[float, float]:
    """Both traces from the matrices themselves."""
    x, g = rng.standard_normal((m, d)), rng.standard_normal((d, d))
    return float(np.trace(np.linalg.solve(x.T @ x, g @ g.T))), float(np.sum(g**2))


def views(x: np.ndarray) -> tuple[np.ndarray, ...]:
    """Each trace, the product, the quotient."""
    return x[:, 0], x[:, 1], x[:, 0] * x[:, 1], x[:, 0] / x[:, 1]


@pytest.mark.parametrize(("d", "m"), [(1, 4), (2, 6), (3, 9), (5, 20), (40, 90)])
def test_the_joint_law_of_dense_matrices(d: int, m: int) -> None:
    """Each trace, their product and their quotient: two-sample Kolmogorov-Smirnov at 1e-5 each, so
    20 tests raise a false alarm in 2e-4 of seeds; the seed is fixed.

    Catches the two traces drawn independently: then the quotient is wider by a half.
    """
    rng = np.random.default_rng([5, d, m])
    ours = np.transpose(draw_traces(d, m, rng.spawn(DRAWS)))
    theirs = np.array([dense(d, m, rng) for _ in range(DRAWS)])
    for one, two in zip(views(ours), views(theirs), strict=True):
        assert stats.ks_2samp(one, two).pvalue > 1e-5
    apart = np.column_stack([ours[:, 0], rng.permutation(ours[:, 1])])
    quotient = stats.ks_2samp(apart[:, 0] / apart[:, 1], theirs[:, 0] / theirs[:, 1])
    assert quotient.pvalue < 1e-5


def test_blocks_and_lanes_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    """u and the sum folded in lanes equal the recursion step by step, at sizes that fill lanes and
    sizes that do not; and small blocks have the law of one large one."""
    rng = np.random.default_rng(3)
    for size in (1, 2, 31, 32, 33, 1000):
        diagonal, above = rng.uniform(0.3, 1.0, size), rng.uniform(0.0, 0.5, size)
        u, total = 1.7, 0.0
        for b, o in zip(diagonal, above, strict=True):
            total += u / b - 1
            u = 1 + o / b * u
        found = isotropic._folded(np.array([1.7]), diagonal[None], above[None])
        assert np.ravel(found) == pytest.approx((u, total), rel=1e-12)
    whole = np.array(draw_traces(50, 120, rng.spawn(DRAWS))).T
    monkeypatch.setattr(isotropic, "BLOCK", 7)
    cut = np.array(draw_traces(50, 120, rng.spawn(DRAWS))).T
    for k in (0, 1):
        assert stats.ks_2samp(whole[:, k], cut[:, k]).pvalue > 1e-5
    one, two = (stats.pearsonr(*draws.T).statistic for draws in (whole, cut))
    assert one == pytest.approx(two, abs=0.06)


@pytest.mark.parametrize("d", [1, 5, 40])
def test_draws_side_by_side_are_those_one_by_one(d: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit for bit, where several draws share a block and where a draw takes several blocks; a seed
    used for two draws, or a block's end carried to another draw, would show."""
    monkeypatch.setattr(isotropic, "BLOCK", 16)
    side = draw_traces(d, 3 * d + 4, [np.random.default_rng(seed) for seed in range(9)])
    apart = [draw_traces(d, 3 * d + 4, np.random.default_rng(seed)) for seed in range(9)]
    np.testing.assert_array_equal(np.transpose(side), apart)
    assert len(np.unique(side[0])) == 9


@pytest.mark.parametrize(("d", "m"), [(3, 30), (20, 60), (200, 400)])
def test_moments(d: int, m: int) -> None:
    """Mean, variance and covariance: d²/(m − d − 1), the closed variance, and
    Cov(tr W_1^{-1}W_2, tr W_2) = 2 d²/(m − d − 1). The variance of the noise alone is the decoy."""
    rng = np.random.default_rng([7, d])
    draws = np.transpose(draw_traces(d, m, rng.spawn(3 * DRAWS)))
    mean, variance = d * d / (m - d - 1), isotropic_risk_variance(d, m)
    assert draws[:, 0].mean() == pytest.approx(mean, abs=5 * np.sqrt(variance / len(draws)))
    assert draws[:, 0].var() == pytest.approx(variance, rel=0.08)
    assert np.cov(draws.T)[0, 1] == pytest.approx(2 * mean, rel=0.15)
    k = m - d
    alone = 2 * d * d * (m - 1) / (k * (k - 1) * (k - 3))
    assert draws[:, 0].var() > 1.05 * alone


def test_both_traces_are_those_of_the_matrices_that_the_chain_stands_for() -> None:
    """‖B^{-1}‖² − d and tr T(I − BᵀB) from B and T themselves, whose entries the chain gives; what
    stands beside the diagonals counts twice."""
    d, m = 6, 9
    seeds = range(4)
    found = draw_traces(d, m, [np.random.default_rng(seed) for seed in seeds])
    ((diagonal, above, before, fresh, crossed),) = isotropic._chain(
        d, m, [np.random.default_rng(seed) for seed in seeds]
    )
    for row in seeds:
        beside = above[row, :-1]
        np.testing.assert_array_equal(before[row], [0, *beside])
        b = np.diag(np.sqrt(diagonal[row])) - np.diag(np.sqrt(beside), 1)
        t = np.diag(fresh[row]) + np.diag(crossed[row, :-1], 1) + np.diag(crossed[row, :-1], -1)
        wanted = np.sum(np.linalg.inv(b) ** 2) - d, np.trace(t @ (np.eye(d) - b.T @ b))
        assert (found[0][row], found[1][row]) == pytest.approx(wanted, rel=1e-12)


def test_each_step_of_the_wishart_chain_takes_the_normal_number_of_the_step_before() -> None:
    """T_{j+1,j+1} − T_{j,j+1}²/T_jj ~ χ²_{n−1} at each j; with the first step's g for every step it
    would be wider, and below 0 in one draw of seventy."""
    d, m = 4, 5
    generators = np.random.default_rng(11).spawn(DRAWS)
    ((_, _, _, fresh, crossed),) = isotropic._chain(d, m, generators)
    rest = fresh[:, 1:] - crossed[:, :-1] ** 2 / fresh[:, :-1]
    for j in range(d - 1):
        assert stats.kstest(rest[:, j], stats.chi2(m + d - 1).cdf).pvalue > 1e-5
    assert stats.kstest(fresh[:, 0], stats.chi2(m + d).cdf).pvalue > 1e-5


@pytest.mark.parametrize("samples", [5, 6, 9, 40])
def test_the_variance_in_one_dimension_is_that_of_fishers_ratio(samples: int) -> None:
    """tr W_1^{-1} W_2 = χ²_1/χ²_m, F over m; at m = d + 4 it is finite for the first time."""
    ratio = stats.f(1, samples).var() / samples**2
    assert isotropic_risk_variance(1, samples) == pytest.approx(ratio, rel=1e-12)


def test_the_variance_in_two_dimensions_is_an_integral_over_the_eigenvalues() -> None:
    """2d E tr A² + d² Var tr A, A = W_1^{-1}, over the law of W_1's two eigenvalues y < y + z,
    density ∝ z (y(y + z))^{(m − 3)/2} exp(−y − z/2): polynomials at m = 9, which Gauss and
    Laguerre's rule integrates exactly."""
    m = 9
    nodes, weights = np.polynomial.laguerre.laggauss(12)
    y, z = nodes[:, None], 2 * nodes
    w = weights[:, None] * weights * z * (y * (y + z)) ** ((m - 3) // 2)
    w = w / w.sum()
    trace, square = 1 / y + 1 / (y + z), 1 / y**2 + 1 / (y + z) ** 2
    spread = np.sum(w * trace**2) - np.sum(w * trace) ** 2
    assert np.sum(w * trace) == pytest.approx(2 / (m - 3), rel=1e-12)
    wanted = 4 * np.sum(w * square) + 4 * spread
    assert isotropic_risk_variance(2, m) == pytest.approx(wanted, rel=1e-10)


def test_the_law_is_standard_where_no_eigenvalue_is_named() -> None:
    """λ = 1: c = e^{−2t}/(1 − e^{−2t}), since signal and noise add up to 1."""
    d, m, t = 7, 20, 0.3
    risk, empirical = draw_isotropic_risks(d, m, t, np.random.default_rng(4))
    first, second = draw_traces(d, m, np.random.default_rng(4))
    c = np.exp(-2 * t) / -np.expm1(-2 * t)
    assert (risk, empirical) == pytest.approx((c * first, c * second / m), rel=1e-13)


class Stuck(np.random.Generator):
    """A source whose Beta variates are one small number, as one in 1e300 draws has them."""

    def __init__(self, value: float) -> None:
        super().__init__(np.random.PCG64(1))
        self.value = value

    def beta(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:  # type: ignore[override]
        return np.full(np.broadcast_shapes(np.shape(a), np.shape(b)), self.value)


@pytest.mark.parametrize("value", [0.0, 1e-320])
def test_a_risk_that_leaves_float64_is_refused(value: float) -> None:
    """In a sentence, without a warning of numpy's before it."""
    with pytest.raises(InvalidInput, match="samples: m = 5 is so near d = 4 that the risk leaves"):
        draw_traces(4, 5, Stuck(value))


def test_risks_of_a_law() -> None:
    """c and m in their places: means against the closed forms of the dense law, λ = 2.5, d = 30."""
    d, m, t = 30, 200, 0.4
    law, rng = Gaussian(np.full(d, 2.5)), np.random.default_rng(9)
    draws = np.transpose(draw_isotropic_risks(d, m, t, rng.spawn(DRAWS), eigenvalue=2.5))
    error = draws.std(axis=0) / np.sqrt(DRAWS)
    wanted = dsm_risk(law, t, m), dsm_empirical_risk(law, t, m)
    assert np.all(np.abs(draws.mean(axis=0) - wanted) < 5 * error)
    assert np.all(error < 0.003 * np.array(wanted))


def test_far_dimensions_keep_their_digits() -> None:
    """At d = 3·10⁵ one draw is its mean to a few 1e-6, the law's own spread."""
    d = 300_000
    first, second = draw_traces(d, 2 * d, np.random.default_rng(2))
    spread = np.sqrt(isotropic_risk_variance(d, 2 * d))
    assert abs(first - d * d / (d - 1)) < 6 * spread
    assert spread < 1e-5 * first
    assert second == pytest.approx(d * d, rel=6 * np.sqrt(2) / d)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((0, 5), "dimension: must be"),
        ((10**9 + 1, 10**10), "dimension: must be"),
        ((4, 4), "samples: m must exceed d = 4, but is 4"),
        ((4, 10**13), "samples: must be"),
        ((2.5, 9), "dimension: must be"),
    ],
)
def test_refusals(arguments: tuple[int, int], sentence: str) -> None:
    with pytest.raises(InvalidInput) as said:
        draw_traces(*arguments, np.random.default_rng(0))
    assert str(said.value).startswith(sentence)


def test_a_billion_dimensions_are_not_too_many() -> None:
    """The size up to which the module is promised: asked for, not drawn."""
    isotropic.check_traces(isotropic.MOST, 10**12)
    with pytest.raises(InvalidInput, match="dimension: must be at most 1000000000"):
        isotropic.check_traces(isotropic.MOST + 1, 10**12)


def test_no_variance_next_to_d() -> None:
    with pytest.raises(InvalidInput, match="samples: must exceed d \\+ 3 = 8"):
        isotropic_risk_variance(5, 8)
