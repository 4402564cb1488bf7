"""Asks the fold of a world in memory what its readers ask it of Kafka."""

from __future__ import annotations

from collections.abc import Callable

from events.codec import decode
from events.instructions import CommissionDue, RefundDue
from events.journal import Entry
from events.position import Position
from events.topics import INSTRUCTIONS
from projections.as_of import AsOf, Books
from projections.effective import Dated
from projections.moments import Moment
from tests.as_of.lives import posted
from tests.as_of.model import Owed
from tests.projections.world import PARTITIONS
from tests.rewards.lives import Living


def told(world: Living, positions: set[str]) -> dict[str, int]:
    """Position of an instruction → when its conversion happened, ms."""
    times = {}
    for text in positions:
        _, partition, offset = Position.parse(text)
        found = decode(INSTRUCTIONS, world.instructions[partition][offset])
        if isinstance(found, CommissionDue | RefundDue):
            times[text] = found.occurred_at
    return times


class Answer:
    """What the fold says of a question."""

    def __init__(
        self,
        world: Living,
        then: Moment,
        known: Moment,
        wanted: Callable[[Entry], bool] = lambda _: True,
    ) -> None:
        self.fold = AsOf(then, known)
        for partition in range(PARTITIONS):
            for one in posted(world, partition):
                self.fold.take(one, wanted(one.entry))
        self.before: Books = self.fold.books
        self.late: list[Dated] = self.fold.late(told(world, self.fold.instructions()))
        self.moment = self.fold.moment

    def places(self, world: Living, which: str) -> dict[int, int]:
        """Where T (`then`) or K (`known`) cut the partitions."""
        return {
            partition: getattr(self.fold.cut(partition, len(world.journal[partition])), which)
            for partition in range(PARTITIONS)
        }

    def owed(self) -> Owed:
        """As the model says it."""
        for dated in self.late:
            self.before.book(dated.posted.entry)
        return {
            tuple(key): {name: getattr(sums, name) for name in sums.__struct_fields__}
            for key, sums in self.before.at(self.moment).items()
        }

    def earned(self) -> dict[tuple[str, str, str, str], tuple[int, int]]:
        """As the model says it. Asked after `owed`, it is of what is known."""
        return {
            (one.partner, one.program, one.unit, one.rule): (one.earned, one.taken_back)
            for one in self.before.commissions()
        }
