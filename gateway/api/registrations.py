"""`/v1/registrations`: leads and deals that a partner says it works on.

Approving a lead puts a qualified lead among the conversions, winning puts the deal there; both
before the answer. Sent again, a command writes what is missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Literal

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Struct

from aggregates.application import Decisions
from events.codec import encode
from events.conversions import conversion_key
from events.topics import CONVERSIONS
from gateway.api.context import Context
from gateway.api.paging import DEFAULT_LIMIT, EndingBefore, Limit, Page, StartingAfter, page
from gateway.conversion_input import When, instant
from gateway.delivery import NotAcknowledged
from gateway.problems import Problem
from gateway.registered import conversions_of, sale_time, unrecorded
from projections.views import RegistrationStatus, RegistrationView


class NewRegistration(Struct, forbid_unknown_fields=True):
    """`amount`: what is expected, minor units of `currency`."""

    registration: str
    program: str
    partner: str
    customer: str
    kind: Literal["lead", "deal"]
    title: str = ""
    amount: int = 0
    currency: str = ""


class Expectation(Struct, forbid_unknown_fields=True):
    """What changed; the rest stays as it was."""

    title: str = ""
    amount: int = 0
    currency: str = ""


class Sold(Struct, forbid_unknown_fields=True):
    """The deal as it is to be recorded; `amount` in minor units."""

    deal: str
    amount: int
    currency: str
    occurred_at: When = None


class Why(Struct, forbid_unknown_fields=True):
    """Why it was not taken, or lost."""

    reason: str


@post("/")
async def submit_registration(data: NewRegistration, context: Context) -> RegistrationView:
    """Register a lead or a deal for a partner."""
    await context.command(
        lambda decisions: decisions.submit_registration(
            data.registration,
            data.program,
            data.partner,
            data.customer,
            data.kind,
            data.title,
            data.amount,
            data.currency,
            by=context.author,
        )
    )
    return registration_view(context, data.registration)


@get("/")
async def list_registrations(
    context: Context,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
    limit: Limit = DEFAULT_LIMIT,
    program: str | None = None,
    partner: str | None = None,
    status: Annotated[RegistrationStatus | None, Parameter(description="Only these")] = None,
) -> Page[RegistrationView]:
    """Registrations, in the order in which they were submitted."""
    found = [
        view
        for view in context.known.directory.registrations()
        if program in (None, view.program)
        and partner in (None, view.partner)
        and status in (None, view.status)
    ]
    return page(found, lambda view: view.registration, starting_after, ending_before, limit)


@get("/{registration:str}")
async def get_registration(registration: str, context: Context) -> RegistrationView:
    """One registration."""
    return registration_view(context, registration)


@post("/{registration:str}/approve", status_code=200)
async def approve_registration(registration: str, context: Context) -> RegistrationView:
    """The program takes it: the customer is the partner's for the time the terms set."""
    return await decide_and_record(
        context,
        registration,
        lambda decisions: decisions.approve_registration(registration, by=context.author),
    )


@post("/{registration:str}/reject", status_code=200)
async def reject_registration(registration: str, data: Why, context: Context) -> RegistrationView:
    """The program does not take it."""
    await context.command(
        lambda decisions: decisions.reject_registration(
            registration, data.reason, by=context.author
        )
    )
    return registration_view(context, registration)


@post("/{registration:str}/update", status_code=200)
async def update_registration(
    registration: str, data: Expectation, context: Context
) -> RegistrationView:
    """What is expected changed."""
    stands = registration_view(context, registration)
    await context.command(
        lambda decisions: decisions.update_registration(
            registration,
            data.title,
            data.amount or stands.amount,
            data.currency or stands.currency,
            by=context.author,
        )
    )
    return registration_view(context, registration)


@post("/{registration:str}/win", status_code=200)
async def win_registration(registration: str, data: Sold, context: Context) -> RegistrationView:
    """The customer bought: the deal is recorded."""
    view, given = registration_view(context, registration), data.occurred_at

    def win(decisions: Decisions) -> None:
        now = instant("occurred_at", given)
        occurred_at = sale_time(decisions, view, now) if given is None else now
        decisions.win_registration(
            registration, data.deal, data.amount, data.currency, occurred_at, by=context.author
        )

    return await decide_and_record(context, registration, win)


@post("/{registration:str}/lose", status_code=200)
async def lose_registration(registration: str, data: Why, context: Context) -> RegistrationView:
    """The customer did not buy: the claim ends."""
    await context.command(
        lambda decisions: decisions.lose_registration(registration, data.reason, by=context.author)
    )
    return registration_view(context, registration)


async def decide_and_record(
    context: Context, registration: str, decide: Callable[[Decisions], object]
) -> RegistrationView:
    """Decide, then append the conversions that follow and are not there."""
    directory, broker = context.known.directory, context.settings.broker
    stood = directory.registration(registration)
    before = await context.ask(lambda decisions: conversions_of(decisions, stood, 0))
    await context.command(decide)
    # Now this gateway has read it back, with the broker's time of the approval.
    view, known = directory.registration(registration), context.known.count
    conversions = await context.ask(
        lambda decisions: unrecorded(broker, decisions, view, known, before)
    )
    appended = [
        context.log.append(
            CONVERSIONS,
            conversion_key(conversion.program, conversion.customer),
            encode(conversion),
        )
        for conversion in conversions
    ]
    try:
        await asyncio.gather(*appended)
    except NotAcknowledged as problem:
        raise Problem(
            503, f"decided, but the conversion is not recorded: {problem}; send it again"
        ) from problem
    return registration_view(context, registration)


def registration_view(context: Context, registration: str) -> RegistrationView:
    """The registration as it is now; a Problem, 404, where it was never submitted."""
    view = context.known.directory.registration(registration)
    if view is None:
        raise Problem(404, f"there is no registration {registration!r}")
    return view


registrations = Router(
    "/v1/registrations",
    route_handlers=[
        submit_registration,
        list_registrations,
        get_registration,
        approve_registration,
        reject_registration,
        update_registration,
        win_registration,
        lose_registration,
    ],
    tags=["registrations"],
)
