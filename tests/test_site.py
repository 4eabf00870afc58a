"""What `make docs` is made of: formulas, docstrings, pages, findings; and the guides' commands are
run and print what stands under them. The site itself is built in tests/browser/test_site.py.
"""

import doctest
import re
import shlex
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import yaml

import dimfree
from bounds.catalog import ESTIMATORS
from bounds.claim import Kind, Origin, Status
from bounds.ledger import PAPERS
from docs import docstrings, findings, pages, typeset
from docs.theorem import made as theorem_made
from figures import theorem
from figures.catalog import FIGURES
from studies import verdicts

ROOT = Path(dimfree.__file__).parent
DOCS = ROOT / "docs"
GUIDES = ("bound", "estimate", "fit", "sweep")


def texts() -> dict[Path, str]:
    """What somebody reads in the tree: each page of docs but the start page, and two at its top."""
    files = [path for path in sorted(DOCS.glob("*.md")) if path.name != "index.md"]
    return {path: path.read_text("utf-8") for path in (*files, ROOT / "CONTRIBUTING.md")}


# --- formulas -------------------------------------------------------------------------------------


def formulas(text: str) -> Iterator[tuple[str, bool]]:
    """Every formula, and whether it is displayed."""
    for shown, within in re.findall(r"\$\$(.+?)\$\$|\$(.+?)\$", text, re.DOTALL):
        yield (shown or within), bool(shown)


def letters(text: str) -> Counter[str]:
    """Latin letters and digits, whatever alphabet they are set in."""
    plain = unicodedata.normalize("NFKC", text).replace("ℓ", "")
    return Counter(re.findall(r"[A-Za-z0-9]", plain))


def of_latex(latex: str) -> Counter[str]:
    """The same of LaTeX: its commands set aside, but those that print their own names."""
    words = (
        "log|ln|exp|max|min|sup|inf|lim|det|arg|deg|dim|gcd|ker|Pr|"
        "sin|cos|tan|cot|sec|csc|sinh|cosh|tanh|coth|arcsin|arccos|arctan"
    )
    latex = re.sub(r"\\(begin|end)\{[a-z]+\}", "", latex)
    return letters(re.sub(r"\\[A-Za-z]+", "", re.sub(rf"\\({words})(?![A-Za-z])", r" \1 ", latex)))


@pytest.mark.parametrize("file", ["bounds/theory.md", "docs/glossary.md"])
def test_no_letter_of_a_formula_is_lost(file):
    """Nor added, wherever it is broken; all elements close, and no command is left as it is."""
    count = 0
    for latex, shown in formulas((ROOT / file).read_text("utf-8")):
        made = (typeset.display if shown else typeset.inline)(latex)
        root = ElementTree.fromstring(f"<p>{made.replace('<wbr>', '')}</p>")
        text = "".join(root.itertext()).replace("ℓ", "")
        assert letters(text) == of_latex(latex.replace("\\ell", "")), latex
        assert "\\" not in text
        count += 1
    assert count > 30


def skeleton(element: ElementTree.Element) -> str:
    inside = " ".join(skeleton(child) for child in element)
    return inside if element.tag in ("mrow", "math") else f"{element.tag}({inside or element.text})"


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        ("2x", "mn(2) mi(x)"),
        (r"\log x", "mi(log) mspace(None) mi(x)"),
        (r"\log(x)", "mi(log) mo(() mi(x) mo())"),
        (r"2\log x", "mn(2) mspace(None) mi(log) mspace(None) mi(x)"),
        (r"\mathrm{Var}T_1", "mi(Var) mspace(None) msub(mi(T) mn(1))"),
        (r"\min(a)", "mi(min) mo(() mi(a) mo())"),
        (r"\mathcal F", "mi(ℱ)"),
        (r"\mathcal{K}", "mi(𝒦)"),
        (r"\mathbb R", "mi(ℝ)"),
        (r"\mathsf a", "mi(𝖺)"),
        (r"\mathbf 1", "mn(𝟏)"),
        (r"\langle x\rangle", "mo(⟨) mi(x) mo(⟩)"),
        (r"\Big\lbrace x", "mo({) mi(x)"),
        (r"\big\Vert x", "mo(‖) mi(x)"),
    ],
)
def test_notation(latex, expected):
    """What the converter and browsers would set otherwise, or not at all."""
    assert skeleton(ElementTree.fromstring(typeset.inline(latex))) == expected


