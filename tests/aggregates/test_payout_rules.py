"""Payouts that take two persons, payouts that come back, and runs of many."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aggregates.errors import AlreadyExists, Conflict, Invalid
from aggregates.payout import Payout
from aggregates.payout_run import MOST_PAYOUTS, PayoutRun, payout_of
from events.decisions import RunPayout

Step = Callable[[Payout], None]


def proposed(*steps: Step) -> Payout:
    found = Payout.propose("po-1", "jane", "acme", "EUR", 500, by="Ann")
    for step in steps:
        step(found)
    return found


def approve(found: Payout) -> None:
    found.approve("Ben")


def cancel(found: Payout) -> None:
    found.cancel("too early", "Ben")


def fund(found: Payout) -> None:
    found.fund(500, "journal/0/7")


def send(found: Payout) -> None:
    found.send("wire-1")


def settle(found: Payout) -> None:
    found.settle("wire-1")


def come_back(found: Payout) -> None:
    found.return_("account closed")


def steps_of(found: Payout) -> list[str]:
    topics = [type(event).TOPIC for event in found.pending_events]  # type: ignore[attr-defined]
    return [topic.removeprefix("payout.") for topic in topics]


@pytest.mark.parametrize(
    ("steps", "decided"),
    [
        ((approve, approve, fund), ["approved", "funded"]),
        ((cancel, cancel), ["canceled"]),
        (
            (approve, fund, send, settle, come_back, come_back, send, settle, approve),
            ["approved", "funded", "sent", "settled", "returned"],
        ),
    ],
)
def test_the_ways_of_a_proposed_payout(steps: tuple[Step, ...], decided: list[str]) -> None:
    assert steps_of(proposed(*steps)) == ["proposed", *decided]


@pytest.mark.parametrize(
    ("steps", "refused"),
    [
        ((), fund),
        ((), send),
        ((), come_back),
        ((cancel,), approve),
        ((cancel,), lambda found: found.cancel("another reason")),
        ((approve,), cancel),
        ((approve,), lambda found: found.approve("Carl")),
        ((approve, fund, send), come_back),
        ((approve, fund, send, settle, come_back), lambda found: found.return_("twice")),
        ((approve, fund, send, settle, come_back), lambda found: found.fail("late")),
    ],
)
def test_no_other_way_leads_on(steps: tuple[Step, ...], refused: Step) -> None:
    found = proposed(*steps)
    before = (found.status, len(found.pending_events))
    with pytest.raises(Conflict, match=f"payout po-1 is {found.status}; only one that is"):
        refused(found)
    assert (found.status, len(found.pending_events)) == before


@pytest.mark.parametrize("by", ["Ann", "ann", " ANN ", "Ａｎｎ"])
def test_who_asked_does_not_approve(by: str) -> None:
    with pytest.raises(Conflict, match="asked for by 'Ann'; somebody else must approve it"):
        proposed().approve(by)


@pytest.mark.parametrize("by", ["", "  "])
def test_both_persons_have_a_name(by: str) -> None:
    with pytest.raises(Invalid, match="by="):
        proposed().approve(by)
    with pytest.raises(Invalid, match="by="):
        Payout.propose("po-1", "jane", "acme", "EUR", 500, by=by)


JANE, JOE = RunPayout("run-1-jane", "jane"), RunPayout("run-1-joe", "joe")


def test_a_run_is_started_once_with_who_is_on_it() -> None:
    run = PayoutRun.start("run-1", "acme", "EUR", [JANE, JOE])
    assert run.payouts == (JANE, JOE)
    run.repeat_start("acme", "EUR", [JANE, JOE])
    for other in (("acme", "USD", [JANE, JOE]), ("acme", "EUR", [JANE]), ("x", "EUR", [JANE, JOE])):
        with pytest.raises(AlreadyExists, match="choose another id, or go on with that one"):
            run.repeat_start(*other)


@pytest.mark.parametrize(
    ("payouts", "field"),
    [
        ([], "payouts"),
        ([RunPayout(f"p{n}", f"j{n}") for n in range(MOST_PAYOUTS + 1)], "payouts"),
        ([JANE, JANE], "payouts.payout"),
        ([JANE, RunPayout("other", "jane")], "payouts.partner"),
        ([RunPayout("a b", "jane")], "payout"),
    ],
)
def test_a_run_pays_each_partner_once(payouts: list[RunPayout], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        PayoutRun.start("run-1", "acme", "EUR", payouts)
    assert refusal.value.field == field


def test_a_payout_of_a_run_has_an_id_of_its_own_however_long_the_partners() -> None:
    assert payout_of("run-1", "jane") == "run-1-jane"
    long = [payout_of("r" * 40, "p" * 63 + end) for end in "ab"]
    assert len(set(long)) == 2
    assert all(len(found) <= 64 for found in long)
