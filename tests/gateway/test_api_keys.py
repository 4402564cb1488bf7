"""API keys over real HTTP: who decides is the holder of the key, not what the body says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from aggregates.acting import acting
from aggregates.api_key import new_key, split_token
from aggregates.application import Decisions, open_decisions
from events.decisions import Origin
from events.first_wins import DecisionLog
from events.log import read
from events.settings import Broker
from events.topics import DECISIONS
from gateway.access import Access
from gateway.problems import Problem
from projections.directory import Directory
from tests.conftest import fresh_topics
from tests.gateway.conftest import RunningGateway

pytestmark = pytest.mark.broker

TOKEN = "the-one-token"
PROXY = {"x-forwarded-for": "203.0.113.7"}


@pytest.fixture(scope="module")
def ledger(broker: Broker) -> Iterator[Decisions]:
    fresh_topics(broker)
    decisions = open_decisions(broker)
    yield decisions
    decisions.close()


@pytest.fixture(scope="module")
def served(
    ledger: Decisions, broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGateway]:
    """A gateway behind a trusted proxy, with a token, and terms that ask for two persons."""
    home = tmp_path_factory.mktemp("keys") / "home"
    running = RunningGateway(
        home, broker, PLEDGER_API_TOKEN=TOKEN, PLEDGER_TRUSTED_PROXIES="127.0.0.0/8"
    )
    running.start()
    running.client.headers["authorization"] = f"Bearer {TOKEN}"
    running.prepare()
    rule = {"name": "sale", "event": "sale", "type": "percentage", "amount": 1000}
    two = {"rules": [rule], "effective_from": 0, "engine": "2", "payout_approval": "two_persons"}
    running.post("/v1/programs/acme/terms", **two)
    try:
        yield running
    finally:
        running.kill()


def key_of(ledger: Decisions, served: RunningGateway, person: str) -> tuple[str, httpx.Client]:
    """A new key of `person`, which the gateway knows, and a client that shows it."""
    made = new_key()
    ledger.issue_api_key(made.key, person, made.sha256, by="root")
    client = httpx.Client(base_url=served.address, trust_env=False, timeout=10)
    client.headers["authorization"] = f"Bearer {made.token}"
    _until(lambda: client.get("/v1/programs").status_code == 200)
    return made.key, client


def secret_of(token: str) -> str:
    parts = split_token(token)
    assert parts is not None
    return parts[1]


def _until(holds: Any) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def decided(broker: Broker) -> list[Any]:
    log = DecisionLog()
    return [one for record in read(broker, DECISIONS, 0) for one in log.accept(record)]


def test_maker_and_checker_are_the_holders_of_the_keys(
    ledger: Decisions, served: RunningGateway, broker: Broker
) -> None:
    ann_key, ann = key_of(ledger, served, "Ann")
    _, bob = key_of(ledger, served, "Bob")
    asked = {"payout": "po-1", "partner": "jane", "program": "acme", "unit": "EUR"}
    assert ann.post("/v1/payouts", json={**asked, "by": "Bob"}).status_code == 403
    answer = ann.post("/v1/payouts", json=asked, headers=PROXY)
    assert answer.status_code == 202, answer.text
    assert (answer.json()["status"], answer.json()["requested_by"]) == ("proposed", "Ann")
    refused = ann.post("/v1/payouts/po-1/approve", json={"by": "bob"})
    assert refused.status_code == 403 and "Ann's" in refused.json()["detail"]
    assert ann.post("/v1/payouts/po-1/approve", json={}).status_code == 409  # her own
    approved = bob.post("/v1/payouts/po-1/approve", json={"by": "BOB"})
    assert approved.status_code == 202 and approved.json()["approved_by"] == "Bob"
    proposed = next(one for one in decided(broker) if one.name == "payout.proposed")
    assert proposed.origin == Origin("api", "Ann", "203.0.113.7", ann_key)


def test_under_the_token_the_caller_is_nobody_in_particular(
    served: RunningGateway, broker: Broker
) -> None:
    served.post("/v1/coupons", program="acme", code="TOKEN1", partner="jane")
    newest = decided(broker)[-1]
    assert newest.name == "coupon.created"
    assert newest.origin == Origin("api", "api", "127.0.0.1")


def test_a_revoked_key_opens_nothing(ledger: Decisions, served: RunningGateway) -> None:
    key, client = key_of(ledger, served, "Eve")
    ledger.revoke_api_key(key, "lost", by="root")
    _until(lambda: client.get("/v1/programs").status_code == 401)
    assert "revoked" in client.get("/v1/programs").json()["detail"]


@pytest.mark.parametrize("shown", ["plk_ida-desk_", "plk_ida-desk", "plk__", "plk_"])
def test_a_key_that_was_cut_off_is_not_taken_for_none(shown: str) -> None:
    """Where neither token nor key must be shown, either."""
    access = Access(Directory())
    assert access.caller("/v1/programs", {}).key == ""
    with pytest.raises(Problem) as refused:
        access.caller("/v1/programs", {"authorization": f"Bearer {shown}"})
    assert refused.value.status == 401


@pytest.mark.parametrize("shown", ["plk_nobody_x", "plk_", "plk__", "plk_\u00e9_\u00e9", "x"])
def test_what_is_no_key_opens_nothing(served: RunningGateway, shown: str) -> None:
    headers = {"authorization": f"Bearer {shown}".encode()}
    assert httpx.get(f"{served.address}/v1/programs", headers=headers).status_code == 401


def test_the_secret_of_another_key_opens_nothing(ledger: Decisions, served: RunningGateway) -> None:
    key, _ = key_of(ledger, served, "Ann")
    other = secret_of(new_key().token)
    headers = {"authorization": f"Bearer plk_{key}_{other}"}
    assert httpx.get(f"{served.address}/v1/programs", headers=headers).status_code == 401


def test_one_idempotency_key_of_two_people_is_two_requests(
    ledger: Decisions, served: RunningGateway
) -> None:
    _, ann = key_of(ledger, served, "Ann")
    _, bob = key_of(ledger, served, "Bob")
    body = {"payout": "po-2", "partner": "jane", "program": "acme", "unit": "EUR"}
    ann.post("/v1/payouts", json=body)
    same = {"idempotency-key": "k1"}
    assert ann.post("/v1/payouts/po-2/approve", json={}, headers=same).status_code == 409
    assert bob.post("/v1/payouts/po-2/approve", json={}, headers=same).status_code == 202


def test_only_keys_open_an_api_of_keys(
    ledger: Decisions, served: RunningGateway, broker: Broker, tmp_path: Path
) -> None:
    running = RunningGateway(
        tmp_path / "home", broker, PLEDGER_API_ACCESS="keys", PLEDGER_API_TOKEN=TOKEN
    )
    running.start()
    try:
        made = new_key()
        ledger.issue_api_key(made.key, "Ann", made.sha256, by="root")
        get = running.client.get
        assert get("/v1/programs").status_code == 401
        token = {"authorization": f"Bearer {TOKEN}"}
        assert get("/v1/programs", headers=token).status_code == 401
        shown = {"authorization": f"Bearer {made.token}"}
        _until(lambda: get("/v1/programs", headers=shown).status_code == 200)
    finally:
        running.kill()


def test_what_is_decided_within_carries_its_origin(ledger: Decisions, broker: Broker) -> None:
    origin = Origin("cli", "ann", "ann@here")
    made = new_key("within")
    with acting(origin):
        ledger.issue_api_key(made.key, "Ann", made.sha256, by="ann")
    ledger.revoke_api_key(made.key)
    assert [one.origin for one in decided(broker)[-2:]] == [origin, None]
    assert secret_of(made.token).encode() not in b"".join(
        record.value or b"" for record in read(broker, DECISIONS, 0)
    )
