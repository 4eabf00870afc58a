"""The claims beyond the paper's bootstrap: evidence and formulas by other routes."""

from typing import Any

import mpmath as mp
import numpy as np
import pytest
from scipy import integrate, optimize

from bounds.gaussian import Gaussian
from bounds.gram import Gram
from bounds.papers.kumar_2025 import beyond
from bounds.papers.kumar_2025 import bootstrap as claims
from bounds.path import path_risk
from bounds.process import Step, steps, uniform_grid
from bounds.risk import bootstrap_risk, information_bound
from studies import quantities
from studies.papers.kumar_2025 import bootstrap_map
from studies.papers.kumar_2025 import evidence_bootstrap as evidence
from studies.papers.kumar_2025 import evidence_bootstrap_exact as exact_evidence
from tests.measured import quick


@pytest.fixture(scope="module")
def measured():
    return {
        study.name: quick(study.name)
        for study in (evidence.STUDY, exact_evidence.STUDY, bootstrap_map.STUDY)
    }


def test_errors_are_as_small_as_promised(measured):
    """Standard errors of the Gaussian risks below 1 %: a large error would accept anything."""
    for quantity in ("gain-risk", "path-risk", "unpooled-risk", "joint-risk"):
        for one in quantities.measure_quantity(measured[evidence.STUDY.name], quantity):
            assert one.error < 0.01 * one.value


CELL = {"eigenvalues": np.linspace(0.3, 3.0, 8).tolist(), "spacing": 0.1, "last": 2.0}
AT = (0.2, 0.4, 1.0, 1.4, 2.0)


def test_formulas_are_theory_mds_numbers():
    """Ratios to DSM 0.908 … 0.065, 0.910 … 0.080, and path
    over bound 1.093, 1.076, 1.074: printed before this code.

    Catches a wrong clock, an index i for j and a δ_ij forgotten in the bound.
    """
    law = Gaussian(np.array(CELL["eigenvalues"]))
    printed = {
        False: (0.908, 0.747, 0.361, 0.193, 0.065),
        True: (0.910, 0.754, 0.378, 0.213, 0.080),
    }
    for scalar, ratios in printed.items():
        for t, ratio in zip(AT, ratios, strict=True):
            cell = {**CELL, "t": t, "scalar": scalar}
            base = 8 * law.conditional_variances(t).sum()
            assert claims.dsm_risk(cell, t) == pytest.approx(base, rel=1e-12)
            assert claims.gain_risk(cell) / base == pytest.approx(ratio, abs=6e-4)
            assert claims.gain_risk(cell, forget=True) / base != pytest.approx(ratio, abs=3e-3)
            assert claims.bound(cell) == pytest.approx(information_bound(law, t, 1), rel=1e-12)
    for t, printed_share in ((0.2, 1.093), (1.0, 1.076), (2.0, 1.074)):
        cell = {**CELL, "t": t}
        assert claims.path_risk(cell) / claims.bound(cell) == pytest.approx(printed_share, abs=6e-4)
        assert claims.path_risk(cell, apart=True) / claims.bound(cell) > 1.7


def test_limits_solve_their_equations():
    """dr/dt of the closed forms by central differences against the ODEs;
    the decoys' do not, or start wrong.
    """
    h = 1e-5
    for pair in ((0.3, 3.0), (1.0, 1.0), (5.0, 0.02)):
        for last in (0.1, 0.7):
            cell = {"pair": pair, "first": 0.05, "last": last}
            noise = 1 - np.exp(-2 * last)
            v = np.exp(-2 * last) * np.array(pair) + noise
            c = 1 / noise - 1 / v[0]

            def slope(formula, cell=cell, last=last):
                return (
                    formula({**cell, "last": last + h}) - formula({**cell, "last": last - h})
                ) / (2 * h)

            r = claims._limit_bsm(cell)
            assert slope(claims._limit_bsm) == pytest.approx(
                2 * c**2 - (4 / noise + 2 / v[1] - 2) * r, rel=1e-5
            )
            r = claims._limit_matrix(cell)
            riccati = -2 * r**2 - (4 / v[0] + 2 / v[1] - 2) * r
            assert slope(claims._limit_matrix) == pytest.approx(riccati, rel=1e-5)
        begin = {"pair": pair, "first": 0.05, "last": 0.05}
        (c,) = Gaussian(np.array([pair[0]])).conditional_variances(0.05)
        assert claims._limit_bsm(begin) == pytest.approx(c, rel=1e-9)
        assert claims._limit_matrix(begin) == pytest.approx(c, rel=1e-9)


