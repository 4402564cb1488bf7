"""Server-to-server postbacks: a conversion in the query of a GET.

    /v1/postback?click_id=…&deal=A-1042&amount=4999&currency=EUR      a deal
    /v1/postback?click_id=…&event=newsletter                          a signup

What such systems cannot send follows from what they do: the program from the click's link,
the event id from the deal (or the customer and event). Where no customer is named, the
click id stands for it: the customer is known by this click alone.
"""

from __future__ import annotations

import msgspec

from events.click_token import BadToken, ClickKeys
from gateway.conversion_input import ConversionInput
from gateway.intake import read_one
from gateway.known import Known
from gateway.personal import PersonalData
from gateway.problems import FieldProblem
from gateway.tracking import cited_click_id

DEAL_NAMES = ("deal", "order_id", "order")
CUSTOMER_NAMES = ("customer", "customer_id")
EVENT_NAMES = ("event", "event_name")
COPIED = ("currency", "kind", "coupon_code", "partner", "occurred_at", "country", "identity")
NUMBERS = ("amount", "quantity", "tax", "shipping")


def read_postback(
    values: dict[str, str], known: Known, keys: ClickKeys, personal: PersonalData
) -> ConversionInput:
    """The conversion that a postback's query means; raises FieldProblem."""
    click_id = cited_click_id(values)
    deal = _first(values, DEAL_NAMES)
    given: dict[str, object] = {name: values[name] for name in COPIED if name in values}
    given |= {name: _integer(name, values[name]) for name in NUMBERS if name in values}
    program = given["program"] = values.get("program") or _program_of(click_id, known, keys)
    customer = given["customer"] = _first(values, CUSTOMER_NAMES) or click_id
    if click_id:
        given["click_id"] = click_id
    if deal or "amount" in given:
        given |= {"type": "deal", "deal": deal}
        given["event_id"] = values.get("event_id") or f"postback/deal/{deal}"
    else:
        event = _first(values, EVENT_NAMES) or "signup"
        given |= {"type": "signup", "event_name": event}
        given["event_id"] = values.get("event_id") or (
            f"postback/{event}/{personal.stands_for(program, customer)}"
        )
    if str(given.get("occurred_at", "")).isdigit():
        given["occurred_at"] = int(values["occurred_at"])
    return read_one(msgspec.json.encode(given))


def _program_of(click_id: str, known: Known, keys: ClickKeys) -> str:
    try:
        link = keys.verify(click_id).link
    except BadToken as problem:
        raise FieldProblem(
            "program", f"no program is named, and the click id does not tell it: {problem}"
        ) from problem
    view = known.directory.link(link, known.count)
    if view is None:
        raise FieldProblem("program", f"no program is named, and the link {link!r} is not known")
    return view.program


def _first(values: dict[str, str], names: tuple[str, ...]) -> str:
    return next((values[name] for name in names if values.get(name)), "")


def _integer(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise FieldProblem(
            name, f"{name}={text!r}: expected an integer (amounts in minor units)"
        ) from None
