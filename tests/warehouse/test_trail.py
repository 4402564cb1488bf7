"""The warehouse's trail is the log's, and the API's is the warehouse's."""

from __future__ import annotations

from typing import Any

import pytest

from aggregates.acting import acting
from aggregates.application import open_decisions
from events.decisions import Origin
from events.first_wins import DecisionLog
from events.log import read
from events.settings import Settings
from events.topics import DECISIONS
from projections.trail import Trail
from streams.schema import connect
from streams.sink import WarehouseSink
from tests.gateway.conftest import RunningGateway
from tests.warehouse.conftest import drain

pytestmark = pytest.mark.broker

QUERY = "SELECT number, recorded_at, person, proved, via, source, key, about, position FROM trail"


@pytest.fixture
def told(stage: Settings, sink: WarehouseSink) -> Settings:
    ledger = open_decisions(stage.broker)
    ledger.create_program("acme", "Acme", "EUR", by="root")  # as earlier releases wrote it
    with acting(Origin("cli", "ann", "ann@host")):
        ledger.register_partner("jane", "Jane", by="ann")
        ledger.apply("jane", "acme")
    with acting(Origin("api", "Bob", "203.0.113.7", "k1")):
        ledger.approve("jane", "acme", by="Bob")
    with acting(Origin("worker", "payouts", "host")):
        ledger.request_payout("po-1", "jane", "acme", "EUR", 500)
        ledger.fund_payout("po-1", 500, "journal/0/0")
    ledger.close()
    drain(sink, stage.broker)
    return stage


def test_the_view_says_what_the_log_says(told: Settings) -> None:
    log = DecisionLog()
    trail = Trail()
    lines = [
        trail.line(one) for record in read(told.broker, DECISIONS, 0) for one in log.accept(record)
    ]
    found = connect(told.warehouse).query(f"{QUERY} ORDER BY number").result_rows
    assert [(*row[:3], bool(row[3]), *row[4:7], tuple(row[7]), row[8]) for row in found] == [
        (
            *(line.number, line.at, line.person, line.is_proved, line.via, line.source),
            *(line.key, line.about, line.position),
        )
        for line in lines
    ]
    assert [line.via for line in lines] == ["", "cli", "cli", "api", "worker", "worker"]
    assert lines[-1].about == ("payout:po-1", "po-1", "acme", "jane"), "as its request said"


def test_the_trail_in_pages(told: Settings, tmp_path: Any) -> None:
    target = told.warehouse
    running = RunningGateway(
        tmp_path / "home",
        told.broker,
        PLEDGER_WAREHOUSE=f"{target.host}:{target.port}/{target.database}",
    )
    running.start()
    try:

        def asked(**query: Any) -> Any:
            answer = running.client.get("/v1/trail", params=query)
            assert answer.status_code == 200, answer.text
            return answer.json()

        first = asked(limit=3)
        assert [one["number"] for one in first["data"]] == [1, 2, 3] and first["has_more"]
        rest = asked(limit=3, starting_after=first["data"][-1]["number"])
        assert [one["what"] for one in rest["data"]][:1] == ["approved jane for acme"]
        assert not rest["has_more"] and rest["data"][0]["proved"]
        before = asked(limit=2, ending_before=4)
        assert [one["number"] for one in before["data"]] == [2, 3] and before["has_more"]
        assert [one["number"] for one in asked(by="bob")["data"]] == [4]
        assert [one["number"] for one in asked(about="acme")["data"]] == [1, 3, 4, 5, 6]
        assert [one["number"] for one in asked(via="unknown")["data"]] == [1]
        assert running.client.get("/v1/trail?starting_after=x").status_code == 422
    finally:
        running.kill()
