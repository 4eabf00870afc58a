r"""What the supermartingale needs of κ, computed and not sampled; no bound is known here.

    κ* = the κ with E exp(−ρS − ρ²κ Σ_j γ_j ζ_j²/2) = 1,

for one ζ, in one dimension. Three ways to make it large:

- `Chain`: at a given ρ, over functions ζ_j(x), by transfer operators. At fixed κ and other times
  fixed, log E is for every x a convex Λ(z) − ρ²κγ z²/2 in z = ζ_j(x); the tangent of Λ minorises
  it, so z ← −E_tilted[U_j | X_{t_j} = x]/(ρκ) never lowers E. A search: it ends at a local maximum.
- `second_moment`: to second order in ρ, over all functions ζ_j(x) at once: the largest E S²/E Σ_j
  γ_j ζ_j², an eigenvalue. For j ≤ k, E[U_j U_k | X_{t_j}, X_{t_k}] = a_j a_k Var(X_0 | X_{t_j}),
  since given the earlier time the later one is noise alone.
- `one_time`: at one time, over all ρ and ζ(x): sup over x and z of 2 log E[exp(−zU) | X_t = x]/z².

Longer than 350 lines: the three ways share their laws and grids, and are told together.
"""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import scipy
from scipy.special import logsumexp

from bounds.check import Array
from bounds.process import weights
from studies.evidence import row
from studies.study import Cell, Row

# --- constants ------------------------------------------------------------------------------------


def residual_covariance(times: Array, eigenvalue: float) -> Array:
    """Cov(U_j, U_l) in one coordinate,
    from the joint covariance e^{−|t−s|} v(min) of (X_0, X_{t_1}, …); (N, N).
    """
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
    return _worst_constants(tuple(times.tolist()), eigenvalue)


@cache
def _worst_constants(grid: tuple[float, ...], eigenvalue: float) -> tuple[float, Array]:
    """All replicates of a cell ask for the same."""
    times = np.array(grid)
    root = np.sqrt(weights(times))
    values, vectors = np.linalg.eigh(residual_covariance(times, eigenvalue) * np.outer(root, root))
    return float(values[-1]), np.abs(vectors[:, -1]) / root


# --- laws in one dimension ------------------------------------------------------------------------

Density = Callable[[Array], Array]


def quadrature(density: Density, edges: Sequence[float] | Array, order: int) -> tuple[Array, Array]:
    """Gauss-Legendre nodes on panels with masses ∝ density,
    normalised; shapes (panels · order,).
    """
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
    """A density up to a factor."""
    table: dict[str, Density] = {
        "uniform": np.ones_like,
        "laplace": lambda y: np.exp(-np.abs(y)),
        "exponential": lambda y: np.exp(-y),
        "logistic": lambda y: np.asarray(1 / np.cosh(y / 2) ** 2),
        "gaussian": lambda y: np.exp(-(y**2) / 2),
    }
    return table[law]


def panels(law: str) -> Array:
    """Where quadrature of a law is done: what is left out has mass below 1e-9."""
    if law == "uniform":
        return np.linspace(-HALF_WIDTH, HALF_WIDTH, 7)
    if law == "exponential":
        return np.linspace(0, 24, 13)
    if law == "gaussian":
        return np.linspace(-9, 9, 10)
    if law == "logistic":
        return np.linspace(-28, 28, 15)
    return mirrored(np.linspace(0, 24, 13))


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
        """exp(−ρ γ_j ζ_j U_j − ρ²κ γ_j ζ_j²/2), shape (Y, X);
        not above e^200, which no path of weight meets.
        """
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
        return (
            float(np.exp(scipy.optimize.brentq(excess, low, np.log(1e3), xtol=1e-7)))
            if excess(low) > 0
            else 0.1
        )

    def improve(self, zeta: Array, kappa: float, rho: float, cap: Array) -> Array:
        """One round of the minorising update, time after time;
        |ζ_j(x)| ≤ cap(x). It never lowers the moment.
        """
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
        """The largest κ* met on the way from `start`,
        shape (N, X): updates at fixed κ, then κ* anew.
        """
        zeta, kappa = start, self.needed(start, rho)
        for _ in range(rounds):
            for _ in range(3):
                zeta = self.improve(zeta, kappa, rho, cap)
            kappa = max(kappa, self.needed(zeta, rho))
        return kappa


