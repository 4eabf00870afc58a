"""Rival laws with offsets, and the rule that names one: against second routes, and against the
rules that name too much.

Stochastic tests have fixed seeds; each bound is an exact binomial quantile at 1e-9.
"""

import json
from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import integrate, optimize, stats

from bounds.check import Array, InvalidInput
from studies import laws
from studies.designs import power
from studies.laws import LAWS, LEVEL, compare_laws, radius
from studies.slopes import fit_slope

DIMS = np.array([16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0])
UNEVEN = np.array([0.20, 0.01, 0.03, 0.15, 0.02, 0.08, 0.05])
WOBBLE = np.array([1.0, -1.0, 0.5, -1.0, 1.0, -0.5, 0.3])
GROWING = [law for law in LAWS if law != "constant"]

# A table of five replicates that grows, within its noise, by half from one end to the other.
CREEPING = np.array([0.012, 0.0135, 0.0145, 0.0158, 0.0165, 0.0178])


def noisy(mean: Array, sd: Array) -> Array:
    """`mean` with each point off by up to one standard deviation: a typical table, without a
    draw."""
    return np.asarray(mean + sd * WOBBLE[: mean.size])


def by_pure_laws(d: NDArray[np.floating], y: Array, sd: Array, delta: float = 10.0) -> str:
    """The decoy: laws a · f(d) without offset, named where all others' χ² are larger by `delta`."""
    chi = {}
    for law, shape in LAWS.items():
        f = np.asarray(shape(np.asarray(d, np.float64)))
        a = np.sum(f * y / sd**2) / np.sum(f**2 / sd**2)
        chi[law] = float(np.sum(((y - a * f) / sd) ** 2))
    best = min(chi, key=lambda law: chi[law])
    return best if sorted(chi.values())[1] - chi[best] >= delta else laws.UNDECIDED


# --- which law is named ---


@pytest.mark.parametrize("replicates", [None, 200, 5])
@pytest.mark.parametrize("offset", [0.0, 3.0, -0.3])
@pytest.mark.parametrize("law", list(LAWS))
def test_the_true_law_is_named_when_the_noise_is_small(
    law: str, offset: float, replicates: int | None
) -> None:
    """Each law in turn, with and without offset, at 0.1 % noise: named, alone, with b and the
    offset."""
    truth = 0.37 * LAWS[law](DIMS) + offset * 0.37
    answer = compare_laws(DIMS, noisy(truth, 1e-3 * truth), 1e-3 * truth, replicates=replicates)
    assert answer.verdict == law
    assert answer.standing == (law,)
    fit = next(fit for fit in answer.fits if fit.law == law)
    if law != "constant":
        assert fit.b_low < 0.37 < fit.b_high
        assert fit.a_low < offset * 0.37 < fit.a_high


@pytest.mark.parametrize("first", [4.0, 8.0])
def test_a_creeping_table_is_undecided(first: float) -> None:
    """With five replicates or known errors all laws stand; the known ones exclude only that it is
    exactly flat.

    Decoy: laws without offset name "constant" from d = 4 on, where the table's own slope, 0.107 ±
    0.033, excludes 0.
    """
    d, sd = first * 2 ** np.arange(6.0), np.full(6, 0.001)
    five, known = compare_laws(d, CREEPING, sd, replicates=5), compare_laws(d, CREEPING, sd)
    assert five.verdict == known.verdict == "UNDECIDED"
    assert set(five.standing) == set(known.standing) == set(LAWS)
    assert five.fits[0].chi_square < five.fits[0].limit
    assert known.fits[0].chi_square > known.fits[0].limit
    if first == 4:
        # √2 is what five replicates enlarge standard errors by.
        assert by_pure_laws(d, CREEPING, sd * np.sqrt(2)) == "constant"
        slope = fit_slope(d, CREEPING, sd, replicates=5)
        assert slope.low > 0.04


