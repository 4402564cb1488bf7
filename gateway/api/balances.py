"""`/v1/partners/{partner}/balances`: what is owed, as the warehouse has it."""

from __future__ import annotations

import time

from litestar import Router, get
from msgspec import Struct

from gateway.api.context import Context
from gateway.api.partners import partner_view
from gateway.api.warehouse import journal_behind, rows


class Balance(Struct):
    """Minor units of `unit`; payable = pending + available. Available may be negative."""

    program: str
    unit: str
    pending: int
    available: int
    payable: int
    in_transit: int
    paid: int


class Balances(Struct):
    partner: str
    as_of: int
    """When the question was answered, milliseconds since 1970 UTC."""
    records_behind: int
    """Journal records, of all partners, that the figures do not hold yet; 0: none."""
    balances: list[Balance]


@get("/{partner:str}/balances")
async def get_balances(partner: str, context: Context) -> Balances:
    """What a partner is owed, and how fresh that is."""
    partner_view(context, partner)
    behind = await journal_behind(context)
    columns = ", ".join(Balance.__struct_fields__)
    found = await rows(
        context,
        f"SELECT {columns} FROM partner_balances WHERE partner = {{partner:String}} "
        "ORDER BY program, unit",
        partner=partner,
    )
    return Balances(
        partner=partner,
        as_of=time.time_ns() // 1_000_000,
        records_behind=behind,
        balances=[Balance(**row) for row in found],
    )


balances = Router("/v1/partners", route_handlers=[get_balances], tags=["partners"])
