"""Routing: every account's instructions in one partition, densely numbered."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from events.attributions import Attribution, Credit, RefundedDeal
from events.conversions import Item
from events.decisions import Decision
from events.instructions import AdjustmentDue, CommissionDue, PayoutDue, RefundDue, ReviewDue
from events.partitioning import partition_of
from projections.routing import UNNUMBERED, Numbering, route_attribution, route_decision

HERE = "attributions/1/7"


def test_a_credited_conversion_instructs_each_partner() -> None:
    found = Attribution(
        7, "conversions/1/7", 5, "credited", "", "acme", "carol", "E-1", "d", "sale", "D-1",
        1_000, "EUR", 4, 3,
        credits=(Credit("alice", 7_000, "click", "l", "l.tok"), Credit("bob", 3_000, "coupon")),
    )  # fmt: skip
    first, second = route_attribution(found, HERE)
    assert first == CommissionDue(
        UNNUMBERED, HERE, "alice", "acme", "sale", "E-1", "conversions/1/7", 4, 3, 7_000, "click",
        "D-1", 1_000, "EUR", "l.tok",
    )  # fmt: skip
    assert isinstance(second, CommissionDue)
    assert (second.partner, second.share, second.amount) == ("bob", 3_000, 1_000)


@pytest.mark.parametrize("source", ["conversions/9/7", "conversions/1/6", "clicks/1/7", "x"])
def test_an_attribution_of_another_partitions_conversion_instructs_nobody(source: str) -> None:
    found = Attribution(
        7, source, 5, "credited", "", "acme", "carol", "E-1", "d", "sale", "D-1",
        1_000, "EUR", 4, 3, credits=(Credit("alice", 10_000, "click"),),
    )  # fmt: skip
    assert route_attribution(found, HERE) == ()


def test_a_refund_instructs_the_partners_of_the_deals_that_bear_it() -> None:
    alice, bob = Credit("alice", 10_000, "click"), Credit("bob", 10_000, "coupon")
    found = Attribution(
        8, "conversions/1/8", 5, "refunded", program="acme", event_id="R-1", kind="refund",
        amount=90, currency="EUR", occurred_at=4, known=3,
        refunded=(
            RefundedDeal("D-2", 50, "conversions/1/6", (bob,)),
            RefundedDeal("D-0", 20, "conversions/1/2", ()),
            RefundedDeal("D-1", 20, "conversions/1/5", (alice,)),
        ),
    )  # fmt: skip
    routed = route_attribution(found, "attributions/1/8")
    assert all(isinstance(due, RefundDue) for due in routed)
    assert [(due.partner, due.deal, due.amount, due.deal_conversion) for due in routed] == [
        ("bob", "D-2", 50, "conversions/1/6"),
        ("alice", "D-1", 20, "conversions/1/5"),
    ]


def test_what_earns_nothing_instructs_nobody() -> None:
    for outcome in ("unattributed", "unmatched", "duplicate", "conflict", "unreadable"):
        assert route_attribution(Attribution(0, "conversions/0/0", 0, outcome), HERE) == ()


def decision(name: str, state: bytes) -> Decision:
    return Decision(12, "decisions/0/9", 5, "payout:po-1", 1, name, state)


def test_only_the_payout_steps_people_decide_are_instructed() -> None:
    said = b'{"payout":"po-1","program":"acme","partner":"alice","unit":"EUR","amount":700}'
    assert route_decision(decision("payout.requested", said)) == (
        PayoutDue(
            UNNUMBERED, "decisions/0/9", 12, "alice", "acme", "po-1", "requested", "EUR", 700
        ),
    )
    failed = b'{"payout":"po-1","program":"acme","partner":"alice","reason":"closed account"}'
    assert route_decision(decision("payout.failed", failed)) == (
        PayoutDue(
            UNNUMBERED, "decisions/0/9", 12, "alice", "acme", "po-1", "failed",
            reason="closed account",
        ),
    )  # fmt: skip
    funded = b'{"payout":"po-1","amount":700,"entry":"journal/0/1"}'
    assert route_decision(decision("payout.funded", funded)) == ()
    assert route_decision(decision("program.paused", b'{"program":"acme"}')) == ()
    assert route_decision(decision("payout.sent", b"{}")) == ()


@given(st.lists(st.sampled_from(["alice", "bob", "carol", "dave", "erin"])), st.integers(1, 8))
def test_numbers_are_dense_for_each_target_and_go_on_after_a_restart(
    partners: list[str], partitions: int
) -> None:
    numbering, seen = Numbering(), dict[int, int]()
    for partner in partners:
        due = PayoutDue(UNNUMBERED, "decisions/0/0", 1, partner, "acme", "po", "sent")
        target, numbered = numbering.number(due, partitions)
        assert target == partition_of(partner, partitions)
        assert numbered.n == seen.get(target, 0)
        seen[target] = numbered.n + 1
        numbering = Numbering(numbering.next)
    assert numbering.next == seen


ALICE = Credit("alice", 6_000, "click", "l", "l.tok")
BOB = Credit("bob", 4_000, "click", before=6_000, hold="self_referral")
ZOE = Credit("zoe", 4_000, "click", level=1, via="bob", before=6_000, hold="self_referral")


def of_engine_2(outcome: str, **more: Any) -> Attribution:
    fields: dict[str, Any] = {
        "program": "acme",
        "customer": "carol",
        "event_id": "E-1",
        "kind": "sale",
        "deal": "D-1",
        "amount": 1_000,
        "currency": "EUR",
        "occurred_at": 4,
        "known": 3,
        "engine": "2",
        "country": "DE",
        "identity": "hash",
        "coupon": "SAVE",
        "purchase": 2,
        "first_at": 1,
        "tax": 190,
        "shipping": 50,
        "items": (Item("tea"),),
    }
    return Attribution(7, "conversions/1/7", 5, outcome, **(fields | more))  # type: ignore[arg-type]


def test_a_commission_of_engine_2_carries_what_its_rules_may_ask() -> None:
    found = of_engine_2("credited", credits=(ALICE, BOB, ZOE))
    alice, bob, zoe = route_attribution(found, HERE)
    assert isinstance(alice, CommissionDue) and isinstance(bob, CommissionDue)
    assert isinstance(zoe, CommissionDue)
    for due in (alice, bob, zoe):
        assert (due.engine, due.recorded_at, due.customer, due.identity) == (
            "2",
            5,
            "carol",
            "hash",
        )
        assert (due.country, due.coupon, due.purchase, due.first_at) == ("DE", "SAVE", 2, 1)
        assert (due.tax, due.shipping, due.items) == (190, 50, (Item("tea"),))
        assert due.conversion == "conversions/1/7"
    assert (alice.share, alice.before, alice.level, alice.via, alice.hold) == (6_000, 0, 0, "", "")
    assert (bob.share, bob.before, bob.hold) == (4_000, 6_000, "self_referral")
    assert (zoe.share, zoe.before, zoe.level, zoe.via) == (4_000, 6_000, 1, "bob")


def test_a_refund_instructs_every_credit_of_its_deal_and_the_same_only_once() -> None:
    bears = RefundedDeal("D-1", 50, "conversions/1/2", (ALICE, BOB, ZOE, ALICE))
    found = Attribution(
        7, "conversions/1/7", 5, "refunded", program="acme", event_id="R-1", kind="refund",
        amount=50, currency="EUR", occurred_at=4, known=3, refunded=(bears,),
    )  # fmt: skip
    routed = [due for due in route_attribution(found, HERE) if isinstance(due, RefundDue)]
    assert [(due.partner, due.level, due.via) for due in routed] == [
        ("alice", 0, ""),
        ("bob", 0, ""),
        ("zoe", 1, "bob"),
    ]


def test_an_assigned_deal_is_taken_from_one_and_given_to_another() -> None:
    now = Credit("zoe", 10_000, "manual")
    found = of_engine_2(
        "assigned",
        reason="by mail",
        by="ann",
        credits=(now,),
        withdrawn=(ALICE, ZOE),
        refunded=(RefundedDeal("D-1", 300, "conversions/1/2", (now,)),),
        conversion="conversions/1/2",
    )
    taken, above, given_to, refund = route_attribution(found, HERE)
    common = {"n": UNNUMBERED, "source": HERE, "program": "acme", "deal": "D-1"}
    rejected = {**common, "step": "rejected", "reason": "reassigned", "by": "ann"}
    assert taken == ReviewDue(partner="alice", **rejected)  # type: ignore[arg-type]
    assert above == ReviewDue(partner="zoe", via="bob", **rejected)  # type: ignore[arg-type]
    assert isinstance(given_to, CommissionDue) and isinstance(refund, RefundDue)
    assert (given_to.partner, given_to.method, given_to.amount) == ("zoe", "manual", 1_000)
    assert (given_to.conversion, given_to.recorded_at) == ("conversions/1/2", 0)
    assert (refund.partner, refund.amount, refund.conversion, refund.deal_conversion) == (
        "zoe", 300, "conversions/1/7", "conversions/1/2",
    )  # fmt: skip


HERE_DECIDED = {"n": UNNUMBERED, "source": "decisions/0/9", "partner": "alice", "program": "acme"}
COMMISSION = (
    '"program":"acme","partner":"alice","deal":"D-1","event_id":"","reason":"odd","by":"ann"'
)


@pytest.mark.parametrize("step", ["held", "released", "rejected", "adjusted"])
def test_what_is_decided_of_a_commission_is_instructed(step: str) -> None:
    amount = ',"amount":-70' if step == "adjusted" else ""
    said = f'{{{COMMISSION},"via":"bob"{amount}}}'.encode()
    expected = ReviewDue(
        **HERE_DECIDED,  # type: ignore[arg-type]
        step=step,  # type: ignore[arg-type]
        deal="D-1",
        via="bob",
        amount=-70 if amount else 0,
        reason="odd",
        by="ann",
    )
    assert route_decision(decision(f"commission.{step}", said)) == (expected,)


def test_corrections_payments_and_prizes_are_instructed() -> None:
    common = '"program":"acme","partner":"alice","unit":"EUR","amount":-70,"by":"ann"'
    said = f'{{"adjustment":"a-1",{common},"reason":"typo"}}'.encode()
    expected = AdjustmentDue(
        **HERE_DECIDED, kind="adjustment", adjustment="a-1", unit="EUR", amount=-70,  # type: ignore[arg-type]
        reason="typo", by="ann",
    )  # fmt: skip
    assert route_decision(decision("account.adjusted", said)) == (expected,)
    said = f'{{"receipt":"r-1",{common},"reference":"bank-9"}}'.encode()
    assert route_decision(decision("account.payment_received", said)) == (
        replace(expected, kind="payment_received", adjustment="r-1", reason="bank-9"),
    )
    winners = [
        {"rank": rank, "partner": partner, "measure": 9, "amount": 100 * rank, "unit": "acme:gift"}
        for rank, partner in enumerate(("alice", "bob"), 1)
    ]
    closed = {"program": "acme", "contest": "spring", "terms": 1, "positions": {}}
    said = msgspec.json.encode(closed | {"winners": winners})
    first, second = route_decision(decision("contest.closed", said))
    assert first == AdjustmentDue(
        **HERE_DECIDED, kind="award", adjustment="spring", unit="acme:gift", amount=100,  # type: ignore[arg-type]
        reason="rank 1",
    )  # fmt: skip
    assert isinstance(second, AdjustmentDue)
    assert (second.partner, second.amount, second.reason) == ("bob", 200, "rank 2")


def test_a_payout_is_instructed_once_a_second_person_agreed() -> None:
    said = b'{"payout":"po-1","program":"acme","partner":"alice","unit":"EUR","amount":7,"run":"r"}'
    assert route_decision(decision("payout.proposed", said)) == ()
    assert route_decision(decision("payout.canceled", b'{"payout":"po-1"}')) == ()
    [approved] = route_decision(decision("payout.approved", said))
    [requested] = route_decision(decision("payout.requested", said))
    assert isinstance(approved, PayoutDue) and isinstance(requested, PayoutDue)
    assert (approved.step, approved.checked, approved.run) == ("requested", True, "r")
    assert approved == replace(requested, checked=True)
    back = b'{"payout":"po-1","program":"acme","partner":"alice","reason":"closed account"}'
    [returned] = route_decision(decision("payout.returned", back))
    assert isinstance(returned, PayoutDue)
    assert (returned.step, returned.reason) == ("returned", "closed account")
