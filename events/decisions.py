"""Decisions: what people decide. Topic `decisions`, one partition, a total order.

A record holds the events one transaction of an aggregate appended, all or none:

    {"type": "decisions.v1", "events": [
        {"aggregate": "program:acme", "version": 1, "name": "program.created", "state": {…}}]}

Positions are (aggregate, version) and the first record for a position wins; a record
with any position already taken is refused whole (`events.first_wins.DecisionLog`).
The *number* of an accepted event counts from 1 and is the same for every reader.

The structs below are the facts as folds see them, by `name`. What the aggregate
library adds to a state (its own timestamps) is ignored here.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from events.terms import Terms


class StoredDecision(Struct, frozen=True, omit_defaults=True):
    """One event of an aggregate, as it stands in the log."""

    aggregate: str
    version: int
    name: str
    state: msgspec.Raw = msgspec.Raw(b"null")
    """The event's JSON state."""
    state_base64: str | None = None
    """Used instead of `state` for bytes that are not JSON."""


class DecisionRecord(Struct, frozen=True, tag_field="type", tag="decisions.v1"):
    """The events of one transaction: accepted all or none."""

    events: tuple[StoredDecision, ...]


class ProgramCreated(Struct, frozen=True):
    """A program exists, paying in `currency` (ISO 4217)."""

    program: str
    name: str
    currency: str
    by: str = ""


class TermsAdded(Struct, frozen=True):
    """A new version of the program's terms."""

    program: str
    terms: Terms
    by: str = ""


class ProgramPaused(Struct, frozen=True):
    """Its conversions earn nothing from now on."""

    program: str
    by: str = ""


class ProgramResumed(Struct, frozen=True):
    """It earns again."""

    program: str
    by: str = ""


class PartnerRegistered(Struct, frozen=True):
    """A partner exists."""

    partner: str
    name: str
    by: str = ""


class PartnerApplied(Struct, frozen=True):
    """The partner asks to join the program."""

    partner: str
    program: str
    by: str = ""


class PartnerApproved(Struct, frozen=True):
    """The program takes the partner."""

    partner: str
    program: str
    by: str = ""


class PartnerSuspended(Struct, frozen=True):
    """The partner's new conversions in the program earn nothing."""

    partner: str
    program: str
    reason: str = ""
    by: str = ""


class LinkCreated(Struct, frozen=True):
    """A partner's tracking link."""

    link: str
    program: str
    partner: str
    destination: str
    """The only URL the link leads to (no open redirect)."""
    by: str = ""


class LinkDisabled(Struct, frozen=True):
    """Its clicks no longer count."""

    link: str
    by: str = ""


class CouponCreated(Struct, frozen=True):
    """A code that credits a partner."""

    program: str
    code: str
    """Upper case; codes compare without regard to case."""
    partner: str
    by: str = ""


class CouponRetired(Struct, frozen=True):
    """The code credits nobody any longer."""

    program: str
    code: str
    by: str = ""


class PayoutRequested(Struct, frozen=True):
    """Somebody asks for a payout; the journal answers."""

    payout: str
    program: str
    partner: str
    unit: str
    amount: int
    """Minor units; 0 asks for all that is available."""
    by: str = ""


class PayoutFunded(Struct, frozen=True):
    """The journal set the money aside."""

    payout: str
    amount: int
    entry: str
    """Position of the journal entry that moved the money to in transit."""


class PayoutRefused(Struct, frozen=True):
    """The journal refused it; `entry` is the position of its answer."""

    payout: str
    reason: str
    entry: str


class PayoutSent(Struct, frozen=True):
    """The transfer is on its way."""

    payout: str
    program: str
    partner: str
    reference: str = ""
    by: str = ""


class PayoutSettled(Struct, frozen=True):
    """The partner has the money."""

    payout: str
    program: str
    partner: str
    reference: str = ""
    by: str = ""


class PayoutFailed(Struct, frozen=True):
    """The transfer came back: the money is available again."""

    payout: str
    program: str
    partner: str
    reason: str = ""
    by: str = ""


DecisionFact = (
    ProgramCreated
    | TermsAdded
    | ProgramPaused
    | ProgramResumed
    | PartnerRegistered
    | PartnerApplied
    | PartnerApproved
    | PartnerSuspended
    | LinkCreated
    | LinkDisabled
    | CouponCreated
    | CouponRetired
    | PayoutRequested
    | PayoutFunded
    | PayoutRefused
    | PayoutSent
    | PayoutSettled
    | PayoutFailed
)

FACTS: dict[str, type[DecisionFact]] = {
    "program.created": ProgramCreated,
    "program.terms_added": TermsAdded,
    "program.paused": ProgramPaused,
    "program.resumed": ProgramResumed,
    "partner.registered": PartnerRegistered,
    "partner.applied": PartnerApplied,
    "partner.approved": PartnerApproved,
    "partner.suspended": PartnerSuspended,
    "link.created": LinkCreated,
    "link.disabled": LinkDisabled,
    "coupon.created": CouponCreated,
    "coupon.retired": CouponRetired,
    "payout.requested": PayoutRequested,
    "payout.funded": PayoutFunded,
    "payout.refused": PayoutRefused,
    "payout.sent": PayoutSent,
    "payout.settled": PayoutSettled,
    "payout.failed": PayoutFailed,
}
"""Stable name of a decision event → its fact. Names never change once released."""

PayoutStatus = Literal["requested", "funded", "refused", "sent", "settled", "failed"]


class Decision(Struct, frozen=True):
    """An accepted decision, numbered."""

    number: int
    position: str
    """`decisions/0/offset` of its record."""
    recorded_at: int
    aggregate: str
    version: int
    name: str
    state: bytes

    def fact(self) -> DecisionFact | None:
        """The typed fact, or None for a name this code does not know (a foreign aggregate)."""
        shape = FACTS.get(self.name)
        return None if shape is None else msgspec.json.decode(self.state, type=shape)
