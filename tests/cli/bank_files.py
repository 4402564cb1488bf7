"""Notifications as banks write them, by ISO's own schema (camt.054.001.02 to .08)."""

from __future__ import annotations

from collections.abc import Sequence

Line = tuple[str, str, str, str, str]
"""DBIT or CRDT, end-to-end id, amount, currency, return reason code (or nothing)."""


def notification(version: str, lines: Sequence[Line], status: str = "BOOK") -> str:
    """A camt.054 with one booked entry a line."""
    entries = "".join(_entry(version, *line, status) for line in lines)
    namespace = f"urn:iso:std:iso:20022:tech:xsd:camt.054.001.{version}"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{namespace}">'
        "<BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>M1</MsgId>"
        "<CreDtTm>2026-11-24T09:00:00</CreDtTm></GrpHdr><Ntfctn><Id>N1</Id>"
        "<CreDtTm>2026-11-24T09:00:00</CreDtTm>"
        "<Acct><Id><IBAN>DE75512108001245126199</IBAN></Id></Acct>"
        f"{entries}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
    )


def _entry(
    version: str, direction: str, reference: str, amount: str, currency: str, code: str, status: str
) -> str:
    old = version in ("01", "02", "03")
    money = f'<Amt Ccy="{currency}">{amount}</Amt>'
    stated = (
        f"<AmtDtls><TxAmt>{money}</TxAmt></AmtDtls>"
        if old
        else f"{money}<CdtDbtInd>{direction}</CdtDbtInd>"
    )
    returned = (
        f"<RtrInf><Rsn><Cd>{code}</Cd></Rsn><AddtlInf>account closed</AddtlInf></RtrInf>"
        if code
        else ""
    )
    held = status if version < "07" else f"<Cd>{status}</Cd>"
    return (
        f"<Ntry>{money}<CdtDbtInd>{direction}</CdtDbtInd><Sts>{held}</Sts>"
        "<BookgDt><Dt>2026-11-24</Dt></BookgDt>"
        "<BkTxCd><Prtry><Cd>NTRF</Cd></Prtry></BkTxCd>"
        f"<NtryDtls><TxDtls><Refs><AcctSvcrRef>BANK-{reference}</AcctSvcrRef>"
        f"<EndToEndId>{reference}</EndToEndId></Refs>{stated}{returned}</TxDtls></NtryDtls></Ntry>"
    )
