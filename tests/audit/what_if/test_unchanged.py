"""With unchanged terms nothing would have been otherwise: entry for entry, byte for byte."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from events import topics
from events.codec import decode_record, encode
from events.first_wins import Dense, Verdict
from tests.audit.memory import MemoryLedger, MemoryLog
from tests.audit.test_honest_histories import History, operations, restarts
from tests.audit.test_honest_rewards import RewardedHistory
from tests.audit.test_honest_rewards import operations as reward_operations
from tests.audit.what_if.asked import Other, what_if
from tests.audit.what_if.worlds import Recorded
from tests.hypothesis_profile import EXAMPLES
from tests.rewards.lives import full_lives
from tests.rewards.schemes import schemes

FEW = 75

noises = st.one_of(st.none(), st.integers(0, 2**32))


def journal(log: MemoryLog) -> dict[str, list[bytes]]:
    """The accepted entries of each partner, as they stand."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for (topic, _), records in log.records.items():
        dense = Dense()
        for record in records if topic == topics.JOURNAL else ():
            entry = decode_record(record)
            if dense.judge(entry.source, entry.n) is Verdict.ACCEPTED:
                found[entry.partner].append(record.value or b"")
    return found


def nothing_is_other(log: MemoryLog, other: Other) -> None:
    would: dict[str, list[bytes]] = defaultdict(list)
    for _, entry in other.entries:
        would[entry.partner].append(encode(entry))
    assert would == journal(log)
    answer = other.answer
    assert answer.moves == [] and answer.moved == 0
    assert answer.payouts == [] and answer.reviews == []
    assert all(one.difference == 0 for one in (*answer.totals, *answer.partners, *answer.rules))
    assert all(one.actual == one.what_if for one in answer.conversions_by_outcome)
    assert all(one.actual == one.what_if for one in answer.effects)


@given(st.lists(operations, min_size=5, max_size=40), noises, st.booleans())
def test_engine_1(life: list[Any], seed: int | None, hasty: bool) -> None:
    ledger = MemoryLedger(list if seed is None else restarts(seed), hasty=hasty)
    history = History(ledger)
    for operation in life:
        history.happen(*operation)
    ledger.process()
    nothing_is_other(ledger.log, what_if(ledger.log))


@settings(max_examples=EXAMPLES or FEW)
@given(st.lists(reward_operations, min_size=20, max_size=60), noises, st.booleans())
def test_engine_2(life: list[Any], seed: int | None, hasty: bool) -> None:
    ledger = MemoryLedger(list if seed is None else restarts(seed), hasty=hasty)
    history = RewardedHistory(ledger)
    for operation in life:
        history.happen(*operation)
    ledger.process()
    nothing_is_other(ledger.log, what_if(ledger.log))


@given(schemes(), full_lives, noises)
def test_any_terms(scheme: Any, life: list[Any], lag: int | None) -> None:
    world = Recorded(scheme, lag)
    for operation in life:
        world.happen(operation)
    log = world.log()
    nothing_is_other(log, what_if(log))
