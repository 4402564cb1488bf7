"""Whatever somebody with write access to every disk of the cluster can do to a log.

Each way takes the ledger `tests.audit.scene.paid` and changes what stands in it. Kafka's
offsets are dense, so records after an inserted or removed one are numbered anew. With
`honest_after` the workers then write again, honestly, what the forged records give.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from events import topics
from events.position import Position, Record
from tests.audit.memory import DAY, NOON, PARTITIONS, MemoryLedger, MemoryLog
from tests.audit.places import (
    Find,
    Place,
    after,
    at,
    beyond,
    made_of,
    no_longer_follow,
    source,
    source_after,
)
from tests.audit.scene import edit, found

Tampering = Callable[[MemoryLedger], object]


class Way(NamedTuple):
    name: str
    do: Tampering
    kind: str
    """What the audit calls it (`audit.difference.DifferenceKind`)."""
    where: Place
    """Where it must say so, and nowhere else."""
    says: str
    """What the position or the detail of the difference names."""
    honest_after: str = ""
    """From which topic on the workers write again: `relay` or `post`."""
    concerns_payout: bool = True
    """Whether the payout po-1 of jane rests on it, so that its own audit must fail too."""
    also: tuple[tuple[str, Place], ...] = ()
    """Kind and place of what follows from it and is named beside it."""

    def expected(self, before: MemoryLedger, tampered: MemoryLedger) -> set[tuple[str, str]]:
        """(kind, position) of all that the replay must say."""
        places = ((self.kind, self.where), *self.also)
        return {(kind, at) for kind, place in places for at in place.of(before, tampered)}

    def apply(self, ledger: MemoryLedger) -> None:
        self.do(ledger)
        if self.honest_after == "relay":
            ledger.relay()
        if self.honest_after:
            ledger.post()


def altered(find: Find, **changes: object) -> Tampering:
    return lambda ledger: edit(ledger.log, found(ledger.log, *find), **changes)


def replaced(find: Find, old: str, new: str) -> Tampering:
    def do(ledger: MemoryLedger) -> None:
        position = found(ledger.log, *find)
        value = ledger.log.read_one(position).value or b""
        assert old.encode() in value
        ledger.log.replace(position, value=value.replace(old.encode(), new.encode()))

    return do


def rekeyed(find: Find, key: bytes = b"somebody-else") -> Tampering:
    return lambda ledger: ledger.log.replace(found(ledger.log, *find), key=key)


def retimed(find: Find, by: int = DAY) -> Tampering:
    def do(ledger: MemoryLedger) -> None:
        position = found(ledger.log, *find)
        at = ledger.log.read_one(position).recorded_at
        ledger.log.replace(position, recorded_at=at + by)

    return do


def garbled(find: Find) -> Tampering:
    return lambda ledger: ledger.log.replace(found(ledger.log, *find), value=b'{"type":')


def emptied(find: Find) -> Tampering:
    return lambda ledger: ledger.log.replace(found(ledger.log, *find), value=None)


def removed(find: Find) -> Tampering:
    def do(ledger: MemoryLedger) -> None:
        position, held = _place(ledger.log, find)
        held.pop(position.offset)
        ledger.log.renumber(position.topic, position.partition)

    return do


def truncated(find: Find) -> Tampering:
    """The record and all after it."""

    def do(ledger: MemoryLedger) -> None:
        position, held = _place(ledger.log, find)
        del held[position.offset :]

    return do


def swapped(find: Find) -> Tampering:
    """The record and the one after it."""

    def do(ledger: MemoryLedger) -> None:
        position, held = _place(ledger.log, find)
        here = position.offset if position.offset + 1 < len(held) else position.offset - 1
        held[here : here + 2] = reversed(held[here : here + 2])
        ledger.log.renumber(position.topic, position.partition)

    return do


def forged(
    find: Find, *, after: bool = False, partition: int | None = None, **changes: object
) -> Tampering:
    """A copy with other content before the record (or after it): the first one wins."""

    def do(ledger: MemoryLedger) -> None:
        position, held = _place(ledger.log, find)
        record = held[position.offset]
        copy = record._replace(value=_changed(record, changes))
        if partition is not None:
            held = ledger.log.records[position.topic, partition]
            held.append(copy)
        else:
            held.insert(position.offset + after, copy)
        for number in range(ledger.log.partitions(position.topic)):
            ledger.log.renumber(position.topic, number)

    return do


def appended(find: Find, **changes: Any) -> Tampering:
    """A copy with other content at the end of its partition. A change may be a function of
    the records before it."""

    def do(ledger: MemoryLedger) -> None:
        position, held = _place(ledger.log, find)
        before = [msgspec.json.decode(record.value or b"") for record in held]
        made = {name: v(before) if callable(v) else v for name, v in changes.items()}
        record = held[position.offset]
        held.append(record._replace(offset=len(held), value=_changed(record, made)))

    return do


def moved(find: Find) -> Tampering:
    """The record into another partition of its topic."""

    def do(ledger: MemoryLedger) -> None:
        position, held = _place(ledger.log, find)
        record = held.pop(position.offset)
        other = (position.partition + 1) % PARTITIONS
        ledger.log.records[position.topic, other].append(record._replace(partition=other))
        for number in (position.partition, other):
            ledger.log.renumber(position.topic, number)

    return do


def decided(aggregate: str, version: int, name: str, **state: object) -> Tampering:
    """A decision at the end of the log, as anybody with a producer can write it."""

    def do(ledger: MemoryLedger) -> None:
        stored = {"aggregate": aggregate, "version": version, "name": name, "state": state}
        value = msgspec.json.encode({"type": "decisions.v1", "events": [stored]})
        ledger.log.append(topics.DECISIONS, aggregate, value, ledger.now)

    return do


def _place(log: MemoryLog, find: Find) -> tuple[Position, list[Record]]:
    position = found(log, *find)
    return position, log.records[position.topic, position.partition]


def _changed(record: Record, changes: dict[str, object]) -> bytes:
    value: dict[str, Any] = msgspec.json.decode(record.value or b"")
    return msgspec.json.encode(value | changes)


def next_n(before: list[dict[str, Any]]) -> int:
    """The number a reader of a decider's output accepts next."""
    return int(before[-1]["n"]) + 1


