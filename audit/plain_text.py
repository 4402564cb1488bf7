"""Where a subject's personal data stands in plain, in records that nothing can erase.

What was recorded before a field was marked, or by a program that marked none, or by somebody
who wrote to the log past the gateway, was never sealed. Destroying a key does not reach it;
so whoever forgets somebody is told where it stands.

The texts are those that the subject's own records say, read while its key is still there;
they are looked for in every record, as whole strings of the JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from aggregates.subject import Named
from audit.decided import read_decisions
from audit.log import Log
from audit.read import Progress, counted
from events.codec import UnreadableRecord, decode_record
from events.conversions import Assignment, Conversion, conversion_key
from events.decisions import (
    AgreementAccepted,
    Decision,
    PartnerIdentified,
    PartnerPayeeSet,
    PartnerRegistered,
    RegistrationSubmitted,
    RegistrationUpdated,
)
from events.partitioning import partition_of
from events.position import Position
from events.sealing import ALTERED, ERASED, NOT_OPENED, Reveal, is_pseudonym, is_sealed
from events.topics import CONVERSIONS, TOPICS

NO_TEXT = frozenset(("", ERASED, NOT_OPENED, ALTERED))


def texts_of(log: Log, subject: Named, given: str, reveal: Reveal, progress: Progress) -> set[str]:
    """What is personal of the subject, in plain. `given`: the id as somebody named it."""
    found: set[str] = set()
    registrations: set[str] = {subject.id} if subject.kind == "registration" else set()
    for decision in read_decisions(log).decisions:
        found |= set(_of_decision(decision, subject, registrations))
    if subject.kind == "customer":
        found |= {given, *_of_conversions(log, subject, progress)}
    plain = {reveal(text) for text in found} - NO_TEXT
    if subject.kind != "customer":
        plain.discard(subject.id)  # an id that somebody chose is not personal
    return {text for text in plain if not is_pseudonym(text)}


def plain_positions(log: Log, texts: set[str], progress: Progress) -> Iterator[Position]:
    """Where one of the texts stands as a whole string of a record, in any topic."""
    if not texts:
        return
    quoted = [msgspec.json.encode(text) for text in sorted(texts)]
    # A dead letter quotes a record in a string of its own.
    quoted += [msgspec.json.encode(text.decode())[1:-1] for text in quoted]
    wanted = re.compile(b"|".join(map(re.escape, quoted)))
    for topic in TOPICS:
        for partition in range(log.partitions(topic.name)):
            for record in counted(log.read(topic.name, partition), progress):
                if record.value is not None and wanted.search(record.value):
                    yield record.position


def _of_decision(decision: Decision, of: Named, registrations: set[str]) -> Iterator[str]:
    fact = decision.fact()
    match fact:
        case PartnerRegistered(partner=partner, name=name):
            if of.kind == "partner" and partner == of.id:
                yield name
        case PartnerPayeeSet(partner=partner):
            if of.kind == "partner" and partner == of.id:
                yield from (fact.name, fact.iban, fact.email)
        case PartnerIdentified(partner=partner, identities=identities):
            if of.kind == "partner" and partner == of.id:
                yield from identities
        case AgreementAccepted(partner=partner, person=person):
            if of.kind == "partner" and partner == of.id:
                yield person
        case RegistrationSubmitted():
            if of.kind == "customer" and (fact.program, fact.customer) == (of.program, of.id):
                registrations.add(fact.registration)
            if fact.registration in registrations:
                yield from (fact.title, fact.original)
        case RegistrationUpdated():
            if fact.registration in registrations:
                yield fact.title


def _of_conversions(log: Log, customer: Named, progress: Progress) -> Iterator[str]:
    key = conversion_key(customer.program, customer.id)
    partition = partition_of(key, log.partitions(CONVERSIONS))
    for record in counted(log.read(CONVERSIONS, partition), progress):
        if record.key != key.encode():
            continue
        try:
            conversion: Conversion = decode_record(record)
        except UnreadableRecord:
            continue
        said = conversion.deal if isinstance(conversion, Assignment) else conversion
        yield from (text for text in said.metadata.values() if is_sealed(text))
