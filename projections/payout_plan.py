"""Who is paid in a run: every partner with money available, or why not.

A plan is a proposal, made from balances as somebody sees them. Whether the money is there is
decided by the journal, which answers each payout of the run.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from events.currencies import is_currency
from events.instructions import PayoutDue
from events.journal import Entry
from projections.directory import Directory
from projections.money import plain
from projections.payout_terms import kept, payout_rules
from projections.posted import unit_of
from projections.unit_balance import held_until

AVAILABLE = """
SELECT partner, available FROM partner_balances
WHERE program = {program:String} AND unit = {unit:String} AND payable != 0
"""
"""What the warehouse says is available: a program's balances in one unit, minor units."""


class Candidate(Struct, frozen=True):
    """A partner with a balance, and whether a run would pay it."""

    partner: str
    available: int
    """Minor units that can be paid out, before fees and withholding."""
    left_out: str = ""
    """Why it is not paid; empty: it is."""


class Balances:
    """What is available to each partner in one program and unit at a time, from the journal."""

    def __init__(self, program: str, unit: str, at: int) -> None:
        self._program = program
        self._unit = unit
        self._at = at
        self.available: dict[str, int] = {}
        """Partner → minor units; those that have none but are owed some later included."""

    def add(self, entry: Entry) -> None:
        """Take the next accepted entry of any partition."""
        if entry.program != self._program:
            return
        for leg in entry.legs:
            if leg.account == "payable" and unit_of(entry, leg) == self._unit:
                ready = held_until(entry, leg) <= self._at
                held = self.available.get(entry.partner, 0)
                self.available[entry.partner] = held + (leg.amount if ready else 0)


def plan(
    directory: Directory, program: str, unit: str, available: Mapping[str, int], at: int
) -> list[Candidate]:
    """Every partner of `available` (partner → minor units of `unit`) by name, with the reason
    where it is left out. `at`: time in ms, which picks the terms."""
    return [
        Candidate(partner, amount, _left_out(directory, program, partner, unit, amount, at))
        for partner, amount in sorted(available.items())
    ]


def _left_out(
    directory: Directory, program: str, partner: str, unit: str, available: int, at: int
) -> str:
    known = directory.count
    if available <= 0:
        return f"nothing available: {plain(available, unit)} {unit}"
    if not directory.partner_active(program, partner, known):
        return "not an active partner of the program; `payouts request` pays it all the same"
    found = payout_rules(directory, program, partner, known, at)
    if found is not None:
        # What the journal will say, asked before it is asked.
        asked = PayoutDue(0, "", known, partner, program, "", "requested", unit, checked=True)
        if why := kept(found, asked, available, available).why:
            return why
    if is_currency(unit) and directory.payee(partner, known) is None:
        return "no payee details: `partners payee` sets them"
    return ""
