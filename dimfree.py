"""The command line: `dimfree`, also `python -m dimfree`.

Results go to standard output or to files, progress to standard error. Exit 0: all as expected; 1: a
verdict is not the expected one, or cells are missing; 2: bad usage or configuration, one line that
names the key and the reason.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

HERE = Path(__file__).resolve().parent
for package in ("bounds", "studies", "figures"):
    spec = find_spec(package)
    place = Path(spec.origin).resolve() if spec and spec.origin else None
    if place != HERE / package / "__init__.py":
        other = (
            f"another {package!r}, {place}, is found before its own: leave its folder or PYTHONPATH"
        )
        print(
            f"dimfree: {other if place else f'its package {package!r} is missing'}", file=sys.stderr
        )
        raise SystemExit(2)

# What takes long to import is imported by the commands that need it: --help, list and --version
# answer at once.
from bounds.check import InvalidInput  # noqa: E402
from studies import executors, names, options, output, processes  # noqa: E402

if TYPE_CHECKING:
    import matplotlib.figure

    from bounds.claim import Verdict
    from figures.told import Figure
    from studies.joined import Joined
    from studies.study import Study
    from studies.tables import Table

COMMITTED = Path(__file__).parent / "figures" / "results"


class Incomplete(Exception):
    """Cells are missing without which there is nothing to conclude."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    processes.refuse_if_imported()
    output.open_streams()
    goes_on = ""
    try:
        given = options.parser().parse_args(arguments)
        if given.command == "list":
            # too short to be stopped, and what stops a run takes long to import
            return _list(given)
        if given.command in ("reproduce", "run"):
            goes_on = "; the same command goes on from what is stored"
        return _stoppable(given)
    except InvalidInput as error:
        return _refused(str(error))
    except KeyboardInterrupt:
        output.note(f"dimfree: stopped{goes_on}")
        return 1
    except OSError as error:
        where = (
            f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
        )
        return _refused(f"{where}{output.reason(error)}")


def _stoppable(given: argparse.Namespace) -> int:
    """A command that may take long: a signal ends it with one sentence."""
    from studies.sweep import Interrupted, stoppable

    commands: dict[str, Callable[[argparse.Namespace], int]] = {
        "reproduce": _reproduce,
        "run": _run,
        "draw": _draw,
        "verify": _verify,
        "explain": _explain,
        "report": _report,
        "bench": _bench,
        "estimate": _estimate,
        "fit": _fit,
        "bound": _bound,
    }
    try:
        with stoppable():
            return commands[given.command](given)
    except (Interrupted, Incomplete) as stop:
        output.note(f"dimfree: {stop}")
        return 1


def _estimate(given: argparse.Namespace) -> int:
    from studies import estimate

    return estimate.command(given)


def _refused(why: str) -> int:
    output.note(f"dimfree: {' '.join(why.split())}")
    return 2


def _reproduce(given: argparse.Namespace) -> int:
    from bounds import ledger
    from figures import catalog as pictured
    from studies import catalog, verdicts

    out: Path = given.out or options.RESULTS / given.preset
    complete, results = _measure(catalog.STUDIES, given.preset, out, given.workers)
    with _blaming_gaps(complete):
        judged = verdicts.judge(ledger.CLAIMS, results)
        drawn = [figure for figure in pictured.FIGURES if set(figure.studies) <= set(results)]
        joined = {figure.name: _join(figure, results) for figure in drawn}
        for figure in drawn:
            _save(figure, joined[figure.name], results, out / figure.paper)
    target: Path = given.report or out / "paper_repro.md"
    pictures = quote(os.fsencode(_relative(out, target.parent)))
    output.write(target, report_text(joined, judged, pictures, given.preset).encode(), "--report")
    output.mention(f"{_table(judged)}\n\nfigures in {out}, report in {target}")
    return 0 if complete and all(v.as_expected for v in judged) else 1


