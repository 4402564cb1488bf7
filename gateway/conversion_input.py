"""What a program may send as a conversion, and how it becomes a record.

The names are the field's (`event_id`, `click_id`, `amount` in minor units…). A name that is
not known is refused: a misspelt `click_id` would otherwise cost a partner its commission.
A click id that was forged or altered does not refuse the conversion, which happened all the
same; it is recorded with what is wrong with it, and earns nothing.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import pycountry
from msgspec import Meta, Struct

from events.click_token import BadToken, ClickKeys
from events.conversions import CitedClick, Deal, Item, Refund, Signup
from events.ids import BadId, foreign_id, slug
from gateway.problems import FieldProblem
from gateway.tracking import clean
from projections.directory import Directory

MAX_FUTURE_MS = 60_000
"""Skew between the sender's clock and ours."""
LEAST_MS = 10**11
"""1973 in milliseconds; a smaller number is taken for seconds, and refused."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_MINOR_UNITS = 10**15
MAX_ITEMS = 1_000

CURRENCIES = frozenset(currency.alpha_3 for currency in pycountry.currencies)
COUNTRIES = frozenset(country.alpha_2 for country in pycountry.countries)

MinorUnits = Annotated[int, Meta(ge=0, le=MAX_MINOR_UNITS, description="Minor units")]
Quantity = Annotated[int, Meta(ge=0, le=10**9)]
Text = Annotated[str, Meta(max_length=256)]
Metadata = Annotated[dict[Text, Text], Meta(max_length=50)]
When = Annotated[
    int | str | None,
    Meta(description="ISO 8601 with its offset, or milliseconds since 1970 UTC; default: now"),
]
Id = Annotated[str, Meta(max_length=200)]
Country = Annotated[str, Meta(description="ISO 3166-1 alpha-2, of the customer, such as DE")]
Identity = Annotated[
    str,
    Meta(
        max_length=256,
        description="The same for the same person under any customer id: a keyed hash of an "
        "e-mail address, a phone, a payment means",
    ),
]


class ItemInput(Struct, forbid_unknown_fields=True):
    """A line of an order; `amount` in minor units of the deal's currency."""

    product: Text
    quantity: Quantity = 1
    amount: MinorUnits = 0
    category: Text = ""


class SignupInput(Struct, forbid_unknown_fields=True, tag_field="type", tag="signup", kw_only=True):
    """A lead: somebody signed up, or asked to be called."""

    program: Id
    customer: Id
    event_id: Id = ""
    event_name: Text = "signup"
    occurred_at: When = None
    click_id: str = ""
    coupon_code: Text = ""
    partner: Id = ""
    metadata: Metadata = {}
    country: Country = ""
    identity: Identity = ""


class DealInput(Struct, forbid_unknown_fields=True, tag_field="type", tag="deal", kw_only=True):
    """A sale or a renewal. `amount` is without tax and shipping."""

    program: Id
    customer: Id
    event_id: Id = ""
    deal: Id
    amount: MinorUnits
    currency: Annotated[str, Meta(description="ISO 4217; default: the program's")] = ""
    kind: Literal["sale", "renewal"] = "sale"
    occurred_at: When = None
    quantity: Quantity = 1
    tax: MinorUnits = 0
    shipping: MinorUnits = 0
    items: Annotated[tuple[ItemInput, ...], Meta(max_length=MAX_ITEMS)] = ()
    click_id: str = ""
    coupon_code: Text = ""
    partner: Id = ""
    metadata: Metadata = {}
    country: Country = ""
    identity: Identity = ""


class RefundInput(Struct, forbid_unknown_fields=True, tag_field="type", tag="refund", kw_only=True):
    """Money given back to a customer; without `deal`, for its newest deals."""

    program: Id
    customer: Id
    event_id: Id = ""
    amount: Annotated[int, Meta(gt=0, le=MAX_MINOR_UNITS, description="Minor units")]
    currency: Annotated[str, Meta(description="ISO 4217; default: the program's")] = ""
    deal: Id = ""
    reason: Text = ""
    occurred_at: When = None
    metadata: Metadata = {}


ConversionInput = SignupInput | DealInput | RefundInput


