"""Reverse-time samplers against continuous equations,
conditioning, exact fractions and simulation.
"""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, linalg, stats

from bounds.check import Array, InvalidInput
from bounds.divergence import Normal, w2
from bounds.gaussian import Gaussian
from bounds.process import Step, geometric_grid
from bounds.reverse import (
    SAMPLERS,
    Move,
    error_split,
    exact_scores,
    marginal,
    sampled_law,
    thin,
)

STEP = Step(0.35, 0.8)


def _law(eigenvalues: list[float], seed: int = 0) -> Gaussian:
    """A Gaussian whose eigenbasis is not the coordinates'."""
    values = np.array(eigenvalues)
    basis, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((values.size, values.size)))
    return Gaussian(values, basis)


def _perturbed(law: Gaussian, times: Array, size: float, seed: int) -> Array:
    """Estimated scores: the exact ones and noise, not symmetric, not commuting across times."""
    exact = exact_scores(law, times)
    return exact + size * np.random.default_rng(seed).standard_normal(exact.shape)


# One step, each coefficient by a route that does not know the closed form.


def _matches(move: Move, a: float, b: float, q: float) -> bool:
    return move == pytest.approx((a, b, q), rel=1e-7, abs=1e-12)


def test_exponential_step_is_the_frozen_equation_solved() -> None:
    """(Y, frozen Y) solves a linear equation: matrix exponential for the mean,
    Van Loan's for the noise. Catches a dropped 2 on the score (decoy) and a noise of 2g.
    """
    g = STEP.gap
    drift = np.array([[1.0, 2.0], [0.0, 0.0]])  # d(Y, s) = (Y + 2 s, 0)
    a, b = linalg.expm(drift * g)[0]
    loan = linalg.expm(np.array([[-1.0, 2.0], [0.0, 1.0]]) * g)  # drift 1, noise intensity 2
    q = loan[1, 1] * loan[0, 1]
    move = SAMPLERS["exponential"](STEP)
    assert _matches(move, a, b, q)
    assert not _matches(move._replace(b=move.b / 2), a, b, q)
    assert not _matches(move._replace(q=2 * g), a, b, q)


def test_euler_step_is_the_tangent_of_the_exponential_step() -> None:
    """As g → 0 both agree to O(g²), and a numeric derivative at g = 0
    of the exponential step gives Euler's coefficients. Catches a dropped 2 on the score (decoy).
    """
    small = 1e-6
    fine = SAMPLERS["exponential"](Step(0.35, 0.35 + small))
    a, b, q = ((part - at_zero) / small for part, at_zero in zip(fine, (1, 0, 0), strict=True))
    g = STEP.gap
    move = SAMPLERS["euler-maruyama"](STEP)
    assert move == pytest.approx((1 + a * g, b * g, q * g), rel=1e-5)
    assert move._replace(b=move.b / 2) != pytest.approx((1 + a * g, b * g, q * g), rel=1e-5)


def test_ancestral_step_is_bayes_rule() -> None:
    """q(x_{t'} | x_t, x_0) by Gaussian conditioning of (X_{t'}, X_t) given X_0, X_0 by Tweedie.
    Decoy: the step's forward variance β = τ² in place of the posterior's β̃."""
    kept = np.exp(-STEP.t_prev), np.exp(-STEP.t)
    before, after = 1 - kept[1] ** 2, 1 - kept[0] ** 2
    cross = np.exp(-STEP.gap) * after
    gain = cross / before
    # mean e' x0 + gain (x − e x0), and x0 = (x + σ² s)/e
    on_x0 = kept[0] - gain * kept[1]
    a, b, q = gain + on_x0 / kept[1], on_x0 * before / kept[1], after - gain * cross
    move = SAMPLERS["ancestral"](STEP)
    assert _matches(move, a, b, q)
    assert not _matches(move._replace(q=STEP.fresh_variance), a, b, q)


