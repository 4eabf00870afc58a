"""Joint-time fitting: normal equations by brute force,
the sandwich by a second construction, both by measurement.
"""

import warnings
from itertools import product
from typing import Any

import numpy as np
import pytest

from bounds import joint
from bounds import risk as r
from bounds.check import InvalidInput
from bounds.estimators import dsm
from bounds.gaussian import Gaussian, spectrum
from bounds.gram import Gram, exact
from bounds.joint import BASES, DEFAULT, JointRisk, Scheme, basis, joint_fit, joint_risk
from bounds.process import steps, uniform_grid
from studies.papers.kumar_2025.linear_score import LinearScoreSettings
from tests.reference import EIGENVALUES, TIMES, batched, plain_paths, random_covariance
from tests.test_estimators import grams_of

LAW = Gaussian(EIGENVALUES)
SCHEMES = [
    Scheme("resolvent", 4),
    Scheme("polynomial", 2),
    Scheme("exponential", 3, power=1.0),
    Scheme("piecewise", 5),
    Scheme("exponential", 3, skip=True),
    Scheme("polynomial", 2, local=True),
    Scheme("resolvent", 2, local=True, skip=True),
]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_estimate_equals_least_squares_on_the_samples(scheme):
    """One lstsq over all times, paths and products φ_b(t) x,
    weighted by √γ: to 1e-8. Decoy: the other target.
    """
    times = np.array([0.1, 0.3, 0.7, 1.0, 1.6])
    x0, xs, _ = plain_paths(random_covariance(3, 7), 40, times, np.random.default_rng(2))
    gamma = np.diff(times, prepend=0) * (1 - np.exp(-2 * times)) ** scheme.power
    phi = basis(scheme.basis, times, min(scheme.count, 5)) * (
        np.exp(-2 * times)[:, None] if scheme.skip else 1
    )

    def plain(local):
        rows, right, before, last = [], [], x0, 0.0
        for t, x, f, g in zip(times, xs, phi, gamma, strict=True):
            gap = t - last
            y = -(x - np.exp(-gap) * before) / (1 - np.exp(-2 * gap))
            if not local:
                y = -(x - np.exp(-t) * x0) / (1 - np.exp(-2 * t))
            rows.append(np.sqrt(g) * np.concatenate([b * x for b in f], axis=1))
            right.append(np.sqrt(g) * (y + x if scheme.skip else y))
            before, last = x, t
        solved = np.linalg.lstsq(np.concatenate(rows), np.concatenate(right), rcond=None)[0]
        members = solved.reshape(phi.shape[1], 3, 3)
        return [np.einsum("b,bji->ij", f, members) - (np.eye(3) if scheme.skip else 0) for f in phi]

    got = list(joint_fit(scheme)(grams_of(times, x0, xs)))
    np.testing.assert_allclose(got, plain(scheme.local), atol=1e-8)
    assert not np.allclose(got, plain(not scheme.local), atol=1e-2)


def test_weights_are_gaps_times_a_power_of_the_noise():
    """Written out; the power 0 weighs by the gaps alone, as Theorem 1 does. A fit is the same with
    twice the weights, so that nothing else here would see a factor.
    """
    times = np.array([0.1, 0.3, 1.0])
    noise = 1 - np.exp(-2 * times)
    for power in (0.0, 1.0, -0.5):
        wanted = np.array([0.1, 0.2, 0.7]) * noise**power
        np.testing.assert_allclose(Scheme("resolvent", 2, power=power).weights(times), wanted)


def test_as_many_functions_as_times_is_dsm():
    """B = N: every basis is DSM step by step (1e-6 of it),
    without bias, and its predicted variance d tr C_t.

    Decoy: B = N − 1 is not.
    """
    times = np.array([0.1, 0.3, 0.7, 1.2])
    x0, xs, _ = plain_paths(random_covariance(3, 7), 40, times, np.random.default_rng(3))
    grams = grams_of(times, x0, xs)
    law = Gaussian(np.array([0.3, 1.0, 3.0]))
    for name in BASES:
        np.testing.assert_allclose(
            list(joint_fit(Scheme(name, 4))(grams)), list(dsm(grams)), rtol=1e-6, atol=1e-7
        )
        assert not np.allclose(list(joint_fit(Scheme(name, 3))(grams)), list(dsm(grams)), rtol=1e-2)
        got = joint_risk(law, times, Scheme(name, 4))
        np.testing.assert_allclose(
            got.variance, [3 * law.conditional_variances(t).sum() for t in times], rtol=1e-8
        )
        np.testing.assert_allclose([got.bias, got.shift], 0, atol=1e-10)


