"""Killed with SIGKILL at every step of a round, the processors lose and double nothing.

Each process is started on what the one before left behind, takes new conversions, and
dies at the next step: so every start is also a recovery. Then the log is folded offline:
every conversion has its attribution exactly once, every instruction its entry, chains are
whole, balances equal.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator

import pytest

from events.settings import Settings
from tests.streams.processes import (
    SESSION_MS,
    balances_on_disk,
    delete_state,
    driver,
    wait_verified,
)
from tests.streams.scenes import append, conversions, found

pytestmark = pytest.mark.broker

PROCESSORS = ("attribution", "relay", "posting")
STEPS = ("polled", "decided", "produced", "flushed", "checked", "saved", "committed")
EACH = 150
"""Conversions that come between two deaths."""


def deaths(*steps: str) -> Iterator[str]:
    for processor in PROCESSORS:
        for step in steps:
            yield f"{processor}:{step}"


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        # What stands in the log and on disk is the same after `polled` as after `committed`,
        # and after `checked` as after `flushed`.
        ("kept", ("decided", "produced", "flushed", "saved")),
        ("deleted", ("flushed", "saved")),
        pytest.param("kept", STEPS, marks=pytest.mark.soak),
        pytest.param("deleted", STEPS, marks=pytest.mark.soak),
    ],
)
def test_killed_at_every_step(ledger: Settings, state: str, steps: tuple[str, ...]) -> None:
    known = found(ledger.broker)
    written = 0
    for where in deaths(*steps):
        written += append(ledger.broker, conversions(EACH, known, first=written))
        process = driver(ledger, die_at=where)
        assert process.process.wait(60) == -signal.SIGKILL, f"{where}: {process.said()[-2_000:]}"
        if state == "deleted":
            delete_state(ledger)
    # What only the last one can have done, so that it is surely at work when it is ended.
    written += append(ledger.broker, conversions(EACH, known, first=written))
    last = driver(ledger)
    whole = wait_verified(ledger.broker, last)
    assert last.end() == 0
    assert whole.conversions == written
    assert balances_on_disk(ledger) == whole.balances
    assert whole.kinds["commission"] and whole.kinds["clawback"]


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_killed_at_random_for_long(ledger: Settings) -> None:
    known = found(ledger.broker)
    chance = random.Random(7)
    written = 0
    for _ in range(150):
        written += append(ledger.broker, conversions(chance.randrange(3_000), known, first=written))
        where = chance.choice(list(deaths(*STEPS)))
        process = driver(ledger, die_at=f"{where}:{chance.randrange(1, 4)}")
        try:
            process.process.wait(chance.random() * 4)
        except Exception:
            process.end(signal.SIGKILL)
        if chance.random() < 0.3:
            delete_state(ledger)
    written += append(ledger.broker, conversions(EACH, known, first=written))
    last = driver(ledger)
    whole = wait_verified(ledger.broker, last, 300)
    assert last.end() == 0
    assert whole.conversions == written


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_two_are_stopped_beyond_their_session_and_killed_for_long(ledger: Settings) -> None:
    """Whoever was stopped is replaced, and goes on with what it held when it is continued."""
    known = found(ledger.broker)
    chance = random.Random(11)
    written = 0
    pair = [driver(ledger), driver(ledger)]
    for _ in range(24):
        written += append(ledger.broker, conversions(chance.randrange(8_000), known, first=written))
        time.sleep(chance.random())
        turn = chance.randrange(2)
        if chance.random() < 0.7:
            pair[turn].send(signal.SIGSTOP)
            written += append(
                ledger.broker, conversions(chance.randrange(8_000), known, first=written)
            )
            time.sleep(SESSION_MS / 1000 + 2 * chance.random())
            pair[turn].send(signal.SIGCONT)
        else:
            assert pair[turn].end(signal.SIGKILL) == -signal.SIGKILL
            pair[turn] = driver(ledger)
        time.sleep(2 * chance.random())
    whole = wait_verified(ledger.broker, pair[0], 300)
    assert [one.end() for one in pair] == [0, 0]
    assert whole.conversions == written
    print(f"{written} conversions, repeats {dict(whole.repeats)}")
