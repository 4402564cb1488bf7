"""Reviews of commissions that would have had another effect, or none.

What people decided of commissions stays as they decided it. A review of a commission that
would not have been booked, or would not have been held, has no effect, and is listed: somebody
might have decided otherwise.
"""

from __future__ import annotations

from msgspec import Struct

from events.instructions import Instruction, ReviewDue
from events.journal import Entry


class ReviewChanged(Struct, frozen=True):
    """A review that has an effect on one side only, or another reason for none."""

    program: str
    partner: str
    deal: str
    event_id: str
    via: str
    step: str
    position: str
    """Of the decision."""
    actual: str
    """The step, where it had an effect; else why it had none."""
    what_if: str


class ReviewedBothWays:
    """Takes in each review with the entries of both sides."""

    def __init__(self) -> None:
        self.changed: list[ReviewChanged] = []

    def see(self, instruction: Instruction, actual: Entry, other: Entry | None) -> None:
        """Note the review if its effect would have been another one."""
        if not isinstance(instruction, ReviewDue):
            return
        was, would = _effect(actual), _effect(other)
        if was == would:
            return
        self.changed.append(
            ReviewChanged(
                instruction.program,
                instruction.partner,
                instruction.deal,
                instruction.event_id,
                instruction.via,
                instruction.step,
                instruction.source,
                was,
                would,
            )
        )


def _effect(entry: Entry | None) -> str:
    if entry is None:
        return "none"
    return entry.reason.partition(": ")[2] if entry.kind == "no_effect" else entry.kind
