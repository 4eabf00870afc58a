"""paper_repro.md: the same results give the same bytes, other results other sentences."""

import copy
import re
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from figures import across
from figures.catalog import FIGURES as CATALOG
from figures.minute import LEAD, MINUTE
from figures.report import NO_CLAIM, counted, render
from figures.told import anchor, number

RAN = {
    "study": "error-vs-dimension",
    "dims": [4, 16, 1048576],
    "samples": [200, 12345678],
    "times": [0.1, 0.30000000000000004, 1.2345678],
    "spectrum": "λ_i = 1",
    "engine": "exact",
    "replicates": 77,
    "seed": 11,
    "code": "0.1.0+abc",
    "missing": 0,
}
FIGURES = {figure.name: figure for figure in CATALOG}
WORK: dict[str, Any] = {
    "stem": "kumar_2025",
    "title": "A title",
    "authors": ("One", "Two"),
    "venue": "V 2025",
    "link": "https://x",
    "have": "its abstract",
    "unknown": ("its proof", "C"),
}
LAWS = ("constant", "log log d", "log d", "d")
FIT = {
    "discrepancy": 1e-15,
    "condition": 12.0,
    "m": 200,
    "slope_low": -0.01,
    "slope_high": 0.03,
    "margin": 0.02,
    "p": 0.04,
}
METHOD: dict[str, Any] = {
    "share": {"mean": 0.161, "low": 0.152, "high": 0.173},
    "error": 0.019,
    "estimation": 0.0137,
    "score": 0.69,
    "total_variation": 0.117,
    "wasserstein": 0.166,
    "gain": None,
    "training": None,
}
GAIN = {"gain": 0.18, "low": 0.053, "high": 0.31, "word": "helps"}
BETTER = METHOD | {"gain": GAIN}
NETWORK = {"training": {"iterations": 29.8, "loss": 0.122, "converged": 0.04}}
TRAINED = {"dsm": METHOD | NETWORK, "bsm": BETTER | NETWORK | {"gain": GAIN | {"word": "hurts"}}}
SETTING: dict[str, Any] = {
    "case": "features: m = 7",
    "learner": "features",
    "fit": "step",
    "budget": 0,
    "n": 120,
    "minor": 0.15,
    "discretisation": 0.0123,
    "initialisation": -0.0014,
    "sample": 0.0161,
    "methods": {"dsm": METHOD, "bsm": BETTER, "bsm-half": BETTER},
}
NETWORK_OF = {"case": "network: m = 9", "learner": "network", "budget": 30}
LAW_FIT = {
    "law": "log d",
    "a": 0.7,
    "a_low": 0.6,
    "a_high": 0.8,
    "b": 0.01,
    "b_low": -0.02,
    "b_high": 0.04,
    "chi_square": 5.0,
    "limit": 18.8,
    "factor_low": 0.99,
    "factor_high": 1.02,
}
FINDINGS: dict[str, dict[str, Any]] = {
    "figure-1a": {
        **RAN,
        "fits": [
            {
                **FIT,
                "scaling": "log|H|",
                "slope": 0.012,
                "predicted_slope": 0.0,
                "equivalent": True,
            },
            {
                **FIT,
                "scaling": "log|H| log log d",
                "slope": -0.31,
                "predicted_slope": -0.29,
                "equivalent": False,
            },
        ],
        "laws": [
            {
                "m": 200,
                "verdict": "constant",
                "standing": ["constant"],
                "flat_factor": 1.0867,
                "fits": [{**LAW_FIT, "law": n} for n in LAWS],
                "power": [
                    {
                        "law": n,
                        "right": 0.987,
                        "wrong": 0.001,
                        "undecided": 0.01,
                        "none": 0.002,
                        "draws": 4000,
                    }
                    for n in LAWS
                ],
                "design": {"sentence": "A sentence about designs."},
            }
        ],
    },
    "figure-1b": {
        **RAN,
        "m": 200,
        "anchor": 16,
        "largest": 128,
        "value": 1.0021,
        "low": 0.99,
        "high": 1.014,
        "linear": 8.0,
        "not_drawn": [
            {
                "source": "Gupta et al. 2024",
                "quantity": "samples",
                "note": "P, D of d unknown",
                "recalled": False,
            },
            {
                "source": "Block et al. 2020",
                "quantity": "error",
                "note": "no exponent",
                "recalled": True,
            },
        ],
    },
    "figure-2": {
        "missing": 0,
        "nodes": 22,
        "edges": 28,
        "claims": 100,
        "counts": {"HOLDS": 21, "REFUTED": 1, "UNDECIDED": 0},
        "evidence": {"proven": 4, "computed": 13, "sampled": 5},
        "log_factor": [
            {
                "constant": 1.0,
                "lipschitz": 0.0,
                "m": 1000,
                "steps": 30,
                "spacing": 0.1,
                "delta": 0.05,
                "d": 100,
                "growth": 0.25,
                "times": 1.284,
            }
        ],
    },
    "figure-3a": {
        **RAN,
        "study": "error-vs-timestep",
        "d": 8,
        "m": 2000,
        "ratios": [
            {
                "t": 0.2,
                "ratio": 0.93,
                "low": 0.85,
                "high": 1.01,
                "predicted": 0.917,
                "bound": 0.203,
            },
            {
                "t": 2.0,
                "ratio": 0.131,
                "low": 0.12,
                "high": 0.14,
                "predicted": 0.1312,
                "bound": 0.033,
            },
        ],
    },
    "figure-3b": {
        "study": "mixture-bootstrap",
        "settings": [SETTING, SETTING | NETWORK_OF | {"methods": TRAINED}],
        "shown": SETTING,
        "comparisons": 42,
        "words": {"helps": "above 0", "hurts": "below it"},
        "replicates": 120,
        "seed": 31,
        "code": "0.1.0+abc",
        "missing": 0,
    },
}
BEYOND = {
    "study": "bootstrap-weights",
    "spectrum": "λ_i = 1",
    "replicates": 77,
    "seed": 11,
    "code": "0.1.0+abc",
    "missing": 0,
}
PLACE = {"spectrum": "power", "first": 0.02, "spacing": 0.2, "m_over_d": 1.5}
FINDINGS |= {
    "beyond-efficiency": {
        **BEYOND,
        "d": 8,
        "m": 20000,
        "rows": [
            {
                "spacing": gap,
                "t": 2.0,
                "estimator": name,
                "mean": mean,
                "low": 1.0,
                "high": 4.2,
                "predicted": mean,
            }
            for gap in (0.1, 0.02)
            for name, mean in (("BSM", 4.0), ("path fit", 1.07))
        ],
    },
    "beyond-map": {
        **BEYOND,
        "d": 16,
        "cells": 84,
        "worst": [
            {"estimator": "BSM", "ratio": 0.98, "low": 0.97, "high": 0.99, **PLACE},
            {"estimator": "path fit", "ratio": 0.31, "low": 0.3, "high": 0.32, **PLACE},
        ],
        "best": [{"estimator": name, "ratio": 0.05, **PLACE} for name in ("BSM", "path fit")],
        "loses": [],
    },
    "beyond-basis": {
        **BEYOND,
        "best": [
            {
                "spacing": 0.1,
                "m": m,
                "target": target,
                "basis": "resolvent",
                "count": 3,
                "mean": 30 / m,
                "low": 29 / m,
                "high": 31 / m,
                "predicted": 30 / m,
                "bias": 1 / m,
            }
            for m in (500, 20000)
            for target in ("T1", "T3")
        ],
        "levels": [
            {"spacing": 0.1, "m": m, "curve": curve, "value": value / m}
            for m in (500, 20000)
            for curve, value in (("DSM", 100.0), ("BSM", 60.0), ("path fit", 9.0))
        ],
    },
    "beyond-forgetting": {
        **BEYOND,
        "study": "evidence-forgetting",
        "points": 33,
        "worst": 0.015,
        "flat": [
            {
                "t": t,
                "mark": mark,
                "kept": 0.16,
                "ratio": ratio,
                "low": 0.9 * ratio,
                "high": 1.1 * ratio,
                "predicted": ratio,
            }
            for t, mark, ratio in ((1.0, 10.0, 0.796), (2.0, 10.0, 0.367), (2.0, 100.0, 0.817))
        ],
    },
    "beyond-redraws": {
        **BEYOND,
        "study": "redraws",
        "d": 8,
        "m": 100000,
        "worth": [
            {
                "t": t,
                "estimator": name,
                "redraws": redraws,
                "measured": redraws,
                "se": 0.1,
                "value": 3.0,
            }
            for t, name, redraws in (
                (0.5, "BSM", 1.61),
                (2.0, "BSM", 9.9),
                (2.0, "path fit", 398.0),
            )
        ],
        "excesses": [
            {
                "t": 2.0,
                "estimator": "BSM",
                "redraws": 5,
                "mean": 2.95,
                "low": 2.9,
                "high": 3.0,
                "predicted": 2.96,
            }
        ],
    },
    "beyond-networks": {
        **BEYOND,
        "study": "evidence-networks",
        "m": 200,
        "points": [
            {"t": t, "noise": noise, "passes": passes, "mean": mean, "n": 60, "low": 0, "high": 1}
            for t in (0.2, 0.6)
            for noise, means in (
                ("once", (0.31, 0.47)),
                ("4 draws", (0.33, 0.19)),
                ("every epoch", (0.35, 0.11)),
            )
            for passes, mean in zip((100, 600), means, strict=True)
        ],
        "laws": [{"t": t, "fresh": 0.11, "extrapolated": 0.097} for t in (0.2, 0.6)],
    },
    "beyond-real": {
        "points": {
            **{
                name: [
                    {
                        "data": data,
                        "rows": 150,
                        "d": 4,
                        "m": 30,
                        "t": t,
                        "redraws": 1,
                        "estimator": estimator,
                        "measured": value * t,
                        "predicted": 1.1 * value,
                        "decoy": 0.9,
                    }
                    for data in ("iris", "digits")
                    for t in (0.4, 2.0)
                    for estimator in of
                ]
                for name, value, of in (
                    ("real-gain", 0.31, ("bsm", "path")),
                    ("real-near", 1.07, ("path",)),
                    ("real-split", 8.3, ("dsm", "path")),
                    ("real-limit", 2.7, ("plug-in",)),
                    ("real-few", 5.9, ("dsm",)),
                    ("real-mean", 3.3, ("plug-in",)),
                )
            }
        },
        "studies": {"real-spectra": {"replicates": 77, "seed": 11, "code": "0.1.0+abc"}},
        "missing": 0,
    },
    "beyond-gradient": {
        "points": {
            "sgd-order": [
                {"d": 8, "t": t, "target": target, "measured": value}
                for t in (0.2, 2.0)
                for target, value in (("T2", 0.11), ("T3", 2.15), ("TB", 0.47), ("w0", 0.024))
            ],
            "sgd-frozen": [
                {"t": t, "target": target, "step_size": size, "measured": 3.0 * size}
                for t in (0.2, 2.0)
                for target in ("TB", "w0")
                for size in (0.01, 0.1)
            ],
        },
        "studies": {"evidence-sgd": {"replicates": 77, "seed": 11, "code": "0.1.0+abc"}},
        "missing": 0,
    },
    "beyond-dimension": {
        **BEYOND,
        "study": "large-dimensions",
        "largest": 10**8,
        "margin": 0.001,
        "fits": [
            {
                "scaling": scaling,
                "ratio": 2,
                "slope": slope,
                "low": slope - 1e-5,
                "high": slope + 1e-5,
                "predicted": slope,
                "equivalent": slope == 0.0,
            }
            for scaling, slope in (("log|H|", 0.0), ("log|H| log log d", -0.02))
        ],
        "laws": [
            {"ratio": 2, "verdict": "constant", "flat_factor": 1.001, "right": 1.0, "wrong": 0.0}
        ],
    },
    "beyond-averaging": {
        **BEYOND,
        "study": "evidence-averaging",
        "worst": [
            {
                "rule": rule,
                "hypotheses": size,
                "mean": mean,
                "low": 0.9 * mean,
                "high": 1.1 * mean,
                "predicted": predicted,
            }
            for rule, size, mean, predicted in (
                ("least loss", 10, 1.8, 1.8),
                ("least loss", 100, 3.2, 3.2),
                ("Q-aggregation", 10, 1.2, None),
                ("Q-aggregation", 100, 1.28, None),
            )
        ],
    },
}


