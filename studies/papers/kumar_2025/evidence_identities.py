r"""Evidence for the identities of the theory,
on laws where linear algebra cannot save a wrong formula.

What is conditional is computed by quadrature from the density Σ_k π_k N(x; e_t μ_k, V_k) alone, in
studies.papers.kumar_2025.conditional_laws. The residual's norm is searched for with posterior
covariances, never Hessians; symbolic residuals are simplified, and evaluated in 50 digits at
rational points.

Longer than 350 lines: one function for each kind of cell, and the cells; the laws that they share
are apart.
"""

from collections.abc import Callable, Mapping
from itertools import combinations, pairwise

import numpy as np
import scipy

from bounds.check import Array
from bounds.mixture import Mixture
from bounds.process import decay, noise_variance
from studies.evidence import Parts, Rng, Seeds, computed, drawn_once, evidence, measured, row
from studies.papers.kumar_2025.conditional_laws import (
    REACH,
    SPACING,
    Law,
    conditional,
    data_moments,
    log_density,
    nodes,
    residual_norm,
    score,
)
from studies.study import Cell, Row

LOPSIDED: Law = {
    "weights": [0.85, 0.15],
    "means": [[2.0], [-2.0]],
    "covariances": [[[0.25]], [[0.25]]],
}
UNEVEN: Law = {
    "weights": [0.5, 0.3, 0.2],
    "means": [[-1.5], [0.4], [3.0]],
    "covariances": [[[0.09]], [[1.0]], [[0.36]]],
}
PLANE: Law = {
    "weights": [0.5, 0.3, 0.2],
    "means": [[-1.0, 0.5], [1.5, 1.0], [0.5, -2.0]],
    "covariances": [
        [[0.5, 0.2], [0.2, 0.3]],
        [[0.25, -0.1], [-0.1, 0.6]],
        [[0.8, 0.3], [0.3, 0.4]],
    ],
}
CROSSED: Law = {
    "weights": [0.5, 0.5],
    "means": [[0.0, 0.0], [0.0, 0.0]],
    "covariances": [[[1.0, 0.0], [0.0, 4.0]], [[4.0, 0.0], [0.0, 1.0]]],
}

# Laws on the line by log density, with the ends of the pieces on which that is smooth.
SHAPES: Mapping[str, tuple[Callable[[Array], Array], tuple[float, ...]]] = {
    "uniform": (lambda y: np.zeros_like(y), (-1.0, 1.0)),
    "laplace": (lambda y: -np.abs(y), (-40.0, 0.0, 40.0)),
    "exponential": (lambda y: -y, (0.0, 50.0)),
    "logistic": (lambda y: -y - 2 * np.log1p(np.exp(-y)), (-40.0, 0.0, 40.0)),
    "gumbel": (lambda y: -y - np.exp(-y), (-5.0, 0.0, 45.0)),
}


TARGETS = ("T1", "T2", "T3")


# --- what is measured -----------------------------------------------------------------------------


def entries(value: Array) -> list[tuple[list[int], float]]:
    """The entries of an array with their indices."""
    return [([int(i) for i in index], float(number)) for index, number in np.ndenumerate(value)]


def pointwise(cell: Cell) -> list[Row]:
    """Conditional means, covariances and the best α at one x."""
    found = conditional(cell["law"], cell["t_prev"], cell["t"], np.array(cell["x"]))
    where = {key: cell[key] for key in ("law", "t_prev", "t", "x")}
    rows = []
    for name, value in found.items():
        target, _, moment = name.partition("-")
        of, quantity = ({"target": target}, f"target-{moment}") if target in TARGETS else ({}, name)
        for index, number in entries(value):
            rows.append(row(quantity, {**where, **of, "index": index}, number))
    return rows


GUESSES: Mapping[str, Callable[[Array], Array]] = {
    "zero": lambda x: 0.0 * x,
    "wave": lambda x: np.sin(2 * x) + 0.5,
    "cubic": lambda x: 0.1 * x**3 - x,
}


