"""Breaks one public function of bounds at a time, and asks the tests: does anyone notice?

    python -m tests.sabotage [MODULE ...]

multiplies what the function returns by 1.05, or flips its sign, and runs the tests that mention its
module, stopping at the first failure. Survivors are listed; a survivor is a formula that no test
would miss. Takes about half an hour. The formulas of a work are broken only where its
module is named, papers.STEM or papers.STEM.MODULE, or all with papers: each costs a measurement of
its claims, minutes where the others take seconds. A claim keeps the whole function that it was made
of: whether the verdict would change is asked by `make mutants`.
"""

import dataclasses
import functools
import importlib
import inspect
import multiprocessing
import os
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bounds
from tests.whose import tests_of

VARIABLE = "DIMFREE_SABOTAGE"
FACTORS = (1.05, -1.0)
SLOW = (
    *("scipy.stats", "scipy.integrate", "scipy.optimize", "scipy.interpolate", "statsmodels.api"),
    *("pandas", "sympy", "mpmath", "matplotlib.figure", "seaborn", "pydantic", "tqdm"),
)
SAME = {
    "bounds.divergence:Normal.factor:-1.0": "F Fᵀ is all that is said of F",
    **{
        f"bounds.joint:{name}:-1.0": "a basis is known by its span"
        for name in ("polynomial", "exponential", "resolvent", "piecewise", "basis")
    },
    "bounds.joint:Scheme.functions:-1.0": "a basis is known by its span",
    **{
        f"bounds.joint:Scheme.system:{factor}": "the same span, and weights in proportion"
        for factor in FACTORS
    },
    "bounds.reverse:marginal:-1.0": "a mean of 0, and a covariance that may not be negative",
    "bounds.networks:initial:-1.0": "a law that is its own mirror image",
    **{
        f"bounds.{name}:{factor}": "holds no float"
        for name in ("edges:neighbours", "networks:shapes", "reverse:thin")
        for factor in FACTORS
    },
}
"""Breaks that break nothing, with the reason; they are not tried."""
TESTS = Path(__file__).parent
ROOT = TESTS.parent


def broken(value: Any, factor: float) -> Any:
    """The value with every float in it multiplied; what holds none comes back as it is."""
    if isinstance(value, bool | np.bool_ | str | bytes | int | type(None)):
        return value
    if isinstance(value, float | np.floating):
        return value * factor
    if isinstance(value, np.ndarray):
        return value * factor if value.dtype.kind == "f" else value
    if isinstance(value, list | tuple):
        parts = [broken(v, factor) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if isinstance(value, dict):
        return {k: broken(v, factor) for k, v in value.items()}
    if inspect.isfunction(value):
        return breaking(value, factor)
    if isinstance(value, Iterator):
        return (broken(v, factor) for v in value)
    if type(value).__name__ == "Interval":  # its ends are balls, in order
        return factor * value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.init}
        changed = {k: broken(v, factor) for k, v in fields.items()}
        changed = {k: v for k, v in changed.items() if v is not fields[k]}
        for some in (changed, *({k: v} for k, v in changed.items())):
            try:
                return dataclasses.replace(value, **some)
            except ValueError:  # its own checks refuse it: noticed, in the library itself
                continue
        return value
    return value


