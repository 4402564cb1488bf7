"""Which conditions a rule can have: for each attribute its operators, and what they compare.

product, category, coupon, country, method   is, is_not: a text     in, not_in: a list
customer                                     is, is_not: "new" or "returning"
purchase, amount                             is, is_not, at_least, at_most: a number
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, get_args

import pycountry

from aggregates.checks import amount_of, name_of, slug_of
from aggregates.errors import Invalid
from aggregates.terms_shape import one_of
from events.attributions import Method
from events.terms import Attribute, Modifier, Rule

TEXTS = ("is", "is_not", "in", "not_in")
LISTS = ("in", "not_in")
NUMBERS = ("is", "is_not", "at_least", "at_most")


class Fitting(NamedTuple):
    """What fits an attribute."""

    operators: tuple[str, ...]
    check: Callable[[str, str], str] | None
    """Raises Invalid for a text the attribute never has; None: it is a number."""
    example: str


def country_of(field: str, text: str) -> str:
    """An ISO 3166-1 alpha-2 code in upper case, as DE."""
    if text != text.upper() or len(text) != 2 or pycountry.countries.get(alpha_2=text) is None:
        raise Invalid(field, text, "an ISO 3166-1 alpha-2 country in upper case, for example DE")
    return text


def _customer(field: str, text: str) -> str:
    if text not in {"new", "returning"}:
        raise Invalid(field, text, "new or returning")
    return text


def _method(field: str, text: str) -> str:
    if text not in get_args(Method):
        raise Invalid(field, text, one_of(get_args(Method)))
    return text


FITTING: dict[Attribute, Fitting] = {
    "product": Fitting(TEXTS, name_of, '"SKU-1"'),
    "category": Fitting(TEXTS, name_of, '"books"'),
    "country": Fitting(TEXTS, country_of, '"DE"'),
    "coupon": Fitting(TEXTS, slug_of, '"SPRING"'),
    "method": Fitting(TEXTS, _method, '"click"'),
    "customer": Fitting(("is", "is_not"), _customer, '"new"'),
    "purchase": Fitting(NUMBERS, None, "2"),
    "amount": Fitting(NUMBERS, None, "10000"),
}
OF_ITEMS = ("product", "category")


def check_modifiers(path: str, rule: Rule) -> None:
    """Raises Invalid at the first condition that can never be asked as it stands."""
    for place, modifier in enumerate(rule.modifiers):
        line = f"{path}.modifiers[{place}]"
        attribute = modifier.attribute
        if attribute in OF_ITEMS and rule.type == "margin":
            raise Invalid(f"{line}.attribute", attribute, "none of items: a margin is of the deal")
        if attribute in (*OF_ITEMS, "amount") and rule.event == "lead":
            raise Invalid(f"{line}.attribute", attribute, "none of an order: a lead has no order")
        fitting = FITTING[attribute]
        if modifier.operator not in fitting.operators:
            expected = f"{one_of(fitting.operators)} for {attribute}"
            raise Invalid(f"{line}.operator", modifier.operator, expected)
        _check_value(f"{line}.value", modifier, fitting)


def _check_value(path: str, modifier: Modifier, fitting: Fitting) -> None:
    value = modifier.value
    asked = f"{modifier.attribute} {modifier.operator}"
    if fitting.check is None:
        if not isinstance(value, int):
            raise Invalid(path, value, f"a whole number for {asked}, for example {fitting.example}")
        if modifier.attribute == "purchase" and value < 1:
            raise Invalid(path, value, "the number of a purchase, from 1")
        amount_of(path, value)
    elif modifier.operator in LISTS:
        if not isinstance(value, tuple) or not value:
            raise Invalid(path, value, f"a list for {asked}, for example [{fitting.example}]")
        for place, text in enumerate(value):
            fitting.check(f"{path}[{place}]", text)
            if text in value[:place]:
                raise Invalid(f"{path}[{place}]", text, "each text once")
    elif not isinstance(value, str):
        raise Invalid(path, value, f"a text for {asked}, for example {fitting.example}")
    else:
        fitting.check(path, value)
