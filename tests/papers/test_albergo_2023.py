"""Albergo, Boffi and Vanden-Eijnden 2023: each formula by another route, the numbers written down
before, the figure.
"""

from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest
from scipy.integrate import quad

from bounds.chain import affine_chain
from bounds.divergence import Normal, w2
from bounds.papers import albergo_2023 as claims
from figures.data import BadTable
from figures.papers import albergo_2023 as figure
from studies.papers import albergo_2023 as study

ERRING = study._erring("off", *study.EXAMPLE)
ENDS = {"first": study.FIRST, "last": study.LAST}


def kl(cell):
    """By the study: integration of the variance."""
    return study._off(cell)[0]["value"]


@pytest.mark.parametrize("t", [0.2, 0.5, 0.9])
def test_fields_from_all_variables_at_once(t):
    """X_t = A W and dX/dt = A' W with W = (X_0, X_1, Z) of covariance S, ends correlated or not:
    A' S Aᵀ (A S Aᵀ)^{-1} and, for −Z/γ, that of its own rows.
    """
    gamma, slope = np.sqrt(t * (1 - t)), (0.5 - t) / np.sqrt(t * (1 - t))
    A, rate, last = (
        np.kron(row, np.eye(2)) for row in ([1 - t, t, gamma], [-1, 1, slope], [0, 0, -1 / gamma])
    )
    S = np.zeros((6, 6))
    S[:2, :2], S[2:4, 2:4], S[4:, 4:] = study.FIRST, study.LAST, np.eye(2)
    for cross in (0.0, 0.1):
        S[:2, 2:4] = S[2:4, :2] = cross * np.eye(2)
        wanted = [M @ S @ A.T @ np.linalg.inv(A @ S @ A.T) for M in (rate, last)]
        covariance, *found = study.fields(t, study.FIRST, study.LAST, cross=cross)
        np.testing.assert_allclose(covariance, A @ S @ A.T, atol=1e-14)
        np.testing.assert_allclose(found, wanted, atol=1e-12)
        if cross == 0:
            for field, matrix in zip("bs", wanted, strict=True):
                entry = claims.field_entry({"t": t, **ENDS, "field": field, "i": 0, "j": 1})
                assert entry == pytest.approx(matrix[0, 1], abs=1e-12)


@pytest.mark.parametrize("eps", [0.0, 0.1, 1.0])
def test_the_whole_law_for_any_noise(eps):
    """The covariance, not only its trace; the weight 2ε misses it by far more than rounding."""
    last = Normal(np.zeros(2), np.array(study.LAST))
    assert w2(study.sampled(eps, eps, study.FIRST, study.LAST), last) < 1e-11
    if eps:
        assert w2(study.sampled(eps, 2 * eps, study.FIRST, study.LAST), last) > 0.05


@pytest.mark.parametrize(
    ("eps", "divergence", "bound"),
    [
        (0.05, 0.0630, 0.2751),
        (0.25, 0.03104, 0.05974),
        (1.0, 0.00138, 0.0215),
        (4.0, 3.3e-4, 0.0204),
    ],
)
def test_control_as_it_was_written_down(eps, divergence, bound):
    """And the identity behind it, which the decoys of both miss."""
    cell = {**ERRING, "eps": eps}
    assert kl(cell) == pytest.approx(divergence, rel=0.01)
    assert claims.control(cell) == pytest.approx(bound, rel=2e-3)
    assert claims.production(cell) == pytest.approx(kl(cell), rel=1e-8)


def test_control_from_wide_data():
    """C_0 = 2.5, told from its inverse: the norm by quadrature, the identity as above."""
    cell = {**ERRING, "c0": 2.5, "eps": 0.5}

    def square(t):
        off = cell["b_size"] * np.exp(-cell["b_rate"] * (1 - t))
        off += 0.5 * cell["s_size"] * np.cos(cell["s_rate"] * t)
        return off**2 * study.fields(t, [[2.5]], [[cell["c1"]]])[0][0, 0]

    wanted = quad(square, 0, 1)[0] / 4 / 0.5
    assert claims.control(cell) == pytest.approx(wanted, rel=1e-8)
    assert claims.production(cell) == pytest.approx(kl(cell), rel=1e-8)


