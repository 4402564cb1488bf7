"""Conversions: signups (leads), deals (sales, renewals) and refunds of one customer, and what
a person assigned of them.

Topic `conversions`, key `program/customer`: one topic, because the order of one
customer's records decides who is paid. A record is identified by its `event_id`
within its key: the first stands, a repeat is ignored, a repeat with other content is
a conflict that is reported and not applied.

`known` is the number of `decisions` the writer had read. Whoever folds the record
uses the decisions up to that number, no more and no fewer: replay is deterministic.

Amounts are integers in minor units of `currency` (ISO 4217); times are milliseconds
since 1970 UTC.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from events.partitioning import partition_of

MAX_MINOR_UNITS = 10**15
"""Most an amount may be, either sign: ten trillion in a currency with cents. Balances are
sums of such, and must fit the 64-bit integers of states and tables."""

MAX_TIME = 2**53
"""Latest time, ms, either sign: what JSON carries exactly everywhere."""

MinorUnits = Annotated[int, Meta(ge=-MAX_MINOR_UNITS, le=MAX_MINOR_UNITS)]
Time = Annotated[int, Meta(ge=-MAX_TIME, le=MAX_TIME)]


class CitedClick(Struct, frozen=True, gc=False, omit_defaults=True):
    """What the writer read out of the click token that came with the conversion."""

    click_id: str
    link: str = ""
    clicked_at: Time = 0
    problem: str = ""
    """Why the token earns nothing (`forged`, `malformed`, `unknown_key`, or the click's
    own reason such as `bot`); empty for a good one."""


class Item(Struct, frozen=True, gc=False, omit_defaults=True):
    """A line of an order."""

    product: str
    quantity: int = 1
    amount: int = 0
    """Minor units, for the whole line."""
    category: str = ""


class Signup(Struct, frozen=True, gc=False, omit_defaults=True, tag_field="type", tag="signup.v1"):
    """A customer who signed up: a lead."""

    program: str
    customer: str
    event_id: str
    occurred_at: Time
    known: int
    event_name: str = "signup"
    click: CitedClick | None = None
    coupon_code: str = ""
    partner: str = ""
    """A partner named by the program itself (method `partner_id`)."""
    metadata: dict[str, str] = {}
    country: str = ""
    """ISO 3166-1 alpha-2, of the customer."""
    identity: str = ""
    """The same for the same person: a keyed hash of an e-mail address, a phone, a payment
    means; made by the program. Tells one person under two customer ids."""


class Deal(Struct, frozen=True, gc=False, omit_defaults=True, tag_field="type", tag="deal.v1"):
    """A sale or a renewal."""

    program: str
    customer: str
    event_id: str
    deal: str
    amount: MinorUnits
    """Minor units, without tax and shipping; zero or more."""
    currency: str
    occurred_at: Time
    known: int
    kind: Literal["sale", "renewal"] = "sale"
    quantity: int = 1
    tax: int = 0
    shipping: int = 0
    items: tuple[Item, ...] = ()
    click: CitedClick | None = None
    coupon_code: str = ""
    partner: str = ""
    metadata: dict[str, str] = {}
    country: str = ""
    identity: str = ""


class Refund(Struct, frozen=True, gc=False, omit_defaults=True, tag_field="type", tag="refund.v1"):
    """Money given back to a customer."""

    program: str
    customer: str
    event_id: str
    amount: MinorUnits
    """Minor units given back to the customer; more than zero."""
    currency: str
    occurred_at: Time
    known: int
    deal: str = ""
    """The deal refunded. Empty: matched to the customer's newest deals with an amount left."""
    reason: str = ""
    metadata: dict[str, str] = {}


class Assignment(
    Struct, frozen=True, gc=False, omit_defaults=True, tag_field="type", tag="assignment.v1"
):
    """A person says whose a recorded deal is: of nobody until now, or of somebody else.

    It stands among the customer's conversions, so that refunds before and after it are in
    one order with it.
    """

    program: str
    customer: str
    event_id: str
    """Of the assignment itself."""
    occurred_at: Time
    """When it was decided."""
    known: int
    partner: str
    """Who is credited from now on."""
    deal: Deal
    """The deal as it was recorded (its digest is compared)."""
    reason: str = ""
    by: str = ""
    metadata: dict[str, str] = {}


Conversion = Signup | Deal | Refund | Assignment


def conversion_key(program: str, customer: str) -> str:
    """The Kafka key: all of one customer in a program stands in one order."""
    return f"{program}/{customer}"


def misplaced(
    conversion: Conversion, key: bytes | None, partition: int, partitions: int
) -> str | None:
    """Why a conversion stands where its customer's order is not kept, or None.

    Every reader treats such a record as unreadable: beside the customer's own partition
    the same event could earn twice.
    """
    wanted = conversion_key(conversion.program, conversion.customer)
    if key != wanted.encode():
        return f"key {key!r}, expected {wanted!r}"
    home = partition_of(wanted, partitions)
    if partition != home:
        return f"partition {partition}, expected {home} for key {wanted!r} (murmur2)"
    return None
