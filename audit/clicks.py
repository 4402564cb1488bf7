"""Clicks as evidence: a click that earns must be in the log, and be what is said of it."""

from __future__ import annotations

from collections.abc import Iterator

from audit.difference import AuditFailed, Difference
from audit.log import Log
from events import topics
from events.attributions import Touch
from events.click_token import BadToken, ClickKeys
from events.clicks import Click
from events.codec import UnreadableRecord, decode_record
from events.partitioning import partition_of
from events.position import Record


class CitedClicks:
    """What attributions took from clicks, until each is found in the log."""

    def __init__(self, keys: ClickKeys | None) -> None:
        self._keys = keys
        self.touches: dict[Touch, str] = {}
        """What was taken → position of the first attribution that cites it. Two that say
        different things of one click are two here, and the log can bear out only one."""

    def cite(self, touch: Touch, position: str) -> None:
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
    by_partition: dict[int, dict[str, list[tuple[Touch, str]]]] = {}
    partitions = log.partitions(topics.CLICKS)
    for touch, position in cited.items():
        wanted = by_partition.setdefault(partition_of(touch.link, partitions), {})
        wanted.setdefault(touch.click_id, []).append((touch, position))
    for partition, wanted in sorted(by_partition.items()):
        for record in log.read(topics.CLICKS, partition):
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
                break
        for click_id, [(_, position), *_] in sorted(wanted.items()):
            raise AuditFailed(
                Difference(
                    "click",
                    position,
                    f"cites click {click_id!r}, which is not in the log (clicks/{partition})",
                )
            )


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
