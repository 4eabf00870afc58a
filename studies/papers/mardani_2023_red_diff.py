"""What a sum of denoisers regularises: KL by quadrature and its differences, noise predictions by
conditioning, draws.
"""

from collections.abc import Callable

import numpy as np
import scipy
from scipy.special import logsumexp

from bounds.check import Array
from bounds.divergence import Normal, kl
from studies.evidence import Parts, Rng, Seeds, computed, evidence, measured, one_by_one, row
from studies.study import Cell, Row, Study


def _kept(t: float) -> tuple[float, float]:
    """e_t and σ_t²."""
    return float(np.exp(-t)), float(1 - np.exp(-2 * t))


def _gradient(cell: Cell) -> list[Row]:
    """(σ_t/e_t) ∂_μ KL(q_t‖p_t): trapezia over 12 deviations each way, fourth differences in μ."""
    keep, noise = _kept(cell["t"])
    z = np.linspace(-12, 12, 1201)
    mass = scipy.stats.norm.pdf(z) * (z[1] - z[0])
    spread = np.sqrt(keep**2 * np.array(cell["variances"]) + noise)
    middle = keep * np.array(cell["means"])

    def divergence(mu: float) -> float:
        x = keep * mu + np.sqrt(noise) * z
        log_q = scipy.stats.norm.logpdf(z) - np.log(noise) / 2
        each = scipy.stats.norm.logpdf(x[:, None], middle, spread)
        log_p = logsumexp(each, axis=1, b=np.array(cell["weights"]))
        return float(mass @ (log_q - log_p))

    h, mu = 1e-2, cell["mu"]
    near, far = (divergence(mu + k * h) - divergence(mu - k * h) for k in (1, 2))
    of = {name: cell[name] for name in ("t", "mu", "weights", "means", "variances")}
    found = np.sqrt(noise) / keep * (8 * near - far) / (12 * h)
    return [row("gradient", of, float(found))]


def _regulariser(cell: Cell, covariance: Array) -> Callable[[Array], float]:
    """∫ω' KL(q_t‖p_t) dt less its value at μ = 0."""
    d, tau = len(covariance), cell["tau"]
    # Panels that grow with t from where the noise is far below every variance to where ω' is over.
    edges = np.concatenate([[0.0], np.geomspace(1e-4, 40 * tau, 16)])
    x, c = np.polynomial.legendre.leggauss(24)
    half = np.diff(edges)[:, None] / 2
    t = (edges[:-1, None] + half * (1 + x)).ravel()
    weight = (half * c).ravel() * np.exp(-t / tau) / tau
    keep = np.exp(-t)[:, None]
    spread = (1 - keep**2)[:, None] * np.eye(d)
    prior = Normal(np.zeros((t.size, d)), keep[:, None] ** 2 * covariance + spread)

    def whole(mu: Array) -> float:
        apart = [kl(Normal(keep * m, spread), prior) for m in (mu, np.zeros(d))]
        return float(weight @ (apart[0] - apart[1]))

    return whole


def _share(cell: Cell) -> list[Row]:
    """λ times the bend in μ: of a square, a second difference of any width."""
    lam = cell["lambda"]
    whole = _regulariser(cell, np.array([[lam]]))
    found = lam * 2 * whole(np.ones(1))
    return [row("share", {"lambda": lam, "tau": cell["tau"]}, found)]


def _minimiser(cell: Cell) -> list[Row]:
    """Of misfit and regulariser, a square: by its differences about 0."""
    angle, H, y = cell["angle"], np.array(cell["H"]), np.array(cell["y"])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    whole = _regulariser(cell, turn @ np.diag(cell["eigenvalues"]) @ turn.T)

    def objective(mu: Array) -> float:
        return float(np.sum((y - H @ mu) ** 2) / (2 * cell["sy2"]) + whole(mu))

    one, two = np.eye(2)
    zero = objective(np.zeros(2))
    up = np.array([objective(one), objective(two)])
    down = np.array([objective(-one), objective(-two)])
    bends = up + down - 2 * zero
    cross = objective(one + two) - up.sum() + zero
    found = np.linalg.solve([[bends[0], cross], [cross, bends[1]]], (down - up) / 2)
    of = {name: cell[name] for name in ("tau", "eigenvalues", "angle", "H", "y", "sy2")}
    return [row("minimiser", {**of, "i": i}, float(found[i])) for i in range(2)]


