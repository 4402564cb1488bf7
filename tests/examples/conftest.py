"""A running ledger for the worked examples: `pledger up`, on the session's broker and
warehouse, with a gateway and a worker of its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import httpx
import pytest

from deploy.background import start_detached, stop_supervisor
from events.settings import Broker, Settings, Warehouse, load
from tests.conftest import fresh_topics


@pytest.fixture(scope="module")
def running(
    broker: Broker, warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """One for all documents: each has a program and partners of its own."""
    fresh_topics(broker)
    home = tmp_path_factory.mktemp("examples") / "home"
    database = f"examples_{uuid.uuid4().hex[:12]}"
    url = f"http://{warehouse.host}:{warehouse.port}/"
    httpx.post(url, content=f"CREATE DATABASE {database}").raise_for_status()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PLEDGER_HOME", str(home))
        patched.setenv("PLEDGER_BROKER", broker.servers)
        patched.setenv(
            "PLEDGER_WAREHOUSE", f"clickhouse://{warehouse.host}:{warehouse.port}/{database}"
        )
        start_detached(home, ["--port=0", "--warehouse-port=0", "--gateway-port=0", "--workers=1"])
        try:
            settings = load()
            patched.setenv("PLEDGER_GATEWAY", settings.gateway)
            yield settings
        finally:
            stop_supervisor(home)
