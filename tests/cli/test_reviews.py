"""Reviews, adjustments, partners' ties, and contests: what the commands decide.

The entries of the journal are written by hand; what becomes of the decisions there is tested
with the folds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from events.codec import encode
from events.first_wins import DecisionLog
from events.journal import HELD, Entry, Leg
from events.log import Writer, read
from events.partitioning import partition_of
from events.settings import Broker, Settings
from events.topics import DECISIONS, JOURNAL
from tests.cli.conftest import CommandFailed, ask, run
from tests.conftest import TEST_PARTITIONS

pytestmark = pytest.mark.broker

TERMS = """
engine = "2"
effective_from = 2026-01-01

[[rules]]
name = "sale 10%"
event = "sale"
type = "percentage"
amount = 1000

[[contests]]
name = "spring"
starts = 2026-03-01
ends = 2026-06-01
prizes = [{ amount = 50000 }, { amount = 1, currency = "acme:trophy" }]

[[contests]]
name = "endless"
starts = 2026-03-01
ends = 2126-01-01
prizes = [{ amount = 50000 }]
"""
MAY_1 = 1_777_593_600_000


@pytest.fixture
def program(here: Settings, tmp_path: Path) -> Settings:
    run("programs", "add", "acme", "--currency", "EUR")
    path = tmp_path / "terms.toml"
    path.write_text(TERMS)
    run("terms", "add", "acme", "--file", str(path))
    for partner in ("jane", "ben"):
        run("partners", "add", partner, "--program", "acme")
    return here


def decided(broker: Broker) -> list[tuple[str, Any]]:
    """Name and fact of every decision."""
    log = DecisionLog()
    found = [decision for record in read(broker, DECISIONS, 0) for decision in log.accept(record)]
    return [(decision.name, decision.fact()) for decision in found]


def sale(n: int, partner: str, deal: str, amount: int, **more: Any) -> Entry:
    legs = (Leg("commissions", -amount), Leg("payable", amount))
    base = {
        "counters": {"sale/amount/2026-05": amount * 10, "sale/count/2026-05": 1},
        "occurred_at": MAY_1,
        "deal": deal,
        "legs": legs,
    }
    return Entry(
        n, f"instructions/0/{n}", partner, MAY_1 + n, "commission", "acme", "EUR", **(base | more)
    )


def post(broker: Broker, *entries: Entry, partition: int = 0) -> None:
    writer = Writer(broker)
    for entry in entries:
        writer.append(JOURNAL, key=entry.partner, value=encode(entry), partition=partition)
    writer.flush()


HOME = partition_of("jane", TEST_PARTITIONS)


def test_reviews_are_decisions_with_a_reason(program: Settings) -> None:
    lead = sale(1, "jane", "", 500, event_id="s-1")
    post(program.broker, sale(0, "jane", "D-1", 900), lead, partition=HOME)
    of = ("jane", "--program", "acme", "--deal", "D-1")
    said = run("commissions", "hold", *of, "--reason", "order under review", "--by", "ann")
    assert said == "commission of jane for D-1 held: order under review\n"
    run("commissions", "release", *of)
    said = run("commissions", "adjust", *of, "--amount", "-5.00", "--reason", "by phone")
    assert said == "commission of jane for D-1 adjusted by -5.00 EUR: by phone\n"
    run("commissions", "reject", "jane", "--program", "acme", "--event", "s-1", "--reason", "spam")
    found = [fact for name, fact in decided(program.broker) if name.startswith("commission.")]
    assert [(fact.deal, fact.event_id, fact.reason) for fact in found] == [
        ("D-1", "", "order under review"),
        ("D-1", "", ""),
        ("D-1", "", "by phone"),
        ("", "s-1", "spam"),
    ]
    assert found[0].by == "ann"
    assert found[2].amount == -500
    for arguments, why in (
        (("hold", "jane", "--program", "acme", "--reason", "x"), "which commission"),
        (("hold", *of, "--event", "e", "--reason", "x"), "which commission"),
        (("adjust", *of, "--amount", "0", "--reason", "x"), "more or less than zero"),
        (("adjust", *of, "--amount", "0.001", "--reason", "x"), "finer than the minor unit"),
    ):
        with pytest.raises(CommandFailed, match=why):
            run("commissions", *arguments)


def test_a_decision_that_could_do_nothing_is_refused(program: Settings) -> None:
    """It would read as done, while the commission stays owed."""
    of = ("jane", "--program", "acme", "--deal", "D-1", "--reason", "fraud")
    for step in ("hold", "release", "reject"):
        with pytest.raises(CommandFailed, match="nothing is booked for jane on D-1 in acme"):
            run("commissions", step, *of)
    with pytest.raises(CommandFailed, match="nothing is booked for jane on D-1 by way of ben"):
        run("commissions", "adjust", *of, "--amount", "1", "--via", "ben")
    assert not [name for name, _ in decided(program.broker) if name.startswith("commission.")]

    post(program.broker, sale(0, "jane", "D-1", 900), partition=HOME)
    with pytest.raises(CommandFailed, match="D-1 for jane in acme is booked, not held"):
        run("commissions", "release", *of)
    run("commissions", "reject", *of)
    rejected = sale(1, "jane", "D-1", -900, counters={})
    post(program.broker, structs.replace(rejected, kind="rejected"), partition=HOME)
    run("commissions", "reject", *of)  # again: it stands
    with pytest.raises(CommandFailed, match="is rejected; adjust the partner's account"):
        run("commissions", "hold", *of)

    # Assigned again and booked anew: the same reason would decide nothing, another one does.
    post(program.broker, sale(2, "jane", "D-1", 900), partition=HOME)
    run("commissions", "reject", *of)
    run("commissions", "reject", *of[:-1], "fraud again")
    found = [fact for name, fact in decided(program.broker) if name == "commission.rejected"]
    assert [fact.reason for fact in found] == ["fraud", "fraud again"]


def test_what_waits_is_listed_from_the_journal(program: Settings) -> None:
    held = (Leg("commissions", -500), Leg("payable", 500, available_at=HELD))
    waits = sale(0, "jane", "D-1", 0, legs=held, hold="review_above", counters={})
    other = sale(1, "ben", "D-2", 70)
    post(program.broker, waits, waits, other)  # a repeat does not count
    [row] = ask("commissions", "list", "--program", "acme")
    assert (row["partner"], row["deal"], row["reason"]) == ("jane", "D-1", "review_above")
    assert (row["amounts"], row["entry"]) == ({"EUR": 500}, "journal/0/0")
    assert "5.00 EUR" in run("commissions", "list")
    assert run("commissions", "list", "--partner", "ben") == "no commission waits for a review\n"


def test_accounts(program: Settings) -> None:
    adjust = ("accounts", "adjust", "jane", "--program", "acme", "--amount", "25.00")
    said = run(*adjust, "--reason", "for the delay", "--id", "a-1")
    assert said == "adjustment a-1: +25.00 EUR for jane: for the delay\n"
    run(*adjust, "--reason", "for the delay", "--id", "a-1")
    with pytest.raises(CommandFailed, match="a-1"):
        run(*adjust, "--reason", "another", "--id", "a-1")
    receive = ("accounts", "receive", "ben", "--program", "acme", "--amount", "400")
    said = run(*receive, "--id", "r-1", "--reference", "SEPA 77")
    assert said == "payment r-1 of ben received: 400.00 EUR (SEPA 77)\n"
    with pytest.raises(CommandFailed, match="more than zero"):
        run("accounts", "receive", "ben", "--program", "acme", "--amount", "-1")
    facts = dict(decided(program.broker))
    assert facts["account.adjusted"].amount == 2_500
    assert facts["account.payment_received"].amount == 40_000


def test_ties(program: Settings) -> None:
    said = run("partners", "recruit", "ben", "--program", "acme", "--parent", "jane")
    assert said == "partner ben stands below jane in acme\n"
    with pytest.raises(CommandFailed, match="jane"):
        run("partners", "recruit", "jane", "--program", "acme", "--parent", "ben")
    assert run("partners", "currency", "jane", "usd") == (
        "partner jane is paid in USD from now on\n"
    )
    run("partners", "identify", "jane", "customer-1", "sha256:77af")
    facts = dict(decided(program.broker))
    assert facts["partner.recruited"].parent == "jane"
    assert facts["partner.currency_set"].currency == "USD"
    assert facts["partner.identified"].identities == ("customer-1", "sha256:77af")
    adjust = ("accounts", "adjust", "jane", "--program", "acme", "--amount", "1", "--reason", "x")
    assert ask(*adjust)["unit"] == "USD"


def test_a_contest_from_standings_to_prizes(program: Settings) -> None:
    post(
        program.broker,
        sale(0, "jane", "D-1", 100),
        sale(1, "ben", "D-2", 300),
        sale(2, "jane", "D-3", 100),
    )
    assert [row["closed"] for row in ask("contests", "list", "acme")] == [False, False]
    found = ask("contests", "standings", "acme", "spring")
    assert [(row["partner"], row["measure"]) for row in found["standings"]] == [
        ("ben", 3_000),
        ("jane", 2_000),
    ]
    assert found["positions"]["0"] == 3
    assert "30.00 EUR" in run("contests", "standings", "acme", "spring")
    with pytest.raises(CommandFailed, match="runs until 2126-01-01"):
        run("contests", "close", "acme", "endless")
    with pytest.raises(CommandFailed, match="no contest 'winter'; there is spring, endless"):
        run("contests", "close", "acme", "winter")
    closed = ask("contests", "close", "acme", "spring", "--by", "ann")
    winners = [
        (won["rank"], won["partner"], won["amount"], won["unit"]) for won in closed["winners"]
    ]
    assert winners == [(1, "ben", 50_000, "EUR"), (2, "jane", 1, "acme:trophy")]
    assert closed["positions"]["0"] == 3
    # What comes later changes no result: closing again tells the one there is.
    post(program.broker, sale(3, "jane", "D-4", 900))
    assert ask("contests", "close", "acme", "spring") == closed
    assert "500.00 EUR" in run("contests", "close", "acme", "spring")
