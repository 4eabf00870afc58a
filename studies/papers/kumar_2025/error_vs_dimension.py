"""Risk against dimension and sample count, over a uniform grid of times: Figures 1a and 1b."""

from studies.papers.kumar_2025.linear_score import (
    COLUMNS,
    LinearScoreSettings,
    Spectrum,
    batch,
    cells,
    measure,
)
from studies.study import Study

_TIMES = (0.2, 0.4, 0.6, 0.8, 1.0)


def _settings(largest: int, samples: tuple[int, ...], replicates: int) -> LinearScoreSettings:
    return LinearScoreSettings(
        dims=tuple(2**k for k in range(2, largest.bit_length())),
        samples=samples,
        times=_TIMES,
        spectrum=Spectrum(kind="identity"),
        estimators=("dsm",),
        replicates=replicates,
        seed=11,
    )


STUDY = Study(
    name="error-vs-dimension",
    about="Population and empirical risk of DSM against d and m, Gaussian data, linear score, "
    "times Δ j.",
    settings=LinearScoreSettings,
    cells=cells,
    measure=measure,
    columns=COLUMNS,
    batch=batch,
    presets={
        "quick": _settings(128, (2000,), 100),
        "paper": _settings(256, (2000, 8000), 200),
        "deep": _settings(4096, (10**4, 10**6), 100),
    },
)
