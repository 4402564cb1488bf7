"""`/v1/conversions`: signups, deals and refunds; one, an array, or NDJSON.

`/v1/conversions/assign` gives a recorded deal to a partner, by a person's decision.
`/v1/postback` is the same as the first by a plain GET, for systems that can only call an
address.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.openapi.spec import OpenAPIMediaType, Operation, Reference, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from msgspec import Struct

from events.codec import encode
from events.conversions import conversion_key
from events.topics import CONVERSIONS
from gateway.api.context import Context
from gateway.conversion_input import ConversionInput
from gateway.delivery import NotAcknowledged
from gateway.intake import Accepted, BatchAnswer, read_array, read_lines, read_one
from gateway.postback import read_postback
from gateway.problems import FieldProblem, Problem
from gateway.tracking import first_values
from streams.assigning import assigning, find_deal

NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")


@dataclass
class ConversionsOperation(Operation):
    """The body is read by its media type, so its schema is written out by hand."""

    def __post_init__(self) -> None:
        shapes, components = msgspec.json.schema_components(
            [ConversionInput], ref_template="#/x-conversions/{name}"
        )
        one = inlined(shapes[0], components)
        text = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))
        many = {"type": "array", "items": one}
        self.request_body = RequestBody(
            required=True,
            description="One conversion, an array of them, or one a line",
            content={
                "application/json": OpenAPIMediaType(schema=_Written({"oneOf": [one, many]})),
                NDJSON[0]: text,
            },
        )


class _Written(Reference):
    """A schema that is a dictionary already."""

    def __init__(self, written: dict[str, Any]) -> None:
        self.written = written

    def to_schema(self) -> dict[str, Any]:
        return self.written


def inlined(schema: Any, components: dict[str, Any]) -> Any:
    """`schema` with its references to `components` replaced by what they name."""
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        if reference is not None:
            return inlined(components[reference.rpartition("/")[2]], components)
        return {
            name: inlined(part, components)
            for name, part in schema.items()
            if name != "discriminator"
        }
    if isinstance(schema, list):
        return [inlined(part, components) for part in schema]
    return schema


@post("/conversions", status_code=202, operation_class=ConversionsOperation)
async def post_conversions(
    request: Request[Any, Any, Any], context: Context
) -> Response[Accepted | BatchAnswer]:
    """Record conversions. The answer means they are in the log.

    A batch answers 202 with the lines that cannot be used, or 422 when none can. Sending
    the same `event_id` again is harmless; with other content it is a conflict (409).
    A single conversion without `event_id` takes the header Idempotency-Key for it.
    """
    body = await request.body()
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type in NDJSON:
        return _answered(await context.intake.take_batch(read_lines(body)))
    if body.lstrip()[:1] == b"[":
        return _answered(await context.intake.take_batch(read_array(body)))
    given = read_one(body)
    if not given.event_id:
        given.event_id = request.headers.get("idempotency-key", "")
    return Response(await context.intake.take(given), status_code=202)


def _answered(answer: BatchAnswer) -> Response[Accepted | BatchAnswer]:
    if answer.rejected_count and not answer.accepted:
        raise Problem(
            422,
            "no line of the batch can be used",
            rejected_count=answer.rejected_count,
            rejected=answer.rejected,
        )
    return Response(answer, status_code=202)


@get("/postback")
async def postback(request: Request[Any, Any, Any], context: Context) -> Accepted:
    """Record a deal (with `deal` and `amount`) or a signup, from a query.

    `click_id` (or an alias: clickid, cid, tid, xid, transaction_id, irclickid) gives the
    program where `program` is missing, and stands for the customer where `customer` is.
    """
    values = first_values(request.url.query)
    if not values:
        raise FieldProblem("", "expected at least click_id, or program and customer")
    return await context.intake.take(
        read_postback(values, context.known, context.keys, context.personal)
    )


class NewAssignment(Struct, forbid_unknown_fields=True, kw_only=True):
    """A recorded deal of a customer, and the partner whose it is to be."""

    program: str
    customer: str
    deal: str
    partner: str
    """Whose the deal is from now on."""
    reason: str
    again: bool = False
    """Also if it is the partner's by the last assignment: reckon it anew as of now."""


class AssignedDeal(Struct):
    """What was written, or stood already."""

    event_id: str
    """Of the assignment."""
    deal: str
    record: str
    """Position of the deal's own record."""
    partner: str
    new: bool
    """False: the deal was the partner's already, and nothing was added."""


@post("/conversions/assign", status_code=202)
async def assign(data: NewAssignment, context: Context) -> AssignedDeal:
    """Give a recorded deal to a partner; whoever had it loses its commission.

    Reads the customer's part of the log: seconds in a large ledger. What was refunded of the
    deal is taken off. Asking again adds nothing.
    """
    customer = context.personal.stands_for(data.program, data.customer)
    recorded = await context.on_thread(
        lambda: find_deal(context.settings.broker, data.program, customer, data.deal)
    )
    found = assigning(
        recorded,
        data.partner,
        reason=data.reason,
        by=context.author,
        at=time.time_ns() // 1_000_000,
        again=data.again,
        directory=context.known.directory,
    )
    if found.is_new:
        key = conversion_key(data.program, customer)
        try:
            await context.log.append(CONVERSIONS, key, encode(found.assignment))
        except NotAcknowledged as problem:
            raise Problem(503, f"the assignment is not recorded: {problem}") from problem
    return AssignedDeal(
        found.assignment.event_id, data.deal, recorded.position, data.partner, found.is_new
    )


conversions = Router(
    "/v1", route_handlers=[post_conversions, assign, postback], tags=["conversions"]
)
