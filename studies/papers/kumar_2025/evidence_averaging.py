r"""Evidence on averages of candidates against picks, in units of κ/m.

Of Gaussian noise with variance κ given X only the differences of losses matter, which are jointly
normal: with orthonormal directions v_h, y_h = g_h + (truth − s)_h in units of √(κ/m) is all that is
drawn. "joint" takes sums over simulated paths. Q-aggregation is the library's, but over s and many
orthonormal directions: there θ_h + (4/ε²) log θ_h is linear in y_h, up to one number for all.
"""

import numpy as np
from scipy.special import logsumexp, wrightomega

from bounds.averaging import exponential_weights, q_aggregation
from bounds.check import Array
from bounds.lbfgs import Some
from studies.evidence import (
    Parts,
    Rng,
    Seeds,
    computed,
    evidence,
    measured,
    one_by_one,
    row,
    together,
)
from studies.papers.kumar_2025.evidence_concentration import path_sums
from studies.papers.kumar_2025.supermartingale import worst_constants
from studies.study import Cell, Row

# --- s and orthonormal directions -----------------------------------------------------------------


def _observed(size: int, epsilon: float, truth: bool, rng: Rng, draws: int) -> Array:
    """y of each draw, shape (draws, size); the first direction is the truth, or none is."""
    y = rng.standard_normal((draws, size))
    if truth:
        y[:, 0] += epsilon
    return y


def separable(y: Array, epsilon: float) -> Array:
    """Q-aggregation with κ = m = 1 and a uniform prior over 0 and ε v_h: weights of the directions.

    log θ_h + (ε²/4) θ_h = log π + ν + (2εy_h − ε²/2)/4 and log θ_0 = log π + ν; Newton's method for
    the logarithm of Σ θ, a concave function of ν, from the left of its root.
    """
    bend = epsilon**2 / 4
    log_prior = -np.log(y.shape[1] + 1)
    level = log_prior + epsilon * y / 2 - bend / 2
    everything = np.concatenate([np.full((len(y), 1), log_prior), level], axis=1)
    nu = -logsumexp(everything, axis=1, keepdims=True)
    for _ in range(50):
        first = np.exp(log_prior + nu)
        theta = wrightomega(level + nu + np.log(bend)) / bend
        total = first + theta.sum(axis=1, keepdims=True)
        if np.abs(total - 1).max() < 1e-12:
            return np.asarray(theta)
        grows = first + (theta / (1 + bend * theta)).sum(axis=1, keepdims=True)
        nu = nu - np.log(total) * total / grows
    raise ArithmeticError("the weights of Q-aggregation do not add up to 1")


def _averaged(cell: Cell, y: Array, epsilon: float) -> Array:
    """The weights of the directions, shape (draws, n)."""
    if cell["rule"] == "q-aggregation":
        return separable(y, epsilon)
    losses = np.concatenate([np.zeros((len(y), 1)), epsilon**2 - 2 * epsilon * y], axis=1)
    size = losses.shape[1]
    if cell["rule"] == "exponential weights":
        return exponential_weights(losses, 4.0)[:, 1:]
    prior = np.full(size, 0.5 / (size - 1))
    prior[0] = 0.5
    return exponential_weights(losses, 2.0, prior)[:, 1:]


def _finite(cell: Cell, rng: Rng) -> list[Row]:
    """Mean risk over κ log|H|/m, with s in H: the truth is s for least loss, else a direction."""
    size, draws = cell["hypotheses"], cell["draws"]
    unit = np.log(size)
    epsilon = float(np.sqrt(cell["ratio"] * unit))
    picks = cell["rule"] == "least loss"
    y = _observed(size - 1, epsilon, not picks, rng, draws)
    if picks:
        risks = epsilon**2 * (y.max(axis=1) > epsilon / 2)
    else:
        theta = _averaged(cell, y, epsilon)
        theta[:, 0] -= 1
        risks = epsilon**2 * (theta * theta).sum(axis=1)
    name = "finite-aggregation" if cell["rule"] == "q-aggregation" else "finite-risk"
    of = {key: cell[key] for key in ("rule", "hypotheses", "ratio")}
    return [row(name, of, risks.mean() / unit)]


