"""Decisions: what people decide. Topic `decisions`, one partition, a total order.

A record holds the events one transaction of an aggregate appended, all or none:

    {"type": "decisions.v1", "events": [
        {"aggregate": "program:acme", "version": 1, "name": "program.created", "state": {…}}]}

Positions are (aggregate, version) and the first record for a position wins; a record
with any position already taken is refused whole (`events.first_wins.DecisionLog`).
The *number* of an accepted event counts from 1 and is the same for every reader.

`origin` says from where a record was written. The structs of this package, one file a
family, are the facts as folds see them, by `name`. What the aggregate library adds to a state
(its own timestamps) is ignored here.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from events.decisions.accounts import (
    AccountAdjusted,
    PaymentReceived,
)
from events.decisions.agreements import (
    AgreementAccepted,
    AgreementPublished,
)
from events.decisions.commissions import (
    CommissionAdjusted,
    CommissionHeld,
    CommissionRejected,
    CommissionReleased,
)
from events.decisions.contests import (
    ContestClosed,
    Winner,
)
from events.decisions.invoices import (
    InvoiceIssued,
)
from events.decisions.links import (
    CouponCreated,
    CouponRetired,
    LinkCreated,
    LinkDisabled,
)
from events.decisions.partners import (
    PartnerApplied,
    PartnerApproved,
    PartnerCurrencySet,
    PartnerIdentified,
    PartnerPayeeSet,
    PartnerRecruited,
    PartnerRegistered,
    PartnerSuspended,
)
from events.decisions.payouts import (
    PayoutApproved,
    PayoutCanceled,
    PayoutFailed,
    PayoutFunded,
    PayoutProposed,
    PayoutRefused,
    PayoutRequested,
    PayoutReturned,
    PayoutRunStarted,
    PayoutSent,
    PayoutSettled,
    PayoutStatus,
    RunPayout,
)
from events.decisions.people import (
    ApiKeyIssued,
    ApiKeyRevoked,
)
from events.decisions.programs import (
    ProgramCreated,
    ProgramPaused,
    ProgramPayerSet,
    ProgramResumed,
    TermsAdded,
)
from events.decisions.proof import (
    CheckpointSigned,
    SigningKeyAdded,
    SigningKeyRetired,
    Tree,
)
from events.decisions.rates import (
    RatesSet,
)
from events.decisions.record import (
    DecisionRecord,
    Origin,
    StoredDecision,
)
from events.decisions.registrations import (
    RegistrationApproved,
    RegistrationLost,
    RegistrationRejected,
    RegistrationSubmitted,
    RegistrationUpdated,
    RegistrationWon,
)
from events.decisions.subjects import (
    PersonalFieldsMarked,
    SubjectForgotten,
)

__all__ = [
    "FACTS",
    "AccountAdjusted",
    "AgreementAccepted",
    "AgreementPublished",
    "ApiKeyIssued",
    "ApiKeyRevoked",
    "CheckpointSigned",
    "CommissionAdjusted",
    "CommissionHeld",
    "CommissionRejected",
    "CommissionReleased",
    "ContestClosed",
    "CouponCreated",
    "CouponRetired",
    "Decision",
    "DecisionFact",
    "DecisionRecord",
    "InvoiceIssued",
    "LinkCreated",
    "LinkDisabled",
    "Origin",
    "PartnerApplied",
    "PartnerApproved",
    "PartnerCurrencySet",
    "PartnerIdentified",
    "PartnerPayeeSet",
    "PartnerRecruited",
    "PartnerRegistered",
    "PartnerSuspended",
    "PaymentReceived",
    "PayoutApproved",
    "PayoutCanceled",
    "PayoutFailed",
    "PayoutFunded",
    "PayoutProposed",
    "PayoutRefused",
    "PayoutRequested",
    "PayoutReturned",
    "PayoutRunStarted",
    "PayoutSent",
    "PayoutSettled",
    "PayoutStatus",
    "PersonalFieldsMarked",
    "ProgramCreated",
    "ProgramPaused",
    "ProgramPayerSet",
    "ProgramResumed",
    "RatesSet",
    "RegistrationApproved",
    "RegistrationLost",
    "RegistrationRejected",
    "RegistrationSubmitted",
    "RegistrationUpdated",
    "RegistrationWon",
    "RunPayout",
    "SigningKeyAdded",
    "SigningKeyRetired",
    "StoredDecision",
    "SubjectForgotten",
    "TermsAdded",
    "Tree",
    "Winner",
]

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
    | PartnerRecruited
    | PartnerCurrencySet
    | PartnerIdentified
    | PartnerPayeeSet
    | ProgramPayerSet
    | AgreementPublished
    | AgreementAccepted
    | RegistrationSubmitted
    | RegistrationApproved
    | RegistrationRejected
    | RegistrationUpdated
    | RegistrationWon
    | RegistrationLost
    | CommissionHeld
    | CommissionReleased
    | CommissionRejected
    | CommissionAdjusted
    | AccountAdjusted
    | PaymentReceived
    | ContestClosed
    | RatesSet
    | PayoutProposed
    | PayoutApproved
    | PayoutCanceled
    | PayoutReturned
    | PayoutRunStarted
    | InvoiceIssued
    | SigningKeyAdded
    | SigningKeyRetired
    | CheckpointSigned
    | ApiKeyIssued
    | ApiKeyRevoked
    | PersonalFieldsMarked
    | SubjectForgotten
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
    "partner.recruited": PartnerRecruited,
    "partner.currency_set": PartnerCurrencySet,
    "partner.identified": PartnerIdentified,
    "partner.payee_set": PartnerPayeeSet,
    "program.payer_set": ProgramPayerSet,
    "agreement.published": AgreementPublished,
    "agreement.accepted": AgreementAccepted,
    "registration.submitted": RegistrationSubmitted,
    "registration.approved": RegistrationApproved,
    "registration.rejected": RegistrationRejected,
    "registration.updated": RegistrationUpdated,
    "registration.won": RegistrationWon,
    "registration.lost": RegistrationLost,
    "commission.held": CommissionHeld,
    "commission.released": CommissionReleased,
    "commission.rejected": CommissionRejected,
    "commission.adjusted": CommissionAdjusted,
    "account.adjusted": AccountAdjusted,
    "account.payment_received": PaymentReceived,
    "contest.closed": ContestClosed,
    "rates.set": RatesSet,
    "payout.proposed": PayoutProposed,
    "payout.approved": PayoutApproved,
    "payout.canceled": PayoutCanceled,
    "payout.returned": PayoutReturned,
    "run.started": PayoutRunStarted,
    "invoice.issued": InvoiceIssued,
    "signing_key.added": SigningKeyAdded,
    "signing_key.retired": SigningKeyRetired,
    "checkpoint.signed": CheckpointSigned,
    "api_key.issued": ApiKeyIssued,
    "api_key.revoked": ApiKeyRevoked,
    "program.personal_fields_marked": PersonalFieldsMarked,
    "subject.forgotten": SubjectForgotten,
}
"""Stable name of a decision event → its fact. Names never change once released."""


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
    origin: Origin | None = None

    def fact(self) -> DecisionFact | None:
        """The typed fact, or None for a name this code does not know (a foreign aggregate)."""
        shape = FACTS.get(self.name)
        return None if shape is None else msgspec.json.decode(self.state, type=shape)