def verdict(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "statement": f"The sentence |of| {name}.",
        "origin": "derived",
        "kind": "tight",
        "verdict": "HOLDS",
        "expected": "HOLDS",
        "reason": "",
        "description": False,
        "decoy_rejected": True,
        "decoy_share": 0.75,
        "decoy_reason": "",
        "cells": 12,
        "false_alarm": 1e-9,
        "certified": False,
    } | more


def test_what_the_claims_are_about() -> None:
    """The table of works and quantities stands before the claims; without quantities none does."""
    claims = [verdict("a", paper=WORK["stem"], about=["bias"])]
    told = partial(render, [WORK], [], {}, claims, "", "make", "here")
    table = across.markdown([WORK], claims, {"bias": "what stays wrong"})
    assert f"{table}## The claims" in told(quantities={"bias": "what stays wrong"})
    assert across.TITLE not in told()


VERDICTS = [verdict(name) for figure in FINDINGS for name in FIGURES[figure].claims]


OF_THE_RUN = (*RAN,)


def typed(value: Any) -> Any:
    """A finding as the joins make it: an object with a name for each number.
    What goes by a chosen word stays a mapping.
    """
    if isinstance(value, dict):
        inner = {key: typed(one) for key, one in value.items()}
        by_word = any(key in value for key in ("HOLDS", "proven", "helps", "dsm"))
        return inner if by_word else SimpleNamespace(**inner)
    return [typed(one) for one in value] if isinstance(value, list) else value


