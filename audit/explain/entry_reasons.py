"""Why this amount: the rule, the rate, the share, what bounded it, the hold, the balance."""

from __future__ import annotations

from audit.explain.rate_reasons import Rates
from audit.explain.reason_words import HOLDS, why_nothing
from audit.explain.story import Explanation, moment, money, percent
from events.instructions import (
    AdjustmentDue,
    CommissionDue,
    Instruction,
    PayoutDue,
    RefundDue,
    ReviewDue,
)
from events.journal import HELD, Entry, Leg


def explain_entry(
    story: Explanation,
    entry: Entry,
    instruction: Instruction,
    place: str,
    instruction_at: str,
    rates: Rates | None,
) -> None:
    """Say what was booked, and why. `place`: position of the entry. `rates`: the rules that
    paid it, of a lead or deal."""
    _say_kind(story, entry, instruction, place, instruction_at)
    if entry.kind == "no_effect":
        return
    if entry.rule or entry.terms:
        _say_rules(story, entry, instruction, place, rates)
    for note in entry.notes:
        story.say(f"It was bounded: {note}.", entry.terms_at or place)
    for rate in entry.rates:
        story.say(
            f"1 {rate.base} was {rate.rate} {rate.quote} by {rate.source} of {rate.date}; "
            "the rate is pinned, a refund is reckoned at the same.",
            rate.position,
        )
    _say_rounding(story, entry, place)
    _say_hold(story, entry, place)
    _say_balance(story, entry, place)


def _say_kind(
    story: Explanation, entry: Entry, instruction: Instruction, place: str, instruction_at: str
) -> None:
    moved = ", ".join(
        money(entry.payable(unit), unit) for unit in entry.units() if entry.payable(unit)
    )
    evidence = (place, instruction_at)
    when = moment(entry.at)
    if entry.kind == "no_effect":
        story.say(f"Nothing was booked for {entry.partner}: {why_nothing(entry)}.", *evidence)
    elif entry.kind == "commission":
        of = f" of {money(entry.base, entry.currency or entry.unit)}" if entry.base else ""
        over = f" over {entry.via}" if entry.via else ""
        what = f"{entry.partner} earned {moved or 'nothing'}{over} on "
        what += f"deal {entry.deal}{of}" if entry.deal else f"lead {entry.event_id}"
        story.say(f"{what}, booked {when}.", *evidence)
    elif isinstance(instruction, RefundDue):
        story.say(
            f"{money(entry.base, entry.currency or entry.unit)} of deal {entry.deal} were "
            f"refunded: {entry.partner}'s balance moved by {moved or 'nothing'}, booked {when}. "
            "It is the part of the commission that all refunds so far make, less what was taken "
            "back before.",
            *evidence,
        )
    elif isinstance(instruction, ReviewDue):
        by = f" by {instruction.by}" if instruction.by else ""
        about = f"deal {entry.deal}" if entry.deal else f"lead {entry.event_id}"
        reason = f" ({instruction.reason})" if instruction.reason else ""
        what = f"; the balance moved by {moved}" if moved else ""
        story.say(
            f"The commission on {about} was {entry.kind}{by}{reason} {when}{what}.",
            *evidence,
            instruction.source,
        )
    elif isinstance(instruction, AdjustmentDue):
        by = f" by {instruction.by}" if instruction.by else ""
        reason = f": {instruction.reason}" if instruction.reason else ""
        name = {
            "adjustment": "an adjustment",
            "award": "the prize",
            "payment_received": "a payment",
        }
        story.say(
            f"{moved or 'Nothing'} by {name[instruction.kind]} {instruction.adjustment}{by}"
            f"{reason}, booked {when}.",
            *evidence,
            instruction.source,
        )
    elif isinstance(instruction, PayoutDue):
        _say_payout(story, entry, instruction, *evidence)


def _say_payout(story: Explanation, entry: Entry, due: PayoutDue, *evidence: str) -> None:
    taken: dict[str, int] = {leg.account: leg.amount for leg in entry.legs}
    if entry.kind == "payout_refused":
        story.say(f"Payout {entry.payout} was refused: {entry.reason}.", *evidence, due.source)
        return
    what = {
        "payout_funded": "was set aside",
        "payout_sent": "was sent",
        "payout_settled": "reached the partner",
        "payout_failed": "failed; the money is available again",
        "payout_returned": "came back; the money is available again",
    }[entry.kind]
    parts = [
        f"{money(abs(taken[account]), entry.unit)} {word}"
        for account, word in (
            ("in_transit", "under way"),
            ("withholding", "withheld"),
            ("fees", "kept as a fee"),
        )
        if taken.get(account) and entry.kind != "payout_settled"
    ]
    detail = f" ({', '.join(parts)})" if parts else ""
    reason = f": {entry.reason}" if entry.reason else ""
    story.say(
        f"Payout {entry.payout} {what}{detail}{reason}, {moment(entry.at)}.", *evidence, due.source
    )


def _say_rules(
    story: Explanation,
    entry: Entry,
    instruction: Instruction,
    place: str,
    rates: Rates | None,
) -> None:
    version = f"terms {entry.terms}"
    by_rule: dict[str, list[Leg]] = {}
    for leg in entry.legs:
        if leg.account == "payable":
            by_rule.setdefault(leg.rule or entry.rule, []).append(leg)
    share = entry.share or (instruction.share if isinstance(instruction, CommissionDue) else 0)
    if share and share != 10_000:
        story.say(f"The partner's share of the conversion is {percent(share)}.", entry.source)
    for rule, legs in by_rule.items():
        amounts = ", ".join(money(leg.amount, leg.unit or entry.unit) for leg in legs)
        why = rates.why(rule) if rates is not None else ""
        detail = f": {why}" if why else ""
        story.say(f"Rule {rule!r} of {version} gave {amounts}{detail}.", entry.terms_at, place)


def _say_rounding(story: Explanation, entry: Entry, place: str) -> None:
    for leg in entry.legs:
        if leg.account == "rounding":
            story.say(
                f"Whole minor units left {money(leg.amount, leg.unit or entry.unit)} to the "
                "account of rounding differences.",
                place,
            )


def _say_hold(story: Explanation, entry: Entry, place: str) -> None:
    if entry.hold:
        why = HOLDS.get(entry.hold, entry.hold)
        story.say(f"It waits until a person approves it: {why}.", place)
        return
    until = {leg.available_at for leg in entry.legs if leg.account == "payable" and leg.amount > 0}
    if not entry.engine:
        until = {entry.available_at}
    for end in sorted(until - {0}):
        if end >= HELD:
            story.say("It is held until a person releases it.", place)
        elif end > entry.at:
            story.say(f"It is pending until {moment(end)}, when the terms' hold ends.", place)


def _say_balance(story: Explanation, entry: Entry, place: str) -> None:
    after = {entry.unit: entry.balance, **entry.balances}
    for unit, held in after.items():
        if held is not None:
            ready = held.payable - held.pending
            story.say(
                f"After it {entry.partner} was owed {money(held.payable, unit)}: "
                f"{money(ready, unit)} available, {money(held.pending, unit)} pending; "
                f"{money(held.in_transit, unit)} under way, {money(held.paid, unit)} paid.",
                place,
            )
