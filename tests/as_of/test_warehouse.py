"""The warehouse's views as of a moment: against the naive model, and against their siblings."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import HealthCheck, given, settings

from events import decisions as fact
from events.settings import Warehouse
from projections.warehouse import migrations
from streams.schema import connect, migrate
from tests.as_of.in_warehouse import fill
from tests.as_of.lives import engines, lived, lives, picked, picks
from tests.as_of.model import Happening, Owed, earned, happened, happenings, owed
from tests.as_of.test_fold import moments
from tests.as_of.written import told
from tests.projections.world import DAY, START
from tests.rewards.lives import Living, full_lives
from tests.rewards.schemes import schemes
from tests.warehouse.rewards_story import RewardsStory

BALANCES = (
    "SELECT partner, program, unit, payable, pending, available, in_transit, paid "
    "FROM partner_balances_as_of(as_of = {t:String}, known = {k:String})"
)
FAR = datetime(2200, 1, 1, tzinfo=UTC)
OF_THE_WAREHOUSE = {
    "unreadable_records": "records that are no part of the ledger",
    "freshness": "how far the warehouse itself has read",
    "trail": "a list of decisions by time: WHERE decided < …",
}
"""Views without a sibling, and why (docs/as-of.md says so too)."""

slow = settings(
    max_examples=settings.get_profile("ledger").max_examples // 50,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def client(warehouse_database: Warehouse) -> Client:
    return migrate(warehouse_database)


def text(ms: int) -> str:
    """A moment as ClickHouse reads a parameter of DateTime64(3, 'UTC')."""
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3]


def asked(client: Client, query: str, as_of: int, known: int) -> list[Any]:
    found = client.query(query, parameters={"t": text(as_of), "k": text(known)})
    return [tuple(row) for row in found.result_rows]


def balances(client: Client, as_of: int, known: int) -> Owed:
    """As the model says it; units in which nothing but fees or taxes were kept have no row."""
    names = ("payable", "pending", "available", "in_transit", "paid")
    return {
        row[:3]: dict(zip(names, row[3:], strict=True))
        for row in asked(client, BALANCES, as_of, known)
    }


def without_fees(found: Owed) -> Owed:
    kept = ("fees", "withholding")
    return {key: {k: v for k, v in row.items() if k not in kept} for key, row in found.items()}


@slow
@given(engines, lives, moments)
def test_balances(client: Client, engine: str, life: list[Any], times: tuple[int, int]) -> None:
    world = lived(engine, life)
    fill(client, world)
    all_ = happenings(world.journal, world.conversions)
    as_of, known = sorted(picked(all_, number) for number in times)
    for k in (as_of, known, START + 5_000 * DAY):
        assert balances(client, as_of, k) == without_fees(owed(all_, as_of, k))
        legs_add_up(client, all_, as_of, k)


def legs_add_up(client: Client, all_: list[Happening], as_of: int, known: int) -> None:
    """What the BI tool sums from the legs, the trial balance and the rules are the same."""
    moved = "journal_legs_as_of(as_of = {t:String}, known = {k:String})"
    by = asked(
        client, f"SELECT unit, account, sum(amount) FROM {moved} GROUP BY 1, 2", as_of, known
    )
    found = {(unit, account): amount for unit, account, amount in by}
    summed: Counter[tuple[str, str]] = Counter()
    for (_, _, unit), row in owed(all_, as_of, known).items():
        for account in ("payable", "in_transit", "paid", "fees", "withholding"):
            summed[unit, account] += row[account]
    for key, amount in summed.items():
        assert found.get(key, 0) == amount
    trial = "trial_balance_as_of(as_of = {t:String}, known = {k:String})"
    for unit, payable, balance in asked(
        client, f"SELECT unit, payable, balance FROM {trial}", as_of, known
    ):
        assert (payable, balance) == (summed[unit, "payable"], 0)
    late = f"SELECT count() FROM {moved} WHERE happened >= {{t:String}} OR booked >= {{k:String}}"
    assert asked(client, late, as_of, known) == [(0,)]


@pytest.mark.parametrize("engine", ["1", "2"])
def test_the_moments_of_a_told_life(client: Client, engine: str) -> None:
    """Right after anything was true, as known in the end, and right after anything was recorded,
    as known then; and what is not known yet at the very time at which it is recorded."""
    world = told(engine)
    fill(client, world)
    all_ = happenings(world.journal, world.conversions)
    recorded = sorted({one["recorded"] for one in all_})
    last, middle = recorded[-1] + 1, recorded[len(recorded) // 2]
    pairs = {(one["true"] + 1, last) for one in all_} | {(at + 1, at + 1) for at in recorded}
    agree(client, all_, pairs | {(middle, at) for at in recorded[-3:]})


@pytest.mark.soak
@pytest.mark.parametrize("engine", ["1", "2"])
def test_every_moment_of_a_told_life(client: Client, engine: str) -> None:
    """At each time at which anything was true or recorded, and right after it: as T, and as K."""
    world = told(engine)
    fill(client, world)
    all_ = happenings(world.journal, world.conversions)
    edges = sorted(
        {one[which] + more for one in all_ for which in ("true", "recorded") for more in (0, 1)}
    )
    agree(client, all_, {(t, k) for t in edges for k in edges[::3]} | {(t, t) for t in edges})


def agree(client: Client, all_: list[Happening], pairs: set[tuple[int, int]]) -> None:
    """The view's balances at each (T, K) are the model's."""
    for as_of, known in sorted(pairs):
        found = balances(client, as_of, known)
        assert found == without_fees(owed(all_, as_of, known)), (text(as_of), text(known))


@slow
@given(schemes(), full_lives, picks)
def test_any_terms(client: Client, scheme: dict[str, Any], life: list[Any], pick: int) -> None:
    world = Living(scheme)
    for operation in life:
        world.happen(operation)
    fill(client, world)
    all_ = happenings(world.journal, world.conversions)
    as_of = picked(all_, pick)
    for known in (as_of, as_of + 9 * DAY):
        assert balances(client, as_of, known) == without_fees(owed(all_, as_of, known))
        reports_add_up(client, world, all_, as_of, known)


def reports_add_up(
    client: Client, world: Living, all_: list[Happening], as_of: int, known: int
) -> None:
    """What rules gave, commissions by day, and how many conversions there were."""
    args = "(as_of = {t:String}, known = {k:String})"
    rules = (
        f"SELECT partner, program, unit, rule, earned, taken_back FROM earned_by_rule_as_of{args}"
    )
    gave = {row[:4]: row[4:] for row in asked(client, rules, as_of, known)}
    assert gave == earned(all_, as_of, known)
    days = (
        "SELECT partner, program, currency, sum(commission), max(date) "
        f"FROM partner_daily_as_of{args} GROUP BY 1, 2, 3"
    )
    summed: Counter[tuple[str, ...]] = Counter()
    for (*account, _), amounts in gave.items():
        summed[tuple(account)] += sum(amounts)
    for *account, commission, newest in asked(client, days, as_of, known):
        by_hand = corrected(all_, tuple(account), as_of)
        assert commission == summed[tuple(account)] + by_hand
        assert newest <= datetime.fromtimestamp(as_of / 1000, UTC).date()
    count = f"SELECT count() FROM conversion_outcomes_as_of{args}"
    expected = happened(world.attributions, world.conversions, as_of, known)
    assert asked(client, count, as_of, known) == [(expected,)]


def corrected(all_: list[Happening], account: tuple[str, ...], as_of: int) -> int:
    """What was adjusted by hand; the daily report counts it as commission."""
    return sum(
        leg["amount"]
        for one in all_
        if one["entry"]["kind"] == "adjustment" and one["recorded"] < as_of
        for leg in one["entry"].get("legs", ())
        if leg["account"] == "payable"
        and (one["entry"]["partner"], one["entry"]["program"]) == account[:2]
        and (leg.get("unit") or one["entry"]["unit"]) == account[2]
    )


@pytest.fixture
def story(client: Client) -> RewardsStory:
    """Everything there is, of both engines."""
    story = RewardsStory()
    story.world.decide(fact.CouponCreated("acme", "ANN10", "ann"))
    fill(client, story.world, story.clicks)
    return story


def test_every_view_has_a_sibling_that_says_the_same_of_today(
    client: Client, story: RewardsStory
) -> None:
    """As of now, known now, a sibling's rows are those of its view; nearly all have rows."""
    every = {row[0] for row in client.query("SHOW TABLES").result_rows}
    siblings = {name for name in every if name.endswith("_as_of")}
    views = {
        row[0]
        for row in client.query(
            "SELECT name FROM system.tables WHERE database = currentDatabase() "
            "AND engine = 'View' AND empty(parameterized_view_parameters)"
        ).result_rows
        if not row[0].startswith("what_if")
    }
    assert views - {name.removesuffix("_as_of") for name in siblings} == set(OF_THE_WAREHOUSE)
    empty = []
    for name in sorted(siblings):
        plain = name.removesuffix("_as_of")
        described = client.query(f"DESCRIBE TABLE {plain}").result_rows
        columns = ", ".join(f"`{row[0]}`" for row in described if not row[0].startswith("made_"))
        final = "" if plain in views else " FINAL"
        now = "(as_of = now64(3), known = now64(3))"
        expected = client.query(f"SELECT {columns} FROM {plain}{final}").result_rows
        found = client.query(f"SELECT {columns} FROM {name}{now}").result_rows
        assert sorted(map(repr, found)) == sorted(map(repr, expected)), name
        if not found:
            empty.append(name)
    assert empty == []


