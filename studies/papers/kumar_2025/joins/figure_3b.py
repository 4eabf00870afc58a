"""Figure 3b: shares and score errors of each setting, and densities of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from bounds.check import Array, InvalidInput
from studies.joined import Fact, Joined
from studies.papers.kumar_2025 import mixture_bootstrap
from studies.papers.kumar_2025.joins.settings import Run, run_of
from studies.summary import groups, half_width, ratio_of_means, summary
from studies.tables import Table

WORDS = {
    "helps": "the interval lies above 0",
    "hurts": "below it",
    "nothing": "it holds 0 and stays within ± 10 %",
    "undecided": "it does neither",
}


NOTHING = 0.1
"""How near to 0 an improvement of Figure 3b must be shown to be, relative to DSM's error, to count
as none.
"""


def _case(values: Mapping[str, Any]) -> str:
    """A setting of `mixture-bootstrap` in a few words."""
    trained = f", budget {values['budget']}" if values["budget"] else ""
    jointly = ", joint in t" if values["fit"] == "joint" else ""
    return (
        f"{values['learner']}{jointly}{trained}: d = {values['d']}, m = {values['m']}, π = "
        f"{values['minor']:g}, ± {values['separation']:g}, N = {values['steps']}"
    )


@dataclass(frozen=True)
class Mean:
    """A mean with its interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Gain:
    """The part of DSM's error that a method removes,
    its interval for all comparisons at once, and a word for it.
    """

    gain: float
    low: float
    high: float
    word: str


@dataclass(frozen=True)
class Training:
    """How a method's networks were trained: means over steps and training sets."""

    iterations: float
    loss: float
    converged: float


@dataclass(frozen=True)
class MethodFound:
    """What a method found in one setting.

    Attributes
    ----------
    share : of the minor mode
    error, estimation : mean |share − π|, and the root mean square of what the estimated scores add
        to it
    score : its score error over DSM's
    total_variation, wasserstein : of the drawn density to the truth
    gain : against DSM, of which there is none
    training : of its networks, where it has some
    """

    share: Mean
    error: float
    estimation: float
    score: float
    total_variation: float
    wasserstein: float
    gain: Gain | None
    training: Training | None


@dataclass(frozen=True)
class Setting:
    """What was found in one setting.

    Attributes
    ----------
    case : the setting in words
    learner, fit, budget : "features" or "network", one for each time ("step") or for all ("joint"),
        and the iterations or epochs of its training, 0 where there is none
    n, minor : training sets, and the minor mode's weight
    discretisation, initialisation, sample : parts of the share's error with exact scores, and the
        sample's own
    methods : by name, DSM first
    """

    case: str
    learner: str
    fit: str
    budget: int
    n: int
    minor: float
    discretisation: float
    initialisation: float
    sample: float
    methods: Mapping[str, MethodFound]

    @property
    def exact(self) -> float:
        """The share with exact scores."""
        return self.minor + self.discretisation + self.initialisation


@dataclass(frozen=True)
class Found:
    """What Figure 3b found."""

    run: Run
    settings: tuple[Setting, ...]
    shown: Setting
    comparisons: int
    words: Mapping[str, str]


@dataclass(frozen=True)
class Columns:
    """The rows of one setting, a column for each method and quantity."""

    case: Mapping[str, Any]
    rows: pd.DataFrame

    @cached_property
    def _values(self) -> Mapping[Any, Array]:
        of = groups(self.rows, ["method", "quantity"])
        return {key: rows["value"].to_numpy(dtype=np.float64) for key, rows in of}

    def __call__(self, method: str, quantity: str) -> Array:
        """The values, in the order of replicates; none, if there are none."""
        return self._values.get((method, quantity), np.empty(0))

    @property
    def methods(self) -> list[str]:
        """The methods that were tried."""
        return [m for m in mixture_bootstrap.METHODS if m in set(self.rows["method"])]


def improvement(dsm: Array, other: Array, comparisons: int) -> Gain:
    """1 − mean(other)/mean(dsm), paired, with an interval
    that holds for all comparisons at once; and its word.
    """
    ratio, se = ratio_of_means(other, dsm)
    half = half_width(se, dsm.size, comparisons)
    gain, low, high = 1 - ratio, 1 - ratio - half, 1 - ratio + half
    if low > 0:
        word = "helps"
    elif high < 0:
        word = "hurts"
    else:
        word = "nothing" if max(-low, high) < NOTHING else "undecided"
    return Gain(gain, low, high, word)


def _cases(table: Table) -> list[Columns]:
    """The settings, in the order of the config."""
    keys = list(mixture_bootstrap.KEYS)
    scalars = table.frame[table.frame["quantity"] != "density"].sort_values(
        "replicate", kind="stable"
    )
    found = {
        key: Columns(dict(zip(keys, key, strict=True)), rows) for key, rows in groups(scalars, keys)
    }
    order = [tuple(case[k] for k in keys) for case in table.manifest["config"]["cases"]]
    return sorted(found.values(), key=lambda one: order.index(tuple(one.case.values())))


