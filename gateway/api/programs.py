"""`/v1/programs`: programs and the terms they pay by."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from litestar import Router, get, post
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody
from msgspec import Struct

from aggregates.application import Decisions
from aggregates.terms_form import read_form, write_form
from aggregates.terms_schema import schema
from events.terms import Terms
from gateway.api.context import Context
from gateway.api.paging import DEFAULT_LIMIT, EndingBefore, Limit, Page, StartingAfter, page
from gateway.problems import Problem
from projections.views import ProgramView

NOW = ("effective_from", None)
"""Said, and the same as not said."""


class NewProgram(Struct, forbid_unknown_fields=True):
    program: str
    name: str
    currency: str


@dataclass
class TermsOperation(Operation):
    """The body is the form of terms, with its own schema."""

    def __post_init__(self) -> None:
        form: Any = {"$id": TERMS_SCHEMA_ID, **schema()}
        self.request_body = RequestBody(
            content={"application/json": OpenAPIMediaType(schema=form)},
            description="Terms, as docs/terms.md tells them",
            required=True,
        )


TERMS_SCHEMA_ID = "urn:partner-ledger:terms"
"""So that references within the schema mean the schema, not the document it stands in."""


class TermsVersion(Struct):
    """A version of a program's terms."""

    terms: Terms
    position: str
    """Of the decision that added them."""


@post("/")
async def create_program(data: NewProgram, context: Context) -> ProgramView:
    """Create a program."""
    await context.command(
        lambda decisions: decisions.create_program(
            data.program, data.name, data.currency, by=context.author
        )
    )
    return program_view(context, data.program)


@get("/")
async def list_programs(
    context: Context,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[ProgramView]:
    """Programs, in the order in which they were created."""
    programs = context.known.directory.programs()
    return page(programs, lambda view: view.program, starting_after, ending_before, limit)


@get("/{program:str}")
async def get_program(program: str, context: Context) -> ProgramView:
    """One program."""
    return program_view(context, program)


@post("/{program:str}/pause", status_code=200)
async def pause_program(program: str, context: Context) -> ProgramView:
    """Pause a program: what happens from now on earns nothing."""
    await context.command(lambda decisions: decisions.pause_program(program, by=context.author))
    return program_view(context, program)


@post("/{program:str}/resume", status_code=200)
async def resume_program(program: str, context: Context) -> ProgramView:
    """Resume a paused program."""
    await context.command(lambda decisions: decisions.resume_program(program, by=context.author))
    return program_view(context, program)


@post("/{program:str}/terms", operation_class=TermsOperation)
async def add_terms(program: str, data: dict[str, Any], context: Context) -> Terms:
    """Add a version of the terms, general or of one `partner`; the answer has its number.

    Without `effective_from`, in force from now. Without `engine`: 2 where the terms need it.
    """
    form = {name: value for name, value in data.items() if (name, value) != NOW}
    now = time.time_ns() // 1_000_000

    def add(decisions: Decisions) -> Terms:
        found = decisions.program(program)
        read = read_form(form, found.currency, found.newest_terms())
        return decisions.add_terms(
            program,
            effective_from=read.terms.effective_from if read.dated else now,
            by=context.author,
            **read.fields(),
        )

    return await context.command(add)


@get("/{program:str}/terms")
async def list_terms(program: str, context: Context) -> list[TermsVersion]:
    """All versions of the terms, with the position of the decision that added each."""
    program_view(context, program)
    versions = context.known.directory.terms_versions(program)
    return [TermsVersion(version.terms, version.position) for version in versions]


@get("/{program:str}/terms/{version:int}")
async def get_terms(program: str, version: int, context: Context) -> dict[str, Any]:
    """One version of the terms, in the form in which it could be added again."""
    currency = program_view(context, program).currency
    for entry in context.known.directory.terms_versions(program):
        if entry.terms.version == version:
            return write_form(entry.terms, currency)
    raise Problem(404, f"program {program!r} has no terms {version}")


def program_view(context: Context, program: str) -> ProgramView:
    """The program as it is now; a Problem, 404, where there is none."""
    known = context.known
    view = known.directory.program(program, known.count)
    if view is None:
        raise Problem(404, f"there is no program {program!r}")
    return view


programs = Router(
    "/v1/programs",
    route_handlers=[
        create_program,
        list_programs,
        get_program,
        pause_program,
        resume_program,
        add_terms,
        list_terms,
        get_terms,
    ],
    tags=["programs"],
)
