"""Touches: the good clicks a customer was brought by, and the time in which they count."""

from __future__ import annotations

from collections.abc import Iterable

from events.attributions import Touch
from events.click_token import MAX_FUTURE_MS
from events.conversions import CitedClick, Deal, Signup
from events.terms import Terms
from projections.customer import CreditedSignup, Customer
from projections.days import DAY_MS
from projections.directory import Directory


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


def window(happened: int, days: int) -> tuple[int, int]:
    """The first and last moment, ms, that count for what `happened`: `days` before it, and
    after it the tolerated skew of two clocks."""
    return happened - days * DAY_MS, happened + MAX_FUTURE_MS


def touches_in_window(touches: Iterable[Touch], happened: int, terms: Terms) -> list[Touch]:
    """Those that count for what `happened`, in the order in which they came."""
    earliest, latest = window(happened, terms.window_days)
    return [touch for touch in touches if earliest <= touch.clicked_at <= latest]


def one_touch(inside: list[Touch], terms: Terms) -> Touch | None:
    """The newest or oldest click of the window; of equal times the one that came first."""
    if not inside:
        return None
    if terms.attribution == "first_touch":
        return min(inside, key=clicked_at)
    return max(inside, key=clicked_at)


def signup_in_window(customer: Customer, happened: int, terms: Terms) -> CreditedSignup | None:
    """The customer's credited signup, while it counts for what `happened`."""
    signup = customer.signup
    if signup is None:
        return None
    earliest, latest = window(happened, terms.signup_window_days)
    return signup if earliest <= signup.occurred_at <= latest else None


def clicked_at(touch: Touch) -> int:
    """Sorting key: when it was clicked, ms."""
    return touch.clicked_at


def why_nobody(
    customer: Customer,
    touches: Iterable[Touch],
    conversion: Signup | Deal,
    touch: Touch | None,
) -> str:
    """The most telling reason why no method names a partner. `touch`: the good click that
    the conversion brought along."""
    if conversion.click is not None and touch is None:
        return "invalid_click"
    latest = conversion.occurred_at + MAX_FUTURE_MS
    signup = customer.signup
    if any(click.clicked_at <= latest for click in touches) or (
        signup is not None and signup.occurred_at <= latest
    ):
        return "window_expired"
    return "unknown_coupon" if conversion.coupon_code else "no_touch"
