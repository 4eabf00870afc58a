"""The published rates as a list, and as curves against d; `recalled` marks what was not read."""

from collections.abc import Callable
from dataclasses import dataclass

from numpy.typing import ArrayLike

from bounds.check import Array, InvalidInput
from bounds.papers.kumar_2025 import rates


@dataclass(frozen=True)
class Rate:
    """One published rate.

    Attributes
    ----------
    name : author_year_quantity
    function : the rate; takes the dimension as `d` where `comparable`
    source : whose
    recalled : recalled, not read
    quantity : what is bounded
    unnamed : what the source, as our text quotes it, leaves unnamed
    comparable : whether its dependence on d at fixed n is fully quoted and bounds a squared score
        error, or stands in the paper for such a bound; only then is it a curve of Figure 1b
    note : how d enters; why not comparable
    """

    name: str
    function: Callable[..., Array]
    source: str
    recalled: bool
    quantity: str
    unnamed: str
    comparable: bool
    note: str


RATES: tuple[Rate, ...] = (
    Rate(
        name="kumar_2025_log_b",
        function=rates.kumar_2025_log_b,
        source="Kumar, Nagaraj, Sarkar 2025, Theorem 1",
        recalled=False,
        quantity="the factor of d in the empirical squared score error",
        unnamed="C inside B; the right-hand side of the theorem",
        comparable=True,
        note="log log d for d large; the curve depends on C",
    ),
    Rate(
        name="kumar_2025_log_log",
        function=rates.kumar_2025_log_log,
        source="Kumar, Nagaraj, Sarkar 2025, Figure 1a",
        recalled=False,
        quantity="the factor of d that Figure 1 divides the error by",
        unnamed="nothing",
        comparable=True,
        note="log log d",
    ),
    Rate(
        name="kumar_2025_linear_reference",
        function=rates.kumar_2025_linear_reference,
        source="Kumar, Nagaraj, Sarkar 2025, Figure 1b",
        recalled=False,
        quantity="the scaled error as prior work would have it",
        unnamed="its constant; which prior bounds",
        comparable=True,
        note="linear in d, after division by log|H|",
    ),
    Rate(
        name="wibisono_2024_squared_error",
        function=rates.wibisono_2024_squared_error,
        source="Wibisono, Wu, Yang 2024",
        recalled=False,
        quantity="squared score error",
        unnamed="C",
        comparable=True,
        note="d (log n)^{d/(d+4)} n^{−2/(d+4)}; nonparametric, so it holds no log|H| to divide by",
    ),
    Rate(
        name="wibisono_2024_lower_bound",
        function=rates.wibisono_2024_lower_bound,
        source="Wibisono, Wu, Yang 2024",
        recalled=False,
        quantity="squared score error, from below",
        unnamed="its constant and how that depends on d",
        comparable=False,
        note="stated in n alone: its constant may depend on d",
    ),
    Rate(
        name="zhang_2024_squared_error",
        function=rates.zhang_2024_squared_error,
        source="Zhang et al. 2024",
        recalled=False,
        quantity="mean squared error",
        unnamed="constant and polylogarithms of Õ",
        comparable=True,
        note="exponential in d for t < 1, free of d for t ≥ 1, what Õ hides apart; no log|H| to "
        "divide by",
    ),
    Rate(
        name="gupta_2024_samples",
        function=rates.gupta_2024_samples,
        source="Gupta et al. 2024",
        recalled=False,
        quantity="samples for accuracy ε",
        unnamed="constant and polylogarithms of Õ; what ε measures",
        comparable=False,
        note="ε grows as d^{2/3} at fixed n, but whether ε is a squared score error our text does "
        "not say",
    ),
    Rate(
        name="block_2020_squared_error",
        function=rates.block_2020_squared_error,
        source="Block, Mroueh, Rakhlin 2020",
        recalled=True,
        quantity="squared score error",
        unnamed="constant, polylogarithms, and the degree in d",
        comparable=False,
        note="polynomial in d of unnamed degree",
    ),
    Rate(
        name="oko_2023_total_variation",
        function=rates.oko_2023_total_variation,
        source="Oko et al. 2023",
        recalled=True,
        quantity="total variation",
        unnamed="its constant and how that depends on d",
        comparable=False,
        note="d in the exponent of n; bounds the law of the samples, not the score",
    ),
    Rate(
        name="chen_2023_rate",
        function=rates.chen_2023_rate,
        source="Chen et al. 2023",
        recalled=True,
        quantity="not named in our text",
        unnamed="constant, o(1), the quantity",
        comparable=False,
        note="depends on the subspace dimension d', not on d",
    ),
    Rate(
        name="koehler_2023_covariance",
        function=rates.koehler_2023_covariance,
        source="Koehler, Heckett, Risteski 2023",
        recalled=True,
        quantity="asymptotic covariance of score matching",
        unnamed="how the Poincaré constant enters",
        comparable=False,
        note="compares two estimators of one parameter; d does not appear",
    ),
)


def curve(name: str, d: ArrayLike, anchor: float, **parameters: ArrayLike) -> Array:
    """rate(d)/rate(anchor) with everything else fixed:
    1 at the anchor, whatever the bound's own constant.

    Parameters
    ----------
    name : of a comparable entry of RATES
    d : shape (n,), dimensions
    anchor : d₀, the dimension where the curve meets the data
    parameters : the rate's other arguments, one value each

    Returns
    -------
    Array of shape (n,).

    Raises
    ------
    InvalidInput
        If the rate is unknown, or its dependence on d at fixed n is not known to be comparable
        (with the reason).
    """
    rate = next((r for r in RATES if r.name == name), None)
    if rate is None:
        raise InvalidInput("name", f"{name!r} is not one of {', '.join(r.name for r in RATES)}")
    if not rate.comparable:
        raise InvalidInput("name", f"{name} cannot be drawn against d: {rate.note}")
    return rates.in_range(
        lambda: rate.function(d=d, **parameters) / rate.function(d=anchor, **parameters)
    )
