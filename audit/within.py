"""Round one of a replay of a part of the ledger: the attributions of some customers only.

A customer's attribution rests on the customer's own conversions, on clicks and on decisions, so
customers can be decided again one without the other. Which record is the accepted one of several
copies can be told only by all numbers of the partition; those are followed, not decided.
"""

from __future__ import annotations

from collections.abc import Iterator

from audit.decided import Decided
from audit.earned import Earned, accepted
from audit.log import Log, read_patiently
from audit.read import Progress, counted
from audit.refold_attributions import refold_attributions
from audit.scope import Scope
from audit.written import Written
from events import topics
from events.attributions import Attribution
from events.position import Record


def attributions_within(
    scope: Scope,
    log: Log,
    decided: Decided,
    partition: int,
    end: int,
    patience: float,
    progress: Progress,
) -> Iterator[tuple[Record, Attribution]]:
    """The attributions of a partner's or program's customers, from their conversions below
    offset `end` of a partition; raises AuditFailed at the first that differs."""
    if scope.partner:
        return Earned(log, decided, [scope.partner], progress).attributions(partition, end)
    return _of_program(scope.program, log, decided, partition, end, patience, progress)


def _of_program(
    program: str,
    log: Log,
    decided: Decided,
    partition: int,
    end: int,
    patience: float,
    progress: Progress,
) -> Iterator[tuple[Record, Attribution]]:
    prefix = f"{program}/".encode()
    # A conversion under a wrong key is unreadable by the ledger's rule; it is the program's all
    # the same, by what it says.
    says = b'"program":"%b"' % program.encode()
    wanted: set[int] = set()
    """Offsets of the program's conversions that were read and not yet compared."""

    def conversions() -> Iterator[Record]:
        for record in counted(log.read(topics.CONVERSIONS, partition, 0, end), progress):
            if (record.key or b"").startswith(prefix) or says in (record.value or b""):
                wanted.add(record.offset)
                yield record

    def theirs() -> Iterator[Record]:
        met = 0
        found = read_patiently(
            log, topics.ATTRIBUTIONS, partition, patience, enough=lambda: met >= end
        )
        for n, record in accepted(counted(found, progress), f"{topics.CONVERSIONS}/{partition}"):
            met = n + 1
            if n in wanted:
                wanted.discard(n)
                yield record

    written = Written(theirs(), f"{topics.CONVERSIONS}/{partition}", whole=False)
    return refold_attributions(conversions(), written, decided, log.partitions(topics.CONVERSIONS))
