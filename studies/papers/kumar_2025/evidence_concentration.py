r"""Evidence on the dimension-free bounds: data drawn, losses compared, adversaries let loose; no bound is known here.

    R* = max_h (2 S_h/m)₊²,   κ* = the κ with E exp(−ρS − ρ²κ Σ_j γ_j ζ_j²/2) = 1.

R*: among s + ε w_j v_h with orthonormal v_h and Σ γ w² = 1, the loss of alternative h is below that of s where
m ε² + 2 ε S_h < 0. So R* is the largest ε² at which the DSM minimiser goes wrong, and its (1 − δ)-quantile is what a
bound at level δ must cover to hold at every scale ε.

κ*: what the supermartingale needs for one ζ. In one dimension it is computed without sampling, and an adversary
enlarges it over all functions ζ_j(x). At fixed κ and other times fixed, log E is for every x a convex Λ(z) − ρ²κγ z²/2
in z = ζ_j(x); the tangent of Λ minorises it, so z ← −E_tilted[U_j | X_{t_j} = x]/(ρκ) never lowers E.

Gaussian data and constant ζ along eigenvectors see those coordinates alone, which are independent of the rest: they
are all that is simulated where d is large ("span"); "dimension" simulates all d of them.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.sparse.linalg import LinearOperator, eigsh
from scipy.special import ive

from bounds.check import Array
from bounds.process import geometric_grid, simulate, uniform_grid, weights
from studies.evidence import evidence, row
from studies.study import Cell, Row

Rng = np.random.Generator

# --- Gaussian data ------------------------------------------------------------------------------------------


def residual_covariance(times: Array, eigenvalue: float) -> Array:
    """Cov(U_j, U_l) in one coordinate, from the joint covariance e^{−|t−s|} v(min) of (X_0, X_{t_1}, …); (N, N)."""
    grid = np.concatenate([[0.0], times])
    earlier = np.minimum.outer(grid, grid)
    v = np.exp(-2 * earlier) * eigenvalue - np.expm1(-2 * earlier)
    joint = np.exp(-np.abs(np.subtract.outer(grid, grid))) * v
    noise = -np.expm1(-2 * times)
    # U_j = (X_j − e_j X_0)/σ_j² − X_j/v_j
    rows = np.column_stack([-np.exp(-times) / noise, np.diag(1 / noise - 1 / np.diag(joint)[1:])])
    return np.asarray(rows @ joint @ rows.T)


def worst_constants(times: Array, eigenvalue: float) -> tuple[float, Array]:
    """The largest Var Σ_j γ_j w_j U_j over Σ_j γ_j w_j² = 1, and that w ≥ 0, shape (N,)."""
    root = np.sqrt(weights(times))
    values, vectors = np.linalg.eigh(residual_covariance(times, eigenvalue) * np.outer(root, root))
    return float(values[-1]), np.abs(vectors[:, -1]) / root


def path_sums(x0: Array, eigenvalues: Array, times: Array, w: Array, rng: Rng) -> Array:
    """Σ_j γ_j w_j U_j of every path and coordinate, U_j = Z_j/σ_j² + s(t_j, X_j); shape of `x0`, (n, d)."""
    total = np.zeros_like(x0)
    for part, gamma, each in zip(simulate(x0, times, rng), weights(times), w, strict=True):
        noise = -np.expm1(-2 * part.step.t)
        v = np.exp(-2 * part.step.t) * eigenvalues + noise
        total += gamma * each * (part.z / noise - part.x / v)
    return total


def span(cell: Cell, rng: Rng) -> Array:
    """max_h (−2 S_h/m)₊ of each data set, for alternatives along the |H| − 1 widest eigendirections; (n,)."""
    times, size = np.array(cell["times"]), cell["hypotheses"] - 1
    low, high = cell["spectrum"]
    eigenvalues = np.linspace(low, high, cell["d"])[-size:]
    x0 = rng.standard_normal((cell["sets"] * cell["m"], size)) * np.sqrt(eigenvalues)
    sums = path_sums(x0, eigenvalues, times, worst_constants(times, high)[1], rng)
    over_paths = sums.reshape(cell["sets"], cell["m"], size).sum(axis=1)
    return np.asarray(np.maximum(-2 * over_paths / cell["m"], 0).max(axis=1))


def measure_span(cell: Cell, rng: Rng) -> list[Row]:
    """The (1 − δ)-quantile of R*; once more under another name where |H| is large enough for half the constant."""
    value = float(np.quantile(span(cell, rng) ** 2, 1 - cell["delta"], method="higher"))
    known = {k: cell[k] for k in ("d", "hypotheses", "m", "times", "spectrum", "delta")}
    rows = [row("gaussian-quantile", known, value)]
    return rows + [row("gaussian-quantile-many", known, value)] * (cell["hypotheses"] >= 16)


def measure_wrong(cell: Cell, rng: Rng) -> list[Row]:
    """How often the minimiser is not s, at ε² = fraction · 8 Var(S)/m · log(|H|/δ), which is the class's own size."""
    variance, _ = worst_constants(np.array(cell["times"]), cell["spectrum"][1])
    log_ratio = np.log(cell["hypotheses"] / cell["delta"])
    epsilon = np.sqrt(cell["fraction"] * 8 * variance * log_ratio / cell["m"])
    known = {k: cell[k] for k in ("d", "hypotheses", "m", "times", "delta", "fraction")}
    return [row("wrong-choice", known, float(np.mean(span(cell, rng) > epsilon)))]


