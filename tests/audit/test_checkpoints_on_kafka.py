"""Checkpoints on a real ledger: signed by command and by the scheduler, kept, held against it."""

from __future__ import annotations

import base64
import json
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource

from aggregates.application import open_decisions
from audit.log import KafkaLog
from audit.signed import read_signed
from deploy import health
from deploy.topics import check_cluster
from events import topics
from events.log import read, watermarks
from events.settings import Settings
from tests.audit.test_on_kafka import DEALS, WORKER, booked, found_program, pledger, sell
from tests.conftest import fresh_topics
from tests.streams.processes import started
from tests.waiting import wait_until

pytestmark = pytest.mark.broker


def test_a_kept_checkpoint_shows_what_was_cut_off(ledger: Settings, tmp_path: Path) -> None:
    """Sign, sell on, rotate, sign again; then a log without its end, under the same cluster."""
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    with started(ledger, *WORKER) as worker, closing(open_decisions(ledger.broker)) as decisions:
        found_program(decisions)
        sell(ledger, 0, DEALS, 10)
        wait_until(lambda: booked(ledger.broker) == DEALS + DEALS // 5, "all deals booked")
        code, note = pledger(ledger, "checkpoint", "--sign", "--by", "ann")
        assert (code, note.splitlines()[1]) == (0, "checkpoint 1"), note
        first.write_text(note)
        assert pledger(ledger, "checkpoint", "--sign") == (0, note), "nothing came since"

        sell(ledger, DEALS, DEALS, 10)
        wait_until(lambda: booked(ledger.broker) == 2 * (DEALS + DEALS // 5), "all booked")
        code, said = pledger(ledger, "signing-keys", "rotate", "--json")
        assert (code, json.loads(said)["checkpoint"]) == (0, 2), said
        second.write_text(pledger(ledger, "checkpoint")[1])
        assert worker.end() == 0

    for kept in (first, second):
        code, said = pledger(ledger, "verify", "--against", str(kept))
        assert (code, said.splitlines()[-1]) == (0, "verified"), said
    keys = json.loads(pledger(ledger, "signing-keys", "list", "--json")[1])
    assert [key["state"] for key in keys] == ["retired: replaced", "signs"]
    assert keys[1]["vouched_for_by"] == keys[0]["key"]
    code, said = pledger(ledger, "verify", "--against", str(first), "--key", keys[0]["vkey"])
    assert code == 0 and f"{keys[0]['key']} → {keys[1]['key']}" in said
    code, said = pledger(ledger, "replay", "--verify")
    assert (code, said.splitlines()[-1]) == (0, "verified"), said

    cut = rebuilt_without_newest_entry(ledger)
    code, said = pledger(ledger, "verify", "--against", str(second), "--json")
    found = json.loads(said)
    assert (code, found["verified"]) == (1, False)
    assert [(one["kind"], one["position"]) for one in found["differences"]] == [("truncated", cut)]
    code, said = pledger(ledger, "verify", "--against", str(first))
    assert (code, said.splitlines()[-1]) == (0, "verified"), "that far the log is whole"
    code, said = pledger(ledger, "replay", "--verify", "--patience", "0", "--json")
    kinds = [one["kind"] for one in json.loads(said)["differences"]]
    assert (code, kinds) == (1, ["missing", "truncated"])


def test_the_scheduler_makes_the_first_key_and_signs_when_something_was_added(
    ledger: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two schedulers at once, of one ledger and with the same keys: one checkpoint."""
    monkeypatch.setenv("PLEDGER_SIGNING_KEYS", base64.b64encode(bytes(range(32))).decode())
    homes = [replace(ledger, home=ledger.home / name) for name in ("one", "two")]
    with ExitStack() as stack:
        schedulers = [stack.enter_context(started(home, "cli.scheduler")) for home in homes]
        log = KafkaLog(ledger.broker)
        wait_until(lambda: len(read_signed(log).keys) == 1, "the first key")
        assert read_signed(log).checkpoints == [], "there is nothing to sign yet"
        assert [one.end() for one in schedulers] == [0, 0], schedulers[0].said()
    with closing(open_decisions(ledger.broker)) as decisions:
        found_program(decisions)
    with ExitStack() as stack:
        schedulers = [stack.enter_context(started(home, "cli.scheduler")) for home in homes]
        wait_until(lambda: read_signed(log).checkpoints != [], "a checkpoint")
        for home in homes:
            beat = health.scheduler_heartbeat(home)
            wait_until(lambda beat=beat: not health.scheduler_problem(beat), "both look")  # type: ignore[misc]
        assert [one.end() for one in schedulers] == [0, 0], schedulers[0].said()
    signed = read_signed(log)
    assert [one.fact.checkpoint for one in signed.checkpoints] == [1]
    assert signed.checkpoints[0].fact.ledger == check_cluster(ledger.home, ledger.broker)


def rebuilt_without_newest_entry(ledger: Settings) -> str:
    """The log written anew, each record with its time, but for the newest entry of the journal's
    longest partition; that one's position."""
    held = {
        (topic.name, partition): list(read(ledger.broker, topic.name, partition))
        for topic in topics.TOPICS
        for partition in watermarks(ledger.broker, topic.name)
    }
    journal = [where for where in held if where[0] == topics.JOURNAL]
    cut = held[max(journal, key=lambda where: len(held[where]))].pop()
    fresh_topics(ledger.broker)
    stamped(ledger, "CreateTime")
    producer = Producer({"bootstrap.servers": ledger.broker.servers})
    for (topic, partition), records in held.items():
        for one in records:
            producer.produce(topic, one.value, one.key, partition, timestamp=one.recorded_at)
    assert producer.flush(30) == 0
    stamped(ledger, "LogAppendTime")
    return str(cut.position)


def stamped(ledger: Settings, kind: str) -> None:
    """Let the sender give the times, or the broker, as ever."""
    entry = ConfigEntry(
        "message.timestamp.type",
        kind,
        incremental_operation=AlterConfigOpType.SET,
    )
    resources = [
        ConfigResource(ConfigResource.Type.TOPIC, topic.name, incremental_configs=[entry])
        for topic in topics.TOPICS
    ]
    client = AdminClient({"bootstrap.servers": ledger.broker.servers})
    for answer in client.incremental_alter_configs(resources).values():
        answer.result(30)
