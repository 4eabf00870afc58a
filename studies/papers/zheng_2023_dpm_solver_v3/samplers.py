"""Samplers side by side: W2 against the number of answers, everything exact but the steps.

On the line the law of what is drawn is carried on a grid, in the plane by matrices; there is no
sampling noise, no error of the score and none of the start.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from bounds.check import Array
from bounds.divergence import w2
from bounds.line import Line
from bounds.model_statistics import even_grid, gaussian_statistics, line_statistics, solve_v3
from bounds.solvers import (
    MULTISTEP,
    ONE_STEP,
    Denoiser,
    Map,
    Reached,
    Stage,
    ancestral,
    churned,
    even_levels,
    reached,
    solve,
)
from studies.evidence import Parts, Seeds, computed, evidence, measured, row
from studies.papers.zheng_2023_dpm_solver_v3.targets import answer, blurred, carried, turned
from studies.study import Cell, Row, Study

FIRST, LAST = float(np.exp(3)), float(np.exp(-3))
TABLE = 960
MIXTURE = Line(np.array([0.6, 0.4]), np.array([-1.0, 1.0]), np.array([0.2, 0.12]))
PLANE = turned([4.0, 0.25], 45.0)
ANSWERS = (4, 6, 8, 12, 16, 24, 32, 48, 96)
NOISY: Mapping[str, tuple[int, ...]] = {
    "ancestral": (4, 8, 16, 32, 48),
    "churn": (4, 8, 16, 32, 48, 96),
}
CAP = float(np.sqrt(2) - 1)
CHURN = 10.0
TWICE = ("heun", "churn")
"""Two answers a step."""
ORDERS: Mapping[str, int] = {"v3-one": 1, "v3-two": 2, "v3-three": 3}
EXACT: Mapping[str, tuple[str, int]] = {
    "euler": ("euler", 0),
    "frozen-score": ("frozen score", 0),
    "ddim": ("ddim", 0),
    "heun": ("heun", 0),
    "2m": ("2M", 1),
    "2m-taylor": ("2M Taylor", 1),
    "3m-published": ("3M published", 2),
    "3m": ("3M", 2),
}
"""A solver, and how many states beyond the start it is given."""
FLOWS = (*(one for one in (*ONE_STEP, *MULTISTEP) if one != "2M Taylor"), "v3")


def steps(sampler: str, answers: int) -> int:
    """How many steps so many answers make."""
    return answers // 2 if sampler in TWICE else answers


def noisy(sampler: str, denoiser: Denoiser, count: int) -> list[Stage]:
    """The stages of a sampler with noise."""
    levels = even_levels(FIRST, LAST, count)
    if sampler == "ancestral":
        return ancestral(denoiser, levels)
    return churned(denoiser, levels, min(CHURN / count, CAP))


def flow(target: "Plane | OnTheLine", sampler: str, count: int) -> Map:
    """A solver of the flow."""
    if sampler == "v3":
        return lambda x: solve_v3(target.denoiser, target.table, count, x, 3)
    return lambda x: solve(sampler, target.denoiser, even_levels(FIRST, LAST, count), x)


class Plane:
    """The Gaussian in the plane."""

    def __init__(self) -> None:
        self.denoiser = answer(PLANE)
        self.table = gaussian_statistics(PLANE, even_grid(FIRST, LAST, TABLE))
        self.goal = blurred(PLANE, LAST)
        self.axes = np.linalg.eigh(PLANE)[1]

    def off(self, stages: Sequence[Stage]) -> tuple[float, list[float]]:
        """W2, and the gaps of the deviations along the target's axes."""
        end = carried(stages, blurred(PLANE, FIRST))
        spread, wanted = (
            np.sqrt(np.einsum("ij,ik,kj->j", self.axes, law.covariance, self.axes))
            for law in (end, self.goal)
        )
        return float(w2(end, self.goal)), np.abs(spread - wanted).tolist()


class OnTheLine:
    """The two Gaussians."""

    def __init__(self) -> None:
        self.denoiser: Denoiser = MIXTURE.posterior_mean
        self.table = line_statistics(MIXTURE, even_grid(FIRST, LAST, TABLE))
        self.goal = MIXTURE.blurred(LAST)
        self.start = reached([Stage(lambda x: x, 0.0)], MIXTURE.blurred(FIRST), 801)
        self.places = self.goal.from_normal(self.start.z)

    def off(self, stages: Sequence[Stage]) -> tuple[float, list[float]]:
        """W2, and the gaps of the means and of the deviations."""
        if len(stages) == 1:
            # the places of the target at the start's own levels, found once
            x = stages[0].move(self.start.x)
            end, places = Reached(x, self.start.masses, self.start.z), self.places
            if np.any(np.diff(x) <= 0):
                end = reached(stages, MIXTURE.blurred(FIRST), 801)
                places = self.goal.from_normal(end.z)
        else:
            end = reached(stages, MIXTURE.blurred(FIRST), 801, 0.7)
            places = self.goal.from_normal(end.z)
        m = end.masses
        mean = m @ end.x
        spread = np.sqrt(m @ (end.x - mean) ** 2)
        gaps = [abs(mean - self.goal.mean), abs(spread - np.sqrt(self.goal.variance))]
        return float(np.sqrt(m @ (end.x - places) ** 2)), [float(one) for one in gaps]


