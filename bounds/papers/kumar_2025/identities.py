r"""Claims on the identities of the theory, on mixtures of Gaussians;
bounds.papers.kumar_2025.symbolic has their algebra.

    E[T | X_t] = s(t, X_t) for T1, T2, T3,     Cov(X_0 | X_t) = e^{2t} σ_t² (I + σ_t² ∇²log p_t),
    w T2 + (1 − w) T3 − s(t, X_t) = −R/(2 sinh t),     Σ_j γ_j ⟨ζ_j, U_j⟩ = Σ_k ⟨G_k, R_k⟩

with R = E[X_0|X_t] − E[X_0|X_{t'}]. They set closed forms of the responsibilities beside
quadrature.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from bounds import concentration, targets
from bounds.check import Array
from bounds.claim import Cell, Claim
from bounds.mixture import Mixture
from bounds.process import Step, decay, noise_variance


def _law(cell: Cell) -> Mixture:
    law = cell["law"]
    return Mixture(np.array(law["weights"]), np.array(law["means"]), np.array(law["covariances"]))


def _step(cell: Cell) -> Step:
    return Step(cell["t_prev"], cell["t"])


def _at(cell: Cell, value: Array) -> float:
    """The entry of a vector or matrix that the cell asks for."""
    return float(value[tuple(cell["index"])])


def _target_mean(cell: Cell) -> float:
    return _at(cell, _law(cell).score(cell["t"], np.array(cell["x"])))


def _other_target_mean(cell: Cell) -> float:
    """The mean of T1 with σ_t for σ_t², of T2 without e^g, of T3 with σ_t² for τ²."""
    step, noise = _step(cell), float(noise_variance(cell["t"]))
    factor = {"T1": np.sqrt(noise), "T2": step.carry, "T3": step.fresh_variance / noise}[
        cell["target"]
    ]
    return float(factor) * _target_mean(cell)


def _hessian(cell: Cell) -> float:
    return _at(cell, _law(cell).hessian(cell["t"], np.array(cell["x"])))


def _unit(cell: Cell) -> float:
    """The entry of I."""
    return float(cell["index"][0] == cell["index"][1])


def _posterior_covariance(cell: Cell, growth: float) -> float:
    """growth · σ_t² (I + σ_t² ∇²log p_t), at the cell's entry."""
    noise = float(noise_variance(cell["t"]))
    return growth * noise * (_unit(cell) + noise * _hessian(cell))


def _hessian_before(cell: Cell) -> float:
    """E[∇²log p_{t'}(X_{t'}) | X_t = x]: given X_t,
    X_{t'} is a mixture again, by Bayes' rule in each component.
    """
    law, step, x = _law(cell), _step(cell), np.array(cell["x"])
    before = law.marginal(cell["t_prev"])
    gains = step.carry * before.covariances @ np.linalg.inv(law.marginal(cell["t"]).covariances)
    means = before.means + np.einsum("kij,kj->ki", gains, x - step.carry * before.means)
    covariances = before.covariances - step.carry * gains @ before.covariances
    given = Mixture(
        law.responsibilities(cell["t"], x), means, (covariances + covariances.swapaxes(1, 2)) / 2
    )
    return _at(cell, _average(given, lambda b: law.hessian(cell["t_prev"], b)))


def _target_covariance(cell: Cell) -> float:
    if cell["target"] == "T3":
        return _unit(cell) / _step(cell).fresh_variance + _hessian(cell)
    return _hessian(cell) - _hessian_before(cell) / _step(cell).carry ** 2


def _other_target_covariance(cell: Cell) -> float:
    """σ_t² for τ² in T3's, e^g for e^{2g} in T2's."""
    if cell["target"] == "T3":
        return _unit(cell) / float(noise_variance(cell["t"])) + _hessian(cell)
    return _hessian(cell) - _hessian_before(cell) / _step(cell).carry


def _mean_before(cell: Cell) -> float:
    return _at(cell, _law(cell).posterior_mean(cell["t"], np.array(cell["x"])))


def _mean_along(cell: Cell) -> float:
    """E[X_0|X_{t'} = e^g x]: X_{t'} replaced by the point that flows to x."""
    return _at(
        cell, _law(cell).posterior_mean(cell["t_prev"], np.array(cell["x"]) / _step(cell).carry)
    )


