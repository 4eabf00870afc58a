r"""Evidence for the identities of the theory, on laws where linear algebra cannot save a wrong formula.

    p(y | X_t = x) ∝ p_0(y) N(x; e_t y, σ_t²),     p(b | X_t = x) ∝ p_{t'}(b) N(x; e^{-g} b, τ²),

and the moments of both, by the trapezoidal rule on a box: its error falls like exp(−2π²(width/h)²) for Gaussian
integrands and like exp(−2π · distance/h) where a score has a pole off the real line, far below 1e-11 with the
spacings here. Nothing but the density Σ_k π_k N(x; e_t μ_k, V_k), written out, goes in; scores are its complex-step
derivatives, exact to rounding. The residual's norm is searched for with posterior covariances, never Hessians;
symbolic residuals are simplified, and evaluated in 50 digits at rational points.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from scipy import optimize

from bounds.check import Array
from bounds.mixture import Mixture
from bounds.process import decay, noise_variance
from studies.evidence import evidence, row
from studies.study import Cell, Row

Law = Mapping[str, Any]

LOPSIDED: Law = {"weights": [0.85, 0.15], "means": [[2.0], [-2.0]], "covariances": [[[0.25]], [[0.25]]]}
UNEVEN: Law = {
    "weights": [0.5, 0.3, 0.2],
    "means": [[-1.5], [0.4], [3.0]],
    "covariances": [[[0.09]], [[1.0]], [[0.36]]],
}
PLANE: Law = {
    "weights": [0.5, 0.3, 0.2],
    "means": [[-1.0, 0.5], [1.5, 1.0], [0.5, -2.0]],
    "covariances": [[[0.5, 0.2], [0.2, 0.3]], [[0.25, -0.1], [-0.1, 0.6]], [[0.8, 0.3], [0.3, 0.4]]],
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


# --- densities and quadrature -----------------------------------------------------------------------------


def log_density(law: Law, t: float, x: np.ndarray) -> np.ndarray:
    """log Σ_k π_k N(x; e_t μ_k, e_t² Σ_k + σ_t² I) at real or complex x, shape (…, d) to (…)."""
    terms = []
    for weight, mean, covariance in zip(law["weights"], law["means"], law["covariances"], strict=True):
        V = decay(2 * t) * np.array(covariance) + noise_variance(t) * np.eye(len(mean))
        y = x - decay(t) * np.array(mean)
        form = np.sum((y @ np.linalg.inv(V)) * y, axis=-1)
        terms.append(np.log(weight) - form / 2 - np.log(np.linalg.det(2 * np.pi * V)) / 2)
    top = np.max(np.real(terms), axis=0)
    return np.asarray(top + np.log(np.sum(np.exp(np.array(terms) - top), axis=0)))


def score(law: Law, t: float, x: Array) -> Array:
    """∇log p_t by complex steps, shape (…, d)."""
    steps = 1e-30j * np.eye(x.shape[-1])
    return np.stack([np.imag(log_density(law, t, x + step)) / 1e-30 for step in steps], axis=-1)


def nodes(d: int, reach: float, spacing: float) -> Array:
    """The trapezoidal rule's nodes on [−reach, reach]^d, shape (…, d); the weights are equal and cancel."""
    line = spacing * np.arange(-round(reach / spacing), round(reach / spacing) + 1)
    return np.stack(np.meshgrid(*[line] * d, indexing="ij"), axis=-1)


def data_moments(law: Law, t: float, x: Array, y: Array) -> tuple[Array, Array]:
    """E[X_0|X_t = x] and E[X_0 X_0ᵀ|X_t = x] from p_0 on the nodes y; x (n, d) to (n, d), (n, d, d).

    In the plane the points x are a product of two lines like the nodes, and the kernel a product with them.
    """
    d = x.shape[-1]
    p = np.exp(log_density(law, 0.0, y))
    powers = np.stack([p, *(p * y[..., i] for i in range(d))], axis=0)
    squares = np.stack([p * y[..., i] * y[..., j] for i in range(d) for j in range(d)], axis=0)
    fields = np.concatenate([powers, squares])
    for axis in range(d):
        line, target = np.unique(y[..., axis]), np.unique(x[..., axis])
        exponent = -((target[:, None] - decay(t) * line) ** 2) / (2 * noise_variance(t))
        fields = np.moveaxis(np.tensordot(np.exp(exponent), fields, (1, 1 + axis)), 0, 1 + axis)
    flat = fields.reshape(fields.shape[0], -1)
    first, second = flat[1 : d + 1] / flat[0], flat[d + 1 :] / flat[0]
    return first.T, second.T.reshape(-1, d, d)


