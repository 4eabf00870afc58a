"""Figure 3b: what the reverse SDE draws with DSM and BSM scores of a mixture, and what
bootstrapping does to the minor mode's share and to the score.

The true density beside the drawn ones; at every setting how much of DSM's error of the share a
method removes, against its score error; and the same against the training budget.

Longer than 350 lines: three panels, their words and their sample data stand together.
"""

from typing import Any

import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from figures import style
from figures.data import Fact, FigureData
from figures.told import Figure, Findings, missing, number

CURVES = {"dsm": "DSM", "bsm": "BSM"}
RIVALS = {"bsm": "BSM, control-variate weight", "bsm-half": "BSM, weight 1/2"}
FILLS = {
    ("features", "step"): ("full", "features"),
    ("features", "joint"): ("full", "features"),
    ("network", "step"): ("none", "a network a step"),
    ("network", "joint"): ("bottom", "one network for all t"),
}
"""How a marker is filled, by learner and fit, and what that means."""


def checked(data: FigureData) -> dict[str, pd.DataFrame]:
    """The two tables after their checks, which are those that `draw` names."""
    frames = {
        "densities": data.table(
            "densities", ["curve", "x"], numbers=["x", "n", "value", "q05", "q95"], words=["curve"]
        ),
        "gains": data.table(
            "gains",
            ["place", "method"],
            numbers=["place", "budget", "gain", "low", "high"],
            positive=["sets", "score"],
            words=["method", "learner", "fit"],
        ),
    }
    densities, gains = frames.values()
    if set(densities["curve"]) != {"truth", "exact", *CURVES}:
        raise data.bad(
            "densities", "column curve must hold truth, exact, dsm and bsm, and nothing else"
        )
    if not set(gains["method"]) <= set(RIVALS):
        raise data.bad("gains", f"column method must hold {' and '.join(RIVALS)}, and nothing else")
    if not set(zip(gains["learner"], gains["fit"], strict=True)) <= set(FILLS):
        raise data.bad("gains", "must hold features and networks, fitted by step or jointly")
    if not (gains["budget"] > 0).any():
        raise data.bad("gains", "holds no network with a training budget")
    data.check_grid("densities", densities, ["curve"], "x")
    data.check_order("gains", gains, "low", "gain", "high")
    drawn = densities[densities["curve"].isin(list(CURVES))]
    if (drawn["q05"] > drawn["q95"]).any():
        raise data.bad("densities", "q05 lies above q95")
    return frames


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables
        densities: curve ("truth", "exact", "dsm", "bsm"), x, n, value (mean), q05, q95 (quantiles
        of replicates);
        gains: place (of the setting, from 0), method ("bsm", "bsm-half"), learner ("features",
        "network"), fit ("step", "joint"), budget (0 for features), sets (of training), score (its
        score error over DSM's), gain (share of DSM's mean absolute error of the minor mode's share
        that the method removes), low, high.
        Facts: case, minor, exact (its share), n, sampler, and mean, low,
        high of the share by DSM and BSM as "dsm-mean" and so on.

    Raises
    ------
    BadTable
        If a table or fact is missing or not finite; curves, methods, learners or fits are not those
        named; grids or replicate counts differ; no network has a budget; an estimate lies outside
        its interval.
    """
    frames = checked(data)
    densities, gains = frames.values()
    n = data.replicates({"densities": densities})
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 3.3), layout="constrained")
        first, second, third = figure.subplots(1, 3, width_ratios=[1.35, 1.0, 1.0])
        _density(first, data, densities)
        _scores(second, gains)
        _budgets(third, gains[gains["budget"] > 0])
        third.sharey(second)
        third.tick_params(labelleft=False)
        _key(figure, gains)
        style.letters(first, second, third)
        style.note(
            figure,
            f"(a) {data.fact('case')}; {data.fact('sampler')} from N(0, I), the density on a grid, "
            f"without sampling noise. Bands: 5 % to 95 % of n = {n} training sets; per cent: the "
            "minor mode's share, with 95 % intervals of its mean; ± is half the distance of the "
            f"modes. (b), (c) A mark for each setting and method, {_sets(gains)} training sets; "
            "bars: 95 % intervals of the ratio of mean errors, all of them at once. Above 0 "
            "bootstrapping takes from DSM's mean absolute error of the share, below 0 it adds. (c) "
            "Budget: iterations of L-BFGS (a network a step) or epochs of Adam (one for all t). "
            "Settings are ours; the paper's are unknown.",
        )
    return figure


def _sets(frame: pd.DataFrame) -> str:
    """The training sets behind each row, in words."""
    fewest, most = frame["sets"].min(), frame["sets"].max()
    return f"n = {fewest:g} to {most:g}" if most > fewest else f"n = {fewest:g}"


def _density(axes: Axes, data: FigureData, densities: pd.DataFrame) -> None:
    truth = densities[densities["curve"] == "truth"]
    shown = {
        "truth": (":", f"truth: {100 * data.number('minor'):.1f} %"),
        "exact": ("-.", f"exact scores: {100 * data.number('exact'):.1f} %"),
    }
    for curve, (dash, label) in shown.items():
        mine = densities[densities["curve"] == curve]
        axes.plot(
            mine["x"], mine["value"], color=style.INK, lw=1.0, ls=dash, gid=curve, label=label
        )
    for k, (curve, name) in enumerate(CURVES.items()):
        mine = densities[densities["curve"] == curve]
        share, low, high = (
            100 * data.number(f"{curve}-{part}") for part in ("mean", "low", "high")
        )
        axes.fill_between(
            mine["x"],
            mine["q05"],
            mine["q95"],
            color=style.COLOURS[k],
            alpha=0.25,
            lw=0,
            gid=f"band-{curve}",
        )
        axes.plot(
            mine["x"],
            mine["value"],
            color=style.COLOURS[k],
            ls=("-", "--")[k],
            gid=f"density-{curve}",
            label=f"{name}: {share:.1f} % [{low:.1f}, {high:.1f}]",
        )
    inside = truth.loc[truth["value"] > 1e-4 * truth["value"].max(), "x"]
    axes.set_xlim(inside.min(), inside.max())
    axes.set_ylim(0, 1.5 * densities["value"].max())  # the legend stands above the curves
    axes.set_xlabel("x  (dimensionless)")
    axes.set_ylabel("density at t₁")
    axes.set_title("drawn density", loc="left")
    axes.legend(loc="upper right", handlelength=1.6)


def _marks(axes: Axes, x: pd.Series, gains: pd.DataFrame, method: str) -> None:
    """One method's marks with their intervals, filled by what was fitted."""
    k = list(RIVALS).index(method)
    colour = style.COLOURS[k + 1]
    axes.vlines(
        x, gains["low"], gains["high"], color=colour, lw=1.1, alpha=0.6, gid=f"interval-{method}"
    )
    for (learner, fit), mine in gains.groupby(["learner", "fit"]):
        axes.plot(
            x[mine.index],
            mine["gain"],
            style.MARKERS[k + 1],
            color=colour,
            mfcalt="white",
            fillstyle=FILLS[str(learner), str(fit)][0],
            mew=0.7,
            gid=f"gain-{method}-{learner}-{fit}",
        )


