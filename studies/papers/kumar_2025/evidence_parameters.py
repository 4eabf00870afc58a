r"""Evidence on classes with P parameters, f = f_0 + φᵀθ: W and G from features along paths; no
bound is known here.

    W = Σ_i Σ_j γ_j ⟨φ_ij, U_ij⟩,   G = Σ_i Σ_j γ_j ⟨φ_ij, φ_ij⟩

With φ = e_i ⊗ ψ, ψ of p functions, G is I ⊗ g and W a p × d matrix: P = dp parameters. Least
squares has m · risk = Wᵀ G^{-1} W.
"""

from typing import Any

import numpy as np
import scipy

from bounds.check import Array
from bounds.process import simulate, uniform_grid, weights
from studies.evidence import Parts, Rng, Seeds, computed, evidence, measured, one_by_one, row
from studies.papers.kumar_2025.class_laws import drawn, law_of, residual
from studies.papers.kumar_2025.joint_means import measure_chosen, measure_scaled
from studies.papers.kumar_2025.supermartingale import residual_covariance, worst_constants
from studies.study import Cell, Row

WIDE = 1e6
"""The eigenvalue that stands for the limit of the log-concave kernel."""


def features(cell: Cell, t: float, x: Array) -> Array:
    """ψ of e^t x, which is X_0 but for noise; shape (n, p).

    linear: the coordinates. affine: 1 besides. fourier: cos and sin of p/2 random waves, √(2/p) of
    each, so that |ψ| = 1 everywhere.
    """
    y = np.exp(t) * x
    if cell["features"] == "linear":
        return np.asarray(y)
    if cell["features"] == "affine":
        return np.column_stack([np.ones(len(y)), y])
    count = cell["p"] // 2
    waves = np.random.default_rng(cell["waves"]).standard_normal((x.shape[1], count))
    phase = cell["frequency"] * (y @ waves)
    return np.asarray(np.concatenate([np.cos(phase), np.sin(phase)], axis=1) / np.sqrt(count))


def profile(cell: Cell) -> Array:
    """What features are multiplied by at each time, Σ_j γ_j w_j² = 1, shape (N,): the worst
    constants, or their signs changed from each time to the next.
    """
    times = np.array(cell["times"])
    w = worst_constants(times, cell.get("eigenvalue", WIDE))[1]
    if cell.get("alternating", False):
        w = w * (-1.0) ** np.arange(times.size)
    return w


def quantile(values: Array, delta: float) -> float:
    """The (1 − δ)-quantile, the larger neighbour."""
    return float(np.quantile(values, 1 - delta, method="higher"))


def along_paths(cell: Cell, rng: Rng) -> tuple[Array, Array]:
    """√γ_j w_j ψ_j and √γ_j U_j of each data set, its paths and times; shapes (sets, m, N, p) and
    (sets, m, N, d).
    """
    times, d, sets, m = np.array(cell["times"]), cell["d"], cell["sets"], cell["m"]
    root, w = np.sqrt(weights(times)), profile(cell)
    psi, u = [], []
    for j, part in enumerate(simulate(drawn(cell, sets * m, d, rng), times, rng)):
        psi.append(root[j] * w[j] * features(cell, part.step.t, part.x))
        u.append(root[j] * residual(cell, part))
    first, second = (np.stack(each, axis=1).reshape(sets, m, times.size, -1) for each in (psi, u))
    return first, second


def sums(psi: Array, u: Array) -> tuple[Array, Array]:
    """g, shape (sets, p, p), and W, shape (sets, p, d)."""
    rows, residuals = (each.reshape(len(each), -1, each.shape[-1]) for each in (psi, u))
    flipped = rows.swapaxes(1, 2)
    return flipped @ rows, flipped @ residuals


def form(matrix: Array, w: Array) -> Array:
    """tr(Wᵀ matrix^{-1} W) of each data set; shape (sets,)."""
    return np.asarray(np.sum(w * np.linalg.solve(matrix, w), axis=(1, 2)))


def _known(cell: Cell, *keys: str) -> Cell:
    return {**law_of(cell), **{key: cell[key] for key in ("times", "d", "m", *keys)}}


