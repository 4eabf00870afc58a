"""What the networks of Figure 3b cost, side by side and one by one.

The data are those of one time of a mixture; the sum over all networks is over as many as the figure
fits with each budget.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from bounds import networks
from bounds.check import Array

SIDE_BY_SIDE = 50  # networks of a step in one task of that figure: 25 replicates of two methods
ONE_BY_ONE = 4
STEP = 500  # points, to which L-BFGS fits a network
PATH = 20 * STEP  # to which Adam fits one
NAMES = {"lbfgs": "iterations of L-BFGS", "adam": "epochs of Adam"}
# How many networks that figure fits at preset "paper", by solver and budget.
FIGURE_3B: Mapping[tuple[str, int], int] = {
    ("lbfgs", 3): 4000,
    ("lbfgs", 10): 4000,
    ("lbfgs", 30): 5000,
    ("lbfgs", 100): 2000,
    ("adam", 10): 100,
    ("adam", 30): 100,
}
Alone = Callable[..., tuple[float, float]]


def fit_networks(m: int, count: int, budget: int, solver: str) -> None:
    """So many networks side by side, by L-BFGS or Adam,
    on the denoising targets at one time step in one dimension.
    """
    x, y = _data(m, count)
    rng = np.random.default_rng(8)
    start = np.stack([networks.initial(1, 1, rng) for _ in range(count)])
    if solver == "lbfgs":
        networks.fit(start, x, y, budget)
    else:
        orders = [np.random.default_rng([8, k]) for k in range(count)]
        networks.adam(networks.begin(start), x, y, budget, 0.01, orders)


def fit_networks_in_turn(m: int, count: int, budget: int, solver: str) -> None:
    """The same by scikit-learn's MLPRegressor, one after the other."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor

    for k, (x, y) in enumerate(zip(*_data(m, count), strict=True)):
        learner = MLPRegressor(
            hidden_layer_sizes=(16, 16),
            solver=solver,
            activation="tanh",
            learning_rate_init=0.01,
            max_iter=budget,
            random_state=k,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a spent budget is what is timed
            learner.fit(x, y[:, 0])


def _data(m: int, count: int) -> tuple[Array, Array]:
    """Samples of two modes and their denoising targets: (count, m, 1) each."""
    rng, t = np.random.default_rng(7), 0.5
    x0 = 2 * rng.choice([-1, 1], (count, m, 1), p=[0.85, 0.15]) + 0.5 * rng.standard_normal(
        (count, m, 1)
    )
    z = np.sqrt(-np.expm1(-2 * t)) * rng.standard_normal((count, m, 1))
    return np.exp(-t) * x0 + z, z / np.expm1(-2 * t)


def compare(alone: Alone) -> Iterator[tuple[str, float, str]]:
    """What was measured, its number and its unit: each budget of Figure 3b, and all its networks.

    Parameters
    ----------
    alone : (function, *arguments) → the seconds that it takes in a process of its own, and more
    """
    batched = single = 0.0
    for (solver, budget), count in FIGURE_3B.items():
        m, words = STEP if solver == "lbfgs" else PATH, f"{budget} {NAMES[solver]}"
        side = alone(fit_networks, m, SIDE_BY_SIDE, budget, solver)[0] / SIDE_BY_SIDE
        turn = alone(fit_networks_in_turn, m, ONE_BY_ONE, budget, solver)[0] / ONE_BY_ONE
        batched, single = batched + count * side, single + count * turn
        yield f"networks, two hidden layers of 16, m = {m}, {words}", 1 / side, "networks/s"
        yield f"networks, {words}: batched over one by one", turn / side, "times"
    yield "all networks of Figure 3b: batched over one by one", single / batched, "times"
