"""Claims on the page, dimfree's and a reader's own: a table with all there is to say of each."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from figures.mathml import sentence
from figures.report import ORIGINS, counted, fell, kind
from figures.told import judged, many, number

KINDS = {
    "identity": "equal, to rounding or a stated tolerance",
    "tight": "equal, within what chance allows",
    "upper": "at most",
    "lower": "at least",
    "rate": "proportional: log-log slope 0 of measured over formula",
}


def _short(value: Any) -> str:
    """A value of a cell, its numbers with four digits."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_short, value))}]"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _cell(cell: Mapping[str, Any]) -> str:
    text = ", ".join(f"{key} = {_short(value)}" for key, value in cell.items())
    return text if len(text) <= 400 else text[:400] + " …"


def _code(text: str) -> str:
    return f"<pre><code>{escape(text, quote=False)}</code></pre>"


def _claim(v: Mapping[str, Any], known: frozenset[str], code: bool) -> str:
    name = escape(v["name"])
    uses = ", ".join(
        f'<a href="#claim-{u}">{u}</a>' if u in known else escape(u) for u in v["uses"]
    )
    unexpected = "" if v["verdict"] == v["expected"] else f" (expected: {v['expected']})"
    worst = (
        f"measured {number(v['measured'], 6)}, predicted {number(v['predicted'], 6)}: {v['fit']}"
    )
    decoy = (
        f"measured {number(v['decoy_measured'], 6)}, predicted {number(v['decoy_predicted'], 6)}: "
        f"{v['decoy_fit']}"
    )
    cells = (
        f"{v['cells']}, {many(v['replicates'], 'replicate')} at least; the worst: "
        f"{_cell(v['worst_cell'])}"
    )
    seen = [number(v[size], 2) for size in ("detectable", "detectable_anywhere")]
    smallest = (
        f"a relative change of {seen[0]} at its most precise cell, of {seen[1]} at any"
        if v["detectable"]
        else ""
    )
    terms = (
        ("assumes", sentence(v["assumptions"])),
        ("why", sentence(v["why"])),
        ("about", ", ".join(v["about"])),
        ("paper", escape(v["paper"])),
        ("source", escape(v["source"], quote=False)),
        ("uses", uses),
        ("formula", _code(v["formula"]) if code else ""),
        ("compared", sentence(worst)),
        ("decoy", sentence(v["decoy"])),
        ("its formula", _code(v["decoy_formula"]) if code else ""),
        ("compared", sentence(decoy)),
        ("cells", escape(cells, quote=False)),
        ("would see", smallest),
        ("few cells", sentence(v["decoy_reason"])),
        ("expected", sentence(f"{v['expected']}: {v['reason']}") if v["reason"] else ""),
        ("again", f"<code>{escape(v['command'])}</code>"),
    )
    details = "".join(f"<dt>{term}</dt><dd>{text}</dd>" for term, text in terms if text)
    fallen = v["decoy_share"] * 100
    return (
        f'<tr id="claim-{name}" data-paper="{escape(v["paper"])}" '
        f'data-origin="{v["origin"]}" data-kind="{v["kind"]}" data-verdict="{v["verdict"]}" '
        f'data-about="{"; ".join(v["about"])}"><th scope="row"><a '
        f'href="#claim-{name}">{name}</a></th><td>{v["origin"]}</td>'
        f'<td>{kind(v)}</td><td><span class="{v["verdict"]}">{judged(v)}</span>{unexpected}</td>'
        f'<td data-key="{fallen:.1f}">at {fell(v)}</td>'
        f"<td><details><summary>{sentence(v['statement'])}</summary><dl>{details}</dl></details>"
        "</td></tr>"
    )


def _choice(field: str, label: str, options: Sequence[tuple[str, str]]) -> str:
    shown = "".join(
        f'<option value="{value}">{escape(text)}</option>'
        for value, text in (("", "all"), *options)
    )
    return f'<label>{label}<select name="{field}">{shown}</select></label>'


