"""Dead letters: what a processor could not read, kept with its error and coordinates.

The partition moves on. Position of a letter is (processor, source): a restarted
processor may write one again, and readers ignore the repeat.

Of a conversion or a decision a letter has no copy, only the position: whoever wrote it past
the gateway sealed nothing, and what is personal shall not stand in one more place.
"""

from __future__ import annotations

from events.codec import encode
from events.dead_letters import DeadLetter
from events.position import Record
from events.topics import CONVERSIONS, DECISIONS

VALUE_CHARACTERS = 10_000
"""How much of a record's value a letter carries; the rest is found at its position."""
NOT_COPIED = frozenset((CONVERSIONS, DECISIONS))
"""Topics whose records may tell of people."""


def dead_letter(processor: str, record: Record, error: str) -> tuple[str, bytes]:
    """Key and value of the letter about `record`."""
    source = str(record.position)
    is_copied = record.topic not in NOT_COPIED
    letter = DeadLetter(
        processor=processor,
        source=source,
        recorded_at=record.recorded_at,
        error=error,
        key=_text(record.key) if is_copied else "",
        value=_text(record.value) if is_copied else "",
    )
    return source, encode(letter)


def _text(found: bytes | None) -> str:
    return (found or b"")[:VALUE_CHARACTERS].decode(errors="backslashreplace")[:VALUE_CHARACTERS]
