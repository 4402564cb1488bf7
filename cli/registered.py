"""Deciding on a registration and recording what follows: one after the other, and again.

If it dies between the two, the decision stands and its conversion is missing: the same command
again finds that, and writes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cli.reading import iso
from projections.days import DAY_MS

if TYPE_CHECKING:
    from aggregates.application import Decisions
    from events.settings import Settings
    from projections.directory import Directory
    from projections.views import RegistrationView
    from streams.decisions import DirectoryFollower


def decide_and_record(
    settings: Settings,
    follower: DirectoryFollower,
    ledger: Decisions,
    registration: str,
    decide: Callable[[], object],
) -> list[str]:
    """Decide, then write the conversions that follow; the ids of those written now."""
    from events.codec import encode
    from events.conversions import conversion_key
    from events.log import Writer
    from events.topics import CONVERSIONS
    from gateway.registered import conversions_of, unrecorded

    known = follower.directory
    before = conversions_of(ledger, known.registration(registration), 0)
    decide()
    follower.refresh()
    view = known.registration(registration)
    missing = unrecorded(settings.broker, ledger, view, known.count, before)
    if missing:
        writer = Writer(settings.broker, linger_ms=0)
        for conversion in missing:
            key = conversion_key(conversion.program, conversion.customer)
            writer.append(CONVERSIONS, key=key, value=encode(conversion))
        writer.flush()
    return [conversion.event_id for conversion in missing]


def unprotected(directory: Directory, view: RegistrationView, at: int) -> str:
    """Why a deal at `at` (ms) is not its partner's by the registration; empty if it is."""
    found = directory.terms(view.program, directory.count, at)
    remedy = "see who is credited: pledger conversions, and pledger conversions assign"
    if found is None or found.terms.engine == "1":
        return f"the terms of {view.program} know no registered deals; {remedy}"
    until = view.approved_at + found.terms.protection_days * DAY_MS
    if view.approved_at and at > until:
        return f"the claim of {view.partner} ended on {iso(until)[:10]}; {remedy}"
    return ""
