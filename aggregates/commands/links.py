"""Commands on links and coupons: what tells whose a customer is."""

from __future__ import annotations

from aggregates.checks import coupon_code
from aggregates.commands.finding import Finding
from aggregates.coupon import Coupon
from aggregates.link import Link


class LinkCommands(Finding):
    """Links and coupons."""

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
