"""Whose results these are: which preset made a set
of tables, and where a reader's own newest ones lie.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from studies import catalog, output
from studies.study import Study
from studies.tables import Table

ORDER = ("paper", "deep", "quick")
"""Where several presets of all studies agree, the first is named."""

SMOKE = {"quick": ", a smoke test"}


def preset(tables: Mapping[str, Table]) -> str | None:
    """The preset whose settings all these tables were measured with;
    None if there is no one such preset.

    Parameters
    ----------
    tables : by the study's name
    """
    known = {one.name: one for one in catalog.STUDIES}
    for name in ORDER:
        if all(
            table.manifest["config"] == known[study].presets[name].model_dump(mode="json")
            for study, table in tables.items()
        ):
            return name
    return None


def told(tables: Mapping[str, Table]) -> str:
    """The same in words, for a figure or a page: "preset paper",
    "preset quick, a smoke test", "settings of their own".
    """
    name = preset(tables)
    return f"preset {name}{SMOKE.get(name, '')}" if name else "settings of their own"


def newest(studies: Sequence[Study], root: Path) -> Path | None:
    """The folder with the newest results of all these studies:
    `root` or a folder in it; None if there is none.
    """
    folders = (
        [root, *sorted(path for path in root.iterdir() if path.is_dir())] if root.is_dir() else []
    )
    found = []
    for folder in folders:
        manifests = [
            catalog.home(folder, one) / f"{one.name}.json" for one in studies if not one.lacks()
        ]
        if manifests and all(path.is_file() for path in manifests):
            found.append((max(path.stat().st_mtime_ns for path in manifests), folder))
    return max(found)[1] if found else None


def source(studies: Sequence[Study], root: Path, committed: Path) -> Path:
    """The folder to read where none is named: the reader's newest, else what is committed; it says
    which.

    Parameters
    ----------
    studies : whose results are wanted
    root : where the reader's own results lie
    committed : where those that come with dimfree lie
    """
    own = newest(studies, root)
    whose = (
        f"from {own}, the newest there"
        if own
        else "from the results that are committed with dimfree"
    )
    output.note(f"dimfree: {whose}; --from DIR for others")
    return own or committed


def place(source: Path, committed: Path) -> str:
    """A folder of results in words; the committed ones wherever dimfree is installed."""
    ours = source.resolve() == committed.resolve()
    return "the ones committed with dimfree" if ours else str(source)
