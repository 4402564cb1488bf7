"""Why a commission waits for a person, by the terms' own rules."""

from __future__ import annotations

from events.instructions import CommissionDue
from events.terms import Terms
from projections.booked import BookedPerson, Lookup, person_key
from projections.days import DAY_MS

DUPLICATE = "duplicate_customer"


def is_duplicate(lookup: Lookup, due: CommissionDue) -> bool:
    """Whether the partner brought the same person before, under another customer id."""
    if not due.identity or due.level:
        return False
    known = lookup(person_key(due.program, due.identity))
    return isinstance(known, BookedPerson) and known.customer != due.customer


def why_held(terms: Terms, due: CommissionDue, duplicate: bool, earned: int) -> str:
    """Why `due` waits, empty: it does not. `earned`: all it gives in money, minor units of the
    program's currency."""
    if due.hold:
        return due.hold
    if duplicate and terms.duplicate_customer == "hold":
        return DUPLICATE
    if terms.max_age_days and due.recorded_at - due.occurred_at > terms.max_age_days * DAY_MS:
        return "too_old"
    if terms.review_all:
        return "review_all"
    return "review_above" if terms.review_above and earned > terms.review_above else ""
