"""What the tests of the processors put into the log: programs, partners, conversions."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from events import topics
from events.codec import encode
from events.conversions import CitedClick, Conversion, Deal, Refund, Signup, conversion_key
from events.decisions import (
    DecisionFact,
    DecisionRecord,
    LinkCreated,
    PartnerApproved,
    PartnerRegistered,
    PayoutRequested,
    PayoutSettled,
    ProgramCreated,
    StoredDecision,
    TermsAdded,
)
from events.log import Writer
from events.settings import Broker
from events.terms import Rule, Terms

PROGRAM = "acme"
PARTNERS = tuple(f"partner-{number}" for number in range(12))
NOON = 1_780_000_000_000
"""A time in 2026, ms; conversions follow each other from here, a second apart."""

NAMES: dict[type, str] = {
    ProgramCreated: "program.created",
    TermsAdded: "program.terms_added",
    PartnerRegistered: "partner.registered",
    PartnerApproved: "partner.approved",
    LinkCreated: "link.created",
    PayoutRequested: "payout.requested",
    PayoutSettled: "payout.settled",
}

TERMS = Terms(
    version=1,
    effective_from=0,
    rules=(
        Rule(name="sale", event="sale", type="percentage", amount=1_250),
        Rule(name="lead", event="lead", type="flat", amount=150, currency="EUR"),
    ),
    hold_days=0,
)


def founding(engine: str = "1") -> list[tuple[str, DecisionFact]]:
    """A program with terms, and approved partners with a link each."""
    terms = msgspec.structs.replace(TERMS, engine=engine)
    facts: list[tuple[str, DecisionFact]] = [
        (f"program:{PROGRAM}", ProgramCreated(PROGRAM, "Acme", "EUR")),
        (f"program:{PROGRAM}", TermsAdded(PROGRAM, terms)),
    ]
    for partner in PARTNERS:
        facts += [
            (f"partner:{partner}", PartnerRegistered(partner, partner)),
            (f"partner:{partner}", PartnerApproved(partner, PROGRAM)),
            (f"link:{partner}", LinkCreated(partner, PROGRAM, partner, "https://acme.example")),
        ]
    return facts


class Decided:
    """Appends decisions as the aggregates' store does, without asking who else writes."""

    def __init__(self, broker: Broker) -> None:
        self._writer = Writer(broker, linger_ms=1)
        self._versions: dict[str, int] = {}
        self.count = 0

    def add(self, facts: Iterable[tuple[str, DecisionFact]]) -> int:
        """The number of decisions after these."""
        for aggregate, fact in facts:
            version = self._versions[aggregate] = self._versions.get(aggregate, 0) + 1
            stored = StoredDecision(
                aggregate, version, NAMES[type(fact)], msgspec.Raw(encode(fact))
            )
            self._writer.append(
                topics.DECISIONS, key=aggregate, value=encode(DecisionRecord((stored,)))
            )
            self.count += 1
        self._writer.flush()
        return self.count


def conversions(count: int, known: int, seed: int = 1) -> Iterator[Conversion]:
    """Signups, deals, refunds, repeats and conflicts of a few hundred customers."""
    chance = random.Random(seed)
    deals: list[Deal] = []
    for number in range(count):
        customer = f"c-{chance.randrange(max(10, count // 8))}"
        partner = PARTNERS[chance.randrange(len(PARTNERS))]
        at = NOON + number * 1_000
        common: Any = {"program": PROGRAM, "customer": customer, "occurred_at": at, "known": known}
        kind = chance.random()
        if kind < 0.10:
            yield Signup(event_id=f"e-{number}", partner=partner, **common)
        elif kind < 0.20 and deals:
            deal = chance.choice(deals)
            amount = chance.randrange(1, deal.amount + 1)
            yield Refund(
                program=PROGRAM,
                customer=deal.customer,
                occurred_at=at,
                known=known,
                event_id=f"e-{number}",
                amount=amount,
                currency="EUR",
                deal=deal.deal,
            )
        elif kind < 0.23 and deals:
            again = chance.choice(deals)
            changed = chance.random() < 0.5
            yield msgspec.structs.replace(again, amount=again.amount + changed)
        else:
            deal = Deal(
                event_id=f"e-{number}",
                deal=f"D-{number}",
                amount=chance.randrange(1, 100_000),
                currency="EUR",
                click=CitedClick(f"{partner}.t{number}", partner, at - 60_000),
                **common,
            )
            deals.append(deal)
            yield deal


def append(broker: Broker, found: Iterable[Conversion]) -> int:
    """Write conversions under their customers' keys; how many."""
    writer = Writer(broker)
    count = 0
    for conversion in found:
        key = conversion_key(conversion.program, conversion.customer)
        writer.append(topics.CONVERSIONS, key=key, value=encode(conversion))
        count += 1
    writer.flush()
    return count
