"""Which deals bear a refund.

A refund that names its deal is borne by that deal, up to what is left of it. One that
names none is borne by the customer's newest deals of its currency that happened before
it and have an amount left, newest first. What no deal can bear is kept as `unmatched`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from events.attributions import RefundedDeal
from events.conversions import Refund
from projections.customer import Customer, DealLeft


class Matching(NamedTuple):
    """What each deal bears of a refund, and what none can bear."""

    refunded: tuple[RefundedDeal, ...]
    unmatched: int
    """Minor units."""
    reason: str = ""


def match(customer: Customer, refund: Refund, stream: str) -> Matching:
    """The deals that bear `refund`. `stream`: topic/partition of the conversions."""
    if refund.amount <= 0:
        return Matching((), 0, "amount_not_positive")
    if refund.deal:
        return _match_named(customer, refund, stream)
    candidates = [
        (name, deal)
        for name, deal in customer.deals.items()
        if deal.left > 0
        and deal.currency == refund.currency
        and deal.occurred_at <= refund.occurred_at
    ]
    candidates.sort(key=lambda found: (found[1].occurred_at, found[1].offset), reverse=True)
    return _bear(candidates, refund.amount, stream, "no_deal_left")


def _match_named(customer: Customer, refund: Refund, stream: str) -> Matching:
    deal = customer.deals.get(refund.deal)
    if deal is None:
        return Matching((), refund.amount, "no_such_deal")
    if deal.currency != refund.currency:
        return Matching((), refund.amount, "currency_mismatch")
    return _bear([(refund.deal, deal)], refund.amount, stream, "already_refunded")


def _bear(
    candidates: Iterable[tuple[str, DealLeft]], amount: int, stream: str, nothing: str
) -> Matching:
    """Spread `amount` over the candidates in order; `nothing`: the reason when none bears."""
    refunded = []
    for name, deal in candidates:
        part = min(amount, deal.left)
        if part > 0:
            position = f"{stream}/{deal.offset}"
            refunded.append(RefundedDeal(name, part, position, deal.credits))
            amount -= part
    if not refunded:
        return Matching((), amount, nothing)
    return Matching(tuple(refunded), amount, "more_than_left" if amount else "")
