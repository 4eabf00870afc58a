"""The settings of a study in words, and where its table is from."""

from dataclasses import dataclass

from studies.papers.kumar_2025.bootstrap_weights import WeightsSettings
from studies.papers.kumar_2025.joint_time import JointSettings
from studies.papers.kumar_2025.linear_score import LinearScoreSettings, Spectrum
from studies.papers.kumar_2025.quantities import settings_of
from studies.papers.kumar_2025.redraws import RedrawsSettings
from studies.tables import Table


def describe_spectrum(
    settings: LinearScoreSettings | WeightsSettings | JointSettings | RedrawsSettings,
) -> str:
    """The spectrum in words, for captions."""
    return describe_spectrum_of(settings.spectrum)


def describe_spectrum_of(s: Spectrum) -> str:
    """A spectrum in words."""
    return {
        "identity": "λᵢ = 1",
        "linear": f"λ = linspace({s.low:g}, {s.high:g}, d)",
        "power": f"λᵢ = i^{{−{s.exponent:g}}}",
        "explicit": "λ given one by one",
        "file": f"Σ of {s.path}",
    }[s.kind]


@dataclass(frozen=True)
class Run:
    """Where a table is from.

    Attributes
    ----------
    study, spectrum : the study's name, and the spectra of its settings in words
    replicates, seed : of its settings
    code : the code version
    missing : how many cells are missing
    """

    study: str
    spectrum: str
    replicates: int
    seed: int
    code: str
    missing: int


@dataclass(frozen=True)
class BaseRun(Run):
    """Where the table of a base study is from.

    Attributes
    ----------
    dims, samples, times, engine : of its settings
    """

    dims: tuple[int, ...]
    samples: tuple[int, ...]
    times: tuple[float, ...]
    engine: str


def run_of(table: Table, spectrum: str) -> Run:
    """Where a table is from."""
    manifest = table.manifest
    return Run(
        study=manifest["study"],
        spectrum=spectrum,
        replicates=manifest["config"]["replicates"],
        seed=manifest["seed"],
        code=manifest["code"],
        missing=manifest["counts"]["cells_missing"],
    )


def base_run_of(table: Table) -> BaseRun:
    """Where the table of a base study is from."""
    settings = settings_of(table)
    return BaseRun(
        **vars(run_of(table, describe_spectrum(settings))),
        dims=settings.dims,
        samples=settings.samples,
        times=settings.times,
        engine=settings.engine,
    )
