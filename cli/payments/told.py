"""What a bank or a provider tells of one payment, whatever file it came in."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from cli.payments.orders import minor


class Outcome(enum.Enum):
    """What became of a payment."""

    BOOKED = "booked"
    RETURNED = "returned"
    WAITING = "waiting"
    """Neither yet."""
    OTHER = "other"
    """Not a payment of ours, or nothing that decides anything."""


@dataclass(frozen=True)
class Told:
    """One line of a file."""

    where: str
    """The file and the place in it, for people."""
    reference: str
    """The end-to-end id."""
    outcome: Outcome
    amount: int | None
    """Minor units; None where the file has none that can be read."""
    currency: str
    reason: str = ""
    """Why it came back: the code and what was added to it."""
    bank_reference: str = ""


def money(text: str, currency: str) -> int | None:
    """Minor units of an amount as it stands in a file."""
    return minor(text, currency) if text and currency else None
