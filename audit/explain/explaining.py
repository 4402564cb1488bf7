"""From what a person names to the sentences that explain it."""

from __future__ import annotations

from audit.decided import Decided, read_decisions
from audit.explain.credit_reasons import explain_credit
from audit.explain.entry_reasons import explain_entry
from audit.explain.finding import (
    POSITION,
    UnknownSubject,
    conversions_named,
    deal_of,
    is_partner,
    record_at,
)
from audit.explain.partner_reasons import explain_partner
from audit.explain.story import Explanation
from audit.explain.walking import Booked, attributed, booked, booked_from
from audit.log import Log
from audit.read import Progress
from events import topics
from events.attributions import Attribution
from events.codec import UnreadableRecord, decode_record
from events.instructions import Instruction, ReviewDue
from events.journal import Entry
from events.position import Record

__all__ = ["UnknownSubject", "explain"]

DIFFERS = "The log says otherwise than what follows from its own inputs: `pledger replay --verify`."


def explain(
    log: Log,
    subject: str,
    *,
    progress: Progress = lambda records: None,
) -> Explanation:
    """Why `subject` is as it is. It may be a position (`conversions/3/17`, `journal/2/5`), a
    partner, or a deal or event id, alone or as `program/customer/id`.

    Raises UnknownSubject when the log has nothing of that name.
    """
    if not subject.strip():
        raise UnknownSubject("nothing is named: give a position, a deal, an event id or a partner")
    decided = read_decisions(log)
    story = Explanation(subject)
    if POSITION.fullmatch(subject):
        _explain_position(story, log, decided, subject, progress)
    elif is_partner(decided, subject):
        explain_partner(story, log, decided, subject, progress)
    else:
        named = list(conversions_named(log, subject, progress))
        if not named:
            raise UnknownSubject(
                f"{subject!r} is no partner, and no conversion has it as its event id or deal; "
                "give a position such as conversions/3/17, or program/customer/deal"
            )
        partners: dict[str, None] = {}
        for record, _ in named:
            partners |= dict.fromkeys(_explain_conversion(story, log, decided, record, progress))
        of = {(found.program, deal_of(found) or found.event_id) for _, found in named}
        _explain_reviews(story, log, decided, tuple(partners), of, progress)
    return story


def _explain_reviews(
    story: Explanation,
    log: Log,
    decided: Decided,
    partners: tuple[str, ...],
    of: set[tuple[str, str]],
    progress: Progress,
) -> None:
    """What people decided of the commissions of deals and leads: without it, one that was
    rejected would read as one that is owed."""
    for partner in partners:
        reviewed = booked(
            log,
            decided,
            partner,
            lambda entry: (entry.program, entry.deal or entry.event_id) in of,
            progress,
        )
        for entry in reviewed:
            due = entry.instruction
            if isinstance(due, ReviewDue) and due.source.startswith(topics.DECISIONS):
                _say_entry(story, entry)


def _say_entry(story: Explanation, entry: Booked) -> None:
    _note(story, entry.agrees)
    explain_entry(
        story,
        entry.posted.entry,
        entry.instruction,
        entry.posted.position,
        entry.posted.entry.source,
        entry.rates,
    )


def _explain_position(
    story: Explanation, log: Log, decided: Decided, position: str, progress: Progress
) -> None:
    record = record_at(log, position)
    try:
        found = decode_record(record)
    except UnreadableRecord as problem:
        story.say(f"{position} cannot be read: {problem.why}.", position)
        return
    if record.topic == topics.ATTRIBUTIONS:
        assert isinstance(found, Attribution)
        record = record_at(log, found.source)
    if record.topic in (topics.CONVERSIONS, topics.ATTRIBUTIONS):
        _explain_conversion(story, log, decided, record, progress)
        return
    source = position
    if record.topic == topics.JOURNAL:
        assert isinstance(found, Entry)
        source, partner = found.source, found.partner
    else:
        instruction: Instruction = found
        partner = instruction.partner
    _explain_entry(story, log, decided, source, partner, progress)


def _explain_conversion(
    story: Explanation, log: Log, decided: Decided, record: Record, progress: Progress
) -> list[str]:
    """Returns the partners it was credited to, or taken from."""
    try:
        conversion = decode_record(record)
    except UnreadableRecord as problem:
        story.say(f"{record.position} cannot be read: {problem.why}.", str(record.position))
        return []
    decision = attributed(log, decided, record, conversion, progress)
    if decision is None:
        story.say(
            f"{record.position} waits to be attributed: is a worker running?", str(record.position)
        )
        return []
    _note(story, decision.agrees)
    explain_credit(
        story, conversion, decision.found, decision.before, decided.directory, decision.position
    )
    found = decision.found
    partners = [credit.partner for credit in (*found.credits, *found.withdrawn)]
    partners += [credit.partner for deal in found.refunded for credit in deal.credits]
    for partner in dict.fromkeys(partners):
        entries = list(booked_from(log, decided, partner, decision.position, progress))
        if not entries:
            story.say(f"Nothing is booked for {partner} yet: is a worker running?")
        for entry in entries:
            _say_entry(story, entry)
    return partners


def _explain_entry(
    story: Explanation,
    log: Log,
    decided: Decided,
    instruction: str,
    partner: str,
    progress: Progress,
) -> None:
    """The entry of the instruction at `instruction`, and the conversion behind it."""
    found = list(booked(log, decided, partner, lambda entry: entry.source == instruction, progress))
    if not found:
        raise UnknownSubject(f"no accepted entry books {instruction}: is a worker running?")
    for entry in found:
        _say_entry(story, entry)
        if entry.posted.entry.conversion:
            record = record_at(log, entry.posted.entry.conversion)
            _explain_credit_only(story, log, decided, record, progress)


def _explain_credit_only(
    story: Explanation, log: Log, decided: Decided, record: Record, progress: Progress
) -> None:
    conversion = decode_record(record)
    decision = attributed(log, decided, record, conversion, progress)
    if decision is not None:
        _note(story, decision.agrees)
        explain_credit(
            story, conversion, decision.found, decision.before, decided.directory, decision.position
        )


def _note(story: Explanation, agrees: bool) -> None:
    if not agrees and story.verified:
        story.verified = False
        story.say(DIFFERS)
