r"""Han, Razaviyayn and Xu 2024: score estimation as kernel regression on noisy labels.

Their abstract: denoising is regression with noisy labels, networks trained by gradient descent are
followed by kernel regressions, and early stopping gives a rate. What follows from that picture is
exact for Gaussian data, in `bounds.kernel_flow`, and derived here in one setting.

**The setting.** Gaussian data N(0, λ) on the line at one time t. The label of X_t is y = −Z/σ_t²,
and given X_t it has the mean s(X_t) = −X_t/v, v = e^{−2t}λ + σ_t², and the variance

    c = 1/σ_t² − 1/v = e^{−2t} λ/(σ_t² v),

the same at every point: what no training removes. The m points are the normal quantiles √v
Φ^{-1}((i − ½)/m) where they are not drawn, since all is given the points. Kernels: linear, x x';
radial, exp(−(x − x')²/(2 w²)), w = 0.5; and the tangent kernel of a network Σ_j a_j max(0, w_j·z)
on z = (x, 1), both layers trained, weights normal: with the angle φ between z and z',

    K = |z| |z'| (sin φ + (π − φ) cos φ)/(2π) + z·z' (π − φ)/(2π).

**Where stopping pays.** A kernel that can fit any labels ends at the risk c: all of the noise is
learned. On the way its least risk is far lower. The linear kernel has one direction, Λ = |x|²/m,
a = |x|²/(m v²), and ends at c/m. Stopping at the best time takes from that the fraction

    1/(1 + m a/c) ≈ 1/(1 + m (e^{2t} − 1)/λ),

since a ≈ 1/v up to the sampling of |x|²/m, and 1/(v c) = σ_t² e^{2t}/λ = (e^{2t} − 1)/λ. It
matters only where t is below about λ/(2m). So early stopping is a cure for directions in which the
kernel can fit noise, and not for the noise itself.
"""

from functools import cache

import numpy as np
from scipy.special import ndtri

from bounds.check import Array
from bounds.claim import Cell, Claim, Paper
from bounds.kernel_flow import (
    Spectrum,
    best_stop,
    descent_risk,
    limit,
    power_law_constants,
    power_law_stop,
    risk,
    spectrum,
    stopping_times,
)

PAPER = Paper(
    stem="han_2024",
    title="Neural Network-Based Score Estimation in Diffusion Models: Optimization and "
    "Generalization",
    authors=("Han", "Razaviyayn", "Xu"),
    venue="arXiv 2024",
    link="https://arxiv.org/abs/2401.15604",
    have="the abstract; every formula here is derived by us, and their statements are unread",
    unknown=(
        "abstract read; statement unread: how its theorems read and what they assume",
        "the parametric form of the network, its width, and the time variable's part in it",
        "the early-stopping rule, and the rate with its constants",
        "the kernel, and how it decays",
    ),
    about={
        "bias": ("kernel-flow-bias",),
        "variance": ("kernel-flow-noise",),
        "risk": (
            "kernel-descent-*",
            "one-direction-ratio",
            "never-*",
            "*-stop-risk",
            "linear-*",
        ),
        "sample size": (
            "power-law-*",
            "linear-*",
        ),
        "optimisation": ("*",),
        "data and networks": ("network-*",),
    },
)


# --- the setting ----------------------------------------------------------------------------------


def label_noise(cell: Cell) -> float:
    """c = e^{−2t} λ/(σ_t² v), times the cell's own factor on the noise, if it has one."""
    share, noise = np.exp(-2 * cell["t"]), -np.expm1(-2 * cell["t"])
    c = share * cell["value"] / (noise * (share * cell["value"] + noise))
    return float(c * cell.get("factor", 1.0))


def _points(cell: Cell) -> tuple[Array, float]:
    """The points, and v."""
    v = float(np.exp(-2 * cell["t"]) * (cell["value"] - 1) + 1)
    m = cell["m"]
    return np.asarray(np.sqrt(v) * ndtri((np.arange(m) + 0.5) / m)), v


