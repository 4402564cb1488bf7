"""Which clicks a what-if judges otherwise: found in the log by their reasons and their fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from audit.log import Log
from audit.read import Progress, counted
from audit.what_if.clicks import ClickRules
from events import topics
from events.clicks import INVALID_REASONS, Click
from events.codec import UnreadableRecord, decode_record

FIELDS = tuple(
    field.name
    for field in msgspec.structs.fields(Click)
    if field.type is str and field.name not in ("click_id", "program")
)
"""What a click keeps as text: by these it can be refused after the fact."""


class UnknownRule(ValueError):
    """A rule for clicks that what was kept of them cannot answer."""


def check_rules(counted_reasons: frozenset[str], refused: Mapping[str, frozenset[str]]) -> None:
    """Raises UnknownRule for a reason or a field that clicks do not have."""
    for reason in sorted(counted_reasons - set(INVALID_REASONS)):
        raise UnknownRule(
            f"clicks have no reason {reason!r}; they have {', '.join(INVALID_REASONS)}"
        )
    for field in sorted(refused.keys() - set(FIELDS)):
        raise UnknownRule(f"clicks keep no {field!r}; they keep {', '.join(FIELDS)}")


def find_clicks(
    log: Log,
    programs: frozenset[str],
    counted_reasons: frozenset[str],
    refused: Mapping[str, frozenset[str]],
    progress: Progress = lambda records: None,
) -> ClickRules:
    """The clicks of `programs` that were invalid for no other than `counted_reasons`, and the
    good ones a field of which has a value in `refused`. Reads all clicks, once.

    Raises UnknownRule.
    """
    check_rules(counted_reasons, refused)
    good: set[str] = set()
    bad: set[str] = set()
    for partition in range(log.partitions(topics.CLICKS)):
        for record in counted(log.read(topics.CLICKS, partition), progress):
            try:
                click: Any = decode_record(record)
            except UnreadableRecord:
                continue
            if click.program not in programs:
                continue
            if any(getattr(click, field) in values for field, values in refused.items()):
                bad.add(click.click_id)
            elif click.invalid and counted_reasons.issuperset(click.invalid):
                good.add(click.click_id)
    return ClickRules(frozenset(good), frozenset(bad))
