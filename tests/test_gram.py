"""Gram matrices: the streaming sums against plain arrays,
and the exact law against the simulated one.
"""

import tracemalloc
from typing import Any, cast

import numpy as np
import pytest
from scipy import stats

from bounds import gram
from bounds.check import InvalidInput
from bounds.estimators import bsm, dsm
from bounds.gaussian import Gaussian, spectrum
from bounds.gram import Gram, along, exact, simulated, some
from bounds.process import Slice, simulate, steps
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
    """Blocks of 7 against whole arrays fed the same draws.
    Catches a lost last block, ε for Z, W for X.
    """
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
            np.testing.assert_allclose(
                (got.xx - step.fresh * got.xw) / step.carry, x.T @ before, atol=1e-10
            )


def test_simulation_memory_does_not_grow_with_samples():
    """Peak of traced memory at 16 blocks stays within 5 % of that at 4;
    holding all paths would quadruple it.
    """
    law, long_path = Gaussian(np.ones(16)), np.arange(1, 17) / 10

    def peak(samples):
        tracemalloc.start()
        list(simulated(law, samples, long_path, np.random.default_rng(0), block=1024))
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(1024)
    assert peak(16 * 1024) < 1.05 * peak(4 * 1024)
    # X_0, two time slices of X, Z, W and temporaries: eleven arrays of a block; a path of them all
    # would be 48.
    assert peak(4 * 1024) < 11 * 8 * 1024 * 16 + 2 * 16 * 3 * 8 * 16**2


@pytest.mark.parametrize("samples", [5, 6, 8, 9, 11, 12, 13, 40])
def test_exact_grams_are_those_of_some_data(samples):
    """Of any one draw: some m × d data have these products.

    The Gram matrix of (X_t, ε_t, W) needs those products that are not handed out; but X_t's own
    must be positive definite of rank d, and T3's residual variance non-negative. m from d + 1
    covers no residual at all (m ≤ 2d), a singular Wishart (m < 3d) and a regular one.
    """
    law = Gaussian(spectrum("linear", 4))
    for g in exact(law, samples, TIMES, np.random.default_rng(samples)):
        assert np.linalg.eigvalsh(g.xx)[0] > 0
        np.testing.assert_allclose(g.xx, g.xx.T, rtol=1e-12)


def moments(engine, law, samples, count, seed, times=TIMES, **redraws):
    """The entries of every product at every step, and of the data's own, one row per replicate."""
    columns = []
    for g in engine(law, samples, times, generators(count, seed), **redraws):
        columns += [getattr(g, name).reshape(count, -1) / g.paths for name in ("xx", "xz", "xw")]
    columns.append(g.data.reshape(count, -1) / g.samples)
    return np.hstack(columns)


def plain(law, samples, count, seed, times=TIMES, redraws=1):
    """The same of paths simulated here, all replicates side by side: a stream for each costs
    more. That `simulated` has these products of its paths is tested above.
    """
    rng, d = np.random.default_rng(seed), law.dimension
    data = rng.standard_normal((count, samples, d)) @ np.linalg.cholesky(law.covariance).T
    x, z, now, columns = np.tile(data, (1, redraws, 1)), 0.0, 0.0, []
    for t in times:
        gap, w = t - now, rng.standard_normal((count, samples * redraws, d))
        noise = np.sqrt(1 - np.exp(-2 * gap)) * w
        x, z, now = np.exp(-gap) * x + noise, np.exp(-gap) * z + noise, t
        for other in (x, z / np.sqrt(1 - np.exp(-2 * t)), w):
            product = np.matmul(x.transpose(0, 2, 1), other)
            columns.append(product.reshape(count, -1) / (samples * redraws))
    columns.append(np.matmul(data.transpose(0, 2, 1), data).reshape(count, -1) / samples)
    return np.hstack(columns)


