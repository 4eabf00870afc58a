"""What a user brings along: files of numbers, a covariance among them, and estimators by the name
of their code.

An estimator is a function from Gram matrices of consecutive steps (`bounds.gram.Gram`) to Â_k, as
those in bounds.estimators are. It is told neither the covariance nor its eigenbasis. It is named
"package.module:function", and found as Python finds it or in the folder that dimfree is called in.
In a cell its name goes on with "@" and digits that are its code's: where they differ it is another
estimator, measured anew.
"""

import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from bounds.catalog import ESTIMATORS, estimator
from bounds.check import Array, InvalidInput, matrices, real
from bounds.estimators import Estimator
from bounds.gaussian import Gaussian
from bounds.gram import Gram, some
from studies.code import code_of_own

READERS = (".csv", ".npy", ".parquet")
NEEDS_PYARROW = "needs pyarrow to be read: pip install 'dimfree[parquet]'"


def numbers(path: Path, key: str) -> Any:
    """What stands in a file of numbers.

    Parameters
    ----------
    path : .npy; .csv, comma-separated, with a header or without; or .parquet, which needs pyarrow
    key : under which a refusal names it

    Returns
    -------
    An array, as the file has it; of a .csv or .parquet in float64.

    Raises
    ------
    InvalidInput
        If there is no such file, or it is not what its ending says.
    """
    readers = {".csv": _csv, ".npy": _npy, ".parquet": _parquet}
    ending = path.suffix.lower()
    if ending not in readers:
        raise InvalidInput(key, f"{path} must end in {', '.join(READERS)}")
    if not path.is_file():
        raise InvalidInput(key, f"{path} {'is no file' if path.exists() else 'does not exist'}")
    try:
        return readers[ending](path)
    except ImportError:
        raise InvalidInput(key, f"{path} {NEEDS_PYARROW}") from None
    except OSError as error:
        raise InvalidInput(key, f"{path} cannot be read: {error.strerror}") from None
    except InvalidInput as error:
        raise InvalidInput(key, f"{path} {error.reason}") from None
    except Exception as error:  # whatever the libraries raise on a damaged file
        said = " ".join(str(error).split())
        raise InvalidInput(key, f"{path} is not {ending[1:]}: {said:.200}") from None


def _npy(path: Path) -> Any:
    found = np.load(path)
    if not isinstance(found, np.ndarray):
        raise InvalidInput(str(path), "is an archive of several arrays: save one with numpy.save")
    return found


def _csv(path: Path) -> Any:
    """A first line of numbers alone is a row, else a header."""
    import pandas as pd

    with path.open(encoding="utf-8-sig") as file:
        first = next((line for line in file if line.strip()), "")
    header = None if all(map(_is_number, first.strip().split(","))) else 0
    # As text, since only Python's own conversion is exact in every version of pandas.
    text = pd.read_csv(path, header=header, skipinitialspace=True, dtype=str, encoding="utf-8-sig")
    return _numeric(text, lambda column: column.astype(float).to_numpy())


def _parquet(path: Path) -> Any:
    import pandas as pd

    return _numeric(pd.read_parquet(path), lambda column: real("column", column.to_numpy()))


def _numeric(table: Any, convert: Callable[[Any], Array]) -> Array:
    """The table as an array, if each column converts to numbers; else the first that does not."""
    found = []
    for place, name in enumerate(table.columns):
        column = table.iloc[:, place]
        try:
            found.append(convert(column))
        except ValueError:
            texts = [str(value) for value in column if not _is_number(str(value))]
            example = f" ({texts[0]!r:.40})" if texts else ""
            raise InvalidInput(
                "table",
                f"holds other than numbers in column {place + 1}, {str(name)!r:.40}{example}: keep "
                "columns of numbers only",
            ) from None
    return np.column_stack(found) if found else np.empty((0, 0))


def _is_number(text: str) -> bool:
    """Nothing at all counts: a gap in a row of numbers is no name of a column."""
    try:
        float(text or "nan")
    except ValueError:
        return False
    return True


# --- a covariance of one's own --------------------------------------------------------------------


