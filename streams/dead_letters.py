"""Dead letters: what a processor could not read, kept with its error and coordinates.

The partition moves on. Position of a letter is (processor, source): a restarted
processor may write one again, and readers ignore the repeat.
"""

from __future__ import annotations

from events.codec import encode
from events.dead_letters import DeadLetter
from events.position import Record

VALUE_CHARACTERS = 10_000
"""How much of a record's value a letter carries; the rest is found at its position."""


def dead_letter(processor: str, record: Record, error: str) -> tuple[str, bytes]:
    """Key and value of the letter about `record`."""
    source = str(record.position)
    letter = DeadLetter(
        processor=processor,
        source=source,
        recorded_at=record.recorded_at,
        error=error,
        key=_text(record.key),
        value=_text(record.value),
    )
    return source, encode(letter)


def _text(found: bytes | None) -> str:
    return (found or b"")[:VALUE_CHARACTERS].decode(errors="backslashreplace")[:VALUE_CHARACTERS]