def found(finding: dict[str, Any]) -> Any:
    """What a figure found, with what is of its run in an object of its own."""
    if "studies" in finding:  # of the generic join, whose rows stay mappings
        return SimpleNamespace(**finding)
    if "study" not in finding:
        return typed(finding)
    run = {key: value for key, value in finding.items() if key in OF_THE_RUN}
    return typed({key: value for key, value in finding.items() if key not in run} | {"run": run})


def rendered(
    findings: dict[str, dict[str, Any]] = FINDINGS,
    verdicts: list[dict[str, Any]] = VERDICTS,
    pictures: str = "",
) -> str:
    figures = [(FIGURES[name], found(one), f"Caption of {name}.") for name, one in findings.items()]
    return render(
        [WORK], figures, {}, verdicts, pictures, "make reproduce PRESET=paper", "preset paper"
    )


def changed(figure: str, **more: Any) -> dict[str, dict[str, Any]]:
    """The findings with one figure's changed at the top level."""
    return {**FINDINGS, figure: {**copy.deepcopy(FINDINGS[figure]), **more}}


def law(**more: Any) -> dict[str, dict[str, Any]]:
    """The findings with figure 1a's comparison of laws changed."""
    return changed("figure-1a", laws=[{**FINDINGS["figure-1a"]["laws"][0], **more}])


