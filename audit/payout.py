"""From a payout back to the clicks and terms behind it, each step decided again.

    payout → journal entries → instructions → attributions → conversions → clicks
                                                          ↘ terms (decisions)

Read from the log alone. The partner's whole account is booked again, not only the payout:
whether the money was there depends on all that came before. So is every conversion of the
customers that earned the partner anything.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from audit.clicks import CitedClicks, find_clicks
from audit.decided import Decided, read_decisions
from audit.difference import AuditFailed, Difference, field_changes, text
from audit.earned import Earned
from audit.log import Log, read_patiently
from audit.outcomes import Answer, answer_of, false_tellings
from audit.payout_proof import PayoutProof, ProvedEntry
from audit.read import Progress, counted
from audit.refold_journal import AcceptedInstructions, refold_journal
from audit.relayed import no_source
from audit.written import Inputs, Written
from events import topics
from events.click_token import ClickKeys
from events.codec import UnreadableRecord, decode_record, encode
from events.decisions import PayoutRequested
from events.instructions import Instruction
from events.partitioning import partition_of
from events.position import Record
from projections.routing import route_attribution, route_decision

__all__ = ["PayoutProof", "ProvedEntry", "UnknownPayout", "prove_payout"]


class UnknownPayout(LookupError):
    """No such payout in `decisions`."""


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
    # Downstream first, so that what is read upstream gives all of it.
    instructions_end = log.ends(topics.INSTRUCTIONS)
    ends = log.ends(topics.CONVERSIONS)
    decided = read_decisions(log)
    read(decided.records)
    for difference in decided.differences:
        raise AuditFailed(difference)
    request = _request(decided, payout)
    partner = request.partner

    cited = CitedClicks(keys)
    routed = _Routed(partner)
    conversions = 0
    earned = Earned(log, decided, partner, read)
    for partition, end in sorted(ends.items()):
        for record, attribution in earned.attributions(partition, end):
            conversions += 1
            position = str(record.position)
            if attribution.touch is not None:
                cited.cite(attribution.touch, position)
            routed.add(route_attribution(attribution, position))
    for decision in decided.decisions:
        routed.add(route_decision(decision))

    account = list(_account(log, decided, routed, instructions_end, patience, read))
    _nothing_elsewhere(log, partner, read)
    clicks = {
        click_id: str(record.position) for click_id, record in find_clicks(log, cited.touches)
    }
    for proved in account:
        proved.click = clicks.get(proved.entry.click_id, "")

    steps = [proved for proved in account if proved.entry.payout == payout]
    answer = _answer(payout, steps)
    for difference in false_tellings(decided.of_aggregate(f"payout:{payout}"), {payout: answer}):
        raise AuditFailed(difference)
    funding = next(proved for proved in steps if proved.position == answer.position)
    before = [
        proved
        for proved in account
        if proved.entry.n < funding.entry.n
        and (proved.entry.program, proved.entry.unit) == (request.program, request.unit)
    ]
    _compare_balance(funding, before)
    return PayoutProof(
        payout=payout,
        partner=partner,
        program=request.program,
        unit=request.unit,
        amount=answer.amount,
        status=_status(steps),
        steps=steps,
        funding=funding,
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


def _request(decided: Decided, payout: str) -> PayoutRequested:
    for decision in decided.of_aggregate(f"payout:{payout}"):
        fact = decision.fact()
        if isinstance(fact, PayoutRequested):
            return fact
    raise UnknownPayout(
        f"payout {payout!r} is not in the log; `pledger payout list` shows those that are"
    )


class _Routed:
    """What was routed to one partner and has not been met among its instructions yet."""

    def __init__(self, partner: str) -> None:
        self.partner = partner
        self.missing: dict[str, list[Instruction]] = {}
        """By source."""

    def add(self, instructions: tuple[Instruction, ...]) -> None:
        for instruction in instructions:
            if instruction.partner == self.partner:
                self.missing.setdefault(instruction.source, []).append(instruction)

    def take(self, record: Record, instruction: Instruction) -> bool:
        """Whether it was routed here; raises AuditFailed if with other content."""
        left = self.missing.get(instruction.source)
        if not left:
            return False
        expected = structs.replace(left.pop(0), n=instruction.n)
        if not left:
            del self.missing[instruction.source]
        value = encode(expected)
        if value != record.value:
            changed = field_changes(value, record.value or b"")
            raise AuditFailed(
                Difference(
                    "altered",
                    str(record.position),
                    f"routed from {instruction.source}; {changed}",
                    expected=text(value),
                    found=text(record.value),
                )
            )
        return True

    def none_left(self) -> None:
        for source, left in self.missing.items():
            raise AuditFailed(
                Difference(
                    "missing",
                    source,
                    f"the instruction it gives for partner {self.partner} is not in the log: "
                    "not relayed yet (is a worker running?) or removed",
                    expected=text(encode(left[0])),
                )
            )


def _account(
    log: Log,
    decided: Decided,
    routed: _Routed,
    instructions_end: dict[int, int],
    patience: float,
    read: Progress,
) -> Iterator[ProvedEntry]:
    """The partner's entries, booked again; what was routed must all be among them."""
    partner = routed.partner
    partition = partition_of(partner, log.partitions(topics.INSTRUCTIONS))
    arriving = read_patiently(
        log, topics.INSTRUCTIONS, partition, patience, enough=lambda: not routed.missing
    )
    instructions = AcceptedInstructions(counted(arriving, read))
    booked = 0
    posted = read_patiently(
        log, topics.JOURNAL, partition, patience, enough=lambda: booked >= instructions.accepted
    )
    written = Written(counted(posted, read), f"{topics.INSTRUCTIONS}/{partition}")
    for found, entry, record, instruction in refold_journal(instructions, written, decided):
        booked += 1
        if instruction.partner != partner:
            continue
        if not routed.take(record, instruction) and record.offset < instructions_end[partition]:
            raise AuditFailed(no_source(record, instruction))
        by_conversion = instruction.source.startswith(f"{topics.ATTRIBUTIONS}/")
        yield ProvedEntry(
            position=str(found.position),
            entry=entry,
            instruction=str(record.position),
            attribution=instruction.source if by_conversion else "",
            method=getattr(instruction, "method", ""),
        )
    inputs = Inputs(instructions.end, lambda: log.ends(topics.INSTRUCTIONS)[partition])
    written.finish(instructions.accepted, inputs)
    routed.none_left()


