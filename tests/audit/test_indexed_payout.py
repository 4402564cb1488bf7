"""An index only says where records stand. Whatever it says wrongly, the ledger is not accused,
and nothing is called verified that is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from audit.account_proof.indexed_evidence import IndexedEvidence
from audit.clicks import find_clicks
from audit.difference import AuditFailed
from audit.fetching import Sought
from audit.index import INDEXED, IndexUnusable, PositionIndex
from audit.indexed_payout import HowProved, prove_indexed_payout
from audit.naming import names_in
from audit.payout_proof import PayoutProof
from events import topics
from events.attributions import Touch
from events.position import Record
from tests.audit import rewards_tampering, tampering
from tests.audit.memory import MemoryLedger, MemoryLog
from tests.audit.rewards_scene import rewarded
from tests.audit.scene import KEYS, paid
from tests.audit.tampering import Way


class MemorySource:
    def __init__(self, log: MemoryLog) -> None:
        self.log = log

    def fetch(
        self, wanted: Mapping[tuple[str, int], Sequence[int]]
    ) -> dict[tuple[str, int], dict[int, Record]]:
        return {
            spot: {offset: self.log.records[spot][offset] for offset in offsets}
            for spot, offsets in wanted.items()
        }

    def series(self, topic: str, partition: int, start: int, end: int) -> Iterator[Record]:
        return self.log.read(topic, partition, start, end)

    def offset_at(self, topic: str, partition: int, at: int) -> int | None:
        return self.log.offset_at(topic, partition, at)

    def search(self, topic: str, sought: Sequence[Sought], limit: int) -> list[Record | None]:
        return [
            next(
                (
                    record
                    for record in self.log.records[topic, one.partition][:limit]
                    if record.recorded_at >= one.at and one.holds in (record.value or b"")
                ),
                None,
            )
            for one in sought
        ]

    def click(self, touch: Touch, cited_by: str) -> Record | None:
        return next((record for _, record in find_clicks(self.log, {touch: cited_by})), None)


class MemoryIndex:
    """An honest index, which a test then teaches to lie."""

    def __init__(self, log: MemoryLog) -> None:
        self.seen = {topic: log.ends(topic) for topic in INDEXED}
        self.places: dict[tuple[str, int, str], list[int]] = {}
        self.named: dict[bytes, set[str]] = {}
        for (topic, partition), records in log.records.items():
            for record in records if topic in INDEXED else ():
                key = (record.key or b"").decode()
                self.places.setdefault((topic, partition, key), []).append(record.offset)
                for name in names_in(record.value):
                    self.named.setdefault(name, set()).add(key)

    def ends(self) -> dict[str, dict[int, int]]:
        return self.seen

    def offsets(self, topic: str, partition: int, key: str) -> list[int]:
        return self.places.get((topic, partition, key), [])

    def customers(self, name: bytes) -> Iterable[str]:
        return sorted(self.named.get(name, ()))

    def of(self, topic: str, key: str = "jane") -> list[int]:
        """The list of jane's positions in a topic."""
        [held] = [h for (t, _, k), h in self.places.items() if (t, k) == (topic, key)]
        return held

    def forget(self, topic: str) -> None:
        """Leave a topic's last records of jane out."""
        del self.of(topic)[-3:]


def audited(
    ledger: MemoryLedger, index: Any, payout: str = "po-1"
) -> tuple[PayoutProof, HowProved]:
    log = ledger.log
    names = (*INDEXED, topics.DECISIONS, topics.CLICKS)

    def evidence() -> IndexedEvidence:
        return IndexedEvidence(
            index, MemorySource(log), {topic: log.ends(topic) for topic in names}
        )

    return prove_indexed_payout(evidence, log, payout, KEYS, patience=0)


def test_a_payout_is_proved_by_the_index() -> None:
    ledger = paid(MemoryLedger())
    proof, how = audited(ledger, MemoryIndex(ledger.log))
    assert (proof.status, proof.amount, how.by, how.faults) == ("settled", 1000, "index", [])
    assert how.unseen == 0
    assert all(proved.click for proved in proof.before if proved.method == "click")
    assert audited(ledger, MemoryIndex(ledger.log), "po-2")[0].status == "refused"


