"""Samples under scores with a gauge: covariances by the moment equation and by chains of steps."""

import numpy as np

from bounds.affine import Affine, moments
from bounds.chain import affine_chain
from bounds.check import Array
from bounds.divergence import Normal, w2
from bounds.fields import energy
from bounds.gaussian import Gaussian
from bounds.reverse import marginal
from studies.evidence import Parts, Seeds, computed, evidence, measured, row
from studies.study import Cell, Row, Study

TURN = np.array([[0.0, 1.0], [-1.0, 0.0]])


def _law(cell: Cell) -> Gaussian:
    return Gaussian(np.array(cell["eigenvalues"]))


def _variances(cell: Cell, t: float) -> Array:
    return _law(cell).variances(t)


def _error(cell: Cell, v: Array, power: float = 1.0) -> Array:
    """κ V^a J."""
    return np.asarray(cell["kappa"] * (v**power)[:, None] * TURN)


def _sampled(cell: Cell, gradient: Array, power: float = 1.0) -> Normal:
    """What flow or SDE returns at t = 0 with this gauge and gradient error."""
    law, twice = _law(cell), 2.0 if cell["sampler"] == "sde" else 1.0
    identity = np.eye(law.dimension)

    def drift(t: float) -> Array:
        v = law.variances(t)
        return identity + twice * (gradient + _error(cell, v, power) - identity / v)

    flow = Affine(drift, noise=2.0 if cell["sampler"] == "sde" else 0.0)
    return moments(flow, marginal(law, cell["last"]), [cell["last"], 0.0])[-1].law


def _keeps(cell: Cell) -> list[Row]:
    of = {name: cell[name] for name in ("eigenvalues", "last", "kappa", "sampler")}
    distance = float(w2(marginal(_law(cell), 0.0), _sampled(cell, np.zeros((2, 2)))))
    return [row("law", of, distance)]


def _energy(cell: Cell) -> list[Row]:
    """∫E|E x|² dt by Gauss and Legendre's rule."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    half = cell["last"] / 2
    levels = [_variances(cell, half * (1 + x)) for x in nodes]
    values = [energy(_error(cell, v), np.diag(v)) for v in levels]
    of = {name: cell[name] for name in ("eigenvalues", "last", "kappa")}
    of["law"] = ", ".join(f"{value:g}" for value in cell["eigenvalues"])
    return [row("energy", of, float(half * weights @ np.array(values)))]


def _response(cell: Cell) -> list[Row]:
    """∂P_12/∂κ by a central difference."""
    h, zero = 1e-3, np.zeros((2, 2))
    ends = [
        _sampled({**cell, "kappa": k, "sampler": "flow"}, zero, cell["power"]).covariance[0, 1]
        for k in (h, -h)
    ]
    of = {name: cell[name] for name in ("eigenvalues", "last", "power")}
    return [row("response", of, float(ends[0] - ends[1]) / (2 * h))]


def _visible(cell: Cell) -> list[Row]:
    """Energy of the symmetric matrix nearest to the field, by least squares over a basis."""
    d = cell["d"]
    v = np.linspace(0.3, 2.0 + 0.2 * d, d)
    field = np.round(np.sin(1 + cell["place"] + np.arange(d * d)).reshape(d, d), 6)
    pairs = [(i, j) for i in range(d) for j in range(i + 1)]
    basis = np.zeros((len(pairs), d, d))
    for k, (i, j) in enumerate(pairs):
        basis[k, i, j] = basis[k, j, i] = 1.0
    root = np.sqrt(v)
    columns = (basis * root).reshape(len(pairs), -1).T
    found = columns @ np.linalg.lstsq(columns, (field * root).ravel(), rcond=None)[0]
    of = {"variances": v.tolist(), "field": field.tolist()}
    return [row("visible", of, float(found @ found))]


def _healed(cell: Cell) -> list[Row]:
    drawn = _sampled({**cell, "sampler": "flow"}, np.diag(cell["gradient"])).covariance
    of = {name: cell[name] for name in ("eigenvalues", "last", "kappa", "gradient")}
    return [
        row("healed", {**of, "direction": i}, float(np.log(drawn[i, i] / value)))
        for i, value in enumerate(cell["eigenvalues"])
    ]


def _euler_law(cell: Cell, kappa: float) -> Normal:
    law, h = _law(cell), cell["last"] / cell["steps"]
    identity, turn = np.eye(2), kappa * TURN
    levels = [law.variances(cell["last"] - k * h) for k in range(cell["steps"])]
    links = ((identity + h * (identity - identity / v + v[:, None] * turn), 0, 0) for v in levels)
    return affine_chain(links, marginal(law, cell["last"]))


def _euler(cell: Cell) -> list[Row]:
    """Euler's steps with the gauge: in W2 from the truth."""
    of = {name: cell[name] for name in ("eigenvalues", "last", "steps", "kappa")}
    drawn = _euler_law(cell, cell["kappa"])
    return [row("euler", of, float(w2(marginal(_law(cell), 0.0), drawn)))]


