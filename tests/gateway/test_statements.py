"""Statements and invoices over HTTP, from the journal."""

from __future__ import annotations

import pytest

from aggregates.application import open_decisions
from events.journal import Leg
from events.log import Writer
from events.partitioning import partition_of
from events.topics import JOURNAL
from streams.journal_reading import bill_until
from tests.conftest import TEST_PARTITIONS
from tests.gateway.conftest import RunningGateway
from tests.projections.test_statements import booked, chain

pytestmark = pytest.mark.broker

MARCH_10 = 1_741_600_000_000
APRIL_1 = 1_743_465_600_000


@pytest.fixture(scope="module")
def written(gateway: RunningGateway) -> RunningGateway:
    """Two entries of jane's, in March and in April, and the invoice for March."""
    writer = Writer(gateway.broker)
    home = partition_of("jane", TEST_PARTITIONS)
    legs = (Leg("commissions", -500), Leg("payable", 500))
    for posted in chain(booked("commission", *legs, at=MARCH_10),
                        booked("commission", *legs, at=APRIL_1)):  # fmt: skip
        writer.append(JOURNAL, key="jane", value=posted.value, partition=home)
    writer.flush()
    made = bill_until(gateway.broker, "acme", {}, APRIL_1)
    decisions = open_decisions(gateway.broker)
    decisions.issue_invoice(
        "acme-2025-03", 1, "acme", "2025-03", made.starts, made.ends, made.totals, made.entries,
        made.sha256,
    )  # fmt: skip
    decisions.close()
    return gateway


def test_a_statement(written: RunningGateway) -> None:
    path = "/v1/partners/jane/statement"
    march = written.client.get(path, params={"program": "acme", "month": "2025-03"}).json()
    whole = written.client.get(path, params={"program": "acme"}).json()
    since = {"program": "acme", "since": "2025-04-01T00:00:00Z"}
    april = written.client.get(path, params=since).json()
    assert [section["closing"]["payable"] for section in whole["sections"]] == [1_000]
    assert march["sections"][0]["closing"]["payable"] == 500
    assert april["sections"][0]["opening"]["payable"] == 500
    assert march["closing_head"] == april["opening_head"] != whole["opening_head"]
    assert whole["sections"][0]["lines"][0]["at"] == MARCH_10


REFUSED = [
    ("/v1/partners/nobody/statement?program=acme", 404, "nobody"),
    ("/v1/partners/jane/statement?program=beta", 404, "there is no program beta"),
    ("/v1/partners/jane/statement?program=acme&month=March", 422, "2026-11"),
    ("/v1/partners/jane/statement?program=acme&since=soon", 422, "expected ISO 8601"),
    (
        "/v1/partners/jane/statement?program=acme&month=2025-03&until=2025-04-01T00:00:00Z",
        *(422, "give month, or"),
    ),
    ("/v1/partners/jane/statement", 422, "program"),
    ("/v1/programs/beta/invoices", 404, "beta"),
    ("/v1/programs/acme/invoices/none", 404, "acme has no invoice none"),
]


@pytest.mark.parametrize(("path", "status", "said"), REFUSED)
def test_what_is_refused(written: RunningGateway, path: str, status: int, said: str) -> None:
    answer = written.client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    )
    assert said in answer.text


def test_invoices(written: RunningGateway) -> None:
    listed = written.client.get("/v1/programs/acme/invoices").json()
    assert [(one["invoice"], one["totals"]) for one in listed["data"]] == [
        ("acme-2025-03", {"EUR": 500})
    ]
    found = written.client.get("/v1/programs/acme/invoices/acme-2025-03").json()
    assert found["is_as_issued"] is True
    assert found["issued"] == listed["data"][0]
    [line] = found["lines"]
    assert (line["partner"], line["kind"], line["amount"]) == ("jane", "commission", 500)
