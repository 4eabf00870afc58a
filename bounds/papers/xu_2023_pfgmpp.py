r"""Xu, Liu, Tian, Tong, Tegmark and Jaakkola 2023: PFGM++. Its kernel is Student's; what follows.

Data y of N dimensions are moved by a kernel of D additional dimensions,

    p_r(x | y) ∝ (‖x − y‖² + r²)^{−(N+D)/2}.

This form is recalled, not read in the work. With r = σ √D, the abstract's alignment as we take it,

    p_r(x | y) ∝ (1 + ‖x − y‖²/(D σ²))^{−(N+D)/2},

the multivariate Student law t_D(y, σ² I): a normal law over √(χ²_D/D). Write R = ‖x − y‖/σ. Then
R²/N has Fisher's law F(N, D), and χ²_N/N where D → ∞. So E R² = N D/(D − 2), and

    sd log R = ½ √(ψ₁(N/2) + ψ₁(D/2)),   E log R² − E log χ²_N = log(D/2) − ψ(D/2) ≈ 1/D.

**Distance to diffusion.** Both kernels are radial, so their total variation is that of R². The
log ratio of densities first rises and then falls in −R² + N, so it is zero twice, at a < b, and

    TV = P_normal(a < R² < b) − P_Student(a < R² < b).

To first order in 1/D the ratio less 1 is f/D, f = q²/4 − N q/2 − N (2 − N)/4 at q = R², with the
roots N ± √(2N). By q χ²_N(q) = N χ²_{N+2}(q) and by parts, with the densities c of χ²_N,

    D · TV → [½ q (q − N + 2) c(q)] from max(N − √(2N), 0) to N + √(2N),

which is φ(1) N for large N, φ(1) = 0.24197. So "D → ∞" means D ≫ N. For N and D both large √(N/2)
log(R²/N) is nearly normal, of variance 1 without D and 1 + N/D with it:

    TV ≈ TV(N(0, 1), N(0, 1 + N/D)),   a function of N/D alone.

**Flow.** x = y + r T moves at the velocity T = (x − y)/r while y and T stay. Its mean given x,
(x − E[y | x])/r, carries the laws p_r into each other: that is the continuity equation, and it
needs nothing of T's law. The score's form dx/dσ = −σ ∇log p_σ is the same for normal T alone.

**Tweedie's formula** fails with it, and another stands in its place. With one r for both and

    U_k(x) = ∫ p(y) (‖x − y‖² + r²)^{−(N+k)/2} dy,   ∇U_{D−2} = −(N + D − 2) (x − E_D[y | x]) U_D,

the denoiser is x + ∇U_{D−2}/((N + D − 2) U_D): by a potential of two dimensions less, not by p_D.

**Denoiser**, on the line, data N(0, λ). With V = λ + σ², q = λ/V and e = x σ/V, the kernel's
log is that of the normal one plus ((z⁴ − 2z²)/4 + …)/D, z = (x − y)/σ ~ N(e, q) given x. So

    D (E_D[y | x] − λ x/V) → −σ Cov(z, (z⁴ − 2z²)/4) = −σ q (e³ + 3 e q − e).

Far out the kernel is x^{−(D+1)} (1 + (D + 1) y/x + …): E_D[y | x] ≈ (D + 1) λ/x. It comes back to
the data's mean, where the Gaussian denoiser λ x/V grows without limit.

**A clipped draw.** R²/(R² + D) is a Beta(N/2, D/2) variable. Newbeeer/pfgmpp@d57c1ee draws it so in
training/loss.py, in both losses, and clips it to [0.001, 0.999], as we read it. Then no radius
passes √999 r: for small D and large N that is most of them. Where D > 999 N the lower end acts.
"""

from collections.abc import Callable

import numpy as np
import scipy
from scipy.special import betainc, digamma, gammaln, ndtr, polygamma

from bounds.check import Array, InvalidInput, positive
from bounds.claim import Cell, Claim, Paper

PAPER = Paper(
    stem="xu_2023_pfgmpp",
    title="PFGM++: Unlocking the Potential of Physics-Inspired Generative Models",
    authors=("Xu", "Liu", "Tian", "Tong", "Tegmark", "Jaakkola"),
    venue="arXiv 2023",
    link="https://arxiv.org/abs/2302.04265",
    have="the abstract; every formula here is derived by us, and their statements are unread",
    unknown=(
        "abstract read; statements unread: the kernel (recalled), the objective, the alignment",
        "in what sense the limit D → ∞ is taken, and at which rate",
        "the experiments on robustness",
    ),
    about={
        "scores and laws": ("*",),
        "variance": (
            "student-variance",
            "student-radius-*",
        ),
        "dimension": ("student-tv*",),
        "sampled law": ("*-flow",),
    },
)