def report_text(
    joined: Mapping[str, Joined], judged: Sequence[Verdict], pictures: str, preset: str
) -> str:
    """paper_repro.md from joined results, by figure name,
    and verdicts; a function of these alone.
    """
    from bounds import ledger
    from figures import catalog, report
    from studies import provenance

    return report.render(
        [asdict(paper) for paper in ledger.PAPERS],
        [(one, joined[one.name].findings) for one in catalog.FIGURES if one.name in joined],
        catalog.CLOSINGS,
        [verdict.to_json() for verdict in judged],
        pictures,
        f"make reproduce PRESET={preset}",
        f"preset {preset}{provenance.SMOKE.get(preset, '')}",
        _docstring("bounds.concentration"),
    )


def _measure(
    wanted: Sequence[Study], preset: str, out: Path, workers: int
) -> tuple[bool, Mapping[str, Table]]:
    """Runs the studies' presets; whether no cell is missing, and their tables.

    What needs an extra that is not installed is named first, and left out.
    """
    from studies import catalog, sweep, tables

    left_out = [one for one in wanted if one.lacks()]
    for one in left_out:
        output.note(f"dimfree: {one.name} {one.lacks()}; it is left out, with what rests on it")
    if len(left_out) == len(wanted):
        raise InvalidInput("dimfree", "nothing is left to measure")
    complete, results = not left_out, {}
    with executors.lasting(workers) as executor:
        for one in wanted:
            if one in left_out:
                continue
            folder = out / catalog.PAPER_OF[one.name]
            outcome = sweep.run(
                one, one.presets[preset], folder, workers=workers, executor=executor
            )
            for gap in outcome.missing:
                output.note(f"{one.name}: {gap}")
            complete &= not outcome.missing
            results[one.name] = tables.read(folder, one.name, one.columns)
    return complete, results


@contextmanager
def _blaming_gaps(complete: bool) -> Iterator[None]:
    """Where cells are missing, what cannot be joined
    or judged is their fault and not that of the usage.
    """
    try:
        yield
    except InvalidInput as error:
        if complete:
            raise
        raise Incomplete(f"cells are missing, so there are no verdicts: {error}") from None


def _join(figure: Figure, results: Mapping[str, Table]) -> Joined:
    """What a figure is drawn from."""
    from bounds import ledger
    from studies import verdicts

    known = {one.name: one for one in ledger.CLAIMS}
    claims = [known[name] for name in figure.claims if name in known]
    return verdicts.joined(figure.name, claims, {name: results[name] for name in figure.studies})


def _drawn(
    figure: Figure, joined: Joined, results: Mapping[str, Table]
) -> matplotlib.figure.Figure:
    """The figure, with a word under it on whose results it shows."""
    from figures import style
    from figures.data import BadTable, FigureData
    from studies import provenance

    try:
        drawing = figure.draw(FigureData(figure.name, joined.tables, joined.facts))
    except BadTable as bad:
        raise InvalidInput(bad.table, bad.reason) from None
    used = {name: results[name] for name in figure.studies}
    style.add_to_note(drawing, f"Results: {provenance.told(used)}.")
    return drawing


def _save(figure: Figure, joined: Joined, results: Mapping[str, Table], out: Path) -> None:
    """Draws one figure into the folder."""
    from figures.output import save

    save(_drawn(figure, joined, results), out, figure.name, output.write)


def _read(source: Path, one: Study) -> Table:
    """The table of a study, wherever in a folder of results it lies."""
    from studies import catalog, tables

    return tables.read(catalog.home(source, one), one.name, one.columns)


def _source(given: Path | None, studies: Sequence[Study]) -> Path:
    """The folder to read: the one that was given,
    else the reader's newest, else what is committed; it says which.
    """
    from studies import provenance

    if given is not None:
        return given
    own = provenance.newest(studies, options.RESULTS)
    whose = (
        f"from {own}, the newest there"
        if own
        else "from the results that are committed with dimfree"
    )
    output.note(f"dimfree: {whose}; --from DIR for others")
    return own or COMMITTED


def _run(given: argparse.Namespace) -> int:
    from studies import catalog, study, sweep

    one = catalog.study(given.study)
    settings: study.Settings = (
        study.load_settings(one.settings, given.config)
        if given.config
        else one.presets[given.preset]
    )
    if given.scheduler is not None and given.executor != "dask":
        raise InvalidInput("--scheduler", "needs --executor dask")
    cluster = partial(executors.Dask, given.scheduler, given.workers, given.patience)
    outcome = sweep.run(
        one,
        settings,
        given.out,
        workers=given.workers,
        executor=cluster if given.executor == "dask" else None,
        limit=given.task_limit,
    )
    for gap in outcome.missing:
        output.note(f"dimfree: {gap}")
    output.mention(f"{outcome.table}\n{outcome.manifest_path}")
    return 1 if outcome.missing else 0