def test_flow_step_is_the_probability_flow_with_x0_frozen() -> None:
    """dY/ds = Y + s with s = (e_t x̂_0 − Y)/σ_t² and x̂_0 frozen, by an adaptive solver. Catches
    a drift with the reverse SDE's 2 s (decoy) and noise standing in for a standard deviation.
    """

    def end(y: float, s: float, factor: float) -> float:
        x0 = np.exp(STEP.t) * (y + (1 - np.exp(-2 * STEP.t)) * s)

        def drift(elapsed: float, state: Array) -> Array:
            t = STEP.t - elapsed
            return np.asarray(state + factor * (np.exp(-t) * x0 - state) / (1 - np.exp(-2 * t)))

        solution = integrate.solve_ivp(drift, (0, STEP.gap), [y], rtol=1e-11, atol=1e-12)
        return float(solution.y[0, -1])

    move = SAMPLERS["flow"](STEP)
    assert _matches(move, end(1, 0, 1), end(0, 1, 1), 0.0)
    assert not _matches(move, end(1, 0, 2), end(0, 1, 2), 0.0)


# The whole chain.


def _fraction_chain(drop_two: bool) -> tuple[Fraction, Fraction]:
    """Euler-Maruyama in one dimension, three unequal steps, in exact fractions: mean, variance."""
    times = [Fraction(1, 4), Fraction(1, 2), Fraction(7, 8), Fraction(3, 2)]
    scores = [Fraction(0), Fraction(-3, 2), Fraction(-5, 4), Fraction(-2, 3)]
    mean, variance = Fraction(1, 3), Fraction(5, 4)
    factor = 1 if drop_two else 2
    for k in (3, 2, 1):
        h = times[k] - times[k - 1]
        multiplier = 1 + h + factor * h * scores[k]
        mean, variance = multiplier * mean, multiplier**2 * variance + 2 * h
    return mean, variance


def test_chain_in_exact_fractions() -> None:
    """Catches a step taken with the score of its end (A_{k−1}) or
    with another step's length; the decoy drops the factor 2 on the score.
    """
    drawn = sampled_law(
        [0.25, 0.5, 0.875, 1.5],
        np.array([0.0, -1.5, -1.25, -2 / 3])[:, None, None],
        Normal(np.array([1 / 3]), np.array([[1.25]])),
        "euler-maruyama",
    )
    mine = pytest.approx((drawn.mean[0], drawn.covariance[0, 0]), rel=1e-14)
    assert tuple(map(float, _fraction_chain(drop_two=False))) == mine
    assert tuple(map(float, _fraction_chain(drop_two=True))) != mine


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_chain_is_the_sum_over_its_noises(sampler: str) -> None:
    """Y_1 = Φ_N Y_N + Σ_k √q_k Φ_k w_k with explicit products of scores
    that are not symmetric and do not commute. The decoy multiplies in the opposite order.
    """
    law, times = _law([0.3, 1.0, 3.0]), geometric_grid(0.1, 2.0, 6)
    scores = _perturbed(law, times, 0.2, 1)
    start = Normal(np.array([1.0, -0.5, 0.2]), np.diag([1.0, 2.0, 0.5]))
    moves = [SAMPLERS[sampler](Step(times[k - 1], times[k])) for k in range(1, 6)]
    factors = [
        move.a * np.eye(3) + move.b * A for move, A in zip(moves, scores[1:], strict=True)
    ]  # from t_{k+1} to t_k

    def closed(order: int) -> tuple[Array, Array]:
        def product(count: int) -> Array:
            out = np.eye(3)
            for factor in factors[:count][::order]:
                out = out @ factor
            return out

        whole = product(5)
        covariance = whole @ start.covariance @ whole.T
        for k, move in enumerate(moves):
            covariance = covariance + move.q * product(k) @ product(k).T
        return whole @ start.mean, covariance

    drawn = sampled_law(times, scores, start, sampler)
    mean, covariance = closed(1)
    assert drawn.mean == pytest.approx(mean, rel=1e-11)
    assert drawn.covariance == pytest.approx(covariance, rel=1e-11)
    assert drawn.covariance != pytest.approx(closed(-1)[1], rel=1e-3)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_batches_are_their_members(sampler: str) -> None:
    """Leading dimensions of scores and of the start broadcast. Catches a mix-up of axes."""
    law, times = _law([0.3, 1.0, 3.0]), geometric_grid(0.1, 2.0, 4)
    scores = np.stack([_perturbed(law, times, 0.2, seed) for seed in range(3)])
    start = Normal(np.array([1.0, 0.0, 2.0]), np.eye(3))
    batch = sampled_law(times, scores, start, sampler)
    split = error_split(law, times, scores, sampler, start)
    for k in range(3):
        single = sampled_law(times, scores[k], start, sampler)
        assert batch.mean[k] == pytest.approx(single.mean, rel=1e-13)
        assert batch.covariance[k] == pytest.approx(single.covariance, rel=1e-13)
        assert split.w2.total[k] == pytest.approx(w2(marginal(law, times[0]), single), rel=1e-10)


