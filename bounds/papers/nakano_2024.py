r"""Nakano 2024: the discrete-time DDPM. What the abstract names, derived here.

A DDPM adds noise in N steps and takes it away in N steps. On the line, with data of variance λ,

    X_k = √a_k X_{k−1} + √(1 − a_k) w,   ᾱ_k = a_1 ⋯ a_k,   v_k = 1 + (λ − 1) ᾱ_k = Var X_k,

and back, with a score s_k, X'_{k−1} = (X'_k + (1 − a_k) s_k(X'_k))/√a_k + √q_k w. In several
dimensions this is each eigendirection by itself. Three variances q_k are in use or in question:

    beta   β_k = 1 − a_k = Var(X_k | X_{k−1}),
    tilde  β̃_k = β_k (1 − ᾱ_{k−1})/(1 − ᾱ_k) = Var(X_{k−1} | X_k, X_0), "posterior variance",
    true   β_k v_{k−1}/v_k = Var(X_{k−1} | X_k).

**Exact.** With s = −x/v_k the mean of a step is E[X_{k−1} | X_k]: 1 − β_k/v_k = a_k v_{k−1}/v_k.
With `true` a step is the conditional law, so samples are exact for any N and any schedule. And

    (true − β̃)/(β − β̃) = λ/v_k,

from v_{k−1}(1 − ᾱ_k) − (1 − ᾱ_{k−1}) v_k = λ (ᾱ_{k−1} − ᾱ_k): it lies between them iff λ ≤ 1.

**Errors add up.** w_k, the variance of X'_k, obeys w_{k−1} = M² w_k + q_k, M = √a_k v_{k−1}/v_k, so

    w_0 − λ = Σ_k ᾱ_{k−1} (λ/v_{k−1})² (q_k − true_k),   if w_N = v_N.

**The price of beta.** a = e^{−2h}, N h → ∞, u = e^{−2t}: the sum is h ∫ 2 u λ²/v³ dv over v from λ
to 1, and (w_0 − λ)/h → 1 − λ.

**The price of tilde is a logarithm.** Its sum is −4h² Σ_k g(kh)/(1 − e^{−2kh}), g = λ³u²/v³, and
g(0) = 1: the last steps make a harmonic sum. With f = g/(1 − e^{−2t}) = 1/2t + O(1),

    h Σ f(kh) = ½ (ln(1/h) + γ) + lim (∫_ε f dt + ½ ln ε),   the limit by partial fractions in v
    λ − w_0 = h (2 ln(λ/2h) + 2γ + λ − 3) + o(h),   γ = 0.577… (Euler).

2h is the variance of the last step's noise, which tilde leaves out.

**Total variation.** That of N(0, λ) and N(0, w) is 2 |Φ(x/√λ) − Φ(x/√w)| with x where the
densities meet, to first order φ(1) |w − λ|/λ.

**The path.** The reverse chain, read backwards, is a law of (X_0 … X_N) as the forward chain is.
Their KL is a sum over transitions (chain rule). With the score (1 + ε) s it is exactly

    KL(p_N ‖ N(0, 1)) + Σ_k ½ (r − 1 − ln r) + Σ_k (β_k²/a_k) ε²/(2 q_k v_k),   r = true_k/q_k:

initialisation, discretisation and learning, nothing mixed. Hence TV(p_0, samples) ≤ √(KL/2): X_0
is a function of the path (data processing), and Pinsker's inequality. With beta and a = e^{−2h},
ln r = −h v'/v + …, v' = 2(1 − v), so that the discretisation's part is h ∫((1 − v)/v)² dt + o(h),
which is ½ h [−1/v − ln v] from v = λ to 1: h KL(N(0, 1) ‖ p_0).

**The score along the path.** e^{−t} s(t, X_t) is a martingale backwards in time, the backward
component of the forward equation dX = −X dt + √2 dW. Its quadratic variation gives, for t' < t,

    e^{−2t'} E|s_{t'}|² − e^{−2t} E|s_t|² = ∫_{t'}^t 2 e^{−2u} E‖∇²log p_u‖_F² du,

and the gradient of ∂_t log p = Δ log p + |s|² + d + x·s is ∂_t s = Δs + 2(∇s)s + s + (∇s)x.
"""

from functools import cache

import numpy as np
from scipy.special import ndtr

from bounds.check import Array, InvalidInput, positive, whole
from bounds.claim import Cell, Claim, Paper

