"""Figures on disk: the same figure is the same bytes, today and tomorrow."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure

from figures import style
from figures.data import BadTable

__all__ = ["BadTable", "save", "svg"]

# Per format, what is written about the file; None leaves out the date.
FORMATS: dict[str, dict[str, str | None]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
    "png": {},
}


def save(
    figure: Figure, folder: Path | str, name: str, write: Callable[[Path, bytes], object]
) -> list[Path]:
    """Write `name`.svg, `name`.pdf and `name`.png (300 dots per inch) into `folder`.

    All three are drawn before the first is written.

    Parameters
    ----------
    figure : as drawn
    folder : where to
    name : of the files, without suffix
    write : puts the bytes of one file in its place, in one step

    Returns
    -------
    The paths, in the order above.
    """
    pictures: dict[Path, bytes] = {}
    with style.look():
        for suffix, metadata in FORMATS.items():
            buffer = BytesIO()
            figure.savefig(buffer, format=suffix, metadata=metadata)
            pictures[Path(folder) / f"{name}.{suffix}"] = buffer.getvalue()
    for path, picture in pictures.items():
        write(path, picture)
    return list(pictures)


def svg(figure: Figure) -> str:
    """The figure as the text of an SVG file, the same as `save` writes."""
    buffer = BytesIO()
    with style.look():
        figure.savefig(buffer, format="svg", metadata=FORMATS["svg"])
    return buffer.getvalue().decode()
