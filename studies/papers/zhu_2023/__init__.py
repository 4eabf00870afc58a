"""What is measured for Zhu et al. 2023."""

from studies.papers.zhu_2023 import beside, causes
from studies.study import Study

STUDIES: tuple[Study, ...] = (causes.STUDY, beside.STUDY)
