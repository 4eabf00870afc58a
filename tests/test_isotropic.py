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
    ours = np.array([draw_traces(d, m, rng) for _ in range(DRAWS)])
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
    whole = np.array([draw_traces(50, 120, rng) for _ in range(DRAWS)])
    monkeypatch.setattr(isotropic, "BLOCK", 7)
    cut = np.array([draw_traces(50, 120, rng) for _ in range(DRAWS)])
    for k in (0, 1):
        assert stats.ks_2samp(whole[:, k], cut[:, k]).pvalue > 1e-5
    assert np.corrcoef(cut.T)[0, 1] == pytest.approx(np.corrcoef(whole.T)[0, 1], abs=0.06)


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
    draws = np.array([draw_traces(d, m, rng) for _ in range(3 * DRAWS)])
    mean, variance = d * d / (m - d - 1), isotropic_risk_variance(d, m)
    assert draws[:, 0].mean() == pytest.approx(mean, abs=5 * np.sqrt(variance / len(draws)))
    assert draws[:, 0].var() == pytest.approx(variance, rel=0.08)
    assert np.cov(draws.T)[0, 1] == pytest.approx(2 * mean, rel=0.15)
    k = m - d
    alone = 2 * d * d * (m - 1) / (k * (k - 1) * (k - 3))
    assert draws[:, 0].var() > 1.05 * alone


def test_risks_of_a_law() -> None:
    """c and m in their places: means against the closed forms of the dense law, λ = 2.5, d = 30."""
    d, m, t = 30, 200, 0.4
    law, rng = Gaussian(np.full(d, 2.5)), np.random.default_rng(9)
    draws = np.array([draw_isotropic_risks(d, m, t, rng, eigenvalue=2.5) for _ in range(DRAWS)])
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


def test_no_variance_next_to_d() -> None:
    with pytest.raises(InvalidInput, match="samples: must exceed d \\+ 3 = 8"):
        isotropic_risk_variance(5, 8)
