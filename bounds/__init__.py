"""The mathematics of dimfree: pure functions of arrays in float64.
No files, no clock, no global random state.

What is where:

process        the forward process: e_t, σ_t², the clock x = e^{2t} − 1, grids of times,
               simulated paths
gaussian       Gaussian data: spectra, scores, conditional variances
mixture        mixtures of Gaussians: scores, posteriors, residual covariances
cauchy         Cauchy data, which have no mean
gram           Gram matrices of simulated or exactly drawn paths: all that a linear estimator
               sees of the data
isotropic      DSM's risks for Σ = λI in O(d) numbers, to d = 10⁹
targets        the three regression targets T1, T2, T3 and their noise
estimators     DSM and BSM
bootstrap      risk-optimal bootstrapping, and the limits of small gaps
stam           bootstrapping with the weight of least variance
sgd            stochastic gradient descent on a linear score: exact second moments
path           one covariance fitted along the whole path, and the information that the path holds
joint          one function over all noise levels
classes        linear classes smaller than all matrices
features       scores on fixed features
forgetting     bootstrapping at every sample size: bounds for every law, and the exact mean risk
catalog        the estimators by name
data           one's own data as Gram matrices, and the held-out loss
risk           the risk as a quadratic form, and in closed form
concentration  dimension-free bounds with explicit constants, with their proof
risk_bounds    what follows from them: classes with P parameters, population risk, s outside
averaging      averages of candidate scores, weighted by their held-out losses
identities     the identities of the theory in symbols
divergence     KL and W2 between Gaussians; total variation on the line
affine         Gaussians carried by affine flows, with noise and with weights
chain          Gaussians carried by steps; multistep schemes
solvers        solvers of the probability flow and samplers with noise, for any denoiser
model_statistics  DPM-Solver-v3 with exact statistics of the model
fields         linear fields: what moves a Gaussian and what does not; Langevin's law
reverse        laws of reverse-time samplers with linear scores
transfer       what a sampler with any score returns, as a density on a grid
intervals      ball arithmetic, and the maximum of a function over a box
kernels        the kernels whose norm is κ, for each class of laws
gaussian_algebra  moments and quadratic forms of Gaussians in symbols
hyvarinen      score matching without noise: the quadratic loss of an exponential family, its
               minimum, free or in an l1 ball, and the sandwich
edges          confidence intervals for an edge of a Gaussian graphical model
causal         an order of causes and effects by SCORE, and where the data's precision decides it
information    entropy and Fisher information of mixtures on the line, alone and against another
               law; their tilts
quadrature     laws whose log density is a polynomial, on grids
line           exact laws on the line: cdf, quantiles, flow maps and distances, safe in the tails
scale          atoms with normal, Student's, Laplace or logistic noise on the line
lbfgs          L-BFGS for many functions at once
networks       small networks, many at once
certify        formulas for floats and intervals alike
check          the gate for whatever comes in; InvalidInput
claim          what a claim is, and its verdict
replicates     from replicates to a measured number, as a claim takes it
ledger         all works and claims
local_curvature  score matching with the trace by Stein's identity: two losses, and linear scores
kernel_flow    gradient flow of kernel regression on noisy labels, and when to stop it
papers         a module or a package for each work: its formulas and claims

theory.md is the theory as a text.
"""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036
    print(
        f"dimfree: needs Python 3.11 or later, and this is {sys.version.split()[0]}",
        file=sys.stderr,
    )
    raise SystemExit(2)

try:
    int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
except ValueError:
    # numpy.f2py, which scipy and statsmodels come to import, reads it as a number or ends in a
    # traceback.
    del os.environ["SOURCE_DATE_EPOCH"]
