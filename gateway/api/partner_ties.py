"""`/v1/partners/{partner}/…`: whom a partner stands below, what it is paid in, and which
customers are the partner itself."""

from __future__ import annotations

from litestar import Router, get, post
from msgspec import Struct

from gateway.api.context import Context
from gateway.api.partners import partner_view


class Recruitment(Struct, forbid_unknown_fields=True):
    """`parent`: who recruited the partner; empty: nobody any longer."""

    program: str
    parent: str


class PaidIn(Struct, forbid_unknown_fields=True):
    """ISO 4217."""

    currency: str


class Identities(Struct, forbid_unknown_fields=True):
    """Customer ids and identities; they replace what was said before."""

    identities: list[str]


class TiesView(Struct):
    """A partner's ties as they stand."""

    partner: str
    currency: str
    """Empty: each program's own."""
    parents: dict[str, str]
    """Program → who recruited it."""
    identities: list[str]


@get("/ties")
async def get_ties(partner: str, context: Context) -> TiesView:
    """Whom the partner stands below, what it is paid in, and who it is as a customer."""
    return ties_view(context, partner)


@post("/recruit", status_code=200)
async def recruit(partner: str, data: Recruitment, context: Context) -> TiesView:
    """Put the partner below another, who earns the terms' overrides of what it brings."""
    await context.command(
        lambda decisions: decisions.recruit(partner, data.program, data.parent, by=context.author)
    )
    return ties_view(context, partner)


@post("/currency", status_code=200)
async def set_currency(partner: str, data: PaidIn, context: Context) -> TiesView:
    """What the partner earns from now on is owed in this currency."""
    await context.command(
        lambda decisions: decisions.set_partner_currency(partner, data.currency, by=context.author)
    )
    return ties_view(context, partner)


@post("/identify", status_code=200)
async def identify(partner: str, data: Identities, context: Context) -> TiesView:
    """Say which customers are the partner itself: what it buys is a self-referral."""
    await context.command(
        lambda decisions: decisions.identify_partner(partner, data.identities, by=context.author)
    )
    return ties_view(context, partner)


def ties_view(context: Context, partner: str) -> TiesView:
    """What the partner is tied to now; a Problem, 404, where there is no such partner."""
    view = partner_view(context, partner)
    known = context.known
    directory, count = known.directory, known.count
    parents = {
        program: parent
        for program in view.programs
        if (parent := directory.parent(program, partner, count))
    }
    return TiesView(
        partner,
        directory.partner_currency(partner, count),
        parents,
        sorted(directory.identities(partner, count)),
    )


partner_ties = Router(
    "/v1/partners/{partner:str}",
    route_handlers=[get_ties, recruit, set_currency, identify],
    tags=["partners"],
)
