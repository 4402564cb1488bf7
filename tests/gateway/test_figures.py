"""Balances and lists of payouts: from a real warehouse, filled by the real sink."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregates.application import open_decisions
from events.codec import encode
from events.journal import Entry, Leg
from events.log import Writer, watermarks
from events.settings import Broker, Warehouse
from events.topics import DECISIONS, JOURNAL
from streams.schema import migrate
from streams.sink import WarehouseSink
from tests.conftest import fresh_topics
from tests.gateway.conftest import RunningGateway

pytestmark = pytest.mark.broker

HELD_UNTIL = 4_102_444_800_000
"""2100: the hold has not ended."""


def entry(n: int, amount: int, available_at: int) -> Entry:
    return Entry(
        n=n,
        source=f"instructions/0/{n}",
        partner="jane",
        at=1_767_225_600_000,
        kind="commission",
        program="acme",
        unit="EUR",
        legs=(Leg("commissions", -amount), Leg("payable", amount)),
        deal=f"D-{n}",
        event_id=f"e-{n}",
        available_at=available_at,
    )


@pytest.fixture
def gateway(
    broker: Broker,
    warehouse_database: Warehouse,
    tmp_path: Path,
) -> Iterator[RunningGateway]:
    fresh_topics(broker)
    migrate(warehouse_database).close()
    found = warehouse_database
    address = f"clickhouse://{found.host}:{found.port}/{found.database}"
    running = RunningGateway(tmp_path / "home", broker, PLEDGER_WAREHOUSE=address)
    try:
        running.start()
        running.prepare()
        yield running
    finally:
        running.kill()


def sink_all(broker: Broker, found: Warehouse, topic: str, partition: int = 0) -> None:
    """Let the sink work until the warehouse has read a partition to its end."""
    _, end = watermarks(broker, topic)[partition]
    client = migrate(found)
    query = f"SELECT max(next_offset) FROM freshness WHERE topic = '{topic}'"
    sink = WarehouseSink(broker, found)
    try:
        deadline = time.monotonic() + 30
        while client.query(query).first_item["max(next_offset)"] < end:
            sink.step(0.1)
            assert time.monotonic() < deadline
    finally:
        sink.close()
        client.close()


def test_balances_say_how_far_behind_they_are(
    gateway: RunningGateway,
    broker: Broker,
    warehouse_database: Warehouse,
) -> None:
    empty = gateway.client.get("/v1/partners/jane/balances").json()
    assert (empty["balances"], empty["records_behind"]) == ([], 0)

    writer = Writer(broker, linger_ms=0)
    for number, (amount, available_at) in enumerate([(1_000, 0), (250, HELD_UNTIL)]):
        value = encode(entry(number, amount, available_at))
        writer.append(JOURNAL, key="jane", value=value, partition=0)
    writer.flush()
    behind = gateway.client.get("/v1/partners/jane/balances").json()
    assert (behind["balances"], behind["records_behind"]) == ([], 2)

    sink_all(broker, warehouse_database, JOURNAL)
    told = gateway.client.get("/v1/partners/jane/balances").json()
    assert told["records_behind"] == 0
    assert told["partner"] == "jane"
    assert abs(told["as_of"] - time.time() * 1000) < 10_000
    assert told["balances"] == [
        {
            "program": "acme",
            "unit": "EUR",
            "pending": 250,
            "available": 1_000,
            "payable": 1_250,
            "in_transit": 0,
            "paid": 0,
        }
    ]


def test_a_payout_from_request_to_settled(
    gateway: RunningGateway,
    broker: Broker,
    warehouse_database: Warehouse,
) -> None:
    for payout in ("po-1", "po-2", "po-3"):
        gateway.post(
            "/v1/payouts", payout=payout, partner="jane", program="acme", unit="EUR", amount=500
        )
    decisions = open_decisions(broker)  # as the payouts agent does, told by the journal
    decisions.fund_payout("po-1", 500, "journal/0/7")
    decisions.fund_payout("po-2", 500, "journal/0/8")
    decisions.refuse_payout("po-3", "available 0, asked 500", "journal/0/9")
    decisions.close()

    assert gateway.post("/v1/payouts/po-1/send", reference="SEPA 1")["status"] == "sent"
    settled = gateway.post("/v1/payouts/po-1/settle", reference="SEPA 1")
    assert settled == {
        "payout": "po-1",
        "program": "acme",
        "partner": "jane",
        "unit": "EUR",
        "requested": 500,
        "amount": 500,
        "status": "settled",
        "reason": "",
        "reference": "SEPA 1",
        "entry": "journal/0/7",
        "run": "",
        "requested_by": "api",
        "approved_by": "",
    }
    assert gateway.post("/v1/payouts/po-2/fail", reason="no such account")["status"] == "failed"
    late = gateway.client.post("/v1/payouts/po-1/fail", json={"reason": "too late"})
    assert late.status_code == 409

    sink_all(broker, warehouse_database, DECISIONS)
    page = gateway.client.get("/v1/payouts", params={"partner": "jane", "limit": 2}).json()
    assert page["data"][0] == settled
    assert [payout["status"] for payout in page["data"]] == ["settled", "failed"]
    assert page["has_more"] is True
    rest = gateway.client.get("/v1/payouts", params={"starting_after": "po-2"}).json()
    assert [(found["payout"], found["reason"]) for found in rest["data"]] == [
        ("po-3", "available 0, asked 500")
    ]
    nobody = gateway.client.get("/v1/payouts", params={"partner": "idle"}).json()
    assert nobody == {"data": [], "has_more": False}


def test_a_run_that_a_second_person_approves(
    gateway: RunningGateway,
    broker: Broker,
    warehouse_database: Warehouse,
) -> None:
    rule = {"name": "sale", "event": "sale", "type": "percentage", "amount": 1000}
    terms = {"rules": [rule], "effective_from": 0, "engine": "2", "payout_approval": "two_persons"}
    gateway.post("/v1/programs/acme/terms", **terms)
    decisions = open_decisions(broker)
    decisions.set_payee("jane", "bank", "Jane", "DE89370400440532013000")
    writer = Writer(broker, linger_ms=0)
    writer.append(JOURNAL, key="jane", value=encode(entry(0, 1_000, 0)), partition=0)
    writer.flush()
    sink_all(broker, warehouse_database, JOURNAL)
    gateway.client.get("/v1/programs/acme/payout-plan")
    run = {"run": "r1", "program": "acme", "by": "Ann"}
    empty = gateway.client.post("/v1/runs", json=run | {"run": "r0", "unit": "USD"})
    assert (empty.status_code, "nobody can be paid" in empty.text) == (409, True)

    # Nobody named: "api" would be another person than whoever approves.
    unnamed = gateway.client.post("/v1/runs", json={"run": "r1", "program": "acme"})
    assert (unnamed.status_code, "who asks" in unnamed.text) == (422, True)
    one = {"payout": "p1", "partner": "jane", "program": "acme", "unit": "EUR"}
    unnamed = gateway.client.post("/v1/payouts", json=one)
    assert (unnamed.status_code, unnamed.json()["field"]) == (422, "by")

    started = gateway.client.post("/v1/runs", json=run).json()
    assert (started["payouts"], started["statuses"]) == (1, {"proposed": 1})
    again = gateway.client.post("/v1/runs", json=run)
    assert (again.status_code, again.json()) == (202, started)
    own = gateway.client.post("/v1/runs/r1/approve", json={"by": " aNN "})
    assert (own.status_code, "somebody else must approve" in own.text) == (409, True)
    approved = gateway.client.post("/v1/payouts/r1-jane/approve", json={"by": "bob"}).json()
    assert (approved["status"], approved["requested_by"]) == ("requested", "Ann")
    assert (approved["approved_by"], approved["run"]) == ("bob", "r1")
    late = gateway.client.post("/v1/payouts/r1-jane/cancel", json={})
    assert late.status_code == 409

    decisions.fund_payout("r1-jane", 1_000, "journal/0/1")
    decisions.close()
    gateway.post("/v1/payouts/r1-jane/send", reference="r1-1")
    gateway.post("/v1/payouts/r1-jane/settle", reference="r1-1")
    back = gateway.post("/v1/payouts/r1-jane/return", reason="AC04 closed account")
    assert (back["status"], back["reason"]) == ("returned", "AC04 closed account")
    told = gateway.client.get("/v1/runs/r1").json()
    assert (told["statuses"], told["amount"], told["missing"]) == ({"returned": 1}, 1_000, 0)
    sink_all(broker, warehouse_database, DECISIONS)
    [listed] = gateway.client.get("/v1/runs", params={"program": "acme"}).json()["data"]
    assert listed == {
        "run": "r1",
        "program": "acme",
        "unit": "EUR",
        "payouts": 1,
        "settled": 0,
        "unpaid": 1,
        "amount": 1_000,
    }
