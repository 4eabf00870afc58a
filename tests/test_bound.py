"""`dimfree bound`: each number by a second route from the definitions, the inverse by its own
definition, and refusals.
"""

import json
import math
import shlex
from typing import Any

import numpy as np
import pytest

from bounds.check import Array, InvalidInput
from bounds.concentration import adversarial_direction
from bounds.papers.kumar_2025.rates import kumar_2025_log_log
from studies import spec
from studies.bound import DIMENSIONS, LAWS, bound
from tests.test_cli import Call, call

__all__ = ["call"]  # the fixture

TIMES = np.array([0.05, 0.2, 0.3, 0.7, 1.5])
GAMMA = np.array([0.05, 0.1, 0.2, 0.4, 0.3])
TOLD: dict[str, dict[str, Any]] = {
    "log-concave": {},
    "gaussian": {"eigenvalue": 2.5},
    "strongly-log-concave": {"alpha": 0.4},
    "bounded": {"radius": 1.7},
}


def kernel(law: str, t: Array, gamma: Array) -> Array:
    """M_jl = √(γ_j γ_l) a_j a_l W_min(j,l) by the theorem, in sinh and exp, entry by entry."""
    x = np.exp(2 * t) - 1
    if law == "log-concave":
        W = x
    elif law == "bounded":
        R = TOLD["bounded"]["radius"]
        gaps = R**4 * (1 / x[:-1] - 1 / x[1:])
        W = np.cumsum([R**2, *np.minimum(R**2, gaps)])
    else:
        value = 2.5  # = 1/0.4: a strongly log-concave law has the κ of that Gaussian
        noise = 1 - np.exp(-2 * t)
        W = value * noise / (np.exp(-2 * t) * value + noise)
    a = 1 / (2 * np.sinh(t))
    M = np.empty((t.size, t.size))
    for j in range(t.size):
        for k in range(t.size):
            M[j, k] = math.sqrt(gamma[j] * gamma[k]) * a[j] * a[k] * W[min(j, k)]
    return M


def largest(M: Array) -> float:
    """By power iteration."""
    v = np.ones(len(M))
    for _ in range(3000):
        v = M @ v
        v /= np.linalg.norm(v)
    return float(v @ M @ v)


@pytest.mark.parametrize("law", LAWS)
def test_kappa_and_the_bounds_by_hand(law: str) -> None:
    """κ from the definitions, and each bound's formula written out: a factor left out, δ or m in
    the wrong place, or another law's kernel would fail.
    """
    M = kernel(law, TIMES, GAMMA)
    kappa, m, delta = largest(M), 321, 0.02
    asked: dict[str, Any] = {"gamma": GAMMA, "law": law, "delta": delta, "samples": m, **TOLD[law]}
    found = bound(TIMES, hypotheses=50, kurtosis=3, **asked)
    assert found.kappa == pytest.approx(kappa, rel=1e-10)
    L = math.log(50 / delta) / m
    assert found.risk_bound == pytest.approx(8 * kappa * L, rel=1e-10)
    assert found.population_bound == pytest.approx(
        8 * kappa * L / (1 - math.sqrt(6 * L)), rel=1e-10
    )
    logged = bound(TIMES, log_hypotheses=math.log(50), **asked)
    assert logged.risk_bound == pytest.approx(found.risk_bound, rel=1e-12)
    assert logged.population_bound is None
    joint = bound(TIMES, parameters=9, **asked)
    root = 3 + math.sqrt(2 * math.log(1 / delta))
    assert joint.risk_bound == pytest.approx(kappa * root**2 / m, rel=1e-10)
    assert "features of t alone" in joint.statement
    v = np.sqrt(found.worst)
    assert v @ M @ v == pytest.approx(kappa, rel=1e-9)
    assert found.worst.sum() == pytest.approx(1)


def test_one_time_and_the_default_weights() -> None:
    """At one time P parameters have their own, sharper bound, for all features; without weights
    γ_j = t_j − t_{j−1}; one weight stands for all.
    """
    found = bound([0.4], parameters=16, samples=100, delta=0.05)
    kappa, level = 0.4 / (1 - math.exp(-0.8)), math.log(20)
    assert found.kappa == pytest.approx(kappa, rel=1e-12)
    assert found.risk_bound == pytest.approx(
        kappa * (16 + 8 * math.sqrt(level) + 2 * level) / 100, rel=1e-12
    )
    assert "all features" in found.statement
    gaps = bound(TIMES, hypotheses=5, samples=10)
    assert gaps.gamma.tolist() == pytest.approx([0.05, 0.15, 0.1, 0.4, 0.8])
    assert bound(TIMES, gamma=[0.1], hypotheses=5, samples=10).gamma.tolist() == [0.1] * 5


