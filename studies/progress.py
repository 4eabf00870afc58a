"""Progress on standard error:
a bar with the time left on a terminal, else a line at each quarter.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from tqdm import tqdm

from studies.output import Listener
from studies.study import Cell

T = TypeVar("T")
SECONDS_BETWEEN_LINES = 5.0  # of progress through many cells


class Report:
    """What one run says of itself.

    Parameters
    ----------
    study : its name, or of what else is on its way, which opens each line
    wanted : whether to say anything
    unit : what is counted
    """

    def __init__(self, study: str, wanted: bool, unit: str = "replicate") -> None:
        self.study, self.wanted, self.unit = study, wanted, unit
        self._bar: tqdm[Any] | None = None
        self._done = self._total = 0

    def line(self, text: str) -> None:
        """One line, above the bar."""
        if self.wanted:
            tqdm.write(f"{self.study}: {text}", file=Listener())

    def through(self, cells: Sequence[Cell], done: str) -> Iterator[Cell]:
        """The cells one by one; says how many have been `done`,
        every few seconds where it takes so long.
        """
        last = time.monotonic()
        for count, cell in enumerate(cells):
            if (now := time.monotonic()) > last + SECONDS_BETWEEN_LINES:
                last = now
                self.line(f"{count} of {len(cells)} cells {done}")
            yield cell

    @contextmanager
    def bar(self, total: int) -> Iterator[None]:
        """Shows the way to a total."""
        self._total = total
        if not (self.wanted and Listener().isatty()):
            # without a tqdm, which takes semaphores that a process that is killed leaves behind
            yield
            return
        self._bar = tqdm(total=total, desc=self.study, unit=self.unit, file=Listener())
        with self._bar:
            yield

    def step(self, count: int) -> None:
        """So many more are done."""
        before, self._done = self._done, self._done + count
        if self._bar is not None:
            self._bar.update(count)
        elif 4 * before // self._total < 4 * self._done // self._total:
            self.line(f"{self._done} of {self._total} done")

    def count(self, items: Iterable[T], total: int) -> Iterator[T]:
        """The items one by one, and how many have come."""
        with self.bar(total):
            for one in items:
                self.step(1)
                yield one
