"""The ways of a registration, and what no way leads to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aggregates.errors import AlreadyExists, Conflict, Invalid
from aggregates.registration import Registration

Step = Callable[[Registration], None]


def submitted(*steps: Step) -> Registration:
    found = Registration.submit("r1", "acme", "jane", "carol", "deal", "Shop", 900, "EUR")
    for step in steps:
        step(found)
    return found


def approve(found: Registration) -> None:
    found.approve("ann")


def reject(found: Registration) -> None:
    found.reject("a customer already")


def update(found: Registration) -> None:
    found.update(amount=950)


def win(found: Registration) -> None:
    found.win("D-1", 1_000, "EUR", 300)


def lose(found: Registration) -> None:
    found.lose("no budget")


def steps_of(found: Registration) -> list[str]:
    """What was decided after it was submitted."""
    topics = [type(event).TOPIC for event in found.pending_events]  # type: ignore[attr-defined]
    return [topic.removeprefix("registration.") for topic in topics[1:]]


@pytest.mark.parametrize(
    ("steps", "status", "decided"),
    [
        ((approve, win), "won", ["approved", "won"]),
        ((approve, approve, win, win, approve), "won", ["approved", "won"]),
        ((update, approve, update, lose), "lost", ["updated", "approved", "lost"]),
        ((approve, update, win), "won", ["approved", "updated", "won"]),
        ((approve, lose, lose, approve), "lost", ["approved", "lost"]),
        ((reject, reject), "rejected", ["rejected"]),
    ],
)
def test_the_ways_of_a_registration(
    steps: tuple[Step, ...], status: str, decided: list[str]
) -> None:
    found = submitted(*steps)
    assert found.status == status
    assert steps_of(found) == decided, "a step repeated is one step"


@pytest.mark.parametrize(
    ("steps", "refused"),
    [
        ((), win),
        ((), lose),
        ((approve,), reject),
        ((reject,), approve),
        ((reject,), update),
        ((reject,), win),
        ((reject,), lose),
        ((reject,), lambda found: found.reject("another reason")),
        ((approve, win), lose),
        ((approve, win), reject),
        ((approve, win), update),
        ((approve, win), lambda found: found.win("D-2", 1_000, "EUR", 300)),
        ((approve, win), lambda found: found.win("D-1", 1_001, "EUR", 300)),
        ((approve, lose), win),
        ((approve, lose), lambda found: found.lose("another reason")),
    ],
)
def test_a_registration_has_one_outcome(steps: tuple[Step, ...], refused: Step) -> None:
    found = submitted(*steps)
    before = (found.status, len(found.pending_events))
    with pytest.raises(Conflict, match=f"registration r1 is {found.status}.*; only one that is"):
        refused(found)
    assert (found.status, len(found.pending_events)) == before


def test_an_update_leaves_what_it_does_not_name() -> None:
    found = submitted(lambda found: found.update(title="Big shop"), update)
    assert (found.title, found.amount, found.currency) == ("Big shop", 950, "EUR")
    event = found.pending_events[-1]
    assert (event.title, event.currency) == ("Big shop", "EUR"), "and says it whole"  # type: ignore[attr-defined]


def test_submitting_again_is_told_by_what_was_first_submitted() -> None:
    found = submitted(update)
    found.repeat_submission("acme", "jane", "carol", "deal", "Shop", 900, "EUR")
    for other in (
        ("acme", "joe", "carol", "deal", "Shop", 900, "EUR"),
        ("acme", "jane", "dave", "deal", "Shop", 900, "EUR"),
        ("acme", "jane", "carol", "lead", "Shop", 900, "EUR"),
        ("acme", "jane", "carol", "deal", "Shop", 950, "EUR"),
    ):
        with pytest.raises(AlreadyExists, match="update it or choose another id"):
            found.repeat_submission(*other)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"registration": "a b"}, "registration"),
        ({"customer": ""}, "customer"),
        ({"kind": "order"}, "kind"),
        ({"title": "a\nb"}, "title"),
        ({"amount": -1}, "amount"),
        ({"currency": ""}, "currency"),
        ({"currency": "eur"}, "currency"),
    ],
)
def test_what_cannot_be_registered_is_refused(change: dict[str, Any], field: str) -> None:
    given = {
        "registration": "r1",
        "program": "acme",
        "partner": "jane",
        "customer": "carol",
        "kind": "deal",
        "amount": 5,
        "currency": "EUR",
    }
    with pytest.raises(Invalid) as refusal:
        Registration.submit(**(given | change))
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("won", "field"),
    [
        (("", 1, "EUR", 1), "deal"),
        (("D", -1, "EUR", 1), "amount"),
        (("D", 1, "", 1), "currency"),
        (("D", 1, "EUR", -1), "occurred_at"),
    ],
)
def test_a_deal_that_cannot_be_is_not_won(won: tuple[Any, ...], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        submitted(approve).win(*won)
    assert refusal.value.field == field
