"""What a what-if means, case by case: what people decided stays, and has the effect it can have."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from audit.what_if.clicks import ClickRules
from events import decisions as fact
from events.codec import decode
from events.conversions import Assignment
from events.terms import Bonus, Cap, PayoutTerms, Rule, Terms
from projections.candidate import Candidate
from tests.audit.what_if.asked import what_if
from tests.audit.what_if.worlds import Recorded
from tests.projections.world import DAY, START

TEN = Terms(1, START, (Rule("sale", "sale", "percentage", 1000),), hold_days=0, engine="2")
NONE = replace(TEN, version=9, rules=(Rule("lead", "lead", "flat", 100),))


def other(**changes: Any) -> Terms:
    return replace(TEN, version=9, **changes)


def rate(points: int, name: str = "sale") -> tuple[Rule, ...]:
    return (Rule(name, "sale", "percentage", points),)


def world(*terms: Terms) -> Recorded:
    return Recorded({"terms": terms or (TEN,), "unit": "", "foreign": False, "currency": "EUR"})


def sums(answer: Any) -> dict[str, tuple[int, int]]:
    return {one.partner: (one.actual, one.what_if) for one in answer.partners}


def test_only_what_happened_in_the_time_asked_for() -> None:
    here = world()
    for day in range(4):
        here.deal(f"D-{day}", "carol", 1_000, partner="alice", occurred_at=START + day * DAY)
    candidate = Candidate("acme", other(rules=rate(2000)), START + DAY, START + 3 * DAY)
    answer = what_if(here.log(), candidate).answer
    assert sums(answer) == {"alice": (400, 600)}
    assert [move.deal for move in answer.moves] == ["D-1", "D-2"]
    assert answer.moves[0].rules == {"sale": (100, 200)}


def test_it_is_known_from_the_beginning_and_before_terms_began() -> None:
    here = world(replace(TEN, effective_from=START + DAY))
    here.deal("D-1", "carol", 1_000, partner="alice")
    answer = what_if(here.log(), Candidate("acme", other())).answer
    assert sums(answer) == {"alice": (0, 100)}
    assert answer.moves[0].credited == "nobody (no_terms)"
    assert answer.moves[0].credited_what_if == "alice by partner_id"
    outcomes = {(one.what, one.why): (one.actual, one.what_if)
                for one in answer.conversions_by_outcome}  # fmt: skip
    assert outcomes == {("unattributed", "no_terms"): (1, 0), ("credited", "partner_id"): (0, 1)}


def test_individual_terms_stay_unless_told() -> None:
    own = replace(TEN, version=2, partner="alice", rules=rate(3000, "own"))
    here = world(TEN, own)
    here.deal("D-1", "carol", 1_000, partner="alice")
    here.deal("D-2", "carol", 1_000, partner="bob")
    terms = other(rules=rate(2000))
    assert sums(what_if(here.log(), Candidate("acme", terms)).answer) == {
        "alice": (300, 300),
        "bob": (100, 200),
    }
    alone = Candidate("acme", terms, without_individual=True)
    assert sums(what_if(here.log(), alone).answer) == {"alice": (300, 200), "bob": (100, 200)}
    hers = Candidate("acme", replace(terms, partner="alice"))
    assert sums(what_if(here.log(), hers).answer) == {"alice": (300, 200), "bob": (100, 100)}


def test_a_deal_changes_hands_with_the_model_of_attribution() -> None:
    here = world()
    here.signup("carol", click=here.click("alice-link", START))
    here.now += DAY
    here.deal("D-1", "carol", 1_000, click=here.click("bob-link"))
    here.refund("carol", 400, deal="D-1")
    answer = what_if(here.log(), Candidate("acme", other(attribution="first_touch"))).answer
    assert sums(answer) == {"alice": (0, 60), "bob": (60, 0)}
    assert [(move.partner, move.difference) for move in answer.moves] == [
        ("alice", 60),
        ("bob", -60),
    ]
    assert answer.moves[0].credited == "bob by click"
    assert answer.moves[0].credited_what_if == "alice by click"


def test_by_rule_with_bonuses_and_caps() -> None:
    here = world()
    for number in range(3):
        here.deal(f"D-{number}", "carol", 1_000, partner="alice")
    terms = other(
        bonuses=(Bonus("two", 2, 70, measure="count"),),
        caps=(Cap("lid", "partner", 250),),
    )
    answer = what_if(here.log(), Candidate("acme", terms)).answer
    rules = {(one.kind, one.rule): (one.actual, one.what_if, one.moved) for one in answer.rules}
    assert rules == {("rule", "sale"): (300, 250, 1), ("bonus", "two"): (0, 70, 1)}
    assert [(one.what, one.why, one.actual, one.what_if) for one in answer.effects] == [
        ("cap", "lid", 0, 1)
    ]


def test_a_review_of_what_would_not_be_there_is_listed() -> None:
    here = world()
    here.deal("D-1", "carol", 1_000, partner="alice")
    here.decide(fact.CommissionHeld("acme", "alice", "D-1", "", "check"))
    here.decide(fact.CommissionReleased("acme", "alice", "D-1", "", "fine"))
    answer = what_if(here.log(), Candidate("acme", NONE)).answer
    found = [(one.step, one.actual, one.what_if) for one in answer.reviews]
    assert found == [("held", "held", "nothing_booked"), ("released", "released", "nothing_booked")]
    assert [one.position for one in answer.reviews] == sorted(
        one.position for one in answer.reviews
    )


def test_what_nobody_looked_at_waits() -> None:
    here = world()
    here.deal("D-1", "carol", 10_000, partner="alice")
    answer = what_if(here.log(), Candidate("acme", other(review_above=500))).answer
    [total] = answer.totals
    assert (total.actual, total.what_if, total.waiting, total.what_if_waiting) == (
        1000, 1000, 0, 1000,
    )  # fmt: skip
    assert answer.moves == []
    assert [(one.what, one.why, one.actual, one.what_if) for one in answer.effects] == [
        ("held", "review_above", 0, 1)
    ]


def test_payouts_are_asked_of_what_would_have_been_there() -> None:
    here = world()
    here.deal("D-1", "carol", 10_000, partner="alice")
    here.payout("requested", "all", "alice")
    here.payout("settled", "all", "alice")
    here.deal("D-2", "carol", 10_000, partner="alice")
    here.payout("requested", "most", "alice", 900)
    half = Candidate("acme", other(rules=rate(500)))
    answer = what_if(here.log(), half).answer
    payouts = {one.payout: one for one in answer.payouts}
    assert (payouts["all"].actual, payouts["all"].what_if, payouts["all"].overpaid) == (
        1000, 500, 500,
    )  # fmt: skip
    assert (payouts["most"].what_if, payouts["most"].overpaid) == (0, 900)
    assert payouts["most"].reason.startswith("available 500, asked 900")
    [total] = answer.totals
    assert (total.paid_out, total.overpaid) == (1900, 900)
    fees = other(payouts=(PayoutTerms("", minimum=5_000),))
    refused = what_if(here.log(), Candidate("acme", fees)).answer
    assert {one.payout: one.what_if for one in refused.payouts} == {"all": 0, "most": 0}
    assert refused.totals[0].difference == 0


def test_adjustments_stay_and_other_programs_are_not_asked() -> None:
    here = world()
    here.decide(fact.AccountAdjusted("x", "acme", "alice", "EUR", 77, "by hand"))
    here.decide(fact.AccountAdjusted("y", "zeta", "alice", "EUR", 11, "by hand"))
    answer = what_if(here.log(), Candidate("acme", NONE)).answer
    [row] = answer.rows
    assert (row.program, row.kind, row.actual, row.what_if) == ("acme", "adjustment", 77, 77)


def test_clicks_are_judged_otherwise() -> None:
    here = world()
    bot = here.click("alice-link", problem="invalid_click")
    forged = here.click("bob-link", problem="forged")
    here.deal("D-1", "carol", 1_000, click=bot)
    here.deal("D-2", "dave", 1_000, click=forged)
    here.deal("D-3", "erin", 1_000, click=here.click("dora-link"))
    ids = frozenset(decode("conversions", value).click.click_id
                    for values in here.conversions.values() for value in values)  # fmt: skip
    counted = what_if(here.log(), clicks=ClickRules(counted=ids)).answer
    assert sums(counted) == {"alice": (0, 100), "dora": (100, 100)}, "nothing makes a forgery good"
    refused = what_if(here.log(), clicks=ClickRules(refused=ids)).answer
    assert sums(refused) == {"dora": (100, 0)}
    assert refused.moves[0].credited_what_if == "nobody (invalid_click)"


def test_a_deal_is_assigned_as_it_was_whatever_its_click_is_taken_for() -> None:
    here = world()
    here.deal("D-1", "carol", 1_000, click=here.click("alice-link"))
    [value] = [value for values in here.conversions.values() for value in values]
    deal = decode("conversions", value)
    known = here.directory.count
    here.record(Assignment("acme", "carol", "A-1", here.now, known, "bob", deal))
    rules = ClickRules(refused=frozenset((deal.click.click_id,)))
    answer = what_if(here.log(), clicks=rules).answer
    assert sums(answer) == {"alice": (0, 0), "bob": (100, 100)}


def test_what_was_given_by_hand_to_whom_it_would_have_been_anyway() -> None:
    here = world(replace(TEN, window_days=1))
    here.deal("D-1", "carol", 1_000, click=here.click("alice-link", START - 3 * DAY))
    [value] = [value for values in here.conversions.values() for value in values]
    known = here.directory.count
    given = Assignment(
        "acme", "carol", "A-1", here.now, known, "alice", decode("conversions", value)
    )
    here.record(given)
    answer = what_if(here.log(), Candidate("acme", other())).answer
    assert sums(answer) == {"alice": (100, 100)}


def test_the_same_question_has_the_same_answer() -> None:
    here = world()
    for number in range(20):
        who = ("alice", "bob", "dora")[number % 3]
        here.deal(f"D-{number}", f"c-{number}", 1_000 + number // 4, partner=who)
    candidate = Candidate("acme", other(rules=rate(1_500)))
    log = here.log()
    first, second = what_if(log, candidate, top=7), what_if(log, candidate, top=7)
    assert first.answer == second.answer
    moved = [abs(move.difference) for move in first.answer.moves]
    assert len(moved) == 7 and moved == sorted(moved, reverse=True)
    assert first.answer.moved == 20
