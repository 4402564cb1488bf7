"""`/v1/partners/{partner}/payee` and `/v1/programs/{program}/payer`: the accounts money goes to
and from."""

from __future__ import annotations

from typing import Literal

from litestar import Router, get, post
from msgspec import Struct

from aggregates.errors import NotFound
from gateway.api.context import Context


class PayeeDetails(Struct, forbid_unknown_fields=True):
    """Where a partner is paid. `name`: of the account's holder; `country`: ISO 3166-1 alpha-2."""

    method: Literal["bank", "paypal", "wise"]
    name: str
    iban: str = ""
    bic: str = ""
    email: str = ""
    country: str = ""


class PayerDetails(Struct, forbid_unknown_fields=True):
    """The account a program pays from. `name`: of its holder."""

    name: str
    iban: str
    bic: str = ""


@post("/v1/partners/{partner:str}/payee", status_code=200)
async def set_payee(partner: str, data: PayeeDetails, context: Context) -> PayeeDetails:
    """Say where the partner is paid from now on."""
    await context.command(
        lambda decisions: decisions.set_payee(
            partner,
            data.method,
            data.name,
            data.iban,
            data.bic,
            data.email,
            data.country,
            by=context.author,
        )
    )
    return await get_payee.fn(partner, context)


@get("/v1/partners/{partner:str}/payee")
async def get_payee(partner: str, context: Context) -> PayeeDetails:
    """Where the partner is paid."""
    found = (await context.ask(lambda decisions: decisions.partner(partner))).payee
    if found is None:
        raise NotFound(f"partner {partner} has no payee details; POST sets them")
    return PayeeDetails(found.method, found.name, found.iban, found.bic, found.email, found.country)


@post("/v1/programs/{program:str}/payer", status_code=200)
async def set_payer(program: str, data: PayerDetails, context: Context) -> PayerDetails:
    """Say from which account the program pays from now on."""
    await context.command(
        lambda decisions: decisions.set_payer(
            program, data.name, data.iban, data.bic, by=context.author
        )
    )
    return await get_payer.fn(program, context)


@get("/v1/programs/{program:str}/payer")
async def get_payer(program: str, context: Context) -> PayerDetails:
    """The account the program pays from."""
    found = (await context.ask(lambda decisions: decisions.program(program))).payer
    if found is None:
        raise NotFound(f"program {program} has no paying account; POST sets it")
    return PayerDetails(found.name, found.iban, found.bic)


payment_details = Router(
    "/", route_handlers=[set_payee, get_payee, set_payer, get_payer], tags=["payouts"]
)
