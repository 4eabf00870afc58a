r"""Networks with two hidden layers of tanh, many at once, fitted by least squares: L-BFGS or Adam.

    loss = (1/2m) Σ_i ‖f(x_i) − y_i‖² + (PENALTY/2m) Σ w²,   w all weights but the offsets.

With one output this is scikit-learn's MLPRegressor: its loss, its initial law, its constants, its
rules to stop, at its defaults (with more, its loss is divided by their number and its gradient is
not). The weights of a network are one row of numbers; a layer is a matrix that takes the values
below, with a 1 under them. Data stand as columns. A network's numbers are the same, bit for bit,
whatever networks stand beside it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bounds.check import Array
from bounds.lbfgs import Minima, Some, minimise

WIDTH = 16
PENALTY = 1e-4
CACHED = 2000  # points whose values, of some networks together, stay in the processor's cache
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


def layers(weights: Array, inputs: int, outputs: int) -> list[Array]:
    """The three matrices of each network, views: (k, n) → (k, rows, columns)."""
    found, start = [], 0
    for rows, columns in shapes(inputs, outputs):
        size = rows * columns
        found.append(weights[:, start : start + size].reshape(-1, rows, columns))
        start += size
    return found


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
        count, m, self.inputs = x.shape
        self.outputs = y.shape[2]
        self.x = np.concatenate([x.transpose(0, 2, 1), np.ones((count, 1, m))], axis=1)
        self.y = np.ascontiguousarray(y.transpose(0, 2, 1))
        self._make_room(m)

    def _make_room(self, m: int) -> None:
        """For the values, with their ones, and what comes back: used again at every call."""
        self.block = max(1, CACHED // m)
        self._values = np.ones((2, self.block, WIDTH + 1, m))
        self._back = np.empty((self.block, WIDTH, m))

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
        m = self.x[0, 0, part].size
        if m != self._back.shape[2]:
            self._make_room(m)
        for start in range(0, len(weights), self.block):
            here = slice(start, start + self.block)
            values[here] = self._block(weights[here], which[here], part, gradients[here])
        return values, gradients

    def _block(self, weights: Array, which: Some, part: slice, gradient: Array) -> Array:
        count = len(which)
        x, y = self.x[which, :, part], self.y[which, :, part]
        m = x.shape[2]
        first, second = (values[:count] for values in self._values)
        one, two, three = layers(weights, self.inputs, self.outputs)
        to_one, to_two, to_three = layers(gradient, self.inputs, self.outputs)
        lower, upper, back = first[:, :WIDTH], second[:, :WIDTH], self._back[:count]
        np.tanh(np.matmul(one, x, out=lower), out=lower)
        np.tanh(np.matmul(two, first, out=upper), out=upper)
        error = np.matmul(three, second)
        error -= y
        squares = np.vecdot(error, error).sum(axis=1)

        np.matmul(error, second.transpose(0, 2, 1), out=to_three)
        # tanh' = 1 − tanh², in the place of tanh. One output's weights wait, and scale small
        # matrices instead.
        np.subtract(1.0, np.multiply(upper, upper, out=upper), out=upper)
        out, middle = three[:, :, :WIDTH].transpose(0, 2, 1), two[:, :, :WIDTH].transpose(0, 2, 1)
        if self.outputs == 1:
            upper *= error
            middle = middle * out.transpose(0, 2, 1)
        else:
            upper *= np.matmul(out, error, out=back)
        np.matmul(upper, first.transpose(0, 2, 1), out=to_two)
        if self.outputs == 1:
            to_two *= out
        np.matmul(middle, upper, out=back)
        np.subtract(1.0, np.multiply(lower, lower, out=lower), out=lower)
        lower *= back
        np.matmul(lower, x.transpose(0, 2, 1), out=to_one)
        for matrix, to in ((one, to_one), (two, to_two), (three, to_three)):
            plain = matrix[:, :, :-1]
            to[:, :, :-1] += PENALTY * plain
            flat = plain.reshape(count, -1)
            squares += PENALTY * np.vecdot(flat, flat)
        gradient /= m
        return np.asarray(squares / (2 * m))


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
    epochs : shape (B,), those of this course
    least : shape (B,), the least loss of an epoch so far
    idle : shape (B,), epochs since it last gained
    """

    weights: Array
    loss: Array
    epochs: Some
    least: Array
    idle: Some


def begin(weights: Array) -> Course:
    """The course before its first epoch."""
    count = len(weights)
    return Course(
        weights, np.zeros(count), np.zeros(count, int), np.full(count, np.inf), np.zeros(count, int)
    )


def adam(
    course: Course,
    x: Array,
    y: Array,
    budget: int,
    rate: float,
    rngs: Sequence[np.random.Generator],
) -> Course:
    """Least squares by Adam with fresh moments,
    each network on its own data, in a new order every epoch.

    Parameters
    ----------
    course : what went before: the loss to beat is carried over
    x : shape (B, m, p)
    y : shape (B, m, q)
    budget : epochs at most
    rate : of learning
    rngs : source of the orders; as many consecutive networks to each, which see the same ones
    """
    count, m = x.shape[:2]
    each = count // len(rngs)
    weights, loss, epochs = course.weights.copy(), course.loss.copy(), np.zeros(count, int)
    least, idle = course.least.copy(), course.idle.copy()
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    on, steps = np.arange(count), 0
    data = Loss(x, y)
    in_turn = data.x, data.y
    for _ in range(budget):
        orders = [rng.permutation(m) for rng in rngs]
        data.x, data.y = (
            np.stack([values[i][:, orders[i // each]] for i in range(count)]) for values in in_turn
        )
        total = np.zeros(on.size)
        for start in range(0, m, min(PORTION, m)):
            part = slice(start, min(start + PORTION, m))
            value, gradient = data(weights[on], on, part)
            total += value * (part.stop - part.start)
            steps += 1
            mean[on] = DECAYS[0] * mean[on] + (1 - DECAYS[0]) * gradient
            square[on] = DECAYS[1] * square[on] + (1 - DECAYS[1]) * gradient**2
            pace = rate * np.sqrt(1 - DECAYS[1] ** steps) / (1 - DECAYS[0] ** steps)
            weights[on] -= pace * mean[on] / (np.sqrt(square[on]) + TINY)
        loss[on] = total / m
        epochs[on] += 1
        idle[on] = np.where(loss[on] > least[on] - GAIN, idle[on] + 1, 0)
        least[on] = np.minimum(least[on], loss[on])
        on = on[idle[on] <= PATIENCE]
        if not on.size:
            break
    return Course(weights, loss, epochs, least, idle)