def _scores(axes: Axes, gains: pd.DataFrame) -> None:
    """Every setting: what the share wins against what the score loses."""
    axes.axhline(0.0, color=style.FAINT, lw=0.5)
    axes.axvline(1.0, color=style.FAINT, lw=0.5)
    for method in RIVALS:
        mine = gains[gains["method"] == method]
        _marks(axes, mine["score"], mine, method)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator([0.5, 1, 2, 5]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("score error / DSM's")
    axes.set_ylabel("error of the share removed")
    axes.margins(y=0.12)
    axes.set_title("share and score", loc="left")
    for x, words, side in ((0.03, "← better", "left"), (0.97, "worse →", "right")):
        axes.text(x, 0.02, words, transform=axes.transAxes, ha=side, fontsize=style.SMALLEST_FONT)


def _budgets(axes: Axes, gains: pd.DataFrame) -> None:
    """The networks: what the share wins against how long they were trained."""
    axes.axhline(0.0, color=style.FAINT, lw=0.5)
    for method in RIVALS:
        mine = gains[gains["method"] == method]
        # A little aside, so that one interval does not hide another of the same budget.
        twins = mine.groupby("budget").cumcount() + (method != "bsm") * 3
        _marks(axes, mine["budget"] * 1.13**twins, mine, method)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(sorted(gains["budget"].unique())))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("training budget")
    axes.set_title("training of the networks", loc="left")


def _key(figure: matplotlib.figure.Figure, gains: pd.DataFrame) -> None:
    """What markers and their fillings mean."""
    keys = [
        Line2D([], [], color=style.COLOURS[k + 1], marker=style.MARKERS[k + 1], ls="", label=name)
        for k, (method, name) in enumerate(RIVALS.items())
        if method in set(gains["method"])
    ]
    present = set(zip(gains["learner"], gains["fit"], strict=True))
    fills = dict(FILLS[one] for one in FILLS if one in present)
    for fill, name in fills.items():
        look: dict[str, Any] = {"marker": "o", "fillstyle": fill, "mfcalt": "white", "mew": 0.7}
        keys.append(Line2D([], [], color=style.FAINT, ls="", label=name, **look))
    figure.legend(handles=keys, loc="outside upper center", ncols=3, columnspacing=1.2)


