"""The ledger folded from the log alone, by nobody's state: what the processors must agree with.

Knows the folds and the first-record-wins rule, nothing of the machinery that is tested.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec

from events import topics
from events.codec import UnreadableRecord, decode, encode
from events.conversions import conversion_key, misplaced
from events.decisions import Decision
from events.first_wins import DecisionLog, Dense, Verdict
from events.log import read, watermarks
from events.position import Record
from events.settings import Broker
from projections import account, attribution
from projections.directory import Directory
from projections.routing import Numbering, route_attribution, route_decision


class Differs(AssertionError):
    """The log says other than the fold."""


@dataclass
class Found:
    """What the log was found to hold."""

    conversions: int = 0
    entries: int = 0
    repeats: Counter[str] = field(default_factory=Counter)
    """Topic → records that repeat another, or came before their predecessor."""
    kinds: Counter[str] = field(default_factory=Counter)
    balances: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Partner → program/unit → funds."""
    items: dict[tuple[str, str], account.Item] = field(default_factory=dict)
    """(partner, key) → what the account keeps of it."""


def verify(broker: Broker) -> Found:
    """Fold the whole log again; raises Differs at the first record that is not as expected."""
    found = Found()
    directory = Directory()
    decided: list[Decision] = []
    log = DecisionLog()
    for record in read(broker, topics.DECISIONS, 0):
        with suppress(UnreadableRecord):
            decided += log.accept(record)
    for decision in decided:
        directory.apply(decision)
    partitions = len(watermarks(broker, topics.CONVERSIONS))
    due: dict[tuple[str, int], dict[int, bytes]] = {}
    for number in range(partitions):
        for source, target, n, value in _routed(broker, number, partitions, directory, found):
            due.setdefault((source, target), {})[n] = value
    numbering = Numbering()
    for decision in decided:
        for instruction in route_decision(decision):
            target, numbered = numbering.number(instruction, partitions)
            due.setdefault(("decisions/0", target), {})[numbered.n] = encode(numbered)
    for number in range(partitions):
        _posted(broker, number, due, directory, found)
    for (source, target), missing in due.items():
        if missing:
            raise Differs(f"{source} → {target}: {len(missing)} instructions were never accepted")
    return found


def _accepted(
    broker: Broker, topic: str, number: int, found: Found
) -> Iterator[tuple[Record, Any]]:
    dense = Dense()
    for record in read(broker, topic, number):
        try:
            said = decode(topic, record.value or b"")
        except (msgspec.DecodeError, UnicodeDecodeError):
            found.repeats[f"unreadable {topic}"] += 1
            continue
        if dense.judge(said.source, said.n) is Verdict.ACCEPTED:
            yield record, said
        else:
            found.repeats[topic] += 1


def _routed(
    broker: Broker, number: int, partitions: int, directory: Directory, found: Found
) -> Iterator[tuple[str, int, int, bytes]]:
    customers: dict[str, attribution.Customer] = {}
    numbering = Numbering()
    written = _accepted(broker, topics.ATTRIBUTIONS, number, found)
    for record in read(broker, topics.CONVERSIONS, number):
        found.conversions += 1
        place, said = next(written, (None, None))
        if place is None or said is None:
            raise Differs(f"{record.position} has no attribution")
        expected = _attributed(record, partitions, customers, directory)
        if place.value != encode(expected):
            raise Differs(f"{place.position}: {place.value!r}, expected {encode(expected)!r}")
        for instruction in route_attribution(said, str(place.position)):
            target, numbered = numbering.number(instruction, partitions)
            yield f"{topics.ATTRIBUTIONS}/{number}", target, numbered.n, encode(numbered)
    if next(written, None) is not None:
        raise Differs(f"{topics.ATTRIBUTIONS}/{number}: more attributions than conversions")


def _attributed(
    record: Record, partitions: int, customers: dict[str, attribution.Customer], known: Directory
) -> Any:
    place = {"n": record.offset, "source": str(record.position), "recorded_at": record.recorded_at}
    try:
        conversion = decode(topics.CONVERSIONS, record.value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        return attribution.unreadable(**place, why=str(problem))  # type: ignore[arg-type]
    if why := misplaced(conversion, record.key, record.partition, partitions):
        return attribution.unreadable(**place, why=why)  # type: ignore[arg-type]
    if conversion.known > known.count:
        why = f"known {conversion.known} is ahead of the {known.count} decisions"
        return attribution.unreadable(**place, why=why)  # type: ignore[arg-type]
    key = conversion_key(conversion.program, conversion.customer)
    decided = attribution.decide(customers.get(key), conversion, **place, directory=known)  # type: ignore[arg-type]
    customers[key] = attribution.evolve(customers.get(key), decided)
    return decided


def _posted(
    broker: Broker,
    number: int,
    due: dict[tuple[str, int], dict[int, bytes]],
    directory: Directory,
    found: Found,
) -> None:
    accounts: dict[str, account.Account] = {}
    items: dict[tuple[str, str], account.Item] = {}
    partner = ""
    at = 0

    def lookup(key: str) -> account.Item | None:
        return items.get((partner, key))

    written = _accepted(broker, topics.JOURNAL, number, found)
    accepted = _accepted(broker, topics.INSTRUCTIONS, number, found)
    for n, (record, instruction) in enumerate(accepted):
        source = instruction.source.rpartition("/")[0]
        expected_due = due.get((source, number), {}).pop(instruction.n, None)
        if record.value != expected_due:
            raise Differs(f"{record.position}: {record.value!r}, expected {expected_due!r}")
        at = max(at, record.recorded_at)
        partner = instruction.partner
        expected = account.decide(
            accounts.get(partner),
            lookup,
            instruction,
            n=n,
            source=str(record.position),
            at=at,
            directory=directory,
        )
        place, entry = next(written, (None, None))
        if place is None or entry is None:
            raise Differs(f"{record.position} has no entry")
        if place.value != encode(expected):
            raise Differs(f"{place.position}: {place.value!r}, expected {encode(expected)!r}")
        accounts[partner], changed = account.evolve(
            accounts.get(partner), lookup, entry, place.value
        )
        items.update({(partner, key): item for key, item in changed.items()})
        found.kinds[entry.kind] += 1
        found.entries += 1
    if next(written, None) is not None:
        raise Differs(f"{topics.JOURNAL}/{number}: more entries than instructions")
    found.items.update(items)
    for partner, held in accounts.items():
        found.balances[partner] = {unit: msgspec.to_builtins(f) for unit, f in held.funds.items()}
