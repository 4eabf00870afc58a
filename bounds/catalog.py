"""The estimators by name: what a config may ask for. A new one is its function and a line here."""

from numpy.typing import ArrayLike

from bounds.bootstrap import optimal
from bounds.check import InvalidInput
from bounds.estimators import Estimator, bsm, dsm, plug_in
from bounds.gaussian import Gaussian
from bounds.joint import DEFAULT, joint
from bounds.path import check_information, path
from bounds.stam import stam

ESTIMATORS: dict[str, Estimator] = {
    "dsm": dsm,
    "bsm": bsm,
    "bsm-optimal": optimal(),
    "bsm-optimal-scalar": optimal(scalar=True),
    "bsm-stam": stam(),
    "joint": joint,
    "path": path,
    "plug-in": plug_in,
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


def check_estimator(name: str, law: Gaussian, samples: int, times: ArrayLike) -> None:
    """Whether the estimator can be computed there, before anything is.

    Raises
    ------
    InvalidInput
        If float64 cannot tell apart what it needs to: see `bounds.joint.Scheme.system`,
        `bounds.path.check_information`.
    """
    if name == "joint":
        DEFAULT.system(times)
    if name == "path":
        check_information(law, samples, times)
