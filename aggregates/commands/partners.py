"""Commands on partners: who they are, and where they stand with each program."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from aggregates.commands.finding import Finding
from aggregates.errors import Conflict
from aggregates.known_as import identities_given, identities_kept
from aggregates.partner import Partner, checked_identities
from events.decisions import PartnerPayeeSet


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

        def approve(found: Partner) -> None:
            found.approve(program, by)
            self._identify_again(found, by)

        self._change(lambda: self._member(partner, program), approve)

    def suspend(self, partner: str, program: str, reason: str = "", by: str = "") -> None:
        """The partner's new conversions in the program earn nothing; `reason` is kept."""
        self._change(
            lambda: self._member(partner, program), lambda found: found.suspend(program, reason, by)
        )

    def recruit(self, partner: str, program: str, parent: str, by: str = "") -> None:
        """In the program the partner is a sub-partner of `parent`; empty: of nobody.

        Raises Conflict where `parent` itself stands below the partner. Two who recruit each
        other at the same moment may both get through: whoever follows the chain stops at a
        partner it has met.
        """

        def finding() -> Partner:
            found = self._member(partner, program)
            self._refuse_circle(partner, program, parent)
            return found

        self._change(finding, lambda found: found.recruit(program, parent, by))

    def _refuse_circle(self, partner: str, program: str, parent: str) -> None:
        chain = [partner]
        while parent and parent not in chain[1:]:
            chain.append(parent)
            parent = self._partner(parent).parents.get(program, "")
            if parent == partner:
                raise Conflict(
                    f"partner {chain[1]} stands below {partner} in {program}: "
                    f"{' ← '.join([*chain, partner])}; take {chain[-1]} out of there first"
                )

    def set_partner_currency(self, partner: str, currency: str, by: str = "") -> None:
        """What it earns from now on is owed in `currency` (ISO 4217)."""
        self._change(lambda: self._partner(partner), lambda found: found.set_currency(currency, by))

    def identify_partner(self, partner: str, identities: Iterable[str], by: str = "") -> None:
        """All customer ids and identities that are the partner itself, in place of earlier
        ones."""
        wanted = checked_identities(identities)
        self._change(
            lambda: self._partner(partner),
            lambda found: found.identify(self._kept(found, wanted), by),
        )

    def _kept(self, found: Partner, plain: list[str]) -> list[str]:
        """What is recorded of the customer ids `plain`: see `known_as`."""
        marked = [program for program in found.programs if self._marks_customers(program)]
        if not marked:
            return plain
        vault = self._required_vault(", ".join(marked))
        for program in marked:
            vault.secret_of(program, self._marks(program).secret)
        elsewhere = len(marked) < len(found.programs)
        return identities_kept(vault, found.partner, plain, marked, elsewhere=elsewhere)

    def _identify_again(self, found: Partner, by: str) -> None:
        """What it is known as, by what its programs mark now."""
        if self.vault is None and not any(map(self._marks_customers, found.programs)):
            return
        plain = identities_given(self._required_vault(found.partner), found.identities)
        if plain is not None:  # else they were erased: what is left of them stays
            found.identify(self._kept(found, plain), by)

    def _keep_identities(self, partner: str, by: str) -> None:
        self._change(lambda: self._partner(partner), lambda found: self._identify_again(found, by))

    def set_payee(
        self,
        partner: str,
        method: Literal["bank", "paypal", "wise"],
        name: str,
        iban: str = "",
        bic: str = "",
        email: str = "",
        country: str = "",
        by: str = "",
    ) -> None:
        """Where the partner is paid from now on. `name`: of the account's holder; `country`:
        ISO 3166-1 alpha-2."""
        wanted = PartnerPayeeSet(partner, method, name, iban, bic, email, country)
        self._change(lambda: self._partner(partner), lambda found: found.set_payee(wanted, by))

    def partner(self, partner: str) -> Partner:
        """As it stands now; raises NotFound."""
        return self._now(lambda: self._partner(partner))
