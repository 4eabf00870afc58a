"""Claims in a Python file of a user's: judged as the ledger's are, told in sentences, on the page
in a section of their own, and one sentence for whatever is wrong with the file.
"""

import json
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

import bounds.ledger
import figures.catalog
import studies.catalog
from studies import options, own_code
from tests.test_fuzz import command

PAGE = (Path(__file__).parent.parent / "docs" / "your-own.md").read_text(encoding="utf-8")
STUDY, CLAIMS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
FILES = {"my_study.py": STUDY, "my_claims.py": CLAIMS}
SENTENCE = (
    r"HOLDS\. At the worst of (\d) cells: measured \S+, predicted \S+\. "
    r"Decoy \(without the 1\.5\) rejected, at \1 of \1 cells\."
)
SMALL = STUDY.replace("(4, 16, 64)", "(4, 16)").replace("replicates=500", "replicates=300")
FORMULA = 'formula=lambda c: 1.5 * c["d"] * c["trace"] / c["m"]'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the two files of the page, the study smaller, to call dimfree in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name, text in FILES.items():
        assert text.startswith(f"# {name}")
        Path(name).write_text(text)
    Path("my_study.py").write_text(SMALL)
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    """As a new process starts: nothing of the user's is imported."""
    own_code.imported.cache_clear()
    for name in [*sys.modules]:
        if name.startswith("own_") or name == "my_study":
            sys.modules.pop(name)


def verify(*more: str) -> tuple[int, str, str]:
    forget()
    return command("verify", "--claims", "my_claims.py", *more, "--workers", "1")


class Section(HTMLParser):
    """What a section of a page says, its headings, its list, and the attributes of its rows."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__()
        self.name, self.inside, self.tags = name, False, [""]
        self.said: dict[str, list[str]] = {}
        self.rows: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "section":
            self.inside = ("id", self.name) in attrs
        elif self.inside and tag not in ("col", "input"):
            self.tags.append(tag)
            self.said.setdefault(tag, []).append("")
            self.rows += [dict(attrs)] if tag == "tr" and attrs else []

    def handle_endtag(self, tag: str) -> None:
        if self.inside and tag != "section":
            assert self.tags.pop() == tag
        self.inside = self.inside and tag != "section"

    def handle_data(self, data: str) -> None:
        if self.inside and self.tags[-1]:
            self.said[self.tags[-1]][-1] += data


# --- judged ---------------------------------------------------------------------------------------


def test_the_page_of_the_docs(folder: Path) -> None:
    """Word for word: its study runs, its claim holds and its decoy falls, in a sentence and as
    JSON; each door in 25 lines.
    """
    Path("my_study.py").write_text(STUDY)
    words = ("run", "my_study.py:STUDY", "--out", "results/mine", "--workers", "1")
    assert " ".join(words[:-2]) in PAGE
    assert command(*words)[0] == 0
    assert Path("results/mine/my-risk.csv").read_text().count("\n") == 1501
    assert "dimfree verify --claims my_claims.py\n" in PAGE
    code, said, told = verify()
    assert code == 0, told
    claim, sentence, summary = said.splitlines()
    assert claim == "my-bound: E risk ≤ 1.5 d tr(C_t)/m at m = 5 d."
    assert re.fullmatch(f"  {SENTENCE}", sentence)
    assert summary.startswith("1 claim: 1 derived; 1 HOLDS. All are as expected. False alarms of")
    code, said, _ = verify("my-*", "--json")
    (found,) = json.loads(said)
    assert (code, found["name"], found["verdict"], found["paper"]) == (0, "my-bound", "HOLDS", "")
    assert found["sentence"] == f"my-bound: {sentence.strip()}"
    assert found["decoy_rejected"] and found["decoy_share"] == 1
    assert found["measured"] < found["predicted"]
    assert all(door.count("\n") <= 25 for door in PAGE.split("\n## ")[1:])


def test_one_that_fails_says_so(folder: Path) -> None:
    """Exit 1; the verdict that was expected stands below."""
    Path("my_claims.py").write_text(CLAIMS.replace("1.5 *", "1.01 *").replace("the 1.5", "it"))
    code, said, _ = verify()
    assert code == 1
    assert "\n  REFUTED. At the worst of 2 cells: " in said
    assert "\n  Expected: HOLDS.\n" in said and "1 not as expected." in said


def test_claims_on_a_study_of_dimfrees(folder: Path) -> None:
    """Without STUDIES; with a work of their own."""
    one = bounds.ledger.claim("reverse-start-noise")
    text = CLAIMS.replace("STUDIES = (STUDY,)", PAPER).replace("my_study import STUDY", LEDGER)
    text = text.replace('"my-risk:risk"', repr(one.measurement))
    text = text.replace(FORMULA, "formula=SAME.formula").replace(
        'decoy=lambda c: c["d"] * c["trace"] / c["m"]', "decoy=SAME.decoy"
    )
    text = text.replace('"upper"', f"{one.kind!r}, tolerance=SAME.tolerance")
    Path("my_claims.py").write_text(text)
    code, said, told = verify("--json")
    assert code == 0, told
    (found,) = json.loads(said)
    assert (found["paper"], found["about"]) == ("me_2026", ["risk", "sample size"])
    again = json.loads(command("verify", one.name, "--json", "--workers", "1")[1])[0]
    assert (found["measured"], found["cells"]) == (again["measured"], again["cells"])


LEDGER = "bounds.ledger import claim; SAME = claim('reverse-start-noise')"
PAPER = """\
from bounds.claim import Paper
PAPER = Paper("me_2026", "My title", ("Me",), "nowhere", "https://example.org", "all of it", (),
    {"sample size": ("*-bound",), "risk": ("my-bound",)})
