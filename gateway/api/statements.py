"""`/v1/partners/{partner}/statement`: an account from an opening balance to a closing one.

Read from the journal itself: what is in the log when it is asked for is on it. `known=now` gives
the same time as it is known now: late arrivals and corrections stand where they belong.
"""

from __future__ import annotations

import time
from typing import Annotated

from litestar import Router, get
from litestar.params import Parameter

from aggregates.month import month_bounds
from gateway.api.as_of import THEN, AsOf, KnownBy, known_given, moment_given
from gateway.api.context import Context
from gateway.api.partners import partner_view
from gateway.conversion_input import instant
from gateway.problems import FieldProblem, Problem
from projections.effective import NoTime
from projections.moments import Moment, NotAMoment
from projections.statement import NotOneChain
from projections.statement_parts import Statement
from streams.statement_reading import Covered, read_account

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
    as_of: AsOf = "",
    known: KnownBy = THEN,
) -> Statement:
    """A partner's statement in one program. Amounts in minor units of each section's unit;
    times in milliseconds since 1970 UTC; `starts`, `ends` and `known` are offsets of the
    journal. With `known`, the lines are those that were true in that time, in that order."""
    partner_view(context, partner)
    if context.known.directory.program(program, context.known.directory.count) is None:
        raise Problem(404, f"there is no program {program}")
    begins, ends = _moments(month, since, until)
    if as_of and (month or until):
        raise FieldProblem("as_of", "give as_of, or month or until")
    covered = Covered(
        begins, moment_given("as_of", as_of) if as_of else Moment(ends), known_given(known)
    )
    now = time.time_ns() // 1_000_000

    def read() -> Statement:
        account = read_account(context.settings.broker, partner, covered)
        end = account.closed_at
        return account.statement(program, end if as_of else min(end, now))

    try:
        return await context.on_thread(read)
    except NotAMoment as problem:
        raise FieldProblem("as_of", str(problem)) from problem
    except (NotOneChain, NoTime) as problem:
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
