"""Figures: they show the table and nothing else,
refuse what cannot be trusted, and are the same bytes twice.

Nothing here is random but the sample tables, whose seeds are fixed: no test can raise a false
alarm.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from operator import methodcaller
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

from bounds.check import InvalidInput
from bounds.ledger import CLAIMS
from figures import catalog, output, style, told
from figures.data import BadTable, FigureData
from figures.output import save as save_with
from figures.papers.kumar_2025 import (
    beyond_averaging,
    beyond_basis,
    beyond_efficiency,
    beyond_forgetting,
    beyond_gradient,
    beyond_map,
    beyond_networks,
    beyond_redraws,
    figure_1a,
    figure_1b,
    figure_2,
    figure_3a,
    figure_3b,
)
from studies.output import write

Array = np.ndarray[Any, np.dtype[np.float64]]

save = partial(save_with, write=write)

DIMS = (4, 8, 16, 32, 64, 128, 256)


every_figure = pytest.mark.parametrize("entry", catalog.FIGURES, ids=lambda entry: entry.name)


def with_table(
    data: FigureData, name: str, change: Callable[[pd.DataFrame], pd.DataFrame]
) -> FigureData:
    """`data` with one table changed."""
    return replace(
        data, tables={**data.tables, name: change(data.tables[name].reset_index(drop=True))}
    )


def with_value(data: FigureData, name: str, column: str, value: Any, row: int = 0) -> FigureData:
    """`data` with one number of one table changed."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame = frame.astype({column: object})
        frame.loc[row, column] = value
        return frame

    return with_table(data, name, change)


def by_gid(axes: Axes, gid: str) -> Artist:
    """The one artist of `axes` with this name."""
    (found,) = axes.findobj(lambda artist: artist.get_gid() == gid)
    return found


def line_data(axes: Axes, gid: str) -> Array:
    """x and y of a line, shape (k, 2)."""
    line = by_gid(axes, gid)
    assert isinstance(line, Line2D)
    return np.asarray(line.get_xydata())


def bar_data(axes: Axes, gid: str) -> Array:
    """x, lower and upper end of vertical bars, shape (k, 3)."""
    bars = by_gid(axes, gid)
    assert isinstance(bars, LineCollection)
    return np.asarray([[s[0][0], s[0][1], s[1][1]] for s in map(np.asarray, bars.get_segments())])


def words(figure: Figure) -> str:
    """All visible text, and the caption, on one line."""
    texts = [t for t in figure.findobj(Text) if isinstance(t, Text) and t.get_visible()]
    return " ".join(" ".join([*(t.get_text() for t in texts), style.caption(figure)]).split())


def moved(entry: told.Figure) -> FigureData:
    """Its sample with one number of one table moved by a tenth, or one verdict turned."""
    data = entry.sample()
    # what the generic join hands to a figure
    name, column = {
        "figure-1a": ("theory", "value"),
        "figure-1b": ("rivals", "value"),
        "figure-2": ("nodes", "verdict"),
        "figure-3a": ("theory", "value"),
        "figure-3b": ("densities", "value"),
        "beyond-efficiency": ("theory", "value"),
        "beyond-map": ("cells", "ratio"),
        "beyond-basis": ("points", "predicted"),
        "beyond-dimension": ("points", "mean"),
        "beyond-forgetting": ("theory", "value"),
        "beyond-redraws": ("worth", "redraws"),
        "beyond-networks": ("points", "mean"),
        "beyond-averaging": ("theory", "value"),
        "zhu-beside": ("zhu-beside", "high"),
    }.get(entry.name, (next(iter(data.tables)), "predicted"))
    row = min(3, len(data.tables[name]) - 1)
    old = data.tables[name][column].iloc[row]
    new = "REFUTED" if entry.name == "figure-2" else 1.1 * float(old)
    return with_value(data, name, column, new, row=row)


@every_figure
def test_saved_figures(entry: told.Figure, tmp_path: Path) -> None:
    """Two drawings have the same bytes: catches dates, random element names and a leak of the
    user's own style. Decoy: a table that differs in one place makes others.

    At least 200 dots per inch, from the PNG's own header; pyplot and the rc parameters as they
    were.
    """
    before = dict(matplotlib.rcParams)
    figure = entry.draw(entry.sample())
    paths = save(figure, tmp_path, entry.name)
    assert [path.suffix for path in paths] == [".svg", ".pdf", ".png"]
    assert sorted(paths) == sorted(tmp_path.iterdir())
    header = paths[2].read_bytes()[:24]
    assert int.from_bytes(header[16:20], "big") / figure.get_figwidth() >= 200
    assert figure.get_figwidth() in (style.SINGLE_COLUMN, style.DOUBLE_COLUMN)
    assert pyplot.get_fignums() == []
    assert dict(matplotlib.rcParams) == before
    with matplotlib.rc_context({"font.size": 20, "svg.hashsalt": None, "lines.linewidth": 9}):
        again = output.svg(entry.draw(entry.sample()))
    assert paths[0].read_text(encoding="utf-8") == again
    assert output.svg(entry.draw(moved(entry))) != again
    assert "<dc:date>" not in again
    assert b"CreationDate" not in paths[1].read_bytes()


@pytest.mark.parametrize("name", ["figure-1a", "figure-2", "beyond-map"])
def test_every_format_has_the_same_bytes_again(name: str, tmp_path: Path) -> None:
    """A format's writer is the same for all figures: three are enough, and the SVGs of the others
    stand above. Decoy: as there, in all three files.
    """
    (entry,) = (one for one in catalog.FIGURES if one.name == name)
    first = save(entry.draw(entry.sample()), tmp_path / "first", name)
    with matplotlib.rc_context({"font.size": 20, "svg.hashsalt": None, "lines.linewidth": 9}):
        second = save(entry.draw(entry.sample()), tmp_path / "second", name)
    third = save(entry.draw(moved(entry)), tmp_path / "third", name)
    for one, two, three in zip(first, second, third, strict=True):
        assert one.read_bytes() == two.read_bytes()
        assert one.read_bytes() != three.read_bytes()


