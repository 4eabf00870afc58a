"""The kernel of PFGM++ by quadrature, and flows that carry a scaled noise by integration."""

from collections.abc import Callable, Sequence

import numpy as np
import scipy
from scipy.special import stdtr

from bounds.check import Array
from studies.evidence import Parts, Seeds, computed, evidence, measured, row
from studies.study import Cell, Row, Study

GAUSS = np.polynomial.legendre.leggauss(10)
Exponent = Callable[[Array], Array]


def exponent(N: float, D: float) -> Exponent:
    """Log of R^N (R² + D)^{−(N+D)/2} at u = log R, σ = 1, up to a constant; D = ∞ is Gaussian."""
    if np.isinf(D):
        return lambda u: N * u - np.exp(np.minimum(2 * u, 700.0)) / 2
    return lambda u: N * u - (N + D) / 2 * np.logaddexp(0.0, 2 * u - np.log(D))


def panels(N: float, D: float, power: float = 0.0, cuts: Sequence[float] = ()) -> tuple[Array, ...]:
    """Nodes in u = log R and weights, out to where both tails have lost 45 e-folds."""
    core = 12 * np.sqrt(1 / (2 * N) + 1 / (2 * D))
    middle = np.log(N) / 2
    even = np.linspace(middle - 45 / N - core, middle + 45 / (D - power) + core, 4000)
    edges = np.sort(np.concatenate([even, cuts]))
    half = np.diff(edges)[:, None] / 2
    u = edges[:-1, None] + half * (1 + GAUSS[0])
    return u.ravel(), (half * GAUSS[1]).ravel()


def density(N: float, D: float, u: Array, weights: Array) -> Array:
    """The density of log R at the nodes, normalised by the same sum."""
    values = exponent(N, D)(u)
    shape = np.exp(values - values.max())
    return np.asarray(shape / np.sum(weights * shape))


def radial_mean(N: float, D: float, of: Exponent, power: float = 0.0) -> float:
    """E of(log R), σ = 1."""
    u, weights = panels(N, D, power)
    return float(np.sum(weights * density(N, D, u, weights) * of(u)))


def variation(N: float, D: float) -> float:
    """½ ∫|p − q| of the kernel and the normal law, in log R, cut where the densities cross."""
    u, weights = panels(N, D)
    both = [exponent(N, of) for of in (D, np.inf)]
    levels = []
    for log in both:
        values = log(u)
        levels.append(values.max() + np.log(np.sum(weights * np.exp(values - values.max()))))

    def gap(at: float) -> float:
        p, q = (float(log(np.array(at))) for log in both)
        return float(p - q - (levels[0] - levels[1]))

    signs = both[0](u) - both[1](u) > levels[0] - levels[1]
    turns = np.flatnonzero(signs[1:] != signs[:-1])
    cuts = [scipy.optimize.brentq(gap, u[k], u[k + 1], xtol=1e-15) for k in turns]
    u, weights = panels(N, D, cuts=cuts)
    p, q = (density(N, of, u, weights) for of in (D, np.inf))
    return float(np.sum(weights * np.abs(p - q)) / 2)


def _kernel(cell: Cell) -> list[Row]:
    """The density at a distance, its second moment, and what its log radius does."""
    N, D, sigma = cell["N"], cell["D"], cell["sigma"]
    of = {"N": N, "D": D}
    u, weights = panels(N, D)
    logs = exponent(N, D)(u)
    mass = np.log(np.sum(weights * np.exp(logs - logs.max()))) + logs.max()
    rows = []
    for radius in (0.5, 2.0):
        # ∫ f(R) R^{N−1} dR = 1 fixes f up to the area of the sphere, which is left out.
        log = float(exponent(N, D)(np.array(np.log(radius)))) - N * np.log(radius) - mass
        where = {**of, "sigma": sigma, "distance": radius * sigma}
        rows.append(row("density", where, log - N * np.log(sigma)))
    if D > 2:
        square = sigma**2 * radial_mean(N, D, lambda u: np.exp(2 * u), 2.0)
        rows.append(row("square", {**of, "sigma": sigma}, square))
    mean = radial_mean(N, D, lambda u: u)
    spread = radial_mean(N, D, lambda u: (u - mean) ** 2) ** 0.5
    u, weights = panels(N, 1e3)
    normal = float(np.sum(weights * density(N, np.inf, u, weights) * u))
    return [*rows, row("spread", of, spread), row("ahead", of, 2 * (mean - normal))]


def _variation(cell: Cell) -> list[Row]:
    what = cell["what"]
    of = {"N": cell["N"], "D": cell["D"]}
    value = variation(of["N"], of["D"])
    if what == "tv-order":
        return [row(what, {**of, "x": of["N"]}, value)]
    return [row(what, of, value)]


def _beyond(cell: Cell) -> list[Row]:
    """P(R² > 999 r²), where R²/(R² + r²) > 0.999."""
    N, D = cell["N"], cell["D"]
    edge = 0.5 * np.log(999.0 * D)
    u, weights = panels(N, D, cuts=[edge])
    value = np.sum(weights * density(N, D, u, weights) * (u > edge))
    return [row("beyond", {"N": N, "D": D}, float(value))]


ATOMS, SHARES = np.array([-1.0, 0.3, 2.0]), np.array([0.3, 0.5, 0.2])


