r"""Claims on stochastic gradient descent with a constant step: which target leaves how much risk,
exactly.

Written in the clock, x = e^{2t} − 1, p_i = λ_i + x = (1 + x) v_i, x' the level before. Given X_t
the targets have variances c_i, over 1 + x,

    T1: 1/x − 1/p_i,     w T2 + (1 − w) T3: w²/p'_i + (1 − w)²/(x − x') − 1/p_i.

With a batch of B and step size η the fixed point of the second moments is r_ij = c_i φ_j/(1 − φ),
φ_j = (η/B) v_j/(2 − η(1 + 1/B) v_j), φ = Σ_j φ_j, so that the excess risk is tr C · φ/(1 − φ): the
factor is one for all targets.
"""

from itertools import pairwise

import numpy as np

from bounds.check import Array
from bounds.claim import Cell, Claim


def _clock(cell: Cell) -> tuple[Array, float, float]:
    """λ, x' and x."""
    before, after = (float(np.expm1(2 * cell[key])) for key in ("t_prev", "t"))
    return np.asarray(cell["eigenvalues"], dtype=np.float64), before, after


def weight_of(target: str, lam: Array, before: float, after: float) -> float:
    """w of T2: of "T2", "T3", the control-variate target "TB", and "w0", that of least variance."""
    if target in ("T2", "T3"):
        return 1.0 if target == "T2" else 0.0
    if target == "TB":
        return before / after
    return float(1 / (1 + (after - before) * (1 / (lam + before)).mean()))


def noise(cell: Cell, *, about_mean: bool = True) -> Array:
    """c_i of a target, shape (d,); not `about_mean`, E T_i² instead."""
    lam, before, after = _clock(cell)
    mean = 1 / (lam + after) if about_mean else np.zeros(lam.size)
    if cell["target"] == "T1":
        return np.asarray((1 + after) * (1 / after - mean))
    w = weight_of(cell["target"], lam, before, after)
    return np.asarray(
        (1 + after) * (w**2 / (lam + before) + (1 - w) ** 2 / (after - before) - mean)
    )


def shares(v: Array, eta: float, batch: int, *, whole: bool = True) -> Array:
    """φ_j/(1 − φ); not `whole`, of the noise of the targets alone, X Xᵀ at its mean."""
    if not whole:
        return np.asarray(eta / batch * v / (2 - eta * v))
    phi = eta / batch * v / (2 - eta * (1 + 1 / batch) * v)
    return np.asarray(phi / (1 - phi.sum()))


def stationary(cell: Cell, *, whole: bool = True) -> float:
    """tr C · φ/(1 − φ)."""
    lam, _, after = _clock(cell)
    v = (lam + after) / (1 + after)
    factor = shares(v, cell["step_size"], cell["batch"], whole=whole).sum()
    return float(noise(cell).sum() * factor)


def after_steps(cell: Cell, *, whole: bool = True) -> float:
    """Mean excess risk after n steps from A = 0."""
    lam, _, after = _clock(cell)
    v, c = (lam + after) / (1 + after), noise(cell)
    eta, share = cell["step_size"], 1 / cell["batch"]
    s = np.diag(v**-2.0)  # E δ_ij², and δ = V^{-1}
    for _ in range(cell["n"]):
        own = (1 - eta * v) ** 2 * s + eta**2 * share * v * c[:, None]
        if whole:  # what E H S H has beyond V S V
            own = own + eta**2 * share * (v**2 * s + v * (s @ v)[:, None])
        s = own
    return float((s * v).sum())


def chained(cell: Cell, *, own: bool = True) -> float:
    """Excess risk at the last level, each from a frozen iterate of the level before; not `own`,
    from the true score there.
    """
    lam = np.asarray(cell["eigenvalues"], dtype=np.float64)
    x = np.expm1(2 * np.asarray(cell["times"]))
    eta, batch = cell["step_size"], cell["batch"]
    v = (lam + x[0]) / (1 + x[0])
    r = np.outer((1 + x[0]) * (1 / x[0] - 1 / (lam + x[0])), shares(v, eta, batch))
    for before, after in pairwise(x):
        old, v = v, (lam + after) / (1 + after)
        w = weight_of(cell["target"], lam, before, after)
        c = (1 + after) * (
            w**2 / (lam + before) + (1 - w) ** 2 / (after - before) - 1 / (lam + after)
        )
        if own:  # e^{2g} τ² = (x − x')/(1 + x')
            c = c + w**2 * (after - before) / (1 + before) * (r / v).sum(axis=1)
        carried = w**2 * old / v * r if own else 0.0
        r = carried + np.outer(c, shares(v, eta, batch))
    return float(r.sum())


def frozen(cell: Cell) -> float:
    """The same at t over T1's own excess risk there."""
    before = cell["times"][-2]
    return chained(cell) / stationary({**cell, "target": "T1", "t_prev": before})


def _small_steps(cell: Cell) -> float:
    """Its limit as η → 0: r_ij = w²(v'_j/v_j) r'_ij + c_i v_j, in units of η/(2B)."""
    lam = np.asarray(cell["eigenvalues"], dtype=np.float64)
    x = np.expm1(2 * np.asarray(cell["times"]))
    old = (lam + x[0]) / (1 + x[0])
    r = np.outer((1 + x[0]) * (1 / x[0] - 1 / (lam + x[0])), old)
    plain = r
    for before, after in pairwise(x):
        v, w = (lam + after) / (1 + after), weight_of(cell["target"], lam, before, after)
        mix = w**2 / (lam + before) + (1 - w) ** 2 / (after - before)
        r = w**2 * old / v * r + np.outer((1 + after) * (mix - 1 / (lam + after)), v)
        plain = np.outer((1 + after) * (1 / after - 1 / (lam + after)), v)
        old = v
    return float(r.sum() / plain.sum())


