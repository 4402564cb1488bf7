"""Why a partner is owed what it is owed, and what it is not paid for."""

from __future__ import annotations

from collections import Counter, defaultdict

from audit.decided import Decided
from audit.explain.credit_reasons import NOBODY
from audit.explain.reason_words import HOLDS
from audit.explain.story import Explanation, moment, money
from audit.log import Log
from audit.read import Progress, counted
from events import topics
from events.attributions import Attribution
from events.codec import UnreadableRecord, decode_record
from events.journal import HELD
from events.partitioning import partition_of
from projections import account
from projections.balance import pending_in
from projections.posted import accepted

MOST_HOLDS = 12
"""Ends of holds that are named one by one."""


def explain_partner(
    story: Explanation, log: Log, decided: Decided, partner: str, progress: Progress
) -> None:
    """Say where the partner stands in each program, and what its balances are made of."""
    _say_standing(story, decided, partner)
    _say_account(story, log, partner, progress)
    _say_refused(story, log, partner, progress)


def _say_standing(story: Explanation, decided: Decided, partner: str) -> None:
    directory = decided.directory
    found = directory.partner(partner)
    assert found is not None
    currency = directory.partner_currency(partner, directory.count)
    paid_in = f", paid in {currency}" if currency else ""
    story.say(f"{partner} is {found.name}{paid_in}.", _decision(decided, f"partner:{partner}"))
    for program, standing in found.programs.items():
        earns = standing == "approved"
        text = f"In {program} it is {standing}"
        if earns and not directory.may_earn(program, partner, directory.count):
            text += ", but has not accepted the program's agreement: it earns nothing yet"
        parent = directory.parent(program, partner, directory.count)
        if parent:
            text += f"; recruited by {parent}"
        story.say(f"{text}.", _decision(decided, f"partner:{partner}"))


def _decision(decided: Decided, aggregate: str) -> str:
    of = decided.of_aggregate(aggregate)
    return of[-1].position if of else ""


def _say_account(story: Explanation, log: Log, partner: str, progress: Progress) -> None:
    partition = partition_of(partner, log.partitions(topics.JOURNAL))
    held: account.Account | None = None
    items: dict[str, account.Item] = {}
    kinds: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    rules: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    nothing: Counter[str] = Counter()
    waiting: dict[str, tuple[str, str, str]] = {}
    newest, position = 0, ""
    for posted in accepted(counted(log.read(topics.JOURNAL, partition), progress)):
        entry = posted.entry
        if entry.partner != partner:
            continue
        held, changed = account.evolve(held, items.get, entry, posted.value)
        items.update(changed)
        newest, position = entry.at, posted.position
        if entry.kind == "no_effect":
            nothing[entry.reason] += 1
        for leg in entry.legs:
            if leg.account == "payable":
                place = (entry.program, leg.unit or entry.unit)
                kinds[place][entry.kind] += leg.amount
                rules[place][leg.rule or entry.rule] += leg.amount
        subject = entry.deal or entry.event_id
        if entry.hold and entry.kind in ("commission", "held"):
            waiting[subject] = (entry.program, entry.hold, posted.position)
        elif entry.kind in ("released", "rejected"):
            waiting.pop(subject, None)
    if held is None:
        story.say("Nothing was ever booked for it.")
        return
    for place, moved in kinds.items():
        program, unit = place
        funds = held.funds[f"{program}/{unit}"]
        on_hold = pending_in(funds, newest)
        story.say(
            f"In {program} it is owed {money(funds.payable, unit)}: "
            f"{money(funds.payable - on_hold, unit)} available and {money(on_hold, unit)} pending; "
            f"{money(funds.in_transit, unit)} under way, {money(funds.paid, unit)} paid.",
            position,
        )
        parts = ", ".join(
            f"{kind.replace('_', ' ')} {money(amount, unit)}" for kind, amount in moved.items()
        )
        story.say(f"That is the sum of: {parts}.")
        earned = ", ".join(
            f"{rule} {money(amount, unit)}" for rule, amount in rules[place].items() if rule
        )
        if earned:
            story.say(f"By rule: {earned}.")
        ends = sorted((end, amount) for end, amount in funds.holds.items() if newest < end < HELD)
        for end, amount in ends[:MOST_HOLDS]:
            story.say(f"{money(amount, unit)} become available {moment(end)}.")
        if len(ends) > MOST_HOLDS:
            story.say(f"… and {len(ends) - MOST_HOLDS} later days.")
    for subject, (program, why, where) in waiting.items():
        story.say(
            f"The commission on {subject} in {program} waits for a person: {HOLDS.get(why, why)}.",
            where,
        )
    for reason, count in nothing.most_common():
        story.say(f"{count} times nothing was booked: {reason}.")


def _say_refused(story: Explanation, log: Log, partner: str, progress: Progress) -> None:
    """Conversions that its clicks were part of and that earned nobody anything."""
    reasons: Counter[str] = Counter()
    first: dict[str, str] = {}
    name = partner.encode()
    for partition in range(log.partitions(topics.ATTRIBUTIONS)):
        for record in counted(log.read(topics.ATTRIBUTIONS, partition), progress):
            if name not in (record.value or b""):
                continue
            try:
                found: Attribution = decode_record(record)
            except UnreadableRecord:
                continue
            touched = found.touch is not None and found.touch.partner == partner
            if found.outcome == "unattributed" and touched:
                reasons[found.reason] += 1
                first.setdefault(found.reason, str(record.position))
    for reason, count in reasons.most_common():
        why = NOBODY.get(reason, reason)
        story.say(
            f"{count} conversions that its clicks led to earned nothing: {why} ({reason}).",
            first[reason],
        )