SIZES: tuple[dict[str, Any], ...] = (
    {"hypotheses": 1000},
    {"log_hypotheses": 400.0},
    {"parameters": 64},
    {"hypotheses": 1000, "kurtosis": 3},
    {"log_hypotheses": 400.0, "kurtosis": 1},
)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("target", [10.0, 0.03, 1e-7])
def test_the_fewest_paths_for_a_target(size: dict[str, Any], target: float) -> None:
    """m reaches it and m − 1 does not; and the same m from the bound solved for m by hand."""
    found = bound(TIMES, target=target, **size)

    def value(m: int) -> float:
        at = bound(TIMES, samples=m, **size)
        return at.risk_bound if at.population_bound is None else at.population_bound

    assert value(found.samples) <= target
    if found.samples > 1:
        try:
            assert value(found.samples - 1) > target
        except InvalidInput as error:
            assert error.key == "m"  # of a bound on the population risk: there is none there
    if "parameters" not in size:
        total = size.get("log_hypotheses", math.log(1000)) + math.log(20)
        theta = size.get("kurtosis", 0)
        a, b = 8 * found.kappa, target * math.sqrt(2 * theta)
        root = (-b + math.sqrt(b**2 + 4 * a * target)) / (2 * a)  # √L of 8κL + r√(2θL) = r
        assert found.samples == pytest.approx(max(1, math.ceil(total / root**2)), abs=1, rel=1e-9)


def test_one_number_for_all_grids() -> None:
    """Only for log-concave laws whose weights are at most their gaps; there it is above κ, on the
    grid of many small steps from 0 by little.
    """
    fine = bound(np.arange(1, 400) / 20, hypotheses=2, samples=1)
    assert fine.kappa_schur is not None and fine.kappa_universal is not None
    assert 0.95 * fine.kappa_schur < fine.kappa < fine.kappa_schur < fine.kappa_universal
    assert fine.kappa_universal == pytest.approx(2 * math.exp(0.05))
    assert fine.kappa_schur == pytest.approx(1 + 0.05 / (1 - math.exp(-0.05)))
    for law in LAWS:
        found = bound(TIMES, hypotheses=2, samples=1, law=law, **TOLD[law])
        assert (found.kappa_universal is None) == (law == "bounded")
    heavy = bound(TIMES, gamma=GAMMA, hypotheses=2, samples=1)  # 0.2 in a gap of 0.1
    assert heavy.kappa_universal is None and heavy.kappa_schur is None


def test_where_the_worst_error_sits() -> None:
    """The constants that come closest to the Gaussian bound, by another module; in the words, the
    time that has nearly all of it.
    """
    found = bound(TIMES, hypotheses=2, samples=1, law="gaussian", eigenvalue=2.0)
    kappa, w = adversarial_direction(TIMES, found.gamma, 2.0)
    assert found.kappa == pytest.approx(kappa)
    assert found.worst == pytest.approx(found.gamma * w**2)
    told = bound(TIMES, gamma=[0.01, 0.01, 0.01, 50.0, 0.01], hypotheses=2, samples=1).text
    assert "most at t = 0.7, and 90 % of it at 1 of the 5 times, within 0.7 to 0.7" in told


