"""Sphinx's settings. Its sources are made by `docs.pages`; nothing is asked for from elsewhere."""

from importlib.metadata import version as installed
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from docs import docstrings, typeset

project = "dimfree"
author = "The dimfree authors"
version = release = installed("dimfree")
extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
language = "en"

myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
myst_dmath_double_inline = True

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say what each is, with its shape
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
add_module_names = False
maximum_signature_line_length = 72

highlight_language = "none"  # an indented block of a docstring is a formula

html_theme = "furo"
html_title = "dimfree"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_copy_source = False
html_domain_indices = False
html_show_search_summary = False  # it would be fetched, which no browser does from a file
html_show_sphinx = False
html_show_copyright = False
html_math_renderer = "mathml"


def _inline(self: Any, node: nodes.math) -> None:
    self.body.append(f'<span class="math">{typeset.inline(node.astext())}</span>')
    raise nodes.SkipNode


def _display(self: Any, node: nodes.math_block) -> None:
    self.body.append(f'<div class="math">{typeset.display(node.astext())}</div>\n')
    raise nodes.SkipNode


def _docstring(
    app: Sphinx, what: str, name: str, object_: object, options: object, lines: list[str]
) -> None:
    lines[:] = docstrings.rst(lines)


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))
    app.connect("autodoc-process-docstring", _docstring, priority=400)  # before numpydoc
