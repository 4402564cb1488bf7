"""Payments as CSV: for PayPal, for Wise, and for a bank that takes no ISO 20022.

Names are what partners typed, and these files are opened in spreadsheets before they are
uploaded: no field may be read as a formula (`cli.documents.sheet.safe`). Amounts have exactly
the decimals of their currency. UTF-8 without a byte order mark, lines as RFC 4180 has them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence

from cli.documents.sheet import safe
from cli.payments.orders import Order, reference_of

PAYPAL_REFERENCE = 30
"""Characters of PayPal's customer id."""
WISE_HEADER = (
    *("name", "recipientEmail", "paymentReference", "receiverType", "amountCurrency"),
    *("amount", "sourceCurrency", "targetCurrency", "IBAN", "type"),
)
BANK_HEADER = (
    *("payout", "partner", "name", "iban", "bic", "country"),
    *("amount", "currency", "reference", "remittance"),
)
MOST = {"paypal": 5_000, "wise": 1_000}
"""Payments that the provider takes in one file."""


def paypal(orders: Sequence[Order], remittance: str) -> bytes:
    """Payouts Web: no heading; recipient, amount, currency, customer id, note, wallet."""
    return _table(
        [
            (
                order.payee.email,
                order.text,
                order.currency,
                reference_of(order.payout, PAYPAL_REFERENCE),
                remittance,
                "PAYPAL",
            )
            for order in orders
        ]
    )


def wise(orders: Sequence[Order], remittance: str) -> bytes:
    """Batch payments: the partner gets exactly the amount. Without an IBAN Wise asks the
    partner for one by e-mail (type EMAIL)."""
    return _table(
        [
            WISE_HEADER,
            *(
                (
                    order.payee.name,
                    order.payee.email,
                    order.reference,
                    "",
                    order.currency,
                    order.text,
                    order.currency,
                    order.currency,
                    order.payee.iban,
                    "IBAN" if order.payee.iban else "EMAIL",
                )
                for order in orders
            ),
        ]
    )


def bank(orders: Sequence[Order], remittance: str) -> bytes:
    """One line a transfer, under plain headings."""
    return _table(
        [
            BANK_HEADER,
            *(
                (
                    order.payout,
                    order.partner,
                    order.payee.name,
                    order.payee.iban,
                    order.payee.bic,
                    order.payee.country,
                    order.text,
                    order.currency,
                    order.reference,
                    remittance,
                )
                for order in orders
            ),
        ]
    )


TABLES: dict[str, Callable[[Sequence[Order], str], bytes]] = {
    "paypal": paypal,
    "wise": wise,
    "bank": bank,
}
"""Format → how its file is made of orders and what payees read."""

COLUMNS = {"paypal": (0, 3, 1, 2), "wise": (1, 2, 5, 4), "bank": (1, 8, 6, 7)}
"""Format → lines of heading, and the columns of reference, amount and currency."""


def read_back(made: bytes, shape: str) -> list[tuple[str, str, str]]:
    """(reference, amount, currency) of each payment of a file made here."""
    heading, reference, amount, currency = COLUMNS[shape]
    lines = list(csv.reader(io.StringIO(made.decode(), newline="")))[heading:]
    return [(line[reference], line[amount], line[currency]) for line in lines]


def _table(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows([safe(cell) for cell in row] for row in rows)
    return out.getvalue().encode()
