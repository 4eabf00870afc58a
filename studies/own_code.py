"""Python files that a user brings: how they are imported, known by their code, and found again by
worker processes.

A file is named by its path. What it imports is found as Python finds it, or beside the file. Its
code, and the code of what it imports that is neither installed nor Python's, goes into the version
of what it measures (`studies.code.code_of_file`). Files of data do not: what a cell depends on
stands in the cell. Whatever such a file raises, when it is imported or later, is one sentence.
"""

import hashlib
import os
import re
import sys
import traceback
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

import numpy as np

from bounds.check import InvalidInput
from studies.code import code_of_file
from studies.study import Cell, Row, Settings, Study

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""Of a study or a claim: it names files, and places on a page."""


@dataclass(frozen=True)
class OwnMeasure:
    """The `measure` of a study in a user's file, for a process that may not have imported it.

    Attributes
    ----------
    path : the file, absolute
    place : what its module calls the study, or a tuple that holds it
    name : the study's
    code : the digits of its code where the run was started, which tells two runs apart
    """

    path: str
    place: str
    name: str
    code: str

    def digits(self) -> str:
        """Of the code that this process has."""
        return imported(Path(self.path))[1]

    def __call__(self, cell: Cell, seeds: Sequence[np.random.SeedSequence]) -> list[list[Row]]:
        held = getattr(imported(Path(self.path))[0], self.place)
        studies = [held] if isinstance(held, Study) else held
        (one,) = (each for each in studies if each.name == self.name)
        return one.measure(cell, seeds)


def is_in_a_file(text: str) -> bool:
    """Whether a study is named by a file: path/to/file.py:NAME."""
    return text.endswith(".py") or ".py:" in text


def study_in(text: str, taken: Collection[str]) -> Study:
    """The study that path/to/file.py:NAME names.

    Parameters
    ----------
    text : so
    taken : names that it must not have

    Raises
    ------
    InvalidInput
        If there is no such file, it cannot be imported, has changed since, or has no such study.
    """
    where, _, place = text.rpartition(":")
    if not where.endswith(".py"):
        raise InvalidInput("STUDY", f"{text} must name the study in the file: {text}:STUDY")
    module, code = checked(Path(where), "STUDY")
    held = getattr(module, place, None)
    if not isinstance(held, Study):
        there = [name for name, value in vars(module).items() if isinstance(value, Study)]
        what = f"a {type(held).__name__}, no Study" if hasattr(module, place) else "not in it"
        raise InvalidInput(
            "STUDY", f"{where}: {place!r} is {what}; studies there: {', '.join(there) or 'none'}"
        )
    check_name(held.name, taken, "study", Path(where), "STUDY")
    return _brought(held, Path(where), place, code)


def preset(one: Study, name: str) -> Settings:
    """The settings of a study's preset.

    Raises
    ------
    InvalidInput
        If it has none of that name.
    """
    if name not in one.presets:
        there = ", ".join(map(str, one.presets)) or "none"
        raise InvalidInput(
            "--preset", f"{one.name} has no {name!r}; it has {there}; --config FILE.toml has any"
        )
    return one.presets[name]


def made_beside(one: Study, path: Path, place: str, key: str) -> Study:
    """A study that a user's file holds, as it is run: known by the code of the file that it comes
    from, be it this one or one beside it, so that a claim that changes measures nothing anew.

    Parameters
    ----------
    one : the study
    path, place : the file that holds it, and what its module calls it, or a tuple that does
    key : under which a refusal names the file
    """
    # the last one imported that holds it: a module is there before those that it imports
    for module in reversed([*sys.modules.values()]):
        file = Path(getattr(module, "__file__", None) or "")
        if file.suffix == ".py" and file.parent == path.parent.resolve():
            for name, value in vars(module).items():
                if value is one:
                    return _brought(one, file, name, checked(file, key)[1])
    return _brought(one, path, place, checked(path, key)[1])


def _brought(one: Study, path: Path, place: str, code: str) -> Study:
    """A study of a user's whose measure is found again by its file."""
    return replace(one, measure=OwnMeasure(str(path.resolve()), place, one.name, code))


def check_name(name: object, taken: Collection[str], kind: str, path: Path, key: str) -> None:
    """Refuses a name that cannot name a file and a place on a page, or that is one of dimfree's."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        why = "must be made of letters, digits, '-', '_' and '.'"
    elif name in taken:
        why = f"is a {kind} of dimfree's: choose another name"
    else:
        return
    raise InvalidInput(key, f"{path}: the {kind}'s name {name!r:.60} {why}")


def checked(path: Path, key: str) -> tuple[ModuleType, str]:
    """The module that a file is, and the digits of its code.

    Raises
    ------
    InvalidInput
        If it is no Python file, cannot be imported, or has changed since it was.
    """
    if path.suffix != ".py":
        raise InvalidInput(key, f"{path} must end in .py")
    if not path.is_file():
        raise InvalidInput(key, f"{path} {'is no file' if path.exists() else 'does not exist'}")
    try:
        module, code = imported(path.resolve())
    except InvalidInput as error:
        raise InvalidInput(key, f"{path} {error.reason}") from None
    if code != code_of_file(path.resolve()):
        raise InvalidInput(key, f"{path} has changed since it was imported: start anew")
    return module, code


class _Source(SourceFileLoader):
    """Compiles what stands in the file:
    a compiled copy may be of what stood there a moment before.
    """

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


@cache
def imported(path: Path) -> tuple[ModuleType, str]:
    """A user's file as a module, and the digits of its code then.

    Raises
    ------
    InvalidInput
        Under the path, if it cannot be imported.
    """
    name = f"own_{path.stem}_{hashlib.sha256(os.fsencode(path)).hexdigest()[:8]}"
    spec = spec_from_file_location(name, path, loader=_Source(name, str(path)))
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    # Nor may what lies beside it be compiled by its time in whole seconds.
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
        return module, code_of_file(path)
    except (Exception, SystemExit) as error:  # it may do anything
        del sys.modules[name]
        raise InvalidInput(str(path), f"cannot be imported: {_told(error, path)}") from None
    finally:
        sys.dont_write_bytecode = before


@contextmanager
def blaming(path: Path) -> Iterator[None]:
    """Whatever the code in a user's file raises in here is one sentence, with the line.

    Raises
    ------
    InvalidInput
        Under the path. What is one already, or a system's error, or ends the run, passes.
    """
    from studies.sweep import Interrupted
    from studies.tables import Incomplete

    try:
        yield
    except (InvalidInput, OSError, Interrupted, Incomplete):
        raise
    except (Exception, SystemExit) as error:
        raise InvalidInput(str(path), _told(error, path.resolve())) from error


def _told(error: BaseException, path: Path) -> str:
    """An exception in one line, with the last line of the file that led to it."""
    said = " ".join(f"{type(error).__name__}: {error}".split())
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(path)
    ]
    if isinstance(error, SyntaxError) or not lines:
        return f"{said:.300}"
    return f"{said:.300} (line {lines[-1]})"