@pytest.mark.parametrize(
    ("latex", "prefix"), [("-x", 1), ("a-x", 0), ("a=-x", 1), ("(-x)-|y|-z", 1), ("f(x)-y", 0)]
)
def test_signs_of_numbers_stand_close(latex, prefix):
    """And those between two numbers do not."""
    assert typeset.inline(latex).count('form="prefix"') == prefix


@pytest.mark.parametrize(
    ("latex", "pieces"),
    [
        ("a=b", ["a=b"]),
        ("aaaaaaaaaa=bbbbbbbbbb=c", ["aaaaaaaaaa=", "bbbbbbbbbb=", "c"]),
        ("f(aaaaaaaaaa=bbbbbbbbbbbb)", ["f(aaaaaaaaaa=bbbbbbbbbbbb)"]),
        ("|aaaaaaaaaa=bbbbbbbbbb|=c", ["|aaaaaaaaaa=bbbbbbbbbb|=", "c"]),
        ("(aaaaaa=b)^2_i+bbbbbbbbbbbbbbbb", ["(aaaaaa=b)i2", "+bbbbbbbbbbbbbbbb"]),
    ],
)
def test_where_a_formula_may_break(latex, pieces):
    """After a relation, before a sum where that is not enough, never in brackets; and not at all
    where it is short.
    """
    made = typeset.inline(latex).split("<wbr>")
    assert ["".join(ElementTree.fromstring(piece).itertext()) for piece in made] == pieces
    assert len(re.findall('form="infix"', "".join(made))) == len(pieces) - 1


def test_wide_gaps_part_a_display():
    """Two formulas, each with its own room to scroll in."""
    assert typeset.display(r"a=b,\qquad c=d").count('<div class="wide"><math') == 2


def test_an_unknown_command_is_refused():
    with pytest.raises(typeset.Untranslated, match="nonsense"):
        typeset.inline(r"x\nonsense y")


# --- docstrings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C_t and |x| of A*.", r"C\_t and \|x\| of A\*."),
        ("`a_b` and ``c_d``", "``a_b`` and ``c_d``"),
        (
            "Two.\n\n    x = y_1\n      z\n\nThree.",
            "Two.\n\n::\n\n        x = y_1\n          z\n\nThree.",
        ),
        ("x *and* y*", r"x *and* y\*"),
        (
            "S.\n\nRaises\n------\nInvalidInput\n    If x_1 is.",
            "S.\n\nRaises\n------\nInvalidInput\n    If x\\_1 is.",
        ),
        ("(i) one", r"\(i) one"),
        ("1. one", r"\1. one"),
        (">>> f_x(1)\n2", ">>> f_x(1)\n2"),
        (
            "S.\n\nParameters\n----------\na_b : of |x|\n    more*\nc : d",
            "S.\n\nParameters\n----------\na\\_b : of \\|x\\| more\\*\nc : d",
        ),
        ("S.\n\nNotes\n-----\nA_b:\n\n    x_1", "S.\n\nNotes\n-----\nA\\_b:\n\n::\n\n        x_1"),
    ],
)
def test_docstrings_say_what_they_say(text, expected):
    """What means something to Sphinx and not to us is escaped; formulas keep their lines."""
    assert "\n".join(docstrings.rst(text.split("\n"))).rstrip() == expected


# --- pages ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return dict(pages.pages())


def test_every_heading_of_the_theory_has_one_place(made):
    """And all its text: no line is lost in the cutting but for the links' addresses."""
    theory = (ROOT / "bounds" / "theory.md").read_text("utf-8")
    lines = [re.sub(r"\]\([^)]*\)", "]", re.sub("^#+ ", "", one)) for one in theory.split("\n")]
    found = "\n".join(text for name, text in made.items() if name.startswith("theory/"))
    kept = Counter(re.sub(r"\]\([^)]*\)", "]", re.sub("^#+ ", "", x)) for x in found.split("\n"))
    assert Counter(filter(None, lines)) - kept == Counter()


def test_links_between_pages(made):
    """Every link of Markdown leads to a page, and to a heading of it."""
    known = {name.removesuffix(".rst") for name in made}
    places = {
        name: {pages.slug(h) for h in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
        for name, text in made.items()
    }
    count = 0
    for name, text in made.items():
        for target in re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)", text):
            if target.startswith("http"):
                continue
            path, _, anchor = target.partition("#")
            page = Path(f"/{name}").parent.joinpath(path).resolve().relative_to("/").as_posix()
            page = re.sub(r"\.(md|rst)$", "", page) if path else name
            assert page in known, (name, target)
            assert not anchor or anchor in places[page], (name, target)
            count += 1
    assert count > 100


