"""Gram matrices: the streaming sums against plain arrays, and the exact law against the simulated one."""

import tracemalloc

import numpy as np
import pytest
from scipy import stats

from bounds import gram
from bounds.check import InvalidInput
from bounds.estimators import bsm, dsm
from bounds.gaussian import Gaussian, spectrum
from bounds.gram import exact, simulated
from bounds.process import Slice, simulate
from bounds.risk import draw_dsm_risk, risk
from tests.reference import random_covariance

TIMES = np.array([0.1, 0.3, 0.35, 1.0])


def risks(engine, law, samples, times, generators):
    """DSM and BSM risks of each replicate at each time; shape (2 N, replicates)."""
    grams = list(engine(law, samples, times, generators))
    return np.array(
        [
            risk(law, g.step.t, a)
            for estimate in (dsm, bsm)
            for g, a in zip(grams, estimate(grams), strict=True)
        ]
    )


def generators(count, seed):
    return [np.random.default_rng([seed, i]) for i in range(count)]


def test_streaming_sums_equal_plain_arrays():
    """Blocks of 7 against whole arrays fed the same draws. Catches a lost last block, ε for Z, W for X."""
    law = Gaussian.from_covariance(random_covariance(3, 5))
    streamed = list(simulated(law, 20, TIMES, np.random.default_rng(1), block=7))
    rng = np.random.default_rng(1)
    blocks: list[list[Slice]] = []
    for rows in (7, 7, 6):
        blocks.append(list(simulate(law.sample(rows, rng), TIMES, rng)))
    for k, got in enumerate(streamed):
        x, z, w = (np.vstack([getattr(b[k], name) for b in blocks]) for name in "xzw")
        unit = z / np.sqrt(1 - np.exp(-2 * TIMES[k]))
        for product, other in ((got.xx, x), (got.xz, unit), (got.xw, w)):
            np.testing.assert_allclose(product, x.T @ other, atol=1e-11)
        assert not np.allclose(got.xz, x.T @ z, atol=1e-3)  # decoy: the noise left unscaled
        if k:
            before = np.vstack([b[k - 1].x for b in blocks])
            step = got.step
            np.testing.assert_allclose((got.xx - step.fresh * got.xw) / step.carry, x.T @ before, atol=1e-10)


def test_simulation_memory_does_not_grow_with_samples():
    """Peak of traced memory at 16 blocks stays within 5 % of that at 4; holding all paths would quadruple it."""
    law, long_path = Gaussian(np.ones(16)), np.arange(1, 17) / 10

    def peak(samples):
        tracemalloc.start()
        list(simulated(law, samples, long_path, np.random.default_rng(0), block=1024))
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(1024)
    assert peak(16 * 1024) < 1.05 * peak(4 * 1024)
    # X_0, two time slices of X, Z, W and temporaries: eleven arrays of a block; a path of them all would be 48.
    assert peak(4 * 1024) < 11 * 8 * 1024 * 16 + 2 * 16 * 3 * 8 * 16**2


@pytest.mark.parametrize("samples", [5, 6, 8, 9, 11, 12, 13, 40])
def test_exact_grams_are_those_of_some_data(samples):
    """Of any one draw: some m × d data have these products.

    The Gram matrix of (X_t, ε_t, W) needs those products that are not handed out; but X_t's own must be positive
    definite of rank d, and T3's residual variance non-negative. m from d + 1 covers no residual at all (m ≤ 2d),
    a singular Wishart (m < 3d) and a regular one.
    """
    law = Gaussian(spectrum("linear", 4))
    for g in exact(law, samples, TIMES, np.random.default_rng(samples)):
        assert np.linalg.eigvalsh(g.xx)[0] > 0
        np.testing.assert_allclose(g.xx, g.xx.T, rtol=1e-12)


def moments(engine, law, samples, count, seed, transform=lambda g: g):
    """The entries of every product at every step, one row per replicate."""
    columns = []
    for g in engine(law, samples, TIMES, generators(count, seed)):
        columns += [getattr(g, name).reshape(count, -1) / samples for name in ("xx", "xz", "xw")]
    return np.hstack(columns)


def two_sample_z(a, b):
    """z of the differences in mean, and in second moments across all pairs of entries."""
    spread = np.sqrt(a.var(axis=0) / len(a) + b.var(axis=0) / len(b))
    means = (a.mean(axis=0) - b.mean(axis=0)) / spread
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    products_a = a[:, :, None] * a[:, None, :]
    products_b = b[:, :, None] * b[:, None, :]
    spread2 = np.sqrt(products_a.var(axis=0) / len(a) + products_b.var(axis=0) / len(b))
    return np.abs(means).max(), np.abs((products_a.mean(axis=0) - products_b.mean(axis=0)) / spread2).max()


@pytest.mark.parametrize("samples", [3, 4, 5, 7, 12])
def test_exact_law_has_the_simulated_moments(samples):
    """All means and all second moments, within and across steps, of all 48 product entries, d = 2.

    2 × 20 000 replicates; about 1200 comparisons a case, each at 7 deviations (skewed sums of products of
    normals: 2.6e-12 if normal; a case stays below 3e-9). Seen at full power: one degree of freedom too many
    at m = 12 moves a mean by 1/12 of itself, over 15 deviations. m = 3, 4 have no residual Wishart, m = 5 a
    singular one, the others a regular one.
    """
    law = Gaussian.from_covariance(random_covariance(2, 6))
    a = moments(exact, law, samples, 20_000, 1)
    b = moments(simulated, law, samples, 20_000, 2)
    mean, second = two_sample_z(a, b)
    assert mean < 7
    assert second < 7