@pytest.mark.parametrize(
    ("name", "phrases"),
    [
        (
            "figure-1a",
            [
                "empirical risk / log|H| (dimensionless)",
                "empirical risk / (log|H| log log d) (dimensionless)",
                "dimension d",
                "n = 100 replicates",
                "m = 16000",
                "(−0.353), tilted",
                "(0.000), flat",
                "within ±0.02",
                "−1/(log d · log log d)",
                "Δ = 0.1, N = 10 time steps; engine exact",
            ],
        ),
        (
            "figure-1b",
            [
                "scaled error / its value at d = 4 (dimensionless)",
                "dimension d",
                "m = 2000, n = 100 replicates",
                "linear in d",
                "constant C unknown",
                "recalled; total variation",
                "Settings are ours; the paper's are unknown",
                "off the plot from d = 16",
                "constants are not known",
            ],
        ),
        (
            "beyond-efficiency",
            [
                "risk / information bound",
                "diffusion time t (dimensionless)",
                "Δ = 0.1",
                "Δ = 0.02",
                "n = 40 replicates",
                "path fit",
            ],
        ),
        (
            "beyond-map",
            [
                "joint risk / DSM's",
                "m/d",
                "power, t₁ = 0.02, Δ = 0.2",
                "1.3",
                "The largest is 1.30",
                "n = 30 data sets",
                "path fit",
            ],
        ),
        (
            "beyond-basis",
            [
                "number of time functions B",
                "joint risk (dimensionless)",
                "m = 20000",
                "exponential",
                "target T₁",
                "n = 20 replicates",
            ],
        ),
        (
            "beyond-forgetting",
            [
                "risk of BSM / risk of DSM",
                "ρ² of the features between t = 0.1 and t",
                "ρ² of the feature between t = 0.5 and 0.7",
                "λ = 100",
                "Laplace",
                "n = 40 replicates",
            ],
        ),
        (
            "beyond-redraws",
            [
                "risk / information bound",
                "noise draws for each datum K",
                "t = 0.5",
                "×6.6",
                "×100",
                "n = 40 replicates",
                "m = 100000",
            ],
        ),
        (
            "beyond-networks",
            [
                "score error",
                "passes over the data",
                "t = 0.6",
                "noise drawn once",
                "drawn anew in every epoch",
                "n = 40 replicates",
                "m = 200",
            ],
        ),
        (
            "beyond-dimension",
            [
                "dimension d",
                "population risk × (m − d − 1) / c",
                "m = 5 d, over log|H| log log d",
                "n = 1 to 70 draws",
                "t = 0.75",
            ],
        ),
        (
            "beyond-real",
            [
                "excess loss over DSM's",
                "noise draws for each row K",
                "over the leading order, t = 1",
                "left at K = ∞",
                "breast cancer, m = 113, d = 30",
                "n = 20 replicates",
            ],
        ),
        (
            "beyond-gradient",
            [
                "excess risk over that of T₁",
                "diffusion time t (dimensionless)",
                "$T_B$, control-variate w",
                "b: η = 0.1",
                "Nothing here is sampled",
            ],
        ),
        (
            "beyond-averaging",
            [
                "candidates |H|",
                "worst risk / (κ log|H|/m)",
                "Q-aggregation",
                "any pick, at least",
                "4: any pick, |H| → ∞",
                "n = 40 replicates",
            ],
        ),
        (
            "figure-3a",
            [
                "L2 error E‖f − s‖² (dimensionless)",
                "diffusion time t (dimensionless)",
                "DSM, measured (n = 150)",
                "information bound",
                "BSM / DSM",
                "d = 8, spectrum linear 0.3 … 3; m = 2000; engine exact",
                "±3 % (ratio: ±4 %)",
            ],
        ),
        (
            "figure-3b",
            [
                "density at t₁",
                "x (dimensionless)",
                "error of the share removed",
                "score error / DSM's",
                "training budget",
                "DSM: 10.0 % [8.7, 11.7]",
                "BSM: 12.0 % [10.7, 13.7]",
                "exact scores: 17.1 %",
                "BSM, weight 1/2",
                "one network for all t",
                "n = 60 to 66 training sets",
                "network: m = 77; ancestral from N(0, I)",
                "Settings are ours; the paper's are unknown",
            ],
        ),
    ],
)
def test_text_names_units_and_replicates(name: str, phrases: list[str]) -> None:
    """Every label, unit, setting and count that a reader needs is in the figure or its caption."""
    entry = next(figure for figure in catalog.FIGURES if figure.name == name)
    text = words(entry.draw(entry.sample()))
    assert [phrase for phrase in phrases if phrase not in text] == []


@every_figure
def test_text_is_legible(entry: told.Figure) -> None:
    """Nothing below 7 pt, nothing outside the page, no text on another, that of a smoke test's
    stamp and the panels' letters included.

    Decoy: the same check finds an overlap once one text is moved onto another.
    """
    figure = entry.draw(entry.sample())
    style.stamp(figure, "smoke test: preset quick")
    with style.look():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        texts = [
            t
            for t in figure.findobj(Text)
            if isinstance(t, Text)
            and t.get_visible()
            and t.get_text()
            and t.get_window_extent(renderer).width
        ]
        # Ticks that an axis holds in reserve, outside its limits, are not drawn.
        ticks = {
            label
            for axes in figure.findobj(Axes)  # insets, too
            if isinstance(axes, Axes)
            for a in (axes.xaxis, axes.yaxis)
            for label in a.get_ticklabels()
        }
        shown = [t for t in texts if t not in ticks]

        def overlaps() -> list[tuple[str, str]]:
            boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in shown]
            return [
                (a, b)
                for k, (a, one) in enumerate(boxes)
                for b, two in boxes[:k]
                if min(one.x1, two.x1) - max(one.x0, two.x0) > 1
                and min(one.y1, two.y1) - max(one.y0, two.y0) > 1
            ]

        assert min(float(t.get_fontsize()) for t in texts) >= style.SMALLEST_FONT
        for text in shown:
            box = text.get_window_extent(renderer)
            assert box.x0 >= 0 and box.x1 <= figure.bbox.x1, text.get_text()
            assert box.y0 >= 0 and box.y1 <= figure.bbox.y1, text.get_text()
        assert overlaps() == []
        box = shown[0].get_window_extent(renderer).transformed(figure.transFigure.inverted())
        shown.append(figure.text(box.x0, box.y0, "decoy"))
        assert overlaps()


