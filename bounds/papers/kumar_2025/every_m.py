r"""Claims on bootstrapping at every sample size, for every law: the projection identity, Theorems A
and B, and the target alone.

With a_k = 1/(2 sinh t_k), R_k = E[X_0|X_{t_k}] − E[X_0|X_{t_{k−1}}] and Π_k the projection on the
columns φ_k(X_{t_k}) of the m samples,

    ŝ_N − s_N = −a_N Σ_k Π_N Π_{N−1} ⋯ Π_k R_k     (DSM: −a_N Σ_k Π_N R_k).

For Gaussian data R_k has the variances β_i(x_k) − β_i(x_{k−1}), β_i(x) = λ_i x/(λ_i + x), x =
e^{2t} − 1. Posteriors on the line are truncated normals, in closed form here.
"""

from functools import cache

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtr

from bounds.check import Array
from bounds.claim import Cell, Claim
from bounds.forgetting import bound, empirical_risk, variation
from bounds.gaussian import Gaussian

# --- the clock
# ------------------------------------------------------------------------------------------------


def clock(cell: Cell) -> Array:
    """x_0 = 0 and x_k."""
    return np.asarray(np.expm1(2 * np.array([0.0, *cell["times"]])))


def scale_of(x: float) -> float:
    """a² = (1 + x)/x²."""
    return float((1 + x) / x**2)


def beta(largest: float, x: Array) -> Array:
    """β(x) = λ x/(λ + x), the posterior variance of X_0."""
    return np.asarray(largest * x / (largest + x))


# --- posteriors on the line
# ----------------------------------------------------------------------------------------------


def _half(mu: Array, sd: float) -> tuple[Array, Array]:
    """Mean and variance of N(μ, sd²) above 0."""
    low = -mu / sd
    hazard = np.sqrt(2 / np.pi) / erfcx(low / np.sqrt(2))
    return mu + sd * hazard, sd**2 * (1 + low * hazard - hazard**2)


def moments(law: str, scale: float, t: float, x: Array) -> tuple[Array, Array, Array]:
    """Density of X_t up to a factor, E[X_0|X_t = x] and Var(X_0|X_t = x); shapes of x."""
    u, noise = np.exp(t) * x, float(np.expm1(2 * t))
    sd, s = np.sqrt(noise), scale
    if law == "gaussian":
        v = s**2 + noise
        return np.exp(-(u**2) / (2 * v)), s**2 * u / v, np.full_like(u, s**2 * noise / v)
    if law == "uniform":
        # Mirrored, so that the tails are those on the left.
        sign, low, high = np.sign(u), -(s + np.abs(u)) / sd, (s - np.abs(u)) / sd
        mass = ndtr(high) - ndtr(low)
        p, q = (np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) / mass for z in (low, high))
        mean = np.abs(u) + sd * (p - q)
        return mass, sign * mean, noise * (1 + low * p - high * q - (p - q) ** 2)
    right = log_ndtr((u - noise / s) / sd) - u / s
    above = _half(u - noise / s, sd)
    if law == "exponential":
        return np.exp(right + noise / (2 * s**2)), *above
    left = log_ndtr((-u - noise / s) / sd) + u / s
    below = _half(-u - noise / s, sd)
    total = np.logaddexp(right, left)
    r = np.exp(right - total)
    mean = r * above[0] - (1 - r) * below[0]
    between = r * (1 - r) * (above[0] + below[0]) ** 2
    return np.exp(total + noise / (2 * s**2)), mean, r * above[1] + (1 - r) * below[1] + between


# --- the identity
# ----------------------------------------------------------------------------------------------


def projected(cell: Cell, *, outermost_first: bool = True) -> float:
    """|a_N Σ_k Π_N ⋯ Π_k R_k|² of one data set; else the projections between in the wrong order."""
    x, times = np.array(cell["paths"]), cell["times"]
    means = [np.array(cell["x0"])]
    means += [moments(cell["law"], cell["scale"], t, at)[1] for t, at in zip(times, x, strict=True)]
    bases = [
        np.linalg.svd(at[:, None] ** np.array(cell["powers"]), full_matrices=False)[0] for at in x
    ]
    total = np.zeros(x.shape[1])
    for k in range(len(times)):
        carried = means[k + 1] - means[k]
        between = bases[k:-1] if outermost_first else bases[k:-1][::-1]
        for q in [*between, bases[-1]]:
            carried = q @ (q.T @ carried)
        total += carried
    return scale_of(float(np.expm1(2 * times[-1]))) * float(total @ total)


