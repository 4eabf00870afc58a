"""What a user brings along: files of numbers, and estimators by the name of their code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bounds.check import Array, InvalidInput, real
from studies.output import reason

READERS = (".csv", ".npy", ".parquet")


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
        raise InvalidInput(key, f"{path}: Parquet needs pyarrow (pip install pyarrow)") from None
    except OSError as error:
        raise InvalidInput(key, f"{path} cannot be read: {reason(error)}") from None
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
