r"""A score as a 3-layer perceptron: two hidden layers of tanh,
trained on the targets that the features are fitted to.

Step by step, one network for each t_k by L-BFGS on x; jointly, one network for all by Adam on (x,
log t, e^{-t}), the steps weighing the same (γ_j = Δ). The budget is iterations of the one and
epochs of the other. Bootstrapping step by step takes the network of the level before as it stands
after its own budget; jointly, half of the budget goes to T1, and half to targets that the first
half's network makes (DSM restarts Adam at half as well). The paper's width, optimiser and budget
are unknown. The networks of all replicates and methods are trained side by side.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bounds import networks
from bounds.check import Array
from bounds.lbfgs import Minima
from bounds.process import Slice, Step
from bounds.targets import denoising, local, transported

RATE = 0.01
Weight = Callable[[Step], float]
Paths = Sequence[Sequence[Slice]]


@dataclass(frozen=True)
class Trained:
    """A score at each time step, and how its training went.

    Attributes
    ----------
    weights : of the networks, one for each step, shape (N, n)
    times : shape (N,) where the networks take the time as well
    iterations : of the optimiser, mean over the networks
    loss : where it ended, half the mean squared error, mean over the networks
    converged : the share of networks that stopped before their budget was spent
    """

    weights: Array
    times: Array | None
    iterations: float
    loss: float
    converged: float

    def scores(self, x: Array) -> Array:
        """At points (n, d), one set for all steps: (N, n, d)."""
        shared = np.broadcast_to(x, (len(self.weights), *x.shape))
        return networks.predict(self.weights, _inputs(shared, self.times))


def _inputs(x: Array, times: Array | None) -> Array:
    """(x, log t, e^{-t}) from x (N, m, d) where there are times, otherwise x."""
    if times is None:
        return x
    each = np.broadcast_to(times[:, None, None], (*x.shape[:2], 1))
    return np.concatenate([x, np.log(each), np.exp(-each)], axis=2)


def _target(now: Slice, previous: Array | None, weight: Weight | None) -> Array:
    """T1 where there is no weight, otherwise w T̂2 + (1 − w) T3 from the scores at X_{t'}."""
    if weight is None or previous is None:
        return denoising(now)
    w = weight(now.step)
    return np.asarray(w * transported(now.step, previous) + (1 - w) * local(now))


def by_step(
    paths: Paths, weights: Sequence[Weight | None], budget: int, rngs: Sequence[np.random.Generator]
) -> list[list[Trained]]:
    """A network for each time step.

    Parameters
    ----------
    paths : of each replicate, the N slices, of one shape
    weights : of T̂2, by step, one for each method; None is DSM
    budget : iterations of L-BFGS at most, each network
    rngs : of each replicate, the source of its networks' first weights, the same for all methods

    Returns
    -------
    For each replicate, the scores of each method. They do not depend on the other replicates and
    methods.
    """
    d = paths[0][0].x.shape[1]
    each = [(i, weight) for i in range(len(paths)) for weight in weights]
    fits: list[Minima] = []
    for k in range(len(paths[0])):
        begun = [networks.initial(d, d, rng) for rng in rngs]
        previous: Array | Sequence[None] = [None] * len(each)
        if k:
            previous = networks.predict(fits[-1].x, np.stack([paths[i][k - 1].x for i, _ in each]))
        x = np.stack([paths[i][k].x for i, _ in each])
        y = np.stack([_target(paths[i][k], p, w) for (i, w), p in zip(each, previous, strict=True)])
        fits.append(networks.fit(np.stack([begun[i] for i, _ in each]), x, y, budget))
    trained = [
        Trained(
            np.stack([fit.x[place] for fit in fits]),
            None,
            float(np.mean([fit.iterations[place] for fit in fits])),
            float(np.mean([fit.value[place] for fit in fits])),
            float(np.mean([fit.iterations[place] < budget for fit in fits])),
        )
        for place in range(len(each))
    ]
    return _nested(trained, len(weights))


def jointly(
    paths: Paths, weights: Sequence[Weight | None], budget: int, rngs: Sequence[np.random.Generator]
) -> list[list[Trained]]:
    """One network for all time steps.

    Parameters
    ----------
    paths, weights : as `by_step`
    budget : epochs of Adam, in two halves; where there is a weight, the first is for T1
    rngs : of each replicate, the source of its network's first weights and of the data's orders,
        the same for all methods
    """
    d, count = paths[0][0].x.shape[1], len(weights)
    times = np.array([now.step.t for now in paths[0]])
    inputs = [_inputs(np.stack([now.x for now in path]), times) for path in paths]
    x = np.stack([values.reshape(-1, d + 2) for values in inputs])
    plain = np.stack([np.concatenate([denoising(now) for now in path]) for path in paths])
    half = budget // 2
    start = networks.begin(np.stack([networks.initial(d + 2, d, rng) for rng in rngs]))
    first = networks.adam(start, x, plain, half, RATE, rngs)
    y = []
    for path, weight_row, values in zip(paths, first.weights, inputs, strict=True):
        before = networks.predict(
            np.broadcast_to(weight_row, (times.size, weight_row.size)), values
        )
        behind = [None, *before[:-1]]
        y += [
            np.concatenate([_target(now, b, weight) for now, b in zip(path, behind, strict=True)])
            for weight in weights
        ]
    here = networks.Course(*(np.repeat(part, count, axis=0) for part in first))
    second = networks.adam(
        networks.restarted(here),
        np.repeat(x, count, axis=0),
        np.stack(y),
        budget - half,
        RATE,
        rngs,
    )
    trained = [
        Trained(
            np.tile(second.weights[place], (times.size, 1)),
            times,
            float(second.epochs[place]),
            float(second.loss[place]),
            float(second.epochs[place] - here.epochs[place] < budget - half),
        )
        for place in range(len(y))
    ]
    return _nested(trained, count)


def _nested(trained: list[Trained], count: int) -> list[list[Trained]]:
    return [trained[start : start + count] for start in range(0, len(trained), count)]
