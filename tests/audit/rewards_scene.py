"""A ledger of engine 2 to audit: everything that a partner is paid by, and that people decide.

jane recruited omar, omar is paid in USD, kim has terms of her own. Deals are shared, tiers look
back, a bonus is reached, commissions wait and are released, rejected, adjusted; a deal is
assigned, a contest won, and jane is paid by two persons.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from events import decisions as facts
from events.conversions import Assignment, Deal, Item, Refund, Signup
from events.decisions import FACTS, DecisionFact
from events.terms import (
    Bonus,
    Cap,
    Contest,
    Level,
    Override,
    PayoutTerms,
    Prize,
    Rule,
    Terms,
    Tiers,
)
from projections.contest import Race
from projections.posted import accepted
from tests.audit.memory import DAY, NOON, PARTITIONS, MemoryLedger
from tests.audit.scene import click, tell

PARTNERS = ("jane", "omar", "kim")
POINTS = "acme:points"
NAMES = {shape: name for name, shape in FACTS.items()}

SALE = Rule(
    "sale",
    "sale",
    "percentage",
    1_000,
    tiers=Tiers((Level(20_000, 1_500),), period="month", apply="retroactive"),
)
GENERAL = Terms(
    version=1,
    effective_from=0,
    rules=(
        SALE,
        Rule("points", "sale", "percentage", 10_000, POINTS, adds=True),
        Rule("lead", "lead", "flat", 150),
        Rule("renewal", "renewal", "percentage", 500),
    ),
    engine="2",
    attribution="linear",
    hold_days=0,
    bonuses=(Bonus("fifth", 5, 700, measure="count", period="quarter"),),
    caps=(Cap("lid", "partner", 300, "month", ("renewal",)),),
    overrides=(Override("team", 1, "sale", "percentage", 300),),
    contests=(Contest("race", 0, NOON + DAY, (Prize(2_500), Prize(90, POINTS))),),
    review_above=1_400,
    payouts=(PayoutTerms(minimum=100, fee=20, withholding=1_000),),
    payout_approval="two_persons",
)
OWN = Terms(
    version=2,
    effective_from=0,
    rules=(Rule("own", "sale", "percentage", 2_345),),
    engine="2",
    partner="kim",
    hold_days=0,
)


class Decider:
    """Decides in the name of the right aggregates, so that versions are as in a real log."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self.ledger = ledger

    def __call__(self, aggregate: str, *found: DecisionFact) -> None:
        for fact in found:
            self.ledger.decide(aggregate, NAMES[type(fact)], fact)


def rewarded(ledger: MemoryLedger) -> MemoryLedger:
    """The whole story; jane's payout po-1 is settled and then returned."""
    decide = Decider(ledger)
    people(decide)
    sell(ledger)
    ledger.process()
    review(ledger, decide)
    decide(
        "adjustment:acme/adj-1",
        facts.AccountAdjusted("adj-1", "acme", "jane", "EUR", 321, "thanks", "ann"),
    )
    decide(
        "receipt:acme/pay-1",
        facts.PaymentReceived("pay-1", "acme", "jane", "EUR", 45, "bank-1", "ann"),
    )
    ledger.process()
    decide("contest:acme/race", closed_race(ledger))
    asked = ("po-1", "acme", "jane", "EUR", 0)
    decide("payout:po-1", facts.PayoutProposed(*asked, by="ann"))
    decide("payout:po-1", facts.PayoutApproved(*asked, by="bea"))
    ledger.process()
    tell(ledger)
    decide(
        "payout:po-1",
        facts.PayoutSent("po-1", "acme", "jane", "bank-7"),
        facts.PayoutSettled("po-1", "acme", "jane", "bank-7"),
        facts.PayoutReturned("po-1", "acme", "jane", "closed", "ann"),
    )
    ledger.process()
    return ledger