def matching(cell: Cell) -> list[Row]:
    """E‖f + Z_t/σ_t²‖² − E‖f − s‖² for a function f that acts on each coordinate."""
    law, t = cell["law"], cell["t"]
    d = len(law["means"][0])
    y = nodes(d, REACH[d], SPACING[d])
    x = y.reshape(-1, d)
    p = np.exp(log_density(law, t, x)) * SPACING[d] ** d
    m, Q = data_moments(law, t, x, y)
    f, noise = GUESSES[cell["f"]](x), noise_variance(t)
    # f + Z/σ² = (f + x/σ²) − (e_t/σ²) X_0
    A, c = f + x / noise, decay(t) / noise
    denoising = np.sum(A**2 - 2 * c * A * m, axis=-1) + c**2 * np.trace(Q, axis1=1, axis2=2)
    # where p_t underflows so do the moments' denominators: those nodes weigh nothing
    difference = denoising - np.sum((f - score(law, t, x)) ** 2, axis=-1)
    heavy = p > 1e-60
    value = np.sum(p[heavy] * difference[heavy])
    return [row("matching-gap", {"law": law, "t": t, "f": cell["f"]}, value)]


def mixing(cell: Cell, rng: Rng) -> list[Row]:
    """On random paths: the α for which T1 + α U_{t'} does not move
    with X_0, and what it then leaves of T1 + α U_{t'} − s(t, X_t).
    """
    law, t_prev, t = cell["law"], cell["t_prev"], cell["t"]
    d = len(law["means"][0])
    y, y_other, b, x = rng.uniform(-2, 2, (4, d))
    score_prev = score(law, t_prev, b)

    def denoising(datum: Array) -> Array:
        return np.asarray(-(x - decay(t) * datum) / noise_variance(t))

    def residual(datum: Array) -> Array:
        return np.asarray((b - decay(t_prev) * datum) / noise_variance(t_prev) + score_prev)

    alpha = -(denoising(y) - denoising(y_other)) / (residual(y) - residual(y_other))
    noise = denoising(y) + alpha * residual(y) - score(law, t, x)
    where = {"law": law, "t_prev": t_prev, "t": t, "x_prev": b.tolist(), "x": x.tolist()}
    return [
        row("target-noise", {**where, "index": index}, number) for index, number in entries(noise)
    ]


def _mixture(law: Law) -> Mixture:
    return Mixture(np.array(law["weights"]), np.array(law["means"]), np.array(law["covariances"]))


def paths(cell: Cell, rng: Rng) -> list[Row]:
    """Σ_j γ_j ⟨ζ_j, U_j⟩ on one simulated path,
    ζ_j a random function of X_{t_j}, with the path in the row's cell.
    """
    law, times, gamma = cell["law"], cell["times"], cell["gamma"]
    x0 = _mixture(law).sample(1, rng)[0]
    x, total, visited, zetas, before = x0, 0.0, [], [], 0.0
    for t, weight in zip(times, gamma, strict=True):
        x = decay(t - before) * x + np.sqrt(noise_variance(t - before)) * rng.standard_normal(
            x0.size
        )
        zeta = np.sin(rng.standard_normal((x0.size, x0.size)) @ x + rng.standard_normal(x0.size))
        total += weight * float(zeta @ ((x - decay(t) * x0) / noise_variance(t) + score(law, t, x)))
        visited.append(x.tolist())
        zetas.append(zeta.tolist())
        before = t
    where = {
        "law": law,
        "times": times,
        "gamma": gamma,
        "x0": x0.tolist(),
        "x": visited,
        "zeta": zetas,
    }
    return [row("path-sum", where, total)]


