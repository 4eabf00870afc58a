"""Linear scores of one's own data by every estimator, and which of them to use: without the truth.

    rows → folds → scores fitted to the others → denoising loss of the rows left out.

The mean of the held-out loss is the risk and a number that no estimate changes, so differences of
losses estimate differences of risks. The noise of the test rows is integrated out in closed form
(`bounds.data.held_out_losses`): it is as if each had infinitely many redraws. What is left is the
choice of the rows, and it is common to all estimators: their differences are paired row by row.

Standard errors are the larger of two: of a mean over rows, which takes the fits as given, and of a
mean over folds, which sees that each fit has noise of its own, but from few folds. They are about
the risk that an estimator has on data like these; the scores fitted to all rows are one draw of it,
which more redraws bring nearer. What all folds share, most of their rows, they do not know of; and
the least of several losses is a little too small.
"""

import io
import json
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bounds import catalog
from bounds.check import Array, InvalidInput, how_many, increasing_times, whole
from bounds.data import grams_of, held_out_losses, rows_of
from bounds.gram import Gram
from bounds.path import covariance_rounds
from bounds.process import decay, noise_variance
from studies import output, own, spec
from studies.progress import Report
from studies.study import under

LEDOIT_WOLF = "ledoit-wolf"
Fit = Callable[[Array, Sequence[Gram]], Array]
"""Centred rows and their Gram matrices → Â_k, shape (N, d, d)."""


@dataclass(frozen=True)
class Estimated:
    """What `estimate` found.

    Attributes
    ----------
    n, d : rows and columns
    centred : whether the mean was subtracted
    times : shape (N,)
    mean : what was subtracted from all rows, shape (d,)
    scores : from estimator to Â_k fitted to all rows, shape (N, d, d); of the data themselves the
        score is Â_k (x − e_t mean)
    covariances : by sample, path fit and, with scikit-learn, Ledoit and Wolf; shape (d, d)
    losses, loss_errors : of each time and estimator, shape (N, E): held-out denoising loss and its
        standard error
    differences, difference_errors : loss of the first less that of the second, and the standard
        error of this paired difference; shape (N, E, E)
    left_out : estimators that cannot be computed here, with the reason
    """

    n: int
    d: int
    centred: bool
    times: Array
    mean: Array
    scores: dict[str, Array]
    covariances: dict[str, Array]
    losses: Array
    loss_errors: Array
    differences: Array
    difference_errors: Array
    left_out: dict[str, str]

    def __repr__(self) -> str:
        return f"Estimated(n = {self.n}, d = {self.d}, {', '.join(self.scores)})"

    def record(self) -> dict[str, Any]:
        """What estimate.json holds."""
        rows = []
        for k, (t, best) in enumerate(zip(self.times, self.losses.argmin(axis=1), strict=True)):
            for e, name in enumerate(self.scores):
                rows.append(
                    {
                        "t": float(t),
                        "estimator": name,
                        "loss": float(self.losses[k, e]),
                        "loss_error": float(self.loss_errors[k, e]),
                        "excess": float(self.differences[k, e, best]),
                        "excess_error": float(self.difference_errors[k, e, best]),
                    }
                )
        return {"n": self.n, "d": self.d, "centred": self.centred, "rows": rows}

    def text(self) -> str:
        """For people: each estimator's excess loss over the best at each time, the covariances, and
        which to use.
        """
        best = self.losses.argmin(axis=1)
        each = np.arange(len(self.times))
        excess = self.differences[each, :, best]
        # Within rounding of the best counts as near it.
        near = excess <= 2 * self.difference_errors[each, :, best] + 1e-12 * np.abs(self.losses)
        worst = excess.max(axis=0)
        order = sorted(range(len(self.scores)), key=lambda e: (-near[:, e].sum(), worst[e]))
        names = list(self.scores)
        centred = "centred" if self.centred else "not centred"
        lines = [
            f"{self.n} rows, d = {self.d}, {centred}. Held-out denoising loss over the least at "
            f"each of {len(self.times)} times:",
            "",
            f"{'estimator':<20} {'least at':>8} {'within 2 errors':>15}   largest excess ± error",
        ]
        for e in order:
            k = int(excess[:, e].argmax())
            error = self.difference_errors[k, e, best[k]]
            lines.append(
                f"{names[e]:<20} {(best == e).sum():>8} {near[:, e].sum():>15}   "
                f"{excess[k, e]:.3g} ± {error:.2g} at t = {self.times[k]:.3g}"
            )
        lines += ["", f"{'covariance':<20} {'trace':>10} {'least eigenvalue':>17} {'largest':>10}"]
        for name, covariance in self.covariances.items():
            spread = np.linalg.eigvalsh(covariance)
            lines.append(f"{name:<20} {spread.sum():>10.4g} {spread[0]:>17.4g} {spread[-1]:>10.4g}")
        first = order[0]
        also = [names[e] for e in order[1:] if near[:, e].all()]
        lines += [
            "",
            f"{names[first]} has the least loss or is within 2 standard errors of it at "
            f"{near[:, first].sum()} of {len(self.times)} times"
            f"{'; so are, at all times, ' if also else '; no other is so at all times'}"
            f"{', '.join(also)}.",
        ]
        return "\n".join(lines)

    def save(self, out: Path) -> None:
        """Writes scores.npz, covariances.npz and estimate.json into the folder."""
        scores: dict[str, Any] = {"t": self.times, "mean": self.mean, **self.scores}
        covariances: dict[str, Any] = {**self.covariances}
        for name, held in (("scores", scores), ("covariances", covariances)):
            file = io.BytesIO()
            np.savez(file, **held)
            output.write(out / f"{name}.npz", file.getvalue())
        output.write(out / "estimate.json", f"{json.dumps(self.record(), indent=2)}\n".encode())


