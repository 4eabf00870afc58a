"""figures/theorem.html: the dimension-free theorem and its proof, typeset for the page.

    python -m docs.theorem

The page needs no converter of LaTeX where dimfree is installed; so what one makes is kept.
"""

from pathlib import Path

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from docs import typeset
from figures import theorem

FILE = Path(theorem.__file__).with_name("theorem.html")


def made() -> str:
    """The page's HTML of `theorem.markdown`, formulas as MathML."""
    parser = MarkdownIt("commonmark")

    def formula(latex: str, options: dict[str, bool]) -> str:
        return typeset.display(latex) if options["display_mode"] else typeset.inline(latex)

    dollarmath_plugin(parser, renderer=formula, double_inline=True)
    return str(parser.render(theorem.markdown()))


if __name__ == "__main__":
    FILE.write_text(made(), encoding="utf-8")
