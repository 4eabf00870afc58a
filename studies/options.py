"""The words of the command line, what may be said
with each, and nothing that takes long to import.
"""

import argparse
import os
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

from studies import executors, names, output

RESULTS = Path("results")
KINDS = ("claims", "studies", "figures", "papers")
_NEWEST = (
    "default: the newest in results/ that suffice, else those committed with dimfree; it says which"
)


class _Parser(argparse.ArgumentParser):
    """Bad usage is one line, like every other refusal."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {' '.join(message.split())}\n")

    def _print_message(self, message: str, file: Any = None) -> None:
        # what was asked for, --help, is a result
        say = output.note if file is sys.stderr else output.tell
        say(message, end="")


class _Version(argparse.Action):
    """Looked up when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *ignored: object) -> NoReturn:
        from studies.code import dimfree_version

        output.tell(f"dimfree {dimfree_version()}")
        parser.exit()


def parser() -> argparse.ArgumentParser:
    """Reads the words of a command line; `command` is the command's name.
    Bad usage ends with exit 2 and one line.
    """
    whole = _Parser(prog="dimfree", description="Executable theory for score matching.")
    whole.add_argument("--version", action=_Version, nargs=0, help="the version, and exit")
    presets = names.literal("studies.catalog", "PRESETS")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")

    reproduce = commands.add_parser(
        "reproduce", help="studies, verdicts, figures and paper_repro.md"
    )
    reproduce.add_argument("--preset", choices=presets, default="paper")
    reproduce.add_argument("--out", type=Path, metavar="DIR", help="default: results/PRESET")
    reproduce.add_argument(
        "--report", type=Path, metavar="FILE", help="default: DIR/paper_repro.md"
    )
    reproduce.add_argument("--workers", type=int, default=_cores(), metavar="N")

    one = commands.add_parser("run", help="one study: DIR/STUDY.csv and DIR/STUDY.json")
    one.add_argument("study", metavar="STUDY")
    source = one.add_mutually_exclusive_group()
    source.add_argument("--config", type=Path, metavar="FILE.toml")
    source.add_argument("--preset", choices=presets, default="paper")
    one.add_argument("--out", type=Path, default=RESULTS, metavar="DIR")
    one.add_argument("--workers", type=int, default=_cores(), metavar="N")
    one.add_argument(
        "--executor", choices=("local", "dask"), default="local", help="where the work is done"
    )
    one.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="of Dask; default: a cluster of N workers on this machine",
    )
    one.add_argument(
        "--patience",
        type=_seconds,
        default=executors.PATIENCE,
        metavar="SECONDS",
        help="that Dask's scheduler has to answer, and to have a worker, at the start and at any "
        f"time after; a cluster whose workers all fall silent is left after {executors.SILENCE:g} "
        "s; default %(default)g",
    )
    one.add_argument(
        "--task-limit",
        type=_seconds,
        default=names.literal("studies.sweep", "LIMIT"),
        metavar="SECONDS",
        help="after which the run stops if no task comes back, wherever it runs; default "
        "%(default)g",
    )

    draw = commands.add_parser("draw", help="one figure, from results that are there")
    draw.add_argument("figure", metavar="FIGURE")
    draw.add_argument("--from", dest="source", type=Path, metavar="DIR", help=_NEWEST)
    draw.add_argument("--out", type=Path, default=RESULTS, metavar="DIR")

    verify = commands.add_parser("verify", help="the claims, each with its decoy")
    verify.add_argument(
        "names", nargs="*", metavar="NAME", help="or a pattern: 'kappa*'; default: all"
    )
    verify.add_argument("--paper", metavar="STEM", help="of this work alone")
    verify.add_argument("--json", action="store_true")
    verify.add_argument("--workers", type=int, default=_cores(), metavar="N")

    told = commands.add_parser(
        "explain", help="one claim: what, why, from where, its decoy and last verdict"
    )
    told.add_argument("name", metavar="CLAIM")
    told.add_argument("--from", dest="source", type=Path, metavar="DIR", help=_NEWEST)

    html = commands.add_parser(
        "report", help="one HTML page of figures and claims, from results that are there"
    )
    html.add_argument("--from", dest="source", type=Path, metavar="DIR", help=_NEWEST)
    html.add_argument("--out", type=Path, default=RESULTS, metavar="DIR")

    costs = commands.add_parser("bench", help="what things cost here, as ratios within one run")
    costs.add_argument("--json", action="store_true")
    costs.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="for bench.json, and cost.md: what sweeps would take",
    )

    listing = commands.add_parser(
        "list", help="papers, studies, figures, claims, estimators, presets"
    )
    only = listing.add_mutually_exclusive_group()
    only.add_argument(
        "kind",
        nargs="?",
        choices=KINDS,
        metavar="KIND",
        help=f"one of {', '.join(KINDS)}: as a table",
    )
    only.add_argument("--json", action="store_true")
    return whole


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= threading.TIMEOUT_MAX:
        raise argparse.ArgumentTypeError(f"must be a positive number of seconds, but is {text!r}")
    return value


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
