"""Conditional variances of regression targets, by quadrature over the law of X_0 given X_t: no
Fisher information, no entropy; their integrals over time; least squares and gradients on them.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from bounds.check import Array
from bounds.information import tilted
from bounds.line import Line
from bounds.quadrature import panels
from studies.evidence import Parts, Seeds, computed, evidence, measured, row
from studies.study import Cell, Row

TARGETS = ("csm", "tsm", "nsm")
SKEWED = {
    "law": "skewed",
    "weights": [0.85, 0.15],
    "means": [-0.8, 2.0],
    "variances": [0.36, 0.25],
}
WIDE = {"law": "wide", "weights": [0.6, 0.4], "means": [-1.0, 1.2], "variances": [0.3, 0.2]}


class Spread(NamedTuple):
    """E Cov of (CSM, TSM) given X_t: two variances and the covariance; and NSM's variance."""

    csm: float
    tsm: float
    both: float
    nsm: float

    @property
    def weight(self) -> float:
        """The w of w TSM + (1 − w) CSM with the least variance."""
        return (self.csm - self.both) / (self.csm + self.tsm - 2 * self.both)

    def mixed(self, w: float) -> float:
        """The variance of w TSM + (1 − w) CSM."""
        return w**2 * self.tsm + (1 - w) ** 2 * self.csm + 2 * w * (1 - w) * self.both


def parts_of(law: Cell, x: Array) -> tuple[Array, Array]:
    """Density and score of a mixture at x, summed component by component."""
    weights, means, variances = (np.array(law[key]) for key in ("weights", "means", "variances"))
    gap = x[..., None] - means
    each = weights * np.exp(-(gap**2) / (2 * variances)) / np.sqrt(2 * np.pi * variances)
    density = each.sum(axis=-1)
    slope = -(each * gap / variances).sum(axis=-1)
    safe = np.maximum(density, 1e-300)
    return density, slope / safe


class Posterior(NamedTuple):
    """X_t on a grid (n,) with its masses; X_0 (n, k) beside each, with masses given X_t, and the
    score of its law there.
    """

    y: Array
    outer: Array
    x: Array
    inner: Array
    score: Array


def posterior(law: Cell, gap: float, fine: float = 0.15) -> Posterior:
    """X_t = e^{-gap} X_0 + noise by the trapezoid rule, which for such integrands converges faster
    than any power once its step is below the narrowest factor.

    Scores have poles off the line, where two components are as likely: they need steps of `fine`
    times the narrowest deviation; without a score 0.4 will do.
    """
    e, sigma = np.exp(-gap), np.sqrt(-np.expm1(-2 * gap))
    means, roots = np.array(law["means"]), np.sqrt(law["variances"])
    low, high = (means - 8 * roots).min(), (means + 8 * roots).max()
    narrow = np.hypot(e * roots.min(), sigma)
    y = np.arange(e * low - 8 * sigma, e * high + 8 * sigma, 0.12 * narrow)
    step = min(fine * float(roots.min()), 0.4 * sigma / e)
    left = np.maximum(low, (y - 8 * sigma) / e)
    right = np.minimum(high, (y + 8 * sigma) / e)
    count = int(np.ceil((right - left).max() / step)) + 1
    x = left[:, None] + step * np.arange(count)
    density, score = parts_of(law, x)
    weight = density * np.exp(-((y[:, None] - e * x) ** 2) / (2 * sigma**2))
    mass = weight.sum(axis=1)
    seen = mass > 1e-20 * mass.max()
    mass = mass[seen]
    return Posterior(y[seen], mass / mass.sum(), x[seen], weight[seen] / mass[:, None], score[seen])


def variance(of: Posterior, target: Array, other: Array | None = None) -> float:
    """E Cov(target, other | X_t), of values at (X_t, X_0); other: the target itself."""
    off = target - (of.inner * target).sum(axis=1, keepdims=True)
    beside = off if other is None else other
    return float(of.outer @ (of.inner * off * beside).sum(axis=1))


def spread(law: Cell, gap: float) -> Spread:
    """The conditional variances of the targets, a time `gap` after the law."""
    e, noise = np.exp(-gap), -np.expm1(-2 * gap)
    of = posterior(law, gap)
    csm, tsm, nsm = e * of.x / noise, of.score / e, e * (of.score + of.x)
    return Spread(variance(of, csm), variance(of, tsm), variance(of, csm, tsm), variance(of, nsm))


