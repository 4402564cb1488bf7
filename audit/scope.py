"""How much of the ledger a replay decides again: all of it, one program, or one partner.

What is left out is not judged. What is in is judged as by a replay of all: every conversion of
the program, or of every customer the partner may have earned from (`naming`); every instruction
that they and the decisions gave; and the journal's partitions they were booked in, which are
booked again as a whole, because an entry's number runs through all accounts of its partition.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct, structs

from audit.decided import Decided
from audit.difference import AuditFailed, altered
from events.codec import encode
from events.decisions import Decision
from events.instructions import Instruction
from events.partitioning import partition_of
from events.position import Record


class Scope(Struct, frozen=True):
    """Names one partner or one program; neither: the whole ledger."""

    partner: str = ""
    program: str = ""

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return not self.partner and not self.program

    def covers(self, partner: str, program: str) -> bool:
        """Whether what is booked for `partner` in `program` is to be decided again."""
        return (not self.partner or partner == self.partner) and (
            not self.program or program == self.program
        )

    def names(self, decided: Decided) -> bool:
        """Whether the log knows of whom the scope names."""
        if self.partner:
            return bool(decided.of_aggregate(f"partner:{self.partner}"))
        return self.whole or bool(decided.of_aggregate(f"program:{self.program}"))

    def journals(self, partitions: int) -> list[int]:
        """The partitions of the journal, of `partitions` in all, to be booked again."""
        if self.partner:
            return [partition_of(self.partner, partitions)]
        return list(range(partitions))

    def unnumbered(self, instruction: Instruction) -> bytes:
        """An instruction's bytes without its number, which counts those left out as well."""
        return encode(structs.replace(instruction, n=0))

    def as_routed(self, record: Record, instruction: Instruction) -> bytes:
        """The same of one in the log; raises AuditFailed where it is not as the relay writes."""
        value = encode(instruction)
        if value != record.value:
            raise AuditFailed(altered(record, value, f"routed from {instruction.source}"))
        return self.unnumbered(instruction)


WHOLE = Scope()
"""Nothing is left out."""


class _Names(Struct):
    partner: str = ""
    program: str = ""


_NAMES = msgspec.json.Decoder(_Names)


def decisions_within(scope: Scope, decisions: list[Decision]) -> list[Decision]:
    """Those that name the partner or the program, and those that name none. What is decided of a
    payout belongs to whom it was asked for, also where it names the payout alone."""
    if scope.whole:
        return decisions
    found: list[Decision] = []
    asked_for: dict[str, _Names] = {}
    for decision in decisions:
        try:
            names = _NAMES.decode(decision.state)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if decision.aggregate.startswith("payout:"):
            names = asked_for.setdefault(decision.aggregate, names)
        if scope.covers(names.partner or scope.partner, names.program or scope.program):
            found.append(decision)
    return found
