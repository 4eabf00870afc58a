"""Yu, Gupta and Kolar 2016: confidence intervals for one edge of a graphical model."""

from bounds.claim import Claim, Paper
from bounds.papers.yu_2016 import gaussian, quartic

PAPER = Paper(
    stem="yu_2016",
    title="Statistical Inference for Pairwise Graphical Models Using Score Matching",
    authors=("Yu", "Gupta", "Kolar"),
    venue="NeurIPS 2016",
    link="https://papers.nips.cc/paper/2016/hash/411ae1bf081d1674ca6091f8c59a266f-Abstract.html",
    have="the abstract read; statement unread: every formula here is derived by us",
    unknown=(
        "the estimator's steps, its conditions on n, the dimension and the degrees, and its rates",
        "the graphs, sample sizes and coverages of its experiments",
    ),
    about={
        "bias": (
            "edge-mean",
            "edge-dropped",
        ),
        "variance": (
            "edge-sandwich",
            "quartic-[vh]*",
            "quartic-efficiency",
        ),
        "risk": (
            "edge-squared-error",
            "quartic-error",
        ),
        "sample size": ("edge-root-n",),
        "dimension": (
            "edge-mean",
            "edge-squared-error",
            "edge-null-*",
            "edge-coverage",
            "edge-root-n",
            "edge-repaired",
        ),
        "confidence": (
            "edge-*coverage",
            "edge-*repaired",
            "edge-test-size",
            "edge-root-n",
            "edge-dropped",
            "edge-naive",
            "edge-double-*",
            "quartic-hessian",
        ),
        "optimisation": ("edge-is-inverse",),
    },
)

CLAIMS: tuple[Claim, ...] = (*gaussian.CLAIMS, *quartic.CLAIMS)
