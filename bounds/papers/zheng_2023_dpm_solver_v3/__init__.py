"""Zheng, Lu, Chen and Zhu 2023, DPM-Solver-v3: what fast samplers do where everything is exact.

With it a second abstract: MRS, a fast sampler for mean-reverting diffusion (arXiv 2502.07856).
"""

from bounds.claim import Claim, Paper
from bounds.papers.zheng_2023_dpm_solver_v3 import mean_reverting, model, orders

PAPER = Paper(
    stem="zheng_2023_dpm_solver_v3",
    title="DPM-Solver-v3: Improved Diffusion ODE Solver with Empirical Model Statistics",
    authors=("Zheng", "Lu", "Chen", "Zhu"),
    venue="arXiv 2023",
    link="https://arxiv.org/abs/2310.13268",
    have="the abstract, and that of MRS (arXiv 2502.07856), and the public code at "
    "thu-ml/DPM-Solver-v3@ba16871; every formula here is derived by us",
    unknown=(
        "abstract read; statement unread: the theorems on the parameterisation and on orders",
        "how the coefficients l, s and b are defined (recalled here)",
        "the statements of MRS, whose abstract alone was read",
        "all experiments with images",
    ),
    about={
        "scores and laws": ("mrs-step", "mrs-flow"),
        "bias": ("churn-floor",),
        "dimension": ("v3-angle-three",),
        "sampled law": (
            "v3-*",
            "ddim-rotated",
            "*-order",
            "3m-published-*",
            "churn-floor",
            "w2-*",
            "mrs-start-error",
        ),
        "discretisation": (
            "v3-*",
            "ddim-*",
            "*-order",
            "3m-published-*",
            "churn-floor",
            "mrs-step",
        ),
    },
)

CLAIMS: tuple[Claim, ...] = (*model.CLAIMS, *orders.CLAIMS, *mean_reverting.CLAIMS)
