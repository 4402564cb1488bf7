"""A receipt: money that a partner paid to the program, as a reseller pays wholesale prices.

received     once; a payment that bounced is taken back by an adjustment
"""

from __future__ import annotations

from eventsourcing.domain import event

from aggregates.checks import amount_of, currency_of, name_of, slug_of
from aggregates.decision import DecisionAggregate
from aggregates.errors import AlreadyExists


class Receipt(DecisionAggregate):
    """A payment of a partner, as it stands on the program's bank account."""

    TOPIC = "receipt"

    @staticmethod
    def create_id(program: str, receipt: str) -> str:
        return f"receipt:{program}/{receipt}"

    @event("Created", topic="account.payment_received")
    def __init__(
        self,
        receipt: str,
        program: str,
        partner: str,
        unit: str,
        amount: int,
        reference: str,
        by: str,
    ) -> None:
        self.receipt = receipt
        self.program = program
        self.partner = partner
        self.unit = unit
        self.amount = amount
        self.reference = reference

    @classmethod
    def receive(
        cls,
        receipt: str,
        program: str,
        partner: str,
        unit: str,
        amount: int,
        reference: str = "",
        by: str = "",
    ) -> Receipt:
        """The partner paid `amount` minor units; `unit` is a currency."""
        return cls(
            receipt=slug_of("receipt", receipt),
            program=program,
            partner=partner,
            unit=currency_of("unit", unit),
            amount=amount_of("amount", amount, least=1),
            reference=reference and name_of("reference", reference),
            by=by,
        )

    def repeat(self, partner: str, unit: str, amount: int, reference: str) -> None:
        """Nothing, if the receipt is the same; AlreadyExists if it is another."""
        stands = (self.partner, self.unit, self.amount, self.reference)
        if stands != (partner, unit, amount, reference):
            raise AlreadyExists(
                f"receipt {self.receipt} of {self.program} exists: {self.amount} {self.unit} from "
                f"{self.partner}, reference {self.reference!r}; choose another id"
            )
