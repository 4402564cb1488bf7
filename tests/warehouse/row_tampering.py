"""Ways to change rows of the warehouse, each on a row of its own, by SQL that anybody may write
who may write to it at all."""

from __future__ import annotations

from typing import NamedTuple

from events.topics import ATTRIBUTIONS, CLICKS, CONVERSIONS, DEAD_LETTERS, DECISIONS, JOURNAL

AT_ONCE = "SETTINGS mutations_sync = 2"


class RowWay(NamedTuple):
    name: str
    topic: str
    table: str
    row: str
    """Condition that one row fulfils; of an inserted one its offset, in partition 0."""
    sql: str
    """What is done, statements apart by `;`. `{row}`: a condition by the row's place."""
    kind: str
    """What the reconciliation calls it."""
    column: str = ""
    """The first column that is named, or how it begins."""


def update(change: str) -> str:
    return "ALTER TABLE {table} UPDATE " + change + " WHERE {row} " + AT_ONCE


REMOVE = "ALTER TABLE {table} DELETE WHERE {row} " + AT_ONCE
TWICE_PAID = (
    "arrayMap(leg -> tuple(leg.account, leg.amount * 2, leg.unit, leg.rule, leg.available_at), "
    "legs)"
)
COMMISSION = "kind = 'commission' AND deal = 'D-{}'"
AGAIN = "INSERT INTO {table} SELECT * REPLACE({change}) FROM {table} WHERE {row}"


def covered(change: str) -> str:
    """A second row of the same place, which counts from then on."""
    return AGAIN.replace("{change}", change)


WAYS = (
    RowWay("an entry's amounts", JOURNAL, "journal_entries", COMMISSION.format(4),
        update(f"legs = {TWICE_PAID}"), "altered", "legs[0].amount"),
    RowWay("whose an entry is", JOURNAL, "journal_entries", COMMISSION.format(6),
        covered("'eve' AS partner") + ";" + REMOVE.replace("{row}", "{row} AND partner != 'eve'"),
        "altered", "partner"),
    RowWay("a balance", JOURNAL, "journal_entries", COMMISSION.format(8),
        update("balance = (1, 2, 3, 4)"), "altered", "balance"),
    RowWay("the hash of the entry before", JOURNAL, "journal_entries", COMMISSION.format(9),
        update("previous = ''"), "altered", "previous"),
    RowWay("when a hold ends", JOURNAL, "journal_entries", COMMISSION.format(11),
        update("available_at = 0"), "altered", "available_at"),
    RowWay("an entry removed", JOURNAL, "journal_entries", COMMISSION.format(12),
        REMOVE, "missing"),
    RowWay("an entry nobody booked", JOURNAL, "journal_entries", "999999",
        "INSERT INTO {table} (partition, offset, n, partner, kind) "
        "VALUES (0, 999999, 999999, 'eve', 'adjustment')", "surplus"),
    RowWay("an entry covered by another", JOURNAL, "journal_entries", COMMISSION.format(13),
        covered("'eve' AS partner"), "surplus"),
    RowWay("a deal's amount", CONVERSIONS, "conversions", "event_id = 'deal-event-10'",
        update("amount = 1"), "altered", "amount"),
    RowWay("a deal's time", CONVERSIONS, "conversions", "event_id = 'deal-event-15'",
        update("occurred_at = 0"), "altered", "occurred_at"),
    RowWay("the broker's time of a deal", CONVERSIONS, "conversions", "event_id = 'deal-event-16'",
        update("recorded_at = 0"), "altered", "recorded_at"),
    RowWay("the click of a deal", CONVERSIONS, "conversions", "event_id = 'deal-event-17'",
        update("click = ('forged', 'eve-link', 1, '')"), "altered", "click"),
    RowWay("a deal removed", CONVERSIONS, "conversions", "event_id = 'deal-event-5'",
        REMOVE, "missing"),
    RowWay("a deal nobody sent", CONVERSIONS, "conversions", "999998",
        "INSERT INTO {table} (partition, offset, type, program, customer, event_id) "
        "VALUES (0, 999998, 'deal.v1', 'acme', 'eve', 'forged')", "surplus"),
    RowWay("who is credited", ATTRIBUTIONS, "attributions",
        "deal = 'D-18' AND outcome = 'credited'",
        update("credits = [('eve', 10000, 'click', '', '', 0, '', 0, '')]"), "altered", "credits"),
    RowWay("why nobody is", ATTRIBUTIONS, "attributions",
        "deal = 'D-19' AND outcome IN ('credited', 'unattributed')",
        update("reason = 'no reason'"), "altered", "reason"),
    RowWay("whose a click is", CLICKS, "clicks", "{first}", update("partner = 'eve'"),
        "altered", "partner"),
    RowWay("a click removed", CLICKS, "clicks", "{second}", REMOVE, "missing"),
    RowWay("what was decided", DECISIONS, "decisions", "name = 'program.paused'",
        update("state = '{{}}'"), "altered", "state"),
    RowWay("who decided it", DECISIONS, "decisions", "name = 'coupon.retired'",
        update("origin_by = 'eve'"), "altered", "origin_by"),
    RowWay("a dead letter removed", DEAD_LETTERS, "dead_letters", "{first}", REMOVE, "missing"),
)  # fmt: skip
