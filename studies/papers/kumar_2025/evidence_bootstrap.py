"""Evidence on what lies beyond the paper's bootstrap: better weights, one fit along the path, one function of all times.

Sampled parts of a cell (`STUDY`): "gaussian" runs every estimator on the same drawn Gram matrices; "joint" fits one
function over all times; "scarce" takes m near d, where DSM itself is poor; "mixture" gives the same estimators data
that are not Gaussian. Computed parts (`EXACT`), which no seed of a replicate touches: "held" adds up the path's
information step by step; "grids" searches the times that hold most; "limit" runs the recursions at small gaps; "order"
compares them on random laws and grids; "witness" and "two-step" are where one weight for all entries loses to BSM;
"piecewise" fits one data set twice.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy import optimize

from bounds.bootstrap import optimal, optimal_weights
from bounds.check import Array
from bounds.estimators import Estimator, bsm, dsm
from bounds.gaussian import Gaussian
from bounds.gram import Gram, exact
from bounds.joint import Scheme, joint_fit
from bounds.mixture import Mixture
from bounds.path import best_times, path
from bounds.process import noise_variance, simulate, steps, uniform_grid, weights
from bounds.risk import bootstrap_recursion, risk
from bounds.targets import local_variances
from studies.evidence import evidence, row
from studies.papers.kumar_2025.linear_score import Spectrum
from studies.study import Cell, Row

Seeds = Sequence[np.random.SeedSequence]


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


# --- sampled ------------------------------------------------------------------------------------------------


def apart(law: Gaussian, grams: Sequence[Gram]) -> list[Array]:
    """One round of the path fit from the true Λ (diagonal), each entry on its own: (i, j) is not pooled with (j, i)."""
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
    fits: dict[str, tuple[Cell, Callable[[Sequence[Gram]], Sequence[Array]]]] = {
        "path-risk": ({}, lambda g: list(path(g)))
    }
    if cell["weights"]:
        fits["unpooled-risk"] = ({}, lambda g: apart(law, g))
        for scalar in (False, True):
            for known in (False, True):
                fit = optimal(scalar=scalar, law=law if known else None)
                of = {"scalar": scalar, "known": known}
                fits[f"gain-risk {scalar} {known}"] = (of, lambda g, fit=fit: list(fit(g)))  # type: ignore[misc]
    found = []
    for name, (of, fit_of) in fits.items():
        estimates = fit_of(grams)
        for t in cell["kept"]:
            k = round(t / cell["spacing"]) - 1
            found.append((name.split()[0], {**shared, **of, "t": t}, m * risk(law, times[k], estimates[k])))
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
        "scalar": optimal(scalar=True),
        "path": path,
    }
    found = [
        ("scarce-" + name, shared, _joint(law, times, list(fit(grams))) - base) for name, fit in fits.items()
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
    law: Mixture, m: int, times: Sequence[float], rng: np.random.Generator
) -> tuple[Array, list[Gram]]:
    """The empirical covariance of m samples of X_0, and the Gram matrices of the paths that start there."""
    x0 = law.sample(m, rng)
    grams = [
        Gram(
            now.step,
            m,
            now.x.T @ now.x,
            now.x.T @ now.z / np.sqrt(noise_variance(now.step.t)),
            now.x.T @ now.w,
        )
        for now in simulate(x0, times, rng)
    ]
    return x0.T @ x0 / m, grams


def _stack(many: Sequence[Sequence[Gram]]) -> list[Gram]:
    return [
        Gram(
            one[0].step, one[0].samples, *(np.stack([getattr(g, k) for g in one]) for k in ("xx", "xz", "xw"))
        )
        for one in zip(*many, strict=True)
    ]


def _mixture(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    law, m, times = mixture_of(cell), cell["m"], cell["times"]
    generators = _generators(seeds, cell["draws"])
    drawn = [mixture_grams(law, m, times, rng) for rng in generators]
    covariances, grams = np.stack([one[0] for one in drawn]), _stack([one[1] for one in drawn])
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
        plug_in = -np.linalg.inv(np.exp(-2 * t) * covariances + noise_variance(t) * np.eye(law.dimension))
        least = m * risk(best, t, plug_in)
        found += [(f"mixture-{n}", of, against[n] - against["dsm"]) for n in ("bsm", "matrix", "path")]
        found.append(("mixture-attained", of, against["path"] - 1.15 * least))
        # Against the true score, on fresh points of the marginal law.
        fresh, gaps = law.marginal(t), []
        for one, rng in enumerate(generators):
            x = fresh.sample(cell["points"], rng)
            s = law.score(t, x)
            off = {
                n: ((x @ estimates[n][k][one].T - s) ** 2).sum(axis=1).mean() for n in ("dsm", "bsm", "path")
            }
            gaps.append([m * (off[n] - off["dsm"]) for n in ("bsm", "path")])
        for name, values in zip(("bsm", "path"), np.transpose(gaps), strict=True):
            found.append((f"true-{name}", of, values))
    return _rows(found, seeds)


# --- computed -----------------------------------------------------------------------------------------------


def held(pair: Sequence[float], times: Sequence[float]) -> Array:
    """I_ij = Σ_k s_k,ij² v_j/h_i of the law with these eigenvalues, added up step by step; shape (d, d)."""
    law = Gaussian(np.array(pair))
    total = np.zeros((law.dimension, law.dimension))
    for step in steps(times):
        v, h = law.variances(step.t), local_variances(law, step)
        total += (np.exp(-2 * step.t) / np.outer(v, v)) ** 2 * v / h[:, None]
    return total


def _held(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    both = held(cell["pair"], cell["times"])
    return [
        [row("held-pair", {k: cell[k] for k in ("pair", "times")}, both[0, 1] + both[1, 0])] for _ in seeds
    ]


def _grids(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """The share 2 λ² I of the information, at `best_times` and at the best that a search from random grids finds."""
    eigenvalue, count = cell["eigenvalue"], cell["count"]

    def lost(log_gaps: Array) -> float:
        return float(-2 * eigenvalue**2 * held([eigenvalue], np.cumsum(np.exp(log_gaps)).tolist())[0, 0])

    rng = np.random.default_rng(cell["seed"])  # the search's own: what it ends at is computed, not sampled
    tried = [
        optimize.minimize(lost, rng.uniform(-3, 0, count), bounds=[(-8, 2)] * count, tol=1e-12).fun
        for _ in range(cell["starts"])
    ]
    at_best = -lost(np.log(np.diff(best_times(eigenvalue, count), prepend=0.0)))
    of = {"eigenvalue": eigenvalue, "count": count}
    rows = [
        row("share", {**of, "grid": "best"}, at_best),
        row("share", {**of, "grid": "searched"}, -min(tried)),
    ]
    return [rows for _ in seeds]


def gains(pair: Sequence[float], first: float, last: float, count: int, rule: str) -> Array:
    """r_ij at `last` after DSM at `first` and `count` steps, even in log(e^{2t} − 1); shape (d, d)."""
    law = Gaussian(np.array(pair))
    times = np.log1p(np.geomspace(np.expm1(2 * first), np.expm1(2 * last), count + 1)) / 2
    weight = None if rule == "bsm" else optimal_weights(law, times).__getitem__
    return bootstrap_recursion(law, times, weight)[-1]


def _limit(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """r_ij at gaps → 0, by Richardson's step from `count` and 2 · `count` steps; and how fast it is approached."""
    ends = (cell["pair"], cell["first"], cell["last"])
    of = {key: cell[key] for key in ("pair", "first", "last")}
    rows = []
    for rule in ("bsm", "matrix"):
        n = cell["count"]
        found = {k: gains(*ends, k, rule) for k in (n // 4, n // 2, n, 2 * n)}
        limit = 2 * found[2 * n] - found[n]
        rows.append(row(f"limit-{rule}", of, limit[0, 1]))
        if cell["rate"]:
            for k in (n // 4, n // 2, n):
                gap = abs(found[k][0, 1] - found[2 * k][0, 1])
                rows.append(row(f"approach-{rule}", {**of, "x": 1 / k}, gap))
    if cell["far"]:
        x = np.expm1(2 * cell["last"])
        p = np.array(cell["pair"]) + x
        each = (1 + x) / (p[:, None] ** 2 * p * limit)
        rows.append(row("far-pair", of, each[0, 1] + each[1, 0]))
    return [rows for _ in seeds]


def risks(law: Gaussian, times: Sequence[float]) -> dict[str, Array]:
    """r_k,ij of four bootstraps to leading order, shape (N, d, d): entry by entry, one weight, BSM; and of DSM."""
    found = {
        name: np.array(
            bootstrap_recursion(law, times, optimal_weights(law, times, scalar=scalar).__getitem__)
        )
        for name, scalar in (("matrix", False), ("scalar", True))
    }
    found["BSM"] = np.array(bootstrap_recursion(law, times))
    noise = np.array([law.conditional_variances(t) for t in times])
    found["DSM"] = np.broadcast_to(noise[:, :, None], found["BSM"].shape)
    return found


def over_bsm(law: Gaussian, times: Sequence[float]) -> Array:
    """Risk of the best single weight at each step over BSM's, in all, at each time."""
    found = risks(law, times)
    return np.asarray(found["scalar"].sum(axis=(1, 2)) / found["BSM"].sum(axis=(1, 2)))


def _order(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """The largest ratio of an entry's r at the last time, for three pairs; ratios of totals where theorems speak."""
    law, times = Gaussian(np.array(cell["eigenvalues"])), cell["times"]
    found = risks(law, times)
    of = {"eigenvalues": cell["eigenvalues"], "times": times, "t": times[-1]}
    rows = [
        row("order", {**of, "pair": f"{low}/{high}"}, (found[low][-1] / found[high][-1]).max())
        for low, high in (("BSM", "DSM"), ("matrix", "BSM"), ("matrix", "scalar"))
    ]
    first = {**of, "times": times[:2], "t": times[1]}
    ratio = over_bsm(law, times)
    if cell["white"]:
        rows.append(row("order-white", of, ratio[-1]))
    else:
        rows.append(row("order-first", first, ratio[1]))
    return [rows for _ in seeds]


def _witness(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """`over_bsm` at every time of a law with one large eigenvalue and many small ones."""
    law = Gaussian(np.array([cell["large"]] + [cell["small"]] * cell["count"]))
    of = {key: cell[key] for key in ("large", "small", "count", "times")}
    ratios = over_bsm(law, cell["times"])
    rows = [row("witness", {**of, "t": t}, ratio) for t, ratio in zip(cell["times"], ratios, strict=True)]
    return [rows for _ in seeds]


def _two_step(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """`over_bsm` at the third time as n, the number of small eigenvalues, grows: extrapolated twice in 1/n.

    In the clock x = e^{2t} − 1: λ = 1, x_1 = 1/(c n), x_2 = a c n, x_3 = y x_2, and one eigenvalue that is next to infinite.
    """
    c, a, y = cell["c"], cell["a"], cell["y"]

    def at(n: int) -> float:
        clock = np.array([1 / (c * n), a * c * n, y * a * c * n])
        law = Gaussian(np.array([1e12] + [1.0] * n))
        return float(over_bsm(law, (np.log1p(clock) / 2).tolist())[-1])

    coarse, middle, fine = (at(cell["count"] * k) for k in (1, 2, 4))
    value = (4 * (2 * fine - middle) - (2 * middle - coarse)) / 3
    rows = [row("two-step", {key: cell[key] for key in ("c", "a", "y")}, value)]
    return [rows for _ in seeds]


def _piecewise(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Joint risk of B indicators over that of DSM, on one data set that the cell names; B as many as times."""
    law, m, times = Gaussian(np.array(cell["eigenvalues"])), cell["m"], cell["times"]
    grams = list(exact(law, m, times, np.random.default_rng(cell["seed"])))
    base = np.array([risk(law, t, a) for t, a in zip(times, dsm(grams), strict=True)])
    fit = list(joint_fit(Scheme("piecewise", len(times)))(grams))
    ratios = np.array([risk(law, t, a) for t, a in zip(times, fit, strict=True)]) / base
    shared = {"m": m, "times": times}
    rows = [row("piecewise", {**shared, "t": t}, r) for t, r in zip(times, ratios, strict=True)]
    return [rows for _ in seeds]


PARTS: dict[str, Callable[[Cell, Seeds], list[list[Row]]]] = {
    "gaussian": _gaussian,
    "joint": _joint_part,
    "scarce": _scarce,
    "mixture": _mixture,
    "held": _held,
    "grids": _grids,
    "limit": _limit,
    "order": _order,
    "witness": _witness,
    "two-step": _two_step,
    "piecewise": _piecewise,
}


# What the rows of each part may hold.
QUANTITIES: Mapping[str, tuple[str, ...]] = {
    "gaussian": ("path-risk", "unpooled-risk", "gain-risk"),
    "joint": ("joint-risk",),
    "scarce": ("scarce-bsm", "scarce-matrix", "scarce-scalar", "scarce-path"),
    "mixture": (
        *("mixture-bsm", "mixture-matrix", "mixture-path", "mixture-attained"),
        *("true-bsm", "true-path"),
    ),
    "held": ("held-pair",),
    "grids": ("share",),
    "limit": ("limit-bsm", "limit-matrix", "approach-bsm", "approach-matrix", "far-pair"),
    "order": ("order", "order-first", "order-white"),
    "witness": ("witness",),
    "two-step": ("two-step",),
    "piecewise": ("piecewise",),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part; a sampled number is a mean over the draws of its replicate."""
    return PARTS[cell["part"]](cell, seeds)


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
    {"law": "heavy tails", "weights": [0.9, 0.1], "means": [[0.0] * 3, [0.0] * 3], "variances": [0.3, 7.0]},
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


def _random_laws() -> list[Cell]:
    """Random spectra over one and over four decades, and random times; and white ones, whose eigenvalues are equal."""
    rng, out = np.random.default_rng(72), []
    for decades in (0.5, 2.0):
        for place in range(12):
            white = place % 3 == 2
            d, n = int(rng.integers(2, 6)), int(rng.integers(3, 9))
            values = 10 ** rng.uniform(-decades, decades, 1 if white else d)
            times = np.sort(np.exp(rng.uniform(-5, 1, n)))
            out.append(
                {
                    "part": "order",
                    "white": white,
                    "eigenvalues": np.broadcast_to(values, d).round(6).tolist(),
                    "times": times.round(6).tolist(),
                }
            )
    return out


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
        {"part": "mixture", **law, "m": 1000, "times": _TENTHS, "kept": [0.2, 1.0], "draws": 1, "points": 100}
        for law in _LAWS
    ),
]
_PAIRS = [[0.3, 3.0], [1.0, 1.0], [5.0, 0.02]]
COMPUTED: list[Cell] = [
    *(
        {"part": "held", "pair": pair, "times": times}
        for pair in _PAIRS
        for times in ([0.3], [0.05, 0.3, 0.4, 1.5], _TENTHS)
    ),
    *(
        {"part": "grids", "eigenvalue": eigenvalue, "count": count, "starts": 4, "seed": 72}
        for eigenvalue in (0.1, 1.0, 10.0)
        for count in (1, 2, 5)
    ),
    *(
        {
            "part": "limit",
            "pair": pair,
            "first": first,
            "last": last,
            "count": 400,
            "rate": k == 0,
            "far": far,
        }
        for k, pair in enumerate(_PAIRS)
        for first, last, far in ((0.05, 1.0, False), (5e-5, 6.0, True))
    ),
    *_random_laws(),
    {"part": "witness", "large": 1e5, "small": 0.6, "count": 99, "times": [0.005, 2.31, 3.11, 3.34]},
    *(
        {"part": "two-step", "c": c, "a": a, "y": y, "count": 128}
        for c, a, y in (
            (0.837, 1.018, 8.47),
            (0.5, 1.0, 4.0),
            (1.0, 2.0, 10.0),
            (2.0, 0.5, 5.0),
            (0.3, 3.0, 3.0),
        )
    ),
    {"part": "piecewise", "eigenvalues": [0.3, 1.2, 3.0], "m": 60, "times": [0.1, 0.3, 0.4, 1.0], "seed": 72},
]
STUDY = evidence(
    "evidence-bootstrap",
    "Better weights, path fitting and joint-time fitting: risks on Gaussian data, at small m, and on mixtures.",
    SAMPLED,
    measure,
    lambda cell: QUANTITIES[cell["part"]],
    seed=71,
    replicates=400,
    deep=6400,
    batch=50,
)
EXACT = evidence(
    "evidence-bootstrap-exact",
    "What the path holds, the best times, the limits of small gaps and the order of the estimators, computed.",
    COMPUTED,
    measure,
    lambda cell: QUANTITIES[cell["part"]],
    seed=72,
)
