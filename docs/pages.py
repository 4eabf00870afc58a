"""The site's pages as Sphinx takes them: from Markdown of the tree, the catalogs and the results.

    python -m docs.pages [FOLDER]      into FOLDER, docs/_build without one; the site is its html/

Nothing is typed in that is measured: the start page's numbers are filled from the committed
results, and the report is paper_repro.md, which a test holds to be made from them.
"""

import ast
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from bounds.ledger import PAPERS
from docs import findings
from figures.catalog import FIGURES
from figures.told import Figure

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
PLACES = {
    "README.md": "index",
    "CHANGELOG.md": "changelog",
    "CONTRIBUTING.md": "contributing",
    "paper_repro.md": "results/index",
    "bounds/theory.md": "theory/index",
    "lessons/README.md": "lessons",
}
"""Markdown of the tree that the site has, and the page that it becomes; and all of docs/."""
STUDIES = ("fit", "bound", "estimate", "study", "evidence", "sweep", "executors", "tables")
"""What is there to be called from a script, of studies; of bounds it is every module."""

_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
_PICTURE = re.compile(r"(!\[[^\]]*\]\()(?=figures/)")
_FENCE = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)


def slug(heading: str) -> str:
    """The name that a heading has in a link."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def places() -> dict[Path, str]:
    """Every Markdown file that becomes a page, and the page."""
    own = {path: path.stem for path in sorted(DOCS.glob("*.md"))}
    return {ROOT / name: page for name, page in PLACES.items()} | own


def relinked(text: str, file: Path, page: str) -> str:
    """The text of a file with its links as they are from a page of the site.

    What the site does not have keeps its words, and its path in the tree where that says more.

    Parameters
    ----------
    text : Markdown
    file : where it stands in the tree
    page : where it will stand in the site, without its ending
    """
    known = places()
    up = "../" * page.count("/")
    inside = {**anchors("bounds/theory.md", "theory"), **anchors("paper_repro.md", "results")}

    def link(found: "re.Match[str]") -> str:
        words, target = found[1], found[2]
        if target.startswith(("http://", "https://", "#")):
            return found[0]
        path, _, anchor = target.partition("#")
        there = (file.parent / path).resolve()
        if not there.is_relative_to(ROOT):
            return found[0]
        shown = there.relative_to(ROOT).as_posix()
        module = shown.removesuffix(".py").replace("/", ".")
        if module in modules():
            return f"[{words}]({up}api/{module}.rst)"
        if home := inside.get((shown, anchor)):
            return f"[{words}]({up}{home}.md#{anchor})"
        if there in known:
            return f"[{words}]({up}{known[there]}.md{'#' if anchor else ''}{anchor})"
        if there.is_relative_to(DOCS) and there.suffix == ".md":
            return found[0]  # made here, for the start page
        return words if words.strip("`") == shown else f"{words} (`{shown}`)"

    text = _PICTURE.sub(r"\1/", text)  # pictures lie once, at the site's root
    parts = _FENCE.split(text)
    return "".join(p if p.startswith("```") else _LINK.sub(link, p) for p in parts)


def split(text: str, level: int) -> tuple[str, dict[str, str]]:
    """Markdown cut at the headings of a level: what comes before, and each part by its heading."""
    # A line of a fenced block that starts with # is a comment of the shell's.
    kept = _FENCE.sub(lambda found: re.sub(r"^#", "\0", found[0], flags=re.MULTILINE), text)
    first, *rest = re.split(rf"^{'#' * level} ", kept, flags=re.MULTILINE)
    parts = dict(part.split("\n", 1) for part in rest)
    return first.replace("\0", "#"), {k: v.replace("\0", "#") for k, v in parts.items()}


def raised(text: str) -> str:
    """The same, each heading one level higher."""
    return re.sub(r"^##(#*) ", r"#\1 ", text, flags=re.MULTILINE)


def high(text: str) -> str:
    """The same, the exponents of powers of ten set high."""
    return re.sub(r"`[^`]*`|10\^(−?\d+)", lambda m: f"10<sup>{m[1]}</sup>" if m[1] else m[0], text)


def toctree(pages: list[str], **options: str) -> str:
    """Sphinx's list of pages."""
    lines = [f":{name}: {value}".rstrip() for name, value in options.items()]
    return "\n".join(["```{toctree}", *lines, "", *pages, "```", ""])


def page_of(heading: str) -> str:
    """The page that a chapter becomes: a work's is named by its stem."""
    for paper in PAPERS:
        when = {year(paper.stem), paper.stem.rpartition("_")[2]}
        if heading in {f"{', '.join(paper.authors)} {one}" for one in when}:
            return paper.stem
    return slug(heading)


def anchors(name: str, folder: str) -> dict[tuple[str, str], str]:
    """Of a long file that becomes a page for each chapter: the page of each heading's anchor."""
    _, parts = split((ROOT / name).read_text(encoding="utf-8"), 2)
    found: dict[tuple[str, str], str] = {}
    for heading, body in parts.items():
        inside = re.findall(r"^###+ (.*)$", _FENCE.sub("", body), re.MULTILINE)
        found |= {(name, slug(one)): f"{folder}/{page_of(heading)}" for one in (heading, *inside)}
    return found


