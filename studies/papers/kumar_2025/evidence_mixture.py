"""Evidence on mixtures: their functions at points,
samplers with exact scores on a grid, and what bootstrapping gains.

Parts of a cell: all but "learn" are computed; "learn" draws a training set and fits scores on
features: per method the score error, the squared error of the minor mode's share, and the square of
the share's estimation part.
"""

from collections.abc import Sequence

import numpy as np

from bounds.check import Array
from bounds.features import FeatureGram, bsm, feature_grams
from bounds.mixture import Mixture
from bounds.process import Step, noise_variance, steps, uniform_grid, weights
from bounds.transfer import Grid, carried, drawn
from studies.evidence import Parts, Seeds, computed, evidence, measured, row, together
from studies.papers.kumar_2025.mixture_bootstrap import (
    HORIZON,
    Truth,
    mixture,
    on_features,
    returned,
    share,
    truth,
)
from studies.study import Cell, Row


def _point(cell: Cell) -> list[Row]:
    """Score, posterior mean and C_t along a direction u."""
    law = Mixture(*(np.array(cell[name]) for name in ("weights", "means", "covariances")))
    t, x, u = cell["t"], np.array(cell["x"]), np.array(cell["u"])
    of = {name: value for name, value in cell.items() if name != "part"}
    return [
        row("point-score", of, float(u @ law.score(t, x))),
        row("point-posterior", of, float(u @ law.posterior_mean(t, x))),
        row("point-residual", of, u @ law.residual_covariance(t, x) @ u),
    ]


def _share(cell: Cell) -> list[Row]:
    """The minor mode's share that a sampler with exact scores, started from p_T, returns."""
    law, steps = mixture(cell["d"], cell["minor"], cell["separation"]), cell["steps"]
    times = uniform_grid(3.0 / steps, steps)
    grid = Grid(cell["half"], cell["points"], cell["d"])
    last, r = float(times[-1]), law.responsibilities(float(times[0]), grid.points)[:, 1]

    def start(x: Array) -> Array:
        return np.exp(law.log_density(last, x))

    def score(k: int, x: Array) -> Array:
        return law.score(float(times[k]), x)

    if cell["sampler"] == "flow":
        p = carried(grid, start, times, score)
    else:
        p = drawn(grid, start(grid.points), times, score, cell["sampler"])
    of = {name: cell[name] for name in ("d", "minor", "sampler", "steps")}
    return [row("exact-share", of, float(p @ r) * grid.cell)]


def _spread(
    law: Mixture, step: Step, weights: Sequence[float], half: float, points: int
) -> list[float]:
    """E tr Cov of w T2 + (1 − w) T3 given X_t,
    from its definition by quadrature over X_{t'} and the step's noise.
    """
    x, w = np.linspace(-half, half, points), np.linspace(-7, 7, 281)
    before = np.exp(law.log_density(step.t_prev, x[:, None])) * (x[1] - x[0])
    noise = np.exp(-(w**2) / 2) / np.sqrt(2 * np.pi) * (w[1] - w[0])
    after = step.carry * x[:, None] + step.fresh * w
    t2 = law.score(step.t_prev, x[:, None]) / step.carry
    s = law.score(step.t, after[..., None])[..., 0]
    targets = (weight * t2 - (1 - weight) * w / step.fresh for weight in weights)
    return [float(before @ (target - s) ** 2 @ noise) for target in targets]


def _variance(cell: Cell) -> list[Row]:
    """The target's variance at several weights."""
    law, step = mixture(1, cell["minor"], cell["separation"]), Step(cell["t_prev"], cell["t"])
    of = {
        "minor": cell["minor"],
        "separation": cell["separation"],
        "t_prev": step.t_prev,
        "t": step.t,
    }
    found = _spread(law, step, cell["weights"], 7.0, 701)
    return [
        row("target-variance", of | {"w": weight}, value)
        for weight, value in zip(cell["weights"], found, strict=True)
    ]


def _best_weight(cell: Cell) -> list[Row]:
    """The weight at which the target's variance is least,
    and that variance: of the parabola through w = 0, ½, 1.
    """
    means, variances = np.array(cell["means"])[:, None], np.array(cell["variances"])[:, None, None]
    law, step = (
        Mixture(np.array(cell["weights"]), means, variances),
        Step(cell["t_prev"], cell["t"]),
    )
    start, middle, end = _spread(law, step, (0.0, 0.5, 1.0), 8.0, 401)
    bend, slope = 2 * (start - 2 * middle + end), 4 * middle - 3 * start - end
    of = {name: value for name, value in cell.items() if name != "part"}
    return [
        row("best-weight", of, -slope / (2 * bend)),
        row("best-variance", of, start - slope**2 / (4 * bend)),
    ]


def _wrong_level(cell: Cell) -> list[Row]:
    """What the wrong level leaves in the limit of endless data:
    f(t, x) = A x on Gram matrices at their means.

    Reported is A v + 1, the relative bias of A at each time, for data N(0, λ).
    """
    value, grams = cell["eigenvalue"], []
    for step in steps(cell["times"]):
        before, now = (np.exp(-2 * t) * value + noise_variance(t) for t in (step.t_prev, step.t))
        parts = (now, np.sqrt(noise_variance(step.t)), step.fresh, step.carry * before)
        ff, fz, fw, fp = (np.full((1, 1), part) for part in parts)
        grams.append(FeatureGram(step, 1, ff, fz, fw, fp))
    of = {"eigenvalue": value, "times": cell["times"]}
    rows = []
    for gram, found in zip(grams, bsm(grams, np.zeros(1), lag=2), strict=True):
        if gram.step.t in cell["times"][2:]:
            bias = float((found * gram.ff)[0, 0] + 1)
            rows.append(row("wrong-level-bias", of | {"t": gram.step.t}, bias))
    return rows


