r"""Work along a tilt: Jarzynski's and Crooks's identities for π ∝ p e^r.

The base dX = b ds + √2 dB has the laws p_s, v = b − ∇log p_s moves them as a flow, and r_s is a
path of rewards with r_0 = 0. With the drift b + ∇r_s and

    dA = (∂_s r_s + v·∇r_s) ds,   E e^A f(X_s) = ∫ p_s e^{r_s} f:

theory.md, "Work along a tilt". Here p_τ = N(0, λ) and r_s = (s/τ)(θ x + κ x²/2).
"""

import numpy as np

from bounds.check import InvalidInput
from bounds.claim import Cell, Claim

MEASURED = "evidence-tilt-work"


def log_constant(cell: Cell, lam: float | None = None) -> float:
    """log E_p e^r at τ; the decoy takes the variance of the base's start.

    Raises
    ------
    InvalidInput
        If κ ≥ 1/λ: then E e^r is infinite.
    """
    size = cell["lam"] if lam is None else lam
    left = 1 - size * cell["kappa"]
    if left <= 0:
        raise InvalidInput("kappa", f"must be below {1 / size:g}: else E e^r is infinite")
    return float(cell["theta"] ** 2 * size / (2 * left) - np.log(left) / 2)


def _at_start(cell: Cell) -> float:
    """The decoy: log E_{p_0} e^r, as if the base did not move."""
    return log_constant(cell, 1 + (cell["lam"] - 1) * float(np.exp(-2 * cell["tau"])))


def trap_work(cell: Cell) -> float:
    """Mean or variance of A for a standard normal base, which a trap carries along."""
    tau, rate = cell["tau"], cell["theta"] / cell["tau"]
    lag = tau - 1 + float(np.exp(-tau))
    if cell["moment"] == "variance":
        return float(2 * rate**2 * lag)
    return float(rate**2 * (tau**2 / 2 - lag))


def _slow(cell: Cell) -> float:
    """The decoy: to first order in 1/τ."""
    square, tau = cell["theta"] ** 2, cell["tau"]
    return float(2 * square / tau if cell["moment"] == "variance" else square / 2 - square / tau)


def effective_share(cell: Cell) -> float:
    """(E e^A)²/E e^{2A} = e^{−Var A}."""
    return float(np.exp(-trap_work({**cell, "moment": "variance"})))


