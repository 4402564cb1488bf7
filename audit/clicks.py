"""Clicks as evidence: a click that earns must be in the log, and be what is said of it."""

from __future__ import annotations

from collections.abc import Iterator

from audit.difference import AuditFailed, Difference
from audit.log import Log
from events import topics
from events.attributions import Touch
from events.click_token import MAX_FUTURE_MS, BadToken, ClickKeys
from events.clicks import Click
from events.codec import UnreadableRecord, decode_record
from events.partitioning import partition_of
from events.position import Record

LOOKED_UP = 20
"""So many clicks of a partition are looked up by their times; for more it is read once."""
WRITTEN_WITHIN_MS = 15 * 60 * 1000
"""How long after its time a click's record is looked for: a click is written at once. One
that was imported later is found by reading its partition from the beginning."""

Wanted = dict[str, list[tuple[Touch, str]]]
"""Click id → what was taken from it, and the position of the attribution that did."""


class CitedClicks:
    """What attributions took from clicks, until each is found in the log."""

    def __init__(self, keys: ClickKeys | None) -> None:
        self._keys = keys
        self.touches: dict[Touch, str] = {}
        """What was taken → position of the first attribution that cites it. Two that say
        different things of one click are two here, and the log can bear out only one."""

    def cite(self, touch: Touch, position: str) -> None:
        """Note what the attribution at `position` took; raises AuditFailed for a forged token."""
        if touch in self.touches:
            return
        if self._keys is not None:
            check_signature(self._keys, touch, position)
        self.touches[touch] = position


def check_signature(keys: ClickKeys, touch: Touch, position: str) -> None:
    """Raises AuditFailed when the token was not made by this ledger's gateway."""
    try:
        token = keys.verify(touch.click_id)
    except BadToken as problem:
        raise AuditFailed(
            Difference("click", position, f"cites click {touch.click_id!r}: {problem}")
        ) from problem
    if token.link != touch.link or token.clicked_at != touch.clicked_at or token.invalid:
        raise AuditFailed(
            Difference(
                "click",
                position,
                f"says link {touch.link} at {touch.clicked_at}; the signed token says "
                f"link {token.link} at {token.clicked_at}"
                + (", a click that does not count" if token.invalid else ""),
            )
        )


def find_clicks(log: Log, cited: dict[Touch, str]) -> Iterator[tuple[str, Record]]:
    """(click id, its first record) for each one cited; raises AuditFailed for one that is
    not in the log, does not count, or belongs to another partner."""
    by_partition: dict[int, Wanted] = {}
    partitions = log.partitions(topics.CLICKS)
    for touch, position in cited.items():
        wanted = by_partition.setdefault(partition_of(touch.link, partitions), {})
        wanted.setdefault(touch.click_id, []).append((touch, position))
    for partition, wanted in sorted(by_partition.items()):
        if len(wanted) <= LOOKED_UP:
            yield from _looked_up(log, partition, wanted)
        if wanted:
            yield from _met(log.read(topics.CLICKS, partition), wanted)
        for click_id, [(_, position), *_] in sorted(wanted.items()):
            raise AuditFailed(
                Difference(
                    "click",
                    position,
                    f"cites click {click_id!r}, which is not in the log (clicks/{partition})",
                )
            )


def _looked_up(log: Log, partition: int, wanted: Wanted) -> Iterator[tuple[str, Record]]:
    """Those that stand near their own time; what stands elsewhere stays in `wanted`."""
    for click_id, [(touch, _), *_] in list(wanted.items()):
        start = log.offset_at(topics.CLICKS, partition, touch.clicked_at - MAX_FUTURE_MS)
        end = log.offset_at(topics.CLICKS, partition, touch.clicked_at + WRITTEN_WITHIN_MS)
        one = {click_id: wanted[click_id]}
        yield from _met(log.read(topics.CLICKS, partition, start, end), one)
        if not one:
            del wanted[click_id]


def _met(records: Iterator[Record], wanted: Wanted) -> Iterator[tuple[str, Record]]:
    """Those of `wanted` that are among `records`, taken from it; reads no further than needed."""
    for record in records:
        try:
            click: Click = decode_record(record)
        except UnreadableRecord:
            continue
        touches = wanted.pop(click.click_id, None)
        if touches is None:
            continue
        for touch, position in touches:
            _compare(click, record, touch, position)
        yield click.click_id, record
        if not wanted:
            return


def check_click(record: Record, touch: Touch, position: str) -> None:
    """The record of a click is what the attribution at `position` took of it; raises
    AuditFailed."""
    click: Click = decode_record(record)
    if click.click_id != touch.click_id:
        detail = f"cites click {touch.click_id!r}; {record.position} is another"
        raise AuditFailed(Difference("click", position, detail))
    _compare(click, record, touch, position)


def _compare(click: Click, record: Record, touch: Touch, position: str) -> None:
    problem = ""
    if click.invalid:
        problem = f"does not count ({', '.join(click.invalid)})"
    elif click.link != touch.link or click.partner != touch.partner:
        problem = f"is of link {click.link}, partner {click.partner}"
    elif click.occurred_at != touch.clicked_at:
        problem = f"happened at {click.occurred_at}, not {touch.clicked_at}"
    elif record.key != click.link.encode():
        problem = f"stands under the Kafka key {record.key!r}, not its link's"
    if problem:
        raise AuditFailed(
            Difference("click", position, f"cites click {record.position}, which {problem}")
        )
