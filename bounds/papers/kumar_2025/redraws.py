r"""Claims on redraws: K noise paths for each of m data,
linear scores of Gaussian data, to leading order in 1/m.

To first order the error of every estimator here is a mean of some ψ(path) over mK paths, so its
variance splits,

    m Var = Var E[ψ | X_0] + E Var(ψ | X_0)/K = limit + (at one draw − limit)/K.

The limit, K = ∞, is the plug-in score of the empirical covariance, whatever the estimator: the
information bound. A joint fit of few functions of time has a limit of its own, since it cannot
represent that score. In the clock x = e^{2t} − 1, with p_i = λ_i + x = e^{2t} v_i, entry by entry,
r_ij = m v_j Var δ_ij:

    bound:         λ_i λ_j (1 + δ_ij) (1 + x)/(p_i² p_j)
    DSM:           (1 + x) λ_i/(x p_i)
    BSM:           (1 + x)/(x_N² p_j) Σ_k (λ_j + x_k) (β_i(x_k) − β_i(x_{k−1})),
                   β_i(x) = λ_i x/(λ_i + x)
    risk-optimal:  1/(τ² + 1/a) − 1/v_i,   a = e^{2g}/v'_i + (v'_j/v_j) r'_ij, step after step
    path fit:      (1 + δ_ij) (1 + x)/(p_i² p_j (I_ij + I_ji)), with I of `bootstrap`.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np

from bounds.check import Array
from bounds.claim import Cell, Claim
from bounds.gaussian import Gaussian
from bounds.joint import Scheme, joint_risk
from bounds.process import weights


def _eigenvalues(cell: Cell) -> Array:
    return np.asarray(cell["eigenvalues"], dtype=np.float64)


def _clock(cell: Cell) -> Array:
    """x_0 = 0 and x_k of the times up to the cell's own, which is the last."""
    times = np.asarray(cell["times"], dtype=np.float64)
    return np.asarray(np.expm1(2 * np.array([0.0, *times[times <= cell["t"] * (1 + 1e-9)]])))


def bound_entries(cell: Cell, *, pooled: bool = True) -> Array:
    """r_ij of the plug-in score, K = ∞;
    without `pooled` each entry as if it were off the diagonal.
    """
    lam = _eigenvalues(cell)
    x = _clock(cell)[-1]
    p = lam + x
    twice = np.eye(lam.size) if pooled else 0.0
    return np.asarray((1 + x) * np.outer(lam / p**2, lam / p) * (1 + twice))


def _dsm(cell: Cell) -> Array:
    lam, x = _eigenvalues(cell), _clock(cell)[-1]
    return np.repeat(((1 + x) * lam / (x * (lam + x)))[:, None], lam.size, axis=1)


def _bsm(cell: Cell) -> Array:
    lam, x = _eigenvalues(cell), _clock(cell)
    beta = lam * x[:, None] / (lam + x[:, None])
    gathered = np.einsum("ki,kj->ij", np.diff(beta, axis=0), lam + x[1:, None])
    return np.asarray((1 + x[-1]) * gathered / (x[-1] ** 2 * (lam + x[-1])))


def _optimal(cell: Cell) -> Array:
    lam, x = _eigenvalues(cell), _clock(cell)
    r = _dsm({**cell, "t": np.log1p(x[1]) / 2})
    for before, after in pairwise(x[1:]):
        fresh, grow = (after - before) / (1 + after), (1 + after) / (1 + before)
        v, old = (lam + after) / (1 + after), (lam + before) / (1 + before)
        a = (grow / old)[:, None] + old / v * r
        r = 1 / (fresh + 1 / a) - (1 / v)[:, None]
    return r


def _path(cell: Cell) -> Array:
    lam, x = _eigenvalues(cell), float(_clock(cell)[-1])
    a = 1 / (lam + np.expm1(2 * np.concatenate([[0.0], cell["times"]]))[:, None])
    held = np.einsum("ki,kj->ij", -np.diff(a, axis=0), a[1:])
    p = lam + x
    return np.asarray((1 + x) * (1 + np.eye(lam.size)) / (np.outer(p**2, p) * (held + held.T)))


