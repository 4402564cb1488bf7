"""Routing: every account's instructions in one partition, densely numbered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.attributions import Attribution, Credit, RefundedDeal
from events.decisions import Decision
from events.instructions import CommissionDue, PayoutDue, RefundDue
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
