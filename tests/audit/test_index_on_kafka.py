"""A payout audited by the index, on a real ledger: Kafka, a worker, RocksDB."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from aggregates.application import open_decisions
from audit.index import PositionIndex, index_directory
from audit.index_building import extend, left_to_read, open_for_audit
from audit.indexed_payout import kafka_evidence
from cli.main import app
from events import topics
from events.click_token import load_keys
from events.partitioning import partition_of
from events.settings import Settings
from tests.audit.test_on_kafka import DEALS, WORKER, booked, forge, found_program, sell
from tests.audit.test_on_kafka import pledger as in_a_process_of_its_own
from tests.conftest import TEST_PARTITIONS
from tests.streams.processes import started
from tests.waiting import wait_until

pytestmark = pytest.mark.broker


def pledger(settings: Settings, *arguments: str) -> tuple[int, str]:
    """Exit code and output of the command, in this process."""
    environment = {
        "PLEDGER_HOME": str(settings.home),
        "PLEDGER_BROKER": settings.broker.servers,
        "COLUMNS": "200",
    }
    done = CliRunner().invoke(app, arguments, env=environment)
    return done.exit_code, done.output


def audited(settings: Settings, *options: str) -> dict[str, object]:
    code, said = pledger(settings, "audit", "payout", "po-1", "--json", *options)
    assert code == 0, said
    found: dict[str, object] = json.loads(said)
    return found


def without_way(found: dict[str, object]) -> dict[str, object]:
    proof = dict(found["proof"])  # type: ignore[call-overload]
    del proof["records"]
    return proof


def test_a_payout_is_proved_by_its_index_as_by_the_scan(ledger: Settings) -> None:
    load_keys(ledger.keys)
    with (
        started(ledger, *WORKER) as worker,
        closing(open_decisions(ledger.broker)) as decisions,
    ):
        found_program(decisions)
        known = 2 + 4 * 2
        sell(ledger, 0, DEALS, known)
        wait_until(lambda: booked(ledger.broker) == DEALS + DEALS // 5, "all deals booked")
        code, said = pledger(ledger, "audit", "index")
        assert code == 0, said
        decisions.request_payout("po-1", "jane", "acme", "EUR", 1500)
        wait_until(lambda: decisions.payout("po-1").status == "funded", "po-1 funded")
        sell(ledger, DEALS, DEALS, known)
        wait_until(lambda: booked(ledger.broker) == 2 * (DEALS + DEALS // 5) + 1, "more booked")
        assert worker.end() == 0, worker.said()[-3_000:]

    scanned = audited(ledger, "--scan")
    assert scanned["how"]["by"] == "scan"  # type: ignore[index]
    behind = audited(ledger)
    assert behind["how"]["by"] == "index"  # type: ignore[index]
    assert behind["how"]["unseen"] > 0  # type: ignore[index]
    assert behind["how"]["faults"] == []  # type: ignore[index]
    assert without_way(behind) == without_way(scanned)
    assert pledger(ledger, "audit", "index")[0] == 0
    seen = audited(ledger)
    assert (seen["how"]["by"], seen["how"]["unseen"]) == ("index", 0)  # type: ignore[index]
    assert without_way(seen) == without_way(scanned)

    code, said = pledger(ledger, "audit", "partner", "jane", "--list")
    assert (code, said.splitlines()[-1]) == (0, "verified"), said
    assert "conversions that have to do with jane" in said
    code, said = pledger(ledger, "audit", "partner", "jane", "--json", "--program", "acme")
    told = json.loads(said)["told"]
    assert {one["became"] for one in told} == {"posted", "refund"}
    assert all(one["entries"] for one in told)
    assert pledger(ledger, "audit", "partner", "nobody")[0] == 2

    lie(ledger)
    code, said = pledger(ledger, "audit", "payout", "po-1")
    assert (code, said.splitlines()[-1]) == (0, "verified"), said
    assert "note: the index did not serve, so the whole log was read" in said
    shutil.rmtree(index_directory(ledger.home))
    index = PositionIndex(index_directory(ledger.home), "another cluster", writable=True)
    index.close()
    code, said = pledger(ledger, "audit", "payout", "po-1")
    assert (code, "indexes another log" in said, said.splitlines()[-1]) == (0, True, "verified")

    shutil.rmtree(index_directory(ledger.home))
    rebuilt(ledger)
    assert audited(ledger)["how"]["by"] == "index"  # type: ignore[index]
    position = forge(ledger.broker)
    code, said = in_a_process_of_its_own(ledger, "audit", "payout", "po-1", "--patience", "0")
    assert code == 1, said
    assert f"NOT VERIFIED: foreign {position}" in said


def lie(settings: Settings) -> None:
    """The index says all of jane's entries stand elsewhere."""
    home = partition_of("jane", TEST_PARTITIONS)
    with kafka_evidence(settings.broker) as source:
        index = PositionIndex(index_directory(settings.home), source.log_id(), writable=True)
        try:
            [first, *_] = index.offsets(topics.JOURNAL, home, "jane")
            end = index.ends()[topics.JOURNAL][home]
            for _ in range(2):  # over the blocks it has
                index.add(topics.JOURNAL, home, {b"jane": [first, end + 7]}, [], end)
        finally:
            index.close()


def rebuilt(settings: Settings) -> None:
    with kafka_evidence(settings.broker) as source:
        directory = index_directory(settings.home)
        PositionIndex(directory, source.log_id(), writable=True).close()
        with patch("audit.index_building.FAR_BEHIND", 1):
            made = (directory, source.log_id(), settings.broker, source.snapshot)
            with closing(open_for_audit(*made)) as brought_up:
                assert left_to_read(brought_up, source.snapshot()) == 0
                with closing(open_for_audit(*made)) as following:  # while another writes
                    assert following.ends() == brought_up.ends()
        index = PositionIndex(directory, source.log_id(), writable=True)
        try:
            assert extend(index, settings.broker, source.snapshot) == 0
        finally:
            index.close()
