r"""Atoms with noise of any scale on the line: X = Y + r T, exactly, out to the far tails.

    p_r(x) = Σ_k π_k f((x − y_k)/r)/r,   T ~ f: normal, Student's t, Laplace or logistic.

Each noise is symmetric, so that log(1 − F)(x) = log F(−x) of T. Student's log F is that of a power
where F itself would leave float64: with z = ν/(ν + x²), a = ν/2,

    F(−|x|) = ½ I_z(a, ½) = z^a (1 − z)^{1/2}/(2 a B(a, ½)) · ₂F₁(a + ½, 1; a + 1; z).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, hyp2f1, log_expit, log_ndtr, logsumexp, stdtr

from bounds.check import Array, InvalidInput, finite, positive
from bounds.line import OnLine


class Noise(NamedTuple):
    """A symmetric law on the line.

    Attributes
    ----------
    log_density, slope, log_cdf : log f, (log f)' and log F of arrays
    """

    log_density: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    log_cdf: Callable[[Array], Array]


def _laplace_log_cdf(x: Array) -> Array:
    return np.where(x < 0, np.minimum(x, 0) - np.log(2), np.log1p(-np.exp(-np.maximum(x, 0)) / 2))


NORMAL = Noise(lambda x: -(x**2) / 2 - np.log(2 * np.pi) / 2, lambda x: -x, log_ndtr)
LAPLACE = Noise(lambda x: -np.abs(x) - np.log(2), lambda x: -np.sign(x), _laplace_log_cdf)
LOGISTIC = Noise(
    lambda x: log_expit(x) + log_expit(-x), lambda x: -np.tanh(x / 2), lambda x: log_expit(x)
)
NOISES: Mapping[str, Noise] = MappingProxyType(
    {"normal": NORMAL, "laplace": LAPLACE, "logistic": LOGISTIC}
)


def student(dof: float) -> Noise:
    """Student's t with ν > 0 degrees of freedom, with the log of its tail at any distance.

    Raises
    ------
    InvalidInput
        If ν is not a positive finite number.

    Examples
    --------
    >>> float(student(200).log_cdf(np.array(-1e4)).round(6))
    -1315.805884
    """
    nu = positive("dof", dof)
    a = nu / 2
    volume = -betaln(a, 0.5) - np.log(nu) / 2

    def log_cdf(x: Array) -> Array:
        log_z = -2 * np.log(np.hypot(1.0, x / np.sqrt(nu)))
        far = log_z < np.log(0.9)
        z = np.exp(np.where(far, log_z, -1.0))
        tail = a * log_z + np.log1p(-z) / 2 - np.log(2 * a) - betaln(a, 0.5)
        tail = tail + np.log(hyp2f1(a + 0.5, 1.0, a + 1.0, z))
        near = np.log(np.where(far, 0.5, stdtr(nu, -np.abs(x))))
        lower = np.where(far, tail, near)
        return np.where(x < 0, lower, np.log1p(-np.exp(lower)))

    return Noise(
        lambda x: volume - (nu + 1) / 2 * np.log1p(np.square(x) / nu),
        lambda x: -(nu + 1) * x / (nu + np.square(x)),
        log_cdf,
    )


@dataclass(frozen=True, eq=False)
class Scale(OnLine):
    """The law of Y + r T, Y on atoms.

    Attributes
    ----------
    atoms : y, shape (K,)
    weights : π, shape (K,), positive, with sum 1 within 1e-9
    scale : r > 0
    noise : of T; NORMAL, LAPLACE, LOGISTIC or student(ν)

    Raises
    ------
    InvalidInput
        If an entry is not finite, shapes do not fit, a weight is not positive, the weights do not
        sum to 1, or r is not positive.

    Examples
    --------
    >>> law = Scale(np.array([-1.0, 1.0]), np.array([0.5, 0.5]), 2.0, student(3))
    >>> float(law.to_normal(law.from_normal(20.0)).round(9))
    20.0
    """

    atoms: Array
    weights: Array
    scale: float
    noise: Noise = NORMAL

    def __post_init__(self) -> None:
        atoms, weights = finite("atoms", self.atoms), finite("weights", self.weights)
        if weights.ndim != 1 or weights.size == 0 or weights.min() <= 0:
            raise InvalidInput("weights", "must be a non-empty list of positive numbers")
        if abs(weights.sum() - 1) > 1e-9:
            raise InvalidInput("weights", f"must sum to 1, but sum to {weights.sum():.10g}")
        if atoms.shape != weights.shape:
            raise InvalidInput(
                "atoms", f"must have shape {weights.shape} like weights, but has {atoms.shape}"
            )
        object.__setattr__(self, "atoms", atoms)
        object.__setattr__(self, "weights", weights / weights.sum())
        object.__setattr__(self, "scale", positive("scale", self.scale))

    def __repr__(self) -> str:
        return f"Scale({self.atoms.size} atoms, r = {self.scale:g})"

    def _standard(self, x: ArrayLike) -> Array:
        """(x − y_k)/r, shape (…, K)."""
        return np.asarray((finite("x", x)[..., None] - self.atoms) / self.scale)

    def _joint(self, x: ArrayLike) -> tuple[Array, Array]:
        """(x − y_k)/r, and log π_k f, shape (…, K)."""
        y = self._standard(x)
        return y, np.log(self.weights) + self.noise.log_density(y) - np.log(self.scale)

    def log_density(self, x: ArrayLike) -> Array:
        """log p(x), any shape."""
        return np.asarray(logsumexp(self._joint(x)[1], axis=-1))

    def score(self, x: ArrayLike) -> Array:
        """(log p)'(x), any shape; where the noise has a kink at an atom, the mean of both sides."""
        y, joint = self._joint(x)
        shares = np.exp(joint - logsumexp(joint, axis=-1, keepdims=True))
        return np.asarray((shares * self.noise.slope(y)).sum(axis=-1) / self.scale)

    def posterior_mean(self, x: ArrayLike) -> Array:
        """E[Y | X = x], any shape."""
        _, joint = self._joint(x)
        shares = np.exp(joint - logsumexp(joint, axis=-1, keepdims=True))
        return np.asarray(shares @ self.atoms)

    def log_cdf(self, x: ArrayLike) -> Array:
        """log F(x), any shape; its relative error is small wherever F is not near 1."""
        parts = np.log(self.weights) + self.noise.log_cdf(self._standard(x))
        return np.asarray(logsumexp(parts, axis=-1))

    def log_sf(self, x: ArrayLike) -> Array:
        """log(1 − F(x)), any shape; its relative error is small wherever F is not near 0."""
        parts = np.log(self.weights) + self.noise.log_cdf(-self._standard(x))
        return np.asarray(logsumexp(parts, axis=-1))

    def between(self, level: Array) -> tuple[Array, Array]:
        """By doubling the reach on the side that falls short.

        Raises
        ------
        InvalidInput
            If the quantile lies beyond 1e300.
        """
        ends = []
        for side, begin in ((-1.0, self.atoms.max()), (1.0, self.atoms.min())):
            inner, outer = np.full(level.shape, -side * np.inf), np.full(level.shape, begin)
            reach = self.scale + float(np.ptp(self.atoms))
            while True:
                short = side * (self.to_normal(outer) - level) < 0
                if not short.any():
                    break
                if reach > 1e300:
                    raise InvalidInput("z", "holds a level whose quantile is beyond 1e300")
                inner = np.where(short, outer, inner)
                outer = np.where(short, begin + side * reach, outer)
                reach *= 2
            ends.append((inner, outer))
        (upper, low), (lower, high) = ends
        return np.maximum(low, lower), np.minimum(high, upper)