def _drawn(losses: Array, temperature: float, rng: Rng) -> Some:
    """One candidate of each set of losses, drawn with exponential weights (Gumbel's trick)."""
    return np.asarray((rng.gumbel(size=losses.shape) - losses / temperature).argmax(axis=1))


PICKERS = ("least loss", "posterior draw", "draw at 4κ")


def _picked(name: str, losses: Array, rng: Rng) -> Some:
    """Which candidate a picker takes, for each set of losses."""
    if name == "least loss":
        return np.asarray(losses.argmin(axis=1))
    if name == "coin":
        return np.asarray(rng.integers(losses.shape[1], size=len(losses)))
    return _drawn(losses, 2.0 if name == "posterior draw" else 4.0, rng)


def _pick(cell: Cell, rng: Rng) -> list[Row]:
    """Risk of each picker over κ log|H|/m; the truth is one of |H| directions."""
    size = cell["hypotheses"]
    unit = np.log(size)
    epsilon = float(np.sqrt(cell["ratio"] * unit))
    losses = -2 * epsilon * _observed(size, epsilon, True, rng, cell["draws"])
    rows = []
    for name in PICKERS:
        risk = 2 * cell["ratio"] * float((_picked(name, losses, rng) != 0).mean())
        of = {"hypotheses": size, "ratio": cell["ratio"]}
        rows.append(row("pick-risk", {**of, "rule": name}, risk))
        if name == "posterior draw":
            rows.append(row("draw-risk", of, risk))
    return rows


# --- s outside, and priors ------------------------------------------------------------------------


def _outside(cell: Cell, rng: Rng) -> list[Row]:
    """Excess of each picker over the better of ± A; s = ± η in turn."""
    apart, shift = cell["apart"], cell["shift"]
    truth = np.where(np.arange(cell["draws"]) % 2, shift, -shift)
    y = truth + rng.standard_normal(truth.size)
    losses = np.stack([(y - apart) ** 2, (y + apart) ** 2], axis=1)
    better = (truth < 0).astype(int)
    of = {"apart": apart, "shift": shift}
    rows = []
    for name in (*PICKERS, "coin"):
        wrong = float((_picked(name, losses, rng) != better).mean())
        rows.append(row("pick-regret", {**of, "rule": name}, 4 * apart * shift * wrong))
        if name == "least loss":
            rows.append(row("least-loss-regret", of, 4 * apart * shift * wrong))
    return rows


def _excess(cell: Cell, noise: Array, kappa: float) -> Array:
    """m · (risk of Q-aggregation − risk of f*), the noise of each data set, shape (sets, p), with
    variance κ."""
    candidates, truth = np.array(cell["candidates"]), np.array(cell["truth"])
    y = truth + noise
    losses = ((candidates - y[:, None, :]) ** 2).sum(axis=2)
    apart = ((candidates[:, None, :] - candidates) ** 2).sum(axis=2)
    theta = q_aggregation(losses, apart, kappa, cell["prior"]).weights
    risks = ((theta @ candidates - truth) ** 2).sum(axis=1)
    return np.asarray(risks - ((candidates[cell["star"]] - truth) ** 2).sum())