@pytest.mark.parametrize("pair", [(0.3, 3.0), (1.0, 1.0), (5.0, 0.02)])
def test_limits_are_integrals(pair):
    """Both closed forms, and what their decoys change,
    against scipy's quadrature of the integrals in their docstrings.
    """
    (a, b), last, first = pair, 0.7, 0.05
    x, x1 = np.expm1(2 * last), np.expm1(2 * first)
    cell = {"pair": pair, "first": first, "last": last}

    def gathered(other):
        return a**2 * integrate.quad(lambda y: (y + other) / (y + a) ** 2, x1, x, epsabs=1e-13)[0]

    start, shrink = x1 * a * (b + x1) / (a + x1), (1 + x) / (x**2 * (b + x))
    assert claims._limit_bsm(cell) == pytest.approx(shrink * (start + gathered(b)), rel=1e-10)
    # λ_j − λ_i with its sign flipped is λ_i − λ_j: another λ_j = 2λ_i − λ_j under the integral.
    flipped = shrink * (start + gathered(2 * a - b))
    assert claims._limit_bsm(cell, flipped=True) == pytest.approx(flipped, rel=1e-10)
    known = integrate.quad(lambda y: 1 / ((y + a) ** 2 * (y + b)), x1, x, epsabs=1e-13)[0]
    begin, shrink = x1 / (a * (a + x1) * (b + x1)), (1 + x) / ((a + x) ** 2 * (b + x))
    assert claims._limit_matrix(cell) == pytest.approx(shrink / (begin + known), rel=1e-9)
    assert claims._limit_matrix(cell, start=False) == pytest.approx(shrink / known, rel=1e-9)


def test_information_of_a_pair_is_a_sum_over_steps():
    """Σ_k s_k² (v_j/h_i + v_i/h_j), from theory.md's s, v and h step by step; without products
    of gaps it is only what the two ends say. Catches a clock that starts elsewhere than at 0.
    """
    pair, times = (0.3, 3.0), [0.1, 0.4, 1.0]
    total, before = 0.0, 0.0
    for t in times:
        fresh, noise = 1 - np.exp(-2 * (t - before)), 1 - np.exp(-2 * t)
        v = np.exp(-2 * t) * np.array(pair) + noise
        h = 1 / fresh - 1 / v
        total += (np.exp(-2 * t) / v.prod()) ** 2 * (v[1] / h[0] + v[0] / h[1])
        before = t
    ends = 1 / np.prod(pair) - np.exp(-4.0) / v.prod()
    (claim,) = (one for one in claims.CLAIMS if one.name == "path-information")
    assert claim.formula({"pair": pair, "times": times}) == pytest.approx(total, rel=1e-12)
    assert claim.decoy({"pair": pair, "times": times}) == pytest.approx(ends, rel=1e-12)


def test_path_risk_on_a_coarse_grid_is_theory_mds_sum():
    """Σ_ij v_j s_ij² Var δΛ_ij with I_ij = Σ_k s_k² v_j/h_i, pooled or not, on two times:
    where the ends of the telescoped sum still weigh. At the last time and at the first.
    """
    lam, times = np.array([0.3, 3.0]), (0.4, 0.8)
    held, before, moves = np.zeros((2, 2)), 0.0, {}
    for t in times:
        fresh, noise = 1 - np.exp(-2 * (t - before)), 1 - np.exp(-2 * t)
        v = np.exp(-2 * t) * lam + noise
        s = np.exp(-2 * t) / np.outer(v, v)
        held += s**2 * np.outer(1 / (1 / fresh - 1 / v), v)
        moves[t], before = s**2 * v, t
    pooled = np.where(np.eye(2, dtype=bool), held, held + held.T)
    for t in times:
        cell = {"eigenvalues": lam.tolist(), "spacing": 0.4, "last": 0.8, "t": t}
        assert claims.path_risk(cell) == pytest.approx((moves[t] / pooled).sum(), rel=1e-12)
        assert claims.path_risk(cell, apart=True) == pytest.approx(
            (moves[t] / held).sum(), rel=1e-12
        )


