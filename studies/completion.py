"""`dimfree completion`: a script that makes a shell complete commands, options and names."""

import argparse
from importlib.util import find_spec

from bounds.check import InvalidInput
from studies import names, options


def script(shell: str) -> str:
    """The script, as shtab writes it.

    Raises
    ------
    InvalidInput
        If shtab is not installed.
    """
    if find_spec("shtab") is None:
        raise InvalidInput("completion", "needs an extra: pip install 'dimfree[completion]'")
    import shtab

    works = names.works()
    known = {
        "STUDY": [name for work in works for name in work.studies],
        "FIGURE": [name for work in works for name in work.figures],
        "CLAIM": [name for work in works for name in work.claims],
        "STEM": [work.stem for work in works],
        "KIND": list(options.KINDS),
        "DIR": shtab.DIRECTORY,
        "FILE": shtab.FILE,
    }
    known |= {"NAME": known["CLAIM"]}
    whole = options.parser()
    for one in parsers(whole).values():
        for action in one._actions:
            there = known.get(str(action.metavar).partition(".")[0])
            if isinstance(there, list):
                action.choices = there
            elif there is not None:
                action.complete = there  # type: ignore[attr-defined]  # where shtab looks for it
    return str(shtab.complete(whole, shell=shell))


def parsers(whole: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parser of each command, by its name."""
    found: dict[str, argparse.ArgumentParser] = {}
    for action in whole._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= action.choices
    return found
