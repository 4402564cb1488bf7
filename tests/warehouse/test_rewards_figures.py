"""Views over a ledger of engine 2, against the folds and plain counting."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any, get_args

import pytest
from clickhouse_connect.driver.client import Client

from events import topics
from events.codec import decode
from events.journal import HELD, Account
from events.settings import Settings
from projections.account import available, pending
from streams.schema import connect
from streams.sink import WarehouseSink
from tests.warehouse.conftest import drain
from tests.warehouse.rewards_story import PARTNERS, POINTS, RewardsStory
from tests.warehouse.test_figures import count, rows

pytestmark = pytest.mark.broker


@pytest.fixture
def story(stage: Settings, sink: WarehouseSink) -> RewardsStory:
    story = RewardsStory()
    story.write(stage.broker)
    drain(sink, stage.broker)
    return story


@pytest.fixture
def client(stage: Settings, story: RewardsStory) -> Client:
    return connect(stage.warehouse)


def test_figures_of_engine_2(story: RewardsStory, client: Client) -> None:
    """One telling, many questions."""
    the_story_has_it_all(story)
    legs(story, client)
    balances(story, client)
    trial_balance(story, client)
    counters(story, client)
    by_rule(story, client)
    daily(story, client)
    funnel(story, client)
    payouts(story, client)
    agreed(client)
    reviews(story, client)
    rates(story, client)
    invoices(story, client)


def the_story_has_it_all(story: RewardsStory) -> None:
    entries = story.journal()
    kinds = Counter(entry.kind for entry in entries)
    wanted = {"held", "released", "rejected", "adjusted", "adjustment", "award", "clawback"}
    wanted |= {"payment_received", "payout_funded", "payout_settled", "payout_returned"}
    assert wanted | {"payout_failed"} <= set(kinds)
    assert {"EUR", "GBP", POINTS} == story.units()
    accounts = {account for (_, account), amount in story.by_account().items() if amount}
    assert accounts >= {
        "wholesale",
        "receipts",
        "fees",
        "withholding",
        "exchange",
        "rounding",
        "paid",
    }
    rules = {leg.rule for entry in entries for leg in entry.legs}
    assert rules >= {"sale", "points", "century", "team", "house", "renewal", "margin", "first"}
    assert any(note.startswith("cap lid") for entry in entries for note in entry.notes)
    assert {len(credited) for credited in story.whose().values()} == {1, 2, 3}
    assert story.outcomes()["assigned"] > 10
    reviewed = {e.kind for e in entries if e.program == "early" and e.engine == "2"}
    assert reviewed >= {"held", "released", "rejected", "adjusted"}


def legs(story: RewardsStory, client: Client) -> None:
    """Each leg with its unit, its rule and until when it is pending."""
    found = rows(
        client,
        "SELECT partition, n, index, unit, account, amount, rule, available_at FROM journal_legs",
    )
    expected = set()
    for partition, log in story.world.journal.items():
        for value in log:
            entry = decode(topics.JOURNAL, value)
            for index, leg in enumerate(entry.legs, 1):
                until = leg.available_at if entry.engine else entry.available_at
                expected.add(
                    (
                        *(partition, entry.n, index, leg.unit or entry.unit, leg.account),
                        *(leg.amount, leg.rule or entry.rule),
                        until if leg.account == "payable" else 0,
                    )
                )
    assert len(found) == len(expected)
    assert set(found) == expected
    assert any(row[-1] == HELD for row in found)


def balances(story: RewardsStory, client: Client) -> None:
    """As the accounts' folds say, now and at moments in which much is pending."""
    query = (
        "SELECT partner, program, unit, pending, available, payable, in_transit, paid "
        "FROM partner_balances"
    )
    now = int(time.time() * 1000)
    found = {(row[0], f"{row[1]}/{row[2]}"): tuple(row[3:]) for row in rows(client, query)}
    expected = {}
    for partner, account in story.world.accounts.items():
        for key, funds in account.funds.items():
            program, _, unit = key.partition("/")
            expected[partner, key] = (
                pending(account, program, unit, now),
                available(account, program, unit, now),
                *(funds.payable, funds.in_transit, funds.paid),
            )
    assert found == expected
    for place, name in enumerate(("pending", "available", "payable", "in_transit", "paid")):
        assert any(figures[place] for figures in found.values()), name
    last = max(entry.at for entry in story.journal())
    for moment in (last, last + 5 * 86_400_000, 2**53 - 1, 2**53):
        sums = rows(
            client,
            "SELECT partner, program, unit, sum(amount) FROM journal_legs "
            f"WHERE account = 'payable' AND available_at > {moment} GROUP BY ALL",
        )
        for partner, program, unit, amount in sums:
            assert amount == pending(story.world.accounts[partner], program, unit, moment)


