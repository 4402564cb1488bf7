"""Nothing was passed over: every conversion that has to do with a partner, and what became of it.

An audit of entries shows that each is right. This shows besides that none is missing: of each
conversion of the partner's customers (`audit.naming`) it tells the entries it was posted by, or
why it was refused. Both rest on the proof of the whole account (`audit.accounts`): each
conversion was attributed again, each attribution routed again, each instruction booked again,
and nothing in the log was left over. So a gap, a record that belongs nowhere, an entry without
evidence and evidence without its entry all end in a difference before anything is told here.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from audit.accounts import prove_accounts
from audit.decided import Decided
from audit.difference import AuditFailed, Difference
from audit.log import DEFAULT_PATIENCE_S, Log
from audit.naming import Naming
from audit.payout_proof import ProvedEntry
from audit.read import Progress
from audit.told import ORDER, Became, Sum, Summary, Told
from events.attributions import Attribution, Credit
from events.click_token import ClickKeys
from events.position import Record
from projections.booked import conversion_key

__all__ = ["Completeness", "Summary", "Told", "UnknownPartner", "prove_completeness", "tell"]

Seen = tuple[str, Attribution, Record]
"""An attribution's position, what it says, and its conversion's record."""


class UnknownPartner(LookupError):
    """No decision tells of such a partner."""


class Completeness(Struct):
    """All conversions that have to do with a partner; proved, and told."""

    partner: str
    program: str
    """Empty: all programs."""
    told: list[Told]
    summary: Summary
    entries: int
    """Of the partner's account."""
    records: int
    """Read in all."""


def prove_completeness(
    log: Log,
    partner: str,
    keys: ClickKeys | None,
    *,
    program: str = "",
    patience: float = DEFAULT_PATIENCE_S,
    progress: Progress = lambda records: None,
) -> Completeness:
    """Prove that nothing of the partner was passed over; raises AuditFailed with the first
    difference, or UnknownPartner. The other arguments are those of `prove_payout`."""

    def named(decided: Decided) -> frozenset[str]:
        if decided.directory.partner(partner) is None:
            raise UnknownPartner(
                f"partner {partner!r} is not in the log; `pledger partners list` shows those "
                "that are"
            )
        return frozenset([partner])

    seen: list[Seen] = []
    proved = prove_accounts(
        log,
        named,
        keys,
        patience=patience,
        progress=progress,
        each=lambda position, said, conversion: seen.append((position, said, conversion)),
    )
    entries = proved.accounts[partner]
    told = tell(partner, proved.decided, seen, entries)
    if program:
        told = [one for one in told if one.program in (program, "")]
        entries = [one for one in entries if one.entry.program == program]
    summary = summed(told, entries)
    return Completeness(partner, program, told, summary, len(entries), proved.records)


def tell(
    partner: str, decided: Decided, seen: Iterable[Seen], entries: list[ProvedEntry]
) -> list[Told]:
    """What became of each of `seen`, proved attributions of the partner's customers; raises
    AuditFailed where one credits the partner and none of the `entries` books it."""
    naming = Naming(decided, [partner])
    by_source: dict[str, list[ProvedEntry]] = {}
    reviews: dict[str, list[ProvedEntry]] = {}
    booked: dict[str, str] = {}
    """Key of a commission → the attribution it was booked for last."""
    for proved in entries:
        if proved.attribution:
            by_source.setdefault(proved.attribution, []).append(proved)
            key = conversion_key(proved.entry)
            if key and proved.entry.kind == "commission":
                booked[key] = proved.attribution
        elif (source := booked.get(_reviewed(proved))) is not None:
            reviews.setdefault(source, []).append(proved)
    return [
        _told(partner, naming, one, by_source.get(one[0], []), reviews.get(one[0], []))
        for one in sorted(seen, key=lambda one: (one[2].partition, one[2].offset))
    ]


