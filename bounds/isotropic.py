r"""DSM's risks at one time for Σ = λI in O(d) random numbers and O(1) memory: d to 10⁹.

With c the eigenvalue of C_t, W_1 ~ Wishart_d(m) and W_2 ~ Wishart_d(d) independent,

    population risk = c tr(W_1^{-1} W_2),   empirical risk = (c/m) tr W_2,   jointly in law

(theory.md, DSM risk: one Gaussian matrix of scores for both). Both traces come from one chain.

1. x = the eigenvalues of T^{-1/2} W_1 T^{-1/2}, T = W_1 + W_2, are the squared singular values of
   an upper bidiagonal B (Edelman and Sutton): with a = m − d, independently

       c_k² ~ Beta((a + k)/2, k/2), k = d … 1,   c'_k² ~ Beta(k/2, (a + 1 + k)/2), k = d − 1 … 1,

   s² = 1 − c², diagonal β_j: c_d, c_{d−1} s'_{d−1}, …, c_1 s'_1; above it o_j: −s_d c'_{d−1}, …,
   −s_2 c'_1. Hence tr(W_1^{-1} W_2) = Σ (1/x_i − 1) = ‖B^{-1}‖_F² − d = Σ_j (u_j/β_j² − 1), with
   u_1 = 1, u_{j+1} = 1 + (o_j/β_j)² u_j.
2. T ~ Wishart_d(m + d) is independent of them and sees no rotation, so
   tr W_2 = tr T − Σ_jl T_jl (BᵀB)_jl, and BᵀB is tridiagonal. What it meets of T is a chain:
   T_11 ~ χ²_n, T_{j,j+1} = √T_jj g_j, T_{j+1,j+1} = g_j² + χ²_{n−1}, n = m + d, g_j ~ N(0, 1).

The recursion for u is affine, so a block of it is folded lane by lane: each lane keeps the map
u ↦ Au + C of its own steps and what it adds to the sum, α u + β.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from bounds.check import Array, InvalidInput, how_many, positive
from bounds.gram import Generators
from bounds.process import decay, noise_variance

LANES, STEPS = 256, 32
BLOCK = LANES * STEPS
"""Steps of the chain that are in memory at once: arrays of 64 kB, which stay in the cache."""
MOST = 10**9
"""Largest dimension: about five minutes a draw."""


def check_traces(dimension: int, samples: int) -> None:
    """Whether d ≤ 10⁹ and d < m ≤ 10¹².

    Raises
    ------
    InvalidInput
        If not.
    """
    d, m = how_many("dimension", dimension, 1, MOST), how_many("samples", samples, 1, 10**12)
    if m <= d:
        raise InvalidInput("samples", f"m must exceed d = {d}, but is {m}")


def draw_traces(dimension: int, samples: int, rng: Generators) -> tuple[Array, Array]:
    """One draw of tr(W_1^{-1} W_2) and tr W_2, jointly, from each Generator.

    Parameters
    ----------
    dimension : d ≤ 10⁹
    samples : m > d, at most 10¹²
    rng : source of the draw: one Generator, or R of them, one a draw

    Returns
    -------
    tr(W_1^{-1} W_2), of mean d²/(m − d − 1) if m > d + 1, and tr W_2, of mean d²; times c they are
    DSM's population risk and m times its empirical risk. Shape () each, or (R,). A draw depends on
    its own Generator alone.

    Raises
    ------
    InvalidInput
        If d or m is out of range, or the first trace leaves float64 (m = d + 1 can do that).

    Notes
    -----
    Cost: 4 d gamma, d normal and d χ² variates and 30 d flops, about 0.2 µs for each dimension;
    1 MB, whatever d. Of small d many draws go side by side. Source: theory.md, "Isotropic DSM risk
    in order d numbers" (from a recalled theorem).

    Examples
    --------
    >>> risk, noise = draw_traces(10**5, 2 * 10**5, np.random.default_rng(1))
    >>> round(float(risk) / (1e10 / (10**5 - 1)), 3), round(float(noise) / 1e10, 3)
    (1.0, 1.0)
    """
    check_traces(dimension, samples)
    d, m = int(dimension), int(samples)
    single = isinstance(rng, np.random.Generator)
    generators = [rng] if isinstance(rng, np.random.Generator) else list(rng)
    many = max(1, BLOCK // d)
    groups = [generators[k : k + many] for k in range(0, len(generators), many)]
    risk, noise = np.concatenate([np.empty((2, 0)), *(_traces(d, m, g) for g in groups)], axis=1)
    if not np.isfinite(risk).all():
        raise InvalidInput("samples", f"m = {m} is so near d = {d} that the risk leaves float64")
    return (risk[0], noise[0]) if single else (risk, noise)


def _traces(d: int, m: int, generators: Sequence[np.random.Generator]) -> Array:
    """Both traces of each draw, shape (2, R)."""
    u, traces = np.ones(len(generators)), np.zeros((2, len(generators)))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        for diagonal, above, before, fresh, crossed in _chain(d, m, generators):
            u, added = _folded(u, diagonal, above)
            traces[0] += added
            # tr T(I − BᵀB): the diagonal's part, and twice what stands beside it.
            traces[1] += np.vecdot(fresh, 1 - diagonal - before)
            traces[1] += 2 * np.vecdot(np.sqrt(diagonal * above), crossed)
    return traces


def _chain(
    d: int, m: int, generators: Sequence[np.random.Generator]
) -> Iterator[tuple[Array, Array, Array, Array, Array]]:
    """Block by block: β_j², o_j² (0 at j = d), o_{j−1}², T_jj and T_{j,j+1} (0 at j = d), each of
    shape (R, length of the block).
    """
    a, n, draws = m - d, m + d, len(generators)
    # s'² of the step before, its o², and the g_j before
    carried, last, cross = np.ones(draws), np.zeros(draws), np.zeros(draws)
    for start in range(d, 0, -BLOCK):
        k = np.arange(start, max(start - BLOCK, 0), -1, dtype=np.float64)
        inner = k[k > 1] - 1
        cosine, g, fresh = np.empty((3, draws, k.size))
        turn = np.zeros((draws, k.size))
        for one, rng in enumerate(generators):
            cosine[one] = rng.beta((a + k) / 2, k / 2)
            turn[one, : inner.size] = rng.beta(inner / 2, (a + 1 + inner) / 2)
            rng.standard_normal(out=g[one])
            fresh[one] = rng.chisquare(n - 1, k.size)
            if start == d:
                cross[one] = rng.standard_normal()
        diagonal = cosine * np.concatenate([carried[:, None], 1 - turn[:, :-1]], axis=1)
        above = (1 - cosine) * turn
        before = np.concatenate([last[:, None], above[:, :-1]], axis=1)
        fresh[:, 1:] += g[:, :-1] ** 2
        fresh[:, 0] += cross**2
        yield diagonal, above, before, fresh, np.sqrt(fresh) * g
        carried, last, cross = 1 - turn[:, -1], above[:, -1], g[:, -1]


def _folded(u: Array, diagonal: Array, above: Array) -> tuple[Array, Array]:
    """u after a block, and Σ (u_j/β_j² − 1) over it; shape (R,) each, from (R,) and (R, length)."""
    draws, length = diagonal.shape
    steps = min(STEPS, length)
    lanes = -(-length // steps)
    # What fills the last lane adds 0 to the sum if u/β² − 1 is left out there, and keeps u.
    inverse, ratio, real = np.zeros((3, draws, lanes * steps))
    inverse[:, :length] = 1 / diagonal
    ratio[:, :length], ratio[:, length:] = above / diagonal, 1.0
    real[:, :length] = 1.0
    by_step = (np.moveaxis(x.reshape(draws, lanes, steps), 2, 0) for x in (inverse, ratio, real))
    slope, offset = np.ones((draws, lanes)), np.zeros((draws, lanes))
    alpha, beta = np.zeros((draws, lanes)), np.zeros((draws, lanes))
    for v, r, here in zip(*by_step, strict=True):
        alpha += slope * v
        beta += offset * v - here
        slope *= r
        offset = here + r * offset
    ends, totals = [], []
    maps = np.stack([alpha, beta, slope, offset], axis=-1)
    for x, lane_by_lane in zip(u.tolist(), maps.tolist(), strict=True):
        total = 0.0
        for a, b, s, c in lane_by_lane:
            total += a * x + b
            x = s * x + c
        ends.append(x)
        totals.append(total)
    return np.array(ends), np.array(totals)


def draw_isotropic_risks(
    dimension: int, samples: int, t: float, rng: Generators, *, eigenvalue: float = 1.0
) -> tuple[Array, Array]:
    """DSM's population and empirical risk at one time for Σ = λI, jointly; see `draw_traces`.

    Parameters
    ----------
    dimension, samples, rng : as in `draw_traces`
    t : dimensionless time > 0
    eigenvalue : λ > 0

    Returns
    -------
    c tr(W_1^{-1} W_2) and c tr W_2/m; shape () each, or (R,).
    """
    signal, noise = positive("eigenvalue", eigenvalue) * decay(2 * t), noise_variance(t)
    c = float(signal / (noise * (signal + noise)))
    first, second = draw_traces(dimension, samples, rng)
    return c * first, c * second / samples


def isotropic_risk_variance(dimension: int, samples: int) -> float:
    """Var tr(W_1^{-1} W_2), the variance of the population risk over c².

    With k = m − d and q = 1/(k (k − 1)(k − 3)): given A = W_1^{-1} the trace has mean d tr A and
    variance 2d tr A²; E tr A² = q d (m − 1), E (tr A)² = q ((k − 2) d² + 2d), E tr A = d/(k − 1).

    Raises
    ------
    InvalidInput
        If m ≤ d + 3, where the variance is infinite.

    Source: moments of the inverse Wishart law (von Rosen 1988, recalled); derived here from them.
    """
    check_traces(dimension, samples)
    d, k = int(dimension), int(samples) - int(dimension)
    if k <= 3:
        raise InvalidInput("samples", f"must exceed d + 3 = {d + 3}: the variance is infinite")
    mean = d / (k - 1)
    # E (tr A)² − (E tr A)², written so that nothing large cancels.
    of_trace = 2 * mean * (mean + 1) / (k * (k - 3))
    of_square = mean * (k + d - 1) / (k * (k - 3))
    return float(2 * d * of_square + d * (d * of_trace))