ONE_DRAW: Mapping[str, Callable[[Cell], Array]] = {
    "dsm": _dsm,
    "bsm": _bsm,
    "bsm-optimal": _optimal,
    "path": _path,
    "plug-in": bound_entries,
}
"""r_ij at K = 1 by the estimator's name; the plug-in has one r_ij at every K."""


def entries(cell: Cell) -> Array:
    """r_ij at K redraws: bound + (r_ij at one draw − bound)/K."""
    limit = bound_entries(cell)
    return np.asarray(limit + (ONE_DRAW[cell["estimator"]](cell) - limit) / cell["redraws"])


def split(cell: Cell) -> float:
    """m · risk at K redraws."""
    return float(entries(cell).sum())


def averaged(cell: Cell) -> float:
    """m · risk at one draw over K, to leading order that
    of mK fresh data: it forgets that the data are finite.
    """
    return float(ONE_DRAW[cell["estimator"]](cell).sum() / cell["redraws"])


def excess(cell: Cell) -> float:
    """m · (risk at one draw − bound)."""
    return float((ONE_DRAW[cell["estimator"]](cell) - bound_entries(cell)).sum())


def worth(cell: Cell) -> float:
    """How many redraws of DSM an estimator at one draw is worth: the ratio of their excesses."""
    return excess({**cell, "estimator": "dsm"}) / excess(cell)


def _worth_of_risk(cell: Cell) -> float:
    return float(_dsm(cell).sum() / ONE_DRAW[cell["estimator"]](cell).sum())


def _in_proportion(cell: Cell) -> float:
    """The entry at one draw, times what the total falls by."""
    first = ONE_DRAW[cell["estimator"]](cell)
    return float((first * entries(cell).sum() / first.sum())[cell["i"], cell["j"]])


# --- a joint fit of few functions of time ---------------------------------------------------------


def joint_limit(cell: Cell) -> Array:
    """m · risk at K = ∞ of the default joint fit beside its bias: variance and shift, shape (N,).

    Given X_0 a path's score Σ_l γ_l φ_l (T_l − a_l x_l)_i x_l,j has the mean −Σ_l γ_l φ_l a_l,i
    e_l² x_0,i x_0,j + const, for T1 and for T3; the entry (i, j) of the Gram matrix e_k² x_0,i
    x_0,j + const. What follows is bread and meat, as in bounds/joint.py, with Var x_0,i x_0,j = λ_i
    λ_j (1 + δ_ij) the only variance there is.
    """
    lam, times = _eigenvalues(cell), np.asarray(cell["times"], dtype=np.float64)
    # The scheme of `joint`, as it stands in bounds/joint.py.
    phi, gamma = Scheme("exponential", 4, skip=True).functions(times), weights(times)
    share = np.exp(-2 * times)
    v = share[:, None] * lam + (1 - share)[:, None]
    weighted = gamma[:, None] * phi
    reach = [
        phi @ np.linalg.solve((weighted * v[:, [j]]).T @ phi, weighted.T) for j in range(lam.size)
    ]
    total = np.zeros(times.size)
    for i, own in enumerate(reach):
        a = own @ (v[:, i] - 1) - 1  # the best A at each time, under the skip
        beta = a + 1 / v[:, i]
        for j, hat in enumerate(reach):
            spread = lam[i] * lam[j] * (2.0 if i == j else 1.0)
            moved = -(hat @ (a * share))  # of Â_ij at each time, for each unit of δΣ_ij
            total += v[:, j] * moved**2 * spread
            # E δÂ_ii from the product of what δΣ_ij does to the Gram matrix and to Â_ji.
            total += 2 * beta * v[:, i] * -(own @ (share * moved)) * spread
    return np.asarray(total)