def measure_linear(cell: Cell, rng: Rng) -> list[Row]:
    """The (1 − δ)-quantile of the empirical risk of the minimiser among s and f_h(t, x) = s + ε_h B_h x, the DSM loss
    taken by its definition in all d coordinates; N(0, λI) data."""
    d, m, sets, size = (cell[k] for k in ("d", "m", "sets", "hypotheses"))
    times, value = np.array(cell["times"]), cell["spectrum"][1]
    drawn = np.random.default_rng(cell["class"]).standard_normal((size, d, d)) / d
    matrices = drawn * np.geomspace(0.1, 3.0, size)[:, None, None]
    matrices[0] = 0
    x0 = rng.standard_normal((sets * m, d)) * np.sqrt(value)
    loss, error = np.zeros((size, sets * m)), np.zeros((size, sets * m))
    for part, gamma in zip(simulate(x0, times, rng), weights(times), strict=True):
        noise = -np.expm1(-2 * part.step.t)
        score = -part.x / (np.exp(-2 * part.step.t) * value + noise)
        zeta = part.x @ matrices.swapaxes(1, 2)
        loss += gamma * np.sum((score + zeta + part.z / noise) ** 2, axis=2)
        error += gamma * np.sum(zeta**2, axis=2)
    risk = risk_of_minimiser(loss.reshape(size, sets, m), error.reshape(size, sets, m))
    known = {k: cell[k] for k in ("d", "hypotheses", "m", "times", "spectrum", "delta", "class")}
    quantile = float(np.quantile(risk, 1 - cell["delta"], method="higher"))
    return [row("gaussian-quantile", known, quantile)]


def risk_of_minimiser(loss: Array, error: Array) -> Array:
    """(1/m) Σ_i Σ_j γ_j |f̂ − s|² of each data set; both (|H|, sets, m) to (sets,)."""
    best = loss.sum(axis=2).argmin(axis=0)
    return np.asarray(error.mean(axis=2)[best, np.arange(best.size)])


DIRECTIONS, SCALES = 4, np.sqrt([0.05, 0.1, 0.2, 0.4])