# Continuous limits.


def _error(law: Gaussian, times: Array, sampler: str, factor: float = 1.0) -> Array:
    """Covariance error, in the eigenbasis, of a sampler with `factor` times the exact scores."""
    drawn = sampled_law(
        times, factor * exact_scores(law, times), marginal(law, float(times[-1])), sampler
    )
    return np.asarray(
        np.diag(law.to_eigenbasis(drawn.covariance - marginal(law, float(times[0])).covariance))
    )


LIMIT_LAW = _law([0.3, 1.5, 3.0])


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_exact_scores_converge_at_order_one(sampler: str) -> None:
    """With exact scores and an exact start the law tends to p_{t_1}: on uniform grids, observed
    orders from halving the step are 1 in covariance and in W2, 2 in KL (all four samplers,
    ancestral included). Decoy: half the score (the dropped 2) does not converge at all. Catches any
    O(g) slip in a, b or q."""
    orders = []
    for steps in (400, 800):
        times = np.linspace(0.1, 2.1, steps + 1)
        split = error_split(
            LIMIT_LAW, times, exact_scores(LIMIT_LAW, times), sampler, marginal(LIMIT_LAW, 2.1)
        )
        worst = np.abs(_error(LIMIT_LAW, times, sampler)).max()
        orders.append(np.log2([worst, split.w2.total, split.kl.total]))
    assert orders[0] - orders[1] == pytest.approx([1, 1, 2], abs=0.03)
    decoys = [
        np.abs(_error(LIMIT_LAW, np.linspace(0.1, 2.1, n + 1), sampler, 0.5)).max()
        for n in (400, 800)
    ]
    assert abs(np.log2(decoys[0] / decoys[1])) < 0.1
    assert decoys[1] > 0.3


def test_ancestral_error_is_the_ignorance_of_x0() -> None:
    """Each ancestral step lacks e^{2g} τ⁴ C_t, which the mean map e^{-g} v'/v carries to t_1: their
    sum over steps is the error, exactly, on any grid, and ∫ 4 c e^{-2(t−t_1)} v_1²/v² dt times the
    step in the limit. The decoy lacks half of it (β̃ halfway to the truth); order alone would not
    tell."""
    times = geometric_grid(0.05, 2.0, 7)
    v = np.array([LIMIT_LAW.variances(float(t)) for t in times])
    c = np.array([LIMIT_LAW.conditional_variances(float(t)) for t in times])
    gaps = np.diff(times)[:, None]
    carried = (np.exp(times[0] - times[:-1, None]) * v[0] / v[:-1]) ** 2
    lack = np.exp(2 * gaps) * (1 - np.exp(-2 * gaps)) ** 2 * c[1:]
    error = _error(LIMIT_LAW, times, "ancestral")
    assert error == pytest.approx(-(lack * carried).sum(axis=0), rel=1e-10)
    assert error != pytest.approx(-(lack * carried).sum(axis=0) / 2, rel=1e-2)

    def integrand(t: float) -> Array:
        ratio = np.exp(0.1 - t) * LIMIT_LAW.variances(0.1) / LIMIT_LAW.variances(t)
        return np.asarray(4 * LIMIT_LAW.conditional_variances(t) * ratio**2)

    limit = integrate.quad_vec(integrand, 0.1, 2.1)[0]
    fine = [
        _error(LIMIT_LAW, np.linspace(0.1, 2.1, n + 1), "ancestral") * n / 2.0 for n in (2000, 4000)
    ]
    assert 2 * fine[1] - fine[0] == pytest.approx(-limit, rel=1e-4)


