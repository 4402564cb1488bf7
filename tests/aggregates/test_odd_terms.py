"""Whatever stands in the place of a line: terms are read, or refused with a path. Nothing else."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import tests.hypothesis_profile  # noqa: F401
from aggregates.errors import Invalid
from aggregates.terms_form import read_form, write_form

FORM = tomllib.loads(
    """
effective_from = 2026-01-01
engine = "2"
partner = ""
review_above = "500.00"
[[rules]]
name = "sale"
event = "sale"
type = "percentage"
amount = "10%"
currency = ""
adds = false
minimum = "1.00"
includes = ["tax"]
modifiers = [
    { attribute = "country", operator = "in", value = ["DE"] },
    { attribute = "amount", operator = "at_least", value = 5 },
]
tiers = { measure = "amount", levels = [{ threshold = "10.00", amount = "12%", name = "gold" }] }
[[rules]]
name = "lead"
event = "lead"
type = "flat"
amount = "5.00"
currency = "USD"
[[bonuses]]
name = "bonus"
threshold = 3
measure = "count"
amount = "5.00"
[[caps]]
name = "cap"
scope = "partner"
amount = "5.00"
rules = ["sale"]
[[overrides]]
name = "over"
level = 1
event = "sale"
type = "percentage"
amount = "1%"
[[contests]]
name = "race"
starts = 2026-01-01
ends = 2026-02-01
prizes = [{ amount = "5.00", currency = "EUR" }]
[[payouts]]
unit = "EUR"
minimum = "50.00"
fee_rate = "1%"
"""
)

ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["", "1%", "5.00", "5.00 USD", "acme:x", ":", "2026-01-01", "sale", "flat"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=4,
)

Place = tuple[str | int, ...]


def places(value: Any, above: Place = ()) -> Iterator[Place]:
    """The path of everything that stands in a form."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in inner:
        yield (*above, key)
        if isinstance(part, dict | list):
            yield from places(part, (*above, key))


def with_odd(place: Place, odd: Any) -> dict[str, Any]:
    form = copy.deepcopy(FORM)
    target: Any = form
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = odd
    return form


@given(st.sampled_from(sorted(places(FORM), key=str)), ODD)
def test_an_odd_value_is_read_or_refused_with_a_path(place: Place, odd: Any) -> None:
    try:
        read = read_form(with_odd(place, odd), "EUR")
    except Invalid as refused:
        assert refused.field
        assert refused.expected
    else:
        assert read_form(write_form(read.terms, "EUR"), "EUR").terms == read.terms


@given(ODD)
def test_what_is_no_form_is_refused(odd: Any) -> None:
    try:
        read_form(odd, "EUR")
    except Invalid as refused:
        assert refused.field
    else:
        raise AssertionError(f"{odd!r} was read as terms")


def test_the_form_itself_can_stand() -> None:
    assert read_form(FORM, "EUR").terms.engine == "2"