def _default(lam: float) -> float:
    """The mean over levels of .25 σ/e times the slope in μ of E[ε_θ − ε]; ε_θ from E[x_0 | x_t]."""
    total, kept = 0.0, 1.0
    for beta in np.linspace(1e-4, 0.02, 1000):
        kept *= 1 - beta
        joint = np.array([[lam, np.sqrt(kept) * lam], [0.0, kept * lam + 1 - kept]])
        denoised = joint[0, 1] / joint[1, 1]  # E[x_0 | x_t] over x_t
        x = np.sqrt(kept)  # the mean of x_t at μ = 1
        predicted = (x - np.sqrt(kept) * denoised * x) / np.sqrt(1 - kept)
        total += 0.25 * np.sqrt((1 - kept) / kept) * predicted
    return float(total / 1000)


def _defaults(cell: Cell) -> list[Row]:
    """Its precision, and the σ_y² for which the minimiser is the posterior's mean."""
    lam = cell["lambda"]
    held = _default(lam)
    found = scipy.optimize.brentq(
        lambda s: 1 / (1 + held) - lam / (lam + s), 1e-9, 1e3, xtol=1e-14, rtol=1e-12
    )
    return [row("default", {"lambda": lam}, held), row("implied", {"lambda": lam}, found)]


def _isotropic(cell: Cell) -> list[Row]:
    values = cell["eigenvalues"]
    d = len(values)
    posterior = Normal(np.zeros(d), np.diag(values))

    def divergence(log_s2: float) -> float:
        return float(kl(Normal(np.zeros(d), np.exp(log_s2) * np.eye(d)), posterior))

    # A parabola through three points about the least value keeps more digits than the search.
    rough = scipy.optimize.minimize_scalar(divergence, bounds=(-8.0, 8.0), method="bounded").x
    h = 1e-3
    low, middle, high = (divergence(rough + k * h) for k in (-1, 0, 1))
    found = rough - h / 2 * (high - low) / (high + low - 2 * middle)
    return [row("isotropic", {"eigenvalues": values}, float(np.exp(found)))]


def _noise(cell: Cell, rng: Rng) -> list[Row]:
    """Variance of ε_θ(x_t) − ε over draws of ε, by the score of N(0, V_t)."""
    values, (keep, noise) = np.array(cell["eigenvalues"]), _kept(cell["t"])
    eps = rng.standard_normal((2000, values.size))
    x = keep * np.array(cell["mu"]) + np.sqrt(noise) * eps
    missed = np.sqrt(noise) * x / (keep**2 * values + noise) - eps
    of = {name: cell[name] for name in ("t", "eigenvalues")}
    return [row("noise", of, float(missed.var(axis=0, ddof=1).sum()))]


PARTS: Parts = {
    "gradient": computed(_gradient, "gradient"),
    "share": computed(_share, "share"),
    "minimiser": computed(_minimiser, "minimiser"),
    "default": computed(_defaults, "default", "implied"),
    "isotropic": computed(_isotropic, "isotropic"),
    "noise": one_by_one(_noise, "noise"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part."""
    return measured(PARTS, cell, seeds)


ONE: Cell = {"weights": [1.0], "means": [0.5], "variances": [0.3]}
TWO: Cell = {"weights": [0.3, 0.7], "means": [-1.0, 1.5], "variances": [0.1, 0.4]}
CELLS: list[Cell] = [
    *(
        {"part": "gradient", "t": t, "mu": mu, **law}
        for law in (ONE, TWO)
        for t in (0.1, 0.4, 1.0)
        for mu in (-0.4, 1.0)
    ),
    *(
        {"part": "share", "tau": tau, "lambda": lam}
        for tau in (0.02, 0.1, 0.5)
        for lam in (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
    ),
    *(
        {
            "part": "minimiser",
            "tau": tau,
            "eigenvalues": [0.05, 2.0],
            "angle": 0.4,
            "H": H,
            "y": y,
            "sy2": 0.25,
        }
        for tau, H, y in (
            (0.1, [[1.0, 0.5]], [1.0]),
            (0.5, [[1.0, 0.5]], [1.0]),
            (0.1, [[1.0, 0.0], [0.5, 1.0]], [1.0, -0.5]),
        )
    ),
    *({"part": "default", "lambda": lam} for lam in (0.001, 0.01, 0.1, 1.0, 4.0, 10.0, 100.0)),
    *(
        {"part": "isotropic", "eigenvalues": values}
        for values in ([0.05, 2.0], [0.1, 0.5, 3.0], [1.0, 1.0, 0.2, 0.01])
    ),
    *(
        {"part": "noise", "t": t, "eigenvalues": [0.1, 1.0, 4.0], "mu": [1.0, -1.0, 0.5]}
        for t in (0.05, 0.3, 1.0)
    ),
]
STUDY = evidence(
    "evidence-red-diff",
    "What a sum of denoisers regularises: gradients, minimisers, the noise of one draw.",
    CELLS,
    measure,
    PARTS,
    seed=103,
    replicates=24,
    batch=24,
)
STUDIES: tuple[Study, ...] = (STUDY,)
