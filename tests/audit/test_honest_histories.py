"""No false alarm: whatever honest people, clients and workers do, the audit verifies it.

The histories hold what a real log does: retries and conflicts, records nobody can read,
conversions under a wrong key or stamped with decisions nobody has made yet, partners
suspended and taken back, terms that begin in the past, refunds of what was paid out,
payouts that fail; and in every derived topic the repeats of workers that were restarted
or replaced, and records that came before their predecessor and were written again.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from audit.payout import prove_payout
from events import decisions as facts
from events import topics
from events.codec import encode
from events.conversions import CitedClick, Conversion, Deal, Refund, Signup, conversion_key
from events.terms import Rule, Terms
from tests.audit.memory import DAY, NOON, MemoryLedger, Output
from tests.audit.scene import KEYS, click, replayed, tell
from tests.projections.operations import NaiveBook

PARTNERS = ("jane", "omar")
CUSTOMERS = tuple(f"customer-{number}" for number in range(4))
PAYOUTS = tuple(f"po-{number}" for number in range(3))
STEPS: dict[str, Callable[..., Any]] = {
    "sent": facts.PayoutSent,
    "settled": facts.PayoutSettled,
    "failed": facts.PayoutFailed,
}

partners = st.sampled_from(PARTNERS)
customers = st.sampled_from(CUSTOMERS)
operations = st.one_of(
    st.tuples(st.just("deal"), customers, st.one_of(partners, st.none()), st.integers(0, 9_999)),
    st.tuples(st.just("signup"), customers, partners),
    st.tuples(st.just("refund"), customers, st.integers(1, 9_999)),
    st.tuples(st.just("again"), st.integers(0, 40), st.booleans()),
    st.tuples(st.just("ahead"), customers, st.integers(1, 4)),
    st.tuples(st.sampled_from(("poison", "empty", "misplaced", "keyless")), customers),
    st.tuples(st.sampled_from(("suspended", "approved")), partners),
    st.tuples(st.just("terms"), st.integers(0, 3_000), st.integers(-9, 9), st.integers(0, 3)),
    st.tuples(st.just("request"), st.sampled_from(PAYOUTS), partners, st.integers(0, 900)),
    st.tuples(st.sampled_from(tuple(STEPS)), st.sampled_from(PAYOUTS)),
)


class History:
    """Lets the operations happen, each at its moment."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self.ledger = ledger
        self.sent: list[Conversion] = []
        self.payouts: dict[str, str] = {}
        self._serial = 0
        self._terms(1_000, -1, 0)
        for partner in PARTNERS:
            of, link = f"partner:{partner}", f"{partner}-link"
            ledger.decide(of, "partner.registered", facts.PartnerRegistered(partner, partner))
            ledger.decide(of, "partner.approved", facts.PartnerApproved(partner, "acme"))
            made = facts.LinkCreated(link, "acme", partner, "https://shop.example/")
            ledger.decide(f"link:{link}", "link.created", made)

    def happen(self, what: str, *rest: Any) -> None:
        ledger = self.ledger
        self._serial += 1
        if what == "deal":
            customer, partner, amount = rest
            self._send(self._deal(customer, amount, ledger.known, self._click(partner)))
        elif what == "signup":
            customer, partner = rest
            event, cited = f"s{self._serial}", self._click(partner)
            self._send(Signup("acme", customer, event, NOON, ledger.known, click=cited))
        elif what == "refund":
            customer, amount = rest
            event = f"r{self._serial}"
            self._send(Refund("acme", customer, event, amount, "EUR", NOON, ledger.known))
        elif what == "again" and self.sent:
            conversion = self.sent[rest[0] % len(self.sent)]
            changed = {"occurred_at": conversion.occurred_at + 1} if rest[1] else {}
            ledger.convert(msgspec.structs.replace(conversion, known=ledger.known, **changed))
        elif what == "ahead":
            ledger.convert(self._deal(rest[0], 700, ledger.known + rest[1], self._click("jane")))
        elif what in ("poison", "empty", "misplaced", "keyless"):
            self._unreadable(what, rest[0])
        elif what == "suspended":
            gone = facts.PartnerSuspended(rest[0], "acme")
            ledger.decide(f"partner:{rest[0]}", "partner.suspended", gone)
        elif what == "approved":
            back = facts.PartnerApproved(rest[0], "acme")
            ledger.decide(f"partner:{rest[0]}", "partner.approved", back)
        elif what == "terms":
            self._terms(*rest)
        elif what == "request" and rest[0] not in self.payouts:
            payout, partner, amount = rest
            self.payouts[payout] = partner
            asked = facts.PayoutRequested(payout, "acme", partner, "EUR", amount)
            ledger.decide(f"payout:{payout}", "payout.requested", asked)
        elif what in STEPS and rest[0] in self.payouts:
            step = STEPS[what](rest[0], "acme", self.payouts[rest[0]])
            ledger.decide(f"payout:{rest[0]}", f"payout.{what}", step)

    def _send(self, conversion: Conversion) -> None:
        self.sent.append(conversion)
        self.ledger.convert(conversion)

    def _deal(self, customer: str, amount: int, known: int, cited: CitedClick | None) -> Deal:
        event = f"e{self._serial}"
        return Deal(
            "acme", customer, event, f"d{self._serial}", amount, "EUR", NOON, known, click=cited
        )

    def _click(self, partner: str | None) -> CitedClick | None:
        return None if partner is None else click(self.ledger, partner, self._serial)

    def _terms(self, rate: int, begins: int, hold: int) -> None:
        """A new version; often it begins before it was decided."""
        ledger = self.ledger
        version = ledger.version("program:acme")
        if version == 0:
            created = facts.ProgramCreated("acme", "Acme", "EUR")
            ledger.decide("program:acme", "program.created", created)
        rules = (Rule("sale", "sale", "percentage", rate), Rule("lead", "lead", "flat", 200))
        terms = Terms(max(1, version), NOON + begins * DAY, rules, hold_days=hold)
        ledger.decide("program:acme", "program.terms_added", facts.TermsAdded("acme", terms))

    def _unreadable(self, what: str, customer: str) -> None:
        log, now = self.ledger.log, self.ledger.now
        key = conversion_key("acme", customer)
        deal = encode(self._deal(customer, 700, self.ledger.known, self._click("jane")))
        if what == "poison":
            log.append(topics.CONVERSIONS, key, b"{not json", now)
        elif what == "misplaced":
            log.append(topics.CONVERSIONS, "acme/somebody", deal, now)
        else:
            at = log.append(topics.CONVERSIONS, key, deal, now)
            log.replace(at, **({"value": None} if what == "empty" else {"key": None}))


