"""Assignment: a person says whose a recorded deal is.

A deal that credited nobody, or the wrong partner, is given to another. Who had it loses
its commission; the new partner, and those above it, gain theirs, less what was refunded
since. It stands among the customer's conversions, so that it has one order with refunds.

The terms are those in force when the deal happened, as known when it was assigned.
"""

from __future__ import annotations

from typing import NamedTuple

from events.attributions import Credit, RefundedDeal
from events.conversions import Assignment
from projections.customer import Customer, DealLeft
from projections.directory import ENGINE_2, Directory
from projections.engine import require_engine
from projections.money import BASIS_POINTS
from projections.overrides import with_overrides


class Assigned(NamedTuple):
    """What an assignment gives; without `deal` it gives nothing, for `reason`."""

    reason: str
    """Why it has no effect: no_such_deal, other_content, negative_amount, unknown_program,
    no_terms, partner_inactive or no_agreement."""
    deal: DealLeft | None = None
    conversion: str = ""
    """Position of the deal's own record."""
    credits: tuple[Credit, ...] = ()
    refunded: tuple[RefundedDeal, ...] = ()
    engine: str = ""


def assign(
    customer: Customer,
    assignment: Assignment,
    digest: str,
    stream: str,
    directory: Directory,
) -> Assigned:
    """Who has the deal from now on. `digest`: of the deal as the assignment tells it;
    `stream`: topic/partition of the conversions. Raises UnknownEngine."""
    deal = assignment.deal
    recorded = customer.deals.get(deal.deal)
    seen = customer.events.get(deal.event_id)
    if recorded is None or seen is None or seen.offset != recorded.offset:
        return Assigned("no_such_deal")
    if seen.digest != digest:
        return Assigned("other_content")
    if deal.amount < 0:
        return Assigned("negative_amount")
    program, partner, known = assignment.program, assignment.partner, assignment.known
    if directory.program(program, known) is None:
        return Assigned("unknown_program")
    in_force = directory.terms(program, known, deal.occurred_at)
    if in_force is None:
        return Assigned("no_terms")
    require_engine(in_force)
    if not directory.partner_active(program, partner, known):
        return Assigned("partner_inactive")
    terms = in_force.terms
    credits: tuple[Credit, ...] = (Credit(partner, BASIS_POINTS, "manual"),)
    if terms.engine == ENGINE_2:
        if not directory.may_earn(program, partner, known):
            return Assigned("no_agreement")
        if terms.overrides:
            credits = with_overrides(credits, program, known, terms.overrides, directory)
    conversion = f"{stream}/{recorded.offset}"
    refunded = deal.amount - recorded.left
    return Assigned(
        "",
        recorded,
        conversion,
        credits,
        (RefundedDeal(deal.deal, refunded, conversion, credits),) if refunded else (),
        ENGINE_2 if terms.engine == ENGINE_2 else "",
    )
