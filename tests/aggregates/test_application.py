"""The commands on a real log: rules between aggregates, repetition, and rival processes."""

from __future__ import annotations

import threading

import pytest

from aggregates.application import Decisions, open_decisions
from aggregates.errors import AlreadyExists, Conflict, Contended, NotFound
from events.first_wins import DecisionLog
from events.log import read
from events.settings import Broker, Settings
from events.terms import Rule
from tests.aggregates.conftest import NewLog

pytestmark = pytest.mark.broker

SALE = Rule("sale", "sale", "percentage", 1_000)


def acme_and_jane(decisions: Decisions) -> None:
    decisions.create_program("acme", "Acme", "EUR", by="ann")
    decisions.register_partner("jane", "Jane", by="ann")


def everything(decisions: Decisions) -> None:
    acme_and_jane(decisions)
    decisions.add_terms("acme", [SALE], effective_from=0)
    decisions.apply("jane", "acme")
    decisions.approve("jane", "acme")
    decisions.create_link("l1", "acme", "jane", "https://a.example/")
    decisions.create_coupon("acme", "Save10", "jane")
    decisions.request_payout("po-1", "jane", "acme", "EUR", 500)
    decisions.fund_payout("po-1", 500, "journal/0/7")
    decisions.send_payout("po-1", "wire")
    decisions.settle_payout("po-1", "wire")
    decisions.disable_link("l1")
    decisions.retire_coupon("acme", "SAVE10")
    decisions.pause_program("acme")


def test_all_commands_run_twice_decide_once(decisions: Decisions) -> None:
    everything(decisions)
    assert decisions.refresh() == 14
    for command in (
        lambda: decisions.create_program("acme", "Acme", "EUR", by="someone else"),
        lambda: decisions.register_partner("jane", "Jane"),
        lambda: decisions.add_terms("acme", [SALE], effective_from=0),
        lambda: decisions.apply("jane", "acme"),
        lambda: decisions.approve("jane", "acme"),
        lambda: decisions.create_link("l1", "acme", "jane", "https://a.example/"),
        lambda: decisions.create_coupon("acme", "save10", "jane"),
        lambda: decisions.request_payout("po-1", "jane", "acme", "EUR", 500),
        lambda: decisions.fund_payout("po-1", 500, "journal/0/7"),
        lambda: decisions.send_payout("po-1", "wire"),
        lambda: decisions.settle_payout("po-1", "wire"),
        lambda: decisions.disable_link("l1"),
        lambda: decisions.retire_coupon("acme", "save10"),
        lambda: decisions.pause_program("acme"),
    ):
        command()
    assert decisions.refresh() == 14
    assert decisions.payout("po-1").status == "settled"
    assert not decisions.program("acme").active
    assert not decisions.link("l1").active
    assert not decisions.coupon("acme", "save10").active
    assert decisions.partner("jane").programs == {"acme": "approved"}


def test_what_was_decided_is_there_after_a_restart(decisions: Decisions, rival: Decisions) -> None:
    everything(decisions)
    assert rival.program("acme").terms == decisions.program("acme").terms
    assert rival.payout("po-1") == decisions.payout("po-1")


def test_each_decision_needs_what_it_speaks_of(decisions: Decisions) -> None:
    for command in (
        lambda: decisions.add_terms("acme", [SALE], effective_from=0),
        lambda: decisions.pause_program("acme"),
        lambda: decisions.disable_link("l1"),
        lambda: decisions.retire_coupon("acme", "ten"),
        lambda: decisions.send_payout("po-1", "wire"),
        lambda: decisions.payout("po-1"),
    ):
        with pytest.raises(NotFound, match="there is no"):
            command()
    decisions.create_program("acme", "Acme", "EUR")
    for command in (
        lambda: decisions.approve("jane", "acme"),
        lambda: decisions.create_link("l1", "acme", "jane", "https://a.example"),
        lambda: decisions.create_coupon("acme", "ten", "jane"),
        lambda: decisions.request_payout("po-1", "jane", "acme", "EUR"),
    ):
        with pytest.raises(NotFound, match="no partner jane; register it first"):
            command()
    decisions.register_partner("jane", "Jane")
    with pytest.raises(NotFound, match="no program other"):
        decisions.approve("jane", "other")
    assert decisions.refresh() == 2, "a refused decision writes nothing"


