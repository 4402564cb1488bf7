"""ISO 20022 pain.001: credit transfers for a bank, by the library sepaxml.

The library builds the message and ships its schemas (versions .03 and .09 here), against
which every file is checked before it leaves. What it does not do is mended in its tree:

- it writes two decimals whatever the currency: amounts get those of ISO 4217;
- its message ids are random and its time is the clock's: here they are the caller's, so
  that a file written twice is the same file;
- an agent without a BIC is left empty: it says NOTPROVIDED, as the rulebook of SEPA asks;
- service level SEPA and charges SLEV are for euro; other currencies share charges (SHAR).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cli.payments.orders import Order
from cli.reading import BadOption
from events.decisions import ProgramPayerSet

VERSIONS = ("03", "09")
NOT_SEPA = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")
"""Outside the alphabet that every bank of the SEPA takes (EPC217-08)."""
SEPA_CURRENCY = "EUR"


class NotValid(BadOption):
    """A file the schema refuses; says where and why."""


def pain001(
    orders: Sequence[Order],
    payer: ProgramPayerSet,
    *,
    message: str,
    created: datetime,
    execute: date,
    remittance: str,
    version: str = "03",
) -> bytes:
    """The message, valid against the schema of its version; raises NotValid.

    `orders`: at least one, all of one currency. `message`: its id, at most 35 characters.
    `execute`: the day it is asked to be carried out. `remittance`: what payees read.
    """
    from sepaxml import SepaTransfer

    currency = orders[0].currency
    schema = f"pain.001.001.{version}"
    config: dict[str, Any] = {
        "name": sepa_text(payer.name),
        "IBAN": payer.iban,
        "batch": True,
        "currency": currency,
        "domestic": currency != SEPA_CURRENCY,
    }
    transfer = SepaTransfer(config | ({"BIC": payer.bic} if payer.bic else {}), schema=schema)
    for order in orders:
        payment = {
            "name": sepa_text(order.payee.name),
            "IBAN": order.payee.iban,
            "amount": order.amount,
            "currency": currency,
            "execution_date": execute,
            "description": sepa_text(remittance)[:140],
            "endtoend_id": order.reference,
        }
        transfer.add_payment(payment | ({"BIC": order.payee.bic} if order.payee.bic else {}))
    tree = ET.fromstring(transfer.export(validate=False))
    _mend(tree, f"{{urn:iso:std:iso:20022:tech:xsd:{schema}}}", orders, message, created)
    made: bytes = ET.tostring(tree, encoding="UTF-8", xml_declaration=True)
    _check(made, schema)
    return made


def read_back(made: bytes) -> list[tuple[str, str, str]]:
    """(end-to-end id, amount, currency) of each payment of a pain.001 file."""
    from defusedxml.ElementTree import fromstring

    return [
        (
            payment.findtext("{*}PmtId/{*}EndToEndId") or "",
            payment.findtext("{*}Amt/{*}InstdAmt") or "",
            payment.find("{*}Amt/{*}InstdAmt").get("Ccy"),
        )
        for payment in fromstring(made).findall(".//{*}CdtTrfTxInf")
    ]


def sepa_text(text: str) -> str:
    """The text in the alphabet banks take, at most 70 characters: `Müller & Co` becomes
    `Muller + Co`."""
    from text_unidecode import unidecode

    return NOT_SEPA.sub(" ", unidecode(text.replace("&", "+"))).strip()[:70]


def _mend(
    tree: ET.Element, ns: str, orders: Sequence[Order], message: str, created: datetime
) -> None:
    """Put right what the library leaves to chance, or to the euro."""
    amounts = {order.reference: order.text for order in orders}
    for payment in tree.iter(f"{ns}CdtTrfTxInf"):
        reference = _only(payment, f"{ns}PmtId/{ns}EndToEndId").text or ""
        _only(payment, f"{ns}Amt/{ns}InstdAmt").text = amounts[reference]
    whole = f"{sum((Decimal(text) for text in amounts.values()), Decimal(0)):f}"
    for total in tree.iter(f"{ns}CtrlSum"):
        total.text = whole
    _only(tree, f".//{ns}MsgId").text = message
    _only(tree, f".//{ns}CreDtTm").text = created.strftime("%Y-%m-%dT%H:%M:%S")
    _only(tree, f".//{ns}PmtInfId").text = message
    for agent in tree.iter(f"{ns}FinInstnId"):
        if len(agent) == 0:
            ET.SubElement(ET.SubElement(agent, f"{ns}Othr"), f"{ns}Id").text = "NOTPROVIDED"
    if orders[0].currency != SEPA_CURRENCY:
        for bearer in tree.iter(f"{ns}ChrgBr"):
            bearer.text = "SHAR"


def _only(tree: ET.Element, path: str) -> ET.Element:
    found = tree.find(path)
    assert found is not None, f"sepaxml wrote no {path}"
    return found


def _check(made: bytes, schema: str) -> None:
    from sepaxml.validation import ValidationError, try_valid_xml

    try:
        try_valid_xml(made, schema)
    except ValidationError as problem:
        cause: Any = problem.__cause__
        at = getattr(cause, "path", "") or ""
        raise NotValid(
            f"the schema of {schema} refuses the file: {at}: {getattr(cause, 'reason', problem)}"
        ) from problem
