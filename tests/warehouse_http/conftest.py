"""Ways to reach the test's warehouse: plain HTTP, and the official Python client."""

from __future__ import annotations

from collections.abc import Iterator

import clickhouse_connect
import httpx
import pytest
from clickhouse_connect.driver.client import Client

from events.settings import Warehouse


@pytest.fixture
def http(warehouse_database: Warehouse) -> Iterator[httpx.Client]:
    """POST and GET with `database=` set; answers uncompressed unless asked otherwise."""
    place = warehouse_database
    with httpx.Client(
        base_url=f"http://{place.host}:{place.port}",
        params={"database": place.database},
        headers={"accept-encoding": "identity"},
        timeout=60,
    ) as client:
        yield client


@pytest.fixture
def client(warehouse_database: Warehouse) -> Iterator[Client]:
    place = warehouse_database
    connected = clickhouse_connect.get_client(
        host=place.host, port=place.port, database=place.database
    )
    yield connected
    connected.close()