def _dimensions(cell: Cell, above: float = 0.0) -> tuple[float, float]:
    """N and D."""
    N, D = positive("N", cell["N"]), positive("D", cell["D"])
    if above >= D:
        raise InvalidInput("D", f"must be above {above:g} for this moment to exist: {D:g}")
    return N, D


def log_density(cell: Cell, more: float = 0.0) -> float:
    """Log of t_D(0, σ² I)'s density at a distance, times the area of the sphere of radius 1."""
    N, D = _dimensions(cell)
    D += more
    sigma, distance = cell["sigma"], cell["distance"]
    log = gammaln((N + D) / 2) - gammaln(D / 2) - N / 2 * np.log(D * np.pi * sigma**2)
    area = np.log(2) + N / 2 * np.log(np.pi) - gammaln(N / 2)
    return float(log + area - (N + D) / 2 * np.log1p(distance**2 / (D * sigma**2)))


def second_moment(cell: Cell) -> float:
    """N σ² D/(D − 2), for D > 2."""
    N, D = _dimensions(cell, 2.0)
    return float(N * cell["sigma"] ** 2 * D / (D - 2))


def log_spread(cell: Cell, finite: float = 1.0) -> float:
    """½ √(ψ₁(N/2) + ψ₁(D/2))."""
    N, D = _dimensions(cell)
    return float(np.sqrt(polygamma(1, N / 2) + finite * polygamma(1, D / 2)) / 2)


def ahead(cell: Cell) -> float:
    """log(D/2) − ψ(D/2)."""
    _, D = _dimensions(cell)
    return float(np.log(D / 2) - digamma(D / 2))


def _between(N: float, D: float, low: float, high: float) -> float:
    """P_normal − P_Student of low < R² < high."""
    normal = scipy.stats.chi2.cdf(high, N) - scipy.stats.chi2.cdf(low, N)
    return float(normal - (scipy.stats.f.cdf(high / N, N, D) - scipy.stats.f.cdf(low / N, N, D)))


def tv(cell: Cell) -> float:
    """By the two places where the densities of R² are equal."""
    N, D = _dimensions(cell)
    level = gammaln((N + D) / 2) - gammaln(D / 2) - N / 2 * np.log(D / 2)

    def gap(log_q: float) -> float:
        q = np.exp(log_q)
        return float(level - (N + D) / 2 * np.log1p(q / D) + q / 2)

    middle = np.log(N)
    high = scipy.optimize.brentq(
        gap, middle, np.log(2 * (N + D) + 60 * np.sqrt(N + D) + 2000), xtol=1e-14
    )
    low = -np.inf if gap(-700.0) < 0 else scipy.optimize.brentq(gap, -700.0, middle, xtol=1e-14)
    return _between(N, D, float(np.exp(low)), float(np.exp(high)))


def _tv_at_limit(cell: Cell) -> float:
    """The decoy: with the places where they are equal in the limit."""
    N, D = _dimensions(cell)
    reach = np.sqrt(2 * N)
    return _between(N, D, max(N - reach, 0.0), N + reach)


def tv_limit(cell: Cell) -> float:
    """[½ q (q − N + 2) c(q)]/D between the roots; below 0 c is 0."""
    N, D = _dimensions(cell)
    low, high = N - np.sqrt(2 * N), N + np.sqrt(2 * N)

    def end(q: float) -> float:
        return float(q * (q - N + 2) / 2 * scipy.stats.chi2.pdf(q, N))

    return (end(high) - end(low)) / D


def tv_line(cell: Cell) -> float:
    """φ(1) N/D."""
    N, D = _dimensions(cell)
    return float(scipy.stats.norm.pdf(1) * N / D)


def tv_collapsed(cell: Cell) -> float:
    """TV(N(0, 1), N(0, 1 + N/D))."""
    N, D = _dimensions(cell)
    excess = N / D
    root = np.sqrt((1 + excess) / excess * np.log1p(excess))
    return float(2 * (ndtr(root) - ndtr(root / np.sqrt(1 + excess))))


