r"""Linear scores of Gaussian data: the settings,
cells and measurement that both base studies share.

    cell → Gram matrices (exact or simulated) → estimators → population and empirical risk at each
    time.

All estimators of a cell see the same data, so their ratios are paired.
"""

from collections.abc import Mapping, Sequence
from itertools import tee
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bounds.catalog import check_estimator
from bounds.check import InvalidInput, increasing_times
from bounds.gaussian import Gaussian, spectrum
from bounds.gram import ENGINES, check_range
from bounds.isotropic import check_traces, draw_isotropic_risks
from bounds.risk import empirical_risk, risk
from studies.own import check_name, digest, estimator_of, law_of, pinned, plain
from studies.study import Cell, Lazy, Row, Settings, different, under

COLUMNS = (
    *("study", "d", "m", "redraws", "t"),
    *("estimator", "engine", "replicate", "risk", "empirical_risk"),
)


USED: Mapping[str, tuple[str, ...]] = {
    "identity": (),
    "linear": ("low", "high"),
    "power": ("exponent",),
    "explicit": ("values",),
    "file": ("path", "sha256"),
}
"""What each kind of spectrum has beside its kind."""


def _tuple(values: Any) -> Any:
    """A list as a tuple: in a cell, which holds JSON values, it is a list."""
    return tuple(values) if isinstance(values, list) else values


class Spectrum(BaseModel):
    """Eigenvalues of the covariance, as `bounds.gaussian.spectrum` names them;
    a key that its kind has no use for is refused.

    Attributes
    ----------
    kind : "identity", "linear", "power", "explicit" or "file"
    low, high : of "linear"
    exponent : of "power"
    values : of "explicit", d of them
    path : of "file": a .npy or .csv with a covariance, d × d, or its d eigenvalues; from the folder
        that dimfree is called in
    sha256 : of that file's content; found where it is not given
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    kind: Literal["identity", "linear", "power", "explicit", "file"] = "identity"
    low: float = 0.3
    high: float = 3.0
    exponent: float = 1.0
    values: Annotated[tuple[float, ...], BeforeValidator(_tuple)] = ()
    path: str = ""
    sha256: str = ""

    @model_validator(mode="after")
    def _all_used(self) -> "Spectrum":
        given = self.model_fields_set
        if given >= {"kind", "low", "high", "exponent", "values"}:
            # A manifest writes down all there is; then what is not used must be as it comes.
            given = {
                key for key in given if getattr(self, key) != Spectrum.model_fields[key].default
            }
        for key in sorted(given - {"kind", *USED[self.kind]}):
            (kind,) = (kind for kind, used in USED.items() if key in used)
            named = (
                "" if "kind" in self.model_fields_set else ", which is meant where no kind is named"
            )
            raise InvalidInput(
                key, f"belongs to kind = {kind!r} and does nothing for kind = {self.kind!r}{named}"
            )
        return self

    @model_validator(mode="after")
    def _file(self) -> "Spectrum":
        if self.kind == "file":
            if not self.path:
                raise InvalidInput("path", "is missing, which names the file")
            found = digest(Path(self.path))
            if self.sha256 not in ("", found):
                raise InvalidInput("path", f"{self.path} holds other numbers than sha256 says")
            object.__setattr__(self, "sha256", found)
        return self

    def law(self, dimension: int) -> Gaussian:
        """N(0, Σ) in that dimension.

        Raises
        ------
        InvalidInput
            If the eigenvalues do not fit the dimension or are not positive.
        """
        if self.kind == "file":
            with under(path="spectrum.path"):
                law = law_of(Path(self.path), self.sha256)
            if law.dimension != dimension:
                raise InvalidInput(
                    "spectrum.path", f"{self.path} is of dimension {law.dimension}, not {dimension}"
                )
            return law
        # an overflow is refused by name, and needs no warning beside
        with np.errstate(over="ignore"):
            eigenvalues = spectrum(
                self.kind,
                dimension,
                low=self.low,
                high=self.high,
                exponent=self.exponent,
                values=self.values,
            )
        return Gaussian(eigenvalues)

    def parameters(self) -> dict[str, Any]:
        """The kind and what that kind uses, nothing else:
        so that a cell's key holds only what matters.
        """
        held = self.model_dump(mode="json")
        return {key: held[key] for key in ("kind", *USED[self.kind])}


LARGEST = 2**16
UNIT = Gaussian(np.ones(1))


class LinearScoreSettings(Settings):
    """Config of `error-vs-timestep` and `error-vs-dimension`.

    Attributes
    ----------
    dims : dimensions d ≤ 2¹⁶, where one d × d matrix takes 34 GB; d ≤ 10⁹ with "isotropic"
    samples : sample counts m > d, each with each d
    times : t_1 < … < t_N, dimensionless
    spectrum : of the covariance
    estimators : names out of bounds.catalog.ESTIMATORS, or of one's own: "package.module:function",
        see studies/own.py
    engine : "exact" draws the Gram matrices' law, "simulate" draws the paths; "isotropic" draws
        DSM's two risks at one time for the identity, in O(d)
    redraws : K, noise paths for each datum, each with each d and m; mK ≤ 10¹²
    """

    dims: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]
    samples: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]
    times: tuple[float, ...]
    spectrum: Spectrum = Spectrum()
    estimators: Annotated[tuple[str, ...], Field(min_length=1)] = ("dsm", "bsm")
    engine: Literal["exact", "simulate", "isotropic"] = "exact"
    redraws: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (1,)

    @model_validator(mode="after")
    def _consistent(self) -> "LinearScoreSettings":
        increasing_times("times", self.times)
        different(self, "dims", "samples", "estimators", "redraws")
        for name in self.estimators:
            check_name(name)
        if self.engine == "isotropic":
            self._isotropic()
            return self
        if max(self.dims) > LARGEST:
            raise InvalidInput(
                "dims",
                f"must be at most {LARGEST} with engine = {self.engine!r}; engine = 'isotropic' "
                "goes to 10⁹",
            )
        with under(covariance="spectrum"):
            for d in self.dims:
                law = self.spectrum.law(d)
                # what is in range there is so in between
                for m in (min(self.samples), max(self.samples)):
                    check_range(law, m, self.times, max(self.redraws))
                    for name in self.estimators:
                        check_estimator(name, law, m, self.times)
        return self

    def _isotropic(self) -> None:
        """What the engine "isotropic" needs: the law of one step of DSM's risks, for Σ = I."""
        for key, value, needed in (
            ("spectrum", self.spectrum.kind, "identity"),
            ("times", len(self.times), 1),
            ("estimators", self.estimators, ("dsm",)),
            ("redraws", self.redraws, (1,)),
        ):
            if value != needed:
                raise InvalidInput(
                    key,
                    "engine = 'isotropic' draws the risks of dsm at one time, for the spectrum "
                    "identity and one noise path a datum",
                )
        for d in self.dims:
            check_traces(d, min(self.samples))
            check_traces(d, max(self.samples))
        check_range(UNIT, max(self.samples), self.times)


