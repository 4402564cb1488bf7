"""Clicks that earn are found in a real log: near their own time, or wherever they stand."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from audit.clicks import LOOKED_UP, find_clicks
from audit.difference import AuditFailed
from audit.log import KafkaLog
from events import topics
from events.attributions import Touch
from events.clicks import Click
from events.codec import encode
from events.log import Writer
from events.partitioning import partition_of
from events.position import Record
from events.settings import Broker, Settings
from tests.conftest import TEST_PARTITIONS

pytestmark = pytest.mark.broker

LINK = "jane-link"
PARTITION = partition_of(LINK, TEST_PARTITIONS)
OTHERS = 500
"""Clicks of the same link before and after those that are looked for."""
MONTH_MS = 30 * 86_400_000


class WatchedLog(KafkaLog):
    """Notes which ranges of `clicks` are read."""

    def __init__(self, broker: Broker) -> None:
        super().__init__(broker)
        self.ranges: list[tuple[int, int | None]] = []

    def read(
        self, topic: str, partition: int, start: int = 0, end: int | None = None
    ) -> Iterator[Record]:
        self.ranges.append((start, end))
        return super().read(topic, partition, start, end)


def write(broker: Broker, click_ids: list[str], clicked_at: int, partner: str = "jane") -> None:
    writer = Writer(broker)
    for click_id in click_ids:
        click = Click(click_id, LINK, "acme", partner, clicked_at)
        writer.append(topics.CLICKS, key=LINK, value=encode(click))
    writer.flush()


def others(name: str) -> list[str]:
    return [f"{name}-{number}" for number in range(OTHERS)]


def cited(click_ids: list[str], clicked_at: int) -> dict[Touch, str]:
    return {
        Touch("jane", LINK, click_id, clicked_at): f"attributions/0/{number}"
        for number, click_id in enumerate(click_ids)
    }


def now() -> int:
    """As the broker stamps it, and later than every record before: ms since 1970 UTC."""
    time.sleep(0.005)
    return time.time_ns() // 1_000_000


@pytest.fixture
def log(ledger: Settings, monkeypatch: pytest.MonkeyPatch) -> WatchedLog:
    """One machine's clock stamps both the clicks and their records: it has no skew."""
    monkeypatch.setattr("audit.clicks.MAX_FUTURE_MS", 0)
    return WatchedLog(ledger.broker)


def test_a_few_clicks_are_found_near_their_time(log: WatchedLog) -> None:
    write(log.broker, others("before"), now())
    clicked_at = now()
    write(log.broker, ["a", "b", "a"], clicked_at)
    write(log.broker, others("after"), now())
    found = dict(find_clicks(log, cited(["b", "a"], clicked_at)))
    assert {click_id: record.offset for click_id, record in found.items()} == {
        "a": OTHERS,
        "b": OTHERS + 1,
    }
    assert [start for start, _ in log.ranges] == [OTHERS, OTHERS], "nothing before was read"


def test_clicks_imported_long_after_are_found_by_one_reading(log: WatchedLog) -> None:
    write(log.broker, others("before"), now())
    long_ago = now() - MONTH_MS
    write(log.broker, ["a", "b"], long_ago)
    found = dict(find_clicks(log, cited(["a", "b"], long_ago)))
    assert [found[click_id].offset for click_id in ("a", "b")] == [OTHERS, OTHERS + 1]
    assert log.ranges == [(0, 0), (0, 0), (0, None)]


def test_many_clicks_are_found_by_one_reading(log: WatchedLog) -> None:
    many = [f"many-{number}" for number in range(LOOKED_UP + 1)]
    clicked_at = now()
    write(log.broker, many, clicked_at)
    assert [click_id for click_id, _ in find_clicks(log, cited(many, clicked_at))] == many
    assert log.ranges == [(0, None)]


def test_a_click_that_is_nowhere_is_named_after_all_was_read(log: WatchedLog) -> None:
    clicked_at = now()
    write(log.broker, ["a"], clicked_at)
    with pytest.raises(AuditFailed, match=rf"click 'gone', .* not in the log \(clicks/{PARTITION}"):
        list(find_clicks(log, cited(["a", "gone"], clicked_at)))
    assert log.ranges[-1] == (0, None)


def test_records_that_cannot_be_read_are_passed_by(log: WatchedLog) -> None:
    clicked_at = now()
    writer = Writer(log.broker)
    writer.append(topics.CLICKS, key=LINK, value=b'{"click_id":"a"')
    writer.flush()
    write(log.broker, ["a"], clicked_at)
    [(_, record)] = find_clicks(log, cited(["a"], clicked_at))
    assert record.offset == 1


def test_a_click_of_somebody_else_is_a_difference_also_near_its_time(log: WatchedLog) -> None:
    clicked_at = now()
    write(log.broker, ["a"], clicked_at, partner="omar")
    with pytest.raises(AuditFailed, match=r"which is of link jane-link, partner omar"):
        list(find_clicks(log, cited(["a"], clicked_at)))