@pytest.mark.parametrize("law", ["constant", "log log d", "log d"])
@pytest.mark.parametrize(("dims", "noise"), [(DIMS, 0.8), (np.array([64.0, 65, 66, 67, 68]), 0.02)])
def test_undecided_on_a_narrow_grid_or_in_noise(law: str, dims: Array, noise: float) -> None:
    """The truth stands but is not named; the same table is decided at a 1e-5 of the noise."""
    truth = LAWS[law](dims)
    loud = compare_laws(dims, noisy(truth, noise * truth), noise * truth)
    assert loud.verdict == "UNDECIDED"
    assert law in loud.standing
    assert len(loud.standing) >= 2
    quiet = compare_laws(dims, noisy(truth, noise * truth / 1e5), noise * truth / 1e5)
    assert quiet.verdict == law


def test_no_law_is_named_when_none_fits_or_the_error_falls() -> None:
    """A kink, an outlier of 50 standard errors, and a falling law: the best of bad laws is not a
    finding."""
    outlier = np.ones(7)
    outlier[3] += 0.5
    kink = np.maximum(1.0, np.log(DIMS / 128))
    for mean in (outlier, kink):
        answer = compare_laws(DIMS, mean, 0.01 * mean)
        assert answer.verdict == "NONE"
        assert answer.standing == ()
    falling = 10 - np.log(DIMS)
    answer = compare_laws(DIMS, falling, 1e-4 * falling)
    assert answer.verdict == "NONE"
    assert answer.standing == ("log d",)


def test_constant_means_flat_within_the_margin() -> None:
    """1 + b log d with factors 1.02 and 1.15 over the grid, and a margin of 64^0.02 = 1.087, in
    quiet tables that exclude b = 0 and in loud ones that do not.

    Decoys: "b = 0 is excluded, hence it grows" (the first), "b = 0 is not excluded, hence constant"
    (the last).
    """
    for factor, noise, verdict, flat in (
        (1.02, 0.0025, "constant", False),
        (1.02, 1e-7, "constant", False),
        (1.15, 1e-4, "log d", False),
        (1.15, 0.05, "UNDECIDED", True),
    ):
        mean = 1 + (factor - 1) / np.log(64) * np.log(DIMS / 16)
        sd = np.full(7, noise)
        answer = compare_laws(DIMS, noisy(mean, sd), sd)
        assert answer.flat_factor == pytest.approx(64**0.02)
        assert answer.verdict == verdict
        assert (answer.fits[0].chi_square <= answer.fits[0].limit) == flat
        assert compare_laws(DIMS, noisy(mean, sd), sd, margin=0.2).verdict == "constant"


# --- the confidence set ---


def test_radius_by_hand() -> None:
    """One dimension: a quantile of |t|. Two: the convolution by quadrature. Known errors: χ².

    From above by less than 1 %; the decoy, χ² for Student's t, is below by half.
    """
    assert radius((4.0,)) == pytest.approx(stats.t.isf(0.005, 4) ** 2, rel=1e-3)
    q = radius((4.0, 9.0))

    def beyond(level: float) -> float:
        # both coordinates' density along the circle of radius r, then outside
        def part(angle: float) -> float:
            def density(r: float) -> float:
                return float(
                    r * stats.t.pdf(r * np.cos(angle), 4) * stats.t.pdf(r * np.sin(angle), 9)
                )

            return float(integrate.quad(density, np.sqrt(level), np.inf)[0])

        return 4 * float(integrate.quad(part, 0, np.pi / 2)[0])

    assert beyond(q) <= 0.01 <= beyond(0.99 * q)
    assert radius((np.inf,) * 7) == pytest.approx(stats.chi2.isf(0.01, 7), rel=1e-12)
    assert radius((4.0,) * 6) > 2 * stats.chi2.isf(0.01, 6)


@pytest.mark.parametrize(("n", "replicates"), [(4, 3), (8, 5), (7, 200)])
def test_radius_against_draws(n: int, replicates: int) -> None:
    """A million sums of squares: a share of 1 % above. Decoys: 0.99 times the point of one more
    dimension."""
    draws = 1_000_000
    sums = np.sum(np.random.default_rng(40).standard_t(replicates - 1, (draws, n)) ** 2, -1)
    low, high = (stats.binom.ppf(p, draws, 0.01) / draws for p in (1e-9, 1 - 1e-9))
    assert 0.985 * low <= np.mean(sums > radius((replicates - 1.0,) * n)) <= high
    assert np.mean(sums > 0.99 * radius((replicates - 1.0,) * (n + 1))) < 0.985 * low