def two_sample_z(a, b):
    """z of the differences in mean, and in second moments across all pairs of entries."""
    spread = np.sqrt(a.var(axis=0) / len(a) + b.var(axis=0) / len(b))
    means = (a.mean(axis=0) - b.mean(axis=0)) / spread
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    products_a = a[:, :, None] * a[:, None, :]
    products_b = b[:, :, None] * b[:, None, :]
    spread2 = np.sqrt(products_a.var(axis=0) / len(a) + products_b.var(axis=0) / len(b))
    return np.abs(means).max(), np.abs(
        (products_a.mean(axis=0) - products_b.mean(axis=0)) / spread2
    ).max()


@pytest.mark.parametrize("samples", [3, 4, 5, 7, 12])
def test_exact_law_has_the_simulated_moments(samples):
    """All means and all second moments, within and across steps, of all 52 product entries, d = 2.

    2 × 20 000 replicates; about 1400 comparisons a case, each at 7 deviations (skewed sums of
    products of normals: 2.6e-12 if normal; a case stays below 3e-9). Seen at full power: one degree
    of freedom too many at m = 12 moves a mean by 1/12 of itself, over 15 deviations. m = 3, 4 have
    no residual Wishart, m = 5 a singular one, the others a regular one.
    """
    law = Gaussian.from_covariance(random_covariance(2, 6))
    a = moments(exact, law, samples, 20_000, 1)
    b = plain(law, samples, 20_000, 2)
    mean, second = two_sample_z(a, b)
    assert mean < 7
    assert second < 7


@pytest.mark.parametrize("decoy", ["one degree of freedom too many", "no Wishart part"])
def test_wrong_laws_are_caught(decoy, monkeypatch):
    """The comparison above rejects an exact engine
    whose residual noise has the wrong Wishart law.
    """
    true_draws = gram._draws

    def wrong(generators, shapes, d):
        if decoy.startswith("one"):
            shapes = [(rows, p, freedom + (rows > 0)) for rows, p, freedom in shapes]
        for (rows, p, _), (normals, trapezoid) in zip(
            shapes, true_draws(generators, shapes, d), strict=True
        ):
            yield normals, 1e-3 * np.eye(p, d) if decoy.startswith("no") and rows else trapezoid

    monkeypatch.setattr(gram, "_draws", wrong)
    law = Gaussian.from_covariance(random_covariance(2, 6))
    mean, second = two_sample_z(moments(exact, law, 12, 20_000, 1), plain(law, 12, 20_000, 2))
    assert max(mean, second) > 7


REDRAWN = (0.1, 0.6)


@pytest.mark.parametrize("samples", [3, 5, 12])
def test_exact_law_with_redraws_has_the_simulated_moments(samples):
    """K = 3 noise paths for each datum, drawn and simulated:
    all first and second moments of 28 entries, d = 2.

    2 × 10 000 replicates; about 430 comparisons a case at 7 deviations. And the decoys, both for
    the exact engine at m = 12, are rejected by the same comparison: K m fresh data, whose X_0ᵀX_0
    and all that holds it have a third of the variance, and mK counted as m, as if K copies of a
    datum shared one noise path.
    """
    law = Gaussian.from_covariance(random_covariance(2, 6))
    told = {"times": REDRAWN, "redraws": 3}
    simulated_ones = plain(law, samples, 10_000, 4, **told)
    assert max(two_sample_z(moments(exact, law, samples, 10_000, 3, **told), simulated_ones)) < 7
    if samples == 12:
        for wrong in (36, 12):
            decoy = moments(exact, law, wrong, 10_000, 3, REDRAWN)
            assert max(two_sample_z(decoy, simulated_ones)) > 7