@pytest.mark.parametrize(
    ("size", "key"),
    [
        ({}, "hypotheses or log_hypotheses or parameters"),
        ({"hypotheses": 2, "parameters": 3, "samples": 4}, "hypotheses or"),
        ({"hypotheses": 2}, "samples or target"),
        ({"hypotheses": 2, "samples": 4, "law": "cauchy"}, "law"),
        ({"hypotheses": 2, "samples": 4, "law": "gaussian"}, "eigenvalue"),
        ({"hypotheses": 2, "samples": 4, "alpha": 1.0}, "alpha"),
        ({"parameters": 2, "samples": 4, "kurtosis": 3}, "kurtosis"),
        ({"hypotheses": 2, "target": 4, "kurtosis": 0.5}, "theta"),
        ({"hypotheses": 2, "target": 0.0}, "target"),
        ({"hypotheses": 2.5, "samples": 4}, "hypotheses"),
        ({"hypotheses": 2, "samples": 4, "gamma": [1.0, 2.0]}, "gamma"),
    ],
)
def test_refusals(size: dict[str, Any], key: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        bound(TIMES, **size)
    assert refused.value.key.startswith(key)


# --- the command ----------------------------------------------------------------------------------

FIELDS = "kappa kappa_universal samples risk_bound population_bound theorem_1 statement"


def test_the_command(call: Call) -> None:
    """The contract's fields, and the library's numbers; exit 0, nothing on standard error."""
    said = call(*shlex.split("bound --times 0.1:2:0.1 --hypotheses 1000 --samples 1e5 --json"))
    assert (said.code, said.err) == (0, "")
    found = json.loads(said.out)
    assert list(found) == FIELDS.split()
    times = np.arange(1, 21) / 10
    expected = bound(times, hypotheses=1000, samples=100_000)
    assert found == expected.to_json()
    factor = found["theorem_1"]
    assert factor.pop("constant") == "unknown"
    assert list(factor) == [str(d) for d in DIMENSIONS]
    assert list(factor.values()) == pytest.approx(kumar_2025_log_log(DIMENSIONS))
    plain = call(
        *shlex.split(
            "bound --times geom:0.1:2:9 --gamma 0.1 --law bounded --radius 2 --log-hypotheses 9"
            " --target 0.5 --kurtosis 3 --delta 0.01"
        )
    )
    assert plain.code == 0
    assert plain.out.startswith("With probability at least 0.99, the DSM minimiser over ")
    for word in ("fewer paths do not", "Where the worst error sits", "its constant is unknown"):
        assert word in plain.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--times x --hypotheses 2 --samples 3", "--times: 'x' is not a number"),
        ("--times 0.1:2 --hypotheses 2 --samples 3", "--times: wants start:end:step"),
        ("--times 0.1:2:0.3 --hypotheses 2 --samples 3", "--times: the step does not lead"),
        ("--times 0.2,0.1 --hypotheses 2 --samples 3", "--times: must be strictly increasing"),
        ("--times 1e-20 --hypotheses 2 --samples 3", "--times: must lie within 1e-15 … 300"),
        ("--times 0.1 --gamma 0 --hypotheses 2 --samples 3", "--gamma: must be positive"),
        ("--times 0.1 --hypotheses 2 --samples 3 --law gaussian", "--eigenvalue: must be given"),
        ("--times 0.1 --hypotheses 2 --samples 3 --radius 1", "--radius: says nothing about"),
        ("--times 0.1 --hypotheses 0 --samples 3", "--hypotheses: must be at least 1"),
        ("--times 0.1 --log-hypotheses -1 --samples 3", "--log-hypotheses: must not be negative"),
        ("--times 0.1 --log-hypotheses 1e308 --samples 3", "beyond the range of float64"),
        ("--times 0.1 --hypotheses 2 --samples 0", "--samples: must be at least 1, but is 0"),
        ("--times 0.1 --hypotheses 2 --samples 3 --kurtosis 3", "--samples: must be at least 23"),
        ("--times 0.1 --hypotheses 2 --samples 3 --delta 1", "--delta: must lie between 0 and 1"),
        ("--times 0.1 --hypotheses 2 --target nan", "--target: holds NaN or an infinity"),
        ("--times 0.1 --hypotheses 2 --target 1e-300 --kurtosis 1e299", "--target: is not reached"),
        ("--times 0.1 --hypotheses 2", "arguments --samples --target is required"),
        ("--times 0.1 --samples 2", "--hypotheses --log-hypotheses --parameters is required"),
        ("--times geom:1:2:9999 --hypotheses 2 --samples 1", "--times: holds 9999"),
        ("--hypotheses 2 --samples 1", "arguments are required: --times"),
    ],
)
def test_bad_usage(call: Call, words: str, says: str) -> None:
    """Exit 2 and one sentence that names the option."""
    said = call("bound", *words.split())
    assert (said.code, said.out) == (2, "")
    assert says in said.err and said.err.count("\n") == 1


# --- SPEC -----------------------------------------------------------------------------------------


def test_the_three_forms() -> None:
    """The numbers that one would write out, to the last bit; the end is one of them."""
    assert spec.times("0.1, 0.2,0.5") == (0.1, 0.2, 0.5)
    assert spec.times("0.1:2:0.1") == tuple(k / 10 for k in range(1, 21))
    assert spec.times("3:3:1") == (3.0,)
    progression = spec.times("geom:1e-3:3:40")
    assert (len(progression), progression[0], progression[-1]) == (40, 1e-3, 3.0)
    assert np.ptp(np.diff(np.log(progression))) < 1e-14
    assert spec.numbers("0.3,0.1,0.1", "gamma") == (0.3, 0.1, 0.1)


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "0.1,,0.2", "0.2,0.1", "0,1", "-1", "nan", "inf", "1e999", "1e-999"),
        *("0.1:2", "0.1:2:0.3", "2:0.1:0.1", "0.1:2:0", "0.1:2:-1", "1:2:3:4", "1e-9:1:1e-9"),
        *("geom:1:2", "geom:1:2:1", "geom:1:2:2.5", "geom:0:2:3", "geom:2:1:3", "geom:1:2:1e9"),
    ],
)
def test_what_is_no_spec(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        spec.times(text)
    assert refused.value.key == "times"
