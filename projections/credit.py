"""Who is credited for a lead or a deal, and if nobody, why.

The methods by priority; the first that names a partner decides, and no other is tried:

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
from events.click_token import MAX_FUTURE_MS
from events.conversions import CitedClick, Deal, Signup
from events.terms import Terms
from projections.customer import Customer
from projections.days import DAY_MS
from projections.directory import Directory
from projections.engine import require_engine
from projections.money import BASIS_POINTS


class Verdict(NamedTuple):
    """Who is credited; nobody, and why."""

    credits: tuple[Credit, ...]
    reason: str = ""
    """Why there are none: one of `events.attributions.UNATTRIBUTED_REASONS`."""


class Choice(NamedTuple):
    """The partner a method names, and by which contact."""

    method: Method
    partner: str
    link: str = ""
    click_id: str = ""


def good_touch(
    click: CitedClick | None, program: str, known: int, directory: Directory
) -> Touch | None:
    """The click as a touch of the link's partner; None when it is bad: its token is not in
    order, or its link is not one of the program's."""
    if click is None or click.problem:
        return None
    link = directory.link(click.link, known)
    if link is None or link.program != program:
        return None
    return Touch(link.partner, click.link, click.click_id, click.clicked_at)


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
    touches = customer.touches
    if touch is not None and touch not in touches:
        touches = (*touches, touch)
    choice = _choose(customer, touches, conversion, in_force.terms, directory)
    if choice is None:
        return Verdict((), _why_nobody(customer, touches, conversion, touch))
    if not directory.partner_active(conversion.program, choice.partner, conversion.known):
        return Verdict((), "partner_inactive")
    if choice.partner == conversion.customer:
        return Verdict((), "self_referral")
    earned = Credit(choice.partner, BASIS_POINTS, choice.method, choice.link, choice.click_id)
    return Verdict((earned,))


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
    click = _touch_in_window(touches, happened, terms)
    if click is not None:
        return Choice("click", click.partner, click.link, click.click_id)
    signup = customer.signup
    if signup is not None:
        earliest, latest = _window(happened, terms.signup_window_days)
        if earliest <= signup.occurred_at <= latest:
            return Choice("signup", signup.partner, signup.link, signup.click_id)
    return None


def _touch_in_window(touches: tuple[Touch, ...], happened: int, terms: Terms) -> Touch | None:
    """The newest or oldest click of the window; of equal times the one that came first."""
    earliest, latest = _window(happened, terms.window_days)
    inside = [touch for touch in touches if earliest <= touch.clicked_at <= latest]
    if not inside:
        return None
    if terms.attribution == "first_touch":
        return min(inside, key=_clicked_at)
    return max(inside, key=_clicked_at)


def _clicked_at(touch: Touch) -> int:
    return touch.clicked_at


def _window(happened: int, days: int) -> tuple[int, int]:
    """The first and last moment, ms, that count for what `happened`: `days` before it, and
    after it the tolerated skew of two clocks."""
    return happened - days * DAY_MS, happened + MAX_FUTURE_MS


def _why_nobody(
    customer: Customer,
    touches: tuple[Touch, ...],
    conversion: Signup | Deal,
    touch: Touch | None,
) -> str:
    if conversion.click is not None and touch is None:
        return "invalid_click"
    latest = conversion.occurred_at + MAX_FUTURE_MS
    signup = customer.signup
    if any(click.clicked_at <= latest for click in touches) or (
        signup is not None and signup.occurred_at <= latest
    ):
        return "window_expired"
    return "unknown_coupon" if conversion.coupon_code else "no_touch"
