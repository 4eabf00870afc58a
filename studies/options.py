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
from studies.commands import COMMANDS

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


class _Help(argparse.RawDescriptionHelpFormatter):
    """Each option says its default, once; examples keep their lines."""

    def _get_help_string(self, action: argparse.Action) -> str:
        text = action.help or ""
        shown = action.default not in (None, False, argparse.SUPPRESS)
        if action.option_strings and shown and "default" not in text:
            return f"{text}; default {action.default}".lstrip("; ").replace("%", "%%")
        return text


class _Version(argparse.Action):
    """Looked up when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *ignored: object) -> NoReturn:
        from studies.code import dimfree_version

        output.tell(f"dimfree {dimfree_version()}")
        parser.exit()


Commands = argparse._SubParsersAction
"""What `add_subparsers` returns."""


def _command(commands: "Commands[_Parser]", name: str) -> _Parser:
    """A command's parser, with what it is and its examples."""
    about, *examples = COMMANDS[name]
    lines = "\n".join(f"  dimfree {name} {words}".rstrip() for words in examples)
    return commands.add_parser(
        name,
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        epilog=f"examples:\n{lines}",
        formatter_class=_Help,
    )


def _workers(one: _Parser) -> None:
    one.add_argument(
        "--workers", type=int, default=cores(), metavar="N", help="how many tasks run at once"
    )


def _json(one: "argparse._ActionsContainer") -> None:
    one.add_argument("--json", action="store_true", help="JSON in place of text")


def parser() -> argparse.ArgumentParser:
    """Reads the words of a command line; `command` is the command's name.
    Bad usage ends with exit 2 and one line.
    """
    whole = _Parser(
        prog="dimfree",
        description="Executable theory for score matching.",
        epilog="`dimfree COMMAND --help` has examples of each.",
    )
    whole.add_argument("--version", action=_Version, nargs=0, help="the version, and exit")
    presets = names.literal("studies.catalog", "PRESETS")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")

    reproduce = _command(commands, "reproduce")
    reproduce.add_argument("--preset", choices=presets, default="paper", help="how large")
    reproduce.add_argument("--out", type=Path, metavar="DIR", help="default: results/PRESET")
    reproduce.add_argument(
        "--report", type=Path, metavar="FILE", help="default: DIR/paper_repro.md"
    )
    _workers(reproduce)

    one = _command(commands, "run")
    one.add_argument("study", metavar="STUDY", help="its name, or path/to/your.py:STUDY")
    source = one.add_mutually_exclusive_group()
    source.add_argument(
        "--config", type=Path, metavar="FILE.toml", help="settings of your own, for a preset's"
    )
    source.add_argument("--preset", choices=presets, default="paper", help="how large")
    one.add_argument("--out", type=Path, default=RESULTS, metavar="DIR", help="of the results")
    _workers(one)
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

    draw = _command(commands, "draw")
    draw.add_argument("figure", metavar="FIGURE", help="its name, or a pattern: 'figure-3*'")
    draw.add_argument("--from", dest="source", type=Path, metavar="DIR", help=_NEWEST)
    draw.add_argument("--out", type=Path, default=RESULTS, metavar="DIR", help="of the pictures")
    draw.add_argument("--no-caption", action="store_true", help="no FIGURE.txt beside the pictures")
    draw.add_argument(
        "--dpi", type=_positive, default=300.0, metavar="N", help="dots per inch of the PNG"
    )
    draw.add_argument(
        "--width",
        type=_positive,
        metavar="INCHES",
        help="of the pictures, letters as large as before; default: the figure's own",
    )

    verify = _command(commands, "verify")
    verify.add_argument(
        "names", nargs="*", metavar="NAME", help="or a pattern: 'kappa*'; default: all"
    )
    whose = verify.add_mutually_exclusive_group()
    whose.add_argument("--paper", metavar="STEM", help="of this work alone")
    whose.add_argument("--claims", type=Path, metavar="FILE.py", help="your own instead")
    _json(verify)
    _workers(verify)

    told = _command(commands, "explain")
    told.add_argument("name", metavar="CLAIM", help="its name; `dimfree list claims` has all")
    told.add_argument("--from", dest="source", type=Path, metavar="DIR", help=_NEWEST)

    html = _command(commands, "report")
    html.add_argument("--from", dest="source", type=Path, metavar="DIR", help=_NEWEST)
    html.add_argument("--out", type=Path, default=RESULTS, metavar="DIR", help="of report.html")
    html.add_argument("--claims", type=Path, metavar="FILE.py", help="your own as well")

    own = _command(commands, "estimate")
    own.add_argument("data", type=Path, metavar="DATA", help="n × d: .csv, .npy or .parquet")
    own.add_argument(
        "--times",
        default="geom:0.05:3:10",
        metavar="SPEC",
        help="0.1,0.2,0.5 or start:end:step or geom:first:last:count; default %(default)s",
    )
    own.add_argument(
        "--estimators", metavar="LIST", help="dsm,path,…; default: all that can be computed"
    )
    own.add_argument("--redraws", type=int, default=1, metavar="K", help="noise paths for each row")
    own.add_argument("--folds", type=int, default=5, metavar="N", help="of the cross-validation")
    own.add_argument("--seed", type=int, default=0, metavar="N", help="of folds and noise")
    own.add_argument("--no-centre", action="store_true", help="the data's mean is known to be 0")
    own.add_argument(
        "--out", type=Path, metavar="DIR", help="for scores.npz, covariances.npz, estimate.json"
    )
    _json(own)

    costs = _command(commands, "bench")
    _json(costs)
    costs.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="for bench.json, and cost.md: what sweeps would take",
    )

    _fit(commands)
    _bound(commands)

    listing = _command(commands, "list")
    only = listing.add_mutually_exclusive_group()
    only.add_argument(
        "kind",
        nargs="?",
        choices=KINDS,
        metavar="KIND",
        help=f"one of {', '.join(KINDS)}: as a table",
    )
    _json(only)

    shell = _command(commands, "completion")
    shell.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="whose script to print")
    return whole


