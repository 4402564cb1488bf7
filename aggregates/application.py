"""`Decisions`: the commands by which people, and the payouts agent, decide.

    decisions = open_decisions(settings.broker)
    decisions.create_program("acme", "Acme Ltd", "EUR", by="ann")

Any number of processes decide at once (`deciding` says how). A command may be repeated:
with the same content it returns quietly, with other content it raises.
"""

from __future__ import annotations

from collections.abc import Sequence

from aggregates.checks import coupon_code
from aggregates.coupon import Coupon
from aggregates.deciding import DecidingApplication
from aggregates.link import Link
from aggregates.partner import Partner
from aggregates.payout import Payout
from aggregates.program import Program
from events.settings import Broker
from events.terms import Rule, Terms


class Decisions(DecidingApplication):
    """The commands, and the rules between aggregates. Thread-safe.

    Commands raise the types of `aggregates.errors`, and the library's OperationalError when
    the broker does not answer. `by` is who decided.
    """

    name = "Decisions"

    # Programs

    def create_program(self, program: str, name: str, currency: str, by: str = "") -> None:
        """`currency`: ISO 4217."""
        self._create(
            Program,
            Program.create_id(program),
            lambda: Program.create(program, name, currency, by),
            lambda found: found.repeat_creation(name, currency),
        )

    def add_terms(
        self,
        program: str,
        rules: Sequence[Rule],
        *,
        effective_from: int,
        attribution: str = "last_touch",
        window_days: int = 30,
        signup_window_days: int = 365,
        hold_days: int = 30,
        engine: str = "1",
        by: str = "",
    ) -> Terms:
        """The terms as added, with their version. `effective_from`: ms since 1970 UTC."""
        terms: Terms = self._change(
            lambda: self._program(program),
            lambda found: found.add_terms(
                rules,
                effective_from=effective_from,
                attribution=attribution,
                window_days=window_days,
                signup_window_days=signup_window_days,
                hold_days=hold_days,
                engine=engine,
                by=by,
            ),
        )
        return terms

    def pause_program(self, program: str, by: str = "") -> None:
        """New conversions of the program earn nothing until it is resumed."""
        self._change(lambda: self._program(program), lambda found: found.pause(by))

    def resume_program(self, program: str, by: str = "") -> None:
        """It earns again, by what happens from now on."""
        self._change(lambda: self._program(program), lambda found: found.resume(by))

    def program(self, program: str) -> Program:
        """As it stands now, also by what other processes decided; raises NotFound."""
        return self._now(lambda: self._program(program))

    # Partners

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

    # Links and coupons

    def create_link(
        self, link: str, program: str, partner: str, destination: str, by: str = ""
    ) -> None:
        """`destination`: the only URL the link leads to."""
        self._create(
            Link,
            Link.create_id(link),
            lambda: Link.create(
                link,
                self._program(program).program,
                self._partner(partner).partner,
                destination,
                by,
            ),
            lambda found: found.repeat_creation(program, partner, destination),
        )

    def disable_link(self, link: str, by: str = "") -> None:
        """Its clicks no longer count. There is no way back."""
        self._change(lambda: self._link(link), lambda found: found.disable(by))

    def link(self, link: str) -> Link:
        """As it stands now; raises NotFound."""
        return self._now(lambda: self._link(link))

    def create_coupon(self, program: str, code: str, partner: str, by: str = "") -> None:
        """Codes compare without regard to case."""
        self._create(
            Coupon,
            Coupon.create_id(program, coupon_code(code)),
            lambda: Coupon.create(
                self._program(program).program, code, self._partner(partner).partner, by
            ),
            lambda found: found.repeat_creation(partner),
        )

    def retire_coupon(self, program: str, code: str, by: str = "") -> None:
        """The code credits nobody from now on. There is no way back."""
        self._change(lambda: self._coupon(program, code), lambda found: found.retire(by))

    def coupon(self, program: str, code: str) -> Coupon:
        """As it stands now; raises NotFound."""
        return self._now(lambda: self._coupon(program, code))

    # Payouts

    def request_payout(
        self, payout: str, partner: str, program: str, unit: str, amount: int = 0, by: str = ""
    ) -> None:
        """Ask for `amount` minor units of `unit`; 0 asks for all that is available."""
        self._create(
            Payout,
            Payout.create_id(payout),
            lambda: Payout.request(
                payout,
                self._partner(partner).partner,
                self._program(program).program,
                unit,
                amount,
                by,
            ),
            lambda found: found.repeat_request(partner, program, unit, amount),
        )

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

    def payout(self, payout: str) -> Payout:
        """As it stands now; raises NotFound."""
        return self._now(lambda: self._payout(payout))

    # Finding

    def _program(self, program: str) -> Program:
        return self._get(Program, Program.create_id(program), "create it first")

    def _partner(self, partner: str) -> Partner:
        return self._get(Partner, Partner.create_id(partner), "register it first")

    def _member(self, partner: str, program: str) -> Partner:
        self._program(program)
        return self._partner(partner)

    def _link(self, link: str) -> Link:
        return self._get(Link, Link.create_id(link), "create it first")

    def _coupon(self, program: str, code: str) -> Coupon:
        name = Coupon.create_id(program, coupon_code(code))
        return self._get(Coupon, name, "create it first")

    def _payout(self, payout: str) -> Payout:
        return self._get(Payout, Payout.create_id(payout), "request it first")


def open_decisions(broker: Broker, topic: str = "") -> Decisions:
    """The commands of the ledger on `broker`; read whole before this returns.

    Raises the library's OperationalError when the broker or the topic is not there.
    """
    env = {"PERSISTENCE_MODULE": "aggregates.store", "PLEDGER_BROKER": broker.dsn}
    return Decisions(env | ({"DECISIONS_TOPIC": topic} if topic else {}))
