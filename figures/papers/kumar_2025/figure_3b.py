"""Figure 3b: what the reverse SDE draws with DSM
and BSM scores of a mixture, and the minor mode's share of it.

The true density beside the drawn ones, the share against the training budget, and the improvement
of the share by bootstrapping at every setting.

Longer than 350 lines: three panels, their words and their sample data stand together.
"""

from itertools import product

import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator, PercentFormatter

from figures import style
from figures.data import Fact, FigureData
from figures.told import Figure, Findings, missing, number

CURVES = {"dsm": "DSM", "bsm": "BSM"}
RIVALS = {"bsm": "BSM, control-variate weight", "bsm-half": "BSM, weight 1/2"}
FITS = {"step": "a network a step", "joint": "one network for all t"}


def checked(data: FigureData) -> dict[str, pd.DataFrame]:
    """The three tables after their checks, which are those that `draw` names."""
    frames = {
        "densities": data.table(
            "densities", ["curve", "x"], numbers=["x", "n", "value", "q05", "q95"], words=["curve"]
        ),
        "budgets": data.table(
            "budgets",
            ["fit", "method", "budget"],
            numbers=["exact", "low"],
            positive=["budget", "sets", "share", "high"],
            words=["fit", "method"],
        ),
        "gains": data.table(
            "gains",
            ["place", "method"],
            numbers=["place", "gain", "low", "high"],
            positive=["sets"],
            words=["method", "case"],
        ),
    }
    densities, budgets, gains = frames.values()
    if set(densities["curve"]) != {"truth", "exact", *CURVES}:
        raise data.bad(
            "densities", "column curve must hold truth, exact, dsm and bsm, and nothing else"
        )
    if set(budgets["method"]) != set(CURVES) or not set(budgets["fit"]) <= set(FITS):
        raise data.bad(
            "budgets", "must hold dsm and bsm, fitted by step or jointly, and nothing else"
        )
    if not set(gains["method"]) <= set(RIVALS):
        raise data.bad("gains", f"column method must hold {' and '.join(RIVALS)}, and nothing else")
    data.check_grid("densities", densities, ["curve"], "x")
    for _, mine in budgets.groupby("fit"):
        data.check_grid("budgets", mine, ["method"], "budget")
    data.check_order("budgets", budgets, "low", "share", "high")
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
        budgets: fit ("step", "joint"), method ("dsm", "bsm"), budget, sets (of training), share
        (mean), low, high (95 % interval), exact (share with exact scores);
        gains: place (of the setting, from 0), case (what of it differs), method ("bsm",
        "bsm-half"), sets (of training), gain (share of DSM's mean absolute error that bootstrapping
        removes), low, high.
        Facts: case, base (the first setting), minor, exact (its share), n, sampler, and mean, low,
        high of the share by DSM and BSM as "dsm-mean" and so on.

    Raises
    ------
    BadTable
        If a table or fact is missing or not finite; curves, methods or fits are not those named;
        grids or replicate counts differ; an estimate lies outside its interval.
    """
    frames = checked(data)
    densities, budgets, gains = frames.values()
    n = data.replicates({"densities": densities})
    minor = data.number("minor")
    cases = gains.drop_duplicates("place")
    with style.look():
        height = 4.2 + 0.155 * len(cases)
        figure = matplotlib.figure.Figure(
            figsize=(style.DOUBLE_COLUMN, height), layout="constrained"
        )
        ratios = [2.9, 0.6 + 0.155 * len(cases)]
        top, bottom = np.asarray(figure.subfigures(2, 1, height_ratios=ratios)).tolist()
        left, right = top.subplots(1, 2, width_ratios=[1.35, 1.0])
        _density(left, data, densities)
        _budget(right, budgets, minor)
        _gains(bottom.subplots(), gains, cases)
        style.note(
            figure,
            f"Above left: {data.fact('case')}; {data.fact('sampler')} from N(0, I), the density on "
            f"a grid, without sampling noise. Bands: 5 % to 95 % of n = {n} training sets; bars: "
            "95 % intervals of the mean; below, of the ratio of mean errors, all of them at once. "
            "Budget: iterations of L-BFGS (a network a step) or epochs of Adam (one for all t). ± "
            f"is half the distance of the modes. Below, what differs from {data.fact('base')}. "
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
        "truth": (":", f"truth: share {100 * data.number('minor'):.1f} %"),
        "exact": ("-.", f"exact scores, the same steps: {100 * data.number('exact'):.1f} %"),
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
    axes.set_ylim(0, None)
    axes.set_xlabel("x  (dimensionless)")
    axes.set_ylabel("density at t₁")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1))


def _budget(axes: Axes, budgets: pd.DataFrame, minor: float) -> None:
    axes.axhline(100 * minor, color=style.INK, lw=1.0, ls=":", gid="weight", label="true weight")
    axes.axhline(
        100 * budgets["exact"].iloc[0],
        color=style.FAINT,
        lw=0.7,
        gid="exact",
        label="exact scores, N steps",
    )
    for fit, method in product(FITS, CURVES):
        mine = budgets[(budgets["fit"] == fit) & (budgets["method"] == method)]
        if mine.empty:
            continue
        k = list(CURVES).index(method)
        joint = fit == "joint"
        # A hair aside, so that one interval does not hide the other.
        place = mine["budget"] * 1.06 ** (2 * joint + k)
        axes.vlines(
            place,
            100 * mine["low"],
            100 * mine["high"],
            color=style.COLOURS[k],
            lw=1.6,
            gid=f"interval-{fit}-{method}",
        )
        axes.plot(
            place,
            100 * mine["share"],
            style.MARKERS[k],
            ls="--" if joint else "-",
            lw=0.8,
            color=style.COLOURS[k],
            mfc="white" if joint else style.COLOURS[k],
            gid=f"share-{fit}-{method}",
            label=f"{CURVES[method]}, {FITS[fit]}",
        )
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(sorted(budgets["budget"].unique())))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(PercentFormatter(decimals=0))
    axes.set_xlabel("training budget")
    axes.set_ylabel(f"minor mode's share ({_sets(budgets)})")
    axes.legend(loc="lower left", bbox_to_anchor=(-0.1, 1))


def _gains(axes: Axes, gains: pd.DataFrame, cases: pd.DataFrame) -> None:
    axes.axvline(0.0, color=style.FAINT, lw=0.5)
    for k, (method, name) in enumerate(RIVALS.items()):
        mine = gains[gains["method"] == method]
        if mine.empty:
            continue
        place = mine["place"] + (-0.18, 0.18)[k]
        colour = style.COLOURS[k + 1]
        axes.hlines(
            place, mine["low"], mine["high"], color=colour, lw=1.6, gid=f"interval-{method}"
        )
        axes.plot(
            mine["gain"],
            place,
            style.MARKERS[k + 1],
            color=colour,
            ms=3.2,
            gid=f"gain-{method}",
            label=f"{name} ({_sets(mine)})",
        )
    axes.set_yticks(cases["place"], cases["case"])
    axes.set_ylim(cases["place"].max() + 0.6, cases["place"].min() - 0.6)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("DSM's mean absolute error of the share removed (left of 0: added)")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)


def sample() -> FigureData:
    """Two methods over three budgets and two fits,
    four settings, and densities that differ by a shift.
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
    budgets = [
        {
            "fit": f,
            "method": m,
            "budget": b,
            "sets": 40 + 7 * b // 3,
            "share": share,
            "low": 0.95 * share,
            "high": 1.04 * share,
        }
        | {"exact": 0.164}
        for f, rise in (("joint", 0.01), ("step", 0.0))
        for m, more in (("bsm", 0.002), ("dsm", 0.0))
        for b, share in ((3, 0.14 + rise + more), (30, 0.16 + rise - more))
    ]
    gains = [
        {"place": k, "case": f"features, m = {100 * k}", "method": m, "sets": 60 + k, "gain": gain}
        | {"low": gain - 0.1, "high": gain + 0.2}
        for k in range(4)
        for m, gain in (("bsm", 0.03 * k - 0.05), ("bsm-half", 0.2 - 0.1 * k))
    ]
    tables = {
        "densities": pd.concat(densities),
        "budgets": pd.DataFrame(budgets),
        "gains": pd.DataFrame(gains),
    }
    facts: dict[str, Fact] = {
        "case": "network: m = 77",
        "base": "features: m = 0",
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
        f"Study `{f.run.study}`: two Gaussians, {len(f.settings)} settings listed below; "
        "Euler-Maruyama from N(0, I) over t_j = Δ j up to 3, the drawn density on a grid; up to "
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
        f"training sets, with intervals that hold for all {f.comparisons} comparisons at once at "
        f"95 %: {meaning}. {'; '.join(counted)}."
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
            "*Where the error comes from*, in per cent of mass: share − π is the sum of "
            "discretisation and initialisation (exact scores; signed), of the training sample's "
            "own share − π and of estimation (both root mean square). TV and W1 are to the truth "
            "at t_1, W1 in the plane a lower bound (the largest over 16 projections).",
            "\n".join(parts),
            "*Training of the networks* (two hidden layers of 16, tanh): L-BFGS iterations a step, "
            "or epochs of Adam.",
            "\n".join(trained),
        ]
    )


def _headline(f: Findings) -> str:
    shares = [number(100 * f.shown.methods[m].share.mean) for m in ("dsm", "bsm")]
    return (
        f"Bootstrapping hardly moves the minor mode's share: {shares[0]} % without, {shares[1]} % "
        f"with it, for a true weight of {number(100 * f.shown.minor)} %."
    )


def _alt(f: Findings) -> str:
    shown = f.shown
    shares = [f"{number(100 * shown.methods[m].share.mean)} %" for m in ("dsm", "bsm")]
    return (
        "The density of a mixture of two Gaussians beside those drawn with DSM and BSM scores, "
        f"which lie on top of each other: the minor mode of weight {number(100 * shown.minor)} % "
        f"gets {shares[0]} and {shares[1]}. Beside it the share against the training budget; "
        "below, for each setting, the part of DSM's error of the share that bootstrapping "
        "removes, with intervals."
    )


FIGURE = Figure(
    name="figure-3b",
    paper="kumar_2025",
    title="The minor mode's share with DSM and BSM scores of a mixture",
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