def test_redraws_keep_the_data_and_count_the_paths():
    """K = 2 simulated paths a datum against plain arrays fed the same draws:
    X_0 once, noise twice, block by block.
    """
    law = Gaussian.from_covariance(random_covariance(3, 5))
    streamed = list(simulated(law, 9, TIMES, np.random.default_rng(1), redraws=2, block=5))
    rng = np.random.default_rng(1)
    x0, drawn = [], []
    for rows in (5, 4):
        x0.append(law.sample(rows, rng))
        drawn += [list(simulate(x0[-1], TIMES, rng)) for _ in range(2)]
    for k, got in enumerate(streamed):
        x, w = (np.vstack([getattr(path[k], name) for path in drawn]) for name in "xw")
        np.testing.assert_allclose(got.xx, x.T @ x, atol=1e-11)
        np.testing.assert_allclose(got.xw, x.T @ w, atol=1e-11)
        assert got.data is not None
        np.testing.assert_allclose(got.data, np.vstack(x0).T @ np.vstack(x0), atol=1e-11)
        assert (got.samples, got.redraws, got.paths) == (9, 2, 18)


def test_one_redraw_is_the_engine_as_it_was():
    """Explicitly K = 1, and by default: the same numbers to the bit.
    (The digits of old are pinned below.)
    """
    for engine in gram.ENGINES.values():
        one, other = (
            list(engine(PINNED_LAW, 12, PINNED_TIMES, np.random.default_rng(5), **k))
            for k in ({}, {"redraws": 1})
        )
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a.xx, b.xx)
            np.testing.assert_array_equal(a.xz, b.xz)


def test_more_redraws_cost_the_exact_engine_nothing():
    """As many normals drawn at K = 10⁶ as at K = 1, where m ≥ 3 d:
    counted. The simulating engine draws K times as many.
    """

    class Counting(np.random.Generator):
        """Counts the normals that it hands out."""

        normals = 0

        def standard_normal(self, *args, out=None, **settings):
            self.normals += out.size
            return super().standard_normal(*args, out=out, **settings)

    counts = []
    for redraws in (1, 10**6):
        rng = Counting(np.random.PCG64(1))
        list(exact(PINNED_LAW, 12, PINNED_TIMES, rng, redraws=redraws))
        counts.append(rng.normals)
    assert counts[0] == counts[1] > 0


def test_engines_agree_in_the_law_of_the_risk():
    """Two-sample Kolmogorov-Smirnov tests of whole risk distributions,
    DSM and BSM at each of 4 times.

    And of the sum over times, which sees the joint law. Ten tests at level 1e-9. With 4000
    replicates a side the test has 99 % power at level 1e-9 against a Kolmogorov distance of 0.09;
    the decoy, m off by 2 at m = 12, moves the risk by 30 % and is rejected.
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
    """Bit for bit the same alone, in a pair,
    and in a batch of five; so batching can be tuned freely.
    """
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
    """Standardised risk m·risk/Σ c stays of its order at the edges;
    here against the exact DSM law's spread.

    The mean of 200 replicates of √(risk) — finite variance even at m = d + 2 — lies within 6.5
    deviations of that of 4000 draws by the bidiagonal route, which knows neither Gram matrices nor
    solves.
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
        for redraws, reason in (
            (0, "redraws: must be"),
            (10**12, "redraws: K = 1000000000000 noise paths"),
        ):
            with pytest.raises(InvalidInput, match=reason):
                next(engine(law, 9, TIMES, rng, redraws=redraws))
    for times in ([1e-320], [0.1, 9e307]):
        with pytest.raises(InvalidInput, match="times: must lie within"):
            next(exact(law, 10, times, rng))
    with pytest.raises(InvalidInput, match="times: at t = 40"):
        next(exact(law, 10, [0.1, 40.0], rng))
    with pytest.raises(InvalidInput, match="condition number"):
        next(exact(Gaussian(np.array([1e-14, 1.0])), 10, [1e-15], rng))


PINNED_LAW = Gaussian(np.array([0.5, 2.0]), np.array([[0.6, -0.8], [0.8, 0.6]]))
PINNED_TIMES = (0.2, 0.5, 1.1)


