"""An adjustment: an amount on a partner's account that no conversion caused.

    adjusted     once; another amount is another adjustment

Either way: a goodwill payment, or what was paid by mistake. A mistake is corrected by one
more adjustment, never by changing the first.
"""

from __future__ import annotations

from eventsourcing.domain import event

from aggregates.checks import change_of, name_of, slug_of, unit_of
from aggregates.decision import DecisionAggregate
from aggregates.errors import AlreadyExists


class Adjustment(DecisionAggregate):
    """An amount that a person gives, or takes back, and why."""

    TOPIC = "adjustment"

    @staticmethod
    def create_id(program: str, adjustment: str) -> str:
        return f"adjustment:{program}/{adjustment}"

    @event("Created", topic="account.adjusted")
    def __init__(
        self,
        adjustment: str,
        program: str,
        partner: str,
        unit: str,
        amount: int,
        reason: str,
        by: str,
    ) -> None:
        self.adjustment = adjustment
        self.program = program
        self.partner = partner
        self.unit = unit
        self.amount = amount
        self.reason = reason

    @classmethod
    def adjust(
        cls,
        adjustment: str,
        program: str,
        partner: str,
        unit: str,
        amount: int,
        reason: str,
        by: str = "",
    ) -> Adjustment:
        """The partner's balance gains `amount` minor units of `unit`, or loses them."""
        return cls(
            adjustment=slug_of("adjustment", adjustment),
            program=program,
            partner=partner,
            unit=unit_of("unit", unit),
            amount=change_of("amount", amount),
            reason=name_of("reason", reason),
            by=by,
        )

    def repeat(self, partner: str, unit: str, amount: int, reason: str) -> None:
        """Nothing, if the adjustment is the same; AlreadyExists if it is another."""
        if (self.partner, self.unit, self.amount, self.reason) != (partner, unit, amount, reason):
            raise AlreadyExists(
                f"adjustment {self.adjustment} of {self.program} exists: {self.amount} {self.unit} "
                f"for {self.partner}, {self.reason!r}; choose another id"
            )
