"""`pledger replay --what-if` on a real ledger: Kafka, a worker, the warehouse's table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from aggregates.application import open_decisions
from events import topics
from events.click_token import load_keys
from events.clicks import Click
from events.codec import encode
from events.conversions import CitedClick, Deal, conversion_key
from events.log import Writer, watermarks
from events.settings import Broker, Settings, Warehouse
from streams.schema import migrate
from tests.audit.test_on_kafka import DEALS, NOON, WORKER, booked, found_program, sell
from tests.cli.conftest import CommandFailed, ask, invoke, run
from tests.streams.processes import started
from tests.waiting import wait_until

pytestmark = pytest.mark.broker

FIFTEEN = """
hold_days = 0
[[rules]]
name = "sale"
event = "sale"
type = "percentage"
amount = "15%"
"""
BOT_DEALS = 4
EARNED = DEALS * 100 - DEALS // 5 * 50
"""At 10 % of 10.00 EUR a deal, half of every fifth refunded, in cents."""


def ends(broker: Broker) -> dict[str, dict[int, tuple[int, int]]]:
    return {topic.name: watermarks(broker, topic.name) for topic in topics.TOPICS}


def sell_by_bots(settings: Settings, known: int) -> None:
    """Deals by clicks that were kept as a crawler's."""
    keys = load_keys(settings.keys)
    writer = Writer(settings.broker)
    for number in range(BOT_DEALS):
        token = keys.sign("jane-link", NOON, invalid=True)
        click = Click(token, "jane-link", "acme", "jane", NOON, invalid=("bot",))
        writer.append(topics.CLICKS, key="jane-link", value=encode(click))
        customer = f"by-bot-{number}"
        cited = CitedClick(token, "jane-link", NOON, "invalid_click")
        deal = Deal(
            "acme", customer, f"b{number}", f"bd{number}", 1000, "EUR", NOON, known, click=cited
        )
        key = conversion_key("acme", customer)
        writer.append(topics.CONVERSIONS, key=key, value=encode(deal))
    writer.flush()


@pytest.fixture
def here(ledger: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A ledger with deals, refunds and a payout, all processed; its worker has ended."""
    monkeypatch.setenv("PLEDGER_HOME", str(ledger.home))
    monkeypatch.setenv("PLEDGER_BROKER", ledger.broker.servers)
    monkeypatch.setenv("PLEDGER_WAREHOUSE", "clickhouse://127.0.0.1:1/ledger")
    load_keys(ledger.keys)
    with (
        started(ledger, *WORKER) as worker,
        closing(open_decisions(ledger.broker)) as decisions,
    ):
        found_program(decisions)
        known = 2 + 4 * 2
        sell(ledger, 0, DEALS, known)
        sell_by_bots(ledger, known)
        wait_until(lambda: booked(ledger.broker) == DEALS + DEALS // 5, "all deals booked")
        decisions.request_payout("po-1", "jane", "acme", "EUR", 1500)
        wait_until(lambda: decisions.payout("po-1").status == "funded", "po-1 funded")
        assert worker.end() == 0, worker.said()[-3_000:]
    yield ledger


@pytest.fixture
def terms(tmp_path: Path) -> Path:
    path = tmp_path / "terms.toml"
    path.write_text(FIFTEEN)
    return path


def total(answer: Any) -> tuple[int, int]:
    [found] = answer["totals"]
    return found["actual"], found["what_if"]


def test_a_ledger_is_asked_and_not_written_to(
    here: Settings,
    terms: Path,
    warehouse_database: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = ends(here.broker)
    answer = ask("replay", "--what-if", str(terms))
    assert total(answer) == (EARNED, EARNED * 3 // 2)
    assert answer["moved"] == DEALS
    assert answer["payouts"] == []
    assert ask("replay", "--what-if", str(terms), "--processes", "2") == answer

    said = run("replay", "--what-if", str(terms), "--program", "acme", "--top", "3")
    assert "acme: in the place of the general terms, for what happened at any time" in said
    assert "what moves most (3 of 40 commissions that would be others)" in said
    assert "36.00 EUR" in said and "54.00 EUR" in said

    never = ask("replay", "--what-if", str(terms), "--to", "2020-01-01")
    assert total(never) == (EARNED, EARNED)
    assert never["moves"] == []

    counted = ask("replay", "--count-clicks", "bot,prefetch")
    assert counted["clicks_counted"] == BOT_DEALS
    assert total(counted) == (EARNED, EARNED + BOT_DEALS * 100)
    outcomes = {(one["what"], one["why"]): one for one in counted["conversions_by_outcome"]}
    assert outcomes["unattributed", "invalid_click"]["actual"] == BOT_DEALS
    assert outcomes["unattributed", "invalid_click"]["what_if"] == 0

    refused = ask("replay", "--refuse-clicks", "link=jane-link")
    assert total(refused) == (EARNED, EARNED - EARNED_BY_JANE)
    [payout] = refused["payouts"]
    assert (payout["actual"], payout["what_if"], payout["overpaid"]) == (1500, 0, 1500)
    assert {one["partner"]: one["overpaid"] for one in refused["partners"]} == {
        "jane": 1500,
        "omar": 0,
    }
    assert refused["moves"][0]["credited"] == "jane by click"
    assert refused["moves"][0]["credited_what_if"] == "nobody (invalid_click)"

    _written_for_bi(terms, warehouse_database, monkeypatch)
    _refused(terms)
    assert ends(here.broker) == before


EARNED_BY_JANE = EARNED // 2


def _written_for_bi(terms: Path, database: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    where = f"clickhouse://{database.host}:{database.port}/{database.database}"
    monkeypatch.setenv("PLEDGER_WAREHOUSE", where)
    client = migrate(database)
    seen = "SELECT partner, rule, actual, what_if, deals FROM what_if WHERE run = 'q' ORDER BY 1"
    for amount in ("15%", "20%"):
        terms.write_text(FIFTEEN.replace("15%", amount))
        answer = ask("replay", "--what-if", str(terms), "--to-warehouse", "q")
        rows = client.query(seen).result_rows
        assert rows == [
            (row["partner"], row["rule"], row["actual"], row["what_if"], row["deals"])
            for row in answer["rows"]
        ]
    assert sum(row[3] for row in rows) == EARNED * 2
    run("replay", "--what-if", str(terms), "--to-warehouse", "other")
    assert client.query(seen).result_rows == rows


def _refused(terms: Path) -> None:
    terms.write_text(FIFTEEN.replace("15%", "hello"))
    for arguments, wanted in (
        (("--what-if", str(terms)), "rules[0].amount"),
        (("--what-if", "nowhere.toml"), "there is no file nowhere.toml"),
        (("--what-if", str(terms), "--program", "zeta"), "there are acme"),
        (("--what-if", str(terms), "--from", "2026-02-01", "--to", "2026-01-01"), "--to"),
        (("--count-clicks", "bots"), "clicks have no reason 'bots'; they have bot, prefetch"),
        (("--refuse-clicks", "moon=full"), "clicks keep no 'moon'"),
        (("--from", "2026-01-01"), "--from is of a what-if"),
        (("--count-clicks", "bot", "--partner", "jane"), "--partner is of --verify"),
        (("--verify", "--what-if", str(terms)), "pledger replay --verify, or"),
    ):
        result = invoke(["replay", *arguments])
        assert result.exit_code == 2, (arguments, result.output)
        assert wanted in result.stderr, arguments
    with pytest.raises(CommandFailed):
        ask("replay", "--what-if", str(terms), "--to-warehouse", "no such name")
