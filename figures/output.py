"""Figures on disk: the same figure is the same bytes, today and tomorrow."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from warnings import catch_warnings, filterwarnings

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
DPI = 300.0
"""Dots per inch of a PNG."""


class TooNarrow(ValueError):
    """Letters keep their size, so that a picture cannot be made as narrow as one likes."""


def save(
    figure: Figure,
    folder: Path | str,
    name: str,
    write: Callable[[Path, bytes], object],
    words: str = "",
    *,
    dpi: float = DPI,
    width: float | None = None,
) -> list[Path]:
    """Write `name`.svg, `name`.pdf and `name`.png into `folder`, and `name`.txt with the words.

    All are made before the first is written. The pictures hold no caption; the words do.

    Parameters
    ----------
    figure : as drawn
    folder : where to
    name : of the files, without suffix
    write : puts the bytes of one file in its place, in one step
    words : caption and what else is told; "" for no text file
    dpi : dots per inch of the PNG
    width : of the picture, in inches; its height changes in proportion, its letters keep their size

    Returns
    -------
    The paths, in the order above.

    Raises
    ------
    TooNarrow
        If nothing would be left of the axes at that width.
    """
    height = figure.get_figheight()
    own = figure.get_figwidth()
    files: dict[Path, bytes] = {}
    if width is not None:
        figure.set_size_inches(width, height * width / own)
    try:
        with catch_warnings():
            filterwarnings("error", "constrained_layout not applied")
            with _at_rest(figure):
                for suffix in FORMATS:
                    files[Path(folder) / f"{name}.{suffix}"] = _picture(figure, suffix, dpi)
    except UserWarning:
        raise TooNarrow(
            f"{figure.get_figwidth():g} inches are too few for {name}, whose own width is {own:g}"
        ) from None
    finally:
        figure.set_size_inches(own, height)
    if words:
        files[Path(folder) / f"{name}.txt"] = words.encode()
    for path, content in files.items():
        write(path, content)
    return list(files)


@contextmanager
def _at_rest(figure: Figure) -> Iterator[None]:
    """Lays the figure out once, and not anew in every format; that takes as long as to draw it."""
    engine = figure.get_layout_engine()
    with style.look():
        if engine is not None:
            engine.execute(figure)
        figure.set_layout_engine(None)
    try:
        yield
    finally:
        figure.set_layout_engine(engine)


def picture(figure: Figure, suffix: str, dpi: float = DPI) -> bytes:
    """The figure as the bytes of a file, the same as `save` writes:
    suffix "png", "svg" or "pdf".
    """
    with _at_rest(figure):
        return _picture(figure, suffix, dpi)


def _picture(figure: Figure, suffix: str, dpi: float) -> bytes:
    buffer = BytesIO()
    with style.look():
        figure.savefig(buffer, format=suffix, metadata=FORMATS[suffix], dpi=dpi)
    if suffix != "svg":
        return buffer.getvalue()
    return buffer.getvalue().replace(b"'DejaVu Sans'", style.FONTS.encode())


def svg(figure: Figure) -> str:
    """The figure as the text of an SVG file."""
    return picture(figure, "svg").decode()
