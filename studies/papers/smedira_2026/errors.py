"""What is measured of score matching's errors: on drawn data, by the sandwich, and against Fisher's
information.
"""

import numpy as np
import scipy

from bounds.check import Array
from bounds.hyvarinen import Family, Quadratic, estimate, quadratic, sandwich, spread, terms
from bounds.quadrature import Grid, Monomials, grid, panels
from studies.evidence import Parts, Seeds, computed, evidence, measured, one_by_one, row
from studies.papers.smedira_2026.laws import base, curvature_of, pure, vertex
from studies.study import Cell, Row

Rng = np.random.Generator

# --- errors on drawn data -------------------------------------------------------------------------

SETS = 11
"""Data sets of a replicate: (SETS + 1)(1 − δ) is whole for δ = 1/2, 1/3 and 1/4."""
THETA = {"quartic": -1.0, "gaussian": -0.5}


def _drawn(law: str, shape: tuple[int, ...], rng: Rng) -> Array:
    """Independent coordinates of exp(−x⁴) or N(0, 1)."""
    if law == "gaussian":
        return rng.standard_normal(shape)
    size = np.sqrt(np.sqrt(rng.gamma(0.25, size=shape)))
    return np.asarray(size * rng.choice([-1.0, 1.0], size=shape))


def _fitted(law: str, x: Array) -> Array:
    """θ̂ − θ* for K_0 = x_0^d, x_0 x_1, …, shape (…, n); fewer powers than by `terms`."""
    d = 4 if law == "quartic" else 2
    F = x.copy()
    F[..., 0] = d * x[..., 0] ** (d - 1)
    m = x.shape[-2]
    g = np.zeros((*x.shape[:-2], x.shape[-1]))
    g[..., 0] = d * (d - 1) * np.mean(x[..., 0] ** (d - 2), axis=-1)
    found = estimate(Quadratic(np.swapaxes(F, -1, -2) @ F / m, g))
    found[..., 0] -= THETA[law]
    return found


def _error(cell: Cell, rng: Rng) -> list[Row]:
    """The (1 − δ)-quantile of the largest squared error over the target factors."""
    n, m = cell["vars"], cell["M"]
    off = _fitted(cell["law"], _drawn(cell["law"], (SETS, m, n), rng))
    largest = np.max(off[:, 1 if n > 1 else 0 :] ** 2, axis=1)
    rank = round((SETS + 1) * (1 - cell["delta"]))
    return [row("error", cell, np.sort(largest)[rank - 1])]


def _structure(cell: Cell, rng: Rng) -> list[Row]:
    """The share of data sets whose edges are found: one of three variables' pairs, θ_12 = ±0.4."""
    m, threshold = cell["M"], np.sqrt(cell["eps"]) if cell["rule"] == "size" else cell["eps"]
    precision = np.eye(3)
    precision[0, 1] = precision[1, 0] = -cell["theta"]
    root = np.linalg.cholesky(np.linalg.inv(precision))
    x = rng.standard_normal((SETS, m, 3)) @ root.T
    found = -np.linalg.inv(np.swapaxes(x, 1, 2) @ x / m)
    kept = (np.abs(found) if cell["rule"] == "size" else found) > threshold
    kept |= np.swapaxes(kept, 1, 2)
    right = kept[:, 0, 1] & ~kept[:, 0, 2] & ~kept[:, 1, 2]
    return [row("structure", cell, right.mean())]


def _growth(cell: Cell, rng: Rng) -> list[Row]:
    """Mean squared error of the row's pairs, N(0, I_n)."""
    off = _fitted("gaussian", rng.standard_normal((SETS, cell["M"], cell["vars"])))
    return [row("growth", cell, float(np.mean(off[:, 1:] ** 2)))]


def _inverse_moment(degrees: float, power: int) -> float:
    """E χ²^{−power} by its density, over 14 standard deviations on each side."""
    spread = np.sqrt(2 * degrees)
    x, w = panels(np.linspace(max(degrees - 14 * spread, 1e-9), degrees + 14 * spread, 41), 20)
    return float(w @ (scipy.stats.chi2.pdf(x, degrees) * x**-power))


