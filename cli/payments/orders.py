"""The payouts of a run as payments: to whom, how much, under which reference.

A bank's file names each payment by an end-to-end id, which comes back when it is booked or
returned. It is the payout's own id wherever that fits; ISO 20022 allows 35 characters of a
small alphabet, so longer ids are shortened by a rule that gives the same text every time.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from aggregates.payout import Payout
from cli.money import exponent, plain
from events.currencies import is_currency
from events.decisions import PartnerPayeeSet
from events.sealing import ALTERED, ERASED, NOT_OPENED

FORMATS: dict[str, str] = {"pain.001": "bank", "bank": "bank", "paypal": "paypal", "wise": "wise"}
"""Format of a file → the method of the payees it pays."""

UNREADABLE = frozenset((ERASED, NOT_OPENED, ALTERED))
"""What stands in place of payment details whose key is gone."""

END_TO_END = 35
"""Characters of an end-to-end id (ISO 20022 Max35Text)."""
DIGEST = 16
"""Hexadecimal digits of the SHA-256 that make a shortened reference one of its own."""
PLAIN = re.compile(r"[A-Za-z0-9.-]+")
"""What slugs and the alphabet of SEPA have in common."""


@dataclass(frozen=True)
class Order:
    """One payment."""

    payout: str
    partner: str
    reference: str
    """The end-to-end id."""
    payee: PartnerPayeeSet
    amount: int
    """Minor units of `currency`, net of fees and withholding."""
    currency: str

    @property
    def text(self) -> str:
        """The amount in whole units with the currency's decimals, as `12.50`."""
        return plain(self.amount, self.currency)


@dataclass(frozen=True)
class Left:
    """A payout that is not in the file, and why."""

    payout: str
    partner: str
    reason: str


def reference_of(payout: str, longest: int = END_TO_END) -> str:
    """The payout's id, or where a bank would refuse it a shortened one with a digest."""
    if len(payout) <= longest and PLAIN.fullmatch(payout):
        return payout
    digest = hashlib.sha256(payout.encode()).hexdigest()[:DIGEST]
    return f"{payout.replace('_', '-')[: longest - DIGEST - 1]}-{digest}"


def orders_of(
    payouts: Iterable[Payout],
    payee_of: Callable[[str], PartnerPayeeSet | None],
    shape: str,
    sent_as: str = "",
) -> tuple[list[Order], list[Left]]:
    """What a file of format `shape` pays of `payouts`, and what is left out.

    Only what the journal set aside is paid: funded payouts; or, to write a file again, those
    that were sent by it, whose reference is `sent_as`.
    """
    orders: list[Order] = []
    left: list[Left] = []
    for payout in payouts:
        payee = payee_of(payout.partner)
        reason = _left_out(payout, payee, shape, sent_as)
        if reason:
            left.append(Left(payout.payout, payout.partner, reason))
        else:
            assert payee is not None
            reference = reference_of(payout.payout)
            orders.append(
                Order(payout.payout, payout.partner, reference, payee, payout.amount, payout.unit)
            )
    return orders, left


def total(orders: Iterable[Order]) -> int:
    """Minor units of all orders together."""
    return sum(order.amount for order in orders)


def minor(text: str, currency: str) -> int | None:
    """Minor units of an amount as a file states it; None if it is finer or no amount."""
    try:
        scaled = Decimal(text).scaleb(exponent(currency))
        return int(scaled) if scaled == scaled.to_integral_value() else None
    except (ArithmeticError, ValueError):
        return None


def _left_out(payout: Payout, payee: PartnerPayeeSet | None, shape: str, sent_as: str) -> str:
    if sent_as and payout.sent_reference != sent_as:
        return f"sent by {payout.sent_reference}" if payout.sent_reference else "not sent by it"
    if not sent_as and payout.sent_reference:
        return f"{payout.status} already, by {payout.sent_reference}"
    if not sent_as and payout.status != "funded":
        return f"{payout.status}, not funded" + (f": {payout.reason}" if payout.reason else "")
    if not is_currency(payout.unit):
        return f"{payout.unit} is not money; mark it as sent when it was handed over"
    if payee is None:
        return "no payee details: `partners payee` sets them"
    if not UNREADABLE.isdisjoint({payee.name, payee.iban, payee.bic, payee.email}):
        return "the payee details were erased, or cannot be read: `partners payee` sets new ones"
    if payee.method != FORMATS[shape]:
        return f"paid by {payee.method}: write a file of that format too"
    needs = {"pain.001": payee.iban, "bank": payee.iban, "paypal": payee.email}
    if not needs.get(shape, payee.iban or payee.email):
        return f"the payee details lack {'an e-mail' if shape == 'paypal' else 'an IBAN'}"
    return ""
