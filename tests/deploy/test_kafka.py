"""The embedded broker is a real one: it keeps what it acknowledged, and its directory."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from deploy import DeployError
from deploy.kafka import EmbeddedBroker
from deploy.topics import check_cluster, create_topics
from events.topics import JOURNAL

pytestmark = pytest.mark.broker


def write(broker: EmbeddedBroker, values: list[str]) -> None:
    producer = Producer(broker.broker.client(acks="all"))
    for value in values:
        producer.produce(JOURNAL, value, partition=0)
    assert producer.flush(10) == 0


def read(broker: EmbeddedBroker, count: int) -> list[str]:
    settings = broker.broker.client(**{"group.id": "test", "enable.auto.commit": False})
    consumer = Consumer(settings)
    consumer.assign([TopicPartition(JOURNAL, 0, 0)])
    try:
        return [record.value().decode() for record in consumer.consume(count, timeout=10)]
    finally:
        consumer.close()


def test_records_survive_kill_9_of_the_broker(tmp_path: Path) -> None:
    embedded = EmbeddedBroker(tmp_path / "broker")
    process = embedded.start()
    try:
        embedded.wait_ready()
        identity = check_cluster(tmp_path, embedded.broker)
        create_topics(embedded.broker, partitions=1)
        write(embedded, ["one", "two"])
    finally:
        process.kill()
        process.wait()

    # The same directory on another port.
    again = EmbeddedBroker(tmp_path / "broker")
    again_process = again.start()
    try:
        again.wait_ready()
        assert check_cluster(tmp_path, again.broker) == identity
        assert create_topics(again.broker, partitions=1) == []
        write(again, ["three"])
        assert read(again, 3) == ["one", "two", "three"]

        with pytest.raises(DeployError, match=rf"in use by process {again_process.pid} .*java"):
            EmbeddedBroker(tmp_path / "broker").start()
    finally:
        again.stop()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(DeployError, match=f"port {port} .*taken"):
            EmbeddedBroker(tmp_path, port).start()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux ends the child")
def test_the_broker_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    starter = textwrap.dedent(f"""
        import time
        from pathlib import Path
        from deploy.kafka import EmbeddedBroker
        print(EmbeddedBroker(Path({str(tmp_path / "broker")!r})).start().pid, flush=True)
        time.sleep(60)
    """)
    parent = subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    broker = psutil.Process(int(parent.stdout.readline()))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 5
    while broker.is_running() and broker.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the broker outlived its parent"
        time.sleep(0.02)