def trial_balance(story: RewardsStory, client: Client) -> None:
    accounts = get_args(Account)
    result = client.query("SELECT * FROM trial_balance")
    assert set(result.column_names) == {"unit", *accounts, "balance", "legs"}
    names = ", ".join(accounts)
    found = rows(client, f"SELECT unit, balance, {names} FROM trial_balance")
    assert {row[0] for row in found} == story.units()
    expected = story.by_account()
    for unit, balance, *sums in found:
        assert balance == 0, unit
        assert sums == [expected[unit, account] for account in accounts], unit
        assert sum(sums) == 0, f"an account of {unit} has no column"


def counters(story: RewardsStory, client: Client) -> None:
    sums: Counter[tuple[str, str, str]] = Counter()
    query = (
        "SELECT partner, program, key, gain FROM (SELECT * FROM journal_entries FINAL) "
        "ARRAY JOIN mapKeys(counters) AS key, mapValues(counters) AS gain"
    )
    for partner, program, key, gain in rows(client, query):
        sums[partner, program, key] += int(gain)
    for partner in PARTNERS:
        tally: Any = story.world.items[partner, "tally/acme"]
        kept = {key: sum for key, sum in tally.counters.items() if key.count("/") > 1}
        found = {key: sum for (of, program, key), sum in sums.items() if of == partner and sum}
        assert kept == found
    [(waiting,)] = rows(client, "SELECT countIf(notEmpty(waiting)) FROM journal_entries FINAL")
    assert waiting == sum(bool(entry.waiting) for entry in story.journal()) > 0


def by_rule(story: RewardsStory, client: Client) -> None:
    found = rows(
        client,
        "SELECT program, partner, unit, rule, earned, taken_back, commission FROM earned_by_rule",
    )
    given = {tuple(row[:4]): (row[4], row[5]) for row in found}
    assert given == story.earned()
    assert all(row[6] == row[4] + row[5] for row in found)
    assert not any(rule == "margin" for *_, rule in given), "what is collected was not earned"
    deals: dict[tuple[str, str], set[str]] = {}
    for entry in story.journal():
        for unit, rule, _ in story.payable(entry):
            if entry.kind != "payment_received" and rule == "team":
                deals.setdefault((entry.partner, unit), set()).add(entry.deal)
    counted = rows(
        client, "SELECT partner, unit, conversions FROM earned_by_rule WHERE rule = 'team'"
    )
    assert {(partner, unit): number for partner, unit, number in counted} == {
        key: len(found) for key, found in deals.items()
    }


def daily(story: RewardsStory, client: Client) -> None:
    found = rows(
        client,
        "SELECT toString(date), program, partner, currency, commission, wholesale, deals, shares, "
        "amount, refunded FROM partner_daily",
    )
    keyed = {tuple(row[:4]): row for row in found}
    assert len(keyed) == len(found)
    for place, expected in ((4, story.daily_sums()), (5, story.daily_sums(collected=True))):
        given = {key: row[place] for key, row in keyed.items() if row[place]}
        assert given == {key: amount for key, amount in expected.items() if amount}
    # Every deal is whole, wherever its parts are, and stands with who has it in the end.
    whose = story.whose()
    deals: Counter[str] = Counter()
    shares: Counter[str] = Counter()
    for credited in whose.values():
        for partner, share, _ in credited:
            deals[partner] += 1
            shares[partner] += share
    for place, expected_of in ((6, deals), (7, shares)):
        by_partner: Counter[str] = Counter()
        for row in found:
            by_partner[row[2]] += row[place]
        assert +by_partner == +expected_of
    assert sum(row[7] for row in found) == 10_000 * len(whose)
    assert sum(row[8] for row in found) == sum(parts[0][2] for parts in whose.values())
    refunded: Counter[str] = Counter()
    for values in story.world.attributions.values():
        for value in values:
            said = decode(topics.ATTRIBUTIONS, value)
            if said.outcome == "refunded":
                for part in said.refunded:
                    refunded[part.deal] += part.amount
    assert sum(row[9] for row in found) == sum(refunded[deal] for deal in whose)


