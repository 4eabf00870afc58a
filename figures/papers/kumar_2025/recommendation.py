"""The recommendation: a few sentences for whoever trains models,
each filled from results and held by claims.

A sentence whose claims are not as expected in these results is withdrawn, and says which claim is
to blame.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from figures.papers.kumar_2025.beyond_averaging import gains
from figures.papers.kumar_2025.beyond_gradient import DIMENSION, times
from figures.told import Findings, at, number


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
    """The joint risk of an estimator over denoising's,
    by theory, at the first Δ and the largest m of joint-time.
    """
    levels = found["beyond-basis"].levels
    spacing, m = levels[0].spacing, max(level.m for level in levels)
    here = {
        level.curve: level.value for level in levels if (level.spacing, level.m) == (spacing, m)
    }
    return number(here[curve] / here["DSM"], 2)


def _one_by_one(found: Mapping[str, Findings]) -> str:
    return (
        "for linear scores of Gaussian data bootstrap with the control-variate weight. The mean "
        f"risk is at most denoising's, and the joint risk is {_share(found, 'BSM')} of it here. "
        "With other features it can lose"
    )


def _together(found: Mapping[str, Findings]) -> str:
    return (
        "regress on each step's own noise, weighted by the inverse of its residual's variance. "
        f"The joint risk here falls to {_share(found, 'path fit')} of denoising's"
    )


def _networks(found: Mapping[str, Findings]) -> str:
    return (
        "train long enough before you bootstrap, and measure on held-out paths. With one network a "
        "level the score gained from 30 iterations on and lost a tenth at 3 and at 10. With one "
        "network for all levels no gain was shown"
    )


def _worth(found: Mapping[str, Findings], estimator: str) -> str:
    """How many draws of denoising an estimator at one draw is worth, at each time of the figure."""
    rows = sorted(
        (r.t, r.redraws) for r in found["beyond-redraws"].worth if r.estimator == estimator
    )
    return ", ".join(number(redraws, 2 if redraws < 99.5 else 3) for _, redraws in rows)


def _few_draws(found: Mapping[str, Findings]) -> str:
    times = sorted({r.t for r in found["beyond-redraws"].worth})
    return (
        f"at t = {', '.join(f'{t:g}' for t in times)} bootstrapping is worth "
        f"{_worth(found, 'BSM')} draws of plain denoising, the path fit "
        f"{_worth(found, 'path fit')}. With K draws for both, the excess over the information "
        "bound is that many times smaller at every K"
    )


def _features(found: Mapping[str, Findings]) -> str:
    return (
        "draw again before you bootstrap: on the mixture here plain denoising with two draws was "
        "already better than bootstrapping with one"
    )


def _endless_draws(found: Mapping[str, Findings]) -> str:
    return (
        "denoise step by step. It is then the plug-in score of the data, as BSM and the path fit "
        "are, and the risk that is left is the information bound"
    )


def _gradient(found: Mapping[str, Findings]) -> str:
    f = found["beyond-gradient"]
    along = times(f)
    ends = [number(at(f, "sgd-order", d=DIMENSION, t=t, target="TB"), 2) for t in along]
    return (
        "bootstrap from a score at t' averaged over many iterates. At the same step it ends at "
        f"{ends[0]} (t = {along[0]:g}) to {ends[-1]} (t = {along[-1]:g}) of denoising's excess "
        "risk. From one iterate it can lose"
    )


def _candidates(found: Mapping[str, Findings]) -> str:
    ratios = gains(found["beyond-averaging"], "Q-aggregation")
    return (
        "average them by their held-out losses. With orthonormal candidates, one of them right, "
        f"the worst risk of the least loss is {number(min(ratios), 2)} to {number(max(ratios), 2)} "
        "times that of Q-aggregation. Its bound also holds, with factor 1, where none is right"
    )


def _one_draw(found: Mapping[str, Findings]) -> str:
    return (
        "fit one covariance to all levels: its joint risk here is "
        f"{_share(found, 'path fit')} of denoising's, where bootstrapping has "
        f"{_share(found, 'BSM')}"
    )


def _again(found: Mapping[str, Findings]) -> str:
    last = max(r.t for r in found["beyond-redraws"].worth)
    worth = _worth(found, "BSM").rpartition(" ")[2]
    return (
        f"draw it: at t = {last:g} bootstrapping is worth {worth} draws of plain denoising, and "
        "with endless draws nothing"
    )


def _training(found: Mapping[str, Findings]) -> str:
    return (
        "train long before you bootstrap, and average candidates by their held-out losses rather "
        "than pick one"
    )


IN_SHORT = (
    Sentence("One noise draw for each datum", _one_draw, ("path-risk", "figure-3a-ratio")),
    Sentence("Where noise can be drawn again", _again, ("redraws-worth", "redraws-plug-in")),
    Sentence("Networks", _training, ("figure-3b-short-training", "averaging-finite")),
)
"""At most thirty words each."""
SENTENCES = (
    Sentence(
        "One noise draw for each datum, one level after another",
        _one_by_one,
        ("every-m-population", "every-m-turned", "figure-3a-ratio"),
    ),
    Sentence(
        "One noise draw for each datum, all levels as one model of one covariance",
        _together,
        ("path-risk",),
    ),
    Sentence("A few noise draws for each datum", _few_draws, ("redraws-split", "redraws-worth")),
    Sentence("A few noise draws, features", _features, ("redraws-features",)),
    Sentence(
        "Endless noise draws, linear scores", _endless_draws, ("redraws-plug-in", "redraws-excess")
    ),
    Sentence(
        "Endless noise draws, a constant step",
        _gradient,
        ("sgd-order", "sgd-stationary", "sgd-frozen"),
    ),
    Sentence("Networks", _networks, ("figure-3b-settings", "figure-3b-short-training")),
    Sentence(
        "Several candidate scores",
        _candidates,
        ("averaging-finite", "q-aggregation-finite", "q-aggregation-bound", "pickers-outside"),
    ),
)


def closing(found: Mapping[str, Findings], verdicts: Mapping[str, Mapping[str, Any]]) -> str:
    """The recommendation as Markdown.

    Parameters
    ----------
    found : what the figures found, by their names
    verdicts : by the claims' names, with the fields of `dimfree verify --json`
    """
    short, lines = (
        "\n".join(_line(one, found, verdicts) for one in some) for some in (IN_SHORT, SENTENCES)
    )
    return (
        "### The recommendation, by noise draws\n\nIn three sentences:\n\n"
        f"{short}\n\nThe same for each case:\n\n{lines}"
        + "\n\nRedraws are measured for Gaussian data and linear scores fitted exactly, and "
        "for features on one mixture. For networks all is measured with one noise draw for each "
        "datum; what bootstrapping saves the optimiser of a network is not measured.\n\n"
    )


def _line(
    one: Sentence, found: Mapping[str, Findings], verdicts: Mapping[str, Mapping[str, Any]]
) -> str:
    held = ", ".join(f"`{name}`" for name in one.claims)
    failed = [
        f"`{name}`"
        for name in one.claims
        if name not in verdicts or verdicts[name]["verdict"] != verdicts[name]["expected"]
    ]
    if failed:
        return (
            f"- *{one.who}:* withdrawn, since {', '.join(failed)} is not as expected in these "
            "results."
        )
    return f"- *{one.who}:* {one.text(found)} ({held})."