class Bridge:
    """The law of X_{t'} given X_t = x: nodes b, shape (n, d), and probabilities, shape (n,)."""

    def __init__(self, law: Law, t_prev: float, t: float, x: Array, b: Array) -> None:
        gap = t - t_prev
        self.b = b.reshape(-1, x.size)
        log_weights = log_density(law, t_prev, self.b)
        log_weights = log_weights - np.sum((x - decay(gap) * self.b) ** 2, axis=-1) / (
            2 * noise_variance(gap)
        )
        weights = np.exp(log_weights - log_weights.max())
        self.probabilities = weights / weights.sum()

    def mean(self, values: Array) -> Array:
        """E[values(X_{t'}) | X_t = x], values of shape (n, …)."""
        return np.asarray(np.tensordot(self.probabilities, values, 1))

    def covariance(self, values: Array) -> Array:
        """Cov(values(X_{t'}) | X_t = x), values of shape (n, d)."""
        centred = values - self.mean(values)
        return self.mean(centred[:, :, None] * centred[:, None, :])


TARGETS = ("T1", "T2", "T3")
SPACING = {1: 0.04, 2: 0.1}
REACH = {1: 9.0, 2: 8.0}


def conditional(law: Law, t_prev: float, t: float, x: Array, refine: float = 1.0) -> dict[str, Array]:
    """What the identities speak of, given X_t = x.

    Parameters
    ----------
    law, t_prev, t, x : p_0, t' < t, a point of shape (d,)
    refine : the nodes are that much closer; the change is the quadrature's error

    Returns
    -------
    name → number, vector (d,) or matrix (d, d).
    """
    d, gap = x.size, t - t_prev
    y = nodes(d, REACH[d], SPACING[d] / refine)
    noise, noise_prev, fresh = noise_variance(t), noise_variance(t_prev), noise_variance(gap)
    first, second = data_moments(law, t, x[None], y)
    posterior = second[0] - np.outer(first[0], first[0])
    bridge = Bridge(law, t_prev, t, x, y)
    b = bridge.b
    score_prev = score(law, t_prev, b)
    transported, local = score_prev / decay(gap), -(x - decay(gap) * b) / fresh
    m, Q = data_moments(law, t_prev, b, y)

    def variance(alpha: float) -> float:
        """tr Cov(T1 + α U_{t'} | X_t = x); given b it is A(b) + c X_0, with c a number."""
        c = decay(t) / noise - alpha * decay(t_prev) / noise_prev
        A = -x / noise + alpha * (b / noise_prev + score_prev)
        square = np.sum(A**2, axis=-1) + 2 * c * np.sum(A * m, axis=-1) + c**2 * np.trace(Q, axis1=1, axis2=2)
        return float(bridge.mean(square) - np.sum(bridge.mean(A + c * m) ** 2))

    low, middle, high = variance(0.0), variance(0.5), variance(1.0)
    vertex = 0.5 + 0.25 * (low - high) / (low - 2 * middle + high)
    return {
        "T1-mean": -(x - decay(t) * first[0]) / noise,
        "T2-mean": bridge.mean(transported),
        "T3-mean": bridge.mean(local),
        "posterior-covariance": posterior,
        "T2-covariance": bridge.covariance(transported),
        "T3-covariance": bridge.covariance(local),
        "posterior-mean-before": bridge.mean(m),
        "alpha": np.array(vertex),
    }


# --- what is measured -------------------------------------------------------------------------------------


def entries(value: Array) -> list[tuple[list[int], float]]:
    """The entries of an array with their indices."""
    return [([int(i) for i in index], float(number)) for index, number in np.ndenumerate(value)]


def pointwise(cell: Cell, rng: np.random.Generator) -> list[Row]:
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


def matching(cell: Cell, rng: np.random.Generator) -> list[Row]:
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


def mixing(cell: Cell, rng: np.random.Generator) -> list[Row]:
    """On random paths: the α for which T1 + α U_{t'} does not move with X_0, and what it then leaves of
    T1 + α U_{t'} − s(t, X_t)."""
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
    return [row("target-noise", {**where, "index": index}, number) for index, number in entries(noise)]


def _mixture(law: Law) -> Mixture:
    return Mixture(np.array(law["weights"]), np.array(law["means"]), np.array(law["covariances"]))


