"""What a payout keeps back: for the tax office and for its cost.

gross = net + withholding + fee      what is taken from payable, and where it goes
"""

from __future__ import annotations

from typing import NamedTuple

from events.currencies import is_currency
from events.instructions import PayoutDue
from events.terms import PayoutTerms
from projections.directory import Directory
from projections.money import BASIS_POINTS, plain, round_half_away
from projections.terms_history import TermsInForce


class Kept(NamedTuple):
    """What is kept of a payout, minor units; or why there is none."""

    withheld: int = 0
    fees: int = 0
    why: str = ""


class PayoutRules(NamedTuple):
    """What holds for a partner's payouts."""

    payouts: tuple[PayoutTerms, ...]
    two_persons: bool
    in_force: TermsInForce
    """The terms that say what is kept."""


def payout_rules(
    directory: Directory, program: str, partner: str, known: int, at: int
) -> PayoutRules | None:
    """What holds at `at` (ms), as known at decision `known`: None under engine 1.

    A partner's own terms say what is kept where they say anything of payouts; what they leave
    out is as the general terms have it, for what is withheld by law must not fall away unseen.
    Two persons are needed where either terms say so.
    """
    general = directory.terms(program, known, at)
    if general is None or general.terms.engine == "1":
        return None
    own = directory.terms(program, known, at, partner) or general
    deciding = own if own.terms.payouts else general
    two_persons = "two_persons" in (own.terms.payout_approval, general.terms.payout_approval)
    return PayoutRules(deciding.terms.payouts, two_persons, deciding)


def payout_terms(directory: Directory, due: PayoutDue) -> PayoutRules | None:
    """What holds for a requested payout when it was decided. Raises DirectoryBehind."""
    directory.require(due.number)
    at = directory.decided_at(due.number)
    return payout_rules(directory, due.program, due.partner, due.number, at)


def kept(found: PayoutRules, due: PayoutDue, gross: int, ready: int) -> Kept:
    """What is kept of `gross`; `ready`: what is available. Minor units."""
    unit = due.unit
    rules = _rules(found, unit)
    if gross < rules.minimum:
        asked = f"asked {plain(due.amount, unit)} {unit}, " if due.amount else ""
        return Kept(
            why=f"minimum {plain(rules.minimum, unit)} {unit}, "
            f"{asked}available {plain(ready, unit)} {unit}"
        )
    if gross <= 0:
        return Kept(why=f"available {plain(ready, unit)} {unit}")
    if found.two_persons and not due.checked:
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


def _rules(found: PayoutRules, unit: str) -> PayoutTerms:
    by_unit = {rules.unit: rules for rules in found.payouts}
    return by_unit.get(unit) or by_unit.get("") or PayoutTerms()
