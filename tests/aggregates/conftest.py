"""A topic of its own for each store under test, on the session's broker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from aggregates.application import Decisions, open_decisions
from deploy.topics import await_leaders
from events.settings import Broker
from events.topics import DECISIONS, TOPICS

_numbers = count(1)
NewLog = Callable[[], dict[str, str]]


def create_decisions_topic(broker: Broker, name: str) -> None:
    """An empty topic with the settings of `decisions`."""
    [settings] = [topic for topic in TOPICS if topic.name == DECISIONS]
    client = AdminClient(broker.client())
    new = NewTopic(name, num_partitions=1, config=settings.config(embedded=True))
    client.create_topics([new])[name].result(30)
    await_leaders(client, [name])


def new_snapshots_topic(env: dict[str, str]) -> None:
    """The topic for the snapshots of the log `env` names."""
    create_decisions_topic(
        Broker.parse(env["PLEDGER_BROKER"]), f"{env['DECISIONS_TOPIC']}-snapshots"
    )


@pytest.fixture(scope="session")
def new_log(broker: Broker) -> NewLog:
    """Makes the environment of an `eventsourcing` application with an empty log of its own."""

    def make() -> dict[str, str]:
        topic = f"decisions-{next(_numbers)}"
        create_decisions_topic(broker, topic)
        return {
            "PERSISTENCE_MODULE": "aggregates.store",
            "PLEDGER_BROKER": broker.dsn,
            "DECISIONS_TOPIC": topic,
        }

    return make


@pytest.fixture(scope="class")
def logs_of_class(request: pytest.FixtureRequest, new_log: NewLog) -> Iterator[None]:
    """Gives unittest classes, which take no fixtures, `self.new_log`."""
    request.cls.new_log = staticmethod(new_log)
    yield


@pytest.fixture
def decisions(new_log: NewLog) -> Iterator[Decisions]:
    """The commands, on an empty log."""
    env = new_log()
    application = open_decisions(Broker.parse(env["PLEDGER_BROKER"]), env["DECISIONS_TOPIC"])
    yield application
    application.close()


@pytest.fixture
def rival(decisions: Decisions) -> Iterator[Decisions]:
    """The same commands in another process, so to say: nothing is shared but the log."""
    other = open_decisions(
        Broker.parse(decisions.env["PLEDGER_BROKER"]), decisions.env["DECISIONS_TOPIC"]
    )
    yield other
    other.close()