def paths(cell: Cell, rng: np.random.Generator) -> list[Row]:
    """Σ_j γ_j ⟨ζ_j, U_j⟩ on one simulated path, ζ_j a random function of X_{t_j}, with the path in the row's cell."""
    law, times, gamma = cell["law"], cell["times"], cell["gamma"]
    x0 = _mixture(law).sample(1, rng)[0]
    x, total, visited, zetas, before = x0, 0.0, [], [], 0.0
    for t, weight in zip(times, gamma, strict=True):
        x = decay(t - before) * x + np.sqrt(noise_variance(t - before)) * rng.standard_normal(x0.size)
        zeta = np.sin(rng.standard_normal((x0.size, x0.size)) @ x + rng.standard_normal(x0.size))
        total += weight * float(zeta @ ((x - decay(t) * x0) / noise_variance(t) + score(law, t, x)))
        visited.append(x.tolist())
        zetas.append(zeta.tolist())
        before = t
    where = {"law": law, "times": times, "gamma": gamma, "x0": x0.tolist(), "x": visited, "zeta": zetas}
    return [row("path-sum", where, total)]


def decomposition(cell: Cell, rng: np.random.Generator, refine: float = 1.0) -> list[Row]:
    """Var S at N = 3 on the line, and Cov(U_j, U_k).

    ζ_j(x) = sin(a_j x + j). Given X_{t_1} the datum is independent of the rest, so it enters by two moments.
    """
    law, times, gamma = cell["law"], cell["times"], cell["gamma"]
    y, x = nodes(1, 9.0, 0.04), nodes(1, cell["reach"], cell["spacing"] / refine)
    line = x[:, 0]
    m, Q = data_moments(law, times[0], x, y)
    shapes = [(-1, 1, 1), (1, -1, 1), (1, 1, -1)]
    M, size = [], []
    for j, (t, weight, shape) in enumerate(zip(times, gamma, shapes, strict=True)):
        # Tweedie's mean from the complex-step score; the datum's own moments come by quadrature instead
        mean = (line + noise_variance(t) * score(law, t, x)[:, 0]) / decay(t)
        M.append(mean.reshape(shape))
        zeta = np.sin(cell["pitch"][j] * line + j)
        size.append((weight * decay(t) / noise_variance(t) * zeta).reshape(shape))

    def step(gap: float) -> Array:
        return np.asarray(np.exp(-((line - decay(gap) * line[:, None]) ** 2) / (2 * noise_variance(gap))))

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


def norm(cell: Cell, rng: np.random.Generator) -> list[Row]:
    """sup_x of ‖C_t‖, x searched: segments between the components' means at t and beyond either end, and random
    points; from the best of each, ascent over the span of the means' differences, which is all that responsibilities
    see. It can miss the supremum: an equality is harder to meet for it.
    """
    means, t = np.array(cell["means"]), cell["t"]
    law = Mixture(np.array(cell["weights"]), means, np.diag(cell["variances"]))
    centres = decay(t) * means
    span = centres[1:] - centres[0]

    def largest(points: Array) -> Array:
        return np.asarray(np.linalg.eigvalsh(law.residual_covariance(t, points))[..., -1])

    segments = np.concatenate(
        [a + np.multiply.outer(np.linspace(-3, 4, 29), b - a) for a, b in combinations(centres, 2)]
    )
    crowd = law.marginal(t).sample(300, rng)
    ascents = []
    for points in (segments, crowd):
        start = points[np.argmax(largest(points))]
        found = optimize.minimize(
            lambda c, start=start: -float(largest(start + c @ span)),
            np.zeros(len(span)),
            method="Nelder-Mead",
            options={
                "initial_simplex": 0.2 * np.eye(len(span) + 1, len(span)),
                "xatol": 1e-8,
                "fatol": 1e-13,
            },
        )
        ascents.append(-float(found.fun))
    where = {key: cell[key] for key in ("d", "t", "weights", "means", "variances")}
    return [row("pair-norm", where, max(ascents))]


def shape_residual(name: str, t: float, x: Array) -> Array:
    """C_t(x) for a law on the line that is not a mixture, by Gauss-Legendre on its smooth pieces; x (n,) to (n,)."""
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


def shapes(cell: Cell, rng: np.random.Generator) -> list[Row]:
    """sup_x of σ_t² C_t(x) over |x| ≤ 6 for a log-concave law on the line."""
    largest = shape_residual(cell["shape"], cell["t"], np.linspace(-6, 6, 121)).max()
    where = {key: cell[key] for key in ("shape", "variance", "t")}
    return [row("log-concave", where, noise_variance(cell["t"]) * largest)]


