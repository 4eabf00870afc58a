"""Networks side by side: finite differences,
scikit-learn's networks as second route, and what they know of each other.
"""

import warnings
from typing import Any

import numpy as np
import pytest
from scipy import stats
from threadpoolctl import threadpool_limits

from bounds import lbfgs, networks

NETS = 64


@pytest.fixture(autouse=True)
def one_thread():
    """As in a run; small matrices are slower in many."""
    with threadpool_limits(1):
        yield


def data(count, m, inputs=1, outputs=1, seed=1):
    rng = np.random.default_rng(seed)
    x = 2 * rng.standard_normal((count, m, inputs))
    y = (
        np.sin(x.sum(axis=2, keepdims=True))
        - 0.3 * x[:, :, :1]
        + rng.standard_normal((count, m, outputs))
    )
    return x, y, np.stack([networks.initial(inputs, outputs, rng) for _ in range(count)])


def second_route(weights, x, y, budget, solver="lbfgs", seed=0, rate=0.01):
    """scikit-learn's network on the same data from the same weights."""
    learn = pytest.importorskip("sklearn.neural_network")
    net = learn.MLPRegressor(
        hidden_layer_sizes=(16, 16),
        activation="tanh",
        solver=solver,
        max_iter=1,
        learning_rate_init=rate,
        random_state=seed,
        warm_start=True,
    )
    matrices = [layer[0] for layer in networks.layers(weights[None], x.shape[1], y.shape[1])]
    y = y[:, 0] if y.shape[1] == 1 else y
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net.fit(x, y)
        net.coefs_ = [matrix[:, :-1].T.copy() for matrix in matrices]
        net.intercepts_ = [matrix[:, -1].copy() for matrix in matrices]
        net.best_loss_, net._no_improvement_count = np.inf, 0
        return net.set_params(max_iter=budget).fit(x, y)


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (3, 1), (2, 2)])
def test_gradient_against_differences(inputs, outputs):
    """Central differences in every weight to 1e-7 of the largest slope; one part of the data
    as well. Catches a lost layer, an offset that is penalised, a penalty that is not divided by m.
    """
    x, y, weights = data(3, 40, inputs, outputs)
    loss = networks.Loss(x, y)
    which = np.array([2, 0])
    for part in (slice(None), slice(10, 25)):
        value, gradient = loss(weights[which], which, part)
        for w, v, g, i in zip(weights[which], value, gradient, which, strict=True):
            f = networks.predict(w[None], x[i : i + 1, part])[0]
            matrices = networks.layers(w[None], inputs, outputs)
            squares = sum(np.sum(matrix[0, :, :-1] ** 2) for matrix in matrices)
            plain = (np.sum((f - y[i, part]) ** 2) + 1e-4 * squares) / (2 * len(f))
            assert v == pytest.approx(plain, rel=1e-12)
            steps = 1e-5 * np.eye(w.size)
            here = np.full(w.size, i)
            slopes = (loss(w + steps, here, part)[0] - loss(w - steps, here, part)[0]) / 2e-5
            np.testing.assert_allclose(g, slopes, atol=1e-7 * np.abs(g).max())


@pytest.mark.parametrize(("budget", "close"), [(3, 1e-11), (10, 1e-9), (30, 1e-3)])
def test_lbfgs_goes_scikit_learns_way(budget, close):
    """16 networks from the same weights: the same loss and number
    of iterations after the same budget, until rounding has grown.
    """
    x, y, weights = data(16, 120)
    found = networks.fit(weights, x, y, budget)
    theirs = [second_route(weights[i], x[i], y[i], budget) for i in range(16)]
    np.testing.assert_allclose(found.value, [net.loss_ for net in theirs], rtol=close)
    if budget < 30:
        assert found.iterations.tolist() == [net.n_iter_ for net in theirs]
        grid = np.broadcast_to(np.linspace(-4, 4, 9)[:, None], (16, 9, 1))
        ours = networks.predict(found.x, grid)[:, :, 0]
        np.testing.assert_allclose(ours, [net.predict(grid[0]) for net in theirs], atol=1e-5)


