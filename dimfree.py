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
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import asdict, replace
from fnmatch import fnmatchcase
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
from bounds.check import InvalidInput, unknown  # noqa: E402
from studies import executors, options, output, processes  # noqa: E402

if TYPE_CHECKING:
    import matplotlib.figure

    from bounds.claim import Verdict
    from figures.told import Figure
    from studies.joined import Joined
    from studies.own_claims import OwnClaims, OwnJudged
    from studies.study import Study
    from studies.tables import Table

COMMITTED = Path(__file__).parent / "figures" / "results"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    processes.refuse_if_imported()
    output.open_streams()
    goes_on = ""
    try:
        given = options.parser().parse_args(arguments)
        if given.command in ("list", "completion"):
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
    from studies import estimate
    from studies.sweep import Interrupted, stoppable
    from studies.tables import Incomplete

    commands: dict[str, Callable[[argparse.Namespace], int]] = {
        "reproduce": _reproduce,
        "run": _run,
        "draw": _draw,
        "verify": _verify,
        "explain": _explain,
        "report": _report,
        "bench": _bench,
        "estimate": estimate.command,
        "fit": _fit,
        "bound": _bound,
    }
    try:
        with stoppable():
            return commands[given.command](given)
    except (Interrupted, Incomplete) as stop:
        output.note(f"dimfree: {stop}")
        return 1


def _refused(why: str) -> int:
    output.note(f"dimfree: {' '.join(why.split())}")
    return 2


def _reproduce(given: argparse.Namespace) -> int:
    from bounds import ledger
    from figures import catalog as pictured
    from figures import minute, report
    from studies import catalog, judging, presets, tables, verdicts

    out: Path = given.out or options.RESULTS / given.preset
    with closing(_Pictures(pictured.FIGURES, out, given.workers)) as drawn:
        with judging.asked(ledger.CLAIMS, drawn.begin) as tell:
            complete, results = presets.measure(
                catalog.STUDIES, given.preset, out, given.workers, tell
            )
        with tables.blaming_gaps(complete):
            judged = verdicts.judge(ledger.CLAIMS, results)
            drawn.begin(results)
            captions = drawn.captions()
    target: Path = given.report or out / "paper_repro.md"
    pictures = quote(os.fsencode(output.relative(out, target.parent)))
    text = report_text(drawn.joined, captions, judged, pictures, given.preset)
    output.write(target, text.encode(), "--report")
    table = report.table([v.to_json() for v in judged])
    told = [(f, drawn.joined[f.name].findings) for f in pictured.FIGURES if f.name in captions]
    short = "\n".join(f"- {headline}" for _, headline in minute.chosen(told))
    output.mention(f"{table}\n\n{short}\n\nfigures in {out}, report in {target}")
    return 0 if complete and all(v.as_expected for v in judged) else 1


def report_text(
    joined: Mapping[str, Joined],
    captions: Mapping[str, str],
    judged: Sequence[Verdict],
    pictures: str,
    preset: str,
) -> str:
    """paper_repro.md from joined results and captions, both by figure name,
    and verdicts; a function of these alone.
    """
    from bounds import claim, ledger
    from figures import catalog, report, theorem
    from studies import provenance

    return report.render(
        [asdict(paper) for paper in ledger.PAPERS],
        [
            (one, joined[one.name].findings, captions[one.name])
            for one in catalog.FIGURES
            if one.name in joined
        ],
        catalog.CLOSINGS,
        [verdict.to_json() for verdict in judged],
        pictures,
        f"make reproduce PRESET={preset}",
        f"preset {preset}{provenance.SMOKE.get(preset, '')}",
        theorem.markdown(),
        claim.QUANTITIES,
    )


def _join(figure: Figure, results: Mapping[str, Table]) -> Joined:
    """What a figure is drawn from."""
    from bounds import ledger
    from studies import verdicts

    known = {one.name: one for one in ledger.CLAIMS}
    claims = [known[name] for name in figure.claims if name in known]
    return verdicts.joined(figure.name, claims, _its(figure, results))


def _its(figure: Figure, results: Mapping[str, Table]) -> dict[str, Table]:
    """The tables of a figure's own studies."""
    return {name: results[name] for name in figure.studies}


def _drawn(
    figure: Figure, joined: Joined, results: Mapping[str, Table]
) -> matplotlib.figure.Figure:
    """The figure; that of a smoke test says so."""
    from figures import style
    from figures.data import BadTable, FigureData
    from studies import provenance

    try:
        drawing = figure.draw(FigureData(figure.name, joined.tables, joined.facts))
    except BadTable as bad:
        raise InvalidInput(bad.table, bad.reason) from None
    preset = provenance.preset(_its(figure, results))
    if preset in provenance.SMOKE:
        style.stamp(drawing, f"smoke test: preset {preset}")
    return drawing


