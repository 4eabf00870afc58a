r"""Networks with two hidden layers of tanh, many at once, fitted by least squares: L-BFGS or Adam.

    loss = (1/2m) Σ_i ‖f(x_i) − y_i‖² + (PENALTY/2m) Σ w²,   w all weights but the offsets.

With one output this is scikit-learn's MLPRegressor: its loss, its initial law, its constants, its
rules to stop, at its defaults (with more, its loss is divided by their number and its gradient is
not). The weights of a network are one row of numbers; a layer is a matrix that takes the values
below, with a 1 under them. Data stand as columns. A network's numbers are the same, bit for bit,
whatever networks stand beside it.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from bounds.check import Array
from bounds.lbfgs import Minima, Some, minimise

WIDTH = 16
PENALTY = 1e-4
CACHED = 4000  # points whose values, of some networks together, stay in the processor's cache
LINE = 8  # floats in a cache line
PORTION = 200  # of the data, for a step of Adam
DECAYS = (0.9, 0.999)
TINY = 1e-8
GAIN, PATIENCE = 1e-4, 10  # stops after more epochs than this without as much gain


def shapes(inputs: int, outputs: int) -> list[tuple[int, int]]:
    """Of the three layers' matrices, the offsets as last columns."""
    return [(WIDTH, inputs + 1), (WIDTH, WIDTH + 1), (outputs, WIDTH + 1)]


def initial(inputs: int, outputs: int, rng: np.random.Generator) -> Array:
    """Weights of one network, and its offsets,
    uniform within ±√(6/(fan in + fan out)) (Glorot and Bengio 2010).
    """
    return np.concatenate(
        [
            rng.uniform(-1, 1, rows * columns) * np.sqrt(6 / (rows + columns - 1))
            for rows, columns in shapes(inputs, outputs)
        ]
    )


@cache
def _places(inputs: int, outputs: int) -> list[tuple[slice, tuple[int, int, int]]]:
    """Where the matrices stand in a row of weights."""
    sizes = shapes(inputs, outputs)
    ends = np.cumsum([rows * columns for rows, columns in sizes]).tolist()
    return [
        (slice(end - rows * columns, end), (-1, rows, columns))
        for end, (rows, columns) in zip(ends, sizes, strict=True)
    ]


def layers(weights: Array, inputs: int, outputs: int) -> list[Array]:
    """The three matrices of each network, views: (k, n) → (k, rows, columns)."""
    return [weights[:, place].reshape(shape) for place, shape in _places(inputs, outputs)]


def predict(weights: Array, x: Array) -> Array:
    """f(x) of each network at its own points.

    Parameters
    ----------
    weights : shape (k, n)
    x : shape (k, m, p)

    Returns
    -------
    shape (k, m, q)
    """
    count, m, inputs = x.shape
    outputs = (weights.shape[1] - WIDTH * (inputs + WIDTH + 2)) // (WIDTH + 1)
    value = x.transpose(0, 2, 1)
    one = np.ones((count, 1, m))
    matrices = layers(weights, inputs, outputs)
    for matrix in matrices[:-1]:
        value = np.tanh(np.matmul(matrix, np.concatenate([value, one], axis=1)))
    value = np.matmul(matrices[-1], np.concatenate([value, one], axis=1))
    return np.asarray(value.transpose(0, 2, 1))