PAPER = Paper(
    stem="nakano_2024",
    title="Structural and Convergence Analysis of Discrete-Time Denoising Diffusion Probabilistic "
    "Models",
    authors=("Nakano",),
    venue="arXiv 2024",
    link="https://arxiv.org/abs/2406.01320",
    have="the abstract; every formula here is derived by us, and the statements are unread",
    unknown=(
        "abstract read; statement unread: the bound in total variation, its constants and what it "
        "assumes of data, schedule and the learned score",
        "the FBSDE and the step by Schrödinger's problem as the work writes them",
    ),
    about={
        "scores and laws": ("ddpm-score-*",),
        "variance": ("ddpm-bracket",),
        "sampled law": (
            "ddpm-exact",
            "ddpm-any-*",
            "ddpm-price-*",
            "ddpm-tilde-*",
            "ddpm-tv",
            "ddpm-path-*",
        ),
        "discretisation": (
            "ddpm-exact",
            "ddpm-any-*",
            "ddpm-price-*",
            "ddpm-tilde-*",
            "ddpm-path-*",
        ),
    },
)


def retained(cell: Cell) -> Array:
    """a_k for k = 1 … N, by the schedule's name.

    Parameters
    ----------
    cell : "schedule": "uniform" (a = e^{−2T/N}, "last" is T), "linear" (β from 1e-4 to 0.02) or
        "cosine" (ᾱ_k proportional to cos²(π(k/N + 0.008)/2.016), β ≤ 0.999); "steps": N ≥ 1

    Returns
    -------
    Array of shape (N,), in (0, 1).

    Raises
    ------
    InvalidInput
        If the schedule is unknown, N is not a whole number ≥ 1, or T is not positive.

    Examples
    --------
    >>> bool(retained({"schedule": "uniform", "steps": 2, "last": 1.0}).prod() == np.exp(-2))
    True
    """
    steps = whole("steps", cell["steps"])
    match cell["schedule"]:
        case "uniform":
            return np.full(steps, np.exp(-2 * positive("last", cell["last"]) / steps))
        case "linear":
            return 1 - np.linspace(1e-4, 0.02, steps)
        case "cosine":
            kept = np.cos(np.pi * (np.arange(steps + 1) / steps + 0.008) / 2.016) ** 2
            return np.asarray(np.maximum(kept[1:] / kept[:-1], 1e-3))
    raise InvalidInput("schedule", f"{cell['schedule']!r} is not one of uniform, linear, cosine")


def _levels(cell: Cell) -> tuple[Array, Array, Array]:
    """a_k, k = 1 … N; ᾱ_k and v_k, k = 0 … N."""
    a = retained(cell)
    kept = np.concatenate([[1.0], np.cumprod(a)])
    return a, kept, 1 + (positive("eigenvalue", cell["eigenvalue"]) - 1) * kept


def added(cell: Cell, power: int = 2) -> float:
    """w_0 − λ, the sum over steps; `power` of λ/v_{k−1} is what carries an error down."""
    a, kept, v = _levels(cell)
    value = cell["eigenvalue"]
    if cell["variance"] == "beta":
        over = (1 - a) * np.diff(v) / v[1:]
    elif cell["variance"] == "tilde":
        over = (1 - a) * value * np.diff(kept) / (v[1:] * (1 - kept[1:]))
    else:
        raise InvalidInput("variance", f"{cell['variance']!r} is not one of beta, tilde")
    return float(np.sum(kept[:-1] * (value / v[:-1]) ** power * over))


def place(cell: Cell) -> float:
    """(true − β̃)/(β − β̃) at time t: λ/v_t."""
    return float(cell["eigenvalue"] / (1 + (cell["eigenvalue"] - 1) * np.exp(-2 * cell["t"])))


def logarithm(cell: Cell, euler: float = float(np.euler_gamma)) -> float:
    """(λ − w_0)/h of tilde to leading order."""
    value = cell["eigenvalue"]
    return float(2 * np.log(value / (2 * cell["h"])) + 2 * euler + value - 3)


def leading_tv(cell: Cell) -> float:
    """φ(1) |w_0 − λ|/λ, with the leading order of w_0 − λ."""
    price = 1 - cell["eigenvalue"] if cell["variance"] == "beta" else logarithm(cell)
    density = np.exp(-0.5) / np.sqrt(2 * np.pi)
    return float(density * cell["h"] * abs(price) / cell["eigenvalue"])


def total_variation(cell: Cell) -> float:
    """Of N(0, λ) and N(0, w_0): 2 |Φ(x/√λ) − Φ(x/√w_0)|, x² = λ w_0 ln(w_0/λ)/(w_0 − λ)."""
    value = cell["eigenvalue"]
    share = added(cell) / value
    if share == 0:
        return 0.0
    x = np.sqrt((1 + share) * np.log1p(share) / share)
    return float(2 * abs(ndtr(x) - ndtr(x / np.sqrt(1 + share))))