def _save(
    figure: Figure,
    joined: Joined,
    results: Mapping[str, Table],
    out: Path,
    *,
    caption: bool = True,
    dpi: float = 300.0,
    width: float | None = None,
) -> str:
    """Draws one figure into the folder, `width` inches wide if that is given; its caption."""
    from figures import style, told
    from figures.output import TooNarrow, save
    from studies import provenance

    drawing = _drawn(figure, joined, results)
    text = style.caption(drawing)
    whose = provenance.told(_its(figure, results))
    words = told.words(figure, joined.findings, text, whose) if caption else ""
    try:
        save(drawing, out, figure.name, output.write, words, dpi=dpi, width=width)
    except TooNarrow as why:
        raise InvalidInput("--width", str(why)) from None
    return text


class _Pictures:
    """Figures joined, drawn and saved in their works' folders, within `out`, as soon as their
    studies are there, beside the measurement of what comes next.
    """

    def __init__(self, figures: Sequence[Figure], out: Path, workers: int) -> None:
        self.figures, self.out = figures, out
        self.joined: dict[str, Joined] = {}
        self._drawing = processes.Beside(_save, workers)
        self.close = self._drawing.close

    def begin(self, results: Mapping[str, Table]) -> None:
        """Those that can be drawn from these tables and have not been begun."""
        for one in self.figures:
            if one.name not in self.joined and set(one.studies) <= set(results):
                joined = _join(one, results)
                # A picture shows no more of these tables than whose they are.
                bare = {k: replace(v, frame=v.frame[:0]) for k, v in _its(one, results).items()}
                self._drawing.begin(one, joined, bare, self.out / one.paper)
                self.joined[one.name] = joined

    def captions(self) -> dict[str, str]:
        """Of all that were begun, by name, once they are saved."""
        from studies.progress import Report

        saved = Report("figures", True, "figure").count(self._drawing.results(), len(self.joined))
        return dict(zip(self.joined, saved, strict=True))


def _read(source: Path, one: Study) -> Table:
    """The table of a study, wherever in a folder of results it lies."""
    from studies import catalog, tables

    return tables.read(catalog.home(source, one), one.name, one.columns)


def _source(given: Path | None, studies: Sequence[Study]) -> Path:
    """The folder to read: the one that was given,
    else the reader's newest, else what is committed; it says which.
    """
    from studies import provenance

    return given or provenance.source(studies, options.RESULTS, COMMITTED)


def _run(given: argparse.Namespace) -> int:
    from studies import catalog, own_code, study, sweep

    if own_code.is_in_a_file(given.study):
        one = own_code.study_in(given.study, catalog.PAPER_OF)
        path = Path(given.study.rpartition(":")[0])
    else:
        one, path = catalog.study(given.study), None
    if given.scheduler is not None and given.executor != "dask":
        raise InvalidInput("--scheduler", "needs --executor dask")
    cluster = partial(executors.Dask, given.scheduler, given.workers, given.patience)
    with own_code.blaming(path) if path else nullcontext():
        settings: study.Settings = (
            study.load_settings(one.settings, given.config)
            if given.config
            else own_code.preset(one, given.preset)
        )
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

    figures = [one for one in FIGURES if fnmatchcase(one.name, given.figure)]
    if not figures:
        raise unknown("FIGURE", "figures", given.figure, [one.name for one in FIGURES])
    wanted = {name: catalog.study(name) for one in figures for name in one.studies}
    source = _source(given.source, list(wanted.values()))
    results = {name: _read(source, one) for name, one in wanted.items()}
    for figure in figures:
        how = {"caption": not given.no_caption, "dpi": given.dpi, "width": given.width}
        _save(figure, _join(figure, results), results, given.out, **how)
        kinds = ("svg", "pdf", "png", *(() if given.no_caption else ("txt",)))
        output.mention("\n".join(str(given.out / f"{figure.name}.{kind}") for kind in kinds))
    return 0


def _verify(given: argparse.Namespace) -> int:
    from bounds import ledger
    from figures import report
    from studies import judging

    if given.claims:
        own = _own(given.claims)
        claims = ledger.picked(given.names, own.claims, f" of {own.path}")
    else:
        own, claims = None, ledger.claims(given.names, given.paper)
    output.check_output()
    complete, judged, _ = judging.judged(claims, given.workers, own)
    records = [v.to_json() for v in judged]
    text = report.sentences(records) if own else report.table(records)
    output.tell(json.dumps(records, indent=2) if given.json else text)
    return 0 if complete and all(v.as_expected for v in judged) else 1


def _own(path: Path) -> OwnClaims:
    """The claims in a user's file."""
    from bounds import ledger
    from studies import own_claims

    return own_claims.claims_in(path, [one.name for one in ledger.CLAIMS], ledger.STEMS)