_SETTING = (
    "Gaussian data of mean 0, fresh at each step; linear scores, one time, constant step size η, "
    "batch B"
)

CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="sgd-stationary",
        statement="Stochastic gradient descent ends at the excess risk E tr Cov(T | X_t) · φ/(1 − "
        "φ), φ = Σ_j (η/B)v_j/(2 − η(1 + 1/B)v_j), for T1, T2, T3 and their mixes.",
        assumptions=_SETTING + "; true score at t'. λ = 0.4, 1, 2.2, t' = 0.3, t = 0.6; η = 0.1, B "
        "= 1 and η = 0.25, B = 4.",
        source="theory.md, Stochastic gradient steps",
        origin="derived",
        kind="tight",
        measurement="evidence-sgd:stationary",
        formula=stationary,
        decoy=lambda c: stationary(c, whole=False),
        decoy_note="the targets' noise alone, with X Xᵀ at its mean: tr C · Σ_j (η/B)v_j/(2 − "
        "ηv_j)",
        why="The fixed point of E δδᵀ, with E X Xᵀ S X Xᵀ = 2VSV + tr(VS)V.",
        uses=("targets-unbiased-mixture",),
    ),
    Claim(
        name="sgd-transient",
        statement="After n steps from A = 0 the mean excess risk is what the recursion r_ij ← (1 − "
        "2ηv_j + η²(1 + 1/B)v_j²)r_ij + (η²/B)v_j²(Σ_l r_il + c_i) gives.",
        assumptions=_SETTING + "; as sgd-stationary, for T1 and T_B, n = 3, 10 and 40.",
        source="theory.md, Stochastic gradient steps",
        origin="derived",
        kind="tight",
        measurement="evidence-sgd:transient",
        formula=after_steps,
        decoy=lambda c: after_steps(c, whole=False),
        decoy_note="the same with X Xᵀ at its mean",
        why="Exact second moments of a product of independent matrices, by Isserlis.",
        uses=("sgd-stationary",),
    ),
    Claim(
        name="sgd-chain",
        statement="Where each level bootstraps from a frozen iterate of the level before, the "
        "excess risk is r_ij = w²(v'_j/v_j)r'_ij + (c_i + w²e^{2g}τ² Σ_l r'_il/v_l) φ_j/(1 − φ).",
        assumptions=_SETTING + "; stationary at each level, T1 at t_1. λ = 0.4, 1, 2.2, times 0.3, "
        "0.6, 1, at the last two; η = 0.1, B = 1.",
        source="theory.md, Stochastic gradient steps",
        origin="derived",
        kind="tight",
        measurement="evidence-sgd:chain",
        formula=chained,
        decoy=lambda c: chained(c, own=False),
        decoy_note="that the level before is as good as its true score",
        why="Given Â' the iterates gather about A + wδ'V'V^{-1}, and T2's noise has what Â' makes "
        "of X_{t'} beyond its regression on X_t.",
        uses=("sgd-stationary",),
    ),
    Claim(
        name="sgd-order",
        statement="Which target leaves less does not depend on η or B: the ratio of two stationary "
        "excess risks is that of their E tr Cov given X_t. So w° leaves the least of all w T2 + "
        "(1 − w) T3.",
        assumptions=_SETTING + "; true score at t'. Ratios to T1, from the linear system of the "
        "recursion: λ = linspace(0.3, 3, 8), Δ = 0.1, and random laws, times, η and B.",
        source="theory.md, Stochastic gradient steps; theory.md, Least variance scalar weight",
        origin="derived",
        kind="identity",
        measurement="evidence-sgd:over-denoising",
        formula=lambda c: float(noise(c).sum() / noise({**c, "target": "T1"}).sum()),
        decoy=lambda c: float(
            noise(c, about_mean=False).sum() / noise({**c, "target": "T1"}, about_mean=False).sum()
        ),
        decoy_note="the ratio of their mean squares",
        tolerance=1e-8,
        why="c_i enters the fixed point as a factor.",
        uses=("sgd-stationary", "least-variance-weight"),
    ),
    Claim(
        name="sgd-frozen",
        statement="From frozen iterates T_B ends at 0.97, 0.85, 0.56 and 0.16 of T1's excess risk "
        "at t = 0.2, 0.5, 1 and 2 where η = 0.01, and loses where η = 0.1: 1.3, 1.9, 2.2 and 1.7; "
        "w° loses until t is large.",
        assumptions=_SETTING + "; stationary at each level. λ = linspace(0.3, 3, 8), Δ = 0.1, B = "
        "1, η = 0.001, 0.01, 0.1.",
        source="theory.md, Stochastic gradient steps",
        origin="derived",
        kind="identity",
        measurement="evidence-sgd:frozen-over-denoising",
        formula=frozen,
        decoy=_small_steps,
        decoy_note="the limit η → 0, in which a step size is a factor and no more",
        tolerance=1e-8,
        why="The error of Â' is handed on, and at large η it makes noise of its own.",
        uses=("sgd-chain",),
    ),
)
