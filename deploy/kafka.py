"""A real Kafka broker on this machine: one KRaft node, on loopback only.

The node is broker and controller in one process. Its directory holds all it is:
`cluster-id`, `server.properties` (rewritten at each start, so ports may change),
`log/` (the records) and `broker.lock`, which the Java process itself inherits and so
keeps for as long as it lives. A directory that was formatted once is used again, after
a kill as after a clean stop: Kafka recovers its own log.
"""

from __future__ import annotations

import base64
import subprocess
import time
import uuid
from pathlib import Path
from typing import IO

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy import DeployError
from deploy.children import end_group, own_group
from deploy.jars import class_path
from deploy.java import find_java
from deploy.locks import DirectoryLock
from deploy.ports import LOOPBACK, free_port, is_free
from events.settings import Broker

HEAP = ("-Xms128m", "-Xmx768m")
READY_SECONDS = 60
STOP_SECONDS = 15
LOGGING = Path(__file__).with_name("log4j2.properties")

PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    # A topic of the ledger is created by `deploy.topics` with its settings, or not at all.
    "auto.create.topics.enable": "false",
    # One node: nothing to replicate to, nobody to wait for.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    # Faust's consumers and ours choose their session; a killed worker is replaced in seconds.
    "group.min.session.timeout.ms": "1000",
    # After a kill the controller waits for the dead node's session to end before it takes the new
    # one; shorter would let a busy machine fence its only broker.
    "broker.session.timeout.ms": "4000",
    "broker.heartbeat.interval.ms": "200",
    # The heap is small: Kafka's default for cleaning the offsets topic is 128 MB.
    "log.cleaner.dedupe.buffer.size": "8388608",
    "log.cleaner.threads": "1",
    "num.recovery.threads.per.data.dir": "2",
    "file.delete.delay.ms": "1000",
}


class EmbeddedBroker:
    """A broker of its own process in `directory`; `start`, `wait_ready`, `stop`.

    `port` 0 takes any free one; `self.broker` has the address once `start` returned.
    """

    def __init__(self, directory: Path, port: int = 0) -> None:
        self.directory = directory.absolute()
        self.port = port or free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def broker(self) -> Broker:
        return Broker(f"{LOOPBACK}:{self.port}")

    @property
    def log_file(self) -> Path:
        return self.directory / "broker.log"

    def start(self, log: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
        """Format the directory if it is new, and start the broker, output to `log`.

        Raises `DeployError` if the directory is in use (naming the process), the port is
        taken, or Java or the jars are missing.
        """
        java, jars = find_java(), class_path()
        if not is_free(self.port):
            raise DeployError(
                f"port {self.port} of {LOOPBACK} is taken; choose another with --port "
                "(0 takes any free one), or set PLEDGER_BROKER to use the broker that is there"
            )
        lock = DirectoryLock(self.directory, "broker.lock")
        lock.acquire()
        assert lock.descriptor is not None
        try:
            identity, is_new = cluster_identity(self.directory)
            properties = self.write_properties()
            run = [str(java), *HEAP, "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-Xshare:auto"]
            run += ["-Djava.awt.headless=true", f"-Dlog4j2.configurationFile={LOGGING}"]
            run += ["-cp", ":".join(str(jar) for jar in jars)]
            if is_new or not (self.directory / "log" / "meta.properties").exists():
                format_storage(run, identity, properties)
            with self.log_file.open("ab") as own_log:
                self.process = subprocess.Popen(
                    [*run, "kafka.Kafka", str(properties)],
                    stdin=subprocess.DEVNULL,
                    stdout=log or own_log,
                    stderr=subprocess.STDOUT,
                    pass_fds=[lock.descriptor],
                    preexec_fn=own_group,
                )
            lock.name_holder(self.process.pid)
        finally:
            lock.release()
        return self.process

    def write_properties(self) -> Path:
        controller = free_port()
        lines = {
            **PROPERTIES,
            "listeners": f"PLAINTEXT://{LOOPBACK}:{self.port},CONTROLLER://{LOOPBACK}:{controller}",
            "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{self.port}",
            "controller.quorum.voters": f"1@{LOOPBACK}:{controller}",
            "log.dirs": str(self.directory / "log"),
        }
        path = self.directory / "server.properties"
        path.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
        return path

    def wait_ready(self, seconds: float = READY_SECONDS) -> None:
        """Return when the broker answers with its own cluster id, else `DeployError`."""
        identity, _ = cluster_identity(self.directory)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process is not None and self.process.poll() is not None:
                raise DeployError(
                    f"the broker ended with code {self.process.returncode} while starting; "
                    f"its log: {self.log_file}\n{last_lines(self.log_file)}"
                )
            found = answering_cluster(self.broker, 0.5)
            if found == identity:
                return
            if found is not None:
                raise DeployError(
                    f"{self.broker.servers} answers as Kafka cluster {found}, expected {identity}: "
                    "another broker has this port; choose another with --port"
                )
            time.sleep(0.05)
        raise DeployError(
            f"the broker did not answer on {self.broker.servers} within {seconds:g} s; "
            f"its log: {self.log_file}"
        )

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """End the broker cleanly, or by force after `seconds`."""
        if self.process is not None:
            end_group(self.process, seconds)


def cluster_identity(directory: Path) -> tuple[str, bool]:
    """The cluster id of a broker directory, and whether it was made just now."""
    path = directory / "cluster-id"
    if path.exists():
        return path.read_text().strip(), False
    # Kafka writes ids as 22 characters of URL-safe base64; a leading dash reads as an option.
    while (identity := base64.urlsafe_b64encode(uuid.uuid4().bytes)[:22].decode())[0] == "-":
        pass
    path.write_text(identity + "\n")
    return identity, True


def format_storage(run: list[str], identity: str, properties: Path) -> None:
    done = subprocess.run(
        [*run, "kafka.tools.StorageTool", "format", "-t", identity, "-c", str(properties), "-g"],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()[-800:]
        raise DeployError(f"Kafka could not format {properties.parent}: {said}")


def answering_cluster(broker: Broker, seconds: float) -> str | None:
    """The id of the cluster that answers, or None when nobody does within `seconds`."""
    client = AdminClient(broker.client(**{"log_level": 0, "reconnect.backoff.max.ms": 100}))
    try:
        metadata = client.list_topics(timeout=seconds)
    except KafkaException:
        return None
    # The port opens before the node has joined its own cluster.
    return str(metadata.cluster_id) if metadata.brokers else None


def last_lines(path: Path, count: int = 8) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return ""