@pytest.mark.parametrize("local", [False, True])
@pytest.mark.parametrize("count", [1, 2])
def test_joint_decoy_is_the_sandwich_of_separate_paths(local, count):
    """Each time with paths of its own: T given x is N(−x/v, c), so Var ρ_i x_j is v_j
    (β_i² v_i + c_i), and 2 v² β² + c v for i = j; bread and meat with 1 and t, of which only the
    span matters. Along one path T1 has another risk, and T3, whose residuals are white but for the
    bias, nearly the same.
    """
    spacing, steps, m, lam = 0.4, 3, 500, np.array([0.5, 2.0])
    times = spacing * np.arange(1, steps + 1)
    phi = np.column_stack([np.ones(steps), times])[:, :count]
    noise = 1 - np.exp(-2 * times)
    v = np.exp(-2 * times)[:, None] * lam + noise[:, None]
    spread = np.full(steps, 1 - np.exp(-2 * spacing)) if local else noise
    c = 1 / spread[:, None] - 1 / v
    bread = [
        sum(spacing * v[k, j] * np.outer(phi[k], phi[k]) for k in range(steps)) for j in range(2)
    ]
    wanted = 0.0
    for i in range(2):
        beta = -phi @ np.linalg.solve(bread[i], spacing * phi.sum(axis=0)) + 1 / v[:, i]
        wanted += m * spacing * float(beta**2 @ v[:, i])
        for j in range(2):
            scores = v[:, j] * ((2 if i == j else 1) * beta**2 * v[:, i] + c[:, i])
            meat = sum(spacing**2 * scores[k] * np.outer(phi[k], phi[k]) for k in range(steps))
            each = np.linalg.solve(bread[j], np.linalg.solve(bread[j], meat).T)
            wanted += sum(spacing * v[k, j] * phi[k] @ each @ phi[k] for k in range(steps))
    cell = {"eigenvalues": lam.tolist(), "spacing": spacing, "steps": steps, "m": m}
    cell |= {"basis": "polynomial", "count": count, "local": local}
    assert beyond._joint(cell, apart=True) == pytest.approx(wanted, rel=1e-9)
    change = abs(beyond._joint(cell) / wanted - 1)
    assert change < 1e-3 if local else change > 0.01


def test_shares_of_dsm_and_of_the_bound_by_hand():
    """Σ_j γ_j tr(C_j) d/(m − d − 1) for white data at two times, and shares of it; 1.15 and 1.06
    times the bound at the two spacings, and once it in the decoy. Catches m − d, a weight of
    another step and factors exchanged."""
    cell: dict[str, Any] = {"eigenvalues": [1.0, 1.0, 1.0], "m": 10, "times": [0.1, 0.5]}
    joint = (0.1 / np.expm1(0.2) + 0.4 / np.expm1(1.0)) * 3 * 3 / (10 - 3 - 1)
    named = {one.name: one for one in (*claims.CLAIMS, *beyond.CLAIMS)}
    longer = {**cell, "times": [0.1, 0.2, 0.5]}
    for name, two, more in (
        ("matrix-loses", 0.32, 0.03),
        ("bsm-wins", -0.0045, -0.087),
        ("path-wins", -0.9, -0.92),
    ):
        claim = named[f"scarce-{name}"]
        assert claim.formula(cell) == pytest.approx(two * joint, rel=1e-12)
        assert claim.formula(longer) == pytest.approx(beyond._joint_dsm(longer, more), rel=1e-12)
    law = Gaussian(np.ones(3))
    plain = np.array([law.conditional_variances(t).sum() * 3 for t in cell["times"]])
    gamma = np.array([0.1, 0.4])
    for name, risks in (
        ("bsm-wins", bootstrap_risk(law, cell["times"], 1)),
        ("path-wins", path_risk(law, cell["times"], 1)),
    ):
        share = gamma @ risks / (gamma @ plain) - 1
        assert named[f"scarce-{name}"].decoy(cell) == pytest.approx(share * joint, rel=1e-9)
    for spacing, factor in ((0.1, 1.15), (0.02, 1.06)):
        cell = {"eigenvalues": CELL["eigenvalues"], "spacing": spacing, "t": 1.0}
        plug_in = information_bound(Gaussian(np.array(CELL["eigenvalues"])), 1.0, 1)
        claim = named["path-efficiency"]
        assert claim.formula(cell) == pytest.approx(factor * plug_in, rel=1e-12)
        assert claim.decoy(cell) == pytest.approx(plug_in, rel=1e-12)


