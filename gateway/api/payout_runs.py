"""`/v1/runs`: many partners paid at once, each by a payout of its own.

Who is paid is decided when a run starts, from the warehouse's balances; the journal answers
each payout. The same POST again completes a run that broke off.
"""

from __future__ import annotations

import time
from collections import Counter

from litestar import Router, get, post
from msgspec import Struct

from aggregates.application import Decisions
from aggregates.errors import Conflict, Invalid, NotFound
from aggregates.payout_run import payout_of
from events.decisions import RunPayout
from gateway.api.context import Context
from gateway.api.paging import DEFAULT_LIMIT, EndingBefore, Limit, Page, StartingAfter, page
from gateway.api.payouts import Approval, PayoutView, asker, view_of
from gateway.api.warehouse import rows
from projections.payout_plan import AVAILABLE, Candidate, plan


class NewRun(Struct, forbid_unknown_fields=True):
    """`unit`: empty for the program's currency. `by`: who asks."""

    run: str
    program: str
    unit: str = ""
    by: str = ""


class RunView(Struct):
    """A run as its decisions say now. Amounts in minor units of `unit`."""

    run: str
    program: str
    unit: str
    payouts: int
    missing: int
    """How many were not asked for yet: the same POST again does."""
    amount: int
    """What was set aside for its payouts."""
    statuses: dict[str, int]
    each: list[PayoutView]


class RunRow(Struct):
    """A run in a list, as the warehouse has it."""

    run: str
    program: str
    unit: str
    payouts: int
    settled: int
    unpaid: int
    amount: int


class PlanView(Struct):
    """Who a run would pay now, and who not, with the reason."""

    program: str
    unit: str
    paid: list[Candidate]
    left_out: list[Candidate]


@post("/v1/runs", status_code=202)
async def start_run(data: NewRun, context: Context) -> RunView:
    """Start a run, or go on with one. Whether its payouts are funded, a later GET tells."""
    try:
        found = await context.ask(lambda decisions: decisions.run(data.run))
    except NotFound:
        payouts: tuple[str, list[RunPayout]] | None = await _listed(context, data)
    else:
        if (found.program, data.unit or found.unit) != (data.program, found.unit):
            raise Conflict(f"run {data.run} is of {found.program} in {found.unit}; choose another")
        payouts = None

    def decide(decisions: Decisions) -> None:
        by = asker(context, decisions, data.program, "", data.by)
        if payouts is not None:
            if not by:
                raise Invalid("by", by, "who asks: the program's payouts need a second person")
            decisions.start_run(data.run, data.program, payouts[0], payouts[1], by=by)
        for _ in decisions.request_run(data.run, by=by):
            pass

    await context.command(decide)
    return await run_view(context, data.run)


@get("/v1/runs")
async def list_runs(
    context: Context,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
    limit: Limit = DEFAULT_LIMIT,
    program: str | None = None,
) -> Page[RunRow]:
    """Runs as the warehouse has them, in the order in which they were started."""
    found = await rows(
        context,
        f"SELECT {', '.join(RunRow.__struct_fields__)} FROM payout_runs "
        "WHERE {program:String} = '' OR program = {program:String} ORDER BY started, run",
        program=program or "",
    )
    runs = [RunRow(**row) for row in found]
    return page(runs, lambda view: view.run, starting_after, ending_before, limit)


@get("/v1/runs/{run:str}")
async def get_run(run: str, context: Context) -> RunView:
    """One run with its payouts, as their decisions say now."""
    return await run_view(context, run)


@post("/v1/runs/{run:str}/approve", status_code=202)
async def approve_run(run: str, data: Approval, context: Context) -> RunView:
    """A second person approves every payout of the run that is proposed."""
    by = context.caller.decides_as(data.by)

    def decide(decisions: Decisions) -> None:
        for payout in decisions.payouts_of(run):
            if payout.status == "proposed":
                decisions.approve_payout(payout.payout, by=by)

    await context.command(decide)
    return await run_view(context, run)


@get("/v1/programs/{program:str}/payout-plan")
async def payout_plan(program: str, context: Context, unit: str = "") -> PlanView:
    """Who a run of the program would pay now; nothing is decided."""
    unit, candidates = await _planned(context, program, unit)
    paid = [one for one in candidates if not one.left_out]
    return PlanView(program, unit, paid, [one for one in candidates if one.left_out])


async def run_view(context: Context, run: str) -> RunView:
    """Raises NotFound."""
    found = await context.ask(lambda decisions: decisions.run(run))
    payouts = await context.ask(lambda decisions: decisions.payouts_of(run))
    return RunView(
        run=run,
        program=found.program,
        unit=found.unit,
        payouts=len(found.payouts),
        missing=len(found.payouts) - len(payouts),
        amount=sum(payout.amount for payout in payouts),
        statuses=dict(Counter(payout.status for payout in payouts)),
        each=[view_of(payout) for payout in payouts],
    )


async def _listed(context: Context, data: NewRun) -> tuple[str, list[RunPayout]]:
    """The unit and the list of a new run."""
    unit, candidates = await _planned(context, data.program, data.unit)
    payouts = [
        RunPayout(payout_of(data.run, one.partner), one.partner)
        for one in candidates
        if not one.left_out
    ]
    if not payouts:
        raise Conflict(f"run {data.run}: nobody can be paid now; the payout-plan says why")
    return unit, payouts


async def _planned(context: Context, program: str, unit: str) -> tuple[str, list[Candidate]]:
    directory = context.known.directory
    found = directory.program(program, directory.count)
    if found is None:
        raise Invalid("program", program, "a program that exists")
    unit = unit or found.currency
    listed = await rows(context, AVAILABLE, program=program, unit=unit)
    balances = {row["partner"]: int(row["available"]) for row in listed}
    return unit, plan(directory, program, unit, balances, time.time_ns() // 1_000_000)


payout_runs = Router(
    "/",
    route_handlers=[start_run, list_runs, get_run, approve_run, payout_plan],
    tags=["payouts"],
)
