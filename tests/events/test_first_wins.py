"""The first record for a position wins; all readers reach the same answer."""

from __future__ import annotations

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.codec import UnreadableRecord, encode
from events.decisions import DecisionRecord, StoredDecision
from events.first_wins import DecisionLog, Dense, Verdict
from events.position import Record


def test_a_decider_output_is_accepted_exactly_in_order() -> None:
    dense = Dense()
    said = [dense.judge("conversions/3/0", n) for n in (0, 2, 1, 1, 0, 2, 3)]
    accepted, ahead, repeated = Verdict.ACCEPTED, Verdict.AHEAD, Verdict.REPEATED
    assert said == [accepted, ahead, accepted, repeated, repeated, accepted, accepted]
    assert dense.last == {"conversions/3": 3}


def test_each_source_partition_counts_for_itself() -> None:
    dense = Dense({"attributions/0": 4})
    assert dense.judge("attributions/1/9", 0) is Verdict.ACCEPTED
    assert dense.judge("attributions/0/9", 5) is Verdict.ACCEPTED
    assert dense.judge("decisions/0/2", 5) is Verdict.AHEAD


@given(st.data(), st.integers(1, 30))
def test_repeats_and_gaps_heal_to_the_same_sequence(data: st.DataObject, count: int) -> None:
    """A writer that starts again from any earlier point, any number of times."""
    written: list[int] = []
    while not written or max(written) < count - 1:
        start = data.draw(st.integers(0, max(written, default=-1) + 1))
        written += range(start, data.draw(st.integers(start, count - 1)) + 1)
    dense = Dense()
    accepted = [n for n in written if dense.judge("conversions/0/0", n) is Verdict.ACCEPTED]
    assert accepted == list(range(count))


def decisions(*events: tuple[str, int], state: bytes = b"{}") -> bytes:
    return encode(
        DecisionRecord(
            tuple(
                StoredDecision(aggregate, version, "x.happened", msgspec.Raw(state))
                for aggregate, version in events
            )
        )
    )


def accept(log: DecisionLog, offset: int, value: bytes) -> list[tuple[int, str, int]]:
    found = log.accept(Record("decisions", 0, offset, 7, None, value))
    return [(decision.number, decision.aggregate, decision.version) for decision in found]


def test_what_cites_no_position_is_ignored() -> None:
    assert Dense().judge("nowhere", 0) is Verdict.REPEATED


def test_the_first_writer_of_a_version_wins_and_numbers_count_what_is_accepted() -> None:
    log = DecisionLog()
    assert accept(log, 0, decisions(("a", 1), ("a", 2))) == [(1, "a", 1), (2, "a", 2)]
    assert accept(log, 1, decisions(("a", 2))) == []
    assert accept(log, 2, decisions(("b", 1))) == [(3, "b", 1)]
    assert accept(log, 3, decisions(("a", 3))) == [(4, "a", 3)]
    assert log.count == 4


def test_a_record_is_accepted_whole_or_not_at_all() -> None:
    log = DecisionLog()
    accept(log, 0, decisions(("a", 1)))
    assert accept(log, 1, decisions(("b", 1), ("a", 1))) == []
    assert accept(log, 2, decisions(("b", 1), ("b", 1))) == []
    assert accept(log, 3, decisions(("b", 1))) == [(2, "b", 1)]


def test_a_record_is_read_once() -> None:
    log = DecisionLog()
    accept(log, 0, decisions(("a", 1)))
    assert accept(log, 0, decisions(("c", 1))) == []


def test_a_decision_cites_its_record_and_carries_its_state() -> None:
    log = DecisionLog()
    [one] = log.accept(Record("decisions", 0, 5, 7, None, decisions(("a", 1), state=b'{"k":1}')))
    assert (one.position, one.recorded_at, one.state) == ("decisions/0/5", 7, b'{"k":1}')
    packed = base64.b64encode(b"\x80bytes").decode()
    record = DecisionRecord((StoredDecision("a", 2, "x", state_base64=packed),))
    [two] = log.accept(Record("decisions", 0, 6, 8, None, encode(record)))
    assert two.state == b"\x80bytes"


def test_an_unreadable_record_takes_no_number_and_no_version() -> None:
    log = DecisionLog()
    with pytest.raises(UnreadableRecord, match="decisions/0/0"):
        accept(log, 0, b"{oops")
    bad = DecisionRecord(
        (
            StoredDecision("a", 1, "x", msgspec.Raw(b"{}")),
            StoredDecision("a", 2, "x", state_base64="not base64!"),
        )
    )
    with pytest.raises(UnreadableRecord, match="decisions/0/1: state_base64 of a version 2"):
        accept(log, 1, encode(bad))
    assert accept(log, 2, decisions(("a", 1))) == [(1, "a", 1)]
