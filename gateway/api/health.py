"""`/healthz`: can this gateway keep what it is sent?"""

from __future__ import annotations

from litestar import get
from msgspec import Struct

from gateway.api.context import Context
from gateway.problems import Problem


class Health(Struct):
    status: str
    known: int
    """Decisions this gateway knows."""
    pending: int
    """Records handed to the broker and not yet acknowledged."""


@get("/healthz", tags=["health"])
async def healthz(context: Context) -> Health:
    """200 when the broker answers and decisions are followed, 503 with the reason if not."""
    problem = await context.broker_problem()
    if not problem and not context.known.is_following:
        problem = context.known.problem or "the decisions are not followed"
    if problem:
        raise Problem(503, f"cannot keep what is sent: {problem}", known=context.known.count)
    return Health("ok", context.known.count, context.log.pending)
