"""What is measured of the losses of polynomial families, and of the work's lemmas: by quadrature,
enumeration and search.

Longer than 350 lines: twenty statements, each a few lines and its cells.
"""

from itertools import product

import numpy as np
import scipy
from scipy.linalg import eigh
from scipy.special import gammainc

from bounds.check import Array
from bounds.hyvarinen import Quadratic, gradients, quadratic, spread, terms, within
from bounds.quadrature import Grid, Monomials, grid, normals, panels
from studies.evidence import Parts, Seeds, computed, evidence, measured, row
from studies.papers.smedira_2026.laws import base, curvature_of, factors_of, pure, vertex
from studies.study import Cell, Row

# --- identities of the loss -----------------------------------------------------------------------


def _loss(cell: Cell) -> list[Row]:
    """E ½|s* − s_θ|² for s* of exp(−x⁴ − y⁴)."""
    law, f = base(4, 2), Monomials(cell["exponents"])
    gap = -4 * law.x**3 - f.first(law.x) @ np.array(cell["theta"])
    return [row("loss-identity", cell, law.p @ np.sum(gap**2, axis=1) / 2)]


def _mean_loss(law: Grid, f: Monomials, theta: Array) -> float:
    """E [∂_0² log p_θ + ½(∂_0 log p_θ)²]: no H, no g."""
    slope = f.first(law.x)[:, 0] @ theta
    return float(law.p @ (f.second(law.x)[:, 0] @ theta + slope**2 / 2))


def _three(law: Grid, f: Monomials, cell: Cell) -> tuple[float, float, float]:
    """The mean loss at θ − Δ, θ, θ + Δ."""
    theta, step = np.array(cell["theta"]), np.array(cell["delta"])
    return (
        _mean_loss(law, f, theta - step),
        _mean_loss(law, f, theta),
        _mean_loss(law, f, theta + step),
    )


def _curvature(cell: Cell) -> list[Row]:
    """L(θ + Δ) − L(θ) − ⟨Δ, ∇L(θ)⟩, the slope of a quadratic from its two sides."""
    down, here, up = _three(base(4, 2), Monomials(cell["exponents"]), cell)
    return [row("curvature", cell, (up + down) / 2 - here)]


def _gradient(cell: Cell) -> list[Row]:
    """⟨Δ, ∇L(θ)⟩ for f = x^d, d = 2 or 4, under exp(−x^d/2) or exp(−x^d)."""
    d = cell["d"]
    law = normals(40, 1) if d == 2 else base(4, 1)
    down, _, up = _three(law, pure(d, 1), cell)
    return [row("gradient", cell, (up - down) / 2)]


def _truncation(cell: Cell) -> list[Row]:
    """The least eigenvalue of H over that of the law within the box."""
    d, n = cell["d"], cell["n"]
    factors = factors_of(n, d)
    whole, inner = curvature_of(base(d, n), factors), curvature_of(base(d, n, cell["box"]), factors)
    return [row("truncation", cell, eigh(whole, inner, eigvals_only=True)[0])]


def _reached(loss: Quadratic, truth: Array, found: Array) -> float:
    """δL̂(θ̂) over ‖∇L̂(θ*)‖_∞."""
    step = found - truth
    return float(step @ loss.H @ step / 2 / np.abs(loss.H @ truth + loss.g).max())


def _basic(cell: Cell) -> list[Row]:
    """A sample whose minimum is opposite to the truth, or four plain points, three parameters."""
    radius = cell["B"]
    if cell["sample"] == "opposite":
        points = np.full((1, 1), (radius / 4) ** (1 / 3))
        loss, truth = quadratic(terms(vertex([[1]], 4), points)), np.array([-radius])
    else:
        points = np.array([[0.3, 1.1], [-0.9, 0.4], [1.4, -0.2], [-0.1, -1.6]])
        loss = quadratic(terms(vertex([[2, 0], [1, 1], [1, 0]]), points, [0]))
        truth = np.array([-0.5 * radius, 0.5 * radius, 0.0])
    return [row("basic", cell, _reached(loss, truth, within(loss, radius)))]


def _gradient_size(cell: Cell) -> list[Row]:
    """|α| of f = x⁴ under exp(−x⁴) at one point."""
    found = terms(vertex([[4]]), [[cell["x"]]])
    return [row("gradient-size", cell, abs(gradients(found, [-1.0])[0, 0]))]


# --- the appendices -------------------------------------------------------------------------------


def _beyond(law: Grid, s: float) -> float:
    return float(law.p[np.abs(law.x).max(axis=1) > s].sum())