def _average(law: Mixture, f: Callable[[Array], Array]) -> Array:
    """E f(X), X drawn component by component:
    the trapezoidal rule in each one's own coordinates.
    """
    line = np.linspace(-9, 9, {1: 181, 2: 101}[law.dimension])
    axes = np.meshgrid(*[line] * law.dimension, indexing="ij")
    normals = np.stack(axes, axis=-1).reshape(-1, law.dimension)
    p = np.exp(-np.sum(normals**2, axis=-1) / 2)
    p /= p.sum()
    total: Array | float = 0.0
    for weight, mean, covariance in zip(law.weights, law.means, law.covariances, strict=True):
        values = f(mean + normals @ np.linalg.cholesky(covariance).T)
        total = total + weight * np.tensordot(p, values, 1)
    return np.asarray(total)


def _expected_trace(law: Mixture, t: float) -> float:
    """E tr C_t."""
    return float(np.trace(_average(law.marginal(t), partial(law.residual_covariance, t))))


def _expected_trace_within(cell: Cell) -> float:
    """Σ_k π_k tr(I/σ_t² − V_k^{-1}): each component by itself, their posterior means not spread."""
    law, t = _law(cell), cell["t"]
    return float(law.weights @ np.sum(1 / noise_variance(t) - 1 / law.variances(t), axis=1))


def _cross_time(cell: Cell) -> float:
    """(e^{−g} σ_{t'}²/σ_t²) E C_{t'}, on the line."""
    return targets.control_weight(_step(cell)) * _expected_trace(_law(cell), cell["t_prev"])


def _path_sum(cell: Cell, forward: bool = False) -> float:
    """Σ_k ⟨G_k, R_k⟩ of the cell's path, with G_k summed over j ≥ k, or over j ≤ k."""
    x0, zeta = np.array([cell["x0"]]), np.array(cell["zeta"])[:, None]
    law, times, gamma = _law(cell), cell["times"], np.array(cell["gamma"])
    means = np.stack(
        [law.posterior_mean(t, np.array([x])) for t, x in zip(times, cell["x"], strict=True)]
    )
    G = concentration.reverse_weights(times, gamma, zeta)
    if forward:
        last = np.concatenate([G[1:], np.zeros_like(G[:1])])
        G = G[:1] - last
    return float(np.sum(G * concentration.reverse_increments(x0, means)))


def _target_noise(cell: Cell, at: str = "t") -> float:
    """−(E[X_0|X_t] − E[X_0|X_{t'}])/(2 sinh t), on the cell's path."""
    law = _law(cell)
    late = law.posterior_mean(cell["t"], np.array(cell["x"]))
    early = law.posterior_mean(cell["t_prev"], np.array(cell["x_prev"]))
    return _at(cell, -(late - early) / (2 * np.sinh(cell[at])))


def _known_square(cell: Cell, k: int, x: Array) -> Array:
    """E[G_k² | X_{t_k} = x], x of shape (n,):
    G_k is a sum of sines of X_{t_k}, …, X_{t_N}, Gaussian given X_{t_k}.
    """
    times, pitch = np.array(cell["times"][k:]), np.array(cell["pitch"][k:])
    phase = (
        pitch[:, None] * decay(times - times[0])[:, None] * x
        + np.arange(k, k + times.size)[:, None]
    )
    spread = np.exp(-np.abs(np.subtract.outer(times, times))) - np.exp(
        2 * times[0] - np.add.outer(times, times)
    )
    spread = np.outer(pitch, pitch) * spread
    own, size = np.diag(spread), np.array(cell["gamma"][k:]) / (2 * np.sinh(times))
    total = np.zeros_like(x)
    for i, j in np.ndindex(spread.shape):
        less = np.exp(-(own[i] + own[j]) / 2 + spread[i, j]) * np.cos(phase[i] - phase[j])
        more = np.exp(-(own[i] + own[j]) / 2 - spread[i, j]) * np.cos(phase[i] + phase[j])
        total += size[i] * size[j] * (less - more) / 2
    return total


