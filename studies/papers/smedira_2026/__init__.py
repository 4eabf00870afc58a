"""What is measured for Smedira et al. 2026."""

from studies.papers.smedira_2026 import errors, losses
from studies.study import Study

STUDIES: tuple[Study, ...] = (losses.STUDY, errors.STUDY)
