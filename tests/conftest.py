"""Test session set-up: one BLAS thread, derandomised Hypothesis,
fewer searches for garbage, a worker more than processors, and the saboteur when it is asked for.
"""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import mpmath as mp
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


def pytest_collection_finish() -> None:
    """What is imported by now stays: to look for garbage in it, again and again, took a tenth of
    the time of tests that draw.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: some tests wait, for a scheduler that fell silent say."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(autouse=True)
def _digits() -> Iterator[None]:
    """mpmath's precision is that of the process: what a test sets ends with it."""
    digits = mp.mp.dps
    yield
    mp.mp.dps = digits
