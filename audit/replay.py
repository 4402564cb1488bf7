"""The whole ledger decided again, from the first record to the last.

Two rounds over the partitions, each in parallel:

1. conversions → attributions: decided again and compared; what each must have routed to
   the accounts is summed up, stream by stream (`prove_attributions`);
2. instructions → journal: what was routed is summed up and held against round one, then
   booked again and compared (`prove_journal`).

Then every click that earns is looked up in the log, what payouts were told is held against the
journal, and every checkpoint against the log it was signed over. The ledger may be running: what
comes in while it is read is left for the next replay.

A replay may be of one partner or one program only (`scope`), and may go on where an interrupted
one was (`kept_parts`); neither changes what is judged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from msgspec import Struct

from audit.approvals import false_approvals
from audit.checkpoints import false_checkpoints
from audit.clicks import find_clicks
from audit.contests import prove_contests
from audit.difference import AuditFailed, Difference
from audit.log import Log
from audit.outcomes import Answer, false_tellings
from audit.partner_account import nothing_elsewhere
from audit.prove_attributions import ProvedAttributions
from audit.prove_journal import ProvedJournal
from audit.read import Progress, Read, Telling
from audit.relay_walk import DECISIONS, Relay, routed_decisions
from audit.relayed import Due, ReadTo, Totals
from audit.replay_plan import ReplayPlan, plan_replay, planned_decisions
from audit.scope import Scope, decisions_within
from audit.trees import tree_names
from events import topics
from events.attributions import Touch


class ReplayReport(Struct):
    """What a replay read, and every first difference it met."""

    verified: bool
    differences: list[Difference]
    records: int
    conversions: int
    instructions: int
    entries: int
    decisions: int
    clicks_proved: int
    repeats_ignored: int
    contradictions: list[str]
    """Ignored repeats that say other than the record that counts: without effect, but odd."""
    unreadable: list[str]
    trial_balance: dict[str, dict[str, int]]
    """Unit → account → sum of its legs, minor units. Each unit's accounts sum to zero."""
    seconds: float
    records_per_second: int


class Rounds(Struct):
    """The two rounds, as functions of all partitions: run one after another or in parallel."""

    attributions: Callable[[dict[int, int]], Iterator[ProvedAttributions]]
    """(partition → offset to read to) → a proof for each partition"""
    journal: Callable[[Due, list[int]], Iterator[ProvedJournal]]
    """(what must have been relayed, partitions) → a proof for each partition"""


def replay(
    log: Log,
    rounds: Rounds,
    plan: ReplayPlan | None = None,
    progress: Progress = lambda records: None,
) -> ReplayReport:
    """Decide the ledger again, as far as `plan` goes; by default all there is as of now.

    Never raises for a difference: it is in the report. `progress` is told of records that are
    read here, outside of the rounds.
    """
    began = time.monotonic()
    plan = plan or plan_replay(log)
    scope = plan.scope
    decided, _ = planned_decisions(log, plan)
    read = Read(
        records=decided.records,
        repeats=decided.lost,
        unreadable=decided.unreadable,
        differences=list(decided.differences),
    )

    routed: Totals = {}
    touches: dict[Touch, str] = {}
    read_to = {DECISIONS: ReadTo(decided.next_offset, len(decided.decisions))}
    sound: set[str] = set()
    """Partitions in which nothing differs: what is made from them can be judged whatever is
    found elsewhere."""
    conversions = 0
    for proof in rounds.attributions(plan.conversion_ends):
        read.add(proof.read)
        conversions += proof.conversions
        routed.update(proof.routed)
        touches.update(proof.touches)
        if proof.read_to is not None and not proof.read.differences:
            sound.add(f"{topics.ATTRIBUTIONS}/{proof.partition}")
        if proof.read_to is not None:
            read_to[f"{topics.ATTRIBUTIONS}/{proof.partition}"] = proof.read_to
    routed.update(routed_decisions(log, decided, scope))

    relayed: Totals = {}
    entries = instructions = 0
    trial: dict[str, dict[str, int]] = {}
    answers: dict[str, Answer] = {}
    due = Due(routed, read_to, plan.instruction_ends)
    for booked in rounds.journal(due, scope.journals(log.partitions(topics.JOURNAL))):
        read.add(booked.read)
        if not booked.read.differences:
            sound.add(f"{topics.INSTRUCTIONS}/{booked.partition}")
        relayed.update(booked.relayed)
        entries += booked.entries
        instructions += booked.instructions
        add_accounts(trial, booked.trial_balance)
        answers.update(booked.answers)

    relay = Relay(log, plan, decided, read_to)
    if not read.differences:
        read.differences += relay.differences(routed, relayed)
    else:
        read.differences = [relay.before(one, routed) or one for one in read.differences]
        read.differences += relay.differences(routed, relayed, sound)
    own = decisions_within(scope, decided.decisions)
    # From decisions alone, so it follows from nothing that differs elsewhere.
    approvals = list(false_approvals(own))
    if not read.differences:
        read.differences += false_tellings(own, answers)
        programs = None if not scope.program else [scope.program]
        read.differences += prove_contests(log, decided, progress, programs)
    read.differences += approvals
    clicks = 0
    try:
        for _ in find_clicks(Telling(log, progress), touches):
            clicks += 1
        if scope.partner:
            nothing_elsewhere(log, frozenset([scope.partner]), progress)
    except AuditFailed as failed:
        read.differences.append(failed.difference)
    read.differences += [
        Difference("unbalanced", topics.JOURNAL, f"the legs in {unit} sum to {total}")
        for unit, total in ((u, sum(accounts.values())) for u, accounts in trial.items())
        if total
    ]
    passed = [*read.as_signed, *_trees_beyond(scope, log)]
    read.differences += false_checkpoints(log, decided, progress, passed=passed)
    seconds = time.monotonic() - began
    return ReplayReport(
        verified=not read.differences,
        differences=read.differences,
        records=read.records,
        conversions=conversions,
        instructions=instructions,
        entries=entries,
        decisions=len(decided.decisions),
        clicks_proved=clicks,
        repeats_ignored=read.repeats,
        contradictions=read.contradictions,
        unreadable=read.unreadable,
        trial_balance=trial,
        seconds=round(seconds, 3),
        records_per_second=int(read.records / seconds) if seconds else 0,
    )


def _trees_beyond(scope: Scope, log: Log) -> list[str]:
    """The trees of which a replay of a part of the ledger does not read all."""
    if scope.whole:
        return []
    journals = scope.journals(log.partitions(topics.JOURNAL))
    within = {DECISIONS, *(f"{topics.JOURNAL}/{partition}" for partition in journals)}
    return [name for name in tree_names(log) if name not in within]


def add_accounts(total: dict[str, dict[str, int]], more: dict[str, dict[str, int]]) -> None:
    """Add the sums of `more` to `total`, both unit → account → minor units."""
    for unit, accounts in more.items():
        held = total.setdefault(unit, {})
        for account, amount in accounts.items():
            held[account] = held.get(account, 0) + amount
