"""Both sides of a partition set against each other, and several partitions put together."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct, field

from audit.what_if.changes import subject
from audit.what_if.question import Question
from audit.what_if.reviews import ReviewChanged
from audit.what_if.rule_kinds import RuleKinds
from audit.what_if.sums import (
    BY_HAND,
    Account,
    Amounts,
    Answered,
    Booked,
    Commission,
    Effect,
    Payout,
)
from events.conversions import MAX_MINOR_UNITS
from projections.directory import Directory


class Rule(NamedTuple):
    """What pays one partner in one unit."""

    program: str
    partner: str
    kind: str
    """`rule`, `tiers`, `bonus`, `override`, or what was booked by hand."""
    rule: str
    unit: str


class Paid(Struct):
    """What a rule gave on both sides, minor units, and for how many deals and leads."""

    actual: int = 0
    what_if: int = 0
    deals: int = 0
    what_if_deals: int = 0
    moved: int = 0
    """Deals and leads for which it would have given another amount."""

    def add(self, more: Paid) -> None:
        """Take in what the same rule gave elsewhere."""
        self.actual += more.actual
        self.what_if += more.what_if
        self.deals += more.deals
        self.what_if_deals += more.what_if_deals
        self.moved += more.moved


class Move(Struct, frozen=True):
    """A commission on a deal or lead that would have been another; minor units of `unit`."""

    program: str
    partner: str
    deal: str
    event_id: str
    via: str
    unit: str
    actual: int
    what_if: int
    rules: dict[str, tuple[int, int]]
    """Rule → what it gave and would have given, where that is not the same."""
    credited: str = ""
    """Who was credited, and who would have been, where that is not the same."""
    credited_what_if: str = ""

    @property
    def difference(self) -> int:
        """What it would have been more; minor units."""
        return self.what_if - self.actual

    def order(self) -> tuple[object, ...]:
        """Largest first; the parts of one deal together."""
        return (
            -abs(self.difference), self.program, self.deal, self.event_id, self.partner, self.via
        )  # fmt: skip


class Compared(Struct):
    """What a partition comes to."""

    paid: dict[Rule, Paid] = field(default_factory=dict)
    moves: dict[str, list[Move]] = field(default_factory=dict)
    """By unit, those that move most."""
    moved: int = 0
    waiting: Counter[Account] = field(default_factory=Counter)
    what_if_waiting: Counter[Account] = field(default_factory=Counter)
    paid_out: Counter[Account] = field(default_factory=Counter)
    payouts: list[tuple[Payout, Answered | None, Answered | None]] = field(default_factory=list)
    """Those that would have been answered otherwise."""
    effects: Counter[Effect] = field(default_factory=Counter)
    what_if_effects: Counter[Effect] = field(default_factory=Counter)
    reviews: list[ReviewChanged] = field(default_factory=list)

    def add(self, more: Compared, top: int) -> None:
        """Take in another partition."""
        for rule, paid in more.paid.items():
            self.paid.setdefault(rule, Paid()).add(paid)
        for unit, moves in more.moves.items():
            self.moves[unit] = largest([*self.moves.get(unit, []), *moves], top)
        self.moved += more.moved
        self.waiting.update(more.waiting)
        self.what_if_waiting.update(more.what_if_waiting)
        self.paid_out.update(more.paid_out)
        self.payouts += more.payouts
        self.effects.update(more.effects)
        self.what_if_effects.update(more.what_if_effects)
        self.reviews += more.reviews


def largest(moves: Iterable[Move], top: int) -> list[Move]:
    """The `top` that move most."""
    return heapq.nsmallest(top, moves, key=Move.order)


NOTHING: Amounts = {}
SORTED_AT = 1_000
"""So many more than are wanted are kept before the smallest go."""


def compare(
    question: Question,
    directory: Directory,
    actual: Booked,
    other: Booked,
    credited: dict[str, tuple[str, str]],
    reviews: list[ReviewChanged],
) -> Compared:
    """Set the sides of one partition against each other. `credited`: by deal or lead
    (`changes.Changes.credited`)."""
    found = Compared(
        waiting=actual.waiting,
        what_if_waiting=other.waiting,
        paid_out=actual.paid_out,
        effects=actual.effects,
        what_if_effects=other.effects,
        reviews=reviews,
    )
    kinds = RuleKinds(question, directory)
    moves = _Largest(question.top)
    for commission in {**actual.commissions, **other.commissions}:
        was = actual.commissions.get(commission, NOTHING)
        would = other.commissions.get(commission, NOTHING)
        _add_paid(found.paid, kinds, commission, was, would)
        if was != would:
            found.moved += moves.see(commission, was, would, credited)
    found.moves = moves.found()
    for payout in {**actual.payouts, **other.payouts}:
        said, would_say = actual.payouts.get(payout), other.payouts.get(payout)
        if said != would_say:
            found.payouts.append((payout, said, would_say))
    return found


def _add_paid(
    paid: dict[Rule, Paid], kinds: RuleKinds, of: Commission, was: Amounts, would: Amounts
) -> None:
    by_hand = of.event_id.partition(" ")[0] if not of.deal else ""
    for rule, unit in {**was, **would}:
        kind = by_hand if by_hand in BY_HAND else kinds.kind(of.program, rule)
        before, after = was.get((rule, unit)), would.get((rule, unit))
        held = paid.setdefault(Rule(of.program, of.partner, kind, rule, unit), Paid())
        held.actual += before or 0
        held.what_if += after or 0
        held.deals += before is not None
        held.what_if_deals += after is not None
        held.moved += (before or 0) != (after or 0)


class _Largest:
    """Keeps what moves most of each unit, without making a `Move` of what cannot be among it."""

    def __init__(self, top: int) -> None:
        self._top = top
        self._moves: dict[str, list[Move]] = {}
        self._bars: dict[str, int] = {}
        """Unit → what the last of the largest so far moves."""

    def see(
        self, of: Commission, was: Amounts, would: Amounts, credited: dict[str, tuple[str, str]]
    ) -> int:
        """Take in a commission; in how many units it moves."""
        moved = 0
        for unit in {unit for _, unit in (*was, *would)}:
            actual = sum([amount for (_, of_unit), amount in was.items() if of_unit == unit])
            what_if = sum([amount for (_, of_unit), amount in would.items() if of_unit == unit])
            if actual == what_if:
                continue
            moved += 1
            if abs(what_if - actual) >= self._bars.get(unit, 0):
                self._keep(_move(of, unit, actual, what_if, was, would, credited))
        return moved

    def found(self) -> dict[str, list[Move]]:
        """By unit, largest first."""
        return {unit: largest(moves, self._top) for unit, moves in self._moves.items()}

    def _keep(self, move: Move) -> None:
        moves = self._moves.setdefault(move.unit, [])
        moves.append(move)
        if len(moves) >= self._top + SORTED_AT:
            moves[:] = largest(moves, self._top)
            self._bars[move.unit] = abs(moves[-1].difference) if moves else MAX_MINOR_UNITS * 2


def _move(
    of: Commission,
    unit: str,
    actual: int,
    what_if: int,
    was: Amounts,
    would: Amounts,
    credited: dict[str, tuple[str, str]],
) -> Move:
    rules = {
        rule: (was.get((rule, unit), 0), would.get((rule, unit), 0))
        for rule in dict.fromkeys(rule for rule, of_unit in (*was, *would) if of_unit == unit)
    }
    moved = {rule: both for rule, both in rules.items() if both[0] != both[1]}
    said = credited.get(subject(of.program, of.deal, of.event_id), ("", ""))
    return Move(
        of.program, of.partner, of.deal, of.event_id, of.via, unit, actual, what_if, moved, *said
    )
