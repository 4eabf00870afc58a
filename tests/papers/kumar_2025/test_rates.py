"""The published rates, against numbers worked out
by hand and exponents recovered by finite differences.

Nothing here is random. What no text of ours gives (constants, degrees) is a parameter, and the
tests say so.
"""

from collections.abc import Callable
from dataclasses import fields
from inspect import signature
from typing import Any

import numpy as np
import pytest

from bounds.check import Array, InvalidInput
from bounds.papers.kumar_2025 import rates
from bounds.papers.kumar_2025.published import RATES, Rate, curve

DIMS = np.array([16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0])
THEOREM_1: dict[str, Any] = {
    "n": 1000,
    "steps": 30,
    "spacing": 0.1,
    "delta": 0.05,
    "lipschitz": 2.0,
}


def exponent(f: Callable[[float], Array], x: float, h: float = 1e-5) -> float:
    """d log f/d log x by central differences."""
    ratio = f(x * np.exp(h)) / f(x * np.exp(-h))
    return float(np.log(ratio)) / (2 * h)


@pytest.mark.parametrize(
    ("value", "by_hand", "decoy"),
    [
        # 3 · 16 · 1,000 · 30 · log 20 / 0.1 = 43,138,544; log = 17.579918; log = 2.866757
        (rates.kumar_2025_log_b(16, **THEOREM_1), 2.866757, 17.579918),
        # C = 2: log 2 more; twice as much would be a constant outside the logarithm
        (rates.kumar_2025_log_b(16, **THEOREM_1, constant=2.0), 2.866757 + 0.693147, 2 * 2.866757),
        # log 16 = 2.772589, its log 1.019781
        (rates.kumar_2025_log_log(16), 1.019781, 2.772589),
        (rates.kumar_2025_linear_reference(48), 48.0, 48.0**2),
        # d = 4: 4 · 3² · 2² · (log 10⁴)^{1/2} · 10⁴^{−1/4} = 144 · 3.034854 · 0.1; decoy: α for α²
        (
            rates.wibisono_2024_squared_error(4, 1e4, alpha=3.0, lipschitz=2.0),
            43.701900,
            43.701900 / 3,
        ),
        # n^{−2/(d+4)} = 10⁴^{−1/4}; decoy: n^{−1/(d+4)}
        (rates.wibisono_2024_lower_bound(4, 1e4), 0.1, 10**-0.5),
        # t = 1/4, d = 4: (1/4)^{−3}/100; decoy: t^{−d/2}
        (rates.zhang_2024_squared_error(4, 100, 0.25), 0.64, 0.16),
        # t = 4, d = 4: 4^{−3} · 4²/100 = 1/400; decoy: no maximum with t^{d/2}
        (rates.zhang_2024_squared_error(4, 100, 4.0), 0.0025, 4.0**-3 / 100),
        # 9 · 5 · 2 · 1000 · 3 · 8; decoy: ε^{−2}
        (
            rates.gupta_2024_samples(
                3, 0.1, parameters=5, depth=2, log_theta=3, log_inverse_gamma=2
            ),
            2.16e6,
            2.16e5,
        ),
        # 5² · 2³ · 7; decoy: Rademacher complexity unsquared
        (rates.block_2020_squared_error(2, 5.0, degree=3.0, polylog=7.0), 1400.0, 280.0),
        # s = 2, d = 4: 256^{−2/8} = 1/4; decoy: 256^{−2s/(2s+d)}
        (rates.oko_2023_total_variation(4, 256, 2.0), 0.25, 0.0625),
        # d' = 3: 256^{−1/8} = 1/2; decoy: d' + 4
        (rates.chen_2023_rate(3, 256), 0.5, 256 ** (-1 / 7)),
        (rates.chen_2023_rate(3, 256, little_o=0.5), 0.5**0.5, 0.5**1.5),
        (rates.koehler_2023_covariance(2.0, 3.5), 7.0, 2.0 / 3.5),
    ],
)
def test_values_by_hand(value: Array, by_hand: float, decoy: float) -> None:
    """Each formula at one point, worked out on paper;
    the third value is a false variant that the point rejects.
    """
    assert value == pytest.approx(by_hand, rel=1e-6)
    assert decoy != pytest.approx(by_hand, rel=1e-2)


def test_recalled_rates_by_hand() -> None:
    """R squared, not doubled or cubed; 1 − o(1), not 1 + o(1);
    the factor multiplies: worked out inside the test.

    The table above is worked out when this file is read, before mutmut changes anything: it cannot
    notice these.
    """
    assert rates.block_2020_squared_error(2, 5.0, degree=3.0, polylog=7.0) == pytest.approx(1400.0)
    assert rates.chen_2023_rate(3, 256, little_o=0.5) == pytest.approx(0.5**0.5)
    assert rates.koehler_2023_covariance(2.0, 3.5) == pytest.approx(7.0)


