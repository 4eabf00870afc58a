"""What is listed without importing is what importing gives;
what cannot be read so is refused, not left out.
"""

import re
from pathlib import Path

import pytest

import bounds
from bounds.check import InvalidInput
from bounds.ledger import CLAIMS, PAPERS
from figures.catalog import FIGURES
from studies import names
from studies.catalog import PAPER_OF, PRESETS, STUDIES
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
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another root: a work in one file for claims and studies, without figures."""
    monkeypatch.setattr(names, "ROOT", tmp_path)
    names._assigned.cache_clear()
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
    return tmp_path / "bounds" / "papers" / "a_2000.py"


PAPER = "PAPER = Paper(stem='a_2000', title='T', link='L', have=some())\n"


def test_a_work_in_one_file(tree: Path) -> None:
    tree.write_text(
        f"{PAPER}MORE = (Claim(name='b'),)\nCLAIMS: tuple[Claim, ...] = (Claim(name='a'), *MORE)\n"
    )
    assert names.works() == (names.Work("a_2000", "T", "L", ("a", "b"), (), ("first", "second")),)
    names._assigned.cache_clear()


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
    names._assigned.cache_clear()
