"""Terms that cannot stand: for each its lines, the path that is named, and what is expected.

A row's lines are put before or into a program's terms in EUR; `RULE` is a rule to which more
lines can be added. Nothing but the named line is wrong.
"""

from __future__ import annotations

import tomllib

import pytest

from aggregates.errors import Invalid
from aggregates.terms_form import read_form

RULE = '[[rules]]\nname = "sale"\nevent = "sale"\ntype = "percentage"\namount = 1000\n'
FLAT = '[[rules]]\nname = "sale"\nevent = "sale"\ntype = "flat"\namount = 500\n'
LEAD = '[[rules]]\nname = "lead"\nevent = "lead"\ntype = "flat"\namount = 500\n'
RENEWAL = '[[rules]]\nname = "renewal"\nevent = "renewal"\ntype = "percentage"\namount = 500\n'
MARGIN = '[[rules]]\nname = "margin"\nevent = "sale"\ntype = "margin"\namount = 3000\n'
RETRO = RULE + 'tiers = { apply = "retroactive", levels = [{ threshold = 1, amount = 1200 }] }\n'
ONE, TWO = 'engine = "1"\n', 'engine = "2"\n'


def modifier(attribute: str, operator: str, value: str) -> str:
    return (
        f'modifiers = [{{ attribute = "{attribute}", operator = "{operator}", value = {value} }}]\n'
    )


def tiers(text: str) -> str:
    return f"tiers = {{ {text} }}\n"


def bonus(text: str) -> str:
    return f'[[bonuses]]\nname = "bonus"\nthreshold = 100\namount = 50\n{text}\n'


def cap(text: str, scope: str = "partner") -> str:
    return f'[[caps]]\nname = "cap"\nscope = "{scope}"\namount = 100\n{text}\n'


def override(text: str, name: str = "over") -> str:
    return f'[[overrides]]\nname = "{name}"\nevent = "sale"\ntype = "percentage"\n{text}\n'


def contest(text: str, dates: str = "starts = 2026-06-01\nends = 2026-07-01") -> str:
    return f'[[contests]]\nname = "summer"\n{dates}\n{text}\n'


PRIZE = "prizes = [{ amount = 100 }]"

