"""The API over HTTP: commands, reads after them, pages, problems, its own description."""

from __future__ import annotations

import itertools
import socket
from typing import Any

import httpx
import pytest

from gateway.bridge import MAX_BODY
from tests.gateway.conftest import RunningGateway

pytestmark = pytest.mark.broker

numbers = itertools.count(1)

ROUTES = {
    "/healthz": {"get"},
    "/v1/conversions": {"post"},
    "/v1/conversions/assign": {"post"},
    "/v1/postback": {"get"},
    "/v1/programs": {"get", "post"},
    "/v1/programs/{program}": {"get"},
    "/v1/programs/{program}/pause": {"post"},
    "/v1/programs/{program}/resume": {"post"},
    "/v1/programs/{program}/terms": {"get", "post"},
    "/v1/programs/{program}/terms/{version}": {"get"},
    "/v1/partners": {"get", "post"},
    "/v1/partners/{partner}": {"get"},
    "/v1/partners/{partner}/apply": {"post"},
    "/v1/partners/{partner}/approve": {"post"},
    "/v1/partners/{partner}/suspend": {"post"},
    "/v1/partners/{partner}/balances": {"get"},
    "/v1/partners/{partner}/corrections": {"get"},
    "/v1/partners/{partner}/statement": {"get"},
    "/v1/programs/{program}/invoices": {"get"},
    "/v1/programs/{program}/invoices/{invoice}": {"get"},
    "/v1/links": {"get", "post"},
    "/v1/links/{link}": {"get"},
    "/v1/links/{link}/disable": {"post"},
    "/v1/coupons": {"get", "post"},
    "/v1/coupons/{program}/{code}/retire": {"post"},
    "/v1/payouts": {"get", "post"},
    "/v1/payouts/{payout}": {"get"},
    "/v1/payouts/{payout}/send": {"post"},
    "/v1/payouts/{payout}/settle": {"post"},
    "/v1/payouts/{payout}/fail": {"post"},
    "/v1/payouts/{payout}/approve": {"post"},
    "/v1/payouts/{payout}/cancel": {"post"},
    "/v1/payouts/{payout}/return": {"post"},
    "/v1/runs": {"get", "post"},
    "/v1/runs/{run}": {"get"},
    "/v1/runs/{run}/approve": {"post"},
    "/v1/programs/{program}/payout-plan": {"get"},
    "/v1/programs/{program}/payer": {"get", "post"},
    "/v1/partners/{partner}/payee": {"get", "post"},
    "/v1/programs/{program}/agreements": {"get", "post"},
    "/v1/programs/{program}/agreements/{version}": {"get"},
    "/v1/programs/{program}/agreements/{version}/accept": {"post"},
    "/v1/programs/{program}/agreements/acceptances": {"get"},
    "/v1/registrations": {"get", "post"},
    "/v1/registrations/{registration}": {"get"},
    "/v1/registrations/{registration}/approve": {"post"},
    "/v1/registrations/{registration}/reject": {"post"},
    "/v1/registrations/{registration}/update": {"post"},
    "/v1/registrations/{registration}/win": {"post"},
    "/v1/registrations/{registration}/lose": {"post"},
    "/v1/commissions/hold": {"post"},
    "/v1/commissions/release": {"post"},
    "/v1/commissions/reject": {"post"},
    "/v1/commissions/adjust": {"post"},
    "/v1/commissions/waiting": {"get"},
    "/v1/programs/{program}/contests": {"get"},
    "/v1/programs/{program}/contests/{contest}/standings": {"get"},
    "/v1/programs/{program}/contests/{contest}/close": {"post"},
    "/v1/adjustments": {"post"},
    "/v1/receipts": {"post"},
    "/v1/rates": {"get", "post"},
    "/v1/rates/{base}/{quote}": {"get"},
    "/v1/partners/{partner}/ties": {"get"},
    "/v1/partners/{partner}/recruit": {"post"},
    "/v1/partners/{partner}/currency": {"post"},
    "/v1/partners/{partner}/identify": {"post"},
    "/v1/trail": {"get"},
}


def name(prefix: str) -> str:
    return f"{prefix}-{next(numbers)}"


def problem(answer: httpx.Response, status: int) -> Any:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status and told["title"] and told["detail"]
    return told


def test_openapi_has_every_route_and_nothing_else(gateway: RunningGateway) -> None:
    document = gateway.client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.")
    told = {
        path: {verb for verb in item if verb in {"get", "post", "put", "patch", "delete"}}
        for path, item in document["paths"].items()
    }
    assert told == ROUTES
    body = document["paths"]["/v1/conversions"]["post"]["requestBody"]["content"]
    assert set(body) == {"application/json", "application/x-ndjson"}


def test_docs_need_nobody_else(gateway: RunningGateway) -> None:
    page = gateway.client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    for path in ROUTES:
        assert path in page.text
    assert "http://" not in page.text and "https://" not in page.text
    assert "<script" not in page.text


