"""A ledger in memory: the real folds, joined as the processors join them, without a broker.

Facts go in by methods; attributions, instructions and entries come out as the bytes that
would stand in Kafka. Readers apply the first-record-wins rule, as they do on the log.
With `reload`, every state goes through its bytes after every step, as after a restart.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec

from events import decisions as fact
from events import topics
from events.attributions import Attribution
from events.codec import decode, encode
from events.conversions import CitedClick, Conversion, Deal, Refund, Signup
from events.decisions import FACTS, Decision
from events.first_wins import Dense, Verdict
from events.instructions import Instruction
from events.journal import Entry
from events.partitioning import partition_of
from events.terms import Rule, Terms
from projections import account, attribution, routing
from projections.directory import Directory

DAY = 86_400_000
START = 1_767_225_600_000
"""2026-01-01, midnight UTC, ms."""

PARTITIONS = 2
NAMES = {shape: name for name, shape in FACTS.items()}


class World:
    def __init__(self, *, reload: bool = False) -> None:
        self.now = START
        self.reload = reload
        self.directory = Directory()
        self.decisions: list[Decision] = []
        self.conversions: dict[int, list[bytes]] = defaultdict(list)
        self.attributions: dict[int, list[bytes]] = defaultdict(list)
        self.instructions: dict[int, list[bytes]] = defaultdict(list)
        self.journal: dict[int, list[bytes]] = defaultdict(list)
        self.customers: dict[str, attribution.Customer] = {}
        self.accounts: dict[str, account.Account] = {}
        self.items: dict[tuple[str, str], account.Item] = {}
        self.entries: list[Entry] = []
        """In the order in which they were made, all partitions."""
        self.last: Attribution | None = None
        self._numberings: dict[str, routing.Numbering] = defaultdict(routing.Numbering)
        self._accepted: dict[int, Dense] = defaultdict(Dense)
        self._at: dict[int, int] = defaultdict(int)
        self._events = 0

    # What people decide

    def decide(self, found: fact.DecisionFact) -> list[Entry]:
        number = len(self.decisions) + 1
        decision = Decision(
            number=number,
            position=f"decisions/0/{number - 1}",
            recorded_at=self.now,
            aggregate="test",
            version=number,
            name=NAMES[type(found)],
            state=msgspec.json.encode(found),
        )
        self.decisions.append(decision)
        self.directory.apply(decision)
        return self.relay(decision.position, routing.route_decision(decision))

    def program(self, program: str = "acme", currency: str = "EUR") -> None:
        self.decide(fact.ProgramCreated(program, program.title(), currency))

    def terms(self, *rules: Rule, program: str = "acme", begins: int = 0, **more: Any) -> None:
        version = len(self.directory.terms_versions(program)) + 1
        self.decide(fact.TermsAdded(program, Terms(version, begins, rules, **more)))

    def partner(self, partner: str, program: str = "acme") -> None:
        """A partner, approved, with the link `partner-link`."""
        self.decide(fact.PartnerRegistered(partner, partner.title()))
        self.decide(fact.PartnerApproved(partner, program))
        self.decide(fact.LinkCreated(f"{partner}-link", program, partner, "https://acme.test"))

    def payout(self, step: str, payout: str, partner: str, amount: int = 0) -> list[Entry]:
        if step == "requested":
            return self.decide(fact.PayoutRequested(payout, "acme", partner, "EUR", amount))
        shape = {
            "sent": fact.PayoutSent,
            "settled": fact.PayoutSettled,
            "failed": fact.PayoutFailed,
        }[step]
        return self.decide(shape(payout, "acme", partner))

    # What happens

    def click(self, link: str, at: int | None = None, problem: str = "") -> CitedClick:
        clicked_at = self.now if at is None else at
        return CitedClick(f"{link}.{clicked_at}", link, clicked_at, problem)

    def signup(self, customer: str, event_id: str = "", **more: Any) -> list[Entry]:
        return self.record(Signup("acme", customer, *self._stamp(event_id, more), **more))

    def deal(
        self, deal: str, customer: str, amount: int, event_id: str = "", **more: Any
    ) -> list[Entry]:
        event, occurred_at, known = self._stamp(event_id, more)
        currency = more.pop("currency", "EUR")
        return self.record(
            Deal("acme", customer, event, deal, amount, currency, occurred_at, known, **more)
        )

    def refund(self, customer: str, amount: int, event_id: str = "", **more: Any) -> list[Entry]:
        event, occurred_at, known = self._stamp(event_id, more)
        currency = more.pop("currency", "EUR")
        return self.record(
            Refund("acme", customer, event, amount, currency, occurred_at, known, **more)
        )

    def _stamp(self, event_id: str, more: dict[str, Any]) -> tuple[str, int, int]:
        self._events += 1
        known = more.pop("known", self.directory.count)
        return event_id or f"E-{self._events}", more.pop("occurred_at", self.now), known

    # What follows

    def record(self, conversion: Conversion) -> list[Entry]:
        """Append to `conversions`, attribute, route, post. The entries this gave."""
        key = attribution.customer_key(conversion.program, conversion.customer)
        partition = partition_of(key, PARTITIONS)
        log = self.conversions[partition]
        n = len(log)
        log.append(encode(conversion))
        found = attribution.decide(
            self.customers.get(key),
            decode(topics.CONVERSIONS, log[-1]),
            n=n,
            source=f"conversions/{partition}/{n}",
            recorded_at=self.now,
            directory=self.directory,
        )
        self.attributions[partition].append(encode(found))
        self.last = found
        self.customers[key] = attribution.evolve(self.customers.get(key), found)
        if self.reload:
            self.customers[key] = _through_bytes(self.customers[key], attribution.Customer)
        source = f"attributions/{partition}/{n}"
        return self.relay(source, routing.route_attribution(found, source))

    def relay(self, source: str, routed: tuple[Instruction, ...]) -> list[Entry]:
        numbering = self._numberings[source[: source.rindex("/")]]
        given = []
        for unnumbered in routed:
            target, instruction = numbering.number(unnumbered, PARTITIONS)
            given += self.instruct(target, encode(instruction))
        return given

    def instruct(self, partition: int, value: bytes) -> list[Entry]:
        """Append to `instructions` and post, if a reader of the partition accepts it."""
        log = self.instructions[partition]
        log.append(value)
        instruction: Instruction = decode(topics.INSTRUCTIONS, value)
        verdict = self._accepted[partition].judge(instruction.source, instruction.n)
        if verdict is not Verdict.ACCEPTED:
            return []
        at = self._at[partition] = max(self._at[partition], self.now)
        partner = instruction.partner
        entry = account.decide(
            self.accounts.get(partner),
            lambda key: self.items.get((partner, key)),
            instruction,
            n=len(self.journal[partition]),
            source=f"instructions/{partition}/{len(log) - 1}",
            at=at,
            directory=self.directory,
        )
        written = encode(entry)
        self.journal[partition].append(written)
        self.entries.append(entry)
        changed = post(self.accounts, self.items, written)
        if self.reload:
            self.accounts[partner] = _through_bytes(self.accounts[partner], account.Account)
            for key in changed:
                self.items[partner, key] = _through_bytes(self.items[partner, key], account.Item)
        return [entry]


def post(
    accounts: dict[str, account.Account],
    items: dict[tuple[str, str], account.Item],
    value: bytes,
) -> tuple[str, ...]:
    """Evolve the accounts by the journal record `value`; the keys of the items it changed."""
    entry: Entry = decode(topics.JOURNAL, value)
    partner = entry.partner
    accounts[partner], changed = account.evolve(
        accounts.get(partner), lambda key: items.get((partner, key)), entry, value
    )
    for key, item in changed.items():
        items[partner, key] = item
    return tuple(changed)


def _through_bytes(state: Any, shape: Any) -> Any:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=shape)
