"""From a payout back to the clicks and terms behind it, each step decided again.

    payout → journal entries → instructions → attributions → conversions → clicks
                                                          ↘ terms (decisions)

Read from the log alone. The partner's whole account is booked again, not only the payout:
whether the money was there depends on all that came before. So is every conversion of the
customers that earned the partner anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from audit.clicks import CitedClicks, find_clicks
from audit.decided import Decided, read_decisions
from audit.difference import AuditFailed, Difference, field_changes, text
from audit.log import Log, read_patiently
from audit.read import Progress, counted
from audit.refold_attributions import refold_attributions
from audit.refold_journal import AcceptedInstructions, refold_journal
from audit.written import Inputs, Written
from events import topics
from events.attributions import Attribution
from events.click_token import ClickKeys
from events.codec import encode
from events.decisions import DecisionFact, PayoutFunded, PayoutRefused, PayoutRequested
from events.instructions import Instruction
from events.journal import Entry
from events.partitioning import partition_of
from events.position import Record
from projections.routing import route_attribution, route_decision


class UnknownPayout(LookupError):
    """No such payout in `decisions`."""


class ProvedEntry(Struct):
    """A journal entry of the partner, with the coordinates of all it rests on."""

    position: str
    entry: Entry
    instruction: str
    attribution: str = ""
    method: str = ""
    click: str = ""
    """Position of the click's record; empty where no click was needed."""

    @property
    def payable(self) -> int:
        """What it moved in what is owed to the partner, minor units."""
        return sum(leg.amount for leg in self.entry.legs if leg.account == "payable")

    @property
    def moved(self) -> int:
        """What it moved from one account to another, minor units."""
        return sum(leg.amount for leg in self.entry.legs if leg.amount > 0)


class PayoutProof(Struct):
    payout: str
    partner: str
    program: str
    unit: str
    amount: int
    status: str
    steps: list[ProvedEntry]
    """The payout's own entries."""
    before: list[ProvedEntry]
    """Every entry of the same program and unit that came before it was funded or refused."""
    entries: int
    conversions: int
    clicks: int
    decisions: int
    records: int

    @property
    def funding(self) -> ProvedEntry:
        return self.steps[0]


def prove_payout(
    log: Log,
    payout: str,
    keys: ClickKeys | None,
    *,
    patience: float = 10.0,
    progress: Progress = lambda records: None,
) -> PayoutProof:
    """Prove a payout; raises AuditFailed with the first difference, or UnknownPayout."""
    read = _Count(progress)
    ends = log.ends(topics.CONVERSIONS)
    decided = read_decisions(log)
    read(decided.records)
    facts = [decision.fact() for decision in decided.of_aggregate(f"payout:{payout}")]
    request = next((fact for fact in facts if isinstance(fact, PayoutRequested)), None)
    if request is None:
        raise UnknownPayout(
            f"payout {payout!r} is not in the log; `pledger payout list` shows those that are"
        )
    partner = request.partner

    cited = CitedClicks(keys)
    routed: dict[str, list[Instruction]] = {}
    conversions = 0
    for partition, end in sorted(ends.items()):
        for record, attribution in _attributions_of(log, decided, partner, partition, end, read):
            conversions += 1
            position = str(record.position)
            cited.cite(attribution, position)
            _expect(routed, route_attribution(attribution, position), partner)
    for decision in decided.decisions:
        _expect(routed, route_decision(decision), partner)

    account = list(_account(log, decided, partner, routed, patience, read))
    clicks = {
        click_id: str(record.position) for click_id, record, _ in find_clicks(log, cited.touches)
    }
    for proved in account:
        proved.click = clicks.get(proved.entry.click_id, "")

    steps = [proved for proved in account if proved.entry.payout == payout]
    _compare_outcome(payout, facts, steps)
    funding = steps[0].entry
    before = [
        proved
        for proved in account
        if proved.entry.n < funding.n
        and (proved.entry.program, proved.entry.unit) == (request.program, request.unit)
    ]
    _compare_balance(steps[0], before)
    return PayoutProof(
        payout=payout,
        partner=partner,
        program=request.program,
        unit=request.unit,
        amount=abs(steps[0].payable),
        status=steps[-1].entry.kind.removeprefix("payout_"),
        steps=steps,
        before=before,
        entries=len(account),
        conversions=conversions,
        clicks=len(clicks),
        decisions=len(decided.decisions),
        records=read.records,
    )


class _Count:
    def __init__(self, progress: Progress) -> None:
        self.records = 0
        self._progress = progress

    def __call__(self, records: int) -> None:
        self.records += records
        self._progress(records)