def their_losses(x, y, budget, solver="lbfgs"):
    learn = pytest.importorskip("sklearn.neural_network")
    out = []
    for i in range(NETS):
        net = learn.MLPRegressor(
            hidden_layer_sizes=(16, 16),
            activation="tanh",
            solver=solver,
            max_iter=budget,
            learning_rate_init=0.01,
            random_state=i,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            out.append(net.fit(x[i], y[i, :, 0]).loss_)
    return np.array(out)


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_same_law_as_scikit_learn(solver):
    """From weights and orders of their own: the losses of 64 networks on the same data differ by
    Student's t of the pairs below 6.6 deviations (one chance in 1e8 at 63 degrees of freedom). Two
    decoys fall by the same measure: half of the budget, and first weights a quarter as large.
    scikit-learn's seeds and ours share nothing.
    """
    budget = 12 if solver == "lbfgs" else 6
    x, y, weights = data(NETS, 120 if solver == "lbfgs" else 500, seed=4)
    theirs = their_losses(x, y, budget, solver)

    def apart(weights, budget):
        if solver == "lbfgs":
            ours = networks.fit(weights, x, y, budget).value
        else:
            rngs = [np.random.default_rng([5, i]) for i in range(NETS)]
            ours = networks.adam(networks.begin(weights), x, y, budget, 0.01, rngs).loss
        return abs(stats.ttest_rel(np.log(ours), np.log(theirs)).statistic)

    assert apart(weights, budget) < 6.6
    assert apart(weights, budget // 2) > 6.6
    assert apart(0.25 * weights, budget) > 6.6


def test_adam_goes_scikit_learns_way(monkeypatch):
    """In scikit-learn's own orders, from the same weights, with a last portion of another size: the
    same loss to 1e-10 and the same values after three epochs. A decoy without the moments'
    correction for their start is off."""
    utils = pytest.importorskip("sklearn.utils")
    x, y, weights = data(4, 450, inputs=3, seed=6)

    class Orders:
        """What scikit-learn draws: each epoch shuffles the order before."""

        def __init__(self, seed):
            self.state, self.order = np.random.RandomState(seed), np.arange(450)

        def permutation(self, m):
            self.order = utils.shuffle(self.order, random_state=self.state)
            return self.order

    def ours():
        rngs: list[Any] = [Orders(i) for i in range(4)]
        return networks.adam(networks.begin(weights), x, y, 3, 0.01, rngs)

    found = ours()
    theirs = [second_route(weights[i], x[i], y[i], 3, "adam", seed=i) for i in range(4)]
    np.testing.assert_allclose(found.loss, [net.loss_ for net in theirs], rtol=1e-10)
    values = networks.predict(found.weights, x)[:, :, 0]
    np.testing.assert_allclose(values, [n.predict(x[i]) for i, n in enumerate(theirs)], atol=1e-8)
    monkeypatch.setattr(networks, "DECAYS", (0.9, 0.99))
    assert np.max(np.abs(ours().loss / found.loss - 1)) > 1e-4


def test_adam_stops_where_nothing_is_gained():
    """Each network by its own epochs:
    one whose targets it has learnt stops early; both as scikit-learn does.
    """
    x, y, weights = data(2, 300, seed=7)
    y[1] = 0.0
    found = networks.adam(
        networks.begin(weights), x, y, 60, 0.01, [np.random.default_rng(i) for i in (1, 2)]
    )
    theirs = second_route(weights[1], x[1], y[1], 60, "adam")
    assert found.epochs[1] < 60
    assert abs(found.epochs[1] - theirs.n_iter_) <= 12
    assert found.epochs[0] > found.epochs[1]


def test_adam_stops_after_ten_idle_epochs():
    """At a rate of 0 nothing is ever gained after the first epoch: eleven more are run, as by
    scikit-learn.
    """
    x, y, weights = data(2, 30)
    found = networks.adam(
        networks.begin(weights), x, y, 60, 0.0, [np.random.default_rng(1), np.random.default_rng(2)]
    )
    theirs = second_route(weights[0], x[0], y[0], 60, "adam", rate=1e-300)
    assert theirs.n_iter_ == 12
    assert found.epochs.tolist() == [12, 12]
    assert found.epochs.dtype == int  # a count, in a table too


def test_many_outputs_by_hand():
    """Eight outputs of seven inputs: how many there are is found from the number of weights."""
    networks._places.cache_clear()  # 8.0 outputs would be found as 8 are, and nowhere else
    rng = np.random.default_rng(3)
    x = rng.standard_normal((1, 5, 7))
    weights = networks.initial(7, 8, rng)
    value, start = x[0], 0
    for rows, columns in ((16, 8), (16, 17), (8, 17)):
        matrix = weights[start : start + rows * columns].reshape(rows, columns)
        start += rows * columns
        value = (np.tanh(value) if start > 128 else value) @ matrix[:, :-1].T + matrix[:, -1]
    np.testing.assert_allclose(networks.predict(weights[None], x)[0], value, rtol=1e-12)


def test_adam_goes_on_where_it_stopped():
    """Two courses of two epochs are one of four, bit for bit; with moments that have seen nothing
    in between they are not.
    """
    x, y, weights = data(3, 250, seed=13)

    def course(*parts, between=lambda course: course):
        rngs, found = [np.random.default_rng(i) for i in range(3)], networks.begin(weights)
        for k, budget in enumerate(parts):
            found = networks.adam(between(found) if k else found, x, y, budget, 0.01, rngs)
        return found

    whole = course(4)
    for one, two in zip(whole, course(2, 2), strict=True):
        np.testing.assert_array_equal(one, two)
    again = course(2, 2, between=networks.restarted)
    assert np.abs(again.weights - whole.weights).max() > 1e-4
    assert list(again.epochs) == [4, 4, 4] and list(again.steps) == [4, 4, 4]
    forgot = networks.restarted(whole)
    for name in ("weights", "loss", "epochs", "least", "idle"):
        np.testing.assert_array_equal(getattr(forgot, name), getattr(whole, name))
    assert not np.any(forgot.mean) and not np.any(forgot.square) and not np.any(forgot.steps)
    assert np.any(whole.mean) and np.any(whole.square)


def test_adam_on_data_made_anew():
    """Each epoch sees what was made for it, and all of them come: on the same data again and again
    it is the plain course, but for the stop that a gain too small would bring.
    """
    x, y, weights = data(2, 150, seed=14)
    y[:] = 0.0

    def course(budget, renewed=None):
        rngs = [np.random.default_rng(i) for i in range(2)]
        return networks.adam(networks.begin(weights), x, y, budget, 0.01, rngs, renewed)

    same = course(8, lambda: (x, y))
    np.testing.assert_array_equal(same.weights, course(8).weights)
    assert list(course(60, lambda: (x, y)).epochs) == [60, 60] and course(60).epochs.max() < 60
    made = iter([(x, y), (x + 1, y - 2)])
    found = course(2, lambda: next(made))
    assert next(made, None) is None
    rngs = [np.random.default_rng(i) for i in range(2)]
    begun = networks.adam(networks.begin(weights), x, y, 1, 0.01, rngs)
    wanted = networks.adam(begun, x + 1, y - 2, 1, 0.01, rngs)
    np.testing.assert_array_equal(found.weights, wanted.weights)


@pytest.mark.parametrize("outputs", [1, 2])
def test_networks_do_not_see_each_other(outputs):
    """The same bytes alone and in company: L-BFGS until some stop, Adam, and their values."""
    x, y, weights = data(11, 300, outputs, outputs, seed=8)
    together = networks.fit(weights, x, y, 80)
    rngs = [np.random.default_rng(i) for i in range(11)]
    epochs = networks.adam(networks.begin(weights), x, y, 3, 0.01, rngs)
    for some in ([5], [0, 9], list(range(3, 10))):
        apart = networks.fit(weights[some], x[some], y[some], 80)
        for whole, part in zip(together, apart, strict=True):
            np.testing.assert_array_equal(whole[some], part)
        again = [np.random.default_rng(i) for i in some]
        course = networks.adam(networks.begin(weights[some]), x[some], y[some], 3, 0.01, again)
        for whole, part in zip(epochs, course, strict=True):
            np.testing.assert_array_equal(whole[some], part)
        np.testing.assert_array_equal(
            networks.predict(weights, x)[some], networks.predict(weights[some], x[some])
        )


def test_first_weights():
    """Uniform within ±√(6/(fan in + fan out)), each layer by its own, offsets as well:
    extremes of 4000 networks within 1 % below the bound, variance a third of its square within 5 %.
    """
    rng = np.random.default_rng(9)
    many = np.stack([networks.initial(3, 1, rng) for _ in range(4000)])
    for layer, fans in zip(networks.layers(many, 3, 1), (19, 32, 17), strict=True):
        for part in (layer[:, :, :-1], layer[:, :, -1]):
            assert 0.99 < np.abs(part).max() / np.sqrt(6 / fans) <= 1
            assert part.var() == pytest.approx(2 / fans, rel=0.05)


def test_rules_are_scikit_learns_defaults():
    """The constants are those of its own signature, and scipy's."""
    learn = pytest.importorskip("sklearn.neural_network")
    net = learn.MLPRegressor()
    assert (
        net.alpha,
        (net.beta_1, net.beta_2),
        net.epsilon,
    ) == (networks.PENALTY, networks.DECAYS, networks.TINY)
    assert (net.tol, net.n_iter_no_change, net.tol) == (
        networks.GAIN,
        networks.PATIENCE,
        lbfgs.FLAT,
    )
