"""`/v1/partners`: who brings customers, and where they stand with each program."""

from __future__ import annotations

from litestar import Router, get, post
from msgspec import Struct

from gateway.api.context import Context
from gateway.api.paging import DEFAULT_LIMIT, EndingBefore, Limit, Page, StartingAfter, page
from gateway.problems import Problem
from projections.views import PartnerView


class NewPartner(Struct, forbid_unknown_fields=True):
    partner: str
    name: str


class Agreement(Struct, forbid_unknown_fields=True):
    program: str


class Suspension(Struct, forbid_unknown_fields=True):
    program: str
    reason: str


@post("/")
async def register_partner(data: NewPartner, context: Context) -> PartnerView:
    """Register a partner."""
    await context.command(
        lambda decisions: decisions.register_partner(data.partner, data.name, by=context.author)
    )
    return partner_view(context, data.partner)


@get("/")
async def list_partners(
    context: Context,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[PartnerView]:
    """Partners, in the order in which they were registered."""
    partners = context.known.directory.partners()
    return page(partners, lambda view: view.partner, starting_after, ending_before, limit)


@get("/{partner:str}")
async def get_partner(partner: str, context: Context) -> PartnerView:
    """One partner, with the programs it works for."""
    return partner_view(context, partner)


@post("/{partner:str}/apply", status_code=200)
async def apply(partner: str, data: Agreement, context: Context) -> PartnerView:
    """The partner asks to work for a program."""
    await context.command(
        lambda decisions: decisions.apply(partner, data.program, by=context.author)
    )
    return partner_view(context, partner)


@post("/{partner:str}/approve", status_code=200)
async def approve(partner: str, data: Agreement, context: Context) -> PartnerView:
    """The program takes the partner: from now on it earns."""
    await context.command(
        lambda decisions: decisions.approve(partner, data.program, by=context.author)
    )
    return partner_view(context, partner)


@post("/{partner:str}/suspend", status_code=200)
async def suspend(partner: str, data: Suspension, context: Context) -> PartnerView:
    """The program suspends the partner: what happens from now on earns nothing."""
    await context.command(
        lambda decisions: decisions.suspend(partner, data.program, data.reason, by=context.author)
    )
    return partner_view(context, partner)


def partner_view(context: Context, partner: str) -> PartnerView:
    view = context.known.directory.partner(partner)
    if view is None:
        raise Problem(404, f"there is no partner {partner!r}")
    return view


partners = Router(
    "/v1/partners",
    route_handlers=[register_partner, list_partners, get_partner, apply, approve, suspend],
    tags=["partners"],
)
