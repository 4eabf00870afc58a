"""The settings of a study in words, and where its table is from."""

from typing import Any

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
        "identity": "λ_i = 1",
        "linear": f"λ = linspace({s.low:g}, {s.high:g}, d)",
        "power": f"λ_i = i^(−{s.exponent:g})",
        "explicit": "λ given one by one",
    }[s.kind]


def provenance(table: Table) -> dict[str, Any]:
    """What the report says of where a table is from."""
    manifest, settings = table.manifest, settings_of(table)
    return {
        "study": manifest["study"],
        "dims": list(settings.dims),
        "samples": list(settings.samples),
        "times": list(settings.times),
        "spectrum": describe_spectrum(settings),
        "engine": settings.engine,
        "replicates": settings.replicates,
        "seed": settings.seed,
        "code": manifest["code"],
        "missing": manifest["counts"]["cells_missing"],
    }


def provenance_beyond(table: Table, spectrum: str) -> dict[str, Any]:
    """Provenance of a study that is not one of the base two."""
    manifest = table.manifest
    return {
        "study": manifest["study"],
        "spectrum": spectrum,
        "replicates": manifest["config"]["replicates"],
        "seed": manifest["seed"],
        "code": manifest["code"],
        "missing": manifest["counts"]["cells_missing"],
    }