def panels_of(figure: Figure) -> list[Axes]:
    """The axes that a reader sees as such: neither a key nor a colour bar."""
    every = [one for one in figure.findobj(Axes) if isinstance(one, Axes) and one.axison]
    return [one for one in every if one.get_label() != "<colorbar>"]


@every_figure
def test_panels_have_letters(entry: told.Figure) -> None:
    """a, b, c … outside their axes, above the left corner, as many as there are panels; a single
    panel has none. The caption speaks of panels by letters that are there, never by their place.
    """
    figure = entry.draw(entry.sample())
    panels = panels_of(figure)
    wanted = list("abcdef"[: len(panels)]) if len(panels) > 1 else []
    found = []
    for axes in panels:
        for text in axes.texts:
            if str(text.get_gid()).startswith("panel-"):
                assert isinstance(text, Annotation)
                left, up = text.xyann  # from the upper left corner, in points
                assert (text.xy, text.get_horizontalalignment(), left < 0 < up) == (
                    (0, 1),
                    "right",
                    True,
                )
                assert text.get_fontweight() == "bold"
                found.append(text.get_text())
    assert sorted(found) == wanted
    caption = style.caption(figure)
    assert set("".join(re.findall(r"\(([a-f][a-f, –]*)\)", caption))) <= {*wanted, ",", " ", "–"}
    assert not re.search(r"\b(Left|Middle|Right|Top|Bottom|Inset)\b", caption)


@every_figure
def test_no_script_is_printed_as_it_is_written(entry: told.Figure) -> None:
    """No underscore or caret in heading, title, caption, and drawn only in mathtext: as x_i would
    be printed. The page's test has the headline and the alternative text, which need results.
    """
    figure = entry.draw(entry.sample())
    told = f"{entry.heading} {entry.title} {words(figure)}"
    assert re.findall(r"\S*[_^]\S*", re.sub(r"\$[^$]*\$", "", told)) == []


@every_figure
def test_the_caption_is_kept_and_not_drawn(entry: told.Figure) -> None:
    """It is there, one line; below the axes stand labels and legends alone."""
    figure = entry.draw(entry.sample())
    caption = style.caption(figure)
    assert len(caption.split()) > 5 and "\n" not in caption
    assert figure.get_supxlabel() == "" and figure.texts == []
    drawn = figure.findobj(Text)
    assert not any(isinstance(text, Text) and caption[:40] in text.get_text() for text in drawn)


def test_a_file_of_words_stands_beside_the_pictures(tmp_path: Path) -> None:
    """Heading, headline, caption, alternative text, whose results, in this order; none without."""
    entry = replace(
        catalog.FIGURES[0],
        heading="H",
        headline=lambda f: f"Found {f}.",
        alt=lambda f: f"Seen {f}.",
    )
    text = told.words(entry, 3, "Drawn.", "preset paper")
    expected = "H\n\nFound 3.\n\nDrawn.\n\nAlternative text: Seen 3.\n\nResults: preset paper.\n"
    assert text == expected
    figure = figure_3a.draw(figure_3a.sample())
    assert save(figure, tmp_path, "f", words=text)[3].read_text(encoding="utf-8") == text
    assert [path.suffix for path in save(figure, tmp_path, "g")] == [".svg", ".pdf", ".png"]


def test_dots_and_width_are_the_users(tmp_path: Path) -> None:
    """Dots per inch for the PNG; a width scales the picture and leaves its letters: the SVG's fonts
    are the same at twice the width. The figure itself stays as it was.
    """
    figure = figure_3a.draw(figure_3a.sample())
    before = figure.get_size_inches().copy()
    wide = save(figure, tmp_path, "wide", dpi=50, width=6.8)
    plain = save(figure, tmp_path, "plain")
    header = wide[2].read_bytes()[16:24]
    assert int.from_bytes(header[:4], "big") == 340
    assert int.from_bytes(header[4:], "big") == round(before[1] * 2 * 50)
    fonts = [
        set(re.findall(r"font-size: [\d.]+px", path.read_text())) for path in (wide[0], plain[0])
    ]
    assert fonts[0] == fonts[1] and fonts[0]
    assert np.array_equal(figure.get_size_inches(), before)


def test_text_is_text(tmp_path: Path) -> None:
    """In an SVG words can be searched and read aloud, and every font has a stack behind it."""
    (path, *_) = save(figure_3a.draw(figure_3a.sample()), tmp_path, "f")
    svg = path.read_text()
    assert ">information bound</text>" in svg
    assert svg.count("'DejaVu Sans'") == svg.count(style.FONTS) > 10


