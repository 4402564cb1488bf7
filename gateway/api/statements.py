"""`/v1/partners/{partner}/statement`: an account from an opening balance to a closing one.

Read from the journal itself: what is in the log when it is asked for is on it.
"""

from __future__ import annotations

import time
from typing import Annotated

from litestar import Router, get
from litestar.params import Parameter

from aggregates.month import month_bounds
from gateway.api.context import Context
from gateway.api.partners import partner_view
from gateway.conversion_input import instant
from gateway.problems import FieldProblem, Problem
from projections.statement import NotOneChain, Statement, statement
from streams.journal_reading import read_account

FAR = 2**62
"""A time after all others, ms."""


@get("/{partner:str}/statement")
async def get_statement(
    partner: str,
    context: Context,
    program: str,
    month: Annotated[str, Parameter(description="A month of bookings, as 2026-11")] = "",
    since: Annotated[str, Parameter(description="ISO 8601; default: the beginning")] = "",
    until: Annotated[str, Parameter(description="ISO 8601, exclusive; default: now")] = "",
) -> Statement:
    """A partner's statement in one program. Amounts in minor units of each section's unit;
    times in milliseconds since 1970 UTC; `starts` and `ends` are offsets of the journal."""
    partner_view(context, partner)
    if context.known.directory.program(program, context.known.directory.count) is None:
        raise Problem(404, f"there is no program {program}")
    begins, ends = _moments(month, since, until)
    now = time.time_ns() // 1_000_000

    def read() -> Statement:
        account = read_account(context.settings.broker, partner, begins, ends)
        return statement(
            account.entries,
            partner,
            program,
            starts=account.starts,
            ends=account.ends,
            opened_at=begins,
            closed_at=min(ends, now),
        )

    try:
        return await context.on_thread(read)
    except NotOneChain as problem:
        raise Problem(500, str(problem)) from problem


def _moments(month: str, since: str, until: str) -> tuple[int, int]:
    if month:
        if since or until:
            raise FieldProblem("month", "give month, or since and until")
        return month_bounds(month)
    begins = instant("since", since) if since else 0
    ends = instant("until", until) if until else FAR
    if ends <= begins:
        raise FieldProblem("until", f"until={until!r} is not after since={since!r}")
    return begins, ends


statements = Router("/v1/partners", route_handlers=[get_statement], tags=["partners"])
