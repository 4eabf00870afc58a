"""What is measured for local curvature smoothing: both losses by quadrature, fits on drawn data.

Losses are taken as they stand, over nodes that are exact for polynomials or over fine grids; least
losses by a minimiser or by least squares; nothing of a closed form enters.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import scipy
from numpy.polynomial.hermite_e import hermegauss

from bounds.check import Array
from bounds.local_curvature import (
    antithetic_fit,
    antithetic_trace,
    exact_trace_fit,
    stein_trace,
    variant_a,
    variant_a_fit,
    variant_b,
    variant_b_fit,
)
from studies.evidence import Parts, Seeds, computed, evidence, measured, row, together
from studies.study import Cell, Row, Study

SEARCH = {"xatol": 1e-10, "fatol": 1e-15, "maxiter": 4000, "maxfev": 4000}


def normal_nodes(dimension: int, count: int) -> tuple[Array, Array]:
    """Nodes (n, d) and weights (n,) for means over N(0, I), exact up to degree 2 count − 1."""
    points, weights = hermegauss(count)
    nodes = np.array(list(product(points, repeat=dimension)))
    each = np.array(list(product(weights / weights.sum(), repeat=dimension)))
    return nodes, np.asarray(each.prod(axis=1))


def _of(cell: Cell, *names: str) -> dict[str, Any]:
    return {name: cell[name] for name in names}


# --- the losses -----------------------------------------------------------------------------------


def _swirl(x: Array) -> Array:
    """A score that is no gradient."""
    return np.stack([np.sin(x[..., 1]), x[..., 0] * x[..., 2], -np.tanh(x[..., 0])], axis=-1)


def _denoising(cell: Cell) -> list[Row]:
    """Variant A less the denoising loss, for one x and z."""
    x, z, sigma = np.array(cell["x"]), np.array(cell["z"]), cell["sigma"]
    denoising = np.sum((_swirl(x + sigma * z) + z / sigma) ** 2) / 2
    value = float(variant_a(_swirl, x, z, sigma)) - denoising
    return [row("a-less-denoising", _of(cell, "z", "sigma"), value)]


def _minimisers(cell: Cell) -> list[Row]:
    """The matrices at which both losses are least, by Nelder and Mead's search; d = 2."""
    nodes, weights = normal_nodes(4, 3)
    turn = np.array(
        [
            [np.cos(cell["angle"]), -np.sin(cell["angle"])],
            [np.sin(cell["angle"]), np.cos(cell["angle"])],
        ]
    )
    x, z = nodes[:, :2] * np.sqrt(cell["values"]) @ turn.T, nodes[:, 2:]
    rows = []
    for name, variant in (("a-minimiser", variant_a), ("b-minimiser", variant_b)):

        def loss(entries: Array, of: Any = variant) -> float:
            matrix = entries.reshape(2, 2)
            return float(weights @ of(lambda y: y @ matrix.T, x, z, cell["sigma"]))

        found = scipy.optimize.minimize(
            loss, np.zeros(4), method="Nelder-Mead", options=SEARCH
        ).x.reshape(2, 2)
        rows += [
            row(name, {**_of(cell, "values", "angle", "sigma"), "i": i, "j": j}, found[i, j])
            for i in (0, 1)
            for j in (0, 1)
        ]
    return rows


def _curvature(cell: Cell) -> list[Row]:
    """E A − E B of a linear score."""
    nodes, weights = normal_nodes(4, 3)
    x, z, matrix = nodes[:, :2], nodes[:, 2:], np.array(cell["matrix"])

    def score(y: Array) -> Array:
        return np.asarray(y @ matrix.T)

    gap = variant_a(score, x, z, cell["sigma"]) - variant_b(score, x, z, cell["sigma"])
    return [row("curvature", _of(cell, "matrix", "sigma"), float(weights @ gap))]


def _curvature_general(cell: Cell) -> list[Row]:
    """(E A − E B)/(σ²/2) of the score of two normals, over their law on a grid."""
    mu, sigma = cell["mean"], cell["sigma"]
    z, weights = normal_nodes(1, 12)
    x = np.linspace(-mu - 13, mu + 13, 4001)
    p = (scipy.stats.norm.pdf(x, -mu) + scipy.stats.norm.pdf(x, mu)) / 2 * (x[1] - x[0])

    def score(y: Array) -> Array:
        other = np.exp(-2 * mu * y)  # the odds of the component at −μ
        return np.asarray((-(y - mu) - (y + mu) * other) / (1 + other))

    points = np.broadcast_to(x[:, None], (len(z), len(x), 1))
    noise = np.broadcast_to(z[:, None, :], points.shape)
    gap = variant_a(score, points, noise, sigma) - variant_b(score, points, noise, sigma)
    return [row("curvature-general", _of(cell, "mean", "sigma"), weights @ gap @ p / sigma**2 * 2)]


