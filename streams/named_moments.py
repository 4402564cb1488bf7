"""Moments as people name them, and as answers name where they were cut.

2026-03-01                          all that bears an earlier time (midnight, UTC)
journal/3/1842                      all before that record, in its partition
journal/3/1842@2026-03-01           the same, and the time that divides pending from available
journal/0/12,journal/3/1842         a place in each of several partitions
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from events import topics
from events.position import Position
from projections.moments import Moment, NotAMoment

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EXAMPLE = "journal/3/1842"


def moment_of(text: str) -> Moment:
    """Read what the module shows. Raises NotAMoment."""
    places, _, time = text.partition("@")
    if not places.startswith(f"{topics.JOURNAL}/"):
        return Moment(milliseconds(text))
    found: dict[int, int] = {}
    for place in places.split(","):
        try:
            position = Position.parse(place.strip())
        except ValueError as problem:
            raise NotAMoment(str(problem)) from None
        if position.topic != topics.JOURNAL:
            raise NotAMoment(f"{place.strip()!r}: expected a place in the journal, as {EXAMPLE}")
        if position.partition in found:
            raise NotAMoment(f"partition {position.partition} of the journal is named twice")
        if position.partition < 0 or position.offset < 0:
            raise NotAMoment(f"{place.strip()!r}: partition and offset are zero or more")
        found[position.partition] = position.offset
    return Moment(milliseconds(time) if time else None, found)


def milliseconds(text: str) -> int:
    """Since 1970 UTC, of an ISO 8601 date or time; UTC unless it says otherwise."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise NotAMoment(
            f"{text!r}: expected ISO 8601, as 2025-03-01 or 2025-03-01T09:30:00Z, or a place in "
            f"the journal, as {EXAMPLE}"
        ) from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return (at - EPOCH) // timedelta(milliseconds=1)


def places_text(places: Mapping[int, int], at: int | None = None) -> str:
    """The inverse of `moment_of` for places: what to ask by to get the same answer."""
    text = ",".join(
        str(Position(topics.JOURNAL, partition, offset))
        for partition, offset in sorted(places.items())
    )
    if at is None:
        return text
    return f"{text}@{(EPOCH + timedelta(milliseconds=at)).isoformat().replace('+00:00', 'Z')}"