def test_a_refusal_is_never_due_to_what_was_not_read_yet(
    decisions: Decisions, rival: Decisions
) -> None:
    """`rival` decides right after `decisions`, however far its own reading may be."""
    for number in range(20):
        decisions.create_program(f"p{number}", "P", "EUR")
        decisions.register_partner(f"partner{number}", "Jane")
        rival.approve(f"partner{number}", f"p{number}")
        rival.request_payout(f"po{number}", f"partner{number}", f"p{number}", "EUR")
        decisions.fund_payout(f"po{number}", 1, "journal/0/1")
        assert rival.payout(f"po{number}").status == "funded"
        rival.send_payout(f"po{number}", "w")


def test_one_of_two_who_take_a_name_is_told(decisions: Decisions, rival: Decisions) -> None:
    decisions.create_program("acme", "Acme", "EUR")
    rival.create_program("acme", "Acme", "EUR")
    with pytest.raises(AlreadyExists, match="'Acme' in EUR"):
        rival.create_program("acme", "Acme", "USD")


def test_rivals_add_terms_and_no_version_is_lost(decisions: Decisions, rival: Decisions) -> None:
    decisions.create_program("acme", "Acme", "EUR")
    added: list[int] = []

    def add(application: Decisions, start: int) -> None:
        for number in range(start, start + 10):
            added.append(
                application.add_terms("acme", [SALE], effective_from=number, by="x").version
            )

    threads = [
        threading.Thread(target=add, args=(application, 100 * number))
        for number, application in enumerate((decisions, rival, decisions, rival))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(added) == list(range(1, 41))
    assert len({terms.effective_from for terms in decisions.program("acme").terms}) == 40


def test_one_of_two_outcomes_of_a_payout_stands(decisions: Decisions, rival: Decisions) -> None:
    acme_and_jane(decisions)
    outcomes: list[str] = []

    def settle(payout: str) -> None:
        try:
            decisions.settle_payout(payout, "wire")
            outcomes.append("settled")
        except Conflict:
            outcomes.append("")

    def fail(payout: str) -> None:
        try:
            rival.fail_payout(payout, "closed")
            outcomes.append("failed")
        except Conflict:
            outcomes.append("")

    for number in range(10):
        payout = f"po-{number}"
        decisions.request_payout(payout, "jane", "acme", "EUR", 500)
        decisions.fund_payout(payout, 500, "journal/0/7")
        decisions.send_payout(payout, "wire")
        threads = [threading.Thread(target=step, args=(payout,)) for step in (settle, fail)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes)[0] == ""
        assert decisions.payout(payout).status == sorted(outcomes)[1]
        outcomes.clear()


def test_a_command_gives_up_when_it_never_comes_first(
    decisions: Decisions, rival: Decisions, monkeypatch: pytest.MonkeyPatch
) -> None:
    decisions.create_program("acme", "Acme", "EUR")
    find = decisions._program
    moves = iter(range(10**6))

    def find_and_be_overtaken(program: str) -> object:
        found = find(program)
        rival.add_terms("acme", [SALE], effective_from=next(moves))
        return found

    monkeypatch.setattr(decisions, "_program", find_and_be_overtaken)
    monkeypatch.setattr("aggregates.deciding.ATTEMPTS", 3)
    with pytest.raises(Contended, match="3 times"):
        decisions.pause_program("acme")
    assert len(rival.program("acme").terms) == 3
    assert rival.program("acme").active


def test_the_ledgers_own_topic_is_read_by_the_rule_every_reader_applies(ledger: Settings) -> None:
    application = open_decisions(ledger.broker)
    everything(application)
    application.close()
    log = DecisionLog()
    facts = [
        decision.fact()
        for record in read(ledger.broker, "decisions", 0)
        for decision in log.accept(record)
    ]
    assert len(facts) == log.count == 14
    assert None not in facts


def test_two_ledgers_do_not_meet(decisions: Decisions, new_log: NewLog) -> None:
    env = new_log()
    decisions.create_program("acme", "Acme", "EUR")
    other = open_decisions(Broker.parse(env["PLEDGER_BROKER"]), env["DECISIONS_TOPIC"])
    with pytest.raises(NotFound):
        other.program("acme")
    other.close()
