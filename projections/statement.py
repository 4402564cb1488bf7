"""A partner's statement: an opening balance, entries, a closing balance, and a chain.

    opening 120.00   + entries   = closing 97.50          the next one opens with 97.50

A statement is of one partner in one program, between two positions of the journal (offsets
of the partition the account stands in). It has a section for each unit the account ever
moved: money, product credit, gifts. The fold reads the account from its first entry on and
rests on the legs alone; the balances the entries state are compared with what it adds up.

Every entry names the SHA-256 of the partner's previous entry, whatever the program. The hash
at the opening and the hash at the close therefore stand for all that lies between: a partner
that keeps its statements can show that none of it was changed later.
"""

from __future__ import annotations

from collections.abc import Iterable

from events.journal import Balance, Entry, Leg
from projections.posted import Posted, unit_of
from projections.statement_parts import Head, Line, Section, Statement, Sums
from projections.unit_balance import SHOWN, UnitBalance, held_until, sums_of

__all__ = ["Head", "Line", "NotOneChain", "Section", "Statement", "Sums", "statement"]


class NotOneChain(ValueError):
    """The partner's entries are not the account they say they are; names the first such."""


def statement(
    account: Iterable[Posted],
    partner: str,
    program: str,
    *,
    starts: int,
    ends: int,
    opened_at: int,
    closed_at: int,
) -> Statement:
    """The statement of `partner` in `program` over offsets starts <= offset < ends.

    `account`: the partner's accepted entries from the first on, of all programs. `opened_at`
    and `closed_at` (ms): the moments whose pending amounts are shown. Raises NotOneChain.
    """
    made = Statement(
        partner, program, starts, ends, opened_at, closed_at, [], [], Head(), Head(), 0
    )
    purses: dict[str, Purse] = {}
    head = Head()
    for posted in account:
        if posted.offset >= ends:
            break
        _check_link(posted, partner, head)
        head = Head(posted.position, posted.sha256)
        if posted.offset < starts:
            made.opening_head = head
        if posted.entry.program != program:
            continue
        within = posted.offset >= starts
        made.entries += within
        moved = take(posted, purses, within)
        _check_balances(posted, purses)
        if within and not moved:
            made.without_effect.append(line_of(posted, []))
    made.closing_head = head
    made.sections = [purse.section(unit, made) for unit, purse in sorted(purses.items())]
    return made


class Purse(UnitBalance):
    """One unit of the account, with what it was at the opening and the lines since."""

    def __init__(self) -> None:
        super().__init__()
        self.opening: tuple[dict[str, int], dict[int, int]] | None = None
        self.lines: list[Line] = []

    def open(self) -> None:
        """What is booked from here on is within the statement."""
        if self.opening is None:
            self.opening = (dict(self.sums), dict(self.holds))

    def section(self, unit: str, of: Statement) -> Section:
        """What the statement says of this unit."""
        self.open()
        assert self.opening is not None
        opening = sums_of(*self.opening, of.opened_at)
        return Section(unit, opening, self.lines, self.at(of.closed_at))


def take(posted: Posted, purses: dict[str, Purse], within: bool) -> bool:
    """Move the entry's legs, in a line for each unit; whether one of the shown accounts was
    among them. `within`: it is in the statement, not before it."""
    entry = posted.entry
    legs: dict[str, list[Leg]] = {}
    for leg in entry.legs:
        if leg.account in SHOWN:
            legs.setdefault(unit_of(entry, leg), []).append(leg)
    if not legs and entry.unit and entry.kind != "no_effect" and not entry.reason:
        # Moves nothing, and is news all the same: a payout that was sent, a commission cut to
        # nothing by a cap.
        legs[entry.unit] = []
    for unit, moved in sorted(legs.items()):
        purse = purses.setdefault(unit, Purse())
        if within:
            purse.open()
        for leg in moved:
            purse.move(entry, leg)
        if within:
            purse.lines.append(line_of(posted, moved, purse.sums["payable"]))
    return bool(legs)


def line_of(posted: Posted, legs: list[Leg], balance: int = 0) -> Line:
    entry = posted.entry
    sums = dict.fromkeys(SHOWN, 0)
    for leg in legs:
        sums[leg.account] += leg.amount
    rules = dict.fromkeys(leg.rule or entry.rule for leg in legs or [Leg("payable", 0)])
    return Line(
        position=posted.position,
        at=entry.at,
        kind=entry.kind,
        amount=sums.pop("payable"),
        balance=balance,
        deal=entry.deal,
        event_id=entry.event_id,
        payout=entry.payout,
        adjustment=entry.adjustment,
        via=entry.via,
        rules=tuple(rule for rule in rules if rule),
        terms=entry.terms,
        available_at=_pending_until(entry, legs),
        reason=entry.reason or entry.hold,
        notes=entry.notes,
        **sums,
    )


def _pending_until(entry: Entry, legs: list[Leg]) -> int:
    """Until when something of what the entry adds is pending, ms; 0: nothing is."""
    moved: dict[int, int] = {}
    for leg in legs:
        if leg.account == "payable":
            until = held_until(entry, leg)
            moved[until] = moved.get(until, 0) + leg.amount
    return max((until for until, amount in moved.items() if amount > 0), default=0)


def _check_link(posted: Posted, partner: str, head: Head) -> None:
    """The entry is the partner's and follows the one before it."""
    entry = posted.entry
    if entry.partner != partner:
        raise NotOneChain(f"{posted.position} is of partner {entry.partner!r}, not {partner!r}")
    if entry.previous != head.sha256:
        raise NotOneChain(
            f"{posted.position}: previous is {entry.previous or 'empty'}; expected "
            f"{head.sha256 or 'empty'}, the hash of the partner's entry before it "
            f"({head.position or 'none'}): the journal was altered; `pledger replay --verify` "
            "finds where"
        )


def _check_balances(posted: Posted, purses: dict[str, Purse]) -> None:
    """The balances the entry states are what the legs up to it add up to."""
    entry = posted.entry
    stated: dict[str, Balance | None] = {entry.unit: entry.balance, **entry.balances}
    for unit, said in stated.items():
        if said is None or unit not in purses:
            continue
        sums = purses[unit].sums
        says = (said.payable, said.in_transit, said.paid)
        adds = (sums["payable"], sums["in_transit"], sums["paid"])
        if says != adds:
            raise NotOneChain(
                f"{posted.position} states payable, in transit and paid as {says} {unit}; the legs "
                f"up to it add up to {adds}: `pledger replay --verify` finds where the journal was "
                "altered"
            )
