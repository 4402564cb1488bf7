"""Commands on single commissions: held, released, rejected, adjusted by a person."""

from __future__ import annotations

from aggregates.commands.finding import Finding
from aggregates.commission import Commission, Reviewed


class ReviewCommands(Finding):
    """Reviews. A commission is named by its deal, or by the event id of its lead; an override
    also by the sub-partner it came by (`via`). The journal answers whether there is one."""

    def hold_commission(
        self,
        program: str,
        partner: str,
        deal: str = "",
        event_id: str = "",
        reason: str = "",
        via: str = "",
        by: str = "",
    ) -> None:
        """It waits until it is released or rejected; a reason is needed."""
        of = Reviewed(program, partner, deal, event_id, via)
        self._change(lambda: self._commission(of), lambda found: found.hold(of, reason, by))

    def release_commission(
        self,
        program: str,
        partner: str,
        deal: str = "",
        event_id: str = "",
        reason: str = "",
        via: str = "",
        by: str = "",
    ) -> None:
        """It is owed as if it had not been held."""
        of = Reviewed(program, partner, deal, event_id, via)
        self._change(lambda: self._commission(of), lambda found: found.release(of, reason, by))

    def reject_commission(
        self,
        program: str,
        partner: str,
        deal: str = "",
        event_id: str = "",
        reason: str = "",
        via: str = "",
        by: str = "",
    ) -> None:
        """All that is left of it is taken back, for good; a reason is needed."""
        of = Reviewed(program, partner, deal, event_id, via)
        self._change(lambda: self._commission(of), lambda found: found.reject(of, reason, by))

    def adjust_commission(
        self,
        program: str,
        partner: str,
        amount: int,
        deal: str = "",
        event_id: str = "",
        reason: str = "",
        via: str = "",
        by: str = "",
    ) -> None:
        """It is corrected by `amount` minor units of its unit, signed; a reason is needed, and
        the same amount for the same reason is the same adjustment."""
        of = Reviewed(program, partner, deal, event_id, via)
        self._change(
            lambda: self._commission(of), lambda found: found.adjust(of, amount, reason, by)
        )

    def commission(
        self, program: str, partner: str, deal: str = "", event_id: str = "", via: str = ""
    ) -> Commission:
        """What was decided of it until now; `booked` where nothing was."""
        return self._now(lambda: self._commission(Reviewed(program, partner, deal, event_id, via)))

    def _commission(self, of: Reviewed) -> Commission:
        self._member(of.partner, of.program)
        if of.via:
            self._partner(of.via)
        return self._series(Commission, Commission.create_id(of))
