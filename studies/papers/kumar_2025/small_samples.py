"""Simulated DSM risk where m is small:
the cells on which its exact finite-sample formulas are checked.

Small m is where a forgotten −1 shows. m − d − 1 ≥ 11 throughout, so that the risk has moments
enough for its standard error to mean something.
"""

from studies.papers.kumar_2025.linear_score import (
    COLUMNS,
    LinearScoreSettings,
    Spectrum,
    batch,
    cells,
    measure,
)
from studies.study import Study


def _settings(replicates: int) -> LinearScoreSettings:
    return LinearScoreSettings(
        dims=(4, 6, 8, 10, 12),
        samples=(24, 48),
        times=(0.1, 1.0),
        spectrum=Spectrum(kind="linear", low=0.3, high=3.0),
        estimators=("dsm",),
        replicates=replicates,
        seed=13,
        engine="simulate",
    )


STUDY = Study(
    name="small-samples",
    about="Simulated DSM risk at small m, where the exact finite-sample formulas differ from the "
    "leading order.",
    settings=LinearScoreSettings,
    cells=cells,
    measure=measure,
    columns=COLUMNS,
    batch=batch,
    presets={"quick": _settings(1500), "paper": _settings(3000), "deep": _settings(200_000)},
)