"""


# --- on the page ----------------------------------------------------------------------------------


@pytest.fixture
def bare(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No studies, claims and figures of dimfree's, whose page takes a minute, and one worker."""
    monkeypatch.setattr(options, "cores", lambda: 1)
    monkeypatch.setattr(studies.catalog, "STUDIES", ())
    monkeypatch.setattr(bounds.ledger, "CLAIMS", ())
    monkeypatch.setattr(figures.catalog, "FIGURES", ())


def report() -> tuple[int, str, str]:
    forget()
    return command("report", "--claims", "my_claims.py", "--from", "results", "--out", "out")


def test_a_section_of_their_own(bare: None) -> None:
    """The verdict's sentence, decoy, formula and command; the study among where all comes from;
    the numbers are those of `verify`.
    """
    Path("my_claims.py").write_text(CLAIMS.replace("STUDIES", f"{PAPER}STUDIES"))
    code, said, told = report()
    assert (code, said) == (0, "out/report.html\n"), told
    assert "my-risk has no results of its code as it is: measured, preset quick" in told
    text = Path("out/report.html").read_text()
    found = Section(text, "your-claims")
    assert found.said["h2"] == ["Your claims: my_claims.py"]
    assert found.said["p"][0].startswith("Me: My title. nowhere, https://example.org. Of it we")
    assert "1 claim: 1 derived; 1 HOLDS. All are as expected." in found.said["p"][1]
    (sentence,) = found.said["li"]
    assert re.fullmatch(f"my-bound: {SENTENCE}", sentence)
    assert verify("--json")[1].count(json.dumps(sentence, indent=2)) == 1
    assert [row["id"] for row in found.rows] == ["claim-my-bound"]
    assert [row["data-verdict"] for row in found.rows] == ["HOLDS"]
    assert found.said["code"][:2] == [
        "1.5 * c['d'] * c['trace'] / c['m']",
        "c['d'] * c['trace'] / c['m']",
    ]
    assert found.said["code"][2] == "dimfree verify --claims my_claims.py my-bound"
    assert "at 2 of 2" in found.said["td"]
    assert '<a href="#your-claims">Your claims</a>' in text
    assert "<td>my-risk</td><td>1</td><td>300</td>" in text
    assert not Section(text, "claims").rows


def test_without_them_there_is_no_section(bare: None) -> None:
    assert command("report", "--from", "results", "--out", "out")[0] == 0
    assert "your-claims" not in Path("out/report.html").read_text()


