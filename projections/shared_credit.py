"""Engine 2: several partners may share a conversion, and those above them earn too.

The methods by priority; the first that names a partner decides, and no other is tried:

    partner_id       the program named the partner
    registered_deal  an approved registration of the customer, for `protection_days` from
                     its approval, against all clicks of others
    coupon           a coupon code of a partner
    click            the good clicks within `window_days`: one of them (last_touch,
                     first_touch), all in equal parts (linear), or 40 % for the first,
                     40 % for the last and 20 % for those between (position_based)
    signup           the partners credited for the customer's signup, in the same shares,
                     for `signup_window_days` from it

Who is not approved, has accepted no agreement where the program has one, or is the customer
itself does not share: the others do, and where nobody is left the reason says why. Where
the terms say `self_referral = hold`, the customer itself is credited and its commission
waits for a person.

Shares are basis points, rounded cumulatively: they add up to 10,000 exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from events.attributions import Credit, Method, Touch
from events.click_token import MAX_FUTURE_MS
from events.conversions import Deal, Signup
from events.terms import Terms
from projections.customer import Customer
from projections.days import DAY_MS
from projections.directory import ENGINE_2, Directory
from projections.money import BASIS_POINTS, round_half_away
from projections.overrides import with_overrides
from projections.touches import (
    clicked_at,
    one_touch,
    signup_in_window,
    touches_in_window,
    why_nobody,
)
from projections.verdict import Verdict


class Contact(NamedTuple):
    """A partner that a method names, and by which contact."""

    partner: str
    link: str = ""
    click_id: str = ""
    weight: int = 1
    """Its part, relative to those of the others."""


class Choice(NamedTuple):
    """What a method names."""

    method: Method
    contacts: Sequence[Contact]
    coupon: str = ""


WHY = ("partner_inactive", "no_agreement", "self_referral")
"""Why a partner does not earn; where several do not, the first of these is said."""


def shared_credit(
    customer: Customer,
    touches: tuple[Touch, ...],
    conversion: Signup | Deal,
    touch: Touch | None,
    terms: Terms,
    directory: Directory,
) -> Verdict:
    """Credits for `conversion` under `terms`, or the most telling reason for none.

    `touches`: all of the customer's, with `touch`, which the conversion brought along.
    """
    choice = _choose(customer, touches, conversion, terms, directory)
    if choice is None:
        why = why_nobody(customer, touches, conversion, touch)
        return Verdict((), why, ENGINE_2)
    itself = terms.self_referral == "refuse"
    if len(choice.contacts) == 1:  # nearly always, and this is the hot path
        only = choice.contacts[0]
        why = _why_not(only.partner, conversion, itself, directory)
        if why:
            return Verdict((), why, ENGINE_2)
        credits: tuple[Credit, ...] = (
            Credit(only.partner, BASIS_POINTS, choice.method, only.link, only.click_id),
        )
    else:
        reasons = {
            contact.partner: _why_not(contact.partner, conversion, itself, directory)
            for contact in choice.contacts
        }
        earning = [contact for contact in choice.contacts if not reasons[contact.partner]]
        if not earning:
            return Verdict((), next(why for why in WHY if why in reasons.values()), ENGINE_2)
        if choice.method == "click":
            earning = weighed(earning, terms)
        credits = shared(earning, choice.method)
    if not itself:
        credits = tuple(_held(credit, conversion, directory) for credit in credits)
    if terms.overrides:
        credits = with_overrides(
            credits, conversion.program, conversion.known, terms.overrides, directory
        )
    return Verdict(credits, "", ENGINE_2, choice.coupon)


def weighed(contacts: Sequence[Contact], terms: Terms) -> list[Contact]:
    """Clicks in the order of time, with the weight each has by the terms' attribution.

    Of n > 2 clicks by position: the first and last weigh 2(n-2), each between weighs 1:
    40 %, 40 %, and 20 % spread evenly.
    """
    between = len(contacts) - 2
    if terms.attribution == "linear" or between <= 0:
        return [contact._replace(weight=1) for contact in contacts]
    weights = [2 * between] + [1] * between + [2 * between]
    return [
        contact._replace(weight=weight) for contact, weight in zip(contacts, weights, strict=True)
    ]


def shared(contacts: Sequence[Contact], method: Method) -> tuple[Credit, ...]:
    """A credit for each partner, in the order of its first contact; a partner's parts add up.

    The share of the contact between the sums of weights a and b of w is
    R(10000·b/w) − R(10000·a/w).
    """
    whole = sum(contact.weight for contact in contacts)
    first: dict[str, Contact] = {}
    shares: dict[str, int] = {}
    weight = given = 0
    for contact in contacts:
        first.setdefault(contact.partner, contact)
        weight += contact.weight
        upto = round_half_away(BASIS_POINTS * weight, whole)
        shares[contact.partner] = shares.get(contact.partner, 0) + upto - given
        given = upto
    credits = []
    before = 0
    for partner, share in shares.items():
        by = first[partner]
        credits.append(Credit(partner, share, method, by.link, by.click_id, before=before))
        before += share
    return tuple(credits)


def _choose(
    customer: Customer,
    touches: tuple[Touch, ...],
    conversion: Signup | Deal,
    terms: Terms,
    directory: Directory,
) -> Choice | None:
    if conversion.partner:
        return Choice("partner_id", (Contact(conversion.partner),))
    program, known, happened = conversion.program, conversion.known, conversion.occurred_at
    for claim in directory.claims(program, conversion.customer, known):
        protected = claim.approved_at + terms.protection_days * DAY_MS
        if claim.approved_at <= happened + MAX_FUTURE_MS and happened <= protected:
            return Choice("registered_deal", (Contact(claim.partner),))
    if conversion.coupon_code:
        partner = directory.coupon(program, conversion.coupon_code, known)
        if partner is not None:
            return Choice("coupon", (Contact(partner),), conversion.coupon_code.upper())
    inside = touches_in_window(touches, happened, terms)
    if inside:
        if terms.attribution in ("linear", "position_based"):
            inside.sort(key=clicked_at)
        else:
            one = one_touch(inside, terms)
            assert one is not None
            inside = [one]
        return Choice(
            "click", [Contact(click.partner, click.link, click.click_id) for click in inside]
        )
    signup = signup_in_window(customer, happened, terms)
    if signup is None:
        return None
    if signup.credits:
        contacts = [
            Contact(credit.partner, credit.link, credit.click_id, credit.share)
            for credit in signup.credits
        ]
        return Choice("signup", contacts)
    return Choice("signup", (Contact(signup.partner, signup.link, signup.click_id),))


def _why_not(
    partner: str, conversion: Signup | Deal, refuses_itself: bool, directory: Directory
) -> str:
    """Why the partner does not earn of `conversion`; empty if it does."""
    program, known = conversion.program, conversion.known
    if not directory.partner_active(program, partner, known):
        return "partner_inactive"
    if not directory.may_earn(program, partner, known):
        return "no_agreement"
    if refuses_itself and is_itself(partner, conversion, directory):
        return "self_referral"
    return ""


def is_itself(partner: str, conversion: Signup | Deal, directory: Directory) -> bool:
    """Whether the customer is the partner, by its name or by what the partner is known as."""
    if conversion.customer == partner:
        return True
    known_as = directory.identities(partner, conversion.known)
    return bool(known_as) and (
        conversion.customer in known_as
        or (conversion.identity != "" and conversion.identity in known_as)
    )


def _held(credit: Credit, conversion: Signup | Deal, directory: Directory) -> Credit:
    if not is_itself(credit.partner, conversion, directory):
        return credit
    return Credit(
        credit.partner,
        credit.share,
        credit.method,
        credit.link,
        credit.click_id,
        before=credit.before,
        hold="self_referral",
    )
