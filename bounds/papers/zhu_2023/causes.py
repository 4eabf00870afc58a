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

from functools import cache

import numpy as np
import scipy
from numpy.polynomial.hermite_e import hermegauss

from bounds.check import Array
from bounds.claim import Cell, Claim

HERE = "bounds/papers/zhu_2023/causes.py, its opening lines"


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
        functions.append(
            np.sqrt(2 / (k + 1)) * y * functions[k] - np.sqrt(k / (k + 1)) * functions[k - 1]
        )
    basis = (2 * c / (2 * a)) ** 0.25 * np.exp(-(c - a) * x**2) * np.array(functions)
    targets = np.array([-x, x**2 - 1])
    return values, basis, (basis * w) @ targets.T


def _ridge_bias(c: Cell) -> float:
    """Var of R − G² for endless noiseless data at the ridge η of n rows."""
    values, basis, targets = _kernel_basis(c["scale"])
    kept = values / (values + c["eta"] / c["rows"])
    G, R = (kept[:, None] * targets).T @ basis
    _, w = hermegauss(basis.shape[1])
    found = R - G**2
    w = w / w.sum()
    return float(w @ found**2 - (w @ found) ** 2)


def _ridge_bias_hermite(c: Cell) -> float:
    """As if Hermite's polynomials were the eigenfunctions: R = f_2(x² − 1), G = f_1 x."""
    values, _, _ = _kernel_basis(c["scale"])
    first, second = (values / (values + c["eta"] / c["rows"]))[1:3]
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

    def parts(u: Array) -> tuple[Array, Array]:
        at = np.multiply.outer(u, values)
        moved = shifts**2 * at / (1 + at**2)
        angle = np.sum(np.arctan(at) + moved, axis=-1) / 2
        size = -np.sum(moved * at, axis=-1) / 2 - np.sum(np.log1p(at**2), axis=-1) / 4
        return angle, np.exp(size) / u

    far = 1e-3
    while parts(np.array([far]))[1][0] > 1e-13 and far < 1e9:
        far *= 2
    node, weight = np.polynomial.legendre.leggauss(16)
    near = min(1e-6, 1e-4 * far)
    ends = np.append(0.0, np.geomspace(near, far, 2 + int(6 * np.log(far / near))))
    half = np.diff(ends)[:, None] / 2
    angle, size = parts((ends[:-1, None] + half * (1 + node)).ravel())
    return float(0.5 + (half * weight).ravel() @ (np.sin(angle) * size) / np.pi)


def right(c: Cell, inverse: bool = False) -> float:
    """P that all of the cell's d/2 pairs are ordered right with n rows."""
    values, shifts = _form(c, inverse)
    return float(positive_chance(values, np.sqrt(c["rows"]) * shifts) ** (c.get("d", 2) / 2))


def samples(c: Cell, inverse: bool = False) -> float:
    """The n at which that is 0.95."""
    values, shifts = _form(c, inverse)
    wanted = 0.95 ** (2 / c["d"])
    found = scipy.optimize.brentq(
        lambda log_n: positive_chance(values, np.exp(log_n / 2) * shifts) - wanted,
        *np.log([10 / c["b"] ** 2, 3000 / c["b"] ** 2]),
        xtol=1e-9,
    )
    return float(np.exp(found))


def rate(b: float) -> float:
    """r, by the dual of its minimum: the largest −Σ δ²λs/(1 − 2λs) over s < 0."""
    values, shifts = _form({"b": b})
    least = -1 / (2 * -values.min())  # 1 − 2λs > 0

    def below(s: float) -> float:
        return float(np.sum(shifts**2 * values * s / (1 - 2 * values * s)))

    return -float(
        scipy.optimize.minimize_scalar(
            below, bounds=(least, 0), method="bounded", options={"xatol": 1e-12 * -least}
        ).fun
    )


