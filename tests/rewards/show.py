"""What the tables show of an entry.

    alice commission +60.00 [sale +10.00, starter +50.00]
        what `payable` gains, and of it each rule's part where it is not one rule named as
        the event
    carl commission +1.00 [first] via alice         an override
    alice commission +10.80 USD | commissions -10.00, exchange +10.00, exchange -10.80 USD
        all other accounts where they are not just the commissions that pay for it
    alice commission +50.00 {cap monthly: 50.00 of 80.00 EUR}          notes
    alice commission +10.00 held self_referral
    alice released 10.00 [starter +50.00]          what was held, and what came on top
    alice payout_refused (minimum 50.00 EUR, available 12.00 EUR)      the reason

Amounts of the program's currency carry no unit.
"""

from __future__ import annotations

from collections import defaultdict

from events.journal import HELD, Entry
from tests.rewards.amounts import major

OTHERS = (
    "commissions",
    "wholesale",
    "receipts",
    "in_transit",
    "paid",
    "withholding",
    "fees",
    "exchange",
    "rounding",
)
"""Accounts besides payable, in the order in which they are shown."""

EARNED = ("commission", "clawback", "rejected", "adjusted", "adjustment", "award")


def show(entry: Entry, currency: str) -> str:
    """One entry; `currency`: the program's."""
    owed: dict[str, int] = defaultdict(int)
    by_rule: dict[tuple[str, str], int] = defaultdict(int)
    others: dict[tuple[str, str], int] = defaultdict(int)
    held = 0
    for leg in entry.legs:
        unit = leg.unit or entry.unit
        if leg.account == "payable":
            owed[unit] += leg.amount
            by_rule[leg.rule or entry.rule, unit] += leg.amount
            held += leg.amount if leg.available_at == HELD else 0
        else:
            others[leg.account, unit] += leg.amount
    words = [entry.partner, entry.kind]
    if entry.kind in ("held", "released"):
        words.append(_amount(abs(held), entry.unit, currency, ""))
    shown = {unit: amount for unit, amount in owed.items() if amount}
    if not shown and entry.kind in EARNED:
        shown = {entry.unit: 0}
    words += [_amount(amount, unit, currency) for unit, amount in shown.items()]
    words += _rules(entry, by_rule, currency)
    words += [f"via {entry.via}"] if entry.via else []
    mirrored = {("commissions", unit): -amount for unit, amount in shown.items() if amount}
    booked = {key: amount for key, amount in others.items() if amount}
    if booked != mirrored:
        legs = [
            f"{account} {_amount(booked[account, unit], unit, currency)}"
            for account, unit in sorted(booked, key=lambda of: _place(*of, currency))
        ]
        words.append("| " + ", ".join(legs))
    words += [f"{{{note}}}" for note in entry.notes]
    if entry.hold and entry.kind == "commission":
        words.append(f"held {entry.hold}")
    elif reason := entry.reason or entry.hold:
        words.append(f"({reason})")
    return " ".join(words)


def _place(account: str, unit: str, currency: str) -> tuple[int, bool, str]:
    return OTHERS.index(account), unit != currency, unit


def _rules(entry: Entry, by_rule: dict[tuple[str, str], int], currency: str) -> list[str]:
    parts = {key: amount for key, amount in by_rule.items() if amount}
    names = {name for name, _ in parts}
    if not names or names in ({""}, {"sale"}, {"lead"}, {"renewal"}):
        return []
    if len(parts) == 1 and entry.kind not in ("held", "released"):
        return [f"[{next(iter(names))}]"]
    inside = (f"{name} {_amount(amount, unit, currency)}" for (name, unit), amount in parts.items())
    return [f"[{', '.join(inside)}]"]


def _amount(amount: int, unit: str, currency: str, sign: str = "+") -> str:
    said = major(amount, unit, sign)
    return said if unit == currency else f"{said} {unit}"
