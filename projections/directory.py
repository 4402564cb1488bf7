"""The directory: what people decided, as it was known at any decision.

Programs, terms, agreements, links and coupons change while conversions flow. Every
conversion is stamped with `known`, the number of decisions its writer had read; every
question here takes that number and answers as of it. So a fold gives the same answer
live, an hour late and in ten years' replay.

Terms have a second time: `effective_from`. A version is *known* by its number and *in
force* by that time; a deal is paid under the terms in force when it happened.

`apply` takes decisions in the order of their numbers, all of them. It runs once for a
decision, the lookups once for a conversion: they are a dictionary access and a comparison.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from events import decisions as fact
from events.decisions import Decision
from projections.history import History
from projections.terms_history import TermsHistory, TermsInForce
from projections.views import Agreement, CouponView, LinkView, PartnerView, ProgramView

__all__ = [
    "CouponView",
    "Directory",
    "DirectoryBehind",
    "LinkView",
    "PartnerView",
    "ProgramView",
    "TermsInForce",
    "UnreadableDecision",
]


class DirectoryBehind(LookupError):
    """A record knows more decisions than were applied here: wait for them, then ask again."""

    def __init__(self, known: int, count: int) -> None:
        super().__init__(
            f"the record knows {known} decisions, the directory has {count}; "
            "read the decisions up to that number first"
        )
        self.known = known
        self.count = count


class UnreadableDecision(Struct, frozen=True):
    """A decision of a name we know whose state is not that fact: counted, without effect."""

    number: int
    position: str
    why: str


class Directory:
    """The fold of the decisions. `count` is the newest number applied."""

    def __init__(self) -> None:
        self.count = 0
        self.unreadable: list[UnreadableDecision] = []
        self._programs: dict[str, History[ProgramView]] = {}
        self._terms: dict[str, TermsHistory] = {}
        self._partners: dict[str, str] = {}
        self._agreements: dict[tuple[str, str], History[Agreement]] = {}
        self._links: dict[str, History[LinkView]] = {}
        self._coupons: dict[tuple[str, str], History[CouponView]] = {}

    def apply(self, decision: Decision) -> None:
        """Take the next decision; raises ValueError when its number is not count + 1.

        Decisions of other names (payouts, foreign aggregates) are only counted.
        """
        if decision.number != self.count + 1:
            raise ValueError(
                f"{decision.position}: decision {decision.number}, expected {self.count + 1}"
            )
        self.count = decision.number
        evolve = _EVOLVE.get(decision.name)
        if evolve is None:
            return
        try:
            found = decision.fact()
        except msgspec.DecodeError as problem:
            self.unreadable.append(
                UnreadableDecision(decision.number, decision.position, str(problem))
            )
            return
        evolve(self, decision, found)

    # As of `known`

    def require(self, known: int) -> None:
        """Raises DirectoryBehind unless `known` decisions were applied."""
        if known > self.count:
            raise DirectoryBehind(known, self.count)

    def program(self, program: str, known: int) -> ProgramView | None:
        history = self._programs.get(program)
        return None if history is None else history.at(known)

    def terms(self, program: str, known: int, occurred_at: int) -> TermsInForce | None:
        """The terms in force at `occurred_at` (ms), as known at decision `known`."""
        history = self._terms.get(program)
        return None if history is None else history.in_force(known, occurred_at)

    def partner_active(self, program: str, partner: str, known: int) -> bool:
        """Whether `partner` was approved, and not suspended since, by `program`."""
        history = self._agreements.get((program, partner))
        return history is not None and history.at(known) == "approved"

    def link(self, link: str, known: int) -> LinkView | None:
        history = self._links.get(link)
        return None if history is None else history.at(known)

    def coupon(self, program: str, code: str, known: int) -> str | None:
        """The partner of an active coupon; codes compare without regard to case."""
        history = self._coupons.get((program, code.upper()))
        if history is None:
            return None
        view = history.at(known)
        return view.partner if view is not None and view.active else None

    # Current, for listings: in the order in which they were decided

    def programs(self) -> tuple[ProgramView, ...]:
        return tuple(history.current for history in self._programs.values())

    def partners(self) -> tuple[PartnerView, ...]:
        agreements: dict[str, dict[str, Agreement]] = {name: {} for name in self._partners}
        for (program, partner), history in self._agreements.items():
            agreements.setdefault(partner, {})[program] = history.current
        return tuple(
            PartnerView(partner, self._partners.get(partner, ""), programs)
            for partner, programs in agreements.items()
        )

    def partner(self, partner: str) -> PartnerView | None:
        """One partner, with where it stands with each program."""
        if partner not in self._partners:
            return None
        agreements = (
            (program, self._agreements.get((program, partner))) for program in self._programs
        )
        return PartnerView(
            partner,
            self._partners[partner],
            {program: history.current for program, history in agreements if history is not None},
        )

    def links(self) -> tuple[LinkView, ...]:
        return tuple(history.current for history in self._links.values())

    def coupons(self) -> tuple[CouponView, ...]:
        return tuple(history.current for history in self._coupons.values())

    def terms_versions(self, program: str) -> tuple[TermsInForce, ...]:
        """All versions of a program's terms, in the order in which they were added."""
        history = self._terms.get(program)
        return () if history is None else history.versions()

    # What each fact changes

    def _program_created(self, decision: Decision, found: fact.ProgramCreated) -> None:
        view = ProgramView(found.program, found.name, found.currency, True)
        _set(self._programs, found.program, decision.number, view)

    def _program_active(
        self, decision: Decision, found: fact.ProgramPaused | fact.ProgramResumed
    ) -> None:
        history = self._programs.get(found.program)
        if history is not None:
            active = isinstance(found, fact.ProgramResumed)
            view = msgspec.structs.replace(history.current, active=active)
            history.set(decision.number, view)

    def _terms_added(self, decision: Decision, found: fact.TermsAdded) -> None:
        version = TermsInForce(found.terms, decision.position)
        history = self._terms.get(found.program)
        if history is None:
            self._terms[found.program] = TermsHistory(decision.number, version)
        else:
            history.add(decision.number, version)

    def _partner_registered(self, decision: Decision, found: fact.PartnerRegistered) -> None:
        self._partners[found.partner] = found.name

    def _agreement(
        self,
        decision: Decision,
        found: fact.PartnerApplied | fact.PartnerApproved | fact.PartnerSuspended,
    ) -> None:
        status = _AGREEMENT[type(found)]
        _set(self._agreements, (found.program, found.partner), decision.number, status)

    def _link_created(self, decision: Decision, found: fact.LinkCreated) -> None:
        view = LinkView(found.link, found.program, found.partner, found.destination, True)
        _set(self._links, found.link, decision.number, view)

    def _link_disabled(self, decision: Decision, found: fact.LinkDisabled) -> None:
        history = self._links.get(found.link)
        if history is not None:
            history.set(decision.number, msgspec.structs.replace(history.current, active=False))

    def _coupon_created(self, decision: Decision, found: fact.CouponCreated) -> None:
        code = found.code.upper()
        view = CouponView(found.program, code, found.partner, True)
        _set(self._coupons, (found.program, code), decision.number, view)

    def _coupon_retired(self, decision: Decision, found: fact.CouponRetired) -> None:
        history = self._coupons.get((found.program, found.code.upper()))
        if history is not None:
            history.set(decision.number, msgspec.structs.replace(history.current, active=False))


_AGREEMENT: dict[type[Struct], Agreement] = {
    fact.PartnerApplied: "applied",
    fact.PartnerApproved: "approved",
    fact.PartnerSuspended: "suspended",
}

_EVOLVE: dict[str, Callable[[Directory, Decision, Any], None]] = {
    "program.created": Directory._program_created,
    "program.terms_added": Directory._terms_added,
    "program.paused": Directory._program_active,
    "program.resumed": Directory._program_active,
    "partner.registered": Directory._partner_registered,
    "partner.applied": Directory._agreement,
    "partner.approved": Directory._agreement,
    "partner.suspended": Directory._agreement,
    "link.created": Directory._link_created,
    "link.disabled": Directory._link_disabled,
    "coupon.created": Directory._coupon_created,
    "coupon.retired": Directory._coupon_retired,
}


def _set(table: dict[Any, History[Any]], key: Any, number: int, value: Any) -> None:
    history = table.get(key)
    if history is None:
        table[key] = History(number, value)
    else:
        history.set(number, value)
