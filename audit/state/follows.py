"""The state that follows from the log: outputs folded again, up to where a state says it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct, field

from audit.log import Log
from audit.read import Progress, counted
from audit.state.on_disk import Reached, StateDirectory
from events.codec import UnreadableRecord
from events.conversions import conversion_key
from events.first_wins import DecisionLog, Dense, accepted, readable
from events.instructions import Instruction
from events.position import Record
from events.topics import ATTRIBUTIONS, CONVERSIONS, DECISIONS, INSTRUCTIONS, JOURNAL
from projections import account, attribution
from projections.routing import Numbering, route_attribution, route_decision


class Followed(Struct):
    """What a state must hold."""

    values: dict[bytes, Struct] = field(default_factory=dict)
    reached: dict[str, Any] = field(default_factory=dict)
    """Fields of `Reached` that follow from the log."""


def shape_of(processor: str, key: bytes) -> Any:
    """What stands under a key."""
    if processor == "attribution":
        return attribution.Customer
    return account.Account if key.startswith(b"a/") else account.Item


def follow(log: Log, directory: StateDirectory, reached: Reached, progress: Progress) -> Followed:
    """The state of `directory`'s processor after what `reached` says it has read."""
    made: Callable[[Log, int, Reached, Progress], Followed] = {
        CONVERSIONS: _attribution,
        INSTRUCTIONS: _posting,
        ATTRIBUTIONS: _relay,
        DECISIONS: _relay_of_decisions,
    }[directory.topic]
    return made(log, directory.partition, reached, progress)


def _attribution(log: Log, partition: int, reached: Reached, progress: Progress) -> Followed:
    found: dict[bytes, Any] = {}
    n = 0
    stream = f"{CONVERSIONS}/{partition}"
    records = counted(log.read(ATTRIBUTIONS, partition, 0, reached.next_output), progress)
    for _, made in _accepted(records, stream):
        n += 1
        if made.outcome != "unreadable":
            key = conversion_key(made.program, made.customer).encode()
            found[key] = attribution.evolve(found.get(key), made)
    return Followed(found, {"n": n, "answered": n, "next_input": n})


def _posting(log: Log, partition: int, reached: Reached, progress: Progress) -> Followed:
    found: dict[bytes, Any] = {}
    n = at = answered = 0
    stream = f"{INSTRUCTIONS}/{partition}"
    records = counted(log.read(JOURNAL, partition, 0, reached.next_output), progress)
    for record, entry in _accepted(records, stream):
        prefix = f"i/{entry.partner}/"

        def lookup(key: str, prefix: str = prefix) -> account.Item | None:
            return found.get((prefix + key).encode())

        own = b"a/" + entry.partner.encode()
        found[own], items = account.evolve(found.get(own), lookup, entry, record.value or b"")
        found.update({(prefix + key).encode(): item for key, item in items.items()})
        n, at = n + 1, entry.at
        answered = int(entry.source.rpartition("/")[2]) + 1
    dense = Dense()
    taken = counted(log.read(INSTRUCTIONS, partition, 0, reached.next_input), progress)
    for _, instruction in readable(taken):
        dense.judge(instruction.source, instruction.n)
    return Followed(found, {"n": n, "at": at, "answered": answered, "accepted": dense.last})


def _relay(log: Log, partition: int, reached: Reached, progress: Progress) -> Followed:
    dense, numbering = Dense(), Numbering()
    targets = log.partitions(INSTRUCTIONS)
    records = counted(log.read(ATTRIBUTIONS, partition, 0, reached.next_input), progress)
    for record, made in accepted(records, dense=dense):
        _number(numbering, route_attribution(made, str(record.position)), targets)
    return Followed({}, {"accepted": dense.last, "numbering": numbering.next})


def _relay_of_decisions(log: Log, partition: int, reached: Reached, progress: Progress) -> Followed:
    decided, numbering = DecisionLog(), Numbering()
    targets = log.partitions(INSTRUCTIONS)
    for record in counted(log.read(DECISIONS, partition, 0, reached.next_input), progress):
        try:
            for decision in decided.accept(record):
                _number(numbering, route_decision(decision), targets)
        except UnreadableRecord:
            continue
    return Followed({}, {"numbering": numbering.next})


def _number(numbering: Numbering, instructions: tuple[Instruction, ...], targets: int) -> None:
    for instruction in instructions:
        numbering.number(instruction, targets)


def _accepted(records: Iterator[Record], stream: str) -> Iterator[tuple[Record, Any]]:
    """The outputs that count, of those made from `stream`."""
    # A position names its stream: what was made from another takes no number of this one.
    return (
        (record, output)
        for record, output in accepted(records)
        if output.source.rpartition("/")[0] == stream
    )
