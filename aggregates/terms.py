"""Whether terms can stand: every line, and what lines must not say beside each other.

`checked` is asked once, when a version is added; folds trust what was added. A refusal names
the path of the line (`rules[2].tiers.levels[1].threshold`), its value and what is expected.
"""

from __future__ import annotations

from collections.abc import Callable

from aggregates.checks import amount_of, days_of, name_of, slug_of, time_of, unit_of
from aggregates.engine_one import check_engine_1
from aggregates.errors import Invalid
from aggregates.reward_rules import (
    FULL_SHARE_BP,
    check_measure,
    check_reward,
    check_rule,
    is_retroactive,
    rate_of,
)
from aggregates.terms_shape import shaped
from events.terms import ENGINES, Cap, Contest, Override, PayoutTerms, Rule, Terms

MOST_LEVELS = 10
"""Of sub-partners."""
PAYOUT_DAYS = {"on_request": 1, "weekly": 7, "monthly": 28}
"""Greatest `payout_day` of each schedule."""
OF_GENERAL_TERMS = ("overrides", "contests")
"""What partners are measured or paid by together."""


BOUNDS: dict[str, Callable[[str, int], int]] = {
    "effective_from": time_of,
    "window_days": days_of,
    "signup_window_days": days_of,
    "hold_days": days_of,
    "protection_days": days_of,
    "max_age_days": days_of,
    "review_above": amount_of,
}


def checked(terms: Terms) -> Terms:
    """The terms, if they can stand; raises Invalid."""
    terms = _with_shape(terms)
    for field, bound in BOUNDS.items():
        bound(field, getattr(terms, field))
    if terms.engine == "1":
        check_engine_1(terms)
    if not terms.rules:
        raise Invalid("rules", [], "at least one rule")
    for place, rule in enumerate(terms.rules):
        check_rule(f"rules[{place}]", rule, terms.engine)
    _check_partner(terms)
    _check_bonuses(terms)
    for place, cap in enumerate(terms.caps):
        _check_cap(f"caps[{place}]", cap, terms.rules)
    _check_overrides(terms.overrides)
    for place, contest in enumerate(terms.contests):
        _check_contest(f"contests[{place}]", contest)
    _check_payouts(terms)
    _check_names(terms)
    return terms


def _with_shape(terms: Terms) -> Terms:
    if terms.engine not in ENGINES:
        expected = f"a calculation of this release: {', '.join(ENGINES)}"
        raise Invalid("engine", terms.engine, expected)
    found: Terms = shaped("", terms, Terms)
    return found


def check_beside(terms: Terms, general: Terms | None) -> None:
    """Individual terms stand beside general ones of engine 2 (`general`: the newest)."""
    if terms.partner and (general is None or general.engine == "1"):
        expected = 'none before the program has general terms of engine = "2": add those first'
        raise Invalid("partner", terms.partner, expected)


def _check_partner(terms: Terms) -> None:
    if not terms.partner:
        return
    slug_of("partner", terms.partner)
    for field in OF_GENERAL_TERMS:
        if given := getattr(terms, field):
            named = [entry.name for entry in given]
            raise Invalid(field, named, "none: they stand in the general terms of the program")


def _check_bonuses(terms: Terms) -> None:
    for place, bonus in enumerate(terms.bonuses):
        path = f"bonuses[{place}]"
        name_of(f"{path}.name", bonus.name)
        amount_of(f"{path}.threshold", bonus.threshold, 1)
        amount_of(f"{path}.amount", bonus.amount, 1)
        check_measure(path, bonus.event, bonus.measure)
        if bonus.currency:
            unit_of(f"{path}.currency", bonus.currency)