def section(text: str, figure: str) -> str:
    start = text.index(f"### {FIGURES[figure].heading}")
    return re.split(r"\n###? ", text[start:], maxsplit=1)[0]


def tables_of(text: str) -> list[list[int]]:
    """For each table of the text, the number of columns
    of each of its rows; an escaped pipe is no border.
    """
    found: list[list[int]] = []
    before = ""
    for line in text.splitlines():
        if line.startswith("|"):
            if not before.startswith("|"):
                found.append([])
            found[-1].append(len(re.findall(r"(?<!\\)\|", line)) - 1)
        before = line
    return found


def test_same_arguments_same_bytes() -> None:
    """And the arguments are left as they were: no clock, no order of a set, no counter."""
    findings, verdicts = copy.deepcopy(FINDINGS), copy.deepcopy(VERDICTS)
    first = rendered(findings, verdicts)
    assert first == rendered(findings, verdicts) == rendered()
    assert (findings, verdicts) == (FINDINGS, VERDICTS)
    assert first.isprintable() is False and "\r" not in first and first.endswith("\n")


@pytest.mark.parametrize("figure", FINDINGS)
def test_every_number_that_was_found_is_told(figure: str) -> None:
    """Another number changes the figure's own section and no other:
    a number that is not read would change nothing.
    """
    plain = rendered()
    for key, value in FINDINGS[figure].items():
        if isinstance(value, int):
            other = rendered(changed(figure, **{key: value + 1}))
            assert section(other, figure) != section(plain, figure), key
            for name in FINDINGS:
                assert name == figure or section(other, name) == section(plain, name)


