"""How a booked reward evolves from the entries about it.

What an entry adds is read from its legs. What a refund takes back follows from how much of
the deal is refunded, by the same functions that booked it: a line's legs and those of a
retroactive tier may bear the same rule's name.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from events.currencies import is_currency
from events.journal import HELD, Entry, Leg
from projections.booked_reward import (
    BookedReward,
    Counts,
    Line,
    counts_back,
    line_back,
    own_counters,
    provisional_lines,
    reckoned_rules,
)

PAIR = 2
RECKONED = ("retro", "bonus")
"""What counters of retroactive tiers and bonuses begin with."""


def booked(entry: Entry) -> BookedReward:
    """The reward that a commission entry of engine 2 books."""
    if entry.hold:
        return _held_from_the_beginning(entry)
    reckoned: set[str] = set()
    gains = entry.counters
    for key in gains:
        if key.startswith(RECKONED):
            reckoned, gains = reckoned_rules(gains), own_counters(gains)
            break
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
        True,
        "",
        0,
        entry.rates,
        entry.click_id,
        entry.occurred_at,
        entry.share,
        entry.level,
    )


def _held_from_the_beginning(entry: Entry) -> BookedReward:
    retroactive = reckoned_rules(entry.waiting)
    lines = [
        structs.replace(line, made="tally") if line.rule in retroactive else line
        for line in _lines(entry, set())
    ]
    return BookedReward(
        unit=entry.unit,
        currency=entry.currency or entry.unit,
        amount=entry.base,
        conversion=entry.conversion,
        available_at=entry.available_at,
        rule=entry.rule,
        terms=entry.terms,
        terms_at=entry.terms_at,
        lines=tuple(lines),
        counters=entry.waiting,
        counted=False,
        status="held",
        rates=entry.rates,
        click_id=entry.click_id,
        occurred_at=entry.occurred_at,
        share=entry.share,
        level=entry.level,
    )


def evolve_reward(item: BookedReward, entry: Entry) -> BookedReward:
    """The reward after an entry that is about it."""
    kind = entry.kind
    if kind == "clawback":
        return refunded(item, item.refunded + entry.base)
    if kind == "held":
        return _held(item, entry)
    if kind == "released":
        return _released(item, entry)
    if kind == "rejected":
        return rejected(item)
    if kind == "adjusted":
        more = tuple(structs.replace(line, made="hand") for line in _lines(entry, set()))
        return structs.replace(item, lines=_added(item.lines, more))
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


def _held(item: BookedReward, entry: Entry) -> BookedReward:
    return structs.replace(
        item,
        status="held",
        counted=item.counted and not entry.waiting,
        lines=(*item.lines, *provisional_lines(entry)),
        waits_from=tuple(
            (leg.rule, leg.unit, leg.available_at, -leg.amount)
            for leg in entry.legs
            if leg.account == "payable" and leg.amount < 0 and leg.available_at != HELD
        ),
        bonuses={
            key: -gain for key, gain in entry.counters.items() if key.startswith("bonus") and gain
        },
    )


def _released(item: BookedReward, entry: Entry) -> BookedReward:
    item = structs.replace(item, status="", waits_from=(), bonuses={})
    if item.counted:
        return item
    reckoned = reckoned_rules(entry.counters)
    reckoned |= {line.rule for line in item.lines if line.made == "tally"}
    kept = tuple(line for line in item.lines if line.made != "tally")
    counters: Counts = {}
    for key, gain in own_counters(entry.counters).items():
        counters[key] = gain + item.counters_back.get(key, 0)
    return structs.replace(
        item,
        counted=True,
        lines=_added(kept, _lines(entry, reckoned)),
        counters=counters,
    )


def _lines(entry: Entry, reckoned: set[str]) -> tuple[Line, ...]:
    """What the legs add, a line for each rule, but for the rules that are reckoned."""
    legs = entry.legs
    if not reckoned and len(legs) == PAIR and legs[0].rule == legs[1].rule:  # nearly always
        cost, owed = legs
        if cost.account == "commissions" and owed.account == "payable" and not owed.unit:
            return (Line(cost.rule, "commissions", "", -cost.amount, owed.amount),)
        return (_line(cost.rule, legs),)
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
    found = {(line.rule, line.account, line.unit, line.made): line for line in lines}
    for line in more:
        key = (line.rule, line.account, line.unit, line.made)
        before = found.get(key)
        if before is not None:
            line = structs.replace(
                before,
                cost=before.cost + line.cost,
                owed=before.owed + line.owed,
                changed=before.changed + line.changed,
            )
        if line.cost or line.owed:
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
