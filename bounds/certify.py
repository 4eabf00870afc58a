r"""Inequalities certified on continuous boxes of parameters, by ball arithmetic and bisection.

    f(B) ⊂ [f](B) for every box B,     sup f over the box ≤ max over its pieces B of upper [f](B).

[f] is f evaluated in intervals whose ends are balls (numbers with rigorous rounding: python-flint's arb, the
optional extra [rigor]). Pieces are halved, the one with the highest upper end first, until the question is
settled or the budget of boxes is spent; the midpoints give lower ends, so that a false inequality ends in a
certified counterexample.

The formulas below are written once, for any type of number: floats compute them, intervals certify them. They are what
`targets`, `risk` and `concentration` compute, with every common factor cancelled, since a term that vanishes at
g → 0 or λ → 0 cannot be bisected away. With x = e^{2t} − 1, x' = e^{2t'} − 1 and

    a = λ_i/x',   b = λ_j/x',   d = (x − x')/x' = (e^{2g} − 1)/σ_{t'}²,

all of (0, ∞)³ is reached, and v_i = (λ_i + x)/(1 + x), σ² = x/(1 + x), w = x'/x = 1/(1 + d). In units of
(1 + x)/(λ + x) the conditional variances given X_t of Gaussian data are

    T1: λ/x,   T2: (x − x')/(λ + x'),   T3: (λ + x')/(x − x'),   B = w T2 + (1 − w) T3: (λ/x)² (x − x')/(λ + x').

So Var T2 · Var T3 = 1/v² (given X_t both are linear in X_{t'} alone), Var T1² = Var B · Var T3, and

    Var T1/Var T3 = Var B/Var T1 = 1/((1 + 1/a)(1 + 1/d)) < 1 always,
    Var T2/Var T1 = d (1 + d)/(a (1 + a)) < 1 if and only if λ > x − x',
    Var B/Var T2 = (a/(1 + d))² < 1 if and only if λ < x.

Bootstrapping with weight w from DSM at t', r_{1,ij} = c_i(t'). Since r_{2,ij} = c_i − α*² c'_i + w² (v'_j/v_j) c'_i,
w² = α*² e^{-2g} and v_j = e^{-2g} v'_j + τ²,

    r_{2,ij}/c_i = 1 − α*² τ² c'_i/(v_j c_i) = 1 − (1 + d/(1 + a))/((1 + 1/d)(1 + b + d)) < 1:

lower entry by entry, for every spectrum and every pair of times, though v'_j/v_j may exceed 1. The same step from
any r_{k−1,ij} ≤ c'_i gives r_{k,ij} < c_i, by induction at every later step; and x_k² v_j(t_k)(c_i(t_k) − r_{k,ij})
is a sum over the steps (`bootstrap_closed_form`). Its sum is a left Riemann sum of an increasing function, so every
grid's r_k,ij is above the limit of fine grids, with integral λx − λ² log(1 + x/λ).
"""

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh

from bounds.check import Array, InvalidInput, finite
from bounds.process import clock

# A float, or an interval.
Number = Any
Box = Sequence[tuple[float, float]]


# --- intervals ------------------------------------------------------------------------------------------------