def next_of(stream: str) -> Callable[[list[dict[str, Any]]], int]:
    """The number a reader of instructions accepts next of a source partition."""
    return lambda before: sum(said["source"].startswith(f"{stream}/") for said in before)


def also(kind: str, place: Place) -> tuple[tuple[str, Place], ...]:
    return ((kind, place),)


DEAL = (topics.CONVERSIONS, '"deal":"d2"')
LAST_DEAL = (topics.CONVERSIONS, '"deal":"d18"')
CREDITED = (topics.ATTRIBUTIONS, '"event_id":"e2"')
DUE = (topics.INSTRUCTIONS, '"deal":"d2"')
REFUND_DUE = (topics.INSTRUCTIONS, '"event_id":"r10"')
ASKED = (topics.INSTRUCTIONS, '"step":"requested"')
BOOKED = (topics.JOURNAL, '"deal":"d2"')
FUNDED = (topics.JOURNAL, '"kind":"payout_funded"')
SENT_DUE = (topics.INSTRUCTIONS, '"step":"sent"')
SETTLED = (topics.JOURNAL, '"kind":"payout_settled"')
TERMS_ADDED = (topics.DECISIONS, "program.terms_added")
APPROVED = (topics.DECISIONS, '"partner":"jane","program":"acme"')
REQUESTED = (topics.DECISIONS, "payout.requested")
TOLD = (topics.DECISIONS, "payout.funded")
CLICK = (topics.CLICKS, '"partner":"jane"')
CREDIT_OMAR = [{"partner": "omar", "share": 10000, "method": "click"}]