def test_a_smoke_test_is_stamped() -> None:
    """In the upper right corner, outside the axes; a longer legend at the edge makes way."""
    entry = next(figure for figure in catalog.FIGURES if figure.name == "beyond-gradient")
    figure = entry.draw(entry.sample())
    style.stamp(figure, "smoke test: preset quick")
    (stamp,) = figure.texts
    with style.look():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        box = stamp.get_window_extent(canvas.get_renderer())
    assert box.x0 > figure.bbox.x1 / 2 and box.y1 <= figure.bbox.y1
    tops = [bounds.y1 for axes in figure.axes if (bounds := axes.get_tightbbox())]
    assert len(tops) == 2 and box.y0 >= max(tops)
    assert all(box.y0 >= legend.get_window_extent().y1 for legend in figure.legends)


@every_figure
def test_every_column_is_required_and_finite(entry: told.Figure) -> None:
    """Each column of each table in turn: dropped, then with NaN, infinity and None in its last row.

    Each must be refused in one sentence that names the table, and the column where there is one;
    the decoy, a column that nobody asked for and that holds NaN, must not be.
    """
    data = entry.sample()
    for name, frame in data.tables.items():
        for column in frame.columns:
            where = rf"^{entry.name}/{name}: .*\b{column}\b"
            with pytest.raises(BadTable, match=where):
                entry.draw(with_table(data, name, methodcaller("drop", columns=column)))
            for hole in (np.nan, np.inf, None):
                with pytest.raises(BadTable, match=where):
                    entry.draw(with_value(data, name, column, hole, row=len(frame) - 1))
        with pytest.raises(BadTable, match=f"^{entry.name}/{name}: has two rows"):
            entry.draw(with_table(data, name, lambda f: pd.concat([f, f.iloc[:1]])))
        with pytest.raises(BadTable, match=f"^{entry.name}/{name}: holds no rows"):
            entry.draw(with_table(data, name, lambda f: f.iloc[:0]))
        with pytest.raises(BadTable, match=f"^{entry.name}/{name}: the table is missing"):
            entry.draw(replace(data, tables={k: v for k, v in data.tables.items() if k != name}))
    entry.draw(with_table(data, next(iter(data.tables)), lambda f: f.assign(unasked=np.nan)))


@every_figure
def test_every_fact_is_required(entry: told.Figure) -> None:
    """Each fact in turn left out, then NaN; but for n, which the tables hold as well."""
    data = entry.sample()
    for key in set(data.facts) - {"n"}:
        with pytest.raises(BadTable, match=f"^{entry.name}/facts: .*{key}"):
            entry.draw(replace(data, facts={k: v for k, v in data.facts.items() if k != key}))
        with pytest.raises(
            BadTable, match=f"^{entry.name}/facts: .*{key}|^figure-1b/measured: m must be"
        ):
            entry.draw(replace(data, facts={**data.facts, key: np.nan}))


SAMPLED = [f for f in catalog.FIGURES if any("n" in frame for frame in f.sample().tables.values())]


@pytest.mark.parametrize("entry", SAMPLED, ids=lambda f: f.name)
def test_replicate_counts_must_agree(entry: told.Figure) -> None:
    """One row with another n, in any table that has one;
    a fact n beside the tables' n; fractions; n = 1.
    """
    data = entry.sample()
    holders = [name for name, frame in data.tables.items() if "n" in frame]
    for name in holders:
        last = len(data.tables[name]) - 1
        with pytest.raises(BadTable, match=f"^{entry.name}/{name}: the replicate counts n differ"):
            entry.draw(with_value(data, name, "n", 99, row=last))
    for count in (1, 99.5):
        changed = data
        for name in holders:
            changed = with_table(changed, name, methodcaller("assign", n=count))
        with pytest.raises(BadTable, match="the replicate count n must be a whole number"):
            entry.draw(changed)
    with pytest.raises(BadTable, match=f"^{entry.name}/facts: n is 99, but the tables have"):
        entry.draw(replace(data, facts={**data.facts, "n": 99}))


REFUSALS: list[tuple[str, str, str, Any, str]] = [
    ("figure-1a", "points", "low", 1.0, "mean lies outside low … high"),
    ("figure-1a", "points", "mean", -1.0, "mean must be positive, but holds -1"),
    ("figure-1a", "points", "q05", 1.0, "q05 lies outside"),
    ("figure-1a", "points", "d", 5.0, "the values of d differ from one scaling, m to another"),
    ("figure-1a", "points", "scaling", "log d", "the scalings must be"),
    ("figure-1a", "lines", "m", 7.0, "other values of scaling, m than the table points"),
    ("figure-1a", "fits", "margin", 0.03, "the margin must be the same"),
    ("figure-1a", "fits", "slope_low", 1.0, "slope lies outside"),
    ("figure-1a", "fits", "equivalent", "yes", "equivalent must hold True or False"),
    ("figure-1b", "measured", "value", 1.01, "must be 1 at the anchor d = 4"),
    ("figure-1b", "measured", "m", 1999, "m must be 2000 throughout"),
    ("figure-1b", "rivals", "value", 1.01, "linear in d must be 1 at the anchor d = 4"),
    ("figure-1b", "rivals", "d", 5.0, "linear in d must be 1 at the anchor d = 4"),
    ("figure-1b", "rivals", "note", "else", "two notes or two style groups"),
    (
        "figure-1b",
        "rivals",
        "style_group",
        "ours",
        "must be one of linear, published, paper, not ours",
    ),
    ("figure-1b", "rivals", "value", "one", "value must hold numbers"),
    ("figure-1b", "measured", "whole", 1.01, "must be 1 at the anchor d = 4"),
    ("figure-1b", "measured", "whole_low", 9.0, "whole lies outside whole_low … whole_high"),
    ("figure-3a", "points", "estimator", "ism", "must hold dsm and bsm, and nothing else"),
    ("figure-3a", "points", "t", 0.15, "the values of t differ"),
    ("figure-3a", "theory", "t", 0.15, "DSM, exact does not cover the times"),
    ("figure-3a", "ratio", "t", 0.15, "has a time t that the table points lacks"),
    ("figure-3a", "ratio", "high", 0.1, "ratio lies outside low … high"),
    (
        "figure-3b",
        "densities",
        "curve",
        "csm",
        "must hold truth, exact, dsm and bsm, and nothing else",
    ),
    ("figure-3b", "densities", "x", 0.01, "the values of x differ"),
    ("figure-3b", "densities", "q05", 9.0, "q05 lies above q95"),
    ("figure-3b", "gains", "fit", "both", "fitted by step or jointly"),
    ("figure-3b", "gains", "score", 0.0, "score must be positive, but holds 0"),
    ("figure-3b", "gains", "method", "dsm", "must hold bsm and bsm-half, and nothing else"),
    ("figure-3b", "gains", "low", 0.5, "gain lies outside low … high"),
]


