"""A what-if asked of a log in memory, with every entry of the other side kept."""

from __future__ import annotations

from typing import NamedTuple

from audit.what_if.answer import WhatIf
from audit.what_if.asking import ask, rounds_here
from audit.what_if.clicks import ClickRules
from audit.what_if.question import Question
from events.instructions import Instruction
from events.journal import Entry
from projections.candidate import Candidate
from tests.audit.memory import MemoryLog

AS_THEY_WERE = ClickRules()


class Other(NamedTuple):
    """What would have been."""

    answer: WhatIf
    entries: list[tuple[Instruction, Entry]]
    """Partition by partition, in the order of the accounts."""


def what_if(
    log: MemoryLog,
    *candidates: Candidate,
    programs: tuple[str, ...] = ("acme",),
    clicks: ClickRules = AS_THEY_WERE,
    top: int = 10,
) -> Other:
    """The answer, all partitions in one thread."""
    names = frozenset([*programs, *(one.program for one in candidates)])
    question = Question(candidates, names, clicks, top)
    kept: list[tuple[Instruction, Entry]] = []

    def watch(instruction: Instruction, entry: Entry) -> None:
        kept.append((instruction, entry))

    return Other(ask(log, question, rounds_here(log, question, 0, watch=watch)), kept)