def decomposition(cell: Cell, refine: float = 1.0) -> list[Row]:
    """Var S at N = 3 on the line, and Cov(U_j, U_k).

    ζ_j(x) = sin(a_j x + j). Given X_{t_1} the datum is independent of the rest, so it enters by two
    moments.
    """
    law, times, gamma = cell["law"], cell["times"], cell["gamma"]
    y, x = nodes(1, 9.0, 0.04), nodes(1, cell["reach"], cell["spacing"] / refine)
    line = x[:, 0]
    m, Q = data_moments(law, times[0], x, y)
    shapes = [(-1, 1, 1), (1, -1, 1), (1, 1, -1)]
    M, size = [], []
    for j, (t, weight, shape) in enumerate(zip(times, gamma, shapes, strict=True)):
        # Tweedie's mean from the complex-step score; the datum's own moments come by quadrature
        # instead
        mean = (line + noise_variance(t) * score(law, t, x)[:, 0]) / decay(t)
        M.append(mean.reshape(shape))
        zeta = np.sin(cell["pitch"][j] * line + j)
        size.append((weight * decay(t) / noise_variance(t) * zeta).reshape(shape))

    def step(gap: float) -> Array:
        return np.asarray(
            np.exp(-((line - decay(gap) * line[:, None]) ** 2) / (2 * noise_variance(gap)))
        )

    first = np.exp(log_density(law, times[0], x))
    p = (first[:, None] * step(times[1] - times[0]))[:, :, None] * step(times[2] - times[1])
    p /= p.sum()
    m, Q = m[:, 0].reshape(shapes[0]), Q[:, 0, 0].reshape(shapes[0])

    A = size[0] * M[0] + size[1] * M[1] + size[2] * M[2]
    total = size[0] + size[1] + size[2]
    variance = np.sum(p * (A**2 - 2 * A * total * m + total**2 * Q))
    where = {"law": law, "times": times, "gamma": gamma, "pitch": cell["pitch"]}
    rows = [row("sum-variance", where, variance)]
    for k, j in combinations(range(3), 2):
        size_k, size_j = (decay(t) / noise_variance(t) for t in (times[k], times[j]))
        covariance = size_j * size_k * np.sum(p * (M[j] * M[k] - (M[j] + M[k]) * m + Q))
        rows.append(row("cross-time", {"law": law, "t_prev": times[k], "t": times[j]}, covariance))
    return rows


def norm(cell: Cell) -> list[Row]:
    """sup_x of ‖C_t‖, x searched: segments between the components' means at t and beyond either
    end, and random points; from the best of each, ascent over the span of the means' differences,
    which is all that responsibilities see. It can miss the supremum: an equality is harder to meet
    for it. The search has a generator of its own, seeded by the cell: where it ends is computed,
    not sampled.
    """
    means, t, own = np.array(cell["means"]), cell["t"], np.random.default_rng(cell["seed"])
    covariances = [np.diag(cell["variances"])] * len(means)
    law = {"weights": cell["weights"], "means": means, "covariances": covariances}
    centres = decay(t) * means
    span = centres[1:] - centres[0]
    segments = np.concatenate(
        [a + np.multiply.outer(np.linspace(-3, 4, 29), b - a) for a, b in combinations(centres, 2)]
    )
    drawn = _mixture(law).sample(300, own)
    crowd = decay(t) * drawn + np.sqrt(noise_variance(t)) * own.standard_normal(drawn.shape)

    def ascent(points: Array) -> float:
        start = points[np.argmax(residual_norm(law, t, points))]
        found = scipy.optimize.minimize(
            lambda c: -float(residual_norm(law, t, start + c @ span)),
            np.zeros(len(span)),
            method="Nelder-Mead",
            options={
                "initial_simplex": 0.2 * np.eye(len(span) + 1, len(span)),
                "xatol": 1e-8,
                "fatol": 1e-13,
            },
        )
        return -float(found.fun)

    where = {key: cell[key] for key in ("d", "t", "weights", "means", "variances")}
    return [row("pair-norm", where, max(ascent(segments), ascent(crowd)))]


def shape_residual(name: str, t: float, x: Array) -> Array:
    """C_t(x) for a law on the line that is not a mixture,
    by Gauss-Legendre on its smooth pieces; x (n,) to (n,).
    """
    log_p, ends = SHAPES[name]
    u, w = np.polynomial.legendre.leggauss(40)
    edges = np.unique(np.concatenate([np.linspace(a, b, 120) for a, b in pairwise(ends)]))
    half = np.diff(edges) / 2
    y = (edges[:-1, None] + half[:, None] * (u + 1)).ravel()
    weights = (half[:, None] * w).ravel()
    exponent = log_p(y) - (x[:, None] - decay(t) * y) ** 2 / (2 * noise_variance(t))
    p = np.exp(exponent - exponent.max(axis=1, keepdims=True)) * weights
    p /= p.sum(axis=1, keepdims=True)
    centred = y - (p @ y)[:, None]
    return np.asarray(decay(2 * t) / noise_variance(t) ** 2 * np.sum(p * centred**2, axis=1))