@pytest.mark.parametrize(("name", "table", "column", "value", "reason"), REFUSALS)
def test_one_wrong_value_is_refused(
    name: str, table: str, column: str, value: Any, reason: str
) -> None:
    """One value of a good table replaced;
    the good table itself is drawn in the tests above (the decoy).
    """
    entry = next(figure for figure in catalog.FIGURES if figure.name == name)
    data = entry.sample()
    with pytest.raises(BadTable) as refusal:
        entry.draw(with_value(data, table, column, value))
    sentence = str(refusal.value)
    assert sentence.startswith(f"{name}/{table}: ") and reason in sentence and "\n" not in sentence


def test_a_tilt_cannot_be_called_flat() -> None:
    """`equivalent` means slope zero:
    a slope beyond the margin marked so is refused (wrong on the right panel).
    """
    with pytest.raises(
        BadTable, match=r"^figure-1a/fits: a slope beyond the margin is marked equivalent"
    ):
        figure_1a.draw(with_table(figure_1a.sample(), "fits", lambda f: f.assign(equivalent=True)))
    assert (
        figure_1a.judgement(False, -0.4, -0.3, 0.02)
        == figure_1a.judgement(False, 0.3, 0.4, 0.02)
        == "tilted"
    )
    assert figure_1a.judgement(False, -0.4, 0.01, 0.02) == "undecided"
    assert figure_1a.judgement(True, -0.01, 0.01, 0.02) == "flat"


def shown_1a(figure: Figure, data: FigureData) -> bool:
    """Whether every mark, bar, band and curve of figure 1a stands where the tables say."""
    agree = []
    for axes, scaling in zip((figure.axes[0], figure.axes[1]), figure_1a.DIVISOR, strict=True):
        for m in (1000, 4000, 16000):
            points, lines, theory = (
                frame[(frame["scaling"] == scaling) & (frame["m"] == m)].sort_values("d")
                for frame in (data.tables["points"], data.tables["lines"], data.tables["theory"])
            )
            band = by_gid(axes, f"band-{m}")
            assert isinstance(band, PolyCollection)
            corners = np.asarray(band.get_paths()[0].vertices)
            pairs = [
                (line_data(axes, f"points-{m}"), points[["d", "mean"]]),
                (bar_data(axes, f"interval-{m}"), points[["d", "low", "high"]]),
                (bar_data(axes, f"spread-{m}"), points[["d", "q05", "q95"]]),
                (line_data(axes, f"fit-{m}"), lines[["d", "value"]]),
                (line_data(axes, f"theory-{m}"), theory[["d", "value"]]),
            ]
            agree += [np.array_equal(drawn, table.to_numpy(dtype=float)) for drawn, table in pairs]
            ends = {
                tuple(row)
                for end in ("low", "high")
                for row in lines[["d", end]].to_numpy(dtype=float)
            }
            agree.append({tuple(corner) for corner in corners} == ends)
    return all(agree)


def test_figure_1a_shows_its_tables() -> None:
    """Read back from the drawn marks. Decoys:
    the scalings exchanged, and one mean off by one part in a million.
    """
    data = figure_1a.sample()
    figure = figure_1a.draw(data)
    assert shown_1a(figure, data)
    other = dict(zip(figure_1a.DIVISOR, reversed(figure_1a.DIVISOR), strict=True))
    exchanged = with_table(data, "points", lambda f: f.assign(scaling=f["scaling"].map(other)))
    assert not shown_1a(figure, exchanged)
    near = float(data.tables["points"]["mean"].iloc[0]) * (1 + 1e-6)
    assert not shown_1a(figure, with_value(data, "points", "mean", near))


def test_figure_1b_shows_its_tables() -> None:
    """Every curve read back, whole, though the plot cuts some.
    Decoy: no two curves hold the same values.
    """
    data = figure_1b.sample()
    left, right = figure_1b.draw(data).axes
    measured, rivals = data.tables["measured"], data.tables["rivals"]
    stated = rivals[rivals["style_group"] != "published"]["label"].unique()
    places = [(left, "measured"), (right, "whole")]
    places += [(left if one in stated else right, one) for one in sorted(set(rivals["label"]))]
    drawn = [line_data(axes, f"curve-{name}") for axes, name in places]
    wanted = [measured[["d", "value"]], measured[["d", "whole"]]]
    wanted += [group[["d", "value"]] for _, group in rivals.groupby("label")]
    for k, one in enumerate(drawn):
        for j, two in enumerate(wanted):
            assert np.array_equal(one, two.to_numpy(dtype=float)) == (k == j)
    for axes, name, ends in (
        (left, "measured", ["low", "high"]),
        (right, "whole", ["whole_low", "whole_high"]),
    ):
        wanted_bars = measured[["d", *ends]].to_numpy(dtype=float)
        assert np.array_equal(bar_data(axes, f"interval-{name}"), wanted_bars)
    low, high = left.get_ylim()
    assert (
        low < measured["low"].min()
        and high > rivals.loc[rivals["style_group"] == "linear", "value"].max()
    )


