"""The tables and views of a whole story, against what the folds and plain counting say."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from events.settings import Settings
from streams.schema import connect
from streams.sink import WarehouseSink
from tests.warehouse.conftest import drain, ends, freshness
from tests.warehouse.story import PARTNERS, Story

pytestmark = pytest.mark.broker


@pytest.fixture
def story(stage: Settings, sink: WarehouseSink) -> Story:
    """Told, written, and in the warehouse."""
    story = Story()
    story.write(stage.broker)
    drain(sink, stage.broker)
    return story


@pytest.fixture
def client(stage: Settings, story: Story) -> Client:
    return connect(stage.warehouse)


def rows(client: Client, query: str) -> list[Any]:
    return list(client.query(query).result_rows)


def count(client: Client, table: str) -> int:
    return int(client.query(f"SELECT count() FROM {table}").result_rows[0][0])


def test_figures(story: Story, client: Client, stage: Settings) -> None:
    """One told story, many questions: the telling costs seconds, a question milliseconds."""
    tables(story, client)
    outcomes(story, client)
    dimensions(client)
    balances(story, client)
    daily(story, client)
    funnel(story, client)
    payouts(story, client)
    assert freshness(client) == ends(stage.broker)


def tables(story: Story, client: Client) -> None:
    world = story.world
    assert count(client, "clicks") == len(story.clicks) + story.repeated_clicks
    assert count(client, "first_clicks") == len(story.clicks)
    assert count(client, "conversions") == sum(map(len, world.conversions.values()))
    assert count(client, "attributions") == sum(map(len, world.attributions.values()))
    assert count(client, "journal_entries") == len(world.entries)
    assert count(client, "journal_legs") == sum(len(entry.legs) for entry in world.entries)
    assert count(client, "decisions") == len(world.decisions)
    assert rows(client, "SELECT max(number), uniqExact(number) FROM decisions") == [
        (len(world.decisions), len(world.decisions))
    ]
    letters = rows(client, "SELECT source, key, value FROM unreadable_records ORDER BY source")
    assert [(key, value) for _, key, value in letters] == [
        ("ann-link", '{"type":"click.v1","click_id":7}'),
        ("", ""),  # of a conversion there is no copy: it may hold what is to be forgotten
    ]


def outcomes(story: Story, client: Client) -> None:
    found = Counter(
        dict(rows(client, "SELECT outcome, count() FROM conversion_outcomes GROUP BY 1"))
    )
    assert found == story.outcomes()
    assert {"credited", "unattributed", "refunded", "unmatched", "duplicate", "conflict"} <= set(
        found
    )


def dimensions(client: Client) -> None:
    programs = rows(client, "SELECT program, currency, status, newest_terms FROM programs")
    assert sorted(programs) == [("acme", "EUR", "active", 1), ("idle", "USD", "paused", 0)]
    [(rules, hold, window)] = rows(client, "SELECT rules, hold_days, window_days FROM terms")
    assert [(rule["name"], rule["amount"]) for rule in map(named, rules)] == [
        ("sale", 1_000),
        ("renewal", 500),
        ("lead", 150),
    ]
    assert (hold, window) == (20, 30)
    partners = rows(client, "SELECT partner, program, status FROM partners ORDER BY partner")
    assert partners == [(partner, "acme", "approved") for partner in PARTNERS] + [
        ("dan", "acme", "applied")
    ]
    assert count(client, "links") == len(PARTNERS)
    coupons = rows(client, "SELECT code, partner, status FROM coupons ORDER BY code")
    assert coupons == [("CEM10", "cem", "active"), ("OLD", "ann", "retired")]


def named(rule: Any) -> dict[str, Any]:
    return rule if isinstance(rule, dict) else rule._asdict()


def balances(story: Story, client: Client) -> None:
    found = rows(
        client,
        "SELECT partner, unit, pending, available, payable, in_transit, paid FROM partner_balances",
    )
    assert {partner: tuple(figures) for partner, _, *figures in found} == story.balances()
    assert all(unit == "EUR" for _, unit, *_ in found)
    assert any(pending > 0 for _, _, pending, *_ in found), "the story has nothing pending"
    [(unit, commissions, payable, balance)] = rows(
        client, "SELECT unit, commissions, payable, balance FROM trial_balance"
    )
    assert (unit, balance) == ("EUR", 0)
    assert -commissions > payable > 0, "the story has paid nothing"


def daily(story: Story, client: Client) -> None:
    found = rows(
        client,
        "SELECT toString(date), partner, valid_clicks, invalid_clicks, commission, currency "
        "FROM partner_daily",
    )
    assert {currency for *_, currency in found} == {"EUR"}
    commission = {(day, partner): amount for day, partner, _, _, amount, _ in found}
    assert {key: amount for key, amount in commission.items() if amount} == {
        key: amount for key, amount in story.daily_commission().items() if amount
    }
    valid = Counter(click.partner for click in story.clicks if not click.invalid)
    invalid = Counter(click.partner for click in story.clicks if click.invalid)
    for partner in PARTNERS:
        assert sum(row[2] for row in found if row[1] == partner) == valid[partner]
        assert sum(row[3] for row in found if row[1] == partner) == invalid[partner]
    [(no_clicks, wrong)] = rows(
        client,
        "SELECT countIf(valid_clicks = 0 AND epc IS NOT NULL), "
        "countIf(valid_clicks > 0 AND abs(epc * valid_clicks - commission) > 1e-6) "
        "FROM partner_daily",
    )
    assert (no_clicks, wrong) == (0, 0)


def funnel(story: Story, client: Client) -> None:
    outcome = story.outcomes()
    [(valid, signups, deals, refunds, unmatched, ignored)] = rows(
        client,
        "SELECT valid_clicks, signups, deals, refunds, unmatched_refunds, ignored "
        "FROM program_funnel WHERE program = 'acme'",
    )
    assert valid == sum(not click.invalid for click in story.clicks)
    assert signups + deals == outcome["credited"] + outcome["unattributed"]
    assert (refunds, unmatched) == (outcome["refunded"], outcome["unmatched"])
    assert ignored == outcome["duplicate"] + outcome["conflict"]


def payouts(story: Story, client: Client) -> None:
    found = rows(
        client, "SELECT payout, partner, status, requested, amount, reason FROM payouts ORDER BY 1"
    )
    [paid] = [figures[4] for partner, figures in story.balances().items() if partner == "ann"]
    assert found == [
        ("po-1", "ann", "settled", 0, paid, ""),
        ("po-2", "bea", "funded", 1, 1, ""),
        ("po-3", "cem", "refused", 10**9, 0, "not_available"),
    ]
    [(times,)] = rows(
        client,
        "SELECT (isNull(sent_on), ended_on >= requested_on) FROM payouts WHERE payout = 'po-1'",
    )
    assert tuple(times) == (0, 1)
