"""What the tests of a lesson need to know of it beside the lesson itself."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Checks(NamedTuple):
    """One lesson's.

    Attributes
    ----------
    settings : two settings of its sliders, one step apart
    answers : to its exercises, each by another route than the lesson's
    beside : what the cell with the switch defines besides
    terms : those that it explains, and words of the explanation
    """

    settings: tuple[tuple[Any, ...], tuple[Any, ...]]
    answers: tuple[Callable[[], float], ...]
    beside: Mapping[str, float] = {}
    terms: Mapping[str, str] = {}


# Term → words that explain it. What the lessons before have is said again in few words.
IN_EVERY_LESSON = {
    "claim": "a statement with a formula",
    "decoy": "smallest false variant",
    "verdict": "HOLDS where the measurement accepts",
    "REFUTED": "where the measurement contradicts",
    "UNDECIDED": "cannot tell the two apart",
}
TERMS: dict[str, dict[str, str]] = {
    "lesson_01_tweedie": {
        "datum": "$X_0$",
        "Z_t": "and noise $Z_t$",
        "forward process": "less datum and the more noise",
        "σ_t": "1 - e^{-2t}",
        "score": "slope of the log density",
        "p_t": "the density of $X_t$",
        "target": "$-Z_t/σ_t^2$",
        "residual": "What is left over",
        "C_t": "variance given $X_t = x$",
        "modes": "peaks of the density",
        "path": "one datum with its noise",
    },
    "lesson_02_regression": {
        "DSM": "least squares of the noise",
        "X_t": "e^{-t} X_0 + Z_t",
        "score": r"\nabla \log p_t(x)",
        "V_t": "the covariance of $X_t$",
        "residual": "What the score leaves",
        "C_t": "has covariance",
        "population": "over a fresh $X_t$",
        "empirical risk": "over the $m$ samples",
        "tr": "the trace",
        "inverse Wishart": "inverse of a Gaussian sample covariance",
        "power": "accepts both",
    },
    "lesson_03_dimension": {
        "dimension-free": "is not in it",
        "class": "a list of $|H|$ functions",
        "joint loss": "sums the denoising losses",
        "γ_j": "weights",
        "κ": "depends on times, weights and how wide",
        "δ": "With probability",
        "empirical error": "the mean over the samples",
        "adversarial": "a wrong function often wins",
        "Gram matrices": "products that least squares uses",
        "log-log slope": "of log error against",
    },
    "lesson_04_martingales": {
        "path": "seen at the times",
        "residual": "what is left of the noise",
        "γ_j": "the steps of the grid",
        "martingale": "does not drift",
        "κ": "for all dimensions and grids",
    },
    "lesson_05_bootstrapping": {
        "DSM": "Denoising score matching",
        "score": r"\nabla \log p_t(x)",
        "T_1": "-Z_t/σ_t^2",
        "T_2": "the score carried on",
        "T_3": "the noise of the one step",
        "gap": "t - t'",
        "BSM": "Bootstrapped score matching",
        "risk": "mean squared error",
        "r_{k": "to leading order",
        "v_i": "the variances of $X_t$",
        "control variate": "a term of mean 0",
        "U_{t'}": "what the score leaves",
        "control-variate weight": "σ_{t'}^2/σ_t^2",
        "information bound": "the least risk",
    },
    "lesson_06_samples": {
        "sampler": "starts from noise",
        "score": "slopes of the noisy data's log density",
        "flow": "q = 0",
        "W_2": "mass must be moved",
        "discretisation": "what finite steps cost",
        "estimation": "what scores from $m$ samples cost",
        "thinning": "only every $k$-th level",
        "DSM": "denoising score matching",
        "BSM": "bootstrapped score matching",
        "KL": "mean log ratio of two densities",
    },
    "lesson_07_log_log": {
        "class": "of size $|H|$",
        "flat": "one without $d$",
        "local slope": "of the logarithm against",
        "equivalence test": "lies within a *margin*",
        "margin": r"\pm 0.02",
        "power": "names the true one",
    },
}
