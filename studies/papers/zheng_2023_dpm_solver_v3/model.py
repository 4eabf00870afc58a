"""DPM-Solver-v3 on Gaussians, along the axes and turned; the mean-reverting process."""

import numpy as np
import scipy

from bounds.affine import Affine, moments
from bounds.check import Array
from bounds.divergence import Normal, w2
from bounds.line import Line
from bounds.model_statistics import ModelStatistics, even_grid, gaussian_statistics, solve_v3
from bounds.solvers import Stage, solve
from studies.evidence import Parts, Seeds, computed, evidence, measured, row
from studies.papers.zheng_2023_dpm_solver_v3.targets import answer, blurred, carried, turned
from studies.study import Cell, Row

# --- DPM-Solver-v3 on Gaussians -------------------------------------------------------------------

ENDS = (float(np.exp(4)), float(np.exp(-4)))


def one_step(data: Array, table: ModelStatistics) -> Normal:
    """The law after one step from the first level of a table to its last."""
    first = float(table.sigmas[0])
    step = Stage(lambda x: solve_v3(answer(data), table, 1, x, 1), 0.0)
    return carried([step], blurred(data, first))


def _axis(cell: Cell) -> list[Row]:
    """One coordinate, one step: the deviation at the end, or its error by the table."""
    data = np.array([[cell["v"]]])
    grid = even_grid(cell["first"], cell["last"], cell["table"])
    end = float(np.sqrt(one_step(data, gaussian_statistics(data, grid)).covariance[0, 0]))
    of = {key: cell[key] for key in ("v", "first", "last", "table")}
    if cell["what"] == "deviation":
        return [row("deviation", of, end)]
    exact = np.sqrt(cell["v"] + cell["last"] ** 2)
    return [row("table-error", of, end / exact - 1)]


def _turned(cell: Cell) -> list[Row]:
    """W2 after one step, of a Gaussian that is turned."""
    values, angle = cell["values"], cell["angle"]
    data = turned(values, angle)
    full = gaussian_statistics(data, even_grid(*ENDS, 1000))
    start, goal = blurred(data, ENDS[0]), blurred(data, ENDS[1])
    ends = {
        "": one_step(data, full),
        "-plain": one_step(data, full.without_regression()),
        "-ddim": carried([Stage(lambda x: solve("ddim", answer(data), ENDS, x), 0.0)], start),
    }
    found = {name: float(w2(end, goal)) for name, end in ends.items()}
    of = {"values": values, "angle": angle, "first": ENDS[0], "last": ENDS[1]}
    if angle >= 5:
        return [row(f"rotated{name}", of, value) for name, value in found.items()]
    of["x"] = angle
    if len(values) == 3:
        return [row("angle-three", of, found[""])]
    return [row("angle-full", of, found[""]), row("angle-plain", of, found["-plain"])]


# --- the mean-reverting process -------------------------------------------------------------------


def _mrs_step(cell: Cell) -> list[Row]:
    """The update of MRS, in x; its denoiser by the line's posterior mean."""
    of = {key: value for key, value in cell.items() if key != "part"}
    mu, scale, t, to, x = (of[key] for key in ("mu", "scale", "t", "to", "x"))
    a, b = np.exp(-t), np.exp(-to)
    ratio = np.sqrt((1 - b**2) / (1 - a**2))
    law = Line(np.array(of["weights"]), np.array(of["atoms"]), np.zeros(2))
    known = float(law.posterior_mean(scale * np.sqrt(1 - a**2) / a, (x - (1 - a) * mu) / a))
    pull = 1 - ratio + a * ratio - b
    return [row("mrs-step", of, ratio * x + (b - a * ratio) * known + pull * mu)]


