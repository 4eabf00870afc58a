"""Which claims a claim rests on."""

from collections.abc import Sequence

from bounds.claim import Claim


def ancestry(claims: Sequence[Claim], goals: Sequence[str]) -> list[Claim]:
    """The goals and all claims that they rest on, in the order of `claims`.

    Raises
    ------
    KeyError
        If a claim uses one that is not among `claims`.
    """
    by_name = {claim.name: claim for claim in claims}
    needed: set[str] = set()
    pending = list(goals)
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += by_name[name].uses
    return [claim for claim in claims if claim.name in needed]
