"""How far the kernel of PFGM++ is from the diffusion's, over D/N."""

import matplotlib.figure
import pandas as pd

from figures import style
from figures.data import FigureData
from figures.told import Figure, Findings, at, number, ran

MARKED = (64.0, 128.0, 2048.0)
"""D, at the largest N."""


def draw(data: FigureData) -> matplotlib.figure.Figure:
    """The figure.

    Parameters
    ----------
    data : tables student-tv (N, D, measured) and student-tv-collapse (N, D, predicted, decoy)

    Raises
    ------
    BadTable
        If a table is missing, a number in it is not positive, or a marked D is not among the
        largest N's.
    """
    keys = ["N", "D"]
    points = data.table("student-tv", keys, positive=[*keys, "measured"])
    theory = data.table("student-tv-collapse", keys, positive=[*keys, "predicted", "decoy"])
    theory = theory.sort_values("D")
    largest = points[points["N"] == points["N"].max()]
    marked = largest[largest["D"].isin(MARKED)]
    if len(marked) < len(MARKED):
        raise data.bad("student-tv", f"lacks one of the marked D = {MARKED} at the largest N")
    with style.look():
        figure = matplotlib.figure.Figure(figsize=(style.SINGLE_COLUMN, 3.1), layout="constrained")
        axes = figure.subplots()
        ratio = theory["D"] / theory["N"]
        axes.plot(ratio, theory["predicted"], "-", color=style.INK, label="N, D → ∞")
        axes.plot(ratio, theory["decoy"], "--", color=style.FAINT, label=".242 N/D")
        for k, (N, one) in enumerate(points.groupby("N")):
            axes.plot(
                one["D"] / one["N"],
                one["measured"],
                style.MARKERS[k % len(style.MARKERS)],
                color=style.COLOURS[k % len(style.COLOURS)],
                label=f"N = {N:.0f}",
                gid=f"tv-{N:.0f}",
            )
        for one in marked.itertuples():
            axes.annotate(
                f"{one.D:.0f}",
                (one.D / one.N, one.measured),
                (-4, -12),
                textcoords="offset points",
                ha="center",
                fontsize=style.SMALLEST_FONT,
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(left=min(float(ratio.min()) / 3, 0.01))
        axes.set_ylim(top=2.0)
        axes.set_xlabel("D/N")
        axes.set_ylabel("total variation")
        axes.legend(loc="lower left")
        style.note(
            figure,
            f"Student's kernel with r = σ √D against N(0, σ² I). Numbers beside points: D, for N = "
            f"{points['N'].max():.0f}. Dashed: cut at 1. All computed.",
        )
    return figure


def sample() -> FigureData:
    """Two N."""
    dims = [64.0, 128.0, 2048.0, 30720.0]
    large = pd.DataFrame({"N": 3072, "D": dims, "measured": [0.73, 0.65, 0.22, 0.023]})
    small = pd.DataFrame({"N": 1, "D": [0.1, 1.0, 10.0], "measured": [0.75, 0.25, 0.03]})
    theory = pd.DataFrame({"N": 3072, "D": dims, "predicted": large["measured"]})
    theory["decoy"] = [1.0, 1.0, 0.36, 0.024]
    tables = {"student-tv": pd.concat([small, large], ignore_index=True)}
    return FigureData("pfgmpp-kernel", {"student-tv-collapse": theory, **tables}, {})


def _found(f: Findings) -> str:
    far, middle, near, ten = (
        number(at(f, "student-tv", N=3072, D=D)) for D in (64.0, 128.0, 2048.0, 30720.0)
    )
    denoised = [number(at(f, "student-tweedie", D=20.0, x=x)) for x in (1.0, 6.0, 12.0)]
    clipped, eight = (number(100 * at(f, "student-clipped-radius", D=D)) for D in (1.0, 8.0))
    return (
        "PFGM++ adds to data of N dimensions a kernel of D more. With r = σ √D it is Student's law "
        "with D degrees of freedom, and N(0, σ² I) where D → ∞ (`student-kernel`). **How large "
        "must D be?** The figure shows the total variation of the two. For N of "
        "10 and more it depends nearly on D/N alone, and for D ≫ N it is 0.242 N/D. "
        f"For N = 3072, the size of CIFAR-10, it is {far} at D = 64, {middle} at 128, {near} at "
        f"2048, and {ten} at "
        "D = 10 N. The D = 2048 of the abstract is far from the limit in this sense.\n\n"
        "The flow dx/dr = (x − E[y | x])/r carries the laws into each other exactly "
        "(`pfgmpp-flow`). It does so for any noise T in x = y + r T: the derivation uses nothing "
        "electrostatic (`scaled-noise-flow`). The score's form of the flow is exact for normal "
        "noise alone.\n\n"
        "Tweedie's formula gives the denoiser from the score for normal noise. For Student's it "
        "fails, and a potential of D − 2 takes the score's place (`student-tweedie`). The denoiser "
        "comes back to the data's mean far out, as (D + 1) λ/x for N(0, λ) data on the line. For "
        f"λ = σ = 1 and D = 20 it is {denoised[0]} at x = 1, {denoised[1]} at 6 and {denoised[2]} "
        "at 12, where the diffusion's is x/2. We read the robustness that the abstract reports as "
        "this rejection of outliers.\n\n"
        "One note on public code, as we read it: its loss draws the radius from a Beta variable "
        f"that is clipped at 0.001 and 0.999. For N = 3072 this shortens {clipped} % of the radii "
        f"at D = 1 and {eight} % at D = 8 (`student-clipped-radius`). "
        "At D = 64 no radius in practice is so large."
    )


def _headline(f: Findings) -> str:
    data, more = 3072, 2048.0
    return (
        f"At the {data} dimensions of small images and {more:.0f} more, the kernel of PFGM++ is "
        f"{number(at(f, 'student-tv', N=data, D=more))} in total variation from diffusion's."
    )


def _alt(f: Findings) -> str:
    return (
        "Log-log plot of total variation against D/N, from 0.02 to 100. Of four N three lie "
        "nearly on one falling curve, N = 1 above it. For D/N above 10 the curve "
        "joins the dashed line .242 N/D; for small D/N it bends towards 1. D = 64 and 128 lie on "
        "the bend, 2048 near D/N = 1."
    )


FIGURE = Figure(
    name="pfgmpp-kernel",
    paper="xu_2023_pfgmpp",
    title="How far the kernel of PFGM++ is from the diffusion's",
    studies=("evidence-student-kernel",),
    draw=draw,
    sample=sample,
    heading="PFGM++: Student's noise, and when it is a diffusion",
    shows=(
        "The abstract: models that embed paths of N-dimensional data in N + D dimensions are PFGM "
        "at D = 1 and diffusion models as D → ∞. An unbiased objective by perturbation replaces "
        "large batches, and hyperparameters are transferred from diffusion to any D. Finite D can "
        "be better (D = 2048 on CIFAR-10), and smaller D is more robust to errors of the model"
    ),
    unknown="their statements and proofs, the kernel's exact form, and all experiments",
    claims=(
        "student-kernel",
        "student-variance",
        "student-radius-spread",
        "student-alignment",
        "student-tv",
        "student-tv-limit",
        "student-tv-order",
        "student-tv-collapse",
        "pfgmpp-flow",
        "scaled-noise-flow",
        "student-tweedie",
        "student-denoiser-order",
        "student-denoiser-far",
        "student-clipped-radius",
    ),
    headline=_headline,
    found=_found,
    ran=ran,
    alt=_alt,
)
FIGURES: tuple[Figure, ...] = (FIGURE,)