def _aggregate(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """The (1 − δ)-quantile of that excess; where no δ is named its mean."""
    shape = (cell["sets"], len(cell["truth"]))
    noise = [np.random.default_rng(seed).standard_normal(shape) for seed in seeds]
    each = _excess(cell, np.concatenate(noise), 1.0).reshape(len(seeds), -1)
    of = {key: cell[key] for key in ("candidates", "truth", "prior", "star")}
    if "delta" not in cell:
        return [[row("aggregate-mean", of, excess.mean())] for excess in each]
    values = np.quantile(each, 1 - cell["delta"], axis=1, method="higher")
    return [[row("aggregate-quantile", {**of, "delta": cell["delta"]}, value)] for value in values]


def _joint(cell: Cell, rng: Rng) -> list[Row]:
    """The same for simulated paths at joint times: candidates s + c w_j v/√m, with the worst w."""
    times, value, m = np.array(cell["times"]), cell["eigenvalue"], cell["m"]
    kappa, w = worst_constants(times, value)
    x0 = rng.standard_normal((cell["sets"] * m, len(cell["truth"]))) * np.sqrt(value)
    sums = path_sums(x0, np.full(x0.shape[1], value), times, w, rng)
    noise = -sums.reshape(cell["sets"], m, -1).sum(axis=1) / np.sqrt(m)
    excess = _excess(cell, noise, kappa)
    kept = ("candidates", "truth", "prior", "star", "delta", "times", "eigenvalue", "m")
    quantile = float(np.quantile(excess, 1 - cell["delta"], method="higher"))
    return [row("aggregate-quantile", {key: cell[key] for key in kept}, quantile)]


# --- the mmse by quadrature -----------------------------------------------------------------------


def mmse(size: float, square: float) -> float:
    """E(1 − w_1) of the uniform posterior over directions at ε² m/κ: the mmse over ε².

    w_1 = a/(a + Σ a_h), a = e^{ε(g + ε)}, a_h = e^{ε g_h}: given log a it is E ∫ a e^{−λ(a + Σ)}
    dλ.
    """
    epsilon = np.sqrt(square)
    g, step = np.linspace(-10, 10, 1 + 20 * max(8, int(2 * epsilon)), retstep=True)
    mass = np.exp(-g * g / 2) / np.sqrt(2 * np.pi) * step
    low, high = -10 * epsilon - square - np.log(size) - 30, 10 * epsilon + 5
    log_lambda, width = np.linspace(low, high, int(3 * (high - low)), retstep=True)
    z = np.exp(np.minimum(log_lambda[:, None] + epsilon * g, 300))
    # 1 − φ(λ), without the loss of digits at small λ that (1 − x)^{10^12} would see.
    below = -np.expm1(-z) @ mass
    others = np.exp((size - 1) * np.log1p(-np.minimum(below, 1 - 1e-16)))
    own = np.exp(np.minimum(log_lambda[:, None] + epsilon * (g + epsilon), 300))
    return float(1 - ((own * np.exp(-own)) @ mass * others).sum() * width)


def _information(cell: Cell) -> list[Row]:
    """½ ∫ mmse over all ε², by Gauss and Legendre in ε."""
    nodes, masses = np.polynomial.legendre.leggauss(40)
    size = cell["hypotheses"]
    # The mmse is below |H| e^{−ε²/4}: nothing is left at the end.
    end = np.sqrt(4 * np.log(size) + 72)
    epsilons = end / 2 * (1 + nodes)
    total = end * masses @ [epsilon * mmse(size, epsilon**2) for epsilon in epsilons]
    return [row("information", {"hypotheses": size}, total / 2)]


def _bayes(cell: Cell) -> list[Row]:
    """Bayes risk over κ log|H|/m at ε² = ratio · κ log|H|/m."""
    size, ratio = cell["hypotheses"], cell["ratio"]
    value = ratio * mmse(size, ratio * np.log(size))
    return [row("bayes-risk", {"hypotheses": size, "ratio": ratio}, value)]


PARTS: Parts = {
    "finite": one_by_one(_finite, "finite-risk", "finite-aggregation"),
    "pick": one_by_one(_pick, "pick-risk", "draw-risk"),
    "outside": one_by_one(_outside, "pick-regret", "least-loss-regret"),
    "aggregate": together(_aggregate, "aggregate-mean", "aggregate-quantile"),
    "joint": one_by_one(_joint, "aggregate-quantile"),
    "information": computed(_information, "information"),
    "bayes": computed(_bayes, "bayes-risk"),
}


def measure(cell: Cell, seeds: Seeds) -> list[list[Row]]:
    """The rows of one part."""
    return measured(PARTS, cell, seeds)


# --- cells ----------------------------------------------------------------------------------------

SIZES = (10, 30, 100, 300, 1000, 10_000)
RATIOS = {
    "least loss": (3.67, 3.60, 3.89, 4.23, 4.58, 5.12),
    "exponential weights": (2.30, 1.97, 1.84, 1.80, 1.80, 1.82),
    "Bayes": (2.41, 1.96, 1.75, 1.64, 1.58, 1.52),
    "q-aggregation": (3.1, 2.6, 2.5, 2.35, 2.3),
}
"""ε² over κ log|H|/m at each |H|: the worst for each rule, computed beforehand."""


def _draws(rule: str, size: int) -> int:
    """Data sets of a replicate; Q-aggregation costs ten times as much as the others."""
    many = 8_000 if rule == "q-aggregation" else 40_000
    return max(8, min(many // 100, many // size))


def _rare(
    prior: float, ratio: float, truth: list[float], others: int = 1, kappa: float = 1.0
) -> Cell:
    """f* = 0, improbable, and others, probable, at ε² = ratio · κ log(1/π(f*)) in different
    directions.
    """
    epsilon = float(np.sqrt(-ratio * np.log(prior) * kappa))
    return {
        "candidates": [[0.0] * others, *(epsilon * np.eye(others)).tolist()],
        "truth": truth,
        "prior": [prior, *[(1 - prior) / others] * others],
        "star": 0,
    }


_JOINT = {"part": "joint", "times": [0.1, 0.3, 0.7], "m": 5, "sets": 60, "delta": 0.05}
CELLS: tuple[Cell, ...] = (
    *(
        {
            "part": "finite",
            "rule": rule,
            "hypotheses": size,
            "ratio": ratio,
            "draws": _draws(rule, size),
        }
        for rule, ratios in RATIOS.items()
        for size, ratio in zip(SIZES, ratios, strict=False)
    ),
    *(
        {"part": "pick", "hypotheses": size, "ratio": ratio, "draws": max(50, 4000 // size)}
        for size, ratio in ((10, 1.84), (100, 1.44), (1000, 1.35))
    ),
    *(
        {"part": "outside", "apart": apart, "shift": 0.75, "draws": 400}
        for apart in (30.0, 100.0, 300.0)
    ),
    *(
        {"part": "aggregate", "sets": 60, "delta": 0.05, **_rare(*one)}
        for one in (
            (1e-4, 3.6, [0.0]),
            (1e-8, 3.2, [0.0]),
            (1e-16, 3.0, [0.0]),
            (1e-8, 3.0, [-0.3]),
            (1e-8, 3.0, [-0.3, -0.3], 2),
        )
    ),
    *(
        {"part": "aggregate", "sets": 60, **_rare(*one)}
        for one in (
            (1e-16, 2.4, [0.0]),
            (1e-16, 2.4, [-0.3]),
            (1e-30, 2.4, [0.0]),
            (1e-30, 2.4, [-0.3]),
        )
    ),
    *(
        {
            "part": "aggregate",
            "sets": 60,
            "candidates": [[apart], [-apart]],
            "truth": [0.75],
            "prior": [0.5, 0.5],
            "star": 0,
        }
        for apart in (3.0, 30.0)
    ),
    *(
        {
            **_JOINT,
            "eigenvalue": value,
            **_rare(1e-8, 3.2, truth, 1, worst_constants(np.array(_JOINT["times"]), value)[0]),
        }
        for value, truth in ((1.0, [0.0]), (3.0, [-0.3]))
    ),
    *({"part": "information", "hypotheses": size} for size in (10, 100, 10_000)),
    *(
        {"part": "bayes", "hypotheses": size, "ratio": ratio}
        for size in (10, 1000, 10**4, 10**6, 10**9, 10**12)
        for ratio in (1.2, 1.45, 1.7, 2.0)
    ),
)
STUDY = evidence(
    "evidence-averaging",
    "Averages of candidates against picks: Q-aggregation, exponential weights, Bayes, least loss.",
    CELLS,
    measure,
    PARTS,
    seed=83,
    replicates=100,
    quick=40,
    deep=1600,
    batch=50,
)
