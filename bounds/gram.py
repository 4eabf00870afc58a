r"""Gram matrices of a simulated or an exactly drawn path:
all that a linear estimator sees of the data.

At each step t' → t of m paths, with X_t = e^{-g} X_{t'} + τ W and Z_t = σ_t ε_t (rows are paths),

    xx = X_tᵀ X_t,    xz = X_tᵀ ε_t,    xw = X_tᵀ W.

Everything else follows without loss: X_tᵀ X_{t'} = e^{g} (xx − τ xw). They are kept in terms of the
*unit* noises ε and W, not of X_0 and X_{t'}, because differences of those cancel as t_1 → 0 and as
g → 0.

There are two engines, and an estimator cannot tell which one fed it. `simulate` draws m paths in
blocks and adds up their products. `exact` draws the Gram matrices' joint law along the path,
without the paths. Write [X_0, Z_{t'}] = Q R with orthonormal columns Q; the triangle R has blocks
R_00 (of X_0), R_01 and R_11 (of Z_{t'}). Fresh noise W is standard normal, so its coordinates
G = QᵀW are standard normal too, independent of R, and what is left outside the span of Q has Gram
matrix Wishart_d(m − 2d, I) = LᵀL with L Bartlett's triangle: independent normals above a diagonal
of χ variables with m − 2d, m − 2d − 1, … degrees of freedom. So

    Z_t = e^{-g} Z_{t'} + τ W  has the coordinates  M_0 = e^{-g} R_01 + τ G_0,
                                                    M_1 = e^{-g} R_11 + τ G_1,   M_2 = τ L,

and the next R_01, R_11 are M_0 and the Cholesky factor of K = M_1ᵀM_1 + M_2ᵀM_2. Nothing costs m,
nothing cancels, and nothing is factorised but K. When m < 3d the residual has fewer rows than
columns (a singular Wishart: L is a trapezoid); when m ≤ 2d there is none at all, and M_1 itself,
(m − d) × d, is carried on.

Redraws. In training noise is free: each of the m data can have K noise paths. Then all of the above
has mK rows, and X_0 is the data stacked K times, with Gram matrix K X_0ᵀX_0: so R_00 is √K times
the triangle of m rows, every count of noise rows is mK, and nothing else changes. Neither m nor K
costs anything.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from bounds.check import Array, InvalidInput, matrices, whole
from bounds.gaussian import Gaussian, symmetric_root
from bounds.process import Step, decay, noise_variance, simulate, steps

Generators = np.random.Generator | Sequence[np.random.Generator]

MAX_SAMPLES = 10**12
MAX_CONDITION = 1e12
MIN_MEAN_RISK = 1e-25
TIMES = (1e-15, 300.0)


@dataclass(frozen=True)
class Gram:
    """What mK paths of m data, the rows of X_t, ε_t and W, leave behind of one step.

    Attributes
    ----------
    step : the step t' → t
    samples : m, the number of data
    xx : X_tᵀ X_t, shape (…, d, d); leading axes are replicates
    xz : X_tᵀ ε_t with ε_t = Z_t/σ_t, shape (…, d, d)
    xw : X_tᵀ W with W the step's unit noise, shape (…, d, d)
    redraws : K, noise paths for each datum
    data : X_0ᵀ X_0 of the m data, each taken once, shape (…, d, d), where it is known: the products
        with noise do not determine it, and of the estimators only the plug-in, K = ∞, looks at it

    Raises
    ------
    InvalidInput
        If m or K is no whole number ≥ 1, a product is not of that shape or not finite, or xx or
        data is not symmetric, to 1e-6 of its largest entry.
    """

    step: Step
    samples: int
    xx: Array
    xz: Array
    xw: Array
    redraws: int = 1
    data: Array | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "samples", whole("samples", self.samples))
        object.__setattr__(self, "redraws", whole("redraws", self.redraws))
        for name in ("xx", "xz", "xw", *(() if self.data is None else ("data",))):
            product = matrices(name, getattr(self, name))
            if product.shape != np.shape(self.xx):
                raise InvalidInput(
                    name, f"has shape {product.shape} where xx has {np.shape(self.xx)}"
                )
            object.__setattr__(self, name, product)
        for name, square in (("xx", self.xx), ("data", self.data)):
            if square is None:
                continue
            off = np.abs(square - np.swapaxes(square, -1, -2)).max(initial=0.0)
            if off > 1e-6 * np.abs(square).max(initial=0.0):
                raise InvalidInput(name, "must be symmetric, as X.T X is")

    @property
    def paths(self) -> int:
        """mK, the number of rows that were summed over."""
        return self.samples * self.redraws

    def __repr__(self) -> str:
        *leading, d, _ = np.shape(self.xx)
        replicates = f", replicates {'×'.join(map(str, leading))}" if leading else ""
        redraws = f", K = {self.redraws}" if self.redraws > 1 else ""
        return (
            f"Gram({self.step.t_prev:g} → {self.step.t:g}, m = {self.samples}{redraws}, d = {d}"
            f"{replicates})"
        )


class _Drawn(Gram):
    """What an engine has made need not be looked at again: a sixteenth of its time at d = 8."""

    def __post_init__(self) -> None:
        pass


class OfAStep(Protocol):
    """What knows its step, its data and its paths: Gram matrices, of coordinates or of features."""

    @property
    def step(self) -> Step:
        """t' → t."""

    @property
    def samples(self) -> int:
        """m, data."""

    @property
    def paths(self) -> int:
        """mK, noise paths in all."""


