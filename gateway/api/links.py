"""`/v1/links`: the links partners promote. Visitors follow them at `/c/{link}`."""

from __future__ import annotations

from litestar import Router, get, post
from msgspec import Struct

from gateway.api.context import Context
from gateway.api.paging import DEFAULT_LIMIT, EndingBefore, Limit, Page, StartingAfter, page
from gateway.problems import Problem
from projections.views import LinkView


class NewLink(Struct, forbid_unknown_fields=True):
    """`destination` is the only address the link ever leads to."""

    link: str
    program: str
    partner: str
    destination: str


@post("/")
async def create_link(data: NewLink, context: Context) -> LinkView:
    """Create a link."""
    await context.command(
        lambda decisions: decisions.create_link(
            data.link, data.program, data.partner, data.destination, by=context.author
        )
    )
    return link_view(context, data.link)


@get("/")
async def list_links(
    context: Context,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
    limit: Limit = DEFAULT_LIMIT,
    program: str | None = None,
    partner: str | None = None,
) -> Page[LinkView]:
    """Links, in the order in which they were created; of one program or partner if asked."""
    links = [
        view
        for view in context.known.directory.links()
        if program in (None, view.program) and partner in (None, view.partner)
    ]
    return page(links, lambda view: view.link, starting_after, ending_before, limit)


@get("/{link:str}")
async def get_link(link: str, context: Context) -> LinkView:
    """One link."""
    return link_view(context, link)


@post("/{link:str}/disable", status_code=200)
async def disable_link(link: str, context: Context) -> LinkView:
    """Disable a link: it answers 410, and its clicks are kept as invalid."""
    await context.command(lambda decisions: decisions.disable_link(link, by=context.author))
    return link_view(context, link)


def link_view(context: Context, link: str) -> LinkView:
    known = context.known
    view = known.directory.link(link, known.count)
    if view is None:
        raise Problem(404, f"there is no link {link!r}")
    return view


links = Router(
    "/v1/links", route_handlers=[create_link, list_links, get_link, disable_link], tags=["links"]
)
