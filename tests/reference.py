"""Second routes that several tests share:
slow, obvious code that knows nothing of the library's formulas.
"""

from collections.abc import Sequence

import numpy as np

from bounds.check import Array
from bounds.gram import Gram

# The running example of theory.md.
EIGENVALUES = np.linspace(0.3, 3.0, 8)
TIMES: Array = np.arange(1, 21) / 10


def random_covariance(d: int, seed: int) -> Array:
    """A well-conditioned full covariance whose eigenbasis is nobody's axes."""
    rng = np.random.default_rng(seed)
    q, _ = np.linalg.qr(rng.standard_normal((d, d)))
    return np.asarray(q @ np.diag(np.linspace(0.3, 3.0, d)) @ q.T)


def plain_paths(
    covariance: Array, samples: int, times: Array, rng: np.random.Generator
) -> tuple[Array, list[Array], list[Array]]:
    """X_0, all X_t and all Z_t = X_t − e^{-t} X_0,
    arrays in memory; each step by X_t = e^{-g} X_{t'} + τ w.
    """
    x0 = rng.multivariate_normal(
        np.zeros(len(covariance)), covariance, size=samples, method="cholesky"
    )
    x, now, xs = x0, 0.0, []
    for t in times:
        g = t - now
        x = np.exp(-g) * x + np.sqrt(1 - np.exp(-2 * g)) * rng.standard_normal(x0.shape)
        xs.append(x)
        now = t
    return x0, xs, [x - np.exp(-t) * x0 for x, t in zip(xs, times, strict=True)]


def plain_estimates(times: Array, x0: Array, xs: list[Array]) -> tuple[list[Array], list[Array]]:
    """DSM and BSM by lstsq on the samples themselves;
    BSM by its control-variate form T1 + α* Û_{t'}.
    """
    dsm: list[Array] = []
    bsm: list[Array] = []
    for k, (t, x) in enumerate(zip(times, xs, strict=True)):
        variance = 1 - np.exp(-2 * t)
        target = -(x - np.exp(-t) * x0) / variance
        dsm.append(np.linalg.lstsq(x, target, rcond=None)[0].T)
        if k:
            before, g = 1 - np.exp(-2 * times[k - 1]), t - times[k - 1]
            residual = (xs[k - 1] - np.exp(-times[k - 1]) * x0) / before + xs[k - 1] @ bsm[-1].T
            target = target + np.exp(-g) * before / variance * residual
        bsm.append(np.linalg.lstsq(x, target, rcond=None)[0].T)
    return dsm, bsm


def batched(grams: Sequence[Gram], *shape: int) -> Gram:
    """Gram matrices of one step, one for each replicate, as one Gram of that leading shape."""
    xx, xz, xw = (
        np.stack([getattr(gram, key) for gram in grams]).reshape(*shape, *grams[0].xx.shape)
        for key in ("xx", "xz", "xw")
    )
    return Gram(grams[0].step, grams[0].samples, xx, xz, xw)