def chain_of(law: str, times: Array) -> Chain:
    """The chain of a law by name. bimodal-a-v is ½ N(−a, v) + ½ N(a, v).

    Laws on the line are cut at |x| = 12. A log-concave law that is cut is log-concave still, so the
    cut changes which laws are tried, and nothing else. (A heavy-tailed law would not stay what it
    is: see `second_moment`.)
    """
    if not law.startswith("bimodal"):
        edges = panels(law)
        return Chain(*quadrature(density(law), edges[np.abs(edges) <= 12], 8), times, 12.0)
    a, v = map(float, law.split("-")[1:])
    points, mass = np.polynomial.hermite_e.hermegauss(20)
    nodes = np.concatenate([np.sqrt(v) * points - a, np.sqrt(v) * points + a])
    return Chain(nodes, np.tile(mass, 2) / mass.sum() / 2, times, 8.0)


FAR_MODES = "bimodal-2-0.04"


def measure_adversary(cell: Cell) -> list[Row]:
    """κ* of one law at one ρ: the larger of two climbs,
    one from constants, one from functions near 0.
    """
    times, rho, law = np.array(cell["times"]), cell["rho"], cell["law"]
    chain, w = chain_of(law, times), worst_constants(times, 1e6)[1][:, None]
    cap = np.full(chain.x.shape, 20.0)
    near = np.exp(-((chain.x / 0.4) ** 2))
    starts = [w * np.ones_like(near), 0.3 * w * near]
    value = max(chain.adversary(start, rho, cap, cell["rounds"]) for start in starts)
    known = {"law": law, "rho": rho, "times": cell["times"]}
    family, *parameters = law.split("-")
    if family == "bimodal":
        modes = dict(zip(("mean", "variance"), map(float, parameters), strict=True))
        rows = [row("needed-bimodal", known | modes, value)]
        if law == FAR_MODES:
            rows.append(row("needed-far-modes", known | modes, value))
        return rows
    return [row("needed-gaussian" if law == "gaussian" else "needed-log-concave", known, value)]


# --- all functions at once, to second order -------------------------------------------------------


def nodes_of(cell: Cell) -> tuple[Array, Array, float]:
    """A law on nodes: places, masses, and how far out X_t is looked at when t is small.

    student: ν degrees of freedom at a scale, in panels that double from the scale to ½, out
    to |x| = 70; gauss-kink: exp(−x²/(2λ) − |x|/√λ); half-normal: N(0, λ) on x > 0; quartic:
    exp(−x²/(2λ) − x⁴); atoms: places and masses; uniform: on [−1, 1].
    """
    law = cell["law"]
    if law == "atoms":
        places, masses = np.array(cell["places"]), np.array(cell["masses"])
        return places, masses, float(np.abs(places).max()) + 5
    if law == "uniform":
        return *quadrature(np.ones_like, np.linspace(-1, 1, 5), 12), 6.0
    if law == "student":
        nu, scale = cell["freedom"], cell["scale"]
        doubling = 0.5 * 2.0 ** -np.arange(0, np.ceil(np.log2(1 / scale)) + 1)[::-1]
        edges = mirrored(np.concatenate([[0.0], doubling, np.arange(1.0, 70.5, 0.5)]))
        return *quadrature(lambda y: (1 + (y / scale) ** 2 / nu) ** (-(nu + 1) / 2), edges, 8), 24.0
    spread = np.sqrt(cell["variance"])
    line: dict[str, Density] = {
        "gauss-kink": lambda y: np.exp(-(y**2) / 2 - np.abs(y)),
        "half-normal": lambda y: np.exp(-(y**2) / 2),
        "quartic": lambda y: np.exp(-(y**2) / 2 - (spread * y) ** 4),
    }
    low = 0.0 if law == "half-normal" else -9.0
    y, masses = quadrature(line[law], np.arange(low, 9.25, 0.5), 10)
    return spread * y, masses, 7 * spread + 4