def test_figure_3a_shows_its_tables() -> None:
    """Read back from the drawn marks. Decoy: DSM's table is not what stands at BSM's marks."""
    data = figure_3a.sample()
    upper, lower = figure_3a.draw(data).axes
    points, theory, ratio = (data.tables[name] for name in ("points", "theory", "ratio"))
    for estimator, other in (("dsm", "bsm"), ("bsm", "dsm")):
        marks, others = (points[points["estimator"] == name] for name in (estimator, other))
        drawn = line_data(upper, f"points-{estimator}")
        assert np.array_equal(drawn, marks[["t", "mean"]])
        assert not np.array_equal(drawn, others[["t", "mean"]])
        assert np.array_equal(bar_data(upper, f"interval-{estimator}"), marks[["t", "low", "high"]])
    for k, curve in enumerate(("DSM, exact", "BSM, leading order", "information bound")):
        line = by_gid(upper, f"theory-{k}")
        assert isinstance(line, Line2D) and line.get_label() == curve
        assert np.array_equal(
            line.get_xydata(), theory.loc[theory["curve"] == curve, ["t", "value"]]
        )
    assert np.array_equal(line_data(lower, "ratio"), ratio[["t", "ratio"]])
    assert np.array_equal(line_data(lower, "predicted"), ratio[["t", "predicted"]])
    assert np.array_equal(bar_data(lower, "interval-ratio"), ratio[["t", "low", "high"]])


def test_scales() -> None:
    """Dimension and error on log axes; time and the ratio on linear ones, the ratio from zero."""
    left, right = figure_1a.draw(figure_1a.sample()).axes[:2]
    plot = figure_1b.draw(figure_1b.sample()).axes[0]
    upper, lower = figure_3a.draw(figure_3a.sample()).axes
    assert [(axes.get_xscale(), axes.get_yscale()) for axes in (left, right, plot)] == [
        ("log", "log")
    ] * 3
    assert (upper.get_xscale(), upper.get_yscale()) == ("linear", "log")
    assert (lower.get_xscale(), lower.get_yscale(), lower.get_ylim()[0]) == (
        "linear",
        "linear",
        0.0,
    )


def test_curves_differ_without_colour() -> None:
    """In figure 1b, marker and dashes tell nine rivals apart in grey.
    Decoy: dashes alone would not.
    """
    data = figure_1b.sample()
    shape = data.tables["rivals"][data.tables["rivals"]["label"] == "Gupta et al. 2024"]
    more = pd.concat([data.tables["rivals"], *(shape.assign(label=f"other {k}") for k in range(5))])
    drawn = figure_1b.curves(more)
    looks = [(str(curve.look.get("marker")), str(curve.look["ls"])) for curve in drawn]
    assert len(set(looks)) == len(looks) == 12
    assert len({dashes for _, dashes in looks}) < 12


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """A file in the folder's place.
    The tests above save the same figures into good folders (the decoy).
    """
    figure = figure_3a.draw(figure_3a.sample())
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    for folder in (blocked, blocked / "below"):
        with pytest.raises(InvalidInput, match="--out: cannot write") as refusal:
            save(figure, folder, "figure-3a")
        assert str(folder) in str(refusal.value) and "\n" not in str(refusal.value)