def path_parts(cell: Cell, *, inverted: bool = False) -> tuple[float, float, float]:
    """Initialisation, discretisation and learning of the path's KL, with beta and the score (1 + ε)
    s; `inverted`: r = q/true.
    """
    a, _, v = _levels(cell)
    r = v[1:] / v[:-1] if inverted else v[:-1] / v[1:]
    beta = 1 - a
    start = (v[-1] - 1 - np.log(v[-1])) / 2
    learned = np.sum(beta / (2 * a * v[1:])) * cell["epsilon"] ** 2
    return float(start), float(np.sum(r - 1 - np.log(r)) / 2), float(learned)


def path_bound(cell: Cell, *, steps: bool = True) -> float:
    """√(KL/2) of the path; without `steps`, of initialisation and learning alone."""
    start, discrete, learned = path_parts(cell)
    return float(np.sqrt((start + learned + (discrete if steps else 0.0)) / 2))


def _normal_kl(p: float, q: float) -> float:
    """KL(N(0, p) ‖ N(0, q))."""
    return float((p / q - 1 - np.log(p / q)) / 2)


@cache
def _curvatures(
    weights: tuple[float, ...],
    means: tuple[tuple[float, ...], ...],
    covariances: tuple[tuple[tuple[float, ...], ...], ...],
    t: float,
) -> tuple[float, float]:
    """E‖∇²log p_t‖_F² and E(Δ log p_t)² of a mixture in the plane: each component's points by the
    trapezoid rule in its own whitened coordinates.
    """
    e, noise = np.exp(-t), -np.expm1(-2 * t)
    m, S = e * np.array(means), e**2 * np.array(covariances) + noise * np.eye(2)
    P, root = np.linalg.inv(S), np.linalg.cholesky(S)
    volume = np.log(weights) - np.linalg.slogdet(S)[1] / 2
    side = np.linspace(-8.0, 8.0, 65)
    z = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    w = np.exp(-np.sum(z**2, axis=1) / 2)
    w /= w.sum()
    found = np.zeros(2)
    for k, weight in enumerate(weights):
        x = m[k] + z @ root[k].T
        g = -np.einsum("kij,nkj->nki", P, x[:, None, :] - m)
        logs = volume - np.einsum("nki,kij,nkj->nk", g, S, g) / 2
        r = np.exp(logs - logs.max(axis=1, keepdims=True))
        r /= r.sum(axis=1, keepdims=True)
        s = np.einsum("nk,nki->ni", r, g)
        second = np.einsum("nk,nki,nkj->nij", r, g, g) - np.einsum("nk,kij->nij", r, P)
        H = second - s[:, :, None] * s[:, None, :]
        squares = np.sum(H**2, axis=(1, 2)), np.trace(H, axis1=1, axis2=2) ** 2
        found += weight * np.array([w @ one for one in squares])
    return float(found[0]), float(found[1])


def released(cell: Cell, *, trace: bool = False) -> float:
    """∫ 2 e^{−2u} E‖∇²log p_u‖_F² du from "early" to "late"; `trace`: of (Δ log p)²."""
    law = (
        tuple(cell["weights"]),
        tuple(map(tuple, cell["means"])),
        tuple(tuple(map(tuple, one)) for one in cell["covariances"]),
    )
    nodes, weights = np.polynomial.legendre.leggauss(16)
    half = (cell["late"] - cell["early"]) / 2
    times = cell["early"] + half * (1 + nodes)
    values = [_curvatures(*law, float(t))[1 if trace else 0] for t in times]
    return float(half * np.sum(weights * 2 * np.exp(-2 * times) * np.array(values)))


def score_rate(cell: Cell, transport: float = 2.0) -> float:
    """s″ + 2 s′ s + s + s′ x at a point of the line, by the derivatives of p itself."""
    x, e = cell["x"], np.exp(-cell["t"])
    v = e**2 * np.array(cell["variances"]) - np.expm1(-2 * cell["t"])
    y = x - e * np.array(cell["means"])
    p = np.array(cell["weights"]) * np.exp(-(y**2) / (2 * v)) / np.sqrt(v)
    r = p / p.sum()
    z = y / np.sqrt(v)
    first, second, third = (
        float(r @ (sign * hermite / v ** (n / 2)))
        for n, sign, hermite in ((1, -1, z), (2, 1, z**2 - 1), (3, -1, z**3 - 3 * z))
    )
    slope = second - first**2
    curve = third - 3 * first * second + 2 * first**3
    return float(curve + transport * slope * first + first + slope * x)


