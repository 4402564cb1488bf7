"""Killed with SIGKILL under terms of engine 2: tallies, persons, leads, reviews and adjustments
come back as they were. At the end the journal is the offline fold's, byte for byte; the state on
disk is its state, item by item; and the audit verifies the whole.
"""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from contextlib import closing

import pytest

from aggregates.application import Decisions, open_decisions
from audit.parallel import replay_ledger
from events import topics
from events.click_token import load_keys
from events.codec import decode_record
from events.conversions import Deal
from events.first_wins import Dense, Verdict
from events.journal import Entry
from events.log import read, watermarks
from events.settings import Broker, Settings
from projections.contest import Race
from tests.streams.processes import (
    balances_on_disk,
    delete_state,
    driver,
    items_on_disk,
    wait_verified,
)
from tests.streams.reward_scenes import TERMS, decide_about, found_rewards, reward_conversions
from tests.streams.scenes import PARTNERS, PROGRAM, append
from tests.streams.test_kills import STEPS, deaths
from tests.waiting import wait_until

pytestmark = pytest.mark.broker

ALL = "attribution,relay,posting,payouts"
EACH = 60
"""Conversions that come between two deaths."""


class Life:
    """What happens between deaths."""

    def __init__(self, ledger: Settings, decisions: Decisions) -> None:
        self.ledger = ledger
        self.decisions = decisions
        self.keys = load_keys(ledger.keys)
        self.written = 0
        self._serial = 0
        self._deals: list[Deal] = []

    def goes_on(self, count: int) -> None:
        known = self.decisions.refresh()
        first, broker = self.written, self.ledger.broker
        more = list(reward_conversions(broker, self.keys, count, known, first=first))
        self.written += append(broker, more)
        self._serial += 1
        # Of this time's deals, of which none may be booked yet, and of those before.
        deals = {one.deal: one for one in more if isinstance(one, Deal)}
        decide_about(self.decisions, [*list(deals.values())[::8], *self._deals[::2]], self._serial)
        self._deals = list(deals.values())[1:]


@pytest.mark.parametrize(
    ("state", "where"),
    [
        ("kept", ("posting:produced", "attribution:flushed", "relay:flushed", "posting:saved")),
        ("deleted", ("posting:flushed", "posting:saved")),
        pytest.param("kept", tuple(deaths(*STEPS)), marks=pytest.mark.soak),
        pytest.param("deleted", tuple(deaths(*STEPS)), marks=pytest.mark.soak),
    ],
)
def test_killed_under_engine_2(ledger: Settings, state: str, where: tuple[str, ...]) -> None:
    found_rewards(ledger.broker)
    with closing(open_decisions(ledger.broker)) as decisions:
        life = Life(ledger, decisions)
        for place in where:
            life.goes_on(EACH)
            dying = driver(ledger, die_at=place)
            assert dying.process.wait(60) == -signal.SIGKILL, f"{place}: {dying.said()[-2_000:]}"
            if state == "deleted":
                delete_state(ledger)
        ends_well(life)


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_killed_at_random_under_engine_2(ledger: Settings) -> None:
    found_rewards(ledger.broker)
    chance = random.Random(13)
    with closing(open_decisions(ledger.broker)) as decisions:
        life = Life(ledger, decisions)
        for _ in range(60):
            life.goes_on(chance.randrange(10, 800))
            where = chance.choice(list(deaths(*STEPS)))
            dying = driver(ledger, die_at=f"{where}:{chance.randrange(1, 4)}")
            try:
                dying.process.wait(chance.random() * 4)
            except Exception:
                dying.end(signal.SIGKILL)
            if chance.random() < 0.3:
                delete_state(ledger)
        ends_well(life)


