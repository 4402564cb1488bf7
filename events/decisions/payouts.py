"""Payouts, from asked for to settled, and the runs that pay many partners at once."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

PayoutStatus = Literal[
    "proposed",
    "requested",
    "funded",
    "refused",
    "sent",
    "settled",
    "failed",
    "returned",
    "canceled",
]


class PayoutRequested(Struct, frozen=True):
    """Somebody asks for a payout; the journal answers."""

    payout: str
    program: str
    partner: str
    unit: str
    amount: int
    """Minor units; 0 asks for all that is available."""
    by: str = ""
    run: str = ""
    """The payout run it belongs to."""


class PayoutProposed(Struct, frozen=True):
    """Somebody asks for a payout that a second person must approve."""

    payout: str
    program: str
    partner: str
    unit: str
    amount: int
    by: str = ""
    run: str = ""


class PayoutApproved(Struct, frozen=True):
    """The second person agrees; the journal answers."""

    payout: str
    program: str
    partner: str
    unit: str
    amount: int
    by: str = ""
    run: str = ""


class PayoutCanceled(Struct, frozen=True):
    """What was proposed is not asked for any longer."""

    payout: str
    reason: str = ""
    by: str = ""


class PayoutFunded(Struct, frozen=True):
    """The journal set the money aside."""

    payout: str
    amount: int
    entry: str
    """Position of the journal entry that moved the money to in transit."""


class PayoutRefused(Struct, frozen=True):
    """The journal refused it; `entry` is the position of its answer."""

    payout: str
    reason: str
    entry: str


class PayoutSent(Struct, frozen=True):
    """The transfer is on its way."""

    payout: str
    program: str
    partner: str
    reference: str = ""
    by: str = ""


class PayoutSettled(Struct, frozen=True):
    """The partner has the money."""

    payout: str
    program: str
    partner: str
    reference: str = ""
    by: str = ""


class PayoutFailed(Struct, frozen=True):
    """The transfer came back: the money is available again."""

    payout: str
    program: str
    partner: str
    reason: str = ""
    by: str = ""


class PayoutReturned(Struct, frozen=True):
    """A settled transfer came back: the money is available again."""

    payout: str
    program: str
    partner: str
    reason: str = ""
    by: str = ""


class RunPayout(Struct, frozen=True):
    """One payout of a run."""

    payout: str
    partner: str


class PayoutRunStarted(Struct, frozen=True):
    """Many partners are to be paid at once, each by a payout of its own."""

    run: str
    program: str
    unit: str
    payouts: tuple[RunPayout, ...]
    by: str = ""