_SOURCE = "theory.md, Work along a tilt"
_BASE = (
    "On the line, the base the reverse of the noising of N(0, λ), from time τ before its end; r_s "
    "= (s/τ)(θ x + κ x²/2)"
)
_TRAP = "The base dX = −X ds + √2 dB in its law N(0, 1), r_s = θ x s/τ: a trap that moves to θ"
CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="tilt-jarzynski",
        statement="Under dX = (b + ∇r_s) ds + √2 dB, with dA = (∂_s r_s + v·∇r_s) ds, E e^A = E_p "
        "e^r.",
        assumptions=f"{_BASE}; three (λ, τ, θ, κ), linear, quadratic and both.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{MEASURED}:jarzynski",
        formula=log_constant,
        decoy=_at_start,
        decoy_note="log E e^r under the base's first law, as if the base did not move and v·∇r had "
        "no part in A; the logarithms are compared",
        tolerance=1e-9,
        why="p_s e^{r_s} solves the equation of Fokker and Planck with the rate ∂_s r + v·∇r.",
    ),
    Claim(
        name="tilt-controlled-work",
        statement="Under the drift b + 2∇r_s the same holds with dA = (∂_s r + b·∇r + Δr + |∇r|²) "
        "ds, the residual of the equation of Hamilton, Jacobi and Bellman.",
        assumptions=f"{_BASE}; three (λ, τ, θ, κ), linear, quadratic and both.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{MEASURED}:controlled",
        formula=log_constant,
        decoy=lambda c: (
            log_constant(c) - c["theta"] ** 2 * c["tau"] / 3 - c["kappa"] * c["tau"] / 2
        ),
        decoy_note="the part of A that does not depend on x left out: ∫Δr ds = κτ/2, and θ²τ/3 of "
        "∫|∇r|² ds",
        tolerance=1e-9,
        why="Itô's formula for r_s, and Girsanov's density against the base: A = r_τ(X_τ) plus the "
        "logarithm of that density, path by path.",
        uses=("tilt-jarzynski",),
    ),
    Claim(
        name="tilt-crooks-mean",
        statement="For Gaussian work the mean of the forward and the backward mean is log Z.",
        assumptions=f"{_BASE}; κ = 0, three (λ, τ, θ). Backward: from π at τ, with the drift −b + "
        "2∇log p_s + ∇r_s.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{MEASURED}:crooks-sum",
        formula=log_constant,
        decoy=_at_start,
        decoy_note="log Z of the base's first law",
        tolerance=1e-9,
        why="Backwards A has the density p_F(A) e^A/Z: a Gaussian moved by its variance; and E_F "
        "e^A = Z.",
        uses=("tilt-jarzynski",),
    ),
    Claim(
        name="tilt-crooks-shift",
        statement="For Gaussian work the backward mean lies above the forward one by the "
        "variance of A: their ratio is 1.",
        assumptions=f"{_BASE}; κ = 0, three (λ, τ, θ). Backward as in tilt-crooks-mean.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{MEASURED}:crooks-difference",
        formula=lambda c: 1.0,
        decoy=lambda c: 0.5,
        decoy_note="half the variance, by which log Z lies above the forward mean",
        tolerance=1e-9,
        why="A Gaussian of variance V times e^A is that Gaussian moved by V.",
        uses=("tilt-crooks-mean",),
    ),
    Claim(
        name="tilt-trap-work",
        statement="A trap that moves to θ in the time τ does the work A with mean (θ/τ)² (τ²/2 − τ "
        "+ 1 − e^{−τ}) and variance 2 (θ/τ)² (τ − 1 + e^{−τ}).",
        assumptions=f"{_TRAP}; θ = 1.5, τ = 0.5, 2, 8.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{MEASURED}:work",
        formula=trap_work,
        decoy=_slow,
        decoy_note="to first order in 1/τ, as for slow traps",
        tolerance=1e-9,
        why="E X_s lags behind the trap by (θ/τ)(1 − e^{−s}), and Cov(X_s, X_u) = e^{−|s−u|}.",
        uses=("tilt-jarzynski",),
    ),
    Claim(
        name="tilt-effective-share",
        statement="Weights e^A leave the share e^{−Var A} of the samples: (E e^A)²/E e^{2A}.",
        assumptions=f"{_TRAP}; θ = 1.5, τ = 0.5, 2, 8.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{MEASURED}:effective",
        formula=effective_share,
        decoy=lambda c: 1 / (1 + trap_work({**c, "moment": "variance"})),
        decoy_note="1/(1 + Var A), for small variances",
        tolerance=1e-9,
        why="Moments of e^A for Gaussian A.",
        uses=("tilt-trap-work",),
    ),
    Claim(
        name="tilt-euler-order",
        statement="With Euler's moves between the trap's K jumps log E e^A is off by order 1/K; "
        "with exact moves it is right for every K.",
        assumptions=f"{_TRAP}, in K jumps; θ = 1.5, τ = 2, K = 16 … 1024.",
        source=_SOURCE,
        origin="derived",
        kind="rate",
        measurement=f"{MEASURED}:euler",
        formula=lambda c: float(c["x"]),
        decoy=lambda c: float(c["x"] ** 2),
        decoy_note="order 1/K²",
        tolerance=0.05,
        why="Euler's move does not keep N(trap, 1), but the law with variance 1/(1 − h/2).",
        uses=("tilt-jarzynski",),
    ),
)
