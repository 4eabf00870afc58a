"""Which work says what about which quantity: the table in both forms, from works and claims."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from figures import across, report

QUANTITIES = {"bias": "what stays wrong", "sample size": "how many data"}


def claim(name: str, paper: str, *about: str, **more: Any) -> dict[str, Any]:
    holds = {"origin": "derived", "verdict": "HOLDS", "description": False}
    return {"name": name, "paper": paper, "about": list(about), **holds, **more}


def work(stem: str, *authors: str) -> dict[str, Any]:
    told = {"title": "T", "venue": "V", "link": "https://x", "have": "nothing", "unknown": ()}
    return {"stem": stem, "authors": authors, **told}


WORKS: list[dict[str, Any]] = [
    work("one_2025", "One", "Two"),
    work("o_2024_x", "O'<", "P", "Q"),
    work("r_2020", "R"),
]
CLAIMS = [
    claim("a", "one_2025", "bias", "sample size"),
    claim("b", "one_2025", "bias", description=True),
    claim("c", "o_2024_x", "sample size", verdict="REFUTED", origin="reading"),
    claim("d", "o_2024_x", "bias", verdict="UNDECIDED"),
]


def test_markdown() -> None:
    """Counted by hand: each cell, the sums, the links and where they lead, the names with what is
    to be said of them. Catches rows for columns, a claim of another work, one counted twice.
    """
    text = across.markdown(WORKS, CLAIMS, QUANTITIES)
    rows = [line for line in text.split("\n") if line.startswith("|")]
    assert rows == [
        "| work | bias | sample size | claims |",
        "|---|---:|---:|---:|",
        "| One and Two 2025 | [2](#about-one_2025-bias) | [1](#about-one_2025-sample-size) | 2 |",
        "| O'< et al. 2024 | [1](#about-o_2024_x-bias) | [1](#about-o_2024_x-sample-size) | 2 |",
        "| R 2020 |  |  | 0 |",
        "| *all works* | 3 | 2 | 4 |",
    ]
    assert "- *bias*: what stays wrong\n- *sample size*: how many data\n" in text
    assert '- <a id="about-one_2025-bias"></a>*bias*: `a`, `b` (description)\n' in text
    assert "*bias*: `d` (UNDECIDED)\n" in text
    assert "*sample size*: `c` (REFUTED in our setting)\n" in text
    links = re.findall(r"\(#([^)]*)\)", text)
    assert links == re.findall(r'<a id="([^"]*)">', text) and len(set(links)) == 4


def test_html() -> None:
    """The same numbers, each a button of its own that names what it opens; links to the claims."""
    text = across.html(WORKS, CLAIMS, QUANTITIES)
    section = ElementTree.fromstring(text)  # all elements close
    cells = [[cell.find("details/summary") for cell in row] for row in section.iter("tr")]
    rows = [
        [
            cell.text or "" if opens is None else opens.text
            for cell, opens in zip(row, here, strict=True)
        ]
        for row, here in zip(section.iter("tr"), cells, strict=True)
    ]
    assert rows[1:] == [
        ["One and Two 2025", "2", "1", "2"],
        ["O'< et al. 2024", "1", "1", "2"],
        ["R 2020", "", "", "0"],
        ["all works", "3", "2", "4"],
    ]
    assert [one.text for one in section.iterfind(".//thead//span")] == [*QUANTITIES, "claims"]
    assert [one.get("aria-label") for one in section.iter("summary")] == [
        "2, One and Two 2025: bias",
        "1, One and Two 2025: sample size",
        "1, O'< et al. 2024: bias",
        "1, O'< et al. 2024: sample size",
    ]
    assert re.findall(r"<li>(.*?)</li>", text) == [
        '<a href="#claim-a">a</a>',
        '<a href="#claim-b">b</a> (description)',
        '<a href="#claim-a">a</a>',
        '<a href="#claim-d">d</a> (UNDECIDED)',
        '<a href="#claim-c">c</a> (REFUTED in our setting)',
    ]
    assert "<dt>bias</dt><dd>what stays wrong</dd>" in text


@pytest.mark.parametrize("one", WORKS, ids=lambda one: str(one["stem"]))
def test_a_work_has_its_year(one: dict[str, Any]) -> None:
    """In the heading of its section, whatever follows the year in the stem."""
    text = report.render([one], [], {}, [], "", "make", "here")
    assert re.findall(r"^## .* (\d{4})$", text, re.MULTILINE) == [one["stem"].split("_")[1]]
