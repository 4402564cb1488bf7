"""A ledger of millions of entries, written straight into its topics, with one real account.

Only one partner's records follow from each other: its decisions, clicks, conversions,
attributions, instructions and entries are what the folds give, at the positions and times they
stand at. Between them stand the records of thousands of other partners: of the right shape,
key and size, numbered and chained, but made from one mould. An audit of the one account
neither knows nor cares; a replay of this ledger would fail.

The broker's own time stamps are replaced by the writer's (`CreateTime`), so that everything
can be written in one go.
"""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from benchmarks.moulds import MOULDS
from benchmarks.place import PROGRAM, START_MS, Place
from deploy.kafka import EmbeddedBroker
from deploy.topics import await_leaders
from events import decisions as fact
from events import topics
from events.click_token import ClickKeys
from events.clicks import Click
from events.codec import encode
from events.conversions import CitedClick, Deal, conversion_key
from events.decisions import Decision, DecisionRecord, StoredDecision
from events.first_wins import DecisionLog
from events.instructions import Instruction
from events.partitioning import partition_of
from events.position import Position, Record
from events.settings import Broker
from events.terms import Rule, Terms
from events.topics import EMBEDDED_PARTITIONS as PARTITIONS
from projections import account, attribution
from projections.directory import Directory
from projections.routing import Numbering, route_attribution, route_decision

JANE = "jane"
LINK = "jane-link"
PAYOUT = "po-jane"
CUSTOMERS_A_PARTNER = 50
BATCH = 200
"""Records in a batch of the producer, as a worker writes at some thousand records a second. A
fetch of one record brings its whole batch along."""
DAY_MS = 86_400_000
DAYS = {topics.CLICKS: 0, topics.CONVERSIONS: 1, topics.ATTRIBUTIONS: 1}
"""The day on which the records of a topic were written, the others 40 days on: times rise
within a partition."""

Line = tuple[bytes, bytes, int]
"""Key, value and time (ms) of a record."""
Own = dict[tuple[str, int], dict[int, Line]]
"""Jane's records: by topic and partition, offset → what stands there."""


