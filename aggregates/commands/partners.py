"""Commands on partners: who they are, and where they stand with each program."""

from __future__ import annotations

from aggregates.commands.finding import Finding
from aggregates.partner import Partner


class PartnerCommands(Finding):
    """Partners and their memberships."""

    def register_partner(self, partner: str, name: str, by: str = "") -> None:
        """A partner that may join programs; `name` is for people."""
        self._create(
            Partner,
            Partner.create_id(partner),
            lambda: Partner.register(partner, name, by),
            lambda found: found.repeat_registration(name),
        )

    def apply(self, partner: str, program: str, by: str = "") -> None:
        """The partner asks to join the program."""
        self._change(lambda: self._member(partner, program), lambda found: found.apply(program, by))

    def approve(self, partner: str, program: str, by: str = "") -> None:
        """The program takes the partner, whether it applied or not."""
        self._change(
            lambda: self._member(partner, program), lambda found: found.approve(program, by)
        )

    def suspend(self, partner: str, program: str, reason: str = "", by: str = "") -> None:
        """The partner's new conversions in the program earn nothing; `reason` is kept."""
        self._change(
            lambda: self._member(partner, program), lambda found: found.suspend(program, reason, by)
        )

    def partner(self, partner: str) -> Partner:
        """As it stands now; raises NotFound."""
        return self._now(lambda: self._partner(partner))
