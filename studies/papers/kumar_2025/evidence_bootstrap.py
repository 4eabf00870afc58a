"""Evidence on what lies beyond the paper's bootstrap:
better weights, one fit along the path, one function of all times.

Parts of a cell, all sampled: "gaussian" runs every estimator on the same drawn Gram matrices;
"joint" fits one function over all times; "scarce" takes m near d, where DSM itself is poor;
"mixture" gives the same estimators data that are not Gaussian. What is computed and not sampled is
in studies.papers.kumar_2025.evidence_bootstrap_exact.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from bounds.bootstrap import optimal
from bounds.check import Array
from bounds.estimators import Estimator, bsm, dsm
from bounds.gaussian import Gaussian
from bounds.gram import Gram, exact
from bounds.joint import Scheme, joint_fit
from bounds.mixture import Mixture
from bounds.path import path
from bounds.process import noise_variance, simulate, steps, uniform_grid, weights
from bounds.risk import risk
from bounds.targets import local_variances
from studies.evidence import Parts, Seeds, evidence, measured, row, together
from studies.papers.kumar_2025.linear_score import Spectrum
from studies.study import Cell, Row


def _generators(seeds: Seeds, draws: int) -> list[np.random.Generator]:
    """`draws` for each seed, a seed's own side by side."""
    return [np.random.default_rng(one) for seed in seeds for one in seed.spawn(draws)]


def _rows(found: Sequence[tuple[str, Cell, Array]], seeds: Seeds) -> list[list[Row]]:
    """(quantity, cell, one number a draw) → rows, each the mean over a seed's own draws."""
    rows: list[list[Row]] = [[] for _ in seeds]
    for quantity, of, values in found:
        for mine, value in zip(rows, values.reshape(len(seeds), -1).mean(axis=1), strict=True):
            mine.append(row(quantity, of, value))
    return rows


def _joint(law: Gaussian, times: Sequence[float], estimates: Sequence[Array]) -> Array:
    """Σ_k γ_k × risk, one number a draw."""
    return np.asarray(
        sum(g * risk(law, t, a) for g, t, a in zip(weights(times), times, estimates, strict=True))
    )


def apart(law: Gaussian, grams: Sequence[Gram]) -> list[Array]:
    """One round of the path fit from the true Λ (diagonal),
    each entry on its own: (i, j) is not pooled with (j, i).
    """
    score, held = np.zeros_like(grams[0].xx), np.zeros((law.dimension, law.dimension))
    for gram in grams:
        v, h = law.variances(gram.step.t), local_variances(law, gram.step)
        moves = np.exp(-2 * gram.step.t) / np.outer(v, v)
        residual = -np.swapaxes(gram.xw, -1, -2) / gram.step.fresh + gram.xx / v[:, None]
        score += moves / h[:, None] * residual
        held += moves**2 * v / h[:, None]
    change = score / held / grams[0].samples
    out = []
    for gram in grams:
        v = law.variances(gram.step.t)
        out.append(np.exp(-2 * gram.step.t) / np.outer(v, v) * change - np.diag(1 / v))
    return out