_SPEC = "0.1,0.2,0.5 or 0.1:2:0.1 (from, to, step) or geom:1e-3:3:40 (from, to, how many)"


def _fit(commands: "Commands[_Parser]") -> None:
    one = _command(commands, "fit")
    one.add_argument("table", type=Path, metavar="TABLE", help=".csv, .tsv or .parquet")
    one.add_argument(
        "--x", default="d", metavar="COLUMN", help="of the dimension; default %(default)s"
    )
    one.add_argument(
        "--y", default="error", metavar="COLUMN", help="of the error; default %(default)s"
    )
    one.add_argument("--error", metavar="COLUMN", help="of standard errors of y, taken as known")
    one.add_argument(
        "--replicate",
        metavar="COLUMN",
        help="that tells the replicates of one d apart; without it and --error each d has one run, "
        "and the residual scatter tells the noise",
    )
    one.add_argument(
        "--by",
        action="append",
        metavar="COLUMN",
        help="of groups, each with a fit of its own; several: COLUMN,COLUMN or the option again",
    )
    one.add_argument(
        "--scale",
        default="none",
        metavar="none|loglogd|COLUMN",
        help="what y is divided by: nothing, log log d, or a column; default %(default)s",
    )
    one.add_argument(
        "--margin",
        type=_number,
        default=0.02,
        metavar="M",
        help="a slope within ±M of 0 counts as flat; default %(default)s",
    )
    one.add_argument(
        "--level",
        type=_number,
        default=0.95,
        metavar="P",
        help="of the slope's interval; default %(default)s",
    )
    _json(one)
    one.add_argument("--plot", type=_picture, metavar="FILE", help=".png, .svg or .pdf")


def _bound(commands: "Commands[_Parser]") -> None:
    one = _command(commands, "bound")
    one.add_argument("--times", required=True, metavar="SPEC", help=_SPEC)
    one.add_argument(
        "--gamma", metavar="SPEC", help="weights, or one for all; default: t_j − t_(j−1), t_0 = 0"
    )
    one.add_argument(
        "--law",
        choices=names.literal("studies.bound", "LAWS"),
        default="log-concave",
        help="class of data laws; default %(default)s",
    )
    one.add_argument(
        "--eigenvalue", type=_number, metavar="λ", help="gaussian: the largest of the covariance"
    )
    one.add_argument(
        "--alpha", type=_number, metavar="α", help="strongly-log-concave: −∇² log p_0 ≥ α I"
    )
    one.add_argument(
        "--radius", type=_number, metavar="R", help="bounded: width at most 2R in each direction"
    )
    size = one.add_mutually_exclusive_group(required=True)
    size.add_argument("--hypotheses", type=_number, metavar="N", help="how many, s among them")
    size.add_argument("--log-hypotheses", type=_number, metavar="X", help="log of their number")
    size.add_argument("--parameters", type=_number, metavar="P", help="of a linear class")
    one.add_argument(
        "--delta",
        type=_number,
        default=0.05,
        metavar="δ",
        help="probability that the bound fails; default %(default)s",
    )
    paths = one.add_mutually_exclusive_group(required=True)
    paths.add_argument("--samples", type=_number, metavar="m", help="number of sample paths")
    paths.add_argument("--target", type=_number, metavar="r", help="risk: gives the fewest m")
    one.add_argument(
        "--kurtosis",
        type=_number,
        metavar="θ",
        help="E Y² ≤ θ (E Y)² for Y = Σ γ_j |f − s|²: bounds the population risk too "
        "(3: Gaussian data and linear scores)",
    )
    _json(one)


def _number(text: str) -> float:
    """A whole number stays one, however large."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number, but is {text!r}") from None


def _positive(text: str) -> float:
    value = _number(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a positive number, but is {text!r}")
    return value


def _picture(text: str) -> Path:
    path = Path(text)
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise argparse.ArgumentTypeError(f"must end in .png, .svg or .pdf, but is {text!r}")
    return path


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= threading.TIMEOUT_MAX:
        raise argparse.ArgumentTypeError(f"must be a positive number of seconds, but is {text!r}")
    return value


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
