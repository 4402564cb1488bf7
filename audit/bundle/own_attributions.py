"""The partner's attributions decided again from its customers' conversions, as far as shown.

attributions ← conversions
             ↖ clicks
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from audit.bundle.contents import Contents
from audit.bundle.format import Line, Shown, Withheld
from audit.bundle.steps import Steps
from audit.clicks import check_click
from audit.decided import Decided
from audit.difference import AuditFailed, Difference, altered, foreign, text, wrong_key
from audit.refold_attributions import refold_attributions
from events import topics
from events.attributions import Attribution
from events.clicks import Click
from events.codec import UnreadableRecord, decode_record, encode
from events.position import Record

WITHHELD_CONVERSION = "its conversion is withheld"


def attributions_again(
    contents: Contents, decided: Decided, steps: Steps
) -> dict[str, tuple[Record, Attribution]]:
    """Position → each attribution that is shown, held against its customer's conversions."""
    written = _Attributions(contents.lines[topics.ATTRIBUTIONS], steps)
    by_customer: dict[bytes | None, list[Record]] = {}
    hidden: set[str] = set()
    for line in contents.lines[topics.CONVERSIONS]:
        if isinstance(line, Withheld):
            hidden.add(line.position)
        else:
            by_customer.setdefault(line.record.key, []).append(line.record)
    partitions = contents.partitions[topics.CONVERSIONS]
    for conversions in by_customer.values():
        for _ in refold_attributions(iter(conversions), written, decided, partitions):
            pass
    for record, said in written.left():
        if said.source not in hidden:
            detail = f"cites {said.source}, which is not in the bundle: a record without an input"
            raise AuditFailed(foreign(record, detail))
        steps.rest("attribution", str(record.position), WITHHELD_CONVERSION)
    return written.said


def clicks_again(
    contents: Contents, steps: Steps, attributions: dict[str, tuple[Record, Attribution]]
) -> dict[str, str]:
    """Click id → position of its record: every click that an attribution counts."""
    records: dict[str, Record] = {}
    for line in contents.lines[topics.CLICKS]:
        if isinstance(line, Shown):
            click: Click = decoded(line.record)
            records.setdefault(click.click_id, line.record)
    found: dict[str, str] = {}
    for position, (_, said) in attributions.items():
        touch = said.touch
        if touch is None or steps.declared("click", position):
            continue
        record = records.get(touch.click_id)
        if record is None:
            detail = f"cites click {touch.click_id!r}, which is not in the bundle"
            steps.differs("click", position, Difference("click", position, detail))
            continue
        check_click(record, touch, position)
        steps.decided("click")
        found[touch.click_id] = str(record.position)
    return found


def decoded(record: Record) -> Any:
    """What a record of a bundle says; raises AuditFailed for one that cannot be read."""
    try:
        return decode_record(record)
    except UnreadableRecord as problem:
        detail = f"cannot be read: {problem.why}"
        raise AuditFailed(Difference("altered", str(record.position), detail)) from problem


class _Attributions:
    """The attributions that are shown, as `refold_attributions` asks for them."""

    def __init__(self, lines: list[Line], steps: Steps) -> None:
        self._steps = steps
        self.said: dict[str, tuple[Record, Attribution]] = {}
        self._by_source: dict[str, str] = {}
        """Position of a conversion → that of its attribution."""
        for line in lines:
            if isinstance(line, Shown):
                said: Attribution = decoded(line.record)
                self.said[line.position] = (line.record, said)
                if self._by_source.setdefault(said.source, line.position) != line.position:
                    detail = f"repeats {self._by_source[said.source]}: a record without an input"
                    raise AuditFailed(foreign(line.record, detail))

    def left(self) -> Iterator[tuple[Record, Attribution]]:
        """Those that no conversion asked for."""
        return (self.said[position] for position in self._by_source.values())

    def next(
        self,
        expected: bytes,
        n: int,
        source: str,
        key: bytes,
        otherwise: Callable[[Record], bool] = lambda record: False,
    ) -> Record:
        """The attribution of the conversion at `source`, or what stands for one that is not
        shown."""
        position = self._by_source.pop(source, "")
        if not position:
            self._not_shown(expected, source)
            unknown = Attribution(n, source, 0, "unreadable", "withheld")
            partition = int(source.rsplit("/", 2)[1])
            value = expected or encode(unknown)
            return Record(topics.ATTRIBUTIONS, partition, -1, 0, key, value)
        record, said = self.said[position]
        if said.n != n:
            raise AuditFailed(altered(record, expected, f"made from {source}"))
        if record.key != key:
            raise AuditFailed(wrong_key(record, key))
        if self._steps.declared("attribution", position):
            return record
        if record.value != expected and not otherwise(record):
            difference = altered(record, expected, f"made from {source}")
            self._steps.differs("attribution", position, difference)
            return record
        self._steps.decided("attribution")
        return record

    def _not_shown(self, expected: bytes, source: str) -> None:
        if not self._steps.declared("attribution", source):
            detail = "its attribution is not in the bundle: removed"
            difference = Difference("missing", source, detail, expected=text(expected))
            self._steps.differs("attribution", source, difference)