G = TypeVar("G", bound=OfAStep)


def some(grams: Iterable[G]) -> Iterator[G]:
    """The Gram matrices as they come.

    Raises
    ------
    InvalidInput
        If there are none: most often they come from a generator that was read before.
    """
    none = True
    try:
        each = iter(grams)
    except TypeError:
        raise InvalidInput(
            "grams", f"must be Gram matrices, one for each step, but is {type(grams).__name__}"
        ) from None
    for gram in each:
        if not hasattr(gram, "step"):
            raise InvalidInput("grams", f"must be Gram matrices, but holds a {type(gram).__name__}")
        none = False
        yield gram
    if none:
        raise InvalidInput(
            "grams", "there are none; a generator can be read only once, so keep them in a list"
        )


def along(grams: Iterable[G], *, from_the_data: bool = False) -> Iterator[G]:
    """The Gram matrices as they come, if they are those of one path, step after step.

    Parameters
    ----------
    grams : in order
    from_the_data : whether the first step must start at t' = 0

    Raises
    ------
    InvalidInput
        If there are none, a step does not start where the one before it ended, the number of data
        or of paths changes, or the first one should and does not start at 0.
    """
    before: OfAStep | None = None
    for gram in some(grams):
        if before is None:
            if from_the_data and not gram.step.is_first:
                raise InvalidInput(
                    "grams",
                    f"must start at the data, but the first step starts at t' = "
                    f"{gram.step.t_prev:g}",
                )
        elif gram.step.t_prev != before.step.t:
            raise InvalidInput(
                "grams",
                f"must be of consecutive steps, but {gram.step.t_prev:g} → {gram.step.t:g} follows "
                f"{before.step.t_prev:g} → {before.step.t:g}; for fewer times make them anew",
            )
        elif gram.samples != before.samples:
            raise InvalidInput(
                "grams",
                f"must be of the same paths, but m = {gram.samples} follows m = {before.samples}",
            )
        elif gram.paths != before.paths:
            raise InvalidInput(
                "grams",
                f"must be of the same paths, but {gram.paths} of them follow {before.paths}",
            )
        before = gram
        yield gram


class Engine(Protocol):
    """What makes the Gram matrices of a path: `exact` or `simulated`."""

    def __call__(
        self, law: Gaussian, samples: int, times: ArrayLike, rng: Generators, *, redraws: int = 1
    ) -> Iterator[Gram]:
        """N of them, step after step."""


