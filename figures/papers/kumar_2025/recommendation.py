"""The recommendation: three sentences for whoever trains models, each filled from results and held by claims.

A sentence whose claims are not as expected in these results is withdrawn, and says which claim is to blame.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from figures.told import Findings, number


@dataclass(frozen=True)
class Sentence:
    """One sentence of the recommendation.

    Attributes
    ----------
    who : whom it is for, in a few words
    text : findings by figure → what to do
    claims : that hold it, by name
    """

    who: str
    text: Callable[[Mapping[str, Findings]], str]
    claims: tuple[str, ...]


def _share(found: Mapping[str, Findings], curve: str) -> str:
    """The joint risk of an estimator over denoising's, by theory, at the first Δ and the largest m of joint-time."""
    levels = found["beyond-basis"].levels
    spacing, m = levels[0].spacing, max(level.m for level in levels)
    here = {level.curve: level.value for level in levels if (level.spacing, level.m) == (spacing, m)}
    return number(here[curve] / here["DSM"], 2)


def _one_by_one(found: Mapping[str, Findings]) -> str:
    return (
        "bootstrap with the control-variate weight, which needs nothing of the data: it brings the joint "
        f"risk here to {_share(found, 'BSM')} of denoising's, and nowhere on the map was it shown to lose"
    )


def _together(found: Mapping[str, Findings]) -> str:
    return (
        "regress on each step's own noise, weighted by the inverse of its residual's variance: the joint "
        f"risk here falls to {_share(found, 'path fit')} of denoising's"
    )


def _networks(found: Mapping[str, Findings]) -> str:
    return (
        "train long enough before you bootstrap, and measure on held-out paths: from 30 iterations a step on "
        "it won here, at 3 and at 10 it lost a tenth"
    )


SENTENCES = (
    Sentence(
        "One noise draw for each datum, one level after another",
        _one_by_one,
        ("figure-3a-ratio", "map-bsm-never-loses"),
    ),
    Sentence(
        "One noise draw for each datum, all levels as one model of one covariance",
        _together,
        ("path-risk",),
    ),
    Sentence("Networks", _networks, ("figure-3b-settings", "figure-3b-short-training")),
)


def closing(found: Mapping[str, Findings], verdicts: Mapping[str, Mapping[str, Any]]) -> str:
    """The recommendation as Markdown.

    Parameters
    ----------
    found : what the figures found, by their names
    verdicts : by the claims' names, with the fields of `dimfree verify --json`
    """
    lines = [_line(one, found, verdicts) for one in SENTENCES]
    return (
        "### The recommendation in three sentences\n\n"
        + "\n".join(lines)
        + "\n\nAll of it is measured with one noise draw for each datum. Redrawing the noise is another way to "
        "less variance, and what bootstrapping is worth beside it is not measured here.\n\n"
    )


def _line(one: Sentence, found: Mapping[str, Findings], verdicts: Mapping[str, Mapping[str, Any]]) -> str:
    held = ", ".join(f"`{name}`" for name in one.claims)
    failed = [
        f"`{name}`"
        for name in one.claims
        if name not in verdicts or verdicts[name]["verdict"] != verdicts[name]["expected"]
    ]
    if failed:
        return f"- *{one.who}:* withdrawn, since {', '.join(failed)} is not as expected in these results."
    return f"- *{one.who}:* {one.text(found)} ({held})."