def test_settings_are_written_out() -> None:
    """Whole numbers in full (1048576, not 1.04858e+06)
    and floats as they were meant, not as they are stored.
    """
    text = section(rendered(), "figure-1a")
    assert (
        "d = 4, 16, 1048576; m = 200, 12345678; t = 0.1, 0.3, 1.2345678; 77 replicates, seed 11"
        in text
    )
    assert "code 0.1.0+abc." in text
    assert "`make reproduce PRESET=paper`" in text


def test_the_findings_in_a_minute() -> None:
    """The headlines of the chosen figures, in their order, each with its section and its claim;
    all that are chosen exist.
    """
    claims = {figure.name: figure.claims for figure in CATALOG}
    assert all(claim in claims[name] for name, claim in MINUTE.items())
    text = rendered().split("\n## The findings in a minute\n")[1].split("\n## ")[0]
    wanted = []
    for name in MINUTE:
        if name in FINDINGS:
            figure = FIGURES[name]
            link = f"([figure](#{anchor(figure.heading)}), `{MINUTE[name]}`)"
            wanted.append(f"- {figure.headline(found(FINDINGS[name]))} {link}")
    assert text.split("\n")[1:-1] == [LEAD, "", *wanted]
    assert len(wanted) > 3


def test_in_short_a_line_for_each_figure() -> None:
    """A link that leads to the heading, as GitHub makes anchors, and the headline, which stands
    above the picture as well; the caption stands below it.
    """
    text = rendered()
    listed = text.split("\n## Figure by figure\n")[1].split("\n## ")[0]
    lines = [line for line in listed.splitlines() if line.startswith("- ")]
    assert len(lines) == len(FINDINGS)
    for line, (name, one) in zip(lines, FINDINGS.items(), strict=True):
        heading, headline = FIGURES[name].heading, FIGURES[name].headline(found(one))
        assert line == f"- [{heading}](#{anchor(heading)}): {headline}"
        picture = f"**{headline}**\n\n![{heading}](kumar_2025/{name}.png)"
        assert f"{picture}\n\nCaption of {name}.\n" in section(text, name)
    assert anchor("Beyond the paper: why not, up to 10⁸?") == "beyond-the-paper-why-not-up-to-10"


