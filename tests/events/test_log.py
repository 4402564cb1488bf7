"""Reading and following a partition of a real Kafka."""

from __future__ import annotations

import time

import pytest

from events.log import (
    LogError,
    Tail,
    Writer,
    offset_at,
    partitions,
    read,
    read_one,
    watermarks,
)
from events.position import Position
from events.settings import Broker, Settings
from events.topics import JOURNAL

pytestmark = pytest.mark.broker

RECORDS = 30
GAP_S = 0.02


@pytest.fixture
def written(ledger: Settings) -> Broker:
    """Records 0 to 29 in journal/1, in three lots some milliseconds apart."""
    writer = Writer(ledger.broker)
    for number in range(RECORDS):
        writer.append(JOURNAL, key="k", value=str(number).encode(), partition=1)
        if number % 10 == 9:
            writer.flush()
            time.sleep(GAP_S)
    return ledger.broker


def values(broker: Broker, start: int = 0, end: int | None = None) -> list[int]:
    return [int(record.value or b"") for record in read(broker, JOURNAL, 1, start, end)]


def test_a_range_is_read_to_its_end_and_not_beyond(written: Broker) -> None:
    assert values(written) == list(range(RECORDS))
    assert values(written, 7, 12) == list(range(7, 12))
    assert values(written, 25, 10 * RECORDS) == list(range(25, RECORDS)), "the end as of now"
    assert values(written, RECORDS) == []
    assert watermarks(written, JOURNAL)[1] == (0, RECORDS)


def test_one_record_is_read_by_its_position_or_missed_by_it(written: Broker) -> None:
    assert read_one(written, Position(JOURNAL, 1, 17)).value == b"17"
    with pytest.raises(LogError, match=rf"journal/1/{RECORDS}: no record there"):
        read_one(written, Position(JOURNAL, 1, RECORDS))


def test_a_time_is_the_offset_of_the_first_record_stamped_since(written: Broker) -> None:
    stamps = [record.recorded_at for record in read(written, JOURNAL, 1)]
    for at in (0, -1, *sorted(set(stamps)), stamps[10] + 1, stamps[-1] + 1):
        first = next((n for n, stamp in enumerate(stamps) if stamp >= at), RECORDS)
        assert offset_at(written, JOURNAL, 1, at) == first, at
    assert offset_at(written, JOURNAL, 0, 0) == 0, "an empty partition"


def test_a_tail_begins_where_it_is_told_and_sees_what_comes_after(written: Broker) -> None:
    tail = Tail(written, JOURNAL, 1, start=20)
    try:
        assert tail.end() == RECORDS
        assert [record.offset for record in tail.read_to(RECORDS)] == list(range(20, RECORDS))
        assert tail.poll(0.1) == []
        writer = Writer(written, linger_ms=0)
        writer.append(JOURNAL, key="k", value=b"late", partition=1)
        writer.flush()
        assert [record.value for record in tail.read_to(RECORDS + 1)] == [b"late"]
        with pytest.raises(LogError, match=r"journal/1: offset 99 not reached within 0\.1 s"):
            tail.read_to(99, timeout=0.1)
    finally:
        tail.close()


def test_a_topic_that_is_not_there_is_named_with_the_remedy(written: Broker) -> None:
    with pytest.raises(LogError, match=r"topic nowhere does not exist .*`pledger up` creates"):
        partitions(written, "nowhere")


def test_a_record_without_a_key_is_refused(written: Broker) -> None:
    with pytest.raises(ValueError, match="journal: a record without a key"):
        Writer(written).append(JOURNAL, key="", value=b"{}")
