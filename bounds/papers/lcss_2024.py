r"""Local curvature smoothing with Stein's identity (2024): the trace without the Jacobian.

Their abstract: Stein's identity spares score matching the Jacobian's trace, regularises, and avoids
learning a denoising field in place of the true score; samples are as good as denoising's. How the
loss reads we do not know. Two readings stand in `bounds.local_curvature`, variant A with the square
of the score at the noisy point and variant B with it at the clean one; neither is attributed here.
What follows holds of them, σ > 0, x ~ N(0, Σ) of eigenvalues λ_i, z ~ N(0, I), x' = x + σz.

**The trace at one point.** For s(x) = Ax + b, A_s = (A + Aᵀ)/2, z·s(x')/σ = z·s(x)/σ + zᵀAz has the
variance |s(x)|²/σ² + 2|A_s|_F². Both signs of z take the first term away. Signs ±1 in the place of
normals have z_i² = 1 and so 2(|A_s|_F² − Σ A_ii²).

**Risk of linear fits.** From m data and K draws of noise for each, W = Σ xxᵀ/m and
N = Σ z x'ᵀ/(mKσ), variant B fits −N W^{-1}. Given the data N has the mean I, and its two parts,
Σ zxᵀ/(mKσ) and Σ (zzᵀ − I)/(mK), are uncorrelated. With E W^{-1} = m e_1 Σ^{-1} and
E W^{-1}ΣW^{-1} = m² e_2 Σ^{-1} of the Wishart law,

    e_1 = 1/(m − d − 1),   e_2 = (m − 1)/((m − d)(m − d − 1)(m − d − 3)),

    B:            tr Σ^{-1} (q + m (d + 1) e_2/K) + d² e_1/(σ²K),   q = m² e_2 − 2 m e_1 + 1,
    both signs:   tr Σ^{-1} (q + m (d + 1) e_2/K),
    exact trace:  tr Σ^{-1} q,
    A, K = 1:     Σ λ_i (1/λ_i − 1/v_i)² + Σ (1/σ² − 1/v_i) e_1 Σ λ_i/v_i,   v = λ + σ²,

each E|(M + Σ^{-1}) x|² over new clean x: how far the fit is from the score of the clean law. A aims
at −(Σ + σ²)^{-1}, hence its bias. As σ → 0 both A and B come to d² e_1/σ²: removing the trace by
Stein's identity removes denoising's bias, and not its variance; two signs do.

**The least of B among all functions** is −½ ∫ |∇(p * N_σ)|²/p. On the line, for N(0, v),

    −½ v²/(v² − σ⁴)^{3/2}   if σ² < v.

Among polynomials of degree n it is −½ Σ_k b_k² over odd k ≤ n, b_k = E h_k'(x') with the
orthonormal Hermite polynomials h_k of N(0, v), and E He_{k−1} of a normal of variance 1 + r is
r^{(k−1)/2} (k − 2)!!:

    b_k² = (k/v) (σ²/v)^{k−1} ((k − 2)!!)²/(k − 1)!,

which grows without bound once σ² ≥ v. On a training set there is no bound for any σ: data spaced by
Δ, s(x) = −g (x − the nearest datum) vanishes at the data, and its loss is

    −g (1 − (Δ/σ) mean over data of Σ φ((b − x)/σ)),   b the midpoints between neighbours,

linear in g. Variant A is at least −d/(2σ²), always.
"""

from collections.abc import Callable

import numpy as np
import scipy
from scipy.special import factorial, factorial2

from bounds.check import Array
from bounds.claim import Cell, Claim, Paper

PAPER = Paper(
    stem="lcss_2024",
    title="Local Curvature Smoothing with Stein's Identity for Efficient Score Matching",
    authors=("Osada", "Shing", "Nishide"),
    venue="NeurIPS 2024",
    link="https://arxiv.org/abs/2412.03962",
    have="the abstract; every formula here is derived by us, and their statements are unread",
    unknown=(
        "abstract read; statement unread: how its loss reads, and at which point it squares the "
        "score",
        "the noise scale, and how many draws are taken for each datum",
        "what is meant by regularisation, and what its experiments compare",
    ),
    about={
        "scores and laws": (
            "lcss-a-is-*",
            "lcss-curvature*",
        ),
        "bias": (
            "lcss-[ab]-minimiser",
            "lcss-curvature*",
            "lcss-fit-a",
        ),
        "variance": ("lcss-*-variance",),
        "risk": (
            "lcss-fit-*",
            "lcss-same-*",
        ),
        "optimisation": (
            "lcss-[ab]-minimiser",
            "lcss-b-*",
        ),
    },
)


