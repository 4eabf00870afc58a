"""`dimfree list`: what there is, as text or JSON; nothing that makes numbers is imported for it."""

import json
from dataclasses import asdict
from typing import Any

from studies import names, output


def text(kind: str | None, as_json: bool) -> str:
    """All names, or a table of those of one kind."""
    if kind:
        return output.columns(names.table(kind))
    works = names.works()
    found: dict[str, Any] = {
        "studies": [name for work in works for name in work.studies],
        "figures": [name for work in works for name in work.figures],
        "claims": [name for work in works for name in work.claims],
        "estimators": list(names.keys("bounds.catalog", "ESTIMATORS")),
        "presets": list(names.literal("studies.catalog", "PRESETS")),
    }
    if as_json:
        return json.dumps(found | {"papers": [asdict(work) for work in works]}, indent=2)
    found |= {"papers": [work.stem for work in works]}
    return "\n".join(f"{each}: {', '.join(there)}" for each, there in found.items())
