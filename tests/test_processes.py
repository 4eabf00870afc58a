"""Calls in processes beside this one: in order, out of the way, and none lost with a process that
dies.
"""

import multiprocessing
import os
import threading
from contextlib import closing

import pytest

from bounds.check import InvalidInput
from studies.processes import LOWEST, Beside

MANY = range(6)


def place(number):
    """Which of the calls it is, where it ran, and with what priority."""
    return number, os.getpid(), os.getpriority(os.PRIO_PROCESS, 0)


def killed_elsewhere(number, home):
    """The third call ends any process but the one that asked."""
    if number == 2 and os.getpid() != home:
        os._exit(1)
    return number


def refused(number):
    """The fourth call is refused."""
    if number == 3:
        raise InvalidInput("--out", "is full")
    return number


def all_of(call, workers, *more):
    """What the calls return."""
    with closing(Beside(call, workers)) as calls:
        for number in MANY:
            calls.begin(number, *more)
        return list(calls.results())


def test_order_place_and_priority():
    """Two workers are other processes than this one, and give way to it; one worker is this one."""
    found = all_of(place, 2)
    assert [number for number, _, _ in found] == list(MANY)
    assert os.getpid() not in {process for _, process, _ in found}
    assert {priority for _, _, priority in found} == {LOWEST}
    assert all_of(place, 1) == [place(number) for number in MANY]


def test_calls_begin_before_they_are_asked_for(tmp_path):
    """In a thread as well, with this process at something else; a file shows it."""
    with closing(Beside(os.mkdir, 2)) as calls:
        begun = threading.Thread(target=calls.begin, args=(tmp_path / "made",))
        begun.start()
        begun.join()
        for _ in range(600):
            if (tmp_path / "made").exists():
                break
            threading.Event().wait(0.1)
        assert (tmp_path / "made").exists()
        assert list(calls.results()) == [None]


def test_a_process_that_dies_costs_nothing():
    """What it had, and what had not been begun, is done here, once each; and what is begun after
    that.
    """
    assert all_of(killed_elsewhere, 2, os.getpid()) == list(MANY)
    with closing(Beside(killed_elsewhere, 2)) as calls:
        calls.begin(2, os.getpid())
        assert list(calls.results()) == [2]
        calls.begin(2, os.getpid())
        assert list(calls.results()) == [2, 2]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_refusal_is_the_same_from_there(workers):
    with pytest.raises(InvalidInput, match=r"^--out: is full$"):
        all_of(refused, workers)


def test_nothing_is_left_of_one_who_stops_early():
    """Whoever asks for no more, a user's Ctrl-C say, leaves no process behind."""
    with pytest.raises(KeyboardInterrupt), closing(Beside(place, 2)) as calls:
        for number in MANY:
            calls.begin(number)
        assert next(calls.results())[0] == 0
        raise KeyboardInterrupt
    assert multiprocessing.active_children() == []
