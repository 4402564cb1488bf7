"""What the tests of the processors put into the log under engine 2: all that posting's state
depends on. Tallies (tiers that look back, bonuses, caps), persons, leads, teams, shared deals,
another currency, reviews, adjustments, payouts that keep something, individual terms.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from aggregates.application import Decisions, open_decisions
from events import topics
from events.click_token import ClickKeys
from events.clicks import Click
from events.codec import encode
from events.conversions import Assignment, CitedClick, Conversion, Deal, Item, Refund, Signup
from events.log import Writer
from events.settings import Broker
from events.terms import (
    Bonus,
    Cap,
    Contest,
    Level,
    Modifier,
    Override,
    PayoutTerms,
    Prize,
    Rule,
    Tiers,
)
from tests.streams.scenes import PARTNERS, PROGRAM

LONG_AGO = 1_704_110_400_000
"""2024-01-01, noon UTC, ms: what happened then is available when it is booked."""
YEARS_LATER = 2_335_262_400_000
"""2044-01-01: what happens then is pending for as long as anybody runs these tests."""
POINTS = f"{PROGRAM}:points"
HUGE_TAX = 10**30
"""Beyond 64 bits, and a rule commissions it: no sender may stop a processor with it."""

RULES = (
    Rule(
        "sale",
        "sale",
        "percentage",
        1_000,
        tiers=Tiers(
            (Level(500_000, 1_200), Level(2_000_000, 1_500)), period="month", apply="retroactive"
        ),
    ),
    Rule("points", "sale", "percentage", 10_000, POINTS, adds=True),
    Rule(
        "coupon",
        "sale",
        "percentage",
        500,
        adds=True,
        modifiers=(Modifier("coupon", "is", "SAVE"), Modifier("category", "is", "shoes")),
    ),
    Rule("renewal", "renewal", "percentage", 700, includes=("tax",)),
    Rule("lead", "lead", "flat", 150),
)
TERMS: dict[str, Any] = {
    "effective_from": 0,
    "engine": "2",
    "attribution": "linear",
    "hold_days": 30,
    "bonuses": (Bonus("tenth", 10, 2_500, measure="count", period="quarter"),),
    "caps": (Cap("lid", "partner", 20_000, "month", ("renewal", "lead")),),
    "overrides": (
        Override("team", 1, "sale", "percentage", 200),
        Override("house", 2, "lead", "flat", 20),
    ),
    "contests": (Contest("race", 0, LONG_AGO + 86_400_000, (Prize(5_000), Prize(900, POINTS))),),
    "review_above": 9_000,
    "payouts": (PayoutTerms(minimum=100, fee=25, withholding=1_000),),
    "payout_approval": "two_persons",
}


def found_rewards(broker: Broker) -> int:
    """A program of engine 2, its partners and their teams; how many decisions."""
    with closing(open_decisions(broker)) as decisions:
        decisions.create_program(PROGRAM, "Acme", "EUR")
        decisions.add_terms(PROGRAM, RULES, **TERMS)
        for partner in PARTNERS:
            decisions.register_partner(partner, partner)
            decisions.apply(partner, PROGRAM)
            decisions.approve(partner, PROGRAM)
            decisions.create_link(partner, PROGRAM, partner, "https://acme.example/")
        for sub, parent in ((1, 0), (2, 1), (3, 1)):
            decisions.recruit(PARTNERS[sub], PROGRAM, PARTNERS[parent])
        decisions.set_partner_currency(PARTNERS[3], "GBP")
        decisions.create_coupon(PROGRAM, "SAVE", PARTNERS[4])
        own = Rule("own", "sale", "margin", 2_000, collects="partner")
        decisions.add_terms(
            PROGRAM, [own], effective_from=0, engine="2", partner=PARTNERS[5], hold_days=0
        )
        for day in ("2024-01-01", "2043-12-30"):
            decisions.set_rates("ecb", day, "EUR", {"GBP": "0.8537", "USD": "1.0811"})
        return decisions.refresh()


def reward_conversions(
    broker: Broker, keys: ClickKeys, count: int, known: int, *, first: int
) -> Iterator[Conversion]:
    """Every kind of conversion, with clicks that are in the log; numbers, and so ids, from
    `first`."""
    chance = random.Random(first)
    writer = Writer(broker)
    deals: list[Deal] = []

    def clicked(at: int, serial: int) -> tuple[CitedClick, str]:
        partner = chance.choice(PARTNERS)
        token = keys.sign(partner, at - 60_000, nonce=serial.to_bytes(6, "big"))
        click = Click(token, partner, PROGRAM, partner, at - 60_000)
        writer.append(topics.CLICKS, key=partner, value=encode(click))
        return CitedClick(token, partner, at - 60_000), partner

    for number in range(first, first + count):
        customer = f"c-{chance.randrange(20)}"
        at = (LONG_AGO if chance.random() < 0.6 else YEARS_LATER) + number * 1_000
        identity = f"person-{chance.randrange(12)}" if chance.random() < 0.5 else ""
        common: Any = {"program": PROGRAM, "occurred_at": at, "known": known}
        event = f"e-{number}"
        kind = chance.random()
        if kind < 0.15:
            cited, _ = clicked(at, number)
            yield Signup(
                customer=customer, event_id=event, click=cited, identity=identity, **common
            )
        elif kind < 0.32 and deals:
            deal = chance.choice(deals)
            amount = chance.choice((deal.amount, chance.randrange(1, deal.amount + 1)))
            yield Refund(
                customer=deal.customer, event_id=event, amount=amount, currency=deal.currency,
                deal=deal.deal, **common,
            )  # fmt: skip
        elif kind < 0.36 and deals:
            yield chance.choice(deals)
        elif kind < 0.44 and deals:
            deal = chance.choice(deals)
            to = chance.choice(PARTNERS)
            yield Assignment(
                customer=deal.customer, event_id=event, partner=to, deal=deal, by="ann", **common
            )
        else:
            amount = chance.randrange(1, 150_000)
            more: dict[str, Any] = {"kind": "renewal"} if chance.random() < 0.3 else {}
            if chance.random() < 0.2:
                more["coupon_code"] = "save"
                more["items"] = (Item("boot", 1, amount // 2, "shoes"), Item("lace", 2, 5))
            else:
                more["click"], _ = clicked(at, number)
            if number == first + count // 2:
                more |= {"kind": "renewal", "tax": HUGE_TAX}
            deal = Deal(
                customer=customer, event_id=event, deal=f"D-{number}", amount=amount,
                currency=chance.choice(("EUR", "EUR", "USD")), identity=identity, **common, **more,
            )  # fmt: skip
            deals.append(deal)
            yield deal
    writer.flush()


def decide_about(decisions: Decisions, deals: Sequence[Deal], serial: int) -> None:
    """Reviews of `deals`, a correction, a payment, a payout: some fit what was booked, some do
    not. `serial`: another one each time."""
    chance = random.Random(serial)
    for deal in deals:
        brought = deal.click.link if deal.click else PARTNERS[4]
        partner = chance.choice((brought, brought, brought, chance.choice(PARTNERS)))
        of = (PROGRAM, partner, deal.deal)
        step = chance.randrange(5)
        if step < 2:
            decisions.hold_commission(*of, reason="odd", by="ann")
        if step == 1:
            decisions.release_commission(*of, reason="fine", by="ann")
        if step == 2:
            decisions.reject_commission(*of, reason="fraud", by="ann")
        if step == 3:
            decisions.adjust_commission(PROGRAM, partner, 33, deal.deal, reason="more", by="ann")
    partner = chance.choice(PARTNERS)
    decisions.adjust_account(f"adj-{serial}", PROGRAM, partner, "EUR", -7, "too much", "ann")
    decisions.receive_payment(f"pay-{serial}", PROGRAM, PARTNERS[5], "EUR", 400, "bank-1", "ann")
    unit = chance.choice(("EUR", POINTS))
    decisions.request_payout(f"po-{serial}", partner, PROGRAM, unit, 0, by="ann")
    decisions.approve_payout(f"po-{serial}", by="bea")
