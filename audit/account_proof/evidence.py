"""What one account rests on: its own records, from a log, an index of one, or a file.

`prove_account` asks for nothing else than this. What stands behind it may be the whole log
(`LogEvidence`), single records fetched by their positions (`IndexedEvidence`), or a bundle
that was exported and carries no record of anybody else.

Evidence is not trusted: what it hands out is decided again, and what it leaves out shows as a
gap, as far as one account's records can show it (see `prove`). It must be the state of the log
at one time, read from the end of the flow to its beginning: a journal entry that it has, has
its instruction, its attribution, its conversions and its decisions there too.

All series of records are in the order of their partition, repeats included.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from audit.decided import Decided
from events.attributions import Touch
from events.position import Position, Record


class Withheld(NamedTuple):
    """A record of `decisions` that is not shown, because it is about somebody else.

    It stands in its place so that the decisions after it keep their numbers. Only accepted
    records are counted so; one that lost adds no decision and may be left out.
    """

    offset: int
    decisions: int
    """How many accepted decisions the record holds."""
    leaf: bytes = b""
    """Its leaf hash in the tree over `decisions`; empty where no tree is shown."""


class Evidence(Protocol):
    """The records that one account, or a few, rest on."""

    def partitions(self, topic: str) -> int:
        """Number of partitions of `topic` in the log it comes from."""

    def decisions(self) -> Iterator[Record | Withheld]:
        """`decisions/0` from its first record on."""

    def journal(self, partner: str) -> Iterator[Record]:
        """The records of the partner's home partition of `journal` that are the partner's, by
        their Kafka key."""

    def instructions(self, partner: str) -> Iterator[Record]:
        """The same of `instructions`."""

    def customers(self, partner: str, decided: Decided) -> Iterable[str]:
        """Keys, `program/customer`, of those whose records name the partner, anyone below it
        (`Directory.team`), their links or coupons, and of those they registered; as far as
        this evidence knows them. Those that the partner's instructions come from may be left
        out: they are found by what the instructions cite."""

    def conversions(self, key: str) -> Iterator[Record]:
        """The customer's conversions: all with this Kafka key in the key's partition."""

    def attributions(self, key: str) -> Iterator[Record]:
        """The customer's attributions: all with this Kafka key in the key's partition."""

    def record(self, position: Position) -> Record | None:
        """A single record that another one cites; None where there is none."""

    def click(self, touch: Touch, cited_by: str) -> Record | None:
        """The first record of the click with the id `touch.click_id` in the partition of
        `touch.link`; None where there is none. `cited_by`: position of the attribution."""

    def stamped(self, partition: int, before: int, at: int) -> bool:
        """Whether a record of `instructions/partition` below offset `before` bears the broker's
        time `at` (ms). An entry may be later than its own instruction only by such a one."""
