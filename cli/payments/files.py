"""The payment file of a run: made, read back, and only then marked and written.

Which file pays a payout stands in the ledger: the reference it was sent by, `{run}-{number}`.
A payout has one such reference, so no two files pay the same one, whatever broke off between:

    1. make the file in memory, validate it, read it back and add it up
    2. mark its payouts as sent, with its reference           (only with `--send`)
    3. make it once more of what is sent by that reference, and put it in its place whole

Broken off in 2 or before 3: what is marked has its number, `again` writes that file; the rest
is funded still, and comes into the next one. Without `--send` the file is a draft.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from aggregates.application import Decisions
from aggregates.errors import DecisionError
from aggregates.payout import Payout
from aggregates.payout_run import PayoutRun
from cli.payments import tables
from cli.payments.orders import FORMATS, Left, Order, minor, orders_of, reference_of, total
from cli.payments.pain001 import pain001
from cli.payments.pain001 import read_back as pain001_back
from cli.reading import BadOption
from events.decisions import PartnerPayeeSet, ProgramPayerSet


@dataclass(frozen=True)
class Payments:
    """What files of a run are made of."""

    run: PayoutRun
    shape: str
    payee_of: Callable[[str], PartnerPayeeSet | None]
    payer: ProgramPayerSet | None
    execute: date
    remittance: str
    version: str = "03"


@dataclass(frozen=True)
class PaymentFile:
    """A file, and what it pays."""

    path: Path
    reference: str
    orders: list[Order]
    left: list[Left]
    refused: list[Left]
    """Payouts that could not be marked as sent, and so are not in it."""
    set_aside: int
    """Minor units set aside for all payouts of the run, in this file or not."""

    @property
    def total(self) -> int:
        """Minor units."""
        return total(self.orders)


def draft(ledger: Decisions, payments: Payments, out: Path) -> PaymentFile:
    """Write what would be paid now; nothing is marked. Raises BadOption, NotValid, OSError."""
    payouts = ledger.payouts_of(payments.run.run)
    orders, left = orders_of(payouts, payments.payee_of, payments.shape)
    reference = next_reference(payments.run.run, payouts)
    path = out / f"{reference}.draft.{suffix(payments.shape)}"
    _put(path, _made(payments, orders, reference))
    return PaymentFile(path, reference, orders, left, [], _set_aside(payouts))


def send(
    ledger: Decisions,
    payments: Payments,
    out: Path,
    by: str,
    told: Callable[[int], None] = lambda marked: None,
) -> PaymentFile:
    """Mark what is funded as sent by a new file, and write that file.

    `told` is called with the number of payouts marked since it was called last.
    """
    out.mkdir(parents=True, exist_ok=True)
    run = payments.run.run
    payouts = ledger.payouts_of(run)
    orders, left = orders_of(payouts, payments.payee_of, payments.shape)
    reference = next_reference(run, payouts)
    _made(payments, orders, reference)
    refused: list[Left] = []
    for order in orders:
        try:
            ledger.send_payout(order.payout, reference, by=by)
        except DecisionError as problem:
            refused.append(Left(order.payout, order.partner, str(problem)))
        told(1)
    written = again(ledger, payments, out, int(reference.rpartition("-")[2]))
    return PaymentFile(written.path, reference, written.orders, left, refused, written.set_aside)


def again(ledger: Decisions, payments: Payments, out: Path, number: int) -> PaymentFile:
    """Write the file with this number again: exactly the payouts that were sent by it."""
    reference = f"{payments.run.run}-{number}"
    payouts = ledger.payouts_of(payments.run.run)
    orders, left = orders_of(payouts, payments.payee_of, payments.shape, sent_as=reference)
    path = out / f"{reference}.{suffix(payments.shape)}"
    _put(path, _made(payments, orders, reference))
    return PaymentFile(path, reference, orders, left, [], _set_aside(payouts))


def _set_aside(payouts: Sequence[Payout]) -> int:
    return sum(payout.amount for payout in payouts)


def next_reference(run: str, payouts: Sequence[Payout]) -> str:
    """`{run}-{number}` with the first number that no payout of the run was sent by."""
    named = re.compile(re.escape(run) + r"-(\d+)")
    found = [named.fullmatch(payout.sent_reference) for payout in payouts]
    return f"{run}-{max((int(match[1]) for match in found if match), default=0) + 1}"


def suffix(shape: str) -> str:
    """How the names of files of this format end."""
    return "pain.001.xml" if shape == "pain.001" else f"{shape}.csv"


def _made(payments: Payments, orders: Sequence[Order], reference: str) -> bytes:
    """The file's bytes; they were read back and add up."""
    shape, payer = payments.shape, payments.payer
    if not orders:
        raise BadOption(
            f"run {payments.run.run} has no payouts to pay by {FORMATS[shape]} now; "
            "`pledger runs show` says how each one stands"
        )
    most = tables.MOST.get(shape, len(orders))
    if len(orders) > most:
        raise BadOption(f"{len(orders)} payments: {shape} takes {most} in a file; use smaller runs")
    if shape != "pain.001":
        made = tables.TABLES[shape](orders, payments.remittance)
        found = tables.read_back(made, shape)
    else:
        if payer is None:
            raise BadOption(
                f"program {payments.run.program} has no paying account; "
                "`pledger programs payer` sets it"
            )
        made = pain001(
            orders,
            payer,
            message=reference_of(reference),
            created=datetime.now(UTC),
            execute=payments.execute,
            remittance=payments.remittance,
            version=payments.version,
        )
        found = pain001_back(made)
    longest = tables.PAYPAL_REFERENCE if shape == "paypal" else None
    expected = [(_reference(order, longest), order.amount, order.currency) for order in orders]
    read = [(name, minor(text, currency), currency) for name, text, currency in found]
    if read != expected:  # a fault of this program, before anything is marked or sent
        raise RuntimeError(f"the {shape} file reads back as other payments: {read} {expected}")
    return made


def _reference(order: Order, longest: int | None) -> str:
    return order.reference if longest is None else reference_of(order.payout, longest)


def _put(path: Path, content: bytes) -> None:
    """Put the file in its place, whole and on the disk, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.part")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    half.replace(path)
