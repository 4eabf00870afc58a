r"""Published rates, for comparison: what each source's error bound makes of d.

    curve(d) = rate(d)/rate(d₀)   at everything else fixed,

which is all that Figure 1b asks of them: no constant of any source is known here. Each function is
author, year, quantity. Its formula is what our text quotes and no more; constants and logarithms
that the text leaves unnamed are parameters that default to 1, an unnamed exponent is a parameter
without a default. `published` lists them. What a function
returns is broadcast over its arguments.

Symbols: d dimension, n samples (sample paths, m in our own notation), t diffusion time.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import numpy as np
from numpy.typing import ArrayLike

from bounds.check import Array, InvalidInput, finite

P = ParamSpec("P")


def _fitting(rate: Callable[P, Array]) -> Callable[P, Array]:
    """The rate, which refuses arguments whose shapes do not broadcast."""

    @wraps(rate)
    def checked(*args: P.args, **kwargs: P.kwargs) -> Array:
        try:
            return rate(*args, **kwargs)
        except InvalidInput:
            raise
        except ValueError:
            raise InvalidInput("arguments", "have shapes that do not fit together") from None

    return checked


def in_range(rate: Callable[[], ArrayLike]) -> Array:
    """What a rate comes to, if float64 holds it."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        array = np.asarray(rate(), dtype=np.float64)
    if not np.all(np.isfinite(array)):
        raise InvalidInput("rate", "leaves the range of float64 at these arguments")
    return array


def _at_least(key: str, values: ArrayLike, least: float) -> Array:
    array = finite(key, values)
    if np.any(array < least):
        raise InvalidInput(key, f"must be at least {least:g}, but holds {array.min():g}")
    return array


def _above(key: str, values: ArrayLike, bound: float) -> Array:
    array = finite(key, values)
    if np.any(array <= bound):
        raise InvalidInput(key, f"must exceed {bound:.4g}, but holds {array.min():g}")
    return array


@_fitting
def kumar_2025_log_b(
    d: ArrayLike,
    n: ArrayLike,
    steps: ArrayLike,
    spacing: ArrayLike,
    delta: ArrayLike,
    *,
    lipschitz: ArrayLike,
    constant: float = 1.0,
) -> Array:
    """log B, B = C log((L + 1) d m N log(1/δ)/Δ):
    the only way the dimension enters Theorem 1, as log log d.

    Parameters
    ----------
    d, n : dimension and m, sample paths, ≥ 1
    steps, spacing : N ≥ 1, Δ > 0
    delta : δ in (0, 1), the failure probability
    lipschitz : L ≥ 0, of the score
    constant : C > 0, absolute, unnamed; unlike a factor of the whole bound it does not drop out of
        `curve`

    Raises
    ------
    InvalidInput
        If an argument is out of range, or B ≤ 1, where log B is not positive.

    Source: Kumar, Nagaraj, Sarkar 2025, Theorem 1's definition of B (cited). Its right-hand side is
    unknown.
    """
    fail = finite("delta", delta)
    if np.any((fail <= 0) | (fail >= 1)):
        raise InvalidInput("delta", "must lie strictly between 0 and 1")
    inside = (
        np.log1p(_at_least("lipschitz", lipschitz, 0))
        + np.log(_at_least("d", d, 1))
        + np.log(_at_least("n", n, 1))
        + np.log(_at_least("steps", steps, 1))
        + np.log(-np.log(fail))
        - np.log(_above("spacing", spacing, 0))
    )
    b = _above("constant", constant, 0) * inside
    if np.any(b <= 1):
        raise InvalidInput(
            "constant", f"makes B = {b.min():g}, and log B is not positive for B ≤ 1"
        )
    return np.asarray(np.log(b))


@_fitting
def kumar_2025_log_log(d: ArrayLike) -> Array:
    """log log d: what Figure 1 divides the error by, beside log|H|.

    Raises
    ------
    InvalidInput
        If some d ≤ e, where it is not positive.

    Source: Kumar, Nagaraj, Sarkar 2025, caption of Figure 1a (cited).
    """
    return np.asarray(np.log(np.log(_above("d", d, np.e))))


