"""What is measured for Kumar, Nagaraj, Sarkar 2025."""

from studies.papers.kumar_2025 import (
    bootstrap_map,
    bootstrap_weights,
    error_vs_dimension,
    error_vs_timestep,
    evidence_bootstrap,
    evidence_bootstrap_exact,
    evidence_classes,
    evidence_concentration,
    evidence_forgetting,
    evidence_identities,
    evidence_mixture,
    evidence_reverse,
    evidence_rigor,
    joint_time,
    mixture_bootstrap,
    redraws,
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
    redraws.STUDY,
    evidence_bootstrap.STUDY,
    evidence_bootstrap_exact.STUDY,
    evidence_classes.STUDY,
    evidence_concentration.STUDY,
    evidence_forgetting.STUDY,
    evidence_identities.STUDY,
    evidence_mixture.STUDY,
    evidence_reverse.STUDY,
    evidence_rigor.STUDY,
    redraws.EVIDENCE,
)