def test_powers_of_ten_are_set_high():
    """In the report's sentences, not in its code."""
    assert pages.high("2.3·10^−15 and `10^5`") == "2.3·10<sup>−15</sup> and `10^5`"


def test_gallery(made):
    """Every figure with its picture, its own command and those of its studies."""
    assert len(pages.drawn()) > 20 and set(pages.drawn()) <= set(FIGURES)
    for figure in pages.drawn():
        part = made["gallery"].split(f"### {figure.heading}\n")[1].split("\n### ")[0]
        (picture,) = re.findall(r"!\[.*\]\(/(.*)\)", part)
        assert (ROOT / picture).is_file() and Path(picture).stem == figure.name
        assert f"dimfree draw {figure.name} " in part
        assert re.findall(r"dimfree run (\S+)", part) == list(figure.studies)


def test_modules(made):
    """The reference has a page for every module of bounds, and tells of what is public there."""
    for path in (ROOT / "bounds").glob("[!_]*.py"):
        assert f"automodule:: bounds.{path.stem}\n" in made[f"api/bounds.{path.stem}.rst"]
    risk = made["api/bounds.risk.rst"]
    assert (
        "dsm_risk" in risk and "_" not in re.findall(r" (_\w+)", risk) and "ArrayLike" not in risk
    )
    assert "MAX_SAMPLES" not in pages.told("bounds.gram") and "BUDGET" in pages.told("bounds.claim")


def test_what_is_in_no_page_is_told_by_its_path():
    text = (
        "[one](../tests/conftest.py), [two](your-own.md), [`docs/x.txt`](x.txt)\n```\n[a](b)\n```"
    )
    assert pages.relinked(text, DOCS / "fit.md", "a/b") == (
        "one (`tests/conftest.py`), [two](../your-own.md), `docs/x.txt`\n```\n[a](b)\n```"
    )


# --- findings -------------------------------------------------------------------------------------


def test_findings_are_the_tables(made):
    """The ratio at the last time is that of the table's means, the slopes' interval holds the plain
    least-squares slope of it, and redraws are worth what the risks above the plug-in's say.
    """
    said = made["index"]
    table = pd.read_csv(dimfree.COMMITTED / "kumar_2025" / "error-vs-timestep.csv")
    last = table[table["t"] == table["t"].max()].groupby("estimator")["risk"].mean()
    (told,) = re.findall(r"and (\S+) of it at t = 2\. There", said)
    assert float(told) == pytest.approx(last["bsm"] / last["dsm"], rel=0.005)

    table = pd.read_csv(dimfree.COMMITTED / "kumar_2025" / "error-vs-dimension.csv")
    table = table[table["m"] == table["m"].max()]
    steps = np.diff([0, *sorted(table["t"].unique())])
    weights = dict(zip(sorted(table["t"].unique()), steps, strict=True))
    joint = (table["empirical_risk"] * table["t"].map(weights)).groupby(table["d"]).sum()
    dims = joint.index.to_numpy()  # an error's own scatter falls like 1/d
    slope, _ = np.polyfit(np.log(dims), np.log(joint / dims**2), 1, w=dims)
    low, high = re.findall(r"lies between (\S+) and (\S+),", said)[0]
    assert float(low.replace("−", "-")) < slope < float(high.replace("−", "-"))

    table = pd.read_csv(dimfree.COMMITTED / "kumar_2025" / "redraws.csv")
    risk = table[table["t"] == 2.0].groupby(["redraws", "estimator"])["risk"].mean()
    least = risk[1, "plug-in"]
    worth = (risk[1, "dsm"] - least) / (risk[1, "bsm"] - least)
    (told,) = re.findall(r"bootstrapping is worth [\d., ]+?([\d.]+) noise", said)
    assert float(told) == pytest.approx(worth, rel=0.05)
    assert findings.counted() in said and findings.counted().endswith("as expected.")


def test_a_finding_whose_claim_fails_is_withdrawn(monkeypatch):
    """Catches a sentence that would stand whatever was measured."""
    judge = verdicts.judge
    monkeypatch.setattr(
        verdicts,
        "judge",
        lambda claims, results: [replace(v, status="REFUTED") for v in judge(claims, results)],
    )
    said = findings.text()
    assert said.count("Withdrawn: `") == 3 and "bootstrapping is worth" not in said


# --- guides ---------------------------------------------------------------------------------------


