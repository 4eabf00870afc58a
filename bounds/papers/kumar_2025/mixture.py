r"""The claims on mixtures of Gaussians and on Figure 3b; formulas by routes that share nothing with bounds.mixture.

At a point they are the definitions in 50 digits: densities p_k, their sum, second moments about 0, explicit
inverses, where the library has eigenbases, log-sum-exp and centred moments. The target's variance is a sum of Fisher
informations, where the evidence integrates the target's square.
"""

from collections.abc import Callable

import mpmath as mp
import numpy as np

from bounds.claim import Cell, Claim
from bounds.mixture import Mixture
from bounds.process import Step

DIGITS = 50


def _component(
    cell: Cell, k: int, *, determinant: bool = True
) -> tuple[mp.mpf, mp.matrix, mp.matrix, mp.matrix]:
    """π_k N(x; e μ_k, V_k), ∇log of it, E[X_0 | x, k], Cov(X_0 | x, k)."""
    d, e = len(cell["x"]), mp.exp(-mp.mpf(cell["t"]))
    sigma, mean = mp.matrix(cell["covariances"][k]), mp.matrix(cell["means"][k])
    V = e**2 * sigma + (1 - e**2) * mp.eye(d)
    inverse, y = V**-1, mp.matrix(cell["x"]) - e * mean
    volume = mp.sqrt(mp.det(V)) if determinant else mp.mpf(1)
    p = mp.mpf(cell["weights"][k]) * mp.exp(-(y.T * inverse * y)[0] / 2) / volume
    return p, -inverse * y, mean + e * sigma * inverse * y, sigma - e**2 * sigma * inverse * sigma


def _average(cell: Cell, of: Callable[[mp.matrix, mp.matrix, mp.matrix], mp.mpf], **how: bool) -> mp.mpf:
    """Σ_k p_k of(score, mean, covariance of k)/Σ_k p_k."""
    parts = [_component(cell, k, **how) for k in range(len(cell["weights"]))]
    total = mp.fsum(p for p, *_ in parts)
    return mp.fsum(p * of(*rest) for p, *rest in parts) / total


def score(cell: Cell, *, determinant: bool = True) -> float:
    """⟨u, s(t, x)⟩."""
    with mp.workdps(DIGITS):
        u = mp.matrix(cell["u"])
        return float(_average(cell, lambda g, m, P: (u.T * g)[0], determinant=determinant))


def posterior(cell: Cell, *, determinant: bool = True) -> float:
    """⟨u, E[X_0 | X_t = x]⟩."""
    with mp.workdps(DIGITS):
        u = mp.matrix(cell["u"])
        return float(_average(cell, lambda g, m, P: (u.T * m)[0], determinant=determinant))


def residual(cell: Cell, *, between: bool = True) -> float:
    """uᵀ C_t u = (e²/σ⁴) Var(⟨u, X_0⟩ | X_t = x); without `between`, no spread of the components' means."""
    with mp.workdps(DIGITS):
        u, e = mp.matrix(cell["u"]), mp.exp(-mp.mpf(cell["t"]))
        value = _average(cell, lambda g, m, P: (u.T * P * u)[0])
        if between:
            value += _average(cell, lambda g, m, P: (u.T * m)[0] ** 2)
            value -= _average(cell, lambda g, m, P: (u.T * m)[0]) ** 2
        return float(value * e**2 / (1 - e**2) ** 2)


def target_variance(cell: Cell, *, cross: bool = False) -> float:
    """w² e^{2g} J' + (1 − w)² d/τ² − J, J = E‖s‖²; with `cross`, as if E⟨T2, T3⟩ were J."""
    place = np.array([[-cell["separation"]], [cell["separation"]]])
    law = Mixture(np.array([1 - cell["minor"], cell["minor"]]), place, np.array([[0.25]]))
    step, w = Step(cell["t_prev"], cell["t"]), cell["w"]
    x = np.linspace(-9, 9, 3001)[:, None]

    def information(t: float) -> float:
        density = np.exp(law.log_density(t, x))
        return float(density @ law.score(t, x)[:, 0] ** 2 * (x[1, 0] - x[0, 0]))

    J, before = information(step.t), information(step.t_prev)
    value = w**2 * before / step.carry**2 + (1 - w) ** 2 / step.fresh_variance - J
    return float(value) + (2 * w * (1 - w) * J if cross else 0.0)