def _draw(given: argparse.Namespace) -> int:
    from figures.catalog import FIGURES
    from studies import catalog

    figure = next((f for f in FIGURES if f.name == given.figure), None)
    if figure is None:
        raise InvalidInput(
            "FIGURE", f"{given.figure!r} is not one of {', '.join(f.name for f in FIGURES)}"
        )
    studies = [catalog.study(name) for name in figure.studies]
    source = _source(given.source, studies)
    results = {one.name: _read(source, one) for one in studies}
    _save(figure, _join(figure, results), results, given.out)
    output.mention(
        "\n".join(str(given.out / f"{figure.name}.{suffix}") for suffix in ("svg", "pdf", "png"))
    )
    return 0


def _verify(given: argparse.Namespace) -> int:
    from bounds import ledger
    from studies import quantities, verdicts

    claims = ledger.claims(given.names, given.paper)
    output.check_output()
    with output.scratch() as scratch:
        complete, results = _measure(quantities.needed(claims), "quick", scratch, given.workers)
        with _blaming_gaps(complete):
            judged = verdicts.judge(claims, results)
    output.tell(
        json.dumps([v.to_json() for v in judged], indent=2) if given.json else _table(judged)
    )
    return 0 if complete and all(v.as_expected for v in judged) else 1


def _explain(given: argparse.Namespace) -> int:
    from bounds import ledger
    from studies import catalog, explain, provenance, quantities, verdicts

    one = ledger.claim(given.name)
    name = quantities.study_of(one)
    study = catalog.study(name)
    source = _source(given.source, [study])
    if not (catalog.home(source, study) / f"{name}.json").exists():
        none = f"{source} has no results of {name}; run it first"
        output.tell(explain.text(explain.record(one), none))
        return 0
    table = _read(source, study)
    with _blaming_gaps(not table.manifest["counts"]["cells_missing"]):
        (verdict,) = verdicts.judge([one], {name: table})
    where = f"{_place(source)} ({provenance.told({name: table})})"
    output.tell(explain.text(explain.record(one, verdict), where))
    return 0 if verdict.as_expected else 1


def _report(given: argparse.Namespace) -> int:
    from bounds import ledger
    from studies import catalog, verdicts

    source = _source(given.source, catalog.STUDIES)
    # What an extra was missing for is not there to be read; the page tells of the rest.
    found = [
        one
        for one in catalog.STUDIES
        if not one.lacks() or (catalog.home(source, one) / f"{one.name}.json").is_file()
    ]
    results = {one.name: _read(source, one) for one in found}
    complete = len(found) == len(catalog.STUDIES) and not any(
        table.manifest["counts"]["cells_missing"] for table in results.values()
    )
    # Opened before the work is done: a folder that takes no file is found out at once.
    with _blaming_gaps(complete), output.replacing(given.out / "report.html") as page:
        judged = verdicts.judge(ledger.CLAIMS, results)
        page.write(page_text(results, judged, _place(source)).encode())
    output.mention(str(given.out / "report.html"))
    return 0 if complete and all(v.as_expected for v in judged) else 1


def _place(source: Path) -> str:
    """A folder of results in words; the committed ones wherever dimfree is installed."""
    return (
        "the ones committed with dimfree"
        if source.resolve() == COMMITTED.resolve()
        else str(source)
    )


def page_text(results: Mapping[str, Table], judged: Sequence[Verdict], where: str) -> str:
    """report.html from the studies' tables, the verdicts
    on them and where they are from; a function of these alone.
    """
    from bounds import ledger
    from figures import catalog, page
    from figures.output import svg
    from studies import explain, provenance

    pictures = []
    for figure in catalog.FIGURES:
        if not set(figure.studies) <= set(results):
            continue
        joined = _join(figure, results)
        drawing = _drawn(figure, joined, results)
        pictures.append(page.Picture(figure, svg(drawing), joined.findings))
    return page.render(
        [asdict(paper) for paper in ledger.PAPERS],
        pictures,
        [explain.record(v.claim, v) for v in judged],
        {name: table.manifest for name, table in results.items()},
        f"{where} ({provenance.told(results)})",
        _docstring("bounds.concentration"),
    )