def _first_increment(cell: Cell, x: Array) -> Array:
    """E[G_1² R_1² | X_{t_1} = x], x of shape (n, 1)."""
    t = cell["times"][0]
    # Var(X_0 | X_t)
    unknown = _law(cell).residual_covariance(t, x)[:, 0, 0] * (2 * np.sinh(t)) ** 2
    return np.asarray(_known_square(cell, 0, x[:, 0]) * unknown)


def _increment(cell: Cell, k: int, x: Array) -> Array:
    """E[G² R² | X_{t_{k−1}}, X_{t_k}] of the step between them, k from 1; x of shape (n, 2)."""
    law, times = _law(cell), cell["times"]
    late, early = (law.posterior_mean(times[k - 1 + i], x[:, [i]])[:, 0] for i in (1, 0))
    return np.asarray(_known_square(cell, k, x[:, 1]) * (late - early) ** 2)


def _own_variance(cell: Cell, j: int, x: Array) -> Array:
    """E[ζ_j² U_j² | X_{t_j} = x], x of shape (n, 1)."""
    variance = _law(cell).residual_covariance(cell["times"][j], x)[:, 0, 0]
    return np.asarray(np.sin(cell["pitch"][j] * x[:, 0] + j) ** 2 * variance)


def _sum_of_increments(cell: Cell) -> float:
    """Σ_k E[G_k² R_k²] on the line: given X_{t_k},
    G_k and R_k are independent, and R_1² averages to Var(X_0|X_{t_1}).
    """
    law, times = _law(cell), cell["times"]

    total = float(_average(law.marginal(times[0]), partial(_first_increment, cell)))
    for k in range(1, len(times)):
        step = Step(times[k - 1], times[k])
        pair = np.array([1.0, step.carry])
        before = law.marginal(step.t_prev)
        covariances = before.covariances * np.outer(pair, pair) + np.diag(
            [0.0, step.fresh_variance]
        )

        total += float(
            _average(
                Mixture(law.weights, before.means * pair, covariances), partial(_increment, cell, k)
            )
        )
    return total


def _sum_of_variances(cell: Cell) -> float:
    """Σ_j γ_j² E[ζ_j² U_j²]."""
    law = _law(cell)
    own = [
        gamma**2 * float(_average(law.marginal(t), partial(_own_variance, cell, j)))
        for j, (t, gamma) in enumerate(zip(cell["times"], cell["gamma"], strict=True))
    ]
    return float(sum(own))


def _shared(cell: Cell) -> Mixture:
    return Mixture(np.array(cell["weights"]), np.array(cell["means"]), np.diag(cell["variances"]))


def _pair_norm(cell: Cell) -> float:
    return float(1 / noise_variance(cell["t"]) + _shared(cell).curvature_bound(cell["t"]))


def _pair_trace(cell: Cell) -> float:
    """tr C_t at the same x: d − 1 more eigenvalues 1/σ_t² − 1/v."""
    t = cell["t"]
    other = 1 / noise_variance(t) - 1 / _shared(cell).variances(t)[0, 0]
    return float(_pair_norm(cell) + (cell["d"] - 1) * other)


def _gaussian_twin(cell: Cell) -> float:
    """σ_t² c(t) of the Gaussian with the same variance."""
    signal = decay(2 * cell["t"]) * cell["variance"]
    return float(signal / (signal + noise_variance(cell["t"])))


def _crossed(cell: Cell, spread: float) -> float:
    """1/σ_t² − (1/v_1 + 1/v_2)/2 + spread · a² (1/v_1 − 1/v_2)²."""
    noise = float(noise_variance(cell["t"]))
    v1, v2 = decay(2 * cell["t"]) * np.array(cell["variances"]) + noise
    return float(
        1 / noise - (1 / v1 + 1 / v2) / 2 + spread * cell["a"] ** 2 * (1 / v1 - 1 / v2) ** 2
    )


_mixtures = partial(Claim, origin="derived", kind="identity", tolerance=1e-11, scale=1.0)
_MIXTURES = "Finite mixtures of Gaussians; cells: two laws on the line and one in the plane, by "
"quadrature"

