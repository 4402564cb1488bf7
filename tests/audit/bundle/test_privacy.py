"""A partner's own bundle tells of no other partner, whatever happened; and it still verifies.

The bytes of every member are searched for each id, name, link and coupon of all the others,
and for the customers and deals of theirs that are not the partner's too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from events import decisions as facts
from events import topics
from events.conversions import Deal
from tests.audit.bundle.reading import exported, members_in
from tests.audit.memory import NOON, MemoryLedger
from tests.audit.rewards_scene import rewarded
from tests.audit.scene import click, tell
from tests.audit.test_honest_histories import restarts
from tests.audit.test_honest_rewards import PARTNERS, RewardedHistory, operations, partners

EXAMPLES = int(os.environ.get("PLEDGER_EXAMPLES", "0")) or 40
CUSTOMERS = tuple(f"buyer-{number:02}" for number in range(8))
CODES = {"jane": "JANEY10", "omar": "OMARIX20", "kim": "KIMBO30"}
NAMES = {"jane": "Jane Doe", "omar": "Omar Sharif", "kim": "Kimberly Lane"}

telling = st.one_of(
    st.tuples(st.just("coupon"), st.sampled_from(CUSTOMERS), partners, st.integers(0, 9_999)),
    st.tuples(st.just("told"), st.sampled_from(CUSTOMERS), partners, partners),
    st.tuples(st.just("named"), st.sampled_from(CUSTOMERS), partners),
    st.tuples(st.just("noted"), partners, partners, st.integers(1, 900)),
)
"""What people write: coupons, referrals named in metadata, reasons that name somebody."""
pay = st.tuples(st.just("request"), st.sampled_from(("po-0", "po-1")), partners, st.just(0))


class ToldHistory(RewardedHistory):
    """Where people name each other in what they write."""

    def __init__(self, ledger: MemoryLedger) -> None:
        super().__init__(ledger)
        for partner, code in CODES.items():
            fact = facts.CouponCreated("acme", code, partner)
            self._decide(f"coupon:acme/{code}", fact)
            again = facts.PartnerRegistered(partner, NAMES[partner])
            self._decide(f"partner:{partner}", again)

    def _sell(self, customer: str, amount: int, **more: Any) -> None:
        serial = self._serial
        deal = Deal(
            "acme", customer, f"e{serial}", f"order-{serial:03}", amount, "EUR", NOON + serial,
            self.ledger.known, **more,
        )  # fmt: skip
        self._send(deal)

    def _happen_coupon(self, customer: str, partner: str, amount: int) -> None:
        self._sell(customer, amount, coupon_code=CODES[partner].lower())

    def _happen_told(self, customer: str, brought: str, named: str) -> None:
        cited = click(self.ledger, brought, self._serial * 10)
        self._sell(customer, 1_000, click=cited, metadata={"told": f"by {NAMES[named]}"})

    def _happen_named(self, customer: str, partner: str) -> None:
        self._sell(customer, 2_000, partner=partner, metadata={"friend": CUSTOMERS[0]})

    def _happen_noted(self, partner: str, named: str, amount: int) -> None:
        of = f"x-{self._serial}"
        said = facts.AccountAdjusted(of, "acme", partner, "EUR", amount, f"like {named}'s", "ann")
        self._decide(f"adjustment:acme/{of}", said)


def words_of_others(ledger: MemoryLedger, partner: str) -> Iterator[re.Pattern[str]]:
    """Patterns of all that tells of the others, from the log alone."""
    others = [other for other in PARTNERS if other != partner]
    for other in others:
        for word in (other, f"{other}-link", CODES[other], NAMES[other]):
            yield re.compile(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", re.IGNORECASE)
    mine: set[str] = set()
    theirs: set[str] = set()
    for (topic, _), records in ledger.log.records.items():
        for record in records if topic == topics.ATTRIBUTIONS else ():
            said = msgspec.json.decode(record.value or b"")
            credits = [*said.get("credits", ()), *said.get("withdrawn", ())]
            for refunded in said.get("refunded", ()):
                credits += refunded.get("credits", ())
            own = any(one["partner"] == partner and not one.get("level") for one in credits)
            if own:
                mine |= {said["customer"], said.get("deal", "")}
            if any(one["partner"] in others for one in credits):
                theirs |= {said["customer"], said.get("deal", "")}
    submitted = _facts(ledger, "registration.submitted")
    mine |= {fact["customer"] for fact in submitted if fact["partner"] == partner}
    for word in theirs - mine - {""}:
        yield re.compile(rf"(?<![\w.-]){re.escape(word)}(?![\w.-])")


def _facts(ledger: MemoryLedger, name: str) -> Iterator[dict[str, Any]]:
    for record in ledger.log.records[topics.DECISIONS, 0]:
        for event in msgspec.json.decode(record.value or b"")["events"]:
            if event["name"] == name:
                yield event["state"]


def tells_nothing_of_others(ledger: MemoryLedger, payout: str, partner: str) -> None:
    bundle, verdict = exported(ledger, "partner", payout)
    assert verdict.proof.partner == partner
    for name, member in members_in(bundle).items():
        text = member.decode()
        for word in words_of_others(ledger, partner):
            found = word.search(text)
            assert found is None, f"{name}: {text[max(0, found.start() - 200) : found.end() + 50]}"


def test_the_story_of_three_partners() -> None:
    ledger = rewarded(MemoryLedger())
    tells_nothing_of_others(ledger, "po-1", "jane")


@settings(max_examples=EXAMPLES)
@given(
    st.lists(st.one_of(operations, operations, telling, pay), min_size=30, max_size=80),
    st.one_of(st.none(), st.integers(0, 2**32)),
)
def test_random_ledgers(life: list[Any], seed: int | None) -> None:
    ledger = MemoryLedger(list if seed is None else restarts(seed))
    history = ToldHistory(ledger)
    for operation in life:
        history.happen(*operation)
    history.happen("request", "po-1", "jane", 0)
    ledger.process()
    tell(ledger)
    for payout, partner in history.payouts.items():
        whole, verdict = exported(ledger, "auditor", payout)
        assert not verdict.rests
        assert exported(ledger, "auditor", payout)[0] == whole
        tells_nothing_of_others(ledger, payout, partner)
