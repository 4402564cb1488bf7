"""Round one of a replay: a partition of `conversions` attributed and routed again."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from audit.checkpoints import TreeCheck
from audit.clicks import CitedClicks
from audit.decided import Decided
from audit.difference import AuditFailed
from audit.log import Log, read_patiently
from audit.read import Progress, Read, counted
from audit.refold_attributions import refold_attributions
from audit.relayed import ReadTo, Routed, Stream, Sums, Totals
from audit.scope import WHOLE, Scope
from audit.within import attributions_within
from audit.written import Inputs, Written
from events import topics
from events.attributions import Attribution, Touch
from events.click_token import ClickKeys
from events.position import Record
from projections.routing import route_attribution


class ProvedAttributions(Struct):
    """What round one learned of a partition of `conversions`."""

    read: Read
    routed: Totals
    """What this partition must have put into each partition of `instructions`."""
    touches: dict[Touch, str]
    """The clicks it rests on → position of the first attribution that cites each."""
    read_to: ReadTo | None
    """How far `attributions` was read; None when it was not proved to its end."""
    partition: int
    conversions: int
    """How many were decided again; of the whole ledger, those below the offset asked for."""


def prove_attributions(
    log: Log,
    decided: Decided,
    partition: int,
    end: int,
    keys: ClickKeys | None,
    patience: float,
    progress: Progress,
    scope: Scope = WHOLE,
) -> ProvedAttributions:
    """Decide the conversions of a partition below offset `end` again, and compare."""
    if not scope.whole:
        return _prove_within(scope, log, decided, partition, end, keys, patience, progress)
    read = Read()
    sums = Sums()
    cited = CitedClicks(keys)
    routed = _routed(log, partition)
    found = read_patiently(
        log, topics.ATTRIBUTIONS, partition, patience, enough=lambda: read.records >= end
    )
    stream = f"{topics.CONVERSIONS}/{partition}"
    written = Written(counted(found, progress), stream)
    tree = TreeCheck(decided, stream)
    conversions = counted(tree.facts(log.read(topics.CONVERSIONS, partition, 0, end)), progress)
    partitions = log.partitions(topics.CONVERSIONS)
    read_to: ReadTo | None = ReadTo(0, 0)
    here = f"{topics.ATTRIBUTIONS}/{partition}/"
    try:
        for record, attribution in refold_attributions(conversions, written, decided, partitions):
            read.records += 1
            offset = record.offset
            position = f"{here}{offset}"
            read_to = ReadTo(offset + 1, read.records)
            if attribution.touch is not None:
                cited.cite(attribution.touch, position)
            for to, value in routed.number(route_attribution(attribution, position)):
                sums.add(to, value)
        written.finish(end, Inputs(end, lambda: log.ends(topics.CONVERSIONS)[partition]))
        tree.read_on(log)
        read.as_signed += tree.as_signed()
    except AuditFailed as failed:
        read.differences.append(failed.difference)
        read_to = None
    read.add_written(written)
    return ProvedAttributions(read, sums.totals(), cited.touches, read_to, partition, end)


def _prove_within(
    scope: Scope,
    log: Log,
    decided: Decided,
    partition: int,
    end: int,
    keys: ClickKeys | None,
    patience: float,
    progress: Progress,
) -> ProvedAttributions:
    """As `prove_attributions`, of some customers. Counts as accepted what the partition holds."""
    read = Read()
    sums = Sums()
    cited = CitedClicks(keys)
    routed = _routed(log, partition, scope)
    read_to: ReadTo | None = ReadTo(0, end)
    conversions = 0

    def tell(records: int) -> None:
        read.records += records
        progress(records)

    try:
        for record, attribution in attributions_within(
            scope, log, decided, partition, end, patience, tell
        ):
            conversions += 1
            position = str(record.position)
            read_to = ReadTo(record.offset + 1, end)
            if attribution.touch is not None:
                cited.cite(attribution.touch, position)
            for to, value in routed.number(route_attribution(attribution, position)):
                sums.add(to, value)
    except AuditFailed as failed:
        read.differences.append(failed.difference)
        read_to = None
    return ProvedAttributions(read, sums.totals(), cited.touches, read_to, partition, conversions)


def routed_again(
    log: Log, decided: Decided, partition: int, end: int, scope: Scope = WHOLE
) -> Iterator[tuple[Stream, bytes]]:
    """The instructions a proved partition gives, once more, to find where they differ."""
    routed = _routed(log, partition, scope)
    if scope.whole:
        found = _attributions(log, decided, partition, end)
    else:
        found = attributions_within(scope, log, decided, partition, end, 0, lambda records: None)
    for record, attribution in found:
        yield from routed.number(route_attribution(attribution, str(record.position)))


def _attributions(
    log: Log, decided: Decided, partition: int, end: int
) -> Iterator[tuple[Record, Attribution]]:
    written = Written(log.read(topics.ATTRIBUTIONS, partition), f"{topics.CONVERSIONS}/{partition}")
    conversions = log.read(topics.CONVERSIONS, partition, 0, end)
    return refold_attributions(conversions, written, decided, log.partitions(topics.CONVERSIONS))


def _routed(log: Log, partition: int, scope: Scope = WHOLE) -> Routed:
    source = f"{topics.ATTRIBUTIONS}/{partition}"
    return Routed(source, log.partitions(topics.INSTRUCTIONS), scope)