def alike(shown: str, expected: str) -> None:
    """The same words, and numbers to two parts in a hundred: another BLAS may round another way."""
    number = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
    lines = "\n".join(line.rstrip() for line in shown.strip().splitlines())
    assert re.sub(rf" *{number}", "#", lines) == re.sub(rf" *{number}", "#", expected.strip())
    values, wanted = (
        [float(x) for x in re.findall(number, text)] for text in (lines, expected.strip())
    )
    np.testing.assert_allclose(values, wanted, rtol=0.02)


@pytest.mark.parametrize("guide", GUIDES)
def test_guides(guide, tmp_path, monkeypatch, capsys):
    """From top to bottom in an empty folder; what stands under a block is what it prints."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(
        r"^```(\w+)\n(.*?)^```", (DOCS / f"{guide}.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    said, shown = "", 0
    for language, text in blocks:
        if language == "text":
            alike(said, text)
            shown += 1
            continue
        if language == "python":
            exec(compile(text, guide, "exec"), {})
        elif language == "sh":
            for line in text.splitlines():
                program, *words = shlex.split(line)
                assert (program, dimfree.main(words)) == ("dimfree", 0)
        elif language == "toml":
            (name,) = re.findall(r"^# (\S+\.toml)$", text, re.MULTILINE)
            Path(name).write_text(text, encoding="utf-8")
        else:
            assert language == "pycon"
            test = doctest.DocTestParser().get_doctest(text, {}, guide, guide, 0)
            assert doctest.DocTestRunner(verbose=False).run(test) == (0, len(test.examples))
        said = capsys.readouterr().out
    assert shown >= 1


def test_guides_tell_every_option():
    """Of the commands that they are on; an option that comes later is not forgotten."""
    from studies import options

    parser = options.parser()
    (commands,) = (a.choices for a in parser._actions if isinstance(a.choices, dict))
    for name in ("fit", "bound", "estimate"):
        text = (DOCS / f"{name}.md").read_text("utf-8")
        flags = {f for a in commands[name]._actions for f in a.option_strings if "--" in f}
        left = {flag for flag in flags if flag not in text}
        assert left <= {"--help", "--json", "--estimators", "--seed", "--level", "--x", "--y"}, name


def test_links_in_the_tree():
    """Whoever reads the files as they lie gets where a link says."""
    for file, text in texts().items():
        for target in re.findall(
            r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)", re.sub(r"(?s)```.*?```", "", text)
        ):
            if target.startswith("http"):
                continue
            path, _, anchor = target.partition("#")
            there = file.parent / path if path else file
            assert there.is_file(), (file.name, target)
            headings = re.findall(r"^#+ (.*)$", there.read_text("utf-8"), re.MULTILINE)
            assert not anchor or anchor in map(pages.slug, headings), (file.name, target)


def test_the_glossary_has_our_words():
    """Every kind, origin and verdict, the estimators' names, and the notation of the theory."""
    text = (DOCS / "glossary.md").read_text("utf-8")
    words = [*Kind.__args__, *Origin.__args__, *Status.__args__]  # type: ignore[attr-defined]
    words += ["decoy", "redraw", "path fit", "joint fit", "plug-in", "score", "T_1,T_2,T_3"]
    words += ["V_t", "C_t", r"\gamma_j", r"\kappa", "DSM", "BSM"]
    assert [word for word in words if word.lower() not in text.lower()] == []
    assert {"dsm", "bsm", "joint", "path", "plug-in"} <= set(ESTIMATORS)


def test_the_citation():
    """It is YAML, of this version, and names nobody whom pyproject.toml or the ledger does not."""
    found = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert (found["version"], found["license"]) == (project["version"], project["license"])
    assert found["authors"] == [{"name": "The dimfree authors"}]
    (paper,) = (one for one in PAPERS if one.stem == "kumar_2025")
    (cited,) = found["references"]
    assert tuple(one["family-names"] for one in cited["authors"]) == paper.authors
    assert (cited["title"], cited["url"]) == (paper.title, paper.link)


def test_the_page_has_the_theorem_as_theory_has_it():
    """What is kept for the page is what the converter makes of the two sections today, and the
    formulas are in it; the report has the same text, without links to what lies elsewhere.
    """
    kept = theorem.html()
    assert kept == theorem_made()
    text = theorem.markdown()
    assert kept.count('class="math') == len(re.findall(r"\$\$.*?\$\$|\$.*?\$", text, re.DOTALL))
    assert kept.count('<div class="math block">') == text.count("$$") // 2 > 5
    assert "](#" not in text and "∎" in text and "**5. Union bound.**" in text
    assert "8κ" not in kept and "<mi>κ</mi>" in kept
