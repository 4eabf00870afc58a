"""Risk of each estimator at each time step, for Gaussian data with a linear score: Figure 3a."""

from studies.papers.kumar_2025.linear_score import (
    COLUMNS,
    LinearScoreSettings,
    Spectrum,
    batch,
    cells,
    measure,
)
from studies.study import Study

_TIMES = tuple(round(0.1 * k, 1) for k in range(1, 21))
_SPECTRUM = Spectrum(kind="linear", low=0.3, high=3.0)


def _settings(
    dims: tuple[int, ...], samples: tuple[int, ...], replicates: int
) -> LinearScoreSettings:
    return LinearScoreSettings(
        dims=dims, samples=samples, times=_TIMES, spectrum=_SPECTRUM, replicates=replicates, seed=7
    )


STUDY = Study(
    name="error-vs-timestep",
    about="Population and empirical risk of DSM and BSM at each time step, Gaussian data, linear "
    "score.",
    settings=LinearScoreSettings,
    cells=cells,
    measure=measure,
    columns=COLUMNS,
    batch=batch,
    presets={
        "quick": _settings((8,), (2000,), 100),
        "paper": _settings((8,), (2000,), 500),
        "deep": _settings((8, 64), (200, 2000, 10**6, 10**9), 5000),
    },
)
