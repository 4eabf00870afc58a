"""What is measured for Domingo-Enrich, Du and Albergo 2026."""

from studies.papers.domingo_enrich_2026 import adjoint, costs, targets, tilts
from studies.study import Study

STUDIES: tuple[Study, ...] = (targets.STUDY, costs.STUDY, adjoint.STUDY, tilts.STUDY)
