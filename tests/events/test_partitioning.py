"""A key's partition is the one Kafka's own clients compute."""

from __future__ import annotations

import pytest

from events.log import Writer
from events.partitioning import partition_of
from events.position import Position
from events.settings import Settings
from events.topics import INSTRUCTIONS

FOUR = 4
KEYS = [f"acme/customer-{number}" for number in range(400)] + [
    "a", "ab", "abc", "abcd", "päröm/köý", "日本/顧客", "x" * 500, "🙂", "acme/o'neil & söns",
]  # fmt: skip


def test_an_empty_key_has_no_partition() -> None:
    with pytest.raises(ValueError, match="an empty key has no partition"):
        partition_of("", FOUR)


def test_the_partition_of_a_key_never_changes() -> None:
    assert [partition_of(key, 8) for key in ("alice", "bob", "acme/carol", "summer")] == FROZEN


FROZEN = [5, 6, 2, 4]
"""Computed once; a change would split every key's history in two."""


@pytest.mark.broker
def test_librdkafka_places_keys_as_we_compute(ledger: Settings) -> None:
    placed: dict[str, int] = {}
    writer = Writer(ledger.broker)
    for key in KEYS:
        writer.append(
            INSTRUCTIONS,
            key=key,
            value=b"{}",
            on_delivery=lambda error, message, key=key: placed.update({key: message.partition()}),
        )
    writer.flush()
    assert placed == {key: partition_of(key, FOUR) for key in KEYS}
    assert len(set(placed.values())) == FOUR


def test_positions_are_text_that_can_be_parsed_again() -> None:
    position = Position("dead-letters", 0, 1842)
    assert str(position) == "dead-letters/0/1842"
    assert Position.parse("dead-letters/0/1842") == position
    with pytest.raises(ValueError, match="'journal/x/1' is not a position; expected topic/"):
        Position.parse("journal/x/1")
