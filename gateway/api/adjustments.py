"""`/v1/adjustments` and `/v1/receipts`: amounts that no conversion caused.

An adjustment corrects a partner's balance; a receipt is what a partner paid that collects from
customers itself. Both are named by whoever sends them: the same again changes nothing.
"""

from __future__ import annotations

from litestar import Router, post
from msgspec import Struct

from gateway.api.context import Context


class NewAdjustment(Struct, forbid_unknown_fields=True):
    """`amount`: what the partner's balance gains, minor units of `unit`, signed."""

    adjustment: str
    program: str
    partner: str
    unit: str
    amount: int
    reason: str


class NewReceipt(Struct, forbid_unknown_fields=True):
    """`amount`: what the partner paid, minor units of `unit`; `reference`: the bank's own id."""

    receipt: str
    program: str
    partner: str
    unit: str
    amount: int
    reference: str = ""


@post("/adjustments")
async def adjust_account(data: NewAdjustment, context: Context) -> NewAdjustment:
    """Add an amount to a partner's balance, or take one off."""
    await context.command(
        lambda decisions: decisions.adjust_account(
            data.adjustment,
            data.program,
            data.partner,
            data.unit,
            data.amount,
            data.reason,
            by=context.author,
        )
    )
    return data


@post("/receipts")
async def receive_payment(data: NewReceipt, context: Context) -> NewReceipt:
    """Note that a partner paid what it owed."""
    await context.command(
        lambda decisions: decisions.receive_payment(
            data.receipt,
            data.program,
            data.partner,
            data.unit,
            data.amount,
            data.reference,
            by=context.author,
        )
    )
    return data


adjustments = Router("/v1", route_handlers=[adjust_account, receive_payment], tags=["adjustments"])