def _gaussian(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    law, m = Gaussian(np.array(cell["eigenvalues"])), cell["m"]
    times = uniform_grid(cell["spacing"], round(cell["last"] / cell["spacing"])).tolist()
    grams = list(exact(law, m, times, _generators(seeds, cell["draws"])))
    shared = {key: cell[key] for key in ("eigenvalues", "spacing", "last", "m")}
    fits: dict[str, tuple[Cell, Callable[[Sequence[Gram]], Iterable[Array]]]] = {
        "path-risk": ({}, path)
    }
    if cell["weights"]:
        fits["unpooled-risk"] = ({}, lambda g: apart(law, g))
        for scalar in (False, True):
            for known in (False, True):
                of = {"scalar": scalar, "known": known}
                fit = optimal(scalar=scalar, law=law if known else None)
                fits[f"gain-risk {scalar} {known}"] = (of, fit)
    found = []
    for name, (of, fit_of) in fits.items():
        estimates = list(fit_of(grams))
        for t in cell["kept"]:
            k = round(t / cell["spacing"]) - 1
            found.append(
                (name.split()[0], {**shared, **of, "t": t}, m * risk(law, times[k], estimates[k]))
            )
    return _rows(found, seeds)


def _joint_part(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    law, m = Gaussian(np.array(cell["eigenvalues"])), cell["m"]
    times = uniform_grid(cell["spacing"], cell["steps"]).tolist()
    grams = list(exact(law, m, times, _generators(seeds, cell["draws"])))
    shared = {key: cell[key] for key in ("eigenvalues", "spacing", "steps", "m")}
    found = []
    for basis, count, local in cell["schemes"]:
        estimates = list(joint_fit(Scheme(basis, count, local=local))(grams))
        of = {**shared, "basis": basis, "count": count, "local": local}
        found.append(("joint-risk", of, m * _joint(law, times, estimates)))
    return _rows(found, seeds)


def _scarce(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    d, m, times = cell["d"], cell["m"], cell["times"]
    law = Spectrum(**cell["law"]).law(d)
    grams = list(exact(law, m, times, _generators(seeds, cell["draws"])))
    base = _joint(law, times, list(dsm(grams)))
    shared = {"eigenvalues": law.eigenvalues.tolist(), "m": m, "times": times}
    fits: dict[str, Estimator] = {
        "bsm": bsm,
        "matrix": optimal(),
        "path": path,
    }
    found = [
        ("scarce-" + name, shared, _joint(law, times, list(fit(grams))) - base)
        for name, fit in fits.items()
    ]
    return _rows(found, seeds)


def mixture_of(cell: Cell) -> Mixture:
    """The law of a cell: components N(μ_k, s_k² I), of mean 0."""
    means = np.array(cell["means"])
    spread = np.array(cell["variances"])[:, None, None] * np.eye(means.shape[1])
    return Mixture(np.array(cell["weights"]), means, spread)


def covariance_of(law: Mixture) -> Array:
    """Cov X_0 of a mixture of mean 0."""
    second = law.covariances + law.means[:, :, None] * law.means[:, None, :]
    return np.asarray((law.weights[:, None, None] * second).sum(axis=0))


def mixture_grams(
    law: Mixture, m: int, times: Sequence[float], generators: Sequence[np.random.Generator]
) -> tuple[Array, list[Gram]]:
    """The empirical covariance of m samples of X_0, and the Gram matrices of the paths that start
    there; a leading axis for the generators.
    """
    covariances, products = [], []
    for rng in generators:
        x0 = law.sample(m, rng)
        covariances.append(x0.T @ x0 / m)
        slices = simulate(x0, times, rng)
        products.append([(now.x.T @ now.x, now.x.T @ now.z, now.x.T @ now.w) for now in slices])
    grams = [
        Gram(step, m, xx, xz / np.sqrt(noise_variance(step.t)), xw)
        for step, (xx, xz, xw) in zip(
            steps(times), np.moveaxis(np.array(products), 0, 2), strict=True
        )
    ]
    return np.stack(covariances), grams


def _mixture(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    law, m, times = mixture_of(cell), cell["m"], cell["times"]
    generators = _generators(seeds, cell["draws"])
    covariances, grams = mixture_grams(law, m, times, generators)
    best = Gaussian.from_covariance(covariance_of(law))
    shared = {
        "law": cell["law"],
        "eigenvalues": best.eigenvalues.tolist(),
        **{key: cell[key] for key in ("weights", "means", "variances", "m", "times")},
    }
    fits: dict[str, Estimator] = {"dsm": dsm, "bsm": bsm, "matrix": optimal(), "path": path}
    estimates = {name: list(fit(grams)) for name, fit in fits.items()}
    found = []
    for k, t in enumerate(times):
        if t not in cell["kept"]:
            continue
        of = {**shared, "t": t}
        against = {name: m * risk(best, t, a[k]) for name, a in estimates.items()}
        plug_in = -np.linalg.inv(
            np.exp(-2 * t) * covariances + noise_variance(t) * np.eye(law.dimension)
        )
        least = m * risk(best, t, plug_in)
        found += [
            (f"mixture-{n}", of, against[n] - against["dsm"]) for n in ("bsm", "matrix", "path")
        ]
        found.append(("mixture-attained", of, against["path"] - 1.15 * least))
        # Against the true score, on fresh points of the marginal law.
        fresh, gaps = law.marginal(t), []
        for one, rng in enumerate(generators):
            x = fresh.sample(cell["points"], rng)
            s = law.score(t, x)
            off = {
                n: ((x @ estimates[n][k][one].T - s) ** 2).sum(axis=1).mean()
                for n in ("dsm", "bsm", "path")
            }
            gaps.append([m * (off[n] - off["dsm"]) for n in ("bsm", "path")])
        for name, values in zip(("bsm", "path"), np.transpose(gaps), strict=True):
            found.append((f"true-{name}", of, values))
    return _rows(found, seeds)


PARTS: Parts = {
    "gaussian": together(_gaussian, "gain-risk", "path-risk", "unpooled-risk"),
    "joint": together(_joint_part, "joint-risk"),
    "scarce": together(_scarce, "scarce-bsm", "scarce-matrix", "scarce-path"),
    "mixture": together(
        _mixture,
        "mixture-attained",
        "mixture-bsm",
        "mixture-matrix",
        "mixture-path",
        "true-bsm",
        "true-path",
    ),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part; a sampled number is a mean over the draws of its replicate."""
    return measured(PARTS, cell, seeds)


_LINEAR = np.linspace(0.3, 3.0, 8).tolist()
_TENTHS = [round(0.1 * k, 12) for k in range(1, 21)]
_COARSE = [round(0.02 + 0.2 * k, 12) for k in range(11)]
_LAWS: list[Cell] = [
    {
        "law": "two modes",
        "weights": [0.75, 0.25],
        "means": [[-0.6, 0.0, 0.0], [1.8, 0.0, 0.0]],
        "variances": [0.25, 0.25],
    },
    {
        "law": "heavy tails",
        "weights": [0.9, 0.1],
        "means": [[0.0] * 3, [0.0] * 3],
        "variances": [0.3, 7.0],
    },
    {
        "law": "narrow modes",
        "weights": [0.5, 0.5],
        "means": [[-1.0, 0.0, 0.0], [1.0, 0.0, 0.0]],
        "variances": [0.02, 0.02],
    },
]


def _gaussian_cell(spacing: float, kept: list[float], draws: int, weights: bool) -> Cell:
    shared = {"part": "gaussian", "eigenvalues": _LINEAR, "m": 20_000, "last": 2.0}
    return {**shared, "spacing": spacing, "kept": kept, "draws": draws, "weights": weights}


SAMPLED: list[Cell] = [
    _gaussian_cell(0.1, [0.2, 0.4, 1.0, 1.4, 2.0], 6, True),
    _gaussian_cell(0.02, [0.2, 1.0, 2.0], 4, False),
    {
        "part": "joint",
        "eigenvalues": [0.3, 1.2, 2.1, 3.0],
        "spacing": 0.2,
        "steps": 10,
        "m": 5000,
        "schemes": [
            ["exponential", 3, False],
            ["polynomial", 2, False],
            ["polynomial", 2, True],
            ["resolvent", 3, True],
        ],
        "draws": 4,
    },
    *(
        {
            "part": "scarce",
            "d": 16,
            "m": 24,
            "times": times,
            "law": {"kind": "power", "exponent": 1.5},
            "draws": draws,
        }
        for times, draws in ((_COARSE, 2), ([0.02, 1.0], 4))
    ),
    *(
        {
            "part": "mixture",
            **law,
            "m": 1000,
            "times": _TENTHS,
            "kept": [0.2, 1.0],
            "draws": 1,
            "points": 100,
        }
        for law in _LAWS
    ),
]
STUDY = evidence(
    "evidence-bootstrap",
    "Better weights, path fitting and joint-time fitting: risks on Gaussian data, at small m, and "
    "on mixtures.",
    SAMPLED,
    measure,
    PARTS,
    seed=71,
    replicates=400,
    quick=340,
    deep=6400,
    batch=50,
)
