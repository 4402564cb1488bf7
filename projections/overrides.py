"""Overrides: what those above a partner are credited for what it brings.

A partner that was recruited by another stands below it (`directory.parent`). Where the
terms have overrides, each of the partner's credits goes up the chain as many levels as the
terms reward. One who may not earn is passed over and keeps its level: those above it earn
what they would have earned.
"""

from __future__ import annotations

from collections.abc import Iterator

from events.attributions import Credit
from events.terms import Override
from projections.directory import Directory


def with_overrides(
    credits: tuple[Credit, ...],
    program: str,
    known: int,
    overrides: tuple[Override, ...],
    directory: Directory,
) -> tuple[Credit, ...]:
    """`credits` (all of level 0), and after them those of the partners above."""
    levels = max(override.level for override in overrides)
    above = [
        Credit(
            parent,
            credit.share,
            credit.method,
            level=level,
            via=credit.partner,
            before=credit.before,
            hold=credit.hold,
        )
        for credit in credits
        for level, parent in _chain(credit.partner, program, known, levels, directory)
        if directory.partner_active(program, parent, known)
        and directory.may_earn(program, parent, known)
    ]
    return (*credits, *above) if above else credits


def _chain(
    partner: str, program: str, known: int, levels: int, directory: Directory
) -> Iterator[tuple[int, str]]:
    """(1, its parent), (2, the parent's parent), … up to `levels`, without going in circles."""
    met = {partner}
    for level in range(1, levels + 1):
        partner = directory.parent(program, partner, known)
        if not partner or partner in met:
            return
        met.add(partner)
        yield level, partner
