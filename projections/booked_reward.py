"""What an account booked for one conversion under engine 2, and what of it was taken back.

A line for each rule: what it cost the program, what the partner is owed for it, and both as
they were taken back. What a retroactive tier or a bonus pays is no line: it belongs to the
partner's tally. `counters` is what the conversion added to that tally.

A commission of engine 1 becomes one of these once a person reviews it.
"""

from __future__ import annotations

from typing import Literal, cast

from msgspec import Struct, structs

from events.journal import Entry, Rate
from events.terms import ConversionKind
from projections.money import round_half_away

Counts = dict[str, int]

RECKONED = (
    *("retro", "retro_owed", "retro_cost", "retro_changed"),
    *("bonus", "bonus_cost", "bonus_changed"),
)
"""Kinds of counters whose rule has legs that follow the tally. A group that a conversion moves
without being of it (its rule does not fit) gains no weight, but what is paid for it."""


class Line(Struct, frozen=True, gc=False, array_like=True):
    """What one rule gave; minor units, signed as what the partner gains."""

    rule: str
    account: Literal["commissions", "wholesale"]
    unit: str
    """A program's own; empty: money."""
    cost: int
    """In the program's currency."""
    owed: int
    """In the partner's."""
    changed: int = 0
    """`owed` in the program's currency again; 0 where that is the partner's."""
    cost_back: int = 0
    owed_back: int = 0
    changed_back: int = 0

    @property
    def left(self) -> int:
        """Of what is owed."""
        return self.owed - self.owed_back


class BookedReward(Struct, frozen=True, gc=False, array_like=True, tag="r"):
    """A commission on a lead or deal."""

    unit: str
    """What the partner is paid in."""
    currency: str
    """Of `amount`."""
    amount: int
    """Of the deal, minor units; 0: a lead."""
    conversion: str
    available_at: int
    """When its hold ends, ms; 0: at once."""
    rule: str
    terms: int
    terms_at: str
    lines: tuple[Line, ...] = ()
    counters: Counts = {}
    """What it added to the tally, or will once it is released."""
    counters_back: Counts = {}
    """What of that was taken back."""
    counted: bool = True
    """Whether the tally has `counters`; not while it is held from the beginning."""
    status: Literal["", "held", "rejected"] = ""
    refunded: int = 0
    """Of `amount`."""
    rates: tuple[Rate, ...] = ()
    click_id: str = ""
    occurred_at: int = 0
    share: int = 0
    level: int = 0
    engine: str = "2"

    @property
    def kind(self) -> ConversionKind | None:
        """Of the conversion, as its counters say; None: it has none (an override, engine 1)."""
        for key in self.counters:
            kind = key.partition("/")[0]
            if kind in ("lead", "sale", "renewal"):
                return cast(ConversionKind, kind)
        return None

    @property
    def complete(self) -> bool:
        """Whether all of the deal was refunded."""
        return 0 < self.amount <= self.refunded


def part_back(total: int, back: int, refunded: int, amount: int) -> int:
    """What of `total` is taken back in all once `refunded` of `amount` is: in proportion,
    rounded as a whole, and never less than what is back already."""
    wanted = round_half_away(total * refunded, amount)
    return max(wanted, back) if total >= 0 else min(wanted, back)


def line_back(line: Line, refunded: int, amount: int) -> Line:
    """The line once `refunded` of the deal's `amount` is refunded."""
    return structs.replace(
        line,
        cost_back=part_back(line.cost, line.cost_back, refunded, amount),
        owed_back=part_back(line.owed, line.owed_back, refunded, amount),
        changed_back=part_back(line.changed, line.changed_back, refunded, amount),
    )


def is_count(counter: str) -> bool:
    """Whether it counts conversions: one that is refunded in part is still one."""
    return "/count/" in counter and not counter.startswith(("cap/", "retro/"))


def counts_back(counters: Counts, back: Counts, refunded: int, amount: int) -> Counts:
    """What is taken back of the counters once `refunded` of the deal's `amount` is refunded."""
    found = {
        key: part_back(total, back.get(key, 0), refunded, amount)
        for key, total in counters.items()
        if refunded >= amount or not is_count(key)
    }
    return {key: taken for key, taken in found.items() if taken}


def reckoned_rules(entry: Entry) -> set[str]:
    """Names of the retroactive rules and bonuses whose legs follow the partner's tally."""
    names = set()
    for key in entry.counters:
        kind, _, rest = key.partition("/")
        if kind in RECKONED:
            name = rest.rsplit("/", 2)[0]
            names.add(name.rpartition("@")[0] if kind.startswith("retro") else name)
    return names


def own_counters(counters: dict[str, int]) -> dict[str, int]:
    """Of an entry's counters those that are the conversion's own part."""
    return {
        key: gain
        for key, gain in counters.items()
        if not key.startswith(("retro_", "bonus/", "bonus_"))
    }
