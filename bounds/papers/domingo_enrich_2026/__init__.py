"""Domingo-Enrich, Du and Albergo 2026: tilting a diffusion, by regression targets and by work."""

from bounds.claim import Claim, Paper
from bounds.papers.domingo_enrich_2026 import adjoint, targets, tilts

PAPER = Paper(
    stem="domingo_enrich_2026",
    title="A unified perspective on fine-tuning and sampling with diffusion and flow models",
    authors=("Domingo-Enrich", "Du", "Albergo"),
    venue="arXiv 2026",
    link="https://arxiv.org/abs/2605.00229",
    have="the abstract; every formula here is derived by us, and their statements are unread",
    unknown=(
        "abstract read; statements unread: the bias–variance decompositions, in which sense a "
        "gradient's variance is finite, and for which laws",
        "the norm bounds on the lean adjoint ODE and their assumptions",
        "the losses CMCD and NETS for tilts, and the Crooks and Jarzynski identities, as they "
        "write them",
        "the experiments on Stable Diffusion 1.5 and 3",
    ),
    about={
        "scores and laws": (
            "tilt-jarzynski",
            "tilt-controlled-work",
            "tilt-crooks-*",
            "adjoint-jacobian",
            "adjoint-peak",
            "adjoint-mean",
            "adjoint-energy",
        ),
        "variance": (
            "tilt-*variance",
            "tilt-best-*",
            "tilt-*-deficit",
            "tilt-csm-*",
            "tilt-tsm-*",
            "tilt-trap-work",
            "tilt-effective-share",
            "adjoint-variance",
            "adjoint-irreducible",
            "adjoint-log-concave",
            "adjoint-two-modes",
            "adjoint-explosion",
        ),
        "risk": ("tilt-regression-risk",),
        "sample size": ("tilt-regression-risk", "tilt-csm-training-set", "tilt-effective-share"),
        "discretisation": ("tilt-euler-*",),
        "bias": ("tilt-euler-*",),
        "optimisation": ("tilt-gradient-*", "adjoint-irreducible", "adjoint-explosion"),
    },
)

CLAIMS: tuple[Claim, ...] = (*targets.CLAIMS, *adjoint.CLAIMS, *tilts.CLAIMS)