def by_brute_force(law, times, scheme, *, dependent=True):
    """Bias, variance and shift from the independent normals (X_0, w_1, …, w_N) of each coordinate.

    Every x and T is a linear form in them; moments of fourth order are summed over all pairings by
    Isserlis' theorem, over the full d B-dimensional normal equations. `dependent=False` drops what
    different times share.
    """
    count, d = len(times), law.dimension
    path = steps(times)
    x = np.zeros((count, d, 1 + count))
    target = np.zeros_like(x)
    for k, step in enumerate(path):
        now = np.zeros(1 + count)
        for past in path[: k + 1]:
            now[1 + path.index(past)] = past.fresh * np.exp(-(step.t - past.t))
        noise = now.copy()
        for i, value in enumerate(law.eigenvalues):
            now[0] = np.exp(-step.t) * np.sqrt(value)
            x[k, i] = now
            if scheme.local:
                target[k, i, 1 + k] = -1 / step.fresh
            else:
                target[k, i] = -noise / (1 - np.exp(-2 * step.t))
            if scheme.skip:
                target[k, i] += now
    phi, gamma = scheme.functions(times), scheme.weights(times)
    size = phi.shape[1]

    def cov(a, i, b, j):
        return float(a @ b) if i == j else 0.0

    def fourth(a, i, b, j, c, k, e, l_):
        """Cov(ab, ce) of normals with coordinates i, j, k, l."""
        return cov(a, i, c, k) * cov(b, j, e, l_) + cov(a, i, e, l_) * cov(b, j, c, k)

    inverse = [
        np.linalg.inv(
            sum(gamma[k] * np.outer(phi[k], phi[k]) * (x[k, j] @ x[k, j]) for k in range(count))
        )
        for j in range(d)
    ]
    bias, variance, shift = np.zeros(count), np.zeros(count), np.zeros(count)
    for i in range(d):
        best = inverse[i] @ sum(gamma[k] * phi[k] * (target[k, i] @ x[k, i]) for k in range(count))
        rho = [target[k, i] - phi[k] @ best * x[k, i] for k in range(count)]
        beta = (
            phi @ best
            - (1 if scheme.skip else 0)
            + np.array([1 / law.variances(t)[i] for t in times])
        )
        v = np.array([law.variances(t) for t in times])
        bias += beta**2 * v[:, i]
        moved = np.zeros(size)
        for j in range(d):
            meat = np.zeros((size, size))
            for k, m in product(range(count), repeat=2):
                if dependent or k == m:
                    outer = gamma[k] * gamma[m] * np.outer(phi[k], phi[m])
                    meat += outer * fourth(rho[k], i, x[k, j], j, rho[m], i, x[m, j], j)
                    # −G^{-1} (Ĝ − G)_{i,j} G_j^{-1} (score)_{i,j}: column j of row i's equations
                    moved -= (
                        inverse[i] @ (gamma[k] * phi[k]) * (phi[k] @ inverse[j] @ phi[m]) * gamma[m]
                    ) * fourth(x[k, i], i, x[k, j], j, rho[m], i, x[m, j], j)
            hat = phi @ inverse[j]
            variance += v[:, j] * np.einsum("kb,bc,kc->k", hat, meat, hat)
        shift += 2 * beta * v[:, i] * (phi @ moved)
    return bias, variance, shift