def digest(path: Path) -> str:
    """The SHA-256 of what stands in a file.

    Raises
    ------
    InvalidInput
        Under path, if it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InvalidInput("path", f"{path} cannot be read: {error.strerror}") from None


@lru_cache(maxsize=4)
def law_of(path: Path, sha256: str) -> Gaussian:
    """N(0, Σ) with Σ from a file: a square matrix, or a row or a column of eigenvalues.

    Parameters
    ----------
    path : .npy or .csv
    sha256 : what `digest` says of it

    Raises
    ------
    InvalidInput
        If its content is another one, or no covariance.
    """
    if digest(path) != sha256:
        raise InvalidInput("path", f"{path} holds other numbers than before: sha256 differs")
    held = numbers(path, "path")
    try:
        found = real("it", held)
        if found.ndim == 1 or 1 in found.shape:
            return Gaussian(found.ravel())
        return Gaussian.from_covariance(found)
    except InvalidInput as error:
        raise InvalidInput("path", f"{path}: {error}") from None


# --- an estimator of one's own --------------------------------------------------------------------

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(@[0-9a-f]{12})?")


def check_name(name: str) -> None:
    """Whether a name is one of bounds.catalog's estimators or may be one of a user's.

    Raises
    ------
    InvalidInput
        If it is neither.
    """
    if name not in ESTIMATORS and not _NAME.fullmatch(name):
        raise InvalidInput(
            "estimators",
            f"{name!r:.100} is not one of {', '.join(ESTIMATORS)}, nor package.module:function",
        )


def plain(name: str) -> str:
    """The name without the digits of its code."""
    return name.partition("@")[0]


def pinned(name: str) -> str:
    """The name with the digits of its code, if it is a user's.

    Raises
    ------
    InvalidInput
        If it cannot be imported, is no function, has no source, or has other digits by now.
    """
    check_name(name)
    if name in ESTIMATORS:
        return name
    text, _, digits = name.partition("@")
    module, _, function = text.partition(":")
    found, then = _imported(module)
    now = code_of_own(found)
    if now != then:
        raise InvalidInput(
            "estimators", f"{text}: its code has changed since it was imported: start anew"
        )
    if digits not in ("", now):
        raise InvalidInput("estimators", f"{text}: its code here is {now}, not {digits}")
    if not callable(getattr(found, function, None)):
        raise InvalidInput("estimators", f"{text}: {module} has no function {function}")
    return f"{text}@{now}"


def estimator_of(name: str) -> Estimator:
    """The estimator of that name, ours or a user's; what a user's yields is checked.

    Raises
    ------
    InvalidInput
        As `pinned` says; and, when it runs, if it does not yield one finite Â_k of the Gram
        matrices' own shape for each of them.
    """
    if name in ESTIMATORS:
        return estimator(name)
    text = plain(pinned(name))
    module, _, function = text.partition(":")
    own: Estimator = getattr(_imported(module)[0], function)

    def checked(grams: Iterable[Gram]) -> Iterator[Array]:
        kept = list(some(grams))
        try:
            found = [matrices(text, one) for one in own(iter(kept))]
        except InvalidInput:
            raise
        except Exception as error:  # it may do anything
            said = " ".join(f"{type(error).__name__}: {error}".split())
            raise InvalidInput(text, f"raised {said:.200}") from error
        wanted = kept[0].xx.shape
        if len(found) != len(kept) or any(one.shape != wanted for one in found):
            raise InvalidInput(
                text,
                f"must yield {len(kept)} arrays of shape {wanted}, one for each Gram matrix, but "
                f"yields {[one.shape for one in found]!s:.100}",
            )
        yield from found

    return checked


@cache
def _imported(module: str) -> tuple[Any, str]:
    """A module, and the digits of its code when it was imported."""
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    # Python takes compiled code for a source's own if both are of one second and one length: none
    # is left beside a module that may be changed and run again at once.
    kept, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        found = import_module(module)
        return found, code_of_own(found)
    except InvalidInput as error:
        raise InvalidInput("estimators", str(error)) from None
    except Exception as error:  # it may do anything
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise InvalidInput("estimators", f"{module} cannot be imported: {said:.200}") from None
    finally:
        sys.dont_write_bytecode = kept