def funnel(story: RewardsStory, client: Client) -> None:
    [(deals, credited)] = rows(client, "SELECT sum(deals), sum(credited_deals) FROM program_funnel")
    assert deals == len(story.deals)
    assert credited == len(story.whose())


def payouts(story: RewardsStory, client: Client) -> None:
    entries = {e.payout: e for e in story.journal() if e.kind == "payout_funded"}
    found = rows(
        client,
        "SELECT payout, status, run, approved_by, amount, gross, withheld, fees FROM payouts "
        "ORDER BY payout",
    )
    assert [tuple(row[:4]) for row in found] == [
        ("po-gbp", "failed", "", ""),
        ("po-none", "canceled", "", ""),
        ("po-points", "funded", "", ""),
        ("run-ann", "settled", "run-1", "chief"),
        ("run-bea", "returned", "run-1", "chief"),
        ("run-cem", "funded", "run-1", "chief"),
    ]
    for payout, _, _, _, *figures in found:
        moved: Counter[str] = Counter()
        for leg in entries[payout].legs if payout in entries else ():
            moved[leg.account] += leg.amount
        assert figures == [
            moved["in_transit"],
            -moved["payable"],
            moved["withholding"],
            moved["fees"],
        ], payout
    set_aside = {row[0]: row[4] for row in found}
    runs = rows(
        client, "SELECT run, program, unit, payouts, settled, unpaid, amount FROM payout_runs"
    )
    total = sum(set_aside[f"run-{partner}"] for partner in ("ann", "bea", "cem"))
    assert runs == [("run-1", "acme", "EUR", 3, 1, 1, total)]
    assert total > 0


def agreed(client: Client) -> None:
    query = "SELECT program, version, title, terms, published_by FROM agreements"
    assert rows(client, query) == [("early", 1, "Agreement", 1, "boss")]
    query = "SELECT program, partner, version, person FROM acceptances"
    assert rows(client, query) == [("early", "eve", 1, "Eve Doe")]
    query = (
        "SELECT registration, partner, customer, kind, status, title, amount, currency, reason, "
        "isNull(approved) FROM registrations ORDER BY 1"
    )
    assert rows(client, query) == [
        ("reg-1", "eve", "known", "deal", "approved", "Tender", 7_000, "EUR", "", 0),
        ("reg-2", "eve", "other", "lead", "rejected", "", 0, "", "ours already", 1),
    ]


def reviews(story: RewardsStory, client: Client) -> None:
    decided: list[Any] = []
    for decision in story.world.decisions:
        if decision.name.startswith("commission."):
            fact: Any = decision.fact()
            step = decision.name.removeprefix("commission.")
            amount = getattr(fact, "amount", 0)
            decided.append((step, fact.program, fact.partner, fact.deal, fact.via, amount))
    query = "SELECT step, program, partner, deal, via, amount FROM reviews ORDER BY number"
    assert rows(client, query) == decided
    assert any(row[4] for row in decided)


def rates(story: RewardsStory, client: Client) -> None:
    said = []
    for decision in story.world.decisions:
        fact: Any = decision.fact()
        if decision.name == "rates.set":
            said += [
                (fact.source, fact.date, fact.base, currency, rate)
                for currency, rate in sorted(fact.rates.items())
            ]
    query = (
        "SELECT source, toString(date), from_currency, to_currency, rate FROM exchange_rates "
        "ORDER BY number, to_currency"
    )
    assert rows(client, query) == said
    pinned = {rate.rate for entry in story.journal() for rate in entry.rates}
    assert pinned
    assert pinned <= {row[4] for row in said}


def invoices(story: RewardsStory, client: Client) -> None:
    """What was billed is what the journal's legs cost the program up to the cut."""
    found = rows(client, "SELECT invoice, number, unit, amount, entries, sha256 FROM invoices")
    billed = {unit: amount for _, _, unit, amount, _, _ in found}
    assert billed == story.invoice.totals
    assert {row[5] for row in found} == {story.invoice.sha256}
    [(commissions, points)] = rows(
        client,
        "SELECT -sumIf(amount, unit = 'EUR'), -sumIf(amount, unit != 'EUR') FROM journal_legs "
        "WHERE program = 'acme' AND account = 'commissions'",
    )
    assert billed["EUR"] == commissions
    assert billed[POINTS] == points
    assert count(client, "payout_runs") == 1
