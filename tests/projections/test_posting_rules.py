"""What is booked, told as days and events."""

from __future__ import annotations

from typing import Any

import pytest

from events.codec import encode
from events.instructions import CommissionDue, RefundDue
from events.partitioning import partition_of
from projections import account
from tests.projections.statement import balance, run
from tests.projections.world import PARTITIONS, START, World

GIVEN = """
0: program EUR
0: terms sale=10% hold=30
0: partner alice
"""


def test_commission_is_pending_until_the_midnight_after_its_hold() -> None:
    world = run(
        GIVEN
        + """
    1h6: deal D-1 carol 100.00 click=alice@0      -> alice commission +10.00
    2: deal D-2 carol 5.00                        -> alice commission +0.50
    """
    )
    assert balance(world, "alice", "31h23") == (
        "available 0.00 pending 10.50 in_transit 0.00 paid 0.00"
    )
    assert balance(world, "alice", "32") == (  # day 1, 6h + 30 days, rounded up; day 2 + 30 days
        "available 10.50 pending 0.00 in_transit 0.00 paid 0.00"
    )


def test_a_program_without_a_hold_owes_at_once() -> None:
    world = run(
        GIVEN.replace("hold=30", "hold=0")
        + """
    1: deal D-1 carol 100.00 click=alice@0        -> alice commission +10.00
    """
    )
    assert world.entries[0].available_at == 0
    assert balance(world, "alice", "1") == "available 10.00 pending 0.00 in_transit 0.00 paid 0.00"


def test_rounding_is_half_away_from_zero_once() -> None:
    run(
        GIVEN
        + """
    1: deal D-1 carol 0.05 click=alice@0   -> alice commission +0.01
    1: deal D-2 carol 0.04                 -> alice no_effect (zero_amount)
    1: deal D-3 carol 0.14                 -> alice commission +0.01
    1: deal D-4 carol 0.15                 -> alice commission +0.02
    """
    )


def test_flat_and_percentage_rules_by_event_and_currency() -> None:
    run("""
    0: program EUR
    0: terms sale=10% lead=5.00:USD renewal=3.00
    0: partner alice
    1: signup carol click=alice@0                        -> alice commission +5.00 USD
    1: deal D-1 carol 100.00 currency=GBP                -> alice commission +10.00 GBP
    2: deal D-2 carol 100.00 kind=renewal                -> alice commission +3.00
    2: deal D-3 carol 100.00 kind=renewal currency=GBP   -> alice no_effect (no_rule)
    2: deal D-4 carol 0.00                               -> alice no_effect (zero_amount)
    2: deal D-5 carol 0.00 kind=renewal                  -> alice no_effect (zero_amount)
    2: refund carol 1.00 deal=D-3 currency=GBP           -> alice no_effect (nothing_booked)
    """)


def test_a_deal_is_paid_under_the_terms_in_force_when_it_happened() -> None:
    world = run("""
    0: program EUR
    0: terms sale=10%
    0: partner alice
    0: terms sale=20% from=10
    9: deal D-1 carol 100.00 click=alice@1    -> alice commission +10.00
    10: deal D-2 carol 100.00                 -> alice commission +20.00
    11: deal D-3 carol 100.00 occurred=9      -> alice commission +10.00
    12: terms sale=30% from=10                # announced late: the newer of two that begin equal
    12: deal D-4 carol 100.00                 -> alice commission +30.00
    12: deal D-5 carol 100.00 known=6         -> alice commission +20.00
    13: refund carol 50.00 deal=D-2           -> alice clawback -10.00
    """)
    clawback = world.entries[-1]
    assert (clawback.terms, clawback.terms_at, clawback.rule) == (2, "decisions/0/5", "sale")


def test_partial_refunds_add_up_to_the_commission() -> None:
    world = run(
        GIVEN
        + """
    1: deal D-1 carol 0.99 click=alice@0      -> alice commission +0.10
    2: refund carol 0.33 deal=D-1             -> alice clawback -0.03
    2: refund carol 0.33 deal=D-1             -> alice clawback -0.04
    2: refund carol 0.01 deal=D-1             -> alice clawback +0.00 (rounds_to_zero)
    2: refund carol 0.32 deal=D-1             -> alice clawback -0.03
    """
    )
    assert balance(world, "alice", "2") == "available 0.00 pending 0.00 in_transit 0.00 paid 0.00"
    assert world.accounts["alice"].funds["acme/EUR"].holds == {}


def test_a_refund_of_what_is_pending_leaves_the_available_alone() -> None:
    world = run(
        GIVEN
        + """
    1: deal D-1 carol 100.00 click=alice@0    -> alice commission +10.00
    20: deal D-2 carol 100.00                 -> alice commission +10.00
    35: refund carol 50.00 deal=D-2           -> alice clawback -5.00
    """
    )
    assert balance(world, "alice", "35") == "available 10.00 pending 5.00 in_transit 0.00 paid 0.00"


def test_a_payout_moves_money_in_two_phases() -> None:
    world = run(
        GIVEN
        + """
    1: deal D-1 carol 100.00 click=alice@0         -> alice commission +10.00
    20: payout requested po-0 alice                \
        -> alice payout_refused (available 0, asked all (minor units of EUR))
    40: payout requested po-1 alice 10.01          \
        -> alice payout_refused (available 1000, asked 1001 (minor units of EUR))
    40: payout requested po-2 alice 4.00           -> alice payout_funded 4.00
    40: payout requested po-3 alice                -> alice payout_funded 6.00
    40: payout requested po-4 alice                \
        -> alice payout_refused (available 0, asked all (minor units of EUR))
    41: payout sent po-2 alice                     -> alice payout_sent
    42: payout settled po-2 alice                  -> alice payout_settled 4.00
    42: payout failed po-3 alice                   -> alice payout_failed 6.00
    """
    )
    assert balance(world, "alice", "43") == "available 6.00 pending 0.00 in_transit 0.00 paid 4.00"