def test_a_program_and_its_terms(gateway: RunningGateway) -> None:
    program = name("program")
    made = gateway.client.post(
        "/v1/programs", json={"program": program, "name": "New", "currency": "GBP"}
    )
    assert made.status_code == 201
    view = {"program": program, "name": "New", "currency": "GBP", "active": True}
    assert made.json() == view
    assert gateway.client.get(f"/v1/programs/{program}").json() == view
    assert gateway.post(f"/v1/programs/{program}/pause")["active"] is False
    assert gateway.post(f"/v1/programs/{program}/resume")["active"] is True

    rule = {"name": "lead", "event": "lead", "type": "flat", "amount": 500}
    first = gateway.post(f"/v1/programs/{program}/terms", rules=[rule], effective_from=0)
    assert (first["version"], first["effective_from"]) == (1, 0)
    second = gateway.post(
        f"/v1/programs/{program}/terms",
        rules=[{**rule, "amount": 700}],
        effective_from="2026-06-01T00:00:00Z",
        hold_days=0,
        attribution="first_touch",
    )
    assert (second["version"], second["effective_from"]) == (2, 1_780_272_000_000)
    versions = gateway.client.get(f"/v1/programs/{program}/terms").json()
    assert [version["terms"]["version"] for version in versions] == [1, 2]
    assert all(version["position"].startswith("decisions/0/") for version in versions)


def test_partners_apply_are_approved_and_suspended(gateway: RunningGateway) -> None:
    partner = name("partner")
    gateway.post("/v1/partners", partner=partner, name="A Partner")
    for verb, status in (("apply", "applied"), ("approve", "approved")):
        told = gateway.post(f"/v1/partners/{partner}/{verb}", program="acme")
        assert told == {"partner": partner, "name": "A Partner", "programs": {"acme": status}}
    gateway.post(f"/v1/partners/{partner}/suspend", program="acme", reason="terms violation")
    told = gateway.client.get(f"/v1/partners/{partner}").json()
    assert told["programs"] == {"acme": "suspended"}


def test_coupons(gateway: RunningGateway) -> None:
    code = name("Save").replace("-", "")
    made = gateway.post("/v1/coupons", program="acme", code=code, partner="jane")
    assert made == {"program": "acme", "code": code.upper(), "partner": "jane", "active": True}
    assert gateway.post(f"/v1/coupons/acme/{code.lower()}/retire")["active"] is False
    listed = gateway.client.get("/v1/coupons").json()["data"]
    assert any(coupon["code"] == code.upper() for coupon in listed)


def test_a_payout_asked_for(gateway: RunningGateway) -> None:
    payout = name("po")
    asked = {"payout": payout, "partner": "jane", "program": "acme", "unit": "EUR", "amount": 500}
    answer = gateway.client.post("/v1/payouts", json=asked)
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert (told["status"], told["requested"], told["amount"]) == ("requested", 500, 0)
    assert gateway.client.get(f"/v1/payouts/{payout}").json() == told
    # nobody funded it: it cannot be sent
    problem(gateway.client.post(f"/v1/payouts/{payout}/send", json={"reference": "r"}), 409)
    problem(gateway.client.get("/v1/payouts/none"), 404)


def test_accounts_money_goes_to_and_from(gateway: RunningGateway) -> None:
    problem(gateway.client.get("/v1/partners/jane/payee"), 404)
    problem(gateway.client.get("/v1/programs/acme/payer"), 404)
    bank = {"method": "bank", "name": "Jane Doe", "iban": "DE89 3704 0044 0532 0130 00"}
    payee = gateway.post("/v1/partners/jane/payee", **bank)
    assert payee["iban"] == "DE89370400440532013000"
    assert gateway.client.get("/v1/partners/jane/payee").json() == payee
    payer = gateway.post("/v1/programs/acme/payer", name="Acme", iban="DE75512108001245126199")
    assert gateway.client.get("/v1/programs/acme/payer").json() == payer
    wrong = bank | {"iban": "DE89370400440532013001"}
    problem(gateway.client.post("/v1/partners/jane/payee", json=wrong), 422)


def test_the_same_command_again_is_harmless_and_another_a_conflict(
    gateway: RunningGateway,
) -> None:
    link = name("link")
    sent = {
        "link": link,
        "program": "acme",
        "partner": "jane",
        "destination": "https://a.example/",
    }
    before = gateway.client.get("/healthz").json()["known"]
    for _ in range(3):
        assert gateway.client.post("/v1/links", json=sent).status_code == 201
    assert gateway.client.get("/healthz").json()["known"] == before + 1
    other = {**sent, "destination": "https://b.example/"}
    problem(gateway.client.post("/v1/links", json=other), 409)
    assert gateway.client.get(f"/v1/links/{link}").json()["destination"] == "https://a.example/"