def seen(nodes: Array, masses: Array, t: float, x: Array) -> tuple[Array, Array]:
    """p_t(x) and Var(X_0 | X_t = x), by sums over the nodes; both of the shape of x."""
    noise = -np.expm1(-2 * t)
    density, variance = np.empty_like(x), np.empty_like(x)
    for part in np.array_split(np.arange(x.size), max(1, x.size // 100)):
        exponent = -((x[part, None] - np.exp(-t) * nodes) ** 2) / (2 * noise)
        top = exponent.max(axis=1)
        likely = masses * np.exp(exponent - top[:, None])
        total = likely.sum(axis=1)
        mean = likely @ nodes / total
        square = np.sum(likely * (nodes - mean[:, None]) ** 2, axis=1) / total
        density[part] = np.exp(top) * total / np.sqrt(2 * np.pi * noise)
        variance[part] = square
    return density, variance


def second_moment(
    nodes: Array, masses: Array, times: Array, reach: float, step: float = 0.125
) -> float:
    """The largest E S²/E Σ_j γ_j ζ_j² over all functions ζ_j(x) that vanish beyond |x| = reach.

    Less reach means fewer functions: a cut can only make it smaller.
    """
    x = np.arange(-reach, reach + step / 2, step)
    gamma, a = weights(times), 1 / (2 * np.sinh(times))
    pairs = [seen(nodes, masses, float(t), x) for t in times]
    held = pairs[0][0] > 1e-200
    x = x[held]
    p, variance = (np.array([pair[k][held] for pair in pairs]) for k in (0, 1))
    scaled = np.sqrt(gamma) * a

    # In u_j = √(γ_j p_j) ζ_j the denominator is |u|²; the diagonal is γ_j a_j² Var.
    diagonal = scaled[:, None] ** 2 * variance
    blocks = []
    for j in range(times.size):
        for k in range(j + 1, times.size):
            gap = times[k] - times[j]
            tau = -np.expm1(-2 * gap)
            move = np.exp(-((x - np.exp(-gap) * x[:, None]) ** 2) / (2 * tau)) / np.sqrt(
                2 * np.pi * tau
            )
            weight = scaled[j] * scaled[k] * step * variance[j] * np.sqrt(p[j])
            blocks.append((j, k, weight[:, None] * move / np.sqrt(p[k])))

    def apply(flat: Array) -> Array:
        u = flat.reshape(times.size, x.size)
        out = diagonal * u
        for j, k, block in blocks:
            out[j] += block @ u[k]
            out[k] += u[j] @ block
        return np.asarray(out.ravel())

    if times.size == 1:
        return float(diagonal.max())
    size = times.size * x.size
    operator = scipy.sparse.linalg.LinearOperator((size, size), matvec=apply, dtype=np.float64)
    start = np.ones(size)
    return float(
        scipy.sparse.linalg.eigsh(operator, k=1, v0=start, tol=1e-7, return_eigenvectors=False)[0]
    )


def measure_need(cell: Cell) -> list[Row]:
    """The need to second order of one law on one grid,
    under the name of the claim's family of laws.
    """
    nodes, masses, reach = nodes_of(cell)
    value = second_moment(nodes, masses, np.array(cell["times"]), reach)
    known = {k: v for k, v in cell.items() if k not in ("kind", "family")}
    if cell["family"] in ("bounded", "strong"):
        known["variance_of_law"] = float(masses @ (nodes - masses @ nodes) ** 2)
    rows = [row("need-" + cell["family"], known, value)]
    if cell["law"] == "student" and cell["freedom"] == cell["scale"] == 1:
        rows.append(row("need-cauchy", known, value))
    return rows


# --- one time, all ρ ------------------------------------------------------------------------------


def one_time(nodes: Array, masses: Array, t: float, places: Array, slopes: Array) -> float:
    """γ sup_{x, z} 2 log E[exp(−zU) | X_t = x]/z², γ = t, over a grid of x and z."""
    noise, a = -np.expm1(-2 * t), 1 / (2 * np.sinh(t))
    largest = 0.0
    for x in places:
        likely = np.log(masses) - (x - np.exp(-t) * nodes) ** 2 / (2 * noise)
        likely -= logsumexp(likely)
        u = a * (np.exp(likely) @ nodes - nodes)
        moments = logsumexp(likely - slopes[:, None] * u, axis=1)
        largest = max(largest, float(np.max(2 * moments / slopes**2)))
    return t * largest


def measure_one_time(cell: Cell) -> list[Row]:
    """The need at one time of Cauchy data, two modes or two atoms,
    all symmetric; 0 ≤ x ≤ 5, z on either side.
    """
    t, law = cell["time"], cell["law"]
    if law == "bimodal":
        a, v = cell["mean"], cell["variance"]
        points, mass = np.polynomial.hermite_e.hermegauss(24)
        nodes = np.concatenate([np.sqrt(v) * points - a, np.sqrt(v) * points + a])
        masses = np.tile(mass, 2)
    else:
        nodes, masses, _ = nodes_of(cell)
    places = np.linspace(0, 5, 101)
    slopes = np.outer([-1, 1], np.array([0.0005, 0.3, 2.0])).ravel()
    value = one_time(nodes, masses, t, places, slopes)
    known = {k: v for k, v in cell.items() if k != "kind"}
    return [row("need-one-time", known, value)]