_POINTS = "Two components with full covariances, d = 1 … 4, weights down to 1e-10, means up to 100 apart; 16 points."
_LEARNT = (
    "Two Gaussians on the line, minor weight 0.15, means ±2, sd 0.5; m = 300, t = 0.15 … 3, N = 20; 25 radial "
    "features, ridge 1e-3, one fit a step. The setting is ours"
)
_SAMPLED = _LEARNT + "; Euler-Maruyama from N(0, I), the density on a grid."

CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="mixture-score",
        statement="s(t, x) of a mixture is the average of its components' scores with weights r_k(x).",
        assumptions=_POINTS,
        source="theory.md, 'Mixtures of Gaussians'; bounds/mixture.py",
        origin="derived",
        kind="identity",
        measurement="evidence-mixture:point-score",
        formula=score,
        decoy=lambda c: score(c, determinant=False),
        decoy_note="responsibilities without |V_k|^{−1/2}",
        tolerance=1e-10,
        scale=1.0,
        why="∇log Σ p_k = Σ p_k ∇log p_k/Σ p_k.",
    ),
    Claim(
        name="mixture-posterior-mean",
        statement="E[X_0|X_t = x] of a mixture is the average of its components' posterior means.",
        assumptions=_POINTS,
        source="theory.md, 'Mixtures of Gaussians'; bounds/mixture.py",
        origin="derived",
        kind="identity",
        measurement="evidence-mixture:point-posterior",
        formula=posterior,
        decoy=lambda c: posterior(c, determinant=False),
        decoy_note="responsibilities without |V_k|^{−1/2}",
        tolerance=1e-10,
        scale=1.0,
        why="Total expectation over the component.",
    ),
    Claim(
        name="mixture-residual-covariance",
        statement="C_t of a mixture is (e_t²/σ_t⁴) times the mean of the components' posterior covariances plus the "
        "spread of their means.",
        assumptions=_POINTS,
        source="theory.md, 'Mixtures of Gaussians'; bounds/mixture.py",
        origin="derived",
        kind="identity",
        measurement="evidence-mixture:point-residual",
        formula=residual,
        decoy=lambda c: residual(c, between=False),
        decoy_note="the spread of the components' means left out",
        tolerance=1e-10,
        scale=1.0,
        why="U_t = (e_t/σ_t²)(E[X_0|X_t] − X_0), and total covariance over the component.",
        uses=("mixture-posterior-mean",),
    ),
    Claim(
        name="exact-share",
        statement="With exact scores from p_T the sampler returns the minor mode's weight within 1e-3, d = 1 and 2.",
        assumptions="Minor weights 0.02 … 0.5, modes 4 apart, t_1 = 0.01 … 0.025; Euler-Maruyama and the "
        "probability flow.",
        source="bounds/transfer.py",
        origin="derived",
        kind="identity",
        measurement="evidence-mixture:exact-share",
        formula=lambda c: c["minor"],
        decoy=lambda c: 1.02 * c["minor"],
        decoy_note="a fiftieth more",
        tolerance=1e-3,
        scale=1.0,
        why="The share is E r_2(Y), whose mean under p_t is π for every t; what is left is discretisation, O(1/N).",
        uses=("reverse-orders",),
    ),
    Claim(
        name="target-variance-any-law",
        statement="E tr Cov(w T2 + (1 − w) T3 | X_t) = w² e^{2g} J' + (1 − w)² d/τ² − J with J = E‖s(t, X_t)‖².",
        assumptions="Every law with finite J'; measured for two mixtures, w = 0 … 1.",
        source="bounds/features.py, opening lines",
        origin="derived",
        kind="identity",
        measurement="evidence-mixture:target-variance",
        formula=target_variance,
        decoy=lambda c: target_variance(c, cross=True),
        decoy_note="E⟨T2, T3⟩ = J, as if they were independent given X_t",
        tolerance=1e-8,
        why="T2 is a function of X_{t'}, T3 of the step's own noise: independent, and E T3 = 0, so the cross term is "
        "0. The conditional mean is s(t, X_t), of mean square J.",
    ),
    Claim(
        name="mixture-bsm-score",
        statement="BSM's time-integrated score error is at most 0.85 of DSM's for a mixture.",
        assumptions=_LEARNT + ".",
        source="measured; studies/papers/kumar_2025/mixture_bootstrap.py",
        origin="derived",
        kind="upper",
        measurement="mixture/score-error/bsm",
        formula=lambda c: 0.85,
        decoy=lambda c: 0.5,
        decoy_note="half of DSM's error",
        why="The target's variance is smaller, and the errors carried over are those of other noise.",
        uses=("target-variance-any-law",),
    ),
    Claim(
        name="figure-3b-share",
        statement="BSM's mean squared error of the minor mode's share is at most half of DSM's.",
        assumptions=_SAMPLED
        + " The paper's mixture, network and training are unknown, and 'fair share' has no number: "
        "half is ours.",
        source="paper.md, Figure 3b (caption)",
        origin="cited",
        kind="upper",
        measurement="mixture/share-error/bsm",
        formula=lambda c: 0.5,
        decoy=lambda c: 0.25,
        decoy_note="a quarter",
        expected="REFUTED",
        reason="with the variance-optimal weight the better score hardly changes the share, most of whose error is the "
        "training sample's own; weight, network and training of the paper are unknown",
    ),
    Claim(
        name="bsm-share-little",
        statement="BSM's mean squared error of the minor mode's share is at least 0.7 of DSM's.",
        assumptions=_SAMPLED,
        source="measured; studies/papers/kumar_2025/mixture_bootstrap.py",
        origin="derived",
        kind="lower",
        measurement="mixture/share-error/bsm",
        formula=lambda c: 0.7,
        decoy=lambda c: 1.25,
        decoy_note="that it makes the error larger by a quarter",
        why="The training sample's own share is out of every method's reach.",
        uses=("mixture-bsm-score",),
    ),
    Claim(
        name="half-weight-share",
        statement="With w = 1/2 on T2 the estimation part of the share's mean squared error is at most half of DSM's.",
        assumptions=_SAMPLED,
        source="measured; studies/papers/kumar_2025/mixture_bootstrap.py",
        origin="derived",
        kind="upper",
        measurement="mixture/estimation/bsm-half",
        formula=lambda c: 0.5,
        decoy=lambda c: 0.1,
        decoy_note="a tenth",
        why="Not proven. T3's errors at different steps are uncorrelated (the reverse martingale) and a sampler adds "
        "scores up over time; DSM's and T2's errors are alike from step to step and do not average out.",
    ),
    Claim(
        name="half-weight-score",
        statement="With w = 1/2 on T2 the time-integrated score error is at least 1.2 times DSM's.",
        assumptions=_LEARNT + ".",
        source="measured; studies/papers/kumar_2025/mixture_bootstrap.py",
        origin="derived",
        kind="lower",
        measurement="mixture/score-error/bsm-half",
        formula=lambda c: 1.2,
        decoy=lambda c: 2.0,
        decoy_note="twice",
        why="(1 − w)²/τ² is large at short steps: a worse score at each time can draw the better share.",
        uses=("target-variance-any-law",),
    ),
    Claim(
        name="wrong-level-score",
        statement="Bootstrapping from the level before the last, as if it were the last, gives no smaller score error.",
        assumptions=_LEARNT + ".",
        source="studies/papers/kumar_2025/mixture_bootstrap.py, method wrong-level",
        origin="derived",
        kind="lower",
        measurement="mixture/score-error/wrong-level",
        formula=lambda c: 1.0,
        decoy=lambda c: 10.0,
        decoy_note="ten times DSM's error",
        why="e^{g} s(t'', X_{t'}) has another conditional mean than s(t, X_t), and the bias is handed on.",
        uses=("mixture-bsm-score",),
    ),
    Claim(
        name="wrong-level-share",
        statement="Nor does it give a smaller mean squared error of the minor mode's share.",
        assumptions=_SAMPLED,
        source="studies/papers/kumar_2025/mixture_bootstrap.py, method wrong-level",
        origin="derived",
        kind="lower",
        measurement="mixture/share-error/wrong-level",
        formula=lambda c: 1.0,
        decoy=lambda c: 12.0,
        decoy_note="twelve times DSM's error",
        uses=("wrong-level-score",),
    ),
)