# --- linear scores --------------------------------------------------------------------------------


def _inverse(cell: Cell, noise: float) -> float:
    """An entry of −(Σ + noise)^{-1}, Σ of eigenvalues `values` turned by `angle`."""
    turn = np.array(
        [
            [np.cos(cell["angle"]), -np.sin(cell["angle"])],
            [np.sin(cell["angle"]), np.cos(cell["angle"])],
        ]
    )
    inverse = (turn / (np.array(cell["values"]) + noise)) @ turn.T
    return float(-inverse[cell["i"], cell["j"]])


def _curvature(cell: Cell, half: float = 0.5) -> float:
    """(σ²/2)|M|_F²."""
    return float(half * cell["sigma"] ** 2 * np.sum(np.square(cell["matrix"])))


def _general_curvature(cell: Cell, higher: bool = True) -> float:
    """E[s'² + s s''] for the score s of two normals at ±μ, over their law; or E s'² alone."""
    mu = cell["mean"]
    x = np.linspace(-mu - 14, mu + 14, 8001)
    p = (scipy.stats.norm.pdf(x - mu) + scipy.stats.norm.pdf(x + mu)) / 2
    tanh = np.tanh(mu * x)
    s, slope = -x + mu * tanh, -1 + mu**2 * (1 - tanh**2)
    bend = -2 * mu**3 * (1 - tanh**2) * tanh
    return float(p @ (slope**2 + (s * bend if higher else 0.0)) * (x[1] - x[0]))


def _symmetric(cell: Cell) -> Array:
    a = np.array(cell["matrix"])
    return np.asarray((a + a.T) / 2)


def _of_quadratic(cell: Cell) -> float:
    """2|A_s|_F²."""
    return float(2 * np.sum(_symmetric(cell) ** 2))


def _one_sided(cell: Cell) -> float:
    s = np.array(cell["matrix"]) @ cell["x"] + cell["shift"]
    return float(s @ s / cell["sigma"] ** 2) + _of_quadratic(cell)


def _of_signs(cell: Cell) -> float:
    return _of_quadratic(cell) - float(2 * np.sum(np.diag(_symmetric(cell)) ** 2))


def _shape(cell: Cell) -> tuple[Array, int, int, float, float]:
    """λ, m, d, e_1, e_2."""
    lam, m = np.array(cell["values"]), cell["m"]
    d = lam.size
    return lam, m, d, 1 / (m - d - 1), (m - 1) / ((m - d) * (m - d - 1) * (m - d - 3))


def _trace_risk(cell: Cell) -> float:
    lam, m, _, one, two = _shape(cell)
    return float(np.sum(1 / lam) * (m**2 * two - 2 * m * one + 1))


def _leading_trace_risk(cell: Cell) -> float:
    lam, m, d, *_ = _shape(cell)
    return float(np.sum(1 / lam) * (d + 1) / m)


def _antithetic_risk(cell: Cell) -> float:
    lam, m, d, _, two = _shape(cell)
    return float(_trace_risk(cell) + np.sum(1 / lam) * m * (d + 1) * two / cell["redraws"])


def _b_risk(cell: Cell) -> float:
    _, _, d, one, _ = _shape(cell)
    return float(_antithetic_risk(cell) + d**2 * one / (cell["sigma"] ** 2 * cell["redraws"]))


def _b_risk_of_constant(cell: Cell) -> float:
    """B's risk with e_1² for e_2: W^{-1} taken for its mean."""
    lam, m, d, one, _ = _shape(cell)
    q = (m * one - 1) ** 2
    noise = m * (d + 1) * one**2 / cell["redraws"]
    return float(
        np.sum(1 / lam) * (q + noise) + d**2 * one / (cell["sigma"] ** 2 * cell["redraws"])
    )


def _a_variance(cell: Cell) -> float:
    lam, _, _, one, _ = _shape(cell)
    v = lam + cell["sigma"] ** 2
    return float(np.sum(1 / cell["sigma"] ** 2 - 1 / v) * one * np.sum(lam / v))


def _a_risk(cell: Cell) -> float:
    lam = np.array(cell["values"])
    bias = lam * (1 / lam - 1 / (lam + cell["sigma"] ** 2)) ** 2
    return float(bias.sum()) + _a_variance(cell)


def _scaled_limit(cell: Cell) -> float:
    """σ² m times either risk as σ → 0: d² m e_1."""
    _, m, d, one, _ = _shape(cell)
    return float(d**2 * m * one)


