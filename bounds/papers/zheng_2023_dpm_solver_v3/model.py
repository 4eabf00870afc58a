r"""DPM-Solver-v3 on a Gaussian: exact along the axes, and what a rotation does.

Notation of bounds.solvers: dx/dλ = −(x − A x), λ = −log σ, A = Σ T^{-1}, T = Σ + σ² I. The solver
keeps f = (1 − l) x − A x, with l = 1 − diag A, as public code has it (thu-ml/DPM-Solver-v3@ba16871,
codebases/edm/samplers/dpm_solver_v3.py) for the l that we recall: l = E diag(σ ∂ε/∂x).

**Along the axes** A is diagonal, f = 0, and one step of any length is exact: ∫ l dλ over l =
σ²/(v + σ²) is −½ log(v + σ²), and e^{L − L'} = √((v + σ'²)/(v + σ²)) is the flow. In a table of M
steps of Δ in λ the trapezoid rule is off by Δ²/12 times the difference of l' at the ends,
l' = −2 v σ²/(v + σ²)², and the deviation at the end by

    (Δ²/6) v [σ'²/(v + σ'²)² − σ²/(v + σ²)²]   of it.

**Rotated** by θ in the plane, U the rotation, v_1 and v_2 the eigenvalues: e^{L_i} =
Π_j (v_j + σ²)^{−U_ij²/2}. The off-diagonal element is A_12 = ½ sin 2θ δ, δ = a_1 − a_2 ∝
σ²/((v_1 + σ²)(v_2 + σ²)), so that f_1 = −A_12 x_2, and along the flow

    f_1' = (A_12'/A_12 − (1 − A_22)) f_1 − A_12² x_1.

The regression of f_1' on f_1 is s_1 = δ'/δ − 1 + A_22 + A_12 T_12/T_22. By A T = Σ the last two are
Σ_22/T_22, so s_1 = δ'/δ − σ²/(Σ_22 + σ²), and e^{S_1} ∝ |δ| √(Σ_22 + σ²). One step is

    x' = e^{L − L'} x − e^{−L'} ∫ e^{L + S} dλ e^{−S} F x,   F = diag A − A.

**Small angles.** f is of order θ, so without s the error is. In the plane f_1 has one term of that
order, and s takes it away: θ² is left. In three dimensions f_1 has two, with different rates, and
one s cannot take both: θ again.
"""

from functools import partial

import numpy as np
import scipy

from bounds.check import Array, positive
from bounds.claim import Cell, Claim


def _levels(cell: Cell) -> tuple[float, float]:
    return positive("first", cell["first"]), positive("last", cell["last"])


def exact_end(cell: Cell) -> float:
    """√(v + σ_N²)."""
    return float(np.sqrt(cell["v"] + _levels(cell)[1] ** 2))


def _ddim_end(cell: Cell) -> float:
    """The decoy: with l = 1."""
    first, last = _levels(cell)
    total = cell["v"] + first**2
    share = last / first + (1 - last / first) * cell["v"] / total
    return float(share * np.sqrt(total))


def table_error(cell: Cell, rule: float = 1 / 6) -> float:
    """(Δ²/6) v [σ_N²/(v + σ_N²)² − σ_0²/(v + σ_0²)²]."""
    first, last = _levels(cell)
    v, step = cell["v"], np.log(first / last) / cell["table"]
    low, high = (s**2 / (v + s**2) ** 2 for s in (last, first))
    return float(rule * step**2 * v * (low - high))


def _turn(cell: Cell) -> Array:
    angle = np.radians(cell["angle"])
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _bures(p: Array, q: Array) -> float:
    """W2 of two Gaussians of mean 0 in the plane: tr √(pq) = √(tr pq + 2 √(det p det q))."""
    mixed = np.trace(p @ q) + 2 * np.sqrt(np.linalg.det(p) * np.linalg.det(q))
    return float(np.sqrt(max(np.trace(p + q) - 2 * np.sqrt(mixed), 0.0)))