def check_samples(samples: int, dimension: int, redraws: int = 1) -> int:
    """m, if the normal equations have a unique solution however few redraws there are: m > d.

    Raises
    ------
    InvalidInput
        If m ≤ d, K < 1, or mK exceeds 10¹² (beyond which χ² variables with as many degrees of
        freedom lose their spread to rounding).
    """
    samples, dimension = whole("samples", samples), whole("dimension", dimension)
    redraws = whole("redraws", redraws)
    if samples <= dimension:
        raise InvalidInput(
            "samples",
            f"m = {samples} is too few for dimension d = {dimension}: least squares needs m > d "
            "(and the expected population risk m > d + 1)",
        )
    if samples > MAX_SAMPLES:
        raise InvalidInput("samples", f"m = {samples} is beyond the tested range, m ≤ 10¹²")
    if samples * redraws > MAX_SAMPLES:
        raise InvalidInput(
            "redraws",
            f"K = {redraws} noise paths for each of m = {samples} data are beyond the tested "
            f"range, mK ≤ 10¹²",
        )
    return samples


def check_range(law: Gaussian, samples: int, times: ArrayLike, redraws: int = 1) -> None:
    """Whether float64 can carry the Gram matrices' law and the risks computed from them.

    Raises
    ------
    InvalidInput
        If m ≤ d, K < 1 or mK > 10¹²; if the times are not strictly increasing within 10⁻¹⁵ … 300;
        if V_{t_1} has a condition number above 10¹², where the normal equations are not worth
        solving; or if tr C_t/(d m K) at the last time is below 10⁻²⁵, where the error of an entry
        of Â drowns in its rounding (t = 12, mK = 10¹² still pass).
    """
    check_samples(samples, law.dimension, redraws)
    path = steps(times)
    first, last = path[0].t, path[-1].t
    if first < TIMES[0] or last > TIMES[1]:
        raise InvalidInput(
            "times",
            f"must lie within {TIMES[0]:g} … {TIMES[1]:g}, the range of the formulas in float64",
        )
    spread = law.variances(first)
    if spread.max() / MAX_CONDITION > spread.min():
        raise InvalidInput(
            "covariance",
            f"V at t_1 = {first:g} has condition number {spread.max() / spread.min():.2g}, above "
            f"the {MAX_CONDITION:.0e} up to which the Gram matrices can be solved in float64",
        )
    if law.conditional_variances(last).mean() < MIN_MEAN_RISK * samples * redraws:
        many = f", {redraws} noise paths for each," if redraws > 1 else ""
        raise InvalidInput(
            "times",
            f"at t = {last:g} with m = {samples} samples{many} the errors of the score matrix are "
            "below the resolution of float64, so the risk cannot be computed",
        )


def simulated(
    law: Gaussian,
    samples: int,
    times: ArrayLike,
    rng: Generators,
    *,
    redraws: int = 1,
    block: int = 8192,
) -> Iterator[Gram]:
    """Gram matrices of simulated paths, streamed over blocks of paths.

    Parameters
    ----------
    law : the data's law N(0, Σ)
    samples : m > d
    times : shape (N,), strictly increasing and positive
    rng : one Generator, or one for each replicate (then results carry a leading replicate axis)
    redraws : K, noise paths for each datum
    block : data held at a time; results depend on it only through the order of the draws

    Yields
    ------
    Gram
        N of them, after all paths are done.

    Raises
    ------
    InvalidInput
        As `check_range` says.

    Notes
    -----
    Cost: 6 N m K d² flops and N m K d normals. Memory: 3 N d² numbers for the sums and at most 6
    block · d for two time slices of a block; d = 64, N = 10: 1 MB and 25 MB, whatever m and K.
    """
    samples, redraws, block = (
        whole("samples", samples),
        whole("redraws", redraws),
        whole("block", block),
    )
    check_range(law, samples, times, redraws)
    path = steps(times)
    if not isinstance(rng, np.random.Generator):
        replicates = [_simulated_sums(law, samples, path, one, redraws, block) for one in rng]
        sums, data = (np.stack([one[k] for one in replicates], axis=-3) for k in (0, 1))
    else:
        sums, data = _simulated_sums(law, samples, path, rng, redraws, block)
    for step, (xx, xz, xw) in zip(path, sums, strict=True):
        yield _Drawn(step, samples, xx, xz, xw, redraws, data)