def tape(samples, rng):
    """The stream's numbers as the exact engine takes them: all normals of the path, then all χ."""
    known = min(2, samples - 2)
    shapes = [(0, samples), *((2 + k, samples - 2 - k) for k in (0, known, known))]
    above = {2: 1, 1: 1, 0: 0}  # of a trapezoid of so many rows and two columns
    counts = [2 * rows + above[min(2, left)] for rows, left in shapes]
    normals = [rng.standard_normal() for _ in range(sum(counts))]
    lengths = [np.sqrt(rng.chisquare(left - i)) for _, left in shapes for i in range(min(2, left))]
    return iter(normals), iter(lengths)


def triangle(rows, normals, lengths):
    """Bartlett's from the tape: normals above the diagonal, row by row, and a χ for each row."""
    out = np.zeros((rows, 2))
    for i in range(rows):
        for j in range(i + 1, 2):
            out[i, j] = next(normals)
    for i in range(rows):
        out[i, i] = next(lengths)
    return out


def explicit_exact(samples, rng):
    """The exact engine's draws as m × 2 arrays of data
    and noise, and their plain products at each time.

    The order: the triangle of X_0; then at each step the rows of G (2 of X_0, those of the noise so
    far), the triangle of what lies outside; of all of them first the normals, then the χ. X_0
    stands on the first two axes of R^m; `known` spans the noise so far outside of them, in
    Gram-Schmidt order.
    """
    root = np.sqrt(np.array([0.5, 2.0]))[:, None] * np.array([[0.6, 0.8], [-0.8, 0.6]])
    axes = np.eye(samples)[:, :2]
    normals, lengths = tape(samples, rng)
    x0 = axes @ triangle(2, normals, lengths) @ root
    z, known, before = np.zeros((samples, 2)), np.zeros((samples, 0)), 0.0
    for t in PINNED_TIMES:
        inside = np.hstack([axes, known])
        g = np.array([[next(normals) for _ in range(2)] for _ in range(inside.shape[1])])
        left = samples - inside.shape[1]
        outside = np.linalg.qr(inside, mode="complete")[0][:, inside.shape[1] :][:, : min(2, left)]
        w = inside @ g + outside @ triangle(min(2, left), normals, lengths)
        gap, before = t - before, t
        z = np.exp(-gap) * z + np.sqrt(1 - np.exp(-2 * gap)) * w
        if before == PINNED_TIMES[0] or known.shape[1] == 2:
            new, r = np.linalg.qr(np.vstack([np.zeros((2, 2)), z[2:]]))
            known = (new * np.sign(np.diag(r)))[:, : min(2, samples - 2)]
        x = np.exp(-t) * x0 + z
        yield x.T @ x, x.T @ z / np.sqrt(1 - np.exp(-2 * t)), x.T @ w


def explicit_simulated(samples, block, rng):
    """The simulating engine's draws: block by block,
    the rows of X_0, then at each time the rows of the noise.
    """
    root = np.sqrt(np.array([0.5, 2.0]))[:, None] * np.array([[0.6, 0.8], [-0.8, 0.6]])
    sums = [[np.zeros((2, 2)) for _ in range(3)] for _ in PINNED_TIMES]
    for start in range(0, samples, block):
        rows = range(start, min(start + block, samples))
        paths = [[np.array([rng.standard_normal() for _ in range(2)]) @ root] for _ in rows]
        x0, before = [path[0] for path in paths], 0.0
        for k, t in enumerate(PINNED_TIMES):
            gap, before = t - before, t
            for path, origin in zip(paths, x0, strict=True):
                w = np.array([rng.standard_normal() for _ in range(2)])
                path.append(np.exp(-gap) * path[-1] + np.sqrt(1 - np.exp(-2 * gap)) * w)
                unit = (path[-1] - np.exp(-t) * origin) / np.sqrt(1 - np.exp(-2 * t))
                for total, other in zip(sums[k], (path[-1], unit, w), strict=True):
                    total += np.outer(path[-1], other)
    return sums


