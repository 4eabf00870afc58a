r"""Claims on the identities that hold for every data law, in symbols and on mixtures of Gaussians.

    E[T | X_t] = s(t, X_t) for T1, T2, T3,     Cov(Z_t/σ_t² | X_t) = C_t = I/σ_t² + ∇²log p_t,
    Σ_j γ_j ⟨ζ_j, U_j⟩ = Σ_k ⟨G_k, R_k⟩,       ‖C_t‖ ≤ 1/σ_t² + L,

The symbolic claims are proofs: sympy simplifies each residual to zero, for Gaussian data with free eigenvalues, or for
every law by integrands and pathwise algebra. The others set closed forms of the responsibilities beside quadrature.
"""

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


def _score(cell: Cell, factor: float = 1.0) -> float:
    return factor * _at(cell, _law(cell).score(cell["t"], np.array(cell["x"])))


def _curvature(cell: Cell, constant: float, sign: float = 1.0) -> float:
    """constant · I + sign · ∇²log p_t(x), at the cell's entry."""
    hessian = _law(cell).hessian(cell["t"], np.array(cell["x"]))
    return _at(cell, constant * np.eye(len(cell["x"])) + sign * hessian)


def _posterior_covariance(cell: Cell, growth: float) -> float:
    """growth · σ_t² (I + σ_t² ∇²log p_t), at the cell's entry."""
    noise = float(noise_variance(cell["t"]))
    return growth * noise * _curvature(cell, 1.0, noise)


def _mean_before(cell: Cell) -> float:
    return _at(cell, _law(cell).posterior_mean(cell["t"], np.array(cell["x"])))


def _mean_along(cell: Cell) -> float:
    """E[X_0|X_{t'} = e^g x]: X_{t'} replaced by the point that flows to x."""
    return _at(cell, _law(cell).posterior_mean(cell["t_prev"], np.array(cell["x"]) / _step(cell).carry))


def _expected_trace(law: Mixture, t: float) -> float:
    """E tr C_t, X_t drawn component by component, by the trapezoidal rule in each component's own coordinates."""
    line = np.linspace(-9, 9, 181)
    normals = np.stack(np.meshgrid(*[line] * law.dimension, indexing="ij"), axis=-1).reshape(
        -1, law.dimension
    )
    p = np.exp(-np.sum(normals**2, axis=-1) / 2)
    marginal = law.marginal(t)
    total = 0.0
    for weight, mean, covariance in zip(marginal.weights, marginal.means, marginal.covariances, strict=True):
        x = mean + normals @ np.linalg.cholesky(covariance).T
        trace = np.trace(law.residual_covariance(t, x), axis1=1, axis2=2)
        total += weight * float(p @ trace / p.sum())
    return total


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
    means = np.stack([law.posterior_mean(t, np.array([x])) for t, x in zip(times, cell["x"], strict=True)])
    G = concentration.reverse_weights(times, gamma, zeta)
    if forward:
        last = np.concatenate([G[1:], np.zeros_like(G[:1])])
        G = G[:1] - last
    return float(np.sum(G * concentration.reverse_increments(x0, means)))


def _shared(cell: Cell) -> Mixture:
    return Mixture(np.array(cell["weights"]), np.array(cell["means"]), np.diag(cell["variances"]))


def _lipschitz(cell: Cell) -> float:
    """L(t) = max(L₊(t), 1/min_i v_i(t)): −1/v_min ≤ ∇²log p_t ≤ L₊, for components that share a covariance."""
    law, t = _shared(cell), cell["t"]
    return max(float(law.curvature_bound(t)), 1 / float(law.variances(t).min()))


def _norm_bound(cell: Cell, share: float = 1.0) -> float:
    return float(1 / noise_variance(cell["t"]) + share * _lipschitz(cell))


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
    return float(1 / noise - (1 / v1 + 1 / v2) / 2 + spread * cell["a"] ** 2 * (1 / v1 - 1 / v2) ** 2)


def _nothing(cell: Cell) -> float:
    return 0.0


