"""`/v1/programs/{program}/agreements`: what partners accept before they earn."""

from __future__ import annotations

import time

from litestar import Router, get, post
from msgspec import Struct

from gateway.api.context import Context
from gateway.api.paging import DEFAULT_LIMIT, EndingBefore, Limit, Page, StartingAfter, page
from gateway.api.programs import program_view
from gateway.conversion_input import When, instant
from gateway.problems import Problem
from projections.views import AcceptanceView, AgreementView


class NewAgreement(Struct, forbid_unknown_fields=True):
    """`terms`: version of the terms it shows; 0: none."""

    title: str
    text: str
    terms: int = 0


class NewAcceptance(Struct, forbid_unknown_fields=True):
    """`sha256`: of the text that was shown (UTF-8), in hex; `person`: who accepted it."""

    partner: str
    person: str
    sha256: str
    accepted_at: When = None


@post("/")
async def publish_agreement(program: str, data: NewAgreement, context: Context) -> AgreementView:
    """Publish a version. From the first one on, only partners that accepted one earn."""
    version = await context.command(
        lambda decisions: decisions.publish_agreement(
            program, data.title, data.text, data.terms, by=context.author
        )
    )
    return agreement_view(context, program, version)


@get("/")
async def list_agreements(program: str, context: Context) -> list[AgreementView]:
    """All versions, in the order in which they were published."""
    program_view(context, program)
    return list(context.known.directory.agreements(program))


@get("/{version:int}")
async def get_agreement(program: str, version: int, context: Context) -> AgreementView:
    """One version, with its text and the hash that whoever accepts it names."""
    return agreement_view(context, program, version)


@post("/{version:int}/accept", status_code=200)
async def accept_agreement(
    program: str, version: int, data: NewAcceptance, context: Context
) -> AcceptanceView:
    """A named person accepts the version for a partner; another text than its own is refused."""
    given = data.accepted_at
    accepted_at = time.time_ns() // 1_000_000 if given is None else instant("accepted_at", given)
    await context.command(
        lambda decisions: decisions.accept_agreement(
            data.partner, program, version, data.sha256, data.person, accepted_at, by=context.author
        )
    )
    known = context.known
    accepted = known.directory.acceptance(program, data.partner, known.count)
    if accepted is None:
        raise Problem(503, "the acceptance is recorded, but not read back yet; ask again")
    return accepted


@get("/acceptances")
async def list_acceptances(
    program: str,
    context: Context,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[AcceptanceView]:
    """What each partner accepted last; a cursor is a partner."""
    program_view(context, program)
    accepted = context.known.directory.acceptances(program)
    return page(accepted, lambda view: view.partner, starting_after, ending_before, limit)


def agreement_view(context: Context, program: str, version: int) -> AgreementView:
    """A version of the program's agreement; a Problem, 404, where there is none."""
    for view in context.known.directory.agreements(program):
        if view.version == version:
            return view
    raise Problem(404, f"{program} has no agreement {version}")


agreements = Router(
    "/v1/programs/{program:str}/agreements",
    route_handlers=[
        publish_agreement,
        list_agreements,
        get_agreement,
        accept_agreement,
        list_acceptances,
    ],
    tags=["agreements"],
)
