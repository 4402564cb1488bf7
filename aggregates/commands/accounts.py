"""Commands on accounts: amounts that no conversion caused."""

from __future__ import annotations

from aggregates.adjustment import Adjustment
from aggregates.commands.finding import Finding
from aggregates.errors import Conflict
from aggregates.partner import Partner
from aggregates.receipt import Receipt


class AccountCommands(Finding):
    """Adjustments, and payments received from partners."""

    def adjust_account(
        self,
        adjustment: str,
        program: str,
        partner: str,
        unit: str,
        amount: int,
        reason: str,
        by: str = "",
    ) -> None:
        """The partner's balance gains `amount` minor units of `unit`, or loses them."""
        self._create(
            Adjustment,
            Adjustment.create_id(program, adjustment),
            lambda: Adjustment.adjust(
                adjustment,
                self._program(program).program,
                self._joined(partner, program).partner,
                unit,
                amount,
                reason,
                by,
            ),
            lambda found: found.repeat(partner, unit, amount, reason),
        )

    def _joined(self, partner: str, program: str) -> Partner:
        """A partner that has an account in the program: one that applied to it, whatever came
        of that. Raises Conflict: a wrong program would book money that nobody looks for."""
        found = self._partner(partner)
        if program not in found.programs:
            raise Conflict(
                f"partner {partner} has not joined {program}, so it has no account there; "
                f"it is in {', '.join(sorted(found.programs)) or 'no program'}"
            )
        return found

    def adjustment(self, program: str, adjustment: str) -> Adjustment:
        """As it was decided; raises NotFound."""
        name = Adjustment.create_id(program, adjustment)
        return self._now(lambda: self._get(Adjustment, name, "decide it first"))

    def receive_payment(
        self,
        receipt: str,
        program: str,
        partner: str,
        unit: str,
        amount: int,
        reference: str = "",
        by: str = "",
    ) -> None:
        """The partner paid `amount` minor units of the currency `unit` to the program."""
        self._create(
            Receipt,
            Receipt.create_id(program, receipt),
            lambda: Receipt.receive(
                receipt,
                self._program(program).program,
                self._joined(partner, program).partner,
                unit,
                amount,
                reference,
                by,
            ),
            lambda found: found.repeat(partner, unit, amount, reference),
        )

    def receipt(self, program: str, receipt: str) -> Receipt:
        """As it was decided; raises NotFound."""
        name = Receipt.create_id(program, receipt)
        return self._now(lambda: self._get(Receipt, name, "record it first"))