class Interval:
    """[low, high], each end a ball (flint's arb), so that rounding is accounted for and no width is added by it.

    A wide ball by itself is a poor interval: arb keeps midpoint and radius, and 1/[1, 1000] comes out as
    [−0.996, 1]. With ends apart, each operation gives the exact range, up to rounding of the ends.

    Parameters
    ----------
    low, high : floats, which are taken as exact, or balls; one number if `high` is left out

    Raises
    ------
    InvalidInput
        If python-flint is not installed.
    """

    __slots__ = ("high", "low")

    def __init__(self, low: Any, high: Any = None) -> None:
        try:
            from flint import arb
        except ImportError:
            raise InvalidInput("certify", "needs python-flint, the extra [rigor]") from None
        self.low = arb(low)
        self.high = self.low if high is None else arb(high)

    def __add__(self, other: Number) -> "Interval":
        other = _interval(other)
        return Interval(self.low + other.low, self.high + other.high)

    def __neg__(self) -> "Interval":
        return Interval(-self.high, -self.low)

    def __sub__(self, other: Number) -> "Interval":
        return self + -_interval(other)

    def __rsub__(self, other: Number) -> "Interval":
        return _interval(other) + -self

    def __mul__(self, other: Number) -> "Interval":
        other = _interval(other)
        if self.low >= 0 and other.low >= 0:
            return Interval(self.low * other.low, self.high * other.high)
        ends = [x * y for x in (self.low, self.high) for y in (other.low, other.high)]
        low = high = ends[0]
        for end in ends[1:]:
            low, high = low.min(end), high.max(end)
        return Interval(low, high)

    __radd__ = __add__
    __rmul__ = __mul__

    def __truediv__(self, other: Number) -> "Interval":
        other = _interval(other)
        if not (other.low > 0 or other.high < 0):
            return Interval(math.nan)
        return self * Interval(1 / other.high, 1 / other.low)

    def __rtruediv__(self, other: Number) -> "Interval":
        return _interval(other) / self

    def increasing(self, name: str) -> "Interval":
        """An increasing function, by arb's name for it."""
        return Interval(getattr(self.low, name)(), getattr(self.high, name)())

    def larger(self, other: "Interval") -> "Interval":
        """The range of max(x, y)."""
        return Interval(self.low.max(other.low), self.high.max(other.high))

    @property
    def lower(self) -> float:
        """A float that is at most every number inside; minus infinity if that is not known."""
        return math.nextafter(float(self.low.lower()), -math.inf) if self.low.is_finite() else -math.inf

    @property
    def upper(self) -> float:
        """A float that is at least every number inside; infinity if that is not known."""
        return math.nextafter(float(self.high.upper()), math.inf) if self.high.is_finite() else math.inf


def _interval(value: Number) -> Interval:
    return value if isinstance(value, Interval) else Interval(value)


def _apply(name: str, x: Number) -> Number:
    """An increasing function of `math`, of a float or of an interval."""
    return x.increasing(name) if isinstance(x, Interval) else getattr(math, name)(x)


def _larger(x: Number, y: Number) -> Number:
    return x.larger(y) if isinstance(x, Interval) else max(x, y)


def _middle(x: Number) -> float:
    return (x.lower + x.upper) / 2 if isinstance(x, Interval) else float(x)


# --- bisection --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Maximum:
    """An enclosure of the largest value of f on a box.

    Attributes
    ----------
    lower, upper : rigorous bounds on it
    at : where f ≥ lower
    boxes : how many boxes were evaluated
    open : share of the box's volume on which f ≤ threshold is not settled; 1 if there was no threshold
    status : about f ≤ threshold on the box: "certified", "counterexample" (f(at) > threshold), or "unfinished"
    """

    lower: float
    upper: float
    at: tuple[float, ...]
    boxes: int
    open: float
    status: Literal["certified", "counterexample", "unfinished"]