@pytest.mark.parametrize("scheme", SCHEMES)
def test_sandwich_by_a_second_construction(scheme):
    """Against sums over independent normals and Isserlis pairings, d = 2, N = 6: to 1e-8.

    Decoy: times taken for independent, at least 10 % off in the variance somewhere.
    """
    law, times = Gaussian(np.array([0.4, 2.0])), np.array([0.1, 0.25, 0.4, 0.7, 1.1, 1.5])
    got = joint_risk(law, times, scheme)
    bias, variance, shift = by_brute_force(law, times, scheme)
    np.testing.assert_allclose(got.bias, bias, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(got.variance, variance, rtol=1e-8)
    np.testing.assert_allclose(got.shift, shift, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(scheme.weights(times) @ got.shift, 0, atol=1e-9)
    apart = by_brute_force(law, times, scheme, dependent=False)[1]
    if not scheme.local:
        assert np.abs(apart / variance - 1).max() > 0.1


def test_cross_time_covariance_of_the_residuals():
    """theory.md: Cov(U_j, U_k) = e^{-(t_j − t_k)}
    (σ_k²/σ_j²) c(t_k), k ≤ j, on 400 000 simulated triples.

    6.2 deviations (6e-10), which are about 2 %. Decoy: without the factor e^{-(t_j − t_k)}, 26 %
    larger.
    """
    lam, t, rng = 2.0, np.array([0.2, 0.5]), np.random.default_rng(4)
    _, xs, zs = plain_paths(np.array([[lam]]), 400_000, t, rng)
    s2 = 1 - np.exp(-2 * t)
    v = np.exp(-2 * t) * lam + s2
    products = (zs[0] / s2[0] - xs[0] / v[0])[:, 0] * (zs[1] / s2[1] - xs[1] / v[1])[:, 0]
    error = products.std() / np.sqrt(products.size)
    expected = np.exp(-0.3) * s2[0] / s2[1] * (1 / s2[0] - 1 / v[0])
    assert abs(products.mean() - expected) < 6.2 * error
    assert abs(products.mean() - expected * np.exp(0.3)) > 6.2 * error


def test_measured_risk():
    """m = 20000, 500 replicates, exact engine:
    all 20 times of seven schemes within 4 s.e. of predicted, below 2 %.

    Neighbouring times are strongly dependent; 4 deviations fail about 0.3 % of fresh seeds, and the
    seed is fixed. Decoy: variance alone (bias forgotten), and bias alone, each rejected where it
    matters.
    """
    grams = list(exact(LAW, 20000, TIMES, [np.random.default_rng([71, i]) for i in range(500)]))
    bias_seen = variance_seen = 0
    for scheme in SCHEMES:
        predicted = joint_risk(LAW, TIMES, scheme)
        values = np.array(
            [r.risk(LAW, t, a) for t, a in zip(TIMES, joint_fit(scheme)(grams), strict=True)]
        )
        mean, error = values.mean(axis=1), values.std(axis=1, ddof=1) / np.sqrt(500)
        assert np.all(error < 0.02 * mean)
        assert np.all(np.abs(mean - predicted.at(20000)) < 4 * error)
        bias_seen += np.abs((mean - predicted.variance / 20000) / error).max() > 8
        variance_seen += np.abs((mean - predicted.bias) / error).max() > 8
    assert bias_seen == variance_seen == len(SCHEMES)


def test_shift_is_real():
    """d = 1, B = 1, m = 100: the mean of Â moves by O(1/m),
    and the risk with it; 20 000 replicates, 6.2 deviations.

    Decoy: bias + variance/m, without the shift.
    """
    law, times, scheme = (
        Gaussian(np.array([0.05])),
        np.array([0.05, 0.3, 2.0]),
        Scheme("exponential", 1),
    )
    grams = list(exact(law, 100, times, [np.random.default_rng([72, i]) for i in range(20_000)]))
    predicted = joint_risk(law, times, scheme)
    rejected = 0
    for k, a in enumerate(joint_fit(scheme)(grams)):
        values = r.risk(law, times[k], a)
        error = values.std() / np.sqrt(values.size)
        assert abs(values.mean() - predicted.at(100)[k]) < 6.2 * error
        rejected += (
            abs(values.mean() - predicted.bias[k] - predicted.variance[k] / 100) > 6.2 * error
        )
    assert rejected == 3


def test_generic_functions_cost_half_an_observation_each():
    """T3 and γ_k = t_k − t_{k−1}: Σ_k γ_k × variance → B d²/2
    as the gaps → 0, where the fit has no bias; 1 % here.

    So a fit of B generic functions loses a factor of at least B to a fit that knows how A moves
    with Λ (B = 1, and 1/2 once symmetric). Decoy: T1 in place of T3, whose variance does not grow
    like B.
    """
    times = uniform_grid(0.004, 500)
    gamma = np.full(500, 0.004)
    law = Gaussian(np.array([0.5, 2.0]))
    for name, count in (("polynomial", 4), ("polynomial", 6), ("exponential", 4)):
        local, denoising = (
            float(gamma @ joint_risk(law, times, Scheme(name, count, local=flag)).variance)
            for flag in (True, False)
        )
        assert local == pytest.approx(count * 4 / 2, rel=0.01)
        assert denoising != pytest.approx(count * 4 / 2, rel=0.1)


def test_bias_against_variance():
    """B from 1 to 8 (T1, no skip): bias falls, integrated variance rises;
    resolvents need fewest functions from 4 on.

    And the skip f = −x + e^{-2t} F(t, x) pays: with B = 3 exponentials the risk at t = 2 falls more
    than fivefold.
    """
    totals = {}
    for name in BASES:
        risks = [joint_risk(LAW, TIMES, Scheme(name, count)) for count in (1, 2, 4, 8)]
        totals[name] = [float(0.1 * one.bias.sum()) for one in risks]
        assert all(a > b for a, b in zip(totals[name][:-1], totals[name][1:], strict=True))
        spread = [one.variance.sum() for one in risks]
        assert spread[0] < spread[1] < spread[2] < spread[3]
    assert totals["resolvent"][2] < totals["polynomial"][2] < totals["piecewise"][2]
    assert totals["exponential"][1] < totals["polynomial"][1]
    with_skip, without = (
        joint_risk(LAW, TIMES, Scheme("exponential", 3, skip=flag)).at(20000)[-1]
        for flag in (True, False)
    )
    assert without > 5 * with_skip


def outside(columns, functions):
    """The largest part of the functions, each of length 1, that the columns do not span."""
    length_one = functions / np.linalg.norm(functions, axis=0)
    return np.abs(length_one - columns @ (columns.T @ length_one)).max()


def test_bases_span_what_they_say():
    """Orthonormal columns, and in their span the functions
    of the definitions, to 1e-10; three of each and one.

    Resolvents: ℓ = 0.1, 1, 10, and ℓ = 1 alone. Decoy: one function more is not in the span.
    """
    t = np.array([0.1, 0.2, 0.5, 0.9, 1.4, 2.0, 3.0])
    for count, levels in ((1, [1.0]), (3, [0.1, 1.0, 10.0])):
        sizes = np.arange(7) * count // 7
        functions = {
            "polynomial": [t**b for b in range(count)],
            "exponential": [np.exp(-2 * b * t) for b in range(count)],
            "resolvent": [1 / (np.exp(-2 * t) * level + 1 - np.exp(-2 * t)) for level in levels],
            "piecewise": [(sizes == b).astype(float) for b in range(count)],
        }
        further = {
            "polynomial": t**count,
            "exponential": np.exp(-2 * count * t),
            "resolvent": 1 / (np.exp(-2 * t) * 100 + 1 - np.exp(-2 * t)),
            "piecewise": np.cos(t),
        }
        for name in BASES:
            columns = basis(name, t, count)
            assert columns.shape == (7, count)
            np.testing.assert_allclose(columns.T @ columns, np.eye(count), atol=1e-12)
            assert outside(columns, np.transpose(functions[name])) < 1e-10
            assert outside(columns, further[name][:, None]) > 1e-3


@pytest.mark.parametrize(("start", "length"), [(5.0, 0.01), (1e-3, 8.0)])
def test_polynomials_of_high_degree_on_any_interval(start, length):
    """40 of them on 80 times, on an interval short and far from 0 or long:
    told apart, and Legendre's in the span.

    Powers of t itself, or Chebyshev polynomials off centre or scale, are numerically dependent at
    that degree.
    """
    u = np.linspace(-1, 1, 80)
    columns = basis("polynomial", start + length * (u + 1) / 2, 40)
    assert outside(columns, np.polynomial.legendre.legvander(u, 39)) < 1e-9
    np.testing.assert_array_equal(np.abs(basis("polynomial", [0.7], 1)), [[1.0]])


def test_whether_functions_can_be_told_apart_does_not_depend_on_their_size():
    """Columns 1e-20 small are independent of one another;
    two that differ by 1e-13 of themselves are not, however large.
    """
    tiny = np.array([[1e-20, 0.0], [0.0, 1.0], [0.0, 0.0]])
    np.testing.assert_allclose(np.abs(joint._orthonormal(tiny)), np.abs(tiny) > 0, atol=1e-12)
    close = np.array([[1.0, 1.0], [1.0, 1.0 + 1e-13], [0.0, 0.0]])
    for size in (1.0, 1e8):
        with pytest.raises(InvalidInput):
            joint._orthonormal(size * close)


def test_two_leading_axes():
    """2 × 3 replicates of d = 2, one by one the same.
    Catches d, or the number of functions, read off another axis.
    """
    times = np.array([0.1, 0.3, 0.7])
    runs = [
        list(exact(Gaussian(np.ones(2)), 20, times, np.random.default_rng(i))) for i in range(6)
    ]
    batch = [batched([run[k] for run in runs], 2, 3) for k in range(len(runs[0]))]
    for scheme in (Scheme("polynomial", 2), Scheme("exponential", 3, local=True, skip=True)):
        got = list(joint_fit(scheme)(batch))
        for k, estimate in enumerate(got):
            assert estimate.shape == (2, 3, 2, 2)
            alone = [list(joint_fit(scheme)(run))[k] for run in runs]
            np.testing.assert_allclose(estimate.reshape(6, 2, 2), alone, atol=1e-9)


FLAT = Gram(steps([0.1])[0], 3, np.ones((2, 2)), np.ones((2, 2)), np.ones((2, 2)))
LATER = Gram(steps([0.1, 0.2])[1], 4, np.ones((2, 2)), np.ones((2, 2)), np.ones((2, 2)))
APART = "so many functions of time cannot be told apart on this grid in float64"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: basis("spline", TIMES, 2),
            "basis: 'spline' is not one of polynomial, exponential, resolvent, piecewise",
        ),
        (
            lambda: basis("polynomial", TIMES, 21),
            "count: must lie between 1 and the 20 times there are, but is 21",
        ),
        (
            lambda: basis("polynomial", TIMES, 0),
            "count: must lie between 1 and the 20 times there are, but is 0",
        ),
        (lambda: basis("resolvent", uniform_grid(1e-4, 40), 40), f"count: {APART}"),
        (lambda: basis("exponential", [400.0, 401.0], 2), f"count: {APART}"),
        (lambda: basis("polynomial", [0.0, 1.0], 1), "times: must be positive, but the first is 0"),
        (lambda: joint_risk(LAW, [0.0, 1.0]), "times: must be positive, but the first is 0"),
        (
            lambda: next(joint_fit(Scheme("polynomial", 1))([FLAT])),
            "samples: the joint normal equations are singular",
        ),
        (
            lambda: next(joint_fit(Scheme("polynomial", 1))([FLAT, LATER])),
            "grams: must be of the same paths, but their m or K differ",
        ),
        (
            lambda: next(joint_fit(Scheme("polynomial", 1, local=True))([FLAT, FLAT])),
            "grams: must be of consecutive steps, but 0 → 0.1 follows 0 → 0.1; for fewer times "
            "make them anew",
        ),
        (
            lambda: Scheme("piecewise", 3, power=60.0).system([1e-8, 0.5, 0.5 + 1e-9]),
            "times: functions of time, 3 on a grid of 3, cannot be fitted jointly in float64, "
            "under the weights t_k − t_{k−1}; the closest are 0.5 and 0.500000001",
        ),
        (
            lambda: Scheme("piecewise", 2, skip=True).system([0.5, 400.0]),
            "times: functions of time, 2 on a grid of 2, cannot be fitted jointly in float64, "
            "under the weights t_k − t_{k−1}; the closest are 0.5 and 400.0",
        ),
        (
            lambda: Scheme("piecewise", 1, skip=True).system([400.0]),
            "times: functions of time, 1 on a grid of 1, cannot be fitted jointly in float64, "
            "under the weights t_k − t_{k−1}",
        ),
    ],
)
def test_refusals_are_one_sentence(call, sentence):
    """Key and reason, word for word;
    one function and as many as there are times are allowed (tests above).
    """
    with pytest.raises(InvalidInput) as refusal:
        call()
    assert str(refusal.value) == sentence


