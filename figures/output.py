"""Figures on disk: the same figure is the same bytes, today and tomorrow."""

import os
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure

from figures import style
from figures.data import BadTable

__all__ = ["BadFolder", "BadTable", "save", "svg"]

# Per format, what is written about the file; None leaves out the date.
FORMATS: dict[str, dict[str, str | None]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
    "png": {},
}


class BadFolder(ValueError):
    """A folder that a figure cannot be written to."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(folder, reason)
        self.folder = folder
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.folder}: the figure cannot be written there: {self.reason}"


def save(figure: Figure, folder: Path | str, name: str) -> list[Path]:
    """Write `name`.svg, `name`.pdf and `name`.png (300 dots per inch) into `folder`.

    All three are drawn before the first is written, and each replaces its forerunner in one step: a reader
    never sees half a file.

    Parameters
    ----------
    figure : as drawn
    folder : made if it is not there
    name : of the files, without suffix

    Returns
    -------
    The paths, in the order above.

    Raises
    ------
    BadFolder
        If the folder cannot be made or written to.
    """
    folder = Path(folder)
    pictures: dict[Path, bytes] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with style.look():
            for suffix, metadata in FORMATS.items():
                buffer = BytesIO()
                figure.savefig(buffer, format=suffix, metadata=metadata)
                pictures[folder / f"{name}.{suffix}"] = buffer.getvalue()
        for path, picture in pictures.items():
            part = path.with_name(f".{path.name}.{os.getpid()}.part")
            try:
                part.write_bytes(picture)
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
    except OSError as error:
        raise BadFolder(folder, (error.strerror or str(error)).lower()) from None
    return list(pictures)


def svg(figure: Figure) -> str:
    """The figure as the text of an SVG file, the same as `save` writes."""
    buffer = BytesIO()
    with style.look():
        figure.savefig(buffer, format="svg", metadata=FORMATS["svg"])
    return buffer.getvalue().decode()