@_fitting
def kumar_2025_linear_reference(d: ArrayLike) -> Array:
    """d: the dependence that Figure 1b ascribes to prior work, "at least a linear" one.

    Source: Kumar, Nagaraj, Sarkar 2025, caption of Figure 1b (cited). No competitor is measured
    there.
    """
    return _at_least("d", d, 1)


@_fitting
def wibisono_2024_squared_error(
    d: ArrayLike,
    n: ArrayLike,
    *,
    alpha: ArrayLike = 1.0,
    lipschitz: ArrayLike = 1.0,
    constant: float = 1.0,
) -> Array:
    """E‖ŝ − s‖² ≤ C d α² L² (log n)^{d/(d+4)} n^{−2/(d+4)};
    as a function of n it falls only from n = e^{d/2} on.

    Parameters
    ----------
    d, n : dimension ≥ 1, samples ≥ 2
    alpha, lipschitz : α, L > 0, the source's own; our text does not define them further
    constant : C, unnamed

    Source: Wibisono, Wu, Yang 2024 (cited); C unnamed.
    """
    dims, size = _at_least("d", d, 1), _at_least("n", n, 2)
    slope = finite("constant", constant)
    scale = in_range(
        lambda: slope * _above("alpha", alpha, 0) ** 2 * _above("lipschitz", lipschitz, 0) ** 2
    )
    return in_range(
        lambda: scale * dims * np.log(size) ** (dims / (dims + 4)) * size ** (-2 / (dims + 4))
    )


@_fitting
def wibisono_2024_lower_bound(d: ArrayLike, n: ArrayLike, *, constant: float = 1.0) -> Array:
    """E‖ŝ − s‖² ≥ c n^{−2/(d+4)} for any estimator:
    it matches the upper bound in n, logarithms apart.

    Parameters
    ----------
    d, n : dimension and samples, ≥ 1
    constant : c, unnamed; how it depends on d is not in our text

    Source: Wibisono, Wu, Yang 2024 (cited); c unnamed.
    """
    return in_range(
        lambda: (
            finite("constant", constant) * _at_least("n", n, 1) ** (-2 / (_at_least("d", d, 1) + 4))
        )
    )


@_fitting
def zhang_2024_squared_error(
    d: ArrayLike, n: ArrayLike, t: ArrayLike, *, constant: float = 1.0, polylog: float = 1.0
) -> Array:
    """Mean squared error Õ(n^{−1} t^{−(d+2)/2} (t^{d/2} ∨ 1)): n^{−1} t^{−1} for t ≥ 1, free of d.

    Parameters
    ----------
    d, n : dimension and samples, ≥ 1
    t : diffusion time > 0, on the source's clock
    constant, polylog : what Õ hides, unnamed

    Raises
    ------
    InvalidInput
        If an argument is out of range, or the bound exceeds the largest float64.

    Source: Zhang et al. 2024 (cited); constant and polylogarithms unnamed.
    """
    dims, log_t = _at_least("d", d, 1), np.log(_above("t", t, 0))
    exponent = (
        -(dims + 2) / 2 * log_t + np.maximum(dims / 2 * log_t, 0) - np.log(_at_least("n", n, 1))
    )
    if np.any(exponent > 700):
        raise InvalidInput("t", f"makes the bound exceed e^700 (t = {np.exp(log_t.min()):g})")
    return in_range(
        lambda: finite("constant", constant) * finite("polylog", polylog) * np.exp(exponent)
    )


@_fitting
def gupta_2024_samples(
    d: ArrayLike,
    accuracy: ArrayLike,
    *,
    parameters: float = 1.0,
    depth: float = 1.0,
    log_theta: float = 1.0,
    log_inverse_gamma: float = 1.0,
    constant: float = 1.0,
    polylog: float = 1.0,
) -> Array:
    """Samples that suffice for accuracy ε: Õ(d² P D ε^{−3} log Θ log³(1/γ)).

    Parameters
    ----------
    d : dimension ≥ 1
    accuracy : ε > 0; of what, our text does not say
    parameters, depth : P, D of the network
    log_theta, log_inverse_gamma : log Θ, log(1/γ)
    constant, polylog : what Õ hides, unnamed

    Source: Gupta et al. 2024 (cited); constant and polylogarithms unnamed.
    """
    network = [parameters, depth, log_theta, log_inverse_gamma, constant, polylog]
    factor = finite("parameters, depth, log_theta, log_inverse_gamma, constant, polylog", network)
    dims, eps = _at_least("d", d, 1), _above("accuracy", accuracy, 0)
    return in_range(
        lambda: factor[:3].prod() * factor[3] ** 3 * factor[4:].prod() * dims**2 * eps**-3.0
    )


