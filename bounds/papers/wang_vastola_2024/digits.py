"""Claims on scikit-learn's digits:
what the Gaussian leaves of their score, who denoises held-out ones, jumps.
"""

from bounds.claim import Claim

_DIGITS = "evidence-wang-vastola-digits"
_ATOMS = (
    "Scikit-learn's 1797 digits, pixels scaled to [−1, 1], taken as the law itself, so that its "
    "score is exact; means over batches of 30; "
)
_SPLIT = (
    "Scikit-learn's 1797 digits, pixels scaled to [−1, 1]; 1200 of them for training, one split; "
    "mixtures by 15 steps of EM from k-means, 0.01 added to each variance. Held-out loss E|x̂ − "
    "x|² in batches of 30, over the Gaussian's loss on the same noise. The setting is ours"
)

CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="digits-dominated",
        statement="From σ = 0.5 on, the Gaussian leaves at most a third of the energy of the exact "
        "score of the digits.",
        assumptions=_ATOMS
        + "σ = 0.5 … 5, where 0.54 is the root mean square of a pixel's deviation. The threshold "
        "is ours",
        source="wang_vastola_2024, abstract ('dominated by its linear (Gaussian) approximation for "
        "moderate to high noise scales')",
        origin="reading",
        kind="upper",
        measurement=f"{_DIGITS}:unexplained",
        formula=lambda c: 1 / 3,
        decoy=lambda c: 0.05,
        decoy_note="at most 5 %",
        description=True,
        why="The fraction falls with the cube of the variance, as on the line.",
        uses=("unexplained-skewed",),
    ),
    Claim(
        name="digits-not-dominated",
        statement="At σ = 0.1 and 0.2 the Gaussian leaves more than half of the energy of the "
        "exact score of the digits.",
        assumptions=_ATOMS + "σ = 0.1, 0.2",
        source="studies/papers/wang_vastola_2024.py, measured",
        origin="derived",
        kind="lower",
        measurement=f"{_DIGITS}:unexplained-low",
        formula=lambda c: 0.5,
        decoy=lambda c: 0.6,
        decoy_note="more than 60 %",
        description=True,
        why="There the score points to the nearest digits.",
    ),
    Claim(
        name="digits-mixtures",
        statement="On held-out digits mixtures of 2 and of 10 Gaussians denoise at least as well "
        "as one, at every noise.",
        assumptions=_SPLIT + "; σ = 0.05 … 5",
        source="wang_vastola_2024, measured, where the abstract speaks of learned scores, and of "
        "mixtures at smaller noise",
        origin="derived",
        kind="upper",
        measurement=f"{_DIGITS}:held-out-few",
        formula=lambda c: 1.0,
        decoy=lambda c: 0.9,
        decoy_note="at most 0.9 of the loss",
        description=True,
        why="With 120 digits a component or more the covariances are still learned.",
    ),
    Claim(
        name="digits-fifty",
        statement="On held-out digits a mixture of 50 Gaussians leaves at least 60 % of one "
        "Gaussian's loss, at every noise.",
        assumptions=_SPLIT + "; σ = 0.05 … 5",
        source="studies/papers/wang_vastola_2024.py, measured",
        origin="derived",
        kind="lower",
        measurement=f"{_DIGITS}:held-out-many",
        formula=lambda c: 0.6,
        decoy=lambda c: 0.9,
        decoy_note="at least 90 %",
        description=True,
        why="Most of what can be denoised is Gaussian; with 24 digits a component a covariance is "
        "hardly learned.",
    ),
    Claim(
        name="digits-memorised",
        statement="Up to σ = 0.5 the exact score of the training digits denoises held-out ones "
        "worse than the Gaussian.",
        assumptions=_SPLIT + "; σ = 0.05 … 0.5",
        source="wang_vastola_2024, measured, where the abstract finds learned scores better "
        "described by a coarse mixture than by the training law",
        origin="derived",
        kind="lower",
        measurement=f"{_DIGITS}:held-out-atoms-low",
        formula=lambda c: 1.0,
        decoy=lambda c: 3.0,
        decoy_note="three times worse throughout",
        description=True,
        why="At small noise it answers with the nearest training digit, however far that is.",
    ),
    Claim(
        name="digits-remembered",
        statement="From σ = 0.7 on, the exact score of the training digits denoises held-out ones "
        "better than the Gaussian.",
        assumptions=_SPLIT + "; σ = 0.7 … 5",
        source="studies/papers/wang_vastola_2024.py, measured",
        origin="derived",
        kind="upper",
        measurement=f"{_DIGITS}:held-out-atoms-high",
        formula=lambda c: 1.0,
        decoy=lambda c: 0.85,
        decoy_note="at most 0.85 of the loss",
        description=True,
        why="Where the noise is wider than the gaps between digits, atoms are as good as a "
        "density, and not Gaussian.",
    ),
    Claim(
        name="digits-coarse",
        statement="A mixture of 50 Gaussians denoises held-out digits as well as the training "
        "digits' own score, or better.",
        assumptions=_SPLIT.replace("the Gaussian's loss", "that score's loss") + "; σ = 0.05 … 5",
        source="wang_vastola_2024, abstract ('better described by a coarse-grained "
        "(Gaussian mixture) approximation'), of learned scores",
        origin="reading",
        kind="upper",
        measurement=f"{_DIGITS}:coarse-over-atoms",
        formula=lambda c: 1.0,
        decoy=lambda c: 0.5,
        decoy_note="at most half of the loss",
        description=True,
        why="At small noise it generalises and atoms do not; at large noise the two are one law.",
    ),
    Claim(
        name="digits-teleport",
        statement="Teleporting the digits from σ = 80 to σ = 0.5, 1 or 2 errs there by at most "
        "half of their spread.",
        assumptions=_ATOMS.replace("batches of 30", "batches of 5")
        + "root mean square error over that of x_σ − μ",
        source="wang_vastola_2024, measured, where the abstract reports that teleporting keeps "
        "sample quality, on networks",
        origin="derived",
        kind="upper",
        measurement=f"{_DIGITS}:teleport",
        formula=lambda c: 0.5,
        decoy=lambda c: 0.01,
        decoy_note="at most 1 %",
        description=True,
        why="As on the line, see teleport-skip.",
        uses=("gaussian-flow",),
    ),
    Claim(
        name="digits-same",
        statement="Of digits teleported to σ = 0.5, 1 or 2, at least 15 % end where they would "
        "have ended.",
        assumptions=_ATOMS.replace("batches of 30", "batches of 5")
        + "the rest of the flow by the exact score, to σ = 0.2",
        source="studies/papers/wang_vastola_2024.py, measured",
        origin="derived",
        kind="lower",
        measurement=f"{_DIGITS}:same-digit",
        formula=lambda c: 0.15,
        decoy=lambda c: 0.95,
        decoy_note="at least 95 %",
        description=True,
        why="The error at the jump is small beside the distances of digits.",
        uses=("digits-teleport",),
    ),
)
