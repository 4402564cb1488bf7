"""An account's instructions, each held against the attribution or decision it cites."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import structs

from audit.account_proof.proved import ProvedAttribution
from audit.decided import Decided
from audit.difference import AuditFailed, Difference, altered, foreign, text, wrong_key
from audit.relayed import no_source, split_source
from events import topics
from events.codec import UnreadableRecord, decode_record, encode
from events.instructions import Instruction
from events.position import Record
from projections.routing import route_attribution, route_decision


class OwnInstructions:
    """The records of `instructions` that are one partner's, by what they are made from."""

    def __init__(self, partner: str, records: Iterable[Record]) -> None:
        self.partner = partner
        self.at: dict[int, tuple[Record, Instruction]] = {}
        """Offset → the record and what it says."""
        self.copies: dict[tuple[str, int], list[Record]] = {}
        """(source partition, number) → its record and the repeats of it, in order."""
        self.unreadable: list[str] = []
        for record in records:
            try:
                said: Instruction = decode_record(record)
            except UnreadableRecord:
                self.unreadable.append(str(record.position))
                continue
            if said.partner != partner or record.key != partner.encode():
                raise AuditFailed(wrong_key(record, said.partner.encode(), "its partner "))
            stream, slash, _ = said.source.rpartition("/")
            if not slash:
                detail = f"cites {said.source!r}, which is no position: without a source"
                raise AuditFailed(foreign(record, detail))
            self.at[record.offset] = (record, said)
            self.copies.setdefault((stream, said.n), []).append(record)

    def sources(self) -> set[str]:
        """The positions they cite."""
        return {said.source for _, said in self.at.values()}

    def compare(self, expected: dict[str, list[Instruction]]) -> None:
        """Every one was routed, with this content, and all that was routed is there; raises
        AuditFailed. `expected`: by source, in order, unnumbered."""
        left = {source: list(instructions) for source, instructions in expected.items()}
        reached: dict[str, int] = {}
        for (stream, _), copies in sorted(self.copies.items()):
            first = copies[0]
            said = self.at[first.offset][1]
            waiting = left.get(said.source)
            if not waiting:
                raise AuditFailed(no_source(first, said))
            _, offset = split_source(said.source)
            if offset < reached.get(stream, 0):
                detail = f"number {said.n} of {stream} cites {said.source}, a lower number a later"
                raise AuditFailed(Difference("altered", str(first.position), detail))
            reached[stream] = offset
            value = encode(structs.replace(waiting.pop(0), n=said.n))
            if value != first.value:
                raise AuditFailed(altered(first, value, f"routed from {said.source}"))
        for source, instructions in left.items():
            for missing in instructions:
                raise AuditFailed(_not_relayed(source, missing))


def due_to(
    partner: str,
    decided: Decided,
    customers: Iterable[list[ProvedAttribution]],
    cited: set[str],
) -> dict[str, list[Instruction]]:
    """Source → the partner's instructions that it gives, in order, unnumbered.

    `cited`: the positions that instructions in the log cite; of several copies of an
    attribution it is the cited one that counts.
    """
    due: dict[str, list[Instruction]] = {}
    for attributions in customers:
        for proved in attributions:
            position = next((at for at in proved.positions if at in cited), proved.positions[0])
            _add(due, partner, route_attribution(proved.attribution, position))
    for decision in decided.decisions:
        _add(due, partner, route_decision(decision))
    return due


def contests_won(partner: str, due: dict[str, list[Instruction]], decided: Decided) -> list[str]:
    """Positions of the decisions that award the partner a prize of a contest."""
    closings = {d.position for d in decided.decisions if d.name == "contest.closed"}
    return [source for source in due if source in closings]


def _add(
    due: dict[str, list[Instruction]], partner: str, instructions: tuple[Instruction, ...]
) -> None:
    for instruction in instructions:
        if instruction.partner == partner:
            due.setdefault(instruction.source, []).append(instruction)


def _not_relayed(source: str, missing: Instruction) -> Difference:
    what = "decision" if source.startswith(f"{topics.DECISIONS}/") else "attribution"
    return Difference(
        "missing",
        source,
        f"the instruction this {what} gives for partner {missing.partner} is not in the log: "
        "not relayed yet (is a worker running?) or removed",
        expected=text(encode(missing)),
    )
