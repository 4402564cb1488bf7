"""Marked fields over HTTP: what is recorded, what is answered, and what is sent again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aggregates.application import Decisions, open_decisions
from aggregates.open_vault import open_vault
from aggregates.vault import Vault
from events.conversions import Assignment, Deal, Refund, Signup
from events.sealing import ERASED, is_pseudonym, is_sealed
from events.settings import Broker, load
from events.topics import CONVERSIONS
from gateway.revealing import revealed_body
from tests.conftest import fresh_topics
from tests.gateway.conftest import RunningGateway
from tests.waiting import wait_until

pytestmark = pytest.mark.broker

MAIL = "ottilie@meadow.example"


@pytest.fixture(scope="module")
def gateway(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway whose program marks its customers, and another that marks nothing."""
    fresh_topics(broker)
    running = RunningGateway(tmp_path_factory.mktemp("gateway") / "home", broker)
    running.start()
    try:
        running.prepare()
        running.post("/v1/programs", program="plain", name="Plain", currency="EUR")
        vault = vault_of(running.home)
        decisions = open_decisions(broker, vault=vault)
        decisions.mark_personal_fields("acme", ["customer", "metadata.email"])
        decisions.close()
        vault.close()
        wait_until(lambda: is_marked(running), "the gateway knows the marks")
        yield running
    finally:
        running.kill()


def vault_of(home: Path) -> Vault:
    return open_vault(load({"PLEDGER_HOME": str(home)}))


def is_marked(gateway: RunningGateway) -> bool:
    """Whether what is sent now is recorded under a pseudonym."""
    given = {"type": "signup", "program": "acme", "customer": "probe"}
    count = len(gateway.log_of(CONVERSIONS))
    gateway.client.post("/v1/conversions", json=given | {"event_id": f"probe-{count}"})
    return any(is_pseudonym(found.customer) for found in gateway.log_of(CONVERSIONS))


def of_event(gateway: RunningGateway, event_id: str) -> list[Any]:
    return [found for found in gateway.log_of(CONVERSIONS) if found.event_id == event_id]


def deal(event_id: str, customer: str = MAIL, program: str = "acme", **more: Any) -> dict[str, Any]:
    return {"type": "deal", "program": program, "customer": customer, "event_id": event_id,
            "deal": event_id, "amount": 500, "occurred_at": 1_795_000_000_000, **more}  # fmt: skip


def test_marked_fields_are_recorded_as_pseudonyms_and_sealed(gateway: RunningGateway) -> None:
    given = deal("D-1", identity="phone", metadata={"email": MAIL, "shop": "north"})
    gateway.client.post("/v1/conversions", json=given).raise_for_status()
    [found] = of_event(gateway, "D-1")
    assert is_pseudonym(found.customer) and is_pseudonym(found.identity)
    assert found.customer != found.identity
    assert found.metadata["shop"] == "north"
    sealed = {name: text for name, text in found.metadata.items() if name != "shop"}
    assert set(sealed) == {"customer", "identity", "email"}
    assert all(map(is_sealed, sealed.values()))
    vault = vault_of(gateway.home)
    assert {name: vault.reveal(text) for name, text in sealed.items()} == {
        "customer": MAIL, "identity": "phone", "email": MAIL,
    }  # fmt: skip
    assert vault.pseudonym("acme", MAIL) == found.customer
    vault.close()


def test_a_program_that_marks_nothing_is_recorded_as_it_was_sent(gateway: RunningGateway) -> None:
    given = deal("D-1p", program="plain", identity="phone", metadata={"email": MAIL})
    gateway.client.post("/v1/conversions", json=given).raise_for_status()
    [found] = of_event(gateway, "D-1p")
    assert (found.customer, found.identity, found.metadata) == (MAIL, "phone", {"email": MAIL})


def test_lines_of_a_batch_keep_their_numbers_and_one_customers_order(
    gateway: RunningGateway,
) -> None:
    lines = [
        deal("B-1", "bettina"),
        deal("B-2", "bettina", program="plain"),
        deal("B-3", "bettina", metadata={"customer": "again"}),
        {"type": "refund", "program": "acme", "customer": "bettina", "event_id": "B-4",
         "amount": 5, "deal": "B-1"},
        deal("B-5", "", program="acme"),
        deal("B-6", "bettina", program="nobody"),
        {"type": "signup", "program": "acme", "customer": "bettina", "event_id": "B-7"},
    ]  # fmt: skip
    body = b"\n".join(msgspec.json.encode(line) for line in lines)
    answer = gateway.client.post(
        "/v1/conversions", content=body, headers={"content-type": "application/x-ndjson"}
    ).json()
    assert answer["accepted"] == 4
    assert sorted((one["line"], one["field"]) for one in answer["rejected"]) == [
        (3, "metadata.customer"), (5, "customer"), (6, "program"),
    ]  # fmt: skip
    found = [one for one in gateway.log_of(CONVERSIONS) if one.event_id.startswith("B-")]
    marked = [one for one in found if one.program == "acme"]
    assert [one.event_id for one in marked] == ["B-1", "B-4", "B-7"]
    assert [type(one) for one in marked] == [Deal, Refund, Signup]
    assert len({one.customer for one in marked}) == 1


