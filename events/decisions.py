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


class PartnerRecruited(Struct, frozen=True):
    """In this program the partner is a sub-partner of `parent` from now on."""

    partner: str
    program: str
    parent: str
    """Empty: of nobody any longer."""
    by: str = ""


class PartnerCurrencySet(Struct, frozen=True):
    """What the partner earns from now on is owed in this currency (ISO 4217)."""

    partner: str
    currency: str
    by: str = ""


class PartnerIdentified(Struct, frozen=True):
    """Customer ids and identities (`Deal.identity`) that are the partner itself."""

    partner: str
    identities: tuple[str, ...]
    by: str = ""


class PartnerPayeeSet(Struct, frozen=True):
    """Where the partner is paid from now on."""

    partner: str
    method: Literal["bank", "paypal", "wise"]
    name: str
    """Of the account's holder."""
    iban: str = ""
    bic: str = ""
    email: str = ""
    country: str = ""
    by: str = ""


class ProgramPayerSet(Struct, frozen=True):
    """The account a program's payouts are paid from."""

    program: str
    name: str
    iban: str
    bic: str = ""
    by: str = ""


class AgreementPublished(Struct, frozen=True):
    """A version of the program's agreement. From the first one on, only partners that have
    accepted a version earn."""

    program: str
    version: int
    title: str
    text: str
    sha256: str
    """Of the text's UTF-8 bytes, in hex: what was shown."""
    terms: int = 0
    """Version of the terms it shows; 0: none."""
    by: str = ""


class AgreementAccepted(Struct, frozen=True):
    """A named person accepted a version for a partner."""

    program: str
    partner: str
    version: int
    sha256: str
    """Of what was shown."""
    person: str
    accepted_at: int
    """Milliseconds since 1970 UTC."""
    by: str = ""


class RegistrationSubmitted(Struct, frozen=True):
    """A partner registers a lead or a deal it works on."""

    registration: str
    program: str
    partner: str
    customer: str
    kind: Literal["lead", "deal"]
    title: str = ""
    amount: int = 0
    """What is expected, minor units."""
    currency: str = ""
    by: str = ""


class RegistrationApproved(Struct, frozen=True):
    """The program takes it: the customer is the partner's for the time the terms set."""

    registration: str
    program: str
    partner: str
    customer: str
    by: str = ""


class RegistrationRejected(Struct, frozen=True):
    """The program does not take it."""

    registration: str
    program: str
    partner: str
    customer: str
    reason: str = ""
    by: str = ""


class RegistrationUpdated(Struct, frozen=True):
    """What is expected changed."""

    registration: str
    title: str = ""
    amount: int = 0
    currency: str = ""
    by: str = ""


class RegistrationWon(Struct, frozen=True):
    """The customer bought: `deal` is recorded in `conversions`."""

    registration: str
    program: str
    partner: str
    customer: str
    deal: str
    amount: int
    currency: str
    occurred_at: int
    by: str = ""


class RegistrationLost(Struct, frozen=True):
    """The customer did not buy: the claim ends."""

    registration: str
    program: str
    partner: str
    customer: str
    reason: str = ""
    by: str = ""


class CommissionHeld(Struct, frozen=True):
    """A commission waits until it is released or rejected."""

    program: str
    partner: str
    deal: str
    event_id: str
    """Of a lead, which has no deal."""
    reason: str
    via: str = ""
    by: str = ""


class CommissionReleased(Struct, frozen=True):
    """A held commission is owed as if it had not been held."""

    program: str
    partner: str
    deal: str
    event_id: str
    reason: str
    via: str = ""
    by: str = ""


class CommissionRejected(Struct, frozen=True):
    """All of a commission is taken back, for good."""

    program: str
    partner: str
    deal: str
    event_id: str
    reason: str
    via: str = ""
    by: str = ""


class CommissionAdjusted(Struct, frozen=True):
    """A commission is corrected by `amount` minor units of its unit, signed."""

    program: str
    partner: str
    deal: str
    event_id: str
    amount: int
    reason: str
    via: str = ""
    by: str = ""


class AccountAdjusted(Struct, frozen=True):
    """An amount that no conversion caused, signed minor units."""

    adjustment: str
    program: str
    partner: str
    unit: str
    amount: int
    reason: str
    by: str = ""


class PaymentReceived(Struct, frozen=True):
    """A partner paid what it owed (a reseller's wholesale price)."""

    receipt: str
    program: str
    partner: str
    unit: str
    amount: int
    reference: str = ""
    by: str = ""


class Winner(Struct, frozen=True):
    """A rank of a contest, with what decided it."""

    rank: int
    partner: str
    measure: int
    amount: int
    unit: str


class ContestClosed(Struct, frozen=True):
    """A contest's ranking, reckoned from the journal up to `positions`."""

    program: str
    contest: str
    terms: int
    positions: dict[str, int]
    """Partition of the journal → offset after the last record that was read."""
    winners: tuple[Winner, ...]
    by: str = ""


class RatesSet(Struct, frozen=True):
    """Rates of exchange published for a day: one `base` is `rates[currency]` of each."""

    source: str
    date: str
    """ISO 8601."""
    base: str
    rates: dict[str, str]
    """Currency → exact decimal."""
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
    run: str = ""
    """The payout run it belongs to."""


class PayoutProposed(Struct, frozen=True):
    """Somebody asks for a payout that a second person must approve."""

    payout: str
    program: str
    partner: str
    unit: str
    amount: int
    by: str = ""
    run: str = ""


class PayoutApproved(Struct, frozen=True):
    """The second person agrees; the journal answers."""

    payout: str
    program: str
    partner: str
    unit: str
    amount: int
    by: str = ""
    run: str = ""


class PayoutCanceled(Struct, frozen=True):
    """What was proposed is not asked for any longer."""

    payout: str
    reason: str = ""
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


class PayoutReturned(Struct, frozen=True):
    """A settled transfer came back: the money is available again."""

    payout: str
    program: str
    partner: str
    reason: str = ""
    by: str = ""


class RunPayout(Struct, frozen=True):
    """One payout of a run."""

    payout: str
    partner: str


class PayoutRunStarted(Struct, frozen=True):
    """Many partners are to be paid at once, each by a payout of its own."""

    run: str
    program: str
    unit: str
    payouts: tuple[RunPayout, ...]
    by: str = ""


class InvoiceIssued(Struct, frozen=True):
    """What a program owes for a stretch of the journal, cut at exact positions."""

    invoice: str
    number: int
    """Of the program's invoices, from 1."""
    program: str
    period: str
    """What it is called: `2026-11`."""
    starts: dict[str, int]
    """Partition of the journal → first offset it bills; the previous one's `ends`."""
    ends: dict[str, int]
    """Partition of the journal → offset after the last it bills."""
    totals: dict[str, int]
    """Unit → minor units."""
    entries: int
    sha256: str
    """Of the invoice's lines as JSON, in hex."""
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
}
"""Stable name of a decision event → its fact. Names never change once released."""

PayoutStatus = Literal[
    "proposed",
    "requested",
    "funded",
    "refused",
    "sent",
    "settled",
    "failed",
    "returned",
    "canceled",
]


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
