"""Account statements as banks write them: camt.053, with balances, charges and batches."""

from __future__ import annotations

from collections.abc import Sequence


def entry(
    direction: str,
    amount: str,
    references: Sequence[tuple[str, str]] = (),
    *,
    currency: str = "EUR",
    code: str = "",
    family: str = "",
    instructed: str = "",
) -> str:
    """One booked entry. `references`: end-to-end id and amount of each transaction; `code`: why
    it came back; `family`: sub-family of the bank transaction code."""
    returned = f"<RtrInf><Rsn><Cd>{code}</Cd></Rsn></RtrInf>" if code else ""
    ordered = (
        f'<AmtDtls><InstdAmt><Amt Ccy="{currency}">{instructed}</Amt></InstdAmt></AmtDtls>'
        if instructed
        else ""
    )
    transactions = "".join(
        f"<TxDtls><Refs><AcctSvcrRef>B-{reference}-{direction}</AcctSvcrRef>"
        f"<EndToEndId>{reference}</EndToEndId></Refs>"
        f'<Amt Ccy="{currency}">{part}</Amt><CdtDbtInd>{direction}</CdtDbtInd>{ordered}'
        f"{returned}</TxDtls>"
        for reference, part in references
    )
    details = f"<NtryDtls>{transactions}</NtryDtls>" if transactions else ""
    domain = f"<Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>{family or 'ESCT'}</SubFmlyCd>"
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>'
        "<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-24</Dt></BookgDt>"
        f"<BkTxCd>{domain}</Fmly></Domn></BkTxCd>{details}</Ntry>\n"
    )


def statement(entries: Sequence[str], opening: str = "", closing: str = "") -> str:
    """A camt.053.001.08 of November 2026, one entry a line."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
        "<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-12-01T01:00:00</CreDtTm></GrpHdr><Stmt>"
        "<Id>S1</Id><CreDtTm>2026-12-01T01:00:00</CreDtTm><FrToDt>"
        "<FrDtTm>2026-11-01T00:00:00</FrDtTm><ToDtTm>2026-11-30T23:59:59</ToDtTm></FrToDt>"
        "<Acct><Id><IBAN>DE75512108001245126199</IBAN></Id></Acct>\n"
        f"{_balance('OPBD', opening)}{_balance('CLBD', closing)}{''.join(entries)}"
        "</Stmt></BkToCstmrStmt></Document>"
    )


def _balance(code: str, amount: str) -> str:
    if not amount:
        return ""
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        "<Dt><Dt>2026-11-30</Dt></Dt></Bal>\n"
    )
