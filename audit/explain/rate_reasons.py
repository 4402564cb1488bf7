"""Which rate a rule paid, and why that one: its level, what it was reckoned on, its bounds."""

from __future__ import annotations

from audit.explain.story import money, percent
from events.instructions import CommissionDue
from events.terms import Bonus, Override, Period, Rule, Terms
from projections.directory import Directory
from projections.rewards.plan import Plan, plans_at
from projections.rewards.tiers import rate_at
from projections.tally import Counters, measured

IN_PERIOD: dict[Period, str] = {
    "lifetime": "in all",
    "month": "in its month",
    "quarter": "in its quarter",
    "year": "in its year",
}


class Rates:
    """The rules of the terms at `terms_at`, with the partner's counters as they were before."""

    def __init__(
        self, directory: Directory, due: CommissionDue, terms_at: str, counters: Counters
    ) -> None:
        self._due = due
        self._counters = counters
        program = directory.program(due.program, due.known)
        self._currency = "" if program is None else program.currency
        self._plan: Plan = plans_at(directory, due.program, terms_at)[due.kind]
        self._terms: Terms = self._plan.in_force.terms

    def why(self, name: str) -> str:
        """Why the rule, bonus or override `name` gave what it gave; empty for another name."""
        for rule in self._terms.rules:
            if rule.name == name:
                return self._rule(rule)
        for bonus in self._terms.bonuses:
            if bonus.name == name:
                return self._bonus(bonus)
        for override in self._terms.overrides:
            if override.name == name:
                return self._override(override)
        return ""

    def _rule(self, rule: Rule) -> str:
        due = self._due
        planned = next((one for one in self._plan.rules if one.rule.name == rule.name), None)
        rate = rule.amount
        why = ""
        if planned is not None and rule.tiers is not None:
            rate = rate_at(planned, self._counters, due.occurred_at)
            tiers = rule.tiers
            reached = measured(
                self._counters, rule.event, tiers.measure, tiers.period, due.occurred_at
            )
            level = next(
                (one for one in reversed(planned.levels) if one.threshold <= reached), None
            )
            what = money(reached, self._currency) if tiers.measure == "amount" else f"{reached}"
            named = f"level {level.name or level.threshold}" if level else "no level"
            why = f", {named} reached: {what} of {rule.event}s {IN_PERIOD[tiers.period]} before it"
            if tiers.apply == "retroactive":
                why += "; all of the period are paid at the level it reaches"
        if rule.type == "flat":
            text = f"{money(rate, rule.currency or self._currency)} a {rule.event}"
        else:
            of = "margin on" if rule.type == "margin" else "of"
            text = f"{percent(rate)} {of} {money(due.amount, due.currency)}"
        if rule.modifiers:
            told = " and ".join(
                f"{one.attribute} {one.operator.replace('_', ' ')} {_value(one.value)}"
                for one in rule.modifiers
            )
            why += f"; it asks that {told}"
        if rule.adds:
            why += "; it is paid on top"
        if rule.minimum or rule.maximum:
            why += f"; bounds {money(rule.minimum, self._currency)}"
            why += f" to {money(rule.maximum, self._currency)}" if rule.maximum else " and up"
        return text + why

    def _bonus(self, bonus: Bonus) -> str:
        reached = bonus.threshold
        what = money(reached, self._currency) if bonus.measure == "amount" else f"{reached}"
        return (
            f"a bonus of {money(bonus.amount, bonus.currency or self._currency)} for reaching "
            f"{what} of {bonus.event}s {IN_PERIOD[bonus.period]}"
        )

    def _override(self, override: Override) -> str:
        if override.type == "flat":
            paid = money(override.amount, override.currency or self._currency)
        else:
            paid = f"{percent(override.amount)} of {money(self._due.amount, self._due.currency)}"
        return f"{paid}, {override.level} above the partner that brought it"


def _value(value: str | int | tuple[str, ...]) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)