def test_weights_of_the_joint_loss_by_hand():
    """γ = 0.1, 0.3 at t = 0.1, 0.4: mean 0.2 over each."""
    for t, share in ((0.1, 2.0), (0.4, 2 / 3)):
        assert beyond._by_weight({"times": [0.1, 0.4], "t": t}) == pytest.approx(share, rel=1e-12)


def over_bsm(values, counts, times):
    """The best single weight's total risk over BSM's,
    theory.md's recursion in 40 digits for λ with multiplicities.
    """
    with mp.workdps(40):
        t = [mp.mpf(one) for one in times]
        noise = [1 - mp.exp(-2 * one) for one in t]
        v = [
            [mp.exp(-2 * a) * mp.mpf(x) + n for x in values] for a, n in zip(t, noise, strict=True)
        ]
        pairs = [(i, j) for i in range(len(values)) for j in range(len(values))]
        start = {(i, j): 1 / noise[0] - 1 / v[0][i] for i, j in pairs}
        found = {"best": start, "BSM": start}
        out = [mp.mpf(1)]
        for k in range(1, len(t)):
            grow, fresh = mp.exp(2 * (t[k] - t[k - 1])), 1 - mp.exp(-2 * (t[k] - t[k - 1]))
            total = {}
            for rule, r in found.items():
                a = {(i, j): grow / v[k - 1][i] + v[k - 1][j] / v[k][j] * r[i, j] for i, j in pairs}
                mean = mp.fsum(counts[i] * counts[j] * a[i, j] for i, j in pairs) / sum(counts) ** 2
                w = 1 / (1 + fresh * mean) if rule == "best" else noise[k - 1] / noise[k] / grow
                found[rule] = {
                    (i, j): w**2 * a[i, j] + (1 - w) ** 2 / fresh - 1 / v[k][i] for i, j in pairs
                }
                total[rule] = mp.fsum(counts[i] * counts[j] * found[rule][i, j] for i, j in pairs)
            out.append(total["best"] / total["BSM"])
        return [float(one) for one in out]


def test_the_witness_by_another_route():
    """1, 0.8150, 1.0002, 1.0051 in 40 digits, with multiplicities in place of 100 eigenvalues; the
    evidence's and the formulas' recursions agree with it. The decoy has ten small eigenvalues: too
    few to outvote the large one."""
    (cell,) = (one for one in exact_evidence.CELLS if one["part"] == "witness")
    found = over_bsm([cell["large"], cell["small"]], [1, cell["count"]], cell["times"])
    assert found == pytest.approx([1, 0.8150, 1.0002, 1.0051], abs=5e-5)
    law = Gaussian(np.array([cell["large"]] + [cell["small"]] * cell["count"]))
    assert exact_evidence.over_bsm(law, cell["times"]) == pytest.approx(found, rel=1e-9)
    for t, ratio in zip(cell["times"], found, strict=True):
        spiked = claims._spiked({**cell, "t": t})
        ours = claims.entries_of(spiked, "scalar").sum() / claims.entries_of(spiked, "BSM").sum()
        assert ours == pytest.approx(ratio, rel=1e-9)
    assert max(over_bsm([cell["large"], cell["small"]], [1, 10], cell["times"])) == 1


def test_two_steps_tend_to_their_limit():
    """n = 10⁶ and 4·10⁶ by multiplicities, extrapolated, against the closed form; its largest value
    is 1.00775, by a search from 20 starts. Without the large eigenvalue's column it stays below
    1."""

    def at(c, a, y, n):
        clock = [1 / (c * n), a * c * n, y * a * c * n]
        return over_bsm([1e18, 1.0], [1, n], [float(np.log1p(x)) / 2 for x in clock])[-1]

    for c, a, y in ((0.837, 1.018, 8.47), (2.0, 0.5, 5.0)):
        limit = (4 * at(c, a, y, 4 * 10**6) - at(c, a, y, 10**6)) / 3
        assert claims.two_step({"c": c, "a": a, "y": y}) == pytest.approx(limit, rel=1e-8)
    rng = np.random.default_rng(3)

    def lost(log, column=True):
        return -claims.two_step(dict(zip("cay", np.exp(log), strict=True)), column=column)

    starts = rng.normal(0, 1.5, (20, 3))
    largest = [
        -min(optimize.minimize(lost, x, (column,)).fun for x in starts) for column in (True, False)
    ]
    assert largest[0] == pytest.approx(1.007745, abs=1e-6)
    assert largest[1] <= 1


