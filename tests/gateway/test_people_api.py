"""Agreements, registrations, reviews, rates, contests and ties over HTTP."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from events.conversions import Deal, Signup
from events.topics import CONVERSIONS, DECISIONS
from tests.gateway.conftest import RunningGateway

pytestmark = pytest.mark.broker

TEXT = "We pay 10 %.\n"
SHA256 = hashlib.sha256(TEXT.encode()).hexdigest()


def refused(gateway: RunningGateway, status: int, path: str, **body: Any) -> str:
    """What the problem says of a POST that must be refused."""
    answer = gateway.client.post(path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["detail"])


def conversions_of(gateway: RunningGateway, customer: str) -> list[Any]:
    return [found for found in gateway.log_of(CONVERSIONS) if found.customer == customer]


def test_agreements(gateway: RunningGateway) -> None:
    gateway.post("/v1/programs", program="pact", name="Pact", currency="EUR")
    gateway.post("/v1/partners/jane/approve", program="pact")
    path = "/v1/programs/pact/agreements"
    published = gateway.post(path, title="Partner agreement", text=TEXT)
    assert (published["version"], published["sha256"]) == (1, SHA256)
    assert gateway.client.get(f"{path}/1").json()["text"] == TEXT
    assert gateway.client.get(f"{path}/2").status_code == 404
    assert [view["version"] for view in gateway.client.get(path).json()] == [1]
    accept = {"partner": "jane", "person": "Jane Doe"}
    assert SHA256 in refused(gateway, 422, f"{path}/1/accept", **accept, sha256="0" * 64)
    moment = "2026-11-20T09:00:00Z"
    accepted = gateway.post(f"{path}/1/accept", **accept, sha256=SHA256, accepted_at=moment)
    assert (accepted["person"], accepted["accepted_at"]) == ("Jane Doe", 1_795_165_200_000)
    [listed] = gateway.client.get(f"{path}/acceptances").json()["data"]
    assert listed == accepted


def test_a_registered_lead_and_a_registered_deal(gateway: RunningGateway) -> None:
    common = {"program": "acme", "partner": "jane"}
    gateway.post("/v1/registrations", registration="l-1", customer="lena", kind="lead", **common)
    approved = gateway.post("/v1/registrations/l-1/approve")
    assert approved["status"] == "approved"
    [lead] = conversions_of(gateway, "lena")
    assert isinstance(lead, Signup)
    assert (lead.event_id, lead.event_name) == ("registration:l-1:qualified", "qualified_lead")
    gateway.post("/v1/registrations/l-1/approve")
    assert conversions_of(gateway, "lena") == [lead]

    deal = {"registration": "d-1", "customer": "globex", "kind": "deal", "amount": 900}
    gateway.post("/v1/registrations", **deal, currency="EUR", title="9 seats", **common)
    gateway.post("/v1/registrations/d-1/update", amount=1_200)
    gateway.post("/v1/registrations/d-1/approve")
    sold = {"deal": "G-1", "amount": 1_100, "currency": "EUR"}
    won = gateway.post("/v1/registrations/d-1/win", **sold)
    assert (won["status"], won["deal"], won["amount"]) == ("won", "G-1", 1_100)
    [recorded] = conversions_of(gateway, "globex")
    assert isinstance(recorded, Deal)
    assert (recorded.deal, recorded.amount, recorded.partner) == ("G-1", 1_100, "")
    gateway.post("/v1/registrations/d-1/win", **sold)
    assert conversions_of(gateway, "globex") == [recorded]

    gateway.post("/v1/registrations", registration="d-2", customer="x", kind="deal", **common)
    gateway.post("/v1/registrations/d-2/reject", reason="ours already")
    assert "approved" in refused(gateway, 409, "/v1/registrations/d-2/win", **sold)
    gateway.post("/v1/registrations", registration="d-3", customer="y", kind="deal", **common)
    gateway.post("/v1/registrations/d-3/approve")
    gateway.post("/v1/registrations/d-3/lose", reason="no budget")
    statuses = {
        view["registration"]: view["status"]
        for view in gateway.client.get("/v1/registrations", params={"program": "acme"}).json()[
            "data"
        ]
    }
    assert statuses == {"l-1": "approved", "d-1": "won", "d-2": "rejected", "d-3": "lost"}
    only = gateway.client.get("/v1/registrations", params={"status": "won"}).json()["data"]
    assert [view["registration"] for view in only] == ["d-1"]
    assert gateway.client.get("/v1/registrations/d-9").status_code == 404


def test_reviews_adjustments_and_receipts(gateway: RunningGateway) -> None:
    of = {"program": "acme", "partner": "jane", "deal": "D-1"}
    held = gateway.post("/v1/commissions/hold", **of, reason="order under review")
    assert (held["decided"], held["reason"]) == ("held", "order under review")
    gateway.post("/v1/commissions/release", **of, reason="")
    assert (
        gateway.post("/v1/commissions/adjust", **of, amount=-500, reason="phone")["amount"] == -500
    )
    gateway.post("/v1/commissions/reject", **of, reason="spam")
    refused(gateway, 422, "/v1/commissions/hold", program="acme", partner="jane", reason="x")
    amount = {"program": "acme", "partner": "jane", "unit": "EUR", "amount": 2_500}
    gateway.post("/v1/adjustments", adjustment="a-1", **amount, reason="delay")
    gateway.post("/v1/adjustments", adjustment="a-1", **amount, reason="delay")
    assert "a-1" in refused(
        gateway, 409, "/v1/adjustments", adjustment="a-1", **amount, reason="other"
    )
    gateway.post("/v1/receipts", receipt="r-1", **amount, reference="SEPA 1")
    names = [
        event.name
        for record in gateway.log_of(DECISIONS)
        for event in record.events
        if event.name.split(".")[0] in {"commission", "account"}
    ]
    assert names == [
        "commission.held",
        "commission.released",
        "commission.adjusted",
        "commission.rejected",
        "account.adjusted",
        "account.payment_received",
    ]
    assert gateway.client.get("/v1/commissions/waiting").json() == {"data": [], "has_more": False}


def test_rates(gateway: RunningGateway) -> None:
    table = {
        "source": "treasury",
        "date": "2026-11-20",
        "rates": {"USD": "1.0832", "GBP": "0.8341"},
    }
    first = gateway.post("/v1/rates", **table)
    assert first["base"] == "EUR"
    assert gateway.post("/v1/rates", **table)["position"] == first["position"]
    rate = gateway.client.get("/v1/rates/eur/usd", params={"date": "2026-11-22"}).json()
    assert (rate["rate"], rate["date"], rate["position"]) == (
        "1.0832",
        "2026-11-20",
        first["position"],
    )
    assert gateway.client.get("/v1/rates/EUR/USD", params={"date": "2020-01-01"}).status_code == 404
    assert gateway.client.get("/v1/rates/EUR/USD", params={"date": "soon"}).status_code == 422
    listed = gateway.client.get("/v1/rates", params={"source": "treasury"}).json()["data"]
    assert listed == [first]
    wrong = {**table, "rates": {"USD": "-1"}}
    assert "decimal" in refused(gateway, 422, "/v1/rates", **wrong)


def test_contests(gateway: RunningGateway) -> None:
    rule = {"name": "sale", "event": "sale", "type": "percentage", "amount": 1000}
    contest = {"starts": "2026-03-01", "prizes": [{"amount": 50_000}]}
    gateway.post("/v1/programs", program="race", name="Race", currency="EUR")
    gateway.post(
        "/v1/programs/race/terms",
        rules=[rule],
        engine="2",
        effective_from=0,
        contests=[
            {**contest, "name": "spring", "ends": "2026-06-01"},
            {**contest, "name": "endless", "ends": "2126-01-01"},
        ],
    )
    path = "/v1/programs/race/contests"
    assert [view["contest"]["name"] for view in gateway.client.get(path).json()] == [
        "spring",
        "endless",
    ]
    found = gateway.client.get(f"{path}/spring/standings").json()
    assert found["standings"] == []
    assert set(found["positions"]) == {"0", "1", "2", "3"}
    assert "runs until" in refused(gateway, 409, f"{path}/endless/close")
    assert gateway.client.get(f"{path}/winter/standings").status_code == 404
    closed = gateway.post(f"{path}/spring/close")
    assert (closed["contest"], closed["winners"]) == ("spring", [])
    assert gateway.post(f"{path}/spring/close") == closed
    assert gateway.client.get(path).json()[0]["result"] == closed


def test_ties(gateway: RunningGateway) -> None:
    gateway.post("/v1/partners/idle/approve", program="acme")
    gateway.post("/v1/partners/idle/recruit", program="acme", parent="jane")
    gateway.post("/v1/partners/idle/currency", currency="USD")
    ties = gateway.post("/v1/partners/idle/identify", identities=["customer-1"])
    assert ties == {
        "partner": "idle",
        "currency": "USD",
        "parents": {"acme": "jane"},
        "identities": ["customer-1"],
    }
    assert gateway.client.get("/v1/partners/idle/ties").json() == ties
    refused(gateway, 409, "/v1/partners/jane/recruit", program="acme", parent="idle")
    refused(gateway, 422, "/v1/partners/idle/currency", currency="DOLLARS")
    assert gateway.client.get("/v1/partners/nobody/ties").status_code == 404