def _explain(given: argparse.Namespace) -> int:
    from bounds import ledger
    from studies import catalog, explain, provenance, quantities, tables, verdicts

    one = ledger.claim(given.name)
    name = quantities.study_of(one)
    study = catalog.study(name)
    source = _source(given.source, [study])
    if not (catalog.home(source, study) / f"{name}.json").exists():
        none = f"{source} has no results of {name}; run it first"
        output.tell(explain.text(explain.record(one), none))
        return 0
    table = _read(source, study)
    with tables.blaming_gaps(not table.manifest["counts"]["cells_missing"]):
        (verdict,) = verdicts.judge([one], {name: table})
    where = f"{provenance.place(source, COMMITTED)} ({provenance.told({name: table})})"
    output.tell(explain.text(explain.record(one, verdict), where))
    return 0 if verdict.as_expected else 1


def _report(given: argparse.Namespace) -> int:
    from bounds import ledger
    from studies import catalog, judging, provenance, tables, verdicts

    own = _own(given.claims) if given.claims else None
    source = _source(given.source, catalog.STUDIES)
    # What an extra was missing for is not there to be read; the page tells of the rest.
    here = [
        one
        for one in catalog.STUDIES
        if not one.lacks() or (catalog.home(source, one) / f"{one.name}.json").is_file()
    ]
    results = {one.name: _read(source, one) for one in here}
    complete = len(here) == len(catalog.STUDIES) and not any(
        table.manifest["counts"]["cells_missing"] for table in results.values()
    )
    # Opened before the work is done: a folder that takes no file is found out at once.
    with tables.blaming_gaps(complete), output.replacing(given.out / "report.html") as file:
        judged = verdicts.judge(ledger.CLAIMS, results)
        yours = judging.of_ones_own(own, (source, given.out), results) if own else None
        where = provenance.place(source, COMMITTED)
        file.write(page_text(results, judged, where, yours).encode())
    output.mention(str(given.out / "report.html"))
    found = [*judged, *(yours.verdicts if yours else ())]
    complete &= yours is None or yours.complete
    return 0 if complete and all(v.as_expected for v in found) else 1


def page_text(
    results: Mapping[str, Table],
    judged: Sequence[Verdict],
    where: str,
    yours: OwnJudged | None = None,
) -> str:
    """report.html from the studies' tables, the verdicts on them,
    where they are from, and a reader's own claims; a function of these alone.
    """
    from bounds import claim, ledger
    from figures import catalog, page, style, theorem
    from figures.output import svg
    from studies import explain, provenance

    shown = {**results, **(yours.tables if yours else {})}
    pictures = []
    for figure in catalog.FIGURES:
        if not set(figure.studies) <= set(results):
            continue
        joined = _join(figure, results)
        drawing = _drawn(figure, joined, results)
        told = (style.caption(drawing), provenance.told(_its(figure, results)))
        pictures.append(page.Picture(figure, svg(drawing), joined.findings, *told))
    return page.render(
        [asdict(paper) for paper in ledger.PAPERS],
        pictures,
        [explain.record(v.claim, v) for v in judged],
        {name: table.manifest for name, table in shown.items()},
        f"{where} ({provenance.told(results)})",
        theorem.html(),
        page.Yours(**yours.told()) if yours else None,
        claim.QUANTITIES,
    )


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
    from studies import explain, projection

    found = projection.constants({line["constant"]: line["value"] for line in record["lines"]})
    shape = {"steps": projection.STEPS, "replicates": projection.REPLICATES}
    answers = projection.answers(found)
    return cost.render(
        record, answers, projection.WORKERS, shape, explain.opening(Path(projection.__file__))
    )


def _fit(given: argparse.Namespace) -> int:
    from studies import fit_command

    found = fit_command.command(given)
    if given.plot:
        from figures import fitted
        from figures.output import picture

        drawing = fitted.draw(*fit_command.drawn(found), given.x, fit_command.axis(given))
        output.write(given.plot, picture(drawing, given.plot.suffix[1:]), "--plot")
    records = json.dumps([one.to_json() for one in found], indent=2)
    output.tell(records if given.json else "\n".join(map(fit_command.text, found)))
    return 0


def _bound(given: argparse.Namespace) -> int:
    from studies import bound

    found = bound.command(given)
    output.tell(json.dumps(found.to_json(), indent=2) if given.json else found.text)
    return 0


def _list(given: argparse.Namespace) -> int:
    from studies import completion, listing

    listed = given.command == "list"
    output.tell(listing.text(given.kind, given.json) if listed else completion.script(given.shell))
    return 0


if __name__ == "__main__":
    sys.exit(main())
