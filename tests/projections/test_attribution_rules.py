"""Who is credited, told as days and events."""

from __future__ import annotations

import pytest

from events import decisions as fact
from events.conversions import Deal
from events.terms import Rule
from projections import attribution
from projections.directory import DirectoryBehind
from projections.engine import UnknownEngine
from tests.projections.statement import run
from tests.projections.world import DAY, World

GIVEN = """
0: program EUR
0: terms sale=10% lead=5.00 window=30 signup_window=365
0: partner alice
0: partner bob
0: coupon SAVE bob
"""


def test_the_method_of_highest_priority_decides() -> None:
    run(
        GIVEN
        + """
    1: deal D-1 carol 100.00 click=alice@0                          -> alice commission +10.00
    1: deal D-2 dave 100.00 click=alice@0 coupon=save               -> bob commission +10.00
    1: deal D-3 erin 100.00 click=bob@0 coupon=SAVE partner=alice   -> alice commission +10.00
    1: deal D-4 frank 100.00 click=alice@0 coupon=NONE              -> alice commission +10.00
    """
    )


def test_last_touch_credits_the_newest_click_of_the_window() -> None:
    run(
        GIVEN
        + """
    1: deal D-1 carol 10.00 click=alice@0   -> alice commission +1.00
    5: deal D-2 carol 10.00 click=bob@4     -> bob commission +1.00
    6: deal D-3 carol 10.00                 -> bob commission +1.00
    7: deal D-4 carol 10.00 click=alice@2   -> bob commission +1.00   # came late, is not newer
    """
    )


def test_first_touch_credits_the_oldest_click_of_the_window() -> None:
    run("""
    0: program EUR
    0: terms sale=10% attribution=first_touch
    0: partner alice
    0: partner bob
    1: deal D-1 carol 10.00 click=alice@0   -> alice commission +1.00
    5: deal D-2 carol 10.00 click=bob@4     -> alice commission +1.00
    31: deal D-3 carol 10.00                -> bob commission +1.00   # alice's is 31 days old
    """)


def test_a_click_counts_to_the_last_moment_of_its_window() -> None:
    run(
        GIVEN
        + """
    30: deal D-1 carol 10.00 click=alice@0    -> alice commission +1.00
    30h1: deal D-2 dave 10.00 click=alice@0   -> unattributed (window_expired)
    """
    )


def test_a_click_after_the_deal_does_not_count() -> None:
    run(
        GIVEN
        + """
    5: deal D-1 carol 10.00 click=alice@5h1               -> unattributed (no_touch)
    6: deal D-2 carol 10.00                               -> alice commission +1.00
    6: deal D-3 carol 10.00 occurred=5                    -> unattributed (no_touch)
    """
    )


def test_a_signup_keeps_crediting_its_partner() -> None:
    run(
        GIVEN
        + """
    1: signup carol click=alice@0    -> alice commission +5.00
    40: deal D-1 carol 10.00         -> alice commission +1.00
    366: deal D-2 carol 10.00        -> alice commission +1.00
    367: deal D-3 carol 10.00        -> unattributed (window_expired)
    """
    )


def test_a_signup_credited_by_a_signup_does_not_prolong_the_first() -> None:
    run(
        GIVEN
        + """
    1: signup carol click=alice@0    -> alice commission +5.00
    300: signup carol                -> alice commission +5.00
    367: deal D-1 carol 10.00        -> unattributed (window_expired)
    """
    )


def test_nobody_is_credited_and_the_reason_says_why() -> None:
    run(
        GIVEN
        + """
    1: deal D-1 carol 10.00                             -> unattributed (no_touch)
    1: deal D-2 dave 10.00 coupon=NONE                  -> unattributed (unknown_coupon)
    1: deal D-3 erin 10.00 click=alice@0!forged         -> unattributed (invalid_click)
    1: deal D-4 frank 10.00 click=nobody@0              -> unattributed (invalid_click)
    1: deal D-5 alice 10.00 click=alice@0               -> unattributed (self_referral)
    1: deal D-6 grace 10.00 partner=mallory             -> unattributed (partner_inactive)
    2: suspend alice
    2: deal D-7 heidi 10.00 click=alice@0               -> unattributed (partner_inactive)
    2: approve alice
    2: deal D-8 heidi 10.00                             -> alice commission +1.00
    3: pause
    3: deal D-9 heidi 10.00                             -> unattributed (program_inactive)
    4: resume
    4: deal D-10 heidi 10.00                            -> alice commission +1.00
    4: retire SAVE
    4: deal D-11 ivan 10.00 coupon=SAVE                 -> unattributed (unknown_coupon)
    """
    )


def test_an_unknown_program_and_a_program_without_terms_credit_nobody() -> None:
    run("""
    0: deal D-1 carol 10.00              -> unattributed (unknown_program)
    0: program EUR
    0: deal D-2 carol 10.00              -> unattributed (no_terms)
    0: terms sale=10% from=5
    0: deal D-3 carol 10.00              -> unattributed (no_terms)
    6: deal D-4 carol 10.00 occurred=4   -> unattributed (no_terms)
    6: deal D-5 carol 10.00              -> unattributed (no_touch)
    """)


def test_a_conversion_is_decided_by_what_was_known_when_it_was_recorded() -> None:
    run("""
    0: program EUR
    0: terms sale=10%
    0: partner alice                                 # decisions 3 to 5
    1: suspend alice                                 # decision 6
    1: deal D-1 carol 10.00 click=alice@0 known=5    -> alice commission +1.00
    1: deal D-2 dave 10.00 click=alice@0 known=6     -> unattributed (partner_inactive)
    1: deal D-3 erin 10.00 click=alice@0 known=4     -> unattributed (invalid_click)
    """)