def _mrs_flow(cell: Cell) -> list[Row]:
    """dx/dt = (μ − x) − σ_∞² ∇log p_t, from T down to t."""
    of = {key: value for key, value in cell.items() if key != "part"}
    mu, square = of["mu"], of["scale"] ** 2

    def law(t: float) -> tuple[float, float]:
        a = np.exp(-t)
        return mu + a * (of["mean"] - mu), a**2 * of["variance"] + (1 - a**2) * square

    def speed(t: float, x: Array) -> Array:
        mean, variance = law(t)
        return np.asarray(mu - x + square * (x - mean) / variance)

    span = (of["t"], of["to"])
    path = scipy.integrate.solve_ivp(
        speed, span, [of["x"]], method="DOP853", rtol=1e-12, atol=1e-13
    )
    return [row("mrs-flow", of, float(path.y[0, -1]))]


def _mrs_start(cell: Cell) -> list[Row]:
    """The mean at 0 of N(μ, σ_∞²) carried down, less the data's; its equation integrated."""
    of = {key: value for key, value in cell.items() if key != "part"}
    mu, square = of["mu"], of["scale"] ** 2

    def variance(t: float) -> float:
        return float(np.exp(-2 * t) * of["variance"] - np.expm1(-2 * t) * square)

    # time that passes is counted forwards, so the flow's speed changes its sign
    flow = Affine(
        drift=lambda t: 1 - square / variance(t),
        shift=lambda t: np.array(
            [-mu + square / variance(t) * (mu + np.exp(-t) * (of["mean"] - mu))]
        ),
    )
    start = Normal(np.array([mu]), np.array([[square]]))
    end = moments(flow, start, [of["t"], 0.0])[-1].law
    return [row("mrs-start", of, float(end.mean[0]) - of["mean"])]


PARTS: Parts = {
    "axis": computed(_axis, "deviation", "table-error"),
    "turned": computed(_turned, "rotated", "rotated-plain", "rotated-ddim"),
    "small": computed(_turned, "angle-full", "angle-plain", "angle-three"),
    "mrs-step": computed(_mrs_step, "mrs-step"),
    "mrs-flow": computed(_mrs_flow, "mrs-flow"),
    "mrs-start": computed(_mrs_start, "mrs-start"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part."""
    return measured(PARTS, cell, seeds)


_WIDE = {"first": float(np.exp(4)), "last": float(np.exp(-4))}
_NARROW = {"first": float(np.exp(1)), "last": float(np.exp(-1))}
_ATOMS = {"mu": 0.5, "scale": 0.7, "atoms": [-1.0, 2.0], "weights": [0.3, 0.7]}
_REVERTING = {"mu": -1.0, "scale": 0.7, "mean": 2.0, "variance": 0.25}
CELLS: list[Cell] = [
    *(
        {"part": "axis", "what": "deviation", "v": v, **_WIDE, "table": 1000}
        for v in (4.0, 1.0, 0.25)
    ),
    *(
        {"part": "axis", "what": "table-error", "v": v, **_NARROW, "table": M}
        for v in (4.0, 1.5, 0.25)
        for M in (50, 200, 800)
    ),
    *(
        {"part": "turned", "values": [4.0, 0.25], "angle": angle}
        for angle in (5.0, 10.0, 15.0, 20.0, 30.0, 45.0)
    ),
    *(
        {"part": "small", "values": values, "angle": angle}
        for values in ([4.0, 0.25], [4.0, 1.0, 0.25])
        for angle in (0.5, 1.0, 2.0, 4.0)
    ),
    *(
        {"part": "mrs-step", **_ATOMS, "t": t, "to": to, "x": x}
        for t, to in ((2.0, 1.0), (1.0, 0.1), (0.3, 0.25))
        for x in (-0.6, 1.4)
    ),
    *(
        {"part": "mrs-flow", **_REVERTING, "t": 1.5, "to": to, "x": x}
        for to in (0.5, 0.05)
        for x in (-2.0, 0.5, 1.0)
    ),
    *({"part": "mrs-start", **_REVERTING, "t": T} for T in (1.0, 2.0, 4.0)),
]
STUDY = evidence(
    "evidence-dpm-solver-v3",
    "DPM-Solver-v3 on Gaussians, along the axes and turned; the mean-reverting process.",
    CELLS,
    measure,
    PARTS,
    seed=115,
)
