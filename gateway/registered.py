"""What the decisions on a registration put among the conversions.

An approved lead is a qualified lead: a Signup. A won deal is a Deal. Both follow from the
decision alone, ids and times included, so that writing them can be repeated: whoever died
between deciding and writing runs the command again, and what is missing is written.

The partner is not named: the claim that the approval gave it credits it, for as long as the
terms protect it (method `registered_deal`).
"""

from __future__ import annotations

from collections.abc import Iterable

from aggregates.application import Decisions
from events.codec import UnreadableRecord, decode_record
from events.conversions import Deal, Signup, conversion_key
from events.log import partitions, read_batches
from events.partitioning import partition_of
from events.settings import Broker
from events.topics import CONVERSIONS
from projections.views import RegistrationView

QUALIFIED = "qualified_lead"
"""`event_name` of an approved lead."""


def conversions_of(
    ledger: Decisions, view: RegistrationView | None, known: int
) -> list[Signup | Deal]:
    """The conversions that the registration's decisions so far give, as known at `known`.

    `view`: the registration as the directory has it; None where it is not known yet.
    """
    if view is None:
        return []
    found: list[Signup | Deal] = []
    if view.kind == "lead" and view.approved_at:
        found.append(qualified_lead(view, known))
    won = ledger.registration(view.registration).won
    if won is not None:
        found.append(won_deal(view, *won, known))
    return found


def qualified_lead(view: RegistrationView, known: int) -> Signup:
    """The signup of an approved lead. It happened when it was approved, by the broker's clock,
    which also says from when the partner's claim holds."""
    return Signup(
        program=view.program,
        customer=view.customer,
        event_id=f"registration:{view.registration}:qualified",
        occurred_at=view.approved_at,
        known=known,
        event_name=QUALIFIED,
        metadata=_metadata(view),
    )


def won_deal(
    view: RegistrationView, deal: str, amount: int, currency: str, occurred_at: int, known: int
) -> Deal:
    """The deal of a won registration; `amount` in minor units, `occurred_at` in ms."""
    return Deal(
        program=view.program,
        customer=view.customer,
        event_id=f"registration:{view.registration}:won",
        deal=deal,
        amount=amount,
        currency=currency,
        occurred_at=occurred_at,
        known=known,
        metadata=_metadata(view),
    )


def _metadata(view: RegistrationView) -> dict[str, str]:
    """With the customer's id as it was given, sealed, where a pseudonym stands for it."""
    found = {"registration": view.registration}
    return found | {"customer": view.original} if view.original else found


def sale_time(ledger: Decisions, view: RegistrationView, now: int) -> int:
    """When a registration was won, where nobody says: as it was decided before; else now (ms),
    and not before the claim began by the broker's clock."""
    won = ledger.registration(view.registration).won
    return max(now, view.approved_at) if won is None else won[3]


def unrecorded(
    broker: Broker,
    ledger: Decisions,
    view: RegistrationView | None,
    known: int,
    before: Iterable[Signup | Deal],
) -> list[Signup | Deal]:
    """The conversions of a registration that are to be written, as known at `known`.

    `before`: those that followed from it before what was just decided. Only they can be in the
    log already, and are looked for in their customer's partition. Raises LogError.
    """
    older = {conversion.event_id for conversion in before}
    count = partitions(broker, CONVERSIONS)
    missing = []
    for conversion in conversions_of(ledger, view, known):
        key = conversion_key(conversion.program, conversion.customer)
        if conversion.event_id not in older or not _holds(
            broker, partition_of(key, count), key, conversion.event_id
        ):
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
