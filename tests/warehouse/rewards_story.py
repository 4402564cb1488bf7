"""A second story: a ledger of engine 2, with every way a partner is paid.

Program `acme` pays tiers that look back, a bonus, points of its own, shared deals, teams;
`resale` has a partner that takes the customers' money itself; `early` is of engine 1, and its
commissions are reviewed too. What the warehouse must say is counted from the bytes of the
journal and of the attributions, leg by leg.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from events import decisions as fact
from events import topics
from events.codec import decode
from events.conversions import Assignment, CitedClick, Deal, Item, Refund
from events.journal import Entry
from events.terms import (
    Bonus,
    Cap,
    Contest,
    Level,
    Override,
    PayoutTerms,
    Prize,
    Rule,
    Tiers,
)
from projections.contest import Race
from projections.invoice import Billing
from projections.posted import Posted
from tests.warehouse.story import Story

PARTNERS = ("ann", "bea", "cem", "uma")
POINTS = "acme:points"
EARNING = ("commission", "clawback", "released", "rejected", "adjusted", "award")
"""Kinds of entries that give or take what was earned."""

TIERS = Tiers(
    (Level(0, 800, "start"), Level(60_000, 1_200, "gold")), "amount", "month", "retroactive"
)
ACME: dict[str, Any] = {
    "engine": "2",
    "attribution": "linear",
    "hold_days": 20,
    "review_above": 2_000,
    "bonuses": (Bonus("century", 100_000, 5_000, period="quarter"),),
    "caps": (Cap("lid", "partner", 2_500, "month", ("renewal",)),),
    "overrides": (
        Override("team", 1, "sale", "percentage", 300),
        Override("house", 2, "sale", "flat", 25),
    ),
    "contests": (Contest("race", 0, 2**52, (Prize(10_000), Prize(500, POINTS))),),
    "payouts": (PayoutTerms(minimum=100, fee=35, fee_rate=20, withholding=1_500),),
}
ACME_RULES = (
    Rule("sale", "sale", "percentage", 800, tiers=TIERS),
    Rule("points", "sale", "percentage", 10_000, POINTS, adds=True),
    Rule("renewal", "renewal", "percentage", 1_000),
    Rule("lead", "lead", "flat", 150),
)


class RewardsStory(Story):
    def __init__(self, customers: int = 70, seed: int = 11) -> None:
        self.deals: dict[str, Deal] = {}
        super().__init__(customers, seed)

    def _decide(self) -> None:
        world = self.world
        for program in ("acme", "resale", "early"):
            world.program(program)
        world.terms(*ACME_RULES, **ACME)
        margin = Rule("margin", "sale", "margin", 2_500, collects="partner")
        world.terms(margin, program="resale", engine="2", hold_days=5)
        world.terms(Rule("first", "sale", "percentage", 1_000), program="early", hold_days=20)
        for partner in PARTNERS:
            world.partner(partner)
        for partner, program in (("rex", "resale"), ("eve", "early")):
            world.partner(partner, program)
        world.decide(fact.PartnerRecruited("ann", "acme", "bea", "boss"))
        world.decide(fact.PartnerRecruited("bea", "acme", "cem", "boss"))
        world.decide(fact.PartnerCurrencySet("uma", "GBP", "boss"))
        world.decide(fact.AgreementPublished("early", 1, "Agreement", "text", "0" * 64, 1, "boss"))
        world.decide(fact.AgreementAccepted("early", "eve", 1, "0" * 64, "Eve Doe", world.now))
        said = ("early", "eve")
        world.decide(
            fact.RegistrationSubmitted("reg-1", *said, "known", "deal", "Tender", 5_000, "EUR")
        )
        world.decide(fact.RegistrationApproved("reg-1", *said, "known", "boss"))
        world.decide(fact.RegistrationUpdated("reg-1", amount=7_000, currency="EUR"))
        world.decide(fact.RegistrationSubmitted("reg-2", *said, "other", "lead"))
        world.decide(fact.RegistrationRejected("reg-2", *said, "other", "ours already", "boss"))

    def _customer(self, number: int) -> None:
        world, customer = self.world, f"customer-{number}"
        if number % 8 == 0:
            self._rates()
        amount = self._chance.randrange(100, 30_000)
        clicks = self._chance.sample(PARTNERS, 1 + number % 3)
        for visit, partner in enumerate(clicks):
            self._click(partner, f"{number}-{visit}", ())
        for partner in clicks[:-1]:
            world.signup(customer, click=world.click(f"{partner}-link"))
            world.now += 1_000
        last = world.click(f"{clicks[-1]}-link")
        items = (Item("shoe", 1, amount // 3), Item("sock", 2, amount // 5))
        self._sell(customer, f"D-{number}", amount, click=last, items=items)
        if number % 3 == 0:
            self._sell(customer, f"N-{number}", amount // 2, kind="renewal")
        if number % 4 == 0:
            world.refund(customer, max(1, amount // 3), deal=f"D-{number}")
        if number % 10 == 9:
            world.refund(customer, amount, deal=f"D-{number}")
        if number % 6 == 1:
            self._sell(f"nobody-{number}", f"U-{number}", 7_001)
            self._assign(f"U-{number}", "bea")
        if number % 6 == 2:
            self._assign(f"D-{number}", "cem")
        if number % 8 == 4:  # a part of it was refunded by now
            self._assign(f"D-{number}", "ann")
            self._assign(f"D-{number}", "uma")
            world.refund(customer, 5, deal=f"D-{number}")
        self._review(number)
        self._elsewhere(number)

    def _sell(
        self, customer: str, deal: str, amount: int, program: str = "acme", **more: Any
    ) -> None:
        known = self.world.directory.count
        made = Deal(
            program, customer, f"e-{deal}", deal, amount, "EUR", self.world.now, known, **more
        )
        self.deals[deal] = made
        self.world.record(made)

    def _assign(self, name: str, to: str) -> None:
        world, deal = self.world, self.deals[name]
        world.now += 1_000
        event = f"a-{name}-{to}"
        known = world.directory.count
        world.record(
            Assignment(
                deal.program, deal.customer, event, world.now, known, to, deal, "met", "boss"
            )
        )

    def _review(self, number: int) -> None:
        world, deal = self.world, f"D-{number}"
        for entry in [
            one for one in world.entries if one.deal == deal and one.kind == "commission"
        ]:
            of = (entry.program, entry.partner, deal, "")
            waits = bool(entry.hold)
            if number % 5 == 0 and not waits:
                world.decide(fact.CommissionHeld(*of, "looks odd", entry.via, "boss"))
            if number % 5 == 0 or (waits and number % 2):
                world.decide(fact.CommissionReleased(*of, "fine", entry.via, "boss"))
            if number % 7 == 3:
                world.decide(fact.CommissionRejected(*of, "fraud", entry.via, "boss"))
            if number % 6 == 5:
                world.decide(fact.CommissionAdjusted(*of, 77, "promised", entry.via, "boss"))

    def _elsewhere(self, number: int) -> None:
        world = self.world
        if number % 4 == 1:
            self._sell(f"shop-{number}", f"M-{number}", 4_003 + number, "resale", partner="rex")
        if number % 8 == 1:
            known = world.directory.count
            back = ("resale", f"shop-{number}", f"rm-{number}", 1_000, "EUR", world.now, known)
            world.record(Refund(*back, f"M-{number}"))
        if number % 4 == 2:
            cited = CitedClick(f"eve-link.{world.now}", "eve-link", world.now)
            self._sell(f"early-{number}", f"E-{number}", 3_333 + number, "early", click=cited)
            step = (fact.CommissionHeld, fact.CommissionRejected)[number % 8 == 2]
            world.decide(step("early", "eve", f"E-{number}", "", "why", by="boss"))
        if number % 16 == 6:
            world.decide(
                fact.CommissionReleased("early", "eve", f"E-{number}", "", "fine", by="boss")
            )
            world.decide(
                fact.CommissionAdjusted("early", "eve", f"E-{number}", "", -11, "less", by="boss")
            )
            known = world.directory.count
            back = ("early", f"early-{number}", f"re-{number}", 500, "EUR", world.now, known)
            world.record(Refund(*back, f"E-{number}"))

    def _rates(self) -> None:
        day = time.strftime("%Y-%m-%d", time.gmtime(self.world.now / 1000))
        rates = {"GBP": f"0.{81 + self._chance.randrange(9)}37", "USD": "1.0811"}
        self.world.decide(fact.RatesSet("ecb", day, "EUR", rates, "bank"))

    def _pay(self) -> None:
        world = self.world
        world.decide(fact.AccountAdjusted("adj-1", "acme", "ann", "EUR", 500, "thanks", "boss"))
        world.decide(fact.AccountAdjusted("adj-2", "acme", "ann", POINTS, -40, "too many", "boss"))
        world.decide(fact.PaymentReceived("pay-1", "resale", "rex", "EUR", 2_000, "bank-3", "boss"))
        race = Race("acme", ACME["contests"][0])
        for partition in world.journal:
            for value in world.journal[partition]:
                race.take(decode(topics.JOURNAL, value))
        read = {str(partition): len(world.journal[partition]) for partition in (0, 1)}
        won = race.winners("EUR")
        world.decide(fact.ContestClosed("acme", "race", 1, read, won, "boss"))
        runs = tuple(fact.RunPayout(f"run-{name}", name) for name in ("ann", "bea", "cem"))
        world.decide(fact.PayoutRunStarted("run-1", "acme", "EUR", runs, "boss"))
        for payout, partner in (("run-ann", "ann"), ("run-bea", "bea"), ("run-cem", "cem")):
            world.decide(fact.PayoutProposed(payout, "acme", partner, "EUR", 0, "boss", "run-1"))
            world.decide(fact.PayoutApproved(payout, "acme", partner, "EUR", 0, "chief", "run-1"))
            self._funded(payout, partner)
        for payout, partner in (("run-ann", "ann"), ("run-bea", "bea")):
            world.decide(fact.PayoutSent(payout, "acme", partner, "bank-1", "boss"))
            world.decide(fact.PayoutSettled(payout, "acme", partner, "bank-1", "boss"))
        world.decide(fact.PayoutReturned("run-bea", "acme", "bea", "account closed", "boss"))
        world.decide(fact.PayoutRequested("po-gbp", "acme", "uma", "GBP", 500))
        self._funded("po-gbp", "uma")
        world.decide(fact.PayoutSent("po-gbp", "acme", "uma", "bank-2"))
        world.decide(fact.PayoutFailed("po-gbp", "acme", "uma", "no such account"))
        world.decide(fact.PayoutRequested("po-points", "acme", "ann", POINTS, 300))
        self._funded("po-points", "ann")
        world.decide(fact.PayoutProposed("po-none", "acme", "cem", "EUR", 1, "boss"))
        world.decide(fact.PayoutCanceled("po-none", "a mistake", "boss"))
        billing = Billing("acme")
        ends = {str(partition): len(world.journal[partition]) for partition in (0, 1)}
        for partition in (0, 1):
            for offset, value in enumerate(world.journal[partition]):
                billing.take(Posted(partition, offset, decode(topics.JOURNAL, value), value))
        self.invoice = billing.invoice({"0": 0, "1": 0}, ends)
        world.decide(
            fact.InvoiceIssued(
                "inv-1", 1, "acme", "2026-11", {"0": 0, "1": 0}, ends, self.invoice.totals,
                self.invoice.entries, self.invoice.sha256, "boss",
            )
        )  # fmt: skip

    # What must be found, from the bytes of the journal

    def journal(self) -> list[Entry]:
        return [
            decode(topics.JOURNAL, value) for log in self.world.journal.values() for value in log
        ]

    def units(self) -> set[str]:
        return {leg.unit or entry.unit for entry in self.journal() for leg in entry.legs}

    def by_account(self) -> Counter[tuple[str, str]]:
        """(unit, account) → sum of its legs, minor units."""
        found: Counter[tuple[str, str]] = Counter()
        for entry in self.journal():
            for leg in entry.legs:
                found[leg.unit or entry.unit, leg.account] += leg.amount
        return found

    def earned(self) -> dict[tuple[str, str, str, str], tuple[int, int]]:
        """(program, partner, unit, rule) → given and taken back, each by entry."""
        found: dict[tuple[str, str, str, str], tuple[int, int]] = {}
        for entry in self.journal():
            if entry.kind not in EARNING:
                continue
            moved: Counter[tuple[str, str]] = Counter()
            for unit, rule, amount in self.payable(entry):
                moved[unit, rule] += amount
            for (unit, rule), amount in moved.items():
                key = (entry.program, entry.partner, unit, rule)
                up, down = found.get(key, (0, 0))
                found[key] = (up + max(amount, 0), down + min(amount, 0))
        return found

    @staticmethod
    def payable(entry: Entry, *, collected: bool = False) -> list[tuple[str, str, int]]:
        """(unit, rule, amount) of the payable legs, without those of money that the partner took
        from the customer itself, or just those."""
        own = {leg.rule for leg in entry.legs if leg.account == "wholesale"}
        return [
            (leg.unit or entry.unit, leg.rule or entry.rule, leg.amount)
            for leg in entry.legs
            if leg.account == "payable" and (leg.rule in own) is collected
        ]

    def daily_sums(self, *, collected: bool = False) -> Counter[tuple[str, str, str, str]]:
        """(UTC day of the conversion, program, partner, unit) → commission, or wholesale owed."""
        happened = {
            found.source: found.occurred_at
            for values in self.world.attributions.values()
            for found in (decode(topics.ATTRIBUTIONS, value) for value in values)
        }
        total: Counter[tuple[str, str, str, str]] = Counter()
        for entry in self.journal():
            if entry.kind not in (*EARNING, "adjustment"):
                continue
            at = entry.occurred_at or happened.get(entry.conversion, entry.at)
            day = time.strftime("%Y-%m-%d", time.gmtime(at / 1000))
            for unit, _, amount in self.payable(entry, collected=collected):
                total[day, entry.program, entry.partner, unit] += -amount if collected else amount
        return total

    def whose(self) -> dict[str, list[tuple[str, int, int]]]:
        """Deal → who has it in the end: partner, share, amount; of what was credited to anybody."""
        found: dict[str, list[tuple[str, int, int]]] = {}
        for values in self.world.attributions.values():
            for value in values:
                said = decode(topics.ATTRIBUTIONS, value)
                if said.outcome in ("credited", "assigned") and said.deal:
                    found[said.deal] = [
                        (credit.partner, credit.share, said.amount)
                        for credit in said.credits
                        if not credit.level
                    ]
        return found