def _rotated(cell: Cell, power: float, width: float) -> float:
    """W2 after one step; e^S = δ^power (Σ_jj + σ²)^width, j the other coordinate."""
    first, last = _levels(cell)
    v, U = np.array(cell["values"]), _turn(cell)
    shares, data = U**2, U @ np.diag(v) @ U.T

    def grown(sigma: float) -> Array:
        """e^L for each coordinate."""
        return np.asarray(np.exp(-shares @ np.log(v + sigma**2) / 2))

    def changed(sigma: float) -> Array:
        """e^S for each coordinate."""
        delta = sigma**2 / np.prod(v + sigma**2)
        return np.asarray(delta**power * (np.diag(data)[::-1] + sigma**2) ** width)

    def integral(i: int) -> float:
        def at(lam: float) -> float:
            sigma = float(np.exp(-lam))
            return float(grown(sigma)[i] * changed(sigma)[i])

        return float(
            scipy.integrate.quad(at, -np.log(first), -np.log(last), epsrel=1e-10, limit=200)[0]
        )

    weight = np.array([integral(0), integral(1)]) / changed(first) / grown(last)
    A = U @ np.diag(v / (v + first**2)) @ U.T
    off = np.diag(np.diag(A)) - A
    move = np.diag(grown(first) / grown(last)) - weight[:, None] * off
    identity = np.eye(2)
    reached = move @ (data + first**2 * identity) @ move.T
    return _bures(reached, data + last**2 * identity)


def rotated(cell: Cell) -> float:
    """With l and s: e^S = δ √(Σ_jj + σ²)."""
    return _rotated(cell, 1.0, 0.5)


def rotated_plain(cell: Cell) -> float:
    """With l alone."""
    return _rotated(cell, 0.0, 0.0)


def ddim_rotated(cell: Cell) -> float:
    """DPM-Solver++ of one step: each eigenvalue by itself, whatever the angle."""
    return float(np.linalg.norm([_off({**cell, "v": v}) for v in cell["values"]]))


def _off(cell: Cell) -> float:
    return _ddim_end(cell) - exact_end(cell)


def _coordinates(cell: Cell) -> float:
    """The decoy: each coordinate by itself, Σ taken for its diagonal."""
    diagonal = np.diag(_turn(cell) @ np.diag(cell["values"]) @ _turn(cell).T)
    return ddim_rotated({**cell, "values": diagonal.tolist()})