def ranges(d: Array, y: Array, sd: Array, shape: Array, q: float) -> dict[str, tuple[float, float]]:
    """a, b and error(d_max)/error(d_min) over the set's boundary, walked in 200 000 steps."""
    design = np.column_stack([np.ones_like(d), shape]) / sd[:, None]
    beta, (rest,), *_ = np.linalg.lstsq(design, y / sd)
    angle = np.linspace(0, 2 * np.pi, 200_001)
    axes = np.linalg.inv(np.linalg.qr(design, mode="r"))
    a, b = beta[:, None] + np.sqrt(q - rest) * axes @ np.stack([np.cos(angle), np.sin(angle)])
    factor = (a + b * shape[-1]) / (a + b * shape[0])
    return {
        name: (float(v.min()), float(v.max()))
        for name, v in (("a", a), ("b", b), ("factor", factor))
    }


def test_fits_by_a_second_route() -> None:
    """Best fits and χ² by curve_fit, ranges by a walk round each ellipse, which knows nothing of
    Fieller.

    Decoys: weights turned round, and the range of a single coefficient at its own 99 %.
    """
    truth = 1 + 0.5 * np.log(np.log(DIMS))
    sd = 0.2 * UNEVEN * truth
    mean = noisy(truth, sd)
    answer = compare_laws(DIMS, mean, sd)
    assert answer.fits[0].a == pytest.approx(np.average(mean, weights=sd**-2), rel=1e-9)
    for fit in answer.fits[1:]:
        shape = LAWS[fit.law](DIMS)

        def line(f: Array, a: float, b: float) -> Array:
            return np.asarray(a + b * f)

        beta, covariance = optimize.curve_fit(line, shape, mean, sigma=sd, absolute_sigma=True)
        assert (fit.a, fit.b) == pytest.approx(beta, rel=1e-5)
        chi_square = float(np.sum(((mean - line(shape, *beta)) / sd) ** 2))
        assert fit.chi_square == pytest.approx(chi_square, rel=1e-6)
        if chi_square > fit.limit:
            assert (fit.b_low, fit.b_high) == (fit.b, fit.b)
            continue
        walked = ranges(DIMS, mean, sd, shape, fit.limit)
        assert (fit.a_low, fit.a_high) == pytest.approx(walked["a"], rel=1e-6)
        assert (fit.b_low, fit.b_high) == pytest.approx(walked["b"], rel=1e-6)
        assert (fit.factor_low, fit.factor_high) == pytest.approx(walked["factor"], rel=1e-6)
        assert fit.b_high - fit.b != pytest.approx(2.576 * np.sqrt(covariance[1, 1]), rel=0.05)
    turned = np.polyfit(np.log(DIMS), mean, 1, w=sd)
    assert answer.fits[2].b != pytest.approx(turned[0], rel=0.01)


def test_a_factor_without_bound_is_none() -> None:
    """Errors as large as the table: error(d_min) may be 0, so the factor has no bound, and every
    law stands."""
    answer = compare_laws(DIMS, noisy(np.ones(7), 0.9 * np.ones(7)), np.full(7, 0.9))
    assert set(answer.standing) == set(LAWS)
    assert [fit.factor_high for fit in answer.fits] == [1.0, None, None, None]


def test_units_and_order_do_not_matter() -> None:
    """The same table in units of 1e±200, and its rows turned round: the same verdict, χ² and
    factors."""
    truth = 1 + 0.5 * np.log(np.log(DIMS))
    sd = 0.2 * UNEVEN * truth
    mean = noisy(truth, sd)
    one = compare_laws(DIMS, mean, sd, replicates=9)
    others = [compare_laws(DIMS, unit * mean, unit * sd, replicates=9) for unit in (1e-200, 1e200)]
    others.append(compare_laws(DIMS[::-1], mean[::-1], sd[::-1], replicates=9))
    for other in others:
        assert (other.verdict, other.standing) == (one.verdict, one.standing)
        for a, b in zip(one.fits, other.fits, strict=True):
            assert b.chi_square == pytest.approx(a.chi_square, rel=1e-9)
            assert b.factor_high == pytest.approx(a.factor_high, rel=1e-9)