def test_the_factor_of_the_control_is_sharp():
    """Errors that grow towards the end reach 0.9998 of the bound, and none passes it."""
    reached = [kl(c) / claims.control(c) for c in study.CELLS if c["part"] == "off"]
    assert 0.9998 < max(reached) < 1


def test_best_noise():
    """As written down, and by mpmath; samples may be better elsewhere."""

    def norm(left, right):
        variance = [1, -1, mp.mpf("0.3")]  # 1 − t + 0.3 t²
        return mp.quad(lambda t: left(t) * right(t) * mp.polyval(variance[::-1], t), [0, 1])

    b, s = (lambda t: mp.mpf("0.3")), (lambda t: mp.mpf("0.2") * mp.cos(3 * t))
    root = mp.sqrt(norm(b, b)), mp.sqrt(norm(s, s))
    assert claims.best_noise(ERRING) == pytest.approx(float(root[0] / root[1]), rel=1e-10)
    value = float(root[0] * root[1] + norm(b, s)) / 2
    assert claims.best_control(ERRING) == pytest.approx(value, rel=1e-10)
    assert claims.best_noise(ERRING) == pytest.approx(2.1144, abs=5e-5)
    assert value == pytest.approx(0.017752, abs=5e-7)
    other = study._erring("off", (0.1, 2.0), (0.3, 1.0))
    best = claims.best_noise(other)
    assert kl({**other, "eps": 30 * best}) < kl({**other, "eps": best}) / 2


@pytest.mark.parametrize(("delta", "energy"), [(1e-1, 0.083), (1e-2, 0.031), (1e-3, 0.0103)])
def test_a_flow_that_its_error_does_not_control(delta, energy):
    """The energy as written down, by quadrature; the KL by mpmath, .18394 for all."""
    cell = {"x": delta, "k": 0.5}
    a = delta**0.5
    square = quad(lambda t: (0.5 / a) ** 2 * ((1 - t) ** 2 + t**2 * delta), 1 - a, 1)[0]
    assert square == pytest.approx(energy, rel=0.02)
    assert claims._noisy_control(cell) == pytest.approx(square / 4, rel=1e-10)
    ratio = mp.exp(1)  # of the variances, e^{2k}
    wanted = (1 / ratio - 1 + mp.log(ratio)) / 2
    assert claims.flow_kl(cell) == pytest.approx(float(wanted), rel=1e-12)


def test_variance_of_the_loss_as_it_was_written_down():
    cell = {"t": 0.01, "c0": 1.0, "c1": 0.3}
    assert claims.loss_variance({**cell, "loss": "plain"}) == pytest.approx(103.05, abs=5e-3)
    assert claims.loss_variance({**cell, "loss": "paired"}) == pytest.approx(2.04, abs=5e-3)


def test_variance_of_the_loss_by_quadrature():
    """Z and what is left of X_t by Gauss-Hermite nodes, exact for these; the decoy of the mean over
    ±Z is half of one draw's.
    """
    cell = {"t": 0.3, "c0": 2.5, "c1": 0.3}
    x, w = np.polynomial.hermite_e.hermegauss(8)
    w = np.outer(w, w) / (2 * np.pi)
    ends, gamma = 0.49 * 2.5 + 0.09 * 0.3, np.sqrt(0.21)

    def loss(z):
        return z / gamma * -(np.sqrt(ends) * x[None] + gamma * z) / (ends + 0.21)

    one, other = loss(x[:, None]), loss(-x[:, None])
    for name, values in (("plain", one), ("paired", (one + other) / 2)):
        wanted = np.sum(w * values**2) - np.sum(w * values) ** 2
        assert claims.loss_variance({**cell, "loss": name}) == pytest.approx(wanted, rel=1e-10)
    wanted = (np.sum(w * one**2) - np.sum(w * one) ** 2) / 2
    found = claims.loss_variance({**cell, "loss": "paired"}, halved=True)
    assert found == pytest.approx(wanted, rel=1e-10)