def test_ancestral_mean_is_the_conditional_mean() -> None:
    """With exact scores, however few the steps: E[X_{t_1} | X_T] by conditioning.
    The exponential integrator, as decoy, is off.
    """
    times, law = np.array([0.1, 0.9, 2.0]), LIMIT_LAW
    point = Normal(np.array([1.0, -2.0, 0.5]), 0.1 * np.eye(3))
    late, early = marginal(law, 2.0).covariance, marginal(law, 0.1).covariance
    truth = np.exp(-1.9) * early @ np.linalg.solve(late, point.mean)
    means = {s: sampled_law(times, exact_scores(law, times), point, s).mean for s in SAMPLERS}
    assert means["ancestral"] == pytest.approx(truth, rel=1e-11)
    assert means["exponential"] != pytest.approx(truth, rel=1e-2)


def test_wrong_scores_converge_to_the_lyapunov_solution() -> None:
    """Scores A, constant in time, that are nobody's: as N → ∞ the law solves, with F = I + 2A,
    dC/ds = F C + C Fᵀ + 2I (Van Loan's matrix exponential); by Richardson extrapolation of each
    stochastic sampler. Decoy: F = I + A."""
    A = np.array([[-1.2, 0.4], [-0.3, -0.8]])
    start = Normal(np.array([1.0, -1.0]), np.array([[1.0, 0.3], [0.3, 2.0]]))

    def continuous(factor: float) -> tuple[Array, Array]:
        F = np.eye(2) + factor * A
        block = linalg.expm(np.block([[-F, 2 * np.eye(2)], [np.zeros((2, 2)), F.T]]) * 1.0)
        phi = block[2:, 2:].T
        return phi @ start.mean, phi @ start.covariance @ phi.T + phi @ block[:2, 2:]

    mean, covariance = continuous(2.0)
    for sampler in ("euler-maruyama", "exponential", "ancestral"):
        coarse, fine = (
            sampled_law(
                np.linspace(0.5, 1.5, n + 1), np.broadcast_to(A, (n + 1, 2, 2)), start, sampler
            )
            for n in (1000, 2000)
        )
        assert 2 * fine.mean - coarse.mean == pytest.approx(mean, rel=1e-5)
        extrapolated = 2 * fine.covariance - coarse.covariance
        assert extrapolated == pytest.approx(covariance, rel=1e-5)
        assert extrapolated != pytest.approx(continuous(1.0)[1], rel=1e-1)


# The sampler itself, run.


def _simulate(
    sampler: str, times: Array, scores: Array, size: int, rng: np.random.Generator
) -> Array:
    """One-dimensional chains from N(0, 1), written as each method's textbook does."""
    y = rng.standard_normal(size)
    for k in range(times.size - 1, 0, -1):
        t, before = times[k], times[k - 1]
        g = t - before
        w = rng.standard_normal(size)
        if sampler == "euler-maruyama":
            y = y + (y + 2 * scores[k] * y) * g + np.sqrt(2 * g) * w
        else:
            alpha, kept = np.exp(-2 * g), np.exp(-2 * before)
            beta, beta_tilde = 1 - alpha, (1 - kept) / (1 - np.exp(-2 * t)) * (1 - alpha)
            y = (y + beta * scores[k] * y) / np.sqrt(alpha) + np.sqrt(
                beta if sampler == "large" else beta_tilde
            ) * w
    return y