def test_a_verdict_changes_its_sentence() -> None:
    """REFUTED, UNDECIDED and the unexpected are said
    in the section and the table of claims.
    """
    name = FIGURES["figure-3a"].claims[0]
    plain = rendered()
    assert "Not as expected" not in plain
    for status in ("REFUTED", "UNDECIDED"):
        text = rendered(
            verdicts=[v | ({"verdict": status} if v["name"] == name else {}) for v in VERDICTS]
        )
        assert f"- {status}: The sentence |of| {name}." in section(text, "figure-3a")
        assert "**Not as expected, which is HOLDS.**" in section(text, "figure-3a")
        assert section(text, "figure-1a") == section(plain, "figure-1a")
        assert f"| `{name}` | derived | tight | {status} | 9 of 12 |" in text
    expected = {"verdict": "REFUTED", "expected": "REFUTED", "reason": "flat without the factor"}
    text = rendered(verdicts=[v | (expected if v["name"] == name else {}) for v in VERDICTS])
    assert "Expected: flat without the factor." in section(text, "figure-3a")
    assert "Not as expected" not in text
    text = rendered(
        verdicts=[v | {"decoy_share": 0.0 if v["name"] == name else 0.5} for v in VERDICTS]
    )
    assert f"| `{name}` | derived | tight | HOLDS | NONE of 12 |" in text
    assert text.count("| NONE of 12 |") == 1


def test_which_law_the_table_names() -> None:
    """A constant with its factor, another law,
    an UNDECIDED between those that stand, NONE: four sentences.
    """
    constant = section(rendered(), "figure-1a")
    assert (
        "The table names **constant**: whatever is not excluded changes by a factor below 1.087"
        in constant
    )
    named = section(rendered(law(verdict="log d", standing=["log d"])), "figure-1a")
    assert "99 %. The table names **log d**.\n" in named
    undecided = section(
        rendered(law(verdict="UNDECIDED", standing=["constant", "log log d"])), "figure-1a"
    )
    assert "99 %. **UNDECIDED** between constant, log log d.\n" in undecided
    none = section(rendered(law(verdict="NONE", standing=[])), "figure-1a")
    assert "99 %. **NONE** of them describes the table.\n" in none
    for other in (undecided, none):
        assert "The table names" not in other


def test_what_is_told_of_each_law() -> None:
    """Excluded laws have their χ² beside its limit,
    the others b and the factor, where it has a bound.
    """

    def told(**more: Any) -> str:
        return section(rendered(law(fits=[{**LAW_FIT, **more}])), "figure-1a")

    assert "log d: b = 0.0100 [−0.0200, 0.0400], a factor 0.9900 to 1.020 over the grid." in told()
    assert "log d: excluded, χ² = 20.0 above 18.8." in told(chi_square=20.0)
    assert "0.0400], no bound on the factor over the grid." in told(
        factor_low=None, factor_high=None
    )
    assert "b = 0: a = 0.7000 [0.6000, 0.8000]." in told(law="constant")
    assert "b = 0: excluded, χ² = 20.0 above 18.8." in told(law="constant", chi_square=20.0)
    assert "proved. A sentence about designs." in told()


def test_intervals_decide_what_is_below() -> None:
    """BSM is below DSM where the whole interval is,
    not where the ratio is: one of these two steps.
    """
    assert "lies below 1 at 1 of the 2 steps" in section(rendered(), "figure-3a")
    ratios = [r | {"high": 0.99} for r in FINDINGS["figure-3a"]["ratios"]]
    text = section(rendered(changed("figure-3a", ratios=ratios)), "figure-3a")
    assert "lies below 1 at 2 of the 2 steps" in text
    assert (
        "At t = 2 the ratio is 0.131. The information bound there is 0.0330: BSM leaves a factor "
        "4.0." in text
    )


@pytest.mark.parametrize("figure", FINDINGS)
def test_missing_cells_are_said(figure: str) -> None:
    """In the section of the figure that lacks them, and only if there are any."""
    assert "missing" not in rendered()
    text = rendered(changed(figure, missing=3))
    assert "**3 cells are missing.**" in section(text, figure)
    assert text.count("missing") == 1


def test_pipes_are_escaped() -> None:
    """log|H| in a table is not three columns:
    every row has as many as its header. The decoy: unescaped.
    """
    found = tables_of(rendered())
    tables = [2 + 2, 2 + 1, 2 + 2, 2 + 5, 2 + 2, 2 + 2, 2 + 4, 2 + 4]
    tables += [2 + 2, 2 + 3, 2 + 1, 2 + 4, 2 + 4, 2 + 2, 2 + 2, 2 + 4, 2 + len(VERDICTS)]
    assert [len(table) for table in found] == tables
    for table in found:
        assert len(set(table)) == 1
    assert [table[0] for table in found] == [6, 9, 5, 8, 11, 5, 6, 8, 5, 5, 6, 5, 9, 7, 6, 5, 6]
    decoy = tables_of(rendered().replace("\\|", "|"))
    assert sum(len(set(table)) > 1 for table in decoy) == 3