ROUTES = {
    ("exact", 3): lambda rng: explicit_exact(3, rng),
    ("exact", 5): lambda rng: explicit_exact(5, rng),
    ("exact", 12): lambda rng: explicit_exact(12, rng),
    ("simulate", 12): lambda rng: explicit_simulated(12, 5, rng),
}
# Entries of the last time: xx_01, xz_10, xw_01.
PINNED = {
    ("exact", 3): (-0.24427657443326584, 0.18336310301334643, 0.3582742441001637),
    ("exact", 5): (0.10780964994279967, 0.5829944411806572, -0.11001358565091304),
    ("exact", 12): (0.0579306645027981, 1.003317053057702, -0.46350045477328067),
    ("simulate", 12): (-0.02765503731943486, 2.8053921267973774, 0.39527008690439924),
}


@pytest.mark.parametrize(("engine", "samples"), PINNED)
def test_random_streams_are_pinned(engine, samples):
    """What a seed yields, d = 2, three steps:
    twice, by explicit data and by digits that an older version printed.

    The data are m × 2 arrays made from the same generator one number at a time in the documented
    order, so that the matrices are plain products; to 1e-12 of each matrix's largest entry (BLAS
    may add in another order). Catches a draw moved, added or left out, and any formula that is
    wrong in one draw although right on average. The digits catch a change of the order of draws
    between versions, which the loop here might follow; they hold as long as numpy's PCG64, normal
    and χ² streams do. m = 3 has no residual Wishart, m = 5 a singular one, m = 12 a regular one.
    """
    run = gram.ENGINES[engine]
    settings = {"block": 5} if engine == "simulate" else {}
    got = list(run(PINNED_LAW, samples, PINNED_TIMES, np.random.default_rng(20_26), **settings))
    expected = ROUTES[engine, samples](np.random.default_rng(20_26))
    assert [g.step.t for g in got] == list(PINNED_TIMES)
    for g, products in zip(got, expected, strict=True):
        assert g.samples == samples
        for mine, plain in zip((g.xx, g.xz, g.xw), products, strict=True):
            np.testing.assert_allclose(mine, plain, rtol=0, atol=1e-12 * np.abs(plain).max())
    last = got[-1]
    entries = (last.xx[0, 1], last.xz[1, 0], last.xw[0, 1])
    assert entries == pytest.approx(PINNED[engine, samples], rel=1e-12)


@pytest.mark.parametrize("samples", [3, 5, 12])
def test_replicates_of_either_engine_are_runs_of_their_own(samples):
    """Leading axis = generators, in their order;
    a single generator has none. Catches stacking along another axis.
    """
    for engine in gram.ENGINES.values():
        batch = list(engine(PINNED_LAW, samples, PINNED_TIMES, generators(3, 11)))
        for i, rng in enumerate(generators(3, 11)):
            alone = engine(PINNED_LAW, samples, PINNED_TIMES, rng)
            for one, many in zip(alone, batch, strict=True):
                assert one.step == many.step
                assert one.samples == many.samples == samples
                for name in ("xx", "xz", "xw", "data"):
                    assert getattr(many, name).shape == (3, 2, 2)
                    np.testing.assert_array_equal(getattr(many, name)[i], getattr(one, name))


def test_default_block_is_8192_paths():
    """Part of the stream's definition:
    8200 paths by default are those in blocks of 8192, not of one more or less.
    """
    law = Gaussian(np.ones(1))

    def xx(**settings):
        return next(simulated(law, 8200, [0.5], np.random.default_rng(3), **settings)).xx[0, 0]

    assert xx() == xx(block=8192)
    assert xx() not in (xx(block=8191), xx(block=8193))


ONES = Gaussian(np.ones(4))
RESOLUTION = (
    "the errors of the score matrix are below the resolution of float64, so the risk cannot be "
    "computed"
)
TOO_FEW = "least squares needs m > d (and the expected population risk m > d + 1)"
WITHIN = "times: must lie within 1e-15 … 300, the range of the formulas in float64"


