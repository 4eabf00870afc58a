"""What a user brings along: files of numbers, and estimators by the name of their code."""

from pathlib import Path
from typing import Any

import numpy as np

from bounds.check import InvalidInput, real
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
    An array, or pandas' table of a .csv or .parquet.

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
    table = pd.read_csv(
        path,
        header=header,
        skipinitialspace=True,
        float_precision="round_trip",
        encoding="utf-8-sig",
    )
    return _all_numbers(table)


def _parquet(path: Path) -> Any:
    import pandas as pd

    return _all_numbers(pd.read_parquet(path))


def _all_numbers(table: Any) -> Any:
    """The table, if each column holds numbers."""
    for place, name in enumerate(table.columns):
        try:
            real("column", table[name].to_numpy())
        except InvalidInput:
            texts = [str(value) for value in table[name] if not _is_number(str(value))]
            example = f" ({texts[0]!r:.40})" if texts else ""
            raise InvalidInput(
                "table",
                f"holds other than numbers in column {place + 1}, {str(name)!r:.40}{example}: keep "
                "columns of numbers only",
            ) from None
    return table


def _is_number(text: str) -> bool:
    """Nothing at all counts: a gap in a row of numbers is no name of a column."""
    try:
        float(text or "nan")
    except ValueError:
        return False
    return True
