"""Commands on registrations: leads and deals that partners claim, and what became of them."""

from __future__ import annotations

from typing import Literal

from aggregates.checks import foreign_of
from aggregates.commands.finding import Finding
from aggregates.registration import Registration


class RegistrationCommands(Finding):
    """Registered leads and deals. What is approved or won is also recorded as a conversion, by
    whoever runs the command; what is written here is the decision."""

    def submit_registration(
        self,
        registration: str,
        program: str,
        partner: str,
        customer: str,
        kind: Literal["lead", "deal"],
        title: str = "",
        amount: int = 0,
        currency: str = "",
        by: str = "",
    ) -> None:
        """A partner claims a customer it works on; `amount`: what is expected, minor units.

        Of a program that marks its customers the pseudonym is recorded, and `customer` sealed.
        """
        foreign_of("customer", customer)

        def submit() -> Registration:
            stands = self._customer(self._program(program).program, customer)
            return Registration.submit(
                registration,
                program,
                self._partner(partner).partner,
                stands,
                kind,
                title,
                amount,
                currency,
                by,
                customer if stands != customer else "",
            )

        self._create(
            Registration,
            Registration.create_id(registration),
            submit,
            lambda found: found.repeat_submission(
                program, partner, self._customer(program, customer), kind, title, amount, currency
            ),
        )

    def approve_registration(self, registration: str, by: str = "") -> None:
        """The customer is the partner's for the time the terms set."""
        self._change(lambda: self._registration(registration), lambda found: found.approve(by))

    def reject_registration(self, registration: str, reason: str = "", by: str = "") -> None:
        """The program does not take it."""
        self._change(
            lambda: self._registration(registration), lambda found: found.reject(reason, by)
        )

    def update_registration(
        self, registration: str, title: str = "", amount: int = 0, currency: str = "", by: str = ""
    ) -> None:
        """What is expected changed; what is left empty or 0 stays."""
        self._change(
            lambda: self._registration(registration),
            lambda found: found.update(title, amount, currency, by),
        )

    def win_registration(
        self,
        registration: str,
        deal: str,
        amount: int,
        currency: str,
        occurred_at: int,
        by: str = "",
    ) -> None:
        """The customer bought, for `amount` minor units at `occurred_at` (ms since 1970 UTC)."""
        self._change(
            lambda: self._registration(registration),
            lambda found: found.win(deal, amount, currency, occurred_at, by),
        )

    def lose_registration(self, registration: str, reason: str = "", by: str = "") -> None:
        """The customer did not buy: the claim ends."""
        self._change(lambda: self._registration(registration), lambda found: found.lose(reason, by))

    def registration(self, registration: str) -> Registration:
        """As it stands now; raises NotFound."""
        return self._now(lambda: self._registration(registration))

    def _registration(self, registration: str) -> Registration:
        return self._get(Registration, Registration.create_id(registration), "submit it first")