def crossed(cell: Cell, rng: np.random.Generator) -> list[Row]:
    """‖C_t‖ at x = (a, a) for two centred Gaussians whose covariances are crossed."""
    t, a = cell["t"], cell["a"]
    first, second = data_moments(CROSSED, t, np.array([[a, a]]), nodes(2, 25.0, 0.1))
    C = decay(2 * t) / noise_variance(t) ** 2 * (second[0] - np.outer(first[0], first[0]))
    return [row("crossed", {"t": t, "a": a, "variances": [1.0, 4.0]}, np.linalg.eigvalsh(C)[-1])]


def symbolic(cell: Cell, rng: np.random.Generator) -> list[Row]:
    """|residual| of a derivation at a rational point, in 50 digits; one more if it does not simplify to zero.

    An undefined function becomes exp(−y⁴/3), and the k-th free symbol by name the k-th number of the cell.
    """
    # sympy takes half a second to import, and the list of studies is imported by every command
    import sympy as sp

    from bounds.identities import DERIVATIONS

    derivation = next(one for one in DERIVATIONS if one.name == cell["derivation"])
    residual = derivation.residual()
    concrete = residual.replace(
        lambda e: isinstance(e, sp.core.function.AppliedUndef), lambda e: sp.exp(-(e.args[0] ** 4) / 3)
    ).doit()
    names = sorted(concrete.free_symbols, key=str)
    survives = 0.0 if sp.simplify(residual) == 0 else 1.0
    rows = []
    for point in cell["points"]:
        values = {s: sp.Rational(n, 1000) for s, n in zip(names, point[: len(names)], strict=True)}
        number = float(abs(sp.N(concrete.subs(values), 50, maxn=200)))
        where = {"derivation": derivation.name, "point": point}
        rows.append(row(cell["quantity"], where, number + survives))
    return rows


KINDS: Mapping[str, Callable[[Cell, np.random.Generator], list[Row]]] = {
    "pointwise": pointwise,
    "matching": matching,
    "mixing": mixing,
    "paths": paths,
    "decomposition": decomposition,
    "norm": norm,
    "shapes": shapes,
    "crossed": crossed,
    "symbolic": symbolic,
}


QUANTITIES: Mapping[str, tuple[str, ...]] = {
    "pointwise": (
        *("target-mean", "target-covariance", "posterior-covariance"),
        *("posterior-mean-before", "alpha"),
    ),
    "matching": ("matching-gap",),
    "mixing": ("target-noise",),
    "paths": ("path-sum",),
    "decomposition": ("sum-variance", "cross-time"),
    "norm": ("pair-norm",),
    "shapes": ("log-concave",),
    "crossed": ("crossed",),
}


def quantities(cell: Cell) -> tuple[str, ...]:
    """What its rows may hold."""
    return (cell["quantity"],) if cell["kind"] == "symbolic" else QUANTITIES[cell["kind"]]


def measure(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """The rows of one cell; its kind picks how it is measured."""
    return [KINDS[cell["kind"]](cell, np.random.default_rng(seed)) for seed in seeds]


# --- the cells --------------------------------------------------------------------------------------------

PROOFS: Mapping[str, tuple[str, ...]] = {
    "tweedie": ("tweedie-gaussian-matrix", "tweedie-any-law", "local-tweedie-any-law"),
    "martingale": ("martingale-gaussian", "martingale-any-law"),
    "residual-covariance": ("residual-covariance-gaussian", "residual-covariance-any-law"),
    "residual-regression": ("residual-is-regression",),
    "bootstrap-noise": ("noise-is-increment", "carried-factor"),
    "alpha-star": ("noise-of-control-variate", "optimal-control-variate-gaussian", "control-variate-gain"),
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
    """Two equal round components, 3 apart along a direction that no axis knows of; d numbers a mean."""
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
        {"kind": "symbolic", "quantity": f"symbolic-{quantity}", "derivation": name, "points": POINTS}
        for quantity, names in PROOFS.items()
        for name in names
    ]
    grids = [(LOPSIDED, STEPS_1D, POINTS_1D), (UNEVEN, STEPS_1D, POINTS_1D), (PLANE, STEPS_2D, POINTS_2D)]
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
    out += [{"kind": "norm", **_pair(d), "t": t} for d in DIMENSIONS for t in (0.05, 0.4, 1.5)]
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
    quantities,
    seed=41,
)
