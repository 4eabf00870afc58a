"""The published rates, against numbers worked out by hand and exponents recovered by finite differences.

Nothing here is random. What no text of ours gives (constants, degrees) is a parameter, and the tests say so.
"""

from collections.abc import Callable
from dataclasses import fields
from inspect import signature
from typing import Any

import numpy as np
import pytest

from bounds import rates
from bounds.check import Array, InvalidInput
from bounds.rates import RATES, Rate, curve

DIMS = np.array([16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0])
THEOREM_1: dict[str, Any] = {"n": 1000, "steps": 30, "spacing": 0.1, "delta": 0.05, "lipschitz": 2.0}


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
            rates.gupta_2024_samples(3, 0.1, parameters=5, depth=2, log_theta=3, log_inverse_gamma=2),
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
    """Each formula at one point, worked out on paper; the third value is a false variant that the point rejects."""
    assert value == pytest.approx(by_hand, rel=1e-6)
    assert decoy != pytest.approx(by_hand, rel=1e-2)


def test_log_b_has_all_its_parts() -> None:
    """d, m, N enter alike and 1/Δ too: log B depends on d m N/Δ alone; L by L + 1; δ by log(1/δ), not by 1/δ."""
    base = rates.kumar_2025_log_b(16, **THEOREM_1)
    for change in ({"n": 2000}, {"steps": 60}, {"spacing": 0.05}, {"lipschitz": 5.0}, {"delta": 0.05**2}):
        moved = rates.kumar_2025_log_b(16, **(THEOREM_1 | change))
        assert moved == pytest.approx(rates.kumar_2025_log_b(32, **THEOREM_1), rel=1e-12)
        assert moved > base
    for decoy in ({"lipschitz": 4.0}, {"delta": 0.025}):
        other = rates.kumar_2025_log_b(16, **(THEOREM_1 | decoy))
        assert other != pytest.approx(rates.kumar_2025_log_b(32, **THEOREM_1), rel=1e-4)


def test_exponents_in_the_samples() -> None:
    """The power of n (and of ε), by finite differences, at d = 12; half or twice the exponent would be caught."""
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
    """The power of d: 2 (Gupta's samples), 2/3 (its ε), 1 (linear), as given (Block), 1/(log d log log d)."""
    d = 64.0
    assert exponent(lambda x: rates.gupta_2024_samples(x, 0.1), d) == pytest.approx(2, rel=1e-8)
    assert exponent(lambda x: rates.gupta_2024_accuracy(x, 1e6), d) == pytest.approx(2 / 3, rel=1e-8)
    assert exponent(rates.kumar_2025_linear_reference, d) == pytest.approx(1, rel=1e-8)
    assert exponent(lambda x: rates.block_2020_squared_error(x, 1.0, degree=2.5), d) == pytest.approx(2.5)
    log_d = np.log(d)
    assert exponent(rates.kumar_2025_log_log, d) == pytest.approx(1 / (log_d * np.log(log_d)), rel=1e-8)
    b = np.exp(rates.kumar_2025_log_b(d, **THEOREM_1))
    slope = exponent(lambda x: rates.kumar_2025_log_b(x, **THEOREM_1), d)
    assert slope == pytest.approx(1 / (b * np.log(b)), rel=1e-8)
    # Theorem 1's factor is flatter than log log d itself: m, N and 1/Δ stand beside d in its logarithm.
    assert slope < 0.2 / (log_d * np.log(log_d))


def test_gupta_samples_and_accuracy_are_inverse() -> None:
    """n(ε(n)) = n, with every factor that Õ hides carried along; ε ∝ n^{−1/2} would not come back."""
    hidden = {"parameters": 7.0, "depth": 3.0, "log_theta": 2.0, "log_inverse_gamma": 4.0, "polylog": 5.0}
    eps = rates.gupta_2024_accuracy(DIMS, 1e9, **hidden)
    assert rates.gupta_2024_samples(DIMS, eps, **hidden) == pytest.approx(np.full(7, 1e9), rel=1e-12)
    assert rates.gupta_2024_samples(DIMS, eps**1.5, **hidden) != pytest.approx(np.full(7, 1e9), rel=0.1)


def test_matching_bounds_match_in_n() -> None:
    """Upper over lower bound grows like a power of log n only: the same 2/(d+4) on both sides."""
    n = np.geomspace(1e2, 1e12, 6)
    ratio = rates.wibisono_2024_squared_error(8, n) / rates.wibisono_2024_lower_bound(8, n)
    assert ratio / np.log(n) ** (8 / 12) == pytest.approx(np.full(6, 8.0), rel=1e-12)