@pytest.mark.parametrize(
    ("law", "samples", "times", "sentence"),
    [
        (ONES, 4, [0.1], f"samples: m = 4 is too few for dimension d = 4: {TOO_FEW}"),
        (
            ONES,
            10**12 + 1,
            [0.1],
            "samples: m = 1000000000001 is beyond the tested range, m ≤ 10¹²",
        ),
        (ONES, 9, [9.9e-16, 0.1], WITHIN),
        (ONES, 9, [0.1, 300.1], WITHIN),
        (ONES, 9, [0.1, 300.0], f"times: at t = 300 with m = 9 samples {RESOLUTION}"),
        # tr C_t/d = e^{-2t}/σ_t² = 7.4e-17, and 1.04e-16 at t = 18.4, on either side of 10⁻²⁵ m =
        # 10⁻¹⁶
        (
            ONES,
            10**9,
            [0.1, 18.57],
            f"times: at t = 18.57 with m = 1000000000 samples {RESOLUTION}",
        ),
        (
            Gaussian(np.array([0.5, 0.55e12])),
            9,
            [1e-15, 0.1],
            "covariance: V at t_1 = 1e-15 has condition number 1.1e+12, above the 1e+12 up to "
            "which the Gram matrices can be solved in float64",
        ),
    ],
)
def test_refusals_are_one_sentence(law, samples, times, sentence):
    """Key and reason, word for word; both engines refuse before they yield anything."""
    for engine in (exact, simulated):
        with pytest.raises(InvalidInput) as refusal:
            next(engine(law, samples, times, np.random.default_rng(0)))
        assert str(refusal.value) == sentence


def test_borders_are_allowed():
    """The last values that the sentences above allow:
    m = d + 1 and 10¹², t_1 = 10⁻¹⁵, condition number 10¹².
    """
    least = Gaussian(np.ones(1)).variances(0.2)[0]
    about = (1e12 * least - (1 - np.exp(-0.4))) / np.exp(-0.4)
    laws = [Gaussian(np.array([1.0, about + ulps * np.spacing(about)])) for ulps in range(-4, 5)]
    steep = next(law for law in laws if law.variances(0.2).max() == 1e12 * least)
    for law, samples, times in (
        (ONES, 5, [0.1]),
        (ONES, 10**12, [0.1, 12.0]),
        (ONES, 9, [1e-15, 0.1]),
        (ONES, 10**9, [0.1, 18.40]),
        (steep, 9, [0.2]),
    ):
        assert np.all(np.isfinite(next(exact(law, samples, times, np.random.default_rng(0))).xx))


