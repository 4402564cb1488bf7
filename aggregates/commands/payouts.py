"""Commands on payouts: asked for, answered by the journal, told by the bank."""

from __future__ import annotations

from aggregates.commands.finding import Finding
from aggregates.payout import Payout


class PayoutCommands(Finding):
    """Payouts, step by step."""

    def request_payout(
        self, payout: str, partner: str, program: str, unit: str, amount: int = 0, by: str = ""
    ) -> None:
        """Ask for `amount` minor units of `unit`; 0 asks for all that is available."""
        self._create(
            Payout,
            Payout.create_id(payout),
            lambda: Payout.request(
                payout,
                self._partner(partner).partner,
                self._program(program).program,
                unit,
                amount,
                by,
            ),
            lambda found: found.repeat_request(partner, program, unit, amount),
        )

    def fund_payout(self, payout: str, amount: int, entry: str) -> None:
        """The journal's answer: `amount` minor units in transit, by the entry at `entry`."""
        self._change(lambda: self._payout(payout), lambda found: found.fund(amount, entry))

    def refuse_payout(self, payout: str, reason: str, entry: str) -> None:
        """The journal's answer: refused, by the entry at position `entry`."""
        self._change(lambda: self._payout(payout), lambda found: found.refuse(reason, entry))

    def send_payout(self, payout: str, reference: str = "", by: str = "") -> None:
        """The transfer is on its way; `reference` is the bank's or the provider's."""
        self._change(lambda: self._payout(payout), lambda found: found.send(reference, by))

    def settle_payout(self, payout: str, reference: str = "", by: str = "") -> None:
        """The partner has the money."""
        self._change(lambda: self._payout(payout), lambda found: found.settle(reference, by))

    def fail_payout(self, payout: str, reason: str = "", by: str = "") -> None:
        """The transfer came back or was never made: the money is available again."""
        self._change(lambda: self._payout(payout), lambda found: found.fail(reason, by))

    def payout(self, payout: str) -> Payout:
        """As it stands now; raises NotFound."""
        return self._now(lambda: self._payout(payout))