def test_results_that_are_there_are_judged(bare: None) -> None:
    """From --from or --out, with the settings they were measured with; not those of other code."""
    Path("c.toml").write_text("replicates = 320\nseed = 1\n")
    words = ("run", "my_study.py:STUDY", "--config", "c.toml", "--workers", "1", "--out")
    for place in ("results", "out"):
        assert command(*words, place)[0] == 0
        code, _, told = report()
        assert (code, told) == (0, "")
        text = Path("out/report.html").read_text()
        assert "<td>my-risk</td><td>1</td><td>320</td>" in text
        Path("my_claims.py").write_text(CLAIMS.replace("a guess", "another"))  # no other study
        assert report()[2] == ""
        Path(f"{place}/my-risk.json").unlink()
    assert command(*words, "out")[0] == 0
    Path("my_study.py").write_text(SMALL.replace('"t": 0.5', '"t": 0.6'))
    assert "has no results of its code as it is" in report()[2]


def test_one_that_fails_is_exit_1(bare: None) -> None:
    Path("my_claims.py").write_text(CLAIMS.replace("1.5 *", "1.01 *"))
    assert report()[0] == 1
    found = Section(Path("out/report.html").read_text(), "your-claims")
    assert found.said["li"][0].startswith("my-bound: REFUTED. ")
    assert "1 not as expected." in found.said["p"][0]


# --- what is wrong is one sentence ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("CLAIMS =", "CLAIM =", "my_claims.py has no CLAIMS, a tuple of bounds.claim.Claim"),
        ("CLAIMS =", "CLAIMS = 3 #", "my_claims.py cannot be imported: "),
        ('"),)', '"))', "CLAIMS must be a tuple of bounds.claim.Claim, and is of type Claim"),
        ('"),)', '"), 3)', "CLAIMS must be a tuple of bounds.claim.Claim, and holds of type int"),
        ('"),)', '"),) * 2', "CLAIMS holds 'my-bound' twice"),
        ('"),)', '"),)[:0]', "CLAIMS is empty"),
        ("(STUDY,)", "STUDY", "STUDIES must be a tuple of studies.study.Study, and is of type St"),
        ("(STUDY,)", "(STUDY, STUDY)", "STUDIES holds 'my-risk' twice"),
        ("(STUDY,)", "()", "'my-risk:risk': 'my-risk' is neither in STUDIES nor a study of dimf"),
        ("(STUDY,)", "(STUDY,); PAPER = 3", "PAPER must be a bounds.claim.Paper"),
        ("STUDIES", f"{PAPER.replace('me_2026', 'kumar_2025')}STUDIES", "'kumar_2025' is a work"),
        (
            "STUDIES",
            f"{PAPER.replace('*-', 'a-')}STUDIES",
            "about 'sample size' has 'a-bound', which no",
        ),
        (
            "STUDIES",
            PAPER.replace('("my-bound",)', "'my-bound'") + "STUDIES",
            "about 'risk' must be a tuple of names, and is of type str",
        ),
        (
            "STUDIES",
            f"{PAPER.replace('risk', 'luck')}STUDIES",
            "me_2026: about 'luck' is not one of sc",
        ),
        ('"my-bound"', '"dsm-risk"', "the claim's name 'dsm-risk' is a claim of dimfree's: choose"),
        ('"my-bound"', '"a b"', "the claim's name 'a b' must be made of letters, digits"),
        ('"upper"', '"uper"', "my-bound: kind 'uper' is not one of identity, tight, upper"),
        ('"my-risk:risk"', '"my-risk"', "is measured by 'my-risk': it takes STUDY:QUANTITY"),
        ('"my-risk:risk"', '"error-vs-timestep:risk"', "it takes STUDY:QUANTITY, of a study with"),
        ("from my_study", "from my_studdy", "No module named 'my_studdy' (line 3)"),
        ('source="a guess"', "surce=3", "unexpected keyword argument 'surce' (line 6)"),
    ],
)
def test_bad_files(folder: Path, old: str, new: str, says: str) -> None:
    """Exit 2, one line, before anything is measured."""
    assert old in CLAIMS
    Path("my_claims.py").write_text(CLAIMS.replace(old, new))
    code, said, told = verify()
    assert (code, said, told.count("\n")) == (2, "", 1), told
    assert told.startswith("dimfree: --claims: my_claims.py") and says in told


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"my-risk"', '"error-vs-timestep"', "the study's name 'error-vs-timestep' is a study of"),
        ("partial(measured", "partial(3 (measured", "my_claims.py cannot be imported: "),
    ],
)
def test_bad_studies(folder: Path, old: str, new: str, says: str) -> None:
    Path("my_study.py").write_text(SMALL.replace(old, new))
    code, said, told = verify()
    assert (code, said, told.count("\n")) == (2, "", 1), told
    assert says in told


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--claims", "none.py"), "--claims: none.py does not exist"),
        (("--claims", "."), "--claims: . must end in .py"),
        (("--claims", "my_claims.txt"), "--claims: my_claims.txt must end in .py"),
        (("--claims", "my_claims.py", "yours"), "NAME: 'yours' matches no claim of my_claims.py"),
        (("--claims", "my_claims.py", "dsm-*"), "NAME: 'dsm-*' matches no claim of my_claims.py"),
        (("--claims", "my_claims.py", "--paper", "kumar_2025"), "not allowed with argument --cl"),
    ],
)
def test_bad_words(folder: Path, words: tuple[str, ...], says: str) -> None:
    code, said, told = command("verify", *words)
    assert (code, said, told.count("\n")) == (2, "", 1), told
    assert says in told


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ("formula=lambda c: 1 / 0", "my_claims.py: ZeroDivisionError: division by zero (line 9)"),
        ('formula=lambda c: "x"', "my_claims.py: ValueError: could not convert string to float"),
        ('formula=lambda c: c["z"]', "my-bound: its formula needs 'z' in each cell, and a cell ho"),
        ("formula=3", "my_claims.py: TypeError: 'int' object is not callable"),
        ("formula=abs", "my_claims.py: TypeError: bad operand type for abs(): 'dict'"),
    ],
)
def test_bad_formulas(bare: None, new: str, says: str) -> None:
    """After the measurement, and no traceback; by `report` too, which writes nothing then."""
    Path("my_claims.py").write_text(CLAIMS.replace(FORMULA, new))
    for code, said, told in (verify(), report()):
        assert (code, said) == (2, ""), told
        assert "Traceback" not in told
        assert told.splitlines()[-1].startswith("dimfree: ") and says in told.splitlines()[-1]
    assert not Path("out/report.html").exists()


