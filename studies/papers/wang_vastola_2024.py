"""What is measured for Wang and Vastola 2024:
flows by DOP853, scores by quadrature, and scikit-learn's digits.

On the line nothing is sampled. Of the digits one split and one fit of each model are computed; what
is sampled, batch by batch, are digits (with replacement) and noise, so that replicates are
independent and errors are of this split.

Longer than 350 lines: a work is one file, and this one measures on the line and on images.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import scipy
from scipy.special import logsumexp

from bounds.check import Array, InvalidInput
from bounds.line import Line, flow
from studies.evidence import Parts, Seeds, computed, evidence, measured, one_by_one, row
from studies.study import Cell, Row, Study

# --- on the line, and Gaussians -------------------------------------------------------------------


def _integrated(
    slope: Callable[[float, Array], Array], start: Array, begin: float, end: float, **how: Any
) -> Any:
    """dx/dσ = slope(σ, x) from begin to end."""
    return scipy.integrate.solve_ivp(
        slope, (begin, end), start, method="DOP853", rtol=1e-11, atol=1e-13, **how
    )


def _turned(values: Sequence[float]) -> Array:
    """A basis that is not the coordinates'."""
    basis, _ = np.linalg.qr(np.random.default_rng(5).standard_normal((len(values), len(values))))
    return np.asarray(basis)


def _gaussian_slope(values: Sequence[float], basis: Array) -> Callable[[float, Array], Array]:
    covariance = (basis * np.array(values)) @ basis.T

    def slope(sigma: float, x: Array) -> Array:
        return np.asarray(sigma * np.linalg.solve(covariance + sigma**2 * np.eye(len(x)), x))

    return slope


def _gaussian_flow(cell: Cell) -> list[Row]:
    """u_kᵀx_σ for a start with u_kᵀx_T = 1, for each k; the mean is 0."""
    basis = _turned(cell["values"])
    slope = _gaussian_slope(cell["values"], basis)
    found = _integrated(slope, basis.sum(axis=1), cell["sigma_T"], cell["sigma"]).y[:, -1]
    levels = {"sigma": cell["sigma"], "sigma_T": cell["sigma_T"]}
    return [
        row("gaussian-flow", {**levels, "value": value}, coordinate)
        for value, coordinate in zip(cell["values"], basis.T @ found, strict=True)
    ]


def _emergence(cell: Cell) -> list[Row]:
    """The σ² at which the denoised image along u_k is half of what it is at σ = 0."""
    values, basis = cell["values"], _turned(cell["values"])
    covariance = (basis * np.array(values)) @ basis.T
    path = _integrated(
        _gaussian_slope(values, basis), basis.sum(axis=1), cell["sigma_T"], 0.0, dense_output=True
    )
    rows = []
    for value, direction in zip(values, basis.T, strict=True):

        def half(sigma: float, u: Array = direction) -> float:
            noisy = covariance + sigma**2 * np.eye(len(u))
            return float(
                u @ covariance @ np.linalg.solve(noisy, path.sol(sigma)) - u @ path.sol(0.0) / 2
            )

        middle = scipy.optimize.brentq(half, 1e-9, cell["sigma_T"], xtol=1e-13)
        rows.append(row("emergence", {"value": value}, middle**2))
    return rows


def _law(cell: Cell) -> Line:
    return Line(cell["weights"], cell["means"], cell["variances"])


def _of(cell: Cell, *more: str) -> dict[str, Any]:
    return {name: cell[name] for name in ("law", "weights", "means", "variances", *more)}


def _flow(cell: Cell) -> list[Row]:
    """Where the probability flow carries points from −10 to 10 standard deviations at σ_T."""
    law, begin, end = _law(cell), cell["sigma_T"], cell["sigma"]
    wide = law.blurred(begin)
    starts = wide.mean + np.sqrt(wide.variance) * np.array(
        [-10.0, -6.0, -2.0, -0.5, 0.5, 1.0, 2.0, 6.0, 10.0]
    )
    ends = _integrated(lambda s, x: -s * law.blurred(s).score(x), starts, begin, end).y[:, -1]
    of = _of(cell, "sigma", "sigma_T")
    return [row("flow", {**of, "x": float(x)}, y) for x, y in zip(starts, ends, strict=True)]