def estimate(
    x: ArrayLike,
    times: ArrayLike,
    estimators: Sequence[str] | None = None,
    *,
    redraws: int = 1,
    folds: int = 5,
    seed: int = 0,
    centre: bool = True,
    say: Callable[[], None] = lambda: None,
) -> Estimated:
    """Scores of the data by each estimator, and their held-out losses.

    Parameters
    ----------
    x : shape (n, d), as `bounds.data.rows_of` takes it
    times : shape (N,), strictly increasing and positive
    estimators : names out of bounds.catalog.ESTIMATORS, "ledoit-wolf" and one's own (see
        studies/own.py); by default all of ours that can be computed
    redraws : K, noise paths for each row in the fits
    folds : of the cross-validation, 2 … n
    seed : of the folds and the noise, ≥ 0
    centre : whether to subtract the mean: of all rows for the scores, of the rows fitted in a fold
    say : is called after the fit to all rows and after each fold

    Raises
    ------
    InvalidInput If the data, the times or the redraws are not what `bounds.data.grams_of` takes, a
        fold leaves no more than d rows, an estimator is unknown, or one that was asked for cannot
        be computed.

    Notes
    -----
    Cost: (folds + 1) times 6 N n K d² flops for the Gram matrices, and 2 N n d² for each
    estimator. Memory: two copies of the rows, 3 N d² numbers for the Gram matrices, (folds + 1) N
    d² for each estimator, and its n losses at a time.
    """
    rows, mean = rows_of(x, centre=centre)
    times = increasing_times("times", times)
    (n, d), folds = rows.shape, how_many("folds", folds, 2)
    if folds > n:
        raise InvalidInput("folds", f"must be at most the {n} rows there are, but is {folds}")
    if n - -(-n // folds) <= d:
        raise InvalidInput(
            "folds",
            f"{folds} of {n} rows leave {n - -(-n // folds)} rows for a fit, and d = {d} columns "
            "need more",
        )
    names = [*catalog.ESTIMATORS, LEDOIT_WOLF] if estimators is None else list(estimators)
    if len(set(names)) < len(names) or not names:
        raise InvalidInput("estimators", "must name at least one, and none twice")
    fits = {name: _fit(name) for name in names}
    shuffle, noise, *of_folds = map(
        np.random.default_rng, np.random.SeedSequence(whole("seed", seed, 0)).spawn(folds + 2)
    )
    left_out: dict[str, str] = {}

    def fitted(some: Array, rng: np.random.Generator) -> tuple[list[Gram], dict[str, Array]]:
        grams = grams_of(some, times, rng, redraws=redraws, centre=False)
        found = {}
        for name, fit in fits.items():
            if name in left_out:
                continue
            try:
                found[name] = fit(some, grams)
            except InvalidInput as error:
                if estimators is not None:
                    raise InvalidInput(
                        "estimators", f"{name} cannot be computed: {error}"
                    ) from None
                left_out[name] = str(error)
        if not found:
            raise InvalidInput("estimators", f"none can be computed: {left_out}")
        return grams, found

    grams, scores = fitted(rows, noise)
    covariances = {"sample": rows.T @ rows / n}
    with suppress(InvalidInput):
        covariances["path"] = covariance_rounds(grams)[-1]
    with suppress(InvalidInput):
        covariances[LEDOIT_WOLF] = _ledoit_wolf(rows)
    say()
    parts = []
    for k, test in enumerate(np.array_split(shuffle.permutation(n), folds)):
        try:
            others, middle = rows_of(np.delete(rows, test, axis=0), centre=centre)
        except InvalidInput as error:
            raise InvalidInput("folds", f"of what fold {k + 1} leaves, {error.reason}") from None
        _, estimates = fitted(others, of_folds[k])
        parts.append((rows[test] - middle, estimates))
        say()
    scores = {name: found for name, found in scores.items() if name not in left_out}
    found = [
        _compared(
            [[held_out_losses(test, t, one[name][k]) for test, one in parts] for name in scores]
        )
        for k, t in enumerate(times)
    ]
    losses, loss_errors, differences, difference_errors = map(np.stack, zip(*found, strict=True))
    return Estimated(
        n,
        d,
        centre,
        times,
        mean,
        scores,
        covariances,
        losses + d / noise_variance(times)[:, None],
        loss_errors,
        differences,
        difference_errors,
        left_out,
    )


def _compared(losses: Sequence[Sequence[Array]]) -> tuple[Array, Array, Array, Array]:
    """From each estimator's losses of the same rows, fold by fold: mean and its standard error,
    (E,), and those of each two estimators' difference, (E, E).
    """
    alone = np.array([_mean(one) for one in losses])
    apart = np.array(
        [[_mean([x - y for x, y in zip(a, b, strict=True)]) for b in losses] for a in losses]
    )
    return alone[:, 0], alone[:, 1], apart[..., 0], apart[..., 1]


def _mean(folds: Sequence[Array]) -> tuple[float, float]:
    """Over all rows, and its standard error: over rows or over folds, whichever is larger."""
    rows = np.concatenate(folds)
    of_folds = np.array([fold.mean() for fold in folds])
    errors = rows.std(ddof=1) / rows.size**0.5, of_folds.std(ddof=1) / len(folds) ** 0.5
    return float(rows.mean()), float(max(errors))


def _fit(name: str) -> Fit:
    """The estimator of that name as a function of rows and Gram matrices."""
    if name == LEDOIT_WOLF:
        return _by_ledoit_wolf
    estimator = own.estimator_of(name)
    return lambda rows, grams: np.stack(list(estimator(grams)))


def _by_ledoit_wolf(rows: Array, grams: Sequence[Gram]) -> Array:
    """−(e_t² Λ̂ + σ_t² I)^{-1} with Ledoit and Wolf's Λ̂: the plug-in score of a shrunken
    covariance.
    """
    covariance, noise = _ledoit_wolf(rows), np.eye(rows.shape[1])
    times = [gram.step.t for gram in grams]
    return np.stack(
        [-np.linalg.inv(decay(2 * t) * covariance + noise_variance(t) * noise) for t in times]
    )


def _ledoit_wolf(rows: Array) -> Array:
    try:
        from sklearn.covariance import ledoit_wolf
    except ImportError:
        raise InvalidInput(
            LEDOIT_WOLF, "needs scikit-learn (pip install 'dimfree[data]')"
        ) from None
    return np.asarray(ledoit_wolf(rows, assume_centered=True)[0])


def command(given: Namespace) -> int:
    """`dimfree estimate`, from its words."""
    asked = given.estimators
    names = None if asked is None else [name.strip() for name in asked.split(",")]
    if given.out is None:
        output.check_output()
    else:
        _check_folder(given.out)
    options = {key: f"--{key}" for key in ("times", "estimators", "redraws", "folds", "seed")}
    progress = Report("estimate", True)
    with under(x="DATA", covariance="DATA", samples="DATA", **options):
        grid = spec.times(given.times)
        data = own.numbers(given.data, "x")
        with progress.bar(max(1, given.folds + 1)):
            found = estimate(
                data,
                grid,
                names,
                redraws=given.redraws,
                folds=given.folds,
                seed=given.seed,
                centre=not given.no_centre,
                say=lambda: progress.step(1),
            )
    for name, why in found.left_out.items():
        output.note(f"dimfree: {name} is left out: {why}")
    if given.out is not None:
        found.save(given.out)
    output.tell(json.dumps(found.record(), indent=2) if given.json else found.text())
    return 0


def _check_folder(out: Path) -> None:
    """Whether the folder is one or may become one, before anything is computed."""
    there = next((place for place in (out, *out.parents) if place.exists()), out)
    if not there.is_dir():
        raise InvalidInput("--out", f"cannot write to {out}: {there} is no folder")