def beyond(cell: Cell, more: float = 0.0) -> float:
    """P(Beta(N/2, D/2) > 0.999) = P(Beta(D/2, N/2) < 0.001)."""
    N, D = _dimensions(cell)
    return float(betainc((D + more) / 2, N / 2, 1e-3))


_Line = Callable[[Array], Array]


def _noise(cell: Cell) -> tuple[_Line, _Line, float]:
    """Distribution function, density's logarithmic derivative and density by scipy, variance."""
    laws = {
        "logistic": scipy.stats.logistic,
        "secant": scipy.stats.hypsecant,
        "gumbel": scipy.stats.gumbel_r,
    }
    law = scipy.stats.t(cell["D"]) if cell["noise"] == "student" else laws[cell["noise"]]()
    return law.cdf, law.logpdf, float(law.var())


def level(cell: Cell) -> float:
    """F_r(x) of the start: what a flow in one dimension keeps."""
    cdf = _noise(cell)[0]
    z = (cell["x"] - np.array(cell["atoms"])) / cell["first"]
    return float(np.array(cell["shares"]) @ cdf(z))


def _by_score(cell: Cell) -> float:
    """The decoy: the level that dx/dσ = −σ v ∇log p_σ reaches, v the noise's variance or, for
    Student's, 1, as r = σ √D has it.
    """
    cdf, log, variance = _noise(cell)
    atoms, shares = np.array(cell["atoms"]), np.array(cell["shares"])
    v = 1.0 if cell["noise"] == "student" else variance

    def velocity(sigma: float, x: Array) -> Array:
        z, h = (x[0] - atoms) / sigma, 1e-5
        low, middle, high = np.exp(log(np.stack([z - h, z, z + h]))) @ shares
        return np.array([-v * (high - low) / (2 * h * middle)])

    span = (cell["first"], cell["last"])
    end = scipy.integrate.solve_ivp(velocity, span, [cell["x"]], rtol=1e-4, atol=1e-6).y[0, -1]
    return float(shares @ cdf((end - atoms) / cell["last"]))


def _parts(cell: Cell, k: float) -> tuple[float, float]:
    """U_k and ∇U_k on the line for N(0, λ) data, the gradient by parts: E[−(y/λ) kernel].

    Both are over the kernel at y = 0 with D, so that they keep an ordinary size.
    """
    x, D, variance = cell["x"], cell["D"], cell["variance"]
    square, root = D * cell["sigma"] ** 2, np.sqrt(cell["variance"])

    def kernel(y: float) -> float:
        log = -(1 + k) / 2 * np.log((x - y) ** 2 + square) + (1 + D) / 2 * np.log(x**2 + square)
        return float(np.exp(log - y**2 / (2 * variance)))

    ends = {"a": -12 * root, "b": 12 * root, "limit": 200, "epsabs": 0, "epsrel": 1e-12}
    whole = scipy.integrate.quad(kernel, **ends)[0]
    return whole, scipy.integrate.quad(lambda y: -y / variance * kernel(y), **ends)[0]


def potential(cell: Cell) -> float:
    """x + ∇U_{D−2}/((N + D − 2) U_D), N = 1."""
    slope, whole = _parts(cell, cell["D"] - 2)[1], _parts(cell, cell["D"])[0]
    return float(cell["x"] + slope / ((cell["D"] - 1) * whole))


def tweedie(cell: Cell) -> float:
    """The decoy: x + σ² ∇log p_D."""
    whole, slope = _parts(cell, cell["D"])
    return float(cell["x"] + cell["sigma"] ** 2 * slope / whole)


def first_order(cell: Cell, last: float = 1.0) -> float:
    """−σ q (e³ + 3 e q − e)."""
    sigma = cell["sigma"]
    total = cell["variance"] + sigma**2
    q, e = cell["variance"] / total, cell["x"] * sigma / total
    return float(-sigma * q * (e**3 + 3 * e * q - last * e))


def far(cell: Cell, more: float = 1.0) -> float:
    """(D + 1) λ/x."""
    return float((cell["D"] + more) * cell["variance"] / cell["x"])


