"""What a payout keeps back: for the tax office and for its cost.

gross = net + withholding + fee      what is taken from payable, and where it goes
"""

from __future__ import annotations

from typing import NamedTuple

from events.currencies import is_currency
from events.instructions import PayoutDue
from events.terms import PayoutTerms, Terms
from projections.directory import Directory
from projections.money import BASIS_POINTS, plain, round_half_away
from projections.terms_history import TermsInForce


class Kept(NamedTuple):
    """What is kept of a payout, minor units; or why there is none."""

    withheld: int = 0
    fees: int = 0
    why: str = ""


def payout_terms(directory: Directory, due: PayoutDue) -> TermsInForce | None:
    """The terms a requested payout is paid under: the partner's when it was decided, if they
    are of engine 2. Raises DirectoryBehind."""
    directory.require(due.number)
    found = directory.terms(due.program, due.number, directory.decided_at(due.number), due.partner)
    return None if found is None or found.terms.engine == "1" else found


def kept(terms: Terms, due: PayoutDue, gross: int, ready: int) -> Kept:
    """What is kept of `gross`; `ready`: what is available. Minor units."""
    unit = due.unit
    rules = _rules(terms, unit)
    if gross < rules.minimum:
        return Kept(
            why=f"minimum {plain(rules.minimum, unit)} {unit}, "
            f"available {plain(ready, unit)} {unit}"
        )
    if terms.payout_approval == "two_persons" and not due.checked:
        return Kept(why="needs approval by a second person")
    if not is_currency(unit):
        return Kept()
    withheld = round_half_away(gross * rules.withholding, BASIS_POINTS)
    fees = rules.fee + round_half_away(gross * rules.fee_rate, BASIS_POINTS)
    fees = min(fees, gross - withheld)
    if gross - withheld - fees <= 0:
        return Kept(
            why=f"nothing is left of {plain(gross, unit)} {unit} after withholding "
            f"{plain(withheld, unit)} and fees {plain(fees, unit)}"
        )
    return Kept(withheld, fees)


def _rules(terms: Terms, unit: str) -> PayoutTerms:
    by_unit = {rules.unit: rules for rules in terms.payouts}
    return by_unit.get(unit) or by_unit.get("") or PayoutTerms()
