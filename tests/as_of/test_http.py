"""Balances, statements and corrections as of a moment, over HTTP, from a real journal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.as_of.model import Happening, happenings, owed
from tests.as_of.test_commands import END, MOMENTS, iso
from tests.as_of.written import told, write_but_decisions
from tests.gateway.conftest import RunningGateway, gateway

pytestmark = pytest.mark.broker

__all__ = ["gateway"]


@pytest.fixture(scope="module")
def told_over(gateway: RunningGateway) -> Iterator[tuple[RunningGateway, list[Happening]]]:
    """The life of alice and bob, in a ledger that a gateway serves."""
    for partner in ("alice", "bob"):
        gateway.post("/v1/partners", partner=partner, name=partner.title())
    world = told("1")
    write_but_decisions(world, gateway.broker)
    yield gateway, happenings(world.journal, world.conversions)


def get(gateway: RunningGateway, path: str, **asked: Any) -> Any:
    answer = gateway.client.get(f"/v1/partners/alice/{path}", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_balances_and_what_makes_them_differ(
    told_over: tuple[RunningGateway, list[Happening]],
) -> None:
    gateway, all_ = told_over
    for as_of in MOMENTS[1:3]:
        moment = iso(as_of)
        then = get(gateway, "balances", as_of=moment)
        now = get(gateway, "balances", as_of=moment, known="now")
        report = get(gateway, "corrections", as_of=moment)
        for answer, known in ((then, as_of), (now, END)):
            expected = owed(all_, as_of, known)
            for row in answer["balances"]:
                model = expected[("alice", row["program"], row["unit"])]
                assert {name: row[name] for name in model} == model
            again = get(gateway, "balances", as_of=answer["cut"]["as_of"],
                        known=answer["cut"]["known"])  # fmt: skip
            assert again["balances"] == answer["balances"]
            assert sum(row["earned"] for row in answer["commissions"]) > 0
        [account] = report["accounts"]
        assert account["then"]["payable"] == then["balances"][0]["payable"]
        assert account["now"]["payable"] == now["balances"][0]["payable"]
        learned = sum(row["change"]["payable"] for row in account["corrections"])
        assert learned == account["now"]["payable"] - account["then"]["payable"] != 0


def test_a_statement_as_known_now(told_over: tuple[RunningGateway, list[Happening]]) -> None:
    gateway, all_ = told_over
    asked = {"program": "acme", "as_of": iso(MOMENTS[1])}
    then = get(gateway, "statement", **asked)
    now = get(gateway, "statement", **asked, known="now")
    [of_then], [of_now] = then["sections"], now["sections"]
    key = ("alice", "acme", "EUR")
    for section, known in ((of_then, MOMENTS[1]), (of_now, END)):
        model = owed(all_, MOMENTS[1], known)[key]
        assert {name: section["closing"][name] for name in model} == model
    assert then["known"] is None
    assert now["known"] > then["ends"]
    when = [line["effective"] for line in of_now["lines"]]
    assert when == sorted(when)
    assert max(when) < MOMENTS[1]


REFUSED = [
    ("balances?as_of=soon", "expected ISO 8601"),
    ("balances?known=now", "known of which moment"),
    ("balances?as_of=journal/99/1", "name a place in each"),
    ("balances?as_of=2026-01-01&known=later", "known: 'later': expected ISO 8601"),
    ("corrections", "as_of"),
    ("statement?program=acme&month=2026-01&as_of=2026-01-05", "give as_of, or month or until"),
]


@pytest.mark.parametrize(("path", "said"), REFUSED)
def test_what_is_refused(
    told_over: tuple[RunningGateway, list[Happening]], path: str, said: str
) -> None:
    answer = told_over[0].client.get(f"/v1/partners/alice/{path}")
    assert answer.status_code == 422, answer.text
    assert said in answer.text


def test_the_parameters_are_described(told_over: tuple[RunningGateway, list[Happening]]) -> None:
    paths = told_over[0].client.get("/openapi.json").json()["paths"]
    for path in ("balances", "statement", "corrections"):
        parameters = paths[f"/v1/partners/{{partner}}/{path}"]["get"]["parameters"]
        described = {one["name"]: one.get("description", "") for one in parameters}
        assert "journal/3/1842" in described["as_of"]
        assert "then" in described["known"]
