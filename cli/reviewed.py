"""How a commission stands in the journal, asked before a person decides of it.

A decision can do nothing about what is not booked: it would be kept, have no effect, and read
as done. So a mistyped deal is refused here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cli.reading import BadOption

if TYPE_CHECKING:
    from aggregates.application import Decisions
    from aggregates.commission import Reviewed
    from events.settings import Settings

Step = Literal["held", "released", "rejected", "adjusted"]
State = Literal["", "booked", "held", "rejected"]
"""Of a commission; empty: none is booked."""


def require_booked(
    settings: Settings, ledger: Decisions, of: Reviewed, step: Step, reason: str
) -> str:
    """Raises BadOption where the decision could do nothing.

    Returns what to warn of: an equal decision that the journal does not show. Empty: nothing.
    """
    state = state_of(settings, of)
    name = of.deal or of.event_id
    if not state:
        over = f" by way of {of.via}" if of.via else ""
        raise BadOption(
            f"nothing is booked for {of.partner} on {name}{over} in {of.program}; "
            f"`pledger explain {name}` says what became of it"
        )
    decided = ledger.commission(*of)
    repeated = (decided.status, decided.reason) == (step, reason)
    if step == "released" and not repeated and "held" not in (state, decided.status):
        raise BadOption(f"the commission of {of} is {state}, not held: nothing to release")
    if state == "rejected" and not repeated:
        raise BadOption(f"the commission of {of} is rejected; adjust the partner's account instead")
    shown = "booked" if step == "released" else step
    if repeated and state != shown:
        return (
            f"it was {step} for that reason before, and the journal has it {state}: is a worker "
            f"running? If it was booked since, decide again for another reason"
        )
    return ""


def state_of(settings: Settings, of: Reviewed) -> State:
    """How the commission stands, as the partner's partition of the journal says now."""
    from events.partitioning import partition_of
    from streams.journal_reading import entries, journal_ends

    ends = journal_ends(settings.broker)
    partition = partition_of(of.partner, len(ends))
    key = (of.partner, of.program, of.deal, of.event_id, of.via)
    state: State = ""
    for posted in entries(settings.broker, {partition: ends[partition]}):
        entry = posted.entry
        event_id = "" if entry.deal else entry.event_id
        if (entry.partner, entry.program, entry.deal, event_id, entry.via) != key:
            continue
        if entry.kind == "commission":
            state = "held" if entry.hold else "booked"
        elif entry.kind == "released":
            state = "booked"
        elif entry.kind in ("held", "rejected"):
            state = entry.kind
    return state