# --- Theorem A
# ----------------------------------------------------------------------------------------------


def _profile(t: float) -> float:
    """L₊(t) of ½ N(−2, ½) + ½ N(2, ½), attained between the modes."""
    shrunk = np.exp(-2 * t)
    v = shrunk / 2 - np.expm1(-2 * t)
    return float(4 * shrunk / v**2 - 1 / v)


@cache
def _variation(law: str, t: float) -> float:
    """B(t) of a law: log-concave, or the bimodal one."""
    return variation(t, _profile if law == "bimodal" else None) if t else 0.0


def mean_bound(cell: Cell) -> float:
    """m times Theorem A's bound on the mean."""
    profile = _profile if cell["law"] == "bimodal" else None
    return bound(cell["parameters"], cell["times"][-1], 1, curvature=profile)


def last_step(cell: Cell) -> float:
    """P times the proxy of the last step's own noise: nothing carried."""
    last, before = cell["times"][-1], cell["times"][-2]
    fresh = _variation(cell["law"], last) - _variation(cell["law"], before)
    return float(cell["parameters"] * scale_of(float(np.expm1(2 * last))) * fresh)


def tail_bound(cell: Cell) -> float:
    """m times Theorem A's bound at level δ, log-concave data."""
    return bound(cell["parameters"], cell["times"][-1], 1, delta=cell["delta"])


def _lighter_tail(cell: Cell) -> float:
    """Without the last term, 2 L."""
    return float(tail_bound(cell) + 2 * np.log(cell["delta"]) * bound(1, cell["times"][-1], 1))


# --- Theorem B
# ----------------------------------------------------------------------------------------------


def leading_entries(eigenvalues: Array, times: list[float]) -> Array:
    """r_ij of BSM with linear scores, to leading order in 1/m."""
    x = np.expm1(2 * np.array([0.0, *times]))
    variances = eigenvalues * x[:, None] / (eigenvalues + x[:, None])
    held = (eigenvalues + x[1:, None]) / (eigenvalues + x[-1])
    return np.asarray(
        scale_of(float(x[-1])) * np.einsum("ki,kj->ij", np.diff(variances, axis=0), held)
    )


def _spectrum(cell: Cell) -> Array:
    return np.asarray(cell["eigenvalues"], dtype=np.float64)


@cache
def _exact(eigenvalues: tuple[float, ...], times: tuple[float, ...], m: int) -> float:
    rng = np.random.default_rng(29)
    return m * empirical_risk(Gaussian(np.array(eigenvalues)), times, m, 20_000, rng)


def exact_risk(cell: Cell) -> float:
    """m times Theorem B's mean empirical risk; the norms from 20 000 paths of features alone."""
    return _exact(tuple(cell["eigenvalues"]), tuple(cell["times"]), cell["m"])


def _few(cell: Cell) -> float:
    """m/(m − d − 1)."""
    return float(cell["m"] / (cell["m"] - len(cell["eigenvalues"]) - 1))


def turned(cell: Cell, *, commuting: bool = False) -> float:
    """a² [u_2ᵀ D_2 u_2 + ⟨u_1, u_2⟩² u_1ᵀ D_1 u_1] for fields u_1, u_2; or as if D_1 and
    projections commuted.
    """
    fields = [np.array([np.cos(a), np.sin(a)]) for a in np.deg2rad(cell["angles"])]
    x = clock(cell)[:, None]
    lam = _spectrum(cell)
    first, second = np.diff(lam * x / (lam + x + (x == 0)), axis=0)
    seen = fields[1 if commuting else 0] ** 2 @ first
    kept = float(fields[0] @ fields[1]) ** 2
    return scale_of(float(x[-1, 0])) * float(fields[1] ** 2 @ second + kept * seen)


