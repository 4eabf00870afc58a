"""Kumar, Nagaraj, Sarkar 2025:
the paper that this project is about, and what we derive beside it.
"""

from bounds.claim import Claim, Paper
from bounds.papers.kumar_2025 import (
    averaging,
    beyond,
    bootstrap,
    classes,
    concentration,
    every_m,
    forgetting,
    fresh_noise,
    identities,
    isotropic,
    linear,
    mixture,
    parameters,
    population,
    real_spectra,
    redraws,
    reverse,
    rigor,
    sgd,
    stam,
    supermartingale,
    symbolic,
)
from bounds.papers.kumar_2025.about import ABOUT

PAPER = Paper(
    stem="kumar_2025",
    title="Dimension-free Score Matching and Time Bootstrapping for Diffusion Models",
    authors=("Kumar", "Nagaraj", "Sarkar"),
    venue="NeurIPS 2025",
    link="https://arxiv.org/abs/2502.10354",
    have="the abstract, the outline, the opening of Theorem 1 and the captions",
    unknown=(
        "the right-hand sides of Theorems 1 to 3 and the value of C",
        "Algorithm 1's weights and the step at which bootstrapping starts",
        "every hyper-parameter of the figures: d, m, N, Δ, covariance, mixture weights, network "
        "width, optimiser",
        "the lemmas' exact names and statements",
    ),
    about=ABOUT,
)

CLAIMS: tuple[Claim, ...] = (
    *linear.CLAIMS,
    *isotropic.CLAIMS,
    *bootstrap.CLAIMS,
    *beyond.CLAIMS,
    *redraws.CLAIMS,
    *fresh_noise.CLAIMS,
    *real_spectra.CLAIMS,
    *stam.CLAIMS,
    *sgd.CLAIMS,
    *averaging.CLAIMS,
    *every_m.CLAIMS,
    *forgetting.CLAIMS,
    *classes.CLAIMS,
    *concentration.CLAIMS,
    *supermartingale.CLAIMS,
    *parameters.CLAIMS,
    *population.CLAIMS,
    *symbolic.CLAIMS,
    *identities.CLAIMS,
    *reverse.CLAIMS,
    *mixture.CLAIMS,
    *rigor.CLAIMS,
)