WRONG = [
    # what a key is, and where
    ("", "rules", "a value; this key is missing"),
    ("rules = 5", "rules", "a list of tables, [[rules]] in TOML"),
    ("rules = [5]", "rules[0]", "a table with name, event"),
    ("rules = []", "rules", "at least one rule"),
    ("holddays = 3\n" + RULE, "holddays", "did you mean hold_days?"),
    ("version = 3\n" + RULE, "version", "a key that there is"),
    (RULE + 'curency = "USD"', "rules[0].curency", "did you mean currency?"),
    (RULE + tiers("levels = [{ treshold = 1, amount = 2 }]"),
     "rules[0].tiers.levels[0].treshold", "did you mean threshold?"),
    (RULE + tiers("levels = [{ threshold = 1 }]"),
     "rules[0].tiers.levels[0].amount", "this key is missing"),
    ('[[rules]]\nname = "x"\nevent = "sale"\ntype = "flat"', "rules[0].amount", "key is missing"),
    # scalars
    ('engine = "3"\n' + RULE, "engine", "a calculation of this release: 1, 2"),
    ('attribution = "none"\n' + RULE, "attribution",
     "last_touch, first_touch, linear or position_based"),
    ("hold_days = -1\n" + RULE, "hold_days", "a number of days from 0 to 36500"),
    ('hold_days = "30"\n' + RULE, "hold_days", "a whole number"),
    ("window_days = 1.5\n" + RULE, "window_days", "a whole number"),
    ("signup_window_days = true\n" + RULE, "signup_window_days", "a whole number"),
    ("protection_days = 40000\n" + RULE, "protection_days", "a number of days"),
    ("max_age_days = -3\n" + RULE, "max_age_days", "a number of days"),
    ('effective_from = "soon"\n' + RULE, "effective_from", "ISO 8601"),
    ("effective_from = 1700000000\n" + RULE, "effective_from", "a time before 1973"),
    ("effective_from = 1960-01-01\n" + RULE, "effective_from", "milliseconds since 1970"),
    ("review_all = 1\n" + RULE, "review_all", "true or false"),
    ("review_above = 5.5\n" + RULE, "review_above", 'an amount in quotes such as "5.00"'),
    ('review_above = "5,00"\n' + RULE, "review_above", 'an amount such as "5.00"'),
    ('review_above = "5.001"\n' + RULE, "review_above", "at most 2 digits after the point for EUR"),
    ('review_above = "5.00 USD"\n' + RULE, "review_above", "an amount of EUR"),
    ('renewals = "newest"\n' + RULE, "renewals", "current or first_sale"),
    ('self_referral = "allow"\n' + RULE, "self_referral", "refuse or hold"),
    ('duplicate_customer = "no"\n' + RULE, "duplicate_customer", "allow, hold or refuse"),
    ('payout_approval = "three"\n' + RULE, "payout_approval", "one or two_persons"),
    ('payout_schedule = "daily"\n' + RULE, "payout_schedule", "on_request, weekly or monthly"),
    ('payout_schedule = "weekly"\npayout_day = 8\n' + RULE, "payout_day", "1 to 7 under"),
    ('payout_schedule = "monthly"\npayout_day = 29\n' + RULE, "payout_day", "1 to 28 under"),
    ("payout_day = 15\n" + RULE, "payout_day", "1 to 1 under payout_schedule on_request"),
    # engine 1
    (ONE + 'attribution = "linear"\n' + RULE, "attribution", 'this needs engine = "2"'),
    (ONE + MARGIN, "rules[0].type", 'this needs engine = "2"'),
    (ONE + RULE + "maximum = 5", "rules[0].maximum", 'this needs engine = "2"'),
    (ONE + RULE + LEAD + "adds = true", "rules[1].adds", 'this needs engine = "2"'),
    (ONE + RULE + cap(""), "caps", 'this needs engine = "2"'),
    (ONE + 'partner = "jane"\n' + RULE, "partner", 'this needs engine = "2"'),
    (ONE + RULE + 'currency = "acme:points"', "rules[0].currency", 'this needs engine = "2"'),
    # rules
    (RULE.replace('"sale"\nevent', '""\nevent'), "rules[0].name", "1 to 200 printable characters"),
    (RULE.replace('event = "sale"', 'event = "click"'), "rules[0].event", "lead, sale or renewal"),
    (RULE.replace("percentage", "tier"), "rules[0].type", "percentage, flat or margin"),
    (RULE.replace("1000", "10001"), "rules[0].amount", "0 to 10000 basis points"),
    (RULE.replace("1000", '"10"'), "rules[0].amount", 'a rate such as "12.5%"'),
    (RULE.replace("1000", '"0.001%"'), "rules[0].amount", "no finer than a basis point"),
    (RULE.replace("1000", "10.5"), "rules[0].amount", "basis points, or a rate"),
    (FLAT.replace("500", "-1"), "rules[0].amount", "minor units, an integer from 0"),
    (FLAT.replace("500", '"5%"'), "rules[0].amount", 'an amount such as "5.00"'),
    (FLAT.replace("500", '"5.50"') + 'currency = "JPY"', "rules[0].amount", "at most 0 digits"),
    (FLAT + 'currency = "EURO"', "rules[0].currency", "an ISO 4217 currency code"),
    (RULE + 'currency = "USD"', "rules[0].currency", "a unit of its own such as acme:points"),
    (MARGIN + 'currency = "acme:points"', "rules[0].currency", "none: a margin is paid in"),
    (TWO + RULE.replace('event = "sale"', 'event = "lead"'), "rules[0].type",
     "flat: a lead has no amount"),
    (RULE + "max_duration = 12", "rules[0].max_duration", "0: only renewals have one"),
    (RENEWAL + "max_duration = -1", "rules[0].max_duration", "months, 0 to 1200"),
    (FLAT + 'includes = ["tax"]', "rules[0].includes", "reckoned on no amount"),
    (RULE + 'includes = ["tax", "tax"]', "rules[0].includes[1]", "each once"),
    (RULE + 'includes = ["fees"]', "rules[0].includes[0]", "tax or shipping"),
    (RULE + 'collects = "partner"', "rules[0].collects", "only a margin is kept by partners"),
    (MARGIN + 'collects = "partner"\nadds = true', "rules[0].adds", "owed once a deal"),
    (MARGIN + 'collects = "partner"\nminimum = 5', "rules[0].minimum", "no more than the price"),
    (RULE + "minimum = 600\nmaximum = 500", "rules[0].minimum", "at most the maximum, 500"),
    (RETRO + "minimum = 600", "rules[0].minimum", "retroactive tiers have none"),
    (RETRO + "maximum = 600", "rules[0].maximum", "retroactive tiers have none"),
    # tiers
    (RULE + tiers("levels = []"), "rules[0].tiers.levels", "at least one level"),
    (RULE + tiers("levels = [{ threshold = 5, amount = 1 }, { threshold = 5, amount = 2 }]"),
     "rules[0].tiers.levels[1].threshold", "more than the level before, 5"),
    (LEAD + RULE + tiers("levels = [{ threshold = 5, amount = 10001 }]"),
     "rules[1].tiers.levels[0].amount", "0 to 10000 basis points"),
    (RULE + tiers('levels = [{ threshold = "5.00", amount = 1 }], measure = "count"'),
     "rules[0].tiers.levels[0].threshold", "a count, a whole number"),
    (RULE + tiers('period = "week", levels = [{ threshold = 5, amount = 1 }]'),
     "rules[0].tiers.period", "lifetime, month, quarter or year"),
    (LEAD + tiers("levels = [{ threshold = 5, amount = 1 }]"),
     "rules[0].tiers.measure", "count: a lead has no amount"),
    (MARGIN + tiers('apply = "retroactive", levels = [{ threshold = 5, amount = 1 }]'),
     "rules[0].tiers.apply", "onward: a margin is not paid anew"),
    (RULE + tiers('levels = [{ threshold = 5, amount = 1, name = "a" }, '
                  '{ threshold = 6, amount = 2, name = "a" }]'),
     "rules[0].tiers.levels[1].name", "a name of its own for each level"),
    # modifiers
    (RULE + modifier("colour", "is", '"red"'), "rules[0].modifiers[0].attribute", "product, "),
    (RULE + modifier("country", "like", '"DE"'), "rules[0].modifiers[0].operator", "is, is_not"),
    (RULE + modifier("country", "at_least", "3"), "rules[0].modifiers[0].operator",
     "is, is_not, in or not_in for country"),
    (RULE + modifier("country", "is", '"de"'), "rules[0].modifiers[0].value", "in upper case"),
    (RULE + modifier("country", "is", '"XX"'), "rules[0].modifiers[0].value", "ISO 3166-1"),
    (RULE + modifier("country", "in", '["DE", "UK"]'), "rules[0].modifiers[0].value[1]", "ISO"),
    (RULE + modifier("country", "in", '["DE", "DE"]'), "rules[0].modifiers[0].value[1]", "once"),
    (RULE + modifier("country", "in", '"DE"'), "rules[0].modifiers[0].value", "a list for country"),
    (RULE + modifier("product", "in", "[]"), "rules[0].modifiers[0].value", "a list for product"),
    (RULE + modifier("country", "is", '["DE"]'), "rules[0].modifiers[0].value", "a text for"),
    (RULE + modifier("customer", "is", '"old"'), "rules[0].modifiers[0].value", "new or returning"),
    (RULE + modifier("customer", "in", '["new"]'), "rules[0].modifiers[0].operator", "is or"),
    (RULE + modifier("purchase", "is", '"2"'), "rules[0].modifiers[0].value", "a whole number"),
    (RULE + modifier("purchase", "at_least", "0"), "rules[0].modifiers[0].value", "from 1"),
    (RULE + modifier("amount", "at_most", "-1"), "rules[0].modifiers[0].value", "minor units"),
    (RULE + modifier("amount", "in", '["5"]'), "rules[0].modifiers[0].operator", "at_least or"),
    (RULE + modifier("method", "is", '"phone"'), "rules[0].modifiers[0].value", "coupon, click"),
    (RULE + modifier("coupon", "is", '"A B"'), "rules[0].modifiers[0].value", "1 to 64 letters"),
    (MARGIN + modifier("product", "is", '"x"'), "rules[0].modifiers[0].attribute", "of the deal"),
    (LEAD + modifier("category", "is", '"x"'), "rules[0].modifiers[0].attribute", "no order"),
    (LEAD + modifier("amount", "at_least", "1"), "rules[0].modifiers[0].attribute", "no order"),
    # bonuses
    (RULE + bonus("").replace("100", "0"), "bonuses[0].threshold", "an integer from 1"),
    (RULE + bonus("").replace("50", "0"), "bonuses[0].amount", "an integer from 1"),
    (RULE + bonus('event = "lead"'), "bonuses[0].measure", "count: a lead has no amount"),
    (RULE + bonus('currency = "acme:"'), "bonuses[0].currency", "1 to 64 letters"),
    (RULE + bonus("").replace('"bonus"', '"sale"'), "bonuses[0].name", "rules[0] has it"),
    (RULE + RULE, "rules[1].name", "a name of its own: rules[0] has it"),
    # caps
    (RULE + cap("").replace("100", "0"), "caps[0].amount", "an integer from 1"),
    (RULE + cap("", "order"), "caps[0].scope", "deal or partner"),
    (RULE + cap('period = "month"', "deal"), "caps[0].period", "none: a deal is in one period"),
    (RULE + cap('rules = ["sales"]'), "caps[0].rules[0]", "the name of a rule: sale"),
    (RULE + cap('rules = ["sale", "sale"]'), "caps[0].rules[1]", "each rule once"),
    (RETRO + cap('rules = ["sale"]'), "caps[0].rules[0]", "no rule with retroactive tiers"),
    (MARGIN + 'collects = "partner"\n' + cap('rules = ["margin"]'), "caps[0].rules[0]", "keeps"),
    (RULE + 'currency = "acme:x"\n' + cap('rules = ["sale"]'), "caps[0].rules[0]", "in money"),
    # overrides
    (RULE + override("level = 0\namount = 5"), "overrides[0].level", "1 to 10"),
    (RULE + override("level = 11\namount = 5"), "overrides[0].level", "1 to 10"),
    (RULE + override("level = 1\namount = 10001"), "overrides[0].amount", "0 to 10000"),
    (RULE + override("level = 1\namount = 5") + override("level = 1\namount = 6", "other"),
     "overrides[1].level", "overrides[0] is for this sale too"),
    (RULE + override("level = 1\namount = 5").replace("percentage", "margin"),
     "overrides[0].type", "percentage or flat"),
    (RULE + override("level = 1\namount = 5", "sale"), "overrides[0].name", "rules[0] has it"),
    # contests
    (RULE + contest(PRIZE, "starts = 2026-07-01\nends = 2026-07-01"), "contests[0].ends", "later"),
    (RULE + contest(PRIZE, "starts = 2026-07-01"), "contests[0].ends", "this key is missing"),
    (RULE + contest(PRIZE, 'starts = 2026-07-01\nends = "June"'), "contests[0].ends", "ISO 8601"),
    (RULE + contest("prizes = []"), "contests[0].prizes", "at least one prize"),
    (RULE + contest("prizes = [{ amount = 0 }]"), "contests[0].prizes[0].amount", "from 1"),
    (RULE + contest(PRIZE + '\nevent = "lead"'), "contests[0].measure", "count: a lead has"),
    (RULE + contest(PRIZE).replace('"summer"', '"summer race"'), "contests[0].name", "1 to 64"),
    # payouts
    (RULE + "[[payouts]]\n[[payouts]]\n", "payouts[1].unit", "payouts[0] is of it too"),
    (RULE + '[[payouts]]\nunit = "EURO"', "payouts[0].unit", "an ISO 4217 currency code"),
    (RULE + '[[payouts]]\nminimum = "50.00"', "payouts[0].minimum", "or a `unit` beside it"),
    (RULE + '[[payouts]]\nunit = "EUR"\nminimum = -1', "payouts[0].minimum", "from 0"),
    (RULE + "[[payouts]]\nfee_rate = 10001", "payouts[0].fee_rate", "0 to 10000 basis points"),
    (RULE + '[[payouts]]\nwithholding = "100%"', "payouts[0].withholding", "at most 9999"),
    (RULE + '[[payouts]]\nunit = "acme:x"\nfee = 1', "payouts[0].fee", "only money has fees"),
    # individual terms
    ('partner = "a b"\n' + RULE, "partner", "1 to 64 letters"),
    ('partner = "jane"\n' + RULE + override("level = 1\namount = 5"), "overrides", "general terms"),
    ('partner = "jane"\n' + RULE + contest(PRIZE), "contests", "stand in the general terms"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "path", "expected"), WRONG, ids=range(len(WRONG)))
def test_a_refusal_names_the_line_and_what_is_expected(text: str, path: str, expected: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_form(tomllib.loads(text), "EUR")
    assert refused.value.field == path
    assert expected in refused.value.expected
    assert str(refused.value).startswith(f"{path}=")


@pytest.mark.parametrize(
    "text",
    [RULE, FLAT, LEAD, RENEWAL, MARGIN, RETRO, RULE + bonus(""), RULE + cap(""),
     RULE + override("level = 1\namount = 5"), RULE + contest(PRIZE), RULE + "[[payouts]]\n",
     'partner = "jane"\n' + RULE],
)  # fmt: skip
def test_what_the_rows_start_from_can_stand(text: str) -> None:
    assert read_form(tomllib.loads(text), "EUR").terms.rules
