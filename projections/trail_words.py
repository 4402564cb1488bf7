"""What each decision says in words: its name → a sentence whose subject is the person.

A word in braces is a field of the decision, as it stands; `money` is its amount in its unit. No
field that names or reaches a person (an account's holder, an e-mail address) is in a sentence: a
trail is shown to more people than those are.
"""

from __future__ import annotations

WORDS: dict[str, str] = {
    "program.created": "created program {program}, which pays in {currency}",
    "program.terms_added": "added version {version} of the terms of {program}{own}",
    "program.paused": "paused program {program}",
    "program.resumed": "resumed program {program}",
    "program.payer_set": "set the account that {program} pays from",
    "program.personal_fields_marked": "marked what is personal data in {program}: {fields}",
    "partner.registered": "registered partner {partner}",
    "partner.applied": "asked for {partner} to join {program}",
    "partner.approved": "approved {partner} for {program}",
    "partner.suspended": "suspended {partner} in {program}{because}",
    "partner.recruited": "put {partner} below {parent} in {program}",
    "partner.currency_set": "set {partner} to be owed in {currency}",
    "partner.identified": "noted which customers {partner} is",
    "partner.payee_set": "set where {partner} is paid, by {method}",
    "link.created": "gave {partner} the link {link} of {program}",
    "link.disabled": "disabled link {link}",
    "coupon.created": "gave {partner} the coupon {code} of {program}",
    "coupon.retired": "retired coupon {code} of {program}",
    "agreement.published": "published version {version} of the agreement of {program}",
    "agreement.accepted": "recorded that version {version} of the agreement of {program} was "
    "accepted for {partner}",
    "registration.submitted": "registered {kind} {registration} for {partner} in {program}",
    "registration.approved": "approved registration {registration} of {partner} in {program}",
    "registration.rejected": "rejected registration {registration} of {partner}{because}",
    "registration.updated": "changed what registration {registration} expects",
    "registration.won": "noted registration {registration} of {partner} as won by deal {deal}, "
    "{money}",
    "registration.lost": "noted registration {registration} of {partner} as lost{because}",
    "commission.held": "held the commission of {partner} on {subject} in {program}{because}",
    "commission.released": "released the commission of {partner} on {subject} in {program}"
    "{because}",
    "commission.rejected": "rejected the commission of {partner} on {subject} in {program}"
    "{because}",
    "commission.adjusted": "corrected the commission of {partner} on {subject} in {program} by "
    "{amount} minor units{because}",
    "account.adjusted": "adjusted the account of {partner} in {program} by {money}{because}",
    "account.payment_received": "noted a payment of {money} by {partner} to {program}",
    "contest.closed": "closed contest {contest} of {program}",
    "rates.set": "set the exchange rates of {source} for {date}",
    "payout.proposed": "asked for payout {payout} of {money} to {partner} in {program}, for a "
    "second person to approve",
    "payout.approved": "approved payout {payout} of {money} to {partner} in {program}",
    "payout.requested": "asked for payout {payout} of {money} to {partner} in {program}",
    "payout.canceled": "canceled payout {payout}{because}",
    "payout.funded": "told payout {payout} that {entry} set its money aside",
    "payout.refused": "told payout {payout} that {entry} refused it{because}",
    "payout.sent": "noted payout {payout} to {partner} as sent",
    "payout.settled": "noted payout {payout} to {partner} as settled",
    "payout.failed": "noted payout {payout} to {partner} as failed{because}",
    "payout.returned": "noted payout {payout} to {partner} as returned{because}",
    "run.started": "started payout run {run} of {program} in {unit}",
    "invoice.issued": "issued invoice {invoice} to {program} for {period}",
    "signing_key.added": "added signing key {key}",
    "signing_key.retired": "retired signing key {key}{because}",
    "checkpoint.signed": "signed checkpoint {checkpoint} with key {key}",
    "api_key.issued": "issued API key {key} to {person}",
    "api_key.revoked": "revoked API key {key}{because}",
    "subject.forgotten": "destroyed the key of the personal data of {subject}{because}",
}
"""Every name of `events.decisions.FACTS`, and no other."""

UNKNOWN = "decided {name} of {aggregate}"
"""For a name this release does not know."""