_STUDY = "evidence-ddpm"
_SOURCE = "nakano_2024, abstract, statement unread; bounds/papers/nakano_2024.py, derived"
_CHAIN = "Gaussian data on the line, exact scores, started at p_N"
_UNIFORM = f"{_CHAIN}; uniform h = T/N, T = 6"
CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="ddpm-exact",
        statement="With the true conditional variance β_k v_{k−1}/v_k a DDPM returns Gaussian data "
        "exactly, for any number of steps and any schedule: w_0 = λ.",
        assumptions=f"{_CHAIN}; N = 1 … 1000, uniform, linear and cosine schedules.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:exact",
        formula=lambda c: c["eigenvalue"],
        decoy=lambda c: c["eigenvalue"] + added({**c, "variance": "tilde"}),
        decoy_note="that this holds with the posterior variance β̃_k",
        tolerance=1e-10,
        why="Each step is then the conditional law of X_{k−1} given X_k.",
    ),
    Claim(
        name="ddpm-bracket",
        statement="The true variance stands at λ/v_k of the way from β̃_k to β_k: between them if "
        "λ ≤ 1, above β_k if λ > 1.",
        assumptions="Gaussian data on the line; uniform steps, h = 0.05, t = 0.05 … 3.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:place",
        formula=place,
        decoy=lambda c: min(place(c), 1.0),
        decoy_note="that the true variance always lies between the two",
        tolerance=1e-9,
        why="v_{k−1}(1 − ᾱ_k) − (1 − ᾱ_{k−1}) v_k = λ (ᾱ_{k−1} − ᾱ_k).",
    ),
    Claim(
        name="ddpm-any-schedule",
        statement="Under any schedule w_0 − λ = Σ ᾱ_{k−1} (λ/v_{k−1})² (q_k − true_k), for q_k = "
        "β_k and for β̃_k.",
        assumptions=f"{_CHAIN}; uniform, linear and cosine schedules.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:added",
        formula=added,
        decoy=lambda c: added(c, power=1),
        decoy_note="λ/v_{k−1} for its square, as if it carried a variance and not a length",
        tolerance=1e-9,
        scale=1e-3,
        why="The reverse steps compose to the length √ᾱ_{k−1} λ/v_{k−1}.",
        uses=("ddpm-exact",),
    ),
    Claim(
        name="ddpm-price-beta",
        statement="With q = β and uniform steps (w_0 − λ)/h → 1 − λ: no price at λ = 1, too wide "
        "below, too narrow above.",
        assumptions=f"{_UNIFORM}; Richardson extrapolation of N = 800, 1600: 0.2 % of slack.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:beta",
        formula=lambda c: 1 - c["eigenvalue"],
        decoy=lambda c: (1 - c["eigenvalue"]) / 2,
        decoy_note="half of it",
        tolerance=2e-3,
        scale=1e-2,
        why="The sum of ddpm-any-schedule is h ∫2 u λ²/v³ dv.",
        uses=("ddpm-any-schedule",),
    ),
    Claim(
        name="ddpm-price-tilde",
        statement="With q = β̃ and uniform steps (λ − w_0)/h = 2 ln(λ/2h) + 2γ + λ − 3 + o(1), γ "
        "Euler's constant: the posterior variance costs a logarithm.",
        assumptions=f"{_UNIFORM}, N = 6400, λ = 0.25 … 3; 2 % of slack for higher orders.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:tilde",
        formula=logarithm,
        decoy=lambda c: logarithm(c, euler=0.0),
        decoy_note="without 2γ: an integral for the harmonic sum of the last steps",
        tolerance=2e-2,
        description=True,
        why="Near the data β̃_k/true_k is about 1 − 1/k, and Σ1/k is a logarithm.",
        uses=("ddpm-any-schedule",),
    ),
    Claim(
        name="ddpm-tilde-rate",
        statement="So the error of the posterior variance does not fall like 1/N but like log N/N: "
        "over h (2 ln(λ/2h) + 2γ + λ − 3) its slope in N is 0 ± 0.01.",
        assumptions=f"{_UNIFORM}; λ = 3, N = 200 … 3200.",
        source=_SOURCE,
        origin="derived",
        kind="rate",
        measurement=f"{_STUDY}:tilde-rate",
        formula=lambda c: c["h"] * logarithm(c),
        decoy=lambda c: c["h"],
        decoy_note="1/N, the order of a first-order scheme",
        tolerance=1e-2,
        why="As ddpm-price-tilde.",
        uses=("ddpm-price-tilde",),
    ),
    Claim(
        name="ddpm-tv",
        statement="Samples are off in total variation by 2 |Φ(x/√λ) − Φ(x/√w_0)|, w_0 by the sum "
        "of ddpm-any-schedule, x where the densities meet.",
        assumptions=f"{_UNIFORM}; λ = 0.25, N = 100 … 6400, both β and β̃.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:tv",
        formula=total_variation,
        decoy=leading_tv,
        decoy_note="the leading order in h, φ(1)(1 − λ)h/λ or its sibling with the logarithm",
        tolerance=1e-7,
        why="Centred Gaussians' densities meet at ±x.",
        uses=("ddpm-any-schedule",),
    ),
    Claim(
        name="ddpm-price-tv",
        statement="With q = β and uniform steps TV(p_0, samples)/h → φ(1) |1 − λ|/λ.",
        assumptions=f"{_UNIFORM}; Richardson extrapolation of N = 800, 1600: 0.5 % of slack.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:tv-beta",
        formula=lambda c: leading_tv({**c, "h": 1.0, "variance": "beta"}),
        decoy=lambda c: leading_tv({**c, "h": 1.0, "variance": "beta"}) / 2,
        decoy_note="half of it: the relative error of the standard deviation",
        tolerance=5e-3,
        why="½ ∫|∂p/∂ln w| = ¼ E|z² − 1| = φ(1).",
        uses=("ddpm-price-beta",),
    ),
    Claim(
        name="ddpm-path-split",
        statement="The KL from the forward chain's path to the reverse chain's is initialisation + "
        "discretisation + learning, exactly, with terms ½ (r − 1 − ln r) and β_k² E|ŝ − "
        "s|²/(2 a_k q_k).",
        assumptions="Gaussian data on the line, q = β, started at N(0, 1), the score times 1 + ε; "
        "N = 5, 20, 40.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:path",
        formula=lambda c: sum(path_parts(c)),
        decoy=lambda c: sum(path_parts(c, inverted=True)),
        decoy_note="r inverted: KL of the transitions the other way round",
        tolerance=1e-8,
        why="The chain rule; transitions share nothing but X_k, over which s enters as a mean "
        "square.",
    ),
    Claim(
        name="ddpm-path-price",
        statement="The discretisation's part of it is h KL(N(0, 1) ‖ p_0) to leading order.",
        assumptions="Exact scores, q = β, uniform steps, T = 6; Richardson extrapolation of N = "
        "800, 1600: 0.2 % of slack.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:path-price",
        formula=lambda c: _normal_kl(1.0, c["eigenvalue"]),
        decoy=lambda c: _normal_kl(c["eigenvalue"], 1.0),
        decoy_note="KL(p_0 ‖ N(0, 1)), the other way round",
        tolerance=2e-3,
        why="∫((1 − v)/v)² dt = ½ (1/λ − 1 + ln λ).",
        uses=("ddpm-path-split",),
    ),
    Claim(
        name="ddpm-path-bound",
        statement="TV(p_0, samples) ≤ √(KL/2), KL the path's three parts.",
        assumptions="As ddpm-path-split, N = 20 … 400.",
        source="bounds/papers/nakano_2024.py, derived: chain rule, data processing, Pinsker",
        origin="derived",
        kind="upper",
        measurement=f"{_STUDY}:bound",
        formula=path_bound,
        decoy=lambda c: path_bound(c, steps=False),
        decoy_note="initialisation and learning alone, as if steps cost nothing",
        tolerance=1e-9,
        why="X_0 is a function of the path.",
        uses=("ddpm-path-split",),
    ),
    Claim(
        name="ddpm-score-energy",
        statement="e^{−2t'} E|s_{t'}|² − e^{−2t} E|s_t|² = ∫ 2 e^{−2u} E‖∇²log p_u‖_F² du from t' "
        "to t: what the score's backward equation gains.",
        assumptions="Two mixtures of Gaussians in the plane, three pairs of times.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:energy",
        formula=released,
        decoy=lambda c: released(c, trace=True),
        decoy_note="(Δ log p)² for ‖∇²log p‖_F²",
        tolerance=1e-7,
        why="e^{−t} s(t, X_t) is a martingale backwards in time; this is its quadratic variation.",
    ),
    Claim(
        name="ddpm-score-equation",
        statement="The score obeys ∂_t s = Δs + 2 (∇s) s + s + (∇s) x.",
        assumptions="A mixture of Gaussians on the line, three times, three points each.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:equation",
        formula=score_rate,
        decoy=lambda c: score_rate(c, transport=1.0),
        decoy_note="1 · (∇s) s, as in Burgers' equation",
        tolerance=1e-9,
        scale=0.1,
        why="The gradient of ∂_t log p = Δ log p + |s|² + d + x·s.",
    ),
)