def _tail(cell: Cell) -> list[Row]:
    """log of the largest P(‖x‖_∞ > s) over extreme θ: on single monomials, or one a variable."""
    n, d, bound, s = cell["n"], cell["d"], cell["B"], cell["s"]
    mixed = [k for k in product(range(d), repeat=n) if 0 < sum(k) < d and np.count_nonzero(k) > 1]
    choices = [[k] for k in mixed]
    for powers in product(range(1, d), repeat=n):
        choices.append([tuple(np.eye(n, dtype=int)[i] * k) for i, k in enumerate(powers)])
    reach = s + (7.0 if d == 2 else 2.0)
    found = [
        _beyond(
            grid(
                Monomials([*(d * np.eye(n)), *chosen]),
                [*[-1.0] * n, *[bound] * len(chosen)],
                [-reach, -s, s, reach],
                20 if n < 3 else 14,
            ),
            s,
        )
        for chosen in choices
    ]
    return [row("tail", cell, np.log(max(found)))]


def _cell_change(cell: Cell) -> list[Row]:
    """The largest |f(x) − f(x̂)| of a monomial of degree d on a cell in the box; and the printed
    chain's first line, which lets the cell stick out of the box.
    """
    d, box = cell["d"], cell["box"]
    width = 1 / (d**2 * box ** (2 * d) * cell["B"])
    if cell["what"] == "chain":
        return [row("cell-change", cell, box**d * ((box + width) ** d - box**d))]
    return [row("cell-change", cell, box**d - (box - width) ** d)]


def _cell_density(cell: Cell) -> list[Row]:
    """The least density of N(0, σ²I) within the box, on the cell beside its mode."""
    n, box, sigma = cell["n"], cell["box"], cell["sigma"]
    width = 1 / (4 * box**4 * cell["B"])
    law = grid(pure(2, n), np.full(n, -1 / (2 * sigma**2)), [-box, box], 30, cut=True)
    return [row("cell-density", cell, np.exp(-n * width**2 / (2 * sigma**2) - law.log_mass))]


def _uniform(width: float, n: int) -> Grid:
    """Uniform on [0, width]^n."""
    return grid(Monomials(np.zeros((1, n))), [0.0], [0, width], 12, cut=True)


def _cell_curvature(cell: Cell) -> list[Row]:
    """The least eigenvalue of H within the box over that of the cell [0, 1/γ]^n."""
    d, n = cell["d"], cell["n"]
    factors = factors_of(n, d)
    outer = curvature_of(base(d, n, 1.0), factors)
    inner = curvature_of(_uniform(1 / d**2, n), factors)
    return [row("cell-curvature", cell, 1 / eigh(inner, outer, eigvals_only=True)[-1])]


def _cell_moments(cell: Cell) -> list[Row]:
    """Cov(x^m, x^n), x uniform on [l/γ, (l + 1)/γ]."""
    gamma, low, m, n = cell["gamma"], cell["l"], cell["m"], cell["n"]
    x, w = panels([low / gamma, (low + 1) / gamma], 20)
    w = w * gamma
    return [row("cell-moments", cell, w @ ((x**m - w @ x**m) * (x**n - w @ x**n)))]


def _multilinear(cell: Cell) -> list[Row]:
    """1/(H_t^{-1})_kk of exp(−Σ x⁴ + Σ θ f) in the unit box, for each factor of K_0."""
    n, factors = cell["n"], cell["factors"]
    law = grid(
        Monomials([*(4 * np.eye(n)), *factors]),
        [*[-1.0] * n, *cell["theta"]],
        [-1, 0, 1],
        16,
        cut=True,
    )
    held = [k for k in factors if k[0]]
    least = 1 / np.diag(np.linalg.inv(curvature_of(law, held)))
    return [
        row("multilinear", {**cell, "factor": k}, value)
        for k, value in zip(held, least, strict=True)
    ]


def _order(cell: Cell) -> list[Row]:
    """P(|X| ≤ a) or P(|X| > a) of exp(−x⁴)."""
    inside = float(gammainc(0.25, cell["a"] ** 4))
    return [row("likelihood-order", cell, inside if cell["side"] == "inside" else 1 - inside)]


def _variance(cell: Cell) -> list[Row]:
    """Var of exp(ηx − x^power) on [−B, B]."""
    eta, power, bound = cell["eta"], cell["power"], cell["B"]
    law = grid(Monomials([[1], [power]]), [eta, -1.0], np.linspace(-bound, bound, 31), 20, cut=True)
    off = law.x[:, 0] - law.p @ law.x[:, 0]
    return [row(cell["quantity"], cell, float(law.p @ off**2))]


def _moment(cell: Cell) -> list[Row]:
    """E ‖x‖_∞^{4d−4} of independent exp(−|x/scale|^d), by its tail."""
    d, n, scale = cell["d"], cell["n"], cell["scale"]
    q = 4 * d - 4
    s, w = panels(np.linspace(0, 12 * scale if d == 2 else 3 * scale, 13), 20)
    below = gammainc(1 / d, (s / scale) ** d)
    return [row("moment", cell, w @ (q * s ** (q - 1) * (1 - below**n)))]


