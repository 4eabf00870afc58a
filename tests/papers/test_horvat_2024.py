"""Horvat and Pfister 2024: each formula by another route, the numbers written down before, the
figure.
"""

from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest

from bounds.affine import Affine, moments
from bounds.claim import Measured, verify
from bounds.divergence import Normal, w2
from bounds.fields import energy, solenoidal
from bounds.papers import horvat_2024 as claims
from figures.data import BadTable
from figures.papers import horvat_2024 as figure
from studies.papers import horvat_2024 as study

NARROW = {"eigenvalues": [1.5, 0.3], "last": 4.0}
CLAIM = {claim.name: claim for claim in claims.CLAIMS}
TURN = np.array([[0.0, 1.0], [-1.0, 0.0]])


def v(t):
    return 1 + (np.array(NARROW["eigenvalues"]) - 1) * np.exp(-2 * t)


def integral(of):
    """∫_0^4 of(v_1, v_2) dt by mpmath."""
    return float(
        mp.quad(
            lambda t: of(1 + mp.mpf("0.5") * mp.exp(-2 * t), 1 - mp.mpf("0.7") * mp.exp(-2 * t)),
            [0, 1, 4],
        )
    )


@pytest.mark.parametrize(("kappa", "known"), [(0.5, 1.887), (2.0, 30.19), (8.0, 483)])
def test_energy(kappa, known):
    """By mpmath, and as it was written down before."""
    found = claims.energy({**NARROW, "kappa": kappa})
    assert found == pytest.approx(kappa**2 * integral(lambda a, b: a * b * (a + b)), rel=1e-10)
    assert found == pytest.approx(known, rel=1e-3)


def test_response():
    """By mpmath, in powers written out; 0 for the gauge and not for an antisymmetric matrix."""
    root = np.sqrt(1.5 * 0.3)
    written = {
        -1: lambda a, b: (b / a - a / b) / mp.sqrt(a * b),
        0: lambda a, b: (b - a) / mp.sqrt(a * b),
        2: lambda a, b: (a - b) * mp.sqrt(a * b),
    }
    for power, of in written.items():
        found = claims.response({**NARROW, "power": power})
        assert found == pytest.approx(root * integral(of), rel=1e-10)
    assert claims.response({**NARROW, "power": 1}) == 0
    assert abs(claims.response({**NARROW, "power": 0})) > 0.4


@pytest.mark.parametrize("sampler", ["flow", "sde"])
def test_what_the_symmetric_part_would_do(sampler):
    """The decoy of gauge-keeps-law by DOP853 on mean and covariance, and W2 by the SVD."""
    kappa, twice = 0.5, 2.0 if sampler == "sde" else 1.0

    def drift(t):
        error = kappa * np.diag(v(t)) @ TURN
        return np.eye(2) + twice * ((error + error.T) / 2 - np.diag(1 / v(t)))

    flow = Affine(drift, noise=2.0 if sampler == "sde" else 0.0)
    drawn = moments(flow, Normal(np.zeros(2), np.diag(v(4.0))), [4.0, 0.0])[-1].law
    found = claims.felt({**NARROW, "kappa": kappa, "sampler": sampler})
    truth = float(w2(Normal(np.zeros(2), np.diag(v(0.0))), drawn))
    assert found == pytest.approx(truth, rel=1e-7)


def test_visible_energy():
    """By the split of bounds.fields, which the measurement does not use."""
    variances = [0.5, 1.0, 3.0]
    field = [[1.0, 2.0, 3.0], [-1.0, 0.5, 2.0], [0.2, 0.1, -2.0]]
    V = np.diag(variances)
    truth = float(energy(solenoidal(field, V).gradient, V))
    assert claims.visible({"variances": variances, "field": field}) == pytest.approx(
        truth, rel=1e-12
    )


def test_price_is_half_of_the_volume():
    """To leading order in h: of each variance half of the log determinant, of W2 half of that."""
    cell = {**NARROW, "kappa": 2.0, "steps": 20000}
    each = claims.volume(cell) / 2
    assert claims.price(cell) == pytest.approx(each / 2 * np.sqrt(1.8), rel=1e-3)
    h = 4.0 / 20000
    assert each == pytest.approx(h * 4 * integral(lambda a, b: a * b), rel=1e-3)
    round_ = {**cell, "eigenvalues": [1.0, 1.0], "steps": 9}  # V = I: the decoy is the formula
    assert claims.volume(round_, white=True) == pytest.approx(claims.volume(round_))


def test_healing_as_it_was_written_down():
    """∫tr G dt = .020, d = 2: variances grow by e^{.02}, and W2 = .013484."""
    cell = {**NARROW, "gradient": [0.008, -0.003]}
    grown = np.exp(claims.healed(cell) / 2) - 1
    assert grown * np.sqrt(1.8) == pytest.approx(0.013484, abs=5e-7)


def test_dimension_turns_where_singular_values_meet():
    """By singular values just below the crossing and just above."""
    for w in (0.02, 0.5):
        edge = np.sqrt(1 / w**2 - 1)
        for kappa, count in ((0.999 * edge, 2), (1.001 * edge, 1)):
            jacobian = np.diag([-1.0, -1.0, -1 / w])
            jacobian[:2, :2] += kappa * TURN
            values = np.linalg.svd(jacobian, compute_uv=False)
            gaps = values[:-1] / values[1:]
            assert 2 - int(np.argmax(gaps)) == count
            assert claims.dimension({"w": w, "kappa": kappa}) == count


def test_a_wrong_gauge_moves_the_samples():
    """The measurement has power: R = J in place of V J moves them by .160 at κ = .5."""
    cell = {**NARROW, "kappa": 0.5, "sampler": "flow"}
    moved = study._sampled(cell, np.zeros((2, 2)), power=0.0)
    distance = float(w2(Normal(np.zeros(2), np.diag([1.5, 0.3])), moved))
    assert distance == pytest.approx(0.160, abs=2e-3)
    measured = [Measured(cell, distance)]
    assert verify(CLAIM["gauge-keeps-law"], measured).status == "REFUTED"


@pytest.mark.parametrize(
    ("table", "column", "value", "reason"),
    [
        ("gauge-energy", "measured", -1.0, "column measured must be positive"),
        ("gauge-euler-price", "kappa", float("nan"), "column kappa holds NaN"),
        ("gauge-dimension", "w", 0.0, "column w must be positive"),
        ("gauge-keeps-law", "sampler", 3, "column sampler must hold strings"),
    ],
)
def test_the_figure_refuses(table, column, value, reason):
    data = figure.FIGURE.sample()
    frame = data.tables[table].copy()
    frame[column] = frame[column].astype(object)
    frame.loc[0, column] = value
    with pytest.raises(BadTable, match=reason):
        figure.FIGURE.draw(replace(data, tables={**data.tables, table: frame}))