def test_what_the_index_has_not_seen_is_read_from_the_log() -> None:
    ledger = paid(MemoryLedger())
    index = MemoryIndex(ledger.log)
    for ends in index.seen.values():
        ends.update({partition: end // 2 for partition, end in ends.items()})
    proof, how = audited(ledger, index)
    assert (proof.status, how.by) == ("settled", "index")
    assert how.unseen > 0
    index.seen.update({topic: {} for topic in INDEXED})  # seen nothing at all
    assert audited(ledger, index)[1].by == "index"


Lie = Callable[[MemoryIndex], object]
LEFT_OUT: dict[str, Lie] = {
    "entries in the middle": lambda index: index.of(topics.JOURNAL).__delitem__(slice(3, 6)),
    "the first entry": lambda index: index.of(topics.JOURNAL).pop(0),
    "the last entries": lambda index: index.forget(topics.JOURNAL),
    "all entries": lambda index: index.of(topics.JOURNAL).clear(),
    "instructions in the middle": lambda index: index.of(topics.INSTRUCTIONS).pop(4),
    "the last instructions": lambda index: index.forget(topics.INSTRUCTIONS),
    "a customer's conversion": lambda index: index.of(topics.CONVERSIONS, "acme/customer-2").pop(1),
    "a customer's attribution": lambda index: index.of(topics.ATTRIBUTIONS, "acme/customer-2").pop(
        1
    ),
    "all conversions": lambda index: [
        held.clear() for (topic, _, _), held in index.places.items() if topic == topics.CONVERSIONS
    ],
    "positions that are others'": lambda index: index.of(topics.JOURNAL).__setitem__(
        slice(None), range(1)
    ),
    "entries it says it has seen": lambda index: index.forget(topics.JOURNAL),
}


@pytest.mark.parametrize("lie", LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_the_index_leaves_out_costs_a_scan(lie: Lie) -> None:
    ledger = paid(MemoryLedger())
    index = MemoryIndex(ledger.log)
    lie(index)
    proof, how = audited(ledger, index)
    assert (proof.status, proof.amount, how.by) == ("settled", 1000, "scan")
    assert how.fell_back


def test_a_customer_left_out_is_found_by_what_the_instructions_cite() -> None:
    ledger = paid(MemoryLedger())
    index = MemoryIndex(ledger.log)
    index.named.clear()
    proof, how = audited(ledger, index)
    assert (proof.status, how.by, proof.conversions) == ("settled", "index", 32)


def test_what_the_index_adds_is_named_and_changes_nothing() -> None:
    ledger = paid(MemoryLedger())
    index = MemoryIndex(ledger.log)
    index.of(topics.JOURNAL).append(999_999)
    index.of(topics.CONVERSIONS, "acme/customer-2").append(27)  # another's
    index.named[b"JANE"] = {"acme/customer-1", "acme/customer-3", "acme/nobody"}
    proof, how = audited(ledger, index)
    assert (proof.status, how.by) == ("settled", "index")
    assert any("is said to be of 'acme/customer-2'" in fault for fault in how.faults)


def test_an_index_that_is_ahead_of_the_log_is_named() -> None:
    """It is of another log, or the log was cut off since."""
    ledger = paid(MemoryLedger())
    index = MemoryIndex(ledger.log)
    for ends in index.seen.values():
        ends.update({partition: end + 5 for partition, end in ends.items()})
    _, how = audited(ledger, index)
    assert any("is said to be read to" in fault for fault in how.faults)


def test_an_index_that_cannot_be_read_on_costs_a_scan() -> None:
    class Broken(MemoryIndex):
        def customers(self, name: bytes) -> Iterable[str]:
            raise IndexUnusable("a table is gone")

    ledger = paid(MemoryLedger())
    proof, how = audited(ledger, Broken(ledger.log))
    assert (proof.status, how.by, how.fell_back) == ("settled", "scan", "a table is gone")


def ways(found: tuple[Way, ...], *, but: tuple[str, ...] = ()) -> list[Any]:
    return [
        pytest.param(way, id=way.name.replace(" ", "-"))
        for way in found
        if way.concerns_payout and way.name not in but
    ]


@pytest.mark.parametrize("way", ways(tampering.WAYS))
def test_a_tampered_ledger_is_not_verified_by_an_honest_index(way: Way) -> None:
    ledger = paid(MemoryLedger())
    way.apply(ledger)
    with pytest.raises(AuditFailed):
        audited(ledger, MemoryIndex(ledger.log))


@pytest.mark.parametrize("way", ways(rewards_tampering.WAYS))
def test_tampered_rewards_are_not_verified_by_an_honest_index(way: Way) -> None:
    ledger = rewarded(MemoryLedger())
    way.apply(ledger)
    with pytest.raises(AuditFailed):
        audited(ledger, MemoryIndex(ledger.log))


SHOWN_BY_ITS_ABSENCE = (
    "a deal appended",
    "a credit taken away",
)
"""Ways that leave nothing in the account: an index from before that does not name the customer
hides them, and the audit by index says that it does not prove completeness."""


@pytest.mark.parametrize("way", ways(tampering.WAYS, but=SHOWN_BY_ITS_ABSENCE))
def test_a_tampered_ledger_is_not_verified_by_an_index_that_leaves_out(way: Way) -> None:
    """Every name and every last position is gone from the index."""
    ledger = paid(MemoryLedger())
    way.apply(ledger)
    index = MemoryIndex(ledger.log)
    index.named.clear()
    for held in index.places.values():
        del held[-1:]
    with pytest.raises(AuditFailed):
        audited(ledger, index)


def test_the_index_on_disk_gives_what_was_put_in(tmp_path: Path) -> None:
    index = PositionIndex(tmp_path / "index", "here", writable=True)
    index.add(topics.JOURNAL, 1, {b"jane": [3, 9], b"jane2": [4]}, [], 10)
    index.add(topics.JOURNAL, 1, {b"jane": [12]}, [], 13)
    index.add(topics.CONVERSIONS, 0, {b"acme/c": [0]}, [(b"JANE", b"acme/c")], 1)
    index.flush()
    for found in (index, PositionIndex(tmp_path / "index", "here")):
        assert found.offsets(topics.JOURNAL, 1, "jane") == [3, 9, 12]
        assert found.offsets(topics.JOURNAL, 0, "jane") == []
        assert list(found.customers(b"JANE")) == ["acme/c"]
        assert list(found.customers(b"JAN")) == []
        assert found.ends()[topics.JOURNAL] == {1: 13}
    index.close()
    with pytest.raises(IndexUnusable, match="another log"):
        PositionIndex(tmp_path / "index", "elsewhere")
    with pytest.raises(IndexUnusable, match="cannot be opened"):
        PositionIndex(tmp_path / "nothing", "here")
