"""Terms: what a program pays for, as data. Immutable; a change is a new version.

Bitemporal: a version is *known* from its place in `decisions`, and *in force* from its
`effective_from`. `engine` names the calculation: a changed calculation is a new engine
and used by new terms only, so that history decides the same for ever.

Engine 1 knows percentage and flat rules by event, first or last touch, and one hold. All
else below is of engine 2. Amounts are minor units of the program's currency unless a field
names a unit; rates are basis points; times are milliseconds since 1970 UTC; calendar periods
are those of UTC.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

ENGINES = ("1", "2")
"""Calculations this code can run. A worker that meets another one stops and says so."""

ConversionKind = Literal["lead", "sale", "renewal"]
Measure = Literal["amount", "count"]
Period = Literal["lifetime", "month", "quarter", "year"]
Attribute = Literal[
    "product",  # of an item of the order
    "category",  # of an item of the order
    "country",  # ISO 3166-1 alpha-2, of the customer
    "customer",  # "new" or "returning"
    "purchase",  # number of the customer's purchase in the program, from 1
    "amount",  # of the deal, minor units of its own currency
    "coupon",  # the code that was used
    "method",  # by which the partner is credited
]
Operator = Literal["is", "is_not", "in", "not_in", "at_least", "at_most"]


class Modifier(Struct, frozen=True, gc=False):
    """A condition of a rule; a rule pays only where all of its conditions hold.

    `product` and `category` pick items of the order: the rule is reckoned on their amounts.
    """

    attribute: Attribute
    operator: Operator
    value: str | int | tuple[str, ...]


class Level(Struct, frozen=True, gc=False, omit_defaults=True):
    """A rate that is paid once the measure has reached `threshold`."""

    threshold: int
    amount: int
    """Basis points or minor units, as the rule's own amount."""
    name: str = ""


class Tiers(Struct, frozen=True, gc=False, omit_defaults=True):
    """Rates that rise with what the partner sold of the rule's event.

    `onward`: a deal is paid at the level reached before it, and keeps that rate for ever.
    `retroactive`: all deals of the period under these terms are paid at the level that the
    period has reached, and paid again when it changes, up or (after refunds) down.
    """

    levels: tuple[Level, ...]
    measure: Measure = "amount"
    period: Period = "lifetime"
    apply: Literal["onward", "retroactive"] = "onward"


class Rule(Struct, frozen=True, gc=False, omit_defaults=True):
    """One thing that earns.

    `percentage`: basis points of the amount. `flat`: minor units. `margin`: basis points of
    the amount that a reseller keeps. The first rule that fits pays; every rule with `adds`
    that fits pays on top.
    """

    name: str
    event: ConversionKind
    type: Literal["percentage", "flat", "margin"]
    amount: int
    currency: str = ""
    """Unit of a flat amount, or of what is paid (`acme:credit`); empty: the program's currency."""
    adds: bool = False
    modifiers: tuple[Modifier, ...] = ()
    max_duration: int = 0
    """Months after the customer's first sale in which a renewal earns; 0: for ever."""
    includes: tuple[Literal["tax", "shipping"], ...] = ()
    """What is commissioned besides the amount."""
    minimum: int = 0
    maximum: int = 0
    """Least and most that one deal earns by this rule, all partners together; 0: no bound."""
    tiers: Tiers | None = None
    collects: Literal["program", "partner"] = "program"
    """Margin only: who takes the customer's money. The program then owes the margin; the
    partner then owes the wholesale price."""


class Bonus(Struct, frozen=True, gc=False, omit_defaults=True):
    """A one-off amount, paid when the measure of a period reaches `threshold`, and taken back
    when refunds bring it below again."""

    name: str
    threshold: int
    amount: int
    event: ConversionKind = "sale"
    measure: Measure = "amount"
    period: Period = "lifetime"
    currency: str = ""
    """Unit of `amount`; empty: the program's currency."""


class Cap(Struct, frozen=True, gc=False, omit_defaults=True):
    """The most that is paid. `deal`: for one deal, all partners together; `partner`: to one
    partner in one period."""

    name: str
    scope: Literal["deal", "partner"]
    amount: int
    period: Period = "lifetime"
    rules: tuple[str, ...] = ()
    """Names of the rules it bounds; empty: all that pay in money."""


class Override(Struct, frozen=True, gc=False, omit_defaults=True):
    """What the partner `level` steps above earns of what a sub-partner brings."""

    name: str
    level: int
    """1: the one who recruited the partner, 2: who recruited that one, …"""
    event: ConversionKind
    type: Literal["percentage", "flat"]
    amount: int
    currency: str = ""


class Prize(Struct, frozen=True, gc=False, omit_defaults=True):
    """What a rank wins."""

    amount: int
    currency: str = ""


class Contest(Struct, frozen=True, gc=False, omit_defaults=True):
    """A race from `starts` (inclusive) to `ends` (exclusive); the first prize is rank one's."""

    name: str
    starts: int
    ends: int
    prizes: tuple[Prize, ...]
    event: ConversionKind = "sale"
    measure: Measure = "amount"


class PayoutTerms(Struct, frozen=True, gc=False, omit_defaults=True):
    """How a unit is paid out: net = gross - withholding - fee."""

    unit: str = ""
    """Empty: every unit that has no terms of its own."""
    minimum: int = 0
    """Least gross amount, minor units of the unit."""
    fee: int = 0
    fee_rate: int = 0
    """Basis points of the gross amount, besides `fee`."""
    withholding: int = 0
    """Basis points of the gross amount that are kept back, for the tax office."""


class Terms(Struct, frozen=True, gc=False, omit_defaults=True):
    """One version of what a program pays for."""

    version: int
    effective_from: int
    """Milliseconds since 1970 UTC."""
    rules: tuple[Rule, ...]
    attribution: Literal["last_touch", "first_touch", "linear", "position_based"] = "last_touch"
    window_days: int = 30
    """How long before a conversion a click may lie to be credited."""
    signup_window_days: int = 365
    """How long a signup keeps crediting its partner."""
    hold_days: int = 30
    """How long a commission stays pending, from the day of the conversion."""
    engine: str = "1"
    partner: str = ""
    """Individual terms of this partner; empty: for all that have none of their own."""
    bonuses: tuple[Bonus, ...] = ()
    caps: tuple[Cap, ...] = ()
    overrides: tuple[Override, ...] = ()
    contests: tuple[Contest, ...] = ()
    protection_days: int = 90
    """How long an approved registration keeps its customer for its partner."""
    renewals: Literal["current", "first_sale"] = "current"
    """Whether a renewal is paid under the terms of its own day, or of the day of the
    customer's first sale."""
    review_all: bool = False
    """Every commission waits until a person approves it."""
    review_above: int = 0
    """Commissions above this wait; 0: none does."""
    max_age_days: int = 0
    """Conversions recorded later than this after they happened wait; 0: none does."""
    self_referral: Literal["refuse", "hold"] = "refuse"
    duplicate_customer: Literal["allow", "hold", "refuse"] = "hold"
    """A partner brings the same person (`identity`) under another customer id."""
    payouts: tuple[PayoutTerms, ...] = ()
    payout_approval: Literal["one", "two_persons"] = "one"
    payout_schedule: Literal["on_request", "weekly", "monthly"] = "on_request"
    payout_day: int = 1
    """Day of the month (1 to 28), or of the week (1: Monday)."""
