"""`/v1/coupons`: codes that credit a partner without a click."""

from __future__ import annotations

from litestar import Router, get, post
from msgspec import Struct

from gateway.api.context import Context
from gateway.api.paging import DEFAULT_LIMIT, EndingBefore, Limit, Page, StartingAfter, page
from gateway.problems import Problem
from projections.views import CouponView


class NewCoupon(Struct, forbid_unknown_fields=True):
    """Codes compare without regard to case."""

    program: str
    code: str
    partner: str


@post("/")
async def create_coupon(data: NewCoupon, context: Context) -> CouponView:
    """Give a partner a coupon code."""
    await context.command(
        lambda decisions: decisions.create_coupon(
            data.program, data.code, data.partner, by=context.author
        )
    )
    return coupon_view(context, data.program, data.code)


@get("/")
async def list_coupons(
    context: Context,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[CouponView]:
    """Coupons, in the order in which they were created; a cursor is `program/CODE`."""
    coupons = context.known.directory.coupons()
    return page(coupons, _identity, starting_after, ending_before, limit)


@post("/{program:str}/{code:str}/retire", status_code=200)
async def retire_coupon(program: str, code: str, context: Context) -> CouponView:
    """Retire a coupon: deals from now on are not credited by it."""
    await context.command(
        lambda decisions: decisions.retire_coupon(program, code, by=context.author)
    )
    return coupon_view(context, program, code)


def coupon_view(context: Context, program: str, code: str) -> CouponView:
    wanted = f"{program}/{code.upper()}"
    for view in context.known.directory.coupons():
        if _identity(view) == wanted:
            return view
    raise Problem(404, f"there is no coupon {wanted!r}")


def _identity(view: CouponView) -> str:
    return f"{view.program}/{view.code}"


coupons = Router(
    "/v1/coupons", route_handlers=[create_coupon, list_coupons, retire_coupon], tags=["coupons"]
)