def _check_cap(path: str, cap: Cap, rules: tuple[Rule, ...]) -> None:
    name_of(f"{path}.name", cap.name)
    amount_of(f"{path}.amount", cap.amount, 1)
    if cap.scope == "deal" and cap.period != "lifetime":
        raise Invalid(f"{path}.period", cap.period, "none: a deal is in one period")
    named = {rule.name: rule for rule in rules}
    for place, name in enumerate(cap.rules):
        line = f"{path}.rules[{place}]"
        if name not in named:
            raise Invalid(line, name, f"the name of a rule: {', '.join(named)}")
        if name in cap.rules[:place]:
            raise Invalid(line, name, "each rule once")
        if is_retroactive(named[name]):
            raise Invalid(line, name, "no rule with retroactive tiers: its deals are paid anew")
        if named[name].collects == "partner":
            raise Invalid(line, name, "no margin that the partner keeps itself")
        if ":" in named[name].currency:
            raise Invalid(line, name, "a rule that pays in money")


def _check_overrides(overrides: tuple[Override, ...]) -> None:
    seen: dict[tuple[int, str], str] = {}
    for place, override in enumerate(overrides):
        path = f"overrides[{place}]"
        name_of(f"{path}.name", override.name)
        if not 1 <= override.level <= MOST_LEVELS:
            raise Invalid(f"{path}.level", override.level, f"1 to {MOST_LEVELS}")
        check_reward(path, override)
        other = seen.setdefault((override.level, override.event), path)
        if other != path:
            expected = f"one for each level and event: {other} is for this {override.event} too"
            raise Invalid(f"{path}.level", override.level, expected)


def _check_contest(path: str, contest: Contest) -> None:
    # A contest's name is its id: its result is decided under it.
    slug_of(f"{path}.name", contest.name)
    time_of(f"{path}.starts", contest.starts)
    time_of(f"{path}.ends", contest.ends)
    if contest.ends <= contest.starts:
        raise Invalid(f"{path}.ends", contest.ends, f"later than starts, {contest.starts}")
    check_measure(path, contest.event, contest.measure)
    if not contest.prizes:
        raise Invalid(f"{path}.prizes", [], "at least one prize")
    for place, prize in enumerate(contest.prizes):
        amount_of(f"{path}.prizes[{place}].amount", prize.amount, 1)
        if prize.currency:
            unit_of(f"{path}.prizes[{place}].currency", prize.currency)


def _check_payouts(terms: Terms) -> None:
    seen: dict[str, str] = {}
    for place, payout in enumerate(terms.payouts):
        path = f"payouts[{place}]"
        other = seen.setdefault(payout.unit, path)
        if other != path:
            raise Invalid(f"{path}.unit", payout.unit, f"each unit once: {other} is of it too")
        _check_payout(path, payout)
    last = PAYOUT_DAYS[terms.payout_schedule]
    if not 1 <= terms.payout_day <= last:
        expected = f"1 to {last} under payout_schedule {terms.payout_schedule}"
        raise Invalid("payout_day", terms.payout_day, expected)


def _check_payout(path: str, payout: PayoutTerms) -> None:
    if payout.unit:
        unit_of(f"{path}.unit", payout.unit)
    amount_of(f"{path}.minimum", payout.minimum)
    amount_of(f"{path}.fee", payout.fee)
    rate_of(f"{path}.fee_rate", payout.fee_rate)
    rate_of(f"{path}.withholding", payout.withholding)
    if payout.withholding + payout.fee_rate >= FULL_SHARE_BP:
        left = FULL_SHARE_BP - 1 - payout.fee_rate
        expected = f"at most {max(left, 0)} beside fee_rate {payout.fee_rate}: something is paid"
        raise Invalid(f"{path}.withholding", payout.withholding, expected)
    if ":" in payout.unit:
        for field in ("fee", "fee_rate", "withholding"):
            if given := getattr(payout, field):
                raise Invalid(f"{path}.{field}", given, "0: only money has fees and withholding")


def _check_names(terms: Terms) -> None:
    """An entry of the journal names what caused it; so no two things have one name."""
    seen: dict[str, str] = {}
    for kind in ("rules", "bonuses", "caps", "overrides", "contests"):
        for place, entry in enumerate(getattr(terms, kind)):
            path = f"{kind}[{place}]"
            other = seen.setdefault(entry.name, path)
            if other != path:
                raise Invalid(f"{path}.name", entry.name, f"a name of its own: {other} has it")
