"""The commands that prove a ledger, on a real one: Kafka, a worker, no warehouse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import msgspec
import pytest

from aggregates.application import Decisions, open_decisions
from audit.log import KafkaLog
from audit.parallel import replay_ledger
from audit.payout import prove_payout
from events import topics
from events.click_token import load_keys
from events.clicks import Click
from events.codec import decode_record, encode
from events.conversions import CitedClick, Deal, Refund, conversion_key
from events.log import Writer, read, watermarks
from events.partitioning import partition_of
from events.settings import Broker, Settings
from events.terms import Rule
from tests.conftest import TEST_PARTITIONS
from tests.streams.processes import started
from tests.waiting import wait_until

pytestmark = pytest.mark.broker

NOON = 1_780_000_000_000
DEALS = 40
WORKER = ("streams.worker", "--only", "attribution,relay,posting,payouts")


def pledger(settings: Settings, *arguments: str) -> tuple[int, str]:
    """Exit code and output of the command, in a process of its own."""
    environment = {
        **os.environ,
        "PLEDGER_HOME": str(settings.home),
        "PLEDGER_BROKER": settings.broker.servers,
        "PLEDGER_WAREHOUSE": "clickhouse://127.0.0.1:1/ledger",
        "COLUMNS": "200",
    }
    command = [sys.executable, "-c", "from cli.main import app; app()", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout or done.stderr


def found_program(decisions: Decisions) -> None:
    decisions.create_program("acme", "Acme", "EUR")
    rules = [Rule("sale", "sale", "percentage", 1000)]
    decisions.add_terms("acme", rules, effective_from=0, hold_days=0)
    for partner in ("jane", "omar"):
        decisions.register_partner(partner, partner)
        decisions.apply(partner, "acme")
        decisions.approve(partner, "acme")
        decisions.create_link(f"{partner}-link", "acme", partner, "https://shop.example/")


def sell(settings: Settings, first: int, count: int, known: int) -> None:
    """Deals by clicks of jane and omar in turn, and a refund of every fifth."""
    keys = load_keys(settings.keys)
    writer = Writer(settings.broker)
    for number in range(first, first + count):
        partner = ("jane", "omar")[number % 2]
        link, customer = f"{partner}-link", f"customer-{number}"
        token = keys.sign(link, NOON)
        click = Click(token, link, "acme", partner, NOON)
        writer.append(topics.CLICKS, key=link, value=encode(click))
        cited = CitedClick(token, link, NOON)
        deal = Deal(
            "acme", customer, f"e{number}", f"d{number}", 1000, "EUR", NOON, known, click=cited
        )
        key = conversion_key("acme", customer)
        writer.append(topics.CONVERSIONS, key=key, value=encode(deal))
        if number % 5 == 0:
            refund = Refund("acme", customer, f"r{number}", 500, "EUR", NOON, known, f"d{number}")
            writer.append(topics.CONVERSIONS, key=key, value=encode(refund))
    writer.flush()


def booked(broker: Broker) -> int:
    return sum(end for _, end in watermarks(broker, topics.JOURNAL).values())


@contextmanager
def selling(settings: Settings, decisions: Decisions, known: int) -> Iterator[None]:
    """Deals keep coming, and partners with them, as long as this lasts."""
    ended = threading.Event()

    def go_on() -> None:
        first = DEALS
        while not ended.is_set():
            partner = f"late-{first}"
            decisions.register_partner(partner, partner)
            decisions.apply(partner, "acme")
            decisions.approve(partner, "acme")
            sell(settings, first, 20, known + 3 * (first - DEALS + 20) // 20)
            first += 20
            time.sleep(0.05)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def forge(broker: Broker) -> str:
    """One more entry of jane's, of an instruction that was never given; its position."""
    partition = partition_of("jane", TEST_PARTITIONS)
    last = list(read(broker, topics.JOURNAL, partition))[-1]
    entry = decode_record(last)
    forged = msgspec.structs.replace(entry, n=entry.n + 1, partner="jane", base=1)
    writer = Writer(broker)
    writer.append(topics.JOURNAL, key="jane", value=encode(forged), partition=partition)
    writer.flush()
    return f"{topics.JOURNAL}/{partition}/{last.offset + 1}"


def test_a_ledger_is_proved_from_its_log_and_a_forged_entry_is_named(ledger: Settings) -> None:
    load_keys(ledger.keys)
    with (
        started(ledger, *WORKER) as worker,
        closing(open_decisions(ledger.broker)) as decisions,
    ):
        found_program(decisions)
        known = 2 + 4 * 2
        sell(ledger, 0, DEALS, known)
        wait_until(lambda: booked(ledger.broker) == DEALS + DEALS // 5, "all deals booked")
        decisions.request_payout("po-1", "jane", "acme", "EUR", 1500)
        wait_until(lambda: decisions.payout("po-1").status == "funded", "po-1 funded")
        decisions.send_payout("po-1", "bank-7")

        with selling(ledger, decisions, known):
            for _ in range(2):
                live = replay_ledger(ledger.broker, load_keys(ledger.keys), processes=2)
                assert live.differences == []
            prove_payout(KafkaLog(ledger.broker), "po-1", load_keys(ledger.keys))
        assert worker.end() == 0, worker.said()[-3_000:]

    with started(ledger, *WORKER) as worker:  # what it had not done yet when it was stopped
        code, said = pledger(ledger, "replay", "--verify")
        assert (code, said.splitlines()[-1]) == (0, "verified"), said
        assert worker.end() == 0

    code, said = pledger(ledger, "audit", "payout", "po-1")
    assert (code, said.splitlines()[-1]) == (0, "verified"), said
    assert "payout po-1  15.00 EUR to jane (acme): sent" in said
    code, said = pledger(ledger, "audit", "payout", "po-1", "--json")
    proof = json.loads(said)["proof"]
    assert (code, proof["amount"], proof["status"]) == (0, 1500, "sent")

    position = forge(ledger.broker)
    code, said = pledger(ledger, "audit", "payout", "po-1", "--patience", "0")
    assert code == 1, said
    assert f"NOT VERIFIED: foreign {position}" in said
    code, said = pledger(ledger, "replay", "--verify", "--patience", "0", "--json")
    report = json.loads(said)
    assert (code, report["verified"]) == (1, False)
    assert [found["position"] for found in report["differences"]] == [position]
