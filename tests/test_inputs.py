"""Inputs that would silently mean something else:
every public function of the mathematics, and every way to be wrong.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from types import ModuleType
from typing import Any

import mpmath
import numpy as np
import pandas as pd
import pytest

from bounds import (
    affine,
    bootstrap,
    chain,
    classes,
    concentration,
    data,
    divergence,
    estimators,
    features,
    fields,
    gaussian,
    gram,
    joint,
    kernels,
    mixture,
    path,
    process,
    reverse,
    risk,
    risk_bounds,
    scale,
    targets,
    transfer,
)
from bounds.catalog import ESTIMATORS
from bounds.check import Array, InvalidInput, increasing_times, real, whole
from bounds.divergence import Normal
from bounds.gaussian import Gaussian
from bounds.gram import Gram, exact
from bounds.mixture import Mixture
from bounds.papers.kumar_2025 import published, rates
from bounds.process import Step
from bounds.transfer import Grid

LAW, TIMES, M = Gaussian(np.array([0.5, 2.0])), np.array([0.1, 0.3, 0.6]), 60
GRAMS = list(exact(LAW, M, TIMES, np.random.default_rng(0)))
TWO = Mixture(np.array([0.3, 0.7]), np.array([[1.0, 0.0], [-1.0, 0.5]]), np.eye(2))
EYE = np.eye(2)
X0 = np.random.default_rng(1).standard_normal((30, 2))
STEP = Step(0.1, 0.3)
LINE = Grid(4.0, 33)
BELL = np.exp(-(LINE.axis**2) / 2) / np.sqrt(2 * np.pi)
MEANS = np.zeros((3, 30, 2))
FEATURES = list(features.feature_grams(X0, TIMES, lambda x: x, np.random.default_rng(2)))
PENALTY = np.zeros(2)


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


# A good call of each public function: (function, its arguments by name). What is an object of ours
# is left alone; every number and array among them is spoiled in turn.
CALLS: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (process.decay, {"t": TIMES}),
    (process.noise_variance, {"t": TIMES}),
    (process.uniform_grid, {"spacing": 0.1, "steps": 3}),
    (process.geometric_grid, {"first": 0.1, "last": 1.0, "steps": 3}),
    (process.weights, {"times": TIMES}),
    (process.clock, {"t": TIMES}),
    (process.steps, {"times": TIMES}),
    (process.simulate, {"x0": X0, "times": TIMES, "rng": rng()}),
    (process.Step, {"t_prev": 0.1, "t": 0.3}),
    (Gaussian, {"eigenvalues": np.ones(2), "basis": EYE}),
    (Gaussian.from_covariance, {"covariance": EYE}),
    (LAW.variances, {"t": 0.1}),
    (LAW.conditional_variances, {"t": 0.1}),
    (LAW.score_matrix, {"t": 0.1}),
    (LAW.matrix, {"eigenvalues": np.ones(2)}),
    (LAW.to_eigenbasis, {"matrix": EYE}),
    (LAW.paint, {"normals": X0}),
    (LAW.sample, {"size": 3, "rng": rng()}),
    (gaussian.symmetric_root, {"data": 2 * EYE}),
    (gaussian.spectrum, {"kind": "linear", "dimension": 3, "low": 0.3, "high": 3.0}),
    (gaussian.spectrum, {"kind": "power", "dimension": 3, "exponent": 1.0}),
    (gaussian.spectrum, {"kind": "explicit", "dimension": 3, "values": [1.0, 2.0, 3.0]}),
    (gram.exact, {"law": LAW, "samples": M, "times": TIMES, "rng": rng()}),
    (gram.simulated, {"law": LAW, "samples": M, "times": TIMES, "rng": rng(), "block": 16}),
    (gram.check_samples, {"samples": M, "dimension": 2}),
    (data.rows_of, {"x": X0}),
    (data.grams_of, {"x": X0, "times": TIMES, "rng": rng(), "redraws": 2}),
    (data.held_out_losses, {"x0": X0, "t": 0.3, "estimate": EYE}),
    (Gram, {"step": STEP, "samples": M, "xx": EYE, "xz": EYE, "xw": EYE}),
    (estimators.bootstrap_step, {"gram": GRAMS[1], "previous": EYE, "weight": 0.5}),
    (bootstrap.first_gain, {"eigenvalues": np.ones(2), "step": STEP}),
    (bootstrap.next_gain, {"eigenvalues": np.ones(2), "step": STEP, "r": EYE}),
    (bootstrap.optimal_weights, {"law": LAW, "times": TIMES}),
    (bootstrap.centred, {"x0": X0, "times": TIMES, "rng": rng()}),
    (bootstrap.bootstrap_limit, {"law": LAW, "times": TIMES, "first": 0.05}),
    (bootstrap.optimal_limit, {"law": LAW, "times": TIMES, "first": 0.05}),
    (path.covariance_rounds, {"grams": GRAMS, "rounds": 1, "start": EYE}),
    (path.covariance_rounds, {"grams": GRAMS, "rounds": 1, "family": path.banded(2, 0)}),
    (path.banded, {"dimension": 3, "width": 1}),
    (path.information, {"eigenvalues": np.ones(2), "x": np.array([0.0, 1.0, 2.0])}),
    (path.check_information, {"law": LAW, "samples": M, "times": TIMES}),
    (path.covariance_variance, {"law": LAW, "times": TIMES}),
    (path.path_risk, {"law": LAW, "times": TIMES, "samples": M, "at": TIMES}),
    (path.best_times, {"eigenvalue": 1.0, "count": 3}),
    (joint.basis, {"name": "polynomial", "times": TIMES, "count": 2}),
    (joint.Scheme, {"basis": "polynomial", "count": 2, "power": 0.5}),
    (joint.joint_risk, {"law": LAW, "times": TIMES}),
    (risk.error, {"law": LAW, "t": 0.1, "estimate": EYE}),
    (risk.risk, {"law": LAW, "t": 0.1, "estimate": EYE}),
    (risk.empirical_risk, {"law": LAW, "gram": GRAMS[0], "estimate": EYE}),
    (risk.dsm_risk, {"law": LAW, "t": 0.1, "samples": M}),
    (risk.dsm_empirical_risk, {"law": LAW, "t": 0.1, "samples": M}),
    (risk.draw_dsm_risk, {"law": LAW, "t": 0.1, "samples": M, "rng": rng()}),
    (risk.dsm_empirical_risk_cdf, {"law": LAW, "t": 0.1, "samples": M}),
    (risk.dsm_empirical_risk_quantile, {"law": LAW, "t": 0.1, "samples": M, "probability": 0.5}),
    (risk.bootstrap_recursion, {"law": LAW, "times": TIMES}),
    (risk.bootstrap_risk, {"law": LAW, "times": TIMES, "samples": M}),
    (risk.information_bound, {"law": LAW, "t": 0.1, "samples": M}),
    (features.Radial, {"centres": EYE, "width": 1.0}),
    (features.Radial(EYE, 1.0), {"x": X0}),
    (features.Radial(EYE, 1.0).penalty, {"ridge": 0.1}),
    (features.feature_grams, {"x0": X0, "times": TIMES, "features": lambda x: x, "rng": rng()}),
    (features.dsm, {"grams": FEATURES, "penalty": PENALTY}),
    (features.bsm, {"grams": FEATURES, "penalty": PENALTY, "lag": 1}),
    (features.bsm_optimal, {"grams": FEATURES, "penalty": PENALTY}),
    (features.bsm_stam, {"grams": FEATURES, "penalty": PENALTY}),
    (
        features.joint,
        {
            "grams": FEATURES,
            "penalty": PENALTY,
            "basis": np.eye(3),
            "gamma": np.ones(3),
            "rounds": 1,
        },
    ),
    (classes.banded_mask, {"dimension": 3, "width": 1}),
    (classes.block_mask, {"dimension": 3, "size": 2}),
    (classes.scalar_basis, {"dimension": 3}),
    (classes.circulant_basis, {"dimension": 3}),
    (classes.symmetric_basis, {"dimension": 3}),
    (classes.spanned, {"gram": GRAMS[0], "basis": EYE[None]}),
    (classes.low_rank, {"gram": GRAMS[0], "rank": 1}),
    (classes.low_ranks, {"gram": GRAMS[0], "ranks": [1, 2]}),
    (Normal, {"mean": np.zeros(2), "covariance": EYE}),
    (Mixture, {"weights": np.full(2, 0.5), "means": EYE, "covariances": EYE}),
    (TWO.variances, {"t": 0.1}),
    (TWO.marginal, {"t": 0.1}),
    (TWO.sample, {"size": 3, "rng": rng()}),
    (TWO.curvature_bound, {"t": TIMES}),
    *(
        (one, {"t": 0.1, "x": X0})
        for one in (
            *(TWO.log_density, TWO.responsibilities, TWO.score, TWO.hessian, TWO.posterior_mean),
            *(TWO.posterior_covariance, TWO.residual_covariance),
        )
    ),
    (reverse.thin, {"count": 5, "every": 2}),
    (reverse.marginal, {"law": LAW, "t": 0.1}),
    (reverse.exact_scores, {"law": LAW, "times": TIMES}),
    (
        reverse.sampled_law,
        {
            "times": TIMES,
            "scores": -np.stack([EYE] * 3),
            "start": Normal(np.zeros(2), EYE),
            "sampler": "flow",
        },
    ),
    (
        affine.moments,
        {
            "flow": affine.Affine(-1.0, 2.0),
            "start": Normal(np.zeros(2), EYE),
            "times": [0.0, 1.0],
            "power": 1.0,
        },
    ),
    (
        affine.blow_up,
        {
            "flow": affine.Affine(-1.0, 2.0),
            "start": Normal(np.zeros(2), EYE),
            "times": [0.0, 1.0],
            "reaction": affine.Quadratic(0.1),
            "power": 1.0,
        },
    ),
    (chain.multistep, {"answers": np.stack([EYE] * 2), "rows": [(0.5, (0.1,))] * 2}),
    (fields.energy, {"field": EYE, "covariance": EYE}),
    (fields.solenoidal, {"field": EYE, "covariance": EYE}),
    (fields.langevin_law, {"matrix": -EYE, "shift": np.zeros(2)}),
    (scale.student, {"dof": 3.0}),
    (scale.Scale, {"atoms": np.zeros(2), "weights": np.full(2, 0.5), "scale": 2.0}),
    (Grid, {"half": 4.0, "count": 33}),
    (
        transfer.drawn,
        {
            "grid": LINE,
            "start": BELL,
            "times": TIMES,
            "score": lambda k, x: -x,
            "sampler": "exponential",
        },
    ),
    (transfer.total_variation, {"grid": LINE, "p": BELL, "q": BELL}),
    (transfer.wasserstein, {"grid": LINE, "p": BELL, "q": BELL}),
    (concentration.residuals, {"times": TIMES, "x0": X0, "posterior_means": MEANS}),
    (concentration.reverse_weights, {"times": TIMES, "gamma": np.ones(3), "zeta": MEANS}),
    (concentration.reverse_increments, {"x0": X0, "posterior_means": MEANS}),
    (concentration.path_sum, {"gamma": np.ones(3), "zeta": MEANS, "residual": MEANS}),
    (concentration.path_norm, {"gamma": np.ones(3), "zeta": MEANS}),
    (
        concentration.supermartingale,
        {"sums": np.ones(3), "norms": np.ones(3), "kappa": 1.0, "rho": 0.5},
    ),
    (
        concentration.gaussian_sum_variance,
        {"times": TIMES, "gamma": np.ones(3), "zeta": np.ones((3, 2)), "eigenvalues": np.ones(2)},
    ),
    (kernels.kernel_gaussian, {"times": TIMES, "gamma": np.ones(3), "eigenvalue": 1.0}),
    (kernels.kernel_log_concave, {"times": TIMES, "gamma": np.ones(3)}),
    (kernels.kernel_bounded, {"times": TIMES, "gamma": np.ones(3), "radius": 1.0}),
    (kernels.kappa_bounded, {"times": TIMES, "gamma": np.ones(3), "radius": 1.0}),
    (kernels.kappa_strongly_log_concave, {"times": TIMES, "gamma": np.ones(3), "alpha": 2.0}),
    (kernels.kappa_gaussian, {"times": TIMES, "gamma": np.ones(3), "eigenvalues": np.ones(2)}),
    (kernels.kappa_semi_log_concave, {"times": TIMES, "gamma": np.ones(3), "L_plus": 0.5}),
    (kernels.kappa_universal, {"gamma": np.ones(3)}),
    (kernels.kappa_schur, {"gamma": np.ones(3)}),
    (kernels.kappa_separate, {"times": TIMES, "gamma": np.ones(3)}),
    (concentration.risk_bound, {"kappa": 2.0, "log_cardinality": 3.0, "delta": 0.1, "m": 10}),
    (concentration.mean_risk_bound, {"kappa": 2.0, "log_cardinality": 3.0, "m": 10}),
    (concentration.log_inverse, {"delta": 0.1}),
    (risk_bounds.log_determinant, {"gram": EYE, "prior": EYE}),
    (
        risk_bounds.self_normalised_bound,
        {"kappa": 2.0, "gram": EYE, "prior": EYE, "delta": 0.1},
    ),
    (
        risk_bounds.ridge_risk_bound,
        {"kappa": 2.0, "gram": EYE, "prior": EYE, "distance": 1.0, "delta": 0.1, "m": 10},
    ),
    (
        risk_bounds.parametric_risk_bound,
        {"kappa": 2.0, "parameters": 3, "delta": 0.1, "m": 10, "eta": 0.5},
    ),
    (risk_bounds.one_time_risk_bound, {"kappa": 2.0, "parameters": 3, "delta": 0.1, "m": 10}),
    (
        risk_bounds.mean_ridge_risk_bound,
        {"kappa": 2.0, "parameters": 3, "eta": 0.5, "distance": 1.0, "m": 10},
    ),
    (risk_bounds.choice_bound, {"kappa": 2.0, "m": 10, "c": 1.0, "log_laplace": -1.0}),
    (
        risk_bounds.population_bound,
        {"kappa": 2.0, "log_cardinality": 3.0, "delta": 0.1, "m": 100, "theta": 3.0},
    ),
    (
        risk_bounds.misspecified_bound,
        {"kappa": 2.0, "log_cardinality": 3.0, "delta": 0.1, "m": 10, "best": 1.0, "eta": 0.5},
    ),
    (concentration.violation_probability, {"fraction": 0.5, "hypotheses": 4, "delta": 0.1}),
    (
        rates.kumar_2025_log_b,
        {
            "d": [4.0],
            "n": 10,
            "steps": 5,
            "spacing": 0.1,
            "delta": 0.1,
            "lipschitz": 1.0,
            "constant": 2.0,
        },
    ),
    (rates.kumar_2025_log_log, {"d": [4.0]}),
    (rates.kumar_2025_linear_reference, {"d": [4.0]}),
    (rates.wibisono_2024_squared_error, {"d": [4.0], "n": 100, "alpha": 1.0, "constant": 1.0}),
    (rates.wibisono_2024_lower_bound, {"d": [4.0], "n": 100, "constant": 1.0}),
    (
        rates.zhang_2024_squared_error,
        {"d": [4.0], "n": 100, "t": 0.5, "constant": 1.0, "polylog": 1.0},
    ),
    (rates.gupta_2024_samples, {"d": [4.0], "accuracy": 0.1, "depth": 2.0}),
    (rates.gupta_2024_accuracy, {"d": [4.0], "n": 100}),
    (rates.block_2020_squared_error, {"d": [4.0], "rademacher": 0.1, "degree": 2.0}),
    (rates.oko_2023_total_variation, {"d": [4.0], "n": 100, "smoothness": 1.0}),
    (rates.chen_2023_rate, {"subspace_dimension": [4.0], "n": 100, "little_o": 0.0}),
    (rates.koehler_2023_covariance, {"maximum_likelihood": [1.0], "factor": 2.0}),
]


def public(module: ModuleType) -> set[str]:
    """What a module defines for others; a mutant of it (tests.mutants) has names of its own."""
    return {
        name
        for name, one in vars(module).items()
        if getattr(one, "__module__", "") == module.__name__ and callable(one)
        if name[0] != "_" and "__mutmut_" not in name
    }


def spoiled(value: Any) -> Iterator[tuple[str, Any]]:
    """Ways in which a number or an array is none: what numpy would let pass among them."""
    array = np.asarray(value, dtype=np.float64)
    yield "NaN", np.where(np.arange(array.size).reshape(array.shape) == 0, np.nan, array)
    yield "imaginary", array + 1e-3j
    yield "masked", np.ma.MaskedArray(array, mask=np.ones(array.shape, dtype=bool))
    yield "words", array.astype(str)
    yield "truth values", array > 0
    yield "dates", np.full(array.shape, np.datetime64("2026-01-01"))
    yield "objects", np.full(array.shape, None)
    if isinstance(value, int):
        yield "half", value + 0.5
        yield "negative", -value
    if isinstance(value, list):
        yield "a word in it", [str(value[0]), *value[1:]]
        yield "a truth value in it", [True, *value[1:]]
        yield "a masked one in it", [np.ma.MaskedArray(value[0], mask=True), *value[1:]]


def run(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    found = function(**arguments)
    return list(islice(found, 5)) if inspect.isgenerator(found) else found


NAMES = [
    f"{one.__module__.split('.')[-1]}.{one.__qualname__}"
    if hasattr(one, "__qualname__")
    else "Radial"
    for one, _ in CALLS
]


@pytest.mark.parametrize(("function", "good"), CALLS, ids=NAMES)
def test_whatever_is_no_number_is_refused(
    function: Callable[..., Any], good: dict[str, Any]
) -> None:
    """The good call works; with one argument spoiled,
    in each way in turn, it is InvalidInput and nothing else.

    The gate left out of one function would let one of these through, as a number or as another
    error.
    """
    good = good if function is not risk.dsm_empirical_risk_cdf else good | {"value": [0.1, 0.2]}
    run(function, good)
    for name, value in good.items():
        if not isinstance(value, int | float | list | np.ndarray) or isinstance(value, bool):
            continue
        if isinstance(value, list) and not isinstance(value[0], float):
            continue
        for how, bad in spoiled(value):
            if how == "half" and function.__module__ == "bounds.papers.kumar_2025.rates":
                continue  # curves, over any real number of samples
            try:
                found = run(function, good | {name: bad})
            except InvalidInput:
                continue
            pytest.fail(f"{name} with {how} came to {found!r:.60}")


def test_the_table_of_calls_is_whole() -> None:
    """Every public function of these modules that takes arrays
    or numbers stands in it, but for a few named here.
    """
    known = {getattr(one, "__qualname__", "").split(".")[-1] for one, _ in CALLS}
    # Functions of objects of ours, of streams of them, or of numbers of any type (floats and
    # intervals).
    left = {
        *(
            "check_range",
            "grid_of",
            "plug_in",
            "kappa_log_concave",
            "kappa_profile",
            "kernel_profile",
            "adversarial_direction",
            "curve",
            "in_range",
        ),
        *(
            "euler_maruyama",
            "exponential",
            "ancestral",
            "flow",
            "error_split",
            "path_fit",
            "optimal",
            "spectrum_estimate",
        ),
        *(
            "control_weight",
            "denoising_variances",
            "transported_variances",
            "local_variances",
            "joint_fit",
        ),
        *(
            "polynomial",
            "resolvent",
            "piecewise",
            "carried",
            "denoising",
            "local",
            "transported",
            "supported",
        ),
        *("dsm_step", "bootstrap", "path", "along", "some", "kl", "frechet", "w2", "tv", "solve"),
        "affine_chain",  # over an iterator: its own tests
    }
    modules = [
        bootstrap,
        classes,
        concentration,
        data,
        divergence,
        estimators,
        features,
        gaussian,
        gram,
        kernels,
    ]
    modules += [joint, mixture, path, process, published, rates, reverse]
    modules += [risk, risk_bounds, targets, transfer, affine, chain, fields, scale]
    public = {
        name
        for module in modules
        for name, one in vars(module).items()
        if inspect.isfunction(one)
        and one.__module__ == module.__name__
        and not name.startswith("_")
    }
    assert public - known - left - {"dsm", "bsm"} == set()
    assert len(CALLS) > 100


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([0.1, 0.3, 0.6]),
        pd.Series([0.1, 0.3, 0.6], dtype="Float64"),
        pd.Index([0.1, 0.3, 0.6]),
        pd.DataFrame({"t": [0.1, 0.3, 0.6]})["t"],
        (0.1, 0.3, 0.6),
        dict.fromkeys((0.1, 0.3, 0.6)).keys(),
        [np.float64(0.1), np.array(0.3), 0.6],
        [Fraction(1, 10), Fraction(3, 10), Fraction(6, 10)],
        [Decimal("0.1"), Decimal("0.3"), Decimal("0.6")],
        np.ma.MaskedArray([0.1, 0.3, 0.6], mask=False),
        np.array([0.1, 0.3, 0.6]) + 0j,
        np.array([0.1, 0.3, 0.6], dtype=">f8"),
    ],
    ids=lambda values: type(values).__name__,
)
def test_what_is_numbers_in_other_clothes_is_taken(values: Any) -> None:
    """The same three times, whatever holds them: a gate that refuses everything would fail here."""
    found = increasing_times("times", values)
    assert found.dtype == np.float64 and type(found) is np.ndarray
    np.testing.assert_array_equal(found, [0.1, 0.3, 0.6])


def test_a_table_of_pandas_is_a_covariance_and_a_big_integer_a_number() -> None:
    """Names of rows and columns are left behind;
    2^70 is no int64 and still a number, 10^400 is none of float64's.
    """
    frame = pd.DataFrame([[2.0, 0.5], [0.5, 1.0]], index=["a", "b"], columns=["a", "b"])
    np.testing.assert_allclose(
        Gaussian.from_covariance(frame).covariance, frame.to_numpy(), rtol=1e-14
    )
    assert real("n", [2**70]).tolist() == [2.0**70]
    with pytest.raises(InvalidInput, match="beyond the range of float64"):
        real("n", [10**400])
    assert [whole("m", m) for m in (100, 100.0, np.int32(100), np.float32(100), 1e2)] == [100] * 5


def test_covariances_in_float32_are_told_how_far_off_they_are() -> None:
    """A Gram matrix in float32 made asymmetric by its last bit,
    and one that is no covariance at all.
    """
    single = (X0.T @ X0).astype(np.float32)
    single[0, 1] = np.nextafter(single[1, 0], np.float32(np.inf))
    for refusing in (
        Gaussian.from_covariance,
        lambda c: Normal(np.zeros(2), c),
        lambda c: Mixture(np.ones(1), np.zeros((1, 2)), c),
    ):
        with pytest.raises(
            InvalidInput, match=r"S − S\.T reaches \de-0\d of the largest entry, as in float32: use"
        ):
            refusing(single)
        with pytest.raises(InvalidInput, match=r"S − S\.T reaches 0\.5 of the largest entry$"):
            refusing(np.array([[1.0, 0.5], [0.0, 1.0]]))
        refusing((single + single.T) / 2)


@pytest.mark.parametrize(
    "basis", [2 * EYE, EYE + 1e-9, np.eye(3), np.array([[1.0, 1.0], [0.0, 1.0]])]
)
def test_a_basis_that_is_not_orthonormal_is_refused(basis: Array) -> None:
    with pytest.raises(InvalidInput, match=r"^basis: must"):
        Gaussian(np.ones(2), basis)


@pytest.mark.parametrize("t", [-1.0, -1e-300, np.nan, np.inf, 0.0])
def test_risks_at_impossible_times_are_refused(t: float) -> None:
    """Before 0 there is no process; at 0 DSM's target has no variance,
    while the risk of a matrix is what it is.
    """
    for formula in (risk.dsm_risk, risk.dsm_empirical_risk):
        with pytest.raises(InvalidInput, match=r"^t: "):
            formula(LAW, t, M)
    if t:
        for call in (lambda: risk.risk(LAW, t, EYE), lambda: risk.information_bound(LAW, t, M)):
            with pytest.raises(InvalidInput, match=r"^t: "):
                call()
    else:
        assert risk.risk(LAW, 0.0, np.zeros((2, 2))) == pytest.approx(1 / 0.5 + 1 / 2.0, rel=1e-14)


# --- sequences that are no path -------------------------------------------------------------------

BAD_PATHS: dict[str, list[Gram]] = {
    "every second": list(exact(LAW, M, np.arange(1, 6) / 10, rng()))[1::2],
    "a gap": [GRAMS[0], GRAMS[2]],
    "backwards": GRAMS[::-1],
    "one twice": [GRAMS[0], GRAMS[0], GRAMS[1]],
    "swapped": [GRAMS[0], GRAMS[2], GRAMS[1]],
    "another m": [GRAMS[0], *list(exact(LAW, M + 1, TIMES, rng()))[1:]],
    "none": [],
}
USES_THE_PAST = {
    **{
        name: ESTIMATORS[name]
        for name in ("bsm", "bsm-optimal", "bsm-optimal-scalar", "bsm-stam", "path")
    },
    "half": estimators.bootstrap(lambda step: 0.5),
    "oracle": bootstrap.optimal(law=LAW),
    "local joint": joint.joint_fit(joint.Scheme("polynomial", 1, local=True)),
    "family": path.path_fit(family=path.banded(2, 0)),
}


@pytest.mark.parametrize("how", BAD_PATHS)
@pytest.mark.parametrize("name", USES_THE_PAST)
def test_what_is_no_path_is_refused(name: str, how: str) -> None:
    """And the same matrices in order are taken: the first is the decoy of the others."""
    with pytest.raises(InvalidInput, match=r"^grams: "):
        list(USES_THE_PAST[name](iter(BAD_PATHS[how])))
    assert len(list(USES_THE_PAST[name](iter(GRAMS)))) == 3


@pytest.mark.parametrize("name", ["bsm-optimal", "path"])
def test_a_path_that_starts_late(name: str) -> None:
    """Where the estimator counts from the data on, they must be there;
    BSM's first step is DSM, at whatever time.
    """
    with pytest.raises(
        InvalidInput,
        match=r"^grams: must start at the data, but the first step starts at t' = 0\.1",
    ):
        list(ESTIMATORS[name](GRAMS[1:]))
    late = list(ESTIMATORS["bsm"](GRAMS[1:]))
    np.testing.assert_array_equal(late[0], estimators.dsm_step(GRAMS[1]))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_generator_that_was_read_before_is_no_empty_answer(name: str) -> None:
    stream = exact(LAW, M, TIMES, rng())
    assert len(list(ESTIMATORS[name](stream))) == 3
    with pytest.raises(InvalidInput, match="a generator can be read only once"):
        list(ESTIMATORS[name](stream))


def test_dsm_takes_any_steps_and_features_theirs() -> None:
    """DSM step by step is a function of each step alone.
    On features: the same refusals, with rounds only for the joint fit.
    """
    some = list(ESTIMATORS["dsm"](GRAMS[::-2]))
    np.testing.assert_array_equal(some[0], estimators.dsm_step(GRAMS[2]))
    for fit in (features.bsm, features.bsm_optimal, features.bsm_stam):
        with pytest.raises(InvalidInput, match="consecutive"):
            list(fit([FEATURES[0], FEATURES[2]], PENALTY))
    few, one = [FEATURES[0], FEATURES[2]], np.ones((2, 1))
    assert len(features.joint(few, PENALTY, one, np.ones(2))) == 2
    with pytest.raises(InvalidInput, match="consecutive"):
        features.joint(few, PENALTY, one, np.ones(2), rounds=1)


# --- accuracy promised ----------------------------------------------------------------------------


@pytest.mark.parametrize("narrow", [1.0, 1e-8, 1e-20, 1e-200, 1e8, 1e100])
def test_kl_of_laws_of_very_different_width(narrow: float) -> None:
    """½ (r − 1 − log r) for each direction, in 50 digits;
    ε = r − 1 forgets r = 1e-20, and its log was minus infinity.
    """
    found = divergence.kl(Normal(np.zeros(2), narrow * EYE), Normal(np.zeros(2), EYE))
    with mpmath.workdps(50):
        r = mpmath.mpf(narrow)
        expected = float(r - 1 - mpmath.log(r))
    assert found == pytest.approx(expected, rel=1e-13, abs=1e-300)


@pytest.mark.parametrize(
    "call",
    [
        lambda: path.path_risk(LAW, [1.0, 400.0], M),
        lambda: bootstrap.bootstrap_limit(LAW, [1.0, 400.0]),
        lambda: bootstrap.optimal_limit(LAW, [400.0]),
        lambda: rates.gupta_2024_samples(4, 1e-200),
        lambda: rates.kumar_2025_linear_reference(np.inf),
        lambda: rates.block_2020_squared_error(1e200, 1e10, degree=2.0),
        lambda: kernels.kappa_universal([800.0]),
        lambda: concentration.violation_probability(0.5, 10**400, 0.1),
    ],
)
def test_what_leaves_float64_is_refused_by_name(call: Callable[[], Any]) -> None:
    """Not infinity, not NaN, and no warning of numpy's beside it."""
    with pytest.raises(InvalidInput):
        call()