def test_a_postback_names_its_event_by_the_pseudonym(gateway: RunningGateway) -> None:
    query = {"program": "acme", "customer": MAIL, "event": "newsletter"}
    answer = gateway.client.get("/v1/postback", params=query)
    [found] = of_event(gateway, answer.json()["event_id"])
    assert found.event_id == f"postback/newsletter/{found.customer}"


def test_a_deal_is_assigned_by_its_customers_own_name(gateway: RunningGateway) -> None:
    gateway.post("/v1/conversions/assign", program="acme", customer=MAIL, deal="D-1",
                 partner="jane", reason="by mail")  # fmt: skip
    [found] = [one for one in gateway.log_of(CONVERSIONS) if isinstance(one, Assignment)]
    assert is_pseudonym(found.customer)
    assert found.deal == of_event(gateway, "D-1")[0]


def test_a_registration_is_answered_as_it_was_given(gateway: RunningGateway) -> None:
    given = {"registration": "r-1", "program": "acme", "partner": "jane", "customer": MAIL,
             "kind": "deal", "title": 'Meadow "North" ü'}  # fmt: skip
    made = gateway.post("/v1/registrations", **given)
    assert (made["original"], made["title"]) == (MAIL, given["title"])
    assert is_pseudonym(made["customer"])
    assert gateway.post("/v1/registrations", **given) == made, "the same again"
    gateway.post("/v1/registrations/r-1/update", amount=900, currency="EUR")
    assert gateway.client.get("/v1/registrations/r-1").json()["title"] == given["title"]
    gateway.post("/v1/registrations/r-1/approve")
    won = gateway.post("/v1/registrations/r-1/win", deal="W-1", amount=800, currency="EUR")
    assert won["status"] == "won"
    [found] = of_event(gateway, "registration:r-1:won")
    assert found.customer == made["customer"]
    assert is_sealed(found.metadata["customer"])


def test_after_a_restart_what_is_sent_again_is_the_same_record(gateway: RunningGateway) -> None:
    """The gateway has forgotten what it took: the log itself must tell a repeat."""
    given = deal("D-9", metadata={"email": MAIL})
    gateway.client.post("/v1/conversions", json=given).raise_for_status()
    gateway.stop()
    gateway.start()
    gateway.client.post("/v1/conversions", json=given).raise_for_status()
    first, second = of_event(gateway, "D-9")
    assert msgspec.structs.replace(second, known=first.known) == first


def test_what_is_sent_of_a_forgotten_customer_is_not_kept(gateway: RunningGateway) -> None:
    gateway.client.post("/v1/conversions", json=deal("F-1", "ferdinand")).raise_for_status()
    vault = vault_of(gateway.home)
    decisions: Decisions = open_decisions(gateway.broker, vault=vault)
    decisions.forget("customer:acme/ferdinand")
    decisions.close()
    gateway.stop()
    gateway.start()
    again = deal("F-2", "ferdinand", metadata={"email": "f@meadow.example"})
    gateway.client.post("/v1/conversions", json=again).raise_for_status()
    [first], [second] = of_event(gateway, "F-1"), of_event(gateway, "F-2")
    assert second.customer == first.customer
    assert second.metadata == {"customer": ERASED, "email": ERASED}
    assert vault.reveal(first.metadata["customer"]) == ERASED
    vault.close()


def test_another_vault_is_refused_and_nothing_is_recorded(
    gateway: RunningGateway, tmp_path: Path
) -> None:
    stranger = RunningGateway(tmp_path / "home", gateway.broker).start()
    try:
        answer = stranger.client.post("/v1/conversions", json=deal("S-1"))
        assert answer.status_code == 503
        assert "does not hold" in answer.json()["detail"]
        lines = msgspec.json.encode([deal("S-2"), deal("S-3", program="plain")])
        assert stranger.client.post("/v1/conversions", content=lines).status_code == 503
        assert not of_event(gateway, "S-1") + of_event(gateway, "S-2")
        partner = stranger.client.get("/v1/partners/jane").json()
        assert partner["name"] == "[sealed]"
    finally:
        stranger.kill()


def test_a_gateway_without_a_vault_takes_clicks_and_what_is_not_personal(
    gateway: RunningGateway, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    bare = RunningGateway(home, gateway.broker, PLEDGER_VAULT="none").start()
    try:
        assert bare.client.get("/c/spring").status_code == 302
        plain = deal("N-1", program="plain")
        assert bare.client.post("/v1/conversions", json=plain).status_code == 202
        assert bare.client.post("/v1/conversions", json=deal("N-2")).status_code == 503
        named = {"partner": "nina", "name": "Nina Nobody"}
        answer = bare.client.post("/v1/partners", json=named)
        assert answer.status_code == 503
        assert "PLEDGER_VAULT=none" in answer.json()["detail"]
        assert bare.post("/v1/partners", partner="nina", name="nina")["name"] == "nina"
        assert bare.client.get("/v1/partners/jane").json()["name"] == "[sealed]"
        assert not (home / "vault").exists()
    finally:
        bare.kill()


def test_the_door_keeps_json_whole() -> None:
    sealed = "sealed:1:066a75f0732848cd:AAAA"
    body = msgspec.json.encode({"name": sealed, "said": f"of {sealed}, yes", "other": 1})
    plain = 'a "quoted"\n\\ü\u2028'
    found = msgspec.json.decode(revealed_body(body, lambda text: plain))
    assert found == {"name": plain, "said": f"of {plain}, yes", "other": 1}
    assert revealed_body(b"\xff not text", lambda text: plain) == b"\xff not text"