def test_entries_are_the_librarys_recursion():
    """All three rules at a middle time of an uneven grid,
    and DSM's c_i at that time. The bound's share by its own sum.
    """
    law, times = Gaussian(np.array([0.2, 1.0, 7.0])), [0.05, 0.2, 0.7, 1.1]
    cell = {"eigenvalues": law.eigenvalues.tolist(), "times": times, "t": 0.7}
    for rule, wanted in exact_evidence.risks(law, times).items():
        assert claims.entries_of(cell, rule) == pytest.approx(wanted[2], rel=1e-10)
    v, x = law.variances(0.7), law.eigenvalues / law.variances(0.7)
    least = np.exp(-2.8) * np.outer(x / v, x) * (1 + np.eye(3))
    assert least.sum() == pytest.approx(information_bound(law, 0.7, 1), rel=1e-12)
    dsm = np.repeat(law.conditional_variances(0.7)[:, None], 3, axis=1)
    assert claims._bound_over(cell, "DSM") == pytest.approx((least / dsm).max(), rel=1e-12)
    # Alone, λ has the bound 2 (1 + x) λ²/p³, and DSM has (1 + x) λ/(x p).
    x = np.expm1(1.4)
    alone = {"eigenvalues": [7.0], "times": times, "t": 0.7}
    assert claims._bound_over(alone, "DSM") == pytest.approx(14 * x / (7 + x) ** 2, rel=1e-12)


def test_the_order_is_strict_where_it_should_be():
    """theory.md's grid: matrix < scalar < BSM < DSM in all
    at t = 2, so the claim is not about equal numbers.
    """
    law, times = Gaussian(np.array(CELL["eigenvalues"])), uniform_grid(0.1, 20)
    cell = {**CELL, "t": 2.0}
    matrix, scalar = (claims.gain_risk({**cell, "scalar": s}) for s in (False, True))
    bsm, dsm = bootstrap_risk(law, times, 1)[-1], claims.dsm_risk(cell, 2.0)
    assert 1.1 * matrix < scalar < 0.7 * bsm < 0.1 * dsm


def test_unpooled_round_is_least_squares_by_entry():
    """`apart` against weighted least squares of one entry
    at a time on the rows of simulated paths, X and W in hand.

    Decoy: with equal weights for all steps the answer is another.
    """
    rng = np.random.default_rng(2)
    lam, m, times = np.array([0.5, 2.0]), 50, (0.2, 0.5, 1.2)
    law = Gaussian(lam)
    x = law.sample(m, rng)
    grams, rows = [], []
    for step in steps(times):
        w = rng.standard_normal((m, 2))
        x = step.carry * x + step.fresh * w
        grams.append(Gram(step, m, x.T @ x, x.T @ w, x.T @ w))
        v = law.variances(step.t)
        rows.append((step, x, -w / step.fresh + x / v, np.exp(-2 * step.t) / np.outer(v, v), v))
    found = evidence.apart(law, grams)
    for i in range(2):
        for j in range(2):
            top = {True: 0.0, False: 0.0}
            bottom = 0.0
            for step, x, residual, moves, v in rows:
                h = 1 / step.fresh_variance - 1 / v[i]
                top[True] += moves[i, j] / h * residual[:, i] @ x[:, j]
                top[False] += moves[i, j] * residual[:, i] @ x[:, j]
                bottom += m * moves[i, j] ** 2 * v[j] / h
            for step, (_, _, _, moves, v), a in zip(steps(times), rows, found, strict=True):
                assert step.t in times
                wanted = moves[i, j] * top[True] / bottom - (1 / v[i] if i == j else 0.0)
                assert a[i, j] == pytest.approx(wanted, rel=1e-9)
                assert a[i, j] + (1 / v[i] if i == j else 0) != pytest.approx(
                    moves[i, j] * top[False] / bottom, rel=1e-2
                )


