"""How a booked reward evolves from the entries about it.

What an entry adds is read from its legs. What a refund takes back follows from how much of
the deal is refunded, by the same functions that booked it: a line's legs and those of a
retroactive tier may bear the same rule's name.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from events.currencies import is_currency
from events.journal import Entry, Leg
from projections.booked_reward import (
    BookedReward,
    Counts,
    Line,
    counts_back,
    line_back,
    own_counters,
    reckoned_rules,
)

PAIR = 2
RECKONED = ("retro", "bonus")
"""What counters of retroactive tiers and bonuses begin with."""


def booked(entry: Entry) -> BookedReward:
    """The reward that a commission entry of engine 2 books."""
    held = bool(entry.hold)
    reckoned: set[str] = set()
    gains = entry.waiting if held else entry.counters
    if any(key.startswith(RECKONED) for key in entry.counters):
        reckoned, gains = reckoned_rules(entry), own_counters(entry.counters)
    return BookedReward(
        entry.unit,
        entry.currency or entry.unit,
        entry.base,
        entry.conversion,
        entry.available_at,
        entry.rule,
        entry.terms,
        entry.terms_at,
        _lines(entry, reckoned),
        gains,
        {},
        not held,
        "held" if held else "",
        0,
        entry.rates,
        entry.click_id,
        entry.occurred_at,
        entry.share,
        entry.level,
    )


def evolve_reward(item: BookedReward, entry: Entry) -> BookedReward:
    """The reward after an entry that is about it."""
    kind = entry.kind
    if kind == "clawback":
        return refunded(item, item.refunded + entry.base)
    if kind == "held":
        return structs.replace(item, status="held")
    if kind == "released":
        return _released(item, entry)
    if kind == "rejected":
        return rejected(item)
    if kind == "adjusted":
        return structs.replace(item, lines=_added(item.lines, _lines(entry, set())))
    return item


def refunded(item: BookedReward, amount: int) -> BookedReward:
    """The reward once `amount` of the deal is refunded in all, minor units."""
    return structs.replace(
        item,
        refunded=amount,
        lines=tuple(line_back(line, amount, item.amount) for line in item.lines),
        counters_back=counts_back(item.counters, item.counters_back, amount, item.amount),
    )


def rejected(item: BookedReward) -> BookedReward:
    """The reward once all that is left of it is taken back."""
    return structs.replace(
        item,
        status="rejected",
        lines=tuple(line_back(line, 1, 1) for line in item.lines),
        counters_back=counts_back(item.counters, item.counters_back, 1, 1),
    )


def _released(item: BookedReward, entry: Entry) -> BookedReward:
    if item.counted:
        return structs.replace(item, status="")
    reckoned = reckoned_rules(entry)
    kept = tuple(line for line in item.lines if line.rule not in reckoned)
    counters: Counts = {}
    for key, gain in own_counters(entry.counters).items():
        counters[key] = gain + item.counters_back.get(key, 0)
    return structs.replace(
        item,
        status="",
        counted=True,
        lines=_added(kept, _lines(entry, reckoned)),
        counters=counters,
    )


def _lines(entry: Entry, reckoned: set[str]) -> tuple[Line, ...]:
    """What the legs add, a line for each rule, but for the rules that are reckoned."""
    legs = entry.legs
    if not reckoned and len(legs) == PAIR and legs[0].rule == legs[1].rule:  # nearly always
        return (_line(legs[0].rule, legs),)
    parts: dict[tuple[str, str], list[Leg]] = {}
    for leg in legs:
        if leg.rule not in reckoned:
            unit = "" if is_currency(leg.unit) else leg.unit
            parts.setdefault((leg.rule, unit), []).append(leg)
    return tuple(_line(rule, legs) for (rule, _), legs in parts.items())


def _line(rule: str, legs: Sequence[Leg]) -> Line:
    cost = owed = changed = 0
    wholesale = False
    unit = ""
    for leg in legs:
        account = leg.account
        if account == "payable":
            owed += leg.amount
            unit = leg.unit
        elif account in ("commissions", "wholesale"):
            cost -= leg.amount
            wholesale = account == "wholesale"
        elif account == "exchange" and leg.unit:
            changed += leg.amount
    return Line(rule, "wholesale" if wholesale else "commissions", unit, cost, owed, changed)


def _added(lines: tuple[Line, ...], more: tuple[Line, ...]) -> tuple[Line, ...]:
    found = {(line.rule, line.account, line.unit): line for line in lines}
    for line in more:
        key = (line.rule, line.account, line.unit)
        before = found.get(key)
        if before is not None:
            line = structs.replace(
                before,
                cost=before.cost + line.cost,
                owed=before.owed + line.owed,
                changed=before.changed + line.changed,
            )
        found[key] = line
    return tuple(found.values())


def of_engine_1(
    unit: str,
    amount: int,
    commission: int,
    conversion: str,
    available_at: int,
    rule: str,
    terms: int,
    terms_at: str,
    click_id: str,
    refunded: int,
    reversed: int,
) -> BookedReward:
    """A commission of engine 1, so that a person can review it."""
    line = Line(rule, "commissions", "", commission, commission, 0, reversed, reversed)
    return BookedReward(
        unit,
        unit,
        amount,
        conversion,
        available_at,
        rule,
        terms,
        terms_at,
        lines=(line,),
        refunded=refunded,
        click_id=click_id,
        engine="1",
    )