CLAIMS: tuple[Claim, ...] = (
    _mixtures(
        name="targets-unbiased-mixture",
        statement="E[T | X_t = x] = s(t, x) at each cell's x for T1 = −Z_t/σ_t², T2 = e^g s(t', "
        "X_{t'}) and T3 = −(X_t − e^{−g} X_{t'})/τ².",
        assumptions=_MIXTURES
        + " over X_0 for T1, over X_{t'} for T2 and T3, with s(t', ·) by complex steps.",
        source="theory.md, Three targets",
        measurement="evidence-identities:target-mean",
        formula=_target_mean,
        decoy=_other_target_mean,
        decoy_note="σ_t in place of σ_t² in T1, e^g dropped from T2, σ_t² in place of τ² in T3",
        why="∇N(x; e_t y, σ_t² I) = −(z/σ_t²) N(x; e_t y, σ_t² I), for T3 with X_{t'} as the "
        "datum; e^{−t} s(t, X_t) is a martingale in reverse time.",
        uses=("tweedie-symbolic", "martingale-symbolic"),
    ),
    _mixtures(
        name="posterior-covariance-mixture",
        statement="Cov(X_0 | X_t = x) = e^{2t} σ_t² (I + σ_t² ∇²log p_t(x)), entry by entry at "
        "each cell's x; the same as Cov(T1 | X_t = x) = C_t(x) = I/σ_t² + ∇²log p_t(x).",
        assumptions=_MIXTURES + " over X_0.",
        source="theory.md, Residual covariance",
        measurement="evidence-identities:posterior-covariance",
        formula=lambda c: _posterior_covariance(c, float(np.exp(2 * c["t"]))),
        decoy=lambda c: _posterior_covariance(c, float(np.exp(c["t"]))),
        decoy_note="e^t in place of e^{2t}",
        why="Second-order Tweedie. Given X_t, Z_t is −e_t X_0 plus a constant, so C_t = "
        "(e_t²/σ_t⁴) Cov(X_0|X_t).",
        uses=("residual-covariance-symbolic",),
    ),
    _mixtures(
        name="target-covariances-mixture",
        statement="Cov(T3 | X_t = x) = I/τ² + ∇²log p_t(x) and Cov(T2 | X_t = x) = ∇²log p_t(x) − "
        "e^{2g} E[∇²log p_{t'}(X_{t'}) | X_t = x], entry by entry at each cell's x.",
        assumptions=_MIXTURES
        + " over X_{t'}; the formula averages the closed Hessian over the mixture that X_{t'} is "
        "given X_t.",
        source="theory.md, Three targets",
        measurement="evidence-identities:target-covariance",
        formula=_target_covariance,
        decoy=_other_target_covariance,
        decoy_note="σ_t² in place of τ² for T3, e^g in place of e^{2g} for T2",
        why="Second-order Tweedie with X_{t'} as the datum. For T2 differentiate p_t(x) = ∫ k(x, "
        "b) p_{t'}(b) db twice, ∂_x k = −e^g ∂_b k each time: ∇²p_t/p_t is e^{2g} "
        "E[∇²p_{t'}/p_{t'}].",
        uses=("residual-covariance-symbolic", "martingale-symbolic"),
    ),
    _mixtures(
        name="alpha-star-pointwise",
        statement="The α that minimises tr Cov(T1 + α U_{t'} | X_t = x) is α* = e^{−g} "
        "σ_{t'}²/σ_t² at each cell's x by itself, not only on average over X_t.",
        assumptions=_MIXTURES + " of the variance at three α, over X_{t'} and X_0 given it.",
        source="theory.md, Control variate",
        measurement="evidence-identities:alpha",
        formula=lambda c: targets.control_weight(_step(c)),
        decoy=lambda c: targets.control_weight(_step(c)) / _step(c).carry,
        decoy_note="the factor e^{−g} dropped",
        why="T1 + α* U_{t'} is free of X_0, so it is E[T1 | X_{t'}, X_t] (Rao-Blackwell): whatever "
        "else has mean zero given X_{t'} only adds variance, at every x and in every direction.",
        uses=("alpha-star-symbolic",),
    ),
    _mixtures(
        name="bootstrap-noise-mixture",
        statement="On random paths the one α for which T1 + α U_{t'} does not move with X_0 leaves "
        "it at s(t, X_t) − (E[X_0|X_t] − E[X_0|X_{t'}])/(2 sinh t).",
        assumptions="Mixtures as above; α solved for path by path, scores by complex steps; closed "
        "posterior means on the other side.",
        source="theory.md, Bootstrap noise is the reverse increment",
        measurement="evidence-identities:target-noise",
        formula=_target_noise,
        decoy=lambda c: _target_noise(c, at="t_prev"),
        decoy_note="2 sinh t' in place of 2 sinh t: the increment in the units of the level before",
        why="As bootstrap-noise-symbolic.",
        uses=("bootstrap-noise-symbolic",),
    ),
    _mixtures(
        name="matching-gap-mixture",
        statement="E‖f(X_t) + Z_t/σ_t²‖² − E‖f(X_t) − s(t, X_t)‖² = E tr C_t for each of three "
        "functions f.",
        assumptions=_MIXTURES + " over (X_0, X_t); f = 0, a sine and a cubic, by coordinate.",
        source="theory.md, Tweedie",
        measurement="evidence-identities:matching-gap",
        formula=lambda c: _expected_trace(_law(c), c["t"]),
        decoy=_expected_trace_within,
        decoy_note="the spread of the components' posterior means left out of C_t, as for a single "
        "Gaussian",
        why="f − s is a function of X_t and U_t has mean zero given X_t: no cross term, whatever f "
        "is.",
        uses=("targets-unbiased-mixture", "posterior-covariance-mixture"),
    ),
    _mixtures(
        name="reverse-martingale-mixture",
        statement="E[E[X_0|X_{t'}] | X_t = x] = E[X_0|X_t = x] at each cell's x: the R_k have mean "
        "zero given X_{t_k}.",
        assumptions=_MIXTURES + " over X_0 and X_{t'}.",
        source="theory.md, Reverse martingale",
        measurement="evidence-identities:posterior-mean-before",
        formula=_mean_before,
        decoy=_mean_along,
        decoy_note="E[X_0|X_{t'} = e^g x]: no regression to the mean between t and t'",
        why="The chain X_0 → X_{t'} → X_t is Markov; the tower property.",
    ),
    _mixtures(
        name="reverse-decomposition-paths",
        statement="Σ_j γ_j ⟨ζ_j, U_j⟩ = Σ_k ⟨G_k, R_k⟩ on each of the cells' simulated paths, N = "
        "1, 2, 5, d = 1, 2, ζ_j random functions of X_{t_j}.",
        assumptions="Mixtures; U_j from Z_t and the complex-step score, R_k from the closed "
        "posterior means. For every law by residual-regression-symbolic and summation by parts.",
        source="theory.md, Reverse-time decomposition",
        measurement="evidence-identities:path-sum",
        formula=_path_sum,
        decoy=lambda c: _path_sum(c, forward=True),
        decoy_note="G_k summed over j ≤ k: the forward filtration",
        why="Summation by parts: E[X_0|X_{t_j}] − X_0 = R_1 + … + R_j.",
        uses=("residual-regression-symbolic",),
    ),
    _mixtures(
        name="reverse-variance",
        statement="Var Σ_j γ_j ζ_j U_j = Σ_k E[G_k² R_k²] at N = 3, ζ_j sines of X_{t_j}: the "
        "variance of the sum is the sum of the increments' variances.",
        assumptions="Two mixtures on the line, two grids of times. Left: quadrature over the "
        "path's density and the moments of X_0, scores by complex steps. Right: closed posterior "
        "means and covariances, averaged component by component over one time or two, and G_k² "
        "over later times in closed form.",
        source="theory.md, Reverse-time decomposition",
        measurement="evidence-identities:sum-variance",
        formula=_sum_of_increments,
        decoy=_sum_of_variances,
        decoy_note="the U_j of one path taken to be uncorrelated: Σ_j γ_j² E[ζ_j² U_j²]",
        why="⟨G_k, R_k⟩ are martingale differences in reverse time: G_k is known at t_k, where R_k "
        "has mean zero.",
        uses=("reverse-decomposition-paths", "reverse-martingale-mixture"),
    ),
    _mixtures(
        name="cross-time-covariance-mixture",
        statement="E[U_t U_{t'}] = (e^{−g} σ_{t'}²/σ_t²) E C_{t'} for each pair of times on the "
        "cells' grids.",
        assumptions="Two mixtures on the line; quadrature over the path and the moments of X_0.",
        source="theory.md, Cross-time covariance",
        measurement="evidence-identities:cross-time",
        formula=_cross_time,
        decoy=lambda c: _cross_time(c) / _step(c).carry,
        decoy_note="the factor e^{−g} dropped",
        why="E[X_0|X_t] − E[X_0|X_{t'}] is orthogonal to E[X_0|X_{t'}] − X_0, so what is left is "
        "(e_t e_{t'}/(σ_t² σ_{t'}²)) E Cov(X_0|X_{t'}).",
        uses=("residual-regression-symbolic", "reverse-martingale-mixture"),
    ),
    _mixtures(
        name="residual-norm-attained",
        statement="sup_x ‖C_t(x)‖ = 1/σ_t² + L₊(t), L₊(t) = e^{−2t}|μ_1 − μ_2|²/(4v²) − 1/v, for "
        "each of d = 1 … 64: the same number in every dimension.",
        assumptions="Two round components 3 apart, Σ = 0.2 I, weights 0.7 and 0.3; t = 0.05, 0.4, "
        "1.5; x searched. That no x exceeds it is Popoviciu's inequality, that one attains it is "
        "measured.",
        source="theory.md, Curvature of a mixture",
        measurement="evidence-identities:pair-norm",
        formula=_pair_norm,
        decoy=_pair_trace,
        decoy_note="the trace in place of the norm (equal at d = 1 alone)",
        why="⟨u, g_k⟩ takes two values, whose variance is at most a quarter of their squared "
        "distance (Popoviciu), attained where the responsibilities are equal.",
        uses=("posterior-covariance-mixture",),
    ),
    Claim(
        name="log-concave-residual",
        statement="σ_t² C_t(x) ≤ 1 at the worst of 121 points |x| ≤ 6 for the uniform, Laplace, "
        "exponential, logistic and Gumbel laws: with L₊ = 0 the residual's norm needs no L at all.",
        assumptions="Every log-concave law and every x, by Prékopa-Leindler; cells: five laws on "
        "the line, t = 0.1, 0.5, 1, Gauss-Legendre quadrature.",
        source="theory.md, Bounds on the residual covariance",
        origin="derived",
        kind="upper",
        measurement="evidence-identities:log-concave",
        formula=lambda c: 1.0,
        decoy=_gaussian_twin,
        decoy_note="the Gaussian of the same variance, which is not the worst log-concave law",
        tolerance=1e-9,
        why="Log-concavity survives convolution (Prékopa-Leindler), so ∇²log p_t ≤ 0. It is nearly "
        "attained: in an exponential tail log p_t is linear.",
        uses=("posterior-covariance-mixture",),
    ),
    _mixtures(
        name="two-gaussians-without-lipschitz-score",
        statement="For ½ N(0, diag(1, 4)) + ½ N(0, diag(4, 1)) at x = (a, a), ‖C_t‖ = 1/σ_t² − "
        "(1/v_1 + 1/v_2)/2 + (a²/2)(1/v_1 − 1/v_2)²: it grows like a², so no L exists at any t.",
        assumptions="a = 0, 2, 4, 8 and t = 0.2, 1; quadrature over X_0 in the plane. For every a "
        "and t by the lines of `why`.",
        source="theory.md, Two Gaussians without a Lipschitz score",
        measurement="evidence-identities:crossed",
        formula=lambda c: _crossed(c, 0.5),
        decoy=lambda c: _crossed(c, 0.25),
        decoy_note="half of the spread between the components' scores",
        why="On the diagonal both components weigh ½ however far out, and their scores differ by a "
        "(1/v_1 − 1/v_2)(1, −1): the variance of a fair coin between them is a² (1/v_1 − "
        "1/v_2)²/2. So a Lipschitz score excludes some mixtures of two centred Gaussians.",
        uses=("posterior-covariance-mixture",),
    ),
)
