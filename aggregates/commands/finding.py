"""Finding what a command speaks of: one place that says what is missing, and the remedy."""

from __future__ import annotations

from aggregates.checks import coupon_code
from aggregates.coupon import Coupon
from aggregates.deciding import DecidingApplication
from aggregates.errors import Conflict
from aggregates.link import Link
from aggregates.partner import Partner
from aggregates.payout import Payout
from aggregates.personal_fields import COMPARED, PersonalFields
from aggregates.program import Program
from aggregates.vault import Vault


class Finding(DecidingApplication):
    """Aggregates by their ids, as far as the log was read; raises NotFound."""

    def _program(self, program: str) -> Program:
        return self._get(Program, Program.create_id(program), "create it first")

    def _partner(self, partner: str) -> Partner:
        return self._get(Partner, Partner.create_id(partner), "register it first")

    def _member(self, partner: str, program: str) -> Partner:
        self._program(program)
        return self._partner(partner)

    def _link(self, link: str) -> Link:
        return self._get(Link, Link.create_id(link), "create it first")

    def _coupon(self, program: str, code: str) -> Coupon:
        name = Coupon.create_id(program, coupon_code(code))
        return self._get(Coupon, name, "create it first")

    def _payout(self, payout: str) -> Payout:
        return self._get(Payout, Payout.create_id(payout), "request it first")

    # Personal data

    def _marks(self, program: str) -> PersonalFields:
        return self._series(PersonalFields, PersonalFields.create_id(program))

    def _marks_customers(self, program: str) -> bool:
        return COMPARED[0] in self._marks(program).fields

    def _required_vault(self, of: str) -> Vault:
        if self.vault is None:
            raise Conflict(f"{of} has personal data: open the commands with the ledger's vault")
        return self.vault

    def _customer(self, program: str, customer: str) -> str:
        """What stands for the customer in the log."""
        marks = self._marks(program)
        if COMPARED[0] not in marks.fields:
            return customer
        vault = self._required_vault(program)
        vault.secret_of(program, marks.secret)
        return vault.pseudonym(program, customer)