def restarts(seed: int) -> Callable[[Output], Output]:
    """What workers that are killed and replaced leave behind of what they write."""
    chance = random.Random(seed)

    def noise(written: Output) -> Output:
        found: Output = []
        for place, record in enumerate(written):
            if chance.random() < 0.1:  # this one was lost; a few after it were not
                found += written[place + 1 : place + 1 + chance.randint(1, 3)]
            found.append(record)
            if chance.random() < 0.1:
                start = chance.randint(0, place)
                found += written[start : chance.randint(start, place) + 1]
        return found

    return noise


@given(
    st.lists(operations, min_size=5, max_size=40),
    st.one_of(st.none(), st.integers(0, 2**32)),
    st.booleans(),
)
def test_an_honest_history_is_verified(life: list[Any], seed: int | None, hasty: bool) -> None:
    ledger = MemoryLedger(list if seed is None else restarts(seed), hasty=hasty)
    history = History(ledger)
    for operation in life:
        history.happen(*operation)
    ledger.process()
    tell(ledger)
    report = replayed(ledger.log)
    assert report.differences == []
    assert report.contradictions == []
    for payout in history.payouts:
        proof = prove_payout(ledger.log, payout, KEYS, patience=0)
        owed = sum(proved.entry.payable(proof.unit) for proved in proof.before)
        assert proof.amount <= max(0, owed)


@given(
    st.lists(operations, min_size=5, max_size=40),
    st.one_of(st.none(), st.integers(0, 2**32)),
)
def test_the_money_of_an_honest_history_adds_up(life: list[Any], seed: int | None) -> None:
    """With suspended partners, changed terms and repeats, as with none: every balance is the
    sum of its legs, nothing is paid twice, and only a clawback makes a balance negative."""
    ledger = MemoryLedger(list if seed is None else restarts(seed))
    history = History(ledger)
    for operation in life:
        history.happen(*operation)
    ledger.process()
    book = NaiveBook()
    paid_for: Counter[tuple[str, ...]] = Counter()
    for entry in ledger.entries():
        before = book.available(entry.partner, entry.at)
        book.book(entry)
        paid_for[entry.kind, entry.partner, entry.event_id, entry.deal, entry.payout] += 1
        if entry.balance is not None:
            assert entry.balance.payable == book.total(entry.partner, "payable")
            assert entry.balance.pending == book.pending(entry.partner, entry.at)
            assert entry.balance.in_transit == book.total(entry.partner, "in_transit") >= 0
            assert entry.balance.paid == book.total(entry.partner, "paid") >= 0
        if entry.kind == "payout_funded":
            assert 0 < entry.legs[1].amount <= before
        elif entry.kind != "clawback":
            assert book.available(entry.partner, entry.at) >= min(before, 0)
    for (kind, *_), times in paid_for.items():
        assert times == 1 or kind == "no_effect", "one event books once"
    assert sum(book.totals.values()) == 0