def dense_directions(d: int) -> Array:
    """Four orthonormal vectors with entries ± d^{−1/2}: Walsh functions; d a multiple of 4. Shape (4, d)."""
    signs = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])
    return np.asarray(np.tile(signs, d // 4) / np.sqrt(d))


def measure_dimension(cell: Cell, rng: Rng) -> list[Row]:
    """Empirical risk of the minimiser among s and s ± ε w_j v_h, four v_h and four ε; all d coordinates simulated.

    loss(f) − loss(s) = m ε² + 2 ε S, since f + z/σ² = ζ + U and Σ_j γ_j w_j² = 1.
    """
    d, m, times = cell["d"], cell["m"], np.array(cell["times"])
    w = worst_constants(times, 1.0)[1]
    sums = path_sums(rng.standard_normal((m, d)), np.ones(d), times, w, rng) @ dense_directions(d).T
    s = np.concatenate([sums.sum(axis=0), -sums.sum(axis=0)])
    excess = m * SCALES[:, None] ** 2 + 2 * SCALES[:, None] * s
    best = np.unravel_index(excess.argmin(), excess.shape)
    risk = float(SCALES[best[0]] ** 2) if excess[best] < 0 else 0.0
    return [row("fixed-class-risk", {"x": float(d), "d": d, "m": m, "times": cell["times"]}, risk)]


# --- the quadratic variation --------------------------------------------------------------------------------


def largest_variation(times: Array, eigenvalue: float | None) -> float:
    """sup of Σ_k w_k G_k² over Σ_j γ_j ζ_j² = 1, w_k = ∫_{t_{k−1}}^{t_k} 2 (e_s/σ_s²)² b(s)² ds.

    By quadrature, and Lanczos iteration on ζ ↦ G and its adjoint: no kernel is formed. b = λσ²/v, or e^{2s} − 1 where
    λ is None.
    """
    nodes, mass = np.polynomial.legendre.leggauss(12)
    gaps = weights(times)
    # Panels: 8 pieces of each gap, the first gap halving towards 0 instead.
    start = times[0] * np.concatenate([[0.0], 2.0 ** np.arange(-24, 1)])
    pieces = [start, *(np.linspace(a, b, 9) for a, b in pairwise(times))]

    def integral(edges: Array) -> float:
        width = np.diff(edges)[:, None]
        s = edges[:-1, None] + width * (nodes + 1) / 2
        noise = -np.expm1(-2 * s)
        b = (
            np.expm1(2 * s)
            if eigenvalue is None
            else eigenvalue * noise / (np.exp(-2 * s) * eigenvalue + noise)
        )
        return float(np.sum(width / 2 * mass * 2 * (b / (2 * np.sinh(s))) ** 2))

    w = np.array([integral(edges) for edges in pieces])
    factor = np.sqrt(gaps) / (2 * np.sinh(times))

    def apply(u: Array) -> Array:
        g = np.cumsum((factor * u.ravel())[::-1])[::-1]
        return np.asarray(factor * np.cumsum(w * g))

    if times.size < 3:
        return float(np.linalg.eigvalsh(np.column_stack([apply(e) for e in np.eye(times.size)]))[-1])
    operator = LinearOperator((times.size, times.size), matvec=apply, dtype=np.float64)
    start_vector = np.ones(times.size)
    return float(eigsh(operator, k=1, v0=start_vector, tol=1e-11, return_eigenvectors=False)[0])


def measure_variation(cell: Cell, rng: Rng) -> list[Row]:
    """The largest quadratic variation on a grid; without an eigenvalue also as the log-concave case of the bounds."""
    times = np.array(cell["times"])
    value = largest_variation(times, cell["eigenvalue"])
    known = {"times": cell["times"], "eigenvalue": cell["eigenvalue"]}
    rows = [row("variation", known, value)]
    if cell["eigenvalue"] is None:
        rows.append(row("variation-log-concave", {"largest": float(weights(times).max())}, value))
    return rows


def measure_climb(cell: Cell, rng: Rng) -> list[Row]:
    """An adversary on the grid: hill climbing on 16 gaps, none above `largest`, that enlarges the variation."""

    def variation(gaps: Array) -> float:
        times = np.cumsum(gaps)
        # w_k = e^{2 t_k} − e^{2 t_{k−1}}: the log-concave integrand is 2 e^{2s}.
        w = np.diff(np.exp(2 * times), prepend=1.0)
        map_ = np.triu(np.tile(np.sqrt(gaps) / (2 * np.sinh(times)), (16, 1)))
        return float(np.linalg.norm(np.sqrt(w)[:, None] * map_, 2) ** 2)

    gaps = cell["largest"] * rng.uniform(0.2, 1.0, 16)
    best = variation(gaps)
    for _ in range(600):
        trial = np.minimum(gaps * np.exp(rng.standard_normal(16) * rng.choice([0.05, 0.5])), cell["largest"])
        value = variation(trial)
        if value > best:
            gaps, best = trial, value
    return [row("variation-log-concave", {"largest": cell["largest"], "climbed": True}, best)]


def measure_separate(cell: Cell, rng: Rng) -> list[Row]:
    """What one more decade of t_1 adds to Σ_j γ_j Var(U_j), and the joint variation: 60 steps a decade up to t = 4."""

    def cost(decade: int) -> float:
        times = geometric_grid(10.0**-decade, 4.0, 60 * decade)
        noise = -np.expm1(-2 * times)
        # Var(X_0|X_t) by regression, with nothing subtracted: 1/Var = 1/λ + e²/σ².
        variance = 1 / (1 / cell["eigenvalue"] + np.exp(-2 * times) / noise)
        return float(np.sum(weights(times) * np.exp(-2 * times) / noise**2 * variance))

    decade = cell["decade"]
    joint = largest_variation(geometric_grid(10.0**-decade, 4.0, 60 * decade), cell["eigenvalue"])
    known = {"decade": decade, "eigenvalue": cell["eigenvalue"]}
    return [
        row("separate-growth", known, cost(decade) - cost(decade - 1)),
        row("joint-variation", known, joint),
    ]


# --- laws in one dimension ----------------------------------------------------------------------------------

Density = Callable[[Array], Array]


def quadrature(density: Density, edges: Sequence[float] | Array, order: int) -> tuple[Array, Array]:
    """Gauss-Legendre nodes on panels with masses ∝ density, normalised; shapes (panels · order,)."""
    nodes, mass = np.polynomial.legendre.leggauss(order)
    ends = np.asarray(edges, dtype=np.float64)
    width = np.diff(ends)[:, None]
    y = (ends[:-1, None] + width * (nodes + 1) / 2).ravel()
    masses = (width / 2 * mass).ravel() * density(y)
    return y, masses / masses.sum()


def mirrored(edges: Array) -> Array:
    """Edges from 0 upwards, and the same downwards."""
    return np.concatenate([-edges[:0:-1], edges])


HALF_WIDTH = 6.0


def density(law: str) -> Density:
    """A density up to a factor. student-ν-s has ν degrees of freedom and scale s."""
    if law.startswith("student"):
        _, freedom, scale = law.split("-")
        nu, s = float(freedom), float(scale)
        return lambda y: np.asarray((1 + (y / s) ** 2 / nu) ** (-(nu + 1) / 2))
    table: dict[str, Density] = {
        "uniform": np.ones_like,
        "laplace": lambda y: np.exp(-np.abs(y)),
        "exponential": lambda y: np.exp(-y),
        "logistic": lambda y: np.asarray(1 / np.cosh(y / 2) ** 2),
        "gaussian": lambda y: np.exp(-(y**2) / 2),
    }
    return table[law]


def panels(law: str) -> Array:
    """Where quadrature of a law is done; the student's until ζ's support cannot be reached from further out."""
    if law == "uniform":
        return np.linspace(-HALF_WIDTH, HALF_WIDTH, 7)
    if law == "exponential":
        return np.linspace(0, 24, 13)
    if law == "gaussian":
        return np.linspace(-9, 9, 10)
    if law == "logistic":
        return np.linspace(-28, 28, 15)
    if law == "laplace":
        return mirrored(np.linspace(0, 24, 13))
    return mirrored(np.concatenate([[0.0], np.geomspace(0.02, 1.28, 4), np.arange(2.5, 12, 1.5)]))


class Chain:
    """(X_0, X_{t_1}, …, X_{t_N}) in one dimension, X_0 on nodes and X_t on a grid.

    Parameters
    ----------
    nodes, masses : of X_0, shape (Y,)
    times : shape (N,)
    reach : the grid covers [−reach, reach]
    """

    def __init__(self, nodes: Array, masses: Array, times: Array, reach: float) -> None:
        self.masses, self.times, self.gamma = masses, times, weights(times)
        self.x = np.linspace(-reach, reach, int(reach / 0.08) + 1)
        step = self.x[1] - self.x[0]

        def move(centres: Array, gap: float) -> Array:
            tau = -np.expm1(-2 * gap)
            exponent = -((self.x - np.exp(-gap) * centres[:, None]) ** 2) / (2 * tau)
            # Cut where it is far below what any factor makes up for: subnormal numbers are slow.
            kernel = np.where(exponent > -250, np.exp(exponent), 0)
            return np.asarray(kernel * step / np.sqrt(2 * np.pi * tau))

        self.moves = [move(self.x, gap) for gap in np.diff(times)]
        self.first = move(nodes, float(times[0]))
        self.u = []
        for t in times:
            joint = masses[:, None] * move(nodes, float(t))
            mean = nodes @ joint / np.maximum(joint.sum(axis=0), 1e-300)
            self.u.append((mean - nodes[:, None]) / (2 * np.sinh(t)))
        self.plain = float(masses @ self._push([np.ones((1, 1))] * times.size).sum(axis=1))

    def _push(self, factors: Sequence[Array]) -> Array:
        state = self.first * factors[0]
        for matrix, factor in zip(self.moves, factors[1:], strict=True):
            state = (state @ matrix) * factor
        return np.asarray(state)

    def factor(self, j: int, zeta: Array, kappa: float, rho: float) -> Array:
        """exp(−ρ γ_j ζ_j U_j − ρ²κ γ_j ζ_j²/2), shape (Y, X); not above e^200, which no path of weight meets."""
        exponent = -rho * zeta[j] * self.u[j] - rho**2 * kappa * zeta[j] ** 2 / 2
        return np.asarray(np.exp(np.minimum(self.gamma[j] * exponent, 200)))

    def moment(self, zeta: Array, kappa: float, rho: float) -> float:
        """E exp(−ρS − ρ²κ Σ γ ζ²/2). Paths that leave the grid count with ζ = 0."""
        factors = [self.factor(j, zeta, kappa, rho) for j in range(self.times.size)]
        return 1 + float(self.masses @ self._push(factors).sum(axis=1)) - self.plain

    def needed(self, zeta: Array, rho: float) -> float:
        """κ*, where the moment, which decreases in κ, is 1; 0.1 if it is less."""

        def excess(log_kappa: float) -> float:
            return float(np.log(max(self.moment(zeta, float(np.exp(log_kappa)), rho), 1e-2)))

        low = np.log(0.1)
        return float(np.exp(brentq(excess, low, np.log(1e3), xtol=1e-7))) if excess(low) > 0 else 0.1

    def improve(self, zeta: Array, kappa: float, rho: float, cap: Array) -> Array:
        """One round of the minorising update, time after time; |ζ_j(x)| ≤ cap(x). It never lowers the moment."""
        steps = self.times.size
        factors = [self.factor(j, zeta, kappa, rho) for j in range(steps)]
        behind = [np.ones_like(self.first)]
        for j in range(steps - 1, 0, -1):
            behind.append((behind[-1] * factors[j]) @ self.moves[j - 1].T)
        behind.reverse()
        ahead, better = self.first, zeta.copy()
        for j in range(steps):
            tilted = self.masses[:, None] * ahead * factors[j] * behind[j]
            mean = np.sum(tilted * self.u[j], axis=0) / np.maximum(tilted.sum(axis=0), 1e-300)
            better[j] = np.clip(-mean / (rho * kappa), -cap, cap)
            if j + 1 < steps:
                ahead = (ahead * self.factor(j, better, kappa, rho)) @ self.moves[j]
        return better

    def adversary(self, start: Array, rho: float, cap: Array, rounds: int) -> float:
        """The largest κ* met on the way from `start`, shape (N, X): updates at fixed κ, then κ* anew."""
        zeta, kappa = start, self.needed(start, rho)
        for _ in range(rounds):
            for _ in range(3):
                zeta = self.improve(zeta, kappa, rho, cap)
            kappa = max(kappa, self.needed(zeta, rho))
        return kappa


def chain_of(law: str, times: Array) -> Chain:
    """The chain of a law by name. bimodal-a-v is ½ N(−a, v) + ½ N(a, v)."""
    if not law.startswith("bimodal"):
        edges = panels(law)
        reach = 8.0 if law.startswith("student") else 12.0
        return Chain(*quadrature(density(law), edges[np.abs(edges) <= 12], 8), times, reach)
    a, v = map(float, law.split("-")[1:])
    points, mass = np.polynomial.hermite_e.hermegauss(20)
    nodes = np.concatenate([np.sqrt(v) * points - a, np.sqrt(v) * points + a])
    return Chain(nodes, np.tile(mass, 2) / mass.sum() / 2, times, 8.0)


def measure_adversary(cell: Cell, rng: Rng) -> list[Row]:
    """κ* of one law at one ρ: the larger of two climbs, one from constants, one from functions near one point.

    ζ of a student lives on |x| ≤ 5, so that the law's truncation cannot be felt.
    """
    times, rho, law = np.array(cell["times"]), cell["rho"], cell["law"]
    chain, w = chain_of(law, times), worst_constants(times, 1e6)[1][:, None]
    family, *parameters = law.split("-")
    heavy = family == "student"
    cap = np.where(np.abs(chain.x) <= (5 if heavy else np.inf), 20.0, 0.0)
    centre, height = (2.2, 8.0) if heavy else (0.0, 0.3)
    starts = [w * np.minimum(cap, 1.0), height * w * np.exp(-(((chain.x - centre) / 0.4) ** 2))]
    value = max(chain.adversary(start, rho, cap, cell["rounds"]) for start in starts)
    known = {"law": law, "rho": rho, "times": cell["times"]}
    if family == "bimodal":
        modes = dict(zip(("mean", "variance"), map(float, parameters), strict=True))
        rows = [row("needed-bimodal", known | modes, value)]
        return rows + [row("needed-far-modes", known | modes, value)] * (law == FAR_MODES)
    if heavy:
        return [row("needed-heavy-" + ("wide" if float(parameters[1]) >= 1 else "narrow"), known, value)]
    return [row("needed-gaussian" if law == "gaussian" else "needed-log-concave", known, value)]


# --- log-concave laws in several dimensions -----------------------------------------------------------------


def reflection(d: int) -> Array:
    """An orthogonal matrix without zeros, I − 2 v vᵀ/|v|² with v = (1, …, d); shape (d, d)."""
    v = np.arange(1.0, d + 1)
    return np.asarray(np.eye(d) - 2 * np.outer(v, v) / (v @ v))


def stretches(d: int) -> Array:
    """The scales of the correlated law's independent Laplace coordinates, before it is reflected; shape (d,)."""
    return np.geomspace(0.5, 2.0, d)


def draw(law: str, size: int, d: int, rng: Rng) -> Array:
    """`size` draws of a law in d dimensions; shape (size, d)."""
    if law == "ball":
        x = rng.standard_normal((size, d))
        radius = HALF_WIDTH * rng.uniform(size=(size, 1)) ** (1 / d)
        return np.asarray(radius * x / np.linalg.norm(x, axis=1, keepdims=True))
    if law == "uniform":
        return rng.uniform(-HALF_WIDTH, HALF_WIDTH, (size, d))
    if law == "exponential":
        return rng.exponential(size=(size, d))
    if law == "logistic":
        return rng.logistic(size=(size, d))
    x = rng.laplace(size=(size, d))
    return x if law == "laplace" else np.asarray((x * stretches(d)) @ reflection(d))


@cache
def _line_table(law: str, t: float, scale: float) -> tuple[Array, Array]:
    """E[X_0 | X_t = x] of a law of one dimension times `scale`, on a grid of x with spacing 0.05."""
    y, masses = quadrature(density(law), panels(law), 16)
    y = scale * y
    noise = -np.expm1(-2 * t)
    low, high = np.exp(-t) * y[0] - 4, np.exp(-t) * y[-1] + 4
    x = np.linspace(low, high, int((high - low) / 0.05) + 1)
    exponent = -((x[:, None] - np.exp(-t) * y) ** 2) / (2 * noise) + np.log(masses)
    likely = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    return x, likely @ y / likely.sum(axis=1)


@cache
def _ball_table(t: float, d: int) -> tuple[Array, Array]:
    """|E[X_0 | X_t = x]| against |x| for the uniform law on the ball.

    The angle, integrated out, leaves the Bessel functions I_{d/2−1} and I_{d/2} of e_t |x| r/σ_t² under the radius r.
    """
    r, mass = quadrature(np.ones_like, np.linspace(0, HALF_WIDTH, 7), 16)
    noise, e = -np.expm1(-2 * t), np.exp(-t)
    x = np.linspace(1e-3, e * HALF_WIDTH + 5 + np.sqrt(d), 300)
    k = e * np.outer(x, r) / noise
    # ive carries exp(−k); with it the exponent is −(x − e r)²/(2σ²).
    likely = mass * r ** (d / 2) * np.exp(-((x[:, None] - e * r) ** 2) / (2 * noise))
    top = (likely * r * ive(d / 2, k)).sum(axis=1)
    return np.concatenate([[0.0], x]), np.concatenate([[0.0], top / (likely * ive(d / 2 - 1, k)).sum(axis=1)])


def posterior_mean(law: str, t: float, x: Array) -> Array:
    """E[X_0 | X_t = x] by quadrature and linear interpolation (to 1e-4); shape (n, d) to the same."""
    d = x.shape[1]
    if law == "ball":
        radius = np.linalg.norm(x, axis=1, keepdims=True)
        return np.asarray(x / radius * np.interp(radius, *_ball_table(t, d)))
    if law == "correlated":
        scales = stretches(d)
        y = x @ reflection(d)
        columns = [np.interp(y[:, i], *_line_table("laplace", t, float(s))) for i, s in enumerate(scales)]
        return np.asarray(np.column_stack(columns) @ reflection(d))
    return np.asarray(np.interp(x, *_line_table(law, t, 1.0)))


def fields(x: Array) -> Array:
    """Unit vectors that depend on x: constant, turned by the sign of the first coordinate, along −x, along a wave;
    shape (4, n, d)."""
    n, d = x.shape
    constant = np.zeros((n, d))
    constant[:, 0] = 1
    side = constant * np.where(x[:, :1] > 0.5, -1.0, 1.0)
    wave = np.sin(2 * x + np.arange(d)) + 1e-9
    units = [v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12) for v in (-x, wave)]
    return np.stack([constant, side, *units])


RHOS = (0.3, 0.7, 1.5)


def measure_law(cell: Cell, rng: Rng) -> list[Row]:
    """From the same paths of one law: E exp(−ρS) for unit fields, R*, and the minimiser's risk in a non-linear class.

    The class: s and s + ε w_j F(x) for the fields F and three ε, the DSM loss by its definition. R* is over constants
    ± w_j v_i along all axes.
    """
    law, d, m, sets = (cell[k] for k in ("law", "d", "m", "sets"))
    times, delta = np.array(cell["times"]), cell["delta"]
    w, scales = worst_constants(times, 1e6)[1], np.sqrt(np.array([0.25, 1.0, 4.0]) / m)
    x0 = draw(law, sets * m, d, rng)
    residual, sums = np.zeros_like(x0), np.zeros((4, x0.shape[0]))
    loss = np.zeros((1 + 4 * scales.size, x0.shape[0]))
    for j, part in enumerate(simulate(x0, times, rng)):
        t, gamma = part.step.t, weights(times)[j]
        noise = -np.expm1(-2 * t)
        score = (np.exp(-t) * posterior_mean(law, t, part.x) - part.x) / noise
        target = part.z / noise
        field = fields(part.x)
        residual += gamma * w[j] * (score + target)
        sums += gamma * w[j] * np.sum(field * (score + target), axis=2)
        zeta = np.concatenate([np.zeros((1, *x0.shape)), *(e * w[j] * field for e in scales)])
        loss += gamma * np.sum((score + zeta + target) ** 2, axis=2)
    size = loss.shape[0]
    error = np.concatenate([[0.0], np.repeat(scales**2, 4)])[:, None, None] * np.ones((size, sets, m))
    risk = risk_of_minimiser(loss.reshape(size, sets, m), error)
    largest = 2 * np.abs(residual.reshape(sets, m, d).sum(axis=1)).max(axis=1) / m
    known = {"law": law, "d": d, "m": m, "times": cell["times"], "delta": delta}
    rows = [
        row("law-quantile", {**known, "class": kind, "hypotheses": count}, float(value))
        for kind, count, values in (("constants", 2 * d + 1, largest**2), ("fields", size, risk))
        for value in [np.quantile(values, 1 - delta, method="higher")]
    ]
    for rho in RHOS:
        for f, name in enumerate(("constant", "side", "inward", "wave")):
            place = {"law": law, "d": d, "times": cell["times"], "rho": rho, "field": name}
            rows.append(row("law-moment", place, float(np.mean(np.exp(-rho * sums[f])))))
    return rows


# --- Theorem 1's own factor ---------------------------------------------------------------------------------


def measure_log_factor(cell: Cell, rng: Rng) -> list[Row]:
    """log B in 40 digits, and what it grows by from d = 10."""

    def number(name: str) -> Decimal:
        return Decimal(str(cell[name]))

    def factor(d: int) -> Decimal:
        size: Decimal = (number("lipschitz") + 1) * d * cell["m"] * cell["steps"] * -number("delta").ln()
        inner: Decimal = number("constant") * (size / number("spacing")).ln()
        return inner.ln()

    with localcontext() as context:
        context.prec = 40
        known = {k: cell[k] for k in ("constant", "lipschitz", "d", "m", "steps", "delta", "spacing")}
        value, growth = factor(cell["d"]), factor(cell["d"]) - factor(10)
    rows = [row("log-factor", known, float(value))]
    return rows + [row("log-factor-growth", known, float(growth))] * (cell["d"] > 10)


# --- the cells ----------------------------------------------------------------------------------------------

SAMPLED: dict[str, Callable[[Cell, Rng], list[Row]]] = {
    "span": measure_span,
    "wrong": measure_wrong,
    "linear": measure_linear,
    "dimension": measure_dimension,
    "law": measure_law,
}
COMPUTED: dict[str, Callable[[Cell, Rng], list[Row]]] = {
    "variation": measure_variation,
    "climb": measure_climb,
    "separate": measure_separate,
    "adversary": measure_adversary,
    "log-factor": measure_log_factor,
}
SHORT = [0.1, 0.2, 0.4, 0.8]
FAR_MODES = "bimodal-2-0.04"


def measure(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """Rows of each replicate; what is computed and not sampled has rows in replicate 0 alone."""
    kind = cell["kind"]
    if kind in SAMPLED:
        return [SAMPLED[kind](cell, np.random.default_rng(seed)) for seed in seeds]
    return [
        COMPUTED[kind](cell, np.random.default_rng(seed)) if seed.spawn_key[-1] == 0 else [] for seed in seeds
    ]


def _class(
    kind: str,
    d: int,
    hypotheses: int,
    m: int,
    times: Array,
    spectrum: tuple[float, float],
    sets: int,
    **more: Any,
) -> Cell:
    known = {"kind": kind, "d": d, "hypotheses": hypotheses, "m": m, "times": times.tolist()}
    return {**known, "spectrum": list(spectrum), "sets": sets, "delta": 0.05, **more}


def _cells() -> list[Cell]:
    unit = (1.0, 1.0)
    cells: list[Cell] = [
        _class("span", 4, 2, 4, uniform_grid(0.1, 3), unit, 200),
        _class("span", 4, 4, 1, uniform_grid(0.5, 4), (30.0, 30.0), 200),
        _class("span", 64, 16, 4, uniform_grid(0.1, 4), unit, 100),
        _class("span", 64, 64, 2, uniform_grid(0.02, 5), (0.1, 0.1), 60),
        _class("span", 1024, 16, 16, uniform_grid(0.01, 4), (0.3, 3.0), 40),
        _class("span", 4096, 64, 1, geometric_grid(1e-3, 2.0, 6), (0.3, 3.0), 60),
        _class("span", 4096, 256, 2, uniform_grid(0.2, 2), unit, 60),
        _class("span", 4096, 16, 4, uniform_grid(1.0, 3), (1e3, 1e3), 100, delta=0.2),
        _class("wrong", 64, 64, 1, uniform_grid(0.1, 2), unit, 500, fraction=0.5),
        _class("wrong", 16, 16, 2, uniform_grid(0.5, 2), (3.0, 3.0), 300, fraction=0.25),
        _class("wrong", 64, 64, 2, uniform_grid(0.1, 30), unit, 12, fraction=0.5),
        _class("linear", 4, 16, 5, uniform_grid(0.1, 3), unit, 40, **{"class": 1}),
        _class("linear", 32, 4, 5, uniform_grid(0.3, 2), (3.0, 3.0), 20, **{"class": 2}),
    ]
    cells += [
        {"kind": "dimension", "d": d, "m": 8, "times": uniform_grid(0.1, 3).tolist()}
        for d in (4, 16, 64, 256, 1024, 4096)
    ]
    grids = [
        uniform_grid(0.1, 30),
        uniform_grid(0.02, 150),
        uniform_grid(0.5, 60),
        uniform_grid(2.0, 2),
        geometric_grid(1e-4, 4.0, 80),
        geometric_grid(1e-9, 10.0, 300),
        np.cumsum([4.0] * 3 + [0.08] * 40),
        np.array([0.7]),
    ]
    cells += [
        {"kind": "variation", "times": times.tolist(), "eigenvalue": value}
        for times in grids
        for value in (None, 1.0, 1000.0)
    ]
    cells += [{"kind": "climb", "largest": largest} for largest in (0.03, 0.5, 3.0)]
    cells += [
        {"kind": "separate", "decade": decade, "eigenvalue": v} for decade in (4, 5, 6) for v in (1.0, 1000.0)
    ]
    laws = [("uniform", 3), ("laplace", 3), ("exponential", 3), ("logistic", 3), ("gaussian", 3)]
    laws += [(FAR_MODES, 12), ("bimodal-1-0.04", 12), ("bimodal-1-0.25", 12)]
    cells += [
        {"kind": "adversary", "law": law, "rho": rho, "times": SHORT, "rounds": rounds}
        for law, rounds in laws
        for rho in RHOS
    ]
    students = ("student-3-0.02", "student-1-0.01", "student-3-1", "student-1-1")
    cells += [{"kind": "adversary", "law": law, "rho": 1.5, "times": SHORT, "rounds": 8} for law in students]
    cells += [
        {"kind": "law", "law": law, "d": d, "m": 4, "sets": 50, "times": SHORT, "delta": 0.1}
        for law, d in (
            ("uniform", 1),
            ("uniform", 16),
            ("laplace", 2),
            ("exponential", 8),
            ("logistic", 2),
            ("ball", 2),
            ("ball", 8),
            ("correlated", 8),
        )
    ]
    settings = [
        {"constant": 1.0, "lipschitz": 0.0, "m": 1, "steps": 1, "delta": float(np.exp(-1)), "spacing": 1.0},
        {"constant": 1.0, "lipschitz": 1.0, "m": 1000, "steps": 30, "delta": 0.05, "spacing": 0.1},
        {"constant": 1000.0, "lipschitz": 10.0, "m": 10**6, "steps": 1000, "delta": 1e-6, "spacing": 1e-3},
    ]
    dims = (10, 100, 10**4, 10**6, 10**9)
    return cells + [{"kind": "log-factor", **one, "d": d} for one in settings for d in dims]


STUDY = evidence(
    "evidence-concentration",
    "The dimension-free bounds with explicit constants: data sets judged, κ measured, adversaries let loose.",
    _cells(),
    measure,
    seed=17,
    replicates=128,
    deep=4096,
    batch=128,
)
