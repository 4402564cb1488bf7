"""Commands on payouts: asked for, answered by the journal, told by the bank."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence

from aggregates.commands.finding import Finding
from aggregates.payout import Payout
from aggregates.payout_run import PayoutRun
from aggregates.program import Program
from events.decisions import RunPayout
from events.terms import Terms


class PayoutCommands(Finding):
    """Payouts, step by step."""

    def request_payout(
        self,
        payout: str,
        partner: str,
        program: str,
        unit: str,
        amount: int = 0,
        by: str = "",
        run: str = "",
    ) -> None:
        """Ask for `amount` minor units of `unit`; 0 asks for all that is available.

        Where the terms in force ask for two persons it is only proposed, for somebody other
        than `by` to approve. `run`: the payout run it belongs to.
        """

        def ask() -> Payout:
            found = self._program(program)
            ways = (Payout.request, Payout.propose)
            return ways[needs_two_persons(found, partner, now_ms())](
                payout, self._partner(partner).partner, found.program, unit, amount, by, run
            )

        self._create(
            Payout,
            Payout.create_id(payout),
            ask,
            lambda found: found.repeat_request(partner, program, unit, amount, run),
        )

    def approve_payout(self, payout: str, by: str) -> None:
        """A proposed payout is requested now; `by` must be somebody else than who asked."""
        self._change(lambda: self._payout(payout), lambda found: found.approve(by))

    def cancel_payout(self, payout: str, reason: str = "", by: str = "") -> None:
        """A proposed payout is not asked for any longer."""
        self._change(lambda: self._payout(payout), lambda found: found.cancel(reason, by))

    def fund_payout(self, payout: str, amount: int, entry: str) -> None:
        """The journal's answer: `amount` minor units in transit, by the entry at `entry`."""
        self._change(lambda: self._payout(payout), lambda found: found.fund(amount, entry))

    def refuse_payout(self, payout: str, reason: str, entry: str) -> None:
        """The journal's answer: refused, by the entry at position `entry`."""
        self._change(lambda: self._payout(payout), lambda found: found.refuse(reason, entry))

    def send_payout(self, payout: str, reference: str = "", by: str = "") -> None:
        """The transfer is on its way; `reference` is the bank's or the provider's."""
        self._change(lambda: self._payout(payout), lambda found: found.send(reference, by))

    def settle_payout(self, payout: str, reference: str = "", by: str = "") -> None:
        """The partner has the money."""
        self._change(lambda: self._payout(payout), lambda found: found.settle(reference, by))

    def fail_payout(self, payout: str, reason: str = "", by: str = "") -> None:
        """The transfer came back or was never made: the money is available again."""
        self._change(lambda: self._payout(payout), lambda found: found.fail(reason, by))

    def return_payout(self, payout: str, reason: str = "", by: str = "") -> None:
        """The settled transfer came back: the money is available again."""
        self._change(lambda: self._payout(payout), lambda found: found.return_(reason, by))

    def payout(self, payout: str) -> Payout:
        """As it stands now; raises NotFound."""
        return self._now(lambda: self._payout(payout))

    # Runs

    def start_run(
        self, run: str, program: str, unit: str, payouts: Sequence[RunPayout], by: str = ""
    ) -> None:
        """Pay the partners of `payouts` in `unit`. The payouts are then requested one by one."""

        def start() -> PayoutRun:
            for one in payouts:  # a list that names nobody could never be gone through
                self._partner(one.partner)
            return PayoutRun.start(run, self._program(program).program, unit, payouts, by)

        self._create(
            PayoutRun,
            PayoutRun.create_id(run),
            start,
            lambda found: found.repeat_start(program, unit, payouts),
        )

    def run(self, run: str) -> PayoutRun:
        """As it was started; raises NotFound."""
        return self._now(lambda: self._get(PayoutRun, PayoutRun.create_id(run), "start it first"))

    def request_run(self, run: str, by: str = "") -> Iterator[Payout]:
        """Ask for each payout of the run that was not asked for yet; all of them, as they stand.

        A generator: what is not taken from it is not asked for.
        """
        found = self.run(run)
        for one in found.payouts:
            stands = self._find(Payout, Payout.create_id(one.payout))
            if stands is None or stands.run != run:
                self.request_payout(
                    one.payout, one.partner, found.program, found.unit, by=by, run=run
                )
                stands = self._payout(one.payout)
            yield stands

    def payouts_of(self, run: str) -> list[Payout]:
        """The payouts of a run that were asked for, as they stand now; raises NotFound."""
        wanted = self.run(run).payouts
        found = (self._find(Payout, Payout.create_id(one.payout)) for one in wanted)
        return [payout for payout in found if payout is not None and payout.run == run]

    def payout_ids(self) -> list[str]:
        """Of all payouts that were ever asked for."""
        self.refresh()
        asked = self.recorder.select_notifications(
            1, sys.maxsize, topics=("payout.requested", "payout.proposed")
        )
        return [str(found.originator_id).removeprefix("payout:") for found in asked]


def needs_two_persons(program: Program, partner: str, at: int) -> bool:
    """Whether the terms in force at `at` (ms since 1970 UTC) ask for a second person: the
    program's, or the individual terms of `partner`. Those cannot take the rule away."""
    asking = (in_force(program.terms, of, at) for of in {"", partner})
    return any(terms is not None and terms.payout_approval == "two_persons" for terms in asking)


def in_force(terms: Sequence[Terms], partner: str, at: int) -> Terms | None:
    """The newest terms of `partner` (empty: the general ones) in force at `at`, in ms."""
    begun = [one for one in terms if one.partner == partner and one.effective_from <= at]
    return max(begun, key=lambda one: (one.effective_from, one.version), default=None)


def now_ms() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000
