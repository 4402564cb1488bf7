"""The sink's own dead letters, each written once.

Known are those that stand in the log, not those in a table: filling a database anew must not
add a record to the log.
"""

from __future__ import annotations

import logging

from msgspec import DecodeError

from events import topics
from events.codec import decode
from events.log import Writer, read
from events.position import Record
from events.settings import Broker
from streams.dead_letters import dead_letter

PROCESSOR = "warehouse"
"""Name of the sink in its dead letters."""

log = logging.getLogger("pledger.warehouse")


class SinkLetters:
    """Writes letters; may be used by several threads. Raises LogError when not acknowledged."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._writer = Writer(broker, linger_ms=5)
        self._known: set[str] = set()
        self._read = 0

    def catch_up(self) -> None:
        """Read the letters that were written since the last call, by whichever sink."""
        for record in read(self._broker, topics.DEAD_LETTERS, 0, self._read):
            self._read = record.offset + 1
            try:
                letter = decode(topics.DEAD_LETTERS, record.value or b"")
            except (DecodeError, UnicodeDecodeError):
                continue
            if letter.processor == PROCESSOR:
                self._known.add(letter.source)

    def write(self, unreadable: list[tuple[Record, str]]) -> None:
        """A letter for each record and reason, where there is none yet; acknowledged."""
        for record, why in unreadable:
            source, value = dead_letter(PROCESSOR, record, why)
            if source not in self._known:
                log.warning("unreadable: %s: %s", source, why)
                self._writer.append(topics.DEAD_LETTERS, key=source, value=value)
                self._known.add(source)
        if unreadable:
            self._writer.flush()
