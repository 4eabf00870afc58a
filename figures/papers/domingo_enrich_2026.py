"""The noise of targets for a tilted law against time, over all times, and of an adjoint whose base
has two modes.
"""

from math import exp
from typing import Literal

import matplotlib.figure
import pandas as pd
from matplotlib.axes import Axes

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, at, number, ran

TARGETS = {"csm": "CSM", "tsm": "TSM", "nsm": "NSM"}
LAW = "skewed"


def _modes(law: str) -> float:
    """a of a law that is named "a=…"."""
    return float(law.partition("=")[2])


def _label(
    axes: Axes,
    word: str,
    place: tuple[float, float],
    beside: tuple[float, float],
    colour: tuple[float, float, float],
    side: Literal["left", "right"] = "left",
) -> None:
    """A word beside a point."""
    axes.annotate(word, place, beside, textcoords="offset points", color=colour, ha=side)


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables with measured: tilt-target-variance (law, t, target), tilt-best-variance (law,
        start, t) and adjoint-variance (t), with predicted as well; tilt-csm-information (law,
        start), tilt-tsm-integral (end), tilt-csm-training-set, tilt-nsm-deficit and
        tilt-mixture-deficit (law), adjoint-explosion (a)

    Raises
    ------
    BadTable
        If a table is missing or not finite, lacks what is drawn, or a number is not positive.
    """
    each = data.table(
        "tilt-target-variance",
        ["law", "t", "target"],
        positive=["t", "measured", "predicted"],
        words=["law", "target"],
    )
    mixed = data.table(
        "tilt-best-variance",
        ["law", "start", "t"],
        numbers=["start"],
        positive=["t", "measured", "predicted"],
        words=["law"],
    )
    adjoint = data.table("adjoint-variance", ["t"], positive=["t", "measured", "predicted"])
    early = data.table(
        "tilt-csm-information", ["law", "start"], positive=["start", "measured"], words=["law"]
    )
    late = data.table("tilt-tsm-integral", ["end"], positive=["end", "measured"])
    explosion = data.table("adjoint-explosion", ["a"], positive=["a", "measured"])
    whole = {
        name: data.table(name, ["law"], positive=["measured"], words=["law"])
        for name in ("tilt-nsm-deficit", "tilt-mixture-deficit")
    }
    atoms = data.table("tilt-csm-training-set", ["measured"], positive=["measured"])

    def only(name: str, frame: pd.DataFrame, **where: object) -> pd.DataFrame:
        for key, value in where.items():
            frame = frame[frame[key] == value]
        if frame.empty:
            raise data.bad(name, f"lacks the rows with {where}")
        return frame

    colours = dict(zip(("csm", "tsm", "nsm", "mix", "am"), style.COLOURS, strict=False))
    markers = dict(zip(colours, style.MARKERS, strict=False))
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 2.9), layout="constrained")
        first, second, third = figure.subplots(1, 3)
        look = {"ms": 3.0, "mec": "white", "mew": 0.3}

        curves = {key: only("tilt-target-variance", each, law=LAW, target=key) for key in TARGETS}
        curves["mix"] = only("tilt-best-variance", mixed, law=LAW, start=0.0)
        curves["am"] = adjoint
        names = {**TARGETS, "mix": "best mixture", "am": "adjoint, base N(0, 3)"}
        for key, frame in curves.items():
            first.plot(frame["t"], frame["predicted"], color=colours[key], gid=f"theory-{key}")
            first.plot(
                frame["t"],
                frame["measured"],
                markers[key],
                color=colours[key],
                gid=f"variance-{key}",
                label=names[key],
                **look,
            )
        first.set_xlabel("time t")
        first.set_title("variance of a target", loc="left")

        mine = only("tilt-csm-information", early, law=LAW)
        second.plot(
            mine["start"], mine["measured"], "o-", color=colours["csm"], gid="early", **look
        )
        second.plot(late["end"], late["measured"], "s-", color=colours["tsm"], gid="late", **look)
        span = [float(mine["start"].min()), float(late["end"].max())]
        for key, name, beside in (
            ("nsm", "tilt-nsm-deficit", 2),
            ("mix", "tilt-mixture-deficit", -9),
        ):
            value = float(only(name, whole[name], law=LAW)["measured"].iloc[0])
            second.plot(span, [value] * 2, "-", color=colours[key], gid=f"whole-{key}")
            _label(second, names[key], (span[1], value), (0, beside), colours[key], "right")
        points = float(atoms["measured"].max())
        count = round(exp(points))
        second.plot(span, [points] * 2, ":", color=colours["csm"], gid="whole-points")
        top, peak = (float(frame["measured"].max()) for frame in (mine, late))
        second.set_ylim(0.3 * value, 2 * peak)  # room for a word under the lowest line
        _label(second, "CSM from t", (span[0], top), (2, 4), colours["csm"])
        _label(second, f"CSM, {count} points", (span[1], points), (0, 2), colours["csm"], "right")
        _label(second, "TSM to t", (span[1], peak), (-10, -4), colours["tsm"], "right")
        second.set_xlabel("t, where the integral starts or ends")
        second.set_title("its integral over time", loc="left")

        third.plot(
            explosion["a"],
            explosion["measured"],
            f"{markers['am']}-",
            color=colours["am"],
            gid="explosion",
            **look,
        )
        modes = early[early["law"].str.startswith("a=")]
        modes = modes.assign(a=modes["law"].map(_modes)).sort_values("a")
        if modes.empty:
            raise data.bad("tilt-csm-information", "lacks the laws of two modes")
        novel = whole["tilt-nsm-deficit"]
        novel = novel[novel["law"].str.startswith("a=")]
        novel = novel.assign(a=novel["law"].map(_modes)).sort_values("a")
        for key, frame in (("csm", modes), ("nsm", novel)):
            third.plot(
                frame["a"],
                frame["measured"],
                f"{markers[key]}-",
                color=colours[key],
                gid=f"modes-{key}",
                **look,
            )
            place = (float(frame["a"].iloc[0]), float(frame["measured"].iloc[0]))
            _label(third, names[key], place, (2, 4), colours[key])
        most = explosion.iloc[-1]
        _label(third, "adjoint", (most["a"], most["measured"]), (-8, -4), colours["am"], "right")
        third.set_xlabel("modes of the base at ±a")
        third.set_title("integral, base of two modes", loc="left")
        for axes in (first, second):
            axes.set_xscale("log")
        for axes in (first, second, third):
            axes.set_yscale("log")
        figure.legend(
            *first.get_legend_handles_labels(),
            loc="outside upper center",
            ncols=len(curves),
            handletextpad=0.4,
            columnspacing=1.2,
        )
        style.letters(first, second, third)
        style.note(
            figure,
            "All computed. (a), (b) A mixture of two Gaussians on the line. (a) Marks by "
            f"quadrature, lines by formula. (b) Dotted: CSM's whole integral for data on {count} "
            f"points, log {count}. (c) Base ½ N(−a, ¼) + ½ N(a, ¼), reward 0.8 x − 0.15 x²; CSM "
            "from t = 0.001.",
        )
    return figure


def sample() -> FigureData:
    """Three times, three starts, three distances of the modes."""
    times = [0.01, 0.1, 1.0]
    shapes = {"csm": [50.0, 5.0, 0.2], "tsm": [0.1, 1.0, 20.0], "nsm": [0.1, 0.6, 0.3]}
    each = [
        {"law": LAW, "t": t, "target": key, "measured": value, "predicted": value}
        for key, values in shapes.items()
        for t, value in zip(times, values, strict=True)
    ]
    curve = {"t": times, "measured": [0.05, 0.3, 0.15], "predicted": [0.05, 0.3, 0.15]}
    modes = ["a=1", "a=1.5", "a=2"]
    tables = {
        "tilt-target-variance": pd.DataFrame(each),
        "tilt-best-variance": pd.DataFrame({"law": LAW, "start": 0.0, **curve}),
        "adjoint-variance": pd.DataFrame(curve),
        "tilt-csm-information": pd.DataFrame(
            {
                "law": [LAW, LAW, LAW, *modes],
                "start": [1e-4, 1e-3, 1e-2, 1e-3, 1e-3, 1e-3],
                "measured": [4.1, 3.0, 1.9, 2.8, 2.7, 2.6],
            }
        ),
        "tilt-tsm-integral": pd.DataFrame({"end": [1.0, 2.0, 3.0], "measured": [7.0, 70.0, 540.0]}),
        "tilt-csm-training-set": pd.DataFrame({"measured": [0.7, 2.3]}),
        "tilt-nsm-deficit": pd.DataFrame(
            {"law": [LAW, *modes, "normal, d=2"], "measured": [0.72, 0.9, 1.2, 1.1, 0.1]}
        ),
        "tilt-mixture-deficit": pd.DataFrame(
            {"law": [LAW, "normal, d=2"], "measured": [0.37, 0.2]}
        ),
        "adjoint-explosion": pd.DataFrame({"a": [1.0, 1.5, 2.0], "measured": [0.27, 7.7, 660.0]}),
    }
    return FigureData("tilts", tables, {})


def _found(f: Findings) -> str:
    def noise(target: str, t: float) -> str:
        return number(at(f, "tilt-target-variance", law=LAW, t=t, target=target))

    def best(t: float) -> str:
        return number(at(f, "tilt-best-variance", law=LAW, start=0.0, t=t))

    early = [number(at(f, "tilt-csm-information", law=LAW, start=t)) for t in (0.01, 1e-3, 1e-5)]
    late = [number(at(f, "tilt-tsm-integral", end=float(t))) for t in (1, 5)]
    whole = [number(at(f, name, law=LAW)) for name in ("tilt-nsm-deficit", "tilt-mixture-deficit")]
    points = number(max(r["measured"] for r in f.points["tilt-csm-training-set"]))
    losses = [number(at(f, "adjoint-explosion", a=a)) for a in (1.0, 1.5, 2.0)]
    others = [number(at(f, "tilt-csm-information", law=f"a={a}")) for a in ("1", "1.5", "2")]
    peak = number(at(f, "adjoint-peak", lam=20.0))
    small, large = (number(at(f, "adjoint-irreducible", law="wide", lam=x)) for x in (0.5, 5.0))
    slow, fast = (number(at(f, "tilt-effective-share", tau=x)) for x in (8.0, 0.5))
    return (
        "A generator draws from p, and is to draw from π ∝ p e^r, with a reward r. Both laws are "
        "noised alike: X_t = e^{−t} X_0 + Z_t, with noise of variance σ_t² = 1 − e^{−2t}. One "
        "learns the score of the noised π, ∇log π_t, or its difference from that of the noised p. "
        "Learning is regression on a target that is right on average given X_t. Its variance "
        "given X_t has to be averaged away: it costs data (`tilt-regression-risk`) and steps "
        "(`tilt-gradient-variance`).\n\n"
        "**At one time.** Conditional score matching (CSM) has the target −Z_t/σ_t², target score "
        "matching (TSM) e^t ∇log π(X_0), novel score matching (NSM) both in the shares σ_t² and "
        "e^{−2t}. In the theory of this suite CSM is T1, and TSM is T2 from t' = 0. At t = 0.01 "
        f"their variances are {noise('csm', 0.01)}, "
        f"{noise('tsm', 0.01)} and {noise('nsm', 0.01)}, at t = 2 {noise('csm', 2.0)}, "
        f"{noise('tsm', 2.0)} and {noise('nsm', 2.0)}. The best shares, which need one number of "
        f"the data, reach {best(0.01)} and {best(2.0)}.\n\n"
        "**Over all times.** CSM's integral from t_0 on is the mutual information of X_0 and "
        f"X_{{t_0}}: {early[0]}, {early[1]} and {early[2]} from t_0 = 0.01, 0.001 and 0.00001. It "
        "has no limit for a density. **For a training set of m different points it is log m** "
        f"({points} for ten, `tilt-csm-training-set`). TSM's integral grows like e^{{2T}}, from "
        f"{late[0]} at T = 1 to {late[1]} at T = 5. NSM's is finite, {whole[0]}: half the Fisher "
        "information relative to N(0, I) less KL, which is the deficit in the logarithmic Sobolev "
        f"inequality. The best mixture's is {whole[1]}: the deficit in Stam's inequality for "
        "entropies. The abstract's division into finite and infinite is this one, as we read "
        "it.\n\n"
        "**The adjoint.** Adjoint matching regresses ã_t = J_t ∇r(X_0), J_t the base's reverse "
        "flow differentiated along the path. For a base N(0, λ) the largest J_t is "
        f"λ/(2√(λ − 1)) if λ > 2, {peak} at λ = 20. What it cannot learn away is again a deficit "
        f"in the base's logarithmic Sobolev inequality. For one target it is {small} at λ = 0.5 "
        f"and {large} at λ = 5. For log-concave bases ã_t has a bound like a Gaussian's. "
        "**A finite variance can be far worse than an infinite one**: with modes of the base at "
        f"±1, ±1.5 and ±2 the loss is {losses[0]}, {losses[1]} and {losses[2]}. CSM from t = "
        f"0.001 on has {others[0]}, {others[1]} and {others[2]}. The base and the reward are ours. "
        "Few paths carry it, those that linger between the modes, so these numbers come from an "
        "equation on a grid.\n\n"
        "**Work.** Moved along a path of rewards r_s, samples carry weights e^A, and the mean of "
        "e^A is E e^r (`tilt-jarzynski`). For this the flow of the base must be counted in A. "
        "Backwards, A has the density that Crooks's identity gives. A trap that moves slowly (τ = "
        f"8) leaves the share {slow} of the samples, one that moves fast (τ = 0.5) {fast}."
    )


def _headline(f: Findings) -> str:
    near, far = (number(at(f, "adjoint-explosion", a=a)) for a in (1.0, 2.0))
    return (
        f"The adjoint's loss that no learning removes grows from {near} to {far} as a base's two "
        "modes move apart."
    )


def _alt(f: Findings) -> str:
    return (
        "Three panels with log axes upwards. (a) Five variances against time. CSM's falls, "
        "TSM's rises, NSM's, the adjoint's and the best mixture's have one hump, and the best "
        "mixture's is the lowest. (b) CSM's integral grows slowly as its start goes to 0, "
        "TSM's steeply with its end; NSM's, the best mixture's and CSM's for ten points are flat "
        "lines. (c) Against the distance of the base's modes the adjoint's loss rises by more "
        "than three orders of magnitude, while CSM's and NSM's integrals hardly change."
    )


FIGURE = Figure(
    name="tilts",
    paper="domingo_enrich_2026",
    title="What targets for a tilted law cost: at each time, over all times, and with an adjoint",
    studies=(
        "evidence-tilt-targets",
        "evidence-tilt-costs",
        "evidence-lean-adjoint",
        "evidence-tilt-work",
    ),
    draw=draw,
    sample=sample,
    heading="Tilted laws: finite and infinite variance of targets",
    shows=(
        "The abstract: sampling and reward fine-tuning are exponential tilts of a base density. "
        "Bias–variance decompositions reveal that Adjoint Matching/Sampling and Novel Score "
        "Matching have finite gradient variance, while Target and Conditional Score Matching do "
        "not. There are norm bounds on the lean adjoint ODE, and Crooks and Jarzynski identities "
        "for tilts"
    ),
    unknown="its statements and proofs, and its experiments on Stable Diffusion",
    claims=(
        "tilt-target-variance",
        "tilt-best-weight",
        "tilt-best-variance",
        "tilt-nsm-deficit",
        "tilt-mixture-deficit",
        "tilt-csm-information",
        "tilt-csm-training-set",
        "tilt-tsm-integral",
        "tilt-regression-risk",
        "tilt-gradient-variance",
        "adjoint-jacobian",
        "adjoint-peak",
        "adjoint-variance",
        "adjoint-irreducible",
        "adjoint-mean",
        "adjoint-energy",
        "adjoint-log-concave",
        "adjoint-two-modes",
        "adjoint-explosion",
        "tilt-jarzynski",
        "tilt-controlled-work",
        "tilt-crooks-mean",
        "tilt-crooks-shift",
        "tilt-trap-work",
        "tilt-effective-share",
        "tilt-euler-order",
    ),
    headline=_headline,
    found=_found,
    ran=ran,
    alt=_alt,
)
FIGURES: tuple[Figure, ...] = (FIGURE,)
