"""When what an entry books was true, which may be long before it was booked.

An entry is *recorded* at its `at`: the broker's time, the ledger's order. It is *effective*

    commission, clawback        when the lead, deal or refund behind it happened
    held, released, rejected,   when the commission was: what a person decides of a commission
    adjusted                    is knowledge about that commission
    all others                  when they were recorded: payouts, adjustments, prizes, payments

and never after it was recorded. (A sender's clock may be a minute ahead. What was booked was
known, so a state as known at some time holds it whatever its clock said.) So an entry recorded
before T is effective before T: what was known then is still part of what is known now, and the
one differs from the other by what was recorded since and is effective before.

A rejected commission was never owed. So what refunds took back of it before it was rejected is
effective with it too: else a part of it would appear as owed until the refund.

Engine 2 writes the conversion's time into the entry. Of an entry of engine 1 the instruction
has it, so whoever dates entries looks those up (`lacks_time`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from events.journal import Entry
from projections.booked import conversion_key
from projections.posted import Posted

OF_A_CONVERSION = ("commission", "clawback")
REVIEWS = ("held", "released", "rejected", "adjusted")


class NoTime(ValueError):
    """An entry of a conversion whose time is found nowhere; names entry and instruction."""


class Dated(NamedTuple):
    """An entry, and when what it books was true."""

    posted: Posted
    effective: int
    """Milliseconds since 1970 UTC; not after the entry's `at`."""


class Dating:
    """Dates entries of one or several accounts. Show it their entries from the first on."""

    def __init__(self) -> None:
        self._instructions: dict[str, str] = {}
        """Conversion → the instruction that booked its commission, where only that has its time."""

    def see(self, posted: Posted) -> None:
        """Take note of an entry, in order."""
        entry = posted.entry
        if entry.kind == "commission" and not entry.occurred_at:
            self._instructions[entry.conversion] = entry.source

    def instruction(self, entry: Entry) -> str:
        """Position of the instruction that has the time of an entry; empty: the entry has it."""
        if entry.occurred_at:
            return ""
        if entry.kind in OF_A_CONVERSION:
            return entry.source
        if entry.kind in REVIEWS:
            return self._instructions.get(entry.conversion, entry.source)
        return ""

    def dated(self, entries: Iterable[Posted], times: Mapping[str, int]) -> list[Dated]:
        """`entries`, in order, each with its time. `times`: position of an instruction → when its
        conversion happened (ms), of those that `instruction` names. Raises NoTime."""
        dated: list[Dated] = []
        taken_back: dict[tuple[str, str], list[int]] = {}
        for posted in entries:
            entry = posted.entry
            effective = self._effective(posted, times)
            account = (entry.partner, conversion_key(entry))
            if entry.kind == "clawback":
                taken_back.setdefault(account, []).append(len(dated))
            elif entry.kind == "rejected":
                for place in taken_back.pop(account, ()):
                    before = dated[place].posted
                    dated[place] = Dated(before, min(before.entry.at, effective))
            dated.append(Dated(posted, effective))
        return dated

    def _effective(self, posted: Posted, times: Mapping[str, int]) -> int:
        entry = posted.entry
        if entry.kind not in OF_A_CONVERSION and entry.kind not in REVIEWS:
            return entry.at
        source = self.instruction(entry)
        occurred_at = times.get(source) if source else entry.occurred_at
        if occurred_at is None:
            raise NoTime(
                f"{posted.position}: when its conversion {entry.conversion} happened should stand "
                f"in {source}, which bears no such time; `pledger replay --verify` finds where the "
                "journal was altered"
            )
        return min(entry.at, occurred_at)
