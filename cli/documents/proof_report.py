"""What a verified bundle says, as people read it: the facts of the report, for HTML and PDF."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from audit.bundle.verify import Verdict
from audit.payout_proof import ProvedEntry
from cli.documents.words import bare, day, kind
from cli.money import shown
from cli.reading import iso
from events.journal import HELD, Entry
from events.sealing import NOT_OPENED, is_sealed

AGAIN = "again"
STATED = "as stated"
WITHHELD = "withheld"
LEGEND = (
    f"Proof: “{AGAIN}”, decided again from its instruction and the same byte for byte; “{STATED}”, "
    f"shown, but what it rests on is withheld; “{WITHHELD}”, its record names others and is left "
    "out, so that the ledger only states what it moved."
)


@dataclass(frozen=True)
class Row:
    """An entry of the account."""

    number: int
    """From 1, in the account."""
    day: str
    what: str
    notes: str
    subject: str
    """The deal, lead, payout or adjustment it is about."""
    rule: str
    """`sale, terms 3`."""
    amount: str
    balance: str
    unit: str
    entry: str
    rests_on: tuple[str, ...]
    """Positions, from its instruction back to the click."""
    proof: str
    """`AGAIN`, `STATED` or `WITHHELD`; see `LEGEND`."""


@dataclass(frozen=True)
class Month:
    """The entries of a month, and what they add to the balance of each unit."""

    name: str
    """`2026-11`."""
    rows: list[Row]
    sums: list[str]


def facts(verdict: Verdict) -> list[tuple[str, str]]:
    """Names and values at the head of the report."""
    proof = verdict.proof
    asked = next((one.entry.at for one in proof.steps), 0)
    newest = max((one.entry.at for one in verdict.account), default=0)
    whose = {
        "auditor": "auditors: every record the proof rests on",
        "partner": "the partner itself: without what names others",
    }
    found = [
        ("Payout", proof.payout),
        ("Partner", proof.partner),
        ("Program", proof.program),
        ("Set aside", shown(proof.amount, proof.unit)),
        ("Status", f"{proof.status}, answered {iso(asked)}"),
        ("Account", f"{len(verdict.account):,} entries, the newest of {iso(newest)}"),
        ("Bundle", verdict.bundle),
        ("Made for", whose[verdict.scope]),
        ("Ledger", verdict.ledger),
    ]
    checkpoint = verdict.checkpoint
    if checkpoint is None:
        found.append(("Checkpoint", "none: nothing is signed"))
    else:
        found.append(
            ("Checkpoint", f"{checkpoint.checkpoint}, signed {iso(checkpoint.recorded_at)}")
        )
        found.append(("Signed by", checkpoint.vkey))
    return found


def outcome(verdict: Verdict) -> str:
    """The verdict in a line."""
    rests = len(verdict.rests)
    if not rests:
        return "Verified: every step was decided again and is what the ledger says."
    return (
        f"Verified as far as it is shown: {rests:,} steps rest on withheld records and are taken "
        "as the ledger states them."
    )


def rows(verdict: Verdict) -> Iterator[Row]:
    """Every entry of the account, from the first on."""
    stated = {rest.position for rest in verdict.rests if rest.step == "entry"}
    hidden = _withheld_positions(verdict)
    for number, proved in enumerate(verdict.account, 1):
        position = proved.position
        how = WITHHELD if position in hidden else STATED if position in stated else AGAIN
        yield row_of(number, proved, how)


def payout_rows(verdict: Verdict) -> list[Row]:
    """The payout's own entries."""
    steps = {step.position for step in verdict.proof.steps}
    return [row for row in rows(verdict) if row.entry in steps]


def row_of(number: int, proved: ProvedEntry, how: str) -> Row:
    """One entry as a row."""
    entry = proved.entry
    unit = entry.unit
    amount = entry.payable(unit) if unit else 0
    balance = entry.balance
    rests_on = (
        proved.instruction,
        proved.attribution,
        entry.conversion if proved.attribution else "",
        proved.click,
    )
    return Row(
        number=number,
        day=day(entry.at),
        what=kind(entry.kind),
        notes=", ".join(_notes(entry, proved.method)),
        subject=legible(entry.payout or entry.deal or entry.adjustment or entry.event_id),
        rule=f"{entry.rule}, terms {entry.terms}" if entry.rule else "",
        amount=bare(amount, unit) if amount else "",
        balance=bare(balance.payable, unit) if balance is not None else "",
        unit=unit,
        entry=proved.position,
        rests_on=tuple(position for position in rests_on if position),
        proof=how,
    )


def months(verdict: Verdict) -> list[Month]:
    """The account by the months in which its entries were booked."""
    made = []
    booked = list(zip(rows(verdict), verdict.account, strict=True))
    for name, group in groupby(booked, key=lambda one: one[0].day[:7]):
        found = list(group)
        sums: dict[str, int] = {}
        for _, proved in found:
            for unit in proved.entry.units():
                sums[unit] = sums.get(unit, 0) + proved.entry.payable(unit)
        made.append(
            Month(
                name,
                [row for row, _ in found],
                [shown(amount, unit) for unit, amount in sums.items() if unit],
            )
        )
    return made


def legible(text: str) -> str:
    """Text for a report: what is sealed under a key that nobody has here is said to be so."""
    return NOT_OPENED if is_sealed(text) else text


def terms_cited(verdict: Verdict) -> list[tuple[str, str, str]]:
    """(program, version, position) of every version of terms that an entry cites."""
    cited = {
        (entry.program, entry.terms, entry.terms_at)
        for entry in (proved.entry for proved in verdict.account)
        if entry.terms_at
    }
    return [(program, str(version), position) for program, version, position in sorted(cited)]


def _notes(entry: Entry, method: str) -> Iterator[str]:
    if method:
        yield f"by {method.replace('_', ' ')}"
    if entry.base and entry.deal:
        yield f"of {shown(entry.base, entry.currency or entry.unit)}"
    if entry.share and entry.share != 10_000:
        yield f"share {entry.share / 100:g} %"
    if entry.reason:
        yield legible(entry.reason).replace("_", " ")
    yield from entry.notes
    if entry.hold:
        yield f"held: {legible(entry.hold).replace('_', ' ')}"
    if entry.available_at >= HELD:
        yield "waits for a decision"
    elif entry.available_at > entry.at:
        yield f"available from {day(entry.available_at)}"
    for leg in entry.legs:
        if leg.account in ("withholding", "fees"):
            yield f"{leg.account} {shown(abs(leg.amount), leg.unit or entry.unit)}"


def _withheld_positions(verdict: Verdict) -> frozenset[str]:
    """Entries whose own record is left out: of those only the effect is known."""
    from audit.bundle.own_entries import WITHHELD_ENTRY

    return frozenset(rest.position for rest in verdict.rests if rest.why == WITHHELD_ENTRY)