def _simulated_sums(
    law: Gaussian,
    samples: int,
    path: list[Step],
    rng: np.random.Generator,
    redraws: int,
    block: int,
) -> tuple[Array, Array]:
    """The three products of each step, summed over blocks
    of data and their paths, (N, 3, d, d); and X_0ᵀX_0.
    """
    d = law.dimension
    sums, data = np.zeros((len(path), 3, d, d)), np.zeros((d, d))
    times = [step.t for step in path]
    for start in range(0, samples, block):
        x0 = law.sample(min(block, samples - start), rng)
        data += x0.T @ x0
        for _ in range(redraws):
            for total, now in zip(sums, simulate(x0, times, rng), strict=True):
                total[0] += now.x.T @ now.x
                total[1] += now.x.T @ now.z / np.sqrt(noise_variance(now.step.t))
                total[2] += now.x.T @ now.w
    return sums, data


def exact(
    law: Gaussian,
    samples: int,
    times: ArrayLike,
    rng: Generators,
    *,
    redraws: int = 1,
    data: ArrayLike | None = None,
) -> Iterator[Gram]:
    """Gram matrices drawn from their exact joint law along the path.

    Parameters
    ----------
    law : the data's law N(0, Σ); where `data` is given, a Gaussian of like covariance
    samples : m, from d + 1 to 10¹²
    times : shape (N,), strictly increasing and positive
    rng : one Generator, or one for each replicate (then results carry a leading replicate axis)
    redraws : K, noise paths for each datum; mK up to 10¹²
    data : X_0ᵀX_0 of m data of any law, shape (d, d), or (R, d, d) for R Generators: then the law
        given these data. A turn of the m rows turns normal noise into normal noise, so that no more
        of the data enters

    Yields
    ------
    Gram
        N of them, each as soon as it is drawn.

    Raises
    ------
    InvalidInput
        As `check_range` says, or if `data` is no symmetric matrix without negative eigenvalues.

    Notes
    -----
    Cost a step and replicate: about 9.3 d³ flops (two symmetric and three general products, a
    triangle's own, one Cholesky; the first step 6 d³), 2.5 d² normals and d χ² variables; none of
    it grows with m or K. Memory: about 13 d² numbers, and up to 2¹⁶ of steps that are drawn
    together. Source: theory.md, "Exact law of the path
    Gram matrices" and "Exact law with redraws" (derived); the block form above is its Cholesky
    factor, updated rather than recomputed.
    """
    d, samples, redraws = law.dimension, whole("samples", samples), whole("redraws", redraws)
    path = steps(times)
    check_range(law, samples, times, redraws)
    generators = [rng] if isinstance(rng, np.random.Generator) else list(rng)
    rows = samples * redraws
    rank = min(d, rows - d)
    # Of each draw: normal rows, and the trapezoid's p and freedom. X_0 first, then step by step,
    # with as many rows as the noise before left known.
    known = [0, *[rank] * (len(path) - 1)]
    shapes = [(0, d, samples)]
    shapes += [(d + k, min(d, rows - d - k), rows - d - k) for k in known]
    drawn = _draws(generators, shapes, d)
    triangle = law.paint(next(drawn)[1])
    if data is not None:
        triangle = np.broadcast_to(symmetric_root(matrices("data", data, d)), triangle.shape)
    known_data = _products(triangle, triangle)
    r00 = np.sqrt(redraws) * triangle
    r01 = r11 = np.zeros((len(generators), 0, d))
    for step, (g, rest) in zip(path, drawn, strict=True):
        g0, g1 = g[:, :d], g[:, d:]
        m0, m1 = step.fresh * g0, step.fresh * g1
        if not step.is_first:
            m0 += step.carry * r01
            m1 += step.carry * r11
        y0 = decay(step.t) * r00 + m0
        rest_gram = _products(rest, rest)
        outside = _products(m1, m1) + step.fresh_variance * rest_gram
        xx = _products(y0, y0) + outside
        xz = (_products(y0, m0) + outside) / np.sqrt(noise_variance(step.t))
        xw = _products(y0, g0) + _products(m1, g1) + step.fresh * rest_gram
        if isinstance(rng, np.random.Generator):
            yield _Drawn(step, samples, xx[0], xz[0], xw[0], redraws, known_data[0])
        else:
            yield _Drawn(step, samples, xx, xz, xw, redraws, known_data)
        r01 = m0
        if rank < d:
            r11 = step.fresh * rest if step.is_first else m1
        else:
            r11 = np.swapaxes(np.linalg.cholesky(outside), -1, -2)