def _score_error(known: Truth, scores: Sequence[Array]) -> float:
    """Σ_k γ_k E‖f − s‖² by quadrature on the grid."""
    each = [
        np.sum((f - s) ** 2, axis=1) @ p * known.grid.cell
        for f, s, p in zip(scores, known.scores, known.densities, strict=True)
    ]
    return float(weights(known.times) @ each)


LEARNT = {
    "score-error": ("dsm", "bsm", "bsm-half", "wrong-level"),
    "share-error": ("dsm", "bsm"),
    "estimation": ("dsm", "bsm-half"),
}
"""What a claim asks of each method."""


def _learn(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    names = LEARNT["score-error"]
    sampled = {*LEARNT["share-error"], *LEARNT["estimation"]}
    known = truth(1, cell["minor"], cell["separation"], cell["steps"])
    exact = share(known, returned(known, known.start, known.scores))
    of = {name: cell[name] for name in ("m", "minor", "separation", "steps")} | {"horizon": HORIZON}
    out = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        x0 = known.law.sample(cell["m"], rng)
        own = float(known.law.responsibilities(0.0, x0)[:, 1].mean())
        grams = list(feature_grams(x0, known.times, known.features, rng))
        rows = []
        for name, scores in on_features(known, grams, "step", names).items():
            values = {"score-error": _score_error(known, scores)}
            if name in sampled:
                found = share(known, returned(known, known.start, scores))
                values["share-error"] = (found - cell["minor"]) ** 2
                values["estimation"] = (found - exact - own + cell["minor"]) ** 2
            rows += [
                row(f"{quantity}/{name}", of, value)
                for quantity, value in values.items()
                if name in LEARNT[quantity]
            ]
        out.append(rows)
    return out


PARTS: Parts = {
    "point": computed(_point, "point-posterior", "point-residual", "point-score"),
    "share": computed(_share, "exact-share"),
    "variance": computed(_variance, "target-variance"),
    "best-weight": computed(_best_weight, "best-variance", "best-weight"),
    "wrong-level": computed(_wrong_level, "wrong-level-bias"),
    "learn": together(
        _learn,
        *(f"{quantity}/{name}" for quantity, methods in LEARNT.items() for name in methods),
    ),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part."""
    return measured(PARTS, cell, seeds)


def _points() -> list[Cell]:
    """Laws with full covariances, weights down to 1e-10,
    means up to 100 apart; points near, between and far.
    """
    rng = np.random.default_rng(66)
    out: list[Cell] = []
    for d, spread, small, t in (
        (1, 1.0, 0.2, 0.3),
        (2, 3.0, 1e-6, 0.05),
        (3, 50.0, 1e-10, 0.5),
        (4, 1.0, 0.1, 3.0),
    ):
        roots = rng.standard_normal((2, d, d)) / np.sqrt(d)
        covariances = roots @ roots.swapaxes(1, 2) + 0.1 * np.eye(d)
        means = spread * rng.standard_normal((2, d))
        u = rng.standard_normal(d)
        for part in (0.1, 0.5, 0.9, 1.4):
            x = np.exp(-t) * (means[0] + part * (means[1] - means[0])) + 0.3 * rng.standard_normal(
                d
            )
            out.append(
                {
                    "part": "point",
                    "weights": [1 - small, small],
                    "means": means.tolist(),
                    "covariances": covariances.tolist(),
                    "t": t,
                    "x": x.tolist(),
                    "u": (u / np.linalg.norm(u)).tolist(),
                }
            )
    return out


def _exact(d: int, minor: float, sampler: str, steps: int, half: float, points: int) -> Cell:
    shared = {"part": "share", "d": d, "minor": minor, "separation": 2.0, "sampler": sampler}
    return shared | {"steps": steps, "half": half, "points": points}


CELLS: list[Cell] = [
    *_points(),
    *(_exact(1, minor, "euler-maruyama", 300, 6.0, 101) for minor in (0.02, 0.15, 0.5)),
    _exact(1, 0.15, "flow", 200, 6.0, 121),
    _exact(2, 0.15, "euler-maruyama", 120, 4.8, 41),
    _exact(2, 0.15, "flow", 240, 4.8, 35),
    *(
        {
            "part": "variance",
            "minor": minor,
            "separation": 2.0,
            "t_prev": before,
            "t": t,
            "weights": [0.0, 0.3, 0.8, 1.0],
        }
        for minor, before, t in ((0.15, 0.1, 0.2), (0.3, 0.5, 0.9))
    ),
    *(
        {
            "part": "best-weight",
            "weights": shares,
            "means": means,
            "variances": variances,
            "t_prev": before,
            "t": t,
        }
        for shares, means, variances in (
            ([0.85, 0.15], [-0.8, 2.0], [0.36, 0.25]),
            ([0.5, 0.5], [-1.5, 1.5], [0.09, 0.49]),
        )
        for before, t in ((0.1, 0.2), (0.3, 0.7))
    ),
    *(
        {"part": "wrong-level", "eigenvalue": value, "times": [0.1, 0.2, 0.4, 0.5, 0.9, 1.0]}
        for value in (0.25, 3.0)
    ),
    {"part": "learn", "m": 300, "minor": 0.15, "separation": 2.0, "steps": 20},
]
STUDY = evidence(
    "evidence-mixture",
    "Mixtures: identities at points, samplers on a grid with exact scores, what the bootstrap "
    "gains with features.",
    CELLS,
    measure,
    PARTS,
    seed=63,
    replicates=800,
    deep=3000,
    batch=25,
)
