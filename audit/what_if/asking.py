"""The two rounds of a what-if, whoever runs them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from msgspec import Struct

from audit.decided import read_decisions
from audit.log import Log
from audit.read import Progress
from audit.what_if.answer import WhatIf
from audit.what_if.attributing import Attributed, Outcome, attribute_both_ways
from audit.what_if.booking import BothWays, Watch, book_both_ways
from audit.what_if.changes import Changes
from audit.what_if.compare import Compared
from audit.what_if.question import Question
from audit.what_if.report import report
from events import topics


class Rounds(Struct):
    """The two rounds, as functions of all partitions: run one after another or in parallel."""

    attributions: Callable[[dict[int, int]], Iterator[Attributed]]
    """(partition → offset to read to) → what each partition gives"""
    journal: Callable[[dict[int, list[Changes]], int], Iterator[BothWays]]
    """(partition → changes from all attributions, offset in decisions to read to) → the same"""


def ask(log: Log, question: Question, rounds: Rounds) -> WhatIf:
    """Decide history both ways. Raises AuditFailed where the log is not what follows from it.

    The ledger may be running: what comes in while it is read does not count.
    """
    # Conversions before decisions, so that every conversion's `known` is among them.
    ends = log.ends(topics.CONVERSIONS)
    decisions = read_decisions(log).next_offset
    due: dict[int, list[Changes]] = {
        partition: [] for partition in range(log.partitions(topics.INSTRUCTIONS))
    }
    actual: Counter[Outcome] = Counter()
    other: Counter[Outcome] = Counter()
    conversions = records = instructions = 0
    for found in rounds.attributions(ends):
        conversions += found.conversions
        records += found.records
        actual.update(found.actual)
        other.update(found.other)
        for target, changes in found.changes.items():
            due[target].append(changes)
    for all_changes in due.values():
        all_changes.sort(key=lambda one: one.partition)
    compared = Compared()
    for booked in sorted(rounds.journal(due, decisions), key=lambda one: one.partition):
        instructions += booked.instructions
        records += booked.records
        compared.add(booked.compared, question.top)
    return report(question, compared, actual, other, conversions, instructions, records)


def rounds_here(
    log: Log,
    question: Question,
    patience: float,
    progress: Progress = lambda records: None,
    watch: Watch = lambda instruction, entry: None,
) -> Rounds:
    """One partition after another, in this process. `watch`: see `booking`."""
    decided = read_decisions(log)

    def attributions(ends: dict[int, int]) -> Iterator[Attributed]:
        decided.read_on()
        for partition, end in ends.items():
            yield attribute_both_ways(log, decided, question, partition, end, patience, progress)

    def journal(due: dict[int, list[Changes]], decisions: int) -> Iterator[BothWays]:
        for partition, changes in due.items():
            yield book_both_ways(
                log, decided, question, partition, changes, decisions, patience, progress, watch
            )

    return Rounds(attributions, journal)