@pytest.mark.parametrize(
    "rate",
    [
        lambda: np.float64(1e200) ** 2,
        lambda: np.subtract(np.inf, np.inf),
        lambda: np.divide(1.0, 0.0),
    ],
    ids=["too large", "no number", "division by 0"],
)
def test_a_rate_out_of_range_is_refused_without_a_warning(rate: Callable[[], Array]) -> None:
    """One sentence, and not numpy's words before it."""
    with pytest.raises(InvalidInput, match="rate: leaves the range of float64"):
        rates.in_range(rate)
    assert rates.in_range(lambda: 2.5) == 2.5


def test_log_b_has_all_its_parts() -> None:
    """d, m, N enter alike and 1/Δ too: log B depends on d m N/Δ alone;
    L by L + 1; δ by log(1/δ), not by 1/δ.
    """
    base = rates.kumar_2025_log_b(16, **THEOREM_1)
    for change in (
        {"n": 2000},
        {"steps": 60},
        {"spacing": 0.05},
        {"lipschitz": 5.0},
        {"delta": 0.05**2},
    ):
        moved = rates.kumar_2025_log_b(16, **(THEOREM_1 | change))
        assert moved == pytest.approx(rates.kumar_2025_log_b(32, **THEOREM_1), rel=1e-12)
        assert moved > base
    for decoy in ({"lipschitz": 4.0}, {"delta": 0.025}):
        other = rates.kumar_2025_log_b(16, **(THEOREM_1 | decoy))
        assert other != pytest.approx(rates.kumar_2025_log_b(32, **THEOREM_1), rel=1e-4)


def test_exponents_in_the_samples() -> None:
    """The power of n (and of ε), by finite differences,
    at d = 12; half or twice the exponent would be caught.
    """
    d, n = 12.0, 1e6
    expected = [
        (lambda x: rates.wibisono_2024_lower_bound(d, x), -2 / 16),
        # (log n)^{d/(d+4)} adds d/((d+4) log n).
        (lambda x: rates.wibisono_2024_squared_error(d, x), -2 / 16 + 12 / 16 / np.log(n)),
        (lambda x: rates.zhang_2024_squared_error(d, x, 0.5), -1.0),
        (lambda x: rates.oko_2023_total_variation(d, x, 3.0), -3 / 18),
        (lambda x: rates.chen_2023_rate(d, x), -1 / 17),
        (lambda x: rates.gupta_2024_accuracy(d, x), -1 / 3),
        (lambda x: rates.gupta_2024_samples(d, x), -3.0),
    ]
    for rate, value in expected:
        measured = exponent(rate, n)
        assert measured == pytest.approx(value, rel=1e-6)
        for decoy in (value / 2, 2 * value):
            assert measured != pytest.approx(decoy, rel=1e-2)


def test_exponents_in_the_dimension() -> None:
    """The power of d: 2 (Gupta's samples), 2/3 (its ε),
    1 (linear), as given (Block), 1/(log d log log d).
    """
    d = 64.0
    assert exponent(lambda x: rates.gupta_2024_samples(x, 0.1), d) == pytest.approx(2, rel=1e-8)
    assert exponent(lambda x: rates.gupta_2024_accuracy(x, 1e6), d) == pytest.approx(
        2 / 3, rel=1e-8
    )
    assert exponent(rates.kumar_2025_linear_reference, d) == pytest.approx(1, rel=1e-8)
    assert exponent(
        lambda x: rates.block_2020_squared_error(x, 1.0, degree=2.5), d
    ) == pytest.approx(2.5)
    log_d = np.log(d)
    assert exponent(rates.kumar_2025_log_log, d) == pytest.approx(
        1 / (log_d * np.log(log_d)), rel=1e-8
    )
    b = np.exp(rates.kumar_2025_log_b(d, **THEOREM_1))
    slope = exponent(lambda x: rates.kumar_2025_log_b(x, **THEOREM_1), d)
    assert slope == pytest.approx(1 / (b * np.log(b)), rel=1e-8)
    # Theorem 1's factor is flatter than log log d itself: m, N and 1/Δ stand beside d in its
    # logarithm.
    assert slope < 0.2 / (log_d * np.log(log_d))


