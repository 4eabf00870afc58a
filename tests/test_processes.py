"""Calls spread over processes of their own: in order, and none lost with a process that dies."""

import multiprocessing
import os

import pytest

from bounds.check import InvalidInput
from studies.processes import WORTH_IT, spread

MANY = [(number,) for number in range(WORTH_IT)]


def place(number):
    """Which of the calls it is, and where it ran."""
    return number, os.getpid()


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


def test_order_and_place():
    """Two workers are other processes than this one; one worker, or too few calls, is this one."""
    found = list(spread(place, MANY, 2))
    assert [number for number, _ in found] == list(range(WORTH_IT))
    assert os.getpid() not in {process for _, process in found}
    for calls, workers in ((MANY, 1), (MANY[:-1], 2)):
        assert list(spread(place, calls, workers)) == [(number, os.getpid()) for (number,) in calls]


def test_a_process_that_dies_costs_nothing():
    """What it had, and what had not been begun, is done here, once each."""
    each = [(number, os.getpid()) for (number,) in MANY]
    assert list(spread(killed_elsewhere, each, 2)) == list(range(WORTH_IT))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_refusal_is_the_same_from_there(workers):
    with pytest.raises(InvalidInput, match=r"^--out: is full$"):
        list(spread(refused, MANY, workers))


def test_nothing_is_left_of_one_who_stops_early():
    """Whoever asks for no more, a user's Ctrl-C say, leaves no process behind."""
    calls = spread(place, MANY, 2)
    assert next(calls)[0] == 0
    calls.close()
    assert multiprocessing.active_children() == []
