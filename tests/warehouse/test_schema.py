"""The schema's files: applied once, each figure with its unit, no float near money."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from events.settings import Warehouse
from projections.warehouse import migrations
from streams.schema import SchemaError, connect, generation, migrate

REPEATABLE = re.compile(
    r"(CREATE (TABLE IF NOT EXISTS|OR REPLACE VIEW) \w+|ALTER TABLE \w+ ADD COLUMN IF NOT EXISTS)\s"
)
MONEY = {
    *("amount", "tax", "shipping", "unmatched", "base", "requested", "commission", "refunded"),
    *("pending", "available", "payable", "in_transit", "paid", "commissions", "balance"),
}


def test_numbers_are_dense_and_statements_repeatable() -> None:
    found = migrations()
    assert [migration.number for migration in found] == list(range(1, len(found) + 1))
    for migration in found:
        for statement in migration.statements():
            assert REPEATABLE.match(statement), f"{migration.name}: {statement[:60]}"


def test_migrating_twice_and_at_once(warehouse_database: Warehouse) -> None:
    with ThreadPoolExecutor(3) as pool:
        clients = list(pool.map(migrate, [warehouse_database] * 3))
    assert len({generation(client) for client in clients}) == 1
    first = clients[0].query("SELECT max(applied) FROM schema_migrations").result_rows
    client = migrate(warehouse_database)
    assert client.query("SELECT max(applied) FROM schema_migrations").result_rows == first
    names = {name for (name,) in client.query("SHOW TABLES").result_rows}
    assert {"clicks", "conversions", "journal_legs", "partner_balances", "partner_daily"} <= names
    for name in names:
        moment = "(as_of = now64(3), known = now64(3))" if name.endswith("_as_of") else ""
        client.query(f"SELECT * FROM {name}{moment}")


def test_money_is_int64_minor_units(warehouse_database: Warehouse) -> None:
    columns = (
        migrate(warehouse_database)
        .query(
            "SELECT table, name, type FROM system.columns WHERE database = {name:String}",
            parameters={"name": warehouse_database.database},
        )
        .result_rows
    )
    money = [(table, name, kind) for table, name, kind in columns if name in MONEY]
    assert len(money) > len(MONEY)
    scalar = [(t, n, k) for t, n, k in money if not k.startswith(("Array", "Tuple"))]
    assert {kind for *_, kind in scalar} == {"Int64"}, [row for row in scalar if row[2] != "Int64"]
    assert not [row for row in money if "Float" in row[2]]


def test_a_changed_file_is_refused(warehouse_database: Warehouse) -> None:
    client = migrate(warehouse_database)
    client.command(
        "ALTER TABLE schema_migrations DELETE WHERE number = 1 SETTINGS mutations_sync = 2"
    )
    client.command("INSERT INTO schema_migrations (number, name, digest) SELECT 1, 'facts', 'old'")
    with pytest.raises(SchemaError, match=r"001_facts.sql.*DROP DATABASE"):
        migrate(warehouse_database)


def test_a_database_that_cannot_be_named(warehouse_database: Warehouse) -> None:
    with pytest.raises(SchemaError, match="PLEDGER_WAREHOUSE"):
        migrate(Warehouse(warehouse_database.host, warehouse_database.port, database="a; DROP"))
    assert connect(warehouse_database, "default").query("SELECT 1").result_rows == [(1,)]
