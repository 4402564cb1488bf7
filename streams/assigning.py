"""Assigning a recorded deal to a partner: the deal is found in the log, the assignment written.

A person decides it, yet it is no decision of the directory: it stands among the customer's
conversions, in one order with its refunds (`projections.assignment`). The log is the only
note of what was assigned: asking for the same again finds it there and adds nothing, also
after a kill in the middle; two who ask at once write the same event id, and the first wins.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from aggregates.errors import Conflict, Invalid, NotFound
from events.codec import decode
from events.conversions import Assignment, Conversion, Deal, conversion_key
from events.log import partitions, read_batches
from events.partitioning import partition_of
from events.settings import Broker
from events.topics import CONVERSIONS
from projections.directory import Directory


class RecordedDeal(NamedTuple):
    """A deal as it stands in the log, with all that was assigned of it, oldest first."""

    deal: Deal
    position: str
    """Of its record."""
    assignments: tuple[Assignment, ...]


class Assigning(NamedTuple):
    """The assignment that gives a deal to a partner."""

    assignment: Assignment
    is_new: bool
    """Whether it is to be written; else it stands in the log already."""


def find_deal(broker: Broker, program: str, customer: str, deal: str) -> RecordedDeal:
    """The customer's deal; reads its partition of `conversions` from the beginning.

    Raises NotFound where the customer has no such deal, and LogError.
    """
    key = conversion_key(program, customer).encode()
    partition = partition_of(key.decode(), partitions(broker, CONVERSIONS))
    events: set[str] = set()
    found: Deal | None = None
    position = ""
    assignments = []
    for batch in read_batches(broker, CONVERSIONS, partition):
        for record in batch:
            if record.key != key:
                continue
            conversion = _decoded(record.value)
            if conversion is None or conversion.event_id in events:
                continue
            events.add(conversion.event_id)
            if isinstance(conversion, Deal) and conversion.deal == deal and found is None:
                found, position = conversion, str(record.position)
            elif isinstance(conversion, Assignment) and conversion.deal.deal == deal:
                assignments.append(conversion)
    if found is None:
        raise NotFound(
            f"deal {deal!r} of customer {customer!r} in program {program} is not recorded; "
            f"`pledger conversions --program {program} --customer …` lists those that are"
        )
    return RecordedDeal(found, position, tuple(assignments))


def assigning(
    recorded: RecordedDeal,
    partner: str,
    *,
    reason: str,
    by: str,
    at: int,
    again: bool,
    directory: Directory,
) -> Assigning:
    """What gives `recorded` to `partner`, decided at `at` (ms).

    The newest assignment stands if it names the partner already, unless `again` asks for a
    new one: then the deal is reckoned anew under what is known now. Raises Invalid without a
    reason, and Conflict for a partner that may not earn.
    """
    if not reason.strip():
        raise Invalid("reason", reason, "why the deal is the partner's; it is kept for good")
    deal, before = recorded.deal, recorded.assignments
    if before and before[-1].partner == partner and not again:
        return Assigning(before[-1], False)
    program, known = deal.program, directory.count
    if not directory.partner_active(program, partner, known):
        raise Conflict(
            f"partner {partner} is not approved by {program}: "
            f"pledger partners approve {partner} {program}"
        )
    if not directory.may_earn(program, partner, known):
        raise Conflict(
            f"partner {partner} has accepted no agreement of {program}: it earns nothing before"
        )
    number = len(before) + 1
    return Assigning(
        Assignment(
            program=program,
            customer=deal.customer,
            event_id=f"assignment:{deal.deal}:{number}:{partner}",
            occurred_at=at,
            known=known,
            partner=partner,
            deal=deal,
            reason=reason,
            by=by,
        ),
        True,
    )


def _decoded(value: bytes | None) -> Conversion | None:
    try:
        found: Conversion = decode(CONVERSIONS, value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found