def _kernel(name: str, x: Array) -> Array:
    """K, shape (m, m)."""
    if name == "linear":
        return np.outer(x, x)
    if name == "radial":
        return np.asarray(np.exp(-2 * (x[:, None] - x) ** 2))
    inner, norm = 1 + np.outer(x, x), np.sqrt(1 + x**2)
    sizes = np.outer(norm, norm)
    angle = np.arctan2(np.abs(x[:, None] - x), inner)  # |z × z'| = |x − x'|
    both = sizes * (np.sin(angle) + (np.pi - angle) * np.cos(angle))
    return np.asarray((both + inner * (np.pi - angle)) / (2 * np.pi))


def _spectrum(cell: Cell) -> Spectrum:
    return _of_kernel(cell["kernel"], cell["m"], cell["t"], cell["value"])


@cache  # cells that differ in time share it: 1 s in all, not 6
def _of_kernel(kernel: str, m: int, t: float, value: float) -> Spectrum:
    x, v = _points({"m": m, "t": t, "value": value})
    return spectrum(_kernel(kernel, x), -x / v)


def _bias(cell: Cell, twice: float = 2.0) -> float:
    """Σ e^{−2Λτ} a."""
    return float(risk(*_spectrum(cell), 0.0, cell["m"], twice / 2 * cell["time"]))


def _noise_learned(cell: Cell, twice: float = 1.0) -> float:
    """(c/m) Σ (1 − e^{−Λτ})²."""
    held = _spectrum(cell).eigenvalues
    return float(
        risk(held, np.zeros_like(held), label_noise(cell), cell["m"], twice * cell["time"])
    )


def _descent(cell: Cell) -> float:
    return descent_risk(*_spectrum(cell), label_noise(cell), cell["m"], cell["step"], cell["steps"])


def _as_flow(cell: Cell) -> float:
    """Descent taken for the flow at τ = ηn."""
    time = cell["step"] * cell["steps"]
    return float(risk(*_spectrum(cell), label_noise(cell), cell["m"], time))


def _best(cell: Cell) -> float:
    return best_stop(*_spectrum(cell), label_noise(cell), cell["m"]).risk


def _each_its_own(cell: Cell) -> float:
    """Each direction stopped at its own time: Σ (a c/m)/(a + c/m)."""
    a, each = _spectrum(cell).signal, label_noise(cell) / cell["m"]
    return float(np.sum(a * each / (a + each)))


def _limit(cell: Cell) -> float:
    """R(∞) of the kernel of p bumps."""
    x, v = _points(cell)
    centres = np.sqrt(v) * ndtri((np.arange(cell["features"]) + 0.5) / cell["features"])
    bumps = np.exp(-((x[:, None] - centres) ** 2) / (2 * cell["width"] ** 2))
    return limit(*spectrum(bumps @ bumps.T, -x / v), label_noise(cell), cell["m"])


def _linear_gain(cell: Cell) -> float:
    """1/(1 + m (e^{2t} − 1)/λ)."""
    return float(1 / (1 + cell["m"] * np.expm1(2 * cell["t"]) / cell["value"]))


def _linear_gain_of_label(cell: Cell) -> float:
    """The same with the whole variance of the label, 1/σ_t², for what of it is noise."""
    noise = -np.expm1(-2 * cell["t"])
    return float(1 / (1 + cell["m"] * noise / _points(cell)[1]))


# --- one direction, and power laws ----------------------------------------------------------------


def _one(cell: Cell) -> tuple[list[float], list[float], float, float]:
    """Λ, a, c and m of one direction."""
    return [cell["eigenvalue"]], [cell["signal"]], cell["noise"], cell["m"]


def _ratio(cell: Cell) -> float:
    """m a/c."""
    return float(cell["m"] * cell["signal"] / cell["noise"])


def _of_stop(cell: Cell, field: int) -> float:
    return float(power_law_stop(cell["alpha"], cell["beta"], cell["per_noise"])[field])


def _slower(cell: Cell) -> float:
    """The same constant, falling like n^{−(β−1)/(β+α)}."""
    a, b, n = cell["alpha"], cell["beta"], cell["per_noise"]
    return float(_of_stop(cell, 1) * n ** ((b - 1) / b - (b - 1) / (b + a)))


def _time_of_single_bias(cell: Cell) -> float:
    """The time where the bias decays like e^{−Λτ}: B without its power of 2."""
    a, b = cell["alpha"], cell["beta"]
    bias, variance = power_law_constants(a, b)
    return float(((b - 1) * 2 ** ((b - 1) / a) * bias * cell["per_noise"] / variance) ** (a / b))


