"""`/v1/commissions`: what a person decides of one commission: held, released, rejected, adjusted.

A commission is named by its partner and its deal, or the event id of a lead; an override of a
sub-partner's deal also by that sub-partner (`via`). The answer means that it is decided; what
becomes of the commission the journal says, a moment later.
"""

from __future__ import annotations

from litestar import Router, get, post
from msgspec import Struct

from gateway.api.context import Context
from gateway.api.paging import DEFAULT_LIMIT, EndingBefore, Limit, Page, StartingAfter, page
from projections.waiting import Waiting, WaitingList
from streams.journal_reading import entries, journal_ends


class Review(Struct, forbid_unknown_fields=True):
    """Give `deal`, or the `event_id` of a lead."""

    program: str
    partner: str
    reason: str
    deal: str = ""
    event_id: str = ""
    via: str = ""


class Correction(Struct, forbid_unknown_fields=True):
    """`amount`: what is added, minor units of the commission's unit, signed."""

    program: str
    partner: str
    amount: int
    reason: str
    deal: str = ""
    event_id: str = ""
    via: str = ""


class Reviewed(Struct):
    """What was decided."""

    decided: str
    program: str
    partner: str
    deal: str
    event_id: str
    via: str
    reason: str
    amount: int = 0


@post("/hold", status_code=200)
async def hold_commission(data: Review, context: Context) -> Reviewed:
    """Let a commission wait until it is released or rejected."""
    await context.command(
        lambda decisions: decisions.hold_commission(
            data.program,
            data.partner,
            data.deal,
            data.event_id,
            data.reason,
            data.via,
            by=context.author,
        )
    )
    return reviewed("held", data)


@post("/release", status_code=200)
async def release_commission(data: Review, context: Context) -> Reviewed:
    """Owe a held commission as if it had not been held."""
    await context.command(
        lambda decisions: decisions.release_commission(
            data.program,
            data.partner,
            data.deal,
            data.event_id,
            data.reason,
            data.via,
            by=context.author,
        )
    )
    return reviewed("released", data)


@post("/reject", status_code=200)
async def reject_commission(data: Review, context: Context) -> Reviewed:
    """Take all of a commission back, for good."""
    await context.command(
        lambda decisions: decisions.reject_commission(
            data.program,
            data.partner,
            data.deal,
            data.event_id,
            data.reason,
            data.via,
            by=context.author,
        )
    )
    return reviewed("rejected", data)


@post("/adjust", status_code=200)
async def adjust_commission(data: Correction, context: Context) -> Reviewed:
    """Correct a commission; later refunds are in proportion of the corrected one."""
    await context.command(
        lambda decisions: decisions.adjust_commission(
            data.program,
            data.partner,
            data.amount,
            data.deal,
            data.event_id,
            data.reason,
            data.via,
            by=context.author,
        )
    )
    return reviewed("adjusted", data, data.amount)


@get("/waiting")
async def list_waiting(
    context: Context,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
    limit: Limit = DEFAULT_LIMIT,
    program: str | None = None,
    partner: str | None = None,
) -> Page[Waiting]:
    """Commissions that wait for a person, the longest waiting first; a cursor is an entry."""

    def read() -> tuple[Waiting, ...]:
        fold = WaitingList(program or "", partner or "")
        broker = context.settings.broker
        for posted in entries(broker, journal_ends(broker)):
            fold.take(posted.entry, posted.position)
        return fold.waiting()

    found = await context.on_thread(read)
    return page(found, lambda waiting: waiting.entry, starting_after, ending_before, limit)


def reviewed(decided: str, data: Review | Correction, amount: int = 0) -> Reviewed:
    """The answer: what was decided of which commission."""
    return Reviewed(
        decided,
        data.program,
        data.partner,
        data.deal,
        data.event_id,
        data.via,
        data.reason,
        amount,
    )


reviews = Router(
    "/v1/commissions",
    route_handlers=[
        hold_commission,
        release_commission,
        reject_commission,
        adjust_commission,
        list_waiting,
    ],
    tags=["reviews"],
)
