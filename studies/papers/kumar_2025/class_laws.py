"""Laws with independent coordinates, drawn, and the residuals U_t = Z_t/σ_t² + s(t, X_t) of their
exact scores.

N(0, λ) under the name "gaussian"; Cauchy data of a scale about 0, whose p_t is a Voigt profile;
Laplace, exponential and uniform laws four units wide and more (log_concave_laws).
"""

import numpy as np
from scipy.special import wofz

from bounds.check import Array
from bounds.process import Slice
from studies.evidence import Rng
from studies.papers.kumar_2025.log_concave_laws import draw, posterior_mean
from studies.study import Cell

LAW_KEYS = ("law", "eigenvalue", "scale")
"""What a cell says of its law."""


def law_of(cell: Cell) -> Cell:
    """The keys of a cell that name its law."""
    return {key: cell[key] for key in LAW_KEYS if key in cell}


def drawn(cell: Cell, size: int, d: int, rng: Rng) -> Array:
    """`size` draws of X_0; shape (size, d)."""
    if cell["law"] == "gaussian":
        return np.asarray(np.sqrt(cell["eigenvalue"]) * rng.standard_normal((size, d)))
    if cell["law"] == "cauchy":
        return np.asarray(cell["scale"] * rng.standard_cauchy((size, d)))
    return draw(cell["law"], size, d, rng)


def cauchy_score(t: float, x: Array, scale: float) -> Array:
    """(log p_t)'(x) of the Voigt profile, by the Faddeeva function; its leading term −2x/(x² +
    c²e_t²) from 10⁴ of its units on, where the rest is 1e-8 of it.
    """
    sigma, width = np.sqrt(-np.expm1(-2 * t)), scale * np.exp(-t)
    far = np.abs(x) > 1e4 * (sigma + width)
    near = np.where(far, 0.0, x)
    z = (near + 1j * width) / (sigma * np.sqrt(2))
    w = wofz(z)
    slope = (-2 * z * w).real / w.real / (sigma * np.sqrt(2))
    return np.asarray(np.where(far, -2 * x / (x**2 + width**2), slope))


def residual(cell: Cell, part: Slice) -> Array:
    """U_t of each path and coordinate; shape (n, d)."""
    t, x = part.step.t, part.x
    noise = -np.expm1(-2 * t)
    if cell["law"] == "gaussian":
        return np.asarray(part.z / noise - x / (np.exp(-2 * t) * cell["eigenvalue"] + noise))
    if cell["law"] == "cauchy":
        return np.asarray(part.z / noise + cauchy_score(t, x, cell["scale"]))
    score = (np.exp(-t) * posterior_mean(cell["law"], t, x) - x) / noise
    return np.asarray(part.z / noise + score)
