"""Terms prepared for booking: rules by the kind of conversion they are for.

Terms never change, so they are prepared once, when the first conversion is paid under them.
"""

from __future__ import annotations

from typing import NamedTuple

from events.currencies import is_currency
from events.terms import Bonus, Cap, ConversionKind, Level, Modifier, Override, Rule
from projections.directory import Directory, DirectoryBehind
from projections.terms_history import TermsInForce

OF_ITEMS = ("product", "category")
"""Attributes of an item of the order; all others are of the whole conversion."""


class PlannedRule(NamedTuple):
    """A rule, taken apart."""

    rule: Rule
    unit: str
    """A program's own unit it pays in; empty: money."""
    whole: tuple[Modifier, ...]
    """Conditions on the conversion."""
    part: tuple[Modifier, ...]
    """Conditions on an item of the order."""
    levels: tuple[Level, ...]
    """By threshold, rising."""
    retroactive: bool
    caps: tuple[Cap, ...]
    """Those that bound it: of deals, then of partners."""
    months: int
    """Of renewals that earn; 0: all."""
    group: str
    """What the counters of a retroactive rule are named by."""


class Plan(NamedTuple):
    """What terms pay for one kind of conversion."""

    in_force: TermsInForce
    kind: ConversionKind
    rules: tuple[PlannedRule, ...]
    by_part: bool
    """Whether a rule asks for items of the order."""
    caps: tuple[Cap, ...]
    retroactive: tuple[PlannedRule, ...]
    bonuses: tuple[Bonus, ...]
    overrides: tuple[Override, ...]
    straight: bool
    """Whether `straight` can book what one of its rules pays alone."""
    follows: bool
    """Whether what is paid depends on the partner's tally."""
    reviews: bool
    """Whether the terms themselves may hold a commission."""


Kinds = dict[str, Plan]
KINDS: tuple[ConversionKind, ...] = ("lead", "sale", "renewal")

KEPT_PLANS = 10_000
_plans: dict[int, tuple[TermsInForce, Kinds]] = {}
"""By the identity of the terms, which is theirs as long as they are kept here."""


def plans(in_force: TermsInForce) -> Kinds:
    """The plan for each kind of conversion under these terms."""
    found = _plans.get(id(in_force))
    if found is None:
        if len(_plans) == KEPT_PLANS:
            _plans.clear()
        found = _plans[id(in_force)] = in_force, {kind: _plan(in_force, kind) for kind in KINDS}
    return found[1]


def plans_at(directory: Directory, program: str, position: str) -> Kinds:
    """The plans of the terms that the decision at `position` added.

    Raises DirectoryBehind where the directory has not read so far.
    """
    for version in reversed(directory.terms_versions(program)):
        if version.position == position:
            return plans(version)
    raise DirectoryBehind(directory.count + 1, directory.count)


def _plan(in_force: TermsInForce, kind: ConversionKind) -> Plan:
    terms = in_force.terms
    caps = tuple(sorted(terms.caps, key=lambda cap: cap.scope == "partner"))
    rules = tuple(_planned(rule, caps, terms.version) for rule in terms.rules if rule.event == kind)
    return Plan(
        in_force,
        kind,
        rules,
        any(planned.part for planned in rules),
        caps,
        tuple(planned for planned in rules if planned.retroactive),
        tuple(bonus for bonus in terms.bonuses if bonus.event == kind),
        tuple(override for override in terms.overrides if override.event == kind),
        all(_is_straight(planned) for planned in rules),
        any(planned.levels or planned.caps for planned in rules) or bool(terms.bonuses),
        bool(terms.review_all or terms.review_above or terms.max_age_days),
    )


def _planned(rule: Rule, caps: tuple[Cap, ...], version: int) -> PlannedRule:
    unit = rule.currency if rule.currency and not is_currency(rule.currency) else ""
    tiers = rule.tiers
    retroactive = tiers is not None and tiers.apply == "retroactive"
    bounded = not unit and not retroactive and rule.collects == "program"
    return PlannedRule(
        rule,
        unit,
        tuple(one for one in rule.modifiers if one.attribute not in OF_ITEMS),
        tuple(one for one in rule.modifiers if one.attribute in OF_ITEMS),
        () if tiers is None else tuple(sorted(tiers.levels, key=lambda level: level.threshold)),
        retroactive,
        tuple(cap for cap in caps if bounded and (not cap.rules or rule.name in cap.rules)),
        rule.max_duration if rule.event == "renewal" else 0,
        f"{rule.name}@{version}",
    )


def _is_straight(planned: PlannedRule) -> bool:
    rule = planned.rule
    return not (
        planned.unit
        or planned.part
        or planned.retroactive
        or rule.adds
        or rule.includes
        or rule.currency
        or rule.collects == "partner"
    )
