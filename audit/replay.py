"""The whole ledger decided again, from the first record to the last.

Two rounds over the partitions, each in parallel:

1. conversions → attributions: decided again and compared; what each must have routed to
   the accounts is summed up, stream by stream (`prove_attributions`);
2. instructions → journal: what was routed is summed up and held against round one, then
   booked again and compared (`prove_journal`).

Then every click that earns is looked up in the log, and what payouts were told is held
against the journal. The ledger may be running: what comes
in while it is read is left for the next replay.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from msgspec import Struct

from audit.approvals import false_approvals
from audit.clicks import find_clicks
from audit.contests import prove_contests
from audit.decided import Decided, read_decisions
from audit.difference import AuditFailed, Difference
from audit.log import Log
from audit.outcomes import Answer, false_tellings
from audit.prove_attributions import ProvedAttributions, routed_again
from audit.prove_journal import ProvedJournal, relayed_records
from audit.read import Read
from audit.relayed import Due, ReadTo, Routed, Stream, Sums, Totals, first_difference
from events import topics
from events.attributions import Touch
from projections.routing import route_decision

DECISIONS = f"{topics.DECISIONS}/0"


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
    journal: Callable[[Due], Iterator[ProvedJournal]]
    """what must have been relayed → a proof for each partition"""


def replay(log: Log, rounds: Rounds) -> ReplayReport:
    """Decide the whole ledger again. Never raises for a difference: it is in the report."""
    began = time.monotonic()
    # Downstream first, so that what is read upstream gives all of it; conversions before
    # decisions, so that every conversion's `known` is among them.
    instruction_ends = log.ends(topics.INSTRUCTIONS)
    ends = log.ends(topics.CONVERSIONS)
    decided = read_decisions(log)
    read = Read(
        records=decided.records,
        repeats=decided.lost,
        unreadable=decided.unreadable,
        differences=list(decided.differences),
    )

    routed: Totals = {}
    touches: dict[Touch, str] = {}
    read_to = {DECISIONS: ReadTo(decided.next_offset, len(decided.decisions))}
    for proof in rounds.attributions(ends):
        read.add(proof.read)
        routed.update(proof.routed)
        touches.update(proof.touches)
        if proof.read_to is not None:
            read_to[f"{topics.ATTRIBUTIONS}/{proof.partition}"] = proof.read_to
    routed.update(_routed_decisions(log, decided))

    relayed: Totals = {}
    entries = instructions = 0
    trial: dict[str, dict[str, int]] = {}
    answers: dict[str, Answer] = {}
    for booked in rounds.journal(Due(routed, read_to, instruction_ends)):
        read.add(booked.read)
        relayed.update(booked.relayed)
        entries += booked.entries
        instructions += booked.instructions
        add_accounts(trial, booked.trial_balance)
        answers.update(booked.answers)

    if not read.differences:
        read.differences += _relay_differences(log, decided, routed, relayed, read_to)
    if not read.differences:
        read.differences += false_tellings(decided.decisions, answers)
        read.differences += false_approvals(decided.decisions)
        read.differences += prove_contests(log, decided, lambda records: None)
    clicks = 0
    try:
        for _ in find_clicks(log, touches):
            clicks += 1
    except AuditFailed as failed:
        read.differences.append(failed.difference)
    read.differences += [
        Difference("unbalanced", topics.JOURNAL, f"the legs in {unit} sum to {total}")
        for unit, total in ((u, sum(accounts.values())) for u, accounts in trial.items())
        if total
    ]
    seconds = time.monotonic() - began
    return ReplayReport(
        verified=not read.differences,
        differences=read.differences,
        records=read.records,
        conversions=sum(ends.values()),
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


def add_accounts(total: dict[str, dict[str, int]], more: dict[str, dict[str, int]]) -> None:
    """Add the sums of `more` to `total`, both unit → account → minor units."""
    for unit, accounts in more.items():
        held = total.setdefault(unit, {})
        for account, amount in accounts.items():
            held[account] = held.get(account, 0) + amount


def _routed_decisions(log: Log, decided: Decided) -> Totals:
    sums = Sums()
    for stream, value in _decision_instructions(log, decided):
        sums.add(stream, value)
    return sums.totals()


def _decision_instructions(log: Log, decided: Decided) -> Iterator[tuple[Stream, bytes]]:
    routed = Routed(DECISIONS, log.partitions(topics.INSTRUCTIONS))
    for decision in decided.decisions:
        yield from routed.number(route_decision(decision))


def _relay_differences(
    log: Log,
    decided: Decided,
    routed: Totals,
    relayed: Totals,
    read_to: dict[str, ReadTo],
) -> Iterator[Difference]:
    """The first difference of the first stream whose sums differ, if any does."""
    for stream in sorted(routed.keys() | relayed.keys()):
        if routed.get(stream) == relayed.get(stream):
            continue
        bound = read_to[stream.source]
        if stream.source == DECISIONS:
            again = _decision_instructions(log, decided)
        else:
            partition = int(stream.source.rpartition("/")[2])
            again = routed_again(log, decided, partition, bound.accepted)
        expected = (value for to, value in again if to == stream)
        yield first_difference(expected, relayed_records(log, stream, bound.offset), stream)
        return