def test_the_first_record_of_an_event_or_deal_stands() -> None:
    world = run(
        GIVEN
        + """
    1: deal D-1 carol 10.00 event=E-1 click=alice@0 known=5   -> alice commission +1.00
    """
    )
    first = f"conversions/{next(iter(world.conversions))}/0"
    for again, outcome, reason in (
        ({"known": 8}, "duplicate", f"repeats {first}"),
        ({"amount": 1001}, "conflict", f"other content than {first} under the same event_id"),
        ({"event_id": "E-2"}, "duplicate", f"deal D-1 was recorded by {first}"),
    ):
        before = world.customers["acme/carol"]
        fields = {"amount": 1000, "event_id": "E-1", "known": 5, **again}
        amount = fields.pop("amount")
        world.now = world.now  # the same moment
        click = world.click("alice-link", at=world.now - 86_400_000)
        click = type(click)("alice-link.0", click.link, click.clicked_at)
        assert world.deal("D-1", "carol", amount, click=click, **fields) == []
        assert world.last is not None
        assert (world.last.outcome, world.last.reason) == (outcome, reason)
        assert world.customers["acme/carol"] == before


def test_refunds_are_borne_by_the_deal_they_name() -> None:
    run(
        GIVEN
        + """
    1: deal D-1 carol 100.00 click=alice@0             -> alice commission +10.00
    2: refund carol 30.00 deal=D-1                     -> alice clawback -3.00
    3: refund carol 100.00 deal=D-1                    -> alice clawback -7.00 (more_than_left)
    4: refund carol 1.00 deal=D-1                      -> unmatched 1.00 (already_refunded)
    4: refund carol 1.00 deal=D-9                      -> unmatched 1.00 (no_such_deal)
    4: refund dave 1.00 deal=D-1                       -> unmatched 1.00 (no_such_deal)
    5: deal D-2 carol 100.00                           -> alice commission +10.00
    6: refund carol 1.00 deal=D-2 currency=USD         -> unmatched 1.00 (currency_mismatch)
    """
    )


def test_refunds_that_name_no_deal_fall_on_the_newest_deals_before_them() -> None:
    run(
        GIVEN
        + """
    1: deal D-1 carol 100.00 click=alice@0       -> alice commission +10.00
    2: deal D-2 carol 50.00 coupon=SAVE          -> bob commission +5.00
    9: deal D-3 carol 70.00                      -> alice commission +7.00
    9: refund carol 80.00 occurred=5             -> bob clawback -5.00; alice clawback -3.00
    9: refund carol 300.00 occurred=8            -> alice clawback -7.00 (more_than_left)
    9: refund carol 10.00 occurred=8             -> unmatched 10.00 (no_deal_left)
    9: refund carol 10.00                        -> alice clawback -1.00
    """
    )


def test_a_refund_never_falls_on_a_deal_of_another_currency() -> None:
    run(
        GIVEN
        + """
    1: deal D-1 carol 100.00 click=alice@0                -> alice commission +10.00
    2: deal D-2 carol 100.00 currency=GBP                 -> alice commission +10.00 GBP
    3: refund carol 150.00                                -> alice clawback -10.00 (more_than_left)
    3: refund carol 40.00 currency=GBP                    -> alice clawback -4.00 GBP
    """
    )


def test_a_click_on_another_programs_link_earns_nothing() -> None:
    world = run(GIVEN)
    world.program("other")
    world.decide(fact.LinkCreated("other-link", "other", "alice", "https://other.test"))
    world.deal("D-1", "carol", 1_000, click=world.click("other-link"))
    assert world.last is not None
    assert (world.last.reason, world.last.touch) == ("invalid_click", None)


def test_terms_of_an_unknown_engine_stop_the_worker_only_when_they_are_in_force() -> None:
    given = GIVEN + "0: terms sale=10% engine=99 from=10\n"
    world = run(given + "9: deal D-1 carol 10.00 click=alice@1 -> alice commission +1.00")
    world.now += DAY
    with pytest.raises(UnknownEngine, match=r"decisions/0/9.*engine '99'"):
        world.deal("D-2", "carol", 1_000)
    written = [value for log in world.attributions.values() for value in log]
    assert len(written) == 1, "nothing was written that a newer version would decide otherwise"


def test_a_conversion_from_the_future_of_the_decisions_must_wait() -> None:
    world = World()
    deal = Deal("acme", "carol", "E-1", "D-1", 100, "EUR", 0, known=1)
    with pytest.raises(DirectoryBehind, match="knows 1 decisions, the directory has 0"):
        attribution.decide(
            None, deal, n=0, source="conversions/0/0", recorded_at=0, directory=world.directory
        )


def test_an_unreadable_conversion_still_has_its_number() -> None:
    found = attribution.unreadable(n=7, source="conversions/0/7", recorded_at=1, why="not JSON")
    assert (found.n, found.outcome, found.reason) == (7, "unreadable", "not JSON")


def test_where_pseudonyms_stand_for_customers_a_partner_is_still_itself() -> None:
    """Engine 1 knows no other identities of a partner, but pseudonyms it does."""
    world = World()
    world.program()
    world.terms(Rule("sale", "sale", "percentage", 1_000))
    world.partner("alice")
    own, other = (f"pseudonym:1:{letter * 22}" for letter in "ab")
    world.decide(fact.PartnerIdentified("alice", (own, "carol")))
    reasons = []
    for number, customer in enumerate((own, other, "carol")):
        world.deal(f"D-{number}", customer, 1_000, partner="alice")
        assert world.last is not None
        reasons.append(world.last.reason)
    assert reasons == ["self_referral", "", ""]
