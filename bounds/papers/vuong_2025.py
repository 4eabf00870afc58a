r"""Vuong and others 2025: errors that are no gradient, and who sees them. What the abstract says,
derived here for score matching's own noise.

An estimated linear score of Gaussian data, Â = −V^{-1} + δ; in the eigenbasis R_ij = v_i (δ_ij −
δ_ji)/(v_i + v_j) is the part of the error that moves no mass (horvat_2024; bounds/fields.py):

    ‖R‖² = Σ_{i<j} v_i v_j (δ_ij − δ_ji)²/(v_i + v_j),   ‖S‖² = Σ_ij v_j δ_ij² − ‖R‖².

**How much of it there is.** Least squares of −Z_t/σ_t² on X_t: given X_t the residuals have
covariance C_t and are independent of the data, so E δ_ij δ_kl = 0 but for (i, j) = (k, l), and E
δ_ij² = c_i/(v_j (m − d − 1)), exactly for every m > d + 1. So

    E‖R‖² = ½ Σ_{i≠j} (c_i v_i + c_j v_j)/(v_i + v_j) / (m − d − 1)   of   d Σ c_i/(m − d − 1).

Equal eigenvalues: the share is (1 − 1/d)/2. **Half of the error of denoising score matching never
reaches the samples**, to first order. Of the bootstrap it is the same with r_ij = m v_j E δ_ij² in
leading order, as E δ_ij δ_ji = 0 there too (η_i x_j and η_j x_i of one path are uncorrelated):

    m E‖R‖² = Σ_{i<j} (v_i r_ij + v_j r_ji)/(v_i + v_j).

The path fit, and every estimate that is symmetric, has none: δ_ij = δ_ji, so R = 0. Of its gain
over the bootstrap, the part that halves by pooling (i, j) with (j, i) was never to be seen.

**Their two tests.** The integral of the field around a circle of radius ρ in the plane (i, j) is π
ρ² (Â_ji − Â_ij); the same difference is the asymmetry of the Jacobian. For denoising score matching

    E (loop)² = π² ρ⁴ (c_i/v_j + c_j/v_i)/(m − d − 1):

a score model that fails both may have nothing wrong but few data.

**To first order only.** With E = a (S + R) the samples move by a times what S does, and by a² from
the two together: W2 between the samples of a (S + R) and of a S is of order a².
"""

from itertools import combinations

import numpy as np

from bounds.check import Array
from bounds.claim import Cell, Claim, Paper

PAPER = Paper(
    stem="vuong_2025",
    title="Are We Really Learning the Score Function? Reinterpreting Diffusion Models Through "
    "Wasserstein Gradient Flow Matching",
    authors=("Vuong", "McCann", "Santos", "Lin"),
    venue="arXiv 2025",
    link="https://arxiv.org/abs/2509.00336",
    have="the abstract; every formula here is derived by us, and their statements are unread",
    unknown=(
        "abstract read; statements unread: which integral and differential constraints are tested, "
        "on which networks, and by how much they fail",
        "what is proven about errors that are no gradient",
    ),
    about={
        "variance": ("loop-dsm",),
        "risk": (
            "invisible-*",
            "visible-*",
        ),
        "sample size": (
            "invisible-dsm",
            "loop-dsm",
        ),
        "sampled law": (
            "*visible-*",
            "gauge-*",
        ),
    },
)


def _values(cell: Cell) -> tuple[Array, Array]:
    """v_i and c_i at the cell's time."""
    lam, x = np.array(cell["eigenvalues"]), np.expm1(2 * cell["t"])
    return (lam + x) / (1 + x), (1 + x) * lam / (x * (lam + x))


def _invisible(v: Array, r: Array) -> float:
    """Σ_{i<j} (v_i r_ij + v_j r_ji)/(v_i + v_j)."""
    pairs = combinations(range(v.size), 2)
    return float(sum((v[i] * r[i, j] + v[j] * r[j, i]) / (v[i] + v[j]) for i, j in pairs))