_STUDY = "evidence-dpm-solver-v3"
_SOURCE = (
    "zheng_2023_dpm_solver_v3, abstract, statement unread; "
    "bounds/papers/zheng_2023_dpm_solver_v3/model.py, derived"
)
_AXES = "Data N(0, v), v = 4, 1, ¼; log σ from 4 to −4"
_PLANE = "Data of eigenvalues 4 and ¼ in the plane, rotated; log σ from 4 to −4, one step"
_derived = partial(Claim, source=_SOURCE, origin="derived")
CLAIMS: tuple[Claim, ...] = (
    _derived(
        name="v3-one-step-exact",
        statement="Along the axes of a Gaussian one step of DPM-Solver-v3 is exact, however long.",
        assumptions=f"{_AXES}; exact statistics in a table of 1000 steps, to 1e-6.",
        kind="identity",
        measurement=f"{_STUDY}:deviation",
        formula=exact_end,
        decoy=_ddim_end,
        decoy_note="as with l = 1: DDIM, or DPM-Solver++",
        tolerance=1e-6,
        why="l = σ²/(v + σ²) leaves f = 0, and ∫l is all of the flow.",
    ),
    _derived(
        name="v3-table-error",
        statement="With a table of M steps the deviation at the end is off by (Δ²/6) v [σ_N²/(v + "
        "σ_N²)² − σ_0²/(v + σ_0²)²] of it, Δ = log(σ_0/σ_N)/M.",
        assumptions="v = 4, 1½, ¼; log σ from 1 to −1; M = 50, 200, 800, to 1 % of it.",
        kind="identity",
        measurement=f"{_STUDY}:table-error",
        formula=table_error,
        decoy=lambda c: table_error(c, -1 / 12),
        decoy_note="−Δ²/12 for Δ²/6, as by the midpoint rule",
        tolerance=0.01,
        scale=1e-10,
        why="The trapezoid rule is off by Δ²/12 times the difference of l' at the ends.",
        uses=("v3-one-step-exact",),
    ),
    _derived(
        name="v3-rotated",
        statement="Rotated by θ, one step has W2 to the data as with e^L = Π (v_j + σ²)^{−U_ij²/2} "
        "and e^S = |δ| √(Σ_jj + σ²): it is exact no more.",
        assumptions=f"{_PLANE}; θ = 5° … 45°; table of 1000 steps, to 1e-3 of W2.",
        kind="identity",
        measurement=f"{_STUDY}:rotated",
        formula=rotated,
        decoy=lambda c: _rotated(c, 1.0, 0.0),
        decoy_note="e^S = |δ|: the regression without the flow's part",
        tolerance=1e-3,
        why="l, s and b act coordinate by coordinate.",
        uses=("v3-one-step-exact",),
    ),
    _derived(
        name="v3-rotated-plain",
        statement="The same with l alone, s = b = 0.",
        assumptions=f"{_PLANE}; θ = 5° … 45°; table of 1000 steps, to 1e-3 of W2.",
        kind="identity",
        measurement=f"{_STUDY}:rotated-plain",
        formula=rotated_plain,
        decoy=rotated,
        decoy_note="as with s",
        tolerance=1e-3,
        why="S = 0.",
        uses=("v3-one-step-exact",),
    ),
    _derived(
        name="ddim-rotated",
        statement="DDIM, which is DPM-Solver++ of one step, has the same W2 at every angle.",
        assumptions=f"{_PLANE}; θ = 5° … 45°.",
        kind="identity",
        measurement=f"{_STUDY}:rotated-ddim",
        formula=ddim_rotated,
        decoy=_coordinates,
        decoy_note="coordinate by coordinate, Σ taken for its diagonal",
        tolerance=1e-9,
        why="Its coefficients are numbers, so it commutes with rotations.",
    ),
    _derived(
        name="v3-angle-plain",
        statement="With l alone W2 after one step is of order θ.",
        assumptions=f"{_PLANE}; θ = ½°, 1°, 2°, 4°.",
        kind="rate",
        measurement=f"{_STUDY}:angle-plain",
        formula=lambda c: float(c["x"]),
        decoy=lambda c: float(c["x"] ** 2),
        decoy_note="θ²: the solver's best coordinates taken for a smooth optimum",
        tolerance=0.05,
        why="f = −A_12 x_2 is of order θ.",
        uses=("v3-rotated-plain",),
    ),
    _derived(
        name="v3-angle-full",
        statement="In the plane, with s as well, it is of order θ².",
        assumptions=f"{_PLANE}; θ = ½°, 1°, 2°, 4°.",
        kind="rate",
        measurement=f"{_STUDY}:angle-full",
        formula=lambda c: float(c["x"] ** 2),
        decoy=lambda c: float(c["x"]),
        decoy_note="θ",
        tolerance=0.05,
        why="f_1 has one term of order θ, and its rate is s.",
        uses=("v3-rotated",),
    ),
    _derived(
        name="v3-angle-three",
        statement="In three dimensions it is of order θ even with s.",
        assumptions="Eigenvalues 4, 1, ¼, rotated about (1, 1, 1); log σ from 4 to −4, one step; θ "
        "= ½°, 1°, 2°, 4°.",
        kind="rate",
        measurement=f"{_STUDY}:angle-three",
        formula=lambda c: float(c["x"]),
        decoy=lambda c: float(c["x"] ** 2),
        decoy_note="θ², as in the plane",
        tolerance=0.05,
        why="f_1 has two terms of order θ with different rates, and there is one s for both.",
        uses=("v3-angle-full",),
    ),
)
