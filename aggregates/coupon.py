"""A coupon: a code that credits one partner of a program, without any click."""

from __future__ import annotations

from eventsourcing.domain import event

from aggregates.checks import coupon_code
from aggregates.decision import DecisionAggregate
from aggregates.errors import AlreadyExists


class Coupon(DecisionAggregate):
    """A code of a program that credits one partner."""

    TOPIC = "coupon"

    @staticmethod
    def create_id(program: str, code: str) -> str:
        return f"coupon:{program}/{code}"

    @event("Created", topic="coupon.created")
    def __init__(self, program: str, code: str, partner: str, by: str) -> None:
        self.program = program
        self.code = code
        self.partner = partner
        self.active = True

    @classmethod
    def create(cls, program: str, code: str, partner: str, by: str = "") -> Coupon:
        return cls(program=program, code=coupon_code(code), partner=partner, by=by)

    def repeat_creation(self, partner: str) -> None:
        """Nothing, if the coupon is the same; AlreadyExists if it is another's."""
        if self.partner != partner:
            raise AlreadyExists(
                f"coupon {self.code} of {self.program} belongs to partner {self.partner}; "
                "choose another code"
            )

    def retire(self, by: str = "") -> None:
        """It credits nobody from now on. There is no way back: make another code."""
        if self.active:
            self._retire(self.program, self.code, by)

    @event("Retired", topic="coupon.retired")
    def _retire(self, program: str, code: str, by: str) -> None:
        self.active = False
