"""Terms by HTTP: the same form as in a file, the same refusals with the path of the line."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.gateway.conftest import RunningGateway

pytestmark = pytest.mark.broker

numbers = itertools.count(1)

SALE = {"name": "sale", "event": "sale", "type": "percentage", "amount": "10%"}
RICH: dict[str, Any] = {
    "effective_from": "2026-01-01",
    "review_above": "500.00",
    "rules": [
        {
            **SALE,
            "modifiers": [{"attribute": "country", "operator": "in", "value": ["DE", "AT"]}],
            "tiers": {"levels": [{"threshold": "1000.00", "amount": "12.5%"}], "period": "month"},
        },
        {"name": "lead", "event": "lead", "type": "flat", "amount": "5.00"},
    ],
    "caps": [{"name": "cap", "scope": "partner", "amount": 100_000, "period": "month"}],
    "payouts": [{"unit": "EUR", "minimum": "50.00", "withholding": "15%"}],
}


@pytest.fixture
def terms(gateway: RunningGateway) -> str:
    """The address of the terms of a new program in EUR."""
    program = f"terms-{next(numbers)}"
    gateway.post("/v1/programs", program=program, name=program, currency="EUR")
    return f"/v1/programs/{program}/terms"


def test_rich_terms_are_read_kept_and_given_back_in_a_form_to_add_again(
    gateway: RunningGateway, terms: str
) -> None:
    added = gateway.post(terms, **RICH)
    assert (added["version"], added["engine"]) == (1, "2")
    assert added["effective_from"] == 1_767_225_600_000
    assert added["rules"][0]["amount"] == 1_000
    assert added["rules"][0]["tiers"]["levels"] == [{"threshold": 100_000, "amount": 1_250}]
    assert added["payouts"] == [{"unit": "EUR", "minimum": 5_000, "withholding": 1_500}]
    form = gateway.client.get(f"{terms}/1").json()
    assert form["rules"][0]["amount"] == "10%"
    assert form["payouts"] == [{"unit": "EUR", "minimum": "50.00", "withholding": "15%"}]
    assert gateway.post(terms, **form)["version"] == 1, "the same again adds nothing"
    assert len(gateway.client.get(terms).json()) == 1
    assert gateway.client.get(f"{terms}/2").status_code == 404


def test_individual_terms_stand_beside_general_ones_of_engine_2(
    gateway: RunningGateway, terms: str
) -> None:
    gateway.post(terms, rules=[SALE], effective_from=0)
    refused = gateway.client.post(terms, json={"rules": [SALE], "partner": "jane"})
    assert (refused.status_code, refused.json()["field"]) == (422, "partner")
    gateway.post(terms, rules=[SALE], effective_from=0, engine="2")
    own = gateway.post(terms, rules=[{**SALE, "amount": "15%"}], partner="jane")
    assert (own["version"], own["partner"], own["engine"]) == (3, "jane", "2")
    unknown = gateway.client.post(terms, json={"rules": [SALE], "partner": "nobody"})
    assert unknown.status_code == 404


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        ({"rules": []}, "rules", "at least one rule"),
        ({"rules": [{**SALE, "amount": "110%"}]}, "rules[0].amount", "0 to 10000 basis points"),
        ({"rules": [{**SALE, "amout": 5}]}, "rules[0].amout", "did you mean amount?"),
        ({"rules": [{"event": "sale"}]}, "rules[0].name", "this key is missing"),
        ({"hold_days": "30"}, "hold_days", "a whole number"),
        ({"effective_from": 1_700_000_000}, "effective_from", "before 1973"),
        ({"caps": [{"name": "c", "scope": "deal", "amount": 1, "rules": ["x"]}]},
         "caps[0].rules[0]", "the name of a rule: sale"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_line(
    gateway: RunningGateway, terms: str, change: dict[str, Any], field: str, expected: str
) -> None:
    answer = gateway.client.post(terms, json={"rules": [SALE], "effective_from": 0, **change})
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    told = answer.json()
    assert told["field"] == field
    assert expected in told["detail"]
    assert gateway.client.get(terms).json() == []


def test_openapi_has_the_schema_of_terms(gateway: RunningGateway) -> None:
    document = gateway.client.get("/openapi.json").json()
    operation = document["paths"]["/v1/programs/{program}/terms"]["post"]
    form = operation["requestBody"]["content"]["application/json"]["schema"]
    assert form["$id"] == "urn:partner-ledger:terms"
    assert "tiers" in form["$defs"]["Rule"]["properties"]
