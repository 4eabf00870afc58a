"""The bounds for a grid of times and a class of laws, in one call: `dimfree bound`.

κ comes from bounds.kernels, the bounds from bounds.concentration (finite classes) and
bounds.risk_bounds (P parameters, population risk), each with its proof.
"""

import math
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh

from bounds import kernels, risk_bounds
from bounds.check import Array, InvalidInput, finite, increasing_times, positive, whole
from bounds.concentration import log_inverse, risk_bound
from bounds.process import weights as default_weights
from studies import spec

LAWS = ("log-concave", "gaussian", "strongly-log-concave", "bounded")
"""The classes of laws that have a κ here."""
PARAMETER = {"gaussian": "eigenvalue", "strongly-log-concave": "alpha", "bounded": "radius"}
"""What a class needs to be told."""
MOST_TIMES = 2000
"""κ of so many takes seconds, and eight times as long for twice as many."""
TIMES, LARGEST = (1e-15, 300.0), 1e50
"""Between which times, and up to which λ, α, R, the formulas stay inside float64."""
DIMENSIONS = (10, 100, 1000, 10_000, 100_000, 1_000_000)
"""Where Theorem 1's factor is shown."""


@dataclass(frozen=True)
class Bound:
    """What is known of the risk, for a class of laws on a grid.

    Attributes
    ----------
    times, gamma : shape (N,)
    kappa : of the class and the grid
    kappa_universal, kappa_schur : what bounds κ whatever the grid is, by max γ; None where the
        laws are not log-concave or a weight exceeds its gap
    samples : m, as given, or the fewest paths that bring the bound to the target
    risk_bound : on (1/m) Σ_i Σ_j γ_j |f̂ − s|², with probability at least 1 − δ
    population_bound : on E Σ_j γ_j |f̂ − s|² over a new path; None where no θ is given
    worst : shape (N,), the share of each time in the error that κ is the price of: the squares of
        the kernel's top eigenvector
    statement : what the numbers say, with all that is assumed
    """

    times: Array
    gamma: Array
    kappa: float
    kappa_universal: float | None
    kappa_schur: float | None
    samples: int
    risk_bound: float
    population_bound: float | None
    worst: Array
    statement: str

    def to_json(self) -> dict[str, Any]:
        """The fields of `dimfree bound --json`."""
        factor = {str(d): math.log(math.log(d)) for d in DIMENSIONS}
        return {
            "kappa": self.kappa,
            "kappa_universal": self.kappa_universal,
            "samples": self.samples,
            "risk_bound": self.risk_bound,
            "population_bound": self.population_bound,
            "theorem_1": {**factor, "constant": "unknown"},
            "statement": self.statement,
        }

    @property
    def text(self) -> str:
        """The same in plain sentences, with where the worst error sits."""
        t, n = self.times, self.times.size
        grid = f"t = {t[0]:g}" if n == 1 else f"{n} times from {t[0]:g} to {t[-1]:g}"
        lines = [self.statement, f"κ = {self.kappa:.6g} at {grid}."]
        if self.kappa_universal is not None:
            lines.append(
                "On every grid whose weights are at most its gaps and at most "
                f"{self.gamma.max():g}, κ ≤ {self.kappa_schur:.6g} = 1 + φ(max γ) "
                f"≤ {self.kappa_universal:.6g} = 2 e^(max γ), for log-concave laws."
            )
        if n > 1:
            order = np.argsort(self.worst)[::-1]
            most = order[: 1 + int(np.searchsorted(np.cumsum(self.worst[order]), 0.9))]
            lines.append(
                f"Where the worst error sits: most at t = {t[order[0]]:.4g}, and 90 % of it at "
                f"{most.size} of the {n} times, within {t[most].min():.4g} to {t[most].max():.4g}."
            )
        shown = ", ".join(f"{math.log(math.log(d)):.3g} at d = {d:,}" for d in DIMENSIONS)
        lines.append(
            "Theorem 1 of Kumar, Nagaraj, Sarkar 2025 has a log B with d in it, log log d in our "
            f"reading, where this bound has no d: {shown}; its constant is unknown."
        )
        return "\n".join(lines)


