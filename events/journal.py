"""The journal: the ledger itself. Topic `journal`, key: the partner.

One entry an accepted instruction, in the partition of the same number; `n` counts the
entries of a partition densely from 0. An entry's legs sum to zero in its unit. The
accounts are

    commissions   the program's cost, spread over all partitions (no running balance)
    payable       what the program owes the partner: pending until `available_at`
    in_transit    funded payouts that are under way
    paid          settled payouts

`previous` is the SHA-256, in hex, of the bytes of the same partner's previous entry as
they stand in Kafka (empty for the first): a chain for each partner.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Account = Literal["commissions", "payable", "in_transit", "paid"]

EntryKind = Literal[
    "commission",
    "clawback",
    "payout_funded",
    "payout_refused",
    "payout_sent",
    "payout_settled",
    "payout_failed",
    "no_effect",  # booked nothing: see reason
]


class Leg(Struct, frozen=True, gc=False):
    """What one account gains, or loses."""

    account: Account
    amount: int
    """Minor units of the entry's unit, signed."""


class Balance(Struct, frozen=True, gc=False):
    """A partner's balances in one program and unit, right after an entry, at its `at`.

    available = payable - pending, and may be negative after a clawback.
    """

    payable: int
    pending: int
    in_transit: int
    paid: int


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
