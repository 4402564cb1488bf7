"""ISO 20022 camt.054: what the bank booked of our payments, and what came back.

Read by pyiso20022, whose classes are made from ISO's own schemas, one module a version (.01
to .12; .02, .04 and .08 are what banks send). Only booked entries count (`BOOK`). A debit is a
payment that left; a credit with return information, or one that reverses a debit, is a payment
that came back. Which payment it is says the end-to-end id of its transaction details.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import Any

from cli.payments.told import Outcome, Told, money
from cli.reading import BadOption

NAMESPACE = re.compile(rb"urn:iso:std:iso:20022:tech:xsd:camt\.054\.001\.(\d\d)")
VERSIONS = tuple(f"{number:02}" for number in range(1, 13))

REASONS = {
    "AC01": "incorrect account number",
    "AC03": "invalid creditor account number",
    "AC04": "closed account number",
    "AC06": "blocked account",
    "AC13": "invalid debtor account type",
    "AG01": "transaction forbidden",
    "AG02": "invalid bank operation code",
    "AM05": "duplication",
    "BE04": "missing creditor address",
    "CNOR": "creditor bank is not registered",
    "CUST": "requested by customer",
    "DUPL": "duplicate payment",
    "FOCR": "following cancellation request",
    "MD07": "end customer deceased",
    "MS02": "not specified, customer generated",
    "MS03": "not specified, agent generated",
    "NOOR": "no original transaction received",
    "RC01": "bank identifier incorrect",
    "RR04": "regulatory reason",
    "TM01": "invalid cut-off time",
}
"""ISO 20022 external return reason codes that credit transfers come back with."""


class NotCamt054(BadOption):
    """A file that is no camt.054; says what it is or where it cannot be read."""


def camt054(content: bytes, name: str) -> Iterator[Told]:
    """What the file tells of payments; raises NotCamt054."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring
    from xsdata.exceptions import ParserError
    from xsdata.formats.dataclass.parsers import XmlParser

    version = NAMESPACE.search(content[:4096])
    if version is None or version[1].decode() not in VERSIONS:
        raise NotCamt054(f"{name}: expected camt.054.001.{VERSIONS[0]} to .{VERSIONS[-1]}")
    number = version[1].decode()
    module = importlib.import_module(f"pyiso20022.camt.camt_054_001_{number}")
    try:
        fromstring(content, forbid_dtd=True)  # no entities, before any other parser sees it
        document: Any = XmlParser().from_bytes(content, module.Document)
    except (ParseError, ParserError, DefusedXmlException, TypeError, ValueError) as problem:
        raise NotCamt054(f"{name}: not a camt.054.001.{number}: {problem}") from problem
    root = next(iter(parts_of(document)), None)
    return _told(root, name)


def _told(root: Any, name: str) -> Iterator[Told]:
    for notification in root.ntfctn if root is not None else ():
        for number, entry in enumerate(notification.ntry, 1):
            where = f"{name}, entry {entry.ntry_ref or number}"
            if text_of(entry.sts) != "BOOK":
                continue
            transactions = [one for details in entry.ntry_dtls for one in details.tx_dtls]
            if not transactions:
                yield Told(where, "", Outcome.OTHER, None, "", "an entry without its transactions")
            for place, transaction in enumerate(transactions, 1):
                whole = entry if len(transactions) == 1 else None
                yield _transaction(f"{where}.{place}", entry, transaction, whole)


def _transaction(where: str, entry: Any, transaction: Any, whole: Any) -> Told:
    references = transaction.refs
    amount, currency = amount_of(transaction, whole)
    reason = return_reason(transaction)
    direction = text_of(getattr(transaction, "cdt_dbt_ind", None)) or text_of(entry.cdt_dbt_ind)
    back = bool(transaction.rtr_inf) or bool(entry.rvsl_ind)
    outcome = Outcome.OTHER
    if direction == "DBIT" and not back:
        outcome = Outcome.BOOKED
    elif direction == "CRDT" and back:
        outcome = Outcome.RETURNED
    return Told(
        where,
        (references.end_to_end_id if references else None) or "",
        outcome,
        money(amount, currency),
        currency,
        reason,
        (references and (references.acct_svcr_ref or references.tx_id))
        or entry.acct_svcr_ref
        or "",
    )


def amount_of(transaction: Any, whole: Any) -> tuple[str, str]:
    """Of the transaction (from .04 on), of its details, or of the entry it is all of."""
    details = transaction.amt_dtls
    found = (
        getattr(transaction, "amt", None)
        or (details and details.tx_amt and details.tx_amt.amt)
        or (details and details.instd_amt and details.instd_amt.amt)
        or (whole and whole.amt)
    )
    return (str(found.value), str(found.ccy)) if found else ("", "")


def return_reason(transaction: Any) -> str:
    """Code, its meaning, and what the bank adds: `AC04 closed account number; account closed`."""
    found = transaction.rtr_inf
    if not found:
        return ""
    code = text_of(found.rsn.cd) or str(found.rsn.prtry or "") if found.rsn else ""
    words = [f"{code} {REASONS.get(code, '')}".strip(), *found.addtl_inf]
    return "; ".join(word for word in words if word)


def text_of(value: Any) -> str:
    """A code as text, whether it is a plain string, a code of a list, or a choice of them."""
    while value is not None and not isinstance(value, str):
        value = getattr(value, "value", None) or getattr(value, "cd", None)
    return value or ""


def parts_of(document: Any) -> list[Any]:
    """The message itself, whatever this version calls it."""
    return [part for part in vars(document).values() if part is not None]