def test_rates_worsen_with_the_dimension() -> None:
    """Every error bound rises with d at fixed n, and d and n broadcast; Zhang's is free of d for t ≥ 1."""
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
    """An entry points at the function of its own name, whose docstring owns up to the source and the mark."""
    assert getattr(rates, rate.name) is rate.function
    text = rate.function.__doc__ or ""
    author, year = rate.name.split("_")[:2]
    assert f"Source: {author.capitalize()}" in text
    assert year in text
    assert ("recalled, not read" in text) == rate.recalled
    assert all(getattr(rate, field.name) not in ("", None) for field in fields(rate))


def test_the_mark_is_on_the_recalled_ones() -> None:
    """The four that were recalled and not read, no more and no fewer; names are unique."""
    assert {r.name.split("_")[0] for r in RATES if r.recalled} == {"block", "oko", "chen", "koehler"}
    assert {r.name.split("_")[0] for r in RATES if not r.recalled} == {"kumar", "wibisono", "zhang", "gupta"}
    assert len({r.name for r in RATES}) == len(RATES)


PARAMETERS: dict[str, dict[str, Any]] = {
    "kumar_2025_log_b": THEOREM_1,
    "wibisono_2024_squared_error": {"n": 1e6},
    "zhang_2024_squared_error": {"n": 1e6, "t": 0.9},
}


@pytest.mark.parametrize("rate", [r for r in RATES if r.comparable], ids=lambda r: r.name)
def test_curves_meet_at_the_anchor(rate: Rate) -> None:
    """1 at the anchor, proportional to the rate: a constant in front drops out, one inside the logarithm stays."""
    more = PARAMETERS.get(rate.name, {})
    line = curve(rate.name, DIMS, 64.0, **more)
    assert line[2] == pytest.approx(1, rel=1e-14)
    values = rate.function(d=DIMS, **more)
    assert line / line[0] == pytest.approx(values / values[0], rel=1e-12)
    if "constant" in signature(rate.function).parameters:
        scaled = curve(rate.name, DIMS, 64.0, **more, constant=3.0)
        assert (scaled == pytest.approx(line, rel=1e-12)) == (rate.name != "kumar_2025_log_b")


def test_curves_by_hand() -> None:
    """Linear: 16-fold from 64 to 1024. log log: 1.0198 to 1.9361 from 16 to 1024; log d would be caught."""
    assert curve("kumar_2025_linear_reference", [1024.0], 64.0) == pytest.approx([16.0])
    assert curve("kumar_2025_log_log", [1024.0], 16.0) == pytest.approx([1.936072 / 1.019781], rel=1e-5)
    assert curve("kumar_2025_log_log", [1024.0], 16.0) != pytest.approx([2.5], rel=0.1)


@pytest.mark.parametrize("rate", [r for r in RATES if not r.comparable], ids=lambda r: r.name)
def test_what_cannot_be_compared_is_refused(rate: Rate) -> None:
    """No curve for a rate whose dependence on d is not fully quoted, or that bounds something else: it says why."""
    with pytest.raises(InvalidInput) as caught:
        curve(rate.name, DIMS, 64.0)
    assert rate.note in str(caught.value)


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: curve("nobody_2024_error", DIMS, 64.0), "name"),
        (lambda: rates.kumar_2025_log_log([2.0, 3.0]), "d"),
        (lambda: rates.kumar_2025_linear_reference(0), "d"),
        (lambda: rates.kumar_2025_log_b(16, **(THEOREM_1 | {"delta": 1.0})), "delta"),
        (lambda: rates.kumar_2025_log_b(16, **(THEOREM_1 | {"spacing": 0.0})), "spacing"),
        (lambda: rates.kumar_2025_log_b(16, **(THEOREM_1 | {"lipschitz": -1.0})), "lipschitz"),
        (lambda: rates.kumar_2025_log_b(16, **THEOREM_1, constant=0.01), "constant"),
        (lambda: rates.wibisono_2024_squared_error(4, 1), "n"),
        (lambda: rates.zhang_2024_squared_error(4, 10, 0.0), "t"),
        (lambda: rates.zhang_2024_squared_error(1e4, 10, 0.1), "t"),
        (lambda: rates.gupta_2024_samples(4, 0.0), "accuracy"),
        (lambda: rates.oko_2023_total_variation(4, 10, 0.0), "smoothness"),
        (lambda: rates.chen_2023_rate(0, 10), "subspace_dimension"),
        (lambda: rates.koehler_2023_covariance(1.0, 0.5), "factor"),
        (lambda: rates.block_2020_squared_error(4, -1.0, degree=1.0), "rademacher"),
    ],
)
def test_bad_input_names_its_key(call: Callable[[], object], key: str) -> None:
    """One sentence with the name of what is wrong; never a NaN or an infinity instead."""
    with pytest.raises(InvalidInput) as caught:
        call()
    assert caught.value.key == key
