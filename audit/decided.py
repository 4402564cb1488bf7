"""The decisions of a ledger, read whole: the directory and the payouts' own records."""

from __future__ import annotations

from dataclasses import dataclass, field

from audit.log import Log
from events import topics
from events.codec import UnreadableRecord
from events.decisions import Decision
from events.first_wins import DecisionLog
from projections.directory import Directory


@dataclass
class Decided:
    """`decisions` up to its end."""

    directory: Directory = field(default_factory=Directory)
    decisions: list[Decision] = field(default_factory=list)
    records: int = 0
    next_offset: int = 0
    """The offset after the last record read."""
    lost: int = 0
    """Records that came second for a position and so add nothing."""
    unreadable: list[str] = field(default_factory=list)

    def of_aggregate(self, aggregate: str) -> list[Decision]:
        return [decision for decision in self.decisions if decision.aggregate == aggregate]


def read_decisions(log: Log) -> Decided:
    decided = Decided()
    accepted = DecisionLog()
    for record in log.read(topics.DECISIONS, 0):
        decided.records += 1
        decided.next_offset = record.offset + 1
        try:
            batch = accepted.accept(record)
        except UnreadableRecord:
            decided.unreadable.append(str(record.position))
            continue
        decided.lost += not batch
        for decision in batch:
            decided.decisions.append(decision)
            decided.directory.apply(decision)
    return decided
