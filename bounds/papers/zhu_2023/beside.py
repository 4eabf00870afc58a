"""SCORE beside public implementations of other methods, on the same data: what was seen once.

No package that the usual index has installs SCORE. causal-learn has two other methods for the same
question. Additive noise models (Hoyer et al. 2009) ask in which direction residuals do not depend
on the cause; DirectLiNGAM (Shimizu et al. 2011) fits lines and needs noises that are not Gaussian.
"""

from bounds.claim import Cell, Claim

SHARES = {
    "sine": (0.782, 0.956, 0.812, 0.611, 0.308),
    "two modes": (0.421, 0.971, 0.326, 0.535, 0.737),
    "line": (0.845, 0.988, 0.679, 0.504, 0.503),
}
"""Of 4000 other data sets, the part of which each method took the second column for the effect."""
METHODS = ("SCORE", "SCORE, ridge 1", "nine functions", "additive noise", "DirectLiNGAM")


def share(c: Cell) -> float:
    """What was seen."""
    return SHARES[c["law"]][METHODS.index(c["method"])]


CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="zhu-beside",
        statement="Of two columns the effect is found most often by the score where a sine and "
        "Gaussian noises make the order, and by DirectLiNGAM where a line and a noise of two modes "
        "do. Where there is no order, DirectLiNGAM and additive noise models toss a coin and SCORE "
        "does not.",
        assumptions="x_1 ~ N(0, 1); x_2 = 1.2 sin x_1 + ε, x_1/2 + ε (ε = ±1 + N(0, ½)), x_1 + ε; "
        "60 rows; SCORE with ridge .001 and 1, score matching in nine functions, causal-learn's "
        "two methods with their defaults; the shares seen with 4000 other data sets.",
        source="bounds/papers/zhu_2023/beside.py, its opening lines",
        origin="derived",
        kind="tight",
        measurement="evidence-zhu-beside:choices",
        formula=share,
        decoy=lambda c: SHARES[c["law"]][0],
        decoy_note="all methods as SCORE with its default ridge",
        tolerance=0.02,
        scale=1.0,
        description=True,
        why="Each method sees what it assumes. The score's second derivative is constant at a leaf "
        "for Gaussian noises only; a line with Gaussian noises looks the same both ways.",
    ),
)
