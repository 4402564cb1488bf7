"""What a bank booked, by ISO 20022: a statement (camt.053) or a notification (camt.054).

Where an entry moved more than its transactions say, the rest is what the bank took for it. Only
booked entries count (`BOOK`). A debit whose transactions are not told is a payment nobody can
match; one that the bank calls charges is a fee.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from datetime import UTC, date
from decimal import Decimal
from itertools import chain
from typing import Any

from audit.reconcile.bank import BankLine, LineKind
from cli.payments.booked import Balances, Find, StatementFile, midnight
from cli.payments.camt054 import amount_of, parts_of, return_reason, text_of
from cli.payments.told import money
from cli.reading import BadOption

NAMESPACE = re.compile(rb"urn:iso:std:iso:20022:tech:xsd:camt\.(053|054)\.001\.(\d\d)")
VERSIONS = tuple(f"{number:02}" for number in range(1, 13))
ENTRY = re.compile(rb"<(?:[\w.-]+:)?Ntry[\s>]")
CHARGES = frozenset(("CHRG", "FEES", "COMM", "COMI", "COMT", "CAJT"))
"""Sub-families of the ISO bank transaction code by which a bank books what it takes."""
OPENING = ("OPBD", "PRCD")
CLOSING = ("CLBD",)


class NotAStatementFile(BadOption):
    """A file that is no camt.053 or camt.054; says what it is or where it cannot be read."""


def camt_statement(content: bytes, name: str, find: Find) -> StatementFile:
    """What the file says; raises NotAStatementFile."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring
    from xsdata.exceptions import ParserError
    from xsdata.formats.dataclass.parsers import XmlParser

    found = NAMESPACE.search(content[:4096])
    if found is None or found[2].decode() not in VERSIONS:
        raise NotAStatementFile(
            f"{name}: expected camt.053.001 or camt.054.001, version {VERSIONS[0]} to "
            f"{VERSIONS[-1]}"
        )
    message, version = found[1].decode(), found[2].decode()
    module = importlib.import_module(f"pyiso20022.camt.camt_{message}_001_{version}")
    try:
        fromstring(content, forbid_dtd=True)  # no entities, before any other parser sees it
        document: Any = XmlParser().from_bytes(content, module.Document)
    except (ParseError, ParserError, DefusedXmlException, TypeError, ValueError) as problem:
        raise NotAStatementFile(
            f"{name}: not a camt.{message}.001.{version}: {problem}"
        ) from problem
    file = StatementFile(name)
    root = next(iter(parts_of(document)), None)
    places = _places(content, name)
    for statement in getattr(root, "stmt", None) or getattr(root, "ntfctn", None) or ():
        _read(file, statement, places, find)
    return file


def _places(content: bytes, name: str) -> Iterator[str]:
    """File, line and number of each entry, in order."""
    line, seen = 1, 0
    for number, found in enumerate(ENTRY.finditer(content), 1):
        line += content.count(b"\n", seen, found.start())
        seen = found.start()
        yield f"{name}:{line}, entry {number}"


def _read(file: StatementFile, statement: Any, places: Iterator[str], find: Find) -> None:
    _period(file, statement)
    moved: dict[str, int] = {}
    for entry in statement.ntry:
        where = next(places, f"{file.name}, entry {text_of(entry.ntry_ref)}")
        if text_of(entry.sts) != "BOOK":
            continue
        unit, whole = str(entry.amt.ccy), money(str(entry.amt.value), str(entry.amt.ccy))
        is_debit = text_of(entry.cdt_dbt_ind) == "DBIT"
        moved[unit] = moved.get(unit, 0) + (whole or 0) * (-1 if is_debit else 1)
        file.lines += _lines(file.name, where, entry, unit, whole, is_debit, find)
    _balances(file, statement, moved)


def _lines(
    file: str, where: str, entry: Any, unit: str, whole: int | None, is_debit: bool, find: Find
) -> Iterator[BankLine]:
    booked = _day(getattr(entry, "bookg_dt", None))
    transactions = list(chain.from_iterable(details.tx_dtls for details in entry.ntry_dtls))
    bank_reference = entry.acct_svcr_ref or ""
    if _is_charge(entry):
        taken = None if whole is None else whole * (1 if is_debit else -1)
        yield BankLine(where, file, "fee", unit, taken, "", "", bank_reference, booked, "charges")
        return
    if not transactions:
        yield _untold(where, file, entry, unit, whole, is_debit, bank_reference, booked)
        return
    said = 0
    is_summed = whole is not None
    for place, transaction in enumerate(transactions, 1):
        only = entry if len(transactions) == 1 else None
        line = _transaction(f"{where}.{place}", file, entry, transaction, only, booked, find)
        is_summed = is_summed and line.unit == unit and line.amount is not None
        said += abs(line.amount or 0)
        yield line
    taken = (whole or 0) - said if is_debit else said - (whole or 0)
    if is_summed and taken:
        kind: LineKind = "fee" if taken > 0 else "other"
        yield BankLine(where, file, kind, unit, taken, "", "", bank_reference, booked, "charges")