@pytest.mark.parametrize("sampler", ["euler-maruyama", "ancestral"])
def test_simulated_chains_have_the_law(sampler: str) -> None:
    """200 000 chains with wrong scores, by χ² for their mean square (law exact under the null).
    False-alarm rate 1e-9 a sampler; a variance off by 2.1 % is caught with probability over 1/2.
    Decoys that the same check rejects: half the score in the prediction, and DDPM's β instead of β̃
    in the simulation."""
    times, size = geometric_grid(0.1, 1.5, 6), 200_000
    scores = -0.8 / (0.5 * np.exp(-2 * times) + 1 - np.exp(-2 * times))
    rng = np.random.default_rng(20)

    def p_value(draws: Array, factor: float) -> float:
        start = Normal(np.zeros(1), np.eye(1))
        variance = sampled_law(times, factor * scores[:, None, None], start, sampler).covariance[
            0, 0
        ]
        statistic = float((draws**2).sum() / variance)
        return 2 * min(
            float(stats.chi2.sf(statistic, size)), float(stats.chi2.cdf(statistic, size))
        )

    draws = _simulate(sampler, times, scores, size, rng)
    assert p_value(draws, 1.0) > 1e-9
    assert p_value(draws, 0.5) < 1e-9
    if sampler == "ancestral":
        assert p_value(_simulate("large", times, scores, size, rng), 1.0) < 1e-9


# The split.


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_split_telescopes_and_each_part_has_its_cause(sampler: str) -> None:
    """W2 parts bound the total (the triangle inequality), and a cause removed is a part that
    vanishes: exact scores, exact start, fine grid. Catches parts given to the wrong cause. Decoy:
    the distance of the sampler from p_{t_1} taken for its score part, which stays when the scores
    are exact."""
    law, times = LIMIT_LAW, np.linspace(0.1, 2.1, 21)
    wrong, exact = _perturbed(law, times, 0.05, 3), exact_scores(law, times)
    start = Normal(np.array([0.5, 0.0, 0.0]), 2 * np.eye(3))
    split = error_split(law, times, wrong, sampler, start)
    parts = (split.w2.discretisation, split.w2.initialisation, split.w2.score)
    assert min(parts) > 5e-3
    assert split.w2.total <= sum(parts)
    without_score = error_split(law, times, exact, sampler, start).w2
    without_start = error_split(law, times, wrong, sampler, marginal(law, 2.1)).w2
    assert without_score.score == pytest.approx(0, abs=1e-13)
    assert without_score.total != pytest.approx(0, abs=1e-13)
    assert without_start.initialisation == pytest.approx(0, abs=1e-13)
    fine = np.linspace(0.1, 2.1, 2001)
    without_grid = error_split(law, fine, exact_scores(law, fine), sampler, start).w2
    assert without_grid.discretisation < 0.015 * parts[0]


def test_split_takes_kl_from_the_truth() -> None:
    """In one dimension by hand: KL(a ‖ b) = ½ (r − 1 − log r), r = a/b the ratio of variances,
    along the chain of laws p_{t_1}, L_1, L_2, drawn; the start is N(0, 1) unless given. Decoy: KL
    with its arguments exchanged."""
    law, times = Gaussian(np.array([3.0])), np.linspace(0.1, 2.1, 11)
    exact, unit = exact_scores(law, times), Normal(np.zeros(1), np.eye(1))
    chain = [
        law.variances(0.1)[0],
        sampled_law(times, exact, marginal(law, 2.1), "ancestral").covariance[0, 0],
        sampled_law(times, exact, unit, "ancestral").covariance[0, 0],
        sampled_law(times, 0.7 * exact, unit, "ancestral").covariance[0, 0],
    ]

    def by_hand(a: float, b: float) -> float:
        return float((a / b - 1 - np.log(a / b)) / 2)

    split = error_split(law, times, 0.7 * exact, "ancestral").kl
    shown = (split.total, split.discretisation, split.initialisation, split.score)
    pairs = [(chain[0], chain[3]), *pairwise(chain)]
    for value, (a, b) in zip(shown, pairs, strict=True):
        assert value == pytest.approx(by_hand(a, b), rel=1e-8)
        assert value != pytest.approx(by_hand(b, a), rel=1e-5)


