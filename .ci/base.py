"""Prints the part of requirements.lock that dimfree needs with these extras and no more: what it
asks for itself, the build backend too, and what that stands on, pinned and hashed as in the lock.

    python .ci/base.py data rigor > base.txt
    pip install --require-hashes -r base.txt
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main(extras: list[str]) -> None:
    """Prints it."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project = settings["project"]
    asked = [*settings["build-system"]["requires"], *project["dependencies"]]
    for extra in extras:
        asked += project["optional-dependencies"][extra]
    wanted = {re.split(r"[^\w.-]", one)[0] for one in asked}
    # A requirement starts at the margin; below it are its hashes and, as comments, who asks for it.
    blocks = re.split(r"\n(?=\w)", (ROOT / "requirements.lock").read_text("utf-8"))[1:]
    of = [
        (block.partition("==")[0], set(re.findall(r"# +(?:via )?([\w.-]+)", block)), block)
        for block in blocks
    ]
    while more := {name for name, asking, _ in of if name not in wanted and asking & wanted}:
        wanted |= more
    print("\n".join(block for name, _, block in of if name in wanted))


if __name__ == "__main__":
    main(sys.argv[1:])
