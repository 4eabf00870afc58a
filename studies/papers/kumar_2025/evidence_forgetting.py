"""Evidence on bootstrapping at every sample size: paths drawn, features fitted by least squares at
every level on the same paths, scores exact by quadrature; no formula and no bound is known here.
"""

import numpy as np
from numpy.polynomial.polynomial import polyvander

from bounds.catalog import estimator
from bounds.check import Array
from bounds.gaussian import Gaussian
from bounds.gram import exact
from bounds.process import simulate
from bounds.risk import risk
from studies.evidence import (
    Parts,
    Rng,
    Seeds,
    computed,
    drawn_once,
    evidence,
    measured,
    one_by_one,
    row,
    together,
)
from studies.papers.kumar_2025.fits_on_paths import (
    Paths,
    basis,
    bootstrapped,
    linear_score,
    scalar_score,
    squares,
)
from studies.papers.kumar_2025.forgetting_chains import (
    measure_correlation,
    measure_strong,
    measure_target,
    measure_worse,
)
from studies.papers.kumar_2025.scalar_laws import draw, posterior
from studies.study import Cell, Row

# --- every law, every m
# ----------------------------------------------------------------------------------------------


def measure_identity(cell: Cell, rng: Rng) -> list[Row]:
    """m · empirical risk of BSM on one data set that the row tells of; coefficients by `lstsq`."""
    law, scale, times, powers = (cell[k] for k in ("law", "scale", "times", "powers"))
    x0 = np.round(draw(law, scale, cell["m"], rng), 6)
    paths: list[Array] = []
    fitted = np.zeros_like(x0)
    for part in simulate(x0[:, None], times, rng):
        x, t = part.x[:, 0], part.step.t
        exact = (np.exp(-t) * posterior(law, scale, t, x)[0] - x) / -np.expm1(-2 * t)
        phi = x[:, None] ** np.array(powers)
        target = bootstrapped(part, fitted[:, None])[:, 0]
        theta = np.linalg.lstsq(phi, target - exact, rcond=None)[0]
        fitted = exact + phi @ theta
        paths.append(x)
    known = {k: cell[k] for k in ("law", "scale", "times", "powers", "m")}
    place = {**known, "x0": x0.tolist(), "paths": np.array(paths).tolist()}
    return [row("identity", place, float(np.sum((fitted - exact) ** 2)))]


def measure_safe(cell: Cell, rng: Rng) -> list[Row]:
    """m · empirical risk of BSM over many data sets: mean, or quantile, for P powers of x."""
    law, scale, times, m, sets = (cell[k] for k in ("law", "scale", "times", "m", "sets"))
    x0 = draw(law, scale, sets * m, rng).reshape(sets, m, 1)
    paths = Paths(x0, times, scalar_score(law, scale), rng)
    most = max(cell["parameters"])
    bases = [basis(np.asarray(polyvander(x[..., 0], most - 1), np.float64)) for x in paths.x]
    rows = []
    for count in cell["parameters"]:
        found = squares(paths.fits([one[..., :count] for one in bases])[1])
        known = {"law": law, "scale": scale, "times": times, "m": m, "parameters": count}
        if "delta" in cell:
            high = float(np.quantile(found, 1 - cell["delta"], method="higher"))
            rows.append(row("tail", {**known, "delta": cell["delta"]}, high))
        else:
            rows.append(row("mean", known, float(found.mean())))
    return rows


def measure_none(cell: Cell, rng: Rng) -> list[Row]:
    """BSM's empirical risk over DSM's on one data set, where features cannot change: φ = 1, or
    linear scores at m = d.
    """
    known = {k: cell[k] for k in ("class", "law", "scale", "d", "m", "times", "largest")}
    law, scale, d, m = (cell[k] for k in ("law", "scale", "d", "m"))
    x0 = draw(law, scale, m * d, rng).reshape(1, m, d)
    paths = Paths(x0, cell["times"], scalar_score(law, scale), rng)
    linear = cell["class"] == "linear"
    bases = [basis(x if linear else np.ones((1, m, 1))) for x in paths.x]
    dsm, bsm = (squares(off)[0] for off in paths.fits(bases))
    return [row("none", known, bsm / dsm)]


# --- Gaussian data
# ----------------------------------------------------------------------------------------------


def gaussian_paths(cell: Cell, rng: Rng) -> Paths:
    """Data sets of N(0, diag λ) and their paths."""
    eigenvalues = np.array(cell["eigenvalues"])
    x0 = rng.standard_normal((cell["sets"], cell["m"], eigenvalues.size)) * np.sqrt(eigenvalues)
    return Paths(x0, cell["times"], linear_score(eigenvalues), rng)


