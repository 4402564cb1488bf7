"""Commissions that wait for a person: held, until released, rejected or refunded whole."""

from __future__ import annotations

from typing import Any

from events.journal import HELD, Entry, Leg
from projections.waiting import WaitingList


def entry(kind: str, *legs: Leg, partner: str = "ann", deal: str = "D-1", **more: Any) -> Entry:
    return Entry(
        0, "x/0/0", partner, more.pop("at", 10), kind, "acme", "EUR", legs, deal=deal, **more
    )  # type: ignore[arg-type]


def held(amount: int) -> Leg:
    return Leg("payable", amount, available_at=HELD)


def waiting(*entries: Entry, partner: str = "") -> list[tuple[str, str, dict[str, int]]]:
    fold = WaitingList(partner=partner)
    for number, one in enumerate(entries):
        fold.take(one, f"journal/0/{number}")
    return [(found.deal, found.reason, found.amounts) for found in fold.waiting()]


BORN_HELD = entry("commission", Leg("commissions", -500), held(500), hold="review_above")


def test_held_by_the_terms_until_released() -> None:
    assert waiting(BORN_HELD) == [("D-1", "review_above", {"EUR": 500})]
    assert waiting(BORN_HELD, entry("released", held(-500), Leg("payable", 500))) == []
    assert waiting(BORN_HELD, entry("rejected", held(-500), Leg("commissions", 500))) == []


def test_held_by_a_person() -> None:
    paid = entry("commission", Leg("commissions", -500), Leg("payable", 500))
    step = entry("held", Leg("payable", -500), held(500), hold="phoned", by="ann")
    assert waiting(paid) == []
    assert waiting(paid, step) == [("D-1", "phoned", {"EUR": 500})]


def test_a_refund_takes_its_part_and_the_whole_ends_it() -> None:
    part = entry("clawback", held(-200), Leg("commissions", 200))
    rest = entry("clawback", held(-300), Leg("commissions", 300))
    assert waiting(BORN_HELD, part) == [("D-1", "review_above", {"EUR": 300})]
    assert waiting(BORN_HELD, part, rest) == []


def test_the_longest_waiting_first_and_only_those_asked_for() -> None:
    later = entry(
        "commission", held(7), partner="ben", deal="D-2", at=20, hold="self_referral", via="cas"
    )
    assert [deal for deal, _, _ in waiting(later, BORN_HELD)] == ["D-1", "D-2"]
    assert [deal for deal, _, _ in waiting(later, BORN_HELD, partner="ben")] == ["D-2"]


def test_gifts_wait_too() -> None:
    gift = Leg("payable", 1, unit="acme:mug", available_at=HELD)
    both = entry("commission", held(5), gift, hold="review_all")
    assert waiting(both) == [("D-1", "review_all", {"EUR": 5, "acme:mug": 1})]