def joint_split(cell: Cell, *, limited: bool = True) -> float:
    """m · risk of the joint fit at K: its bias,
    and the split of the rest; without `limited` the rest over K.
    """
    law, times = Gaussian(_eigenvalues(cell)), list(cell["times"])
    k = times.index(cell["t"])
    leading = joint_risk(law, times)
    first = float(leading.variance[k] + leading.shift[k])
    limit = float(joint_limit(cell)[k]) if limited else 0.0
    return float(cell["m"] * leading.bias[k] + limit + (first - limit) / cell["redraws"])


# --- at m near d ----------------------------------------------------------------------------------

SCARCE: Mapping[int, Mapping[str, float]] = {
    2: {"dsm": 1.47, "bsm": 1.30, "path": 0.92, "plug-in": 0.89},
    20: {"dsm": 0.92, "bsm": 0.91, "path": 0.89, "plug-in": 0.89},
    100: {"dsm": 0.89, "bsm": 0.89, "path": 0.89, "plug-in": 0.89},
}
"""Risk over the split at m = 1.5 d, by K and estimator: measured, not derived."""


DRAWN = {2: 0.72, 4: 0.43, 10: 0.27}
"""Score error of DSM with K redraws over BSM's with one, on a mixture: measured, not derived."""

_THEORY = "theory.md, Noise redraws"
_SETTING = (
    "Gaussian data of mean 0, λ = linspace(0.3, 3, 8), Δ = 0.1 up to 2, m = 100000, K = 1, 2, 5, "
    "20, at t = 0.5, 1 and 2; linear scores, no estimator is told the covariance; leading order in "
    "1/m"
)
_SPLIT = (
    "To first order the error is a mean of some ψ(path) over mK paths. Its variance is that of E[ψ "
    "| X_0] over m and the rest over mK; and at K = ∞ the estimator is the plug-in score."
)

CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="redraws-split",
        statement="To leading order in 1/m, with K noise paths for each datum, the risk of DSM, "
        "BSM, the risk-optimal bootstrap and the path fit is bound + (risk with one path − "
        "bound)/K, with the information bound.",
        assumptions=_SETTING + "; 0.3 % of slack for higher orders.",
        source="theory.md, Noise redraws",
        origin="derived",
        kind="tight",
        measurement="redraws-risk",
        formula=split,
        decoy=averaged,
        decoy_note="risk at K = 1 over K, as of mK fresh data: it forgets that the data are finite",
        tolerance=0.003,
        why=_SPLIT,
        uses=("dsm-risk", "risk-optimal-gain", "path-risk"),
    ),
    Claim(
        name="redraws-entries",
        statement="To leading order the split holds entry by entry: r_ij at K is bound_ij + "
        "(r_ij with one path − bound_ij)/K.",
        assumptions="Gaussian data, λ = 0.4, 2.5, t = 0.3, 0.6, 1, at the last; m = 100000, K = 2, "
        "5, 20; 0.3 % of slack.",
        source="theory.md, Noise redraws",
        origin="derived",
        kind="tight",
        measurement="evidence-redraws:entries",
        formula=lambda c: float(entries(c)[c["i"], c["j"]]),
        decoy=_in_proportion,
        decoy_note="every entry falls as the total does",
        tolerance=0.003,
        why=_SPLIT + " All of this for each entry of Â by itself.",
        uses=("redraws-split",),
    ),
    Claim(
        name="redraws-plug-in",
        statement="To leading order the plug-in score of the empirical covariance, which is K = ∞, "
        "has the information bound as its risk, at every K.",
        assumptions=_SETTING + "; 0.3 % of slack.",
        source="theory.md, Noise redraws",
        origin="derived",
        kind="tight",
        measurement="redraws-plug-in",
        formula=split,
        decoy=lambda c: float(bound_entries(c, pooled=False).sum()),
        decoy_note="variances on the diagonal of the empirical covariance not twice as large as "
        "beside it",
        tolerance=0.003,
        why="m Var Σ̂_ij = λ_i λ_j (1 + δ_ij), and no noise enters.",
    ),
    Claim(
        name="redraws-excess",
        statement="To leading order K times what the noise costs, the risk beyond that of the "
        "plug-in score on the same data, is the same at every K: the risk with one path − bound.",
        assumptions=_SETTING + "; 0.3 % of slack.",
        source="theory.md, Noise redraws",
        origin="derived",
        kind="tight",
        measurement="redraws-excess",
        formula=excess,
        decoy=lambda c: averaged(c) * c["redraws"] - c["redraws"] * float(bound_entries(c).sum()),
        decoy_note="risk at K = 1 over K",
        tolerance=0.003,
        why="Given the data, the noise of different redraws is independent.",
        uses=("redraws-split", "redraws-plug-in"),
    ),
    Claim(
        name="redraws-worth",
        statement="To leading order, at every K, the bootstrap is worth (DSM − bound)/(BSM − "
        "bound) redraws of DSM: 1.6, 3.0, 9.9 at t = 0.5, 1, 2; the path fit 36, 64, 398.",
        assumptions=_SETTING + "; 0.5 % of slack.",
        source="theory.md, Noise redraws",
        origin="derived",
        kind="tight",
        measurement="redraws-worth",
        formula=worth,
        decoy=_worth_of_risk,
        decoy_note="the ratio of the risks at one draw",
        tolerance=0.005,
        why="DSM with K redraws has BSM's risk at one draw where its excess over K is BSM's "
        "excess.",
        uses=("redraws-excess",),
    ),
    Claim(
        name="redraws-joint",
        statement="To leading order the joint fit of few functions of time splits as well, about "
        "its own limit and bias: bias + (limit + (variance at K = 1 − limit)/K)/m.",
        assumptions=_SETTING + "; four powers of e^{−2t} under a skip; 0.3 % of slack.",
        source="theory.md, Noise redraws",
        origin="derived",
        kind="tight",
        measurement="redraws-joint",
        formula=joint_split,
        decoy=lambda c: joint_split(c, limited=False),
        decoy_note="bias + variance at K = 1 over K",
        tolerance=0.003,
        why=_SPLIT
        + " Not quite so here: the fit cannot represent that score, so its limit is another one, "
        "0.1 to 2.5 % off.",
        uses=("joint-sandwich", "redraws-split"),
    ),
    Claim(
        name="redraws-scarce",
        statement="Measured at m = 1.5 d: the split is no guide. At K = 2 DSM has 1.47 and BSM "
        "1.30 times its risk; from K = 20 on all have 0.89 to 0.92 of it, and the plug-in score "
        "0.89 at every K.",
        assumptions="Gaussian data, λ = linspace(0.3, 3, 8), m = 12, Δ = 0.1, at t = 1; K = 2, 20, "
        "100; 3 % of slack.",
        source="theory.md, Noise redraws",
        origin="derived",
        kind="tight",
        measurement="evidence-redraws:scarce",
        formula=lambda c: SCARCE[c["redraws"]][c["estimator"]] * split(c),
        decoy=split,
        decoy_note="the split itself",
        tolerance=0.03,
        description=True,
        why="Few draws: XᵀX is near singular, which mK paths cure. Many draws: the plug-in's own "
        "risk is left, and at so few data it is below the leading order.",
        uses=("redraws-split",),
    ),
    Claim(
        name="redraws-features",
        statement="Measured on a mixture with features: plain denoising with two draws for each "
        "datum has 0.72 of BSM's score error with one, with four 0.43, with ten 0.27.",
        assumptions="Two Gaussians on the line, minor weight 0.15, means ±2, sd 0.5; m = 500, 10 "
        "steps up to t = 3; 25 radial features, ridge 1e-3, one fit a step. The setting is ours; "
        "8 % of slack.",
        source="theory.md, Noise redraws; theory.md, Minor mode",
        origin="derived",
        kind="tight",
        measurement="redraws-features",
        formula=lambda c: DRAWN[c["redraws"]],
        decoy=lambda c: 1.0,
        decoy_note="that bootstrapping is worth that many draws",
        tolerance=0.08,
        description=True,
        why="Not proven for features. Of DSM's error most is noise, which more draws divide by K; "
        "the control-variate weight takes a quarter of it away.",
        uses=("redraws-worth",),
    ),
)
