r"""Zhu, Locatello and Cevher 2023, with SCORE (Rolland et al. 2022): which variable is a leaf?

x_i = f_i(parents of i) + ε_i along a graph without cycles, ε_i ~ N(0, σ_i²) independent. With
ch(j) the children of j and D_j = ∂_jj log p,

    D_j = −1/σ_j² + Σ_{i ∈ ch(j)} [ε_i ∂_jj f_i − (∂_j f_i)²]/σ_i².

A leaf has D_j = −1/σ_j², a constant. SCORE estimates Var D_j, takes the least for a leaf, removes
it, and repeats. What follows is derived here.

**Variance.** If no child of j is a parent of another child of j, the ε_i above are independent of
all the f's, and
Var D_j = Σ_i E(∂_jj f_i)²/σ_i² + Var Σ_i (∂_j f_i)²/σ_i². Otherwise f_i may hold ε_k: for
x_2 = a x_1² + ε_2, x_3 = c x_1² x_2 + ε_3, unit variances, −96 a² c² is to be added, which is
−2 Cov(2a ε_2, 4a²x_1² + 4c²x_1²x_2²), since E ε_2 x_1² x_2² = 2a E x_1⁴ = 6a.

**Last child.** Let i be the child of j that comes last in some order of causes. No other f_k, k in
ch(j), holds ε_i. Given all noises but ε_i, Var D_j is therefore (∂_jj f_i)²/σ_i², and
Var D_j ≥ E(∂_jj f_i)²/σ_i². A child that is not the last gives no bound: in
x_2 = a x_1² + ε_2, x_3 = x_1(m + (a/m) x_2) + ε_3 the noise of x_2 is cancelled.

**Linear, not Gaussian.** x_2 = b x_1 + ε_2, ℓ_i = log density of ε_i: D_2 = ℓ_2''(ε_2) and
D_1 = ℓ_1''(ε_1) + b² ℓ_2''(ε_2). So Var D_1/Var D_2 = Var ℓ_1''/Var ℓ_2'' + b⁴: with a Gaussian
root SCORE is wrong at |b| < 1 however many data there are.

**Means.** −1/E D_j = 1/(1/σ_j² + Σ_i E(∂_j f_i)²/σ_i²): σ_j² at a leaf and nowhere else.

**How many data.** x_1 = ε_1, x_2 = b sin x_1 + ε_2, unit variances. Least squares score matching
in the span of φ = (x_1, x_2, x_1²/2, x_2²/2, x_1x_2, x_2 sin x_1, cos 2x_1, x_1 sin x_2, cos 2x_2)
holds log p: θ* = (0, 0, −1, −1, 0, b, b²/4, 0, 0). It estimates θ* with the sandwich
V = H^{-1}ΓH^{-1} over n, and Var D_j is θᵀC_jθ, C_j = Cov ∂_jjφ. So x_2 is taken for the leaf with
the probability that a quadratic form in a Gaussian, θ̂ᵀ(C_1 − C_2)θ̂, is positive: P(n), by Imhof's
integral. Of d/2 independent pairs all are ordered right with P^{d/2}: whatever column is least, it
is the lesser of its own pair. The form's large deviations, P(wrong) ≈ n^{−1/2} e^{−rn} × a
constant, make each e-fold of d cost 1/(r + 1/(2n)) data, with r the least of
½(θ − θ*)ᵀV^{-1}(θ − θ*) where the form is ≤ 0.

**Linear and Gaussian.** x_2 = b x_1 + ε_2 lies in the family too, and both variances are 0. Then
the form has its mean at 0, n drops out, and the probability is neither ½ nor tends to it.
"""

from collections.abc import Callable
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.integrate import quad
from scipy.optimize import brentq, minimize_scalar

from bounds.check import Array
from bounds.claim import Cell, Claim, Paper

PAPER = Paper(
    stem="zhu_2023",
    title="Sample Complexity Bounds for Score-Matching: Causal Discovery and Generative Modeling",
    authors=("Zhu", "Locatello", "Cevher"),
    venue="NeurIPS 2023",
    link="https://arxiv.org/abs/2310.18123",
    have="the abstract; of SCORE, its estimator (Rolland et al., arXiv 2203.04413)",
    unknown=(
        "abstract read; statement unread: the theorems, their rates, constants and assumptions",
        "what is assumed of the functions f_i, so that a good score makes few errors of the order",
        "the networks, and the bound for generative modelling: neither is touched here",
    ),
)
HERE = "derived in bounds/papers/zhu_2023.py"
STUDY = "evidence-zhu"


# --- variances in closed form ---------------------------------------------------------------------


def _cosine(t: float, v: float) -> float:
    """E cos(t x) for x ~ N(0, v)."""
    return float(np.exp(-(t**2) * v / 2))