def test_a_step_that_does_not_fit_books_nothing() -> None:
    run(
        GIVEN
        + """
    1: deal D-1 carol 100.00 click=alice@0     -> alice commission +10.00
    40: payout sent po-9 alice                 -> alice no_effect (sent: unknown_payout)
    40: payout settled po-9 alice              -> alice no_effect (settled: unknown_payout)
    40: payout requested po-1 alice            -> alice payout_funded 10.00
    40: payout requested po-1 alice            -> alice no_effect (requested: already funded)
    41: payout settled po-1 alice              -> alice payout_settled 10.00
    41: payout settled po-1 alice              -> alice no_effect (settled: already settled)
    41: payout failed po-1 alice               -> alice no_effect (failed: already settled)
    42: payout requested po-2 alice            \
        -> alice payout_refused (available 0, asked all (minor units of EUR))
    42: payout settled po-2 alice              -> alice no_effect (settled: already refused)
    """
    )


def test_a_refund_after_the_payout_makes_a_debt_that_later_earnings_fill() -> None:
    world = run(
        GIVEN
        + """
    1: deal D-1 carol 100.00 click=alice@0     -> alice commission +10.00
    40: payout requested po-1 alice            -> alice payout_funded 10.00
    41: payout settled po-1 alice              -> alice payout_settled 10.00
    42: refund carol 60.00 deal=D-1            -> alice clawback -6.00
    42: payout requested po-2 alice            \
        -> alice payout_refused (available -600, asked all (minor units of EUR))
    43: deal D-2 carol 80.00 click=alice@42    -> alice commission +8.00
    """
    )
    assert balance(world, "alice", "43") == (
        "available -6.00 pending 8.00 in_transit 0.00 paid 10.00"
    )
    assert balance(world, "alice", "73") == "available 2.00 pending 0.00 in_transit 0.00 paid 10.00"


def test_an_order_sent_under_two_customers_is_booked_once_for_a_partner() -> None:
    world = run(
        GIVEN
        + """
    1: deal D-1 carol 100.00 click=alice@0                -> alice commission +10.00
    """
    )
    again = world.deal("D-1", "guest-1", 10_000, click=world.click("alice-link"))
    assert [entry.kind for entry in again] == ["no_effect"]
    assert again[0].reason == f"deal D-1 was booked by {world.entries[0].conversion}"
    [refund] = world.refund("guest-1", 10_000, deal="D-1")
    assert refund.kind == "no_effect", "the guest's order booked nothing, so nothing is taken back"


@pytest.mark.parametrize(
    ("changed", "given"),
    [
        ({}, ("clawback", 1_000, "")),
        ({"amount": 99_999}, ("clawback", 10_000, "")),
        ({"amount": 0}, ("no_effect", 0, "amount_not_positive")),
        ({"amount": -5}, ("no_effect", -5, "amount_not_positive")),
        ({"currency": "USD"}, ("no_effect", 1_000, "currency_mismatch")),
        ({"deal": "D-9"}, ("no_effect", 1_000, "nothing_booked")),
    ],
)
def test_no_instruction_takes_back_more_than_its_deal_earned(
    changed: dict[str, Any], given: tuple[str, int, str]
) -> None:
    """Attribution never asks for these; the account does not rely on it."""
    world = run(
        GIVEN
        + """
    1: deal D-1 carol 100.00 click=alice@0     -> alice commission +10.00
    """
    )
    fields = {"deal": "D-1", "amount": 1_000, "currency": "EUR", **changed}
    due = RefundDue(0, "decisions/1/0", "alice", "acme", "R-1", "", START, known=0, **fields)
    [entry] = world.instruct(partition_of("alice", PARTITIONS), encode(due))
    assert (entry.kind, entry.base, entry.reason) == given
    assert world.accounts["alice"].funds["acme/EUR"].payable >= 0


def test_a_commission_without_terms_books_nothing() -> None:
    world = World()
    due = CommissionDue(0, "x/0/0", "alice", "acme", "sale", "E", "", 0, 0, 10_000, "click", "D-1")
    [entry] = world.instruct(partition_of("alice", PARTITIONS), encode(due))
    assert (entry.kind, entry.reason, entry.balance) == ("no_effect", "no_terms", None)


def test_entries_cite_their_evidence_and_chain() -> None:
    world = run(
        GIVEN
        + """
    1: deal D-1 carol 100.00 click=alice@0     -> alice commission +10.00
    2: refund carol 10.00 deal=D-1             -> alice clawback -1.00
    """
    )
    first, second = world.entries
    assert first.previous == "" and len(second.previous) == 64
    assert second.previous != world.accounts["alice"].head
    assert (first.rule, first.terms, first.terms_at) == ("sale", 1, "decisions/0/1")
    assert first.click_id == second.click_id == "alice-link.0"
    assert (first.base, second.base) == (10_000, 1_000)
    assert first.conversion.startswith("conversions/") and first.deal == second.deal == "D-1"


@pytest.mark.parametrize(
    ("due", "key"),
    [
        (
            CommissionDue(0, "", "a", "acme", "sale", "E", "", 0, 0, 1, "click", "D-1"),
            "deal/acme/D-1",
        ),
        (CommissionDue(0, "", "a", "acme", "lead", "E", "", 0, 0, 1, "click"), ""),
        (RefundDue(0, "", "a", "acme", "E", "", 0, "D-1", 1, "EUR", 0), "deal/acme/D-1"),
    ],
)
def test_items_are_named_by_deal(due: CommissionDue | RefundDue, key: str) -> None:
    assert account.item_key(due) == key