def test_only_the_local_target_needs_consecutive_steps():
    """Every other step of a path: T1 is fitted there, by B = N functions as DSM step by step."""
    grams = list(exact(LAW, 100, TIMES[:4], np.random.default_rng(6)))[::2]
    found = list(joint_fit(Scheme("polynomial", 2))(grams))
    np.testing.assert_allclose(found, list(dsm(grams)), rtol=1e-9, atol=1e-9)


def test_the_risk_shows_the_time_of_largest_variance():
    """Neither the largest bias nor the last time; and nothing for no times."""
    risk = JointRisk(np.array([0.5, 0.25, 1.0]), np.array([1.0, 3.0, 2.0]), np.zeros(3))
    words = "at the one of largest variance: bias"
    assert repr(risk) == f"JointRisk(3 times; {words} 0.25, variance 3/m)"
    none = JointRisk(np.zeros(0), np.zeros(0), np.zeros(0))
    assert repr(none) == f"JointRisk(0 times; {words} 0, variance 0/m)"


def test_the_resolvent_basis_spans_its_resolvents():
    """1/(e^{−2t} l + σ_t²) for l = 0.1 … 10 in geometric progression,
    and l = 1 alone: each in the span, to 1e-9.

    A level that is not among them, 20, is not in the span; nor are these if the clock of the data
    ran at another rate.
    """
    times = uniform_grid(0.1, 20)

    def lacking(count, level):
        shrunk = np.exp(-2 * times)
        wanted = 1 / (shrunk * level + 1 - shrunk)
        columns = basis("resolvent", times, count)
        return np.linalg.norm(
            wanted - columns @ np.linalg.lstsq(columns, wanted, rcond=None)[0]
        ) / np.linalg.norm(wanted)

    assert lacking(1, 1.0) < 1e-12
    for level in (0.1, 1.0, 10.0):
        assert lacking(3, level) < 1e-9
    assert lacking(3, 20.0) > 1e-3


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: basis("resolvent", [0.2, 0.1], 1),
            "times: must be strictly increasing, but 0.1 follows 0.2",
        ),
        (lambda: basis("nope", [0.1], 1), f"basis: 'nope' is not one of {', '.join(BASES)}"),
        (
            lambda: basis("resolvent", uniform_grid(0.001, 40), 30),
            "count: so many functions of time cannot be told apart on this grid in float64",
        ),
        (
            lambda: joint_risk(
                Gaussian(np.ones(2)), [0.2, 0.1], Scheme(basis="resolvent", count=1)
            ),
            "times: must be strictly increasing, but 0.1 follows 0.2",
        ),
    ],
)
def test_refusals_word_for_word(call, sentence):
    """Key and reason."""
    with pytest.raises(InvalidInput) as refused:
        call()
    assert str(refused.value) == sentence


