"""Where a claim is from: a heading of the theory,
a work by its key, or a module; a stranger finds each of them.
"""

import re

import pytest

from bounds.ledger import CLAIMS, PAPERS
from studies.code import ROOT

THEORY = (ROOT / "bounds" / "theory.md").read_text(encoding="utf-8")
HEADINGS = set(re.findall(r"^### (.*)$", THEORY, re.MULTILINE))


def lost(source: str) -> list[str]:
    """The parts of a source that lead nowhere; parts are set apart by semicolons."""
    out = []
    for part in source.split("; "):
        key, _, rest = part.partition(", ")
        found = (
            rest in HEADINGS
            if key == "theory.md"
            else key in {paper.stem for paper in PAPERS}
            or (key.endswith(".py") and (ROOT / key).is_file())
        )
        out += [] if found else [part]
    return out


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_every_source_resolves(claim):
    assert lost(claim.source) == []


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("theory.md, DSM risk", 0),
        ("theory.md, DSM risk; bounds/path.py, its opening lines", 0),
        ("kumar_2025, Figure 1a (caption)", 0),
        ("theory.md, No such heading", 1),
        ("theory.md", 1),
        ("a file that no reader can get", 1),
        ("bounds/nowhere.py", 1),
        ("nobody_1900, abstract", 1),
        ("theory.md, DSM risk; measured here", 1),
    ],
)
def test_a_source_that_leads_nowhere_is_seen(source, wrong):
    assert len(lost(source)) == wrong


def test_links_of_the_theory_lead_to_its_headings():
    """Every internal link, and no heading twice."""
    headings = re.findall(r"^#+ (.*)$", THEORY, re.MULTILINE)
    slugs = [re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings]
    assert len(slugs) == len(set(slugs))
    links = re.findall(r"\]\(#([^)]+)\)", THEORY)
    assert len(links) > 50
    assert set(links) <= set(slugs)