def _share(cell: Cell, fitted: Array, log_det: Array) -> float:
    """The quantile of Wᵀ (G + G_0)^{-1} W over log det(I + G_0^{-1} G) + 2 log(1/δ)."""
    return quantile(fitted / (log_det - 2 * np.log(cell["delta"])), cell["delta"])


def _normalised(cell: Cell, rng: Rng) -> list[Row]:
    """With G_0 = c m I; for |ψ| = 1 also the quantile of Wᵀ (G + G_0)^{-1} W by itself."""
    g, w = sums(*along_paths(cell, rng))
    prior, one = cell["c"] * cell["m"], np.eye(g.shape[-1])
    fitted = form(g + prior * one, w)
    log_det = cell["d"] * np.linalg.slogdet(one + g / prior)[1]
    known = _known(cell, "features", "delta", "c")
    rows = [row("self-normalised", known, _share(cell, fitted, log_det))]
    if cell["features"] == "fourier":
        rows.append(row("log-det", {**known, "p": cell["p"]}, quantile(fitted, cell["delta"])))
    return rows


def _kernel(cell: Cell, rng: Rng) -> list[Row]:
    """A Gaussian kernel of e^t x, which has infinitely many features: Wᵀ (G + c)^{-1} W is
    uᵀ K (K + c)^{-1} u, log det(I + K/c) stands for the other, and both are summed over d.
    """
    times, sets, m, d = np.array(cell["times"]), cell["sets"], cell["m"], cell["d"]
    root = np.sqrt(weights(times))
    at, u = [], []
    for j, part in enumerate(simulate(drawn(cell, sets * m, d, rng), times, rng)):
        at.append(np.exp(part.step.t) * part.x)
        u.append(root[j] * residual(cell, part))
    place, noise = (np.stack(each, axis=1).reshape(sets, m * times.size, d) for each in (at, u))
    apart = np.sum((place[:, :, None] - place[:, None]) ** 2, axis=3)
    scale, c = np.tile(root * profile(cell), m), cell["c"] * m
    kernel = np.outer(scale, scale) * np.exp(-apart / (2 * cell["width"] ** 2))
    values, vectors = np.linalg.eigh(kernel)
    values = np.maximum(values, 0)
    turned = vectors.swapaxes(1, 2) @ noise
    fitted = np.sum((values / (values + c))[:, :, None] * turned**2, axis=(1, 2))
    log_det = d * np.log1p(values / c).sum(axis=1)
    known = _known(cell, "features", "delta", "c")
    return [row("self-normalised", known, _share(cell, fitted, log_det))]


def _trace(cell: Cell, rng: Rng) -> list[Row]:
    """V = Σ_i Φ_iᵀ M Φ_i in the place of G, M from covariances of residuals; V_0 = c m I."""
    psi, u = along_paths(cell, rng)
    times = np.array(cell["times"])
    root = np.sqrt(weights(times))
    kernel = residual_covariance(times, cell.get("eigenvalue", WIDE)) * np.outer(root, root)
    v = np.einsum("simp,mn,sinq->spq", psi, kernel, psi, optimize=True)
    prior, one = cell["c"] * cell["m"], np.eye(v.shape[-1])
    fitted = form(v + prior * one, sums(psi, u)[1])
    log_det = cell["d"] * np.linalg.slogdet(one + v / prior)[1]
    known = _known(cell, "features", "delta", "c", "alternating")
    return [row("trace-form", known, _share(cell, fitted, log_det))]


def _one_time(cell: Cell, rng: Rng) -> list[Row]:
    """Mean and quantile of least squares' risk at one time."""
    g, w = sums(*along_paths(cell, rng))
    risk = form(g, w) / cell["m"]
    known = {**_known(cell, "features", "delta"), "P": int(w.shape[1] * w.shape[2])}
    return [
        row("one-time-mean", known, float(risk.mean())),
        row("one-time-quantile", known, quantile(risk, cell["delta"])),
    ]


