"""The bench: what it times is what it says, at sizes too small to time. No assertion on seconds."""

from collections import Counter

import numpy as np
import pytest

from bounds.estimators import dsm
from bounds.gaussian import Gaussian
from bounds.gram import simulated
from bounds.process import uniform_grid
from bounds.risk import risk
from studies import bench, bench_networks
from studies.papers.kumar_2025.mixture_bootstrap import STUDY, MixtureSettings


def test_plain_numpy_solves_the_same_problem():
    """The plain route's DSM and the library's have the same mean risk,
    300 data sets a side, 6.2 deviations.

    A plain target without its 1/σ_t², or steps that do not compound, would be off by far more.
    """
    d, m, steps = 3, 40, 2
    law, times = Gaussian(np.ones(d)), uniform_grid(0.1, steps)
    plain, ours = [], []
    for k in range(300):
        for step, (x, target) in enumerate(
            bench._plain_steps(d, m, steps, np.random.default_rng([1, k]))
        ):
            if step == steps - 1:
                plain.append(
                    float(
                        risk(
                            law,
                            times[step],
                            np.asarray(np.linalg.solve(x.T @ x, x.T @ target).T, np.float64),
                        )
                    )
                )
        grams = simulated(law, m, times, np.random.default_rng([2, k]))
        ours.append(float(risk(law, times[-1], list(dsm(grams))[-1])))
    spread = np.hypot(np.std(plain), np.std(ours)) / np.sqrt(300)
    assert abs(np.mean(plain) - np.mean(ours)) < 6.2 * spread
    assert abs(np.mean(plain) / 2 - np.mean(ours)) > 6.2 * spread  # the check can fail


def test_every_timed_function_runs():
    for function, arguments in (
        (bench.draw_exact, (4, 100, 2, 3)),
        (bench.simulate_streaming, (4, 100, 2)),
        (bench.simulate_plain, (4, 100, 2)),
        (bench.exact_dsm, (4, 100, 2)),
        (bench.fit_scikit_learn, (4, 100, 2)),
        (bench_networks.fit_networks, (20, 3, 2, "lbfgs")),
        (bench_networks.fit_networks, (20, 3, 2, "adam")),
        (bench_networks.fit_networks_in_turn, (20, 3, 2, "lbfgs")),
        (bench_networks.fit_networks_in_turn, (20, 3, 2, "adam")),
        (bench.draw_bidiagonal, (4, 100)),
        (bench.solve_dsm, (4, 100)),
        (bench.multiply, (4,)),
    ):
        seconds, peak = bench.timed(function, arguments, 2)
        assert seconds > 0
        assert peak > 1


def test_the_networks_that_are_counted_are_the_figures():
    """Of each solver and budget as many as preset "paper" fits: one a step and method by L-BFGS,
    one a method by Adam.
    """
    counted: Counter[tuple[str, int]] = Counter()
    settings = STUDY.presets["paper"]
    assert isinstance(settings, MixtureSettings)
    for case in settings.cases:
        if case.learner == "network":
            solver, each = ("lbfgs", case.steps) if case.fit == "step" else ("adam", 1)
            counted[solver, case.budget] += each * len(case.estimators) * case.most
    assert counted == bench_networks.FIGURE_3B


def test_counted_flops():
    """First step: three products of d³ or 2 d³ and a Cholesky,
    counted from the formulas of the module.
    """
    first = (1 + 2 + 1) + 2 + 1 / 3  # yᵀy, yᵀm, LᵀL; yᵀg; Cholesky
    later = first + 1 + 2  # m_1ᵀm_1; m_1ᵀg_1
    assert bench.flops(10, 3) == pytest.approx(1000 * (first + 2 * later))


def test_table_names_units_and_what_a_ratio_is_to():
    text = bench.table([bench.Line("a thing", 2.5, "times", "another"), bench.Line("b", 1.0, "s")])
    assert text.splitlines()[0].split() == ["a", "thing", "2.5", "times", "of", "another"]