def test_what_was_recalled_is_marked() -> None:
    """And only that."""
    text = section(rendered(), "figure-1b")
    assert "- Block et al. 2020 (recalled, not read): error; no exponent." in text
    assert "- Gupta et al. 2024: samples; P, D of d unknown." in text
    assert "factor 1.002 [0.9900, 1.014]; linear dependence would make it 8.000" in text


def test_pictures_and_absent_figures() -> None:
    """Links are relative to the report;
    a figure that was not made has no section, and no claim leaves no gap.
    """
    assert (
        "![Figure 1b: against a linear dependence on dimension](kumar_2025/figure-1b.png)"
        in rendered()
    )
    assert "](pictures/here/kumar_2025/figure-1b.png)" in rendered(pictures="pictures/here")
    text = rendered({"figure-3a": FINDINGS["figure-3a"]}, [])
    assert "Figure 1" not in text
    assert f"**Verdict.** {NO_CLAIM}" in text
    assert "## The claims" not in text
    assert "{" not in rendered()


def test_false_alarms_are_added_up() -> None:
    """Seven claims of 1e-9 each, the computed ones adding nothing."""
    text = rendered(verdicts=[verdict(str(k)) for k in range(7)] + [verdict("x", false_alarm=0.0)])
    assert "a false alarm in at most 7.0·10⁻⁹ of runs" in text


def test_what_closes_a_work() -> None:
    """Behind its figures, from all findings and verdicts; only of the work whose it is."""
    figures = [(FIGURES[name], found(one), "") for name, one in FINDINGS.items()]
    closings: dict[str, Any] = {
        "kumar_2025": lambda found, verdicts: f"CLOSED {len(found)} {len(verdicts)}\n\n",
        "other": str,
    }
    text = render([WORK], figures, closings, VERDICTS, "", "c", "r")
    assert (
        text.index("### Beyond the paper: one")
        < text.index(f"CLOSED {len(FINDINGS)} ")
        < text.index("## The claims")
    )


def test_claims_are_counted_by_origin_in_the_first_sentence() -> None:
    """Cited, readings and derived apart, then verdicts; descriptions are said to be no theorems."""
    mixed = [
        verdict("a"),
        verdict("b", origin="cited"),
        verdict("c", origin="reading", verdict="REFUTED", expected="REFUTED", reason="r"),
        verdict("d", origin="reading", description=True),
        verdict("e", verdict="UNDECIDED"),
    ]
    assert counted(mixed) == (
        "5 claims: 1 cited, 2 readings of ours, 2 derived; 3 HOLDS, 1 REFUTED, 1 UNDECIDED. "
        "1 of them are descriptions of what was measured, not theorems. 1 not as expected."
    )
    text = rendered(verdicts=mixed)
    assert text.split("\n\n")[1].startswith(
        counted(mixed) + " Generated by `dimfree reproduce` (preset paper)"
    )
    assert "| `c` | reading | tight | REFUTED in our setting | 9 of 12 |" in text
    assert "| `d` | reading | tight, description | HOLDS |" in text


def test_a_reading_that_fails_fails_in_our_setting() -> None:
    """And never beside the word cited; where it holds, it holds."""
    name = FIGURES["figure-1a"].claims[1]
    failed = verdict(name, origin="reading", verdict="REFUTED", expected="REFUTED", reason="so")
    text = rendered(verdicts=[failed])
    assert (
        f"- REFUTED in our setting: The sentence |of| {name}. (reading, `{name}`; decoy rejected "
        f"at 9 of 12)" in text
    )
    assert "(reading, `" in rendered(verdicts=[failed | {"verdict": "HOLDS"}])
    assert "in our setting" not in section(
        rendered(verdicts=[failed | {"verdict": "HOLDS"}]), "figure-1b"
    )


