"""State on disk that was altered is named key by key; what it leads to, entry by entry."""

from __future__ import annotations

import json
import shutil
from contextlib import closing

import pytest

from aggregates.application import open_decisions
from audit.log import KafkaLog
from audit.state.on_disk import OUTPUT, PROGRESS_KEY, StateDirectory, state_directories
from audit.state.prove import prove_state
from events import topics
from events.click_token import load_keys
from events.log import watermarks
from events.log.identity import log_identity
from events.partitioning import partition_of
from events.settings import Settings
from tests.audit.state_tampering import WAYS, StateWay, place_of, tamper
from tests.audit.test_on_kafka import DEALS, WORKER, booked, found_program, pledger, sell
from tests.conftest import TEST_PARTITIONS
from tests.streams.processes import started
from tests.waiting import wait_until

pytestmark = pytest.mark.broker

EACH = DEALS + DEALS // 5
KNOWN = 2 + 4 * 2


def proved(settings: Settings) -> tuple[set[tuple[str, str]], str]:
    """(kind, position) of all that is named, and the details."""
    identities = {
        (topic, output): log_identity(settings.broker, topic, output)
        for (_, topic), output in OUTPUT.items()
    }
    report = prove_state(KafkaLog(settings.broker), identities, settings.state, lambda _: None)
    assert report.directories
    assert report.verified == (not report.differences)
    found = report.differences
    return {(one.kind, one.position) for one in found}, "\n".join(one.detail for one in found)


def test_altered_state_is_named_and_what_it_leads_to(ledger: Settings) -> None:
    load_keys(ledger.keys)
    with started(ledger, *WORKER) as worker, closing(open_decisions(ledger.broker)) as decisions:
        found_program(decisions)
        sell(ledger, 0, DEALS, KNOWN)
        wait_until(lambda: booked(ledger.broker) == EACH, "all deals booked")
        assert worker.end() == 0, worker.said()[-3_000:]
    assert proved(ledger) == (set(), "")

    expected = set()
    directories = state_directories(ledger.state)
    for way in WAYS:
        directory, key = place_of(directories, way, partition_of("eve", TEST_PARTITIONS))
        tamper(directory, way, key)
        expected.add((way.kind, f"{directory} {key.decode()}"))
    named, said = proved(ledger)
    assert named == expected
    assert [way.name for way in WAYS if way.says not in said] == []

    home = partition_of("jane", TEST_PARTITIONS)
    whole = another_log_a_longer_one_and_a_damaged_file(ledger, home)
    elsewhere = {
        (kind, position)
        for kind, position in expected
        if not any(position.startswith(f"{directory} ") for directory in whole)
    }
    assert proved(ledger)[0] == elsewhere | set(whole.values())

    shutil.rmtree(ledger.state)
    with started(ledger, *WORKER) as worker:
        sell(ledger, DEALS, DEALS, KNOWN)
        wait_until(lambda: booked(ledger.broker) == 2 * EACH, "booked with state made anew")
        assert worker.end() == 0, worker.said()[-3_000:]
    assert proved(ledger) == (set(), "")

    end = watermarks(ledger.broker, topics.JOURNAL)[home][1]
    directory, key = place_of(state_directories(ledger.state), WAYS[0], home)
    tamper(directory, WAYS[0], key)
    with started(ledger, *WORKER) as worker:
        sell(ledger, 2 * DEALS, DEALS, KNOWN)
        wait_until(lambda: booked(ledger.broker) == 3 * EACH, "booked from altered state")
        assert worker.end() == 0, worker.said()[-3_000:]
    code, said = pledger(ledger, "audit", "state")
    assert code == 1 and f"NOT VERIFIED: altered {directory} a/jane\n" in said, said
    code, said = pledger(ledger, "replay", "--verify", "--patience", "0", "--json")
    [difference] = json.loads(said)["differences"]
    assert (code, difference["kind"]) == (1, "altered")
    topic, partition, offset = difference["position"].split("/")
    assert (topic, int(partition)) == (topics.JOURNAL, home)
    assert int(offset) >= end and "balance" in difference["detail"]


def another_log_a_longer_one_and_a_damaged_file(
    settings: Settings, home: int
) -> dict[StateDirectory, tuple[str, str]]:
    """Done to three directories; each with what must be said of it."""
    posting, attribution, relay = (
        next(
            one
            for one in state_directories(settings.state)
            if (one.processor, one.topic, one.partition) == (processor, topic, home)
        )
        for processor, topic in (
            ("posting", topics.INSTRUCTIONS),
            ("attribution", topics.CONVERSIONS),
            ("relay", topics.ATTRIBUTIONS),
        )
    )
    longer = StateWay("", "", b"", lambda said: said | {"next_output": 999}, "", "")
    tamper(posting, longer, PROGRESS_KEY)
    other = StateWay("", "", b"", lambda said: said | {"log": "another"}, "", "")
    tamper(attribution, other, PROGRESS_KEY)
    (relay.path / "CURRENT").write_text("MANIFEST-none\n")
    end = watermarks(settings.broker, topics.JOURNAL)[home][1]
    return {
        posting: ("truncated", f"journal/{home}/{end}"),
        attribution: ("wrong_ledger", str(attribution)),
        relay: ("altered", str(relay)),
    }