def _grid(law: Line, points: int = 6001) -> tuple[Array, Array]:
    """Points, and their weights under the law:
    the trapezoid rule, over 14 standard deviations of each component.
    """
    sd = np.sqrt(law.variances)
    x = np.linspace((law.means - 14 * sd).min(), (law.means + 14 * sd).max(), points)
    return x, np.asarray(np.exp(law.log_density(x)) * (x[1] - x[0]))


def _unexplained(cell: Cell) -> list[Row]:
    law = _law(cell).blurred(cell["sigma"])
    x, p = _grid(law)
    s, y = law.score(x), x - law.mean
    missed = p @ (s + y / law.variance) ** 2
    of = _of(cell, "sigma")
    rows = [row(cell["quantity"], of, float(missed / (p @ s**2)))]
    if cell["quantity"] == "unexplained":
        rows.append(row("mean-only", of, float(p @ (s + y / cell["sigma"] ** 2) ** 2 - missed)))
    return rows


def _jumped(law: Line, begin: float, end: float, x: Array) -> Array:
    """Where teleporting sets down what the flow would carry to x at σ = end."""
    wide, narrow = law.blurred(begin), law.blurred(end)
    factor = np.sqrt(narrow.variance / wide.variance)
    return np.asarray(law.mean + factor * (flow(narrow, wide, x) - law.mean))


def _skip(cell: Cell) -> list[Row]:
    """Root mean square error of a jump to σ, over the law's own points there."""
    law, begin, end = _law(cell), cell["sigma_T"], cell["sigma"]
    x, p = _grid(law.blurred(end), 1501)
    error = float(np.sqrt(p @ (_jumped(law, begin, end, x) - x) ** 2))
    return [row("teleport-skip", _of(cell, "sigma", "sigma_T"), error)]


def _end(cell: Cell) -> list[Row]:
    """The same after the rest of the flow, over X_0:
    a grid in x_0 sees the gaps of the law, one in z would not.
    """
    law, begin, end = _law(cell), cell["sigma_T"], cell["sigma"]
    narrow = law.blurred(end)
    x, p = _grid(law, 1501)
    after = flow(narrow, law, _jumped(law, begin, end, flow(law, narrow, x)))
    error = float(np.sqrt(p @ (after - x) ** 2))
    return [row("teleport-end", _of(cell, "sigma", "sigma_T"), error)]


def _share(cell: Cell) -> list[Row]:
    """The share beyond the split after a jump:
    the split carried up by the ODE, jumped back, and the mass above it.
    """
    law, begin, end = _law(cell), cell["sigma_T"], cell["sigma"]
    wide, narrow = law.blurred(begin), law.blurred(end)
    up = _integrated(
        lambda s, x: -s * law.blurred(s).score(x), np.array([cell["split"]]), 0.0, end
    ).y[0, -1]
    place = law.mean + np.sqrt(wide.variance / narrow.variance) * (up - law.mean)
    found, kept = float(np.exp(wide.log_sf(place))), float(np.exp(law.log_sf(cell["split"])))
    of = _of(cell, "sigma", "sigma_T", "split")
    if cell["quantity"] == "share-shift":
        return [row("share-shift", of, found - kept)]
    rows = [row("share", of, found)]
    if end == 1:
        rows.append(row("share-moved", of, abs(found - kept)))
    return rows


