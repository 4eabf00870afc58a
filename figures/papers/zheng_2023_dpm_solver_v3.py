"""DPM-Solver-v3 on a turned Gaussian; samplers side by side, all exact but the steps.

Longer than 350 lines: two figures of one work, with their words.
"""

import matplotlib.figure
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, at, number, ran

TURNED = {
    "ddim-rotated": "DPM-Solver++",
    "v3-rotated-plain": "v3 without s",
    "v3-rotated": "v3",
}
SOLVERS = {
    "2m-order": "2M",
    "3m-published-order": "3M, published",
    "3m-order": "3M, repaired",
    "v3-three-order": "v3",
}
POWERS = {"2m-order": 2, "3m-published-order": 2, "3m-order": 3, "v3-three-order": 3}


def _log_log(axes: Axes, ticks: list[float]) -> None:
    """Two log axes, the lower one with these ticks."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())


def draw_solver(data: FigureData) -> matplotlib.figure.Figure:
    """Error over the angle, and orders of multistep solvers.

    Parameters
    ----------
    data : tables ddim-rotated, v3-rotated-plain and v3-rotated (angle, measured, predicted), and
        2m-order, 3m-published-order, 3m-order, v3-three-order (x, measured)

    Raises
    ------
    BadTable
        If a table is missing or a number in it is not positive.
    """
    turned = {
        name: data.table(name, ["angle"], positive=["angle", "measured", "predicted"])
        for name in TURNED
    }
    orders = {name: data.table(name, ["x"], positive=["x", "measured"]) for name in SOLVERS}
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 2.9), layout="constrained")
        left, right = figure.subplots(1, 2)
        for k, (name, label) in enumerate(TURNED.items()):
            angle, colour = turned[name]["angle"], style.COLOURS[k]
            left.plot(angle, turned[name]["predicted"], "-", color=colour, lw=0.9)
            of = {"color": colour, "gid": f"turned-{name}", "label": label}
            left.plot(angle, turned[name]["measured"], style.MARKERS[k], **of)
        left.set_yscale("log")
        left.set_xlabel("angle to the axes, degrees")
        left.set_ylabel("W₂ after one step")
        left.set_title("exact along the axes alone", loc="left")
        left.legend(loc="lower right")
        for k, (name, label) in enumerate(SOLVERS.items()):
            frame, colour = orders[name], style.COLOURS[k]
            right.plot(
                frame["x"],
                frame["measured"],
                style.MARKERS[k],
                color=colour,
                gid=f"order-{name}",
                label=label,
            )
            last = frame.iloc[-1]
            guide = last["measured"] * (frame["x"] / last["x"]) ** -POWERS[name]
            right.plot(frame["x"], guide, "--", color=colour, lw=0.9)
        _log_log(right, list(orders["3m-order"]["x"]))
        right.set_xlabel("steps N, one answer each")
        right.set_ylabel("W₂")
        right.set_title("orders: dashes N⁻² and N⁻³", loc="left")
        right.legend(loc="lower left")
        style.letters(left, right)
        style.note(
            figure,
            "Exact denoisers, no sampling. (a) Gaussian in the plane, eigenvalues 4 and ¼; lines: "
            "derived. (b) Two Gaussians on the line, first states exact; dashes through the last "
            "points.",
        )
    return figure


def sample_solver() -> FigureData:
    """Three angles, three N."""
    angles = [5.0, 15.0, 45.0]

    def table(values: list[float]) -> pd.DataFrame:
        return pd.DataFrame({"angle": angles, "measured": values, "predicted": values})

    tables = {
        "ddim-rotated": table([2.0, 2.0, 2.0]),
        "v3-rotated-plain": table([0.13, 0.39, 0.91]),
        "v3-rotated": table([0.011, 0.09, 0.36]),
    }
    for name, power in POWERS.items():
        x = [30.0, 60.0, 120.0]
        tables[name] = pd.DataFrame({"x": x, "measured": [one**-power for one in x]})
    return FigureData("dpm-solver-v3", tables, {})


SAMPLERS = {
    "euler": "Euler",
    "frozen score": "frozen score",
    "ddim": "DDIM",
    "heun": "Heun",
    "2M": "2M",
    "3M published": "3M, published",
    "3M": "3M, repaired",
    "v3": "v3",
    "ancestral": "ancestral, noisy",
    "churn": "EDM, noisy",
}
PANELS = {"gaussian": "a Gaussian, turned by 45°", "mixture": "two Gaussians"}


def draw_samplers(data: FigureData) -> matplotlib.figure.Figure:
    """W2 over the number of answers.

    Parameters
    ----------
    data : table w2-above-moments (target, sampler, answers, measured, predicted)

    Raises
    ------
    BadTable
        If the table is missing, a number in it is not positive, or a target or sampler is unknown
        or missing.
    """
    key = ["target", "sampler", "answers"]
    frame = data.table(
        "w2-above-moments",
        key,
        positive=["answers", "measured", "predicted"],
        words=["target", "sampler"],
    )
    for column, known in (("target", PANELS), ("sampler", SAMPLERS)):
        if set(frame[column]) != set(known):
            raise data.bad("w2-above-moments", f"must have each {column} of {', '.join(known)}")
    palette = (*style.COLOURS, (0.3, 0.3, 0.3))
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.DOUBLE_COLUMN, 3.6), layout="constrained")
        panels = figure.subplots(1, 2, sharex=True, sharey=True)
        for axes, (target, title) in zip(panels, PANELS.items(), strict=True):
            for k, (name, label) in enumerate(SAMPLERS.items()):
                one = frame[(frame["target"] == target) & (frame["sampler"] == name)]
                noisy = k >= len(palette)
                axes.plot(
                    one["answers"],
                    one["predicted"],
                    ":",
                    color=style.INK if noisy else palette[k],
                    lw=0.7,
                    gid=f"moments-{target}-{name.replace(' ', '-')}",
                )
                axes.plot(
                    one["answers"],
                    one["measured"],
                    linestyle="--" if noisy else "-",
                    marker=("*", "h")[k - len(palette)] if noisy else (*style.MARKERS, "p")[k],
                    color=style.INK if noisy else palette[k],
                    mfc="white" if noisy else palette[k],
                    gid=f"{target}-{name.replace(' ', '-')}",
                    label=label,
                )
            _log_log(axes, [4, 8, 16, 32, 48, 96])
            axes.set_xlabel("answers of the denoiser (NFE)")
            axes.set_title(title, loc="left")
        panels[0].set_ylabel("W₂ to the target")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center")
        style.letters(*panels)
        style.note(
            figure,
            "Exact denoiser, exact start, no sampling: only the steps are wrong. Log σ from 3 to "
            "−3 in even steps; Heun and EDM take two answers a step, EDM with its churn at 10. "
            "Dotted: what means and deviations alone differ by; W2 is not below.",
        )
    return figure


def sample_samplers() -> FigureData:
    """Two numbers of answers."""
    rows = [
        {
            "target": target,
            "sampler": name,
            "answers": answers,
            "measured": (k + 1) / answers**2,
            "predicted": (k + 0.5) / answers**2,
        }
        for target in PANELS
        for k, name in enumerate(SAMPLERS)
        for answers in (8, 32)
    ]
    return FigureData("samplers", {"w2-above-moments": pd.DataFrame(rows)}, {})


def _w2(f: Findings, target: str, name: str, answers: int) -> str:
    return number(at(f, "w2-above-moments", target=target, sampler=name, answers=answers), 2)


def _found_solver(f: Findings) -> str:
    full, plain, pp = (
        number(at(f, name, angle=45.0), 2)
        for name in ("v3-rotated", "v3-rotated-plain", "ddim-rotated")
    )
    small = number(at(f, "v3-rotated", angle=5.0), 2)
    ratio = number(at(f, "3m-published-over-2m"), 2)
    return (
        "A fast sampler solves the probability flow, the equation that turns noise into data, in "
        "few steps. Each step asks the network for an *answer*: its guess of the clean data. "
        "DPM-Solver-v3 first averages statistics of the network, called l, s and b here. It uses "
        "them to pick, for every pixel, what to hold fixed in a step.\n\n"
        "**One step is enough along the axes.** On a Gaussian whose axes are the coordinates, one "
        "step of any length is exact (`v3-one-step-exact`). What is left is the table in which the "
        "statistics are stored, and its error is known (`v3-table-error`).\n\n"
        "**A rotation ends that.** The statistics are taken coordinate by coordinate. Panel (a) "
        f"turns the same Gaussian. At 5° W2 is {small}, at 45° it is {full}; without s it is "
        f"{plain}, and {pp} for DPM-Solver++ at every angle. All three lines are derived. In the "
        "plane s removes the part of first order in the angle; in three dimensions it cannot "
        "(`v3-angle-full`, `v3-angle-three`). So the solver still gains at every angle, but how "
        "much depends on the coordinates.\n\n"
        "**A third order that is second.** This is a note on public code, as we read it "
        "(LuChengTHU/dpm-solver, commit 52bc3fb). Its multistep update of third order weighs "
        "half of a second derivative with the weight of the whole. Panel (b): its error falls like "
        f"N⁻², at {ratio} of the error of 2M of the Taylor type; 1/5 is derived. With a factor 2 "
        "it falls like N⁻³ (`3m-published-order`, `3m-order`). The single-step variant in the same "
        "file has the factor. With few steps the published update can be the better one: see the "
        "next section. "
        "DPM-Solver-v3's own code has whole derivatives, and its orders are 1, 2 and 3.\n\n"
        "**Mean-reverting diffusion** pulls an image to a given one, μ. MRS, a second work, is a "
        "fast sampler for it. In y = (x − μ)/σ_∞ it is the usual process, and the first-order step "
        "of MRS is DDIM (`mrs-step`). Starting from N(μ, σ_∞²) ignores "
        "what is left of the data's mean, and the flow keeps that error at order e^{−T} "
        "(`mrs-start-error`)."
    )


def _headline_solver(f: Findings) -> str:
    angle = max(row["angle"] for row in f.points["v3-rotated"])
    full = number(at(f, "v3-rotated", angle=angle), 2)
    return (
        "With the model's statistics a solver is exact in one step along a Gaussian's axes; turned "
        f"by {angle:g} degrees, W₂ is {full}."
    )


def _alt_solver(f: Findings) -> str:
    return (
        "Two panels. (a) W2 after one step over the angle from 5° to 45°, log scale: DPM-Solver++ "
        "is flat near 2; v3 without s rises from 0.13 to 0.9; v3 rises from 0.01 to 0.36. Markers "
        "lie on the derived lines. (b) Log-log W2 over 30, 60, 120 steps: 2M and the published 3M "
        "fall in parallel like N to the −2, the repaired 3M and v3 like N to the −3."
    )


def _found_samplers(f: Findings) -> str:
    names = ("2M", "3M published", "3M", "v3", "ddim", "heun")
    gauss = {name: _w2(f, "gaussian", name, 8) for name in names}
    two = {name: _w2(f, "mixture", name, 8) for name in names}
    later = {name: _w2(f, "mixture", name, 48) for name in (*names, "churn", "ancestral")}
    few = {name: _w2(f, "mixture", name, 12) for name in ("3M published", "3M")}
    return (
        "How many answers of the network does a sampler need? Here the answers are exact, and so "
        "is the start. What is left is the error of the steps alone, and it is computed: nothing "
        "is sampled. Every sampler gets the same grid, even in log σ. EDM itself uses another "
        "grid. W2, the Wasserstein distance, is how far the drawn law is from the target. DDIM "
        "holds the last answer fixed in a step; 2M and 3M extrapolate from the last two or three; "
        "Heun's method asks twice a step.\n\n"
        f"**At 8 answers** on two Gaussians W2 is {two['3M']} for 3M repaired, "
        f"{two['3M published']} for 3M as published, {two['v3']} for v3, {two['2M']} for 2M, "
        f"{two['ddim']} for DDIM and {two['heun']} for Heun. On the turned Gaussian v3 leads with "
        f"{gauss['v3']}, before 3M repaired with {gauss['3M']} (`v3-rank`). A ranking on one "
        "target says little of another.\n\n"
        f"**At 12 answers** the published 3M is better than the repaired one: "
        f"{few['3M published']} against {few['3M']} (`3m-published-first`). Its order is lower, "
        "but an order is about many steps. From 24 answers on the repaired one leads. At 48 it is "
        f"{later['3M']}, against {later['3M published']} and {later['2M']} for 2M.\n\n"
        "**Orders** are measured with exact first states: 1 for Euler, DDIM and the frozen score; "
        "2 for Heun and 2M; 3 for 3M repaired and v3. A multistep solver that makes its own first "
        "states begins with one step of DDIM. That error stays, and 3M repaired falls back to "
        "order 2: see its line bend in panel (a) (`3m-own-start-order`). Ancestral sampling has "
        f"order 1 and no floor: W2 is {later['ancestral']} at 48 answers.\n\n"
        "**Noise that does not shrink costs an order.** EDM's sampler raises σ to (1 + γ) σ by "
        "fresh noise before each step. Public copies of its code, as we read them, have γ = "
        "S_churn/N, at most √2 − 1. Below that cap its order is 2 (`churn-order`). At the cap, "
        "which binds while N < 2.4 S_churn, it is 1 (`churn-capped-order`). There is a floor, too, "
        "with a closed form (`churn-floor`). So more steps help less until the cap lets go.\n\n"
        "W2 cannot be below what means and deviations differ by (`w2-above-moments`). On the "
        "Gaussian that is nearly all of it; on two Gaussians the shape adds to it."
    )


def _headline_samplers(f: Findings) -> str:
    answers = 8
    best, heun = (_w2(f, "mixture", name, answers) for name in ("3M", "heun"))
    return (
        f"On two Gaussians, with {answers} answers of the network, a multistep solver of third "
        f"order errs by {best} in W₂, and Heun's method by {heun}."
    )


def _alt_samplers(f: Findings) -> str:
    return (
        "Two log-log panels of W2 over 4 to 96 answers for ten samplers. In both, Euler, DDIM, the "
        "frozen score and ancestral sampling fall slowly, like 1/N; Heun and EDM start highest "
        "and fall like N to the −2; 2M, both 3M and v3 are lowest. On the Gaussian v3 is lowest up "
        "to 8 answers; on two Gaussians the two 3M are lowest from 8 answers on."
    )


SHOWS = (
    "The abstract of DPM-Solver-v3: a parameterisation that minimises the first-order "
    "discretisation error of the flow, by coefficients that are computed on the pretrained model, "
    "with multistep methods and a predictor-corrector. Its gain is largest at 5 to 10 answers. "
    "The abstract of MRS: semi-analytic solutions for mean-reverting diffusion in all "
    "parameterisations"
)
UNKNOWN = "their theorems, the exact definition of the coefficients, and all experiments"
SOLVER = Figure(
    name="dpm-solver-v3",
    paper="zheng_2023_dpm_solver_v3",
    title="DPM-Solver-v3 on a turned Gaussian, and the order of multistep solvers",
    studies=("evidence-dpm-solver-v3", "samplers"),
    draw=draw_solver,
    sample=sample_solver,
    heading="DPM-Solver-v3: a solver that looks at the model, coordinate by coordinate",
    shows=SHOWS,
    unknown=UNKNOWN,
    claims=(
        *("v3-one-step-exact", "v3-table-error", "v3-rotated", "v3-rotated-plain"),
        *("ddim-rotated", "v3-angle-plain", "v3-angle-full", "v3-angle-three"),
        *("2m-order", "3m-published-order", "3m-order", "3m-published-over-2m"),
        *("v3-one-order", "v3-two-order", "v3-three-order"),
        *("mrs-step", "mrs-flow", "mrs-start-error"),
    ),
    headline=_headline_solver,
    found=_found_solver,
    ran=ran,
    alt=_alt_solver,
)
COMPARED = Figure(
    name="samplers",
    paper="zheng_2023_dpm_solver_v3",
    title="Ten samplers side by side: W2 over the number of answers",
    studies=("samplers",),
    draw=draw_samplers,
    sample=sample_samplers,
    heading="Ten samplers side by side, everything exact but the steps",
    shows="",
    unknown="",
    claims=(
        *("w2-above-moments", "v3-rank", "3m-published-first"),
        *("euler-order", "frozen-score-order", "ddim-order", "heun-order", "ancestral-order"),
        *("3m-own-start-order", "churn-order", "churn-capped-order", "churn-floor"),
    ),
    headline=_headline_samplers,
    found=_found_samplers,
    ran=ran,
    alt=_alt_samplers,
)
FIGURES: tuple[Figure, ...] = (SOLVER, COMPARED)