def _cosine_variance(v: float) -> float:
    """Var cos² x, which is ¼ Var cos 2x."""
    return ((1 + _cosine(4, v)) / 2 - _cosine(2, v) ** 2) / 4


def _curved(c: Cell) -> float:
    """Σ E(f_i'')²/σ_i² of the root: children a x² and b sin x, of noise w."""
    return float((4 * c["a"] ** 2 + c["b"] ** 2 * (1 - _cosine(2, c["v"])) / 2) / c["w"])


def _jacobian_variance(c: Cell) -> float:
    """The same and Var Σ (f_i')²/σ_i² = Var(4a²x² + b² cos² x)/w²."""
    a, b, v, w = c["a"], c["b"], c["v"], c["w"]
    cross = -2 * v**2 * _cosine(2, v)  # Cov(x², cos² x)
    squares = 32 * a**4 * v**2 + b**4 * _cosine_variance(v) + 8 * a**2 * b**2 * cross
    return float(_curved(c) + squares / w**2)


def _without_siblings(c: Cell) -> float:
    """The formula for independent children, at x_2 = a x_1² + ε, x_3 = c x_1² x_2 + ε."""
    a2, c2 = c["a"] ** 2, c["c"] ** 2
    squares = (
        32 * a2**2
        + 32 * a2 * c2 * (90 * a2 + 2)
        + 16 * c2**2 * (10395 * a2**2 + 630 * a2 + 9 - (15 * a2 + 1) ** 2)
    )
    return float(4 * a2 + 4 * c2 * (3 * a2 + 1) + squares)


def _children(c: Cell) -> list[float]:
    """E(∂_11 f_i)²/σ_i² of the root's children, the last one last."""
    if c["graph"] == "cancelled":
        return [4 * c["a"] ** 2, 4 * c["c"] ** 2]
    wave = (1 - _cosine(2, 1.0)) / 2
    return [wave, wave] if c["graph"] == "triangle" else [4 * c["a"] ** 2]


def _precision(c: Cell) -> float:
    """−E D_j of x_2 = a x_1² + b sin x_1 + ε, for the root or the leaf."""
    if c["node"] == "leaf":
        return float(1 / c["w"])
    v, a, b = c["v"], c["a"], c["b"]  # the slope is 2a x + b cos x, and E x cos x = 0
    return float(1 / v + (4 * a**2 * v + b**2 * (1 + _cosine(2, v)) / 2) / c["w"])


# --- the estimate's ridge -------------------------------------------------------------------------


@cache
def _kernel_basis(scale: float, count: int = 30, points: int = 120) -> tuple[Array, Array, Array]:
    """Mercer's eigenvalues of exp(−(x − y)²/(2s²))/s under N(0, 1), and of −x and x² − 1 the
    coefficients in the eigenfunctions; the last are kept on Gauss and Hermite's nodes.
    """
    a, b = 0.25, 1 / (2 * scale**2)
    c = np.sqrt(a * a + 2 * a * b)
    total = a + b + c
    values = np.sqrt(2 * a / total) * (b / total) ** np.arange(count) / scale
    x, w = hermegauss(points)
    w = w / w.sum()
    y = np.sqrt(2 * c) * x
    functions = [np.ones_like(y), 2 * y / np.sqrt(2)]
    for k in range(1, count - 1):  # Hermite's polynomials over √(2^k k!)
        functions.append(np.sqrt(2 / (k + 1)) * y * functions[k] - np.sqrt(k / (k + 1)) * functions[k - 1])
    basis = (2 * c / (2 * a)) ** 0.25 * np.exp(-(c - a) * x**2) * np.array(functions)
    targets = np.array([-x, x**2 - 1])
    return values, basis, (basis * w) @ targets.T


def _ridge_bias(c: Cell) -> float:
    """Var of R − G² for endless noiseless data at the ridge η of n rows."""
    values, basis, targets = _kernel_basis(c["scale"])
    kept = values / (values + c["eta"] / c["n"])
    G, R = (kept[:, None] * targets).T @ basis
    _, w = hermegauss(basis.shape[1])
    found = R - G**2
    w = w / w.sum()
    return float(w @ found**2 - (w @ found) ** 2)


def _ridge_bias_hermite(c: Cell) -> float:
    """As if Hermite's polynomials were the eigenfunctions: R = f_2(x² − 1), G = f_1 x."""
    values, _, _ = _kernel_basis(c["scale"])
    first, second = (values / (values + c["eta"] / c["n"]))[1:3]
    return float(2 * (second - first**2) ** 2)


# --- how many data --------------------------------------------------------------------------------