def test_products_of_large_factors_are_taken_in_logarithms() -> None:
    """log B at d = m = N = 1e200: the product leaves float64, its logarithm is about 1400."""
    found = rates.kumar_2025_log_b(1e200, 1e200, 1e200, 0.1, 0.1, lipschitz=0.0)
    with mpmath.workdps(30):
        inside = 600 * mpmath.log(10) + mpmath.log(
            mpmath.log(mpmath.mpf(1) / mpmath.mpf(0.1)) / mpmath.mpf(0.1)
        )
        assert found == pytest.approx(float(mpmath.log(inside)), rel=1e-13)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: process.uniform_grid(0.1, 1e12), "steps: must be at most 1000000000"),
        (lambda: process.geometric_grid(0.1, 1.0, 2**64), "steps: must be at most 1000000000"),
        (lambda: reverse.thin(10**9 + 1, 1), "count: must be at most 1000000000"),
        (lambda: reverse.thin(10**400, 1), "count: must lie within the range of float64"),
        (
            lambda: risk.bootstrap_risk(LAW, TIMES, 10**400),
            "samples: must lie within the range of float64",
        ),
        (lambda: classes.symmetric_basis(3000), "dimension: must be at most 200"),
        (lambda: classes.circulant_basis(1001), "dimension: must be at most 1000"),
        (lambda: path.information(1.0, [0.0, 1.0]), "eigenvalues: must have shape"),
        (lambda: path.information([1.0], 2.0), "x: must have shape (N + 1,)"),
        (lambda: TWO.residual_covariance(1e-320, [0.0, 0.0]), "t: must be at least 1e-150"),
        (lambda: features.Radial(EYE, 1.0)([]), "x: must have shape (n, 2)"),
        (lambda: TWO.responsibilities(0.1, [1e164, 1e164]), "x: must lie within 1e+150 deviations"),
        (lambda: TWO.score(0.1, [1e308, -1e308]), "x: must lie within 1e+150 deviations"),
        (
            lambda: risk.dsm_empirical_risk_quantile(LAW, 4e13, 50, 0.5),
            "t: at 4e+13 the risk is too near 0",
        ),
        (
            lambda: risk.dsm_empirical_risk_cdf(LAW, 400.0, 50, 0.5),
            "t: at 400 the risk is too near 0",
        ),
        (lambda: LAW.sample(2**64, rng()), "size: must be at most 1000000000"),
        (lambda: TWO.sample(2**64, rng()), "size: must be at most 1000000000"),
        (lambda: classes.scalar_basis(10**5), "dimension: must be at most 65536"),
        (lambda: path.banded(10**6, 1), "dimension: must be at most 1000"),
        (lambda: path.best_times(1.0, 1e12), "count: must be at most 1000000000"),
        (lambda: bootstrap.optimal_weights(LAW, [1e5, 2e5]), "t: must be at most 350"),
        (lambda: bootstrap.first_gain(3.0, STEP), "eigenvalues: must have shape"),
        (lambda: concentration.path_norm(-1, MEANS), "gamma: must have shape"),
        (lambda: concentration.path_norm(np.ones(3), []), "zeta: must have shape"),
        (lambda: concentration.path_sum(np.ones(3), MEANS[:2], MEANS), "zeta: must have shape"),
        (lambda: concentration.path_sum(np.ones(3), MEANS[..., :1], MEANS), "zeta: must fit"),
        (lambda: concentration.residuals(TIMES, MEANS[0, :1], MEANS), "x0: must have shape"),
        (
            lambda: concentration.reverse_weights(TIMES, np.ones(3), MEANS[0]),
            "zeta: must have shape",
        ),
        (
            lambda: concentration.reverse_increments(MEANS[0], [[]]),
            "posterior_means: must have shape",
        ),
        (
            lambda: list(features.dsm(True, PENALTY)),
            "grams: must be Gram matrices, one for each step",
        ),
        (lambda: list(estimators.bsm([1.0])), "grams: must be Gram matrices, but holds a float"),
        (lambda: path.covariance_rounds(3.0), "grams: must be Gram matrices, one for each step"),
    ],
)
def test_more_than_memory_holds_and_shapes_that_numpy_would_stretch(call, says) -> None:
    """Found by chance: each was another error than InvalidInput, or a number by broadcasting."""
    with pytest.raises(InvalidInput) as caught:
        call()
    assert str(caught.value).startswith(says)


