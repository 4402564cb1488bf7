"""The partners and links an import speaks of: looked up, and made where that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.imports.report import Report
from cli.imports.visits import Owner
from projections.directory import Directory, LinkView

if TYPE_CHECKING:
    from aggregates.application import Decisions


class UnknownParty(LookupError):
    """A partner or link that is not there; says the field and how to make it."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class Parties:
    """Partners and links of one program, as of the moment the import began."""

    def __init__(
        self,
        directory: Directory,
        ledger: Decisions,
        program: str,
        report: Report,
        *,
        create: bool,
    ) -> None:
        self._directory = directory
        self._ledger = ledger
        self._program = program
        self._report = report
        self._create = create
        self._partners = {view.partner: dict(view.programs) for view in directory.partners()}
        self._owners: dict[str, Owner] = {}

    def partner(self, partner: str, name: str = "") -> None:
        """Return when `partner` stands with the program in any way; raises UnknownParty.

        One that is suspended, or waits for approval, is left so: a person decided that.
        """
        if self._program in self._partners.get(partner, {}):
            return
        if not self._create:
            raise UnknownParty(
                "partner",
                f"partner {partner!r} is not in program {self._program!r}; add it by `pledger "
                f"partners add {partner} --program {self._program}`, or all by --create-partners",
            )
        if not self._report.dry_run:
            if partner not in self._partners:
                self._ledger.register_partner(partner, name or partner, by="import")
            self._ledger.apply(partner, self._program, by="import")
            self._ledger.approve(partner, self._program, by="import")
        self._partners.setdefault(partner, {})[self._program] = "approved"
        self._note("partners")

    def owner(self, link: str) -> Owner:
        """Who owns an existing link; raises UnknownParty."""
        found = self._owners.get(link)
        if found is None:
            view = self._directory.link(link, self._directory.count)
            if view is None:
                raise UnknownParty(
                    "link", f"link {link!r} does not exist; create it by `pledger links add`"
                )
            if view.program != self._program:
                raise UnknownParty("link", f"link {link!r} is of program {view.program!r}")
            found = self._owners[link] = self._owner_of(view)
        return found

    def owner_of(self, partner: str, link: str, destination: str) -> Owner:
        """The owner of `partner`'s link, both made where needed and asked for."""
        found = self._owners.get(link)
        if found is not None:
            return found
        view = self._directory.link(link, self._directory.count)
        if view is not None:
            if (view.program, view.partner) != (self._program, partner):
                raise UnknownParty("link", f"link {link!r} is of {view.program}/{view.partner}")
            return self.owner(link)
        self.partner(partner)
        if not self._create:
            raise UnknownParty(
                "link", f"link {link!r} does not exist; create it, or all by --create-partners"
            )
        if not self._report.dry_run:
            self._ledger.create_link(link, self._program, partner, destination, by="import")
        self._note("links")
        found = self._owners[link] = Owner(link, self._program, partner, destination)
        return found

    def _owner_of(self, view: LinkView) -> Owner:
        count = self._directory.count
        program = self._directory.program(view.program, count)
        active = self._directory.partner_active(view.program, view.partner, count)
        invalid = [
            reason
            for reason, stands in (
                ("link_disabled", view.active),
                ("partner_inactive", active),
                ("program_inactive", program is not None and program.active),
            )
            if not stands
        ]
        return Owner(view.link, view.program, view.partner, view.destination, tuple(invalid))

    def _note(self, what: str) -> None:
        self._report.made[what] = self._report.made.get(what, 0) + 1