@pytest.mark.parametrize("decoy", ["one degree of freedom too many", "no Wishart part"])
def test_wrong_laws_are_caught(decoy, monkeypatch):
    """The comparison above rejects an exact engine whose residual noise has the wrong Wishart law."""
    true_draw = gram._draw

    def wrong(generators, rows, p, d, freedom):
        if decoy.startswith("one") or rows == 0:
            return true_draw(generators, rows, p, d, freedom + (rows > 0))
        normals, trapezoid = true_draw(generators, rows, p, d, freedom)
        return normals, 0 * trapezoid + 1e-3 * np.eye(p, d)

    monkeypatch.setattr(gram, "_draw", wrong)
    law = Gaussian.from_covariance(random_covariance(2, 6))
    mean, second = two_sample_z(moments(exact, law, 12, 20_000, 1), moments(simulated, law, 12, 20_000, 2))
    assert max(mean, second) > 7


def test_engines_agree_in_the_law_of_the_risk():
    """Two-sample Kolmogorov-Smirnov tests of whole risk distributions, DSM and BSM at each of 4 times.

    And of the sum over times, which sees the joint law. Ten tests at level 1e-9. With 4000 replicates a side
    the test has 99 % power at level 1e-9 against a Kolmogorov distance of 0.09; the decoy, m off by 2 at
    m = 12, moves the risk by 30 % and is rejected.
    """
    law = Gaussian(spectrum("linear", 4))
    a = risks(exact, law, 12, TIMES, generators(4000, 7))
    b = risks(simulated, law, 12, TIMES, generators(4000, 8))
    pairs = [
        *zip(a, b, strict=True),
        (a[:4].sum(axis=0), b[:4].sum(axis=0)),
        (a[4:].sum(axis=0), b[4:].sum(axis=0)),
    ]
    assert min(stats.ks_2samp(x, y).pvalue for x, y in pairs) > 1e-9
    decoy = risks(exact, law, 14, TIMES, generators(4000, 7))
    assert stats.ks_2samp(decoy[0], b[0]).pvalue < 1e-9


def test_a_replicate_does_not_see_its_neighbours():
    """Bit for bit the same alone, in a pair, and in a batch of five; so batching can be tuned freely."""
    law = Gaussian(spectrum("linear", 5))
    alone = list(exact(law, 30, TIMES, generators(5, 3)[4]))
    batch = list(exact(law, 30, TIMES, generators(5, 3)))
    for one, many in zip(alone, batch, strict=True):
        for name in ("xx", "xz", "xw"):
            np.testing.assert_array_equal(getattr(one, name), getattr(many, name)[4])
    for estimate, estimates in zip(dsm(alone), dsm(batch), strict=True):
        np.testing.assert_array_equal(estimate, estimates[4])


@pytest.mark.parametrize(
    ("times", "eigenvalues"),
    [
        ([1e-9, 2e-9, 1e-6], np.ones(6)),  # tiny first step
        ([0.5, 0.5 + 1e-12, 0.5 + 2e-12], np.ones(6)),  # nearly equal steps
        ([0.1, 0.2], np.geomspace(1e-6, 1e6, 6)),  # ill-conditioned data
        ([1e-3, 6.0, 12.0], np.linspace(0.3, 3, 6)),  # long gaps: X_t all but forgets X_0
    ],
)
@pytest.mark.parametrize("samples", [8, 13, 20, 10**4, 10**12])
def test_edges_stay_accurate(times, eigenvalues, samples):
    """Standardised risk m·risk/Σ c stays of its order at the edges; here against the exact DSM law's spread.

    The mean of 200 replicates of √(risk) — finite variance even at m = d + 2 — lies within 6.5 deviations of
    that of 4000 draws by the bidiagonal route, which knows neither Gram matrices nor solves.
    """
    law = Gaussian(eigenvalues)
    grams = list(exact(law, samples, times, generators(200, 5)))
    for g, a in zip(grams, dsm(grams), strict=True):
        got = np.sqrt(risk(law, g.step.t, a))
        rng = np.random.default_rng(99)
        reference = np.sqrt([draw_dsm_risk(law, g.step.t, samples, rng) for _ in range(2000)])
        spread = np.hypot(got.std() / np.sqrt(200), reference.std() / np.sqrt(2000))
        assert abs(got.mean() - reference.mean()) < 6.5 * spread
    for g, a in zip(grams, bsm(grams), strict=True):
        assert np.all(np.isfinite(risk(law, g.step.t, a)))


def test_bad_input_is_named():
    law = Gaussian(np.ones(4))
    rng = np.random.default_rng(0)
    for engine in (exact, simulated):
        for samples, reason in (
            (4, "m = 4 is too few for dimension d = 4"),
            (10**13, "beyond the tested range"),
        ):
            with pytest.raises(InvalidInput, match=reason):
                next(engine(law, samples, TIMES, rng))
    for times in ([1e-320], [0.1, 9e307]):
        with pytest.raises(InvalidInput, match="times: must lie within"):
            next(exact(law, 10, times, rng))
    with pytest.raises(InvalidInput, match="times: at t = 40"):
        next(exact(law, 10, [0.1, 40.0], rng))
    with pytest.raises(InvalidInput, match="condition number"):
        next(exact(Gaussian(np.array([1e-14, 1.0])), 10, [1e-15], rng))
