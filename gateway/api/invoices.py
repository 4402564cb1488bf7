"""`/v1/programs/{program}/invoices`: what a program was billed, month by month."""

from __future__ import annotations

from litestar import Router, get
from msgspec import Struct

from aggregates.invoice import Issued
from gateway.api.context import Context
from gateway.api.paging import DEFAULT_LIMIT, EndingBefore, Limit, Page, StartingAfter, page
from gateway.problems import Problem
from projections.invoice import Invoice, InvoiceLine
from streams.journal_reading import bill_between


class BilledInvoice(Struct):
    """An invoice as it was issued, and its lines, billed again from the journal."""

    issued: Issued
    lines: list[InvoiceLine]
    """Amounts in minor units; those of the account `commissions` add up to the totals."""
    is_as_issued: bool
    """Whether the journal still gives what was issued. If not, it was altered."""


@get("/{program:str}/invoices")
async def list_invoices(
    program: str,
    context: Context,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[Issued]:
    """A program's invoices, in the order in which they were issued. Totals in minor units."""
    issued = await _issued(context, program)
    return page(issued, lambda one: one.invoice, starting_after, ending_before, limit)


@get("/{program:str}/invoices/{invoice:str}")
async def get_invoice(program: str, invoice: str, context: Context) -> BilledInvoice:
    """One invoice with its lines."""
    found = next((one for one in await _issued(context, program) if one.invoice == invoice), None)
    if found is None:
        raise Problem(404, f"{program} has no invoice {invoice}")

    def read(issued: Issued = found) -> Invoice:
        return bill_between(context.settings.broker, program, issued.starts, issued.ends)

    made = await context.on_thread(read)
    said = (found.sha256, found.totals, found.entries)
    return BilledInvoice(found, made.lines, said == (made.sha256, made.totals, made.entries))


async def _issued(context: Context, program: str) -> list[Issued]:
    return await context.ask(lambda decisions: decisions.invoices(program).issued)


invoices = Router("/v1/programs", route_handlers=[list_invoices, get_invoice], tags=["invoices"])
