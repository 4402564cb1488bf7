"""Dead letters: records a processor could not read, with the error and where they stand.

Topic `dead-letters`. Position of a letter: (processor, source); repeats are ignored.
"""

from __future__ import annotations

from msgspec import Struct


class DeadLetter(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="dead_letter.v1"):
    """A record that could not be read, and by which processor."""

    processor: str
    source: str
    """Position of the record that could not be read."""
    recorded_at: int
    error: str
    key: str = ""
    value: str = ""
    """The bytes as text, undecodable ones escaped; cut at 10,000 characters. As `key`, empty
    for conversions and decisions, which may tell of people."""