class BigLedger:
    """`entries` journal entries and as many instructions, a tenth as many conversions and
    attributions; `deals` of them are Jane's, who is asked to be paid in the middle."""

    def __init__(self, entries: int, deals: int, partners: int, keys: ClickKeys) -> None:
        self.entries = entries
        self.deals = deals
        self.partners = partners
        self._keys = keys
        self._decisions: list[Line] = []
        self._versions: dict[str, int] = {}
        self._accepted = DecisionLog()
        self._directory = Directory()
        self._home = partition_of(JANE, PARTITIONS)
        self.own: Own = {}
        self._found_program()
        self._live()

    def size(self, topic: str) -> int:
        """Records in a partition of `topic`."""
        whole = self.entries // PARTITIONS
        return whole if topic in (topics.JOURNAL, topics.INSTRUCTIONS) else max(1, whole // 10)

    def write(self, broker: Broker, processes: int = 2) -> None:
        """Write it all into the empty topics of `own_clock`."""
        _produce(broker, topics.DECISIONS, 0, iter(self._decisions))
        jobs = [
            (broker, self.own, self.partners, topic, partition, self.size(topic))
            for topic in (
                topics.JOURNAL,
                topics.INSTRUCTIONS,
                topics.CONVERSIONS,
                topics.ATTRIBUTIONS,
                topics.CLICKS,
            )
            for partition in range(PARTITIONS)
        ]
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            pool.map(_write_partition, jobs, chunksize=1)

    def _decide(self, aggregate: str, name: str, said: msgspec.Struct) -> Decision:
        version = self._versions.get(aggregate, 0) + 1
        self._versions[aggregate] = version
        state = msgspec.Raw(msgspec.json.encode(said))
        value = encode(DecisionRecord((StoredDecision(aggregate, version, name, state),)))
        at = START_MS - 1_000_000 + len(self._decisions)
        record = Record(topics.DECISIONS, 0, len(self._decisions), at, aggregate.encode(), value)
        self._decisions.append((aggregate.encode(), value, at))
        [decision] = self._accepted.accept(record)
        self._directory.apply(decision)
        return decision

    def _found_program(self) -> None:
        rules = (Rule("sale 10%", "sale", "percentage", 1000),)
        of = f"program:{PROGRAM}"
        self._decide(of, "program.created", fact.ProgramCreated(PROGRAM, "Acme", "EUR"))
        self._decide(of, "program.terms_added", fact.TermsAdded(PROGRAM, Terms(1, 0, rules)))
        for partner in (JANE, *(f"partner-{number}" for number in range(self.partners))):
            of = f"partner:{partner}"
            self._decide(of, "partner.registered", fact.PartnerRegistered(partner, partner))
            self._decide(of, "partner.applied", fact.PartnerApplied(partner, PROGRAM))
            self._decide(of, "partner.approved", fact.PartnerApproved(partner, PROGRAM))
        link = fact.LinkCreated(LINK, PROGRAM, JANE, "https://shop.example/")
        self._decide(f"link:{LINK}", "link.created", link)

    def _live(self) -> None:
        """Jane's deals, each from its click to its entry, spread over the whole ledger."""
        known = self._directory.count
        numbering = Numbering()
        customers: dict[str, attribution.Customer] = {}
        instructions: list[Instruction] = []
        step = self.size(topics.CONVERSIONS) // (self.deals + 1)
        for number in range(self.deals):
            customer = f"janes-{number // 2}"
            key = conversion_key(PROGRAM, customer)
            home = partition_of(key, PARTITIONS)
            offset = (number + 1) * step
            at = START_MS + DAY_MS + offset
            deal = Deal(
                PROGRAM, customer, f"jane-e{number}", f"jane-o{number}", 10_000 + number, "EUR",
                at, known, click=self._click(number),
            )  # fmt: skip
            self._stands(topics.CONVERSIONS, home, offset, key, encode(deal), at)
            said = attribution.decide(
                customers.get(key),
                deal,
                n=offset,
                source=str(Position(topics.CONVERSIONS, home, offset)),
                recorded_at=at,
                directory=self._directory,
            )
            customers[key] = attribution.evolve(customers.get(key), said)
            self._stands(topics.ATTRIBUTIONS, home, offset, key, encode(said), at)
            place = str(Position(topics.ATTRIBUTIONS, home, offset))
            instructions += [
                numbering.number(due, PARTITIONS)[1] for due in route_attribution(said, place)
            ]
        asked = fact.PayoutRequested(PAYOUT, PROGRAM, JANE, "EUR", 1000)
        decision = self._decide(f"payout:{PAYOUT}", "payout.requested", asked)
        instructions.insert(
            len(instructions) // 2,
            numbering.number(route_decision(decision)[0], PARTITIONS)[1],
        )
        self._book(instructions)

    def _click(self, number: int) -> CitedClick:
        offset = (number + 1) * (self.size(topics.CLICKS) // (self.deals + 1))
        clicked = START_MS + offset
        token = self._keys.sign(LINK, clicked, nonce=number.to_bytes(6, "big"))
        home = partition_of(LINK, PARTITIONS)
        click = Click(token, LINK, PROGRAM, JANE, clicked)
        self._stands(topics.CLICKS, home, offset, LINK, encode(click), clicked)
        return CitedClick(token, LINK, clicked)

    def _book(self, instructions: list[Instruction]) -> None:
        held: account.Account | None = None
        items: dict[str, account.Item] = {}
        step = self.size(topics.JOURNAL) // (len(instructions) + 1)
        for number, instruction in enumerate(instructions, 1):
            offset = number * step
            at = START_MS + 40 * DAY_MS + offset  # the holds have ended
            source = Position(topics.INSTRUCTIONS, self._home, offset)
            self._stands(source.topic, source.partition, offset, JANE, encode(instruction), at)
            entry = account.decide(
                held, items.get, instruction, n=offset, source=str(source), at=at,
                directory=self._directory,
            )  # fmt: skip
            value = encode(entry)
            held, changed = account.evolve(held, items.get, entry, value)
            items.update(changed)
            self._stands(topics.JOURNAL, self._home, offset, JANE, value, at)
            if entry.kind == "payout_funded":
                place = str(Position(topics.JOURNAL, self._home, offset))
                told = fact.PayoutFunded(PAYOUT, entry.legs[1].amount, place)
                self._decide(f"payout:{PAYOUT}", "payout.funded", told)

    def _stands(
        self, topic: str, partition: int, offset: int, key: str, value: bytes, at: int
    ) -> None:
        self.own.setdefault((topic, partition), {})[offset] = (key.encode(), value, at)


@contextmanager
def own_clock() -> Iterator[Place]:
    """As `place`; the topics bear the writer's times, and the system flushes them, not each
    write."""
    settings = {"message.timestamp.type": "CreateTime", "retention.ms": "-1"}
    new = [NewTopic(topic.name, topic.partitions(PARTITIONS), 1, config=settings)
           for topic in topics.TOPICS]  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="pledger-bench-") as name:
        embedded = EmbeddedBroker(Path(name) / "kafka")
        embedded.start()
        try:
            embedded.wait_ready()
            client = AdminClient(embedded.broker.client(log_level=0))  # type: ignore[arg-type]
            for answer in client.create_topics(new).values():
                answer.result()
            await_leaders(client, [topic.name for topic in topics.TOPICS])
            yield Place(embedded.broker, Path(name))
        finally:
            embedded.stop()


def _write_partition(job: tuple[Broker, Own, int, str, int, int]) -> None:
    broker, own, partners, topic, partition, size = job
    others = [
        name
        for name in (f"partner-{number}" for number in range(partners))
        if partition_of(name, PARTITIONS) == partition
    ]
    mould = MOULDS[topic](partition, others)
    janes = own.get((topic, partition), {})
    began = START_MS + DAYS.get(topic, 40) * DAY_MS
    lines = (janes.get(offset) or (*next(mould), began + offset) for offset in range(size))
    _produce(broker, topic, partition, lines)


def _produce(broker: Broker, topic: str, partition: int, lines: Iterator[Line]) -> None:
    producer = Producer(
        broker.client(
            **{
                "enable.idempotence": True,
                "compression.type": "lz4",
                "linger.ms": 20,
                "batch.num.messages": BATCH,
                "queue.buffering.max.messages": 200_000,
            }
        )
    )
    produce = producer.produce
    for key, value, at in lines:
        while True:
            try:
                produce(topic, value, key, partition, timestamp=at)
                break
            except BufferError:
                producer.poll(0.05)
    if producer.flush(120):
        raise RuntimeError(f"{topic}/{partition}: not all was acknowledged")