def measure_linear(cell: Cell, rng: Rng) -> list[Row]:
    """m · risk of BSM with linear scores at the last time: empirical, coordinate by coordinate or
    summed, and of the population.
    """
    paths = gaussian_paths(cell, rng)
    off = paths.fits([basis(x) for x in paths.x])[1]
    m, t = cell["m"], cell["times"][-1]
    known = {k: cell[k] for k in ("eigenvalues", "times", "m")}
    rows = [
        row("order", {**known, "i": i}, float(value))
        for i, value in enumerate((off**2).sum(axis=1).mean(axis=0))
    ]
    if cell["part"] == "exact":
        return [*rows, row("exact", known, float(squares(off).mean()))]
    matrix = np.linalg.pinv(paths.x[-1]) @ off
    v = np.exp(-2 * t) * np.array(cell["eigenvalues"]) - np.expm1(-2 * t)
    found = m * np.sum(v[:, None] * matrix**2, axis=(1, 2))
    return [*rows, row("population", known, float(found.mean()))]


def measure_turned(cell: Cell, rng: Rng) -> list[Row]:
    """m · empirical risk of BSM for one constant field a level, at angles to the first axis."""
    paths = gaussian_paths(cell, rng)
    sets, m, d = paths.shape
    angles = np.deg2rad(cell["angles"])
    fields = [np.tile([np.cos(a), np.sin(a)], m)[:, None] for a in angles]
    bases = [np.broadcast_to(basis(u), (sets, m * d, 1)) for u in fields]
    known = {k: cell[k] for k in ("eigenvalues", "times", "m", "angles")}
    return [row("turned", known, float(squares(paths.fits(bases)[1]).mean()))]


