"""The partners and links an import speaks of: looked up, and made where that is asked for.

What is missing is noted as the lines come, and made by `make_missing`, many at a time: a
decision waits for the broker, and most of the wait can be shared.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from aggregates.acting import carried
from cli.imports.report import Report
from cli.imports.visits import Owner
from projections.directory import Directory, LinkView

if TYPE_CHECKING:
    from aggregates.application import Decisions

AT_ONCE = 16
"""Partners or links made at a time."""


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
        self._new_partners: dict[str, bool] = {}
        """Missing partner → whether it is registered with another program."""
        self._new_links: list[Owner] = []

    def partner(self, partner: str) -> None:
        """Return when `partner` stands with the program, or will; raises UnknownParty.

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
        self._new_partners[partner] = partner in self._partners
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
        """The owner of `partner`'s link; raises UnknownParty. See `make_missing`."""
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
        self._note("links")
        found = self._owners[link] = Owner(link, self._program, partner, destination)
        self._new_links.append(found)
        return found

    def make_missing(self) -> None:
        """Make what was found missing so far: before any record that counts on it is written.

        Raises DecisionError where something cannot be made.
        """
        partners, self._new_partners = self._new_partners, {}
        links, self._new_links = self._new_links, []
        if self._report.dry_run:
            return
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(carried(self._make_partner), partners, partners.values()))
            list(pool.map(carried(self._make_link), links))

    def _make_partner(self, partner: str, is_registered: bool) -> None:
        if not is_registered:
            self._ledger.register_partner(partner, partner, by="import")
        self._ledger.apply(partner, self._program, by="import")
        self._ledger.approve(partner, self._program, by="import")

    def _make_link(self, owner: Owner) -> None:
        self._ledger.create_link(
            owner.link, self._program, owner.partner, owner.destination, by="import"
        )

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
