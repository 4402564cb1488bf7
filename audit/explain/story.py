"""What an explanation consists of: sentences, and where in the log each can be checked."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from msgspec import Struct, field

from events.currencies import exponent
from events.journal import HELD


class Sentence(Struct, frozen=True):
    """One reason, as a person reads it."""

    text: str
    evidence: tuple[str, ...] = ()
    """Positions of the records it rests on, `topic/partition/offset`."""


class Explanation(Struct):
    """Why something is as it is."""

    subject: str
    """What was asked for, as the ledger calls it."""
    verified: bool = True
    """Whether the log says what follows from its own inputs."""
    sentences: list[Sentence] = field(default_factory=list)

    def say(self, text: str, *evidence: str) -> None:
        """Add a sentence; empty evidence is left out."""
        self.sentences.append(Sentence(text, tuple(place for place in evidence if place)))


def money(amount: int, unit: str) -> str:
    """`1,234.56 EUR`, `300 acme:credit`."""
    return f"{Decimal(amount).scaleb(-exponent(unit)):,} {unit}".rstrip()


def percent(basis_points: int) -> str:
    """`10 %`, `12.34 %`."""
    return f"{Decimal(basis_points).scaleb(-2).normalize():f} %"


def moment(ms: int) -> str:
    """`2026-11-23 09:15:00 UTC`."""
    if ms >= HELD:
        return "a person releases it"
    whole = datetime.fromtimestamp(ms // 1000, UTC)
    return whole.strftime("%Y-%m-%d %H:%M:%S UTC")