# --- the guarantee ---

SIX = 2.0 ** np.arange(3, 9)
GRIDS = [SIX[::2], SIX[[0, 1, 3, 5]], SIX, 2.0 ** np.arange(3, 11), np.array([4.0, 5, 6, 7, 8])]


@pytest.mark.parametrize("replicates", [None, 20, 5, 3, 1])
@pytest.mark.parametrize("grid", GRIDS, ids=lambda grid: f"{grid.size} to {grid[-1]:g}")
def test_a_wrong_law_is_hardly_ever_named(grid: Array, replicates: int | None) -> None:
    """3, 4, 6, 8 and, narrow, 5 dimensions; all laws, offsets and noises: at most 1 % of 2000
    tables each."""
    if replicates == 1 and grid.size < 5:
        with pytest.raises(InvalidInput, match="at least 5"):
            power(grid, 0.1, np.random.default_rng(41), replicates=1)
        return
    draws = 2000
    most = stats.binom.isf(1e-12, draws, 1 - LEVEL) / draws
    for offset in (-0.9, 0.0, 1.0, 30.0):
        for relative in (0.2, 0.05, 0.01, 0.002):
            for one in power(
                grid,
                relative,
                np.random.default_rng(41),
                draws,
                replicates=replicates,
                offset=offset,
            ):
                assert one.wrong <= most


