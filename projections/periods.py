"""Calendar periods of UTC, by which tiers, bonuses and caps count.

    2026-11    the month      2026-Q4    the quarter      2026    the year      all    for ever

Reckoned in integers (H. Hinnant, "chrono-compatible low-level date algorithms"), so that any
time a sender may name has a period, also those far outside the years that libraries know.
"""

from __future__ import annotations

from functools import lru_cache

from events.terms import Period
from projections.days import DAY_MS

MONTHS = 12
MONTHS_IN_QUARTER = 3
DAYS_BEFORE_1970 = 719_468
"""From the first of March of year 0."""
DAYS_IN_ERA = 146_097
"""Of 400 years."""
CACHED_DAYS = 4_096


def month_of(at: int) -> str:
    """The month of a time (ms), as `2026-11`."""
    return _month_of_day(at // DAY_MS)


def period_key(period: Period, at: int) -> str:
    """The period of a time (ms): `2026-11`, `2026-Q4`, `2026` or `all`."""
    if period == "lifetime":
        return "all"
    month = month_of(at)
    if period == "month":
        return month
    year, number = _parts(month)
    return f"{year}-Q{(number - 1) // MONTHS_IN_QUARTER + 1}" if period == "quarter" else year


def months_of(period: Period, at: int) -> tuple[str, ...]:
    """The months of the quarter or year (or the one month) of a time (ms)."""
    month = month_of(at)
    if period == "month":
        return (month,)
    year, number = _parts(month)
    first, count = 1, MONTHS
    if period == "quarter":
        first, count = number - (number - 1) % MONTHS_IN_QUARTER, MONTHS_IN_QUARTER
    return tuple(f"{year}-{number:02}" for number in range(first, first + count))


def months_later(at: int, months: int) -> int:
    """The same time of day `months` later, ms; the 31st becomes the month's last day."""
    day, rest = divmod(at, DAY_MS)
    year, month, in_month = _date(day)
    years, month = divmod(month - 1 + months, MONTHS)
    year += years
    last = _day(year + month // (MONTHS - 1), (month + 1) % MONTHS + 1, 1) - 1
    return min(_day(year, month + 1, in_month), last) * DAY_MS + rest


def date_text(at: int) -> str:
    """The day of a time (ms), as `2026-11-20`."""
    year, month, day = _date(at // DAY_MS)
    return f"{year:04}-{month:02}-{day:02}"


@lru_cache(CACHED_DAYS)
def _month_of_day(day: int) -> str:
    year, month, _ = _date(day)
    return f"{year:04}-{month:02}"


def _parts(month: str) -> tuple[str, int]:
    year, _, number = month.rpartition("-")
    return year, int(number)


def _date(day: int) -> tuple[int, int, int]:
    """Year, month and day of the month, of a day since 1970."""
    era, in_era = divmod(day + DAYS_BEFORE_1970, DAYS_IN_ERA)
    year = (in_era - in_era // 1_460 + in_era // 36_524 - in_era // 146_096) // 365
    in_year = in_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * in_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return era * 400 + year + (month <= 2), month, in_year - (153 * shifted + 2) // 5 + 1


def _day(year: int, month: int, day: int) -> int:
    """Day since 1970 of a date; a day beyond the month's last counts on."""
    if month <= 2:
        year, month = year - 1, month + 12
    in_year = (153 * (month - 3) + 2) // 5 + day - 1
    return year * 365 + year // 4 - year // 100 + year // 400 + in_year - DAYS_BEFORE_1970