def maximum(
    f: Callable[..., Number],
    box: Box,
    *,
    threshold: float | None = None,
    gap: float = 0.0,
    limit: int = 20_000,
) -> Maximum:
    """Best-first bisection, until f ≤ threshold is settled, or upper − lower ≤ gap, or the budget is spent.

    Parameters
    ----------
    f : a function of as many balls as the box has sides; it may return NaN where it is not defined
    box : the (low, high) of each side, finite
    threshold : stop once f ≤ threshold is certified or contradicted
    gap : stop once the maximum is known to within this
    limit : of boxes evaluated

    Raises
    ------
    InvalidInput
        If a side is not an interval, or python-flint is not installed.

    Notes
    -----
    Two evaluations of f a box. Bisects the side that has been halved least, so pieces keep the box's shape: a side of
    many orders of magnitude takes many halvings, and none where the sign is settled without them.
    """
    for side in box:
        if not (np.all(np.isfinite(side)) and side[0] < side[1]):
            raise InvalidInput("box", f"has a side {side} that is not an interval")
    widths = [high - low for low, high in box]
    best, at, boxes = -math.inf, tuple(0.5 * (low + high) for low, high in box), 0
    heap: list[tuple[float, int, tuple[tuple[float, float], ...]]] = []

    def add(piece: tuple[tuple[float, float], ...]) -> None:
        nonlocal best, at, boxes
        boxes += 1
        middle = tuple(0.5 * (low + high) for low, high in piece)
        here = f(*(Interval(x) for x in middle)).lower
        if here > best:
            best, at = here, middle
        heapq.heappush(heap, (-f(*(Interval(*side) for side in piece)).upper, boxes, piece))

    def settled() -> bool:
        top = -heap[0][0]
        return top - best <= gap or (threshold is not None and (top <= threshold or best > threshold))

    add(tuple((float(low), float(high)) for low, high in box))
    while not settled() and boxes < limit:
        _, _, piece = heapq.heappop(heap)
        relative = [(high - low) / width for (low, high), width in zip(piece, widths, strict=True)]
        k = int(np.argmax(relative))
        low, high = piece[k]
        cut = 0.5 * (low + high)
        add((*piece[:k], (low, cut), *piece[k + 1 :]))
        add((*piece[:k], (cut, high), *piece[k + 1 :]))
    top = -heap[0][0]
    left = sum(
        math.prod((high - low) / width for (low, high), width in zip(piece, widths, strict=True))
        for value, _, piece in heap
        if threshold is None or -value > threshold
    )
    status: Literal["certified", "counterexample", "unfinished"] = "unfinished"
    if threshold is not None and best > threshold:
        status = "counterexample"
    elif threshold is not None and top <= threshold:
        status = "certified"
    return Maximum(best, top, at, boxes, left, status)


# --- the three targets, and the first bootstrapped step -----------------------------------------------------


def reduced(eigenvalue: Number, t_prev: Number, gap: Number) -> tuple[Number, Number]:
    """(a, d) = (λ/x', (e^{2g} − 1)/σ_{t'}²), for t' > 0 and g > 0: each variable enters each of them once."""
    return eigenvalue / _apply("expm1", 2 * t_prev), _apply("expm1", 2 * gap) / -_apply("expm1", -2 * t_prev)


def denoising_over_local(a: Number, d: Number) -> Number:
    """Var T1/Var T3 of one coordinate, which is Var B/Var T1 too: 1/((1 + 1/a)(1 + 1/d)) (derived)."""
    return 1 / ((1 + 1 / a) * (1 + 1 / d))


def smaller_over_larger(s: Number, z: Number) -> Number:
    """The smaller of Var T1 and Var T2 of one coordinate over the larger: s (1 − (1 − s)(1 − z)), at most s (derived).

    Parameters
    ----------
    s : min(λ, x − x')/max(λ, x − x'), in [0, 1]
    z : x'/(x' + max(λ, x − x')), in [0, 1]

    Both sides of λ = x − x' are the same function: with k the larger of λ and x − x', Var T2/Var T1 =
    d (1 + d)/(a (1 + a)) or its inverse is s (x' + s k)/(x' + k), and z = x'/(x' + k). It covers every λ, t', g.
    """
    return s * (1 - (1 - s) * (1 - z))


def combined_over_transported(a: Number, d: Number) -> Number:
    """Var B/Var T2 of one coordinate: (a/(1 + d))²; 1 at λ = x (derived)."""
    ratio = a / (1 + d)
    return ratio * ratio