def _growth_rate(cell: Cell) -> list[Row]:
    """The M at which a pair's mean squared error is ε at N(0, I_n): its entry of S^{-1} is
    −M b/(a c²), b normal, a² and c² of χ² with M − n + 2 and M − n + 1 degrees.
    """
    n = cell["x"]

    def excess(log_more: float) -> float:
        m = n + np.exp(log_more)
        error = m**2 * _inverse_moment(m - n + 2, 1) * _inverse_moment(m - n + 1, 2)
        return float(np.log(error / cell["eps"]))

    return [
        row(
            "growth-rate",
            cell,
            n + np.exp(scipy.optimize.brentq(excess, np.log(100), np.log(100 * n))),
        )
    ]


def _needed_rate(cell: Cell) -> list[Row]:
    """The M at which P(|θ̂ − θ*| > √ε) = δ at N(0, 1), K = {x²}: θ̂ = −M/(2χ²_M)."""
    off = np.sqrt(cell["eps"])

    def excess(log_m: float) -> float:
        m = np.exp(log_m)
        ends = m / (1 + 2 * off), m / (1 - 2 * off)
        return float(
            scipy.stats.chi2.cdf(ends[0], m) + scipy.stats.chi2.sf(ends[1], m) - cell["delta"]
        )

    return [row("needed-rate", cell, np.exp(scipy.optimize.brentq(excess, 2.0, 20.0, xtol=1e-12)))]


def _loose(cell: Cell) -> list[Row]:
    """Lemma 9's M as printed, with the largest C_p, over the M that the sandwich asks for."""
    law, n, box, eps = cell["law"], cell["vars"], cell["box"], cell["eps"]
    d = 4 if law == "quartic" else 2
    factors = [tuple(d * np.eye(n)[0]), *(tuple(np.eye(n)[0] + np.eye(n)[j]) for j in range(1, n))]
    target = 1 if n > 1 else 0
    reach = (40 / -THETA[law]) ** (1 / d)
    shape, coefficients = pure(d, n), np.full(n, THETA[law])
    inner = grid(shape, coefficients, [-box, box], 16, cut=True)
    whole = grid(shape, coefficients, [-reach, 0, reach], 20)
    least = 1 / np.linalg.inv(curvature_of(inner, factors))[target, target]
    found = terms(vertex(factors), whole.x, [0])
    gamma = spread(found, [THETA[law], *[0.0] * (n - 1)], whole.p)
    v = sandwich(quadratic(found, whole.p).H, gamma)[target, target]
    each = 1 - (1 - cell["delta"]) ** (1 / max(n - 1, 1))
    needed = scipy.stats.norm.isf(each / 2) ** 2 * v / eps
    asked = 3120 * d**4 * box ** (4 * d) * n ** (2 * d + 1) / (eps * least) ** 2
    return [row("loose", cell, asked / needed)]


# --- against Fisher's information -----------------------------------------------------------------


def _ratio(law: Grid, f: Monomials, family: Family, theta: Array, rows: list[int]) -> float:
    """M Var of the first parameter by score matching over that by maximum likelihood."""
    found = terms(family, law.x, rows)
    v = sandwich(quadratic(found, law.p).H, spread(found, theta, law.p))
    values = f.value(law.x)
    centred = values - law.p @ values
    return float(v[0, 0] / np.linalg.inv((centred.T * law.p) @ centred)[0, 0])