def test_decisions_as_they_stood(client: Client, story: RewardsStory) -> None:
    """Before the first decision nothing was there; each view then grows with what was decided."""
    first = min(one.recorded_at for one in story.world.decisions)
    last = max(one.recorded_at for one in story.world.decisions) + 1
    args = "(as_of = {t:String}, known = {k:String})"
    for name in ("programs", "partners", "links", "terms", "agreements", "registrations",
                 "acceptances", "reviews", "payouts", "payout_runs", "invoices"):  # fmt: skip
        count = f"SELECT count() FROM {name}_as_of{args}"
        assert asked(client, count, first, first) == [(0,)]
        assert asked(client, count, last, last) > [(0,)], name
    status = f"SELECT status FROM payouts_as_of{args} WHERE payout = 'run-bea'"
    steps = [one for one in story.world.decisions if b'"run-bea"' in one.state
             and one.name.startswith("payout.")]  # fmt: skip
    seen = [asked(client, status, one.recorded_at + 1, last) for one in steps]
    assert seen[-1] == [("returned",)]
    assert asked(client, status, last, steps[0].recorded_at) == [], "not known yet"


def test_terms_are_known_and_in_force(client: Client) -> None:
    """Terms that were added later, and begin earlier: known now, not known then."""
    world = lived("2", [])
    world.now += 40 * DAY
    late = world.now
    terms = world.directory.terms_versions("acme")[0].terms
    world.terms(*terms.rules, begins=START + 10 * DAY, engine="2")
    world.terms(*terms.rules, begins=START + 90 * DAY, engine="2")
    fill(client, world)
    query = (
        "SELECT version, state FROM terms_as_of(as_of = {t:String}, known = {k:String}) "
        "WHERE program = 'acme' AND partner = '' ORDER BY version"
    )
    as_of = START + 20 * DAY
    assert asked(client, query, as_of, as_of) == [(1, "in force")]
    assert asked(client, query, as_of, late + 1) == [
        (1, "replaced"), (2, "in force"), (3, "later"),
    ]  # fmt: skip
    assert asked(client, query, START + 90 * DAY, late + 1)[-1] == (3, "in force")


def test_a_view_asked_without_a_moment_says_what_is_missing(client: Client) -> None:
    with pytest.raises(Exception, match="Substitution `known` is not set"):
        client.query("SELECT * FROM partner_balances_as_of(as_of = '2026-01-01')")


def test_the_schema_names_what_a_view_takes() -> None:
    [found] = [one for one in migrations() if one.name == "as_of"]
    for statement in found.statements():
        assert "{as_of:DateTime64(3, 'UTC')}" in statement
        assert "COMMENT '" in statement


def test_another_database_can_be_connected_to(
    client: Client, warehouse_database: Warehouse
) -> None:
    """The views call each other by name: the ledger's database must be the connection's."""
    other = connect(warehouse_database)
    assert other.query(BALANCES, parameters={"t": text(START), "k": text(START)}).result_rows == []