def _lemma_7(cell: Cell) -> list[Row]:
    """P(δL̂ < δL − εB²/2 for some θ in the ball) at N(0, σ²), K = {x²}: the law of χ²."""
    sigma, m = cell["sigma"], cell["M"]
    farthest = 1 + 1 / (2 * sigma**2)
    return [
        row(
            "lemma-7",
            cell,
            scipy.stats.chi2.cdf(m * (1 - cell["eps"] / (2 * farthest * sigma) ** 2), m),
        )
    ]


def _lemma_8(cell: Cell) -> list[Row]:
    """Var α of f = x^d under exp(−x^d)."""
    d = cell["d"]
    law = grid(pure(d, 1), [-1.0], np.linspace(-1, 1, 5) * 40 ** (1 / d), 40)
    return [row("lemma-8", cell, spread(terms(vertex([[d]]), law.x), [-1.0], law.p)[0, 0])]


def _constant(cell: Cell) -> list[Row]:
    """The least 3/a² + 12/b² with p a + q b = gap: a search along a."""
    p, q, gap = cell["p"], cell["q"], cell["gap"]

    def total(a: float) -> float:
        return float(3 / a**2 + 12 / ((gap - p * a) / q) ** 2)

    best = scipy.optimize.minimize_scalar(
        total, bounds=(0.01 * gap / p, 0.99 * gap / p), method="bounded", options={"xatol": 1e-12}
    )
    return [row("lemma-9-constant", cell, best.fun)]


def _factors(cell: Cell) -> list[Row]:
    """|K_i| of all monomials, by writing them down."""
    return [row("factors", cell, len(factors_of(cell["n"], cell["d"])))]


def _exponent(cell: Cell) -> list[Row]:
    """n |K_i|², |K_i| counted by adding up variable after variable."""
    n, d = cell["x"], cell["d"]
    counts = np.ones(n)  # of degree 0 in 1 … n variables
    for _ in range(d - 1):
        counts = 1 + np.cumsum(counts)
    return [row("exponent", cell, n * counts[-1] ** 2)]


