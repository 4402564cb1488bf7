"""Periods, against the calendar of the standard library."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.conversions import MAX_TIME
from projections.periods import date_text, month_of, months_later, months_of, period_key

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MS = timedelta(milliseconds=1)

moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)


def ms(moment: datetime) -> int:
    return (moment - EPOCH) // MS


@given(moments)
def test_days_and_months_are_those_of_the_calendar(moment: datetime) -> None:
    assert date_text(ms(moment)) == f"{moment:%Y-%m-%d}"
    assert month_of(ms(moment)) == f"{moment:%Y-%m}"


@given(moments, st.integers(0, 1_200))
def test_months_later_is_the_same_day_or_the_months_last(moment: datetime, months: int) -> None:
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    day = min(moment.day, monthrange(year, month + 1)[1])
    assert months_later(ms(moment), months) == ms(
        moment.replace(year=year, month=month + 1, day=day)
    )


@pytest.mark.parametrize(
    ("period", "key", "months"),
    [
        ("month", "2026-11", ("2026-11",)),
        ("quarter", "2026-Q4", ("2026-10", "2026-11", "2026-12")),
        ("year", "2026", tuple(f"2026-{month:02}" for month in range(1, 13))),
    ],
)
def test_periods_are_named_and_made_of_months(period, key, months) -> None:  # type: ignore[no-untyped-def]
    at = ms(datetime(2026, 11, 30, 23, tzinfo=UTC))
    assert (period_key(period, at), months_of(period, at)) == (key, months)
    assert period_key("lifetime", at) == "all"


def test_times_beyond_any_calendar_have_a_period() -> None:
    assert month_of(MAX_TIME) == "287396-10"
    assert month_of(-MAX_TIME) == "-283457-03"
