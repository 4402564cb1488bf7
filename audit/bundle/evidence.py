"""A bundle as the evidence of its partner's account: what `account_proof` asks for, from a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from audit.account_proof import evidence as account_proof
from audit.bundle.contents import Contents
from audit.bundle.format import Shown, Withheld
from audit.decided import Decided
from events import topics
from events.attributions import Touch
from events.clicks import Click
from events.codec import UnreadableRecord, decode_record
from events.partitioning import partition_of
from events.position import Position, Record


class BundleEvidence:
    """The records of a bundle, where they stood in the log."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._records: dict[str, list[Record]] = {
            topic: [line.record for line in lines if isinstance(line, Shown)]
            for topic, lines in contents.lines.items()
        }
        self._at = {
            record.position: record for records in self._records.values() for record in records
        }
        self._by_key: dict[tuple[str, bytes], list[Record]] = {}
        for topic in (topics.CONVERSIONS, topics.ATTRIBUTIONS):
            for record in self._records[topic]:
                self._by_key.setdefault((topic, record.key or b""), []).append(record)
        self._clicks: dict[tuple[int, str], Record] = {}
        for record in self._records[topics.CLICKS]:
            try:
                click: Click = decode_record(record)
            except UnreadableRecord:
                continue
            self._clicks.setdefault((record.partition, click.click_id), record)

    def partitions(self, topic: str) -> int:
        return self._contents.partitions[topic]

    def decisions(self) -> Iterator[Record | account_proof.Withheld]:
        for line in self._contents.lines[topics.DECISIONS]:
            if isinstance(line, Withheld):
                leaf = bytes.fromhex(line.leaf)
                yield account_proof.Withheld(line.offset, line.numbers, leaf)
            else:
                yield line.record

    def journal(self, partner: str) -> Iterator[Record]:
        return self._of(topics.JOURNAL, partner)

    def instructions(self, partner: str) -> Iterator[Record]:
        return self._of(topics.INSTRUCTIONS, partner)

    def customers(self, partner: str, decided: Decided) -> Iterable[str]:
        return sorted({key.decode(errors="replace") for _, key in self._by_key if key})

    def conversions(self, key: str) -> Iterator[Record]:
        return self._customer(topics.CONVERSIONS, key)

    def attributions(self, key: str) -> Iterator[Record]:
        return self._customer(topics.ATTRIBUTIONS, key)

    def record(self, position: Position) -> Record | None:
        return self._at.get(position)

    def click(self, touch: Touch, cited_by: str) -> Record | None:
        partition = partition_of(touch.link, self.partitions(topics.CLICKS))
        return self._clicks.get((partition, touch.click_id))

    def stamped(self, partition: int, before: int, at: int) -> bool:
        if (partition, before, at) in self._contents.stamps:
            return True
        return any(
            record.partition == partition and record.offset < before and record.recorded_at == at
            for record in self._records[topics.INSTRUCTIONS]
        )

    def _of(self, topic: str, key: str) -> Iterator[Record]:
        home = partition_of(key, self.partitions(topic))
        wanted = key.encode()
        return (
            record
            for record in self._records[topic]
            if record.partition == home and record.key == wanted
        )

    def _customer(self, topic: str, key: str) -> Iterator[Record]:
        home = partition_of(key, self.partitions(topics.CONVERSIONS))
        found = self._by_key.get((topic, key.encode()), ())
        return (record for record in found if record.partition == home)