def _normal_rate(b: float) -> float:
    """r as if the form were normal with its mean and, to leading order, its variance."""
    values, shifts = _form({"b": b})
    return float(np.sum(values * shifts**2) ** 2 / (8 * np.sum((values * shifts) ** 2)))


# --- what was seen of the kernel's estimate -------------------------------------------------------

COIN = {(1.0, 1.0): 0.862, (0.5, 0.25): 0.145, (0.2, 0.5): 0.23, (0.5, 0.75): 0.5}
"""P that the second column is picked, by b and the noise's variance: n = 100, default ridge. The
last is exact: there the columns may be exchanged.
"""
RIDGES = {1e-3: 0.171, 1.0: 0.018, 100.0: 0.54}
"""Errors of the kernel's estimate by its ridge: n = 100, b = 1.2."""


# --- claims ---------------------------------------------------------------------------------------


CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="zhu-jacobian-variance",
        statement="Var ∂_jj log p = Σ_i E(∂_jj f_i)²/σ_i² + Var Σ_i (∂_j f_i)²/σ_i² over the "
        "children i of j, where none is a parent of another.",
        assumptions="x_2 = a x_1² + ε and x_3 = b sin x_1 + ε, one or both; four settings.",
        source=HERE,
        origin="derived",
        kind="identity",
        measurement="evidence-zhu:variance",
        formula=_jacobian_variance,
        decoy=_curved,
        decoy_note="the first sum alone, as if (∂_j f_i)² were constant",
        tolerance=1e-9,
        why="Given the f's, the ε_i are independent with mean 0; the rest is the f's variance.",
    ),
    Claim(
        name="zhu-jacobian-siblings",
        statement="For x_2 = a x_1² + ε, x_3 = c x_1² x_2 + ε the variance at x_1 is that of "
        "zhu-jacobian-variance less 96 a² c².",
        assumptions="Unit noises; three settings.",
        source=HERE,
        origin="derived",
        kind="identity",
        measurement="evidence-zhu:siblings",
        formula=lambda c: _without_siblings(c) - 96 * c["a"] ** 2 * c["c"] ** 2,
        decoy=_without_siblings,
        decoy_note="as if no child were another's parent: 360.5 for 356.7 at a = .5, c = .4",
        tolerance=1e-9,
        why="ε_2 is in f_3 as well: it lowers ∂_11 log p there while it raises it at x_2.",
        uses=("zhu-jacobian-variance",),
    ),
    Claim(
        name="zhu-last-child",
        statement="Var ∂_jj log p ≥ E(∂_jj f_i)²/σ_i² for the child i of j that comes last.",
        assumptions="Any graph without cycles; here three that cancel the first child's noise, a "
        "triangle of sines, and x_2 = .05 x_1² + ε.",
        source=HERE,
        origin="derived",
        kind="lower",
        measurement="evidence-zhu:last-child",
        formula=lambda c: _children(c)[-1],
        decoy=lambda c: max(_children(c)),
        decoy_note="for any child, so for the one with the largest such term",
        tolerance=1e-9,
        why="Given all noises but the last child's, that one enters by ε_i ∂_jj f_i/σ_i² alone. "
        "So a lower bound on the curvature of each f_i keeps non-leaves apart from leaves.",
    ),
    Claim(
        name="zhu-wrong-leaf",
        statement="For x_2 = b x_1 + ε_2, Var ∂_11 log p/Var ∂_22 log p = Var ℓ_1''/Var ℓ_2'' + "
        "b⁴: with a Gaussian root and a noise that is not, below 1 for |b| < 1.",
        assumptions="ε_2 of two modes, at ±1 or ±1.5 with variance .5 or .4; the root Gaussian or "
        "of the same law; b = .5, 1.5.",
        source=HERE,
        origin="derived",
        kind="identity",
        measurement="evidence-zhu:wrong-leaf",
        formula=lambda c: float((c["root"] == "modes") + c["b"] ** 4),
        decoy=lambda c: float((c["root"] == "modes") + c["b"] ** 2),
        decoy_note="b²: how f enters once, not squared",
        tolerance=1e-9,
        why="A leaf's variance is 0 for Gaussian noise only. With other noises the population "
        "itself takes the cause for the leaf, however many data there are.",
    ),
    Claim(
        name="zhu-leaf-variance",
        statement="−1/E ∂_jj log p = 1/(1/σ_j² + Σ_i E(∂_j f_i)²/σ_i²), the noise's variance σ_j² "
        "at a leaf only.",
        assumptions="x_2 = .5 x_1² + b sin x_1 + ε, root and leaf.",
        source=HERE,
        origin="derived",
        kind="identity",
        measurement="evidence-zhu:mean",
        formula=lambda c: 1 / _precision(c),
        decoy=lambda c: float(c["w"] if c["node"] == "leaf" else c["v"]),
        decoy_note="σ_j² at every node",
        tolerance=1e-9,
        why="The mean of ε_i ∂_jj f_i is 0. So the noise's variance is to be read off at the step "
        "at which a column is a leaf, and not before.",
    ),
    Claim(
        name="zhu-units",
        statement="In units c times as small, the Stein estimate at the ridge η/c is the same as "
        "at η before, over c².",
        assumptions="60 rows of x_2 = x_1²/2 + ε, c = 10 and 0.1; solved for the ridge.",
        source=HERE,
        origin="derived",
        kind="identity",
        measurement="evidence-zhu:units",
        formula=lambda c: c["eta"] / c["factor"],
        decoy=lambda c: float(c["eta"]),
        decoy_note="the same η: a ridge without a unit",
        tolerance=1e-6,
        why="K is divided by its bandwidth s, so that η s is what is added to a kernel of height "
        "1. A change of units is a change of ridge.",
    ),
    Claim(
        name="zhu-ridge-bias",
        statement="What the ridge alone adds to a leaf's variance follows from Mercer's "
        "eigenvalues λ_k of the kernel, by the factors λ_k/(λ_k + η/n).",
        assumptions="N(0, 1), the median bandwidth .954; η = .001 at n = 50, 200, 800, and 1 and "
        "100 at n = 200; no noise of data.",
        source=HERE,
        origin="derived",
        kind="identity",
        measurement="evidence-zhu:ridge-bias",
        formula=_ridge_bias,
        decoy=_ridge_bias_hermite,
        decoy_note="eigenfunctions x and x² − 1, which are those of the law and not of the kernel",
        tolerance=1e-6,
        why="At the default η = .001 it is below .001. The variances that are estimated at leaves "
        "are above 1 for n up to 800: that floor is noise of the data, and not the ridge's bias.",
    ),
    Claim(
        name="zhu-samples",
        statement="The n at which x_2 is taken for the leaf with probability .95 is that of a "
        "quadratic form under the sandwich H^{-1}ΓH^{-1}/n; of d/2 pairs, P^{d/2} = .95.",
        assumptions="x_2 = b sin x_1 + ε, nine functions, least squares score matching, to leading "
        "order; b = .2 to 1.2, and d = 8 to 512 at b = .5.",
        source=HERE,
        origin="derived",
        kind="identity",
        measurement="evidence-zhu:samples",
        formula=samples,
        decoy=lambda c: samples(c, inverse=True),
        decoy_note="H^{-1} for the sandwich, as for maximum likelihood",
        tolerance=1e-5,
        why="n b² tends to 258 as b falls: ∂_11 log p varies by b, and its estimate by 1/√n.",
    ),
    Claim(
        name="zhu-per-fold",
        statement="The n for probability .95 grows like log d: each e-fold of d costs 1/(r + "
        "1/(2n)) rows, r the rate of the form's large deviations.",
        assumptions="As zhu-samples; from d = 10⁴ to 4·10⁴, n in their middle; b = .8, 1.2, 1.6. "
        "To 2 %, chosen after looking.",
        source=HERE,
        origin="derived",
        kind="identity",
        measurement="evidence-zhu:per-fold",
        formula=lambda c: 1 / (rate(c["b"]) + 1 / (2 * c["rows"])),
        decoy=lambda c: 1 / (_normal_rate(c["b"]) + 1 / (2 * c["rows"])),
        decoy_note="the rate of a normal law with the form's mean and leading variance",
        tolerance=0.02,
        description=True,
        why="All d/2 pairs must be right, and P(wrong) of one falls like n^{−1/2} e^{−rn}.",
        uses=("zhu-samples",),
    ),
    Claim(
        name="zhu-order-error",
        statement="Of d/2 independent pairs, each fitted by itself, some order is wrong with "
        "probability 1 − P(n)^{d/2}.",
        assumptions="As zhu-samples, b = .5, d = 2, 8, 32, 128, n = 200 to 1600; P to leading "
        "order, so to .02 beside the noise.",
        source=HERE,
        origin="derived",
        kind="tight",
        measurement="evidence-zhu:order-error",
        formula=lambda c: 1 - right(c),
        decoy=lambda c: 1 - right(c, inverse=True),
        decoy_note="H^{-1} for the sandwich",
        tolerance=0.02,
        scale=1.0,
        why="The least column of all is the lesser of its own pair; so the order is right if and "
        "only if each pair's is.",
        uses=("zhu-samples",),
    ),
    Claim(
        name="zhu-linear-family",
        statement="For linear Gaussian data, x_2 = b x_1 + ε, both variances are 0, and x_2 is "
        "taken for the leaf with a probability that depends on b and ε's variance, not on n.",
        assumptions="The same nine functions; (b, variance) = (1, 1), (.5, .25), (.5, .75), n = "
        "100 to 400; to leading order, so to .02.",
        source=HERE,
        origin="derived",
        kind="tight",
        measurement="evidence-zhu:linear-family",
        formula=right,
        decoy=lambda c: 0.5,
        decoy_note="½: where no order can be known, a coin decides",
        tolerance=0.02,
        scale=1.0,
        why="The form's mean is 0, so n only scales it. ½ is right where the columns may be "
        "exchanged, which for pairs is where their precisions are equal.",
    ),
    Claim(
        name="zhu-not-a-coin",
        statement="SCORE with its default ridge takes x_2 of linear Gaussian data with "
        "probability .87, .15, .24 for (b, variance of ε) = (1, 1), (.5, .25), (.2, .5), and with "
        "½ at (.5, .75).",
        assumptions="n = 100; the first three measured with other samples, 8000 each.",
        source=HERE,
        origin="derived",
        kind="tight",
        measurement="evidence-zhu:coin",
        formula=lambda c: COIN[c["b"], c["noise"]],
        decoy=lambda c: 0.5,
        decoy_note="½: where no order can be known, a coin decides",
        tolerance=0.02,
        scale=1.0,
        description=True,
        why="It takes the column of the smaller precision more often. The precisions are 2 and 1, "
        "2 and 4, 1.08 and 2; at (.5, .75) they are equal, and the columns may be exchanged.",
    ),
    Claim(
        name="zhu-ridge-errors",
        statement="SCORE's errors fall and then rise as its ridge grows: .17, .02, .54 at η = "
        ".001, 1, 100.",
        assumptions="x_2 = 1.2 sin x_1 + ε, n = 100; measured with other samples, 4000 each.",
        source=HERE,
        origin="derived",
        kind="tight",
        measurement="evidence-zhu:kernel",
        formula=lambda c: RIDGES[c["eta"]],
        decoy=lambda c: RIDGES[1e-3],
        decoy_note="the error at the default ridge, for each",
        tolerance=0.02,
        scale=1.0,
        description=True,
        why="Below, the noise of the estimate is the floor on a leaf's variance; above, both "
        "variances are shrunk to nothing, and what is left of them is the ridge's.",
    ),
)