def sample() -> FigureData:
    """Two methods, four settings of features and three of networks, and densities that differ by a
    shift.
    """
    x = np.linspace(-3.0, 3.0, 25)
    p = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    curves = {
        "bsm": 1.1 * p + 0.01,
        "dsm": 0.9 * p + 0.02,
        "exact": 1.0 * p + 0.03,
        "truth": p + 0.04,
    }
    densities = [
        pd.DataFrame({"curve": c, "x": x, "n": 60, "value": v, "q05": 0.9 * v, "q95": 1.2 * v})
        for c, v in curves.items()
    ]
    settings = [("features", "step", 0)] * 4
    settings += [("network", "step", 3), ("network", "step", 30), ("network", "joint", 30)]
    gains = [
        {"place": k, "method": m, "learner": learner, "fit": fit, "budget": budget, "sets": 60 + k}
        | {"score": score * (1 + 0.02 * k), "gain": gain, "low": gain - 0.1, "high": gain + 0.2}
        for k, (learner, fit, budget) in enumerate(settings)
        for m, gain, score in (("bsm", 0.03 * k - 0.05, 0.7), ("bsm-half", 0.2 - 0.1 * k, 2.3))
    ]
    tables = {
        "densities": pd.concat(densities),
        "gains": pd.DataFrame(gains),
    }
    facts: dict[str, Fact] = {
        "case": "network: m = 77",
        "sampler": "ancestral",
        "n": 60,
    }
    facts |= {"minor": 0.15, "exact": 0.1712}
    facts |= {
        f"{m}-{k}": v for m, s in (("dsm", 0.1), ("bsm", 0.12)) for k, v in _interval(s).items()
    }
    return FigureData("figure-3b", tables, facts)


def _interval(mean: float) -> dict[str, float]:
    return {"mean": mean, "low": mean - 0.013, "high": mean + 0.017}


def _ran(f: Findings) -> str:
    return (
        f"Study `{f.run.study}`: two Gaussians, {len(f.settings)} settings listed below. "
        "Euler-Maruyama from N(0, I) over t_j = Δ j up to 3, the drawn density on a grid. Up to "
        f"{f.run.replicates} training sets a setting and method, seed {f.run.seed}; code "
        f"{f.run.code}.{missing(f.run)}"
    )


def _found(f: Findings) -> str:
    shown, dsm, bsm = f.shown, *(f.shown.methods[m] for m in ("dsm", "bsm"))
    names = {
        "bsm": "BSM",
        "bsm-half": "BSM, w = 1/2",
        "local": "T3 alone",
        "bsm-optimal": "BSM, estimated risk-optimal w",
        "wrong-level": "decoy: from the wrong level",
    }
    share = (
        f"The picture shows {shown.case} (± is half the distance of the modes). Over {shown.n} "
        f"training sets a method, the minor mode of weight {number(100 * shown.minor)} % gets a "
        f"share of {number(100 * dsm.share.mean)} % [{number(100 * dsm.share.low)}, "
        f"{number(100 * dsm.share.high)}] with DSM and {number(100 * bsm.share.mean)} % "
        f"[{number(100 * bsm.share.low)}, {number(100 * bsm.share.high)}] with BSM scores; "
        f"bootstrapping there: **{bsm.gain.word}**."
    )
    counted = []
    for method, name in names.items():
        words = [s.methods[method].gain.word for s in f.settings if method in s.methods]
        if words:
            tally = ", ".join(f"{word} in {words.count(word)}" for word in f.words if word in words)
            counted.append(f"{name}: {tally} of {len(words)}")
    meaning = "; ".join(f"*{word}*, {text}" for word, text in f.words.items())
    verdict = (
        "Improvement is the part of DSM's mean |share − π| that the method removes, paired over "
        f"training sets. Its intervals hold for all {f.comparisons} comparisons at once at "
        f"95 %. The words: {meaning}. {'. '.join(counted)}."
    )
    rows = [
        "| setting | n | method | share, % | error | improvement, % | word | score error over "
        "DSM's |",
        "|---|---|---|---|---|---|---|---|",
    ]
    parts = [
        "| setting | discretisation | initialisation | sample | estimation, DSM | BSM | w = 1/2 | "
        "TV, DSM | BSM |"
        " W1, DSM | BSM |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    trained = [
        "| setting | method | steps taken | loss | stopped by itself, % |",
        "|---|---|---|---|---|",
    ]
    for s in f.settings:
        by = s.methods
        for method, v in by.items():
            gain = (
                f"{number(100 * v.gain.gain, 2)} [{number(100 * v.gain.low, 2)}, "
                f"{number(100 * v.gain.high, 2)}] | {v.gain.word}"
                if v.gain is not None
                else "— | —"
            )
            rows.append(
                f"| {s.case} | {s.n} | {names.get(method, 'DSM')} | {number(100 * v.share.mean)} | "
                f"{number(100 * v.error, 2)} | {gain} | {number(v.score)} |"
            )
            if v.training is not None:
                trained.append(
                    f"| {s.case} | {names.get(method, 'DSM')} | {number(v.training.iterations)} | "
                    f"{number(v.training.loss)} | {number(100 * v.training.converged, 2)} |"
                )
        half = number(100 * by["bsm-half"].estimation, 2) if "bsm-half" in by else "—"
        parts.append(
            f"| {s.case} | {number(100 * s.discretisation, 2)} | "
            f"{number(100 * s.initialisation, 2)} | {number(100 * s.sample, 2)} | "
            f"{number(100 * by['dsm'].estimation, 2)} | {number(100 * by['bsm'].estimation, 2)} | "
            f"{half} | "
            + " | ".join(
                number(getattr(by[m], q), 2)
                for q in ("total_variation", "wasserstein")
                for m in ("dsm", "bsm")
            )
            + " |"
        )
    return "\n\n".join(
        [
            share,
            verdict,
            "\n".join(rows),
            "*Where the error comes from*, in per cent of mass: share − π is a sum. Its "
            "parts are discretisation and initialisation (exact scores; signed), the training "
            "sample's own share − π and estimation (both root mean square). TV and W1 are to the "
            "truth at t_1, W1 in the plane a lower bound (the largest over 16 projections).",
            "\n".join(parts),
            "*Training of the networks* (two hidden layers of 16, tanh): L-BFGS iterations a step, "
            "or epochs of Adam.",
            "\n".join(trained),
        ]
    )