def bound(
    times: ArrayLike,
    *,
    gamma: ArrayLike | None = None,
    law: str = "log-concave",
    eigenvalue: float | None = None,
    alpha: float | None = None,
    radius: float | None = None,
    hypotheses: float | None = None,
    log_hypotheses: float | None = None,
    parameters: float | None = None,
    delta: float = 0.05,
    samples: float | None = None,
    target: float | None = None,
    kurtosis: float | None = None,
) -> Bound:
    """κ and the bounds that follow from it; or, for a target, the fewest paths that reach it.

    Parameters
    ----------
    times : shape (N,), increasing, positive, at most 2000
    gamma : γ, shape (N,), or one for all; None: t_j − t_{j−1} with t_0 = 0
    law : one of LAWS
    eigenvalue : the largest λ of the covariance of a Gaussian law
    alpha : −∇² log p_0 ≥ α I, of a strongly log-concave law
    radius : R of a bounded law: it keeps within an interval of length 2R in each direction
    hypotheses, log_hypotheses, parameters : |H|, or log|H|, or P, exactly one of them
    delta : δ, the probability that the bound fails
    samples, target : m, or what the bound shall come to; exactly one of them. With θ the target
        is that of the population risk.
    kurtosis : θ with E Y² ≤ θ (E Y)² for Y = Σ_j γ_j |f − s|² and all f of a finite class

    Raises
    ------
    InvalidInput
        If an input is missing, given beside another that excludes it, or out of range; if m is
        too small for a bound on the population risk.

    Notes
    -----
    Cost: (4/3) N³ flops for κ and its eigenvector. With P parameters and one time the bound holds
    for all features (`one_time_risk_bound`); with several times it is that of features of t alone
    (`parametric_risk_bound` at η = 0), and the statement says so.

    Examples
    --------
    >>> found = bound([0.4], hypotheses=20, samples=1000, gamma=[0.4])
    >>> round(found.kappa, 4), round(found.risk_bound, 4)
    (0.7264, 0.0348)
    """
    t, weights = _grid(times, gamma)
    size_given = _one_of(
        hypotheses=hypotheses, log_hypotheses=log_hypotheses, parameters=parameters
    )
    _one_of(samples=samples, target=target)
    kernel, laws = _kernel(t, weights, law, eigenvalue=eigenvalue, alpha=alpha, radius=radius)
    values, vectors = eigh(kernel, subset_by_index=[t.size - 1, t.size - 1])
    kappa = float(values[0])
    if parameters is not None:
        if kurtosis is not None:
            raise InvalidInput(
                "kurtosis", "bounds the population risk of finite classes, not of P parameters"
            )
        count = whole("parameters", parameters)

        def empirical(m: int) -> float:
            if t.size == 1:
                return risk_bounds.one_time_risk_bound(kappa, count, delta, m)
            return risk_bounds.parametric_risk_bound(kappa, count, delta, m)

        over = f"least squares over P = {count} parameters, s among them"
    else:
        size, over = _size(hypotheses, log_hypotheses)

        def empirical(m: int) -> float:
            return risk_bound(kappa, size, delta, m)

        over = f"the DSM minimiser over {over}, fixed before the data and s among them"

    def population(m: int) -> float:
        assert kurtosis is not None
        return risk_bounds.population_bound(kappa, size, delta, m, kurtosis)

    def sought(m: int) -> float:
        try:
            return population(m)
        except InvalidInput:  # m is too few for it, or so near to the fewest that 2θL rounds to 1
            return math.inf

    if samples is not None:
        m = whole("samples", samples)
    else:
        least = 1
        if kurtosis is not None:  # as many as a bound on the population risk needs at all
            population(10**300)  # refuses a θ below 1
            least = math.floor(2 * kurtosis * (size + log_inverse(delta))) + 1
        m = _fewest(empirical if kurtosis is None else sought, target, least)
    risk, beyond = empirical(m), None if kurtosis is None else population(m)
    if not (math.isfinite(risk) and (beyond is None or math.isfinite(beyond))):
        raise InvalidInput(size_given, "leads to a bound beyond the range of float64")
    statement = (
        f"With probability at least {1 - delta:.12g}, {over}, has Σ_j γ_j |f̂ − s|² ≤ {risk:.4g} "
        f"in the mean over its m = {m} training paths"
    )
    if beyond is not None:
        statement += (
            f", and ≤ {beyond:.4g} in the mean over a new path if E Y² ≤ {kurtosis:g} (E Y)² for "
            "Y = Σ_j γ_j |f − s|² and every f"
        )
    statement += f"; for {laws}"
    if parameters is not None:
        statement += (
            ", and all features"
            if t.size == 1
            else ", and features of t alone (for others P (1 + η)/(1 − η) stands for P, where "
            "their Gram matrix keeps within a share η of its mean)"
        )
    if target is not None:
        statement += f"; fewer paths do not bring the bound to {target:g}"
    condition = law != "bounded" and bool(
        np.all(weights <= np.diff(t, prepend=0.0) * (1 + 1e-12)) and weights.max() <= 700
    )
    return Bound(
        times=t,
        gamma=weights,
        kappa=kappa,
        kappa_universal=kernels.kappa_universal(weights) if condition else None,
        kappa_schur=kernels.kappa_schur(weights) if condition else None,
        samples=m,
        risk_bound=risk,
        population_bound=beyond,
        worst=np.asarray(vectors[:, 0] ** 2),
        statement=f"{statement}.",
    )