def shapes(cell: Cell) -> list[Row]:
    """sup_x of σ_t² C_t(x) over |x| ≤ 6 for a log-concave law on the line."""
    largest = shape_residual(cell["shape"], cell["t"], np.linspace(-6, 6, 121)).max()
    where = {key: cell[key] for key in ("shape", "variance", "t")}
    return [row("log-concave", where, noise_variance(cell["t"]) * largest)]


def crossed(cell: Cell) -> list[Row]:
    """‖C_t‖ at x = (a, a) for two centred Gaussians whose covariances are crossed."""
    t, a = cell["t"], cell["a"]
    first, second = data_moments(CROSSED, t, np.array([[a, a]]), nodes(2, 25.0, 0.1))
    C = decay(2 * t) / noise_variance(t) ** 2 * (second[0] - np.outer(first[0], first[0]))
    return [row("crossed", {"t": t, "a": a, "variances": [1.0, 4.0]}, np.linalg.eigvalsh(C)[-1])]


def symbolic(cell: Cell) -> list[Row]:
    """|residual| of a derivation at a rational point,
    in 50 digits; one more if algebra does not bring it to zero.

    An undefined function becomes exp(−y⁴/3), and the k-th free symbol by name the k-th number of
    the cell.
    """
    # sympy takes half a second to import, and the list of studies is imported by every command
    import sympy as sp

    from bounds.gaussian_algebra import vanishes
    from bounds.identities import DERIVATIONS

    derivation = next(one for one in DERIVATIONS if one.name == cell["derivation"])
    residual = derivation.residual()
    concrete = residual.replace(
        lambda e: isinstance(e, sp.core.function.AppliedUndef),
        lambda e: sp.exp(-(e.args[0] ** 4) / 3),
    ).doit()
    names = sorted(concrete.free_symbols, key=str)
    survives = 0.0 if vanishes(residual) else 1.0
    rows = []
    for point in cell["points"]:
        values = {s: sp.Rational(n, 1000) for s, n in zip(names, point[: len(names)], strict=True)}
        number = float(abs(sp.N(concrete.subs(values), 50, maxn=200)))
        where = {"derivation": derivation.name, "point": point}
        rows.append(row(cell["quantity"], where, number + survives))
    return rows


