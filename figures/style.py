"""One look for all figures: rc dictionaries,
applied locally, and a few pieces that the figures share.

Widths are those of print: a column of 3.4 in, two columns of 6.9 in. No letter is below 7 pt at
that size. Colours are seaborn's colour-blind palette without its pale ones; markers and dashes
differ as well, so grey is enough.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from string import ascii_lowercase
from typing import Any

import matplotlib.style
import pandas as pd
import seaborn
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

SINGLE_COLUMN = 3.4  # inches
DOUBLE_COLUMN = 6.9  # inches
SMALLEST_FONT = 7.0  # points
LETTER_FONT = 9.0  # points, of the panels' letters
FONTS = "'DejaVu Sans', Verdana, sans-serif"
"""What an SVG asks for: the font of its layout, one of nearly the same widths, and any."""

INK = "0.1"
FAINT = "0.4"
COLOURS: tuple[tuple[float, float, float], ...] = tuple(
    seaborn.color_palette("colorblind")[k] for k in (0, 1, 2, 4, 3, 5, 9)
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
# On-off lengths in line widths, all different from the plain dashes, which mean theory.
DASHES = (
    (5, 1.5),
    (1, 1.2),
    (5, 1.5, 1, 1.5),
    (8, 2),
    (3, 1, 1, 1, 1, 1),
    (2, 2),
    (8, 1.5, 2, 1.5),
)

RC: dict[str, object] = {
    **seaborn.axes_style("ticks"),
    # It comes with matplotlib, so the bytes do not depend on the machine's fonts.
    "font.family": ["DejaVu Sans"],
    "font.size": 8.0,
    "axes.titlesize": 8.0,
    "axes.labelsize": 8.0,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "legend.fontsize": 7.0,
    "legend.title_fontsize": 7.0,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 3.0,
    "ytick.major.size": 3.0,
    "ytick.minor.width": 0.4,
    "ytick.minor.size": 1.8,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.8,
    "legend.frameon": False,
    "legend.handlelength": 2.2,
    "legend.borderaxespad": 0.2,
    "legend.labelspacing": 0.35,
    "savefig.dpi": 300.0,
    "svg.hashsalt": "dimfree",  # element names in SVG are random without it
    "svg.fonttype": "none",  # text stays text: to be searched, copied, read aloud
    "pdf.fonttype": 42,
}


@contextmanager
def look() -> Iterator[None]:
    """The context in which figures are made and saved;
    it sets aside what the user's matplotlibrc says.

    And SOURCE_DATE_EPOCH, which matplotlib's PDFs would read: no date is written here, and one that
    is no number would be a traceback.
    """
    epoch = os.environ.pop("SOURCE_DATE_EPOCH", None)
    try:
        with matplotlib.style.context(["default", RC]):
            yield
    finally:
        if epoch is not None:
            os.environ["SOURCE_DATE_EPOCH"] = epoch


def signed(value: float, digits: int = 3) -> str:
    """`value` with a fixed number of digits, a true minus, and no minus before zero."""
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def widths(frame: pd.DataFrame, middle: str) -> str:
    """The range of the half widths of the intervals low … high, in per cent of `middle`.

    It goes into the caption of each figure, because many intervals are narrower than a marker.
    """
    half = 50 * (frame["high"] - frame["low"]) / frame[middle]
    shown = [
        f"{value:.2g}" if value < 99.5 else f"{value:.0f}" for value in (half.min(), half.max())
    ]
    return f"±{shown[0]} %" if shown[0] == shown[1] else f"±{shown[0]} % to ±{shown[1]} %"


def note(figure: Figure, text: str) -> None:
    """Gives the figure its caption, which says what is drawn. It is kept and not drawn: the page,
    the report and the text file beside the picture show it.
    """
    figure.set_label(" ".join(text.split()))


def caption(figure: Figure) -> str:
    """The caption that `note` gave it; "" without one."""
    return str(figure.get_label())


def letters(*panels: Axes) -> None:
    """a, b, c … at the upper left corner of each panel, outside its axes: captions name panels so.

    Parameters
    ----------
    panels : in the order of reading
    """
    for letter, axes in zip(ascii_lowercase, panels, strict=False):
        axes.annotate(
            letter,
            (0, 1),
            xycoords="axes fraction",
            xytext=(-6, 7),
            textcoords="offset points",
            ha="right",
            va="baseline",
            fontsize=LETTER_FONT,
            fontweight="bold",
            gid=f"panel-{letter}",
        )


def stamp(figure: Figure, text: str) -> None:
    """`text` in the upper right corner of the picture, above all else, which makes room for it."""
    share = 2 * SMALLEST_FONT / 72 / figure.get_figheight()
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(rect=(0, 0, 1, 1 - share))
    for legend in figure.legends:  # those stand at the figure's edge, wherever its axes are
        legend.borderaxespad += 2  # letters of the smallest font
    place: dict[str, Any] = {
        "ha": "right",
        "va": "center",
        "fontsize": SMALLEST_FONT,
        "color": FAINT,
    }
    figure.text(0.995, 1 - share / 2, text, **place, gid="stamp")
    if engine is not None:
        with look():  # the layout comes to rest at its second pass, of which saving makes the other
            engine.execute(figure)


def beside_theory(
    axes: Axes,
    x: str,
    marks: pd.DataFrame,
    line: pd.DataFrame,
    k: int,
    name: str,
    label: str | None,
) -> None:
    """What was measured of the k-th curve, with intervals, over the line that theory gives it.

    Parameters
    ----------
    axes : where
    x : the column of both tables that goes to the right
    marks, line : tables with mean, low and high, and with value
    k : which colour and marker
    name : of the curve, in the picture's ids
    label : in the legend, or None
    """
    axes.plot(line[x], line["value"], color=COLOURS[k], gid=f"theory-{name}")
    axes.vlines(marks[x], marks["low"], marks["high"], color=COLOURS[k], lw=2.2)
    look: dict[str, Any] = {"color": COLOURS[k], "mec": "white", "mew": 0.4}
    axes.plot(marks[x], marks["mean"], MARKERS[k], **look, gid=f"points-{name}", label=label)


def over_the_bound(axes: Axes) -> None:
    """A log axis upwards for a ratio, in plain numbers at 1, 2 and 5, and the bound at 1."""
    axes.axhline(1.0, color=INK, ls=":", lw=1.2)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())


def dimension_axis(axes: Axes, dims: Sequence[float]) -> None:
    """A log axis for d, labelled at the dimensions that were measured, at most nine of them."""
    axes.set_xscale("log")
    every = -(-len(dims) // 9)
    axes.xaxis.set_major_locator(FixedLocator(list(dims[::every])))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("dimension d")
