"""Why this partner, and why not another: what attribution looked at, contact by contact."""

from __future__ import annotations

from audit.explain.story import Explanation, moment, money, percent
from events.attributions import Attribution, Credit, Touch
from events.click_token import MAX_FUTURE_MS
from events.conversions import Assignment, Conversion, Deal, Refund, Signup
from events.sealing import is_sealed
from events.terms import Terms
from projections.attribution import Customer
from projections.days import DAY_MS
from projections.directory import Directory

METHODS = {
    "partner_id": "the program named it with the conversion, which decides before all else",
    "registered_deal": "it had registered this customer, and the time that protects the claim ran",
    "coupon": "its coupon was used, which decides before any click",
    "click": "of its click",
    "signup": "it had brought the customer's signup, and no click in the window says otherwise",
    "manual": "a person decided so",
}

NOBODY = {
    "no_touch": "no click, signup, coupon or registration connects this customer with a partner",
    "window_expired": "every contact of this customer with a partner is too old",
    "partner_inactive": "the partner was not approved by the program, or was suspended",
    "self_referral": "the partner is the customer",
    "invalid_click": "the click it brought along is not in order",
    "program_inactive": "the program was paused",
    "unknown_program": "the program was not known",
    "unknown_coupon": "the coupon was not known, and no other contact was there",
    "no_terms": "no terms were in force",
    "negative_amount": "its amount is below zero",
    "no_agreement": "the partner had not accepted the program's agreement",
}


def explain_credit(
    story: Explanation,
    conversion: Conversion,
    found: Attribution,
    before: Customer | None,
    directory: Directory,
    place: str,
) -> None:
    """Say what became of a conversion. `place`: position of the attribution."""
    _say_what(story, conversion, found)
    if found.outcome in ("duplicate", "conflict"):
        what = "the same again" if found.outcome == "duplicate" else "contradicts a record"
        story.say(
            f"It earns nothing: it is {what} ({found.reason}). The first record stands.", place
        )
        return
    if found.outcome == "unreadable":
        story.say(f"It earns nothing: it cannot be read ({found.reason}).", place)
        return
    if isinstance(conversion, Refund):
        _say_refund(story, found, place)
        return
    if isinstance(conversion, Assignment):
        _say_assignment(story, conversion, found, place)
        return
    in_force = directory.terms(conversion.program, conversion.known, conversion.occurred_at)
    if not found.credits:
        why = NOBODY.get(found.reason, found.reason)
        story.say(f"Nobody is credited: {why} ({found.reason}).", place)
    for credit in found.credits:
        _say_credit(story, credit, directory, conversion, place)
    if in_force is not None:
        _say_others(story, conversion, found, before, directory, in_force.terms, in_force.position)


def _say_what(story: Explanation, conversion: Conversion, found: Attribution) -> None:
    original = conversion.metadata.get("customer", "")
    called = original if is_sealed(original) else conversion.customer
    who = f"customer {called} in {conversion.program}"
    if isinstance(conversion, Signup):
        what = f"a lead ({conversion.event_name})"
    elif isinstance(conversion, Deal):
        amount = money(conversion.amount, conversion.currency)
        what = f"the {conversion.kind} {conversion.deal} of {amount}"
    elif isinstance(conversion, Refund):
        what = f"a refund of {money(conversion.amount, conversion.currency)}"
        what += f" of deal {conversion.deal}" if conversion.deal else ", no deal named"
    else:
        what = f"the assignment of deal {conversion.deal.deal} to {conversion.partner}"
    story.say(
        f"{found.source} is {what}, {who}, of {moment(conversion.occurred_at)}; "
        f"recorded {moment(found.recorded_at)} by a writer that knew {conversion.known} decisions.",
        found.source,
    )


