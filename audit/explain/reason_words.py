"""Reasons that entries bear, in words: why nothing was booked, what waits for a person and why."""

from __future__ import annotations

from events.journal import Entry

ZERO = {
    "no_rule": "no rule of the terms fits this kind of conversion",
    "zero_amount": "the amount it is reckoned on, or what the rule gives, is zero",
    "no_terms": "no terms were in force when it happened",
    "nothing_booked": "nothing was booked for this deal",
    "already_refunded": "all of the deal was refunded before",
    "already_rejected": "its commission was rejected before: nothing is left to take back",
    "rounds_to_zero": "what it takes back is less than half a minor unit",
    "duplicate_customer": "the partner brought the same person before, under another customer id",
    "reassigned": "the deal was given to another partner",
}

UNDONE = {
    "nothing_booked": "there is no commission of this partner for it",
    "not_held": "its commission was not held",
    "already_held": "its commission was held already",
    "already_rejected": "its commission was rejected before",
    "already_refunded": "all of the deal was refunded before",
}

HOLDS = {
    "self_referral": "the customer is the partner itself, or one of its own ids",
    "duplicate_customer": "the partner brought the same person before, under another customer id",
    "review_all": "the terms have every commission approved by a person",
    "review_above": "it is above what the terms pay without a person's approval",
    "too_old": "it was recorded later after it happened than the terms take without a person",
}


def why_nothing(entry: Entry) -> str:
    """The reason in words, and as the entry has it: `released: not_held` is a decision and why
    it could do nothing."""
    if entry.reason.startswith("no_rate "):
        pair, _, day = entry.reason.removeprefix("no_rate ").partition(" ")
        return f"no rate {pair} was known of {day} or the ten days before (no_rate)"
    if entry.reason in ZERO:
        return f"{ZERO[entry.reason]} ({entry.reason})"
    decision, colon, why = entry.reason.partition(": ")
    if colon:
        return f"{UNDONE.get(why, why)}, so it could not be {decision} ({entry.reason})"
    return entry.reason