def _table(judged: Sequence[Verdict]) -> str:
    """The verdicts, one line each, and what they cost in false alarms."""
    from figures.report import counted

    lines = []
    for v in judged:
        mark = " " if v.as_expected else "!"
        decoy = "decoy rejected" if v.decoy.answer == "contradicted" else "DECOY NOT REJECTED"
        lines.append(
            f"{mark} {v.status:<9} {v.claim.name:<28} {decoy} at {v.decoy_cells} of {v.cells} cells"
        )
        if v.claim.reason:
            lines.append(f"            expected {v.claim.expected}: {v.claim.reason}")
    budget = sum(v.claim.false_alarm for v in judged if v.detectable)
    lines.append(
        f"{counted([v.to_json() for v in judged])} False alarms of all stochastic checks together: "
        f"at most {budget:.1g} a run."
    )
    return "\n".join(lines)


def _bench(given: argparse.Namespace) -> int:
    from studies import bench

    if not given.out:
        output.check_output()
    lines = bench.run(lambda what: output.note(f"bench: {what}"))
    found = [vars(line) for line in lines]
    text = json.dumps(found, indent=2) if given.json else bench.table(lines)
    if not given.out:
        output.tell(text)
        return 0
    record = {"machine": bench.machine(), "lines": found}
    kept = f"{json.dumps(record, indent=2, ensure_ascii=False)}\n"
    output.write(given.out / "bench.json", kept.encode())
    output.write(given.out / "cost.md", cost_text(record).encode())
    output.mention(text)
    return 0


def cost_text(record: Mapping[str, Any]) -> str:
    """cost.md from bench.json, a function of it alone."""
    from figures import cost
    from studies import projection

    found = projection.constants({line["constant"]: line["value"] for line in record["lines"]})
    shape = {"steps": projection.STEPS, "replicates": projection.REPLICATES}
    answers = projection.answers(found)
    return cost.render(record, answers, projection.WORKERS, shape, _docstring("studies.projection"))


def _fit(given: argparse.Namespace) -> int:
    from studies import fit_command

    found = fit_command.command(given)
    if given.plot:
        from figures import fitted

        drawing = fitted.draw(*fit_command.drawn(found), given.x, fit_command.axis(given))
        output.write(given.plot, fitted.picture(drawing, given.plot.suffix[1:]), "--plot")
    records = json.dumps([one.to_json() for one in found], indent=2)
    output.tell(records if given.json else "\n".join(map(fit_command.text, found)))
    return 0


def _bound(given: argparse.Namespace) -> int:
    from studies import bound

    found = bound.command(given)
    output.tell(json.dumps(found.to_json(), indent=2) if given.json else found.text)
    return 0


def _list(given: argparse.Namespace) -> int:
    if given.kind:
        output.tell(output.columns(names.table(given.kind)))
        return 0
    from bounds.catalog import ESTIMATORS

    works = names.works()
    found: dict[str, Any] = {
        "studies": [name for work in works for name in work.studies],
        "figures": [name for work in works for name in work.figures],
        "claims": [name for work in works for name in work.claims],
        "estimators": list(ESTIMATORS),
        "presets": list(names.literal("studies.catalog", "PRESETS")),
    }
    if given.json:
        output.tell(json.dumps(found | {"papers": [asdict(work) for work in works]}, indent=2))
    else:
        found |= {"papers": [work.stem for work in works]}
        output.tell("\n".join(f"{kind}: {', '.join(each)}" for kind, each in found.items()))
    return 0


def _docstring(module: str) -> str:
    """What a module opens with, from its source: `python -OO` drops it."""
    import ast

    path = HERE.joinpath(*module.split(".")).with_suffix(".py")
    return ast.get_docstring(ast.parse(path.read_bytes()), clean=False) or ""


def _relative(folder: Path, start: Path) -> str:
    """The folder as a link from `start`; "" if it is the same."""
    path = Path(os.path.relpath(folder, start)).as_posix()
    return "" if path == "." else path


if __name__ == "__main__":
    sys.exit(main())
