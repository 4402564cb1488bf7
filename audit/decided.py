"""The decisions of a ledger, read whole: the directory and the payouts' own records."""

from __future__ import annotations

from audit.difference import Difference
from audit.log import Log
from events import topics
from events.codec import UnreadableRecord
from events.decisions import FACTS, Decision
from events.first_wins import DecisionLog
from events.position import Record
from projections.directory import Directory


class Decided:
    """`decisions` from the first on, as far as it was read."""

    def __init__(self, log: Log | None = None) -> None:
        """`log`: where `read_on` goes on reading; None where the decisions are handed in."""
        self._log = log
        self._accepted = DecisionLog()
        self._versions: dict[str, int] = {}
        self.directory = Directory()
        self.decisions: list[Decision] = []
        self.records = 0
        self.next_offset = 0
        """The offset after the last record read."""
        self.lost = 0
        """Records that came second for a position and so add nothing."""
        self.unreadable: list[str] = []
        self.differences: list[Difference] = []
        """Removed decisions, and records under another key than their aggregate's."""

    def of_aggregate(self, aggregate: str) -> list[Decision]:
        """Its decisions, by version."""
        return [decision for decision in self.decisions if decision.aggregate == aggregate]

    def read_on(self) -> None:
        """Read to the end of the log as of now."""
        if self._log is None:
            return
        for record in self._log.read(topics.DECISIONS, 0, self.next_offset):
            self.take(record)

    def take(self, record: Record) -> None:
        """Read the next record."""
        self.records += 1
        self.next_offset = record.offset + 1
        try:
            batch = self._accepted.accept(record)
        except UnreadableRecord:
            self.unreadable.append(str(record.position))
            return
        self.lost += not batch
        if batch:
            self._check_key(record, batch[0])
        for decision in batch:
            self._check_version(decision)
            self.decisions.append(decision)
            self.directory.apply(decision)

    def pass_over(self, offset: int, decisions: int) -> None:
        """Count the `decisions` of an accepted record at `offset` that is not shown."""
        self.records += 1
        self.next_offset = offset + 1
        self._accepted.count += decisions
        self.directory.count += decisions

    def _check_key(self, record: Record, decision: Decision) -> None:
        if record.key != decision.aggregate.encode():
            detail = f"is about {decision.aggregate!r}; its Kafka key is {record.key!r}"
            self.differences.append(Difference("altered", str(record.position), detail))

    def _check_version(self, decision: Decision) -> None:
        """A writer adds version n + 1 only after it read version n: a hole was made later."""
        expected = self._versions.get(decision.aggregate, 0) + 1
        self._versions[decision.aggregate] = decision.version
        if decision.version != expected and decision.name in FACTS:
            self.differences.append(
                Difference(
                    "missing",
                    decision.position,
                    f"is version {decision.version} of {decision.aggregate}, but version "
                    f"{expected} is not in the log before it: a decision was removed or moved",
                )
            )


def read_decisions(log: Log) -> Decided:
    """All decisions up to the log's end as of now."""
    decided = Decided(log)
    decided.read_on()
    return decided