def _expect(
    routed: dict[str, list[Instruction]], instructions: tuple[Instruction, ...], partner: str
) -> None:
    for instruction in instructions:
        if instruction.partner == partner:
            routed.setdefault(instruction.source, []).append(instruction)


def _attributions_of(
    log: Log, decided: Decided, partner: str, partition: int, end: int, read: Progress
) -> Iterator[tuple[Record, Attribution]]:
    """The proved attributions of every customer that ever earned `partner` anything."""
    named = f'"partner":{msgspec.json.encode(partner).decode()}'.encode()
    customers = frozenset(
        record.key
        for record in counted(log.read(topics.ATTRIBUTIONS, partition), read)
        if record.value is not None and named in record.value and record.key is not None
    )
    if not customers:
        return iter(())
    found = counted(log.read(topics.ATTRIBUTIONS, partition), read)
    written = Written((r for r in found if r.key in customers), whole=False)
    conversions = counted(log.read(topics.CONVERSIONS, partition, 0, end), read)
    return refold_attributions(conversions, written, decided, only=customers)


def _account(
    log: Log,
    decided: Decided,
    partner: str,
    routed: dict[str, list[Instruction]],
    patience: float,
    read: Progress,
) -> Iterator[ProvedEntry]:
    """The partner's entries, booked again; what was routed must all be among them."""
    partition = partition_of(partner, log.partitions(topics.INSTRUCTIONS))
    missing = dict(routed)
    instructions = AcceptedInstructions(
        counted(
            read_patiently(
                log, topics.INSTRUCTIONS, partition, patience, enough=lambda: not missing
            ),
            read,
        )
    )
    booked = 0
    written = Written(
        counted(
            read_patiently(
                log,
                topics.JOURNAL,
                partition,
                patience,
                enough=lambda: booked >= instructions.accepted,
            ),
            read,
        )
    )
    for found, entry, record, instruction in refold_journal(instructions, written, decided):
        booked += 1
        if instruction.partner != partner:
            continue
        _compare_routed(record, instruction, missing)
        yield ProvedEntry(
            position=str(found.position),
            entry=entry,
            instruction=str(record.position),
            attribution=(
                instruction.source
                if instruction.source.startswith(f"{topics.ATTRIBUTIONS}/")
                else ""
            ),
            method=getattr(instruction, "method", ""),
        )
    written.finish(
        instructions.accepted, Inputs(instructions.end, log.ends(topics.INSTRUCTIONS)[partition])
    )
    for source, left in missing.items():
        raise AuditFailed(
            Difference(
                "missing",
                source,
                f"the instruction it gives for partner {partner} is not in the log: "
                "not relayed yet (is a worker running?) or removed",
                expected=text(encode(left[0])),
            )
        )


def _compare_routed(
    record: Record, instruction: Instruction, missing: dict[str, list[Instruction]]
) -> None:
    left = missing.get(instruction.source)
    if not left:
        raise AuditFailed(
            Difference(
                "foreign",
                str(record.position),
                f"cites {instruction.source}, which gives this partner nothing (more)",
                found=text(record.value),
            )
        )
    expected = msgspec.structs.replace(left.pop(0), n=instruction.n)
    if not left:
        del missing[instruction.source]
    value = encode(expected)
    if value != record.value:
        raise AuditFailed(
            Difference(
                "altered",
                str(record.position),
                f"routed from {instruction.source}; {field_changes(value, record.value or b'')}",
                expected=text(value),
                found=text(record.value),
            )
        )


def _compare_outcome(
    payout: str, facts: Sequence[DecisionFact | None], steps: list[ProvedEntry]
) -> None:
    """What the Payout aggregate was told must be what the journal says."""
    if not steps:
        raise AuditFailed(
            Difference("missing", f"payout:{payout}", "no journal entry for it: not booked yet")
        )
    funding = steps[0]
    for fact in facts:
        said: tuple[str, int] | None = None
        if isinstance(fact, PayoutFunded):
            said = (fact.entry, fact.amount)
        elif isinstance(fact, PayoutRefused):
            said = (fact.entry, 0)
        if said is not None and said != (funding.position, abs(funding.payable)):
            raise AuditFailed(
                Difference(
                    "payout",
                    funding.position,
                    f"payout {payout} was told {said[1]} by {said[0]}; "
                    f"the journal moved {abs(funding.payable)}",
                )
            )


def _compare_balance(funding: ProvedEntry, before: list[ProvedEntry]) -> None:
    """The balance on the payout's entry, added up once more from the legs alone."""
    owed = sum(proved.payable for proved in before) + funding.payable
    held = funding.entry.balance
    if held is not None and held.payable != owed:
        raise AuditFailed(
            Difference(
                "unbalanced",
                funding.position,
                f"says {held.payable} is payable; the legs before it add up to {owed}",
            )
        )
