"""ScoreMD 2025: each formula by another route, the numbers written down before, the arithmetic of
the public code, the figure.
"""

from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest

from bounds.check import InvalidInput
from bounds.claim import Measured, verify
from bounds.fields import langevin_law
from bounds.papers import scoremd_2025 as claims
from figures.data import BadTable
from figures.papers import scoremd_2025 as figure
from studies.papers import scoremd_2025 as study

CLAIM = {claim.name: claim for claim in claims.CLAIMS}
MODEL = {"lambda": 0.7, "size": 0.2}
ASYMMETRIC = [[-2.0, 1.5], [-0.5, -1.0]]


@pytest.mark.parametrize(("tau", "known"), [(0.1, 1.83), (0.01, 15.6), (0.001, 153.8)])
def test_ratio_as_it_was_written_down(tau, known):
    """λ = .7, ε = .2, by the exact formulas; the limit is 15.4 and 153.5 at small τ."""
    cell = {**MODEL, "tau": tau, "sampler": "sde"}
    exact = claims.simulation(cell) / claims.sampler(cell)
    assert exact == pytest.approx(known, rel=3e-3)
    if tau < 0.1:
        assert claims.ratio(cell) == pytest.approx(exact, rel=0.02)


def test_sampler_by_mpmath():
    """The SDE's loss as an integral, and both to leading order."""
    lam, size, tau = 2.0, -0.1, 0.4
    cell = {"lambda": lam, "size": size, "tau": tau, "sampler": "sde"}
    truth = mp.quad(
        lambda t: mp.exp((-2 - 4 * size) * t) / (1 + (lam - 1) * mp.exp(-2 * t)), [0, tau]
    )
    assert claims.sampler(cell) == pytest.approx(4 * size * lam**2 * float(truth), rel=1e-12)
    for name, factor in (("sde", 4), ("flow", 2)):
        small = claims.sampler({**cell, "tau": 1e-6, "sampler": name})
        assert small == pytest.approx(factor * lam * 1e-6 * size, rel=1e-5)


def test_simulation_rests_where_lyapunov_says():
    """The time of 40 is enough; a force that pushes outwards has no rest and is refused."""
    for lam, size in study.MODELS:
        rest = float(langevin_law([[-(1 / lam + size)]]).covariance[0, 0])
        assert study._simulated({"lambda": lam}, 1 / lam + size) == pytest.approx(rest, rel=1e-10)
        assert lam - claims.simulation({"lambda": lam, "size": size}) == pytest.approx(rest)
    with pytest.raises(InvalidInput, match="does not come to rest"):
        langevin_law([[-(1 / 0.7 - 1.5)]])


def test_no_window_no_sampler():
    """τ = 0 is refused: there is no time in which to sample."""
    with pytest.raises(InvalidInput, match="times: must be at least two"):
        study._window({**MODEL, "tau": 0.0})


def test_step_by_mpmath():
    """E φ'² and what rests on the right at a = 4, b = .5, κ = 2."""
    cell = {"a": 4.0, "b": 0.5, "kappa": 2.0}

    def p(x):
        return (mp.npdf(x, 4) + mp.npdf(x, -4)) / 2

    unseen = mp.quad(lambda x: (2 * mp.npdf(x, 0, 0.5)) ** 2 * p(x), [-12, -4, 0, 4, 12])
    assert claims.unseen(cell) == pytest.approx(float(unseen), rel=1e-10)
    mass = [
        mp.quad(lambda x: p(x) * mp.exp(2 * mp.ncdf(x / 0.5)), ends)
        for ends in ([-16, -4, 0], [0, 4, 16])
    ]
    assert claims.right(cell) == pytest.approx(float(mass[1] / sum(mass)), rel=5e-4)