def _fisher(cell: Cell) -> list[Row]:
    """Of x^d on the line; of a product of w variables on top of quartic ones; of x in a double
    well; of the pair in N(0, Ω^{-1}).
    """
    kind = cell["family"]
    if kind == "line":
        f = pure(cell["d"], 1)
        law = grid(f, [-1.0], np.linspace(-1, 1, 7) * 40 ** (1 / cell["d"]), 30)
        found = _ratio(law, f, Family(f.first, f.second), np.array([-1.0]), [0])
    elif kind == "product":
        w = cell["w"]
        f = Monomials(np.ones((1, w)))
        rows = [0] if cell["loss"] == "vertex" else list(range(w))
        found = _ratio(base(4, w), f, vertex(np.ones((1, w)), 4), np.zeros(1), rows)
    elif kind == "well":
        f, theta = Monomials([[1], [2], [4]]), np.array([0.0, cell["a"] / 2, -0.25])
        law = grid(f, theta, np.linspace(-6.5, 6.5, 14), 24)
        found = _ratio(law, f, Family(f.first, f.second), theta, [0])
    else:
        b = cell["omega"]
        f, theta = Monomials([[1, 1], [2, 0], [0, 2]]), np.array([-b, -0.5, -0.75])
        law = grid(f, theta, np.linspace(-11, 11, 6), 20)
        family, rows = Family(f.first, f.second), [0, 1]
        if cell["loss"] == "vertex":
            family, rows, theta = vertex([[1, 1], [2, 0]]), [0], theta[:2]
        centred = f.value(law.x) - law.p @ f.value(law.x)
        fisher = np.linalg.inv((centred.T * law.p) @ centred)[0, 0]
        found = _ratio(law, f, family, theta, rows) * fisher if cell["loss"] != "mle" else fisher
    return [row(f"fisher-{kind}", {k: v for k, v in cell.items() if k != "family"}, found)]


PARTS: Parts = {
    "error": one_by_one(_error, "error"),
    "structure": one_by_one(_structure, "structure"),
    "growth": one_by_one(_growth, "growth"),
    "growth-rate": computed(_growth_rate, "growth-rate"),
    "needed-rate": computed(_needed_rate, "needed-rate"),
    "loose": computed(_loose, "loose"),
    "fisher": computed(_fisher, "fisher-line", "fisher-product", "fisher-well", "fisher-pair"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """The rows of one part."""
    return measured(PARTS, cell, seeds)


def _of(part: str, *cells: Cell) -> list[Cell]:
    return [{"part": part, **cell} for cell in cells]


FAMILIES = (
    ("quartic", 1, 1.0, 0.5),
    ("quartic", 2, 1.0, 0.5),
    ("quartic", 3, 1.0, 1 / 3),
    ("gaussian", 1, 1.0, 0.5),
    ("gaussian", 2, 2.0, 0.25),
    ("gaussian", 3, 2.0, 1 / 6),
)
"""Law, n, C_t, δ = 1/(n C_t), ½ where that says nothing."""

CELLS: list[Cell] = [
    *_of(
        "error",
        *(
            {"law": law, "vars": n, "box": box, "delta": delta, "M": m}
            for law, n, box, delta in FAMILIES[:-1]
            for m in (250, 500, 1000)[n == 3 :]
        ),
    ),
    *_of(
        "structure",
        *(
            {"rule": rule, "theta": theta, "eps": 0.04, "M": 400, "most": 60}
            for rule in ("size", "printed")
            for theta in (0.4, -0.4)
        ),
    ),
    *_of("growth", *({"vars": n, "M": m} for n, m in ((2, 12), (5, 15), (10, 25), (20, 40)))),
    *_of("growth-rate", *({"x": n, "eps": 0.01} for n in (10**4, 10**5, 10**6))),
    *_of("needed-rate", *({"x": 1 / e, "eps": e, "delta": 0.5} for e in (1e-4, 1e-5, 1e-6))),
    *_of(
        "loose",
        *(
            {"law": law, "vars": n, "box": box, "delta": delta, "eps": 0.01}
            for law, n, box, delta in FAMILIES
        ),
    ),
    *({"part": "fisher", "family": "line", "d": d} for d in (2, 4, 6, 8, 10, 12)),
    *(
        {"part": "fisher", "family": "product", "w": w, "loss": loss}
        for w in (2, 3)
        for loss in ("vertex", "full")
    ),
    *({"part": "fisher", "family": "well", "a": a} for a in (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)),
    *(
        {"part": "fisher", "family": "pair", "omega": b, "loss": loss}
        for b in (0.5, -0.8)
        for loss in ("vertex", "full", "mle")
    ),
]
STUDY = evidence(
    "evidence-smedira-errors",
    "Errors of score matching on drawn data, and its variance against Fisher's.",
    CELLS,
    measure,
    PARTS,
    seed=2026,
    replicates=80,
)
