"""What an account booked for one conversion under engine 2, and what of it was taken back.

A line for each rule: what it cost the program, what the partner is owed for it, and both as
they were taken back. What a retroactive tier or a bonus pays is no line: it belongs to the
partner's tally; but a provisional one while the commission is held. `counters` is what the
conversion added to that tally.

A commission of engine 1 becomes one of these once a person reviews it.
"""

from __future__ import annotations

from typing import Literal, cast

from msgspec import Struct, structs

from events.currencies import is_currency
from events.journal import Entry, Rate
from events.terms import ConversionKind
from projections.money import round_half_away

Counts = dict[str, int]

RETRO_PAID = ("retro_owed", "retro_cost", "retro_changed")
BONUS_PAID = ("bonus", "bonus_cost", "bonus_changed")
"""Kinds of counters of what was paid: in the partner's unit, in the program's, and exchanged."""
RECKONED = ("retro", *RETRO_PAID, *BONUS_PAID)
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
    made: Literal["", "tally", "hand"] = ""
    """Empty: by the rule. `tally`: what retroactive tiers or a bonus give while it is held; the
    release reckons that anew. `hand`: a person's adjustment, which no cap or tier touches."""

    @property
    def left(self) -> int:
        """Of what is owed."""
        return self.owed - self.owed_back

    @property
    def lessens(self) -> bool:
        """Whether a person made the commission smaller by it."""
        return self.owed < 0 and self.account == "commissions"


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
    """Whether the tally has `counters`; not while it is held."""
    status: Literal["", "held", "rejected"] = ""
    refunded: int = 0
    """Of `amount`."""
    rates: tuple[Rate, ...] = ()
    click_id: str = ""
    occurred_at: int = 0
    share: int = 0
    level: int = 0
    engine: str = "2"
    waits_from: tuple[tuple[str, str, int, int], ...] = ()
    """While a person holds it: (rule, unit, until when it was pending in ms or 0, minor units) of
    what waits; released, it goes back there."""
    bonuses: Counts = {}
    """While a person holds it: counters of the bonuses that were taken back by that."""

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


def counts_left(reward: BookedReward) -> Counts:
    """What of the counters was not taken back."""
    back = reward.counters_back
    left = {key: total - back.get(key, 0) for key, total in reward.counters.items()}
    return {key: count for key, count in left.items() if count}


def reckoned_rules(counters: Counts) -> set[str]:
    """Names of the retroactive rules and bonuses whose legs follow the partner's tally."""
    return {
        _rule_of(kind, rest)
        for kind, _, rest in (key.partition("/") for key in counters)
        if kind in RECKONED
    }


def provisional_lines(entry: Entry) -> tuple[Line, ...]:
    """What waits of retroactive tiers and bonuses by an entry that holds a commission: what the
    tally no longer has. A bonus in a currency that is no longer the partner's was taken back."""
    found = []
    gains = entry.counters
    for key, gain in gains.items():
        kind, _, rest = key.partition("/")
        if kind not in (RETRO_PAID[0], BONUS_PAID[0]):
            continue
        _, cost_key, changed_key = RETRO_PAID if kind in RETRO_PAID else BONUS_PAID
        cost = -gains.get(f"{cost_key}/{rest}", gain)
        changed = -gains.get(f"{changed_key}/{rest}", 0)
        unit = rest.rpartition("/")[2]
        own = "" if is_currency(unit) else unit
        if cost >= 0 and gain <= 0 and (own or unit == entry.unit):
            rule = _rule_of(kind, rest)
            line = Line(rule, "commissions", own, cost, -gain, changed, made="tally")
            found.append(line)
    return tuple(found)


def _rule_of(kind: str, rest: str) -> str:
    name = rest.rsplit("/", 2)[0]
    return name.rpartition("@")[0] if kind.startswith("retro") else name


def own_counters(counters: dict[str, int]) -> dict[str, int]:
    """Of an entry's counters those that are the conversion's own part."""
    return {
        key: gain
        for key, gain in counters.items()
        if not key.startswith(("retro_", "bonus/", "bonus_"))
    }
