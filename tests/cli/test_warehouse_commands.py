"""What is read from the warehouse: balances, payouts, SQL, dead letters.

The records are written by hand, and brought into the warehouse by the real sink.
"""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from aggregates.application import open_decisions
from events.codec import encode
from events.dead_letters import DeadLetter
from events.journal import Balance, Entry, Leg
from events.log import Writer
from events.settings import Settings, Warehouse
from events.topics import DEAD_LETTERS, JOURNAL
from streams.schema import migrate
from streams.sink import WarehouseSink
from tests.cli.conftest import CommandFailed, ask, run
from tests.warehouse_fixture import warehouse, warehouse_database

__all__ = ["warehouse", "warehouse_database"]

pytestmark = pytest.mark.broker

MARCH_10 = 1_741_600_000_000
APRIL_2 = 1_743_600_000_000
FAR_AWAY = 4_102_444_800_000  # 2100


def entry(n: int, at: int, amount: int, **fields: object) -> Entry:
    """A commission (or, below zero, a clawback) of jane's; `fields` make it something else."""
    kind = "commission" if amount >= 0 else "clawback"
    legs = (Leg("commissions", -amount), Leg("payable", amount))
    base: dict[str, object] = {
        "n": n,
        "source": f"instructions/0/{n}",
        "partner": "jane",
        "at": at,
        "kind": kind,
        "program": "acme",
        "unit": "GBP",
        "legs": legs,
        "balance": Balance(0, 0, 0, 0),
        "deal": f"D-{n}",
    }
    return Entry(**{**base, **fields})  # type: ignore[arg-type]


ENTRIES = [
    entry(0, MARCH_10, 10_000),
    entry(1, MARCH_10, 2_500, available_at=FAR_AWAY),
    entry(2, APRIL_2, -1_000, deal="D-0"),
    entry(
        3,
        APRIL_2,
        0,
        kind="payout_funded",
        legs=(Leg("payable", -4_000), Leg("in_transit", 4_000)),
        deal="",
        payout="po-1",
    ),
]


@pytest.fixture
def booked(
    ledger: Settings, warehouse_database: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """A ledger of a few entries, a payout and a dead letter, brought into the warehouse."""
    where = warehouse_database
    address = f"clickhouse://{where.host}:{where.port}/{where.database}"
    monkeypatch.setenv("PLEDGER_HOME", str(ledger.home))
    monkeypatch.setenv("PLEDGER_BROKER", ledger.broker.servers)
    monkeypatch.setenv("PLEDGER_WAREHOUSE", address)
    writer = Writer(ledger.broker)
    for booking in ENTRIES:
        writer.append(JOURNAL, key="jane", value=encode(booking), partition=0)
    letter = DeadLetter("attribution", "conversions/1/7", MARCH_10, "not JSON [b]x[/b]", "k", "{")
    writer.append(DEAD_LETTERS, key="attribution", value=encode(letter))
    writer.flush()
    decisions = open_decisions(ledger.broker)
    decisions.create_program("acme", "Acme", "GBP")
    decisions.register_partner("jane", "Jane")
    decisions.apply("jane", "acme")
    decisions.approve("jane", "acme")
    decisions.request_payout("po-1", "jane", "acme", "GBP", 4_000)
    decisions.fund_payout("po-1", 4_000, "journal/0/3")
    decisions.close()
    fill(ledger, where)
    return ledger


def fill(ledger: Settings, where: Warehouse) -> None:
    """Run the sink until the warehouse holds all of the above."""
    client = migrate(where)
    sink = WarehouseSink(ledger.broker, where)
    deadline = time.monotonic() + 60
    try:
        while True:
            sink.step(0.2)
            sink.settle()
            found = client.query(
                "SELECT (SELECT count() FROM journal_entries), (SELECT count() FROM decisions), "
                "(SELECT count() FROM dead_letters)"
            ).result_rows[0]
            if tuple(found) == (len(ENTRIES), 6, 1):
                return
            assert time.monotonic() < deadline, f"the sink came to {found}"
    finally:
        sink.close()
        client.close()


def test_reading_commands(booked: Settings) -> None:
    _balance()
    _payouts()
    _dead_letters()
    _sql()


def _balance() -> None:
    [row] = ask("balance", "jane")
    assert (row["pending"], row["available"], row["in_transit"]) == (2_500, 5_000, 4_000)
    table = run("balance", "jane")
    assert "25.00 GBP" in table
    assert "50.00 GBP" in table
    assert "nothing is booked for partner nobody" in run("balance", "nobody")


def _payouts() -> None:
    [payout] = ask("payout", "list", "--partner", "jane", "--status", "funded")
    assert (payout["payout"], payout["amount"], payout["entry"]) == ("po-1", 4_000, "journal/0/3")
    assert "40.00 GBP" in run("payout", "list")
    assert run("payout", "list", "--status", "settled") == "no payouts\n"


def _dead_letters() -> None:
    [letter] = ask("dead-letters")
    assert (letter["source"], letter["processors"]) == ("conversions/1/7", ["attribution"])
    assert "not JSON [b]x[/b]" in run("dead-letters")


def _sql() -> None:
    assert ask("sql", "SELECT sum(balance) AS balance FROM trial_balance") == [{"balance": 0}]
    assert "│ 1 │" in run("sql", "-", input="SELECT 1")
    assert run("sql", "SELECT 1 WHERE 0") == "no rows\n"
    with pytest.raises(CommandFailed, match="error: Code: 47"):
        run("sql", "SELECT nonsense")
    with pytest.raises(CommandFailed, match="READONLY"):
        run("sql", "DROP TABLE clicks")


def test_an_empty_warehouse_says_who_fills_it(
    ledger: Settings, warehouse_database: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = warehouse_database
    monkeypatch.setenv(
        "PLEDGER_WAREHOUSE", f"clickhouse://{where.host}:{where.port}/{where.database}"
    )
    with pytest.raises(CommandFailed, match=r"a running worker .* makes and fills it"):
        run("balance", "jane")


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLEDGER_BROKER", "127.0.0.1:1")
    monkeypatch.setenv("PLEDGER_WAREHOUSE", "127.0.0.1:1")
    for arguments, remedy in (("programs list", "PLEDGER_BROKER"), ("sql 1", "PLEDGER_WAREHOUSE")):
        answer = subprocess.run(
            [sys.executable, "-m", "cli.main", *arguments.split()], capture_output=True, text=True
        )
        assert (answer.returncode, answer.stdout) == (1, "")
        [line] = answer.stderr.splitlines()
        assert line.startswith("error: no ")
        assert remedy in line


def test_a_reader_that_goes_away_is_no_error(booked: Settings) -> None:
    many = "SELECT number FROM numbers(200000)"
    with subprocess.Popen(
        [sys.executable, "-m", "cli.main", "sql", many, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stdout is not None and command.stderr is not None
        assert command.stdout.readline() == "[\n"
        command.stdout.close()
        assert "Traceback" not in command.stderr.read()