@pytest.mark.parametrize("eps", [0.05, 0.3, 2.0])
def test_the_bridge_keeps_the_reference_between_its_ends(eps):
    """Its density is the reference's times a function of each end: the precision's entry beside the
    diagonal is −1/(2ε).
    """
    c = claims.bridge_coupling({"c0": 1.0, "c1": 0.3, "eps": eps})
    precision = np.linalg.inv([[1.0, c], [c, 0.3]])
    assert precision[0, 1] == pytest.approx(-1 / (2 * eps), rel=1e-9)


def test_energy_of_the_bridge_as_it_was_written_down():
    """.7263 against .8016 of independent ends, at ε = .3."""

    def energy(c):
        def rate(t):
            C, b, s = study.fields(t, [[1.0]], [[0.3]], latent=0.6, cross=c)
            return ((b + 0.3 * s) ** 2 * C)[0, 0]

        return quad(rate, 0, 1)[0]

    c = claims.bridge_coupling({"c0": 1.0, "c1": 0.3, "eps": 0.3})
    assert c == pytest.approx(0.3245, abs=5e-5)
    assert energy(c) == pytest.approx(0.7263, abs=5e-5)
    assert energy(0.0) == pytest.approx(0.8016, abs=5e-5)


def test_orders_of_heun_s_step():
    """Late stages: 1. Heun's own: 2, so that the lateness alone makes the difference."""
    right = Normal(np.zeros(1), np.array([[0.3]]))
    for late, order in ((True, 1), (False, 2)):
        coarse, fine = (float(w2(study.late_steps(n, late), right)) for n in (100, 200))
        assert np.log2(coarse / fine) == pytest.approx(order, abs=0.02)


@pytest.mark.parametrize(
    ("first", "last", "late", "own", "euler"),
    [
        ([[1.0]], [[0.3]], -0.00648, -0.0047, 0.00292),
        (study.FIRST, study.LAST, 0.0158, 0.00116, -0.0183),
    ],
)
def test_steps_with_noise_as_they_were_written_down(first, last, late, own, euler):
    """Errors of the last coordinate's variance at ε = .5 and 100 steps: both stages late, Heun's
    own after the noise, Euler. The late step is worse than Euler's in one example, better in the
    other.
    """
    h, eps, eye = 0.01, 0.5, np.eye(len(first))

    def field(k):
        _, b, s = study.fields(k * h, first, last)
        return b + eps * s

    def heun(k, begin):
        M = eye + h / 2 * (field(begin) + field(k + 1) @ (eye + h * field(begin)))
        return M, 0.0, 2 * eps * h * M @ M.T

    schemes = {
        late: [heun(k, k + 1) for k in range(100)],
        own: [heun(k, k) for k in range(100)],
        euler: [(eye + h * field(k), 0.0, 2 * eps * h) for k in range(100)],
    }
    for wanted, links in schemes.items():
        end = affine_chain(links, Normal(np.zeros(len(first)), np.array(first)))
        error = end.covariance[-1, -1] - last[-1][-1]
        assert error == pytest.approx(wanted, abs=5e-5)


@pytest.mark.parametrize(
    ("table", "column", "value", "reason"),
    [
        ("interpolant-control", "measured", -1.0, "column measured must be positive"),
        ("interpolant-control", "eps", 0.5, "two rows of the same"),
        ("interpolant-best-noise", "s_rate", 2.0, "lacks the errors that are drawn"),
        ("interpolant-best-bound", "measured", float("nan"), "column measured holds NaN"),
        ("interpolant-flow-kl", "decoy", 0.0, "column decoy must be positive"),
    ],
)
def test_the_figure_refuses(table, column, value, reason):
    data = figure.FIGURE.sample()
    frame = data.tables[table].copy()
    frame.loc[0, column] = value
    with pytest.raises(BadTable, match=reason):
        figure.FIGURE.draw(replace(data, tables={**data.tables, table: frame}))
