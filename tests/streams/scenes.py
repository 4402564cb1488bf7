"""What the tests of the processors put into the log: programs, partners, conversions."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

import msgspec

from aggregates.application import open_decisions
from events import topics
from events.codec import encode
from events.conversions import CitedClick, Conversion, Deal, Refund, Signup, conversion_key
from events.decisions import DecisionRecord, StoredDecision, TermsAdded
from events.log import Writer
from events.settings import Broker
from events.terms import Rule, Terms

PROGRAM = "acme"
PARTNERS = tuple(f"partner-{number}" for number in range(8))
NOON = 1_780_000_000_000
"""A time in 2026, ms; conversions follow each other from here, a second apart."""

RULES = (
    Rule(name="sale", event="sale", type="percentage", amount=1_250),
    Rule(name="lead", event="lead", type="flat", amount=150, currency="EUR"),
)


def found(broker: Broker) -> int:
    """A program with terms, and approved partners with a link each; how many decisions."""
    with closing(open_decisions(broker)) as decisions:
        decisions.create_program(PROGRAM, "Acme", "EUR")
        decisions.add_terms(PROGRAM, RULES, effective_from=0, hold_days=0)
        for partner in PARTNERS:
            decisions.register_partner(partner, partner)
            decisions.apply(partner, PROGRAM)
            decisions.approve(partner, PROGRAM)
            decisions.create_link(partner, PROGRAM, partner, "https://acme.example/")
        return decisions.refresh()


def add_terms_of_tomorrow(broker: Broker) -> None:
    """Terms that a newer release wrote: this one does not know their engine."""
    terms = Terms(version=2, effective_from=1, rules=RULES, engine="99")
    fact = msgspec.Raw(encode(TermsAdded(PROGRAM, terms)))
    stored = StoredDecision("tomorrow", 1, "program.terms_added", fact)
    writer = Writer(broker)
    writer.append(topics.DECISIONS, key="tomorrow", value=encode(DecisionRecord((stored,))))
    writer.flush()


def conversions(count: int, known: int, *, first: int = 0) -> Iterator[Conversion]:
    """Signups, deals, refunds, repeats and conflicts; numbers, and so ids, from `first`."""
    chance = random.Random(first)
    deals: list[Deal] = []
    for number in range(first, first + count):
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