def test_flow_carries_nothing_without_the_step():
    """The measurement is 0 then; with it, proportional to τ at small τ."""
    cell = {"a": 5.0, "b": 1.0, "kappa": 0.0, "tau": 1e-3}
    assert study._carried(cell)[0]["value"] == 0
    small, smaller = (
        float(study._carried({**cell, "kappa": 1.0, "tau": tau})[0]["value"])
        for tau in (1e-4, 5e-5)
    )
    assert small / smaller == pytest.approx(2, rel=2e-3)
    assert small == pytest.approx(claims.carried({**cell, "kappa": 1.0, "tau": 1e-4}), rel=3e-3)
    # κ p(0) τ/√2π by hand: e^{−12.5}/√2π times 1e-4/√2π.
    assert small == pytest.approx(np.exp(-12.5) * 1e-4 / (2 * np.pi), rel=3e-3)


def test_residuals_by_draws():
    """E_q R² and E_q|∇R|² from R = ½ρ(|x|²/u² − d/u) + c' at draws: 4.5 standard errors."""
    cell = {"lambda": 2.0, "size": -0.1, "kappa": 0.3, "t": 0.3, "d": 2}
    v = 1 + np.exp(-0.6)
    u = 1 / (1 / v - 0.1)
    # ∂_t u by a difference, not by the formula.
    ends = [1 / (1 / (1 + np.exp(-2 * t)) - 0.1) for t in (0.3 + 1e-5, 0.3 - 1e-5)]
    rho = (ends[0] - ends[1]) / 2e-5 - 2 * (1 - u)
    x = np.random.default_rng(11).normal(0, np.sqrt(u), (200_000, 2))
    R = rho / 2 * ((x**2).sum(axis=1) / u**2 - 2 / u) + 0.9 * np.cos(0.9)
    for values, found in (
        (R**2, claims.scalar(cell)),
        (((rho * x / u**2) ** 2).sum(axis=1), claims.vector(cell)),
    ):
        assert abs(values.mean() - found) < 4.5 * values.std() / np.sqrt(x.shape[0])


def test_square_of_a_probe_by_draws():
    """J asymmetric, one Gaussian probe: 400000 draws within 4.5 standard errors; J in place of its
    symmetric part is 50 standard errors away.
    """
    cell = {"jacobian": ASYMMETRIC, "g": 1.0, "rest": 0.5, "way": "mean", "probes": 1}
    rng = np.random.default_rng(12)
    for probe, draws in (
        ("gaussian", rng.normal(size=(400_000, 2))),
        ("rademacher", rng.choice([-1.0, 1.0], (400_000, 2))),
    ):
        squares = (0.5 + np.einsum("ni,ij,nj->n", draws, ASYMMETRIC, draws) / 2) ** 2
        error = squares.std() / np.sqrt(len(squares))
        mine = {**cell, "probe": probe}
        assert abs(squares.mean() - claims.squared(mine)) < 4.5 * error
        assert abs(squares.mean() - claims.squared(mine, symmetric=False)) > 50 * error


# --- the arithmetic of src/scoremd/diffusion/fp.py in noegroup/ScoreMD at 149b1ec -----------------


def _gaussian(d, lam=0.5, t=0.2, beta=1.7):
    """A point, the score, its divergence and ∂_t log q of exact, normalised N(0, v I) under
    dX = −½β X dt + √β dW.
    """
    kept = np.exp(-beta * t)
    v = 1 + (lam - 1) * kept
    slope = beta * (1 - v)
    x = np.linspace(-1.0, 1.5, d)
    return x, -x / v, -d / v, slope / 2 * (x @ x / v**2 - d / v), beta


def _exact_form(x, s, divergence, moved, beta):
    """The residual of fp_vp_error: ∂_t log q − (g²/2)(∇·s + |s|² + x·s)."""
    return moved - beta / 2 * (divergence + s @ s + x @ s)


def _weak_form(x, s, divergence, moved, beta):
    """The mean of the residual of residual_fp_vp_error: g²/2 (∇·s + |s|² + x·s) − div f − ∂_t log
    q, div f = −g²/2.
    """
    return beta / 2 * divergence + beta / 2 * (s @ s) + beta / 2 * (x @ s) + beta / 2 - moved


