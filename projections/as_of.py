"""Balances as of a moment T, as they were known then or are known at a later moment K.

    known then    what was recorded before T                               (K is T)
    known at K    what was recorded before K and is effective before T     (`projections.effective`)

Both divide what is owed into pending and available at T. What is recorded before T is effective
before T, so every entry before T counts in both, and one pass over the journal has three parts:

    before T               adds to both
    from T on, before K    dated; what is effective before T adds to what is known at K alone
    from K on              not known

The middle part is the whole difference between the two answers: late arrivals and corrections
(`projections.corrections`). T and K may be times or places; once cut they are places, which the
answer names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from events.journal import Entry
from projections.effective import Dated, Dating
from projections.moments import Moment
from projections.posted import Posted, unit_of
from projections.statement_parts import Sums
from projections.unit_balance import SHOWN, UnitBalance

EARNING = ("commission", "clawback", "released", "rejected", "adjusted", "award")
"""Kinds of entries by which rules give and take."""


class Key(NamedTuple):
    """One unit of one account."""

    partner: str
    program: str
    unit: str


class Earned(Struct):
    """What one rule gave in one unit of an account, minor units."""

    partner: str
    program: str
    unit: str
    rule: str
    earned: int = 0
    taken_back: int = 0
    """Zero or less."""


class Books:
    """Accounts by unit, added up from entries in any order."""

    def __init__(self) -> None:
        self.balances: dict[Key, UnitBalance] = {}
        self.rules: dict[tuple[Key, str], Earned] = {}

    def book(self, entry: Entry) -> None:
        """Take an entry."""
        moved: dict[tuple[Key, str], int] = {}
        collected = {leg.rule for leg in entry.legs if leg.account == "wholesale"}
        for leg in entry.legs:
            if leg.account not in SHOWN:
                continue
            key = Key(entry.partner, entry.program, unit_of(entry, leg))
            if key not in self.balances:
                self.balances[key] = UnitBalance()
            self.balances[key].move(entry, leg)
            # Payable because the partner took the customer's money itself is no commission.
            if leg.account == "payable" and entry.kind in EARNING and leg.rule not in collected:
                rule = (key, leg.rule or entry.rule)
                moved[rule] = moved.get(rule, 0) + leg.amount
        for (key, rule_name), amount in moved.items():
            found = self.rules.setdefault((key, rule_name), Earned(*key, rule_name))
            if amount > 0:
                found.earned += amount
            else:
                found.taken_back += amount

    def at(self, moment: int) -> dict[Key, Sums]:
        """Balances that were ever moved, divided at `moment` (ms), in the order of their keys."""
        return {key: balance.at(moment) for key, balance in sorted(self.balances.items())}

    def commissions(self) -> list[Earned]:
        """What each rule gave, by account and unit."""
        return [found for _, found in sorted(self.rules.items())]


class Cut(NamedTuple):
    """Where T and K cut one partition: offsets of the first records that are not before them."""

    then: int
    known: int
    ahead: list[Moment]
    """Those of T and K that are times, and at which or after which no entry stands yet."""


class AsOf:
    """The three parts. Show `take` all accepted entries of the partitions, in order."""

    def __init__(self, then: Moment, known: Moment) -> None:
        self.then = then
        self.known = known
        self.books = Books()
        """What was recorded before T."""
        self.since: list[Posted] = []
        """What was recorded from T on and is known."""
        self.dating = Dating()
        self._newest_before = -1
        """`at` of the newest entry before T of all, ms; -1: there is none."""
        self._then: dict[int, int] = {}
        self._known: dict[int, int] = {}

    def take(self, posted: Posted, wanted: bool) -> None:
        """The next entry; `wanted`: it is of the accounts that were asked for."""
        before = self.then.before(posted)
        if before:
            self._newest_before = max(self._newest_before, posted.entry.at)
        else:
            self._then.setdefault(posted.partition, posted.offset)
        known = self.known.before(posted)
        if not known:
            self._known.setdefault(posted.partition, posted.offset)
        if not wanted or not known:
            return
        self.dating.see(posted)
        if before:
            self.books.book(posted.entry)
        else:
            self.since.append(posted)

    @property
    def moment(self) -> int:
        """T, ms: of bare places, the millisecond after the newest entry before them."""
        return self._newest_before + 1 if self.then.at is None else self.then.at

    def cut(self, partition: int, end: int) -> Cut:
        """Where T and K cut a partition that ends at `end`."""
        return Cut(
            _place(self.then, self._then, partition, end),
            _place(self.known, self._known, partition, end),
            [
                moment
                for moment, met in ((self.then, self._then), (self.known, self._known))
                if moment.places is None and partition not in met
            ],
        )

    def instructions(self) -> set[str]:
        """Positions of the instructions whose times `late` needs."""
        return {
            source for posted in self.since if (source := self.dating.instruction(posted.entry))
        }

    def late(self, times: Mapping[str, int]) -> list[Dated]:
        """What was recorded from T on and is effective before T, in the order of the journal.

        `times`: as `Dating.dated` takes them. Raises NoTime."""
        moment = self.moment
        return [dated for dated in self.dating.dated(self.since, times) if dated.effective < moment]


def _place(moment: Moment, met: Mapping[int, int], partition: int, end: int) -> int:
    if moment.places is not None:
        return moment.places[partition]
    return met.get(partition, end)
