"""What a study is.

    cell + seed → rows,
    seed = SeedSequence(entropy = the study's seed, spawn key = (hash of cell, replicate)).

A study lists its cells and measures them; it knows of no worker, no order, no file. The seed of a
replicate is a function of what is measured alone, so results do not depend on who computes them,
when, or beside what.

Longer than 350 lines: what a study is and how its settings are read and refused is one vocabulary.
"""

import hashlib
import json
import math
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, overload

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bounds.check import InvalidInput

Row = dict[str, float | int | str]
Cell = dict[str, Any]

ADDED_BY_THE_RUNNER = ("study", "replicate")


class Settings(BaseModel):
    """The config of a study: what every study has.
    Subclasses add their own fields (tuples, not lists).

    Numbers are strict: no strings, no truth values, no fractions for integers, no NaN. Immutable.

    Attributes
    ----------
    replicates : how often each cell is measured, ≥ 1
    seed : the entropy of all its randomness, ≥ 0
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    replicates: Annotated[int, Field(ge=1, lt=2**63)]
    seed: Annotated[int, Field(ge=0, lt=2**128)]


S = TypeVar("S", bound=Settings)


def as_set(cell: Cell, settings: Settings) -> int:
    """As many replicates of each cell as the settings say."""
    return settings.replicates


def at_most(cell: Cell, settings: Settings) -> int:
    """As many replicates as the settings say,
    but no more than the cell's own "most", if it has one above 0.
    """
    return min(settings.replicates, cell.get("most", 0) or settings.replicates)


@dataclass(frozen=True)
class Study:
    """One kind of measurement.

    Attributes
    ----------
    name : permanent, the name of its files
    about : one sentence
    settings : its config's model
    cells : settings → the cells, all different; a cell holds, as JSON values, all that determines a
        measurement, except seed and replicate. `Lazy` where they may be too many to keep
    measure : (cell, seeds of a batch of replicates) → for each seed its rows. Importable by name,
        since it is sent to other processes; the rows of a replicate must not depend on the rest of
        the batch
    columns : the complete header of the table, in order, with "study" and "replicate", which the
        runner fills
    batch : cell → replicates per task, such that a task takes 0.1 to 1 s, or up to 10 s where many
        side by side are what makes it fast
    presets : name → settings
    replicates : (cell, settings) → how many replicates the cell needs, ≥ 1: as many as the settings
        say, fewer where the cell can do with fewer, 1 where its numbers are computed and not
        sampled
    normalised : the columns whose values are cells as canonical JSON text. The table holds their
        numbers, the manifest each cell once, and `tables.read` puts them together again
    digits : significant digits that the table has of a sampled float, that is in a cell of several
        replicates; all by default, and always of a computed one. A store keeps all
    quantities : cell → all that its rows may hold as "quantity", where that is known before it is
        measured
    needs : what it imports beyond the base dependencies, and the extra of dimfree that brings it

    Raises
    ------
    ValueError
        If the columns lack "study" or "replicate", repeat one, or lack one that is normalised.
    """

    name: str
    about: str
    settings: type[Settings]
    cells: Callable[[Any], Sequence[Cell]]
    measure: Callable[[Cell, Sequence[np.random.SeedSequence]], list[list[Row]]]
    columns: tuple[str, ...]
    batch: Callable[[Cell], int]
    presets: Mapping[str, Settings]
    replicates: Callable[[Cell, Any], int] = as_set
    normalised: tuple[str, ...] = ()
    digits: int | None = None
    quantities: Callable[[Cell], Collection[str]] | None = None
    needs: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not set(self.normalised) <= set(self.measured):
            raise ValueError(f"{self.name}: what is normalised must be among the columns")
        if len(set(self.columns)) != len(self.columns) or not set(ADDED_BY_THE_RUNNER) <= set(
            self.columns
        ):
            raise ValueError(f"{self.name}: columns must differ, and hold 'study' and 'replicate'")

    def __repr__(self) -> str:
        return f"Study({self.name!r}, presets: {', '.join(self.presets) or 'none'})"

    def only(self, wanted: Collection[str]) -> "Study":
        """The same study without the cells that yield none
        of these quantities; all of it, if it does not know.
        """
        if (of := self.quantities) is None:
            return self
        return replace(
            self,
            cells=lambda settings: [
                cell for cell in self.cells(settings) if not set(wanted).isdisjoint(of(cell))
            ],
        )

    def lacks(self) -> str:
        """What it needs and is not installed, as the end of a sentence; "" if all is there."""
        gone = [extra for module, extra in self.needs.items() if find_spec(module) is None]
        return f"needs an extra: pip install 'dimfree[{','.join(gone)}]'" if gone else ""

    @property
    def measured(self) -> tuple[str, ...]:
        """The columns that a row of `measure` has, in order."""
        return tuple(column for column in self.columns if column not in ADDED_BY_THE_RUNNER)


@dataclass(frozen=True)
class Lazy(Sequence[Cell]):
    """Cells that are made when they are asked for.

    Attributes
    ----------
    size : how many there are
    make : place, 0 ≤ place < size → the cell
    """

    size: int
    make: Callable[[int], Cell]

    @classmethod
    def over(cls, make: Callable[..., Cell], *axes: Sequence[Any]) -> "Lazy":
        """One cell for each combination of a value from each axis, the last one's running fastest.

        Parameters
        ----------
        make : a value from each axis → the cell
        axes : their values
        """

        def at(place: int) -> Cell:
            values = []
            for axis in reversed(axes):
                place, here = divmod(place, len(axis))
                values.append(axis[here])
            return make(*reversed(values))

        return cls(math.prod(map(len, axes)), at)

    def __repr__(self) -> str:
        return f"Lazy({self.size} cells)"

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, place: int) -> Cell: ...
    @overload
    def __getitem__(self, place: slice) -> list[Cell]: ...
    def __getitem__(self, place: int | slice) -> Cell | list[Cell]:
        places = range(self.size)[place]
        return self.make(places) if isinstance(places, int) else [self.make(one) for one in places]


def canonical(value: Any) -> str:
    """`value` as JSON text, the same for equal values: sorted keys, no spaces, ASCII.

    Raises
    ------
    ValueError, TypeError
        If it holds NaN or an infinity, or what JSON has no word for.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def cell_key(cell: Cell) -> str:
    """The SHA-256 of the cell's canonical JSON, in hexadecimal: its name in a store."""
    return hashlib.sha256(canonical(cell).encode()).hexdigest()


