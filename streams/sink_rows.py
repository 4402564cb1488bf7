"""From records to rows of the warehouse: what a table takes, in which form, and what it refuses.

A row is the record's own JSON with its coordinates put in front, so ClickHouse does the
taking apart:

    {"partition":3,"offset":17,"recorded_at":1767225600000,  "type":"click.v1","click_id":…

The record is decoded here nevertheless, by the same codec as everywhere: the warehouse never
shows a record that the folds could not read. What is not read becomes a dead letter.

There are three kinds of topic, each with its own first-record-wins rule (`events.first_wins`):
facts keep every record (their views take the first of an id), a decider's output keeps the
first of each n, decisions are numbered by the decision log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from msgspec import DecodeError
from msgspec.structs import asdict

from events import topics
from events.attributions import Attribution
from events.clicks import Click
from events.codec import FAMILIES, UnreadableRecord, decode, decode_record, encode
from events.conversions import Assignment, Deal, Refund, Signup
from events.dead_letters import DeadLetter
from events.decisions import Decision
from events.first_wins import DecisionLog, Dense, Verdict
from events.journal import Entry
from events.log import to_record
from events.position import Record

Message = Any
"""A consumed message without an error (the client's own type calls its coordinates optional)."""

INT64_LIMIT = 2**63
"""The warehouse counts in 64 bits; JSON has no limit, and ClickHouse would wrap silently."""

TABLES = {
    topics.CLICKS: "clicks",
    topics.CONVERSIONS: "conversions",
    topics.DECISIONS: "decisions",
    topics.ATTRIBUTIONS: "attributions",
    topics.JOURNAL: "journal_entries",
    topics.DEAD_LETTERS: "dead_letters",
}
"""Topic → table. Instructions have none: each is cited by the entry that books it."""

_OWN_RECORDED_AT = {topics.ATTRIBUTIONS, topics.DEAD_LETTERS}
"""Topics whose records carry a `recorded_at` themselves: that of what they speak of."""


@dataclass
class Block:
    """What one batch of one partition adds to its table."""

    topic: str
    partition: int
    next_offset: int
    """Every record below was read."""
    rows: list[bytes] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    """The record behind each row."""
    unreadable: list[tuple[Record, str]] = field(default_factory=list)
    """Records without a row, each with the reason."""

    @property
    def passed(self) -> bool:
        """Whether the batch ended in records that have no row."""
        return not self.messages or self.messages[-1].offset() != self.next_offset - 1


class Reader(Protocol):
    """Follows one partition, from the record after the table's newest."""

    start: int
    """Offset of the first record to be read."""

    def take(self, messages: list[Message]) -> Block: ...


class FactReader:
    """Every readable record: clicks, conversions, dead letters."""

    def __init__(self, topic: str, partition: int, start: int) -> None:
        self.topic, self.partition, self.start = topic, partition, start

    def take(self, messages: list[Message]) -> Block:
        block = Block(self.topic, self.partition, messages[-1].offset() + 1)
        for message, _ in _readable(self.topic, messages, block):
            block.rows.append(row(self.topic, message))
            block.messages.append(message)
        return block


class DerivedReader:
    """A decider's output: the first record of each n, the next one only."""

    def __init__(self, topic: str, partition: int, start: int, last: dict[str, int]) -> None:
        self.topic, self.partition, self.start = topic, partition, start
        self._dense = Dense(last)

    def take(self, messages: list[Message]) -> Block:
        block = Block(self.topic, self.partition, messages[-1].offset() + 1)
        for message, record in _readable(self.topic, messages, block):
            if self._dense.judge(record.source, record.n) is Verdict.ACCEPTED:
                block.rows.append(row(self.topic, message))
                block.messages.append(message)
        return block


class DecisionReader:
    """Decisions from the first on, to number them; rows only above the table's newest number."""

    def __init__(self, partition: int, newest: int) -> None:
        self.topic, self.partition, self.start = topics.DECISIONS, partition, 0
        self._log = DecisionLog()
        self._newest = newest

    def take(self, messages: list[Message]) -> Block:
        block = Block(self.topic, self.partition, messages[-1].offset() + 1)
        for message in messages:
            record = to_record(message)
            try:
                accepted = self._log.accept(record)
            except UnreadableRecord as problem:
                block.unreadable.append((record, problem.why))
                continue
            for decision in accepted:
                if decision.number > self._newest:
                    block.rows.append(
                        encode(
                            {
                                "partition": record.partition,
                                "offset": record.offset,
                                "number": decision.number,
                                "recorded_at": decision.recorded_at,
                                "aggregate": decision.aggregate,
                                "version": decision.version,
                                "name": decision.name,
                                "state": decision.state.decode("utf-8", "backslashreplace"),
                            }
                            | _origin(decision)
                        )
                    )
                    block.messages.append(message)
        return block


def _origin(decision: Decision) -> dict[str, str]:
    """The columns that say who decided from where; none for a record that does not say."""
    if decision.origin is None:
        return {}
    return {f"origin_{name}": value for name, value in asdict(decision.origin).items()}


def row(topic: str, message: Message, value: bytes | None = None) -> bytes:
    """The table's row of a readable record, as one JSON object.

    `value` instead of the record's own bytes. Bytes that are not in the form our writers give
    them (an older version, other spacing) are written anew.
    """
    raw: Any = message.value() if value is None else value
    if not raw.startswith(_HEADS[topic]) and value is None:
        raw = encode(_flat(decode(topic, raw)))
    if topic in _OWN_RECORDED_AT:
        return b'{"partition":%d,"offset":%d,%b' % (message.partition(), message.offset(), raw[1:])
    return b'{"partition":%d,"offset":%d,"recorded_at":%d,%b' % (
        message.partition(),
        message.offset(),
        message.timestamp()[1],
        raw[1:],
    )


def canonical_row(topic: str, message: Message) -> bytes:
    """As `row`, without fields the schema does not know (they may clash with a column)."""
    return row(topic, message, encode(_flat(decode(topic, message.value() or b""))))


def _flat(record: Any) -> Any:
    """The record as its table has it: an assignment carries a whole deal, the row its amounts."""
    if not isinstance(record, Assignment):
        return record
    deal = record.deal
    return {
        "type": "assignment.v1",
        "program": record.program,
        "customer": record.customer,
        "event_id": record.event_id,
        "deal": deal.deal,
        "kind": deal.kind,
        "amount": deal.amount,
        "currency": deal.currency,
        "occurred_at": record.occurred_at,
        "known": record.known,
        "partner": record.partner,
        "reason": record.reason,
        "by": record.by,
        "metadata": record.metadata,
    }


def _readable(
    topic: str, messages: Iterable[Message], block: Block
) -> Iterator[tuple[Message, Any]]:
    for message in messages:
        try:
            record = decode(topic, message.value())
            largest = _LARGEST[type(record)](record)
        except (DecodeError, UnicodeDecodeError, TypeError):
            unreadable = to_record(message)
            block.unreadable.append((unreadable, _why(unreadable)))
            continue
        if largest >= INT64_LIMIT:
            block.unreadable.append(
                (to_record(message), "a number does not fit in the warehouse's 64 bits")
            )
            continue
        yield message, record


def _why(record: Record) -> str:
    try:
        decode_record(record)
    except UnreadableRecord as problem:
        return problem.why
    return "not readable"


_LARGEST: dict[type[Any], Callable[[Any], int]] = {
    Click: lambda click: abs(click.occurred_at),
    Signup: lambda signup: max(abs(signup.occurred_at), signup.known),
    Deal: lambda deal: max(
        abs(deal.amount),
        abs(deal.tax),
        abs(deal.shipping),
        abs(deal.quantity),
        abs(deal.occurred_at),
    ),
    Refund: lambda refund: max(abs(refund.amount), abs(refund.occurred_at)),
    Assignment: lambda found: max(abs(found.deal.amount), abs(found.occurred_at)),
    Attribution: lambda found: max(
        abs(found.amount), abs(found.occurred_at), abs(found.tax), abs(found.shipping)
    ),
    Entry: lambda entry: max((abs(leg.amount) for leg in entry.legs), default=0),
    DeadLetter: lambda letter: abs(letter.recorded_at),
}
"""The largest number, by size, that a sender could have chosen in a record."""


def _heads(topic: str) -> tuple[bytes, ...]:
    tags = (shape.__struct_config__.tag for shape in FAMILIES[topic] if shape is not Assignment)
    return tuple(b'{"type":"%b",' % str(tag).encode() for tag in tags)


_HEADS = {topic: _heads(topic) for topic in TABLES}
"""How a record begins when our writers wrote it in the current version."""
