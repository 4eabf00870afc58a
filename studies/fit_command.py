"""`dimfree fit`: the table is read, and the fits of its groups are put into words and columns."""

from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from bounds.check import InvalidInput
from studies import output
from studies.fit import FEWEST, Fit, fit
from studies.laws import LAWS
from studies.own import NEEDS_PYARROW

_READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": lambda path: pd.read_csv(path, low_memory=False),
    ".tsv": lambda path: pd.read_csv(path, sep="\t", low_memory=False),
    ".parquet": lambda path: pd.read_parquet(path, engine="pyarrow"),
}


def read(path: Path) -> pd.DataFrame:
    """A table from a file: CSV, TSV, or, with pyarrow, Parquet.

    Raises
    ------
    InvalidInput
        If it is of another kind, cannot be read, or is damaged.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InvalidInput("TABLE", f"{path} does not end in {', '.join(_READERS)}")
    try:
        with path.open("rb"):  # what is not there is told in one way, whatever kind it is of
            pass
        return reader(path)
    except OSError as error:
        raise InvalidInput("TABLE", f"{path} cannot be read: {output.reason(error)}") from None
    except ImportError:
        raise InvalidInput("TABLE", f"{path} {NEEDS_PYARROW}") from None
    except ValueError as error:
        raise InvalidInput("TABLE", f"{path} is no such table: {error!s:.200}") from None


_OPTIONS = ("x", "y", "error", "replicate", "by", "scale", "margin", "level")


def command(given: Namespace) -> list[Fit]:
    """The fits that a command line asks for; refusals name its options."""
    frame = read(given.table)
    asked = {name: getattr(given, name) for name in _OPTIONS}
    if given.by:
        # a column's own name may hold a comma
        parts = [[each] if each in frame else each.split(",") for each in given.by]
        asked["by"] = [name for each in parts for name in each]
    try:
        return fit(
            frame,
            np.random.default_rng(0),
            **asked,
            say=lambda text: output.note(f"fit: {text}"),
        )
    except InvalidInput as error:
        where, comma, name = error.key.rpartition(", ")
        noise = "error" if given.error else "replicate"
        name = {"dims": "x", "mean": "y", "se": noise, "replicates": noise}.get(name, name)
        option = f"--{name}" if name in _OPTIONS else name
        raise InvalidInput(f"{where}{comma}{option}", error.reason) from None


def axis(given: Namespace) -> str:
    """What is drawn upwards."""
    divisor = {"none": "", "loglogd": " / log log d"}.get(given.scale, f" / {given.scale}")
    return f"{given.y}{divisor}"


def text(one: Fit) -> str:
    """A fit in plain sentences."""
    lines = [
        f"slope {one.slope:.4g} of log error against log d, {100 * one.level:g} % interval "
        f"{one.low:.4g} to {one.high:.4g}, over {one.d.size} dimensions, "
        f"{one.d[0]:g} to {one.d[-1]:g}.",
        f"flatness: {_flat(one)}.",
        f"noise: {_noise(one)}.",
    ]
    if one.tilt is not None:
        lines.append(f"tilt: an error that does not grow has slope {one.tilt:.4g} once divided.")
    lines.append(f"law: {_law(one)}.")
    if one.power:
        shares = ", ".join(f"{law} {share:.2g}" for law, share in one.power.items())
        lines.append(
            f"power: without offset, where it holds, this design names each law with probability "
            f"{shares}."
        )
    if one.design is not None:
        said = one.design.sentence
        if one.design.decides:
            said += " That this table does not decide may be an offset's doing, or chance."
        lines.append(f"what would decide, without offset: {said}")
    head = "" if one.group is None else f"{one.group}\n"
    return head + "\n".join(f"  {line}" if head else line for line in lines)


def _flat(one: Fit) -> str:
    within = f"within ±{one.margin:g} of 0"
    if one.equivalent:
        return f"the slope is shown to be {within} (p = {one.p:.2g})"
    if min(abs(one.low), abs(one.high)) > one.margin and one.low * one.high > 0:
        return f"the slope is not {within}: its whole interval lies outside"
    return f"the slope is shown neither to be {within} (p = {one.p:.2g}) nor not to be"


def _noise(one: Fit) -> str:
    if one.scatter is not None:
        scatter = f"{100 * one.scatter:.2g} %"
        return f"single runs; their residual scatter tells it, {scatter}, at all d the same"
    if one.replicates is None:
        return "standard errors as given, taken as known"
    if one.weighted:
        return f"standard errors from at least {one.replicates} replicates at each d"
    return (
        f"{one.replicates} replicates at some d, too few to weigh a slope by (it takes {FEWEST}); "
        "its interval is from the scatter of the means about the line"
    )


def _law(one: Fit) -> str:
    if one.law != "undecided":
        return f"{one.law}; the others are excluded at 99 %, whatever their offset"
    if one.standing:
        return f"undecided; at 99 % these stand, each with some offset: {', '.join(one.standing)}"
    return f"undecided; none of {', '.join(LAWS)} fits at 99 %, whatever its offset"


def drawn(found: Sequence[Fit]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What the figure shows: points with intervals and lines, and each group in words."""
    points, words = [], []
    for one in found:
        group = "all" if one.group is None else str(one.group)
        half = np.zeros(one.d.size) if one.se is None else 1.96 * one.se
        columns = {
            "d": one.d,
            "mean": one.mean,
            "low": np.maximum(one.mean - half, one.mean / 1e3),  # of a log axis
            "high": one.mean + half,
            "line": np.exp(one.intercept + one.slope * np.log(one.d)),
        }
        points.append(pd.DataFrame({"group": group, **columns}))
        told = f"slope {one.slope:.3g} [{one.low:.3g}, {one.high:.3g}], law {one.law}"
        words.append({"group": group, "told": told if one.group is None else f"{group}: {told}"})
    return pd.concat(points, ignore_index=True), pd.DataFrame(words)