WAYS = (
    # Conversions
    Way(
        "a deal's amount altered",
        altered(DEAL, amount=9),
        "altered",
        made_of(DEAL),
        "attributions/",
    ),
    Way(
        "a deal's date altered",
        altered(DEAL, occurred_at=NOON - DAY),
        "altered",
        made_of(DEAL),
        "attributions/",
    ),
    Way(
        "a deal that knows less", altered(DEAL, known=3), "altered", made_of(DEAL), "attributions/"
    ),
    Way(
        "a deal given to another",
        altered(DEAL, customer="x"),
        "altered",
        made_of(DEAL),
        "attributions/",
    ),
    Way("a deal removed", removed(DEAL), "altered", made_of(DEAL), "attributions/"),
    Way("two conversions swapped", swapped(DEAL), "altered", made_of(DEAL), "attributions/"),
    Way(
        "a deal inserted",
        forged(DEAL, deal="x", event_id="x"),
        "altered",
        made_of(DEAL),
        "attributions/",
    ),
    Way(
        "a deal said twice inside the log",
        forged(DEAL),
        "altered",
        after(CREDITED, "what was made of the one after it"),
        "attributions/",
    ),
    Way(
        "a deal appended",
        appended(DEAL, deal="x", event_id="x"),
        "missing",
        beyond(DEAL),
        "conversions/",
    ),
    Way("a deal under another key", rekeyed(DEAL), "altered", made_of(DEAL), "attributions/"),
    Way("a deal at another time", retimed(DEAL), "altered", made_of(DEAL), "recorded_at"),
    Way("a deal garbled", garbled(DEAL), "altered", made_of(DEAL), "attributions/"),
    Way("a deal emptied", emptied(DEAL), "altered", made_of(DEAL), "attributions/"),
    Way(
        "conversions cut off", truncated(LAST_DEAL), "foreign", made_of(LAST_DEAL), "attributions/"
    ),
    # Attributions
    Way(
        "a credit for another",
        altered(CREDITED, credits=CREDIT_OMAR),
        "altered",
        at(CREDITED),
        "credits",
    ),
    Way(
        "a credit taken away",
        altered(CREDITED, outcome="unattributed", reason="no_touch", credits=[], touch=None),
        "altered",
        at(CREDITED),
        "attributions/",
        honest_after="relay",
    ),
    Way("an attribution's amount", altered(CREDITED, amount=9), "altered", at(CREDITED), "amount"),
    Way("an attribution removed", removed(CREDITED), "missing", source(CREDITED), "conversions/"),
    Way(
        "two attributions swapped",
        swapped(CREDITED),
        "missing",
        source_after(CREDITED),
        "conversions/",
    ),
    Way(
        "an attribution forged first",
        forged(CREDITED, credits=CREDIT_OMAR),
        "altered",
        at(CREDITED),
        "credits",
        honest_after="relay",
    ),
    Way(
        "an attribution under another key", rekeyed(CREDITED), "altered", at(CREDITED), "Kafka key"
    ),
    Way("an attribution garbled", garbled(CREDITED), "missing", source(CREDITED), "cannot be read"),
    Way("attributions cut off", truncated(CREDITED), "missing", source(CREDITED), "conversions/"),
    Way(
        "an attribution of nothing",
        appended(CREDITED, n=next_n, event_id="x", deal="x"),
        "foreign",
        beyond(CREDITED),
        "attributions/",
        concerns_payout=False,
    ),
    Way(
        "an attribution of a stream that is not there",
        appended(CREDITED, n=0, source="conversions/99/0", event_id="x", deal="x"),
        "foreign",
        beyond(CREDITED),
        "conversions/99",
        honest_after="relay",
        concerns_payout=False,  # nothing routes it
    ),
    # Instructions
    Way(
        "an instruction's amount",
        altered(DUE, amount=9),
        "altered",
        at(DUE),
        "instructions/",
        "post",
    ),
    Way(
        "an instruction's partner",
        altered(DUE, partner="omar"),
        "altered",
        at(DUE),
        "Kafka key",
        "post",
    ),
    Way("an instruction removed", removed(DUE), "missing", source(DUE), "attributions/", "post"),
    Way(
        "an instruction in another partition",
        moved(DUE),
        "missing",
        source(DUE),
        "attributions/",
        "post",
    ),
    Way("an instruction under another key", rekeyed(DUE), "altered", at(DUE), "Kafka key"),
    Way("an instruction garbled", garbled(DUE), "missing", source(DUE), "attributions/", "post"),
    Way("an instruction at another time", retimed(DUE), "altered", made_of(DUE), "journal/"),
    Way("two instructions swapped", swapped(DUE), "altered", made_of(DUE), "journal/"),
    Way("instructions cut off", truncated(DUE), "missing", source(DUE), "attributions/", "post"),
    Way(
        "a commission due twice",
        appended(DUE, source="attributions/0/9", n=next_of("attributions/0"), deal="x"),
        "foreign",
        beyond(DUE),
        "instructions/",
        "post",
    ),
    Way(
        "a commission due from beyond the end",
        appended(DUE, source="attributions/0/999", n=next_of("attributions/0"), deal="x"),
        "foreign",
        beyond(DUE),
        "attributions/0/999",
        "post",
    ),
    Way(
        "an instruction of a stream that is not there",
        appended(DUE, source="attributions/99/0", n=0, deal="x"),
        "foreign",
        beyond(DUE),
        "attributions/99/0",
        "post",
    ),
    Way(
        "a source that is no position",
        appended(DUE, source="x", n=0),
        "foreign",
        beyond(DUE),
        "'x'",
    ),
    Way(
        "an instruction that knows too much",
        appended(DUE, source="attributions/99/0", n=0, known=9_999),
        "foreign",
        beyond(DUE),
        "9999",
    ),
    Way(
        "a refund forgotten",
        removed(REFUND_DUE),
        "missing",
        source(REFUND_DUE),
        "attributions/",
        "post",
    ),
    Way(
        "a payout asked for more",
        altered(ASKED, amount=1001),
        "altered",
        at(ASKED),
        "amount",
        "post",
    ),
    Way(
        "a payout funded twice",
        appended(ASKED, payout="po-x", source="decisions/0/99", n=next_of("decisions/0"), number=1),
        "foreign",
        beyond(ASKED),
        "decisions/0/99",
        "post",
    ),
    # The journal
    Way("a commission's base", altered(BOOKED, base=9), "altered", at(BOOKED), "base"),
    Way(
        "a commission's terms",
        altered(BOOKED, terms_at="decisions/0/9"),
        "altered",
        at(BOOKED),
        "terms_at",
    ),
    Way("the hash chain", altered(BOOKED, previous="0" * 64), "altered", at(BOOKED), "previous"),
    Way("a payout's amount", replaced(FUNDED, "1000", "2000"), "altered", at(FUNDED), "legs"),
    Way("an entry removed", removed(BOOKED), "missing", source(BOOKED), "instructions/"),
    Way("two entries swapped", swapped(BOOKED), "missing", source_after(BOOKED), "instructions/"),
    Way("an entry forged first", forged(BOOKED, base=9), "altered", at(BOOKED), "base"),
    Way("an entry under another key", rekeyed(BOOKED), "altered", at(BOOKED), "Kafka key"),
    Way("an entry garbled", garbled(BOOKED), "missing", source(BOOKED), "cannot be read"),
    Way("the journal cut off", truncated(SETTLED), "missing", source(SETTLED), "instructions/"),
    Way("an entry of nothing", appended(BOOKED, n=next_n), "foreign", beyond(BOOKED), "journal/"),
    Way(
        "an entry of another partition's stream",
        appended(FUNDED, n=0, source="instructions/99/0", payout="po-x"),
        "foreign",
        beyond(FUNDED),
        "instructions/99",
    ),
    # Decisions
    Way(
        "a percentage altered",
        replaced(TERMS_ADDED, ":1000", ":2000"),
        "altered",
        no_longer_follow(topics.JOURNAL),
        "journal/",
    ),
    Way(
        "a payout's request altered",
        replaced(REQUESTED, ":1000", ":999"),
        "altered",
        made_of(REQUESTED),
        "amount",
    ),
    Way(
        "an approval removed",
        removed(APPROVED),
        "missing",
        at(APPROVED),
        "partner:jane",
        also=also("altered", at(ASKED)),
    ),
    Way(
        "two decisions swapped",
        swapped(APPROVED),
        "missing",
        at(APPROVED),
        "partner:jane",
        also=(("missing", after(APPROVED)), ("altered", no_longer_follow(topics.ATTRIBUTIONS))),
    ),
    Way(
        "a decision under another key", rekeyed(REQUESTED), "altered", at(REQUESTED), "payout:po-1"
    ),
    Way(
        "a decision garbled",
        garbled(APPROVED),
        "missing",
        after(APPROVED),
        "partner:jane",
        also=also("altered", at(ASKED)),
    ),
    Way("decisions cut off", truncated(TOLD), "foreign", at(SENT_DUE), "decisions/0/"),
    Way(
        "a payout told more than was set aside",
        replaced(TOLD, ":1000", ":1001"),
        "payout",
        at(TOLD),
        "decisions/",
    ),
    Way(
        "a payout told twice",
        decided("payout:po-1", 5, "payout.funded", payout="po-1", amount=1000, entry="journal/0/0"),
        "payout",
        beyond(REQUESTED),
        "decisions/",
    ),
    Way(
        "a refused payout told it was funded",
        decided("payout:po-2", 3, "payout.funded", payout="po-2", amount=7, entry="journal/0/0"),
        "payout",
        beyond(REQUESTED),
        "po-2",
        concerns_payout=False,
    ),
    Way(
        "a payout that nobody asked for told it was funded",
        decided("payout:po-9", 1, "payout.funded", payout="po-9", amount=7, entry="journal/0/0"),
        "payout",
        beyond(REQUESTED),
        "po-9",
        concerns_payout=False,
    ),
    # Clicks
    Way("a click removed", removed(CLICK), "click", made_of(CLICK), "not in the log"),
    Way(
        "a click of another partner",
        altered(CLICK, partner="omar"),
        "click",
        made_of(CLICK),
        "omar",
    ),
    Way(
        "a click at another time",
        altered(CLICK, occurred_at=1),
        "click",
        made_of(CLICK),
        "happened at",
    ),
    Way(
        "a click that does not count",
        altered(CLICK, invalid=["bot"]),
        "click",
        made_of(CLICK),
        "bot",
    ),
    Way("a click under another key", rekeyed(CLICK), "click", made_of(CLICK), "Kafka key"),
    Way("a click garbled", garbled(CLICK), "click", made_of(CLICK), "not in the log"),
)