ULP = float(np.nextafter(0.6, 1))


@pytest.mark.parametrize(
    ("times", "scheme"),
    [
        ([0.6, ULP], Scheme("exponential", 2)),
        ([0.6, ULP], Scheme("polynomial", 2)),
        ([0.1, 0.3, 0.6, ULP], Scheme("polynomial", 4)),
        ([20.0, float(np.nextafter(20, 30))], Scheme("resolvent", 2, skip=True)),
        ([1e-15, float(np.nextafter(1e-15, 1)), 0.1], Scheme("exponential", 2, local=True)),
        ([0.1, 0.1 + 1e-15, 0.1 + 2e-15], DEFAULT),
    ],
)
def test_times_within_rounding_of_each_other_are_refused(
    times: list[float], scheme: Scheme
) -> None:
    """As many functions as times, some of which have next to no weight:
    before, 4.90 for 2.58, or NaN.

    Risk and estimator refuse alike. Fewer functions, or ones that do not mix such times, are
    computed: the control.
    """
    law = Gaussian(spectrum("linear", 3))
    grams = list(exact(law, 50, times, np.random.default_rng(1)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for call in (
            lambda: joint_risk(law, times, scheme),
            lambda: list(joint_fit(scheme)(grams)),
        ):
            with pytest.raises(InvalidInput, match=r"told apart|cannot be fitted jointly"):
                call()
        apart = list(joint_fit(Scheme("piecewise", len(times)))(grams))
        step_by_step = list(dsm(grams))
    np.testing.assert_allclose(
        apart, step_by_step, rtol=1e-6, atol=1e-9 * np.abs(step_by_step).max()
    )


def test_near_times_are_refused_before_anything_is_measured() -> None:
    """In a config, with the estimators that cannot have them and only with those."""
    settings: dict[str, Any] = {
        "dims": (3,),
        "samples": (50,),
        "times": (0.6, ULP),
        "replicates": 1,
        "seed": 1,
    }
    LinearScoreSettings(**settings, estimators=("dsm", "path"))
    with pytest.raises(ValueError, match="cannot be fitted jointly"):
        LinearScoreSettings(**settings, estimators=("dsm", "joint"))