def _grid(times: ArrayLike, gamma: ArrayLike | None) -> tuple[Array, Array]:
    t = increasing_times("times", times)
    if t.size > MOST_TIMES:
        raise InvalidInput(
            "times", f"holds {t.size}, and κ, at a cost of N³, is for at most {MOST_TIMES}"
        )
    if t[0] < TIMES[0] or t[-1] > TIMES[1]:
        raise InvalidInput("times", f"must lie within {TIMES[0]:g} … {TIMES[1]:g}")
    if gamma is None:
        return kernels.grid_of(t, default_weights(t))
    weights = finite("gamma", gamma)
    return kernels.grid_of(t, np.full(t.size, weights) if weights.size == 1 else weights)


def _one_of(**given: float | None) -> str:
    """The name of the only one that is given, of several that exclude each other."""
    there = [name for name, value in given.items() if value is not None]
    if len(there) != 1:
        names = " or ".join(given)
        raise InvalidInput(names, f"exactly one must be given, not {len(there)}")
    return there[0]


def _kernel(t: Array, weights: Array, law: str, **given: float | None) -> tuple[Array, str]:
    """M of the class of laws, and the class in words."""
    if law not in LAWS:
        raise InvalidInput("law", f"{law!r} is not one of {', '.join(LAWS)}")
    needed = PARAMETER.get(law)
    for name, value in given.items():
        if name != needed and value is not None:
            raise InvalidInput(name, f"says nothing about {law} laws")
    if needed is None:
        return kernels.kernel_log_concave(t, weights), "every log-concave law in every dimension"
    told = given[needed]
    if told is None:
        raise InvalidInput(needed, f"must be given for {law} laws")
    number = positive(needed, told)
    if not 1 / LARGEST <= number <= LARGEST:
        raise InvalidInput(needed, f"must lie within {1 / LARGEST:g} … {LARGEST:g}")
    if law == "gaussian":
        words = f"every Gaussian law with eigenvalues of at most {number:g}"
        return kernels.kernel_gaussian(t, weights, number), words
    if law == "bounded":
        words = f"every law within an interval of length {2 * number:g} in each direction"
        return kernels.kernel_bounded(t, weights, number), words
    words = f"every law with −∇² log p_0 ≥ {number:g} I"
    return kernels.kernel_gaussian(t, weights, 1 / number), words


def _size(hypotheses: float | None, log_hypotheses: float | None) -> tuple[float, str]:
    """log|H|, and H in words."""
    if hypotheses is not None:
        count = whole("hypotheses", hypotheses)
        return math.log(count), f"{count} hypotheses"
    size = float(finite("log_hypotheses", log_hypotheses))
    return size, f"hypotheses with log|H| = {size:g}"


def _fewest(value: Callable[[int], float], target: float | None, least: int) -> int:
    """The smallest m ≥ `least` at which a bound that falls in m comes to the target."""
    wanted = positive("target", target)
    high = least
    while not value(high) <= wanted:
        high *= 2
        if high > 10**300:
            raise InvalidInput("target", "is not reached by any m within the range of float64")
    low = least - 1 if high == least else high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if value(middle) <= wanted else (middle, high)
    return high


# --- the command ----------------------------------------------------------------------------------

_OPTIONS = {
    "m": "--samples",
    "theta": "--kurtosis",
    "log_cardinality": "--log-hypotheses",
    "kappa": "--gamma",  # so small that κ is 0
}


def command(given: Namespace) -> Bound:
    """The bound that a command line asks for; refusals name its options."""
    try:
        return bound(
            spec.numbers(given.times, "times"),
            gamma=None if given.gamma is None else spec.numbers(given.gamma, "gamma"),
            **{
                name: getattr(given, name)
                for name in (
                    *("law", "eigenvalue", "alpha", "radius", "hypotheses", "log_hypotheses"),
                    *("parameters", "delta", "samples", "target", "kurtosis"),
                )
            },
        )
    except InvalidInput as error:
        name = _OPTIONS.get(error.key, f"--{error.key.replace('_', '-')}")
        raise InvalidInput(name, error.reason) from None