def _symbolic_decoy(cell: Cell) -> float:
    """|residual of the decoy| at the cell's rational point; an undefined function becomes exp(−y⁴/3)."""
    # sympy takes half a second to import, and the ledger is imported by every command
    import sympy as sp

    from bounds.identities import DERIVATIONS

    decoy = next(one for one in DERIVATIONS if one.name == cell["derivation"]).decoy()
    concrete = decoy.replace(
        lambda e: isinstance(e, sp.core.function.AppliedUndef), lambda e: sp.exp(-(e.args[0] ** 4) / 3)
    ).doit()
    names = sorted(concrete.free_symbols, key=str)
    point = {s: sp.Rational(n, 1000) for s, n in zip(names, cell["point"][: len(names)], strict=True)}
    return float(abs(sp.N(concrete.subs(point), 30)))


# 50 digits are computed, and what does not simplify to zero adds 1.
_proof = partial(
    Claim,
    origin="derived",
    kind="identity",
    formula=_nothing,
    decoy=_symbolic_decoy,
    tolerance=1e-30,
    scale=1.0,
    certified=True,
)
_mixtures = partial(Claim, origin="derived", kind="identity", tolerance=1e-11, scale=1.0)

_GAUSSIAN = "Gaussian data, one coordinate of the eigenbasis, λ > 0 free; 0 < t' < t free"
_BOTH = _GAUSSIAN + "; and every law p_0 with derivatives taken under the integral (the kernel is Gaussian)"
_MIXTURES = "Finite mixtures of Gaussians; cells: two laws on the line and one in the plane, by quadrature"