def first_step(a: Number, b: Number, d: Number) -> Number:
    """r_{2,ij}/c_i of the first bootstrapped step, with the variance-optimal weight (derived, module docstring)."""
    return 1 - (1 + d / (1 + a)) / ((1 + 1 / d) * (1 + b + d))


def first_step_transport(a: Number, b: Number, d: Number) -> Number:
    """r_{2,ij}/c_i with w = 1, the transported score alone.

        d (1 + d)/(a (1 + a)) + (1 + d/(1 + a)) (1 + d)(1 + b)/(1 + b + d),

    above 1 always, since (1 + d)(1 + b) > 1 + b + d. The last factor is written 1 + 1/((1 + 1/b)/d + 1/(bd))
    (derived).
    """
    return d * (1 + d) / (a * (1 + a)) + (1 + d / (1 + a)) * (1 + 1 / ((1 + 1 / b) / d + 1 / b))


def weight_over_optimal(a: Number, b: Number, d: Number) -> Number:
    """w/w*_ij at the first bootstrapped step: 1 − 1/((1 + 1/d)² (1 + 1/a)(1 + b/(1 + d))) (derived).

    w* decreases in r_{k−1,ij}, so where r_{k−1,ij} ≤ c'_i, as at every later step, w* is further above w.
    """
    fresh = 1 + 1 / d
    return 1 - 1 / (fresh * fresh * (1 + 1 / a) * (1 + b / (1 + d)))


def bootstrap_closed_form(eigenvalues: ArrayLike, times: ArrayLike) -> Array:
    """r_N,ij of the bootstrap with the variance-optimal weight, without a recursion:

        r_N,ij = c_i − Σ_{l<N} (x_{l+1} − x_l) x_l λ_i/(λ_i + x_l) / (x_N² v_j),     x_l = e^{2 t_l} − 1.

    Parameters
    ----------
    eigenvalues : λ, shape (d,), positive
    times : shape (N,), strictly increasing and positive

    Returns
    -------
    Array of shape (d, d), at t_N. At i = j it is c_i (λ_i/x) log(1 + x/λ_i) in the limit of fine grids that start
    at 0, and above that on every grid.

    Raises
    ------
    InvalidInput
        If the eigenvalues or times are not as above.

    Source: module docstring (derived).
    """
    values = np.atleast_1d(finite("eigenvalues", eigenvalues))
    if values.size == 0 or values.min() <= 0:
        raise InvalidInput("eigenvalues", "must be a non-empty list of positive numbers")
    x = clock(times)
    last = x[-1]
    gained = (np.diff(x)[:, None] * values / (1 + values / x[:-1, None])).sum(axis=0)
    signal = values * (1 + last) / (last * (values + last))
    return np.asarray(signal[:, None] - gained[:, None] / last**2 * ((1 + last) / (values + last))[None, :])


def information_over_bootstrap(u: Number) -> Number:
    """Information bound over the fine-grid limit of r_ii, u = x/λ_i: 2u²/((1 + u)² log(1 + u)).

    The bootstrap of any grid has a larger r_ii, so the ratio bounds that of every grid. At most 2u/(1 + u) by
    log(1 + u) ≥ u/(1 + u), and at most 2/log(1 + u): below 0.81 without any ball for u < 0.68 and u > 10.9. Off the
    diagonal the ratio is λ_j/x over (1 + λ_i/x)(λ_j/x + D), D ≥ 0 by the same inequality: below 1. (Derived.)
    """
    share = 1 / (1 + 1 / u)
    return 2 * share * share / _apply("log1p", u)


# --- κ on uniform grids -------------------------------------------------------------------------------------


