r"""Does bootstrapping give the minor mode its share? Two Gaussians,
DSM and BSM scores, the drawn density on a grid.

The share is E r_2(Y) with r_2 the minor component's responsibility under the true law at t_1: for
the truth it is the minor weight exactly, whatever the overlap. What a sampler returns is off by a
sum of four parts,

    share − π = discretisation + initialisation + (the training sample's own share − π)
                + estimation,

the first two with exact scores: from p_T, and from N(0, I) instead of it. Estimation is what is
left.

All methods of a cell see the same training set and the same noise. The score error is Σ_k γ_k
E‖f − s‖², by quadrature.

Longer than 350 lines: the cases, the truth, both learners and what is judged of them are one study.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from bounds.check import Array, InvalidInput
from bounds.features import FeatureGram, Radial, bsm, bsm_optimal, dsm, feature_grams, joint
from bounds.mixture import Mixture
from bounds.process import Step, simulate, uniform_grid, weights
from bounds.transfer import Grid, drawn, total_variation, wasserstein
from studies.papers.kumar_2025 import perceptron
from studies.study import Cell, Row, Settings, Study, at_most

HORIZON = 3.0
SAMPLER = "euler-maruyama"
RIDGE = 1e-3
BASIS = 5  # functions of t in the joint fit
ROUNDS = 10  # of BSM in the joint fit
SPREAD = 0.5  # of a component, in one dimension
PLANE = np.array([[[0.30, 0.10], [0.10, 0.20]], [[0.16, -0.04], [-0.04, 0.24]]])

Weight = Callable[[Step], float]
# For each replicate: by method, scores on the grid, and the record of a network's training.
Learned = Iterator[dict[str, tuple[list[Array], dict[str, float]]]]
WEIGHTS: dict[str, Weight | None] = {
    "dsm": None,
    "bsm": lambda step: step.bootstrap_weight,
    "bsm-half": lambda step: 0.5,
    "local": lambda step: 0.0,
}
METHODS = (*WEIGHTS, "bsm-optimal", "wrong-level")
KEYS = ("d", "m", "minor", "separation", "steps", "learner", "fit", "budget")
_FEW = ("dsm", "bsm")
_SOME = ("dsm", "bsm", "bsm-half")
COLUMNS = ("study", *KEYS, "method", "replicate", "quantity", "x", "value")


class Case(BaseModel):
    """One setting.

    Attributes
    ----------
    d : 1 or 2
    m : training sample
    minor : π, weight of the minor mode, in (0, 1/2]
    separation : half the distance of the modes' means
    steps : N; t_j = Δ j up to 3
    learner : "features" (radial, ridge) or "network" (3-layer perceptron)
    fit : "step" (one function for each t_k) or "joint" (one of t and x)
    budget : of the network's training, iterations or epochs; 0 for features
    estimators : methods; "dsm" among them, since improvement is against it
    picture : whether densities are kept, of dsm and bsm
    most : replicates at most, 0 for all there are
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    d: Literal[1, 2] = 1
    m: Annotated[int, Field(ge=2, le=10**6)] = 500
    minor: Annotated[float, Field(gt=0, le=0.5)] = 0.15
    separation: Annotated[float, Field(gt=0, le=4)] = 2.0
    steps: Annotated[int, Field(ge=2, le=200)] = 30
    learner: Literal["features", "network"] = "features"
    fit: Literal["step", "joint"] = "step"
    budget: Annotated[int, Field(ge=0)] = 0
    estimators: tuple[str, ...] = _SOME
    picture: bool = False
    most: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _consistent(self) -> "Case":
        allowed = METHODS
        if self.learner == "network":
            allowed = tuple(WEIGHTS)
        elif self.fit == "joint":
            allowed = ("dsm", "bsm")
        for name in self.estimators:
            if name not in allowed:
                raise InvalidInput(
                    "estimators", f"{name!r} is not one of {', '.join(allowed)} here"
                )
        if "dsm" not in self.estimators or len(set(self.estimators)) < len(self.estimators):
            raise InvalidInput("estimators", "must differ and hold dsm")
        if (self.learner == "network") != (self.budget >= 2):
            raise InvalidInput("budget", "must be at least 2 for a network, and 0 for features")
        if self.picture and self.d != 1:
            raise InvalidInput("picture", "is for d = 1")
        return self