def cells(settings: LinearScoreSettings) -> Lazy:
    """One cell for each d, m and K; it names K only where that is not 1, and an estimator of one's
    own with its code.

    So what was measured before there were redraws keeps its cells, and with them its seeds and its
    numbers.
    """
    shared = {
        "times": list(settings.times),
        "spectrum": settings.spectrum.parameters(),
        "estimators": [pinned(name) for name in settings.estimators],
        "engine": settings.engine,
    }

    def cell(d: int, m: int, redraws: int) -> Cell:
        return {"d": d, "m": m, **({"redraws": redraws} if redraws > 1 else {}), **shared}

    return Lazy.over(cell, settings.dims, settings.samples, settings.redraws)


def redraws_of(cell: Cell) -> int:
    """K of a cell."""
    return int(cell.get("redraws", 1))


def measure(cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
    """Population and empirical risk of each estimator at each time, for each seed.

    Parameters
    ----------
    cell : as `cells` makes them
    seeds : of the replicates

    Returns
    -------
    For each seed, N × (estimators) rows.

    Notes
    -----
    Cost: that of the engine and the estimators, plus 5 d³ flops for the two risks; memory about 20
    d² numbers a replicate.
    """
    if cell["engine"] == "isotropic":
        return [[one] for one in _isotropic(cell, [np.random.default_rng(s) for s in seeds])]
    law = Spectrum(**cell["spectrum"]).law(cell["d"])
    redraws = redraws_of(cell)
    generators = [np.random.default_rng(s) for s in seeds]
    grams = ENGINES[cell["engine"]](law, cell["m"], cell["times"], generators, redraws=redraws)
    names = cell["estimators"]
    seen, *fed = tee(grams, 1 + len(names))
    rows: list[list[Row]] = [[] for _ in seeds]
    estimates = [estimator_of(name)(stream) for name, stream in zip(names, fed, strict=True)]
    for gram, *at_time in zip(seen, *estimates, strict=True):
        for name, estimate in zip(names, at_time, strict=True):
            population = risk(law, gram.step.t, estimate)
            empirical = empirical_risk(law, gram, estimate)
            for replicate, mine in enumerate(rows):
                mine.append(
                    {
                        "d": cell["d"],
                        "m": cell["m"],
                        "redraws": redraws,
                        "t": gram.step.t,
                        "estimator": plain(name),
                        "engine": cell["engine"],
                        "risk": float(population[replicate]),
                        "empirical_risk": float(empirical[replicate]),
                    }
                )
    return rows


def _isotropic(cell: Cell, generators: Sequence[np.random.Generator]) -> list[Row]:
    """Both risks of DSM at one time, Σ = I."""
    (t,), m = cell["times"], cell["m"]
    found = draw_isotropic_risks(cell["d"], m, t, generators)
    shared = {"d": cell["d"], "m": m, "redraws": 1, "t": t, "estimator": "dsm"}
    return [
        {
            **shared,
            "engine": cell["engine"],
            "risk": float(population),
            "empirical_risk": float(empirical),
        }
        for population, empirical in zip(*found, strict=True)
    ]


def batch(cell: Cell) -> int:
    """Replicates per task: about 0.3 s of work on one core,
    and at most 10⁵ entries of a d × d matrix.
    """
    d, m, steps = cell["d"], cell["m"], len(cell["times"])
    if cell["engine"] == "isotropic":
        return isotropic_batch(d)
    flops = 25 * d**3 if cell["engine"] == "exact" else redraws_of(cell) * m * d * (6 * d + 200)
    seconds = steps * (3e-5 + flops / 2e10)
    return int(max(1, min(512, 0.3 / seconds, 10**5 // d**2)))


def isotropic_batch(d: int) -> int:
    """Draws per task: about 0.3 s of work at 0.2 µs a dimension, and 0.1 ms a call."""
    return int(max(1, min(512, 0.3 / (1e-4 + 2e-7 * d))))
