"""The lag shown is of the topics that the processors read."""

from __future__ import annotations

from deploy.status import GROUP, READS, behind
from streams.sink import GROUP as SINK_GROUP
from streams.sink_rows import TABLES
from streams.worker import DECIDERS


def test_every_processor_is_shown_with_the_topics_it_reads() -> None:
    for name, processor in DECIDERS.items():
        assert READS[name] == processor.topics  # type: ignore[attr-defined]
    assert set(READS) == {*DECIDERS, "warehouse"}
    assert set(READS["warehouse"]) == set(TABLES)
    assert GROUP.format("warehouse") == SINK_GROUP


def test_a_lag_counts_the_records_between_position_and_end() -> None:
    assert behind({0: 10, 1: 5}, {0: 7}) == 8
    assert behind({0: 10}, {0: 12}) == 0, "the position was read after the end"
