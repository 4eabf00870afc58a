"""Smedira, Jayakumar, Misra, Vuffray, Lokhov 2026: how many samples score matching needs."""

from bounds.claim import Claim, Paper
from bounds.papers.smedira_2026 import errors, lemmas, statements

PAPER = Paper(
    stem="smedira_2026",
    title="Finite Sample Bounds for Learning with Score Matching",
    authors=("Smedira", "Jayakumar", "Misra", "Vuffray", "Lokhov"),
    venue="COLT 2026, PMLR 336:1-22",
    link="https://proceedings.mlr.press/v336/smedira26a.html",
    have="the whole text; pages are those of its own numbering, 1 to 22",
    unknown=(
        "the constants behind O(d²w) and O(d) in the exponents of Theorems 1 and 2, so that "
        "neither theorem's sample count is a number; we check Lemma 9 in their place",
        "which families its authors have in mind where a bound is short of what it needs. Where "
        "our number and a line of the text differ, the law and the constants are our choice",
    ),
    about={
        "scores and laws": (
            "smedira-loss",
            "smedira-curvature",
            "smedira-gradient-*",
            "smedira-truncation",
            "smedira-tail",
            "smedira-cell-*",
            "smedira-multilinear",
            "smedira-likelihood-*",
        ),
        "variance": (
            "smedira-variance*",
            "smedira-lemma-8",
            "smedira-moment",
            "smedira-fisher-*",
        ),
        "risk": (
            "smedira-error",
            "smedira-growth",
        ),
        "sample size": (
            "smedira-exponent",
            "smedira-lemma-[79]*",
            "smedira-guarantee",
            "smedira-fast-*",
            "smedira-needed",
            "smedira-loose",
            "smedira-growth*",
        ),
        "dimension": (
            "smedira-factors",
            "smedira-exponent",
            "smedira-growth*",
        ),
        "confidence": (
            "smedira-tail",
            "smedira-structure",
            "smedira-lemma-7",
            "smedira-guarantee",
            "smedira-fast-*",
            "smedira-needed",
        ),
        "optimisation": (
            "smedira-curvature",
            "smedira-gradient-*",
            "smedira-basic-*",
        ),
    },
)

CLAIMS: tuple[Claim, ...] = (*statements.CLAIMS, *lemmas.CLAIMS, *errors.CLAIMS)