class MixtureSettings(Settings):
    """Config of `mixture-bootstrap`: the cases, all different."""

    cases: Annotated[tuple[Case, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _different(self) -> "MixtureSettings":
        found = [tuple(getattr(case, key) for key in KEYS) for case in self.cases]
        if len(set(found)) < len(found):
            raise InvalidInput("cases", "has the same setting twice")
        return self


def cells(settings: MixtureSettings) -> list[Cell]:
    """One cell for each case."""
    return [case.model_dump(mode="json") for case in settings.cases]


def mixture(d: int, minor: float, separation: float) -> Mixture:
    """Modes at ± separation, on the line, or on the plane's diagonal with two full covariances."""
    covariances = np.array([[SPREAD**2]]) if d == 1 else PLANE
    place = np.full(d, separation / np.sqrt(d))
    return Mixture(np.array([1 - minor, minor]), np.stack([-place, place]), covariances)


class Truth(NamedTuple):
    """What a cell's replicates share."""

    law: Mixture
    times: Array
    grid: Grid
    features: Radial
    densities: list[Array]
    scores: list[Array]
    responsibility: Array
    start: Array


@lru_cache(maxsize=2)
def truth(d: int, minor: float, separation: float, steps: int) -> Truth:
    """The law, its densities and scores on the grid at all times, and the features."""
    law, times = mixture(d, minor, separation), uniform_grid(HORIZON / steps, steps)
    place = separation / np.sqrt(d)
    half = place + (4.5 if d == 1 else 3.6)
    grid = Grid(half, 1 + round(2 * half / (0.1 if d == 1 else 0.24)), d)
    centres = Grid(place + 2.5, 25) if d == 1 else Grid(place + 1.8, 7, 2)
    x = grid.points
    return Truth(
        law,
        times,
        grid,
        Radial(centres.points, 1.1 * centres.spacing),
        [np.exp(law.log_density(float(t), x)) for t in times],
        [law.score(float(t), x) for t in times],
        law.responsibilities(float(times[0]), x)[:, 1],
        np.exp(-np.sum(x**2, axis=1) / 2) / (2 * np.pi) ** (d / 2),
    )


def returned(known: Truth, start: Array, scores: Sequence[Array]) -> Array:
    """The density on the grid at t_1, from scores on the grid."""
    return drawn(known.grid, start, known.times, lambda k, _: scores[k], SAMPLER)


def share(known: Truth, p: Array) -> float:
    """E r_2(Y) under a density on the grid."""
    return float(p @ known.responsibility * known.grid.cell)


def on_features(
    known: Truth, grams: Sequence[FeatureGram], fit: str, names: Sequence[str]
) -> dict[str, list[Array]]:
    """Scores on the grid, of each method."""
    penalty, phi = known.features.penalty(RIDGE), known.features(known.grid.points)
    gamma, times = weights(known.times), np.log(known.times)
    place = 2 * (times - times[0]) / (times[-1] - times[0]) - 1
    basis = np.polynomial.chebyshev.chebvander(place, min(BASIS, times.size) - 1)
    out = {}
    for name in names:
        if fit == "joint":
            found = joint(grams, penalty, basis, gamma, 0 if name == "dsm" else ROUNDS)
        elif name == "bsm-optimal":
            found = list(bsm_optimal(grams, penalty))
        elif name == "wrong-level":
            found = list(bsm(grams, penalty, lag=2))
        else:
            weight = WEIGHTS[name]
            found = list(dsm(grams, penalty) if weight is None else bsm(grams, penalty, weight))
        out[name] = [phi @ a for a in found]
    return out


def judged(known: Truth, scores: Sequence[Array]) -> tuple[dict[str, float], Array]:
    """Share, score error, total variation and W1 to p_{t_1}, and the density."""
    grid = known.grid
    each = [
        np.sum((f - s) ** 2, axis=1) @ p * grid.cell
        for f, s, p in zip(scores, known.scores, known.densities, strict=True)
    ]
    p = returned(known, known.start, scores)
    return {
        "share": share(known, p),
        "score-error": float(weights(known.times) @ each),
        "total-variation": total_variation(grid, p, known.densities[0]),
        "wasserstein": wasserstein(grid, p, known.densities[0]),
    }, p


def measure(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """Rows of each seed: one training set, all methods.
    What needs no sample stands at replicate 0 alone.

    Notes
    -----
    Cost of a method on features: about 3 ms in one dimension, 60 ms in two (30 steps); of networks,
    about 0.1 ms per iteration and step, 2 ms per epoch (m = 500, 20 steps, 25 replicates side by
    side).
    """
    known = truth(cell["d"], cell["minor"], cell["separation"], cell["steps"])
    key = {name: cell[name] for name in KEYS}

    def row(method: str, quantity: str, value: float, x: float = 0.0) -> Row:
        return key | {"method": method, "quantity": quantity, "x": x, "value": float(value)}

    out: list[list[Row]] = []
    rngs = [np.random.default_rng(seed) for seed in seeds]
    samples = [known.law.sample(cell["m"], rng) for rng in rngs]
    learned = _on_networks if cell["learner"] == "network" else _on_features
    for seed, x0, methods in zip(seeds, samples, learned(cell, known, samples, rngs), strict=True):
        rows: list[Row] = []
        out.append(rows)
        if seed.spawn_key[-1] == 0:
            for quantity, start in (("exact", known.start), ("exact-start", known.densities[-1])):
                p = returned(known, start, known.scores)
                rows.append(row("none", quantity, share(known, p)))
                if cell["picture"] and quantity == "exact":
                    for name, one in (("none", known.densities[0]), ("exact", p)):
                        rows += [
                            row(name, "density", value, x) for x, value in _thinned(known, one)
                        ]
        rows.append(row("none", "sample", known.law.responsibilities(0.0, x0)[:, 1].mean()))
        for name, (scores, more) in methods.items():
            found, p = judged(known, scores)
            rows += [row(name, quantity, value) for quantity, value in (found | more).items()]
            if cell["picture"] and name in _FEW:
                rows += [row(name, "density", value, x) for x, value in _thinned(known, p)]
    return out


def _thinned(known: Truth, p: Array) -> list[tuple[float, float]]:
    """Every second point of a density."""
    return [
        (round(float(x), 9), float(v)) for x, v in zip(known.grid.axis[::2], p[::2], strict=True)
    ]


def _on_features(
    cell: Cell, known: Truth, samples: Sequence[Array], rngs: Sequence[np.random.Generator]
) -> Learned:
    for x0, rng in zip(samples, rngs, strict=True):
        grams = list(feature_grams(x0, known.times, known.features, rng))
        yield {
            n: (s, {})
            for n, s in on_features(known, grams, cell["fit"], cell["estimators"]).items()
        }


def _on_networks(
    cell: Cell, known: Truth, samples: Sequence[Array], rngs: Sequence[np.random.Generator]
) -> Learned:
    if not samples:
        return
    names: list[str] = cell["estimators"]
    paths = [list(simulate(x0, known.times, rng)) for x0, rng in zip(samples, rngs, strict=True)]
    train = perceptron.by_step if cell["fit"] == "step" else perceptron.jointly
    for found in train(paths, [WEIGHTS[name] for name in names], cell["budget"], rngs):
        yield {
            name: (
                list(one.scores(known.grid.points)),
                {"iterations": one.iterations, "loss": one.loss, "converged": one.converged},
            )
            for name, one in zip(names, found, strict=True)
        }


def batch(cell: Cell) -> int:
    """Replicates per task: up to a second or two of work; of networks more, up to ten seconds
    where the budget is 100, since 50 side by side take a tenth less time than 20.
    """
    if cell["learner"] == "network":
        return 25
    return 20 if cell["d"] == 1 else 2


def _cases() -> tuple[Case, ...]:
    """The sweep: one setting, and each axis around it."""
    full = ("dsm", "bsm", "bsm-half", "local", "bsm-optimal", "wrong-level")
    return (
        Case(estimators=full),
        *(Case(m=m) for m in (100, 2000)),
        *(Case(minor=p) for p in (0.02, 0.05, 0.3, 0.5)),
        *(Case(separation=s) for s in (1.0, 1.5, 3.0)),
        *(Case(steps=n) for n in (15, 60)),
        Case(m=2000, minor=0.02),
        Case(fit="joint", estimators=_FEW),
        Case(d=2, most=50),
        Case(d=2, minor=0.05, most=50),
    )


def _network(budget: int, **more: Any) -> Case:
    shared: dict[str, Any] = {"learner": "network", "steps": 20, "estimators": _FEW, "most": 50}
    return Case(budget=budget, **(shared | more))


_NETWORKS = (
    _network(3, most=100),
    _network(10, most=100),
    _network(30, estimators=_SOME, picture=True),
    _network(100),
    _network(30, minor=0.05),
    _network(10, fit="joint"),
    _network(30, fit="joint"),
)
STUDY = Study(
    name="mixture-bootstrap",
    about="Minor-mode share, score error and distance to the truth with DSM and BSM scores of a "
    "mixture.",
    settings=MixtureSettings,
    cells=cells,
    measure=measure,
    columns=COLUMNS,
    batch=batch,
    replicates=at_most,
    presets={
        # Two cases have the replicates that decide a claim; the others are drawn and told.
        "quick": MixtureSettings(
            replicates=100,
            seed=31,
            cases=(
                Case(most=4),
                Case(m=100),
                Case(fit="joint", estimators=_FEW, most=4),
                _network(3, most=64),
                _network(10, steps=8, most=3),
                _network(30, steps=8, picture=True, most=2),
                _network(10, steps=8, fit="joint", most=4),
            ),
        ),
        "paper": MixtureSettings(replicates=120, seed=31, cases=(*_cases(), *_NETWORKS)),
        "deep": MixtureSettings(replicates=1000, seed=31, cases=(*_cases(), *_NETWORKS)),
    },
)