def replicate_seed(seed: int, cell: Cell, replicate: int) -> np.random.SeedSequence:
    """The seed of one replicate of one cell: the only one of `replicate_seeds`."""
    return replicate_seeds(seed, cell, (replicate,))[0]


def replicate_seeds(
    seed: int, cell: Cell, replicates: Iterable[int]
) -> list[np.random.SeedSequence]:
    """The seeds of replicates of one cell.

    The cell enters by the first 128 bits of the SHA-256 of its canonical JSON, as four big-endian
    words, and without its key "estimators": estimators added later see the same data.

    Parameters
    ----------
    seed : the study's, ≥ 0
    cell : what is measured
    replicates : of 0, 1, …

    Returns
    -------
    A seed for each, in their order.
    """
    data = {name: value for name, value in cell.items() if name != "estimators"}
    words = np.frombuffer(bytes.fromhex(cell_key(data))[:16], dtype=">u4").tolist()
    return [
        np.random.SeedSequence(entropy=seed, spawn_key=(*words, replicate))
        for replicate in replicates
    ]


def different(settings: Settings, *keys: str) -> None:
    """Refuses settings whose lists, under these keys,
    hold a value twice: it would be measured as one cell twice.

    Raises
    ------
    InvalidInput
        Under the first such key.
    """
    for key in keys:
        given = getattr(settings, key)
        if len(set(given)) < len(given):
            raise InvalidInput(key, "names the same value twice")