def _nothing_elsewhere(log: Log, partner: str, read: Progress) -> None:
    """All of an account stands in one partition of the journal; raises AuditFailed."""
    partitions = log.partitions(topics.JOURNAL)
    home = partition_of(partner, partitions)
    name = encode(partner)
    for partition in range(partitions):
        if partition == home:
            continue
        for record in counted(log.read(topics.JOURNAL, partition), read):
            if record.value is None or name not in record.value:
                continue
            try:
                entry = decode_record(record)
            except UnreadableRecord:
                continue
            if entry.partner == partner:
                raise AuditFailed(
                    Difference(
                        "foreign",
                        str(record.position),
                        f"books for {partner}, whose account is in {topics.JOURNAL}/{home}",
                        found=text(record.value),
                    )
                )


def _answer(payout: str, steps: list[ProvedEntry]) -> Answer:
    """What the journal said to the request: the first entry that funds or refuses it."""
    for proved in steps:
        if answer := answer_of(proved.entry, proved.position):
            return answer
    raise AuditFailed(
        Difference("missing", f"payout:{payout}", "no journal entry for it: not booked yet")
    )


def _status(steps: list[ProvedEntry]) -> str:
    """Where the payout stands after its last step that had an effect."""
    kinds = [proved.entry.kind for proved in steps if proved.entry.kind != "no_effect"]
    return kinds[-1].removeprefix("payout_")


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
