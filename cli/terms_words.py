"""Terms in words: what a program pays for, a sentence a line.

10 % of a sale, 12.5 % from 1,000.00 EUR a month
5.00 EUR for a lead, if country is DE
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from cli.money import shown
from cli.reading import iso
from events.terms import (
    Bonus,
    Cap,
    Contest,
    Modifier,
    Override,
    PayoutTerms,
    Period,
    Prize,
    Rule,
    Terms,
    Tiers,
)

IN_PERIOD: dict[Period, str] = {
    "lifetime": "in all",
    "month": "a month",
    "quarter": "a quarter",
    "year": "a year",
}
ARTICLE = {"lead": "a lead", "sale": "a sale", "renewal": "a renewal"}


def sentences(terms: Terms, currency: str) -> list[str]:
    """All that the terms say, a sentence a line; defaults that say nothing are left out."""
    return list(_sentences(terms, currency))


def rule_in_words(rule: Rule, currency: str) -> str:
    """`10 % of a sale`, `5.00 GBP for a lead, if country is DE`."""
    parts = [_reward(rule, rule.amount, currency)]
    if rule.type == "margin":
        who = "the partner collects" if rule.collects == "partner" else "the program collects"
        parts[0] += f" as margin ({who})"
    if rule.includes:
        parts[0] += f" with its {' and '.join(rule.includes)}"
    if rule.max_duration:
        parts.append(f"for {rule.max_duration} months after the first sale")
    if rule.minimum:
        parts.append(f"at least {shown(rule.minimum, _bound_unit(rule, currency))}")
    if rule.maximum:
        parts.append(f"at most {shown(rule.maximum, _bound_unit(rule, currency))}")
    if rule.tiers:
        parts.append(_tiers(rule, rule.tiers, currency))
    if rule.modifiers:
        parts.append("if " + " and ".join(_modifier(modifier) for modifier in rule.modifiers))
    return ("besides, " if rule.adds else "") + ", ".join(parts)


def _sentences(terms: Terms, currency: str) -> Iterator[str]:
    for rule in terms.rules:
        yield f"{rule.name}: {rule_in_words(rule, currency)}"
    for bonus in terms.bonuses:
        yield f"{bonus.name}: {_bonus(bonus, currency)}"
    for cap in terms.caps:
        yield f"{cap.name}: {_cap(cap, currency)}"
    for override in terms.overrides:
        yield f"{override.name}: {_override(override, currency)}"
    for contest in terms.contests:
        yield f"{contest.name}: {_contest(contest, currency)}"
    yield (
        f"credited by {terms.attribution.replace('_', ' ')}; clicks count {terms.window_days} "
        f"days, signups {terms.signup_window_days}; commissions are held {terms.hold_days} days"
    )
    if terms.engine == "1":
        return
    yield f"registered deals are protected {terms.protection_days} days"
    if terms.renewals == "first_sale":
        yield "renewals are paid by the terms of the customer's first sale"
    if terms.review_all:
        yield "every commission waits for a person"
    elif terms.review_above:
        yield f"commissions above {shown(terms.review_above, currency)} wait for a person"
    if terms.max_age_days:
        yield f"conversions older than {terms.max_age_days} days when recorded wait for a person"
    yield f"self-referrals: {terms.self_referral}; duplicate customers: {terms.duplicate_customer}"
    for payout in terms.payouts:
        yield _payout(payout)
    when = terms.payout_schedule.replace("_", " ")
    day = "" if terms.payout_schedule == "on_request" else f" on day {terms.payout_day}"
    who = "two persons" if terms.payout_approval == "two_persons" else "one person"
    yield f"paid out {when}{day}, decided by {who}"


def _reward(rule: Rule | Override, amount: int, currency: str) -> str:
    event = ARTICLE[rule.event]
    if rule.type == "flat":
        return f"{shown(amount, rule.currency or currency)} for {event}"
    unit = f" in {rule.currency}" if rule.currency else ""
    return f"{rate(amount)} of {event}{unit}"


def rate(points: int) -> str:
    """`12.5 %` of basis points."""
    return f"{(Decimal(points) / 100).normalize():f} %"


def _bound_unit(rule: Rule, currency: str) -> str:
    return rule.currency if ":" in rule.currency else currency


def _tiers(rule: Rule, tiers: Tiers, currency: str) -> str:
    levels = []
    for level in tiers.levels:
        reward = (
            shown(level.amount, rule.currency or currency)
            if rule.type == "flat"
            else rate(level.amount)
        )
        name = f" ({level.name})" if level.name else ""
        reached = _measured(level.threshold, tiers.measure, rule.event, currency)
        levels.append(f"{reward} from {reached}{name}")
    period = IN_PERIOD[tiers.period]
    whole = ", for all of them" if tiers.apply == "retroactive" else ""
    return f"{', '.join(levels)} {period}{whole}"


def _measured(amount: int, measure: str, event: str, currency: str) -> str:
    return f"{amount} {event}s" if measure == "count" else shown(amount, currency)


def _modifier(modifier: Modifier) -> str:
    value = modifier.value
    text = " or ".join(value) if isinstance(value, tuple) else str(value)
    return f"{modifier.attribute} {modifier.operator.replace('_', ' ')} {text}"


def _bonus(bonus: Bonus, currency: str) -> str:
    reached = _measured(bonus.threshold, bonus.measure, bonus.event, currency)
    amount = shown(bonus.amount, bonus.currency or currency)
    reach = "there are" if bonus.measure == "count" else f"{bonus.event}s reach"
    return f"{amount} once {reach} {reached} {IN_PERIOD[bonus.period]}"


def _cap(cap: Cap, currency: str) -> str:
    whose = "a deal" if cap.scope == "deal" else f"a partner {IN_PERIOD[cap.period]}"
    of = f" of {', '.join(cap.rules)}" if cap.rules else ""
    return f"at most {shown(cap.amount, currency)} for {whose}{of}"


def _override(override: Override, currency: str) -> str:
    who = "a sub-partner" if override.level == 1 else f"a sub-partner {override.level} levels below"
    return f"{_reward(override, override.amount, currency)} of {who}"


def _contest(contest: Contest, currency: str) -> str:
    def prize(given: Prize) -> str:
        return shown(given.amount, given.currency or currency)

    prizes = ", ".join(prize(given) for given in contest.prizes)
    measure = "number" if contest.measure == "count" else "amount"
    return (
        f"most {contest.event}s by {measure} from {iso(contest.starts)} "
        f"until {iso(contest.ends)}: {prizes}"
    )


def _payout(payout: PayoutTerms) -> str:
    unit = payout.unit

    def amount(minor: int) -> str:
        return shown(minor, unit) if unit else f"{minor} minor units"

    parts = []
    if payout.minimum:
        parts.append(f"from {amount(payout.minimum)}")
    if payout.fee:
        parts.append(f"less a fee of {amount(payout.fee)}")
    if payout.fee_rate:
        parts.append(f"less a fee of {rate(payout.fee_rate)}")
    if payout.withholding:
        parts.append(f"less {rate(payout.withholding)} withheld")
    return f"payouts in {unit or 'other units'}: {', '.join(parts) or 'of any amount'}"


def left_out(own: Terms, general: Terms | None) -> str:
    """What the general terms bound and a partner's own terms, which replace them, do not; a
    sentence, empty where there is nothing of the kind."""
    if general is None:
        return ""
    nothing = Terms(0, 0, ())
    names = [
        name
        for name in ("caps", "review_all", "review_above", "max_age_days")
        if getattr(general, name) != getattr(nothing, name) == getattr(own, name)
    ]
    if not names:
        return ""
    return (
        f"{own.partner} is no longer under these lines of the general terms: "
        f"{', '.join(names)}; a partner's own terms replace them. Repeat those that shall hold"
    )