@contextmanager
def under(**keys: str) -> Iterator[None]:
    """What is refused in here under a name
    of the mathematics is refused under the config's key for it.

    Parameters
    ----------
    keys : from the first part of such a name to the key
    """
    try:
        yield
    except InvalidInput as error:
        head, dot, rest = error.key.partition(".")
        raise InvalidInput(f"{keys.get(head, head)}{dot}{rest}", error.reason) from None


def load_settings(model: type[S], path: Path) -> S:
    """The settings written in a TOML file.

    Raises
    ------
    InvalidInput
        If it cannot be read, is not TOML, or does not fit the model: the first thing that is wrong.
    """
    try:
        # Windows' editors put a mark before the text
        mapping = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise InvalidInput(str(path), "does not exist") from None
    except OSError as error:
        raise InvalidInput(str(path), f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InvalidInput(str(path), "is not text in UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise InvalidInput(str(path), f"is not TOML: {_one_line(str(error))}") from None
    return parse_settings(model, mapping, str(path))


def parse_settings(model: type[S], mapping: Mapping[str, Any], source: str) -> S:
    """The settings in a mapping of JSON or TOML values.

    Parameters
    ----------
    model : the study's settings
    mapping : what was written
    source : where it was written, for the message

    Raises
    ------
    InvalidInput
        With the dotted key and one sentence, on the first thing that is wrong; an unknown key comes
        first, since it is most often the misspelling of a missing one. One raised by a validator
        passes as it is.
    """
    try:
        # By way of JSON, because only there does pydantic take lists for tuples and still refuse
        # "8" for 8.
        text = json.dumps(mapping, default=str)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(source, f"cannot be taken in: {_one_line(str(error))}") from None
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        found = error.errors(include_url=False)
    first = next((one for one in found if one["type"] == "extra_forbidden"), found[0])
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, InvalidInput):
        # A model inside the settings names its own keys.
        place = _dotted(first["loc"], mapping)
        if place.rpartition(".")[2] == cause.key:  # said of the field by its own validator
            raise InvalidInput(place, cause.reason)
        raise InvalidInput(".".join(filter(None, (place, cause.key))), cause.reason)
    key = _dotted(first["loc"], mapping) or source
    if first["type"] == "extra_forbidden":
        known = ", ".join(_known(model, first["loc"][:-1]))
        raise InvalidInput(key, f"unknown key; known are {known} (in {source})")
    if first["type"] == "missing":
        raise InvalidInput(key, f"is missing (in {source})")
    reason = str(cause) if cause else re.sub(r"^\w+ should ", "must ", first["msg"])
    if isinstance(first["input"], str | int | float):
        reason += f", but is {first['input']!r:.60}"
    raise InvalidInput(key, f"{_one_line(reason)} (in {source})")


def _dotted(loc: tuple[int | str, ...], written: Any) -> str:
    """The place as its author wrote it: without the tags that pydantic adds inside unions."""
    parts = []
    for place, part in enumerate(loc):
        here = isinstance(written, list) and isinstance(part, int)
        if here or (isinstance(written, Mapping) and part in written):
            written = written[part]
        elif place < len(loc) - 1:
            continue
        parts.append(repr(str(part))[1:-1])  # what cannot be printed, escaped
    return ".".join(parts)


def _known(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """The keys that the models at this place have."""
    models = [model]
    for part in loc:
        inner = [
            m
            for one in models
            for m in _models(getattr(one.model_fields.get(str(part)), "annotation", None))
        ]
        tagged = [
            m
            for m in models
            if any(part in get_args(f.annotation) for f in m.model_fields.values())
        ]
        models = inner or tagged or models
    return sorted({name for one in models for name in one.model_fields})


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that an annotation names, at any depth."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _one_line(text: str) -> str:
    return " ".join(text.split())