@pytest.mark.parametrize("d", [1, 2, 5])
def test_constants_in_the_residuals_of_public_code(d):
    """On the truth they are dβ/2 and −(d − 1)β/2, whatever x: gradients, so vector residuals, are
    0. An energy with a free constant of time takes such a term up.
    """
    x, s, divergence, moved, beta = _gaussian(d)
    assert _exact_form(x, s, divergence, moved, beta) == pytest.approx(d * beta / 2, abs=1e-12)
    weak = _weak_form(x, s, divergence, moved, beta)
    assert weak == pytest.approx(-(d - 1) * beta / 2, abs=1e-12)


def test_differences_in_time_of_public_code():
    """finite_diff_t, steps 5e-4 up and 1e-3 down: exact for a parabola, and below t = 1e-3 it asks
    the model at a negative time.
    """

    def difference(fn, t, hs=0.001, hd=0.0005):
        up = hs**2 * fn(t + hd) + (hd**2 - hs**2) * fn(t) - hd**2 * fn(t - hs)
        return up / (hs * hd * (hd + hs))

    assert difference(lambda t: 3 * t**2 - t + 2, 0.3) == pytest.approx(0.8, rel=1e-9)
    asked = []

    def model(t):
        asked.append(t)
        return t

    assert difference(model, 4e-4) == pytest.approx(1)
    assert min(asked) == pytest.approx(-6e-4)


def test_product_of_two_probes_in_public_code():
    """With `unbiased`: d² − d (r_1 + r_2) + r_1 r_2, which is the product of the two residuals."""
    d, r = 0.7, np.array([-1.3, 2.1])
    assert d**2 - d * r.sum() + r.prod() == pytest.approx((d - r[0]) * (d - r[1]))


def test_weak_residual_in_single_precision():
    """(s(x + v) − s(x − v))/(2σ), σ = 1e-4: some 1e-4 of it is rounding in float32. In float64 it
    is within 1e-7 of s' itself.
    """
    rng = np.random.default_rng(13)
    x, v = rng.normal(0, 1, 2000), rng.normal(0, 1, 2000)
    truth = (np.tanh(x + 1e-4 * v) - np.tanh(x - 1e-4 * v)) / 2e-4
    single, step = x.astype(np.float32), np.float32(1e-4) * v.astype(np.float32)
    found = (np.tanh(single + step) - np.tanh(single - step)) / np.float32(2e-4)
    assert found.dtype == np.float32
    assert 5e-5 < np.median(np.abs(found - truth)) < 5e-3
    slope = v / np.cosh(x) ** 2
    assert np.median(np.abs(truth - slope)) < 1e-7


# --- figure ---------------------------------------------------------------------------------------


def test_a_wrong_force_is_refuted():
    """The measurement has power: a simulation at 2 % more force."""
    found = 0.7 - study._simulated({"lambda": 0.7}, 1.02 * (1 / 0.7 + 0.2))
    claim = CLAIM["simulation-langevin"]
    assert verify(claim, [Measured(MODEL, found)]).status == "REFUTED"


@pytest.mark.parametrize(
    ("table", "column", "value", "reason"),
    [
        ("simulation-window", "sampler", "ode", "must hold flow or sde alone"),
        ("simulation-window", "measured", -1.0, "must hold errors of a positive size"),
        ("simulation-langevin", "size", -0.1, "must hold errors of a positive size"),
        ("simulation-wells", "kappa", float("nan"), "column kappa holds NaN"),
        ("simulation-unseen", "measured", 0.0, "column measured must be positive"),
    ],
)
def test_the_figure_refuses(table, column, value, reason):
    data = figure.FIGURE.sample()
    frame = data.tables[table].reset_index(drop=True)
    frame[column] = frame[column].astype(object)
    frame.loc[0, column] = value
    with pytest.raises(BadTable, match=reason):
        figure.FIGURE.draw(replace(data, tables={**data.tables, table: frame}))