def noise(name: str, D: float) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    """A density, up to a constant, and a distribution function on the line."""
    if name == "student":
        return lambda z: (1 + z**2 / D) ** (-(D + 1) / 2), lambda z: np.asarray(stdtr(D, z))
    if name == "logistic":
        return lambda z: np.cosh(z / 2) ** -2, lambda z: 1 / (1 + np.exp(-z))
    if name == "secant":
        return lambda z: 1 / np.cosh(z), lambda z: 2 / np.pi * np.arctan(np.exp(z))
    return lambda z: np.exp(-z - np.exp(-z)), lambda z: np.exp(-np.exp(-z))  # Gumbel


def _carried(cell: Cell) -> list[Row]:
    """Down dx/dσ = (x − E[y|x, σ])/σ: the level of the end in the last law."""
    shape, below = noise(cell["noise"], cell["D"])

    def velocity(sigma: float, x: Array) -> Array:
        weights = SHARES * shape((x[0] - ATOMS) / sigma)
        return np.array([(x[0] - weights @ ATOMS / weights.sum()) / sigma])

    first, last = cell["first"], cell["last"]
    end = scipy.integrate.solve_ivp(
        velocity, (first, last), [cell["x"]], method="DOP853", rtol=1e-11, atol=1e-12
    ).y[0, -1]
    level = float(SHARES @ below((end - ATOMS) / last))
    of = {key: value for key, value in cell.items() if key != "part"}
    of |= {"atoms": ATOMS.tolist(), "shares": SHARES.tolist()}
    return [row("level" if cell["noise"] == "student" else "any-level", of, level)]


def denoised(x: float, D: float, variance: float, sigma: float) -> float:
    """E[y|x] for N(0, λ) data on the line, by quadrature over y."""
    root = np.sqrt(variance)

    def term(y: float, power: int) -> float:
        kernel = -(D + 1) / 2 * (np.log1p((x - y) ** 2 / (D * sigma**2)) - np.log1p(x**2 / D))
        return float(y**power * np.exp(kernel - y**2 / (2 * variance)))

    peak = x * variance / (variance + sigma**2)
    points = sorted({0.0, peak, min(x, 11 * root)})
    first, none = (
        scipy.integrate.quad(
            term,
            -12 * root,
            12 * root,
            args=(k,),
            points=points,
            limit=300,
            epsabs=1e-13,
            epsrel=1e-11,
        )[0]
        for k in (1, 0)
    )
    return float(first / none)


def _denoiser(cell: Cell) -> list[Row]:
    """E[y|x]: as it is, its first order in 1/D, and far out."""
    of = {key: cell[key] for key in ("x", "D", "variance", "sigma")}
    value = denoised(**of)
    gaussian = of["x"] * of["variance"] / (of["variance"] + of["sigma"] ** 2)
    number = {"denoiser": value, "first-order": of["D"] * (value - gaussian), "far": value}
    return [row(cell["what"], of, number[cell["what"]])]


PARTS: Parts = {
    "kernel": computed(_kernel, "density", "square", "spread", "ahead"),
    "variation": computed(_variation, "tv", "tv-limit", "tv-order", "tv-collapse"),
    "beyond": computed(_beyond, "beyond"),
    "carried": computed(_carried, "level", "any-level"),
    "denoiser": computed(_denoiser, "denoiser", "first-order", "far"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part."""
    return measured(PARTS, cell, seeds)


def _tv(what: str, N: int, D: float) -> Cell:
    return {"part": "variation", "what": what, "N": N, "D": float(D)}


CELLS: list[Cell] = [
    *(
        {"part": "kernel", "N": N, "D": D, "sigma": sigma}
        for N, D, sigma in (
            (1, 1.0, 1.0),
            (2, 3.0, 0.7),
            (5, 7.0, 1.0),
            (10, 20.0, 2.0),
            (100, 64.0, 0.5),
            (3072, 128.0, 0.5),
        )
    ),
    *(_tv("tv", N, D * N) for N in (1, 10, 100) for D in (0.1, 0.5, 1.0, 3.0, 10.0, 30.0, 100.0)),
    *(_tv("tv", 3072, D) for D in (64, 128, 512, 2048, 3072, 10000, 30720, 307200)),
    *(_tv("tv-limit", N, 10000 * N) for N in (1, 2, 5, 10, 30, 100)),
    *(_tv("tv-order", N, 1e7) for N in (10, 100, 1000, 10000)),
    *(
        _tv("tv-collapse", 3072, D)
        for D in (64, 128, 256, 512, 1024, 2048, 3072, 5000, 10000, 30720, 307200)
    ),
    *({"part": "beyond", "N": 3072, "D": D} for D in (1.0, 2.0, 4.0, 8.0)),
    *(
        {"part": "carried", "noise": name, "D": D, "x": x, "first": 2.0, "last": 0.5}
        for name, D in (
            *(("student", D) for D in (1.0, 3.0, 20.0, 200.0)),
            *((name, 0.0) for name in ("logistic", "secant", "gumbel")),
        )
        for x in (-1.5, 1.0, 4.0)
    ),
    *(
        {"part": "denoiser", "what": what, "x": x, "D": D, "variance": 1.0, "sigma": sigma}
        for what, x, D, sigma in (
            *(("denoiser", x, D, 1.0) for D in (3.0, 20.0, 200.0) for x in (1.0, 6.0, 12.0)),
            *(("first-order", x, 1e5, 0.8) for x in (0.5, 1.5, 3.0)),
            *(("far", 1e4, D, 1.0) for D in (1.0, 3.0, 20.0)),
        )
    ),
]
STUDY = evidence(
    "evidence-student-kernel",
    "Student's kernel of PFGM++: total variation, radius, flow, denoiser.",
    CELLS,
    measure,
    PARTS,
    seed=106,
)
STUDIES: tuple[Study, ...] = (STUDY,)