def test_gupta_samples_and_accuracy_are_inverse() -> None:
    """n(ε(n)) = n, with every factor that Õ hides carried along;
    ε ∝ n^{−1/2} would not come back.
    """
    hidden = {
        "parameters": 7.0,
        "depth": 3.0,
        "log_theta": 2.0,
        "log_inverse_gamma": 4.0,
        "polylog": 5.0,
    }
    eps = rates.gupta_2024_accuracy(DIMS, 1e9, **hidden)
    assert rates.gupta_2024_samples(DIMS, eps, **hidden) == pytest.approx(
        np.full(7, 1e9), rel=1e-12
    )
    assert rates.gupta_2024_samples(DIMS, eps**1.5, **hidden) != pytest.approx(
        np.full(7, 1e9), rel=0.1
    )


def test_matching_bounds_match_in_n() -> None:
    """Upper over lower bound grows like a power of log n only: the same 2/(d+4) on both sides."""
    n = np.geomspace(1e2, 1e12, 6)
    ratio = rates.wibisono_2024_squared_error(8, n) / rates.wibisono_2024_lower_bound(8, n)
    assert ratio / np.log(n) ** (8 / 12) == pytest.approx(np.full(6, 8.0), rel=1e-12)


def test_rates_worsen_with_the_dimension() -> None:
    """Every error bound rises with d at fixed n,
    and d and n broadcast; Zhang's is free of d for t ≥ 1.
    """
    rising = [
        rates.kumar_2025_log_b(DIMS, **THEOREM_1),
        rates.wibisono_2024_squared_error(DIMS, 1e6),
        rates.wibisono_2024_lower_bound(DIMS, 1e6),
        rates.zhang_2024_squared_error(DIMS, 1e6, 0.9),
        rates.gupta_2024_accuracy(DIMS, 1e6),
        rates.oko_2023_total_variation(DIMS, 1e6, 2.0),
        rates.chen_2023_rate(DIMS, 1e6),
    ]
    for values in rising:
        assert values.shape == DIMS.shape
        assert np.all(np.diff(values) > 0)
    late = rates.zhang_2024_squared_error(DIMS, 100, 3.0)
    assert late == pytest.approx(np.full(7, 1 / 300), rel=1e-12)
    grid = rates.wibisono_2024_squared_error(DIMS[:, None], np.array([1e3, 1e6]))
    assert grid.shape == (7, 2)


def test_where_the_wibisono_bound_begins_to_fall() -> None:
    """It rises with n up to n = e^{d/2}, where (log n)^{d/(d+4)} lets go: for d = 64, 8e13 samples.

    The turn at e^{d/4} or e^d, from twice or half the exponent of n, would be caught.
    """
    for d in (8.0, 20.0, 64.0):

        def bound(n: float, d: float = d) -> Array:
            return rates.wibisono_2024_squared_error(d, n)

        slopes = [exponent(bound, float(np.exp(q * d))) for q in (0.4, 0.5, 0.6)]
        assert slopes[0] > 1e-3 > abs(slopes[1]) * 1e5
        assert slopes[2] < -1e-3


@pytest.mark.parametrize("rate", RATES, ids=lambda r: r.name)
def test_entries_are_in_order(rate: Rate) -> None:
    """An entry points at the function of its own name,
    whose docstring owns up to the source and the mark.
    """
    assert getattr(rates, rate.name) is rate.function
    text = rate.function.__doc__ or ""
    author, year = rate.name.split("_")[:2]
    assert f"Source: {author.capitalize()}" in text
    assert year in text
    assert ("recalled, not read" in text) == rate.recalled
    assert all(getattr(rate, field.name) not in ("", None) for field in fields(rate))


def test_the_mark_is_on_the_recalled_ones() -> None:
    """The four that were recalled and not read, no more and no fewer; names are unique."""
    assert {r.name.split("_")[0] for r in RATES if r.recalled} == {
        "block",
        "oko",
        "chen",
        "koehler",
    }
    assert {r.name.split("_")[0] for r in RATES if not r.recalled} == {
        "kumar",
        "wibisono",
        "zhang",
        "gupta",
    }
    assert len({r.name for r in RATES}) == len(RATES)


PARAMETERS: dict[str, dict[str, Any]] = {
    "kumar_2025_log_b": THEOREM_1,
    "wibisono_2024_squared_error": {"n": 1e6},
    "zhang_2024_squared_error": {"n": 1e6, "t": 0.9},
}