PARTS: Parts = {
    "loss": computed(_loss, "loss-identity"),
    "curvature": computed(_curvature, "curvature"),
    "gradient": computed(_gradient, "gradient"),
    "truncation": computed(_truncation, "truncation"),
    "basic": computed(_basic, "basic"),
    "gradient-size": computed(_gradient_size, "gradient-size"),
    "tail": computed(_tail, "tail"),
    "cell-change": computed(_cell_change, "cell-change"),
    "cell-density": computed(_cell_density, "cell-density"),
    "cell-curvature": computed(_cell_curvature, "cell-curvature"),
    "cell-moments": computed(_cell_moments, "cell-moments"),
    "multilinear": computed(_multilinear, "multilinear"),
    "likelihood-order": computed(_order, "likelihood-order"),
    "variance": computed(_variance, "variance", "variance-small"),
    "moment": computed(_moment, "moment"),
    "lemma-7": computed(_lemma_7, "lemma-7"),
    "lemma-8": computed(_lemma_8, "lemma-8"),
    "constant": computed(_constant, "lemma-9-constant"),
    "factors": computed(_factors, "factors"),
    "exponent": computed(_exponent, "exponent"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """The rows of one part."""
    return measured(PARTS, cell, seeds)


def _of(part: str, *cells: Cell) -> list[Cell]:
    return [{"part": part, **cell} for cell in cells]


PAIRS = [[4, 0], [0, 4], [1, 1], [2, 1]]
LN2 = float(np.log(2))
CELLS: list[Cell] = [
    *_of(
        "loss",
        {"exponents": PAIRS, "theta": [-1.0, -0.5, 0.4, 0.0]},
        {"exponents": PAIRS, "theta": [-0.7, -1.3, -0.6, 0.5]},
        {"exponents": PAIRS, "theta": [-1.2, -1.0, 0.0, -0.3]},
    ),
    *_of(
        "curvature",
        *(
            {"exponents": PAIRS, "theta": [-1.0, -1.0, 0.0, 0.0], "delta": delta}
            for delta in ([0.3, 0.2, -0.5, 0.0], [0.0, 1.0, 0.7, 0.4], [-0.6, 0.0, 0.2, -0.9])
        ),
    ),
    *_of(
        "gradient",
        *(
            {"d": d, "theta": [theta], "delta": [1.0]}
            for d, thetas in ((2, (-0.5, -0.3, -0.9)), (4, (-1.0, -0.7, -1.5)))
            for theta in thetas
        ),
    ),
    *_of(
        "truncation",
        *({"d": d, "n": n, "box": b} for d, n, b in ((2, 2, 1), (4, 1, 1), (4, 2, 1), (6, 1, 1))),
    ),
    *_of(
        "basic",
        *({"sample": "opposite", "B": B} for B in (0.5, 1.0, 2.0)),
        *({"sample": "plain", "B": B} for B in (1.0, 2.0)),
    ),
    *_of("gradient-size", *({"x": x} for x in (0.5, 0.8, 2.0, 3.0))),
    *_of(
        "tail",
        *(
            {"n": n, "d": d, "B": B, "s": s}
            for n, d, B, spots in (
                (1, 2, 1, (1.0, 2.0)),
                (2, 2, 1, (1.0, 3.0)),
                (2, 2, 2, (1.0, 1.5, 5.0)),
                (3, 2, 1, (1.0,)),
                (1, 4, 1, (1.0, 2.0)),
                (2, 4, 1, (1.0, 3.0)),
            )
            for s in spots
        ),
    ),
    *_of(
        "cell-change",
        *(
            {"what": what, "d": d, "box": box, "B": B}
            for what in ("chain", "change")
            for d, box, B in ((2, 1, 1), (4, 1, 1), (6, 1, 1), (2, 2, 1), (4, 1, 3))
        ),
    ),
    *_of(
        "cell-density",
        *(
            {"n": n, "box": 1, "B": 1, "sigma": sigma}
            for n, sigma in ((1, 1.4826), (2, 0.9508), (3, 0.7913))
        ),
    ),
    *_of(
        "cell-curvature",
        *({"d": d, "n": n, "B": 1} for d, n in ((2, 1), (4, 1), (6, 1), (8, 1), (4, 2))),
    ),
    *_of(
        "cell-moments",
        *(
            {"gamma": g, "l": low, "m": m, "n": n}
            for g, low in ((4, 1), (16, 0), (16, 7))
            for m, n in ((1, 1), (1, 2), (3, 2))
        ),
    ),
    *_of(
        "multilinear",
        {"n": 2, "factors": [[1, 0], [1, 1]], "theta": [0.0, 0.5]},
        {
            "n": 3,
            "factors": [[1, 0, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 1, 1]],
            "theta": [0.0, 0.5, 0.5, 0.5, 0.0],
        },
    ),
    *_of(
        "likelihood-order",
        *({"a": a, "side": side} for side in ("inside", "outside") for a in (0.75, 1.0, 1.3)),
    ),
    *(
        {"part": "variance", "quantity": "variance", "eta": eta, "power": power, "B": B}
        for eta, power, B in (
            *((4.0, p, 1.0) for p in (2, 4, 6, 10)),
            *((10.0, p, 1.0) for p in (2, 4)),
            *((4.0, 3, 5.0), (4.5, 3, 5.0), (4.0, 5, 2.0), (5.0, 5, 2.5)),
        )
    ),
    *(
        {"part": "variance", "quantity": "variance-small", "eta": eta, "power": power, "B": 1.0}
        for power in (2, 4, 6)
        for eta in (0.05, 0.2, 0.3, 1.0, 3.0)
    ),
    *_of(
        "moment",
        *(
            {"d": 2, "n": n, "scale": sigma * 2**0.5, "y": LN2, "box": 1}
            for n, sigma in enumerate((1.4826, 0.9508, 0.7913, 0.7102), 1)
        ),
        {"d": 4, "n": 1, "scale": 1.48661, "y": LN2, "box": 1},
    ),
    *_of("lemma-7", *({"sigma": s, "M": 2000, "eps": 0.49} for s in (1.4, 1.43, 1.46, 1.4826))),
    *_of("lemma-7", *({"sigma": s, "M": 400000, "eps": 0.49} for s in (1.4, 1.4826))),
    *_of("lemma-8", *({"d": d} for d in (2, 4, 6, 8, 10, 12))),
    *_of(
        "constant",
        {"p": 0.5, "q": 2.0, "gap": 0.25},
        {"p": 0.5, "q": 2.0, "gap": 0.125},
        {"p": 2.0, "q": 2.0, "gap": 0.25},
        {"p": 2.0, "q": 1.0, "gap": 0.25},
    ),
    *_of(
        "factors",
        *({"n": n, "d": d} for n, d in ((1, 2), (1, 4), (1, 6), (2, 2), (2, 4), (3, 2), (3, 4))),
    ),
    *_of("exponent", *({"x": n, "d": 4} for n in (1000, 10000, 100000))),
]
STUDY = evidence(
    "evidence-smedira",
    "Losses of polynomial families, and the lemmas of the work, by quadrature.",
    CELLS,
    measure,
    PARTS,
    seed=2026,
    replicates=1,
)