def denoising(law: Cell, gap: float) -> float:
    """The conditional variance of CSM alone, for less."""
    of = posterior(law, gap, fine=0.4)
    return variance(of, np.exp(-gap) * of.x / -np.expm1(-2 * gap))


def noised(law: Cell, t: float) -> Cell:
    """The law of X_t."""
    e2 = np.exp(-2 * t)
    return {
        "weights": law["weights"],
        "means": [float(np.exp(-t) * m) for m in law["means"]],
        "variances": [float(e2 * v + 1 - e2) for v in law["variances"]],
    }


def law_of(cell: Cell) -> Cell:
    """The law that a cell holds."""
    return {key: cell[key] for key in ("law", "weights", "means", "variances")}


def _variances(cell: Cell) -> list[Row]:
    law, t = law_of(cell), cell["t"]
    found = spread(law, t)
    rows = [row("variance", {**law, "t": t, "target": k}, getattr(found, k)) for k in TARGETS]
    of = {**law, "start": 0.0, "t": t}
    return [
        *rows,
        row("weight", of, found.weight),
        row("mixture", of, found.mixed(found.weight)),
    ]


def _local(cell: Cell) -> list[Row]:
    """The same from a level t' > 0, with the local target in place of CSM."""
    law, t, start = law_of(cell), cell["t"], cell["start"]
    found = spread(noised(law, start), t - start)
    of = {**law, "start": start, "t": t}
    return [row("weight", of, found.weight), row("mixture", of, found.mixed(found.weight))]


def over_all_times(rate: Callable[[float], float]) -> float:
    """∫_0^∞ rate(t) dt in u = e^{−2t}, for rates of order u at both ends."""
    u, w = panels([0.0, 0.3, 0.6, 0.85, 1.0], 7)
    return float(sum(b * rate(-np.log(a) / 2) / (2 * a) for a, b in zip(u, w, strict=True)))


def early(rate: Callable[[float], float], starts: list[float]) -> list[float]:
    """∫ rate(t) dt from each start to ∞, the latest first: panels in log(e^{2t} − 1) and in u."""
    u, w = panels([0.0, 0.25, 0.5], 9)
    total = sum(b * rate(-np.log(a) / 2) / (2 * a) for a, b in zip(u, w, strict=True))
    clocks = np.log(np.expm1(2 * np.array(starts)))
    found, right = [], 0.0
    for left in clocks:
        z, w = panels(np.linspace(left, right, int(np.ceil((right - left) / 1.5)) + 1), 7)
        x = np.exp(z)
        for a, b in zip(x, w, strict=True):
            total += b * rate(float(np.log1p(a)) / 2) * a / (2 * (1 + a))
        found.append(float(total))
        right = float(left)
    return found


def _integrals(cell: Cell) -> list[Row]:
    law = law_of(cell)

    def best(t: float) -> float:
        found = spread(law, t)
        return found.mixed(found.weight)

    return [
        row("nsm-integral", law, over_all_times(lambda t: spread(law, t).nsm)),
        row("mixture-integral", law, over_all_times(best)),
    ]


def _early(cell: Cell) -> list[Row]:
    law = law_of(cell)
    values = early(lambda t: denoising(law, t), cell["starts"])
    return [
        row("csm-integral", {**law, "start": start}, value)
        for start, value in zip(cell["starts"], values, strict=True)
    ]


def _late(cell: Cell) -> list[Row]:
    """∫_0^T of TSM's variance, for T = 1 … cell["last"]."""
    law, total, rows = law_of(cell), 0.0, []
    for end in range(1, cell["last"] + 1):
        times, w = panels([end - 1, end - 0.75, end], 7)
        total += sum(b * spread(law, float(a)).tsm for a, b in zip(times, w, strict=True))
        rows.append(row("tsm-integral", {**law, "end": float(end)}, float(total)))
    return rows