class Loss:
    """The loss of each of B networks on its own data, and its gradient.

    Parameters
    ----------
    x : shape (B, m, p)
    y : shape (B, m, q)
    """

    def __init__(self, x: Array, y: Array) -> None:
        self.m, self.inputs, self.outputs = x.shape[1], x.shape[2], y.shape[2]
        self.x, self.y = (_padded(values) for values in _columns(x, y))
        # of each weight: none for the offsets, the last columns
        each = np.concatenate(
            [
                np.arange(rows * columns) % columns < columns - 1
                for rows, columns in shapes(self.inputs, self.outputs)
            ]
        )
        self.penalties = PENALTY * each
        self._make_room(self.m)

    def _make_room(self, m: int) -> None:
        """For a block of networks, used again at every call: their data, the errors, the values of
        both layers with their ones, what comes back, and a small matrix of each.
        """
        self.block = max(1, CACHED // m)
        width = m + -m % LINE
        self._part = m
        self._x = _aligned(self.block, self.inputs + 1, width, fill=0.0)
        self._y = _aligned(self.block, self.outputs, width, fill=0.0)
        self._error = _aligned(self.block, self.outputs, width)
        self._values = _aligned(2, self.block, WIDTH + 1, width)
        self._back = _aligned(self.block, WIDTH, width)
        self._middle = np.empty((self.block, WIDTH, WIDTH + 1))

    def __call__(
        self, weights: Array, which: Some, part: slice = slice(None)
    ) -> tuple[Array, Array]:
        """Values (k,) and gradients (k, n).

        Parameters
        ----------
        weights : shape (k, n)
        which : shape (k,), the networks whose data these are for
        part : of the data
        """
        values, gradients = np.empty(len(weights)), np.empty_like(weights)
        columns = slice(*part.indices(self.m))
        if (m := columns.stop - columns.start) != self._part:
            self._make_room(m)
        for start in range(0, len(weights), self.block):
            here = slice(start, start + self.block)
            values[here] = self._block(weights[here], which[here], columns, gradients[here])
        return values, gradients

    def _data(self, which: Some, columns: slice) -> tuple[Array, Array]:
        """As they stand, where all are wanted of networks side by side; else brought together."""
        count, m = len(which), columns.stop - columns.start
        if m == self.m and which[-1] - which[0] == count - 1:
            return self.x[which[0] : which[0] + count], self.y[which[0] : which[0] + count]
        x, y = self._x[:count], self._y[:count]
        x[:, :, :m], y[:, :, :m] = self.x[which, :, columns], self.y[which, :, columns]
        return x, y

    def _block(self, weights: Array, which: Some, columns: slice, gradient: Array) -> Array:
        count, m = len(which), columns.stop - columns.start
        x, y = self._data(which, columns)
        error = self._error[:count]
        first, second, back = self._values[0, :count], self._values[1, :count], self._back[:count]
        lower, upper = first[:, :WIDTH], second[:, :WIDTH]
        one, two, three = layers(weights, self.inputs, self.outputs)
        to_one, to_two, to_three = layers(gradient, self.inputs, self.outputs)
        np.tanh(np.matmul(one, x, out=lower), out=lower)
        np.tanh(np.matmul(two, first, out=upper), out=upper)
        np.subtract(np.matmul(three, second, out=error), y, out=error)
        error[:, :, m:] = 0.0  # there are no data there
        squares = np.vecdot(error, error).sum(axis=1) / m
        error /= m

        np.matmul(error, second.transpose(0, 2, 1), out=to_three)
        # tanh' = 1 − tanh²: the squares go on in the place of tanh, and the 1 is taken to where the
        # matrices are small.
        out, middle = three[:, :, :WIDTH].transpose(0, 2, 1), two[:, :, :WIDTH].transpose(0, 2, 1)
        if self.outputs == 1:
            np.multiply(second, second, out=second)
            second *= error  # and the error itself in the place of the ones
            turned = np.matmul(second, first.transpose(0, 2, 1))
            np.subtract(turned[:, WIDTH:], turned[:, :WIDTH], out=to_two)
            to_two *= out
            signed = self._middle[:count]
            np.multiply(middle, -out.transpose(0, 2, 1), out=signed[:, :, :WIDTH])
            np.matmul(middle, out, out=signed[:, :, WIDTH:])
            np.matmul(signed, second, out=back)
            second[:, WIDTH] = 1.0
        else:
            np.subtract(1.0, np.multiply(upper, upper, out=upper), out=upper)
            upper *= np.matmul(out, error, out=back)
            np.matmul(upper, first.transpose(0, 2, 1), out=to_two)
            np.matmul(middle, upper, out=back)
        np.multiply(lower, lower, out=lower)
        lower *= back
        np.matmul(back, x.transpose(0, 2, 1), out=to_one)
        to_one -= np.matmul(lower, x.transpose(0, 2, 1))
        pull = self.penalties / m * weights
        gradient += pull
        return np.asarray((squares + np.vecdot(pull, weights)) / 2)


def _columns(x: Array, y: Array) -> tuple[Array, Array]:
    """Data as they stand: points as columns with a 1 below, values as columns."""
    one = np.ones((len(x), 1, x.shape[1]))
    return np.concatenate([x.transpose(0, 2, 1), one], axis=1), y.transpose(0, 2, 1)


def _aligned(*shape: int, fill: float = 1.0) -> Array:
    """An array that begins where a cache line does, as then do rows of a multiple of LINE numbers:
    what reads across lines takes up to twice as long.
    """
    size = math.prod(shape)
    flat = np.full(size + LINE, fill)
    start = -(flat.ctypes.data // flat.itemsize) % LINE
    return flat[start : start + size].reshape(shape)


def _padded(values: Array) -> Array:
    """The same with 0 behind, up to a multiple of LINE columns."""
    m = values.shape[2]
    padded = _aligned(*values.shape[:2], m + -m % LINE, fill=0.0)
    padded[:, :, :m] = values
    return padded


def fit(weights: Array, x: Array, y: Array, budget: int) -> Minima:
    """Least squares by L-BFGS, each network on its own data.

    Parameters
    ----------
    weights : shape (B, n), where they start
    x : shape (B, m, p)
    y : shape (B, m, q)
    budget : iterations at most
    """
    return minimise(Loss(x, y), weights, budget)


class Course(NamedTuple):
    """Where Adam has brought B networks.

    Attributes
    ----------
    weights : shape (B, n)
    loss : shape (B,), mean over the last epoch's steps
    epochs : shape (B,), so far
    least : shape (B,), the least loss of an epoch so far
    idle : shape (B,), epochs since it last gained
    mean, square : shape (B, n), Adam's two moments of the gradient
    steps : shape (B,), those that are in the moments
    """

    weights: Array
    loss: Array
    epochs: Some
    least: Array
    idle: Some
    mean: Array
    square: Array
    steps: Some


def begin(weights: Array) -> Course:
    """The course before its first epoch."""
    zero, none = np.zeros(len(weights)), np.zeros(len(weights), int)
    nothing = np.zeros_like(weights)
    return Course(weights, zero, none, zero + np.inf, none, nothing, nothing, none)


def restarted(course: Course) -> Course:
    """The course with moments that have seen nothing, as scikit-learn's has at every fit;
    the loss to beat is carried over.
    """
    nothing = np.zeros_like(course.weights)
    return course._replace(mean=nothing, square=nothing, steps=np.zeros_like(course.steps))


def adam(
    course: Course,
    x: Array,
    y: Array,
    budget: int,
    rate: float,
    rngs: Sequence[np.random.Generator],
    renewed: Callable[[], tuple[Array, Array]] | None = None,
) -> Course:
    """Least squares by Adam, each network on its own data, in a new order every epoch.

    Parameters
    ----------
    course : what went before; it goes on as if it had not been interrupted
    x : shape (B, m, p)
    y : shape (B, m, q)
    budget : epochs at most
    rate : of learning
    rngs : source of the orders; as many consecutive networks to each, which see the same ones
    renewed : makes x and y anew before each epoch. Then no network stops before its budget is
        spent, since the loss of other data says nothing about a gain
    """
    count, m = x.shape[:2]
    each = count // len(rngs)
    weights, loss, epochs, least, idle, mean, square, steps = (part.copy() for part in course)
    on = np.arange(count)
    data, in_turn = Loss(x, y), _columns(x, y)
    for _ in range(budget):
        if not on.size:
            break
        if renewed:
            in_turn = _columns(*renewed())
        orders = [rng.permutation(m) for rng in rngs]
        for to, values in zip((data.x, data.y), in_turn, strict=True):
            for i in range(count):
                to[i, :, :m] = values[i][:, orders[i // each]]
        total = np.zeros(on.size)
        live = slice(None) if on.size == count else on
        for start in range(0, m, min(PORTION, m)):
            part = slice(start, min(start + PORTION, m))
            value, gradient = data(weights[live], on, part)
            total += value * (part.stop - part.start)
            steps[live] += 1
            mean[live] = DECAYS[0] * mean[live] + (1 - DECAYS[0]) * gradient
            square[live] = DECAYS[1] * square[live] + (1 - DECAYS[1]) * gradient**2
            far = steps[live][:, None]
            pace = rate * np.sqrt(1 - DECAYS[1] ** far) / (1 - DECAYS[0] ** far)
            weights[live] -= pace * mean[live] / (np.sqrt(square[live]) + TINY)
        loss[on] = total / m
        epochs[on] += 1
        idle[on] = np.where(loss[on] > least[on] - GAIN, idle[on] + 1, 0)
        least[on] = np.minimum(least[on], loss[on])
        if renewed is None:
            on = on[idle[on] <= PATIENCE]
    return Course(weights, loss, epochs, least, idle, mean, square, steps)