def _table(verdicts: Sequence[Mapping[str, Any]], *, code: bool) -> str:
    """A row for each claim, with or without its formulas as they stand in the code."""
    widths = {
        "Claim": 11,
        "Origin": 6,
        "Kind": 6.5,
        "Verdict": 7.5,
        "Decoy falls": 7.5,
        "Statement": 0,
    }
    columns = "".join(f'<col style="width: {w}rem">' if w else "<col>" for w in widths.values())
    head = "".join(f'<th scope="col"><button type="button">{h}</button></th>' for h in widths)
    names = frozenset(v["name"] for v in verdicts)
    rows = "\n".join(_claim(v, names, code) for v in verdicts)
    return (
        f'<div class="scroll"><table><colgroup>{columns}</colgroup><thead><tr>{head}</tr></thead>'
        f"<tbody>\n{rows}\n</tbody></table></div>\n"
    )


def _false_alarms(verdicts: Sequence[Mapping[str, Any]]) -> str:
    budget = sum(v["false_alarm"] for v in verdicts)
    return (
        "Together the stochastic checks raise a false alarm in at most "
        f"{sentence(number(budget, 2))} of runs, exactly where replicates are normal and nominally "
        "where they are skewed."
    )


def ledger(verdicts: Sequence[Mapping[str, Any]]) -> str:
    """The section of dimfree's own claims, with what filters them."""

    def present(field: str) -> list[str]:
        return list(dict.fromkeys(str(v[field]) for v in verdicts))

    quantities = sorted({quantity for v in verdicts for quantity in v["about"]})
    choices = (
        _choice("paper", "Paper", [(p, p or "of no paper") for p in present("paper")]),
        _choice(
            "origin", "Origin", [(o, text) for o, text in ORIGINS.items() if o in present("origin")]
        ),
        _choice("kind", "Kind", [(k, f"{k}: {KINDS[k]}") for k in KINDS if k in present("kind")]),
        _choice("about", "About", [(q, q) for q in quantities]),
        _choice("verdict", "Verdict", [(v, v) for v in present("verdict")]),
    )
    return (
        '<section id="claims" class="claims">\n<h2>The claims</h2>\n'
        "<p>Each formula went through the same comparison as a decoy, its smallest false variant; "
        "HOLDS needs the one accepted and the other rejected. A verdict is about the cells that "
        "were measured. A reading is a sentence of the paper in a setting or with a threshold of "
        "ours: where it fails, nothing is said against the paper. A description was chosen after "
        "looking: measured, not a theorem. Open a statement for the rest; <code>dimfree explain "
        "NAME</code> has the code of both formulas. "
        f"{_false_alarms(verdicts)}</p>\n"
        f'<form id="filter" hidden>{"".join(choices)}'
        '<label>Words<input name="words" type="search" autocomplete="off"></label>'
        '<button type="reset">show all</button><output id="count" '
        f'aria-live="polite"></output></form>\n{_table(verdicts, code=False)}</section>'
    )


def yours(file: str, verdicts: Sequence[Mapping[str, Any]], work: str) -> str:
    """The section of a reader's own claims.

    Parameters
    ----------
    file : where they are from
    verdicts : as for `ledger`
    work : a paragraph on the work that they are of; "" for none
    """
    told = "".join(f"<li>{escape(v['sentence'], quote=False)}</li>" for v in verdicts)
    return (
        f'<section id="your-claims" class="claims">\n<h2>Your claims: '
        f"{escape(file, quote=False)}</h2>\n{work}"
        "<p>Not dimfree's: nobody here has looked at them. They went through the same comparison "
        f"as dimfree's, each with its decoy. {counted(verdicts)} {_false_alarms(verdicts)}</p>\n"
        f"<ul>{told}</ul>\n{_table(verdicts, code=True)}</section>"
    )
