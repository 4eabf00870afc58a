r"""A score as a 3-layer perceptron: two hidden layers of tanh, trained on the targets that the features are fitted to.

Step by step, one network for each t_k by L-BFGS on x; jointly, one network for all by Adam on (x, log t, e^{-t}), the
steps weighing the same (γ_j = Δ). The budget is iterations of the one and epochs of the other. Bootstrapping step by
step takes the network of the level before as it stands after its own budget; jointly, half of the budget goes to T1,
and half to targets that the first half's network makes (DSM restarts Adam at half as well). The paper's width,
optimiser and budget are unknown.
"""

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bounds.check import Array, InvalidInput
from bounds.process import Slice, Step
from bounds.targets import denoising, local, transported

HIDDEN = (16, 16)
RATE = 0.01
Function = Callable[[Array], Array]
Weight = Callable[[Step], float]


class Trained(NamedTuple):
    """A score at each time step, and how its training went.

    Attributes
    ----------
    scores : points (n, d) to scores (n, d), one for each step
    iterations : of the optimiser, mean over the networks
    loss : where it ended, half the mean squared error, mean over the networks
    converged : the share of networks that stopped before their budget was spent
    """

    scores: list[Function]
    iterations: float
    loss: float
    converged: float


def _network(budget: int, solver: str, seed: int) -> Any:
    try:
        from sklearn.neural_network import MLPRegressor
    except ImportError:
        raise InvalidInput("learner", "a network needs the extra [nn] (scikit-learn)") from None
    return MLPRegressor(
        hidden_layer_sizes=HIDDEN,
        activation="tanh",
        solver=solver,
        max_iter=budget,
        learning_rate_init=RATE,
        random_state=seed,
        warm_start=solver == "adam",
    )


def _fit(network: Any, inputs: Array, targets: Array) -> Any:
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        # A spent budget is what is studied here, and it is recorded.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return network.fit(inputs, targets.ravel() if targets.shape[1] == 1 else targets)


def _predict(network: Any, inputs: Array) -> Array:
    return np.asarray(network.predict(inputs).reshape(len(inputs), -1))


def _mixed(slice_: Slice, previous: Array, weight: float) -> Array:
    """w T̂2 + (1 − w) T3, from the scores at X_{t'}."""
    return np.asarray(weight * transported(slice_.step, previous) + (1 - weight) * local(slice_))


def by_step(path: Sequence[Slice], weight: Weight | None, budget: int, rng: np.random.Generator) -> Trained:
    """A network for each time step.

    Parameters
    ----------
    path : the N slices
    weight : of T̂2, by step; None is DSM
    budget : iterations of L-BFGS at most, each network
    rng : source of the networks' seeds

    Raises
    ------
    InvalidInput
        If scikit-learn is not installed.
    """
    scores: list[Function] = []
    networks = []
    for k, now in enumerate(path):
        target = denoising(now)
        if weight is not None and k:
            target = _mixed(now, scores[-1](path[k - 1].x), weight(now.step))
        network = _fit(_network(budget, "lbfgs", int(rng.integers(2**31))), now.x, target)
        scores.append(partial(_predict, network))
        networks.append(network)
    return Trained(
        scores,
        float(np.mean([n.n_iter_ for n in networks])),
        float(np.mean([n.loss_ for n in networks])),
        float(np.mean([n.n_iter_ < budget for n in networks])),
    )


def _inputs(x: Array, t: float) -> Array:
    return np.column_stack([x, np.full(len(x), np.log(t)), np.full(len(x), np.exp(-t))])


def jointly(path: Sequence[Slice], weight: Weight | None, budget: int, rng: np.random.Generator) -> Trained:
    """One network for all time steps.

    Parameters
    ----------
    path, weight, rng : as `by_step`
    budget : epochs of Adam, in two halves; where there is a weight, the first is for T1

    Raises
    ------
    InvalidInput
        If scikit-learn is not installed.
    """
    times = [now.step.t for now in path]
    inputs = np.vstack([_inputs(now.x, t) for now, t in zip(path, times, strict=True)])
    targets = [denoising(now) for now in path]
    half = budget // 2
    network = _fit(_network(half, "adam", int(rng.integers(2**31))), inputs, np.vstack(targets))
    spent = network.n_iter_
    if weight is not None:
        for k, now in enumerate(path[1:], 1):
            previous = _predict(network, _inputs(path[k - 1].x, times[k - 1]))
            targets[k] = _mixed(now, previous, weight(now.step))
    network.set_params(max_iter=budget - half)
    network = _fit(network, inputs, np.vstack(targets))

    def score(t: float, x: Array) -> Array:
        return _predict(network, _inputs(x, t))

    scores: list[Function] = [partial(score, t) for t in times]
    stopped = network.n_iter_ < budget - half
    return Trained(scores, float(spent + network.n_iter_), float(network.loss_), float(stopped))