def _volume(cell: Cell) -> list[Row]:
    """The log determinant of what Euler's steps return, with the gauge less without."""
    of = {name: cell[name] for name in ("eigenvalues", "last", "steps", "kappa")}
    logs = [
        np.linalg.slogdet(_euler_law(cell, kappa).covariance)[1] for kappa in (cell["kappa"], 0.0)
    ]
    return [row("volume", of, float(logs[0] - logs[1]))]


def _dimension(cell: Cell) -> list[Row]:
    """Singular values of the score's Jacobian below the largest gap."""
    V = np.diag([1.0, 1.0, cell["w"]])
    gauge = np.zeros((3, 3))
    gauge[:2, :2] = cell["kappa"] * TURN
    values = np.linalg.svd(-np.linalg.inv(V) + V @ gauge, compute_uv=False)
    gap = int(np.argmax(values[:-1] / values[1:]))
    return [row("dimension", {"w": cell["w"], "kappa": cell["kappa"]}, float(2 - gap))]


PARTS: Parts = {
    "keeps": computed(_keeps, "law"),
    "energy": computed(_energy, "energy"),
    "response": computed(_response, "response"),
    "visible": computed(_visible, "visible"),
    "healed": computed(_healed, "healed"),
    "euler": computed(_euler, "euler"),
    "volume": computed(_volume, "volume"),
    "dimension": computed(_dimension, "dimension"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """Rows of one part: all are computed."""
    return measured(PARTS, cell, seeds)


NARROW, WIDE = [1.5, 0.3], [4.0, 0.25]
KAPPAS = (0.5, 1.0, 2.0, 4.0, 8.0)
CELLS: list[Cell] = [
    *(
        {"part": "keeps", "eigenvalues": NARROW, "last": 4.0, "kappa": kappa, "sampler": sampler}
        for kappa in (0.5, 2.0, 8.0)
        for sampler in ("flow", "sde")
    ),
    *(
        {"part": "energy", "eigenvalues": values, "last": 4.0, "kappa": kappa}
        for values in (NARROW, WIDE)
        for kappa in KAPPAS
    ),
    *(
        {"part": "response", "eigenvalues": values, "last": 4.0, "power": power}
        for values in (NARROW, WIDE)
        for power in (-1, 0, 1, 2)
    ),
    *({"part": "visible", "d": d, "place": place} for d in (2, 3, 5) for place in (0, 10, 20)),
    *(
        {"part": "healed", "eigenvalues": NARROW, "last": 4.0, "kappa": kappa, "gradient": gradient}
        for kappa, gradient in ((16.0, [0.02, -0.01]), (32.0, [0.0, 0.03]))
    ),
    *(
        {"part": part, "eigenvalues": NARROW, "last": 4.0, "steps": steps, "kappa": kappa}
        for part, steps, kappas in (
            ("volume", 50, (8.0,)),
            ("volume", 100, (2.0,)),
            ("volume", 400, (0.5, 4.0)),
            ("euler", 400, (1.0, 2.0)),
            ("euler", 1600, (1.0, 2.0, 4.0)),
            ("euler", 6400, (2.0, 4.0, 8.0)),
        )
        for kappa in kappas
    ),
    *(
        {"part": "dimension", "w": w, "kappa": kappa}
        for w in (0.01, 0.1)
        for kappa in (1.0, 5.0, 20.0, 80.0, 320.0)
    ),
]
STUDY = evidence(
    "evidence-gauge",
    "Samples under scores with a gauge: covariances of flows, SDEs and Euler steps; splits; "
    "singular values.",
    CELLS,
    measure,
    PARTS,
    seed=95,
    batch=1,
)
STUDIES: tuple[Study, ...] = (STUDY,)