def test_a_partial_formula_says_what_it_was_given(bare: None) -> None:
    """The function's text, and the number that is fixed."""
    text = CLAIMS.replace("from my_study", "from functools import partial\nfrom my_study")
    formula = 'formula=partial(lambda c, k: k * c["d"] * c["trace"] / c["m"], k=1.5)'
    text = text.replace(FORMULA, formula)
    Path("my_claims.py").write_text(text)
    assert report()[0] == 0
    found = Section(Path("out/report.html").read_text(), "your-claims")
    assert found.said["code"][0] == "k * c['d'] * c['trace'] / c['m']  # with k=1.5"


def test_a_quantity_that_nobody_measures(folder: Path) -> None:
    Path("my_claims.py").write_text(CLAIMS.replace("my-risk:risk", "my-risk:riks"))
    code, _, told = verify()
    assert code == 2
    assert told.splitlines()[-1] == "dimfree: my-risk: has no measurement of riks"


def test_cells_that_are_missing(folder: Path) -> None:
    """A measure that raises everywhere leaves nothing to judge: exit 1, and the fault is the
    gaps'.
    """
    Path("my_study.py").write_text(SMALL.replace("    (one,) =", "    1 / 0; (one,) ="))
    code, said, told = verify()
    assert (code, said) == (1, "")
    assert "300 replicates missing: raised ZeroDivisionError" in told
    assert told.splitlines()[-1].startswith("dimfree: cells are missing, so there are no verdicts")
