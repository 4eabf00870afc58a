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
    about={
        "scores and laws": (
            "zhu-jacobian-*",
            "zhu-last-child",
            "zhu-wrong-leaf",
            "zhu-leaf-variance",
        ),
        "bias": (
            "zhu-ridge-bias",
            "zhu-wrong-leaf",
            "zhu-linear-family",
        ),
        "variance": (
            "zhu-jacobian-*",
            "zhu-last-child",
            "zhu-leaf-variance",
        ),
        "sample size": (
            "zhu-samples",
            "zhu-per-fold",
            "zhu-linear-family",
        ),
        "dimension": (
            "zhu-per-fold",
            "zhu-order-error",
        ),
        "confidence": (
            "zhu-samples",
            "zhu-per-fold",
            "zhu-order-error",
            "zhu-linear-family",
            "zhu-not-*",
            "zhu-ridge-errors",
            "zhu-beside",
        ),
        "optimisation": (
            "zhu-units",
            "zhu-ridge-*",
        ),
    },
)

CLAIMS: tuple[Claim, ...] = (*causes.CLAIMS, *beside.CLAIMS)