def _dsm(cell: Cell) -> Array:
    """r_ij = c_i."""
    v, c = _values(cell)
    return np.repeat(c[:, None], v.size, axis=1)


def _bsm(cell: Cell) -> Array:
    """r_ij of the bootstrap, in closed form in the clock (theory.md, Closed form in the clock)."""
    lam, times = np.array(cell["eigenvalues"]), np.array(cell["times"])
    x = np.expm1(2 * np.concatenate([[0.0], times[times <= cell["t"] * (1 + 1e-9)]]))
    beta = lam * x[:, None] / (lam + x[:, None])
    gathered = np.einsum("ki,kj->ij", np.diff(beta, axis=0), lam + x[1:, None])
    return np.asarray((1 + x[-1]) * gathered / (x[-1] ** 2 * (lam + x[-1])))


def _path(cell: Cell) -> Array:
    """r_ij of the path fit (theory.md, Path fit)."""
    lam, x = np.array(cell["eigenvalues"]), float(np.expm1(2 * cell["t"]))
    a = 1 / (lam + np.expm1(2 * np.concatenate([[0.0], cell["times"]]))[:, None])
    held = np.einsum("ki,kj->ij", -np.diff(a, axis=0), a[1:])
    p = lam + x
    return np.asarray((1 + x) * (1 + np.eye(lam.size)) / (np.outer(p**2, p) * (held + held.T)))


def dsm_invisible(cell: Cell) -> float:
    """E‖R‖² of denoising score matching, for every m."""
    v, _ = _values(cell)
    return float(_invisible(v, _dsm(cell)) / (cell["m"] - v.size - 1))


def _dsm_other(cell: Cell) -> float:
    """The decoy: the gradient's share of the same entries."""
    v, _ = _values(cell)
    return float(_invisible(v, _dsm(cell).T) / (cell["m"] - v.size - 1))


_ENTRIES = {"dsm": _dsm, "bsm": _bsm, "path": _path}


def invisible(cell: Cell) -> float:
    """m E‖R‖² to leading order, by estimator."""
    if cell["estimator"] == "path":
        return 0.0
    return _invisible(_values(cell)[0], _ENTRIES[cell["estimator"]](cell))


def visible(cell: Cell) -> float:
    """m E‖S‖² to leading order, by estimator."""
    return float(_ENTRIES[cell["estimator"]](cell).sum()) - invisible(cell)


def _invisible_other(cell: Cell) -> float:
    """The decoy: i and j exchanged, for every estimator."""
    return _invisible(_values(cell)[0], _ENTRIES[cell["estimator"]](cell).T)


def _visible_other(cell: Cell) -> float:
    return float(_ENTRIES[cell["estimator"]](cell).sum()) - _invisible_other(cell)


def loop(cell: Cell, *, own: bool = False) -> float:
    """E (loop)² = π² ρ⁴ (c_i/v_j + c_j/v_i)/(m − d − 1); `own`: each over its own variance."""
    v, c = _values(cell)
    i, j = cell["plane"]
    each = c[i] / v[i] + c[j] / v[j] if own else c[i] / v[j] + c[j] / v[i]
    return float(np.pi**2 * cell["radius"] ** 4 * each / (cell["m"] - v.size - 1))


