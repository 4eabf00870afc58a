r"""Kim and Ye 2022, Denoising MCMC: a chain over data and noise, then a flow. Derived here.

The derivations stand in theory.md, "A chain over data and noise". The state is (x, σ), x of the law
p_0 * N(0, σ²I) given σ, and σ on a grid of levels, each as likely as the next. Data N(0, λI), so
v = λ + σ² is the variance of a coordinate, and the flow to σ = 0 makes z = x √(λ/v).

**The smallest σ of a window.** Given σ, r = |x|² is v χ²_d, and the next level has the chances

    p(σ' | r) ∝ v'^{−d/2} e^{−r/(2v')}.

Let K(σ, σ') = E p(σ'|r) and G(σ, σ') = E z'² p(σ'|r). A is the chance, and B the mean of z², with
the level now at i and the smallest so far at j. Where the new level is not below j, K moves both.
Where it is, they start anew at (i, i), by K and G.
"""

import numpy as np
from scipy.special import gammaln, polygamma

from bounds.check import Array
from bounds.claim import Cell, Claim, Paper

PAPER = Paper(
    stem="kim_2022_denoising_mcmc",
    title="Denoising MCMC for Accelerating Diffusion-Based Generative Models",
    authors=("Kim", "Ye"),
    venue="arXiv 2022",
    link="https://arxiv.org/abs/2209.14593",
    have="the abstract; every formula here is derived by us, and their statements are unread",
    unknown=(
        "abstract read; statements unread: the law over the noise levels, and what is proven of "
        "the chain",
        "the settings of Denoising Langevin Gibbs behind the reported scores",
    ),
    about={
        "sampled law": ("dmcmc-*",),
        "variance": ("dmcmc-chain", "dmcmc-ula"),
        "bias": ("dmcmc-smallest",),
        "discretisation": ("dmcmc-ula",),
        "dimension": ("dmcmc-gibbs",),
    },
)


def levels(cell: Cell) -> Array:
    """σ on the grid, evenly spread in log σ."""
    return np.asarray(np.geomspace(cell["sigma_low"], cell["sigma_high"], cell["levels"]))


def _chances(r: Array, v: Array, d: int) -> Array:
    """p(σ | r), the last axis over σ."""
    log = -d / 2 * np.log(v) - r[..., None] / (2 * v)
    share = np.exp(log - log.max(-1, keepdims=True))
    return np.asarray(share / share.sum(-1, keepdims=True))


def smallest(cell: Cell) -> float:
    """E z²/λ of the state with the least σ among a start and `window` steps."""
    d, lam = cell["d"], cell["lambda"]
    v = lam + levels(cell) ** 2
    # E over χ²_d by trapezia in its logarithm, down to where its chance is 1e-9.
    logs = np.arange(-42 / d - 2, 5.2 + np.log(d), 0.1)
    mass = np.exp(d / 2 * logs - np.exp(logs) / 2 - gammaln(d / 2) - d / 2 * np.log(2)) * 0.1
    count = v.size
    K, G = np.empty((count, count)), np.empty((count, count))
    for i, one in enumerate(v):
        r = np.exp(logs) * one
        chances = _chances(r, v, d)
        K[i], G[i] = mass @ chances, (mass * r) @ chances * lam / v / d
    A = np.eye(count) / count
    B = lam * A
    stays = np.tri(count, dtype=bool)  # a new level i that is not below the least one j
    for _ in range(cell["window"]):
        moved, carried, fresh = K.T @ A, K.T @ B, G.T @ A
        A = np.where(stays, moved, 0) + np.diag(np.where(stays, 0, moved).sum(1))
        B = np.where(stays, carried, 0) + np.diag(np.where(stays, 0, fresh).sum(1))
    return float(B.sum() / lam)


def one_jump(cell: Cell) -> float:
    """E of a power of E[x_0 | x], in place of the flow's end, over x and the levels."""
    weights, means = np.array(cell["weights"]), np.array(cell["means"])
    variances = np.array(cell["variances"])
    nodes, chances = np.polynomial.hermite_e.hermegauss(60)
    total = 0.0
    for sigma in levels(cell):
        v = variances + sigma**2
        x = means[:, None] + np.sqrt(v)[:, None] * nodes
        off = x[..., None] - means
        log = np.log(weights) - off**2 / (2 * v) - np.log(v) / 2
        share = np.exp(log - log.max(-1, keepdims=True))
        share /= share.sum(-1, keepdims=True)
        jumped = (share * (means + variances / v * off)).sum(-1)
        total += float(weights @ (jumped ** cell["power"] @ chances) / chances.sum())
    return float(total / cell["levels"])


def data_moment(cell: Cell) -> float:
    """E x_0² or E x_0⁴."""
    total = 0.0
    for w, m, v in zip(cell["weights"], cell["means"], cell["variances"], strict=True):
        second = m**2 + v
        total += w * (second if cell["power"] == 2 else m**4 + 6 * m**2 * v + 3 * v**2)
    return float(total)