def test_a_failed_write_leaves_the_old_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fills up after half a file: what was there stays whole, no scraps remain.

    Catches writing in place, which would leave half a picture under the old name.
    """

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    old = tmp_path / "figure-3a.svg"
    old.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InvalidInput, match="no space left on device"):
        save(figure_3a.draw(figure_3a.sample()), tmp_path, "figure-3a")
    assert list(tmp_path.iterdir()) == [old] and old.read_bytes() == b"old"


def test_catalog() -> None:
    """Names are unique, a figure stands in its work's file,
    or in one of its name, and says which studies it needs.
    """
    names = [entry.name for entry in catalog.FIGURES]
    assert len(set(names)) == len(names) and len(names) >= 8
    for entry in catalog.FIGURES:
        assert entry.studies and entry.title
        home = f"figures.papers.{entry.paper}"
        assert entry.draw.__module__ in (home, f"{home}.{entry.name.replace('-', '_')}")


def test_the_beyond_figures_show_their_tables() -> None:
    """Marks and curves read back; the map's numbers,
    bold where the whole interval is above 1 and nowhere else.

    Decoy: the other spacing's, m's or estimator's numbers are not what stands there.
    """
    data = beyond_efficiency.sample()
    points, theory = data.tables["points"], data.tables["theory"]
    for axes, spacing, other in zip(
        beyond_efficiency.draw(data).axes, (0.1, 0.02), (0.02, 0.1), strict=True
    ):
        for k, estimator in enumerate(("DSM", "path fit")):
            for gid, frame, column in (
                (f"points-{spacing:g}-{k}", points, "mean"),
                (f"theory-{spacing:g}-{k}", theory, "value"),
            ):
                mine = frame[frame["estimator"] == estimator]
                drawn = line_data(axes, gid)
                assert np.array_equal(drawn, mine.loc[mine["spacing"] == spacing, ["t", column]])
                assert not np.array_equal(drawn, mine.loc[mine["spacing"] == other, ["t", column]])
    data = beyond_basis.sample()
    points = data.tables["points"]
    for axes, m in zip(beyond_basis.draw(data).axes, (500, 20_000), strict=True):
        for (basis, target), group in points[points["m"] == m].groupby(["basis", "target"]):
            for kind, column in (("points", "mean"), ("theory", "predicted"), ("theory", "mean")):
                drawn = line_data(axes, f"{kind}-{m}-{basis}-{target}")
                assert np.array_equal(drawn, group[["count", column]]) == (
                    (kind, column) != ("theory", "mean")
                )
    data = beyond_forgetting.sample()
    for k, axes in enumerate(beyond_forgetting.draw(data).axes):
        for table, gid, column in (("points", "points", "ratio"), ("theory", "theory", "value")):
            frame = data.tables[table]
            mine = frame[frame["panel"] == beyond_forgetting.PANELS[k]]
            for place, series in enumerate(dict.fromkeys(mine["series"])):
                drawn = line_data(axes, f"{gid}-{k}-{place}")
                assert np.array_equal(drawn, mine.loc[mine["series"] == series, ["kept", column]])
    with pytest.raises(BadTable, match=r"^beyond-forgetting/points: column panel must hold"):
        names = {"one feature": "two features"}
        for name in data.tables:
            data = with_table(data, name, lambda frame: frame.replace({"panel": names}))
        beyond_forgetting.draw(data)
    data = beyond_redraws.sample()
    points, theory = data.tables["points"], data.tables["theory"]
    for axes, t, other in zip(beyond_redraws.draw(data).axes, (0.5, 2.0), (2.0, 0.5), strict=True):
        for k, estimator in enumerate(("DSM", "BSM", "path fit")):
            for gid, frame, column in (
                (f"points-{t:g}-{k}", points, "mean"),
                (f"theory-{t:g}-{k}", theory, "value"),
            ):
                mine = frame[frame["estimator"] == estimator]
                drawn = line_data(axes, gid)
                assert np.array_equal(drawn, mine.loc[mine["t"] == t, ["redraws", column]])
                if estimator != "path fit":  # which is the same at both times in this sample
                    assert not np.array_equal(
                        drawn, mine.loc[mine["t"] == other, ["redraws", column]]
                    )
    with pytest.raises(BadTable, match=r"^beyond-redraws/worth: names the estimator best"):
        beyond_redraws.draw(with_value(data, "worth", "estimator", "best"))
    data = beyond_networks.sample()
    points = data.tables["points"]
    for axes, t, other in zip(beyond_networks.draw(data).axes, (0.2, 0.6), (0.6, 0.2), strict=True):
        for k, noise in enumerate(beyond_networks.LABELS):
            mine = points[points["noise"] == noise]
            drawn = line_data(axes, f"points-{t:g}-{k}")
            assert np.array_equal(drawn, mine.loc[mine["t"] == t, ["passes", "mean"]])
            assert not np.array_equal(drawn, mine.loc[mine["t"] == other, ["passes", "mean"]])
    with pytest.raises(BadTable, match=r"^beyond-networks/points: noise must be among once"):
        beyond_networks.draw(with_value(data, "points", "noise", "never"))
    data = beyond_gradient.sample()
    left, right = beyond_gradient.draw(data).axes
    for target, name in (("T2", "sgd-order"), ("w0", "sgd-order"), ("TB", "sgd-frozen")):
        rows = data.tables[name]
        rows = rows[rows["target"] == target]
        gid, axes = f"order-{target}", left
        if name == "sgd-frozen":
            rows, gid, axes = rows[rows["step_size"] == 0.1], f"frozen-{target}-0.1", right
        assert np.array_equal(line_data(axes, gid), rows[["t", "predicted"]])
    with pytest.raises(BadTable, match=r"^beyond-gradient/sgd-frozen: the targets must be among"):
        beyond_gradient.draw(with_value(data, "sgd-frozen", "target", "T9"))
    data = beyond_averaging.sample()
    (axes,) = beyond_averaging.draw(data).axes
    for k, rule in enumerate(("least loss", "Bayes", "Q-aggregation")):
        for kind, column in (("points", "mean"), ("theory", "value")):
            frame = data.tables[kind]
            shown = frame.loc[frame["rule"] == rule, ["hypotheses", column]].to_numpy()
            assert np.array_equal(line_data(axes, f"{kind}-{k}"), shown)
            assert len(shown) == (0 if (rule, kind) == ("Q-aggregation", "theory") else 3)
    assert np.array_equal(line_data(axes, "picks")[:, 1], [1.14, 1.36, 1.53])
    data = beyond_map.sample()
    panels = beyond_map.draw(data).axes[:2]
    for axes, estimator in zip(panels, ("BSM", "path fit"), strict=True):
        image = axes.images[0].get_array()
        assert image is not None
        mine = data.tables["cells"][data.tables["cells"]["estimator"] == estimator]
        np.testing.assert_array_equal(np.asarray(image).ravel(), mine["ratio"])
        heavy = [text for text in axes.texts if text.get_fontweight() == "bold"]
        bold = [text.get_text() for text in heavy if text.get_gid() is None]
        assert bold == (["1.3"] if estimator == "BSM" else [])
    with pytest.raises(BadTable, match=r"^beyond-map/cells: lacks a cell of path fit"):
        beyond_map.draw(with_table(data, "cells", lambda f: f.iloc[:-3]))


# --- figure 2 -------------------------------------------------------------------------------------


def test_figure_2_stands_premises_left_of_what_they_carry() -> None:
    """Every arrow points right, goals stand in the last column, and a circle is refused by name."""
    data = figure_2.sample()
    edges = list(data.tables["edges"].itertuples(index=False, name=None))
    columns = figure_2.layers(list(data.tables["nodes"]["name"]), edges, {"the-goal"})
    column = {name: k for k, names in enumerate(columns) for name in names}
    assert all(column[source] < column[target] for source, target in edges)
    assert columns[-1] == ["the-goal"]
    circle = with_table(
        data,
        "edges",
        lambda f: pd.concat(
            [f, pd.DataFrame([{"source": "the-goal", "target": "their-conclusion"}])]
        ),
    )
    with pytest.raises(BadTable, match=r"run in a circle: .*the-goal"):
        figure_2.draw(circle)
    with pytest.raises(BadTable, match="nobody is not a node"):
        figure_2.draw(with_value(data, "edges", "source", "nobody"))
    with pytest.raises(BadTable, match="must hold HOLDS, REFUTED, UNDECIDED"):
        figure_2.draw(with_value(data, "nodes", "verdict", "PASSED"))


def test_figure_2_tells_each_claim_in_a_few_words() -> None:
    """In a box named after it, or by its name where there are none; what has words is a claim.
    Colour is not the only sign of what does not hold.
    """
    data = figure_2.sample()
    figure = figure_2.draw(data)
    for name in data.tables["nodes"]["name"]:
        box = by_gid(figure.axes[0], f"claim-{name}")
        assert isinstance(box, Text)
        told = " ".join(box.get_text().split())
        assert told == figure_2.SHORT.get(name, name.replace("-", " "))
    assert set(figure_2.SHORT) <= {claim.name for claim in CLAIMS}
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["proven", "computed", "sampled", "cited", "REFUTED", "UNDECIDED", "goal"]
    assert len(set(figure_2.FILLS.values())) == len(figure_2.FILLS)
    assert len(set(figure_2.HATCHES.values())) == len(figure_2.HATCHES)


def test_figure_2_draws_no_arrow_under_a_box() -> None:
    """Where an arrow passes a column it has a lane of its own, between the boxes; what is drawn
    leads from each premise to each conclusion. Decoy: a straight line to the goal runs under one.
    """
    data = figure_2.sample()
    edges = list(data.tables["edges"].itertuples(index=False, name=None))
    columns = figure_2.layers(list(data.tables["nodes"]["name"]), edges, {"the-goal"})
    home = {name: k for k, names in enumerate(columns) for name in names}
    filled, steps = figure_2.routed(columns, edges)
    for source, target in edges:
        reached = {(source, home[source])}
        for k in range(home[source], home[target]):
            reached |= {b for a, b in steps if a in reached and b[1] == k + 1}
        assert (target, home[target]) in reached
    for column in filled:
        middles = figure_2.heights(column, home)
        for a, b in pairwise(column):
            halves = [0.84 / 2 if home[name] == k else 0.0 for name, k in (a, b)]
            assert middles[a] - middles[b] > sum(halves)
    assert any(home[name] != k for column in filled for name, k in column)
    drawn = figure_2.draw(data).axes[0]
    boxes = [
        Bbox.from_bounds(p.get_x(), p.get_y(), p.get_width(), p.get_height())
        for p in drawn.patches
        if isinstance(p, FancyBboxPatch)
    ]

    def under(x: Array, y: Array) -> bool:
        inside = [
            (x > b.x0 + 0.01) & (x < b.x1 - 0.01) & (y > b.y0 + 0.01) & (y < b.y1 - 0.01)
            for b in boxes
        ]
        return bool(np.any(inside))

    arrows = [p for p in drawn.patches if isinstance(p, FancyArrowPatch)]
    curves = [np.asarray(arrow.get_path().interpolated(40).vertices) for arrow in arrows]
    assert len(curves) == len(steps)
    assert all(-0.5 < curve[:, 0].min() < curve[:, 0].max() < 3 for curve in curves)
    assert not any(under(curve[:, 0], curve[:, 1]) for curve in curves)
    assert under(np.linspace(0, 2, 100), np.zeros(100))


def test_figure_3b_shows_its_tables() -> None:
    """Every curve, share and improvement where the tables say;
    the decoy, other tables, is told apart.
    """

    def agrees(data: FigureData, other: FigureData) -> bool:
        left, middle, right = figure_3b.draw(data).axes
        tables = other.tables
        found = []
        for curve, mine in tables["densities"].groupby("curve"):
            name = str(curve) if curve in ("truth", "exact") else f"density-{curve}"
            line = next(x for x in left.lines if x.get_gid() == name)
            found.append(np.allclose(line.get_ydata(), mine["value"].astype(float)))
        for (method, learner, fit), mine in tables["gains"].groupby(["method", "learner", "fit"]):
            mine = mine.sort_values("place").astype({"score": float, "gain": float})
            drawn = line_data(middle, f"gain-{method}-{learner}-{fit}")
            found.append(np.allclose(drawn, mine[["score", "gain"]]))
            if learner == "network":
                drawn = line_data(right, f"gain-{method}-{learner}-{fit}")
                found.append(np.allclose(drawn[:, 1], mine["gain"]))
                aside = drawn[:, 0] / mine["budget"].to_numpy(dtype=float)
                found.append(bool(np.all((aside >= 1) & (aside < 1.7))))
        return all(found)

    data = figure_3b.sample()
    assert agrees(data, data)
    for name, column in (("densities", "value"), ("gains", "gain"), ("gains", "score")):
        assert not agrees(data, with_value(data, name, column, 0.155))


def test_figure_2_has_the_same_bytes_whatever_the_order_of_sets() -> None:
    """Drawn by two processes whose sets of names are in different orders: a chain of seven, and
    edges past one, two, three columns of it. Catches a loop over a set.
    """
    code = """
import hashlib
import pandas as pd
from figures.output import svg
from figures.papers.kumar_2025.figure_2 import FIGURE
data = FIGURE.sample()
nodes, edges = data.tables["nodes"], data.tables["edges"]
names = [f"claim-{k}" for k in range(7)]
chain = nodes.iloc[[0] * 7].assign(name=names, goal=[False] * 6 + [True])
pairs = [(a, a + b) for b in (1, 2, 3, 4) for a in range(7 - b)]
more = pd.DataFrame([{"source": names[a], "target": names[b]} for a, b in pairs])
data.tables["nodes"], data.tables["edges"] = pd.concat([nodes, chain]), pd.concat([edges, more])
print(hash("a"), hashlib.sha256(svg(FIGURE.draw(data)).encode()).hexdigest())
"""
    said = [
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=Path(__file__).parent.parent,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
        for seed in ("1", "2")
    ]
    assert said[0][0] != said[1][0] and said[0][1] == said[1][1]
