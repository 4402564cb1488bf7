"""Which numbers of the terms are rates, amounts or times, and of which unit an amount is.

One table for all who read or write terms for people: the file, the API and its schema.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from events.terms import (
    Bonus,
    Cap,
    Contest,
    Level,
    Override,
    PayoutTerms,
    Prize,
    Rule,
    Terms,
)

Kind = Literal["rate", "money", "reward", "threshold", "time"]
"""`reward`: a rate or an amount, by the rule's `type`. `threshold`: an amount or a count, by
the `measure` beside or above it."""

KINDS: dict[tuple[type[Struct], str], Kind] = {
    (Terms, "effective_from"): "time",
    (Terms, "review_above"): "money",
    (Rule, "amount"): "reward",
    (Rule, "minimum"): "money",
    (Rule, "maximum"): "money",
    (Level, "threshold"): "threshold",
    (Level, "amount"): "reward",
    (Bonus, "threshold"): "threshold",
    (Bonus, "amount"): "money",
    (Cap, "amount"): "money",
    (Override, "amount"): "reward",
    (Contest, "starts"): "time",
    (Contest, "ends"): "time",
    (Prize, "amount"): "money",
    (PayoutTerms, "minimum"): "money",
    (PayoutTerms, "fee"): "money",
    (PayoutTerms, "fee_rate"): "rate",
    (PayoutTerms, "withholding"): "rate",
}
IN_PROGRAM_CURRENCY = {
    (Terms, "review_above"),
    (Cap, "amount"),
    (Level, "threshold"),
    (Bonus, "threshold"),
}

Owners = Sequence[Mapping[str, Any]]
"""What a field stands in, the innermost first: level, tiers, rule, terms."""


def is_rate(owners: Owners) -> bool:
    """Whether the reward that stands in `owners` is a rate."""
    return bool(_nearest("type", owners, "") != "flat")


def is_count(owners: Owners) -> bool:
    """Whether the threshold that stands in `owners` counts conversions."""
    return bool(_nearest("measure", owners[:2], "amount") == "count")


def unit_of_field(kind: type[Struct], field: str, owners: Owners, currency: str) -> str | None:
    """The unit of an amount; `currency` is the program's ("": not known). None: any unit."""
    if kind is PayoutTerms:
        return str(owners[0].get("unit", "")) or None
    if (kind, field) in IN_PROGRAM_CURRENCY:
        return currency
    named = str(_nearest("currency", owners[:3] if kind is Level else owners[:1], ""))
    if field in {"minimum", "maximum"} and ":" not in named:
        return currency
    return named or currency


def _nearest(key: str, owners: Owners, default: str) -> Any:
    return next((owner[key] for owner in owners if key in owner), default)
