"""Who is credited for a lead or a deal, and if nobody, why.

The terms in force name the engine that answers. Engine 1, here, knows one partner a
conversion; engine 2 (`shared_credit`) splits, claims, agreements and sub-partners.

The methods of engine 1 by priority; the first that names a partner decides, and no other
is tried:

    partner_id  the program named the partner
    coupon      a coupon code of a partner
    click       a good click within `window_days` before the conversion, the newest
                (last_touch) or the oldest (first_touch)
    signup      the partner who was credited for the customer's signup, for
                `signup_window_days` from it

The partner named earns only if it is approved, and never for itself as the customer.
"""

from __future__ import annotations

from typing import NamedTuple

from events.attributions import Credit, Method, Touch
from events.conversions import Deal, Signup
from events.sealing import PSEUDONYM_PREFIX
from events.terms import Terms
from projections.customer import Customer
from projections.directory import ENGINE_2, Directory
from projections.engine import require_engine
from projections.money import BASIS_POINTS
from projections.shared_credit import shared_credit
from projections.touches import one_touch, signup_in_window, touches_in_window, why_nobody
from projections.verdict import Verdict


class Choice(NamedTuple):
    """The partner a method names, and by which contact."""

    method: Method
    partner: str
    link: str = ""
    click_id: str = ""


def credit(
    customer: Customer, conversion: Signup | Deal, touch: Touch | None, directory: Directory
) -> Verdict:
    """Credits for `conversion`, or the most telling reason for none.

    `touch`: the good click it brought along. Raises UnknownEngine.
    """
    program = directory.program(conversion.program, conversion.known)
    if program is None:
        return Verdict((), "unknown_program")
    if not program.active:
        return Verdict((), "program_inactive")
    in_force = directory.terms(conversion.program, conversion.known, conversion.occurred_at)
    if in_force is None:
        return Verdict((), "no_terms")
    require_engine(in_force)
    terms = in_force.terms
    touches = customer.touches
    if touch is not None and touch not in touches:
        touches = (*touches, touch)
    if terms.engine == ENGINE_2:
        return shared_credit(customer, touches, conversion, touch, terms, directory)
    choice = _choose(customer, touches, conversion, terms, directory)
    if choice is None:
        return Verdict((), why_nobody(customer, touches, conversion, touch))
    if not directory.partner_active(conversion.program, choice.partner, conversion.known):
        return Verdict((), "partner_inactive")
    if choice.partner == conversion.customer or _is_by_pseudonym(
        choice.partner, conversion, directory
    ):
        return Verdict((), "self_referral")
    earned = Credit(choice.partner, BASIS_POINTS, choice.method, choice.link, choice.click_id)
    return Verdict((earned,))


def _is_by_pseudonym(partner: str, conversion: Signup | Deal, directory: Directory) -> bool:
    """Whether the customer is the partner where a pseudonym stands for its id; engine 1 knows
    no other identities."""
    return conversion.customer.startswith(PSEUDONYM_PREFIX) and (
        conversion.customer in directory.identities(partner, conversion.known)
    )


def _choose(
    customer: Customer,
    touches: tuple[Touch, ...],
    conversion: Signup | Deal,
    terms: Terms,
    directory: Directory,
) -> Choice | None:
    if conversion.partner:
        return Choice("partner_id", conversion.partner)
    if conversion.coupon_code:
        partner = directory.coupon(conversion.program, conversion.coupon_code, conversion.known)
        if partner is not None:
            return Choice("coupon", partner)
    happened = conversion.occurred_at
    if touches:
        click = one_touch(touches_in_window(touches, happened, terms), terms)
        if click is not None:
            return Choice("click", click.partner, click.link, click.click_id)
    signup = signup_in_window(customer, happened, terms)
    if signup is not None:
        return Choice("signup", signup.partner, signup.link, signup.click_id)
    return None
