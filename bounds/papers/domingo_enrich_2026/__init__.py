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
)

CLAIMS: tuple[Claim, ...] = (*targets.CLAIMS, *adjoint.CLAIMS, *tilts.CLAIMS)
