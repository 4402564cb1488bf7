"""What a rule may say: which fields go together, and within which bounds.

A table holds the pairs of fields that do not go together; a rule that says something which
would never be reckoned is refused, because somebody would expect to be paid by it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import msgspec

from aggregates.checks import amount_of, name_of, unit_of
from aggregates.errors import Invalid
from aggregates.modifiers import check_modifiers
from events.terms import ConversionKind, Measure, Override, Rule, Tiers

FULL_SHARE_BP = 10_000
"""Basis points of a whole amount."""
MOST_MONTHS = 1_200
"""A century of renewals."""


def rate_of(field: str, rate: int) -> int:
    """A rate in basis points, from nothing to all."""
    if not 0 <= rate <= FULL_SHARE_BP:
        raise Invalid(field, rate, f"0 to {FULL_SHARE_BP} basis points")
    return rate


def is_retroactive(rule: Rule) -> bool:
    """Whether the rule's deals are paid anew when the level changes."""
    return rule.tiers is not None and rule.tiers.apply == "retroactive"


class Together(NamedTuple):
    """A field that says something only in some rules."""

    field: str
    fits: Callable[[Rule], bool]
    expected: str


TOGETHER = (
    Together("max_duration", lambda rule: rule.event == "renewal", "0: only renewals have one"),
    Together(
        "includes",
        lambda rule: rule.type != "flat",
        "nothing: a flat amount is reckoned on no amount",
    ),
    Together(
        "collects", lambda rule: rule.type == "margin", "program: only a margin is kept by partners"
    ),
    Together(
        "adds",
        lambda rule: rule.collects != "partner",
        "false: the wholesale price is owed once a deal",
    ),
    Together(
        "minimum",
        lambda rule: rule.collects != "partner",
        "0: a margin the partner keeps is no more than the price",
    ),
    Together("minimum", lambda rule: not is_retroactive(rule), "0: retroactive tiers have none"),
    Together("maximum", lambda rule: not is_retroactive(rule), "0: retroactive tiers have none"),
)


def check_rule(path: str, rule: Rule, engine: str) -> None:
    """Raises Invalid at the first line of the rule that cannot stand."""
    name_of(f"{path}.name", rule.name)
    check_reward(path, rule, engine)
    defaults = {field.name: field.default for field in msgspec.structs.fields(Rule)}
    for field, fits, expected in TOGETHER:
        value: Any = getattr(rule, field)
        if value != defaults[field] and not fits(rule):
            raise Invalid(f"{path}.{field}", value, expected)
    check_modifiers(path, rule)
    if not 0 <= rule.max_duration <= MOST_MONTHS:
        raise Invalid(f"{path}.max_duration", rule.max_duration, f"months, 0 to {MOST_MONTHS}")
    for place, extra in enumerate(rule.includes):
        if extra in rule.includes[:place]:
            raise Invalid(f"{path}.includes[{place}]", extra, "each once")
    amount_of(f"{path}.minimum", rule.minimum)
    amount_of(f"{path}.maximum", rule.maximum)
    if rule.maximum and rule.minimum > rule.maximum:
        raise Invalid(f"{path}.minimum", rule.minimum, f"at most the maximum, {rule.maximum}")
    if rule.tiers is not None:
        _check_tiers(f"{path}.tiers", rule, rule.tiers)


def check_reward(path: str, rule: Rule | Override, engine: str = "2") -> None:
    """The type, amount and unit of what pays: raises Invalid."""
    _amount_of(f"{path}.amount", rule.type, rule.amount)
    if rule.type == "flat":
        if rule.currency:
            unit_of(f"{path}.currency", rule.currency)
        return
    if rule.event == "lead" and engine != "1":
        raise Invalid(f"{path}.type", rule.type, "flat: a lead has no amount to take a part of")
    if not rule.currency:
        return
    if rule.type == "margin" or ":" not in rule.currency:
        expected = f"none: a {rule.type} is paid in the program's currency"
        if rule.type == "percentage":
            expected += ", or in a unit of its own such as acme:points"
        raise Invalid(f"{path}.currency", rule.currency, expected)
    unit_of(f"{path}.currency", rule.currency)


def check_measure(path: str, event: ConversionKind, measure: Measure) -> None:
    """Leads are counted: they have no amount."""
    if event == "lead" and measure == "amount":
        raise Invalid(f"{path}.measure", measure, "count: a lead has no amount")


def _amount_of(
    path: str, reward: Literal["percentage", "flat", "margin"], amount: int, least: int = 0
) -> None:
    if reward == "flat":
        amount_of(path, amount, least)
    else:
        rate_of(path, amount)


def _check_tiers(path: str, rule: Rule, tiers: Tiers) -> None:
    if rule.type == "margin" and is_retroactive(rule):
        raise Invalid(f"{path}.apply", tiers.apply, "onward: a margin is not paid anew")
    if not tiers.levels:
        raise Invalid(f"{path}.levels", [], "at least one level")
    check_measure(path, rule.event, tiers.measure)
    before = -1
    names: set[str] = set()
    for place, level in enumerate(tiers.levels):
        line = f"{path}.levels[{place}]"
        amount_of(f"{line}.threshold", level.threshold)
        if level.threshold <= before:
            raise Invalid(
                f"{line}.threshold", level.threshold, f"more than the level before, {before}"
            )
        before = level.threshold
        _amount_of(f"{line}.amount", rule.type, level.amount)
        if level.name:
            name_of(f"{line}.name", level.name)
            if level.name in names:
                raise Invalid(f"{line}.name", level.name, "a name of its own for each level")
            names.add(level.name)
