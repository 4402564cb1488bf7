"""A real warehouse against a real log: what was done to a row is said of that row."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from typer.testing import CliRunner

from audit.log import KafkaLog
from audit.reconcile.rows import TABLES
from cli.main import app
from cli.reconcile_warehouse import WarehouseReport, compare_warehouse
from events.settings import Settings
from events.topics import CONVERSIONS, JOURNAL
from projections.warehouse import migrations
from streams.schema import connect
from streams.sink import WarehouseSink
from tests.warehouse.conftest import drain
from tests.warehouse.rewards_story import RewardsStory
from tests.warehouse.story import Story

pytestmark = pytest.mark.broker

AT_ONCE = "SETTINGS mutations_sync = 2"


def compared(stage: Settings, client: Client) -> WarehouseReport:
    return compare_warehouse(KafkaLog(stage.broker), client, list(TABLES), 0.0, lambda _: None)


def listed(report: WarehouseReport) -> set[tuple[str, str, tuple[str, ...]]]:
    return {
        (one.kind, one.position, tuple(column.column for column in one.columns))
        for one in report.differences
    }


def position(client: Client, table: str, topic: str, where: str) -> str:
    """The position of the one row for which `where` holds."""
    rows = client.query(f"SELECT partition, offset FROM {table} WHERE {where}").result_rows
    assert len(rows) == 1, rows
    return f"{topic}/{rows[0][0]}/{rows[0][1]}"


def test_each_change_to_a_row_is_named(stage: Settings, sink: WarehouseSink) -> None:
    story = Story(customers=30)
    story.write(stage.broker)
    drain(sink, stage.broker)
    client = connect(stage.warehouse)
    report = compared(stage, client)
    assert report.is_equal, (report.differences[:5], report.sums)
    assert report.views_compared and report.balances and not report.behind
    assert report.tables[JOURNAL].agreed == len(story.world.entries)

    # 1. An amount altered in place, on both legs: each row is balanced, the sums are not.
    altered = position(client, "journal_entries", JOURNAL, "deal = 'D-4' AND kind = 'commission'")
    _, partition, offset = altered.split("/")
    client.command(
        "ALTER TABLE journal_entries UPDATE legs = arrayMap(leg -> tuple(leg.account, "
        "leg.amount * 2, leg.unit, leg.rule, leg.available_at), legs) "
        f"WHERE partition = {partition} AND offset = {offset} {AT_ONCE}"
    )
    # 2. A conversion removed, and 3. one that nobody recorded.
    removed = position(client, "conversions", CONVERSIONS, "event_id = 'deal-event-5'")
    client.command(f"ALTER TABLE conversions DELETE WHERE event_id = 'deal-event-5' {AT_ONCE}")
    client.command(
        "INSERT INTO conversions (partition, offset, type, program, customer, event_id) "
        "VALUES (0, 999999, 'deal.v1', 'acme', 'eve', 'forged')"
    )
    # 4. A decision with another name behind it, covered by a later insert of the same number.
    client.command(
        "INSERT INTO decisions (partition, offset, number, recorded_at, aggregate, version, "
        "name, state) SELECT partition, offset, number, recorded_at, aggregate, version, name, "
        "'{}' FROM decisions WHERE number = 3"
    )
    [(offset_3,)] = client.query("SELECT any(offset) FROM decisions WHERE number = 3").result_rows
    report = compared(stage, client)
    assert listed(report) == {
        ("altered", altered, ("legs[0].amount", "legs[1].amount")),
        ("missing", removed, ()),
        ("surplus", "conversions/0/999999", ()),
        ("surplus", f"decisions/0/{offset_3}", ()),
    }
    [entry] = [e for e in story.world.entries if e.deal == "D-4" and e.kind == "commission"]
    assert {(one.view, one.account, one.difference) for one in report.sums} >= {
        ("journal_legs", "payable", entry.payable()),
        ("partner_balances", "payable", entry.payable()),
        ("trial_balance", "commissions", -entry.payable()),
    }


def test_a_view_that_was_changed_and_a_tail_that_is_gone(
    stage: Settings, sink: WarehouseSink
) -> None:
    story = Story(customers=12)
    story.write(stage.broker)
    drain(sink, stage.broker)
    client = connect(stage.warehouse)
    [text] = [
        statement
        for migration in migrations()
        for statement in migration.statements()
        if statement.startswith("CREATE OR REPLACE VIEW partner_balances ")
    ]
    wrong = text.replace("AS payable,", "+ 1 AS payable,")
    assert wrong != text
    client.command(wrong)
    report = compared(stage, client)
    assert not report.differences
    assert {(one.view, one.account) for one in report.sums} == {("partner_balances", "payable")}

    newest = max(story.world.journal, key=lambda one: len(story.world.journal[one]))
    client.command(
        f"ALTER TABLE journal_entries DELETE WHERE partition = {newest} AND n >= 2 {AT_ONCE}"
    )
    report = compared(stage, client)
    count = len(story.world.journal[newest]) - 2
    assert report.tables[JOURNAL].missing == count > 0


def test_a_ledger_of_engine_2_agrees(stage: Settings, sink: WarehouseSink) -> None:
    RewardsStory().write(stage.broker)
    drain(sink, stage.broker)
    report = compared(stage, connect(stage.warehouse))
    assert report.is_equal, (report.differences[:5], report.sums)
    assert report.tables[JOURNAL].agreed


def test_the_command(stage: Settings, sink: WarehouseSink, monkeypatch: pytest.MonkeyPatch) -> None:
    Story(customers=6).write(stage.broker)
    drain(sink, stage.broker)
    run = commanded(stage, monkeypatch)
    code, said = run("--json")
    assert code == 0 and json.loads(said)["agrees"], said
    client = connect(stage.warehouse)
    client.command(f"ALTER TABLE conversions UPDATE amount = 1 WHERE deal = 'D-3' {AT_ONCE}")
    code, said = run()
    assert code == 1 and "altered  conversions/" in said and "amount: log " in said, said
    code, said = run("--csv")
    assert code == 1 and ",amount," in said
    code, said = run("--table", "planets")
    assert code == 2 and "expected journal_entries" in said
    code, said = run("--table", "journal_entries")
    assert code == 0, said


def commanded(stage: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Runs the command against the stage; its exit status and all it said."""
    target = stage.warehouse
    monkeypatch.setenv("PLEDGER_BROKER", stage.broker.servers)
    monkeypatch.setenv("PLEDGER_WAREHOUSE", f"{target.host}:{target.port}/{target.database}")
    stage.home.mkdir(parents=True, exist_ok=True)

    def run(*arguments: Any) -> tuple[int, str]:
        command = ["reconcile", "warehouse", "--patience", "0", "--home", str(stage.home)]
        found = CliRunner().invoke(app, [*command, *arguments])
        return found.exit_code, found.output

    return run
