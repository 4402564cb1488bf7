"""Which decisions a partner's own bundle shows: those about the partner, and those about its
programs that are nobody's in particular.

All others are withheld, whatever they say: an invoice names no partner and yet tells what all
of them earned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from audit.bundle.own import Own
from events import decisions as fact
from events.decisions import Decision

OF_PROOF = ("signing_key.added", "signing_key.retired", "checkpoint.signed")
NOT_WRITTEN = frozenset(("public_key", "signature", "root", "note", "ledger"))
"""Fields of those that nobody writes: base64, in which any short name stands sooner or later.
Were such a decision withheld, the chain of keys would seem broken."""
GENERAL = ("rates.set", *OF_PROOF)
OF_PROGRAM = (
    "program.created",
    "program.paused",
    "program.resumed",
    "agreement.published",
    "program.personal_fields_marked",
)
OF_PARTNER = (
    "partner.registered",
    "partner.applied",
    "partner.approved",
    "partner.suspended",
    "partner.recruited",
    "partner.currency_set",
    "partner.identified",
    "agreement.accepted",
    "link.created",
    "coupon.created",
    "registration.submitted",
    "registration.approved",
    "registration.rejected",
    "registration.won",
    "registration.lost",
    "commission.held",
    "commission.released",
    "commission.rejected",
    "commission.adjusted",
    "account.adjusted",
    "account.payment_received",
)
PAYOUTS = "payout:"


def not_written(batch: Iterable[Decision]) -> frozenset[str]:
    """Fields of a record's decisions in which no name is looked for."""
    is_of_proof = all(decision.name in OF_PROOF for decision in batch)
    return NOT_WRITTEN if is_of_proof else frozenset()


def is_shown(decision: Decision, own: Own) -> bool:
    """Whether a decision belongs into the bundle, as far as whom it is about goes."""
    if decision.aggregate.startswith(PAYOUTS):
        return decision.aggregate.removeprefix(PAYOUTS) in own.payouts
    if decision.name in GENERAL:
        return True
    test = _TESTS.get(decision.name)
    if test is None:
        return False
    try:
        return test(decision.fact(), own)
    except msgspec.DecodeError:
        return False


def _of_program(found: Any, own: Own) -> bool:
    return found.program in own.programs


def _of_partner(found: Any, own: Own) -> bool:
    return bool(found.partner == own.partner)


def _terms(found: fact.TermsAdded, own: Own) -> bool:
    return found.program in own.programs and found.terms.partner in ("", own.partner)


def _link(found: fact.LinkDisabled, own: Own) -> bool:
    return found.link in own.names


def _coupon(found: fact.CouponRetired, own: Own) -> bool:
    return found.program in own.programs and found.code in own.names


def _registration(found: fact.RegistrationUpdated, own: Own) -> bool:
    return found.registration in own.names


def _contest(found: fact.ContestClosed, own: Own) -> bool:
    return all(winner.partner == own.partner for winner in found.winners)


_TESTS: dict[str, Callable[[Any, Own], bool]] = {
    **dict.fromkeys(OF_PROGRAM, _of_program),
    **dict.fromkeys(OF_PARTNER, _of_partner),
    "program.terms_added": _terms,
    "link.disabled": _link,
    "coupon.retired": _coupon,
    "registration.updated": _registration,
    "contest.closed": _contest,
}