def ends_well(life: Life) -> None:
    """Paid, returned, raced; then everything is as the folds say."""
    ledger, decisions = life.ledger, life.decisions
    last = driver(ledger, ALL)
    wait_verified(ledger.broker, last, 300)
    review_what_is_booked(ledger.broker, decisions)
    winners = close_race(ledger.broker, decisions)
    for partner in PARTNERS:
        decisions.request_payout(f"last-{partner}", partner, PROGRAM, "EUR", 0, by="ann")
        decisions.approve_payout(f"last-{partner}", by="bea")
    ids = [f"last-{partner}" for partner in PARTNERS]
    wait_until(lambda: not any(is_status(decisions, one, "requested") for one in ids), "answers")
    paid = [one for one in ids if is_status(decisions, one, "funded")]
    assert len(paid) > 1
    for payout in paid:
        decisions.send_payout(payout, "bank-1")
        decisions.settle_payout(payout, "bank-1")
    for payout in paid[::2]:
        decisions.return_payout(payout, "account closed", by="ann")
    whole = wait_verified(ledger.broker, last, 300)
    assert last.end() == 0
    assert whole.conversions == life.written
    assert winners
    wanted = {"commission", "clawback", "held", "released", "rejected", "adjusted", "adjustment"}
    wanted |= {"payment_received", "award", "payout_settled", "payout_returned"}
    assert wanted <= set(whole.kinds), whole.kinds
    assert balances_on_disk(ledger) == whole.balances
    assert items_on_disk(ledger) == whole.items
    kinds = {key.partition("/")[0] for _, key in whole.items}
    assert kinds >= {"tally", "person", "lead", "deal", "override", "adjustment", "payout"}
    report = replay_ledger(ledger.broker, life.keys, processes=2)
    assert report.differences == []
    assert report.verified
    assert all(not sum(accounts.values()) for accounts in report.trial_balance.values())
    assert set(report.trial_balance) >= {"EUR", "GBP", f"{PROGRAM}:points"}


def is_status(decisions: Decisions, payout: str, status: str) -> bool:
    return decisions.payout(payout).status == status


def journal_ends(broker: Broker) -> dict[int, int]:
    return {partition: end for partition, (_, end) in watermarks(broker, topics.JOURNAL).items()}


def entries(broker: Broker, ends: dict[int, int]) -> Iterator[Entry]:
    """The journal as every reader accepts it, up to `ends`."""
    for partition, end in ends.items():
        dense = Dense()
        for record in read(broker, topics.JOURNAL, partition, 0, end):
            entry = decode_record(record)
            if dense.judge(entry.source, entry.n) is Verdict.ACCEPTED:
                yield entry


def review_what_is_booked(broker: Broker, decisions: Decisions) -> None:
    """Whatever the reviews between the deaths met: each step, of commissions that nothing else
    happened to."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for entry in entries(broker, journal_ends(broker)):
        if entry.deal and not entry.via:
            what = "held" if entry.hold else entry.kind
            kinds.setdefault((entry.partner, entry.deal), []).append(what)
    alone = [of for of, found in kinds.items() if found == ["commission"]][:4]
    assert len(alone) == 4
    for step, (partner, deal) in enumerate(alone):
        of = (PROGRAM, partner, deal)
        if step < 2:
            decisions.hold_commission(*of, reason="odd", by="ann")
        if step == 1:
            decisions.release_commission(*of, reason="fine", by="ann")
        if step == 2:
            decisions.reject_commission(*of, reason="fraud", by="ann")
        if step == 3:
            decisions.adjust_commission(PROGRAM, partner, 33, deal, reason="more", by="ann")


def close_race(broker: Broker, decisions: Decisions) -> int:
    """Close the contest at the journal's end as of now; how many won."""
    race = Race(PROGRAM, TERMS["contests"][0])
    ends = journal_ends(broker)
    for entry in entries(broker, ends):
        race.take(entry)
    positions = {str(partition): end for partition, end in ends.items()}
    winners = race.winners("EUR")
    assert {winner.partner for winner in winners} <= set(PARTNERS)
    decisions.close_contest(PROGRAM, "race", 1, positions, winners, "ann")
    return len(winners)
