"""A topic that would lose the ledger is refused; settings are found in one order."""

from __future__ import annotations

from pathlib import Path

import pytest

from events.ids import BadId, foreign_id, slug
from events.settings import Broker, SettingsError, Warehouse, load, write_endpoints
from events.topics import TOPICS, retention_problem


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_our_own_topics_keep_the_ledger_for_ever(topic) -> None:  # type: ignore[no-untyped-def]
    assert retention_problem(topic.name, topic.config(embedded=True)) is None


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("cleanup.policy", "compact"),
        ("cleanup.policy", "compact,delete"),
        ("retention.ms", "604800000"),
        ("retention.bytes", "1073741824"),
        ("message.timestamp.type", "CreateTime"),
    ],
)
def test_a_topic_that_would_lose_the_ledger_is_named_with_its_setting(
    setting: str, value: str
) -> None:
    config = {**TOPICS[0].config(embedded=False), setting: value}
    problem = retention_problem("clicks", config)
    assert problem is not None
    assert f"topic clicks: {setting}={value}, must be" in problem


def test_the_environment_goes_before_the_running_supervisor(tmp_path: Path) -> None:
    write_endpoints(tmp_path, {"broker": "127.0.0.1:1111", "warehouse": "127.0.0.1:2222"})
    found = load({"PLEDGER_HOME": str(tmp_path)})
    assert found.broker == Broker("127.0.0.1:1111")
    assert (found.warehouse.port, found.broker_is_external) == (2222, False)
    found = load({"PLEDGER_HOME": str(tmp_path), "PLEDGER_BROKER": "kafka:9092"})
    assert (found.broker.servers, found.broker_is_external) == ("kafka:9092", True)


def test_security_settings_are_passed_to_the_client() -> None:
    broker = Broker.parse("kafka://a:1,b:2?security.protocol=SASL_SSL&sasl.username=ann")
    assert broker.client(acks="all") == {
        "bootstrap.servers": "a:1,b:2",
        "security.protocol": "SASL_SSL",
        "sasl.username": "ann",
        "acks": "all",
    }
    with pytest.raises(SettingsError, match="expected host:port or kafka://"):
        Broker.parse("http://a:1")


def test_warehouse_addresses() -> None:
    found = Warehouse.parse("clickhouse://ann:p%40ss@ch.test/books?secure=1")
    assert (found.host, found.port, found.secure) == ("ch.test", 8443, True)
    assert (found.username, found.password, found.database) == ("ann", "p@ss", "books")
    assert Warehouse.parse("127.0.0.1:8123").database == "ledger"


def test_ids_that_cannot_be_used_say_what_can() -> None:
    assert slug("program", "acme-2.de_x") == "acme-2.de_x"
    assert foreign_id("customer", "Zoë O'Neil / 7") == "Zoë O'Neil / 7"
    for bad in ("", "-x", "a b", "a/b", "x" * 65):
        with pytest.raises(BadId, match="program="):
            slug("program", bad)
    for bad in ("", "a\nb", "x" * 201):
        with pytest.raises(BadId, match="customer="):
            foreign_id("customer", bad)