def _flows(cell: Cell) -> list[Row]:
    """W2 of the solvers of the flow over the number of answers, and two ranks."""
    target = Plane() if cell["target"] == "gaussian" else OnTheLine()
    rows, off = [], {}
    for sampler in FLOWS:
        for answers in ANSWERS:
            stage = Stage(flow(target, sampler, steps(sampler, answers)), 0.0)
            value, gaps = target.off([stage])
            of = {"target": cell["target"], "sampler": sampler, "answers": answers, "gaps": gaps}
            rows.append(row("w2", of, value))
            off[sampler, answers] = value

    def ranked(quantity: str, sampler: str, answers: int) -> Row:
        before = sum(off[other, answers] < off[sampler, answers] for other in FLOWS)
        return row(quantity, {"target": cell["target"], "answers": answers}, before + 1)

    rows.append(ranked("v3-rank", "v3", 8))
    if isinstance(target, OnTheLine):
        rows += [ranked("published-rank", "3M published", answers) for answers in (12, 16)]
        rows += _orders(target)
    return rows


def _orders(target: OnTheLine) -> list[Row]:
    """W2 where the first states of a multistep solver are exact."""
    rows, off = [], {}
    for N in (30, 60, 120):
        levels = even_levels(FIRST, LAST, N)
        begin = [MIXTURE.blurred(float(s)).from_normal(target.start.z) for s in levels[1:3]]
        ends: dict[str, Array] = {
            name: solve(solver, target.denoiser, levels, target.start.x, begin[:given])
            for name, (solver, given) in EXACT.items()
        }
        for name, order in ORDERS.items():
            given = begin[: order - 1]
            ends[name] = solve_v3(target.denoiser, target.table, N, target.start.x, order, given)
        for name, x in ends.items():
            off[name] = float(np.sqrt(target.start.masses @ (x - target.places) ** 2))
            if name != "2m-taylor":
                rows.append(row(f"{name}-order", {"x": N}, off[name]))
    ratio = off["3m-published"] / off["2m-taylor"]
    return [*rows, row("published-over-2m", {"x": 120}, ratio)]


def _noisy(cell: Cell) -> list[Row]:
    """W2 of the samplers with noise."""
    target = Plane() if cell["target"] == "gaussian" else OnTheLine()
    rows = []
    for sampler in NOISY:
        for answers in NOISY[sampler]:
            count = steps(sampler, answers)
            value, gaps = target.off(noisy(sampler, target.denoiser, count))
            of = {"target": cell["target"], "sampler": sampler, "answers": answers, "gaps": gaps}
            rows.append(row("w2", of, value))
    return rows


def _long(cell: Cell) -> list[Row]:
    """Many steps, in the plane."""
    denoiser, name, N = answer(PLANE), cell["what"], cell["steps"]
    levels = even_levels(FIRST, LAST, N)
    if name == "3m-own-start":
        stages = [Stage(lambda x: solve("3M", denoiser, levels, x), 0.0)]
    elif name == "ancestral":
        stages = ancestral(denoiser, levels)
    else:
        stages = churned(denoiser, levels, CAP if name == "churn-capped" else CHURN / N)
    end = carried(stages, blurred(PLANE, FIRST))
    return [row(f"{name}-order", {"x": N}, float(w2(end, blurred(PLANE, LAST))))]


def _floor(cell: Cell) -> list[Row]:
    """The deviation at the end, as N → ∞ with γ fixed, by extrapolation in 1/N.

    From four times the last level: each step forgets a share of what was before.
    """
    v, last, gamma = cell["v"], cell["last"], cell["gamma"]
    data = np.array([[v]])
    found = []
    for N in (80, 160, 320):
        stages = churned(answer(data), even_levels(4 * last, last, N), gamma)
        end = carried(stages, blurred(data, 4 * last))
        found.append(float(np.sqrt(end.covariance[0, 0])))
    limit = (found[0] - 6 * found[1] + 8 * found[2]) / 3
    of = {"v": v, "last": last, "gamma": gamma}
    return [row("floor", of, limit - float(np.sqrt(v + last**2)))]


PARTS: Parts = {
    "flows": computed(
        _flows,
        "w2",
        "v3-rank",
        "published-rank",
        "published-over-2m",
        *(f"{k}-order" for k in (*EXACT, *ORDERS)),
    ),
    "noisy": computed(_noisy, "w2"),
    "long": computed(
        _long, *(f"{k}-order" for k in ("ancestral", "churn", "churn-capped", "3m-own-start"))
    ),
    "floor": computed(_floor, "floor"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part."""
    return measured(PARTS, cell, seeds)


CELLS: list[Cell] = [
    *(
        {"part": part, "target": target}
        for part in ("flows", "noisy")
        for target in ("gaussian", "mixture")
    ),
    *(
        {"part": "long", "what": what, "steps": N}
        for what, counts in (
            ("ancestral", (200, 400, 800)),
            ("churn", (200, 400, 800)),
            ("churn-capped", (50, 100, 200)),
            ("3m-own-start", (100, 200, 400)),
        )
        for N in counts
    ),
    *(
        {"part": "floor", "v": v, "last": 0.5, "gamma": gamma}
        for v in (1.0, 0.25, 0.05)
        for gamma in (CAP, 0.2)
    ),
]
STUDY: Study = evidence(
    "samplers",
    "Samplers with exact denoisers: W2 against the number of answers.",
    CELLS,
    measure,
    PARTS,
    seed=116,
)