@pytest.mark.parametrize("rate", [r for r in RATES if r.comparable], ids=lambda r: r.name)
def test_curves_meet_at_the_anchor(rate: Rate) -> None:
    """1 at the anchor, proportional to the rate:
    a constant in front drops out, one inside the logarithm stays.
    """
    more = PARAMETERS.get(rate.name, {})
    line = curve(rate.name, DIMS, 64.0, **more)
    assert line[2] == pytest.approx(1, rel=1e-14)
    values = rate.function(d=DIMS, **more)
    assert line / line[0] == pytest.approx(values / values[0], rel=1e-12)
    if "constant" in signature(rate.function).parameters:
        scaled = curve(rate.name, DIMS, 64.0, **more, constant=3.0)
        assert (scaled == pytest.approx(line, rel=1e-12)) == (rate.name != "kumar_2025_log_b")


def test_curves_by_hand() -> None:
    """Linear: 16-fold from 64 to 1024. log log:
    1.0198 to 1.9361 from 16 to 1024; log d would be caught.
    """
    assert curve("kumar_2025_linear_reference", [1024.0], 64.0) == pytest.approx([16.0])
    assert curve("kumar_2025_log_log", [1024.0], 16.0) == pytest.approx(
        [1.936072 / 1.019781], rel=1e-5
    )
    assert curve("kumar_2025_log_log", [1024.0], 16.0) != pytest.approx([2.5], rel=0.1)


@pytest.mark.parametrize("rate", [r for r in RATES if not r.comparable], ids=lambda r: r.name)
def test_what_cannot_be_compared_is_refused(rate: Rate) -> None:
    """No curve for a rate whose dependence on d is not fully quoted,
    or that bounds something else: it says why.
    """
    with pytest.raises(InvalidInput) as caught:
        curve(rate.name, DIMS, 64.0)
    assert rate.note in str(caught.value)


# A good call of each rate; then what each argument may not be, the sentence, and the last value
# that it may be.
GOOD: dict[str, dict[str, Any]] = {
    "kumar_2025_log_b": {"d": 16, **THEOREM_1},
    "kumar_2025_log_log": {"d": 16},
    "kumar_2025_linear_reference": {"d": 16},
    "wibisono_2024_squared_error": {"d": 4, "n": 100},
    "wibisono_2024_lower_bound": {"d": 4, "n": 100},
    "zhang_2024_squared_error": {"d": 4, "n": 100, "t": 0.5},
    "gupta_2024_samples": {"d": 4, "accuracy": 0.1},
    "gupta_2024_accuracy": {"d": 4, "n": 100},
    "block_2020_squared_error": {"d": 4, "rademacher": 1.0, "degree": 1.0},
    "oko_2023_total_variation": {"d": 4, "n": 100, "smoothness": 1.0},
    "chen_2023_rate": {"subspace_dimension": 4, "n": 100},
    "koehler_2023_covariance": {"maximum_likelihood": 1.0, "factor": 2.0},
}
TINY = 5e-324
AT_LEAST: dict[str, dict[str, float]] = {
    "kumar_2025_log_b": {"d": 1, "n": 1, "steps": 1, "lipschitz": 0},
    "kumar_2025_linear_reference": {"d": 1},
    "wibisono_2024_squared_error": {"d": 1, "n": 2},
    "wibisono_2024_lower_bound": {"d": 1, "n": 1},
    "zhang_2024_squared_error": {"d": 1, "n": 1},
    "gupta_2024_samples": {"d": 1},
    "gupta_2024_accuracy": {"d": 1, "n": 1},
    "block_2020_squared_error": {"d": 1, "rademacher": 0},
    "oko_2023_total_variation": {"d": 1, "n": 1},
    "chen_2023_rate": {"subspace_dimension": 1, "n": 1},
    "koehler_2023_covariance": {"factor": 1},
}
ABOVE: dict[str, dict[str, float]] = {
    "kumar_2025_log_b": {"spacing": 0, "constant": 0},
    "kumar_2025_log_log": {"d": np.e},
    "wibisono_2024_squared_error": {"alpha": 0, "lipschitz": 0},
    "zhang_2024_squared_error": {"t": 0},
    "gupta_2024_samples": {"accuracy": 0},
    "oko_2023_total_variation": {"smoothness": 0},
}


def refused(name: str, **arguments: Any) -> str:
    """What a rate says to a call."""
    with pytest.raises(InvalidInput) as caught:
        getattr(rates, name)(**(GOOD[name] | arguments))
    return str(caught.value)