def people(decide: Decider) -> None:
    decide("program:acme", facts.ProgramCreated("acme", "Acme", "EUR"))
    decide("program:acme", facts.TermsAdded("acme", GENERAL), facts.TermsAdded("acme", OWN))
    shown = facts.AgreementPublished("acme", 1, "Agreement", "text", "0" * 64, 1, "ann")
    decide("agreement:acme", shown)
    for partner in PARTNERS:
        of, link = f"partner:{partner}", f"{partner}-link"
        decide(of, facts.PartnerRegistered(partner, partner))
        decide(of, facts.PartnerApproved(partner, "acme"))
        accepted = facts.AgreementAccepted("acme", partner, 1, "0" * 64, f"{partner} Doe", NOON)
        decide(f"acceptance:acme/{partner}", accepted)
        decide(f"link:{link}", facts.LinkCreated(link, "acme", partner, "https://shop.example/"))
    decide("partner:omar", facts.PartnerRecruited("omar", "acme", "jane", "ann"))
    decide("partner:omar", facts.PartnerCurrencySet("omar", "USD", "ann"))
    decide("partner:kim", facts.PartnerIdentified("kim", ("kim-herself",), "ann"))
    rates = facts.RatesSet("ecb", "2023-11-14", "EUR", {"USD": "1.0817", "GBP": "0.8731"}, "bank")
    decide("rates:ecb", rates)


def sell(ledger: MemoryLedger) -> None:
    """Sixteen deals: of one partner, shared by two, refunded, assigned; leads; one person twice;
    somebody who refers herself."""
    known = ledger.known
    for serial in range(16):
        customer = f"customer-{serial}"
        first, second = PARTNERS[serial % 3], PARTNERS[(serial + 1) % 3]
        common: Any = {"occurred_at": NOON, "known": known}
        if serial % 4 == 0:
            cited = click(ledger, second, 100 + serial)
            ledger.convert(Signup("acme", customer, f"s{serial}", click=cited, **common))
        deal = Deal(
            "acme", customer, f"e{serial}", f"d{serial}", 2_999 + 1_501 * serial, "EUR",
            click=click(ledger, first, serial),
            kind="renewal" if serial % 5 == 4 else "sale",
            identity=("kim-herself" if serial == 5 else f"person-{serial // 6}"),
            items=(Item("shoe", 1, 1_000, "shoes"),),
            **common,
        )  # fmt: skip
        ledger.convert(deal)
        if serial % 5 == 2:
            back = Refund("acme", customer, f"r{serial}", 700, "EUR", NOON, known, deal.deal)
            ledger.convert(back)
        if serial == 7:
            ledger.convert(
                Assignment("acme", customer, "a7", NOON, known, "jane", deal, "by mail", "ann")
            )


def review(ledger: MemoryLedger, decide: Decider) -> None:
    """Of what jane has waiting some is released; one is rejected, one held, two adjusted."""
    waiting = [entry for entry in ledger.entries() if entry.hold]
    for place, entry in enumerate(waiting):
        of = (entry.program, entry.partner, entry.deal, "" if entry.deal else entry.event_id)
        aggregate = f"commission:acme/{entry.partner}/{entry.deal}"
        aggregate += f"/{entry.via}" if entry.via else ""
        if place % 3 != 2:
            decide(aggregate, facts.CommissionReleased(*of, "fine", entry.via, "ann"))
    booked = [
        entry
        for entry in ledger.entries()
        if entry.kind == "commission" and not entry.hold and entry.deal and not entry.via
    ]
    for place, entry in enumerate(booked):
        of = (entry.program, entry.partner, entry.deal, "")
        aggregate = f"commission:acme/{entry.partner}/{entry.deal}"
        if place == 0:
            decide(aggregate, facts.CommissionRejected(*of, "fraud", by="ann"))
        elif place == 1:
            decide(aggregate, facts.CommissionHeld(*of, "odd", by="ann"))
        elif place < 4:
            decide(aggregate, facts.CommissionAdjusted(*of, 77, "promised", by="ann"))


def closed_race(ledger: MemoryLedger) -> facts.ContestClosed:
    """The closing of the contest at the journal's end."""
    race, positions = Race("acme", GENERAL.contests[0]), {}
    for partition in range(PARTITIONS):
        records = list(ledger.log.read("journal", partition))
        for posted in accepted(iter(records)):
            race.take(posted.entry)
        positions[str(partition)] = len(records)
    return facts.ContestClosed("acme", "race", 1, positions, race.winners("EUR"), "ann")


def kinds(ledger: MemoryLedger) -> Iterator[str]:
    return (entry.kind for entry in ledger.entries())
