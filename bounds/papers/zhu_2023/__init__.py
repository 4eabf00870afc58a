"""Zhu, Locatello and Cevher 2023, with SCORE (Rolland et al. 2022): causes from scores."""

from bounds.claim import Claim, Paper
from bounds.papers.zhu_2023 import beside, causes

PAPER = Paper(
    stem="zhu_2023",
    title="Sample Complexity Bounds for Score-Matching: Causal Discovery and Generative Modeling",
    authors=("Zhu", "Locatello", "Cevher"),
    venue="NeurIPS 2023",
    link="https://arxiv.org/abs/2310.18123",
    have="the abstract; of SCORE, its estimator (Rolland et al., arXiv 2203.04413)",
    unknown=(
        "abstract read; statement unread: the theorems, their rates, constants and assumptions",
        "what is assumed of the functions f_i, so that a good score makes few errors of the order",
        "the networks, and the bound for generative modelling: neither is touched here",
    ),
)

CLAIMS: tuple[Claim, ...] = (*causes.CLAIMS, *beside.CLAIMS)
