r"""Cauchy data: no mean, and yet a score whose slope is bounded above.

    X_t = e_t X_0 + σ_t Z,   p_t a Voigt profile,   L₊(t) = sup_x (log p_t)''(x).

With z = (x + i c e_t)/(σ_t √2), c the scale, p_t is Re w(z) up to a factor, w the Faddeeva
function, w' = −2zw + 2i/√π and w'' = −2w − 2zw'. For large |z| these cancel, and the asymptotic
series i/√π Σ_k (2k−1)!! 2^{−k} z^{−2k−1}, differentiated term by term, takes over.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import wofz

from bounds.check import Array, finite, positive
from bounds.process import decay, noise_variance

FAR = 9.0
"""|z| from which the series is used: its last term is below 1e-13 of the first there, and the
recursion loses a factor of about |z|⁴ = 7000 below."""
TERMS = 13


def log_density_curvature(t: ArrayLike, x: ArrayLike, scale: float = 1.0) -> Array:
    """(log p_t)''(x) of X_t for Cauchy data about 0.

    Parameters
    ----------
    t : times, positive; any shape that fits x
    x : places
    scale : c > 0, half the width at half the height

    Returns
    -------
    Array of the shape that t and x have together.

    Source: the derivatives of the Faddeeva function (standard).
    """
    times, places = np.broadcast_arrays(finite("t", t), finite("x", x))
    positive("t", float(times.min()))
    sigma = np.sqrt(noise_variance(times))
    z = (places + 1j * positive("scale", scale) * decay(times)) / (sigma * np.sqrt(2))
    far = np.abs(z) >= FAR
    w, first, second = (np.empty_like(z) for _ in range(3))
    near = z[~far]
    w[~far] = wofz(near)
    first[~far] = -2 * near * w[~far] + 2j / np.sqrt(np.pi)
    second[~far] = -2 * w[~far] - 2 * near * first[~far]
    term = 1j / np.sqrt(np.pi) / z[far]
    sums = np.zeros((3, term.size), dtype=np.complex128)
    for k in range(TERMS):
        sums += np.array([1, -(2 * k + 1), (2 * k + 1) * (2 * k + 2)])[:, None] * term
        term = term * (2 * k + 1) / 2 / z[far] ** 2
    w[far], first[far], second[far] = sums[0], sums[1] / z[far], sums[2] / z[far] ** 2
    slope = first.real / w.real
    return np.asarray((second.real / w.real - slope**2) / (2 * sigma**2))


def curvature_bound(times: ArrayLike, scale: float = 1.0) -> Array:
    """L₊(t) = sup_x (log p_t)''(x); 1/(4c²) in the limit t → 0.

    The largest value on a grid of x in units of √(c²e_t² + σ_t²), up to 12 of them and finer around
    the best point: (log p_t)'' rises from its smallest value, at 0, to one maximum and then falls
    like 2/x². The grid's error is below 1e-8 of L₊.

    Parameters
    ----------
    times : shape (P,), positive
    scale : c > 0

    Returns
    -------
    Array of shape (P,).

    Examples
    --------
    >>> curvature_bound([1e-9, 0.8]).round(4)
    array([0.25  , 0.4409])
    """
    t = np.atleast_1d(finite("times", times))[:, None]
    unit = np.sqrt((scale * decay(t)) ** 2 + noise_variance(t))
    centre, reach = np.full_like(t, 6.0), 6.0
    for points in (121, 21, 21, 21):
        x = centre + np.linspace(-reach, reach, points)
        values = log_density_curvature(t, unit * x, scale)
        centre = np.take_along_axis(x, values.argmax(axis=1)[:, None], axis=1)
        reach *= 2 / (points - 1)
    return np.asarray(values.max(axis=1))
