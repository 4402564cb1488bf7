"""The parts of a ledger that commands talk to, and what to say when one does not answer.

Commands are short-lived: they ask the broker once whether it is there, and whether it is
this ledger's, before anything else; a client library left alone would retry in silence.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cli.deciding import decider
from cli.revealing import vault_of
from events.settings import Settings, Warehouse

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from aggregates.application import Decisions
    from events.decisions import Decision
    from streams.decisions import DirectoryFollower

BROKER_SECONDS = 4.0
"""How long a command waits for the broker's first answer, in seconds."""


NO_SUCH = re.compile(r"UNKNOWN_(TABLE|DATABASE)")
"""ClickHouse's own names for what a worker has not made yet."""


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

    client = AdminClient(settings.broker.client(log_level=0))  # type: ignore[arg-type]
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
    """The application that takes commands, on a broker that answers. What is decided by it is
    noted as decided here: by whom `--by` names, and from this machine's user."""
    require_broker(settings)
    from aggregates.acting import acting, user_at_host
    from aggregates.application import open_decisions
    from events.decisions import Origin

    application = open_decisions(settings.broker, vault=vault_of(settings))
    try:
        with acting(Origin(via="cli", by=decider(), source=user_at_host())):
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


def accepted_decisions(settings: Settings) -> Iterator[Decision]:
    """Every decision in the log, oldest first, by the rule of every reader: what lost, or cannot
    be read, is passed over."""
    require_broker(settings)
    from events.codec import UnreadableRecord
    from events.first_wins import DecisionLog
    from events.log import read
    from events.topics import DECISIONS

    log = DecisionLog()
    for record in read(settings.broker, DECISIONS, 0):
        try:
            yield from log.accept(record)
        except UnreadableRecord:
            continue


@contextmanager
def warehouse(settings: Settings) -> Iterator[Client]:
    """A client of the warehouse; raises Unreachable when none answers."""
    from clickhouse_connect.driver.exceptions import ClickHouseError

    from streams.schema import connect

    # The client reports a refused connection on stderr besides raising it.
    logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)
    try:
        client = connect(settings.warehouse)
    except ClickHouseError as problem:
        raise _said(settings.warehouse, problem) from problem
    try:
        yield client
    except ClickHouseError as problem:
        if NO_SUCH.search(str(problem)):
            raise _said(settings.warehouse, problem) from problem
        raise
    finally:
        client.close()


def rows(client: Client, sql: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a query, column → value; `{name:Type}` in the text takes a parameter."""
    return list(client.query(sql, parameters=parameters).named_results())


def _said(where: Warehouse, problem: Exception) -> Exception:
    """The client's error with what would mend it."""
    text = str(problem)
    at = f"{where.host}:{where.port}"
    if NO_SUCH.search(text):
        return NotReady(
            f"the warehouse at {at} has no complete database {where.database!r} yet; a running "
            "worker (`pledger up`) makes and fills it"
        )
    if "AUTHENTICATION" in text or "REQUIRED_PASSWORD" in text:
        return Unreachable(
            f"the warehouse at {at} refuses user {where.username!r}; put user and password into "
            "PLEDGER_WAREHOUSE"
        )
    return Unreachable(
        f"no warehouse answers at {at}; start the ledger with `pledger up`, or set "
        "PLEDGER_WAREHOUSE to the ClickHouse to use"
    )
