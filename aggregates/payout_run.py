"""A payout run: many partners paid at once, each by a payout of its own.

Who is paid is decided once, when the run starts. So a run that broke off goes on where it
was: it asks again for the payouts on its list, and those that were asked for stay as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from eventsourcing.domain import event

from aggregates.checks import slug_of, unit_of
from aggregates.decision import DecisionAggregate
from aggregates.errors import AlreadyExists, Invalid
from events.decisions import RunPayout

MOST_PAYOUTS = 5_000
"""Payouts of one run: its list is one record of the log, and must stay well below 1 MB."""
LONGEST_RUN_ID = 40
"""Characters, so that there is room for the partner in the ids of its payouts."""
LONGEST_PAYOUT_ID = 64


def payout_of(run: str, partner: str) -> str:
    """The id of the payout of `partner` in `run`: `{run}-{partner}`, or with the beginning of
    the SHA-256 of the partner's id where that would be longer than ids may be."""
    plain = f"{run}-{partner}"
    if len(plain) <= LONGEST_PAYOUT_ID:
        return plain
    return f"{run}-{hashlib.sha256(partner.encode()).hexdigest()[:16]}"


class PayoutRun(DecisionAggregate):
    """A list of payouts that belong together."""

    TOPIC = "run"

    @staticmethod
    def create_id(run: str) -> str:
        return f"run:{run}"

    @event("Created", topic="run.started")
    def __init__(
        self, run: str, program: str, unit: str, payouts: list[dict[str, Any]], by: str
    ) -> None:
        self.run = run
        self.program = program
        self.unit = unit
        self.payouts = tuple(msgspec.convert(payout, RunPayout) for payout in payouts)
        self.started_by = by

    @classmethod
    def start(
        cls, run: str, program: str, unit: str, payouts: Sequence[RunPayout], by: str = ""
    ) -> PayoutRun:
        """Pay the partners of `payouts` in `unit`. Raises Invalid."""
        if len(slug_of("run", run)) > LONGEST_RUN_ID:
            raise Invalid("run", run, f"at most {LONGEST_RUN_ID} characters")
        if not 1 <= len(payouts) <= MOST_PAYOUTS:
            expected = f"1 to {MOST_PAYOUTS} payouts; pay more by several runs"
            raise Invalid("payouts", len(payouts), expected)
        for field in ("payout", "partner"):
            names = [slug_of(field, getattr(payout, field)) for payout in payouts]
            if len(set(names)) != len(names):
                twice = next(name for name in names if names.count(name) > 1)
                raise Invalid(f"payouts.{field}", twice, "each once")
        return cls(
            run=run,
            program=program,
            unit=unit_of("unit", unit),
            payouts=[msgspec.structs.asdict(payout) for payout in payouts],
            by=by,
        )

    def repeat_start(self, program: str, unit: str, payouts: Sequence[RunPayout]) -> None:
        """Nothing, if the run is the same; AlreadyExists if it is another."""
        if (self.program, self.unit, self.payouts) != (program, unit, tuple(payouts)):
            raise AlreadyExists(
                f"run {self.run} exists: {len(self.payouts)} payouts of {self.program} in "
                f"{self.unit}; choose another id, or go on with that one"
            )