def to_conversion(
    given: ConversionInput, *, directory: Directory, known: int, keys: ClickKeys
) -> Signup | Deal | Refund:
    """The record of what was sent, stamped with `known` decisions.

    Raises FieldProblem for what cannot be recorded: an id, a currency, a time, an unknown
    program.
    """
    try:
        program = slug("program", given.program)
        customer = foreign_id("customer", given.customer)
        event_id = foreign_id("event_id", given.event_id)
        deal = "" if isinstance(given, SignupInput) else given.deal
        if isinstance(given, DealInput) or deal:
            foreign_id("deal", deal)
        partner = "" if isinstance(given, RefundInput) else given.partner
        if partner:
            slug("partner", partner)
    except BadId as problem:
        raise FieldProblem(str(problem).partition("=")[0], str(problem)) from problem
    found = directory.program(program, known)
    if found is None:
        raise FieldProblem("program", f"program={program!r} is not known here: create it first")
    occurred_at = moment("occurred_at", given.occurred_at)
    metadata = {clean(name): clean(value) for name, value in given.metadata.items()}
    if isinstance(given, SignupInput):
        return Signup(
            program=program,
            customer=customer,
            event_id=event_id,
            occurred_at=occurred_at,
            known=known,
            event_name=clean(given.event_name),
            click=cite(given.click_id, keys),
            coupon_code=clean(given.coupon_code),
            partner=partner,
            metadata=metadata,
            country=country_of(given.country),
            identity=clean(given.identity),
        )
    currency = given.currency or found.currency
    if currency not in CURRENCIES:
        raise FieldProblem("currency", f"currency={currency!r}: expected ISO 4217, such as EUR")
    if isinstance(given, RefundInput):
        return Refund(
            program=program,
            customer=customer,
            event_id=event_id,
            amount=given.amount,
            currency=currency,
            occurred_at=occurred_at,
            known=known,
            deal=deal,
            reason=clean(given.reason),
            metadata=metadata,
        )
    return Deal(
        program=program,
        customer=customer,
        event_id=event_id,
        deal=deal,
        amount=given.amount,
        currency=currency,
        occurred_at=occurred_at,
        known=known,
        kind=given.kind,
        quantity=given.quantity,
        tax=given.tax,
        shipping=given.shipping,
        items=tuple(
            Item(clean(item.product), item.quantity, item.amount, clean(item.category))
            for item in given.items
        ),
        click=cite(given.click_id, keys),
        coupon_code=clean(given.coupon_code),
        partner=partner,
        metadata=metadata,
        country=country_of(given.country),
        identity=clean(given.identity),
    )


def country_of(given: str) -> str:
    """The country's code in upper case; raises FieldProblem where there is no such country."""
    country = given.strip().upper()
    if country and country not in COUNTRIES:
        raise FieldProblem(
            "country", f"country={given!r}: expected ISO 3166-1 alpha-2, such as DE or GB"
        )
    return country


def cite(click_id: str, keys: ClickKeys) -> CitedClick | None:
    """What a click token says; with `problem` when it earns nothing. None without one."""
    if not click_id:
        return None
    try:
        token = keys.verify(click_id)
    except BadToken as problem:
        return CitedClick(clean(click_id), problem=problem.problem)
    return CitedClick(
        click_id, token.link, token.clicked_at, "invalid_click" if token.invalid else ""
    )


def moment(field: str, given: int | str | None) -> int:
    """As `instant`, for what has happened: raises FieldProblem for a time in the future."""
    now = time.time_ns() // 1_000_000
    at = instant(field, given)
    if at > now + MAX_FUTURE_MS:
        raise FieldProblem(field, f"{field}={given}: lies in the future; our clock says {now}")
    return at


def instant(field: str, given: int | str | None) -> int:
    """Milliseconds since 1970 UTC of an ISO 8601 text or a number of them; None is now.

    Raises FieldProblem for a time without an offset, or in seconds.
    """
    if given is None:
        return time.time_ns() // 1_000_000
    if isinstance(given, str):
        try:
            read = datetime.fromisoformat(given)
        except ValueError:
            read = None
        if read is None or read.tzinfo is None:
            raise FieldProblem(
                field, f"{field}={given!r}: expected ISO 8601 in UTC, such as 2026-11-23T07:30:00Z"
            )
        at = (read - EPOCH) // timedelta(milliseconds=1)
        if at < 0:
            raise FieldProblem(field, f"{field}={given!r}: lies before 1970")
        return at
    if given < 0 or 0 < given < LEAST_MS:
        raise FieldProblem(
            field, f"{field}={given}: expected milliseconds since 1970 UTC; this is one before 1973"
        )
    return given