@_fitting
def gupta_2024_accuracy(d: ArrayLike, n: ArrayLike, **unnamed: float) -> Array:
    """ε at n samples: `gupta_2024_samples` solved for ε,
    what Õ hides held fixed; grows as d^{2/3} n^{−1/3}.

    Parameters
    ----------
    d, n : dimension and samples, ≥ 1
    unnamed : keywords of `gupta_2024_samples`

    Source: Gupta et al. 2024, inverted (derived from the cited rate).
    """
    return in_range(
        lambda: (gupta_2024_samples(d, 1.0, **unnamed) / _at_least("n", n, 1)) ** (1 / 3)
    )


@_fitting
def block_2020_squared_error(
    d: ArrayLike,
    rademacher: ArrayLike,
    *,
    degree: float,
    constant: float = 1.0,
    polylog: float = 1.0,
) -> Array:
    """C · R² · polylog · d^degree:
    squared Rademacher complexity R² times polylogarithms, polynomial in d.

    Parameters
    ----------
    d : dimension ≥ 1
    rademacher : R ≥ 0, the class's Rademacher complexity at the sample size
    degree : of the polynomial in d, unnamed, hence without default; a monomial is our way to write
        "polynomial"
    constant, polylog : unnamed

    Source: Block, Mroueh, Rakhlin 2020 (cited; recalled, not read).
    """
    dims, complexity = _at_least("d", d, 1), _at_least("rademacher", rademacher, 0)
    return in_range(
        lambda: (
            finite("constant", constant)
            * finite("polylog", polylog)
            * complexity**2
            * dims ** finite("degree", degree)
        )
    )


@_fitting
def oko_2023_total_variation(
    d: ArrayLike, n: ArrayLike, smoothness: ArrayLike, *, constant: float = 1.0
) -> Array:
    """Total variation n^{−s/(2s+d)} over a Besov class of smoothness s.

    Parameters
    ----------
    d, n : dimension and samples, ≥ 1
    smoothness : s > 0
    constant : unnamed; how it depends on d is not in our text

    Source: Oko et al. 2023 (cited; recalled, not read).
    """
    dims, s = _at_least("d", d, 1), _above("smoothness", smoothness, 0)
    return in_range(
        lambda: finite("constant", constant) * _at_least("n", n, 1) ** (-s / (2 * s + dims))
    )


@_fitting
def chen_2023_rate(
    subspace_dimension: ArrayLike, n: ArrayLike, *, little_o: ArrayLike = 0.0, constant: float = 1.0
) -> Array:
    """n^{−(1−o(1))/(d'+5)} for data on a linear subspace of dimension d'.

    Parameters
    ----------
    subspace_dimension : d' ≥ 1, not the dimension d around it
    n : samples ≥ 1
    little_o : the o(1), unnamed; 0 is its limit
    constant : unnamed; how it depends on d is not in our text

    Source: Chen et al. 2023 (cited; recalled, not read).
    """
    exponent = -(1 - finite("little_o", little_o)) / (
        _at_least("subspace_dimension", subspace_dimension, 1) + 5
    )
    return in_range(lambda: finite("constant", constant) * _at_least("n", n, 1) ** exponent)


@_fitting
def koehler_2023_covariance(maximum_likelihood: ArrayLike, factor: ArrayLike) -> Array:
    """Asymptotic covariance of score matching: a factor times that of maximum likelihood.

    Parameters
    ----------
    maximum_likelihood : asymptotic covariance of maximum likelihood, any shape
    factor : ≥ 1, since maximum likelihood is efficient; it comes from the Poincaré constant, our
        text does not say how

    Source: Koehler, Heckett, Risteski 2023 (cited; recalled, not read).
    """
    return in_range(
        lambda: _at_least("factor", factor, 1) * finite("maximum_likelihood", maximum_likelihood)
    )