PARTS: Parts = {
    "pointwise": computed(
        pointwise,
        "alpha",
        "posterior-covariance",
        "posterior-mean-before",
        "target-covariance",
        "target-mean",
    ),
    "matching": computed(matching, "matching-gap"),
    "mixing": drawn_once(mixing, "target-noise"),
    "paths": drawn_once(paths, "path-sum"),
    "decomposition": computed(decomposition, "cross-time", "sum-variance"),
    "norm": computed(norm, "pair-norm"),
    "shapes": computed(shapes, "log-concave"),
    "crossed": computed(crossed, "crossed"),
    "symbolic": computed(
        symbolic,
        "symbolic-alpha-star",
        "symbolic-ancestral-lack",
        "symbolic-ancestral-step",
        "symbolic-bootstrap-noise",
        "symbolic-bsm-gain",
        "symbolic-bsm-recursion",
        "symbolic-bsm-weight",
        "symbolic-martingale",
        "symbolic-residual-covariance",
        "symbolic-residual-regression",
        "symbolic-target-variances",
        "symbolic-transport-alone",
        "symbolic-tweedie",
    ),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """The rows of one cell; its kind picks how it is measured."""
    return measured(PARTS, cell, seeds)


# --- the cells ------------------------------------------------------------------------------------

PROOFS: Mapping[str, tuple[str, ...]] = {
    "tweedie": ("tweedie-gaussian-matrix", "tweedie-any-law", "local-tweedie-any-law"),
    "martingale": ("martingale-gaussian", "martingale-any-law"),
    "residual-covariance": ("residual-covariance-gaussian", "residual-covariance-any-law"),
    "residual-regression": ("residual-is-regression",),
    "bootstrap-noise": ("noise-is-increment", "carried-factor"),
    "alpha-star": (
        "noise-of-control-variate",
        "optimal-control-variate-gaussian",
        "control-variate-gain",
    ),
    "target-variances": (
        *("variance-of-t1", "variance-of-t2", "variance-of-t3"),
        *("factored-t1", "factored-t2", "factored-t3", "factored-combined"),
    ),
    "bsm-recursion": ("fresh-noise-is-fresh", "bsm-first-step", "bsm-recursion"),
    "bsm-weight": ("bsm-optimal-weight", "weight-over-optimal"),
    "bsm-gain": ("bsm-gain",),
    "transport-alone": ("transport-alone",),
    "ancestral-step": ("ancestral-posterior", "ancestral-mean"),
    "ancestral-lack": ("ancestral-lack", "ancestral-lack-any-law"),
}
# Numerators over 1000; no derivation has more symbols than a point has numbers.
POINTS = [
    [463, 811, 337, 592, 727, 409, 655, 880, 521, 368, 773, 610, 446, 839, 352, 694],
    [719, 386, 842, 455, 613, 794, 341, 568, 887, 632, 427, 701, 539, 358, 818, 476],
]

STEPS_1D = [(0.1, 0.2), (0.3, 0.8), (1.0, 1.5)]
POINTS_1D = [[-2.2], [-0.6], [0.3], [1.7]]
STEPS_2D = [(0.2, 0.4), (0.6, 1.2)]
POINTS_2D = [[0.4, -0.3], [-1.0, 1.2], [1.1, 0.6]]


def _pair(d: int) -> Cell:
    """Two equal round components, 3 apart along a direction
    that no axis knows of; d numbers a mean.
    """
    direction = [(-1.0) ** i / d**0.5 for i in range(d)]
    means = [[1.5 * u for u in direction], [-1.5 * u for u in direction]]
    return {"d": d, "weights": [0.7, 0.3], "means": means, "variances": [0.2] * d}


DIMENSIONS = (1, 2, 4, 8, 16, 32, 64)
VARIANCES = {
    "uniform": 1 / 3,
    "laplace": 2.0,
    "exponential": 1.0,
    "logistic": np.pi**2 / 3,
    "gumbel": np.pi**2 / 6,
}


def _cells() -> list[Cell]:
    out: list[Cell] = [
        {
            "kind": "symbolic",
            "quantity": f"symbolic-{quantity}",
            "derivation": name,
            "points": POINTS,
        }
        for quantity, names in PROOFS.items()
        for name in names
    ]
    grids = [
        (LOPSIDED, STEPS_1D, POINTS_1D),
        (UNEVEN, STEPS_1D, POINTS_1D),
        (PLANE, STEPS_2D, POINTS_2D),
    ]
    for law, steps, points in grids:
        for t_prev, t in steps:
            step = {"law": law, "t_prev": t_prev, "t": t}
            out += [{"kind": "pointwise", **step, "x": x} for x in points]
            out += [{"kind": "mixing", **step, "path": path} for path in range(2)]
            out += [{"kind": "matching", "law": law, "t": t, "f": f} for f in GUESSES]
        times = [0.1, 0.25, 0.5, 0.8, 1.5]
        gamma = [0.1, 0.15, 0.25, 0.3, 0.7]
        out += [
            {"kind": "paths", "law": law, "times": times[:n], "gamma": gamma[:n], "path": path}
            for n in (1, 2, 5)
            for path in range(3)
        ]
    out += [
        {
            "kind": "decomposition",
            "law": law,
            "times": times,
            "gamma": [0.3, 0.3, 0.6],
            "pitch": [1.0, -0.7, 0.4],
            "reach": 9.0,
            "spacing": 0.12,
        }
        for law in (LOPSIDED, UNEVEN)
        for times in ([0.3, 0.6, 1.2], [0.5, 0.8, 1.0])
    ]
    out += [
        {"kind": "norm", **_pair(d), "t": t, "seed": 41}
        for d in DIMENSIONS
        for t in (0.05, 0.4, 1.5)
    ]
    out += [
        {"kind": "shapes", "shape": shape, "variance": VARIANCES[shape], "t": t}
        for shape in SHAPES
        for t in (0.1, 0.5, 1.0)
    ]
    out += [{"kind": "crossed", "t": t, "a": a} for t in (0.2, 1.0) for a in (0.0, 2.0, 4.0, 8.0)]
    return out


STUDY = evidence(
    "evidence-identities",
    "The identities of the theory: residuals in symbols, and both sides by quadrature on mixtures.",
    _cells(),
    measure,
    PARTS,
    seed=41,
)
