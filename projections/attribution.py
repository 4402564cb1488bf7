"""Attribution: for each conversion who is credited, which deals a refund falls on, and whose
a deal is that a person assigned.

A decider in two pure functions. `decide` is run once, live, and its record is written;
`evolve` is run by everyone ever after, on the records the log accepted. State and order
are one customer's of one program: key `program/customer`.

Every conversion gets its record, also the ones that earn nothing: a repeated event, an
event id with other content, a refund that matches no deal.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Literal, NamedTuple

from msgspec import structs

from events.attributions import Attribution, Touch
from events.codec import encode
from events.conversions import Assignment, Conversion, Deal, Refund, Signup
from events.terms import ConversionKind
from projections.assignment import assign
from projections.credit import credit
from projections.customer import NOBODY, Customer, evolve
from projections.directory import Directory
from projections.refund_matching import match
from projections.touches import good_touch
from projections.verdict import Verdict

__all__ = ["Customer", "customer_key", "decide", "digest", "evolve", "unreadable"]

DIGEST_BYTES = 8


def customer_key(program: str, customer: str) -> str:
    """Key of the state that `decide` and `evolve` work on."""
    return f"{program}/{customer}"


def digest(conversion: Conversion) -> str:
    """Equal content, equal digest: 8 bytes of BLAKE2b in hex. `known` is not content, for a
    client's retry may be stamped later."""
    content = encode(structs.replace(conversion, known=0))
    return blake2b(content, digest_size=DIGEST_BYTES).hexdigest()


class _Place(NamedTuple):
    """Where the conversion stands, when it was recorded (ms), and the digest of its content."""

    n: int
    source: str
    recorded_at: int
    digest: str

    @property
    def stream(self) -> str:
        """The conversion's partition, as `topic/partition`."""
        return self.source[: self.source.rindex("/")]


def decide(
    customer: Customer | None,
    conversion: Conversion,
    *,
    n: int,
    source: str,
    recorded_at: int,
    directory: Directory,
) -> Attribution:
    """The attribution of the conversion at position `source`, recorded at `recorded_at` (ms).

    `n`: its offset. Raises DirectoryBehind when the conversion knows decisions that the
    directory does not have yet, and UnknownEngine when the terms in force need a newer
    version of this code.
    """
    directory.require(conversion.known)
    state = customer if customer is not None else NOBODY
    place = _Place(n, source, recorded_at, digest(conversion))
    seen = state.events.get(conversion.event_id)
    if seen is not None:
        first = f"{place.stream}/{seen.offset}"
        if seen.digest == place.digest:
            return _ignored(conversion, place, "duplicate", f"repeats {first}")
        return _ignored(
            conversion, place, "conflict", f"other content than {first} under the same event_id"
        )
    if isinstance(conversion, Refund):
        return _refund(state, conversion, place)
    if isinstance(conversion, Assignment):
        return _assign(state, conversion, place, directory)
    if isinstance(conversion, Deal) and conversion.deal in state.deals:
        booked = f"{place.stream}/{state.deals[conversion.deal].offset}"
        why = f"deal {conversion.deal} was recorded by {booked}"
        return _ignored(conversion, place, "duplicate", why)
    return _credit(state, conversion, place, directory)


def unreadable(*, n: int, source: str, recorded_at: int, why: str) -> Attribution:
    """The record of a conversion that could not be read, so that no number is missing."""
    return Attribution(n, source, recorded_at, "unreadable", why)


def _credit(
    state: Customer, conversion: Signup | Deal, place: _Place, directory: Directory
) -> Attribution:
    touch = good_touch(conversion.click, conversion.program, conversion.known, directory)
    verdict = credit(state, conversion, touch, directory)
    deal, amount, currency = _money(conversion)
    if amount < 0:
        verdict = Verdict((), "negative_amount", verdict.engine)
    if verdict.engine:
        return _of_engine_2(state, conversion, place, touch, verdict)
    return Attribution(  # by place: this is the hot path, and names cost a third of it
        place.n,
        place.source,
        place.recorded_at,
        "credited" if verdict.credits else "unattributed",
        verdict.reason,
        conversion.program,
        conversion.customer,
        conversion.event_id,
        place.digest,
        conversion.kind if isinstance(conversion, Deal) else "lead",
        deal,
        amount,
        currency,
        conversion.occurred_at,
        conversion.known,
        touch,
        verdict.credits,
    )


