"""Conversions over HTTP: one, many, again, wrong, forged."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from events.click_token import ClickKeys
from events.conversions import Assignment, CitedClick, Deal, Item, Refund, Signup
from events.topics import CLICKS, CONVERSIONS
from tests.gateway.conftest import RunningGateway

pytestmark = pytest.mark.broker

numbers = itertools.count(1)


def deal(**fields: Any) -> dict[str, Any]:
    number = next(numbers)
    return {
        "type": "deal",
        "program": "acme",
        "customer": f"customer {number}",
        "event_id": f"event {number}",
        "deal": f"D-{number}",
        "amount": 4_999,
        **fields,
    }


def recorded(gateway: RunningGateway, event_id: str) -> list[Any]:
    return [record for record in gateway.log_of(CONVERSIONS) if record.event_id == event_id]


def clicked(gateway: RunningGateway, **headers: str) -> str:
    answer = gateway.client.get("/c/spring", headers=headers)
    return parse_qs(urlsplit(answer.headers["location"]).query)["click_id"][-1]


def send(gateway: RunningGateway, body: Any, **headers: str) -> Any:
    return gateway.client.post("/v1/conversions", json=body, headers=headers)


def test_a_deal_with_everything(gateway: RunningGateway) -> None:
    gateway.post("/v1/coupons", program="acme", code="SAVE", partner="jane")
    click_id = clicked(gateway)
    sent = deal(
        currency="GBP",
        kind="renewal",
        occurred_at="2026-01-02T03:04:05.678+01:00",
        quantity=2,
        tax=100,
        shipping=50,
        items=[{"product": "tea", "quantity": 2, "amount": 4999, "category": "food"}],
        click_id=click_id,
        coupon_code="SAVE",
        partner="jane",
        metadata={"channel": "web"},
        country="de",
        identity="hash-1",
    )
    answer = send(gateway, sent)
    assert answer.status_code == 202
    assert answer.json() == {"event_id": sent["event_id"], "warnings": []}
    [record] = recorded(gateway, sent["event_id"])
    known = gateway.client.get("/healthz").json()["known"]
    assert record == Deal(
        program="acme",
        customer=sent["customer"],
        event_id=sent["event_id"],
        deal=sent["deal"],
        amount=4999,
        currency="GBP",
        occurred_at=1_767_319_445_678,
        known=known,
        kind="renewal",
        quantity=2,
        tax=100,
        shipping=50,
        items=(Item("tea", 2, 4999, "food"),),
        click=CitedClick(click_id, "spring", gateway.keys().verify(click_id).clicked_at),
        coupon_code="SAVE",
        partner="jane",
        metadata={"channel": "web"},
        country="DE",
        identity="hash-1",
    )


def test_signup_and_refund_with_defaults(gateway: RunningGateway) -> None:
    before = time.time_ns() // 1_000_000
    signup = {"type": "signup", "program": "acme", "customer": "c", "event_id": "s-1"}
    refund = {"type": "refund", "program": "acme", "customer": "c", "event_id": "r-1", "amount": 5}
    for sent in (signup, refund):
        assert send(gateway, sent).status_code == 202
    [one], [two] = recorded(gateway, "s-1"), recorded(gateway, "r-1")
    assert isinstance(one, Signup) and one.event_name == "signup" and one.click is None
    assert isinstance(two, Refund) and (two.currency, two.deal) == ("EUR", "")
    assert before <= one.occurred_at <= two.occurred_at <= time.time_ns() // 1_000_000


def test_known_counts_the_decisions_made_before(gateway: RunningGateway) -> None:
    before = deal()
    send(gateway, before)
    gateway.post("/v1/partners", partner=f"new-{before['deal']}", name="New")
    after = deal()
    send(gateway, after)
    [first], [second] = recorded(gateway, before["event_id"]), recorded(gateway, after["event_id"])
    assert second.known == first.known + 1


def test_again_is_harmless_and_other_content_a_conflict(gateway: RunningGateway) -> None:
    sent = deal()
    answers = [send(gateway, sent) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    conflict = send(gateway, {**sent, "amount": 1})
    assert conflict.status_code == 409
    assert conflict.headers["content-type"] == "application/problem+json"
    assert conflict.json()["field"] == "event_id"
    assert [record.amount for record in recorded(gateway, sent["event_id"])] == [4_999]
    other_customer = {**sent, "customer": "somebody else", "deal": "X-" + sent["deal"]}
    assert send(gateway, other_customer).status_code == 202  # ids are the customer's own


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda good: good[:-1] + ("A" if good[-1] != "A" else "B"), "forged"),
        (lambda good: "other" + good[good.index(".") :], "forged"),
        (lambda good: "rubbish", "malformed"),
        (lambda good: "x" * 5_000, "malformed"),
        (lambda good: ClickKeys(1, {1: b"a stranger's"}).sign("spring", 1), "forged"),
        (lambda good: ClickKeys(9, {9: b"a stranger's"}).sign("spring", 1), "unknown_key"),
    ],
)
def test_a_false_click_is_recorded_and_earns_nothing(
    gateway: RunningGateway, make: Any, problem: str
) -> None:
    sent = deal(click_id=make(clicked(gateway)))
    answer = send(gateway, sent)
    assert answer.status_code == 202
    [warning] = answer.json()["warnings"]
    assert warning["field"] == "click_id" and problem in warning["detail"]
    [record] = recorded(gateway, sent["event_id"])
    assert record.click.problem == problem
    assert (record.click.link, record.click.clicked_at) == ("", 0)
    assert len(record.click.click_id) <= 256


def test_the_click_of_a_crawler_says_so(gateway: RunningGateway) -> None:
    sent = deal(click_id=clicked(gateway, **{"user-agent": "Googlebot/2.1"}))
    assert send(gateway, sent).json()["warnings"]
    [record] = recorded(gateway, sent["event_id"])
    assert (record.click.link, record.click.problem) == ("spring", "invalid_click")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"amount": -1}, "amount"),
    ({"amount": 1.5}, "amount"),
    ({"amount": "100"}, "amount"),
    ({"amount": 10**30}, "amount"),
    ({"currency": "EURO"}, "currency"),
    ({"currency": "eur"}, "currency"),
    ({"program": "nowhere"}, "program"),
    ({"program": "a/b"}, "program"),
    ({"customer": ""}, "customer"),
    ({"customer": "a\nb"}, "customer"),
    ({"deal": ""}, "deal"),
    ({"event_id": ""}, "event_id"),
    ({"partner": "a b"}, "partner"),
    ({"occurred_at": "yesterday"}, "occurred_at"),
    ({"occurred_at": "2026-01-01T00:00:00"}, "occurred_at"),
    ({"occurred_at": 1_700_000_000}, "occurred_at"),
    ({"occurred_at": "2999-01-01T00:00:00Z"}, "occurred_at"),
    ({"items": [{"product": "x", "amount": -1}]}, "items[0].amount"),
]


@pytest.mark.parametrize(("fields", "field"), WRONG)
def test_what_cannot_be_recorded_is_refused_by_field(
    gateway: RunningGateway, fields: dict[str, Any], field: str
) -> None:
    sent = deal(**fields)
    before = len(gateway.log_of(CONVERSIONS))
    answer = send(gateway, sent)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"] == field
    assert len(gateway.log_of(CONVERSIONS)) == before


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"{}", b'{"type":"gift"}', b"[1]", b"[", b"\xff\xfe", b"null"]
)
def test_what_is_no_conversion_is_a_problem(gateway: RunningGateway, body: bytes) -> None:
    answer = gateway.client.post("/v1/conversions", content=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["title"] == "Unprocessable Entity"


def test_a_misspelt_name_is_refused(gateway: RunningGateway) -> None:
    answer = send(gateway, deal(clickid="x"))
    assert answer.status_code == 422
    assert "clickid" in answer.json()["detail"]


def test_a_record_no_broker_would_take_is_refused(gateway: RunningGateway) -> None:
    items = [{"product": "\U0001f9c9" * 256, "category": "\U0001f9c9" * 256}] * 1_000
    answer = send(gateway, deal(items=items))
    assert answer.status_code == 422
    assert "bytes" in answer.json()["detail"]


def test_a_refund_of_nothing_is_refused(gateway: RunningGateway) -> None:
    sent = {"type": "refund", "program": "acme", "customer": "c", "event_id": "r", "amount": 0}
    assert send(gateway, sent).json()["field"] == "amount"


def test_ndjson_takes_the_good_lines_and_lists_the_rest(gateway: RunningGateway) -> None:
    good = [deal() for _ in range(3)]
    forged = deal(click_id="forged.click")
    lines = [
        json.dumps(good[0]),
        "",
        json.dumps(good[1]),
        "{broken",
        json.dumps(deal(amount=-5)),
        json.dumps(good[0]),  # again: accepted, written once
        json.dumps({**good[0], "amount": 1}),
        json.dumps(forged),
        json.dumps(good[2]),
    ]
    answer = gateway.client.post(
        "/v1/conversions",
        content="\n".join(lines) + "\n",
        headers={"content-type": "application/x-ndjson; charset=utf-8"},
    )
    assert answer.status_code == 202
    told = answer.json()
    assert (told["accepted"], told["rejected_count"]) == (5, 3)
    assert [(line["line"], line["field"]) for line in told["rejected"]] == [
        (4, ""),
        (5, "amount"),
        (7, "event_id"),
    ]
    assert [(line["line"], line["field"]) for line in told["warnings"]] == [(8, "click_id")]
    for sent in (*good, forged):
        assert len(recorded(gateway, sent["event_id"])) == 1


def test_an_array_is_a_batch(gateway: RunningGateway) -> None:
    sent = [deal(), deal(currency="?")]
    answer = send(gateway, sent)
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 1
    assert answer.json()["rejected"][0]["line"] == 2


def test_a_batch_without_a_good_line_is_a_problem(gateway: RunningGateway) -> None:
    answer = send(gateway, [deal(amount=-1)])
    assert answer.status_code == 422
    assert answer.json()["rejected"][0]["field"] == "amount"


def test_ten_thousand_in_one_batch_while_links_are_followed(gateway: RunningGateway) -> None:
    body = "\n".join(json.dumps(deal()) for _ in range(10_000))
    clicks = len(gateway.log_of(CLICKS))
    answer = gateway.client.post(
        "/v1/conversions", content=body, headers={"content-type": "application/x-ndjson"}
    )
    assert answer.json()["accepted"] == 10_000
    gateway.client.get("/c/spring")
    assert len(gateway.log_of(CLICKS)) == clicks + 1


def test_idempotency_key_stands_for_a_missing_event_id(gateway: RunningGateway) -> None:
    sent = deal()
    del sent["event_id"]
    key = f"key of {sent['deal']}"
    answers = [send(gateway, sent, **{"idempotency-key": key}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json()["event_id"] == key
    assert len(recorded(gateway, key)) == 1
    other = send(gateway, {**sent, "amount": 1}, **{"idempotency-key": key})
    assert other.status_code == 409


@pytest.mark.parametrize(
    "name", ["click_id", "clickid", "cid", "tid", "xid", "transaction_id", "irclickid"]
)
def test_postback_of_a_deal_knows_program_and_customer_by_the_click(
    gateway: RunningGateway, name: str
) -> None:
    click_id = clicked(gateway)
    query = {name: click_id, "deal": f"P-{name}", "amount": "700", "currency": "USD"}
    answer = gateway.client.get("/v1/postback", params=query)
    assert answer.status_code == 200, answer.text
    [record] = recorded(gateway, answer.json()["event_id"])
    assert isinstance(record, Deal)
    assert (record.program, record.customer) == ("acme", click_id)
    assert (record.deal, record.amount, record.currency) == (f"P-{name}", 700, "USD")
    assert record.click is not None and record.click.link == "spring"
    gateway.client.get("/v1/postback", params=query).raise_for_status()
    assert len(recorded(gateway, answer.json()["event_id"])) == 1


def test_postback_of_a_signup(gateway: RunningGateway) -> None:
    query = {"program": "acme", "customer": "lead@example.org", "event": "trial"}
    answer = gateway.client.get("/v1/postback", params=query)
    [record] = recorded(gateway, answer.json()["event_id"])
    assert isinstance(record, Signup)
    assert (record.event_name, record.customer) == ("trial", "lead@example.org")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, ""),
        ({"cid": "forged.token", "deal": "1", "amount": "1"}, "program"),
        ({"program": "acme", "customer": "c", "deal": "1", "amount": "9.99"}, "amount"),
        ({"program": "acme", "customer": "c", "amount": "9"}, "deal"),
    ],
)
def test_postback_that_cannot_be_recorded(
    gateway: RunningGateway, query: dict[str, str], field: str
) -> None:
    answer = gateway.client.get("/v1/postback", params=query)
    assert answer.status_code == 422, answer.text
    assert answer.json()["field"] == field


def test_what_earns_nobody_anything_is_said_at_once(gateway: RunningGateway) -> None:
    answer = send(gateway, deal(partner="nobody", coupon_code="GONE"))
    assert answer.status_code == 202
    assert [(told["field"], told["detail"]) for told in answer.json()["warnings"]] == [
        ("partner", "partner 'nobody' is not approved by acme: recorded, but earns nothing"),
        (
            "coupon_code",
            "acme has no active coupon 'GONE': recorded, but this coupon earns nothing",
        ),
    ]


def test_a_country_that_does_not_exist_is_refused(gateway: RunningGateway) -> None:
    for country in ("UK", "Germany", "d"):
        answer = send(gateway, deal(country=country))
        assert (answer.status_code, answer.json()["field"]) == (422, "country")
        assert "ISO 3166-1" in answer.json()["detail"]


def assigned(gateway: RunningGateway, sent: dict[str, Any], **fields: Any) -> Any:
    body = {"program": "acme", "customer": sent["customer"], "deal": sent["deal"],
            "partner": "jane", "reason": "introduced by mail", **fields}  # fmt: skip
    return gateway.client.post("/v1/conversions/assign", json=body)


def test_a_recorded_deal_is_given_to_a_partner_once(gateway: RunningGateway) -> None:
    sent = deal()
    send(gateway, sent)
    first = assigned(gateway, sent)
    assert first.status_code == 202, first.text
    assert first.json()["new"] is True
    again = assigned(gateway, sent, reason="asked twice")
    assert again.json() == {**first.json(), "new": False}
    anew = assigned(gateway, sent, again=True)
    assert anew.json()["new"] is True
    [one], [two] = (recorded(gateway, answer.json()["event_id"]) for answer in (first, anew))
    [told] = recorded(gateway, sent["event_id"])
    assert isinstance(one, Assignment) and isinstance(two, Assignment)
    assert (one.deal, one.partner, one.by) == (told, "jane", "api")
    assert one.event_id != two.event_id
    assert first.json()["record"].startswith("conversions/")


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"deal": "D-none"}, 404, "D-none"),
        ({"customer": "somebody else"}, 404, "somebody else"),
        ({"partner": "idle"}, 409, "idle is not approved by acme"),
        ({"reason": " "}, 422, "reason"),
    ],
)
def test_an_assignment_that_cannot_be(
    gateway: RunningGateway, fields: dict[str, str], status: int, said: str
) -> None:
    sent = deal()
    send(gateway, sent)
    answer = assigned(gateway, sent, **fields)
    assert answer.status_code == status, answer.text
    assert said in answer.json()["detail"]