CLAIMS: tuple[Claim, ...] = (
    _proof(
        name="tweedie-symbolic",
        statement="E[−Z_t/σ_t² | X_t] = s(t, X_t).",
        assumptions=_BOTH + "; in two dimensions with a full symbolic Σ.",
        source="theory.md, identity 1",
        measurement="evidence-identities:symbolic-tweedie",
        decoy_note="another noise level: τ², or σ_t, in place of σ_t²",
        why="∂_x N(x; e_t y, σ_t²) = −(z/σ_t²) N(x; e_t y, σ_t²); divide the integral over p_0 by p_t.",
    ),
    _proof(
        name="martingale-symbolic",
        statement="s(t, X_t) = e^g E[s(t', X_{t'}) | X_t].",
        assumptions=_BOTH + "; k p_{t'} vanishes at infinity.",
        source="theory.md, identity 2",
        measurement="evidence-identities:symbolic-martingale",
        decoy_note="e^{−g} in place of e^g",
        why="The kernel k(x, b) depends on x − e^{−g} b, so ∂_x k = −e^g ∂_b k; integrate by parts.",
    ),
    _proof(
        name="local-tweedie-symbolic",
        statement="E[T3 | X_t] = s(t, X_t), T3 = −(X_t − e^{−g} X_{t'})/τ².",
        assumptions="Every law p_{t'}; derivatives under the integral over b = X_{t'}.",
        source="theory.md, identity 4",
        measurement="evidence-identities:symbolic-local-tweedie",
        decoy_note="σ_t² in place of τ²",
        why="Tweedie with X_{t'} as the datum and τ² as the noise.",
        uses=("tweedie-symbolic",),
    ),
    _proof(
        name="residual-covariance-symbolic",
        statement="Cov(U_t | X_t) = 1/σ_t² + ∂²log p_t; for Gaussian data e^{−2t} λ/(σ_t² v).",
        assumptions=_BOTH + "; one dimension.",
        source="theory.md, Notation",
        measurement="evidence-identities:symbolic-residual-covariance",
        decoy_note="the term 1/σ_t² forgotten; for Gaussian data σ_t⁴ in place of σ_t²",
        why="The second derivative of the kernel is (z²/σ_t⁴ − 1/σ_t²) times it; subtract the square of the first.",
        uses=("tweedie-symbolic",),
    ),
    _proof(
        name="residual-regression-symbolic",
        statement="U_t = (e_t/σ_t²)(E[X_0|X_t] − X_0), path by path.",
        assumptions="Every law with a finite mean; and Gaussian data by regression.",
        source="theory.md, identity 3",
        measurement="evidence-identities:symbolic-residual-regression",
        decoy_note="another noise level: τ², or σ_t, in place of σ_t²",
        why="Z_t = X_t − e_t X_0 and, by Tweedie, s = −(X_t − e_t E[X_0|X_t])/σ_t²: X_t cancels.",
        uses=("tweedie-symbolic",),
    ),
    _proof(
        name="reverse-decomposition-symbolic",
        statement="Σ_j γ_j ζ_j U_j = Σ_k G_k R_k with G_k = Σ_{j≥k} γ_j (e_j/σ_j²) ζ_j at N = 3, "
        "and E[R_2 X_{t_2}] = 0.",
        assumptions="The sum for every law, N = 3, one coordinate; the orthogonality for Gaussian data.",
        source="theory.md, identity 3",
        measurement="evidence-identities:symbolic-reverse-decomposition",
        decoy_note="the forward filtration: G_k summed over j ≤ k, and E[R_2 X_{t_1}] = 0",
        why="E[X_0|X_{t_j}] − X_0 telescopes into R_1 + … + R_j; exchange the two sums.",
        uses=("residual-regression-symbolic",),
    ),
    _proof(
        name="cross-time-covariance-symbolic",
        statement="Cov(U_t, U_{t'}) = (e^{−g} σ_{t'}²/σ_t²) C_{t'}.",
        assumptions=_GAUSSIAN + ".",
        source="theory.md, 'Joint-time fitting'",
        measurement="evidence-identities:symbolic-cross-time",
        decoy_note="the factor e^{−g} dropped",
        why="U_t and U_{t'} are multiples of E[X_0|·] − X_0, and E[X_0|X_t] is the coarser of the two: the "
        "reverse martingale leaves Var(X_0|X_{t'}) alone.",
        uses=("residual-regression-symbolic", "reverse-decomposition-symbolic"),
    ),
    _proof(
        name="target-variances-symbolic",
        statement="Var(T | X_t) is 1/σ_t² − 1/v for T1, e^{2g}/v' − 1/v for T2, 1/τ² − 1/v for T3.",
        assumptions=_GAUSSIAN + ".",
        source="theory.md, identity 4",
        measurement="evidence-identities:symbolic-target-variances",
        decoy_note="the wrong level: τ² for σ_t² in T1, e^g for e^{2g} in T2, σ_t² for τ² in T3",
        why="Each target's second moment less that of its mean, s = −X_t/v, which is 1/v.",
        uses=("tweedie-symbolic", "martingale-symbolic", "local-tweedie-symbolic"),
    ),
    _proof(
        name="alpha-star-symbolic",
        statement="α* = e^{−g} σ_{t'}²/σ_t² minimises E tr Cov(T1 + α U_{t'} | X_t), and cuts it by α*² E‖U_{t'}‖².",
        assumptions="Every law with second moments; the size of the cut for Gaussian data.",
        source="theory.md, identity 5",
        measurement="evidence-identities:symbolic-alpha-star",
        decoy_note="the factor e^{−g} dropped from α*; twice the cut",
        why="Z_{t'} = σ_{t'}²(U_{t'} − s'); U_{t'}, s' and the fresh noise are uncorrelated, so the variance "
        "is (α − α*)² E‖U_{t'}‖² plus what α does not touch.",
        uses=("tweedie-symbolic", "martingale-symbolic"),
    ),
    _proof(
        name="control-variate-mix-symbolic",
        statement="T1 + α* U_{t'} = w T2 + (1 − w) T3 with w = e^{−2g} σ_{t'}²/σ_t², path by path.",
        assumptions="Every law; noises and the score s' as free symbols.",
        source="theory.md, identity 5",
        measurement="evidence-identities:symbolic-mix",
        decoy_note="w = α*: e^{−g} in place of e^{−2g}",
        why="At α* the coefficient of Z_{t'} vanishes, and 1 − w = τ²/σ_t².",
        uses=("alpha-star-symbolic",),
    ),
    _proof(
        name="bsm-recursion-symbolic",
        statement="r_k,ij = w² e^{2g}/v'_i + (1−w)²/τ² − 1/v_i + w² (v'_j/v_j) r_{k−1,ij}, and the fresh part of "
        "the error is uncorrelated with U_{t'}, for every w.",
        assumptions="Gaussian data, coordinates i and j, leading order in 1/m.",
        source="theory.md, 'BSM with linear scores'",
        measurement="evidence-identities:symbolic-bsm-recursion",
        decoy_note="the old error carried by Var X'_j instead of Cov(X'_j, X_j); T1 + α U_{t'} with α ≠ α*",
        why="The regression's noise is the target's conditional variance over m v_j, and the old error enters "
        "through w e^g Cov(X'_j, X_j)/v_j = w v'_j/v_j.",
        uses=("target-variances-symbolic", "control-variate-mix-symbolic", "reverse-decomposition-symbolic"),
    ),
    _proof(
        name="bsm-optimal-weight-symbolic",
        statement="w*_ij = (1/τ²)/(1/τ² + e^{2g}/v'_i + (v'_j/v_j) r_{k−1,ij}) makes dr_k,ij/dw zero.",
        assumptions="Gaussian data, coordinates i and j, leading order in 1/m.",
        source="theory.md, 'Risk-optimal weights'",
        measurement="evidence-identities:symbolic-bsm-weight",
        decoy_note="the old error left out: the weight of a known score",
        why="r_k,ij is a convex quadratic in w: a Kalman gain.",
        uses=("bsm-recursion-symbolic",),
    ),
    _proof(
        name="dsm-risk-factor-symbolic",
        statement="E[1/χ²_{m−d+1}] = 1/(m − d − 1), a diagonal entry of E[W^{-1}] for W ~ Wishart_d(m, I).",
        assumptions="m > d + 1; 1/(W^{-1})_ii ~ χ²_{m−d+1} is taken for granted (Schur complement).",
        source="theory.md, 'DSM with a linear score'",
        measurement="evidence-identities:symbolic-dsm-factor",
        decoy_note="1/(m − d), one off",
        why="Γ(k/2 − 1)/(2 Γ(k/2)) = 1/(k − 2) with k = m − d + 1.",
    ),
    _proof(
        name="ancestral-step-symbolic",
        statement="X_{t'} given X_t and X_0 is N(μ, β̃ I) with β̃ = σ_{t'}² τ²/σ_t², and μ at x̂_0 = (x + σ_t² s)/e_t "
        "is e^g (x + τ² s).",
        assumptions="Any x, b, x_0 and s.",
        source="bounds/identities.py, ancestral-posterior and ancestral-mean",
        measurement="evidence-identities:symbolic-ancestral-step",
        decoy_note="β = τ² in place of β̃; e^{−g} in place of e^g",
        why="Bayes' rule for three Gaussian kernels.",
    ),
    _proof(
        name="ancestral-variance-symbolic",
        statement="Var(X_{t'} | X_t) exceeds the ancestral step's β̃ by e^{2g} τ⁴ C_t.",
        assumptions=_GAUSSIAN + "; and every law, one coordinate, by the law of total variance given X_0.",
        source="bounds/identities.py, ancestral-lack",
        measurement="evidence-identities:symbolic-ancestral-lack",
        decoy_note="τ² in place of τ⁴",
        why="The step's mean moves with x_0 by e_{t'} τ²/σ_t², and Var(X_0|X_t) = (σ_t²/e_t)² C_t.",
        uses=("ancestral-step-symbolic", "residual-regression-symbolic"),
    ),
    _mixtures(
        name="tweedie-mixture",
        statement="E[−Z_t/σ_t² | X_t = x] = s(t, x) at each cell's x.",
        assumptions=_MIXTURES + " over X_0.",
        source="theory.md, identity 1",
        measurement="evidence-identities:denoising-mean",
        formula=_score,
        decoy=lambda c: _score(c, float(np.sqrt(noise_variance(c["t"])))),
        decoy_note="σ_t in place of σ_t² in T1",
        why="∇N(x; e_t y, σ_t² I) = −(z/σ_t²) N(x; e_t y, σ_t² I).",
        uses=("tweedie-symbolic",),
    ),
    _mixtures(
        name="score-transport-mixture",
        statement="E[e^g s(t', X_{t'}) | X_t = x] = s(t, x) at each cell's x.",
        assumptions=_MIXTURES + " over X_{t'}, with s(t', ·) by complex steps.",
        source="theory.md, identity 2",
        measurement="evidence-identities:transported-mean",
        formula=_score,
        decoy=lambda c: _score(c, 1 / _step(c).carry),
        decoy_note="the factor e^g dropped from T2",
        why="e^{−t} s(t, X_t) is a martingale in reverse time.",
        uses=("martingale-symbolic",),
    ),
    _mixtures(
        name="local-tweedie-mixture",
        statement="E[−(X_t − e^{−g} X_{t'})/τ² | X_t = x] = s(t, x) at each cell's x.",
        assumptions=_MIXTURES + " over X_{t'}.",
        source="theory.md, identity 4",
        measurement="evidence-identities:local-mean",
        formula=_score,
        decoy=lambda c: _score(c, float(noise_variance(c["t"])) / _step(c).fresh_variance),
        decoy_note="σ_t² in place of τ² in T3",
        why="Tweedie with X_{t'} as the datum.",
        uses=("local-tweedie-symbolic",),
    ),
    _mixtures(
        name="residual-covariance-mixture",
        statement="Cov(T1 | X_t = x) = C_t(x) = I/σ_t² + ∇²log p_t(x), entry by entry at each cell's x.",
        assumptions=_MIXTURES + " over X_0.",
        source="theory.md, Notation",
        measurement="evidence-identities:denoising-covariance",
        formula=lambda c: _curvature(c, float(1 / noise_variance(c["t"]))),
        decoy=lambda c: _curvature(c, float(1 / noise_variance(c["t"])), -1.0),
        decoy_note="the sign of ∇²log p_t flipped",
        why="Second-order Tweedie.",
        uses=("residual-covariance-symbolic",),
    ),
    _mixtures(
        name="posterior-covariance-mixture",
        statement="Cov(X_0 | X_t = x) = e^{2t} σ_t² (I + σ_t² ∇²log p_t(x)), entry by entry at each cell's x.",
        assumptions=_MIXTURES + " over X_0.",
        source="theory.md, 'Dimension-free bounds'",
        measurement="evidence-identities:posterior-covariance",
        formula=lambda c: _posterior_covariance(c, float(np.exp(2 * c["t"]))),
        decoy=lambda c: _posterior_covariance(c, float(np.exp(c["t"]))),
        decoy_note="e^t in place of e^{2t}",
        why="Given X_t, Z_t is −e_t X_0 plus a constant, so C_t = (e_t²/σ_t⁴) Cov(X_0|X_t).",
        uses=("residual-covariance-mixture",),
    ),
    _mixtures(
        name="local-covariance-mixture",
        statement="Cov(T3 | X_t = x) = I/τ² + ∇²log p_t(x), entry by entry at each cell's x.",
        assumptions=_MIXTURES + " over X_{t'}.",
        source="theory.md, identity 4 (its trace for Gaussian data); for every law here",
        measurement="evidence-identities:local-covariance",
        formula=lambda c: _curvature(c, 1 / _step(c).fresh_variance),
        decoy=lambda c: _curvature(c, float(1 / noise_variance(c["t"]))),
        decoy_note="σ_t² in place of τ²",
        why="Second-order Tweedie with X_{t'} as the datum and τ² as the noise.",
        uses=("residual-covariance-symbolic", "local-tweedie-symbolic"),
    ),
    _mixtures(
        name="transported-covariance-mixture",
        statement="Cov(T2 | X_t = x) = ∇²log p_t(x) − e^{2g} E[∇²log p_{t'}(X_{t'}) | X_t = x], entry by entry.",
        assumptions=_MIXTURES + " over X_{t'}, the second term included (the cell carries it).",
        source="theory.md, identity 4 (its trace for Gaussian data); for every law here",
        measurement="evidence-identities:transported-covariance",
        formula=lambda c: _curvature(c, 0.0) - c["hessian_before"] / _step(c).carry ** 2,
        decoy=lambda c: _curvature(c, 0.0) - c["hessian_before"] / _step(c).carry,
        decoy_note="e^g in place of e^{2g}",
        why="Differentiate p_t(x) = ∫ k(x, b) p_{t'}(b) db twice, ∂_x k = −e^g ∂_b k each time: ∇²p_t/p_t is "
        "e^{2g} E[∇²p_{t'}/p_{t'}]. With −1/v for both Hessians it is e^{2g}/v' − 1/v.",
        uses=("martingale-symbolic",),
    ),
    _mixtures(
        name="alpha-star-pointwise",
        statement="The α that minimises tr Cov(T1 + α U_{t'} | X_t = x) is α* = e^{−g} σ_{t'}²/σ_t² at each cell's x "
        "by itself, not only on average over X_t.",
        assumptions=_MIXTURES + " of the variance at three α, over X_{t'} and X_0 given it.",
        source="theory.md, identity 5 (on average); at every x here",
        measurement="evidence-identities:alpha",
        formula=lambda c: targets.control_weight(_step(c)),
        decoy=lambda c: targets.control_weight(_step(c)) / _step(c).carry,
        decoy_note="the factor e^{−g} dropped",
        why="T1 + α* U_{t'} is free of X_0, so it is E[T1 | X_{t'}, X_t] (Rao-Blackwell): whatever else has mean "
        "zero given X_{t'} only adds variance, at every x and in every direction.",
        uses=("alpha-star-symbolic", "control-variate-mix-symbolic"),
    ),
    _mixtures(
        name="control-variate-mix-mixture",
        statement="On random paths the one α for which T1 + α U_{t'} does not move with X_0 makes it "
        "w T2 + (1 − w) T3 with w = e^{−2g} σ_{t'}²/σ_t².",
        assumptions="Mixtures as above, s(t', ·) by complex steps; α and w are solved for, path by path.",
        source="theory.md, identity 5",
        measurement="evidence-identities:mix-weight",
        formula=lambda c: _step(c).bootstrap_weight,
        decoy=lambda c: targets.control_weight(_step(c)),
        decoy_note="w = α*: e^{−g} in place of e^{−2g}",
        why="As control-variate-mix-symbolic.",
        uses=("control-variate-mix-symbolic",),
    ),
    _mixtures(
        name="matching-gap-mixture",
        statement="E‖f(X_t) + Z_t/σ_t²‖² − E‖f(X_t) − s(t, X_t)‖² = E tr C_t for each of three functions f.",
        assumptions=_MIXTURES + " over (X_0, X_t); f = 0, a sine and a cubic, by coordinate.",
        source="theory.md, identity 1",
        measurement="evidence-identities:matching-gap",
        formula=lambda c: _expected_trace(_law(c), c["t"]),
        decoy=_expected_trace_within,
        decoy_note="the spread of the components' posterior means left out of C_t, as for a single Gaussian",
        why="f − s is a function of X_t and U_t has mean zero given X_t: no cross term, whatever f is.",
        uses=("tweedie-mixture", "residual-covariance-mixture"),
    ),
    _mixtures(
        name="reverse-martingale-mixture",
        statement="E[E[X_0|X_{t'}] | X_t = x] = E[X_0|X_t = x] at each cell's x: the R_k have mean zero given X_{t_k}.",
        assumptions=_MIXTURES + " over X_0 and X_{t'}.",
        source="theory.md, identity 3",
        measurement="evidence-identities:posterior-mean-before",
        formula=_mean_before,
        decoy=_mean_along,
        decoy_note="E[X_0|X_{t'} = e^g x]: no regression to the mean between t and t'",
        why="The chain X_0 → X_{t'} → X_t is Markov; the tower property.",
    ),
    _mixtures(
        name="reverse-decomposition-paths",
        statement="Σ_j γ_j ⟨ζ_j, U_j⟩ = Σ_k ⟨G_k, R_k⟩ on each of the cells' simulated paths, N = 1, 2, 5, d = 1, 2, "
        "ζ_j random functions of X_{t_j}.",
        assumptions="Mixtures; U_j from Z_t and the complex-step score, R_k from the closed posterior means.",
        source="theory.md, identity 3",
        measurement="evidence-identities:path-sum",
        formula=_path_sum,
        decoy=lambda c: _path_sum(c, forward=True),
        decoy_note="G_k summed over j ≤ k: the forward filtration",
        why="Summation by parts: E[X_0|X_{t_j}] − X_0 = R_1 + … + R_j.",
        uses=("reverse-decomposition-symbolic", "tweedie-mixture"),
    ),
    _mixtures(
        name="reverse-variance",
        statement="Var Σ_j γ_j ζ_j U_j = Σ_k E[G_k² R_k²] at N = 3, ζ_j sines of X_{t_j}: the variance of the sum is "
        "the sum of the increments' variances.",
        assumptions="Two mixtures on the line, two grids of times; both sides by quadrature over (X_{t_1}, X_{t_2}, "
        "X_{t_3}) and the moments of X_0 (the cell carries the right side).",
        source="theory.md, identity 3",
        measurement="evidence-identities:sum-variance",
        formula=lambda c: float(sum(c["backward"])),
        decoy=lambda c: float(sum(c["forward"])),
        decoy_note="G_k summed over j ≤ k: the forward filtration",
        why="⟨G_k, R_k⟩ are martingale differences in reverse time: G_k is known at t_k, where R_k has mean zero.",
        uses=("reverse-decomposition-paths", "reverse-martingale-mixture"),
    ),
    _mixtures(
        name="cross-time-covariance-mixture",
        statement="E[U_t U_{t'}] = (e^{−g} σ_{t'}²/σ_t²) E C_{t'} for each pair of times on the cells' grids.",
        assumptions="Two mixtures on the line; quadrature over the path and the moments of X_0.",
        source="theory.md, 'Joint-time fitting'",
        measurement="evidence-identities:cross-time",
        formula=_cross_time,
        decoy=lambda c: _cross_time(c) / _step(c).carry,
        decoy_note="the factor e^{−g} dropped",
        why="E[X_0|X_t] − E[X_0|X_{t'}] is orthogonal to E[X_0|X_{t'}] − X_0, so what is left is "
        "(e_t e_{t'}/(σ_t² σ_{t'}²)) E Cov(X_0|X_{t'}).",
        uses=("cross-time-covariance-symbolic", "reverse-martingale-mixture"),
    ),
    Claim(
        name="residual-norm-bound",
        statement="sup_x ‖C_t(x)‖ ≤ 1/σ_t² + L, free of d, over d = 1 … 64, two and four components, three times.",
        assumptions="Mixtures with one shared covariance; L = max(L₊(t), 1/v_min(t)) is a Lipschitz constant of "
        "s(t, ·). The supremum is searched for, not enclosed.",
        source="paper.md ('sharp variance bounds', smoothness by a Lipschitz constant L; the lemma's own statement is "
        "unknown)",
        origin="derived",
        kind="upper",
        measurement="evidence-identities:norm",
        formula=_norm_bound,
        decoy=lambda c: _norm_bound(c, share=0.5),
        decoy_note="half of L",
        tolerance=1e-9,
        why="C_t = I/σ_t² + ∇²log p_t, and the eigenvalues of ∇²log p_t = ∇s lie within ± L.",
        uses=("residual-covariance-mixture",),
    ),
    Claim(
        name="residual-trace-bound",
        statement="tr C_t(x) ≤ d (1/σ_t² + L) at the x of the largest norm found, over the same cells.",
        assumptions="As residual-norm-bound.",
        source="theory.md, Notation",
        origin="derived",
        kind="upper",
        measurement="evidence-identities:trace",
        formula=lambda c: c["d"] * _norm_bound(c),
        decoy=_norm_bound,
        decoy_note="the bound without d, which the norm meets: the trace does not",
        tolerance=1e-9,
        why="d eigenvalues, each at most the norm: only the norm is free of d.",
        uses=("residual-norm-bound",),
    ),
    _mixtures(
        name="residual-norm-attained",
        statement="sup_x ‖C_t(x)‖ = 1/σ_t² + L₊(t), L₊(t) = e^{−2t}|μ_1 − μ_2|²/(4v²) − 1/v, for each of "
        "d = 1 … 64: the bound is sharp and the same number in every dimension.",
        assumptions="Two round components 3 apart, Σ = 0.2 I, weights 0.7 and 0.3; t = 0.05, 0.4, 1.5; x searched.",
        source="bounds/mixture.py, curvature_bound",
        measurement="evidence-identities:pair-norm",
        formula=_pair_norm,
        decoy=_pair_trace,
        decoy_note="the trace in place of the norm (equal at d = 1 alone)",
        why="⟨u, g_k⟩ takes two values, whose variance is at most a quarter of their squared distance (Popoviciu), "
        "attained where the responsibilities are equal.",
        uses=("residual-norm-bound",),
    ),
    Claim(
        name="hessian-floor",
        statement="∇²log p_t ≥ −I/σ_t² at every x tried, over d = 1 … 64, two and four components, three times.",
        assumptions="None on the law; cells: mixtures.",
        source="theory.md, Notation (C_t is a covariance)",
        origin="derived",
        kind="lower",
        measurement="evidence-identities:least-hessian",
        formula=lambda c: -1.0,
        decoy=lambda c: -0.5,
        decoy_note="half of it",
        tolerance=1e-9,
        why="I/σ_t² + ∇²log p_t is a covariance.",
        uses=("residual-covariance-mixture",),
    ),
    Claim(
        name="log-concave-residual",
        statement="sup_x σ_t² C_t(x) ≤ 1 for the uniform, Laplace, exponential, logistic and Gumbel laws: with L₊ = 0 "
        "the residual's norm needs no L at all.",
        assumptions="Log-concave laws on the line; |x| ≤ 6, t = 0.1, 0.5, 1; Gauss-Legendre quadrature.",
        source="theory.md, 'Every log-concave law'",
        origin="derived",
        kind="upper",
        measurement="evidence-identities:log-concave",
        formula=lambda c: 1.0,
        decoy=_gaussian_twin,
        decoy_note="the Gaussian of the same variance, which is not the worst log-concave law",
        tolerance=1e-9,
        why="Log-concavity survives convolution (Prékopa-Leindler), so ∇²log p_t ≤ 0. It is nearly attained: in an "
        "exponential tail log p_t is linear.",
        uses=("posterior-covariance-mixture",),
    ),
    _mixtures(
        name="two-gaussians-without-lipschitz-score",
        statement="For ½ N(0, diag(1, 4)) + ½ N(0, diag(4, 1)) at x = (a, a), "
        "‖C_t‖ = 1/σ_t² − (1/v_1 + 1/v_2)/2 + (a²/2)(1/v_1 − 1/v_2)²: it grows like a², so no L exists at any t.",
        assumptions="a = 0, 2, 4, 8 and t = 0.2, 1; quadrature over X_0 in the plane.",
        source="derived in bounds/papers/kumar_2025/identities.py",
        measurement="evidence-identities:crossed",
        formula=lambda c: _crossed(c, 0.5),
        decoy=lambda c: _crossed(c, 0.25),
        decoy_note="half of the spread between the components' scores",
        why="On the diagonal both components weigh ½ however far out, and their scores differ by "
        "a (1/v_1 − 1/v_2)(1, −1): the variance of a fair coin between them is a² (1/v_1 − 1/v_2)²/2. So a Lipschitz "
        "score excludes some mixtures of two centred Gaussians.",
        uses=("residual-covariance-mixture",),
    ),
)