def test_mixture_cells_have_mean_zero_and_their_covariance():
    """Cov X_0 from 4·10⁵ draws within 0.03:
    six standard errors of the widest entry. Decoy: without the means.
    """
    for cell in evidence._LAWS:
        law = evidence.mixture_of(cell)
        assert np.abs(law.weights @ law.means).max() < 1e-12
        x = law.sample(400_000, np.random.default_rng(4))
        assert np.abs(x.T @ x / len(x) - evidence.covariance_of(law)).max() < 0.03
    apart = law.weights @ law.covariances.reshape(2, -1)
    assert np.abs(apart.reshape(3, 3) - evidence.covariance_of(law)).max() > 0.5


def test_the_best_linear_score_is_orthogonal_to_what_is_left():
    """E (s − A* x) xᵀ = 0 with A* = −V^{-1}, by 4·10⁵ points:
    so both risks differ by a constant. Decoy: −I/σ²-like A.
    """
    law = evidence.mixture_of(evidence._LAWS[0])
    v = np.exp(-0.4) * evidence.covariance_of(law) + (1 - np.exp(-0.4)) * np.eye(3)
    x = law.marginal(0.2).sample(400_000, np.random.default_rng(6))
    s = law.score(0.2, x)
    # Entries of s xᵀ have standard deviation below 3: 0.03 is more than six standard errors.
    assert np.abs((s + x @ np.linalg.inv(v)).T @ x / len(x)).max() < 0.03
    assert np.abs((s + 1.1 * x @ np.linalg.inv(v)).T @ x / len(x)).max() > 0.05


def test_mixture_grams_are_those_of_their_paths():
    """Their mean over 300 data sets of 50: xx/m = V,
    xw/m = τ I, and the samples' covariance, within 0.1.

    That is more than six standard errors; the decoy is σ_t in place of τ.
    """
    law = evidence.mixture_of(evidence._LAWS[0])
    generators = [np.random.default_rng([8, k]) for k in range(300)]
    covariances, (_, last) = evidence.mixture_grams(law, 50, (0.1, 0.5), generators)
    step = Step(0.1, 0.5)
    v = np.exp(-1) * evidence.covariance_of(law) + (1 - np.exp(-1)) * np.eye(3)
    assert np.abs(last.xx.mean(axis=0) / 50 - v).max() < 0.1
    assert np.abs(last.xw.mean(axis=0) / 50 - step.fresh * np.eye(3)).max() < 0.05
    assert np.abs(last.xw.mean(axis=0) / 50 - np.sqrt(1 - np.exp(-1)) * np.eye(3)).max() > 0.05
    assert np.abs(covariances.mean(axis=0) - evidence.covariance_of(law)).max() < 0.1


@pytest.mark.parametrize(
    "cell", evidence.SAMPLED, ids=lambda c: f"{c['part']} {c.get('law', c.get('spacing', ''))}"
)
def test_replicates_do_not_see_their_batch(cell):
    """A replicate's rows are the same alone and beside others.
    Catches draws that leak between seeds.
    """
    few = {**cell, "draws": 2}

    def seeds():
        return [np.random.SeedSequence(9, spawn_key=(k,)) for k in range(3)]

    together = evidence.measure(few, seeds())
    for k in range(3):
        (alone,) = evidence.measure(few, seeds()[k : k + 1])
        for a, b in zip(alone, together[k], strict=True):
            assert (a["quantity"], a["cell"]) == (b["quantity"], b["cell"])
            assert a["value"] == pytest.approx(b["value"], rel=1e-7, abs=1e-9)
    assert together[0] != together[1]


def test_a_searched_grid_is_not_a_lucky_one():
    """One time, λ = 1: 2 λ² I = 2 x/(1 + x)² at x = e^{2t} − 1,
    and 1/2 at best. The decoy, x = 2, holds 4/9.
    """
    for x in (0.5, 1.0, 2.0):
        share = 2 * exact_evidence.held([1.0], [np.log1p(x) / 2])[0, 0]
        assert share == pytest.approx(2 * x / (1 + x) ** 2, rel=1e-12)
