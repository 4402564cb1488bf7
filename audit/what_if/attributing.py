"""Round one of a what-if: a partition of `conversions` attributed both ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct, field

from audit.decided import Decided
from audit.log import Log, read_patiently
from audit.read import Progress, counted
from audit.refold_attributions import refold_attributions
from audit.what_if.changes import Changes, Rerouted, subject
from audit.what_if.question import OtherDirectory, Question
from audit.written import Written
from events import topics
from events.attributions import Attribution
from events.codec import decode_record
from events.position import Record
from projections import attribution
from projections.routing import route_attribution

Outcome = tuple[str, str, str]
"""Program, outcome, and the reason or the method of it."""


class Attributed(Struct):
    """What round one learned of a partition."""

    partition: int
    conversions: int = 0
    records: int = 0
    changes: dict[int, Changes] = field(default_factory=dict)
    """By partition of `instructions`."""
    actual: Counter[Outcome] = field(default_factory=Counter)
    other: Counter[Outcome] = field(default_factory=Counter)


def attribute_both_ways(
    log: Log,
    decided: Decided,
    question: Question,
    partition: int,
    end: int,
    patience: float,
    progress: Progress,
) -> Attributed:
    """Decide the conversions of a partition below offset `end` as they were and as they would
    have been. Raises AuditFailed where the log says other than what follows from it."""
    result = Attributed(partition)
    seen = 0
    found = read_patiently(log, topics.ATTRIBUTIONS, partition, patience, lambda: seen >= end)
    written = Written(counted(found, progress), f"{topics.CONVERSIONS}/{partition}")
    conversions = _Latest(counted(log.read(topics.CONVERSIONS, partition, 0, end), progress))
    partitions = log.partitions(topics.CONVERSIONS)
    rerouted = Rerouted(partition, log.partitions(topics.INSTRUCTIONS))
    otherwise = _Otherwise(question, OtherDirectory(question, decided))
    for record, actual in refold_attributions(iter(conversions), written, decided, partitions):
        seen += 1
        other = otherwise.decide(conversions.record, actual)
        position = str(record.position)
        was = route_attribution(actual, position)
        if other is actual:
            rerouted.route(was, was, record.offset, record.recorded_at)
            if actual.program in question.programs:
                outcome = _outcome(actual)
                result.actual[outcome] += 1
                result.other[outcome] += 1
            continue
        result.actual[_outcome(actual)] += 1
        result.other[_outcome(other)] += 1
        would = route_attribution(other, position)
        targets = rerouted.route(was, would, record.offset, record.recorded_at)
        if targets and actual.credits != other.credits:
            said = credited(actual), credited(other)
            of = subject(actual.program, actual.deal, actual.event_id)
            for target in targets:
                rerouted.changes[target].credited[of] = said
    result.conversions = seen
    result.records = seen + written.read
    result.changes = rerouted.changes
    return result


class _Latest:
    """The conversions as they are read, and the one that was read last."""

    def __init__(self, records: Iterator[Record]) -> None:
        self._records = records
        self.record: Record

    def __iter__(self) -> Iterator[Record]:
        for record in self._records:
            self.record = record
            yield record


class _Otherwise:
    """The attributions that would have been, customer by customer."""

    def __init__(self, question: Question, terms: OtherDirectory) -> None:
        self._question = question
        self._terms = terms
        self._customers: dict[bytes, attribution.Customer] = {}

    def decide(self, record: Record, actual: Attribution) -> Attribution:
        """In the place of `actual`, which is of the conversion in `record`. What could not be
        read, or knew more than there was to know, is so under any terms."""
        if actual.program not in self._question.programs or actual.outcome == "unreadable":
            return actual
        key = record.key
        assert key is not None, "a conversion without a key is unreadable"
        if self._terms.directory.count < actual.known:
            self._terms.catch_up()
        customer = self._customers.get(key)
        other = attribution.decide(
            customer,
            self._question.clicks.judged(decode_record(record)),
            n=actual.n,
            source=actual.source,
            recorded_at=actual.recorded_at,
            directory=self._terms.directory,
        )
        self._customers[key] = attribution.evolve(customer, other)
        return other


def _outcome(found: Attribution) -> Outcome:
    if found.outcome == "unattributed":
        return found.program, found.outcome, found.reason
    if found.credits:
        return found.program, found.outcome, found.credits[0].method
    return found.program, found.outcome, ""


def credited(found: Attribution) -> str:
    """Who is credited and by what, or why nobody, in words."""
    if not found.credits:
        return f"nobody ({found.reason})" if found.reason else "nobody"
    parts = []
    for credit in found.credits:
        share = "" if credit.share == 10_000 else f" {credit.share / 100:g} %"
        above = f" above {credit.via}" if credit.level else ""
        parts.append(f"{credit.partner}{share}{above} by {credit.method}")
    return ", ".join(parts)