def langevin(cell: Cell) -> float:
    """v/(1 − η/(4v))."""
    v, eta = cell["v"], cell["eta"]
    return float(v / (1 - eta / (4 * v)))


def chain(cell: Cell) -> float:
    """E z²/λ in the stationary law of a Langevin step and a draw of σ, on a grid of x."""
    v, eta = cell["lambda"] + levels(cell) ** 2, cell["eta"]
    x = np.linspace(-7, 7, 401) * np.sqrt(v[-1])
    chances = _chances(x**2, v, 1)
    step = np.zeros((x.size, x.size))
    for chance, one in zip(chances.T, v, strict=True):
        away = x - (1 - eta / (2 * one)) * x[:, None]
        step += chance[:, None] * np.exp(-(away**2) / (2 * eta))
    step /= step.sum(1, keepdims=True)
    equations = step.T - np.eye(x.size)
    equations[0] = 1.0
    law = np.linalg.solve(equations, np.eye(x.size)[0])
    return float(law @ (chances * x[:, None] ** 2 / v).sum(1))


def apart(cell: Cell) -> float:
    """The mean of 1/(1 − η/(4v)) over the levels."""
    v = cell["lambda"] + levels(cell) ** 2
    return float(np.mean(1 / (1 - cell["eta"] / (4 * v))))


_STUDY = "evidence-dmcmc"
_SOURCE = (
    "theory.md, A chain over data and noise; kim_2022_denoising_mcmc, abstract, statement unread"
)
_OWN = "theory.md, A chain over data and noise; bounds/papers/kim_2022_denoising_mcmc.py, derived"
_LEVELS = "60 levels from 0.05 to 10, evenly spread in log σ"
CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="dmcmc-exact",
        statement="A draw of (x, σ), carried by the probability flow from its own σ to 0, has the "
        "law of the data.",
        assumptions="Exact score, no error in time; measured by E z² and E z⁴ for two Gaussians on "
        "the line, 12 levels from 0.05 to 10.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:moment",
        formula=data_moment,
        decoy=one_jump,
        decoy_note="one jump to E[x_0 | x] in place of the flow",
        tolerance=1e-6,
        why="Given each σ the flow carries p_σ to p_0.",
    ),
    Claim(
        name="dmcmc-smallest",
        statement="The state with the smallest σ of a window of a chain is not a draw of (x, σ): "
        "after the flow E z² exceeds λ, by the recursion of theory.md.",
        assumptions=f"Data N(0, I), both conditional draws exact; {_LEVELS}; d = 1 after 1 and 3 "
        "steps, d = 4 after 1, 3 and 10, the start counted in.",
        source=_OWN,
        origin="derived",
        kind="tight",
        measurement=f"{_STUDY}:smallest",
        formula=smallest,
        decoy=lambda c: 1.0,
        decoy_note="1: z is independent of σ",
        tolerance=1e-6,
        why="Where σ' is smaller than σ, x was drawn at σ, and is large for σ'.",
        uses=("dmcmc-exact",),
    ),
    Claim(
        name="dmcmc-ula",
        statement="Langevin steps x + ½η s + √η ξ at a fixed σ gather about the variance "
        "v/(1 − η/(4v)), if v > η/4.",
        assumptions="Gaussian data, v = 0.3 … 3, η = 0.05 … 0.8.",
        source=_SOURCE,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:langevin",
        formula=langevin,
        decoy=lambda c: c["v"] + c["eta"] / 4,
        decoy_note="v + η/4, to first order in η",
        tolerance=1e-9,
        why="V = (1 − η/(2v))² V + η.",
    ),
    Claim(
        name="dmcmc-chain",
        statement="Langevin steps and exact draws of σ in turn make E z²/λ what the stationary "
        "law of one kernel on the line says, 1.118 at η = 0.8.",
        assumptions="Data N(0, 1) on the line, 60 levels from 0.05 to 3 and to 10, η = 0.2, 0.8.",
        source=_OWN,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:chain",
        formula=chain,
        decoy=apart,
        decoy_note="the mean over σ of 1/(1 − η/(4v)), as if σ never moved",
        tolerance=1e-5,
        why="x alone is a Markov chain; its density by a linear system.",
        uses=("dmcmc-ula",),
    ),
    Claim(
        name="dmcmc-gibbs",
        statement="Where σ² is far above the data's variance, a draw of x and one of σ move log σ "
        "with mean square ψ₁(d/2)/2: about 1/√d.",
        assumptions="λ = 0, log σ uniform and unbounded, d = 1 … 3072.",
        source=_OWN,
        origin="derived",
        kind="identity",
        measurement=f"{_STUDY}:step",
        formula=lambda c: float(polygamma(1, c["d"] / 2) / 2),
        decoy=lambda c: 1 / c["d"],
        decoy_note="1/d, its leading order",
        tolerance=1e-6,
        why="log σ' − log σ is half the difference of the logs of two independent χ²_d.",
    ),
)