def measure_large(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """m · population risk of DSM and BSM with linear scores, by the library's own estimators."""
    law, m = Gaussian(np.array(cell["eigenvalues"])), cell["m"]
    grams = list(exact(law, m, cell["times"], [np.random.default_rng(seed) for seed in seeds]))
    rows: list[list[Row]] = [[] for _ in seeds]
    for name in ("dsm", "bsm"):
        for gram, estimate in zip(grams, estimator(name)(grams), strict=True):
            t = gram.step.t
            if t not in cell["kept"]:
                continue
            place = {"largest": cell["eigenvalues"][0], "t": t, "times": cell["times"]}
            for mine, value in zip(rows, m * risk(law, t, estimate), strict=True):
                mine.append(row(f"linear/{name}", place, float(value)))
    return rows


# --- one feature of the line
# ----------------------------------------------------------------------------------------------


def measure_feature(cell: Cell, rng: Rng) -> list[Row]:
    """m · empirical risk of DSM and BSM for the feature cos(ωx) at every level, for several ω."""
    law, scale, times, m = (cell[k] for k in ("law", "scale", "times", "m"))
    x0 = draw(law, scale, cell["sets"] * m, rng).reshape(-1, m, 1)
    paths = Paths(x0, times, scalar_score(law, scale), rng)
    rows = []
    for omega in cell["frequencies"]:
        waves = [np.cos(omega * x) for x in paths.x]
        bases = [wave / np.linalg.norm(wave, axis=1, keepdims=True) for wave in waves]
        for name, off in zip(("dsm", "bsm"), paths.fits(bases), strict=True):
            known = {"law": law, "scale": scale, "times": times, "frequency": omega}
            rows.append(row(f"feature/{name}", known, float(squares(off).mean())))
    return rows


PARTS: Parts = {
    "identity": drawn_once(measure_identity, "identity"),
    "mean": one_by_one(measure_safe, "mean"),
    "tail": one_by_one(measure_safe, "tail"),
    "none": drawn_once(measure_none, "none"),
    "small": one_by_one(measure_linear, "order", "population"),
    "exact": one_by_one(measure_linear, "order", "exact"),
    "turned": one_by_one(measure_turned, "turned"),
    "linear": together(measure_large, "linear/dsm", "linear/bsm"),
    "feature": one_by_one(measure_feature, "feature/dsm", "feature/bsm"),
    "worse": computed(measure_worse, "worse"),
    "strong": computed(measure_strong, "strong"),
    "correlation": computed(measure_correlation, "correlation"),
    "target": computed(measure_target, "target"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """The rows of one part."""
    return measured(PARTS, cell, seeds)


LEVELS = [0.1, 0.2, 0.3, 0.4]
LAWS = (("exponential", 1.0), ("exponential", 4.0), ("laplace", 4.0), ("uniform", 6.0))
GRID = [round(0.1 * k, 1) for k in range(1, 21)]


def _any_law() -> list[Cell]:
    cells: list[Cell] = [
        {"part": "identity", "law": law, "scale": scale, "times": times, "powers": powers, "m": m}
        for law, scale in (("exponential", 1.0), ("laplace", 1.0), ("uniform", 2.0))
        for powers in ([0], [1], [0, 1], [0, 2], [1, 3, 4])
        for times, m in (([0.1, 0.3, 0.6], 5), (LEVELS, 9))
    ]
    for m, sets in ((8, 40), (40, 16)):
        cells += [
            {"part": "mean", "law": law, "scale": scale, "times": LEVELS, "m": m, "sets": sets}
            | {"parameters": [1, 2, 3, 4, 5, 6]}
            for law, scale in (*LAWS, ("bimodal", 1.0))
        ]
    cells += [
        {"part": "tail", "law": law, "scale": scale, "times": [0.2, 0.5], "m": 8, "sets": 1000}
        | {"parameters": [1, 2, 3], "delta": 0.002}
        for law, scale in LAWS[1:]
    ]
    cells += [
        {"part": "none", "class": name, "law": law, "scale": scale, "d": d, "m": m}
        | {"times": LEVELS, "largest": largest}
        for name, d, m in (("constant", 1, 5), ("linear", 3, 3))
        for law, scale, largest in (("gaussian", 1.0, 1.0), ("exponential", 1.0, 4.0))
    ]
    return cells


def _gaussian() -> list[Cell]:
    cells: list[Cell] = [
        {"part": "small", "eigenvalues": values, "times": GRID, "m": m, "sets": sets}
        for values, m, sets in (
            ([0.03] * 2, 8, 60),
            ([0.1] * 4, 10, 40),
            ([0.3, 1.0, 3.0], 9, 50),
            ([10.0] * 2, 12, 40),
        )
    ]
    cells += [
        {"part": "exact", "eigenvalues": values, "times": [0.2, 0.5, 1.0, 2.0], "m": m}
        | {"sets": 200}
        for values, m in (([1.0], 2), ([0.3, 3.0], 3), ([1.0] * 4, 6), ([0.1, 1.0, 10.0], 12))
    ]
    cells += [
        {"part": "turned", "eigenvalues": values, "times": [0.1, 0.2], "m": m, "sets": 400}
        | {"angles": angles}
        for values in ([1.0, 0.0], [3.0, 0.3])
        for angles in ([30.0, 60.0], [15.0, 60.0])
        for m in (2, 10)
    ]
    cells += [
        {"part": "linear", "eigenvalues": [value] * 16, "times": GRID, "m": 100_000}
        | {"kept": [0.5, 1.0, 2.0]}
        for value in (0.1, 1.0, 10.0, 100.0, 1000.0, 10000.0)
    ]
    return cells


def _scalar() -> list[Cell]:
    cells: list[Cell] = [
        {"part": "feature", "law": law, "scale": scale, "times": [0.5, 0.7], "m": 400, "sets": 40}
        | {"frequencies": [0.5, 1.0, 1.5, 2.0, 4.0]}
        for law, scale in (("gaussian", 1.0), ("laplace", 1.0), ("uniform", 1.0))
    ]
    cells += [
        {"part": "worse", "law": "exponential", "times": [0.1, 0.3], "slope": slope}
        | {"centred": centred}
        for slope in (0.1, 0.2, 0.3)
        for centred in (True, False)
    ]
    cells += [
        {"part": "strong", "quartic": c, "largest": largest, "times": [0.2, 0.5, 1.0, 2.0]}
        | {"degrees": degrees}
        for largest in (1.0, 4.0)
        for c in (0.0, 0.1, 1.0, 10.0)
        for degrees in ([0], [1], [0, 1], [0, 1, 2])
    ]
    cells += [
        {"part": "correlation", "law": law, "scale": scale, "times": times, "poincare": largest}
        for law, scale, largest in (
            ("gaussian", 1.0, 1.0),
            ("laplace", 1.0, 4.0),
            ("exponential", 1.0, 4.0),
            ("quartic:1", 1.0, 1.0),
        )
        for times in ([0.1, 0.2], [0.3, 1.0])
    ]
    cells += [
        {"part": "target", "law": law, "scale": 1.0, "times": times}
        for law in ("gaussian", "laplace", "uniform", "exponential", "bimodal")
        for times in ([0.1, 0.2], [0.3, 1.0])
    ]
    return cells


STUDY = evidence(
    "evidence-forgetting",
    "Bootstrapping at every sample size: identity, bounds and order on simulated data sets; what "
    "levels forget.",
    (*_any_law(), *_gaussian(), *_scalar()),
    measure,
    PARTS,
    seed=43,
    replicates=60,
    quick=45,
    batch=8,
)
