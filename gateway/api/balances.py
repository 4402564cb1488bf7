"""`/v1/partners/{partner}/balances`: what is owed now, as the warehouse has it; or what was owed
as of a moment, from the journal itself. `…/corrections`: what makes the one known now differ from
the one known then."""

from __future__ import annotations

import time

from litestar import Router, get
from msgspec import Struct

from gateway.api.as_of import THEN, AsOf, CutAt, KnownBy, cut_at, known_given, moment_given
from gateway.api.context import Context
from gateway.api.partners import partner_view
from gateway.api.warehouse import journal_behind, rows
from gateway.problems import FieldProblem, Problem
from projections.corrections import Bridge
from projections.effective import NoTime
from projections.moments import NotAMoment
from streams.as_of_reading import Known, read_partner


class Balance(Struct):
    """Minor units of `unit`; payable = pending + available. Available may be negative."""

    program: str
    unit: str
    pending: int
    available: int
    payable: int
    in_transit: int
    paid: int


class Balances(Struct):
    partner: str
    as_of: int
    """When the question was answered, milliseconds since 1970 UTC."""
    records_behind: int
    """Journal records, of all partners, that the figures do not hold yet; 0: none."""
    balances: list[Balance]


class AsOfBalance(Struct):
    """Minor units of `unit`, up to the moment and divided at it."""

    program: str
    unit: str
    pending: int
    available: int
    payable: int
    in_transit: int
    paid: int
    fees: int
    withholding: int


class RuleGave(Struct):
    """What a rule gave and took back, minor units of `unit`."""

    program: str
    unit: str
    rule: str
    earned: int
    taken_back: int


class BalancesAsOf(Struct):
    partner: str
    cut: CutAt
    balances: list[AsOfBalance]
    commissions: list[RuleGave]


class Corrections(Struct):
    """For each program and unit: known then, every entry recorded since that was true before,
    known now. The changes add up exactly."""

    partner: str
    cut: CutAt
    accounts: list[Bridge]


@get("/{partner:str}/balances")
async def get_balances(
    partner: str, context: Context, as_of: AsOf = "", known: KnownBy = THEN
) -> Balances | BalancesAsOf:
    """What a partner is owed, and how fresh that is; or with `as_of`, what it was owed then."""
    partner_view(context, partner)
    if as_of:
        return _as_of(partner, await _read(context, partner, as_of, known))
    if known != THEN:
        raise FieldProblem("known", f"known={known!r} without as_of: known of which moment?")
    behind = await journal_behind(context)
    columns = ", ".join(Balance.__struct_fields__)
    found = await rows(
        context,
        f"SELECT {columns} FROM partner_balances WHERE partner = {{partner:String}} "
        "ORDER BY program, unit",
        partner=partner,
    )
    return Balances(
        partner=partner,
        as_of=time.time_ns() // 1_000_000,
        records_behind=behind,
        balances=[Balance(**row) for row in found],
    )


@get("/{partner:str}/corrections")
async def get_corrections(
    partner: str, context: Context, as_of: AsOf, known: KnownBy = "now"
) -> Corrections:
    """What is known now of the time before `as_of`, and was not known then: late arrivals,
    refunds, reviews, corrections, deals given to others. Times in milliseconds since 1970 UTC."""
    partner_view(context, partner)
    read = await _read(context, partner, as_of, known)
    return Corrections(partner, cut_at(read), read.bridges())


async def _read(context: Context, partner: str, as_of: str, known: str) -> Known:
    then = moment_given("as_of", as_of)
    until = known_given(known)

    def read() -> Known:
        return read_partner(
            context.settings.broker, partner, then, then if until is None else until
        )

    try:
        return await context.on_thread(read)
    except NotAMoment as problem:
        raise FieldProblem("as_of", str(problem)) from problem
    except NoTime as problem:
        raise Problem(500, str(problem)) from problem


def _as_of(partner: str, read: Known) -> BalancesAsOf:
    cut, books = cut_at(read), read.books()
    found = [
        AsOfBalance(key.program, key.unit, **{n: getattr(sums, n) for n in sums.__struct_fields__})
        for key, sums in books.at(read.moment).items()
    ]
    gave = [
        RuleGave(one.program, one.unit, one.rule, one.earned, one.taken_back)
        for one in books.commissions()
    ]
    return BalancesAsOf(partner, cut, found, gave)


balances = Router("/v1/partners", route_handlers=[get_balances, get_corrections], tags=["partners"])