_STUDY = "evidence-student-kernel"
_SOURCE = "xu_2023_pfgmpp, abstract, statement unread; bounds/papers/xu_2023_pfgmpp.py, derived"
_KERNEL = "The kernel as recalled, r = σ √D; (N, D) = (1, 1), (2, 3), (5, 7), (10, 20), (100, 64), "
_LINE = "On the line, data N(0, 1)"
_ATOMS = "On the line, three atoms as data, from σ = 2 down to 0.5, three starts"
CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="student-kernel",
        statement="With r = σ √D the kernel ∝ (‖x − y‖² + r²)^{−(N+D)/2} is the Student law t_D(y, "
        "σ² I): its log density at distances σ/2 and 2σ.",
        assumptions=f"{_KERNEL}(3072, 128). With the sphere's area.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:density",
        formula=log_density,
        decoy=lambda c: log_density(c, 1.0),
        decoy_note="t_{D+1}",
        tolerance=1e-9,
        why="Divide by r²: (1 + ‖x − y‖²/(D σ²))^{−(N+D)/2}.",
    ),
    Claim(
        name="student-variance",
        statement="E‖x − y‖² = N σ² D/(D − 2), for D > 2.",
        assumptions=f"{_KERNEL}(3072, 128); the first has no second moment.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:square",
        formula=second_moment,
        decoy=lambda c: c["N"] * c["sigma"] ** 2,
        decoy_note="N σ², as the diffusion's noise has it",
        tolerance=1e-9,
        why="E[D/χ²_D] = D/(D − 2).",
        uses=("student-kernel",),
    ),
    Claim(
        name="student-radius-spread",
        statement="The standard deviation of log‖x − y‖ is ½ √(ψ₁(N/2) + ψ₁(D/2)).",
        assumptions=f"{_KERNEL}(3072, 128).",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:spread",
        formula=log_spread,
        decoy=lambda c: log_spread(c, 0.0),
        decoy_note="½ √ψ₁(N/2), the diffusion's",
        tolerance=1e-9,
        why="log R² = log χ²_N − log χ²_D + const, independent.",
        uses=("student-kernel",),
    ),
    Claim(
        name="student-alignment",
        statement="With r = σ √D, E log‖x − y‖² exceeds the diffusion's by log(D/2) − ψ(D/2).",
        assumptions=f"{_KERNEL}(3072, 128).",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:ahead",
        formula=ahead,
        decoy=lambda c: 1.0 / c["D"],
        decoy_note="1/D, its leading term",
        tolerance=1e-8,
        why="−E log(χ²_D/D).",
        uses=("student-kernel",),
    ),
    Claim(
        name="student-tv",
        statement="TV(t_D, N(0, σ² I)) is the difference of the masses that χ²_N and F(N, D) have "
        "between the two radii where their densities are equal.",
        assumptions="N = 1, 10, 100 at D/N from 0.1 to 100; N = 3072 at D from 64 to 307200.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:tv",
        formula=tv,
        decoy=_tv_at_limit,
        decoy_note="between N ± √(2N), where they are equal as D → ∞",
        tolerance=1e-8,
        why="Both are radial, and their log ratio has two zeros in R².",
        uses=("student-kernel",),
    ),
    Claim(
        name="student-tv-limit",
        statement="D · TV(t_D, N(0, σ² I)) → [½ q (q − N + 2) c(q)] from max(N − √(2N), 0) to N + "
        "√(2N), c the density of χ²_N.",
        assumptions="N = 1, 2, 5, 10, 30, 100 at D = 10⁴ N, to 3e-4 of it.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:tv-limit",
        formula=tv_limit,
        decoy=tv_line,
        decoy_note="φ(1) N/D, the limit for large N",
        tolerance=3e-4,
        why="½ E|f|/D with E f = 0: the negative part of f between its roots, by parts.",
        uses=("student-tv",),
    ),
    Claim(
        name="student-tv-order",
        statement="For D ≫ N the total variation is of order N/D.",
        assumptions="N = 10 … 10⁴ at D = 10⁷.",
        source=_SOURCE,
        origin="derived",
        kind="rate",
        measurement=f"{_STUDY}:tv-order",
        formula=lambda c: float(c["N"] / c["D"]),
        decoy=lambda c: float(c["N"] ** 0.5 / c["D"]),
        decoy_note="√N/D, as for N independent coordinates of Student's law",
        tolerance=0.02,
        why="All coordinates share one χ²_D: f is a square in √(N/2) (R²/N − 1), times N.",
        uses=("student-tv-limit",),
    ),
    Claim(
        name="student-tv-collapse",
        statement="For N and D both large the total variation is TV(N(0, 1), N(0, 1 + N/D)), a "
        "function of N/D alone.",
        assumptions="N = 3072, D = 64 … 307200, to 1e-3 of it.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:tv-collapse",
        formula=tv_collapsed,
        decoy=lambda c: min(1.0, tv_line(c)),
        decoy_note="φ(1) N/D, its tangent at 0, at most 1",
        tolerance=1e-3,
        description=True,
        why="√(N/2) log(R²/N) is nearly normal, of variance 1 and 1 + N/D.",
        uses=("student-tv",),
    ),
    Claim(
        name="pfgmpp-flow",
        statement="dx/dr = (x − E[y | x, r])/r carries p_r into p_{r'}: F_{r'}(x') = F_r(x).",
        assumptions=f"{_ATOMS}; D = 1, 3, 20, 200.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:level",
        formula=level,
        decoy=_by_score,
        decoy_note="the level that dx/dσ = −σ ∇log p_σ reaches",
        tolerance=1e-8,
        why="x = y + r T moves at (x − y)/r: its mean given x solves the continuity equation.",
        uses=("student-kernel",),
    ),
    Claim(
        name="scaled-noise-flow",
        statement="The same equation carries the laws of y + r T into each other whatever the law "
        "of T.",
        assumptions=f"{_ATOMS}; T logistic, of the hyperbolic secant, Gumbel's.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:any-level",
        formula=level,
        decoy=_by_score,
        decoy_note="the level that dx/dσ = −σ Var(T) ∇log p_σ reaches",
        tolerance=1e-8,
        why="Nothing of T's law is used in the derivation.",
        uses=("pfgmpp-flow",),
    ),
    Claim(
        name="student-tweedie",
        statement="E[y | x] = x + ∇U_{D−2}/((N + D − 2) U_D), U_k(x) = ∫ p(y) (‖x − y‖² + "
        "r²)^{−(N+k)/2} dy: by a potential of two dimensions less, not by the score of p_D.",
        assumptions=f"{_LINE}, σ = 1; D = 3, 20, 200, x = 1, 6, 12.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:denoiser",
        formula=potential,
        decoy=tweedie,
        decoy_note="Tweedie's x + σ² ∇log p_D",
        tolerance=1e-8,
        why="∇ of the kernel of D − 2 is −(N + D − 2) (x − y) times that of D.",
        uses=("student-kernel",),
    ),
    Claim(
        name="student-denoiser-order",
        statement="D (E_D[y | x] − λ x/V) → −σ q (e³ + 3 e q − e), V = λ + σ², q = λ/V, e = x σ/V.",
        assumptions=f"{_LINE}, σ = 0.8, x = 0.5, 1.5, 3, D = 10⁵, to 1e-3 of it.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:first-order",
        formula=first_order,
        decoy=lambda c: first_order(c, 0.0),
        decoy_note="without −e: the exponent taken for −D/2",
        tolerance=1e-3,
        why="Minus σ times the covariance of z and (z⁴ − 2z²)/4 under z ~ N(e, q).",
        uses=("student-kernel",),
    ),
    Claim(
        name="student-denoiser-far",
        statement="Far from the data E_D[y | x] ≈ (D + 1) λ/x: it comes back to the mean.",
        assumptions=f"{_LINE}, σ = 1, x = 10⁴, D = 1, 3, 20, to 1e-4 of it.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:far",
        formula=far,
        decoy=lambda c: far(c, 0.0),
        decoy_note="D λ/x",
        tolerance=1e-4,
        why="The kernel there is x^{−(D+1)} (1 + (D + 1) y/x + …).",
        uses=("student-kernel",),
    ),
    Claim(
        name="student-clipped-radius",
        statement="The share of radii with ‖x − y‖² > 999 r², which a Beta variable clipped at 1 − "
        "10⁻³ cannot give, is the mass of Beta(D/2, N/2) below 10⁻³.",
        assumptions="N = 3072, D = 1, 2, 4, 8.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:beyond",
        formula=beyond,
        decoy=lambda c: beyond(c, 1.0),
        decoy_note="with D + 1",
        tolerance=1e-8,
        why="r²/(r² + ‖x − y‖²) has the law Beta(D/2, N/2).",
        uses=("student-kernel",),
    ),
)
