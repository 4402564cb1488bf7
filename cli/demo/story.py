"""A made-up program: its partners, and what its customers do. The same every time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

PROGRAM = "northwind-tea"
CURRENCY = "EUR"
PARTNERS = {"ana": "Ana's tea diary", "ben": "Ben brews", "chloe": "Chloe's kitchen"}
COUPON = ("BREW10", "ben")
DESTINATION = "https://tea.example/welcome?campaign=partners"

TERMS: dict[str, Any] = {
    "rules": [
        {"name": "lead 2.00", "event": "lead", "type": "flat", "amount": 200, "currency": CURRENCY},
        {"name": "sale 12.5%", "event": "sale", "type": "percentage", "amount": 1250},
        {"name": "renewal 5%", "event": "renewal", "type": "percentage", "amount": 500},
    ],
    "effective_from": "2026-01-01T00:00:00Z",
    "hold_days": 0,
}

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)
LAPTOP = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36"
)
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@dataclass(frozen=True)
class Visit:
    """One request of a visitor to a partner's link."""

    link: str
    user_agent: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)


def link_of(partner: str) -> str:
    return f"{partner}-tea"


def visits(count: int) -> Iterator[Visit]:
    """`count` visits, of which about one in eight does not count."""
    dice = random.Random(1)
    partners = list(PARTNERS)
    for _ in range(count):
        link = link_of(dice.choice(partners))
        chance = dice.random()
        if chance < 0.07:
            yield Visit(link, CRAWLER)
        elif chance < 0.10:
            yield Visit(link, LAPTOP, headers={"Sec-Purpose": "prefetch"})
        elif chance < 0.12:
            yield Visit(link, LAPTOP, method="HEAD")
        else:
            agent = dice.choice((PHONE, LAPTOP))
            yield Visit(link, agent, query={"sub1": dice.choice(("blog", "mail", "video"))})


def conversions(click_ids: list[str]) -> Iterator[dict[str, Any]]:
    """What the program's backend reports of the visitors that came by good clicks."""
    dice = random.Random(2)
    for serial, click_id in enumerate(click_ids):
        customer = f"customer-{serial:04d}"
        common = {"program": PROGRAM, "customer": customer}
        yield {
            "type": "signup",
            **common,
            "event_id": f"signup-{serial:04d}",
            "click_id": click_id,
        }
        if dice.random() < 0.6:
            amount = dice.randrange(900, 12_000)
            deal = {
                "type": "deal",
                **common,
                "event_id": f"order-{serial:04d}",
                "deal": f"T-{serial:04d}",
                "amount": amount,
                "currency": CURRENCY,
            }
            if dice.random() < 0.1:
                deal["coupon_code"] = COUPON[0]
            yield deal
            if dice.random() < 0.15:
                yield {
                    "type": "refund",
                    **common,
                    "event_id": f"return-{serial:04d}",
                    "deal": f"T-{serial:04d}",
                    "amount": amount if dice.random() < 0.5 else amount // 3 + 1,
                    "currency": CURRENCY,
                    "reason": "returned",
                }


def forged_deal() -> dict[str, Any]:
    """A deal with a click id that somebody made up."""
    return {
        "type": "deal",
        "program": PROGRAM,
        "customer": "mallory",
        "event_id": "order-forged",
        "deal": "T-forged",
        "amount": 1_000_000,
        "currency": CURRENCY,
        "click_id": f"{link_of('ana')}.AZ3JxyAAAQIDBAUGAAF0aGlzaXNhZm9yZ2VyeQ",
    }