def _say_credit(
    story: Explanation,
    credit: Credit,
    directory: Directory,
    conversion: Signup | Deal,
    place: str,
) -> None:
    if credit.level:
        story.say(
            f"{credit.partner} stands {credit.level} above {credit.via}, which brought it: "
            "an override.",
            place,
        )
        return
    share = "" if credit.share == 10_000 else f" with {percent(credit.share)} of it"
    why = METHODS[credit.method]
    evidence = [place]
    if credit.method == "click":
        why = f"of its click {credit.click_id}"
    elif credit.method == "registered_deal":
        claim = directory.claim(conversion.program, conversion.customer, conversion.known)
        if claim is not None:
            why = (
                f"its registration {claim.registration} of this customer was approved "
                f"{moment(claim.approved_at)}, and protects its claim also against later clicks"
            )
    story.say(f"{credit.partner} is credited{share}: {why}.", *evidence)
    if credit.hold:
        story.say(f"Its commission waits for a person: {credit.hold}.", place)


def _say_others(
    story: Explanation,
    conversion: Signup | Deal,
    found: Attribution,
    before: Customer | None,
    directory: Directory,
    terms: Terms,
    terms_at: str,
) -> None:
    """Every other contact, and why it was not the one."""
    touches = before.touches if before is not None else ()
    if found.touch is not None and found.touch not in touches:
        touches = (*touches, found.touch)
    credited = {credit.click_id for credit in found.credits if credit.click_id}
    method = found.credits[0].method if found.credits else ""
    for touch in touches:
        if touch.click_id in credited and method == "click":
            continue
        why = _why_not(touch, conversion, terms, directory, method)
        story.say(
            f"Not {touch.partner} for its click of {moment(touch.clicked_at)}: {why}.", terms_at
        )
    click = conversion.click
    if click is not None and found.touch is None:
        why = click.problem or f"link {click.link!r} is not one of {conversion.program}'s"
        story.say(f"The click that came with it counts for nothing: {why}.", found.source)


def _why_not(
    touch: Touch, conversion: Signup | Deal, terms: Terms, directory: Directory, method: str
) -> str:
    happened, known = conversion.occurred_at, conversion.known
    if touch.clicked_at > happened + MAX_FUTURE_MS:
        return "it came after the conversion"
    if touch.clicked_at < happened - terms.window_days * DAY_MS:
        return f"it is older than the window of {terms.window_days} days"
    if not directory.partner_active(conversion.program, touch.partner, known):
        return "the partner was not active in the program then"
    if not directory.may_earn(conversion.program, touch.partner, known):
        return "the partner had not accepted the program's agreement"
    if method in ("partner_id", "registered_deal", "coupon"):
        return f"{method.replace('_', ' ')} decides before clicks"
    if method == "click":
        newest = terms.attribution != "first_touch"
        return f"the terms credit the {'last' if newest else 'first'} click, which was another"
    return "it was not the contact that decides"


def _say_refund(story: Explanation, found: Attribution, place: str) -> None:
    for deal in found.refunded:
        whose = ", ".join(dict.fromkeys(credit.partner for credit in deal.credits)) or "nobody"
        story.say(
            f"Deal {deal.deal} ({deal.conversion}) bears {money(deal.amount, found.currency)} of "
            f"it; it was credited to {whose}.",
            place,
            deal.conversion,
        )
    if found.unmatched:
        why = {
            "no_such_deal": "this customer has no such deal",
            "currency_mismatch": "the deal is in another currency",
            "already_refunded": "the deal was refunded before",
            "no_deal_left": "no deal of this customer has anything left to refund",
            "more_than_left": "the deals had no more left",
        }.get(found.reason, found.reason)
        story.say(f"{money(found.unmatched, found.currency)} of it fall on no deal: {why}.", place)


def _say_assignment(
    story: Explanation, conversion: Assignment, found: Attribution, place: str
) -> None:
    if found.outcome != "assigned":
        story.say(f"It changes nothing: {found.reason}.", place)
        return
    by = f" by {conversion.by}" if conversion.by else ""
    reason = f": {conversion.reason}" if conversion.reason else ""
    before = ", ".join(dict.fromkeys(credit.partner for credit in found.withdrawn)) or "nobody"
    story.say(
        f"The deal was credited to {before}; it is {conversion.partner}'s by decision{by}{reason}.",
        place,
    )