def _untold(
    where: str, file: str, entry: Any, unit: str, whole: int | None, is_debit: bool,
    bank_reference: str, booked: int,
) -> BankLine:  # fmt: skip
    batches = (getattr(details, "btch", None) for details in entry.ntry_dtls)
    batch = next((one.pmt_inf_id for one in batches if one and one.pmt_inf_id), "")
    note = "an entry without its transactions" + (f", of batch {batch}" if batch else "")
    kind: LineKind = "paid" if is_debit else "other"
    return BankLine(where, file, kind, unit, whole, "", batch, bank_reference, booked, note)


def _transaction(
    where: str, file: str, entry: Any, transaction: Any, only: Any, booked: int, find: Find
) -> BankLine:
    amount, unit = _paid(transaction, only)
    direction = text_of(getattr(transaction, "cdt_dbt_ind", None)) or text_of(entry.cdt_dbt_ind)
    is_back = bool(transaction.rtr_inf) or bool(entry.rvsl_ind)
    minor = money(amount, unit)
    kind: LineKind = "other"
    if direction == "DBIT" and not is_back:
        kind = "paid"
    elif direction == "CRDT" and is_back:
        kind = "returned"
    elif minor is not None:
        minor = -minor if direction == "DBIT" else minor
    references = transaction.refs
    reference = (references.end_to_end_id if references else None) or ""
    bank_reference = (
        (references and (references.acct_svcr_ref or references.tx_id)) or entry.acct_svcr_ref or ""
    )
    note = return_reason(transaction)
    return BankLine(
        where, file, kind, unit, minor, find(reference), reference, bank_reference, booked, note
    )


def _paid(transaction: Any, only: Any) -> tuple[str, str]:
    """What was ordered to be paid: the amount instructed where the bank says it, since what it
    booked may hold its charges; else the amount of the transaction less those it includes."""
    details = transaction.amt_dtls
    found = details and details.instd_amt and details.instd_amt.amt
    if found:
        return str(found.value), str(found.ccy)
    amount, unit = amount_of(transaction, only)
    included = _included_charges(transaction, unit)
    return (str(Decimal(amount) - included), unit) if included else (amount, unit)


def _included_charges(transaction: Any, unit: str) -> Decimal:
    charges = getattr(transaction, "chrgs", None)
    records = charges if isinstance(charges, list) else getattr(charges, "rcrd", None) or []
    return sum(
        (
            Decimal(str(one.amt.value))
            for one in records
            if getattr(one, "chrg_incl_ind", None) and one.amt and str(one.amt.ccy) == unit
        ),
        Decimal(),
    )


def _is_charge(entry: Any) -> bool:
    code = getattr(entry, "bk_tx_cd", None)
    domain = code and code.domn
    return bool(domain and domain.fmly and text_of(domain.fmly.sub_fmly_cd) in CHARGES)


def _period(file: StatementFile, statement: Any) -> None:
    period = getattr(statement, "fr_to_dt", None)
    if period is None:
        return
    starts, ends = (_moment(at) for at in (period.fr_dt_tm, period.to_dt_tm))
    file.starts = starts if file.starts is None else min(file.starts, starts)
    file.ends = max(file.ends or 0, ends + 1000)  # banks state 23:59:59 as the end


def _moment(at: Any) -> int:
    when = at.to_datetime()
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)


def _day(choice: Any) -> int:
    if choice is None:
        return 0
    day = choice.dt or choice.dt_tm
    return midnight(date(day.year, day.month, day.day)) if day else 0


def _balances(file: StatementFile, statement: Any, moved: dict[str, int]) -> None:
    """Opening and closing balance, where the statement has both in one currency."""
    found: dict[str, tuple[str, int]] = {}
    for balance in getattr(statement, "bal", ()):
        code = text_of(balance.tp.cd_or_prtry)
        amount = money(str(balance.amt.value), str(balance.amt.ccy))
        sign = -1 if text_of(balance.cdt_dbt_ind) == "DBIT" else 1
        kind = "opening" if code in OPENING else "closing" if code in CLOSING else ""
        if kind and amount is not None:
            found[kind] = (str(balance.amt.ccy), sign * amount)
    if found.keys() == {"opening", "closing"} and found["opening"][0] == found["closing"][0]:
        unit = found["opening"][0]
        where = f"{file.name}, statement {statement.id}"
        file.balances.append(
            Balances(where, unit, found["opening"][1], found["closing"][1], moved.get(unit, 0))
        )