def _exact(cell: Cell) -> list[Row]:
    """White data and features with no randomness in G: the risk is κ χ²_P/m, κ the variance of the
    worst constants.
    """
    variance, _ = worst_constants(np.array(cell["times"]), cell["eigenvalue"])
    found = variance * scipy.stats.chi2.isf(cell["delta"], cell["P"]) / cell["m"]
    known = {k: cell[k] for k in ("law", "eigenvalue", "times", "m", "P", "delta")} | {"eta": 0.0}
    rows = [row("joint-quantile", known, float(found))]
    if len(cell["times"]) == 1:
        rows.append(row("one-time-quantile", known, float(found)))
    return rows


def _spread(cell: Cell, rng: Rng) -> list[Row]:
    """The quantile of the risk where every eigenvalue of g is within 1 ± η of its mean's, 0 beside;
    ψ = x/√v, so that g has the mean m I.
    """
    psi, u = along_paths(cell, rng)
    times = np.array(cell["times"])
    v = 1 + (cell["eigenvalue"] - 1) * np.exp(-2 * times)
    g, w = sums(psi / (np.exp(times) * np.sqrt(v))[:, None], u)
    values = np.linalg.eigvalsh(g / cell["m"])
    inside = np.all(np.abs(values - 1) <= cell["eta"], axis=1)
    risk = np.where(inside, form(g, w) / cell["m"], 0.0)
    known = {**_known(cell, "delta", "eta"), "P": int(w.shape[1] * w.shape[2])}
    return [row("joint-quantile", known, quantile(risk, cell["delta"]))]


def _ridge(cell: Cell, rng: Rng) -> list[Row]:
    """Mean risk of ridge DSM over Σ_k θ_k x/v_k(t), v_k of eigenvalues λ_k, from θ_0 = 0, its loss
    minimised as such; N(0, λ) data with λ the last λ_k, so that s is θ = (0, …, 0, −1).

    The penalty is η m Γ, Γ = E G/m.
    """
    times, d, sets, m = np.array(cell["times"]), cell["d"], cell["sets"], cell["m"]
    candidates = np.array(cell["candidates"])
    p = candidates.size
    gram, loss = np.zeros((sets, p, p)), np.zeros((sets, p))
    mean = np.zeros((p, p))
    x0 = np.sqrt(cell["eigenvalue"]) * rng.standard_normal((sets * m, d))
    for part, gamma in zip(simulate(x0, times, rng), weights(times), strict=True):
        noise = -np.expm1(-2 * part.step.t)
        inverse = 1 / (np.exp(-2 * part.step.t) * candidates + noise)
        squares = np.sum(part.x**2, axis=1).reshape(sets, m).sum(axis=1)
        gram += gamma * squares[:, None, None] * np.outer(inverse, inverse)
        crossed = np.sum(part.x * part.z, axis=1).reshape(sets, m).sum(axis=1)
        loss -= gamma * crossed[:, None] / noise * inverse
        v = np.exp(-2 * part.step.t) * cell["eigenvalue"] + noise
        mean += gamma * d * v * np.outer(inverse, inverse)
    fitted = np.linalg.solve(gram + cell["eta"] * m * mean, loss[:, :, None])[:, :, 0]
    fitted[:, -1] += 1
    risk = np.einsum("sp,spq,sq->s", fitted, gram, fitted) / m
    known = _known(cell, "eta", "candidates")
    return [row("ridge-mean", known, float(risk.mean()))]


