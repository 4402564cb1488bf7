"""Terms in short: what the tables write instead of a terms file.

    terms hold=30 attribution=linear review_above=50.00
      rule sale 10%                                      # named as its event
      rule big: sale 12%; if amount at_least 500.00; if country in DE AT; max 80.00
      rule gold: sale 10%; tiers month amount retroactive 1000.00=12% 5000.00=15%
      rule gift: lead 1; unit acme:gift; adds
      rule sale margin 20%; collects partner
      bonus starter: sale count month 3 pays 50.00
      cap monthly: partner month 50.00; rules sale
      override first: level 1 sale 5%
      payout EUR minimum=50.00 fee=1.00 fee_rate=1% withholding=10%

Options of the first line are fields of `events.terms.Terms`, days without `_days`.
"""

from __future__ import annotations

from typing import Any

from events.terms import (
    Bonus,
    Cap,
    Level,
    Modifier,
    Override,
    PayoutTerms,
    Rule,
    Tiers,
)
from tests.rewards.amounts import minor, rate, time

DAYS = ("window", "signup_window", "hold", "protection", "max_age")
NUMBERS = ("amount", "purchase")


def read_terms(options: dict[str, str], lines: list[str], currency: str) -> dict[str, Any]:
    """Fields of `Terms` without its version. `currency`: the program's."""
    fields: dict[str, Any] = {
        "engine": "2", "hold_days": 0, "effective_from": 0, "rules": [], "bonuses": [],
        "caps": [], "overrides": [], "payouts": [],
    }  # fmt: skip
    for name, text in options.items():
        if name in DAYS:
            fields[f"{name}_days"] = int(text)
        elif name == "from":
            fields["effective_from"] = time(text)
        elif name == "review_above":
            fields[name] = minor(text, currency)
        elif name == "review_all":
            fields[name] = text == "yes"
        else:
            fields[name] = text
    for line in lines:
        what, _, rest = line.partition(" ")
        place, read = _PARTS[what]
        fields[place].append(read(rest, currency))
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()
    }


def _named(text: str) -> tuple[str, list[str], list[list[str]]]:
    """Name, words of the first clause, words of the others."""
    name, colon, rest = text.partition(": ")
    clauses = [clause.split() for clause in (rest if colon else text).split(";")]
    return (name if colon else clauses[0][0]), clauses[0], clauses[1:]


def _rule(text: str, currency: str) -> Rule:
    name, (event, *earned), clauses = _named(text)
    more: dict[str, Any] = {"modifiers": []}
    unit = next((clause[1] for clause in clauses if clause[0] == "unit"), currency)
    for word, *rest in clauses:
        if word == "if":
            more["modifiers"].append(_modifier(rest, currency))
        elif word == "tiers":
            more["tiers"] = _tiers(rest, currency, unit)
        elif word == "unit":
            more["currency"] = rest[0]
        elif word == "adds":
            more["adds"] = True
        elif word == "months":
            more["max_duration"] = int(rest[0])
        elif word == "includes":
            more["includes"] = tuple(rest)
        elif word in ("min", "max"):
            more["minimum" if word == "min" else "maximum"] = minor(rest[0], currency)
        else:
            assert word == "collects", f"{word}: no such clause of a rule"
            more["collects"] = rest[0]
    more["modifiers"] = tuple(more["modifiers"])
    amount = _amount(earned[-1], unit)
    type = "percentage" if earned[-1].endswith("%") else "flat"
    return Rule(name, event, "margin" if earned[0] == "margin" else type, amount, **more)


def _modifier(words: list[str], currency: str) -> Modifier:
    attribute, operator, *values = words
    if operator in ("in", "not_in"):
        return Modifier(attribute, operator, tuple(values))
    if attribute == "amount":
        return Modifier(attribute, operator, minor(values[0], currency))
    return Modifier(
        attribute, operator, int(values[0]) if attribute in NUMBERS else " ".join(values)
    )


def _tiers(words: list[str], currency: str, unit: str) -> Tiers:
    period, measure, apply, *levels = words
    steps = []
    for level in levels:
        threshold, _, amount = level.partition("=")
        steps.append(Level(_threshold(threshold, measure, currency), _amount(amount, unit)))
    return Tiers(tuple(steps), measure, period, apply)


def _threshold(text: str, measure: str, currency: str) -> int:
    return int(text) if measure == "count" else minor(text, currency)


def _amount(text: str, unit: str) -> int:
    return rate(text) if text.endswith("%") else minor(text, unit)


def _bonus(text: str, currency: str) -> Bonus:
    name, (event, measure, period, threshold, _pays, amount, *unit), _ = _named(text)
    currency_of = unit[0] if unit else currency
    return Bonus(
        name,
        _threshold(threshold, measure, currency),
        minor(amount, currency_of),
        event,
        measure,
        period,
        unit[0] if unit else "",
    )


def _cap(text: str, currency: str) -> Cap:
    name, (scope, *period, amount), clauses = _named(text)
    rules = tuple(clauses[0][1:]) if clauses else ()
    return Cap(name, scope, minor(amount, currency), period[0] if period else "lifetime", rules)


def _override(text: str, currency: str) -> Override:
    name, (_level, level, event, amount, *unit), _ = _named(text)
    type = "percentage" if amount.endswith("%") else "flat"
    earned = _amount(amount, unit[0] if unit else currency)
    return Override(name, int(level), event, type, earned, unit[0] if unit else "")


def _payout(text: str, currency: str) -> PayoutTerms:
    words = text.split()
    unit = words[0] if "=" not in words[0] else ""
    more = dict(word.split("=") for word in words if "=" in word)
    rates = ("fee_rate", "withholding")
    return PayoutTerms(
        unit,
        **{
            name: rate(value) if name in rates else minor(value, unit or currency)
            for name, value in more.items()
        },
    )


_PARTS: dict[str, Any] = {
    "rule": ("rules", _rule),
    "bonus": ("bonuses", _bonus),
    "cap": ("caps", _cap),
    "override": ("overrides", _override),
    "payout": ("payouts", _payout),
}
