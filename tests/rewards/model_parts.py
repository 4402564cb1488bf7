"""What the naive model is made of: deals as they were booked, and plain arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import NamedTuple

from events.instructions import CommissionDue
from events.terms import Bonus, Modifier, Rule, Terms

WHOLE = 10_000
Booked = dict[tuple[str, str, str], int]
"""(account, unit, rule) → minor units; nothing where they are zero."""


class Expected(NamedTuple):
    """What an instruction must give."""

    kind: str
    legs: Booked
    hold: str = ""
    reason: str = ""
    """Of `no_effect`; empty where the contract does not fix the words."""


@dataclass
class Line:
    """What one rule, bonus or override paid for a deal, and what of it was taken back."""

    rule: str
    unit: str
    cost: int
    """Program's currency, or the program's own unit."""
    owed: int
    """The partner's currency."""
    exchanged: int
    """Program's currency, on the exchange account."""
    wholesale: bool = False
    capped_by: tuple[tuple[str, str], ...] = ()
    """Names and periods of the partner's caps that bound it."""
    back: tuple[int, int, int] = (0, 0, 0)


@dataclass
class Weight:
    """A deal's part in a retroactive group."""

    rule: Rule
    base: int
    """Minor units of the program's currency, or ten-thousandths of a flat amount, × basis
    points of the share."""

    def left(self, deal: Deal) -> int:
        return self.base - rounded(self.base * (1 - deal.left))


@dataclass
class Deal:
    """A commission that was booked."""

    due: CommissionDue
    terms: Terms
    unit: str
    rate: Fraction
    lines: list[Line]
    weights: list[Weight]
    sold: int
    counted: bool
    held: bool
    refunded: int = 0
    rejected: bool = False
    provisional: tuple[Line, ...] = ()
    """Of the lines: what groups and bonuses had by it when a person held it."""
    taken: tuple[tuple[tuple[str, str, str], Bonus, Line], ...] = ()
    """Bonuses that were taken back by that."""

    @property
    def left(self) -> Fraction:
        if self.rejected:
            return Fraction(0)
        return 1 - Fraction(self.refunded, self.due.amount) if self.due.amount else Fraction(1)

    @property
    def counts(self) -> bool:
        return self.counted and self.left > 0

    @property
    def sold_left(self) -> int:
        return self.sold - rounded(self.sold * (1 - self.left)) if self.counted else 0


@dataclass
class Paid:
    """What a retroactive group has paid so far."""

    cost: int = 0
    owed: int = 0
    exchanged: int = 0


@dataclass
class PaidBonus:
    """A bonus of a period that is paid; None: it is not, or not any longer."""

    bonus: Bonus | None = None
    line: Line | None = None


def rounded(exact: Fraction | int) -> int:
    """To the nearest, halves away from zero."""
    exact = Fraction(exact)
    whole = (abs(exact) + Fraction(1, 2)).__floor__()
    return -whole if exact < 0 else whole


def part(exact: Fraction | int, before: int, share: int) -> int:
    """The minor units of a share that begins after `before` basis points."""
    exact = Fraction(exact)
    return rounded(exact * (before + share) / WHOLE) - rounded(exact * before / WHOLE)


def day_of(moment: int) -> datetime:
    return datetime.fromtimestamp(moment / 1000, UTC)


def period(moment: int, of: str) -> str:
    """`all`, `2026-11`, `2026-Q4` or `2026`."""
    day = day_of(moment)
    if of == "lifetime":
        return "all"
    if of == "month":
        return f"{day.year}-{day.month:02}"
    return f"{day.year}-Q{(day.month + 2) // 3}" if of == "quarter" else str(day.year)


def months_later(moment: int, months: int) -> datetime:
    """The same day of a later month, or that month's last."""
    day = day_of(moment)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    number = day.day
    while True:
        try:
            return day.replace(year=year, month=month + 1, day=number)
        except ValueError:
            number -= 1


def clean(legs: Booked) -> Booked:
    return {key: amount for key, amount in legs.items() if amount}


def holds(modifier: Modifier, due: CommissionDue, part: tuple[str, str, int]) -> bool:
    """Whether a condition of a rule holds for a part of a deal."""
    product, category, _ = part
    name, operator, wanted = modifier.attribute, modifier.operator, modifier.value
    given: str | int = {
        "product": product,
        "category": category,
        "country": due.country,
        "customer": "new" if due.purchase == 1 else "returning",
        "purchase": due.purchase,
        "amount": due.amount,
        "coupon": due.coupon,
        "method": due.method,
    }[name]
    if name in ("product", "category") and not given:
        return operator in ("is_not", "not_in")
    if operator == "at_least":
        return int(given) >= int(wanted)  # type: ignore[arg-type]
    if operator == "at_most":
        return int(given) <= int(wanted)  # type: ignore[arg-type]
    several = wanted if isinstance(wanted, tuple) else (wanted,)
    if name in ("country", "coupon", "category"):
        one = str(given).lower() in [str(each).lower() for each in several]
    else:
        one = str(given) in [str(each) for each in several]
    return one == (operator in ("is", "in"))
