"""What engine 1 knows: percentage and flat rules by event, first or last touch, one hold.

Everything else in terms belongs to engine 2. Engine 1 does not look at it, so terms of
engine 1 that say it are refused: they would promise what is not paid.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from aggregates.errors import Invalid
from events.terms import Rule, Terms

FIELDS = frozenset(
    (
        *("version", "effective_from", "rules", "engine"),
        *("attribution", "window_days", "signup_window_days", "hold_days"),
    )
)
RULE_FIELDS = frozenset(("name", "event", "type", "amount", "currency"))
TOUCHES = ("last_touch", "first_touch")


class Beyond(NamedTuple):
    """A line of the terms that engine 1 does not know."""

    path: str
    value: object


def beyond_engine_1(terms: Terms) -> Beyond | None:
    """The first line that needs engine 2; None for terms that engine 1 can pay whole."""
    for place, rule in enumerate(terms.rules):
        found = _of_rule(f"rules[{place}]", rule)
        if found:
            return found
    if terms.attribution not in TOUCHES:
        return Beyond("attribution", terms.attribution)
    return _unknown("", terms, FIELDS)


def _of_rule(path: str, rule: Rule) -> Beyond | None:
    if rule.type == "margin":
        return Beyond(f"{path}.type", rule.type)
    if rule.type == "percentage" and ":" in rule.currency:
        return Beyond(f"{path}.currency", rule.currency)
    return _unknown(f"{path}.", rule, RULE_FIELDS)


def _unknown(prefix: str, given: Terms | Rule, known: frozenset[str]) -> Beyond | None:
    """The first field outside of `known` that says something."""
    for field in msgspec.structs.fields(type(given)):
        value: Any = getattr(given, field.name)
        if field.name not in known and value != field.default:
            return Beyond(prefix + field.name, msgspec.to_builtins(value))
    return None


def check_engine_1(terms: Terms) -> None:
    """Raises Invalid at the first line that engine 1 does not know."""
    found = beyond_engine_1(terms)
    if found:
        raise Invalid(found.path, found.value, 'what engine 1 knows; this needs engine = "2"')
