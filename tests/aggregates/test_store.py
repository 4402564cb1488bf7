"""What the library's cases do not ask: the bytes in the log, other writers, a broker that dies."""

from __future__ import annotations

import json
import multiprocessing
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from eventsourcing.persistence import (
    DataError,
    InfrastructureFactory,
    IntegrityError,
    OperationalError,
    StoredEvent,
)
from eventsourcing.utils import Environment

from aggregates import shared_log
from aggregates.recorders import LogApplicationRecorder
from aggregates.store import DecisionsFactory
from aggregates.stored import to_stored_decision
from deploy.kafka import EmbeddedBroker
from events.first_wins import DecisionLog
from events.log import Writer, read
from events.settings import Broker
from tests.aggregates.conftest import NewLog, create_decisions_topic

pytestmark = pytest.mark.broker

PROCESSES = 4
EVENTS_EACH = 25


def open_factory(env: dict[str, str]) -> DecisionsFactory:
    factory = InfrastructureFactory.construct(Environment(env=env))
    assert isinstance(factory, DecisionsFactory)
    return factory


@pytest.fixture
def env(new_log: NewLog) -> dict[str, str]:
    return new_log()


@pytest.fixture
def recorder(env: dict[str, str]) -> Iterator[LogApplicationRecorder]:
    factory = open_factory(env)
    yield factory.application_recorder()
    factory.close()


def event(version: int, aggregate: str = "a", state: bytes = b"{}") -> StoredEvent:
    return StoredEvent(aggregate, version, "thing.happened", state)


@pytest.mark.parametrize(
    "state",
    [
        b'{"a":1,"b":["\xc3\xa9",null]}',
        b'{"a": 1}',
        b'{"a":1,"a":2}',
        b'{"n":123456789012345678901234567890}',
        b'{"f":1.10}',
        b"",
        b"null",
        b"\x00\xff\xfe",
        b'"\xff"',
    ],
)
def test_every_byte_of_a_state_comes_back(env: dict[str, str], state: bytes) -> None:
    with_state = open_factory(env)
    with_state.application_recorder().insert_events([event(1, state=state)])
    with_state.close()
    again = open_factory(env)
    [found] = again.application_recorder().select_events("a")
    again.close()
    assert found.state == state


def test_a_json_state_stays_json_in_the_log(
    env: dict[str, str], recorder: LogApplicationRecorder
) -> None:
    recorder.insert_events([event(1, state=b'{"name":"Acme"}'), event(2, state=b"\x00")])
    broker = Broker.parse(env["PLEDGER_BROKER"])
    [record] = read(broker, env["DECISIONS_TOPIC"], 0)
    assert record.key == b"a"
    assert json.loads(record.value or b"") == {
        "type": "decisions.v1",
        "events": [
            {
                "aggregate": "a",
                "version": 1,
                "name": "thing.happened",
                "state": {"name": "Acme"},
            },
            {"aggregate": "a", "version": 2, "name": "thing.happened", "state_base64": "AA=="},
        ],
    }


def test_a_uuid_is_read_as_a_uuid_and_text_as_text(recorder: LogApplicationRecorder) -> None:
    number = uuid4()
    recorder.insert_events(
        [StoredEvent(number, 1, "t", b"{}"), StoredEvent(str(number), 1, "t", b"{}")]
    )
    assert [row.originator_id for row in recorder.select_notifications(1, 10)] == [
        number,
        str(number),
    ]
    with pytest.raises(DataError, match="pass a UUID"):
        to_stored_decision(StoredEvent(number.urn, 1, "t", b"{}"))


def test_the_loser_learns_who_came_first(env: dict[str, str]) -> None:
    ours, theirs = open_factory(env), open_factory(env)
    one, other = ours.application_recorder(), theirs.application_recorder()
    one.insert_events([event(1)])
    with pytest.raises(IntegrityError, match=rf"a version 1 .*{env['DECISIONS_TOPIC']}/0/0"):
        other.insert_events([event(1), event(2)])
    assert other.insert_events([event(2)]) == [2]
    assert one.refresh() == 2
    assert one.select_notifications(1, 9) == other.select_notifications(1, 9)
    ours.close()
    theirs.close()


def test_what_nobody_can_read_is_ignored_by_all(
    env: dict[str, str], recorder: LogApplicationRecorder
) -> None:
    writer = Writer(Broker.parse(env["PLEDGER_BROKER"]))
    good = '{"aggregate":"a","version":1,"name":"n","state":{}}'
    bad = '{"aggregate":"a","version":2,"name":"n","state_base64":"%"}'
    for value in (b"poison", f'{{"type":"decisions.v1","events":[{good},{bad}]}}'.encode()):
        writer.append(env["DECISIONS_TOPIC"], key="a", value=value)
    writer.flush()
    assert recorder.insert_events([event(1)]) == [1]  # half of an unreadable record counts nothing