PARTS: Parts = {
    "gaussian-flow": computed(_gaussian_flow, "gaussian-flow"),
    "emergence": computed(_emergence, "emergence"),
    "flow": computed(_flow, "flow"),
    "unexplained": computed(
        _unexplained,
        "high-noise",
        "high-noise-even",
        "mean-only",
        "unexplained",
        "unexplained-even",
    ),
    "skip": computed(_skip, "teleport-skip"),
    "end": computed(_end, "teleport-end"),
    "share": computed(_share, "share", "share-moved", "share-shift"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part: all are computed."""
    return measured(PARTS, cell, seeds)


def _modes(minor: float) -> Cell:
    return {
        "law": "skewed",
        "weights": [1 - minor, minor],
        "means": [-2.0, 2.0],
        "variances": [0.25, 0.25],
    }


SKEWED = _modes(0.15)
SHOULDER: Cell = {
    "law": "shoulder",
    "weights": [0.9, 0.1],
    "means": [0.0, 1.0],
    "variances": [0.3, 9.0],
}
SLOPE: Cell = {"law": "slope", "weights": [0.7, 0.3], "means": [0.0, 1.5], "variances": [0.3, 0.8]}
TWO: Cell = {
    "law": "symmetric",
    "weights": [0.5, 0.5],
    "means": [-1.5, 1.5],
    "variances": [0.25, 0.25],
}
TAILS: Cell = {
    "law": "heavy tails",
    "weights": [0.8, 0.2],
    "means": [0.0, 0.0],
    "variances": [0.3, 8.0],
}
SIGMAS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
HIGH = (16.0, 32.0, 64.0)


def _at(part: str, law: Cell, **more: Any) -> Cell:
    return {"part": part, **law, **more}


CELLS: list[Cell] = [
    *(
        {
            "part": "gaussian-flow",
            "values": [0.0, 0.01, 0.3, 1.0, 5.0, 40.0],
            "sigma_T": begin,
            "sigma": end,
        }
        for begin, end in ((80.0, 10.0), (80.0, 1.0), (80.0, 0.01), (5.0, 2.0))
    ),
    {"part": "emergence", "values": [0.01, 0.2, 1.0, 9.0, 100.0], "sigma_T": 80.0},
    *(
        _at("flow", law, sigma_T=80.0, sigma=end)
        for law in (SKEWED, SHOULDER)
        for end in (0.1, 1.0, 4.0)
    ),
    *(
        _at("unexplained", law, quantity=quantity, sigma=sigma)
        for quantity, laws in (
            ("unexplained", (SKEWED, SHOULDER)),
            ("unexplained-even", (TWO, TAILS)),
        )
        for law in laws
        for sigma in SIGMAS
    ),
    *(
        _at("unexplained", law, quantity=quantity, sigma=sigma)
        for quantity, laws in (("high-noise", (SKEWED, SLOPE)), ("high-noise-even", (TWO, TAILS)))
        for law in laws
        for sigma in HIGH
    ),
    *(
        _at(part, law, sigma_T=begin, sigma=end)
        for part, law, ends in (
            ("skip", SKEWED, (6.0, 12.0, 24.0, 48.0)),
            ("skip", SLOPE, (8.0, 16.0, 32.0, 64.0)),
            ("end", SLOPE, (8.0, 16.0, 32.0, 64.0)),
        )
        for end in ends
        for begin in (2 * end, 1000.0)
    ),
    *(
        _at("share", _modes(minor), quantity="share", sigma_T=80.0, sigma=end, split=0.0)
        for minor in (0.03, 0.1, 0.15, 0.2, 0.3, 0.4)
        for end in (1.0, 4.0)
    ),
    *(
        _at("share", _modes(minor), quantity="share-shift", sigma_T=4 * end, sigma=end, split=0.0)
        for minor in (0.03, 0.2, 0.3)
        for end in (64.0, 256.0)
    ),
]
STUDY = evidence(
    "evidence-wang-vastola",
    "Scores, flows and jumps of mixtures on the line, and the flow of Gaussians.",
    CELLS,
    measure,
    PARTS,
    seed=91,
    batch=1,
)

# --- scikit-learn's digits ------------------------------------------------------------------------

TRAINING = 1200
COMPONENTS = (1, 2, 10, 50)
BATCH = 30
STARTS = 5
TOP, BOTTOM = 80.0, 0.2


class Fitted(NamedTuple):
    """A mixture of Gaussians in its components' eigenbases.

    Attributes
    ----------
    weights, means, values, bases : (K,), (K, d), (K, d), (K, d, d)
    """

    weights: Array
    means: Array
    values: Array
    bases: Array


@contextmanager
def _scikit_learn() -> Iterator[None]:
    try:
        yield
    except ImportError:
        raise InvalidInput("digits", "come with scikit-learn: install the extra [data]") from None


@cache
def digits() -> Array:
    """The 1797 digits, shape (1797, 64), scaled to [−1, 1], in an order drawn once.

    Raises
    ------
    InvalidInput
        If scikit-learn is not installed.
    """
    with _scikit_learn():
        from sklearn.datasets import load_digits
    pixels = np.asarray(load_digits().data, dtype=np.float64) / 8 - 1
    return np.asarray(pixels[np.random.default_rng(92).permutation(len(pixels))])


@cache
def fitted(components: int) -> Fitted:
    """A mixture fitted to the training digits:
    15 steps of EM from k-means, 0.01 added to each variance.
    """
    with _scikit_learn():
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture
    model = GaussianMixture(components, reg_covar=0.01, max_iter=15, random_state=93)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # so many steps are the definition
        model.fit(digits()[:TRAINING])
    values, bases = np.linalg.eigh(model.covariances_)
    return Fitted(model.weights_, model.means_, values, bases)


def denoised(model: Fitted, sigma: float, x: Array) -> Array:
    """E[X_0 | X_σ = x] of a mixture, shape (n, d)."""
    exponents, means = [], []
    for k, weight in enumerate(model.weights):
        y = (x - model.means[k]) @ model.bases[k]
        v = model.values[k] + sigma**2
        exponents.append(np.log(weight) - np.sum(y**2 / v + np.log(v), axis=1) / 2)
        means.append(model.means[k] + (y * (model.values[k] / v)) @ model.bases[k].T)
    r = np.exp(exponents - logsumexp(exponents, axis=0))
    return np.asarray(np.einsum("kn,knd->nd", r, np.array(means)))


def recalled(atoms: Array, sigma: float, x: Array, energies: Array | None = None) -> Array:
    """E[X_0 | X_σ = x], (n, d); the data are one atom, all as likely, `energies` ½|atom|² each."""
    half = np.sum(atoms**2, axis=1) / 2 if energies is None else energies
    exponents = (x @ atoms.T - half) / sigma**2
    exponents -= exponents.max(axis=1, keepdims=True)
    r = np.exp(exponents, out=exponents)
    return np.asarray(r @ atoms / r.sum(axis=1, keepdims=True))


@cache
def _moments() -> Fitted:
    """The Gaussian with the mean and the covariance of all digits."""
    atoms = digits()
    mean = atoms.mean(axis=0)
    values, basis = np.linalg.eigh((atoms - mean).T @ (atoms - mean) / len(atoms))
    return Fitted(np.ones(1), mean[None], np.maximum(values, 0)[None], basis[None])


def _share_of_energy(cell: Cell, rng: np.random.Generator) -> list[Row]:
    """E|s − s_G|²/E|s|² in a batch; the law is all digits, so that s is exact."""
    sigma = cell["sigma"]
    atoms = digits()
    x = atoms[rng.integers(len(atoms), size=BATCH)] + sigma * rng.standard_normal(
        (BATCH, atoms.shape[1])
    )
    exact, linear = recalled(atoms, sigma, x) - x, denoised(_moments(), sigma, x) - x
    share = np.sum((exact - linear) ** 2) / np.sum(exact**2)
    return [
        row(
            "unexplained" if sigma >= 0.5 else "unexplained-low",
            {"law": "digits", "sigma": sigma},
            share,
        )
    ]


def _held_out(cell: Cell, rng: np.random.Generator) -> list[Row]:
    """Denoising losses of a batch of held-out digits, as ratios on the same noise."""
    sigma = cell["sigma"]
    training, rest = digits()[:TRAINING], digits()[TRAINING:]
    clean = rest[rng.integers(len(rest), size=BATCH)]
    x = clean + sigma * rng.standard_normal(clean.shape)
    loss = {K: np.sum((denoised(fitted(K), sigma, x) - clean) ** 2) for K in COMPONENTS}
    atoms = np.sum((recalled(training, sigma, x) - clean) ** 2)
    rows = [
        row("held-out-few", {"model": f"{K}", "sigma": sigma}, loss[K] / loss[1]) for K in (2, 10)
    ]
    rows.append(row("held-out-many", {"model": "50", "sigma": sigma}, loss[50] / loss[1]))
    side = "low" if sigma <= 0.5 else "high"
    rows.append(row(f"held-out-atoms-{side}", {"model": "atoms", "sigma": sigma}, atoms / loss[1]))
    rows.append(row("coarse-over-atoms", {"model": "50", "sigma": sigma}, loss[50] / atoms))
    return rows


def _jump(cell: Cell, rng: np.random.Generator) -> list[Row]:
    """The exact flow of all digits from σ = 80,
    against a jump to σ; and how many end at the same digit.
    """
    sigma = cell["sigma"]
    atoms, gaussian = digits(), _moments()
    energies = np.sum(atoms**2, axis=1) / 2
    start = atoms[rng.integers(len(atoms), size=STARTS)] + TOP * rng.standard_normal(
        (STARTS, atoms.shape[1])
    )

    def carried(x: Array, begin: float, end: float) -> Array:
        def slope(log_sigma: float, flat: Array) -> Array:
            here = flat.reshape(x.shape)
            return np.ravel(here - recalled(atoms, float(np.exp(log_sigma)), here, energies))

        span = np.log(begin), np.log(end)
        found = scipy.integrate.solve_ivp(
            slope, span, x.ravel(), method="DOP853", rtol=1e-4, atol=1e-5
        ).y[:, -1]
        return np.asarray(found.reshape(x.shape))

    mean, values, basis = gaussian.means[0], gaussian.values[0], gaussian.bases[0]
    factors = np.sqrt((values + sigma**2) / (values + TOP**2))
    jumped = mean + ((start - mean) @ basis * factors) @ basis.T
    exact = carried(start, TOP, sigma)
    error = np.sqrt(np.sum((jumped - exact) ** 2) / np.sum((exact - mean) ** 2))
    ends = [
        np.argmax(carried(x, sigma, BOTTOM) @ atoms.T - np.sum(atoms**2, axis=1) / 2, axis=1)
        for x in (jumped, exact)
    ]
    return [
        row("teleport", {"sigma": sigma}, error),
        row("same-digit", {"sigma": sigma}, np.mean(ends[0] == ends[1])),
    ]


SAMPLED: Parts = {
    "share-of-energy": one_by_one(_share_of_energy, "unexplained", "unexplained-low"),
    "held-out": one_by_one(
        _held_out,
        "coarse-over-atoms",
        "held-out-atoms-high",
        "held-out-atoms-low",
        "held-out-few",
        "held-out-many",
    ),
    "jump": one_by_one(_jump, "same-digit", "teleport"),
}


def measure_digits(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part, a batch for each seed."""
    return measured(SAMPLED, cell, seeds)


DIGITS_CELLS: list[Cell] = [
    *({"part": "share-of-energy", "sigma": sigma} for sigma in (0.1, 0.2, 0.5, 0.7, 1.0, 2.0, 5.0)),
    *(
        {"part": "held-out", "sigma": sigma}
        for sigma in (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 2.0, 5.0)
    ),
    *({"part": "jump", "sigma": sigma} for sigma in (0.5, 1.0, 2.0)),
]
DIGITS = evidence(
    "evidence-wang-vastola-digits",
    "Scikit-learn's digits: what the Gaussian leaves of the exact score, who denoises held-out "
    "digits, jumps.",
    DIGITS_CELLS,
    measure_digits,
    SAMPLED,
    seed=94,
    replicates=40,
    batch=40,
    needs={"sklearn": "data"},
)
STUDIES: tuple[Study, ...] = (STUDY, DIGITS)