def _of_engine_2(
    state: Customer,
    conversion: Signup | Deal,
    place: _Place,
    touch: Touch | None,
    verdict: Verdict,
) -> Attribution:
    """As of engine 1, and besides what rules of engine 2 may ask of the conversion."""
    happened = conversion.occurred_at
    deal, amount, currency = _money(conversion)
    ordered = conversion if isinstance(conversion, Deal) else None
    return Attribution(
        place.n,
        place.source,
        place.recorded_at,
        "credited" if verdict.credits else "unattributed",
        verdict.reason,
        conversion.program,
        conversion.customer,
        conversion.event_id,
        place.digest,
        "lead" if ordered is None else ordered.kind,
        deal,
        amount,
        currency,
        happened,
        conversion.known,
        touch,
        verdict.credits,
        (),
        0,
        verdict.engine,
        conversion.country,
        conversion.identity,
        verdict.coupon,
        state.purchases + 1,
        state.first_at if state.purchases else happened,
        0 if ordered is None else ordered.tax,
        0 if ordered is None else ordered.shipping,
        () if ordered is None else ordered.items,
    )


def _refund(state: Customer, refund: Refund, place: _Place) -> Attribution:
    matching = match(state, refund, place.stream)
    return Attribution(
        n=place.n,
        source=place.source,
        recorded_at=place.recorded_at,
        outcome="refunded" if matching.refunded else "unmatched",
        reason=matching.reason,
        program=refund.program,
        customer=refund.customer,
        event_id=refund.event_id,
        digest=place.digest,
        kind="refund",
        deal=refund.deal,
        amount=refund.amount,
        currency=refund.currency,
        occurred_at=refund.occurred_at,
        known=refund.known,
        refunded=matching.refunded,
        unmatched=matching.unmatched,
    )


def _assign(
    state: Customer, assignment: Assignment, place: _Place, directory: Directory
) -> Attribution:
    deal = assignment.deal
    found = assign(state, assignment, digest(deal), place.stream, directory)
    said = Attribution(
        n=place.n,
        source=place.source,
        recorded_at=place.recorded_at,
        outcome="unmatched",
        reason=found.reason,
        program=assignment.program,
        customer=assignment.customer,
        event_id=assignment.event_id,
        digest=place.digest,
        kind=deal.kind,
        deal=deal.deal,
        amount=deal.amount,
        currency=deal.currency,
        occurred_at=deal.occurred_at,
        known=assignment.known,
        by=assignment.by,
    )
    if found.deal is None:
        return said
    said = structs.replace(
        said,
        outcome="assigned",
        reason=assignment.reason,
        credits=found.credits,
        refunded=found.refunded,
        withdrawn=found.deal.credits,
        conversion=found.conversion,
    )
    if not found.engine:
        return said
    return structs.replace(
        said,
        engine=found.engine,
        country=deal.country,
        identity=deal.identity,
        purchase=found.deal.purchase,
        first_at=state.first_at,
        tax=deal.tax,
        shipping=deal.shipping,
        items=deal.items,
    )


def _ignored(
    conversion: Conversion, place: _Place, outcome: Literal["duplicate", "conflict"], why: str
) -> Attribution:
    """A conversion that changes nothing, with what it said and why it was not applied."""
    deal, amount, currency = _money(conversion)
    return Attribution(
        n=place.n,
        source=place.source,
        recorded_at=place.recorded_at,
        outcome=outcome,
        reason=why,
        program=conversion.program,
        customer=conversion.customer,
        event_id=conversion.event_id,
        digest=place.digest,
        kind=_kind(conversion),
        deal=deal,
        amount=amount,
        currency=currency,
        occurred_at=conversion.occurred_at,
        known=conversion.known,
    )


def _money(conversion: Conversion) -> tuple[str, int, str]:
    """Deal, amount in minor units and currency; a signup has none."""
    if isinstance(conversion, Signup):
        return "", 0, ""
    if isinstance(conversion, Assignment):
        conversion = conversion.deal
    return conversion.deal, conversion.amount, conversion.currency


def _kind(conversion: Conversion) -> ConversionKind | Literal["refund"]:
    if isinstance(conversion, Assignment):
        return conversion.deal.kind
    if isinstance(conversion, Deal):
        return conversion.kind
    return "lead" if isinstance(conversion, Signup) else "refund"