def _traces(cell: Cell) -> list[Row]:
    """Variances of the three estimates of the trace at one point."""
    x, matrix, sigma = np.array(cell["x"]), np.array(cell["matrix"]), cell["sigma"]

    def score(y: Array) -> Array:
        return np.asarray(y @ matrix.T + np.array(cell["shift"]))

    def variance(values: Array, weights: Array) -> float:
        return float(weights @ (values - weights @ values) ** 2)

    z, weights = normal_nodes(x.size, 4)
    signs = np.array(list(product((-1.0, 1.0), repeat=x.size)))
    even = np.full(len(signs), 1 / len(signs))
    here, there = np.broadcast_to(x, z.shape), np.broadcast_to(x, signs.shape)
    of = _of(cell, "x", "matrix", "shift", "sigma")
    return [
        row("one-sided", of, variance(stein_trace(score, here, z, sigma), weights)),
        row("antithetic", of, variance(antithetic_trace(score, here, z, sigma), weights)),
        row("signs", of, variance(antithetic_trace(score, there, signs, sigma), even)),
    ]


# --- fits -----------------------------------------------------------------------------------------


def _fits(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Risk of each linear fit as a score of the clean law: the mean of a replicate's draws."""
    values, m, redraws = np.array(cell["values"]), cell["m"], cell["redraws"]
    sigma, d = cell["sigma"], values.size
    of = _of(cell, "values", "m", "redraws", "sigma")
    out = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        x = np.sqrt(values) * rng.standard_normal((cell["draws"], m, d))
        z = rng.standard_normal((redraws, *x.shape))
        fits = {
            "b-risk": variant_b_fit(x, z, sigma),
            "antithetic-risk": antithetic_fit(x, z, sigma),
            "trace-risk": exact_trace_fit(x),
        }
        if redraws == 1:
            fits["a-risk"] = variant_a_fit(x, z, sigma)
        rows = []
        for name, fit in fits.items():
            risk = np.mean(np.sum((fit + np.diag(1 / values)) ** 2 @ values, axis=-1))
            rows.append(row(name, of, risk))
            if name in ("a-risk", "b-risk") and sigma <= cell["small"]:
                rows.append(row("scaled", {**of, "variant": name[0]}, m * sigma**2 * risk))
        out.append(rows)
    return out


# --- all functions --------------------------------------------------------------------------------


def _minimum(cell: Cell) -> list[Row]:
    """−½ ∫ (p * N_σ)'²/p by the trapezoid rule."""
    v, noise = cell["value"], cell["noise"]
    wide = np.sqrt(v + noise)
    reach = 14 * np.sqrt(v * (v + noise) / (v - noise))
    x = np.linspace(-reach, reach, 4001)
    ratio = np.exp(
        2 * scipy.stats.norm.logpdf(x, scale=wide) - scipy.stats.norm.logpdf(x, scale=np.sqrt(v))
    )
    found = np.sum((x / wide**2) ** 2 * ratio) * (x[1] - x[0])
    return [row("minimum", _of(cell, "value", "noise"), -found / 2)]


def _hermite(x: Array, degree: int) -> Array:
    """Orthonormal polynomials of N(0, 1) up to a degree, shape (degree + 1, …)."""
    found = [np.ones_like(x), x]
    for k in range(1, degree):
        found.append((x * found[k] - np.sqrt(k) * found[k - 1]) / np.sqrt(k + 1))
    return np.array(found[: degree + 1])


def _degrees(cell: Cell) -> list[Row]:
    """Least loss of variant B among polynomials, by least squares on nodes; data N(0, 1)."""
    sigma, top = np.sqrt(cell["noise"]), max(cell["degrees"])
    nodes, weights = normal_nodes(2, top + 2)
    x, z = nodes.T
    clean, noisy = _hermite(x, top), _hermite(x + sigma * z, top)
    gram, pull = (clean * weights) @ clean.T, noisy @ (weights * z) / sigma
    rows = []
    for degree in cell["degrees"]:
        held = slice(0, degree + 1)
        best = np.linalg.solve(gram[held, held], -pull[held])
        loss = best @ gram[held, held] @ best / 2 + best @ pull[held]
        rows.append(row("degree", {"value": 1.0, "noise": cell["noise"], "degree": degree}, loss))
    return rows


def _training_set(cell: Cell) -> list[Row]:
    """Variant B's loss of s = −g (x − the nearest datum), by quadrature between its jumps."""
    data = cell["spacing"] * np.arange(cell["data"], dtype=np.float64)
    sigma = cell["sigma"]

    def score(x: Array) -> Array:
        nearest = data[np.argmin(np.abs(x - data), axis=-1)]
        return np.asarray(-cell["gain"] * (x - nearest[..., None]))

    nodes, weights = np.polynomial.legendre.leggauss(24)
    losses = []
    for datum in data:
        jumps = (data[:-1] + cell["spacing"] / 2 - datum) / sigma
        inner = jumps[np.abs(jumps) < 9]
        edges = np.unique(np.concatenate([np.linspace(-9, 9, 10), inner]))
        half = np.diff(edges)[:, None] / 2
        z = ((edges[:-1, None] + edges[1:, None]) / 2 + half * nodes).ravel()
        mass = (half * weights).ravel() * scipy.stats.norm.pdf(z)
        here = np.full((z.size, 1), datum)
        losses.append(mass @ variant_b(score, here, z[:, None], sigma))
    of = _of(cell, "spacing", "data", "sigma", "gain")
    return [row("training-set", of, float(np.mean(losses)))]


PARTS: Parts = {
    "denoising": computed(_denoising, "a-less-denoising"),
    "minimisers": computed(_minimisers, "a-minimiser", "b-minimiser"),
    "curvature": computed(_curvature, "curvature"),
    "curvature-general": computed(_curvature_general, "curvature-general"),
    "traces": computed(_traces, "one-sided", "antithetic", "signs"),
    "fits": together(_fits, "b-risk", "antithetic-risk", "trace-risk", "a-risk", "scaled"),
    "minimum": computed(_minimum, "minimum"),
    "degrees": computed(_degrees, "degree"),
    "training-set": computed(_training_set, "training-set"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """The rows of one part."""
    return measured(PARTS, cell, seeds)


MATRICES: Sequence[list[list[float]]] = ([[-1.0, 0.5], [0.2, -2.0]], [[0.3, -1.0], [1.0, 0.0]])
CUBES: Sequence[list[list[float]]] = (
    [[-1.0, 0.8, 0.0], [-0.3, -0.5, 0.6], [0.9, 0.1, -2.0]],
    [[0.5, 1.0, -1.0], [1.0, -0.7, 0.4], [-0.2, 0.4, 1.5]],
)
SIGMAS = (0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0)

CELLS: list[Cell] = [
    *(
        {"part": "denoising", "x": [0.4, -1.0, 0.7], "z": z, "sigma": sigma}
        for z in ([0.3, -0.5, 1.4], [2.0, 0.1, -0.9], [-0.2, 0.6, 0.1])
        for sigma in (0.1, 1.0)
    ),
    *(
        {"part": "minimisers", "values": [0.5, 2.0], "angle": 0.6, "sigma": sigma}
        for sigma in (0.3, 1.0, 2.0)
    ),
    *(
        {"part": "curvature", "matrix": matrix, "sigma": sigma}
        for matrix in MATRICES
        for sigma in (0.1, 0.5, 2.0)
    ),
    *(
        {"part": "curvature-general", "mean": mean, "sigma": sigma}
        for mean in (1.5, 2.0)
        for sigma in (0.01, 0.03)
    ),
    *(
        {
            "part": "traces",
            "x": [1.0, -0.5, 2.0],
            "matrix": matrix,
            "shift": [0.2, 0.0, -0.4],
            "sigma": sigma,
        }
        for matrix in CUBES
        for sigma in (0.1, 1.0)
    ),
    *(
        {
            "part": "fits",
            "values": np.linspace(0.3, 3, d).tolist(),
            "m": m,
            "redraws": redraws,
            "sigma": sigma,
            "draws": draws,
            "small": 0.03,
        }
        for d, m, some, sigmas, draws in (
            (4, 20, (1, 4), (0.3, 1.0), 40),
            (8, 1000, (1,), SIGMAS, 4),
        )
        for redraws in some
        for sigma in sigmas
    ),
    *(
        {"part": "minimum", "value": v, "noise": round(v * share, 10)}
        for v in (1.0, 2.0)
        for share in (0.1, 0.5, 0.9)
    ),
    *(
        {"part": "degrees", "noise": noise, "degrees": [1, 3, 5, 9, 15, 21, 31]}
        for noise in (0.5, 0.9, 1.0, 1.5)
    ),
    *(
        {"part": "training-set", "spacing": 1.0, "data": 5, "sigma": sigma, "gain": gain}
        for sigma in (0.1, 0.2, 0.3)
        for gain in (10.0, 100.0, 1000.0)
    ),
]
STUDY = evidence(
    "evidence-lcss",
    "Two losses with the trace by Stein's identity: minimisers, variances, fits, least losses.",
    CELLS,
    measure,
    PARTS,
    seed=302,
    replicates=40,
    batch=20,
)
STUDIES: tuple[Study, ...] = (STUDY,)
