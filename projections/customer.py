"""What attribution remembers of one customer of one program.

The state evolves from attributions alone, never from the conversions: after a restart it
comes back from what was decided. It answers three questions: was this event or deal seen
before, who brought this customer, and which deals can still bear a refund.

It is bounded, by rules that are a function of the log and so the same for every reader:
the newest 50 touches, the newest 5,000 events and the newest 5,000 deals. Somebody with
more than that is not a customer but a till; a repeat from beyond is taken for new.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from msgspec import Struct

from events.attributions import Attribution, Credit, Touch

MAX_TOUCHES = 50
MAX_EVENTS = 5_000
MAX_DEALS = 5_000


class SeenEvent(Struct, frozen=True, gc=False, array_like=True):
    """An event that was recorded, to tell a repeat from a conflict."""

    digest: str
    offset: int
    """Of the conversion, in the customer's partition of `conversions`."""


class DealLeft(Struct, frozen=True, gc=False, array_like=True):
    """A deal and what of it was not refunded yet."""

    left: int
    """Minor units."""
    currency: str
    occurred_at: int
    offset: int
    credits: tuple[Credit, ...] = ()
    purchase: int = 0
    """Number of the customer's purchase that it is, from 1."""


class CreditedSignup(Struct, frozen=True, gc=False, array_like=True):
    """The signup that a partner was credited for, and the contact it came from."""

    partner: str
    occurred_at: int
    link: str = ""
    click_id: str = ""
    credits: tuple[Credit, ...] = ()
    """Where several partners share it: each with its share."""


class Customer(Struct, frozen=True, gc=False, array_like=True):
    """What attribution knows of one customer in one program."""

    events: dict[str, SeenEvent] = {}
    """By event_id, oldest first."""
    deals: dict[str, DealLeft] = {}
    """By deal id, oldest first."""
    touches: tuple[Touch, ...] = ()
    """In the order in which they came."""
    signup: CreditedSignup | None = None
    purchases: int = 0
    """Deals that were recorded, of any kind, credited or not."""
    first_at: int = 0
    """When the first of them happened, ms."""


NOBODY = Customer()
"""A customer nothing is known of."""


def evolve(customer: Customer | None, attribution: Attribution) -> Customer:
    """The customer after an accepted attribution; the old state is left as it is.

    Duplicates and conflicts change nothing. Not to be called for `unreadable`, which
    belongs to no customer.
    """
    before = customer if customer is not None else NOBODY
    if attribution.outcome in ("duplicate", "conflict", "unreadable"):
        return before
    seen = SeenEvent(attribution.digest, attribution.n)
    events = _newest({**before.events, attribution.event_id: seen}, MAX_EVENTS)
    deals = before.deals
    purchases, first_at = before.purchases, before.first_at
    outcome = attribution.outcome
    if outcome == "credited" or outcome == "unattributed":
        if attribution.deal:
            purchases += 1
            if purchases == 1:
                first_at = attribution.occurred_at
            deal = DealLeft(
                attribution.amount,
                attribution.currency,
                attribution.occurred_at,
                attribution.n,
                attribution.credits,
                purchases,
            )
            deals = _newest({**deals, attribution.deal: deal}, MAX_DEALS)
    elif outcome == "refunded":
        deals = _refund(deals, attribution)
    elif outcome == "assigned":
        deals = _assign(deals, attribution)
    touches = before.touches
    if attribution.touch is not None and attribution.touch not in touches:
        touches = (*touches, attribution.touch)[-MAX_TOUCHES:]
    signup = _signup(before.signup, attribution)
    return Customer(events, deals, touches, signup, purchases, first_at)


def _refund(deals: Mapping[str, DealLeft], attribution: Attribution) -> dict[str, DealLeft]:
    after = dict(deals)
    for part in attribution.refunded:
        deal = after[part.deal]
        after[part.deal] = DealLeft(
            deal.left - part.amount,
            deal.currency,
            deal.occurred_at,
            deal.offset,
            deal.credits,
            deal.purchase,
        )
    return after


def _assign(deals: Mapping[str, DealLeft], attribution: Attribution) -> dict[str, DealLeft]:
    deal = deals[attribution.deal]
    return {
        **deals,
        attribution.deal: DealLeft(
            deal.left,
            deal.currency,
            deal.occurred_at,
            deal.offset,
            attribution.credits,
            deal.purchase,
        ),
    }


def _signup(before: CreditedSignup | None, attribution: Attribution) -> CreditedSignup | None:
    """The newest credited signup. One that was itself credited by an earlier signup does
    not count: it would prolong the earlier one's window for ever."""
    if attribution.kind != "lead" or not attribution.credits:
        return before
    credit = attribution.credits[0]
    if credit.method == "signup":
        return before
    if before is not None and before.occurred_at > attribution.occurred_at:
        return before
    shared = tuple(credit for credit in attribution.credits if credit.level == 0)
    return CreditedSignup(
        credit.partner,
        attribution.occurred_at,
        credit.link,
        credit.click_id,
        shared if len(shared) > 1 else (),
    )


V = TypeVar("V")


def _newest(table: dict[str, V], limit: int) -> dict[str, V]:
    """The table without its oldest key, once there are more than `limit`."""
    if len(table) > limit:
        del table[next(iter(table))]
    return table