def test_many_samples_and_leaps_are_taken() -> None:
    """The controls: m = 10¹⁹ in a draw of DSM's risk,
    a thinning longer than the grid, a gap of 300.
    """
    assert 0 < risk.draw_dsm_risk(LAW, 0.1, 10**19, rng()) < 1e-15
    assert reverse.thin(5, 10**200).tolist() == [0, 4]
    assert len(bootstrap.optimal_weights(LAW, [1.0, 301.0])) == 1


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: concentration.supermartingale(np.ones((2, 3)), np.ones(4), 1.0, 0.1),
            "norms: has shape (4,) where sums has (2, 3)",
        ),
        (
            lambda: concentration.supermartingale(np.ones(2), np.array([1.0, -1e-9]), 1.0, 0.1),
            "norms: must not be negative",
        ),
        (
            lambda: concentration.supermartingale([-1e308], [1.0], 1.0, 10.0),
            "rho: is so large that the exponential leaves the range of float64",
        ),
        (
            lambda: kernels.kappa_log_concave([0.1, 0.2], [1e156, 1e156]),
            "gamma: must be positive and at most 1e+100, but holds 1e+156",
        ),
        (
            lambda: kernels.kappa_bounded([0.1, 0.2], [1.0, 1e300], 2.0),
            "gamma: must be positive and at most 1e+100, but holds 1e+300",
        ),
        (
            lambda: rates.zhang_2024_squared_error([4.0, 5.0], [10.0, 20.0, 30.0], 0.1),
            "arguments: have shapes that do not fit together",
        ),
        *(
            (lambda f=f, no=no: list(f(no)), "grams: must be Gram matrices, one for each step")
            for f in ESTIMATORS.values()
            for no in (np.ma.masked, np.float64(2.0), 7)
        ),
    ],
)
def test_extremes_and_shapes_are_refused(call: Callable[[], Any], sentence: str) -> None:
    """What left float64 with a warning, or ended in numpy's own words."""
    with pytest.raises(InvalidInput) as said:
        call()
    assert str(said.value).startswith(sentence)


def test_no_dimension_no_rate() -> None:
    """An empty list of dimensions has an empty curve, whatever the rate."""
    assert rates.kumar_2025_log_log([]).shape == (0,)
    assert published.curve("kumar_2025_log_log", [], 4.0).shape == (0,)
    assert rates.zhang_2024_squared_error([], 100, 0.5).shape == (0,)
    assert rates.gupta_2024_accuracy([], 100).shape == (0,)


def test_the_largest_weight_is_still_exact() -> None:
    """κ is linear in γ: 1e100 times the weights, 1e100 times κ."""
    small = kernels.kappa_log_concave([0.1, 0.2], [0.3, 1.0])
    large = kernels.kappa_log_concave([0.1, 0.2], [0.3e100, 1e100])
    assert large == pytest.approx(1e100 * small, rel=1e-13)