SMALL = 16  # columns up to which BLAS's symmetric product takes longer than the general one


def _products(a: Array, b: Array) -> Array:
    """aᵀ b over the last two axes."""
    if a is b and a.shape[-1] <= SMALL:
        b = a.copy()  # numpy takes the symmetric product where both are the same
    return np.asarray(np.swapaxes(a, -1, -2) @ b)


WHOLE = 2**16
"""Numbers of a replicate up to which the draws of several steps are one call: half a megabyte."""


def _draws(
    generators: Sequence[np.random.Generator], shapes: Sequence[tuple[int, int, int]], d: int
) -> Iterator[tuple[Array, Array]]:
    """For each (rows, p, freedom) and generator a (rows × d) normal matrix and Bartlett's (p × d)
    trapezoid T.

    TᵀT ~ Wishart_d(freedom, I), singular if freedom < d; then p = freedom. A replicate's numbers
    come from its own stream alone, in one call of each kind for as many shapes as WHOLE allows: a
    call costs several microseconds, a number ten nanoseconds.
    """
    for group in _groups(shapes, d):
        above = {p: np.triu(np.ones((p, d), dtype=bool), 1) for p in {p for _, p, _ in group}}
        sizes = [rows * d + int(above[p].sum()) for rows, p, _ in group]
        freedoms = np.concatenate([freedom - np.arange(p) for _, p, freedom in group])
        normals = np.empty((len(generators), sum(sizes)))
        lengths = np.empty((len(generators), freedoms.size))
        for one, flat, squares in zip(generators, normals, lengths, strict=True):
            one.standard_normal(out=flat)
            squares[:] = one.chisquare(freedoms)
        np.sqrt(lengths, out=lengths)
        begin = start = 0
        for (rows, p, _), size in zip(group, sizes, strict=True):
            trapezoid = np.zeros((len(generators), p, d))
            diagonal = np.arange(p)
            trapezoid[:, diagonal, diagonal] = lengths[:, start : start + p]
            flat = normals[:, begin : begin + size]
            trapezoid[:, above[p]] = flat[:, rows * d :]
            yield flat[:, : rows * d].reshape(len(generators), rows, d), trapezoid
            begin, start = begin + size, start + p


def _groups(shapes: Sequence[tuple[int, int, int]], d: int) -> Iterator[list[tuple[int, int, int]]]:
    """The shapes in order, as many together as hold at most WHOLE numbers, but one at least; by d
    and the shapes alone, so that the draws do not depend on what else is measured."""
    group: list[tuple[int, int, int]] = []
    held = 0
    for shape in shapes:
        size = (shape[0] + shape[1]) * d
        if group and held + size > WHOLE:
            yield group
            group, held = [], 0
        group.append(shape)
        held += size
    yield group


ENGINES: dict[str, Engine] = {"exact": exact, "simulate": simulated}
