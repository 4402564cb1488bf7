"""Deals and refunds of a program as the log has them, with what became of each record.

Amounts are those of the conversions, the facts. What the attributions add is their outcome:
which record counts and which was refused, and which deals a refund that names none was set
against.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, field

from events import topics
from events.attributions import Attribution
from events.codec import UnreadableRecord, decode_record
from events.conversions import Deal, Refund
from events.first_wins import accepted
from events.position import Record

REFUSED = ("conflict", "unreadable")
"""Outcomes of a record that does not count, for a reason."""


class LedgerDeal(Struct, frozen=True):
    """A deal that counts."""

    deal: str
    unit: str
    amount: int
    """Minor units."""
    position: str
    occurred_at: int
    event_id: str
    outcome: str = "waiting"
    """credited, unattributed, or waiting to be attributed."""
    reason: str = ""
    """Why nobody is credited."""


class LedgerRefund(Struct, frozen=True):
    """A refund that counts, or the part of one that a deal bears."""

    deal: str
    """Empty where no deal could bear it."""
    unit: str
    amount: int
    position: str
    occurred_at: int
    event_id: str


class Refused(Struct, frozen=True):
    """A record of a deal or refund that does not count."""

    deal: str
    event_id: str
    position: str
    reason: str


class Sold(Struct):
    """What a program sold and gave back, as recorded."""

    deals: list[LedgerDeal] = field(default_factory=list)
    refunds: list[LedgerRefund] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    waiting: int = 0
    """Records that were not attributed yet when they were read."""


def take_outcomes(records: Iterable[Record], found: dict[int, Attribution]) -> None:
    """Put the accepted attributions of one partition under the offsets of their conversions.
    Every conversion has one, so that `found` holds all of the first n once it has n."""
    for _, one in accepted(records, topics.ATTRIBUTIONS):
        found[one.n] = one


def take_partition(
    sold: Sold, program: str, records: Iterable[Record], decided: Mapping[int, Attribution]
) -> None:
    """Take in the conversions of one partition, from its first record on."""
    seen: set[tuple[str, str]] = set()
    for record in records:
        try:
            found: Any = decode_record(record, topics.CONVERSIONS)
        except UnreadableRecord:
            continue
        if not isinstance(found, Deal | Refund) or found.program != program:
            continue
        outcome = decided.get(record.offset)
        if outcome is None:
            sold.waiting += 1
            if (found.customer, found.event_id) in seen:
                continue
        elif outcome.outcome == "duplicate":
            continue
        elif outcome.outcome in REFUSED:
            reason = f"{outcome.outcome}: {outcome.reason}" if outcome.reason else outcome.outcome
            position = str(record.position)
            sold.refused.append(Refused(found.deal, found.event_id, position, reason))
            continue
        seen.add((found.customer, found.event_id))
        if isinstance(found, Deal):
            sold.deals.append(_deal(record, found, outcome))
        else:
            sold.refunds += _refund(record, found, outcome)


def _deal(record: Record, found: Deal, outcome: Attribution | None) -> LedgerDeal:
    return LedgerDeal(
        found.deal,
        found.currency,
        found.amount,
        str(record.position),
        found.occurred_at,
        found.event_id,
        "waiting" if outcome is None else outcome.outcome,
        "" if outcome is None else outcome.reason,
    )


def _refund(record: Record, found: Refund, outcome: Attribution | None) -> list[LedgerRefund]:
    """Whole, under the deal it names; else in the parts that its deals bear."""
    parts = [(found.deal, found.amount)]
    if not found.deal and outcome is not None:
        parts = [(part.deal, part.amount) for part in outcome.refunded]
        left = found.amount - sum(amount for _, amount in parts)
        parts += [("", left)] if left else []
    return [
        LedgerRefund(
            deal, found.currency, amount, str(record.position), found.occurred_at, found.event_id
        )
        for deal, amount in parts
    ]
