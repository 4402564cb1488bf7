"""No false alarm under engine 2: whatever honest people decide of shares, teams, currencies,
reviews, assignments and terms, in any order, the audit verifies it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from audit.payout import prove_payout
from events import decisions as facts
from events.conversions import Assignment, Deal, Item, Refund, Signup
from events.terms import (
    Bonus,
    Cap,
    Contest,
    Level,
    Modifier,
    Override,
    PayoutTerms,
    Rule,
    Terms,
    Tiers,
)
from tests.audit.memory import DAY, NOON, MemoryLedger
from tests.audit.scene import KEYS, click, replayed, tell
from tests.audit.test_honest_histories import CUSTOMERS, PAYOUTS, STEPS, History, restarts

PARTNERS = ("jane", "omar", "kim")
POINTS = "acme:points"

partners = st.sampled_from(PARTNERS)
customers = st.sampled_from(CUSTOMERS)
several = st.lists(partners, max_size=3)
serials = st.integers(0, 30)
deals = st.tuples(
    st.just("deal"),
    customers,
    several,
    st.integers(0, 9_999),
    st.sampled_from(("EUR", "EUR", "USD")),
    st.sampled_from(("sale", "sale", "renewal")),
    st.sampled_from(("", "one", "two", "kim-herself")),
)
reviews = st.tuples(
    st.just("review"),
    serials,
    st.one_of(st.none(), st.none(), st.none(), partners),
    st.sampled_from(("held", "released", "rejected", "adjusted")),
    st.sampled_from(("", "", "", "", "omar")),
    st.integers(-50, 500),
)
operations = st.one_of(
    deals,
    deals,
    deals,
    st.tuples(st.just("signup"), customers, several),
    st.tuples(st.just("refund"), serials, st.integers(1, 9_999)),
    st.tuples(st.just("refund"), serials, st.integers(1, 9_999)),
    st.tuples(st.just("again"), serials, st.booleans()),
    st.tuples(st.just("assign"), serials, partners),
    reviews,
    reviews,
    st.tuples(st.sampled_from(("suspended", "approved")), partners),
    st.tuples(st.just("recruit"), partners, st.sampled_from(("", *PARTNERS))),
    st.tuples(st.just("currency"), partners, st.sampled_from(("EUR", "USD"))),
    st.tuples(st.just("rates"), st.integers(0, 9)),
    st.tuples(st.just("accept"), partners),
    st.tuples(st.just("publish")),
    st.tuples(st.just("register"), customers, partners),
    st.tuples(st.just("correct"), partners, st.integers(-900, 900), st.booleans()),
    st.tuples(st.just("terms"), st.integers(0, 3_000), st.integers(-9, 9), st.integers(0, 3)),
    st.tuples(st.just("own"), partners, st.integers(0, 3_000)),
    st.tuples(st.just("request"), st.sampled_from(PAYOUTS), partners, st.integers(0, 900)),
    st.tuples(st.sampled_from((*STEPS, "returned")), st.sampled_from(PAYOUTS)),
)


class RewardedHistory(History):
    """Under terms that use everything; deals are shared by whoever was clicked."""

    contest: Contest | None = None
    """That its terms hold, if any."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self.deals: list[Deal] = []
        self.brought: dict[str, str] = {}
        """Deal → who was clicked last."""
        self.published = 0
        super().__init__(ledger)
        self._decide("partner:kim", facts.PartnerRegistered("kim", "kim"))
        self._decide("partner:kim", facts.PartnerApproved("kim", "acme"))
        link = facts.LinkCreated("kim-link", "acme", "kim", "https://shop.example/")
        self._decide("link:kim-link", link)
        self._decide("partner:kim", facts.PartnerIdentified("kim", ("kim-herself",)))
        self._happen_rates(7)

    def happen(self, what: str, *rest: Any) -> None:
        verb = getattr(self, f"_happen_{what}", None)
        if verb is None:
            super().happen(what, *rest)
        else:
            self._serial += 1
            verb(*rest)

    def _decide(self, aggregate: str, fact: facts.DecisionFact) -> None:
        name = next(name for name, shape in facts.FACTS.items() if shape is type(fact))
        self.ledger.decide(aggregate, name, fact)

    def _clicks(self, customer: str, found: list[str]) -> Any:
        """All but the last lead to signups, so that a deal has several touches."""
        cited = None
        for place, partner in enumerate(found):
            cited = click(self.ledger, partner, self._serial * 10 + place)
            if place < len(found) - 1:
                event = f"s{self._serial}-{place}"
                known = self.ledger.known
                self._send(Signup("acme", customer, event, NOON, known, click=cited))
        return cited

    def _happen_deal(
        self, customer: str, found: list[str], amount: int, currency: str, kind: Any, person: str
    ) -> None:
        cited = self._clicks(customer, found)
        serial, known = self._serial, self.ledger.known
        items = (Item("shoe", 1, amount // 2, "shoes"), Item("sock", 3, amount // 3))
        deal = Deal(
            "acme", customer, f"e{serial}", f"d{serial}", amount, currency, NOON + serial, known,
            kind=kind, identity=person, items=items, tax=amount // 5, click=cited,
        )  # fmt: skip
        self.deals.append(deal)
        self.brought[deal.deal] = found[-1] if found else "jane"
        self._send(deal)

    def _happen_signup(self, customer: str, found: list[str]) -> None:
        cited = self._clicks(customer, found)
        known = self.ledger.known
        self._send(Signup("acme", customer, f"s{self._serial}", NOON, known, click=cited))

    def _happen_refund(self, serial: int, amount: int) -> None:
        if self.deals:
            deal = self.deals[serial % len(self.deals)]
            event, known = f"r{self._serial}", self.ledger.known
            of = ("acme", deal.customer, event, amount, deal.currency, NOON, known)
            self._send(Refund(*of, deal.deal if serial % 3 else ""))

    def _happen_assign(self, serial: int, partner: str) -> None:
        if self.deals:
            deal = self.deals[serial % len(self.deals)]
            if serial % 7 == 0:
                deal = msgspec.structs.replace(deal, amount=deal.amount + 1)  # not as recorded
            event, known = f"a{self._serial}", self.ledger.known
            self._send(
                Assignment("acme", deal.customer, event, NOON, known, partner, deal, "?", "ann")
            )

    def _happen_review(self, serial: int, of: str | None, step: str, via: str, amount: int) -> None:
        if not self.deals:
            return
        deal = self.deals[serial % len(self.deals)].deal
        partner = of or self.brought[deal]
        aggregate = f"commission:acme/{partner}/{deal}" + (f"/{via}" if via else "")
        if step == "adjusted":
            said: Any = facts.CommissionAdjusted("acme", partner, deal, "", amount, "?", via, "ann")
        else:
            shape = {
                "held": facts.CommissionHeld,
                "released": facts.CommissionReleased,
                "rejected": facts.CommissionRejected,
            }[step]
            said = shape("acme", partner, deal, "", "?", via, "ann")
        self._decide(aggregate, said)

    def _happen_recruit(self, partner: str, parent: str) -> None:
        if partner != parent:
            fact = facts.PartnerRecruited(partner, "acme", parent, "ann")
            self._decide(f"partner:{partner}", fact)

    def _happen_currency(self, partner: str, currency: str) -> None:
        self._decide(f"partner:{partner}", facts.PartnerCurrencySet(partner, currency))

    def _happen_rates(self, cents: int) -> None:
        rates = {"USD": f"1.0{cents}3", "GBP": "0.87"}
        self._decide("rates:ecb", facts.RatesSet("ecb", "2023-11-13", "EUR", rates))

    def _happen_publish(self) -> None:
        self.published += 1
        sha = f"{self.published:064x}"
        shown = facts.AgreementPublished("acme", self.published, "A", "text", sha)
        self._decide("agreement:acme", shown)

    def _happen_accept(self, partner: str) -> None:
        if self.published:
            sha = f"{self.published:064x}"
            said = facts.AgreementAccepted("acme", partner, self.published, sha, "Doe", NOON)
            self._decide(f"acceptance:acme/{partner}", said)

    def _happen_register(self, customer: str, partner: str) -> None:
        of = f"R-{self._serial}"
        said = (of, "acme", partner, customer)
        self._decide(f"registration:{of}", facts.RegistrationSubmitted(*said, "deal"))
        self._decide(f"registration:{of}", facts.RegistrationApproved(*said))

    def _happen_correct(self, partner: str, amount: int, received: bool) -> None:
        of = f"x-{self._serial}"
        if received:
            said: Any = facts.PaymentReceived(of, "acme", partner, "EUR", abs(amount) + 1, "bank")
            self._decide(f"receipt:acme/{of}", said)
        else:
            said = facts.AccountAdjusted(of, "acme", partner, POINTS, amount or 1, "?", "ann")
            self._decide(f"adjustment:acme/{of}", said)

    def _happen_own(self, partner: str, rate: int) -> None:
        rules = (Rule("own", "sale", "percentage", rate),)
        version = self.ledger.version("program:acme")
        terms = Terms(version, NOON - DAY, rules, engine="2", partner=partner, hold_days=1)
        self._decide("program:acme", facts.TermsAdded("acme", terms))

    def _happen_returned(self, payout: str) -> None:
        if payout in self.payouts:
            back = facts.PayoutReturned(payout, "acme", self.payouts[payout], "?", "ann")
            self._decide(f"payout:{payout}", back)

    def _terms(self, rate: int, begins: int, hold: int) -> None:
        ledger = self.ledger
        if ledger.version("program:acme") == 0:
            self._decide("program:acme", facts.ProgramCreated("acme", "Acme", "EUR"))
        tiers = Tiers(
            (Level(5_000, rate + 300), Level(15_000, rate + 900)),
            apply="retroactive" if rate % 2 else "onward",
            period="month",
        )
        shoes = (Modifier("category", "is", "shoes"),)
        terms = Terms(
            max(1, ledger.version("program:acme")),
            NOON + begins * DAY,
            (
                Rule("sale", "sale", "percentage", rate, tiers=tiers),
                Rule("points", "sale", "percentage", 10_000, POINTS, adds=True),
                Rule("shoes", "sale", "percentage", 250, adds=True, modifiers=shoes),
                Rule("renewal", "renewal", "percentage", 700, includes=("tax",)),
                Rule("lead", "lead", "flat", 90),
            ),
            engine="2",
            attribution="position_based" if rate % 3 else "linear",
            hold_days=hold,
            bonuses=(Bonus("third", 3, 500, measure="count"),),
            caps=(Cap("lid", "partner", 700, "month", ("renewal", "lead")),),
            contests=() if self.contest is None else (self.contest,),
            overrides=(Override("team", 1, "sale", "percentage", 300),),
            review_above=800 if rate % 5 == 0 else 0,
            self_referral="hold" if rate % 2 else "refuse",
            payouts=(PayoutTerms(minimum=10, fee=3, withholding=500),),
        )
        self._decide("program:acme", facts.TermsAdded("acme", terms))


@given(
    st.lists(operations, min_size=25, max_size=80),
    st.one_of(st.none(), st.integers(0, 2**32)),
    st.booleans(),
)
def test_an_honest_history_of_rewards_is_verified(
    life: list[Any], seed: int | None, hasty: bool
) -> None:
    ledger = MemoryLedger(list if seed is None else restarts(seed), hasty=hasty)
    history = RewardedHistory(ledger)
    for operation in life:
        history.happen(*operation)
    ledger.process()
    tell(ledger)
    report = replayed(ledger.log)
    assert report.differences == []
    assert report.contradictions == []
    assert all(not sum(accounts.values()) for accounts in report.trial_balance.values())
    balances_are_their_legs(ledger)
    for payout in history.payouts:
        proof = prove_payout(ledger.log, payout, KEYS, patience=0)
        owed = sum(proved.entry.payable(proof.unit) for proved in proof.before)
        assert proof.amount <= max(0, owed)


def balances_are_their_legs(ledger: MemoryLedger) -> None:
    """Each entry's balances, added up from the legs alone."""
    owed: Counter[tuple[str, str, str]] = Counter()
    pending: dict[tuple[str, str], Counter[int]] = {}
    for entry in ledger.entries():
        for leg in entry.legs:
            unit = leg.unit or entry.unit
            owed[entry.partner, unit, leg.account] += leg.amount
            if leg.account == "payable":
                until = leg.available_at if entry.engine else entry.available_at
                pending.setdefault((entry.partner, unit), Counter())[until] += leg.amount
        shown = {entry.unit: entry.balance, **entry.balances}
        for unit, balance in shown.items():
            if balance is not None and entry.legs:
                of = (entry.partner, unit)
                assert balance.payable == owed[*of, "payable"]
                assert balance.in_transit == owed[*of, "in_transit"] >= 0
                assert balance.paid == owed[*of, "paid"] >= 0
                holds = pending.get(of, Counter())
                waiting = {until: sum for until, sum in holds.items() if until > entry.at}
                assert balance.pending == sum(waiting.values())
                assert all(amount >= 0 for amount in waiting.values())
