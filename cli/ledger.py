"""The parts of a ledger that commands talk to, and what to say when one does not answer.

Commands are short-lived: they ask the broker once whether it is there, and whether it is
this ledger's, before anything else; a client library left alone would retry in silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from events.settings import Settings, Warehouse

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from aggregates.application import Decisions
    from streams.decisions import DirectoryFollower

BROKER_SECONDS = 4.0
"""How long a command waits for the broker's first answer, in seconds."""


class Unreachable(RuntimeError):
    """A part of the ledger does not answer; says which, where, and what to do."""


class NotReady(RuntimeError):
    """The part answers, but does not hold what the command needs yet."""


def require_broker(settings: Settings) -> None:
    """Return when this ledger's broker answers and has the topics; else raise Unreachable,
    NotReady, or DeployError for a broker of another ledger."""
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    from deploy.topics import check_cluster
    from events.topics import TOPICS

    client = AdminClient(settings.broker.client(log_level=0))
    try:
        found = client.list_topics(timeout=BROKER_SECONDS)
    except KafkaException as problem:
        raise Unreachable(
            f"no Kafka broker answers at {settings.broker.servers}; start the ledger with "
            "`pledger up`, or set PLEDGER_BROKER to the broker to use"
        ) from problem
    missing = [topic.name for topic in TOPICS if topic.name not in found.topics]
    if missing:
        raise NotReady(
            f"the broker at {settings.broker.servers} has no topic {', '.join(missing)}; "
            "`pledger up` creates the topics"
        )
    check_cluster(settings.home, settings.broker)


@contextmanager
def decisions(settings: Settings) -> Iterator[Decisions]:
    """The application that takes commands, on a broker that answers."""
    require_broker(settings)
    from aggregates.application import open_decisions

    application = open_decisions(settings.broker)
    try:
        yield application
    finally:
        application.close()


@contextmanager
def directory(settings: Settings) -> Iterator[DirectoryFollower]:
    """All decisions there are, read to the log's end."""
    require_broker(settings)
    from streams.decisions import DirectoryFollower

    follower = DirectoryFollower(settings.broker)
    try:
        follower.refresh()
        yield follower
    finally:
        follower.close()


@contextmanager
def warehouse(settings: Settings) -> Iterator[Client]:
    """A client of the warehouse; raises Unreachable when none answers."""
    from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError

    from streams.schema import connect

    try:
        client = connect(settings.warehouse)
    except DatabaseError as problem:
        raise _no_database(settings.warehouse, problem) from problem
    except ClickHouseError as problem:
        raise Unreachable(_nobody_at(settings.warehouse)) from problem
    try:
        yield client
    except DatabaseError as problem:
        if "UNKNOWN_TABLE" in str(problem) or "UNKNOWN_DATABASE" in str(problem):
            raise _no_database(settings.warehouse, problem) from problem
        raise
    finally:
        client.close()


def rows(client: Client, sql: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a query, column → value; `{name:Type}` in the text takes a parameter."""
    return list(client.query(sql, parameters=parameters).named_results())


def _nobody_at(where: Warehouse) -> str:
    return (
        f"no warehouse answers at {where.host}:{where.port}; start the ledger with `pledger up`, "
        "or set PLEDGER_WAREHOUSE to the ClickHouse to use"
    )


def _no_database(where: Warehouse, problem: Exception) -> Exception:
    text = str(problem)
    if "UNKNOWN_DATABASE" in text or "UNKNOWN_TABLE" in text:
        return NotReady(
            f"the warehouse at {where.host}:{where.port} has no complete database "
            f"{where.database!r} yet; a running worker (`pledger up`) makes and fills it"
        )
    if "AUTHENTICATION" in text or "516" in text:
        return Unreachable(
            f"the warehouse at {where.host}:{where.port} refuses user {where.username!r}; "
            "put user and password into PLEDGER_WAREHOUSE"
        )
    return Unreachable(f"{_nobody_at(where)} ({text.splitlines()[0]})")