@cache
def _fit(b: float, noise: float, wave: bool) -> tuple[Array, Array, Array, Array]:
    """θ*, H, Γ and C_1 − C_2 of x_2 = b sin x_1 + ε (wave), or b x_1 + ε, ε ~ N(0, noise)."""
    node, weight = hermegauss(60)
    w = np.outer(weight, weight).ravel() / weight.sum() ** 2
    x, e = (one.ravel() for one in np.meshgrid(node, node, indexing="ij"))
    y = b * (np.sin(x) if wave else x) + np.sqrt(noise) * e
    one, nil = np.ones_like(x), np.zeros_like(x)
    sx, cx, sy, cy = np.sin(x), np.cos(x), np.sin(y), np.cos(y)
    F1 = np.array([one, nil, x, nil, y, y * cx, -2 * np.sin(2 * x), sy, nil])
    F2 = np.array([nil, one, nil, y, x, sx, nil, x * cy, -2 * np.sin(2 * y)])
    D1 = np.array([nil, nil, one, nil, nil, -y * sx, -4 * np.cos(2 * x), nil, nil])
    D2 = np.array([nil, nil, nil, one, nil, nil, nil, -x * sy, -4 * np.cos(2 * y)])
    theta = np.array([0, 0, -1, -1, 0, b, b**2 / 4, 0, 0])
    if not wave:
        theta = np.array([0, 0, -1 - b**2 / noise, -1 / noise, b / noise, 0, 0, 0, 0])
    alpha = D1 + D2 + F1 * (theta @ F1) + F2 * (theta @ F2)
    gap = (_centred(D1, w) * w) @ _centred(D1, w).T - (_centred(D2, w) * w) @ _centred(D2, w).T
    return theta, (F1 * w) @ F1.T + (F2 * w) @ F2.T, (alpha * w) @ alpha.T, gap


def _centred(values: Array, w: Array) -> Array:
    return np.asarray(values - (values @ w)[:, None])


def _form(c: Cell, inverse: bool = False) -> tuple[Array, Array]:
    """λ and δ of the form at n = 1, Σ λ_r (z_r + δ_r)²; with H^{-1} for V if `inverse`."""
    theta, H, gamma, gap = _fit(c["b"], c.get("noise", 1.0), c.get("law", "sine") == "sine")
    V = np.linalg.inv(H) if inverse else np.linalg.solve(H, np.linalg.solve(H, gamma).T)
    root = np.linalg.cholesky((V + V.T) / 2)
    values, vectors = np.linalg.eigh(root.T @ gap @ root)
    return values, vectors.T @ np.linalg.solve(root, theta)


def positive_chance(values: Array, shifts: Array) -> float:
    """P(Σ λ_r (z_r + δ_r)² > 0) by Imhof's integral, shapes (p,)."""
    values = values / np.abs(values).max()

    def size(u: float) -> float:
        square = 1 + (values * u) ** 2
        fall = np.exp(-np.sum((shifts * values * u) ** 2 / square) / 2)
        return float(fall / (u * np.prod(square) ** 0.25))

    def integrand(u: float) -> float:
        bent = np.arctan(values * u) + shifts**2 * values * u / (1 + (values * u) ** 2)
        return float(np.sin(np.sum(bent) / 2) * size(u))

    far = 1e-3
    while size(far) > 1e-13 and far < 1e9:
        far *= 2
    ends = np.append(0.0, np.geomspace(1e-4 * far, far, 40))
    parts = (quad(integrand, a, z, epsabs=1e-14, limit=200)[0] for a, z in pairwise(ends))
    return float(0.5 + sum(parts) / np.pi)


def right(c: Cell, inverse: bool = False) -> float:
    """P that all of the cell's d/2 pairs are ordered right with n rows."""
    values, shifts = _form(c, inverse)
    return positive_chance(values, np.sqrt(c["n"]) * shifts) ** (c["d"] / 2)


def samples(c: Cell, inverse: bool = False) -> float:
    """The n at which that is 0.95."""
    values, shifts = _form(c, inverse)
    wanted = 0.95 ** (2 / c["d"])
    found = brentq(
        lambda log_n: positive_chance(values, np.exp(log_n / 2) * shifts) - wanted,
        *np.log([5.0, 1e6]),
        xtol=1e-9,
    )
    return float(np.exp(found))


def rate(b: float) -> float:
    """r, by the dual of its minimum: the largest −Σ δ²λs/(1 − 2λs) over s < 0."""
    values, shifts = _form({"b": b})
    least = -1 / (2 * -values.min())  # 1 − 2λs > 0

    def below(s: float) -> float:
        return float(np.sum(shifts**2 * values * s / (1 - 2 * values * s)))

    return -float(minimize_scalar(below, bounds=(least, 0), method="bounded", options={"xatol": 1e-12 * -least}).fun)


def _normal_rate(b: float) -> float:
    """r as if the form were normal with its mean and, to leading order, its variance."""
    values, shifts = _form({"b": b})
    return float(np.sum(values * shifts**2) ** 2 / (8 * np.sum((values * shifts) ** 2)))
