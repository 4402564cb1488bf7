"""What each decision changes: the tables that `directory` answers from.

One method a family of facts, and a table from the names of decisions to those methods.
Every value is kept with the number of the decision that set it (`history`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from events import decisions as fact
from events.decisions import Decision
from projections import api_keys, personal, relations
from projections.history import History, remember
from projections.terms_history import TermsHistory, TermsInForce
from projections.views import CouponView, LinkView, ProgramView, Standing

K = TypeVar("K")


class UnreadableDecision(Struct, frozen=True):
    """A decision of a name we know whose state is not that fact: counted, without effect."""

    number: int
    position: str
    why: str


class DecisionFold(relations.Relations, api_keys.ApiKeys, personal.PersonalData):
    """The fold of the decisions. `count` is the newest number applied."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.unreadable: list[UnreadableDecision] = []
        self._programs: dict[str, History[ProgramView]] = {}
        self._terms: dict[str, TermsHistory] = {}
        """By program: the general terms."""
        self._individual: dict[tuple[str, str], TermsHistory] = {}
        """By (program, partner)."""
        self._versions: dict[str, list[TermsInForce]] = {}
        self._partners: dict[str, str] = {}
        self._standings: dict[tuple[str, str], History[Standing]] = {}
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
        try:
            evolve(self, decision, found)
        except ValueError as problem:
            self.unreadable.append(
                UnreadableDecision(decision.number, decision.position, str(problem))
            )

    def _program_created(self, decision: Decision, found: fact.ProgramCreated) -> None:
        view = ProgramView(found.program, found.name, found.currency, True)
        remember(self._programs, found.program, decision.number, view)

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
        self._versions.setdefault(found.program, []).append(version)
        partner = found.terms.partner
        if partner:
            _add(self._individual, (found.program, partner), decision.number, version)
        else:
            _add(self._terms, found.program, decision.number, version)

    def _partner_registered(self, decision: Decision, found: fact.PartnerRegistered) -> None:
        self._partners[found.partner] = found.name

    def _standing(
        self,
        decision: Decision,
        found: fact.PartnerApplied | fact.PartnerApproved | fact.PartnerSuspended,
    ) -> None:
        status = _STANDING[type(found)]
        remember(self._standings, (found.program, found.partner), decision.number, status)

    def _link_created(self, decision: Decision, found: fact.LinkCreated) -> None:
        view = LinkView(found.link, found.program, found.partner, found.destination, True)
        remember(self._links, found.link, decision.number, view)

    def _link_disabled(self, decision: Decision, found: fact.LinkDisabled) -> None:
        history = self._links.get(found.link)
        if history is not None:
            history.set(decision.number, msgspec.structs.replace(history.current, active=False))

    def _coupon_created(self, decision: Decision, found: fact.CouponCreated) -> None:
        code = found.code.upper()
        view = CouponView(found.program, code, found.partner, True)
        remember(self._coupons, (found.program, code), decision.number, view)

    def _coupon_retired(self, decision: Decision, found: fact.CouponRetired) -> None:
        history = self._coupons.get((found.program, found.code.upper()))
        if history is not None:
            history.set(decision.number, msgspec.structs.replace(history.current, active=False))


_STANDING: dict[type[Struct], Standing] = {
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
    "partner.applied": DecisionFold._standing,
    "partner.approved": DecisionFold._standing,
    "partner.suspended": DecisionFold._standing,
    "link.created": DecisionFold._link_created,
    "link.disabled": DecisionFold._link_disabled,
    "coupon.created": DecisionFold._coupon_created,
    "coupon.retired": DecisionFold._coupon_retired,
    **relations.EVOLVE,
    **api_keys.EVOLVE,
    **personal.EVOLVE,
}


def _add(table: dict[K, TermsHistory], key: K, number: int, version: TermsInForce) -> None:
    history = table.get(key)
    if history is None:
        table[key] = TermsHistory(number, version)
    else:
        history.add(number, version)