def _method(column: Columns, method: str, comparisons: int) -> MethodFound:
    """What one method found in one setting."""
    minor, share, own = (
        float(column.case["minor"]),
        column(method, "share"),
        column("none", "sample"),
    )
    exact = column("none", "exact")[0]
    gain = None
    if method != "dsm":
        gain = improvement(
            np.abs(column("dsm", "share") - minor), np.abs(share - minor), comparisons
        )
    training = None
    if column.case["learner"] == "network":
        training = Training(
            *(float(column(method, q).mean()) for q in ("iterations", "loss", "converged"))
        )
    told = summary(pd.Series(share))
    return MethodFound(
        share=Mean(told["mean"], told["low"], told["high"]),
        error=float(np.mean(np.abs(share - minor))),
        estimation=float(np.sqrt(np.mean((share - exact - own + minor) ** 2))),
        score=float(column(method, "score-error").mean() / column("dsm", "score-error").mean()),
        total_variation=float(column(method, "total-variation").mean()),
        wasserstein=float(column(method, "wasserstein").mean()),
        gain=gain,
        training=training,
    )


def _setting(column: Columns, comparisons: int) -> Setting:
    """What all methods found in one setting.

    Raises
    ------
    InvalidInput
        If its first replicate is missing, which holds what is computed once.
    """
    name, minor, own = _case(column.case), float(column.case["minor"]), column("none", "sample")
    if column("none", "exact").size == 0:
        raise InvalidInput("cases", f"the first replicate of {name} is missing")
    exact, from_start = column("none", "exact")[0], column("none", "exact-start")[0]
    return Setting(
        case=name,
        learner=str(column.case["learner"]),
        fit=str(column.case["fit"]),
        budget=int(column.case["budget"]),
        n=own.size,
        minor=minor,
        discretisation=float(from_start - minor),
        initialisation=float(exact - from_start),
        sample=float(np.sqrt(np.mean((own - minor) ** 2))),
        methods={method: _method(column, method, comparisons) for method in column.methods},
    )


def _gains(settings: Sequence[Setting]) -> pd.DataFrame:
    """The improvements that are drawn, a row for each setting and method."""
    return pd.DataFrame(
        {
            "place": place,
            "method": method,
            "learner": setting.learner,
            "fit": setting.fit,
            "budget": setting.budget,
            "sets": setting.n,
            "score": found.score,
            "gain": found.gain.gain,
            "low": found.gain.low,
            "high": found.gain.high,
        }
        for place, setting in enumerate(settings)
        for method, found in setting.methods.items()
        if found.gain is not None and method in ("bsm", "bsm-half")
    )


def _densities(here: pd.DataFrame, n: int) -> pd.DataFrame:
    """Mean and quantiles of each drawn density over the training sets, and the truth."""
    drawn = here[here["method"].isin(["none", "exact", "dsm", "bsm"])]
    return pd.DataFrame(
        {
            "curve": "truth" if method == "none" else str(method),
            "x": x,
            "n": n,
            "value": float(group["value"].mean()),
            **dict(zip(("q05", "q95"), np.quantile(group["value"], (0.05, 0.95)), strict=True)),
        }
        for (method, x), group in groups(drawn, ["method", "x"])
    )


def figure_3b(table: Table) -> Joined:
    """Minor-mode share and score error of DSM and BSM at each setting;
    densities of one.

    Raises
    ------
    InvalidInput
        If no setting keeps its densities, none has a network of two budgets, or a first replicate
        is missing.
    """
    keys = list(mixture_bootstrap.KEYS)
    cases = _cases(table)
    comparisons = sum(len(column.methods) - 1 for column in cases)
    settings = [_setting(column, comparisons) for column in cases]
    budgets = {one.budget for one in settings if one.learner == "network"}
    pictured = table.frame[table.frame["quantity"] == "density"]
    if pictured.empty or len(budgets) < 2:
        raise InvalidInput(
            "cases", "Figure 3b needs one with densities, and a network of two budgets"
        )
    networks = pictured[pictured["learner"] == "network"]
    shown = dict(zip(keys, (networks if len(networks) else pictured)[keys].iloc[0], strict=True))
    at = next(setting for setting in settings if setting.case == _case(shown))
    here = pictured[np.logical_and.reduce([pictured[k] == v for k, v in shown.items()])]
    facts: dict[str, Fact] = {
        "case": at.case,
        "minor": at.minor,
        "n": at.n,
        "exact": at.exact,
        "sampler": mixture_bootstrap.SAMPLER,
        **{
            f"{m}-{k}": float(getattr(at.methods[m].share, k))
            for m in ("dsm", "bsm")
            for k in ("mean", "low", "high")
        },
    }
    tables = {
        "densities": _densities(here, at.n),
        "gains": _gains(settings),
    }
    run = run_of(table, "mixtures of two Gaussians")
    return Joined(tables, facts, Found(run, tuple(settings), at, comparisons, dict(WORDS)))