_STUDY = "evidence-han"
_SOURCE = "han_2024, abstract, statement unread; bounds/papers/han_2024.py, derived"
_GENERAL = "han_2024, abstract, statement unread; bounds/kernel_flow.py, derived"
_KERNELS = "Gaussian data of variance 1 on the line, t = 0.1, 100 points at the normal quantiles; "

CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="kernel-flow-bias",
        statement="Given the points, the bias of kernel gradient flow at time τ is Σ_k e^{−2Λ_k τ} "
        "a_k.",
        assumptions="Any kernel, start at 0; "
        + _KERNELS
        + "kernels linear, radial and tangent, τ from 0.03 to 4000.",
        source=_GENERAL,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:bias",
        formula=_bias,
        decoy=lambda c: _bias(c, 1.0),
        decoy_note="e^{−Λτ}: the error's decay for its square's",
        tolerance=1e-7,
        scale=1e-6,
        why="f(τ) − s has the mean −e^{−Kτ/m} s, and e^{−Kτ/m} is diagonal in the basis of K.",
    ),
    Claim(
        name="kernel-flow-noise",
        statement="Given the points, kernel gradient flow at time τ has learned (c/m) Σ_k (1 − "
        "e^{−Λ_k τ})² of the labels' noise.",
        assumptions="Labels independent given the points, of one variance c; "
        + _KERNELS
        + "kernels linear, radial and tangent, τ from 0.03 to 4000.",
        source=_GENERAL,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:noise",
        formula=_noise_learned,
        decoy=lambda c: _noise_learned(c, 2.0),
        decoy_note="1 − e^{−2Λτ}, the bias's exponent",
        tolerance=1e-7,
        why="f(τ) = (I − e^{−Kτ/m}) y is linear in y.",
    ),
    Claim(
        name="kernel-descent-risk",
        statement="Gradient descent with step η has the flow's risk with (1 − ηΛ_k)^n in the place "
        "of e^{−Λ_k τ}.",
        assumptions="Denoising labels drawn given 60 points at the normal quantiles, Gaussian data "
        "of variance 1, t = 0.1; n = 1, 2, 5 steps of nearly the largest size.",
        source=_GENERAL,
        origin="derived",
        kind="tight",
        measurement=f"{_STUDY}:descent",
        formula=_descent,
        decoy=_as_flow,
        decoy_note="the flow at τ = ηn",
        why="One step multiplies what is left of the label by I − ηK/m.",
        uses=("kernel-flow-bias", "kernel-flow-noise"),
    ),
    Claim(
        name="one-direction-stop",
        statement="In one direction the risk is least at τ = ln(1 + m a/c)/Λ.",
        assumptions="One direction of the kernel, a and c positive.",
        source=_GENERAL,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:stop-time",
        formula=lambda c: float(stopping_times(*_one(c))[0]),
        decoy=lambda c: float(np.log(_ratio(c)) / c["eigenvalue"]),
        decoy_note="ln(m a/c)/Λ: until the bias is the noise's c/m",
        tolerance=1e-7,
        why="The risk is quadratic in e^{−Λτ}, least at (c/m)/(a + c/m).",
        uses=("kernel-flow-bias", "kernel-flow-noise"),
    ),
    Claim(
        name="one-direction-ratio",
        statement="In one direction the best stop leaves (m a/c)/(1 + m a/c) of the risk of never "
        "stopping.",
        assumptions="One direction of the kernel, a and c positive.",
        source=_GENERAL,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:stop-ratio",
        formula=lambda c: best_stop(*_one(c)).risk / limit(*_one(c)),
        decoy=lambda c: 1 - np.exp(-_ratio(c)),
        decoy_note="1 − e^{−m a/c}, a saturation of another shape",
        tolerance=1e-7,
        why="(a c/m)/(a + c/m) over c/m.",
        uses=("one-direction-stop",),
    ),
    Claim(
        name="never-stopping",
        statement="Without stopping the risk is c · rank(K)/m, and the signal that the kernel does "
        "not see: c where it can fit any labels.",
        assumptions="Given the points, 24 normal quantiles; kernels of 1, 4, 12 and 24 bumps.",
        source=_GENERAL,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:limit",
        formula=_limit,
        decoy=label_noise,
        decoy_note="c, as if every kernel memorised",
        tolerance=1e-7,
        why="Each direction with Λ > 0 ends at its label.",
        uses=("kernel-flow-bias", "kernel-flow-noise"),
    ),
    Claim(
        name="best-stop-risk",
        statement="The least risk along the flow is that of one time for all directions, the "
        "minimum of Σ_k e^{−2Λ_k τ} a_k + (c/m) Σ_k (1 − e^{−Λ_k τ})².",
        assumptions="40 points at the normal quantiles, Gaussian data of variance 1, t = 0.1; "
        "kernels radial and tangent, noise c times 1, 0.1 and 0.01.",
        source=_GENERAL,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:best",
        formula=_best,
        decoy=_each_its_own,
        decoy_note="each direction stopped at its own time",
        tolerance=1e-7,
        why="There is one clock; eigenvalues that differ make it late for some and early for "
        "others.",
        uses=("kernel-flow-bias", "kernel-flow-noise", "one-direction-stop"),
    ),
    Claim(
        name="power-law-stop-risk",
        statement="For a_k = k^{−β}, Λ_k = k^{−α} the best stop's risk is a constant times "
        "(c/m)^{(β−1)/β} as m/c → ∞, an exponent free of α.",
        assumptions="(α, β) = (2, 2), (1.5, 3), (4, 3), m/c = 10⁶, 10⁷, 10⁸; the next order is "
        "below 1 % there.",
        source=_GENERAL,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:power-risk",
        formula=lambda c: _of_stop(c, 1),
        decoy=_slower,
        decoy_note="the same constant with (β − 1)/(β + α)",
        tolerance=0.01,
        why="B τ^{−(β−1)/α} + (V c/m) τ^{1/α}, with B and V as Γ functions, at its minimum.",
        uses=("best-stop-risk",),
    ),
    Claim(
        name="power-law-stop-time",
        statement="There the best time is ((β − 1) B m/(V c))^{α/β}: it grows without bound as the "
        "noise falls.",
        assumptions="(α, β) = (2, 2), (1.5, 3), (4, 3), m/c = 10⁶, 10⁷, 10⁸; the next order is "
        "below 1 % there.",
        source=_GENERAL,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:power-time",
        formula=lambda c: _of_stop(c, 0),
        decoy=_time_of_single_bias,
        decoy_note="with the bias Σ e^{−Λτ} a",
        tolerance=0.01,
        why="Where the derivative of B τ^{−(β−1)/α} + (V c/m) τ^{1/α} vanishes.",
        uses=("power-law-stop-risk",),
    ),
    Claim(
        name="linear-score-stop",
        statement="For the linear score of Gaussian data the best stop takes 1/(1 + m (e^{2t} − "
        "1)/λ) off the risk of never stopping: nothing to speak of unless t is below about λ/(2m).",
        assumptions="Gaussian data of variance 1 on the line, m = 1000 drawn points, t = 0.001 to "
        "1; the mean over the points, to leading order in 1/m: 0.5 % of slack.",
        source=_SOURCE,
        origin="derived",
        kind="tight",
        measurement=f"{_STUDY}:linear-gain",
        formula=_linear_gain,
        decoy=_linear_gain_of_label,
        decoy_note="with the label's whole variance 1/σ_t² for c",
        tolerance=0.005,
        why="m a/c = m (e^{2t} − 1)/λ · |x|²/(m v): the one direction of a linear kernel has "
        "nearly no noise to lose.",
        uses=("one-direction-ratio",),
    ),
    Claim(
        name="network-follows-kernel",
        statement="The outputs of a trained two-layer network differ from those of its tangent "
        "kernel, on the same noisy labels, by about 1/√width.",
        assumptions="20 points at the normal quantiles, Gaussian data of variance 1, t = 1; "
        "weights normal, outputs 0 at the start, 10 steps of gradient descent; widths 128 to 8192. "
        "The network is ours. Where labels are noisier or training longer, the law needs more "
        "width.",
        source=_SOURCE,
        origin="derived",
        kind="rate",
        measurement=f"{_STUDY}:network",
        formula=lambda c: float(c["x"] ** -0.5),
        decoy=lambda c: 1 / float(c["x"]),
        decoy_note="1/width",
        tolerance=0.2,
        why="The tangent kernel of finitely many drawn units is a mean over them, off by 1/√width "
        "from its limit; on the way it moves by as much.",
    ),
)
