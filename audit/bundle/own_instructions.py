"""What the partner's instructions come from, decided again as far as it is shown.

instructions ← attributions ← conversions
             ↖ decisions    ↖ clicks
"""

from __future__ import annotations

from msgspec import structs

from audit.bundle.contents import Contents
from audit.bundle.format import Shown, Withheld
from audit.bundle.own_attributions import decoded
from audit.bundle.steps import Steps
from audit.decided import Decided
from audit.difference import AuditFailed, Difference, altered, text, wrong_key
from audit.relayed import no_source, split_source
from events import topics
from events.attributions import Attribution
from events.codec import encode
from events.instructions import Instruction
from events.position import Record
from projections.routing import route_attribution, route_decision

WITHHELD_SOURCE = "what it was routed from is withheld"


def instructions_again(
    contents: Contents,
    decided: Decided,
    steps: Steps,
    attributions: dict[str, tuple[Record, Attribution]],
) -> None:
    """Hold every instruction that is shown against its source; none may be missing."""
    partner = contents.partner
    due: dict[str, list[Instruction]] = {}
    for position, (_, said) in attributions.items():
        _expect(due, partner, position, route_attribution(said, position))
    for decision in decided.decisions:
        _expect(due, partner, decision.position, route_decision(decision))
    hidden = {
        line.position
        for topic in (topics.ATTRIBUTIONS, topics.DECISIONS)
        for line in contents.lines[topic]
        if isinstance(line, Withheld)
    }
    shown = [line for line in contents.lines[topics.INSTRUCTIONS] if isinstance(line, Shown)]
    _check_numbers(shown)
    for line in sorted(shown, key=_by_source):
        _hold(line.record, partner, due, hidden, steps)
    for source, left in due.items():
        for missing in left:
            detail = f"the instruction it gives for {partner} is not in the bundle: removed"
            expected = text(encode(missing))
            raise AuditFailed(Difference("missing", source, detail, expected=expected))


def _hold(
    record: Record,
    partner: str,
    due: dict[str, list[Instruction]],
    hidden: set[str],
    steps: Steps,
) -> None:
    said: Instruction = decoded(record)
    position = str(record.position)
    if said.partner != partner or record.key != partner.encode():
        raise AuditFailed(wrong_key(record, partner.encode(), "its partner "))
    if said.source in hidden:
        steps.rest("instruction", position, f"{WITHHELD_SOURCE}: {said.source}")
        return
    left = due.get(said.source)
    if not left:
        raise AuditFailed(no_source(record, said))
    value = encode(structs.replace(left.pop(0), n=said.n))
    if value != record.value:
        raise AuditFailed(altered(record, value, f"routed from {said.source}"))
    steps.decided("instruction")


def _check_numbers(lines: list[Shown]) -> None:
    """The relay numbers what it routes from a partition in the order in which it writes it."""
    last: dict[str, tuple[int, int]] = {}
    for line in lines:
        said: Instruction = decoded(line.record)
        stream, offset = split_source(said.source)
        before = last.get(stream, (-1, -1))
        if said.n <= before[0] or offset < before[1]:
            detail = f"is number {said.n} of {stream}, after number {before[0]}: swapped or moved"
            raise AuditFailed(Difference("altered", line.position, detail))
        last[stream] = (said.n, offset)


def _expect(
    due: dict[str, list[Instruction]],
    partner: str,
    source: str,
    instructions: tuple[Instruction, ...],
) -> None:
    mine = [instruction for instruction in instructions if instruction.partner == partner]
    if mine:
        due.setdefault(source, []).extend(mine)


def _by_source(line: Shown) -> tuple[str, int]:
    """Sorting key: as the relay numbered them, source by source."""
    said: Instruction = decoded(line.record)
    return said.source.rpartition("/")[0], said.n