def _trained(f: Findings) -> list[Findings]:
    """The settings of a network for each time."""
    return [s for s in f.settings if (s.learner, s.fit) == ("network", "step")]


def _change(method: Findings) -> str:
    """Of the error of the share against DSM's, in per cent."""
    return number(-100 * method.gain.gain, 2)


def _headline(f: Findings) -> str:
    base = f.settings[0]
    half = base.methods["bsm-half"]
    return (
        f"Bootstrapping changes the error of a mixture's minor share by "
        f"{_change(base.methods['bsm'])} %; weight one half by {_change(half)} %, at "
        f"{number(half.score)} times the score error."
    )


def _alt(f: Findings) -> str:
    shown = f.shown
    shares = [f"{number(100 * shown.methods[m].share.mean)} %" for m in ("dsm", "bsm")]
    scores = {
        method: [s.methods[method].score for s in f.settings if method in s.methods]
        for method in RIVALS
    }
    plain, half = (f"{number(min(v), 2)} to {number(max(v), 2)}" for v in scores.values())
    return (
        "(a) The density of a mixture of two Gaussians beside those drawn with DSM and BSM scores, "
        f"which lie on top of each other: the minor mode of weight {number(100 * shown.minor)} % "
        f"gets {shares[0]} and {shares[1]}. (b) For each setting the part of DSM's error of the "
        f"share that bootstrapping removes, against the score error over DSM's: {plain} with the "
        f"control-variate weight, {half} with weight 1/2. (c) The same part against the training "
        "budget of networks."
    )


FIGURE = Figure(
    name="figure-3b",
    paper="kumar_2025",
    title="The minor mode's share with DSM and BSM scores of a mixture, and the price in the score",
    studies=("mixture-bootstrap",),
    draw=draw,
    sample=sample,
    heading="Figure 3b: the minor mode's share",
    shows="A mixture of Gaussians, the score represented by a 3-layer network, the density drawn "
    "by the reverse SDE; with bootstrapping the minor mode gets its fair share (caption).",
    unknown="The mixture: its dimension, weights, means and covariances; m, N, Δ; the network's "
    "width, activation, optimiser and budget, and whether there is one for each t; Algorithm 1's "
    "weights; how many training sets the picture stands for; what share is fair. Where the verdict "
    "below differs from the caption, it may be the setting.",
    claims=(
        "figure-3b-share",
        "mixture-bsm-score",
        "bsm-share-little",
        "half-weight-share",
        "half-weight-score",
        "wrong-level-score",
        "wrong-level-bias",
        "least-variance-weight",
        "least-variance-value",
        "figure-3b-settings",
        "figure-3b-short-training",
        "exact-share",
    ),
    headline=_headline,
    found=_found,
    ran=_ran,
    alt=_alt,
)