def _atoms(cell: Cell) -> list[Row]:
    """∫_0^∞ of CSM's variance for points with weights: the sums over points are the posterior."""
    points, weights = np.array(cell["points"]), np.array(cell["weights"])
    z = np.arange(-9.0, 9.0001, 0.1)
    phi = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()

    def rate(t: float) -> float:
        e, noise = np.exp(-t), -np.expm1(-2 * t)
        y = (e * points[:, None] + np.sqrt(noise) * z).ravel()
        log = np.log(weights) - (y[:, None] - e * points) ** 2 / (2 * noise)
        inner = np.exp(log - log.max(axis=1, keepdims=True))
        inner /= inner.sum(axis=1, keepdims=True)
        mean = inner @ points
        var = (inner * (points - mean[:, None]) ** 2).sum(axis=1)
        return float((weights[:, None] * phi).ravel() @ var * e**2 / noise**2)

    (value,) = early(rate, [cell["start"]])
    return [row("atoms-integral", {"points": cell["points"], "weights": cell["weights"]}, value)]


def _gaussian(cell: Cell) -> list[Row]:
    """N(0, diag λ): conditional covariances by regression of both targets on X_t."""
    lam = np.array(cell["eigenvalues"])

    def at(t: float) -> Spread:
        e, noise = np.exp(-t), -np.expm1(-2 * t)
        v = e**2 * lam + noise
        # (CSM, TSM) = M (X_0, X_t), coordinate by coordinate, X_t given
        left = e**2 * lam / v * noise / e**2  # Var(X_0 | X_t)
        a, b, c = e / noise, -1 / (e * lam), e * (1 - 1 / lam)
        return Spread(*(float((left * k).sum()) for k in (a * a, b * b, a * b, c * c)))

    def best(t: float) -> float:
        found = at(t)
        return found.mixed(found.weight)

    of = {"law": f"normal, d={lam.size}", "eigenvalues": cell["eigenvalues"]}
    return [
        row("nsm-integral", of, over_all_times(lambda t: at(t).nsm)),
        row("mixture-integral", of, over_all_times(best)),
    ]


PARTS: Parts = {
    "variances": computed(_variances, "variance", "weight", "mixture"),
    "local": computed(_local, "weight", "mixture"),
    "integrals": computed(_integrals, "nsm-integral", "mixture-integral"),
    "early": computed(_early, "csm-integral"),
    "late": computed(_late, "tsm-integral"),
    "atoms": computed(_atoms, "atoms-integral"),
    "gaussian": computed(_gaussian, "nsm-integral", "mixture-integral"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part."""
    return measured(PARTS, cell, seeds)


def two_modes(a: float) -> Cell:
    """½N(±a, ¼) tilted by r = 0.8 x − 0.15 x², the target of a lean adjoint."""
    law = tilted(Line(np.full(2, 0.5), np.array([-a, a]), np.full(2, 0.25)), 0.8, -0.3)
    held = {key: getattr(law, key).tolist() for key in ("weights", "means", "variances")}
    return {"law": f"a={a:g}", **held}


TWO_MODES = [two_modes(a) for a in (1.0, 1.25, 1.5, 1.75, 2.0)]
TIMES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 2.0, 3.0)
STARTS = [0.1, 0.01, 1e-3, 1e-4, 1e-5]
CELLS: list[Cell] = [
    *({"part": "variances", **SKEWED, "t": t} for t in TIMES),
    *({"part": "variances", **WIDE, "t": t} for t in (0.1, 0.5)),
    *(
        {"part": "local", **SKEWED, "start": start, "t": t}
        for start, t in ((0.1, 0.2), (0.3, 0.7), (0.3, 1.5))
    ),
    *({"part": "integrals", **law} for law in (SKEWED, WIDE, *TWO_MODES[::2])),
    *({"part": "gaussian", "eigenvalues": lam} for lam in ([0.5, 4.0], [0.3, 1.0, 2.5])),
    {"part": "early", **SKEWED, "starts": STARTS},
    *({"part": "early", **law, "starts": [1e-3]} for law in TWO_MODES),
    {"part": "late", **SKEWED, "last": 5},
    *(
        {"part": "atoms", "points": points, "weights": weights, "start": 1e-7}
        for points, weights in (
            ([-1.0, 1.0], [0.5, 0.5]),
            ([-1.0, 1.0], [0.9, 0.1]),
            ([-1.0, 0.2, 1.5], [0.2, 0.5, 0.3]),
            ([-2.1, -1.4, -0.9, -0.5, -0.1, 0.2, 0.6, 1.1, 1.5, 2.4], [0.1] * 10),
        )
    ),
]
STUDY = evidence(
    "evidence-tilt-targets",
    "Conditional variances of four targets for the score, and their integrals over time.",
    CELLS,
    measure,
    PARTS,
    seed=126,
)