def summed(told: Iterable[Told], entries: Iterable[ProvedEntry]) -> Summary:
    """The conversions told, by what they became and why."""
    sums: dict[tuple[Became, str], Sum] = {}
    conversions = named = 0
    for one in told:
        conversions += 1
        named += one.named_by != "customer"
        reason = one.reason if one.became in ("refused", "unmatched", "held") else ""
        reason = "" if one.became == "another's" else _kind_of(reason)
        total = sums.setdefault((one.became, reason), Sum(one.became, reason))
        total.conversions += 1
        for unit, amount in one.amounts.items():
            total.amounts[unit] = total.amounts.get(unit, 0) + amount
    other: dict[str, int] = {}
    for proved in entries:
        if not proved.attribution:
            other[proved.entry.kind] = other.get(proved.entry.kind, 0) + 1
    ordered = sorted(sums.values(), key=lambda one: (ORDER.index(one.became), one.reason))
    return Summary(conversions, named, ordered, other)


def _told(
    partner: str,
    naming: Naming,
    one: Seen,
    entries: list[ProvedEntry],
    reviews: list[ProvedEntry],
) -> Told:
    position, said, conversion = one
    became, reason = _became(partner, said, entries)
    if credits(said, partner) and not entries:
        raise AuditFailed(
            Difference("missing", position, f"it credits {partner}, and no entry books it")
        )
    if reviews:
        became, reason = _reviewed_since(became, reason, reviews)
        entries = [*entries, *reviews]
    amounts: dict[str, int] = {}
    for proved in entries:
        for unit in proved.entry.units() if proved.entry.legs else ():
            if amount := proved.entry.payable(unit):
                amounts[unit] = amounts.get(unit, 0) + amount
    return Told(
        conversion=str(conversion.position),
        attribution=position,
        program=said.program,
        customer=said.customer,
        event_id=said.event_id,
        deal=said.deal,
        kind=said.kind,
        occurred_at=said.occurred_at,
        named_by=naming.named_by(conversion),
        became=became,
        reason=reason,
        entries=tuple(proved.position for proved in entries),
        amounts=amounts,
    )


def _became(partner: str, said: Attribution, entries: list[ProvedEntry]) -> tuple[Became, str]:
    """What a conversion became by its attribution and the entries that book it."""
    if said.outcome in ("duplicate", "conflict", "unreadable"):
        return "refused", f"{said.outcome}: {said.reason}"
    if said.outcome == "unattributed":
        return "refused", said.reason
    if said.outcome == "unmatched":
        return "unmatched", said.reason
    if not entries:
        others = ", ".join(dict.fromkeys(credit.partner for credit in _credits(said)))
        return "another's", f"credited to {others}"
    booked = [proved.entry for proved in entries if proved.entry.kind != "no_effect"]
    if not booked:
        return "refused", entries[0].entry.reason
    if said.outcome == "refunded":
        return "refund", ""
    if said.withdrawn and not any(credit.partner == partner for credit in said.credits):
        return "withdrawn", said.reason
    held = next((entry.hold for entry in booked if entry.kind == "commission" and entry.hold), "")
    return ("held", held) if held else ("posted", "")


def _reviewed_since(became: Became, reason: str, reviews: list[ProvedEntry]) -> tuple[Became, str]:
    """What people made of it: the last review counts."""
    for proved in reviews:
        entry = proved.entry
        if entry.kind == "held":
            became, reason = "held", entry.hold or entry.reason
        elif entry.kind == "released":
            became, reason = "posted", ""
        elif entry.kind == "rejected":
            became, reason = "refused", f"rejected: {entry.reason or 'by a person'}"
    return became, reason


def credits(said: Attribution, partner: str) -> bool:
    """Whether an attribution gives the partner an instruction."""
    if said.outcome not in ("credited", "refunded", "assigned"):
        return False
    return any(credit.partner == partner for credit in (*_credits(said), *said.withdrawn))


def _credits(said: Attribution) -> list[Credit]:
    return [*said.credits, *(credit for deal in said.refunded for credit in deal.credits)]


def _reviewed(proved: ProvedEntry) -> str:
    """Key of the commission that an entry reviews; empty, of none, for other entries."""
    if proved.entry.kind not in ("held", "released", "rejected", "adjusted"):
        return ""
    return conversion_key(proved.entry)


def _kind_of(reason: str) -> str:
    """A reason without what is particular to one record, so that equal ones are counted."""
    return reason.partition(":")[0].partition(" deal ")[0] if ":" in reason else reason