# --- all functions --------------------------------------------------------------------------------


def unrestricted_minimum(cell: Cell) -> float:
    """−½ v²/(v² − σ⁴)^{3/2}, σ² < v."""
    v, noise = cell["value"], cell["noise"]
    return float(-(v**2) / (v**2 - noise**2) ** 1.5 / 2)


def degree_minimum(cell: Cell) -> float:
    """−½ Σ b_k² over odd k up to the degree."""
    v = cell["value"]
    k = np.arange(1, cell["degree"] + 1, 2)
    double = factorial2(np.maximum(k - 2, 1))  # scipy has (−1)!! = 1 as 0; 1!! is 1, too
    squares = k / v * (cell["noise"] / v) ** (k - 1) * double**2 / factorial(k - 1)
    return float(-squares.sum() / 2)


def of_training_set(cell: Cell) -> float:
    """−g (1 − (Δ/σ) mean Σ φ), data at 0, Δ, 2Δ, …."""
    data = cell["spacing"] * np.arange(cell["data"])
    middles = data[:-1] + cell["spacing"] / 2
    crossed = scipy.stats.norm.pdf((middles - data[:, None]) / cell["sigma"]).sum(axis=1).mean()
    return float(-cell["gain"] * (1 - cell["spacing"] / cell["sigma"] * crossed))


def _above_floor(formula: Callable[[Cell], float]) -> Callable[[Cell], float]:
    """The formula, or variant A's floor −1/(2σ²) where it would be below."""

    def floored(cell: Cell) -> float:
        noise = cell["noise"] if "noise" in cell else cell["sigma"] ** 2
        return float(max(formula(cell), -1 / (2 * noise)))

    return floored


_STUDY = "evidence-lcss"
_SOURCE = "lcss_2024, abstract, statement unread; bounds/papers/lcss_2024.py, derived"
_LOSSES = "lcss_2024, abstract, statement unread; bounds/local_curvature.py, derived"
_FITS = (
    "Gaussian data of known mean 0, linear scores, m > d + 3; measured with λ = linspace(0.3, 3, "
    "d), d = 4 and m = 20, σ = 0.3 and 1, K = 1 and 4; d = 8, m = 1000, K = 1, σ = 0.01 to 2"
)
_POINT = "s(x) = Ax + b at a fixed x; d = 3, two A that are not symmetric, σ = 0.1 and 1"

CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="lcss-a-is-denoising",
        statement="Variant A is denoising score matching's loss ½|s(x') + z/σ|² less ½|z|²/σ², "
        "sample by sample.",
        assumptions="Any score; measured for a score that is no gradient, d = 3, σ = 0.1 and 1, "
        "three draws each.",
        source=_LOSSES,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:a-less-denoising",
        formula=lambda c: -np.sum(np.square(c["z"])) / (2 * c["sigma"] ** 2),
        decoy=lambda c: -len(c["z"]) / (2 * c["sigma"] ** 2),
        decoy_note="less its mean d/(2σ²): equal in the mean alone",
        tolerance=1e-9,
        why="The square, multiplied out.",
    ),
    Claim(
        name="lcss-a-minimiser",
        statement="Among linear scores variant A is least at −(Σ + σ²I)^{-1}.",
        assumptions="Gaussian data of mean 0; measured for d = 2, λ = 0.5 and 2 in a turned basis, "
        "σ = 0.3, 1 and 2.",
        source=_LOSSES,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:a-minimiser",
        formula=lambda c: _inverse(c, c["sigma"] ** 2),
        decoy=lambda c: _inverse(c, 0.0),
        decoy_note="−Σ^{-1}, the score of the clean law",
        tolerance=1e-6,
        scale=0.1,
        why="It is denoising score matching, which learns the score of the noisy law.",
        uses=("lcss-a-is-denoising",),
    ),
    Claim(
        name="lcss-b-minimiser",
        statement="Among linear scores variant B is least at −Σ^{-1}, whatever σ.",
        assumptions="Gaussian data of mean 0; measured for d = 2, λ = 0.5 and 2 in a turned basis, "
        "σ = 0.3, 1 and 2.",
        source=_LOSSES,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:b-minimiser",
        formula=lambda c: _inverse(c, 0.0),
        decoy=lambda c: _inverse(c, c["sigma"] ** 2),
        decoy_note="−(Σ + σ²I)^{-1}, the score of the noisy law",
        tolerance=1e-6,
        scale=0.1,
        why="A linear score's divergence is the same at x and at x': the loss is Hyvärinen's.",
    ),
    Claim(
        name="lcss-curvature",
        statement="For s(x) = Mx, E A − E B = (σ²/2)|M|_F²: on clean points A is B with a ridge of "
        "σ².",
        assumptions="Linear scores, any data with two moments; measured for d = 2 and two M, σ = "
        "0.1, 0.5 and 2.",
        source=_LOSSES,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:curvature",
        formula=_curvature,
        decoy=lambda c: _curvature(c, 1.0),
        decoy_note="σ²|M|_F², without the half",
        tolerance=1e-8,
        why="½E|M(x + σz)|² − ½E|Mx|².",
    ),
    Claim(
        name="lcss-curvature-general",
        statement="For any smooth score on the line, (E A − E B)/(σ²/2) → E[s'² + s s''] as σ → 0: "
        "not a penalty on the derivative alone.",
        assumptions="Measured for the score of two normals at ±1.5 and at ±2, σ = 0.01 and 0.03; "
        "the next order is below 1 % there.",
        source=_LOSSES,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:curvature-general",
        formula=_general_curvature,
        decoy=lambda c: _general_curvature(c, higher=False),
        decoy_note="E s'², the derivative's square alone",
        tolerance=0.01,
        why="½(s²)'' = s'² + s s'', and E z² = 1.",
        uses=("lcss-curvature",),
    ),
    Claim(
        name="lcss-trace-variance",
        statement="At a point, z·s(x + σz)/σ has the variance |s(x)|²/σ² + 2|A_s|_F², A_s = (A + "
        "Aᵀ)/2.",
        assumptions=_POINT + ".",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:one-sided",
        formula=_one_sided,
        decoy=_of_quadratic,
        decoy_note="2|A_s|_F², Hutchinson's variance for the trace itself",
        tolerance=1e-8,
        why="z·s(x)/σ and zᵀAz are uncorrelated.",
    ),
    Claim(
        name="lcss-antithetic-variance",
        statement="With both signs of z the trace has the variance 2|A_s|_F², whatever σ.",
        assumptions=_POINT + ".",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:antithetic",
        formula=_of_quadratic,
        decoy=lambda c: float(2 * np.sum(np.square(c["matrix"]))),
        decoy_note="2|A|_F², without taking the symmetric part",
        tolerance=1e-8,
        why="z·s(x)/σ is odd in z.",
        uses=("lcss-trace-variance",),
    ),
    Claim(
        name="lcss-signs-variance",
        statement="With random signs for z, and −z beside it, the trace has the variance "
        "2(|A_s|_F² − Σ A_ii²).",
        assumptions=_POINT + ".",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:signs",
        formula=_of_signs,
        decoy=lambda c: _of_quadratic(c) - float(np.sum(np.diag(_symmetric(c)) ** 2)),
        decoy_note="2|A_s|_F² − Σ A_ii²",
        tolerance=1e-8,
        why="z_i² = 1 has no variance.",
        uses=("lcss-antithetic-variance",),
    ),
    Claim(
        name="lcss-fit-b",
        statement="The linear fit of variant B has the risk tr Σ^{-1}(q + m(d + 1)e_2/K) + d² "
        "e_1/(σ²K) as a score of the clean law.",
        assumptions=_FITS + ".",
        source=_SOURCE,
        origin="derived",
        kind="tight",
        measurement=f"{_STUDY}:b-risk",
        formula=_b_risk,
        decoy=_b_risk_of_constant,
        decoy_note="e_1² for e_2: the inverse Wishart matrix taken for its mean",
        why="Given the data N − I has two uncorrelated parts, and E W^{-1}ΣW^{-1} = m² e_2 Σ^{-1}.",
        uses=("lcss-b-minimiser", "lcss-trace-variance"),
    ),
    Claim(
        name="lcss-fit-antithetic",
        statement="With both signs of each z it has the risk tr Σ^{-1}(q + m(d + 1)e_2/K), "
        "whatever σ.",
        assumptions=_FITS + ".",
        source=_SOURCE,
        origin="derived",
        kind="tight",
        measurement=f"{_STUDY}:antithetic-risk",
        formula=_antithetic_risk,
        decoy=lambda c: _b_risk({**c, "redraws": 2 * c["redraws"]}),
        decoy_note="as of 2K independent draws",
        why="The part Σ zxᵀ/(mKσ) is odd in z.",
        uses=("lcss-fit-b",),
    ),
    Claim(
        name="lcss-fit-trace",
        statement="With the exact trace it has the risk tr Σ^{-1} q, q = m² e_2 − 2m e_1 + 1.",
        assumptions=_FITS + ".",
        source=_SOURCE,
        origin="derived",
        kind="tight",
        measurement=f"{_STUDY}:trace-risk",
        formula=_trace_risk,
        decoy=_leading_trace_risk,
        decoy_note="tr Σ^{-1} (d + 1)/m, its leading order in 1/m",
        decoy_reason="at m = 1000 the leading order is right to 2 %, and no decoy",
        why="The fit is −W^{-1}.",
        uses=("lcss-fit-b",),
    ),
    Claim(
        name="lcss-fit-a",
        statement="The linear fit of variant A, denoising, has as a score of the clean law the "
        "squared bias Σ λ_i(1/λ_i − 1/v_i)² and the variance tr C e_1 Σ λ_i/v_i.",
        assumptions=_FITS + "; K = 1 throughout.",
        source=_SOURCE,
        origin="derived",
        kind="tight",
        measurement=f"{_STUDY}:a-risk",
        formula=_a_risk,
        decoy=_a_variance,
        decoy_note="the variance alone: that it learns the clean law's score",
        why="It is the regression of −z/σ on x', with the residual covariance C = I/σ² − (Σ + "
        "σ²)^{-1}.",
        uses=("lcss-a-minimiser",),
    ),
    Claim(
        name="lcss-same-variance",
        statement="As σ → 0 the fits of A and of B have one risk, d² e_1/σ²: the trace by Stein's "
        "identity is as noisy as denoising.",
        assumptions="Gaussian data of mean 0, λ = linspace(0.3, 3, 8), m = 1000, K = 1, σ = 0.01 "
        "and 0.03, times m σ²; 0.5 % of slack.",
        source=_SOURCE,
        origin="derived",
        kind="tight",
        measurement=f"{_STUDY}:scaled",
        formula=_scaled_limit,
        decoy=lambda c: _scaled_limit(c) * (1 + 1 / len(c["values"])) / 2,
        decoy_note="d(d + 1)/2 for d²: as if symmetric matrices were fitted",
        tolerance=0.005,
        why="In both, z xᵀ/σ is all that is left.",
        uses=("lcss-fit-b", "lcss-fit-a"),
    ),
    Claim(
        name="lcss-b-minimum",
        statement="Among all functions variant B's least loss is −½ v²/(v² − σ⁴)^{3/2} for N(0, "
        "v), σ² < v: no linear score has it.",
        assumptions="Gaussian data on the line; measured for v = 1 and 2, σ²/v = 0.1, 0.5 and 0.9.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:minimum",
        formula=unrestricted_minimum,
        decoy=lambda c: -1 / (2 * c["value"]),
        decoy_note="−1/(2v), the least of linear scores, which are right for Gaussian data",
        tolerance=1e-8,
        why="The minimiser is ∇(p * N_σ)/p, and the loss there −½ ∫ |∇(p * N_σ)|²/p.",
        uses=("lcss-b-minimiser",),
    ),
    Claim(
        name="lcss-b-unbounded",
        statement="Among polynomials of degree n variant B's least loss is −½ Σ b_k² over odd k ≤ "
        "n, b_k² = (k/v)(σ²/v)^{k−1}((k − 2)!!)²/(k − 1)!: without bound in n once σ² ≥ v.",
        assumptions="N(0, 1) on the line; measured for σ² = 0.5, 0.9, 1 and 1.5, n = 1 to 31.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:degree",
        formula=degree_minimum,
        decoy=_above_floor(degree_minimum),
        decoy_note="never below −1/(2σ²), as variant A is",
        tolerance=1e-7,
        why="Hermite polynomials are orthonormal under the clean law, and grow too fast under the "
        "noisy one.",
        uses=("lcss-b-minimum",),
    ),
    Claim(
        name="lcss-b-training-set",
        statement="On a training set variant B has no bound for any σ: s = −g(x − the nearest "
        "datum) has a loss linear in g.",
        assumptions="Five data on the line, spaced by 1; σ = 0.1, 0.2 and 0.3, g = 10, 100 and "
        "1000.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:training-set",
        formula=of_training_set,
        decoy=_above_floor(of_training_set),
        decoy_note="never below −1/(2σ²), as variant A is",
        tolerance=1e-7,
        why="s is 0 at the data, so nothing holds its divergence between them.",
        uses=("lcss-b-unbounded",),
    ),
)
