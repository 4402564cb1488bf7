"""What each decision changes: the tables that `directory` answers from.

One method a family of facts, and a table from the names of decisions to those methods.
Every value is kept with the number of the decision that set it (`history`).
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
from projections.views import Agreement, CouponView, LinkView, ProgramView


class UnreadableDecision(Struct, frozen=True):
    """A decision of a name we know whose state is not that fact: counted, without effect."""

    number: int
    position: str
    why: str


class DecisionFold:
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

_EVOLVE: dict[str, Callable[[DecisionFold, Decision, Any], None]] = {
    "program.created": DecisionFold._program_created,
    "program.terms_added": DecisionFold._terms_added,
    "program.paused": DecisionFold._program_active,
    "program.resumed": DecisionFold._program_active,
    "partner.registered": DecisionFold._partner_registered,
    "partner.applied": DecisionFold._agreement,
    "partner.approved": DecisionFold._agreement,
    "partner.suspended": DecisionFold._agreement,
    "link.created": DecisionFold._link_created,
    "link.disabled": DecisionFold._link_disabled,
    "coupon.created": DecisionFold._coupon_created,
    "coupon.retired": DecisionFold._coupon_retired,
}


def _set(table: dict[Any, History[Any]], key: Any, number: int, value: Any) -> None:
    history = table.get(key)
    if history is None:
        table[key] = History(number, value)
    else:
        history.set(number, value)
