"""A ledger's whole log, told by the real folds, and what the warehouse must say of it.

The log is written with everything a real one has: clicks that do not count, the same click
twice, repeats and conflicts of conversions, a refund that matches nothing, repeats and stale
records in the deciders' topics, a losing decision, and records nobody can read.
"""

from __future__ import annotations

import random
import time
from collections import Counter

import msgspec

from events import decisions as fact
from events import topics
from events.clicks import Click
from events.codec import decode, encode
from events.conversions import conversion_key
from events.decisions import DecisionRecord, StoredDecision
from events.log import Writer
from events.settings import Broker
from events.terms import Rule
from projections.account import available, pending
from tests.projections.world import DAY, World

PARTNERS = ("ann", "bea", "cem")
UNREADABLE_CLICK = b'{"type":"click.v1","click_id":7}'
UNREADABLE_CONVERSION = b"not JSON"


class Story:
    def __init__(self, customers: int = 60, seed: int = 7) -> None:
        self.world = World()
        self.clicks: list[Click] = []
        self.repeated_clicks = 0
        self._chance = random.Random(seed)
        # Near the present, so that some commissions are pending and others available now.
        self.world.now = int(time.time() * 1000) - 45 * DAY
        self._decide()
        for number in range(customers):
            self._customer(number)
            self.world.now += DAY // 2
        self._pay()

    def _decide(self) -> None:
        self.world.program()
        self.world.decide(fact.ProgramCreated("idle", "Idle", "USD"))
        self.world.decide(fact.ProgramPaused("idle"))
        self.world.terms(
            Rule("sale", "sale", "percentage", 1_000),
            Rule("renewal", "renewal", "percentage", 500),
            Rule("lead", "lead", "flat", 150),
            hold_days=20,
        )
        for partner in PARTNERS:
            self.world.partner(partner)
        self.world.decide(fact.CouponCreated("acme", "CEM10", "cem"))
        self.world.decide(fact.CouponCreated("acme", "OLD", "ann"))
        self.world.decide(fact.CouponRetired("acme", "OLD"))
        self.world.decide(fact.PartnerRegistered("dan", "Dan"))
        self.world.decide(fact.PartnerApplied("dan", "acme"))

    def _customer(self, number: int) -> None:
        world, customer = self.world, f"customer-{number}"
        partner = self._chance.choice(PARTNERS)
        for visit in range(self._chance.randrange(4)):
            self._click(partner, f"{number}-{visit}", ("bot",) if visit == 2 else ())
        cited = world.click(f"{partner}-link") if number % 5 else None
        world.signup(customer, click=cited)
        world.now += 1_000
        amount = self._chance.randrange(1, 90_000)
        event = f"deal-event-{number}"
        world.deal(f"D-{number}", customer, amount, event, click=cited)
        if number % 7 == 0:  # the same again, and the same id with another amount
            world.deal(f"D-{number}", customer, amount, event, click=cited)
            world.deal(f"D-{number}", customer, amount + 1, event, click=cited)
        if number % 3 == 0:
            world.deal(f"R-{number}", customer, amount // 3, kind="renewal")
        if number % 4 == 0:
            world.refund(customer, max(1, amount // 2), deal=f"D-{number}")
        if number % 11 == 0:
            world.refund(f"stranger-{number}", 500)

    def _click(self, partner: str, name: str, invalid: tuple[str, ...]) -> None:
        link = f"{partner}-link"
        self.clicks.append(
            Click(f"{link}.{name}", link, "acme", partner, self.world.now, invalid=invalid)
        )

    def _pay(self) -> None:
        world = self.world
        world.payout("requested", "po-1", "ann")
        self._funded("po-1", "ann")
        world.payout("sent", "po-1", "ann")
        world.payout("settled", "po-1", "ann")
        world.payout("requested", "po-2", "bea", 1)
        self._funded("po-2", "bea")
        world.payout("requested", "po-3", "cem", 10**9)
        world.decide(fact.PayoutRefused("po-3", "not_available", "journal/0/0"))

    def _funded(self, payout: str, partner: str) -> None:
        [entry] = [e for e in self.world.entries if e.payout == payout and e.partner == partner]
        amount = sum(leg.amount for leg in entry.legs if leg.account == "in_transit")
        self.world.decide(fact.PayoutFunded(payout, amount, f"journal/0/{entry.n}"))

    # Into Kafka

    def write(self, broker: Broker) -> None:
        """Every record, the deciders' with repeats and stale ones between."""
        writer = Writer(broker)
        for decision in self.world.decisions:
            record = DecisionRecord(
                (
                    StoredDecision(
                        "story", decision.version, decision.name, msgspec.Raw(decision.state)
                    ),
                )
            )
            writer.append(topics.DECISIONS, key="story", value=encode(record))
            if decision.number % 5 == 0:  # a writer that lost: the version is taken
                writer.append(topics.DECISIONS, key="story", value=encode(record))
        for number, click in enumerate(self.clicks):
            writer.append(topics.CLICKS, key=click.link, value=encode(click))
            if number % 6 == 0:
                self.repeated_clicks += 1
                writer.append(topics.CLICKS, key=click.link, value=encode(click))
        writer.append(topics.CLICKS, key="ann-link", value=UNREADABLE_CLICK)
        self._write_logs(writer)
        writer.flush()

    def _write_logs(self, writer: Writer) -> None:
        for partition, values in self.world.conversions.items():
            for value in values:
                found = decode(topics.CONVERSIONS, value)
                key = conversion_key(found.program, found.customer)
                writer.append(topics.CONVERSIONS, key=key, value=value, partition=partition)
        for topic, logs in (
            (topics.ATTRIBUTIONS, self.world.attributions),
            (topics.JOURNAL, self.world.journal),
        ):
            for partition, values in logs.items():
                for number, value in enumerate(values):
                    writer.append(topic, key="story", value=value, partition=partition)
                    if number % 9 == 0:  # a replaced worker writes again what it had decided
                        stale = values[max(0, number - 3)]
                        writer.append(topic, key="story", value=stale, partition=partition)
                if len(values) > 1:
                    writer.append(topic, key="story", value=values[0], partition=partition)
        # Behind the last: `n` of an attribution is its conversion's offset.
        writer.append(topics.CONVERSIONS, key="acme/x", value=UNREADABLE_CONVERSION, partition=0)

    # What must be found

    def outcomes(self) -> Counter[str]:
        return Counter(
            decode(topics.ATTRIBUTIONS, value).outcome
            for values in self.world.attributions.values()
            for value in values
        )

    def balances(self) -> dict[str, tuple[int, int, int, int, int]]:
        """Partner → pending, available, payable, in transit, paid, as the account fold says."""
        now = int(time.time() * 1000)
        found = {}
        for partner, account in self.world.accounts.items():
            funds = account.funds["acme/EUR"]
            found[partner] = (
                pending(account, "acme", "EUR", now),
                available(account, "acme", "EUR", now),
                funds.payable,
                funds.in_transit,
                funds.paid,
            )
        return found

    def daily_commission(self) -> Counter[tuple[str, str]]:
        """(UTC day of the conversion, partner) → commission less clawbacks, minor units."""
        happened = {
            found.source: found.occurred_at
            for values in self.world.attributions.values()
            for found in (decode(topics.ATTRIBUTIONS, value) for value in values)
        }
        total: Counter[tuple[str, str]] = Counter()
        for entry in self.world.entries:
            if entry.kind in ("commission", "clawback"):
                day = time.strftime("%Y-%m-%d", time.gmtime(happened[entry.conversion] / 1000))
                total[day, entry.partner] += sum(
                    leg.amount for leg in entry.legs if leg.account == "payable"
                )
        return total
