"""What may be decided of money: reviews, adjustments, receipts, prizes, rates of exchange."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aggregates.adjustment import Adjustment
from aggregates.commission import Commission, Reviewed
from aggregates.contest_result import ContestResult
from aggregates.errors import AlreadyExists, Conflict, Invalid
from aggregates.rates import Rates
from aggregates.receipt import Receipt
from events.decisions import Winner
from tests.aggregates.everything import DEAL, Aggregate

Step = Callable[[Commission], None]


def steps_of(found: Aggregate) -> list[str]:
    return [type(event).TOPIC.partition(".")[2] for event in found.pending_events]  # type: ignore[attr-defined]


def reviewed(*steps: Step) -> Commission:
    found = Commission.empty(Commission.create_id(DEAL))
    for step in steps:
        step(found)
    return found


def hold(found: Commission) -> None:
    found.hold(DEAL, "strange")


def release(found: Commission) -> None:
    found.release(DEAL)


def adjust(found: Commission) -> None:
    found.adjust(DEAL, -5, "one item less")


def reject(found: Commission) -> None:
    found.reject(DEAL, "fraud")


@pytest.mark.parametrize(
    ("steps", "status", "decided"),
    [
        ((hold, hold, release, release), "released", ["held", "released"]),
        ((hold, release, hold, reject), "rejected", ["held", "released", "held", "rejected"]),
        ((release,), "released", ["released"]),  # held by its terms from birth
        ((reject, reject), "rejected", ["rejected"]),
        ((adjust, hold, adjust, reject, adjust), "rejected", ["adjusted", "held", "rejected"]),
    ],
)
def test_the_ways_of_a_review(steps: tuple[Step, ...], status: str, decided: list[str]) -> None:
    found = reviewed(*steps)
    assert (found.status, steps_of(found)) == (status, decided)


def test_what_is_held_has_one_reason() -> None:
    found = reviewed(hold)
    with pytest.raises(Conflict, match="deal D-1 for jane in acme is held already, for 'strange'"):
        found.hold(DEAL, "another reason")
    assert steps_of(found) == ["held"]


@pytest.mark.parametrize(
    ("steps", "again", "decided"),
    [
        # Rejected, then the deal was assigned again and booked anew: it can be reviewed anew.
        ((reject,), hold, ["rejected", "held"]),
        ((reject,), adjust, ["rejected", "adjusted"]),
        ((reject,), lambda found: found.reject(DEAL, "fraud again"), ["rejected", "rejected"]),
        # Released before it was booked, and held by its terms when it was.
        ((release,), lambda found: found.release(DEAL, "now"), ["released", "released"]),
        ((reject,), release, ["rejected", "released"]),
    ],
)
def test_no_decision_bars_another_one(
    steps: tuple[Step, ...], again: Step, decided: list[str]
) -> None:
    assert steps_of(reviewed(*steps, again)) == decided


def test_adjusting_twice_takes_two_reasons() -> None:
    found = reviewed(adjust, adjust, lambda found: found.adjust(DEAL, -5, "another one less"))
    assert found.adjustments == [(-5, "one item less"), (-5, "another one less")]


@pytest.mark.parametrize(
    ("refused", "field"),
    [
        (lambda found: found.hold(DEAL, ""), "reason"),
        (lambda found: found.reject(DEAL, " "), "reason"),
        (lambda found: found.release(DEAL, "a\nb"), "reason"),
        (lambda found: found.adjust(DEAL, 5, ""), "reason"),
        (lambda found: found.adjust(DEAL, 0, "x"), "amount"),
        (lambda found: found.adjust(DEAL, 1.5, "x"), "amount"),
    ],
)
def test_a_review_says_why(refused: Step, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        refused(reviewed())
    assert refusal.value.field == field


def test_no_two_commissions_are_reviewed_as_one() -> None:
    ids = [
        Commission.create_id(of)
        for of in (
            DEAL,
            Reviewed("acme", "jane", event_id="D-1"),
            Reviewed("acme", "jane", deal="D-1", via="bob"),
            Reviewed("acme", "jane", deal="D-1/bob"),
            Reviewed("acme", "jane", deal="D-1%2Fbob"),
            Reviewed("acme", "bob", deal="D-1"),
        )
    ]
    assert ids[0] == "commission:acme/jane/deal/D-1"
    assert len(set(ids)) == len(ids)
    for of in (Reviewed("acme", "jane"), Reviewed("acme", "jane", "D-1", "E-1")):
        with pytest.raises(Invalid, match="deal="):
            Commission.create_id(of)


def test_an_amount_is_booked_once_under_its_id() -> None:
    given = Adjustment.adjust("a1", "acme", "jane", "acme:credit", -3, "a mistake")
    given.repeat("jane", "acme:credit", -3, "a mistake")
    paid = Receipt.receive("x1", "acme", "jane", "EUR", 700, "wire 7")
    paid.repeat("jane", "EUR", 700, "wire 7")
    for repeat in (
        lambda: given.repeat("jane", "acme:credit", 3, "a mistake"),
        lambda: given.repeat("joe", "acme:credit", -3, "a mistake"),
        lambda: paid.repeat("jane", "EUR", 701, "wire 7"),
        lambda: paid.repeat("jane", "EUR", 700, ""),
    ):
        with pytest.raises(AlreadyExists, match="choose another id"):
            repeat()


@pytest.mark.parametrize(
    ("create", "field"),
    [
        (lambda: Adjustment.adjust("a b", "acme", "jane", "EUR", 1, "x"), "adjustment"),
        (lambda: Adjustment.adjust("a", "acme", "jane", "euro", 1, "x"), "unit"),
        (lambda: Adjustment.adjust("a", "acme", "jane", "EUR", 0, "x"), "amount"),
        (lambda: Adjustment.adjust("a", "acme", "jane", "EUR", -(10**16), "x"), "amount"),
        (lambda: Adjustment.adjust("a", "acme", "jane", "EUR", 1, ""), "reason"),
        (lambda: Receipt.receive("x", "acme", "jane", "acme:credit", 1), "unit"),
        (lambda: Receipt.receive("x", "acme", "jane", "EUR", 0), "amount"),
        (lambda: Receipt.receive("x", "acme", "jane", "EUR", -1), "amount"),
    ],
)
def test_amounts_that_cannot_be_booked_are_refused(create: Callable[[], Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        create()
    assert refusal.value.field == field


FIRST = Winner(1, "jane", 90, 500, "EUR")


def closed(*winners: Winner, positions: dict[str, Any] | None = None) -> ContestResult:
    return ContestResult.close("acme", "spring", 1, positions or {"0": 9}, winners)


def test_a_contest_is_closed_once_however_far_the_journal_is_read() -> None:
    found = closed(FIRST)
    found.repeat_closing([FIRST])
    with pytest.raises(AlreadyExists, match=r"is closed: 1\. jane; that stays"):
        found.repeat_closing([Winner(1, "joe", 90, 500, "EUR")])
    with pytest.raises(AlreadyExists, match="nobody won"):
        closed().repeat_closing([FIRST])


@pytest.mark.parametrize("second", [1, 2])
def test_two_may_share_a_rank(second: int) -> None:
    assert len(closed(FIRST, Winner(second, "joe", 90, 300, "EUR")).winners) == 2


@pytest.mark.parametrize(
    ("close", "field"),
    [
        (lambda: closed(Winner(2, "jane", 9, 5, "EUR")), "winners[0].rank"),
        (lambda: closed(FIRST, Winner(3, "joe", 9, 5, "EUR")), "winners[1].rank"),
        (lambda: closed(FIRST, FIRST), "winners"),
        (lambda: closed(Winner(1, "j b", 9, 5, "EUR")), "winners[0].partner"),
        (lambda: closed(Winner(1, "jane", 9, 0, "EUR")), "winners[0].amount"),
        (lambda: closed(Winner(1, "jane", 9, 5, "EURO")), "winners[0].unit"),
        (lambda: closed(FIRST, positions={"0": -1}), "positions[0]"),
        (lambda: closed(FIRST, positions={"journal/0": 1}), "positions[journal/0]"),
    ],
)
def test_a_ranking_that_cannot_be_is_refused(close: Callable[[], Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        close()
    assert refusal.value.field == field


def rates(*days: dict[str, str], base: str = "EUR") -> Rates:
    found = Rates.empty("rates:ECB/2026-11-20")
    for day in days:
        found.publish("ECB", "2026-11-20", base, day)
    return found


def test_other_rates_of_a_day_are_a_correction_and_the_same_add_nothing() -> None:
    found = rates({"USD": "1.0850"}, {"USD": "1.085"}, {"USD": "1.0851"}, {"USD": "1.0851"})
    assert found.rates == {"USD": "1.0851"}
    assert steps_of(found) == ["set", "set"]
    found.publish("ECB", "2026-11-20", "EUR", {"USD": "1.0851", "BGN": "1.9558"})
    found.publish("ECB", "2026-11-20", "USD", {"BGN": "1.9558"})
    assert (found.base, found.rates) == ("USD", {"BGN": "1.9558"})


@pytest.mark.parametrize(
    "rate", ["0", "0.000", "-1", "1e3", "1E3", "+1", "1,5", ".5", "1.", "NaN", "", " 1", "١", 1.5]
)
def test_a_rate_is_an_exact_decimal_above_zero(rate: Any) -> None:
    with pytest.raises(Invalid, match=r"rates\[USD\]"):
        rates({"USD": rate})


@pytest.mark.parametrize("currency", ["EUR", "usd", "US", "XYZ", "acme:credit"])
def test_a_rate_is_of_another_currency(currency: str) -> None:
    with pytest.raises(Invalid, match="ISO 4217 currency other than EUR"):
        rates({currency: "1.5"})


@pytest.mark.parametrize("date", ["2026-02-30", "20261120", "2026-11-2", "today", ""])
def test_a_rate_is_of_a_day(date: str) -> None:
    with pytest.raises(Invalid, match="date="):
        Rates.create_id("ECB", date)


def test_rates_without_any_or_of_no_currency_are_refused() -> None:
    with pytest.raises(Invalid, match="at least one"):
        rates({})
    with pytest.raises(Invalid, match="base="):
        rates({"USD": "1"}, base="euro")