PARTS: Parts = {
    "normalised": one_by_one(_normalised, "self-normalised", "log-det"),
    "kernel": one_by_one(_kernel, "self-normalised"),
    "trace": one_by_one(_trace, "trace-form"),
    "one-time": one_by_one(_one_time, "one-time-mean", "one-time-quantile"),
    "exact": computed(_exact, "joint-quantile", "one-time-quantile"),
    "spread": one_by_one(_spread, "joint-quantile"),
    "ridge": one_by_one(_ridge, "ridge-mean"),
    "chosen": computed(measure_chosen, "chosen-mean", "chosen-regularised"),
    "scaled": one_by_one(measure_scaled, "chosen-mean"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """The rows of one part."""
    return measured(PARTS, cell, seeds)


SHORT = [0.1, 0.2, 0.4, 0.8]
WHITE: Cell = {"law": "gaussian", "eigenvalue": 1.0}
LAWS: tuple[Cell, ...] = (
    WHITE,
    {"law": "laplace"},
    {"law": "exponential"},
    {"law": "uniform"},
    {"law": "cauchy", "scale": 4.0},
)


def _normal(law: Cell, kind: str, d: int, m: int, c: float, **more: Any) -> Cell:
    shared = {"part": "normalised", **law, "features": kind, "times": SHORT, "d": d, "m": m}
    return {**shared, "c": c, "sets": 60, "delta": 0.05, **more}


def _waves(law: Cell, d: int, p: int, m: int) -> Cell:
    frequency = 1.0 if law is WHITE else 0.25
    return _normal(law, "fourier", d, m, 2.5 / p, p=p, waves=3, frequency=frequency)


_FEATURE: Cell = {"times": [0.05, 0.5], "height": 1.5}
CELLS: list[Cell] = [
    *(_waves(law, 4, 8, 20) for law in LAWS),
    _waves(WHITE, 16, 8, 20),
    _normal(WHITE, "affine", 8, 40, 2.5),
    _normal(LAWS[1], "affine", 4, 40, 60.0),
    *(
        {
            "part": "kernel",
            **law,
            "features": "kernel",
            "times": [0.2, 0.8],
            "d": 4,
            "m": 12,
            "c": 0.05,
            "width": width,
            "sets": 40,
            "delta": 0.05,
        }
        for law, width in ((WHITE, 3.0), (LAWS[1], 12.0), (LAWS[4], 12.0))
    ),
    *(
        {**_waves(law, d, 8, 20), "part": "trace", "c": c, "alternating": alternating}
        for law, d, c, alternating in (
            (WHITE, 8, 0.3, False),
            (WHITE, 8, 0.05, True),
            (LAWS[1], 8, 0.3, False),
            (LAWS[3], 8, 0.1, True),
        )
    ),
    *(
        {**_normal(law, kind, d, m, 0.0, **more), "part": "one-time", "times": [0.4], "sets": 160}
        for law in LAWS
        for kind, d, m, more in (
            ("linear", 2, 8, {}),
            ("linear", 6, 30, {}),
            (
                "fourier",
                1,
                30,
                {"p": 4, "waves": 3, "frequency": 1.0 if law is WHITE else 0.25},
            ),
        )
    ),
    *(
        {"part": "exact", **WHITE, "times": times, "m": 1000, "P": P, "delta": delta}
        for times in ([0.4], uniform_grid(0.1, 10).tolist())
        for P in (16, 64, 4096)
        for delta in (0.05, 1e-6)
    ),
    *(
        {
            "part": "spread",
            "features": "linear",
            "law": "gaussian",
            "eigenvalue": value,
            "times": [0.2, 0.5, 1.0],
            "d": 8,
            "m": 200,
            "eta": 0.5,
            "sets": 40,
            "delta": 0.05,
        }
        for value in (1.0, 4.0)
    ),
    *(
        {
            "part": "ridge",
            "law": "gaussian",
            "candidates": [0.25, 1.0, 4.0],
            "eigenvalue": 4.0,
            "times": SHORT,
            "d": d,
            "m": m,
            "eta": eta,
            "sets": 20,
        }
        for d, m, eta in ((4, 20, 0.03), (4, 200, 0.3), (16, 200, 1.0))
    ),
    {"part": "chosen", **_FEATURE, "ridge": [1e-3, 3e-3, 0.01], "cut": [0.6, 0.843, 0.9]},
    *({"part": "scaled", **_FEATURE, "m": m, "reach": 150.0, "sets": 1600} for m in (2, 4, 16)),
]
STUDY = evidence(
    "evidence-parameters",
    "Classes with P parameters: the self-normalised sum, least squares and ridge, over five laws.",
    CELLS,
    measure,
    PARTS,
    seed=73,
    replicates=32,
    deep=400,
    batch=8,
)
