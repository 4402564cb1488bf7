"""The invoices of a program: none is missing, none is billed twice, none changes."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from aggregates.application import Decisions, open_decisions
from aggregates.errors import AlreadyExists, Conflict, Invalid, NotFound
from aggregates.invoice import Invoices, Issued
from aggregates.month import month_bounds
from events.settings import Broker
from tests.aggregates.conftest import NewLog

HASH = "0" * 64
OCTOBER = Issued(
    "acme-2026-10", 1, "2026-10", {"0": 0, "1": 0}, {"0": 41, "1": 7}, {"EUR": 900}, 48, HASH
)
NOVEMBER = Issued(
    "acme-2026-11", 2, "2026-11", {"0": 41, "1": 7}, {"0": 60, "1": 7}, {"EUR": -5}, 19, HASH
)


def series(*issued: Issued) -> Invoices:
    found = Invoices.empty(Invoices.create_id("acme"))
    for one in issued:
        found.issue("acme", one, by="ann")
    return found


def test_each_begins_where_the_last_one_ended() -> None:
    found = series(OCTOBER, NOVEMBER)
    assert found.issued == [OCTOBER, NOVEMBER]
    assert [event.TOPIC for event in found.pending_events] == ["invoice.issued"] * 2


def test_the_same_again_adds_nothing_and_another_content_is_refused() -> None:
    found = series(OCTOBER, NOVEMBER, OCTOBER, NOVEMBER)
    assert len(found.pending_events) == 2
    for changed in ({"totals": {"EUR": 901}}, {"invoice": "other"}, {"sha256": "1" * 64}):
        with pytest.raises(AlreadyExists, match="acme-2026-10 is number 1 of acme"):
            found.issue("acme", structs.replace(OCTOBER, **changed))


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"starts": {"0": 42, "1": 7}}, "ended at journal/0/41 journal/1/7"),  # a gap
    ({"starts": {"0": 40, "1": 7}}, "ended at journal/0/41 journal/1/7"),  # billed twice
    ({"starts": {"0": 41}, "ends": {"0": 60}}, "begin there"),
    ({"number": 3}, "the next invoice of acme is number 2"),
    ({"period": "2026-10"}, "billed up to 2026-10 by invoice acme-2026-10"),
    ({"period": "2026-09"}, "on the next month's"),
]


@pytest.mark.parametrize(("changed", "said"), REFUSED)
def test_gaps_and_overlaps_are_refused(changed: dict[str, Any], said: str) -> None:
    found = series(OCTOBER)
    with pytest.raises(Conflict, match=said):
        found.issue("acme", structs.replace(NOVEMBER, **changed))
    assert found.issued == [OCTOBER]


def test_the_first_one_begins_at_the_journals_beginning() -> None:
    with pytest.raises(Conflict, match="ended at journal/0/0 journal/1/0"):
        series(structs.replace(OCTOBER, starts={"0": 1, "1": 0}))


INVALID: list[tuple[dict[str, Any], str]] = [
    ({"invoice": "a b"}, "invoice"),
    ({"period": "2026-13"}, "period"),
    ({"period": "November"}, "period"),
    ({"starts": {}, "ends": {}}, "starts"),
    ({"ends": {"0": 41}}, "ends"),
    ({"ends": {"0": 41, "2": 7}}, "ends"),
    ({"ends": {"0": -1, "1": 7}}, "ends"),
    ({"totals": {"EURO": 1}}, "totals"),
    ({"totals": {"EUR": 1.5}}, "totals.EUR"),
    ({"entries": -1}, "entries"),
    ({"sha256": "abc"}, "sha256"),
]


@pytest.mark.parametrize(("changed", "field"), INVALID)
def test_values_no_invoice_can_have(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        series(structs.replace(OCTOBER, **changed))
    assert refused.value.field == field


def test_an_invoice_may_not_end_before_it_begins() -> None:
    with pytest.raises(Invalid, match="no offset before that of starts"):
        series(OCTOBER, structs.replace(NOVEMBER, ends={"0": 40, "1": 7}))


def test_a_month_begins_and_ends_at_midnight_utc() -> None:
    assert month_bounds("2026-12") == (1_796_083_200_000, 1_798_761_600_000)
    with pytest.raises(Invalid, match="2026-11"):
        month_bounds("2026-1")


@pytest.mark.broker
def test_invoices_are_read_back_from_the_log(decisions: Decisions) -> None:
    decisions.create_program("acme", "Acme Ltd", "EUR")
    assert decisions.invoices("acme").issued == []
    for one in (OCTOBER, NOVEMBER, NOVEMBER):
        decisions.issue_invoice(
            one.invoice, one.number, "acme", one.period, one.starts, one.ends, one.totals,
            one.entries, one.sha256, by="ann",
        )  # fmt: skip
    assert decisions.invoices("acme").issued == [OCTOBER, NOVEMBER]
    with pytest.raises(NotFound, match="create it first"):
        decisions.invoices("nobody")


@pytest.mark.broker
def test_of_two_who_bill_the_same_month_one_is_refused(new_log: NewLog) -> None:
    env = new_log()
    where = Broker.parse(env["PLEDGER_BROKER"]), env["DECISIONS_TOPIC"]
    ann, ben = open_decisions(*where), open_decisions(*where)
    ann.create_program("acme", "Acme Ltd", "EUR")
    assert ben.invoices("acme").issued == []
    issue(ann, OCTOBER)
    with pytest.raises(AlreadyExists, match="acme-2026-10 is number 1"):
        issue(ben, structs.replace(OCTOBER, ends={"0": 50, "1": 7}))
    issue(ben, OCTOBER)
    assert ann.invoices("acme").issued == [OCTOBER]
    ann.close()
    ben.close()


def issue(decisions: Decisions, one: Issued) -> None:
    decisions.issue_invoice(
        one.invoice, one.number, "acme", one.period, one.starts, one.ends, one.totals,
        one.entries, one.sha256,
    )  # fmt: skip