def test_initialisation_error_forgets_exponentially() -> None:
    """From N(0, I) in place of p_T the reverse equation leaves (e^{-(T−t_1)} v_1/v_T)² (1 − v_T)
    in the variance. A fine grid finds it within its own error; the decoy forgets at half the rate.
    """
    law, times = Gaussian(np.array([3.0])), np.linspace(0.1, 2.1, 20_001)
    exact = exact_scores(law, times)
    drawn = [
        sampled_law(times, exact, start, "exponential").covariance[0, 0]
        for start in (Normal(np.zeros(1), np.eye(1)), marginal(law, 2.1))
    ]
    v_first, v_last = law.variances(0.1)[0], law.variances(2.1)[0]
    left = (np.exp(-2.0) * v_first / v_last) ** 2 * (1 - v_last)
    assert drawn[0] - drawn[1] == pytest.approx(left, rel=1e-3)
    assert drawn[0] - drawn[1] != pytest.approx(left * np.exp(2.0), rel=1e-1)


def test_thinning_keeps_both_ends() -> None:
    """Indices by hand; every = 1 keeps all; a thinned sampler has the coarser grid's larger
    discretisation error. Catches a thinning that moves t_1, the time that laws are compared at.
    """
    assert thin(7, 1).tolist() == list(range(7))
    assert thin(7, 2).tolist() == [0, 2, 4, 6]
    assert thin(8, 3).tolist() == [0, 1, 4, 7]
    assert thin(5, 100).tolist() == [0, 4]
    assert thin(1, 2).tolist() == [0]
    times = np.linspace(0.1, 2.1, 41)
    exact = exact_scores(LIMIT_LAW, times)
    errors = [
        float(error_split(LIMIT_LAW, times[kept], exact[kept], "ancestral").w2.discretisation)
        for kept in (thin(41, every) for every in (1, 2, 4, 8))
    ]
    assert errors == sorted(errors)
    assert errors[1] / errors[0] == pytest.approx(2, abs=0.3)


def test_one_time_is_the_start_itself() -> None:
    """N = 1: no step is taken."""
    start = Normal(np.array([0.5]), np.array([[2.0]]))
    drawn = sampled_law([0.3], np.zeros((1, 1, 1)), start, "ancestral")
    assert (drawn.mean[0], drawn.covariance[0, 0]) == (0.5, 2.0)


@pytest.mark.parametrize(
    ("times", "scores", "sampler", "match"),
    [
        ([0.2, 0.1], np.zeros((2, 1, 1)), "flow", "times: must be strictly increasing"),
        ([0.1, 0.2], np.zeros((3, 1, 1)), "flow", "scores: must have shape"),
        ([0.1, 0.2], np.full((2, 1, 1), np.nan), "flow", "scores: holds NaN"),
        ([0.1, 0.2], np.zeros((2, 1, 1)), "heun", "sampler: 'heun' is not one of"),
        (
            [0.1, 0.2, 0.3],
            np.full((3, 1, 1), 1e200),
            "exponential",
            "scores: make the exponential chain overflow",
        ),
    ],
)
def test_bad_inputs_are_named(times: list[float], scores: Array, sampler: str, match: str) -> None:
    """One sentence, naming the input."""
    with pytest.raises(InvalidInput, match=match):
        sampled_law(times, scores, Normal(np.zeros(1), np.eye(1)), sampler)


@pytest.mark.parametrize(("count", "every", "key"), [(0, 1, "count"), (3, 0, "every")])
def test_bad_thinning_is_named(count: int, every: int, key: str) -> None:
    """One sentence, naming the input."""
    with pytest.raises(InvalidInput, match=f"{key}: must be at least 1"):
        thin(count, every)
