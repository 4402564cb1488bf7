"""How the journal's entries are called by people, and what else is to be said of one."""

from __future__ import annotations

from cli.money import shown
from cli.reading import iso
from events.journal import HELD
from projections.statement import Line, Sums

KINDS = {
    "commission": "Commission",
    "clawback": "Taken back",
    "held": "Held for review",
    "released": "Released",
    "rejected": "Rejected",
    "adjusted": "Commission corrected",
    "adjustment": "Adjustment",
    "award": "Prize",
    "payment_received": "Payment received",
    "payout_funded": "Payout",
    "payout_refused": "Payout refused",
    "payout_sent": "Payout sent",
    "payout_settled": "Payout settled",
    "payout_failed": "Payout failed",
    "payout_returned": "Payout returned",
    "no_effect": "Booked nothing",
}


def kind(name: str) -> str:
    """`payout_funded` → `Payout`; a kind without words stays what it is called."""
    return KINDS.get(name, name)


def about(line: Line) -> str:
    """What an entry is about: the payout, deal, lead or adjustment."""
    return line.payout or line.deal or line.adjustment or line.event_id


def details(line: Line, unit: str) -> list[str]:
    """What is to be said of a line besides its amount."""
    said = [f"brought by {line.via}"] if line.via else []
    said += line.notes
    if line.effective and day(line.effective) != day(line.at):
        said.append(f"booked {day(line.at)}")
    if line.reason:
        said.append(line.reason.replace("_", " "))
    if line.fees:
        said.append(f"fee {shown(line.fees, unit)}")
    if line.withholding:
        said.append(f"withheld {shown(line.withholding, unit)}")
    if line.paid:
        said.append(f"paid {shown(line.paid, unit)}")
    if line.available_at >= HELD:
        said.append("waits for a decision")
    elif line.available_at > line.at:
        said.append(f"available from {day(line.available_at)}")
    return said


def day(ms: int) -> str:
    """`2026-11-20`, UTC."""
    return iso(ms)[:10]


def at_the_close(sums: Sums, unit: str) -> str:
    """`available 10.00 EUR, pending 2.50 EUR, in transit 0.00 EUR, paid 40.00 EUR`."""
    said = [
        f"{name.replace('_', ' ')} {shown(getattr(sums, name), unit)}"
        for name in ("available", "pending", "in_transit", "paid")
    ]
    said += [
        f"{words} {shown(amount, unit)}"
        for words, amount in (("fees", sums.fees), ("withheld", sums.withholding))
        if amount
    ]
    return ", ".join(said)


def bare(amount: int, unit: str) -> str:
    """An amount without its unit, which stands above the table."""
    return shown(amount, unit).removesuffix(unit).rstrip()