def test_idempotency_key_gives_the_first_answer(gateway: RunningGateway) -> None:
    sent = {"partner": name("keyed"), "name": "Keyed"}
    headers = {"idempotency-key": name("key")}
    answers = [gateway.client.post("/v1/partners", json=sent, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].text == answers[1].text
    other = {"partner": name("keyed"), "name": "Other"}
    problem(gateway.client.post("/v1/partners", json=other, headers=headers), 409)


def test_pages_in_both_directions(gateway: RunningGateway) -> None:
    program = name("paged")
    gateway.post("/v1/programs", program=program, name="Paged", currency="EUR")
    gateway.post("/v1/partners/jane/apply", program=program)
    made = [name("paged") for _ in range(5)]
    for link in made:
        gateway.post(
            "/v1/links", link=link, program=program, partner="jane", destination="https://a.example"
        )

    def listed(**query: Any) -> tuple[list[str], bool]:
        answer = gateway.client.get("/v1/links", params={"program": program, **query})
        told = answer.json()
        return [link["link"] for link in told["data"]], told["has_more"]

    assert listed() == (made, False)
    assert listed(limit=2) == (made[:2], True)
    assert listed(limit=2, starting_after=made[1]) == (made[2:4], True)
    assert listed(limit=2, starting_after=made[3]) == (made[4:], False)
    assert listed(limit=2, ending_before=made[3]) == (made[1:3], True)
    assert listed(limit=3, ending_before=made[2]) == (made[:2], False)
    for query in ("starting_after=none", "limit=0", "limit=100000", "limit=x"):
        problem(gateway.client.get(f"/v1/links?program={program}&{query}"), 422)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/programs", {"program": "a/b", "name": "x", "currency": "EUR"}),
        ("/v1/programs", {"program": "x", "name": "x", "currency": "EURO"}),
        ("/v1/programs", {"program": "x"}),
        ("/v1/programs", {"program": "x", "name": "x", "currency": "EUR", "owner": "y"}),
        ("/v1/programs", [1]),
        (
            "/v1/payouts",
            {"payout": "p", "partner": "jane", "program": "acme", "unit": "EUR", "amount": 5.5},
        ),
        (
            "/v1/links",
            {"link": "bad", "program": "acme", "partner": "jane", "destination": "javascript:x"},
        ),
        ("/v1/programs/acme/terms", {"rules": []}),
        (
            "/v1/payouts",
            {"payout": "p", "partner": "jane", "program": "acme", "unit": "EUR", "amount": -1},
        ),
    ],
)
def test_a_wrong_command_is_a_problem(gateway: RunningGateway, path: str, body: Any) -> None:
    before = gateway.client.get("/healthz").json()["known"]
    problem(gateway.client.post(path, json=body), 422)
    assert gateway.client.get("/healthz").json()["known"] == before


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/v1/programs/none", 404),
        ("GET", "/v1/partners/none/balances", 404),
        ("POST", "/v1/programs/none/pause", 404),
        ("DELETE", "/v1/programs", 405),
    ],
)
def test_errors_are_problem_details(
    gateway: RunningGateway, method: str, path: str, status: int
) -> None:
    problem(gateway.client.request(method, path), status)


def test_without_a_warehouse_only_figures_are_missing(gateway: RunningGateway) -> None:
    told = problem(gateway.client.get("/v1/partners/jane/balances"), 503)
    assert "warehouse" in told["detail"]
    assert gateway.client.get("/c/spring").status_code == 302


def test_a_body_too_large_is_refused_before_it_is_read(gateway: RunningGateway) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as connection:
        head = b"POST /v1/conversions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
        connection.sendall(head % (MAX_BODY + 1))
        assert connection.recv(1_000).startswith(b"HTTP/1.1 413 ")


def test_a_page_of_another_site_may_not_command(gateway: RunningGateway) -> None:
    headers = {"sec-fetch-site": "cross-site"}
    problem(gateway.client.post("/v1/programs/acme/pause", headers=headers), 403)
    assert gateway.client.get("/v1/programs/acme").json()["active"] is True
    assert gateway.client.get("/c/spring", headers=headers).status_code == 302


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/programs", {"GET", "POST"}),
        ("DELETE", "/v1/links/x", {"GET"}),
        ("GET", "/v1/links/x/disable", {"POST"}),
        ("POST", "/healthz", {"GET"}),
    ],
)
def test_a_405_says_what_is_allowed(
    gateway: RunningGateway, method: str, path: str, allowed: set[str]
) -> None:
    answer = gateway.client.request(method, path)
    problem(answer, 405)
    assert allowed <= set(answer.headers["allow"].split(", "))


def test_a_misspelt_key_of_a_rule_is_refused(gateway: RunningGateway) -> None:
    program = name("keys")
    gateway.client.post(
        "/v1/programs", json={"program": program, "name": program, "currency": "EUR"}
    )
    rule = {"name": "sale", "event": "sale", "type": "percentage", "amount": 500, "curency": "USD"}
    told = problem(
        gateway.client.post(f"/v1/programs/{program}/terms", json={"rules": [rule]}), 422
    )
    assert "curency" in told["detail"]
    assert gateway.client.get(f"/v1/programs/{program}/terms").json() == []


def test_openapi_says_that_errors_are_problems(gateway: RunningGateway) -> None:
    document = gateway.client.get("/openapi.json").json()
    for item in document["paths"].values():
        for operation in item.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]