@pytest.mark.parametrize("name", GOOD)
def test_every_argument_has_its_border(name: str) -> None:
    """The last value allowed gives a number, the next below is refused
    in a sentence that names argument, border and value.

    Among several values the least is named, and one bad one is enough. NaN is refused in each
    argument.
    """
    for key, least in AT_LEAST.get(name, {}).items():
        assert np.all(np.isfinite(getattr(rates, name)(**(GOOD[name] | {key: float(least)}))))
        below = np.nextafter(least, -np.inf) if least else -TINY
        assert refused(name, **{key: below}).startswith(
            f"{key}: must be at least {least}, but holds "
        )
        values = [least - 0.25, least + 1, least - 0.5]
        assert (
            refused(name, **{key: values})
            == f"{key}: must be at least {least}, but holds {least - 0.5:g}"
        )
    for key, bound in ABOVE.get(name, {}).items():
        values = [bound + 1, bound, bound - 0.5]
        assert (
            refused(name, **{key: bound}) == f"{key}: must exceed {bound:.4g}, but holds {bound:g}"
        )
        assert (
            refused(name, **{key: values})
            == f"{key}: must exceed {bound:.4g}, but holds {bound - 0.5:g}"
        )
    for key in GOOD[name]:
        if key != "degree":
            assert refused(name, **{key: np.nan}) == f"{key}: holds NaN or an infinity"


def test_other_refusals() -> None:
    """Word for word; and the values beside them that are good."""
    for delta in (0.0, 1.0, [0.5, 1.5], [-0.5, 0.5]):
        assert (
            refused("kumar_2025_log_b", delta=delta) == "delta: must lie strictly between 0 and 1"
        )
    # 3 · 16 · 1000 · 30 · log 20 / 0.1: its logarithm is 17.5799, so that C = 0.01 makes B =
    # 0.175799
    assert refused("kumar_2025_log_b", constant=0.01) == (
        "constant: makes B = 0.175799, and log B is not positive for B ≤ 1"
    )
    assert refused("kumar_2025_log_b", constant=[1.0, 0.02, 0.01]).startswith(
        "constant: makes B = 0.175799,"
    )
    log = np.exp(rates.kumar_2025_log_b(**GOOD["kumar_2025_log_b"]))
    assert (
        0 < rates.kumar_2025_log_b(**GOOD["kumar_2025_log_b"], constant=1.0001 / float(log)) < 2e-4
    )
    assert refused("chen_2023_rate", little_o=np.inf) == "little_o: holds NaN or an infinity"
    with pytest.raises(InvalidInput) as caught:
        curve("nobody_2024_error", DIMS, 64.0)
    names = ", ".join(rate.name for rate in RATES)
    assert str(caught.value) == f"name: 'nobody_2024_error' is not one of {names}"
    with pytest.raises(InvalidInput) as caught:
        curve("chen_2023_rate", DIMS, 64.0)
    assert str(caught.value) == (
        "name: chen_2023_rate cannot be drawn against d: depends on the subspace dimension d', not "
        "on d"
    )


def test_zhang_s_bound_up_to_e_700() -> None:
    """n = 1, t = e^{−1}: the exponent is (d + 2)/2, 700 at d = 1398.
    Of several times the least is named.
    """
    at = {"n": 1, "t": np.exp(-1.0)}
    assert np.log(rates.zhang_2024_squared_error(1397.9, **at)) == pytest.approx(699.95, rel=1e-12)
    sentence = "t: makes the bound exceed e^700 (t = 0.367879)"
    assert refused("zhang_2024_squared_error", d=1398.1, **at) == sentence
    assert (
        refused("zhang_2024_squared_error", d=1398.1, n=1, t=[2.0, np.exp(-1.0), 1.0]) == sentence
    )


def test_what_no_text_names_is_one_unless_given() -> None:
    """Constants, polylogarithms, α, L, P, D, log Θ, log 1/γ:
    left out, as if 1; given, a factor (α and L squared, γ cubed).
    """
    powers = {"alpha": 2, "lipschitz": 2, "log_inverse_gamma": 3}
    for name, good in GOOD.items():
        function = getattr(rates, name)
        plain = function(**good)
        for key in (
            "constant",
            "polylog",
            "alpha",
            "lipschitz",
            "parameters",
            "depth",
            "log_theta",
            "log_inverse_gamma",
        ):
            if key in signature(function).parameters and name != "kumar_2025_log_b":
                assert function(**good, **{key: 1.0}) == plain
                assert function(**good, **{key: 3.0}) == pytest.approx(
                    plain * 3.0 ** powers.get(key, 1), rel=1e-12
                )
    good = GOOD["kumar_2025_log_b"]
    assert rates.kumar_2025_log_b(**good) == rates.kumar_2025_log_b(**good, constant=1.0)
    good = GOOD["chen_2023_rate"]
    assert rates.chen_2023_rate(**good) == rates.chen_2023_rate(**good, little_o=0.0)