def test_a_subscription_follows_other_writers(
    env: dict[str, str], recorder: LogApplicationRecorder
) -> None:
    other = open_factory(env)
    with recorder.subscribe() as subscription:
        found = []
        for number in range(1, 4):
            other.application_recorder().insert_events([event(number)])
            found.append(next(subscription).originator_version)
    other.close()
    assert found == [1, 2, 3]


def contend(env: dict[str, str], answers: multiprocessing.Queue[tuple[int, list[int]]]) -> None:
    """Append to one aggregate until this process won `EVENTS_EACH` times."""
    factory = open_factory(env)
    recorder = factory.application_recorder()
    lost, won = 0, []
    while len(won) < EVENTS_EACH:
        last = recorder.select_events("contended", desc=True, limit=1)
        version = last[0].originator_version + 1 if last else 1
        try:
            recorder.insert_events([event(version, "contended")])
            won.append(version)
        except IntegrityError:
            lost += 1
    answers.put((lost, won))
    factory.close()


def test_four_processes_contending_for_one_aggregate_lose_nothing(env: dict[str, str]) -> None:
    spawn = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[tuple[int, list[int]]] = spawn.Queue()
    writers = [spawn.Process(target=contend, args=(env, answers)) for _ in range(PROCESSES)]
    for writer in writers:
        writer.start()
    told = [answers.get(timeout=60) for _ in writers]
    for writer in writers:
        writer.join(30)
        assert writer.exitcode == 0
    versions = [version for _, won in told for version in won]
    assert sorted(versions) == list(range(1, PROCESSES * EVENTS_EACH + 1)), "each won once"
    assert sum(lost for lost, _ in told) > 0, "they did not contend"

    factory = open_factory(env)
    seen = [
        row.originator_version
        for row in factory.application_recorder().select_notifications(1, 999)
    ]
    factory.close()
    assert seen == list(range(1, PROCESSES * EVENTS_EACH + 1)), "all readers agree"

    decided, broker = DecisionLog(), Broker.parse(env["PLEDGER_BROKER"])
    records = list(read(broker, env["DECISIONS_TOPIC"], 0))
    accepted = [decision for record in records for decision in decided.accept(record)]
    assert [decision.version for decision in accepted] == seen


def test_many_threads_share_one_log(recorder: LogApplicationRecorder) -> None:
    numbers: list[int] = []

    def write(name: str) -> None:
        for version in range(1, 21):
            numbers.extend(recorder.insert_events([event(version, name)]) or ())

    threads = [threading.Thread(target=write, args=(f"t{number}",)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 16 * 20 + 1))


def test_a_broker_that_is_gone_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(shared_log.PRODUCER, "message.timeout.ms", 1_500)
    monkeypatch.setattr("events.log.reading.METADATA_TIMEOUT_S", 2.0)
    monkeypatch.setattr("events.log.following.METADATA_TIMEOUT_S", 2.0)
    mortal = EmbeddedBroker(tmp_path)
    mortal.start()
    mortal.wait_ready()
    create_decisions_topic(mortal.broker, "decisions")
    env = {"PERSISTENCE_MODULE": "aggregates.store", "PLEDGER_BROKER": mortal.broker.dsn}
    factory = open_factory(env)
    recorder = factory.application_recorder()
    assert recorder.insert_events([event(1)]) == [1]
    mortal.stop()
    try:
        began = time.monotonic()
        with pytest.raises(OperationalError, match=r"a version 2: .* did not acknowledge"):
            recorder.insert_events([event(2)])
        assert time.monotonic() - began < 10
        with pytest.raises(OperationalError, match=mortal.broker.servers):
            recorder.refresh()
        assert len(recorder.select_events("a")) == 1, "what was read can still be read"
    finally:
        factory.close()
    with pytest.raises(OperationalError, match=mortal.broker.servers):
        open_factory(env).application_recorder()


def test_a_topic_that_is_not_there_is_a_clear_error(broker: Broker) -> None:
    env = {
        "PERSISTENCE_MODULE": "aggregates.store",
        "PLEDGER_BROKER": broker.dsn,
        "DECISIONS_TOPIC": "nowhere",
    }
    with pytest.raises(OperationalError, match="topic nowhere"):
        open_factory(env).application_recorder()


def test_a_subscription_ends_with_its_store(env: dict[str, str]) -> None:
    factory = open_factory(env)
    with (
        pytest.raises(OperationalError, match="closed"),
        factory.application_recorder().subscribe() as subscription,
    ):
        threading.Timer(0.1, factory.close).start()
        next(subscription)


def test_a_closed_store_says_so(env: dict[str, str]) -> None:
    factory = open_factory(env)
    recorder = factory.application_recorder()
    factory.close()
    with pytest.raises(OperationalError, match="closed"):
        recorder.insert_events([event(1)])
