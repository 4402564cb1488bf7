"""`/v1/payouts`: partners withdraw what is available.

Requested here; funded or refused by the journal, which alone knows the balance; then sent,
and settled or failed. A payout is at most one of those; a settled one may come back. Where the
terms ask for two persons it is proposed first. Who asks and who approves is the holder of the API
key shown; where the one token is shown instead, `by` names them, and it is for the token's holder
to name them truly.
"""

from __future__ import annotations

from litestar import Router, get, post
from msgspec import Struct

from aggregates.application import Decisions
from aggregates.commands.payouts import needs_two_persons, now_ms
from aggregates.payout import Payout
from gateway.api.context import Context
from gateway.api.paging import DEFAULT_LIMIT, EndingBefore, Limit, Page, StartingAfter, page
from gateway.api.warehouse import rows


class NewPayout(Struct, forbid_unknown_fields=True):
    """`amount` in minor units of `unit`; 0 asks for all that is available. `by`: who asks; under
    an API key its holder, who need not be named."""

    payout: str
    partner: str
    program: str
    unit: str
    amount: int = 0
    by: str = ""


class Approval(Struct, forbid_unknown_fields=True):
    """`by`: who approves; somebody else than who asked. Under an API key it is its holder, who
    need not be named."""

    by: str = ""


class Cancellation(Struct, forbid_unknown_fields=True):
    reason: str = ""


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
    run: str = ""
    """The payout run it belongs to."""
    requested_by: str = ""
    approved_by: str = ""


@post("/", status_code=202)
async def request_payout(data: NewPayout, context: Context) -> PayoutView:
    """Ask for a payout, or propose it where a second person must approve. Whether it is
    funded, a later GET tells."""

    def ask(decisions: Decisions) -> None:
        by = asker(context, decisions, data.program, data.partner, data.by)
        decisions.request_payout(
            data.payout, data.partner, data.program, data.unit, data.amount, by=by
        )

    await context.command(ask)
    return await payout_view(context, data.payout)


def asker(context: Context, decisions: Decisions, program: str, partner: str, by: str) -> str:
    """Who asks. Where nobody is named it is the API, but not where two persons must decide:
    there one person could ask without a name, and approve by name."""
    by = context.caller.decides_as(by)
    if by or needs_two_persons(decisions.program(program), partner, now_ms()):
        return by
    return context.author


@get("/")
async def list_payouts(
    context: Context,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
    limit: Limit = DEFAULT_LIMIT,
    partner: str | None = None,
    run: str | None = None,
) -> Page[PayoutView]:
    """Payouts as the warehouse has them, in the order in which they were requested."""
    columns = ", ".join(PayoutView.__struct_fields__)
    found = await rows(
        context,
        f"SELECT {columns} FROM payouts "
        "WHERE ({partner:String} = '' OR partner = {partner:String}) "
        "AND ({run:String} = '' OR run = {run:String}) "
        "ORDER BY requested_on, payout",
        partner=partner or "",
        run=run or "",
    )
    payouts = [PayoutView(**row) for row in found]
    return page(payouts, lambda view: view.payout, starting_after, ending_before, limit)


@get("/{payout:str}")
async def get_payout(payout: str, context: Context) -> PayoutView:
    """One payout, as its decisions say now."""
    return await payout_view(context, payout)


@post("/{payout:str}/approve", status_code=202)
async def approve_payout(payout: str, data: Approval, context: Context) -> PayoutView:
    """The second person agrees. Whether it is funded, a later GET tells."""
    by = context.caller.decides_as(data.by)
    await context.command(lambda decisions: decisions.approve_payout(payout, by=by))
    return await payout_view(context, payout)


@post("/{payout:str}/cancel", status_code=200)
async def cancel_payout(payout: str, data: Cancellation, context: Context) -> PayoutView:
    """What was proposed is not asked for any longer."""
    await context.command(
        lambda decisions: decisions.cancel_payout(payout, data.reason, by=context.author)
    )
    return await payout_view(context, payout)


@post("/{payout:str}/send", status_code=200)
async def send_payout(payout: str, data: Reference, context: Context) -> PayoutView:
    """The money was sent."""
    await context.command(
        lambda decisions: decisions.send_payout(payout, data.reference, by=context.author)
    )
    return await payout_view(context, payout)


@post("/{payout:str}/settle", status_code=200)
async def settle_payout(payout: str, data: Reference, context: Context) -> PayoutView:
    """The money arrived."""
    await context.command(
        lambda decisions: decisions.settle_payout(payout, data.reference, by=context.author)
    )
    return await payout_view(context, payout)


@post("/{payout:str}/fail", status_code=200)
async def fail_payout(payout: str, data: Failure, context: Context) -> PayoutView:
    """The transfer failed: the amount is available again."""
    await context.command(
        lambda decisions: decisions.fail_payout(payout, data.reason, by=context.author)
    )
    return await payout_view(context, payout)


@post("/{payout:str}/return", status_code=200)
async def return_payout(payout: str, data: Failure, context: Context) -> PayoutView:
    """The settled transfer came back: the amount is available again."""
    await context.command(
        lambda decisions: decisions.return_payout(payout, data.reason, by=context.author)
    )
    return await payout_view(context, payout)


async def payout_view(context: Context, payout: str) -> PayoutView:
    """One payout as its decisions say now; raises NotFound."""
    return view_of(await context.ask(lambda decisions: decisions.payout(payout)))


def view_of(found: Payout) -> PayoutView:
    """What the API says of a payout."""
    return PayoutView(
        payout=found.payout,
        program=found.program,
        partner=found.partner,
        unit=found.unit,
        requested=found.requested_amount,
        amount=found.amount,
        status=found.status,
        reason=found.reason,
        reference=found.settled_reference or found.sent_reference,
        entry=found.entry,
        run=found.run,
        requested_by=found.requested_by,
        approved_by=found.approved_by,
    )


payouts = Router(
    "/v1/payouts",
    route_handlers=[
        request_payout,
        list_payouts,
        get_payout,
        approve_payout,
        cancel_payout,
        send_payout,
        settle_payout,
        fail_payout,
        return_payout,
    ],
    tags=["payouts"],
)
