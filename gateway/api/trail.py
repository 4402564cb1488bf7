"""`/v1/trail`: who decided what, when, from where, and under which key.

Listed as the warehouse has it, which is a second behind the log; the cursor is the number of
a decision.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.params import Parameter
from msgspec import Struct

from gateway.api.context import Context
from gateway.api.paging import DEFAULT_LIMIT, EndingBefore, Limit, Page, StartingAfter
from gateway.api.warehouse import rows
from gateway.conversion_input import instant
from gateway.problems import FieldProblem
from projections.trail import in_words, state_of

FAR = 2**62
"""A time after all others, ms."""

QUERY = """
SELECT number, recorded_at, person, proved, name, aggregate, about, via, source, `key`,
    `position`, state
FROM trail
WHERE number > {after:Int64} AND number < {before:Int64}
    AND recorded_at >= {starts:Int64} AND recorded_at < {ends:Int64}
    AND ({by:String} = '' OR lowerUTF8(person) = lowerUTF8({by:String}))
    AND ({via:String} = '' OR via = if({via:String} = 'unknown', '', {via:String}))
    AND ({about:String} = '' OR has(about, {about:String}))
"""


class TrailView(Struct):
    """One decision. `at`: ms since 1970 UTC; `proved`: an API key shows who it was."""

    number: int
    at: int
    person: str
    proved: bool
    what: str
    via: str
    source: str
    key: str
    name: str
    aggregate: str
    about: list[str]
    position: str


@get("/v1/trail")
async def list_trail(
    context: Context,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
    limit: Limit = DEFAULT_LIMIT,
    by: Annotated[str, Parameter(description="Only what this person decided")] = "",
    about: Annotated[
        str, Parameter(description="Only about this partner, payout, program or aggregate")
    ] = "",
    since: Annotated[str, Parameter(description="ISO 8601; default: the beginning")] = "",
    until: Annotated[str, Parameter(description="ISO 8601, exclusive; default: now")] = "",
    via: Annotated[str, Parameter(description="cli, api, worker, scheduler or unknown")] = "",
) -> Page[TrailView]:
    """The trail of people, in the order in which they decided; cursors are decision numbers."""
    if starting_after and ending_before:
        raise FieldProblem("ending_before", "give starting_after or ending_before, not both")
    backwards = bool(ending_before)
    found = await rows(
        context,
        f"{QUERY} ORDER BY number {'DESC' if backwards else 'ASC'} LIMIT {limit + 1}",
        after=_number("starting_after", starting_after, 0),
        before=_number("ending_before", ending_before, FAR),
        starts=instant("since", since) if since else 0,
        ends=instant("until", until) if until else FAR,
        by=by,
        via=via,
        about=about,
    )
    views = [_view(row) for row in found[:limit]]
    return Page(views[::-1] if backwards else views, len(found) > limit)


def _number(field: str, text: str | None, default: int) -> int:
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise FieldProblem(field, f"{field}={text!r}: expected the number of a decision")
    return int(text)


def _view(row: dict[str, object]) -> TrailView:
    state = state_of(str(row.pop("state")).encode())
    row["at"] = row.pop("recorded_at")
    row["what"] = in_words(str(row["name"]), str(row["aggregate"]), state)
    return msgspec.convert(row, TrailView, strict=False)


trail = Router("/", route_handlers=[list_trail], tags=["audit"])
