"""What the log holds already of an import: its ids, found by reading the topic once.

Imports don't keep a note of how far they came: the log is the note. So a second run, also
after a kill in the middle, on another machine or with another part of the file, writes
what is missing and nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from cli.imports.visits import identity
from events.clicks import Click
from events.codec import UnreadableRecord, decode_record, encode
from events.conversions import Deal, Refund, Signup
from events.log import read_batches, watermarks
from events.position import Record
from events.sealing import ERASED, is_sealed
from events.settings import Broker
from events.topics import CLICKS, CONVERSIONS

Advance = Callable[[int], object]
"""Told how many records were read since the last call."""

DIGEST_BYTES = 12


@dataclass(frozen=True)
class Recorded:
    """A conversion of this import as it stands in the log."""

    position: str
    content: bytes
    """Its JSON without `known`."""


def content(conversion: Deal | Refund | Signup) -> bytes:
    """What two records of one event must share: all but the decisions their writer knew, and
    what was sealed, which differs once its subject was forgotten."""
    metadata = {
        name: value
        for name, value in conversion.metadata.items()
        if not is_sealed(value) and value != ERASED
    }
    return encode(replace(conversion, known=0, metadata=metadata))


def ends(broker: Broker, topic: str) -> dict[int, int]:
    """Partition → end as of now; their sum is how many records a scan reads."""
    return {partition: high for partition, (_, high) in watermarks(broker, topic).items()}


def recorded_conversions(
    broker: Broker, program: str, prefix: str, until: dict[int, int], advance: Advance
) -> dict[str, Recorded]:
    """Event id → record, for the program's conversions whose event id begins with `prefix`."""
    found: dict[str, Recorded] = {}
    for record in _holding(broker, CONVERSIONS, until, f'"event_id":"{prefix}'.encode(), advance):
        conversion = _decoded(record)
        if (
            isinstance(conversion, Deal | Refund | Signup)
            and conversion.program == program
            and conversion.event_id.startswith(prefix)
        ):
            here = Recorded(str(record.position), content(conversion))
            found.setdefault(conversion.event_id, here)
    return found


def recorded_clicks(
    broker: Broker, program: str, until: dict[int, int], advance: Advance
) -> set[bytes]:
    """Digests of the identities of the program's clicks (see `click_digest`)."""
    found = set()
    for record in _holding(broker, CLICKS, until, f'"program":"{program}"'.encode(), advance):
        click = _decoded(record)
        if isinstance(click, Click) and click.program == program:
            found.add(click_digest(click.click_id))
    return found


def click_digest(click_id: str) -> bytes:
    """A click's identity in 12 bytes: a scan may have to hold millions."""
    return hashlib.blake2b(identity(click_id).encode(), digest_size=DIGEST_BYTES).digest()


def _holding(
    broker: Broker, topic: str, until: dict[int, int], needle: bytes, advance: Advance
) -> Iterator[Record]:
    """The records whose bytes hold `needle`; decoding the others would cost the most."""
    for partition, end in until.items():
        for batch in read_batches(broker, topic, partition, 0, end):
            for record in batch:
                if record.value is not None and needle in record.value:
                    yield record
            advance(len(batch))


def _decoded(record: Record) -> Click | Deal | Refund | Signup | None:
    try:
        found: Click | Deal | Refund | Signup = decode_record(record)
    except UnreadableRecord:
        return None  # the processors write a dead letter about it
    return found