def test_decoys_that_fall_at_few_cells_are_listed_with_their_reason() -> None:
    text = rendered(
        verdicts=[verdict("a"), verdict("b", decoy_share=1 / 12, decoy_reason="it cannot be seen.")]
    )
    assert (
        "at less than a third of the cells, and why:\n\n- `b`, 1 of 12: it cannot be seen.\n"
        in text
    )
    assert "less than a third" not in rendered(verdicts=[verdict("a")])


def test_the_map_says_who_loses() -> None:
    """By name, place and ratio; or that nobody does."""
    assert "Nowhere on the map does one of them lose" in section(rendered(), "beyond-map")
    loses = [{"estimator": "BSM, risk-optimal matrix", "ratio": 1.04, **PLACE}]
    text = section(rendered(changed("beyond-map", loses=loses)), "beyond-map")
    assert "BSM, risk-optimal matrix at power, t₁ = 0.02, Δ = 0.2, m/d = 1.5 (1.04)" in text
    assert "Nowhere" not in text


def test_every_figure_is_told() -> None:
    """Of each work its own figures under its own head,
    with what is had and what is unknown of it.
    """
    assert list(FINDINGS) == [figure.name for figure in CATALOG if figure.paper == "kumar_2025"]
    text = rendered()
    assert "## One, Two 2025\n\n*A title*, V 2025, <https://x>." in text
    assert "**What we have of it.** its abstract.\n\n**Unknown.** its proof; C." in text
    other = WORK | {"stem": "other_1999"}
    none = render(
        [other], [(FIGURES["figure-1b"], found(FINDINGS["figure-1b"]), "")], {}, [], "", "c", "r"
    )
    assert "Figure 1b" not in none
    assert "## One, Two 1999" in none


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.448, 3, "0.448"),
        (-0.15, 2, "−0.15"),
        (12.0, 3, "12.0"),
        (100.0, 3, "100"),
        (0.0, 2, "0.0"),
        (1.26e-7, 2, "1.3·10⁻⁷"),
        (-4096, 3, "−4.10·10³"),
    ],
)
def test_numbers(value: float, digits: int, text: str) -> None:
    """Significant digits, trailing zeros kept because they are measured,
    a true minus also in the exponent.
    """
    assert number(value, digits) == text


def test_improvements_are_counted_and_split() -> None:
    """The words are tallied over settings,
    each number stands where its header says, per cent from fractions.
    """
    text = section(rendered(), "figure-3b")
    assert "BSM: helps in 1, hurts in 1 of 2. BSM, w = 1/2: helps in 1 of 1." in text
    assert "gets a share of 16.1 % [15.2, 17.3] with DSM" in text
    assert "bootstrapping there: **helps**" in text
    assert "| features: m = 7 | 120 | BSM | 16.1 | 1.9 | 18 [5.3, 31] | helps | 0.690 |" in text
    assert (
        "| features: m = 7 | 1.2 | −0.14 | 1.6 | 1.4 | 1.4 | 1.4 | 0.12 | 0.12 | 0.17 | 0.17 |"
        in text
    )
    assert "| network: m = 9 | BSM | 29.8 | 0.122 | 4.0 |" in text
    assert [len(set(table)) for table in tables_of(text)] == [1, 1, 1]


def test_what_the_paper_shows_ends_with_one_stop() -> None:
    """Whether its text has one or not: catches a paragraph without, and one with two."""
    for text in ("A curve", "A curve."):
        figure = replace(FIGURES["figure-1a"], shows=text, unknown=text)
        entry = (figure, found(FINDINGS["figure-1a"]), "Caption.")
        told = render([WORK], [entry], {}, VERDICTS, "", "make", "here")
        assert "shows.** A curve.\n" in told and "setting.** A curve.\n" in told