def test_draws_come_in_groups_by_their_shapes_alone():
    """All shapes in order, each group within WHOLE numbers or of one shape; a path of small
    matrices is one group, and a generator is asked twice for it: normals, then χ."""
    shapes = [(0, 100, 500), *[(200, 100, 300)] * 9]
    groups = list(gram._groups(shapes, 100))
    assert [shape for group in groups for shape in group] == shapes
    sizes = [sum((rows + p) * 100 for rows, p, _ in group) for group in groups]
    assert max(sizes) <= gram.WHOLE and min(sizes[:-1]) > gram.WHOLE - 30_000
    assert [len(group) for group in gram._groups([(0, 900, 2000)] * 3, 900)] == [1, 1, 1]
    half = (0, gram.WHOLE // 2, 10**6)  # of one column: two of them are WHOLE numbers
    assert [len(group) for group in gram._groups([half] * 4, 1)] == [2, 2]

    class Counting:
        def __init__(self, rng):
            self.rng, self.calls = rng, 0

        def __getattr__(self, name):
            self.calls += 1
            return getattr(self.rng, name)

    counting = Counting(np.random.default_rng(4))
    list(gram._draws([cast(np.random.Generator, counting)], [(0, 8, 100), *[(16, 8, 92)] * 10], 8))
    assert counting.calls == 2


def test_redraws_count_in_the_resolution():
    """tr C_t/d = 7.4e-17 at t = 18.57 and 1.04e-16 at 18.4, on either side of 10⁻²⁵ mK = 10⁻¹⁶;
    by default K = 1.
    """
    sentence = (
        f"times: at t = 18.57 with m = 500000000 samples, 2 noise paths for each, {RESOLUTION}"
    )
    with pytest.raises(InvalidInput) as refusal:
        gram.check_range(ONES, 5 * 10**8, [0.1, 18.57], 2)
    assert str(refusal.value) == sentence
    gram.check_range(ONES, 5 * 10**8, [0.1, 18.40], 2)
    gram.check_range(ONES, 10**9, [0.1, 18.40])
    assert gram.check_samples(10**12, 4) == 10**12


# --- given the data -------------------------------------------------------------------------------


def test_given_one_column_it_is_the_same_draw():
    """With d = 1 the root is the triangle: told X_0ᵀX_0 that it would draw, it draws the same; told
    another, it does not.
    """
    law = Gaussian(np.array([0.7]))
    for redraws in (1, 3):
        free = list(exact(law, 9, TIMES, generators(4, 2), redraws=redraws))
        told = list(exact(law, 9, TIMES, generators(4, 2), redraws=redraws, data=free[0].data))
        off = list(exact(law, 9, TIMES, generators(4, 2), redraws=redraws, data=[[5.0]]))
        for a, b, c in zip(free, told, off, strict=True):
            for name in ("xx", "xz", "xw", "data"):
                one, other = getattr(a, name), getattr(b, name)
                np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)
                assert not np.allclose(one, getattr(c, name), rtol=1e-3)


@pytest.mark.parametrize(("m", "redraws"), [(30, 1), (5, 1), (4, 2)])
def test_given_rows_of_another_law_it_is_their_noise(m, redraws):
    """Ones and zeros, noise simulated path by path against the exact law given X_0ᵀX_0 alone: means
    and mean squares of all products at the second step, 3000 draws each, within 5 standard errors,
    at m > 3 d, at m < 2 d and with redraws. Given twice the rows they are not.
    """
    rows = np.where(np.random.default_rng(6).random((m, 3)) < 0.3, 0.9, -0.1)
    law, count = Gaussian(np.full(3, 0.3)), 3000
    plain = []
    for rng in generators(count, 7):
        total = np.zeros((3, 3, 3))
        for _ in range(redraws):
            now = list(simulate(rows, TIMES[:2], rng))[1]
            unit = now.z / np.sqrt(1 - np.exp(-2 * TIMES[1]))
            total += np.stack([now.x.T @ other for other in (now.x, unit, now.w)])
        plain.append(total)

    def apart(data):
        grams = exact(law, m, TIMES[:2], generators(count, 8), redraws=redraws, data=data)
        found = list(grams)[1]
        assert found.data is not None
        np.testing.assert_allclose(found.data[5], data, atol=1e-10)
        drawn = np.stack([found.xx, found.xz, found.xw], axis=1)
        worst = 0.0
        for power in (1, 2):
            a, b = drawn**power, np.array(plain) ** power
            error = np.sqrt((a.var(axis=0) + b.var(axis=0)) / count)
            worst = max(worst, float((np.abs(a.mean(axis=0) - b.mean(axis=0)) / error).max()))
        return worst

    assert apart(rows.T @ rows) < 5
    assert apart(2 * rows.T @ rows) > 10


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ([[1.0, 0.0]], "data: must have shape"),
        (np.eye(3), r"data: must have shape \(…, 2, 2\), but has \(3, 3\)"),
        ([[1.0, 0.5], [0.0, 1.0]], "data: must be symmetric"),
        ([[1.0, 0.0], [0.0, -1.0]], "data: is no X.T X: it has the eigenvalue -1"),
        ([[1.0, 0.0], [0.0, np.nan]], "data: "),
    ],
)
def test_given_what_is_no_gram_matrix(data, reason):
    law = Gaussian(np.ones(2))
    with pytest.raises(InvalidInput, match=reason):
        next(exact(law, 9, TIMES, np.random.default_rng(1), data=data))