# --- the target alone
# ----------------------------------------------------------------------------------------------


def target_bound(cell: Cell) -> float:
    """a² (B(t) − B(t')): τ²/σ_t⁴ for log-concave laws."""
    before, after = cell["times"]
    fresh = _variation(cell["law"], after) - _variation(cell["law"], before)
    return scale_of(float(np.expm1(2 * after))) * fresh


def _gaussian_target(cell: Cell) -> float:
    x = clock(cell)
    return scale_of(float(x[2])) * float(np.diff(beta(cell["variance"], x[1:]))[0])


# --- the claims
# ----------------------------------------------------------------------------------------------

_FIXED = (
    "One noise path for each datum, the score in the class, the control-variate weight, least "
    "squares on the same m paths at every level"
)

CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="every-m-projections",
        statement="On every data set BSM's error at the samples is −a_N Σ_k Π_N Π_{N−1} ⋯ Π_k R_k: "
        "bootstrapping inserts the intermediate projections into DSM's −a_N Π_N (R_1 + … + R_N).",
        assumptions=_FIXED
        + "; exponential, Laplace and uniform data, five sets of powers of x, m = 5 "
        "and 9. Measured: |error|² of the fit itself, with scores by quadrature.",
        source="theory.md, Projection identity",
        origin="derived",
        kind="identity",
        measurement="evidence-forgetting:identity",
        formula=projected,
        decoy=lambda c: projected(c, outermost_first=False),
        decoy_note="the intermediate projections in the wrong order, Π_k next to Π_N",
        tolerance=1e-8,
        why="ŝ_k and s_k lie in the affine class, so the error is Π_k (target − s_k), and the "
        "target's noise is −a_k R_k + (a_k/a_{k−1}) · the error before.",
        uses=("bootstrap-noise-symbolic",),
    ),
    Claim(
        name="every-m-mean",
        statement="At every m the mean empirical risk of BSM is at most P a_N² B(t_N)/m where "
        "B(t_N) is finite: P/(σ_N² m) for log-concave data, where it is also DSM's bound.",
        assumptions=_FIXED
        + "; powers of x, P = 1 … 6, m = 8 and 40, four levels; exponential, Laplace "
        "and uniform data, and a bimodal law with its curvature profile.",
        source="theory.md, Theorem A",
        origin="derived",
        kind="upper",
        measurement="evidence-forgetting:mean",
        formula=mean_bound,
        decoy=last_step,
        decoy_note="P times the proxy of the last target's own noise: as if no error were carried",
        why="Given X_{t_N} the error is a stochastic integral against the reverse martingale, with "
        "projections of norm at most 1 between, and lies in P dimensions.",
        uses=("every-m-projections",),
    ),
    Claim(
        name="every-m-tail",
        statement="At every m, with probability at least 1 − δ, m · empirical risk of BSM is at "
        "most a_N² B(t_N) (P + 2 √(P L) + 2 L), L = log(1/δ).",
        assumptions=_FIXED + "; log-concave data, where a_N² B = 1/σ_N²; P = 1, 2, 3, m = 8, two "
        "levels, δ = 0.002. Measured: the (1 − δ)-quantile over data sets.",
        source="theory.md, Theorem A",
        origin="derived",
        kind="upper",
        measurement="evidence-forgetting:tail",
        formula=tail_bound,
        decoy=_lighter_tail,
        decoy_note="without 2 L: as if the risk had a Gaussian tail",
        why="The error is sub-Gaussian in P dimensions, so its square is dominated by χ²_P.",
        uses=("every-m-mean",),
    ),
    Claim(
        name="every-m-exact",
        statement="For Gaussian data and linear scores m · mean empirical risk of BSM is a_N² Σ_k "
        "Σ_i (β_i(x_k) − β_i(x_{k−1})) E‖Π_N ⋯ Π_k‖_F², at every m ≥ d.",
        assumptions=_FIXED
        + "; d = 1 to 4, m = 2 to 12, four levels; the norms from 20 000 paths of "
        "features alone, which 1 % of slack is for.",
        source="theory.md, Theorem B",
        origin="derived",
        kind="tight",
        measurement="evidence-forgetting:exact",
        formula=exact_risk,
        decoy=lambda c: float(leading_entries(_spectrum(c), c["times"]).sum()),
        decoy_note="the leading order, where features forget as if m were endless",
        tolerance=0.01,
        why="R_k has a covariance that is not random, I_m ⊗ D_k, and the projections are Π_k ⊗ "
        "I_d.",
        uses=("every-m-projections",),
    ),
    Claim(
        name="every-m-order",
        statement="For Gaussian data and linear scores BSM's mean empirical risk is at most DSM's "
        "in every eigendirection, at every m: m E|δ_i|² ≤ d c_i.",
        assumptions=_FIXED + "; d = 2 to 4, m = 8 to 12, Δ = 0.1, at t = 2.",
        source="theory.md, Theorem B",
        origin="derived",
        kind="upper",
        measurement="evidence-forgetting:order",
        formula=lambda c: float(
            len(c["eigenvalues"])
            * scale_of(float(clock(c)[-1]))
            * beta(c["eigenvalues"][c["i"]], clock(c)[-1])
        ),
        decoy=lambda c: float(leading_entries(_spectrum(c), c["times"])[c["i"]].sum()),
        decoy_note="BSM's leading order, as if that held at small m",
        why="P_k D_k P_kᵀ ≤ Π_N D_k Π_N, as the projections commute with D_k: covariances are in "
        "order given X_{t_N}.",
        uses=("every-m-exact",),
    ),
    Claim(
        name="every-m-population",
        statement="For Gaussian data and linear scores BSM's mean population risk is at most "
        "DSM's own, tr(C) d/(m − d − 1), at every m > d + 1.",
        assumptions=_FIXED + "; d = 2 to 4, m = 8 to 12, Δ = 0.1, at t = 2.",
        source="theory.md, Theorem B",
        origin="derived",
        kind="upper",
        measurement="evidence-forgetting:population",
        formula=lambda c: (
            _few(c)
            * len(c["eigenvalues"])
            * scale_of(float(clock(c)[-1]))
            * float(beta(1.0, clock(c)[-1] / _spectrum(c)) @ _spectrum(c))
        ),
        decoy=lambda c: _few(c) * float(leading_entries(_spectrum(c), c["times"]).sum()),
        decoy_note="BSM's leading order times m/(m − d − 1)",
        why="Population risk is a positive semidefinite form in the predictions given X: its mean "
        "is monotone in their covariance.",
        uses=("every-m-order", "dsm-risk"),
    ),
    Claim(
        name="every-m-turned",
        statement="Gaussian data do not suffice: for λ = (1, 0) and one constant field a level, "
        "at 30° and 60°, BSM has 1.687 times DSM's risk at every m.",
        assumptions=_FIXED
        + "; d = 2, t = 0.1, 0.2, m = 2 and 10, λ = (1, 0) and (3, 0.3), angles 30° "
        "or 15° and 60°.",
        source="theory.md, Bootstrapping counterexamples",
        origin="derived",
        kind="tight",
        measurement="evidence-forgetting:turned",
        formula=turned,
        decoy=lambda c: turned(c, commuting=True),
        decoy_note="Theorem B's order, as if projections and D_k commuted",
        why="The first field sees the wide direction, which the second hardly does.",
        uses=("every-m-projections",),
    ),
    Claim(
        name="every-m-target",
        statement="Given X_t, the bootstrapped target from exact scores has at every point a "
        "variance of at most a² (B(t) − B(t')): τ²/σ_t⁴ for log-concave laws.",
        assumptions="Gaussian, Laplace, uniform, exponential data, and a bimodal law with its "
        "curvature profile, which is 6.3 and 1.4 times τ²/σ_t⁴; (t', t) = (.1, .2), (.3, 1).",
        source="theory.md, The target alone",
        origin="derived",
        kind="upper",
        measurement="evidence-forgetting:target",
        formula=target_bound,
        decoy=_gaussian_target,
        decoy_note="the variance for Gaussian data of the same variance",
        tolerance=1e-9,
        why="Its noise is −a R, and R varies by at most B(t) − B(t') in every direction.",
        uses=("bootstrap-noise-symbolic",),
    ),
)
