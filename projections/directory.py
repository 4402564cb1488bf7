"""The directory: what people decided, as it was known at any decision.

Programs, terms, agreements, links, coupons and rates change while conversions flow. Every
conversion is stamped with `known`, the number of decisions its writer had read; every
question here takes that number and answers as of it. So a fold gives the same answer
live, an hour late and in ten years' replay.

Terms have a second time: `effective_from`. A version is *known* by its number and *in
force* by that time; a deal is paid under the terms in force when it happened.

`apply` (of `decision_fold`) takes decisions in the order of their numbers, all of them. It
runs once for a decision, the lookups once for a conversion: they are a dictionary access
and a comparison.
"""

from __future__ import annotations

from projections.decision_fold import DecisionFold, UnreadableDecision
from projections.terms_history import TermsInForce
from projections.views import (
    CouponView,
    LinkView,
    PartnerView,
    ProgramView,
    Standing,
)

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

ENGINE_2 = "2"


class DirectoryBehind(LookupError):
    """A record knows more decisions than were applied here: wait for them, then ask again."""

    def __init__(self, known: int, count: int) -> None:
        super().__init__(
            f"the record knows {known} decisions, the directory has {count}; "
            "read the decisions up to that number first"
        )
        self.known = known
        self.count = count


class Directory(DecisionFold):
    """What is known of the decisions applied so far: as of any of them, and now."""

    # As of `known`

    def require(self, known: int) -> None:
        """Raises DirectoryBehind unless `known` decisions were applied."""
        if known > self.count:
            raise DirectoryBehind(known, self.count)

    def program(self, program: str, known: int) -> ProgramView | None:
        """The program as known at decision `known`; None before it was created."""
        history = self._programs.get(program)
        return None if history is None else history.at(known)

    def terms(
        self, program: str, known: int, occurred_at: int, partner: str = ""
    ) -> TermsInForce | None:
        """The terms in force at `occurred_at` (ms), as known at decision `known`: those of
        `partner` where it has its own, else the general ones.

        The general terms decide the engine: a partner's own count beside engine 2 only.
        """
        history = self._terms.get(program)
        general = None if history is None else history.in_force(known, occurred_at)
        if not partner or general is None or general.terms.engine != ENGINE_2:
            return general
        own = self._individual.get((program, partner))
        found = None if own is None else own.in_force(known, occurred_at)
        return general if found is None or found.terms.engine != ENGINE_2 else found

    def partner_active(self, program: str, partner: str, known: int) -> bool:
        """Whether `partner` was approved, and not suspended since, by `program`."""
        history = self._standings.get((program, partner))
        return history is not None and history.at(known) == "approved"

    def link(self, link: str, known: int) -> LinkView | None:
        """The link as known at decision `known`; None before it was created."""
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
        """All programs."""
        return tuple(history.current for history in self._programs.values())

    def partners(self) -> tuple[PartnerView, ...]:
        """All partners, each with where it stands with each program."""
        standings: dict[str, dict[str, Standing]] = {name: {} for name in self._partners}
        for (program, partner), history in self._standings.items():
            standings.setdefault(partner, {})[program] = history.current
        return tuple(
            PartnerView(partner, self._partners.get(partner, ""), programs)
            for partner, programs in standings.items()
        )

    def partner(self, partner: str) -> PartnerView | None:
        """One partner, with where it stands with each program."""
        if partner not in self._partners:
            return None
        standings = (
            (program, self._standings.get((program, partner))) for program in self._programs
        )
        return PartnerView(
            partner,
            self._partners[partner],
            {program: history.current for program, history in standings if history is not None},
        )

    def links(self) -> tuple[LinkView, ...]:
        """All links, also disabled ones."""
        return tuple(history.current for history in self._links.values())

    def coupons(self) -> tuple[CouponView, ...]:
        """All coupons, also retired ones."""
        return tuple(history.current for history in self._coupons.values())

    def terms_versions(self, program: str) -> tuple[TermsInForce, ...]:
        """All versions of a program's terms, also individual ones, as they were added."""
        return tuple(self._versions.get(program, ()))
