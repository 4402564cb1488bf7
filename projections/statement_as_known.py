"""A statement of a time as it is known now: late arrivals and corrections where they belong.

    opening, as known now   + what was true in between, in that order   = closing, as known now

The ordinary statement lists what was booked between two moments, in the order of the journal.
This one lists what was true between them (`projections.effective`) of all that is known: a deal
reported in May stands in April's, if it was made in April, and so does what a person decided of
it in June. It is no stretch of the journal, so it rests on the chain from the account's first
entry to the last that is known, and names that one's hash.
"""

from __future__ import annotations

from collections.abc import Sequence

from projections.effective import Dated
from projections.statement import Purse, line_of, statement, take
from projections.statement_parts import Head, Line, Statement


def statement_as_known(
    account: Sequence[Dated],
    partner: str,
    program: str,
    *,
    starts: int,
    ends: int,
    known: int,
    opened_at: int,
    until: int,
    closed_at: int,
) -> Statement:
    """What of `account` was true from `opened_at` on and before `until` (ms).

    `account`: the partner's accepted entries from the first on, of all programs, dated. `starts`,
    `ends`, `known`: the offsets at which those moments, and what is known, cut its partition.
    `closed_at` (ms): what divides the closing balance into pending and available. Raises
    NotOneChain.
    """
    seen = [dated for dated in account if dated.posted.offset < known]
    checked = statement(
        [dated.posted for dated in seen],
        partner,
        program,
        starts=known,
        ends=known,
        opened_at=opened_at,
        closed_at=closed_at,
    )
    made = Statement(
        partner,
        program,
        starts=starts,
        ends=ends,
        opened_at=opened_at,
        closed_at=closed_at,
        sections=[],
        without_effect=[],
        opening_head=Head(),
        closing_head=checked.closing_head,
        entries=0,
        known=known,
    )
    purses: dict[str, Purse] = {}
    told: dict[str, int] = {}
    for dated in sorted(seen, key=lambda dated: (dated.effective, dated.posted.offset)):
        offset = dated.posted.offset
        if dated.posted.entry.program != program:
            continue
        if offset >= ends and dated.effective >= until:
            continue
        # What was recorded before a moment was true before it: see `effective`.
        within = offset >= starts and dated.effective >= opened_at
        made.entries += within
        told[dated.posted.position] = dated.effective
        moved = take(dated.posted, purses, within)
        if within and not moved:
            made.without_effect.append(line_of(dated.posted, []))
    made.sections = [purse.section(unit, made) for unit, purse in sorted(purses.items())]
    _tell(made, told)
    return made


def _tell(made: Statement, told: dict[str, int]) -> None:
    """Write beside each line when it was true."""
    lines: list[Line] = [line for section in made.sections for line in section.lines]
    for line in [*lines, *made.without_effect]:
        line.effective = told[line.position]
