"""Wang and Vastola 2024: most of a score is Gaussian."""

from bounds.claim import Claim, Paper
from bounds.papers.wang_vastola_2024 import digits, flows

PAPER = Paper(
    stem="wang_vastola_2024",
    title="The Unreasonable Effectiveness of Gaussian Score Approximation for Diffusion Models and "
    "its Applications",
    authors=("Wang", "Vastola"),
    venue="arXiv 2024",
    link="https://arxiv.org/abs/2412.09726",
    have="the abstract; every formula here is derived by us, and their statements are unread",
    unknown=(
        "how its theorems read and what they assume",
        "the noise levels that count as moderate, high and small",
        "how a fraction of the score is measured, and on which networks",
        "the noise level that is teleported to, and the sampler's grid, behind the skipped 15-30 % "
        "of steps",
    ),
    about={
        "scores and laws": (
            "gaussian-flow",
            "emergence-order",
            "flow-is-*",
        ),
        "bias": (
            "unexplained-*",
            "mean-only-*",
            "teleport-skip",
            "teleport-end",
            "digits-dominated",
            "digits-not-*",
        ),
        "risk": (
            "mean-only-*",
            "digits-mixtures",
            "digits-fifty",
            "digits-memorised",
            "digits-remembered",
            "digits-coarse",
        ),
        "sampled law": (
            "teleport-*",
            "digits-teleport",
            "digits-same",
        ),
        "data and networks": ("digits-*",),
    },
)

CLAIMS: tuple[Claim, ...] = (*flows.CLAIMS, *digits.CLAIMS)