def kappa_every_length(spacing: Number, rows: int) -> Number:
    """An upper bound on κ_log-concave of the grid Δ, 2Δ, …, NΔ, the same for every N.

    Schur's test (Collatz-Wielandt): M ≥ 0 and M h ≤ κ h with h > 0 bound the largest eigenvalue of M, and of each
    leading block. With h_l = 1/σ_l and a = e^{−Δ}, row j of the infinite matrix is

        Δ (E_j/σ_j + σ_j L_j),   E_j = a E_{j−1} + 1/σ_j,   L_j = a (L_{j+1} + 1/σ_{j+1}³).

    Rows 1 … J are evaluated, with L_J ≤ σ_J^{−3}/(e^Δ − 1); beyond, σ_J ≤ σ_j ≤ 1 gives
    E_j ≤ max(E_J, 1/(σ_J (1 − a))).

    Parameters
    ----------
    spacing : Δ > 0
    rows : J; JΔ of about 4 makes the rows beyond harmless

    Notes
    -----
    Cost: 10 J operations. As Δ → 0 the J that is needed grows like 4/Δ: no bisection ends on an interval that
    reaches 0. Nor does it for κ ≤ Δ coth(Δ/2), the limit N → ∞, where nothing is left to spare. There, the
    proof (b) of bounds.concentration stands alone.
    """
    sigma = [_apply("sqrt", -_apply("expm1", -2 * j * spacing)) for j in range(1, rows + 1)]
    a = _apply("exp", -spacing)
    earlier = [1 / sigma[0]]
    for s in sigma[1:]:
        earlier.append(a * earlier[-1] + 1 / s)
    last = sigma[-1]
    later = tail = 1 / (last * last * last * _apply("expm1", spacing))
    largest = _larger(earlier[-1], 1 / (last * -_apply("expm1", -spacing))) / last + tail
    for s, e in zip(reversed(sigma), reversed(earlier), strict=True):
        largest = _larger(largest, e / s + s * later)
        later = a * (later + 1 / (s * s * s))
    return spacing * largest


def kappa_enclosure(spacing: Interval, eigenvalue: Interval, steps: int) -> Interval:
    """An interval that holds κ for Gaussian data with eigenvalue λ on the grid Δ, 2Δ, …, NΔ.

    Collatz-Wielandt: min_j (M h)_j/h_j ≤ κ ≤ max_j (M h)_j/h_j for every h > 0. h is the eigenvector in floats at the
    middle of the balls; whatever its errors, the bounds are true. With S_l = 2 sinh t_l the kernel is

        M_jl = Δ/(S_max (e^{−t_min} + S_min/λ)).

    Parameters
    ----------
    spacing : Δ > 0
    eigenvalue : λ > 0
    steps : N; the upper bound holds for every smaller grid too, a leading block of M

    Notes
    -----
    Cost: one eigenvector in floats, (4/3) N³ flops, and 8 N operations.
    """
    grid = range(1, steps + 1)
    inverse = 1 / eigenvalue
    shape = [2 * _apply("sinh", j * spacing) for j in grid]
    late = [1 / s for s in shape]
    early = [1 / (_apply("exp", -(j * spacing)) + inverse * s) for j, s in zip(grid, shape, strict=True)]
    h = _perron(np.array([_middle(x) for x in early]), np.array([_middle(x) for x in late]))
    sums = list(accumulate(q * y for q, y in zip(early, h, strict=True)))
    after, rows = Interval(0), []
    for p, q, y, total in zip(late[::-1], early[::-1], h[::-1], sums[::-1], strict=True):
        rows.append((p * total + q * after) / y)
        after = after + p * y
    smallest, largest = -reduce(_larger, (-row for row in rows)), reduce(_larger, rows)
    return spacing * Interval(smallest.low, largest.high)


def _perron(early: Array, late: Array) -> list[float]:
    """A positive float vector close to the top eigenvector of late_max early_min."""
    j = np.arange(early.size)
    kernel = late[np.maximum.outer(j, j)] * early[np.minimum.outer(j, j)]
    vector = np.abs(eigh(kernel, subset_by_index=[early.size - 1, early.size - 1])[1][:, 0])
    return [float(y) for y in np.maximum(vector, np.finfo(np.float64).tiny ** 0.25)]