def test_the_bound_is_broken_by_a_normal_quantile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoy: standard errors of three replicates taken for known. Wrong names in several per cent
    of tables."""
    rows = power(SIX, 0.05, np.random.default_rng(42), 2000, replicates=3)
    assert max(one.wrong for one in rows) <= 0.01
    monkeypatch.setattr(laws, "radius", lambda dof: float(stats.chi2.isf(0.01, len(dof))))
    rows = power(SIX, 0.05, np.random.default_rng(42), 2000, replicates=3)
    assert max(one.wrong for one in rows) > stats.binom.isf(1e-9, 2000, 0.01) / 2000


def test_the_bound_is_broken_by_laws_without_offset() -> None:
    """Decoy: pure laws and a difference of χ² of 10 name wrong laws in most tables of 1 + log d at
    3 %."""
    rng, truth = np.random.default_rng(43), 1 + np.log(SIX)
    sd = 0.03 * truth
    tables = [truth + sd * rng.standard_normal(6) for _ in range(200)]
    decoys = [by_pure_laws(SIX, y, sd) for y in tables]
    assert np.mean([name not in ("log d", laws.UNDECIDED) for name in decoys]) > 0.5
    assert not any(compare_laws(SIX, y, sd).verdict in set(LAWS) - {"log d"} for y in tables)


def test_the_margin_is_kept() -> None:
    """1 + b f(d) that changes by the margin's factor and a hair: called constant in at most 1 % of
    2000 tables, whatever the noise; the flat one nearly always at low noise. Decoy: constant as
    soon as b = 0 is allowed."""
    draws = 2000
    most = stats.binom.isf(1e-9, draws, 1 - LEVEL) / draws
    edge = 64**0.02 * 1.0001
    worst_of_decoy = 0.0
    for law in GROWING:
        shape = LAWS[law](DIMS)
        truth = 1 + (edge - 1) * (shape - shape[0]) / (shape[-1] - shape[0])
        for noise in (0.005, 0.02, 0.1):
            rng, sd = np.random.default_rng(44), np.full((draws, 7), noise)
            found = laws.judge(DIMS, truth + sd * rng.standard_normal((draws, 7)), sd, None, 0.02)
            assert np.mean(found.names == 0) <= most
            flat = found.chi_square[:, 0] <= found.q
            worst_of_decoy = max(worst_of_decoy, float(np.mean(flat)))
    assert worst_of_decoy > 0.9
    assert power(DIMS, 0.003, np.random.default_rng(45), draws, laws=["constant"])[0].right > 0.98


def test_single_runs_are_judged_by_their_scatter() -> None:
    """A table without errors: exact laws are named, a scatter of 20 % is not; five dimensions at
    least."""
    for law, shape in LAWS.items():
        assert compare_laws(DIMS, 2 + shape(DIMS)).verdict == law
    loud = compare_laws(DIMS, noisy(np.log(DIMS), 0.2 * np.log(DIMS)))
    assert loud.verdict == "UNDECIDED"


# --- what comes in and what goes out ---

ONES, TENTHS = np.ones(7), np.full(7, 0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: compare_laws([2.0, 4, 8], ONES[:3], TENTHS[:3]),
            "dims: log log d is not positive for d ≤ e",
        ),
        (
            lambda: compare_laws([0.0, 4, 8], ONES[:3], TENTHS[:3]),
            "dims: log log d is not positive for d ≤ e",
        ),
        (
            lambda: compare_laws([-4.0, 4, 8], ONES[:3], TENTHS[:3]),
            "dims: log log d is not positive for d ≤ e",
        ),
        (
            lambda: compare_laws([4.0, np.inf, 8], ONES[:3], TENTHS[:3]),
            "dims: holds NaN or an infinity",
        ),
        (
            lambda: compare_laws([4.0, 8, 8], ONES[:3], TENTHS[:3]),
            "dims: holds d = 8 more than once",
        ),
        (
            lambda: compare_laws(DIMS[:2], ONES[:2], TENTHS[:2]),
            "dims: must hold at least 3 different ones",
        ),
        (
            lambda: compare_laws(DIMS[:4], ONES[:4]),
            "dims: must hold at least 5 different ones, not 4",
        ),
        (lambda: compare_laws(DIMS, ONES[:6], TENTHS), "mean: dims, mean and se differ in shape"),
        (lambda: compare_laws(DIMS, 0 * ONES, TENTHS), "mean: must be positive, but one is 0"),
        (lambda: compare_laws(DIMS, -ONES, TENTHS), "mean: must be positive, but one is -1"),
        (lambda: compare_laws(DIMS, np.inf * ONES, TENTHS), "mean: holds NaN or an infinity"),
        (
            lambda: compare_laws(DIMS, ONES, 0 * TENTHS),
            "se: must be positive everywhere, but one is 0",
        ),
        (
            lambda: compare_laws(DIMS, ONES, -TENTHS),
            "se: must be positive everywhere, but one is -0.1",
        ),
        (lambda: compare_laws(DIMS, ONES, np.inf * ONES), "se: holds NaN or an infinity"),
        (
            lambda: compare_laws(DIMS, ONES, 1e300 * ONES),
            "se: must lie between 1e-12 and 1000 times the mean",
        ),
        (
            lambda: compare_laws(DIMS, ONES, 1e-13 * ONES),
            "se: must lie between 1e-12 and 1000 times the mean",
        ),
        (
            lambda: compare_laws(DIMS, ONES, TENTHS, replicates=1),
            "replicates: must be one number or one per",
        ),
        (
            lambda: compare_laws(DIMS, ONES, replicates=5),
            "replicates: are those of standard errors",
        ),
        (lambda: compare_laws(DIMS, ONES, TENTHS, margin=0), "margin: must be positive"),
    ],
)
def test_bad_input_is_one_sentence(call: Callable[[], object], message: str) -> None:
    """Each names what is wrong, and why: no overflow, no NaN, no verdict."""
    with pytest.raises(InvalidInput, match=f"^{message}"):
        call()


def test_answers_go_to_json() -> None:
    """Plain numbers and words all the way down: no array, no numpy scalar, no NaN."""
    for errors in (TENTHS, 9 * TENTHS, None):
        record = asdict(compare_laws(DIMS, ONES + 0.1 * UNEVEN, errors))
        assert json.loads(json.dumps(record, allow_nan=False)).keys() == record.keys()
