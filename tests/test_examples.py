"""The examples in docstrings give what they say."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHOWN = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for package in ("bounds", "studies", "figures")
    for path in sorted((ROOT / package).rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("module", SHOWN)
def test_examples(module: str) -> None:
    """Catches one that a change of the code has left behind."""
    failed, tried = doctest.testmod(import_module(module))
    assert failed == 0 and tried > 0