STEPS = steps([0.1, 0.3, 0.5])
EYE = np.eye(2)
ASKEW = np.array([[1000.0, 0.0], [1.1e-3, 1.0]])


def of(step: int, samples: int = 9, **fields: Any) -> Gram:
    """Gram matrices that are I but for what is named."""
    return Gram(STEPS[step], samples, **({"xx": EYE, "xz": EYE, "xw": EYE} | fields))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: of(0, xx=np.ones((2, 3))),
            "xx: must have shape (…, d, d), but has (2, 3)",
        ),
        (lambda: of(0, xz=np.eye(3)), "xz: has shape (3, 3) where xx has (2, 2)"),
        (lambda: of(0, xw=np.eye(3)), "xw: has shape (3, 3) where xx has (2, 2)"),
        (lambda: of(0, data=np.eye(3)), "data: has shape (3, 3) where xx has (2, 2)"),
        (lambda: of(0, xw=np.full((2, 2), np.nan)), "xw: holds NaN or an infinity"),
        (lambda: of(0, xx=ASKEW), "xx: must be symmetric, as X.T X is"),
        (lambda: of(0, data=ASKEW), "data: must be symmetric, as X.T X is"),
        (lambda: of(0, xx=1e-9 * ASKEW), "xx: must be symmetric, as X.T X is"),
        (lambda: of(0, samples=0), "samples: must be at least 1, but is 0"),
        (lambda: of(0, redraws=0), "redraws: must be at least 1, but is 0"),
        (
            lambda: list(some([])),
            "grams: there are none; a generator can be read only once, so keep them in a list",
        ),
        (
            lambda: list(some(cast("Any", 3.0))),
            "grams: must be Gram matrices, one for each step, but is float",
        ),
        (
            lambda: list(some(cast("Any", [3.0]))),
            "grams: must be Gram matrices, but holds a float",
        ),
        (
            lambda: list(along([of(0), of(2)])),
            "grams: must be of consecutive steps, but 0.3 → 0.5 follows 0 → 0.1; for fewer times "
            "make them anew",
        ),
        (
            lambda: list(along([of(0), of(1, samples=8)])),
            "grams: must be of the same paths, but m = 8 follows m = 9",
        ),
        (
            lambda: list(along([of(0), of(1, redraws=2)])),
            "grams: must be of the same paths, but 18 of them follow 9",
        ),
        (
            lambda: list(along([of(1), of(2)], from_the_data=True)),
            "grams: must start at the data, but the first step starts at t' = 0.1",
        ),
    ],
)
def test_what_are_no_gram_matrices_of_a_path(call, sentence):
    """Key and reason, word for word."""
    with pytest.raises(InvalidInput) as refusal:
        call()
    assert str(refusal.value) == sentence


def test_what_are_gram_matrices_of_a_path():
    """Lists and whole numbers however written, rounding off symmetry in units of the largest entry,
    no replicates at all; a path that starts late, where the data are not needed.
    """
    rounded = [[1000.0, 0.0], [0.9e-3, 1.0]]
    held = of(0, cast("Any", 9.0), redraws=2.0, xx=rounded, xz=rounded, xw=rounded, data=rounded)
    assert (type(held.samples), type(held.redraws), held.paths) == (int, int, 18)
    for product in (held.xx, held.xz, held.xw, held.data):
        np.testing.assert_array_equal(product, np.array(rounded), strict=True)
    none = np.ones((0, 2, 2))
    assert of(0, xx=none, xz=none, xw=none).xx.shape == (0, 2, 2)
    late = [of(1), of(2)]
    assert list(along(iter(late))) == late
    assert list(along([of(0), *late], from_the_data=True))[1:] == late
