"""Is a part there? One question to each kind, answered by None or by the reason why not.

Each is asked of the address alone, so the parts of a cluster are asked the same way.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import httpx

from deploy.kafka import answering_cluster
from events.settings import Broker, Settings, Warehouse

SECONDS = 1.0
"""How long one question may take, in seconds."""
HEARTBEAT_SECONDS = 15.0
"""A heartbeat is written every second; a batch or a busy machine may delay it."""


def broker_problem(broker: Broker) -> str | None:
    """None if the cluster answers with its brokers."""
    if answering_cluster(broker, SECONDS) is None:
        return f"no Kafka broker answers at {broker.servers}"
    return None


def warehouse_problem(warehouse: Warehouse) -> str | None:
    """None if ClickHouse's `GET /ping` says `Ok.`."""
    scheme = "https" if warehouse.secure else "http"
    return http_problem(f"{scheme}://{warehouse.host}:{warehouse.port}/ping", expected="Ok.")


def gateway_problem(address: str) -> str | None:
    """None if `GET /healthz` answers 200."""
    return http_problem(address.rstrip("/") + "/healthz")


def worker_problem(heartbeat: Path) -> str | None:
    """None while the worker writes its heartbeat file."""
    try:
        silent = time.time() - heartbeat.stat().st_mtime
    except FileNotFoundError:
        return f"has not written {heartbeat} yet"
    if silent > HEARTBEAT_SECONDS:
        return f"has been silent for {silent:.0f} s ({heartbeat})"
    return None


def scheduler_heartbeat(settings: Settings) -> Path:
    """Where the scheduler of a home says that it lives, and what its newest look met."""
    return settings.run / "scheduler.json"


def scheduler_problem(heartbeat: Path) -> str | None:
    """None while the scheduler writes its heartbeat file, and its newest look did not fail."""
    if problem := worker_problem(heartbeat):
        return problem
    try:
        said = json.loads(heartbeat.read_text())["problem"]
    except FileNotFoundError:
        return f"has not written {heartbeat} yet"
    return str(said) or None


def http_problem(url: str, expected: str = "") -> str | None:
    try:
        answer = httpx.get(url, timeout=SECONDS, trust_env=False)
    except httpx.HTTPError as error:
        return f"{url} does not answer ({type(error).__name__})"
    if answer.status_code != 200 or not answer.text.startswith(expected):
        return f"{url} answers {answer.status_code} {answer.text[:80].strip()!r}"
    return None
