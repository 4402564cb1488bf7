"""Registered leads and deals: the decisions, and the conversions that follow from them."""

from __future__ import annotations

from typing import Any

import pytest

from aggregates.application import open_decisions
from events.codec import decode_record, encode
from events.conversions import Deal, Signup, conversion_key
from events.log import Writer, partitions, read
from events.settings import Broker, Settings
from events.topics import CONVERSIONS
from tests.cli.conftest import CommandFailed, ask, run

pytestmark = pytest.mark.broker


def conversions(broker: Broker) -> list[Any]:
    return [
        decode_record(record)
        for partition in range(partitions(broker, CONVERSIONS))
        for record in read(broker, CONVERSIONS, partition)
    ]


@pytest.fixture
def program(here: Settings) -> Settings:
    run("programs", "add", "acme", "--currency", "EUR")
    run("partners", "add", "jane", "--program", "acme")
    return here


def submit(registration: str, customer: str, *more: str) -> str:
    common = ("--program", "acme", "--partner", "jane", "--customer", customer)
    return run("registrations", "submit", registration, *common, *more)


def test_a_lead_from_form_to_conversion(program: Settings) -> None:
    submit("r-1", "bob", "--kind", "lead", "--title", "met at the fair")
    assert conversions(program.broker) == []
    said = run("registrations", "approve", "r-1", "--by", "ann")
    assert said == "registration r-1 approved; recorded registration:r-1:qualified\n"
    [lead] = conversions(program.broker)
    assert isinstance(lead, Signup)
    assert (lead.event_id, lead.event_name) == ("registration:r-1:qualified", "qualified_lead")
    assert (lead.program, lead.customer, lead.partner) == ("acme", "bob", "")
    assert lead.known == 6  # program, partner (registered, applied, approved), submitted, approved
    view = ask("registrations", "show", "r-1")
    assert view["status"] == "approved"
    # Again: it is there, nothing is written.
    assert run("registrations", "approve", "r-1") == "registration r-1 approved\n"
    assert conversions(program.broker) == [lead]


def test_what_is_missing_is_written_by_running_it_again(
    program: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit("r-1", "bob", "--kind", "lead")

    def dies(_: object) -> bytes:
        raise RuntimeError("killed between the decision and the conversion")

    with monkeypatch.context() as patched, pytest.raises(RuntimeError, match="killed"):
        patched.setattr("events.codec.encode", dies)
        run("registrations", "approve", "r-1")
    assert conversions(program.broker) == []
    assert ask("registrations", "show", "r-1")["status"] == "approved"
    answer = ask("registrations", "approve", "r-1")
    assert answer["recorded"] == ["registration:r-1:qualified"]
    assert len(conversions(program.broker)) == 1


def test_a_deal_from_registration_to_won(program: Settings) -> None:
    said = submit("r-2", "globex", "--title", "40 seats", "--amount", "12000.00")
    assert said == "registration r-2 submitted: deal globex of partner jane, 12,000.00 EUR\n"
    run("registrations", "update", "r-2", "--amount", "15000")
    assert run("registrations", "approve", "r-2") == "registration r-2 approved\n"
    won = ("registrations", "win", "r-2", "--deal", "D-9", "--amount", "14500.00")
    said = run(*won, "--occurred-at", "2026-11-20T10:00:00Z")
    assert said == (
        "registration r-2 won: deal D-9, 14,500.00 EUR; recorded registration:r-2:won\n"
    )
    [deal] = conversions(program.broker)
    assert isinstance(deal, Deal)
    assert (deal.deal, deal.amount, deal.currency, deal.kind) == ("D-9", 1_450_000, "EUR", "sale")
    assert deal.occurred_at == 1_795_168_800_000
    assert ask(*won)["recorded"] == []  # the same again, also without its time
    assert conversions(program.broker) == [deal]
    [row] = ask("registrations", "list", "--status", "won", "--partner", "jane")
    assert (row["deal"], row["amount"], row["title"]) == ("D-9", 1_450_000, "40 seats")
    assert "D-9" in run("registrations", "show", "r-2")


def test_a_deal_somebody_else_recorded_under_the_id_is_not_written_again(
    program: Settings,
) -> None:
    submit("r-3", "initech", "--amount", "5")
    run("registrations", "approve", "r-3")
    won = ("registrations", "win", "r-3", "--deal", "D-1", "--occurred-at", "2026-11-20")
    run(*won)
    [deal] = conversions(program.broker)
    writer = Writer(program.broker)
    key = conversion_key("acme", "initech")
    writer.append(CONVERSIONS, key=key, value=encode(deal))
    writer.flush()
    assert ask(*won)["recorded"] == []
    assert len(conversions(program.broker)) == 2


def test_ends_and_refusals(program: Settings) -> None:
    submit("r-4", "hooli")
    submit("r-5", "umbrella")
    run("registrations", "reject", "r-4", "--reason", "a customer already")
    run("registrations", "approve", "r-5")
    assert "registration r-5 lost" in run("registrations", "lose", "r-5", "--reason", "no budget")
    assert [row["status"] for row in ask("registrations", "list")] == ["rejected", "lost"]
    for arguments, why in (
        (("win", "r-4", "--deal", "D", "--amount", "1"), "only one that is approved can be won"),
        (("win", "r-0", "--deal", "D"), "registration 'r-0' does not exist"),
        (("update", "r-4"), "nothing to change"),
        (("list", "--status", "open"), "--status 'open': expected one of submitted"),
        (
            ("submit", "r-4", "--program", "acme", "--partner", "jane", "--customer", "other"),
            "registration r-4 exists",
        ),
        (
            ("submit", "r-6", "--program", "acme", "--partner", "jane", "--customer", "x",
             "--kind", "hope"),
            "--kind 'hope'",
        ),
        (
            ("submit", "r-6", "--program", "nope", "--partner", "jane", "--customer", "x"),
            "program 'nope' does not exist",
        ),
    ):  # fmt: skip
        with pytest.raises(CommandFailed, match=why) as caught:
            run("registrations", *arguments)
        assert caught.value.code == 1
    assert conversions(program.broker) == []


def test_a_lead_registered_without_a_currency_is_won_in_the_program_s(program: Settings) -> None:
    with open_decisions(program.broker) as ledger:
        ledger.submit_registration("r-9", "acme", "jane", "bob", "lead")
        ledger.approve_registration("r-9")
    said = run("registrations", "win", "r-9", "--deal", "D-9", "--amount", "120.00")
    assert said.startswith("registration r-9 won: deal D-9, 120.00 EUR")
