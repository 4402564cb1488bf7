"""What the decisions on a registration put among the conversions.

An approved lead is a qualified lead: a Signup. A won deal is a Deal. Both follow from the
decision alone, ids and times included, so that writing them can be repeated: whoever died
between deciding and writing runs the command again, and what is missing is written.

The partner is not named: the claim that the approval gave it credits it, for as long as the
terms protect it (method `registered_deal`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from aggregates.application import Decisions
from events.codec import UnreadableRecord, decode_record
from events.conversions import Deal, Signup, conversion_key
from events.log import partitions, read_batches
from events.partitioning import partition_of
from events.settings import Broker
from events.topics import CONVERSIONS

QUALIFIED = "qualified_lead"
"""`event_name` of an approved lead."""


def conversions_of(ledger: Decisions, registration: str, known: int) -> list[Signup | Deal]:
    """The conversions that the registration's decisions so far give, as known at `known`."""
    kind = ""
    found: dict[str, Signup | Deal] = {}
    for event in ledger.recorder.select_events(f"registration:{registration}"):
        state = msgspec.json.decode(event.state)
        kind = state.get("kind", kind)
        name = event.topic.removeprefix("registration.")
        if name == "approved" and kind == "lead":
            lead = qualified_lead(registration, state, known)
            found.setdefault(lead.event_id, lead)
        elif name == "won":
            deal = won_deal(registration, state, known)
            found.setdefault(deal.event_id, deal)
    return list(found.values())


def qualified_lead(registration: str, state: dict[str, Any], known: int) -> Signup:
    """The signup of an approved lead; it happened when it was approved."""
    return Signup(
        program=state["program"],
        customer=state["customer"],
        event_id=f"registration:{registration}:qualified",
        occurred_at=_milliseconds(state["timestamp"]),
        known=known,
        event_name=QUALIFIED,
        metadata={"registration": registration},
    )


def won_deal(registration: str, state: dict[str, Any], known: int) -> Deal:
    """The deal of a won registration."""
    return Deal(
        program=state["program"],
        customer=state["customer"],
        event_id=f"registration:{registration}:won",
        deal=state["deal"],
        amount=state["amount"],
        currency=state["currency"],
        occurred_at=state["occurred_at"],
        known=known,
        metadata={"registration": registration},
    )


def not_recorded(broker: Broker, wanted: Iterable[Signup | Deal]) -> list[Signup | Deal]:
    """Those of `wanted` that are not in the log yet, by reading their customer's partition."""
    missing = []
    count = partitions(broker, CONVERSIONS)
    for conversion in wanted:
        key = conversion_key(conversion.program, conversion.customer)
        if not _holds(broker, partition_of(key, count), key, conversion.event_id):
            missing.append(conversion)
    return missing


def _holds(broker: Broker, partition: int, key: str, event_id: str) -> bool:
    needle = event_id.encode()
    for batch in read_batches(broker, CONVERSIONS, partition):
        for record in batch:
            if record.key != key.encode() or record.value is None or needle not in record.value:
                continue
            try:
                found = decode_record(record)
            except UnreadableRecord:
                continue
            if found.event_id == event_id:
                return True
    return False


def _milliseconds(timestamp: str) -> int:
    """Milliseconds since 1970 UTC of the moment a decision was made."""
    at = datetime.fromisoformat(timestamp)
    return int(at.timestamp()) * 1000 + at.microsecond // 1000
