"""`/v1/rates`: what currencies are worth, as decisions with their source and day."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Struct

from events.journal import Rate
from gateway.api.context import Context
from gateway.api.paging import DEFAULT_LIMIT, EndingBefore, Limit, Page, StartingAfter, page
from gateway.problems import FieldProblem, Problem


class NewRates(Struct, forbid_unknown_fields=True):
    """One `base` is `rates[currency]` of each: exact decimals as text. `date`: ISO 8601."""

    source: str
    date: str
    rates: dict[str, str]
    base: str = "EUR"


class RatesView(Struct):
    """The rates of a source for a day."""

    source: str
    date: str
    base: str
    rates: dict[str, str]
    position: str
    """Of the decision."""


@post("/")
async def set_rates(data: NewRates, context: Context) -> RatesView:
    """Set the rates of a day; again with other rates corrects all of them."""
    await context.command(
        lambda decisions: decisions.set_rates(
            data.source, data.date, data.base, data.rates, by=context.author
        )
    )
    for view in reversed(rates_views(context)):
        if (view.source, view.date) == (data.source, data.date):
            return view
    raise Problem(503, "the rates are recorded, but not read back yet; ask again")


@get("/")
async def list_rates(
    context: Context,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
    limit: Limit = DEFAULT_LIMIT,
    source: str | None = None,
    date: Annotated[str | None, Parameter(description="A day, ISO 8601")] = None,
) -> Page[RatesView]:
    """Rates in the order in which they were set; a cursor is a position. Of a source and day
    that was corrected the last counts."""
    found = [
        view
        for view in rates_views(context)
        if source in (None, view.source) and date in (None, view.date)
    ]
    return page(found, lambda view: view.position, starting_after, ending_before, limit)


@get("/{base:str}/{quote:str}")
async def get_rate(
    base: str,
    quote: str,
    context: Context,
    date: Annotated[str | None, Parameter(description="Day of a deal; default: today")] = None,
) -> Rate:
    """The rate that a deal on a day is converted at; 404 where there is none."""
    at = time.time_ns() // 1_000_000 if date is None else day_start(date)
    known = context.known
    found = known.directory.rate(base.upper(), quote.upper(), at, known.count)
    if found is None:
        raise Problem(404, f"no rate {base}/{quote} for {date or 'today'} or the ten days before")
    return found.rate


def day_start(text: str) -> int:
    """The first millisecond of a day (UTC) written as 2026-11-20; raises FieldProblem."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise FieldProblem("date", f"date={text!r}: expected a day as 2026-11-20") from None
    return int(day.timestamp()) * 1000


def rates_views(context: Context) -> list[RatesView]:
    """All rates that were set, each day with the decision that set it."""
    return [
        RatesView(table.source, table.date, table.base, table.rates, table.position)
        for table in context.known.directory.rate_tables()
    ]


rates = Router("/v1/rates", route_handlers=[set_rates, list_rates, get_rate], tags=["rates"])
