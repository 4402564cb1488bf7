"""`/v1/programs`: programs and the terms they pay by."""

from __future__ import annotations

from typing import Literal

from litestar import Router, get, post
from msgspec import Struct

from events.terms import ConversionKind, Rule, Terms
from gateway.api.context import AUTHOR, Context
from gateway.api.paging import DEFAULT_LIMIT, EndingBefore, Limit, Page, StartingAfter, page
from gateway.conversion_input import When, instant
from gateway.problems import Problem
from projections.views import ProgramView


class NewProgram(Struct, forbid_unknown_fields=True):
    program: str
    name: str
    currency: str


class NewRule(Struct, forbid_unknown_fields=True):
    """One thing that earns: `percentage` in basis points, `flat` in minor units of `currency`
    (empty: the program's)."""

    name: str
    event: ConversionKind
    type: Literal["percentage", "flat"]
    amount: int
    currency: str = ""

    def rule(self) -> Rule:
        return Rule(self.name, self.event, self.type, self.amount, self.currency)


class NewTerms(Struct, forbid_unknown_fields=True):
    """A new version of a program's terms; versions that stand are never changed."""

    rules: list[NewRule]
    effective_from: When = None
    attribution: str = "last_touch"
    window_days: int = 30
    signup_window_days: int = 365
    hold_days: int = 30
    engine: str = "1"


class TermsVersion(Struct):
    terms: Terms
    position: str
    """Of the decision that added them."""


@post("/")
async def create_program(data: NewProgram, context: Context) -> ProgramView:
    """Create a program."""
    await context.command(
        lambda decisions: decisions.create_program(
            data.program, data.name, data.currency, by=AUTHOR
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
    await context.command(lambda decisions: decisions.pause_program(program, by=AUTHOR))
    return program_view(context, program)


@post("/{program:str}/resume", status_code=200)
async def resume_program(program: str, context: Context) -> ProgramView:
    """Resume a paused program."""
    await context.command(lambda decisions: decisions.resume_program(program, by=AUTHOR))
    return program_view(context, program)


@post("/{program:str}/terms")
async def add_terms(program: str, data: NewTerms, context: Context) -> Terms:
    """Add a version of the terms; the answer has its number."""
    effective_from = instant("effective_from", data.effective_from)
    return await context.command(
        lambda decisions: decisions.add_terms(
            program,
            [given.rule() for given in data.rules],
            effective_from=effective_from,
            attribution=data.attribution,
            window_days=data.window_days,
            signup_window_days=data.signup_window_days,
            hold_days=data.hold_days,
            engine=data.engine,
            by=AUTHOR,
        )
    )


@get("/{program:str}/terms")
async def list_terms(program: str, context: Context) -> list[TermsVersion]:
    """All versions of the terms, with the position of the decision that added each."""
    program_view(context, program)
    versions = context.known.directory.terms_versions(program)
    return [TermsVersion(version.terms, version.position) for version in versions]


def program_view(context: Context, program: str) -> ProgramView:
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
    ],
    tags=["programs"],
)
