"""Random changes to a warehouse in memory: each is listed, with its position, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.reconcile.books import Books, balances_of, compare_balances, compare_trial
from audit.reconcile.rows import TABLES
from audit.reconcile.warehouse import TableReport, compare_partition, kept_out, report_of
from events import topics
from events.codec import encode
from events.conversions import Assignment, CitedClick, Deal, Item, Refund
from events.dead_letters import DeadLetter
from events.decisions import DecisionRecord, Origin, StoredDecision
from events.journal import Balance, Entry, Leg
from events.position import Record
from projections.posted import accepted

AT = 1_767_225_600_000

DEFAULTS: dict[str, dict[str, Any]] = {
    topics.JOURNAL: {
        **dict.fromkeys(("partner", "kind", "program", "unit", "source", "reason", "rule"), ""),
        **dict.fromkeys(("deal", "event_id", "previous"), ""),
        **dict.fromkeys(("n", "at", "terms", "base", "available_at"), 0),
        "balance": {"payable": 0, "pending": 0, "in_transit": 0, "paid": 0},
        "legs": [],
        "counters": {},
    },
    topics.CONVERSIONS: {
        **dict.fromkeys(("type", "program", "customer", "event_id", "event_name", "deal"), ""),
        **dict.fromkeys(("kind", "currency", "items", "partner", "reason", "by"), ""),
        **dict.fromkeys(("amount", "tax", "occurred_at", "known"), 0),
        "quantity": 1,
        "click": {"click_id": "", "link": "", "clicked_at": 0, "problem": ""},
        "metadata": {},
    },
    topics.DECISIONS: {
        **dict.fromkeys(("aggregate", "name", "state", "origin_via", "origin_by"), ""),
        **dict.fromkeys(("origin_source", "origin_key"), ""),
        **dict.fromkeys(("number", "version"), 0),
    },
}
"""Topic → the columns of its table, as they are where nothing is said."""


def journal(count: int) -> list[Record]:
    """Entries with a repeat and an unreadable record between them."""
    values: list[bytes] = []
    for n in range(count):
        legs = (Leg("commissions", -100 - n), Leg("payable", 100 + n, available_at=n % 2))
        entry = Entry(
            n=n,
            source=f"instructions/1/{n}",
            partner=f"p{n % 3}",
            at=AT + n,
            kind="commission",
            program="acme",
            unit="EUR",
            legs=legs,
            balance=Balance(100 + n, 0, 0, 0),
            counters={"sales": 1},
        )
        values.append(encode(entry))
        if n % 3 == 1:
            values.append(values[0])
        if n % 4 == 2:
            values.append(b"not JSON")
    return records(topics.JOURNAL, values)


def conversions(count: int) -> list[Record]:
    values = []
    for n in range(count):
        deal = Deal(
            *("acme", f"c{n}", f"e{n}", f"D{n}", 1_000 + n, "EUR", AT, n),
            quantity=1 + n % 2,
            items=(Item("tea", amount=1_000 + n),) if n % 2 else (),
            click=CitedClick("token", "link", AT) if n % 3 else None,
            metadata={"shop": "a"} if n % 2 else {},
        )
        values.append(encode(deal))
        values.append(encode(Refund("acme", f"c{n}", f"r{n}", 5, "EUR", AT, n, deal=f"D{n}")))
        values.append(encode(Assignment("acme", f"c{n}", f"a{n}", AT, n, "jane", deal, by="ann")))
    return records(topics.CONVERSIONS, values)


def decisions(count: int) -> list[Record]:
    values = []
    for n in range(count):
        state = msgspec.Raw(msgspec.json.encode({"partner": f"p{n}", "by": "ann"}))
        events = tuple(
            StoredDecision(f"partner:p{n}", version, "partner.registered", state)
            for version in (1, 2)
        )
        origin = Origin("cli", "ann", "ann@host") if n % 2 else None
        values.append(encode(DecisionRecord(events, origin)))
        values.append(values[0])
    return records(topics.DECISIONS, values)


def records(topic: str, values: list[bytes]) -> list[Record]:
    return [
        Record(topic, 1, offset, AT + offset, None, value) for offset, value in enumerate(values)
    ]


def table(topic: str, log: list[Record]) -> list[dict[str, Any]]:
    """What ClickHouse would hold: written here by hand from the records, not by the comparison."""
    if topic == topics.DECISIONS:
        return decision_table(log)
    rows, seen = [], set()
    for record in log:
        try:
            said = msgspec.json.decode(record.value or b"")
        except msgspec.DecodeError:
            continue
        if topic == topics.JOURNAL:
            if said["n"] in seen:
                continue
            seen.add(said["n"])
            legs = {"account": "", "amount": 0, "unit": "", "rule": "", "available_at": 0}
            said["legs"] = [legs | leg for leg in said["legs"]]
            said.pop("type")
        if said.get("type") == "assignment.v1":
            deal = said.pop("deal")
            said |= {key: deal[key] for key in ("deal", "amount", "currency")} | {"kind": "sale"}
        if "items" in said:
            said["items"] = msgspec.json.encode(said["items"]).decode()
        if "click" in said:
            said["click"] = DEFAULTS[topic]["click"] | said["click"]
        place = {"partition": 1, "offset": record.offset, "recorded_at": record.recorded_at}
        rows.append(deepcopy(DEFAULTS[topic]) | said | place)
    return rows


def decision_table(log: list[Record]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    taken = set()
    for record in log:
        said = msgspec.json.decode(record.value or b"")
        positions = {(event["aggregate"], event["version"]) for event in said["events"]}
        if positions & taken:
            continue
        taken |= positions
        for event in said["events"]:
            rows.append(
                DEFAULTS[topics.DECISIONS]
                | {"partition": 1, "offset": record.offset, "recorded_at": record.recorded_at}
                | {key: event[key] for key in ("aggregate", "version", "name")}
                | {"number": len(rows) + 1}
                | {"state": msgspec.json.encode(event["state"]).decode()}
                | {f"origin_{key}": value for key, value in said.get("origin", {}).items()}
            )
    return rows


WORLDS: dict[str, Callable[[int], list[Record]]] = {
    topics.JOURNAL: journal,
    topics.CONVERSIONS: conversions,
    topics.DECISIONS: decisions,
}


def compared(
    topic: str, log: list[Record], rows: list[dict[str, Any]], outside: frozenset[str] = frozenset()
) -> TableReport:
    report = report_of(topic)
    ordered = sorted(rows, key=lambda row: row["offset"])
    compare_partition(report, 1, log, ordered, outside)
    return report


@pytest.mark.parametrize("topic", WORLDS)
def test_what_agrees_agrees(topic: str) -> None:
    log = WORLDS[topic](9)
    rows = table(topic, log)
    report = compared(topic, log, rows)
    assert report.is_equal and not report.differences
    assert report.agreed == len(rows) and report.table == TABLES[topic]
    again = compared(topic, log, rows + rows[:3])
    assert again.is_equal and again.repeats == 3


@settings(max_examples=120, deadline=None)
@given(draw=st.data(), topic=st.sampled_from(sorted(WORLDS)))
def test_every_change_is_listed_and_nothing_else(draw: st.DataObject, topic: str) -> None:
    log = WORLDS[topic](6)
    rows = table(topic, log)
    numbers = st.sets(st.sampled_from(range(len(rows))), max_size=len(rows))
    removed = draw.draw(numbers, "removed")
    altered = besides(rows, draw.draw(numbers, "altered"), removed)
    doubled = besides(rows, draw.draw(numbers, "doubled"), removed | altered)
    added = draw.draw(st.sets(st.integers(len(log), len(log) + 5), max_size=3), "added")
    changed: list[dict[str, Any]] = []
    wanted: list[tuple[str, int, tuple[str, ...]]] = []
    for number, row in enumerate(rows):
        offset = row["offset"]
        if number in removed:
            wanted.append(("missing", offset, ()))
            continue
        row = deepcopy(row)
        if number in doubled:  # a later insert covers it: both stand, one is no record's
            twin = deepcopy(row)
            change(draw, twin)
            changed.append(twin)
            wanted.append(("surplus", offset, ()))
        if number in altered:
            wanted.append(("altered", offset, (change(draw, row),)))
        changed.append(row)
    for offset in added:
        changed.append(deepcopy(rows[0]) | {"offset": offset})
        wanted.append(("surplus", offset, ()))
    report = compared(topic, log, changed)
    found = [
        (
            one.kind,
            int(one.position.rpartition("/")[2]),
            tuple({top_level(column.column): 0 for column in one.columns}),
        )
        for one in report.differences
    ]
    assert sorted(found) == sorted(wanted)


@settings(max_examples=60, deadline=None)
@given(draw=st.data())
def test_what_is_removed_from_the_log_or_altered_there_is_listed(draw: st.DataObject) -> None:
    log = conversions(6)
    rows = table(topics.CONVERSIONS, log)
    wanted, kept = [], []
    for record in log:
        fate = draw.draw(st.sampled_from(["", "", "removed", "altered"]))
        if fate == "removed":
            wanted.append(("surplus", record.offset))
            continue
        if fate == "altered":
            said = msgspec.json.decode(record.value or b"")
            value = msgspec.json.encode(said | {"customer": said["customer"] + "x"})
            record = record._replace(value=value)
            wanted.append(("altered", record.offset))
        kept.append(record)
    found = [
        (one.kind, int(one.position.rpartition("/")[2]))
        for one in compared(topics.CONVERSIONS, kept, rows).differences
    ]
    assert sorted(found) == sorted(wanted)


def besides(rows: list[dict[str, Any]], numbers: set[int], others: set[int]) -> set[int]:
    """Rows of records that nothing else is done to."""
    taken = {rows[number]["offset"] for number in others}
    return {number for number in numbers if rows[number]["offset"] not in taken}


def top_level(path: str) -> str:
    return re.split(r"[.\[]", path)[0]


def change(draw: st.DataObject, row: dict[str, Any]) -> str:
    """Alter one column of a row, to something else; its name."""
    column: str = draw.draw(st.sampled_from(sorted(row.keys() - {"offset"})), "column")
    value = row[column]
    if isinstance(value, bool | int):
        row[column] = value + draw.draw(st.sampled_from([-1, 1, 2**40]))
    elif isinstance(value, str):
        row[column] = "[{}]" if column == "items" else value + "x"
    elif isinstance(value, list):
        row[column] = value[1:] if value else [{"account": "paid", "amount": 1}]
    elif column in ("metadata", "counters"):
        row[column] = {**value, "more": 1}
    else:
        field = draw.draw(st.sampled_from(sorted(value)))
        row[column] = value | {field: value[field] + (1 if isinstance(value[field], int) else "x")}
    return column


def test_what_the_warehouse_cannot_hold_is_not_missing() -> None:
    large = Deal("acme", "c", "e", "D", 5, "EUR", AT, 0, quantity=2**63)
    letter = DeadLetter("warehouse", "conversions/1/1", AT, "refused")
    other = DeadLetter("posting", "conversions/1/2", AT, "of another processor")
    log = records(
        topics.CONVERSIONS, [encode(large), *(one.value or b"" for one in conversions(1))]
    )
    letters = records(topics.DEAD_LETTERS, [encode(letter), encode(other), b"?"])
    report = compared(topics.CONVERSIONS, log, [], kept_out(letters))
    assert report.kept_out == 2
    assert [one.position for one in report.differences] == ["conversions/1/2", "conversions/1/3"]


def test_sums_that_differ() -> None:
    books = Books()
    books.add(accepted(journal(5)))
    rows = [
        {"partner": p, "program": "acme", "unit": "EUR", "payable": n, "in_transit": 0, "paid": 0}
        for p, n in (("p0", 203), ("p1", 205), ("p2", 102))
    ]
    assert compare_balances("v", books.balances, balances_of(rows)) == []
    rows[1]["payable"] = 204
    [one] = compare_balances("v", books.balances, balances_of(rows))
    assert (one.of, one.unit, one.account, one.difference) == ("p1/acme", "EUR", "payable", -1)
    assert len(compare_balances("v", books.balances, balances_of(rows[1:]))) == 2
    trial = {("EUR", "payable"): 510, ("EUR", "commissions"): -510, ("EUR", "fees"): 0}
    assert compare_trial("v", books.trial, trial) == []
    assert [one.account for one in compare_trial("v", books.trial, {**trial, ("USD", "x"): 1})] == [
        "x"
    ]
