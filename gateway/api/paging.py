"""Lists in pages: `starting_after` and `ending_before` are ids of items seen, `has_more`
says whether there is more in that direction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from litestar.params import Parameter
from msgspec import Struct

from gateway.problems import FieldProblem

DEFAULT_LIMIT = 50
MAX_LIMIT = 1_000

Item = TypeVar("Item")

Limit = Annotated[int, Parameter(ge=1, le=MAX_LIMIT, description="Items a page")]
StartingAfter = Annotated[str | None, Parameter(description="Items after the one of this id")]
EndingBefore = Annotated[str | None, Parameter(description="Items before the one of this id")]


class Page(Struct, Generic[Item]):
    data: list[Item]
    has_more: bool


def page(
    items: Sequence[Item],
    identity: Callable[[Item], str],
    starting_after: str | None,
    ending_before: str | None,
    limit: int,
) -> Page[Any]:
    """The page of `items` asked for; raises FieldProblem for a cursor that names no item."""
    if starting_after and ending_before:
        raise FieldProblem("ending_before", "give starting_after or ending_before, not both")
    cursor = starting_after or ending_before
    if not cursor:
        return Page(list(items[:limit]), len(items) > limit)
    at = next((n for n, item in enumerate(items) if identity(item) == cursor), None)
    if at is None:
        field = "starting_after" if starting_after else "ending_before"
        raise FieldProblem(field, f"{field}={cursor!r} is not an item of this list")
    if starting_after:
        return Page(list(items[at + 1 : at + 1 + limit]), len(items) > at + 1 + limit)
    first = max(0, at - limit)
    return Page(list(items[first:at]), first > 0)
