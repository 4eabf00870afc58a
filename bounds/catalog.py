"""The estimators by name: what a config may ask for. A new one is its function and a line here."""

from bounds.bootstrap import optimal
from bounds.check import InvalidInput
from bounds.estimators import Estimator, bsm, dsm
from bounds.joint import joint
from bounds.path import path

ESTIMATORS: dict[str, Estimator] = {
    "dsm": dsm,
    "bsm": bsm,
    "bsm-optimal": optimal(),
    "bsm-optimal-scalar": optimal(scalar=True),
    "joint": joint,
    "path": path,
}


def estimator(name: str) -> Estimator:
    """The estimator of that name.

    Raises
    ------
    InvalidInput
        If there is none.
    """
    if name not in ESTIMATORS:
        raise InvalidInput("estimators", f"{name!r} is not one of {', '.join(ESTIMATORS)}")
    return ESTIMATORS[name]
