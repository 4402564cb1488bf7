"""Commands on personal data: what a program marks, and who is forgotten."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

import msgspec

from aggregates.commands.partners import PartnerCommands
from aggregates.personal_fields import PersonalFields, checked_fields
from aggregates.subject import Named, Subject, named
from events.decisions import RegistrationSubmitted


class ErasureCommands(PartnerCommands):
    """What is personal, and its end."""

    def mark_personal_fields(self, program: str, fields: Iterable[str], by: str = "") -> list[str]:
        """From now on these fields of the program's conversions are personal, in place of those
        marked before; all of them, as recorded. `customer`, `identity`, `metadata.<name>`.

        What the program's partners are known as is then recorded as pseudonyms too: repeated
        after a kill, the command finishes that.
        """
        wanted = checked_fields(fields)

        def finding() -> PersonalFields:
            self._program(program)
            return self._marks(program)

        def mark(found: PersonalFields) -> None:
            secret = found.secret
            if wanted:
                secret = self._required_vault(program).secret_of(program, found.secret)
            found.mark(program, wanted, by, secret)

        self._change(finding, mark)
        for partner in self._partners_of(program):
            self._keep_identities(partner, by)
        return wanted

    def forget(self, subject: str, reason: str = "", by: str = "") -> list[str]:
        """Destroy the keys of a subject, then record it; what was forgotten, as recorded.

        With a customer go the registrations of it. Repeating it adds nothing, and finishes
        what a kill left undone. Raises NotFound and VaultError.
        """
        self.refresh()
        found = self._standing_for(named(subject))
        vault = self._required_vault(found.program or found.id)
        subjects = [found.text]
        if found.kind == "customer":
            subjects += [f"registration:{one}" for one in self._registrations_of(found)]
        for one in subjects:
            times = vault.forget(one)
            self._change(
                lambda one=one: self._series(Subject, Subject.create_id(one)),  # type: ignore[misc]
                lambda series, one=one, times=times: series.forget(one, times, reason, by),  # type: ignore[misc]
            )
        return subjects

    def standing_for(self, subject: str) -> Named:
        """The subject as it is recorded: a marked customer by its pseudonym. Raises NotFound."""
        self.refresh()
        return self._standing_for(named(subject))

    def _standing_for(self, found: Named) -> Named:
        match found.kind:
            case "partner":
                self._partner(found.id)
            case "program":
                self._program(found.id)
            case "customer":
                self._program(found.program)
                return found._replace(id=self._customer(found.program, found.id))
        return found

    def _partners_of(self, program: str) -> list[str]:
        found: dict[str, None] = {}
        for state in self._states("partner.applied", "partner.approved"):
            said = msgspec.json.decode(state, type=_Membership)
            if said.program == program:
                found[said.partner] = None
        return list(found)

    def _registrations_of(self, customer: Named) -> list[str]:
        submitted = (
            msgspec.json.decode(state, type=RegistrationSubmitted)
            for state in self._states("registration.submitted")
        )
        return [
            one.registration
            for one in submitted
            if (one.program, one.customer) == (customer.program, customer.id)
        ]

    def _states(self, *names: str) -> Iterator[bytes]:
        for found in self.recorder.select_notifications(1, sys.maxsize, topics=names):
            yield found.state


class _Membership(msgspec.Struct):
    partner: str
    program: str
