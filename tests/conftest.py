"""Test session set-up: one BLAS thread,
derandomised Hypothesis, and the saboteur when it is asked for.
"""

import os
from pathlib import Path

import pytest
from hypothesis import settings
from threadpoolctl import threadpool_limits

from tests import sabotage

threadpool_limits(1)
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")

if sabotage.VARIABLE in os.environ:
    sabotage.install(os.environ[sabotage.VARIABLE])


def pytest_configure(config: pytest.Config) -> None:
    """Tells a worker of pytest-xdist where it and the others keep what one of them has measured."""
    if hasattr(config, "workerinput"):
        # tests.measured.SHARED; it is not imported here, since it imports what may be to be broken.
        os.environ["DIMFREE_TESTS"] = str(Path(config.option.basetemp).parent / "measured")
