"""The journal: the ledger itself. Topic `journal`, key: the partner.

One entry an accepted instruction, in the partition of the same number; `n` counts the
entries of a partition densely from 0. An entry's legs sum to zero in every unit. The
accounts are

    commissions   the program's cost, spread over all partitions (no running balance)
    payable       what the program owes the partner: pending until `available_at`
    in_transit    funded payouts that are under way
    paid          settled payouts
    wholesale     what resellers took from customers for the program
    receipts      what partners paid to the program
    fees          kept of a payout for its cost
    withholding   kept of a payout for the tax office
    exchange      the other side of a change of currency: one leg in each
    rounding      what a change of currency gains or loses by whole minor units

`previous` is the SHA-256, in hex, of the bytes of the same partner's previous entry as
they stand in Kafka (empty for the first): a chain for each partner.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Account = Literal[
    "commissions",
    "payable",
    "in_transit",
    "paid",
    "wholesale",
    "receipts",
    "fees",
    "withholding",
    "exchange",
    "rounding",
]

EntryKind = Literal[
    "commission",
    "clawback",
    "held",
    "released",
    "rejected",
    "adjusted",
    "adjustment",
    "award",
    "payment_received",
    "payout_funded",
    "payout_refused",
    "payout_sent",
    "payout_settled",
    "payout_failed",
    "payout_returned",
    "no_effect",  # booked nothing: see reason
]

HELD = 2**53
"""`available_at` of what waits for a person's decision."""


class Leg(Struct, frozen=True, gc=False, omit_defaults=True):
    """What one account gains, or loses."""

    account: Account
    amount: int
    """Minor units, signed."""
    unit: str = ""
    """Empty: the entry's unit."""
    rule: str = ""
    """The rule, bonus, cap or override that caused it; empty: the entry's rule."""
    available_at: int = 0
    """`payable` only, engine 2: until when it is pending, ms; HELD: until it is released."""


class Balance(Struct, frozen=True, gc=False):
    """A partner's balances in one program and unit, right after an entry, at its `at`.

    available = payable - pending, and may be negative after a clawback.
    """

    payable: int
    pending: int
    in_transit: int
    paid: int


class Rate(Struct, frozen=True, gc=False, omit_defaults=True):
    """The rate of exchange an entry rests on: one `base` is `rate` of `quote`."""

    base: str
    quote: str
    rate: str
    """Exact: a decimal, or a fraction `7/3` where it was crossed by a third currency."""
    source: str
    date: str
    """The day it was published for, ISO 8601."""
    position: str
    """Of the decision that set it."""


class Entry(Struct, frozen=True, gc=False, omit_defaults=True, tag_field="type", tag="entry.v1"):
    """One posting with all it rests on, or `no_effect` and why."""

    n: int
    source: str
    """Position of the instruction."""
    partner: str
    at: int
    """The broker's time of the instruction, ms; never less than the partition's last."""
    kind: EntryKind
    program: str
    unit: str = ""
    legs: tuple[Leg, ...] = ()
    balance: Balance | None = None
    reason: str = ""
    rule: str = ""
    terms: int = 0
    """Version of the terms that decided the amount."""
    terms_at: str = ""
    """Position of the decision that added those terms."""
    base: int = 0
    """What was commissioned or refunded, minor units."""
    available_at: int = 0
    """When a commission's hold ends, ms; 0: at once."""
    deal: str = ""
    event_id: str = ""
    payout: str = ""
    conversion: str = ""
    """Position of the conversion behind it."""
    click_id: str = ""
    previous: str = ""
    # Under terms of engine 2:
    engine: str = ""
    occurred_at: int = 0
    """When the conversion behind it happened, ms."""
    currency: str = ""
    """Of `base`, where it is not the entry's unit."""
    share: int = 0
    """Basis points of the conversion that are the partner's."""
    via: str = ""
    """Of an override: the sub-partner that brought the deal."""
    level: int = 0
    customer: str = ""
    identity: str = ""
    counters: dict[str, int] = {}
    """What the partner's counters in the program gain; see `projections.tally`."""
    balances: dict[str, Balance] = {}
    """Balances in the other units it moved."""
    rates: tuple[Rate, ...] = ()
    """The rate, where another currency is paid than was earned."""
    notes: tuple[str, ...] = ()
    """What bounded an amount, as `cap monthly: 50.00 of 80.00 EUR`."""
    hold: str = ""
    """Why it waits for a person: self_referral, duplicate_customer, review_all, review_above,
    too_old, or a person's own words."""
    adjustment: str = ""
    run: str = ""
    by: str = ""
    waiting: dict[str, int] = {}
    """What the counters will gain by a commission that is held, once it is released."""

    def payable(self, unit: str = "") -> int:
        """What it adds to what is owed to the partner in `unit` (empty: its own), minor units."""
        wanted = unit or self.unit
        return sum(
            leg.amount
            for leg in self.legs
            if leg.account == "payable" and (leg.unit or self.unit) == wanted
        )

    def units(self) -> tuple[str, ...]:
        """The units its legs move, its own first."""
        return tuple(dict.fromkeys([self.unit, *(leg.unit or self.unit for leg in self.legs)]))