_STUDY = "evidence-visible"
_SOURCE = "vuong_2025, abstract, statement unread; bounds/papers/vuong_2025.py, derived"
_FIGURE = (
    "Gaussian data of mean 0, λ = linspace(0.3, 3, 8), Δ = 0.1 up to 2, m = 100000, at six times; "
    "linear scores; leading order in 1/m, 0.5 % of slack"
)
CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="invisible-dsm",
        statement="Of denoising score matching's error the part that moves no mass has E‖R‖² = ½ "
        "Σ_{i≠j} (c_i v_i + c_j v_j)/(v_i + v_j)/(m − d − 1): (1 − 1/d)/2 of the risk for equal "
        "eigenvalues.",
        assumptions="Gaussian data of mean 0, linear scores, every m > d + 1; measured at four "
        "spectra with m = 12 and 20.",
        source=_SOURCE,
        origin="derived",
        kind="tight",
        measurement=f"{_STUDY}:invisible-dsm",
        formula=dsm_invisible,
        decoy=_dsm_other,
        decoy_note="(c_i v_j + c_j v_i): the gradient's part of the entries beside the diagonal",
        why="E δ_ij² = c_i/(v_j (m − d − 1)), other products have mean 0; R_ij = v_i (δ_ij − "
        "δ_ji)/(v_i + v_j).",
        uses=("gauge-split",),
    ),
    Claim(
        name="invisible-leading",
        statement="To leading order m E‖R‖² is Σ_{i<j} (v_i r_ij + v_j r_ji)/(v_i + v_j) for "
        "denoising score matching and its bootstrap, and 0 for the path fit.",
        assumptions=_FIGURE,
        source=_SOURCE + "; theory.md, Bootstrap recursion",
        origin="derived",
        kind="tight",
        measurement=f"{_STUDY}:invisible",
        formula=invisible,
        decoy=_invisible_other,
        decoy_note="(v_j r_ij + v_i r_ji), for every estimator: the gradient's part of the entries "
        "beside the diagonal",
        tolerance=0.005,
        scale=0.01,
        why="As for one time, with r_ij for c_i; a symmetric estimate of a symmetric matrix errs "
        "by a gradient.",
        uses=("invisible-dsm", "dsm-risk", "path-risk"),
    ),
    Claim(
        name="visible-leading",
        statement="To leading order the part of the risk that samples feel, m E‖S‖², is Σ r_ij − "
        "Σ_{i<j} (v_i r_ij + v_j r_ji)/(v_i + v_j) for denoising score matching and its bootstrap, "
        "and all of it for the path fit.",
        assumptions=_FIGURE,
        source=_SOURCE + "; theory.md, Bootstrap recursion; theory.md, Path fit",
        origin="derived",
        kind="tight",
        measurement=f"{_STUDY}:visible",
        formula=visible,
        decoy=_visible_other,
        decoy_note="(v_j r_ij + v_i r_ji), for every estimator",
        tolerance=0.005,
        why="The energies of S and R add up to the risk.",
        uses=("invisible-leading",),
    ),
    Claim(
        name="loop-dsm",
        statement="The estimate's integral around a circle of radius ρ in the plane (i, j) has the "
        "mean square π² ρ⁴ (c_i/v_j + c_j/v_i)/(m − d − 1): noise of order 1/m, with a model that "
        "has no defect.",
        assumptions="Gaussian data of mean 0, linear scores, every m > d + 1; measured at two "
        "spectra with m = 12 and 20.",
        source=_SOURCE,
        origin="derived",
        kind="tight",
        measurement=f"{_STUDY}:loop",
        formula=loop,
        decoy=lambda c: loop(c, own=True),
        decoy_note="c_i/v_i + c_j/v_j",
        why="It is π ρ² (Â_ji − Â_ij), by Green's theorem.",
        uses=("invisible-dsm",),
    ),
    Claim(
        name="gauge-second-order",
        statement="With the error a (S + R) of the score, R of the gauge, the flow's samples "
        "differ from those of a S by W2 of order a².",
        assumptions="Gaussian data, d = 2, λ = 1.5, 0.3, S = ((1, 0.3), (0.3, −0.5)), R = V_t J, "
        "T = 4, a = 0.002 … 0.016.",
        source=_SOURCE,
        origin="derived",
        kind="rate",
        measurement=f"{_STUDY}:second-order",
        formula=lambda c: c["x"] ** 2,
        decoy=lambda c: c["x"],
        decoy_note="order a: that R moves the samples as S does",
        tolerance=0.05,
        why="R V + V Rᵀ = 0 on p_t; on what S has moved away from p_t, R acts as any field.",
        uses=("gauge-keeps-law",),
    ),
)
