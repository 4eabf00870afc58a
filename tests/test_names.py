"""What is listed without importing is what importing gives;
what cannot be read so is refused, not left out.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import bounds
from bounds.check import InvalidInput
from bounds.ledger import CLAIMS, PAPERS
from figures.catalog import FIGURES
from studies import names
from studies.catalog import PAPER_OF, PRESETS, STUDIES
from studies.quantities import study_of
from studies.sweep import LIMIT


def test_names_are_those_of_the_catalogs() -> None:
    """Of every work, in order.
    Catches a name that is put together when a module runs, which no reading would find.
    """
    assert names.works() == tuple(
        names.Work(
            paper.stem,
            paper.title,
            paper.link,
            tuple(claim.name for claim in CLAIMS if claim.paper == paper.stem),
            tuple(figure.name for figure in FIGURES if figure.paper == paper.stem),
            tuple(study.name for study in STUDIES if PAPER_OF[study.name] == paper.stem),
        )
        for paper in PAPERS
    )
    works = names.works()
    assert [name for work in works for name in work.claims] == [claim.name for claim in CLAIMS]
    assert [name for work in works for name in work.studies] == [study.name for study in STUDIES]
    assert [name for work in works for name in work.figures] == [figure.name for figure in FIGURES]
    assert names.literal("studies.catalog", "PRESETS") == PRESETS
    assert names.literal("studies.sweep", "LIMIT") == LIMIT


def test_tables_are_of_the_catalogs() -> None:
    """What a helper or a partial sets for a claim is told of it, too; the study is what judges."""
    heads, *rows = names.table("claims")
    assert heads == ("claim", "paper", "origin", "kind", "expected", "study")
    assert rows == [(c.name, c.paper, c.origin, c.kind, c.expected, study_of(c)) for c in CLAIMS]
    assert names.table("studies")[1:] == [(s.name, PAPER_OF[s.name], s.about) for s in STUDIES]
    assert names.table("figures")[1:] == [(f.name, f.paper, f.title) for f in FIGURES]
    assert [row[:2] for row in names.table("papers")[1:]] == [
        (paper.stem, sum(c.paper == paper.stem for c in CLAIMS)) for paper in PAPERS
    ]


def test_the_table_of_contents_of_the_mathematics() -> None:
    """A line for each module there is, and for none that there is not."""
    listed = re.findall(r"^([a-z_]+)  +\S", bounds.__doc__ or "", flags=re.MULTILINE)
    found = {
        path.stem
        for path in Path(bounds.__file__).parent.iterdir()
        if path.suffix == ".py" or path.is_dir()
    }
    assert sorted(listed) == sorted(name for name in found if not name.startswith("_"))


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Another root: a work in one file for claims and studies, without figures."""
    monkeypatch.setattr(names, "ROOT", tmp_path)
    names._assigned.cache_clear()
    names._text.cache_clear()
    names._measurements.cache_clear()
    for package, catalog, stems in (
        ("bounds", "ledger", ("a_2000",)),
        ("studies", "catalog", ("a_2000",)),
        ("figures", "catalog", ()),
    ):
        (tmp_path / package / "papers").mkdir(parents=True)
        (tmp_path / package / f"{catalog}.py").write_text(f"STEMS = {stems!r}\n")
    (tmp_path / "studies" / "papers" / "a_2000.py").write_text(
        "STUDY = evidence('first', 'about', cells)\nSTUDIES = (STUDY, Study(about='x', "
        "name='second'))\n"
    )
    yield tmp_path / "bounds" / "papers" / "a_2000.py"
    names._assigned.cache_clear()
    names._text.cache_clear()
    names._measurements.cache_clear()


PAPER = "PAPER = Paper(stem='a_2000', title='T', link='L', have=some())\n"


def test_a_work_in_one_file(tree: Path) -> None:
    tree.write_text(
        f"{PAPER}MORE = (Claim(name='b'),)\nCLAIMS: tuple[Claim, ...] = (Claim(name='a'), *MORE)\n"
    )
    assert names.works() == (names.Work("a_2000", "T", "L", ("a", "b"), (), ("first", "second")),)


def test_what_a_maker_sets(tree: Path) -> None:
    """What is given takes the place of what a partial has, and fills what a function returns."""
    tree.write_text(
        f"{PAPER}S = 'first'\n"
        "made = partial(Claim, kind='upper', origin='derived', expected='HOLDS')\n"
        "def of(name, what):\n    return made(name=name, measurement=f'{S}:{what}', kind='rate')\n"
        "CLAIMS = (of(name='a', what='x'), made(name='b', expected='REFUTED', measurement='z:y'))\n"
    )
    assert names.table("claims")[1:] == [
        ("a", "a_2000", "derived", "rate", "HOLDS", "first"),
        ("b", "a_2000", "derived", "upper", "REFUTED", "z"),
    ]


@pytest.mark.parametrize(
    "call", ["Claim(name='a', kind=kind(), origin='o', measurement='m')", "Claim(name='a')"]
)
def test_a_claim_that_cannot_be_told_of_is_refused(tree: Path, call: str) -> None:
    """One sentence that names the module, and no shorter table."""
    tree.write_text(f"{PAPER}CLAIMS = ({call},)\n")
    with pytest.raises(InvalidInput, match=r"^bounds\.papers\.a_2000: Claim\(name='a'"):
        names.table("claims")


@pytest.mark.parametrize(
    "claims",
    [
        "(Claim(name=f'{x}'),)",
        "(*(Claim(name=n) for n in 'ab'),)",
        "tuple(Claim(name=n) for n in 'ab')",
    ],
)
def test_names_that_are_put_together_are_refused(tree: Path, claims: str) -> None:
    """One sentence that names the module, and no shorter list."""
    tree.write_text(f"{PAPER}CLAIMS = {claims}\n")
    with pytest.raises(InvalidInput, match=r"^bounds\.papers\.a_2000: "):
        names.works()
