"""The studies there are: a literal tuple. A new study is its file and a line here."""

from bounds.check import InvalidInput
from studies import (
    bootstrap_map,
    bootstrap_weights,
    error_vs_dimension,
    error_vs_timestep,
    evidence_bootstrap,
    evidence_classes,
    evidence_concentration,
    evidence_identities,
    evidence_mixture,
    evidence_reverse,
    evidence_rigor,
    joint_time,
    mixture_bootstrap,
    small_samples,
)
from studies.study import Study

STUDIES: tuple[Study, ...] = (
    error_vs_timestep.STUDY,
    error_vs_dimension.STUDY,
    small_samples.STUDY,
    mixture_bootstrap.STUDY,
    bootstrap_weights.STUDY,
    bootstrap_map.STUDY,
    joint_time.STUDY,
    evidence_bootstrap.STUDY,
    evidence_bootstrap.EXACT,
    evidence_classes.STUDY,
    evidence_concentration.STUDY,
    evidence_identities.STUDY,
    evidence_mixture.STUDY,
    evidence_reverse.STUDY,
    evidence_rigor.STUDY,
)
PRESETS = ("quick", "paper", "deep")


def study(name: str) -> Study:
    """The study of that name.

    Raises
    ------
    InvalidInput
        If there is none.
    """
    for one in STUDIES:
        if one.name == name:
            return one
    raise InvalidInput("STUDY", f"{name!r} is not one of {', '.join(s.name for s in STUDIES)}")