def breaking(function: Callable[..., Any], factor: float) -> Callable[..., Any]:
    """The function, with what it returns broken."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return broken(function(*args, **kwargs), factor)

    return wrapped


def install(order: str) -> None:
    """Breaks what an order "module:function:factor"
    or "module:Class.method:factor" names, before anyone imports it.
    """
    module_name, path, factor = order.split(":")
    owner: Any = importlib.import_module(module_name)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    found = inspect.getattr_static(owner, name)
    if isinstance(found, property):
        new: Any = property(breaking(found.fget, float(factor)))  # type: ignore[arg-type]
    elif isinstance(found, functools.cached_property):
        new = property(breaking(found.func, float(factor)))
    elif isinstance(found, classmethod):
        return
    else:
        new = breaking(found, float(factor))
    setattr(owner, name, new)
    module = importlib.import_module(module_name)
    for key, table in list(vars(module).items()):
        # Registries such as ENGINES and SAMPLERS hold the function itself.
        if isinstance(table, Mapping) and any(value is found for value in table.values()):
            setattr(
                module, key, {k: new if value is found else value for k, value in table.items()}
            )


APART = ("claim", "ledger", "check", "catalog", "identities", "gaussian_algebra")
"""Words, checks and symbolic derivations: what they return is no number."""


def reached(modules: list[str]) -> list[str]:
    """The modules of bounds to break, without "bounds.":
    those named, with all below them; by default all but the works'.
    """
    names = [
        info.name.partition(".")[2]
        for info in pkgutil.walk_packages(bounds.__path__, "bounds.")
        if not info.ispkg
    ]
    wanted = modules or [name for name in names if not name.startswith("papers.")]
    return [
        name
        for name in names
        if name not in APART and any(name == one or name.startswith(f"{one}.") for one in wanted)
    ]


def floats(member: Any) -> bool:
    """Whether what it returns may hold a float: to an int, a word or nothing no break is done."""
    function = getattr(member, "fget", getattr(member, "func", member))
    return function.__annotations__.get("return") not in (int, bool, str, None, "None")


def targets(modules: list[str]) -> Iterator[str]:
    """module:function of every public function and method of `reached`."""
    for short in reached(modules):
        home = f"bounds.{short}"
        module = importlib.import_module(home)
        for name, found in vars(module).items():
            if name.startswith("_") or getattr(found, "__module__", None) != home:
                continue
            if inspect.isfunction(found):
                if floats(found):
                    yield f"{home}:{name}"
            # A protocol's methods are never called: what has its form is.
            elif (
                inspect.isclass(found)
                and not issubclass(found, Exception)
                and not getattr(found, "_is_protocol", False)
            ):
                for method, member in vars(found).items():
                    plain = inspect.isfunction(member) or isinstance(
                        member, property | functools.cached_property
                    )
                    # An abstract method has no value to break.
                    abstract = getattr(member, "__isabstractmethod__", False)
                    if plain and not abstract and not method.startswith("_") and floats(member):
                        yield f"{home}:{name}.{method}"


def relevant(target: str) -> tuple[list[str], list[str]]:
    """The test files to try: the module's own, then those that mention
    the module and those of the works.
    """
    short = target.partition(":")[0].partition(".")[2]
    own = [path for path in map(ROOT.joinpath, tests_of(short)) if path.is_file()]
    others = [
        path
        for path in sorted(TESTS.rglob("test_*.py"))
        if path not in own
        and "browser" not in path.parts
        and f"bounds.{short}" in path.read_text("utf-8")
    ]
    claims = [
        path for path in sorted((TESTS / "papers").rglob("test_*.py")) if path not in own + others
    ]
    return [str(path) for path in own], [str(path) for path in others + claims]


def survives(order: str) -> bool:
    """Whether all the relevant tests pass though the function is broken, in this process; its own
    are asked first, since collecting the others takes longer than running its own.
    """
    os.environ[VARIABLE] = order
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115  # until the process ends
    return all(
        asked(files) == pytest.ExitCode.OK for files in relevant(order.rpartition(":")[0]) if files
    )


def asked(files: list[str]) -> int:
    """pytest's answer on these files, up to the first failure."""
    return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *files]))


def ordered(modules: list[str]) -> list[str]:
    """Every break of every target."""
    orders = [f"{target}:{factor}" for target in targets(modules) for factor in FACTORS]
    return [order for order in orders if order not in SAME]


def main(modules: list[str]) -> int:
    """Tries all orders, two at a time; 1 if something survives.

    Each in a process of its own, a fork of this one, which has imported what is slow to import and
    nothing of ours, so that a break meets all that is imported after it.
    """
    for name in SLOW:
        importlib.import_module(name)
    survivors = []
    with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=1) as pool:
        orders = pool.apply(ordered, (modules,))
        for order, lives in zip(orders, pool.imap(survives, orders, chunksize=1), strict=True):
            print(f"{'SURVIVES' if lives else 'caught  '} {order}", flush=True)
            if lives:
                survivors.append(order)
    print(f"{len(orders)} breaks, {len(survivors)} unnoticed", *survivors, sep="\n  ")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
