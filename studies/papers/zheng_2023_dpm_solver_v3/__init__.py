"""What is measured for Zheng et al. 2023: a solver on Gaussians, and samplers side by side."""

from studies.papers.zheng_2023_dpm_solver_v3 import model, samplers
from studies.study import Study

STUDIES: tuple[Study, ...] = (model.STUDY, samplers.STUDY)
