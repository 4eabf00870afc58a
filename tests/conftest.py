"""Test session set-up: one BLAS thread,
derandomised Hypothesis, and the saboteur when it is asked for.
"""

import os

from hypothesis import settings
from threadpoolctl import threadpool_limits

from tests import sabotage

threadpool_limits(1)
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")

if sabotage.VARIABLE in os.environ:
    sabotage.install(os.environ[sabotage.VARIABLE])
