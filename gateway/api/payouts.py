"""`/v1/payouts`: partners withdraw what is available.

Requested here; funded or refused by the journal, which alone knows the balance; then sent,
and settled or failed. A payout is at most one of those.
"""

from __future__ import annotations

from litestar import Router, get, post
from msgspec import Struct

from gateway.api.context import AUTHOR, Context
from gateway.api.paging import DEFAULT_LIMIT, EndingBefore, Limit, Page, StartingAfter, page
from gateway.api.warehouse import rows


class NewPayout(Struct, forbid_unknown_fields=True):
    """`amount` in minor units of `unit`; 0 asks for all that is available."""

    payout: str
    partner: str
    program: str
    unit: str
    amount: int = 0


class Reference(Struct, forbid_unknown_fields=True):
    """`reference`: how the bank or the payment service names the transfer."""

    reference: str = ""


class Failure(Struct, forbid_unknown_fields=True):
    reason: str


class PayoutView(Struct):
    """A payout as its decisions say. Amounts in minor units of `unit`."""

    payout: str
    program: str
    partner: str
    unit: str
    requested: int
    """0: all that was available."""
    amount: int
    """What was funded."""
    status: str
    reason: str = ""
    reference: str = ""
    entry: str = ""
    """Position of the journal entry that funded or refused it."""


@post("/", status_code=202)
async def request_payout(data: NewPayout, context: Context) -> PayoutView:
    """Ask for a payout. Whether it is funded, a later GET tells."""
    await context.command(
        lambda decisions: decisions.request_payout(
            data.payout, data.partner, data.program, data.unit, data.amount, by=AUTHOR
        )
    )
    return await payout_view(context, data.payout)


@get("/")
async def list_payouts(
    context: Context,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
    limit: Limit = DEFAULT_LIMIT,
    partner: str | None = None,
) -> Page[PayoutView]:
    """Payouts as the warehouse has them, in the order in which they were requested."""
    columns = ", ".join(PayoutView.__struct_fields__)
    found = await rows(
        context,
        f"SELECT {columns} FROM payouts "
        "WHERE {partner:String} = '' OR partner = {partner:String} "
        "ORDER BY requested_on, payout",
        partner=partner or "",
    )
    payouts = [PayoutView(**row) for row in found]
    return page(payouts, lambda view: view.payout, starting_after, ending_before, limit)


@get("/{payout:str}")
async def get_payout(payout: str, context: Context) -> PayoutView:
    """One payout, as its decisions say now."""
    return await payout_view(context, payout)


@post("/{payout:str}/send", status_code=200)
async def send_payout(payout: str, data: Reference, context: Context) -> PayoutView:
    """The money was sent."""
    await context.command(
        lambda decisions: decisions.send_payout(payout, data.reference, by=AUTHOR)
    )
    return await payout_view(context, payout)


@post("/{payout:str}/settle", status_code=200)
async def settle_payout(payout: str, data: Reference, context: Context) -> PayoutView:
    """The money arrived."""
    await context.command(
        lambda decisions: decisions.settle_payout(payout, data.reference, by=AUTHOR)
    )
    return await payout_view(context, payout)


@post("/{payout:str}/fail", status_code=200)
async def fail_payout(payout: str, data: Failure, context: Context) -> PayoutView:
    """The transfer failed: the amount is available again."""
    await context.command(lambda decisions: decisions.fail_payout(payout, data.reason, by=AUTHOR))
    return await payout_view(context, payout)


async def payout_view(context: Context, payout: str) -> PayoutView:
    found = await context.ask(lambda decisions: decisions.payout(payout))
    return PayoutView(
        payout=payout,
        program=found.program,
        partner=found.partner,
        unit=found.unit,
        requested=found.requested_amount,
        amount=found.amount,
        status=found.status,
        reason=found.reason,
        reference=found.settled_reference or found.sent_reference,
        entry=found.entry,
    )


payouts = Router(
    "/v1/payouts",
    route_handlers=[
        request_payout,
        list_payouts,
        get_payout,
        send_payout,
        settle_payout,
        fail_payout,
    ],
    tags=["payouts"],
)
