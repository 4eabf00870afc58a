r"""L-BFGS for many functions at once: scipy's method,
its rules and its constants, a row for each function.

A row's direction is −H g with the inverse Hessian of the last MEMORY pairs s, y in compact form
(Byrd, Nocedal and Schnabel 1994, theorem 2.2), R the upper triangle of Sᵀ Y in order of age, D its
diagonal, γ = sᵀy/yᵀy of the last pair:

    H = γ I + [S  γY] [[R⁻ᵀ (D + γ YᵀY) R⁻¹, −R⁻ᵀ], [−R⁻¹, 0]] [S  γY]ᵀ.

The step is Moré and Thuente's (1994), as in MINPACK-2. All that is computed of a row goes through
operations that numpy and BLAS do row by row, so that its numbers are the same, bit for bit,
whatever rows stand beside it.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, fields
from math import copysign, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bounds.check import Array

MEMORY = 10
FLAT = 1e-4  # a row stops where its largest partial derivative is as small,
GAINED = 1e7 * np.finfo(float).eps  # or an iteration gains as little, relative to max(|f|, 1)
# of the line search: Wolfe's two, and its bracket's width
DECREASE, CURVATURE, BRACKET = 1e-3, 0.9, 0.1
LONGEST = 1e10
TRIES = 20

Some = NDArray[Any]  # places, counts, truth values
Function = Callable[[Array, Some], tuple[Array, Array]]
_Search = Generator[float, tuple[float, float], None]


class Minima(NamedTuple):
    """Where the rows ended.

    Attributes
    ----------
    x : shape (B, n)
    value : shape (B,)
    iterations : shape (B,), those completed
    """

    x: Array
    value: Array
    iterations: Some


@dataclass
class _Rows:
    """The rows that have not stopped: `pairs` holds each s above its y, `count` the pairs seen
    since the last restart, `turns` the evaluations of each row so far: no fewer than its pairs,
    and the same whatever rows stand beside it.
    """

    which: Some
    x: Array
    f: Array
    g: Array
    direction: Array
    slope: Array
    step: Array
    tries: Some
    iterations: Some
    searches: Some
    pairs: Array
    inverse: Array
    diagonal: Array
    YY: Array
    gamma: Array
    count: Some
    turns: int = 0

    def keep(self, mask: Some) -> None:
        for field in fields(self)[:-1]:
            setattr(self, field.name, getattr(self, field.name)[mask])

    def forget(self, mask: Some) -> None:
        self.pairs[mask], self.YY[mask], self.inverse[mask] = 0.0, 0.0, 0.0
        self.gamma[mask], self.count[mask] = 1.0, 0

    def newton(self, learnt: Some, s: Array, y: Array, sy: Array) -> Array:
        """−H g, once the pairs s, y of the rows that have learnt are in; of the places for pairs
        only those are read that can be taken.
        """
        rows = np.flatnonzero(learnt)
        some = slice(None) if rows.size == learnt.size else rows
        place = self.count[rows] % MEMORY
        self.pairs[rows, place, 0], self.pairs[rows, place, 1] = s[some], y[some]
        used = min(self.turns, MEMORY)
        pairs = self.pairs[:, :used].reshape(len(y), 2 * used, -1)
        products = np.matmul(pairs, np.stack([y, self.g], axis=2)).reshape(-1, used, 2, 2)
        self._factor(rows, place, products[some, :, :, 0], sy[some])
        gamma = self.gamma[:, None, None]
        inverse = self.inverse[:, :used, :used]
        u = np.empty((len(y), used, 2))
        a = np.matmul(inverse, products[:, :, 0, 1:])
        b = np.matmul(self.YY[:, :used, :used], a)
        b -= products[:, :, 1, 1:]
        b *= gamma
        b += self.diagonal[:, :used, None] * a
        np.matmul(inverse.transpose(0, 2, 1), b, out=u[:, :, :1])
        np.multiply(-gamma, a, out=u[:, :, 1:])
        turned = np.matmul(u.reshape(-1, 1, 2 * used), pairs)[:, 0]
        turned += self.gamma[:, None] * self.g
        return np.asarray(np.negative(turned, out=turned))

    def _factor(self, rows: Some, place: Some, products: Array, sy: Array) -> None:
        """R⁻¹, D, YᵀY and γ with new pairs in their places; `products` of pairs in use with y."""
        used = slice(products.shape[1])
        self.YY[rows, place, used] = self.YY[rows, used, place] = products[:, :, 1]
        # R⁻¹ without the oldest pair is what is left of it; a last column is put to R.
        self.inverse[rows, place] = self.inverse[rows, :, place] = 0.0
        column = np.matmul(self.inverse[rows, used, used], products[:, :, :1])[:, :, 0]
        self.inverse[rows, used, place] = -column / sy[:, None]
        self.inverse[rows, place, place] = 1 / sy
        self.diagonal[rows, place] = sy
        self.gamma[rows] = sy / products[np.arange(rows.size), place, 1]
        self.count[rows] += 1


def minimise(function: Function, start: Array, budget: int) -> Minima:
    """Minimises many functions of n variables,
    as `scipy.optimize.minimize(method="L-BFGS-B")` does one without bounds.

    A row stops after `budget` iterations, at a flat place, at an iteration without gain, or where
    the line search fails along −g.

    Parameters
    ----------
    function : points (k, n) and which rows of the start they belong to (k,) → values (k,),
        gradients (k, n); a row's must not depend on the others
    start : shape (B, n)
    budget : iterations at most, each row

    Examples
    --------
    >>> import numpy as np
    >>> centres = np.array([[1.0, 2.0], [3.0, -1.0]])
    >>> def bowl(x, which):
    ...     off = x - centres[which]
    ...     return np.vecdot(off, off), 2 * off
    >>> minimise(bowl, np.zeros((2, 2)), 20).x.round(6)
    array([[ 1.,  2.],
           [ 3., -1.]])
    """
    size, n = start.shape
    which = np.arange(size)
    f, g = function(start, which)
    norm = np.sqrt(np.vecdot(g, g))
    rows = _Rows(
        which=which,
        x=start.copy(),
        f=f,
        g=g,
        direction=-g,
        slope=-norm * norm,
        step=1 / np.maximum(norm, np.finfo(float).tiny),
        tries=np.zeros(size, int),
        iterations=np.zeros(size, int),
        searches=np.full(size, None),
        pairs=np.zeros((size, MEMORY, 2, n)),
        inverse=np.zeros((size, MEMORY, MEMORY)),
        diagonal=np.zeros((size, MEMORY)),
        YY=np.zeros((size, MEMORY, MEMORY)),
        gamma=np.ones(size),
        count=np.zeros(size, int),
    )
    out = Minima(start.copy(), np.array(f), np.zeros(size, int))
    done = np.max(np.abs(g), axis=1) <= FLAT
    while True:
        if done.any():
            ended = rows.which[done]
            out.x[ended], out.value[ended] = rows.x[done], rows.f[done]
            out.iterations[ended] = rows.iterations[done]
            rows.keep(~done)
            if not rows.which.size:
                return out
        done = _advance(function, rows, budget)


def _advance(function: Function, rows: _Rows, budget: int) -> Some:
    """One evaluation of each row, and what follows from it; which rows are done."""
    s = rows.step[:, None] * rows.direction
    x = rows.x + s
    f, g = function(x, rows.which)
    slope = np.vecdot(g, rows.direction)
    rows.tries += 1
    rows.turns += 1
    moved, failed = _searched(rows, f, slope)
    rows.iterations[moved] += 1

    gain = (rows.f - f) / np.maximum(np.maximum(np.abs(rows.f), np.abs(f)), 1.0)
    still = (gain <= GAINED) | (np.max(np.abs(g), axis=1) <= FLAT)
    done = (moved & (still | (rows.iterations >= budget))) | (failed & (rows.count == 0))
    if failed.any():
        rows.forget(failed)
    sy = (slope - rows.slope) * rows.step
    curved = sy > -np.finfo(float).eps * rows.slope * rows.step
    learnt = moved & ~done & curved
    y = g - rows.g
    if moved.all():
        rows.x, rows.f, rows.g = x, f, g
    else:
        rows.x[moved], rows.f[moved], rows.g[moved] = x[moved], f[moved], g[moved]

    turning = (moved | failed) & ~done
    if turning.any():
        direction = rows.newton(learnt, s, y, sy)
        slope = np.vecdot(rows.g, direction)
        uphill = turning & (slope >= 0)
        if uphill.any():
            rows.forget(uphill)
            direction[uphill] = -rows.g[uphill]
            slope[uphill] = -np.vecdot(rows.g, rows.g)[uphill]
        if turning.all():
            rows.direction, rows.slope = direction, slope
        else:
            rows.direction[turning], rows.slope[turning] = direction[turning], slope[turning]
        rows.step[turning], rows.tries[turning], rows.searches[turning] = 1.0, 0, None
    return np.asarray(done)


def _searched(rows: _Rows, f: Array, slope: Array) -> tuple[Some, Some]:
    """Which rows' steps are taken and which rows' searches have failed;
    the others get their next step.
    """
    enough = f <= rows.f + DECREASE * rows.step * rows.slope
    moved = (rows.tries == 1) & enough & (np.abs(slope) <= -CURVATURE * rows.slope)
    failed = np.zeros_like(moved)
    for i in np.flatnonzero(~moved):
        if rows.searches[i] is None:
            rows.searches[i] = _search(float(rows.f[i]), float(rows.slope[i]), float(rows.step[i]))
            next(rows.searches[i])
        try:
            rows.step[i] = rows.searches[i].send((float(f[i]), float(slope[i])))
            failed[i] = rows.tries[i] >= TRIES
        except StopIteration:
            moved[i] = True
    return moved, failed


# --- Moré and Thuente's line search, of one row: points are (step, value, slope) ------------------

_Point = tuple[float, float, float]


def _search(f0: float, slope0: float, step: float) -> _Search:
    """Yields steps and is sent value and slope there; returns at the step to take."""
    fall = DECREASE * slope0
    best = other = (0.0, f0, slope0)
    bracketed, early = False, True
    low, high = 0.0, 5 * step
    width, before = LONGEST, 2 * LONGEST
    while True:
        f, slope = yield step
        enough = f <= f0 + step * fall
        if bracketed and (step <= low or step >= high or high - low <= BRACKET * high):
            return
        if enough and (abs(slope) <= -CURVATURE * slope0 or (step == LONGEST and slope <= fall)):
            return
        early = early and not (enough and slope >= 0)
        # Early on, of the function less its least decrease.
        tilt = fall if early and not enough and f <= best[1] else 0.0
        trial = _tilted((step, f, slope), -tilt)
        found = _interpolated(
            _tilted(best, -tilt), _tilted(other, -tilt), trial, bracketed, low, high
        )
        best, other = (_tilted(point, tilt) for point in found[:2])
        step, bracketed = found[2:]
        if bracketed:
            if abs(other[0] - best[0]) >= 0.66 * before:
                step = best[0] + 0.5 * (other[0] - best[0])
            before, width = width, abs(other[0] - best[0])
            low, high = min(best[0], other[0]), max(best[0], other[0])
        else:
            low, high = step + 1.1 * (step - best[0]), step + 4 * (step - best[0])
        step = min(max(step, 0.0), LONGEST)
        if bracketed and (step <= low or step >= high or high - low <= BRACKET * high):
            step = best[0]


def _tilted(point: _Point, by: float) -> _Point:
    return point[0], point[1] + by * point[0], point[2] + by


def _cubic(a: _Point, b: _Point, sign: float) -> tuple[float, float]:
    """θ and ±γ of the cubic that has the values and slopes of a and b;
    γ² is cut at 0, where rounding left less.
    """
    theta = 3 * (a[1] - b[1]) / (b[0] - a[0]) + a[2] + b[2]
    s = max(abs(theta), abs(a[2]), abs(b[2]))
    return theta, copysign(s * sqrt(max(0.0, (theta / s) ** 2 - (a[2] / s) * (b[2] / s))), sign)


def _interpolated(
    best: _Point, other: _Point, trial: _Point, bracketed: bool, low: float, high: float
) -> tuple[_Point, _Point, float, bool]:
    """The interval with the trial in it, the next step,
    and whether a minimum is bracketed (dcstep of MINPACK-2).
    """
    (x, fx, dx), (p, fp, dp) = best, trial
    opposite = dp * dx < 0
    if fp > fx:
        theta, gamma = _cubic(best, trial, p - x)
        cubic = x + ((gamma - dx) + theta) / (((gamma - dx) + gamma) + dp) * (p - x)
        square = x + dx / ((fx - fp) / (p - x) + dx) / 2 * (p - x)
        near = abs(cubic - x) <= abs(square - x)
        return best, trial, cubic if near else cubic + (square - cubic) / 2, True
    if opposite:
        theta, gamma = _cubic(best, trial, x - p)
        cubic = p + ((gamma - dp) + theta) / (((gamma - dp) + gamma) + dx) * (x - p)
        secant = p + dp / (dp - dx) * (x - p)
        return trial, best, cubic if abs(cubic - p) > abs(secant - p) else secant, True
    if abs(dp) < abs(dx):
        theta, gamma = _cubic(best, trial, x - p)
        ratio = ((gamma - dp) + theta) / ((gamma + (dx - dp)) + gamma)
        if ratio < 0 and gamma != 0:
            cubic = p + ratio * (x - p)
        else:
            cubic = high if p > x else low
        secant = p + dp / (dp - dx) * (x - p)
        nearer = abs(cubic - p) < abs(secant - p)
        if bracketed:
            inside = p + 0.66 * (other[0] - p)
            step = cubic if nearer else secant
            step = min(inside, step) if p > x else max(inside, step)
        else:
            step = min(max(secant if nearer else cubic, low), high)
        return trial, other, step, bracketed
    if bracketed:
        y, _, dy = other
        theta, gamma = _cubic(trial, other, y - p)
        return (
            trial,
            other,
            p + ((gamma - dp) + theta) / (((gamma - dp) + gamma) + dy) * (y - p),
            True,
        )
    return trial, other, high if p > x else low, False