def chapters(file: Path, folder: str) -> Iterator[tuple[str, str]]:
    """A long file as a page for each chapter, and the index of them."""
    first, parts = split(file.read_text(encoding="utf-8"), 2)
    homes = anchors(file.relative_to(ROOT).as_posix(), folder)
    if len({page_of(heading) for heading in parts}) < len(parts):
        raise ValueError(f"two chapters of {file} would be one page")
    home = {anchor: page.removeprefix(f"{folder}/") for (_, anchor), page in homes.items()}

    def across(text: str) -> str:
        def link(found: "re.Match[str]") -> str:
            words, target = found[1], found[2]
            if target not in home:  # a place on its own page that is no heading
                return f'<a href="#{target}">{words}</a>'
            return f"[{words}]({home[target]}.md{'' if home[target] == target else '#' + target})"

        return re.sub(r"\[([^\]]*)\]\(#([^)]+)\)", link, text)

    for heading, body in parts.items():
        page = f"{folder}/{page_of(heading)}"
        yield page, across(relinked(f"# {heading}\n{raised(body)}", file, page))
    listed = toctree([page_of(heading) for heading in parts], maxdepth="1")
    page = f"{folder}/index"
    yield page, across(relinked(first, file, page)) + "\n" + listed


def drawn() -> list[Figure]:
    """The figures whose results are committed; all, but while a new one is being made."""
    places = ROOT / "figures" / "results"
    return [one for one in FIGURES if (places / one.paper / f"{one.name}.png").is_file()]


def gallery() -> str:
    """Every figure, with what draws it again and what measures it anew."""
    lines = [
        "# Gallery",
        "",
        f"All {len(drawn())} figures, from the results that come with dimfree. What was run and "
        "found stands under the link of each. The first command draws it again, from those results "
        "or from newer ones of yours; the others measure anew what it is drawn from.",
    ]
    for paper in PAPERS:
        own = [figure for figure in drawn() if figure.paper == paper.stem]
        if not own:
            continue
        page = f"results/{paper.stem}"
        lines += ["", f"## {', '.join(paper.authors)} {year(paper.stem)}"]
        lines += ["", f"*{paper.title}*, {paper.venue}"]
        for figure in own:
            lines += ["", f"### {figure.heading}", ""]
            lines += [f"![{figure.title}](/figures/results/{paper.stem}/{figure.name}.png)"]
            lines += ["", f"{figure.title}. [What was found]({page}.md#{slug(figure.heading)})."]
            lines += ["", "```sh", f"dimfree draw {figure.name} --out somewhere"]
            out = f"results/paper/{paper.stem}"
            lines += [f"dimfree run {one} --preset paper --out {out}" for one in figure.studies]
            lines += ["```"]
    return "\n".join(lines) + "\n"


def year(stem: str) -> str:
    """Of a work, by its stem."""
    return str(re.findall(r"\d{4}", stem)[0])


def modules() -> list[str]:
    """What the reference covers."""
    ours = [path.stem for path in sorted((ROOT / "bounds").glob("[!_]*.py"))]
    return [f"bounds.{name}" for name in ours] + [f"studies.{name}" for name in STUDIES]


def told(module: str) -> list[str]:
    """The public names that a module itself defines and says something of, in order."""
    tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
    found = []
    for node, after in zip(tree.body, [*tree.body[1:], None], strict=True):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            named = [*getattr(node, "targets", ()), getattr(node, "target", None)]
            alias = isinstance(getattr(node, "value", None), ast.Subscript)  # has no signature
            names = [one.id for one in named if isinstance(one, ast.Name) and not alias]
        else:
            names = []
        found += [name for name in names if not name.startswith("_")]
    return found


def reference() -> Iterator[tuple[str, str]]:
    """A page for each module, made of its docstrings."""
    for name in modules():
        lines = [name, "=" * len(name), "", f".. automodule:: {name}"]
        lines += [f"   :members: {', '.join(told(name))}"] if told(name) else []
        yield f"api/{name}.rst", "\n".join([*lines, ""])
    text = "# Modules\n\nOf all that they define there is an {ref}`index <genindex>`.\n\n"
    yield "api/index", text + toctree(modules(), maxdepth="1")


def start(text: str) -> str:
    """The start page, its places filled."""
    filled = {"findings": findings.text(), "counted": findings.counted()}
    for name, words in filled.items():
        mark = f"<!-- {name} -->"
        if mark not in text:
            raise ValueError(f"docs/index.md has no {mark}")
        text = text.replace(mark, words)
    return text


def pages() -> Mapping[str, str]:
    """All pages but those that Sphinx itself makes: name, with .rst where it is not .md; text."""
    found = dict(chapters(ROOT / "bounds" / "theory.md", "theory"))
    report = dict(chapters(ROOT / "paper_repro.md", "results"))
    found |= {name: high(text) for name, text in report.items()}
    found |= dict(reference()) | {"gallery": gallery()}
    for file, page in places().items():
        if page not in found and file.name != "README.md":
            found[page] = relinked(file.read_text(encoding="utf-8"), file, page)
    file = ROOT / "lessons" / "README.md"
    found["lessons"] = relinked(file.read_text(encoding="utf-8"), file, "lessons")
    found["index"] = start(found["index"])
    return found


def build(folder: Path) -> int:
    """Makes the site in folder/html; what Sphinx exits with: not 0 after any warning."""
    from sphinx.cmd.build import main as sphinx  # takes a second

    source = folder / "source"
    for old in (source, folder / "html"):
        shutil.rmtree(old, ignore_errors=True)
    for name, text in pages().items():
        path = source / (name if name.endswith(".rst") else f"{name}.md")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for figure in drawn():
        name = f"figures/results/{figure.paper}/{figure.name}.png"
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    told = ["--quiet", "--fail-on-warning", "--keep-going", "--doctree-dir", str(folder / "read")]
    return sphinx([*told, "--conf-dir", str(DOCS), str(source), str(folder / "html")])


if __name__ == "__main__":
    where = Path(sys.argv[1]) if sys.argv[1:] else DOCS / "_build"
    status = build(where.resolve())
    print(where / "html" / "index.html" if status == 0 else "no site: see the warnings above")
    sys.exit(status)
