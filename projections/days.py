"""Days as the terms count them: 86,400,000 ms, and midnights in UTC.

Windows and holds are lengths, not calendar dates, so that they are the same for every
program and in every replay. A hold ends at a midnight, so that an account keeps one
pending amount a day and not one a deal.
"""

from __future__ import annotations

DAY_MS = 86_400_000


def hold_end(occurred_at: int, hold_days: int) -> int:
    """When a commission becomes available, ms: the first midnight UTC at or after
    `occurred_at` + `hold_days`; 0 (at once) where there is no hold."""
    if hold_days <= 0:
        return 0
    return -(-(occurred_at + hold_days * DAY_MS) // DAY_MS) * DAY_MS
